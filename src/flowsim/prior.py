"""The prior of a calibration: factors that move parameters of a base together, each with its spread and its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from flowsim.errors import InputError, Record, located, unknown_name
from flowsim.parameters import Base, times
from flowsim.trace import Floats

__all__ = ["Factor", "Prior"]

Scale = Literal["log", "odds"]


class _FactorEntry(Record):
    title: str
    sets: list[str] = Field(min_length=1)
    scale: Scale
    sd: float = Field(gt=0)
    follows: dict[str, float] = Field(default_factory=dict)
    whole: bool = False
    why: str = Field(min_length=1)


class _Factors(Record):
    factors: dict[str, _FactorEntry]


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One number that calibration moves.

    Its position z is the logarithm of what it multiplies: 0 leaves the base's first values, log 1.1 adds a tenth.

    Attributes:
        name: what it is called.
        title: what it is, in words.
        sets: the parameters of the base that it multiplies.
        scale: "log" multiplies a value; "odds" the odds of a share against the rest of its decision.
        sd: prior standard deviation of z, given what it follows.
        follows: the factors before it whose z it takes over, times a number.
        whole: whether the values stay whole numbers.
        why: the reason of the spread.
    """

    name: str
    title: str
    sets: tuple[str, ...]
    scale: Scale
    sd: float
    follows: Mapping[str, float] = field(default_factory=dict)
    whole: bool = False
    why: str


@dataclass(frozen=True, kw_only=True)
class Prior:
    """The factors of a base, in an order in which each follows only earlier ones: z is normal, with mean 0."""

    base: Base
    factors: tuple[Factor, ...]

    @classmethod
    def of(cls, base: Base, raw: Mapping[str, Any], source: str) -> Prior:
        """Read the factors of a base from plain data, as TOML gives it.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed.
        """
        try:
            told = _Factors.model_validate({"factors": raw})
        except ValidationError as error:
            raise located(error, {"factors": raw}, source) from None
        factors: dict[str, Factor] = {}
        owner: dict[str, str] = {}
        for name, entry in told.factors.items():
            factor = Factor(name=name, **entry.model_dump() | {"sets": tuple(entry.sets)})
            _check(factor, base, factors, owner, f"{source}: factors.{name}")
            factors[name] = factor
        if not factors:
            raise InputError(f"{source}: factors: there are none: tell at least one")
        prior = cls(base=base, factors=tuple(factors.values()))
        prior.parameters(np.zeros(len(factors)))
        return prior

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the factors, in the order of z."""
        return tuple(factor.name for factor in self.factors)

    @cached_property
    def root(self) -> Floats:
        """The matrix that makes z of independent standard normal numbers, shape (factors, factors)."""
        rows: dict[str, Floats] = {}
        for number, factor in enumerate(self.factors):
            row = np.zeros(len(self.factors))
            row[number] = factor.sd
            for name, weight in factor.follows.items():
                row += weight * rows[name]
            rows[factor.name] = row
        return np.array(list(rows.values()))

    @property
    def covariance(self) -> Floats:
        """The prior covariance of z, shape (factors, factors)."""
        out: Floats = self.root @ self.root.T
        return out

    def draw(self, seed: int, number: int) -> Floats:
        """Return the z of one draw, a function of the seed and the draw's number alone."""
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        out: Floats = self.root @ generator.standard_normal(len(self.factors))
        return out

    def parameters(self, z: Floats) -> dict[str, Any]:
        """Return the values of the base's parameters at z, by name; those that no factor moves are left out."""
        out: dict[str, Any] = {}
        odds: dict[str, float] = {}
        for factor, position in zip(self.factors, z.tolist(), strict=True):
            ratio = math.exp(position)
            for name in factor.sets:
                if factor.scale == "odds":
                    odds[name] = ratio
                else:
                    out[name] = times(self.base.parameters[name].first, ratio, whole=factor.whole)
        for decision in self._decisions if odds else ():
            if odds.keys() & set(decision):
                out |= self._shares(decision, odds, out)
        return out

    def _shares(
        self, decision: tuple[str, ...], odds: Mapping[str, float], moved: Mapping[str, Any]
    ) -> dict[str, float]:
        """Return the shares of a decision whose odds against its rest are multiplied; the others keep their share."""
        first = {name: float(self.base.parameters[name].first) for name in decision}
        kept = sum(float(moved.get(name, first[name])) for name in decision if name not in odds)
        weights = {name: first[name] * odds[name] for name in decision if name in odds}
        total = sum(weights.values()) + 1 - sum(first.values())
        return {name: float(f"{weight / total * (1 - kept):.12g}") for name, weight in weights.items()}

    @cached_property
    def _decisions(self) -> tuple[tuple[str, ...], ...]:
        return tuple(dict.fromkeys(_decisions(self.base.raw)))


def _check(factor: Factor, base: Base, earlier: Mapping[str, Factor], owner: dict[str, str], where: str) -> None:
    for name in factor.sets:
        base.parameter(name)
        if name in owner:
            raise InputError(f"{where}.sets: '{name}' is set by '{owner[name]}' already: name it once")
        owner[name] = factor.name
        if base.parameters[name].kind == "fact":
            raise InputError(f"{where}.sets: '{name}' is documented ({base.parameters[name].fact}): it does not move")
        try:
            times(base.parameters[name].first, 1.0)
        except ValueError as error:
            raise InputError(f"{where}.sets: '{name}': {error}") from None
    for name in factor.follows:
        if name not in earlier:
            raise InputError(f"{where}.follows: {unknown_name('factor before it', name, earlier)}")
    if factor.scale == "odds":
        decisions = set(_decisions(base.raw))
        for name in factor.sets:
            standing = [decision for decision in decisions if name in decision]
            if len(standing) != 1:
                told = 'no share of a decision that has a "rest"' if not standing else "a share of several decisions"
                raise InputError(f"{where}.sets: '{name}' is {told}: use scale \"log\"")


def _decisions(body: Any) -> Iterator[tuple[str, ...]]:
    """Yield the parameters that are shares of one decision: of each table in which another share is the rest."""
    if isinstance(body, Mapping):
        told = [value for value in body.values() if isinstance(value, str)]
        if "rest" in told:
            yield tuple(value[1:] for value in told if value.startswith("$"))
        for value in body.values():
            yield from _decisions(value)
    elif isinstance(body, list):
        for value in body:
            yield from _decisions(value)
