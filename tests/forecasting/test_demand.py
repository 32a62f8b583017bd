"""Forecasts that drive a simulation through its doors."""

import copy

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.evidence.series import Series
from flowsim.forecasting.demand import Demand, doors
from flowsim.forecasting.trend import forecast_series

RAW = {
    "name": "driven",
    "start": "2020-01-01",
    "end": "2022-01-01",
    "states": {
        "cash": {
            "race": {
                "plan": {"rate": {"2020-01-01": "2 per year", "2021-02-01": "4 per year"}},
                "job": {"rate": "1 per year"},
            },
        },
        "plan": {"stay": "8 weeks", "to": "job"},
        "job": {"final": True, "outcome": True},
    },
    "entries": {
        "street": {"to": "plan", "rate": {"2020-01-01": "100 per year", "2021-05-16": "200 per year"}},
        "there": {"to": "cash", "count": 400},
    },
}  # fmt: skip
DRIVEN = Pathway.from_dict(RAW)
YEAR = 365.25 * 24 * 60


def demand(*paths, door="street", relative=True, first="2021Q1"):
    return Demand(name="d", first=first, paths=np.array(paths, float), doors=(door,), relative=relative)


def rates(pathway, door):
    return {f"{since:%Y-%m-%d}": round(rate * YEAR, 6) for since, rate in doors(pathway)[door].root}


def test_the_doors_are_entries_and_exits_with_a_rate():
    assert list(doors(DRIVEN)) == ["street", "cash.plan", "cash.job"]


def test_a_relative_path_multiplies_what_holds_in_each_quarter():
    found = demand([1.5, 2.0]).over(DRIVEN).pathway(1, 0)
    # 2021Q1 at 1.5, 2021Q2 at 2.0 with the file's own step in its middle; from July on the last level goes on.
    assert rates(found, "street") == {
        "2020-01-01": 100.0,
        "2021-01-01": 150.0,
        "2021-04-01": 200.0,
        "2021-05-16": 400.0,
    }
    assert rates(found, "cash.plan") == rates(DRIVEN, "cash.plan")


def test_steps_after_the_last_quarter_are_multiplied_too():
    found = demand([3.0], first="2020Q2").over(DRIVEN).pathway(1, 0)
    assert rates(found, "street") == {"2020-01-01": 100.0, "2020-04-01": 300.0, "2021-05-16": 600.0}


def test_a_step_at_the_very_end_of_the_path_is_multiplied_too():
    street = RAW["entries"]["street"] | {"rate": {"2020-01-01": "100 per year", "2021-04-01": "200 per year"}}
    stepped = Pathway.from_dict(RAW | {"entries": RAW["entries"] | {"street": street}})
    found = demand([3.0], first="2021Q1").over(stepped).pathway(1, 0)
    assert rates(found, "street") == {"2020-01-01": 100.0, "2021-01-01": 300.0, "2021-04-01": 600.0}


def test_an_exit_is_a_door_where_paths_multiply():
    found = demand([0.5], door="cash.plan").over(DRIVEN).pathway(1, 0)
    assert rates(found, "cash.plan") == {"2020-01-01": 2.0, "2021-01-01": 1.0, "2021-02-01": 2.0}
    assert rates(found, "street") == rates(DRIVEN, "street")


def test_counts_come_within_their_quarter():
    found = demand([90.0, 182.0], relative=False).over(DRIVEN).pathway(1, 0)
    # 90 in the 90 days of 2021Q1, 182 in the 91 of 2021Q2: one and two a day, and two go on.
    day = YEAR / (24 * 60)
    assert rates(found, "street") == {"2020-01-01": 100.0, "2021-01-01": round(day, 6), "2021-04-01": round(2 * day, 6)}


def test_those_who_are_counted_come_in_batches_of_so_many():
    raw = copy.deepcopy(RAW)
    raw["entries"]["street"]["batch"] = {"2020-01-01": 2, "2021-02-15": {"1": 0.5, "5": 0.5}, "2021-10-01": 4}
    found = demand([90.0, 182.0], relative=False).over(Pathway.from_dict(raw)).pathway(1, 0)
    day = YEAR / (24 * 60)
    assert rates(found, "street") == {
        "2020-01-01": 100.0,
        "2021-01-01": round(day / 2, 6),
        "2021-02-15": round(day / 3, 6),
        "2021-04-01": round(2 * day / 3, 6),
        "2021-10-01": round(2 * day / 4, 6),
    }


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"open": "mon-fri 08:00-16:00", "closed": "feb, each year"},
        {"profile": {"mon-fri 08:00-12:00": 3.0, "sat 10:00-14:00": 0.5}},
        {"open": "mon-fri 08:00-16:00", "batch": {"2020-01-01": 2, "2021-05-01": 5}},
    ],
)
def test_as_many_come_as_the_path_says(hours):
    raw = RAW | {"entries": RAW["entries"] | {"street": RAW["entries"]["street"] | hours}}
    found = demand([60.0, 140.0], relative=False).over(Pathway.from_dict(raw))
    counts = run(found, replications=200, seed=1)
    for period, expected in (("2021Q1", 60), ("2021Q2", 140)):
        came = counts.select("entries.street", period).values
        assert abs(came.mean() - expected) / np.sqrt(expected * (5 if "batch" in hours else 1) / 200) < 4.5


def test_who_is_to_come_while_the_door_is_closed_is_refused():
    street = RAW["entries"]["street"] | {"closed": "apr-jun, each year"}
    closed = Pathway.from_dict(RAW | {"entries": RAW["entries"] | {"street": street}})
    with pytest.raises(InputError, match="'street' is closed all 2021Q2, in which some are to come"):
        demand([60.0, 140.0], relative=False).over(closed)
    assert rates(demand([60.0, 0.0], relative=False).over(closed).pathway(1, 0), "street")["2021-04-01"] == 0.0


def test_each_replication_takes_the_next_path():
    driven = demand([1.0], [2.0], [3.0]).over(DRIVEN)
    first = [rates(driven.pathway(1, number), "street")["2021-01-01"] for number in range(4)]
    assert first == [100.0, 200.0, 300.0, 100.0]
    assert rates(demand([1.0], [2.0], [6.0]).middle.over(DRIVEN).pathway(1, 5), "street")["2021-01-01"] == 200.0


def test_a_varying_model_is_driven_too():
    class Doubling:
        def pathway(self, seed, replication):
            raw = copy.deepcopy(RAW)
            raw["entries"]["street"]["rate"] = {"2020-01-01": f"{100 * 2**replication} per year"}
            return Pathway.from_dict(raw)

    driven = demand([1.5]).over(Doubling())
    assert rates(driven.pathway(1, 1), "street") == {"2020-01-01": 200.0, "2021-01-01": 300.0}


def test_paths_are_drawn_from_a_forecast():
    series = Series(name="cases", unit="cases", every="quarter", first="2018Q1", values=(40.0, 44.0, 50.0, 42.0) * 3)
    told = forecast_series(series.__class__(**{**vars(series), "values": (*series.values[:-1], 47.0)}), 4)
    counted = Demand.of(told, ["street"], relative=False, count=50, seed=2)
    np.testing.assert_array_equal(counted.paths, told.paths(50, 2))
    assert counted.first == "2021Q1"
    keeping = Demand.of(told, ["street", "cash.plan"], relative=True, count=50, seed=2)
    np.testing.assert_allclose(keeping.paths, told.paths(50, 2) / np.mean([40, 44, 50, 47]))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (demand([1.0], door="steet"), "--door: there is no door 'steet'; did you mean 'street'?"),
        (demand([1.0], door="there"), "there is no door 'there'"),
        (demand([9.0], door="cash.plan", relative=False), "there is no door 'cash.plan'"),
        (demand([1.0], first="2023Q1"), "d: its first quarter ahead, 2023Q1, lies outside the horizon, 2020-01-01 to"),
    ],
)
def test_bad_doors_are_refused(told, message):
    with pytest.raises(InputError) as refused:
        told.over(DRIVEN)
    assert message in str(refused.value)


def test_nothing_keeps_step_with_a_year_of_nothing():
    series = Series(name="cases", unit="", every="quarter", first="2018Q1", values=(4.0, 5.0) * 4 + (0.0,) * 4)
    with pytest.raises(InputError, match="cases: it was 0 in all of its last year, so nothing can keep step with it"):
        Demand.of(forecast_series(series, 2), ["street", "cash.plan"], relative=True)


def test_those_who_are_counted_come_by_one_entry():
    series = Series(name="cases", unit="", every="quarter", first="2018Q1", values=(40.0, 44.0, 50.0, 42.0, 47.0) * 2)
    with pytest.raises(InputError, match="those who are counted come by one entry"):
        Demand.of(forecast_series(series, 4), ["street", "other"], relative=False)
