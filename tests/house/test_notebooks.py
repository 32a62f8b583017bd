"""The notebooks: kept without outputs, and run from beginning to end."""

import ast
import json
import subprocess
import sys

import pytest

from helpers.paths import ROOT

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["1_own_service", "2_staffing", "3_forecast_and_outlook"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path):
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    for cell in code:
        ast.parse("".join(cell["source"]))
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


RUN = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, "run.ipynb")
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_tables_and_pictures(path, tmp_path):
    pytest.importorskip("nbclient")
    done = subprocess.run([sys.executable, "-c", RUN, path], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    outputs = [output for cell in cells(tmp_path / "run.ipynb") for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    tables = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    assert sum("<table" in table for table in tables) >= 2
    assert "image/png" in kinds
    assert not [output for output in outputs if output.get("name") == "stderr"]
