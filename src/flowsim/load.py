"""What each station is offered against what it can take, year by year, without running.

Steady flows, an approximation for a first look. Citizens come at a year's mean rates and move on by the
shares and rates in force in the middle of the year, as if it lasted for ever: a long stay delays nobody.
Stocks at the start, patience and limited rooms are left out: the load is of all who come, also of those who
give up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from flowsim.civiltime import MINUTES, ByDate
from flowsim.errors import InputError
from flowsim.pathway import Entry, Party, Pathway, State, Station

__all__ = ["Load", "offered_load", "overloaded"]

_ROUNDING = 1e-9  # a round that fewer leave than this is closed but for rounding


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a station is offered in one calendar year, or the part of it within the horizon.

    Attributes:
        station: its name.
        year: the calendar year.
        cases_a_week: citizens who come to queue, each as often as she comes.
        places_a_week: cases that it can take: servers over the mean stay, or meetings times places.
    """

    station: str
    year: int
    cases_a_week: float
    places_a_week: float

    @property
    def utilisation(self) -> float:
        """Cases over places; above 1 the queue grows without end."""
        if self.cases_a_week == 0:
            return 0.0
        return self.cases_a_week / self.places_a_week if self.places_a_week > 0 else math.inf


def offered_load(pathway: Pathway) -> list[Load]:
    """Return the load of each station in each calendar year of the horizon.

    The traffic equations λ = γ + Pᵀλ give the flow through each state (Jackson 1957, "Networks of waiting
    lines", Operations Research 5:518-521).

    Raises:
        InputError: where citizens go round for ever by the shares of a year.
    """
    out: list[Load] = []
    for since, until in _years(pathway.start, pathway.end):
        middle = since + (until - since) / 2
        flows, stays = _flows(pathway, since, until)
        present = {name: flow * stays[name] if flow else 0.0 for name, flow in flows.items()}  # Little's law
        weeks = _minutes(since, until) / MINUTES["week"]
        for station in pathway.stations:
            states = [state.name for state in pathway.states if state.station == station.name]
            cases = sum(flows[name] for name in states)
            if station.capacity is not None:
                busy = sum(present[name] for name in states)
                mean = busy / cases if cases else 0.0
                servers = _mean(station.capacity, since, until)
                places = servers / mean * MINUTES["week"] if mean else math.inf
            else:
                places = sum(_places(station, when, present) for when in station.meetings(since, until)) / weeks
            out.append(
                Load(
                    station=station.name,
                    year=middle.year,
                    cases_a_week=cases * MINUTES["week"],
                    places_a_week=places,
                )
            )
    return out


def overloaded(pathway: Pathway) -> list[Load]:
    """Return the loads of the stations that are offered more than they can take."""
    return [load for load in offered_load(pathway) if load.utilisation > 1]


def _minutes(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 60


def _years(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    for year in range(start.year, end.year + 1):
        since, until = max(start, datetime(year, 1, 1)), min(end, datetime(year + 1, 1, 1))
        if since < until:
            yield since, until


def _mean(value: ByDate[float] | ByDate[int], since: datetime, until: datetime) -> float:
    """Return the mean of a value by date over a period."""
    cuts = sorted({since, until} | {when for when, _ in value.root if since < when < until})
    parts = [value.at(a) * _minutes(a, b) for a, b in pairwise(cuts)]
    return math.fsum(parts) / _minutes(since, until)


def _places(station: Station, when: datetime, present: dict[str, float]) -> float:
    return max(0.0, min(_party_places(party, when, present) for party in station.bounds))


def _party_places(party: Party, when: datetime, present: dict[str, float]) -> float:
    """Return a party's places: by hours, those left by the citizens in process (not by those who queue)."""
    if party.places is not None:
        return party.places.at(when)
    assert party.staff is not None  # a Party tells places, or all three of these
    assert party.hours is not None
    assert party.hours_a_case is not None
    standing = math.fsum(hours.at(when) * present[state] for state, hours in party.follow_up)
    return (party.staff.at(when) * party.hours.at(when) - standing) / party.hours_a_case.at(when)


def _flows(pathway: Pathway, since: datetime, until: datetime) -> tuple[dict[str, float], dict[str, float]]:
    """Return how many citizens a minute enter each state, and the mean stay in it in minutes."""
    number = {state.name: index for index, state in enumerate(pathway.states)}
    middle = since + (until - since) / 2
    doors, moves = np.zeros(len(number)), np.zeros((len(number), len(number)))
    for entry in pathway.entries:
        doors[number[entry.to]] += _entering(entry, since, until)
    stays = {}
    for state in pathway.states:
        leaving, stays[state.name] = _leaving(state, middle)
        for target, share in leaving.items():
            moves[number[target], number[state.name]] += share
    reached = _reached(doors > 0, moves)
    flows = np.zeros(len(number))
    inside = np.ix_(reached, reached)
    try:
        flows[reached] = np.linalg.solve((np.eye(len(number)) - moves)[inside], doors[reached])
        endless = bool(flows.min() < -_ROUNDING or flows.max() > doors.sum() / _ROUNDING)
    except np.linalg.LinAlgError:
        endless = True
    if endless:
        raise InputError(f"{pathway.name}: by the shares of {middle:%Y} citizens go round without end")
    return {name: float(flows[index]) for name, index in number.items()}, stays


def _reached(seen: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Mark the states that anyone comes to, so that a closed round elsewhere does no harm."""
    for _ in range(len(seen)):
        seen = seen | (moves @ seen > 0)
    return seen


def _entering(entry: Entry, since: datetime, until: datetime) -> float:
    """Return the mean number of citizens a minute who come by a door; a stock at the start is none."""
    if entry.rate is not None:
        return _mean(entry.rate, since, until)
    if entry.every is not None:
        return 1 / entry.every.mean_minutes
    return sum(since <= when < until for when in entry.at) / _minutes(since, until)


def _leaving(state: State, when: datetime) -> tuple[dict[str, float], float]:
    """Return the shares of the ways out of a state, and the mean stay in minutes."""
    if state.race:
        return _race(state, when)
    stay = state.stay.at(when).mean_minutes if state.stay else 0.0
    return dict(state.to.at(when)) if state.to else {}, stay


def _race(state: State, when: datetime) -> tuple[dict[str, float], float]:
    """Return who wins a race how often, and the mean time until then.

    Hazards are piecewise constant in the time spent, which is taken to begin with this stay, so each piece is
    exact. An exit `after` an exponential duration is such a hazard too; of the others the one with the
    shortest mean counts, at its mean. Where no hazard is left and nothing comes after, the rest never leave.
    """
    pieces: list[tuple[str, dict[float, float]]] = []
    last, winner = math.inf, ""
    for exit_ in state.race:
        if exit_.rate is not None:
            rate = exit_.rate.at(when)
            pieces.append((exit_.to, {span: rate * factor for span, factor in exit_.by_time_spent or ((0.0, 1.0),)}))
        elif exit_.after is not None and exit_.after.law == "exponential":
            pieces.append((exit_.to, {0.0: 1 / exit_.after.mean_minutes}))
        elif exit_.after is not None and exit_.after.mean_minutes < last:
            last, winner = exit_.after.mean_minutes, exit_.to
    shares = dict.fromkeys((exit_.to for exit_ in state.race), 0.0)
    cuts = sorted({0.0, last} | {span for _, steps in pieces for span in steps if span < last} | {math.inf})
    staying, mean = 1.0, 0.0
    for since, until in pairwise(cuts):
        if since >= last or staying == 0:
            break
        hazards = [(to, next(h for span, h in reversed(steps.items()) if span <= since)) for to, steps in pieces]
        total = math.fsum(hazard for _, hazard in hazards)
        gone = staying * -math.expm1(-total * (until - since)) if total else 0.0
        for to, hazard in hazards:
            shares[to] += gone * hazard / total if total else 0.0
        mean += gone / total if total else staying * (until - since)
        staying -= gone
    if winner:
        shares[winner] += staying
    return shares, mean
