"""How each station's queue goes over the time of the goals under a staffing, whether a goal counts it or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.periods import Period
from flowsim.planning.response import series
from flowsim.simulation.estimates import difference, level
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.stations import QUEUE
from flowsim.simulation.results import Results

__all__ = ["StationQueue", "queue_ends", "queues_of"]

_GROWN = 1.1  # a queue that is larger by less at the end is not worth a sentence
_WAITING = 1.0  # citizens: a shorter queue is no backlog


@dataclass(frozen=True, kw_only=True)
class StationQueue:
    """A station's queue at the two ends of a period, as medians over the replications.

    Attributes:
        station: its name.
        before: who waits when the period begins: at the end of the month before it, or of its first month where the
            run begins with it.
        after: who waits when the period ends.
        grows: whether it is surely longer at the end, by a tenth and by one citizen at least.
        group: how many begin a stay there together: fewer than these wait for the others, and are no backlog.
    """

    station: str
    before: float
    after: float
    grows: bool
    group: int = 1

    @property
    def measure(self) -> Measure:
        """The measure that it is read from."""
        return QUEUE(self.station)

    @property
    def backlog(self) -> bool:
        """Whether anybody waits for a place when the period begins."""
        return self.before >= max(_WAITING, self.group)


def queue_ends(results: Results, stations: Sequence[str], during: str) -> Floats:
    """Return the queues before and after a period, shape (replications, stations, 2); NaN where none is reported."""
    period = Period(during)
    out = np.full((len(results.replications), len(stations), 2), np.nan)
    for number, station in enumerate(stations):
        if QUEUE(station) not in results.measures:
            continue
        months, values = series(results, QUEUE(station), "month")
        within = [place for place, month in enumerate(months) if period.first <= month.first < period.after]
        if within:
            out[:, number, 0], out[:, number, 1] = values[:, max(within[0] - 1, 0)], values[:, within[-1]]
    return out


def queues_of(groups: Mapping[str, int], ends: Floats) -> tuple[StationQueue, ...]:
    """Return the queues that `queue_ends` gives of a staffing's replications; none of a station that has no figures.

    `groups` tells of each station how many begin a stay there together.
    """
    out = []
    for number, (station, group) in enumerate(groups.items()):
        before, after = ends[:, number, 0], ends[:, number, 1]
        if not len(ends) or np.isnan(before).any():
            continue
        lengths = [level(QUEUE(station), column).estimate for column in (before, after)]
        surely = difference(QUEUE(station), before, after).low > 0
        grows = surely and lengths[1] >= max(lengths[0] * _GROWN, group) and lengths[1] - lengths[0] >= 1
        out.append(StationQueue(station=station, before=lengths[0], after=lengths[1], grows=bool(grows), group=group))
    return tuple(out)
