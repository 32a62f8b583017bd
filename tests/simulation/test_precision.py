import numpy as np
import pytest

from flowsim import Duration, Entry, InputError, Pathway, State, run
from flowsim.core.quantities import parse_precision, parse_share
from flowsim.simulation.precision import Precision, half_widths, run_to_precision

POISSON = Pathway(
    name="arrivals",
    start="2020-01-01",
    end="2022-01-01",
    states=[
        State(name="here", stay=Duration.fixed("1 hour"), to="done"),
        State(name="done", final=True, outcome=True),
    ],
    entries=[Entry(name="door", to="here", rate="100 per year")],
)


def test_half_width_worked_by_hand():
    # Mean 12, standard deviation 2, n = 3: 4.30265 * 2 / sqrt(3) / 12.
    values = np.array([[10.0, 0.0, 1.0], [12.0, 0.0, np.nan], [14.0, 0.0, 3.0]])
    np.testing.assert_allclose(half_widths(values), [4.302653 * 2 / 3**0.5 / 12, np.nan, np.nan], rtol=1e-6)


def test_stops_at_the_precision_and_not_far_beyond():
    results, reached = run_to_precision(POISSON, Precision(relative=0.02))
    n = len(results.replications)
    assert reached
    widths = half_widths(results.select("awards.done").values)
    yearly = [width for width, row in zip(widths, results.index, strict=False) if len(row.period) == 4]
    assert max(half_widths(results.select("awards.done", "2020").values)) <= 0.02
    assert len(yearly) <= len(widths)
    # A Poisson count of 100 has a relative deviation of 0.1: (1.96 * 0.1 / 0.02) ** 2 is 96 replications.
    assert 70 < n < 180


def test_the_replications_are_the_first_ones_of_any_run():
    results, _ = run_to_precision(POISSON, Precision(relative=0.04), seed=5)
    plain = run(POISSON, replications=len(results.replications), seed=5)
    assert results.visits_sha256 == plain.visits_sha256
    np.testing.assert_array_equal(results.values, plain.values)


def test_progress_counts_on_over_the_rounds():
    told = []
    results, _ = run_to_precision(POISSON, Precision(relative=0.03), progress=lambda *seen: told.append(seen))
    assert [done for done, _ in told] == list(range(1, len(results.replications) + 1))


def test_says_where_it_was_not_reached():
    results, reached = run_to_precision(POISSON, Precision(relative=0.001, most=12))
    assert (len(results.replications), reached) == (12, False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"relative": 0.0}, "from 0.01 % to below 100 %"),
        ({"relative": 1.5}, "from 0.01 % to below 100 %"),
        ({"relative": 0.05, "confidence": 1.0}, "confidence: 1.0"),
        ({"relative": 0.05, "most": 3}, "at least 10"),
        ({"relative": 0.05, "measures": ("award",)}, "did you mean 'awards.done'"),
        ({"relative": 0.05, "first": "2031", "last": "2032"}, "no period of awards"),
    ],
)
def test_what_is_not_allowed_is_said(wrong, said):
    with pytest.raises(InputError, match=said):
        run_to_precision(POISSON, Precision(**wrong))


def test_a_precision_is_written_in_percent_or_as_a_fraction():
    assert [parse_precision(text) for text in ("5%", "5 %", "0.05")] == [0.05, 0.05, 0.05]
    for text in ("five", "", "5%%", "5\n5"):
        with pytest.raises(InputError, match=r"write '5%' or '0\.05'"):
            parse_precision(text)
    assert parse_share(" 90 % ", "--chance") == 0.9
    with pytest.raises(InputError, match=r"--chance: 'most' is not allowed: write '90%' or '0\.9'"):
        parse_share("most", "--chance")
