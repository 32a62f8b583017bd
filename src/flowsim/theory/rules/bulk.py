"""Queues that move by the group: a meeting at random times, and a server who takes several at once.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize, special

from flowsim.core.errors import require, require_positive
from flowsim.theory.queues import (
    Floats,
    Means,
    exponential_quantile,
    quantile,
    require_counts,
    require_stable,
    require_time,
)

__all__ = ["BulkServer", "RandomMeeting"]


@dataclass(frozen=True, kw_only=True)
class RandomMeeting:
    """A meeting at random times: they come as Poisson, and each takes up to n waiting cases, the longest waiting first.

    A meeting convenes whether or not n cases wait; places that are not used are lost. The wait ends when the case is
    taken; there is no service after. `Meeting` has the same places at fixed times.

    Attributes:
        rate: cases that come per unit of time.
        mean_interval: the mean time between two meetings.
        places: n, the most cases that a meeting takes.

    Raises:
        InputError: for a rate or interval that is not positive, fewer than one place, or a load of 1 or more.

    Source: Bailey (1954), On queueing processes with bulk service; Medhi (2003), Stochastic Models in Queueing Theory,
    section 4.3.
    """

    rate: float
    mean_interval: float
    places: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_interval=self.mean_interval)
        require_counts(1, places=self.places)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the places that is used."""
        return self.rate * self.mean_interval / self.places

    @property
    def queue_decay(self) -> float:
        """The ratio r of neighbours in the law of the queue: k wait with probability (1 - r) r^k."""
        return _ratio_of_queue(self.rate * self.mean_interval, self.places)

    @property
    def means(self) -> Means:
        """The means of all who come."""
        ratio = self.queue_decay
        return Means(rate=self.rate, wait=ratio / (1 - ratio) / self.rate, service=0.0)

    def wait_tail(self, time: float) -> float:
        """Return the probability that a case waits longer than a time of 0 or more."""
        require_time(time)
        return math.exp(-self._taken * time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 is taken."""
        return exponential_quantile(1.0, self._taken, share)

    @property
    def _taken(self) -> float:
        """The rate at which the tail of the wait falls."""
        # So many full meetings as fill the places before her go by, a geometric number, and one more.
        return -math.expm1(self.places * math.log(self.queue_decay)) / self.mean_interval


@dataclass(frozen=True, kw_only=True)
class BulkServer:
    """M/M^[a,b]/1: one server who waits until a are there and takes up to b at once, the longest waiting first.

    A service is exponential, however many are in it; who comes while it is under way waits for its end at least.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time of a group.
        least: a, how many have to be there for a service to begin.
        most: b, how many it takes.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one in a group, a most below the least, or a
            load of 1 or more.

    Source: Neuts (1967), A general class of bulk queues with Poisson input; Medhi (1975), Waiting time distribution in
    a Poisson queue with a general bulk service rule.
    """

    rate: float
    mean_service: float
    least: int
    most: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_counts(1, least=self.least, most=self.most)
        require(self.most >= self.least, "most", self.most, f"{self.least} or more, as many as `least`")
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of what the server can do that is asked for, all services being of full groups."""
        return self.rate * self.mean_service / self.most

    @property
    def idle_probabilities(self) -> Floats:
        """The probabilities that no service is under way and 0, 1, ..., a - 1 wait; shape (a,)."""
        return self._parts[0]

    @property
    def busy_probability(self) -> float:
        """The share of time in which a service is under way."""
        return self._parts[1] / (1 - self.queue_decay)

    @cached_property
    def queue_decay(self) -> float:
        """The ratio r of neighbours in the law of the queue while a service is under way: k wait as (1 - r) r^k."""
        return _ratio_of_queue(self.rate * self.mean_service, self.most)

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait: all do but who comes as the a-th to an idle server."""
        return 1 - float(self.idle_probabilities[-1])

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        ratio, idle = self.queue_decay, self.idle_probabilities
        queue = float(idle @ np.arange(self.least)) + self.busy_probability * ratio / (1 - ratio)
        return Means(rate=self.rate, wait=queue / self.rate, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        ratio = self.queue_decay
        # The idle server begins when so many more have come.
        missing = np.arange(self.least - 1, 0, -1)
        tail = float(self.idle_probabilities[:-1] @ special.gammaincc(missing, self.rate * time))
        # Who comes while a service is under way finds full groups before her, a geometric number, and is at some place
        # in her own: it is taken when they have been served, and when a of it are there.
        place = np.arange(self.most)
        missing = np.maximum(self.least - 1 - place, 0)
        there = np.where(missing > 0, special.gammainc(np.maximum(missing, 1), self.rate * time), 1.0)
        served = -math.expm1(math.expm1(self.most * math.log(ratio)) / self.mean_service * time)
        shares = ratio**place / (ratio**place).sum()
        return tail + self.busy_probability * float(shares @ (1 - served * there))

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    @cached_property
    def _parts(self) -> tuple[Floats, float]:
        """The probabilities with no service under way, and that of one under way and nobody waiting."""
        ratio = self.queue_decay
        busy = 1 / (1 - ratio)
        # The server falls idle with k waiting as often as arrivals lead on from k.
        idle = np.cumsum(ratio ** np.arange(self.least)) / (self.rate * self.mean_service)
        total = float(idle.sum()) + busy
        return idle / total, 1 / total


def _ratio_of_queue(arrivals: float, most: int) -> float:
    """Return the root between 0 and 1 of r + r^2 + ... + r^n = arrivals, of which there are less than n."""

    def excess(y: float) -> float:
        # In y = -log r, where a root near 1 keeps its digits: the sum is (1 - r^n) / (1/r - 1).
        return -math.expm1(-most * y) / math.expm1(y) / arrivals - 1

    low = high = 1.0
    while excess(high) > 0:
        high *= 2
    while excess(low) <= 0:
        low /= 2
    return math.exp(-float(optimize.brentq(excess, low, high, xtol=1e-15 * low, rtol=1e-15)))
