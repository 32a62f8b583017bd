"""Outlooks and combinations repeated: what is counted, and a small part of it."""

import pytest

from flowsim.forecasting import promises as repeated
from flowsim.forecasting.promises import combination_promises, flag_promises


@pytest.mark.parametrize("excess", [0.25, 0.0])
def test_a_flag_comes_where_demand_outgrows_the_places_and_not_elsewhere(monkeypatch, excess):
    monkeypatch.setattr(repeated, "_POPULATION", 200)
    (promise,) = flag_promises(excess, 5)
    assert promise.count == (5 if excess else 0)
    assert (promise.least, promise.most) == ((0.8, None) if excess else (None, 0.05))


def test_a_flag_that_never_comes_is_found_out(monkeypatch):
    monkeypatch.setattr(repeated, "_POPULATION", 200)
    monkeypatch.setattr("flowsim.forecasting.outlooks.LIKELY_SHARE", 1.1)
    monkeypatch.setattr("flowsim.forecasting.outlooks.LEVEL", 0.999)
    (promise,) = flag_promises(0.25, 8)
    assert not promise.holds


@pytest.mark.slow
def test_a_combination_gains_as_often_on_other_quarters():
    (promise,) = combination_promises(12)
    assert promise.holds
    assert 0 < promise.count < 12
