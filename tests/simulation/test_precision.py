"""Replications for a wanted precision: half-widths by hand, looking ahead, and what is not known."""

import math

import numpy as np
import pytest

from flowsim import Duration, Entry, InputError, Pathway, State, run
from flowsim.core.quantities import parse_precision, parse_share
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.stations import QUEUE
from flowsim.simulation.precision import (
    Precision,
    chosen_columns,
    difference_widths,
    half_widths,
    run_to_precision,
    settle,
    without_precision,
)

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


def test_half_widths_worked_by_hand():
    nan, inf = math.nan, math.inf
    # Awards are means: 12, standard deviation 2.108 of ten, and 2.262 over the root of 10. A queue is a median: 5.5,
    # between the second and the ninth. Then nine defined; ten alike; a median of 0; a standstill in two of eleven.
    awards = [10.0] * 5 + [14.0] * 5 + [nan]
    queue = [*map(float, range(1, 11)), nan]
    columns = (awards, queue, [*queue[:9], nan, nan], [3.0] * 10 + [nan], [0.0] * 9 + [1.0] * 2, [*queue[:9], inf, inf])
    measures = [AWARDS("job"), *[QUEUE("desk")] * 5]
    by_hand = [2.262157 * 2.108185 / 10**0.5 / 12, 3.5 / 5.5, nan, nan, nan, inf]
    np.testing.assert_allclose(half_widths(measures, np.array(columns).T), by_hand, rtol=1e-6)


def test_half_widths_of_differences_are_over_the_first_and_the_widest_of_all():
    first = np.arange(20.0, 30.0)[:, None]  # median 24.5
    others = [first + np.arange(1.0, 11.0)[:, None], first + 2 * np.arange(1.0, 11.0)[:, None], first]
    measures = [QUEUE("desk")]
    assert difference_widths(measures, [first, *others]).tolist() == pytest.approx([7 / 24.5])
    assert difference_widths(measures, [first, *others[::-1]]).tolist() == pytest.approx([7 / 24.5])
    assert np.isnan(difference_widths(measures, [first, first])).all()


def scripted(widths):
    """A sequence of half-widths by number of replications, and what was run for them."""
    ran = []
    return ran, lambda first, last: ran.append((first, last)), lambda count: np.array([widths(count)])


def test_a_precision_has_to_hold_over_further_replications():
    asked = Precision(relative=0.1, most=400)
    ran, extend, widths = scripted(lambda count: 0.05)
    assert settle(asked, extend, widths)
    assert ran == [(0, 40), (40, 45)]
    # It holds at 40 and not at 43: half as many again are needed by the root law, from 45 on.
    ran, extend, widths = scripted(lambda count: 0.12 if 43 <= count < 60 else 0.1)
    assert settle(asked, extend, widths)
    assert ran[:3] == [(0, 40), (40, 45), (45, int(1.1 * 45 * 1.44 * 1) + 1)]
    # Beyond a hundred it has to hold over a twentieth.
    ran, extend, widths = scripted(lambda count: 0.2 if count < 150 else 0.1)
    assert settle(asked, extend, widths)
    assert ran == [(0, 40), (40, 177), (177, 185)]


def test_a_precision_that_is_known_of_nothing_is_not_reached():
    ran, extend, widths = scripted(lambda count: math.nan)
    assert not settle(Precision(relative=0.5, most=4000), extend, widths)
    assert ran == [(0, 40), (40, 80), (80, 160), (160, 320), (320, 640)]
    # Ten of 160 define it, say: until then nothing is known, and it is not given up.
    ran, extend, widths = scripted(lambda count: math.nan if count < 160 else 0.4)
    assert settle(Precision(relative=0.5), extend, widths)
    assert ran == [(0, 40), (40, 80), (80, 160), (160, 168)]


def test_a_precision_is_not_believed_where_no_replications_are_left_to_hold_over():
    ran, extend, widths = scripted(lambda count: 0.5)
    assert not settle(Precision(relative=0.1, most=50), extend, widths)
    assert ran == [(0, 40), (40, 45), (45, 50)]
    ran, extend, widths = scripted(lambda count: 0.1 if count >= 60 else 0.2)
    assert not settle(Precision(relative=0.1, most=60), extend, widths)
    assert settle(Precision(relative=0.1, most=80), extend, widths)


def test_what_is_alike_in_all_replications_is_never_precise():
    raw = POISSON.to_dict()
    raw["entries"] = [{"name": "door", "to": "here", "at": ["2020-03-01"] * 30}]
    asked = Precision(relative=0.05, most=100)
    results, reached = run_to_precision(Pathway.from_dict(raw), asked)
    assert (len(results.replications), reached) == (100, False)
    assert {str(row.period) for row in without_precision([results], asked)} == {"2020", "2021"}


def test_stops_at_the_precision_and_not_far_beyond():
    results, reached = run_to_precision(POISSON, Precision(relative=0.02))
    n = len(results.replications)
    assert reached
    years = results.only(lambda row: row.measure == "awards.done" and row.period.every == "year")
    assert max(half_widths([row.measure for row in years.index], years.values)) <= 0.02
    assert without_precision([results], Precision(relative=0.02)) == []
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


def test_days_and_hours_count_where_nothing_longer_lies_between():
    results = run(Pathway.from_dict(POISSON.to_dict() | {"end": "2020-04-10", "periods": "hour"}), replications=2)
    day = "2020-02-10"
    for between, every in (((None, None), {"quarter"}), ((day, day), {"day"}), ((f"{day}T08", f"{day}T10"), {"hour"})):
        precision = Precision(relative=0.1, measures=("entries",), first=between[0], last=between[1])
        assert {results.index[column].period.every for column in chosen_columns(results, precision)} == every


def test_says_where_it_was_not_reached():
    results, reached = run_to_precision(POISSON, Precision(relative=0.001, most=46))
    assert (len(results.replications), reached) == (46, False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"relative": 0.0}, "from 0.01 % to below 100 %"),
        ({"relative": 1.5}, "from 0.01 % to below 100 %"),
        ({"relative": 0.05, "confidence": 1.0}, "confidence: 1.0"),
        ({"relative": 0.05, "most": 39}, "at least 45"),
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
