"""Who is next in a queue: who came last, who has the shortest stay, or anyone; by hand, and by closed forms.

Both engines agree on generated pathways (`test_twins.py`), and every start follows the rank (`test_identities.py`).
"""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run

RATE, DAYS = 0.7, 20_000


def hand(order, engine):
    """One server; four come while the first is served, with stays of 5, 1, 3 and 1 hours."""
    stays = {"a": "10 hours", "b": "5 hours", "c": "1 hour", "d": "3 hours", "e": "2 hours"}
    states = {name: {"station": "desk", "stay": stay, "to": "gone"} for name, stay in stays.items()}
    entries = {name: {"at": f"2024-01-01T0{hour}:00", "to": name} for hour, name in enumerate(stays)}
    pathway = Pathway.from_dict(
        {
            "name": "hand",
            "start": "2024-01-01",
            "end": "2024-01-05",
            "stations": {"desk": {"capacity": 1, "order": order}},
            "states": states | {"gone": {"final": True}},
            "entries": entries,
        }
    )
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    visits = visits[visits["station"] == "desk"].sort_values("started")
    return "".join(visits["state"]), list(visits["started"].dt.hour)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
@pytest.mark.parametrize(
    ("order", "served", "hours"),
    [
        ("first", "abcde", [0, 10, 15, 16, 19]),
        ("last", "aedcb", [0, 10, 12, 15, 16]),
        ("shortest", "acedb", [0, 10, 11, 13, 16]),
    ],
)
def test_a_day_by_hand(order, served, hours, engine):
    assert hand(order, engine) == (served, hours)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_full_room_refuses_the_newcomer_and_not_who_waits_although_the_last_is_next(engine):
    pathway = Pathway.from_dict(
        {
            "name": "room",
            "start": "2024-01-01",
            "end": "2024-01-05",
            "stations": {"desk": {"capacity": 1, "room": 1, "order": "last"}},
            "states": {
                "a": {"station": "desk", "stay": "10 hours", "to": "gone", "refused_to": "away"},
                "gone": {"final": True},
                "away": {"final": True},
            },
            "entries": {"door": {"at": [f"2024-01-01T0{hour}:00" for hour in range(4)], "to": "a"}},
        }
    )
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    assert list(visits[visits["state"] == "a"]["next"]) == ["gone", "gone", "away", "away"]


def moments(order, law):
    """Mean and mean squared wait in days of an M/G/1 queue, by replication."""
    pathway = Pathway.from_dict(
        {
            "name": "mg1",
            "start": "2000-01-01",
            "end": "2054-10-04",
            "stations": {"desk": {"capacity": 1, "order": order}},
            "states": {"a": {"station": "desk", "stay": law, "to": "gone"}, "gone": {"final": True}},
            "entries": {"door": {"rate": f"{RATE} per day", "to": "a"}},
        }
    )
    results = run(pathway, replications=30, seed=4, keep_traces=True)
    first, second = [], []
    for replication in results.replications:
        visits = results.traces[replication].visits
        visits = visits[(visits["state"] == 0) & (visits["started"] >= 0)]
        waits = (visits["started"] - visits["joined"]) / 1440
        first.append(waits.mean())
        second.append((waits**2).mean())
    return np.array(first), np.array(second)


def close(values, theory, within=0.05):
    error = values.std(ddof=1) / len(values) ** 0.5
    assert error < within * theory
    assert abs(values.mean() - theory) < 4.5 * error


def test_the_order_moves_the_spread_of_waits_but_not_their_mean():
    """M/M/1: E[W] is the same for both; E[W²] of the first is 2 load / (1 - load)², of the last that over 1 - load, and
    of one at random that over 1 - load / 2.

    Source: Conway, Maxwell and Miller (1967), Theory of Scheduling, section 8-6; Kingman (1962), The effect of queue
    discipline on waiting time variance.
    """
    law = {"law": "exponential", "mean": "1 day"}
    mean, square = RATE / (1 - RATE), 2 * RATE / (1 - RATE) ** 2
    for order, factor in (("first", 1.0), ("last", 1 / (1 - RATE)), ("random", 1 / (1 - RATE / 2))):
        first, second = moments(order, law)
        close(first, mean)
        close(second, square * factor, within=0.08)


def test_the_shortest_first_waits_as_phipps_says():
    """M/M/1: the integral of W0 / (1 - load of those no longer)² over stays (Phipps 1956)."""
    first, _ = moments("shortest", {"law": "exponential", "mean": "1 day"})
    x = np.linspace(0, 40, 400_001)
    shorter = RATE * (1 - np.exp(-x) * (1 + x))
    density = np.exp(-x)
    close(first, float(np.trapezoid(RATE * density / (1 - shorter) ** 2, x)))


def test_the_shortest_of_races_is_not_known_before():
    raw = {
        "name": "race",
        "start": "2024-01-01",
        "end": "2025-01-01",
        "stations": {"desk": {"capacity": 1, "order": "shortest"}},
        "states": {"a": {"station": "desk", "race": {"gone": {"rate": "1 per day"}}}, "gone": {"final": True}},
        "entries": {"door": {"rate": "1 per day", "to": "a"}},
    }
    with pytest.raises(InputError, match=r"states\.a\.race: the station 'desk' takes the shortest stay first"):
        Pathway.from_dict(raw)
    raw["stations"]["desk"]["order"] = "lifo"
    with pytest.raises(InputError, match=r"stations\.desk\.order: 'lifo' is not allowed"):
        Pathway.from_dict(raw)
