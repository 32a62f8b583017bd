"""What a report says of figures that are made up, so that every number in it can be worked by hand."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from flowsim import Scenario
from flowsim.calibration.ensemble import Ensemble
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.prices import Prices
from flowsim.planning.staffing.goals import parse_goals
from flowsim.planning.staffing.queues import StationQueue
from flowsim.planning.staffing.search import Answer, Frontier, Point, Relief
from flowsim.planning.staffing.trials import Finding, Question, StoppingRule, Trial
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.assembly import assemble
from flowsim.reporting.document import Figure
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import explore
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.intervals import Interval
from helpers.paths import TOWN

# The example's town with a desk before the team, which meets twice as often and at two hours a day from 2024 on.
CHANGES = {
    '[stations.team]\ntitle = "Rehabilitation team"\nweekdays = ["tue"]': """
[stations.desk]
capacity = 20

[stations.team]
title = "Rehabilitation team"
at = ["09:00", "13:00"]
weekdays = { 2022-01-01 = ["tue"], 2024-01-01 = ["tue", "thu"] }

[stations.team.parties.region]
places = 9""",
    "[states.plan]": '[states.plan]\nstation = "desk"',
    "[clocks.decision]": """
[entries.moved]
rate = "10 per year"
to = "plan"

[clocks.pension]
begins = ["plan"]
ends = ["pension"]
abandons = ["course", "job"]
limit = "10 weeks"

[clocks.start]
begins = ["plan"]
ends = ["team"]
limit = "10 weeks"

[clocks.decision]""",
}
WAIT, DESK, GRANTS = "wait.team.served", "wait.desk.served", "awards.pension"
WITHIN, ENDED = "clock.start.within", "clock.start.ended"
TEAM = "Wait for the Rehabilitation team"
QUEUES = {("queue.team", "20"): 9, ("queue.desk", "20"): 1}
GOAL = "wait for team <= 4 weeks"
HARD = "\u00a0"

# Ten figures with median 0. At 95 % a median of ten lies between the second and the ninth (11 of 1024 sequences of ten
# coins have at most one head), and between the lowest and the highest as one of many (1 of 1024).
SPREAD = np.array([-2.0, -1.0, -0.5, -0.2, 0.0, 0.0, 0.2, 0.5, 1.0, 2.0])
HALF, WHOLE = 1.0, 2.0
# Twenty-one figures with quantiles to read off: 5 % is 1, 25 % is 5, half is 10, 75 % is 15, 95 % is 19.
STEPS = np.arange(21.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    text = TOWN.read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path_factory.mktemp("made") / "town.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ran(base):
    others = [Scenario.from_dict({"name": name, "base": str(base)}) for name in ("more", "fewer")]
    return explore([Scenario.of(base), *others], parameters=None, replications=2)


def made(ran, *figures, blank=math.nan):
    """Findings of as many scenarios as figures are given for, the others left out.

    The figures are by measure and period, a number a replication; whatever is not told of is `blank`. "2024" stands for
    the year and all that is reported of its quarters and months.
    """
    runs = max(len(np.atleast_1d(values)) for told in figures for values in told.values())
    results = []
    for one, told in zip(ran.comparison.results, figures, strict=False):
        values = np.full((runs, len(one.index)), blank)
        for (measure, period), figure in told.items():
            columns = [n for n, row in enumerate(one.index) if row.measure == measure and row.period.startswith(period)]
            assert columns
            values[:, columns] = np.reshape(figure, (-1, 1))
        results.append(replace(one, values=values, replications=tuple(range(runs)), digests=("x",) * runs))
    names = ran.comparison.names[: len(figures)]
    comparison = replace(ran.comparison, names=names, results=tuple(results))
    return replace(ran, scenarios=ran.scenarios[: len(figures)], comparison=comparison)


def parts(findings, code="en"):
    wording = Wording.of(findings.scenarios[0], findings.pathway, Language.of(code))
    return Exhibits(findings=findings, wording=wording), Conclusions(findings=findings, wording=wording)


def plain(texts):
    return [text.replace(HARD, " ") for text in texts]


# --- What comes of the scenarios ---


def test_a_difference_stands_in_the_table_where_it_is_sure_or_of_the_last_two_years(ran):
    years = ("2022", "2023", "2024", "2025")
    town = {(WAIT, year): 10 for year in years} | {(GRANTS, "2025"): 100, (ENDED, "2025"): 10, (WITHIN, "2025"): 0.5}
    more = {(WAIT, year): 10 + mean + SPREAD for year, mean in zip(years, (0, 0.5, -1, -3), strict=True)}
    more |= {(GRANTS, "2025"): 99.5, (ENDED, "2025"): 10, (WITHIN, "2025"): 0.6, (WAIT, "2024"): 9 + SPREAD}
    fewer = {(WAIT, "2022"): 13 + SPREAD, (WAIT, "2023"): 10, (WAIT, "2024"): 10}
    fewer |= {(GRANTS, "2025"): 140, (ENDED, "2025"): 10, (WITHIN, "2025"): 0.5}
    table = parts(made(ran, town, more, fewer))[0].differences()
    assert table.title == "Differences from town"
    told = {(row[0].split(" (")[0], *row[1:3]): (row[3:6], row[6]) for row in table.rows}
    sure = {key: word for key, (_, word) in told.items()}
    share = "Share within 10 weeks: start"
    assert sure == {
        (TEAM, "more", "2024"): "no",
        (TEAM, "more", "2025"): "yes",
        (TEAM, "fewer", "2022"): "yes",
        (share, "more", "2025"): "yes",
        ("Awards: pension", "more", "2025"): "yes",
        ("Awards: pension", "fewer", "2025"): "yes",
    }
    for year, mean in (("2024", -1), ("2025", -3)):
        figures, _ = told[TEAM, "more", year]
        assert [one.value for one in figures] == pytest.approx([mean, mean - HALF, mean + HALF])
        assert all(one[1:] == (1, False, True, "") for one in figures)  # one decimal, no share, with its sign
    # Awards are means, and a mean that is the same in every pair has no interval.
    for name, figure in (("more", Figure(-0.5, 2, signed=True)), ("fewer", Figure(40, 0, signed=True))):
        mean, low, high = told["Awards: pension", name, "2025"][0]
        assert mean == figure
        assert math.isnan(low.value)
        assert math.isnan(high.value)
    assert told[share, "more", "2025"][0][0] == Figure(pytest.approx(10), 1, signed=True)  # percentage points


def test_key_figures_are_those_of_six_years_at_most_and_of_the_runs_that_have_any(base):
    long = Scenario.from_dict({"name": "long", "base": str(base), "until": "2030-01-01"})
    findings = made(
        explore([long], parameters=None, replications=2),
        {
            (WAIT, "2023"): 99,
            (WAIT, "2024"): [4, 6, math.nan, 11],
            (WAIT, "2029"): 3,
            (GRANTS, "2026"): [50, 51, 52, 53],
            (ENDED, "2025"): 4,
            (WITHIN, "2025"): 0.25,
        },
    )
    table = parts(findings)[0].key_figures()
    assert table.columns[2:] == ("2024", "2025", "2026", "2027", "2028", "2029")
    rows = {row[0]: row[2:] for row in table.rows}
    assert [one.value for one in rows[f"{TEAM} (weeks)"]] == pytest.approx([6, *[math.nan] * 4, 3], nan_ok=True)
    assert rows[f"{TEAM} (weeks)"][0].decimals == 1
    assert rows["Awards: pension"][2] == Figure(51.5, 0)
    assert rows["Share within 10 weeks: start (per cent)"][1] == Figure(0.25, 1, True)


def test_a_fan_and_its_words_are_of_the_quantiles_of_the_runs_that_have_any(ran):
    runs = [*STEPS, math.nan]
    town = {(WAIT, "2024"): math.nan, (DESK, "2022"): 1}
    town |= {(WAIT, "2024Q1"): [15 + one / 10 for one in runs], (WAIT, "2024Q2"): runs}
    chart = parts(made(ran, town, {(DESK, "2022"): 1}))[0].waits()
    rows = {row[:3]: row[3:] for row in chart.table.rows}
    second = rows[f"{TEAM} (weeks)", "town", "2024Q2"]
    assert [figure.value for figure in second[:3]] == pytest.approx([0.1, 10, 19.9])  # at (n + 1) p of 21
    assert {figure.decimals for figure in second[:3]} == {1}
    assert math.isnan(rows[f"{TEAM} (weeks)", "town", "2024Q3"][1].value)
    said = plain([chart.alternative])[0]
    assert (
        f"{TEAM}, town: falls from 16.0 weeks in Q1 2024 to 10.0 weeks in Q2 2024 (nine in ten futures: 0.1 to 19.9); "
        "highest in Q1 2024 with 16.0 weeks. "
        f"{TEAM}, more: nobody to tell of."
    ) in said


def test_timeliness_is_drawn_in_per_cent_for_two_clocks_that_abandon_nobody(ran, monkeypatch):
    town = {("clock.decision.within", "2024"): 0.3 + STEPS / 100, ("clock.decision.ended", "2024"): 5}
    town |= {(WITHIN, "2024"): 0.9, (ENDED, "2024"): 5}
    chart = parts(made(ran, town))[0].timeliness()
    rows = {row[:3]: row[3:] for row in chart.table.rows}
    assert {row[0] for row in rows} == {
        "Share within 10 weeks: start (per cent)",
        "Share within 23 weeks: decision (per cent)",
    }
    told = rows["Share within 23 weeks: decision (per cent)", "town", "2024Q1"]
    assert [one.value for one in told[:3]] == pytest.approx([0.301, 0.4, 0.499])
    assert {one[1:3] for one in told} == {(1, True)}
    seen = []
    monkeypatch.setattr("flowsim.reporting.exhibits.fans", lambda panels, *_: seen.extend(panels) or b"")
    chart.draw(".svg")
    start, decision = seen
    assert decision.times[:4] == [2022.125, 2022.375, 2022.625, 2022.875]  # the middles of quarters
    assert decision.bands[0].quantiles[:, 8] == pytest.approx([30.1, 34.5, 40, 45.5, 49.9])
    assert start.bands[0].quantiles[:, 8] == pytest.approx([90] * 5)
    assert start.title == "Share within 10 weeks: start (per cent)"


def test_queues_are_told_by_month_and_awards_of_every_outcome_by_quarter(ran):
    exhibits, _ = parts(made(ran, {("queue.team", "2023-02"): STEPS, (GRANTS, "2023"): 9}))
    rows = {row[:3]: row[3:] for row in exhibits.queues().table.rows}
    told = rows["Queue for the Rehabilitation team (citizens)", "town", "2023-02"]
    assert [figure.value for figure in told[:3]] == pytest.approx([0.1, 10, 19.9])
    assert {figure.decimals for figure in told[:3]} == {0}
    rows = exhibits.awards().table.rows
    assert list(dict.fromkeys(row[0] for row in rows)) == ["Awards: course", "Awards: pension", "Awards: job"]
    assert rows[0][2] == "2022Q1"


def test_flows_are_means_of_the_last_year_and_the_last_scenario(ran):
    def told(back):
        more = {
            ("entries.opened", "2025"): [100, 120],
            ("entries.moved", "2025"): [8, 12],
            ("exits.cash.pension", "2024"): 999,
            ("exits.cash.pension", "2025"): [50, 70],
            ("exits.cash.course", "2025"): 40,
            ("exits.course.cash", "2025"): back,
            ("exits.course.job", "2025"): 30,
        }
        town = {("exits.cash.pension", "2025"): [1, 1]}
        return parts(made(ran, town, more, blank=0.0))[0].flow()

    chart = told(0.6)  # less than three in a thousand of 250.6
    assert chart.table.rows == (
        ("new", "cash", Figure(120)),
        ("cash", "pension", Figure(60)),
        ("cash", "course", Figure(40)),
        ("course", "job", Figure(30)),
        ("course", "cash", Figure(0.6)),
    )
    assert chart.alternative == (
        "Where citizens went from benefit to benefit in 2025, more. 100 left cash: 60 to pension and 40 to course. "
        "31 left course: 30 to job and 1 to cash."
    )
    assert b"back: cash" not in chart.draw(".svg")
    assert b"<!-- back: cash 3 -->" in told(3).draw(".svg")


def test_the_three_benefits_that_most_left_are_told_with_their_four_largest_ways():
    findings = explore([Scenario.of("today")], parameters=None, replications=2, between=("2016", "2016"))
    ways = {"kontanthjaelp.job": 50, "kontanthjaelp.uddannelse": 40, "kontanthjaelp.selvforsoergelse": 30}
    ways |= {"kontanthjaelp.foertidspension": 20, "kontanthjaelp.uoplyst": 10, "fleksjob.folkepension": 100}
    ways |= {"sygedagpenge.kontanthjaelp": 60, "jobafklaring.kontanthjaelp": 55}
    made_up = made(findings, {(f"exits.{way}", "2016"): citizens for way, citizens in ways.items()}, blank=0.0)
    said = parts(made_up)[0].flow().alternative
    assert said.split(". ", 1)[1] == (
        "150 left kontanthjælp: 50 to job, 40 to education, 30 to self-support and 20 to førtidspension. "
        "100 left fleksjob: 100 to state pension. 60 left sickness benefit: 60 to kontanthjælp."
    )


# --- The answer ---


def test_the_answer_compares_in_the_year_of_the_largest_difference_of_a_wait(ran):
    skewed = np.array([10] * 8 + [15] * 2)
    years = ("2022", "2023", "2024", "2025")
    town = (
        QUEUES | {(WAIT, year): 10 for year in years} | {(WAIT, "2024"): skewed, (DESK, "2022"): 1, (DESK, "2023"): 30}
    )
    town |= {(GRANTS, year): 0 for year in years}
    more = QUEUES | {
        (WAIT, "2024"): skewed - 4 + SPREAD,
        (WAIT, "2025"): 9,
        (DESK, "2022"): 1,
        (DESK, "2023"): 27,
    }
    more |= {(GRANTS, "2025"): 100}
    fewer = {(WAIT, "2024"): skewed + 0.5 + SPREAD, (DESK, "2022"): 3 + SPREAD / 100, (DESK, "2023"): 30}
    said = plain(parts(made(ran, town, more, fewer))[1].answer())
    # Two waits in four years with two scenarios are 16 differences: of ten pairs the interval of 1 - 0.05 / 16 is from
    # the lowest to the highest.
    assert said == [
        f"{TEAM} in 2024, where the scenarios surely differ most: 10.0 weeks in “town”.",
        "Compared with that the difference is −4.0 weeks (−6.0 to −2.0) with “more” and "
        "+0.5 weeks (−1.5 to +2.5) with “fewer”.",
        "The difference is sure for “more”: with 95 % confidence for all 16 differences of waits and years at once it "
        "is not 0.",
    ]
    # A larger one that is not sure, 20 to either side, is told only where no other is.
    unsure = more | {(DESK, "2023"): 20 + 10 * SPREAD}
    assert plain(parts(made(ran, town, unsure, fewer))[1].answer()) == said
    alike = {key: cell for key, cell in town.items() if key != (DESK, "2023")}
    assert plain(parts(made(ran, town, unsure | alike, fewer | alike))[1].answer()) == [
        "Wait for the desk in 2023: 30.0 weeks in “town”.",
        # The tenth root of 0.05 is 0.741: 26 in 100 may differ, so at most one in three.
        "Compared with that the difference is −10.0 weeks (−30.0 to +10.0) with “more” and "
        "nothing in any of 10 pairs of futures with “fewer” (so in at most 1 of 3).",
        "None of these differences is sure: with 95 % confidence for all 16 differences of waits and years at once "
        "they may be 0.",
    ]


@pytest.mark.parametrize(
    ("confidence", "third"),
    [
        (0.8, "The difference is sure for “more”: with 80 % confidence for all 8 differences of waits"),
        (0.95, "None of these differences is sure: with 95 % confidence for all 8 differences of waits"),
    ],
)
def test_a_difference_chosen_among_eight_is_sure_where_all_eight_intervals_hold_at_once(ran, confidence, third):
    town = QUEUES | {(WAIT, "2025"): 9 + SPREAD}
    findings = made(ran, town, {(WAIT, "2025"): 11 + 2 * SPREAD})
    findings = replace(findings, comparison=replace(findings.comparison, confidence=confidence))
    # One of ten is not above 0, with a chance of 22 in 1024: for itself that would be sure at 95 % too; as one of eight
    # it is at 80 %, from the second to the ninth, and not at 95.
    told = plain(parts(findings)[1].answer())
    low, high = ("+1.0", "+3.0") if confidence == 0.8 else ("0.0", "+4.0")
    assert told[1] == f"Compared with that the difference is +2.0 weeks ({low} to {high}) with “more”."
    assert told[2].startswith(third)


def test_a_queue_that_stands_still_is_told_by_futures_and_never_as_an_infinite_wait(ran):
    none = [10.0] * 10
    three, all_ten = [10.0] * 7 + [math.inf] * 3, [math.inf] * 10
    years = {(WAIT, year): none for year in ("2022", "2023", "2024")}
    town, more = QUEUES | years | {(WAIT, "2025"): none}, QUEUES | years | {(WAIT, "2025"): all_ten}
    first, second, _ = plain(parts(made(ran, town, more))[1].answer())
    assert first == f"{TEAM} in 2025, where the scenarios surely differ most: 10.0 weeks in “town”."
    assert second == (
        "Compared with that the difference is that the queue stands still: in 10 of 10 futures with “more”, in 0 of 10 "
        "in the first one."
    )
    first, second, _ = plain(parts(made(ran, more, town))[1].answer())
    assert "differ most: the queue stands still in 10 of 10 futures in “town”." in first
    assert "in 0 of 10 futures with “more”, in 10 of 10 in the first one." in second
    some = QUEUES | years | {(WAIT, "2025"): three}
    (alone, *_) = plain(parts(made(ran, some | {(WAIT, "2025"): all_ten}))[1].answer())
    assert alone == f"{TEAM} in 2025: the queue stands still in 10 of 10 possible futures."
    danish = plain(parts(made(ran, town, more), "da")[1].answer())
    assert "at køen står stille: i 10 af 10 fremtider med »more«, i 0 af 10 i udgangspunktet" in danish[1]
    assert not any("∞" in line for line in (*danish, first, second, alone))


def test_where_nobody_was_served_no_wait_is_made_up(ran):
    first, second, third = plain(parts(made(ran, QUEUES, QUEUES))[1].answer())
    assert first == f"{TEAM} in 2025: – weeks in “town”."
    assert "the difference is – weeks with" in second
    assert third.startswith("There is no difference in any of 8 comparisons")


def test_the_answer_of_one_scenario_is_a_wait_and_a_share_in_the_last_year(ran):
    town = QUEUES | {(WAIT, "2025"): STEPS, (DESK, "2025"): 3, (WAIT, "2022"): 50}
    town |= {(WITHIN, "2025"): 0.4 + STEPS / 100, (ENDED, "2025"): 5}
    first, second, third = plain(parts(made(ran, town))[1].answer())
    future = "is expected; nine in ten possible futures give"
    assert first == f"{TEAM} in 2025: 10.0 weeks {future} 0.1 to 19.9."
    assert second == f"Share within 10 weeks: start in 2025: 50 % {future} 40 to 60 %."
    assert third.startswith("Uncertainty is that within the model.")
    # Nobody was served or decided on in 2025, and the queue alone is told of.
    first, second = plain(parts(made(ran, QUEUES | {(WAIT, "2022"): STEPS}))[1].answer())
    assert first == f"Queue for the Rehabilitation team in 2025: 9 citizens {future} 9 to 9."
    assert second == third


def test_the_question_and_what_is_sure_are_told_from_the_findings(ran):
    one = QUEUES | {(WAIT, "2025"): 9 + SPREAD}
    alone, all_three = (parts(made(ran, *[one] * count))[1] for count in (1, 3))
    assert alone.question() == "What comes of the scenario “town” from 2022 to 2025?"
    assert all_three.question() == "What changes with “more” and “fewer”, compared with “town”?"
    said = plain(alone.uncertainty())
    assert len(said) == 4
    assert said[0].startswith(
        "Each scenario was run 10 times, each time with luck of its own but with the same parameters"
    )
    assert said[1].startswith("In the charts half of the futures lie in the dark band")
    assert said[2].startswith("With 10 runs the ends of the ranges are rough")
    eighty = made(ran, *[{(WAIT, "2025"): np.ones(20)}] * 2)
    eighty = replace(eighty, comparison=replace(eighty.comparison, confidence=0.8))
    said = plain(parts(eighty)[1].uncertainty())
    assert len(said) == 4  # twenty runs are not rough
    assert said[1].startswith("In the charts nine in ten of a scenario's futures lie in its band")
    assert "holds the difference with 80 %" in said[2]
    assert "in 1 of 5 repetitions one of them would be wrong" in said[2]


# --- Staffing ---


@pytest.fixture(scope="module")
def asked(ran):
    return Question.of(ran.scenarios[1], [GOAL], "2024")


def tried(question, level, mean, verdict, kept=0.4):
    means = np.atleast_1d(mean)
    findings = [
        Finding(goal=goal, mean=Interval(estimate=one, error=0.1, low=one - 0.5, high=one + 1))
        for goal, one in zip(question.goals, means.tolist(), strict=True)
    ]
    levels = tuple(np.atleast_1d(level).tolist())
    share = Interval(estimate=kept, error=0.1, low=max(round(kept - 0.03, 2), 0), high=min(round(kept + 0.02, 2), 1))
    return Trial(levels=levels, replications=45, findings=tuple(findings), kept=share, verdict=verdict)


def answered(ran, question, least, *trials, lever="team.places", **more):
    levels = Levels(lever=Lever.parse(lever, ran.pathway), least=2, most=7)
    ceiling = tried(question, math.inf, [0.5] * len(question.goals), "meets", kept=1)
    how = {"outcome": "found" if least else "beyond", "conflict": None, "relief": (), "ceiling": ceiling} | more
    told = Answer(
        question=question,
        levels=levels,
        least=least,
        today=ceiling,
        trials=trials,
        tests=12,
        stopping=StoppingRule(confidence=0.9),
        seed=1,
        **how,
    )
    return replace(ran, staffing=told)


def test_the_answer_tells_the_least_level_and_the_one_below(ran, asked):
    trials = (
        tried(asked, 2, 9, "misses", 0.0),
        tried(asked, 3, 4, "close", 0.2),
        tried(asked, 4, 3, "meets", 0.7),
        tried(asked, 7, 1, "meets", 1.0),
    )
    findings = answered(made(ran, QUEUES, QUEUES), asked, 4, *trials)
    exhibits, conclusions = parts(findings)
    # Two days a week and two hours a day from 2024 on: four meetings a week.
    assert plain(conclusions.answer()) == [
        "With 4 places a meeting of the Rehabilitation team (16 places a week) from 1 January 2024 on the goal is met "
        "with 90 % confidence (wait for the Rehabilitation team: at most 4.0 weeks): 3.0 weeks is expected on average "
        "(interval 2.5 to 4.0); the scenario itself has 9 (region) and 3.5 (town).",
        "With 3 it is too close to call: 4.0 weeks is expected on average (interval 3.5 to 5.0).",
        "In a single year, taken at random, it is likely that the goal is met: it was in 70 % of 45 possible futures "
        "(interval 67 to 72 %).",
    ]
    assert plain([conclusions.question()]) == [
        "What is the least number of places a meeting of the Rehabilitation team with which this holds in 2024, in the "
        "scenario “more”: wait for the Rehabilitation team: at most 4.0 weeks?"
    ]
    (told,) = [line for line in plain(conclusions.uncertainty()) if line.startswith("The intervals of the staffing")]
    assert "together with 90 % confidence (of at most 12 staffings)" in told
    assert told.endswith("too few would be named in at most 1 of 20 repetitions.")
    chart = exhibits.staffing()
    assert [row[1:] for row in chart.table.rows[2:]] == [
        (Figure(4), Figure(3, 1), Figure(2.5, 1), Figure(4, 1), *shares(0.7, 0.67, 0.72), "meets it"),
        (Figure(7), Figure(1, 1), Figure(0.5, 1), Figure(2, 1), *shares(1, 0.97, 1), "meets it"),
        ("enough for everybody", Figure(0.5, 1), Figure(0, 1), Figure(1.5, 1), *shares(1, 0.97, 1), "meets it"),
    ]
    assert [row[-1] for row in chart.table.rows[:2]] == ["misses it", "too close to call"]
    assert plain([chart.alternative]) == [
        "With 4 places a meeting of the Rehabilitation team (16 places a week) from 1 January 2024 on the goal is met "
        "with 90 % confidence (wait for the Rehabilitation team: at most 4.0 weeks): 3.0 weeks is expected on average "
        "(interval 2.5 to 4.0). wait for the Rehabilitation team: at most 4.0 weeks. "
        "2: 9.0 weeks, misses it; 3: 4.0 weeks, too close to "
        "call; 4: 3.0 weeks, meets it; 7: 1.0 weeks, meets it."
    ]
    assert conclusions.remarks() == ()


def shares(*values):
    return tuple(Figure(value, 0, share=True) for value in values)


def test_what_makes_an_answer_doubtful_is_told_beside_it(ran, asked):
    nobody = made(ran, QUEUES, QUEUES)
    close = [tried(asked, level, 4, "close") for level in (2, 3)]
    meets, misses, most = tried(asked, 4, 3, "meets"), tried(asked, 5, 6, "misses"), tried(asked, 7, 3, "meets")
    some, more = (
        replace(one, findings=(replace(one.findings[0], undefined=n),)) for one, n in ((misses, 2), (most, 9))
    )
    assert parts(answered(nobody, asked, 4, *close[:1], meets, most))[1].remarks() == ()
    assert plain(parts(answered(nobody, asked, 4, *close, meets, some, more))[1].remarks()) == [
        "More is not always better here: 4 is enough and 5 is not, so the search may have passed by a lower number "
        "that is.",
        "With 2 and 3 places a meeting of the Rehabilitation team it is too close to call.",
        "In up to 9 of the runs of a staffing nobody came; they are left out of the mean.",
    ]
    nowhere = tried(asked, math.inf, 9, "misses")
    (told,) = plain(parts(answered(nobody, asked, 4, meets, ceiling=nowhere))[1].remarks())
    assert told.startswith("More is not always better here: 4 is enough and a place for everybody is not")


def test_the_answer_tells_that_fewer_were_not_asked_about_and_what_servers_are_not_a_week(ran, asked):
    trial = tried(asked, 2, 3, "meets", 0.05)
    lowest = answered(ran, asked, 2, trial, lever="desk.capacity", outcome="lowest")
    first, second, third = plain(parts(lowest)[1].answer())
    assert first.startswith("2 servers: desk, the fewest that were asked about, are enough from 1 January 2024 on")
    assert first.endswith("; the scenario itself has 20.")
    assert second == "Whether fewer would do was not asked."
    assert "it is very unlikely that the goal is met: it was in 5 % of 45" in third


def test_the_answer_tells_what_plenty_comes_to_and_what_would_help(ran, asked):
    trials = tried(asked, 2, 9, "misses", 0.0), tried(asked, 7, 8, "misses", 0.0)
    ceiling = tried(asked, math.inf, 6, "misses", 0.1)
    relief = (
        Relief(stations=("desk",), trial=tried(asked, math.inf, 2, "meets")),
        Relief(stations=("desk", "team"), trial=tried(asked, math.inf, 5, "misses")),
    )
    told = answered(ran, asked, None, *trials, outcome="unreachable", ceiling=ceiling, relief=relief)
    first, second, third = plain(parts(told)[1].answer())
    assert first == (
        "No number from 2 to 7 of places a meeting of the Rehabilitation team is enough for this, and more would not "
        "be either: wait for the Rehabilitation team: at most 4.0 weeks; the scenario itself has 9 (region) and 3.5 "
        "(town)."
    )
    assert second == (
        "With a place for everybody: 6.0 weeks is expected on average (interval 5.5 to 7.0); and with nobody waiting "
        "for the desk either: 2.0 weeks is expected on average (interval 1.5 to 3.0)."
    )
    assert third == (
        "In a single year, taken at random, with a place for everybody it is between “very unlikely” and “unlikely” "
        "that the goal is met: it was in 10 % of 45 possible futures (interval 7 to 12 %)."
    )


def test_the_answer_tells_at_which_level_goals_conflict(ran, monkeypatch):
    two = Question.of(ran.scenarios[1], [GOAL, "utilisation.team >= 80 %"], "2024")
    conflict = tried(two, 5, [3, 0.5], "misses")
    told = answered(ran, two, None, conflict, outcome="conflict", conflict=conflict)
    exhibits, conclusions = parts(told)
    first, second, _ = plain(conclusions.answer())
    assert first.endswith(
        "wait for the Rehabilitation team: at most 4.0 weeks and use of the places of the Rehabilitation team: "
        "at least 80 %; the scenario itself has 9 (region) and 3.5 (town)."
    )
    assert second.startswith("With 5, the least for those goals that need more, others do not hold: 3.0 weeks")
    assert "50 % is expected on average (interval 0 to 150 %)" in second
    rows = exhibits.staffing().table.rows
    assert (rows[0][-1], rows[2][-1]) == ("meets it", "too close to call")
    assert rows[2][2:5] == (Figure(0.5, 1, True), Figure(0.0, 1, True), Figure(1.5, 1, True))
    panels = []
    monkeypatch.setattr("flowsim.reporting.staffing.staffings", lambda told, *_: panels.extend(told) or b"")
    exhibits.staffing().draw(".svg")
    wait, share = panels
    assert (wait.figures, wait.low, wait.high, wait.bound, wait.ceiling) == ((3,), (2.5,), (4,), 4, 0.5)
    assert (share.figures, share.low, share.high, share.bound, share.ceiling) == ((50,), (0,), (150,), 80, 50)
    assert (wait.levels, wait.verdicts, share.levels, share.verdicts) == ([5], ["meets"], [5], ["close"])


def bordered(ran, question, *points, rows="desk.capacity", levels="team.places"):
    rows = Levels(lever=Lever.parse(rows, ran.pathway), least=10, most=40, every=10)
    levels = Levels(lever=Lever.parse(levels, ran.pathway), least=2, most=7)
    trials = ((10, 7), 6, "misses"), ((20, 7), 3, "meets"), ((40, 5), 3, "meets", 0.95)
    told = Frontier(
        question=question,
        rows=rows,
        levels=levels,
        points=tuple(Point(level=level, least=least) for level, least in points),
        ceiling=tried(question, (math.inf, math.inf), 0.5, "meets", kept=1),
        today=tried(question, (), 0.5, "meets"),
        trials=tuple(tried(question, *trial) for trial in trials),
        relief=(),
        tests=12,
        stopping=StoppingRule(),
        seed=1,
    )
    return replace(ran, staffing=told)


def priced(server, place=0.01):
    told = {"places": {"team": f"{place} DKK per place"}, "servers": {"desk": f"{server} DKK per year"}}
    return Prices.from_dict(told)


def test_the_answer_of_two_levers_tells_the_frontier_and_the_cheapest_of_it(ran, asked):
    findings = replace(bordered(ran, asked, (10, None), (20, 7), (30, 6), (40, 5)), prices=priced(75000))
    exhibits, conclusions = parts(findings)
    first, second, third = plain(conclusions.answer())
    assert first == (
        "With these numbers of servers: desk and of places a meeting of the Rehabilitation team the goal is "
        "met with 96 % confidence, and with fewer of the latter it is not (wait for the Rehabilitation team: at most "
        "4.0 weeks): 20 with 7, 30 with 6 and 40 with 5; nothing tried is enough with 10 servers: desk; the scenario "
        "itself has servers: desk: 20 and places a meeting of the Rehabilitation team: 9 (region) and 3.5 (town)."
    )
    # 20 servers at 75,000 are a million and a half; 7 places of an øre at 210 meetings, two on each of 53 Tuesdays and
    # 52 Thursdays, add 14.70.
    assert second == "The cheapest of these is 20 with 7, 1,500,015 DKK a year for both together."
    assert third == (
        "In a single year, taken at random, with 20 and 7 it is about as likely as not that the goal is met: it was in "
        "40 % of 45 possible futures (interval 37 to 42 %)."
    )
    assert "servers: desk and places a meeting of the Rehabilitation team" in conclusions.question()
    chart = exhibits.staffing()
    assert chart.table.columns == ("servers: desk", "places a meeting of the Rehabilitation team", "DKK a year")
    assert chart.table.rows[0] == (Figure(10), "none", "")
    assert chart.table.rows[1][:2] == (Figure(20), Figure(7))
    assert [row[2].value for row in chart.table.rows[1:]] == pytest.approx([1_500_014.7, 2_250_012.6, 3_000_010.5])
    said = plain([chart.alternative])[0]
    assert "20 with 7, 30 with 6 and 40 with 5." in said
    assert "Nothing tried is enough at servers: desk = 10." in said
    cheapest = "The cheapest is servers: desk = 20 with places a meeting of the Rehabilitation team = 7,"
    assert f"{cheapest} 1.5 million DKK a year." in said
    drawn = parts(replace(findings, prices=priced(40000)))[0].staffing().draw(".svg").decode()
    labels = re.findall("<!-- (.*? a year) -->", drawn)
    assert labels == ["0.5 million DKK a year", "1.0 million DKK a year", "1.5 million DKK a year"]
    said = parts(replace(findings, prices=priced(50)))[0].staffing().alternative
    assert f"{cheapest} 1,015 DKK a year." in said
    # Where a place costs 25,000 a meeting two of them are worth more than twenty servers.
    dear = parts(replace(findings, prices=priced(75000, 25000)))[1].answer()
    assert plain(dear)[1].startswith("The cheapest of these is 40 with 5, 29,250,000 DKK a year")
    assert "with 40 and 5 it is very likely that the goal is met: it was in 95 %" in plain(dear)[2]
    first, second, third = plain(parts(bordered(ran, asked, (20, 7), (30, None)))[1].answer())
    assert "4.0 weeks): 20 with 7; nothing tried is enough with 30 servers: desk; the scenario" in first
    assert second == "With a place for everybody: 0.5 weeks is expected on average (interval 0.0 to 1.5)."
    assert third.startswith("In a single year, taken at random, with 20 and 7 ")
    five = [(level, 7) for level in (20, 21, 22, 23, 24)]
    assert (
        plain(parts(bordered(ran, asked, *five))[1].answer())[0]
        .partition("; the scenario")[0]
        .endswith("23 with 7 and 24 with 7")
    )
    six = parts(bordered(ran, asked, *five, (25, 6)))[1].answer()
    assert "4.0 weeks): 20 with 7 and 25 with 6; the scenario" in plain(six)[0]
    everywhere = parts(bordered(ran, asked, (20, 7), (30, 6)))[0].staffing().alternative
    assert "Nothing tried" not in everywhere
    waits = {(DESK, "2024"): 50, (WAIT, "2024"): 40}
    assert parts(replace(made(ran, waits, waits), staffing=findings.staffing))[1].remarks() == ()  # both are varied
    none = parts(bordered(ran, asked, (10, None), (20, None)))
    first, second, third = plain(none[1].answer())
    assert first.startswith("No combination tried of servers: desk and places a meeting")
    assert second.startswith("With a place for everybody: 0.5 weeks")
    assert "with a place for everybody it is between “very likely” and “practically certain”" in third
    assert "Least," not in none[0].staffing().alternative
    unpriced = replace(findings, prices=Prices.from_dict({"places": {"team": "1 DKK per place"}}))
    assert "cheapest" not in parts(unpriced)[0].staffing().alternative


def test_waits_beside_a_goal_are_those_of_the_scenario_asked_of(ran, asked):
    trial = tried(asked, 4, 3, "meets")

    def beside(wait, lever="team.places"):
        town, more = {(DESK, "2024"): 50, (WAIT, "2024"): 40}, {(DESK, "2024"): wait, (WAIT, "2024"): 40}
        return plain(parts(answered(made(ran, town, more), asked, 4, trial, lever=lever))[1].remarks())

    said = "What the goal does not count: as the scenario stands, the wait in 2024 is 7.0 weeks for the desk."
    assert beside([5, 7, 10]) == [said]
    assert beside([5, math.nan, 9]) == [said]
    assert beside([0.5, 0.5, 0.9]) == []
    assert beside([math.nan] * 3) == []
    assert beside([5, 6, 10], "desk.capacity") == []  # the goal counts the other


# --- What is told of, and what is documented ---


def test_the_measures_are_those_of_goals_first(ran, asked):
    told = (WAIT, DESK, WITHIN, "queue.team", "awards.course", GRANTS, "awards.job")
    findings = made(ran, {("queue.team", "2022"): 2}, blank=1.0)
    assert findings.stations == ("team", "desk")
    assert findings.measures == told
    asked = replace(asked, goals=parse_goals(["utilisation.desk <= 90 %", GOAL], ran.pathway, "2024"))
    more = answered(findings, asked, 4, tried(asked, 4, [0.5, 3], "meets"))
    assert more.stations == ("team", "desk")
    assert more.measures == ("utilisation.desk", *told)


def test_stations_that_a_scenario_changes_come_first_then_those_of_the_longest_queues():
    base = {"base": "copenhagen", "until": "2017-01-01"}
    closed = {"station": "plan_oevrige", "from": "2016-02-01", "until": "2016-03-01"}
    scenarios = [
        Scenario.from_dict(base | {"name": "before"}),
        Scenario.from_dict(base | {"name": "after", "closures": [closed]}),
    ]
    findings = explore(scenarios, parameters=None, replications=2, between=("2016", "2016"))

    def queues(**told):
        return {(f"queue.{name}", f"2016-{n + 1:02}"): one for name, by in told.items() for n, one in enumerate(by)}

    falling = [[24 - 2 * n] for n in range(12)]  # 13 on average, 2 at the end
    once = [[0, 0, 900]] * 12
    before = queues(plan_kontanthjaelp=falling, rehabilitation_team=[[12]] * 12, plan_ressourceforloeb=once)
    after = queues(plan_ressourceforloeb_sof=[[14]] * 12)
    told = made(findings, before, after, blank=0.0)
    assert told.stations == ("plan_oevrige", "plan_ressourceforloeb_sof", "plan_kontanthjaelp")
    edited = Scenario.from_dict(
        base | {"name": "edited", "stations": [{"station": "rehabilitation_team", "party": "region", "places": "+1"}]}
    )
    assert replace(told, scenarios=(scenarios[0], edited)).stations[0] == "rehabilitation_team"


def test_stations_of_levers_and_goals_come_before_all_others():
    city = explore([Scenario.of("today")], parameters=None, replications=2, between=("2016", "2016"))
    question = Question.of(city.scenarios[0], ["wait for plan_ressourceforloeb_sof <= 4 weeks"], "2016")
    queues = made(city, {("queue.plan_kontanthjaelp", "2016"): 99}, blank=0.0)
    staff = answered(queues, question, 4, tried(question, 4, 3, "meets"), lever="plan_oevrige.places")
    assert staff.stations == ("plan_oevrige", "plan_ressourceforloeb_sof", "plan_kontanthjaelp")
    two = bordered(queues, question, (20, 7), rows="plan_ressourceforloeb.bif.staff", levels="plan_oevrige.places")
    assert two.stations == ("plan_oevrige", "plan_ressourceforloeb", "plan_ressourceforloeb_sof")
    edit = {"station": "rehabilitation_team", "party": "region", "places": "+1"}
    edited = Scenario.from_dict({"name": "edited", "base": "copenhagen", "stations": [edit]})
    changed = replace(staff, scenarios=(edited,))
    assert changed.stations == ("plan_oevrige", "plan_ressourceforloeb_sof", "rehabilitation_team")
    share = Question.of(city.scenarios[0], ["plan_til_afgoerelse within 23 weeks >= 90%"], "2016")
    in_time = answered(queues, share, 4, tried(share, 4, 0.95, "meets"), lever="plan_oevrige.places")
    assert in_time.stations[:2] == ("plan_oevrige", "plan_kontanthjaelp")
    # Members of staff are told without places a week.
    staff = answered(queues, question, 4, tried(question, 4, 3, "meets"), lever="plan_ressourceforloeb.bif.staff")
    assert re.match(r"With 4 staff: [^(]* from 1", plain(parts(staff)[1].answer())[0])


def test_documented_figures_lie_within_the_middle_nine_tenths_or_not():
    both = [Scenario.of("today"), Scenario.of("more-places")]
    findings = explore(both, parameters=None, replications=2, between=("2019", "2020"))
    wait, awards = "wait.rehabilitation_team.served", "awards.fleksjob_tilkendt"
    figures = {
        (wait, "2020-02"): np.full(21, 9.0),  # 9.0 is documented
        (wait, "2020-06"): STEPS - 2,  # 14.5, between three quarters and 95 %
        (awards, "2019Q3"): np.zeros(21),
        (awards, "2019Q4"): np.full(21, 300.0),  # 221
    }
    conclusions = parts(made(findings, figures, {(wait, "2019"): 5}))[1]
    (told,) = [line for line in conclusions.uncertainty() if "documented figures" in line]
    assert told.startswith("Of the 28 documented figures within the time reported, 2 lie")
    assert parts(made(findings, figures))[1].answer()[-1] == told


def test_a_documented_share_is_drawn_in_per_cent_in_the_middle_of_its_quarter(monkeypatch):
    findings = explore([Scenario.of("today")], parameters=None, replications=2, between=("2018", "2018"))
    chart = parts(made(findings, {("queue.rehabilitation_team", "2018"): 1}, blank=0.3))[0].timeliness()
    assert "Documented: Q1 2018 76 %." in plain([chart.alternative])[0]
    seen = []
    monkeypatch.setattr("flowsim.reporting.exhibits.fans", lambda panels, *_: seen.extend(panels) or b"")
    chart.draw(".svg")
    assert [one.documented for one in seen] == [[(2018.125, 76.0)], []]


def test_documented_awards_are_drawn_first_with_their_quarters():
    findings = explore([Scenario.of("today")], parameters=None, replications=2, between=("2019", "2020"))
    chart = parts(findings)[0].awards()
    titles = list(dict.fromkeys(row[0] for row in chart.table.rows))
    assert len(titles) == 4
    assert set(titles[:2]) == {"Awards: fleksjob", "Awards: førtidspension"}
    said = plain([chart.alternative])[0]
    (first, second) = [part.split(". ")[0] for part in said.split("Documented, ")[1:]]
    for part in (first, second):
        assert re.match(r"7 figures: first Q1 2019 \d+ awards, last Q3 2020 \d+ awards, highest Q", part)


# --- The whole ---


def test_a_report_has_its_parts_in_order(ran, asked):
    prices = Prices.from_dict({"places": {"team": "4000 DKK per place"}})
    town, more = {(DESK, "2024"): 2, (WAIT, "2025"): 2}, {(DESK, "2024"): 5, (WAIT, "2025"): 3}
    told = answered(made(ran, town, more, blank=1.0), asked, 4, tried(asked, 4, 3, "meets"))
    told = replace(told, prices=prices)
    document = assemble(told, Language.of("en"), repeat="flowsim report x")
    assert document.title == "town: what scenarios come to"
    assert document.subject == "Scenarios: town and more; 2022 to 2025"
    blocks = {
        section.title: [getattr(block, "lines", None) or getattr(block, "title", "") for block in section.blocks]
        for section in document.sections
    }
    conclusions = parts(told)[1]
    question = conclusions.question()
    assert list(blocks)[:6] == [
        question,
        "The answer in a chart",
        "The figures behind the answer",
        "To be known besides",
        "What this rests on",
        "How to repeat it",
    ]
    (box,) = document.sections[0].blocks
    assert (box.number, box.label) == (Figure(4), "places a meeting of the Rehabilitation team")
    first, *rest = conclusions.answer()
    assert first.startswith(box.sentence.removesuffix("."))
    assert "the wait in 2024" in box.warning  # that of the desk, which no goal counts
    assert blocks["To be known besides"] == [(*rest, *[line for line in conclusions.remarks() if line != box.warning])]
    assert blocks["The figures behind the answer"] == ["Key figures, 2024"]
    assert blocks["How to repeat it"][1:] == [("flowsim report x",)]
    assert blocks["All figures"] == [
        "Key figures by year",
        "Waits",
        "Timeliness",
        "Queues over time",
        "Awards by quarter",
        "The flow of citizens in 2025: more",
        "Differences from town",
    ]
    sentences, lead, words = blocks["How sure this is"]
    assert sentences == conclusions.uncertainty()
    assert len(lead) == 1
    assert words[0] == f"practically certain: 99 to 100{HARD}%"
    assert blocks["Assumptions and sources"][1:] == ["The scenarios", "Prices"]
    assert blocks["Hashes and versions"] == ["What made the figures"]
    assert blocks["Every number of the model"] == ["Assumed parameters", "Calibrated parameters"]
    assert [section.appendix for section in document.sections] == [False] * 6 + [True] * 5
    bare = assemble(made(ran, town, blank=1.0), Language.of("en"), question="Why?", appendix=False)
    sections = {section.title: section.blocks for section in bare.sections}
    assert list(sections) == ["Why?", *list(blocks)[1:5]]  # without a command there is nothing to repeat
    assert bare.sections[2].new_page


def test_a_report_of_the_city_tells_its_facts_and_how_sure_the_calibration_is():
    city = Scenario.of("today")
    findings = explore([city], parameters=None, replications=2, between=("2016", "2016"))
    document = assemble(replace(findings, parameters=Ensemble.of(city.base)), Language.of("en"))
    titles = {section.title: [getattr(block, "title", "") for block in section.blocks] for section in document.sections}
    assert titles["Every number of the model"] == [
        "How sure the calibration is",
        "Assumed parameters",
        "Calibrated parameters",
        "Documented parameters",
    ]
    assert titles["Assumptions and sources"][-1] == "The documents"
    assert document.title.startswith("Copenhagen")
    (said,) = [
        block.lines
        for section in document.sections
        if section.title == "How sure this is"
        for block in section.blocks[:1]
    ]
    assert "one of 500 histories that agree with the documents" in said[0]
    assert said[0].startswith("Each scenario was run 2 times")
    assert not any("the same luck" in line for line in said)  # nothing is compared


def test_the_first_sentence_of_a_staffing_says_which_queues_grow_with_it(ran, asked):
    findings = made(ran, QUEUES)
    grown = StationQueue(station="desk", before=20, after=50, grows=True)
    own = StationQueue(station="team", before=3, after=9, grows=True)
    steady = StationQueue(station="team", before=9, after=9, grows=False)
    few = replace(tried(asked, 3, 5, "misses", 0.2), queues=(steady,))
    enough = replace(tried(asked, 4, 3, "meets", 0.7), queues=(grown, steady))
    first, *_ = plain(parts(answered(findings, asked, 4, few, enough))[1].answer())
    assert "but with it queues grow in 2024: queue for the desk from 20 citizens to 50 citizens." in first
    first, *_ = plain(parts(answered(findings, asked, 4, few, replace(enough, queues=(own,))))[1].answer())
    assert "but with it queues grow in 2024: queue for the Rehabilitation team from 3 citizens to 9 citizens." in first
    first, *_ = plain(parts(answered(findings, asked, 4, few, replace(enough, queues=(steady,))), "da")[1].answer())
    assert "vokser" not in first
    first, *_ = plain(parts(answered(findings, asked, 4, enough), "da")[1].answer())
    assert "men imens vokser køer i 2024: borgere, der venter på desk: fra 20 borgere til 50 borgere." in first
