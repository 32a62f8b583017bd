"""What measures are held against: every one a documented figure, of a measure that the model has."""

import pandas as pd
import pytest

from flowsim import Scenario
from flowsim.core.errors import InputError
from flowsim.evidence.facts import load
from flowsim.evidence.yardsticks import _Entry, yardsticks_of
from flowsim.reporting.language import Language
from flowsim.reporting.pictures.charts import Band, Fan, FanWords, fans_figure
from flowsim.reporting.pictures.marks import marked
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.catalogue import Catalogue
from helpers.command_line import fine

CITY = Scenario.of("copenhagen")


def test_yardsticks_are_documented_values_of_measures_of_the_model():
    measures = {str(row.measure) for row in Catalogue.of(CITY.pathway()).index}
    facts = {fact.id for fact in load().facts}
    assert {one.measure for one in yardsticks_of("copenhagen")} <= measures
    assert {one.fact for one in yardsticks_of("copenhagen")} <= facts
    values = {(one.measure, str(one.period), one.kind): one.value for one in yardsticks_of("copenhagen")}
    assert values["clock.plan_til_afgoerelse.within", "None", "goal"] == 0.9
    assert values["awards.fleksjob_tilkendt", "2017", "goal"] == 290
    assert values["awards.fleksjob_tilkendt", "2018", "goal"] == 490
    assert values["status.ressourceforloeb.3_months.ikke_afklaret", "2019Q1", "country"] == 6.9
    assert values["status.ressourceforloeb.3_months.foertidspension", "2019", "country"] == 58.0


def test_a_table_has_the_part_of_a_yearly_goal_that_is_its_periods_and_no_column_without_a_value():
    rows = [("awards.fleksjob_tilkendt", "2018"), ("awards.fleksjob_tilkendt", "2018Q1"), ("entries.x", "2018")]
    table = pd.DataFrame(rows, columns=["measure", "period"])
    measures = [row.measure for row in Catalogue.of(CITY.pathway()).index]
    columns = marked(table, yardsticks_of("copenhagen"), measures)
    assert columns.columns.tolist() == ["measure", "period", "goal"]
    assert columns["goal"].fillna(-1).tolist() == [490, 122.5, -1]
    assert marked(table, (), measures).equals(table)


COMMANDS = {"run copenhagen": "measures.csv", "compare today more-places": "comparison.csv"}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_files_of_a_command_have_them_as_columns(tmp_path, command):
    fine(*command.split(), "--point", "-n", 2, "--from", 2018, "--to", 2018, "--out", tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / COMMANDS[command])
    yearly = table[table["period"] == "2018"].drop_duplicates("measure").set_index("measure")
    assert yearly.loc["awards.fleksjob_tilkendt", "goal"] == 490
    assert yearly.loc["clock.plan_til_afgoerelse.within", "goal"] == 0.9
    assert yearly["goal"].count() < len(yearly)


@pytest.mark.parametrize("name", ["town", "../copenhagen", "scenarios", "", "copenhagen/.."])
def test_any_other_base_has_none(name):
    assert yardsticks_of(name) == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"fact": "no-such"}, "there is no fact 'no-such'"),
        ({"fact": "svar-2017-06.fleksjob-goal", "key": "2016"}, "has no '2016'"),
        ({"fact": "svar-2018-10.service-goal-decided"}, "is no number"),
    ],
)
def test_a_yardstick_without_a_number_is_refused(entry, message):
    with pytest.raises(InputError, match=message):
        _Entry(measure="awards.x", kind="goal", **entry).read(load(), "yardsticks.toml")


def test_they_are_told_in_the_language_of_one_period_or_of_all():
    english, danish = (Wording.of(CITY, CITY.pathway(), Language.of(code)) for code in ("en", "da"))
    assert english.yardsticks("awards.fleksjob_tilkendt", "awards") == "goal: 290 (2017), 490 (2018)"
    assert english.yardsticks("awards.fleksjob_tilkendt", "awards", "2018") == "goal: 490"
    assert english.yardsticks("awards.fleksjob_tilkendt", "awards", "2019") == ""
    assert english.yardsticks("clock.plan_til_afgoerelse.within", "share", "2019") == "goal: 90 %"
    country = danish.yardsticks("status.ressourceforloeb.3_months.ikke_afklaret", "per cent")
    assert country == "hele landet: 7,1 (2018K1), 6,9 (2019K1), 6,6 (2020K1)"
    assert danish.yardsticks("queue.rehabilitation_team", "citizens") == ""


def test_a_fan_draws_them_over_the_time_for_which_they_hold():
    pytest.importorskip("matplotlib")
    times = [2017.125, 2017.375, 2017.625, 2017.875]
    fan = Fan("Awards", times, [Band("today", [[50.0] * 4] * 5)], [], yardsticks=[("goal", 2017.0, 2018.0, 72.5)])
    figure = fans_figure([fan], FanWords("median", "half", "most", "documented"), lambda value, decimals: f"{value:g}")
    (line,) = [line for line in figure.axes[0].lines if list(line.get_xdata()) == [2017.0, 2018.0]]
    assert list(line.get_ydata()) == [72.5, 72.5]
    assert "goal" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(("factor", "holds"), [(7.0, True), (1.0, False), (1 / 7, False)])
def test_a_figure_in_another_unit_of_time_needs_the_factor_to_the_pathway_s(factor, holds):
    entry = _Entry(measure="wait.team.served", kind="goal", fact="status-2021-01.wait-2021-01", factor=factor)
    (plain,) = entry.read(load(), "yardsticks.toml")
    if holds:
        (yardstick,) = entry.read(load(), "yardsticks.toml", "day")
        assert yardstick == plain
        assert yardstick.value == pytest.approx(49)  # the seven weeks of January 2021
    else:
        with pytest.raises(
            InputError, match=r"wait\.team\.served: factor: .* is not allowed: from weeks to days it is 7"
        ):
            entry.read(load(), "yardsticks.toml", "day")
