import re

import pytest

from flowsim.core.errors import InputError
from flowsim.core.periods import label_of, quarter, read_period


@pytest.mark.parametrize(
    "text",
    [
        *("2019K1", "2019Q1", "2019Q01", "2019 Q1", "2019k1", "Q1 2019", "K1 2019"),
        *("1. kvt. 2019", "1. kv. 2019", "1.kvt.2019", "1. kvartal 2019", "2019 1. kvartal", " 1.  Kvt. 2019 "),
    ],
)
def test_first_quarter_of_2019(text):
    assert read_period(text) == ("quarter", 4 * 2019)
    assert label_of(quarter(text)) == "2019Q1"


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
    ],
)
def test_months(text, month):
    assert read_period(text) == ("month", 12 * 2019 + month - 1)
    assert label_of(12 * 2019 + month - 1, "month") == f"2019-{month:02}"


@pytest.mark.parametrize("text", ["", "København", "12", "1.234,5", "..", "2019K", "201901", "x 2019", "1899"])
def test_what_is_no_period(text):
    assert read_period(text) is None


def test_neighbours_are_one_apart():
    assert quarter("2020Q1") - quarter("2019Q4") == 1
    assert label_of(quarter("2019Q4") + 1) == "2020Q1"
    assert read_period("2019") == ("year", 2019)
    assert label_of(2019, "year") == "2019"


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
