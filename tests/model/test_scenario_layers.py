"""Scenarios that build on scenarios and include others: whose changes are made, in which order, and what is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from flowsim.cli.words.check import change_lines
from flowsim.core.errors import InputError
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language
from flowsim.reporting.sources import _changes
from flowsim.reporting.wording import Wording
from helpers.scenarios import wording_of

TOWN = """
name = "town"
start = 2020-01-01
end = 2023-01-01
[parameters.pace]
assumed = 100
why = "made"
[stations.team]
weekdays = ["mon"]
places = 10
[states.wait]
station = "team"
to = "done"
[states.done]
final = true
[entries.door]
to = "wait"
rate = "$rate"
[parameters.rate]
assumed = "100 per year"
why = "made"
[states.other]
to = "done"
[entries.there]
to = "other"
count = "$pace"
"""
PLACES = '\n[[stations]]\nstation = "team"\nfrom = 2021-01-01\nplaces = "{}"\n'
CLOSED = '\n[[closures]]\nstation = "team"\nfrom = 2021-07-01\nthrough = 2021-07-31\nkeep = "50 %"\n'


@pytest.fixture
def write(tmp_path: Path):
    """Write a scenario file into the folder of the town."""
    (tmp_path / "town.toml").write_text(TOWN)

    def written(name: str, base: str = "town.toml", more: str = "") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(f'name = "{name}"\nbase = "{base}"\n{more}')
        return path

    return written


def places(scenario: Scenario, day: datetime) -> float:
    return scenario.pathway().station("team").places.at(day)


def test_changes_are_made_in_the_order_base_included_own(write):
    write("more", more=PLACES.format("+2"))
    write("half", more=PLACES.format("-50 %"))
    own = "[[include]]\nscenario = 'half.toml'\n" + PLACES.format("+1")
    scenario = Scenario.of(write("mine", "more.toml", own))
    assert places(scenario, datetime(2021, 6, 1)) == (10 + 2) / 2 + 1
    assert places(scenario, datetime(2020, 6, 1)) == 10
    reverse = "[[include]]\nscenario = 'more.toml'\n" + PLACES.format("+1")
    assert places(Scenario.of(write("other", "half.toml", reverse)), datetime(2021, 6, 1)) == 10 / 2 + 2 + 1
    assert [file.name for file, _ in scenario.layers] == ["more", "half", "mine"]
    assert [step.name for step in scenario.steps] == ["more", "half", "mine"]


def test_a_closure_beneath_keeps_a_share_of_places_that_are_added_above(write):
    write("closed", more=CLOSED)
    scenario = Scenario.of(write("mine", "closed.toml", PLACES.format("+2")))
    assert places(scenario, datetime(2021, 7, 12)) == (10 + 2) / 2
    assert places(scenario, datetime(2021, 8, 2)) == 12


def test_parameters_start_from_those_beneath(write):
    write("more", more='[parameters]\nrate = "+10 %"\n')
    scenario = Scenario.of(write("mine", "more.toml", '[parameters]\nrate = "+10 per year"\n'))
    entry = scenario.pathway().entry("door")
    assert entry.expected(datetime(2020, 1, 1), datetime(2021, 1, 1)) == pytest.approx(120 * 366 / 365.25)


def test_the_last_end_that_is_given_holds_and_what_lies_after_it_beneath_is_left_out(write):
    write("long", more="until = 2025-01-01\n" + PLACES.format("+2").replace("2021", "2024"))
    assert Scenario.of(write("plain", "long.toml")).pathway().end == datetime(2025, 1, 1)
    short = Scenario.of(write("short", "long.toml", "until = 2022-01-01\n"))
    assert short.pathway().end == datetime(2022, 1, 1)
    assert places(short, datetime(2021, 6, 1)) == 10


def test_what_both_build_on_is_made_once(write):
    write("ours", more=PLACES.format("+2"))
    write("a", "ours.toml", PLACES.format("+3"))
    scenario = Scenario.of(write("b", "ours.toml", "[[include]]\nscenario = 'a.toml'\n" + PLACES.format("+4")))
    assert places(scenario, datetime(2021, 6, 1)) == 10 + 2 + 3 + 4


def test_a_shipped_scenario_is_built_on_by_its_name():
    scenario = Scenario.from_dict(
        {"name": "mine", "base": "more-places", "include": [{"scenario": "lower-caseloads"}], "until": "2022-01-01"}
    )
    names = [file.name for file, _ in scenario.layers]
    assert names == ["more-places", "lower-caseloads", "mine"]
    shipped = Scenario.of("more-places").pathway().station("rehabilitation_team").parties
    assert scenario.pathway().station("rehabilitation_team").parties == shipped
    assert scenario.digest != Scenario.from_dict({"name": "mine", "base": "copenhagen", "until": "2022-01-01"}).digest


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a": ("b.toml", ""), "b": ("a.toml", "")},
            r"a\.toml: base: .*b\.toml: base: this goes in a circle: .*a\.toml",
        ),
        ({"a": ("a.toml", "")}, "this goes in a circle"),
        ({"a": ("town.toml", "[[include]]\nscenario = 'a.toml'\n")}, r"include\[no\. 1: a\.toml\].*in a circle"),
        ({"a": ("nowhere.toml", "")}, "there is no base 'nowhere.toml'"),
        ({"a": ("more-place", "")}, "did you mean 'more-places'"),
        ({"a": ("town.toml", "[[include]]\nscenario = 'more-place'\n")}, r"there is no scenario 'more-place'; did you"),
        ({"a": ("town.toml", "[[include]]\nscenario = 'town.toml'\n")}, "there is no scenario 'town.toml'"),
        ({"a": ("town.toml", "[[include]]\nscenario = 'more-places'\n")}, "changes the base 'copenhagen'"),
        ({"a": ("town.toml", "[include]\nscenario = 'b.toml'\n")}, r"write \[\[include\]\] in double brackets"),
        (
            {"b": ("town.toml", PLACES.format("+1")), "a": ("b.toml", "[[include]]\nscenario = 'b.toml'\n")},
            "the changes of 'b.toml' are made already",
        ),
    ],
)
def test_what_leads_nowhere_is_refused_in_one_line(write, files, message):
    paths = {name: write(name, *content) for name, content in files.items()}
    with pytest.raises(InputError, match=message) as refused:
        Scenario.of(paths["a"])
    assert "\n" not in str(refused.value)


def test_check_says_what_changes_against_what(write):
    write("more", more=PLACES.format("+2"))
    scenario = Scenario.of(write("mine", "more.toml", PLACES.format("+1")))
    assert change_lines(scenario, wording_of(scenario)) == [
        "more changes town:",
        "team: 10 → 12 places from 2021-01-01 (+20 %)",
        "mine changes town with more:",
        "team: 12 → 13 places from 2021-01-01 (+8 %)",
    ]
    assert change_lines(scenario, wording_of(scenario, "da"))[2] == "mine ændrer town med more:"


def test_a_report_lists_the_changes_that_a_scenario_builds_on(write):
    write("more", more=PLACES.format("+2"))
    scenario = Scenario.of(write("mine", "more.toml", CLOSED))
    lines = list(_changes(scenario, Wording.of(scenario, scenario.pathway(), Language.of("en"))))
    assert len(lines) == 2
    assert "+2" in lines[0]
