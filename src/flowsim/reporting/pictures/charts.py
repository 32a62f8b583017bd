"""Charts of a report: fans of what may come beside what is documented, and the flow of citizens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, pairwise
from typing import Any, NamedTuple

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.periods import FINER, Period
from flowsim.reporting.pictures.canvas import (
    COLOURS,
    INK,
    blank_canvas,
    drawn,
    drawn_name,
    left_title,
    legend_columns,
    quiet,
    standard_settings,
    ticks_at_most,
    yardstick_look,
)
from flowsim.reporting.pictures.layout import Link, columns_of, layers_of, middles_of

__all__ = ["QUANTILES", "Band", "Fan", "FanWords", "Flow", "axis_marks", "fans", "fans_figure", "flows", "forward"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of a band."""
_STYLES = ("-", "--", "-.", ":")
_TALL, _BAR = 560.0, 0.045
_MARKS = 6  # of days or hours on an axis, at most
_GREY = "#6b6b6b"
NumberWriter = Callable[[float, int], str]
"""Writes a figure with so many decimals."""


class Band(NamedTuple):
    """What may come in a scenario: quantiles at `LEVELS`, shape (levels, periods)."""

    label: str
    quantiles: Floats


class Fan(NamedTuple):
    """One panel: scenarios over time, and documented points; time in years, such as 2021.25.

    What lies after `carried_on` is of no documented time. A yardstick is what it is called, from when to when it holds,
    and its value. Years are marked on the axis, or `marks`, times with their texts, where there are any.
    """

    title: str
    times: Sequence[float]
    bands: Sequence[Band]
    documented: Sequence[tuple[float, float]]
    carried_on: float = math.inf
    yardsticks: Sequence[tuple[str, float, float, float]] = ()
    marks: Sequence[tuple[float, str]] = ()


class FanWords(NamedTuple):
    """What the legend of fans says."""

    median: str
    half: str
    most: str
    documented: str
    carried_on: str = "carried on, not observed"


class Flow(NamedTuple):
    """Citizens who went from one key to another in a year."""

    source: str
    target: str
    citizens: float


def fans(panels: Sequence[Fan], words: FanWords, number: NumberWriter, kind: str) -> bytes:
    """Draw a panel each: the median, the middle half where one scenario stands alone, nine in ten; documented points.

    Of further scenarios only what comes from where they part from the first one.

    Args:
        panels: with the same scenarios in the same order.
        words: of the legend.
        number: writes a figure of an axis.
        kind: one of `picture.KINDS`.
    """
    return drawn(fans_figure(panels, words, number), kind)


@standard_settings()
def fans_figure(panels: Sequence[Fan], words: FanWords, number: NumberWriter) -> Any:
    """Return the figure that `fans` draws."""
    figure = blank_canvas(2.3 * len(panels) + 0.6)
    first, legend = None, dict[str, Any]()
    known = list(dict.fromkeys(label for panel in panels for label, *_ in panel.yardsticks))
    for row, panel in enumerate(panels):
        axes = figure.add_subplot(len(panels), 1, row + 1, sharex=first)
        first, alone = first or axes, len(panel.bands) == 1
        for place, (band, colour, style) in enumerate(zip(panel.bands, cycle(COLOURS), cycle(_STYLES))):
            q = _apart(panel.bands[0].quantiles, band.quantiles, place)
            name = words.median if alone else f"{words.median}: {drawn_name(band.label)}"
            light = axes.fill_between(panel.times, q[0], q[4], color=colour, alpha=0.16, linewidth=0)
            legend.setdefault(words.most, light)
            if alone:
                half = axes.fill_between(panel.times, q[1], q[3], color=colour, alpha=0.3, linewidth=0)
                legend.setdefault(words.half, half)
            (median,) = axes.plot(panel.times, q[2], color=colour, linestyle=style, linewidth=1.6)
            legend.setdefault(name, median)
        if panel.documented:
            told = sorted(panel.documented)
            (points,) = axes.plot(*zip(*told, strict=True), "D", color=INK, markersize=4)
            legend.setdefault(words.documented, points)
        for label, since, until, value in panel.yardsticks:
            (line,) = axes.plot((since, until), (value, value), **yardstick_look(known.index(label)))
            legend.setdefault(label, line)
        if panel.carried_on < panel.times[-1]:
            since, until = max(panel.carried_on, panel.times[0]), panel.times[-1]
            span = axes.axvspan(since, until, facecolor="none", edgecolor="#d0d0d0", hatch="//", linewidth=0, zorder=-2)
            axes.axvline(since, color=_GREY, linewidth=0.8, linestyle=(0, (2, 2)), zorder=-1)
            legend.setdefault(words.carried_on, span)
        left_title(axes, drawn_name(panel.title, 240), 10)
        axes.set_ylim(bottom=0)
        if panel.marks:
            axes.set_xticks(*zip(*panel.marks, strict=True))
        else:
            axes.set_xticks(_years(panel.times))
        axes.yaxis.set_major_formatter(_by_step(axes, number))
        axes.tick_params(labelsize=8)
        quiet(axes, "y")
    figure.legend(
        legend.values(),
        legend.keys(),
        loc="outside upper left",
        fontsize=8,
        frameon=False,
        ncols=legend_columns(min(len(legend), 2)),
    )
    return figure


def axis_marks(periods: Sequence[Period]) -> list[tuple[float, str]]:
    """Return what is marked on an axis of days or hours, of one day its hours alone; nothing of longer periods."""
    if not periods or periods[0].every not in FINER:
        return []
    hours = periods[0].every == "hour"
    within_a_day = hours and periods[0].start.date() == periods[-1].start.date()
    form = "%H:%M" if within_a_day else "%Y-%m-%d %H:%M" if hours else "%Y-%m-%d"
    most = _MARKS - 2 * (hours and not within_a_day)  # for long texts there is less room
    return [(period.first / 12, period.start.strftime(form)) for period in periods[:: 1 + len(periods) // most]]


def _by_step(axes: Any, number: NumberWriter) -> Callable[[float, Any], str]:
    """Write the figures of an axis with the decimals that their steps take."""

    def written(value: float, _: Any) -> str:
        ticks = axes.get_yticks()
        step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
        decimals = next((n for n in range(4) if math.isclose(round(step, n), step, rel_tol=1e-6)), 4)
        return number(value, decimals)

    return written


def _apart(first: Floats, other: Floats, place: int) -> Floats:
    """Return the quantiles from where a further scenario parts from the first one; NaN before."""
    if place == 0:
        return other
    differs = ~np.all((first == other) | (np.isnan(first) & np.isnan(other)), axis=0)
    since = int(differs.argmax()) - 1
    return np.where(differs.any() & (np.arange(len(differs)) >= since), other, np.nan)


def forward(links: Sequence[Flow], back: str) -> tuple[list[Flow], dict[str, str]]:
    """Return flows that all lead forward: those that lead back end at keys of their own.

    Returns:
        the flows, and the key that each key of a way back stands for.
    """
    ordered = sorted(links, key=lambda flow: -flow.citizens)
    _, leading_back = layers_of([flow[:2] for flow in ordered])
    behind = dict.fromkeys(leading_back)
    out = [flow._replace(target=f"{back}{flow.target}") if flow[:2] in behind else flow for flow in ordered]
    return out, {f"{back}{target}": target for _, target in behind}


@standard_settings()
def flows(streams: Sequence[Flow], labels: Mapping[str, str], number: NumberWriter, kind: str) -> bytes:
    """Draw flows that lead forward as ribbons between bars, as wide as there are citizens.

    Args:
        streams: without a cycle; a key that starts with "entry " stands right before where it leads.
        labels: of the keys.
        number: writes the citizens of a bar: those who left, or of a last one those who came.
        kind: one of `picture.KINDS`.
    """
    layer, _ = layers_of([flow[:2] for flow in streams])
    last = max(layer.values())
    sources = {flow.source for flow in streams}
    ends = dict.fromkeys(flow.target for flow in streams if flow.target not in sources)
    layer |= dict.fromkeys(ends, last)
    ways = {flow: _way(flow, layer) for flow in streams}
    links: dict[Link, float] = {
        (source, target, False): flow.citizens for flow, way in ways.items() for source, target in pairwise(way)
    }
    columns = columns_of(list(links), layer)
    size = {key: _size(key, links) for column in columns for key in column}
    scale = _TALL / max(sum(size[key] for key in column) for column in columns)
    span = {key: citizens * scale for key, citizens in size.items()}
    middle = middles_of(columns, list(links), span, 0.0)
    top = {key: middle[key] - span[key] / 2 for key in span}
    x = {key: number for number, column in enumerate(columns) for key in column}
    left, right = _ports(links, middle, top, scale)
    lived_on = dict.fromkeys(flow.source for flow in streams if not flow.source.startswith("entry "))
    colours = dict(zip(lived_on, cycle(COLOURS[:-1])))
    colours |= {flow.source: colours.get(flow.target, _GREY) for flow in streams if flow.source not in lived_on}
    figure = blank_canvas(6.4)
    axes = figure.add_subplot()
    for flow, way in ways.items():
        for source, target in pairwise(way):
            link = source, target, False
            _ribbon(
                axes,
                (x[source] + (_BAR if source in labels else 0), right[link]),
                (x[target] - (_BAR if target in labels else 0), left[link]),
                flow.citizens * scale,
                colours[flow.source],
            )
    for key in [key for key in labels if key in x]:
        axes.bar(x[key], span[key], 2 * _BAR, bottom=top[key], color=colours.get(key, _GREY), edgecolor="none")
        citizens = sum(flow.citizens for flow in streams if key == (flow.target if key in ends else flow.source))
        place = (x[key] + 2.4 * _BAR, middle[key]) if key in ends else (x[key], top[key] - 3)
        axes.text(
            *place,
            f"{drawn_name(labels[key])} {number(citizens, 0)}",
            fontsize=7.5,
            color=INK,
            ha="left" if key in ends else "center",
            va="center" if key in ends else "bottom",
            bbox={"facecolor": "#ffffff", "alpha": 0.75, "linewidth": 0, "pad": 0.8},
        )
    axes.set_xlim(-0.35, last + 0.95)
    axes.set_ylim(max(top[key] + span[key] for key in top) + 8, min(top.values()) - 24)
    axes.axis("off")
    return drawn(figure, kind)


def _years(times: Sequence[float]) -> list[int]:
    """Return the years to mark: whole ones, a dozen at most."""
    first, last = math.floor(min(times)), math.ceil(max(times))
    return [*range(first, last + 1, 1 + (last - first) // ticks_at_most(12))]


def _way(flow: Flow, layer: Mapping[str, int]) -> list[str]:
    """Return the keys that a ribbon passes: a bend in each layer between."""
    between = range(layer[flow.source] + 1, layer[flow.target])
    return [flow.source, *(f"{flow.target} {number} {flow.source}" for number in between), flow.target]


def _size(key: str, links: Mapping[Link, float]) -> float:
    came = sum(citizens for link, citizens in links.items() if link[1] == key)
    left = sum(citizens for link, citizens in links.items() if link[0] == key)
    return max(came, left)


def _ports(
    links: Mapping[Link, float], middle: Mapping[str, float], top: Mapping[str, float], scale: float
) -> tuple[dict[Link, float], dict[Link, float]]:
    """Return where each ribbon's upper edge arrives, and where it leaves: side by side in the order of other ends."""
    out: tuple[dict[Link, float], dict[Link, float]] = ({}, {})
    came, went = dict(top), dict(top)
    for link in sorted(links, key=lambda link: middle[link[0]]):
        out[0][link] = came[link[1]]
        came[link[1]] += links[link] * scale
    for link in sorted(links, key=lambda link: middle[link[1]]):
        out[1][link] = went[link[0]]
        went[link[0]] += links[link] * scale
    return out


def _ribbon(axes: Any, start: tuple[float, float], end: tuple[float, float], wide: float, colour: str) -> None:
    t = np.linspace(0.0, 1.0, 40)
    upper = start[1] + (end[1] - start[1]) * t**2 * (3 - 2 * t)
    axes.fill_between(start[0] + (end[0] - start[0]) * t, upper, upper + wide, color=colour, alpha=0.45, linewidth=0)
