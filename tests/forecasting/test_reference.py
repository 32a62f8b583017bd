"""A reference class by hand: its factor and its surprise from errors that are given."""

from dataclasses import replace

import numpy as np
import pytest

from flowsim import InputError, forecast
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


def test_origins_whose_years_are_all_alike_teach_nothing():
    """From the eighth quarter nothing is forecast, for the two years before it never change; from two others it is."""
    steps = [
        replace(series(name), values=(5.0,) * 8 + tail)
        for name, tail in (("a", (6.0, 8.0, 7.0)), ("b", (7.0, 9.0, 6.0)))
    ]
    found = learn_from(steps, 1)
    assert (found.forecasts, found.series) == (4, ("a", "b"))


COUNTS = (52.0, 47.0, 60.0, 55.0, 58.0, 49.0, 66.0, 57.0, 63.0)


def test_a_class_that_holds_the_series_itself_is_told():
    """By its figures, for it may have another name and other periods there; one figure apart, it is another."""
    own, other = replace(series("own"), values=COUNTS), replace(series("other"), values=COUNTS[::-1])
    longer = replace(own, name="ours", first="2017Q4", values=(44.0, *COUNTS))
    nearly = replace(own, name="nearly", values=(*COUNTS[:-1], 64.0))
    told = "own: the reference class holds this series too, which has taught its own interval"
    for another, same in ((own, True), (longer, True), (nearly, False)):
        found = forecast(own, 1, reference=[other, another])
        assert any(note.startswith(told) for note in found.forecast.notes) == same
        assert ("referenceklassen rummer også denne serie" in found.summary("da")) == same
