"""One number of a period, whatever periods a measure is reported for."""

from datetime import datetime

import numpy as np
import pytest

from flowsim import InputError, run
from flowsim.planning.response import Response, drawn_by, series
from helpers.measures import row
from helpers.results import results
from helpers.traces import CATALOGUE, SMALL

WITHIN, ENDED = "clock.decision.within", "clock.decision.ended"
QUARTERS = [f"2019Q{n}" for n in (1, 2, 3, 4)]
MONTHS = [f"2019-{n:02}" for n in range(1, 13)]


def made(**told):
    """Results of one measure a keyword: values by period, one replication."""
    index = [row(name, period, unit) for name, (unit, by_period) in told.items() for period in by_period]
    values = [value for _, by_period in told.values() for value in by_period.values()]
    return results(index=tuple(index), values=np.array([values]), replications=(0,), digests=("x",))


def read(measure, period, one, **how):
    return Response.of(measure, period, one.index, **how).read(one).tolist()


def test_a_share_is_that_of_all_cases_of_the_period():
    # 3 of 4, 1 of 6, nobody, 5 of 10: 9 of 20.
    one = made(
        **{
            WITHIN: ("share", dict(zip(QUARTERS, [0.75, 1 / 6, np.nan, 0.5], strict=True))),
            ENDED: ("cases", dict(zip(QUARTERS, [4.0, 6.0, 0.0, 10.0], strict=True))),
        }
    )
    assert read(WITHIN, "2019", one) == [pytest.approx(9 / 20)]
    assert read(WITHIN, "2019Q2", one) == [pytest.approx(1 / 6)]
    assert read(ENDED, "2019", one) == [20]
    assert np.isnan(read(WITHIN, "2019Q3", one))


def test_a_wait_is_the_mean_of_the_months_in_which_somebody_was_served():
    values = dict(zip(MONTHS, [4.0, 8.0, np.nan, *[6.0] * 9], strict=True))
    one = made(**{"wait.team.served": ("weeks", values)})
    assert read("wait.team.served", "2019", one) == [pytest.approx((4 + 8 + 9 * 6) / 11)]
    assert read("wait.team.served", "2019Q1", one) == [6.0]
    assert read("wait.team.served", "2019-02", one) == [8.0]
    assert np.isnan(read("wait.team.served", "2019-03", one))


def test_who_is_there_is_counted_at_the_end_or_on_average():
    one = made(**{"queue.team": ("citizens", dict(zip(MONTHS, range(12), strict=True)))})
    assert read("queue.team", "2019", one) == [11]
    assert read("queue.team", "2019Q2", one) == [5]
    assert read("queue.team", "2019", one, averaged=True) == [5.5]


def test_what_happens_is_summed_and_longer_periods_are_preferred():
    one = made(**{"awards.job": ("awards", {**dict(zip(QUARTERS, [1, 2, 3, 4], strict=True)), "2019": 99})})
    assert Response.of("awards.job", "2019", one.index).parts == ("2019",)
    assert read("awards.job", "2019", one) == [99]  # what is reported for the year, not the quarters once more


@pytest.mark.parametrize(
    ("measure", "period", "words"),
    [
        (WITHIN, "2019", "2019"),
        (WITHIN, "2019Q2", "2019Q2"),
        ("wait.desk.served", "2019", "2019"),
        ("wait.desk.served_p90", "2019", "the mean of the months of 2019"),
        ("wait.desk.backlog", "2019", "the end of 2019"),
        ("stock.cash", "2019", "the end of 2019"),
        ("awards.course", "2019", "2019"),
        ("clock.decision.median", "2019", "the mean of the quarters of 2019"),
        ("clock.decision.open_overdue", "2019", "the end of 2019"),
    ],
)
def test_it_says_how_a_number_comes_about(measure, period, words):
    assert Response.of(measure, period, CATALOGUE.index).words == words


@pytest.mark.parametrize(
    ("measure", "period", "message"),
    [
        ("wait.desk.servd", "2019", "there is no measure 'wait.desk.servd'; did you mean 'wait.desk.served'?"),
        (WITHIN, "2019-05", "2019-05: clock.decision.within is reported by quarter: give a quarter or a year"),
        ("time_to.course", "2019Q2", "2019Q2: time_to.course is reported by year: give a year"),
        ("queue.desk", "2020", "2020: the horizon does not hold all of it (queue.desk is reported from 2019-01 to "),
        ("queue.desk", "2031-01", "(queue.desk is reported from 2019-01 to 2020-06)"),
        ("queue.desk", "spring", "'spring' is no period"),
    ],
)
def test_what_cannot_be_told_is_refused(measure, period, message):
    with pytest.raises(InputError) as error:
        Response.of(measure, period, CATALOGUE.index)
    assert message in str(error.value)


def test_days_tell_what_no_months_do():
    march = {f"2019-03-{n:02}": float(n) for n in range(1, 32)}
    one = made(**{"places.team": ("places", march), "queue.team": ("citizens", march | {"2019-03": 7.0})})
    assert read("places.team", "2019-03", one) == [31 * 32 / 2]
    assert read("places.team", "2019-03-05", one) == [5]
    assert (
        read("queue.team", "2019-03", one) == read("queue.team", "2019-03", one, averaged=True) == [7]
    )  # the month's own
    assert series(one, "places.team", "month")[0] == ("2019-03",)
    assert series(one, "places.team", "day")[0] == tuple(march)
    assert series(one, "places.team", "hour")[0] == ()
    with pytest.raises(InputError, match=r"2019-03-05T14: places.team is reported by day: give a day or a year"):
        Response.of("places.team", "2019-03-05T14", one.index)
    del march["2019-03-17"]
    with pytest.raises(InputError, match=r"\(places.team is reported from 2019-03 to 2019-03\)"):
        Response.of("places.team", "2019-03", made(**{"places.team": ("places", march)}).index)


def test_every_measure_has_a_number_of_a_year():
    ran = run(SMALL, replications=3)
    for measure in ran.measures:
        values = Response.of(measure, "2019", ran.index).read(ran)
        assert values.shape == (3,)


def test_what_it_needs_is_enough():
    ran = run(SMALL, replications=3)
    for measure in ran.measures:
        response = Response.of(measure, "2019", ran.index)
        narrow = ran.only(lambda row, needs=response.needs: row.measure in needs)
        assert len(narrow.measures) <= 3
        np.testing.assert_array_equal(response.read(narrow), response.read(ran))
        np.testing.assert_array_equal(response.stands_still(narrow), response.stands_still(ran))


def test_only_these_need_what_comes_later():
    ahead = {row.measure for row in CATALOGUE.index if Response.of(row.measure, "2019", CATALOGUE.index).looks_ahead}
    assert {name.split(".")[0] for name in ahead} == {"ended", "status", "wait"}
    assert {name for name in ahead if name.startswith("wait")} == {"wait.desk.first_free", "wait.board.first_free"}


def test_a_series_begins_and_ends_with_whole_periods():
    months = ["2018-11", "2018-12", *MONTHS, "2020-01", "2020-02"]
    counts = dict(zip(months, range(16), strict=True))
    one = made(**{"wait.team.backlog": ("weeks", {"2019-05": 1.0}), "queue.team": ("citizens", counts)})
    periods, values = series(one, "queue.team", "quarter")
    assert (periods, values.tolist()) == (tuple(QUARTERS), [[4, 7, 10, 13]])
    periods, values = series(one, "queue.team", "year")
    assert (periods, values.tolist()) == (("2019",), [[13]])
    periods, values = series(one, "queue.team", "month")
    assert (periods, values.tolist()) == (tuple(months), [list(range(16))])
    assert series(one, "wait.team.backlog", "month")[0] == ("2019-05",)
    periods, values = series(one, "wait.team.backlog", "year")
    assert (periods, values.shape) == ((), (1, 0))


def test_a_series_of_a_share_weighs_each_quarter_by_its_cases():
    one = made(
        **{
            WITHIN: ("share", dict(zip(QUARTERS, [0.75, 1 / 6, np.nan, 0.5], strict=True))),
            ENDED: ("cases", dict(zip(QUARTERS, [4.0, 6.0, 0.0, 10.0], strict=True))),
        }
    )
    assert series(one, WITHIN, "year")[1].tolist() == [[pytest.approx(9 / 20)]]
    with pytest.raises(InputError, match=r"there is no measure 'queue\.team'"):
        series(one, "queue.team", "year")


@pytest.mark.parametrize(
    ("periods", "until", "asked", "drawn"),
    [
        ("day", "2020-01-01", "quarter", "quarter"),
        ("day", "2020-01-01", "year", "quarter"),
        ("day", "2019-10-01", "quarter", "quarter"),  # three of them are enough for a line, and two are not
        ("day", "2019-07-01", "quarter", "month"),
        ("day", "2019-05-01", "quarter", "month"),
        ("day", "2019-03-01", "quarter", "day"),
        ("month", "2019-05-01", "quarter", "quarter"),
    ],
)
def test_a_measure_is_drawn_by_shorter_periods_where_there_are_too_few(periods, until, asked, drawn):
    pathway = SMALL.model_copy(update={"periods": periods, "end": datetime.fromisoformat(until)})
    assert SMALL.start == datetime(2019, 1, 1)
    station = pathway.stations[0].name
    one = run(pathway, replications=1)
    assert drawn_by(one, f"wait.{station}.served", asked) == drawn
