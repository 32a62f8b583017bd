"""Our measures against the slow, obvious ones, on random traces."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from statistics import mean, median

import numpy as np
import pytest

from flowsim.core.periods import FINER, Period
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import NEVER, VISIT, Trace
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.passes import sorted_within
from helpers.traces import CATALOGUE, DAY, FINAL, RAW, SMALL, START, STATES, day, measured, trace


def random_trace(seed):
    """Citizens who wander about in quarters of a day, so that they often move at an edge, or at one instant."""
    rng = random.Random(seed)
    horizon = int(day("2020-07-01"))
    doors = {}
    for entry in SMALL.entries:
        doors[entry.name] = []
        for _ in range(60):
            start, end = (-300, 0) if entry.count else (0, horizon - 1)
            now, name, story = float(rng.randint(start, end)), entry.to, []
            while name not in FINAL and now < horizon:
                served = name not in ("plan", "team") or rng.random() < 0.8
                begun = now + (rng.choice([0, 0, 5, 30, 90.25]) if name in ("plan", "team") else 0)
                done = begun + rng.choice([0, 1, 28, 30.5, 90, 161, 400])
                done = max(done, rng.randint(0, 50)) if not story and entry.count else done
                unless_over = [when if when < horizon else None for when in (begun if served else horizon, done)]
                story.append((name, now, *unless_over))
                now, name = done, rng.choice(sorted(SMALL.state(name).targets))
            doors[entry.name].append([*story, (name, now)] if now < horizon else story)
    meetings = [(d, 1, rng.choice([0, 1, 3]), 0, 0) for d in range(0, horizon, 7)]
    return trace(meetings, **doors)


def rows_of(one):
    """Visits by citizen as dictionaries; what never happened is at infinity."""
    out = {}
    for raw in one.visits:
        row = {name: int(raw[name]) for name in VISIT.names}
        for name in ("started", "ended"):
            row[name] = math.inf if row[name] == NEVER else row[name]
        row["name"], row["benefit"] = STATES[row["state"]], SMALL.states[row["state"]].benefit
        row["station"], row["left"] = SMALL.states[row["state"]].station, min(row["started"], row["ended"])
        out.setdefault(row["citizen"], []).append(row)
    return list(out.values())


def edges_of(period):
    return [(moment - START) / timedelta(minutes=1) for moment in (Period(period).start, Period(period).end)]


def slow_clock(rows, begins, ends, abandons):
    """Walk through one citizen's visits with a stopwatch; yields begun, stopped, ended."""
    running = None
    for row in rows:
        if running is not None and row["name"] in (*ends, *abandons, *FINAL):
            yield running, row["joined"], row["name"] in ends
            running = None
        if running is None and row["name"] in begins and row["started"] < math.inf:
            running = row["started"]
    if running is not None:
        yield running, math.inf, False


def slow_ends(rows, benefit, gap):
    """Every instant at which one citizen left a benefit for longer than the gap."""
    for number, row in enumerate(rows):
        if row["benefit"] == benefit and row["ended"] < math.inf:
            again = [r for r in rows[number + 1 :] if r["benefit"] == benefit and r["joined"] - row["ended"] <= gap]
            if not again:
                yield row["ended"]


def slow_status(rows, when):
    return next(row["benefit"] for row in rows if row["joined"] <= when < row["ended"])


def slow_first_free(here, when):
    """Let somebody join at an instant, and try every later one at which anything happens; NaN where none will do."""
    queue = [row for row in here if row["joined"] < when <= row["left"]]
    more = day("2019-02-15") * DAY
    for now in sorted({when, more, *(row[name] for row in here for name in ("started", "ended"))} - {math.inf}):
        if now < when or any(row["left"] > now for row in queue):
            continue
        busy = sum(row["started"] <= now < row["ended"] for row in here)
        overtaken = any(row["joined"] >= when and row["started"] == now for row in here)
        if overtaken or busy < (2 if now < more else 4):
            return now
    return math.nan


def slow(one, measure, period):
    """Compute one measure of one period the obvious way, NaN where it is undefined."""
    people, (since, until) = rows_of(one), edges_of(period)
    visits = [row for rows in people for row in rows]
    kind, name, *more = measure.split(".")
    week = 7 * DAY
    if kind == "stock":
        return sum(row["benefit"] == name and row["joined"] < until <= row["ended"] for row in visits)
    if kind == "mean_stock":
        inside = [min(row["ended"], until) - max(row["joined"], since) for row in visits if row["benefit"] == name]
        return sum(max(time, 0) for time in inside) / (until - since)
    if kind == "queue":
        return sum(row["station"] == name and row["joined"] < until <= row["left"] for row in visits)
    if kind == "waited":
        inside = [min(row["left"], until) - max(row["joined"], since) for row in visits if row["station"] == name]
        return sum(max(time, 0) for time in inside) / week
    if kind in ("meetings", "places"):
        offered = [s["places"] for s in one.sessions if since <= s["time"] < until]
        return sum(offered) if kind == "places" else sum(places > 0 for places in offered)
    if kind in ("staff", "servers"):
        steps = {"staff": [("2019-01-01", 2), ("2019-04-01", 4), ("2019-07-01", 0)]}
        steps["servers"] = [("2019-01-01", 2), ("2019-02-15", 4)]
        days = range(round(since / DAY), round(until / DAY))
        return mean([v for when, v in steps[kind] if day(when) <= today][-1] for today in days)
    if kind == "wait":
        here = [row for row in visits if row["station"] == name]
        queue = [row for row in here if row["joined"] < until <= row["left"]]
        waits = sorted(row["started"] - row["joined"] for row in here if since <= row["started"] < until)
        last_month = edges_of(Period(period).last("month"))[0]
        stays = (
            Period(period).every not in FINER
            and any(row["joined"] < last_month <= row["left"] for row in here)
            and bool(queue)
        )
        nobody = math.inf if stays else math.nan
        if more == ["served"]:
            return mean(waits) / week if waits else nobody
        if more == ["served_p90"]:
            enough = [w for w in waits if sum(v <= w for v in waits) * 10 >= 9 * len(waits)]
            return enough[0] / week if waits else nobody
        log = [s for s in one.sessions if SMALL.stations[s["station"]].name == name]
        if more == ["backlog"]:
            places = len(waits) if name == "desk" else sum(s["places"] for s in log if since <= s["time"] < until)
            return len(queue) / (places / ((until - since) / week)) if places else nobody
        if name == "desk":
            return (slow_first_free(here, until) - until) / week
        else:
            free = 0
            last = math.inf
            for session in log:
                free += session["places"] if session["time"] >= until else 0
                if free > len(queue):
                    last = session["time"]
                    break
        return (last - until) / week if last < math.inf else math.nan
    if kind == "clock":
        stops = {"decision": (["course", "pension"], []), "pension": (["pension"], ["course"])}[name]
        runs = [run for rows in people for run in slow_clock(rows, ["plan"], *stops)]
        took = [stop - begun for begun, stop, ended in runs if ended and since <= stop < until]
        still = [until - begun for begun, stop, _ in runs if begun < until <= stop]
        found = {
            "ended": len(took),
            "within": mean(t <= 161 * DAY for t in took) if took else math.nan,
            "mean": mean(took) / week if took else math.nan,
            "median": median(took) / week if took else math.nan,
            "open": len(still),
            "open_overdue": sum(t > 161 * DAY for t in still),
        }
        return found[more[0]]
    if kind == "seniority":
        span = {"over_90_days": 90, "over_1_year": 365.25}[more[0]] * DAY
        now = [row for row in visits if row["joined"] < until <= row["ended"] and row["benefit"] == "cash"]
        return sum(until - row["since"] > span for row in now)
    assert kind in ("ended", "status"), measure
    gap, span = 28 * DAY, {"1_month": 43830, "3_months": 131490}[more[0]] if more else 0
    ends = [(rows, when) for rows in people for when in slow_ends(rows, "course", gap) if since <= when < until]
    if until + max(gap, span) > day("2020-07-01") * DAY:
        return math.nan
    if kind == "ended":
        return len(ends)
    labels = {"unclear": ("cash", "course")}.get(more[1], (more[1],))
    return 100 * mean(slow_status(rows, when + span) in labels for rows, when in ends) if ends else math.nan


@pytest.mark.parametrize("seed", range(3))
def test_fast_equals_slow_on_days(seed):
    one, rng, compared = random_trace(seed), random.Random(seed), set()
    kinds = ("stock", "mean_stock", "queue", "wait", "clock", "waited", "meetings", "places", "staff", "servers")
    by_day = Catalogue.of(Pathway.from_dict(RAW | {"periods": "day"}))
    values = {key: value for key, value in measured(one, by_day).items() if key[1].every == "day"}
    for measure, period in rng.sample(sorted(values), 1000):
        if measure.split(".")[0] in kinds:
            value = values[measure, period]
            assert value == pytest.approx(slow(one, measure, period), nan_ok=True), (measure, period)
            compared |= {measure} if value > 0 else set()
    assert len(compared) >= 15


@pytest.mark.parametrize("seed", range(3))
def test_fast_equals_slow(seed):
    one = random_trace(seed)
    kinds = ("stock", "mean_stock", "queue", "wait", "clock", "ended", "status", "seniority", "waited")
    kinds += ("meetings", "places", "staff", "servers")
    compared = set()
    for (measure, period), value in measured(one).items():
        if measure.split(".")[0] in kinds:
            assert value == pytest.approx(slow(one, measure, period), nan_ok=True), (measure, period)
            compared |= {measure} if value > 0 else set()
    assert len(compared) >= 36


@pytest.mark.parametrize("seed", range(3))
def test_stocks_follow_from_flows(seed):
    values = measured(random_trace(seed))
    came = values["exits.cash.pension", "2019"] + values["exits.course.pension", "2019"]
    assert values["stock.pension", "2019"] == 60 + came
    assert values["awards.pension", "2019"] == came
    left = sum(value for (name, _), value in values.items() if name.startswith("exits.course."))
    again = sum(value for (name, _), value in values.items() if name.startswith("exits.") and name.endswith(".course"))
    doors = values["entries.other", "2019"]
    assert values["stock.course", "2019"] == doors + again - left


def test_a_finer_tick_changes_no_measure():
    fine = Pathway.from_dict(RAW | {"tick": f"{1e-6:.6f} seconds"})
    one = random_trace(0)
    finer = one.visits.copy()
    for name in ("joined", "started", "ended", "since"):
        finer[name] = np.where(finer[name] == NEVER, NEVER, finer[name] * 60_000_000)
    sessions = one.sessions.copy()
    sessions["time"] *= 60_000_000
    other = Trace(visits=finer, sessions=sessions, first=one.first, presence=one.presence, queued=one.queued)
    assert Catalogue.of(fine).compute(other) == pytest.approx(CATALOGUE.compute(one), nan_ok=True)


@pytest.mark.parametrize("scale", [1, 2**57, 2**60])
def test_sorting_within_groups(scale):
    rng = np.random.default_rng(1)
    group, values = rng.integers(0, 40, 500), rng.integers(-9, 9, 500) * scale
    group[group == 7] = 8  # nobody in group 7
    inside, counts, offsets = sorted_within(group, values, 41)
    for number in range(41):
        here = inside[offsets[number] : offsets[number] + counts[number]]
        assert here.tolist() == sorted(values[group == number].tolist())
