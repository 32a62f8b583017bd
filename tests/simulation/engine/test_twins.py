"""The reference engine and the compiled kernel give the same bytes, for every pathway that can be written.

Mutations of either engine that were tried, one at a time, and that these tests turned red:
see `docs/decisions/mutations.md`.
"""

import os
import subprocess
import sys
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowsim import read_base, run
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import Model, compile_pathway
from flowsim.simulation.engine.deadlock import Deadlock
from flowsim.simulation.engine.fast import simulate
from flowsim.testing import pathways
from helpers.paths import ROOT
from helpers.traces import RAW as SMALL

COPENHAGEN = read_base("copenhagen").pathway()
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def trace_of(engine: Any, model: Model, *luck: int) -> Any:
    """Return a trace, or of a deadlock its stations and since when."""
    try:
        return engine.simulate(model, *luck)
    except Deadlock as error:
        return error.stations, error.since


def assert_twins(pathway: Pathway, seed: int, replication: int = 0) -> None:
    model = compile_pathway(pathway)
    slow, quick = (trace_of(engine, model, seed, replication) for engine in (reference, fast))
    if isinstance(slow, tuple) or isinstance(quick, tuple):
        assert slow == quick
        return
    for name in ("visits", "sessions", "first", "presence", "queued"):
        ours, theirs = getattr(slow, name), getattr(quick, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        assert ours.tobytes() == theirs.tobytes()


@settings(max_examples=100, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(deadlocks=True), st.integers(0, 2**64 - 1))
def test_twins_on_generated_pathways(pathway, seed):
    assert_twins(pathway, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=RELAXED)
@given(pathways(deadlocks=True), st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_twins_on_many_generated_pathways(pathway, seed, replication):
    assert_twins(pathway, seed, replication)


def test_twins_on_copenhagen():
    assert_twins(
        COPENHAGEN.model_copy(update={"end": COPENHAGEN.start.replace(year=COPENHAGEN.start.year + 1)}), seed=1
    )


def test_twins_where_more_are_present_than_there_is_room_for_at_first():
    """Tables grow on the way, that of the visits to states that can be visited twice among them."""
    raw = SMALL | {"entries": {"new": {"to": "cash", "rate": "9000 per year"}}}
    raw["states"] = SMALL["states"] | {"cash": {"stay": "9 weeks", "to": {"plan": 0.5, "work": 0.2, "cash": 0.3}}}
    model = compile_pathway(Pathway.from_dict(raw))
    assert model.loops > 3
    assert int((simulate(model, 1, 0).visits["ended"] < 0).sum()) > 2048
    assert_twins(Pathway.from_dict(raw), seed=1)


def test_twins_where_a_state_is_visited_more_often_than_a_byte_counts():
    round_trip = {
        "a": {"stay": {"law": "exponential", "mean": "1 day"}, "to": {"a": 0.5, "b": 0.4995, "out": 0.0005}},
        "b": {"stay": "1 hour", "to": "a"},
        "out": {"final": True},
    }
    doors = {"door": {"to": "a", "rate": "20 per year"}, "there": {"to": "b", "count": 9}}
    horizon = {"name": "round", "start": "2020-01-01", "end": "2022-01-01"}
    pathway = Pathway.from_dict(horizon | {"states": round_trip, "entries": doors})
    assert simulate(compile_pathway(pathway), 1, 0).visits["visit"].max() > 600
    assert_twins(pathway, seed=1)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(deadlocks=True), st.integers(0, 2**64 - 1))
def test_twins_where_all_tables_are_small_at_first_and_events_are_often_spread(pathway, seed):
    with patch.multiple(fast, SOME=8, ROOM=0, MOST_OPEN=2):
        assert_twins(pathway, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_twins_on_all_of_copenhagen(seed):
    assert_twins(COPENHAGEN, seed, replication=seed)


def test_interpreted_equals_compiled():
    interpreted, compiled = (
        subprocess.run(
            [sys.executable, str(ROOT / "tests" / "helpers" / "interpreted.py"), "3"],
            env={**os.environ, "NUMBA_DISABLE_JIT": off},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for off in ("1", "0")
    )
    assert interpreted == compiled
    assert len(interpreted.splitlines()) == 3


@settings(max_examples=50, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways())
def test_measures_of_any_pathway(pathway):
    results = run(pathway, replications=2, workers=1)
    assert results.values.shape == (2, len(results.index))
