"""What a measure is: what it counts, of which names of the model, in which unit, and how its periods add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from flowsim.core.civil_time import MINUTES, TimeUnit
from flowsim.core.errors import InputError, require_type, unknown_name
from flowsim.core.numbers import composed
from flowsim.core.periods import Every, Period

__all__ = ["Adds", "Kind", "Measure", "Part", "Row", "Statistic", "known_measure", "measures_named"]

Adds = Literal["sum", "mean", "last", "weighted"]
Statistic = Literal["mean", "median"]
Part = Literal[
    "entry",
    "state",
    "benefit",
    "following",
    "station",
    "party",
    "attribute",
    "category",
    "watch",
    "percentile",
    "clock",
    "followup",
    "span",
    "seniority",
    "status",
    "price",
]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What all measures of a kind have in common, whichever names of the model they are of.

    It stands beside the function that computes them. What such a measure is called in reports stands in the table of
    terms, by `words`.

    Attributes:
        name: the first word of the measures' names.
        of: what the names after it are of.
        reading: the last word of the measures' names, where one thing is measured in several ways.
        unit: of the values; of a span of time ("weeks", "years") where the pathway names no unit of time.
        every: the kinds of period that it is reported for.
        finer: whether it is reported for days and hours too, where a pathway asks for these.
        adds: what the parts of a longer period come to. "sum" of what happens (entries, awards); "last", at the end, of
            who is there (queue, stock, caseload); "weighted" by the cases of each part, of means over cases; "mean",
            each part alike, otherwise.
        weight: the kind that counts those cases.
        ahead: whether a value depends on what comes after its period.
        headline: its place among the measures that sum a comparison up, from 1; 0 where it is none of them.
    """

    name: str
    of: tuple[Part, ...] = ()
    reading: str = ""
    unit: str
    every: tuple[Every, ...]
    finer: bool = True
    adds: Adds = "mean"
    weight: Kind | None = None
    ahead: bool = False
    headline: int = 0

    def __post_init__(self) -> None:
        if (self.adds == "weighted") != (self.weight is not None):
            raise ValueError(f"{self.words}: a weight belongs to what is weighted")

    def __hash__(self) -> int:
        return hash((self.name, self.reading, self.unit))

    def __call__(self, *names: str, unit: str = "") -> Measure:
        """Return the measure of this kind that is of some names of the model; in another unit where one is given."""
        return _measure(self, names, unit or self.unit)

    def unit_in(self, time_unit: TimeUnit | None) -> str:
        """Return the unit of the values for a pathway that names this unit of time: "weeks", "minutes", "citizens"."""
        is_span = self.unit.removesuffix("s") in MINUTES
        return f"{time_unit}s" if time_unit is not None and is_span else self.unit

    @property
    def statistic(self) -> Statistic:
        """What stands for the futures of a run: the "mean" of what adds up (counts, money), the "median" of levels."""
        return "mean" if self.adds == "sum" else "median"

    @property
    def words(self) -> str:
        """The key of what it is called, in the table of terms: "measure.wait.served"."""
        return ".".join(filter(None, ("measure", self.name, self.reading)))


class Measure(str):
    """A measure of a pathway.

    Equal to its name ("wait.rehabilitation_team.served"), by which tables, files and people name it. The name is
    written here, and nowhere taken apart.

    Attributes:
        kind: what it shares with measures of other names.
        names: the names of the model that it is of, one for each of `kind.of`.
        unit: the unit of its values: that of its kind, or that in which the pathway tells spans of time.
    """

    __slots__ = ("kind", "names", "unit")
    kind: Kind
    names: tuple[str, ...]
    unit: str

    def __new__(cls, kind: Kind, names: tuple[str, ...], unit: str = "") -> Measure:
        """Name the measure of a kind and of some names."""
        if len(names) != len(kind.of):
            raise ValueError(f"{kind.words}: {len(names)} names where {len(kind.of)} are needed: {', '.join(kind.of)}")
        measure = str.__new__(cls, ".".join(filter(None, (kind.name, *names, kind.reading))))
        measure.kind, measure.names, measure.unit = kind, names, unit or kind.unit
        return measure

    @property
    def weight(self) -> Measure | None:
        """The measure of the cases that weigh its periods; None where they are not weighted."""
        return self.kind.weight(*self.names) if self.kind.weight else None

    def of(self, part: Part) -> str | None:
        """Return the name that it is of, such as that of its station; None where it is of none."""
        return self.names[self.kind.of.index(part)] if part in self.kind.of else None

    def chosen_by(self, text: str) -> bool:
        """Return whether a text is its name, or the beginning of it up to a dot ("awards", "wait.team")."""
        return self == text or self.startswith(f"{text}.")

    def __reduce__(self) -> tuple[type[Measure], tuple[Kind, tuple[str, ...], str]]:
        return Measure, (self.kind, self.names, self.unit)


@lru_cache(maxsize=65536)
def _measure(kind: Kind, names: tuple[str, ...], unit: str) -> Measure:
    return Measure(kind, names, unit)  # a replication names all its measures


class Row(NamedTuple):
    """One number of a replication: which measure, of which period."""

    measure: Measure
    period: Period

    @property
    def unit(self) -> str:
        """The unit of the number."""
        return self.measure.unit


def known_measure(name: str, among: Iterable[Measure]) -> Measure:
    """Return the measure of a name, as people write it.

    Raises:
        InputError: where there is none, with the nearest one.
    """
    by_name = {measure: measure for measure in among}
    require_type("measure", name, str, "the name of one, such as 'queue.desk'")
    name = composed(name)
    if name not in by_name:
        raise InputError(unknown_name("measure", name, by_name))
    return by_name[name]  # type: ignore[index]


def measures_named(name: str, among: Iterable[Measure]) -> list[Measure]:
    """Return the measure of a name; of one that ends in ".*", as documents add up what has no figure, all of them.

    Raises:
        InputError: where there is none, with the nearest one.
    """
    require_type("measure", name, str, "the name of one, such as 'queue.desk'")
    every = list(among)
    matching = [measure for measure in every if name.endswith(".*") and measure.startswith(name[:-1])]
    return matching or [known_measure(name, every)]
