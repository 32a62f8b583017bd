"""Factors that walked in the past go on walking after the last document, by the law of the steps that they took."""

import math
import tomllib
from datetime import datetime

import numpy as np
import pytest

from flowsim import read_base
from flowsim.calibration.histories.walking import Walk
from flowsim.calibration.study import Prior

BASE = """
name = "walked"
start = 2018-01-01
end = 2023-01-01

[parameters]
rate_2018 = { calibrate = "2 per week", why = "a test" }
rate_2020 = { calibrate = "3 per week", why = "a test" }
share_2018 = { calibrate = 0.2, why = "a test" }
share_2020 = { calibrate = 0.4, why = "a test" }
other = { assumed = 0.1, why = "a test" }
stay = { calibrate = "4 weeks", why = "a test" }

[states.a]
stay = { 2018-01-01 = "$stay" }

[states.a.to]
2018-01-01 = { b = "$share_2018", c = "$other", d = "rest" }
2020-01-01 = { b = "$share_2020", c = "$other", d = "rest" }

[states.b]
final = true

[states.c]
final = true

[states.d]
final = true

[entries.door]
to = "a"
rate = { 2018-01-01 = "$rate_2018", 2020-01-01 = "$rate_2020", 2022-03-01 = "$rate_2020" }
"""
FACTORS = """
[rate_2018]
title = "rate"
sets = ["rate_2018"]
scale = "log"
sd = 0.5
why = "a test"

[rate_2020]
title = "rate, later"
sets = ["rate_2020"]
scale = "log"
sd = 0.2
follows = { rate_2018 = 1.0 }
why = "a test"

[share_2018]
title = "share"
sets = ["share_2018"]
scale = "odds"
sd = 0.5
why = "a test"

[share_2020]
title = "share, later"
sets = ["share_2020"]
scale = "odds"
sd = 0.4
follows = { share_2018 = 1.0 }
why = "a test"

[stay]
title = "a stay that never walked"
sets = ["stay"]
scale = "log"
sd = 0.3
why = "a test"
"""


@pytest.fixture
def walk(tmp_path):
    (tmp_path / "base.toml").write_text(BASE)
    base = read_base(tmp_path / "base.toml")
    return Walk(prior=Prior.of(base, tomllib.loads(FACTORS), "factors.toml"), since=datetime(2021, 2, 1))


def continued(walk, seed=1, replication=0, end=datetime(2023, 1, 1)):
    raw = walk.prior.base.filled()
    walk.continue_in(raw, end, seed, replication)
    return raw


def test_a_step_of_half_a_year_has_the_variance_that_the_chain_had(walk):
    # One step of 0.2 in two years, which are four half years; a factor alone never walked.
    assert walk.spreads == {
        "rate_2018": pytest.approx(0.2 / 2, rel=1e-3),
        "share_2018": pytest.approx(0.4 / 2, rel=1e-3),
    }


def test_it_walks_on_the_first_day_of_each_half_year_and_what_is_dated_stays(walk):
    raw = continued(walk)
    assert list(raw["entries"]["door"]["rate"]) == [
        "2018-01-01", "2020-01-01", "2022-03-01", "2021-07-01", "2022-01-01", "2022-07-01",
    ]  # fmt: skip
    steps = walk.logarithms(1, 0, 3)["rate_2018"]
    rates = {day: float(rate.split()[0]) for day, rate in raw["entries"]["door"]["rate"].items()}
    assert rates["2018-01-01"] == 2
    assert rates["2020-01-01"] == 3
    for day, step in {"2021-07-01": 0, "2022-01-01": 1, "2022-03-01": 1, "2022-07-01": 2}.items():
        assert rates[day] == pytest.approx(3 * math.exp(steps[step]))
    assert raw["states"]["a"]["stay"] == {"2018-01-01": "4 weeks"}


def test_of_a_decision_the_odds_against_the_rest_walk_and_the_others_keep_their_share(walk):
    shares = continued(walk)["states"]["a"]["to"]["2022-01-01"]
    ratio = math.exp(walk.logarithms(1, 0, 2)["share_2018"][1])
    assert shares["c"] == 0.1
    assert shares["b"] / (0.9 - shares["b"]) == pytest.approx(0.4 / 0.5 * ratio)


def test_each_future_has_a_walk_of_its_own_which_is_no_other_for_a_longer_horizon(walk):
    logarithms = np.array([walk.logarithms(1, number, 4)["rate_2018"] for number in range(4000)])
    steps = np.diff(logarithms, axis=1, prepend=0.0)
    assert np.abs(steps.mean(axis=0)).max() < 4.5 * 0.1 / math.sqrt(4000)
    assert np.abs(steps.std(axis=0) / 0.1 - 1).max() < 4.5 / math.sqrt(2 * 4000)
    longer = continued(walk, end=datetime(2030, 1, 1))["entries"]["door"]["rate"]
    assert continued(walk)["entries"]["door"]["rate"].items() <= longer.items()


def test_until_the_first_step_nothing_walks(walk):
    assert continued(walk, end=datetime(2021, 7, 1)) == walk.prior.base.filled()
