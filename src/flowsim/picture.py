"""A picture of forecasts: what was observed, what is expected, and how sure that is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowsim.errors import InputError
from flowsim.predictive import LEVELS, Forecast, Joint
from flowsim.quarters import label, quarter

__all__ = ["KINDS", "MOST", "check_picture", "picture"]

KINDS = (".png", ".svg", ".pdf")
MOST = 12
"""Series in one picture."""

_INK, _FORECAST, _SHOCK = "#1a1a1a", "#1f5fa8", "#a8481f"
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: "#d8e6f4"}


def check_picture(path: Path, series: int) -> None:
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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 2.6 * len(forecasts) + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
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
        step = max(1, -(-(len(past) + len(ahead)) // 14))
        shown = [*range(first, ahead[-1] + 1, step)]
        axes.set_xticks(shown, [label(number) for number in shown], fontsize=8)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
        axes.set_axisbelow(True)
        if row == 0:
            axes.legend(fontsize=8, frameon=False, ncols=4, loc="upper left")
    drawn = io.BytesIO()
    figure.savefig(drawn, format=kind.removeprefix("."), dpi=150, metadata={"Date": None} if kind == ".svg" else None)
    return drawn.getvalue()


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
