"""What a report says, held against the results that it is of; and `flowsim report` as a planner types it."""

import math
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from flowsim import InputError, Scenario
from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Study
from flowsim.planning.comparison import paired
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.prices import Prices
from flowsim.planning.response import series
from flowsim.planning.staffing.search import frontier, seek
from flowsim.planning.staffing.trials import Question
from flowsim.questions.report import Report as ReportQuestion
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.assembly import assemble
from flowsim.reporting.document import Chart, Figure, Headline, Table, Text
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import STATIONS, explore
from flowsim.reporting.language import Language
from flowsim.reporting.pictures.charts import Band, Fan, FanWords, Flow, fans, flows, forward
from flowsim.reporting.reports import report as flowsim_report
from flowsim.reporting.sources import SourceTables
from flowsim.reporting.wording import Wording, likely, told_likely, words_and_ranges
from flowsim.simulation.measures.stations import SERVED
from helpers.command_line import fine, flowsim
from helpers.measures import named
from helpers.paths import TOWN

MORE = {
    "name": "more <b>places</b>",
    "description": "=1+1",
    "base": str(TOWN),
    "stations": [{"station": "team", "party": "town", "from": "2024-01-01", "places": "+1"}],
}
PRICES = {"places": {"team": "4000 DKK per place"}, "benefits": {"cash": "2800 DKK per week"}}
GOAL = "wait for team <= 4 weeks"
HARD = "\u00a0"


def scenarios():
    return [Scenario.of(TOWN), Scenario.from_dict(MORE)]


@pytest.fixture(scope="module")
def compared():
    prices = Prices.from_dict(PRICES)
    return explore(scenarios(), parameters=None, prices=prices, replications=12, between=("2023", "9999"))


@pytest.fixture(scope="module")
def staffed(compared):
    scenario = compared.scenarios[-1]
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=9)
    return replace(compared, staffing=seek(Question.of(scenario, [GOAL], "2024"), levels))


@pytest.fixture(scope="module")
def chanced(compared):
    scenario = compared.scenarios[0]
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=9)
    return replace(compared, staffing=seek(Question.of(scenario, [GOAL], "2024", chance=0.75), levels))


def worded(findings, code):
    return Wording.of(findings.scenarios[0], findings.pathway, Language.of(code))


def parts(findings, code="en"):
    wording = worded(findings, code)
    return Exhibits(findings=findings, wording=wording), Conclusions(findings=findings, wording=wording)


def texts(document):
    """Return every text of a document."""
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Text):
                yield from block.lines
                continue
            if isinstance(block, Headline):
                yield from (text for text in vars(block).values() if isinstance(text, str))
                continue
            table = block.table if isinstance(block, Chart) else block
            yield from (block.title, table.title, table.note, *table.columns)
            yield from (cell for row in table.rows for cell in row if isinstance(cell, str))
            if isinstance(block, Chart):
                yield block.alternative


def figures_of(table, *keys):
    """Return the numbers of the row that begins with some texts."""
    (found,) = [row for row in table.rows if row[: len(keys)] == keys]
    return [cell.value for cell in found[len(keys) :] if isinstance(cell, Figure)]


def test_a_series_reads_each_period_as_a_response_does(compared):
    results = compared.comparison.reference
    periods, values = series(results, "queue.team", "quarter")
    assert periods[:2] == ("2023Q1", "2023Q2")
    assert len(periods) == 12
    at_the_end = results.select("queue.team", "2023-06").values[:, 0]
    np.testing.assert_array_equal(values[:, 1], at_the_end)
    years, awards = series(results, "awards.pension", "year")
    assert years == ("2023", "2024", "2025")
    np.testing.assert_array_equal(awards[:, 0], results.select("awards.pension", "2023").values[:, 0])
    shares = series(results, "clock.decision.within", "year")[1][:, 0]
    ended = results.select("clock.decision.ended").values[:, :4]
    within = results.select("clock.decision.within").values[:, :4]
    np.testing.assert_allclose(shares, (ended * within).sum(axis=1) / ended.sum(axis=1))
    with pytest.raises(InputError, match=r"'queue\.tea'.*did you mean 'queue\.team'"):
        series(results, "queue.tea", "year")


def test_a_series_of_yearly_figures_has_no_quarters(compared):
    periods, values = series(compared.comparison.reference, "mean_stock.cash", "quarter")
    assert (periods, values.shape) == ((), (12, 0))


def test_key_figures_are_the_means_of_the_runs_where_they_add_up(compared):
    table = parts(compared)[0].key_figures()
    assert table.columns == ("measure", "scenario", "2023", "2024", "2025")
    for name, results in zip(("town", MORE["name"]), compared.comparison.results, strict=True):
        told = figures_of(table, "Awards: pension", name)
        np.testing.assert_allclose(told, series(results, "awards.pension", "year")[1].mean(axis=0))
    assert "Cost of effort and benefits (million DKK)" in {row[0] for row in table.rows}


def test_differences_are_those_of_pairs_and_said_to_be_sure_where_they_are(compared):
    table = parts(compared)[0].differences()
    both = [series(results, "wait.team.served", "year")[1] for results in compared.comparison.results]
    told = paired([SERVED("team")] * 3, *both)
    title = "Wait for the Rehabilitation team (weeks)"
    for n, year in enumerate(("2023", "2024", "2025")):
        rows = [row for row in table.rows if row[:3] == (title, MORE["name"], year)]
        if year == "2023":  # nothing differs before the change
            assert rows == []
            continue
        np.testing.assert_allclose([cell.value for cell in rows[0][3:6]], [told.estimate[n], told.low[n], told.high[n]])
        assert rows[0][-1] == ("yes" if told.high[n] < 0 else "no")
    assert parts(explore(scenarios()[:1], parameters=None, replications=2))[0].differences() is None


def test_a_fan_holds_the_quantiles_over_the_runs(compared):
    chart = parts(compared)[0].waits()
    values = series(compared.comparison.reference, "wait.team.served", "quarter")[1]
    told = figures_of(chart.table, "Wait for the Rehabilitation team (weeks)", "town", "2024Q3")
    np.testing.assert_allclose(told[:3], np.nanquantile(values[:, 6], (0.05, 0.5, 0.95), method="weibull"))
    assert math.isnan(told[3])  # nothing is documented of a town of one's own
    assert re.match(r"Wait for the Rehabilitation team, town: (falls|rises|hardly changes,) from ", chart.alternative)


def test_a_fan_says_whether_its_median_rises_or_falls_and_changes_of_five_per_cent_are_none(compared):
    chart = parts(compared)[0].awards()
    rows = {}
    for title, scenario, _, _, median, *_ in chart.table.rows:
        rows.setdefault((title, scenario), []).append(median.value)
    words = re.findall(r"(?:^|\. )(Awards: [^:]+?): (rises|falls|hardly changes,) from ", chart.alternative)
    told = {tuple(named.rsplit(", ", 1)): word for named, word in words}
    assert set(told) == set(rows)
    for key, medians in rows.items():
        change = medians[-1] - medians[0]
        same = abs(change) <= 0.05 * medians[0]
        assert told[key] == ("hardly changes," if same else "rises" if change > 0 else "falls"), key
    # One that rises by less than its own size, which is where "rises" and "falls" are told apart.
    assert any(0.05 * medians[0] < medians[-1] - medians[0] < medians[0] for medians in rows.values())


def test_what_a_measure_is_held_against_is_drawn_in_the_years_that_it_is_of(monkeypatch):
    findings, panels = explore([Scenario.of("today")], parameters=None, replications=2, between=("2017", "2018")), []
    monkeypatch.setattr("flowsim.reporting.exhibits.fans", lambda drawn, *_: panels.extend(drawn))
    parts(findings)[0].awards().draw(".svg")
    (fleksjob,) = [panel for panel in panels if panel.title == "Awards: fleksjob"]
    # The goals of 290 in 2017 and 490 in 2018, of which a quarter has a fourth.
    assert [mark[1:] for mark in fleksjob.yardsticks] == [(2017.0, 2018.0, 72.5), (2018.0, 2019.0, 122.5)]


def test_documented_figures_stand_in_the_fan_of_copenhagen():
    findings = explore([Scenario.of("today")], parameters=None, replications=2, between=("2019", "2020"))
    exhibits, conclusions = parts(findings)
    waits = exhibits.waits()
    assert f"Documented: February{HARD}2020 9.0{HARD}weeks and June{HARD}2020 14.5{HARD}weeks." in waits.alternative
    said = exhibits.awards().alternative
    assert (
        f"7 figures: first Q1{HARD}2019 112{HARD}awards, last Q3{HARD}2020 172{HARD}awards, highest Q1{HARD}2020 243"
        in said
    )
    awards = exhibits.awards().table
    assert figures_of(awards, "Awards: fleksjob", "today", "2019Q4")[-1] == 221
    assert len(findings.stations) == STATIONS
    (told,) = [line for line in conclusions.uncertainty() if "documented figures" in line]
    in_time = re.search(r"Of the (\d+) documented figures within the time reported, (\d+) lie", told)
    assert 0 <= int(in_time[2]) <= int(in_time[1]) < 78


def test_the_flow_is_that_of_the_exits_and_entries(compared):
    chart = parts(compared)[0].flow()
    results = compared.comparison.of(MORE["name"])
    told = {row[:2]: row[2].value for row in chart.table.rows}
    assert told["cash", "pension"] == pytest.approx(results.select("exits.cash.pension", "2025").values.mean())
    assert told["new", "cash"] == pytest.approx(results.select("entries.opened", "2025").values.mean())
    assert ("course", "cash") in told
    values = [row[2].value for row in chart.table.rows]
    assert values == sorted(values, reverse=True)
    assert "course" in chart.alternative
    assert "to pension" in chart.alternative


def test_flows_that_lead_back_end_at_keys_of_their_own():
    told = [Flow("entry a", "a", 9.0), Flow("a", "b", 8.0), Flow("b", "a", 2.0), Flow("b", "c", 5.0)]
    onward, behind = forward(told, "back:")
    assert behind == {"back:a": "a"}
    assert {flow[:2]: flow.citizens for flow in onward} == {
        ("entry a", "a"): 9.0,
        ("a", "b"): 8.0,
        ("b", "back:a"): 2.0,
        ("b", "c"): 5.0,
    }
    labels = {"entry a": "new", "a": "A & co", "b": "B", "c": "C", "back:a": "back: A"}
    drawn = flows(onward, labels, lambda citizens, decimals: f"{citizens:.{decimals}f}!", ".svg")
    assert drawn.count(b"<svg") == 1
    for said in (
        b"<!-- new 9! -->",
        b"<!-- A &amp; co 8! -->",
        b"<!-- B 7! -->",
        b"<!-- C 5! -->",
        b"<!-- back: A 2! -->",
    ):
        assert said in drawn


def test_of_a_second_scenario_a_fan_shows_what_parts_from_the_first():
    first = np.tile(np.arange(5.0)[:, None], (1, 4))
    words = FanWords("median", "half", "most", "documented")

    def drawn(*bands, documented=()):
        return fans(
            [Fan("wait", [1, 2, 3, 4], bands, documented)],
            words,
            lambda value, decimals: f"{value:.{decimals}f}",
            ".svg",
        )

    one = Band("a", first)
    nothing, same, late, early = (Band("b", first + more) for more in (np.nan, 0.0, [0, 0, 0, 1], [0, 0, 1, 1]))
    as_same, as_late = drawn(one, same), drawn(one, late)
    assert as_same == drawn(one, nothing)
    assert as_late == drawn(one, Band("b", np.where([0, 0, 1, 1], late.quantiles, np.nan)))
    assert len({as_same, as_late, drawn(one, early)}) == 3
    assert b"<!-- median: b -->" in as_late
    assert b"<!-- half -->" in drawn(one)
    assert b"<!-- documented -->" not in drawn(one)
    assert b"<!-- documented -->" in drawn(one, documented=[(2.0, 1.0)])


def test_the_answer_to_a_staffing_says_what_was_found(staffed):
    exhibits, conclusions = parts(staffed)
    found = staffed.staffing
    first, second, third = conclusions.answer()
    trial = next(one for one in found.trials if one.levels[0] == found.least)
    mean = trial.findings[0].mean
    assert first.startswith(
        f"With {found.least} places a meeting of the Rehabilitation team ({found.least} places a week) from 1"
    )
    assert f"{mean.estimate:.1f}{HARD}weeks is expected on average" in first
    assert f"With {found.least - 1} the goal is not met" in second or "too close to call" in second
    assert "the scenario itself has 4.5" in first
    share = f"{math.floor(100 * trial.kept.estimate + 0.5)}{HARD}%"  # a half is rounded up
    assert share in third
    assert Language.of("en").words[likely(trial.kept.estimate)] in third
    chart = exhibits.staffing()
    assert len(chart.table.rows) == len(found.trials) + 1
    assert chart.table.rows[-1][1] == "enough for everybody"


@pytest.mark.parametrize("code", ["en", "da"])
@pytest.mark.parametrize("least", [1, 30])
def test_a_goal_that_nothing_or_anything_meets_is_said_to_be(compared, code, least):
    scenario = compared.scenarios[0]
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=least, most=least + 1)
    goal = "wait for team <= 0.1 weeks" if least == 1 else GOAL
    findings = replace(compared, staffing=seek(Question.of(scenario, [goal], "2024"), levels))
    said = " ".join(parts(findings, code)[1].answer())
    if least == 1:
        assert ("No number from 1 to 2" if code == "en" else "Intet antal fra 1 til 2") in said
    else:
        assert ("the fewest that were asked about" if code == "en" else "det laveste antal, der er undersøgt") in said
        assert (
            "Whether fewer would do was not asked" if code == "en" else "Det er ikke undersøgt, om færre er nok"
        ) in said


def test_two_levers_give_a_map_with_costs(compared, tmp_path):
    text = TOWN.read_text(encoding="utf-8").replace(
        "[states.plan]", '[stations.desk]\ncapacity = 40\n\n[states.plan]\nstation = "desk"'
    )
    (tmp_path / "desks.toml").write_text(text, encoding="utf-8")
    scenario = Scenario.of(tmp_path / "desks.toml")
    pathway = scenario.pathway()
    rows = Levels(lever=Lever.parse("desk.capacity", pathway), least=20, most=40, every=10)
    levels = Levels(lever=Lever.parse("team.places", pathway), least=1, most=9)
    prices = Prices.from_dict(
        {"places": {"team": "4000 DKK per place"}, "servers": {"desk": "400000 DKK per year"}}, "mine"
    )
    found = frontier(Question.of(scenario, [GOAL], "2024"), rows, levels)
    findings = explore([scenario], parameters=None, prices=prices, replications=4)
    exhibits, conclusions = parts(replace(findings, staffing=found), "da")
    chart = exhibits.staffing()
    met = [(point.level, point.least) for point in found.points if point.least is not None]
    assert [row[0].value for row in chart.table.rows] == [20, 30, 40]
    assert "Billigst er betjeningssteder: desk = 20 med" in chart.alternative
    assert "mio. kr. om året." in chart.alternative
    assert b"mio. kr. om" in chart.draw(".svg")
    first, *_ = conclusions.answer()
    assert f"{met[0][0]} med {met[0][1]}" in first


def test_the_answer_to_a_comparison_says_the_difference_and_whether_it_is_sure(compared):
    first, second, third = parts(compared)[1].answer()
    both = [series(results, "wait.team.served", "year")[1] for results in compared.comparison.results]
    n = int(np.abs(paired([SERVED("team")] * 3, *both).estimate).argmax())
    median = worded(compared, "en").value(float(np.median(both[0][:, n])), "weeks")
    assert f"in {2023 + n}, where the scenarios surely differ most: {median} in" in first
    told = paired([SERVED("team")] * 3, *both, 1 - 0.05 / 3)  # of three years it is the one that differs most
    low, high = (f"{abs(values[n]):.2f}" for values in (told.low, told.high))
    assert f"−{abs(told.estimate[n]):.2f}{HARD}weeks (−{low} to −{high})" in second
    assert told.high[n] < 0
    assert third.startswith("The difference is sure for “more <b>places</b>”: with 95")
    assert "for all 3 differences" in third


def test_a_scenario_that_changes_nothing_is_said_to_make_no_sure_difference():
    same = Scenario.from_dict({"name": "same", "base": str(TOWN)})
    findings = explore([scenarios()[0], same], parameters=None, replications=4)
    first, _, third = parts(findings)[1].answer()
    assert "in 2025: " in first
    assert third == "There is no difference in any of 4 comparisons of waits and years."


def test_waits_elsewhere_are_told_beside_a_goal(compared, tmp_path):
    text = TOWN.read_text(encoding="utf-8").replace(
        "[states.plan]", '[stations.desk]\ncapacity = 20\n\n[states.plan]\nstation = "desk"'
    )
    (tmp_path / "desks.toml").write_text(text, encoding="utf-8")
    scenario = Scenario.of(tmp_path / "desks.toml")
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=9)
    findings = explore([scenario], parameters=None, replications=4)
    findings = replace(findings, staffing=seek(Question.of(scenario, [GOAL], "2024"), levels))
    wait = np.median(series(findings.comparison.reference, "wait.desk.served", "year")[1][:, 2])
    told = parts(findings)[1].remarks()[-1]
    assert told.endswith(f"the wait in 2024 is {Language.of('en').number(float(wait))}{HARD}weeks for the desk.")
    assert findings.stations[0] == "team"
    shorter = replace(findings, comparison=findings.comparison.between("2025", "2025"))
    assert not [line for line in parts(shorter)[1].remarks() if "does not count" in line]
    both = replace(findings, staffing=seek(Question.of(scenario, [GOAL, "wait for desk <= 90 weeks"], "2024"), levels))
    assert not [line for line in parts(both)[1].remarks() if "does not count" in line]


def test_a_chance_is_part_of_the_question_and_of_the_answer(chanced):
    conclusions = parts(chanced)[1]
    said = f"in at least 75{HARD}% of the years that might come"
    assert said in conclusions.question()
    assert said in conclusions.answer()[0]


@pytest.mark.parametrize(
    ("share", "word"),
    [
        (1.0, "practically certain"),
        (0.99, "practically certain"),
        (0.98, "very likely"),
        (0.9, "very likely"),
        (0.89, "likely"),
        (0.66, "likely"),
        (0.65, "about as likely as not"),
        (0.33, "about as likely as not"),
        (0.32, "unlikely"),
        (0.1, "unlikely"),
        (0.09, "very unlikely"),
        (0.01, "very unlikely"),
        (0.0, "practically impossible"),
    ],
)
def test_words_for_probabilities_are_those_of_the_guidance_note(share, word):
    assert Language.of("en").words[likely(share)] == word


def test_the_words_are_listed_with_what_they_stand_for():
    told = words_and_ranges(Language.of("en"))
    assert told[0] == f"practically certain: 99 to 100{HARD}%"
    assert told[2] == f"likely: 66 to 90{HARD}%"
    assert told[-1] == f"practically impossible: 0 to 1{HARD}%"
    assert len(told) == 7


def test_a_range_of_probabilities_is_told_by_the_words_of_its_ends():
    english = Language.of("en")
    assert told_likely(0.7, 0.8, english) == "likely"
    assert told_likely(0.4, 0.95, english) == "between “about as likely as not” and “very likely”"


def test_every_parameter_is_told_with_where_it_comes_from():
    findings = explore([Scenario.of("more-places")], parameters=None, replications=2, between=("2020", "2020"))
    provenance = SourceTables(findings=findings, wording=worded(findings, "da"))
    parameters = findings.scenarios[0].base.parameters
    tables = [provenance.parameters(kind) for kind in ("fact", "assumed", "calibrate")]
    assert sum(len(table.rows) for table in tables) == len(parameters)
    rows = {row[0]: row for table in tables for row in table.rows}
    assert rows["new_spells"][3] == "status-2021-01.new-spells"
    assert rows["partshoering_stay"][1:] == (Figure(2), "uger", "den sædvanlige frist for partshøring")
    assert rows["plan_cv"][1] == Figure(0.4, 1)
    (scenario,) = provenance.scenarios().rows
    assert scenario[0] == "flere pladser pr. møde"
    assert f"rehabiliteringsteamet, regionen: pladser pr. møde +2, fra 1.{HARD}februar{HARD}2021" in scenario[2]
    assert "aftale-2017" in {row[0] for row in provenance.sources().rows}


def test_a_town_of_ones_own_has_no_sources_and_may_have_no_prices():
    findings = explore(scenarios()[:1], parameters=None, replications=2)
    provenance = SourceTables(findings=findings, wording=worded(findings, "en"))
    assert provenance.sources() is None
    assert provenance.prices() is None
    assert provenance.factors() is None
    assert provenance.parameters("fact") is None


@pytest.mark.parametrize("code", ["en", "da"])
def test_a_report_is_whole_in_both_languages(staffed, code):
    document = assemble(staffed, Language.of(code), question="Hvor mange?", repeat="flowsim report x")
    titles = [section.title for section in document.sections]
    assert len(titles) == len(set(titles)) == 11
    said = list(texts(document))
    assert said[0] == "Hvor mange?"
    assert "flowsim report x" in said
    assert not [text for text in said if re.search(r"\{\w+\}", text)]
    charts = [block for section in document.sections for block in section.blocks if isinstance(block, Chart)]
    assert len(charts) == 6
    for chart in charts:
        assert len(chart.alternative) > 40
        assert chart.table.rows
        assert chart.draw(".svg").count(b"<svg") == 1
    tables = [block for section in document.sections for block in section.blocks if isinstance(block, Table)]
    assert all(table.rows for table in tables)


def test_a_danish_report_says_none_of_the_english_words(staffed):
    english, danish = Language.of("en").words, Language.of("da").words
    said = "\n".join(texts(assemble(staffed, Language.of("da"))))
    fixed = [text for key, text in english.items() if "{" not in text and danish[key] != text and len(text) > 11]
    assert len(fixed) > 50
    assert [text for text in fixed if text in said] == []
    assert re.search(r"\d,\d", said)
    assert not re.search(r"\d\.\d+" + HARD + "(uger|%)", said)


@pytest.mark.parametrize(
    ("chosen", "how", "told"),
    [
        (5, {}, r"5 scenarios: a report shows one to 4"),
        (0, {}, r"0 scenarios: a report shows one to 4"),
        (1, {"between": ("2024-02", "2024-11")}, r"holds no whole year"),
        (2, {"replications": 1}, r"replications: 1 is not allowed"),
    ],
)
def test_what_cannot_be_reported_is_refused_before_it_runs(chosen, how, told):
    many = [scenarios()[0], *(Scenario.from_dict(MORE | {"name": str(n)}) for n in range(4))]

    def never(done, total):
        raise AssertionError("it ran")

    with pytest.raises(InputError, match=told):
        explore(many[:chosen], parameters=None, progress=never, **how)


def test_odd_names_are_drawn_as_they_are(tmp_path):
    text = TOWN.read_text(encoding="utf-8").replace('"Rehabilitation team"', "'a $\\frac{1}{2$ b $x_1$ <b> \u4e2d'")
    (tmp_path / "odd.toml").write_text(text, encoding="utf-8")
    base = str(tmp_path / "odd.toml")
    odd = Scenario.from_dict({"name": "_under $x^2$", "base": base, "stations": MORE["stations"]})
    findings = explore([Scenario.of(base), odd], parameters=None, replications=3)
    drawn = parts(findings)[0].waits().draw(".svg").decode()
    assert "<!-- Wait for the a $\\frac{1}{2$ b $x_1$ &lt;b&gt; \u4e2d (weeks) -->" in drawn
    assert "<!-- median:  _under $x^2$ -->" in drawn


def test_where_nobody_moves_or_waits_there_is_nothing_to_draw(tmp_path):
    (tmp_path / "still.toml").write_text(
        'name = "still"\nstart = 2022-01-01\nend = 2024-01-01\n[states.here]\nbenefit = "cash"\nstay = "9 years"\n'
        'to = "gone"\n[states.gone]\nfinal = true\n[entries.door]\nat = [2022-03-01]\nto = "here"\n',
        encoding="utf-8",
    )
    findings = explore([Scenario.of(tmp_path / "still.toml")], parameters=None, replications=2)
    exhibits, conclusions = parts(findings)
    assert [exhibits.waits(), exhibits.queues(), exhibits.timeliness(), exhibits.awards(), exhibits.flow()] == [
        None
    ] * 5
    assert conclusions.answer()
    assert assemble(findings, Language.of("da")).sections


def test_a_base_of_ones_own_goes_by_its_own_titles(tmp_path):
    text = TOWN.read_text(encoding="utf-8").replace("team", "rehabilitation_team")
    text = text.replace("Rehabilitation rehabilitation_team", "Team Vest")
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    findings = explore([Scenario.of(tmp_path / "own.toml")], parameters=None, replications=2)
    wording = worded(findings, "da")
    assert wording.station("rehabilitation_team") == "Team Vest"
    assert wording.measure(named("clock.decision.within")) == "Andel inden for 23 uger: decision"


def test_figures_that_belong_together_have_as_many_decimals_each(compared):
    wording = worded(compared, "en")
    assert wording.values([0.842, 0.96, 0.5], "share") == [f"84.2{HARD}%", f"96.0{HARD}%", f"50.0{HARD}%"]
    assert wording.values([12.34, 0.2, 100.0], "weeks") == [f"12{HARD}weeks", "0", "100"]
    assert wording.values([0.5, -0.25], "weeks", signed=True) == [f"+0.50{HARD}weeks", "−0.25"]
    assert wording.values([3.0, 2.46], "citizens") == [f"3{HARD}citizens", "2"]


def test_goals_have_verdicts_of_their_own_and_a_chance_has_one_of_the_runs(compared, chanced):
    scenario = compared.scenarios[0]
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=9)
    goals = [GOAL, "queue of team <= 100000"]
    chart = parts(replace(compared, staffing=seek(Question.of(scenario, goals, "2024"), levels)))[0].staffing()
    first, second = ([row for row in chart.table.rows if row[0].startswith(title)] for title in ("wait", "queue"))
    assert (first[0][1].value, first[0][-2], second[0][-2]) == (1, "misses it", "meets it")
    found = chanced.staffing
    exhibits, conclusions = parts(chanced)
    chart = exhibits.staffing()
    assert b"<!-- share of the futures that meet the goal: " in chart.draw(".svg")
    trial = next(one for one in found.trials if one.levels[0] == found.least)
    low, high = (f"{100 * value:.0f}" for value in (trial.kept.low, trial.kept.high))
    assert f"of the futures (interval {low}" in conclusions.answer()[0].replace(f".0{HARD}", HARD)
    assert f" to {high}" in conclusions.answer()[0].replace(f".0{HARD}", HARD)


def test_costs_are_told_of_a_lever_and_a_missing_price_is_named(staffed, compared, tmp_path):
    found = staffed.staffing
    (cost,) = [line for line in parts(staffed)[1].remarks() if " a year, " in line]
    tuesdays = 53  # of 2024, of which one is a day before the year's end
    each, whole = 4000 * tuesdays, 4000 * tuesdays * found.least
    lever = "places a meeting of the Rehabilitation team"
    assert cost == f"{found.least} {lever} cost about {whole:,} DKK a year, {each:,} DKK each."
    assert parts(staffed)[0].staffing().table.rows[0][-1].value == 4000 * tuesdays * found.trials[0].levels[0]
    text = TOWN.read_text(encoding="utf-8").replace(
        "[states.plan]", '[stations.desk]\ncapacity = 40\n\n[states.plan]\nstation = "desk"'
    )
    (tmp_path / "desks.toml").write_text(text, encoding="utf-8")
    scenario = Scenario.of(tmp_path / "desks.toml")
    levels = [
        Levels(lever=Lever.parse(name, scenario.pathway()), least=least, most=most, every=20)
        for name, least, most in (("desk.capacity", 2, 40), ("team.places", 5, 9))
    ]
    findings = explore([scenario], parameters=None, prices=Prices.from_dict(PRICES, "mine"), replications=2)
    findings = replace(
        findings, staffing=frontier(Question.of(scenario, ["queue of desk <= 30", GOAL], "2024"), *levels)
    )
    exhibits, conclusions = parts(findings)
    assert exhibits.staffing().table.note == "Costs are not drawn: mine has no price of servers.desk."
    assert "; nothing tried is enough with 2 servers: desk; the scenario" in conclusions.answer()[0]


def test_sums_are_told_of_the_scenarios_that_they_are_spent_in():
    findings = explore(
        [Scenario.of("today")], parameters=None, prices=Prices.read(), replications=2, between=("2020", "2020")
    )
    told = "\n".join(
        str(row[0]) for row in SourceTables(findings=findings, wording=worded(findings, "en")).prices().rows
    )
    sums = Prices.read().sums
    apart = [one.price.where.removeprefix("sums.") for one in sums if one.only and "today" not in one.only]
    shared = [one.price.where.removeprefix("sums.") for one in sums if not one.only and "today" not in one.without]
    assert apart
    assert shared
    assert not [name for name in apart if name in told]
    assert all(f"{name}, 20" in told for name in shared)


# --- The command ---

STAFF = ("--goal", GOAL, "--vary", "team.places", "--between", 1, 9, "--during", "2024")


@pytest.fixture
def more(tmp_path):
    path = tmp_path / "more.toml"
    path.write_text(
        f'name = "more"\nbase = "{TOWN}"\n[[stations]]\nstation = "team"\nparty = "town"\n'
        'from = 2024-01-01\nplaces = "+1"\n',
        encoding="utf-8",
    )
    return path


def test_one_run_writes_every_kind_and_the_command_in_it_makes_the_same_again(tmp_path, more, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Without clocks and outcomes, and a year shorter, there is less to draw, and drawing is what takes long.
    text = TOWN.read_text(encoding="utf-8").split("[clocks.")[0].replace("outcome = true\n", "")
    town = tmp_path / "town.toml"
    town.write_text(text.replace("end = 2026", "end = 2025"), encoding="utf-8")
    more.write_text(more.read_text(encoding="utf-8").replace(str(TOWN), str(town)), encoding="utf-8")
    outs = [part for kind in ("html", "pdf", "xlsx") for part in ("--out", f"r.{kind}")]
    said = fine("report", town, more, *outs, "-n", 4, *STAFF, "--question", "How 'many' <places>?")
    assert "places a meeting of the Rehabilitation team" in said
    assert said.rstrip().endswith("Written to r.xlsx")
    first = {path.name: path.read_bytes() for path in tmp_path.glob("r.*")}
    assert set(first) == {"r.html", "r.pdf", "r.xlsx"}
    page = first["r.html"].decode()
    assert "How &#39;many&#39; &lt;places&gt;?" in page
    assert "http" not in page.replace("http-equiv", "")
    book = openpyxl.load_workbook("r.xlsx")
    sheet = book.worksheets[0]
    (command,) = [
        cell.value for row in sheet.iter_rows() for cell in row if str(cell.value or "").startswith("flowsim report")
    ]
    for path in tmp_path.glob("r.*"):
        os.unlink(path)
    fine(*shlex.split(command)[1:])
    assert {path.name: path.read_bytes() for path in tmp_path.glob("r.*")} == first


@pytest.mark.slow
def test_a_report_has_the_same_bytes_in_any_process(tmp_path, more):
    # The order of a set depends on a process's hash seed.
    outs = ["--out", "r.html", "--out", "r.pdf"]
    command = [sys.executable, "-m", "flowsim", "report", str(TOWN), str(more), *outs, "-n", "2", "--to", "2025"]
    written = []
    for hash_seed in ("0", "1"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        written.append([(folder / name).read_bytes() for name in ("r.html", "r.pdf")])
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "r.docx"), "--out: 'r.docx' is not allowed: the name ends with .html, .pdf, .xlsx, .pptx"),
        (("--out", "there.html"), "'there.html' exists already"),
        (("--out", "no/r.html"), "there is no folder 'no'"),
        (("--out", "r.html", "--out", "./r.html"), "--out: 'r.html' is named twice"),
        (("--out", "r.html", "--out", "/proc/r.pdf"), "nothing can be written to '/proc'"),
        (("--out", "r.html", "--to", "2023", *STAFF), "--during: 2024 is not within what is reported"),
        (("--out", "r.html", "--language", "dk"), "there is no language 'dk' (allowed: da, en)"),
        (("--out", "r.html", "--goal", GOAL), "--vary: it is missing"),
        (("--out", "r.html", *STAFF[2:]), "--goal: it is missing"),
        (("--out", "r.html", *STAFF, "--chance", "200%"), "chance: 2.0 is not allowed: a share between 0 % and 100 %"),
        (("--out", "r.html", *STAFF, "--workers", "0"), "--workers: 0 is not allowed"),
        (("--out", "r.html", "--from", "2024-02", "--to", "2024-11"), "holds no whole year"),
        (("--out", "r.html", "--to", "spring"), "--to: 'spring' is no period"),
        (("--out", "r.html", "--prices", "none.toml"), "there is no file 'none.toml'"),
        (("--out", "r.html", "--calibrated", "nowhere"), "'nowhere' holds no calibration"),
        (("--out", "r.html", "--vary", "team.place", *STAFF[:2], *STAFF[4:]), "did you mean 'team.places'?"),
    ],
)
def test_mistakes_are_told_in_one_line_and_nothing_is_written(tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    code, out, err = flowsim("report", TOWN, "-n", 2, *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.html"]
    assert (tmp_path / "there.html").read_text(encoding="utf-8") == "mine"


def test_a_file_that_is_there_already_is_refused_before_anything_runs(tmp_path, asked_of, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    code, _, err = flowsim("report", TOWN, "--out", "new.html", "--out", "there.html")
    assert (code, "'there.html' exists already" in err) == (2, True)
    assert asked_of == {}


def test_scenarios_over_two_bases_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = flowsim("report", "today", TOWN, "--out", "r.html")
    assert (code, "only scenarios over one base compare" in err) == (2, True)


def test_an_earlier_report_is_overwritten_where_that_is_asked_for(tmp_path, as_texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    assert fine("report", TOWN, "-n", 2, "--out", "there.html", "--force", "--quiet", "--language", "da") == ""
    assert "Tallene bag svaret" in (tmp_path / "there.html").read_text(encoding="utf-8").split("\n")


@pytest.fixture
def as_texts(monkeypatch):
    """Write the texts of a report instead of a web page."""
    monkeypatch.setattr("flowsim.reporting.writers.html.webpage", lambda document: "\n".join(texts(document)).encode())


def test_the_report_and_its_command_hold_all_that_was_asked_for(tmp_path, more, as_texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('[places]\nteam = "9999 DKK per place"\n', encoding="utf-8")
    staff = (*STAFF[:5], 5, 7, *STAFF[7:])
    asked = [*map(str, staff), "--chance", "75%", "--from", "2023", "--to", "2024", "--question", "Why 'so'?"]
    asked += ["--language", "da", "--appendix", "--replications", "3", "--seed", "7", "--prices", "mine.toml"]
    said = fine("report", TOWN, more, "--out", "r.HTML", "--workers", 1, *asked)
    told = (tmp_path / "r.HTML").read_text(encoding="utf-8").split("\n")
    (command,) = [line for line in told if line.startswith("flowsim report")]
    again = shlex.split(command)
    assert again == ["flowsim", "report", "--out", "r.HTML", *asked, "--workers", "1", str(TOWN), str(more)]
    assert {"Why 'so'?", "7", "places.team", "kr. pr. plads", "2023", "2024"} <= set(told)
    assert "2025" not in told
    # The staffing is sought in the last scenario, with the same seed and at the same chance.
    scenario = Scenario.of(more)
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=5, most=7)
    found = seek(Question.of(scenario, [GOAL], "2024", chance=0.75), levels, seed=7)
    other = seek(Question.of(scenario, [GOAL], "2024", chance=0.75), levels, seed=1)
    findings = explore([scenario], parameters=None, replications=2)
    lines, others = (parts(replace(findings, staffing=one), "da")[1].answer() for one in (found, other))
    assert set(lines[1:]) <= set(told)
    assert not set(others[1:]) <= set(told)
    assert " ".join(lines[0].split()[:6]) in " ".join(said.split())


def test_waits_elsewhere_are_printed_and_written_too(tmp_path, as_texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = TOWN.read_text(encoding="utf-8").replace(
        "[states.plan]", '[stations.desk]\ncapacity = 20\n\n[states.plan]\nstation = "desk"'
    )
    (tmp_path / "desks.toml").write_text(text, encoding="utf-8")
    said = fine("report", "desks.toml", "-n", 2, "--out", "r.html", *STAFF)
    assert "What the goal does not count" in said
    assert said.rstrip().endswith("Written to r.html")
    assert "What the goal does not count" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_parameters_are_drawn_from_the_calibration_unless_a_point_is_asked_for(tmp_path, as_texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("report", "today", "--from", "2016", "--to", "2016", "-n", 2, "--workers", 1, "--quiet", "--appendix")
    fine(*words, "--out", "point.html", "--point")
    told = (tmp_path / "point.html").read_text(encoding="utf-8")
    assert "each time with luck of its own but with the same parameters" in told
    assert "--question" not in told
    assert re.search(r"^flowsim report .* --appendix .* --point --workers 1 today$", told, re.MULTILINE)


@pytest.fixture
def asked_of(monkeypatch, compared):
    """Stop before anything runs; return what the runs and the search were asked for."""
    seen = {}

    def explored(scenarios, **how):
        seen["explore"] = scenarios, how
        return compared

    def stopped(question, *levels, **how):
        seen["seek"] = question, levels, how
        raise InputError("stopped")

    monkeypatch.setattr("flowsim.reporting.reports.explore", explored)
    for search in ("seek", "frontier"):
        monkeypatch.setattr(f"flowsim.planning.staffing.search.{search}", stopped)
    return seen


def test_the_runs_and_the_staffing_draw_from_one_calibration(tmp_path, asked_of, monkeypatch):
    monkeypatch.chdir(tmp_path)
    goal = ("--goal", "wait for rehabilitation_team <= 9 weeks", "--vary", "rehabilitation_team.places")
    words = ("--between", 9, 20, "--during", "2020", "--out", "r.html", "--workers", 1, "-n", 9, "--seed", 5)
    code, _, err = flowsim("report", "today", *goal, *words)
    assert (code, "stopped" in err) == (2, True)
    (_, runs), (question, _, search) = asked_of["explore"], asked_of["seek"]
    assert len(runs["parameters"]) > 1
    assert question.parameters is runs["parameters"]
    assert (runs["replications"], runs["seed"], search["seed"]) == (9, 5, 5)
    assert runs["executor"] is search["executor"] is not None


def test_a_calibration_that_is_named_is_drawn_from_and_named_in_the_command(tmp_path, asked_of, as_texts, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = Study.read(TOWN.with_name("calibration.toml"))
    made = Ensemble(prior=study.prior, z=np.array([study.prior.draw(1, n) for n in range(60)]), mode={}, provenance={})
    monkeypatch.setattr(
        Ensemble, "read", classmethod(lambda cls, folder, **_: made if folder == Path("my fits") else None)
    )
    fine("report", TOWN, "--calibrated", "my fits", "--out", "r.html", "--workers", 1, "--quiet")
    assert asked_of["explore"][1]["parameters"].z is made.z
    (command,) = re.findall("^flowsim report .*", (tmp_path / "r.html").read_text(encoding="utf-8"), re.MULTILINE)
    assert shlex.split(command)[-5:] == ["--calibrated", "my fits", "--workers", "1", str(TOWN)]


def test_of_two_levers_the_first_is_tried_at_about_nine_levels(tmp_path, asked_of, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = TOWN.read_text(encoding="utf-8").replace(
        "[states.plan]", '[stations.desk]\ncapacity = 20\n\n[states.plan]\nstation = "desk"'
    )
    (tmp_path / "desks.toml").write_text(text, encoding="utf-8")
    levers = ("--vary", "desk.capacity", "--vary", "team.places", "--between", 10, 90, "--between", 1, 9)
    flowsim("report", "desks.toml", "--out", "r.html", "--goal", GOAL, "--during", "2024", "--seed", 5, *levers)
    question, (rows, levels), search = asked_of["seek"]
    assert (rows.lever.name, rows.all) == ("desk.capacity", tuple(range(10, 91, 10)))
    assert (levels.lever.name, levels.all) == ("team.places", tuple(range(1, 10)))
    assert search["seed"] == 5
    assert [one.response.measure for one in question.goals] == ["wait.team.served"]
    third = ("--vary", "team.places", "--between", 1, 9)
    code, _, err = flowsim(
        "report", "desks.toml", "--out", "r.html", "--goal", GOAL, "--during", "2024", *levers, *third
    )
    assert (code, "--vary: two levers at most" in err) == (2, True)


def test_the_verb_gives_figures_words_and_files(tmp_path, as_texts):
    result = flowsim_report(scenarios(), replications=3, between=("2023", "9999"), question="Why so?", language="da")
    table = result.frame()
    assert list(table.columns[:3]) == ["scenario", "measure", "period"]
    findings = explore(scenarios(), parameters=None, replications=3, between=("2023", "9999"))
    assert len(table) == 2 * len(findings.comparison.index)
    of = table[(table["scenario"] == findings.comparison.names[1]) & (table["measure"] == "wait.team.served")]
    expected = findings.comparison.results[1].table()
    assert of["level"].tolist() == expected[expected["measure"] == "wait.team.served"]["level"].tolist()
    assert result.lines()[0].endswith(".")
    result.write(tmp_path / "a.html", repeat="flowsim report x")
    written = (tmp_path / "a.html").read_text(encoding="utf-8").split("\n")
    box, *_ = result.document().sections[0].blocks
    assert {"Why so?", "flowsim report x", box.sentence} <= set(written)
    assert box.sentence.startswith("Forskellen i 20")
    with pytest.raises(InputError, match="exists already"):
        result.write(tmp_path / "a.html")
    with pytest.raises(InputError, match="there is no language"):
        flowsim_report(scenarios(), language="dk")


@pytest.mark.parametrize(
    ("code", "lengthened"),
    [
        ("en", f"latest end among them: “longer” by itself ends on 1{HARD}July{HARD}2025."),
        ("da", f"seneste slutdato blandt dem: »longer« slutter selv den 1.{HARD}juli{HARD}2025."),
    ],
)
def test_a_scenario_that_is_run_longer_is_named(tmp_path, code, lengthened):
    short = tmp_path / "short.toml"
    short.write_text(f'name = "longer"\nbase = "{TOWN}"\nuntil = 2025-07-01\n', encoding="utf-8")
    result = ReportQuestion(scenarios=(str(TOWN), str(short)), replications=2, language=code, last="2024").answer()
    assert any(lengthened in line for line in result.lines())
    same = ReportQuestion(scenarios=(str(TOWN),), replications=2, language=code, last="2024").answer()
    assert same.findings.own_ends == {}


def test_a_report_says_that_it_is_run_on_for_the_time_of_its_goals(tmp_path):
    short = tmp_path / "short.toml"
    short.write_text(f'name = "short"\nbase = "{TOWN}"\nuntil = 2024-07-01\n', encoding="utf-8")
    asked = {"goal": ("wait for team <= 4 weeks",), "vary": ("team.places",), "between": ("3 5",), "during": "2024"}
    result = ReportQuestion(scenarios=(str(short),), replications=2, language="en", first="2023", **asked).answer()
    said = "“short” by itself ends on 1 July 2024; for 2024 the staffing is sought in a run to 1 January 2025"
    assert any(said in line.replace(HARD, " ") for line in result.lines())
