"""A trace read against the calendar: what every measure starts from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache, cached_property
from itertools import chain
from types import ModuleType, SimpleNamespace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Bools, Floats, Ints
from flowsim.core.civil_time import MINUTES
from flowsim.core.periods import MONTHS, Every, Period
from flowsim.model.pathway import Pathway
from flowsim.model.ticks import whole_ticks
from flowsim.simulation.engine.trace import LATER, NEVER, Trace
from flowsim.simulation.measures.measure import Kind, Measure

__all__ = ["Calendar", "DatedTrace", "MeasureSeries", "Tallies"]

Numbers = TypeVar("Numbers", Ints, Floats)
_Part = TypeVar("_Part")


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasureSeries:
    """One measure over all periods of a kind; NaN where it is undefined."""

    measure: Measure
    every: Every
    values: Floats


class _once(Generic[_Part]):
    """A property that is worked out once.

    Until Python 3.12 `cached_property` has a lock over all instances, for which the threads of a run would wait.
    """

    def __init__(self, part: Callable[[Any], _Part]) -> None:
        self.part, self.name, self.__doc__ = part, part.__name__, part.__doc__

    def __get__(self, instance: Any, owner: object = None) -> _Part:
        if instance is None:
            return self  # type: ignore[return-value]  # as any property on its class
        out: _Part = self.part(instance)
        instance.__dict__[self.name] = out
        return out


class DatedTrace:
    """A trace read against the calendar: what happened before each edge, each from the visits when it is asked for.

    Attributes:
        gone: those whose visits the trace lacks, since they had left for good before a fork. What is read of visits is
            of both, and is the same as of a trace that has them all.
        asked: the measures that are asked for; None for all. What takes a pass or a sort of its own asks `asks` before.
        benefits: the benefit labels in the order in which states name them.
        benefit_of, station_of: the number of each state's benefit label and station, -1 where there is none.
        passes: those over all rows; of a trace without any, as Python, for they are not worth compiling then.
    """

    trace: Trace
    pathway: Pathway
    calendar: Calendar

    def __init__(
        self,
        trace: Trace,
        pathway: Pathway,
        calendar: Calendar,
        asked: Collection[Measure] | None = None,
        gone: DatedTrace | None = None,
    ) -> None:
        self.trace, self.pathway, self.calendar, self.asked, self.gone = trace, pathway, calendar, asked, gone
        self._remembered: dict[Callable[[DatedTrace], Any], Any] = {}
        self.passes: Any = _compiled() if len(trace.visits) or len(trace.sessions) else _as_python()
        self.benefits, stations = pathway.benefits, [station.name for station in pathway.stations]
        self.benefit_of: Ints = np.array([self.benefits.index(state.benefit) for state in pathway.states], np.int64)
        self.station_of: Ints = np.array(
            [stations.index(state.station) if state.station else -1 for state in pathway.states], np.int64
        )

    def asks(self, *measures: Measure) -> bool:
        """Return whether any of some measures is asked for."""
        return self.asked is None or any(measure in self.asked for measure in measures)

    def of_groups(self, own: npt.NDArray[np.bool_]) -> DatedTrace:
        """Return what happened to the citizens of some groups alone; `own` says of each group whether it is one."""
        visits = self.trace.visits
        if len(visits):
            visits = visits[own[self.trace.groups][visits["citizen"]]]
        gone = self.gone.of_groups(own) if self.gone else None
        return DatedTrace(replace(self.trace, visits=visits), self.pathway, self.calendar, gone=gone)

    def remembered(self, part: Callable[[DatedTrace], _Part]) -> _Part:
        """Return what a function makes of it, which is called once."""
        if part not in self._remembered:
            self._remembered[part] = part(self)
        out: _Part = self._remembered[part]
        return out

    @property
    def nbytes(self) -> int:
        """The bytes of what was read of it so far."""
        read = [self.__dict__.get(name, ()) for name in ("_tallies", "benefit_spells", "waits")]
        return _bytes_of((*read, *list(self._remembered.values())))

    def with_gone(self, part: Callable[[DatedTrace], Ints]) -> Ints:
        """Return a part with a column a stay, of those who had gone before and of the others."""
        own = part(self)
        return own if self.gone is None else np.concatenate([part(self.gone), own], axis=-1)

    @property
    def _width(self) -> int:
        return len(self.calendar.edges) + 1

    @_once
    def _tallies(self) -> Tallies:
        shape = self._width, self.trace.first, self.benefit_of, len(self.benefits)
        own = Tallies(*self.passes.tallies(self.trace.visits, self.calendar.cells, *shape))
        return own if self.gone is None else own.with_those(self.gone._tallies)

    @_once
    def benefit_spells(self) -> Ints:
        """Consecutive visits with one benefit label: citizen, label, joined, ended; shape (4, spells).

        Citizens who had gone before a fork have numbers below 0, so that none is taken for another one.
        """
        own: Ints = self.passes.benefit_spells(self.trace.visits, self.benefit_of)
        if self.gone is None:
            return own
        citizen, *rest = self.gone.benefit_spells
        return np.concatenate([[~citizen, *rest], own], axis=1)

    @_once
    def waits(self) -> Ints:
        """Station, month and ticks waited of each stay that started at a station, shape (3, stays)."""
        own: Ints = self.passes.waits(self.trace.visits, self.calendar.cells, self.station_of)
        return own if self.gone is None else np.concatenate([self.gone.waits, own], axis=1)

    def stays_at(self, station: int) -> Ints:
        """Return when the stays that started at a station were joined, started and ended, shape (3, stays)."""
        return self.with_gone(lambda one: one.passes.stays_at(one.trace.visits, one.station_of, station))

    def holdings(self, station: int) -> Ints:
        """Return when the servers of a station were joined, started and let go, shape (3, holdings).

        Where states keep them, the last of these after the stay of the station lets go.
        """
        name = self.pathway.stations[station].name
        keeping = np.array([name in state.keeps for state in self.pathway.states])
        if not keeping.any():
            return self.stays_at(station)
        return self.with_gone(lambda one: one._holdings(station, keeping))

    def _holdings(self, station: int, keeping: Bools) -> Ints:
        visits = self.trace.visits
        begun = (self.station_of[visits["state"]] == station) & (visits["started"] != NEVER)
        # A holding goes on as long as the next visit of the same citizen keeps the server.
        goes_on = np.append((visits["citizen"][1:] == visits["citizen"][:-1]) & keeping[visits["state"][1:]], False)
        begun |= (visits["step"] == 0) & keeping[visits["state"]]
        first = np.flatnonzero(begun)
        last = np.flatnonzero(~goes_on)[np.searchsorted(np.flatnonzero(~goes_on), first)]
        starts = np.where(keeping[visits["state"][first]], visits["joined"][first], visits["started"][first])
        ends = np.where(visits["ended"][last] == NEVER, LATER, visits["ended"][last])
        return np.array([visits["joined"][first], starts, ends], np.int64)

    def outcomes(self) -> Ints:
        """Return the state, month and ticks since the benefit spell before it began, of each award; (3, awards)."""
        is_outcome = np.array([state.outcome for state in self.pathway.states])
        return self.with_gone(lambda one: one.passes.outcomes(one.trace.visits, one.calendar.cells, is_outcome))

    @_once
    def in_session(self) -> Ints:
        """Month of each session."""
        return self.calendar.month(self.trace.sessions["time"])

    @property
    def joins(self) -> Ints:
        """Visits to each state joined before each edge, shape (states, edges) like the next three."""
        return self._happened[0]

    @property
    def starts(self) -> Ints:
        """Stays in each state that started before each edge."""
        return self._happened[1]

    @property
    def leaves(self) -> Ints:
        """Visits to each state that left the queue before each edge, to start or for another state."""
        return self._happened[2]

    @property
    def ends(self) -> Ints:
        """Visits to each state that ended before each edge."""
        return self._happened[3]

    @_once
    def _happened(self) -> tuple[Ints, ...]:
        return tuple(_before(self._tallies.events))

    @_once
    def entered(self) -> Ints:
        """First visits of citizens of each entry in each state before each edge, shape (entries, states, edges)."""
        return _before(self._tallies.entered)

    @_once
    def moved(self) -> Ints:
        """Visits ended before each edge, by benefit and the one that followed, shape (benefits, benefits, edges)."""
        return _before(self._tallies.moved)

    @_once
    def cleared(self) -> Ints:
        """When the last left the queue of those who joined each state before each edge, or NEVER; (states, edges)."""
        out: Ints = np.maximum.accumulate(self._tallies.cleared[:, :-1], axis=1)
        return out

    @_once
    def waiting(self) -> Ints:
        """Citizens who wait at each station just before each edge, shape (stations, edges)."""
        return self.by_station(self.joins - self.leaves)

    @_once
    def time_present(self) -> Floats:
        """Ticks spent in each state before each edge, shape (states, edges)."""
        return self._since(0, self.joins) - self._since(2, self.ends)

    @_once
    def time_stayed(self) -> Floats:
        """Ticks spent in stays in each state before each edge, shape (states, edges)."""
        return self._since(1, self.leaves) - self._since(2, self.ends)

    def _since(self, event: int, before: Ints) -> Floats:
        """Sum the ticks from each event in a state to each edge after it."""
        edges = self.calendar.edges.astype(np.float64)  # a count times a fine tick would overflow an integer
        out: Floats = before * edges - _before(self._tallies.ticks[event])
        return out

    def by_station(self, by_state: Numbers) -> Numbers:
        """Add up the states of each station, along the first axis."""
        return _grouped(by_state, self.station_of, len(self.pathway.stations))

    def by_benefit(self, by_state: Numbers) -> Numbers:
        """Add up the states of each benefit, along the first axis."""
        return _grouped(by_state, self.benefit_of, len(self.benefits))

    def spans(self, kind: Kind, *names: str) -> tuple[Measure, float]:
        """Return a measure of spans of time in the unit in which the pathway tells them, and the ticks in one of it."""
        unit = kind.unit_in(self.pathway.time_unit)
        return kind(*names, unit=unit), self.calendar.per(unit.removesuffix("s"))

    def before(self, month: Ints, group: Ints, groups: int) -> Ints:
        """Count the events of each group before each edge, shape (groups, edges)."""
        return _before(self.passes.counts(group, month, groups, self._width))

    def summed_before(self, values: Ints, month: Ints, group: Ints, groups: int) -> Floats:
        """Add up the values of the events of each group before each edge, shape (groups, edges)."""
        return _before(self.passes.sums(values, group, month, groups, self._width))

    def counted(self, measure: Measure, before: Ints | Floats) -> Iterator[MeasureSeries]:
        """Yield the number of events in each period."""
        for every in self.calendar.lengths(measure.kind):
            yield MeasureSeries(measure=measure, every=every, values=self.calendar.during(before, every))

    def at_ends(self, measure: Measure, there: Ints | Floats) -> Iterator[MeasureSeries]:
        """Yield what is there just before the end of each period."""
        for every in self.calendar.lengths(measure.kind):
            values = np.asarray(there[self.calendar.ends(every)], np.float64)
            yield MeasureSeries(measure=measure, every=every, values=values)


def _bytes_of(tables: Any) -> int:
    return tables.nbytes if isinstance(tables, np.ndarray) else sum(map(_bytes_of, tables))


class Tallies(NamedTuple):
    """What `passes.tallies` returns, by month."""

    events: Ints
    ticks: Floats
    cleared: Ints
    entered: Ints
    moved: Ints

    def with_those(self, others: Tallies) -> Tallies:
        """Return the tallies of these visits and of others. Sums of ticks that are whole are the same in any order."""
        return Tallies(
            events=self.events + others.events,
            ticks=self.ticks + others.ticks,
            cleared=np.maximum(self.cleared, others.cleared),
            entered=self.entered + others.entered,
            moved=self.moved + others.moved,
        )


def _compiled() -> ModuleType:
    """Return the passes over all rows, whose compiler is not worth loading before there are any."""
    from flowsim.simulation.measures import passes

    return passes


@cache
def _as_python() -> SimpleNamespace:
    passes = _compiled()
    return SimpleNamespace(**{name: getattr(passes, name).py_func for name in passes.__all__})


def _before(by_month: Numbers) -> Numbers:
    """Add up what happened in the months before each edge, along the last axis."""
    out: Numbers = np.cumsum(by_month[..., :-1], axis=-1)
    return out


def _grouped(rows: Numbers, group: Ints, groups: int) -> Numbers:
    out = np.zeros((groups, *rows.shape[1:]), rows.dtype)
    some = group >= 0
    np.add.at(out, group[some], rows[some])
    return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Calendar:
    """The whole months, quarters and years of a horizon; of one without a whole month, the parts that lie in it.

    What it holds no whole quarter or year for is reported by the longest period that it holds: see `lengths`.
    A horizon from 10 to 24 January has the periods 2019-01, 2019Q1 and 2019, each for its part of them.
    Where the pathway asks for days or hours, the whole ones come besides, or the parts of a horizon that holds none.

    Attributes:
        start: the moment of tick 0.
        end: the first moment after the horizon.
        tick: minutes a tick.
        horizon: the first tick after the horizon.
        edges: the ticks at which the shortest periods begin, and at the end the tick where the last one ends.
        months: the positions in `edges` at which the months begin, and at the end the one where the last one ends.
        first: the first month, in months since the year 0.
        whole: whether the months, quarters and years are whole ones.
        finer: the periods shorter than a month, and the positions in `edges` at which they begin and end.
    """

    start: datetime
    end: datetime
    tick: float
    horizon: int
    edges: Ints
    months: Ints
    first: int
    whole: bool
    finer: Mapping[Every, tuple[tuple[Period, ...], Ints, Ints]]

    @classmethod
    def of(cls, pathway: Pathway) -> Calendar:
        """Lay the calendar over the horizon of a pathway, its warm-up left out."""
        begin = pathway.measured_from
        first, last = _month_on_or_after(begin), pathway.end.year * 12 + pathway.end.month - 1
        whole = first < last
        moments = [datetime(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]
        if not whole:
            moments = sorted({begin, *moments, pathway.end})
            first = begin.year * 12 + begin.month - 1
        periods = {every: _within(begin, pathway.end, every) for every in _finer(pathway)}
        ticks = _Ticks(pathway)
        ends = {
            every: [
                [ticks.at(max(period.start, begin)) for period in own],
                [ticks.at(min(period.end, pathway.end)) for period in own],
            ]
            for every, own in periods.items()
        }
        of_months = [ticks.at(moment) for moment in moments]
        edges = np.unique([*of_months, *(tick for spans in ends.values() for tick in chain(*spans))])
        return cls(
            start=pathway.start,
            end=pathway.end,
            tick=pathway.tick,
            horizon=ticks.at(pathway.end),
            edges=edges,
            months=np.searchsorted(edges, of_months),
            first=first,
            whole=whole,
            finer={every: (own, *np.searchsorted(edges, ends[every])) for every, own in periods.items()},
        )

    def ticks(self, span: float) -> int:
        """Turn a span in minutes into whole ticks."""
        return whole_ticks(span, self.tick)

    def per(self, unit: str) -> float:
        """Return the ticks in a unit of time such as "week"."""
        return MINUTES[unit] / self.tick

    @cached_property
    def _spans(self) -> dict[Every, tuple[Ints, Ints]]:
        spans: dict[Every, tuple[Ints, Ints]] = {every: (lo, hi) for every, (_, lo, hi) in self.finer.items()}
        last = self.first + len(self.months) - 1
        for every, length in MONTHS.items():
            if self.whole:
                since = np.arange(-(-self.first // length) * length, last - length + 1, length, dtype=np.int64)
            else:
                since = np.arange(self.first // length * length, last, length, dtype=np.int64)
            until = np.minimum(since + length, last)
            spans[every] = self.months[np.maximum(since, self.first) - self.first], self.months[until - self.first]
        return spans

    @cached_property
    def _periods(self) -> dict[Every, tuple[Period, ...]]:
        months = {int(position): self.first + number for number, position in enumerate(self.months)}
        whole: dict[Every, tuple[Period, ...]] = {
            every: tuple(Period.at(months[int(at)], every) for at in self._spans[every][0]) for every in MONTHS
        }
        return whole | {every: periods for every, (periods, _, _) in self.finer.items()}

    @property
    def kinds(self) -> tuple[Every, ...]:
        """The kinds of period that it holds, the longest first."""
        return ("year", "quarter", "month", *reversed(tuple(self.finer)))

    def periods(self, every: Every) -> tuple[Period, ...]:
        """Return the whole periods of a kind."""
        return self._periods[every]

    def lengths(self, kind: Kind) -> tuple[Every, ...]:
        """Return the kinds of period that measures of a kind are reported for, the shortest first.

        In a horizon that holds none of these as a whole, by the longest kind that it does hold: what is reported by
        quarter and year otherwise by month, and what is reported by year alone by quarter, or by month.
        """
        finer = tuple(self.finer) if kind.finer else ()
        if any(self.periods(every) for every in kind.every):
            return (*finer, *kind.every)
        return (*finer, "quarter" if self.periods("quarter") else "month")

    def ends(self, every: Every) -> Ints:
        """Return the positions in `edges` at which the periods end."""
        return self._spans[every][1]

    def last_months(self, every: Every) -> Ints:
        """Return the positions in `edges` at which the last month of each month, quarter or year begins."""
        out: Ints = self.months[np.searchsorted(self.months, self.ends(every)) - 1]
        return out

    def last_moments(self, every: Every) -> tuple[datetime, ...]:
        """Return the last moment within each period, where what holds by date is read at its end."""
        return self._last_moments[every]

    @cached_property
    def _last_moments(self) -> dict[Every, tuple[datetime, ...]]:
        return {
            every: tuple(min(period.end, self.end) - timedelta(microseconds=1) for period in periods)
            for every, periods in self._periods.items()
        }

    def during(self, before: Ints | Floats, every: Every) -> Floats:
        """Turn what came before each edge (last axis) into what came in each period."""
        lo, hi = self._spans[every]
        out: Floats = (before[..., hi] - before[..., lo]).astype(np.float64)
        return out

    def number(self, month: Ints, every: Every) -> Ints:
        """Turn numbers between edges, as `month` gives them, into numbers of periods; -1 outside all of them."""
        out: Ints = self._numbers[every][month]
        return out

    @cached_property
    def _numbers(self) -> dict[Every, Ints]:
        numbers: dict[Every, Ints] = {}
        for every, spans in self._spans.items():
            numbers[every] = np.full(len(self.edges) + 1, -1, np.int64)
            for number, (lo, hi) in enumerate(zip(*spans, strict=True)):
                numbers[every][lo + 1 : hi + 1] = number
        return numbers

    @cached_property
    def cells(self) -> tuple[int, int, Ints, Ints, int]:
        """Time cut into cells of one edge at most: their begin, length, months, and last ticks; the last of all.

        The length is a power of two, and given by that: a time is shifted to its cell, for to divide takes long. A
        start and an end beside the hour may be a few ticks from the next edge, and would make cells as short. So the
        last edge is counted apart, and the first one lies in no cell, for the first cell begins with it.
        """
        *edges, last = self.edges.tolist()
        shift = int(np.diff(edges[1:]).min(initial=self.horizon + 1)).bit_length() - 1
        begins = np.arange(edges[0], last + 1, 1 << shift)
        month = np.concatenate([[0], np.searchsorted(edges, begins, side="right")])
        return edges[0], shift, month, np.append(np.subtract(edges, 1), LATER)[month], last - 1

    def month(self, times: Ints) -> Ints:
        """Return the month of each time, numbered from 1; 0 before all of them, the highest after all.

        A month is what lies between two edges: a day or an hour where the pathway asks for these.
        """
        if not len(times):
            return np.empty(0, np.int64)
        out: Ints = _compiled().months(np.ascontiguousarray(times, np.int64), self.cells)
        return out


def _finer(pathway: Pathway) -> tuple[Every, ...]:
    """Return the kinds of period shorter than a month that a pathway asks for, the shortest first."""
    asked: dict[str, tuple[Every, ...]] = {"month": (), "day": ("day",), "hour": ("hour", "day")}
    return asked[pathway.periods]


def _within(begin: datetime, end: datetime, every: Every) -> tuple[Period, ...]:
    """Return the days or hours that lie in a time as a whole, or the parts of them where none does."""
    first, last = Period.around(begin, every), Period.around(end - datetime.resolution, every)
    whole = first.number + (first.start < begin), last.number - (last.end > end)
    since, until = whole if whole[0] <= whole[1] else (first.number, last.number)
    return tuple(Period.of(number, every) for number in range(since, until + 1))


def _month_on_or_after(moment: datetime) -> int:
    month = moment.year * 12 + moment.month - 1
    return month if moment == datetime(moment.year, moment.month, 1) else month + 1


class _Ticks:
    """The first tick that is not before a moment, exactly (a tick of a second is no exact float)."""

    def __init__(self, pathway: Pathway) -> None:
        self.start = pathway.start
        self.minutes = Fraction(pathway.tick).limit_denominator(10**9)

    def at(self, moment: datetime) -> int:
        since = (moment - self.start) // timedelta(microseconds=1)
        return -(-since * self.minutes.denominator // (60_000_000 * self.minutes.numerator))
