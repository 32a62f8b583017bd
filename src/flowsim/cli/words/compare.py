"""What a planner reads of a comparison: the reference, and by how much each scenario differs from it."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsim.cli.terminal import WIDTH, number, table, wrapped
from flowsim.core.arrays import Bools, plain
from flowsim.core.periods import FINER, LENGTHS, Every, Period, longest, shortest
from flowsim.planning.comparison import Comparison, averaged, headlines, roughly
from flowsim.planning.cost import TOTALS, WaitingPrice, waiting_price
from flowsim.simulation.estimates import FEWEST_DEFINED, SingleEstimate
from flowsim.simulation.intervals import at_most_one_in
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.stations import SERVED, UTILISATION

if TYPE_CHECKING:
    from flowsim.reporting.wording import Wording

__all__ = [
    "LEAST",
    "by_headline",
    "comparison_json",
    "comparison_lines",
    "differing",
    "savings",
    "waiting_json",
    "waiting_lines",
]

LEAST = 0.01
"""The part of the first scenario's figure from which on a sure difference is shown."""
_NAMES = 24
_FIRST_LOOK = 20  # pairs below which hardly anything is sure for a whole table
_NOTHING = ("0.00", "0.0", "-")


def by_headline(comparison: Comparison, asked: Every | None = None, costs: bool = False) -> Comparison:
    """Return the headline measures alone, by the periods asked for, or the longest that are reported whole.

    With `costs` also what the costs come to, where years are given.
    """
    lengths: dict[str, set[Every]] = {}
    for row in comparison.index:
        lengths.setdefault(row.measure, set()).add(row.period.every)
    every = asked or longest(set().union(*lengths.values()) or {"month"})
    wanted = [*headlines(comparison.reference.measures), *(TOTALS if costs and every == "year" else ())]
    upto = LENGTHS[: LENGTHS.index(every) + 1]
    names = [name for name in wanted if name in lengths and shortest(lengths[name]) in upto]
    return comparison.each(lambda result: averaged(result, every, names))


def savings(comparison: Comparison) -> dict[str, dict[str, float]]:
    """Return by measure and scenario how many times the replications independent draws would take.

    The variance of a difference with independent draws over that with common ones, each summed over the periods in
    which the scenario differs from the reference in any replication. Infinite where nothing varies with common draws;
    NaN where it differs in fewer than ten.
    """
    out: dict[str, dict[str, float]] = {measure: {} for measure in _columns(comparison)}
    for name, pair in comparison.differences():
        for measure, columns in _columns(comparison).items():
            moved = [n for n in columns if pair.differing[n]] if pair.differing[columns].sum() >= FEWEST_DEFINED else []
            common, independent = (float(np.nansum(each[moved])) for each in (pair.variance, pair.independent))
            out[measure][name] = independent / common if common else math.inf if independent else math.nan
    return out


def differing(comparison: Comparison, least: float = 0.0, everything: bool = True) -> Comparison:
    """Return the measures alone in which a scenario differs in some period: see `comparison_lines`."""
    shown = _shown(comparison, least, everything)
    names = [measure for measure, places in _columns(comparison).items() if shown[places].any()]
    return comparison.each(lambda result: result.only(lambda row: row.measure in names))


def comparison_lines(
    comparison: Comparison,
    wording: Wording,
    *,
    least: float = LEAST,
    everything: bool = False,
    verbose: bool = False,
) -> list[str]:
    """Write the reference's figures and the differences to them, in lines of at most eighty columns.

    A measure is shown where a scenario surely differs in it in some period, by a least part of the reference's figure;
    a period where one does in some measure. Of fewer than ten replications no interval is known: then where one
    differs.

    Args:
        comparison: of the headline measures.
        wording: what they are called.
        least: the part of the reference's figure from which on a difference is shown.
        everything: show a measure where a scenario differs by an interval that leaves 0 out, for itself, too.
        verbose: say how many times the replications independent draws would take.
    """
    say = wording.language.say
    if not comparison.index:
        return ["", say("compare.nothing")]
    shown, columns = _shown(comparison, least, everything), _columns(comparison)
    rows = {measure: places for measure, places in columns.items() if shown[places].any()}
    lines = list(_tables(comparison, shown, rows, wording, verbose))
    percent = _percent(least, wording)
    if rows:
        periods = {row.period for row, some in zip(comparison.index, shown.tolist(), strict=True) if some}
        written = [n for places in rows.values() for n in places if comparison.index[n].period in periods]
        lines += ["", *map(wrapped, _notes(comparison, written, wording, verbose))]
    elif not everything:
        lines += ["", wrapped(say("compare.empty", least=percent))]
    lines += [wrapped(line) for line in _standstills(comparison, wording)]
    undefined = _undefined(comparison, columns, wording)
    lines += [wrapped(say("compare.undefined", cases="; ".join(undefined.values())))] if undefined else []
    hidden = {m: places for m, places in columns.items() if m not in rows and m not in undefined}
    alike = [wording.measure(comparison.index[places[0]].measure) for places in hidden.values()]
    if alike and (rows or everything):
        count, names = wording.language.counted(len(alike), "measures"), ", ".join(alike)
        if everything:
            lines += [wrapped(say("compare.alike", measures=count, names=names))]
        else:
            lines += [wrapped(say("compare.folded", measures=count, least=percent))]
    return lines


def _percent(share: float, wording: Wording) -> str:
    return f"{wording.language.local(f'{100 * share:.3g}')} %"


def _notes(comparison: Comparison, places: Sequence[int], wording: Wording, verbose: bool) -> Iterator[str]:
    """Say what the figures of a table are, and how sure."""
    language, say = wording.language, wording.language.say
    count, error = len(comparison.reference.replications), 1 - comparison.confidence
    percent, one_in = _percent(comparison.confidence, wording), str(round(1 / error))
    pairs = [pair for _, pair in comparison.differences()]
    tested = sum(int((pair.differing > 0).sum()) for pair in pairs)
    yield say("compare.figures")
    use = np.array([comparison.index[n].measure.kind == UTILISATION for n in places], np.bool_)
    if any((comparison.level(name).estimate[list(places)][use] >= _OVER).any() for name in comparison.names):
        yield say("situation.over")
    if count < FEWEST_DEFINED:
        yield say("compare.few", pairs=language.counted(count, "pairs"), least=str(FEWEST_DEFINED))
    else:
        yield say("compare.differences", percent=percent)
        few = say("compare.sure.few", count=str(count)) if count < _FIRST_LOOK else ""
        yield say("compare.sure", tested=str(tested), one_in=one_in) + few
    if any(not pair.at(n).known and pair.differing[n] for pair in pairs for n in places if count >= FEWEST_DEFINED):
        yield say("compare.no_interval")
    alike = max((int(pair.defined[n]) for pair in pairs for n in places if not pair.differing[n]), default=0)
    if alike >= FEWEST_DEFINED:
        rarest = str(at_most_one_in(alike, error))
        yield say("compare.none.note", count=str(alike), percent=percent, rarest=rarest)
    if verbose:
        yield say("compare.saved")
    fewer = _left_out(comparison, places, wording)
    if fewer:
        yield say("compare.left_out", figures=", ".join(fewer))


def _left_out(comparison: Comparison, places: Sequence[int], wording: Wording) -> list[str]:
    """Return of which figures how many pairs there are, where some are left out."""
    count = len(comparison.reference.replications)
    pairs = np.min([pair.defined for _, pair in comparison.differences()], axis=0)
    return [
        wording.language.say(
            "compare.left_out.figure",
            measure=wording.measure(comparison.index[n].measure),
            pairs=str(pairs[n]),
            count=str(count),
            period=wording.language.short_period(comparison.index[n].period),
        )
        for n in places
        if 0 < pairs[n] < count
    ]


def _standstills(comparison: Comparison, wording: Wording) -> Iterator[str]:
    """Say of which measures a queue stands still in how many replications, and that these count as the longest."""
    many = len(comparison.reference.replications)
    for places in _columns(comparison).values():
        counts = comparison.standstills[places]
        if counts.any():
            most = int(counts.max())
            worst = [comparison.index[place] for place, count in zip(places, counts, strict=True) if count == most]
            words = {"measure": wording.measure(worst[0].measure), "most": str(most), "many": str(many)}
            words["first"] = wording.scenario(comparison.names[0])
            spoken = [wording.language.short_period(row.period) for row in worst]
            yield wording.language.say("compare.still", period=_ends(spoken), **words)


def stalled_lines(comparison: Comparison, every: Every | None, wording: Wording) -> list[str]:
    """Say where nobody is served in the last part of the last period, so that its mean wait is that of those before.

    Args:
        comparison: of all measures and periods.
        every: the periods that are written; the longest reported where left out.
        wording: what measures and scenarios are called.
    """
    at = {(row.measure, row.period): n for n, row in enumerate(comparison.index)}
    written = by_headline(comparison, every)
    levels = {name: comparison.level(name).estimate for name in comparison.names}
    out = []
    for measure in dict.fromkeys(row.measure for row in written.index):
        period = max((row.period for row in written.index if row.measure == measure), key=lambda each: each.start)
        part = period.last("quarter" if period.every == "year" else "month")
        if measure.kind != SERVED or period.every in FINER or part == period or (measure, part) not in at:
            continue
        whole, last = at[measure, period], at[measure, part]
        names = [wording.scenario(name) for name, of in levels.items() if np.isinf(of[last]) and np.isfinite(of[whole])]
        if names:
            words = {"measure": wording.measure(measure), "names": wording.language.listed(names)}
            spoken = {"part": wording.language.short_period(part), "period": wording.language.short_period(period)}
            out.append(wrapped(wording.language.say("compare.still.last", **words, **spoken)))
    return out


def _ends(periods: Sequence[str]) -> str:
    """Name up to three periods, else how many there are from the first to the last."""
    return ", ".join(periods if len(periods) <= 3 else [*periods[:2], "…", periods[-1]])


def _undefined(comparison: Comparison, columns: Mapping[str, list[int]], wording: Wording) -> dict[str, str]:
    """Say of which measures a scenario has no figure in any future of a period in which another has one."""
    language, out = wording.language, dict[str, str]()
    none = {name: np.asarray(np.isnan(comparison.of(name).values).all(axis=0)) for name in comparison.names}
    for measure, places in columns.items():
        cases = []
        for name in comparison.names:
            elsewhere = [n for n in places if none[name][n] and not all(each[n] for each in none.values())]
            lacking = [comparison.index[n].period for n in elsewhere]
            if lacking:
                words = {"measure": wording.measure(comparison.index[places[0]].measure)}
                words |= {"scenario": wording.scenario(name)}
                periods = ", ".join(map(language.short_period, lacking))
                cases.append(language.say("compare.undefined.case", periods=periods, **words))
        if cases:
            out[measure] = "; ".join(cases)
    return out


def _columns(comparison: Comparison) -> dict[str, list[int]]:
    columns: dict[str, list[int]] = {}
    for column, row in enumerate(comparison.index):
        columns.setdefault(row.measure, []).append(column)
    return columns


def _shown(comparison: Comparison, least: float, everything: bool) -> Bools:
    """Return in which columns some scenario differs, and by more than 0 as it is written."""
    error = 1 - comparison.confidence
    level = np.abs(comparison.level(comparison.names[0]).estimate)
    asked = np.array([row.measure.kind.name == "cost" for row in comparison.index], np.bool_)  # by --cost, so shown
    out = np.zeros(len(comparison.index), np.bool_)
    for name, pair in comparison.differences():
        sure = pair.p_value <= error if everything else np.asarray(comparison.sure[name])
        known = sure | (pair.defined < FEWEST_DEFINED)
        written = [number(abs(value)) not in _NOTHING for value in pair.estimate.tolist()]
        with np.errstate(invalid="ignore"):
            large = np.ones(len(level), np.bool_) if everything else ~(np.abs(pair.estimate) < least * level)
        out |= known & (large | asked) & (pair.differing > 0) & np.array(written, np.bool_)
    return out


def _tables(
    comparison: Comparison, shown: Bools, rows: Mapping[str, list[int]], wording: Wording, verbose: bool
) -> Iterator[str]:
    """Write tables of as many periods as there is room for side by side."""
    saved = savings(comparison) if verbose else {measure: {} for measure in rows}
    first, *others = comparison.names
    titles = {name: wording.scenario(name) for name in comparison.names}
    level = comparison.level(first).estimate.tolist()
    units = [row.unit for row in comparison.index]
    cells = {first: [(_figure(value, unit, wording), "") for value, unit in zip(level, units, strict=True)]}
    cells |= {name: _cells(comparison, name, wording) for name in others}
    at: dict[tuple[str, Period], int] = {
        (comparison.index[n].measure, comparison.index[n].period): n for places in rows.values() for n in places
    }
    periods = sorted({comparison.index[n].period for n in at.values() if shown[n]})
    texts = [text for name in comparison.names for n in at.values() for text in cells[name][n]]
    width = 2 + max([*map(len, texts), *map(len, periods)], default=0)
    names = min(_NAMES, 3 + max(map(len, titles.values())))
    many = max(1, (WIDTH - names) // width)
    for start in range(0, len(periods), many):
        block = periods[start : start + many]
        lines: list[str | tuple[str, ...]] = []
        for measure, places in rows.items():
            here = [at.get((measure, period)) for period in block]
            if not any(n is not None and shown[n] for n in here):
                continue
            lines.append(_title(comparison.index[places[0]].measure, saved[measure].values(), wording))
            against = wording.yardsticks(measure, comparison.index[places[0]].unit)
            lines += [f"  {against}"] if against else []
            for name in comparison.names:
                figures, ends = zip(*(("", "") if n is None else cells[name][n] for n in here), strict=True)
                title = _plain_text(titles[name])
                if len(title) + 2 > names:  # on lines of its own: cut, titles that begin alike would read alike
                    lines += textwrap.wrap(title, WIDTH, initial_indent="  ", subsequent_indent="    ")
                lines.append((f"  {title}" if len(title) + 2 <= names else "", *figures))
                lines += [("", *ends)] if any(ends) else []
        yield ""
        yield from table({"": names} | dict.fromkeys(map(wording.language.short_period, block), width), lines)


def _title(measure: Measure, saved: Iterable[float], wording: Wording) -> str:
    ratios = [number(roughly(times)).removesuffix(".0") if math.isfinite(times) else "-" for times in saved]
    unit = measure.unit
    if not wording.codes:
        unit = wording.language.say("compare.unit.share") if unit == "share" else wording.unit(unit)
    title = f"{wording.measure(measure)} ({unit})"
    title = title if len(title) <= WIDTH else wording.measure(measure)
    return title if set(ratios) <= {"-"} else f"{title}  ÷ {', '.join(ratios)}"


def _figure(value: float, unit: str, wording: Wording) -> str:
    return number(value) if wording.codes else wording.cell(value, unit)


def _cells(comparison: Comparison, name: str, wording: Wording) -> list[tuple[str, str]]:
    """Write each difference of a scenario, with a mark where it is sure, and the interval that it has for itself."""
    differences, sure, units = comparison.difference(name), comparison.sure[name], [r.unit for r in comparison.index]
    return [
        _cell(differences.at(n), int(differences.differing[n]), bool(sure[n]), units[n], wording)
        for n in range(len(sure))
    ]


def _cell(single: SingleEstimate, differing: int, sure: bool, unit: str, wording: Wording) -> tuple[str, str]:
    say = wording.language.say
    if not single.defined:
        return "-", ""
    if not differing:
        return say("compare.none", count=str(single.defined)), ""
    scale = 100 if unit == "share" and not wording.codes else 1
    middle, low, high = (
        wording.language.local(_signed(scale * value)) for value in (single.estimate, single.low, single.high)
    )
    return f"{middle}{'*' if sure else ''}", say("range", low=low, high=high) if single.known else ""


def _signed(value: float) -> str:
    text = number(abs(value))
    if text in _NOTHING:
        return "0"
    return f"{'+' if value > 0 else '-'}{text}"


def _plain_text(text: str) -> str:
    """Leave out of a name what would move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


_COSTS = ("cost.effort", "cost.total")
_OVER = 1.005  # a use from which on it reads as more than 100 %


def waiting_lines(comparison: Comparison, currency: str, wording: Wording) -> list[str]:
    """Write what a week of waiting saved costs over the whole years reported, or why that can't be told."""
    language, say = wording.language, wording.language.say
    if not any(row.measure == _COSTS[0] for row in comparison.index):
        return [say("compare.week.none")]
    lines = [say("compare.week", currency=currency)]
    for name in comparison.names[1:]:
        effort, *with_benefits = (waiting_price(comparison, name, cost) for cost in _priced(comparison))
        total, title = next(iter(with_benefits), effort), wording.scenario(name)
        if effort.why and effort.why == total.why:
            lines.append(wrapped(say("compare.week.undefined", name=title, why=language.translated(effort.why))))
        elif not with_benefits:
            lines.append(wrapped(say("compare.week.effort", name=title, effort=_price(effort, wording))))
        else:
            words = {"effort": _price(effort, wording), "total": _price(total, wording)}
            lines.append(wrapped(say("compare.week.price", name=title, **words)))
    return lines


def _priced(comparison: Comparison) -> list[str]:
    """Return the measures of cost that there are: that of benefits too, where one has a price."""
    return [cost for cost in _COSTS if cost in comparison.measures]


def waiting_json(comparison: Comparison) -> dict[str, Any]:
    """Return the same by scenario and measure of cost as plain data: each a mean, a low and a high end; or why not."""
    if not any(row.measure == _COSTS[0] for row in comparison.index):
        return {}
    return {
        name: {cost: _price_json(waiting_price(comparison, name, cost)) for cost in _priced(comparison)}
        for name in comparison.names[1:]
    }


def _price_json(waiting: WaitingPrice) -> dict[str, Any]:
    figures = {"weeks_saved": waiting.saved, "cost": waiting.cost, "price": waiting.price}
    record: dict[str, Any] = plain(figures)
    return record | {"undefined": waiting.why or None}


def _price(waiting: WaitingPrice, wording: Wording) -> str:
    language, say = wording.language, wording.language.say
    if waiting.why:
        return say("compare.week.why", why=language.translated(waiting.why))
    price, low, high = (language.local(number(value)) for value in waiting.price)
    return say("compare.price", price=price, low=low, high=high)


def comparison_json(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the table of a comparison as plain rows; what is undefined, or infinite, is None."""
    rows: list[dict[str, Any]] = plain(comparison.frame().to_dict("records"))
    return rows
