"""A pathway checks itself in full when it is made: what it refuses, with where, what, and what is allowed."""

import copy
import datetime as datetime_module
import re
import unicodedata
import warnings
from datetime import date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flowsim import Duration, Entry, InputError, Party, Pathway, Scenario, State, Station, read_base, run
from flowsim.core.civil_time import MINUTES, ByDate, Span, parse_moment, parse_rate, parse_span, span_text
from flowsim.model import parts
from flowsim.model.ticks import CoarseTickWarning
from flowsim.planning.levers import Lever
from flowsim.simulation.engine import compiler, reference
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate
from flowsim.testing import durations, pathways

BASE = {
    "name": "base",
    "start": "2020-01-01",
    "end": "2021-01-01",
    "stations": {
        "desk": {"capacity": 2, "room": 3},
        "team": {
            "weekdays": ["wed"],
            "parties": {
                "town": {
                    "staff": 2.0,
                    "hours": "5 hours",
                    "hours_a_case": "1 hour",
                    "follow_up": {"plan": "9 minutes"},
                },
                "region": {"places": {"2020-01-01": 4.0, "2020-06-01": 5.5}},
            },
        },
    },
    "states": {
        "plan": {
            "station": "desk",
            "stay": "2 days",
            "to": {"team": 0.75, "out": "rest"},
            "refused_to": "out",
            "patience": "9 weeks",
            "reneges_to": "out",
        },
        "team": {"station": "team", "to": "course"},
        "course": {
            "race": {"job": {"to": "out", "rate": "1 per year", "by_time_spent": {"0 days": 1.0, "9 days": 2.0}}}
        },
        "out": {"final": True},
    },
    "entries": {"door": {"to": "plan", "rate": "100 per year"}, "there": {"to": "course", "count": 3}},
    "clocks": {"decision": {"begins": ["plan"], "ends": ["course"], "limit": "23 weeks"}},
    "followups": {"after": {"benefit": "course", "after": ["1 month"], "groups": {"all": ["course", "out"]}}},
    "seniorities": {"long": {"benefit": "course", "over": ["1 year"]}},
}  # fmt: skip
DROP = object()


def changed(path, value):
    """The base with one key set, or dropped; new tables come about as needed."""
    raw = copy.deepcopy(BASE)
    *above, last = path.split("/")
    here = raw
    for key in above:
        here = here.setdefault(key, {})
    if value is DROP:
        del here[last]
    else:
        here[last] = value
    return raw


def test_the_base_is_sound():
    state = Pathway.from_dict(BASE).states[0]
    assert state.targets == {"team", "out"}
    assert state.model_copy(update={"to": None, "reneges_to": "away"}).targets == {"away", "out"}
    assert state.targets == {"team", "out"}


LATER = {"2020-02-01": 1}
TOO_LATE = "the first date is 2020-02-01, so nothing is given from the start (2020-01-01) until then"
NEEDS = "a station needs `capacity` (servers), or `weekdays` with `places` or `parties` (a meeting)"
KINDS = "a station has either `capacity` (servers) or `weekdays` and `places` (a meeting)"
PARTY = "stations/team/parties/town"

REFUSED = [
    # Names and keys
    ("name", "two words", "name: 'two words' is no name: letters, digits, '_' and '-' are allowed"),
    ("name", DROP, "name: this key is missing"),
    ("satations", {}, "there is no key 'satations'; did you mean 'stations'?"),
    ("states/plan/stya", "1 day", "states.plan: there is no key 'stya'; did you mean 'stay'?"),
    ("states/plan", 3, "states: 'plan' should be a table of keys"),
    ("states/pl an", {"final": True}, "'pl an' is no name"),
    # Horizon
    ("end", "2020-01-01", "end: 2020-01-01 is not after start (2020-01-01)"),
    ("end", "2300-01-01", "end: a horizon of 280 years is absurd: at most 200 are allowed"),
    ("end", "someday", "end: 'someday' is no date: write 2019-04-01 or 2019-04-01T09:00"),
    ("tick", "2 weeks", "tick: a tick lies between a microsecond and a week"),
    ("tick", "0 minutes", "tick: a tick lies between a microsecond and a week"),
    ("entries/x", {"to": "plan", "at": ["2021-01-01"]}, "entries.x.at: 2021-01-01 00:00:00 lies outside the horizon"),
    ("entries/x", {"to": "plan", "at": ["2019-12-31"]}, "entries.x.at: 2019-12-31 00:00:00 lies outside the horizon"),
    # Names that exist
    ("states", {}, "states: at least one is needed"),
    ("entries", {}, "entries: at least one is needed, or nobody ever comes"),
    ("states/team/to", "cours", "states.team: there is no state 'cours'; did you mean 'course'? (allowed: course, out"),
    ("states/plan/station", "dsk", "states.plan.station: there is no station 'dsk'; did you mean 'desk'?"),
    ("states/plan/reneges_to", "oot", "states.plan: there is no state 'oot'; did you mean 'out'?"),
    ("states/plan/refused_to", DROP, "states.plan.refused_to: a station with a `room` needs to know where the refused"),
    ("states/team/refused_to", "out", "states.team.refused_to: a station with a `room`"),
    ("entries/door/to", "plann", "entries.door.to: there is no state 'plann'; did you mean 'plan'?"),
    ("entries/there/waiting", True, "entries.there.waiting: the state 'course' has no station to wait at"),
    (f"{PARTY}/follow_up/x", "1 hour", "stations.team.parties.town.follow_up: there is no state 'x'"),
    ("clocks/decision/ends", ["curse"], "clocks.decision: there is no state 'curse'; did you mean 'course'?"),
    ("clocks/decision/abandons", ["oot"], "clocks.decision: there is no state 'oot'; did you mean 'out'?"),
    ("clocks/decision/abandons", ["course"], "clocks.decision.abandons: 'course' ends the clock, so it can't abandon"),
    ("seniorities/long/benefit", "cours", "seniorities.long.benefit: there is no benefit 'cours'; did you mean 'cour"),
    ("seniorities/long/over", ["3"], "seniorities.long.over"),
    ("followups/after/benefit", "plans", "followups.after: there is no benefit 'plans'; did you mean 'plan'?"),
    ("followups/after/groups/all", ["x"], "followups.after: there is no benefit 'x'"),
    # Ways in and out
    ("states/lost", {"to": "out"}, "states.lost: no entry and no state leads here, so nobody can reach it"),
    ("states/course/race/job/to", "course", "states.team: there is no way out from here: no final state can be"),
    # Dates
    ("stations/desk/capacity", LATER, f"stations.desk.capacity: {TOO_LATE}"),
    ("states/plan/stay", {"2020-02-01": "1 day"}, f"states.plan.stay: {TOO_LATE}"),
    ("states/team/to", {"2020-02-01": "course"}, f"states.team.to: {TOO_LATE}"),
    ("states/course/race/job/rate", {"2020-02-01": "1 per day"}, f"states.course.race.job.rate: {TOO_LATE}"),
    ("entries/door/rate", {"2020-02-01": "1 per day"}, f"entries.door.rate: {TOO_LATE}"),
    ("stations/team/weekdays", {"2020-02-01": ["mon"]}, f"stations.team.weekdays: {TOO_LATE}"),
    ("stations/team/parties/region/places", {"2020-02-01": 1.0}, f"stations.team.parties.region.places: {TOO_LATE}"),
    (f"{PARTY}/staff", {"2020-02-01": 1.0}, f"stations.team.parties.town.staff: {TOO_LATE}"),
    (f"{PARTY}/hours", {"2020-02-01": "1 hour"}, f"stations.team.parties.town.hours: {TOO_LATE}"),
    (f"{PARTY}/hours_a_case", {"2020-02-01": "1 hour"}, f"stations.team.parties.town.hours_a_case: {TOO_LATE}"),
    (f"{PARTY}/follow_up/plan", {"2020-02-01": "1 hour"}, f"stations.team.parties.town.follow_up.plan: {TOO_LATE}"),
    ("states/team/to", {"2020-01-01": "out", "2020-01-01T00:00": "out"}, "states.team.to: the same date stands twice"),
    # Stations
    ("stations/desk/capacity", 2.5, "stations.desk.capacity: 2.5 is not allowed: it should be a valid integer"),
    ("stations/desk/capacity", -1, "stations.desk.capacity: -1 is not allowed: it should be greater than or equal"),
    ("stations/desk/capacity", True, "stations.desk.capacity: True is not allowed"),
    ("stations/desk/room", -1, "stations.desk.room: -1 is not allowed"),
    ("stations/desk/places", 3.0, f"stations.desk: {KINDS}"),
    ("stations/desk/weekdays", ["mon"], f"stations.desk: {KINDS}"),
    ("stations/desk/holidays", ["2020-12-24"], f"stations.desk: {KINDS}"),
    ("stations/desk/capacity", DROP, f"stations.desk: {NEEDS}"),
    ("stations/team/places", 3.0, f"stations.team: {NEEDS}"),
    ("stations/team/parties", DROP, f"stations.team: {NEEDS}"),
    ("stations/team/weekdays", ["weds"], "stations.team.weekdays[0]: 'weds' is not allowed: it should be 'mon', 'tue'"),
    ("stations/team/at", [], "stations.team: `at` needs one or more different hours"),
    ("stations/team/at", ["09:00", "09:00"], "stations.team: `at` needs one or more different hours"),
    ("stations/team/at", "9 o'clock", "stations.team.at: \"9 o'clock\" is no time of day: write '09:00'"),
    ("stations/team/at", [9], "stations.team.at[0]: 9 is no time of day: write '09:00'"),
    (f"{PARTY}/places", 3.0, "stations.team.parties.town: `places` are given, so staff, hours, hours_a_case and"),
    (f"{PARTY}/staff", DROP, "stations.team.parties.town: a party tells either `places`, or `staff`, `hours` and"),
    (f"{PARTY}/hours_a_case", "0 hours", "stations.team.parties.town: `hours_a_case` must be longer than 0"),
    (f"{PARTY}/staff", -1.0, "stations.team.parties.town.staff: -1.0 is not allowed"),
    ("stations/team/parties", [{"name": "a", "places": 1.0}] * 2, "stations.team: the party 'a' is declared twice"),
    # States
    ("states/out/stay", "1 day", "states.out: a final state has no `stay`, `station`, `to` or `race`"),
    ("states/team/to", DROP, "states.team: there is no way out, or two: give `to`, or a `race`, or `final = true`"),
    ("states/course/to", "out", "states.course: there is no way out, or two"),
    ("states/course/stay", "1 day", "states.course: a `race` tells how long the stay lasts, so `stay` has no say"),
    ("states/plan/patience", DROP, "states.plan: `patience` and `reneges_to` go together"),
    ("states/plan/reneges_to", DROP, "states.plan: `patience` and `reneges_to` go together"),
    ("states/course/priority", 1, "states.course: `patience`, `refused_to` and `priority` need a `station` to wait at"),
    ("states/course/refused_to", "out", "states.course: `patience`, `refused_to` and `priority` need a `station`"),
    ("states/plan/priority", -1, "states.plan.priority: -1 is not allowed"),
    ("states/plan/priority", 1001, "states.plan.priority: 1001 is not allowed"),
    ("states/course/race", [{"to": "out", "rate": "1 per day"}] * 2, "states.course: the exit 'out' is declared twice"),
    # Shares
    ("states/plan/to", {"team": "rest", "out": "rest"}, "states.plan.to: one share alone may be 'rest', and the"),
    ("states/plan/to", {"team": 0.8, "course": 0.4, "out": "rest"}, "states.plan.to: the shares add to 1.2 before the"),
    ("states/plan/to", {"team": 1.2, "out": -0.2}, "states.plan.to: the share of 'team' is 1.2: a share lies between"),
    ("states/plan/to", {"team": 0.6, "out": 0.3}, "states.plan.to: the shares add to 0.9: they must add to 1"),
    # Exits
    ("states/course/race/job/rate", DROP, "states.course.race.job: an exit has either a `rate` or a duration that it"),
    ("states/course/race/job/after", "1 day", "states.course.race.job: an exit has either a `rate` or a duration"),
    ("states/course/race/x", {"to": "out", "after": "1 day", "by_time_spent": {"0 days": 1.0}},
     "states.course.race.x: `by_time_spent` goes with a `rate`"),
    ("states/course/race/job/by_time_spent", {"1 day": 1.0}, "states.course.race.job: `by_time_spent` starts at '0"),
    ("states/course/race/job/by_time_spent", {"0 days": 1.0, "9 days": 2.0, "8 days": 1.0},
     "states.course.race.job: `by_time_spent` starts at '0 days' and its spans rise"),
    # Entries
    ("entries/door/count", 3, "entries.door: an entry has exactly one of `rate`, `every`, `at` and `count`"),
    ("entries/door/rate", DROP, "entries.door: an entry has exactly one of `rate`, `every`, `at` and `count`"),
    ("entries/door/elapsed", "1 day", "entries.door: `elapsed` and `waiting` go with a `count` of citizens who are"),
    ("entries/door/waiting", True, "entries.door: `elapsed` and `waiting` go with a `count`"),
    ("entries/there/count", -1, "entries.there.count: -1 is not allowed"),
    ("entries/x", {"to": "plan", "every": "0 days"}, "entries.x: `every` must be longer than 0"),
    # Durations
    ("states/plan/stay", 14, "states.plan.stay: 14 is no duration: write a number with its unit"),
    ("states/plan/stay", "14", "states.plan.stay.mean: '14' is no span of time: write a number with its unit, such as"),
    ("states/plan/stay", "14 dyas", "states.plan.stay.mean: '14 dyas' has the unknown unit 'dyas'; did you mean 'day'"),
    ("states/plan/stay", "-2 days", "states.plan.stay.mean: '-2 days' is negative: a span of time is 0 or longer"),
    ("states/plan/stay", {"law": "gama", "mean": "1 day"}, "states.plan.stay.law: 'gama' is not allowed: it should be"),
    ("states/plan/stay", {"law": "gamma", "mean": "1 day"}, "a law 'gamma' is given by `mean` and `cv`: `cv` is"),
    ("states/plan/stay", {"law": "gamma", "mean": "1 day", "cv": "1.200"}, "cv: '1.200': 1200 or 1.2?"),
    ("states/plan/stay", {"law": "gamma", "mean": "1 day", "cv": True}, "cv: True is not allowed"),
    ("states/plan/stay", {"law": "gamma", "mean": "0 days", "cv": 1.0}, "a law 'gamma' needs a positive `mean`; write"),
    ("states/plan/stay", {"law": "gamma", "mean": "1 day", "cv": 0.001}, "a coefficient of variation of 0.001 is"),
    ("states/plan/stay", {"law": "weibull", "mean": "1 day", "cv": 21.0}, "a coefficient of variation of 21.0 is"),
    ("states/plan/stay", {"law": "fixed", "mean": "1 day", "cv": 1.0}, "a law 'fixed' takes no `cv`"),
    ("states/plan/stay", {"law": "fixed"}, "a law 'fixed' is given by `mean`: `mean` is missing"),
    ("states/plan/stay", {"law": "exponential", "mean": "1 day", "values": ["1 day"]}, "a law 'exponential' takes no"),
    ("states/plan/stay", {"law": "exponential", "mean": "0 days"}, "a law 'exponential' needs a positive `mean`"),
    ("states/plan/stay", {"law": "empirical"}, "a law 'empirical' is given by `values`: `values` is missing"),
    ("states/plan/stay", {"law": "empirical", "values": ["1 day"], "mean": "1 day"}, "a law 'empirical' takes no"),
    ("states/plan/stay", {"law": "empirical", "values": ["1 day"], "weights": [1.0, 2.0]}, "`weights` are as many as"),
    ("states/plan/stay", {"law": "empirical", "values": ["1 day"], "weights": [-1.0]}, "`weights` are as many as"),
    ("states/plan/stay", {"law": "empirical", "values": ["1 day"], "weights": [0.0]}, "`weights` are as many as"),
    ("states/plan/stay", "201 years", "states.plan.stay: a mean of 201 years is absurd: at most 200 years"),
    ("states/plan/stay", {"law": "empirical", "values": ["300 years"]}, "a mean of 300 years is absurd"),
    # Rates, and what is no number
    ("entries/door/rate", 100, "entries.door.rate: 100 is no rate: write a number per unit of time, such as"),
    ("entries/door/rate", "100 per yaer", "'100 per yaer' has the unknown unit 'yaer'; did you mean 'year'?"),
    ("entries/door/rate", "-1 per day", "entries.door.rate: '-1 per day' is negative: a rate is 0 or more"),
    ("entries/door/rate", "1 per 0 days", "entries.door.rate: '1 per 0 days' is per no time at all"),
    ("entries/door/rate", "1e999 per day", "entries.door.rate: '1e999 per day' is too large for a number"),
    (f"{PARTY}/hours", "1e999 hours", "stations.team.parties.town.hours: '1e999 hours' is too long for a number"),
    ("states/plan/stay", "1e999 days", "states.plan.stay"),
    ("states/plan/to", {"team": float("nan"), "out": "rest"}, "states.plan.to"),
    ("stations/team/parties/region/places", float("nan"), "stations.team.parties.region.places: nan"),
    ("stations/team/parties/region/places", 1e10, "stations.team.parties.region.places: 10000000000.0 is not allowed"),
]  # fmt: skip


def numbered(case):
    return str(case) if isinstance(case, str) and "/" in case else ""


@pytest.mark.parametrize(("path", "value", "message"), REFUSED, ids=numbered)
def test_what_is_wrong_is_refused_in_one_line(path, value, message):
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        Pathway.from_dict(changed(path, value), "base.toml")
    assert str(refused.value).startswith("base.toml: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("what", ["states", "stations", "entries", "clocks", "followups", "seniorities"])
def test_a_name_that_is_declared_twice_is_refused(what):
    name, body = next(iter(BASE[what].items()))
    raw = BASE | {what: [{"name": n} | b for n, b in BASE[what].items()] + [{"name": name} | body]}
    kind = {"states": "state", "entries": "entry", "seniorities": "seniority"}.get(what, what[:-1])
    with pytest.raises(InputError, match=f"the {kind} '{name}' is declared twice"):
        Pathway.from_dict(raw)


def test_constructors_refuse_as_from_dict_does_in_one_line_with_the_key_path():
    with pytest.raises(InputError, match=r"^State 'out': a final state has no [^\n]*$"):
        State(name="out", final=True, stay="1 day")
    with pytest.raises(InputError, match=r"^Pathway 'town': states\.plan\.stay\.mean: '8 weks' has the unknown unit"):
        Pathway(
            name="town",
            start="2024-01-01",
            end="2025-01-01",
            states={"plan": {"stay": "8 weks", "to": "out"}},
            entries=(),
        )
    assert issubclass(InputError, ValueError)


def test_a_pathway_is_frozen():
    one = Pathway.from_dict(BASE)
    with pytest.raises(ValidationError, match="frozen"):
        one.start = datetime(2021, 1, 1)
    assert hash(one) == hash(Pathway.from_dict(BASE))


@pytest.mark.parametrize(("find", "name", "near"), [("state", "corse", "course"), ("station", "dek", "desk"),
                                                    ("entry", "dor", "door")])  # fmt: skip
def test_parts_are_found_by_name(find, name, near):
    one = Pathway.from_dict(BASE)
    assert getattr(one, find)(near).name == near
    with pytest.raises(InputError, match=f"there is no {find} '{name}'; did you mean '{near}'"):
        getattr(one, find)(name)


# --- What it means


def test_a_textbook_queue_in_ten_lines():
    queue = Pathway(
        name="textbook",
        start="2020-01-01",
        end="2030-01-01",
        stations=[Station.servers("desk", capacity=1)],
        states=[State(name="served", station="desk", stay=Duration.exponential("8 hours"), to="out"),
                State(name="out", final=True)],
        entries=[Entry(name="door", to="served", rate="2 per day")],
    )  # fmt: skip
    results = run(queue, replications=5)
    mean = results.select("mean_stock.served").values.mean()
    # Load 2/3: two citizens are there on average.
    assert mean == pytest.approx(2.0, abs=0.2)


def test_rest_is_what_the_other_shares_leave():
    assert Pathway.from_dict(BASE).state("plan").to.values[0] == (("team", 0.75), ("out", 0.25))
    dated = {"2020-01-01": {"team": 0.5, "out": "rest"}, "2020-06-01": "team"}
    shares = Pathway.from_dict(changed("states/plan/to", dated)).state("plan").to
    assert shares.at(datetime(2020, 5, 31, 23, 59)) == (("team", 0.5), ("out", 0.5))
    assert shares.at(datetime(2020, 6, 1)) == (("team", 1.0),)
    assert (
        Pathway.from_dict(changed("states/plan/to", {"team": 1.0, "out": "rest"})).state("plan").to.values[0][1][1] == 0
    )


def test_a_state_is_its_own_benefit_where_none_is_told():
    one = Pathway.from_dict(changed("states/team/benefit", "plan"))
    assert [state.benefit for state in one.states] == ["plan", "plan", "course", "out"]
    assert one.benefits == ("plan", "course", "out")


def test_meetings_are_at_their_hours_on_their_weekdays_and_not_on_holidays():
    team = Station(
        name="team",
        weekdays={"2020-01-01": ["wed"], "2020-01-09": ["thu", "mon"]},
        at=("13:00", "09:30"),
        holidays=("2020-01-13",),
        places=1.0,
    )
    held = team.meetings(datetime(2020, 1, 1, 10), datetime(2020, 1, 16, 13))
    assert [f"{when:%d %H:%M}" for when in held] == [
        "01 13:00",
        "08 09:30",
        "08 13:00",
        "09 09:30",
        "09 13:00",
        "16 09:30",
    ]
    assert Station.servers("desk", 2).meetings(datetime(2020, 1, 1), datetime(2021, 1, 1)) == []
    assert team.bounds == (Party(name="team", places=1.0),)
    assert Station.sessions("team", ["wed"], 3).at == (time(9),)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(pathways())
def test_a_part_shows_itself_as_the_call_that_makes_it(pathway):
    names = vars(parts) | {"Duration": Duration, "datetime": datetime_module}
    for part in (*pathway.states, *pathway.stations, *pathway.entries, *pathway.clocks):
        assert eval(repr(part), names) == part
        assert str(part) == repr(part)


def test_what_is_left_out_is_not_shown():
    plan = State(name="plan", stay=Duration.gamma("8 weeks", cv=0.5), to={"course": 1})
    assert repr(plan) == (
        "State(name='plan', benefit='plan', stay={'law': 'gamma', 'mean': '8 weeks', 'cv': 0.5}, to={'course': 1.0})"
    )
    assert repr(plan.stay) == "{'law': 'gamma', 'mean': '8 weeks', 'cv': 0.5}"
    assert repr(Duration.fixed("3 days")) == "Duration.fixed('3 days')"
    assert repr(read_base("copenhagen")).startswith("<Base 'copenhagen': 2")
    assert repr(Scenario.of("today")) == "<Scenario 'today' of the base 'copenhagen'>"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(pathways())
def test_a_pathway_reads_back_what_it_writes(one):
    again = Pathway.from_dict(one.to_dict())
    assert again == one
    assert again.digest == one.digest
    assert again.to_dict() == one.to_dict()
    assert hash(again) == hash(one)


@pytest.mark.parametrize(
    ("path", "value"),
    [("states/plan/stay", "3 days"), ("end", "2021-01-02"), ("tick", "2 minutes"), ("states/plan/benefit", "x"),
     ("stations/desk/capacity", {"2020-01-01": 2, "2020-01-02": 3}), ("entries/there/elapsed", "1 day")],
)  # fmt: skip
def test_what_changes_the_model_changes_its_digest(path, value):
    assert Pathway.from_dict(changed(path, value)).digest != Pathway.from_dict(BASE).digest


@given(durations(zero=True), st.sampled_from([0.5, 1.0, 3.0]))
@settings(derandomize=True, deadline=None)
def test_a_duration_scales_its_mean(raw, factor):
    law = Duration.model_validate(raw)
    longer = law.scaled(factor)
    assert longer.mean_minutes == pytest.approx(factor * law.mean_minutes)
    assert longer.squared_cv == pytest.approx(law.squared_cv, abs=1e-12)
    assert (longer.law, longer.cv, longer.weights) == (law.law, law.cv, law.weights)
    assert Duration.model_validate(law.model_dump(mode="json")) == law


def test_a_duration_refuses_what_is_no_scale_or_no_phase():
    with pytest.raises(ValueError, match="a duration cannot become -1 times as long"):
        Duration.fixed("1 day").scaled(-1)
    with pytest.raises(ValueError, match="phases = 0: an Erlang law has 1 phase or more"):
        Duration.erlang("1 day", 0)


# --- Civil time


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90 seconds", 1.5), ("1 minute", 1), ("1.5 hours", 90), (" 2 DAYS ", 2880), ("1 week", 10080), ("1e1 min", None),
     ("12 months", 365.25 * 1440), ("4 quarters", 365.25 * 1440), ("1year", 365.25 * 1440), (".5 day", 720)],
)  # fmt: skip
def test_spans(text, minutes):
    if minutes is None:
        with pytest.raises(ValueError, match="unknown unit 'min'"):
            parse_span(text)
    else:
        assert parse_span(text) == pytest.approx(minutes, rel=1e-15)


@given(
    st.floats(0, 1e9)
    | st.integers(0, 10**9).map(float)
    | st.integers(0, 10**5).map(lambda n: n * MINUTES["week"])
    | st.integers(0, 3600).map(lambda n: n / 60)  # not always the float that is n times 1 / 60
)
def test_a_span_reads_back_exactly(minutes):
    assert parse_span(span_text(minutes)) == minutes


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.0, "0 minutes"),
        (1 / 60, "1 second"),
        (20 / 60, "20 seconds"),
        (1.5, "90 seconds"),
        (0.015, "0.015 minutes"),
        (60.0, "1 hour"),
        (60.5, "60.5 minutes"),
        (20160.0, "2 weeks"),
    ],
)
def test_a_span_is_written_in_the_longest_unit_that_is_whole(minutes, text):
    assert span_text(minutes) == text


def test_spans_and_moments_of_python_are_read():
    assert parse_span(timedelta(hours=2)) == 120
    assert parse_span(np.timedelta64(2, "h")) == parse_span(np.timedelta64(7_200_000_000_000, "ns")) == 120
    for unclear in (np.timedelta64(2, "M"), np.timedelta64("NaT", "D"), np.timedelta64("NaT", "ns")):
        with pytest.raises(ValueError, match="is no span of time"):
            parse_span(unclear)
    assert parse_moment(date(2020, 2, 3)) == parse_moment("2020-02-03") == datetime(2020, 2, 3)
    with pytest.raises(ValueError, match="is negative"):
        parse_span(timedelta(hours=-2))


@pytest.mark.parametrize(
    ("text", "a_minute"),
    [("2400 per year", 2400 / (365.25 * 1440)), ("12000 per 5 years", 2400 / (365.25 * 1440)), ("3/day", 3 / 1440)],
)
def test_rates(text, a_minute):
    assert parse_rate(text) == pytest.approx(a_minute, rel=1e-15)


@pytest.mark.parametrize("value", ["2020-13-01", "1 May", "", "1/2/2020", None, 1.5])
def test_what_is_no_date(value):
    with pytest.raises(ValueError, match="is no date: write 2019-04-01 or 2019-04-01T09:00"):
        parse_moment(value)


def test_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="carries a time zone: flowsim keeps local civil time, so leave it out"):
        parse_moment("2020-01-01T00:00+01:00")


def test_a_value_by_date_holds_until_the_next():
    spans = ByDate[Span].model_validate({"2020-06-01": "2 days", "2020-01-01": "1 day"})
    assert spans.values == (1440.0, 2880.0)
    assert [spans.at(datetime(2020, month, 1)) for month in (1, 5, 6, 12)] == [1440, 1440, 2880, 2880]
    with pytest.raises(ValueError, match="no value is given before 2020-01-01"):
        spans.at(datetime(2019, 12, 31))


# --- Circles


def circle(stations=None, back=None, **first):
    """a -> b -> a, and out from b."""
    states = {
        "a": {"to": "b"} | first,
        "b": back or {"to": {"a": 0.5, "out": 0.5}},
        "out": {"final": True},
    }
    raw = {"name": "circle", "start": "2020-01-01", "end": "2020-02-01", "stations": stations or {}}
    return raw | {"states": states, "entries": {"door": {"to": "a", "count": 1}}}


DESK = {"desk": {"capacity": 1}}
FULL = {"desk": {"capacity": 1, "room": 0}}
TEAM = {"team": {"weekdays": ["wed"], "places": 1.0}}
NO_TIME = {"law": "empirical", "values": ["0 minutes", "1 day"]}


@pytest.mark.parametrize(
    "raw",
    [
        circle(),
        circle(stay="0 minutes"),
        circle(stay="29 seconds") | {"tick": "1 minute"},
        circle(stay={"2020-01-01": "1 day", "2020-01-02": "0 days"}),
        circle(stay=NO_TIME),
        circle(DESK, station="desk"),
        circle(DESK, station="desk", stay="1 day", patience="0 minutes", reneges_to="b"),
        circle(FULL, station="desk", stay="1 day", refused_to="b"),
        circle(back={"race": {"a": {"to": "a", "after": "0 minutes"}, "out": {"to": "out", "rate": "1 per day"}}}),
        circle(back={"to": {"b": 0.5, "out": 0.5}}),
    ],
)
def test_a_circle_in_no_time_is_refused(raw):
    with pytest.raises(
        InputError, match=r"states\.[ab]: citizens can go round from here to here in no time, without end"
    ):
        Pathway.from_dict(raw)


@pytest.mark.parametrize(
    "raw",
    [
        circle(stay="1 minute"),
        circle(stay={"law": "exponential", "mean": "1 day"}),
        circle(TEAM, station="team"),
        circle(DESK, station="desk", patience="0 minutes", reneges_to="out", stay="1 day"),
        circle(back={"race": {"a": {"to": "a", "rate": "1 per day"}, "out": {"to": "out", "rate": "1 per day"}}}),
        circle(back={"to": {"a": 0.0, "out": 1.0}}),
    ],
)
def test_a_circle_that_takes_time_or_a_meeting_runs(raw):
    one = Pathway.from_dict(raw)
    model = compile_pathway(one)
    assert reference.simulate(model, 5, 0).digest == simulate(model, 5, 0).digest


# --- Ticks


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("states/plan/stay", {"law": "exponential", "mean": "50 minutes"}, "states.plan.stay: a mean of 50 ticks"),
        (
            "states/plan/patience",
            {"law": "gamma", "mean": "50 minutes", "cv": 1.0},
            "states.plan.patience: a mean of 50",
        ),
        (
            "entries/x",
            {"to": "plan", "every": {"law": "exponential", "mean": "99 minutes"}},
            "entries.x.every: a mean of 99",
        ),
        (
            "states/course/race/x",
            {"to": "out", "after": {"law": "empirical", "values": ["9 minutes"]}},
            "states.course.race.x",
        ),
        ("tick", "1 day", "states.plan.stay"),
    ],
)
def test_a_mean_of_few_ticks_is_warned_of(path, value, told):
    raw = changed(path, value)
    if path == "tick":
        raw["states"]["plan"]["stay"] = {"law": "exponential", "mean": "99 days"}
    with pytest.warns(CoarseTickWarning, match=re.escape(told)) as caught:
        Pathway.from_dict(raw)
    (about,) = [str(each.message) for each in caught if told in str(each.message)]
    assert "set a shorter `tick`, at most" in about


@pytest.mark.parametrize("stay", ["1 minute", {"law": "exponential", "mean": "100 minutes"}])
def test_a_fixed_stay_or_a_long_mean_is_not_warned_of(stay):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pathway.from_dict(changed("states/plan/stay", stay))


def test_a_tick_too_short_for_the_horizon_is_refused_before_a_run():
    raw = changed("tick", "0.000001 seconds") | {"end": "2219-01-01"}
    with pytest.raises(
        InputError, match=r"pathway\.tick: 6\.28e\+15 ticks to the horizon are too many: set a longer tick"
    ):
        compile_pathway(Pathway.from_dict(raw))


@pytest.mark.parametrize(("what", "names"), [("state", ("plan", "team")), ("entry", ("door", "there"))])
def test_two_names_with_one_random_address_are_refused(what, names, monkeypatch):
    real = compiler.name_key
    monkeypatch.setattr(compiler, "name_key", lambda name: 7 if name in names else real(name))
    with pytest.raises(InputError, match=f"two names of {what} share a random address: rename one"):
        compile_pathway(Pathway.from_dict(BASE))


def test_two_exits_with_one_random_address_are_refused(monkeypatch):
    raw = changed("states/course/race/other", {"to": "out", "rate": "1 per day"})
    real = compiler.name_key
    monkeypatch.setattr(
        compiler, "name_key", lambda name: 2**32 + 6 if name == "job" else 7 if name == "other" else real(name)
    )
    with pytest.raises(InputError, match=r"states\.course\.race: two exits share a random address: rename one"):
        compile_pathway(Pathway.from_dict(raw))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("entries/door/rate", "1.200 per year"),
        ("entries/door/rate", "1,200 per year"),
        ("states/plan/stay", "1.200 hours"),
        ("stations/desk/capacity", "1.200"),
    ],
)
def test_plain_data_is_read_as_a_file_is(path, value):
    number = value.split()[0]
    with pytest.raises(InputError, match=re.escape(f"{path.replace('/', '.')}: '{number}': 1200 or 1.2?")):
        Pathway.from_dict(changed(path, value))


def test_a_number_that_nobody_typed_reads_back_as_itself():
    pathway = Pathway.from_dict(changed("entries/door/rate", "1.2340 per minute"))
    assert pathway.to_dict()["entries"][0]["rate"] == "1.2340 per minute"
    assert Pathway.from_dict(pathway.to_dict()) == pathway


@pytest.mark.parametrize("path", ["entries/door/rate", "states/plan/stay", "stations/desk/capacity"])
def test_a_percentage_without_a_base_says_what_to_write(path):
    with pytest.raises(InputError, match=r"'50 %' is a share of something.* '-50 %' is so much less"):
        Pathway.from_dict(changed(path, "50 %"))


def test_names_are_one_however_their_letters_are_composed():
    typed = unicodedata.normalize("NFD", "Århus")
    assert Station(name=typed, capacity=2).name == "Århus"
    raw = changed(f"stations/{typed}", BASE["stations"]["desk"])
    raw["states"]["plan"]["station"] = "Århus"
    pathway = Pathway.from_dict(raw)
    assert pathway.station(typed) == pathway.station("Århus")
    assert Lever.parse(f"{typed}.capacity", pathway).station == "Århus"


def test_a_part_that_was_read_before_is_read_once_and_no_other_in_its_place():
    first, again = Pathway.from_dict(BASE), Pathway.from_dict(copy.deepcopy(BASE))
    assert all(one is other for one, other in zip(first.states, again.states, strict=True))
    changed = copy.deepcopy(BASE)
    changed["states"]["plan"]["to"] = {"team": 0.5, "out": "rest"}
    other = Pathway.from_dict(changed)
    assert other.states[1] is first.states[1]
    assert other.state("plan").to.values == ((("team", 0.5), ("out", 0.5)),)
    for capacity in (True, "two", 2.5):  # Python takes True for 1
        changed["stations"]["desk"]["capacity"] = 1
        assert Pathway.from_dict(changed).station("desk").capacity.values == (1,)
        changed["stations"]["desk"]["capacity"] = capacity
        with pytest.raises(InputError, match=r"^pathway: stations\.desk\.capacity: "):
            Pathway.from_dict(changed)


def test_tables_that_are_alike_are_read_once_and_a_wrong_part_is_named_all_the_same():
    stay = {"2019-01-01": {"law": "gamma", "mean": "2.7182 weeks", "cv": 0.4}, "2019-07-01": "3.1415 weeks"}
    states = {name: {"stay": stay, "to": "out"} for name in ("first", "second")} | {"out": {"final": True}}
    raw = {"name": "alike", "start": "2019-01-01", "end": "2020-01-01", "states": states}
    raw |= {"entries": {"door": {"to": "first", "rate": "1 per day"}, "other": {"to": "second", "rate": "1 per day"}}}
    pathway = Pathway.from_dict(raw)
    assert pathway.state("first").stay is pathway.state("second").stay
    assert pathway.state("first").stay.values[1].mean_minutes == pytest.approx(3.1415 * 7 * 1440)
    with pytest.raises(InputError, match=r"states\.second\.stay"):
        Pathway.from_dict(
            raw | {"states": states | {"second": {"stay": stay | {"2019-08-01": "-1 weeks"}, "to": "out"}}}
        )
