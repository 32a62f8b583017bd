"""The visit table as columns, and what happened before each edge: the passes over all rows, without Python's lock.

The measures of a replication are small sums over a large table. Written with whole-array operations, their reading
of the table took as long as the rest, and held the lock that other threads of a run wait for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from flowsim.core.arrays import Floats, Ints
from flowsim.simulation.engine.trace import LATER, NEVER

__all__ = ["benefit_spells", "clock_runs", "counts", "latest", "months", "sums", "visits_as_columns"]

_pass: Any = njit(cache=True, nogil=True)


@_pass
def _month(time, begin, length, month_of, last_of):
    cell = min(max((time - begin) // length + 1, 0), len(month_of) - 1)
    return month_of[cell] + (time > last_of[cell])


@_pass
def months(times: Ints, begin: int, length: int, month_of: Ints, last_of: Ints) -> Ints:
    """Return the month of each time, by the cells of a `Calendar`."""
    out = np.empty(len(times), np.int64)
    for i in range(len(times)):
        out[i] = _month(times[i], begin, length, month_of, last_of)
    return out


@_pass
def visits_as_columns(visits: Any, begin: int, length: int, month_of: Ints, last_of: Ints) -> Ints:
    """Return the columns of a visit table, shape (13, visits), with LATER for NEVER.

    These are citizen, step, state, next, joined, started, ended, since, left (started, or else ended), and the months
    of joined, started, ended and left.
    """
    out = np.empty((13, len(visits)), np.int64)
    for i in range(len(visits)):
        visit = visits[i]
        started = visit.started if visit.started != NEVER else LATER
        ended = visit.ended if visit.ended != NEVER else LATER
        out[0, i], out[1, i], out[2, i], out[3, i] = visit.citizen, visit.step, visit.state, visit.next
        out[4, i], out[5, i], out[6, i], out[7, i] = visit.joined, started, ended, visit.since
        out[8, i] = min(started, ended)
        out[9, i] = _month(visit.joined, begin, length, month_of, last_of)
        out[10, i] = _month(started, begin, length, month_of, last_of)
        out[11, i] = _month(ended, begin, length, month_of, last_of)
        out[12, i] = min(out[10, i], out[11, i])
    return out


@_pass
def benefit_spells(citizen: Ints, state: Ints, benefit_of: Ints, joined: Ints, ended: Ints) -> Ints:
    """Join each citizen's consecutive visits with one benefit label: her number, label, joined, ended; (4, spells)."""
    spells = 0
    for i in range(len(citizen)):
        if i == 0 or citizen[i] != citizen[i - 1] or benefit_of[state[i]] != benefit_of[state[i - 1]]:
            spells += 1
    out = np.empty((4, spells), np.int64)
    spell = -1
    for i in range(len(citizen)):
        if i == 0 or citizen[i] != citizen[i - 1] or benefit_of[state[i]] != benefit_of[state[i - 1]]:
            spell += 1
            out[0, spell], out[1, spell], out[2, spell] = citizen[i], benefit_of[state[i]], joined[i]
        out[3, spell] = ended[i]
    return out


@_pass
def counts(group: Ints, month: Ints, groups: int, width: int) -> Ints:
    """Count the rows of each group and month, shape (groups, width)."""
    out = np.zeros((groups, width), np.int64)
    for i in range(len(group)):
        out[group[i], month[i]] += 1
    return out


@_pass
def sums(values: Ints, group: Ints, month: Ints, groups: int, width: int) -> Floats:
    """Add up the values of each group and month as floats, shape (groups, width)."""
    out = np.zeros((groups, width))
    for i in range(len(group)):
        out[group[i], month[i]] += values[i]
    return out


@_pass
def latest(values: Ints, group: Ints, month: Ints, groups: int, width: int) -> Ints:
    """Find the greatest value of each group and month, the least integer where there is none; shape (groups, width)."""
    out = np.full((groups, width), NEVER)
    for i in range(len(group)):
        out[group[i], month[i]] = max(out[group[i], month[i]], values[i])
    return out


@_pass
def clock_runs(citizen: Ints, joined: Ints, at: Ints, state: Ints, begins: Any, ends: Any, stops: Any) -> Any:
    """Follow a clock through the visits: begun, stopped (LATER while it runs) and whether it ended, a row a run.

    `at` is when a visit begins the clock, LATER where it does not; the last three say of each state whether the clock
    begins there, ends there, and stops there at all.
    """
    begun, stopped = np.empty(len(citizen), np.int64), np.empty(len(citizen), np.int64)
    ended = np.empty(len(citizen), np.bool_)
    watched = begins | stops
    runs, running, whose = 0, False, 0
    for i in range(len(citizen)):
        if not watched[state[i]]:
            continue
        if running and citizen[i] != whose:
            stopped[runs], ended[runs] = LATER, False
            runs, running = runs + 1, False
        whose = citizen[i]
        if running and stops[state[i]]:  # she enters a state before she starts in it
            stopped[runs], ended[runs] = joined[i], ends[state[i]]
            runs, running = runs + 1, False
        if not running and begins[state[i]] and at[i] != LATER:
            begun[runs], running = at[i], True
    if running:
        stopped[runs], ended[runs] = LATER, False
        runs += 1
    return begun[:runs].copy(), stopped[:runs].copy(), ended[:runs].copy()
