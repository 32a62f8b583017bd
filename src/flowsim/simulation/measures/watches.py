"""Waits that a pathway watches: who was served in time, who had to wait, and the percentiles asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from flowsim.core.arrays import Floats, Ints, ratio
from flowsim.core.periods import BY_MONTH_QUARTER_AND_YEAR, Every
from flowsim.model.attributes.groups import groups_of
from flowsim.model.parts import Watch
from flowsim.simulation.engine.trace import NEVER, going_on
from flowsim.simulation.measures.measure import Kind
from flowsim.simulation.measures.spells import span_name
from flowsim.simulation.measures.timeline import DatedTrace, MeasureSeries

__all__ = ["WATCH_CASES", "WATCH_PERCENTILE", "WATCH_WAITED", "WATCH_WITHIN", "watched_waits"]

WATCH_CASES = Kind(
    name="watch", of=("watch",), reading="cases", unit="cases", every=BY_MONTH_QUARTER_AND_YEAR, adds="sum"
)
WATCH_WITHIN = Kind(
    name="watch",
    of=("watch", "span"),
    reading="within",
    unit="share",
    every=BY_MONTH_QUARTER_AND_YEAR,
)
WATCH_WAITED = Kind(
    name="watch",
    of=("watch",),
    reading="waited",
    unit="share",
    every=BY_MONTH_QUARTER_AND_YEAR,
    adds="weighted",
    weight=WATCH_CASES,
)
WATCH_PERCENTILE = Kind(
    name="watch", of=("watch", "percentile"), reading="wait", unit="weeks", every=BY_MONTH_QUARTER_AND_YEAR
)


def watched_waits(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return what the pathway watches of waits, by the period in which they ended, monthly, quarterly and yearly.

    `watch.<watch>.cases`: whose wait ended; of `among = "served"` by the start of a stay, of "all" also by giving up
    and by being refused. `watch.<watch>.<span>.within`, share: of them, those served after at most that span.
    `watch.<watch>.waited`, share: of them, those who were not served, or sent away, at the instant when they joined.
    `watch.<watch>.<p50>.wait`, weeks or the pathway's `time_unit`: the shortest wait that at least so many per cent of
    them had at most, itself one of theirs. NaN where nobody's wait ended.
    """
    for watch in dated.pathway.watches:
        month, wait, in_service = dated.with_gone(partial(_ended_waits, watch))
        served = in_service == 1
        for every in dated.calendar.lengths(WATCH_CASES):
            periods = len(dated.calendar.periods(every))
            number = dated.calendar.number(month, every)
            inside = number >= 0
            period, waits, was_served = number[inside], wait[inside], served[inside]
            cases = np.bincount(period, minlength=periods).astype(np.float64)
            yield MeasureSeries(measure=WATCH_CASES(watch.name), every=every, values=cases)
            waited = ratio(_counted(period[waits > 0], periods), cases)
            yield MeasureSeries(measure=WATCH_WAITED(watch.name), every=every, values=waited)
            for span in watch.within:
                in_time = was_served & (waits <= dated.calendar.ticks(span))
                share = ratio(_counted(period[in_time], periods), cases)
                measure = WATCH_WITHIN(watch.name, span_name(span))
                yield MeasureSeries(measure=measure, every=every, values=share)
            for percentile, ticks in zip(
                watch.percentiles, _percentiles(dated, watch, period, waits, every), strict=True
            ):
                measure, unit = dated.spans(WATCH_PERCENTILE, watch.name, f"p{percentile}")
                yield MeasureSeries(measure=measure, every=every, values=ticks / unit)


def _ended_waits(watch: Watch, dated: DatedTrace) -> Ints:
    """Return the months and ticks of the waits that ended, and whether by the start of a stay (1); shape (3, waits)."""
    visits, pathway = dated.trace.visits, dated.pathway
    if not len(visits):
        return np.empty((3, 0), np.int64)
    groups = groups_of(pathway) if pathway.attributes else [{}]
    # Of each state and group, whether it is watched: priority may differ from group to group.
    is_watched = np.array(
        [
            [
                _is_watched(watch, state.name, state.station, state.for_group(group).priority)
                and all(group[name] in categories for name, categories in watch.of)
                for group in groups
            ]
            for state in pathway.states
        ]
    )
    group = dated.trace.groups[visits["citizen"]] if pathway.attributes else np.zeros(len(visits), np.int64)
    # Who goes on with a stay waited for it before.
    own = visits[is_watched[visits["state"], group] & ~going_on(visits)]
    served = own["started"] != NEVER
    ended = np.where(served, own["started"], own["ended"])
    some = served if watch.among == "served" else ended != NEVER
    # Who is there at the start without waiting began before it, and is in no period.
    return np.array([dated.calendar.month(ended[some]), (ended - own["joined"])[some], served[some]], np.int64)


def _is_watched(watch: Watch, state: str, station: str | None, priority: int) -> bool:
    if station is None or (watch.priority is not None and priority != watch.priority):
        return False
    return state in watch.states if watch.states else station == watch.station


def _counted(period: Ints, periods: int) -> Floats:
    return np.bincount(period, minlength=periods).astype(np.float64)


def _percentiles(dated: DatedTrace, watch: Watch, period: Ints, waits: Ints, every: Every) -> list[Floats]:
    periods = len(dated.calendar.periods(every))
    inside, counts, offsets = dated.passes.sorted_within(period, waits, periods)
    some, out = counts > 0, []
    for percentile in watch.percentiles:
        values = np.full(periods, np.nan)
        rank = -(-percentile * counts[some] // 100)  # rounded up
        values[some] = inside[offsets[some] + np.maximum(rank, 1) - 1]
        out.append(values)
    return out
