"""What a planner reads of a comparison: the reference, and by how much each scenario differs from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from flowsim.cli.terminal import counted, number, wrapped
from flowsim.core.arrays import Bools, defined_mean, plain
from flowsim.core.periods import MONTHS, Every, Period
from flowsim.planning.comparison import Comparison, Paired, averaged, headlines
from flowsim.planning.cost import TOTALS, WaitingPrice, waiting_price

__all__ = [
    "by_headline",
    "comparison_json",
    "comparison_lines",
    "differing",
    "savings",
    "waiting_json",
    "waiting_lines",
]

_WIDTH = 80
_NAMES = 24
_NOTHING = ("0.00", "0.0", "-")


def by_headline(comparison: Comparison, asked: Every | None = None, costs: bool = False) -> Comparison:
    """Return the headline measures alone, by the periods asked for, or the longest that are reported whole.

    With `costs` also what the costs come to, where years are given.
    """
    lengths: dict[str, set[int]] = {}
    for row in comparison.index:
        lengths.setdefault(row.measure, set()).add(row.period.months)
    reported = set().union(*lengths.values())
    longest: tuple[Every, ...] = ("year", "quarter")
    longest_whole: Every = next((length for length in longest if MONTHS[length] in reported), "month")
    every = longest_whole if asked is None else asked
    wanted = [*headlines(comparison.reference.measures), *(TOTALS if costs and every == "year" else ())]
    names = [name for name in wanted if min(lengths.get(name, {99})) <= MONTHS[every]]
    return comparison.each(lambda result: averaged(result, every, names))


def savings(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Return by measure and scenario how many times the replications independent draws would take.

    The variance of a difference with independent draws over that with common ones, each summed over the periods in
    which the scenario differs from the reference in any replication. Infinite where nothing varies with common draws;
    NaN where the scenario never differs.
    """
    out: dict[str, dict[str, float]] = {measure: {} for measure in _columns(comparison)}
    for name, pair in comparison.differences():
        for measure, columns in _columns(comparison).items():
            moved = [n for n in columns if pair.mean[n] != 0 or pair.variance[n] > 0]
            common, independent = (float(np.nansum(each[moved])) for each in (pair.variance, pair.independent))
            out[measure][name] = independent / common if common else math.inf if independent else math.nan
    return out


def differing(comparison: Comparison) -> Comparison:
    """Return the measures alone in which a scenario surely differs in some period, as it is written."""
    sure: Bools = np.any([_surely(pair) for _, pair in comparison.differences()], axis=0)
    names = [measure for measure, places in _columns(comparison).items() if sure[places].any()]
    return comparison.each(lambda result: result.only(lambda row: row.measure in names))


def comparison_lines(comparison: Comparison) -> list[str]:
    """Write the reference's measures and the differences to it, in lines of at most eighty columns.

    A measure is shown where a scenario surely differs in it in some period, a period where one does in some measure.
    """
    if not comparison.index:
        return ["", "No headline measure is reported for such periods: ask for whole quarters or years."]
    pairs = dict(comparison.differences())
    sure: Bools = np.any([_surely(pair) for pair in pairs.values()], axis=0)
    columns = _columns(comparison)
    shown = {measure: places for measure, places in columns.items() if sure[places].any()}
    lines = list(_tables(comparison, pairs, sure, shown))
    if shown:
        interval = f"{100 * comparison.confidence:.3g} %"
        notes = (
            f"±: {interval} interval of the mean difference, each for itself; in brackets where it holds 0.",
            "÷: how much smaller common luck makes a difference's variance than independent draws, by scenario.",
            "Waits: means over those served in a period; queues: at its end; utilisation: over all of it.",
        )
        lines += ["", *map(wrapped, notes)]
    lines += [wrapped(line) for line in _standstills(comparison)]
    alike = [measure for measure in columns if measure not in shown]
    if alike:
        lines += [wrapped(f"No sure difference in {counted(len(alike), 'measure')}: {', '.join(alike)}")]
    return lines


def _standstills(comparison: Comparison) -> Iterator[str]:
    """Say of which measures how many replications are left out, since a queue stands still in them."""
    many = len(comparison.reference.replications)
    for measure, places in _columns(comparison).items():
        counts = comparison.standstills[places]
        if counts.any():
            worst = comparison.index[places[int(counts.argmax())]].period
            yield (
                f"{measure} leaves out futures in which nobody is served though some wait: "
                f"up to {int(counts.max())} of {many}, in {worst}. Look at its queue there."
            )


def _columns(comparison: Comparison) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(comparison.index):
        columns.setdefault(row.measure, []).append(column)
    return columns


def _surely(pair: Paired) -> Bools:
    """Tell which differences are sure, and not 0 as they are written."""
    not_nothing = np.array([number(abs(value)) not in _NOTHING for value in pair.mean.tolist()], np.bool_)
    out: Bools = not_nothing & ((pair.low > 0) | (pair.high < 0))
    return out


def _tables(
    comparison: Comparison, pairs: Mapping[str, Paired], sure: Bools, shown: Mapping[str, list[int]]
) -> Iterator[str]:
    saved, means = savings(comparison), defined_mean(comparison.shared[0].values)
    cells = {
        name: [number(float(mean)) if pair is None else _cell(pair, n) for n, mean in enumerate(means)]
        for name, pair in zip(comparison.names, (None, *pairs.values()), strict=True)
    }
    at: dict[tuple[str, Period], int] = {
        (comparison.index[n].measure, comparison.index[n].period): n for places in shown.values() for n in places
    }
    periods = sorted({comparison.index[n].period for n in at.values() if sure[n]})
    width = 2 + max([len(cells[name][n]) for name in comparison.names for n in at.values()], default=0)
    names = min(_NAMES, 3 + max(map(len, comparison.names)))
    many = max(1, (_WIDTH - names) // width)
    for first in range(0, len(periods), many):
        block = periods[first : first + many]
        yield ""
        yield " " * names + "".join(f"{period:>{width}}" for period in block)
        for measure, places in shown.items():
            here = [at.get((measure, period)) for period in block]
            if not any(n is not None and sure[n] for n in here):
                continue
            title = f"{measure} ({comparison.index[places[0]].unit})"
            ratios = [number(times) if math.isfinite(times) else "-" for times in saved[measure].values()]
            times = f"÷ {', '.join(ratios)}" if set(ratios) != {"-"} else ""
            title = _cut(title, max(_WIDTH - len(times) - 1, 20))
            yield f"{title}{times:>{max(_WIDTH - len(title), 0)}}"[:_WIDTH].rstrip()
            for name in comparison.names:
                row = "".join(f"{'' if n is None else cells[name][n]:>{width}}" for n in here)
                yield f"  {_cut(_plain_text(name), names - 3):<{names - 2}}{row}".rstrip()


def _cell(pair: Paired, column: int) -> str:
    mean, half = float(pair.mean[column]), float(pair.high[column] - pair.low[column]) / 2
    if math.isnan(mean):
        return "-"
    if number(abs(mean)) in _NOTHING and number(half) in _NOTHING:
        return "0"
    text = f"{'+' if mean >= 0 else '-'}{number(abs(mean))}"
    if half == 0:
        return text
    text = f"{text} ± {number(half)}"
    return text if pair.low[column] > 0 or pair.high[column] < 0 else f"({text})"


def _plain_text(text: str) -> str:
    """Leave out of a name what would move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


_COSTS = ("cost.effort", "cost.total")


def waiting_lines(comparison: Comparison, currency: str) -> list[str]:
    """Write what a week of waiting saved costs over the whole years reported, or why that can't be told."""
    if not any(row.measure == _COSTS[0] for row in comparison.index):
        return ["A week of waiting saved: its cost is given for whole years, and none is reported"]
    lines = [f"A week of waiting saved costs, {currency}"]
    for name in comparison.names[1:]:
        effort, total = (waiting_price(comparison, name, cost) for cost in _COSTS)
        if effort.why and effort.why == total.why:
            lines.append(wrapped(f"{name}: undefined, {effort.why}"))
        else:
            lines.append(wrapped(f"{name}: {_price(effort)} of effort; {_price(total)} with benefits"))
    return lines


def waiting_json(comparison: Comparison) -> dict[str, Any]:
    """Return the same by scenario and measure of cost as plain data: each a mean, a low and a high end; or why not."""
    if not any(row.measure == _COSTS[0] for row in comparison.index):
        return {}
    return {
        name: {cost: _price_json(waiting_price(comparison, name, cost)) for cost in _COSTS}
        for name in comparison.names[1:]
    }


def _price_json(waiting: WaitingPrice) -> dict[str, Any]:
    figures = {"weeks_saved": waiting.saved, "cost": waiting.cost, "price": waiting.price}
    record: dict[str, Any] = plain(figures)
    return record | {"undefined": waiting.why or None}


def _price(waiting: WaitingPrice) -> str:
    if waiting.why:
        return f"undefined, {waiting.why}"
    price, low, high = (number(value) for value in waiting.price)
    return f"{price} ({low} to {high})"


def comparison_json(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the table of a comparison as plain rows; what is undefined, or infinite, is None."""
    rows: list[dict[str, Any]] = plain(comparison.frame().to_dict("records"))
    return rows
