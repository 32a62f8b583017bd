"""Queues in which who came first is not always served first: the last, any one, or all at once.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flowsim.core.errors import require, require_positive
from flowsim.theory.queues import Floats, Means, MMc, quantile, require_stable, require_time

__all__ = ["MG1Shared", "MMcOrdered"]

_ORDERS = ("first", "last", "random")


def _angles() -> tuple[Floats, Floats]:
    """Return angles from 0 to pi and their weights in an integral, by Gauss and Legendre.

    Most lies at small angles, the more so the longer the time and the nearer the load is to 1; so each piece is twice
    as long as the one before it.
    """
    nodes, weights = np.polynomial.legendre.leggauss(48)
    ends = math.pi * np.concatenate([[0.0], 2.0 ** -np.arange(16, 0, -1), [0.75, 1.0]])
    middles, halves = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    return (middles[:, None] + np.outer(halves, nodes)).ravel(), np.outer(halves, weights).ravel()


_ANGLES, _WEIGHTS = _angles()


@dataclass(frozen=True, kw_only=True)
class MMcOrdered:
    """M/M/c by the order of service: a free server takes who came first, who came last, or any one who waits.

    Nobody who is served is interrupted. How many wait, and the mean wait, do not depend on the order; how far waits
    spread does.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time.
        servers: c.
        order: "first", "last" or "random".

    Raises:
        InputError: as `MMc`, and for another order.

    Source: Vaulot (1954) and Riordan (1962), Stochastic Service Systems, section 6.4, for the last; Pollaczek (1946)
    and Flatto (1997), The waiting time distribution for the random order service M/M/1 queue, for any one.
    """

    rate: float
    mean_service: float
    servers: int
    order: Literal["first", "last", "random"]

    def __post_init__(self) -> None:
        known = isinstance(self.order, str) and self.order in _ORDERS
        require(known, "order", self.order, "one of first, last, random")
        self._in_turn()

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait."""
        return self._in_turn().wait_probability

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        return self._in_turn().means

    @property
    def wait_variance(self) -> float:
        """The variance of the wait."""
        in_turn = self._in_turn()
        mean = in_turn.means.wait
        wider = {"first": 1.0, "last": 1 / (1 - in_turn.load), "random": 2 / (2 - in_turn.load)}[self.order]
        return (in_turn.wait_variance + mean**2) * wider - mean**2

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        in_turn = self._in_turn()
        if self.order == "first":
            return in_turn.wait_tail(time)
        slow = 1 + in_turn.load - 2 * math.sqrt(in_turn.load) * np.cos(_ANGLES)
        fading = np.exp(-slow * self.servers / self.mean_service * time)
        if self.order == "last":
            # She waits for a busy period: its density is a Bessel function, here as an integral over angles.
            parts = 2 / math.pi * np.sin(_ANGLES) ** 2 / slow
        else:
            cotangent = np.cos(_ANGLES) / np.sin(_ANGLES)
            turned = np.arctan2(np.sin(_ANGLES), np.cos(_ANGLES) - math.sqrt(in_turn.load))
            bent = np.exp((2 * turned - _ANGLES) * cotangent - np.logaddexp(0.0, math.pi * cotangent))
            parts = 2 * (1 - in_turn.load) * bent * np.sin(_ANGLES) / slow**2
        return in_turn.wait_probability * float(_WEIGHTS @ (parts * fading))

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    def _in_turn(self) -> MMc:
        """Return the same queue where who came first is served first."""
        return MMc(rate=self.rate, mean_service=self.mean_service, servers=self.servers)


@dataclass(frozen=True, kw_only=True)
class MG1Shared:
    """M/G/1 with processor sharing: all who are there are served at once, each at her part of the server's speed.

    Nobody waits; how many are there depends on the mean of the service alone, not on its law. What no pathway says:
    a reference for what sharing would do.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time of one who is alone.

    Raises:
        InputError: for a rate or mean that is not positive, or a load of 1 or more.

    Source: Kleinrock (1976), Queueing Systems II, section 4.4; Sakata, Noguchi and Oizumi (1971) for any law.
    """

    rate: float
    mean_service: float

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the server's time that is used."""
        return self.rate * self.mean_service

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        return Means(rate=self.rate, wait=0.0, service=self.sojourn_of(self.mean_service))

    def probability(self, number: int) -> float:
        """Return the probability that so many are there."""
        return (1 - self.load) * self.load**number

    def sojourn_of(self, service: float) -> float:
        """Return the mean time from coming to leaving of those who need a service of 0 or more."""
        require_time(service)
        return service / (1 - self.load)
