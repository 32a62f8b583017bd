"""What is observed of one replication of a queue, to be held against theory.

What joins in the first fifth of the horizon is left out, for a queue to forget its empty start; so is what joins in the
last twentieth, for all of it to be served. Times are read in hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Bools, Floats
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import NEVER, Trace

__all__ = [
    "TICKS",
    "CheckedStatistic",
    "Sample",
    "mean_square",
    "mean_wait",
    "served",
    "sojourn_over",
    "unserved",
    "wait_over",
]

TICKS = 3600
"""Ticks of a second in an hour."""


class Sample:
    """One replication, read in hours."""

    trace: Trace
    pathway: Pathway
    ticks: float
    hours: float

    def __init__(self, trace: Trace, pathway: Pathway) -> None:
        self.trace, self.pathway = trace, pathway
        self.ticks = 60 / pathway.tick  # in an hour
        self.hours = (pathway.end - pathway.start) / timedelta(hours=1)
        self._names = [state.name for state in pathway.states]

    def of_states(self, *states: str) -> Bools:
        """Mark the visits to some states."""
        return np.isin(self.trace.visits["state"], [self._names.index(state) for state in states])

    def settled(self, *states: str) -> npt.NDArray[np.void]:
        """Return the visits to some states that were joined in the settled part of the horizon."""
        visits = self.trace.visits
        joined = visits["joined"] / self.ticks
        inside = (joined >= 0.2 * self.hours) & (joined < 0.95 * self.hours)
        return visits[inside & self.of_states(*states)]

    def waits(self, *states: str) -> Floats:
        """Return the hours in the queue of the settled visits, until the horizon of those who still wait then."""
        visits = self.settled(*states)
        left = np.where(visits["started"] != NEVER, visits["started"], visits["ended"])
        out: Floats = (
            np.where(left != NEVER, left, self.hours * self.ticks) / self.ticks - visits["joined"] / self.ticks
        )
        return out

    def waiting(self, hour: float, *states: str) -> int:
        """Count those who wait in some states at an hour."""
        visits, tick = self.trace.visits, hour * self.ticks
        here = self.of_states(*states) & (visits["joined"] <= tick) & ~_by(visits["started"], tick)
        return int(np.count_nonzero(here & ~_by(visits["ended"], tick)))

    def in_stay(self, hour: float, *states: str) -> int:
        """Count those whose stay in some states is under way at an hour."""
        visits, tick = self.trace.visits, hour * self.ticks
        here = self.of_states(*states) & _by(visits["started"], tick) & ~_by(visits["ended"], tick)
        return int(np.count_nonzero(here))


def _by(times: npt.NDArray[np.int64], tick: float) -> Bools:
    out: Bools = (times != NEVER) & (times <= tick)
    return out


@dataclass(frozen=True, kw_only=True)
class CheckedStatistic:
    """What is compared: a ratio of two sums over a replication, whose expectations' ratio theory knows.

    Attributes:
        name: what it is, with its unit.
        theory: its value.
        observe: the numerator and the denominator of one replication.
    """

    name: str
    theory: float
    observe: Callable[[Sample], tuple[float, float]]


def mean_wait(theory: float, state: str = "desk", what: str = "mean wait, hours") -> CheckedStatistic:
    """Return the mean time in the queue, of the refused and of those who gave up too."""

    def observe(sample: Sample) -> tuple[float, float]:
        waits = sample.waits(state)
        return float(waits.sum()), len(waits)

    return CheckedStatistic(name=what, theory=theory, observe=observe)


def mean_square(theory: float) -> CheckedStatistic:
    """Return the mean of the squared time in the queue."""

    def observe(sample: Sample) -> tuple[float, float]:
        waits = sample.waits("desk")
        return float((waits**2).sum()), len(waits)

    return CheckedStatistic(name="mean squared wait, hours²", theory=theory, observe=observe)


def wait_over(hours: float, theory: float) -> CheckedStatistic:
    """Return the share of those who waited longer than so many hours."""

    def observe(sample: Sample) -> tuple[float, float]:
        waits = sample.waits("desk")
        return float((waits > hours).sum()), len(waits)

    return CheckedStatistic(
        name=f"wait over {hours:.3g} hours, share" if hours else "had to wait, share", theory=theory, observe=observe
    )


def sojourn_over(hours: float, theory: float) -> CheckedStatistic:
    """Return the share of those whose wait and stay together were longer than so many hours."""

    def observe(sample: Sample) -> tuple[float, float]:
        visits = sample.settled("desk")
        long = (visits["ended"] == NEVER) | ((visits["ended"] - visits["joined"]) / sample.ticks > hours)
        return float(long.sum()), len(visits)

    return CheckedStatistic(name=f"sojourn over {hours:.3g} hours, share", theory=theory, observe=observe)


def unserved(theory: float, what: str) -> CheckedStatistic:
    """Return the share of those whose stay never started."""

    def observe(sample: Sample) -> tuple[float, float]:
        visits = sample.settled("desk")
        return float((visits["started"] == NEVER).sum()), len(visits)

    return CheckedStatistic(name=what, theory=theory, observe=observe)


def served(statistic: CheckedStatistic) -> CheckedStatistic:
    """Return the same statistic of those alone whose stay started."""

    class _Served(Sample):
        def settled(self, *states: str) -> npt.NDArray[np.void]:
            visits = super().settled(*states)
            served: npt.NDArray[np.void] = visits[visits["started"] != NEVER]
            return served

    return CheckedStatistic(
        name=statistic.name + ", of the served",
        theory=statistic.theory,
        observe=lambda sample: statistic.observe(_Served(sample.trace, sample.pathway)),
    )
