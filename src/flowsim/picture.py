"""Pictures: of forecasts, outlooks, differences, staffings beside a goal, and of what drives a measure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsim.errors import InputError
from flowsim.predictive import LEVELS, Forecast, Joint
from flowsim.quarters import label, quarter

if TYPE_CHECKING:
    from flowsim.compare import Comparison
    from flowsim.outlook import Outlook

__all__ = ["KINDS", "MOST", "Bar", "Panel", "check_picture", "differences_picture", "frontier_map", "outlook_picture"]
__all__ += ["picture", "staffings", "tornado"]

KINDS = (".png", ".svg", ".pdf")
MOST = 12
"""Series in one picture."""

_INK, _FORECAST, _SHOCK = "#1a1a1a", "#1f5fa8", "#a8481f"
# Okabe and Ito's colours, which the colour-blind tell apart too; scenarios beyond seven begin again, dashed.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a")
# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
_VERDICTS = {"meets": _FORECAST, "close": "#b0b0b0", "misses": _SHOCK}
_SAID = {"meets": "meets the goal", "close": "too close to call", "misses": "misses it"}
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: "#d8e6f4"}


def check_picture(path: Path, series: int = 1) -> None:
    """Refuse what can't be drawn, before anything is reckoned; raises InputError."""
    if path.suffix.lower() not in KINDS:
        raise InputError(f"--plot: '{path}' is not allowed: the name ends with {', '.join(KINDS)}")
    if series > MOST:
        raise InputError(f"--plot: {series} series are too many for a picture: choose at most {MOST} with --series")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError("--plot: pictures need matplotlib: pip install 'flowsim[plot]'") from None


def picture(forecasts: Sequence[Forecast | Joint], kind: str) -> bytes:
    """Draw one panel a series: history, point forecasts, 80 and 95 % intervals; an intervention is marked.

    Args:
        forecasts: at most `MOST`.
        kind: one of `KINDS`.
    """
    figure = _figure(2.6 * len(forecasts) + 0.5)
    for row, one in enumerate(forecasts):
        axes = figure.add_subplot(len(forecasts), 1, row + 1)
        first, values = quarter(one.series.first), one.series.values
        past = range(first, first + len(values))
        ahead = range(first + len(values), first + len(values) + len(one.periods))
        for level in reversed(LEVELS):
            axes.fill_between(ahead, *one.interval(level), color=_BANDS[level], linewidth=0, label=f"{level:.0%}")
        axes.plot(past, [float(value or 0) for value in values], color=_INK, marker="o", markersize=3, label="observed")
        axes.plot(ahead, one.point, color=_FORECAST, marker="o", markersize=3, label="forecast")
        _mark(axes, one)
        axes.set_title(f"{one.name} ({one.unit})" if one.unit else one.name, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return _drawn(figure, kind)


def outlook_picture(outlook: Outlook, kind: str) -> bytes:
    """Draw one panel an outcome: history, forecast and simulation with their 90 % intervals; where they differ, marked.

    Args:
        outlook: of at most `MOST` outcomes.
        kind: one of `KINDS`.
    """
    count = len(outlook.outcomes)
    figure = _figure(2.6 * count + 0.5)
    frame = outlook.frame()
    for row, outcome in enumerate(outlook.outcomes):
        axes = figure.add_subplot(count, 1, row + 1)
        first, values = quarter(outcome.trend.series.first), outcome.trend.series.values
        past = range(first, first + len(values))
        ahead = range(past[-1] + 1, past[-1] + 1 + len(outcome.periods))
        axes.plot(
            past, [float(value or 0) for value in values], color=_INK, marker="o", markersize=3, label="documented"
        )
        for method, (line, band, style) in _METHODS.items():
            told = frame[(frame["measure"] == outcome.measure) & (frame["method"] == method)]
            axes.fill_between(ahead, told["p05"], told["p95"], color=band, alpha=0.45, linewidth=0)
            axes.plot(ahead, told["p50"], style, color=line, markersize=4, label=f"{method}, 90 %")
        off = [number for number, differs in zip(ahead, told["differs"], strict=True) if differs]
        if off:
            axes.plot(off, [0] * len(off), "^", color=_SHOCK, markersize=6, clip_on=False, label="they differ")
        axes.set_title(outcome.measure, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return _drawn(figure, kind)


def _dress(axes: Any, first: int, last: int, *, legend: bool) -> None:
    shown = [*range(first, last + 1, max(1, -(-(last + 1 - first) // 14)))]
    axes.set_xticks(shown, [label(number) for number in shown], fontsize=8)
    axes.set_ylim(bottom=0)
    _quiet(axes, "y")
    if legend:
        axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper left")


def _figure(height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _quiet(axes: Any, grid: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def _drawn(figure: Any, kind: str) -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind.removeprefix("."), dpi=150, metadata={"Date": None} if kind == ".svg" else None)
    return drawn.getvalue()


def differences_picture(told: Comparison, kind: str) -> bytes:
    """Draw one panel a measure: each scenario's mean difference to the first one, with its confidence interval.

    Args:
        told: a comparison of measures by one kind of period, of which at most the first `MOST` are drawn.
        kind: one of `KINDS`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [_legible(name) for name in told.names]
    pairs = [(name, one) for name, (_, one) in zip(names[1:], told.differences(), strict=True)]
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(told.index):
        columns.setdefault(row.measure, []).append(column)
    shown = list(columns.items())[:MOST]
    figure = Figure(figsize=(7.5, 1.9 * max(len(shown), 1) + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    title = f"Difference to {names[0]}, with {100 * told.confidence:.3g} % intervals"
    figure.suptitle(title if shown else f"No sure difference to {names[0]}", fontsize=11)
    for panel, (measure, places) in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, panel + 1)
        periods = [told.index[n].period for n in places]
        at = range(len(periods))
        axes.axhline(0, color=_INK, linewidth=0.8)
        for number, (name, one) in enumerate(pairs):
            colour, style = _COLOURS[number % len(_COLOURS)], "--" if number >= len(_COLOURS) else "-"
            axes.fill_between(at, one.low[places], one.high[places], color=colour, alpha=0.2, linewidth=0)
            axes.plot(at, one.mean[places], color=colour, linestyle=style, marker="o", markersize=2.5, label=name)
        axes.set_title(f"{measure} ({told.index[places[0]].unit})", loc="left", fontsize=9)
        step = max(1, -(-len(periods) // 14))
        axes.set_xticks([*at][::step], periods[::step], fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
        axes.set_axisbelow(True)
        if panel == 0:
            axes.legend(fontsize=8, frameon=False, ncols=4)
    return _drawn(figure, kind)


def _legible(name: str) -> str:
    """Return a name as a picture can show it: printable, not too long, and never read as a formula."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name)
    return (shown if len(shown) <= 40 else shown[:39] + "…").replace("$", r"\$")


def _mark(axes: Any, one: Forecast | Joint) -> None:
    shock = one.shock if isinstance(one, Forecast) else one.parts[0].shock
    if shock is None:
        return
    said = (
        "as observed"
        if shock.recovers is None
        else f"intervention, over by {label(quarter(shock.quarter) + shock.recovers)}"
    )
    axes.axvline(quarter(shock.quarter), color=_SHOCK, linewidth=0.9, linestyle=":")
    axes.set_title(f"{shock.quarter} {said}", loc="right", fontsize=8, color=_SHOCK)


class Panel(NamedTuple):
    """What came of one goal: figures by level, their intervals and verdicts, the bound, and the ceiling."""

    title: str
    levels: Sequence[float]
    figures: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    verdicts: Sequence[str]
    bound: float
    ceiling: float


def staffings(panels: Sequence[Panel], label: str, least: float | None, kind: str) -> bytes:
    """Draw one panel a goal: what each level of a lever gives, beside the bound; the least that meets all is marked."""
    figure = _figure(2.8 * len(panels) + 0.5)
    for row, panel in enumerate(panels):
        axes = figure.add_subplot(len(panels), 1, row + 1)
        axes.axhline(panel.bound, color=_INK, linewidth=0.9, linestyle="--", label="the goal")
        axes.axhline(panel.ceiling, color=_FORECAST, linewidth=0.9, linestyle=":", label="a place for everybody")
        for verdict, colour in _VERDICTS.items():
            at = [number for number, told in enumerate(panel.verdicts) if told == verdict]
            if at:
                figures = [panel.figures[n] for n in at]
                spread = [
                    [max(panel.figures[n] - panel.low[n], 0.0) for n in at],
                    [max(panel.high[n] - panel.figures[n], 0.0) for n in at],
                ]
                levels = [panel.levels[n] for n in at]
                axes.errorbar(levels, figures, spread, color=colour, fmt="o", markersize=4, label=_SAID[verdict])
        if least is not None:
            axes.axvline(least, color=_FORECAST, linewidth=0.9)
            axes.set_title(f"least: {least:g}", loc="right", fontsize=8, color=_FORECAST)
        axes.set_title(panel.title, loc="left", fontsize=11)
        axes.set_xlabel(label, fontsize=8)
        _quiet(axes, "y")
        if row == 0:
            axes.legend(fontsize=8, frameon=False)
    return _drawn(figure, kind)


def frontier_map(
    points: Sequence[tuple[float, float | None]],
    trials: Sequence[tuple[float, float, str]],
    labels: tuple[str, str],
    title: str,
    kind: str,
) -> bytes:
    """Draw what of two levers meets a goal.

    Args:
        points: for each level of the first the least of the second; None where none does.
        trials: what was tried: the two levels, and "meets", "misses" or "close".
        labels: of the two levers.
        title: of the picture.
        kind: one of `KINDS`.
    """
    figure = _figure(4.5)
    axes = figure.add_subplot()
    met = [(one, other) for one, other in points if other is not None]
    top = max([other for _, other, _ in trials], default=1.0)
    if met:
        rows, least = zip(*met, strict=True)
        axes.fill_between(rows, least, top, color=_BANDS[LEVELS[1]], linewidth=0)
        axes.plot(rows, least, color=_FORECAST, linewidth=1.4)
        for one, other in met:
            axes.annotate(f"{other:g}", (one, other), (5, 5), textcoords="offset points", fontsize=8)
    for verdict, colour in _VERDICTS.items():
        at = [(one, other) for one, other, told in trials if told == verdict]
        if at:
            axes.scatter(*zip(*at, strict=True), color=colour, s=14, zorder=3, label=_SAID[verdict])
    axes.set_xlabel(labels[0], fontsize=9)
    axes.set_ylabel(labels[1], fontsize=9)
    axes.set_title(title, loc="left", fontsize=11)
    _quiet(axes, "both")
    axes.legend(fontsize=8, frameon=False, loc="upper right", bbox_to_anchor=(1, 1.08), ncols=3)
    return _drawn(figure, kind)


class Bar(NamedTuple):
    """What one factor does to a measure at its low and its high value, the intervals of both, and its share."""

    label: str
    low: float
    high: float
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]
    share: str


def tornado(bars: Sequence[Bar], middle: float, title: str, unit: str, kind: str) -> bytes:
    """Draw how far each factor moves a measure to both sides of its mean, the largest on top."""
    figure = _figure(0.34 * len(bars) + 1.6)
    axes = figure.add_subplot()
    for row, bar in enumerate(reversed(bars)):
        for value, interval, colour, told in (
            (bar.low, bar.low_interval, _SHOCK, "factor low"),
            (bar.high, bar.high_interval, _FORECAST, "factor high"),
        ):
            axes.barh(row, value - middle, left=middle, height=0.6, color=colour, label=None if row else told)
            axes.plot(interval, (row, row), color=_INK, linewidth=0.9)
        axes.annotate(bar.share, (1.01, row), xycoords=("axes fraction", "data"), fontsize=8, va="center")
    axes.axvline(middle, color=_INK, linewidth=0.9)
    axes.set_yticks(range(len(bars)), [bar.label for bar in reversed(bars)], fontsize=8)
    axes.set_xlabel(unit, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    _quiet(axes, "x")
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.annotate("share", (1.01, 1), xycoords="axes fraction", fontsize=8, va="bottom")
    return _drawn(figure, kind)
