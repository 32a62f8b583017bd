"""What happens at one instant, traced by hand: both engines must live every story to the minute.

Times are minutes since the start, Wednesday 2020-01-01; meetings are at half past midnight every day, so at minutes
30, 1470 and 2910. A row is (citizen, state, joined, started, ended, next); None is never.
"""

import math
from datetime import datetime, timedelta
from fractions import Fraction

import pytest

from flowsim import Pathway
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.trace import NEVER

# Stories of what rounding to the minute does keep that tick.
pytestmark = pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")

START = datetime(2020, 1, 1)
DAILY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OUT = {"out": {"final": True}}


def moment(minute):
    return (START + timedelta(minutes=minute)).isoformat()


def come(to, *minutes):
    return {"to": to, "at": [moment(minute) for minute in minutes]}


def step(change, **after):
    """A value by date that changes at a minute: `step(2, at_10=1)`."""
    return {"2020-01-01": change} | {moment(int(key.removeprefix("at_"))): value for key, value in after.items()}


def meeting(**how):
    return {"weekdays": DAILY, "at": "00:30"} | how


def queue(station, stay="10 minutes", to="out", **more):
    return {"station": station, "stay": stay, "to": to} | more


def live(engine, *, stations, states, entries, minutes=3000):
    """Run the story; return its rows, and a row of the session log as (time, station, places, taken, waiting)."""
    raw = {"start": "2020-01-01", "end": moment(minutes), "tick": "1 minute", "stations": stations, "entries": entries}
    pathway = Pathway.from_dict({"name": "story", "states": states | OUT} | raw)
    trace = engine.simulate(compile_pathway(pathway), 1, 0)
    names = [state.name for state in pathway.states]
    desks = [station.name for station in pathway.stations]

    def row(visit):
        times = (None if t == NEVER else int(t) for t in (visit["joined"], visit["started"], visit["ended"]))
        to = names[visit["next"]] if visit["next"] >= 0 else None
        return int(visit["citizen"]), names[visit["state"]], *times, to

    log = [(int(one["time"]), desks[one["station"]], *map(int, one.item()[2:])) for one in trace.sessions]
    return [row(visit) for visit in trace.visits], log


def without_out(rows):
    return [row for row in rows if row[1] != "out"]


def starts(rows, state):
    """When each citizen started a stay in a state, or how she left without."""
    return {row[0]: row[3] if row[3] is not None else row[5] for row in rows if row[1] == state}


def test_a_cut_an_arrival_and_the_end_of_a_stay_at_one_tick(engine):
    rows, log = live(
        engine,
        stations={"desk": {"capacity": step(2, at_10=1)}},
        states={"talk": queue("desk")},
        entries={"door": come("talk", 0, 0, 5, 10)},
    )
    assert rows == [
        (0, "talk", 0, 0, 10, "out"),
        (0, "out", 10, 10, None, None),
        (1, "talk", 0, 0, 10, "out"),
        (1, "out", 10, 10, None, None),
        (2, "talk", 5, 10, 20, "out"),
        (2, "out", 20, 20, None, None),
        (3, "talk", 10, 20, 30, "out"),
        (3, "out", 30, 30, None, None),
    ]
    assert log == [(0, "desk", 2, 2, 0), (10, "desk", 1, 2, 1)]


def test_a_rise_serves_the_arrivals_of_the_same_tick(engine):
    rows, log = live(
        engine,
        stations={"desk": {"capacity": step(0, at_10=2)}},
        states={"talk": queue("desk")},
        entries={"door": come("talk", 5, 10, 10)},
    )
    assert starts(rows, "talk") == {0: 10, 1: 10, 2: 20}
    assert log == [(0, "desk", 0, 0, 0), (10, "desk", 2, 3, 1)]


def test_reneging_wins_over_a_server_that_frees_at_the_same_tick(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", patience="8 minutes", reneges_to="gone"), "gone": {"final": True}},
        entries={"door": come("talk", 0, 2, 5)},
    )
    assert without_out(rows) == [
        (0, "talk", 0, 0, 10, "out"),
        (1, "talk", 2, None, 10, "gone"),
        (1, "gone", 10, 10, None, None),
        (2, "talk", 5, 10, 20, "out"),
    ]


HASTY = {"patience": "0 minutes", "reneges_to": "gone"}


def test_patience_of_no_time_serves_whoever_finds_a_server_free(engine):
    """Erlang's loss system: at one instant first the free servers are given away, then the impatient leave."""
    rows, log = live(
        engine,
        stations={"desk": {"capacity": 2}},
        states={"talk": queue("desk", **HASTY), "gone": {"final": True}},
        entries={"door": come("talk", 3, 3, 3, 8, 13)},
    )
    assert starts(rows, "talk") == {0: 3, 1: 3, 2: "gone", 3: "gone", 4: 13}
    assert {row[0]: row[4] for row in rows if row[1] == "talk"} == {0: 13, 1: 13, 2: 3, 3: 8, 4: 23}
    assert log == [(0, "desk", 2, 3, 0)]


def test_patience_under_half_a_tick_is_of_no_time(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", **HASTY | {"patience": "29 seconds"}), "gone": {"final": True}},
        entries={"door": come("talk", 3, 3)},
    )
    assert starts(rows, "talk") == {0: 3, 1: "gone"}


@pytest.mark.parametrize(("patience", "ends"), [("29 seconds", 3), ("30 seconds", 4), ("31 seconds", 4)])
def test_half_a_tick_of_patience_lasts_a_tick(engine, patience, ends):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", **HASTY | {"patience": patience}), "gone": {"final": True}},
        entries={"door": come("talk", 3, 3)},
    )
    assert [row[2] for row in rows if row[1] == "gone"] == [ends]


@pytest.mark.parametrize(("patience", "start"), [("8 minutes", "gone"), ("8.3 minutes", 10), ("7.6 minutes", "gone")])
def test_patience_is_compared_with_a_server_that_frees_before_it_is_rounded(engine, patience, start):
    """All three end at minute 10 as ticks go; the second one really ends after the server has come free."""
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", patience=patience, reneges_to="gone"), "gone": {"final": True}},
        entries={"door": come("talk", 0, 2)},
    )
    assert starts(rows, "talk") == {0: 0, 1: start}


@pytest.mark.parametrize(("patience", "start"), [("8 minutes", "gone"), ("8.3 minutes", 10), ("7.6 minutes", "gone")])
def test_so_is_the_patience_of_whom_a_race_has_sent(engine, patience, start):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={
            "race": {"race": {"talk": {"to": "talk", "after": "2 minutes"}}},
            "talk": queue("desk", patience=patience, reneges_to="gone"),
            "gone": {"final": True},
        },
        entries={"door": come("talk", 0), "late": come("race", 0)},
    )
    assert starts(rows, "talk") == {0: 0, 1: start}


def test_patience_that_is_rounded_down_ends_at_its_tick_where_nobody_comes_free(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", patience="5.3 minutes", reneges_to="gone"), "gone": {"final": True}},
        entries={"door": come("talk", 0, 2)},
    )
    assert without_out(rows)[1:] == [(1, "talk", 2, None, 7, "gone"), (1, "gone", 7, 7, None, None)]


def test_patience_of_no_time_at_a_meeting_lasts_for_the_meeting_of_that_instant(engine):
    rows, log = live(
        engine,
        stations={"board": meeting(places=1)},
        states={"case": queue("board", **HASTY), "gone": {"final": True}},
        entries={"door": come("case", 29, 30, 30, 31)},
    )
    assert starts(rows, "case") == {0: "gone", 1: 30, 2: "gone", 3: "gone"}
    assert log == [(30, "board", 1, 1, 2), (1470, "board", 1, 0, 0), (2910, "board", 1, 0, 0)]


def test_the_impatient_leave_before_a_full_room_refuses(engine):
    """And a better class goes first: of those who come at 5, the patient one of class 0 takes the server."""
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1, "room": 1}},
        states={
            "hasty": queue("desk", **HASTY, priority=1, refused_to="full"),
            "calm": queue("desk", refused_to="full"),
            "gone": {"final": True},
            "full": {"final": True},
        },
        entries={"hasty": come("hasty", 5, 5), "calm": come("calm", 5, 5, 5)},
    )
    assert starts(rows, "hasty") == {0: "gone", 1: "gone"}
    assert starts(rows, "calm") == {2: 5, 3: 15, 4: "full"}


def test_patience_that_ended_before_the_start_serves_whoever_finds_a_server_free(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", **HASTY | {"patience": "1 hour"}), "gone": {"final": True}},
        entries={"there": {"to": "talk", "count": 2, "waiting": True, "elapsed": "2 hours"}},
    )
    assert starts(rows, "talk") == {0: 0, 1: "gone"}


def test_fractions_of_places_add_up_to_whole_ones(engine):
    """Ten times 0.7 falls short of 7 as a sum of floats, and 0.1 + 0.2 exceeds 0.3: no place is lost, none won."""
    taken = {}
    for places in ("0.1", "0.3", "0.6", "0.7", "0.9", "2.3"):
        _, log = live(
            engine,
            stations={"board": meeting(at=[f"{hour:02}:00" for hour in range(10)], places=float(places))},
            states={"case": queue("board")},
            entries={"door": {"to": "case", "count": 200, "waiting": True}},
            minutes=40 * 1440,
        )
        upto = [sum(row[2] for row in log[: n + 1]) for n in range(len(log))]
        assert upto == [math.floor(Fraction(places) * (n + 1)) for n in range(len(log))], places
        taken[places] = upto[9]
    assert list(taken.values()) == [1, 3, 6, 7, 9, 23]


@pytest.mark.parametrize("doors", [("direct", "near", "far"), ("far", "near", "direct")])
def test_who_joins_at_one_tick_queues_by_number_and_not_by_route(engine, doors):
    ways = {"direct": "talk", "near": "triage", "far": "hall"}
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"hall": {"to": "triage"}, "triage": {"stay": "0 minutes", "to": "talk"}, "talk": queue("desk")},
        entries={door: come(ways[door], 7) for door in doors},
    )
    assert starts(rows, "talk") == {0: 7, 1: 17, 2: 27}
    assert {row[2] for row in rows if row[1] == "talk"} == {7}


def test_whom_a_meeting_sends_on_stands_before_a_greater_number_of_the_same_instant(engine):
    rows, _ = live(
        engine,
        stations={"team": meeting(places=5), "desk": {"capacity": step(0, at_40=1)}},
        states={"opened": queue("team", stay="0 minutes", to="talk"), "talk": queue("desk")},
        entries={"before": come("talk", 30), "sent": come("opened", 3), "after": come("talk", 29, 30)},
    )
    assert [row[2:4] for row in rows if row[1] == "talk"] == [(30, 50), (30, 60), (29, 40), (30, 70)]


def test_an_earlier_arrival_is_served_before_a_smaller_number(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk")},
        entries={"late": come("talk", 6), "early": come("talk", 0, 5)},
    )
    assert starts(rows, "talk") == {0: 20, 1: 0, 2: 10}


def test_lower_priority_numbers_are_served_first(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", priority=5), "urgent": queue("desk", priority=2)},
        entries={"door": come("talk", 0, 1, 2), "siren": come("urgent", 3, 3)},
    )
    assert starts(rows, "talk") == {0: 0, 1: 30, 2: 40}
    assert starts(rows, "urgent") == {3: 10, 4: 20}


@pytest.mark.parametrize("room", [None, 9])
@pytest.mark.parametrize(("order", "heard"), [(("first", "second"), 30), (("second", "first"), 1470)])
def test_a_meeting_convenes_once_an_instant(engine, order, heard, room):
    # With a room it has a turn at every arrival, and still takes cases at its own times alone.
    limited, refused = ({"room": room}, {"refused_to": "out"}) if room else ({}, {})
    rows, log = live(
        engine,
        stations={name: meeting(places=5, **limited) for name in order},
        states={
            "opened": queue("first", stay="0 minutes", to="heard", **refused),
            "heard": queue("second", **refused),
        },
        entries={"door": come("opened", 3), "late": come("heard", 31)},
    )
    assert without_out(rows) == [
        (0, "opened", 3, 30, 30, "heard"),
        (0, "heard", 30, heard, heard + 10, "out"),
        (1, "heard", 31, 1470, 1480, "out"),
    ]
    asked = {(time, name): (taken, waiting) for time, name, _, taken, waiting in log}
    assert asked[30, "second"] == ((1, 1) if heard == 30 else (0, 0))
    assert len(log) == 6


def test_what_a_station_causes_is_settled_before_the_next_station(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}, "first": meeting(places=5), "second": meeting(places=5)},
        states={
            "opened": queue("first", stay="0 minutes", to="checked"),
            "checked": queue("desk", stay="0 minutes", to="heard"),
            "heard": queue("second", stay="0 minutes"),
        },
        entries={"door": come("opened", 3, 4)},
    )
    assert starts(rows, "heard") == {0: 30, 1: 30}


def test_a_case_that_arrives_at_the_hour_of_the_meeting_is_in_time(engine):
    rows, log = live(
        engine, stations={"board": meeting(places=2)}, states={"heard": queue("board")},
        entries={"door": come("heard", 29, 30, 30, 31)},
    )  # fmt: skip
    assert starts(rows, "heard") == {0: 30, 1: 30, 2: 1470, 3: 1470}
    assert log == [(30, "board", 2, 2, 3), (1470, "board", 2, 2, 2), (2910, "board", 2, 0, 0)]


def test_a_full_room_refuses_the_last_newcomers_after_serving(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1, "room": 1}},
        states={"talk": queue("desk", refused_to="away"), "away": {"final": True}},
        entries={"door": come("talk", 0, 10, 10, 10, 11)},
    )
    assert starts(rows, "talk") == {0: 0, 1: 10, 2: 20, 3: "away", 4: "away"}
    assert (3, "talk", 10, None, 10, "away") in rows
    assert (4, "talk", 11, None, 11, "away") in rows


def test_who_waits_already_is_not_refused_for_a_better_newcomer(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1, "room": 1}},
        states={"talk": queue("desk", priority=1, refused_to="out"), "urgent": queue("desk", refused_to="out")},
        entries={"door": come("talk", 0, 5), "siren": come("urgent", 6)},
    )
    assert starts(rows, "talk") == {0: 0, 1: 10}
    assert starts(rows, "urgent") == {2: "out"}


def test_of_two_newcomers_the_worse_priority_is_refused(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1, "room": 1}},
        states={"talk": queue("desk", priority=1, refused_to="out"), "urgent": queue("desk", refused_to="out")},
        entries={"door": come("talk", 0, 5), "siren": come("urgent", 5)},
    )
    assert (starts(rows, "talk"), starts(rows, "urgent")) == ({0: 0, 1: "out"}, {2: 10})


def test_a_room_too_small_for_those_who_wait_at_the_start_refuses_them_before_any_meeting(engine):
    rows, _ = live(
        engine,
        stations={"board": meeting(places=2, room=1)},
        states={"case": queue("board", refused_to="away"), "away": {"final": True}},
        entries={"waiting": {"to": "case", "count": 3, "waiting": True}, "door": come("case", 7)},
    )
    ends = {row[0]: row[4:] for row in rows if row[1] == "case"}
    assert ends == {0: (40, "out"), 1: (0, "away"), 2: (0, "away"), 3: (7, "away")}


def test_who_is_there_at_the_start_was_there_before_the_capacity_was_set(engine):
    _, log = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk")},
        entries={"waiting": {"to": "talk", "count": 3, "waiting": True}, "door": come("talk", 0)},
    )
    assert log == [(0, "desk", 1, 4, 3)]


def test_a_meeting_takes_newcomers_before_its_room_refuses_them(engine):
    rows, _ = live(
        engine,
        stations={"board": meeting(places=2, room=1)},
        states={"heard": queue("board", refused_to="out")},
        entries={"door": come("heard", 10, 11, 30, 30, 30)},
    )
    assert starts(rows, "heard") == {0: 30, 1: "out", 2: 30, 3: 1470, 4: "out"}


def test_a_cut_lets_the_stays_under_way_end(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": step(3, at_5=1)}},
        states={name: queue("desk", stay=f"{name[1:]} minutes") for name in ("t10", "t20", "t30", "t40")},
        entries={"a": come("t10", 0), "b": come("t20", 0), "c": come("t30", 0), "d": come("t40", 1)},
    )
    assert without_out(rows) == [
        (0, "t10", 0, 0, 10, "out"),
        (1, "t20", 0, 0, 20, "out"),
        (2, "t30", 0, 0, 30, "out"),
        (3, "t40", 1, 30, 70, "out"),
    ]


@pytest.mark.parametrize(("stay", "ended"), [("59 minutes", 99), ("60 minutes", None), ("3570 seconds", None)])
def test_the_horizon_is_excluded(engine, stay, ended):
    rows, log = live(
        engine,
        stations={"desk": {"capacity": step(1, at_100=2)}, "board": meeting(places=1, at="01:40")},
        states={"stay": {"stay": stay, "to": "talk"}, "talk": queue("desk")},
        entries={"door": come("stay", 40), "clock": {"to": "stay", "every": "50 minutes"}},
        minutes=100,
    )
    assert rows[0] == (0, "stay", 40, 40, ended, "talk" if ended else None)
    assert rows[-1] == (1, "stay", 50, 50, None, None)
    assert log == [(0, "desk", 1, 1 if ended else 0, 0)]


def test_a_time_that_rounds_to_the_horizon_is_excluded(engine):
    doors = {"door": come("talk", 1, 99.75), "other": come("talk", 2)}
    rows, _ = live(engine, stations={}, states={"talk": {"to": "out"}}, entries=doors, minutes=100)
    # Nobody has a number who never comes.
    assert [row[:3] for row in rows if row[1] == "talk"] == [(0, "talk", 1), (1, "talk", 2)]


def team(*parties):
    return meeting(parties={f"party{n}": party for n, party in enumerate(parties)})


def hours_based(**more):
    """Five hours of work a meeting at two hours a case: two and a half places."""
    return {"staff": 1.0, "hours": "5 hours", "hours_a_case": "2 hours"} | more


def places_of(log):
    return [(places, taken) for _, _, places, taken, _ in log]


def hold(engine, station, waiting=(), following=(), minutes=5000):
    rows, log = live(
        engine,
        stations={"team": station},
        states={"heard": queue("team"), "followed": {"stay": "60 minutes", "to": "out"}},
        entries={"door": come("heard", *waiting), "followed": come("followed", *following)},
        minutes=minutes,
    )
    return places_of(log), rows


def test_a_fraction_of_a_place_is_carried_to_the_next_meeting(engine):
    held, _ = hold(engine, team(hours_based()), waiting=range(20), following=[0])
    assert held == [(2, 2), (3, 3), (2, 2), (3, 3)]


def test_each_station_carries_its_own_fraction(engine):
    _, log = live(
        engine,
        stations={"one": meeting(places=0.5), "two": meeting(places=0.75)},
        states={"first": queue("one"), "second": queue("two")},
        entries={"door": come("first", *range(9)), "gate": come("second", *range(9))},
        minutes=5000,
    )
    held = {desk: [row[2] for row in log if row[1] == desk] for desk in ("one", "two")}
    assert held == {"one": [0, 1, 0, 1], "two": [0, 1, 1, 1]}


def test_places_that_nobody_used_are_not_carried(engine):
    held, _ = hold(engine, team(hours_based()), waiting=[1, *[100] * 9], following=[0])
    assert held == [(2, 1), (3, 3), (2, 2), (3, 3)]


def test_follow_up_takes_hours_from_new_cases_for_every_citizen_there(engine):
    # Five hours less one for each of three: one place; of the seven on the second day nothing is left, and no debt.
    follow = {"followed": "1 hour"}
    held, _ = hold(engine, team(hours_based(follow_up=follow)), range(20), [0, 1, 2, *[1450] * 7])
    assert held == [(1, 1), (0, 0), (2, 2), (3, 3)]


def test_who_queues_for_a_followed_state_is_followed_too(engine):
    held, _ = hold(engine, team(hours_based(follow_up={"heard": "1 hour"})), waiting=[1, 2, 3], following=[0])
    assert held == [(1, 1), (1, 1), (2, 1), (3, 0)]


def test_the_party_with_the_least_places_counts_and_each_carries_its_own_fraction(engine):
    half = {"places": 1.5}
    other = {"places": {"2020-01-01": 0.0, "2020-01-02": 5.0}}
    for parties in ((half, other), (other, half)):
        held, _ = hold(engine, team(*parties), waiting=range(20), following=[0])
        assert held == [(0, 0), (2, 2), (1, 1), (2, 2)]


def test_staff_and_hours_are_those_of_the_day(engine):
    staff = {"2020-01-01": 1.0, "2020-01-02T00:30": 4.0, "2020-01-03T00:31": 0.0}
    held, _ = hold(engine, team(hours_based(staff=staff)), waiting=range(60), following=[0])
    assert held == [(2, 2), (10, 10), (10, 10), (0, 0)]


def test_hours_cases_follow_up_and_places_are_those_of_each_meeting_whichever_changes(engine):
    by_hours = {
        "staff": step(1.0, at_7230=2.0),
        "hours": step("5 hours", at_1470="9 hours"),
        "hours_a_case": step("2 hours", at_2910="1 hour"),
        "follow_up": {"followed": step("1 hour", at_4350="3 hours"), "later": step("0 hours", at_5790="4 hours")},
    }
    by_places = {"places": step(99.0, at_8670=1.0)}
    for parties in ((by_hours, by_places), (by_places, by_hours)):
        _, log = live(
            engine,
            stations={"other": meeting(places=5), "team": team(*parties)},
            states={"heard": queue("team"), "followed": {"stay": "9 days", "to": "out"}}
            | {"later": {"stay": "9 days", "to": "out"}},
            entries={"door": come("heard", *range(29), *range(29)), "followed": come("followed", 0)}
            | {"later": come("later", 0)},
            minutes=9000,
        )
        # Each change holds from the hour of a meeting on: 5 - 1 hours at 2 a case; 9 - 1 at 2; 9 - 1 at 1; 9 - 3;
        # 9 - 3 - 4; twice 9, less 7; and at last the other party's single place.
        held = places_of([row for row in log if row[1] == "team"])
        assert held == [(2, 2), (4, 4), (8, 8), (6, 6), (2, 2), (11, 11), (1, 1)]


def test_who_stays_at_the_start_came_before_it_and_stays_for_what_is_left(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}},
        states={"talk": queue("desk", stay="50 minutes")},
        entries={
            "there": {"to": "talk", "count": 2, "elapsed": "30 minutes"},
            "long": {"to": "talk", "count": 1, "elapsed": "60 minutes"},
            "done": {"to": "out", "count": 1, "elapsed": "5 minutes"},
            "door": come("talk", 1),
        },
    )
    # Three are there for one server, so nobody else starts until the last of them has left.
    assert rows == [
        (0, "talk", -30, -30, 20, "out"),
        (0, "out", 20, 20, None, None),
        (1, "talk", -30, -30, 20, "out"),
        (1, "out", 20, 20, None, None),
        (2, "talk", -60, -60, 0, "out"),
        (2, "out", 0, 0, None, None),
        (3, "out", -5, -5, None, None),
        (4, "talk", 1, 20, 70, "out"),
        (4, "out", 70, 70, None, None),
    ]


def test_who_waits_at_the_start_keeps_her_place_and_her_patience(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": step(0, at_5=1)}},
        states={"talk": queue("desk", patience="40 minutes", reneges_to="out")},
        entries={
            "newer": {"to": "talk", "count": 1, "elapsed": "10 minutes", "waiting": True},
            "older": {"to": "talk", "count": 3, "elapsed": "31 minutes", "waiting": True},
            "oldest": {"to": "talk", "count": 1, "elapsed": "45 minutes", "waiting": True},
        },
    )
    assert without_out(rows) == [
        (0, "talk", -10, 15, 25, "out"),
        (1, "talk", -31, 5, 15, "out"),
        (2, "talk", -31, None, 9, "out"),
        (3, "talk", -31, None, 9, "out"),
        (4, "talk", -45, None, 0, "out"),
    ]


def test_an_exit_after_a_time_counts_what_has_elapsed_at_the_start(engine):
    race = {"soon": {"to": "out", "after": "50 minutes"}, "back": {"to": "out", "after": "70 minutes"}}
    rows, _ = live(
        engine, stations={}, states={"talk": {"race": race}},
        entries={"there": {"to": "talk", "count": 1, "elapsed": "20 minutes"}, "door": come("talk", 4)},
    )  # fmt: skip
    assert without_out(rows) == [(0, "talk", -20, -20, 30, "out"), (1, "talk", 4, 4, 54, "out")]


def test_an_exit_that_is_first_named_wins_a_draw(engine):
    race = [{"name": "a", "to": "gone", "after": "5 minutes"}, {"name": "b", "to": "out", "after": "5 minutes"}]
    rows, _ = live(
        engine, stations={}, states={"talk": {"race": race}, "gone": {"to": "out"}}, entries={"door": come("talk", 4)}
    )
    assert rows[0] == (0, "talk", 4, 4, 9, "gone")


@pytest.mark.parametrize(
    ("seconds", "tick"), [(29, 0), (30, 1), (89, 1), (90, 2), (150, 3), (149, 2)], ids=lambda value: str(value)
)
def test_times_are_rounded_half_up(engine, seconds, tick):
    span = f"{seconds} seconds"
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": 1}, "none": {"capacity": 0}},
        states={
            "stay": {"stay": span, "to": "out"},
            "wait": queue("none", patience=span, reneges_to="out"),
            "talk": queue("desk", stay="10 minutes"),
        },
        entries={
            "stay": come("stay", 10),
            "wait": come("wait", 10),
            "door": come("out", seconds / 60),
            "there": {"to": "talk", "count": 1, "elapsed": span},
            "every": {"to": "out", "every": "100 minutes"},
        },
        minutes=150,
    )
    left = (600 - seconds + 30) // 60
    assert [row for row in rows if row[2] != row[4] and row[:2] not in [(0, "out"), (1, "out"), (3, "out")]] == [
        *([(0, "stay", 10, 10, 10 + tick, "out")] if tick else []),
        *([(1, "wait", 10, None, 10 + tick, "out")] if tick else []),
        (2, "out", tick, tick, None, None),
        (3, "talk", -tick, -tick, left, "out"),
        (4, "out", 100, 100, None, None),
    ]


def test_shares_are_those_at_the_instant_of_leaving_and_the_stay_that_of_its_start(engine):
    rows, _ = live(
        engine,
        stations={},
        states={
            "talk": {"stay": step("10 minutes", at_5="3 minutes"), "to": step("gone", at_11="out")},
            "gone": {"final": True},
        },
        entries={"door": come("talk", 0, 1, 4, 5, 9)},
    )
    assert [(row[2], row[4], row[5]) for row in rows if row[1] == "talk"] == [
        (0, 10, "gone"),
        (1, 11, "out"),
        (4, 14, "out"),
        (5, 8, "gone"),
        (9, 12, "out"),
    ]


def test_after_a_wait_the_laws_are_those_of_the_start_of_the_stay(engine):
    rows, _ = live(
        engine,
        stations={"desk": {"capacity": step(0, at_5=9)}},
        states={
            "talk": queue("desk", stay=step("10 minutes", at_5="3 minutes")),
            "race": {"station": "desk", "race": {"out": {"rate": step("0 per day", at_20="1e9 per day")}}},
        },
        entries={"talk": come("talk", 4), "race": come("race", 4)},
    )
    assert without_out(rows) == [(0, "talk", 4, 5, 8, "out"), (1, "race", 4, 5, 20, "out")]


# --- Stations that answer their wait, by hand

RULE = {"wait": "20 minutes", "gain": 0.5, "lag": "0 minutes", "least": 0.5, "most": 2}


def test_a_meeting_answers_the_wait_of_whoever_has_waited_longest(engine):
    """60 minutes are three times the goal and double the places; 20 minutes leave them, and nobody halves them."""
    rows, log = live(
        engine,
        stations={"board": meeting(places=2, answers=RULE | {"most": 3})},
        states={"case": queue("board")},
        entries={"early": come("case", 5, 6, 7, 8, 29), "late": come("case", 2890)}
        | {"there": {"to": "case", "count": 1, "waiting": True, "elapsed": "30 minutes"}},
        minutes=4400,
    )
    # The first one has waited 30 + 30 minutes at 30, and 1462 at 1470: three times the places are the most.
    assert log == [(30, "board", 4, 4, 6), (1470, "board", 6, 2, 2), (2910, "board", 2, 1, 1), (4350, "board", 1, 0, 0)]
    assert starts(rows, "case") == {6: 30, 0: 30, 1: 30, 2: 30, 3: 1470, 4: 1470, 5: 2910}


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ({}, 6),  # 90 minutes: 1 + 0.5 (4.5 - 1) = 2.75, at most 2
        ({"most": 9}, 8),  # 2.75 times 3 is 8.25
        ({"most": 9, "limit": 5}, 5),
        ({"most": 9, "limit": 2}, 3),  # what is given by date is above the limit and stands
        ({"gain": 0.2, "most": 9}, 5),  # 1.7 times 3 is 5.1
        ({"wait": "180 minutes"}, 2),  # 0.75 times 3 is 2.25
        ({"wait": "180 minutes", "gain": 2.0}, 1),  # nothing, at least 0.5: 1.5
        ({"lag": "1 day"}, 3),  # nobody has looked so long ago
        ("off", 3),
        ({"gain": 0.0}, 3),
    ],
    ids=str,
)
def test_gain_bounds_and_limit_of_an_answer(engine, rule, places):
    _, log = live(
        engine,
        stations={"board": meeting(places=3, answers=rule if rule == "off" else RULE | rule)},
        states={"case": queue("board")},
        entries={"there": {"to": "case", "count": 99, "waiting": True, "elapsed": "60 minutes"}},
        minutes=100,
    )
    assert log == [(30, "board", places, places, 99)]


def test_an_answer_lags_by_the_meetings_before_it(engine):
    """What waited at the meeting a day before counts; of a rule that ends, nothing is left."""
    rule = RULE | {"lag": "1 day", "most": 5}
    _, log = live(
        engine,
        stations={"board": meeting(places=2, answers={"2020-01-01": rule, moment(3000): "off"})},
        states={"case": queue("board")},
        entries={"first": come("case", *[10] * 3), "second": come("case", *[2850] * 9)},
        minutes=6000,
    )
    # At 30 the first had waited 20 minutes: 2 at 1470, when who is left has waited 1460: 73 goals, at most 5 times 2.
    assert log == [
        (30, "board", 2, 2, 3),
        (1470, "board", 2, 1, 1),
        (2910, "board", 10, 9, 9),
        (4350, "board", 2, 0, 0),
        (5790, "board", 2, 0, 0),
    ]


def test_parties_answer_alike_and_the_least_counts(engine):
    _, log = live(
        engine,
        stations={
            "board": meeting(parties={"town": {"places": 3}, "region": {"places": 4}}, answers=RULE | {"limit": 4})
        },
        states={"case": queue("board")},
        entries={"there": {"to": "case", "count": 99, "waiting": True, "elapsed": "60 minutes"}},
        minutes=100,
    )
    assert log == [(30, "board", 4, 4, 99)]


def test_servers_are_reviewed_every_so_often_and_rounded_down(engine):
    """Reviews every hour from 60 on: factors 1.5, 2 (3 goals, the most) and, with nobody waiting, 0.5."""
    rule = RULE | {"wait": "30 minutes", "every": "1 hour"}
    rows, log = live(
        engine,
        stations={"desk": {"capacity": 1, "answers": {moment(60): rule, moment(290): "off"}}},
        states={"talk": queue("desk", stay="50 minutes")},
        entries={"door": come("talk", 0, 0, 0, 30, 119)},
        minutes=400,
    )
    # At 60: who came at 0 waits 60: 1.5; at 120 too (one began at 50): 120 minutes, 2; at 180 nobody, 0.5; off at 290.
    assert [row[:3] for row in log] == [
        (0, "desk", 1),
        (60, "desk", 1),
        (120, "desk", 2),
        (180, "desk", 0),
        (240, "desk", 0),
        (290, "desk", 1),
    ]
    assert starts(rows, "talk") == {0: 0, 1: 50, 2: 100, 3: 120, 4: 150}


# --- Stays that begin together, by hand


def course(size, capacity, **more):
    return {"course": {"capacity": capacity, "together": size} | more}


def test_nobody_starts_before_so_many_wait_and_so_many_servers_are_free(engine):
    rows, log = live(
        engine,
        stations=course(4, step(0, at_15=7)),
        states={"learn": queue("course", "20 minutes")},
        entries={"door": come("learn", 0, 5, 10, 12, 16, 17, 18, 19, 40, 60)},
        minutes=300,
    )
    # Of seven servers three are free when four more have come at 19: they begin at 35, and of the last two none.
    assert without_out(rows) == [
        (0, "learn", 0, 15, 35, "out"),
        (1, "learn", 5, 15, 35, "out"),
        (2, "learn", 10, 15, 35, "out"),
        (3, "learn", 12, 15, 35, "out"),
        (4, "learn", 16, 35, 55, "out"),
        (5, "learn", 17, 35, 55, "out"),
        (6, "learn", 18, 35, 55, "out"),
        (7, "learn", 19, 35, 55, "out"),
        (8, "learn", 40, None, None, None),
        (9, "learn", 60, None, None, None),
    ]
    assert log == [(0, "course", 0, 0, 0), (15, "course", 7, 8, 4)]


def test_as_many_groups_start_at_one_instant_as_can(engine):
    rows, log = live(
        engine,
        stations=course(2, step(0, at_30=5)),
        states={"learn": queue("course", "20 minutes")},
        entries={"door": come("learn", *range(7), 30)},
        minutes=300,
    )
    assert starts(rows, "learn") == {n: 30 if n < 4 else 50 for n in range(8)}
    assert log == [(0, "course", 0, 0, 0), (30, "course", 5, 8, 7)]


def test_the_last_of_a_group_comes_as_another_ends(engine):
    rows, _ = live(
        engine,
        stations=course(2, 2),
        states={"learn": queue("course", "20 minutes")},
        entries={"door": come("learn", 0, 1, 5, 21, 41, 41)},
        minutes=300,
    )
    assert starts(rows, "learn") == {0: 1, 1: 1, 2: 21, 3: 21, 4: 41, 5: 41}


def test_a_group_begins_again_and_again_within_an_instant_where_stays_take_no_time(engine):
    """Of seven who wait at 6 four begin, on four servers, and leave at once, so that two more begin."""
    rows, log = live(
        engine,
        stations=course(2, 4),
        states={"learn": queue("course", "0 minutes"), "rest": {"stay": "6 minutes", "to": "learn"}},
        entries={"door": come("learn", 3), "rested": come("rest", *[0] * 6)},
        minutes=300,
    )
    assert starts(rows, "learn") == {0: 6, **dict.fromkeys(range(1, 6), 6), 6: None}
    assert log == [(0, "course", 4, 6, 0)]


def test_who_gives_up_as_the_last_of_a_group_comes_is_gone(engine):
    rows, _ = live(
        engine,
        stations=course(2, 2),
        states={
            "learn": queue("course", "20 minutes", patience="10 minutes", reneges_to="gone"),
            "gone": {"final": True},
        },
        entries={"door": come("learn", 0, 10, 15)},
        minutes=300,
    )
    assert starts(rows, "learn") == {0: "gone", 1: 15, 2: 15}


@pytest.mark.parametrize(("patience", "ends"), [("0 minutes", 3), ("299 seconds", 8), ("329 seconds", 8)])
def test_patience_that_ends_within_an_instant_leaves_after_the_group_has_begun(engine, patience, ends):
    """Of three who come at once two begin; with a patience that is rounded down the third waits for the whole of it."""
    rows, _ = live(
        engine,
        stations=course(2, 4),
        states={
            "learn": queue("course", "1 minute", patience=patience, reneges_to="gone"),
            "gone": {"final": True},
        },
        entries={"door": come("learn", 3, 3, 3), "last": come("learn", 8)},
        minutes=300,
    )
    expected = {0: 3, 1: 3, 2: "gone", 3: "gone"} if patience != "329 seconds" else {0: 3, 1: 3, 2: 8, 3: 8}
    assert starts(rows, "learn") == expected
    assert rows[4][:5] == (2, "learn", 3, expected[2] if expected[2] == 8 else None, 9 if expected[2] == 8 else ends)


def test_who_begins_with_others_as_she_comes_never_baulks(engine):
    """Who comes first waits alone; of two who come as the servers are taken the first does, and the other baulks."""
    rows, _ = live(
        engine,
        stations=course(2, 2),
        states={
            "learn": queue("course", "20 minutes", baulks={"1": 1.0}, baulks_to="gone"),
            "gone": {"final": True},
        },
        entries={"door": come("learn", 0, 5, 6, 6)},
        minutes=300,
    )
    assert starts(rows, "learn") == {0: 5, 1: 5, 2: None, 3: "gone"}


def test_a_room_holds_who_waits_for_the_others(engine):
    """Of six at once four begin beside the one who waits, and three are left; then the room is full."""
    rows, _ = live(
        engine,
        stations=course(4, 4, room=3),
        states={"learn": queue("course", "20 minutes", refused_to="gone"), "gone": {"final": True}},
        entries={"door": come("learn", 0, *[5] * 6, 9)},
        minutes=300,
    )
    assert starts(rows, "learn") == {**dict.fromkeys(range(4), 5), 4: None, 5: None, 6: None, 7: "gone"}


@pytest.mark.parametrize(
    ("order", "learners"),
    [("first", {0: 5, 1: 25, 2: 25, 3: None}), ("last", {0: None, 1: 25, 2: 25, 3: 5})],
)
def test_the_first_of_the_queue_begin_by_class_and_order(engine, order, learners):
    """Two of the better class and the first of the other at 5; the next two with one who comes at 7."""
    at = queue("course", "20 minutes")
    rows, _ = live(
        engine,
        stations=course(3, step(0, at_5=3), order=order),
        states={"learn": at | {"priority": 1}, "urgent": at},
        entries={"door": come("learn", 0, 1, 2, 3), "first": come("urgent", 4, 5, 7)},
        minutes=300,
    )
    assert starts(rows, "urgent") == {4: 5, 5: 5, 6: 25}
    assert starts(rows, "learn") == learners


def test_those_there_at_the_start_free_their_servers_one_by_one(engine):
    rows, _ = live(
        engine,
        stations=course(2, 3),
        states={"learn": queue("course", "20 minutes")},
        entries={
            "there": {"to": "learn", "count": 1, "elapsed": "15 minutes"},
            "newer": {"to": "learn", "count": 2, "elapsed": "8 minutes"},
            "waits": {"to": "learn", "count": 1, "elapsed": "90 minutes", "waiting": True},
            "door": come("learn", 3),
        },
        minutes=300,
    )
    assert without_out(rows) == [
        (0, "learn", -15, -15, 5, "out"),
        (1, "learn", -8, -8, 12, "out"),
        (2, "learn", -8, -8, 12, "out"),
        (3, "learn", -90, 12, 32, "out"),
        (4, "learn", 3, 12, 32, "out"),
    ]


def test_a_cut_lets_a_group_end_and_none_begin_on_fewer_servers(engine):
    rows, log = live(
        engine,
        stations=course(2, step(4, at_10=2)),
        states={"learn": queue("course", "20 minutes")},
        entries={"door": come("learn", 0, 0, 5, 5, 6, 6, 30)},
        minutes=300,
    )
    # From 20 on one group is under way, for two servers; it ends at 25.
    assert starts(rows, "learn") == {0: 0, 1: 0, 2: 5, 3: 5, 4: 25, 5: 25, 6: None}
    assert log == [(0, "course", 4, 4, 0), (10, "course", 2, 2, 2)]


def test_a_group_takes_the_stay_of_its_start_and_each_the_shares_as_she_leaves(engine):
    rows, _ = live(
        engine,
        stations=course(2, 2),
        states={
            "learn": queue("course", step("20 minutes", at_5="30 minutes"), step("gone", at_36="out")),
            "gone": {"final": True},
        },
        entries={"door": come("learn", 0, 5, 6, 7)},
        minutes=60,
    )
    assert [row[3:] for row in rows if row[1] == "learn"] == [(5, 35, "gone")] * 2 + [(35, None, None)] * 2
