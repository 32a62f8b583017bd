"""Who waits at stations and for how long, how much of them is used, and what a period takes in people and meetings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np

from flowsim.core.arrays import Floats, Ints, ratio
from flowsim.core.civil_time import ByDate
from flowsim.core.periods import BY_MONTH_QUARTER_AND_YEAR, BY_QUARTER_AND_YEAR, FINER, Every, Period
from flowsim.model.parts import Station
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import LATER, NEVER
from flowsim.simulation.measures.measure import Kind, Measure
from flowsim.simulation.measures.timeline import DatedTrace, MeasureSeries

__all__ = [
    "BACKLOG",
    "CASELOAD",
    "FIRST_FREE",
    "MEETINGS",
    "PLACES",
    "QUEUE",
    "SERVED",
    "SERVED_P90",
    "SERVERS",
    "STAFF",
    "UTILISATION",
    "WAITED",
    "backlogs",
    "caseloads",
    "first_free_places",
    "integral",
    "meetings",
    "queues",
    "served_waits",
    "sessions_before",
    "staffs",
    "usable_share",
    "utilisation",
    "waited",
]

STAFF = Kind(name="staff", of=("station", "party"), unit="caseworkers", every=BY_QUARTER_AND_YEAR)
SERVERS = Kind(name="servers", of=("station",), unit="servers", every=BY_QUARTER_AND_YEAR)
MEETINGS = Kind(name="meetings", of=("station",), unit="meetings", every=BY_QUARTER_AND_YEAR, adds="sum")
PLACES = Kind(name="places", of=("station",), unit="places", every=BY_QUARTER_AND_YEAR, adds="sum")
WAITED = Kind(name="waited", of=("station",), unit="citizen-weeks", every=BY_QUARTER_AND_YEAR, adds="sum")
QUEUE = Kind(name="queue", of=("station",), unit="citizens", every=BY_MONTH_QUARTER_AND_YEAR, adds="last", headline=2)
SERVED = Kind(name="wait", of=("station",), reading="served", unit="weeks", every=BY_MONTH_QUARTER_AND_YEAR, headline=1)
# Steps of a value by date, as opening hours make them, and of these by edges where there are hours: a table of all by
# all edges would be large.
_MANY_STEPS, _MANY_CELLS = 1000, 10**6
SERVED_P90 = Kind(name="wait", of=("station",), reading="served_p90", unit="weeks", every=("month",))
FIRST_FREE = Kind(
    name="wait", of=("station",), reading="first_free", unit="weeks", every=("month",), adds="last", ahead=True
)
BACKLOG = Kind(name="wait", of=("station",), reading="backlog", unit="weeks", every=("month",), adds="last")
UTILISATION = Kind(name="utilisation", of=("station",), unit="share", every=BY_QUARTER_AND_YEAR, headline=4)
CASELOAD = Kind(
    name="caseload", of=("station", "party"), unit="citizens per caseworker", every=BY_QUARTER_AND_YEAR, adds="last"
)


def staffs(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Average over a period the caseworkers of each party with staff, and the servers of each station with servers.

    `staff.<station>.<party>`, caseworkers, and `servers.<station>`, servers, quarterly and yearly: the time in
    force within the period over the length of the period.
    """
    for number, station in enumerate(dated.pathway.stations):
        if station.capacity is not None:
            yield from _averaged(dated, SERVERS(station.name), _servers_before(dated, number))
        for party in station.parties:
            if party.staff is not None:
                yield from _averaged(dated, STAFF(station.name, party.name), integral(dated, party.staff))


def meetings(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the meetings of each station and the places that they offered, taken or not.

    `meetings.<station>`, meetings with at least one place, and `places.<station>`, places, quarterly and yearly.
    """
    month, station = dated.in_session, dated.trace.sessions["station"].astype(np.int64)
    offering = dated.trace.sessions["places"] > 0
    held = dated.before(month[offering], station[offering], len(dated.pathway.stations))
    offered = sessions_before(dated, "places")
    for number, place in enumerate(dated.pathway.stations):
        if place.is_meeting:
            yield from dated.counted(MEETINGS(place.name), held[number])
            yield from dated.counted(PLACES(place.name), offered[number])


def waited(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Add up the time that citizens spent in each station's queue within a period.

    `waited.<station>`, citizen-weeks, quarterly and yearly: the mean number in the queue times the period's weeks,
    in whatever unit the pathway tells waits, for a week of waiting is what has a price.
    All who wait count, those who give up and those whose turn comes later included.
    """
    spent = dated.by_station(dated.time_present - dated.time_stayed) / dated.calendar.per("week")
    for number, station in enumerate(dated.pathway.stations):
        yield from dated.counted(WAITED(station.name), spent[number])


def _averaged(dated: DatedTrace, measure: Measure, before: Floats) -> Iterator[MeasureSeries]:
    calendar = dated.calendar
    for every in dated.calendar.lengths(measure.kind):
        values = calendar.during(before, every) / calendar.during(calendar.edges, every)
        yield MeasureSeries(measure=measure, every=every, values=values)


def queues(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the citizens who wait at each station at a period's end.

    `queue.<station>`, citizens, monthly, quarterly and yearly.
    """
    for number, station in enumerate(dated.pathway.stations):
        yield from dated.at_ends(QUEUE(station.name), dated.waiting[number])


def served_waits(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return how long those had waited whose stay started in a period: the first reading.

    `wait.<station>.served`: the mean of started - joined over all of them, monthly, quarterly and yearly, in weeks or,
    as all waits, in the pathway's `time_unit`; who goes on with a stay that was interrupted counts once, with the wait
    before it. NaN where nobody started, and infinite where the queue stands still:
    nobody started though somebody waits at the beginning and at the end of the period's last month. This is
    what a register of held meetings shows; it lags behind a queue that grows, and leaves out those who gave
    up. `wait.<station>.served_p90`: the shortest wait that at least 90 % of them had at most, itself an
    observed one, monthly.
    """
    stations, during = dated.pathway.stations, dated.calendar.during
    station, month, waits = dated.waits
    some = month > 0
    station, month, waits = station[some], month[some], waits[some]
    started = dated.before(month, station, len(stations))
    total = dated.summed_before(waits, month, station, len(stations))
    sorts, lengths = dated.asks(*(SERVED_P90(place.name) for place in stations)), dated.calendar.lengths(SERVED_P90)
    p90 = {every: _p90(dated, station, waits, month, every) for every in lengths} if sorts else {}
    for number, place in enumerate(stations):
        measure, unit = dated.spans(SERVED, place.name)
        for every in dated.calendar.lengths(SERVED):
            mean = ratio(during(total[number], every), during(started[number], every)) / unit
            yield MeasureSeries(measure=measure, every=every, values=_worst(dated, number, every, mean))
        measure, unit = dated.spans(SERVED_P90, place.name)
        for every, of_stations in p90.items():
            values = _worst(dated, number, every, of_stations[number] / unit)
            yield MeasureSeries(measure=measure, every=every, values=values)


def _worst(dated: DatedTrace, station: int, every: Every, waits: Floats) -> Floats:
    """Return waits that are infinite where they are undefined since the queue of a station stands still.

    A day or an hour in which nobody starts is nothing out of the ordinary, so none is infinite.
    """
    if every in FINER:
        return waits
    ends, last = dated.calendar.ends(every), dated.calendar.last_months(every)
    stays = (dated.waiting[station, ends] > 0) & (dated.waiting[station, last] > 0)
    return np.where(np.isnan(waits) & stays, np.inf, waits)


def _p90(dated: DatedTrace, station: Ints, waits: Ints, month: Ints, every: Every) -> Floats:
    """Return the shortest wait that at least 90 % had at most, in ticks, shape (stations, periods)."""
    stations, periods = len(dated.pathway.stations), len(dated.calendar.periods(every))
    period = dated.calendar.number(month, every)
    within = period >= 0
    group = station[within] * periods + period[within]
    inside, counts, offsets = dated.passes.sorted_within(group, waits[within], stations * periods)
    p90 = np.full(len(counts), np.nan)
    some = counts > 0
    p90[some] = inside[offsets[some] + (9 * counts[some] + 9) // 10 - 1]
    return p90.reshape(stations, periods)


def first_free_places(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return how long someone who joins at a month's end waits for the first free place: the second reading.

    `wait.<station>.first_free`, weeks, monthly; NaN where the horizon comes first. This is what a secretariat
    answers when it is asked for the wait: the first meeting at which the places since then exceed the number
    who wait then. At servers: when all who wait then have started or left, and a server is free or begins with
    somebody who joined later, so that in an M/M/1 queue it is the work left to do; where stays begin `together`, when a
    group begins with somebody who joined later, for an idle server takes nobody alone. Whoever gives up, or overtakes
    by priority, before that meeting is not foreseen, as the secretariat could not.
    """
    edges = dated.calendar.edges[1:]
    cleared = _cleared(dated)[:, 1:]
    for number, station in enumerate(dated.pathway.stations):
        if station.is_meeting:
            sessions = dated.trace.sessions[dated.trace.sessions["station"] == number]
            times, places = sessions["time"], np.cumsum(sessions["places"], dtype=np.int64)
            gone = np.concatenate([[0], places])[np.searchsorted(times, edges, side="left")]
            meeting = np.searchsorted(places, gone + dated.waiting[number, 1:], side="right")
            free = np.append(times, LATER)[meeting]
        else:
            free = _first_free_server(dated, number, edges, np.maximum(cleared[number], edges))
        measure, unit = dated.spans(FIRST_FREE, station.name)
        waits = np.where(free == LATER, np.nan, (free - edges) / unit)
        for every in dated.calendar.lengths(FIRST_FREE):
            values = waits[dated.calendar.ends(every) - 1]
            yield MeasureSeries(measure=measure, every=every, values=values)


def _first_free_server(dated: DatedTrace, number: int, edges: Ints, cleared: Ints) -> Ints:
    """Return when a server would begin with whoever joins at each edge, behind those who are gone when it is cleared.

    That is at the first instant from `cleared` on at which servers are left idle and take whoever comes, or begin with
    somebody who joined at the edge or later and so would have stood behind her.
    """
    joined, starts, ends = dated.holdings(number)
    order = np.argsort(starts, kind="stable")
    joined, starts, ends = joined[order], starts[order], np.sort(ends)
    since, servers = _capacity_steps(dated, number)
    # After all that happens at an instant, and until the next one, so many servers are idle.
    instants = np.unique(np.concatenate([starts, ends[ends != LATER], since]))
    busy = np.searchsorted(starts, instants, side="right") - np.searchsorted(ends, instants, side="right")
    # An idle server takes nobody before the others of her group are there.
    alone = dated.pathway.stations[number].together == 1
    idle = alone & (servers[np.searchsorted(since, instants, side="right")] > busy)
    next_idle = np.minimum.accumulate(np.append(np.where(idle, instants, LATER), LATER)[::-1])[::-1]
    current = np.searchsorted(instants, cleared, side="right")
    idle_now = np.append(idle, False)[current - 1]
    out = np.where(idle_now, cleared, next_idle[current])
    first, beyond = (np.searchsorted(starts, cleared, side=side) for side in ("left", "right"))
    out = np.minimum(out, np.append(starts, LATER)[beyond])
    for edge in np.flatnonzero(beyond > first):
        if (joined[first[edge] : beyond[edge]] >= edges[edge]).any():
            out[edge] = cleared[edge]
    free: Ints = out
    return free


def _capacity_steps(dated: DatedTrace, number: int) -> tuple[Ints, Ints]:
    """Return the ticks at which a station's servers change, and how many there are before, and from each on."""
    station, calendar = dated.pathway.stations[number], dated.calendar
    capacity = station.planned(dated.pathway.start, dated.pathway.end)
    assert capacity is not None
    if station.answers is not None:
        # What follows the wait is known from the log alone.
        log = dated.trace.sessions[dated.trace.sessions["station"] == number]
        return log["time"].astype(np.int64), np.append(0, log["places"]).astype(np.int64)
    moments = [max(when, calendar.start) for when, _ in capacity.root]
    ticks = [calendar.ticks((when - calendar.start).total_seconds() / 60) for when in moments]
    return np.array(ticks, np.int64), np.array([0, *capacity.values], np.int64)


def _cleared(dated: DatedTrace) -> Ints:
    """Return when the last of those who joined each station before each edge left its queue."""
    by_state = dated.cleared
    none = np.full_like(by_state[:1], NEVER)
    cleared = np.empty((len(dated.pathway.stations), by_state.shape[1]), np.int64)
    for number in range(len(cleared)):
        cleared[number] = np.concatenate([none, by_state[dated.station_of == number]]).max(axis=0)
    return cleared


def backlogs(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Divide those who wait at a month's end by the places offered a week in that month: the third reading.

    `wait.<station>.backlog`, weeks, monthly; NaN where no place was offered, and infinite where the queue stands still.
    This is what a planner works out
    from a list and a meeting plan; it looks ahead as far as the past month's places stay. At servers: by the
    stays that started a week in that month, for a server offers no places.
    """
    calendar = dated.calendar
    station_of, month, _ = dated.waits
    started = dated.before(month, station_of, len(dated.pathway.stations))
    offered = sessions_before(dated, "places")
    for number, station in enumerate(dated.pathway.stations):
        measure, unit = dated.spans(BACKLOG, station.name)
        for every in calendar.lengths(BACKLOG):
            long = calendar.during(calendar.edges, every) / unit
            places = calendar.during((offered if station.is_meeting else started)[number], every)
            wait = ratio(dated.waiting[number, calendar.ends(every)] * long, places)
            values = _worst(dated, number, every, wait)
            yield MeasureSeries(measure=measure, every=every, values=values)


def utilisation(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return how much of what a station offered in a period was used.

    `utilisation.<station>`, share, quarterly and yearly; NaN where nothing was offered. A meeting: places taken /
    places. Servers: the time for which they are held, in stays and in states that keep them, / time of capacity, which
    exceeds 1 while stays run on after a cut. A stay that is interrupted holds none meanwhile.
    """
    busy = dated.by_station(dated.time_stayed)
    taken, places = sessions_before(dated, "taken"), sessions_before(dated, "places")
    for number, station in enumerate(dated.pathway.stations):
        if station.is_meeting:
            used, offered = taken[number], places[number]
        else:
            used, offered = busy[number], _servers_before(dated, number)
            keeping = [i for i, state in enumerate(dated.pathway.states) if station.name in state.keeps]
            used = used + dated.time_present[keeping].sum(axis=0) if keeping else used
        for every in dated.calendar.lengths(UTILISATION):
            share = ratio(dated.calendar.during(used, every), dated.calendar.during(offered, every))
            yield MeasureSeries(measure=UTILISATION(station.name), every=every, values=share)


def usable_share(station: Station, pathway: Pathway, period: Period) -> float:
    """Return the utilisation that a station has at most in a period in which all that it offers can be used.

    Below 1 where stays begin `together`, for whole groups leave some servers over. Servers that answer the wait are not
    planned, so that of those all count.
    """
    if station.together == 1 or station.answers is not None:
        return 1.0
    begin = pathway.measured_from
    since, until = max(period.start, begin), min(period.end, pathway.end)
    planned, usable = (
        _server_hours(steps, since, until)
        for steps in (station.planned(pathway.start, pathway.end), station.usable(pathway.start, pathway.end))
    )
    return usable / planned if planned else 1.0


def _server_hours(servers: ByDate[int] | None, since: datetime, until: datetime) -> float:
    assert servers is not None  # a meeting has no groups
    ends = [*(when for when, _ in servers.root[1:]), until]
    spans = [min(end, until) - max(when, since) for (when, _), end in zip(servers.root, ends, strict=True)]
    return sum(n * max(span.total_seconds() / 3600, 0) for n, span in zip(servers.values, spans, strict=True))


def _servers_before(dated: DatedTrace, number: int) -> Floats:
    """Add up a station's servers over the ticks before each edge."""
    station = dated.pathway.stations[number]
    if station.answers is None:
        return integral(dated, station.planned(dated.pathway.start, dated.pathway.end))
    since, servers = _capacity_steps(dated, number)
    if _are_many(since, dated):
        return _added_up(since.astype(np.float64), servers[1:].astype(np.float64), dated.calendar.edges)
    lasted = np.clip(np.minimum(np.append(since[1:], np.inf), dated.calendar.edges[:, None]) - since, 0, None)
    out: Floats = lasted @ servers[1:].astype(np.float64)
    return out


def integral(dated: DatedTrace, values: ByDate[Any] | None) -> Floats:
    """Add up over the ticks before each edge what holds by date, such as a station's servers."""
    assert values is not None
    calendar = dated.calendar
    moments = [max(when, calendar.start) for when, _ in values.root]
    since = np.array([(when - calendar.start).total_seconds() / 60 / calendar.tick for when in moments])
    amounts = np.array(values.values, np.float64)
    if len(since) > _MANY_STEPS or _are_many(since, dated):
        return _added_up(since, amounts, calendar.edges)
    until = np.append(since[1:], np.inf)
    lasted = np.clip(np.minimum(until, calendar.edges[:, None]) - since, 0, None)
    out: Floats = lasted @ amounts
    return out


def _are_many(since: Ints | Floats, dated: DatedTrace) -> bool:
    return bool(dated.calendar.finer) and len(since) * len(dated.calendar.edges) > _MANY_CELLS


def _added_up(since: Floats, amounts: Floats, edges: Ints) -> Floats:
    ends = np.append(since, max(float(edges[-1]), since[-1]))
    out: Floats = np.interp(edges, ends, np.append(0.0, np.cumsum(np.diff(ends) * amounts)))
    return out


def caseloads(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return how many citizens a member of staff follows up at a period's end.

    `caseload.<station>.<party>`, citizens per caseworker, quarterly and yearly, for parties with staff and states to
    follow up: those present in these states, queuers included, over the staff in force; NaN with no staff.
    """
    present = dated.joins - dated.ends
    names = [state.name for state in dated.pathway.states]
    for station in dated.pathway.stations:
        for party in station.parties:
            if party.staff is not None and party.follow_up:
                followed = present[[names.index(name) for name, _ in party.follow_up]].sum(axis=0)
                for every in dated.calendar.lengths(CASELOAD):
                    staff = np.array([party.staff.at(when) for when in dated.calendar.last_moments(every)], np.float64)
                    values = ratio(followed[dated.calendar.ends(every)], staff)
                    yield MeasureSeries(measure=CASELOAD(station.name, party.name), every=every, values=values)


def sessions_before(dated: DatedTrace, column: str) -> Floats:
    """Sum a column of the session log before each edge, shape (stations, edges)."""
    sessions = dated.trace.sessions
    station = sessions["station"].astype(np.int64)
    return dated.summed_before(sessions[column], dated.in_session, station, len(dated.pathway.stations))
