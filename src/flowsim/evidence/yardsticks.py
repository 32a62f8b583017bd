"""What a measure is held against: goals, and the figures of the country and of other municipalities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable
from typing import Literal

from pydantic import ValidationError

from flowsim.core.civil_time import check_factor
from flowsim.core.errors import InputError, Record, located
from flowsim.core.files import content_of, data_folder, read_toml
from flowsim.core.periods import Period
from flowsim.evidence.facts import Evidence, load

__all__ = ["Yardstick", "read_yardsticks", "yardsticks_of"]


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """One documented value that a measure is held against.

    Attributes:
        measure: the measure's name.
        kind: a "goal", the "country", or the "cluster" of municipalities that a city is compared with.
        period: when it holds; None where it always does.
        value: in the measure's unit.
        fact: the name of the documented figure.
    """

    measure: str
    kind: Literal["goal", "country", "cluster"]
    period: Period | None
    value: float
    fact: str


class _Entry(Record):
    measure: str
    kind: Literal["goal", "country", "cluster"]
    fact: str
    key: str | None = None
    period: str | None = None
    factor: float = 1.0

    def read(self, evidence: Evidence, source: str, time_unit: str | None = None) -> tuple[Yardstick, ...]:
        """Return the values of the fact.

        Raises:
            InputError: where the fact has no such value, or the factor does not lead to its unit.
        """
        where = f"{source}: {self.measure}"
        fact = next((one for one in evidence if one.id == self.fact), None)
        if fact is None:
            raise InputError(f"{where}: there is no fact '{self.fact}'")
        try:
            check_factor(self.factor, fact.unit, time_unit)
        except ValueError as mistake:
            raise InputError(f"{where}: {mistake}") from None
        values: dict[str | None, float]
        if fact.values is None:
            values = {self.period: _number(fact.value, self.fact, where)}
        elif self.key is None:
            values = {key: _number(value, self.fact, where) for key, value in fact.values.items()}
        elif self.key in fact.values:
            values = {self.period: _number(fact.values[self.key], self.fact, where)}
        else:
            raise InputError(f"{where}: the fact '{self.fact}' has no '{self.key}'")
        return tuple(
            Yardstick(
                measure=self.measure,
                kind=self.kind,
                period=None if period is None else Period(period),
                value=self.factor * value,
                fact=self.fact,
            )
            for period, value in values.items()
        )


def _number(value: object, fact: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: the fact '{fact}' is no number")
    return float(value)


@cache
def yardsticks_of(base: str) -> tuple[Yardstick, ...]:
    """Return what the measures of a city that ships are held against; nothing of any other name.

    Raises:
        InputError: where an entry names no number of a fact.
    """
    file = data_folder(base) / "yardsticks.toml" if base.isidentifier() else None  # no way out of the folder
    if file is None or not file.is_file():
        return ()
    return read_yardsticks(file, "yardsticks.toml", load(base))


class _File(Record):
    yardsticks: tuple[_Entry, ...] = ()


def read_yardsticks(
    file: Traversable, source: str, evidence: Evidence, time_unit: str | None = None
) -> tuple[Yardstick, ...]:
    """Read a file of yardsticks, whose values are documented figures.

    Args:
        file: the file.
        source: what it is called.
        evidence: where the figures are documented.
        time_unit: the unit of time that the pathway names, in which its waits are.

    Raises:
        InputError: one line with the file and the entry, where it names no number of a fact, or a fact in another unit
            of time without the factor between them.
    """
    raw = read_toml(content_of(file, source), source)
    try:
        entries = _File.model_validate(raw).yardsticks
    except ValidationError as error:
        raise located(error, raw, source) from None
    return tuple(yardstick for entry in entries for yardstick in entry.read(evidence, source, time_unit))
