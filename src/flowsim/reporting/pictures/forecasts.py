"""Pictures of forecasts, and of an outlook: the trend beside the simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsim.core.periods import Period, quarter
from flowsim.forecasting.distribution import LEVELS, Forecast, Joint
from flowsim.reporting.pictures.canvas import FORECAST, INK, SHADE, SHOCK, canvas, drawn, quiet

if TYPE_CHECKING:
    from flowsim.forecasting.outlooks import OutlookResult

__all__ = ["outlook_picture", "picture"]

# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: SHADE}


def picture(forecasts: Sequence[Forecast | Joint], kind: str) -> bytes:
    """Draw one panel a series: history, point forecasts, 80 and 95 % intervals; an intervention is marked.

    Args:
        forecasts: at most `MOST`.
        kind: one of `KINDS`.
    """
    figure = canvas(2.6 * len(forecasts) + 0.5)
    for row, one in enumerate(forecasts):
        axes = figure.add_subplot(len(forecasts), 1, row + 1)
        first, values = quarter(one.series.first), one.series.values
        past = range(first, first + len(values))
        ahead = range(first + len(values), first + len(values) + len(one.periods))
        for level in reversed(LEVELS):
            axes.fill_between(ahead, *one.interval(level), color=_BANDS[level], linewidth=0, label=f"{level:.0%}")
        axes.plot(past, [float(value or 0) for value in values], color=INK, marker="o", markersize=3, label="observed")
        axes.plot(ahead, one.point, color=FORECAST, marker="o", markersize=3, label="forecast")
        _mark(axes, one)
        axes.set_title(f"{one.name} ({one.unit})" if one.unit else one.name, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return drawn(figure, kind)


def outlook_picture(outlook: OutlookResult, kind: str) -> bytes:
    """Draw one panel an outcome: history, forecast and simulation with their 90 % intervals; where they differ, marked.

    Args:
        outlook: of at most `MOST` outcomes.
        kind: one of `KINDS`.
    """
    count = len(outlook.outcomes)
    figure = canvas(2.6 * count + 0.5)
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
            told = frame[(frame["measure"] == outcome.measure) & (frame["method"] == method)]
            axes.fill_between(ahead, told["p05"], told["p95"], color=band, alpha=0.45, linewidth=0)
            axes.plot(ahead, told["p50"], style, color=line, markersize=4, label=f"{method}, 90 %")
        off = [number for number, differs in zip(ahead, told["differs"], strict=True) if differs]
        if off:
            axes.plot(off, [0] * len(off), "^", color=SHOCK, markersize=6, clip_on=False, label="they differ")
        axes.set_title(outcome.measure, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return drawn(figure, kind)


def _dress(axes: Any, first: int, last: int, *, legend: bool) -> None:
    shown = [*range(first, last + 1, max(1, -(-(last + 1 - first) // 14)))]
    axes.set_xticks(shown, [Period.of(number, "quarter") for number in shown], fontsize=8)
    axes.set_ylim(bottom=0)
    quiet(axes, "y")
    if legend:
        axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper left")


def _mark(axes: Any, one: Forecast | Joint) -> None:
    shock = one.shock if isinstance(one, Forecast) else one.parts[0].shock
    if shock is None:
        return
    said = (
        "as observed"
        if shock.recovers is None
        else f"intervention, over by {Period.of(quarter(shock.quarter) + shock.recovers, 'quarter')}"
    )
    axes.axvline(quarter(shock.quarter), color=SHOCK, linewidth=0.9, linestyle=":")
    axes.set_title(f"{shock.quarter} {said}", loc="right", fontsize=8, color=SHOCK)
