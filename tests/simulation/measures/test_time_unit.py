"""Spans of time in the unit that a pathway names: by hand, and against the same run told in weeks and years."""

import pickle

import numpy as np
import pytest

from flowsim import InputError, Pathway, compare, run
from flowsim.core.civil_time import MINUTES
from flowsim.simulation.measures.catalogue import Catalogue, Frame
from flowsim.simulation.measures.stations import SERVED

DESK = {
    "name": "desk",
    "start": "2024-01-05",
    "end": "2024-01-07",
    "periods": "day",
    "stations": {"desk": {"capacity": 1}},
    "states": {"advice": {"station": "desk", "stay": "30 minutes", "to": "gone"}, "gone": {"final": True}},
    # Served at once, after 20 minutes, and after 45.
    "entries": {"door": {"at": [f"2024-01-05T{time}" for time in ("13:50", "14:00", "14:05")], "to": "advice"}},
    "watches": {"w": {"station": "desk", "percentiles": [50]}},
    "clocks": {"help": {"begins": ["advice"], "begins_at": "joined", "ends": ["gone"], "limit": "1 hour"}},
}
MINUTES_BY_HAND = {
    "wait.desk.served": 65 / 3,
    "wait.desk.served_p90": 45,
    "watch.w.p50.wait": 20,
    "clock.help.mean": 65 / 3 + 30,
    "clock.help.median": 50,
}
TOWN = {
    "name": "town",
    "start": "2019-01-01",
    "end": "2021-01-01",
    "attributes": {"age": {"shares": {"young": 0.5, "old": 0.5}}},
    "stations": {"desk": {"capacity": 2}, "team": {"weekdays": "tue", "places": 6}},
    "states": {
        "advice": {
            "station": "desk",
            "stay": {"law": "gamma", "mean": "50 hours", "cv": 1},
            "to": {"case": 0.5, "job": 0.5},
        },
        "case": {"station": "team", "to": "course"},
        "course": {"stay": "5 weeks", "to": "job", "outcome": True},
        "job": {"final": True, "outcome": True},
    },
    "entries": {"door": {"rate": "280 per year", "to": "advice"}},
    "watches": {"w": {"station": "team", "within": "2 weeks", "percentiles": [50, 95]}},
    "clocks": {"case": {"begins": ["case"], "begins_at": "joined", "ends": ["course"], "limit": "3 weeks"}},
}
SPANS = {"wait", "wait_of", "time_to"}


def is_span(measure):
    return measure.kind.name in SPANS or measure.endswith((".mean", ".median", ".wait"))


def test_minutes_by_hand():
    results = run(Pathway.from_dict(DESK | {"time_unit": "minute"}), replications=1)
    for measure, minutes in MINUTES_BY_HAND.items():
        row = results.select(measure, "2024-01-05")
        assert row.values[0, 0] == pytest.approx(minutes, rel=1e-15), measure
        assert row.index[0].unit == row.table()["unit"][0] == "minutes"
    assert results.select("wait.desk.served_p90", "2024-01-05").values[0, 0] == 45


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
@pytest.mark.parametrize("unit", ["second", "minute", "hour", "day", "week"])
def test_the_same_run_in_another_unit(unit, engine):
    plain, named = (
        run(Pathway.from_dict(TOWN | more), replications=3, seed=4, engine=engine) for more in ({}, {"time_unit": unit})
    )
    assert named.visits_sha256 == plain.visits_sha256
    assert named.index == plain.index
    spans = np.array([is_span(row.measure) for row in plain.index])
    assert {row.unit for row in plain.index if is_span(row.measure)} == {"weeks", "years"}
    assert {row.unit for row in named.index if is_span(row.measure)} == {f"{unit}s"}
    old_units = np.array([row.unit for row in plain.index])
    assert (old_units[~spans] == [row.unit for row in named.index if not is_span(row.measure)]).all()
    np.testing.assert_array_equal(named.values[:, ~spans], plain.values[:, ~spans])
    factors = [MINUTES[old.removesuffix("s")] / MINUTES[unit] for old in old_units[spans]]
    assert np.isfinite(plain.values[:, spans]).mean() > 0.5
    np.testing.assert_allclose(named.values[:, spans], plain.values[:, spans] * factors, rtol=1e-14)


def test_the_same_where_some_measures_alone_are_computed():
    pathway = Pathway.from_dict(TOWN | {"time_unit": "hour"})
    some = ["wait.team.served", "clock.case.median"]
    whole, few = run(pathway, replications=2), run(pathway, replications=2, measures=some)
    for measure in some:
        np.testing.assert_array_equal(few.select(measure).values, whole.select(measure).values)
        assert few.select(measure).measures[0].unit == "hours"


def test_named_or_silent_is_another_model_and_silence_is_as_before():
    plain, named = Pathway.from_dict(TOWN), Pathway.from_dict(TOWN | {"time_unit": "day"})
    assert "time_unit" not in plain.to_dict()
    assert named.digest != plain.digest
    assert Pathway.from_dict(named.to_dict()) == named
    assert pickle.loads(pickle.dumps(named)).time_unit == "day"


def test_a_measure_keeps_its_unit_between_processes():
    measure = pickle.loads(pickle.dumps(SERVED("desk", unit="minutes")))
    assert (measure, measure.unit, measure.kind) == ("wait.desk.served", "minutes", SERVED)
    assert SERVED("desk").unit == "weeks"


@pytest.mark.parametrize("word", ["minutes", "month", "year", "minut", "", 1])
def test_another_word_is_refused(word):
    allowed = "it should be 'second', 'minute', 'hour', 'day' or 'week'"
    with pytest.raises(InputError, match=f"time_unit: .*{word}.* is not allowed: {allowed}"):
        Pathway.from_dict(TOWN | {"time_unit": word})


def test_two_units_are_not_compared():
    scenarios = [Pathway.from_dict(TOWN | {"name": name, "time_unit": name}) for name in ("day", "hour")]
    with pytest.raises(InputError, match="hour: it tells waits in hours, day in days"):
        compare(scenarios, replications=2)
    with pytest.raises(InputError, match="of its pathway are not those of the first one"):
        Frame.of(scenarios[0]).check(scenarios[1], "replication 2")


def test_days_in_one_catalogue_do_not_tell_those_of_another():
    for unit in ("minute", "hour", None, "minute"):
        index = Catalogue.of(Pathway.from_dict(DESK | ({"time_unit": unit} if unit else {}))).index
        units = {row.unit for row in index if row.measure == "wait.desk.served"}
        assert units == {f"{unit or 'week'}s"}
