"""Services by phases: any law as close as wanted, and still a Markov chain.

A service begins in one phase, goes from phase to phase, and ends; the time in each is exponential. Erlang,
hyperexponential and Coxian laws are such, and sums and mixtures of them. Units and words are those of
`flowsim.queueing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

from flowsim.errors import require, require_counts, require_positive
from flowsim.queueing import Floats, Means, require_stable
from flowsim.routing import without_way_out

__all__ = ["MPHc"]

_MOST_CONFIGURATIONS = 2_000
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class MPHc:
    """M/PH/c: Poisson arrivals, services of phase type, and c servers.

    Solved as a quasi-birth-death chain: a level is the number in the system, and within it one counts how many of those
    in service are in each phase. With m phases there are (c + m - 1)! / (c! (m - 1)!) such counts; time grows with
    their cube.

    Attributes:
        rate: arrivals per unit of time.
        initial: the probability to begin service in each phase; shape (m,), adds to 1.
        generator: the rate from each phase to each other; shape (m, m), the diagonal negative; what a row is short of 0
            is the rate at which a service ends.
        servers: c.

    Raises:
        InputError: for a rate that is not positive, what is no law of phase type, fewer than one server, a load of 1
            or more, or more than 2,000 such counts.

    Source: Neuts (1981), Matrix-Geometric Solutions in Stochastic Models; Latouche and Ramaswami (1993), A
    logarithmic reduction algorithm for quasi-birth-death processes.
    """

    rate: float
    initial: Sequence[float]
    generator: Sequence[Sequence[float]]
    servers: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        require_counts(1, servers=self.servers)
        initial, phases = np.array(self.initial), len(self.initial)
        adding = phases > 0 and bool((initial >= 0).all()) and abs(initial.sum() - 1) <= _ROUNDING
        require(adding, "initial", self.initial, "probabilities that add to 1")
        square = len(self.generator) == phases and all(len(row) == phases for row in self.generator)
        require(square, "generator", self.generator, f"{phases} rows of {phases}")
        rates = np.array(self.generator)
        diagonal = np.diag(rates)
        signed = bool(np.isfinite(rates).all() and (diagonal < 0).all() and (rates - np.diag(diagonal) >= 0).all())
        require(signed, "generator", self.generator, "finite, negative on the diagonal and 0 or more elsewhere")
        ending = -rates.sum(axis=1) / -diagonal
        require(bool((ending >= -_ROUNDING).all()), "generator", self.generator, "rows that add to 0 or less")
        stuck = without_way_out(rates / -diagonal[:, None] + np.eye(phases))
        require(not stuck, "generator", self.generator, f"a way to the end from each phase, also from {stuck}")
        count = math.comb(self.servers + phases - 1, phases - 1)
        require(count <= _MOST_CONFIGURATIONS, "servers", self.servers, f"2,000 counts at most, not {count}")
        require_stable(self.load)

    @property
    def mean_service(self) -> float:
        """The mean service time."""
        return float(np.array(self.initial) @ np.linalg.solve(-np.array(self.generator), np.ones(len(self.initial))))

    @property
    def load(self) -> float:
        """The share of the servers' time that is used."""
        return self.rate * self.mean_service / self.servers

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait."""
        return self._all_busy[0]

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        return Means(rate=self.rate, wait=self._all_busy[1] / self.rate, service=self.mean_service)

    @cached_property
    def _all_busy(self) -> tuple[float, float]:
        """The probability that all servers are busy, and the mean number who wait."""
        servers = self.servers
        replaced = self._ended(servers) @ self._begun(servers - 1)
        ratio = _ratio(self.rate, self._stayed(servers), replaced)
        # From the top down: the probabilities of a level are those of the level below times its ratio.
        ratios, above = [], ratio @ replaced
        for number in range(servers, 0, -1):
            ratios.append(self.rate * self._begun(number - 1) @ np.linalg.inv(-self._stayed(number) - above))
            above = ratios[-1] @ self._ended(number)
        level, total = np.ones(1), 0.0
        for upward in reversed(ratios):
            total += level.sum()
            level = level @ upward
        geometric = np.linalg.inv(np.eye(len(ratio)) - ratio)
        busy = level @ geometric
        total += busy.sum()
        return float(busy.sum() / total), float((busy @ ratio @ geometric).sum() / total)

    def _counts(self, number: int) -> list[tuple[int, ...]]:
        """List the ways in which so many services are in phases: their phases, in order."""
        return list(combinations_with_replacement(range(len(self.initial)), number))

    def _begun(self, number: int) -> Floats:
        """Return the probability that one more service leads from counts of so many to counts of one more."""
        target = {count: place for place, count in enumerate(self._counts(number + 1))}
        out = np.zeros((len(self._counts(number)), len(target)))
        for origin, count in enumerate(self._counts(number)):
            for phase, probability in enumerate(self.initial):
                out[origin, target[tuple(sorted((*count, phase)))]] += probability
        return out

    def _ended(self, number: int) -> Floats:
        """Return the rates at which one of so many services ends, to counts of one less."""
        target = {count: place for place, count in enumerate(self._counts(number - 1))}
        ending = -np.array(self.generator).sum(axis=1)
        out = np.zeros((len(self._counts(number)), len(target)))
        for origin, count in enumerate(self._counts(number)):
            for place, phase in enumerate(count):
                out[origin, target[count[:place] + count[place + 1 :]]] += ending[phase]
        return out

    def _stayed(self, number: int) -> Floats:
        """Return the rates within a level of so many in service, with what leaves each state on the diagonal."""
        target = {count: place for place, count in enumerate(self._counts(number))}
        out = -self.rate * np.eye(len(target))
        for origin, count in enumerate(self._counts(number)):
            for place, phase in enumerate(count):
                for to, speed in enumerate(self.generator[phase]):
                    out[origin, target[tuple(sorted((*count[:place], to, *count[place + 1 :])))]] += speed
        return out


def _ratio(rate: float, stayed: Floats, replaced: Floats) -> Floats:
    """Return R of the levels at which all servers are busy, where each level is the one below times R."""
    # Latouche and Ramaswami: paths that go up or down by 1, 2, 4, 8, ... levels before they come back.
    up, down = np.linalg.solve(-stayed, rate * np.eye(len(stayed))), np.linalg.solve(-stayed, replaced)
    first_down, ahead = down, up
    while ahead.max() > 1e-17:
        there_and_back = np.eye(len(stayed)) - up @ down - down @ up
        up, down = np.linalg.solve(there_and_back, up @ up), np.linalg.solve(there_and_back, down @ down)
        first_down = first_down + ahead @ down
        ahead = ahead @ up
    out: Floats = rate * np.linalg.inv(-stayed - rate * first_down)
    return out
