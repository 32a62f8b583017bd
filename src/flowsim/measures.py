"""The measures of a pathway: a fixed catalogue, each computed from a trace by a pure function.

How many: entries, stocks, awards and exits stand here; `waits` has the queues, `staffing` what they take, and
`spells` what became of citizens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from flowsim.dated import Dated, Series
from flowsim.errors import InputError
from flowsim.pathway import Clock, Followup, Pathway, Seniority, Station
from flowsim.periods import BY_QUARTER_AND_YEAR, Calendar
from flowsim.spells import clocks, followups, seniorities, times_to_outcome
from flowsim.staffing import meetings, staffs, waited
from flowsim.trace import SESSION, VISIT, Floats, Trace
from flowsim.waits import backlogs, caseloads, first_free_places, queues, served_waits, utilisation

__all__ = ["MEASURES", "Catalogue", "Frame", "Row", "awards", "entries", "exits", "mean_stocks", "stocks"]


def entries(dated: Dated) -> Iterator[Series]:
    """Count the citizens who entered by each door.

    `entries.<entry>`, citizens, quarterly and yearly. Those who are there at the start enter in no period, so
    a door with a `count` has none.
    """
    doors = dated.pathway.entries
    before = dated.before(dated.in_joined[dated.firsts], dated.doors, len(doors))
    for number, door in enumerate(doors):
        if door.count is None:
            yield from dated.counted(f"entries.{door.name}", "citizens", before[number])


def stocks(dated: Dated) -> Iterator[Series]:
    """Count the citizens who live on each benefit at a period's end.

    `stock.<benefit>`, citizens, quarterly and yearly. Whoever waits lives on the benefit of the state she
    waits for; final states accumulate.
    """
    there = dated.by_benefit(dated.joins - dated.ends)
    for number, label in enumerate(dated.pathway.benefits):
        for every in BY_QUARTER_AND_YEAR:
            yield dated.at_end(f"stock.{label}", "citizens", there[number], every)


def mean_stocks(dated: Dated) -> Iterator[Series]:
    """Average over a year the citizens who live on each benefit.

    `mean_stock.<benefit>`, citizens, yearly: the time that citizens spent on the benefit within the year over the
    length of the year. Not the sources' "helårspersoner", of whom 5,000 are 6,000 persons (status-2021-01).
    """
    calendar = dated.calendar
    spent = dated.by_benefit(dated.time_present)
    mean = calendar.during(spent, "year") / calendar.during(calendar.edges, "year")
    for number, label in enumerate(dated.pathway.benefits):
        yield Series(measure=f"mean_stock.{label}", unit="citizens", every="year", values=mean[number])


def awards(dated: Dated) -> Iterator[Series]:
    """Count the citizens who entered each outcome.

    `awards.<state>`, awards, quarterly and yearly, by the date of entering the state ("Afgang til fleksjob og
    førtidspension", status-2021-01, Tabel 2). Who is in the outcome at the start was awarded it before.
    """
    standing = np.array([entry.count is not None for entry in dated.pathway.entries])
    rows = dated.firsts[standing[dated.doors]]
    before = dated.joins - dated.before(dated.in_joined[rows], dated.state[rows], len(dated.joins))
    for number, state in enumerate(dated.pathway.states):
        if state.outcome:
            yield from dated.counted(f"awards.{state.name}", "awards", before[number])


def exits(dated: Dated) -> Iterator[Series]:
    """Count the spells of each benefit that ended, by the benefit that followed.

    `exits.<benefit>.<next benefit>`, spells, yearly, for every pair that the pathway makes possible. A return
    after a short while ends the spell here all the same; `spells.followups` is where gaps are bridged.
    """
    states, labels = dated.pathway.states, dated.pathway.benefits
    pairs = sorted(
        {
            (labels.index(state.benefit), labels.index(dated.pathway.state(target).benefit))
            for state in states
            for target in state.targets
        }
    )
    pair_of = np.full((len(labels), len(labels)), len(pairs))
    for number, (left, to) in enumerate(pairs):
        pair_of[left, to] = number
    # The first column is for those who went nowhere yet: next is -1.
    moves = np.full((len(states), len(states) + 1), len(pairs))
    moves[:, 1:] = pair_of[np.ix_(dated.benefit_of, dated.benefit_of)]
    move = moves.ravel()[dated.state * (len(states) + 1) + dated.next + 1]
    before = dated.before(dated.in_ended, move, len(pairs) + 1)
    for number, (left, to) in enumerate(pairs):
        if left != to:
            values = dated.calendar.during(before[number], "year")
            yield Series(measure=f"exits.{labels[left]}.{labels[to]}", unit="spells", every="year", values=values)


MEASURES: tuple[Callable[[Dated], Iterator[Series]], ...] = (
    entries,
    stocks,
    mean_stocks,
    awards,
    exits,
    served_waits,
    first_free_places,
    backlogs,
    queues,
    utilisation,
    caseloads,
    clocks,
    times_to_outcome,
    followups,
    seniorities,
    staffs,
    meetings,
    waited,
)


class Row(NamedTuple):
    """One number of a replication: which measure, of which period, in which unit."""

    measure: str
    period: str
    unit: str


class Frame(NamedTuple):
    """All of a pathway that its catalogue is drawn up from: names, kinds and arrows, and of its numbers the dates.

    Pathways with one frame have one catalogue, and the same names in their visits.
    """

    horizon: tuple[datetime | float, ...]
    stations: tuple[tuple[Any, ...], ...]
    states: tuple[tuple[Any, ...], ...]
    entries: tuple[tuple[Any, ...], ...]
    clocks: tuple[Clock, ...]
    followups: tuple[Followup, ...]
    seniorities: tuple[Seniority, ...]

    @classmethod
    def of(cls, pathway: Pathway) -> Frame:
        """Return the frame of a pathway."""
        return cls(
            horizon=(pathway.start, pathway.end, pathway.tick),
            stations=tuple((s.name, s.is_meeting, _parties(s)) for s in pathway.stations),
            states=tuple(
                (s.name, s.benefit, s.station, s.final, s.outcome, frozenset(s.targets)) for s in pathway.states
            ),
            entries=tuple((entry.name, entry.count is None) for entry in pathway.entries),
            clocks=pathway.clocks,
            followups=pathway.followups,
            seniorities=pathway.seniorities,
        )

    def check(self, pathway: Pathway, where: str) -> None:
        """Refuse a pathway of another frame.

        Raises:
            InputError: with `where`, and what differs.
        """
        for what, own, other in zip(self._fields, self, Frame.of(pathway), strict=True):
            if own != other:
                raise InputError(
                    f"{where}: the {what} of its pathway are not those of the first one: from replication to "
                    "replication only numbers may differ"
                )


def _parties(station: Station) -> tuple[tuple[Any, ...], ...]:
    return tuple((p.name, p.staff is not None, tuple(name for name, _ in p.follow_up)) for p in station.parties)


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """All measures of a pathway over all whole periods of its horizon.

    Attributes:
        pathway: whose measures these are.
        calendar: its months, quarters and years.
        index: what each value of `compute` is, in order; the same for every trace of the pathway.
    """

    pathway: Pathway
    calendar: Calendar
    index: tuple[Row, ...]

    @classmethod
    def of(cls, pathway: Pathway) -> Catalogue:
        """Draw up the catalogue of a pathway.

        Raises:
            InputError: if two of its measures get one name.
        """
        calendar = Calendar.of(pathway)
        # What the measures say of nobody names them all, so names and values can't get out of step.
        index = tuple(
            Row(series.measure, period, series.unit)
            for series in _measured(_nobody(pathway), pathway, calendar)
            for period in calendar.labels(series.every)
        )
        seen: set[tuple[str, str]] = set()
        for row in index:
            if row[:2] in seen:
                raise InputError(
                    f"two measures of '{pathway.name}' are called '{row.measure}': rename a group, or tell a span once"
                )
            seen.add(row[:2])
        return cls(pathway=pathway, calendar=calendar, index=index)

    def compute(self, trace: Trace) -> Floats:
        """Compute all measures of one trace, aligned with `index`; NaN where a measure is undefined."""
        values = [series.values for series in _measured(trace, self.pathway, self.calendar)]
        return np.concatenate(values) if values else np.zeros(0)


def _measured(trace: Trace, pathway: Pathway, calendar: Calendar) -> Iterator[Series]:
    dated = Dated(trace, pathway, calendar)
    return chain.from_iterable(measure(dated) for measure in MEASURES)


def _nobody(pathway: Pathway) -> Trace:
    return Trace(
        visits=np.zeros(0, VISIT),
        sessions=np.zeros(0, SESSION),
        first=np.zeros(len(pathway.entries) + 1, np.int64),
        presence=np.zeros(len(pathway.states), np.int64),
        queued=np.zeros(len(pathway.stations), np.int64),
    )
