"""Queues whose arrivals or servers change with time: what is there at a moment, also before a queue has settled.

Rates and servers are constant between given moments. Time counts in any one unit from any one origin, and rates are per
that unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import integrate, sparse

from flowsim.core.errors import is_real, is_row, require, require_positive
from flowsim.theory.queues import LONGEST_TABLE, Floats, poisson, require_counts

__all__ = ["MtGInf", "MtMc", "Occupancy"]

_LONGEST_STEP = 200.0


def _require_steps(starts: Sequence[float], rates: Sequence[float]) -> None:
    """Refuse moments that are none or do not rise, and rates that are not as many or negative."""
    finite = is_row(starts) and len(starts) > 0 and all(map(math.isfinite, starts))
    rising = finite and all(a < b for a, b in pairwise(starts))
    require(rising, "starts", starts, "one or more finite moments that rise")
    fitting = is_row(rates) and len(rates) == len(starts) and all(0 <= rate < math.inf for rate in rates)
    require(fitting, "rates", rates, "as many as `starts`, each 0 or more, and finite")


def _steps(starts: Sequence[float], time: float) -> Iterator[tuple[int, float, float]]:
    """Yield the number, beginning and end of each step that has begun by a time; the last one ends then."""
    require(is_real(time) and starts[0] <= time < math.inf, "time", time, f"{starts[0]} or later, and finite")
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], math.inf], strict=True)):
        if start <= time:
            yield number, start, min(end, time)


@dataclass(frozen=True, kw_only=True)
class MtGInf:
    """M_t/G/infinity: Poisson arrivals whose rate changes, who all begin at once and stay as long as any law says.

    The number present at a time has a Poisson law, whatever the law of the stay. Nobody is present at first.

    Attributes:
        starts: the moments from which each rate holds; the last one holds for ever.
        rates: arrivals per unit of time.
        survival: the probability that a stay lasts longer than a time of 0 or more; falls from 1 or less to 0.

    Raises:
        InputError: for moments that do not rise, or rates that are negative or not as many.

    Source: Eick, Massey and Whitt (1993), The physics of the M_t/G/infinity queue, theorem 1.
    """

    starts: tuple[float, ...]
    rates: tuple[float, ...]
    survival: Callable[[float], float]

    def __post_init__(self) -> None:
        _require_steps(self.starts, self.rates)
        require(callable(self.survival), "survival", self.survival, "a function of the time")

    def number_mean(self, time: float) -> float:
        """Return the mean number present at a time, to about ten digits for a smooth law of the stay."""
        total = 0.0
        for number, start, end in _steps(self.starts, time):
            total += self.rates[number] * self._lasting(time - end, time - start)
        return total

    def distribution(self, time: float) -> Floats:
        """Return the probabilities of 0, 1, ... present at a time, up to where no float shows the rest."""
        return poisson(self.number_mean(time))

    def _lasting(self, youngest: float, oldest: float) -> float:
        """Integrate the survival over ages."""
        # Cut at halves of the oldest age, so that a stay much shorter than the step is not overlooked.
        cuts = [age for age in oldest * 2.0 ** -np.arange(40) if age > youngest]
        total = 0.0
        for low, high in pairwise([youngest, *reversed(cuts)]):
            total += integrate.quad(self.survival, low, high, epsabs=1e-13 * oldest, epsrel=1e-12, limit=200)[0]
        return total


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """What is at a station at one moment.

    Attributes:
        probabilities: of so many in service (rows) and so many waiting (columns).
    """

    probabilities: Floats

    @property
    def queue(self) -> Floats:
        """The probabilities that 0, 1, ... wait; shape (columns,)."""
        out: Floats = self.probabilities.sum(axis=0)
        return out

    @property
    def number_in_queue(self) -> float:
        """The mean number who wait."""
        return float(self.queue @ np.arange(self.probabilities.shape[1]))

    @property
    def number_in_service(self) -> float:
        """The mean number in service."""
        return float(self.probabilities.sum(axis=1) @ np.arange(self.probabilities.shape[0]))

    @property
    def number_in_system(self) -> float:
        """The mean number who wait or are in service."""
        return self.number_in_queue + self.number_in_service


@dataclass(frozen=True, kw_only=True)
class MtMc:
    """M_t/M_t/c_t: an M/M/c queue whose arrival rate and servers change at given moments, from a given start.

    A cut of servers lets current services end: none begins while as many as the new servers, or more, are under
    way. So the state is the number in service and the number who wait. Servers that are added begin at once with
    those who wait.

    Attributes:
        starts: the moments from which each rate and number of servers holds; the last ones hold for ever.
        rates: arrivals per unit of time.
        servers: as many as `starts`, each 0 or more.
        mean_service: the mean service time.
        busy: how many are in service at the first moment.
        waiting: how many wait then; those for whom a server is free begin at once.

    Raises:
        InputError: for moments that do not rise, rates or servers that are negative or not as many, a mean that
            is not positive, or negative numbers at the start.

    Source: Kolmogorov's forward equations, solved by uniformisation: Jensen (1953); Grassmann (1977), Transient
    solutions in Markovian queueing systems.
    """

    starts: tuple[float, ...]
    rates: tuple[float, ...]
    servers: tuple[int, ...]
    mean_service: float
    busy: int = 0
    waiting: int = 0

    def __post_init__(self) -> None:
        _require_steps(self.starts, self.rates)
        fitting = is_row(self.servers) and len(self.servers) == len(self.starts)
        require(fitting, "servers", self.servers, "as many as `starts`")
        for number, servers in enumerate(self.servers):
            require_counts(0, **{f"servers[{number}]": servers})
        require_positive(mean_service=self.mean_service)
        require_counts(0, busy=self.busy, waiting=self.waiting)

    def at(self, time: float) -> Occupancy:
        """Return what is at the station at a time, just after any change of servers then.

        The queue is followed as far as so many can have come at all, so time and memory grow with the arrivals
        until then; nothing is cut off.

        Raises:
            InputError: for a time before the first moment, or by which more than a million come.
        """
        steps = list(_steps(self.starts, time))
        arrivals = sum(self.rates[number] * (end - start) for number, start, end in steps)
        allowed = f"one by which {LONGEST_TABLE:,} come at most, which can be computed"
        require(arrivals <= LONGEST_TABLE, "time", time, allowed)
        most_busy = max(self.busy, *(self.servers[number] for number, _, _ in steps))
        shape = most_busy + 1, self.waiting + len(poisson(arrivals))
        present = np.zeros(shape)
        present[self.busy, self.waiting] = 1.0
        busy, waiting = np.indices(shape)
        for number, start, end in steps:
            servers = self.servers[number]
            _begin(present, servers)
            highest = max(servers, np.flatnonzero(present.any(axis=1))[-1])
            # Nobody waits while a server is free, so most pairs of numbers are out of reach.
            reached = (busy <= highest) & ((busy >= servers) | (waiting == 0))
            change = self._generator(self.rates[number], servers, reached)
            present[reached] = _evolved(present[reached], change, end - start)
        return Occupancy(probabilities=present)

    def _generator(self, rate: float, servers: int, reached: npt.NDArray[np.bool_]) -> sparse.csr_array:
        """Return the generator over those (in service, waiting) that are reached, as what acts on probabilities."""
        numbers = np.cumsum(reached).reshape(reached.shape) - 1
        busy, waiting = np.nonzero(reached)
        free = busy < servers
        came = (busy + free, waiting + ~free)
        replaced = (busy <= servers) & (waiting > 0)
        gone = (busy - ~replaced, waiting - replaced)
        moves = []
        for (to_busy, to_waiting), speed in ((came, np.full(len(busy), rate)), (gone, busy / self.mean_service)):
            # So many never come that the last column would be left.
            possible = np.flatnonzero((speed > 0) & (to_waiting < reached.shape[1]))
            moves.append((possible, numbers[to_busy[possible], to_waiting[possible]], speed[possible]))
        origin, target, speed = (np.concatenate(part) for part in zip(*moves, strict=True))
        ends = np.concatenate([target, origin]), np.concatenate([origin, origin])
        return sparse.coo_array((np.concatenate([speed, -speed]), ends), shape=(len(busy),) * 2).tocsr()


def _begin(present: Floats, servers: int) -> None:
    """Let those who wait begin wherever servers are free, in place."""
    for busy in range(servers):
        free = servers - busy
        row = present[busy].copy()
        present[busy] = 0.0
        for waiting, probability in enumerate(row[:free]):
            present[busy + waiting, 0] += probability
        present[servers, : max(0, len(row) - free)] += row[free:]


def _evolved(present: Floats, change: sparse.csr_array, duration: float) -> Floats:
    """Return the probabilities after a duration, as a Poisson mixture of the steps of a jump chain."""
    fastest = float(-change.diagonal().min())
    count = math.ceil(fastest * duration / _LONGEST_STEP)
    weights = poisson(fastest * duration / max(count, 1))
    for _ in range(count):
        mixed, jumped = weights[0] * present, present
        for weight in weights[1:]:
            jumped = jumped + change @ jumped / fastest
            mixed = mixed + weight * jumped
        present = mixed
    return present
