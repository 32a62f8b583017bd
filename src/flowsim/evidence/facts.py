"""Documented figures as data: each with its source, unit, period, population, precision and its own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeGuard, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, field_validator, model_validator

from flowsim.core.display import Displayed
from flowsim.core.errors import InputError, Record, located, require_type, unknown_name
from flowsim.core.files import content_of, data_folder, read_toml

__all__ = ["Contradiction", "Evidence", "Exactness", "Fact", "Relation", "Source", "Total", "load"]

Real = int | float
ROLES = ("target", "input", "context")
UNITS = (
    *("persons", "full-year persons", "full-time persons", "persons per year", "staff", "spells", "cases", "awards"),
    *("courses", "count", "rank", "ratio", "percent", "percent change", "percentage points", "date", "minutes"),
    *("hours", "hours per week", "days", "weeks", "months", "years", "DKK", "DKK million", "DKK million per year"),
)
COUNTED_KINDS = (
    *("persons", "full-year persons", "full-time persons", "spells", "cases", "awards", "meetings", "staff"),
    *("municipalities", "documents", "initiatives", "money", "time", "events"),
)
_PERSONS = {"persons", "full-year persons", "full-time persons"}
_DATE = re.compile(r"(\d{4})(?:Q([1-4])|-(0[1-9]|1[0-2])(?:-(\d\d))?)?")


def _in_words(text: str) -> str:
    if not text.strip():
        raise ValueError("nothing is said here: give it in words")
    return text


def _known(what: str, names: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(unknown_name(what, name, names))
        return name

    return AfterValidator(check)


def _calendar(token: str) -> tuple[int, int]:
    """Return the first and last day of "2019", "2019Q2", "2019-05" or "2020-06-15", as numbers that sort."""
    match = _DATE.fullmatch(token)
    if not match:
        raise ValueError(f"'{token}' is not a date such as 2020-06-15, 2020-06, 2020Q2, 2020")
    year, quarter, month, day = (int(part) if part else 0 for part in match.groups())
    if day:
        date(year, month, day)
    first, last = (3 * quarter - 2, 3 * quarter) if quarter else (month or 1, month or 12)
    return 10000 * year + 100 * first + (day or 1), 10000 * year + 100 * last + (day or 31)


def _period(text: str) -> str:
    if re.fullmatch(r"undated: .*\S", text):
        return text
    begin, slash, end = text.partition("/")
    try:
        first = _calendar(begin)[0]
        backwards = end != ".." and first > _calendar(end if slash else begin)[1]
    except ValueError as error:
        raise ValueError(f"{error}, nor two of them with '/' between, nor 'undated: ...' in words") from None
    if backwards:
        raise ValueError(f"the period '{text}' ends before it begins")
    return text


def _is_number(value: Any) -> TypeGuard[Real]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _figure(value: Any) -> Any:
    if not _is_number(value):
        raise ValueError(f"{value!r} is not a number" + isinstance(value, date) * "; a date is written in quotes")
    return value


def _figure_or_text(value: Any) -> Any:
    return value if isinstance(value, str) else _figure(value)


FigureValue = Annotated[Real, BeforeValidator(_figure)]
FigureOrText = Annotated[Real | str, BeforeValidator(_figure_or_text)]
NotBlank = Annotated[str, AfterValidator(_in_words)]
PeriodText = Annotated[str, AfterValidator(_period)]


class Source(Record):
    """A document that facts are taken from."""

    id: NotBlank
    title: NotBlank
    date: PeriodText
    file: str = ""
    supplementary: bool = False


class Exactness(Record):
    """How exactly a figure is given: exact, rounded by a half-width, "ca.", or as a bound."""

    kind: Annotated[str, _known("kind of precision", ("exact", "rounded", "ca", "bound"))]
    half_width: FigureValue | None = Field(None, gt=0)
    lower: FigureValue | None = None
    upper: FigureValue | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Exactness:
        if (self.kind == "rounded") != (self.half_width is not None):
            raise ValueError(f"half_width goes with kind 'rounded' and no other; the kind is '{self.kind}'")
        if self.kind != "bound" and (self.lower, self.upper) != (None, None):
            raise ValueError(f"lower and upper go with kind 'bound'; the kind is '{self.kind}'")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"the bounds contradict each other: lower = {self.lower}, upper = {self.upper}")
        return self


class Relation(Record):
    """What binds without a figure of its own: above or below a number, or another fact (its cell `key`)."""

    above: FigureOrText | None = None
    below: FigureOrText | None = None
    key: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Relation:
        if self.above is None and self.below is None:
            raise ValueError("above or below is needed: a number or a fact's id")
        if _is_number(self.above) and _is_number(self.below) and self.above >= self.below:
            raise ValueError(f"the bounds contradict each other: above {self.above} and below {self.below}")
        if self.key is not None and not self.links:
            raise ValueError("key names a cell of another fact, but above and below are numbers")
        return self

    @property
    def links(self) -> tuple[str, ...]:
        """The ids of the facts that it compares with."""
        return tuple(end for end in (self.above, self.below) if isinstance(end, str))

    def __str__(self) -> str:
        ends = {"above": self.above, "below": self.below}
        said = " and ".join(f"{word} {end}" for word, end in ends.items() if end is not None)
        return f"{said} ({self.key})" if self.key else said


class Total(Record):
    """A total as the source prints it, over the keys `of` (none: the whole table)."""

    printed: FigureValue
    of: tuple[str, ...] = ()
    discrepancy: str = ""


class Fact(Record):
    """One documented figure, series, table, date or inequality; `data/copenhagen/facts.toml` explains each key.

    `conflicts_with` and `resolution` are filled by `load` from the file's contradictions.
    """

    id: NotBlank
    label: NotBlank
    source: NotBlank
    role: Annotated[str, _known("role", ROLES)]
    value: FigureOrText | None = None
    values: dict[str, FigureValue] | None = None
    relation: Relation | None = None
    unit: Annotated[str, _known("unit", UNITS)]
    period: PeriodText
    counted: Annotated[str, _known("counted", COUNTED_KINDS)]
    population: NotBlank
    precision: Exactness
    place: NotBlank
    quote: NotBlank
    derived_from: tuple[str, ...] = ()
    derivation: str = ""
    conflicts_with: tuple[str, ...] = ()
    resolution: str = ""
    totals: tuple[Total, ...] = ()
    note: str = ""
    supplementary: bool = False

    @field_validator("value", "values")
    @classmethod
    def _dates(cls, given: Any) -> Any:
        for text in [given] if isinstance(given, str) else given if isinstance(given, dict) else ():
            if given == text or re.match(r"\d{4}", text):
                _calendar(text)
        return given

    @model_validator(mode="after")
    def _holds_together(self) -> Fact:
        if not re.fullmatch(rf"{re.escape(self.source)}\.[a-z0-9-]+", self.id):
            raise ValueError(f"id: it should be '{self.source}.' and a slug of small letters, digits, hyphens")
        given = [name for name in ("value", "values", "relation") if getattr(self, name) not in (None, {})]
        if len(given) != 1:
            raise ValueError(f"exactly one of value, values, relation is needed, not {' and '.join(given) or 'none'}")
        if (self.unit == "date") != isinstance(self.value, str):
            raise ValueError(f"unit: 'date' goes with a date as value and with nothing else; it is '{self.unit}' here")
        if {self.unit, self.counted} < _PERSONS and self.unit != self.counted:
            raise ValueError(f"counted: '{self.counted}' are another unit of persons than '{self.unit}'")
        if bool(self.derived_from) != bool(self.derivation.strip()):
            missing = "derivation" if self.derived_from else "derived_from"
            raise ValueError(f"{missing}: a derived fact needs its parts (derived_from) and words (derivation)")
        if self.derived_from and self.role != "context":
            raise ValueError(f"role: a derived fact is context, not {self.role}: its parts are used already")
        self._within_bounds()
        self._sums_as_printed()
        return self

    def _within_bounds(self) -> None:
        given, relation = self.precision, self.relation
        if relation and given != Exactness(kind="bound"):
            raise ValueError('precision: of an inequality it is { kind = "bound" }; its limits are in relation')
        if not relation and given == Exactness(kind="bound"):
            raise ValueError("precision: a bound needs lower or upper")
        for key, cell in self.cells().items():
            if (given.lower is not None and cell < given.lower) or (given.upper is not None and cell > given.upper):
                raise ValueError(f"precision: {key} = {cell} lies outside its own bounds")
        limits = {"lower": given.lower, "upper": given.upper}
        ends = {"above": relation.above, "below": relation.below} if relation else {}
        for key, number in {**self.cells(), **limits, **ends}.items():
            if self.unit == "percent" and _is_number(number) and not 0 <= number <= 100:
                raise ValueError(f"{key}: {number} percent is outside 0 to 100 (growth is 'percent change')")

    def _sums_as_printed(self) -> None:
        table = self.values or {}
        for total in self.totals:
            for key in total.of:
                if key not in table:
                    raise ValueError(f"totals: {unknown_name('key', key, table)}")
            summed = round(sum(table[key] for key in total.of or table), 9)
            sums = f"the cells {' + '.join(total.of or table)} sum to {summed}, printed is {total.printed}"
            if summed != total.printed and not total.discrepancy.strip():
                raise ValueError(f"totals: {sums}: correct them, or give the source's discrepancy in words")
            if summed == total.printed and total.discrepancy:
                raise ValueError(f"totals: {sums}: there is no discrepancy")

    def cells(self) -> dict[str, Real]:
        """All its numbers: a table's by key, a single one under "value"; none of a date or an inequality."""
        return dict(self.values or ({"value": self.value} if _is_number(self.value) else {}))

    def number(self, key: str | None = None) -> float:
        """Return its number, or a cell of its table; raises InputError for an unknown key, a date, an inequality."""
        if self.relation or isinstance(self.value, str):
            raise InputError(f"fact '{self.id}' is no number: it is '{self.relation or self.value}'")
        cells, name = self.cells(), ("value" if key is None else key)
        if name not in cells:
            raise InputError(f"fact '{self.id}': {unknown_name('key', key or '', cells)}")
        return float(cells[name])

    def as_json(self) -> dict[str, Any]:
        """Return it for JSON; the value of an inequality is its wording, such as "above 50"."""
        filled = self.model_dump(mode="json", exclude_none=True)
        if self.relation:
            filled["value"] = str(self.relation)
        return {name: given for name, given in filled.items() if given not in ("", [])}


class Contradiction(Record):
    """Facts that do not agree as they stand, and in words which one the model uses and why."""

    about: NotBlank
    between: tuple[str, ...] = Field(min_length=2)
    resolution: NotBlank


@dataclass(frozen=True, kw_only=True)
class Evidence(Displayed):
    """All facts with their sources; the supplementary ones stand apart."""

    sources: Mapping[str, Source]
    facts: tuple[Fact, ...]
    supplementary: tuple[Fact, ...]
    contradictions: tuple[Contradiction, ...]

    def __repr__(self) -> str:
        many = len(self.facts) + len(self.supplementary)
        return (
            f"<Evidence: {many:,} facts from {len(self.sources):,} sources, {len(self.contradictions)} contradictions>"
        )

    def __iter__(self) -> Iterator[Fact]:
        return chain(self.facts, self.supplementary)

    def __getitem__(self, id: str) -> Fact:
        """Return the fact with this id, supplementary or not; raises InputError with the nearest id."""
        for fact in self:
            if fact.id == id:
                return fact
        raise InputError(unknown_name("fact", id, (fact.id for fact in self)))

    def select(self, source: str | None = None, role: str | None = None, text: str | None = None) -> tuple[Fact, ...]:
        """Return the facts of a source and a role in which a text occurs, supplementary ones last.

        Raises InputError for an unknown source or role.
        """
        for what, name, names in (("source", source, self.sources), ("role", role, ROLES)):
            if name is not None and name not in names:
                raise InputError(unknown_name(what, name, names))

        def words(fact: Fact) -> str:
            said = (fact.id, fact.label, fact.population, fact.quote, fact.derivation, fact.resolution, fact.note)
            return " ".join(said).casefold()

        chosen = [fact for fact in self if source in (None, fact.source) and role in (None, fact.role)]
        return tuple(fact for fact in chosen if (text or "").casefold() in words(fact))

    def limits(self, id: str) -> tuple[float | None, float | None]:
        """Return what an inequality is above and below, other facts looked up; raises InputError for any other fact."""
        fact = self[id]
        if fact.relation is None:
            raise InputError(f"fact '{id}' is not an inequality")
        for link in fact.relation.links:
            if self[link].unit != fact.unit:
                raise InputError(f"'{link}' is in {self[link].unit}, '{id}' in {fact.unit}")
        ends, key = (fact.relation.above, fact.relation.below), fact.relation.key
        above, below = (self[end].number(key) if isinstance(end, str) else end for end in ends)
        return above, below


class _Book(Record):
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    facts: tuple[dict[str, Any], ...] = ()
    contradictions: tuple[dict[str, Any], ...] = ()


_Read = TypeVar("_Read", bound=Record)


def load(city_or_path: str | Path = "copenhagen") -> Evidence:
    """Read the facts of a city that ships, by its name, or a facts file by its path.

    Raises InputError with the file, the fact's id and the key at the first thing that is missing or wrong.
    """
    require_type("evidence", city_or_path, (str, Path), "the name of a city, or the path of a facts file")
    name = str(city_or_path)
    # A name has no folder in it, so nothing outside the shipped data can be meant.
    if Path(name).name == name and (data_folder(name) / "facts.toml").is_file():
        return _shipped(name)
    return _load(Path(city_or_path), name)


@cache
def _shipped(city: str) -> Evidence:
    return _load(data_folder(city) / "facts.toml", "facts.toml")


def _load(file: Traversable, name: str) -> Evidence:
    try:
        book = _read(_Book, read_toml(content_of(file, name), name), name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    sources = {id: _read(Source, {"id": id, **raw}, f"{name}: source '{id}'") for id, raw in book.sources.items()}
    facts: dict[str, Fact] = {}
    for position, raw in enumerate(book.facts, start=1):
        where = f"{name}: fact '{raw['id']}'" if "id" in raw else f"{name}: fact no. {position}"
        for key in {"conflicts_with", "resolution"} & raw.keys():
            raise InputError(f"{where}: {key}: a contradiction is written once, under [[contradictions]]")
        fact = _read(Fact, raw, where)
        if fact.id in facts:
            raise InputError(f"{where}: id: another fact has this id already")
        facts[fact.id] = fact
    for fact in facts.values():
        _check_links(fact, facts, sources, f"{name}: fact '{fact.id}'")
    conflicts: list[Contradiction] = []
    for position, raw in enumerate(book.contradictions, start=1):
        where = f"{name}: contradiction no. {position}"
        conflicts.append(_read(Contradiction, raw, where))
        for id in conflicts[-1].between:
            if id not in facts:
                raise InputError(f"{where}: between: {unknown_name('fact', id, facts)}")
    linked = [_with_conflicts(fact, conflicts) for fact in facts.values()]
    evidence = Evidence(
        sources=sources,
        facts=tuple(fact for fact in linked if not fact.supplementary),
        supplementary=tuple(fact for fact in linked if fact.supplementary),
        contradictions=tuple(conflicts),
    )
    for fact in linked:
        try:
            if fact.relation:
                evidence.limits(fact.id)
        except InputError as error:
            raise InputError(f"{name}: fact '{fact.id}': relation: {error}") from None
    return evidence


def _read(model: type[_Read], raw: Any, where: str) -> _Read:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise located(error, raw, where) from None


def _check_links(fact: Fact, facts: Mapping[str, Fact], sources: Mapping[str, Source], where: str) -> None:
    if fact.source not in sources:
        raise InputError(f"{where}: source: {unknown_name('source', fact.source, sources)}")
    if fact.supplementary != sources[fact.source].supplementary:
        raise InputError(f"{where}: supplementary: the fact and its source '{fact.source}' differ in this mark")
    for id in fact.derived_from:
        if id not in facts or id == fact.id:
            raise InputError(f"{where}: derived_from: {unknown_name('fact', id, facts.keys() - {fact.id})}")


def _with_conflicts(fact: Fact, conflicts: list[Contradiction]) -> Fact:
    mine = [conflict for conflict in conflicts if fact.id in conflict.between]
    others = dict.fromkeys(id for conflict in mine for id in conflict.between if id != fact.id)
    resolution = " ".join(f"{conflict.about}. {conflict.resolution}" for conflict in mine)
    return fact.model_copy(update={"conflicts_with": tuple(others), "resolution": resolution})
