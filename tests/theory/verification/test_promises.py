"""A promise and its bounds, and how the command tells of them."""

import json
import math

import numpy as np
import pytest

from flowsim.theory.verification.promises import Promise, Promises, counted_together
from helpers.command_line import flowsim


def promise(count, most=0.02, **more):
    return Promise(promise="too few", model="desk", repetitions=100, count=count, most=most, **more)


def test_a_promise_is_broken_where_its_interval_leaves_it_no_way_out():
    # Clopper and Pearson of 5 in 100: 1.6 to 11.3 %; of 6: 2.2 to 12.6 %.
    assert promise(5).holds
    assert not promise(6).holds
    assert promise(5).rate.low == pytest.approx(0.0164, abs=1e-4)
    assert promise(90, None, least=0.94).holds  # 82.4 to 95.1 %
    assert not promise(80, None, least=0.94).holds


def test_an_interval_that_holds_too_often_is_broken_where_it_should_be_exact():
    # 100 of 100: 96.4 to 100 %.
    assert promise(95, 0.96, least=0.9).holds
    assert not promise(100, 0.96, least=0.9).holds
    with pytest.raises(ValueError, match="a promise has a bound"):
        promise(1, None)


def test_figures_that_go_together_tell_as_much_as_one():
    rng = np.random.default_rng(4)
    alone = rng.random(400) < 0.9
    same = np.repeat(alone[:, None], 5, axis=1)
    counts = counted_together(same, np.ones_like(same))
    assert counts["repetitions"] == 2000
    assert counts["independent"] == pytest.approx(400, abs=1)
    apart = rng.random((400, 5)) < 0.9
    assert counted_together(apart, np.ones_like(apart))["independent"] == pytest.approx(2000, rel=0.25)
    always = np.ones((50, 3), bool)
    assert counted_together(always, always) == {"count": 150, "repetitions": 150, "independent": 50}
    once = always[:1]
    assert counted_together(once, once) == {"count": 3, "repetitions": 3, "independent": 1}
    # The interval is that of so many, the rate that of all.
    told = Promise(promise="a", model="b", least=0.9, **counts)
    assert told.rate.estimate == alone.mean()
    assert told.rate.high - told.rate.low > 0.05


def test_all_promises_are_a_table():
    result = Promises(seed=3, promises=(promise(0), promise(9)))
    assert not result.passed
    assert repr(result) == "<Promises: 2 put to the test, 1 broken, seed 3>"
    assert result.frame()[["count", "holds"]].to_numpy().tolist() == [[0, True], [9, False]]


def test_the_command_prints_rates_and_fails_where_one_is_broken(monkeypatch):
    promises = [promise(0, price="one too many or more 30 %"), promise(80, 0.98, least=0.94)]
    monkeypatch.setattr(
        "flowsim.questions.verify.put_to_the_test",
        lambda tests, seed, progress: Promises(seed=seed, promises=tuple(promises)),
    )
    code, out, _ = flowsim("verify", "--promises", "--repetitions", 10)
    assert code == 1
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "BROKEN (1 promise, marked with !)" in out
    assert "    one too many or more 30 %" in out
    del promises[1]
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
