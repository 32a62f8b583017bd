"""`import flowsim` loads nothing heavy, so that a refusal or a page of help is there at once."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowsim


@pytest.mark.parametrize("module", ["flowsim", "flowsim.model.pathway", "flowsim.reporting.pictures.diagram"])
def test_nothing_heavy_is_loaded(module):
    heavy = [
        "numba",
        "pandas",
        "scipy",
        "simpy",
        "statsmodels",
        "pyarrow",
        "matplotlib",
        "openpyxl",
        "sklearn",
        "typst",
        "xlsxwriter",
    ]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code", "unloaded"),
    [
        (["--help"], 0, {"pydantic", "numpy"}),
        (["run", "--help"], 0, {"numpy", "flowsim.core.errors"}),
        (["run", "--replicatons", "3"], 2, {"numpy", "flowsim.model.pathway"}),
        (["run", "no-file"], 2, {"numpy", "flowsim.model.pathway"}),
        (["compare", "today", "no-file"], 2, {"numpy", "flowsim.model.pathway"}),
        (["report", "today", "no-file"], 2, {"numpy", "flowsim.model.pathway"}),
        (["staff", "no-file"], 2, {"numpy", "flowsim.model.pathway"}),
        (["run", "--replications", "1", "--quiet"], 0, {"pandas", "scipy.optimize", "scipy.stats", "flowsim.theory"}),
        (["run", "--replications", "1"], 0, {"pandas", "scipy.optimize", "scipy.stats"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nothing_is_loaded_that_is_not_needed(words, code, unloaded):
    start = f"import atexit, sys; sys.argv = {['flowsim', *words]}; from flowsim.cli.main import start\n" + (
        f"atexit.register(lambda: print('loaded:', *({unloaded} & sys.modules.keys())))\nstart()"
    )
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_only_what_shows_itself_is_loaded_by_its_name():
    """The contracts of the rooms read the imports that stand in the files; what is loaded by name they cannot see."""
    sources = Path(flowsim.__file__).parent
    by_name = {
        f"{path.relative_to(sources)}": name
        for path in sources.rglob("*.py")
        for name in re.findall(r"(?:import_module|__import__)\(([^)]*)\)", path.read_text(encoding="utf-8"))
    }
    assert by_name == {"core/display.py": '"flowsim.reporting.displays"'}
