"""Fixtures of several rooms."""

import pytest


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
