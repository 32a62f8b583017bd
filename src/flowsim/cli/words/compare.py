"""What a planner reads of a comparison: the reference, and by how much each scenario differs from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from flowsim.cli.terminal import WIDTH, counted, number, table, wrapped
from flowsim.core.arrays import Bools, plain
from flowsim.core.periods import MONTHS, Every, Period
from flowsim.planning.comparison import Comparison, averaged, headlines, roughly
from flowsim.planning.cost import TOTALS, WaitingPrice, waiting_price
from flowsim.simulation.estimates import FEWEST_DEFINED, SingleEstimate
from flowsim.simulation.intervals import at_most_one_in

__all__ = [
    "by_headline",
    "comparison_json",
    "comparison_lines",
    "differing",
    "savings",
    "waiting_json",
    "waiting_lines",
]

_NAMES = 24
_FIRST_LOOK = 20  # pairs below which hardly anything is sure for a whole table
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
            moved = [n for n in columns if pair.differing[n]]
            common, independent = (float(np.nansum(each[moved])) for each in (pair.variance, pair.independent))
            out[measure][name] = independent / common if common else math.inf if independent else math.nan
    return out


def differing(comparison: Comparison) -> Comparison:
    """Return the measures alone in which a scenario differs in some period: see `comparison_lines`."""
    shown = _shown(comparison)
    names = [measure for measure, places in _columns(comparison).items() if shown[places].any()]
    return comparison.each(lambda result: result.only(lambda row: row.measure in names))


def comparison_lines(comparison: Comparison) -> list[str]:
    """Write the reference's figures and the differences to them, in lines of at most eighty columns.

    A measure is shown where a scenario differs in it in some period by an interval that leaves 0 out, for itself; a
    period where one does in some measure. Of fewer than ten replications no interval is known: then where one differs.
    """
    if not comparison.index:
        return ["", "No headline measure is reported for such periods: ask for whole quarters or years."]
    shown, columns = _shown(comparison), _columns(comparison)
    rows = {measure: places for measure, places in columns.items() if shown[places].any()}
    lines = list(_tables(comparison, shown, rows))
    if rows:
        periods = {row.period for row, some in zip(comparison.index, shown.tolist(), strict=True) if some}
        written = [n for places in rows.values() for n in places if comparison.index[n].period in periods]
        lines += ["", *map(wrapped, _notes(comparison, written))]
    lines += [wrapped(line) for line in _standstills(comparison)]
    alike = [measure for measure in columns if measure not in rows]
    if alike:
        lines += [wrapped(f"No sure difference in {counted(len(alike), 'measure')}: {', '.join(alike)}")]
    return lines


def _notes(comparison: Comparison, places: Sequence[int]) -> Iterator[str]:
    """Say what the figures of a table are, and how sure."""
    count, error = len(comparison.reference.replications), 1 - comparison.confidence
    percent, one_in = f"{100 * comparison.confidence:.3g} %", round(1 / error)
    pairs = [pair for _, pair in comparison.differences()]
    tested = sum(int((pair.differing > 0).sum()) for pair in pairs)
    yield (
        "Figures: medians over the futures, of awards and costs means. Waits: of those served in a period; queues: at "
        "its end; utilisation: over all of it."
    )
    if count < FEWEST_DEFINED:
        yield f"{counted(count, 'pair')} say nothing of how sure a difference is: run {FEWEST_DEFINED}, or better 50."
    else:
        yield (
            f"Differences: of the pairs of futures, and below each where it lies with {percent}, for itself; it need "
            "not be the difference of the figures."
        )
        yield (
            f"*: surely a difference, for all {tested} of this table at once: in 1 of {one_in} repetitions of all this "
            "one * would be wrong."
            + (f" {count} pairs are few for that: 20 are a first look, 50 the default." if count < _FIRST_LOOK else "")
        )
    if any(not pair.at(n).known and pair.differing[n] for pair in pairs for n in places if count >= FEWEST_DEFINED):
        yield "Without an interval: the same in every pair, or of fewer than ten pairs."
    alike = max((int(pair.defined[n]) for pair in pairs for n in places if not pair.differing[n]), default=0)
    if alike >= FEWEST_DEFINED:
        rarest = at_most_one_in(alike, error)
        yield f"none of {alike}: no pair differs, so with {percent} at most 1 future in {rarest} does."
    yield "÷: how many times the replications independent draws would take, by scenario, roughly."
    fewer = _left_out(comparison, places)
    if fewer:
        yield f"Of the pairs in which both are defined: {', '.join(fewer)}."


def _left_out(comparison: Comparison, places: Sequence[int]) -> list[str]:
    """Return of which figures how many pairs there are, where some are left out."""
    count = len(comparison.reference.replications)
    pairs = np.min([pair.defined for _, pair in comparison.differences()], axis=0)
    return [
        f"{comparison.index[n].measure} {pairs[n]} of {count} in {comparison.index[n].period}"
        for n in places
        if 0 < pairs[n] < count
    ]


def _standstills(comparison: Comparison) -> Iterator[str]:
    """Say of which measures a queue stands still in how many replications, and that these count as the longest."""
    many = len(comparison.reference.replications)
    for measure, places in _columns(comparison).items():
        counts = comparison.standstills[places]
        if counts.any():
            worst = comparison.index[places[int(counts.argmax())]].period
            yield (
                f"{measure}: the queue stands still (nobody is served while somebody waits, which counts as the "
                f"longest wait, ∞) in up to {int(counts.max())} of {many} futures, in {worst}."
            )


def _columns(comparison: Comparison) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(comparison.index):
        columns.setdefault(row.measure, []).append(column)
    return columns


def _shown(comparison: Comparison) -> Bools:
    """Return in which columns some scenario differs, and by more than 0 as it is written."""
    error = 1 - comparison.confidence
    out = np.zeros(len(comparison.index), np.bool_)
    for _, pair in comparison.differences():
        known = (pair.p_value <= error) | (pair.defined < FEWEST_DEFINED)
        written = [number(abs(value)) not in _NOTHING for value in pair.estimate.tolist()]
        out |= known & (pair.differing > 0) & np.array(written, np.bool_)
    return out


def _tables(comparison: Comparison, shown: Bools, rows: Mapping[str, list[int]]) -> Iterator[str]:
    """Write tables of as many periods as there is room for side by side."""
    saved = savings(comparison)
    first, *others = comparison.names
    level = comparison.level(first).estimate.tolist()
    cells = {first: [(number(value), "") for value in level]}
    cells |= {name: _cells(comparison, name) for name in others}
    at: dict[tuple[str, Period], int] = {
        (comparison.index[n].measure, comparison.index[n].period): n for places in rows.values() for n in places
    }
    periods = sorted({comparison.index[n].period for n in at.values() if shown[n]})
    texts = [text for name in comparison.names for n in at.values() for text in cells[name][n]]
    width = 2 + max([*map(len, texts), *map(len, periods)], default=0)
    names = min(_NAMES, 3 + max(map(len, comparison.names)))
    many = max(1, (WIDTH - names) // width)
    for start in range(0, len(periods), many):
        block = periods[start : start + many]
        lines: list[str | tuple[str, ...]] = []
        for measure, places in rows.items():
            here = [at.get((measure, period)) for period in block]
            if not any(n is not None and shown[n] for n in here):
                continue
            lines.append(_title(measure, comparison.index[places[0]].unit, saved[measure].values()))
            for name in comparison.names:
                figures, ends = zip(*(("", "") if n is None else cells[name][n] for n in here), strict=True)
                lines.append((f"  {_plain_text(name)}", *figures))
                lines += [("", *ends)] if any(ends) else []
        yield ""
        yield from table({"": names} | dict.fromkeys(map(str, block), width), lines)


def _title(measure: str, unit: str, saved: Iterable[float]) -> str:
    ratios = [number(roughly(times)).removesuffix(".0") if math.isfinite(times) else "-" for times in saved]
    title = f"{measure} ({unit})"
    return title if set(ratios) == {"-"} else f"{title}  ÷ {', '.join(ratios)}"


def _cells(comparison: Comparison, name: str) -> list[tuple[str, str]]:
    """Write each difference of a scenario, with a mark where it is sure, and the interval that it has for itself."""
    differences, sure = comparison.difference(name), comparison.sure[name]
    return [_cell(differences.at(n), int(differences.differing[n]), bool(sure[n])) for n in range(len(sure))]


def _cell(single: SingleEstimate, differing: int, sure: bool) -> tuple[str, str]:
    if not single.defined:
        return "-", ""
    if not differing:
        return f"none of {single.defined}", ""
    interval = f"{_signed(single.low)} to {_signed(single.high)}" if single.known else ""
    return f"{_signed(single.estimate)}{'*' if sure else ''}", interval


def _signed(value: float) -> str:
    text = number(abs(value))
    if text in _NOTHING:
        return "0"
    return f"{'+' if value > 0 else '-'}{text}"


def _plain_text(text: str) -> str:
    """Leave out of a name what would move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


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
