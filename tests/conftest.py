"""Fixtures of several rooms."""

import os

import pytest
from hypothesis import settings

# As the command line does, and before NumPy is loaded, here or in a worker: several runs of tests share a machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A test is right or wrong, never slow: another program on the machine must not decide it.
settings.register_profile("flowsim", deadline=None)
settings.load_profile("flowsim")


@pytest.fixture(autouse=True)
def _english_terminal(monkeypatch):
    """Let commands speak English, whatever the terminal of whoever runs the tests is set to."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(params=["kernel", "simpy"])
def engine(request):
    """Return each engine in turn, as the module whose `simulate` runs a compiled pathway."""
    from flowsim.simulation.engine import fast, reference

    return {"kernel": fast, "simpy": reference}[request.param]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
