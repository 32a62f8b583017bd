"""The calendar in ticks."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.model.pathway import Pathway
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.timeline import Calendar
from helpers.traces import DAY, RAW, START, day, trace


def test_only_whole_periods_are_reported():
    calendar = Calendar.of(Pathway.from_dict(RAW | {"start": "2019-01-01T00:01", "end": "2020-06-30"}))
    months = [f"2019-{m:02}" for m in range(2, 13)] + [f"2020-{m:02}" for m in range(1, 6)]
    assert calendar.periods("month") == tuple(months)
    assert calendar.periods("quarter") == ("2019Q2", "2019Q3", "2019Q4", "2020Q1")
    assert calendar.periods("year") == ()
    assert calendar.edges[0] == 31 * DAY - 1
    assert calendar.edges[-1] == (day("2020-06-01") * DAY) - 1
    short = Catalogue.of(Pathway.from_dict(RAW | {"start": "2019-01-02", "end": "2019-01-31"}))
    assert short.index == ()
    assert short.compute(trace(there=[[("plan", 0, 0, 3), ("team", 3, 5, None)]])).shape == (0,)


@pytest.mark.parametrize("tick", ["1 second", "7 minutes", "1 day", "5 days", "1 week"])
def test_edges_are_the_first_ticks_of_the_months(tick):
    pathway = Pathway.from_dict(RAW | {"tick": tick})
    calendar = Calendar.of(pathway)
    for number, edge in enumerate(calendar.edges):
        moment = datetime(2019 + number // 12, number % 12 + 1, 1)
        # Whole microseconds: a tick of a second is no exact float of minutes.
        one = timedelta(microseconds=round(pathway.tick * 60e6))
        assert START + int(edge) * one >= moment > START + (int(edge) - 1) * one
    times = np.unique(np.concatenate([calendar.edges - 1, calendar.edges, calendar.edges + 1, [-(10**15), 10**15]]))
    slow = [sum(1 for edge in calendar.edges if edge <= time) for time in times]
    assert calendar.month(times).tolist() == slow


@pytest.mark.parametrize(
    ("period", "months"),
    [("2019", (24228, 24240)), ("2019Q1", (24228, 24231)), ("2019Q4", (24237, 24240)), ("2019-12", (24239, 24240))],
)
def test_months_of_a_period(period, months):
    assert (Period(period).first, Period(period).after) == months


@pytest.mark.parametrize("wrong", ["2019Q5", "2019-13", "2019-1", "19", "", "2019q1", "2019Q"])
def test_no_period(wrong):
    with pytest.raises(InputError, match="is no period: write '2019', '2019Q1' or '2019-03'"):
        Period(wrong)
