"""What is installed: extras that are told when they are missing, a README for a package index, the Pythons at hand."""

import logging
import os
import re
import subprocess
import sys
import tomllib

import pytest

import flowsim
from flowsim import InputError, run
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import calibrate
from flowsim.core.extras import EXTRAS, require_extra
from flowsim.questions.calibrate import Calibrate
from helpers.command_line import flowsim as command
from helpers.paths import ROOT, SMALL_TOWN
from helpers.traces import SMALL

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements):
    return {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in requirements}


def test_the_extras_are_those_of_the_package():
    bring = {extra: {name.lower() for name in modules.values()} for extra, modules in EXTRAS.items()}
    bring["dask"] = {"distributed"}  # which people know as Dask
    assert bring == {extra: names(needs) for extra, needs in PROJECT["project"]["optional-dependencies"].items()}
    assert not names(PROJECT["project"]["dependencies"]) & set.union(*bring.values())


@pytest.mark.parametrize(
    ("extra", "module"), [(extra, module) for extra, modules in EXTRAS.items() for module in modules]
)
def test_a_missing_library_is_told_with_the_line_that_installs_it(extra, module, monkeypatch):
    require_extra(extra, "an answer")
    monkeypatch.setitem(sys.modules, module, None)
    line = re.escape(f"an answer needs {EXTRAS[extra][module]}: pip install 'flowsim[{extra}]'")
    with pytest.raises(InputError, match=f"^{line}$"):
        require_extra(extra, "an answer")


@pytest.mark.parametrize("module", ["sklearn", "threadpoolctl"])
def test_a_calibration_says_what_is_missing_before_its_first_simulation(module, monkeypatch, tmp_path):
    study = Study.read(SMALL_TOWN / "calibration.toml")
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("flowsim.calibration.workflow.simulate_draws", None)
    line = r"a calibration needs .*: pip install 'flowsim\[calibrate\]'"
    with pytest.raises(InputError, match=line):
        calibrate(study, folder=tmp_path / "found")
    with pytest.raises(InputError, match=line):
        Calibrate(study=str(SMALL_TOWN / "calibration.toml"))
    code, _, said = command("calibrate", SMALL_TOWN / "calibration.toml", "--out", tmp_path / "found")
    assert code == 2
    assert re.search(line, said)
    assert not (tmp_path / "found").exists()


def test_the_core_runs_without_any_extra(tmp_path):
    """As a plain installation does: everything that the extras bring is hidden from the whole process."""
    hidden = sorted({module for modules in EXTRAS.values() for module in modules})
    program = f"""
import sys
sys.modules.update(dict.fromkeys({hidden}))
sys.argv = ["flowsim", "run", "copenhagen", "-n", "2", "--from", "2019", "--to", "2019", "--out", "a", *sys.argv[1:]]
from flowsim.cli.main import start
start()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(os.listdir(tmp_path / "a")) == ["manifest.json", "measures.csv", "replications.csv"]
    refused = subprocess.run(
        [sys.executable, "-c", program, "--force", "--parquet"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "flowsim: --parquet needs pyarrow: pip install 'flowsim[parquet]'\n"


def test_parquet_needs_a_folder(tmp_path):
    code, _, said = command("run", "copenhagen", "-n", 1, "--parquet")
    assert (code, said) == (2, "flowsim: --parquet: it goes with --out\n")


def test_statsmodels_is_loaded_by_no_run():
    program = "import sys; from flowsim import run, read_base; "
    program += "run(read_base('copenhagen').pathway(), replications=1); print('statsmodels' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_package_index_shows_no_broken_link():
    hook = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    assert re.findall(r"\]\((?!https?://)", text) == []
    assert "![" not in text
    assert text.startswith("# flowsim\n")


def test_the_tested_pythons_are_those_of_the_classifiers():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    *tested, lowest = re.search(r"^PYTHONS \?= (.*)$", makefile, re.MULTILINE)[1].split()
    assert lowest == f"{tested[0]}-lowest"
    classifiers = PROJECT["project"]["classifiers"]
    assert [f"Programming Language :: Python :: {version}" for version in tested] == [
        line for line in classifiers if re.search(r"3\.\d+$", line)
    ]
    assert PROJECT["project"]["requires-python"] == f">={tested[0]}"


def test_a_citation_names_this_version():
    lines = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {flowsim.__version__}" in lines


def test_the_log_is_silent_until_somebody_listens(caplog, capfd):
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("flowsim").handlers)
    with caplog.at_level("INFO", logger="flowsim"):
        results = run(SMALL, replications=2)
    assert [record.message for record in caplog.records] == [
        "small: 2 replications begin, seed 1, kernel engine",
        f"small: 2 replications end, visits_sha256 {results.visits_sha256}",
    ]
    assert capfd.readouterr() == ("", "")
