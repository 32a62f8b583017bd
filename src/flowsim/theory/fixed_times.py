"""Queues that move at fixed times: the meeting with limited places, and servers whose services all last the same.

Both rest on one chain, seen once an interval: up to n who wait are taken, and a Poisson number of others have come by
the next time. Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize, special

from flowsim.core.errors import require_positive
from flowsim.theory.inversion import Complexes
from flowsim.theory.queues import Floats, Means, poisson, quantile, require_counts, require_stable, require_time

__all__ = ["MDc", "Meeting"]


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A meeting at fixed times: each takes up to n waiting cases, the longest waiting first; cases come as Poisson.

    A meeting convenes whether or not n cases wait; places that are not used are lost; a case that comes in
    between waits for the next meeting at least. The wait ends when the case is taken; there is no service after.

    Attributes:
        rate: cases that come per unit of time.
        interval: the time between two meetings.
        places: n, the most cases that a meeting takes.

    Raises:
        InputError: for a rate or interval that is not positive, fewer than one place, or a load of 1 or more.

    Source: Bailey (1954), On queueing processes with bulk service; Downton (1955), Waiting time in bulk service
    queues.
    """

    rate: float
    interval: float
    places: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, interval=self.interval)
        require_counts(1, places=self.places)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the places that is used."""
        return self.rate * self.interval / self.places

    @cached_property
    def queue_after(self) -> Floats:
        """The probabilities that 0, 1, ... cases are left just after a meeting, up to where no float shows the rest.

        Bailey's generating function, inverted as Abate and Whitt (1992) do, but on a circle between the unit circle
        and the first pole, which keeps the digits of the tail.
        """
        log_pole = self._log_pole
        length = 64
        while length * log_pole < 80:
            length *= 2
        # The other half of the circle is the mirror image of this one.
        angles = 2 * np.pi * np.arange(length // 2 + 1) / length
        half = self._transform(np.asarray(log_pole / 2 + 1j * angles, np.complex128))
        shown = np.arange(length // 2)
        probabilities = np.fft.irfft(half.conj(), length)[shown] * np.exp(-log_pole / 2 * shown)
        out: Floats = np.maximum(probabilities, 0.0)
        return out

    @cached_property
    def queue_before(self) -> Floats:
        """The probabilities that 0, 1, ... cases wait just before a meeting, up to where no float shows the rest."""
        out: Floats = np.convolve(self.queue_after, poisson(self.rate * self.interval))
        return out

    @cached_property
    def left_mean(self) -> float:
        """The mean number of cases that are left just after a meeting."""
        return float(self.queue_after @ np.arange(len(self.queue_after)))

    @property
    def means(self) -> Means:
        """The means of all who come, with the queue averaged over all time, not over the meetings' instants."""
        return Means(rate=self.rate, wait=self.left_mean / self.rate + self.interval / 2, service=0.0)

    def wait_tail(self, time: float) -> float:
        """Return the probability that a case waits longer than a time of 0 or more."""
        require_time(time)
        passed, rest = divmod(time, self.interval)
        # Who came u after a meeting is taken `passed` meetings late if so many fill the places before her; in the
        # last one only if the part of the interval that is left does not reach.
        full, share = int(passed) * self.places, 1 - rest / self.interval
        late = self._early_behind(1.0, full + self.places) - self._early_behind(share, full + self.places)
        return late + self._early_behind(share, full)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 is taken."""
        return quantile(self.wait_tail, share, self.interval)

    def _early_behind(self, share: float, least: int) -> float:
        """Return the probability to come in the first share of an interval and to find so many waiting, or more."""
        arrivals = self.rate * self.interval
        after = self.queue_after
        missing = float(least) - np.arange(min(least, len(after)))
        # The integral over u of P(Poisson(rate u) >= missing).
        within = special.gammainc(missing, arrivals * share) * share
        within -= missing / arrivals * special.gammainc(missing + 1, arrivals * share)
        return float(after[: len(missing)] @ within) + share * float(after[len(missing) :].sum())

    @cached_property
    def _log_pole(self) -> float:
        """The logarithm of the root above 1 of z^n = exp(rate x interval x (z - 1)): y = load (exp(y) - 1)."""

        def excess(y: float) -> float:
            return self.load * math.expm1(y) / y - 1

        high = 1.0
        while excess(high) < 0:
            high *= 2
        low = high
        while excess(low) >= 0:
            low /= 2
        return float(optimize.brentq(excess, low, high, xtol=1e-15 * low, rtol=1e-15))

    def _transform(self, log_z: Complexes) -> Complexes:
        """Return E[z^X] of the queue X just after a meeting, outside the unit circle."""
        arrivals, places = self.rate * self.interval, self.places
        # The roots inside the unit circle of z^n = exp(arrivals (z - 1)), but for z = 1, by Lambert's function.
        turns = np.exp(2j * np.pi * np.arange(1, places) / places)
        roots = -np.asarray(special.lambertw(-self.load * math.exp(-self.load) * turns)) / self.load
        # Near 1, where all is close to 0 / 0, the logarithm has the digits that z has not.
        rest = np.expm1(arrivals * np.expm1(log_z) - places * log_z)
        out = np.asarray((places - arrivals) * np.expm1(-log_z) / rest, np.complex128)
        for root in roots:
            out *= (1 - root * np.exp(-log_z)) / (1 - root)
        return out


@dataclass(frozen=True, kw_only=True)
class MDc:
    """M/D/c: Poisson arrivals, services that all last the same, and c servers.

    Attributes:
        rate: arrivals per unit of time.
        service: the service time.
        servers: c.

    Raises:
        InputError: for a rate or service that is not positive, fewer than one server, or a load of 1 or more.

    Source: Crommelin (1932), Delay probability formulae when the holding times are constant, for the number in the
    system; Franx (2001), A simple solution for the M/D/c waiting time distribution, for the tail of the wait.
    """

    rate: float
    service: float
    servers: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, service=self.service)
        require_counts(1, servers=self.servers)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the servers' time that is used."""
        return self._chain.load

    @property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to where no float shows the rest."""
        return self._chain.queue_before

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait."""
        return float(self.distribution[self.servers :].sum())

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        return Means(rate=self.rate, wait=self._chain.left_mean / self.rate, service=self.service)

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        # Franx's sum, of the complement: who waits longer than t finds, `whole` services later, too many before her.
        whole = math.floor(time / self.service) + 1
        places = whole * self.servers
        arrivals = self.rate * max(whole * self.service - time, 0.0)
        waiting = self._chain.queue_after[:places]
        missing = float(places) - np.arange(len(waiting))
        return float(waiting @ special.gammainc(missing, arrivals)) + float(self._chain.queue_after[places:].sum())

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return quantile(self.wait_tail, share, self.service)

    @cached_property
    def _chain(self) -> Meeting:
        """The number in the system, seen once a service time: who is in service then is gone the next time."""
        return Meeting(rate=self.rate, interval=self.service, places=self.servers)
