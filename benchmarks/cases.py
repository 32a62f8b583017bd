"""The cases: what every engine simulates, in flowsim's language and as plain numbers for the peers; all in hours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

import flowsim
from flowsim.core.civil_time import is_dated
from flowsim.simulation.engine.trace import NEVER, Trace

ARRIVALS = 9.0
"""Citizens an hour, of M/M/10 and of the network."""
DESKS = 10
SERVICE = 1.0

# The network: intake, then for some the doctor, then the team's meeting, then the decision.
DOCTORS, EXAMINATION, DOCTOR_SHARE = 30, 10.0, 0.3
PLACES, MEETING = 340, 2.0
DECIDERS, DECISION = 20, 2.0
MEETINGS = (9.0, 33.0, 57.0, 81.0, 105.0)
"""Hours of the week, from Monday at midnight."""
WEEK = 168.0
NETWORK = ("intake", "doctor", "team", "decision")

_START = datetime(2001, 1, 1)  # a Monday


def horizon(citizens: int) -> float:
    """Return the hours in which that many citizens come on average."""
    return citizens / ARRIVALS


def mm10(citizens: int) -> flowsim.Pathway:
    """Return M/M/10 at 0.9, for as long as it takes that many citizens to come."""
    return _pathway(
        "mm10",
        citizens,
        stations={"desk": {"capacity": DESKS}},
        states={"desk": _step("desk", SERVICE, "out"), "out": {"final": True}},
    )


def network(citizens: int) -> flowsim.Pathway:
    """Return the four stations, each at 0.9; the third is a meeting."""
    weekdays = ["mon", "tue", "wed", "thu", "fri"]
    return _pathway(
        "network",
        citizens,
        stations={
            "intake": {"capacity": DESKS},
            "doctor": {"capacity": DOCTORS},
            "team": {"weekdays": weekdays, "at": "09:00", "places": PLACES},
            "decision": {"capacity": DECIDERS},
        },
        states={
            "intake": _step("intake", SERVICE, {"doctor": DOCTOR_SHARE, "team": "rest"}),
            "doctor": _step("doctor", EXAMINATION, "team"),
            "team": {"station": "team", "stay": f"{MEETING} hours", "to": "decision"},
            "decision": _step("decision", DECISION, "out"),
            "out": {"final": True},
        },
    )


def _step(station: str, mean: float, to: Any) -> dict[str, Any]:
    return {"station": station, "stay": {"law": "exponential", "mean": f"{mean} hours"}, "to": to}


def _pathway(name: str, citizens: int, *, stations: Any, states: Any) -> flowsim.Pathway:
    first = next(iter(states))
    raw = {
        "name": name,
        "start": _START.isoformat(),
        "end": (_START + timedelta(hours=horizon(citizens))).isoformat(),
        "tick": "1 second",
        "stations": stations,
        "states": states,
        "entries": {"door": {"to": first, "rate": f"{ARRIVALS} per hour"}},
    }
    return flowsim.Pathway.from_dict(raw)


def copenhagen(scale: int = 1) -> flowsim.Pathway:
    """Return Copenhagen as it is (about 12,500 in stock), or that many times as large."""
    pathway = flowsim.read_base("copenhagen").pathway()
    if scale == 1:
        return pathway
    raw = pathway.to_dict()
    for entry in raw["entries"]:
        if "count" in entry:
            entry["count"] *= scale
        elif "rate" in entry:
            entry["rate"] = _each(entry["rate"], lambda rate: f"{scale * float(rate.split()[0])!r} per minute")
        else:
            raise ValueError(f"entries.{entry['name']}: only counts and rates are scaled")
    for station in raw["stations"]:
        for part in (station, *station.get("parties", ())):
            for key in {"capacity", "places", "staff"} & part.keys():
                part[key] = _each(part[key], lambda amount: scale * amount)
    return flowsim.Pathway.from_dict(raw)


def _each(value: Any, change: Any) -> Any:
    return {date: change(told) for date, told in value.items()} if is_dated(value) else change(value)


def mean_wait(servers: int, arrivals: float, service: float) -> float:
    """Return the mean wait of M/M/c (Erlang C), in hours."""
    load = arrivals * service
    blocking = 1.0
    for number in range(1, servers + 1):
        blocking = load * blocking / (number + load * blocking)
    waits = blocking / (1 - load / servers * (1 - blocking))
    return waits * service / (servers - load)


THEORY: Mapping[str, Mapping[str, float]] = {
    "mm10": {"desk": mean_wait(DESKS, ARRIVALS, SERVICE)},
    # What leaves M/M/c is Poisson again, and so is any share of it.
    "network": {
        "intake": mean_wait(DESKS, ARRIVALS, SERVICE),
        "doctor": mean_wait(DOCTORS, ARRIVALS * DOCTOR_SHARE, EXAMINATION),
    },
}


def waits(trace: Trace, pathway: flowsim.Pathway) -> dict[str, tuple[int, float]]:
    """Return for each station how many started their stay there, and their mean wait in hours."""
    rows = trace.visits[trace.visits["started"] != NEVER]
    hours = (rows["started"] - rows["joined"]) * (pathway.tick / 60)
    out = {}
    for number, state in enumerate(pathway.states):
        if state.station:
            chosen = hours[rows["state"] == number]
            out[state.name] = (len(chosen), float(chosen.mean()) if len(chosen) else math.nan)
    return out


def summary(waited: Mapping[str, Any]) -> dict[str, tuple[int, float]]:
    """Return the same of a peer's lists of waits."""
    return {name: (len(each), float(np.mean(each)) if len(each) else math.nan) for name, each in waited.items()}
