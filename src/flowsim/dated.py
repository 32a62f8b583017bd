"""A trace read against the calendar: what every measure starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TypeVar

import numpy as np

from flowsim.pathway import Pathway
from flowsim.periods import BY_QUARTER_AND_YEAR, Calendar, Every
from flowsim.trace import Floats, Ints, Trace

__all__ = ["Dated", "Series", "passes"]

Numbers = TypeVar("Numbers", Ints, Floats)


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """One measure over all periods of a kind, with its unit; NaN where it is undefined."""

    measure: str
    unit: str
    every: Every
    values: Floats


class Dated:
    """A trace read against the calendar: columns of the visit table, and what happened before each edge.

    Attributes:
        citizen, step, state, next, joined, started, ended, since: columns of the visits; NEVER became LATER.
        left: when she left the queue: started, or else ended.
        in_joined, in_started, in_ended, in_left: the month of the event, as `Calendar.month` has it.
        benefit_of, station_of: the number of each state's benefit label and station, -1 where there is none.
    """

    def __init__(self, trace: Trace, pathway: Pathway, calendar: Calendar) -> None:
        self.trace, self.pathway, self.calendar = trace, pathway, calendar
        told: Ints = passes().visits_as_columns(trace.visits, *calendar.cells)
        self.citizen, self.step, self.state, self.next = told[:4]
        self.joined, self.started, self.ended, self.since, self.left = told[4:9]
        self.in_joined, self.in_started, self.in_ended, self.in_left = told[9:]
        labels, stations = pathway.benefits, [station.name for station in pathway.stations]
        self.benefit_of: Ints = np.array([labels.index(state.benefit) for state in pathway.states], np.int64)
        self.station_of: Ints = np.array(
            [stations.index(state.station) if state.station else -1 for state in pathway.states], np.int64
        )

    @cached_property
    def benefit(self) -> Ints:
        """The number of each visit's benefit label, in the order of `pathway.benefits`."""
        out: Ints = self.benefit_of[self.state]
        return out

    @cached_property
    def firsts(self) -> Ints:
        """The rows of citizens' first visits."""
        return np.flatnonzero(self.step == 0)

    @cached_property
    def doors(self) -> Ints:
        """The number of the entry that each citizen came by, in the order of `firsts`."""
        out: Ints = np.searchsorted(self.trace.first, self.citizen[self.firsts], side="right") - 1
        return out

    @cached_property
    def joins(self) -> Ints:
        """Visits to each state joined before each edge, shape (states, edges) like the next three."""
        return self.before(self.in_joined, self.state, len(self.pathway.states))

    @cached_property
    def starts(self) -> Ints:
        """Stays in each state that started before each edge."""
        return self.before(self.in_started, self.state, len(self.pathway.states))

    @cached_property
    def leaves(self) -> Ints:
        """Visits to each state that left the queue before each edge, to start or for another state."""
        return self.before(self.in_left, self.state, len(self.pathway.states))

    @cached_property
    def ends(self) -> Ints:
        """Visits to each state that ended before each edge."""
        return self.before(self.in_ended, self.state, len(self.pathway.states))

    @cached_property
    def waiting(self) -> Ints:
        """Citizens who wait at each station just before each edge, shape (stations, edges)."""
        return self.by_station(self.joins - self.leaves)

    @cached_property
    def time_present(self) -> Floats:
        """Ticks spent in each state before each edge, shape (states, edges)."""
        return self._since(self.joined, self.in_joined, self.joins) - self._since_ended

    @cached_property
    def time_stayed(self) -> Floats:
        """Ticks spent in stays in each state before each edge, shape (states, edges)."""
        return self._since(self.left, self.in_left, self.leaves) - self._since_ended

    @cached_property
    def _since_ended(self) -> Floats:
        return self._since(self.ended, self.in_ended, self.ends)

    def _since(self, times: Ints, month: Ints, before: Ints) -> Floats:
        """Sum the ticks from each event in a state to each edge after it."""
        edges = self.calendar.edges.astype(np.float64)  # a count times a fine tick would overflow an integer
        return before * edges - self.summed_before(times, month, self.state, len(before))

    def by_station(self, by_state: Numbers) -> Numbers:
        """Add up the states of each station, along the first axis."""
        return _grouped(by_state, self.station_of, len(self.pathway.stations))

    def by_benefit(self, by_state: Numbers) -> Numbers:
        """Add up the states of each benefit, along the first axis."""
        return _grouped(by_state, self.benefit_of, len(self.pathway.benefits))

    def before(self, month: Ints, group: Ints, groups: int) -> Ints:
        """Count the events of each group before each edge, shape (groups, edges)."""
        width = len(self.calendar.edges) + 1
        out: Ints = np.cumsum(passes().counts(group, month, groups, width)[:, :-1], axis=1)
        return out

    def summed_before(self, values: Ints, month: Ints, group: Ints, groups: int) -> Floats:
        """Add up the values of the events of each group before each edge, shape (groups, edges)."""
        width = len(self.calendar.edges) + 1
        out: Floats = np.cumsum(passes().sums(values, group, month, groups, width)[:, :-1], axis=1)
        return out

    def latest_before(self, values: Ints, month: Ints, group: Ints, groups: int) -> Ints:
        """Find the latest value of the events of each group before each edge, NEVER without any; (groups, edges)."""
        width = len(self.calendar.edges) + 1
        by_month = passes().latest(values, group, month, groups, width)
        out: Ints = np.maximum.accumulate(by_month[:, :-1], axis=1)
        return out

    def counted(self, measure: str, unit: str, before: Ints | Floats) -> Iterator[Series]:
        """Yield the number of events by quarter and by year."""
        for every in BY_QUARTER_AND_YEAR:
            yield Series(measure=measure, unit=unit, every=every, values=self.calendar.during(before, every))

    def at_end(self, measure: str, unit: str, there: Ints | Floats, every: Every) -> Series:
        """Return what is there just before the end of each period."""
        values = np.asarray(there[self.calendar.ends(every)], np.float64)
        return Series(measure=measure, unit=unit, every=every, values=values)


def passes() -> ModuleType:
    """Return the passes over all rows, whose compiler is not worth loading before there are any."""
    from flowsim import columns

    return columns


def _grouped(rows: Numbers, group: Ints, groups: int) -> Numbers:
    out = np.zeros((groups, *rows.shape[1:]), rows.dtype)
    some = group >= 0
    np.add.at(out, group[some], rows[some])
    return out
