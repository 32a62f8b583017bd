"""For how much of the time how many are at a station: the distribution of the number waiting, served or present."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, unknown_name
from flowsim.simulation.engine.trace import NEVER, Trace

if TYPE_CHECKING:
    from flowsim.model.pathway import Pathway

__all__ = ["Counted", "time_shares"]

Counted = Literal["waiting", "served", "present"]


def time_shares(
    trace: Trace, pathway: Pathway, of: str, counted: Counted, since: datetime | None = None, tick: float | None = None
) -> Floats:
    """Return the share of the time for which so many were at a station, or in a state, shape (most + 1,).

    Args:
        trace: of a replication.
        pathway: what was run.
        of: the name of a station or of a state.
        counted: who counts: those in the queue, those whose stay is under way, or both.
        since: from when on time counts; from the end of the warm-up where none is given.
        tick: minutes a tick of the trace; the pathway's where none is given.

    Raises:
        InputError: for a name that is no station and no state, and for a `since` outside the horizon.
    """
    names = {state.name for state in pathway.states} | {station.name for station in pathway.stations}
    if not isinstance(counted, str) or counted not in get_args(Counted):
        raise InputError(f"counted: {unknown_name('way to count', counted, get_args(Counted))}")
    if not isinstance(of, str) or of not in names:
        raise InputError(unknown_name("station or state", of, names))
    if since is not None and not pathway.start <= since < pathway.end:
        raise InputError(f"since: {since:%Y-%m-%d} lies outside the horizon")
    length = pathway.tick if tick is None else tick
    begin = ((since or pathway.measured_from) - pathway.start).total_seconds() / 60 / length
    end = (pathway.end - pathway.start).total_seconds() / 60 / length
    own = np.array([of in (state.name, state.station) for state in pathway.states])
    visits = trace.visits[own[trace.visits["state"]]]
    first, last = _during(visits, counted, end)
    first, last = np.clip(first, begin, end), np.clip(last, begin, end)
    times = np.concatenate([[begin], first, last, [end]])
    steps = np.concatenate([[0], np.ones(len(first), np.int64), -np.ones(len(last), np.int64), [0]])
    # Stable, and those who come stand before those who go: at one instant nobody leaves who has not come.
    order = np.argsort(times, kind="stable")
    times, present = times[order], np.cumsum(steps[order])
    lasted = np.diff(times)
    out: Floats = np.bincount(present[:-1][lasted > 0], weights=lasted[lasted > 0]) / (end - begin)
    return out


def _during(visits: Any, counted: Counted, end: float) -> tuple[Floats, Floats]:
    """Return from when until when each visit counts."""
    joined = visits["joined"].astype(np.float64)
    started, ended = (
        np.where(visits[key] == NEVER, end, visits[key]).astype(np.float64) for key in ("started", "ended")
    )
    if counted == "waiting":
        return joined, np.minimum(started, ended)
    return (joined if counted == "present" else np.minimum(started, ended)), ended
