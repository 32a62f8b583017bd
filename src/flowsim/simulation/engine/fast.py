"""The host side of the compiled engine: its arrays before a replication, and the visits after it.

Nothing here is jitted: all jitted code stands in `kernel`, since the on-disk cache stamps a function by its own file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import config

from flowsim.core.errors import InputError
from flowsim.simulation.engine.compiler import (
    STOCK,
    Model,
    readable,
    records,
)
from flowsim.simulation.engine.deadlock import refuse_deadlock
from flowsim.simulation.engine.kernel import (
    ACCOUNT,
    AT_DOOR,
    CHANGE,
    CHUNKS,
    CITIZEN,
    CUT,
    DESK,
    FREE,
    FREE_CHUNK,
    GONE,
    HEAP,
    LATEST,
    LIMIT,
    LINE,
    MOST_AT_ONCE,
    MOST_BUCKETS,
    MOST_OPEN,
    NOW,
    OPEN,
    ROOM,
    SOME,
    TO_COME,
    USED,
    VISITS,
    WANTED,
    WIDER,
    RunState,
    arrival_ticks,
    count_events,
    list_events,
    put_events,
    put_in_order,
    put_renumbered,
    run_loop,
    take_up,
    tally,
)
from flowsim.simulation.engine.luck import Luck, luck_of
from flowsim.simulation.engine.memory import available_memory
from flowsim.simulation.engine.trace import SESSION, VISIT, Trace

__all__ = ["KeptState", "go_on", "run_until", "simulate"]

_FEW_OPEN = 64  # events on the heap, where they are spread anew


def simulate(model: Model, seed: int, replication: int, forks: Sequence[tuple[int, int]] = ()) -> Trace:
    """Run one replication of a compiled pathway; from the tick of each fork on with the luck of a future.

    Raises:
        OverflowError: where ticks and citizens together do not fit the 63 bits of an event's key.
        InputError: where the visits need more memory than is free.
    """
    model = records(model) if config.DISABLE_JIT else model  # type: ignore[attr-defined]
    run = _initial(model, luck_of(seed, replication, forks))
    _announce_arrivals(run, [0] * len(model.entries))
    return _trace(model, *_run_on(model, run, model.horizon))


class KeptState(NamedTuple):
    """How a history stands at a tick, before anything that happens at it, and the visits that have ended until then."""

    seed: int
    history: int
    earlier: tuple[tuple[int, int], ...]  # forks that the history had itself
    tick: int
    run: RunState  # its tables of citizens, queues and stations alone, as far as they are used
    came: tuple[int, ...]  # citizens by each door
    gone: Any  # the visits of those who left for good, by citizen and step
    visits: Any  # of the others, likewise

    @property
    def nbytes(self) -> int:
        """The bytes that it takes."""
        return int(sum(getattr(table, "nbytes", 0) for table in (self.gone, self.visits, *self.run)))

    @property
    def earliest(self) -> int:
        """The earliest tick that its visits tell of; of those who were there at the start it lies before 0."""
        return min(int(table["since"].min(initial=0)) for table in (self.gone, self.visits, self.run.citizens))

    def trace_of_gone(self, model: Model) -> Trace:
        """Return the visits of those who left for good, in which no future differs; `model` is that of the history."""
        trace = Trace(
            visits=self.gone,
            sessions=np.zeros(0, SESSION),
            first=self.run.first,
            presence=np.zeros(len(model.states), np.int64),
            queued=np.zeros(len(model.stations), np.int64),
        )
        return Trace.of_groups(trace, model.plain)


def run_until(model: Model, seed: int, history: int, tick: int, earlier: tuple[tuple[int, int], ...] = ()) -> KeptState:
    """Run a history, with forks of its own, until before a tick, and keep how it stands.

    Raises:
        OverflowError, InputError: as `simulate`.
    """
    model = records(model) if config.DISABLE_JIT else model  # type: ignore[attr-defined]
    run = _initial(model, luck_of(seed, history, earlier))
    _announce_arrivals(run, [0] * len(model.entries))
    run, tables = _run_on(model, run, tick)
    first, used, nothing = run.first, int(run.at[USED]), np.empty(0, np.int64)
    came = np.add.reduceat(np.append(run.rows != TO_COME, False), first[:-1]) * (np.diff(first) > 0)
    kept = run._replace(
        arrivals=nothing,
        heap=nothing,
        heads=nothing,
        chunks=nothing,
        visits=nothing,
        citizens=run.citizens[:used].copy(),
        counts=run.counts[: used * model.loops].copy(),
        wide_counts=run.wide_counts[: used * model.loops].copy(),
        cuts=run.cuts[:used].copy(),
        sessions=run.sessions[: run.at[CHANGE]].copy(),
        waits=run.waits[: run.at[CHANGE]].copy(),
    )
    visits = _ordered(tables, int(first[-1]))
    gone = run.rows[visits["citizen"]] == GONE
    return KeptState(seed, history, earlier, tick, kept, tuple(came.tolist()), visits[gone], visits[~gone])


def go_on(kept: KeptState, model: Model, future: int, *, whole: bool = True) -> Trace:
    """Run on from how a history stands, with the luck of a future, to the very trace that a run from the start gives.

    The model may be another one, where the two are the same until before that tick and end at the same one. Where it is
    not to be `whole`, it lacks the visits of those who had left for good by then, which are `trace_of_gone`.

    Raises:
        OverflowError, InputError: as `simulate`.
    """
    model = records(model) if config.DISABLE_JIT else model  # type: ignore[attr-defined]
    old = kept.run
    new = _initial(model, luck_of(kept.seed, kept.history, [*kept.earlier, (kept.tick, future)]))
    used, at = len(old.citizens), new.at
    events = used + len(model.entries) + SOME
    at[[USED, FREE, CHANGE]] = old.at[[USED, FREE, CHANGE]]
    at[NOW] = kept.tick
    at[OPEN] = (kept.tick + 1) >> (new.shift - new.bits)
    counts, wide = ((used + SOME) * model.loops, 0) if not len(old.wide_counts) else (0, (used + SOME) * model.loops)
    run = new._replace(
        citizens=_enlarged(old.citizens, used + SOME),
        counts=_enlarged(old.counts, counts),
        wide_counts=_enlarged(old.wide_counts, wide),
        cuts=_enlarged(old.cuts, (used + SOME) * model.interrupting),
        lines=old.lines.copy(),
        desks=old.desks.copy(),
        accounts=old.accounts.copy(),
        carried=old.carried.copy(),
        heap=np.full(events, LATEST),
        chunks=_aligned(8 * events, np.dtype(np.int64)),
    )
    run.sessions[: len(old.sessions)] = old.sessions
    run.waits[: len(old.waits)] = old.waits
    # Citizens are numbered door by door, and another number comes by each in another future.
    moved = (run.first - old.first)[:-1]
    run.citizens["number"][:used] += moved[run.citizens["entry"][:used]].astype(np.int32)
    for entry, count in enumerate(kept.came):
        run.rows[run.first[entry] : run.first[entry] + count] = old.rows[old.first[entry] : old.first[entry] + count]
    take_up(model, run)
    _announce_arrivals(run, kept.came)
    earlier = list(zip(_by_door(kept.visits, old.first), moved.tolist(), strict=True))
    if whole:
        earlier += zip(_by_door(kept.gone, old.first), moved.tolist(), strict=True)
    run, tables = _run_on(model, run, model.horizon, sum(len(door) for door, _ in earlier))
    return _trace(model, run, tables, earlier)


def _by_door(visits: Any, first: Any) -> list[Any]:
    """Split visits by the doors that their citizens came by."""
    return np.split(visits, np.searchsorted(visits["citizen"], first[1:-1]))


def _initial(model: Model, luck: Luck) -> RunState:
    """Return the working tables before the first instant, with no event on the list."""
    arrivals = [arrival_ticks(model, luck, entry) for entry in range(len(model.entries))]
    ticks = [each for each, _ in arrivals]
    first = np.cumsum([0] + [len(t) for t in ticks])
    population = int(first[-1])
    stock = sum(len(t) for t, kind in zip(ticks, model.entries["kind"], strict=True) if kind == STOCK)
    bits = max(population.bit_length(), 1)
    if (model.horizon + 1).bit_length() + bits > 63:
        raise OverflowError(f"{model.horizon} ticks and {population} citizens do not fit one key: set a longer tick")
    doors = len(model.stations) + 1 if model.blocking else 0
    lines = np.full(model.lines * (1 + model.interrupting) + doors, -1, LINE)
    desks = np.zeros(len(model.stations), DESK)
    desks["meeting"] = -1
    sessions = np.zeros(len(model.changes), SESSION)
    sessions["station"] = -1
    at = np.zeros(13, np.int64)
    at[FREE] = at[NOW] = at[FREE_CHUNK] = -1
    at[LIMIT] = MOST_OPEN
    shift, buckets = _buckets(model.horizon, bits, stock)
    run = RunState(
        luck=luck,
        bits=bits,
        first=first,
        begins=np.array([begins for _, begins in arrivals]),
        arrivals=np.concatenate([np.empty(0, np.int64), *ticks]),
        rows=np.full(population, TO_COME, np.int32),
        citizens=_aligned(stock + SOME, CITIZEN),
        counts=_aligned((stock + SOME) * model.loops, np.dtype(np.uint8)),
        wide_counts=np.empty(0, np.int32),
        cuts=np.zeros((stock + SOME) * model.interrupting, CUT),
        lines=lines,
        desks=desks,
        accounts=np.zeros(len(model.states), ACCOUNT),
        carried=np.zeros(model.parties),
        waits=np.zeros(len(model.changes), np.int64),
        sessions=sessions,
        heap=np.full(len(ticks) + SOME, LATEST),
        heads=np.full(buckets, -1),
        chunks=_aligned(8 * (min(stock, buckets) + stock // 7 + SOME), np.dtype(np.int64)),
        shift=shift,
        visits=_visit_table(population),
        at=at,
    )
    return records(run) if config.DISABLE_JIT else run  # type: ignore[attr-defined]


def _announce_arrivals(run: RunState, came: Sequence[int]) -> None:
    """Put the next arrival of every entry on the list."""
    numbers = [
        int(first) + n for first, after, n in zip(run.first[:-1], run.first[1:], came, strict=True) if first + n < after
    ]
    coming = [(int(run.arrivals[number]) + 1) << int(run.bits) | number for number in numbers]
    put_events(run, np.array(coming, np.int64))


def _run_on(model: Model, run: RunState, until: int, earlier: int = 0) -> tuple[RunState, list[Any]]:
    """Run until before a tick, behind so many earlier visits; return the working tables then, and those of visits."""
    at, population = run.at, int(run.first[-1])
    full: list[Any] = []
    while not run_loop(model, run, until):
        if at[HEAP] > at[LIMIT]:
            run = _spread(run, model.horizon)
        if at[WIDER]:
            run = run._replace(wide_counts=run.counts.astype(np.int32), counts=run.counts[:0])
            at[WIDER] = 0
        longest = int((run.desks["waiting"] + run.desks["at_door"]).max(initial=0))
        newcomers = int(at[FREE] < 0)
        citizens = _grown(run.citizens, at[USED], newcomers)
        # There is a row for each of citizens, whether it is used yet or not.
        counted = (at[USED] * model.loops, (len(citizens) - at[USED]) * model.loops)
        run = run._replace(
            citizens=citizens,
            counts=_grown(run.counts, *counted) if not len(run.wide_counts) else run.counts,
            wide_counts=_grown(run.wide_counts, *counted) if len(run.wide_counts) else run.wide_counts,
            cuts=_grown(run.cuts, at[USED], len(citizens) - at[USED]) if model.interrupting else run.cuts,
            heap=_grown(run.heap, at[HEAP], max(longest, int(at[WANTED])) + 5),
            chunks=_grown(run.chunks, at[CHUNKS], 8 * (longest + 5)),
        )
        run.heap[at[HEAP] :] = LATEST
        at[WANTED] = 0
        if at[VISITS] + at[USED] + 2 > len(run.visits):
            full.append(run.visits[: at[VISITS]])
            _check_memory(earlier + sum(map(len, full)), int(run.luck.words[0]))
            run = run._replace(visits=_visit_table(population, at[USED]).view(type(run.visits)))
            at[VISITS] = 0
    full.append(run.visits[: at[VISITS]])
    return run, full


def _trace(model: Model, run: RunState, tables: list[Any], earlier: Sequence[tuple[Any, int]] = ()) -> Trace:
    trace = Trace(
        visits=_ordered(tables, int(run.first[-1]), earlier),
        sessions=run.sessions[run.sessions["station"] >= 0],
        first=run.first,
        presence=run.accounts["presence"].copy(),
        queued=run.desks["queued"].copy(),
    )
    if model.blocking or model.keeping:
        at_doors = run.citizens[: run.at[USED]]
        at_doors = at_doors[(at_doors["state"] >= 0) & (at_doors["lingers"] == AT_DOOR)]
        doors = dict(zip(at_doors["number"].tolist(), at_doors["to"].tolist(), strict=True))
        refuse_deadlock(readable(model), trace, doors)
    return Trace.of_groups(trace, model.plain)


def _check_memory(visits: int, replication: int) -> None:
    """Refuse to go on where the visits so far could not be put in order any more.

    Raises:
        InputError: with how many there are.
    """
    needed, available = (visits + MOST_AT_ONCE) * VISIT.itemsize, available_memory()
    if needed > available:
        raise InputError(
            f"memory: replication {replication} has {visits:,} visits so far, which take {needed / 2**30:.3g} GiB "
            f"more, and {available / 2**30:.3g} GiB are free: lower the arrivals or run fewer at once"
        )


def _buckets(horizon: int, bits: int, events: int) -> tuple[int, int]:
    """Return the shift of a key to the number of its bucket, and how many buckets there are: one for few events."""
    most = min(max(events, 1), MOST_BUCKETS)
    shift = 0
    while (horizon + 1) >> shift >= most:
        shift += 1
    return bits + shift, ((horizon + 1) >> shift) + 1


def _spread(run: RunState, horizon: int) -> RunState:
    """Sort the events into more and shorter buckets, where too many stand on the heap."""
    at, bits, opened = run.at, int(run.bits), int(run.at[HEAP])
    coming = np.empty(count_events(run.heads, run.chunks), np.int64)
    list_events(run.heads, run.chunks, coming)
    events = np.concatenate([run.heap[:opened], coming])
    if len(run.heads) == 1:
        shift = _buckets(horizon, bits, len(events))[0] - bits
    else:
        shift = max(int(run.shift) - bits - max(math.ceil(math.log2(opened / _FEW_OPEN)), 1), 0)
    while (horizon + 1) >> shift >= MOST_BUCKETS:
        shift += 1
    if bits + shift >= run.shift:
        # There is nothing to gain: they come at the same ticks, or there are as many buckets as there can be.
        at[LIMIT] = LATEST
        return run
    at[OPEN] = (max(int(at[NOW]), 0) + 1) >> shift
    at[HEAP] = at[CHUNKS] = 0
    at[FREE_CHUNK] = -1
    run = run._replace(
        heap=np.full(len(events) + SOME, LATEST),
        heads=np.full(((horizon + 1) >> shift) + 1, -1),
        chunks=_aligned(8 * (len(events) + SOME), np.dtype(np.int64)),
        shift=bits + shift,
    )
    put_events(run, events)
    return run


def _visit_table(citizens: int, present: int = 0) -> Any:
    """Return an empty table with room for some visits of each citizen; when it is full, the next one is taken."""
    return np.empty(max(min(ROOM * citizens, MOST_AT_ONCE), present) + SOME, VISIT)


def _ordered(tables: list[Any], population: int, earlier: Sequence[tuple[Any, int]] = ()) -> Any:
    """Return the visits of all tables in order, and let go of each table as soon as it is read.

    Those of an earlier run stay. They stand by door, each with what is added to the numbers of those who came by it.
    """
    counts = np.zeros(population + 1, np.int64)
    for table in tables:
        tally(table, 1, counts)
    for kept, moved in earlier:
        tally(kept, 1 + moved, counts)
    out = np.empty(sum(map(len, tables)) + sum(len(kept) for kept, _ in earlier), VISIT)
    place = np.cumsum(counts)
    for kept, moved in earlier:
        put_renumbered(kept, moved, place, out)
    tables.reverse()
    while tables:
        put_in_order(tables.pop(), place, out)
    return out


def _aligned(rows: int, dtype: np.dtype[Any]) -> Any:
    """Return an empty table whose first row starts a cache line."""
    size, line = rows * dtype.itemsize, 64
    raw = np.empty(size + line, np.uint8)
    start = -raw.ctypes.data % line
    return raw[start : start + size].view(dtype)


def _enlarged(table: Any, rows: int) -> Any:
    """Return a copy with room for so many rows."""
    bigger = _aligned(rows, table.dtype).view(type(table))
    bigger[: len(table)].view(np.uint8)[:] = table.view(np.uint8)
    return bigger


def _grown(table: Any, used: int, more: int) -> Any:
    """Return the table with room for `more` rows behind the used ones, and half as much again."""
    if used + more <= len(table):
        return table
    bigger = _aligned(int(1.5 * (used + more)) + 16, table.dtype).view(type(table))
    # As bytes they are copied at once, as records one by one.
    bigger[:used].view(np.uint8)[:] = table[:used].view(np.uint8)
    return bigger
