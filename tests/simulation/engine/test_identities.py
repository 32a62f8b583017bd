"""What must hold in every run of every pathway: each citizen in one place, no start over capacity, FIFO in a class.

The checks replay the visit table slowly and plainly; they know the pathway and nothing of the engines.
"""

import math
import operator
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim.model.attributes.groups import groups_of
from flowsim.simulation.engine import fast, kernel, reference
from flowsim.simulation.engine.compiler import STOCK, compile_pathway, moment_tick, name_key
from flowsim.simulation.engine.deadlock import Deadlock
from flowsim.simulation.engine.luck import luck_of
from flowsim.simulation.engine.trace import NEVER
from flowsim.testing import pathways
from helpers.models.generated import RELAXED
from helpers.models.recurring import servers_there


def replay(pathway, trace, seed, replication):
    """Read a trace into plain rows; `left` is when a citizen left the queue, at the latest the horizon."""
    model = compile_pathway(pathway)
    groups = groups_of(pathway)
    rows = []
    for visit in trace.visits:
        row = SimpleNamespace(**{name: int(visit[name]) for name in visit.dtype.names})
        row.entry = int(np.searchsorted(trace.first, row.citizen, side="right")) - 1
        row.index = row.citizen - int(trace.first[row.entry])
        row.group = int(trace.groups[row.citizen]) if pathway.attributes else 0
        row.place, row.door = pathway.states[row.state].for_group(groups[row.group]), pathway.entries[row.entry]
        row.is_stock = row.step == 0 and row.door.count is not None
        row.queued = row.place.station is not None and (not row.is_stock or row.door.waiting)
        row.starts = row.started != NEVER
        before = rows[-1] if rows else row
        same = (row.citizen, row.state, row.visit) == (before.citizen, before.state, before.visit)
        row.goes_on = before is not row and same
        row.gone = row.ended if row.ended != NEVER else model.horizon
        row.left = row.started if row.starts else row.gone
        rows.append(row)
    return SimpleNamespace(
        pathway=pathway, trace=trace, model=model, rows=rows, key=(seed, replication), horizon=model.horizon
    )


def at_station(run, station):
    return [row for row in run.rows if row.place.station == station.name]


def every_citizen_is_in_exactly_one_place(run):
    citizens = defaultdict(list)
    for row in run.rows:
        citizens[row.citizen].append(row)
    assert sorted(citizens) == list(range(run.trace.first[-1]))
    for rows in citizens.values():
        assert [row.step for row in rows] == list(range(len(rows)))
        assert rows[0].place.name == rows[0].door.to
        for here, there in pairwise(rows):
            assert (here.next, here.ended) == (there.state, there.joined)
            assert there.goes_on or run.pathway.states[here.next].name in here.place.targets
            assert not there.goes_on or here.starts
        assert (rows[-1].next, rows[-1].ended) == (-1, NEVER)
        rows = [row for row in rows if not row.goes_on]
        seen = [row.state for row in rows]
        assert [row.visit for row in rows] == [seen[:n].count(state) for n, state in enumerate(seen)]
        assert not any(row.place.final for row in rows[:-1])


def times_are_in_order_and_before_the_horizon(run):
    for row in run.rows:
        times = [time for time in (row.joined, row.started, row.ended) if time != NEVER]
        assert times == sorted(times)
        assert times[-1] < run.horizon
        assert row.is_stock or times[0] >= 0
        assert row.starts or row.queued
        if row.place.station is None and not row.is_stock:
            assert row.started == row.joined


def a_benefit_spell_runs_on_where_the_benefit_is_the_same(run):
    for before, row in zip([None, *run.rows], run.rows, strict=False):
        same = row.step > 0 and before.place.benefit == row.place.benefit
        assert row.since == (before.since if same else row.joined)


def entries_are_exits_and_those_present(run):
    ended = sum(row.place.final for row in run.rows)
    present = sum(row.ended == NEVER and not row.place.final for row in run.rows)
    assert run.trace.first[-1] == ended + present
    for number, door in enumerate(run.pathway.entries):
        came = int(run.trace.first[number + 1] - run.trace.first[number])
        assert came == sum(row.step == 0 and row.entry == number for row in run.rows)
        assert door.count is None or came == door.count


def time_present_is_what_the_engine_counted(run):
    """Little's law: the sum over citizens against the integral over time."""
    present = np.zeros(len(run.pathway.states), np.int64)
    queued = np.zeros(len(run.pathway.stations), np.int64)
    names = [station.name for station in run.pathway.stations]
    for row in run.rows:
        present[row.state] += row.gone - max(row.joined, 0)
        if row.queued:
            queued[names.index(row.place.station)] += row.left - max(row.joined, 0)
    np.testing.assert_array_equal(run.trace.presence, present)
    np.testing.assert_array_equal(run.trace.queued, queued)


def instants(rows):
    return sorted({time for row in rows for time in (row.joined, row.started, row.ended) if time >= 0})


def servers_start_no_stay_over_capacity_and_idle_for_nobody(run):
    for station in run.pathway.stations:
        if station.is_meeting:
            continue
        edges = {0, *(moment_tick(run.pathway, when) for when, _ in station.planned(*_horizon(run)).root)}
        steps = [(tick, _there(run, station, tick)) for tick in sorted(edges) if tick >= 0]
        if station.answers:
            number = run.pathway.stations.index(station)
            log = run.trace.sessions[run.trace.sessions["station"] == number]
            steps = log[["time", "places"]].tolist()
        rows = at_station(run, station)
        for now in sorted({*instants(rows), *(max(tick, 0) for tick, _ in steps if tick < run.horizon)}):
            capacity = [value for tick, value in steps if tick <= now][-1]
            busy = sum(row.starts and row.started <= now < row.gone for row in rows)
            busy += sum(station.name in row.place.keeps and row.joined <= now < row.gone for row in run.rows)
            if any(row.queued and row.started == now for row in rows):
                assert capacity >= 1
                assert busy <= capacity
            if station.on_cut != "finish":
                assert busy <= capacity
            # Of one class that alone starts at an instant, as many are left free as are kept from it.
            starting = {row.place.priority for row in rows if row.queued and row.started == now}
            if len(starting) == 1:
                assert busy <= capacity - _spare(station, *starting)
            waiting = [row for row in rows if row.queued and row.joined <= now < row.left]
            if station.together > 1:
                assert len(waiting) < station.together or busy > capacity - station.together
                continue
            for row in waiting:
                assert busy >= capacity - _spare(station, row.place.priority)


def _spare(station, priority):
    return dict(station.reserved).get(priority, 0)


def meetings_take_their_places_at_their_times(run):
    for number, station in enumerate(run.pathway.stations):
        if not station.is_meeting:
            continue
        log = run.trace.sessions[run.trace.sessions["station"] == number]
        held = [moment_tick(run.pathway, when) for when in station.meetings(run.pathway.start, run.pathway.end)]
        assert log["time"].tolist() == held
        most = np.minimum(log["places"], log["waiting"])
        assert (log["taken"] <= most).all() if station.reserved else (log["taken"] == most).all()
        started = [row.started for row in at_station(run, station) if row.queued and row.starts]
        assert sorted(started) == np.repeat(log["time"], log["taken"]).tolist()


def periods_of_servers_count_the_stays_that_start_in_them(run):
    for number, station in enumerate(run.pathway.stations):
        if station.is_meeting:
            continue
        log = run.trace.sessions[run.trace.sessions["station"] == number]
        rows = at_station(run, station)
        for since, until, one in zip(log["time"], [*log["time"][1:], run.horizon], log, strict=True):
            assert one["taken"] == sum(row.queued and row.starts and since <= row.started < until for row in rows)
            # Those who are there at the start wait already when the first capacity is told.
            first = since == 0
            waiting = sum(row.queued and (row.is_stock if first else row.joined < since <= row.left) for row in rows)
            assert one["waiting"] == waiting
            assert one["places"] == _servers(run, station, log["time"], since)


def _servers(run, station, changes, now):
    """The servers from a tick on, worked out from whoever waited a lag before; ten times 0.7 is no less than 7."""
    capacity = _there(run, station, now)
    rule = _in_force(run, station.answers, now) if station.answers else None
    if rule is None or rule.gain == 0:
        return capacity
    earlier = [tick for tick in changes if tick <= now - round(rule.lag)]
    if not earlier:
        return capacity
    then = max(earlier)
    waiting = [
        r.joined for r in at_station(run, station) if r.queued and (r.joined < then or r.is_stock) and r.left >= then
    ]
    longest = then - min(waiting, default=then)
    share = min(max(1 + rule.gain * (longest / rule.wait - 1), rule.least), rule.most)
    given = capacity * share
    if share > 1 and rule.limit is not None:
        given = min(given, max(rule.limit, capacity))
    return math.floor(given + 1e-9)


def _horizon(run):
    return run.pathway.start, run.pathway.end


def _there(run, station, now):
    """The servers at a tick, opening hours and shifts counted in, read off by itself."""
    start = run.pathway.start
    return servers_there(station, start, start + timedelta(minutes=run.pathway.tick * int(now)))


def _in_force(run, value, now):
    held = [step for when, step in value.root if moment_tick(run.pathway, when) <= now]
    return held[-1] if held else None


def _rank(run, row):
    """What the queue that a row stands in is ordered by, worked out from its draws."""
    order = run.pathway.station(row.place.station).order
    if order == "first":
        return row.joined
    if order == "last":
        return -row.joined
    states = run.model.states[row.group * len(run.pathway.states) + row.state]
    joined = 0 if row.is_stock else row.joined
    stays = run.model.stays[states["stay"] : states["stay_end"]]
    law = [stay["law"] for stay in stays if stay["since"] <= joined][-1]
    return kernel.law_quantile(run.model, law, uniforms(run, row)[0])


def nobody_starts_before_whoever_waits_with_a_better_rank_in_her_class(run):
    for station in run.pathway.stations:
        rows = [row for row in at_station(run, station) if row.queued]
        for row in rows if station.order in ("last", "shortest") else ():
            row.rank = -math.inf if row.goes_on else _rank(run, row)
        for late in rows if station.order in ("last", "shortest") else ():
            for early in rows if late.starts else ():
                # Who waits since before the instant at which the other starts.
                same = early.place.priority == late.place.priority and not (early.goes_on and late.goes_on)
                if same and early.joined < late.started < early.left:
                    assert (early.rank, early.citizen) > (late.rank, late.citizen)


def nobody_starts_before_who_joined_earlier_in_her_class_or_waits_in_a_better_one(run):
    for station in run.pathway.stations:
        rows = [row for row in at_station(run, station) if row.queued and station.order == "first"]
        for late in rows:
            for early in rows if late.starts else ():
                spares = (_spare(station, row.place.priority) for row in (early, late))
                if early.place.priority < late.place.priority and operator.le(*spares):
                    assert early.joined >= late.started or early.left <= late.started
                same = early.place.priority == late.place.priority and not late.goes_on
                if same and early.joined < late.joined:
                    assert early.left <= late.started


def who_joined_at_one_instant_and_waited_starts_in_the_order_of_citizens(run):
    for station in run.pathway.stations:
        classes = defaultdict(list)
        for row in at_station(run, station):
            # Who starts at the instant she joins may have come before a smaller number did, within the instant.
            waited = row.queued and row.starts and row.started > row.joined and not row.goes_on
            if station.order in ("first", "last") and waited:
                classes[row.place.priority, row.joined].append((row.citizen, row.started))
        for tied in classes.values():
            assert [started for _, started in sorted(tied)] == sorted(started for _, started in tied)


def uniforms(run, row, times=0):
    """The uniforms of a visit at its address, drawn by NumPy, or of a stay that begins again after interruptions."""
    counter = [row.visit << 32 | times, name_key(row.place.name), row.index, name_key(row.door.name)]
    # NumPy adds one to the counter before it draws.
    before = sum(word << 64 * (3 - n) for n, word in enumerate(counter)) - 1
    parts = np.array([before >> 64 * n & 2**64 - 1 for n in range(4)], np.uint64)
    words = np.random.Philox(key=np.array(run.key, np.uint64), counter=parts).random_raw(4)
    return ((words >> np.uint64(12)) + 0.5) * 2.0**-52


def reneging_comes_when_patience_ends_and_refusal_at_once(run):
    for row in run.rows:
        if not row.queued or row.goes_on:
            continue
        law = run.model.states["patience"][row.group * len(run.pathway.states) + row.state]
        ends = np.inf
        if law >= 0:
            stock = row.is_stock and run.model.entries["kind"][row.entry] == STOCK
            elapsed = kernel.elapsed_time(run.model, luck_of(*run.key), row.entry, row.index) if stock else 0.0
            patience = kernel.residual(run.model, law, uniforms(run, row)[1], elapsed)
            ends = (0 if row.is_stock else row.joined) + kernel.half_up(patience)
        to = run.pathway.states[row.next].name if row.next >= 0 else None
        refused = row.place.refused_to is not None and to == row.place.refused_to and row.ended == row.joined
        if row.starts:
            # Who can be served at the instant at which she joins never reneges, however short her patience is; nor who
            # can be at the instant that longer patience is rounded down to.
            joins = 0 if row.is_stock else row.joined
            assert row.started < ends or row.started == joins or (row.started == ends and joins + patience > ends)
        elif row.ended == NEVER:
            assert ends >= run.horizon
        elif row.place.baulks_to == to != row.place.refused_to and row.ended == row.joined < ends:
            assert uniforms(run, row)[3] < max(share for _, share in row.place.baulks)
        elif not (refused and row.ended < ends):
            assert (row.ended, to) == (ends, row.place.reneges_to)


def newcomers_are_refused_where_the_room_is_exceeded_and_only_there(run):
    for station in run.pathway.stations:
        rows = [row for row in at_station(run, station) if row.queued]
        for now in instants(rows) if station.room is not None else ():
            newcomers = [row for row in rows if row.joined == now and not row.goes_on]
            if any(not row.starts and row.ended == now and _is_refusable(row) for row in newcomers):
                assert sum(row.joined <= now <= row.left for row in rows) > station.room
            # Who came in while others left her place at this very instant may be one too many.
            if any(row.left > now and not (row.place.admitted or row.place.blocks) for row in newcomers):
                assert sum(row.joined <= now < row.left for row in rows) <= station.room


def _is_refusable(row):
    return row.place.patience is None and row.place.baulks_to is None


def stays_are_interrupted_only_by_a_cut_or_a_better_class_and_go_on_first(run):
    for station in run.pathway.stations:
        rows = at_station(run, station)
        by_capacity = (
            {moment_tick(run.pathway, when) for when, _ in station.planned(*_horizon(run)).root}
            if (not station.is_meeting and not station.answers)
            else None
        )
        for row in (row for row in rows if row.goes_on):
            assert station.interrupts
            better = [r for r in rows if r.place.priority < row.place.priority and r.started == row.joined]
            worse_stays = [
                r
                for r in rows
                if r.place.priority > row.place.priority and r.starts and r.started < row.joined < r.gone
            ]
            assert not worse_stays
            if by_capacity is not None:
                assert (station.preempts and better) or (station.on_cut != "finish" and row.joined in {*by_capacity, 0})
            if row.starts:
                late = [r for r in rows if r.place.priority == row.place.priority and not r.goes_on and r.queued]
                assert not any(row.joined < r.started < row.started for r in late)


def stays_begin_and_end_in_groups_and_last_as_one_of_each_has_drawn(run):
    for station in (station for station in run.pathway.stations if station.together > 1):
        starting = defaultdict(list)
        for row in at_station(run, station):
            if row.queued and row.starts:
                starting[row.started].append(row)
        for now, rows in starting.items():
            assert len(rows) % station.together == 0
            drawn = [_drawn_end(run, row, now) for row in rows]
            ends = Counter(row.gone for row in rows)
            if run.model.blocking:
                continue  # an end may wait for room
            assert all(number % station.together == 0 for number in ends.values())
            for end, number in ends.items():
                assert drawn.count(end) >= number // station.together
            if len(rows) == station.together and station.order == "first" and all(row.joined < now for row in rows):
                first = min(rows, key=lambda row: (row.place.priority, row.joined, row.citizen))
                assert [*ends] == [_drawn_end(run, first, now)]


def _drawn_end(run, row, now):
    """When a stay ends that begins now, by the draw at its own address; at the latest the horizon."""
    states = run.model.states[row.group * len(run.pathway.states) + row.state]
    stays = run.model.stays[states["stay"] : states["stay_end"]]
    law = [stay["law"] for stay in stays if stay["since"] <= now][-1]
    return min(now + kernel.half_up(kernel.law_quantile(run.model, law, uniforms(run, row)[0])), run.horizon)


def what_is_left_of_a_stay_adds_up(run):
    chains = defaultdict(list)
    for row in run.rows:
        chains[row.citizen, row.state, row.visit].append(row)
    for rows in chains.values():
        first, last = rows[0], rows[-1]
        if last.ended == NEVER or not last.starts or first.is_stock or first.place.race:
            continue
        if first.place.station and run.pathway.station(first.place.station).together > 1:
            continue
        lasted = [row.ended - row.started for row in rows]
        total = sum(lasted) if _kind(run, first) == "resume" else lasted[-1]
        if not (first.place.station and run.pathway.station(first.place.station).is_meeting) and not run.model.blocking:
            if _kind(run, first) == "resample":
                drawn = [_drawn(run, row, times) for times, row in enumerate(rows)]
                assert all(length <= whole for length, whole in zip(lasted, drawn, strict=True))
            else:
                drawn = [_drawn(run, first, 0)]
            assert total == drawn[-1]
        assert max(lasted) == lasted[-1] or _kind(run, first) != "restart"


def _drawn(run, row, times):
    """Return the ticks that a stay takes that begins then, after so many interruptions."""
    states = run.model.states[row.group * len(run.pathway.states) + row.state]
    stays = run.model.stays[states["stay"] : states["stay_end"]]
    law = [stay["law"] for stay in stays if stay["since"] <= row.started][-1]
    return kernel.half_up(kernel.law_quantile(run.model, law, uniforms(run, row, times)[0]))


def _kind(run, row):
    station = run.pathway.station(row.place.station) if row.place.station else None
    return station and (station.preempts or station.on_cut)


def categories_are_those_that_the_shares_of_the_door_give_at_an_address(run):
    groups = groups_of(run.pathway)
    for row in run.rows if run.pathway.attributes else ():
        own = dict(row.door.attributes)
        for attribute in run.pathway.attributes:
            address = [name_key(attribute.name), 0, row.index, name_key(row.door.name)]
            u = _first_uniform(run.key, address)
            shares = own.get(attribute.name, attribute.shares)
            bounds = np.cumsum([share for _, share in shares])
            category = shares[int(np.searchsorted(bounds[:-1], u))][0]
            assert groups[row.group][attribute.name] == category


def _first_uniform(key, counter):
    before = sum(word << 64 * (3 - n) for n, word in enumerate(counter)) - 1
    parts = np.array([before >> 64 * n & 2**64 - 1 for n in range(4)], np.uint64)
    word = np.random.Philox(key=np.array(key, np.uint64), counter=parts).random_raw(1)[0]
    return (int(word >> np.uint64(12)) + 0.5) * 2.0**-52


IDENTITIES = [
    categories_are_those_that_the_shares_of_the_door_give_at_an_address,
    every_citizen_is_in_exactly_one_place,
    times_are_in_order_and_before_the_horizon,
    a_benefit_spell_runs_on_where_the_benefit_is_the_same,
    entries_are_exits_and_those_present,
    time_present_is_what_the_engine_counted,
    servers_start_no_stay_over_capacity_and_idle_for_nobody,
    meetings_take_their_places_at_their_times,
    periods_of_servers_count_the_stays_that_start_in_them,
    nobody_starts_before_who_joined_earlier_in_her_class_or_waits_in_a_better_one,
    nobody_starts_before_whoever_waits_with_a_better_rank_in_her_class,
    who_joined_at_one_instant_and_waited_starts_in_the_order_of_citizens,
    reneging_comes_when_patience_ends_and_refusal_at_once,
    newcomers_are_refused_where_the_room_is_exceeded_and_only_there,
    stays_are_interrupted_only_by_a_cut_or_a_better_class_and_go_on_first,
    stays_begin_and_end_in_groups_and_last_as_one_of_each_has_drawn,
    what_is_left_of_a_stay_adds_up,
]


def assert_identities(engine, pathway, seed, replication=0):
    try:
        trace = engine.simulate(compile_pathway(pathway), seed, replication)
    except Deadlock:
        return  # `test_blocking.py` has what it means
    run = replay(pathway, trace, seed, replication)
    for identity in IDENTITIES:
        identity(run)


@settings(max_examples=120, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1))
def test_identities_on_the_kernel(pathway, seed):
    assert_identities(fast, pathway, seed)


@settings(max_examples=25, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_identities_on_simpy(pathway, seed, replication):
    assert_identities(reference, pathway, seed, replication)


@pytest.mark.slow
@settings(max_examples=800, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.integers(0, 2**64 - 1))
def test_identities_on_many_pathways(pathway, seed):
    assert_identities(fast, pathway, seed)
