"""What a planner changes, and what she hears of a mistake."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.civil_time import MINUTES, parse_rate
from flowsim.core.errors import InputError
from flowsim.model.duration import Duration
from flowsim.model.parts import Entry, State
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario, example

BASE = """
name = "small"
start = 2020-01-01
end = 2023-01-01

[stations.team]
weekdays = ["mon"]
[stations.team.parties.town]
places = "$town_places"
[stations.team.parties.region]
places = { 2020-01-01 = 6, 2021-07-01 = 10 }

[stations.plan]
weekdays = ["mon"]
[stations.plan.parties.bif]
staff = 10
hours = "30 hours"
hours_a_case = "15 hours"
follow_up = { plan = "2 hours" }

[stations.desk]
capacity = 7
room = 20

[stations.board]
weekdays = ["tue", "thu"]
places = 4

[states.benefit]
race = [
  { to = "plan", rate = "365.25 per 5 years" },
  { to = "work", rate = "$work_rate" },
  { name = "late", to = "work", after = "3 years" },
]
[states.plan]
station = "plan"
stay = { law = "gamma", mean = "$plan_weeks", cv = 0.5 }
to = "team"
[states.team]
station = "team"
to = { course = 0.5, flexible = 0.3, pension = 0.2 }
[states.course]
station = "desk"
refused_to = "flexible"
stay = "10 weeks"
to = { 2020-01-01 = { work = 0.4, board = 0.6 }, 2021-01-01 = { work = 0.2, board = 0.8 } }
[states.board]
station = "board"
stay = { law = "empirical", values = ["1 weeks", "3 weeks"], weights = [3, 1] }
to = "pension"
[states.work]
final = true
[states.flexible]
final = true
[states.pension]
final = true

[entries.door]
to = "benefit"
rate = "2400 per year"
[entries.renewal]
to = "plan"
every = "2 days"
[entries.queue_a]
to = "team"
count = 300
elapsed = "6 weeks"
waiting = true
[entries.queue_b]
to = "team"
count = 100
elapsed = "9 weeks"
waiting = true
[entries.planned]
to = "plan"
count = 50
elapsed = "4 weeks"
waiting = true

[parameters]
town_places = { assumed = 8, why = "a guess" }
plan_weeks = { calibrate = "12 weeks", why = "the service goal" }
work_rate = { assumed = "20 per year", why = "a guess" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(BASE)
    return tmp_path


def scenario(folder: Path, **content: Any) -> Scenario:
    return Scenario.from_dict({"name": "s", "base": "small.toml"} | content, "mine.toml", folder)


def mistake(folder: Path, **content: Any) -> str:
    with pytest.raises(InputError) as caught:
        scenario(folder, **content)
    message = str(caught.value)
    assert "\n" not in message
    return message


def base(folder: Path) -> Pathway:
    return scenario(folder).pathway()


def by_year(value: Any) -> list[Any]:
    """A value by date at the middle of each year."""
    return [value.at(datetime(year, 6, 1)) for year in (2020, 2021, 2022)]


def party(pathway: Pathway, station: str, name: str) -> Any:
    return next(p for p in pathway.station(station).parties if p.name == name)


# --- what holds when ---


def test_a_scenario_without_changes_is_its_base(folder: Path) -> None:
    raw = scenario(folder)
    assert raw.pathway() == raw.base.pathway()
    assert raw.pathway().station("team").parties[0].places.at(datetime(2020, 1, 1)) == 8  # type: ignore[union-attr]


def test_a_change_holds_from_a_date_until_another_and_then_the_base_is_back(folder: Path) -> None:
    edit = {
        "station": "team",
        "party": "region",
        "from": date(2021, 3, 1),
        "until": date(2022, 3, 1),
        "places": "+2",
    }
    places = party(scenario(folder, stations=[edit]).pathway(), "team", "region").places
    assert places.root == (
        (datetime(2020, 1, 1), 6),
        (datetime(2021, 3, 1), 8),
        (datetime(2021, 7, 1), 12),
        (datetime(2022, 3, 1), 10),
    )


@pytest.mark.parametrize(("places", "expected"), [(np.int64(7), 7), ("–1", 3), ("−1", 3), ("+1", 5)])
def test_numbers_of_numpy_and_signs_of_word_processors_are_read(folder: Path, places: object, expected: int) -> None:
    edit = {"station": "board", "places": places}
    assert set(by_year(scenario(folder, stations=[edit]).pathway().station("board").places)) == {expected}


def test_a_change_of_a_value_that_always_held_keeps_it_outside(folder: Path) -> None:
    edit = {"station": "board", "from": date(2021, 1, 1), "until": date(2022, 1, 1), "places": "+25 %"}
    assert by_year(scenario(folder, stations=[edit]).pathway().station("board").places) == [4, 5, 4]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"from": "2021-01-01"}, [4, 9, 9]),
        ({"until": "2022-01-01"}, [9, 9, 4]),
        ({"from": "2020-01-01"}, [9, 9, 9]),  # where the horizon starts
        ({"from": "2019-05-01", "until": "2021-01-01"}, [9, 4, 4]),
    ],
)
def test_without_one_of_the_dates_a_change_holds_to_that_side_for_ever(
    folder: Path, dates: dict[str, str], expected: list[float]
) -> None:
    edit = {"station": "board", "places": 9} | dates
    assert by_year(scenario(folder, stations=[edit]).pathway().station("board").places) == expected


def test_without_dates_a_change_holds_always(folder: Path) -> None:
    edit = {"station": "team", "party": "region", "places": "+50 %"}
    assert by_year(party(scenario(folder, stations=[edit]).pathway(), "team", "region").places) == [9, 9, 15]


def test_two_changes_of_one_value_apply_in_the_order_of_the_file(folder: Path) -> None:
    first = {"station": "board", "places": 10}
    second = {"station": "board", "from": date(2021, 1, 1), "until": date(2022, 1, 1), "places": "+10 %"}
    assert by_year(scenario(folder, stations=[first, second]).pathway().station("board").places) == [
        10,
        11,
        10,
    ]
    assert by_year(scenario(folder, stations=[second, first]).pathway().station("board").places) == [
        10,
        10,
        10,
    ]


@given(
    places=st.integers(0, 40),
    first=st.dates(date(2020, 1, 2), date(2022, 12, 30)),
    days=st.integers(1, 400),
    when=st.dates(date(2020, 1, 1), date(2022, 12, 31)),
)
def test_outside_its_dates_a_change_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, places: int, first: date, days: int, when: date
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "small.toml").write_text(BASE)
    last = date.fromordinal(first.toordinal() + days)
    edit = {"station": "team", "party": "region", "from": first, "until": last, "places": places}
    told = party(scenario(folder, stations=[edit]).pathway(), "team", "region").places
    at = datetime.combine(when, datetime.min.time())
    assert told.at(at) == (places if first <= when < last else 6 if when < date(2021, 7, 1) else 10)


# --- stations ---


def test_the_levers_of_a_meeting_by_hours(folder: Path) -> None:
    edit = {
        "station": "plan",
        "party": "bif",
        "staff": "+10 %",
        "hours": "-2 hours",
        "hours_a_case": "12 hours",
        "follow_up": {"plan": "-50 %", "course": "30 minutes"},
    }
    bif = party(scenario(folder, stations=[edit]).pathway(), "plan", "bif")
    assert by_year(bif.staff)[0] == 11
    assert by_year(bif.hours)[0] == 28 * 60
    assert by_year(bif.hours_a_case)[0] == 12 * 60
    assert {state: by_year(hours)[0] for state, hours in bif.follow_up} == {"plan": 60, "course": 30}


def test_a_follow_up_that_the_base_lacks_begins_on_its_date(folder: Path) -> None:
    edit = {"station": "plan", "party": "bif", "from": date(2021, 1, 1), "follow_up": {"course": "+2 hours"}}
    bif = party(scenario(folder, stations=[edit]).pathway(), "plan", "bif")
    assert by_year(dict(bif.follow_up)["course"]) == [0, 120, 120]


def test_servers_are_whole(folder: Path) -> None:
    told = mistake(folder, stations=[{"station": "desk", "capacity": "+10 %"}])
    assert told.endswith("desk].capacity: '+10 %' of 7 is 7.7, and only whole ones can be: write 7 or 8")
    for change, expected in (("+100 %", 14), ("-2", 5), (9, 9)):
        edit = {"station": "desk", "from": date(2021, 1, 1), "capacity": change}
        assert by_year(scenario(folder, stations=[edit]).pathway().station("desk").capacity) == [
            7,
            expected,
            expected,
        ]


def test_the_days_of_a_meeting_change_by_date(folder: Path) -> None:
    edit = {"station": "board", "from": date(2021, 1, 1), "until": date(2022, 1, 1), "weekdays": ["fri"]}
    assert by_year(scenario(folder, stations=[edit]).pathway().station("board").weekdays) == [
        ("tue", "thu"),
        ("fri",),
        ("tue", "thu"),
    ]


def test_the_hours_of_a_meeting_and_the_room_hold_for_the_whole_horizon(folder: Path) -> None:
    edits = [{"station": "board", "at": ["09:00", "13:30"]}, {"station": "desk", "room": "+5"}]
    pathway = scenario(folder, stations=edits).pathway()
    assert [hour.isoformat() for hour in pathway.station("board").at] == ["09:00:00", "13:30:00"]
    assert pathway.station("desk").room == 25


def test_how_many_begin_together_whether_or_not_they_did_in_the_base(folder: Path) -> None:
    edits = [{"station": "desk", "together": 4}, {"station": "desk", "together": "+50 %"}]
    assert scenario(folder, stations=edits).pathway().station("desk").together == 6
    halves = [edits[0], {"station": "desk", "together": "+10 %"}]
    assert "'+10 %' of 4 is 4.4, and only whole ones can be" in mistake(folder, stations=halves)
    raised = [{"station": "desk", "together": 8}, {"station": "desk", "capacity": 8}]
    assert scenario(folder, stations=raised).pathway().station("desk").together == 8
    assert "`capacity` is 7, and no stay begins before 8 servers are free" in mistake(folder, stations=raised[:1])
    assert ".together: the station 'board' has no `together`" in mistake(
        folder, stations=[{"station": "board", "together": 2}]
    )


def test_a_closure_keeps_a_share_of_the_places_for_a_while(folder: Path) -> None:
    dates = {"from": date(2021, 1, 1), "until": date(2022, 1, 1)}
    pathway = scenario(
        folder,
        closures=[
            {"station": "team", "keep": "50 %"} | dates,
            {"station": "board"} | dates,
            {"station": "desk", "keep": 0} | dates,
        ],
    ).pathway()
    assert by_year(party(pathway, "team", "town").places) == [8, 4, 8]
    assert by_year(party(pathway, "team", "region").places) == [6, 3, 10]
    assert by_year(pathway.station("board").places) == [4, 0, 4]
    assert by_year(pathway.station("desk").capacity) == [7, 0, 7]


def test_a_closure_keeps_a_share_of_the_places_by_hours_whatever_the_follow_up(folder: Path) -> None:
    # Places are (staff hours - follow-up) / hours a case: 40 % of them at 2.5 times the hours a case.
    dates = {"from": date(2021, 1, 1), "until": date(2022, 1, 1)}
    kept = party(scenario(folder, closures=[{"station": "plan", "keep": "40 %"} | dates]).pathway(), "plan", "bif")
    assert (by_year(kept.hours_a_case), by_year(kept.staff)) == ([900, 2250, 900], [10, 10, 10])
    shut = party(scenario(folder, closures=[{"station": "plan", "keep": "0 %"} | dates]).pathway(), "plan", "bif")
    assert (by_year(shut.hours_a_case), by_year(shut.staff)) == ([900, 900, 900], [10, 0, 10])


def test_closures_come_last_so_a_share_of_what_was_planned_is_kept(folder: Path) -> None:
    pathway = scenario(
        folder,
        closures=[{"station": "board", "from": date(2021, 1, 1), "until": date(2022, 1, 1), "keep": "50 %"}],
        stations=[{"station": "board", "places": 10}],
    ).pathway()
    assert by_year(pathway.station("board").places) == [10, 5, 10]


# --- shares, exits, stays, arrivals, waiting, parameters ---


def shares(folder: Path, state: str, to: dict[str, Any], **dates: Any) -> list[dict[str, float]]:
    told = scenario(folder, shares=[{"state": state, "to": to} | dates]).pathway().state(state).to
    return [dict(value) for value in by_year(told)]


def test_shares_that_are_not_named_are_scaled_to_add_to_one(folder: Path) -> None:
    # 0.5 becomes 0.6; the other 0.4 stay in proportion 3 to 2.
    expected = {"course": 0.6, "flexible": 0.24, "pension": 0.16}
    for change in (0.6, "60 %", "+20 %", "+0.1"):
        assert shares(folder, "team", {"course": change})[0] == pytest.approx(expected)


def test_a_relative_share_starts_from_that_of_each_date(folder: Path) -> None:
    told = shares(folder, "course", {"work": "+50 %"}, **{"until": date(2022, 1, 1)})
    assert told == [
        pytest.approx({"work": 0.6, "board": 0.4}),
        pytest.approx({"work": 0.3, "board": 0.7}),
        pytest.approx({"work": 0.2, "board": 0.8}),
    ]


def test_all_shares_may_be_named_when_they_add_to_one(folder: Path) -> None:
    told = shares(folder, "team", {"course": 0, "flexible": 1, "pension": 0})[0]
    assert told == {"course": 0, "flexible": 1, "pension": 0}


@pytest.mark.parametrize(("change", "per_year"), [("-20 %", 16), ("+2 per quarter", 28), ("3 per month", 36)])
def test_the_rate_of_an_exit(folder: Path, change: str, per_year: float) -> None:
    edit = {
        "state": "benefit",
        "exit": "work",
        "rate": change,
        "from": date(2021, 1, 1),
        "until": date(2022, 1, 1),
    }
    race = scenario(folder, exits=[edit]).pathway().state("benefit").race
    rate = next(e.rate for e in race if e.name == "work")
    assert [r * MINUTES["year"] for r in by_year(rate)] == pytest.approx([20, per_year, 20])


@pytest.mark.parametrize(("change", "weeks"), [("-25 %", 9), ("-2 weeks", 10), ("+7 days", 13), ("10 weeks", 10)])
def test_a_stay_with_another_mean_keeps_its_law(folder: Path, change: str, weeks: float) -> None:
    edit = {"state": "plan", "stay": change, "from": date(2021, 1, 1), "until": date(2022, 1, 1)}
    stays = by_year(scenario(folder, stays=[edit]).pathway().state("plan").stay)
    twelve = Duration.gamma("12 weeks", 0.5)
    assert stays == [twelve, Duration.gamma(f"{weeks} weeks", 0.5), twelve]


def test_a_fixed_stay_stays_fixed(folder: Path) -> None:
    told = scenario(folder, stays=[{"state": "course", "stay": "-20 %"}]).pathway().state("course").stay
    assert by_year(told)[0] == Duration.fixed("8 weeks")


def test_a_stay_with_another_law(folder: Path) -> None:
    edit = {"state": "plan", "stay": {"law": "exponential", "mean": "8 weeks"}}
    assert by_year(scenario(folder, stays=[edit]).pathway().state("plan").stay)[0] == Duration.exponential("8 weeks")


def test_observed_stays_are_all_stretched_alike(folder: Path) -> None:
    # The mean is (3 * 1 + 3) / 4 = 1.5 weeks; one more week makes 2.5, so each is 5/3 as long.
    stay = by_year(scenario(folder, stays=[{"state": "board", "stay": "+1 weeks"}]).pathway().state("board").stay)[0]
    assert stay.mean_minutes == pytest.approx(2.5 * MINUTES["week"])
    assert stay.values[0] == pytest.approx(5 / 3 * MINUTES["week"])


def test_a_state_that_took_no_time_can_be_given_some(folder: Path) -> None:
    edit = {"state": "team", "stay": "+2 weeks", "from": date(2021, 1, 1)}
    told = by_year(scenario(folder, stays=[edit]).pathway().state("team").stay)
    assert [stay.mean_minutes for stay in told] == [0, 2 * MINUTES["week"], 2 * MINUTES["week"]]


@pytest.mark.parametrize(("change", "per_year"), [("+100 per year", 2500), ("-10 %", 2160), ("1 per day", 365.25)])
def test_the_rate_of_arrivals(folder: Path, change: str, per_year: float) -> None:
    edit = {"entry": "door", "rate": change, "from": date(2021, 1, 1), "until": date(2022, 1, 1)}
    rate = scenario(folder, arrivals=[edit]).pathway().entry("door").rate
    assert [r * MINUTES["year"] for r in by_year(rate)] == pytest.approx([2400, per_year, 2400])


def test_those_who_wait_today_stand_in_for_the_base_s(folder: Path) -> None:
    law = {"law": "exponential", "mean": "9 weeks"}
    pathway = scenario(folder, waiting=[{"state": "team", "count": 430, "waited": law}]).pathway()
    stock = [entry for entry in pathway.entries if entry.waiting and entry.to == "team"]
    assert [(e.name, e.count, e.elapsed) for e in stock] == [("queue_a", 430, Duration.exponential("9 weeks"))]
    assert [e.name for e in pathway.entries] == ["door", "renewal", "queue_a", "planned"]


def test_more_or_fewer_wait_than_in_the_base(folder: Path) -> None:
    more = [{"state": "team", "count": "+10 %", "waited": "1 weeks"}, {"state": "plan", "count": "-20"}]
    pathway = scenario(folder, waiting=more).pathway()
    assert pathway.entry("queue_a").count == 440
    planned = pathway.entry("planned")
    assert (planned.count, planned.elapsed) == (30, Duration.fixed("4 weeks"))


def test_some_wait_where_the_base_has_nobody(folder: Path) -> None:
    pathway = scenario(folder, waiting=[{"state": "board", "count": 12, "waited": "3 weeks"}]).pathway()
    entry = pathway.entry("board_waiting")
    assert (entry.to, entry.count, entry.elapsed, entry.waiting) == (
        "board",
        12,
        Duration.fixed("3 weeks"),
        True,
    )


def test_a_parameter_set_comes_first_and_the_changes_apply_to_it(folder: Path) -> None:
    told = scenario(
        folder,
        parameters={"town_places": "+2", "plan_weeks": "+50 %"},
        stays=[{"state": "plan", "stay": "-1 weeks"}],
        stations=[{"station": "team", "party": "town", "places": "+10 %"}],
    )
    first, drawn = told.pathway(), told.pathway({"town_places": 18, "plan_weeks": "20 weeks"})
    assert by_year(party(first, "team", "town").places)[0] == 11
    assert by_year(party(drawn, "team", "town").places)[0] == 22
    assert by_year(first.state("plan").stay)[0].mean_minutes == 17 * MINUTES["week"]
    assert by_year(drawn.state("plan").stay)[0].mean_minutes == 29 * MINUTES["week"]
    assert parse_rate("20 per year") == pytest.approx(by_year(first.state("benefit").race[1].rate)[0])


def test_a_parameter_changes_with_its_unit_or_outright(folder: Path) -> None:
    told = scenario(folder, parameters={"work_rate": "+5 per quarter", "plan_weeks": "2 months"}).pathway()
    assert by_year(told.state("benefit").race[1].rate)[0] * MINUTES["year"] == pytest.approx(40)
    assert by_year(told.state("plan").stay)[0].mean_minutes == 2 * MINUTES["month"]


def test_another_end_of_the_horizon(folder: Path) -> None:
    assert scenario(folder, until=date(2025, 1, 1)).pathway().end == datetime(2025, 1, 1)
    late = {"station": "board", "from": date(2024, 1, 1), "places": 5}
    told = scenario(folder, until="2025-01-01", stations=[late]).pathway().station("board").places
    assert told is not None
    assert told.at(datetime(2024, 6, 1)) == 5


# --- what a mistake is answered with ---

WHOLE = [
    ({"nam": "x"}, "mine.toml: there is no key 'nam'; did you mean 'name'? (allowed: "),
    (
        {"base": "copenhage"},
        "mine.toml: base: there is no base 'copenhage'; did you mean 'copenhagen'? (allowed: 'cop",
    ),
    ({"until": "2019-01-01"}, "mine.toml: until: 2019-01-01 is not after the base's start (2020-01-01)"),
    ({"until": "next year"}, "mine.toml: until: 'next year' is no date: write 2019-04-01"),
    (
        {"until": "2021K1"},
        "mine.toml: until: '2021K1' is no date: it begins on 2021-01-01 and ends on 2021-03-31: write",
    ),
    ({"until": 2021}, "mine.toml: until: 2021 is no date: it begins on 2021-01-01 and ends on 2021-12-31: write one"),
    (
        {"through": "2021-12-31"},
        "mine.toml: there is no key 'through' here: it belongs in a change, below [[stations]], [[",
    ),
    ({"places": 2}, "mine.toml: there is no key 'places' here: it belongs in a change, below [[stations]]"),
    ({"horizon": "2024-12-31"}, "mine.toml: there is no key 'horizon' here: another end of the run is `until`"),
    ({"seed": 1}, "mine.toml: there is no key 'seed' here: it is asked for with a question, such as --seed"),
    ({"stations": {"station": "team"}}, "mine.toml: stations: write [[stations]] in double brackets"),
    (
        {"parameters": {"plan_week": 3}},
        "mine.toml: parameters.plan_week: there is no parameter 'plan_week'; did you mean 'plan_weeks'? (al",
    ),
    (
        {"parameters": {"plan_weeks": "+2"}},
        "mine.toml: parameters.plan_weeks: '+2' has no unit, and '12 weeks' has one: write '+2 weeks'",
    ),
    (
        {"parameters": {"plan_weeks": 14}},
        "mine.toml: parameters.plan_weeks: 14 is no span of time: write a number with its",
    ),
    (
        {"parameters": {"town_places": "nine"}},
        "mine.toml: parameters.town_places: 'nine' is not allowed: it should be a num",
    ),
    (
        {"parameters": {"town_places": -1}},
        "mine.toml: parameters: small.toml: stations.team.parties.town.places: -1 is not",
    ),
]
EDITS = [
    (
        "stations",
        {"station": "teem", "places": 1},
        ".station: there is no station 'teem'; did you mean 'team'? (allowed: boa",
    ),
    (
        "stations",
        {"station": "team", "plases": 1},
        ": there is no key 'plases'; did you mean 'places'? (allowed: ",
    ),
    ("stations", {"station": "team"}, ": nothing is changed: give one of places, capacity, staff,"),
    ("stations", {"places": 1}, ".station: this key is missing"),
    (
        "stations",
        {"station": "team", "places": 1},
        ".party: the station 'team' has several parties: name one (allowed: town",
    ),
    (
        "stations",
        {"station": "team", "party": "twon", "places": 1},
        ".party: there is no party 'twon'; did you mean 'town'? (allowed: region, town)",
    ),
    (
        "stations",
        {"station": "board", "party": "x", "places": 1},
        ".party: there is no party 'x' (allowed: none is declared)",
    ),
    (
        "stations",
        {"station": "desk", "places": 1},
        ".places: the station 'desk' has no `places` (allowed: capacity, room)",
    ),
    (
        "stations",
        {"station": "plan", "party": "bif", "places": 1},
        ".places: the party 'bif' of 'plan' has no `places` (allowed: staff, hours, hours_a_case, follow_up)",
    ),
    (
        "stations",
        {"station": "board", "follow_up": {"plan": "1 hours"}},
        ".follow_up: the station 'board' has no `follow_up`",
    ),
    (
        "stations",
        {"station": "plan", "party": "bif", "follow_up": {"plam": "1 hours"}},
        ".follow_up: there is no state 'plam'; did you mean 'plan'?",
    ),
    (
        "stations",
        {"station": "plan", "party": "bif", "follow_up": {"plan": 1}},
        ".follow_up.plan: 1 is not allowed: it should be a text with its unit",
    ),
    (
        "stations",
        {"station": "board", "places": "+2 hours"},
        ".places: '+2 hours' has a unit, and 4.0 has none: write '+2'",
    ),
    ("stations", {"station": "board", "places": "-5"}, ".places: '-5' takes 4.0 below 0"),
    (
        "stations",
        {"station": "board", "places": -5},
        '.places: -5 is below 0: write it in quotes, "-5", for a change by',
    ),
    (
        "stations",
        {"station": "board", "places": "more"},
        ".places: 'more' is not allowed: it should be a number, or a change",
    ),
    (
        "stations",
        {"station": "board", "places": True},
        ".places: True is not allowed: it should be a number, or a change",
    ),
    (
        "stations",
        {"station": "board", "places": "+ 2 %%"},
        ".places: '+ 2 %%' is no change: write '+2' or '+10 %'",
    ),
    (
        "stations",
        {"station": "desk", "capacity": 2.5},
        ".capacity: 2.5 is not allowed: it should be a whole number",
    ),
    (
        "stations",
        {"station": "desk", "capacity": "+0.5"},
        ".capacity: '+0.5' is not allowed: it should be a whole number",
    ),
    (
        "stations",
        {"station": "board", "weekdays": ["monday"]},
        ".weekdays[0]: 'monday' is not allowed: it should be 'mon',",
    ),
    (
        "stations",
        {"station": "desk", "room": 3, "from": "2021-01-01"},
        ": `at`, `room` and `together` hold for the whole horizon",
    ),
    (
        "stations",
        {"station": "desk", "at": ["09:00"]},
        ".at: the station 'desk' has no `at` (allowed: capacity, room)",
    ),
    (
        "stations",
        {"station": "plan", "party": "bif", "hours": "+2"},
        ".hours: '+2' has no unit, and '30 hours' has one: write '+2 hours'",
    ),
    (
        "stations",
        {"station": "plan", "party": "bif", "hours": "20 ours"},
        ".hours: '20 ours' has the unknown unit 'ours'; did you mean 'hour'? (allowed: seconds,",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "from": "2021-01-01", "until": "2021-01-01"},
        ": until 2021-01-01 is not after from 2021-01-01",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "from": "2053-01-01"},
        ".from: 2053-01-01 lies more than 20 years after the base's end (2023-01-01): give `until` if it is meant",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "until": "2020-01-01"},
        ".until: 2020-01-01 changes nothing: it lies out",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "from": "1.3.2021"},
        ".from: '1.3.2021' is no date: write 2021-03-01",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "from": "1. marts 2021"},
        ".from: '1. marts 2021' is no date: write 2021-03-01",
    ),
    (  # the first of February to some, the second of January to others
        "stations",
        {"station": "board", "places": 1, "from": "1/2/2021"},
        ".from: '1/2/2021' is no date: write 2019-04-01",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "from": "0021-03-01"},
        ".from: 0021-03-01 lies more than 20 years before the base's start (2020-01-01): leave out `from` if",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "fra": "2021-03-01"},
        ": there is no key 'fra' here: a change begins `from` a day",
    ),
    (
        "stations",
        {"station": "board", "places": 1, "to": "2021-03-01"},
        ": there is no key 'to' here: the last day of a change is `through`",
    ),
    ("stations", {"station": "board", "places": "50 pct"}, ".places: '50 pct' is a share of something, and a value is"),
    (
        "stations",
        {"station": "plan", "party": "bif", "hours": "20 timer"},
        ".hours: '20 timer' has the unknown unit 'timer': write hours",
    ),
    ("closures", {"station": "board"}, ".from: this key is missing"),
    (
        "closures",
        {"station": "bord", "from": "2021-01-01"},
        ".station: there is no station 'bord'; did you mean 'board'?",
    ),
    (
        "closures",
        {"station": "board", "from": "2021-01-01", "keep": 50},
        ".keep: 50 is not allowed: it should be a share bet",
    ),
    (
        "closures",
        {"station": "board", "from": "2021-01-01", "keep": "-5 %"},
        ".keep: '-5 %' is not allowed: tell what is kep",
    ),
    (
        "shares",
        {"state": "teem", "to": {"course": 1}},
        ".state: there is no state 'teem'; did you mean 'team'?",
    ),
    (
        "shares",
        {"state": "team", "to": {"coarse": 0.1}},
        ".to: there is no way out to 'coarse'; did you mean 'course'? (allowed: course, flexible, pension)",
    ),
    (
        "shares",
        {"state": "team", "to": {"course": 0.8, "pension": 0.3}},
        ".to: the shares named add to 1.1: at most 1 is all",
    ),
    (
        "shares",
        {"state": "team", "to": {"course": "+150 %"}},
        ".to: the shares named add to 1.25: at most 1 is allowed",
    ),
    ("shares", {"state": "team", "to": {"course": "-0.6"}}, ".to: '-0.6' takes 0.5 below 0"),
    (
        "shares",
        {"state": "team", "to": {"course": 30}},
        ".to.course: 30 is not allowed: it should be a share between 0 and 1",
    ),
    (
        "shares",
        {"state": "plan", "to": {"team": 0.5}},
        ".to: the shares add to 0.5, and no other way out takes the rest",
    ),
    (
        "shares",
        {"state": "benefit", "to": {"plan": 0.5}},
        ".state: 'benefit' leaves by a race: change its [[exits]]",
    ),
    ("shares", {"state": "work", "to": {"plan": 0.5}}, ".state: 'work' is final"),
    (
        "exits",
        {"state": "benefit", "exit": "wrk", "rate": "-5 %"},
        ".exit: there is no exit 'wrk'; did you mean 'work'? (allo",
    ),
    (
        "exits",
        {"state": "team", "exit": "x", "rate": "-5 %"},
        ".state: 'team' has no race of exits: change its [[shares]]",
    ),
    (
        "exits",
        {"state": "benefit", "exit": "late", "rate": "-5 %"},
        ".rate: the exit 'late' comes after a duration of its own",
    ),
    (
        "exits",
        {"state": "benefit", "exit": "work", "rate": 3},
        ".rate: 3 is not allowed: it should be a text with its unit",
    ),
    (
        "exits",
        {"state": "benefit", "exit": "work", "rate": "-30 per year"},
        ".rate: '-30 per year' takes '20 per year' below 0",
    ),
    ("stays", {"state": "plan", "stay": "-13 weeks"}, ".stay: '-13 weeks' takes '12 weeks' below 0"),
    (
        "stays",
        {"state": "plan", "stay": {"law": "gama"}},
        ".stay: a duration: law: 'gama' is not allowed: it should be 'fix",
    ),
    ("stays", {"state": "plan", "stay": 12}, ".stay: a duration: "),
    (
        "stays",
        {"state": "benefit", "stay": "+1 weeks"},
        ".state: 'benefit' has no `stay`: it leaves by a race: change its",
    ),
    ("stays", {"state": "work", "stay": "+1 weeks"}, ".state: 'work' has no `stay`: it is final"),
    ("arrivals", {"entry": "dor", "rate": "+5 %"}, ".entry: there is no entry 'dor'; did you mean 'door'?"),
    ("arrivals", {"entry": "renewal", "rate": "+5 %"}, ".entry: 'renewal' has no rate (allowed: door)"),
    (
        "arrivals",
        {"entry": "door", "rate": "+100"},
        ".rate: '+100' has no unit, and '2400 per year' has one: write '+100 pe",
    ),
    (
        "waiting",
        {"state": "work", "count": 1, "waited": "1 weeks"},
        ".state: 'work' has no station to wait at",
    ),
    ("waiting", {"state": "team", "count": 1}, ".waited: tell how long they have waited"),
    ("waiting", {"state": "board", "count": 1}, ".waited: tell how long they have waited"),
    ("waiting", {"state": "plan", "count": "-51"}, ".count: '-51' takes 50 below 0"),
    ("waiting", {"state": "plan", "count": -5}, ".count: -5 is below 0"),
]


@pytest.mark.parametrize(("content", "expected"), WHOLE, ids=str)
def test_a_mistake_is_answered_with_its_place_and_what_is_allowed(
    folder: Path, content: dict[str, Any], expected: str
) -> None:
    assert mistake(folder, **content).replace(f"{folder}/", "").startswith(expected)


@pytest.mark.parametrize(("kind", "edit", "expected"), EDITS, ids=str)
def test_a_mistaken_change_is_named_by_its_number(folder: Path, kind: str, edit: dict[str, Any], expected: str) -> None:
    right = {
        "stations": {"station": "board", "places": 4},
        "closures": {"station": "board", "from": "2022-01-01"},
        "shares": {"state": "team", "to": {"course": 0.5}},
        "exits": {"state": "benefit", "exit": "work", "rate": "+0 %"},
        "stays": {"state": "board", "stay": "+1 %"},
        "arrivals": {"entry": "door", "rate": "+0 %"},
        "waiting": {"state": "course", "count": 3, "waited": "1 weeks"},
    }
    target = edit.get("station") or edit.get("state") or edit.get("entry")
    named = f"[no. 2: {target}]" if target else "[no. 2]"
    assert mistake(folder, **{kind: [right[kind], edit]}).startswith(f"mine.toml: {kind}{named}{expected}")


def test_a_state_s_queue_is_told_once(folder: Path) -> None:
    twice = [{"state": "team", "count": n, "waited": "1 weeks"} for n in (1, 2)]
    assert "waiting[no. 2: team]: the state stands twice" in mistake(folder, waiting=twice)


def test_a_sound_file_that_makes_an_unsound_pathway_is_refused(folder: Path) -> None:
    text = (folder / "small.toml").read_text().replace('every = "2 days"', "at = [2022-06-01]")
    (folder / "small.toml").write_text(text)
    message = mistake(folder, until="2021-01-01")
    assert message.startswith("mine.toml over ")
    assert "entries.renewal.at: 2022-06-01 00:00:00 lies outside the horizon" in message


def test_an_unknown_name_in_a_parameter_set_is_refused(folder: Path) -> None:
    with pytest.raises(
        InputError, match=r"there is no parameter 'town'; did you mean|there is no parameter 'town' \(allowed"
    ):
        scenario(folder).pathway({"town": 3})


# --- the file ---


def test_a_file_is_read_beside_its_base(folder: Path) -> None:
    (folder / "mine.toml").write_text(
        'name = "s"\nbase = "small.toml"\n[[stations]]\nstation = "board"\nplaces = "+1"\n'
    )
    read = Scenario.read(folder / "mine.toml")
    assert read.name == "s"
    assert by_year(read.pathway().station("board").places) == [5, 5, 5]


def test_a_file_from_a_windows_editor_is_read(folder: Path) -> None:
    (folder / "mine.toml").write_bytes('name = "på"\r\nbase = "small.toml"\r\n'.encode("utf-8-sig"))
    assert Scenario.read(folder / "mine.toml").name == "på"


def test_a_file_that_is_no_toml_is_answered_with_its_line(folder: Path) -> None:
    (folder / "mine.toml").write_text('name = "s"\nbase = small.toml\n')
    with pytest.raises(InputError, match=r"mine\.toml, line 2: Invalid value: base = small\.toml$"):
        Scenario.read(folder / "mine.toml")
    (folder / "mine.toml").write_text('name = "s"\nbase = "small.toml')
    with pytest.raises(InputError, match=r"mine\.toml: .*end of document"):
        Scenario.read(folder / "mine.toml")
    (folder / "mine.toml").write_bytes('name = "s"\n# på'.encode("latin-1"))
    with pytest.raises(InputError, match=r"mine\.toml, line 2: this is no UTF-8 text"):
        Scenario.read(folder / "mine.toml")
    with pytest.raises(InputError, match=r"there is no file '.*yours\.toml'"):
        Scenario.read(folder / "yours.toml")


FULL: dict[str, Any] = {
    "name": "full",
    "description": "everything at once",
    "base": "small.toml",
    "until": date(2024, 1, 1),
    "parameters": {"plan_weeks": "+1 weeks"},
    "stations": [{"station": "board", "from": date(2021, 1, 1), "weekdays": ["mon"], "places": 3}],
    "closures": [{"station": "board", "from": date(2021, 1, 1), "until": date(2021, 2, 1), "keep": "50 %"}],
    "shares": [{"state": "team", "to": {"course": "60 %", "flexible": "+5 %"}}],
    "exits": [{"state": "benefit", "exit": "work", "rate": "+10 %"}],
    "stays": [{"state": "plan", "stay": {"law": "gamma", "mean": "10 weeks", "cv": 1.0}}],
    "arrivals": [{"entry": "door", "rate": "+10 per year"}],
    "waiting": [{"state": "team", "count": 430, "waited": "9 weeks"}],
}


def test_a_scenario_written_as_plain_data_reads_back_the_same(folder: Path) -> None:
    first = scenario(folder, **FULL)
    text = json.dumps(first.to_dict())
    again = Scenario.from_dict(json.loads(text), "mine.toml", folder)
    assert again == first
    assert again.pathway() == first.pathway()
    assert again.digest == first.digest


def test_the_digest_tells_scenarios_apart(folder: Path) -> None:
    digests = {scenario(folder, **content).digest for content in ({}, {"until": "2022-01-01"}, FULL)}
    assert len(digests) == 3
    (folder / "small.toml").write_text(BASE.replace("staff = 10", "staff = 11"))
    assert scenario(folder).digest not in digests


def test_the_schema_lets_through_what_is_right_and_stops_what_is_not(folder: Path) -> None:
    validator = jsonschema.Draft202012Validator(Scenario.schema())
    validator.check_schema(Scenario.schema())
    right = json.loads(json.dumps(FULL, default=str))
    validator.validate(right)
    wrong: list[dict[str, Any]] = [
        {"nam": "x"},
        {"stations": [{"station": "board", "plases": 1}]},
        {"stations": [{"station": "board", "places": "+2 hours"}]},
        {"stations": [{"station": "board", "hours": "+2"}]},
        {"stations": [{"station": "board", "capacity": 2.5}]},
        {"stations": [{"station": "board", "weekdays": ["monday"]}]},
        {"closures": [{"station": "board"}]},
        {"closures": [{"station": "board", "from": "2021-01-01", "keep": 50}]},
        {"arrivals": [{"entry": "door", "rate": "+10"}]},
        {"stays": [{"state": "plan", "stay": {"law": "gama"}}]},
        {"waiting": [{"state": "team", "count": -1}]},
    ]
    for mistaken in wrong:
        assert not validator.is_valid(right | mistaken), mistaken


def test_the_example_shows_each_kind_of_change_and_all_of_it_is_right() -> None:
    validator = jsonschema.Draft202012Validator(Scenario.schema())
    for text in (example(), uncommented(example())):
        told = tomllib.loads(text)
        validator.validate(json.loads(json.dumps(told, default=str)))
    # A list and known figures are files beside it, so their lines stay remarks.
    assert set(told) | {"today", "today_is", "known"} == set(Scenario.schema()["properties"])
    assert all(f"#{key} = " in example() for key in ("today", "today_is", "known"))
    assert tomllib.loads(example())["base"] == "copenhagen"


def uncommented(text: str) -> str:
    """Take the comment sign from each line that is TOML behind it."""
    return re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)


def test_the_example_runs_over_a_base_with_its_names(tmp_path: Path) -> None:
    (tmp_path / "copenhagen_like.toml").write_text(
        """
name = "like"
start = 2015-01-01
end = 2024-01-01
[stations.rehabilitation_team]
weekdays = ["mon"]
parties = { municipal = { places = 20 }, region = { places = 24 } }
[stations.plan_kontanthjaelp]
weekdays = ["mon"]
[stations.plan_kontanthjaelp.parties.bif]
staff = 50
hours = "30 hours"
hours_a_case = "20 hours"
[states.kontanthjaelp]
race = { job = { to = "out", rate = "0.2 per year" }, forberedende_plan = { rate = "0.1 per year" } }
[states.forberedende_plan]
station = "plan_kontanthjaelp"
stay = { law = "gamma", mean = "12 weeks", cv = 0.5 }
to = "rehabiliteringsteam"
[states.rehabiliteringsteam]
station = "rehabilitation_team"
to = "afgoerelse"
[states.afgoerelse]
to = { fleksjob_tilkendt = 0.3, out = 0.7 }
[states.fleksjob_tilkendt]
final = true
[states.out]
final = true
[entries.kontanthjaelp_new]
to = "kontanthjaelp"
rate = "2400 per year"
"""
    )
    base = 'base = "copenhagen_like.toml"'
    told = tomllib.loads(re.sub(r'^base = "copenhagen"', base, example(), flags=re.MULTILINE))
    pathway = Scenario.from_dict(told, "example", tmp_path).pathway()
    assert party(pathway, "rehabilitation_team", "municipal").places.at(datetime(2022, 1, 1)) == 22
    everything = tomllib.loads(re.sub(r'^base = "copenhagen"', base, uncommented(example()), flags=re.MULTILINE))
    everything.pop("parameters")
    everything.pop("include")
    shut = Scenario.from_dict(everything, "example", tmp_path).pathway()
    assert party(shut, "rehabilitation_team", "region").places.at(datetime(2021, 4, 1)) == 13


# --- how a file is written ---


def test_the_last_day_of_a_change_is_said_by_through(folder: Path) -> None:
    edit = {"station": "team", "party": "town", "places": "+2", "from": "2021-01-01"}
    until = scenario(folder, stations=[edit | {"until": "2022-01-01"}]).pathway()
    assert scenario(folder, stations=[edit | {"through": "2021-12-31"}]).pathway() == until
    one_day = scenario(folder, stations=[edit | {"through": "2021-01-01"}]).pathway()
    assert dict(party(one_day, "team", "town").places.root)[datetime(2021, 1, 2)] == 8


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"until": "2022-01-01", "through": "2021-12-31"}, "`until` and `through` both tell the end"),
        ({"from": "2021-01-02", "through": "2021-01-01"}, "through 2021-01-01 is before from 2021-01-02"),
        ({"through": "2021-01-01T09:00"}, "is no day: leave out the hour"),
        ({"through": "2019-06-01"}, r"stations[no. 1: team].through: 2019-06-01 changes nothing: it lies outside"),
    ],
)
def test_ends_that_do_not_fit(folder: Path, dates: dict[str, str], message: str) -> None:
    edit = {"station": "team", "party": "town", "places": "+2"}
    assert message in mistake(folder, stations=[edit | dates])


def test_numbers_in_either_convention(folder: Path) -> None:
    edit = {"station": "team", "party": "town", "places": "12,5"}
    assert party(scenario(folder, stations=[edit]).pathway(), "team", "town").places.values == (12.5,)
    closure = {"station": "team", "keep": "7,5 %", "from": "2020-01-01"}
    assert party(scenario(folder, closures=[closure]).pathway(), "team", "town").places.values == (0.6,)
    for rate in ("1.200 per year", "1,200 per year", "+1.200 per year"):
        told = mistake(folder, arrivals=[{"entry": "door", "rate": rate}])
        assert told.startswith("mine.toml: arrivals[no. 1: door].rate: ")
        assert told.endswith("1200 or 1.2? write 1200 or 1.2")


def test_a_sign_without_quotes_is_refused_in_a_file(folder: Path) -> None:
    file = folder / "mine.toml"
    file.write_text('name = "s"\nbase = "small.toml"\n[[stations]]\nstation = "team"\nparty = "town"\nplaces = +2\n')
    with pytest.raises(InputError, match=r'mine.toml, line 6: \+2 .*write "\+2" for 2 more, or 2 for 2 in all'):
        Scenario.of(file)


def test_a_scenario_and_its_base_in_json(folder: Path) -> None:
    raw = json.loads(json.dumps(tomllib.loads(BASE), default=str))
    (folder / "small.json").write_text(json.dumps(raw))
    content = {"name": "s", "stations": [{"station": "team", "party": "town", "places": "+2"}]}
    (folder / "mine.json").write_text(json.dumps(content | {"base": "small.json"}))
    read = Scenario.of(folder / "mine.json")
    assert read.pathway() == scenario(folder, stations=content["stations"]).pathway()
    assert Scenario.of(folder / "small.json").pathway() == base(folder)
    (folder / "typo.json").write_text(json.dumps(content | {"base": "small.json", "untl": "2022-01-01"}))
    with pytest.raises(InputError, match=r"typo.json: there is no key 'untl'; did you mean 'until'\?"):
        Scenario.of(folder / "typo.json")


def test_null_in_json_changes_nothing_and_is_refused(tmp_path):
    path = tmp_path / "none.json"
    path.write_text(
        '{"name": "x", "base": "copenhagen", "stations": [{"station": "rehabilitation_team", "places": null}]}'
    )
    with pytest.raises(InputError, match="nothing is changed: give one of places"):
        Scenario.read(path)


def test_a_pathway_of_python_is_changed_by_scenarios_once_it_is_a_file(tmp_path: Path) -> None:
    pathway = Pathway(
        name="desk",
        start="2020-01-01",
        end="2020-03-01",
        states=[State(name="served", stay=Duration.exponential("1 day"), to="done"), State(name="done", final=True)],
        entries=[Entry(name="door", to="served", rate="2 per day")],
    )
    (tmp_path / "desk.json").write_text(json.dumps(pathway.to_dict()))
    (tmp_path / "more.toml").write_text(
        'name = "more"\nbase = "desk.json"\n[[arrivals]]\nentry = "door"\nrate = "+50 %"\n'
    )
    assert Scenario.of(tmp_path / "desk.json").pathway() == pathway
    (entry,) = Scenario.of(tmp_path / "more.toml").pathway().entries
    assert entry.expected(pathway.start, pathway.end) == pytest.approx(3 * 60)
