"""A base of one's own from the command line: what is written, asked and said of it, in both languages."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from flowsim.calibration.targets import targets_of
from flowsim.cli.words.base import readiness_lines
from flowsim.model.base import OriginKind, read_base
from flowsim.planning.readiness import readiness_of
from flowsim.reporting.language import Language
from helpers.command_line import fine, flowsim

FILES = ["doors.toml", "facts.toml", "factors.toml", "pathway.toml", "prices.toml", "targets.toml", "yardsticks.toml"]


@pytest.fixture(autouse=True)
def folder(folder):
    return folder


def test_a_base_is_written_and_runs_as_it_is():
    said = fine("base", "new", "lilleby", "--citizens", "430", "--from", "2025-01-01", "--until", "2026-01-01")
    assert sorted(path.name for path in Path("lilleby").iterdir()) == sorted(FILES)
    assert "flowsim base check lilleby" in " ".join(said.split())
    shown = fine("run", "lilleby", "-n", "4", "-q") or fine("run", "lilleby", "-n", "10")
    assert "of the model's 47 numbers are borrowed from Copenhagen" in " ".join(shown.split())
    Path("more.toml").write_text('name = "more"\nbase = "lilleby"\n[parameters]\nplaces_region = "+1"\n')
    assert "more is right" in fine("check", "more.toml")


@pytest.mark.parametrize(("on_windows", "mark"), [(False, "'"), (True, '"')])
def test_the_command_that_comes_next_can_be_given_where_a_name_has_a_space(monkeypatch, on_windows, mark):
    monkeypatch.setattr("flowsim.core.writing.shells._ON_WINDOWS", on_windows)
    Path("own bases").mkdir()
    said = fine("base", "new", "own bases/lilleby", "--from", "2025-01-01", "--until", "2026-01-01")
    assert f"flowsim base check {mark}own bases/lilleby{mark}" in " ".join(said.split())
    ready = replace(readiness_of(read_base("own bases/lilleby")), growing=(), facts=1, parameters=())
    for targets, shown in (
        (targets_of("copenhagen"), "calibrate 'own bases/lilleby/factors.toml' --out 'own bases/lilleby/calibrated'"),
        ((), "run 'own bases/lilleby/pathway.toml'"),
    ):
        lines = readiness_lines(replace(ready, targets=targets), ("door",), [], Language.of("en"))
        shown = shown.replace("'", mark)
        assert f"Next: flowsim {shown}" in " ".join(" ".join(lines).split())


def test_what_is_said_of_borrowed_numbers_names_each_with_its_origin():
    fine("base", "new", "lilleby", "--citizens", "430", "--from", "2025-01-01")
    english = " ".join(fine("base", "check", "lilleby").split())
    assert "Of its 47 numbers 41 are borrowed from another municipality, 6 assumed" in english
    assert "plan_mean = 7.04 weeks: length of the preparatory plan (plan_mean_2019) [Copenhagen]" in english
    assert "facts.toml has no figure of your own yet" in english
    danish = " ".join(fine("base", "check", "lilleby", "--language", "da").split())
    assert "Af 47 tal er 41 lånt fra en anden kommune" in danish
    assert "plan_mean = 7,04 uger" in danish
    # More cases come than Copenhagen's places by date take, around which its team answers the wait: they are raised.
    assert "flere kommer, end der kan tages" not in danish
    assert "Næste skridt: skriv det første af jeres egne tal i facts.toml" in danish
    raised = r"places_region = ([\d.]+): .*?; times (\d\.\d\d), since with fewer the queue would grow without end"
    places, times = map(float, re.search(raised, english).groups())
    assert places == pytest.approx(24.07 * 2 * 430 / 8522 * times, rel=0.01)


def test_staffing_that_was_answered_stays_though_a_queue_grows():
    fine("base", "new", "lilleby", "--citizens", 430, "--places", 1, "--from", "2025-01-01")
    assert read_base("lilleby").parameter("places_region").value == 1
    said = " ".join(fine("base", "check", "lilleby").split())
    assert "more come than can be taken: Rehabilitation team" in said
    assert "Next: a queue grows without end: put your own number of cases or places in" in said


def test_numbers_are_read_as_people_type_them_and_words_are_danish_where_asked():
    fine("base", "new", "Søby", "--places", "3,5", "--from", "2025-02-01", "--language", "da")
    base = read_base("Søby")
    assert (base.name, base.parameter("places_region").value) == ("soeby", 3.5)
    text = Path("Søby/pathway.toml").read_text(encoding="utf-8")
    assert "kommunens egen model" in text
    assert "<<" not in "".join(path.read_text(encoding="utf-8") for path in Path("Søby").iterdir())


def test_what_is_not_given_is_asked_for_on_a_terminal_and_may_be_left_open(monkeypatch):
    answers = io.StringIO("Lilleby Kommune\n430\n1.200\n80\n\n3,5\n")
    answers.isatty = lambda: True
    monkeypatch.setattr("sys.stdin", answers)
    code, out, err = flowsim("base", "new", "lilleby", "--from", "2025-01-01")
    assert code == 0
    assert "What is the municipality called?" in out + err
    assert "1.200" in err  # is 1200 or 1.2: asked again
    base = read_base("lilleby")
    assert base.pathway().title == "Lilleby Kommune"
    kinds = [
        base.parameter(name).kind for name in ("stock_kontanthjaelp", "rate_sag_kontanthjaelp", "staff_kontanthjaelp")
    ]
    assert kinds == ["assumed", "assumed", "borrowed"]


@pytest.mark.slow
def test_nothing_is_overwritten_unasked():
    fine("base", "new", "lilleby")
    code, _, err = flowsim("base", "new", "lilleby")
    assert (code, "pathway.toml' exists already" in err) == (2, True)
    fine("base", "new", "lilleby", "--force")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["new", "x", "--citizens", "1.200"], "--citizens: '1.200': 1200 or 1.2"),
        (["new", "x", "--steps", "plann"], "did you mean 'plan'"),
        (["new", "x", "--from", "soon"], "--from: "),
        (["check", "nowhere"], "there is no base 'nowhere'"),
    ],
)
def test_a_mistake_is_one_line(words, expected):
    code, out, err = flowsim("base", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert expected in err


def test_own_documents_are_listed():
    fine("base", "new", "lilleby")
    assert fine("evidence", "--of", "lilleby") == "0 facts\n"


def test_names_of_an_own_base_say_what_is_borrowed():
    fine("base", "new", "lilleby")
    assert "plan_hours = 25 hours [borrowed]" in fine("names", "lilleby")
    assert "plan_hours = 25 hours [lånt]" in fine("names", "lilleby", "--language", "da")


@pytest.mark.parametrize("kind", get_args(OriginKind))
def test_each_origin_of_a_number_has_words(kind):
    assert {f"names.kind.{kind}"} <= {*Language.of("en").words}


def test_parts_are_listed_in_both_languages():
    assert "kontanthjaelp     Kontanthjælp: aktivitetsparate" in fine("base", "parts", "--language", "da")
    assert "team              The rehabilitation team" in fine("base", "parts")
