"""The prior of a calibration: factors that move parameters of a base together, each with its spread and its reason."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from flowsim.calibration.targets import Target, observer, read_targets, targets_of
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, Record, located, nearest, require_type, unknown_name
from flowsim.core.files import content_of, is_file, read_toml
from flowsim.core.periods import Period
from flowsim.core.quantities import TypedNumber, times
from flowsim.evidence.facts import Evidence, load
from flowsim.model.base import Base, read_base
from flowsim.model.library import cities, city_file
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.luck import side_stream
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.observation import Observation, Observer
from flowsim.simulation.results import Results

__all__ = ["Factor", "Prior", "Study", "moved_shares", "prior_of"]

Scale = Literal["log", "odds"]


class _FactorEntry(Record):
    title: str
    sets: list[str] = Field(min_length=1)
    scale: Scale
    sd: TypedNumber = Field(gt=0)
    follows: dict[str, TypedNumber] = Field(default_factory=dict)
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

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Prior of {len(self.factors)} factors>"

    @classmethod
    def of(cls, base: Base, raw: Mapping[str, Any], source: str) -> Prior:
        """Read the factors of a base from plain data, as TOML gives it.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed.
        """
        try:
            file = _Factors.model_validate({"factors": raw})
        except ValidationError as error:
            raise located(error, {"factors": raw}, source) from None
        factors: dict[str, Factor] = {}
        owner: dict[str, str] = {}
        for name, entry in file.factors.items():
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
        generator = side_stream(seed, "prior", number)
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
        return moved_shares(first, odds, kept)

    @cached_property
    def _decisions(self) -> tuple[tuple[str, ...], ...]:
        return tuple(dict.fromkeys(_decisions(self.base.raw)))


def moved_shares(shares: Mapping[str, float], odds: Mapping[str, float], kept: float) -> dict[str, float]:
    """Return those shares of a decision whose odds against its rest are multiplied.

    Args:
        shares: all that the decision names, by what leads there; what they leave of 1 is the rest.
        odds: what multiplies the odds of some of them.
        kept: what the others take, as they are moved.
    """
    weights = {name: share * odds[name] for name, share in shares.items() if name in odds}
    total = sum(weights.values()) + 1 - sum(shares.values())
    return {name: float(f"{weight / total * (1 - kept):.12g}") for name, weight in weights.items()}


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


_KEYS = {"base", "end", "facts", "targets", "factors", "watch"}


@dataclass(frozen=True, kw_only=True)
class Study:
    """A base whose factors are calibrated to targets.

    Attributes:
        name: the base's name.
        prior: the factors, their spreads and reasons.
        targets: the documented figures, those that are not fitted included.
        facts: what is documented, with the words of its sources.
        source: the file that tells it, or the name of a built-in base.
        watched: what is looked at beside the targets, by name: in the prior, and in the rank tests.
    """

    name: str
    prior: Prior
    targets: tuple[Target, ...]
    facts: Evidence
    source: str
    watched: Mapping[str, Observation] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Study of {self.name!r}: {len(self.prior.factors)} factors, {len(self.targets)} targets>"

    @classmethod
    def read(cls, name_or_path: str | Path) -> Study:
        """Read the study of a built-in base by its name, or a calibration file of one's own.

        Such a file names its `base` (a pathway file), its `facts` and its `targets` (files beside it), the `end`
        of what is simulated, and the `factors`; `watch` names measures with their periods, to be looked at.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        require_type("study", name_or_path, (str, Path), "the name of a base that ships, or the path of a file")
        source, folder, raw = _file(name_or_path)
        prior = _prior(source, folder, raw)
        facts, chosen = _documents(raw, folder, source, prior.base)
        watched = _watched(raw.get("watch", {}), prior.base, f"{source}: watch")
        return cls(name=prior.base.name, prior=prior, targets=chosen, facts=facts, source=source, watched=watched)

    @property
    def base(self) -> Base:
        """The base, with its horizon cut where the study ends."""
        return self.prior.base

    @cached_property
    def fitted(self) -> tuple[Target, ...]:
        """The targets that the factors are fitted to."""
        return tuple(target for target in self.targets if target.fitted)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over all that a result of this study depends on.

        The pathway counts as it is filled, at the first values and with each factor moved: how its file writes it, what
        it calls its parameters, and words of explanation are no part of it. The order of the stations is, for they are
        served in it.
        """
        step = _MOVED * np.eye(len(self.prior.factors))
        first = {name: parameter.first for name, parameter in self.base.parameters.items()}
        content = {
            "pathway": _untitled(self.base.filled(first)),
            "stations": list(self.base.raw.get("stations", ())),
            "factors": [
                {
                    **_without(asdict(factor), "title", "why", "sets"),
                    "moves": _digest(_untitled(self.base.filled(first | self.prior.parameters(position)))),
                }
                for factor, position in zip(self.prior.factors, step, strict=True)
            ],
            "targets": [_without(asdict(target), "why", "history") for target in self.targets],
        }
        return _digest(content)

    def model(self, z: Floats) -> Pathway:
        """Return the pathway at a position of the factors."""
        return self.base.pathway(self.prior.parameters(z))

    def read_measures(self, among: tuple[Target, ...] | None = None) -> tuple[str, ...]:
        """Return the measures that targets are read off, as `run` takes them, and what is watched where all are."""
        chosen = self.targets if among is None else among
        observations = [*(target.observation for target in chosen), *(self.watched.values() if among is None else ())]
        return tuple(sorted({name for one in observations for name in (*one.measures, *one.of)}))

    def observe(self, results: Results, among: tuple[Target, ...] | None = None) -> Floats:
        """Return what each replication says of each target, shape (replications, targets); NaN where undefined."""
        chosen = self.targets if among is None else among
        return observer(chosen, results.index).observe(results.values)

    def watch(self, results: Results) -> Floats:
        """Return what each replication says of each watched figure, shape (replications, watched)."""
        if not self.watched:
            return np.zeros((len(results.values), 0))
        return Observer.of(list(self.watched.values()), results.index).observe(results.values)


def prior_of(name: str) -> Prior:
    """Return the factors of a built-in base, whose targets are not read.

    Raises:
        InputError: one line with the file, the key path, the value and what is allowed.
    """
    return _prior(*_file(name))


def _file(name_or_path: str | Path) -> tuple[str, Path | None, dict[str, Any]]:
    """Return what a calibration file is called, its folder (none of a built-in base) and its content."""
    if str(name_or_path) in cities():
        source, folder = str(name_or_path), None
        content = city_file(source, "factors.toml").read_bytes()
    else:
        path = Path(name_or_path)
        if not is_file(path):
            hint = nearest(str(name_or_path), cities())
            known = ", ".join(f"'{name}'" for name in cities())
            raise InputError(f"there is no file '{path}'{hint} (allowed: {known}, or a calibration file)")
        source, content, folder = str(path), content_of(path), path.parent
    raw = read_toml(content, source)
    for key in raw:
        if key not in _KEYS:
            raise InputError(f"{source}: {unknown_name('key', key, _KEYS)}")
    return source, folder, raw


def _prior(source: str, folder: Path | None, raw: Mapping[str, Any]) -> Prior:
    if not isinstance(raw.get("base"), str):
        raise InputError(f"{source}: base: name the pathway file, or a built-in base ({', '.join(cities())})")
    base = _until(read_base(raw["base"], folder), raw.get("end"), f"{source}: end")
    return Prior.of(base, raw.get("factors", {}), source)


_MOVED = 0.5  # far enough that whole numbers move too


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _untitled(body: Any) -> Any:
    """Return a body without its titles and descriptions, which no result depends on."""
    if isinstance(body, Mapping):
        return {
            key: _untitled(value)
            for key, value in body.items()
            if key not in _WORDS or isinstance(value, Mapping)  # a state may be called "title"
        }
    if isinstance(body, list | tuple):
        return [_untitled(value) for value in body]
    return body


_WORDS = {"title", "description"}


def _watched(raw: Any, base: Base, where: str) -> dict[str, Observation]:
    if not isinstance(raw, Mapping) or not all(isinstance(periods, list) for periods in raw.values()):
        raise InputError(f"{where}: it should be a table of measures, each with a list of its periods")
    out = {}
    for measure, periods in raw.items():
        for period in periods:
            try:
                out[f"{measure} {period}"] = Observation(measures=(measure,), periods=(str(Period(str(period))),))
            except InputError as error:
                raise InputError(f"{where}.{measure}: {error}") from None
    if out:
        try:
            Observer.of(list(out.values()), Catalogue.of(base.pathway()).index)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return out


def _without(told: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in keys}


def _until(base: Base, end: Any, where: str) -> Base:
    if end is None:
        return base
    if not isinstance(end, date):
        raise InputError(f"{where}: {end!r} is not allowed: it should be a date such as 2021-02-01")
    pathway = base.pathway()
    moment = end if isinstance(end, datetime) else datetime(end.year, end.month, end.day)
    if not pathway.start < moment <= pathway.end:
        raise InputError(f"{where}: {end} is not allowed: from {pathway.start:%Y-%m-%d} to {pathway.end:%Y-%m-%d}")
    return replace(base, raw={**base.raw, "end": end})


def _documents(
    raw: Mapping[str, Any], folder: Path | None, source: str, base: Base
) -> tuple[Evidence, tuple[Target, ...]]:
    if folder is None:
        return load(raw["base"]), targets_of(raw["base"])
    for key in ("facts", "targets"):
        if not isinstance(raw.get(key), str):
            raise InputError(f"{source}: {key}: name the file that tells them")
        if not (folder / raw[key]).is_file():
            raise InputError(f"{source}: {key}: there is no file '{folder / raw[key]}'")
    facts = load(folder / raw["facts"])
    return facts, read_targets(folder / raw["targets"], facts, base.raw.get("time_unit"))
