"""A reference class by hand: its factor and its surprise from errors that are given."""

import numpy as np
import pytest

from flowsim import InputError
from flowsim.evidence.series import Series
from flowsim.forecasting.reference import learn_from
from flowsim.forecasting.trend import learned

ERRORS = {"a": ([np.array([0.5, 1.0])], 0.1), "b": ([np.array([1.5]), np.array([2.0, 2.5])], 0.3)}


class Told:
    """Stands in for an executor: what each series has shown is given."""

    def map(self, _, series):
        return [ERRORS[own.name] for own in series]


def series(name):
    return Series(name=name, unit="awards", every="quarter", first="2018Q1", values=(1.0,) * 12)


def test_a_class_by_hand():
    """Errors of 0.5 to 2.5 half-widths: 80 % are below 2.1, two series stand against five that need no change."""
    told = []
    found = learn_from(
        [series("a"), series("b")], executor=Told(), progress=lambda done, total: told.append((done, total))
    )
    assert found.factor == pytest.approx(2.1 ** (2 / 7))
    assert found.surprise == pytest.approx(0.28)
    assert (found.every, found.series, found.forecasts) == ("quarter", ("a", "b"), 5)
    assert told == [(1, 2), (2, 2)]
    assert found.taught().widening.factors == pytest.approx(found.factor * learned("quarter").widening.factors)


def test_one_series_is_no_class():
    with pytest.raises(InputError, match="1 series are no reference class: at least two by quarter, or two by month"):
        learn_from([series("a")])
