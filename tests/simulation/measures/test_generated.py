"""Measures of generated pathways, over the whole language, against a second computation from the visits alone."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import Pathway, run
from flowsim.model.attributes.groups import groups_of
from flowsim.simulation.engine.trace import NEVER
from flowsim.testing import pathways
from helpers.models.generated import RELAXED

_MOST_VISITS = 800
_SKIPPED = object()


class Second:
    """The measures of one replication, each by going through all of its visits."""

    def __init__(self, results):
        self.pathway, self.trace = results.pathway, results.traces[0]
        states, before = self.pathway.states, None
        self.visits = []
        for raw in self.trace.visits:
            row = {name: int(raw[name]) for name in raw.dtype.names}
            for name in ("started", "ended"):
                row[name] = math.inf if row[name] == NEVER else row[name]
            state = states[row["state"]]
            row |= {"name": state.name, "benefit": state.benefit, "station": state.station, "keeps": state.keeps}
            row["left"] = min(row["started"], row["ended"])
            same = ("citizen", "state", "visit")
            row["goes_on"] = before is not None and all(row[name] == before[name] for name in same)
            self.visits.append(row)
            before = row

    def tick(self, moment):
        return (moment - self.pathway.start).total_seconds() / 60 / self.pathway.tick

    def value(self, measure, period):
        """Return a measure of a period; None where it is undefined."""
        pathway, visits, names = self.pathway, self.visits, measure.names
        since = math.ceil(self.tick(max(period.start, pathway.measured_from)) - 1e-9)
        until = math.ceil(self.tick(min(period.end, pathway.end)) - 1e-9)
        week = 7 * 24 * 60 / pathway.tick
        kind = measure.kind.name
        if kind.endswith("_of"):
            groups = groups_of(pathway)
            visits = [v for v in visits if groups[self.trace.groups[v["citizen"]]][names[1]] == names[2]]
            kind = kind.removesuffix("_of")

        def within(time):
            return since <= time < until

        def inside(begin, end):
            return max(min(end, until) - max(begin, since), 0) if begin < math.inf else 0

        there = [v for v in visits if names and v["station"] == names[0]]
        if kind == "stock":
            return sum(v["benefit"] == names[0] and v["joined"] < until <= v["ended"] for v in visits)
        if kind == "queue":
            return sum(v["joined"] < until <= v["left"] for v in there)
        if kind == "waited":
            return sum(inside(v["joined"], v["left"]) for v in there) / week
        if kind == "mean_stock":
            spent = (inside(v["joined"], v["ended"]) for v in visits if v["benefit"] == names[0])
            return sum(spent) / (until - since)
        if kind == "wait" and measure.kind.reading in ("", "served", "served_p90"):
            waits = sorted(v["started"] - v["joined"] for v in there if within(v["started"]) and not v["goes_on"])
            if not waits:
                return None
            return (waits[math.ceil(len(waits) * 9 / 10) - 1] if "p90" in measure else mean(waits)) / week
        if kind == "exits":
            states = pathway.states
            return sum(
                v["benefit"] == names[0] and within(v["ended"]) and states[v["next"]].benefit == names[1]
                for v in visits
                if v["next"] >= 0
            )
        if kind == "utilisation":
            return self.utilisation(pathway.station(names[0]), there, within, inside)
        if kind == "watch":
            return self.watched(measure, there, within, week)
        return _SKIPPED

    def utilisation(self, station, there, within, inside):
        if station.answers is not None and not station.is_meeting:
            return _SKIPPED
        if station.is_meeting:
            number = [one.name for one in self.pathway.stations].index(station.name)
            held = [s for s in self.trace.sessions if s["station"] == number and within(s["time"])]
            used, offered = (sum(int(session[key]) for session in held) for key in ("taken", "places"))
            return used / offered if offered else None
        keeping = [v for v in self.visits if station.name in v["keeps"]]
        used = sum(inside(v["joined"], v["ended"]) for v in keeping)
        used += sum(inside(v["started"], v["ended"]) for v in there if station.name not in v["keeps"])
        steps = [
            (self.tick(when), servers) for when, servers in station.planned(self.pathway.start, self.pathway.end).root
        ]
        offered = sum(n * inside(max(a, 0), b) for (a, n), (b, _) in pairwise([*steps, (math.inf, 0)]))
        return used / offered if offered else None

    def watched(self, measure, there, within, week):
        (watch,) = (one for one in self.pathway.watches if one.name == measure.names[0])
        whose = [v for v in self.visits if v["station"] == watch.station and not v["goes_on"]]
        moment = "started" if watch.among == "served" else "left"
        ended = [(v[moment] - v["joined"], v["started"] < math.inf) for v in whose if within(v[moment])]
        if measure.kind.reading == "cases":
            return len(ended)
        if not ended:
            return None
        if measure.kind.reading == "waited":
            return mean(wait > 0 for wait, _ in ended)
        if measure.kind.reading == "within":
            return mean(served and wait * self.pathway.tick <= watch.within[0] for wait, served in ended)
        waits, percentile = sorted(wait for wait, _ in ended), watch.percentiles[0]
        return waits[max(math.ceil(percentile * len(waits) / 100) - 1, 0)] / week


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.sampled_from([None, "30 hours", "36.5 hours"]), st.sampled_from(["served", "all"]))
def test_measures_are_those_of_a_second_computation(drawn, warm_up, among):
    raw = drawn.to_dict() | {"periods": "hour", "warm_up": warm_up or "0 days"}
    served = {state.station for state in drawn.states if state.station}
    raw["watches"] = [
        {"name": f"of_{name}", "station": name, "within": "6 hours", "percentiles": [90], "among": among}
        for name in sorted(served)
    ]
    results = run(Pathway.from_dict(raw), replications=1, keep_traces=True)
    if len(results.traces[0].visits) > _MOST_VISITS:
        return
    second = Second(results)
    for row, value in zip(results.index, results.values[0], strict=True):
        expected = second.value(row.measure, row.period)
        if expected is None:
            assert not np.isfinite(value), row
        elif expected is not _SKIPPED:
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), row
