"""Pictures: of forecasts, outlooks, differences, and of what drives a measure; and what all pictures are drawn with."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsim.errors import InputError
from flowsim.predictive import LEVELS, Forecast, Joint
from flowsim.quarters import label, quarter

if TYPE_CHECKING:
    from flowsim.compare import Comparison
    from flowsim.outlook import Outlook

__all__ = ["COLOURS", "FAINT", "FORECAST", "INK", "KINDS", "MOST", "SHADE", "SHOCK", "Bar", "canvas", "check_picture"]
__all__ += ["differences_picture", "drawn", "halo", "legible", "outlook_picture", "picture", "quiet", "tornado"]

KINDS = (".png", ".svg", ".pdf")
MOST = 12
"""Series in one picture."""

INK, FORECAST, SHOCK, FAINT = "#1a1a1a", "#1f5fa8", "#a8481f", "#767676"
# Okabe and Ito's colours, which the colour-blind tell apart too; scenarios beyond seven begin again, dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a")
# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
SHADE = "#d8e6f4"
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: SHADE}


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
        axes.plot(ahead, one.point, color=FORECAST, marker="o", markersize=3, label="forecast")
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
            axes.plot(off, [0] * len(off), "^", color=SHOCK, markersize=6, clip_on=False, label="they differ")
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
    """Return a figure as the content of a file of one of `KINDS`; equal figures give equal bytes.

    No text is read as a formula, and letters that the font lacks are boxes.
    """
    from matplotlib import rc_context
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    told, metadata = io.BytesIO(), {"Date": None} if kind == ".svg" else None
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "flowsim"}):
        warnings.filterwarnings("ignore", "Glyph|Font", UserWarning)
        figure.savefig(told, format=kind.removeprefix("."), dpi=150, metadata=metadata)
    return told.getvalue()


def halo(text: Any) -> None:
    """Set a text off from what is drawn behind it."""
    from matplotlib.patheffects import withStroke

    text.set_path_effects([withStroke(linewidth=2, foreground="white")])


def differences_picture(told: Comparison, kind: str) -> bytes:
    """Draw one panel a measure: each scenario's mean difference to the first one, with its confidence interval.

    Args:
        told: a comparison of measures by one kind of period, of which at most the first `MOST` are drawn.
        kind: one of `KINDS`.
    """
    names = [legible(name) for name in told.names]
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


def legible(name: str, most: int = 40) -> str:
    """Return a name as a picture can show it: printable, not too long, and such that a legend does not leave it out."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name)
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    return f" {shown}" if shown.startswith("_") else shown


def _mark(axes: Any, one: Forecast | Joint) -> None:
    shock = one.shock if isinstance(one, Forecast) else one.parts[0].shock
    if shock is None:
        return
    said = (
        "as observed"
        if shock.recovers is None
        else f"intervention, over by {label(quarter(shock.quarter) + shock.recovers)}"
    )
    axes.axvline(quarter(shock.quarter), color=SHOCK, linewidth=0.9, linestyle=":")
    axes.set_title(f"{shock.quarter} {said}", loc="right", fontsize=8, color=SHOCK)


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
            (bar.low, bar.low_interval, SHOCK, "factor low"),
            (bar.high, bar.high_interval, FORECAST, "factor high"),
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
