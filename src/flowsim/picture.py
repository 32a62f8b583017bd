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

__all__ = ["COLOURS", "ENGLISH", "INK", "KINDS", "MOST", "Bar", "Box", "CostLine", "Costs", "Panel", "Spot", "Words"]
__all__ += ["canvas", "check_picture", "differences_picture", "drawn", "frontier_map", "map_box", "outlook_picture"]
__all__ += ["picture", "quiet", "staffings", "tornado"]

KINDS = (".png", ".svg", ".pdf")
MOST = 12
"""Series in one picture."""

INK, _FORECAST, _SHOCK, _FAINT = "#1a1a1a", "#1f5fa8", "#a8481f", "#767676"
# Okabe and Ito's colours, which the colour-blind tell apart too; scenarios beyond seven begin again, dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a")
# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
_VERDICTS = {"meets": _FORECAST, "close": "#b0b0b0", "misses": _SHOCK}
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
    figure = canvas(2.6 * len(forecasts) + 0.5)
    for row, one in enumerate(forecasts):
        axes = figure.add_subplot(len(forecasts), 1, row + 1)
        first, values = quarter(one.series.first), one.series.values
        past = range(first, first + len(values))
        ahead = range(first + len(values), first + len(values) + len(one.periods))
        for level in reversed(LEVELS):
            axes.fill_between(ahead, *one.interval(level), color=_BANDS[level], linewidth=0, label=f"{level:.0%}")
        axes.plot(past, [float(value or 0) for value in values], color=INK, marker="o", markersize=3, label="observed")
        axes.plot(ahead, one.point, color=_FORECAST, marker="o", markersize=3, label="forecast")
        _mark(axes, one)
        axes.set_title(f"{one.name} ({one.unit})" if one.unit else one.name, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return drawn(figure, kind)


def outlook_picture(outlook: Outlook, kind: str) -> bytes:
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
            axes.plot(off, [0] * len(off), "^", color=_SHOCK, markersize=6, clip_on=False, label="they differ")
        axes.set_title(outcome.measure, loc="left", fontsize=11)
        _dress(axes, first, ahead[-1], legend=row == 0)
    return drawn(figure, kind)


def _dress(axes: Any, first: int, last: int, *, legend: bool) -> None:
    shown = [*range(first, last + 1, max(1, -(-(last + 1 - first) // 14)))]
    axes.set_xticks(shown, [label(number) for number in shown], fontsize=8)
    axes.set_ylim(bottom=0)
    quiet(axes, "y")
    if legend:
        axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper left")


def canvas(height: float) -> Any:
    """Return an empty figure as wide as all pictures, and so many inches high."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def quiet(axes: Any, grid: str) -> None:
    """Take away what is no data: the upper and the right frame; faint grid lines of "x", "y" or "both" stay."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def drawn(figure: Any, kind: str) -> bytes:
    """Return a figure as the content of a file of one of `KINDS`."""
    from matplotlib import rc_context

    told = io.BytesIO()
    with rc_context({"svg.hashsalt": "flowsim"}):  # equal figures give equal bytes
        figure.savefig(
            told, format=kind.removeprefix("."), dpi=150, metadata={"Date": None} if kind == ".svg" else None
        )
    return told.getvalue()


def differences_picture(told: Comparison, kind: str) -> bytes:
    """Draw one panel a measure: each scenario's mean difference to the first one, with its confidence interval.

    Args:
        told: a comparison of measures by one kind of period, of which at most the first `MOST` are drawn.
        kind: one of `KINDS`.
    """
    names = [_legible(name) for name in told.names]
    pairs = [(name, one) for name, (_, one) in zip(names[1:], told.differences(), strict=True)]
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(told.index):
        columns.setdefault(row.measure, []).append(column)
    shown = list(columns.items())[:MOST]
    figure = canvas(1.9 * max(len(shown), 1) + 0.9)
    title = f"Difference to {names[0]}, with {100 * told.confidence:.3g} % intervals"
    figure.suptitle(title if shown else f"No sure difference to {names[0]}", fontsize=11)
    for panel, (measure, places) in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, panel + 1)
        periods = [told.index[n].period for n in places]
        at = range(len(periods))
        axes.axhline(0, color=INK, linewidth=0.8)
        for number, (name, one) in enumerate(pairs):
            colour, style = COLOURS[number % len(COLOURS)], "--" if number >= len(COLOURS) else "-"
            axes.fill_between(at, one.low[places], one.high[places], color=colour, alpha=0.2, linewidth=0)
            axes.plot(at, one.mean[places], color=colour, linestyle=style, marker="o", markersize=2.5, label=name)
        axes.set_title(f"{measure} ({told.index[places[0]].unit})", loc="left", fontsize=9)
        step = max(1, -(-len(periods) // 14))
        axes.set_xticks([*at][::step], periods[::step], fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
        quiet(axes, "y")
        if panel == 0:
            axes.legend(fontsize=8, frameon=False, ncols=4)
    return drawn(figure, kind)


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


class Words(NamedTuple):
    """What pictures of staffings say beside the figures, so that a report in another language can say its own."""

    goal: str = "the goal"
    plenty: str = "a place for everybody"
    meets: str = "meets the goal"
    close: str = "too close to call"
    misses: str = "misses it"
    least: str = "least"
    cheapest: str = "the cheapest"

    def verdict(self, name: str) -> str:
        """Say a verdict: "meets", "close" or "misses"."""
        return {"meets": self.meets, "close": self.close, "misses": self.misses}[name]


ENGLISH = Words()


def staffings(panels: Sequence[Panel], label: str, least: float | None, kind: str, words: Words = ENGLISH) -> bytes:
    """Draw one panel a goal: what each level of a lever gives, beside the bound; the least that meets all is marked."""
    figure = canvas(2.8 * len(panels) + 0.8)
    for row, panel in enumerate(panels):
        axes = figure.add_subplot(len(panels), 1, row + 1)
        axes.axhline(panel.bound, color=INK, linewidth=0.9, linestyle="--", label=words.goal)
        axes.axhline(panel.ceiling, color=_FORECAST, linewidth=0.9, linestyle=":", label=words.plenty)
        for verdict, colour in _VERDICTS.items():
            at = [number for number, told in enumerate(panel.verdicts) if told == verdict]
            if at:
                figures = [panel.figures[n] for n in at]
                spread = [
                    [max(panel.figures[n] - panel.low[n], 0.0) for n in at],
                    [max(panel.high[n] - panel.figures[n], 0.0) for n in at],
                ]
                levels = [panel.levels[n] for n in at]
                said = words.verdict(verdict)
                axes.errorbar(levels, figures, spread, color=colour, fmt="o", markersize=4, label=said)
        if least is not None:
            axes.axvline(least, color=_FORECAST, linewidth=0.9)
            axes.set_title(f"{words.least}: {least:g}", loc="right", fontsize=8, color=_FORECAST)
        axes.set_title(panel.title, loc="left", fontsize=11)
        axes.set_xlabel(label, fontsize=8)
        quiet(axes, "y")
    _legend_below(figure)
    return drawn(figure, kind)


def _legend_below(figure: Any) -> None:
    """Tell below all panels what their signs mean, each once, where no sign can be covered."""
    signs: dict[str, Any] = {}
    for axes in figure.axes:
        for sign, said in zip(*axes.get_legend_handles_labels(), strict=True):
            signs.setdefault(said, sign)
    figure.legend(signs.values(), signs.keys(), fontsize=8, frameon=False, loc="outside lower center", ncols=5)


Spot = tuple[float, float]


class Box(NamedTuple):
    """The part of the plane of two levers that a map shows."""

    left: float
    right: float
    bottom: float
    top: float


class CostLine(NamedTuple):
    """Staffings of the same cost, from the upper left to the lower right end of a line, and that cost in words."""

    label: str
    start: Spot
    end: Spot


class Costs(NamedTuple):
    """What staffings of a map cost: lines of the same cost, and the cheapest of the points, where there is any."""

    lines: Sequence[CostLine]
    cheapest: Spot | None


def map_box(spots: Sequence[Spot]) -> Box:
    """Return the box around what was tried, with a margin; the lower one is wide enough for the words of a line."""
    (left, right), (bottom, top) = ((min(levels), max(levels)) for levels in zip(*spots, strict=True))
    wide, high = max(right - left, 1.0), max(top - bottom, 1.0)
    return Box(left=left - wide / 20, right=right + wide / 20, bottom=bottom - high / 10, top=top + high / 15)


def frontier_map(
    points: Sequence[tuple[float, float | None]],
    trials: Sequence[tuple[float, float, str]],
    labels: tuple[str, str],
    title: str,
    kind: str,
    costs: Costs | None = None,
    words: Words = ENGLISH,
) -> bytes:
    """Draw what of two levers meets a goal, and what that costs.

    Args:
        points: for each level of the first the least of the second; None where none does.
        trials: what was tried: the two levels, and "meets", "misses" or "close".
        labels: of the two levers.
        title: of the picture.
        kind: one of `KINDS`.
        costs: lines within `map_box` of the levels tried, and the cheapest point.
        words: of the signs.
    """
    from matplotlib.patheffects import withStroke

    figure = canvas(4.8)
    axes = figure.add_subplot()
    met = [(one, other) for one, other in points if other is not None]
    top = max(other for _, other, _ in trials)
    box = map_box([(one, other) for one, other, _ in trials])
    if costs is not None:
        _draw_costs(axes, box, costs, words)
    if met:
        rows, least = zip(*met, strict=True)
        axes.fill_between(rows, least, top, color=_BANDS[LEVELS[1]], linewidth=0)
        axes.plot(rows, least, color=_FORECAST, linewidth=1.4)
        for one, other in met:
            number = axes.annotate(f"{other:g}", (one, other), (5, 5), textcoords="offset points", fontsize=8)
            number.set_path_effects([withStroke(linewidth=2, foreground="white")])
    for verdict, colour in _VERDICTS.items():
        at = [(one, other) for one, other, told in trials if told == verdict]
        if at:
            axes.scatter(*zip(*at, strict=True), color=colour, s=14, zorder=3, label=words.verdict(verdict))
    axes.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top))
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(labels[0], fontsize=9)
    axes.set_ylabel(labels[1], fontsize=9)
    axes.set_title(title, loc="left", fontsize=11)
    quiet(axes, "both")
    _legend_below(figure)
    return drawn(figure, kind)


def _draw_costs(axes: Any, box: Box, costs: Costs, words: Words) -> None:
    """Draw the lines, each with its words at its lower right end: beside the map, or below all that was tried."""
    for line in costs.lines:
        axes.plot(*zip(line.start, line.end, strict=True), color=_FAINT, linewidth=0.8, linestyle="--", zorder=1.5)
        beside = line.end[0] >= box.right
        shift, where = ((4, 0), ("left", "center")) if beside else ((4, 1), ("left", "bottom"))
        axes.annotate(
            line.label, line.end, shift, textcoords="offset points", fontsize=7, color=_FAINT, ha=where[0], va=where[1]
        )
    if costs.cheapest is not None:
        axes.plot(*costs.cheapest, "o", color=INK, fillstyle="none", markersize=9, linestyle="", label=words.cheapest)


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
    figure = canvas(0.34 * len(bars) + 1.6)
    axes = figure.add_subplot()
    for row, bar in enumerate(reversed(bars)):
        for value, interval, colour, told in (
            (bar.low, bar.low_interval, _SHOCK, "factor low"),
            (bar.high, bar.high_interval, _FORECAST, "factor high"),
        ):
            axes.barh(row, value - middle, left=middle, height=0.6, color=colour, label=None if row else told)
            axes.plot(interval, (row, row), color=INK, linewidth=0.9)
        axes.annotate(bar.share, (1.01, row), xycoords=("axes fraction", "data"), fontsize=8, va="center")
    axes.axvline(middle, color=INK, linewidth=0.9)
    axes.set_yticks(range(len(bars)), [bar.label for bar in reversed(bars)], fontsize=8)
    axes.set_xlabel(unit, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    quiet(axes, "x")
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.annotate("share", (1.01, 1), xycoords="axes fraction", fontsize=8, va="bottom")
    return drawn(figure, kind)
