"""What the documents say of a model: each figure with how it is observed in a simulation, and its tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from flowsim.core.civil_time import check_factor
from flowsim.core.errors import InputError, Record, located, unknown_name
from flowsim.core.files import content_of, read_toml
from flowsim.core.periods import Period
from flowsim.core.quantities import TypedNumber
from flowsim.evidence import facts
from flowsim.evidence.facts import Evidence, Fact
from flowsim.model.base import Base
from flowsim.model.library import cities, city_file
from flowsim.simulation.measures.measure import Row
from flowsim.simulation.measures.observation import Observation, Observer

__all__ = ["Sense", "Target", "documented", "observer", "read_targets", "targets_of"]

Sense = Literal["=", ">", "<"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One documented figure, how a simulation shows the same, and how near it has to come.

    Attributes:
        name: a short name that no other target has: "awards.fleksjob 2017Q1".
        family: the family of targets that share a rule of tolerance.
        observation: how the figure is read off a simulation.
        value: the documented figure; of an inequality the bound.
        sense: "=", or whether what is simulated has to be above (">") or below ("<") the bound.
        unit: of the value, of what is observed, and of the tolerance.
        fact: the id of the fact, with `key` for the cells of its table.
        rounding: how inexactly the figure is printed, as a standard deviation.
        conflict: how far its sources disagree, as a standard deviation.
        discrepancy: how far the model may differ from the city in it, as a standard deviation.
        fitted: whether a calibration uses it, or shows it beside the simulation only.
        history: whether histories are weighed by it, for it tells the state at a date from which a planner starts.
        why: which clock, population and reading it has, and where the two do not count quite the same.
    """

    name: str
    family: str
    observation: Observation
    value: float
    sense: Sense = "="
    unit: str
    fact: str
    key: str = ""
    rounding: float
    conflict: float
    discrepancy: float
    fitted: bool = True
    history: bool = False
    why: str

    def __post_init__(self) -> None:
        for part in ("rounding", "conflict", "discrepancy"):
            size = getattr(self, part)
            if not 0 <= size < math.inf:
                raise InputError(f"target '{self.name}': {part}: {size} is not allowed: 0 or more, and finite")
        if self.tolerance == 0:
            raise InputError(f"target '{self.name}': its tolerance is 0: no simulation meets a figure exactly")
        if not self.unit.strip():
            raise InputError(f"target '{self.name}': unit: it is missing")
        if self.unit == "percent" and not 0 <= self.value <= 100:
            raise InputError(f"target '{self.name}': {self.value:g} percent is not a share: 0 to 100")

    @property
    def tolerance(self) -> float:
        """The standard deviation of document against model: the root of the sum of its squared parts.

        The chance in a simulated figure is no part of it: the replications of a run show that themselves.
        """
        return math.sqrt(self.rounding**2 + self.conflict**2 + self.discrepancy**2)


def targets_of(base: str | Base) -> tuple[Target, ...]:
    """Return the targets of a base: those that ship with a city by its name, or of a base's own files; else none.

    Raises:
        InputError: where the list is wrong.
    """
    name = base if isinstance(base, str) else base.name
    if name in cities():
        return _shipped(name)
    if isinstance(base, str) or "targets" not in base.files or base.evidence is None:
        return ()
    return read_targets(str(base.files["targets"]), base.evidence, base.raw.get("time_unit"))


@cache
def _shipped(base: str) -> tuple[Target, ...]:
    if not city_file(base, "targets.toml").is_file():
        return ()
    return _read(city_file(base, "targets.toml").read_bytes(), "targets.toml", facts.load(base))


def read_targets(path: str | Path, facts: Evidence, time_unit: str | None = None) -> tuple[Target, ...]:
    """Read a file of targets; `data/copenhagen/targets.toml` explains its keys.

    `time_unit` is the unit of time that the pathway names, in which its waits are.

    Raises:
        InputError: with the file, the key path, what is wrong there and what is allowed.
    """
    try:
        content = content_of(Path(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return _read(content, str(path), facts, time_unit)


def observer(chosen: Sequence[Target], index: Sequence[Row]) -> Observer:
    """Look up what targets read from measures.

    Raises:
        InputError: for an unknown measure or period, with the target's name and the nearest one.
    """
    for target in chosen:
        try:
            Observer.of([target.observation], index)
        except InputError as error:
            raise InputError(f"target '{target.name}': {error}") from None
    return Observer.of([target.observation for target in chosen], index)


def documented(base: str | Base) -> dict[tuple[str, Period], float]:
    """Return the documented figures of single measures and periods, in the measure's unit; the first named counts."""
    out: dict[tuple[str, Period], float] = {}
    for target in targets_of(base):
        seen = target.observation
        if target.sense == "=" and len(seen.measures) == len(seen.periods) == 1 and not (seen.of or seen.since):
            out.setdefault((seen.measures[0], Period(seen.periods[0])), target.value / seen.factor)
    return out


def _one_or_more(told: Any) -> Any:
    return [told] if isinstance(told, str) else told


OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
NotEmpty = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Discrepancy(Record):
    share: TypedNumber | None = Field(None, gt=0, lt=1)
    each: Literal["", "quarter"] = ""
    at_least: TypedNumber = Field(0.0, ge=0)
    at_most: TypedNumber | None = Field(None, gt=0)
    absolute: TypedNumber | None = Field(None, gt=0)
    unit: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> _Discrepancy:
        if (self.share is None) == (self.absolute is None):
            raise ValueError("one of `share` (of the value) and `absolute` is needed")
        sized = bool(self.at_least or self.at_most or self.absolute)
        if self.absolute and self.each:
            raise ValueError("`each` tells what a `share` is of")
        if self.absolute and (self.at_least or self.at_most):
            raise ValueError("`at_least` and `at_most` bound a `share`")
        if sized != bool(self.unit):
            raise ValueError("`unit` tells what `absolute`, `at_least` and `at_most` are in, and goes with them only")
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"the bounds contradict each other: at least {self.at_least}, at most {self.at_most}")
        return self

    def of(self, value: float, unit: str, quarters: float) -> float:
        """Return the standard deviation of a figure over so many quarters."""
        if self.unit and unit != self.unit:
            raise InputError(f"its family's discrepancy is given in {self.unit}, the figure in {unit or 'no unit'}")
        if self.absolute is not None:
            return self.absolute
        assert self.share is not None
        # An effect of each quarter by itself: of a sum of equal quarters the root of the sum of their squares.
        size = self.share * abs(value) / (math.sqrt(quarters) if self.each else 1.0)
        return min(max(size, self.at_least), math.inf if self.at_most is None else self.at_most)


class _Family(Record):
    title: NotEmpty
    discrepancy: _Discrepancy
    why: NotEmpty


class _Cells(Record):
    fact: str
    key: OneOrMore = ()


class _Entry(Record):
    name: NotEmpty
    family: str
    fact: str
    key: OneOrMore = ()
    share_of: str | None = None
    measures: OneOrMore
    periods: OneOrMore | dict[str, OneOrMore] = ()
    how: Literal["sum", "mean"] = "sum"
    of: OneOrMore = ()
    since: OneOrMore = ()
    factor: TypedNumber = 1.0
    sense: Sense | None = None
    half_width: TypedNumber | None = Field(None, gt=0)
    conflict: _Cells | None = None
    fitted: bool = True
    history: bool = False
    why: str = ""


class _File(Record):
    families: dict[str, _Family]
    targets: tuple[_Entry, ...] = ()


def _read(content: bytes, source: str, facts: Evidence, time_unit: str | None = None) -> tuple[Target, ...]:
    raw = read_toml(content, source)
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        raise located(error, raw, source) from None
    by_name: dict[str, Target] = {}
    for entry in file.targets:
        where = f"{source}: targets.{entry.name}"
        if entry.family not in file.families:
            raise InputError(f"{where}: family: {unknown_name('family', entry.family, file.families)}")
        try:
            read = list(_targets_of(entry, file.families[entry.family], facts))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        for target in read:
            try:
                check_factor(entry.factor, time_unit, target.unit)
            except ValueError as mistake:
                raise InputError(f"{where}: {mistake}") from None
            if target.name in by_name:
                raise InputError(f"{where}: name: another target is called '{target.name}'")
            by_name[target.name] = target
    _refuse_contradictions(list(by_name.values()), source)
    return tuple(by_name.values())


def _targets_of(entry: _Entry, family: _Family, facts: Evidence) -> Iterator[Target]:
    fact = facts[entry.fact]
    if entry.fitted and fact.role != "target":
        raise InputError(f"fact: the role of '{fact.id}' is '{fact.role}': only a target is fitted (fitted = false)")
    for keys, periods, label in _figures(entry, fact):
        sense, value, rounding = _figure(entry, fact, keys, facts)
        unit, conflict = fact.unit, 0.0
        if entry.conflict is not None:
            other = facts[entry.conflict.fact]
            conflict = abs(value - _sum(other, entry.conflict.key or tuple(other.cells()))) / 2 / math.sqrt(3)
        if entry.share_of is not None:
            whole = facts[entry.share_of]
            total = _sum(whole, tuple(whole.cells()))
            if whole.unit != unit or total == 0:
                raise InputError(f"share_of: '{whole.id}' is {total:g} {whole.unit}, '{fact.id}' is in {unit}")
            percent = 100 / total
            value, rounding, conflict, unit = value * percent, rounding * percent, conflict * percent, "percent"
        yield Target(
            name=entry.name.replace("{}", label),
            family=entry.family,
            observation=Observation(
                measures=entry.measures,
                periods=periods,
                how=entry.how,
                of=entry.of,
                since=entry.since,
                factor=entry.factor,
            ),
            value=value,
            sense=sense,
            unit=unit,
            fact=fact.id,
            key=" + ".join(keys),
            rounding=rounding,
            conflict=conflict,
            discrepancy=family.discrepancy.of(value, unit, sum(Period(period).months for period in periods) / 3),
            fitted=entry.fitted,
            history=entry.history,
            why=f"{entry.why} {family.why}".strip(),
        )


def _figures(entry: _Entry, fact: Fact) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Yield the keys of each figure that an entry tells, its periods, and what stands for {} in its name."""
    cells: Mapping[str, tuple[str, ...]]
    if fact.values is None or entry.key:
        if not entry.periods or isinstance(entry.periods, dict):
            raise InputError("periods: for one figure they are a period or a list of periods")
        yield entry.key, entry.periods, " + ".join(entry.periods)
        return
    if entry.conflict or "{}" not in entry.name:
        raise InputError(f"'{fact.id}' is a table: name a `key`, or write {{}} in the `name` for a target of each cell")
    if isinstance(entry.periods, dict):
        cells = entry.periods
    elif entry.periods:
        raise InputError("periods: for a table without a `key` it is a table too: { cell = period }")
    else:
        cells = {key: (key,) for key in fact.values}
    for key, periods in cells.items():
        yield (key,), periods, key


def _figure(entry: _Entry, fact: Fact, keys: tuple[str, ...], facts: Evidence) -> tuple[Sense, float, float]:
    """Return the sense of a figure, its value, and what its printing leaves open."""
    stated, sense = fact, entry.sense or "="
    if fact.relation is None:
        value = _sum(fact, keys)
    else:
        above, below = facts.limits(fact.id)
        bounds = {name: bound for name, bound in ((">", above), ("<", below)) if bound is not None}
        if entry.sense is None and len(bounds) == 1:
            sense = ">" if above is not None else "<"
        if sense not in bounds:
            raise InputError(f"sense: '{fact.id}' is '{fact.relation}': write {' or '.join(map(repr, bounds))}")
        value = bounds[sense]
        if not fact.relation.links:
            return sense, value, 0.0
        stated = facts[fact.relation.links[0]]
    precision, half = stated.precision, entry.half_width
    vague = precision.kind == "ca" or (precision.kind == "bound" and sense == "=")
    if vague != (half is not None):
        raise InputError(
            f"half_width: '{stated.id}' is given as '{precision.kind}': "
            + ("tell one, with the reason in `why`" if vague else "it has its own precision")
        )
    half = half if half is not None else precision.half_width or 0.0
    return sense, value, half / math.sqrt(3) * math.sqrt(max(len(keys), 1))


def _sum(fact: Fact, keys: tuple[str, ...]) -> float:
    return sum(fact.number(key) for key in keys) if keys else fact.number()


def _refuse_contradictions(found: Sequence[Target], source: str) -> None:
    for low in (target for target in found if target.sense == ">"):
        for high in (target for target in found if target.sense == "<"):
            if low.observation == high.observation and high.value < low.value:
                raise InputError(
                    f"{source}: targets.{high.name}: the bounds contradict each other: below {high.value:g}, "
                    f"and above {low.value:g} by '{low.name}'"
                )
