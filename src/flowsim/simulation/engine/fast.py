"""The host side of the compiled engine: its arrays before a replication, and the visits after it.

Nothing here is jitted: all jitted code stands in `kernel`, since the on-disk cache stamps a function by its own file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import config

from flowsim.core.errors import InputError
from flowsim.simulation.engine.compiler import (
    STOCK,
    Model,
    records,
)
from flowsim.simulation.engine.kernel import (
    ACCOUNT,
    CHUNKS,
    CITIZEN,
    DESK,
    FREE,
    FREE_CHUNK,
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
    run_loop,
    tally,
)
from flowsim.simulation.engine.luck import luck_of
from flowsim.simulation.engine.memory import available_memory
from flowsim.simulation.engine.trace import SESSION, VISIT, Trace

__all__ = ["simulate"]

_FEW_OPEN = 64  # events on the heap, where they are spread anew


def simulate(model: Model, seed: int, replication: int, forks: Sequence[tuple[int, int]] = ()) -> Trace:
    """Run one replication of a compiled pathway; from the tick of each fork on with the luck of a future.

    Raises:
        OverflowError: where ticks and citizens together do not fit the 63 bits of an event's key.
        InputError: where the visits need more memory than is free.
    """
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        model = records(model)
    luck = luck_of(seed, replication, forks)
    arrivals = [arrival_ticks(model, luck, entry) for entry in range(len(model.entries))]
    ticks = [each for each, _ in arrivals]
    first = np.cumsum([0] + [len(t) for t in ticks])
    population = int(first[-1])
    stock = sum(len(t) for t, kind in zip(ticks, model.entries["kind"], strict=True) if kind == STOCK)
    bits = max(population.bit_length(), 1)
    if (model.horizon + 1).bit_length() + bits > 63:
        raise OverflowError(f"{model.horizon} ticks and {population} citizens do not fit one key: set a longer tick")
    lines, desks = np.full(model.lines, -1, LINE), np.zeros(len(model.stations), DESK)
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
        counts=np.empty((stock + SOME) * model.loops, np.uint8),
        wide_counts=np.empty(0, np.int32),
        lines=lines,
        desks=desks,
        accounts=np.zeros(len(model.states), ACCOUNT),
        carried=np.zeros(model.parties),
        sessions=sessions,
        heap=np.full(len(ticks) + SOME, LATEST),
        heads=np.full(buckets, -1),
        chunks=_aligned(8 * (min(stock, buckets) + stock // 7 + SOME), np.dtype(np.int64)),
        shift=shift,
        visits=_visit_table(population),
        at=at,
    )
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        run = records(run)
    # The first arrival of every entry.
    coming = [(int(t[0]) + 1) << bits | int(number) for t, number in zip(ticks, first, strict=False) if len(t)]
    put_events(run, np.array(coming, np.int64))
    full: list[Any] = []
    while not run_loop(model, run):
        if at[HEAP] > at[LIMIT]:
            run = _spread(run, model.horizon)
        if at[WIDER]:
            run = run._replace(wide_counts=run.counts.astype(np.int32), counts=run.counts[:0])
            at[WIDER] = 0
        longest, newcomers = int(run.desks["waiting"].max(initial=0)), int(at[FREE] < 0)
        citizens = _grown(run.citizens, at[USED], newcomers)
        # There is a row for each of citizens, whether it is used yet or not.
        counted = (at[USED] * model.loops, (len(citizens) - at[USED]) * model.loops)
        run = run._replace(
            citizens=citizens,
            counts=_grown(run.counts, *counted) if not len(run.wide_counts) else run.counts,
            wide_counts=_grown(run.wide_counts, *counted) if len(run.wide_counts) else run.wide_counts,
            heap=_grown(run.heap, at[HEAP], max(longest, int(at[WANTED])) + 5),
            chunks=_grown(run.chunks, at[CHUNKS], 8 * (longest + 5)),
        )
        run.heap[at[HEAP] :] = LATEST
        at[WANTED] = 0
        if at[VISITS] + at[USED] + 2 > len(run.visits):
            full.append(run.visits[: at[VISITS]])
            _check_memory(sum(map(len, full)), replication)
            run = run._replace(visits=_visit_table(population, at[USED]).view(type(run.visits)))
            at[VISITS] = 0
    full.append(run.visits[: at[VISITS]])
    return Trace(
        visits=_ordered(full, population),
        sessions=sessions[sessions["station"] >= 0],
        first=first,
        presence=run.accounts["presence"].copy(),
        queued=run.desks["queued"].copy(),
    )


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


def _ordered(tables: list[Any], population: int) -> Any:
    """Return the visits of all tables in order, and let go of each table as soon as it is read."""
    counts = np.zeros(population + 1, np.int64)
    for table in tables:
        tally(table, counts[1:])
    out = np.empty(sum(map(len, tables)), VISIT)
    place = np.cumsum(counts)
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


def _grown(table: Any, used: int, more: int) -> Any:
    """Return the table with room for `more` rows behind the used ones, and half as much again."""
    if used + more <= len(table):
        return table
    bigger = _aligned(int(1.5 * (used + more)) + 16, table.dtype).view(type(table))
    # As bytes they are copied at once, as records one by one.
    bigger[:used].view(np.uint8)[:] = table[:used].view(np.uint8)
    return bigger
