"""Results show themselves: in one line, as a table and a picture in a notebook, as a file."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim import Ensemble, InputError, Pathway, Scenario, compare, read_base, run
from flowsim.calibration.study import Study
from flowsim.calibration.verdict import Judged, Verdict
from flowsim.core.periods import Period
from flowsim.evidence import facts
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.staffing.search import frontier, seek
from flowsim.planning.staffing.trials import Question, StoppingRule
from flowsim.reporting.displays import table_of
from helpers.models.desk import RAW, SMALL

COUNTS = [812, 840, 861, 905, 921, 950, 948, 1002, 1015, 1044, 1051, 1093]


@pytest.fixture(scope="module")
def results():
    return run(SMALL, replications=20, seed=3)


@pytest.fixture(scope="module")
def comparison():
    more = Pathway.from_dict(RAW | {"name": "more", "stations": {"desk": {"capacity": 3}}})
    return compare([SMALL, more], replications=20, seed=3)


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    file = tmp_path_factory.mktemp("desk") / "desk.toml"
    file.write_text(
        'name = "desk"\nstart = "2020-01-01"\nend = "2020-07-01"\n[stations.desk]\ncapacity = 2\n'
        '[stations.team]\nweekdays = ["tue"]\nplaces = 9\n'
        '[states.plan]\nstation = "desk"\nstay = "3 days"\nto = "team"\n'
        '[states.team]\nstation = "team"\nto = "out"\n[states.out]\nfinal = true\n'
        '[entries.door]\nto = "plan"\nrate = "4 per week"\n',
        encoding="utf-8",
    )
    scenario = Scenario.of(file)
    return Question.of(scenario, ["wait for desk <= 1 week"], "2020-06")


def verdict():
    study = Study.read("copenhagen")
    judged = tuple(
        Judged(
            target=target,
            mean=1.0,
            process=1.0,
            median=1.0,
            lower=0.5,
            upper=2.0,
            implausibility=float(number % 5),
            word="inside",
        )
        for number, target in enumerate(study.targets[:40])
    )
    return Verdict(
        judged=judged,
        chi_square=12.0,
        freedom=10.0,
        waits={},
        sets=3,
        replications=2,
        seed=1,
        together=(),
        study=study,
        record={},
    )


def kinds(request, name):
    def asked():
        return request.getfixturevalue("question")

    def levels(name, least, most):
        return Levels(lever=Lever.parse(name, asked().scenario.pathway()), least=least, most=most)

    few = StoppingRule(most=60)
    make = {
        "results": lambda: request.getfixturevalue("results"),
        "comparison": lambda: request.getfixturevalue("comparison"),
        "answer": lambda: seek(asked(), levels("desk.capacity", 1, 4), stopping=few),
        "frontier": lambda: frontier(asked(), levels("desk.capacity", 1, 4), levels("team.places", 3, 6), stopping=few),
        "forecast": lambda: forecast_result(),
        "ensemble": lambda: Ensemble.of(read_base("copenhagen")),
        "evidence": facts.load,
        "verdict": verdict,
    }
    return make[name]()


def forecast_result():
    series = pd.Series(COUNTS, index=pd.period_range("2017Q1", periods=12, freq="Q"), name="ready & <able>")
    return flowsim.forecast(series, horizon=4)


LINES = {
    "results": r"<Results of 'small': 20 replications, seed 3, \d+ measures, 2020-01 to 2020-06>",
    "comparison": r"<Comparison of more with small: 20 pairs, seed 3, \d+ measures>",
    "answer": r"<Answer: desk\.capacity for wait for desk <= 1 week: \d \(found\), \d+ trials, seed 1>",
    "frontier": r"<Frontier: team\.places by desk\.capacity for wait for desk <= 1 week: 1: -, .*, seed 1>",
    "forecast": r"<Forecast of 'ready & <able>' from 2019Q4, 4 ahead: 1,1\d\d \(.* to .*\) in 2020Q4>",
    "ensemble": r"<Ensemble of 'copenhagen': 500 sets of \d+ factors, 500 histories>",
    "evidence": r"<Evidence: \d+ facts from \d+ sources, \d+ contradictions>",
    "verdict": r"<Verdict on .*: \d+% of \d+ fitted figures plausible, chi-square 12\.0 on 10\.0, seed 1>",
}


@pytest.mark.parametrize("name", sorted(LINES))
def test_it_shows_itself_in_one_line_a_table_and_a_picture(request, name, tmp_path):
    value = kinds(request, name)
    assert re.fullmatch(LINES[name], repr(value)), repr(value)
    shown = value._repr_html_()
    assert "<able>" not in shown
    assert shown.count("<table") == 1
    assert shown.count("<img") == 1
    for heading in table_of(value).columns:
        assert f"<th>{heading}</th>" in shown
    figure = value.plot(tmp_path / "picture.svg")
    assert all(axes.has_data() for axes in figure.axes)
    assert (tmp_path / "picture.svg").read_bytes().startswith(b"<?xml")
    with pytest.raises(InputError, match=r"picture\.svg"):
        value.plot(tmp_path / "picture.svg")
    with pytest.raises(InputError, match="is not allowed: the name ends with"):
        value.plot(tmp_path / "picture.gif")


def test_the_table_of_a_run_has_the_last_period_of_each_measure_those_that_sum_it_up_first(results):
    table = table_of(results)
    assert len(table) == len(results.measures)
    assert list(table["measure"][:3]) == ["wait.desk.served", "queue.desk", "utilisation.desk"]
    assert set(table["period"]) <= {"2020", "2020Q2", "2020-06"}
    row = table[table["measure"] == "queue.desk"].iloc[0]
    levels = results.select("queue.desk", row["period"]).values[:, 0]
    assert row["level"] == np.median(levels)


MONTHS = [f"2020-{month:02}" for month in range(1, 7)]


def test_a_picture_is_of_the_shortest_periods_in_which_a_measure_is_told(results, comparison):
    """Side by side they would be one line: a month, its quarter, its half year."""
    told = {"wait.desk.served": MONTHS, "queue.desk": MONTHS, "utilisation.desk": ["2020Q1", "2020Q2"]}
    fans = {axes.get_title(loc="left").split(" (")[0]: axes for axes in results.plot().axes}
    for measure, periods in told.items():
        middles = [(Period(period).first + Period(period).after) / 24 for period in periods]
        assert list(fans[measure].lines[0].get_xdata()) == middles
        medians = np.median(results.values[:, [results.columns[measure, period] for period in periods]], axis=0)
        assert list(fans[measure].lines[0].get_ydata()) == pytest.approx(list(medians))
    panels = {axes.get_title(loc="left").split(" (")[0]: axes for axes in comparison.plot().axes}
    assert set(panels) == set(fans)
    for measure, periods in told.items():
        assert [mark.get_text() for mark in panels[measure].get_xticklabels()] == periods
        assert len(panels[measure].lines[-1].get_xdata()) == len(periods)


def test_the_picture_of_a_verdict_has_what_is_farthest_off_on_top_and_its_colour_by_the_limit():
    judged = verdict()
    (axes,) = judged.plot().axes
    by_height = sorted(axes.patches, key=lambda bar: -bar.get_y())
    assert [bar.get_width() for bar in by_height] == [one.implausibility for one in judged.worst(30)]
    names = sorted(zip(axes.get_yticks(), axes.get_yticklabels(), strict=True), key=lambda mark: -mark[0])
    assert [name.get_text() for _, name in names] == [one.target.name for one in judged.worst(30)]
    (beyond,) = {bar.get_facecolor() for bar in by_height if bar.get_width() >= 3}
    (within,) = {bar.get_facecolor() for bar in by_height if bar.get_width() < 3}
    assert beyond != within
    assert set(axes.lines[0].get_xdata()) == {3}


def test_a_notebook_shows_a_picture_that_is_returned(results):
    assert results.select("queue.desk").plot()._repr_png_().startswith(b"\x89PNG")


def test_one_figure_is_no_picture_but_shows_itself(results):
    one = results.select("queue.desk", "2020-06")
    with pytest.raises(InputError, match="there is nothing to draw"):
        one.plot()
    shown = one._repr_html_()
    assert "<img" not in shown
    assert "queue.desk" in shown


def test_a_notebook_shows_a_pathway_by_its_diagram():
    assert repr(SMALL) == "<Pathway 'small': 3 states, 1 stations, 2 entries, 2020-01-01 to 2020-07-01>"
    shown = SMALL._repr_html_()
    assert flowsim.draw(SMALL).svg in shown
    assert "&lt;Pathway" in shown


def test_without_matplotlib_the_table_is_there_and_a_picture_is_refused(results, monkeypatch):
    monkeypatch.setattr("flowsim.reporting.displays.find_spec", lambda name: None)
    assert "<img" not in results._repr_html_()
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"pip install 'flowsim\[plot\]'"):
        results.plot()


def test_a_notebook_writes_counts_in_full():
    whole = run(SMALL, replications=2, seed=3)
    last = {row.measure: row for row in whole.index if row.period.every == "month"}
    results = whole.only(list(last.values())[:2].__contains__)
    values = np.array([[1283.0, 0.00123], [1285.0, 0.00123]])
    shown = dataclasses.replace(results, values=values)._repr_html_()
    assert "e+" not in shown
    assert "<td>1,284</td>" in shown
    assert "<td>0.00123</td>" in shown
