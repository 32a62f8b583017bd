"""Machine code is kept between runs, wherever there is a place, and none that can't be read is in the way."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import flowsim

PACKAGE = Path(flowsim.__file__).parent
PARTS = ("simulation", "core")
COUNT = """
import numpy as np
from flowsim.simulation.measures import passes
from flowsim.simulation.engine import kernel
from flowsim.simulation.engine.machine_code import is_cached
print(is_cached(passes.counts), is_cached(kernel.run_loop), end=" ")
ones = np.ones(3, np.int64)
print(passes.counts(ones, ones, 2, 2).tolist(), sum(passes.counts.stats.cache_hits.values()))
"""


@pytest.fixture
def installed(tmp_path):
    """A copy of the package, and a function that runs a text of Python with it."""
    home = tmp_path / "site" / "flowsim"
    shutil.copytree(PACKAGE, home, ignore=shutil.ignore_patterns("__pycache__", "data"))
    (home / "data").symlink_to(PACKAGE / "data")
    (tmp_path / "temporary").mkdir()

    def python(code, **settings):
        env = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
        env |= {"PYTHONPATH": str(tmp_path / "site"), "TMPDIR": str(tmp_path / "temporary"), **settings}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    return python


def read_only(folder):
    """Take away the places where numba keeps machine code, also from a superuser, who may write anywhere."""
    for part in ("simulation/engine", "simulation/measures"):
        (folder / part / "__pycache__").write_text("no folder")
    return {"HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}


def test_without_a_place_of_its_own_it_lies_in_a_temporary_folder_of_the_user(installed, tmp_path):
    nowhere = read_only(tmp_path / "site" / "flowsim")
    assert installed(COUNT, **nowhere) == "False False [[0, 0], [0, 3]] 0"
    (folder,) = (tmp_path / "temporary").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert installed(COUNT, **nowhere) == "True False [[0, 0], [0, 3]] 1"
    folder.chmod(0o777)  # others may have put something there: nothing is read from it
    assert installed(COUNT, **nowhere) == "False False [[0, 0], [0, 3]] 0"


def test_without_any_place_it_is_compiled_each_time(installed, tmp_path):
    nowhere = read_only(tmp_path / "site" / "flowsim")
    nowhere_at_all = f"import os, tempfile; tempfile.tempdir = os.devnull; {COUNT}"
    for _ in range(2):
        assert installed(nowhere_at_all, **nowhere) == "False False [[0, 0], [0, 3]] 0"


@pytest.mark.parametrize("damage", ["renamed", "cut"])
def test_what_an_older_flowsim_left_is_made_again(damage, installed, tmp_path):
    assert installed(COUNT) == "False False [[0, 0], [0, 3]] 0"
    (index,) = tmp_path.rglob("passes.counts-*.nbi")
    if damage == "renamed":
        # A class of a module that is there, by a name that it no longer has, as pickle writes it.
        index.write_bytes(pickle.dumps(numba.__version__) + b"\x80\x04cflowsim.core.errors\nOlderName\n.")
    else:
        index.write_bytes(index.read_bytes()[:-5])
    assert installed(COUNT) == "False False [[0, 0], [0, 3]] 0"
    assert installed(COUNT) == "True False [[0, 0], [0, 3]] 1"
