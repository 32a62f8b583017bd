"""Queues in their steady state, in closed form: what a long simulation of one station has to come to.

Each model is a frozen value made from its rates and means, in any one unit of time: rates are per that unit, waits come
out in it. A *wait* is the time in the queue, a *sojourn* the wait and the service. Who came first is served first.
`means` tells the means in the same words for all models. Names are Kendall's: arrivals, services, servers.

Here arrivals are Poisson and services exponential. Other laws are in `flowsim.theory.general_laws`, fixed services and
meetings in `flowsim.theory.fixed_times`, classes in `flowsim.theory.priority`, networks in `flowsim.theory.networks`,
what changes with time in `flowsim.theory.transient`, and other rules of who comes and who is next in
`flowsim.theory.rules`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import scipy  # scipy.optimize loads where a quantile is asked for: it takes as long as all else
from scipy import special

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, is_real, require, require_positive

__all__ = [
    "LONGEST_TABLE",
    "ErlangA",
    "Floats",
    "MMc",
    "MMcK",
    "Means",
    "birth_death",
    "erlang_b",
    "exponential_quantile",
    "exponential_sojourn_tail",
    "poisson",
    "quantile",
    "require_counts",
    "require_share",
    "require_stable",
    "require_time",
    "tail_by_departures",
]

LONGEST_TABLE = 2**20
"""The most entries of a table that a formula makes, one for each server, place or citizen."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """The means of a queue in its steady state, tied together by Little (1961): number = rate x time.

    Attributes:
        rate: those who come in, per unit of time; the refused are not counted.
        wait: mean time in the queue of those who come in.
        service: mean time in service of those who come in; 0 for those who leave the queue unserved.
    """

    rate: float
    wait: float
    service: float

    @property
    def sojourn(self) -> float:
        """The mean time from coming in to leaving."""
        return self.wait + self.service

    @property
    def number_in_queue(self) -> float:
        """The number who wait, averaged over time."""
        return self.rate * self.wait

    @property
    def number_in_service(self) -> float:
        """The number in service, averaged over time."""
        return self.rate * self.service

    @property
    def number_in_system(self) -> float:
        """The number who wait or are in service, averaged over time."""
        return self.rate * self.sojourn


def require_stable(load: float, where: str = "rate") -> None:
    """Refuse a queue that grows without bound.

    Raises:
        InputError: for a load of 1 or more: what is asked of the servers, over what they can do.
    """
    if not load < 1:
        raise InputError(f"{where}: a load of {load:.6g} is not allowed: below 1, or the queue grows without bound")


def require_counts(least: int, /, **values: object) -> None:
    """Refuse what is not a whole number, is too small, or more than can be computed, by its name."""
    for where, value in values.items():
        number = value if is_real(value) and isinstance(value, Integral) else -1
        require(number >= least, where, value, f"a whole number, {least} or more")
        require(number <= LONGEST_TABLE, where, value, f"at most {LONGEST_TABLE:,}, which can be computed")


def require_share(share: object) -> None:
    """Refuse what is no share, and the whole."""
    require(is_real(share) and 0 <= share < 1, "share", share, "from 0 to below 1")


def require_time(time: object) -> None:
    """Refuse a time that is negative or not finite."""
    require(is_real(time) and 0 <= time < math.inf, "time", time, "0 or more, and finite")


def quantile(tail: Callable[[float], float], share: float, scale: float) -> float:
    """Find the shortest time within which a share is done, from the tail P(time > t).

    Args:
        tail: continuous and falling to 0 from 0 on; its value at 0 may be below 1.
        share: from 0 to below 1, such as 0.9.
        scale: a typical time, from which the search starts.

    Raises:
        InputError: for another share.
    """
    require_share(share)
    left = 1 - share
    if tail(0.0) <= left:
        return 0.0
    high = scale
    while tail(high) > left:
        high *= 2
    return float(scipy.optimize.brentq(lambda t: tail(t) - left, 0.0, high, xtol=1e-15 * high, rtol=1e-15))


def erlang_b(offered: float, servers: float) -> float:
    """Return the share of calls lost where all servers are busy and nobody waits: M/G/c/c.

    It depends on the mean of the service alone, not on its law. Servers may be a fraction, as in capacity planning:
    Erlang's formula is continued by 1/B = a times the integral of exp(-a u) (1 + u)^c over u from 0 on.

    Args:
        offered: calls per mean service time, a; in erlangs.
        servers: c, from 0 to a million; takes time in proportion to it.

    Raises:
        InputError: for a load or servers that are negative, not finite, or too many.

    Source: Erlang (1917); Jagerman (1974), Some properties of the Erlang loss function, for fractions.
    """
    require(is_real(offered) and 0 <= offered < math.inf, "offered", offered, "0 or more, and finite")
    require(is_real(servers) and 0 <= servers <= LONGEST_TABLE, "servers", servers, f"from 0 to {LONGEST_TABLE:,}")
    if offered == 0:
        return float(servers == 0)
    fraction = servers % 1
    # The recursion goes over 1/B, where all terms are positive and nothing cancels.
    inverse = offered * float(special.hyperu(1, fraction + 2, offered)) if fraction else 1.0
    for step in range(1, math.floor(servers) + 1):
        inverse = 1 + (step + fraction) / offered * inverse
    return 1 / inverse


def poisson(mean: float) -> Floats:
    """Return the probabilities of 0, 1, ... of a Poisson law, up to where no float shows the rest."""
    require(is_real(mean) and 0 <= mean <= LONGEST_TABLE, "mean", mean, f"from 0 to {LONGEST_TABLE:,}")
    number = np.arange(math.ceil(mean + 12 * math.sqrt(mean) + 40))
    out: Floats = np.exp(special.xlogy(number, mean) - mean - special.gammaln(number + 1))
    return out


def exponential_quantile(waiting: float, decay: float, share: float) -> float:
    """Invert P(W > t) = waiting x exp(-decay t)."""
    require_share(share)
    require_positive(decay=decay)
    require(is_real(waiting) and 0 <= waiting < math.inf, "waiting", waiting, "0 or more, and finite")
    return max(0.0, math.log(waiting / (1 - share)) / decay) if waiting else 0.0


def exponential_sojourn_tail(waiting: float, decay: float, service: float, time: float) -> float:
    """Return P(W + S > t), where P(W > t) = waiting x exp(-decay t), and S is exponential at the rate `service`."""
    require_time(time)
    require_positive(decay=decay, service=service)
    require(is_real(waiting) and 0 <= waiting < math.inf, "waiting", waiting, "0 or more, and finite")
    # The sum of two exponentials, written so that equal rates are no special case and nothing overflows.
    slower, apart = min(decay, service), abs(decay - service)
    both = service * time * math.exp(-slower * time) * float(special.exprel(-apart * time))
    return math.exp(-service * time) + waiting * both


def tail_by_departures(behind: Floats, departures: float, time: float) -> float:
    """Return P(W > t) of who finds 0, 1, ... waiting with these probabilities; shape (most,), in sum P(W > 0).

    While they wait so many depart per unit of time, so that who finds j waiting begins after an Erlang law of j + 1.
    """
    require_time(time)
    return float(behind @ special.gammaincc(np.arange(1, len(behind) + 1), departures * time))


@dataclass(frozen=True, kw_only=True)
class MMc:
    """M/M/c: Poisson arrivals, exponential services, and c servers.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time.
        servers: c.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, or a load of 1 or more.

    Source: Erlang (1917); Kleinrock (1975), Queueing Systems I, section 3.5.
    """

    rate: float
    mean_service: float
    servers: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_counts(1, servers=self.servers)
        require_stable(self.load)

    @property
    def load(self) -> float:
        """The share of the servers' time that is used."""
        return self.rate * self.mean_service / self.servers

    @cached_property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait: Erlang's C formula."""
        lost = erlang_b(self.rate * self.mean_service, self.servers)
        return lost / (1 - self.load * (1 - lost))

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        return Means(rate=self.rate, wait=self.wait_probability / self._decay, service=self.mean_service)

    @property
    def wait_variance(self) -> float:
        """The variance of the wait."""
        return self.wait_probability * (2 - self.wait_probability) / self._decay**2

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

    @property
    def _decay(self) -> float:
        """The rate at which the tail of the wait falls."""
        return self.servers / self.mean_service - self.rate


def birth_death(births: float | Floats, deaths: Floats) -> Floats:
    """Return the stationary probabilities of 0, 1, ... in a birth-death chain; shape (len(deaths) + 1,).

    `births[n]` leads from n to n + 1, `deaths[n]` back. Products are taken as sums of logarithms, so that none
    overflows; a birth of 0 leaves nothing beyond it.
    """
    with np.errstate(divide="ignore"):
        logs = np.concatenate([[0.0], np.cumsum(np.log(births / deaths))])
    weights = np.exp(logs - logs.max())
    out: Floats = weights / weights.sum()
    return out


@dataclass(frozen=True, kw_only=True)
class MMcK:
    """M/M/c/K: an M/M/c queue where few may wait, and who finds the room full is lost; K = servers + room.

    Attributes:
        rate: arrivals per unit of time, those who are lost included.
        mean_service: the mean service time.
        servers: c.
        room: how many may wait; 0 makes it Erlang's loss system.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, or a negative room.

    Source: Kleinrock (1975), Queueing Systems I, sections 3.6 and 3.7, for one server and for no room.
    """

    rate: float
    mean_service: float
    servers: int
    room: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service)
        require_counts(1, servers=self.servers)
        require_counts(0, room=self.room)

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ..., K in the system; shape (K + 1,)."""
        number = np.arange(1, self.servers + self.room + 1)
        return birth_death(self.rate * self.mean_service, np.minimum(number, self.servers).astype(np.float64))

    @property
    def loss_probability(self) -> float:
        """The share of arrivals who find the room full."""
        return float(self.distribution[-1])

    @property
    def wait_probability(self) -> float:
        """The probability that somebody who comes in has to wait."""
        return float(self._behind.sum())

    @property
    def means(self) -> Means:
        """The means of those who come in."""
        admitted = self.rate * float(self.distribution[:-1].sum())
        waiting = float(self.distribution[self.servers :] @ np.arange(self.room + 1))
        return Means(rate=admitted, wait=waiting / admitted, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability that somebody who comes in waits longer than a time of 0 or more."""
        return tail_by_departures(self._behind, self.servers / self.mean_service, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 of those who come in begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    @property
    def _behind(self) -> Floats:
        """The probabilities that who comes in finds all busy and 0, 1, ..., room - 1 waiting."""
        waiting: Floats = self.distribution[self.servers : -1] / self.distribution[:-1].sum()
        return waiting


@dataclass(frozen=True, kw_only=True)
class ErlangA:
    """M/M/c+M: an M/M/c queue where patience ends; it runs from joining to the start of service.

    It settles at any load. Patience is exponential. The sums over the queue have positive terms alone, so they
    hold from a patience of almost none to one of almost for ever.

    Attributes:
        rate: arrivals per unit of time.
        mean_service: the mean service time.
        servers: c.
        mean_patience: the mean time that one is ready to wait.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, or a patience so long that a
            million wait.

    Source: Palm (1957); Garnett, Mandelbaum and Reiman (2002), Designing a call center with impatient customers.
    """

    rate: float
    mean_service: float
    servers: int
    mean_patience: float

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, mean_service=self.mean_service, mean_patience=self.mean_patience)
        require_counts(1, servers=self.servers)

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to where nothing that a float shows is left."""
        serving = np.arange(1, self.servers + 1) / self.mean_service
        room = 64
        while room <= LONGEST_TABLE:
            leaving = serving[-1] + np.arange(1, room + 1) / self.mean_patience
            probabilities = birth_death(self.rate, np.concatenate([serving, leaving]))
            # The ratio of neighbours only falls, so what is left out is smaller than the last by far.
            if probabilities[-1] < 1e-26 * probabilities.max():
                return probabilities
            room *= 4
        raise InputError(f"mean_patience: {self.mean_patience} is not allowed: so short that less than a million wait")

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival finds all servers busy."""
        return float(self._behind.sum())

    @property
    def abandonment_probability(self) -> float:
        """The share of arrivals whose patience ends before a server is free."""
        return float(self._behind @ np.arange(len(self._behind))) / (self.mean_patience * self.rate)

    @property
    def means(self) -> Means:
        """The means of all who arrive: those who leave unserved waited as long as their patience lasted."""
        served = 1 - self.abandonment_probability
        wait = self.abandonment_probability * self.mean_patience
        return Means(rate=self.rate, wait=wait, service=served * self.mean_service)

    @property
    def wait_mean_served(self) -> float:
        """The mean wait of those who are served."""
        # Who finds j waiting outlasts j + 1 departures with probability c mu / (c mu + (j + 1) theta); given that she
        # does, the time to each is exponential at a rate that counts her own patience too.
        full = self.servers / self.mean_service
        rates = full + np.arange(1, len(self._behind) + 1) / self.mean_patience
        outlasting = self._behind * full / rates
        return float(outlasting @ np.cumsum(1 / rates)) / (1 - self.abandonment_probability)

    def wait_tail(self, time: float) -> float:
        """Return the probability that an arrival is still in the queue after a time of 0 or more."""
        require_time(time)
        # The departures ahead come at rates in arithmetic progression, as the order statistics of exponentials do.
        gone = -math.expm1(-time / self.mean_patience)
        shape = self.servers * self.mean_patience / self.mean_service
        late = special.betaincc(np.arange(1, len(self._behind) + 1), shape, gone)
        return (1 - gone) * float(self._behind @ late)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 has left the queue, served or not."""
        return quantile(self.wait_tail, share, self.mean_service)

    @property
    def _behind(self) -> Floats:
        """The probabilities of finding all busy and 0, 1, ... waiting."""
        waiting: Floats = self.distribution[self.servers :]
        return waiting
