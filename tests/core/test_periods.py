import copy
import pickle
import re
from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.core.periods import (
    LENGTHS,
    MONTHS,
    Period,
    cut_periods,
    longest,
    quarter,
    read_period,
    resembles_period,
    shortest,
)

# A school year would be a month, and words that begin as a month does are none.
UNREAD = ("2011/12", "2019H1", "2019W01", "01/2019", "jan-19", "19K1", "2019:1", "marsvin 2019", "decided 2019")


@pytest.mark.parametrize(
    "text",
    [
        *("2019K1", "2019Q1", "2019Q01", "2019 Q1", "2019k1", "Q1 2019", "K1 2019"),
        *("1. kvt. 2019", "1. kv. 2019", "1.kvt.2019", "1. kvartal 2019", "2019 1. kvartal", " 1.  Kvt. 2019 "),
        *("2019/Q1", "2019-Q1", "Q1/2019", "Q1-2019", "1Q2019", "1. kvartal, 2019", "2019KV1"),
    ],
)
def test_first_quarter_of_2019(text):
    period = read_period(text)
    assert (period, period.every, period.number) == ("2019Q1", "quarter", 4 * 2019)
    assert quarter(text) == 4 * 2019


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2019M01", 1),
        ("2019M1", 1),
        ("2019M12", 12),
        ("2019-05", 5),
        ("maj 2019", 5),
        ("Okt. 2019", 10),
        ("May 2019", 5),
        ("2019 januar", 1),
        ("2019-Jan", 1),
        ("sept. 2019", 9),
        ("October 2019", 10),
    ],
)
def test_months(text, month):
    period = read_period(text)
    assert (period, period.every, period.number) == (f"2019-{month:02}", "month", 12 * 2019 + month - 1)


@pytest.mark.parametrize("text", ["", "København", "12", "1.234,5", "..", "2019K", "201901", "x 2019", "1899", *UNREAD])
def test_what_is_no_period(text):
    assert read_period(text) is None


@pytest.mark.parametrize("text", UNREAD)
def test_what_looks_like_a_time_and_is_not_read(text):
    assert resembles_period(text)
    assert not any(map(resembles_period, ("", "København", "12", "1.234,5", "..", "Kilde: jobindsats, tabel y01a02")))


def test_a_text_of_more_than_twenty_four_letters_is_no_mistyped_period():
    assert resembles_period("opgjort midt i juli 2019")
    assert not resembles_period("opgjort midt i marts 2019")


@pytest.mark.parametrize(
    ("text", "every", "start", "end", "place"),
    [
        ("2019-03-05", "day", datetime(2019, 3, 5), datetime(2019, 3, 6), 64),
        ("2020-02-29", "day", datetime(2020, 2, 29), datetime(2020, 3, 1), 60),
        ("2019-03-05T14", "hour", datetime(2019, 3, 5, 14), datetime(2019, 3, 5, 15), 63 * 24 + 15),
        ("2019-12-31T23", "hour", datetime(2019, 12, 31, 23), datetime(2020, 1, 1), 8760),
        ("0001-01-01T00", "hour", datetime(1, 1, 1), datetime(1, 1, 1, 1), 1),
    ],
)
def test_days_and_hours(text, every, start, end, place):
    period = Period(text)
    assert (period, period.every, period.start, period.end, period.place) == (text, every, start, end, place)
    assert (period.year, period.month) == (start.year, 12 * start.year + start.month - 1)
    assert Period.around(start, every) == Period.around(end - datetime.resolution, every) == period
    assert period.next == Period.around(end, every)
    assert pickle.loads(pickle.dumps(period)) == period


def test_days_and_hours_lie_within_what_they_are_of():
    whole = [Period("2019"), Period("2019Q1"), Period("2019-01"), Period("2019-01-01"), Period("2019-01-01T00")]
    backwards = whole[::-1]
    assert sorted(backwards) == whole  # of those that begin together the longest first
    assert all(longer.contains(shorter) for longer, shorter in pairwise(whole))
    assert not any(shorter.contains(longer) for longer, shorter in pairwise(whole))
    for every, last in (("day", "2020-02-29"), ("hour", "2020-02-29T23"), ("month", "2020-02")):
        assert Period("2020-02").last(every) == last
        assert Period(last).after == Period("2020-02").after
    assert Period("2020-02-29T23").last("day") == "2020-02-29"
    assert Period("2020-02-29").last("month") == "2020-02"
    hours = [Period("2020-02-10T00").later(step) for step in range(48)]
    assert {Period.around(hour.start, "day") for hour in hours} == {"2020-02-10", "2020-02-11"}
    assert (hours[0].first, hours[23].after) == (Period("2020-02-10").first, Period("2020-02-10").after)
    assert sum(Period("2020-02-01").later(step).months for step in range(29)) == pytest.approx(1)
    assert (shortest(("month", "day", "year")), longest(("month", "hour"))) == ("day", "month")


@pytest.mark.parametrize("within", ["", "Q1", "-01", "-12-31", "-12-31T23"])
def test_there_is_no_year_0(within):
    with pytest.raises(InputError, match=f"'0000{within}' is no period: years go from 1 to 9999"):
        Period(f"0000{within}")


@pytest.mark.parametrize("every", LENGTHS)
def test_the_first_and_the_last_period_begin_and_end_with_the_calendar(every):
    first, last = Period.around(datetime.min, every), Period.around(datetime.max, every)
    assert first.start == datetime.min
    assert last.later(-1).end == last.start < last.end == datetime.max
    assert Period("9999").contains(last)
    assert Period("9999").last(every) == last
    assert Period(str(first)) == first < last == Period(str(last))
    for beyond in (lambda: first.later(-1), lambda: last.next, lambda: Period.of(10**9, every)):
        with pytest.raises(InputError, match="there is no such period: years go from 1 to 9999"):
            beyond()


@pytest.mark.parametrize(
    "text", ["2019-02-29", "2019-04-31", "0000-01-01", "2019-03-05T24", "2019-03-05T7", "2019-03-05 14", "2019-3-5"]
)
def test_no_day_and_no_hour(text):
    with pytest.raises(InputError, match=f"'{text}' is no period"):
        Period(text)


@pytest.mark.parametrize("text", ["2019-03-05", "05.03.2019", "5/3/2019", "2019-03-05T14"])
def test_files_of_figures_read_no_dates_as_periods(text):
    assert read_period(text) is None
    assert resembles_period(text)


def test_neighbours_are_one_apart():
    assert quarter("2020Q1") - quarter("2019Q4") == 1
    assert Period("2019Q4").next == "2020Q1"
    assert Period("2019-12").later(-11) == "2019-01"
    assert (read_period("2019").every, read_period("2019").number) == ("year", 2019)


@pytest.mark.parametrize("text", ["2019K5", "2019Q0", "2019M13", "2019-00", "5. kvt. 2019"])
def test_a_period_that_does_not_exist(text):
    with pytest.raises(InputError, match=re.escape(f"'{text}' is no ") + "(quarter|month): they go from 1 to (4|12)"):
        read_period(text)


@pytest.mark.parametrize("text", ["2019QMAT1", "2019QMAT01", "2019MAT01", "2019 QMAT 1"])
def test_rolling_years_are_refused_with_the_reason(text):
    with pytest.raises(InputError, match=r"is a rolling year: .*neighbours share .*export single quarters"):
        read_period(text)


@pytest.mark.parametrize("text", ["2019", "2019M01", "soon"])
def test_what_is_no_quarter(text):
    with pytest.raises(InputError, match=f"'{text}' is no quarter: write it as 2019Q1"):
        quarter(text)


def test_when_a_period_is():
    may, second, year = Period("2019-05"), Period("2019Q2"), Period("2019")
    assert (may.start, may.end, may.months, may.place) == (datetime(2019, 5, 1), datetime(2019, 6, 1), 1, 5)
    assert (second.start, second.end, second.months, second.place) == (
        datetime(2019, 4, 1),
        datetime(2019, 7, 1),
        3,
        2,
    )
    assert (year.start, year.end, year.months, year.place) == (datetime(2019, 1, 1), datetime(2020, 1, 1), 12, 1)
    assert year.contains(second)
    assert second.contains(may)
    assert may.contains(may)
    assert not may.contains(second)
    assert not second.contains(Period("2019-07"))
    assert (year.last("month"), year.last("quarter"), second.last("month")) == ("2019-12", "2019Q4", "2019-06")


def test_periods_are_ordered_by_time():
    ordered = ["2019", "2019Q1", "2019-01", "2019-03", "2019Q2", "2019-04", "2019-10", "2020", "2020-01"]
    assert sorted(map(Period, reversed(ordered))) == ordered
    assert all(a < b and b > a and a <= b and b >= a and not b < a for a, b in pairwise(map(Period, ordered)))


@given(st.integers(1, 9997), st.sampled_from(list(MONTHS)), st.integers(0, 11))
def test_a_period_is_its_text(year, every, month):
    period = Period.at(12 * year + month, every)
    assert Period(str(period)) == period == str(period)
    assert hash(period) == hash(str(period))
    assert type(str(period)) is str
    again = (pickle.loads(pickle.dumps(period)), copy.deepcopy(period), Period(period))
    assert all((one.every, one.number) == (period.every, period.number) for one in again)
    assert period.first <= 12 * year + month < period.after
    assert period.next.first == period.after


@pytest.mark.parametrize(
    ("begin", "end", "first", "last"),
    [
        ("2022-01-01", "2023-01-01", (), ()),
        ("2022-01-01", "2022-12-31", (), ("2022-12", "2022Q4", "2022")),
        ("2022-01-01", "2022-10-01", (), ("2022",)),
        ("2021-10-01", "2022-12-01", ("2021",), ("2022Q4", "2022")),
        ("2022-01-15", "2022-10-01", ("2022-01", "2022Q1"), ("2022",)),
        ("2022-01-01", "2023-01-01T00:01", (), ("2023-01", "2023Q1", "2023")),
    ],
)
def test_which_periods_a_time_cuts(begin, end, first, last):
    cut = cut_periods(datetime.fromisoformat(begin), datetime.fromisoformat(end))
    assert tuple(map(set, cut)) == (set(first), set(last))
