"""The model language: a pathway of states and stations that citizens flow through, as a frozen value.

Nothing here runs. A `Pathway` checks itself in full when it is made; the engines only ever see checked ones.
"""

from __future__ import annotations

import hashlib
import json
import marshal
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ValidationError,
    WrapValidator,
    field_validator,
    model_validator,
)

from flowsim.core.civil_time import Moment, Span, TimeUnit, after_span
from flowsim.core.display import html_of
from flowsim.core.errors import InputError, Record, located, unknown_name
from flowsim.core.numbers import composed
from flowsim.core.quantities import check_typed
from flowsim.model.parts import Attribute, Clock, Entry, Followup, Name, Seniority, State, Station, Watch, listed
from flowsim.model.soundness import check
from flowsim.model.ticks import MINUTE, fitting_tick, warn_of_coarse_tick, without_tick_warnings

if TYPE_CHECKING:
    from flowsim.core.written import MomentLike, SpanLike

__all__ = ["Pathway"]


_MOST_PARTS, _MOST_FIELDS = 256, 1024  # of a kind, twice


class _Memory:
    """The values that were read last, by their plain data; what was not asked for again for a while is forgotten."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.recent: dict[bytes, Any] = {}
        self.earlier: dict[bytes, Any] = {}

    def value_of(self, content: bytes) -> Any:
        return self.recent.get(content) or self.earlier.get(content)

    def keep(self, content: bytes, value: Any) -> None:
        if len(self.recent) >= self.most:
            self.earlier, self.recent = self.recent, {}
        self.recent[content] = value


def _remembered() -> WrapValidator:
    """Return how a field of parts is read: as a list, or a table of tables, and of equal plain data only once.

    Draws of parameters and edits change few of them, and in these few tables, often to the same in states that are
    alike. Parts and their values by date are frozen and check themselves alone.
    """
    memory, fields = _Memory(_MOST_PARTS), _Memory(_MOST_FIELDS)

    def part_of(raw: Any, read_parts: Any) -> Any:
        content = _content(raw)
        if not content:
            return read_parts([raw])[0]
        if (part := memory.value_of(content)) is None:
            tables = {name: marshal.dumps((name, value), 2) for name, value in raw.items() if isinstance(value, dict)}
            values = {name: fields.value_of(table) for name, table in tables.items()}
            part = read_parts([raw | {name: value for name, value in values.items() if value is not None}])[0]
            for name, table in tables.items():
                if isinstance(value := getattr(part, name, None), BaseModel):
                    fields.keep(table, value)
        memory.keep(content, part)
        return part

    def read(raw: Any, read_parts: Any) -> Any:
        parts = listed(raw)
        if not isinstance(parts, list | tuple):
            return read_parts(parts)
        try:
            return tuple(part_of(part, read_parts) for part in parts)
        except ValidationError:
            return read_parts(parts)  # it says which part is wrong

    return WrapValidator(read)


def _content(part: Any) -> bytes:
    """Return the bytes of plain data; none for a part that is read already, and for what only Python can tell."""
    try:
        return marshal.dumps(part, 2) if isinstance(part, dict) else b""
    except ValueError:
        return b""


class Pathway(Record):
    """States, stations and entries over a horizon: the whole model, as data.

    The horizon runs from `start` until before `end`. Inside an engine time is a whole number of `tick`s since
    `start`: a minute where none is set, or a second or a millisecond where a fixed stay would otherwise be rounded by
    more than 1 part in 2,000. Stations are served in their order here. In a `closed_population` those who are there at
    the start go round for ever: no door is open, and no state needs a way to an end. Periods that begin within the
    `warm_up` are not measured, for a queue that begins empty is too short at first; its months and years are those of
    the calendar. What is measured is given by month, quarter and year, and with `periods` as "day" or "hour" by day, or
    by hour and day, besides. Waits, clocks and times to an outcome are told in `time_unit`; where none is named, the
    first two in weeks and the last in years.

    Raises:
        InputError: where anything is wrong, in one line with the key path.
    """

    name: Name
    title: str = ""
    start: Moment
    end: Moment
    tick: Span = MINUTE
    closed_population: bool = False
    warm_up: Span = 0.0
    periods: Literal["month", "day", "hour"] = "month"
    time_unit: TimeUnit | None = None
    attributes: Annotated[tuple[Attribute, ...], BeforeValidator(listed)] = ()
    stations: Annotated[tuple[Station, ...], _remembered()] = ()
    states: Annotated[tuple[State, ...], _remembered()]
    entries: Annotated[tuple[Entry, ...], _remembered()]
    watches: Annotated[tuple[Watch, ...], BeforeValidator(listed)] = ()
    clocks: Annotated[tuple[Clock, ...], BeforeValidator(listed)] = ()
    followups: Annotated[tuple[Followup, ...], BeforeValidator(listed)] = ()
    seniorities: Annotated[tuple[Seniority, ...], BeforeValidator(listed)] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            title: str = "",
            start: MomentLike,
            end: MomentLike,
            tick: SpanLike = ...,
            closed_population: bool = False,
            warm_up: SpanLike = ...,
            periods: Literal["month", "day", "hour"] = "month",
            time_unit: TimeUnit | None = None,
            attributes: Iterable[Attribute | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            stations: Iterable[Station | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            states: Iterable[State | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]],
            entries: Iterable[Entry | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]],
            watches: Iterable[Watch | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            clocks: Iterable[Clock | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            followups: Iterable[Followup | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            seniorities: Iterable[Seniority | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
        ) -> None: ...

    def __repr__(self) -> str:
        parts = f"{len(self.states)} states, {len(self.stations)} stations, {len(self.entries)} entries"
        return f"<Pathway '{self.name}': {parts}, {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the line above its diagram."""
        return html_of(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], source: str = "pathway") -> Pathway:
        """Read a pathway from plain data, as TOML gives it.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed; also for a text that can be
                two numbers, such as "1.200 per year".
        """
        check_typed(raw, source)
        return cls.of_plain(composed(raw), source)

    @classmethod
    def of_plain(cls, raw: Mapping[str, Any], source: str = "pathway") -> Pathway:
        """Read plain data whose numbers nobody typed, or which were checked: all texts are read as Python reads them.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise located(error, raw, source) from None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back to an equal pathway."""
        raw = self.model_dump(mode="json", exclude_defaults=True)
        # Of a minute that is set although stays need a finer tick, the plain data has to tell.
        return raw | ({"tick": "1 minute"} if self.tick == MINUTE != fitting_tick(self) else {})

    def __reduce__(self) -> tuple[Any, ...]:
        # Its values by date are of generic classes, which pickle does not find by their names.
        return _unpickled, (self.to_dict(),)

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole model: two pathways with one digest give the same results."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def measured_from(self) -> datetime:
        """When the warm-up is over; its whole months and years are those of the calendar."""
        return after_span(self.start, self.warm_up)

    @property
    def benefits(self) -> tuple[str, ...]:
        """The benefit labels in the order in which states name them."""
        return tuple(dict.fromkeys(state.benefit for state in self.states))

    def state(self, name: str) -> State:
        """Return the state of that name, or raise InputError with the nearest one."""
        return _find("state", name, self.states)

    def station(self, name: str) -> Station:
        """Return the station of that name, or raise InputError with the nearest one."""
        return _find("station", name, self.stations)

    def entry(self, name: str) -> Entry:
        """Return the entry of that name, or raise InputError with the nearest one."""
        return _find("entry", name, self.entries)

    @field_validator("start", "end")
    @classmethod
    def _within_the_calendar(cls, moment: datetime) -> datetime:
        if not _FIRST <= moment.year <= _LAST:
            raise ValueError(f"{moment:%Y-%m-%d} is not allowed: the years are {_FIRST} to {_LAST}")
        return moment

    @model_validator(mode="after")
    def _consistent(self) -> Pathway:
        if "tick" not in self.model_fields_set:
            self.__dict__["tick"] = fitting_tick(self)  # it is frozen from now on
        check(self)
        warn_of_coarse_tick(self)
        return self


def _unpickled(raw: Mapping[str, Any]) -> Pathway:
    with without_tick_warnings():
        return Pathway.of_plain(raw)


_FIRST, _LAST = 1000, 9998  # years in which there is a day before and after each, and four digits to each
_Part = TypeVar("_Part", State, Station, Entry)


def _find(what: str, name: str, among: Iterable[_Part]) -> _Part:
    name = composed(name)
    for item in among:
        if item.name == name:
            return item
    raise InputError(unknown_name(what, name, (item.name for item in among)))
