"""What measures, goals and levers are called, and how their figures are written."""

import math
from dataclasses import replace

import pytest

from flowsim import Pathway, Scenario
from flowsim.calibration.targets import targets_of
from flowsim.planning.levers import Lever
from flowsim.planning.staffing.goals import parse_goals
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording, cut_words
from flowsim.simulation.measures.spells import SENIORITY, STATUS
from helpers.measures import named
from helpers.models.desk import RAW

TODAY = Scenario.of("today")
CITY = TODAY.pathway()
HARD = "\u00a0"


def wording(code="en"):
    return Wording.of(TODAY, CITY, Language.of(code))


@pytest.mark.parametrize(
    ("measure", "title"),
    [
        ("wait.rehabilitation_team.served", "Wait for the rehabilitation team"),
        ("wait.rehabilitation_team.served_p90", "Wait that nine in ten at most had for the rehabilitation team"),
        ("wait.rehabilitation_team.backlog", "Wait as queue over capacity: rehabilitation team"),
        ("queue.rehabilitation_team", "Queue for the rehabilitation team"),
        ("utilisation.rehabilitation_team", "Use of the places of the rehabilitation team"),
        ("clock.plan_til_afgoerelse.within", "Share decided within 23 weeks"),
        ("clock.ankestyrelsen.mean", "Mean time until decided by Ankestyrelsen"),
        ("stock.kontanthjaelp", "Citizens on kontanthjælp at the end"),
        ("mean_stock.job", "Citizens on job on average"),
        ("awards.fleksjob_tilkendt", "Awards: fleksjob"),
        ("cost.total", "Cost of effort and benefits"),
        ("time_to.afslag", "Mean time on benefit until refusal"),
    ],
)
def test_a_measure_is_told_in_words(measure, title):
    assert wording().measure(named(measure)) == title


@pytest.mark.parametrize(
    ("value", "unit", "signed", "english", "danish"),
    [
        (6.44, "weeks", False, "6.4 weeks", "6,4 uger"),
        (6.44, "weeks", True, "+6.4 weeks", "+6,4 uger"),
        (6.44, "citizens", False, "6 citizens", "6 borgere"),
        (6.44, "awards", False, "6 awards", "6 tilkendelser"),
        (0.5, "share", False, "50 %", "50 %"),
        (50.0, "per cent", True, "+50 percentage points", "+50 procentpoint"),
        (1.25, "DKK million", False, "1.3 million DKK", "1,3 mio. kr."),
        (1.25, "doctors", False, "1.3 doctors", "1,3 doctors"),
    ],
)
def test_a_figure_is_written_with_its_unit(value, unit, signed, english, danish):
    for code, told in (("en", english), ("da", danish)):
        assert wording(code).values([value], unit, signed=signed)[0].replace(HARD, " ") == told


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        ("plan_til_afgoerelse within 23 weeks >= 90%", "share decided within 23 weeks: at least 90 %"),
        ("queue of rehabilitation_team <= 120", "queue for the rehabilitation team: at most 120 citizens"),
        ("people on kontanthjaelp <= 9000", "citizens on kontanthjælp at the end: at most 9,000 citizens"),
    ],
)
def test_a_goal_is_told_in_words(goal, told):
    (parsed,) = parse_goals([goal], CITY, "2020")
    assert wording().goal(parsed).replace(HARD, " ") == told


@pytest.mark.parametrize(
    ("limit", "english", "danish"),
    [
        ("23 weeks", "23 weeks", "23 uger"),
        ("14 days", "2 weeks", "2 uger"),
        ("3 days", "3 days", "3 dage"),
        ("10 days", "10 days", "10 dage"),
        ("1 month", "1 month", "1 måned"),
        ("90 minutes", "90 minutes", "90 minutter"),
    ],
)
def test_the_limit_of_a_clock_is_written_in_full(limit, english, danish):
    clock = {"begins": ["plan"], "ends": ["out"], "limit": limit}
    pathway = Pathway.from_dict(RAW | {"clocks": {"decided": clock}})
    for code, told in (("en", english), ("da", danish)):
        words = Wording(language=Language.of(code), pathway=pathway, shipped=False, codes=False)
        assert words.clock("decided").replace(HARD, " ") == f"decided: {told}"


def test_a_lever_goes_by_the_words_of_its_station_or_the_title_that_it_has():
    lever = Lever.parse("rehabilitation_team.places", CITY)
    assert wording("da").lever(lever) == "pladser pr. møde i rehabiliteringsteamet"
    titled = CITY.model_copy(
        update={"stations": tuple(one.model_copy(update={"name": "x"}) for one in CITY.stations[-1:])}
    )
    assert replace(wording(), pathway=titled).station("x") == "Rehabiliteringsteam"
    states = tuple(one.model_copy(update={"name": f"x{n}", "title": "Ukendt"}) for n, one in enumerate(CITY.states))
    titled = CITY.model_copy(update={"states": states})
    assert replace(wording(), pathway=titled).state("x0") == "Ukendt"


# --- Parameters and documented figures ---


@pytest.mark.parametrize("code", ["en", "da"])
def test_every_parameter_and_documented_figure_of_the_city_has_a_title_of_its_own(code):
    names = [*TODAY.base.parameters], [target.name for target in targets_of("copenhagen")]
    for titled, known in zip((wording(code).parameter, wording(code).target), names, strict=True):
        titles = [titled(name) for name in known]
        assert not set(titles) & set(known)
        assert len(set(titles)) == len(titles)
        assert not [title for title in titles if "_" in title or "{" in title]


def test_a_title_says_from_when_a_parameter_holds_and_of_which_period_a_figure_is():
    assert wording().parameter("bif_staff_2019") == "Caseworkers of kontanthjælp, from 2019"
    assert wording("da").parameter("rate_plan_action").endswith(", med handleplanen fra 2018")
    assert wording("da").target("awards.fleksjob 2017Q1") == "Visiteret til fleksjob, 1. kvartal 2017"
    assert wording("da").target("wait.team 2019-03") == "Ventetid på rehabiliteringsteamet, marts 2019"
    assert wording("da").target("wait.team later") == "wait.team later"  # no period
    assert Wording.of(TODAY, CITY, Language.of("da"), True).parameter("bif_staff_2019") == "bif_staff_2019"


@pytest.mark.parametrize(
    ("value", "unit", "decimals"),
    [
        *((0.0, "weeks", 1), (0.5, "weeks", 2), (0.994, "weeks", 2), (0.995, "weeks", 1), (-6.4, "weeks", 1)),
        *((99.94, "weeks", 1), (99.95, "weeks", 0), (math.nan, "weeks", 0), (3.0, "citizens", 0)),
        *((0.0, "share", 0), (0.05, "share", 1), (0.0995, "share", 0), (0.9, "share", 0), (0.95, "share", 1)),
        *((1.0, "share", 0), (5.0, "per cent", 1), (95.0, "per cent", 1), (50.0, "per cent", 0)),
    ],
)
def test_a_figure_has_as_many_decimals_as_tell_something(value, unit, decimals):
    assert wording().decimals(value, unit) == decimals


def test_spans_of_followups_and_seniorities_are_words():
    measures = STATUS("ressourceforloeb", "3_months", "job"), SENIORITY("kontanthjaelp", "over_3_years")
    for code, words in (
        ("en", ["3 months after ressourceforloeb: job", "On kontanthjaelp for over 3 years"]),
        ("da", ["3 måneder efter ressourceforloeb: job", "Borgere på kontanthjaelp i over 3 år"]),
    ):
        own = Wording(language=Language.of(code), pathway=CITY, shipped=False, codes=False)
        assert [own.measure(measure) for measure in measures] == words


# --- What a run does not hold the whole of ---


@pytest.mark.parametrize(
    ("start", "end", "english", "danish"),
    [
        ("2019-01-01", "2021-01-01", "", ""),
        (
            "2019-01-01",
            "2020-12-31",
            "note: only whole months, quarters and years are reported: not 2020, 2020Q4 and 2020-12, within which it "
            "ends (the last day is 2020-12-30). The end itself is left out: `until` (in a pathway `end`) is the first "
            "day after the run. Write 2021-01-01 there to have 2020-12-31 too.",
            "ikke 2020, 2020K4 og 2020-12, hvor den slutter undervejs (sidste dag er 30. december 2020). Slutdatoen",
        ),
        (
            "2019-02-15",
            "2020-10-01",
            "note: only whole months, quarters and years are reported: not 2019, 2019Q1 and 2019-02, within which the "
            "run begins (2019-02-15); not 2020, within which it ends (the last day is 2020-09-30).",
            "ikke 2019, 2019K1 og 2019-02, hvor kørslen begynder undervejs (15. februar 2019); ikke 2020",
        ),
        (
            "2019-01-01",
            "2019-01-31",
            "note: the run holds no whole month: every period is of the days from 2019-01-01 to 2019-01-30 alone.",
            "alle perioder gælder alene dagene fra 1. januar 2019 til 30. januar 2019",
        ),
        (
            "2019-12-15",
            "2020-01-31",
            "note: the run holds no whole month: every period is of the days from 2019-12-15 to 2020-01-30 alone.",
            "alle perioder gælder alene dagene fra 15. december 2019 til 30. januar 2020",
        ),
        (
            "2019-12-15",
            "2020-02-01",
            "note: only whole months, quarters and years are reported: not 2019, 2019Q4 and 2019-12, within which the "
            "run begins (2019-12-15); not 2020 and 2020Q1, within which it ends (the last day is 2020-01-31).",
            "ikke 2019, 2019K4 og 2019-12, hvor kørslen begynder undervejs (15. december 2019); ikke 2020 og 2020K1",
        ),
    ],
)
def test_periods_that_are_not_reported_whole_are_named(start, end, english, danish):
    pathway = Pathway.from_dict(RAW | {"start": start, "end": end})
    assert cut_words(pathway, Language.of("en")) == english
    assert danish in cut_words(pathway, Language.of("da"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"periods": "day"}, "each month, quarter and year is of the days from 2019-01-01 to 2019-01-30 alone."),
        ({"end": "2019-06-30", "warm_up": "45 days"}, "within which the run begins (2019-02-15)"),
        ({"end": "2019-04-01", "warm_up": "31 days"}, "are reported: not 2019, within which it ends"),
    ],
)
def test_what_is_not_whole_goes_by_what_is_reported(changes, told):
    """By days each day is whole though no month is, and what comes before the end of a warm-up is not told of."""
    pathway = Pathway.from_dict(RAW | {"start": "2019-01-01", "end": "2019-01-31"} | changes)
    assert told in cut_words(pathway, Language.of("en"))
