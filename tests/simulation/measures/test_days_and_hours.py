"""Figures by day and by hour: by hand, and against those of the months that they make up."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.core.periods import FINER, Period
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.stations import BACKLOG
from flowsim.simulation.measures.timeline import Calendar

DESK = {
    "name": "desk",
    "start": "2024-01-05",
    "end": "2024-01-07",
    "periods": "hour",
    "stations": {"desk": {"capacity": 1}},
    "states": {"advice": {"station": "desk", "stay": "30 minutes", "to": "gone"}, "gone": {"final": True}},
    # Served at 13:50, 14:20 (after 20 minutes), 14:50 (after 45) and 15:40.
    "entries": {
        "door": {"at": [f"2024-01-05T{time}" for time in ("13:50", "14:00", "14:05", "15:40")], "to": "advice"}
    },
    "watches": {"w": {"station": "desk", "within": "20 minutes", "percentiles": [50]}},
}
HANDS = {
    "entries.door": {"T13": 1, "T14": 2, "T15": 1, "T16": 0, "": 4},
    "stock.advice": {"T13": 1, "T14": 1, "T15": 1, "T16": 0, "": 0},
    "mean_stock.advice": {"T13": 10 / 60, "T14": 125 / 60, "T15": 40 / 60, "T16": 10 / 60, "": 185 / 1440},
    "queue.desk": {"T13": 0, "T14": 0, "": 0},
    "waited.desk": {"T13": 0, "T14": 65 / 10080, "T15": 0, "": 65 / 10080},
    "wait.desk.served": {"T13": 0, "T14": 32.5 / 10080, "T15": 0, "T16": np.nan, "": 16.25 / 10080},
    "wait.desk.served_p90": {"T14": 45 / 10080, "T16": np.nan, "": 45 / 10080},
    "wait.desk.first_free": {"T13": 20 / 10080, "T14": 20 / 10080, "T15": 10 / 10080, "T16": 0, "": 0},
    "utilisation.desk": {"T13": 10 / 60, "T14": 1, "T15": 40 / 60, "T16": 10 / 60, "T17": 0, "": 120 / 1440},
    "watch.w.cases": {"T13": 1, "T14": 2, "T15": 1, "T16": 0, "": 4},
    "watch.w.20_minutes.within": {"T13": 1, "T14": 1 / 2, "T15": 1, "T16": np.nan, "": 3 / 4},
    "watch.w.waited": {"T13": 0, "T14": 1, "T15": 0, "": 1 / 2},
    "watch.w.p50.wait": {"T13": 0, "T14": 20 / 10080, "": 0},
}
TOWN = {
    "name": "town",
    "start": "2019-11-10T08:30",
    "end": "2020-03-01",
    "stations": {
        "desk": {"capacity": 2, "open": "mon-fri 08:00-16:00"},
        "team": {"weekdays": "tue", "places": 6},
        "ward": {"capacity": 40},
    },
    "states": {
        "advice": {
            "station": "desk",
            "stay": {"law": "gamma", "mean": "6 hours", "cv": 1},
            "to": {"case": 0.5, "job": 0.5},
        },
        "case": {"station": "team", "to": "course"},
        "course": {"station": "ward", "stay": "5 weeks", "to": "job", "outcome": True},
        "job": {"final": True, "outcome": True},
    },
    "entries": {
        "door": {"rate": "1.5 per day", "to": "advice"},
        "stock": {"count": 20, "elapsed": "3 weeks", "waiting": True, "to": "case"},
    },
    "clocks": {"decision": {"begins": "advice", "ends": "course", "limit": "2 weeks"}},
    "followups": {"after": {"benefit": "course", "after": "1 week"}},
    "seniorities": {"long": {"benefit": "course", "over": "2 weeks"}},
    "watches": {"w": {"station": "desk", "within": "1 day", "percentiles": [50]}},
}


def rows(results):
    return {tuple(row): column for row, column in zip(results.index, results.values.T, strict=True)}


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
@pytest.mark.parametrize("measure", HANDS)
def test_hours_and_a_day_by_hand(engine, measure):
    results = run(Pathway.from_dict(DESK), replications=1, seed=1, engine=engine)
    values = {f"2024-01-05{hour}": value for hour, value in HANDS[measure].items()}
    found = {period: float(results.select(measure, period).values[0, 0]) for period in values}
    assert found == pytest.approx(values, nan_ok=True)


def test_days_alone():
    by_day, by_hour = (run(Pathway.from_dict(DESK | {"periods": each}), replications=1) for each in ("day", "hour"))
    kept = {key: values for key, values in rows(by_hour).items() if key[1].every != "hour"}
    assert rows(by_day).keys() == kept.keys()
    for key, values in rows(by_day).items():
        np.testing.assert_array_equal(values, kept[key], err_msg=str(key))


@pytest.mark.parametrize(
    ("changed", "periods"),
    [
        ({"end": "2022-01-01"}, "day"),
        ({}, "hour"),
        ({"start": "2019-12-10T08:30", "end": "2019-12-24"}, "hour"),  # parts of a month
        ({"warm_up": "5 weeks"}, "day"),
    ],
)
def test_all_else_is_as_without_them(changed, periods):
    plain, finer = (
        run(Pathway.from_dict(TOWN | changed | more), replications=2, seed=3) for more in ({}, {"periods": periods})
    )
    assert finer.visits_sha256 == plain.visits_sha256
    before, after = rows(plain), rows(finer)
    assert {key for key in after if key[1].every not in FINER} == before.keys()
    assert {key[1].every for key in after} == {key[1].every for key in before} | {periods, "day"}
    for key, values in before.items():
        np.testing.assert_allclose(after[key], values, rtol=1e-12, err_msg=str(key))


@pytest.mark.parametrize("seed", range(3))
def test_what_shorter_periods_come_to(seed):
    rng = np.random.default_rng(seed)
    start = datetime(2019, 11, 1) + timedelta(minutes=int(rng.integers(0, 40_000)))
    changed = {"start": start.isoformat(), "end": (start + timedelta(days=80)).isoformat()}
    changed["entries"] = TOWN["entries"] | {"door": {"rate": f"{rng.integers(1, 4)} per day", "to": "advice"}}
    pathway = Pathway.from_dict(TOWN | changed | {"periods": "hour"})
    results = run(pathway, replications=1, seed=seed)
    assert results.visits_sha256 == run(pathway, replications=1, seed=seed, engine="simpy").visits_sha256
    value = {key: float(values[0]) for key, values in rows(results).items()}
    parts_of, compared = {}, set()
    for measure, period in value:
        for every, longer in (("hour", "day"), ("day", "month")):
            if period.every == every:
                parts_of.setdefault((measure, Period.around(period.start, longer)), []).append(period)
    for (measure, whole), parts in parts_of.items():
        if (measure, whole) not in value:
            continue
        here = np.array([value[measure, part] for part in parts])
        if measure.kind.adds == "sum":
            expected = here.sum()
        elif measure.kind.adds == "last" and measure.kind is not BACKLOG:  # which is of the places of its own period
            expected = value[measure, max(parts)]
        elif measure.kind.adds == "weighted":
            weights = np.array([value[measure.weight, part] for part in parts])
            expected = (here * weights)[weights > 0].sum() / weights.sum() if weights.sum() else np.nan
        elif measure.kind.name in ("mean_stock", "servers"):  # of all the time
            expected = here.mean()
        else:
            continue
        assert value[measure, whole] == pytest.approx(expected, nan_ok=True), (measure, whole)
        compared.add(measure.kind)
    assert len(compared) >= 14


def test_the_whole_days_and_hours_of_a_horizon():
    calendar = Calendar.of(Pathway.from_dict(TOWN | {"periods": "hour"}))
    hours, days = calendar.periods("hour"), calendar.periods("day")
    assert (hours[0], hours[-1], days[0], days[-1]) == ("2019-11-10T09", "2020-02-29T23", "2019-11-11", "2020-02-29")
    assert len(hours) == 24 * len(days) + 15
    assert calendar.edges[:3].tolist() == [30, 90, 150]
    assert calendar.periods("month") == ("2019-12", "2020-01", "2020-02")
    within = {"start": "2020-01-01T08:30", "end": "2020-01-01T08:50", "periods": "hour"}
    inside = Calendar.of(Pathway.from_dict(TOWN | within))
    parts = [inside.periods(every) for every in ("hour", "day", "month")]
    assert parts == [("2020-01-01T08",), ("2020-01-01",), ("2020-01",)]
    assert inside.edges.tolist() == [0, 20]


def test_nobody_who_starts_on_a_day_is_no_standstill():
    # The team meets on Tuesdays: the other days have no wait, and a month without a place stands still.
    closed = TOWN | {
        "stations": TOWN["stations"] | {"team": {"weekdays": "tue", "places": {"2019-11-10": 1, "2020-01-15": 0}}}
    }
    results = rows(run(Pathway.from_dict(closed | {"periods": "day"}), replications=1))
    served = {period: values[0] for (measure, period), values in results.items() if measure == "wait.team.served"}
    assert served["2020-02"] == np.inf
    assert np.isfinite(served["2020-01-14"])
    assert not np.isinf([value for period, value in served.items() if period.every == "day"]).any()


def test_a_queue_stands_still_by_what_its_last_month_began_with():
    # Who waits from 20 January on waits at the end of both months, and at the beginning of the second alone.
    team = {"weekdays": "tue", "places": {"2024-01-01": 0}}
    still = {"name": "still", "start": "2024-01-01", "end": "2024-03-01", "periods": "day", "stations": {"team": team}}
    still["states"] = {"case": {"station": "team", "to": "gone"}, "gone": {"final": True}}
    still["entries"] = {"door": {"at": "2024-01-20", "to": "case"}}
    results = run(Pathway.from_dict(still), replications=1)
    january, february = (
        float(results.select("wait.team.served", month).values[0, 0]) for month in ("2024-01", "2024-02")
    )
    assert np.isnan(january)
    assert february == np.inf


def test_what_needs_longer_periods_has_no_days():
    index = Catalogue.of(Pathway.from_dict(TOWN | {"periods": "hour"})).index
    without = {row.measure.kind.name for row in index} - {
        row.measure.kind.name for row in index if row.period.every in FINER
    }
    assert without == {"time_to", "ended", "status", "seniority"}


def test_left_out_or_months_are_the_same():
    plain, asked = Pathway.from_dict(TOWN), Pathway.from_dict(TOWN | {"periods": "month"})
    assert plain == asked
    assert plain.digest == asked.digest
    assert "periods" not in plain.to_dict()
    assert Pathway.from_dict(TOWN | {"periods": "day"}).digest != plain.digest


@pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"periods": "week"}, "periods: 'week' is not allowed: it should be 'month', 'day' or 'hour'"),
        ({"periods": "hour", "end": "2029-11-10"}, "periods: the horizon has 87,664 hours, and 20,000 is the most"),
        ({"periods": "day", "end": "2079-11-10"}, r"20,000 is the most \(fifty years by day\)"),
        ({"periods": "hour", "tick": "2 hours"}, "periods: a tick is longer than an hour"),
    ],
)
def test_refused(changed, message):
    with pytest.raises(InputError, match=message):
        Pathway.from_dict(TOWN | changed)


def test_memory_counts_the_periods(monkeypatch):
    monkeypatch.setattr("flowsim.simulation.runner._available_memory", lambda: 2e6)
    run(Pathway.from_dict(DESK), replications=2)
    with pytest.raises(InputError, match=r"memory: .* measures of each of 900 replications"):
        run(Pathway.from_dict(DESK), replications=900)
    run(Pathway.from_dict(DESK | {"periods": "month"}), replications=900)
