"""Servers and places kept free from a class, and who is always let in: by hand, and by birth and death.

Both engines agree on generated pathways (`test_twins.py`), and what is kept free there is an identity.
"""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.theory.fluid_load import workload


def loss(reserved, engine="kernel", **station):
    """Two classes of 3 and 2 a day, a day's stay each on average; who finds no server free for her is lost."""
    stay = {"station": "ward", "stay": {"law": "exponential", "mean": "1 day"}, "to": "home", "refused_to": "lost"}
    return Pathway.from_dict(
        {
            "name": "loss",
            "start": "2000-01-01",
            "end": "2010-01-01",
            "stations": {"ward": {"capacity": 6, "room": 0, "reserved": reserved} | station},
            "states": {
                "urgent": stay,
                "planned": stay | {"priority": 1},
                "home": {"final": True},
                "lost": {"final": True},
            },
            "entries": {"a": {"rate": "3 per day", "to": "urgent"}, "b": {"rate": "2 per day", "to": "planned"}},
        }
    )


def lost(pathway):
    """The share lost of each class, by replication."""
    results = run(pathway, replications=20, seed=6, keep_traces=True)
    out = []
    for replication in results.replications:
        visits = results.traces[replication].visits
        out.append([(visits["next"][visits["state"] == state] == 3).mean() for state in (0, 1)])
    return np.array(out).T


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_reserved_servers_split_losses_as_birth_and_death_say(kept):
    """With n busy 5 a day begin while n < 6 - kept, and 3 beyond (trunk reservation; Kelly 1991, Loss networks)."""
    weights = [1.0]
    for n in range(6):
        weights.append(weights[-1] * (5.0 if n < 6 - kept else 3.0) / (n + 1))
    shares = np.array(weights) / sum(weights)
    for simulated, theory in zip(lost(loss({"1": kept})), (shares[6], shares[6 - kept :].sum()), strict=True):
        error = simulated.std(ddof=1) / len(simulated) ** 0.5
        assert error < 0.02 * theory
        assert abs(simulated.mean() - theory) < 4.5 * error


def meeting(engine):
    """Three places a Tuesday, one kept free from class 1, of whom four wait; then one of class 0 comes."""
    pathway = Pathway.from_dict(
        {
            "name": "meeting",
            "start": "2024-01-01",
            "end": "2024-02-01",
            "stations": {"team": {"weekdays": "tue", "places": 3, "reserved": {"1": 1}}},
            "states": {
                "urgent": {"station": "team", "to": "home"},
                "planned": {"station": "team", "priority": 1, "to": "home"},
                "home": {"final": True},
            },
            "entries": {
                "a": {"at": "2024-01-08", "to": "urgent"},
                "b": {"at": ["2024-01-01"] * 6, "to": "planned"},
            },
        }
    )
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    return [
        [f"{when:%m-%d}" for when in visits[visits["state"] == state]["started"]] for state in ("urgent", "planned")
    ]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_places_of_a_meeting_by_hand(engine):
    """Two of the planned on the 2nd; on the 9th the urgent one and then one more, for 2 are left; then two again."""
    assert meeting(engine) == [["01-09"], ["01-02", "01-02", "01-09", "01-16", "01-16", "01-23"]]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_who_is_admitted_waits_where_the_room_is_full(engine):
    stay = {"station": "desk", "stay": "10 hours", "to": "gone"}
    pathway = Pathway.from_dict(
        {
            "name": "room",
            "start": "2024-01-01",
            "end": "2024-01-05",
            "stations": {"desk": {"capacity": 1, "room": 1}},
            "states": {
                "a": stay | {"refused_to": "away"},
                "b": stay | {"admitted": True},
                "gone": {"final": True},
                "away": {"final": True},
            },
            # One is served, b waits and fills the room, so the a at 2 is refused; another b is not.
            "entries": {
                "first": {"at": ["2024-01-01T00:00", "2024-01-01T02:00"], "to": "a"},
                "second": {"at": ["2024-01-01T01:00", "2024-01-01T03:00"], "to": "b"},
            },
        }
    )
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    visits = visits[visits["station"] == "desk"]
    assert list(visits["next"]) == ["gone", "away", "gone", "gone"]
    assert [when.hour for when in visits["started"].dropna()] == [0, 10, 20]
    assert workload(pathway).stations[0].queue == 0  # nobody is lost on the way


def test_what_is_reserved_or_admitted_for_nothing_is_refused():
    with pytest.raises(
        InputError, match=r"stations\.ward\.reserved: no state there has the priority 2 \(allowed: 0, 1\)"
    ):
        loss({"2": 1})
    with pytest.raises(InputError, match=r"states\.urgent\.refused_to: a station with a `room`"):
        loss({}, room=None)
    raw = loss({}).to_dict()
    raw["states"][0]["admitted"] = True
    with pytest.raises(InputError, match=r"states\.urgent\.admitted: who is always admitted is never refused"):
        Pathway.from_dict(raw)
    assert Pathway.from_dict(loss({"1": 2}).to_dict()) == loss({"1": 2})
