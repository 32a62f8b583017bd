"""The changes that a scenario file can tell: the format, from which the JSON Schema for editors is made too.

A value is absolute, or starts from the base's: "+2", "-20 %", "+2 hours". What has a unit is written with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from flowsim.core.civil_time import Moment, in_python, parse_span, span_text
from flowsim.core.errors import Record, located
from flowsim.core.numbers import TOKEN, AmbiguousNumber, plain_number, read_number
from flowsim.core.quantities import is_relative, read_percentage
from flowsim.model.duration import Duration
from flowsim.model.parts import Batch, Hour, Weekday
from flowsim.model.recurring.patterns import Meets, Open

__all__ = [
    "LEVERS",
    "TARGETS",
    "ArrivalsEdit",
    "Closure",
    "Edit",
    "ExitEdit",
    "FeedbackEdit",
    "Include",
    "ScenarioFile",
    "SharesEdit",
    "StationEdit",
    "StayEdit",
    "Waiting",
    "change_place",
    "makes_changes",
    "numbered",
]

_UNITS = "(second|minute|hour|day|week|month|quarter|year)s?"
_NUMBER = r"\d+([.,]\d+)?"
_RELATIVE = rf"^[+-] ?{_NUMBER}( ?%)?$"
_SPAN = rf"^([+-]? ?{_NUMBER} ?{_UNITS}|[+-] ?{_NUMBER} ?%)$"
_RATE = rf"^([+-]? ?{_NUMBER} ?(per|/) ?({_NUMBER} )?{_UNITS}|[+-] ?{_NUMBER} ?%)$"


def _number_or_change(value: Any) -> Any:
    value = plain_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not allowed: it should be a number, or a change such as '+2' or '+10 %'")
    value = _typed_number(value)
    if not isinstance(value, str) and value < 0:
        raise ValueError(f'{value} is below 0: write it in quotes, "{value}", for a change by that much')
    return value


def _typed_number(value: Any) -> Any:
    """Return the number that a text says, whole where it is; a change, and what is no number, as it is."""
    if isinstance(value, str) and value.lstrip().startswith("–"):
        value = value.replace("–", "-", 1)  # as word processors write a minus
    if not isinstance(value, str) or is_relative(value):
        return value
    try:
        number = read_number(value)
    except AmbiguousNumber:
        raise
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def _whole_or_change(value: Any) -> Any:
    value = _typed_number(plain_number(value))
    if isinstance(value, float) or (is_relative(value) and "%" not in value and re.search("[.,]", value)):
        raise ValueError(f"{value!r} is not allowed: it should be a whole number, or a change such as '+2' or '+10 %'")
    return _number_or_change(value)


def _with_unit(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not allowed: it should be a text with its unit, or a change such as '+10 %'")
    if re.fullmatch(rf"\s*{TOKEN}\s*%\s*", value) and not is_relative(value):
        bare = value.strip()
        raise ValueError(f"'{bare}' has no sign: write '-{bare}' for so much less, or '+{bare}' for so much more")
    return value


def _share(value: Any) -> Any:
    """Read "30 %" as 0.3; a change such as "+10 %" stays one."""
    if isinstance(value, str) and not is_relative(value):
        percentage = read_percentage(value)
        value = _typed_number(value) if percentage is None else percentage
    if not (is_relative(value) or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1)):
        raise ValueError(f"{value!r} is not allowed: it should be a share between 0 and 1, such as 0.3 or '30 %'")
    return value


def _kept(value: Any) -> Any:
    if is_relative(value):
        raise ValueError(f"{value!r} is not allowed: tell what is kept, such as '50 %'")
    return _share(value)


def _law_or_change(value: Any) -> Any:
    if isinstance(in_python(value), timedelta):
        return span_text(parse_span(value))  # as its text: another mean of the same law
    try:
        return _with_unit(value) if isinstance(value, str) else Duration.model_validate(value)
    except ValidationError as error:
        raise ValueError(str(located(error, value, "a duration"))) from None


def _text(pattern: str, *others: Mapping[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [*others, {"type": "string", "pattern": pattern}]})


_LAW = {"anyOf": [{"type": "string", "pattern": rf"^{_NUMBER} ?{_UNITS}$"}, Duration.model_json_schema()]}
AmountEdit = Annotated[
    float | str, BeforeValidator(_number_or_change), _text(_RELATIVE, {"type": "number", "minimum": 0})
]
WholeEdit = Annotated[int | str, BeforeValidator(_whole_or_change), _text(_RELATIVE, {"type": "integer", "minimum": 0})]
Hours = Annotated[str, BeforeValidator(_with_unit), _text(_SPAN)]
PerTime = Annotated[str, BeforeValidator(_with_unit), _text(_RATE)]
_FRACTION = {"type": "number", "minimum": 0, "maximum": 1}
Share = Annotated[float | str, BeforeValidator(_share), _text(rf"^[+-]? ?{_NUMBER} ?%$|{_RELATIVE}", _FRACTION)]
Kept = Annotated[float, BeforeValidator(_kept), _text(rf"^{_NUMBER} ?%$", _FRACTION)]
LawEdit = Annotated[Duration, WithJsonSchema(_LAW)]
LawOrMean = Annotated[str | Duration, BeforeValidator(_law_or_change), _text(_SPAN, Duration.model_json_schema())]
_SIZE = {"type": "integer", "minimum": 1}
_SHARES = {"type": "object", "propertyNames": {"pattern": "^[0-9]+$"}, "additionalProperties": {"type": "number"}}
_GEOMETRIC = {
    "type": "object",
    "properties": {"law": {"const": "geometric"}, "mean": {"type": "number", "minimum": 1}},
    "required": ["law", "mean"],
}
BatchEdit = Annotated[Batch, WithJsonSchema({"anyOf": [_SIZE, _SHARES, _GEOMETRIC]})]
Day = Annotated[Moment, PlainSerializer(lambda moment: moment.isoformat(), return_type=str)]
LEVERS = (
    *("places", "capacity", "staff", "hours", "hours_a_case", "follow_up"),
    *("weekdays", "at", "meets", "open", "servers", "room", "together", "answers"),
)
TARGETS = {
    "stations": "station",
    "shares": "state",
    "exits": "state",
    "stays": "state",
    "arrivals": "entry",
    "waiting": "state",
    "closures": "station",
}


class Edit(Record):
    """A change that holds `from` a day `through` another, or `until` before one; always where none is given."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("start", "since", "begin", "fra"), "a change begins `from` a day"),
        **dict.fromkeys(("to", "end", "til"), "the last day of a change is `through`"),
    }
    since: Day | None = Field(None, alias="from", description="the first day of the change")
    until: Day | None = Field(None, description="the day on which the base's values hold again")
    through: Day | None = Field(None, description="the last day of the change, instead of `until`")

    @property
    def end(self) -> datetime | None:
        """The moment from which the base's values hold again; None where the change holds to the end."""
        return self.through + timedelta(days=1) if self.through else self.until

    @model_validator(mode="after")
    def _some_time(self) -> Edit:
        if self.until and self.through:
            raise ValueError(
                "`until` and `through` both tell the end: `through` is the last day, `until` the day after"
            )
        if self.through and self.through.time() != time():
            raise ValueError(f"through {self.through.isoformat()} is no day: leave out the hour, or use `until`")
        if self.since and self.through and self.through < self.since.replace(hour=0, minute=0, second=0, microsecond=0):
            raise ValueError(f"through {self.through:%Y-%m-%d} is before from {self.since:%Y-%m-%d}")
        if self.since and self.until and self.until <= self.since:
            raise ValueError(f"until {self.until:%Y-%m-%d} is not after from {self.since:%Y-%m-%d}")
        return self


class FeedbackEdit(Record):
    """Another answer of a station to its wait: what is named is changed, and "off" is none."""

    wait: Hours | None = Field(None, description="the goal")
    gain: AmountEdit | None = Field(None, description="how strongly places follow the wait")
    lag: Hours | None = Field(None, description="how long ago the wait was that is answered")
    least: AmountEdit | None = Field(None, description="times the places by date")
    most: AmountEdit | None = Field(None, description="times the places by date")
    limit: AmountEdit | None = Field(None, description="places beyond which the answer raises nothing")
    every: Hours | None = Field(None, description="the time between reviews of servers")

    @model_validator(mode="before")
    @classmethod
    def _off(cls, raw: Any) -> Any:
        if raw == "off":
            return {}
        if isinstance(raw, Mapping) and not raw:
            raise ValueError("nothing is changed: write 'off', or name what is changed, such as wait = '5 weeks'")
        return raw

    @model_serializer(mode="wrap")
    def _or_off(self, handler: Any) -> Any:
        return handler(self) if self.model_fields_set else "off"

    @property
    def is_off(self) -> bool:
        """Whether the station does not answer its wait."""
        return not self.model_fields_set


_ANSWERS = {"anyOf": [{"const": "off"}, FeedbackEdit.model_json_schema(mode="validation")]}


class StationEdit(Edit):
    """Another staffing of a station: of one `party` to it where it has several."""

    station: str
    party: str | None = None
    places: AmountEdit | None = Field(None, description="cases a meeting")
    capacity: WholeEdit | None = Field(None, description="servers")
    staff: AmountEdit | None = Field(None, description="caseworkers")
    hours: Hours | None = Field(None, description="hours of each caseworker for each meeting")
    hours_a_case: Hours | None = Field(None, description="hours that a new case takes")
    follow_up: dict[str, Hours] = Field({}, description="standing hours for each citizen in a state")
    weekdays: tuple[Weekday, ...] | None = Field(None, description="the days of the meeting")
    at: tuple[Hour, ...] | None = Field(None, description="the hours of the meeting, for the whole horizon")
    meets: Meets | None = Field(None, description="when the meeting is, in words")
    open: Open | None = Field(None, description="when servers are there, in words; of one `shift` where it is named")
    shift: str | None = None
    servers: WholeEdit | None = Field(None, description="servers of a `shift`")
    room: WholeEdit | None = Field(None, description="how many may wait, for the whole horizon")
    together: WholeEdit | None = Field(None, description="how many begin a stay together, for the whole horizon")
    answers: Annotated[FeedbackEdit, WithJsonSchema(_ANSWERS)] | None = Field(
        None, description="how the places follow the wait"
    )

    @model_validator(mode="after")
    def _something(self) -> StationEdit:
        given = {key for key in self.model_fields_set if getattr(self, key) is not None}  # null in JSON gives nothing
        if not given - {"station", "party", "shift", "since", "until", "through"}:
            raise ValueError(f"nothing is changed: give one of {', '.join(LEVERS)}")
        if (self.at or (self.room, self.together) != (None, None)) and (self.since or self.end):
            raise ValueError(
                "`at`, `room` and `together` hold for the whole horizon: leave out `from`, `until` and `through`"
            )
        if self.servers is not None and self.shift is None:
            raise ValueError("`servers` are those of a `shift`: name it; without shifts they are `capacity`")
        if self.shift is not None and self.servers is None and self.open is None:
            raise ValueError("of a `shift`, `servers` or when it is `open` can be changed")
        if self.answers and self.party is not None:
            raise ValueError("`answers` are the station's, for all parties to it alike: leave out `party`")
        return self


class Closure(Edit):
    """A time when a station works less: it keeps a share of its places or servers, none unless told."""

    station: str
    since: Day = Field(alias="from", description="the first day of the closure")
    keep: Kept = Field(0.0, description="the share of places or servers that is kept")


class SharesEdit(Edit):
    """Other shares of the ways out of a state: those named are set, the others scaled to add to 1."""

    state: str
    to: dict[str, Share]


class ExitEdit(Edit):
    """Another rate of one of the competing exits of a state."""

    state: str
    exit: str
    rate: PerTime


class StayEdit(Edit):
    """Longer or shorter stays in a state: a text or a timedelta is another mean of its law, a table a new law."""

    state: str
    stay: LawOrMean


class ArrivalsEdit(Edit):
    """Another rate of citizens at a door, or another number of those who come together."""

    entry: str
    rate: PerTime | None = None
    batch: BatchEdit | None = Field(None, description="how many come at each arrival")

    @model_validator(mode="after")
    def _some_change(self) -> ArrivalsEdit:
        if self.rate is None and self.batch is None:
            raise ValueError("nothing is changed: give another `rate`, or another `batch`")
        return self


class Waiting(Record):
    """How many wait for a state's station at the start, and how long they have: "430 are waiting today"."""

    state: str
    count: WholeEdit
    waited: LawEdit | None = None


class Include(Record):
    """A scenario whose changes are taken over before this file's own."""

    scenario: str = Field(description="a name that `flowsim scenarios` lists, or a scenario file, seen from this file")


def _keys_of_changes() -> dict[str, str]:
    """Return of each key of a change in which tables it belongs."""
    tables: dict[str, list[str]] = {}
    for kind, change in _CHANGES.items():
        for name, field in change.model_fields.items():
            tables.setdefault(field.alias or name, []).append(f"[[{kind}]]")
    out = {key: f"it belongs in a change, below {', '.join(known[:3])}" for key, known in tables.items()}
    return out | {"through": f"{out['through']}; another end of the run is `until`, the day after its last"}


_CHANGES: Mapping[str, type[Record]] = {
    **{"stations": StationEdit, "shares": SharesEdit, "exits": ExitEdit, "stays": StayEdit},
    **{"arrivals": ArrivalsEdit, "waiting": Waiting, "closures": Closure},
}
_OF_COMMANDS = ("seed", "replications", "workers", "engine", "goal", "measure", "during", "vary", "between", "language")


class ScenarioFile(Record):
    """The content of a scenario file."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **_keys_of_changes(),
        **{
            key: f"it is asked for with a question, such as --{key}, and is no part of a scenario"
            for key in _OF_COMMANDS
        },
        **dict.fromkeys(("end", "horizon"), "another end of the run is `until`, the day after its last"),
        "start": "the run begins where its base does, or on the day of a list (`today` and `today_is`)",
        "title": "it is the `name`",
    }
    name: str = Field(min_length=1)
    description: str = ""
    base: str = Field(description="'copenhagen', a pathway file, or a scenario to build on: a shipped one, or a file")
    include: tuple[Include, ...] = Field((), description="scenarios whose changes are made too, before this file's own")
    until: Day | None = Field(None, description="another end of the horizon")
    today: str | None = Field(None, description="a list of who is where (.xlsx or .csv), from which the run begins")
    today_is: Day | None = Field(None, description="the day of that list")
    known: str | None = Field(
        None, description="figures (.xlsx or .csv) newer than the documents, by which the histories are weighed again"
    )
    parameters: dict[str, Any] = Field({}, description="other values of the base's parameters")
    stations: tuple[StationEdit, ...] = ()
    shares: tuple[SharesEdit, ...] = ()
    exits: tuple[ExitEdit, ...] = ()
    stays: tuple[StayEdit, ...] = ()
    arrivals: tuple[ArrivalsEdit, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    closures: tuple[Closure, ...] = ()

    @model_validator(mode="after")
    def _day_of_list(self) -> ScenarioFile:
        if (self.today is None) != (self.today_is is None):
            raise ValueError("`today` (a list) and `today_is` (its day) go together")
        if self.today_is is not None and self.today_is.time() != time():
            raise ValueError(f"today_is {self.today_is.isoformat()} is no day: leave out the hour")
        if self.today is not None and self.waiting:
            raise ValueError("waiting: the list of `today` tells who waits")
        return self

    @model_validator(mode="before")
    @classmethod
    def _double_brackets(cls, raw: Any) -> Any:
        for kind in ("include", *TARGETS):
            if isinstance(raw, Mapping) and isinstance(raw.get(kind), Mapping):
                raise ValueError(f"{kind}: write [[{kind}]] in double brackets, one for each change")
        return raw


def makes_changes(file: ScenarioFile) -> bool:
    """Return whether a file tells any change of its own."""
    return any(getattr(file, kind) for kind in (*TARGETS, "parameters", "until"))


def numbered(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's plain data with each change named by its place, for the key path of a mistake."""
    out = dict(raw)
    for kind, target in {"include": "scenario", **TARGETS}.items():
        if isinstance(raw.get(kind), list):
            out[kind] = {
                change_place(index, edit.get(target) if isinstance(edit, Mapping) else None): edit
                for index, edit in enumerate(raw[kind])
            }
    return out


def change_place(index: int, target: Any) -> str:
    """Write where in a file a change stands, and what it changes: "[no. 1: rehabilitation_team]"."""
    return f"[no. {index + 1}: {target}]" if target else f"[no. {index + 1}]"
