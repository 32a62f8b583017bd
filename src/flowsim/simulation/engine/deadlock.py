"""Whether a run ends with citizens who hold servers and wait for one another, so that none of them ever moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from flowsim.core.errors import InputError
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.compiler import Model
from flowsim.simulation.engine.trace import NEVER, Trace

__all__ = ["Deadlock", "deadlocks_told", "refuse_deadlock"]


class Deadlock(Exception):
    """All servers of some stations are held by citizens who wait for these very stations.

    Attributes:
        stations: their numbers.
        since: the tick at which the last of these citizens began to wait for another server; none of them moves after.
    """

    def __init__(self, stations: Iterable[int], since: int) -> None:
        self.stations, self.since = tuple(stations), since
        super().__init__(f"deadlock of stations {self.stations} since tick {since}")


def refuse_deadlock(model: Model, trace: Trace, doors: Mapping[int, int]) -> None:
    """Refuse a run at whose end citizens wait for one another for ever.

    Args:
        model: readable, row by row.
        trace: with the states of every group.
        doors: of each citizen who stays on until there is room, the state that she goes to.

    Raises:
        Deadlock: with its stations.
    """
    holders: dict[int, list[tuple[int, int]]] = {}  # of each station: what each holder waits for (-1: none), since when
    for visit in trace.visits[trace.visits["ended"] == NEVER]:
        state = model.states[visit["state"]]
        if state.is_final:
            continue
        queuing = model.queuing[visit["state"]]
        held = [model.keeps[row].station for row in range(queuing.keep, queuing.keep_end)]
        target, since = -1, int(visit["joined"])
        if visit["started"] != NEVER:
            if state.station >= 0 and not model.stations[state.station].is_meeting:
                held.append(state.station)
            to = doors.get(int(visit["citizen"]), -1)
            target, since = (model.states[to].station if to >= 0 else -1), int(visit["started"])
        elif state.patience < 0:
            target = state.station
        for station in held:
            holders.setdefault(station, []).append((target, since))
    sessions = trace.sessions
    capacity = {
        int(station): int(places) for station, places in zip(sessions["station"], sessions["places"], strict=True)
    }
    stuck = {station for station, waiting in holders.items() if len(waiting) >= capacity.get(station, 0)}
    while loose := {station for station in stuck if any(target not in stuck for target, _ in holders[station])}:
        stuck -= loose
    if stuck:
        raise Deadlock(sorted(stuck), max(since for station in stuck for _, since in holders[station]))


@contextmanager
def deadlocks_told(pathway: Pathway, replication: int) -> Iterator[None]:
    """Have a deadlock be an error of the input.

    Raises:
        InputError: with the stations, and since when none of their servers is ever free.
    """
    try:
        yield
    except Deadlock as error:
        names = " and ".join(f"'{pathway.stations[number].name}'" for number in error.stations)
        since = pathway.start + timedelta(minutes=pathway.tick * max(error.since, 0))
        raise InputError(
            f"deadlock: in replication {replication}, from {since:%Y-%m-%d} on, all servers of {names} are held by "
            "citizens who wait for one another, so that none of them ever moves: give room or servers, have servers "
            "be taken in one order, or give patience"
        ) from None
