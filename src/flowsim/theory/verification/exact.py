"""Exact answers, without any statistics: recursions that give every citizen's start to the tick, and stories by hand.

The recursions take the arrivals and stays as an engine drew them, and work out anew who starts when: a few lines that
share nothing with an engine's events. A tick is an hour here, so that many things fall on one instant.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from flowsim.core.arrays import Ints
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import LATER, NEVER, Trace

__all__ = [
    "ORACLES",
    "STORIES",
    "Oracle",
    "Story",
    "VisitRow",
    "rows",
    "starts_at_meetings",
    "starts_at_servers",
    "starts_together",
]

_START = datetime(2001, 1, 1)
VisitRow = tuple[int, str, int | None, int | None, int | None, str | None]
"""A visit: citizen, state, joined, started, ended, next; None is never."""


def starts_at_servers(joined: Ints, stays: Ints, servers: int) -> Ints:
    """Return when each citizen starts at servers that take her who came first.

    Args:
        joined: ticks, in the order of the queue.
        stays: how long each is served; NEVER stands for beyond the horizon.
        servers: how many there are.

    Source: Kiefer and Wolfowitz (1955), On the theory of queues with many servers.
    """
    free = [0] * servers  # when each server is free, the soonest first
    out = np.empty(len(joined), np.int64)
    for citizen, (came, stay) in enumerate(zip(joined.tolist(), stays.tolist(), strict=True)):
        start = max(came, free[0])
        out[citizen] = start
        heapq.heapreplace(free, min(start + stay, LATER) if stay != NEVER else LATER)
    return out


def starts_together(joined: Ints, stays: Ints, size: int, groups: int) -> Ints:
    """Return when each citizen starts where so many do together, NEVER where too few are left.

    Args:
        joined: ticks, in the order of the queue.
        stays: how long each is served, those of a group alike; NEVER stands for beyond the horizon.
        size: of a group.
        groups: how many have room at a time.
    """
    full = len(joined) - len(joined) % size
    # A group is a citizen who comes as its last one does.
    starts = starts_at_servers(joined[:full][size - 1 :: size], stays[:full:size], groups)
    return np.append(np.repeat(starts, size), np.full(len(joined) - full, NEVER))


def starts_at_meetings(joined: Ints, meetings: Sequence[int], places: int) -> Ints:
    """Return at which meeting each citizen is taken, NEVER where none is left.

    Args:
        joined: ticks, in the order of the queue.
        meetings: ticks, in order; each takes up to `places` of those who have joined by then.
        places: of one meeting.
    """
    out = np.full(len(joined), NEVER)
    citizen = 0
    for meeting in meetings:
        taken = 0
        while taken < places and citizen < len(joined) and joined[citizen] <= meeting:
            out[citizen] = meeting
            citizen, taken = citizen + 1, taken + 1
    return out


@dataclass(frozen=True, kw_only=True)
class Oracle:
    """A station, and how many servers it has or places a meeting; all who come queue once.

    Where several start `together`, the servers are as many groups as it has room for at a time.
    """

    name: str
    pathway: Pathway
    servers: int = 0
    places: int = 0
    together: int = 1

    def starts(self, trace: Trace) -> tuple[Ints, Ints]:
        """Return the ticks at which citizens started, and those at which they must have, both in queue order."""
        visits = trace.visits[trace.visits["state"] == 0]
        visits = visits[np.lexsort((visits["citizen"], visits["joined"]))]
        if self.places:
            meetings = trace.sessions["time"].tolist()
            return visits["started"], starts_at_meetings(visits["joined"], meetings, self.places)
        stays = np.where(visits["ended"] == NEVER, NEVER, visits["ended"] - visits["started"])
        if self.together > 1:
            expected = starts_together(visits["joined"], stays, self.together, self.servers)
        else:
            expected = starts_at_servers(visits["joined"], stays, self.servers)
        horizon = int((self.pathway.end - self.pathway.start) / timedelta(hours=1))
        return visits["started"], np.where(expected < horizon, expected, NEVER)


def _queue(station: dict[str, Any], stay: Any, rate: str) -> Pathway:
    return Pathway.of_plain(
        {
            "name": "oracle",
            "start": _START.isoformat(),
            "end": (_START + timedelta(days=1500)).isoformat(),
            "tick": "1 hour",
            "stations": {"desk": station},
            "states": {"desk": {"station": "desk", "stay": stay, "to": "out"}, "out": {"final": True}},
            "entries": {"door": {"to": "desk", "rate": rate}, "clock": {"to": "desk", "every": "37 hours"}},
        }
    )


def _oracles() -> Iterator[Oracle]:
    long = {"law": "lognormal", "mean": "100 hours", "cv": 1.3}
    for servers in (1, 3, 8):
        pathway = _queue({"capacity": servers}, long, f"{0.006 * servers!r} per hour")
        yield Oracle(
            name=f"Kiefer and Wolfowitz, {servers} server{'s' * (servers > 1)}", pathway=pathway, servers=servers
        )
    for size, groups in ((4, 1), (5, 3)):
        # A server more than groups need is never used.
        pathway = _queue({"capacity": size * groups + 1, "together": size}, long, f"{0.006 * size * groups!r} per hour")
        yield Oracle(name=f"groups of {size}, {groups} at a time", pathway=pathway, servers=groups, together=size)
    days = {"weekdays": ["mon", "tue", "thu"], "at": "10:00"}
    for places in (1, 6):
        pathway = _queue(days | {"places": float(places)}, "1 hour", f"{places / 70!r} per hour")
        yield Oracle(name=f"meetings of {places} place{'s' * (places > 1)}", pathway=pathway, places=places)


ORACLES: tuple[Oracle, ...] = tuple(_oracles())


@dataclass(frozen=True, kw_only=True)
class Story:
    """A few citizens at fixed times, and their visits but for the last ones, written out by hand."""

    name: str
    pathway: Pathway
    rows: tuple[VisitRow, ...]


def rows(trace: Trace, pathway: Pathway) -> tuple[VisitRow, ...]:
    """Return the visits of a trace to states that are not final, as a story tells them."""
    names = [state.name for state in pathway.states]

    def tick(time: Any) -> int | None:
        return None if time == NEVER else int(time)

    return tuple(
        (
            int(visit["citizen"]),
            names[visit["state"]],
            *(tick(visit[column]) for column in ("joined", "started", "ended")),
            names[visit["next"]] if visit["next"] >= 0 else None,
        )
        for visit in trace.visits
        if not pathway.states[visit["state"]].final
    )


def _story(name: str, expected: Sequence[VisitRow], **parts: Any) -> Story:
    raw = {"name": "story", "start": "2020-01-01", "end": "2020-01-03", "tick": "1 minute"}
    parts["states"] = parts["states"] | {"out": {"final": True}}
    return Story(name=name, pathway=Pathway.of_plain(raw | parts), rows=tuple(expected))


def _at(*minutes: int) -> list[str]:
    return [(datetime(2020, 1, 1) + timedelta(minutes=minute)).isoformat() for minute in minutes]


STORIES: tuple[Story, ...] = (
    # At minute 10 the desk loses a place, one stay ends, and two citizens come. Nobody starts, for one is served still.
    _story(
        "a cut, two arrivals and an end at one instant",
        [
            (0, "talk", 0, 0, 10, "out"),
            (1, "talk", 5, 5, 15, "out"),
            (2, "talk", 7, 15, 25, "out"),
            (3, "talk", 10, 25, 35, "out"),
            (4, "talk", 10, 35, 45, "out"),
        ],
        stations={"desk": {"capacity": {"2020-01-01": 2, "2020-01-01T00:10": 1}}},
        states={"talk": {"station": "desk", "stay": "10 minutes", "to": "out"}},
        entries={"door": {"to": "talk", "at": _at(0, 5, 7, 10, 10)}},
    ),
    # Two places at half past midnight: one for the urgent citizen, who comes at that very instant, and one for the
    # citizen who has waited longest. The others are taken a day later.
    _story(
        "a meeting, with a tie and a better class",
        [
            (0, "case", 10, 30, 40, "out"),
            (1, "case", 20, 1470, 1480, "out"),
            (2, "case", 30, 1470, 1480, "out"),
            (3, "urgent", 30, 30, 35, "out"),
        ],
        stations={
            "team": {"weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "at": "00:30", "places": 2.0}
        },
        states={
            "case": {"station": "team", "stay": "10 minutes", "to": "out", "priority": 1},
            "urgent": {"station": "team", "stay": "5 minutes", "to": "out"},
        },
        entries={"door": {"to": "case", "at": _at(10, 20, 30)}, "siren": {"to": "urgent", "at": _at(30)}},
    ),
    # Patience runs from joining: who came at 15 gives up at 30, though the desk is free at that very instant. So the
    # citizen who comes at 30 starts at once. At 20 the room was full.
    _story(
        "patience from joining, and a room of one",
        [
            (0, "talk", 0, 0, 30, "out"),
            (1, "talk", 15, None, 30, "home"),
            (2, "talk", 20, None, 20, "away"),
            (3, "talk", 30, 30, 60, "out"),
        ],
        stations={"desk": {"capacity": 1, "room": 1}},
        states={
            "talk": {
                "station": "desk",
                "stay": "30 minutes",
                "to": "out",
                "patience": "15 minutes",
                "reneges_to": "home",
                "refused_to": "away",
            },
            "home": {"final": True},
            "away": {"final": True},
        },
        entries={"door": {"to": "talk", "at": _at(0, 15, 20, 30)}},
    ),
)
