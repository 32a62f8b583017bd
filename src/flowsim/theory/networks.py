"""Where shares lead: how often each place is visited, what the outcomes are and when, and the queues on the way.

Shares are a square matrix: row i tells where those go who leave i, and what is missing to 1 leaves the network. Units
and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import numpy as np

from flowsim.core.errors import is_row, require
from flowsim.theory.queues import Floats, MMc

__all__ = ["AbsorbingChain", "Jackson", "expected_visits", "is_table", "without_way_out"]

Matrix = Sequence[Sequence[float]] | Floats
_ROUNDING = 1e-9


def is_table(values: object) -> TypeGuard[Matrix]:
    """Return whether values are rows of real numbers."""
    if isinstance(values, np.ndarray) and values.ndim != 2:
        return False
    return isinstance(values, Sequence | np.ndarray) and all(map(is_row, values))


def _shares(shares: Matrix, rows: int | None = None, columns: int | None = None, where: str = "shares") -> Floats:
    """Read a matrix of shares, checked: square where no rows are given, of any width where no columns are."""
    require(is_table(shares), where, shares, "rows of numbers")
    if rows is None:
        rows = columns = len(shares)
    width = len(shares[0]) if columns is None and len(shares) else columns
    fitting = rows > 0 and len(shares) == rows and all(len(row) == width for row in shares)
    shape = f"{rows} rows of {'equal length' if columns is None else columns}"
    require(fitting, where, shares, shape)
    out = np.array(shares, np.float64)
    require(bool(((out >= 0) & (out <= 1 + _ROUNDING)).all()), where, shares, "each from 0 to 1")
    totals = out.sum(axis=1)
    require(bool((totals <= 1 + _ROUNDING).all()), where, shares, "rows that add to 1 or less")
    return np.minimum(out, 1.0)


def expected_visits(shares: Matrix) -> Floats:
    """Return how often each place is visited by who starts in each: the fundamental matrix, inverse of I - P.

    Args:
        shares: shape (places, places); the start counts as a visit.

    Returns:
        Shape (places, places): rows are starts.

    Raises:
        InputError: for what is no matrix of shares, or a place from where nobody ever leaves.

    Source: Kemeny and Snell (1960), Finite Markov Chains, chapter 3.
    """
    moves = _shares(shares)
    stuck = without_way_out(moves)
    require(not stuck, "shares", shares, f"a way out from each place, also from {stuck}")
    return np.asarray(np.linalg.inv(np.eye(len(moves)) - moves), np.float64)


def without_way_out(shares: Floats) -> list[int]:
    """Return the numbers of those places from where nobody ever leaves."""
    # A missing share smaller than the rounding of a row of decimals is no way out.
    leaving = shares.sum(axis=1) < 1 - _ROUNDING
    for _ in shares:
        leaving = leaving | (shares[:, leaving].sum(axis=1) > 0)
    return np.flatnonzero(~leaving).tolist()


@dataclass(frozen=True, kw_only=True)
class AbsorbingChain:
    """A semi-Markov chain of stays that ends in one of several outcomes.

    Each stay is independent of all that went before, and of where it leads: as with shares evaluated on leaving,
    or a race of exponential exits. The arrays have a row for each state to start in.

    Attributes:
        shares: of those who leave each state, to each state; shape (states, states).
        exits: of those who leave each state, to each outcome; shape (states, outcomes). With `shares`, rows add to 1.
        means: the mean stay in each state.
        variances: the variance of the stay in each state; needed for `time_variance` alone.

    Raises:
        InputError: for shares that do not add to 1, a state from where no outcome is reached, or means or variances
            that are negative or not as many as the states.

    Source: Kemeny and Snell (1960), Finite Markov Chains, chapter 3; Pyke (1961) for stays of any law.
    """

    shares: Matrix
    exits: Matrix
    means: Sequence[float]
    variances: Sequence[float] | None = None

    def __post_init__(self) -> None:
        moves = _shares(self.shares)
        states = len(moves)
        totals = moves.sum(axis=1) + _shares(self.exits, states, where="exits").sum(axis=1)
        told = np.array2string(totals, precision=6)
        require(bool((abs(totals - 1) <= _ROUNDING).all()), "shares and exits", told, "rows that add to 1 together")
        for where, values in (("means", self.means), ("variances", self.variances)):
            if values is not None or where == "means":
                fitting = is_row(values) and len(values) == states and all(0 <= value < math.inf for value in values)
                require(fitting, where, values, f"{states} values, each 0 or more, and finite")
        _ = self.visits  # finds a state from where no outcome is reached

    @cached_property
    def visits(self) -> Floats:
        """The expected visits to each state, the start counted; shape (states, states)."""
        return expected_visits(self.shares)

    @property
    def outcome_shares(self) -> Floats:
        """The probability to end in each outcome; shape (states, outcomes)."""
        out: Floats = self.visits @ np.array(self.exits)
        return out

    @property
    def time_mean(self) -> Floats:
        """The mean time until any outcome; shape (states,)."""
        out: Floats = self.visits @ np.array(self.means)
        return out

    @property
    def time_mean_by_outcome(self) -> Floats:
        """The mean time of those who end in each outcome; shape (states, outcomes), NaN where none does."""
        outcomes = self.outcome_shares
        spent = self.visits @ (np.array(self.means)[:, None] * outcomes)
        out: Floats = np.divide(spent, outcomes, out=np.full_like(spent, np.nan), where=outcomes > 0)
        return out

    @property
    def time_variance(self) -> Floats:
        """The variance of the time until any outcome; shape (states,).

        Raises:
            InputError: where the stays' variances were not given.
        """
        require(self.variances is not None, "variances", self.variances, "the variance of each stay")
        # Law of total variance: of the own stay, and of the mean that is left after it, which is 0 after an exit.
        left = np.append(self.time_mean, 0.0)
        shares = np.column_stack([np.array(self.shares), np.array(self.exits).sum(axis=1)])
        spread = (shares * (left - (shares @ left)[:, None]) ** 2).sum(axis=1)
        out: Floats = self.visits @ (np.array(self.variances) + spread)
        return out


@dataclass(frozen=True, kw_only=True)
class Jackson:
    """An open network of M/M/c stations: who leaves one goes on by shares, also back to where she was.

    In the steady state each station is at any moment as an M/M/c queue on its own would be, whatever the others do.

    Attributes:
        rates: Poisson arrivals from outside at each station, per unit of time; 0 where none.
        shares: of those who leave each station, to each station; shape (stations, stations).
        mean_service: the mean service time at each station; exponential, new at each visit.
        servers: the servers of each station.

    Raises:
        InputError: for rates that are negative or all 0, shares that let nobody out, a station that nobody reaches,
            lengths that differ, and as `MMc`.

    Source: Jackson (1957), Networks of waiting lines.
    """

    rates: tuple[float, ...]
    shares: Matrix
    mean_service: tuple[float, ...]
    servers: tuple[int, ...]

    def __post_init__(self) -> None:
        require(is_row(self.rates), "rates", self.rates, "each 0 or more, and finite")
        require(is_table(self.shares), "shares", self.shares, "rows of numbers")
        fitting = len(self.shares) == len(self.rates)
        require(fitting, "shares", self.shares, f"as many as `rates`, {len(self.rates)}")
        for where, values in (("mean_service", self.mean_service), ("servers", self.servers)):
            fitting = is_row(values) and len(values) == len(self.rates)
            require(fitting, where, values, f"as many as `rates`, {len(self.rates)}")
        require(all(0 <= rate < math.inf for rate in self.rates), "rates", self.rates, "each 0 or more, and finite")
        for number, rate in enumerate(self.throughputs):
            require(rate > 0, "rates", self.rates, f"some that lead to station {number}")
        _ = self.stations  # finds a station that cannot keep up

    @cached_property
    def throughputs(self) -> Floats:
        """All who come to each station per unit of time, from outside and from stations; shape (stations,)."""
        out: Floats = np.array(self.rates) @ expected_visits(self.shares)
        return out

    @cached_property
    def stations(self) -> tuple[MMc, ...]:
        """Each station as a queue on its own; its means are those of one visit."""
        parts = zip(self.throughputs.tolist(), self.mean_service, self.servers, strict=True)
        return tuple(MMc(rate=rate, mean_service=mean, servers=servers) for rate, mean, servers in parts)

    @property
    def number_in_system(self) -> float:
        """The mean number in the network."""
        return math.fsum(station.means.number_in_system for station in self.stations)

    @property
    def sojourn_mean(self) -> float:
        """The mean time from coming in to leaving the network, over all who come, by Little's law."""
        return self.number_in_system / math.fsum(self.rates)

    @property
    def sojourn_mean_from(self) -> Floats:
        """The mean time until leaving the network of those who come in at each station; shape (stations,)."""
        visits = expected_visits(self.shares)
        out: Floats = visits @ np.array([station.means.sojourn for station in self.stations])
        return out
