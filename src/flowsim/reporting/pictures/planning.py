"""Pictures of plans: differences between scenarios, what drives a measure, and what staffings give and cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from flowsim.planning.staffing.cost import StaffingCost, cheapest
from flowsim.planning.staffing.goals import Goal
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.planning.staffing.trials import Decision
from flowsim.reporting.language import Language
from flowsim.reporting.pictures.canvas import (
    COLOURS,
    FAINT,
    FORECAST,
    INK,
    MOST,
    SHADE,
    SHOCK,
    blank_canvas,
    drawn,
    drawn_names,
    halo,
    left_title,
    legend_columns,
    quiet,
    standard_settings,
    wrapped_title,
    yardstick_look,
)
from flowsim.simulation.intervals import Interval
from flowsim.simulation.measures.measure import Measure

if TYPE_CHECKING:
    from flowsim.planning.comparison import Comparison
    from flowsim.reporting.wording import Wording

__all__ = [
    "ENGLISH",
    "Bar",
    "Box",
    "CostLine",
    "Costs",
    "EqualCost",
    "Panel",
    "Spot",
    "Words",
    "differences_figure",
    "differences_picture",
    "equal_cost_lines",
    "frontier_figure",
    "frontier_map",
    "map_box",
    "map_costs",
    "panels",
    "staffings",
    "staffings_figure",
    "tornado",
    "zoomed",
]


def differences_picture(
    comparison: Comparison, kind: str, alike: Sequence[Measure] = (), wording: Wording | None = None
) -> bytes:
    """Draw one panel a measure: each scenario's difference to the first one, with its confidence interval.

    Args:
        comparison: a comparison of measures by one kind of period, of which at most the first `MOST` are drawn; those
            left out are named below.
        kind: one of `KINDS`.
        alike: further measures that were asked for, in which no difference is sure; they are named below.
        wording: what measures and scenarios are called; in English, by their names, where left out.
    """
    return drawn(differences_figure(comparison, alike, wording), kind)


@standard_settings()
def differences_figure(comparison: Comparison, alike: Sequence[Measure] = (), wording: Wording | None = None) -> Any:
    """Return the figure that `differences_picture` draws."""
    language = Language.of("en") if wording is None else wording.language
    say = language.say
    titles = comparison.names if wording is None else [wording.scenario(name) for name in comparison.names]
    names = drawn_names(titles)
    pairs = [(name, paired) for name, (_, paired) in zip(names[1:], comparison.differences(), strict=True)]
    columns: dict[Measure, list[int]] = {}
    for column, row in enumerate(comparison.index):
        columns.setdefault(row.measure, []).append(column)
    shown = list(columns.items())[:MOST]
    beyond = [_called(measure, wording) for measure in list(columns)[MOST:]]
    same = [_called(measure, wording) for measure in alike]
    notes = [say("compare.picture.room", names=", ".join(beyond))] * bool(beyond)
    notes += [say("compare.picture.alike", names=", ".join(same))] * bool(same)
    stalled = [
        _called(measure, wording)
        for measure, places in shown
        if any(np.isinf(paired.estimate[places]).any() for _, paired in pairs)
    ]
    notes += [say("compare.picture.still", names=", ".join(stalled))] * bool(stalled)
    note = wrapped_title("\n".join(notes), 8)
    figure = blank_canvas(1.9 * max(len(shown), 1) + 0.9 + 0.15 * len(note.splitlines()))
    figure.supxlabel(note, x=0.01, ha="left", fontsize=8) if note else None
    percent = f"{language.local(f'{100 * comparison.confidence:.3g}')} %"
    title = say("compare.picture", name=names[0], percent=percent)
    title = title if shown else say("compare.picture.none", name=names[0])
    figure.suptitle(wrapped_title(title, 11), fontsize=11)
    for panel, (measure, places) in enumerate(shown):
        axes = figure.add_subplot(len(shown), 1, panel + 1)
        periods = [language.short_period(comparison.index[n].period) for n in places]
        unit = comparison.index[places[0]].unit
        named = unit if wording is None or wording.codes else wording.unit("points" if unit == "share" else unit)
        scale = 100 if unit == "share" and named != unit else 1
        at = range(len(periods))
        axes.axhline(0, color=INK, linewidth=0.8)
        for number, (name, paired) in enumerate(pairs):
            colour, style = COLOURS[number % len(COLOURS)], "--" if number >= len(COLOURS) else "-"
            # A queue that stands still has no place on an axis.
            middle, low, high = (
                scale * np.where(np.isfinite(values), values, np.nan)[places]
                for values in (paired.estimate, paired.low, paired.high)
            )
            axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(at, middle, color=colour, linestyle=style, marker="o", markersize=2.5, label=name)
        left_title(axes, f"{_called(measure, wording)} ({named})", 9)
        step = max(1, -(-len(periods) // 14))
        axes.set_xticks([*at][::step], periods[::step], fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
        quiet(axes, "y")
        if panel == 0:
            axes.legend(fontsize=8, frameon=False, ncols=4)
    return figure


def _called(measure: Measure, wording: Wording | None) -> str:
    return str(measure) if wording is None else wording.measure(measure)


class Bar(NamedTuple):
    """What one factor does to a measure at its low and its high value, the intervals of both, and its share."""

    label: str
    low: float
    high: float
    low_interval: tuple[float, float]
    high_interval: tuple[float, float]
    share: str


@standard_settings()
def tornado(
    bars: Sequence[Bar],
    middle: float,
    title: str,
    unit: str,
    kind: str,
    words: tuple[str, str, str] = ("factor low", "factor high", "share"),
) -> bytes:
    """Draw how far each factor moves a measure to both sides of its mean, the largest on top.

    Args:
        bars: one a factor.
        middle: the mean.
        title: of the picture.
        unit: of the measure.
        kind: one of `KINDS`.
        words: for a factor at its low end, at its high end, and for its share.
    """
    figure = blank_canvas(0.34 * len(bars) + 1.6)
    axes = figure.add_subplot()
    for row, bar in enumerate(reversed(bars)):
        for value, interval, colour, label in (
            (bar.low, bar.low_interval, SHOCK, words[0]),
            (bar.high, bar.high_interval, FORECAST, words[1]),
        ):
            axes.barh(row, value - middle, left=middle, height=0.6, color=colour, label=None if row else label)
            axes.plot(interval, (row, row), color=INK, linewidth=0.9)
        axes.annotate(bar.share, (1.01, row), xycoords=("axes fraction", "data"), fontsize=8, va="center")
    axes.axvline(middle, color=INK, linewidth=0.9)
    axes.set_yticks(range(len(bars)), [bar.label for bar in reversed(bars)], fontsize=8)
    axes.set_xlabel(unit, fontsize=9)
    figure.suptitle(wrapped_title(title, 11), x=0.01, ha="left", fontsize=11)
    quiet(axes, "x")
    axes.legend(fontsize=8, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.annotate(words[2], (1.01, 1), xycoords="axes fraction", fontsize=8, va="bottom")
    return drawn(figure, kind)


_LINES = 6
_NEAR = 3  # levels around the answer that are always drawn
_MARGIN = 0.25  # of the distance between the answer and today's, to both sides


@dataclass(frozen=True, kw_only=True)
class EqualCost:
    """Staffings by two levers that cost the same: a straight line from its upper left to its lower right end."""

    cost: float
    start: Spot
    end: Spot


def equal_cost_lines(cost: StaffingCost, box: Box) -> tuple[EqualCost, ...]:
    """Return the lines of some round costs across a map of two levers, the cheapest first; none where all is free.

    The costs are multiples of 1, 2 or 5 times a power of ten.
    """
    across, upward = cost.units
    least, most = max(cost.at((box.left, box.bottom)), 0.0), cost.at((box.right, box.top))
    if most <= least:
        return ()
    step = _round_step((most - least) / _LINES)
    costs = [n * step for n in range(math.floor(least / step) + 1, math.ceil(most / step))]
    # A line across a mere corner would tell nothing.
    shown = [amount for amount in costs if 0.05 < (amount - least) / (most - least) < 0.95]
    return tuple(_across(box, across, upward, amount) for amount in shown)


def map_costs(frontier: Frontier, cost: StaffingCost, labels: Callable[[Sequence[float]], list[str]]) -> Costs:
    """Return what `staffing_picture.frontier_map` draws of costs; `labels` writes those of all lines."""
    lines = equal_cost_lines(cost, map_box([(trial.levels[0], trial.levels[1]) for trial in frontier.trials]))
    told = labels([line.cost for line in lines])
    drawn = [CostLine(label=label, start=line.start, end=line.end) for label, line in zip(told, lines, strict=True)]
    return Costs(lines=drawn, cheapest=cheapest(frontier, cost))


def _round_step(least: float) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that is not below a number."""
    power = math.floor(math.log10(least))
    return next(step for step in (10.0**power, 2 * 10.0**power, 5 * 10.0**power, 10.0 ** (power + 1)) if step >= least)


def _across(box: Box, price: float, other_price: float, cost: float) -> EqualCost:
    """Return the line of a cost within a box, at what a unit of the one and of the other costs."""
    # Where the other is free the line stands upright and meets neither side, so nothing is divided by 0.
    enters = cost - price * box.left <= other_price * box.top
    leaves = cost - price * box.right >= other_price * box.bottom
    start = (
        (box.left, (cost - price * box.left) / other_price)
        if enters
        else ((cost - other_price * box.top) / price, box.top)
    )
    end = (
        (box.right, (cost - price * box.right) / other_price)
        if leaves
        else ((cost - other_price * box.bottom) / price, box.bottom)
    )
    return EqualCost(cost=cost, start=start, end=end)


# Told apart by their marks too, in print and by the colour-blind.
_LOOKS: dict[str, dict[str, Any]] = {
    "meets": {"color": FORECAST, "marker": "o"},
    "close": {"color": FAINT, "marker": "o", "markerfacecolor": "#ffffff"},
    "misses": {"color": SHOCK, "marker": "x"},
}


class Panel(NamedTuple):
    """What came of one goal: figures by level, their intervals and verdicts, the bound, the ceiling, and today's level.

    Today's is the least of what the parties have; None where a station has no number. A yardstick is what it is called,
    and its value.
    """

    title: str
    levels: Sequence[float]
    figures: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    verdicts: Sequence[Decision]
    bound: float
    ceiling: float
    today: float | None = None
    yardsticks: Sequence[tuple[str, float]] = ()


class Words(NamedTuple):
    """What pictures of staffings say beside the figures, so that a report in another language can say its own."""

    goal: str = "the goal"
    plenty: str = "a place for everybody"
    meets: str = "meets the goal"
    close: str = "too close to call"
    misses: str = "misses it"
    least: str = "least"
    cheapest: str = "the cheapest"
    today: str = "as the scenario is"

    def verdict(self, name: str) -> str:
        """Say a verdict: "meets", "close" or "misses"."""
        return {"meets": self.meets, "close": self.close, "misses": self.misses}[name]


ENGLISH = Words()


def panels(answer: Answer, title: Callable[[Goal], str], kept: str, wording: Wording | None = None) -> list[Panel]:
    """Return what `staffings` draws of an answer, shares in per cent.

    A panel a goal, with the verdicts on that goal; or, where a chance was asked for, one of the share of the runs that
    keep all goals, for that is what decides then.

    Args:
        answer: whose trials are drawn.
        title: writes a goal.
        kept: what the one panel of a chance is called.
        wording: whose yardsticks are drawn; none where left out.
    """
    levels = [trial.levels[0] for trial in answer.trials]
    held = answer.levels.lever.held(answer.question.scenario.pathway(), answer.question.since)
    least = min(held.values(), default=math.inf)
    today = least if math.isfinite(least) else None

    def panel(
        name: str,
        unit: str,
        each: Sequence[Interval],
        verdicts: Sequence[Decision],
        ends: tuple[float, float],
        goal: Goal | None = None,
    ) -> Panel:
        scale = 100 if unit == "share" else 1
        # A queue that stands still has no mark, and what is the same in every run no interval.
        finite = [
            (
                interval.estimate,
                *(end if math.isfinite(end) else interval.estimate for end in (interval.low, interval.high)),
            )
            for interval in each
        ]
        drawn = [[scale * value if math.isfinite(value) else math.nan for value in ends] for ends in finite]
        figures, low, high = zip(*drawn, strict=True)
        held = [] if goal is None else _held_against(goal, wording)
        (bound, top), lines = ends, [(label, scale * value) for label, value in held]
        return Panel(name, levels, figures, low, high, verdicts, scale * bound, scale * top, today, lines)

    if answer.question.chance is not None:
        shares, verdicts = [trial.kept for trial in answer.trials], [trial.verdict for trial in answer.trials]
        return [panel(kept, "share", shares, verdicts, (answer.question.chance, answer.ceiling.kept.estimate))]
    out = []
    for place, goal in enumerate(answer.question.goals):
        findings = [trial.findings[place] for trial in answer.trials]
        top = answer.ceiling.findings[place].mean.estimate
        means, verdicts = [finding.mean for finding in findings], [finding.verdict for finding in findings]
        out.append(panel(title(goal), goal.response.unit, means, verdicts, (goal.bound, top), goal))
    return out


def _held_against(goal: Goal, wording: Wording | None) -> list[tuple[str, float]]:
    """Return what the measure of a goal is held against in its period, but for the goal itself."""
    if wording is None:
        return []
    response = goal.response
    return [
        (wording.language.say(f"yardstick.{one.kind}"), one.value)
        for one in wording.standards
        if one.measure == response.measure and one.period in (None, response.period) and one.value != goal.bound
    ]


def staffings(panels: Sequence[Panel], label: str, least: float | None, kind: str, words: Words = ENGLISH) -> bytes:
    """Draw one panel a goal: what each level of a lever gives, beside the bound; the least that meets all is marked."""
    return drawn(staffings_figure(panels, label, least, words), kind)


@standard_settings()
def staffings_figure(panels: Sequence[Panel], label: str, least: float | None, words: Words = ENGLISH) -> Any:
    """Return the figure that `staffings` draws."""
    figure = blank_canvas(2.8 * len(panels) + 0.8)
    for row, whole in enumerate(panels):
        panel = zoomed(whole, least)
        axes = figure.add_subplot(len(panels), 1, row + 1)
        axes.axhline(panel.bound, color=INK, linewidth=0.9, linestyle="--", label=words.goal)
        axes.axhline(panel.ceiling, color=FORECAST, linewidth=0.9, linestyle=":", label=words.plenty)
        for verdict, look in _LOOKS.items():
            at = [number for number, told in enumerate(panel.verdicts) if told == verdict]
            if at:
                figures = [panel.figures[n] for n in at]
                spread = [
                    [max(panel.figures[n] - panel.low[n], 0.0) for n in at],
                    [max(panel.high[n] - panel.figures[n], 0.0) for n in at],
                ]
                levels = [panel.levels[n] for n in at]
                said = words.verdict(verdict)
                axes.errorbar(levels, figures, spread, **look, linestyle="none", markersize=4.5, label=said)
        for place, (name, value) in enumerate(panel.yardsticks):
            axes.axhline(value, **yardstick_look(place) | {"color": SHOCK}, label=name)
        if panel.today is not None:
            axes.axvline(panel.today, color=SHOCK, linewidth=0.9, linestyle="-.", label=words.today)
        if least is not None:
            axes.axvline(least, color=FORECAST, linewidth=0.9)
            axes.set_title(f"{words.least}: {least:g}", loc="right", fontsize=8, color=FORECAST)
        left_title(axes, panel.title, 11)
        axes.set_xlabel(wrapped_title(label, 8), fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        quiet(axes, "y")
    _legend_below(figure)
    return figure


def zoomed(panel: Panel, least: float | None) -> Panel:
    """Return a panel without the levels that are far from both the answer and today's; all of it where none is known.

    A level far below may give a figure many times as large as the goal, and what is near it could not be read.
    """
    marks = [mark for mark in (least, panel.today) if mark is not None]
    if least is None:
        return panel
    near = sorted(panel.levels, key=lambda level: abs(level - least))[:_NEAR]
    room = max((max(marks) - min(marks)) * _MARGIN, 0.5)
    low, high = min(*marks, *near) - room, max(*marks, *near) + room
    kept = [n for n, level in enumerate(panel.levels) if low <= level <= high]
    levels, figures, lows, highs = (
        [values[n] for n in kept] for values in (panel.levels, panel.figures, panel.low, panel.high)
    )
    verdicts = [panel.verdicts[n] for n in kept]
    return panel._replace(levels=levels, figures=figures, low=lows, high=highs, verdicts=verdicts)


def _legend_below(figure: Any) -> None:
    """Tell below all panels what their signs mean, each once, where no sign can be covered."""
    signs: dict[str, Any] = {}
    for axes in figure.axes:
        for sign, said in zip(*axes.get_legend_handles_labels(), strict=True):
            signs.setdefault(said, sign)
    figure.legend(
        signs.values(), signs.keys(), fontsize=8, frameon=False, loc="outside lower center", ncols=legend_columns(5)
    )


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
    return drawn(frontier_figure(points, trials, labels, title, costs, words), kind)


@standard_settings()
def frontier_figure(
    points: Sequence[tuple[float, float | None]],
    trials: Sequence[tuple[float, float, str]],
    labels: tuple[str, str],
    title: str,
    costs: Costs | None = None,
    words: Words = ENGLISH,
) -> Any:
    """Return the figure that `frontier_map` draws."""
    figure = blank_canvas(4.8)
    axes = figure.add_subplot()
    met = [(level, other) for level, other in points if other is not None]
    top = max(other for _, other, _ in trials)
    box = map_box([(level, other) for level, other, _ in trials])
    if costs is not None:
        _draw_costs(axes, box, costs, words)
    if met:
        rows, least = zip(*met, strict=True)
        axes.fill_between(rows, least, top, color=SHADE, linewidth=0)
        axes.plot(rows, least, color=FORECAST, linewidth=1.4)
        for level, other in met:
            halo(axes.annotate(f"{other:g}", (level, other), (5, 5), textcoords="offset points", fontsize=8))
    for verdict, look in _LOOKS.items():
        at = [(level, other) for level, other, told in trials if told == verdict]
        if at:
            spots = zip(*at, strict=True)
            axes.plot(*spots, **look, linestyle="none", markersize=4.5, zorder=3, label=words.verdict(verdict))
    axes.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top))
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(labels[0], fontsize=9)
    axes.set_ylabel(labels[1], fontsize=9)
    left_title(axes, title, 11)
    quiet(axes, "both")
    _legend_below(figure)
    return figure


def _draw_costs(axes: Any, box: Box, costs: Costs, words: Words) -> None:
    """Draw the lines, each with its words at its lower right end: beside the map, or below all that was tried."""
    for line in costs.lines:
        axes.plot(*zip(line.start, line.end, strict=True), color=FAINT, linewidth=0.8, linestyle="--", zorder=1.5)
        beside = line.end[0] >= box.right
        shift, where = ((4, 0), ("left", "center")) if beside else ((4, 1), ("left", "bottom"))
        axes.annotate(
            line.label, line.end, shift, textcoords="offset points", fontsize=7, color=FAINT, ha=where[0], va=where[1]
        )
    if costs.cheapest is not None:
        axes.plot(*costs.cheapest, "o", color=INK, fillstyle="none", markersize=9, linestyle="", label=words.cheapest)
