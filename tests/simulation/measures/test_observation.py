"""What a document would have told: sums, means, shares and changes of measures, worked by hand."""

import math
import re

import numpy as np
import pytest

from flowsim import InputError
from flowsim.simulation.measures.observation import Observation, Observer, observe
from helpers.measures import row

# Two replications: of the second, the wait of May is undefined.
INDEX = tuple(
    row(measure, period, "")
    for measure, periods in (
        ("exits.cash.job", ("2018", "2019")),
        ("exits.cash.pension", ("2018", "2019")),
        ("exits.cashier.job", ("2018", "2019")),
        ("wait.served", ("2019-04", "2019-05")),
    )
    for period in periods
)
VALUES = np.array([[30.0, 50, 10, 30, 7, 9, 8, 11], [0, 0, 0, 5, 7, 9, 8, math.nan]])


def seen(**told):
    return observe([Observation(**told)], INDEX, VALUES)[:, 0].tolist()


def test_measures_and_periods_are_added_up():
    assert seen(measures=("exits.cash.job", "exits.cash.pension"), periods=("2018", "2019")) == [120, 5]
    assert seen(measures=("exits.cash.job",), periods=("2019",)) == [50, 0]


def test_a_star_stands_for_all_that_begin_so_up_to_the_dot():
    assert seen(measures=("exits.cash.*",), periods=("2018",)) == [40, 0]
    # Named and meant by the star too, it counts once.
    assert seen(measures=("exits.cash.*", "exits.cash.job"), periods=("2018",)) == [40, 0]
    assert seen(measures=("exits.*",), periods=("2018",)) == [47, 7]


def test_a_mean_is_over_the_periods_alone():
    both = ("exits.cash.job", "exits.cash.pension")
    assert seen(measures=both, periods=("2018", "2019"), how="mean") == [60, 2.5]


def test_what_is_undefined_stays_so():
    mean = seen(measures=("wait.served",), periods=("2019-04", "2019-05"), how="mean")
    assert mean[0] == 9.5
    assert math.isnan(mean[1])


def test_a_share_is_in_per_cent_of_the_same_periods():
    share = {"measures": ("exits.cash.job",), "of": ("exits.cash.*",), "periods": ("2018", "2019")}
    assert seen(**share) == [pytest.approx(100 * 80 / 120), 0]
    assert seen(**share, how="mean") == [pytest.approx(100 * 80 / 120), 0]
    # 75 % of 40, and of nothing.
    first, second = seen(**share | {"periods": ("2018",)})
    assert first == 75
    assert math.isnan(second)


def test_a_change_is_counted_from_other_periods():
    job = {"measures": ("exits.cash.job",), "periods": ("2019",), "since": ("2018",)}
    assert seen(**job) == [20, 0]
    assert seen(**job, factor=-0.5) == [-10, 0]
    # 20 of 30, and of the 40 of 2018.
    assert seen(**job, of=("exits.cash.job",))[0] == pytest.approx(100 * 20 / 30)
    assert seen(**job, of=("exits.cash.*",))[0] == pytest.approx(50)
    # The mean of two years less the first: 40 - 30.
    assert seen(**job | {"periods": ("2018", "2019")}, how="mean")[0] == 10


def test_the_factor_applies_to_the_whole():
    assert seen(measures=("exits.cash.job",), of=("exits.cash.*",), periods=("2018",), factor=2.06)[0] == 154.5


def test_many_are_read_as_each_alone():
    told = [
        Observation(measures=("exits.cash.job",), periods=("2018",)),
        Observation(measures=("exits.cash.job",), of=("exits.cash.*",), periods=("2018", "2019")),
        Observation(measures=("wait.served",), periods=("2019-04",)),
        Observation(measures=("exits.*",), periods=("2019",), since=("2018",), of=("exits.*",)),
        Observation(measures=("exits.cash.pension",), periods=("2019",), since=("2018",)),
    ]
    together = Observer.of(told, INDEX).observe(VALUES)
    assert together.shape == (2, 5)
    for number, one in enumerate(told):
        np.testing.assert_array_equal(together[:, number], observe([one], INDEX, VALUES)[:, 0])
    assert observe([], INDEX, VALUES).shape == (2, 0)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"measures": ("exits.cash.jobs",)}, "there is no measure 'exits.cash.jobs'; did you mean 'exits.cash.job'?"),
        ({"measures": ("exits.cas.*",)}, "there is no measure 'exits.cas.*'"),
        ({"of": ("exit",)}, "there is no measure 'exit'"),
        ({"periods": ("2018Q1",)}, "exits.cash.job: there is no period '2018Q1'; did you mean '2018'?"),
        ({"since": ("2017",)}, "exits.cash.job: there is no period '2017'"),
        ({"periods": ()}, "periods: at least one is needed"),
        ({"measures": ()}, "measures: at least one is needed"),
        ({"periods": ("2018", "2018")}, "periods: '2018' is named twice"),
        ({"how": "median"}, "how: there is no way 'median'"),
        ({"factor": 0.0}, "factor: 0.0 is not allowed"),
        ({"factor": math.inf}, "factor: inf is not allowed"),
    ],
)
def test_what_is_unknown_or_says_nothing_is_refused(told, message):
    with pytest.raises(InputError, match=re.escape(message)):
        seen(**{"measures": ("exits.cash.job",), "periods": ("2018",)} | told)
