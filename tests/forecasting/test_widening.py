import numpy as np
import pytest
from benchmarks import widening as learning
from benchmarks.public_series import Case
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from flowsim.forecasting.trend import course
from flowsim.forecasting.widening import LONGEST, Widening, load, logs

TWO = np.array([[[1.0] * 12, [2.0] * 12], [[3.0] * 12, [4.0] * 12]])
OWN = Widening(typical=0.1, lengths=(10, 20), levels=(0.5, 0.9), factors=TWO, provenance={})
INNER, OUTER = float(ndtri(0.75)), float(ndtri(0.95))


def test_factors_at_their_own_lengths_and_levels():
    assert OWN.spread(INNER, 10, 3) == pytest.approx([1.0 * INNER] * 3)
    assert OWN.spread(OUTER, 10, 3) == pytest.approx([2.0 * OUTER] * 3)
    assert OWN.spread(-OUTER, 20, 3) == pytest.approx([-4.0 * OUTER] * 3)


def test_factors_between_and_beyond():
    # Half of the way from 1/10 to 1/20 is 3/40.
    assert OWN.spread(INNER, 40 / 3, 1) == pytest.approx([2.0 * INNER])
    assert OWN.spread(OUTER, 5, 1) == pytest.approx([2.0 * OUTER])
    assert OWN.spread(OUTER, 90, 1) == pytest.approx([4.0 * OUTER])
    middle = (INNER + OUTER) / 2
    assert OWN.spread(middle, 10, 1) == pytest.approx([(1 * INNER + 2 * OUTER) / 2])
    assert OWN.spread(2 * OUTER, 10, 1) == pytest.approx([4.0 * OUTER])
    assert OWN.spread(0.0, 10, 2).tolist() == [0, 0]


@given(st.lists(st.floats(-6, 6), min_size=2, max_size=2), st.integers(2, 200))
def test_a_higher_score_is_never_brought_nearer(scores, length):
    low, high = sorted(scores)
    assert (load().spread(low, length, LONGEST) <= load().spread(high, length, LONGEST)).all()
    assert load().spread(-high, length, LONGEST) == pytest.approx(-load().spread(high, length, LONGEST))


def test_a_residual_is_drawn_towards_the_typical_one():
    # Eight quarters of one's own weigh as much as what is typical: the geometric mean.
    assert OWN.shrunk(0.4, 8) == pytest.approx(0.2)
    assert OWN.shrunk(0.4, 24) == pytest.approx((0.4**3 * 0.1) ** 0.25)
    assert 0 < OWN.shrunk(0.0, 10) < 1e-3


def test_logs_by_hand():
    assert logs([1.0, 2.0], 0.5, 0.0) == pytest.approx(np.log([1, 2]))
    assert logs([0.0, 0.1], 0.5, 0.0) == pytest.approx(np.log([0.5, 0.5]))
    assert logs([0.0, 0.1], 0.5, 0.5) == pytest.approx(np.log([0.5, 0.6]))


def test_the_shipped_factors_tell_where_they_come_from():
    told = load()
    assert {"series", "package", "how", "windows", "code", "statsmodels"} <= set(told.provenance)
    assert told.factors.shape == (len(told.lengths), len(told.levels), LONGEST)
    assert 15 in told.lengths
    assert (told.factors > 0.8).all()
    # Short series are told less surely by their models than long ones.
    at80 = told.factors[:, told.levels.index(0.8)]
    assert (at80[told.lengths.index(15)] > at80[told.lengths.index(60)]).all()


def test_factors_are_learned_back():
    generator = np.random.default_rng(8)
    found = course(100 + 3 * np.arange(15.0) + generator.normal(0, 4, 15), LONGEST)
    blank = Widening(typical=found.residual, lengths=(1,), levels=(0.5,), factors=np.zeros((1, 1, 1)), provenance={})
    known = []
    for row in range(4000):
        # Errors 1.7 times as large as the models expect; half of the cases are told for eight quarters only.
        case = Case("M3", row, np.ones(15), np.exp(logs(found.point, found.least, found.offset)))
        one = learning.Outcome(case, found)
        steps = 8 if row % 2 else LONGEST
        one.off = (1.7 * one.sd(blank) * generator.normal(size=LONGEST))[:steps]
        known.append(one)
    learned = learning.learn({15: known, 30: known})
    assert learned.typical == pytest.approx(found.residual)
    assert learned.factors == pytest.approx(np.full((2, len(learning.LEVELS), LONGEST), 1.7), rel=0.12)
    assert learned.factors[:, 1:].mean() == pytest.approx(1.7, rel=0.02)


def test_the_file_holds_what_was_learned(tmp_path, monkeypatch):
    import tomllib

    written = learning.text(Widening(**{**vars(OWN), "provenance": {"series": "none", "windows": [1, 2]}}))
    told = tomllib.loads(written)
    assert told["factors"] == TWO.tolist()
    assert told["provenance"] == {"series": "none", "windows": [1, 2]}
    assert (told["typical"], told["lengths"], told["levels"]) == (0.1, [10, 20], [0.5, 0.9])
