"""Engine by case by size, side by side in one run; every peer is first shown to do the same work.

Run by `make bench`, never by `make test`. Times are CPU times (`--benchmark-timer=time.process_time`).
"""

from __future__ import annotations

import importlib.util
import math
from functools import cache

import numpy as np
import pytest

from benchmarks import cases
from benchmarks.peers import mm10_cpp
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate

CASES = {"mm10": cases.mm10, "network": cases.network, "copenhagen": cases.copenhagen}
SIZES = (10**4, 10**5, 10**6, 10**7)
MOST = {"flowsim": 10**7, "cpp": 10**7, "heapq": 10**6, "simpy": 10**5, "ciw": 10**5, "salabim": 10**5}
"""The largest size that each engine is asked for."""
REPLICATIONS = 20
SPREAD = 5.0
"""A peer's mean wait and number served lie within this many standard deviations of flowsim's replications."""

RUNS = [
    *(("mm10", engine, size) for size in SIZES for engine in MOST if size <= MOST[engine]),
    *(("network", engine, size) for size in SIZES for engine in MOST if size <= MOST[engine] and engine != "cpp"),
    # The sizes of Copenhagen: as it is (12,500 in stock in 2017), and ten times as large.
    *(("copenhagen", "flowsim", 1), ("copenhagen", "simpy", 1), ("copenhagen", "flowsim", 10)),
]


@cache
def model_of(case, size):
    pathway = CASES[case](size)
    return pathway, compile_pathway(pathway)


@cache
def expected(case, size):
    """Return what flowsim's replications give: for each station (served, mean wait), shape (replications, 2)."""
    pathway, model = model_of(case, size)
    each = [cases.waits(simulate(model, 1, number), pathway) for number in range(REPLICATIONS)]
    return {name: np.array([one[name] for one in each]) for name in each[0]}


def assert_same_work(measured, replications):
    """Hold a peer's (served, mean wait) by station against flowsim's replications."""
    assert measured.keys() == replications.keys()
    for name, values in replications.items():
        middle, spread = values.mean(axis=0), values.std(axis=0, ddof=1) * math.sqrt(1 + 1 / len(values))
        away = np.abs(np.array(measured[name]) - middle) / spread
        assert (away < SPREAD).all(), f"{name}: {measured[name]} is not flowsim's {middle} (± {spread})"


@pytest.mark.parametrize("case", cases.THEORY)
def test_flowsim_agrees_with_theory(case):
    for name, wait in cases.THEORY[case].items():
        waits = expected(case, 10**5)[name][:, 1]
        error = waits.std(ddof=1) / math.sqrt(len(waits))
        assert abs(waits.mean() - wait) < SPREAD * error, (name, waits.mean(), wait, error)


def awards(pathway, states, joined):
    """Count the awards of each year, shape (years,); who has one at the start was awarded it before."""
    outcomes = [state.name for state in pathway.states if state.outcome]
    chosen = np.isin(states, outcomes) & (joined > 0)
    years = round((pathway.end - pathway.start).days / 365.25)
    year = (joined[chosen] * years / ((pathway.end - pathway.start).total_seconds() / 60)).astype(int)
    return np.bincount(year, minlength=years)


def assert_same_awards(visits, pathway, model):
    """Hold the yearly awards of the SimPy model against the kernel's: each year within 10 %, all within 3 %."""
    names = np.array([state.name for state in pathway.states])
    traces = [simulate(model, 1, number).visits for number in range(10)]
    ours = np.mean([awards(pathway, names[v["state"]], v["joined"].astype(float)) for v in traces], axis=0)
    theirs = awards(pathway, np.array([v[0] for v in visits]), np.array([v[1] for v in visits]))
    assert np.abs(theirs / ours - 1).max() < 0.10, (theirs, ours)
    assert abs(theirs.sum() / ours.sum() - 1) < 0.03, (theirs, ours)


@pytest.mark.parametrize(("case", "engine", "size"), RUNS, ids=lambda value: str(value))
def test_engine(benchmark, case, engine, size):
    pathway, model = model_of(case, size)
    benchmark.extra_info |= {"case": case, "engine": engine, "size": size}
    quick = engine in ("flowsim", "cpp")
    rounds = 3 if quick and size > 10**6 else 7 if quick else 3 if size < 10**5 else 1
    if engine == "flowsim":
        simulate(model_of(case, SIZES[0] if case != "copenhagen" else 1)[1], 1, 0)
        trace = benchmark.pedantic(simulate, (model, 1, 0), rounds=rounds)
        benchmark.extra_info |= {"visits": len(trace.visits), "citizens": int(trace.first[-1])}
        return
    if engine == "cpp" and mm10_cpp.COMPILER is None:
        pytest.skip("there is no g++")
    peer = pytest.importorskip(f"benchmarks.peers.{case}_{engine}")
    if case == "copenhagen":
        assert_same_awards(benchmark.pedantic(peer.simulate, (pathway, 1), rounds=3), pathway, model)
        return
    if engine == "cpp":
        peer.simulate(10, 1)
    result = benchmark.pedantic(peer.simulate, (size, 1), rounds=rounds)
    if engine == "cpp":
        # The draws are the same, so not a single wait may differ.
        served, wait = cases.waits(simulate(model, 1, 0), pathway)["desk"]
        assert (served, pytest.approx(wait, rel=1e-9)) == result
    else:
        assert_same_work(cases.summary(peer.waits(result)), expected(case, size))


def test_peers_are_known():
    """Every peer has a file of its own, so that a typo in a name does not skip it silently."""
    for case, engine, _ in RUNS:
        if engine != "flowsim":
            assert importlib.util.find_spec(f"benchmarks.peers.{case}_{engine}"), (case, engine)
