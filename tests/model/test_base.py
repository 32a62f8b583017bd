"""Where the numbers of a base come from, and how a value is changed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.civil_time import MINUTES, parse_rate, parse_span
from flowsim.core.errors import InputError
from flowsim.core.quantities import changed
from flowsim.model.base import bare_numbers, read_base

BODY = """
name = "small"
start = 2020-01-01
end = 2021-01-01
[stations.team_2]
weekdays = ["mon"]
places = { 2020-01-01 = "$places", "$plan_begins" = "$more" }
[states.queue]
station = "team_2"
to = { refused = "$refused", granted = "rest" }
[states.refused]
final = true
[states.granted]
final = true
[entries.door]
to = "queue"
rate = "$arrivals"
"""
PARAMETERS = """
[parameters]
places = { assumed = 8, why = "a guess" }
more = { calibrate = 10, why = "the wait of 9 weeks" }
plan_begins = { assumed = "2020-06-01", why = "the action plan" }
refused = { assumed = 0.25, why = "a guess" }
arrivals = { assumed = "2400 per year", why = "a guess" }
"""


def written(folder: Path, text: str) -> Path:
    (folder / "own.toml").write_text(text)
    return folder / "own.toml"


def mistake(folder: Path, text: str) -> str:
    path = written(folder, text)
    with pytest.raises(InputError) as caught:
        read_base(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "")


def test_references_are_replaced_as_values_and_as_keys(tmp_path: Path) -> None:
    pathway = read_base(written(tmp_path, BODY + PARAMETERS)).pathway()
    assert pathway.station("team_2").places is not None
    assert pathway.station("team_2").places.root == ((datetime(2020, 1, 1), 8), (datetime(2020, 6, 1), 10))
    assert dict(pathway.state("queue").to.values[0]) == {"refused": 0.25, "granted": 0.75}  # type: ignore[union-attr]


def test_a_base_tells_where_each_number_comes_from(tmp_path: Path) -> None:
    path = written(tmp_path, BODY + PARAMETERS)
    base = read_base(path)
    assert (base.name, base.source) == ("small", str(path))
    assert base.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    more, places = base.parameter("more"), base.parameter("places")
    assert (more.kind, more.value, more.why) == ("calibrate", 10, "the wait of 9 weeks")
    assert (places.kind, places.value, places.why) == ("assumed", 8, "a guess")
    assert base.raw["entries"]["door"]["rate"] == "$arrivals"


def test_a_documented_number_is_written_with_its_unit(tmp_path: Path) -> None:
    new, refused = "status-2021-01.new-spells", "svar-2017-06.fleksjob-refused-share"
    text = (BODY + PARAMETERS).replace(
        'arrivals = { assumed = "2400 per year", why = "a guess" }',
        f'arrivals = {{ fact = "{new}", as = "{{}} per 5 years" }}',
    )
    # A percentage is the share of 1 that it is.
    text = text.replace(
        'refused = { assumed = 0.25, why = "a guess" }',
        f'refused = {{ fact = "{refused}", key = "2015", as = "{{}} %" }}',
    )
    base = read_base(written(tmp_path, text))
    arrivals, share = base.parameter("arrivals"), base.parameter("refused")
    assert (arrivals.kind, arrivals.value, arrivals.fact) == ("fact", "12000 per 5 years", new)
    assert (share.value, share.fact, share.key) == (pytest.approx(0.198), refused, "2015")


def test_other_values_of_parameters_make_another_pathway(tmp_path: Path) -> None:
    base = read_base(written(tmp_path, BODY + PARAMETERS))
    pathway = base.pathway({"arrivals": "1 per day", "plan_begins": "2020-07-01"})
    rate = pathway.entry("door").rate
    assert rate is not None
    assert rate.values == (1 / MINUTES["day"],)
    assert [when for when, _ in pathway.station("team_2").places.root][1] == datetime(2020, 7, 1)  # type: ignore[union-attr]
    assert base.pathway().digest != pathway.digest
    with pytest.raises(InputError, match=r"own\.toml: there is no parameter 'arivals'; did you mean 'arrivals'\?"):
        base.pathway({"arivals": 1})
    with pytest.raises(InputError, match=r"own\.toml: entries\.door\.rate: 7 is no rate"):
        base.pathway({"arrivals": 7})


def test_a_pathway_without_parameters_is_a_base_too(tmp_path: Path) -> None:
    text = BODY
    for name, value in (("places", "8"), ("more", "9"), ("refused", "0.5"), ("arrivals", '"1 per day"')):
        text = text.replace(f'"${name}"', value)
    base = read_base(written(tmp_path, text.replace("$plan_begins", "2020-06-01")))
    assert base.parameters == {}
    assert base.pathway().name == "small"


def test_a_path_is_seen_from_the_folder_given(tmp_path: Path) -> None:
    written(tmp_path, BODY + PARAMETERS)
    assert read_base("own.toml", tmp_path).name == "small"


def test_a_base_that_is_nowhere_is_answered_with_the_built_in_ones() -> None:
    with pytest.raises(InputError) as caught:
        read_base("copenhagn")
    assert str(caught.value) == (
        "there is no base 'copenhagn'; did you mean 'copenhagen'? "
        "(allowed: 'copenhagen', or the path of a pathway file)"
    )


MISTAKES = [
    (
        "x = { assumed = 1, why = 'a' }",
        'parameters.x: it is never used: write "$x" where it belongs, or drop it',
    ),
    (
        "places = { asumed = 8, why = 'a' }",
        "parameters.places: a parameter has exactly one of `fact`, `assumed`, `borrowed` and ",
    ),
    ("places = { asumed = 8, why = 'a' }", "did you mean 'assumed'? (allowed: "),
    (
        "places = { assumed = 8, calibrate = 8, why = 'a' }",
        "parameters.places: a parameter has exactly one of",
    ),
    ("places = 8", "parameters.places: a parameter has exactly one of"),
    ("places = { assumed = 8 }", "parameters.places.why: this key is missing"),
    ("places = { assumed = 8, why = ' ' }", "parameters.places.why: ' ' is not allowed: it should be a text"),
    (
        "places = { assumed = 8, why = 'a', times = 2 }",
        "parameters.places: there is no key 'times' (allowed: assumed, carried_on, why)",
    ),
    (
        "places = { fact = 'status-2021-01.new-spells', wy = 'a' }",
        "parameters.places: there is no key 'wy' (allowed: as, fact, key)",
    ),
    (
        "places = { calibrate = 'mon', why = 'a' }",
        "parameters.places.calibrate: 'mon' is not allowed: it should be a number, or a number with its unit",
    ),
    (
        "places = { fact = 'status-2021-01.new-spells', as = 'per year' }",
        "parameters.places.as: 'per year' is not allowed: it should hold '{}' once, such as '{} per year'",
    ),
    ("'pl aces' = { assumed = 8, why = 'a' }", "parameters.pl aces: 'pl aces' is no name: letters, digits,"),
    ("place = { assumed = 8, why = 'a' }", "parameters.place: it is never used"),
    ("", "stations.team_2.places.2020-01-01: there is no parameter 'places' (allowed: arrivals, more, "),
]


@pytest.mark.parametrize(("entry", "expected"), MISTAKES)
def test_a_mistake_in_a_parameter_is_answered_with_its_place(tmp_path: Path, entry: str, expected: str) -> None:
    text = (BODY + PARAMETERS).replace('places = { assumed = 8, why = "a guess" }', entry)
    message = mistake(tmp_path, text)
    assert message.startswith("own.toml: ")
    assert expected in message


def test_an_unknown_fact_is_answered_with_the_nearest(tmp_path: Path) -> None:
    fact = "places = { fact = 'status-2021-01.new-spell' }"
    message = mistake(tmp_path, (BODY + PARAMETERS).replace('places = { assumed = 8, why = "a guess" }', fact))
    assert message.startswith("own.toml: parameters.places: ")
    assert "'status-2021-01.new-spell'" in message
    assert "did you mean 'status-2021-01.new-spells'?" in message


def test_a_reference_to_nothing_is_answered_with_the_nearest(tmp_path: Path) -> None:
    message = mistake(
        tmp_path, (BODY + PARAMETERS).replace('rate = "$arrivals"', 'rate = "$arivals"\ntitle = "$arrivals"')
    )
    assert message.startswith("own.toml: entries.door.rate: there is no parameter 'arivals'; did you mean 'arrivals'?")


def test_two_keys_that_become_one_are_refused(tmp_path: Path) -> None:
    message = mistake(tmp_path, (BODY + PARAMETERS).replace('assumed = "2020-06-01"', 'assumed = "2020-01-01"'))
    assert message == "own.toml: stations.team_2.places.$plan_begins: the key '2020-01-01' stands twice"


def test_a_mistake_in_the_pathway_itself_is_answered_with_the_file(tmp_path: Path) -> None:
    message = mistake(tmp_path, (BODY + PARAMETERS).replace('to = "queue"', 'to = "queu"'))
    assert message.startswith("own.toml: entries.door.to: there is no state 'queu'; did you mean 'queue'?")


def test_parameters_that_are_no_table_are_refused(tmp_path: Path) -> None:
    assert (
        mistake(tmp_path, "parameters = 3\n" + BODY) == "own.toml: parameters: 3 is not allowed: it should be a table"
    )


def test_a_body_of_parameters_has_no_bare_number(tmp_path: Path) -> None:
    assert bare_numbers(read_base(written(tmp_path, BODY + PARAMETERS)).raw) == []


def test_bare_numbers_are_found_wherever_they_stand() -> None:
    raw: dict[str, Any] = {
        "name": "model-2020",
        "title": "2 doors",
        "start": "2020-01-01",
        "end": "2021-01-01",
        "tick": "1 minutes",
        "stations": {"team_2": {"capacity": {"2020-01-01": 3, "$when": "$n"}, "at": ["09:00"], "room": "$room"}},
        "states": {
            "a": {
                "title": "step 1",
                "station": "team_2",
                "priority": 1,
                "final": True,
                "stay": {"law": "gamma", "mean": "12 weeks", "cv": 0.5},
                "to": {"b_1": 0.5, "c": "$share"},
                "race": [{"to": "b_1", "rate": "$rate", "by_time_spent": {"26 weeks": "$factor"}}],
                "benefit": "label 3",
            },
        },
        "clocks": {"goal": {"begins": ["b_1"], "limit": "23 weeks"}},
        "followups": {"f": {"benefit": "label 3"}},
    }
    assert bare_numbers(raw) == [
        "stations.team_2.capacity.2020-01-01",
        "stations.team_2.at[0]",
        "states.a.stay.mean",
        "states.a.stay.cv",
        "states.a.to.b_1",
        "states.a.race[0].by_time_spent.26 weeks",
        "clocks.goal.limit",
    ]


@pytest.mark.parametrize(
    ("value", "change", "expected"),
    [
        (8, 9, 9),
        (8, "+2", 10),
        (8, "-1", 7),
        (8, "+ 0.5", 8.5),
        (30, "+10 %", 33),
        (30.0, "-20%", 24.0),
        (0.3, "+10 %", 0.33),
        ("12 weeks", "+10 %", "13.2 weeks"),
        ("12 weeks", "-7 days", "11 weeks"),
        ("12 weeks", "3 months", "3 months"),
        ("1.5 hours", "+30 minutes", "2 hours"),
        ("2400 per year", "+100 per year", "2500 per year"),
        ("12000 per 5 years", "+100 per year", "12500 per 5 years"),
        ("2400/year", "-50 %", "1200/year"),
        ("0.004 per minute", "+0.24 / hour", "0.008 per minute"),
        ("4e-05 per minute", "+50 %", "6e-05 per minute"),
        ("2020-06-01", "2020-07-01", "2020-07-01"),
        ("work", "plan", "plan"),
    ],
)
def test_a_value_is_changed_outright_or_from_where_it_is(value: Any, change: Any, expected: Any) -> None:
    assert changed(value, change) == expected
    assert type(changed(value, change)) is type(expected)


@pytest.mark.parametrize(
    ("value", "change", "message"),
    [
        (8, "-9", "'-9' takes 8 below 0"),
        ("12 weeks", "-110 %", "'-110 %' takes '12 weeks' below 0"),
        (8, "+2 weeks", "'+2 weeks' has a unit, and 8 has none: write '+2'"),
        ("12 weeks", "+2", "'+2' has no unit, and '12 weeks' has one: write '+2 weeks'"),
        ("12 weeks", "+2 per week", "is no span of time"),
        ("5 per week", "+2 weeks", "is no rate"),
        ("12 weeks", 14, "14 is no span of time"),
        ("12 weeks", "14 per week", "'14 per week' is no span of time"),
        ("5 per week", "14 weeks", "'14 weeks' is no rate"),
        (8, "eight", "'eight' is not allowed: it should be a number, or a change such as"),
        (8, True, "True is not allowed"),
        (8, "+two", "'+two' is no change: write '+2' or '+10 %'"),
        ("work", "+10 %", "'+10 %' changes a number, and 'work' is none: write the new value in full"),
        ([1, 2], "+10 %", "changes a number, and [1, 2] is none"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(value: Any, change: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the message is compared below, brackets and all)
        changed(value, change)
    assert message in str(caught.value)


@given(
    number=st.floats(0.01, 1e6),
    percent=st.floats(-99, 300).map(lambda p: round(p, 2)),
    unit=st.sampled_from(["minutes", "weeks", "per year", "per 5 weeks", ""]),
)
def test_a_percentage_scales_whatever_the_unit(number: float, percent: float, unit: str) -> None:
    value = f"{number!r} {unit}" if unit else number
    read = parse_rate if "per" in unit else parse_span if unit else float
    new = changed(value, f"{percent:+.2f} %")
    assert read(new) == pytest.approx(read(value) * (1 + percent / 100), rel=1e-9)


def test_dates_that_are_carried_on_reach_longer_runs_and_are_no_part_of_the_first_value(tmp_path: Path) -> None:
    more = 'days = { assumed = [2019-01-07], carried_on = [2030-01-07], why = "closed" }\n'
    text = (BODY + PARAMETERS + more).replace("[stations.team_2]\n", '[stations.team_2]\nholidays = "$days"\n')
    path = tmp_path / "own.toml"
    path.write_text("documented_until = 2019-03-01\n" + text)
    base = read_base(path)
    assert base.parameters["days"].first == base.parameters["days"].value[:1]
    assert [day.year for day in base.pathway().stations[0].holidays] == [2019, 2030]
    assert str(base.documented_until) == "2019-03-01 00:00:00"
    path.write_text("documented_until = 3\n" + text)
    with pytest.raises(InputError, match="documented_until: 3 is no date"):
        read_base(path)


# --- States that are stamped from a template ---

TWICE = """
name = "twice"
start = 2020-01-01
end = 2021-01-01
[stations.desk]
weekdays = ["mon"]
places = 5
[templates.case."plan_{group}"]
title = "Plan ({group})"
stay = "{length}"
to = "decision_{group}"
[templates.case."decision_{group}"]
station = "desk"
priority = "{class}"
to = "{shares}"
[states.cases_young]
stamp = "case"
group = "young"
length = "$plan"
class = 1
shares = { granted = "$granted", refused = "rest" }
[states.granted]
final = true
[states.cases_old]
stamp = "case"
group = "old"
length = "9 weeks"
class = 2
shares = "granted"
[states.refused]
final = true
[entries.door]
to = "plan_young"
rate = "24 per year"
[entries.other]
to = "plan_old"
rate = "24 per year"
[parameters]
plan = { assumed = "8 weeks", why = "a guess" }
granted = { assumed = 0.5, why = "a guess" }
"""
BY_HAND = """
name = "twice"
start = 2020-01-01
end = 2021-01-01
[stations.desk]
weekdays = ["mon"]
places = 5
[states.plan_young]
title = "Plan (young)"
stay = "$plan"
to = "decision_young"
[states.decision_young]
station = "desk"
priority = 1
to = { granted = "$granted", refused = "rest" }
[states.granted]
final = true
[states.plan_old]
title = "Plan (old)"
stay = "9 weeks"
to = "decision_old"
[states.decision_old]
station = "desk"
priority = 2
to = "granted"
[states.refused]
final = true
[entries.door]
to = "plan_young"
rate = "24 per year"
[entries.other]
to = "plan_old"
rate = "24 per year"
[parameters]
plan = { assumed = "8 weeks", why = "a guess" }
granted = { assumed = 0.5, why = "a guess" }
"""


def test_stamped_states_are_those_written_by_hand_in_the_same_order(tmp_path: Path) -> None:
    stamped = read_base(written(tmp_path, TWICE))
    by_hand = read_base(written(tmp_path, BY_HAND))
    assert list(stamped.raw["states"]) == list(by_hand.raw["states"])
    assert stamped.raw == by_hand.raw
    assert stamped.pathway() == by_hand.pathway()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"case"\ngroup = "old"', '"csae"\ngroup = "old"', "states.cases_old.stamp: there is no template 'csae'"),
        ('length = "9 weeks"', 'lenght = "9 weeks"', "cases_old: there is no word 'lenght'; did you mean 'length'?"),
        ('length = "9 weeks"\n', "", "states.cases_old.length: this key is missing"),
        ('group = "old"', "group = 3", "states.cases_old.group: 3 is not allowed: it should be a text"),
        ('group = "old"', 'group = "young"', "states.cases_old: the state 'plan_young' stands twice"),
        ("[templates.case.", "[templates.spare]\n[templates.case.", "templates.spare: it is never used"),
    ],
)  # fmt: skip
def test_mistakes_in_templates_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TWICE
    assert message in mistake(tmp_path, TWICE.replace(old, new, 1))
