"""What a measure is held against: goals, and the figures of the country and of other municipalities."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Literal

from flowsim.core.errors import InputError, Record
from flowsim.core.files import data_folder
from flowsim.core.periods import Period
from flowsim.evidence.facts import load

__all__ = ["Yardstick", "yardsticks_of"]


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

    def read(self) -> tuple[Yardstick, ...]:
        """Return the values of the fact.

        Raises:
            InputError: where the fact has no such value.
        """
        fact = next((one for one in load().facts if one.id == self.fact), None)
        if fact is None:
            raise InputError(f"yardsticks.toml: {self.measure}: there is no fact '{self.fact}'")
        values: dict[str | None, float]
        if fact.values is None:
            values = {self.period: _number(fact.value, self)}
        elif self.key is None:
            values = {key: _number(value, self) for key, value in fact.values.items()}
        elif self.key in fact.values:
            values = {self.period: _number(fact.values[self.key], self)}
        else:
            raise InputError(f"yardsticks.toml: {self.measure}: the fact '{self.fact}' has no '{self.key}'")
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


def _number(value: object, entry: _Entry) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"yardsticks.toml: {entry.measure}: the fact '{entry.fact}' is no number")
    return float(value)


@cache
def yardsticks_of(base: str) -> tuple[Yardstick, ...]:
    """Return what the measures of a shipped base are held against; nothing of any other base.

    Raises:
        InputError: where an entry names no number of a fact.
    """
    file = data_folder(base) / "yardsticks.toml" if base.isidentifier() else None  # no way out of the folder
    if file is None or not file.is_file():
        return ()
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["yardsticks"]
    return tuple(yardstick for entry in entries for yardstick in _Entry(**entry).read())
