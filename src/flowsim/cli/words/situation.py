"""What a planner asks first of a run: who waits where, for how long, is it getting better, and what binds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from flowsim.cli.terminal import table, wrapped
from flowsim.core.periods import FINER, Period, longest
from flowsim.model.parts import Station
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.spells import CLOCK_OVERDUE, CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED, UTILISATION, usable_share

if TYPE_CHECKING:
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.estimates import SingleEstimate
    from flowsim.simulation.results import Results

__all__ = ["situation_lines"]

_FULL = 0.95
"""A station of which as many of the places are used binds."""
_OVER = 1.005
"""A use from which on it reads as more than 100 %."""
_NAME = 44


class _Column(NamedTuple):
    """A measure in the last period reported, and in the one before it."""

    now: SingleEstimate
    before: SingleEstimate | None
    change: SingleEstimate | None


def situation_lines(results: Results, wording: Wording) -> list[str]:
    """Write the last period reported beside the one before it, in lines of at most eighty columns.

    Nothing where no queue is reported. A change is that of the pairs of periods in each future.
    """
    language, say = wording.language, wording.language.say
    last, before = _periods(results)
    if last is None or not wording.pathway.stations:
        return []
    shown = wording.language.short_period(last)
    since = say("situation.since", period=language.short_period(before)) if before else ""
    title = say("situation.title", period=shown)
    wide = 1 + max(len(since), 18)
    unit = wording.unit(wording.time_unit)
    narrow = max(8, len(unit) + 1)
    columns = {"": _NAME + 27 - narrow - wide, say("situation.waiting"): 9, unit: narrow}
    columns |= {since: wide} if since else {}
    rows = []
    for station in wording.pathway.stations:
        queue = _column(results, QUEUE(station.name), last, before)
        wait = _column(results, SERVED(station.name), last, before)
        if queue is None:
            continue
        waited = "-" if wait is None else wording.cell(wait.now.estimate, wording.time_unit)
        waiting = wording.cell(queue.now.estimate, "citizens")
        trend = (_trend(queue.change, wording),) if since else ()
        rows.append((wording.station(station.name), waiting, waited, *trend))
    if not rows:
        return []
    lines = [title, *table(columns, rows)]
    lines += [wrapped(line) for line in _in_time(results, wording, last, before)]
    lines += [wrapped(line) for line in _binding(results, wording, last)]
    return [*lines, *wrapped(say("situation.note", unit=unit)).splitlines()]


def _periods(results: Results) -> tuple[Period | None, Period | None]:
    """Return the last period of the longest kind reported, and the one before it where that is reported too."""
    reported = {row.period for row in results.index}
    if not reported:
        return None, None
    every = longest(period.every for period in reported)
    ordered = sorted(period for period in reported if period.every == every)
    return ordered[-1], ordered[-2] if len(ordered) > 1 else None


def _column(results: Results, measure: Measure, last: Period, before: Period | None) -> _Column | None:
    from flowsim.simulation.estimates import difference, level

    columns = results.columns
    if (measure, last) not in columns:
        return None
    now = results.values[:, columns[measure, last]]
    if before is None or (measure, before) not in columns:
        return _Column(level(measure, now), None, None)
    earlier = results.values[:, columns[measure, before]]
    return _Column(level(measure, now), level(measure, earlier), difference(measure, earlier, now))


def _trend(change: SingleEstimate | None, wording: Wording) -> str:
    """Say whether a queue is shorter or longer than it was, where that is sure."""
    say = wording.language.say
    if change is None or not change.known:
        return say("situation.unknown")
    if change.low == change.high == 0:
        return say("situation.alike")
    if change.low <= 0 <= change.high:
        return say("situation.unsure")
    number = wording.cell(abs(change.estimate), "citizens")
    return say("situation.fewer" if change.estimate < 0 else "situation.more", number=number)


def _in_time(results: Results, wording: Wording, last: Period, before: Period | None) -> Iterator[str]:
    """Yield the share of cases in time, a line a clock."""
    language, say = wording.language, wording.language.say
    for clock in wording.pathway.clocks:
        column = _column(results, CLOCK_WITHIN(clock.name), last, before)
        if column is None:
            continue
        if math.isnan(column.now.estimate):
            yield _none_decided(results, wording, clock.name, last)
            continue
        share = wording.cell(column.now.estimate, "share")
        line = say("situation.within", measure=_first_upper(wording.clock(clock.name)), share=share)
        beside = [wording.yardsticks(CLOCK_WITHIN(clock.name), "share", last)]
        if column.before is not None and before is not None and not math.isnan(column.before.estimate):
            earlier = wording.cell(column.before.estimate, "share")
            beside.insert(0, say("situation.before", share=earlier, period=language.short_period(before)))
        parts = "; ".join(filter(None, beside))
        yield f"{line} ({parts})" if parts else line


def _none_decided(results: Results, wording: Wording, clock: str, last: Period) -> str:
    """Say that no case is decided in a period, and how many are beyond the time at its end."""
    words = {"measure": _first_upper(wording.clock(clock)), "period": wording.language.short_period(last)}
    line = wording.language.say("situation.within.none", **words)
    overdue = _column(results, CLOCK_OVERDUE(clock), last, None)
    if overdue is None or not overdue.now.estimate >= 1:
        return line
    cases = wording.cell(overdue.now.estimate, "cases")
    return f"{line}; {wording.language.say('situation.within.overdue', cases=cases)}"


def _binding(results: Results, wording: Wording, last: Period) -> Iterator[str]:
    """Yield which stations are full, or which is the fullest."""
    say = wording.language.say
    shares, without = {}, []
    for station in wording.pathway.stations:
        column, queue = (_column(results, kind(station.name), last, None) for kind in (UTILISATION, QUEUE))
        if column is not None and not math.isnan(column.now.estimate):
            shares[station] = column.now.estimate
        elif column is not None and queue is not None and queue.now.estimate >= 1:
            without.append(say("situation.binds.nothing", station=wording.station(station.name)))
    if not shares and not without:
        return
    most = {station: usable_share(station, results.pathway, last) for station in shares}
    used = {station: share / most[station] if most[station] else share for station, share in shares.items()}
    for station in shares:
        if (part := _stalled_in(results, station, last)) is not None and used[station] < _FULL:
            period = wording.language.short_period(part)
            without.append(say("situation.binds.still", station=wording.station(station.name), period=period))
    full = [station for station in sorted(used, key=lambda station: -used[station]) if used[station] >= _FULL]
    if full or without:
        named = without + [_named(station, shares[station], most[station], results, wording, last) for station in full]
        yield say("situation.binds", stations=wording.language.listed(named))
        if any(not station.is_meeting and shares[station] >= _OVER for station in full):
            yield say("situation.over")
    else:
        fullest = max(used, key=lambda station: used[station])
        words = {"station": wording.station(fullest.name), "share": wording.cell(shares[fullest], "share")}
        if most[fullest] < 1:
            words |= {"number": str(fullest.together), "most": wording.cell(most[fullest], "share")}
        yield say("situation.free" if most[fullest] == 1 else "situation.free.groups", **words)


def _stalled_in(results: Results, station: Station, last: Period) -> Period | None:
    """Return the last part of a period if nobody is served in it while somebody waits, in most futures.

    The mean wait of the whole period is then that of those who were served before.
    """
    if last.every in FINER:
        return None
    part = last.last("quarter" if last.every == "year" else "month")
    column = _column(results, SERVED(station.name), part, None)
    return part if part != last and column is not None and column.now.estimate == math.inf else None


def _named(station: Station, share: float, most: float, results: Results, wording: Wording, last: Period) -> str:
    say, words = wording.language.say, {"station": wording.station(station.name), "share": wording.cell(share, "share")}
    if most < 1:
        words |= {"number": str(station.together), "most": wording.cell(most, "share")}
        return say("situation.binds.groups", **words)
    at = min(last.end, results.pathway.end)
    places = {party.name: party.places.at(at) for party in station.parties if party.places is not None}
    least = min(places, key=lambda name: places[name]) if len(set(places.values())) > 1 else None
    if least is None or len(places) < len(station.parties):
        return say("situation.binds.station", **words)
    return say("situation.binds.party", party=wording.name(least), **words)


def _first_upper(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
