"""Queues whose arrivals are no plain Poisson stream: who baulks, who comes back again and again, who come together.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowsim.core.errors import InputError, is_real, require, require_positive
from flowsim.theory.queues import (
    LONGEST_TABLE,
    Floats,
    Means,
    birth_death,
    quantile,
    require_counts,
    require_stable,
    tail_by_departures,
)

__all__ = ["FiniteSource", "MMcBatch", "MMcBaulking"]

_LARGE = 1e200  # probabilities that are not scaled yet
_NOTHING = 1e-26  # what is left of a queue's law, over its largest part, where no float shows it


@dataclass(frozen=True, kw_only=True)
class MMcBaulking:
    """M/M/c where some of those who would have to wait leave at once, the more the longer the queue is.

    Attributes:
        rate: arrivals per unit of time, those who leave at once included.
        mean_service: the mean service time.
        servers: c.
        baulks: the probability to leave at once, by how many wait already, each from that number on; nobody does while
            a server is free, nor below the first number.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, probabilities that are none,
            a load of 1 or more from those who come however long the queue is, or one so near 1 that a million wait.

    Source: Haight (1957), Queueing with balking; birth and death.
    """

    rate: float
    mean_service: float
    servers: int
    baulks: Mapping[int, float]

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_counts(1, servers=self.servers)
        _require_probabilities("baulks", self.baulks, 0)
        require_stable(self._load)
        _ = self.distribution  # finds a load too near 1

    @property
    def _load(self) -> float:
        """What is asked of the servers however many wait, over what they can do."""
        staying = 1 - self.baulks[max(self.baulks)] if self.baulks else 1.0
        return self.rate * staying * self.mean_service / self.servers

    @cached_property
    def _staying(self) -> Floats:
        """The probabilities to stay with 0, 1, ... waiting, up to where nothing that a float shows is left."""
        last = max(self.baulks, default=0)
        # From there on the queue's law falls by the load at each step.
        more = math.ceil(math.log(_NOTHING) / math.log(self._load)) if self._load else 1
        if last + more > LONGEST_TABLE:
            raise InputError(f"rate: a load of {self._load:.9g} is not allowed: so near 1 that a million wait")
        staying = np.ones(last + more)
        for number in sorted(self.baulks):
            staying[number:] = 1 - self.baulks[number]
        return staying

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to where nothing that a float shows is left."""
        births = self.rate * np.concatenate([np.ones(self.servers), self._staying])
        serving = np.minimum(np.arange(1, len(births) + 1), self.servers) / self.mean_service
        return birth_death(births, serving)

    @property
    def baulking_probability(self) -> float:
        """The share of arrivals who leave at once."""
        return float(self.distribution[self.servers : -1] @ (1 - self._staying) + self.distribution[-1])

    @property
    def wait_probability(self) -> float:
        """The probability that somebody who comes in has to wait."""
        return float(self._behind.sum())

    @property
    def means(self) -> Means:
        """The means of those who come in."""
        serving = np.minimum(np.arange(len(self.distribution)), self.servers) / self.mean_service
        admitted = float(self.distribution @ serving)  # as many as leave, which has all digits where few are admitted
        waiting = float(self.distribution[self.servers :] @ np.arange(len(self._staying) + 1))
        return Means(rate=admitted, wait=waiting / admitted, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability that somebody who comes in waits longer than a time of 0 or more."""
        return tail_by_departures(self._behind, self.servers / self.mean_service, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 of those who come in begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    @property
    def _behind(self) -> Floats:
        """The probabilities that who comes in finds all busy and 0, 1, ... waiting."""
        waiting = self.distribution[self.servers : -1] * self._staying
        out: Floats = waiting / (self.distribution[: self.servers].sum() + waiting.sum())
        return out


@dataclass(frozen=True, kw_only=True)
class FiniteSource:
    """M/M/c with a population of so many, each of whom is away for a time before she comes again.

    Where all may wait it is the repair of machines; where nobody may, Engset's loss system. Who finds the room full
    stays away for another time. Of the time away its mean alone counts, whatever its law.

    Attributes:
        population: how many there are in all.
        mean_away: the mean time from the end of a service, or from being lost, to coming again.
        mean_service: the mean service time.
        servers: c.
        room: how many may wait; all of them if left out.

    Raises:
        InputError: for a mean that is not positive, fewer than one server or one in the population, or a negative room.

    Source: Engset (1918); Palm (1947); Kleinrock (1975), Queueing Systems I, sections 3.8 to 3.10.
    """

    population: int
    mean_away: float
    mean_service: float
    servers: int
    room: int | None = None

    def __post_init__(self) -> None:
        require_positive(mean_away=self.mean_away, mean_service=self.mean_service)
        require_counts(1, population=self.population, servers=self.servers)
        if self.room is not None:
            require_counts(0, room=self.room)

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to the most that can be there."""
        most = self.population if self.room is None else min(self.population, self.servers + self.room)
        births = (self.population - np.arange(most)) / self.mean_away
        serving = np.minimum(np.arange(1, most + 1), self.servers) / self.mean_service
        return birth_death(births, serving)

    @property
    def request_rate(self) -> float:
        """How many come per unit of time, those who are lost included."""
        return float(self._coming.sum())

    @property
    def loss_probability(self) -> float:
        """The share of those who come and find the room full."""
        return float(self._coming[-1]) / self.request_rate

    @property
    def wait_probability(self) -> float:
        """The probability that somebody who comes in has to wait."""
        return float(self._behind.sum())

    @property
    def means(self) -> Means:
        """The means of those who come in."""
        admitted = float(self._coming[:-1].sum())
        waiting = float(np.maximum(np.arange(len(self.distribution)) - self.servers, 0) @ self.distribution)
        return Means(rate=admitted, wait=waiting / admitted, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability that somebody who comes in waits longer than a time of 0 or more."""
        return tail_by_departures(self._behind, self.servers / self.mean_service, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 of those who come in begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    @property
    def _coming(self) -> Floats:
        """How many come per unit of time and find 0, 1, ... in the system."""
        away = self.population - np.arange(len(self.distribution))
        out: Floats = away / self.mean_away * self.distribution
        return out

    @property
    def _behind(self) -> Floats:
        """The probabilities that who comes in finds all busy and 0, 1, ... waiting."""
        admitted = self._coming[:-1]
        out: Floats = admitted[self.servers :] / admitted.sum()
        return out


@dataclass(frozen=True, kw_only=True)
class MMcBatch:
    """M^[X]/M/c: batches arrive at random, and those of a batch are served each for herself.

    Attributes:
        rate: batches per unit of time.
        sizes: the probability of each size of a batch.
        mean_service: the mean service time.
        servers: c.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, sizes below 1, probabilities that do
            not add to 1, a load of 1 or more, or one so near 1 that a million are there.

    Source: Chaudhry and Templeton (1983), A First Course in Bulk Queues. The flow up across each number that are there
    is the flow down.
    """

    rate: float
    sizes: Mapping[int, float]
    mean_service: float
    servers: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_counts(1, servers=self.servers)
        _require_probabilities("sizes", self.sizes, 1)
        require(bool(self.sizes), "sizes", self.sizes, "at least one size with its probability")
        total = math.fsum(self.sizes.values())
        require(abs(total - 1) < 1e-9, "sizes", total, "probabilities that add to 1")
        require_stable(self.load)
        # The number that is there has nearly an exponential law of this mean, where the load is near 1.
        second = math.fsum(size**2 * share for size, share in self.sizes.items())
        there = (1 + second / self.mean_size) / (2 * (1 - self.load))
        if -math.log(_NOTHING) * there > LONGEST_TABLE:
            raise InputError(f"rate: a load of {self.load:.9g} is not allowed: so near 1 that a million are there")

    @property
    def mean_size(self) -> float:
        """How many come together on average."""
        return math.fsum(size * share for size, share in self.sizes.items())

    @property
    def load(self) -> float:
        """What is asked of the servers, over what they can do."""
        return self.rate * self.mean_size * self.mean_service / self.servers

    @cached_property
    def _more(self) -> Floats:
        """The probabilities of a batch of more than 0, 1, ..., up to the largest."""
        shares = np.zeros(max(self.sizes) + 1)
        shares[list(self.sizes)] = list(self.sizes.values())
        out: Floats = np.cumsum(shares[:0:-1])[::-1]
        return out

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to where nothing that a float shows is left."""
        more, least = self._more, self.servers + len(self._more)
        chances, greatest = [1.0], 1.0
        while len(chances) <= least or max(chances[-len(more) :]) > _NOTHING * greatest:
            last = np.array(chances[-len(more) :])
            upward = self.rate * float(last @ more[len(last) - 1 :: -1])
            chances.append(upward * self.mean_service / min(len(chances), self.servers))
            greatest = max(greatest, chances[-1])
            if greatest > _LARGE:
                chances, greatest = [chance / greatest for chance in chances], 1.0
        out: Floats = np.array(chances) / math.fsum(chances)
        return out

    @property
    def wait_probability(self) -> float:
        """The probability that somebody has to wait."""
        return float(self._behind.sum())

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        waiting = float(np.maximum(np.arange(len(self.distribution)) - self.servers, 0) @ self.distribution)
        rate = self.rate * self.mean_size
        return Means(rate=rate, wait=waiting / rate, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        return tail_by_departures(self._behind, self.servers / self.mean_service, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    @cached_property
    def _behind(self) -> Floats:
        """The probabilities that somebody finds all busy and 0, 1, ... waiting, those before her in her batch too."""
        # Whoever comes, she is one of those behind 0, 1, ... of her batch as often as batches have more than so many.
        before = np.convolve(self.distribution, self._more / self.mean_size)
        out: Floats = before[self.servers :]
        return out


def _require_probabilities(where: str, table: object, least: int) -> None:
    """Refuse what is no table of probabilities by whole numbers of at least so many."""
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: {table!r} is not allowed: probabilities by number, such as {{{least}: 1.0}}")
    for number, share in table.items():
        require_counts(least, **{where: number})
        require(is_real(share) and 0 <= share <= 1, f"{where}[{number}]", share, "from 0 to 1")
