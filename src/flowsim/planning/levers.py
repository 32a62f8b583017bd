"""What a planner can have more or less of: a meeting's places, servers, staff; set from a date on by scenario edits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from flowsim.core.civil_time import ByDate
from flowsim.core.errors import InputError, KeyedError, require, require_type, unknown_name, whole_number
from flowsim.core.numbers import composed
from flowsim.model.edits import StationEdit
from flowsim.model.parts import Party, Station
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario

__all__ = ["Levels", "Lever", "varied", "without_queues"]

Key = Literal["places", "capacity", "staff"]
_UNITS = {"places": "places a meeting", "capacity": "servers", "staff": "members of staff"}
_ONE = {"places": "place a meeting", "capacity": "server", "staff": "member of staff"}
_MOST_ROWS = 9
_PLENTY = 1_000_000  # more than ever wait, and few enough for the places that so many hours of staff make


@dataclass(frozen=True, kw_only=True)
class Lever:
    """A number of places, servers or staff at a station.

    Attributes:
        name: "team.places", "desk.capacity", "board.town.staff": the station, the party where it has parties, the key.
        station: the station's name.
        parties: whose number it is; (None,) for the station's own. All of several parties get the same.
        key: what is changed.
        answers: whether the station answers its wait; where the number is set, the answer is off.
    """

    name: str
    station: str
    parties: tuple[str | None, ...]
    key: Key
    answers: bool = False

    @classmethod
    def parse(cls, name: str, pathway: Pathway) -> Lever:
        """Find a lever of a pathway by its name; without a party it is that of all parties to the station.

        Raises:
            InputError: for an unknown one, with the nearest names.
        """
        require_type("lever", name, str, "a name such as 'team.places'")
        require_type("pathway", pathway, Pathway, "a Pathway")
        known = {lever.name: lever for lever in _levers(pathway)}
        name = composed(name)
        if name not in known:
            raise InputError(unknown_name("lever", name, known))
        return known[name]

    @property
    def unit(self) -> str:
        """What is counted, in words."""
        return _UNITS[self.key]

    def counted(self, level: float) -> str:
        """Write a number of it in words: "1 server", "12 places a meeting"."""
        return f"{level:g} {_ONE[self.key] if level == 1 else self.unit}"

    def held(self, pathway: Pathway, when: datetime) -> dict[str, float]:
        """Return what a pathway has of it at a moment, by party; by the station's name where that has no parties."""
        station = pathway.station(self.station)
        if not station.parties:
            return {station.name: float(getattr(station, self.key).at(when))}
        parties = [party for party in station.parties if party.name in self.parties]
        return {party.name: float(getattr(party, self.key).at(when)) for party in parties}

    def set(self, scenario: Scenario, level: float, since: datetime) -> Scenario:
        """Return a scenario in which the number is `level` from a moment on, whatever was given for then.

        Its closures still apply, for they keep a share of it. Infinity is more than anybody waits for. A station that
        answers its wait does so no longer from that moment on, for the question is of the staffing as it is given.
        """
        number = _PLENTY if math.isinf(level) else int(level) if level == int(level) else level
        edits = [
            StationEdit.model_validate({"station": self.station, "party": party, self.key: number, "from": since})
            for party in self.parties
        ]
        if self.answers:
            off = {"station": self.station, "from": since, "answers": "off"}
            edits.append(StationEdit.model_validate(off))
        file = scenario.file.model_copy(update={"stations": (*scenario.file.stations, *edits)})
        return replace(scenario, file=file)


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The whole numbers from `least` to `most` that a lever may be set to; every n-th of them, and the last.

    Where stays begin in groups, what is too few for one but not none is left out: those below `group`.

    Raises:
        InputError: where they are out of order or below 0.
    """

    lever: Lever
    least: int
    most: int
    every: int = 1
    group: int = 0

    def __post_init__(self) -> None:
        require_type("lever", self.lever, Lever, "a Lever, such as Lever.parse('desk.capacity', pathway)")
        where = f"{self.lever.name}: between {self.least} and {self.most}"
        for name in ("least", "most", "every"):
            object.__setattr__(self, name, whole_number(f"{where}: {name}", getattr(self, name), -_PLENTY, 2**63 - 1))
        require(0 <= self.least < self.most, where, self.least, "0 or more, and below the most")
        require(self.most <= _PLENTY, where, self.most, f"at most {_PLENTY:,}")
        require(self.every >= 1, f"{where}: every", self.every, "1 or more")

    @property
    def all(self) -> tuple[int, ...]:
        """The levels in rising order."""
        stepped = range(self.least, self.most, self.every)
        return (*(level for level in stepped if level == 0 or level >= self.group), self.most)

    def thinned(self, every: int | None = None) -> Levels:
        """Return every n-th of the levels; about nine of them where that is left out."""
        return replace(self, every=every or max(1, -(-(self.most - self.least) // (_MOST_ROWS - 1))))


def without_queues(scenario: Scenario, stations: Sequence[str], since: datetime) -> Scenario:
    """Return a scenario in which nobody waits for a place at some stations, from a moment on."""
    pathway = scenario.pathway()
    for name in stations:
        for lever in _levers_at(pathway.station(name)):
            scenario = lever.set(scenario, math.inf, since)
    return scenario


def _levers(pathway: Pathway) -> list[Lever]:
    return [lever for station in pathway.stations for lever in (*_levers_at(station), *_joint(station))]


def _levers_at(station: Station) -> list[Lever]:
    """Return the lever of a station, or of each party to it."""
    answers = _is_answering(station)
    if not station.parties:
        key: Key = "places" if station.is_meeting else "capacity"
        return [Lever(name=f"{station.name}.{key}", station=station.name, parties=(None,), key=key, answers=answers)]
    return [
        Lever(
            name=f"{station.name}.{party.name}.{key}",
            station=station.name,
            parties=(party.name,),
            key=key,
            answers=answers,
        )
        for party, key in ((party, _key(party)) for party in station.parties)
    ]


def _joint(station: Station) -> list[Lever]:
    """Return the lever of all parties to a station at once, where all have the same kind."""
    keys = {_key(party) for party in station.parties}
    if len(keys) != 1:
        return []
    key, answers = keys.pop(), _is_answering(station)
    names = tuple(party.name for party in station.parties)
    return [Lever(name=f"{station.name}.{key}", station=station.name, parties=names, key=key, answers=answers)]


def _is_answering(station: Station) -> bool:
    return any(rule is not None and rule.gain > 0 for rule in (station.answers.values if station.answers else ()))


def _key(party: Party) -> Key:
    return "places" if party.places is not None else "staff"


def varied(names: Sequence[str], between: Sequence[str], pathway: Pathway) -> list[Levels]:
    """Return the levers of some names, each with the levels that a text such as "10 60" allows.

    Raises:
        InputError: where there are not as many of both, for an unknown lever, for what is no pair of whole numbers, and
            for fewer servers than stays need that begin together, but for none.
    """
    levers = []
    for name in names:
        with _at("vary"):
            levers.append(Lever.parse(name, pathway))
    if len(between) != len(levers):
        raise KeyedError(
            "between", f"{len(levers)} levers are varied and {len(between)} times two bounds told: one each"
        )
    with _at("between"):
        return [_in_groups(_levels(*pair), pathway) for pair in zip(levers, between, strict=True)]


def _levels(lever: Lever, bounds: str) -> Levels:
    numbers = re.fullmatch(r"(\d+)(?:\s+|\s*(?:-|–|\.\.|to|and|og|til|,\s)\s*)(\d+)", bounds.strip())
    if not numbers:
        raise InputError(f"'{bounds}' is not allowed: two whole numbers, the least and the most")
    return Levels(lever=lever, least=int(numbers[1]), most=int(numbers[2]))


def _in_groups(levels: Levels, pathway: Pathway) -> Levels:
    """Leave out levels with which no stay can begin where they begin `together`, but for none; refuse a bound of them.

    Whoever is on a shift counts at its hours alone.
    """
    station, name = pathway.station(levels.lever.station), levels.lever.name
    if station.together == 1:
        return levels

    def most(capacity: int) -> int:
        always = ByDate[int].model_validate(capacity)
        servers = station.model_copy(update={"capacity": always}).planned(pathway.start, pathway.end)
        return max(servers.values) if servers else 0

    # Where the number is set, what answers the wait adds none.
    together = station.together if levels.lever.answers else station.least_together
    enough = math.ceil(together)
    fewest = next((number for number in range(enough) if most(number) >= together), enough)
    none = fewest > 0 and most(0) == 0
    allowed = f"{'0, or ' * none}{fewest} or more as the least, for stays there begin {station.together} together"
    require(levels.least >= fewest or (none and levels.least == 0), name, levels.least, allowed)
    require(
        levels.most >= fewest, name, levels.most, f"{fewest} or more as the most, for as many have to be there at once"
    )
    return replace(levels, group=fewest)


@contextmanager
def _at(key: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise KeyedError(key, str(error)) from None
