"""What a period costs in people and meetings, and the time that citizens spend in queues: what a price is put on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flowsim.dated import Dated, Series
from flowsim.periods import BY_QUARTER_AND_YEAR
from flowsim.trace import Floats
from flowsim.waits import integral, sessions_before

__all__ = ["meetings", "staffs", "waited"]


def staffs(dated: Dated) -> Iterator[Series]:
    """Average over a period the caseworkers of each party with staff, and the servers of each station with servers.

    `staff.<station>.<party>`, caseworkers, and `servers.<station>`, servers, quarterly and yearly: the time in
    force within the period over the length of the period.
    """
    for station in dated.pathway.stations:
        if station.capacity is not None:
            yield from _averaged(dated, f"servers.{station.name}", "servers", integral(dated, station.capacity))
        for party in station.parties:
            if party.staff is not None:
                name = f"staff.{station.name}.{party.name}"
                yield from _averaged(dated, name, "caseworkers", integral(dated, party.staff))


def meetings(dated: Dated) -> Iterator[Series]:
    """Count the meetings of each station and the places that they offered, taken or not.

    `meetings.<station>`, meetings with at least one place, and `places.<station>`, places, quarterly and yearly.
    """
    sessions = dated.trace.sessions
    month, station = dated.calendar.month(sessions["time"]), sessions["station"].astype(np.int64)
    offering = sessions["places"] > 0
    held = dated.before(month[offering], station[offering], len(dated.pathway.stations))
    offered = sessions_before(dated, "places")
    for number, place in enumerate(dated.pathway.stations):
        if place.is_meeting:
            yield from dated.counted(f"meetings.{place.name}", "meetings", held[number])
            yield from dated.counted(f"places.{place.name}", "places", offered[number])


def waited(dated: Dated) -> Iterator[Series]:
    """Add up the time that citizens spent in each station's queue within a period.

    `waited.<station>`, citizen-weeks, quarterly and yearly: the mean number in the queue times the period's weeks.
    All who wait count, those who give up and those whose turn comes later included.
    """
    spent = dated.by_station(dated.time_present - dated.time_stayed) / dated.calendar.per("week")
    for number, station in enumerate(dated.pathway.stations):
        yield from dated.counted(f"waited.{station.name}", "citizen-weeks", spent[number])


def _averaged(dated: Dated, measure: str, unit: str, before: Floats) -> Iterator[Series]:
    calendar = dated.calendar
    for every in BY_QUARTER_AND_YEAR:
        values = calendar.during(before, every) / calendar.during(calendar.edges, every)
        yield Series(measure=measure, unit=unit, every=every, values=values)
