"""`run` with a fork: which history and future a replication takes, and what is refused."""

import copy
import pickle
import re
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import pytest

from flowsim import InputError, Pathway, run
from flowsim.simulation import Fork, KeptHistories
from flowsim.simulation.engine import fast, slots
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.slots import Compiled
from helpers.models.desk import RAW, SMALL

AT = pd.Timestamp("2020-03-02")


def lived(results, replication, since="2020-01-01", until="2020-07-01"):
    """What happened in a replication from a date until before another: who joined, and who left."""
    visits = results.visits(replication)
    out = []
    for what in ("joined", "ended"):
        rows = visits[(visits[what] >= since) & (visits[what] < until)]
        out += sorted(rows[["entry", "state", what]].itertuples(index=False, name=None), key=str)
    return out


def test_a_replication_takes_its_history_and_has_a_future_of_its_own():
    plain = run(SMALL, replications=5, seed=3, keep_traces=True)
    forked = run(SMALL, replications=5, seed=3, fork=Fork(at=AT, histories=[4, 2]), keep_traces=True)
    for replication, history in enumerate([4, 2, 4, 2, 4]):
        assert lived(forked, replication, until=AT) == lived(plain, history, until=AT)
    futures = [str(lived(forked, replication, since=AT)) for replication in range(5)]
    assert len(set(futures) | {str(lived(plain, history, since=AT)) for history in range(5)}) == 10
    assert forked.fork == Fork(at="2020-03-02", histories=(4, 2))
    assert plain.fork is None


def test_histories_of_another_seed_have_futures_of_the_runs_own():
    fork = Fork(at=AT, histories=[1], seed=9)
    theirs = run(SMALL, replications=2, seed=9, keep_traces=True)
    runs = [run(SMALL, replications=2, seed=seed, fork=fork, keep_traces=True) for seed in (3, 4)]
    futures = {str(lived(theirs, 1, since=AT))}
    for results in runs:
        for replication in range(2):
            assert lived(results, replication, until=AT) == lived(theirs, 1, until=AT)
            futures.add(str(lived(results, replication, since=AT)))
    assert len(futures) == 5
    again = run(SMALL, replications=[1], seed=4, fork=fork, engine="simpy")
    assert again.digests == runs[1].digests[1:]


def test_without_numbers_each_replication_is_its_own_history():
    own, named = (run(SMALL, replications=3, fork=Fork(at=AT, histories=some)) for some in ([], range(3)))
    assert own.digests == named.digests


def test_some_replications_again_and_either_engine_give_the_same_bytes():
    fork = Fork(at=AT, histories=range(7, 10))
    whole = run(SMALL, replications=8, seed=3, fork=fork, workers=2)
    again = run(SMALL, replications=[6, 1], seed=3, fork=fork, engine="simpy")
    assert again.digests == (whole.digests[6], whole.digests[1])


@dataclass(frozen=True)
class Rates:
    """More come to each replication than to the one before it."""

    def pathway(self, seed: int, replication: int) -> Pathway:
        raw = copy.deepcopy(RAW)
        raw["entries"]["door"]["rate"] = f"{2 + replication} per week"
        return Pathway.from_dict(raw)


def test_a_varying_model_has_the_numbers_of_the_history():
    fork = Fork(at=AT, histories=[9, 3])
    varying = run(Rates(), replications=4, fork=fork)
    alone = [run(Rates().pathway(1, fork.history(n)), replications=[n], fork=fork) for n in range(4)]
    assert varying.digests == tuple(results.digests[0] for results in alone)


def test_two_models_share_history_and_future():
    """Another capacity from after the fork on changes nothing before it, and nobody's arrival."""
    raw = copy.deepcopy(RAW)
    raw["stations"]["desk"]["capacity"] = {"2020-01-01": 2, "2020-05-01": 4}
    fork = Fork(at=AT, histories=[1])
    base, more = (run(one, replications=4, fork=fork, keep_traces=True) for one in (SMALL, Pathway.from_dict(raw)))
    for replication in range(4):
        assert lived(base, replication, until="2020-05-01") == lived(more, replication, until="2020-05-01")
        arrivals = [results.visits(replication).query("step == 0")["joined"].to_list() for results in (base, more)]
        assert arrivals[0] == arrivals[1]
    assert base.digests != more.digests


@pytest.mark.parametrize(
    ("fork", "message"),
    [
        ({"at": "spring"}, "fork.at: 'spring' is no date: write 2019-04-01"),
        (
            {"at": "2020-03-02", "histories": 500},
            "fork.histories: 500 is not allowed: give numbers, such as range(500)",
        ),
        ({"at": "2020-03-02", "histories": [1, -1]}, "fork.histories: -1 is not allowed: it should be a whole number"),
        ({"at": "2020-03-02", "histories": [2**56]}, f"fork.histories: {2**56:,} is not allowed".replace(",", "")),
        ({"at": "2020-01-01"}, "fork.at: 2020-01-01 is not allowed: it lies within the horizon, after 2020-01-01 and"),
        ({"at": "2020-07-01"}, "fork.at: 2020-07-01 is not allowed: it lies within the horizon"),
    ],
    ids=str,
)
def test_what_can_be_no_fork_is_refused(fork, message):
    with pytest.raises(InputError, match=re.escape(message)):
        run(SMALL, replications=2, fork=Fork(**fork))


def test_replications_that_leave_no_room_for_the_periods_are_refused():
    with pytest.raises(InputError, match=r"replications: .* is not allowed: it should be a whole number from 0 to"):
        run(SMALL, replications=[2**60], fork=Fork(at=AT))


def test_a_date_is_read_however_it_is_written():
    texts = [date(2020, 3, 2), datetime(2020, 3, 2), "2020-03-02", AT]
    assert len({Fork(at=text) for text in texts}) == 1


# --- Histories that are kept


def with_capacity(capacity):
    raw = copy.deepcopy(RAW)
    raw["stations"]["desk"]["capacity"] = capacity
    return Pathway.from_dict(raw)


def test_runs_go_on_from_kept_histories_to_the_same_bytes():
    fork, kept = Fork(at=AT, histories=range(3)), KeptHistories()
    first = run(SMALL, replications=7, fork=fork, kept=kept, workers=1)
    assert (len(kept), kept.resumed) == (3, 4)
    assert first.digests == run(SMALL, replications=7, fork=fork).digests
    later = with_capacity({"2020-01-01": 2, "2020-03-02": 1, "2020-05-01": 5})
    assert run(later, replications=7, fork=fork, kept=kept).digests == run(later, replications=7, fork=fork).digests
    assert (len(kept), kept.resumed) == (3, 11)
    assert 0 < kept.nbytes < 10**6


@pytest.fixture
def gone_on(monkeypatch):
    """Of each replication that goes on from a kept history, whether it has the visits of those who had gone."""
    out, go_on = [], fast.go_on

    def going_on(*of, whole=True):
        out.append(whole)
        return go_on(*of, whole=whole)

    monkeypatch.setattr(fast, "go_on", going_on)
    return out


def measured_alike(pathway, kept, fork, **options):
    names = sorted({str(measure) for measure in run(pathway, replications=1).measures})
    results = run(pathway, replications=4, fork=fork, kept=kept, measures=names, **options)
    plain = run(pathway, replications=4, fork=fork, measures=names)
    assert results.values.tobytes() == plain.values.tobytes()
    return results


def test_measures_alone_are_the_same_without_the_visits_of_those_who_had_gone(gone_on):
    fork, kept = Fork(at=AT, histories=range(2)), KeptHistories()
    for pathway in (SMALL, with_capacity({"2020-01-01": 2, "2020-03-02": 1})):
        measured_alike(pathway, kept, fork)
    assert gone_on == [False] * 8
    traces = measured_alike(SMALL, kept, fork, keep_traces=True)
    assert len(traces.visits(0)) == len(run(SMALL, replications=1, fork=fork, keep_traces=True).visits(0))
    assert run(SMALL, replications=4, fork=fork, kept=kept).digests == run(SMALL, replications=4, fork=fork).digests
    assert gone_on == [False] * 8 + [True] * 8


def test_a_pathway_that_measures_something_else_has_the_visits_of_those_who_had_gone(gone_on):
    fork, kept = Fork(at=AT, histories=range(2)), KeptHistories()
    measured_alike(SMALL, kept, fork)
    clock = {"begins": ["plan"], "ends": ["out"], "limit": "4 weeks"}
    measured_alike(Pathway.from_dict(RAW | {"clocks": {"plan_to_out": clock}}), kept, fork)
    assert gone_on == [False] * 4 + [True] * 4


@pytest.mark.parametrize(
    ("rate", "went_on"),
    [("120 per week", [True] * 4), ("20 per week", [False] * 4 + [True] * 4)],
    ids=["before", "after"],
)
def test_spans_that_do_not_add_up_to_whole_numbers_are_of_all_visits_in_their_order(rate, went_on, gone_on):
    raw = RAW | {"tick": "1e-6 seconds", "entries": {"door": {"to": "plan", "rate": rate}}}
    raw |= {"stations": {"desk": {"capacity": 60}}}
    measured_alike(Pathway.from_dict(raw), KeptHistories(), Fork(at=AT, histories=[0]))
    assert sorted(gone_on) == went_on


def test_what_is_read_of_those_who_had_gone_counts_as_kept(gone_on):
    fork, kept = Fork(at=AT, histories=range(2)), KeptHistories()
    run(SMALL, replications=4, fork=fork, kept=kept)
    histories = kept.nbytes
    measured_alike(SMALL, kept, fork)
    assert kept.nbytes > 1.2 * histories
    gone_on.clear()
    little = KeptHistories(megabytes=1e-6)  # one history, and no more
    measured_alike(SMALL, little, fork, workers=1)
    assert (len(little), gone_on) == (1, [True, True])


def test_a_new_way_from_the_fork_on_goes_on_from_a_kept_history():
    fork, kept = Fork(at=AT, histories=range(2)), KeptHistories()
    run(SMALL, replications=2, fork=fork, kept=kept)
    raw = copy.deepcopy(RAW)
    raw["states"]["plan"]["to"] = {"2020-01-01": {"out": 0.8, "back": 0.2}, "2020-03-02": {"out": 0.5, "plan": 0.5}}
    other = Pathway.from_dict(raw)
    assert run(other, replications=2, fork=fork, kept=kept).digests == run(other, replications=2, fork=fork).digests
    assert kept.resumed == 2


def test_an_earlier_change_takes_the_long_way():
    fork, kept = Fork(at=AT, histories=range(3)), KeptHistories()
    run(SMALL, replications=3, fork=fork, kept=kept)
    earlier = with_capacity({"2020-01-01": 2, "2020-03-01": 1})
    assert run(earlier, replications=3, fork=fork, kept=kept).digests == run(earlier, replications=3, fork=fork).digests
    assert kept.resumed == 0


def test_a_varying_model_keeps_the_history_of_each():
    fork, kept = Fork(at=AT, histories=[4, 1]), KeptHistories()
    for _ in range(2):
        digests = run(Rates(), replications=4, fork=fork, kept=kept).digests
        assert digests == run(Rates(), replications=4, fork=fork).digests
    assert len(kept) == 2
    assert kept.resumed >= 5


def test_a_history_that_two_need_at_once_is_run_once(monkeypatch):
    lived, both = [], threading.Barrier(2, timeout=5)
    run_until, simulate = fast.run_until, KeptHistories.simulate

    def living(*of):
        lived.append(of)
        time.sleep(0.05)
        return run_until(*of)

    def simulating(*of):
        both.wait()
        return simulate(*of)

    monkeypatch.setattr(fast, "run_until", living)
    monkeypatch.setattr(KeptHistories, "simulate", simulating)
    fork, kept = Fork(at=AT, histories=[3]), KeptHistories()
    digests = run(SMALL, replications=2, fork=fork, kept=kept, workers=2).digests
    assert (len(lived), len(kept), kept.resumed) == (1, 1, 1)
    assert digests == run(SMALL, replications=2, fork=fork).digests


@dataclass(frozen=True)
class Places:
    """A desk that is a meeting, with other places from a date on."""

    places: object

    def pathway(self, seed: int, replication: int) -> Pathway:
        raw = copy.deepcopy(RAW)
        raw["stations"]["desk"] = {"weekdays": ["tue"], "places": self.places}
        return Pathway.from_dict(raw)


def test_a_control_that_is_moved_on_is_patched_from_the_move_before(monkeypatch):
    """The run that made the histories lacks the date of the change, and the last one that went on from them has it."""
    fork, kept = Fork(at=AT), KeptHistories()
    moved, further = Places({"2020-01-01": 4.0, "2020-03-02": 5.0}), Places({"2020-01-01": 4.0, "2020-03-02": 6.0})
    for model in (Places(4.0), moved):
        run(model, replications=1, fork=fork, kept=kept)
    expected = compile_pathway(further.pathway(1, 0))
    monkeypatch.setattr(slots, "_kept", ())
    monkeypatch.setattr(Compiled, "of", lambda pathway: pytest.fail("it is compiled in full"))
    patched = kept.compiled(further.pathway(1, 0), 1, fork, 0).model
    assert patched.bounds.tobytes() == expected.bounds.tobytes()
    assert patched.bounds.tobytes() != kept.compiled(moved.pathway(1, 0), 1, fork, 0).model.bounds.tobytes()


def test_what_has_no_room_is_not_kept():
    fork, kept = Fork(at=AT), KeptHistories(megabytes=1e-6)
    digests = run(SMALL, replications=5, fork=fork, kept=kept, workers=1).digests
    assert len(kept) == 1
    assert digests == run(SMALL, replications=5, fork=fork).digests
    with pytest.raises(InputError, match="megabytes"):
        KeptHistories(megabytes=0)


def test_other_processes_keep_nothing_and_give_the_same_bytes():
    fork, kept = Fork(at=AT, histories=range(2)), KeptHistories()
    run(SMALL, replications=2, fork=fork, kept=kept)
    sent = pickle.loads(pickle.dumps(kept))
    assert len(sent) == 0
    assert sent.megabytes == kept.megabytes
    assert run(SMALL, replications=2, fork=fork, kept=sent).digests == run(SMALL, replications=2, fork=fork).digests


def test_nothing_is_kept_without_a_fork():
    with pytest.raises(InputError, match="kept: histories are kept at a fork"):
        run(SMALL, kept=KeptHistories())
