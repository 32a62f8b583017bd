"""Two stations in a row, of which the second has little room: who finds none stays where her service has ended.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowsim.core.errors import is_row, require, require_positive
from flowsim.theory.general_laws import ratio_of_levels
from flowsim.theory.queues import Floats, Means, birth_death, require_counts, require_stable

__all__ = ["BlockingTandem"]

_LARGEST_ROOM = 2_000  # matrices have a row for each place


@dataclass(frozen=True, kw_only=True)
class BlockingTandem:
    """M/M/1 -> M/M/1/K with blocking after service (type I): the first server is held until there is room behind it.

    Solved as a quasi-birth-death chain: a level is the number at the first station, and within it one counts who are at
    the second, with one state more for a blocked first server.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time at each of both stations.
        room: how many may wait at the second, so that K = room + 1.

    Raises:
        InputError: for a rate or mean that is not positive, a room that is negative or above 2,000, or a load of 1 or
            more: of what the first station can let through where it never runs empty.

    Source: Avi-Itzhak and Yadin (1965), A sequence of two servers with no intermediate queue, for no room; Neuts
    (1981), Matrix-Geometric Solutions in Stochastic Models, chapter 5.
    """

    rate: float
    mean_service: tuple[float, float]
    room: int

    def __post_init__(self) -> None:
        two = is_row(self.mean_service) and len(self.mean_service) == 2
        require(two, "mean_service", self.mean_service, "one of each of two stations")
        first, second = self.mean_service
        require_positive(rate=self.rate, **{"mean_service[0]": first, "mean_service[1]": second})
        require_counts(0, room=self.room)
        require(self.room <= _LARGEST_ROOM, "room", self.room, f"{_LARGEST_ROOM:,} at most, which can be computed")
        require_stable(self.rate / self.capacity)

    @property
    def capacity(self) -> float:
        """How many can go through per unit of time."""
        first, second = self.mean_service
        never_empty = birth_death(np.full(self.room + 2, 1 / first), np.full(self.room + 2, 1 / second))
        return (1 - float(never_empty[0])) / second

    @property
    def blocked_probability(self) -> float:
        """The share of time in which the first server is held by somebody whose service has ended."""
        return float(self._levels[1][-1])

    @property
    def blocking_probability(self) -> float:
        """The share of those whose first service ends and who find no room."""
        first, _ = self.mean_service
        return float(self._levels[1][-2]) / first / self.rate

    @property
    def means(self) -> tuple[Means, Means]:
        """The means at each station; a service at the first counts the time for which she is held there."""
        none, some, waiting = self._levels
        second = self.mean_service[1]
        held = Means(rate=self.rate, wait=float(waiting.sum()) / self.rate, service=float(some.sum()) / self.rate)
        places = self.room + 1
        behind = np.maximum(np.minimum(np.arange(places + 2), places) - 1, 0)
        queue = float(behind[:-1] @ none + behind @ some)
        return held, Means(rate=self.rate, wait=queue / self.rate, service=second)

    @cached_property
    def _levels(self) -> tuple[Floats, Floats, Floats]:
        """With nobody at the first, with somebody, and the mean number who wait there: each by who is at the second."""
        into, out = 1 / self.mean_service[0], 1 / self.mean_service[1]
        places = self.room + 1
        within, down = np.zeros((places + 2, places + 2)), np.zeros((places + 2, places + 2))
        for number in range(places + 1):
            (down if number < places else within)[number, number + 1] = into
            if number:
                within[number, number - 1] = out
        down[places + 1, places] = out
        stayed = within - np.diag(self.rate + within.sum(axis=1) + down.sum(axis=1))
        ratio = ratio_of_levels(self.rate, stayed, down)
        empty = within[:-1, :-1] - np.diag(self.rate + within[:-1, :-1].sum(axis=1))
        up = self.rate * np.eye(places + 1, places + 2) @ np.linalg.inv(-stayed - ratio @ down)
        balance = empty + up @ down[:, :-1]
        # One balance equation follows from the others; that all adds to 1 takes its place.
        geometric = np.linalg.inv(np.eye(len(ratio)) - ratio)
        balance[:, 0] = 1 + (up @ geometric).sum(axis=1)
        none = np.linalg.solve(balance.T, np.eye(places + 1)[0])
        some = none @ up @ geometric
        return none, some, some @ ratio @ geometric
