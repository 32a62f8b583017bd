"""`run`: what it refuses, progress and cancel, and the same bytes however the work is shared out."""

import copy
import pickle
import re
import threading
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from flowsim import InputError, Pathway
from flowsim.simulation import runner
from flowsim.simulation.engine.trace import VISIT, Trace
from flowsim.simulation.measures import spells
from flowsim.simulation.measures.timeline import DatedTrace
from flowsim.simulation.runner import begin_run, estimate_memory, run
from helpers.models.desk import RAW, SMALL
from helpers.traces import SMALL as TOWN


@pytest.fixture
def nothing_runs(monkeypatch):
    """Fail where a replication is begun after all."""

    def begun(*job):
        raise AssertionError("a replication was begun")

    monkeypatch.setattr(runner, "_replicate", begun)
    monkeypatch.setattr(runner, "_compiled", begun)


def with_entry(**entry):
    raw = copy.deepcopy(RAW)
    raw["entries"]["many"] = {"to": "out"} | entry
    return Pathway.from_dict(raw)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"engine": "kernal"}, "engine: there is no engine 'kernal'; did you mean 'kernel'? (allowed: kernel, simpy)"),
        ({"measures": ["entries.dor"]}, "measure"),
        ({"measures": []}, "measures: at least one is needed"),
        ({"seed": -1}, "seed: -1 is not allowed: a seed is a whole number from 0 to 2**64 - 1"),
        ({"seed": 2**64}, f"seed: {2**64} is not allowed"),
        ({"replications": 0}, "replications: 0 is not allowed: from 1 to 10,000,000 can be run"),
        ({"replications": -3}, "replications: -3 is not allowed"),
        ({"replications": 10**8}, "replications: 100000000 is not allowed"),
        ({"replications": []}, "replications: the numbers of replications are different whole numbers from 0 on"),
        ({"replications": [1, 2, 1]}, "replications: the numbers of replications are different whole numbers"),
        ({"replications": [0, -1]}, "replications: the numbers of replications are different whole numbers"),
    ],
    ids=str,
)
def test_arguments_are_refused_before_anything_runs(arguments, message, nothing_runs):
    with pytest.raises(InputError, match=re.escape(message)):
        run(SMALL, **arguments)


@pytest.mark.parametrize(
    "entry", [{"rate": "1e12 per year"}, {"every": "0.000001 seconds"}], ids=lambda e: next(iter(e))
)
def test_a_population_of_a_million_millions_is_refused_at_once(entry, nothing_runs):
    with pytest.raises(
        InputError, match=r"population: about .*e\+1\d citizens are expected, and at most 2,147,483,647"
    ):
        run(with_entry(**entry))


def test_a_run_that_needs_more_memory_than_is_free_is_refused(nothing_runs, monkeypatch):
    monkeypatch.setattr(runner, "_available_memory", lambda: 2.0**20)
    with pytest.raises(
        InputError, match=r"memory: about .* GiB are needed \(.* citizens a replication, .* at a time\)"
    ):
        run(with_entry(count=10**6))
    with pytest.raises(InputError, match=r"memory: .* 5000 kept\) and 0\.000977 GiB are free"):
        run(SMALL, replications=5000, keep_traces=True)


def test_the_population_is_reckoned_from_the_entries():
    rates = {"2019-01-01": "5 per day", "2019-07-01": "2 per day", "2020-01-11": "1 per day", "2021-01-01": "9 per day"}
    door, there = 4 / 7 * 182, 3
    assert estimate_memory(SMALL)[0] == pytest.approx(door + there)
    assert estimate_memory(with_entry(rate=rates))[0] == pytest.approx(door + there + 20 + 172)
    assert estimate_memory(with_entry(every="2 days"))[0] == pytest.approx(door + there + 91)
    assert estimate_memory(with_entry(at=["2020-02-02", "2020-02-03"]))[0] == pytest.approx(door + there + 2)
    assert estimate_memory(SMALL)[1] >= (door + there) * VISIT.itemsize
    assert estimate_memory(SMALL, "simpy")[1] > estimate_memory(SMALL)[1]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_progress_is_told_after_each_replication(engine):
    told = []
    run(SMALL, engine=engine, replications=7, progress=lambda *step: told.append(step))
    assert told == [(n + 1, 7) for n in range(7)]


class Cancelled(Exception):
    """What a caller raises to stop."""


class Counting(Executor):
    """Runs a job when it is handed over, and counts; a job can be held back as not yet begun."""

    def __init__(self, hold_after):
        self.begun, self.hold_after, self.held = 0, hold_after, []

    def submit(self, job, *arguments):
        future = Future()
        if self.begun < self.hold_after:
            self.begun += 1
            future.set_result(job(*arguments))
        else:
            self.held.append(future)
        return future


@pytest.mark.parametrize("executor", [None, "threads", "counting"])
@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_what_progress_raises_cancels_the_rest(engine, executor):
    told = []

    def stop(done, total):
        told.append(done)
        if done == 2:
            raise Cancelled

    workers = {"threads": ThreadPoolExecutor(2), "counting": Counting(3)}.get(executor)
    with pytest.raises(Cancelled):
        run(SMALL, engine=engine, replications=500, executor=workers, progress=stop)
    assert told == [1, 2]
    if executor == "counting":
        assert 0 < len(workers.held) < 100
        assert all(future.cancelled() for future in workers.held)
    elif executor == "threads":
        workers.shutdown()


def test_an_error_in_a_replication_reaches_the_caller(monkeypatch):
    def broken(*job):
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "_replicate", broken)
    with pytest.raises(ZeroDivisionError):
        run(SMALL, replications=30)


@pytest.fixture(scope="module")
def alone():
    """Twelve replications, one after the other."""
    with ThreadPoolExecutor(1) as one:
        return run(SMALL, replications=12, seed=6, executor=one)


def assert_same(results, expected):
    assert results.replications == expected.replications
    assert results.digests == expected.digests
    assert results.values.tobytes() == expected.values.tobytes()
    assert results.visits_sha256 == expected.visits_sha256


@pytest.mark.parametrize("workers", [2, 8])
def test_any_number_of_threads_gives_the_same_bytes(alone, workers):
    with ThreadPoolExecutor(workers) as threads:
        assert_same(run(SMALL, replications=12, seed=6, executor=threads), alone)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_no_executor_gives_the_same_bytes_on_either_engine(alone, engine):
    results = run(SMALL, engine=engine, replications=12, seed=6)
    assert_same(results, alone)
    assert results.engine == engine


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_pool_of_processes_gives_the_same_bytes(alone):
    with ProcessPoolExecutor(2) as processes:
        assert_same(run(SMALL, replications=12, seed=6, executor=processes), alone)


def test_a_pathway_is_pickled_as_its_plain_data():
    again = pickle.loads(pickle.dumps(SMALL))
    assert again == SMALL
    assert again.digest == SMALL.digest


def test_a_replication_alone_is_what_it_is_among_others(alone):
    for number in (0, 5, 11):
        results = run(SMALL, replications=[number], seed=6)
        assert results.replications == (number,)
        assert results.digests == (alone.digests[number],)
        np.testing.assert_array_equal(results.values[0], alone.values[number])


def test_numbers_keep_the_order_in_which_they_are_asked_for(alone):
    asked = [11, 0, 7, 3]
    results = run(SMALL, replications=iter(asked), seed=6)
    assert results.replications == tuple(asked)
    assert results.digests == tuple(alone.digests[number] for number in asked)
    np.testing.assert_array_equal(results.values, alone.values[asked])
    assert len(set(alone.digests)) == 12


def test_the_default_is_twenty_replications_of_seed_one():
    results = run(SMALL)
    assert (results.replications, results.seed, results.traces) == (tuple(range(20)), 1, {})
    assert results.digests != run(SMALL, seed=2).digests
    assert set(results.versions) >= {"flowsim", "python", "numpy", "numba"}


def test_traces_are_kept_where_asked_for(alone):
    results = run(SMALL, replications=[3, 1], seed=6, keep_traces=True)
    assert list(results.traces) == [3, 1]
    assert results.traces[3].digest == results.digests[0] == alone.digests[3]
    assert len(results.visits(1)) == len(results.traces[1].visits)
    with pytest.raises(InputError):
        alone.visits(3)


def test_the_extreme_seeds_are_allowed():
    low, high = (run(SMALL, replications=1, seed=seed) for seed in (0, 2**64 - 1))
    assert low.digests != high.digests


def test_a_pathway_without_a_station_runs():
    alone = {"talk": {"stay": "1 day", "to": "out"}, "out": {"final": True}}
    changed = {"stations": {}, "states": alone, "entries": {"there": {"to": "talk", "count": 1}}}
    assert len(set(run(Pathway.from_dict(RAW | changed)).digests)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": 1.5}, "seed: 1.5 is not allowed: a seed is a whole number"),
        ({"seed": True}, "seed: True is not allowed"),
        ({"seed": "1"}, "seed: 1 is not allowed"),
        ({"workers": -1}, "workers: -1 is not allowed"),
        ({"workers": 0}, "workers: 0 is not allowed"),
        ({"workers": 1.5}, "workers: 1.5 is not allowed"),
        ({"replications": 2.0}, "replications: 2.0 is not allowed"),
        ({"replications": "2"}, "replications: 2 is not allowed"),
        ({"replications": [0.5]}, "replications: 0.5 is not allowed"),
    ],
)
def test_whole_numbers_are_whole(arguments, message):
    from flowsim.model.base import read_base
    from flowsim.model.library import cities

    with pytest.raises(InputError) as error:
        run(read_base(cities()[0]).pathway(), **arguments)
    assert str(error.value).startswith(message)


def test_what_is_no_model_is_refused_with_how_to_read_one():
    with pytest.raises(InputError, match=r"subject: 'copenhagen' is not allowed: .* read by Scenario\.of"):
        run("copenhagen")


def test_measures_asked_for_by_name_are_the_same_as_among_all_and_nothing_else_is_computed(monkeypatch):
    whole = run(TOWN, replications=3, seed=4)
    for measure in whole.measures:
        alone = run(TOWN, replications=3, seed=4, measures=[measure], workers=1)
        assert alone.index == whole.select(measure).index
        assert alone.values.tobytes() == whole.select(measure).values.tobytes()
    monkeypatch.setattr(Trace, "digest", property(fail))
    monkeypatch.setattr(spells, "clock_runs", fail)
    monkeypatch.setattr(DatedTrace, "waits", property(fail))
    some = ["stock.cash", "awards.pension"]
    results = run(TOWN, replications=3, seed=4, measures=some, workers=1)
    assert results.measures == tuple(some)
    assert results.values.tobytes() == whole.only(lambda row: row.measure in some).values.tobytes()
    assert (results.digests, results.visits_sha256) == ((), "")
    with pytest.raises(AssertionError, match="computed"):
        run(TOWN, replications=1, measures=["clock.decision.ended"], workers=1)


def fail(*of):
    raise AssertionError("it was computed")


def test_another_process_computes_what_is_asked_for():
    with ProcessPoolExecutor(1) as processes:
        results = run(TOWN, replications=2, executor=processes, measures=["stock.cash"])
    assert results.values.tobytes() == run(TOWN, replications=2).select("stock.cash").values.tobytes()


def test_a_name_that_ends_in_a_star_stands_for_all_that_begin_so():
    whole = run(TOWN, replications=2, seed=4, workers=1)
    exits = [place for place, row in enumerate(whole.index) if row.measure.startswith("exits.")]
    some = run(TOWN, replications=2, seed=4, measures=["exits.*"], workers=1)
    assert some.index == tuple(whole.index[place] for place in exits)
    np.testing.assert_array_equal(some.values, whole.values[:, exits])
    with pytest.raises(InputError, match=re.escape("there is no measure 'exit.*'")):
        run(TOWN, replications=1, measures=["exit.*"], workers=1)


def test_replications_that_are_handed_out_give_what_a_run_gives_and_the_rest_is_cancelled():
    named = ["queue.desk", "entries.door"]
    plain = run(SMALL, replications=6, seed=3, measures=named)
    with (
        ThreadPoolExecutor(1) as executor,
        begin_run(SMALL, replications=range(6), seed=3, measures=named, executor=executor) as running,
    ):
        running.hand_out(range(2))
        running.hand_out(range(2, 6))
        told = []
        first = running.results(range(2), lambda *how_far: told.append(how_far))
        whole = running.results(range(6))
    assert told == [(1, 2), (2, 2)]
    assert (first.replications, whole.replications) == ((0, 1), plain.replications)
    assert first.index == whole.index == plain.index
    np.testing.assert_array_equal(whole.values, plain.values)
    np.testing.assert_array_equal(first.values, plain.values[:2])

    gate = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(gate.wait, 5)
        with begin_run(SMALL, replications=range(3), executor=executor) as running:
            running.hand_out(range(3))
        gate.set()
        with pytest.raises(CancelledError):
            running.results([0])
    with pytest.raises(InputError, match="executor: 7"):
        begin_run(SMALL, replications=range(3), executor=7)
