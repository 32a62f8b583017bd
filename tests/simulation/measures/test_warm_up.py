"""A warm-up leaves periods out, and changes no value of those that are left, nor any visit."""

from datetime import datetime

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.core.periods import Period
from flowsim.simulation.measures.catalogue import Catalogue

RAW = {
    "name": "town",
    "start": "2019-11-10",
    "end": "2023-01-01",
    "stations": {"desk": {"capacity": 2}, "team": {"weekdays": "tue", "places": 6}},
    "states": {
        "advice": {
            "station": "desk",
            "stay": {"law": "gamma", "mean": "2 days", "cv": 1},
            "to": {"case": 0.5, "job": 0.5},
        },
        "case": {"station": "team", "to": "course"},
        "course": {"stay": "20 weeks", "to": "job", "outcome": True},
        "job": {"final": True, "outcome": True},
    },
    "entries": {
        "door": {"rate": "0.9 per day", "to": "advice"},
        "stock": {"count": 20, "elapsed": "3 weeks", "waiting": True, "to": "case"},
    },
    "clocks": {"decision": {"begins": "advice", "ends": "course", "limit": "6 weeks"}},
    "followups": {"after": {"benefit": "course", "after": "1 week"}},
    "seniorities": {"long": {"benefit": "course", "over": "8 weeks"}},
    "watches": {"w": {"station": "desk", "within": "1 day", "percentiles": [50]}},
}


def rows(results):
    return {
        (str(row.measure), str(row.period)): column for row, column in zip(results.index, results.values.T, strict=True)
    }


@pytest.mark.parametrize(
    ("warm_up", "first"), [("1 day", "2019-12"), ("60 weeks", "2021-02"), ("150 weeks", "2022-10")]
)
def test_what_is_left_is_as_it_was(warm_up, first):
    whole = run(Pathway.from_dict(RAW), replications=3, seed=5)
    warmed = run(Pathway.from_dict(RAW | {"warm_up": warm_up}), replications=3, seed=5)
    assert warmed.visits_sha256 == whole.visits_sha256
    before, after = rows(whole), rows(warmed)
    # What is told by year alone is told by quarter where no whole year is left.
    yearly = {str(row.measure) for row in whole.index if row.measure.kind.every == ("year",)}
    assert {measure for measure, _ in after} == {measure for measure, _ in before}
    assert {measure for measure, _ in set(after) - set(before)} == (yearly if warm_up == "150 weeks" else set())
    for key in set(after) & set(before):
        values = after[key]
        np.testing.assert_array_equal(values, before[key], err_msg=str(key))
    assert min(period for _, period in after if len(period) == 7 and "-" in period) == first
    assert {key for key in before if key[1] >= first and "Q" not in key[1] and "-" in key[1]} <= set(after)


def test_occupancy_begins_after_the_warm_up():
    results = run(Pathway.from_dict(RAW | {"warm_up": "60 weeks"}), replications=2, seed=5, keep_traces=True)
    own, told = results.occupancy("team"), results.occupancy("team", since="2021-01-03")
    np.testing.assert_allclose(own["share"], told["share"])


@pytest.mark.parametrize(
    ("start", "warm_up", "begin", "whole"),
    [
        ("2023-01-01", "1 year", "2024-01-01", "2024"),  # 365 days
        ("2024-01-01", "1 year", "2025-01-01", "2025"),  # 366 days
        ("2024-01-01", "6 months", "2024-07-01", "2024Q3"),
        ("2023-10-31", "5 months", "2024-03-31", "2024-04"),
        ("2023-01-31", "1 month", "2023-02-28", "2023-03"),
        ("2023-01-01", "365 days", "2024-01-01", "2024"),
        ("2023-01-01T12:00", "13 weeks", "2023-04-02T12:00", "2023-05"),
    ],
)
def test_months_and_years_of_a_warm_up_are_those_of_the_calendar(start, warm_up, begin, whole):
    pathway = Pathway.from_dict(RAW | {"start": start, "end": "2026-01-01", "warm_up": warm_up})
    assert pathway.measured_from == datetime.fromisoformat(begin)
    periods = {str(row.period) for row in Catalogue.of(pathway).index}
    every = Period(whole).every
    assert min(period for period in periods if Period(period).every == every) == whole


@pytest.mark.parametrize("warm_up", ["10 years", "9000 years"])
def test_a_warm_up_of_all_is_refused(warm_up):
    with pytest.raises(InputError, match="warm_up: it is as long as the horizon, so nothing is measured"):
        Pathway.from_dict(RAW | {"warm_up": warm_up})
