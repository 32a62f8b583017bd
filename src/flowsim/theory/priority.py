"""Queues with classes of priority: a free server takes the most urgent, or the most urgent takes the server.

Units and words are those of `flowsim.theory.queues`. Within a class, who came first is served first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flowsim.core.errors import is_row, require, require_positive
from flowsim.theory.general_laws import require_moments
from flowsim.theory.networks import is_table
from flowsim.theory.queues import Floats, Means, MMc, require_stable

__all__ = ["MG1Priority", "MMcPriority"]


@dataclass(frozen=True, kw_only=True)
class MMcPriority:
    """M/M/c with classes of priority; a service under way is not interrupted.

    Attributes:
        rates: arrivals per unit of time of each class, the most urgent first.
        mean_service: the mean service time, the same for all classes.
        servers: c.

    Raises:
        InputError: for a rate or mean that is not positive, fewer than one server, or a load of 1 or more.

    Source: Cobham (1954), Priority assignment in waiting line problems.
    """

    rates: tuple[float, ...]
    mean_service: float
    servers: int

    def __post_init__(self) -> None:
        _require_rates(self.rates)
        self._merged()

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival of any class has to wait."""
        return self._merged().wait_probability

    @property
    def means(self) -> tuple[Means, ...]:
        """The means of each class."""
        merged = self._merged()
        # An arrival who has to wait does so for the first of c busy servers to become free.
        first_free = merged.wait_probability * self.mean_service / self.servers
        loads = [rate * self.mean_service / self.servers for rate in self.rates]
        waits = _cobham_waits(first_free, loads)
        return tuple(
            Means(rate=rate, wait=float(wait), service=self.mean_service)
            for rate, wait in zip(self.rates, waits, strict=True)
        )

    def _merged(self) -> MMc:
        """Return the same queue without priority."""
        return MMc(rate=sum(self.rates), mean_service=self.mean_service, servers=self.servers)


@dataclass(frozen=True, kw_only=True)
class MG1Priority:
    """M/G/1 with classes of priority: a service under way is not interrupted, or the most urgent interrupts it at once.

    What is interrupted goes on where it stopped, before others of its class.

    Attributes:
        rates: arrivals per unit of time of each class, the most urgent first.
        moments: the first two moments of each class's service about 0: (E[S], E[S^2]).
        preempts: "resume" where the most urgent takes the server, as a station of a pathway says it.

    Raises:
        InputError: for a rate or moment that is not positive, moments that no law has, another `preempts`, or a load of
            1 or more.

    Source: Cobham (1954), Priority assignment in waiting line problems; White and Christie (1958), Queuing with
    preemptive priorities or with breakdown; Kleinrock (1976), Queueing Systems II, section 3.5.
    """

    rates: tuple[float, ...]
    moments: tuple[tuple[float, float], ...]
    preempts: Literal["resume"] | None = None

    def __post_init__(self) -> None:
        known = self.preempts is None or (isinstance(self.preempts, str) and self.preempts == "resume")
        require(known, "preempts", self.preempts, '"resume", or None')
        _require_rates(self.rates)
        pairs = is_table(self.moments) and all(len(pair) == 2 for pair in self.moments)
        require(pairs and len(self.moments) == len(self.rates), "moments", self.moments, "as many pairs as `rates`")
        for first, second in self.moments:
            require_moments(first, second)
        require_stable(sum(self._loads), "rates")

    @property
    def means(self) -> tuple[Means, ...]:
        """The means of each class; a wait counts the time for which a service is interrupted."""
        left = 1 - np.cumsum([0.0, *self._loads[:-1]]) if self.preempts else np.ones(len(self.rates))
        parts = zip(self.rates, self.moments, self.wait_means_to_start, left.tolist(), strict=True)
        return tuple(
            Means(rate=rate, wait=wait + first * (1 / share - 1), service=first)
            for rate, (first, _), wait, share in parts
        )

    @property
    def wait_means_to_start(self) -> tuple[float, ...]:
        """The mean time of each class from coming to the first start of the service."""
        residuals = np.cumsum([rate * second / 2 for rate, (_, second) in zip(self.rates, self.moments, strict=True)])
        if not self.preempts:
            # Whoever is served is waited for; else the less urgent are as if they were not there.
            residuals[:] = residuals[-1]
        waits: list[float] = _cobham_waits(residuals, self._loads).tolist()
        return tuple(waits)

    @property
    def _loads(self) -> list[float]:
        """The share of the server's time that each class uses."""
        return [rate * first for rate, (first, _) in zip(self.rates, self.moments, strict=True)]


def _require_rates(rates: Sequence[float]) -> None:
    """Refuse no rates at all, and what is not above 0 and finite among them."""
    require(is_row(rates) and len(rates) > 0, "rates", rates, "one or more")
    for number, rate in enumerate(rates):
        require_positive(**{f"rates[{number}]": rate})


def _cobham_waits(first_free: float | Floats, loads: Sequence[float]) -> Floats:
    """Return the mean wait of each class of priority, the most urgent first; shape (classes,).

    Args:
        first_free: the mean time until a server is free for an arrival who finds nobody waiting, of all or of each.
        loads: the share of the servers' time that each class uses.
    """
    left = 1 - np.cumsum(loads)
    more_urgent = np.concatenate([[1.0], left[:-1]])
    out: Floats = first_free / (more_urgent * left)
    return out
