"""The event log: each stay with its transitions in order, and the server that it holds."""

from itertools import pairwise

import numpy as np
import pytest

from flowsim import Duration, Entry, InputError, Pathway, State, Station, run
from flowsim.simulation.eventlog import server_slots
from helpers.models.desk import SMALL


def at(*hours):
    return np.array([f"2024-01-01T{hour:02}" if hour is not None else "NaT" for hour in hours], "datetime64[us]")


def test_a_stay_holds_the_lowest_server_that_is_free():
    # The second server is free at 11, when the first is too; a stay of no time leaves its server at once.
    started, ended = at(8, 9, 10, 11, 11, None, 12, 12), at(11, 11, 13, 12, 14, None, 12, None)
    assert server_slots(started, ended).tolist() == [1, 2, 3, 1, 2, 0, 1, 1]


def test_the_log_says_who_held_what_and_when():
    desk = Pathway(
        name="desk",
        start="2024-01-01",
        end="2024-01-02",
        stations=[Station.servers("desk", 1), Station.sessions("team", ["mon"], places=5, at="20:00")],
        states=[
            State(name="advice", station="desk", stay="3 hours", to="meeting", patience="2 hours", reneges_to="gone"),
            State(name="meeting", station="team", to="home"),
            State(name="home", stay=Duration.fixed("1 hour"), to="gone"),
            State(name="gone", final=True),
        ],
        entries=[Entry(name="door", at=["2024-01-01T08:00", "2024-01-01T08:30"], to="advice")],
    )
    log = run(desk, replications=1, seed=1, keep_traces=True).event_log(0)
    rows = [
        (row[0], row[1], f"{row[2]:%H:%M}", row[3], row[4])
        for row in log.iloc[:, :5].itertuples(index=False, name=None)
    ]
    assert rows == [
        ("0", "advice", "08:00", "schedule", ""),
        ("0", "advice", "08:00", "start", "desk 1"),
        ("0", "advice", "11:00", "complete", "desk 1"),
        ("0", "meeting", "11:00", "schedule", ""),
        ("0", "meeting", "20:00", "start", "team"),
        ("0", "meeting", "20:00", "complete", "team"),
        ("0", "home", "20:00", "start", ""),
        ("0", "home", "21:00", "complete", ""),
        ("0", "gone", "21:00", "start", ""),
        ("1", "advice", "08:30", "schedule", ""),
        ("1", "gone", "10:30", "start", ""),
    ]


def test_no_server_is_held_by_two_and_none_beyond_the_capacity():
    log = run(SMALL, replications=1, seed=5, keep_traces=True).event_log(0)
    held = log[log["org:resource"] != ""]
    assert set(held["org:resource"]) == {"desk 1", "desk 2"}
    for _, of_server in held.groupby("org:resource"):
        # At one instant a server is left before it is taken again.
        order = of_server.sort_values(["time:timestamp", "lifecycle:transition"], kind="stable")
        assert (
            (order["lifecycle:transition"] == "start")
            .cumsum()
            .sub((order["lifecycle:transition"] == "complete").cumsum())
            .between(0, 1)
            .all()
        )


def test_a_server_that_is_kept_is_nobody_elses_meanwhile():
    """Two doctors see one after the other, and stay with whom they have seen while a laboratory of one tests her."""
    raw = {
        "name": "practice",
        "start": "2024-01-01",
        "end": "2024-02-01",
        "stations": {"doctor": {"capacity": 2}, "lab": {"capacity": 1}},
        "states": {
            "visit": {"station": "doctor", "stay": "2 hours", "to": "test"},
            "test": {"station": "lab", "stay": "3 hours", "keeps": "doctor", "to": "talk"},
            "talk": {"stay": "1 hour", "keeps": "doctor", "to": "out"},
            "out": {"final": True},
        },
        "entries": {"door": {"to": "visit", "rate": "5 per day"}, "there": {"to": "talk", "count": 1}},
    }
    results = run(Pathway.from_dict(raw), replications=1, keep_traces=True)
    log, visits = results.event_log(0), results.visits(0)
    there = log[log["case:concept:name"] == str(visits[visits["entry"] == "there"]["citizen"].iloc[0])]
    assert there["org:resource"].iloc[0] == "doctor 1"
    held, tests = [], 0
    for citizen, rows in log[log["concept:name"] != "out"].groupby("case:concept:name"):
        (doctor,) = {name for name in rows["org:resource"] if name.startswith("doctor")} or {None}
        tests += (rows["org:resource"] == "lab 1").any()
        own = visits[(visits["citizen"] == int(citizen)) & (visits["state"] != "out")]
        begun = own["joined"].iloc[0] if own["state"].iloc[0] == "talk" else own["started"].iloc[0]
        held += [(doctor, begun, own["ended"].iloc[-1])] if doctor else []
    assert tests > 50
    for name in ("doctor 1", "doctor 2"):
        spans = sorted((since, until) for doctor, since, until in held if doctor == name)
        assert len(spans) > 20
        assert all(until <= since for (_, until), (since, _) in pairwise(spans))


def test_without_traces_there_is_no_log():
    with pytest.raises(InputError, match="keep_traces=True"):
        run(SMALL, replications=1).event_log(0)
