"""How results show themselves: which table and which picture stand for a run, a comparison, a forecast, a verdict."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import singledispatch
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.verdict import Verdict
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.errors import InputError, require_type
from flowsim.core.files import check_file, write_bytes
from flowsim.core.numbers import fixed
from flowsim.core.periods import shortest
from flowsim.evidence.facts import Evidence
from flowsim.forecasting.distribution import Joint, SeriesForecast
from flowsim.forecasting.outlooks import OutlookResult
from flowsim.model.pathway import Pathway
from flowsim.planning.comparison import Comparison, headlines
from flowsim.planning.staffing.goals import Goal
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.reporting.pictures import charts, forecasts, planning
from flowsim.reporting.pictures.canvas import (
    MOST,
    blank_canvas,
    check_picture,
    drawn,
    drawn_name,
    quiet,
    standard_settings,
)
from flowsim.reporting.pictures.diagram import draw
from flowsim.reporting.prospects import ForecastResult
from flowsim.simulation.estimates import FEWEST_FOR_RANGE
from flowsim.simulation.measures.measure import Measure, Row
from flowsim.simulation.results import Results

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["figure_of", "notebook_html", "plot", "table_of"]

_PANELS = 6
"""Measures in the picture of a run or a comparison."""
_ROWS = 24
"""Rows of a table in a notebook."""


def _legend(count: int) -> charts.FanWords:
    most = "nine in ten" if count >= FEWEST_FOR_RANGE else f"all {count}"
    return charts.FanWords("median", "half of the replications", most, "documented")


def notebook_html(value: Any) -> str:
    """Return a value as HTML for a notebook: its line, its table, and its picture where matplotlib is installed.

    Of a pathway its diagram, which needs no matplotlib.
    """
    line = f"<p><b>{html.escape(repr(value))}</b></p>"
    if isinstance(value, Pathway):
        return f"{line}\n{draw(value).svg}"
    table = table_of(value)
    more = f"<p>{len(table) - _ROWS:,} more rows: <code>.frame()</code></p>" if len(table) > _ROWS else ""
    rows = table.head(_ROWS).to_html(index=False, border=0, float_format=_figure, na_rep="-")
    picture = ""
    if find_spec("matplotlib"):
        try:
            content = base64.b64encode(drawn(figure_of(value), ".svg")).decode()
            picture = f'<img alt="{html.escape(repr(value))}" src="data:image/svg+xml;base64,{content}">'
        except InputError:  # a run of one measure and one period is a number, no picture
            picture = ""
    return f"{line}\n{rows}\n{more}\n{picture}"


def _figure(value: float) -> str:
    """Write a figure of a notebook's table: three digits, and none as a power of ten that is a count of citizens."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return fixed(value, 0) if 100 <= abs(value) < 1e12 else f"{value:.3g}"


def plot(value: Any, path: str | Path | None, force: bool) -> Figure:
    """Return the picture of a value, and write it where a path is given; see `Displayed.plot`."""
    if path is not None:
        require_type("path", path, (str, Path), "the path of a picture, such as 'waits.png'")
    target = Path("picture.png" if path is None else path)
    check_picture(target)
    if path is not None:
        check_file(target, force)
    figure: Figure = figure_of(value)
    if path is not None:
        write_bytes(target, drawn(figure, target.suffix.lower()), force)
    return figure


@singledispatch
def table_of(value: Any) -> pd.DataFrame:
    """Return the table that stands for a value.

    Raises:
        InputError: for a kind of value that has none.
    """
    raise InputError(f"there is no table of a {type(value).__name__}")


@singledispatch
def figure_of(value: Any) -> Any:
    """Return the matplotlib figure that stands for a value.

    Raises:
        InputError: for a kind of value that has none, and where there is nothing to draw.
    """
    raise InputError(f"there is no picture of a {type(value).__name__}")


def _foremost(index: Sequence[Row]) -> list[Measure]:
    """Return the measures in the order in which they are shown: those that sum a run up come first."""
    measures = list(dict.fromkeys(row.measure for row in index))
    first = headlines(measures)
    return [*first, *(measure for measure in measures if measure not in first)]


def _last(index: Sequence[Row], measure: Measure) -> int:
    """Return the column of a measure's last period, of those that end together the longest."""
    columns = [number for number, row in enumerate(index) if row.measure == measure]
    return max(columns, key=lambda number: (index[number].period.after, -index[number].period.first))


@table_of.register(Results)
def _(results: Results) -> pd.DataFrame:
    columns = [_last(results.index, measure) for measure in _foremost(results.index)]
    shown = replace(results, index=tuple(results.index[n] for n in columns), values=results.values[:, columns])
    return shown.table()[["measure", "period", "unit", "statistic", "level", "low", "high", "p05", "p95"]]


@table_of.register(Comparison)
def _(comparison: Comparison) -> pd.DataFrame:
    measures = _foremost(comparison.index)
    rows = {(str(measure), str(comparison.index[_last(comparison.index, measure)].period)) for measure in measures}
    order = {str(measure): number for number, measure in enumerate(measures)}
    frame = comparison.frame()
    kept = frame[[pair in rows for pair in zip(frame["measure"], frame["period"], strict=True)]]
    return kept.sort_values("measure", key=lambda names: names.map(order), kind="stable")


@table_of.register(Answer)
@table_of.register(Frontier)
@table_of.register(OutlookResult)
@table_of.register(SeriesForecast)
@table_of.register(Joint)
def _(value: Any) -> pd.DataFrame:
    frame: pd.DataFrame = value.frame()
    return frame


@table_of.register(ForecastResult)
def _(result: ForecastResult) -> pd.DataFrame:
    return result.frame().reset_index()


@table_of.register(Ensemble)
def _(ensemble: Ensemble) -> pd.DataFrame:
    import pandas as pd

    low, middle, high = np.quantile(ensemble.z, (0.05, 0.5, 0.95), axis=0)
    titles = [factor.title for factor in ensemble.prior.factors]
    prior = [float(sd) for sd in np.sqrt(np.diag(ensemble.prior.covariance))]
    columns = {"factor": ensemble.names, "title": titles, "p05": low, "p50": middle, "p95": high, "prior_sd": prior}
    return pd.DataFrame(columns)


@table_of.register(Verdict)
def _(verdict: Verdict) -> pd.DataFrame:
    return verdict.frame().sort_values("implausibility", ascending=False)


@table_of.register(Evidence)
def _(evidence: Evidence) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for fact in evidence:
        cells = fact.cells()
        figure = f"{len(cells)} figures" if fact.values else str(fact.relation or fact.value)
        rows.append((fact.id, fact.label, figure, fact.unit, fact.period, fact.source))
    return pd.DataFrame(rows, columns=["id", "label", "figure", "unit", "period", "source"])


@figure_of.register(Results)
def _(results: Results) -> Any:
    panels = []
    for measure in _foremost(results.index):
        columns = [number for number, row in enumerate(results.index) if row.measure == measure]
        least = shortest(results.index[number].period.every for number in columns)
        columns = [number for number in columns if results.index[number].period.every == least]
        if len(columns) < 2:
            continue
        periods = [results.index[number].period for number in columns]
        quantiles: Floats = defined_quantiles(results.values[:, columns], charts.QUANTILES)
        quantiles = np.where(np.isfinite(quantiles), quantiles, np.nan)  # a queue that stands still has no height
        title = f"{measure} ({results.index[columns[0]].unit})"
        times = [(period.first + period.after) / 24 for period in periods]
        fan = charts.Fan(title, times, [charts.Band(results.pathway.name, quantiles)], [])
        panels.append(fan._replace(marks=charts.axis_marks(periods)))
    if not panels:
        raise InputError("there is nothing to draw: no measure has two periods")
    return charts.fans_figure(
        panels[:_PANELS], _legend(len(results.replications)), lambda value, decimals: f"{value:,.{decimals}f}"
    )


@figure_of.register(Comparison)
def _(comparison: Comparison) -> Any:
    shown = _foremost(comparison.index)[:_PANELS]
    least = {
        measure: shortest(row.period.every for row in comparison.index if row.measure == measure) for measure in shown
    }

    def drawable(row: Row) -> bool:
        return row.period.every == least.get(row.measure)

    return planning.differences_figure(comparison.each(lambda results: results.only(drawable)))


@figure_of.register(Answer)
def _(answer: Answer) -> Any:
    chance = answer.question.chance
    goals = " and ".join(goal.text for goal in answer.question.goals)
    kept = "" if chance is None else f"runs that keep {goals} (per cent)"
    label = f"{answer.levels.lever.name} ({answer.levels.lever.unit})"
    return planning.staffings_figure(planning.panels(answer, _goal_title, kept), label, answer.least)


def _goal_title(goal: Goal) -> str:
    unit = "per cent" if goal.response.unit == "share" else goal.response.unit
    return f"{goal.text}, {goal.response.words} ({unit})"


@figure_of.register(Frontier)
def _(frontier: Frontier) -> Any:
    points = [(float(point.level), None if point.least is None else float(point.least)) for point in frontier.points]
    trials = [(trial.levels[0], trial.levels[1], trial.verdict) for trial in frontier.trials]
    labels = frontier.rows.lever.name, frontier.levels.lever.name
    return planning.frontier_figure(points, trials, labels, "\n".join(goal.text for goal in frontier.question.goals))


@figure_of.register(SeriesForecast)
@figure_of.register(Joint)
def _(forecast: SeriesForecast | Joint) -> Any:
    return forecasts.forecast_figure(
        [forecast] if isinstance(forecast, SeriesForecast) else [*forecast.parts, forecast]
    )


@figure_of.register(ForecastResult)
def _(result: ForecastResult) -> Any:
    return forecasts.forecast_figure([result.forecast])


@figure_of.register(OutlookResult)
def _(outlook: OutlookResult) -> Any:
    return forecasts.outlook_figure(outlook)


@figure_of.register(Ensemble)
@standard_settings()
def _(ensemble: Ensemble) -> Any:
    low, middle, high = np.quantile(ensemble.z, (0.05, 0.5, 0.95), axis=0)
    prior = np.sqrt(np.diag(ensemble.prior.covariance))
    places = np.arange(len(ensemble.names))[::-1]
    figure = blank_canvas(0.22 * len(places) + 1.0)
    axes = figure.add_subplot()
    axes.hlines(places, -1.645 * prior, 1.645 * prior, color="#d8e6f4", linewidth=7, label="before: nine in ten")
    axes.hlines(places, low, high, color="#1f5fa8", linewidth=2, label="fitted: nine in ten")
    axes.plot(middle, places, "o", color="#1f5fa8", markersize=3.5, label="fitted: median")
    axes.set_yticks(places, ensemble.names, fontsize=7)
    axes.set_xlabel("z", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    quiet(axes, "x")
    figure.legend(loc="outside upper left", fontsize=8, frameon=False, ncols=3)
    return figure


@figure_of.register(Verdict)
@standard_settings()
def _(verdict: Verdict) -> Any:
    worst = verdict.worst(30)
    places = range(len(worst))[::-1]
    figure = blank_canvas(0.22 * len(worst) + 1.0)
    axes = figure.add_subplot()
    colours = ["#1f5fa8" if judged.implausibility < 3 else "#a8481f" for judged in worst]
    axes.barh(places, [judged.implausibility for judged in worst], color=colours, height=0.65)
    axes.axvline(3, color="#1a1a1a", linewidth=0.8, linestyle="--")
    axes.set_yticks(places, [drawn_name(judged.target.name, 60) for judged in worst], fontsize=7)
    axes.set_title("Implausibility of the fitted figures that are farthest off; 3 is the limit", loc="left", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    quiet(axes, "x")
    return figure


@figure_of.register(Evidence)
@standard_settings()
def _(evidence: Evidence) -> Any:
    """Draw the documented series: tables whose keys are all years or quarters."""
    series = []
    for fact in evidence:
        points = sorted((when, number) for key, number in fact.cells().items() if (when := _year_of(key)) is not None)
        if len(points) > 2 and len(points) == len(fact.cells()):
            series.append((f"{fact.label} ({fact.unit})", points))
    if not series:
        raise InputError("there is nothing to draw: no fact is a series over time")
    shown = series[:MOST]
    figure = blank_canvas(1.6 * len(shown) + 0.4)
    for row, (title, points) in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, row + 1)
        axes.plot(*zip(*points, strict=True), "-o", color="#1f5fa8", markersize=3)
        axes.set_title(drawn_name(title, 100), loc="left", fontsize=8)
        axes.set_ylim(bottom=0)
        axes.tick_params(labelsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.ticklabel_format(axis="x", useOffset=False)
        quiet(axes, "y")
    return figure


def _year_of(key: str) -> float | None:
    """Return the middle of a year or a quarter as a table's key names it, in years; None for any other key."""
    from flowsim.core.periods import read_period

    try:
        period = read_period(key)
    except (InputError, ValueError):
        return None
    return None if period is None else (period.first + period.after) / 24
