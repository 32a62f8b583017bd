"""What one pathway has otherwise than another with the same parts: staffing, stays, shares, rates, by date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flowsim.core.civil_time import MINUTES, ByDate
from flowsim.core.errors import Record
from flowsim.model.parts import Batch, Entry, Feedback, State, Station
from flowsim.model.pathway import Pathway

__all__ = ["Difference", "list_differences", "same_until", "takes_effect"]


_Part = TypeVar("_Part", Station, Entry)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A value that differs over a part of the horizon.

    Attributes:
        of: whose value it is: "team, municipal".
        unit: what is counted: "places", "caseworkers", "per year", "%", and of times "weeks" or the pathway's own unit;
            "arrivals per year" where several come at each; empty for what is no number.
        before: the base's value; None where it has none.
        after: the new value.
        since: the first moment at which they differ.
        until: the first moment after; None where they differ to the end of the horizon.
    """

    of: str
    unit: str
    before: Any
    after: Any
    since: datetime
    until: datetime | None

    @property
    def relative(self) -> float | None:
        """The change over the base's value; None where that is 0 or no number."""
        if not isinstance(self.before, int | float) or not isinstance(self.after, int | float) or self.before == 0:
            return None
        return self.after / self.before - 1


def list_differences(before: Pathway, after: Pathway) -> tuple[Difference, ...]:
    """Return what differs between a pathway and another with the same parts, in the order of the parts."""
    batched = {entry.name for pathway in (before, after) for entry in pathway.entries if entry.batch is not None}
    old, new = (dict(_values(pathway, batched)) for pathway in (before, after))
    out: list[Difference] = []
    for of, unit in (*old, *(key for key in new if key not in old)):
        out += _stepwise((of, unit), old.get((of, unit)), new.get((of, unit)), after.start, after.end)
    if after.end != before.end:
        out.append(
            Difference(
                of="the horizon's end", unit="", before=before.end, after=after.end, since=after.start, until=None
            )
        )
    return tuple(out)


def takes_effect(before: Pathway, after: Pathway) -> bool:
    """Return whether anything that differs between two pathways comes to bear within the horizon.

    Other places at a meeting do not on days on which it is not held, nor do servers while a station is shut.
    """
    return any(_comes_to_bear(difference, before, after) for difference in list_differences(before, after))


def _comes_to_bear(difference: Difference, before: Pathway, after: Pathway) -> bool:
    station = _named(difference, after.stations)
    if station is not None:
        old, since, until = before.station(station.name), difference.since, difference.until or after.end
        if station.is_meeting != old.is_meeting:
            return True
        if station.is_meeting:
            if difference.unit in _OF_MEETINGS:
                return bool(station.meetings(since, until) or old.meetings(since, until))
            if difference.of.removeprefix(f"{station.name}, ") in _OF_DAYS:
                return station.meetings(after.start, after.end) != old.meetings(after.start, after.end)
        elif difference.unit == "servers" or difference.of.endswith(_OF_HOURS):
            return _planned(station, after) != _planned(old, after)
        return True
    entry = _named(difference, after.entries)
    if entry is not None and entry.rate is not None and not difference.of.endswith(_OF_BATCHES):
        return _planned(entry, after) != _planned(next(e for e in before.entries if e.name == entry.name), after)
    return True


_OF_MEETINGS = ("places", "caseworkers", "hours", "hours of follow-up")
_OF_DAYS = ("days", "hours", "closed")
_OF_HOURS = (", open", ", closed")
_OF_BATCHES = ", batch"


def _named(difference: Difference, parts: Sequence[_Part]) -> _Part | None:
    """Return the part that a difference is of: "team" and "team, municipal" are of the team."""
    of = difference.of
    return next((part for part in parts if of == part.name or of.startswith(f"{part.name}, ")), None)


def _planned(part: Station | Entry, pathway: Pathway) -> list[tuple[datetime, Any]]:
    planned = part.planned(pathway.start, pathway.end)
    return _until(planned, pathway.start, pathway.end) if planned is not None else []


def same_until(before: Pathway, after: Pathway, moment: datetime) -> bool:
    """Return whether two pathways are the same until before a moment, and end at the same one.

    Titles, and what is only watched, do not count.
    """
    if before is after:
        return True
    return all(
        _same(getattr(before, part), getattr(after, part), before.start, moment)
        for part in ("start", "end", "tick", "attributes", "stations", "states", "entries")
    )


def _same(before: Any, after: Any, start: datetime, moment: datetime) -> bool:
    if before is after:
        return True
    if isinstance(before, ByDate) and isinstance(after, ByDate):
        return _until(before, start, moment) == _until(after, start, moment)
    if isinstance(before, Record) and type(before) is type(after):
        return all(
            _same(before.__dict__[key], after.__dict__[key], start, moment)
            for key in type(before).model_fields
            if key != "title"
        )
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(_same(a, b, start, moment) for a, b in zip(before, after, strict=True))
    return bool(before == after)


def _until(value: ByDate[Any], start: datetime, moment: datetime) -> list[tuple[datetime, Any]]:
    """Return the steps of a value that begin before a moment: of those until the start the last, and none twice."""
    steps: list[tuple[datetime, Any]] = []
    for since, step in value.root:
        if since >= moment:
            break
        if steps and since <= start:
            steps.clear()
        if not steps or steps[-1][1] != step:
            steps.append((max(since, start), step))
    return steps


_Steps = list[tuple[datetime, Any]]


def _stepwise(
    key: tuple[str, str], old: _Steps | None, new: _Steps | None, start: datetime, end: datetime
) -> list[Difference]:
    dates = sorted({max(when, start) for steps in (old, new) for when, _ in steps or () if when < end})
    out: list[Difference] = []
    for since, until in zip(dates, [*dates[1:], None], strict=True):
        before, after = _at(old, since), _at(new, since)
        if before == after:
            continue
        if out and (out[-1].until, out[-1].before, out[-1].after) == (since, before, after):
            since = out.pop().since
        out.append(Difference(of=key[0], unit=key[1], before=before, after=after, since=since, until=until))
    return out


def _at(steps: _Steps | None, when: datetime) -> Any:
    return next((value for since, value in reversed(steps or []) if since <= when), None)


def _values(pathway: Pathway, batched: Collection[str]) -> Iterator[tuple[tuple[str, str], _Steps]]:
    """Yield the values of a pathway by whose they are and what they count, `batched` being entries with a batch."""
    unit = pathway.time_unit or "week"
    for station in pathway.stations:
        yield from _dated(station.name, "servers", station.capacity)
        yield from _dated(station.name, "places", station.places)
        yield from _dated(f"{station.name}, days", "", station.weekdays, ", ".join)
        yield from _dated(f"{station.name}, days", "", station.meets, _in_words)
        yield from _dated(f"{station.name}, open", "", station.open, _in_words)
        for shift in station.shifts:
            yield from _dated(f"{station.name}, {shift.name}", "servers", shift.servers)
            yield from _dated(f"{station.name}, {shift.name}, open", "", shift.open, _in_words)
        always = {"hours": ", ".join(f"{hour:%H:%M}" for hour in station.at), "room": station.room}
        if station.meets is not None:
            del always["hours"]
        if station.reserved:
            always["reserved"] = ", ".join(f"{number} from class {priority}" for priority, number in station.reserved)
        if station.order != "first":
            always["order"] = station.order
        if station.preempts is not None:
            always["preempts"] = station.preempts
        if station.on_cut != "finish":
            always["on cut"] = station.on_cut
        if station.together > 1:
            always["together"] = station.together
        if station.closed:
            always["closed"] = "; ".join(map(str, station.closed))
        for name, value in always.items():
            if value is not None:
                yield (f"{station.name}, {name}", "waiting" if name == "room" else ""), [(pathway.start, value)]
        for key, counted in _OF_RULES:
            counts, scale = (f"{unit}s", MINUTES[unit]) if counted == "time" else (counted, 1.0)
            yield from _dated(f"{station.name}, answer's {key}", counts, station.answers, _of_rule(key, scale))
        for party in station.parties:
            of = f"{station.name}, {party.name}"
            yield from _dated(of, "places", party.places)
            yield from _dated(of, "caseworkers", party.staff)
            yield from _dated(of, "hours each", party.hours, _in("hour"))
            yield from _dated(of, "hours a case", party.hours_a_case, _in("hour"))
            for followed, span in party.follow_up:
                yield from _dated(f"{of}, {followed}", "hours of follow-up", span, _in("hour"))
    for attribute in pathway.attributes:
        for category, share in attribute.shares:
            yield (f"{attribute.name} {category}", "%"), [(pathway.start, _rounded(100 * share))]
    for state in _all_states(pathway):
        yield from _dated(state.name, f"{unit}s on average", state.stay, lambda stay: stay.mean_minutes / MINUTES[unit])
        yield from _dated(f"{state.name}, law", "", state.stay, lambda stay: (stay.law, stay.cv))
        if state.joins is not None:
            yield (f"{state.name}, joins", ""), [(pathway.start, state.joins)]
        for target in sorted({name for shares in (state.to.values if state.to else ()) for name, _ in shares}):
            yield from _dated(f"{state.name} to {target}", "%", state.to, _share_of(target))
        for way in state.race:
            yield from _dated(f"{state.name} to {way.name}", "per year", way.rate, lambda rate: rate * MINUTES["year"])
    for entry in pathway.entries:
        counted = "arrivals per year" if entry.name in batched else "per year"
        yield from _dated(entry.name, counted, entry.rate, lambda rate: rate * MINUTES["year"])
        yield from _dated(f"{entry.name}, open", "", entry.open, _in_words)
        yield from _dated(f"{entry.name}, batch", "", entry.batch, _of_batch)
        if entry.count is not None:
            yield (entry.name, "there at the start"), [(pathway.start, entry.count)]


def _all_states(pathway: Pathway) -> Iterator[State]:
    """Yield the states, and after each what its variants make of it, named for whom."""
    for state in pathway.states:
        yield state
        for variant in state.variants:
            yield state.with_variants((variant,)).model_copy(update={"name": f"{state.name} ({variant.label})"})


_OF_RULES = (
    ("wait", "time"),
    ("gain", ""),
    ("lag", "time"),
    ("least", "times"),
    ("most", "times"),
    ("limit", "places"),
    ("every", "time"),
)


def _of_rule(key: str, scale: float) -> Callable[[Feedback | None], float | None]:
    def read(rule: Feedback | None) -> float | None:
        value = None if rule is None or rule.gain == 0 else getattr(rule, key)
        return None if value is None else value / scale

    return read


def _in_words(patterns: tuple[object, ...]) -> str:
    return "; ".join(map(str, patterns)) or "closed"


def _of_batch(batch: Batch) -> float | str:
    if batch.mean is not None:
        return f"{batch.law} {batch.mean:.12g}"
    return batch.sizes[0][0] if len(batch.sizes) == 1 else ", ".join(f"{n}: {100 * p:.12g} %" for n, p in batch.sizes)


def _share_of(target: str) -> Callable[[Any], float]:
    return lambda shares: 100 * float(dict(shares).get(target, 0.0))


def _in(unit: str) -> Callable[[float], float]:
    return lambda minutes: minutes / MINUTES[unit]


def _dated(
    of: str, unit: str, value: ByDate[Any] | None, read: Callable[[Any], Any] = lambda value: value
) -> Iterator[tuple[tuple[str, str], _Steps]]:
    if value is not None:
        yield (of, unit), [(when, _rounded(read(step))) for when, step in value.root]


def _rounded(value: Any) -> Any:
    return float(f"{value:.12g}") if isinstance(value, float) else value
