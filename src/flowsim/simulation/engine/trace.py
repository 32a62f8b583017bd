"""What one replication leaves behind: the visit table and the session log, from which all measures are computed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

__all__ = ["LATER", "NEVER", "SESSION", "VISIT", "Trace", "going_on"]

NEVER = int(np.iinfo(np.int64).min)
"""The time of what has not happened; times before the start are negative, so -1 would not do."""
LATER = int(np.iinfo(np.int64).max)
"""NEVER turned round, so that what has not ended ends after everything else."""
VISIT = np.dtype(
    [
        ("citizen", "<i4"),  # numbered by entry, then by index within the entry's own stream
        ("step", "<i4"),  # 0 for the citizen's first visit
        ("state", "<i2"),
        ("next", "<i2"),  # the state she went to; -1 while she stays, and for ever in a final state
        ("visit", "<i4"),  # 0 for her first visit to this state
        ("joined", "<i8"),  # entered the state: from here she waits, where there is a station
        ("started", "<i8"),  # started the stay; NEVER while waiting, and where she reneged or was refused
        ("ended", "<i8"),  # left the state; NEVER while she stays
        ("since", "<i8"),  # start of the benefit spell that this visit belongs to
    ]
)
"""One row a stay, ordered by citizen and step; times in ticks since the pathway's start.

A stay that is interrupted has a row until then, whose `next` is its own state, and another one from then on, which goes
on with it: of the same state and `visit`, joined when the one before it ended.
"""
SESSION = np.dtype(
    [
        ("time", "<i8"),
        ("station", "<i2"),
        ("places", "<i4"),
        ("taken", "<i4"),
        ("waiting", "<i4"),  # before anybody was taken
    ]
)
"""One row a meeting, or a period of constant capacity of servers (taken: stays started in it); by time, station."""


def going_on(visits: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Return which visits go on with a stay that was interrupted, which is the visit before."""
    out = np.zeros(len(visits), np.bool_)
    same = (visits[key][1:] == visits[key][:-1] for key in ("citizen", "state", "visit"))
    out[1:] = np.logical_and.reduce(list(same))
    return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """One replication of a pathway.

    Attributes:
        visits: the visit table, dtype `VISIT`, one row a stay.
        sessions: the session log, dtype `SESSION`.
        first: number of the first citizen of each entry, and at the end their total, shape (entries + 1,), int64.
        presence: citizens present, summed over ticks from 0 to the horizon, shape (states,), int64; the engine's own
            account, kept apart from the visits. Final states count too.
        queued: citizens waiting, summed over ticks, shape (stations,), int64.
        groups: the group of each citizen where the pathway has attributes, shape (citizens,), int16; empty otherwise.
    """

    visits: npt.NDArray[np.void]
    sessions: npt.NDArray[np.void]
    first: npt.NDArray[np.int64]
    presence: npt.NDArray[np.int64]
    queued: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))

    @classmethod
    def of_groups(cls, trace: Trace, plain: int) -> Trace:
        """Return a trace with the states as the pathway has them, `plain` in number, where each group has its own."""
        if len(trace.presence) == plain:
            return trace
        visits, groups = trace.visits.copy(), np.zeros(int(trace.first[-1]), np.int16)
        groups[visits["citizen"]] = visits["state"] // plain
        visits["state"] %= plain
        there = visits["next"] >= 0
        visits["next"][there] %= plain
        presence = trace.presence.reshape(-1, plain).sum(axis=0)
        return replace(trace, visits=visits, presence=presence, groups=groups)

    @property
    def digest(self) -> str:
        """SHA-256 of the visits in their fixed dtype and order."""
        return hashlib.sha256(np.ascontiguousarray(self.visits).view(np.uint8).data).hexdigest()
