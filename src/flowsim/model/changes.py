"""The changes of a scenario file, made in a pathway's plain data.

A change is made in a copy of the part that it names; the other parts stay those of the data that it is made to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from flowsim.core.civil_time import is_dated, parse_moment, parse_rate
from flowsim.core.errors import InputError, unknown_name
from flowsim.core.quantities import changed, is_relative
from flowsim.model.duration import Duration
from flowsim.model.edits import (
    LEVERS,
    TARGETS,
    ArrivalsEdit,
    Closure,
    Edit,
    ExitEdit,
    FeedbackEdit,
    ScenarioFile,
    SharesEdit,
    StationEdit,
    StayEdit,
    Waiting,
    change_place,
)
from flowsim.model.parts import as_shares, listed
from flowsim.model.pathway import Pathway

__all__ = ["MOST_YEARS", "Draft", "edit_steps", "end_of", "located_at"]

MOST_YEARS = 20
"""After the base's end: a date that lies later is taken for a slip of the pen."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_PARTS = ("stations", "states", "entries")
_OTHERS = ("attributes", "watches", "clocks", "followups", "seniorities")  # no change is of these


@contextmanager
def located_at(where: str) -> Iterator[None]:
    """Say where in the file a mistake is."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{where}: {error}" if where else str(error)) from None


class Draft:
    """A pathway's plain data, to which changes are made: what they leave as it is, is read once for all of them.

    Args:
        raw: in any form that a pathway is read from; it is this draft's own from now on.
        values: of the base's parameters that stand in it.
    """

    def __init__(self, raw: dict[str, Any], values: Mapping[str, Any] = _NOTHING) -> None:
        _as_lists(raw)
        self.raw: Mapping[str, Any] = raw
        self.values = values
        # By the identity of the plain data that a part was read from, which are kept here.
        self._parts: dict[int, Any] = {id(plain): plain for kind in _PARTS for plain in raw[kind]}
        self._others: dict[str, Any] = {}

    def changed(self, layers: Sequence[tuple[ScenarioFile, str]], source: str) -> Pathway:
        """Return the checked pathway with the changes of files made, each with its source.

        Raises:
            InputError: where a change can't be made, or makes no sound pathway.
        """
        raw = self.copy()
        for _ in edit_steps(raw, layers):
            pass
        known = {kind: [self._parts.get(id(plain), plain) for plain in raw[kind]] for kind in _PARTS}
        pathway = Pathway.of_plain(raw | self._others | known, source)
        for kind in _PARTS:
            for plain, part in zip(raw[kind], getattr(pathway, kind), strict=True):
                if id(plain) in self._parts:
                    self._parts[id(plain)] = part
        self._others = {kind: getattr(pathway, kind) for kind in _OTHERS if kind in raw}
        return pathway

    def copy(self) -> dict[str, Any]:
        """Return plain data of its own with the same parts, as `edit_steps` changes it."""
        return dict(self.raw) | {kind: list(self.raw[kind]) for kind in _PARTS}


def edit_steps(raw: dict[str, Any], layers: Sequence[tuple[ScenarioFile, str]]) -> Iterator[str]:
    """Make the changes of files one after the other in what `Draft.copy` returns.

    Yields an empty text before the first, and where each stands after it. Kind by kind; of each kind those of the first
    file first. Where no file tells the horizon's end, it lies late enough for all changes. The last file's dates must
    lie within the horizon, for the earlier ones may have been written for another.
    """
    start, end = parse_moment(raw["start"]), end_of(raw, layers)
    raw["end"] = end.isoformat()
    yield ""
    kinds: dict[str, Callable[..., None]] = {
        "stations": _station,
        "shares": _shares,
        "exits": _exit,
        "stays": _stay,
        "arrivals": _arrivals,
        "waiting": _waiting,
        "closures": _closure,
    }
    for kind, make in kinds.items():
        for number, (file, source) in enumerate(layers):
            edits = getattr(file, kind)
            for index, edit in enumerate(edits):
                target = getattr(edit, TARGETS[kind])
                where = f"{source}: {kind}{change_place(index, target)}"
                if isinstance(edit, Edit):
                    if edit.since and start.year - edit.since.year > MOST_YEARS:
                        raise InputError(
                            f"{where}.from: {edit.since.date()} lies more than {MOST_YEARS} years before the base's "
                            f"start ({start:%Y-%m-%d}): leave out `from` if it is meant"
                        )
                    outside = _outside(edit, start, end, where)
                    if outside and number == len(layers) - 1:
                        raise InputError(outside)
                    if outside:
                        continue
                elif target in [other.state for other in edits[:index]]:
                    raise InputError(
                        f"{where}: the state stands twice: tell all who wait at once, and `waited` as a law"
                    )
                make(raw, edit, where)
                yield where


def end_of(raw: Mapping[str, Any], layers: Sequence[tuple[ScenarioFile, str]]) -> datetime:
    """Return the end of the horizon of a pathway's plain data with the changes of files made.

    Raises:
        InputError: where it does not lie after the start.
    """
    start, end = parse_moment(raw["start"]), parse_moment(raw["end"])
    for file, source in layers:
        end = file.until or _lengthened(end, file, source)
        if end <= start:
            raise InputError(f"{source}: until: {end:%Y-%m-%d} is not after the base's start ({start:%Y-%m-%d})")
    return end


def _lengthened(end: datetime, file: ScenarioFile, source: str) -> datetime:
    """Return the end of the horizon for changes that begin after it: the year after the last of them is whole."""
    latest = file.today_is or datetime.min
    for kind, target in TARGETS.items():
        for index, edit in enumerate(getattr(file, kind)):
            since = getattr(edit, "since", None) or datetime.min
            if since.year - end.year > MOST_YEARS:
                place = f"{source}: {kind}{change_place(index, getattr(edit, target))}.from"
                raise InputError(
                    f"{place}: {since:%Y-%m-%d} lies more than {MOST_YEARS} years after the base's end "
                    f"({end:%Y-%m-%d}): give `until` if it is meant"
                )
            latest = max(latest, since)
    return datetime(latest.year + 2, 1, 1) if latest >= end else end


def _outside(edit: Edit, start: datetime, end: datetime, where: str) -> str:
    """Say which date of a change lies so that it changes nothing within the horizon; nothing where none does."""
    horizon = f"the horizon ({start:%Y-%m-%d} to {end:%Y-%m-%d})"
    for key, when, out in (
        ("from", edit.since, edit.since and edit.since >= end),
        ("until", edit.until, edit.until and edit.until <= start),
        ("through", edit.through, edit.through and edit.end and edit.end <= start),
    ):
        if out:
            return f"{where}.{key}: {when:%Y-%m-%d} changes nothing: it lies outside {horizon}"
    return ""


def _as_lists(raw: dict[str, Any]) -> None:
    """Bring plain data to the form in which changes are made: parts in lists, shares in tables, dates as texts."""
    raw["start"] = parse_moment(raw["start"]).isoformat()
    for kind in ("stations", "states", "entries"):
        raw[kind] = listed(raw.get(kind, []))
    for station in raw["stations"]:
        for key in ("parties", "shifts"):
            if key in station:
                station[key] = listed(station[key])
    for state in raw["states"]:
        variants = state.get("variants", ())
        for table in (state, *((variants,) if isinstance(variants, Mapping) else variants)):
            if "race" in table:
                table["race"] = [{"name": exit_.get("to")} | exit_ for exit_ in listed(table["race"])]
            if "to" in table:
                dated = is_dated(table["to"])
                table["to"] = {k: _table(v) for k, v in table["to"].items()} if dated else _table(table["to"])


def _table(shares: Any) -> dict[str, Any]:
    return dict(as_shares(shares))


def _set(table: dict[str, Any], key: str, edit: Edit, start: str, change: Callable[[Any], Any]) -> None:
    """Change a value by date at each of its steps from the edit's first day until before its last."""
    told = table[key]
    steps = [(parse_moment(k), v) for k, v in told.items()] if is_dated(told) else [(datetime.min, told)]
    steps.sort(key=lambda step: step[0])
    since, until = edit.since or datetime.min, edit.end or datetime.max
    more = {when for when in (since, until) if max(steps[0][0], parse_moment(start)) < when < datetime.max}
    out: list[tuple[datetime, Any]] = []
    for when in sorted({when for when, _ in steps} | more):
        value = next(v for k, v in reversed(steps) if k <= when)
        value = change(value) if since <= max(when, parse_moment(start)) < until else value
        if not out or out[-1][1] != value:
            out.append((when, value))
    table[key] = (
        out[0][1]
        if len(out) == 1 and out[0][0] == datetime.min
        else {(start if when == datetime.min else when.isoformat()): value for when, value in out}
    )


def _part(raw: dict[str, Any], kind: str, what: str, name: str, where: str) -> dict[str, Any]:
    """Return a copy of the part of a name, which stands in its place from now on."""
    found = _find(what, name, raw[kind], where)
    part: dict[str, Any] = _copied(found)
    raw[kind] = [part if other is found else other for other in raw[kind]]
    return part


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _find(what: str, name: str, among: Iterable[dict[str, Any]], where: str) -> dict[str, Any]:
    by_name = {item["name"]: item for item in among}
    if name not in by_name:
        raise InputError(f"{where}.{what}: {unknown_name(what, name, by_name)}")
    return by_name[name]


def _holder(station: dict[str, Any], key: str, party: str | None, where: str) -> dict[str, Any]:
    """Return the table of a station, or of a party to it, that tells a value."""
    parties = station.get("parties", [])
    table, of = station, f"the station '{station['name']}'"
    if key in ("places", "staff", "hours", "hours_a_case", "follow_up") and parties:
        party = parties[0]["name"] if party is None and len(parties) == 1 else party
        if party is None:
            names = ", ".join(item["name"] for item in parties)
            raise InputError(f"{where}.party: {of} has several parties: name one (allowed: {names})")
        table, of = _find("party", party, parties, where), f"the party '{party}' of '{station['name']}'"
    implied = {"follow_up": "staff", "at": "weekdays"}  # what may be left out in the base
    if implied.get(key, key) not in table:
        levers = [name for name in LEVERS if implied.get(name, name) in table]
        raise InputError(f"{where}.{key}: {of} has no `{key}` (allowed: {', '.join(levers)})")
    return table


def _station(raw: dict[str, Any], edit: StationEdit, where: str) -> None:
    station = _part(raw, "stations", "station", edit.station, where)
    if edit.party is not None:
        _find("party", edit.party, station.get("parties", []), where)
    for key in ("places", "capacity", "staff", "hours", "hours_a_case", "weekdays", "room", "together"):
        change = getattr(edit, key)
        if change is not None:
            if key == "together" and {"capacity", "shifts"} & set(station):
                station.setdefault(key, 1)
            table = _holder(station, key, edit.party, where)
            with located_at(f"{where}.{key}"):
                _set(table, key, edit, raw["start"], _to(change, whole=key in ("capacity", "room", "together")))
    if edit.at is not None:
        _holder(station, "at", None, where)
        station["at"] = [hour.isoformat() for hour in edit.at]
    _recurring(raw, station, edit, where)
    if edit.answers is not None:
        rule = edit.answers
        told = station.setdefault("answers", "off")
        if is_dated(told) and min(map(parse_moment, told)) > parse_moment(raw["start"]):
            station["answers"] = {raw["start"]: "off"} | dict(told)  # there is none before the first date
        with located_at(f"{where}.answers"):
            _set(station, "answers", edit, raw["start"], lambda old: _answering(old, rule))
    for state, change in edit.follow_up.items():
        table = _holder(station, "follow_up", edit.party, where)
        states = [other["name"] for other in raw["states"]]
        if state not in states:
            raise InputError(f"{where}.follow_up: {unknown_name('state', state, states)}")
        standing = table.setdefault("follow_up", {})
        standing.setdefault(state, "0 hours")
        with located_at(f"{where}.follow_up.{state}"):
            _set(standing, state, edit, raw["start"], _to(change))


def _recurring(raw: dict[str, Any], station: dict[str, Any], edit: StationEdit, where: str) -> None:
    """Change when a station meets or is open, and who is there on a shift."""
    table = station
    if edit.shift is not None:
        table = _find("shift", edit.shift, station.get("shifts", []), where)
    elif edit.open is not None and "capacity" not in station:
        raise InputError(f"{where}.open: the station '{edit.station}' has no `capacity` that is there while it is open")
    elif edit.open is not None:
        station.setdefault("open", "always")
    for key, change in (("meets", edit.meets), ("open", edit.open)):
        if change is not None:
            if key not in table:
                _holder(station, key, None, where)
            lines = [str(pattern) for pattern in change] or "closed"
            with located_at(f"{where}.{key}"):
                _set(table, key, edit, raw["start"], partial(_instead, lines))
    if edit.servers is not None:
        with located_at(f"{where}.servers"):
            _set(table, "servers", edit, raw["start"], _to(edit.servers, whole=True))


def _instead(new: Any, old: Any) -> Any:
    return new


def _answering(old: Any, edit: FeedbackEdit) -> Any:
    """Return a station's rule with what an edit names changed; a text alone is a value, whatever the rule was."""
    if edit.is_off:
        return "off"
    rule = {} if old == "off" else dict(old)
    for key in edit.model_fields_set:
        value = getattr(edit, key)
        if is_relative(value) and key not in rule:
            raise ValueError(f"{key}: '{value}' starts from what the base has, and it has none then")
        rule[key] = changed(rule[key], value) if is_relative(value) else value
    lacking = [key for key in ("wait", "gain", "lag", "least", "most") if key not in rule]
    if lacking:
        raise ValueError(f"there is no rule to start from, so give {', '.join(lacking)} too")
    return rule


def _to(change: Any, whole: bool = False) -> Callable[[Any], Any]:
    """Make a change to a value, rounded half up where it counts whole things."""
    if isinstance(change, tuple):
        return lambda old: list(change)
    return lambda old: _counted(changed(old, change), f"'{change}' of {old}") if whole else changed(old, change)


def _counted(value: float, what: str) -> int:
    """Return a number of servers or of room, which has no fractions.

    Raises:
        ValueError: for one with a fraction, with the whole numbers beside it.
    """
    if abs(value - round(value)) > 1e-9:
        low = math.floor(value)
        raise ValueError(f"{what} is {value:g}, and only whole ones can be: write {low} or {low + 1}")
    return round(value)


def _whole(value: float) -> int:
    return math.floor(value + 0.5)


def _closure(raw: dict[str, Any], edit: Closure, where: str) -> None:
    station = _part(raw, "stations", "station", edit.station, where)
    for table in [*station.get("parties", [station]), *station.get("shifts", [])]:
        key = "servers" if "servers" in table else "capacity"
        if key in table:
            with located_at(f"{where}.keep"):
                _set(table, key, edit, raw["start"], lambda old: _counted(old * edit.keep, _kept(edit, old)))
        elif "shifts" in table:
            continue  # it has no other servers
        elif "places" in table:
            _set(table, "places", edit, raw["start"], lambda old: changed(old * edit.keep, "+0"))
        elif edit.keep == 0:
            _set(table, "staff", edit, raw["start"], lambda old: 0.0)
        else:  # the places are hours left over hours a case, so longer cases scale exactly the places
            _set(
                table,
                "hours_a_case",
                edit,
                raw["start"],
                lambda old: changed(old, f"+{100 / edit.keep - 100} %"),
            )


def _kept(edit: Closure, servers: int) -> str:
    return f"{100 * edit.keep:g} % of {servers} servers"


def _shares(raw: dict[str, Any], edit: SharesEdit, where: str) -> None:
    state = _part(raw, "states", "state", edit.state, where)
    if "to" not in state:
        kind = "leaves by a race: change its [[exits]]" if state.get("race") else "is final"
        raise InputError(f"{where}.state: '{edit.state}' {kind}")
    told = state["to"].values() if is_dated(state["to"]) else [state["to"]]
    targets = {name for shares in told for name in shares}
    for name in edit.to:
        if name not in targets:
            raise InputError(f"{where}.to: {unknown_name('way out to', name, targets)}")
    for table in (state, *(variant for variant in state.get("variants", []) if "to" in variant)):
        with located_at(f"{where}.to"):
            _set(table, "to", edit, raw["start"], lambda old: _rescaled(old, edit.to))


def _rescaled(old: Mapping[str, float], to: Mapping[str, Any]) -> dict[str, float]:
    """Set the shares that are named and scale the others so that all add to 1."""
    new = {name: changed(old.get(name, 0.0), change) for name, change in to.items()}
    rest = 1 - math.fsum(new.values())
    others = math.fsum(share for name, share in old.items() if name not in new)
    if rest < -1e-9:
        raise ValueError(f"the shares named add to {1 - rest:.6g}: at most 1 is allowed")
    if others == 0 and rest > 1e-9:
        raise ValueError(f"the shares add to {1 - rest:.6g}, and no other way out takes the rest: they must add to 1")
    scale = max(rest, 0.0) / others if others else 0.0
    return {name: share * scale for name, share in old.items() if name not in new} | new


def _yearly(rate: str) -> str:
    return f"{parse_rate(rate) / parse_rate('1 per year'):.12g} per year"


def _exit(raw: dict[str, Any], edit: ExitEdit, where: str) -> None:
    state = _part(raw, "states", "state", edit.state, where)
    if not state.get("race"):
        raise InputError(f"{where}.state: '{edit.state}' has no race of exits: change its [[shares]]")
    _find("exit", edit.exit, state["race"], where)
    for table in (state, *state.get("variants", [])):
        for exit_ in table.get("race", []):
            if exit_["name"] != edit.exit:
                continue
            if "rate" not in exit_:
                raise InputError(
                    f"{where}.rate: the exit '{edit.exit}' comes after a duration of its own: it has no rate"
                )
            with located_at(f"{where}.rate"):
                _set(exit_, "rate", edit, raw["start"], lambda old: changed(_yearly(old), edit.rate))


def _stay(raw: dict[str, Any], edit: StayEdit, where: str) -> None:
    state = _part(raw, "states", "state", edit.state, where)
    if "to" not in state:
        kind = "leaves by a race: change its [[exits]]" if state.get("race") else "is final"
        raise InputError(f"{where}.state: '{edit.state}' has no `stay`: it {kind}")
    state.setdefault("stay", "0 minutes")
    for table in (state, *(variant for variant in state.get("variants", []) if "stay" in variant)):
        with located_at(f"{where}.stay"):
            _set(table, "stay", edit, raw["start"], lambda old: _longer(old, edit.stay))


def _longer(old: Any, stay: str | Duration) -> Any:
    """Return a law of stays with another mean, or another law."""
    if isinstance(stay, Duration):
        return stay.model_dump(mode="json")
    if isinstance(old, str):
        return changed(old, stay)
    if "mean" in old and "shift" not in old:
        return old | {"mean": changed(old["mean"], stay)}
    mean = Duration.model_validate(old).mean_minutes
    if mean == 0:
        raise ValueError(f"'{stay}' has no observed mean to start from: all are 0; write a law in full")
    new = Duration.model_validate(changed(f"{mean!r} minutes", stay)).mean_minutes
    return Duration.model_validate(old).scaled(new / mean).model_dump(mode="json")


def _arrivals(raw: dict[str, Any], edit: ArrivalsEdit, where: str) -> None:
    entry = _part(raw, "entries", "entry", edit.entry, where)
    if edit.batch is not None:
        if "count" in entry:
            raise InputError(f"{where}.batch: '{edit.entry}' has a `count` at the start, and nobody comes by it")
        entry.setdefault("batch", 1)
        with located_at(f"{where}.batch"):
            _set(entry, "batch", edit, raw["start"], partial(_instead, edit.batch.model_dump(mode="json")))
    if edit.rate is None:
        return
    change = edit.rate
    if "rate" not in entry:
        having = ", ".join(item["name"] for item in raw["entries"] if "rate" in item)
        raise InputError(f"{where}.entry: '{edit.entry}' has no rate (allowed: {having or 'no entry has one'})")
    with located_at(f"{where}.rate"):
        _set(entry, "rate", edit, raw["start"], lambda old: changed(_yearly(old), change))


def _waiting(raw: dict[str, Any], edit: Waiting, where: str) -> None:
    state = _part(raw, "states", "state", edit.state, where)
    if "station" not in state:
        raise InputError(f"{where}.state: '{edit.state}' has no station to wait at")
    stock = [entry for entry in raw["entries"] if entry.get("waiting") and entry["to"] == edit.state]
    elapsed = [entry["elapsed"] for entry in stock if "elapsed" in entry]
    if edit.waited is not None:
        elapsed = [edit.waited.model_dump(mode="json")]
    if len(elapsed) != 1:
        raise InputError(f"{where}.waited: tell how long they have waited: the base has not one stock that tells it")
    with located_at(f"{where}.count"):
        count = _whole(changed(sum(entry["count"] for entry in stock), edit.count))
    # The base's name is kept, so that the citizens' luck is the same in both.
    name = stock[0]["name"] if stock else f"{edit.state}_waiting"
    new = {"name": name, "to": edit.state, "count": count, "elapsed": elapsed[0], "waiting": True}
    place = raw["entries"].index(stock[0]) if stock else len(raw["entries"])
    raw["entries"][place : place + 1] = [new]
    raw["entries"] = [entry for entry in raw["entries"] if not any(entry is other for other in stock)]
