"""The pathway as a fluid: mean flows, step by step through the horizon, without chance.

Citizens are so many that their numbers are what is expected: so and so much of each flow moves on in each step.
Queues form where more come than can be taken, and only there. A queue that chance alone makes, in a station with
places for all, is therefore missing, and a queue near full load comes out too short. Stocks, flows and the queue
of a station that is offered too much are close to a simulation's mean.

Source: Newell (1982), Applications of Queueing Theory, chapter 2; Mandelbaum, Massey and Reiman (1998), Strong
approximations for Markovian service networks, for the limit and networks with varying rates.

Approximations beside the limit itself: those who enter within a step enter evenly over it; shares, rates and laws
are those in force in its middle; the time spent on a benefit, by which a hazard may vary, is that of this visit;
patience is exponential, with the mean of its law; places that depend on citizens present count those at the
beginning of the step, and those of a single party are not rounded.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsim.core.civil_time import MINUTES, ByDate
from flowsim.core.errors import require_type
from flowsim.model.pathway import Pathway
from flowsim.theory.copies import Spread, spread
from flowsim.theory.queues import Floats
from flowsim.theory.survival import Cohort, cohort_of_law, cohort_of_race, survival_at

if TYPE_CHECKING:
    from flowsim.model.duration import Duration
    from flowsim.model.parts import Entry, Party, State, Station

__all__ = ["Fluid", "flow", "flow_in_steps"]

_FEWEST, _MOST = 520, 2_080  # steps
_ELAPSED = 400  # cohorts that stand for the citizens of a stock
_ROUNDS = 10_000
_CLOSE = 1e-13


@dataclass(frozen=True, kw_only=True)
class Fluid:
    """Mean flows and numbers of citizens in each step. All arrays have a row for each step.

    Attributes:
        pathway: whose flows they are.
        step: its length in minutes.
        entered: who enter by doors, and at the start as stocks, in each state; shape (steps, states).
        joined: all who come to each state, those refused included; shape (steps, states).
        started: whose stay begins; shape (steps, states).
        gave_up: who run out of patience; shape (steps, states).
        refused: whom a full room sends away; shape (steps, states).
        waiting: who queue at the step's end; shape (steps, states).
        present: who queue or stay at the step's end, all so far in a final state; shape (steps, states).
        places: cases that meetings can take in the step, and servers at the mean stay of those who come, without
            those over that no group can begin in; shape (steps, stations).
    """

    pathway: Pathway
    step: float
    entered: Floats
    joined: Floats
    started: Floats
    gave_up: Floats
    refused: Floats
    waiting: Floats
    present: Floats
    places: Floats

    def states_of(self, station: Station) -> list[int]:
        """Return the numbers of the states that queue at a station."""
        return [i for i, state in enumerate(self.pathway.states) if state.station == station.name]

    def steps_of(self, since: datetime, until: datetime) -> slice:
        """Return the steps whose middles lie in a period."""
        minutes = [(when - self.pathway.start).total_seconds() / 60 for when in (since, until)]
        low, high = (int(np.ceil(m / self.step - 0.5)) for m in minutes)
        return slice(max(low, 0), min(high, len(self.joined)))


def flow(pathway: Pathway) -> Fluid:
    """Return the mean flows of a pathway through its horizon.

    A step is a 520th of the horizon, at most a week; longer only where the horizon has more than 2,080 weeks.
    """
    steps = flow_in_steps(pathway)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            fluid: Fluid = end.value
            return fluid


def flow_in_steps(pathway: Pathway) -> Generator[None, None, Fluid]:
    """Return what `flow` does, and yield some hundred times on the way, so that others have their turn meanwhile."""
    require_type("pathway", pathway, Pathway, "a Pathway; that of a scenario is scenario.pathway()")
    fluid = yield from _Flow(spread(pathway)).run()
    if not pathway.attributes:
        return fluid
    own = {
        each.name: getattr(fluid, each.name) for each in fields(fluid) if each.name not in ("pathway", "step", "places")
    }
    states = len(pathway.states)
    added = {name: table.reshape(len(table), -1, states).sum(axis=1) for name, table in own.items()}
    return replace(fluid, pathway=pathway, **added)


class _Stay:
    """The cohorts whose stay in a state is under way: `under_way[i]` entered in step `i - past`."""

    def __init__(self, flow: _Flow, state: State) -> None:
        number, steps = flow.number, flow.steps
        stocks = [e for e in flow.pathway.entries if e.to == state.name and e.count and not e.waiting]
        steps_ago = [_steps_ago(entry, flow.step) for entry in stocks]
        self.past = int(max((ages.max() for ages in steps_ago), default=0))
        self.under_way = np.zeros(self.past + steps)
        for entry, ages in zip(stocks, steps_ago, strict=True):
            assert entry.count is not None
            number_there = entry.count * flow.weights[entry.name]
            np.add.at(self.under_way, self.past - ages, number_there / len(ages))
        self.at_start = float(self.under_way.sum())
        self.final = state.final
        self.race = bool(state.race)
        span = self.past + steps + 1
        if self.race:
            which = [flow.index(exit_.rate) for exit_ in state.race]
            keys, inverse = np.unique(np.stack(which, axis=1), axis=0, return_inverse=True)
            self.by_step = inverse.reshape(-1)  # NumPy 2.0.0 alone gives it another axis
            rates = [
                [e.rate.values[i] if e.rate else 0.0 for e, i in zip(state.race, key, strict=True)] for key in keys
            ]
            self.cohorts = [cohort_of_race(state.race, each, flow.step, span) for each in rates]
            self.targets = np.zeros((len(state.race), len(number)))
            self.targets[range(len(state.race)), [number[e.to] for e in state.race]] = 1.0
        else:
            self.by_step = flow.index(state.stay)
            laws: tuple[Duration | None, ...] = state.stay.values if state.stay else (None,)
            self.cohorts = [cohort_of_law(law, flow.step, span) for law in laws]
            self.shares_by_step = flow.index(state.to)
            self.shares = np.zeros((len(state.to.values) if state.to else 1, len(number)))
            for row, shares in zip(self.shares, state.to.values if state.to else (), strict=False):
                for name, share in shares:
                    row[number[name]] += share
        # From where on in `under_way` each law of a stay has been in force, until the next one.
        self.since = np.flatnonzero(np.diff(self.by_step, prepend=-1))

    def cohort(self, k: int) -> Cohort:
        """Return how those leave who enter in a step."""
        return self.cohorts[int(self.by_step[k])]

    def split(self, k: int) -> Floats:
        """Return where those go who enter and leave within a step; shape (states,), 1 in all."""
        out: Floats = self.cohort(k).exits[0] @ self.targets if self.race else self.shares[self.shares_by_step[k]]
        return out

    def leave(self, k: int) -> Floats:
        """Let those leave in step `k` who entered before it; return how many go where, shape (states,)."""
        now = self.past + k
        if self.race:
            cohort = self.cohort(k)
            out = self.under_way[:now] * cohort.leaving[now:0:-1]
            self.under_way[:now] -= out
            moved: Floats = (out @ cohort.exits[now:0:-1]) @ self.targets
            return moved
        total = 0.0
        ends = [*(self.since[1:] + self.past), now]
        for i, (first, end) in enumerate(zip(self.since, ends, strict=True)):
            low, high = (self.past + first if i else 0), min(end, now)
            if low < high:
                leaving = self.cohorts[self.by_step[first]].leaving
                out = self.under_way[low:high] * leaving[now - high + 1 : now - low + 1][::-1]
                self.under_way[low:high] -= out
                total += float(out.sum())
        shared: Floats = total * self.shares[self.shares_by_step[k]]
        return shared


def _steps_ago(entry: Entry, step: float) -> npt.NDArray[np.int64]:
    """Return how many steps ago the cohorts of a stock began, each an equal part of it."""
    law = entry.passed
    if law is None or law.law == "fixed":
        elapsed = np.array([law.mean_minutes if law else 0.0])
    else:
        ages = step * np.arange(_MOST + 1.0)
        passed = 1 - survival_at(law, ages)
        elapsed = np.interp((np.arange(_ELAPSED) + 0.5) / _ELAPSED, passed, ages)
    return np.minimum(np.floor(elapsed / step), _MOST).astype(np.int64) + 1


class _Line:
    """The queues of a station, in classes of priority; numbers of states are within the station."""

    def __init__(self, flow: _Flow, station: Station) -> None:
        self.station = station
        self.bounds = station.bounds if station.is_meeting else ()
        self.states = [i for i, s in enumerate(flow.pathway.states) if s.station == station.name]
        own = [flow.pathway.states[i] for i in self.states]
        self.classes = [np.array([s.priority == p for s in own]) for p in sorted({s.priority for s in own})]
        self.refusable = np.array([s.refused_to is not None for s in own], np.float64)
        mean = np.array([s.patience.mean_minutes if s.patience else np.inf for s in own])
        spans = flow.step / np.maximum(mean, 1e-9 * flow.step)
        # Of those who come evenly over a step and are not taken, so many are still there at its end; and where as
        # many are taken evenly as came, a queue at its beginning serves as `patient` times as many newcomers.
        self.staying = np.divide(-np.expm1(-spans), spans, out=np.ones_like(spans), where=spans > 0)
        self.patient = np.exp(-spans) / self.staying
        self.meetings: list[list[datetime]] = [[] for _ in range(flow.steps)]
        for when in station.meetings(flow.pathway.start, flow.pathway.end):
            self.meetings[flow.step_at(when)].append(when)
        usable = station.usable(flow.pathway.start, flow.pathway.end)
        self.capacity = flow.mean(usable) if usable else None
        self.carried = [0.0] * len(self.bounds)

    def takings(self, flow: _Flow, k: int, present: Floats) -> list[tuple[float, float]]:
        """Return how far into the step each meeting is held, from 0 to 1, and its places."""
        begins = flow.edges[k]
        out = []
        for when in self.meetings[k]:
            amounts = [max(_party_places(party, when, present, flow.number), 0.0) for party in self.bounds]
            places = amounts[0] if len(amounts) == 1 else min(map(self.whole, range(len(amounts)), amounts))
            out.append(((when - begins) / (flow.edges[k + 1] - begins), places))
        return out

    def whole(self, party: int, amount: float) -> float:
        """Return the whole places that one of several parties allows at its next meeting, and carry the fraction.

        As in the engines, where the least of the whole places counts: half a place of one party and a third of another
        seldom make a place at the same meeting. A single party loses nothing, so its fractions stay fractions here.
        """
        places = math.floor(amount + self.carried[party] + 1e-9 + 1e-12 * amount)
        self.carried[party] += amount - places
        return float(places)


def _party_places(party: Party, when: datetime, present: Floats, number: dict[str, int]) -> float:
    """Return a party's places: by hours, those left by the citizens in process, queuers included."""
    if party.places is not None:
        return party.places.at(when)
    assert party.staff is not None  # a Party tells places, or all three of these
    assert party.hours is not None
    assert party.hours_a_case is not None
    standing = sum(hours.at(when) * float(present[number[state]]) for state, hours in party.follow_up)
    return (party.staff.at(when) * party.hours.at(when) - standing) / party.hours_a_case.at(when)


class _Flow:
    def __init__(self, copies: Spread) -> None:
        pathway = self.pathway = copies.pathway
        self.weights = copies.weights
        horizon = (pathway.end - pathway.start).total_seconds() / 60
        self.steps = min(max(_FEWEST, int(np.ceil(horizon / MINUTES["week"]))), _MOST)
        self.step = horizon / self.steps
        self.number = {state.name: i for i, state in enumerate(pathway.states)}
        self.edges = [pathway.start + k * (pathway.end - pathway.start) / self.steps for k in range(self.steps + 1)]
        self.stays: list[_Stay] = []
        self.lines = [_Line(self, station) for station in pathway.stations]
        states = len(pathway.states)
        self.gives_up, self.is_refused = np.zeros((states, states)), np.zeros((states, states))
        for i, state in enumerate(pathway.states):
            if state.reneges_to:
                self.gives_up[i, self.number[state.reneges_to]] = 1.0
            if state.refused_to:
                self.is_refused[i, self.number[state.refused_to]] = 1.0

    def minutes(self, when: datetime) -> float:
        return max((when - self.pathway.start).total_seconds() / 60, 0.0)

    def step_at(self, when: datetime) -> int:
        return min(int(self.minutes(when) / self.step), self.steps - 1)

    def index(self, value: ByDate[Any] | None) -> npt.NDArray[np.int64]:
        """Return which of the values by date is in force in the middle of each step."""
        if value is None:
            return np.zeros(self.steps, np.int64)
        since = [self.minutes(when) if when > self.pathway.start else -1.0 for when, _ in value.root]
        return np.searchsorted(since, self.step * (np.arange(self.steps) + 0.5), side="right") - 1

    def mean(self, value: ByDate[float] | ByDate[int]) -> Floats:
        """Return the mean of a value by date over each step."""
        cuts = np.array([self.minutes(when) for when, _ in value.root] + [self.step * self.steps])
        sums = np.concatenate([[0.0], np.cumsum(np.diff(cuts) * np.array(value.values))])
        out: Floats = np.diff(np.interp(self.step * np.arange(self.steps + 1), cuts, sums)) / self.step
        return out

    def doors(self) -> Floats:
        out = np.zeros((self.steps, len(self.pathway.states)))
        for entry in self.pathway.entries:
            to = np.zeros(self.steps)
            if entry.rate is not None or entry.every is not None:
                to += self.mean(entry.citizens(self.pathway.start, self.pathway.end)) * self.step
            for when in entry.at:
                to[self.step_at(when)] += entry.mean_batch.at(when)
            out[:, self.number[entry.to]] += to * self.weights[entry.name]
        return out

    def run(self) -> Generator[None, None, Fluid]:
        for state in self.pathway.states:
            self.stays.append(_Stay(self, state))
            yield
        states, doors = len(self.stays), self.doors()
        joined, started, gave_up, refused, queue, present = np.zeros((6, self.steps, states))
        places = np.zeros((self.steps, len(self.lines)))
        waiting = np.zeros(states)
        for entry in self.pathway.entries:
            there = entry.count if entry.count and entry.waiting else 0
            waiting[self.number[entry.to]] += there * self.weights[entry.name]
        stocks = waiting + [stay.at_start for stay in self.stays]
        stayed = stocks - waiting
        queued = np.array([state.station is not None for state in self.pathway.states])
        key: list[tuple[int, int]] = []
        for k in range(self.steps):
            left, at_first = doors[k].copy(), waiting + stayed
            for i, stay in enumerate(self.stays):
                if not stay.final and stayed[i] > 0:
                    left += stay.leave(k)
                    stayed[i] = stay.under_way[: stay.past + k].sum()
            offers = [line.takings(self, k, at_first) for line in self.lines]
            now = [(stay.by_step[k], 0 if stay.race else stay.shares_by_step[k]) for stay in self.stays]
            if now != key:
                key = now
                left_over = np.array([1.0 if stay.final else stay.cohort(k).left_over for stay in self.stays])
                through = (1 - left_over)[:, None] * [stay.split(k) for stay in self.stays]
                # Who passes states without a queue within the step comes out at once; queues are found by rounds.
                onward = np.linalg.inv(np.eye(states) - np.where(queued[:, None], 0.0, through))
            begun, given, sent = np.zeros((3, states))
            before = np.full(states, -1.0)
            for _ in range(_ROUNDS):
                x = (left + (begun * queued) @ through + given @ self.gives_up + sent @ self.is_refused) @ onward
                begun[~queued] = x[~queued]
                changed = np.abs(x - before) > _CLOSE * (1 + x.max(initial=0.0))
                if not changed.any():
                    break
                for line, offer in zip(self.lines, offers, strict=True):
                    own = line.states
                    if not changed[own].any():
                        continue
                    free = None if line.capacity is None else line.capacity[k] - stayed[own].sum()
                    begun[own], given[own], sent[own] = _serve(line, waiting[own], x[own], left_over[own], offer, free)
                before = x
            joined[k], started[k], gave_up[k], refused[k] = x, begun, given, sent
            waiting = np.where(queued, waiting + x - begun - given - sent, 0.0)
            for i, stay in enumerate(self.stays):
                stay.under_way[stay.past + k] = begun[i] * left_over[i]
                stayed[i] += begun[i] * left_over[i]
            queue[k], present[k] = waiting, waiting + stayed
            for j, (line, offer) in enumerate(zip(self.lines, offers, strict=True)):
                places[k, j] = sum(number for _, number in offer)
                if line.capacity is not None:
                    mean = _mean_stay(line, self.stays, k, x)
                    places[k, j] = line.capacity[k] * self.step / mean if mean else np.inf
            yield
        doors[0] += stocks
        names = {"joined": joined, "started": started, "gave_up": gave_up, "refused": refused}
        rest = {"waiting": queue, "present": present, "places": places, "entered": doors}
        return Fluid(pathway=self.pathway, step=self.step, **names, **rest)


def _mean_stay(line: _Line, stays: list[_Stay], k: int, joined: Floats) -> float:
    """Return the mean stay of those who come to a station in a step, in minutes; of all alike where none does."""
    means = np.array([stays[i].cohort(k).mean for i in line.states])
    weights = joined[line.states]
    return float(np.average(means, weights=weights if weights.sum() > 0 else None)) if len(means) else 0.0


def _serve(
    line: _Line,
    waiting: Floats,
    joined: Floats,
    left_over: Floats,
    offer: list[tuple[float, float]],
    free: float | None,
) -> tuple[Floats, Floats, Floats]:
    """Return how many begin, give up and are refused in a step at a station; each of shape (its states,).

    Servers: stays begin until, at the step's end, as many are under way as there are servers; so in the long run
    a full station serves exactly its servers over the mean stay, whatever the law. Meetings take those who wait
    at their moment, in priority classes, within a class in proportion to who is there. Impatience takes from a
    queue w so that dw/dt = those who come - those who begin - w / patience, both even over the step.
    """
    old = waiting * line.patient
    begun = np.zeros(len(waiting))
    if free is not None:
        room = max(free, 0.0)
        for of_class in line.classes:
            there = (old + joined) * of_class
            work = float(there @ left_over)
            part = 1.0 if work <= room else room / work
            begun += part * there
            room = max(room - work, 0.0)
    for moment, number in offer:
        for of_class in line.classes:
            there = np.maximum(old + moment * joined - begun, 0.0) * of_class
            total = float(there.sum())
            taken = min(total, number)
            begun += there * (taken / total if total > 0 else 0.0)
            number -= taken
    rest = (old + joined - begun) * line.staying
    given = waiting + joined - begun - rest
    newcomers = np.clip(rest, 0.0, joined) * line.refusable
    sent = np.zeros(len(waiting))
    if line.station.room is not None and rest.sum() > line.station.room:
        fresh = float(newcomers.sum())
        too_many = min(float(rest.sum()) - line.station.room, fresh)
        sent = newcomers * (too_many / fresh if fresh > 0 else 0.0)
    return begun, given, sent
