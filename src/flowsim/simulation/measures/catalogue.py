"""The measures of a pathway: a fixed catalogue, each computed from a trace by a pure function.

How many there are stands in `flows`, who waits and what stations take in `stations`, what became of citizens in
`spells`; `categories` and `watches` have what a pathway asks for besides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.model.parts import Clock, Followup, Seniority, Station, Watch
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import SESSION, VISIT, Trace
from flowsim.simulation.measures.categories import by_category
from flowsim.simulation.measures.flows import awards, entries, exits, mean_stocks, stocks
from flowsim.simulation.measures.measure import Measure, Row
from flowsim.simulation.measures.spells import clocks, followups, seniorities, times_to_outcome
from flowsim.simulation.measures.stations import (
    backlogs,
    caseloads,
    first_free_places,
    meetings,
    queues,
    served_waits,
    staffs,
    utilisation,
    waited,
)
from flowsim.simulation.measures.timeline import Calendar, DatedTrace, MeasureSeries
from flowsim.simulation.measures.watches import watched_waits

__all__ = ["MEASURES", "Catalogue", "Frame"]

MEASURES: tuple[Callable[[DatedTrace], Iterator[MeasureSeries]], ...] = (
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
    by_category,
    watched_waits,
)


class Frame(NamedTuple):
    """All of a pathway that its catalogue is drawn up from: names, kinds and arrows, and of its numbers the dates.

    Pathways with one frame have one catalogue, and the same names in their visits.
    """

    horizon: tuple[datetime, datetime, float, str]
    time_unit: str | None
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    stations: tuple[tuple[Any, ...], ...]
    states: tuple[tuple[Any, ...], ...]
    entries: tuple[tuple[Any, ...], ...]
    watches: tuple[Watch, ...]
    clocks: tuple[Clock, ...]
    followups: tuple[Followup, ...]
    seniorities: tuple[Seniority, ...]

    @classmethod
    def of(cls, pathway: Pathway) -> Frame:
        """Return the frame of a pathway."""
        return cls(
            horizon=(pathway.start, pathway.end, pathway.warm_up, pathway.periods),
            time_unit=pathway.time_unit,
            attributes=tuple((a.name, a.categories) for a in pathway.attributes),
            stations=tuple((s.name, s.is_meeting, s.answers is None, _parties(s)) for s in pathway.stations),
            states=tuple((s.name, s.benefit, s.station, s.final, s.outcome, s.targets) for s in pathway.states),
            entries=tuple((entry.name, entry.count is None) for entry in pathway.entries),
            watches=pathway.watches,
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
        calendar: its months, quarters and years, and days and hours where it asks for these.
        index: what each value of `compute` is, in order; the same for every trace of the pathway.
        of_function: the measures that each of `MEASURES` gives, in its order.
    """

    pathway: Pathway
    calendar: Calendar
    index: tuple[Row, ...]
    of_function: tuple[frozenset[Measure], ...]

    @classmethod
    def of(cls, pathway: Pathway, frame: Frame | None = None) -> Catalogue:
        """Draw up the catalogue of a pathway, whose frame may be known already; pathways of one frame share an index.

        Raises:
            InputError: if two of its measures get one name.
        """
        shared = _of_frame(_Framed(Frame.of(pathway) if frame is None else frame, pathway))
        # A stay may need a finer tick.
        calendar = shared.calendar if shared.pathway.tick == pathway.tick else Calendar.of(pathway)
        return replace(shared, pathway=pathway, calendar=calendar)

    def compute(self, trace: Trace, only: Collection[Measure] | None = None, gone: DatedTrace | None = None) -> Floats:
        """Compute the measures of one trace, aligned with `index`; NaN where a measure is undefined.

        With `only` some measures, aligned with the rows of `index` that are of these; only what they need is computed.
        With `gone` the visits of citizens whom the trace lacks, since they had left for good before a fork.
        """
        pathway = self.pathway
        if only is not None:
            # A clock goes over all visits: those that nobody asks about are left out.
            asked = {measure.of("clock") for measure in only}
            pathway = pathway.model_copy(update={"clocks": tuple(c for c in pathway.clocks if c.name in asked)})
        dated, values = DatedTrace(trace, pathway, self.calendar, only, gone), []
        for function, gives in zip(MEASURES, self.of_function, strict=True):
            if only is None or not gives.isdisjoint(only):
                values += [series.values for series in function(dated) if only is None or series.measure in only]
        return np.concatenate(values) if values else np.zeros(0)


@dataclass(frozen=True)
class _Framed:
    frame: Frame
    pathway: Pathway = field(compare=False)


@lru_cache(maxsize=8)
def _of_frame(framed: _Framed) -> Catalogue:
    pathway = framed.pathway
    calendar = Calendar.of(pathway)
    # What the measures say of nobody names them all, so names and values can't get out of step.
    nobody = DatedTrace(_nobody(pathway), pathway, calendar)
    given = [tuple(function(nobody)) for function in MEASURES]
    index = tuple(
        Row(series.measure, period) for every in given for series in every for period in calendar.periods(series.every)
    )
    rows: set[Row] = set()
    for row in index:
        if row in rows:
            raise InputError(
                f"two measures of '{pathway.name}' are called '{row.measure}': rename a group, or name a span once"
            )
        rows.add(row)
    of_function = tuple(frozenset(series.measure for series in every) for every in given)
    return Catalogue(pathway=pathway, calendar=calendar, index=index, of_function=of_function)


def _nobody(pathway: Pathway) -> Trace:
    return Trace(
        visits=np.zeros(0, VISIT),
        sessions=np.zeros(0, SESSION),
        first=np.zeros(len(pathway.entries) + 1, np.int64),
        presence=np.zeros(len(pathway.states), np.int64),
        queued=np.zeros(len(pathway.stations), np.int64),
    )
