"""What each station is offered against what it can take, period by period, and where citizens end: before any run.

Loads and queues are those of the pathway as a fluid (`flowsim.theory.fluid`): close to a simulation's mean where a
station is offered too much, too short near full load. Visits and outcomes are exact, where nothing about them
changes by date, by time spent, or with a queue.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from flowsim.core.civil_time import MINUTES, ByDate
from flowsim.core.errors import require_type
from flowsim.model.pathway import Pathway
from flowsim.model.soundness import reached
from flowsim.theory.copies import Spread, plain_name, spread
from flowsim.theory.fluid import Fluid, flow
from flowsim.theory.networks import AbsorbingChain, without_way_out
from flowsim.theory.survival import cohort_of_law, cohort_of_race

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.model.parts import State, Station

__all__ = ["Bottleneck", "Load", "Prospect", "StationLoad", "workload"]

_T = TypeVar("_T")
_ALIKE = 0.05  # of utilisation: periods that differ less are given as one
_IDLE = 0.8  # all below are given as one, too
_NOTICED = 0.02  # of those who come: a queue that grows by less stands still
_QUARTERS_BELOW = 2 * MINUTES["year"]


@dataclass(frozen=True, kw_only=True)
class StationLoad:
    """What a station is offered in a period. Numbers are means, all to within a step of the fluid.

    Attributes:
        station: its name.
        since: when the period begins; until when it lasts is `until`.
        until: its end, not included.
        cases_a_week: citizens who come to queue, each as often as she comes, those who then give up included.
        places_a_week: cases that it can take: servers over the mean stay, or the places of its meetings. Where stays
            begin `together`, servers are those of whole groups.
        served_a_week: cases that it takes.
        queue_before: how many wait at the beginning.
        queue: how many wait at the end.
        grows: whether the queue has grown by more than two in a hundred of the cases, and a meeting's places.
    """

    station: str
    since: datetime
    until: datetime
    cases_a_week: float
    places_a_week: float
    served_a_week: float
    queue_before: float
    queue: float
    grows: bool

    @property
    def utilisation(self) -> float:
        """Cases over places; above 1 not all can be taken."""
        if self.cases_a_week == 0:
            return 0.0
        return self.cases_a_week / self.places_a_week if self.places_a_week > 0 else math.inf

    @property
    def growth_a_week(self) -> float:
        """By how many the queue grows a week; negative where it falls."""
        weeks = (self.until - self.since).total_seconds() / 60 / MINUTES["week"]
        return (self.queue - self.queue_before) / weeks

    @property
    def wait_weeks(self) -> float:
        """The queue at the end over those served a week: how long the last one waits if all goes on like this."""
        if self.queue == 0:
            return 0.0
        return self.queue / self.served_a_week if self.served_a_week > 0 else math.inf


@dataclass(frozen=True, kw_only=True)
class Bottleneck:
    """The station that is scarcest in a period: the most utilised one.

    Attributes:
        station: its name.
        since: when the period begins.
        until: its end, not included.
    """

    station: str
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a citizen who comes by a door can expect, exact.

    Attributes:
        entry: the door.
        visits: how often she is expected in each state on the way.
        outcomes: the probability to end in each final state.
        weeks: the mean time of all her stays until then; waits at stations are not counted.
    """

    entry: str
    visits: dict[str, float]
    outcomes: dict[str, float]
    weeks: float


@dataclass(frozen=True, kw_only=True)
class Load:
    """The analytic answer for a pathway.

    Attributes:
        start: of the horizon.
        end: of the horizon.
        stations: the load of each station by period; like years (quarters, of a horizon under two years) are one.
        bottlenecks: the scarcest station by period; none where a pathway has no station.
        unsettled: stations that do not settle by the end, in a simulation neither: a queue still grows, or more
            come than can be taken, and nobody gives up or is refused.
        prospects: of each door but stocks; empty where they are not constant.
        why_no_prospects: what is not constant; empty where there are prospects.
    """

    start: datetime
    end: datetime
    stations: tuple[StationLoad, ...]
    bottlenecks: tuple[Bottleneck, ...]
    unsettled: tuple[StationLoad, ...]
    prospects: tuple[Prospect, ...]
    why_no_prospects: str

    def frame(self) -> pd.DataFrame:
        """Return a row a station and period, with the fields of `StationLoad`."""
        import pandas as pd

        return pd.DataFrame([vars(load) for load in self.stations])


def workload(pathway: Pathway) -> Load:
    """Return loads, bottlenecks and prospects of a pathway."""
    require_type("pathway", pathway, Pathway, "a Pathway; that of a scenario is scenario.pathway()")
    fluid = flow(pathway)
    stations: list[StationLoad] = []
    unsettled: list[StationLoad] = []
    by_period: dict[tuple[datetime, datetime], list[StationLoad]] = {p: [] for p in _periods(fluid)}
    for number, station in enumerate(pathway.stations):
        single = [_station_load(fluid, number, since, until) for since, until in by_period]
        for load, loads in zip(single, by_period.values(), strict=True):
            loads.append(load)
        stations += [_station_load(fluid, number, run[0].since, run[-1].until) for run in _alike(single)]
        if single[-1].grows or (single[-1].utilisation > 1 and not _bounded(pathway, station)):
            unsettled.append(stations[-1])
    scarcest = [max(loads, key=lambda load: load.utilisation) for loads in by_period.values() if loads]
    runs = [list(group) for _, group in groupby(scarcest, key=lambda load: load.station)]
    copies = spread(pathway)
    why = _why_not_constant(copies.pathway) or _why_endless(copies.pathway)
    return Load(
        start=pathway.start,
        end=pathway.end,
        stations=tuple(stations),
        bottlenecks=tuple(Bottleneck(station=r[0].station, since=r[0].since, until=r[-1].until) for r in runs),
        unsettled=tuple(unsettled),
        prospects=() if why else tuple(_over_groups(pathway, copies)),
        why_no_prospects=why,
    )


def _over_groups(pathway: Pathway, copies: Spread) -> Iterator[Prospect]:
    """Yield what a citizen who comes by a door can expect, the mean over the groups that come by it."""
    by_door: dict[str, list[Prospect]] = {}
    for prospect in _prospects(copies.pathway):
        by_door.setdefault(plain_name(prospect.entry), []).append(prospect)
    for entry, parts in by_door.items():
        if not pathway.attributes:
            yield from parts
            continue
        visits: dict[str, float] = {}
        outcomes: dict[str, float] = {}
        for part in parts:
            weight = copies.weights[part.entry]
            for sums, own in ((visits, part.visits), (outcomes, part.outcomes)):
                for name, value in own.items():
                    sums[plain_name(name)] = sums.get(plain_name(name), 0.0) + weight * value
        weeks = sum(copies.weights[part.entry] * part.weeks for part in parts)
        yield Prospect(entry=entry, visits=visits, outcomes=outcomes, weeks=weeks)


def _periods(fluid: Fluid) -> list[tuple[datetime, datetime]]:
    """Return the calendar years or quarters of the horizon that hold a step."""
    start, end = fluid.pathway.start, fluid.pathway.end
    by_quarter = (end - start).total_seconds() / 60 < _QUARTERS_BELOW
    firsts = [
        datetime(year, m, 1)
        for year in range(start.year, end.year + 1)
        for m in ((1, 4, 7, 10) if by_quarter else (1,))
    ]
    cuts = [start, *(first for first in firsts if start < first < end), end]
    found = list(pairwise(cuts))
    return [(a, b) for a, b in found if fluid.steps_of(a, b).start < fluid.steps_of(a, b).stop]


def _station_load(fluid: Fluid, number: int, since: datetime, until: datetime) -> StationLoad:
    station = fluid.pathway.stations[number]
    steps, states = fluid.steps_of(since, until), fluid.states_of(station)
    weeks = (steps.stop - steps.start) * fluid.step / MINUTES["week"]
    cases = float(fluid.joined[steps, states].sum())
    waiting = fluid.waiting[:, states].sum(axis=1)
    before = float(waiting[steps.start - 1]) if steps.start else _waiting_at_start(fluid.pathway, station)
    after = float(waiting[steps.stop - 1])
    tolerance = _NOTICED * cases + (float(fluid.places[steps, number].max()) if station.is_meeting else 0.0)
    return StationLoad(
        station=station.name,
        since=since,
        until=until,
        cases_a_week=cases / weeks,
        places_a_week=float(fluid.places[steps, number].sum()) / weeks,
        served_a_week=float(fluid.started[steps, states].sum()) / weeks,
        queue_before=before,
        queue=after,
        grows=after - before > tolerance,
    )


def _waiting_at_start(pathway: Pathway, station: Station) -> float:
    stocks = [e for e in pathway.entries if e.count and e.waiting]
    return float(sum(e.count or 0 for e in stocks if pathway.state(e.to).station == station.name))


def _alike(loads: list[StationLoad]) -> Iterator[list[StationLoad]]:
    """Yield runs of consecutive periods that are nearly as loaded, or all far from full, as none or all grow."""
    run = loads[:1]
    for load in loads[1:]:
        low, high = sorted((load.utilisation, run[0].utilisation))
        alike = high == low or high - low < _ALIKE or high < _IDLE
        if alike and load.grows == run[0].grows:
            run.append(load)
        else:
            yield run
            run = [load]
    yield run


def _bounded(pathway: Pathway, station: Station) -> bool:
    """Whether a queue cannot grow for ever, since all who wait give up some day, or are refused, or baulk."""
    leaving = (s.patience or (s.baulks and s.baulks[-1][1] == 1) for s in pathway.states if s.station == station.name)
    return station.room is not None or all(leaving)


def _why_endless(pathway: Pathway) -> str:
    """Return from where some who come never reach an end by the shares in force; empty where all do."""
    shares = {state.name: _shares(state, pathway.start) for state in pathway.states}
    names = _visited(pathway)
    rows = np.array([[shares[a].get(b, 0.0) for b in names] for a in names]).reshape(len(names), len(names))
    stuck = without_way_out(rows)
    return f"those who come to {plain_name(names[stuck[0]])} go round without end" if stuck else ""


def _visited(pathway: Pathway) -> list[str]:
    """Return the states that whoever comes by a door can get to by the shares in force, but for final ones."""
    shares = {state.name: _shares(state, pathway.start) for state in pathway.states}
    arrows = {name: {to for to, share in row.items() if share > 0} for name, row in shares.items()}
    reachable = reached({entry.to for entry in pathway.entries if entry.count is None}, arrows)
    return [state.name for state in pathway.states if state.name in reachable and not state.final]


def _shares(state: State, when: datetime) -> dict[str, float]:
    """Return the shares of the ways out; for a race those that can win at all, alike."""
    if state.to is not None:
        return dict(state.to.at(when))
    ways = [e.to for e in state.race if e.rate is None or e.rate.at(when) > 0]
    return {to: ways.count(to) / len(ways) for to in ways}


def _in_force(value: ByDate[_T], since: datetime, until: datetime) -> list[_T]:
    """Return the values that hold at some time of a period."""
    return [value.at(since), *(told for when, told in value.root if since < when < until)]


def _why_not_constant(pathway: Pathway) -> str:
    """Return why visits and outcomes are not the same for all who come whenever; empty where they are."""
    for state in pathway.states:
        dated: list[tuple[str, ByDate[Any] | None]] = [("stay", state.stay), ("shares", state.to)]
        dated += [("rates", exit_.rate) for exit_ in state.race]
        for what, value in dated:
            if value is not None and len(set(_in_force(value, pathway.start, pathway.end))) > 1:
                return f"the {what} of {plain_name(state.name)} change by date"
        if any(exit_.by_time_spent for exit_ in state.race):
            return f"the rates of {plain_name(state.name)} depend on the time spent on a benefit"
        if state.patience is not None:
            return f"how many give up in {plain_name(state.name)} depends on the wait"
        if state.refused_to is not None:
            return f"how many are refused in {plain_name(state.name)} depends on the queue"
        if state.baulks:
            return f"how many baulk in {plain_name(state.name)} depends on the queue"
        if state.race and math.isinf(_race(pathway, state)[1]):
            return f"some who come to {plain_name(state.name)} never leave"
    return ""


def _race(pathway: Pathway, state: State) -> tuple[dict[str, float], float]:
    """Return who wins a race how often, and its mean time in minutes."""
    rates = [exit_.rate.at(pathway.start) if exit_.rate else 0.0 for exit_ in state.race]
    longest = max((e.after.longest_mean for e in state.race if e.after), default=0.0)
    cohort = cohort_of_race(state.race, rates, max(longest / 100, pathway.tick), 200)
    shares: dict[str, float] = {}
    for exit_, share in zip(state.race, cohort.shares.tolist(), strict=True):
        shares[exit_.to] = shares.get(exit_.to, 0.0) + share
    return shares, cohort.mean


def _prospects(pathway: Pathway) -> Iterator[Prospect]:
    visited = _visited(pathway)
    ways = [state for state in pathway.states if state.name in visited]
    finals = [s.name for s in pathway.states if s.final]
    shares, means = [], []
    for state in ways:
        if state.race:
            out, mean = _race(pathway, state)
        else:
            out = _shares(state, pathway.start)
            mean = cohort_of_law(state.stay.at(pathway.start) if state.stay else None, 1.0, 1).mean
        shares.append(out)
        means.append(mean)
    if not ways:
        return
    names = [state.name for state in ways]
    chain = AbsorbingChain(
        shares=np.array([[row.get(name, 0.0) for name in names] for row in shares]),
        exits=np.array([[row.get(name, 0.0) for name in finals] for row in shares]),
        means=means,
    )
    for entry in pathway.entries:
        if entry.count is None and entry.to in names:
            i = names.index(entry.to)
            yield Prospect(
                entry=entry.name,
                visits=dict(zip(names, chain.visits[i].tolist(), strict=True)),
                outcomes=dict(zip(finals, chain.outcome_shares[i].tolist(), strict=True)),
                weeks=float(chain.time_mean[i]) / MINUTES["week"],
            )
