"""Time that comes again: what its words mean, to the day and the minute, and what is refused.

The spans of opening hours are held against a minute-by-minute reading (`helpers.models.recurring`), the days of
patterns and closures against lists written by hand from a calendar.
"""

import re
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import Duration, Entry, InputError, Pathway, Scenario, State, Station, run
from flowsim.core.civil_time import ByDate
from flowsim.model.parts import Shift
from flowsim.model.recurring.closures import read_closed
from flowsim.model.recurring.patterns import Meets, Open, open_spans, read_pattern
from flowsim.reporting.language import Language
from helpers.models.recurring import is_open, servers_there

JANUARY = [date(2024, 1, day) for day in range(1, 32)]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("tue", [2, 9, 16, 23, 30]),
        ("Tuesdays and Fridays", [2, 5, 9, 12, 16, 19, 23, 26, 30]),
        ("sat-mon", [1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29]),
        ("first mon of the month", [1]),
        ("third wed of the month", [17]),
        ("last wed of the month", [31]),
        ("last fri of each month", [26]),
        ("tue in even weeks", [9, 23]),
        ("tue in odd weeks", [2, 16, 30]),
    ],
)
def test_days_of_january_2024(words, days):
    """1 January 2024 is the Monday of week 1."""
    pattern = read_pattern(f"{words} 09:00", spans=False)
    assert [day.day for day in JANUARY if pattern.holds(day)] == days
    assert read_pattern(str(pattern), spans=False) == pattern


def test_every_second_week_counts_from_its_first_day_across_the_turn_of_the_year():
    """Weeks 52 of 2026, 53 and 1 follow each other: even and odd weeks would meet twice in a row there."""
    pattern = read_pattern("every second tue 09:00 from 2026-12-08", spans=False)
    days = [date(2026, 11, 24) + timedelta(days=n) for n in range(60)]
    assert [day for day in days if pattern.holds(day)] == [
        date(2026, 12, 8), date(2026, 12, 22), date(2027, 1, 5), date(2027, 1, 19)
    ]  # fmt: skip
    both = read_pattern("every second mon, fri 09:00 from 2024-01-05", spans=False)  # weeks count from their Mondays
    assert [day.day for day in JANUARY if both.holds(day)] == [5, 15, 19, 29]
    odd = read_pattern("tue in odd weeks 09:00", spans=False)
    assert [day.day for day in days if odd.holds(day)][-5:] == [1, 15, 29, 5, 19]


@pytest.mark.parametrize(
    ("words", "inside", "outside"),
    [
        ("July closed, each year", ["2024-07-01", "2031-07-31"], ["2024-06-30", "2024-08-01"]),
        ("24 dec - 1 jan, each year", ["2024-12-24", "2024-12-31", "2025-01-01"], ["2024-12-23", "2025-01-02"]),
        ("February, each year", ["2023-02-28", "2024-02-29"], ["2024-03-01"]),
        ("weeks 28-30, each year", ["2024-07-08", "2024-07-28"], ["2024-07-07", "2024-07-29"]),
        ("weeks 52-1, each year", ["2024-12-23", "2025-01-05"], ["2024-12-22", "2025-01-06"]),
        ("week 42 2025", ["2025-10-13", "2025-10-19"], ["2025-10-20", "2024-10-14"]),
        ("2025-10-13 - 2025-10-17", ["2025-10-13", "2025-10-17"], ["2025-10-18", "2026-10-13"]),
        ("23 Dec 2025 - 2 Jan 2026", ["2025-12-23", "2026-01-02"], ["2026-01-03", "2026-12-24"]),
        ("1-14 jul, each year", ["2026-07-01", "2026-07-14"], ["2026-07-15"]),
        ("July 2025", ["2025-07-01"], ["2026-07-01"]),
    ],
)
def test_closed_days(words, inside, outside):
    closed = read_closed(words)
    assert read_closed(str(closed)) == closed
    assert all(closed.holds(date.fromisoformat(day)) for day in inside)
    assert not any(closed.holds(date.fromisoformat(day)) for day in outside)


@pytest.mark.parametrize(
    ("words", "spans", "message"),
    [
        ("every second tue 09:00", False, "does not tell which weeks: add a day that it begins on"),
        ("tes 08:00", False, "'tes' in 'tes 08:00' is no weekday; did you mean 'tue'?"),
        ("mon 25:00-26:00", True, "'25:00' in 'mon 25:00-26:00' is no time of day"),
        ("mon 08:00", True, "'08:00' in 'mon 08:00' should tell from when until when"),
        ("mon 08:00-09:00", False, "should tell when it begins"),
        ("mon 08:00-08:00", True, "is no time at all"),
        ("mon 08:00-12:00, 11:00-13:00", True, "has hours that overlap"),
        ("mon", True, "should end with hours"),
    ],
)
def test_words_that_mean_nothing_are_refused(words, spans, message):
    with pytest.raises(ValueError, match=message):
        read_pattern(words, spans)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("July", "does not tell the year: add it, or write ', each year'"),
        ("July 2025, each year", "has a year and is each year"),
        ("32 dec, each year", "has a day that its month has not"),
        ("julember, each year", "'julember' in 'julember, each year' is no month"),
        ("2025-10-17 - 2025-10-13", "ends before it begins"),
        ("week 54, each year", "has a week that no year has"),
        ("now and then", "tells no days"),
    ],
)
def test_closures_that_mean_nothing_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        read_closed(words)


LINES = st.sampled_from(
    [
        *("mon-fri 08:00-16:00", "daily 22:00-06:00", "sat, sun 10:00-14:00, 15:00-24:00", "fri 20:00-08:00"),
        *(
            "every second wed 00:00-24:00 from 2024-01-03",
            "last fri of the month 12:00-13:30",
            "mon in odd weeks 07:15-09:45",
        ),
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=3),
    st.lists(LINES, min_size=1, max_size=2),
    st.lists(st.sampled_from(["8 jan, each year", "2024-01-12", "week 3, each year"]), max_size=2),
)
def test_spans_are_what_a_minute_by_minute_reading_gives(first, second, closures):
    start, end = datetime(2024, 1, 1, 6, 30), datetime(2024, 1, 29, 18)
    patterns = ByDate[Open].model_validate({"2024-01-01": first, "2024-01-17": second})
    closed = tuple(map(read_closed, closures))
    spans = open_spans(patterns, closed, start, end)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    minute = start
    while minute < end:
        assert any(a <= minute < b for a, b in spans) == is_open(patterns, closed, start, minute), minute
        minute += timedelta(minutes=15)


def test_servers_of_opening_hours_and_shifts_add_up_at_every_quarter_of_an_hour():
    station = Station(
        name="desk",
        capacity={"2024-01-01": 1, "2024-01-10T12:00": 4},
        open="mon-fri 08:00-16:00",
        shifts={
            "evening": {"servers": 2, "open": "mon, wed 12:00-20:00"},
            "night": {"servers": {"2024-01-01": 0, "2024-01-15": 3}, "open": "daily 20:00-04:00"},
        },
        closed=["2024-01-17"],
    )
    start, end = datetime(2024, 1, 1), datetime(2024, 2, 1)
    planned, moment = station.planned(start, end), start
    while moment < end:
        assert planned.at(moment) == servers_there(station, start, moment), moment
        moment += timedelta(minutes=15)
    # By hand: Wednesday the 10th at noon, then the night that begins on the 16th and ends on the closed 17th.
    assert [planned.at(datetime(2024, 1, 10, hour)) for hour in (8, 12, 16, 20)] == [1, 6, 2, 0]
    assert [planned.at(datetime(2024, 1, 17, hour)) for hour in (3, 4, 8, 20)] == [3, 0, 0, 0]


def one_day(station, at, engine="kernel", **state):
    advice = State(name="advice", station="desk", stay=Duration.fixed("1 hour"), to="gone", **state)
    pathway = Pathway(
        name="office",
        start="2024-01-01",
        end="2024-01-10",
        stations=[station],
        states=[advice, State(name="gone", final=True)],
        entries=[Entry(name="door", at=at, to="advice")],
    )
    visits = run(pathway, replications=1, seed=1, engine=engine, keep_traces=True).visits(0)
    visits = visits[visits["state"] == "advice"]
    return list(zip(visits["started"], visits["ended"], strict=True))


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_an_office_hour_by_hour(engine):
    """On Friday 5 January: whoever is taken at 15:30 stays until 16:30; who comes at 16:00 waits until Monday."""
    desk = Station(name="desk", capacity=1, open="mon-fri 08:00-16:00")
    at = ["2024-01-05T07:00", "2024-01-05T15:30", "2024-01-05T16:00", "2024-01-06T12:00"]
    expected = [("2024-01-05T08:00", "09:00"), ("2024-01-05T15:30", "16:30"), ("2024-01-08T08:00", "09:00"),
                ("2024-01-08T09:00", "10:00")]  # fmt: skip
    stays = one_day(desk, at, engine)
    assert [(f"{start:%Y-%m-%dT%H:%M}", f"{end:%H:%M}") for start, end in stays] == expected


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_shifts_that_follow_each_other_hand_over_without_a_gap(engine):
    """At 16:00 one server of the day goes and one of the evening comes: two hours' work goes on."""
    desk = Station(
        name="desk",
        shifts={
            "day": {"servers": 1, "open": "daily 08:00-16:00"},
            "evening": {"servers": 1, "open": "daily 16:00-17:00"},
        },
    )
    stays = one_day(desk, ["2024-01-05T15:00"] * 3, engine)
    assert [f"{start:%d %H:%M}" for start, _ in stays] == ["05 15:00", "05 16:00", "06 08:00"]


def test_a_meeting_every_second_tuesday_is_closed_in_july():
    team = Station(name="team", meets="every second tue 09:00 from 2024-06-11", places=2, closed=["July, each year"])
    assert [f"{when:%m-%d %H}" for when in team.meetings(datetime(2024, 6, 1), datetime(2024, 8, 20))] == [
        "06-11 09", "06-25 09", "08-06 09"
    ]  # fmt: skip  # the 9th and 23rd of July are closed


def test_who_comes_in_a_year_follows_the_profile():
    """Of 8 morning hours a week at 1.5 times 2 an hour, and 8 afternoon hours at half: 24 + 8 a week."""
    door = Entry(
        name="door",
        to="gone",
        rate="2 per hour",
        profile={"mon, tue 08:00-12:00": 1.5, "mon-tue 12:00-16:00": 0.5},
        closed="weeks 2-3, each year",
    )
    start = datetime(2024, 1, 1)
    assert door.expected(start, start + timedelta(weeks=10)) == pytest.approx(8 * 32)
    pathway = Pathway(
        name="p", start=start, end=start + timedelta(weeks=200), states=[State(name="gone", final=True)], entries=[door]
    )
    results = run(pathway, replications=4, seed=3, keep_traces=True)
    expected = door.expected(pathway.start, pathway.end)
    for replication in range(4):
        visits = results.visits(replication)
        assert abs(len(visits) - expected) < 4.5 * expected**0.5
        hours = visits["joined"].dt.hour
        mornings = (hours < 12).mean()
        assert set(visits["joined"].dt.day_of_week) == {0, 1}
        assert not visits["joined"].dt.isocalendar().week.isin([2, 3]).any()
        assert abs(mornings - 0.75) < 4.5 * (0.75 * 0.25 / len(visits)) ** 0.5


@pytest.mark.parametrize(
    ("station", "message"),
    [
        ({"capacity": 1, "meets": "tue 09:00"}, "a station has either `capacity`"),
        ({"weekdays": ["mon"], "meets": "tue 09:00", "places": 1}, "`weekdays` and `meets` both tell"),
        ({"meets": "tue 09:00", "places": 1, "at": "10:00"}, "`meets` tells the hours too"),
        ({"weekdays": ["mon"], "places": 1, "open": "mon 08:00-09:00"}, "`open` tells when servers are there"),
        ({"capacity": 1, "open": {"2024-06-01": "mon 08:00-09:00"}}, "the first date is 2024-06-01"),
        ({"capacity": 1, "open": "mon 8-16"}, "stations.desk.open: 'mon 8-16' should end with hours"),
        ({"capacity": 1, "closed": "July"}, "stations.desk.closed: 'July' does not tell the year"),
    ],
)
def test_stations_that_contradict_themselves_are_refused(station, message):
    raw = {
        "name": "p",
        "start": "2024-01-01",
        "end": "2025-01-01",
        "stations": {"desk": station},
        "states": {"advice": {"station": "desk", "to": "gone"}, "gone": {"final": True}},
        "entries": {"door": {"rate": "1 per day", "to": "advice"}},
    }
    with pytest.raises(InputError, match=message):
        Pathway.from_dict(raw)


TOWN = """\
name = "town"
start = 2024-01-01
end = 2026-01-01
stations.desk.shifts.day = { servers = 2, open = "mon-fri 08:00-16:00" }
stations.office.capacity = 3
stations.team = { meets = "tue 09:00", places = 4 }
states.advice = { station = "desk", stay = "1 hour", to = "plan" }
states.plan = { station = "office", stay = "1 day", to = "case" }
states.case = { station = "team", to = "gone" }
states.gone.final = true
entries.door = { rate = "1 per day", to = "advice" }
"""


def changed(tmp_path, edit):
    (tmp_path / "town.toml").write_text(TOWN)
    path = tmp_path / "more.toml"
    path.write_text(f'name = "more"\nbase = "town.toml"\n\n[[stations]]\n{edit}\n')
    return Scenario.read(path).pathway()


def test_scenarios_change_shifts_hours_and_meetings(tmp_path):
    more = changed(
        tmp_path, 'station = "desk"\nshift = "day"\nfrom = 2025-01-01\nservers = "+1"\nopen = "mon-sat 08:00-18:00"'
    )
    planned = more.stations[0].planned(more.start, more.end)
    saturday, sunday = datetime(2025, 1, 4, 17), datetime(2025, 1, 5, 9)
    assert [planned.at(when) for when in (datetime(2024, 12, 28, 9), saturday, sunday)] == [0, 3, 0]
    office = changed(tmp_path, 'station = "office"\nopen = "mon-fri 08:00-16:00"').stations[1]
    assert office.open == ByDate[Open].model_validate("mon-fri 08:00-16:00")
    team = changed(tmp_path, 'station = "team"\nfrom = 2025-01-01\nmeets = "tue, thu 09:00"').stations[2]
    assert team.meets == ByDate[Meets].model_validate({"2024-01-01": "tue 09:00", "2025-01-01": "tue, thu 09:00"})


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ('station = "desk"\nshift = "nigth"\nservers = 2', "there is no shift 'nigth'"),
        ('station = "desk"\nservers = 2', "`servers` are those of a `shift`: name it"),
        ('station = "desk"\nshift = "day"\nroom = 2', "of a `shift`, `servers` or when it is `open`"),
        ('station = "office"\nmeets = "tue 09:00"', "the station 'office' has no `meets`"),
        ('station = "team"\nopen = "tue 09:00-10:00"', "has no `capacity` that is there while it is open"),
        ('station = "team"\nmeets = "every second tue 09:00"', "does not tell which weeks"),
    ],
)
def test_changes_that_mean_nothing_are_refused(tmp_path, edit, message):
    with pytest.raises(InputError, match=message):
        changed(tmp_path, edit)


def test_a_closure_keeps_a_share_of_every_shift(tmp_path):
    (tmp_path / "town.toml").write_text(TOWN)
    closure = {"station": "desk", "from": "2025-01-01", "keep": 0.5}
    plan = {"name": "plan", "base": "town.toml", "closures": [closure]}
    desk = Scenario.from_dict(plan, "plan.toml", tmp_path).pathway().stations[0]
    assert [desk.shifts[0].servers.at(datetime(year, 6, 1)) for year in (2024, 2025)] == [2, 1]


def test_a_shift_is_a_value_of_its_own():
    assert Shift(name="day", servers=2, open="mon 08:00-09:00").open.at(datetime(2024, 1, 1)) == (
        read_pattern("mon 08:00-09:00", spans=True),
    )


@pytest.mark.parametrize(
    ("danish", "english", "spans"),
    [
        ("man-fre 08:00-16:00", "mon-fri 08:00-16:00", True),
        ("mandag, onsdag og fredag kl. 08:00-12:00, 13:00-16:00", "mon, wed and fri 08:00-12:00, 13:00-16:00", True),
        ("hver anden tirsdag 09:00 fra 2024-01-09", "every second tue 09:00 from 2024-01-09", False),
        ("den første tirsdag i måneden 09:00", "first tue of the month 09:00", False),
        ("Sidste torsdag i måneden kl. 13:30", "last thu of the month 13:30", False),
        ("tirsdag i lige uger 09:00", "tue in even weeks 09:00", False),
        ("søndage i ulige uger 09:00", "sun in odd weeks 09:00", False),
        ("hver dag 22:00-06:00", "daily 22:00-06:00", True),
    ],
)
def test_recurring_time_is_read_in_danish_too(danish, english, spans):
    assert read_pattern(danish, spans) == read_pattern(english, spans)


@pytest.mark.parametrize(
    ("danish", "english"),
    [
        ("juli, hvert år", "July, each year"),
        ("juli lukket, hvert år", "July closed, each year"),
        ("24. dec - 1. jan, hvert år", "24 dec - 1 jan, each year"),
        ("1. maj til og med 15. oktober 2026", "1 may - 15 oct 2026"),
        ("uge 28-30, hvert år", "weeks 28-30, each year"),
        ("marts 2027", "March 2027"),
    ],
)
def test_closed_days_are_read_in_danish_too(danish, english):
    assert read_closed(danish) == read_closed(english)


@pytest.mark.parametrize(
    "text", ["tirsdog 09:00", "hver anden tirsdag 09:00", "tirsdag", "tue 25:00", "tue 09:00-10:00"]
)
def test_a_mistake_in_recurring_time_is_said_in_danish(text):
    with pytest.raises(ValueError, match=r"^'") as refused:
        read_pattern(text, spans=False)
    assert not re.search(r"\b(is|the|should|such as|does)\b", Language.of("da").message(str(refused.value)))
