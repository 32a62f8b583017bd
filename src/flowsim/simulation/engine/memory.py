"""How much memory a replication takes, before it runs and on the way, and how much is free."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
import psutil

from flowsim.core.arrays import Floats
from flowsim.core.civil_time import MINUTES
from flowsim.model.attributes.groups import groups_of, resolved
from flowsim.model.duration import Duration
from flowsim.model.parts import Attribute, Entry, State, Station
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import VISIT

__all__ = ["available_memory", "most_visits", "size_of"]

_TILTS = (0.5, 1.0, 3.0, 10.0, 100.0, 1000.0)
_BYTES_A_VISIT = {"kernel": 3 * VISIT.itemsize, "simpy": 1500}


def size_of(pathway: Pathway, engine: str = "kernel", a_citizen: float | None = None) -> tuple[float, float]:
    """Return the citizens to be expected, and the bytes that one replication of them takes at most.

    A visit is held twice while the table is put in order, and once more where it is measured.

    Args:
        pathway: what is run.
        engine: which engine runs it.
        a_citizen: how many visits a citizen is counted with; by default what `most_visits` bounds.
    """
    horizon = (pathway.end - pathway.start).total_seconds() / 60
    citizens = sum(entry.expected(pathway.start, pathway.end) for entry in pathway.entries)
    visits = citizens * (most_visits(pathway) if a_citizen is None else a_citizen)
    meetings = sum(_most_in_a_day(station) * horizon / MINUTES["day"] for station in pathway.stations)
    return citizens, visits * _BYTES_A_VISIT[engine] + citizens * 100 + meetings * 200


def _most_in_a_day(station: Station) -> int:
    """Return how many meetings a station has in a day at most, or how often its servers come and go."""
    if not station.is_meeting:
        openings = [station.open] if station.open else []
        openings += [shift.open for shift in station.shifts]
        return sum(2 * max(sum(len(p.hours) for p in patterns) for patterns in each.values) for each in openings)
    if station.meets is None:
        return len(station.at)
    return max(sum(len(pattern.hours) for pattern in patterns) for patterns in station.meets.values)


def most_visits(pathway: Pathway) -> float:
    """Return a bound of the visits that a citizen makes on average within the horizon.

    The n-th visit comes before the horizon H with a probability of at most E[exp((H - T) / h)] for any h, where T is
    the time of the stays before it (Chernoff). Summed over n, with each state leaving by whichever of its ways leads
    to most visits, this is a set of linear equations; the least of the sums over some h is taken. Waits for servers
    count as no time, those for a meeting as a uniform part of the time between two.
    """
    meetings = tuple(_meetings_a_week(station) if station.is_meeting else None for station in pathway.stations)
    return _most_visits(
        _Course(
            horizon=(pathway.start, pathway.end),
            attributes=pathway.attributes,
            states=pathway.states,
            entries=pathway.entries,
            meetings=meetings,
            pathway=pathway,
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Course:
    """All of a pathway that tells how many visits there are: how long they take, but for waits for servers."""

    horizon: tuple[datetime, datetime]
    attributes: tuple[Attribute, ...]
    states: tuple[State, ...]
    entries: tuple[Entry, ...]
    meetings: tuple[int | None, ...]  # a week, of each station
    pathway: Pathway = field(compare=False)


# Scenarios that are looked at one after the other differ in their places alone.
@lru_cache(maxsize=4)
def _most_visits(course: _Course) -> float:
    pathway = course.pathway
    horizon = (pathway.end - pathway.start).total_seconds() / 60
    number = {state.name: i for i, state in enumerate(pathway.states)}
    weights = np.array([entry.expected(pathway.start, pathway.end) for entry in pathway.entries])
    if not weights.sum():
        return 1.0
    doors = [number[entry.to] for entry in pathway.entries]
    # A state as it is for each of the groups of citizens, whichever of them leads to most visits.
    of_groups = [resolved(pathway, group) for group in groups_of(pathway)]
    kinds = [set(each) for each in zip(*of_groups, strict=True)]
    bounds = []
    for tilt in _TILTS:
        # Of each state, the ways in which it may be left: rows of discounted shares.
        ways = [
            [_row(way, number) for state in each for way in _ways(pathway, state, tilt * horizon)] for each in kinds
        ]
        visits = _most(ways)
        bounds.append(math.exp(1 / tilt) * float(visits[doors] @ weights / weights.sum()))
    return max(min(bounds), 1.0)


def _most(ways: list[list[Floats]]) -> Floats:
    """Return the greatest sum of visits from each state, by policy iteration."""
    chosen = [0] * len(ways)
    while True:
        shares = np.array([rows[at] for rows, at in zip(ways, chosen, strict=True)])
        visits: Floats = np.linalg.solve(np.eye(len(ways)) - shares, np.ones(len(ways)))
        onward = [[float(row @ visits) for row in rows] for rows in ways]
        # Ways that lead to as many visits are not changed, or the choice might go round.
        better = [
            at if max(sums) <= sums[at] * (1 + 1e-12) else sums.index(max(sums))
            for sums, at in zip(onward, chosen, strict=True)
        ]
        if better == chosen:
            return visits
        chosen = better


def _row(way: dict[str, float], number: dict[str, int]) -> Floats:
    row = np.zeros(len(number))
    for name, share in way.items():
        row[number[name]] += share
    return row


def _ways(pathway: Pathway, state: State, h: float) -> Iterator[dict[str, float]]:
    """Yield the ways out of a state: shares of those who leave it, times the mean of exp(-T / h) of their stay."""
    if state.final:
        yield {}
        return
    wait = 1.0
    if state.station and pathway.station(state.station).is_meeting:
        gap = MINUTES["week"] / max(_meetings_a_week(pathway.station(state.station)), 1) / h
        wait = -math.expm1(-gap) / gap
    if state.to is not None:
        stay = max((_discount(law, h) for law in state.stay.values), default=1.0) if state.stay else 1.0
        for shares in state.to.values:
            yield {name: share * stay * wait for name, share in shares}
    hazards = [exit_ for exit_ in state.race if exit_.rate is not None]
    for moment in sorted({when for exit_ in hazards for when, _ in exit_.rate.root}):  # type: ignore[union-attr]
        rates: dict[str, float] = {}
        for exit_ in hazards:
            steps = [rate for when, rate in exit_.rate.root if when <= moment]  # type: ignore[union-attr]
            factor = max((f for _, f in exit_.by_time_spent), default=1.0)
            rates[exit_.to] = rates.get(exit_.to, 0.0) + (steps[-1] if steps else 0.0) * factor
        yield {name: wait * rate / (sum(rates.values()) + 1 / h) for name, rate in rates.items()}
    for exit_ in state.race:
        if exit_.after is not None:
            yield {exit_.to: wait * _discount(exit_.after, h)}
    if state.patience is not None and state.reneges_to:
        yield {state.reneges_to: _discount(state.patience, h)}
    if state.refused_to:
        yield {state.refused_to: 1.0}


def _meetings_a_week(station: Station) -> int:
    if station.meets is not None:
        return max(sum(len(p.days) * len(p.hours) for p in patterns) for patterns in station.meets.values)
    return max(map(len, station.weekdays.values)) * len(station.at) if station.weekdays else 0


def _discount(law: Duration, h: float) -> float:
    """Return the mean of exp(-T / h), for most laws that of a gamma law with the same two moments."""
    if law.law == "mixture":
        return math.fsum(share * _discount(part, h) for share, part in zip(law.shares(), law.of, strict=True))
    if law.law in ("fixed", "empirical"):
        return float(np.array(law.shares() or (1.0,)) @ np.exp(-np.array(list(law.atoms())) / h))
    squared = law.squared_cv
    return float((1 + law.mean_minutes / h * squared) ** (-1 / squared))


def available_memory() -> float:
    """Return the bytes that are free for use on this machine."""
    return float(psutil.virtual_memory().available)
