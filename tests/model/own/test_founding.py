"""A base of one's own: put together from parts, with borrowed numbers until there are own ones, and its own files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import Scenario, run
from flowsim.calibration.targets import documented, targets_of
from flowsim.core.errors import InputError
from flowsim.forecasting.demand import following
from flowsim.model.base import Base, bare_numbers, read_base
from flowsim.model.own.catalogue import benefits, numbers, steps
from flowsim.model.own.founding import NewBase, base_files
from flowsim.planning.prices import prices_of
from flowsim.planning.readiness import readiness_of
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording

BENEFITS = [part.name for part in benefits()]
STEPS = [part.name for part in steps()]
DATES: dict[str, Any] = {"start": date(2025, 1, 1), "end": date(2026, 1, 1)}
FACT = """
[sources.rapport]
title = "A made report"
date = "2026-01"

[[facts]]
id = "rapport.{id}"
label = "{id}"
role = "{role}"
{value}
unit = "{unit}"
period = "2025"
counted = "cases"
population = "made"
precision = {{ kind = "exact" }}
source = "rapport"
place = "p. 1"
quote = "Made."
"""


def written(folder: Path, **answers: Any) -> Path:
    """Write a base to a folder."""
    folder.mkdir(exist_ok=True)
    for name, text in base_files(NewBase(**{"name": "lilleby", "title": "Lilleby", **DATES, **answers})).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def with_parameter(folder: Path, name: str, entry: str) -> Base:
    """Give a base another entry of a parameter, and read it."""
    file = folder / "pathway.toml"
    text, count = re.subn(
        rf"^{name} = {{.*$", f"{name} = {entry}", file.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count == 1
    file.write_text(text, encoding="utf-8")
    return read_base(folder)


@pytest.mark.slow
@given(
    chosen=st.lists(st.sampled_from(BENEFITS), min_size=1, unique=True),
    way=st.lists(st.sampled_from(STEPS), min_size=1, unique=True),
    code=st.sampled_from(["en", "da"]),
)
@settings(max_examples=25, deadline=None)
def test_parts_make_a_sound_pathway_in_which_every_number_has_an_origin(tmp_path_factory, chosen, way, code):
    folder = written(tmp_path_factory.mktemp("own"), benefits=tuple(chosen), steps=tuple(way), language=code)
    base = read_base(folder)
    assert bare_numbers(base.raw) == []
    assert all(parameter.why for parameter in base.parameters.values())
    assert {clock.name for clock in base.pathway().clocks} == {"plan_til_afgoerelse"}
    found = readiness_of(base)
    assert (found.absent, found.unpriced, found.calibration) == ((), (), "none")
    # Copenhagen's places by date are a path around which its team answers the wait: borrowed, they do not answer.
    assert set(found.growing) <= {"plan_kontanthjaelp", "rehabilitation_team"}
    assert len(following(base, "awards")) == len(chosen)


def test_what_was_answered_is_assumed_and_all_else_says_whose_it_is(tmp_path):
    base = read_base(written(tmp_path / "lilleby", citizens=430.0, cases=86.0, places=3.5))
    stock, rate, places = (
        base.parameter(name) for name in ("stock_kontanthjaelp", "rate_sag_kontanthjaelp", "places_region")
    )
    # 86 cases a year last 7.04 + 3.75 + 1 + 2 + 2 weeks each: 26 are under way, so 404 of the 430 have none.
    assert (stock.kind, stock.value, stock.lender) == ("assumed", 404, "")
    assert (rate.kind, rate.value) == ("assumed", "0.213 per year")
    assert (places.kind, places.value) == ("assumed", 3.5)
    plan = base.parameter("plan_mean")
    assert (plan.kind, plan.lender) == ("borrowed", "copenhagen")
    assert plan.value == "7.04 weeks"  # Copenhagen's 7.038, to three digits
    assert "plan_mean_2019" in plan.why
    every = {number.name for number in numbers()}
    assert set(base.parameters) <= every


@pytest.mark.parametrize("citizens", [200.0, 4261.0])
def test_borrowed_numbers_that_grow_with_a_municipality_are_scaled(tmp_path, citizens):
    base = read_base(written(tmp_path / "lilleby", citizens=citizens))
    ratio = citizens / 8522  # Copenhagen's documented stock of 2020
    assert base.parameter("staff_kontanthjaelp").value == pytest.approx(100 * ratio, rel=0.005)
    # The team meets once a week here, and twice in Copenhagen, with 20.63 places from June 2020 on.
    assert base.parameter("places_kommune").value == pytest.approx(20.63 * ratio * 2, rel=0.005)
    assert base.parameter("plan_cv").value == 0.4


def test_the_number_on_kontanthjaelp_stays_where_nobody_says_how_many_come(tmp_path):
    pathway = read_base(written(tmp_path / "lilleby", citizens=2000.0, places=60.0, caseworkers=60.0)).pathway()
    stock = run(pathway, replications=10, seed=1).select("stock.kontanthjaelp", "2025").values
    assert stock.mean() == pytest.approx(2000, rel=0.03)


def test_a_documented_number_is_ones_own_first_and_borrowed_where_it_is_not(tmp_path):
    folder = written(tmp_path / "lilleby")
    (folder / "facts.toml").write_text(FACT.format(id="timer", role="input", value="value = 15", unit="hours"))
    own = with_parameter(folder, "hours_a_case", '{ fact = "rapport.timer", as = "{} hours" }')
    assert (own.parameter("hours_a_case").value, own.parameter("hours_a_case").lender) == ("15 hours", "")
    lent = with_parameter(folder, "hours_a_case", '{ fact = "mploy-2015.hours-per-case", as = "{} hours" }')
    assert (lent.parameter("hours_a_case").value, lent.parameter("hours_a_case").lender) == ("20 hours", "copenhagen")
    with pytest.raises(
        InputError, match=r"hours_a_case: there is no fact 'rapport\.timr'; did you mean 'rapport\.timer'"
    ):
        with_parameter(folder, "hours_a_case", '{ fact = "rapport.timr", as = "{} hours" }')


def test_its_files_are_read_wherever_those_of_copenhagen_are(tmp_path):
    folder = written(tmp_path / "lilleby")
    values = "values = { 2025Q1 = 11, 2025Q2 = 12 }"
    (folder / "facts.toml").write_text(FACT.format(id="fleksjob", role="target", value=values, unit="awards"))
    with (folder / "targets.toml").open("a") as file:
        file.write('[[targets]]\nname = "fleksjob {}"\nfamily = "afgoerelser"\nfact = "rapport.fleksjob"\n')
        file.write('measures = "awards.fleksjob_tilkendt"\n')
    with (folder / "yardsticks.toml").open("a") as file:
        file.write('[[yardsticks]]\nmeasure = "awards.fleksjob_tilkendt"\nkind = "goal"\nfact = "rapport.fleksjob"\n')
    scenario = Scenario.of(str(folder))
    assert documented(scenario.base) == {
        ("awards.fleksjob_tilkendt", "2025Q1"): 11,
        ("awards.fleksjob_tilkendt", "2025Q2"): 12,
    }
    assert [target.tolerance for target in targets_of(scenario.base)] == [pytest.approx(1.1), pytest.approx(1.2)]
    wording = Wording.of(scenario, scenario.pathway(), Language.of("da"))
    assert wording.yardsticks("awards.fleksjob_tilkendt", "awards", "2025Q2") == "mål: 12"
    prices = prices_of(scenario)
    assert prices is not None
    staff = next(price for price in prices.prices if price.where == "staff.plan_kontanthjaelp.municipal")
    assert (staff.amount, staff.kind, staff.lender) == (600_000, "borrowed", "copenhagen")
    assert wording.borrowed(scenario.base, Language.of("en")).endswith("flowsim base check names them.")
    assert Wording.borrowed(read_base("copenhagen"), Language.of("en")) == ""


def test_names_of_the_catalogue_have_words_in_both_languages_unless_they_are_ones_own(tmp_path):
    folder = written(tmp_path / "lilleby")
    scenario = Scenario.of(str(folder))
    words = {
        code: Wording.of(scenario, scenario.pathway(), Language.of(code)).station("rehabilitation_team")
        for code in ("en", "da")
    }
    assert words == {"en": "rehabilitation team", "da": "rehabiliteringsteamet"}
    replaced(folder / "pathway.toml", 'terms = "standard"', "")
    own = Scenario.of(str(folder))
    assert Wording.of(own, own.pathway(), Language.of("da")).station("rehabilitation_team") == "Rehabilitation team"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('facts = "facts.toml"', 'fact = "facts.toml"', "files.fact: there is no key 'fact'; did you mean 'facts'"),
        ('facts = "facts.toml"', 'facts = "no.toml"', "files.facts: there is no file"),
        ('facts = "facts.toml"', "facts = 3", "files.facts: 3 is not allowed"),
        (
            'name = "lilleby"',
            'name = "copenhagen"',
            "files.facts: a pathway with the name 'copenhagen' has the file that ships: give it another name",
        ),
        ('terms = "standard"', 'terms = "danish"', "terms: 'danish' is not allowed"),
        ('from = "copenhagen", why', "why", "from: this key is missing"),
    ],
)
def test_a_mistake_in_the_head_of_a_base_is_named(tmp_path, old, new, expected):
    folder = written(tmp_path / "lilleby")
    replaced(folder / "pathway.toml", old, new)
    with pytest.raises(InputError) as caught:
        read_base(folder)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pathway_with_the_name_of_one_that_ships_may_have_doors_of_its_own(tmp_path):
    folder = written(tmp_path / "lilleby")
    replaced(folder / "pathway.toml", 'name = "lilleby"', 'name = "copenhagen"')
    for kind in ("facts", "targets", "prices", "yardsticks"):
        replaced(folder / "pathway.toml", f'{kind} = "{kind}.toml"', "")
    assert read_base(folder).files["doors"] == folder / "doors.toml"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"benefits": ("sygedagpeng",)}, "--benefits: there is no benefit 'sygedagpeng'; did you mean 'sygedagpenge'"),
        ({"steps": ()}, "--steps: name at least one"),
        ({"weekdays": ("tue", "tue")}, "--weekdays: 'tue' stands twice"),
        ({"citizens": 0.0}, "--citizens: 0 is not allowed"),
        ({"cases": 1e7}, r"--cases: 1e\+07 is not allowed: more than 0, and less than ten million"),
        ({"end": date(2024, 1, 1)}, "--until: 2024-01-01 is not allowed"),
        ({"title": 'Lille"by'}, "--title"),
        ({"title": "Lille\nby"}, "--title: .* is not allowed: it should be a text of one line without quotes"),
        ({"title": "Lille\x01by"}, "--title: .* is not allowed: it should be a text of one line without quotes"),
        ({"name": "copenhagen"}, "'copenhagen' is a base that ships: give the folder another name"),
        ({"name": "Å"}, "is no name of a base"),
    ],
)
def test_answers_that_make_no_base_are_refused(answers, expected):
    with pytest.raises(InputError, match=expected.replace("?", r"\?")):
        NewBase(**{"name": "lilleby", "title": "Lilleby", **DATES, **answers})


@pytest.mark.parametrize("citizens", [86.0, 85.0])
def test_more_cases_than_citizens_can_have_are_refused(citizens):
    """With cases that are opened for all of them, nobody would be left of whom a case could be opened."""
    # 283 a year last 7.04 + 3.75 + 1 + 2 + 2 weeks each: 86 are under way.
    new = NewBase(name="lilleby", title="Lilleby", **DATES, citizens=citizens, cases=283.0)
    with pytest.raises(InputError, match=f"--cases: 283 a year are more than {citizens:g} citizens on kontanthjælp"):
        base_files(new)


def test_one_citizen_more_than_cases_under_way_is_enough(tmp_path):
    base = read_base(written(tmp_path / "lilleby", citizens=87.0, cases=283.0))
    assert base.parameter("stock_kontanthjaelp").value == 1
    assert base.parameter("rate_sag_kontanthjaelp").value == "283 per year"


def test_what_is_missing_shrinks_as_figures_come(tmp_path):
    folder = written(tmp_path / "lilleby", citizens=430.0)
    before = readiness_of(read_base(folder))
    assert (before.facts, before.targets, before.unused) == (0, (), ())
    assert {"wait.rehabilitation_team.served", "awards.fleksjob_tilkendt", "stock.kontanthjaelp"} <= set(
        before.untargeted
    )
    (folder / "facts.toml").write_text(FACT.format(id="timer", role="input", value="value = 15", unit="hours"))
    idle = readiness_of(read_base(folder))
    assert (idle.facts, idle.unused) == (1, ("rapport.timer",))
    base = with_parameter(folder, "hours_a_case", '{ fact = "rapport.timer", as = "{} hours" }')
    after = readiness_of(base)
    assert after.unused == ()
    assert len(after.borrowed) == len(before.borrowed) - 1
    assert after.count("fact") == 1
    moved = with_parameter(folder, "plan_cv", '{ calibrate = 0.4, why = "not told" }')
    assert readiness_of(moved).unmoved == ("plan_cv",)
    full = readiness_of(with_parameter(folder, "places_kommune", '{ assumed = 0.5, why = "made" }'))
    assert "rehabilitation_team" in full.growing
