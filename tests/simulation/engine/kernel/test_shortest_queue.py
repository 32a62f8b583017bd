"""Who joins the shortest of several queues: by hand, and as a Markov chain.

Both engines agree on generated pathways (`test_twins.py`).
"""

import math

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from helpers.models.chains import mean_of, settled

TILL = {"stay": "3 hours", "to": "out"}
RAW = {
    "name": "tills",
    "start": "2024-01-01",
    "end": "2024-01-05",
    "stations": {"one": {"capacity": 1}, "two": {"capacity": 1}},
    "states": {
        "come": {"to": {"first": 0.9, "second": 0.1}, "joins": "shortest"},
        "first": TILL | {"station": "one"},
        "second": TILL | {"station": "two"},
        "out": {"final": True},
    },
    "entries": {"door": {"at": ["2024-01-01"] * 3 + ["2024-01-01T01:00"], "to": "come"}},
}


def ways(raw=RAW, engine="kernel"):
    """Return where each citizen goes from where she chooses."""
    trace = run(Pathway.from_dict(raw), replications=1, seed=1, engine=engine, keep_traces=True).traces[0]
    names = list(raw["states"])
    return [names[visit["next"]] for visit in trace.visits if raw["states"][names[visit["state"]]].get("joins")]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_those_of_one_instant_choose_in_turn_and_the_first_named_of_several_that_are_as_short(engine):
    assert ways(engine=engine) == ["first", "second", "first", "second"]
    two = RAW | {"entries": {"door": {"at": ["2024-01-01"] * 2, "to": "come"}}}
    assert ways(two, engine) == ["first", "second"]  # in the order of their numbers


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_who_leaves_at_that_instant_is_gone_and_a_way_without_a_share_is_none(engine):
    assert ways(RAW | {"entries": {"door": {"at": ["2024-01-01", "2024-01-01T03:00"], "to": "come"}}}, engine) == [
        "first",
        "first",
    ]
    shares = {"2024-01-01": {"first": 1.0, "second": 0.0}, "2024-01-01T01:00": {"first": 0.0, "second": 1.0}}
    states = RAW["states"] | {"come": {"to": shares, "joins": "shortest"}}
    assert ways(RAW | {"states": states}, engine) == ["first"] * 3 + ["second"]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_queue_counts_those_served_but_not_who_chooses(engine):
    busy = {"there": {"at": ["2024-01-01"], "to": "first"}, "door": {"at": ["2024-01-01T00:30"], "to": "come"}}
    assert ways(RAW | {"entries": busy}, engine) == ["second"]
    again = {"station": "one", "stay": "1 hour", "to": {"first": 0.5, "second": 0.5}, "joins": "shortest"}
    states = RAW["states"] | {"come": again}
    assert ways(RAW | {"states": states, "entries": {"door": {"at": ["2024-01-01"], "to": "come"}}}, engine) == [
        "first"
    ]
    doors = {"door": {"at": ["2024-01-01"], "to": "come"}, "other": {"at": ["2024-01-01"], "to": "second"}}
    assert ways(RAW | {"states": states, "entries": doors}, engine) == ["first"]
    doors["waits"] = {"at": ["2024-01-01T00:30"], "to": "first"}
    assert ways(RAW | {"states": states, "entries": doors}, engine) == ["first"]
    doors["too"] = {"at": ["2024-01-01T00:40"], "to": "first"}
    assert ways(RAW | {"states": states, "entries": doors}, engine) == ["second"]


def test_two_servers_are_as_the_chain_says():
    rate, most = 1.5, 60  # an hour, in a mean service of an hour

    def moves(state):
        n, m = state
        if n + m < most:
            yield rate, ((n + 1, m) if n <= m else (n, m + 1))
        yield (1 if n else 0), (n - 1, m)
        yield (1 if m else 0), (n, m - 1)

    probabilities = settled((0, 0), moves)
    exact = [mean_of(probabilities, lambda state, i=i: state[i]) for i in range(2)]
    law = {"law": "exponential", "mean": "1 hour"}
    states = RAW["states"] | {name: RAW["states"][name] | {"stay": law} for name in ("first", "second")}
    entries = {"door": {"rate": f"{rate} per hour", "to": "come"}}
    raw = RAW | {"start": "2000-01-01", "end": "2004-01-01", "tick": "10 seconds", "states": states, "entries": entries}
    results = run(Pathway.from_dict(raw), replications=30, seed=5, keep_traces=True)
    ticks = (results.pathway.end - results.pathway.start).total_seconds() / 10
    present = np.array([trace.presence[1:3] / ticks for trace in results.traces.values()])
    for found, expected in zip(present.T, exact, strict=True):
        assert abs(found.mean() - expected) < 4 * found.std(ddof=1) / math.sqrt(30)
        assert found.std(ddof=1) / math.sqrt(30) < 0.01 * expected
    # Each with a queue of her own, chosen by lot, would have three present; of one queue for both 1.71 at each.
    assert 1.71 < sum(exact) / 2 < 3


def test_what_can_not_be_meant_is_refused():
    def refused(message, **states):
        with pytest.raises(InputError, match=message):
            Pathway.from_dict(RAW | {"states": RAW["states"] | states})

    refused(
        "nobody queues in 'out', which has no `station`", come={"to": {"first": 0.5, "out": 0.5}, "joins": "shortest"}
    )
    refused("`joins` chooses among the states", come={"race": {"first": {"rate": "1 per day"}}, "joins": "shortest"})
    refused("shortest", come={"to": "first", "joins": "longest"})
    with pytest.raises(InputError, match=r"states\.first\.joins: the station 'one' interrupts stays"):
        Pathway.from_dict(
            RAW
            | {"stations": {"one": {"capacity": 1, "on_cut": "resume"}, "two": {"capacity": 1}}}
            | {"states": RAW["states"] | {"first": TILL | {"station": "one", "to": "second", "joins": "shortest"}}}
        )
