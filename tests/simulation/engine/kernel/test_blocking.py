"""Who stays where she was until there is room, and servers that are kept: by hand, and in closed form.

Both engines agree on generated pathways (`test_twins.py`).
"""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run

HOURS = "2024-01-01T{:02d}:00"


def pathway(stations, states, entries, days=9, start="2024-01-01"):
    end = np.datetime64(start) + np.timedelta64(days, "D")
    return Pathway.from_dict(
        {
            "name": "held",
            "start": start,
            "end": str(end),
            "stations": stations,
            "states": states | {"home": {"final": True}},
            "entries": entries,
        }
    )


def exponential(days):
    return {"law": "exponential", "mean": f"{days} days"}


def times(subject, engine, state):
    """The hours from the start at which citizens joined, started and ended in a state."""
    visits = run(subject, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    visits = visits[visits["state"] == state]
    since = np.datetime64("2024-01-01")
    hours = [(visits[key] - since) / np.timedelta64(1, "h") for key in ("joined", "started", "ended")]
    return [tuple(None if np.isnan(x) else int(x) for x in row) for row in zip(*hours, strict=True)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_bed_is_blocked_until_there_is_room_further_on(engine):
    """Two beds, stays of an hour; at home care, one carer for 10 hours each, and room for one who waits."""
    subject = pathway(
        {"ward": {"capacity": 2}, "care": {"capacity": 1, "room": 1}},
        {
            "bed": {"station": "ward", "stay": "1 hour", "to": "help"},
            "help": {"station": "care", "stay": "10 hours", "to": "home", "blocks": True},
        },
        {"door": {"at": [HOURS.format(hour) for hour in range(5)], "to": "bed"}},
    )
    # The third and the fourth stay in both beds from 3 and 4 on; the fifth waits for a bed.
    assert times(subject, engine, "bed") == [(0, 0, 1), (1, 1, 2), (2, 2, 11), (3, 3, 21), (4, 11, 31)]
    assert times(subject, engine, "help") == [(1, 1, 11), (2, 11, 21), (11, 21, 31), (21, 31, 41), (31, 41, 51)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_where_nobody_may_wait_a_free_server_is_room(engine):
    subject = pathway(
        {"ward": {"capacity": 2}, "care": {"capacity": 1, "room": 0}},
        {
            "bed": {"station": "ward", "stay": "1 hour", "to": "help"},
            "help": {"station": "care", "stay": "10 hours", "to": "home", "blocks": True},
        },
        {"door": {"at": [HOURS.format(0)] * 2, "to": "bed"}},
    )
    assert times(subject, engine, "bed") == [(0, 0, 1), (0, 0, 11)]
    assert times(subject, engine, "help") == [(1, 1, 11), (11, 11, 21)]


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_doctor_is_kept_while_the_nurse_is_waited_for(engine):
    """Two doctors talk for an hour, then one nurse tests for 2 hours, then the doctor writes for an hour."""
    subject = pathway(
        {"doctor": {"capacity": 2}, "nurse": {"capacity": 1}},
        {
            "talk": {"station": "doctor", "stay": "1 hour", "to": "test"},
            "test": {"station": "nurse", "keeps": "doctor", "stay": "2 hours", "to": "write"},
            "write": {"keeps": "doctor", "stay": "1 hour", "to": "home"},
        },
        {"door": {"at": [HOURS.format(0)] * 3, "to": "talk"}},
    )
    assert times(subject, engine, "talk") == [(0, 0, 1), (0, 0, 1), (0, 4, 5)]
    assert times(subject, engine, "test") == [(1, 1, 3), (1, 3, 5), (5, 5, 7)]
    assert times(subject, engine, "write") == [(3, 3, 4), (5, 5, 6), (7, 7, 8)]


def test_time_that_a_server_is_kept_is_time_that_it_is_used():
    subject = pathway(
        {"doctor": {"capacity": 2}, "nurse": {"capacity": 1}},
        {
            "talk": {"station": "doctor", "stay": "30 days", "to": "test"},
            "test": {"station": "nurse", "keeps": "doctor", "stay": "20 days", "to": "write"},
            "write": {"keeps": "doctor", "stay": "10 days", "to": "home"},
        },
        {"door": {"at": [HOURS.format(0)] * 2, "to": "talk"}},
        days=91,
    )
    results = run(subject, replications=1, seed=1)
    # One doctor for 60 days, the other for 20 more until the nurse is free; the first quarter has 91 days.
    shares = {row.measure: value for row, value in zip(results.index, results.values[0], strict=True)}
    assert shares["utilisation.doctor"] == pytest.approx((60 + 80) / (2 * 91))
    assert shares["utilisation.nurse"] == pytest.approx(40 / 91)


def blocked_pair(arrival, first, second, room):
    """The distribution of an M/M/1 queue with at most `room` + 1 in all at an M/M/1 queue behind it, which blocks it.

    At most 60 at the first queue. Returns the mean numbers at both, the blocked counted at the first, and how
    probable it is that the first is blocked.
    """
    most, places = 60, room + 1
    size = (most + 1) * (places + 2)  # the last level of the second: it is full, and the first is blocked

    def at(n, k):
        return n * (places + 2) + k

    rates = np.zeros((size, size))
    for n in range(most + 1):
        for k in range(places + 2):
            if k > places and n == 0:
                continue
            if n < most:
                rates[at(n, k), at(n + 1, k)] += arrival
            if n > 0 and k < places:
                rates[at(n, k), at(n - 1, k + 1)] += first
            if n > 0 and k == places:
                rates[at(n, k), at(n, k + 1)] += first  # blocked
            if k == places + 1:
                rates[at(n, k), at(n - 1, places)] += second
            elif k > 0:
                rates[at(n, k), at(n, k - 1)] += second
    rates -= np.diag(rates.sum(axis=1))
    reachable = [at(n, k) for n in range(most + 1) for k in range(places + 2) if n or k <= places]
    inner = rates[np.ix_(reachable, reachable)]
    system = np.vstack([inner.T, np.ones(len(reachable))])
    shares = np.zeros(size)
    shares[reachable] = np.linalg.lstsq(system, np.append(np.zeros(len(reachable)), 1.0), rcond=None)[0]
    table = shares.reshape(most + 1, places + 2)
    numbers = table.sum(axis=0)
    at_second = float(numbers[:-1] @ np.arange(places + 1)) + places * numbers[-1]
    return float(table.sum(axis=1) @ np.arange(most + 1)), at_second, float(numbers[-1])


@pytest.mark.parametrize("room", [0, 2])
def test_two_queues_of_which_one_blocks_the_other_are_a_markov_chain(room):
    arrival, first, second = 0.5, 1.4, 1.0
    subject = pathway(
        {"a": {"capacity": 1}, "b": {"capacity": 1, "room": room}},
        {
            "first": {"station": "a", "stay": exponential(1 / first), "to": "second"},
            "second": {"station": "b", "stay": exponential(1 / second), "to": "home", "blocks": True},
        },
        {"door": {"rate": f"{arrival} per day", "to": "first"}},
        days=20_000,
        start="1970-01-01",
    )
    results = run(subject, replications=20, seed=5, keep_traces=True)
    horizon = 20_000 * 1440
    present = np.array([results.traces[number].presence[:2] for number in results.replications]) / horizon
    for simulated, theory in zip(present.T, blocked_pair(arrival, first, second, room), strict=False):
        error = simulated.std(ddof=1) / len(simulated) ** 0.5
        assert error < 0.02 * theory
        assert abs(simulated.mean() - theory) < 4.5 * error


def test_a_limit_of_several_stations_is_a_server_that_is_kept():
    """At most 4 in two queues in a row: M/M/1 -> M/M/1 with 4 places in all is a closed chain (Gordon and Newell 1967).

    With n in the system in all and rates a, m1, m2 the weight of (i, j) is (a / m1)**i (a / m2)**j, i + j up to 4.
    """
    subject = pathway(
        {"place": {"capacity": 4, "room": 0}, "a": {"capacity": 1}, "b": {"capacity": 1}},
        {
            "enter": {"station": "place", "to": "first", "refused_to": "away"},
            "first": {"station": "a", "keeps": "place", "stay": exponential(1.0), "to": "second"},
            "second": {"station": "b", "keeps": "place", "stay": exponential(0.5), "to": "home"},
            "away": {"final": True},
        },
        {"door": {"rate": "1.5 per day", "to": "enter"}},
        days=10_000,
        start="1990-01-01",
    )
    weights = np.array([[1.5**i * 0.75**j * (i + j <= 4) for j in range(5)] for i in range(5)])
    full = sum(weights[i, 4 - i] for i in range(5)) / weights.sum()
    results = run(subject, replications=20, seed=7, keep_traces=True)
    lost = []
    for number in results.replications:
        visits = results.traces[number].visits
        lost.append((visits["next"][visits["state"] == 0] == 3).mean())
    error = np.std(lost, ddof=1) / len(lost) ** 0.5
    assert error < 0.02 * full
    assert abs(np.mean(lost) - full) < 4.5 * error


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_deadlock_is_found_and_said(engine):
    """Both doctors are kept for a nurse, who is kept for a doctor."""
    subject = pathway(
        {"doctor": {"capacity": 1}, "nurse": {"capacity": 1}},
        {
            "talk": {"station": "doctor", "stay": "2 hours", "to": "test"},
            "test": {"station": "nurse", "keeps": "doctor", "stay": "1 hour", "to": "home"},
            "care": {"station": "nurse", "stay": "3 hours", "to": "sign"},
            "sign": {"station": "doctor", "keeps": "nurse", "stay": "1 hour", "to": "home"},
        },
        {"a": {"at": HOURS.format(9), "to": "talk"}, "b": {"at": HOURS.format(9), "to": "care"}},
    )
    with pytest.raises(InputError, match=r"replication 0, from 2024-01-01 on, all servers of 'doctor' and 'nurse'"):
        run(subject, replications=1, seed=1, engine=engine)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_queue_that_waits_for_its_own_room_is_a_deadlock(engine):
    again = {"station": "desk", "stay": "1 hour", "to": "again", "blocks": True}
    first = {"station": "desk", "stay": "1 hour", "to": "again", "refused_to": "home"}
    states = {"first": first, "again": again | {"to": {"again": 0.5, "home": 0.5}}}
    door = {"door": {"at": [HOURS.format(0)] * 2, "to": "first"}}
    with pytest.raises(InputError, match="all servers of 'desk' are held by citizens who wait for one another"):
        run(pathway({"desk": {"capacity": 1, "room": 1}}, states, door), replications=1, seed=1, engine=engine)


FLAWS = [
    ({"test": {"keeps": "nurse"}}, r"states\.test: she has a server of 'nurse', as `keeps` says, so leave"),
    ({"write": {"keeps": "porter"}}, r"states\.write\.keeps: there is no station 'porter'"),
    ({"write": {"keeps": ["doctor", "nurse"]}}, None),
    ({"talk": {"keeps": "nurse"}}, r"states\.talk\.keeps: who comes by 'door' holds no server of 'nurse'"),
    ({"talk": {"to": "write"}}, r"states\.test: no entry and no state leads here"),
    ({"test": {"keeps": ()}}, r"states\.write\.keeps: who comes from 'test' holds no server of 'doctor'"),
    (
        {"talk": {"patience": "1 hour", "reneges_to": "write"}},
        r"states\.write\.keeps: who comes from 'talk' holds no server of 'doctor'",
    ),
    (
        {"test": {"patience": "1 hour", "reneges_to": "talk", "blocks": False}, "talk": {"blocks": True}},
        r"states\.talk\.blocks: who waits outside is neither refused nor let in",
    ),
]


@pytest.mark.parametrize(("changes", "message"), FLAWS)
def test_what_cannot_be_held_is_refused(changes, message):
    states = {
        "talk": {"station": "doctor", "stay": "1 hour", "to": "test"},
        "test": {"station": "nurse", "keeps": "doctor", "stay": "2 hours", "to": "write"},
        "write": {"keeps": "doctor", "stay": "1 hour", "to": "home"},
    }
    states = {name: body | changes.get(name, {}) for name, body in states.items()}
    stations = {"doctor": {"capacity": 2}, "nurse": {"capacity": 1}}
    door = {"door": {"rate": "1 per day", "to": "talk"}}
    if message is None:
        subject = pathway(stations, states, door)
        assert Pathway.from_dict(subject.to_dict()) == subject
        return
    with pytest.raises(InputError, match=message):
        pathway(stations, states, door)


def test_a_door_leads_into_no_state_that_blocks():
    states = {"a": {"station": "desk", "stay": "1 hour", "to": "home", "blocks": True}}
    door = {"door": {"rate": "1 per day", "to": "a"}}
    with pytest.raises(
        InputError, match=r"entries\.door\.to: 'a' `blocks`, and who comes by a door has nowhere to stay"
    ):
        pathway({"desk": {"capacity": 1, "room": 1}}, states, door)
    states["b"] = {"station": "other", "patience": "1 hour", "reneges_to": "a", "stay": "1 hour", "to": "a"}
    with pytest.raises(InputError, match=r"states\.b: who gives up, is refused or baulks here can't stay"):
        pathway(
            {"desk": {"capacity": 1, "room": 1}, "other": {"capacity": 1}},
            states,
            {"door": {"rate": "1 per day", "to": "b"}},
        )
