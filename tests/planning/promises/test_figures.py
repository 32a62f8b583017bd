"""Intervals of figures and of differences repeated: what is counted, and a small part of it."""

import numpy as np
import pytest

from flowsim.planning.promises import figures
from flowsim.planning.promises.figures import estimate_promises, precision_promises, price_promises
from flowsim.planning.promises.models import staffing_cases
from helpers.measures import row
from helpers.results import results


def case_of(name):
    return next(case for case in staffing_cases() if case.name == name)


def promises_of(repetitions=60):
    case = case_of("desk, mean wait")
    return {each.promise: each for each in estimate_promises(case, 20, repetitions, population=300)}


def test_intervals_of_figures_without_ties_hold_as_often_as_they_say_and_not_more():
    promises = promises_of()
    for name in ("figures: the interval holds", "compare: a difference's interval holds"):
        assert (promises[name].least, promises[name].most) == (0.93, 0.98)
        assert (promises[f"{name}, ties"].least, promises[f"{name}, ties"].most) == (0.93, None)
    assert all(promise.holds for promise in promises.values())
    assert promises["figures: the interval holds"].independent < promises["figures: the interval holds"].repetitions
    assert promises["compare: ÷ within a factor of 3"].repetitions > 500


@pytest.mark.parametrize(("factor", "side"), [(0.6, "least"), (2.5, "most")])
def test_an_interval_that_is_too_narrow_or_too_wide_is_found_out(monkeypatch, factor, side):
    from flowsim.simulation import estimates

    def scaled(measures, values, error=0.05):
        table = estimates.levels(measures, values, error)
        for end in (table.low, table.high):
            end[:] = table.estimate + factor * (end - table.estimate)
        return table

    monkeypatch.setattr("flowsim.planning.promises.figures.levels", scaled)
    promise = promises_of(250)["figures: the interval holds"]
    assert not promise.holds
    assert (promise.rate.estimate < 0.93) if side == "least" else (promise.rate.estimate > 0.98)


def test_a_quotient_of_a_few_rare_pairs_is_found_out(monkeypatch):
    """At light load hardly a pair differs, and what is said of its variance is off by more than three."""
    monkeypatch.setattr("flowsim.planning.comparison.FEWEST_DEFINED", 0)
    promises = estimate_promises(case_of("light load, queue at the end"), 20, 60, population=300)
    assert not promises[-1].holds


@pytest.mark.slow
def test_an_asked_precision_is_kept():
    run, compared = precision_promises(case_of("desk, queue at the end"), 0.1, 150)
    assert run.holds
    assert compared.holds


def test_a_cost_of_each_award_is_added_to_that_of_a_place(monkeypatch):
    """With k further awards 100 + 2 k weeks are saved, so at 2,000 an award a week costs 1,000 in every future."""
    case = case_of("chain, mean wait")
    awards = np.arange(64) % 9 + 1
    index = (row("waited.team", case.during), row("awards.job", case.during))
    told = {"index": index, "replications": tuple(range(64)), "digests": ()}
    more, fewer = (
        results(np.stack(columns, axis=1), **told)
        for columns in ((400 - 2 * awards, awards), (awards * 0 + 500, awards * 0))
    )
    monkeypatch.setattr(figures, "_pair", lambda *_: (more, fewer, []))
    fixed, varying = price_promises(case, 32, 200)
    assert varying.count == 200  # what is the same in every future is known for sure
    assert 180 <= fixed.count < 200


@pytest.mark.slow
def test_the_price_of_a_week_holds_with_a_fixed_cost_and_with_one_that_varies():
    for promise in price_promises(case_of("chain, mean wait"), 20, 500):
        assert promise.holds
