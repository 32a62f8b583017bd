"""Factors that walked in the past go on walking: from a moment on, with the law of the steps that they took before.

A chain of factors, each following the one before it, is a random walk whose steps have prior standard deviations. From
the moment on it goes on, a step each half year, with as much variance a year as the chain has. What a base dates later
stays at its date, multiplied as the rest is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from flowsim.calibration.study import Factor, Prior, moved_shares
from flowsim.core.arrays import Floats
from flowsim.core.civil_time import is_dated, parse_moment
from flowsim.core.quantities import times
from flowsim.simulation.engine.luck import side_stream

__all__ = ["Walk"]

_STEPS_A_YEAR = 2
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Walk:
    """How the factors of a prior go on after a moment.

    Attributes:
        prior: the factors, and the base whose values by date they move.
        since: the moment from which on they walk.
    """

    prior: Prior = field(repr=False)
    since: datetime

    @classmethod
    def after_documents(cls, prior: Prior) -> Walk | None:
        """Return how factors go on after the last document of their base; None where it does not tell its day."""
        until = prior.base.documented_until
        return None if until is None else cls(prior=prior, since=until)

    @cached_property
    def spreads(self) -> Mapping[str, float]:
        """The standard deviation of a chain's step of half a year, by the factor that the chain begins with."""
        return {
            first: math.sqrt(variance / years / _STEPS_A_YEAR)
            for first, (variance, years) in self._laws.items()
            if variance > 0 and years > 0
        }

    @cached_property
    def _roots(self) -> Mapping[str, str]:
        """The factor that each factor's chain begins with; a factor that follows several is in none."""
        roots: dict[str, str] = {}
        for factor in self.prior.factors:
            before = _before(factor)
            if before is not None or not factor.follows:
                roots[factor.name] = factor.name if before is None else roots.get(before, before)
        return roots

    @cached_property
    def _laws(self) -> Mapping[str, tuple[float, float]]:
        """The variance of each chain's steps together, and the years that they took: of its longest branch."""
        begun = {factor.name: self._begun(factor) for factor in self.prior.factors}
        sums: dict[str, float] = {}
        laws: dict[str, tuple[float, float]] = {}
        for factor in self.prior.factors:
            if factor.name not in self._roots:
                continue
            before, root = _before(factor), self._roots[factor.name]
            sums[factor.name] = 0.0 if before is None else sums[before] + factor.sd**2
            first, last = begun[root], begun[factor.name]
            years = (last - first).days / _DAYS_A_YEAR if first and last else 0.0
            laws[root] = max(laws.get(root, (0.0, 0.0)), (sums[factor.name], years), key=lambda law: law[1])
        return laws

    def _begun(self, factor: Factor) -> datetime | None:
        """Return when the first of a factor's parameters begins to hold; None where none has a date."""
        dates = [when for path, _, names in self._steps for when in (path[-1],) if names & set(factor.sets)]
        return min(dates, default=None)

    @cached_property
    def _steps(self) -> list[tuple[tuple[Any, ...], Any, set[str]]]:
        """Each value by date of the base: the path to its table and its date, the value, and its parameters."""
        return list(_dated_values(self.prior.base.raw, ()))

    @cached_property
    def _tables(self) -> list[tuple[Any, ...]]:
        """The paths to the tables in which what holds at the moment walks on."""
        held: dict[tuple[Any, ...], tuple[datetime, set[str]]] = {}
        for path, _, names in self._steps:
            table, when = path[:-1], path[-1]
            if when <= self.since and (table not in held or when >= held[table][0]):
                held[table] = (when, names)
        return [table for table, (_, names) in held.items() if any(self._root_of(name) for name in names)]

    @cached_property
    def _owners(self) -> Mapping[str, Factor]:
        return {name: factor for factor in self.prior.factors for name in factor.sets}

    def _root_of(self, parameter: str) -> str | None:
        owner = self._owners.get(parameter)
        root = None if owner is None else self._roots.get(owner.name)
        return root if root in self.spreads else None

    def knots(self, end: datetime) -> list[datetime]:
        """Return the first days of the half years after the moment, until before an end."""
        halves = (datetime(year, month, 1) for year in range(self.since.year, end.year + 1) for month in (1, 7))
        return [begin for begin in halves if self.since < begin < end]

    def logarithms(self, seed: int, replication: int, steps: int) -> Mapping[str, Floats]:
        """Return where the chains are after each step, from 0: the logarithm of what multiplies, shape (steps,)."""
        return {
            root: spread * np.cumsum(side_stream(seed, f"walk {root}", replication).standard_normal(steps))
            for root, spread in self.spreads.items()
        }

    def continue_in(self, raw: Mapping[str, Any], end: datetime, seed: int, replication: int) -> None:
        """Let the values by date of a filled base walk on, in its plain data.

        Args:
            raw: the base's body, filled, as far as it goes; tables of dates are changed in place.
            end: of the horizon.
            seed: of the run.
            replication: whose future it is.
        """
        knots = self.knots(end)
        if not knots:
            return
        walks = self.logarithms(seed, replication, len(knots))
        for path in self._tables:
            table, written = _at(raw, path), _at(self.prior.base.raw, path)
            keys = {parse_moment(key): key for key in written if key in table}
            held = {when: (table[key], written[key]) for when, key in keys.items()}
            for when in sorted({when for when in keys if when >= knots[0]} | set(knots)):
                steps = sum(knot <= when for knot in knots)
                value, names = held[max(since for since in held if since <= when)]
                at = {root: float(walk[steps - 1]) for root, walk in walks.items()}
                table[keys.get(when, when.date().isoformat())] = self._moved(value, names, at)

    def _moved(self, value: Any, written: Any, at: Mapping[str, float]) -> Any:
        """Return a value with each of its walking parameters multiplied; of shares, their odds against the rest."""
        if isinstance(written, Mapping):
            if "rest" in written.values():
                return self._moved_shares(value, written, at)
            return {key: self._moved(value[key], written[key], at) for key in written}
        if isinstance(written, str) and written.startswith("$") and (root := self._root_of(written[1:])):
            return times(value, math.exp(at[root]))
        return value

    def _moved_shares(self, value: Mapping[str, Any], written: Mapping[str, Any], at: Mapping[str, float]) -> Any:
        shares = {to: float(share) for to, share in value.items() if share != "rest"}
        roots = {to: self._root_of(written[to][1:]) for to in shares if str(written[to]).startswith("$")}
        odds = {to: math.exp(at[root]) for to, root in roots.items() if root}
        kept = sum(share for to, share in shares.items() if to not in odds)
        return dict(value) | moved_shares(shares, odds, kept)


def _before(factor: Factor) -> str | None:
    """Return the factor whose walk a factor goes on with; None where it begins one, or is made of several."""
    if len(factor.follows) != 1:
        return None
    name, weight = next(iter(factor.follows.items()))
    return name if weight == 1.0 else None


def _dated_values(body: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any, set[str]]]:
    if is_dated(body):
        for key, value in body.items():
            yield (*path, parse_moment(key)), value, set(_names(value))
    elif isinstance(body, Mapping):
        for key, value in body.items():
            yield from _dated_values(value, (*path, key))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from _dated_values(value, (*path, number))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)
    elif isinstance(value, str) and value.startswith("$"):
        yield value[1:]


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body
