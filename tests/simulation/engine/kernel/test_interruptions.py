"""Stays that are interrupted, by a better class or by a cut: by hand, and by closed forms.

Both engines agree on generated pathways (`test_twins.py`), and what is left of a stay adds up there
(`test_identities.py`).
"""

import math

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.trace import going_on

DAY = 24 * 60  # ticks
PLANNED = {"station": "desk", "priority": 1, "stay": "5 hours", "to": "gone"}
RAW = {
    "name": "hand",
    "start": "2024-01-01",
    "end": "2024-01-05",
    "stations": {"desk": {"capacity": 1}},
    "states": {
        "planned": PLANNED,
        "urgent": {"station": "desk", "stay": "2 hours", "to": "gone"},
        "gone": {"final": True},
    },
    "entries": {
        "planned": {"at": ["2024-01-01T00:00", "2024-01-01T01:00"], "to": "planned"},
        "urgent": {"at": "2024-01-01T03:00", "to": "urgent"},
    },
}


def served(engine="kernel", raw=RAW, **station):
    """Return state, and hours of joining, start and end of each visit to the desk, in the order of their starts."""
    pathway = Pathway.from_dict(raw | {"stations": {"desk": {"capacity": 1} | station}})
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).traces[0].visits
    rows = sorted(visits[visits["state"] < 2].tolist(), key=lambda row: row[6])
    return [("pu"[row[2]], *(time / 60 for time in row[5:8])) for row in rows]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_better_class_interrupts_and_what_is_left_is_done_first(engine):
    first, urgent = ("p", 0, 0, 3), ("u", 3, 3, 5)
    assert served(engine, preempts="resume") == [first, urgent, ("p", 3, 5, 7), ("p", 1, 7, 12)]
    assert served(engine, preempts="restart") == [first, urgent, ("p", 3, 5, 10), ("p", 1, 10, 15)]
    assert served(engine) == [("p", 0, 0, 5), ("u", 3, 5, 7), ("p", 1, 7, 12)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
@pytest.mark.parametrize("order", ["last", "shortest", "random"])
def test_who_is_interrupted_goes_on_first_whatever_the_order(order, engine):
    assert served(engine, preempts="resume", order=order)[2:] == [("p", 3, 5, 7), ("p", 1, 7, 12)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_the_stay_that_began_last_is_interrupted_and_a_room_holds_who_is(engine):
    raw = RAW | {"states": RAW["states"] | {"planned": PLANNED | {"refused_to": "gone"}}}
    raw["states"]["urgent"] = RAW["states"]["urgent"] | {"refused_to": "gone"}
    found = served(engine, raw, capacity=2, preempts="resume", room=0)
    assert found == [("p", 0, 0, 5), ("p", 1, 1, 3), ("u", 3, 3, 5), ("p", 3, 5, 8)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_what_becomes_of_a_stay_for_which_no_server_is_left(engine):
    capacity = {"2024-01-01": 1, "2024-01-01T02:00": 0, "2024-01-01T04:00": 1}
    after = [("u", 3, 4, 6)]
    assert served(engine, capacity=capacity) == [("p", 0, 0, 5), ("u", 3, 5, 7), ("p", 1, 7, 12)]
    resumed = [("p", 0, 0, 2), *after, ("p", 2, 6, 9), ("p", 1, 9, 14)]
    assert served(engine, capacity=capacity, on_cut="resume") == resumed
    restarted = [("p", 0, 0, 2), *after, ("p", 2, 6, 11), ("p", 1, 11, 16)]
    assert served(engine, capacity=capacity, on_cut="restart") == restarted


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_stay_that_is_drawn_anew_takes_what_is_drawn_at_that_date(engine):
    shorter = PLANNED | {"stay": {"2024-01-01": "5 hours", "2024-01-01T04:00": "1 hour"}}
    raw = RAW | {"states": RAW["states"] | {"planned": shorter}}
    begun = [("p", 0, 0, 3), ("u", 3, 3, 5)]
    assert served(engine, raw, preempts="restart") == [*begun, ("p", 3, 5, 10), ("p", 1, 10, 11)]
    assert served(engine, raw, preempts="resample") == [*begun, ("p", 3, 5, 6), ("p", 1, 6, 7)]
    capacity = {"2024-01-01": 1, "2024-01-01T02:00": 0, "2024-01-01T04:00": 1}
    cut = [("p", 0, 0, 2), ("u", 3, 4, 6), ("p", 2, 6, 7), ("p", 1, 7, 8)]
    assert served(engine, raw, capacity=capacity, on_cut="resample") == cut


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_each_beginning_of_a_stay_has_a_draw_of_its_own_which_is_the_same_whenever_it_comes(engine):
    """Cut off after one, two and three hours: the same three draws of stay and way follow, and not the first again."""
    states = RAW["states"] | {"planned": PLANNED | {"stay": {"law": "exponential", "mean": "9 days"}}}
    states["planned"]["to"] = {f"way_{n}": 0.02 for n in range(50)}
    states |= {f"way_{n}": {"final": True} for n in range(50)}
    del states["urgent"], states["gone"]
    raw = RAW | {"end": "2024-12-31", "states": states, "entries": {"planned": RAW["entries"]["planned"]}}

    def lengths_and_way(kind, *cuts):
        moments = {f"2024-01-01T{hour:02}:00": 0 for hour in cuts} | {f"2024-01-01T{hour:02}:30": 1 for hour in cuts}
        desk = {"capacity": {"2024-01-01": 2} | dict(sorted(moments.items())), "on_cut": kind}
        pathway = Pathway.from_dict(raw | {"stations": {"desk": desk}})
        visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).traces[0].visits
        visits = visits[(visits["citizen"] == 0) & (visits["state"] == 0)]
        assert len(visits) == len(cuts) + 1
        return int(visits["ended"][-1] - visits["started"][-1]), int(visits["next"][-1])

    drawn = [lengths_and_way("resample", *range(2, 2 + n)) for n in range(4)]
    assert len(set(drawn)) == len({length for length, _ in drawn}) == len({way for _, way in drawn}) == 4
    assert [lengths_and_way("resample", *range(5, 5 + n)) for n in range(4)] == drawn
    assert lengths_and_way("restart", 2, 3) == drawn[0]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_how_often_others_were_interrupted_moves_no_draw(engine):
    """She who comes in December, when the other has gone whose row in the tables she takes, is interrupted once."""
    states = RAW["states"] | {"planned": PLANNED | {"stay": {"law": "exponential", "mean": "9 days"}}}
    doors = {"early": {"at": "2024-01-01", "to": "planned"}, "late": {"at": "2024-12-01", "to": "planned"}}
    doors["late_urgent"] = {"at": "2024-12-01T01:00", "to": "urgent"}

    def last(urgent):
        entries = doors | {"urgent": {"at": [f"2024-01-01T{hour:02}:00" for hour in urgent], "to": "urgent"}}
        raw = RAW | {"end": "2026-01-01", "states": states, "entries": entries}
        rows = served(engine, raw, preempts="resample")
        assert len(rows) == 1 + 2 * len(urgent) + 3
        return rows[-1]

    assert last([3]) == last([3, 9]) == last([3, 9, 15, 21])


@pytest.mark.parametrize("engine", [fast, reference])
def test_a_stay_that_begins_anew_after_a_fork_has_the_luck_of_the_future(engine):
    """It began an hour before the fork, and is cut off an hour after it."""
    capacity = {"2024-01-01": 2, "2024-01-01T02:00": 0, "2024-01-01T03:00": 2}
    states = RAW["states"] | {"planned": PLANNED | {"stay": {"law": "exponential", "mean": "9 days"}}}
    raw = RAW | {"end": "2024-12-31", "states": states}

    def length(kind, history, future):
        pathway = Pathway.from_dict(raw | {"stations": {"desk": {"capacity": capacity, "on_cut": kind}}})
        visits = engine.simulate(compile_pathway(pathway), 1, history, [(60, future)]).visits
        last = visits[(visits["citizen"] == 0) & (visits["state"] == 0)][-1]
        return int(last["ended"] - last["started"])

    assert len({length("resample", 0, future) for future in range(3)}) == 3
    assert len({length("resample", history, 0) for history in range(3)}) == 1
    assert len({length("restart", 0, future) for future in range(3)}) == 1


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_of_several_stays_those_of_the_worst_class_that_began_last_are_cut(engine):
    capacity = {"2024-01-01": 3, "2024-01-01T04:00": 1}
    found = served(engine, capacity=capacity, on_cut="resume")
    cut = [("p", 0, 0, 4), ("p", 1, 1, 4)]
    # Both of the worse class: the first of them to begin goes on before the other.
    assert found == [*cut, ("u", 3, 3, 5), ("p", 4, 5, 6), ("p", 4, 6, 8)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_stay_of_the_start_that_is_restarted_takes_again_what_had_elapsed(engine):
    there = {"there": {"count": 1, "elapsed": "4 hours", "to": "planned"}}
    there |= {"urgent": {"at": "2024-01-01", "to": "urgent"}}
    assert served(engine, RAW | {"entries": there}, preempts="resume")[-1] == ("p", 0, 2, 3)
    assert served(engine, RAW | {"entries": there}, preempts="restart")[-1] == ("p", 0, 2, 7)


def queue(kind, stays, rates):
    states = {
        f"class_{n}": {"station": "desk", "priority": n, "stay": stay, "to": "gone"} for n, stay in enumerate(stays)
    }
    return Pathway.from_dict(
        {
            "name": "preemptive",
            "start": "2000-01-01",
            "end": "2010-01-01",
            "stations": {"desk": {"capacity": 1, "preempts": kind}},
            "states": states | {"gone": {"final": True}},
            "entries": {f"door_{n}": {"rate": f"{rate} per day", "to": f"class_{n}"} for n, rate in enumerate(rates)},
        }
    )


def sojourns(pathway, classes):
    """Days from joining, and from the first start, until the last end, on average; shape (2, classes, replications)."""
    results = run(pathway, replications=20, seed=3, keep_traces=True)
    out = np.empty((2, classes, 20))
    for replication, trace in results.traces.items():
        visits = trace.visits
        goes_on = going_on(visits)
        begins, ends = np.flatnonzero(~goes_on), np.append(np.flatnonzero(~goes_on)[1:], len(visits)) - 1
        done = visits["ended"][ends] >= 0
        begins, ends = begins[done], ends[done]
        for n in range(classes):
            own = visits["state"][begins] == n
            for row, column in enumerate(("joined", "started")):
                took = visits["ended"][ends][own] - visits[column][begins][own]
                out[row, n, replication] = took.mean() / DAY
    return out


@pytest.mark.parametrize(("kind", "cvs"), [("resume", (1.0, 0.5, 1.0)), ("resample", (0.5, 1.0, 1.0))])
def test_preemptive_priorities_have_the_times_of_conway_maxwell_and_miller(kind, cvs):
    """T_k = (E[S_k] (1 - s_k) + R_k) / ((1 - s_{k-1}) (1 - s_k)), with R_k = sum of lambda_i E[S_i^2] / 2 up to k.

    What is left of an exponential stay has the law of a new one.
    """
    rates, means = (2.0, 3.0, 1.0), (0.1, 0.08, 0.25)
    laws = [{"law": "gamma", "mean": f"{m} days", "cv": cv} for m, cv in zip(means, cvs, strict=True)]
    found = sojourns(queue(kind, laws, rates), 3)[0]
    residual = before = 0.0
    for n, (rate, mean, cv) in enumerate(zip(rates, means, cvs, strict=True)):
        load = before + rate * mean
        residual += rate * mean**2 * (1 + cv**2) / 2
        exact = (mean * (1 - load) + residual) / ((1 - before) * (1 - load))
        before = load
        assert abs(found[n].mean() - exact) < 4 * found[n].std(ddof=1) / math.sqrt(20)
        assert found[n].std(ddof=1) / math.sqrt(20) < 0.015 * exact


@pytest.mark.parametrize("kind", ["resume", "restart"])
def test_a_stay_takes_its_own_time_and_that_of_its_interruptions(kind):
    """From start to end: D / (1 - rho) where it is resumed; (e^(lambda D) - 1) (1 / lambda + E[B]) where restarted."""
    rate, mean, fixed = 2.0, 0.1, 0.4
    laws = [{"law": "exponential", "mean": f"{mean} days"}, f"{fixed} days"]
    found = sojourns(queue(kind, laws, (rate, 0.5)), 2)[1, 1]
    busy_period = mean / (1 - rate * mean)
    exact = {
        "resume": fixed / (1 - rate * mean),
        "restart": (math.exp(rate * fixed) - 1) * (1 / rate + busy_period),
    }[kind]
    assert abs(found.mean() - exact) < 4 * found.std(ddof=1) / math.sqrt(20)
    assert found.std(ddof=1) / math.sqrt(20) < 0.01 * exact


@pytest.mark.parametrize("kind", ["restart", "resample"])
def test_a_stay_of_any_law_that_is_begun_again_takes_gavers_time(kind):
    """From start to end (X - 1) (1 / lambda + E[B]), where X is E[e^(lambda S)], or 1 / E[e^(-lambda S)] if drawn anew.

    Source: Gaver (1962), A waiting line with interrupted service, including priorities.
    """
    rate, mean, own, phases = 2.0, 0.1, 0.4, 4
    laws = [
        {"law": "exponential", "mean": f"{mean} days"},
        {"law": "gamma", "mean": f"{own} days", "cv": phases**-0.5},
    ]
    found = sojourns(queue(kind, laws, (rate, 0.5)), 2)[1, 1]
    sign = {"restart": -1, "resample": 1}[kind]
    again = (1 + sign * rate * own / phases) ** (sign * phases)
    exact = (again - 1) * (1 / rate + mean / (1 - rate * mean))
    assert abs(found.mean() - exact) < 4 * found.std(ddof=1) / math.sqrt(20)
    assert found.std(ddof=1) / math.sqrt(20) < 0.02 * exact


def test_measures_take_an_interrupted_stay_for_one_stay():
    watch = {"watched": {"states": "planned", "within": "30 minutes"}}
    clock = {"decided": {"begins": "planned", "ends": "gone", "limit": "8 hours"}}
    raw = RAW | {"end": "2024-04-01", "watches": watch, "clocks": clock}
    raw["stations"] = {"desk": {"capacity": 1, "preempts": "resume"}}
    results = run(Pathway.from_dict(raw), replications=1, seed=1, keep_traces=True)
    week = 7 * 24
    for measure, expected in {
        "wait.desk.served": (0 + 6 + 0) / 3 / week,
        "watch.watched.30_minutes.within": 0.5,
        "wait.desk.backlog": 0,
        "waited.desk": (2 + 6) / week,
        "utilisation.desk": 12 / (91 * 24),
        "clock.decided.mean": (7 + 5) / 2 / week,
    }.items():
        every = "2024-01" if "backlog" in measure else "2024Q1"
        assert results.select(measure, every).values[0, 0] == pytest.approx(expected), measure
    log = results.event_log(0)
    steps = log[log["case:concept:name"] == "0"]["lifecycle:transition"].tolist()
    assert steps == ["schedule", "start", "suspend", "resume", "complete", "start"]


def test_places_on_a_backlog_are_the_stays_that_began():
    raw = RAW | {"start": "2024-01-01", "end": "2024-02-01"}
    raw["stations"] = {"desk": {"capacity": {"2024-01-01": 1, "2024-01-20": 0}, "preempts": "resume"}}
    raw["entries"] = RAW["entries"] | {"late": {"at": "2024-01-21", "to": "planned"}}
    results = run(Pathway.from_dict(raw), replications=1, seed=1)
    assert results.select("wait.desk.backlog", "2024-01").values[0, 0] == pytest.approx(1 / (3 / (31 / 7)))


def refused(message, raw, **station):
    with pytest.raises(InputError, match=message):
        Pathway.from_dict(RAW | raw | {"stations": {"desk": {"capacity": 1, "preempts": "resume"} | station}})


def state(**planned):
    return {"states": RAW["states"] | {"planned": {k: v for k, v in (PLANNED | planned).items() if v}}}


def test_what_can_not_be_meant_is_refused():
    race = {"gone": {"rate": "1 per day"}}
    refused(r"states\.planned\.race: the station 'desk' interrupts", state(race=race, stay=None, to=None))
    refused(r"states\.planned\.outcome: the station 'desk' interrupts", state(outcome=True))
    refused("`reserved` keeps them free", {}, reserved={"1": 1})
    refused("give both the same", {}, on_cut="restart")
    refused("give both the same", {}, preempts="restart", on_cut="resample")
    refused("hold none", {}, capacity=None, weekdays="mon", places=1)
    refused("resume", {}, preempts="finish")
    kept = {"states": RAW["states"] | {"planned": PLANNED | {"to": "after"}, "after": {"keeps": "desk", "to": "gone"}}}
    refused(r"states\.after\.keeps: the station 'desk' interrupts", kept)
    blocks = {"station": "desk", "blocks": True, "to": "gone", "stay": "1 hour"}
    states = RAW["states"] | {"planned": PLANNED | {"to": "way", "refused_to": "gone"}, "after": blocks}
    states["way"] = {"stay": "1 hour", "to": "after"}
    states["urgent"] = states["urgent"] | {"refused_to": "gone"}
    refused(r"states\.after\.blocks: the station 'desk' interrupts", {"states": states}, room=1)
    ward = {"stations": {"desk": {"capacity": 1, "on_cut": "resume"}, "ward": {"capacity": 1, "room": 1}}}
    states = RAW["states"] | {"planned": PLANNED | {"to": "after"}, "after": blocks | {"station": "ward"}}
    raw = RAW | {"states": states} | ward
    with pytest.raises(InputError, match=r"states\.planned: the station 'desk' interrupts stays .* 'after', which"):
        Pathway.from_dict(raw)
