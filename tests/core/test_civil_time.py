"""Moments at the boundary: what is read as one, and that no hour and no time zone is lost on the way."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from flowsim.core.civil_time import parse_moment

NINE = datetime(2019, 4, 1, 9, 30)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        *((value, NINE) for value in (NINE, "2019-04-01T09:30", "2019-04-01 09:30:00", pd.Timestamp(NINE))),
        *((np.datetime64(NINE, unit), NINE) for unit in ("m", "us", "ns")),
        *((value, datetime(2019, 4, 1)) for value in (date(2019, 4, 1), "2019-04-01", np.datetime64("2019-04-01"))),
    ],
)
def test_a_moment_keeps_its_hour_and_a_day_begins_at_midnight(value, moment):
    assert parse_moment(value) == moment


@pytest.mark.parametrize(
    "value",
    [
        *(NINE.replace(tzinfo=zone) for zone in (UTC, timezone(timedelta(hours=2)))),
        pd.Timestamp(NINE, tz="Europe/Copenhagen"),
        *("2019-04-01T09:30+02:00", "2019-04-01T09:30Z"),
    ],
)
def test_a_time_zone_is_refused_and_never_dropped(value):
    with pytest.raises(ValueError, match="carries a time zone"):
        parse_moment(value)


@pytest.mark.parametrize(
    "value", [pd.NaT, np.datetime64("NaT", "us"), np.datetime64("NaT", "D"), 2019, 4.5, True, None]
)
def test_what_is_no_day_is_no_moment(value):
    with pytest.raises(ValueError, match="is no date"):
        parse_moment(value)
