"""Pictures of forecasts, and of an outlook: the trend beside the simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsim.core.periods import Every, Period, quarter
from flowsim.forecasting.backtest import OURS, Backtest
from flowsim.forecasting.distribution import LEVELS, Joint, SeriesForecast
from flowsim.forecasting.trend import period_number
from flowsim.reporting.pictures.canvas import (
    FAINT,
    FORECAST,
    INK,
    SHADE,
    SHOCK,
    blank_canvas,
    drawn,
    quiet,
    wrapped_title,
)

if TYPE_CHECKING:
    from flowsim.forecasting.outlooks import OutlookResult

__all__ = ["backtest_picture", "forecast_figure", "outlook_figure", "outlook_picture", "picture"]

# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
# Told apart by their lines too; the heaviest member comes first.
_STYLES = (("#d55e00", "--"), ("#009e73", "-."), ("#cc79a7", ":"), ("#e69f00", (0, (5, 1))), (FAINT, "--"))
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: SHADE}


def picture(forecasts: Sequence[SeriesForecast | Joint], kind: str) -> bytes:
    """Draw one panel a series: history, point forecasts, 80 and 95 % intervals; an intervention is marked.

    Where there is one series alone, its members are drawn too, with their weights.

    Args:
        forecasts: at most `MOST`.
        kind: one of `KINDS`.
    """
    return drawn(forecast_figure(forecasts), kind)


def forecast_figure(forecasts: Sequence[SeriesForecast | Joint]) -> Any:
    """Return the figure that `picture` draws."""
    figure = blank_canvas((2.6 if len(forecasts) > 1 else 3.6) * len(forecasts) + 0.5)
    for row, series_forecast in enumerate(forecasts):
        axes = figure.add_subplot(len(forecasts), 1, row + 1)
        first, values = period_number(series_forecast.series.first), series_forecast.series.values
        past = range(first, first + len(values))
        ahead = range(first + len(values), first + len(values) + len(series_forecast.periods))
        for level in reversed(LEVELS):
            # Half a period to both sides, so that one period alone has an interval that can be seen.
            edges = [ahead[0] - 0.5, *ahead, ahead[-1] + 0.5]
            low, high = ([end[0], *end, end[-1]] for end in series_forecast.interval(level))
            axes.fill_between(edges, low, high, color=_BANDS[level], linewidth=0, label=f"{level:.0%}")
        axes.plot(past, [float(value or 0) for value in values], color=INK, marker="o", markersize=3, label="observed")
        if len(forecasts) == 1 and isinstance(series_forecast, SeriesForecast):
            _draw_members(axes, series_forecast, ahead)
        axes.plot(ahead, series_forecast.point, color=FORECAST, marker="o", markersize=3, label="forecast")
        _mark(axes, series_forecast)
        unit = f" ({series_forecast.unit})" if series_forecast.unit else ""
        axes.set_title(wrapped_title(f"{series_forecast.name}{unit}", 11), loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], series_forecast.every, legend=row == 0)
    return figure


def _draw_members(axes: Any, series_forecast: SeriesForecast, ahead: range) -> None:
    heaviest = sorted(series_forecast.weights.items(), key=lambda pair: -pair[1])
    for (name, weight), (colour, style) in zip(heaviest, _STYLES, strict=False):
        if round(weight, 2) > 0:
            label = f"{name}, {weight:.0%}"
            axes.plot(ahead, series_forecast.members[name], color=colour, linestyle=style, linewidth=1, label=label)


def backtest_picture(results: Sequence[Backtest], kind: str) -> bytes:
    """Draw for each series how far off each method was, its CRPS, and how often its intervals held.

    Args:
        results: at most `MOST`.
        kind: one of `KINDS`.
    """
    figure = blank_canvas(2.6 * len(results) + 0.5)
    for row, result in enumerate(results):
        scores = result.scores[::-1]
        places = range(len(scores))
        names = [score.method for score in scores]
        colours = [FORECAST if score.method == OURS else FAINT for score in scores]
        for column, (title, key) in enumerate((("MASE", "mase"), ("CRPS", "crps"))):
            axes = figure.add_subplot(len(results), 3, 3 * row + column + 1)
            axes.barh(places, [getattr(score, key) for score in scores], color=colours, height=0.65)
            axes.set_yticks(places, names if column == 0 else [""] * len(names), fontsize=8)
            heading = wrapped_title(f"{result.name}: {title}", 9, 0.3) if column == 0 else title
            axes.set_title(heading, loc="left", fontsize=9)
            axes.tick_params(axis="x", labelsize=8)
            quiet(axes, "x")
        axes = figure.add_subplot(len(results), 3, 3 * row + 3)
        for level, marker, key in ((LEVELS[0], "o", "coverage_80"), (LEVELS[1], "s", "coverage_95")):
            axes.axvline(100 * level, color=INK, linewidth=0.6, linestyle=":")
            shares = [100 * getattr(score, key) for score in scores]
            axes.scatter(shares, places, marker=marker, s=22, color=colours, label=f"{level:.0%}")
        axes.set_yticks(places, [""] * len(names))
        axes.set_xlim(-3, 103)
        axes.set_title("held, %: ● 80, ■ 95", loc="left", fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
        quiet(axes, "both")
    return drawn(figure, kind)


def outlook_picture(outlook: OutlookResult, kind: str) -> bytes:
    """Draw one panel an outcome: history, forecast and simulation with their 90 % intervals; where they differ, marked.

    Args:
        outlook: of at most `MOST` outcomes.
        kind: one of `KINDS`.
    """
    return drawn(outlook_figure(outlook), kind)


def outlook_figure(outlook: OutlookResult) -> Any:
    """Return the figure that `outlook_picture` draws."""
    count = len(outlook.outcomes)
    figure = blank_canvas(2.6 * count + 0.5)
    frame = outlook.frame()
    for row, outcome in enumerate(outlook.outcomes):
        axes = figure.add_subplot(count, 1, row + 1)
        first, values = quarter(outcome.trend.series.first), outcome.trend.series.values
        past = range(first, first + len(values))
        ahead = range(past[-1] + 1, past[-1] + 1 + len(outcome.periods))
        axes.plot(
            past, [float(value or 0) for value in values], color=INK, marker="o", markersize=3, label="documented"
        )
        for method, (line, band, style) in _METHODS.items():
            rows = frame[(frame["measure"] == outcome.measure) & (frame["method"] == method)]
            axes.fill_between(ahead, rows["p05"], rows["p95"], color=band, alpha=0.45, linewidth=0)
            axes.plot(ahead, rows["p50"], style, color=line, markersize=4, label=f"{method}, 90 %")
        off = [number for number, differs in zip(ahead, rows["differs"], strict=True) if differs]
        if off:
            axes.plot(off, [0] * len(off), "^", color=SHOCK, markersize=6, clip_on=False, label="they differ")
        axes.set_title(outcome.measure, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], "quarter", legend=row == 0)
    return figure


def _dress(axes: Any, first: int, last: int, every: Every, *, legend: bool) -> None:
    shown = [*range(first, last + 1, max(1, -(-(last + 1 - first) // 14)))]
    axes.set_xticks(shown, [Period.of(number, every) for number in shown], fontsize=8)
    axes.set_ylim(bottom=0)
    quiet(axes, "y")
    if legend:
        axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper left")


def _mark(axes: Any, one: SeriesForecast | Joint) -> None:
    shock = one.shock if isinstance(one, SeriesForecast) else one.parts[0].shock
    if shock is None:
        return
    words = (
        "as observed"
        if shock.recovers is None
        else f"intervention, over by {Period.of(period_number(shock.quarter) + shock.recovers, shock.every)}"
    )
    axes.axvline(period_number(shock.quarter), color=SHOCK, linewidth=0.9, linestyle=":")
    axes.set_title(f"{shock.quarter} {words}", loc="right", fontsize=8, color=SHOCK)
