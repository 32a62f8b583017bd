"""Searches repeated: what is counted, and a small part of it."""

from types import SimpleNamespace

import pytest

from flowsim.planning.promises import searches
from flowsim.planning.promises.models import staffing_cases
from flowsim.planning.promises.searches import TOO_FEW, frontier_promises, staffing_promises
from flowsim.planning.staffing.trials import StoppingRule
from flowsim.simulation.intervals import Interval


def test_what_is_told_of_an_answer_is_what_its_searches_are_held_to():
    # Half of the error lies on the side of too few: 2 %, which is 1 of 50.
    assert StoppingRule().one_in == 50
    assert TOO_FEW == 0.02
    assert StoppingRule(confidence=0.99).one_in == 200


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


def test_each_search_is_counted_once(monkeypatch):
    """Of ten searches one names too few, four the least, two too many, one says that none meets it; two stay open.

    With seeds of their own, two of five name too few.
    """
    named = [2, 3, 3, 3, 3, 4, 5, None, None, None, 1, 2, 3, 4, None]
    outcomes = [*["met"] * 7, "beyond", "budget", "budget", *["met"] * 4, "budget"]
    took = SimpleNamespace(replications=10)
    answers = [
        SimpleNamespace(least=least, outcome=outcome, trials=(took,), ceiling=took, today=took)
        for least, outcome in zip(named, outcomes, strict=True)
    ]

    class Known:
        def __init__(self, **_):
            self.table = self.drawn = lambda *_: None

        def meets(self, setting):
            return setting[0][0] >= 3

    monkeypatch.setattr(searches, "_Population", Known)
    monkeypatch.setattr(searches, "_all_inside", lambda *_: True)
    monkeypatch.setattr(searches, "seek", lambda *_, **__: answers.pop(0))
    too_few, inside, denied, seeds = staffing_promises(case_of("light load, queue at the end"), 10, real=5)
    assert (too_few.count, inside.count, denied.count) == (1, 10, 1)
    assert (seeds.promise, seeds.count, seeds.repetitions) == ("staff, real seeds: too few (least 3)", 2, 5)
    assert too_few.price == "30 replications a search"
    assert denied.price == "right 40%, too many 20%, left open 20%"


@pytest.mark.slow
def test_an_interval_that_is_too_narrow_is_found_out(monkeypatch):
    def narrow(values, error):
        mean = float(values.mean())
        return Interval(estimate=mean, error=float(values.std()), low=mean - 1e-6, high=mean + 1e-6)

    monkeypatch.setattr("flowsim.planning.staffing.trials.cautious_interval", narrow)
    too_few, inside, _ = staffing_promises(case_of("desk, queue at the end"), 40, population=300)
    assert not too_few.holds
    assert not inside.holds


@pytest.mark.slow
def test_the_intervals_of_queues_that_move_hold_at_light_load():
    """With one desk the queue stands still in one year of a thousand, and the mean of all has no end."""
    _, inside, _ = staffing_promises(case_of("light load, wait of a month"), 20)
    assert inside.holds
    assert inside.count >= 17
    assert len(inside.promise) <= 40  # as much as the command's table has room for


@pytest.mark.slow
def test_the_true_cheapest_is_named_or_not_told_apart():
    few, told = frontier_promises(3, population=200)
    assert few.holds
    assert told.count == 3
    assert "others not told apart" in told.price


@pytest.mark.slow
def test_a_frontier_that_names_the_cheapest_alone_is_found_out(monkeypatch):
    monkeypatch.setattr("flowsim.planning.promises.searches.rivals", lambda frontier, cost: ())
    _, told = frontier_promises(12, population=200)
    assert not told.holds
