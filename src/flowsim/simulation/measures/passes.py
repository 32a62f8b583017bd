"""What happened before each edge, and what became of citizens: the passes over all visits, without Python's lock.

The measures of a replication are small sums over a large table. Written with whole-array operations, their reading
of the table took as long as the rest, and held the lock that other threads of a run wait for. All that is counted by
month comes from one pass, and nothing of the table is copied.

`cells` is time cut into cells, as `Calendar.cells` has it; a time that is NEVER in the table counts as LATER here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowsim.core.arrays import Ints
from flowsim.simulation.engine.machine_code import cached
from flowsim.simulation.engine.trace import LATER, NEVER

__all__ = [
    "benefit_spells",
    "clock_counts",
    "clock_runs",
    "counts",
    "last_spells",
    "later_spells",
    "months",
    "older_than",
    "outcomes",
    "sorted_within",
    "stays_at",
    "sums",
    "tallies",
    "waits",
]

_pass: Any = cached(nogil=True)


@_pass
def _month(time, cells):
    begin, shift, month_of, last_of, last = cells
    cell = min(max(((time - begin) >> shift) + 1, 0), len(month_of) - 1)
    return month_of[cell] + (time > last_of[cell]) + (time > last)


@_pass
def _or_later(time):
    return LATER if time == NEVER else time


@_pass
def _goes_on(visits, i):
    """Return whether a visit goes on with a stay that was interrupted, which is the visit before."""
    visit, before = visits[i], visits[max(i - 1, 0)]
    return i > 0 and visit.citizen == before.citizen and visit.state == before.state and visit.visit == before.visit


@_pass
def months(times: Ints, cells: Any) -> Ints:
    """Return the month of each time, by the cells of a `Calendar`."""
    out = np.empty(len(times), np.int64)
    for i in range(len(times)):
        out[i] = _month(times[i], cells)
    return out


@_pass
def tallies(visits: Any, cells: Any, width: int, first: Ints, benefit_of: Ints, benefits: int) -> Any:
    """Count and add up what happened in each month, from one pass over the visits.

    `width` is the number of months, those before and after all of them included; `first` the number of the first
    citizen of each entry.

    Returns:
        events: visits joined, started, left (the queue) and ended in each state, shape (4, states, width).
        ticks: when they were joined, left and ended, added up as floats, shape (3, states, width).
        cleared: when the last left the queue of those who joined in a month, or NEVER; shape (states, width).
        entered: the first visits of those who came by each entry, by state and month, shape (entries, states, width).
        moved: visits ended, by benefit and the benefit that followed, shape (benefits, benefits, width).
    """
    states, entries = len(benefit_of), len(first) - 1
    events, ticks = np.zeros((4, states, width), np.int64), np.zeros((3, states, width))
    cleared = np.full((states, width), NEVER)
    entered = np.zeros((entries, states, width), np.int64)
    moved = np.zeros((benefits, benefits, width), np.int64)
    ended, in_ended, door = NEVER, 0, 0
    for i in range(len(visits)):
        visit = visits[i]
        state, joined = visit.state, visit.joined
        # Most visits begin when another ends: a month is looked up once for both.
        in_joined = in_ended if joined == ended else _month(joined, cells)
        started, ended = _or_later(visit.started), _or_later(visit.ended)
        in_started = in_joined if started == joined else _month(started, cells)
        in_ended = _month(ended, cells)
        events[0, state, in_joined] += 1
        events[1, state, in_started] += 1
        events[3, state, in_ended] += 1
        ticks[0, state, in_joined] += joined
        ticks[2, state, in_ended] += ended
        left, in_left = min(started, ended), min(in_started, in_ended)
        events[2, state, in_left] += 1
        ticks[1, state, in_left] += left
        cleared[state, in_joined] = max(cleared[state, in_joined], left)
        if visit.step == 0:
            while visit.citizen >= first[door + 1]:
                door += 1
            entered[door, state, in_joined] += 1
        if visit.next >= 0:
            moved[benefit_of[state], benefit_of[visit.next], in_ended] += 1
    return events, ticks, cleared, entered, moved


@_pass
def waits(visits: Any, cells: Any, station_of: Ints) -> Ints:
    """Return the station, the month and the ticks waited of each stay that started at a station, shape (3, stays)."""
    stays = 0
    for i in range(len(visits)):
        stays += station_of[visits[i].state] >= 0 and visits[i].started != NEVER and not _goes_on(visits, i)
    out = np.empty((3, stays), np.int64)
    stay = 0
    for i in range(len(visits)):
        visit = visits[i]
        if station_of[visit.state] >= 0 and visit.started != NEVER and not _goes_on(visits, i):
            out[0, stay], out[1, stay] = station_of[visit.state], _month(visit.started, cells)
            out[2, stay] = visit.started - visit.joined
            stay += 1
    return out


@_pass
def stays_at(visits: Any, station_of: Ints, station: int) -> Ints:
    """Return when the stays that started at a station were joined, started and ended, shape (3, stays)."""
    stays = 0
    for i in range(len(visits)):
        stays += station_of[visits[i].state] == station and visits[i].started != NEVER
    out = np.empty((3, stays), np.int64)
    stay = 0
    for i in range(len(visits)):
        visit = visits[i]
        if station_of[visit.state] == station and visit.started != NEVER:
            out[0, stay], out[1, stay], out[2, stay] = visit.joined, visit.started, _or_later(visit.ended)
            stay += 1
    return out


@_pass
def outcomes(visits: Any, cells: Any, is_outcome: Any) -> Ints:
    """Return the state, month and ticks since the benefit spell before it began, of each award; shape (3, awards)."""
    awards = 0
    for i in range(len(visits)):
        awards += is_outcome[visits[i].state] and visits[i].step > 0 and not _goes_on(visits, i)
    out = np.empty((3, awards), np.int64)
    award = 0
    for i in range(len(visits)):
        visit = visits[i]
        if is_outcome[visit.state] and visit.step > 0 and not _goes_on(visits, i):
            out[0, award], out[1, award] = visit.state, _month(visit.joined, cells)
            out[2, award] = visit.joined - visits[i - 1].since
            award += 1
    return out


@_pass
def counts(group: Ints, month: Ints, groups: int, width: int) -> Ints:
    """Count the rows of each group and month, shape (groups, width)."""
    out = np.zeros((groups, width), np.int64)
    for i in range(len(group)):
        out[group[i], month[i]] += 1
    return out


@_pass
def sums(values: Ints, group: Ints, month: Ints, groups: int, width: int) -> Any:
    """Add up the values of each group and month as floats, shape (groups, width)."""
    out = np.zeros((groups, width))
    for i in range(len(group)):
        out[group[i], month[i]] += values[i]
    return out


@_pass
def sorted_within(group: Ints, values: Ints, groups: int) -> Any:
    """Return the values sorted group by group, each group's count, and where each group begins.

    By one digit of eleven bits after the other, the lowest first, and by group last; each time those that are alike
    keep their order, and nothing is compared.
    """
    counts, least, bits = np.zeros(groups, np.int64), LATER, 0
    for i in range(len(values)):
        counts[group[i]] += 1
        least = min(least, values[i])
    inside, within = values - least, group.copy()
    for i in range(len(inside)):
        bits |= inside[i]
    others, within_others = np.empty_like(inside), np.empty_like(within)
    shift = 0
    while shift < 64 and bits >> shift != 0:
        place = np.zeros(2049, np.int64)
        for i in range(len(inside)):
            place[((inside[i] >> shift) & 2047) + 1] += 1
        for digit in range(2048):
            place[digit + 1] += place[digit]
        for i in range(len(inside)):
            digit = (inside[i] >> shift) & 2047
            others[place[digit]], within_others[place[digit]] = inside[i], within[i]
            place[digit] += 1
        inside, others = others, inside
        within, within_others = within_others, within
        shift += 11
    begins = np.cumsum(counts) - counts
    free = begins.copy()
    for i in range(len(inside)):
        others[free[within[i]]] = inside[i]
        free[within[i]] += 1
    return others + least, counts, begins


@_pass
def clock_runs(visits: Any, begins_at_start: Any, ends_at_start: Any, begins: Any, ends: Any, abandons: Any) -> Any:
    """Follow clocks through the visits, all in one pass.

    Of each clock the first two say whether it begins and ends when a stay starts, or else when it is joined; the last
    three, shape (clocks, states), whether it begins in a state, ends there, and stops there without an end.

    Returns:
        Of each clock how many runs it has, and in its row when they began, when they stopped (LATER while it runs), and
        whether they ended; shapes (clocks,) and (clocks, most runs).
    """
    clocks, states = begins.shape
    beginning, watched = np.zeros(states, np.bool_), np.zeros(states, np.bool_)
    for clock in range(clocks):
        beginning |= begins[clock]
        watched |= begins[clock] | ends[clock] | abandons[clock]
    most = 1
    for i in range(len(visits)):
        most += beginning[visits[i].state]
    begun, stopped = np.empty((clocks, most), np.int64), np.empty((clocks, most), np.int64)
    ended = np.empty((clocks, most), np.bool_)
    runs, running = np.zeros(clocks, np.int64), np.zeros(clocks, np.bool_)
    under_way, whose = 0, 0
    for i in range(len(visits) + 1):
        if under_way > 0 and (i == len(visits) or visits[i].citizen != whose):
            for clock in range(clocks):
                if running[clock]:
                    stopped[clock, runs[clock]], ended[clock, runs[clock]] = LATER, False
                    runs[clock] += 1
                    running[clock] = False
            under_way = 0
        if i == len(visits):
            break
        visit = visits[i]
        state = visit.state
        if not (watched[state] if under_way > 0 else beginning[state]) or _goes_on(visits, i):
            continue
        whose = visit.citizen
        for clock in range(clocks):
            if not (begins[clock, state] or running[clock]):
                continue
            for is_start in (False, True):  # she enters a state before she starts in it
                at = visit.started if is_start else visit.joined
                if at == NEVER:
                    continue
                ends_here = ends[clock, state] and is_start == ends_at_start[clock]
                if running[clock] and (ends_here or (abandons[clock, state] and not is_start)):
                    stopped[clock, runs[clock]], ended[clock, runs[clock]] = at, ends_here
                    runs[clock] += 1
                    running[clock] = False
                    under_way -= 1
                if not running[clock] and begins[clock, state] and is_start == begins_at_start[clock]:
                    begun[clock, runs[clock]] = at
                    running[clock] = True
                    under_way += 1
    return runs, begun, stopped, ended


@_pass
def clock_counts(begun: Ints, stopped: Ints, ended: Any, limit: int, cells: Any, width: int) -> Any:
    """Count the runs of a clock by month.

    Returns three arrays: of the runs that ended, the month and how long they took, shape (2, ended); the runs that
    ended, that did within the limit, that began, stopped, became overdue, and that stopped overdue, shape (6, width);
    and how long the runs that ended took, added up as floats, shape (width,).
    """
    out, total = np.zeros((6, width), np.int64), np.zeros(width)
    took = np.empty((2, ended.sum()), np.int64)
    row = 0
    for i in range(len(begun)):
        month = _month(stopped[i], cells)
        if ended[i]:
            took[0, row], took[1, row] = month, stopped[i] - begun[i]
            out[0, month] += 1
            out[1, month] += took[1, row] <= limit
            total[month] += took[1, row]
            row += 1
        out[2, _month(begun[i], cells)] += 1
        out[3, month] += 1
        if stopped[i] > begun[i] + limit:
            out[4, _month(begun[i] + limit, cells)] += 1
            out[5, month] += 1
    return took, out, total


@_pass
def benefit_spells(visits: Any, benefit_of: Ints) -> Ints:
    """Join each citizen's consecutive visits with one benefit label: her number, label, joined, ended; (4, spells)."""
    spells, citizen, benefit = 0, -1, -1
    for i in range(len(visits)):
        visit = visits[i]
        spells += visit.citizen != citizen or benefit_of[visit.state] != benefit
        citizen, benefit = visit.citizen, benefit_of[visit.state]
    out = np.empty((4, spells), np.int64)
    spell, citizen, benefit = -1, -1, -1
    for i in range(len(visits)):
        visit = visits[i]
        if visit.citizen != citizen or benefit_of[visit.state] != benefit:
            spell += 1
            citizen, benefit = visit.citizen, benefit_of[visit.state]
            out[0, spell], out[1, spell], out[2, spell] = citizen, benefit, visit.joined
        out[3, spell] = _or_later(visit.ended)
    return out


@_pass
def last_spells(citizen: Ints, benefit: Ints, joined: Ints, ended: Ints, which: int, gap: int) -> Ints:
    """Return the rows of the spells of a benefit that were left for longer than a gap, or for ever."""
    rows = np.empty(len(citizen), np.int64)
    number, before = 0, -1
    for i in range(len(citizen)):
        if benefit[i] != which:
            continue
        if before >= 0 and (citizen[before] != citizen[i] or joined[i] - ended[before] > gap):
            rows[number] = before
            number += 1
        before = i if ended[i] != LATER else -1
    if before >= 0:
        rows[number] = before
        number += 1
    return rows[:number].copy()


@_pass
def later_spells(citizen: Ints, joined: Ints, ended: Ints, rows: Ints, after: int) -> Ints:
    """Return the row of the spell under way some ticks after each of the spells of some rows ended."""
    out = rows.copy()
    for i in range(len(rows)):
        row, when = rows[i], ended[rows[i]] + after
        while row + 1 < len(citizen) and citizen[row + 1] == citizen[rows[i]] and joined[row + 1] <= when:
            row += 1
        out[i] = row
    return out


@_pass
def older_than(benefit: Ints, joined: Ints, ended: Ints, which: int, span: int, cells: Any, width: int) -> Ints:
    """Count, in each month, the spells of a benefit that became older than a span, less those of them that ended."""
    out = np.zeros(width, np.int64)
    for i in range(len(benefit)):
        if benefit[i] == which and ended[i] > joined[i] + span:
            out[_month(joined[i] + span, cells)] += 1
            out[_month(ended[i], cells)] -= 1
    return out
