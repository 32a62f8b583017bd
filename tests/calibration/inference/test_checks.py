import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from flowsim.simulation.estimates import holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=10)  # statsmodels' takes a tenth of a second
def test_holms_adjustment_is_that_of_statsmodels(p):
    assert holm(p).tolist() == pytest.approx(multipletests(p, method="holm")[1].tolist(), abs=1e-12)
