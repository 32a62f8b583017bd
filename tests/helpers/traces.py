"""A small pathway, and traces of it made by hand from stories."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import NEVER, SESSION, VISIT, Trace
from flowsim.simulation.measures.catalogue import Catalogue

DAY = 1440
START = datetime(2019, 1, 1)
RAW = {
    "name": "small",
    "start": "2019-01-01",
    "end": "2020-07-01",
    "stations": {
        "desk": {"capacity": {"2019-01-01": 2, "2019-02-15": 4}, "room": 9},
        "board": {
            "weekdays": ["mon"],
            "parties": {
                "town": {
                    "staff": {"2019-01-01": 2.0, "2019-04-01": 4.0, "2019-07-01": 0.0},
                    "hours": "10 hours",
                    "hours_a_case": "2 hours",
                    "follow_up": {"plan": "1 hour", "team": "1 hour"},
                },
                "region": {"places": 9.0},
            },
        },
    },
    "states": {
        "cash": {"stay": "9 weeks", "to": {"plan": 0.5, "work": 0.5}},
        "plan": {"benefit": "cash", "station": "desk", "stay": "9 weeks", "to": "team", "refused_to": "cash"},
        "team": {
            "benefit": "cash",
            "station": "board",
            "to": {"course": 0.5, "pension": 0.5},
            "patience": "60 weeks",
            "reneges_to": "work",
        },
        "course": {
            "stay": "90 weeks",
            "to": {"cash": 0.3, "course": 0.2, "pension": 0.2, "work": 0.3},
            "outcome": True,
        },
        "pension": {"final": True, "outcome": True},
        "work": {"final": True},
    },
    "entries": {
        "new": {"to": "cash", "rate": "100 per year"},
        "other": {"to": "course", "rate": "10 per year"},
        "there": {"to": "plan", "count": 3},
        "awarded": {"to": "pension", "count": 2},
    },
    "clocks": {
        "decision": {"begins": ["plan"], "ends": ["course", "pension"], "limit": "23 weeks"},
        "pension": {"begins": ["plan"], "ends": ["pension"], "abandons": ["course"], "limit": "23 weeks"},
    },
    "seniorities": {"long": {"benefit": "cash", "over": ["90 days", "1 year"]}},
    "followups": {
        "after": {"benefit": "course", "after": ["1 month", "3 months"], "groups": {"unclear": ["cash", "course"]}}
    },
}
SMALL = Pathway.from_dict(RAW)
CATALOGUE = Catalogue.of(SMALL)
STATES = [state.name for state in SMALL.states]
FINAL = ("pension", "work")


def day(text: str) -> float:
    """The days from the start to a date, so that cases are written in dates."""
    return (datetime.fromisoformat(text) - START) / timedelta(days=1)


def trace(sessions=(), pathway=SMALL, **doors):
    """A trace from stories: for each door its citizens, each a list of (state, joined, started, ended).

    Times are dates or days since the start, None is never; what follows from them is filled in.
    """

    def tick(when):
        if when is None:
            return NEVER
        return round((day(when) if isinstance(when, str) else when) * DAY / pathway.tick)

    rows, first, citizen = [], [0], 0
    for entry in pathway.entries:
        for story in doors.get(entry.name, []):
            been = []
            for step, (name, joined, *rest) in enumerate(story):
                started, ended = (joined, None) if name in FINAL else rest
                state = STATES.index(name)
                label = SMALL.states[state].benefit
                since = rows[-1][8] if step and SMALL.states[rows[-1][2]].benefit == label else tick(joined)
                to = STATES.index(story[step + 1][0]) if step + 1 < len(story) else -1
                rows.append(
                    (citizen, step, state, to, been.count(name), tick(joined), tick(started), tick(ended), since)
                )
                been.append(name)
            citizen += 1
        first.append(citizen)
    log = sorted((tick(when), *rest) for when, *rest in sessions)
    return Trace(
        visits=np.array(rows, VISIT),
        sessions=np.array(log, SESSION),
        first=np.array(first, np.int64),
        presence=np.zeros(len(STATES), np.int64),
        queued=np.zeros(2, np.int64),
    )


def measured(one, catalogue=CATALOGUE):
    values = catalogue.compute(one)
    return {row[:2]: value for row, value in zip(catalogue.index, values, strict=True)}


def of(values, measure):
    """The values of a measure that are numbers and not 0, by period."""
    out = {period: value for (name, period), value in values.items() if name == measure}
    assert out, measure
    return {period: value for period, value in out.items() if value != 0 and math.isfinite(value)}


def undefined(values, measure):
    return [period for (name, period), value in values.items() if name == measure and math.isnan(value)]


def stalled(values, measure):
    """The periods in which a wait is infinite, for the queue stands still."""
    return [period for (name, period), value in values.items() if name == measure and value == math.inf]
