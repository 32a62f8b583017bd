"""The parts of a pathway: stations and their parties, states and their exits, entries, and what is watched.

Each is a frozen value that checks itself; what only the whole can tell is checked in `soundness`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from flowsim.core.civil_time import MINUTES, ByDate, Moment, Rate, Span, in_python, span_text
from flowsim.core.errors import Record
from flowsim.core.numbers import plain_number
from flowsim.model.duration import Duration
from flowsim.model.recurring.closures import Closed, ClosedDays
from flowsim.model.recurring.patterns import Meets, Open, Pattern, meeting_moments, open_spans

if TYPE_CHECKING:
    from flowsim.core.written import ByDateLike, MomentLike, RealLike, SpanLike, WholeLike

__all__ = [
    "Attribute",
    "Batch",
    "Clock",
    "Entry",
    "Exit",
    "Feedback",
    "Followup",
    "Party",
    "Seniority",
    "Shift",
    "State",
    "Station",
    "Variant",
    "Watch",
    "as_shares",
    "listed",
]

Order = Literal["first", "last", "shortest", "random"]
Interrupted = Literal["resume", "restart", "resample"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _name(name: str) -> str:
    if not re.fullmatch(r"[\w\-]+", name):
        raise ValueError(f"'{name}' is no name: letters, digits, '_' and '-' are allowed")
    return name


def _hour(value: Any) -> time:
    try:
        hour = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is no time of day: write '09:00'") from None
    if hour.tzinfo is not None:
        raise ValueError(f"'{value}' carries a time zone: flowsim keeps local civil time, so leave it out")
    return hour


def _pairs(raw: Any) -> Any:
    return tuple(raw.items()) if isinstance(raw, Mapping) else raw


def several(raw: Any) -> Any:
    """Read one text, date or hour, or any number of values, as a tuple."""
    raw = in_python(raw)
    if isinstance(raw, str | date | time | timedelta):
        return (raw,)
    return tuple(raw) if isinstance(raw, Iterable) and not isinstance(raw, Mapping | BaseModel) else raw


def _days(raw: Any) -> Any:
    days = several(raw)
    for day in days if isinstance(days, tuple) else ():
        if isinstance(day, date) and day != day:  # a NaT of pandas equals nothing
            raise ValueError(f"{day!r} is no date: write 2019-04-01")
    return tuple(map(in_python, days)) if isinstance(days, tuple) else days


def as_shares(raw: Any) -> Any:
    """Read shares as pairs of a name and a number: "plan" alone is all of them, "rest" what the others leave."""
    if isinstance(raw, str):
        return ((raw, 1.0),)
    if not isinstance(raw, Mapping) or "rest" not in raw.values():
        return _pairs(raw)
    raw = {name: plain_number(share) for name, share in raw.items()}
    numbers = [share for share in raw.values() if isinstance(share, int | float)]
    if len(numbers) != len(raw) - 1:
        raise ValueError("one share alone may be 'rest', and the others are numbers")
    rest = 1.0 - math.fsum(numbers)
    if rest < 0:
        raise ValueError(f"the shares add to {math.fsum(numbers):.6g} before the 'rest': at most 1 is allowed")
    return tuple((name, rest if share == "rest" else share) for name, share in raw.items())


def _sum_to_one(shares: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    for name, share in shares:
        if not 0 <= share <= 1:
            raise ValueError(f"the share of '{name}' is {share:g}: a share lies between 0 and 1")
    total = sum(share for _, share in shares)
    if abs(total - 1) > 1e-9:
        raise ValueError(f"the shares add to {total:.6g}: they must add to 1")
    return shares


def listed(raw: Any) -> Any:
    """Read a table of named tables as a list: `[states.plan]` is a state named plan."""
    if not isinstance(raw, Mapping):
        return several(raw)
    out = []
    for name, body in raw.items():
        if not isinstance(body, Mapping):
            raise ValueError(f"'{name}' should be a table of keys")
        out.append({"name": name} | dict(body))
    return out


Name = Annotated[str, AfterValidator(_name)]
PlainNumber = Annotated[float, BeforeValidator(plain_number), Strict()]
_MOST = 10**9  # servers, places or citizens: what the engines count fits into 32 bits
Count = Annotated[int, BeforeValidator(plain_number), Strict(), Field(ge=0, le=_MOST)]
Amount = Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0, le=_MOST)]
Hour = Annotated[time, BeforeValidator(_hour), PlainSerializer(lambda t: t.isoformat(), return_type=str)]
Shares = Annotated[
    tuple[tuple[str, PlainNumber], ...],
    BeforeValidator(as_shares),
    AfterValidator(_sum_to_one),
    PlainSerializer(dict, return_type=dict[str, float]),
    WithJsonSchema({"type": ["string", "object"], "additionalProperties": {"type": "number"}}),
]
ByState = Annotated[
    tuple[tuple[str, ByDate[Span]], ...],
    BeforeValidator(_pairs),
    PlainSerializer(lambda pairs: {k: v.model_dump(mode="json") for k, v in pairs}, return_type=dict[str, Any]),
    WithJsonSchema({"type": "object"}),
]
BySpent = Annotated[
    tuple[tuple[Span, Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0)]], ...],
    BeforeValidator(_pairs),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}}),
]
Names = Annotated[tuple[str, ...], BeforeValidator(several)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(several)]
Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(several)]
Reserved = Annotated[
    tuple[tuple[Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=1000)], Count], ...],
    BeforeValidator(_pairs),
    PlainSerializer(lambda pairs: {str(priority): number for priority, number in pairs}, return_type=dict[str, int]),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}),
]


def _rising(shares: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    numbers = [number for number, _ in shares]
    if numbers != sorted(set(numbers)):
        raise ValueError('the numbers of those who wait rise: { "3" = 0.25, "6" = 1 }')
    return shares


ByWaiting = Annotated[
    tuple[
        tuple[
            Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=_MOST)],
            Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0, le=1)],
        ],
        ...,
    ],
    BeforeValidator(_pairs),
    AfterValidator(_rising),
    PlainSerializer(lambda pairs: {str(number): share for number, share in pairs}, return_type=dict[str, float]),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}),
]


def _size(raw: Any) -> int:
    if isinstance(raw, bool) or not re.fullmatch(r"[0-9]{1,9}", str(raw)) or not 1 <= int(raw) <= _MOST_TOGETHER:
        raise ValueError(f"{raw!r} is no size of a batch: a whole number from 1 to {_MOST_TOGETHER:,} is")
    return int(raw)


_MOST_TOGETHER = 1_000_000
_MOST_MEAN = 10_000  # of a law that has no most
_NO_SHARE = 2.0**-54  # half of the least uniform that is drawn
Size = Annotated[int, BeforeValidator(_size)]
Together = Annotated[int, BeforeValidator(plain_number), Strict(), Field(ge=1, le=_MOST_TOGETHER)]
Multiplier = Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0, le=1000)]
Profile = Annotated[
    tuple[tuple[Open, Multiplier], ...],
    BeforeValidator(_pairs),
    PlainSerializer(
        lambda pairs: {"; ".join(map(str, patterns)): factor for patterns, factor in pairs},
        return_type=dict[str, float],
    ),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}}),
]

if TYPE_CHECKING:
    OpenLike: TypeAlias = str | Iterable[str | Pattern]
    ClosedLike: TypeAlias = str | date | ClosedDays | Iterable[str | date | ClosedDays]
    StayLike: TypeAlias = Duration | SpanLike | Mapping[str, Any]
    ShareLike: TypeAlias = RealLike | Literal["rest"]
    # Names of states with their shares, or dates with such tables: in one mapping, for mypy to infer what stands in it.
    SharesLike: TypeAlias = str | Mapping[Any, ShareLike | str | Mapping[str, ShareLike]] | ByDate[Any]


class Party(Record):
    """One party to a meeting: the places that its staff allow.

    Either `places` a meeting by date, or hours-based: `staff` members with `hours` each for a meeting, less the
    standing `follow_up` hours of every citizen now in the named states (those in a queue included), divided by
    `hours_a_case`; clipped at 0, the fraction carried to the next meeting, unused places not. Of several parties each
    carries its own fraction, and the least of their whole places counts: parties with 0.5 and 0.3 places both have
    one at two meetings of ten.
    """

    name: Name
    places: ByDate[Amount] | None = None
    staff: ByDate[Amount] | None = None
    hours: ByDate[Span] | None = None
    hours_a_case: ByDate[Span] | None = None
    follow_up: ByState = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            places: ByDateLike[RealLike] | None = None,
            staff: ByDateLike[RealLike] | None = None,
            hours: ByDateLike[SpanLike] | None = None,
            hours_a_case: ByDateLike[SpanLike] | None = None,
            follow_up: Mapping[str, ByDateLike[SpanLike]] = ...,
        ) -> None: ...

    @model_validator(mode="after")
    def _one_way(self) -> Party:
        by_hours = (self.staff, self.hours, self.hours_a_case)
        if self.places is not None:
            if any(by_hours) or self.follow_up:
                raise ValueError(
                    "`places` are given, so staff, hours, hours_a_case and follow_up have no say: drop one side"
                )
        elif not all(by_hours):
            raise ValueError("a party tells either `places`, or `staff`, `hours` and `hours_a_case`")
        elif any(span <= 0 for span in self.hours_a_case.values):  # type: ignore[union-attr]
            raise ValueError("`hours_a_case` must be longer than 0")
        elif self.staff and self.hours and self.hours_a_case:
            places = max(self.staff.values) * max(self.hours.values) / min(self.hours_a_case.values)
            if places > _MOST:
                raise ValueError(
                    f"`staff` times `hours` by `hours_a_case` is {places:.3g} places at a meeting: at most {_MOST:,}"
                )
        return self


class Feedback(Record):
    """How the places of a station follow its wait, around those that are given by date.

    The wait is that of whoever has waited longest at the station, `lag` ago. Where it is twice the goal (`wait`), a
    `gain` of 0.5 gives half as many places again; where nobody waits, half as many. There are never fewer than `least`
    times the places by date, nor more than `most` times them; `limit` is what the answer itself never goes beyond
    (rooms, doctors), while places by date that lie above it stand. Servers are reviewed `every` so often, and are
    rounded down to whole ones; a meeting answers each time that it is held, each of its parties alike.
    """

    wait: Span
    gain: Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0, le=100)]
    lag: Span
    least: Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=0, le=1)]
    most: Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=1, le=1000)]
    limit: Amount | None = None
    every: Span | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            wait: SpanLike,
            gain: RealLike,
            lag: SpanLike,
            least: RealLike,
            most: RealLike,
            limit: RealLike | None = None,
            every: SpanLike | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _a_goal(self) -> Feedback:
        if self.wait <= 0:
            raise ValueError("the goal `wait` must be longer than 0")
        if self.every is not None and self.every < MINUTES["hour"]:
            raise ValueError("`every` is at least an hour")
        return self


def _off(raw: Any) -> Any:
    return None if raw == "off" else raw


def _or_off(rule: Feedback | None) -> Any:
    return "off" if rule is None else rule.model_dump(mode="json", exclude_defaults=True)


Rule = Annotated[
    Feedback | None,
    BeforeValidator(_off),
    PlainSerializer(_or_off, return_type=Any),
    WithJsonSchema({"type": ["object", "string"], "description": "wait, gain, lag, least, most; or 'off'"}),
]


class Shift(Record):
    """Servers of a station who come and go together: so many of them, at hours that come again, both by date."""

    name: Name
    servers: ByDate[Count]
    open: ByDate[Open]

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            servers: ByDateLike[WholeLike],
            open: ByDateLike[OpenLike],
        ) -> None: ...


class Station(Record):
    """Where citizens queue for something scarce; shared by any number of states.

    Servers (`capacity` by date; each held for the whole stay), or a meeting (on `weekdays` by date, `at` given
    hours, not on `holidays`; or when it `meets` in words) that takes up to as many waiting cases as it has `places`;
    with several `parties` the least counts. Servers are there while the station is `open`, always unless told; those of
    `shifts` come on top. On `closed` days nothing begins. `room` limits how many may wait. `answers` has the places, or
    servers, follow the wait: a rule by date, or "off". Within a class of priority, who is next is told by `order`: who
    came "first" or "last", who has the "shortest" stay, as it is drawn when she joins, or any one at "random" of those
    who wait. `reserved` keeps so many
    servers, or places, free from a class of priority, by its number: its stays start only while more than those are.

    A station `preempts` where who waits in a better class interrupts a stay of the worst class that is under way, and
    `on_cut` tells what becomes of stays for which no server is left when the capacity falls: they "finish", or are
    interrupted. Who is interrupted waits at the head of her class to "resume" the stay with what is left of it, to
    "restart" it and take as long in full, or to "resample" how long it takes.

    Where stays begin `together`, as a course for eight does, none begins before so many citizens wait and so many
    servers are free. The first of them in the queue draws one stay for all, and each goes her own way at its end.
    """

    name: Name
    title: str = ""
    capacity: ByDate[Count] | None = None
    weekdays: ByDate[Weekdays] | None = None
    at: Annotated[tuple[Hour, ...], BeforeValidator(several)] = (time(9),)
    holidays: Annotated[tuple[date, ...], BeforeValidator(_days)] = ()
    meets: ByDate[Meets] | None = None
    open: ByDate[Open] | None = None
    shifts: Annotated[tuple[Shift, ...], BeforeValidator(listed)] = ()
    closed: Closed = ()
    places: ByDate[Amount] | None = None
    parties: Annotated[tuple[Party, ...], BeforeValidator(listed)] = ()
    room: Count | None = None
    order: Order = "first"
    reserved: Reserved = ()
    preempts: Interrupted | None = None
    on_cut: Interrupted | Literal["finish"] = "finish"
    together: Together = 1
    answers: ByDate[Rule] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            title: str = "",
            capacity: ByDateLike[WholeLike] | None = None,
            weekdays: ByDateLike[str | Iterable[str]] | None = None,
            at: str | time | Iterable[str | time] = ...,
            holidays: str | date | Iterable[str | date] = (),
            meets: ByDateLike[OpenLike] | None = None,
            open: ByDateLike[OpenLike] | None = None,
            shifts: Iterable[Shift | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            closed: ClosedLike = (),
            places: ByDateLike[RealLike] | None = None,
            parties: Iterable[Party | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            room: WholeLike | None = None,
            order: Order = "first",
            reserved: Mapping[str, WholeLike] | Mapping[int, WholeLike] = ...,
            preempts: Interrupted | None = None,
            on_cut: Interrupted | Literal["finish"] = "finish",
            together: WholeLike = 1,
            answers: ByDateLike[Feedback | Mapping[str, Any] | str] | None = None,
        ) -> None: ...

    @classmethod
    def servers(cls, name: str, capacity: ByDateLike[WholeLike], room: WholeLike | None = None) -> Station:
        """Make a station of servers, each held for the whole stay."""
        return cls(name=name, capacity=capacity, room=room)

    @classmethod
    def sessions(
        cls,
        name: str,
        weekdays: ByDateLike[str | Iterable[str]],
        places: ByDateLike[RealLike],
        at: str | time | Iterable[str | time] = "09:00",
    ) -> Station:
        """Make a meeting that takes up to `places` waiting cases each time."""
        return cls(name=name, weekdays=weekdays, places=places, at=at)

    @model_validator(mode="before")
    @classmethod
    def _shifts_alone(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and raw.get("shifts") and raw.get("capacity") is None:
            return dict(raw) | {"capacity": 0}
        return raw

    @model_validator(mode="after")
    def _reviews(self) -> Station:
        for rule in self.answers.values if self.answers else ():
            if rule is not None and (rule.every is None) == (self.capacity is not None):
                raise ValueError(
                    "`answers`: servers are reviewed `every` so often, so give it; a meeting answers each time, so "
                    "leave `every` out"
                )
        return self

    @model_validator(mode="after")
    def _by_groups(self) -> Station:
        if self.together == 1:
            return self
        if self.capacity is None:
            raise ValueError("`together` is of servers (`capacity`); a meeting takes whoever waits, up to its places")
        reasons = {
            "reserved": bool(self.reserved),
            "preempts": self.preempts is not None,
            "on_cut": self.on_cut != "finish",
            "order": self.order == "shortest",
        }
        for key in (key for key, holds in reasons.items() if holds):
            raise ValueError(
                f"`together` and `{key}`{' (shortest)' * (key == 'order')} do not go with each other: citizens of all "
                "classes begin one stay, which is drawn as it begins and goes on to its end: drop one"
            )
        if self.room is not None and self.room < self.together - 1:
            raise ValueError(
                f"`room` is {self.room}, so that {self.together} never come `together`: {self.together - 1} or more "
                "wait until the last of them comes"
            )
        on_shifts = sum(max(shift.servers.values) for shift in self.shifts)
        for when, capacity in self.capacity.root:
            servers = capacity + on_shifts
            if 0 < servers < self.least_together:
                since = f" from {when:%Y-%m-%d} on" if when > datetime.min else ""
                of_shifts = " with all `shifts`" if self.shifts else ""
                raise ValueError(
                    f"`capacity` is {servers}{of_shifts}{since}, and no stay begins before {self.together} servers are "
                    f"free, as `together` says: give {self.together} or more, or 0"
                )
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> Station:
        _unique("shift", (shift.name for shift in self.shifts))
        _unique("class of priority", (str(priority) for priority, _ in self.reserved))
        if self.interrupts and self.capacity is None:
            raise ValueError("`preempts` and `on_cut` are of servers; the stays that a meeting takes hold none")
        if self.preempts and self.on_cut not in ("finish", self.preempts):
            raise ValueError("`preempts` and `on_cut` have stays go on, or begin again, alike: give both the same")
        if self.preempts and self.reserved:
            raise ValueError("`preempts` takes servers from others, `reserved` keeps them free: drop one")
        if self.capacity is not None:
            if self.weekdays or self.meets or self.places or self.parties or self.holidays:
                raise ValueError("a station has either `capacity` (servers) or `weekdays` and `places` (a meeting)")
            return self
        if self.open:
            raise ValueError("`open` tells when servers are there; a meeting has `weekdays` and `at`, or `meets`")
        if self.weekdays is not None and self.meets is not None:
            raise ValueError("`weekdays` and `meets` both tell when the meeting is: drop one")
        if (self.weekdays or self.meets) is None or (self.places is None) == (not self.parties):
            raise ValueError(
                "a station needs `capacity` (servers), or `weekdays` with `places` or `parties` (a meeting)"
            )
        if self.meets is not None and "at" in self.model_fields_set and self.at != (time(9),):
            raise ValueError("`meets` tells the hours too, so `at` has no say: drop one")
        if not self.at or len(set(self.at)) != len(self.at):
            raise ValueError("`at` needs one or more different hours")
        _unique("party", (p.name for p in self.parties))
        return self

    @property
    def interrupts(self) -> bool:
        """Whether a stay that is under way may be interrupted there."""
        return self.preempts is not None or self.on_cut != "finish"

    @property
    def least_together(self) -> float:
        """The fewest planned servers with which stays can begin `together`: fewer than those where answers add some."""
        rules = self.answers.values if self.answers else ()
        return self.together / max((rule.most for rule in rules if rule is not None), default=1.0)

    @property
    def is_meeting(self) -> bool:
        """Whether the station is a meeting; it is servers otherwise."""
        return self.capacity is None

    @property
    def bounds(self) -> tuple[Party, ...]:
        """The parties that bound a meeting's places; one of the station's own name where it tells `places`."""
        return self.parties or (Party(name=self.name, places=self.places),)

    @property
    def recurs(self) -> bool:
        """Whether its servers come and go by opening hours, shifts or closed days."""
        return self.capacity is not None and (self.open is not None or bool(self.shifts or self.closed))

    def planned(self, start: datetime, end: datetime) -> ByDate[int] | None:
        """Return the servers of each moment from `start` until before `end`, without an answer to the wait.

        None for a meeting.
        """
        if self.capacity is None or not self.recurs:
            return self.capacity
        return _planned(self.capacity, self.open, self.shifts, self.closed, start, end)

    def usable(self, start: datetime, end: datetime) -> ByDate[int] | None:
        """Return those of the planned servers that stays can hold: where they begin `together`, whole groups alone."""
        planned = self.planned(start, end)
        if planned is None or self.together == 1:
            return planned
        groups = tuple((when, servers - servers % self.together) for when, servers in planned.root)
        return ByDate[int].model_construct(root=groups)

    def meetings(self, start: datetime, end: datetime) -> list[datetime]:
        """Return the times of a meeting from `start` until before `end`."""
        moments: tuple[datetime, ...] = ()
        if self.weekdays is not None:
            moments = _meetings(self.weekdays, self.at, self.holidays, start, end)
        elif self.meets is not None:
            moments = meeting_moments(self.meets, self.closed, start, end)
            return [moment for moment in moments if moment.date() not in self.holidays]
        return [moment for moment in moments if not any(days.holds(moment.date()) for days in self.closed)]


_ALWAYS: ByDate[Any] = ByDate[Open].model_validate("always")


@lru_cache(maxsize=64)  # pathways that differ elsewhere share their servers
def _planned(
    capacity: ByDate[int],
    opening: ByDate[tuple[Pattern, ...]] | None,
    shifts: tuple[Shift, ...],
    closed: tuple[ClosedDays, ...],
    start: datetime,
    end: datetime,
) -> ByDate[int]:
    """Add up the servers of opening hours and shifts; each change of their sum is a step."""
    groups = [(capacity, opening or _ALWAYS), *((shift.servers, shift.open) for shift in shifts)]
    steps = _stepped([(servers, open_spans(hours, closed, start, end)) for servers, hours in groups], start, end)
    return ByDate[int].model_construct(root=tuple((when, round(servers)) for when, servers in steps))


def _stepped(
    groups: Sequence[tuple[ByDate[Any], tuple[tuple[datetime, datetime], ...]]], start: datetime, end: datetime
) -> list[tuple[datetime, float]]:
    """Return the steps of the sum of values by date, each of which counts during its own spans alone."""
    changes: dict[datetime, dict[int, float]] = {start: {}}
    for number, (values, spans) in enumerate(groups):
        dates = [when for when, _ in values.root if start < when < end]
        for begin, until in spans:
            for since in (begin, *(when for when in dates if begin < when < until)):
                changes.setdefault(since, {})[number] = values.at(max(since, values.first))
            changes.setdefault(until, {}).setdefault(number, 0.0)
    steps: list[tuple[datetime, float]] = []
    current: dict[int, float] = {}
    for when in sorted(changes):
        current |= changes[when]
        total = math.fsum(current.values())  # not a running sum, which would drift
        if when < end and (not steps or steps[-1][1] != total):
            steps.append((when, total))
    return steps


# Pathways that differ in numbers only share their calendar.
@lru_cache(maxsize=16)
def _meetings(
    weekdays: ByDate[tuple[Weekday, ...]],
    hours: tuple[time, ...],
    holidays: tuple[date, ...],
    start: datetime,
    end: datetime,
) -> tuple[datetime, ...]:
    out: list[datetime] = []
    closed = frozenset(holidays)
    day = start.date()
    while day <= end.date():
        days = weekdays.at(max(datetime.combine(day, time()), start))
        if WEEKDAYS[day.weekday()] in days and day not in closed:
            out += [datetime.combine(day, hour) for hour in sorted(hours)]
        day += timedelta(days=1)
    return tuple(when for when in out if start <= when < end)


class Exit(Record):
    """One of the competing exits of a race.

    Its hazard is `rate` by date, times a factor by the time already spent on the benefit (`by_time_spent`, the
    factor from that span on); or it comes `after` a duration of its own, counted from the start of the stay.
    """

    name: Name
    to: str
    rate: ByDate[Rate] | None = None
    by_time_spent: BySpent = ()
    after: Duration | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            to: str = ...,
            name: str = ...,
            rate: ByDateLike[str] | None = None,
            by_time_spent: Mapping[str, RealLike] | Mapping[timedelta, RealLike] = ...,
            after: StayLike | None = None,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _named_by_target(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        both = {"name": raw.get("to"), "to": raw.get("name")} | dict(raw)
        return {key: value for key, value in both.items() if value is not None}

    @model_validator(mode="after")
    def _one_law(self) -> Exit:
        if (self.rate is None) == (self.after is None):
            raise ValueError("an exit has either a `rate` or a duration that it comes `after`")
        if self.by_time_spent:
            if self.rate is None:
                raise ValueError("`by_time_spent` goes with a `rate`")
            spans = [span for span, _ in self.by_time_spent]
            if spans[0] != 0 or spans != sorted(set(spans)):
                raise ValueError("`by_time_spent` starts at '0 days' and its spans rise")
        return self


class Attribute(Record):
    """What citizens differ in, such as an age group or a diagnosis: categories, drawn by shares as each enters.

    A door may have shares of its own. Stays, shares, rates, patience and priority may depend on them: `Variant`.
    """

    name: Name
    title: str = ""
    shares: Shares

    if TYPE_CHECKING:

        def __init__(self, *, name: str, title: str = "", shares: Mapping[str, ShareLike]) -> None: ...

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of its categories, in their order."""
        return tuple(name for name, _ in self.shares)


Categories = Annotated[
    tuple[tuple[str, Names], ...],
    BeforeValidator(_pairs),
    PlainSerializer(dict, return_type=dict[str, tuple[str, ...]]),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "array"]}}),
]
ByAttribute = Annotated[
    tuple[tuple[str, Shares], ...],
    BeforeValidator(_pairs),
    PlainSerializer(
        lambda pairs: {name: dict(shares) for name, shares in pairs}, return_type=dict[str, dict[str, float]]
    ),
    WithJsonSchema({"type": "object"}),
]
Priority = Annotated[int, BeforeValidator(plain_number), Strict(), Field(ge=0, le=1000)]


class Variant(Record):
    """What a state is for citizens `of` some categories; what is not given is as for all.

    Of several attributes, all must hold; of several categories of one, any. Where two variants give the same, the
    later one counts. A `race` takes the place of `stay` and `to`, and they that of a race.
    """

    of: Categories
    priority: Priority | None = None
    stay: ByDate[Duration] | None = None
    to: ByDate[Shares] | None = None
    race: Annotated[tuple[Exit, ...], BeforeValidator(listed)] = ()
    patience: Duration | None = None
    reneges_to: str | None = None
    refused_to: str | None = None
    baulks: ByWaiting = ()
    baulks_to: str | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            of: Mapping[str, str | Iterable[str]],
            priority: WholeLike | None = None,
            stay: ByDateLike[StayLike] | None = None,
            to: SharesLike | None = None,
            race: Iterable[Exit | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            patience: StayLike | None = None,
            reneges_to: str | None = None,
            refused_to: str | None = None,
            baulks: Mapping[str, RealLike] | Mapping[int, RealLike] = ...,
            baulks_to: str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _something(self) -> Variant:
        if not self.of or not all(categories for _, categories in self.of):
            raise ValueError("`of` names for whom it is: an attribute and one or more of its categories")
        if not self.given:
            raise ValueError(
                "nothing is otherwise: give one of priority, stay, to, race, patience, reneges_to, refused_to, "
                "baulks, baulks_to"
            )
        if self.race and (self.stay or self.to):
            raise ValueError("a `race` tells stay and ways out, so `stay` and `to` have no say: drop one side")
        return self

    @property
    def given(self) -> dict[str, Any]:
        """What it gives, by key."""
        keys = ("priority", "stay", "to", "race", "patience", "reneges_to", "refused_to", "baulks", "baulks_to")
        values = {key: getattr(self, key) for key in keys}
        return {key: value for key, value in values.items() if value is not None and value != ()}

    @property
    def label(self) -> str:
        """For whom it is, in a few words: "age old"."""
        return ", ".join(f"{name} {' or '.join(categories)}" for name, categories in self.of)

    def holds(self, group: Mapping[str, str]) -> bool:
        """Return whether it is for citizens of a group: the category of each attribute."""
        return all(group[name] in categories for name, categories in self.of)


class State(Record):
    """A step of the process, and the `benefit` that a citizen lives on meanwhile.

    She queues at `station` if there is one, then stays for `stay` and leaves `to` states by shares, evaluated at the
    instant of leaving; or a `race` of competing exits decides both. While she waits, `patience` may run out
    (`reneges_to`); a full room sends her away at once (`refused_to`). Lower `priority` is served first. The stay's
    law is the one in force when the stay starts. Who is always `admitted` is refused by no full room, though she fills
    it for others. A `final` state has no way out; an `outcome` is counted as an award.
    `variants` say what is otherwise for citizens of some categories.

    Who would have to wait `baulks` with a probability by how many wait already, from that number on, and goes where
    `baulks_to` says. A state that `blocks` takes in nobody whom the `room` does not hold: she stays where her stay has
    ended, and holds her server, until there is room. Who goes on to a state that `keeps` the servers of other stations
    holds them all the while, in the queue too. Who leaves a state that `joins` the "shortest" queue goes to that of the
    states of `to` at whose station the fewest are, those served included; the first named of several.
    """

    name: Name
    title: str = ""
    benefit: str = ""
    station: str | None = None
    priority: Priority = 0
    stay: ByDate[Duration] | None = None
    to: ByDate[Shares] | None = None
    race: Annotated[tuple[Exit, ...], BeforeValidator(listed)] = ()
    patience: Duration | None = None
    reneges_to: str | None = None
    refused_to: str | None = None
    admitted: bool = False
    baulks: ByWaiting = ()
    baulks_to: str | None = None
    blocks: bool = False
    keeps: Names = ()
    joins: Literal["shortest"] | None = None
    final: bool = False
    outcome: bool = False
    variants: Annotated[tuple[Variant, ...], BeforeValidator(several)] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            title: str = "",
            benefit: str = ...,
            station: str | None = None,
            priority: WholeLike = 0,
            stay: ByDateLike[StayLike] | None = None,
            to: SharesLike | None = None,
            race: Iterable[Exit | Mapping[str, Any]] | Mapping[str, Mapping[str, Any]] = (),
            patience: StayLike | None = None,
            reneges_to: str | None = None,
            refused_to: str | None = None,
            admitted: bool = False,
            baulks: Mapping[str, RealLike] | Mapping[int, RealLike] = ...,
            baulks_to: str | None = None,
            blocks: bool = False,
            keeps: str | Iterable[str] = (),
            joins: Literal["shortest"] | None = None,
            final: bool = False,
            outcome: bool = False,
            variants: Iterable[Variant | Mapping[str, Any]] = (),
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _own_benefit(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and "name" in raw and not raw.get("benefit"):
            return dict(raw) | {"benefit": raw["name"]}
        return raw

    @model_validator(mode="after")
    def _one_way_out(self) -> State:
        _check_ways(self)
        if self.final and self.variants:
            raise ValueError("a final state has no `variants`: nothing happens in it")
        for number, variant in enumerate(self.variants, start=1):
            try:
                _check_ways(self.with_variants((variant,)))
            except ValueError as error:
                raise ValueError(f"variant no. {number} ({variant.label}): {error}") from None
        return self

    def with_variants(self, variants: Iterable[Variant]) -> State:
        """Return the state with what variants give in place of its own, and without variants."""
        changes: dict[str, Any] = {}
        for variant in variants:
            given = variant.given
            if "race" in given:
                given |= {"stay": None, "to": None, "joins": None}
            elif "to" in given:
                given |= {"race": ()}
            changes |= given
        if not self.variants and not changes:
            return self
        return self.model_copy(update=changes | {"variants": ()})

    def for_group(self, group: Mapping[str, str]) -> State:
        """Return the state as it is for citizens of a group: the category of each attribute."""
        return self.with_variants(variant for variant in self.variants if variant.holds(group))

    @cached_property
    def targets(self) -> frozenset[str]:
        """The names of all states that a citizen can go to from here."""
        out: set[str] = set()
        parts: tuple[State | Variant, ...] = (self, *self.variants)
        for part in parts:
            out |= {exit_.to for exit_ in part.race}
            out |= {name for shares in (part.to.values if part.to else ()) for name, _ in shares}
            out |= {name for name in (part.reneges_to, part.refused_to, part.baulks_to) if name}
        return frozenset(out)


def _check_ways(state: State) -> None:
    if state.final and (state.to or state.race or state.stay or state.station):
        raise ValueError("a final state has no `stay`, `station`, `to` or `race`")
    if not state.final and (state.to is None) == (not state.race):
        raise ValueError("there is no way out, or two: give `to`, or a `race`, or `final = true`")
    if state.race and state.stay:
        raise ValueError("a `race` tells how long the stay lasts, so `stay` has no say: drop one")
    if (state.patience is None) != (state.reneges_to is None):
        raise ValueError("`patience` and `reneges_to` go together")
    if bool(state.baulks) != (state.baulks_to is not None):
        raise ValueError("`baulks` and `baulks_to` go together")
    if state.station is None and state.blocks:
        raise ValueError("who comes to a state that `blocks` waits for room at its `station`: give one")
    if state.joins and state.to is None:
        raise ValueError("`joins` chooses among the states of `to`: give it, and no `race`")
    if state.final and state.keeps:
        raise ValueError("a final state has no `keeps`: nobody holds a server for ever")
    if state.station in state.keeps:
        raise ValueError(f"she has a server of '{state.station}', as `keeps` says, so leave `station` out")
    _unique("station of `keeps`", state.keeps)
    if state.station is None and state.baulks:
        raise ValueError("`baulks` needs a `station` to wait at")
    if state.station is None and (state.patience or state.refused_to or state.priority):
        raise ValueError("`patience`, `refused_to` and `priority` need a `station` to wait at")
    _unique("exit", (e.name for e in state.race))


_A_BATCH = (
    'a batch is a number (3), sizes with their shares ({ "1" = 0.6, "4" = 0.4 }), or a law with its mean '
    '({ law = "geometric", mean = 2.5 })'
)


class Batch(Record):
    """How many come together, at each arrival of an entry.

    Written in a file as a number (`3`), as sizes with their shares (`{ "1" = 0.6, "2" = 0.3, "4" = "rest" }`), or as a
    law: `{ law = "geometric", mean = 2.5 }`, where after each of them one more comes with the same probability.
    """

    sizes: Annotated[tuple[tuple[Size, PlainNumber], ...], AfterValidator(_sum_to_one)] = ()
    law: Literal["geometric"] | None = None
    mean: Annotated[float, BeforeValidator(plain_number), Strict(), Field(ge=1, le=_MOST_MEAN)] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            sizes: Iterable[tuple[WholeLike, RealLike]] = (),
            law: Literal["geometric"] | None = None,
            mean: RealLike | None = None,
        ) -> None: ...

    @model_validator(mode="before")
    @classmethod
    def _from_sizes(cls, raw: Any) -> Any:
        raw = plain_number(raw)
        if isinstance(raw, int | float):
            return {"sizes": ((_size(raw), 1.0),)}
        if isinstance(raw, Batch) or (isinstance(raw, Mapping) and set(raw) & set(cls.model_fields)):
            return raw
        if not isinstance(raw, Mapping) or not raw:
            raise ValueError(f"{raw!r} is none: {_A_BATCH}")
        shares = [(_size(size), share) for size, share in as_shares(raw)]
        return {"sizes": tuple(sorted(shares, key=itemgetter(0)))}

    @model_validator(mode="after")
    def _one_way(self) -> Batch:
        by_law = (self.law is not None, self.mean is not None)
        if all(by_law) == bool(self.sizes) or any(by_law) != all(by_law):
            raise ValueError(_A_BATCH)
        _unique("size", (str(size) for size, _ in self.sizes))
        return self

    @model_serializer
    def _as_written(self) -> int | dict[str, Any]:
        if self.law is not None:
            return {"law": self.law, "mean": self.mean}
        if len(self.sizes) == 1:
            return self.sizes[0][0]
        return {str(size): share for size, share in self.sizes}

    def __repr__(self) -> str:
        """Return the call that makes it."""
        return super().__repr__() if self.law is not None else f"Batch(sizes={self.sizes!r})"

    @property
    def mean_size(self) -> float:
        """How many come at an arrival on average."""
        return self.mean if self.mean is not None else math.fsum(size * share for size, share in self.sizes)

    def shares(self) -> list[tuple[int, float]]:
        """Return the sizes that it may have, each with its share."""
        if self.mean is None:
            return [(size, share) for size, share in self.sizes if share > 0]
        more, left = 1 - 1 / self.mean, 1.0
        out: list[tuple[int, float]] = []
        while left > _NO_SHARE:  # less than that is never drawn
            out.append((len(out) + 1, left * (1 - more)))
            left *= more
        return out


class Entry(Record):
    """A door: a stream of citizens with a numbering of its own, who enter the state `to`.

    One of: `rate` by date (Poisson, piecewise constant); `every` (renewal); `at` given times; or a `count` who are
    there at the start, with the time that has `elapsed` since they joined (`waiting = true`) or started the stay. In
    place of a law, `elapsed_each` tells it of each of them, and `spent_each` how long each has been on the benefit.
    A `rate` holds while the door is `open`, or is multiplied by the factors of a `profile` by hours that come again
    (where two hold, by their sum; where none does nobody comes), and nobody comes on `closed` days. `attributes` has
    shares of its own of some attributes' categories. Where a `batch` comes at each arrival, so many citizens come at
    one moment, and `rate`, `every` and `at` are those of batches.
    """

    name: Name
    to: str
    rate: ByDate[Rate] | None = None
    every: Duration | None = None
    at: Annotated[tuple[Moment, ...], BeforeValidator(several)] = ()
    count: Count | None = None
    elapsed: Duration | None = None
    elapsed_each: Spans = ()
    spent_each: Spans = ()
    waiting: bool = False
    open: ByDate[Open] | None = None
    profile: Profile = ()
    closed: Closed = ()
    attributes: ByAttribute = ()
    batch: ByDate[Batch] | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            to: str,
            rate: ByDateLike[str] | None = None,
            every: StayLike | None = None,
            at: MomentLike | Iterable[MomentLike] = (),
            count: WholeLike | None = None,
            elapsed: StayLike | None = None,
            elapsed_each: Iterable[SpanLike] = (),
            spent_each: Iterable[SpanLike] = (),
            waiting: bool = False,
            open: ByDateLike[OpenLike] | None = None,
            profile: Mapping[str, RealLike] | Iterable[tuple[OpenLike, RealLike]] = (),
            closed: ClosedLike = (),
            attributes: Mapping[str, Mapping[str, ShareLike]] = ...,
            batch: ByDateLike[Batch | WholeLike | Mapping[Any, Any]] | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _one_kind(self) -> Entry:
        told = [self.rate is not None, self.every is not None, bool(self.at), self.count is not None]
        if sum(told) != 1:
            raise ValueError("an entry has exactly one of `rate`, `every`, `at` and `count`")
        if self.count is None and (self.elapsed or self.elapsed_each or self.waiting):
            raise ValueError("`elapsed` and `waiting` go with a `count` of citizens who are there at the start")
        if self.elapsed_each and (self.elapsed or len(self.elapsed_each) != self.count):
            raise ValueError("`elapsed_each` tells a time for each of the `count` citizens, in place of `elapsed`")
        if self.spent_each and (
            len(self.spent_each) != len(self.elapsed_each)
            or any(spent < elapsed for spent, elapsed in zip(self.spent_each, self.elapsed_each, strict=True))
        ):
            raise ValueError("`spent_each` tells a time for each of `elapsed_each`, and none shorter")
        if self.every and self.every.is_zero:
            raise ValueError("`every` must be longer than 0")
        if self.rate is None and (self.open or self.profile or self.closed):
            raise ValueError("`open`, `profile` and `closed` go with a `rate`")
        if self.open and self.profile:
            raise ValueError("`open` and `profile` both tell when the door is open: drop one")
        if self.count is not None and self.batch is not None:
            raise ValueError("`batch` tells how many come at an arrival; those of a `count` are there: drop one")
        return self

    @property
    def mean_batch(self) -> ByDate[float]:
        """How many come at an arrival on average, by date."""
        steps = ((datetime.min, 1.0),) if self.batch is None else self.batch.root
        means = tuple((when, batch if isinstance(batch, float) else batch.mean_size) for when, batch in steps)
        return ByDate[float].model_construct(root=means)

    @property
    def passed(self) -> Duration | None:
        """The law of what has elapsed for those who are there at the start; None where nothing has."""
        if not self.elapsed_each:
            return self.elapsed
        return Duration(law="empirical", values=[span_text(minutes) for minutes in self.elapsed_each])

    def planned(self, start: datetime, end: datetime) -> ByDate[float] | None:
        """Return the rate of each moment from `start` until before `end`, opening hours counted in; None where none."""
        if self.rate is None or not (self.open or self.profile or self.closed):
            return self.rate
        return _planned_rate(self.rate, self.open, self.profile, self.closed, start, end)

    def expected(self, start: datetime, end: datetime) -> float:
        """Return how many citizens are expected by this door from `start` until before `end`."""
        if self.count is not None:
            return float(self.count)
        if self.at:
            return math.fsum(self.mean_batch.at(when) for when in self.at)
        minutes = self.citizens(start, end)
        edges = [*(max(when, start) for when, _ in minutes.root), end]
        lengths = [max((min(b, end) - a).total_seconds() / 60, 0.0) for a, b in pairwise(edges)]
        return math.fsum(rate * length for rate, length in zip(minutes.values, lengths, strict=True))

    def citizens(self, start: datetime, end: datetime) -> ByDate[float]:
        """Return how many come a minute by `rate` or `every`, those of a batch all counted."""
        arrivals = self.planned(start, end)
        if arrivals is None:
            gap = self.every.mean_minutes if self.every is not None else math.inf
            arrivals = _always(1 / max(gap, 1e-9))
        if self.batch is None:
            return arrivals
        dates = sorted({max(when, start) for value in (arrivals, self.batch) for when, _ in value.root if when < end})
        sizes = self.mean_batch
        return ByDate[float].model_construct(root=tuple((w, arrivals.at(w) * sizes.at(w)) for w in dates))


@lru_cache(maxsize=64)
def _planned_rate(
    rate: ByDate[float],
    opening: ByDate[tuple[Pattern, ...]] | None,
    profile: tuple[tuple[tuple[Pattern, ...], float], ...],
    closed: tuple[ClosedDays, ...],
    start: datetime,
    end: datetime,
) -> ByDate[float]:
    """Return the steps of a rate that holds by hours, each as often as they come."""
    groups = [(_always(patterns), factor) for patterns, factor in profile] or [(opening or _ALWAYS, 1.0)]
    scaled = [(_times(rate, factor), open_spans(hours, closed, start, end)) for hours, factor in groups]
    return ByDate[float].model_construct(root=tuple(_stepped(scaled, start, end)))


def _always(value: Any) -> ByDate[Any]:
    return ByDate[Any].model_construct(root=((datetime.min, value),))


def _times(values: ByDate[float], factor: float) -> ByDate[float]:
    return ByDate[float].model_construct(root=tuple((when, value * factor) for when, value in values.root))


class Clock(Record):
    """A time that is watched: from the start of a stay in one of `begins` to the entering of one of `ends`.

    The share that took at most `limit` is counted among those ended in a period; `begins_at = "joined"` counts
    from joining the queue instead of the start of the stay, `ends_at = "started"` until a stay in one of `ends` starts.
    Entering a state of `abandons` stops it without an end, as every final state does that does not end it.
    """

    name: Name
    begins: Names
    ends: Names
    abandons: Names = ()
    begins_at: Literal["started", "joined"] = "started"
    ends_at: Literal["started", "joined"] = "joined"
    limit: Span

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            begins: str | Iterable[str],
            ends: str | Iterable[str],
            abandons: str | Iterable[str] = (),
            begins_at: Literal["started", "joined"] = "started",
            ends_at: Literal["started", "joined"] = "joined",
            limit: SpanLike,
        ) -> None: ...


class Watch(Record):
    """Waits that are watched at a `station`, or in some `states`: who was served `within` a span, and `percentiles`.

    Of all who wait there, or `of` some categories, or of one class of `priority`. `among = "all"` counts those who give
    up or are refused among the cases, as not served in time; "served" leaves them out.
    """

    name: Name
    station: str | None = None
    states: Names = ()
    of: Categories = ()
    priority: Priority | None = None
    within: Spans = ()
    percentiles: Annotated[
        tuple[Annotated[int, BeforeValidator(plain_number), Strict(), Field(ge=1, le=100)], ...],
        BeforeValidator(lambda raw: (raw,) if isinstance(raw, int | float) else raw),
    ] = ()
    among: Literal["served", "all"] = "served"

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            station: str | None = None,
            states: str | Iterable[str] = (),
            of: Mapping[str, str | Iterable[str]] = ...,
            priority: WholeLike | None = None,
            within: SpanLike | Iterable[SpanLike] = (),
            percentiles: int | Iterable[int] = (),
            among: Literal["served", "all"] = "served",
        ) -> None: ...

    @model_validator(mode="after")
    def _somewhere(self) -> Watch:
        if (self.station is None) == (not self.states):
            raise ValueError("a watch is of a `station` or of `states`: give one of them")
        return self


class Followup(Record):
    """The status of citizens some time `after` they left a `benefit` for longer than `gap`.

    The share of each benefit, and of each of the `groups` of benefits, among the spells that ended in a period.
    """

    name: Name
    benefit: str
    after: Spans
    gap: Span = 4 * MINUTES["week"]
    groups: Annotated[
        tuple[tuple[str, Names], ...],
        BeforeValidator(_pairs),
        PlainSerializer(dict, return_type=dict[str, tuple[str, ...]]),
        WithJsonSchema({"type": "object", "additionalProperties": {"type": "array"}}),
    ] = ()

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            benefit: str,
            after: SpanLike | Iterable[SpanLike],
            gap: SpanLike = "4 weeks",
            groups: Mapping[str, str | Iterable[str]] = ...,
        ) -> None: ...


class Seniority(Record):
    """How many live on a `benefit` and have done so without a break for longer than each of the spans `over`."""

    name: Name
    benefit: str
    over: Spans

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            benefit: str,
            over: SpanLike | Iterable[SpanLike],
        ) -> None: ...


def _unique(what: str, names: Iterable[str]) -> None:
    earlier: set[str] = set()
    for name in names:
        if name in earlier:
            raise ValueError(f"the {what} '{name}' is declared twice")
        earlier.add(name)
