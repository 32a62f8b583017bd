"""Queues whose arrivals or services follow any law: what its moments, or its Laplace transform, tell of the waits.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
from scipy import linalg, optimize, special

from flowsim.core.errors import InputError, is_real, is_row, require, require_positive
from flowsim.theory.inversion import Complexes, Survival, inverted_tail, transform_of_survival
from flowsim.theory.networks import is_table, without_way_out
from flowsim.theory.queues import (
    LONGEST_TABLE,
    Floats,
    Means,
    exponential_quantile,
    exponential_sojourn_tail,
    quantile,
    require_counts,
    require_share,
    require_stable,
    require_time,
)

__all__ = ["MG1", "GIMc", "MPHc", "ratio_of_levels", "require_moments"]


@dataclass(frozen=True, kw_only=True)
class MG1:
    """M/G/1: Poisson arrivals and one server, whose service has any law.

    Attributes:
        rate: arrivals per unit of time.
        moments: the first three moments of the service about 0: E[S], E[S^2], E[S^3].
        survival: the probability that a service lasts longer than a time above 0; tails and quantiles ask for it, means
            do not. Tails are within 1e-9 where it is smooth, if steep. Where services jump the density of waits does,
            and near a jump they are within 1e-4; of fixed services `MDc` tells the wait to all digits.

    Raises:
        InputError: for a rate or moment that is not positive, moments that no law has, a survival that has other
            moments, or a load of 1 or more.

    Source: Pollaczek (1930) and Khinchine (1932) for the mean and the transform of the wait; Takács (1962), A
    single-server queue with Poisson input, for the second moment of the wait; Abate and Whitt (1992), The
    Fourier-series method for inverting transforms of probability distributions, for the tails.
    """

    rate: float
    moments: tuple[float, float, float]
    survival: Survival | None = None

    def __post_init__(self) -> None:
        three = is_row(self.moments) and len(self.moments) == 3
        require(three, "moments", self.moments, "the first three moments")
        first, second, third = self.moments
        require_positive(rate=self.rate)
        require_moments(first, second, third)
        require_stable(self.load)
        if self.survival is not None:
            require(callable(self.survival), "survival", self.survival, "a function of the time")
            # The integral of exp(-s x) P(S > x) lies between the sums of two and of three of its terms.
            s = first / (100 * second)
            found = float(transform_of_survival(self.survival, np.array([s], np.complex128))[0].real)
            least = first - s * second / 2
            there = least - 1e-6 * first <= found <= least + s**2 * third / 6 + 1e-6 * first
            require(there, "survival", "this law", f"one whose mean is {first:.6g}")

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

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        if time == 0:
            return self.load
        survival = self._law
        if _is_beyond(time, self.means.wait, self.wait_variance):
            return 0.0

        def transform(s: Complexes) -> Complexes:
            # Of what is left of the service that is under way.
            left = transform_of_survival(survival, s) / self.moments[0]
            return np.asarray(self.load / s * (1 - left) / (1 - self.load * left), np.complex128)

        return inverted_tail(transform, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share of at most 1 - 1e-7 begins service."""
        return self._quantile(self.wait_tail, share)

    def sojourn_tail(self, time: float) -> float:
        """Return the probability that wait and service together last longer than a time of 0 or more."""
        require_time(time)
        if time == 0:
            return 1.0
        survival = self._law
        variance = self.wait_variance + self.moments[1] - self.moments[0] ** 2
        if _is_beyond(time, self.means.sojourn, variance):
            return 0.0

        def transform(s: Complexes) -> Complexes:
            lasting = transform_of_survival(survival, s)
            wait = (1 - self.load) / (1 - self.rate * lasting)
            return np.asarray((1 - wait * (1 - s * lasting)) / s, np.complex128)

        return inverted_tail(transform, time)

    def sojourn_quantile(self, share: float) -> float:
        """Return the shortest time within which a share of at most 1 - 1e-7 has left."""
        return self._quantile(self.sojourn_tail, share)

    @property
    def _law(self) -> Survival:
        if self.survival is None:
            raise InputError("survival: None is not allowed: the law of the service, or no tail is known")
        return self.survival

    def _quantile(self, tail: Callable[[float], float], share: float) -> float:
        require_share(share)
        require(share <= 1 - 1e-7, "share", share, "at most 1 - 1e-7, for tails are known within 1e-9")
        return quantile(tail, share, self.moments[0])


def _is_beyond(time: float, mean: float, variance: float) -> bool:
    """Return whether less than 1e-10 last so long, by Markov's inequality: of such times a transform has no digits."""
    return min(mean / time, (variance + mean**2) / time / time) < 1e-10


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
        require(callable(self.interarrival), "interarrival", self.interarrival, "a transform, as a function of s")
        at_zero = self.interarrival(0.0)
        require(is_real(at_zero) and abs(at_zero - 1) < 1e-9, "interarrival", at_zero, "a transform that is 1 at 0")

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


_MOST_CONFIGURATIONS = 2_000
_FADED = 2_000.0  # exp(-2,000) times any number that a float holds is none
_NOTHING = 1e-17
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
    logarithmic reduction algorithm for quasi-birth-death processes; Sengupta (1989), Markov processes whose steady
    state distribution is matrix-exponential with an application to the GI/PH/1 queue, for the wait.
    """

    rate: float
    initial: Sequence[float]
    generator: Sequence[Sequence[float]]
    servers: int

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        require_counts(1, servers=self.servers)
        require(is_row(self.initial), "initial", self.initial, "probabilities that add to 1")
        initial, phases = np.array(self.initial), len(self.initial)
        adding = phases > 0 and bool((initial >= 0).all()) and abs(initial.sum() - 1) <= _ROUNDING
        require(adding, "initial", self.initial, "probabilities that add to 1")
        square = is_table(self.generator) and [len(row) for row in self.generator] == [phases] * phases
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

    @cached_property
    def distribution(self) -> Floats:
        """The probabilities of 0, 1, ... in the system, up to where no float shows the rest."""
        fewer, busy, ratio = self._levels
        out, level, left = list(fewer), busy, self.wait_probability
        while left > _NOTHING:
            if len(out) > LONGEST_TABLE:
                raise InputError(f"rate: a load of {self.load:.9g} is not allowed: so near 1 that a million are there")
            out.append(float(level.sum()))
            level = level @ ratio
            # What is left falls level by level, so that no difference of large numbers tells it.
            left = float((level @ self._geometric).sum())
        return np.array(out)

    @property
    def wait_probability(self) -> float:
        """The probability that an arrival has to wait."""
        return float(self._waiting.sum())

    @property
    def means(self) -> Means:
        """The means of all who arrive."""
        waiting = float((self._waiting @ self._levels[2] @ self._geometric).sum())
        return Means(rate=self.rate, wait=waiting / self.rate, service=self.mean_service)

    def wait_tail(self, time: float) -> float:
        """Return the probability of waiting longer than a time of 0 or more."""
        require_time(time)
        return _phases_left(self._waiting, self._falling, time)

    def wait_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 begins service."""
        return quantile(self.wait_tail, share, self.mean_service)

    def sojourn_tail(self, time: float) -> float:
        """Return the probability that wait and service together last longer than a time of 0 or more."""
        require_time(time)
        falling, initial = self._falling, np.array(self.initial)
        # She waits in phases of their own, and then is served in those of the service.
        begins = np.outer(-falling.sum(axis=1), initial)
        both = np.block([[falling, begins], [np.zeros((len(initial), len(falling))), np.array(self.generator)]])
        start = np.concatenate([self._waiting, (1 - self.wait_probability) * initial])
        return _phases_left(start, both, time)

    def sojourn_quantile(self, share: float) -> float:
        """Return the shortest time within which a share below 1 has left."""
        return quantile(self.sojourn_tail, share, self.mean_service)

    @cached_property
    def _levels(self) -> tuple[Floats, Floats, Floats]:
        """The probabilities of 0, 1, ... busy servers, those of the counts where all are, and the ratio of levels."""
        servers = self.servers
        ratio = ratio_of_levels(self.rate, self._stayed(servers), self._replaced)
        # From the top down: the probabilities of a level are those of the level below times its ratio.
        ratios, above = [], ratio @ self._replaced
        for number in range(servers, 0, -1):
            ratios.append(self.rate * self._begun(number - 1) @ np.linalg.inv(-self._stayed(number) - above))
            above = ratios[-1] @ self._ended(number)
        level, fewer = np.ones(1), []
        for upward in reversed(ratios):
            fewer.append(level.sum())
            level = level @ upward
        total = sum(fewer) + (level @ np.linalg.inv(np.eye(len(ratio)) - ratio)).sum()
        return np.array(fewer) / total, level / total, ratio

    @cached_property
    def _replaced(self) -> Floats:
        """The rates at which a service ends and who waits begins, from counts to counts."""
        return self._ended(self.servers) @ self._begun(self.servers - 1)

    @cached_property
    def _geometric(self) -> Floats:
        """The sum of all powers of the ratio of levels."""
        ratio = self._levels[2]
        return np.asarray(np.linalg.inv(np.eye(len(ratio)) - ratio), np.float64)

    @cached_property
    def _waiting(self) -> Floats:
        """The probabilities of the counts, where all servers are busy and however many wait."""
        out: Floats = self._levels[1] @ self._geometric
        return out

    @cached_property
    def _falling(self) -> Floats:
        """The generator T with which the wait ends: P(W > t) = waiting exp(T t) 1.

        Who finds k waiting is there until k + 1 services have ended. With the rates D0 within a level and D1 to the
        next one below, Z = the sum over k of R^k P(k have ended by t) has Z' = Z D0 + R Z D1. The solution is
        exp((D0 + R D1) t), for R commutes with it: R = rate (rate - T)^-1, which is the equation that R solves.
        """
        within = self._stayed(self.servers) + self.rate * np.eye(len(self._replaced))
        out: Floats = within + self._levels[2] @ self._replaced
        return out

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


def _phases_left(start: Floats, rates: Floats, time: float) -> float:
    """Return the probability that an end is not reached by a time, from the phases where one starts."""
    slowest = -np.linalg.eigvals(rates).real.max()
    # By Chernoff's inequality no float shows what is left then, and the exponential has no digits.
    if slowest * time > _FADED:
        return 0.0
    return float((start @ linalg.expm(rates * time)).sum())


def ratio_of_levels(rate: float, stayed: Floats, replaced: Floats) -> Floats:
    """Return R of levels that are alike, where the probabilities of each are those of the one below times R.

    Args:
        rate: at which each state of a level leads to the same one of the next.
        stayed: the rates within a level, with what leaves each state on the diagonal.
        replaced: the rates to the level below.
    """
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
