"""Every measure of how many and how long in queues has a case worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flowsim import run
from flowsim.core.errors import InputError
from flowsim.model.pathway import Pathway
from flowsim.simulation.measures.catalogue import Catalogue
from helpers.traces import RAW, day, measured, of, stalled, trace, undefined


def test_entries_count_by_period_and_leave_out_who_was_there():
    one = trace(
        # The first enters with the year, the second at the very edge of the second quarter: in it.
        new=[
            [("cash", 0, 0, None)],
            [("cash", "2019-04-01", "2019-04-01", None)],
            [("cash", "2020-02-01", None, None)],
        ],
        other=[[("course", "2019-03-31T23:59", "2019-03-31T23:59", None)]],
        there=[[("plan", -5, -5, None)], [("plan", 0, 0, None)]],
    )
    values = measured(one)
    assert of(values, "entries.new") == {"2019Q1": 1, "2019Q2": 1, "2019": 2, "2020Q1": 1}
    assert of(values, "entries.other") == {"2019Q1": 1, "2019": 1}
    assert not [name for name, _ in values if name in ("entries.there", "entries.awarded")]


def test_stocks_are_what_is_there_just_before_the_edge():
    one = trace(
        there=[
            # From plan to team she stays on cash; she leaves it at the edge itself, so it counts her.
            [
                ("plan", -30, None, "2019-02-01"),
                ("team", "2019-02-01", "2019-03-04", "2019-04-01"),
                ("work", "2019-04-01"),
            ]
        ],
        # He comes at the edge itself: not yet there.
        new=[[("cash", "2019-04-01", "2019-04-01", None)]],
        awarded=[[("pension", -400)], [("pension", 0)]],
    )
    values = measured(one)
    quarters = ["2019Q1", "2019Q2", "2019Q3", "2019Q4", "2020Q1", "2020Q2"]
    assert of(values, "stock.cash") == dict.fromkeys([*quarters, "2019"], 1)
    assert of(values, "stock.work") == dict.fromkeys([*quarters[1:], "2019"], 1)
    assert of(values, "stock.pension") == dict.fromkeys([*quarters, "2019"], 2)


def test_mean_stock_is_the_time_spent_within_the_year():
    one = trace(
        # 73 of the year's 365 days from before its start, and 146 days until after its end: 0.2 + 0.4.
        there=[[("plan", -100, None, 73), ("team", 73, None, 73), ("work", 73)]],
        new=[[("cash", 219, 219, 400), ("work", 400)]],
    )
    values = measured(one)
    assert of(values, "mean_stock.cash") == {"2019": pytest.approx(0.6)}
    assert of(values, "mean_stock.work") == {"2019": pytest.approx(0.8)}
    assert ("mean_stock.cash", "2020") not in values  # half a year is no year


def test_awards_count_entering_an_outcome():
    one = trace(
        awarded=[[("pension", -10)], [("pension", 0)]],
        # Who comes by a door straight into an outcome is awarded it; again into the same state is a new award.
        other=[[("course", 10, 10, 100), ("course", 100, 100, 181), ("pension", 181)]],
        there=[[("plan", 0, 0, 9), ("team", 9, 9, 9), ("course", 9, 9, None)]],
    )
    values = measured(one)
    assert of(values, "awards.course") == {"2019Q1": 2, "2019Q2": 1, "2019": 3}
    assert of(values, "awards.pension") == {"2019Q3": 1, "2019": 1}
    assert ("awards.work", "2019") not in values


def test_exits_are_of_spells_by_where_they_went():
    one = trace(
        there=[
            [
                ("plan", -9, -9, 9),
                ("team", 9, 9, 9),
                ("course", 9, 9, 50),
                ("course", 50, 50, 99),
                ("cash", 99, 99, None),
            ],
            [("plan", -9, None, 5), ("team", 5, None, 364.9), ("work", 364.9)],
            [("plan", -9, None, 5), ("team", 5, None, 365), ("work", 365)],  # in 2020, which is not whole
        ]
    )
    values = measured(one)
    assert of(values, "exits.cash.course") == {"2019": 1}
    assert of(values, "exits.course.cash") == {"2019": 1}
    assert of(values, "exits.cash.work") == {"2019": 1}
    exits = {name for name, _ in values if name.startswith("exits")}
    assert exits == {
        "exits.cash.course",
        "exits.cash.pension",
        "exits.cash.work",
        "exits.course.cash",
        "exits.course.pension",
        "exits.course.work",
    }


def test_wait_of_the_served():
    # Eleven start on 4 March after 1 … 11 weeks, and one with no wait on the last of February.
    march = day("2019-03-04")
    stories = [[("plan", march - 7 * n, march, None)] for n in range(1, 12)]
    stories += [[("plan", "2019-02-28", "2019-02-28", None)]]
    # Who reneged, is refused, or waits still was not served.
    stories += [[("plan", -700, None, march), ("cash", march, march, None)], [("plan", -700, None, None)]]
    values = measured(trace(there=stories))
    assert of(values, "wait.desk.served") == {
        "2019-03": 6,  # (1 + … + 11) / 11
        **dict.fromkeys(("2019Q1", "2019"), 5.5),  # over all twelve, and not the mean of the months
    }
    # 90 % of 11 is 9.9, so the tenth; the 95th percentile or the ninth would be another.
    assert of(values, "wait.desk.served_p90") == {"2019-03": 10}
    assert "2019-02" not in undefined(values, "wait.desk.served")
    # One waits for ever: from April on, where nobody starts, the queue stands still.
    assert len(stalled(values, "wait.desk.served")) == 1 + 15 + 5  # January, from April on, and five quarters
    assert undefined(values, "wait.desk.served") == []
    assert len(undefined(values, "wait.board.served")) == 18 + 6 + 1


def test_ninetieth_percentile_of_ten_is_the_ninth():
    stories = [[("plan", -7 * n, 0, None)] for n in range(1, 11)]
    assert of(measured(trace(there=stories)), "wait.desk.served_p90") == {"2019-01": 9}


def test_queue_counts_who_waits_just_before_the_edge():
    one = trace(
        there=[
            [("plan", -5, "2019-02-01", None)],  # starts at the edge: still waits before it
            [("plan", -5, None, "2019-01-31"), ("cash", "2019-01-31", "2019-01-31", None)],  # reneged before it
            [("plan", "2019-02-01", "2019-02-02", None)],  # joins at the edge
            [("plan", 5, None, 5), ("cash", 5, 5, None)],  # refused at once
            [("plan", 5, 5, 9), ("team", 9, None, None)],
        ]
    )
    values = measured(one)
    assert of(values, "queue.desk") == {"2019-01": 1}
    assert len(of(values, "queue.board")) == 18 + 6 + 1


def test_first_free_place_of_a_meeting():
    waiting = [[("plan", 0, 0, 9), ("team", 9, None, None)] for _ in range(5)]
    meetings = [
        ("2019-01-28", 1, 9, 9, 9),  # over when January ends
        ("2019-02-01", 1, 2, 2, 5),  # places 2, then 5, then 6: only the third exceeds the 5 who wait
        ("2019-02-04", 1, 3, 0, 0),
        ("2019-02-15", 1, 1, 0, 0),
        ("2019-02-03", 0, 99, 0, 0),  # another station
        ("2020-07-01", 1, 5, 0, 0),  # as many as wait are not more than wait
    ]
    values = measured(trace(meetings, there=waiting))
    assert of(values, "wait.board.first_free") == {"2019-01": 2}  # 14 days from 1 February
    assert len(undefined(values, "wait.board.first_free")) == 17
    nobody = measured(trace([("2019-02-08", 1, 1, 0, 0)]))
    assert of(nobody, "wait.board.first_free") == {"2019-01": 1}


def test_first_free_server_is_when_all_ahead_are_gone():
    one = trace(
        there=[
            [("plan", 0, "2019-02-08", None)],
            [("plan", 5, None, "2019-02-15"), ("cash", "2019-02-15", "2019-02-15", None)],  # reneged
            [("plan", 9, "2019-02-03", None)],
            [("plan", "2019-02-01", "2019-06-01", None)],  # joins at the edge, behind: counts from February's end
            [("plan", "2019-08-01", None, None)],  # for ever
        ]
    )
    values = measured(one)
    weeks = {"2019-01": 2, "2019-02": 92 / 7, "2019-03": 61 / 7, "2019-04": 31 / 7}
    assert of(values, "wait.desk.first_free") == pytest.approx(weeks)
    # Nobody waits in May to July; from August on the wait is not over within the horizon.
    assert undefined(values, "wait.desk.first_free") == [
        f"{year}-{m:02}" for year, m in [(2019, m) for m in range(8, 13)] + [(2020, m) for m in range(1, 7)]
    ]


def test_first_free_server_is_not_yet_free_while_all_are_busy():
    """Two servers until 15 February, then four; nobody waits."""
    long = [("plan", 0, 0, 100), ("team", 100, None, None)]
    values = measured(trace(there=[long, long]))
    assert of(values, "wait.desk.first_free") == {"2019-01": 2}  # of the two more
    values = measured(trace(there=[long, long, *[[("plan", "2019-02-15", "2019-02-15", None)]] * 2]))
    assert of(values, "wait.desk.first_free") == pytest.approx({"2019-01": 2, "2019-02": 41 / 7, "2019-03": 10 / 7})
    # Somebody who joins later and begins before the month's joiner would have had to stand behind her.
    later = [("plan", "2019-03-04", "2019-03-08", None)]
    values = measured(trace(there=[*[[("plan", 0, 0, None)]] * 3, later]))
    assert of(values, "wait.desk.first_free")["2019-01"] == 2


def test_first_free_server_of_a_queue_of_markov_is_the_work_left():
    """M/M/1 at 0.8 and 10 hours a service: 40 hours, for what is left to do at a month's end is as at an arrival."""
    raw = {
        "name": "single",
        "start": "2000-01-01",
        "end": "2199-01-01",
        "stations": {"desk": {"capacity": 1}},
        "states": {
            "desk": {"station": "desk", "stay": {"law": "exponential", "mean": "10 hours"}, "to": "out"},
            "out": {"final": True},
        },
        "entries": {"door": {"to": "desk", "rate": "0.08 per hour"}},
    }
    results = run(Pathway.from_dict(raw), replications=6, seed=3).select("wait.desk.first_free")
    hours = np.nanmean(results.values, axis=1) * 7 * 24
    assert abs(hours.mean() - 40) < 4 * hours.std(ddof=1) / 6**0.5 < 8


@pytest.mark.parametrize(("together", "days"), [(1, [0, 0, 0]), (3, [4, 4, math.nan])])
def test_first_free_server_of_groups_is_when_the_next_one_begins(together, days):
    """Six servers, and nobody waits at the end of February; those of 3 to 5 March are the next group."""
    raw = {
        "name": "course",
        "start": "2024-01-01",
        "end": "2024-04-01",
        "stations": {"course": {"capacity": 6, "together": together}},
        "states": {"in": {"station": "course", "stay": "1 day", "to": "out"}, "out": {"final": True}},
        "entries": {
            "door": {
                "to": "in",
                "at": [f"2024-{day}" for day in ("01-10", "01-20", "02-05", "03-03", "03-04", "03-05")],
            }
        },
    }
    free = run(Pathway.from_dict(raw), replications=1).select("wait.course.first_free")
    assert free.values[0] * 7 == pytest.approx(days, nan_ok=True)


def test_backlog_over_the_places_a_week():
    waiting = [[("plan", 0, 0, 9), ("team", 9, None, None)] for _ in range(6)]
    meetings = [("2019-02-04", 1, 8, 0, 0), ("2019-02-28", 1, 4, 0, 0), ("2019-03-01", 1, 7, 0, 0)]
    values = measured(trace(meetings, there=waiting))
    # February: 6 wait, 12 places in 4 weeks are 3 a week. March: 7 places in 31/7 weeks.
    assert of(values, "wait.board.backlog") == pytest.approx({"2019-02": 2, "2019-03": 6 * 31 / 49})
    # Six wait from 10 January on: a month in which nothing is offered is one without end.
    assert undefined(values, "wait.board.backlog") == ["2019-01"]
    assert len(stalled(values, "wait.board.backlog")) == 15


def test_backlog_of_servers_over_the_starts_a_week():
    stories = [[("plan", 0, "2019-02-04", None)]] * 2 + [[("plan", 0, None, None)]] * 3
    values = measured(trace(there=stories))
    assert of(values, "wait.desk.backlog") == {"2019-02": 6}  # 3 wait, 2 starts in 4 weeks are 0.5 a week
    assert undefined(values, "wait.desk.backlog") == ["2019-01"]  # nobody waits at its beginning
    assert len(stalled(values, "wait.desk.backlog")) == 16


def test_a_queue_stands_still_where_somebody_waits_all_month_and_nobody_starts():
    stories = [[("plan", "2019-01-20", "2019-04-10", None)], [("plan", "2019-05-02", None, None)]]
    values = measured(trace(there=stories))
    served = {period: value for (name, period), value in values.items() if name == "wait.desk.served"}
    # January: she has just come. February and March: she waits all month. April: her turn. May: the next has come.
    months = [served[f"2019-{month:02}"] for month in range(1, 8)]
    np.testing.assert_array_equal(np.isnan(months), [True, False, False, False, True, False, False])
    np.testing.assert_array_equal(np.isinf(months), [False, True, True, False, False, True, True])
    assert served["2019Q1"] == math.inf
    assert served["2019"] == pytest.approx(80 / 7)  # whoever was served in a year defines it


def test_a_queue_that_nobody_is_in_does_not_stand_still():
    values = measured(
        trace(there=[[("plan", "2019-02-01", None, "2019-03-05"), ("cash", "2019-03-05", "2019-03-05", None)]])
    )
    assert stalled(values, "wait.desk.served") == []  # she waits through February, and gives up in March


def test_utilisation():
    # The desk offers 2 x 45 days until 15 February and 4 x 45 from then on: 270 days in the first quarter.
    one = trace(
        [("2019-01-07", 1, 4, 1, 1), ("2019-03-31", 1, 4, 4, 9), ("2019-04-01", 1, 5, 5, 9)],
        there=[
            [("plan", -50, -20, 27), ("team", 27, None, None)],  # 27 days of them
            [("plan", 10, 63, 100), ("team", 100, None, None)],  # 27 more; the wait is no use of a server
            [("plan", 0, None, 80), ("cash", 80, 80, None)],
            [("plan", "2020-04-01", "2020-04-01", None)],  # one of four servers, until the horizon
        ],
    )
    values = measured(one)
    shares = {"2019Q1": 0.2, "2019Q2": 10 / 364, "2020Q2": 0.25, "2019": (54 + 10) / (270 + 4 * 275)}
    assert of(values, "utilisation.desk") == pytest.approx(shares)
    assert of(values, "utilisation.board") == {"2019Q1": 5 / 8, "2019Q2": 1, "2019": 10 / 13}
    assert undefined(values, "utilisation.board") == ["2019Q3", "2019Q4", "2020Q1", "2020Q2"]


def test_staff_meetings_and_places_are_those_in_force_and_held():
    # Servers 2 until 15 February and 4 from then on; staff 2, 4 and 0; the third meeting has no place to offer.
    log = [
        ("2019-01-07", 1, 5, 5, 9),
        ("2019-01-14", 1, 3, 0, 0),
        ("2019-02-04", 1, 0, 0, 7),
        ("2019-04-01", 1, 2, 2, 2),
    ]
    values = measured(trace(log))
    first = (45 * 2 + 45 * 4) / 90
    assert of(values, "servers.desk")["2019Q1"] == pytest.approx(first)
    assert of(values, "servers.desk")["2019"] == pytest.approx((45 * 2 + 320 * 4) / 365)
    assert of(values, "staff.board.town") == pytest.approx({"2019Q1": 2, "2019Q2": 4, "2019": (90 * 2 + 91 * 4) / 365})
    assert of(values, "meetings.board") == {"2019Q1": 2, "2019Q2": 1, "2019": 3}
    assert of(values, "places.board") == {"2019Q1": 8, "2019Q2": 2, "2019": 10}
    assert not [name for name, _ in values if name in ("meetings.desk", "places.desk", "staff.board.region")]


def test_the_time_waited_falls_into_the_period_in_which_it_was_spent():
    # From 24 March to 7 April: eight days in the first quarter, six in the second. Who waits at the end counts so far.
    story = [("cash", 0, 0, "2019-03-24"), ("plan", "2019-03-24", "2019-04-07", None)]
    last = [("cash", 0, 0, "2020-06-17"), ("plan", "2020-06-17", None, None)]
    values = measured(trace(new=[story, last]))
    assert of(values, "waited.desk") == pytest.approx({"2019Q1": 8 / 7, "2019Q2": 6 / 7, "2020Q2": 2, "2019": 2})


def test_caseload_counts_queuers_and_the_staff_just_before_the_edge():
    one = trace(
        there=[
            [("plan", -9, None, None)],
            [("plan", -9, -9, 5), ("team", 5, None, None)],
            [("plan", 0, 0, "2019-04-01"), ("team", "2019-04-01", None, 100), ("work", 100)],
        ],
        new=[[("cash", 0, 0, None)]],
    )
    values = measured(one)
    # The staff of 1 April (4) and of 1 July (none) are not yet there.
    assert of(values, "caseload.board.town") == {"2019Q1": 1.5, "2019Q2": 0.5}
    assert undefined(values, "caseload.board.town") == ["2019Q3", "2019Q4", "2020Q1", "2020Q2", "2019"]
    assert not [name for name, _ in values if name == "caseload.board.region"]


def test_two_measures_of_one_name_are_refused():
    clash = {"after": RAW["followups"]["after"] | {"groups": {"work": ["work"]}}}
    with pytest.raises(InputError, match=r"two measures of 'small' are called 'status.after.1_month.work'"):
        Catalogue.of(Pathway.from_dict(RAW | {"followups": clash}))
