"""A list of today's cases read against a pathway: in which states they are, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from flowsim.core.errors import InputError, unknown_name
from flowsim.evidence.cases import CaseList, CaseRow
from flowsim.model.pathway import Pathway

__all__ = ["Place", "TodaysList", "place_cases"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the list tells of one place: citizens who wait, or are under way, in one state or in those of a station.

    Attributes:
        name: of the state or the station, as it stands in the list.
        states: the states that they are in; of several the model tells which.
        waiting: whether they wait.
        elapsed: of each citizen the minutes since she joined or began, longest first; None where the list does not tell
            it, and the model does.
        share: how many they are over the model's number, in place of `elapsed`.
    """

    name: str
    states: tuple[str, ...]
    waiting: bool
    elapsed: tuple[float | None, ...] = ()
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class TodaysList:
    """Who is where on a day, as far as it is told.

    Attributes:
        day: when the run begins.
        file: the name of the list's file.
        sha256: of its bytes.
        places: each at most once; no state waits, or is under way, in two of them.
    """

    day: datetime
    file: str
    sha256: str
    places: tuple[Place, ...]

    @property
    def listed(self) -> frozenset[tuple[str, bool]]:
        """The states of which the list tells who waits (True), or is under way (False)."""
        return frozenset((state, place.waiting) for place in self.places for state in place.states)


def place_cases(cases: CaseList, pathway: Pathway, day: datetime) -> TodaysList:
    """Read a list against a pathway.

    Raises:
        InputError: for the first cell that does not fit it, with what is allowed.
    """
    places: dict[tuple[str, bool], Place] = {}
    rows: dict[tuple[str, bool], CaseRow] = {}
    for row in cases.rows:
        states = _states(cases, row, pathway)
        if row.count and not row.waiting and not any(_takes_time(name, pathway) for name in states):
            raise InputError(
                f"{cases.at(row, 1)}: nobody is under way in '{row.where}', which takes no time: 'waiting'"
            )
        key = (row.where, row.waiting)
        for (other, waiting), place in places.items():
            if other != row.where and waiting == row.waiting and set(states) & set(place.states):
                raise InputError(
                    f"{cases.at(row, 0)}: '{row.where}' and '{other}' ({cases.at(rows[other, waiting], 0)}) are of the "
                    "same citizens: tell one of them"
                )
        earlier = places.get(key)
        if earlier is not None and (row.share is not None or earlier.share is not None):
            raise InputError(f"{cases.at(row, 2)}: a share of the model's number is no second row of '{row.where}'")
        rows.setdefault(key, row)
        elapsed = earlier.elapsed if earlier else ()
        if row.count is not None:
            elapsed += (_elapsed(cases, row, day),) * row.count
        ordered = sorted(elapsed, key=lambda minutes: -1.0 if minutes is None else minutes, reverse=True)
        places[key] = Place(name=row.where, states=states, waiting=row.waiting, elapsed=tuple(ordered), share=row.share)
    return TodaysList(day=day, file=cases.file, sha256=cases.sha256, places=tuple(places.values()))


def _states(cases: CaseList, row: CaseRow, pathway: Pathway) -> tuple[str, ...]:
    """Return the states that a row is about: one by its name, or those of a station."""
    by_name = {state.name: state for state in pathway.states}
    if row.where in by_name:
        state = by_name[row.where]
        if state.final:
            raise InputError(f"{cases.at(row, 0)}: '{row.where}' is final: whoever is there has left the model")
        if row.waiting and state.station is None:
            raise InputError(f"{cases.at(row, 1)}: nobody waits in '{row.where}', which has no station: 'under way'")
        return (row.where,)
    states = tuple(state.name for state in pathway.states if state.station == row.where)
    if not states:
        known = [state.name for state in pathway.states if not state.final]
        raise InputError(
            f"{cases.at(row, 0)}: "
            f"{unknown_name('state or station', row.where, [*(one.name for one in pathway.stations), *known])}"
        )
    return states


def _takes_time(name: str, pathway: Pathway) -> bool:
    """Return whether anybody can be under way in a state: it takes time, or who leaves it may find no room."""
    state = pathway.state(name)
    blocked = any(other.blocks for other in pathway.states)
    return blocked or bool(state.race or state.variants) or state.stay is not None


def _elapsed(cases: CaseList, row: CaseRow, day: datetime) -> float | None:
    if row.since is None:
        return None
    minutes = (day - datetime.combine(row.since, time())).total_seconds() / 60
    if minutes < 0:
        raise InputError(f"{cases.at(row, 3)}: {row.since} is after the day of the list ({day:%Y-%m-%d})")
    return minutes
