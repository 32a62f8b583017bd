import tomllib

import numpy as np
import pytest
from benchmarks import learning
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from flowsim.forecasting.members.features import FEATURES
from flowsim.forecasting.members.pool import logs
from flowsim.forecasting.widening import LONGEST, TERMS, Widening, read_widening, terms

TWO = np.array([[[1.0] * 12, [2.0] * 12], [[3.0] * 12, [4.0] * 12]])
NOTHING = np.zeros((2, len(TERMS)))
OWN = Widening(lengths=(10, 40), coefficients=NOTHING, levels=(0.5, 0.9), factors=TWO, provenance={})
INNER, OUTER = float(ndtri(0.75)), float(ndtri(0.95))


def described(**values):
    return np.array([values.get(name, 0.0) for name in FEATURES])


def test_factors_at_their_own_lengths_and_levels():
    assert OWN.spread(INNER, 10, 3) == pytest.approx([1.0 * INNER] * 3)
    assert OWN.spread(OUTER, 10, 3) == pytest.approx([2.0 * OUTER] * 3)
    assert OWN.spread(-OUTER, 40, 3) == pytest.approx([-4.0 * OUTER] * 3)


def test_factors_between_and_beyond():
    # Half of the way from 10 to 40 is 20, by logarithms.
    assert OWN.spread(INNER, 20, 1) == pytest.approx([2.0 * INNER])
    assert OWN.spread(OUTER, 5, 1) == pytest.approx([2.0 * OUTER])
    assert OWN.spread(OUTER, 90, 1) == pytest.approx([4.0 * OUTER])
    middle = (INNER + OUTER) / 2
    assert OWN.spread(middle, 10, 1) == pytest.approx([(1 * INNER + 2 * OUTER) / 2])
    assert OWN.spread(2 * OUTER, 10, 1) == pytest.approx([4.0 * OUTER])
    assert OWN.spread(0.0, 10, 2).tolist() == [0, 0]


@pytest.mark.parametrize("every", ["quarter", "month"])
@given(st.lists(st.floats(-6, 6), min_size=2, max_size=2), st.integers(2, 200))
def test_a_higher_score_is_never_brought_nearer(every, scores, length):
    low, high = sorted(scores)
    shipped, steps = read_widening(every), LONGEST[every]
    assert (shipped.spread(low, length, steps) <= shipped.spread(high, length, steps)).all()
    assert shipped.spread(-high, length, steps) == pytest.approx(-shipped.spread(high, length, steps))


def test_terms_by_hand():
    given_ = described(seasonality=0.5, recent=-3.0, persistence=0.2)
    quiet, loud = terms(np.array([0.05, 0.2]), given_)
    assert quiet == pytest.approx([1, 0, 0, np.log(0.5), -1, 0.2, 0])
    assert loud == pytest.approx([1, np.log(2), np.log(2) ** 2, 0, -1, 0.2, np.log(2) / 2])


def test_corrections_by_hand():
    own = np.array([0.1, 0, 0, -0.5, 0, 0, 0])
    found = Widening(
        lengths=(10, 40), coefficients=np.array([own, 3 * own]), levels=(0.5, 0.9), factors=TWO, provenance={}
    )
    # Half as loud as typical: a factor of exp(.1) times the root of two.
    assert found.corrected(np.array([0.05]), described(), 10) == pytest.approx([0.05 * np.exp(0.1) * np.sqrt(2)])
    assert found.corrected(np.array([0.4]), described(), 20) == pytest.approx([0.4 * np.exp(0.2)])
    assert found.corrected(np.array([50.0]), described(), 20) == pytest.approx([2.0])


@pytest.mark.parametrize("every", ["quarter", "month"])
def test_a_loud_series_is_not_drawn_towards_a_quiet_one(every):
    """Only the noise about firm seasons is."""
    shipped = read_widening(every)
    for length in shipped.lengths:
        sd = np.array([0.01, 0.1, 0.2, 0.5])[:, None]
        ratios = np.array([shipped.corrected(one, described(), length)[0] / one[0] for one in sd])
        assert every == "month" or ratios[0] >= ratios[1] - 1e-9
        assert ratios[1:] == pytest.approx(ratios[1])


def test_logs_by_hand():
    assert logs([1.0, 2.0], 0.5, 0.0) == pytest.approx(np.log([1, 2]))
    assert logs([0.0, 0.1], 0.5, 0.0) == pytest.approx(np.log([0.5, 0.5]))
    assert logs([0.0, 0.1], 0.5, 0.5) == pytest.approx(np.log([0.5, 0.6]))


@pytest.mark.parametrize("every", ["quarter", "month"])
def test_the_shipped_widening_says_where_it_comes_from(every):
    shipped = read_widening(every)
    assert {"series", "package", "how", "code", "statsmodels"} <= set(shipped.provenance)
    assert shipped.factors.shape == (len(shipped.lengths), len(shipped.levels), LONGEST[every])
    assert shipped.coefficients.shape == (len(shipped.lengths), len(TERMS))


def windows(count, seed=1):
    """Return made-up windows: two members are no good, and errors are 1.7 times as large as the grid expects."""
    generator = np.random.default_rng(seed)
    steps, members = LONGEST["quarter"], len(learning.MEMBERS)
    sd = 0.1 * np.sqrt(np.arange(1.0, steps + 1)) * np.ones((count, 1))
    truth = 100 * np.exp(1.7 * sd * generator.normal(size=(count, steps)))
    off = np.full(members, 40.0)
    off[2] = 0
    points = 100 + off[:, None] * generator.normal(size=(count, members, 1)) * np.ones(steps)
    truth[::2, 8:] = np.nan
    return learning.Windows(
        data=np.array(["M3", "M1"] * (count // 2)),
        points=points,
        features=generator.normal(size=(count, len(FEATURES))),
        sd=sd,
        actual=truth,
        unit=np.full(count, 20.0),
        least=np.full(count, 1.0),
        offset=np.zeros(count),
    )


def test_what_is_true_is_learned_back():
    made = {15: windows(4000), 40: windows(4000, 2)}
    weights, widening = learning.learn(made, "quarter", {})
    middle = weights.of(weights.centre, 15)
    assert middle[learning.MEMBERS[2]] > 0.8
    assert middle["theta"] == 0
    assert weights.of(weights.centre, 40)["theta"] < 0.05
    own = widening.corrected(made[15].sd[0], weights.centre, 15) * widening.factors[0, 3]
    assert own == pytest.approx(1.7 * made[15].sd[0], rel=0.12)


def test_a_competition_is_left_out_whole():
    kept = learning.without({15: windows(10)}, "M3")
    assert set(kept[15].data) == {"M1"}
    assert len(kept[15].points) == 5


def test_the_file_holds_what_was_learned():
    weights, widening = learning.learn({15: windows(300), 40: windows(300)}, "quarter", {})
    provenance = {"series": "none", "windows": [1, 2]}
    tables = tomllib.loads(learning.text(["Weights."], {"quarter": weights}, provenance))
    assert tables["provenance"] == provenance
    assert tables["quarter"]["coefficients"] == weights.coefficients.tolist()
    assert tables["quarter"]["coefficients"][0][0][-1] == -np.inf
    tables = tomllib.loads(learning.text(["Widening."], {"quarter": widening}, provenance))
    assert tables["quarter"]["factors"] == widening.factors.tolist()
    assert tables["quarter"]["lengths"] == [15, 40]
