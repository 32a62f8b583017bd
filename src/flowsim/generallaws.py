"""Queues whose arrivals or services follow any law: what its moments, or its Laplace transform, tell of the waits.

Units and words are those of `flowsim.queueing`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize, special

from flowsim.errors import require, require_counts, require_positive
from flowsim.queueing import (
    Means,
    exponential_quantile,
    exponential_sojourn_tail,
    quantile,
    require_stable,
    require_time,
)

__all__ = ["MG1", "GIMc", "require_moments"]


@dataclass(frozen=True, kw_only=True)
class MG1:
    """M/G/1: Poisson arrivals and one server, whose service has any law.

    Attributes:
        rate: arrivals per unit of time.
        moments: the first three moments of the service about 0: E[S], E[S^2], E[S^3].

    Raises:
        InputError: for a rate or moment that is not positive, moments that no law has, or a load of 1 or more.

    Source: Pollaczek (1930) and Khinchine (1932) for the mean; Takács (1962), A single-server queue with Poisson
    input, for the second moment of the wait.
    """

    rate: float
    moments: tuple[float, float, float]

    def __post_init__(self) -> None:
        first, second, third = self.moments
        require_positive(rate=self.rate)
        require_moments(first, second, third)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the server's time that is used, which is the probability of waiting."""
        return self.rate * self.moments[0]

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        wait = self.rate * self.moments[1] / (2 * (1 - self.load))
        return Means(rate=self.rate, wait=wait, service=self.moments[0])

    @property
    def wait_variance(self) -> float:
        """The variance of the wait."""
        return self.means.wait**2 + self.rate * self.moments[2] / (3 * (1 - self.load))


def require_moments(first: float, second: float, third: float = math.inf) -> None:
    """Refuse moments that no law on the positive numbers has, but for rounding."""
    require(0 < first < math.inf, "moments", first, "a first moment above 0 and finite")
    least = first**2 * (1 - 1e-9)
    require(least <= second < math.inf, "moments", second, f"a second moment of {least:.6g} or more, and finite")
    least = second**2 / first * (1 - 1e-9)
    require(third >= least, "moments", third, f"a third moment of {least:.6g} or more")


@dataclass(frozen=True, kw_only=True)
class GIMc:
    """GI/M/c: independent times between arrivals, of any law; exponential services; c servers.

    Attributes:
        interarrival: the Laplace-Stieltjes transform of the time between two arrivals, s -> E[exp(-s A)], s >= 0.
        mean_interarrival: its mean.
        mean_service: the mean service time.
        servers: c.

    Raises:
        InputError: for a mean that is not positive, fewer than one server, a load of 1 or more, or what is no
            transform.

    Source: Kendall (1953) for the root; Takács (1962), Introduction to the Theory of Queues, chapter 2, for the
    probability of waiting at c servers.
    """

    interarrival: Callable[[float], float]
    mean_interarrival: float
    mean_service: float
    servers: int

    def __post_init__(self) -> None:
        require_positive(mean_interarrival=self.mean_interarrival, mean_service=self.mean_service)
        require_counts(1, servers=self.servers)
        require_stable(self.load, "mean_interarrival")
        at_zero = self.interarrival(0.0)
        require(abs(at_zero - 1) < 1e-9, "interarrival", at_zero, "a transform that is 1 at 0")

    @property
    def load(self) -> float:
        """The share of the servers' time that is used."""
        return self.mean_service / (self.mean_interarrival * self.servers)

    @cached_property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait."""
        transforms = np.array([self.interarrival(j / self.mean_service) for j in range(1, self.servers + 1)])
        # Where arrivals are too far apart for a float to show a wait, the odds are infinite.
        with np.errstate(divide="ignore", over="ignore"):
            odds = np.cumprod((1 - transforms) / transforms)
            j = np.arange(1, self.servers + 1)
            ratios = np.array([self._ratio(float(x)) for x in j])
            terms = special.binom(self.servers, j) * odds / (1 - transforms) * ratios
        return 1 / (1 + self._falling * float(terms.sum()))

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        wait = self.wait_probability / self._decay
        return Means(rate=1 / self.mean_interarrival, wait=wait, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        return self.wait_probability * math.exp(-self._decay * time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return exponential_quantile(self.wait_probability, self._decay, share)

    def sojourn_tail(self, time: float) -> float:
        """Return the probability that wait and service together last longer than a time of 0 or more."""
        require_time(time)
        return exponential_sojourn_tail(self.wait_probability, self._decay, 1 / self.mean_service, time)

    def sojourn_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 has left."""
        return quantile(self.sojourn_tail, share, self.mean_service)

    @cached_property
    def _falling(self) -> float:
        """1 - w, where w is the ratio of neighbours in the queue that arrivals find: w = A*(c mu (1 - w))."""
        full = self.servers / self.mean_service

        def excess(u: float) -> float:
            return (1 - self.interarrival(full * u)) / u - 1

        # In u = 1 - w the excess falls from 1 / load - 1 to below 0, so the root at w = 1 is out of the way.
        low = 0.5
        while excess(low) <= 0:
            low /= 2
        return float(optimize.brentq(excess, low, 1.0, xtol=1e-15 * low, rtol=1e-15))

    @property
    def _decay(self) -> float:
        """The rate at which the tail of the wait falls."""
        return self.servers / self.mean_service * self._falling

    def _ratio(self, j: float) -> float:
        """Return (c (1 - A*(j mu)) - j) / (c (1 - w) - j), which is smooth where both are 0."""
        pole = self.servers * self._falling
        # No transform changes faster, in j, than over the load that is offered.
        step = min(0.02, 0.005 * self.mean_service / self.mean_interarrival)
        if abs(j - pole) < step / 2:
            # Interpolated over the pole by six neighbours, exact for polynomials of degree five.
            near = [self._ratio(j + k * step) for k in (1, -1, 2, -2, 3, -3)]
            return (15 * (near[0] + near[1]) - 6 * (near[2] + near[3]) + near[4] + near[5]) / 20
        return (self.servers * (1 - self.interarrival(j / self.mean_service)) - j) / (pole - j)
