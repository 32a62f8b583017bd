"""The visits of a replication as an event log, with the columns of XES (IEEE 1849) that process mining reads."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Bools, Ints

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.model.pathway import Pathway

__all__ = ["as_event_log", "server_slots"]

_TRANSITIONS = (("joined", "schedule"), ("started", "start"), ("ended", "complete"))
_BROKEN_OFF = {"start": "resume", "complete": "suspend"}


def server_slots(started: npt.NDArray[np.datetime64], ended: npt.NDArray[np.datetime64]) -> Ints:
    """Return which of a station's servers each stay holds, from 1: the lowest that is free when it starts; 0 for none.

    Args:
        started: when each stay at the station starts; NaT for those that never do.
        ended: when each ends; NaT for those that are there still.
    """
    slots: Ints = np.zeros(len(started), np.int64)
    never = np.iinfo(np.int64).max
    since = started.astype("datetime64[us]").astype(np.int64)
    until = np.where(np.isnat(ended), never, ended.astype("datetime64[us]").astype(np.int64))
    busy: list[tuple[int, int]] = []
    free: list[int] = []
    for row in np.argsort(since, kind="stable").tolist():
        if np.isnat(started[row]):
            continue
        # Who leaves at this very instant leaves before another one starts.
        while busy and busy[0][0] <= since[row]:
            heapq.heappush(free, heapq.heappop(busy)[1])
        slot = heapq.heappop(free) if free else len(busy) + 1
        heapq.heappush(busy, (int(until[row]), slot))
        slots[row] = slot
    return slots


def _held(visits: pd.DataFrame, here: Bools, keeping: Bools) -> Iterator[tuple[range, int]]:
    """Yield the rows for which one holds a server of a station, and which it is.

    It is held from a stay there on, through the states after it that keep it.
    """
    citizen = visits["citizen"].to_numpy()
    goes_on = np.append((citizen[1:] == citizen[:-1]) & keeping[1:], False)
    # Who is there at the start may keep a server of a stay before it.
    first = np.flatnonzero(here & ~keeping | keeping & (visits["step"].to_numpy() == 0))
    last = np.flatnonzero(~goes_on)[np.searchsorted(np.flatnonzero(~goes_on), first)]
    begun = np.where(keeping, visits["joined"].to_numpy(), visits["started"].to_numpy())[first]
    for slot, since, until in zip(server_slots(begun, visits["ended"].to_numpy()[last]), first, last, strict=True):
        yield range(since, until + 1), int(slot)


def as_event_log(visits: pd.DataFrame, pathway: Pathway) -> pd.DataFrame:
    """Return the event log of a visit table: see `Results.event_log`."""
    import pandas as pd

    resources = np.full(len(visits), "", dtype=object)
    stations = visits["station"].to_numpy()
    for station in pathway.stations:
        here = (visits["station"] == station.name).to_numpy() & visits["started"].notna().to_numpy()
        if station.is_meeting:
            resources[here] = station.name
        else:
            keeping = [state.name for state in pathway.states if station.name in state.keeps]
            for held, slot in _held(visits, here, visits["state"].isin(keeping).to_numpy()):
                # Who keeps a server while she waits for another, or has that too, is told with the other one.
                resources[[row for row in held if here[row] or not stations[row]]] = f"{station.name} {slot}"
    parts = []
    whole = visits[["citizen", "state", "visit"]]
    goes_on = (whole == whole.shift()).all(axis=1)
    stops = goes_on.shift(-1, fill_value=False)  # the row before one that goes on with its stay
    for place, (column, transition) in enumerate(_TRANSITIONS):
        there = visits[column].notna()
        if transition == "schedule":
            there &= (visits["station"] != "") & ~goes_on  # who waits for nothing only starts
        if transition == "complete":
            there &= visits["started"].notna()  # who leaves a queue unserved never had the stay
        rows = visits[there]
        broken_off = (goes_on if transition == "start" else stops)[there]
        parts.append(
            pd.DataFrame(
                {
                    "case:concept:name": rows["citizen"].astype(str),
                    "concept:name": rows["state"],
                    "time:timestamp": rows[column],
                    "lifecycle:transition": np.where(broken_off, _BROKEN_OFF.get(transition, transition), transition),
                    "org:resource": "" if transition == "schedule" else resources[there.to_numpy()],
                    "station": rows["station"],
                    "benefit": rows["benefit"],
                    "_order": rows["step"] * len(_TRANSITIONS) + place,
                    "_citizen": rows["citizen"],
                }
            )
        )
    log = pd.concat(parts).sort_values(["_citizen", "_order"], kind="stable", ignore_index=True)
    return log.drop(columns=["_order", "_citizen"])
