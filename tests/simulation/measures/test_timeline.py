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
from helpers.traces import CATALOGUE, DAY, RAW, START, day, measured, of, trace


def test_only_whole_periods_are_reported():
    calendar = Calendar.of(Pathway.from_dict(RAW | {"start": "2019-01-01T00:01", "end": "2020-06-30"}))
    months = [f"2019-{m:02}" for m in range(2, 13)] + [f"2020-{m:02}" for m in range(1, 6)]
    assert calendar.periods("month") == tuple(months)
    assert calendar.periods("quarter") == ("2019Q2", "2019Q3", "2019Q4", "2020Q1")
    assert calendar.periods("year") == ()
    assert calendar.edges[0] == 31 * DAY - 1
    assert calendar.edges[-1] == (day("2020-06-01") * DAY) - 1


def test_a_horizon_without_a_whole_month_reports_the_parts_that_lie_in_it():
    ends = {"name": "ends", "states": {"end": {"final": True}}, "entries": {"door": {"to": "end", "rate": "1 per day"}}}
    turn = Calendar.of(Pathway.from_dict(ends | {"start": "2018-12-31", "end": "2019-01-22"}))
    assert turn.edges.tolist() == [0, DAY, 22 * DAY]
    labels = [tuple(map(str, turn.periods(every))) for every in ("month", "quarter", "year")]
    assert labels == [("2018-12", "2019-01"), ("2018Q4", "2019Q1"), ("2018", "2019")]
    assert turn.last_moments("year")[-1] == datetime(2019, 1, 21, 23, 59, 59, 999999)

    short = Pathway.from_dict(RAW | {"start": "2019-01-31", "end": "2019-02-22"})
    meetings = [(7, 1, 3, 0, 2), (14, 1, 1, 0, 0)]  # days since the start
    values = measured(trace(meetings, there=[[("plan", 0, 0, 3), ("team", 3, 7, None)]]), Catalogue.of(short))
    assert of(values, "stock.cash") == {"2019Q1": 1, "2019": 1}
    assert of(values, "mean_stock.cash") == {"2019": 1}
    assert of(values, "wait.board.served") == pytest.approx(dict.fromkeys(("2019-02", "2019Q1", "2019"), 4 / 7))
    assert of(values, "places.board") == {"2019Q1": 4, "2019": 4}
    assert of(values, "servers.desk") == pytest.approx({"2019Q1": (15 * 2 + 7 * 4) / 22, "2019": (15 * 2 + 7 * 4) / 22})
    assert of(values, "utilisation.desk") == pytest.approx(dict.fromkeys(("2019Q1", "2019"), 3 / (15 * 2 + 7 * 4)))


@pytest.mark.parametrize(("start", "end"), [("2019-01-02", "2019-01-31"), ("2019-01-31", "2019-02-28")])
def test_a_short_horizon_has_all_measures_that_a_long_one_has(start, end):
    short = Catalogue.of(Pathway.from_dict(RAW | {"start": start, "end": end}))
    assert {row.measure for row in short.index} == {row.measure for row in CATALOGUE.index}
    assert {row.period for row in short.index if row.measure == "stock.cash"} == {"2019Q1", "2019"}


def test_a_horizon_of_whole_months_and_no_whole_quarter_reports_all_by_month():
    short = Catalogue.of(Pathway.from_dict(RAW | {"start": "2019-02-01", "end": "2019-05-15"}))
    assert {row.measure for row in short.index} == {row.measure for row in CATALOGUE.index}
    assert {row.period for row in short.index} == {"2019-02", "2019-03", "2019-04"}
    meetings = [(7, 1, 3, 0, 2), (14, 1, 1, 0, 0), (35, 1, 2, 0, 0)]  # days since the start
    values = measured(trace(meetings, there=[[("plan", 0, 0, 3), ("team", 3, 7, None)]]), short)
    assert of(values, "places.board") == {"2019-02": 4, "2019-03": 2}
    assert of(values, "mean_stock.cash") == {"2019-02": 1, "2019-03": 1, "2019-04": 1}


def test_a_horizon_of_whole_quarters_and_no_whole_year_reports_by_quarter_what_is_told_by_year():
    short = Catalogue.of(Pathway.from_dict(RAW | {"start": "2019-01-15", "end": "2019-11-15"}))
    assert {row.measure for row in short.index} == {row.measure for row in CATALOGUE.index}
    told = {
        name: [row.period for row in short.index if row.measure == name] for name in ("mean_stock.cash", "stock.cash")
    }
    assert told["mean_stock.cash"] == told["stock.cash"] == ["2019Q2", "2019Q3"]


@pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")
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


@pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")
@pytest.mark.parametrize(
    ("start", "end", "tick", "periods", "cells"),
    [
        ("2019-01-01", "2029-01-01", "1 minute", {}, 1.5),  # one and a few to a month
        ("2019-01-01", "2020-01-01", "1 minute", {"periods": "hour"}, 2.0),
        ("2019-01-01T00:59:59", "2020-01-01", "0.001 seconds", {"periods": "hour"}, 2.5),
        ("2019-01-31T23:59:00", "2019-12-31T00:00:01", "0.001 seconds", {"periods": "day"}, 2.5),
        ("2019-01-10T00:59:59", "2019-01-24T00:00:01", "0.001 seconds", {"periods": "hour"}, 2.5),
        ("2019-01-10T00:59", "2019-01-10T01:01", "0.001 seconds", {"periods": "hour"}, 2.5),
    ],
)
def test_time_is_cut_into_few_cells_however_near_two_edges_are(start, end, tick, periods, cells):
    calendar = Calendar.of(Pathway.from_dict(RAW | {"start": start, "end": end, "tick": tick} | periods))
    assert len(calendar.cells[2]) < cells * len(calendar.edges)
    edges = calendar.edges
    between = np.random.default_rng(1).integers(edges[0] - 10, edges[-1] + 10, 1000)
    times = np.unique(np.concatenate([edges - 1, edges, edges + 1, between, [-(10**15), 10**15]]))
    np.testing.assert_array_equal(calendar.month(times), np.searchsorted(edges, times, side="right"))


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
