"""The reference engine: a pathway as SimPy processes, on the kernel's rules. Slow, short, and kept for ever.

A citizen is a generator. What happens at one instant is ordered by the priority of SimPy's own event heap:
capacity changes, then every citizen that moves, then the due stations in their order. A move that a station
causes at this instant comes before the next station, because moves rank before stations.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

import numpy as np
import simpy

from flowsim.simulation.engine import kernel
from flowsim.simulation.engine.compiler import RANDOM, RESAMPLE, RESUME, STOCK, Model, readable
from flowsim.simulation.engine.deadlock import refuse_deadlock
from flowsim.simulation.engine.luck import Luck, luck_of
from flowsim.simulation.engine.trace import NEVER, SESSION, VISIT, Trace

__all__ = ["simulate"]

# SimPy itself uses 0 and 1 at an instant, for what must happen before anything else: a citizen who was told
# that her stay starts reacts at once.
CHANGE, MOVE, CHOOSE, SERVE = 2, 3, 4, 5

STARTS, GIVES_UP, REFUSED, BAULKS = range(4)


class _At(simpy.Event):
    """An event at a tick, in a phase of that instant."""

    def __init__(self, env: simpy.Environment, tick: int, phase: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, phase, tick - env.now)  # type: ignore[arg-type]


@dataclass(order=True)
class _Case:
    """A citizen in a queue; queues are kept in the order of the first three."""

    priority: int
    rank: float
    citizen: int
    joined: int = field(compare=False)
    state: int = field(compare=False)
    answer: simpy.Event = field(compare=False)
    """Succeeds with `STARTS`, or with why she is sent away."""
    expires: bool = field(compare=False, default=False)
    """Whether her patience ends within this instant."""
    draw: float = field(compare=False, default=np.inf)
    """The uniform of whether she baulks, until she has looked at the queue; infinite for who never does."""
    address: tuple[int, int] = field(compare=False, default=(0, 0))
    """Her entry, and her index within it."""
    cut: simpy.Event | None = field(compare=False, default=None)
    """Succeeds with the case as which she waits again, where her stay is interrupted."""
    visit: int = field(compare=False, default=0)
    first: _Case | None = field(compare=False, default=None)
    """The first of those who begin a stay together, which is drawn for her."""


@dataclass(order=True)
class _Caller:
    """A citizen at the door of a station, who stays where she was until there is room."""

    since: int
    citizen: int
    admitted: simpy.Event = field(compare=False)


class _Station:
    """A queue, and the servers or the meeting that it waits for."""

    def __init__(self, engine: _Engine, number: int) -> None:
        self.engine, self.number = engine, number
        self.queue: list[_Case] = []
        self.door: list[_Caller] = []
        self.room = int(engine.model.stations[number].room)
        self.is_meeting = bool(engine.model.stations[number].is_meeting)
        self.interrupts = int(engine.model.stations[number].interrupts)
        self.together = int(engine.model.stations[number].together)
        self.served: list[_Case] = []  # stays under way, in the order in which they began or went on, where it does
        self.capacity = self.busy = 0
        self.meeting: int | None = None  # the change that convenes it at this instant
        self.row: list[int] = []  # the open row of the session log, for servers
        self.is_due = False

    def join(self, case: _Case) -> None:
        self.engine.count_queue(self.number)
        insort(self.queue, case)
        if not self.is_meeting or self.room >= 0 or case.expires or case.draw < 1.0:
            self.due()

    def leave(self, case: _Case) -> None:
        self.engine.count_queue(self.number)
        self.queue.remove(case)

    def hold(self, case: _Case) -> None:
        """Give a server to a citizen."""
        self.busy += 1
        if self.interrupts:
            case.cut = self.engine.env.event()
            self.served.append(case)

    def begin(self, case: _Case) -> None:
        """Have the stay of a citizen in the queue begin."""
        self.hold(case)
        self.row[3] += 1
        self.answer(case, STARTS)

    def begin_together(self) -> None:
        """Have so many stays begin as begin together, each as long as that of the first in the queue."""
        first = self.next_case(self.together)
        for _ in range(self.together):
            case = self.next_case(self.together)
            assert case is not None  # as enough wait
            case.first = first
            self.begin(case)

    def interrupt(self, case: _Case) -> None:
        """Break a stay off: she waits at the head of her class."""
        self.served.remove(case)
        self.busy -= 1
        self.engine.count_queue(self.number)
        now, event = int(self.engine.env.now), self.engine.env.event()
        again = _Case(case.priority, -np.inf, case.citizen, now, case.state, event, address=case.address)
        place = next((n for n, other in enumerate(self.queue) if other.priority >= case.priority), len(self.queue))
        self.queue.insert(place, again)
        assert case.cut is not None  # as she holds a server here
        case.cut.succeed(again)

    def preempt(self) -> bool:
        """Interrupt a stay of the worst class for the first in the queue; return whether there is any."""
        if not self.engine.model.stations[self.number].preempts or self.busy != self.capacity or not self.queue:
            return False
        worst = max((case.priority for case in self.served), default=-1)
        if worst > self.queue[0].priority:
            self.interrupt([case for case in self.served if case.priority == worst][-1])
        return worst > self.queue[0].priority

    def cut(self) -> None:
        """Interrupt the stays that there are no servers for any more, those of the worst class first."""
        while self.busy > self.capacity and self.served:
            worst = max(case.priority for case in self.served)
            self.interrupt([case for case in self.served if case.priority == worst][-1])

    def release(self) -> None:
        self.busy -= 1
        self.due()

    def change(self, change: int) -> None:
        """Take a new capacity, or convene a meeting when the station's turn comes."""
        if self.is_meeting:
            self.meeting = change
        else:
            self.observe(change)
            self.capacity = int(kernel.servers(self.engine.rules, change, self.engine.waits))
            self.row = self.engine.log(self.number, self.capacity, len(self.queue))
        self.due()

    def observe(self, change: int) -> None:
        """Keep how long whoever has waited longest has done so by now."""
        if self.queue:
            self.engine.waits[change] = int(self.engine.env.now) - min(case.joined for case in self.queue)

    def due(self) -> None:
        if not self.is_due:
            self.is_due = True
            event = _At(self.engine.env, self.engine.env.now, SERVE + self.number)  # type: ignore[arg-type]
            event.callbacks.append(self.serve)

    def serve(self, _: simpy.Event) -> None:
        self.is_due = False
        if self.together > 1:
            while self.together <= min(len(self.queue), self.capacity - self.busy):
                self.begin_together()
        elif not self.is_meeting:
            if self.engine.model.stations[self.number].on_cut:
                self.cut()
            while (case := self.next_case(self.capacity - self.busy)) or self.preempt():
                if case is not None:
                    self.begin(case)
        elif self.meeting is not None:
            self.observe(self.meeting)
            places = self.engine.places(self.meeting)
            self.meeting = None
            row = self.engine.log(self.number, places, len(self.queue))
            while case := self.next_case(places - row[3]):
                row[3] += 1
                self.answer(case, STARTS)
        for case in [case for case in self.queue if case.expires]:
            self.answer(case, GIVES_UP)
        self.look()
        while 0 <= self.room < len(self.queue):
            newcomers = [case for case in self.queue if case.joined == self.engine.env.now]
            refusable = (case for case in newcomers if self.engine.model.states[case.state].refused_to >= 0)
            newest = max((case for case in refusable if case.rank > -np.inf), default=None)
            if newest is None:
                break
            self.answer(newest, REFUSED)
        free = self.room - len(self.queue) + (0 if self.is_meeting else max(self.capacity - self.busy, 0))
        admitted = self.door[: max(free, 0)]
        del self.door[: len(admitted)]
        for caller in admitted:
            caller.admitted.succeed()

    def call(self, citizen: int) -> simpy.Event:
        """Come to the door; the event succeeds when there is room."""
        admitted = self.engine.env.event()
        insort(self.door, _Caller(int(self.engine.env.now), citizen, admitted))
        self.due()
        return admitted

    def look(self) -> None:
        """Have newcomers who would have to wait look at how many wait already, in the order of the queue."""
        newcomers = [case for case in self.queue if case.draw < 1.0]
        waiting = len(self.queue) - len(newcomers)
        for case in newcomers:
            if case.draw < kernel.baulk_share(self.engine.rules, case.state, waiting):
                self.answer(case, BAULKS)
            else:
                case.draw = np.inf
                waiting += 1

    def next_case(self, free: int) -> _Case | None:
        """Return the first in the queue for whom enough servers or places are free; None where nobody is."""
        spare = self.engine.model.queues
        first = next((case for case in self.queue if free > spare[case.priority].spare), None)
        if first is None or first.rank == -np.inf or self.engine.model.stations[self.number].order != RANDOM:
            return first
        return min((case for case in self.queue if case.priority == first.priority), key=self.engine.lot)

    def answer(self, case: _Case, outcome: int) -> None:
        self.leave(case)
        case.answer.succeed(outcome)


class _Crossing:
    """Where those stay on who choose a queue, until all others have moved."""

    def __init__(self, engine: _Engine) -> None:
        self.engine = engine
        self.there: list[tuple[int, int, simpy.Event]] = []

    def come(self, citizen: int, state: int) -> simpy.Event:
        """Come to choose; the event succeeds with the state that she goes to."""
        chosen = self.engine.env.event()
        insort(self.there, (citizen, state, chosen))
        _At(self.engine.env, int(self.engine.env.now), CHOOSE).callbacks.append(self.choose)
        return chosen

    def choose(self, _: simpy.Event) -> None:
        """Send the one with the least number to where the fewest are."""
        m, now = self.engine.model, int(self.engine.env.now)
        state, chosen = self.there.pop(0)[1:]
        routes = m.routes[m.states[state].route : m.states[state].route_end]
        row = ([route for route in routes if route.since <= now] or routes[:1])[-1].share
        last = next(n for n in range(row, len(m.shares)) if m.shares[n].upto >= 1.0)
        chosen.succeed(min((m.shares[n].to for n in range(row, last + 1)), key=lambda to: self.present(to, state)))

    def present(self, to: int, state: int) -> int:
        """Return how many are at the station of a state, without her who comes from another one."""
        number = int(self.engine.model.states[to].station)
        station, herself = self.engine.stations[number], number == int(self.engine.model.states[state].station)
        return len(station.queue) + station.busy - (herself and not station.is_meeting)


class _Engine:
    """One replication under way."""

    def __init__(self, model: Model, luck: Luck) -> None:
        self.rules, self.model, self.luck = model, readable(model), luck
        self.env = simpy.Environment()
        self.crossing = _Crossing(self)
        self.stations = [_Station(self, k) for k in range(len(model.stations))]
        self.visits: list[list[list[int]]] = []
        self.sessions: list[list[int]] = []
        self.present = np.zeros(len(model.states), np.int64)
        self.presence, self.present_since = np.zeros_like(self.present), np.zeros_like(self.present)
        self.queued, self.queue_since = np.zeros((2, len(self.stations)), np.int64)
        self.carried = np.zeros(model.parties)
        self.waits = np.zeros(len(model.changes), np.int64)
        self.doors: dict[int, int] = {}  # where those go who stay until there is room

    def kept_in(self, state: int) -> list[int]:
        """Return the stations of which a server is held in a state, besides its own."""
        rows = range(self.model.queuing[state].keep, self.model.queuing[state].keep_end)
        return [int(self.model.keeps[row].station) for row in rows]

    # --- The engine's own account of who is where

    def count(self, state: int, by: int) -> None:
        self.presence[state] += self.present[state] * (self.env.now - self.present_since[state])
        self.present_since[state] = self.env.now
        self.present[state] += by

    def count_queue(self, station: int) -> None:
        waiting = len(self.stations[station].queue)
        self.queued[station] += waiting * (int(self.env.now) - self.queue_since[station])
        self.queue_since[station] = self.env.now

    def log(self, station: int, places: int, waiting: int) -> list[int]:
        row = [int(self.env.now), station, places, 0, waiting]
        self.sessions.append(row)
        return row

    def places(self, change: int) -> int:
        bounds = range(self.model.changes[change].bound, self.model.changes[change].bound_end)
        # Every party works out its places, also those that are not the least: each carries its own fraction.
        return min([int(kernel.places(self.rules, change, b, self.carried, self.present, self.waits)) for b in bounds])

    def uniforms(self, entry: int, index: int, state: int, visit: int) -> tuple[float, float, float]:
        """Return the uniforms of stay, patience and route that are drawn now."""
        word = np.uint64(kernel.word_at(self.luck, int(self.env.now)))  # or it would come back as any whole number
        out: tuple[float, float, float] = kernel.visit_block(
            self.rules, self.luck.seed, word, entry, index, state, visit
        )
        return out

    def baulk_draw(self, entry: int, index: int, state: int, visit: int) -> float:
        word = np.uint64(kernel.word_at(self.luck, int(self.env.now)))
        return float(kernel.baulk_draw(self.rules, self.luck.seed, word, entry, index, state, visit))

    def lot(self, case: _Case) -> float:
        now = int(self.env.now)
        word = np.uint64(kernel.word_at(self.luck, now))
        return float(kernel.lot(self.rules, self.luck.seed, word, *case.address, case.state, now))

    # --- Processes

    def changes(self) -> Generator[simpy.Event, Any, None]:
        for change, tick in enumerate(self.rules.changes["time"]):
            yield _At(self.env, int(tick), CHANGE)
            self.stations[self.model.changes[change].station].change(change)

    def citizen(self, number: int, entry: int, index: int, arrival: int) -> Generator[simpy.Event, Any, None]:
        """Live one citizen's way through the pathway."""
        m, rules, env = self.model, self.rules, self.env
        address = (entry, index)
        rows = self.visits[number]
        last_visit: dict[int, int] = {}
        state = int(m.entries[entry].to) + int(kernel.group_offset(rules, self.luck, *address))
        stock = m.entries[entry].kind == STOCK
        elapsed, ago = 0.0, 0
        if stock:
            elapsed = float(kernel.elapsed_time(rules, self.luck, *address))
            ago = int(kernel.half_up(elapsed))
            since = int(env.now) - int(kernel.spent_ticks(rules, *address, ago))
        else:
            yield _At(env, arrival, MOVE)
            since = int(env.now)
        while True:
            visit = last_visit[state] = last_visit.get(state, -1) + 1
            joined = int(env.now) - ago
            row = [number, len(rows), state, -1, visit, joined, NEVER, NEVER, since]
            rows.append(row)
            self.count(state, +1)
            if stock:
                for station in self.kept_in(state):
                    self.stations[station].busy += 1
            if m.states[state].is_final:
                row[6] = joined
                return
            to, held, case = -1, self.kept_in(state), None
            if m.states[state].station >= 0:
                station = self.stations[m.states[state].station]
                if stock and not m.entries[entry].waiting:
                    if not station.is_meeting:
                        case = _Case(
                            int(m.states[state].line), 0.0, number, joined, state, env.event(), address=address
                        )
                        station.hold(case)
                else:
                    _, for_patience, _ = self.uniforms(*address, state, visit)
                    rank = float(kernel.queue_rank(rules, self.luck, *address, state, visit, joined, int(env.now)))
                    looks = m.queuing[state].baulks_to >= 0 and not stock
                    draw = self.baulk_draw(*address, state, visit) if looks else np.inf
                    to, case = yield from self.wait(
                        station, (rank, number, joined, draw, address, visit), state, for_patience, elapsed
                    )
                    elapsed, ago = 0.0, 0
            if to < 0:
                start = int(env.now)
                row[6] = start - ago
                for_stay, _, for_route = self.uniforms(*address, state, visit)
                length, to = kernel.stay(rules, self.luck, *address, state, visit, for_stay, start, since, elapsed)
                if case is not None and case.first is not None:
                    length = self.stay_of(case.first)
                if case is not None and case.cut is not None:
                    row, for_route = yield from self.broken_off(case, row, length, for_route)
                elif length + 0.5 >= m.horizon - start:
                    return
                else:
                    yield _At(env, start + int(kernel.half_up(length)), MOVE)
                if to < 0 and m.queuing[state].joins:
                    to = int((yield self.crossing.come(number, state)))
                if to < 0:
                    to = int(kernel.route(rules, state, int(env.now), for_route))
                if m.queuing[to].blocks:
                    self.doors[number] = int(to)
                    yield self.stations[m.states[to].station].call(number)
                    del self.doors[number]
                if m.states[state].station >= 0 and not m.stations[m.states[state].station].is_meeting:
                    held.append(int(m.states[state].station))
            for freed in held:
                if freed not in self.kept_in(int(to)):
                    self.stations[freed].release()
            row[3], row[7] = int(to), int(env.now)
            self.count(state, -1)
            stock, elapsed, ago = False, 0.0, 0
            if m.states[to].benefit != m.states[state].benefit:
                since = int(env.now)
            state = int(to)

    def wait(
        self, station: _Station, place: tuple[Any, ...], state: int, u: float, elapsed: float
    ) -> Generator[simpy.Event, Any, tuple[int, _Case]]:
        """Wait for the stay to start; return -1 when it does, or the state that she goes to instead, and the case."""
        m = self.model
        priority = int(m.states[state].line)
        patience = np.inf
        if m.states[state].patience >= 0:
            patience = kernel.residual(self.rules, m.states[state].patience, u, elapsed)
        rank, number, joined, draw, address, visit = place
        expires = bool(patience + 0.5 < 1.0)
        case = _Case(priority, rank, number, joined, state, self.env.event(), expires, draw, address, visit=visit)
        station.join(case)
        events = [case.answer]
        if not case.expires and patience + 0.5 < m.horizon - self.env.now:
            events.append(_At(self.env, int(self.env.now) + int(kernel.half_up(patience)), MOVE))
        yield self.env.any_of(events)
        # Rounded down, patience ends after the servers that come free at that tick; at the tick exactly, before.
        if not case.answer.triggered and patience > kernel.half_up(patience):
            case.expires = True
            station.due()
            yield case.answer
        if not case.answer.triggered:
            station.leave(case)
            if station.door:  # for whom there is room now
                station.due()
        outcome = int(case.answer.value or STARTS) if case.answer.triggered else GIVES_UP
        to = {
            STARTS: -1,
            GIVES_UP: m.states[state].reneges_to,
            REFUSED: m.states[state].refused_to,
            BAULKS: m.queuing[state].baulks_to,
        }
        return int(to[outcome]), case

    def end_of(self, length: float) -> int:
        """Return the tick at which a stay ends that begins now, or the horizon where that lies beyond it."""
        now, horizon = int(self.env.now), int(self.model.horizon)
        return now + int(kernel.half_up(length)) if length + 0.5 < horizon - now else horizon

    def stay_of(self, case: _Case) -> float:
        """Return how long the stay of a case is that begins now, where no race tells it."""
        now, who = int(self.env.now), (*case.address, case.state, case.visit)
        length, _ = kernel.stay(self.rules, self.luck, *who, self.uniforms(*who)[0], now, now, 0.0)
        return float(length)

    def broken_off(
        self, case: _Case, row: list[int], length: float, for_route: float
    ) -> Generator[simpy.Event, Any, tuple[list[int], float]]:
        """Stay where stays are interrupted, and go on with it as often.

        Return the last row of the visit, and the uniform of its way out.
        """
        m, env = self.model, self.env
        station = self.stations[m.states[case.state].station]
        ends = self.end_of(length)
        for times in count(1):
            assert case.cut is not None  # as she holds a server of a station that interrupts
            yield env.any_of([case.cut, *([_At(env, ends, MOVE)] if ends < m.horizon else [])])
            if not case.cut.triggered:
                station.served.remove(case)
                break
            case = cast(_Case, case.cut.value)
            now = int(env.now)
            left = ends - (now if station.interrupts == RESUME else row[6])
            row[3], row[7] = case.state, now
            row = [*row[:1], row[1] + 1, case.state, -1, row[4], now, NEVER, NEVER, row[8]]
            self.visits[case.citizen].append(row)
            yield case.answer
            row[6] = int(env.now)
            ends = row[6] + left
            if station.interrupts == RESAMPLE:
                length, for_route = kernel.begun_anew(
                    self.rules, self.luck, *case.address, case.state, row[4], times, row[6]
                )
                ends = self.end_of(length)
        return row, for_route


def simulate(model: Model, seed: int, replication: int, forks: Sequence[tuple[int, int]] = ()) -> Trace:
    """Run one replication of a compiled pathway on SimPy; from the tick of each fork on with the luck of a future.

    The horizon is excluded: what falls on its tick does not happen.
    """
    engine = _Engine(model, luck_of(seed, replication, forks))
    env = engine.env
    first = [0]
    for entry in range(len(model.entries)):
        ticks, begins = kernel.arrival_ticks(model, engine.luck, entry)
        for n, tick in enumerate(ticks):
            engine.visits.append([])
            index = int(kernel.index_of(begins.reshape(1, -1), 0, n))
            env.process(engine.citizen(first[-1] + n, entry, index, int(tick)))
        first.append(first[-1] + len(ticks))
    env.process(engine.changes())
    env.run(until=_At(env, model.horizon, CHANGE - 3))
    for state in range(len(engine.present)):
        engine.count(state, 0)
    for station in range(len(engine.stations)):
        engine.count_queue(station)
    visits = np.array([tuple(row) for rows in engine.visits for row in rows], VISIT)
    sessions = np.array(sorted(tuple(row) for row in engine.sessions), SESSION)
    trace = Trace(
        visits=visits,
        sessions=sessions,
        first=np.array(first, np.int64),
        presence=engine.presence,
        queued=engine.queued,
    )
    if model.blocking or model.keeping:
        refuse_deadlock(engine.model, trace, engine.doors)
    return Trace.of_groups(trace, model.plain)
