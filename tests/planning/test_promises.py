"""The repetitions that put promises to the test: what they count, and a small part of them."""

import json
import math

import pytest

from flowsim.planning.promises import (
    Promise,
    precision_promises,
    price_promises,
    staffing_cases,
    staffing_promises,
)
from flowsim.simulation.intervals import Interval
from helpers.command_line import flowsim


def promise(count, side="at most", goal=0.02, **more):
    return Promise(promise="too few", model="desk", repetitions=100, count=count, goal=goal, side=side, **more)


def test_a_promise_is_broken_where_its_interval_leaves_it_no_way_out():
    # Clopper and Pearson of 5 in 100: 1.6 to 11.3 %; of 6: 2.2 to 12.6 %.
    assert promise(5).holds
    assert not promise(6).holds
    assert promise(5).rate.low == pytest.approx(0.0164, abs=1e-4)
    assert promise(90, "at least", 0.94).holds  # 82.4 to 95.1 %
    assert not promise(80, "at least", 0.94).holds


def case_of(name):
    return next(case for case in staffing_cases() if case.name == name)


@pytest.mark.parametrize(
    "name", [pytest.param("desk, queue at the end", marks=pytest.mark.slow), "light load, queue at the end"]
)
def test_a_search_hardly_ever_names_too_few(name):
    """One interval of ten equal zeros, which is [0, 0], made that 17 to 67 %."""
    too_few, inside, denied = staffing_promises(case_of(name), 40, population=300)
    assert too_few.holds
    assert too_few.count <= 1
    assert inside.holds
    assert denied.count == 0
    assert "replications a search" in too_few.price


def test_an_interval_that_is_too_narrow_is_found_out(monkeypatch):
    def narrow(values, error):
        mean = float(values.mean())
        return Interval(estimate=mean, error=float(values.std()), low=mean - 1e-6, high=mean + 1e-6)

    monkeypatch.setattr("flowsim.planning.staffing.trials.cautious_interval", narrow)
    too_few, inside, _ = staffing_promises(case_of("desk, queue at the end"), 40, population=300)
    assert not too_few.holds
    assert not inside.holds


def test_the_intervals_of_queues_that_move_hold_at_light_load():
    """With one desk the queue stands still in one year of a thousand, and the mean of all has no end."""
    _, inside, _ = staffing_promises(case_of("light load, wait of a month"), 20)
    assert inside.holds
    assert inside.count >= 17
    assert len(inside.promise) <= 40  # as much as the command's table has room for


@pytest.mark.slow
def test_an_asked_precision_is_kept():
    run, compared = precision_promises(case_of("desk, queue at the end"), 0.1, 150)
    assert run.holds
    assert compared.holds


@pytest.mark.slow
def test_the_price_of_a_week_holds_with_a_fixed_cost_and_with_one_that_varies():
    for promise in price_promises(case_of("chain, mean wait"), 20, 500):
        assert promise.holds


def test_the_command_prints_rates_and_fails_where_one_is_broken(monkeypatch):
    told = [promise(0, price="one too many or more 30 %"), promise(80, "at least", 0.94)]
    monkeypatch.setattr("flowsim.planning.promises.put_to_the_test", lambda *given, **more: tuple(told))
    code, out, _ = flowsim("verify", "--promises", "--repetitions", 10)
    assert code == 1
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "BROKEN (1 promise, marked with !)" in out
    assert "    one too many or more 30 %" in out
    del told[1]
    code, out, _ = flowsim("verify", "--promises", "--json")
    assert code == 0
    (only,) = json.loads(out)["promises"]
    assert (only["rate"], only["holds"]) == (0.0, True)
    assert math.isclose(only["high"], 1 - 0.025 ** (1 / 100))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--promises", "--family", "mmc"), "--family: it does not go with --promises"),
        (("--promises", "--repetitions", 5), "--repetitions: 5 is not allowed: at least 10"),
        (("--repetitions", 50), "--repetitions: it goes with --promises"),
    ],
)
def test_what_does_not_go_together_is_refused(words, message):
    code, out, err = flowsim("verify", *words)
    assert (code, out) == (2, "")
    assert message in err
