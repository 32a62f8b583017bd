"""Networks and chains that end, against the chain of all stations and against transforms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.theory.networks import AbsorbingChain, Jackson, expected_visits
from helpers.models.chains import EXAMPLES, by_contour, close, mean_of, settled

BACK_AND_FORTH = ((0.1, 0.6), (0.3, 0.0))


def test_network_against_the_chain_of_both_stations():
    rates, means, servers, most = (0.25, 0.15), (0.8, 1.1), (1, 2), 40
    network = Jackson(rates=rates, shares=BACK_AND_FORTH, mean_service=means, servers=servers)

    def moves(state):
        for station in (0, 1):
            came = list(state)
            came[station] += 1
            yield (rates[station] if state[station] < most else 0, tuple(came))
            left = list(state)
            left[station] -= 1
            speed = min(state[station], servers[station]) / means[station]
            yield (speed * (1 - sum(BACK_AND_FORTH[station])), tuple(left))
            other = 1 - station
            there = list(left)
            there[other] += 1
            yield (speed * BACK_AND_FORTH[station][other] if state[other] < most else 0, tuple(there))

    present = settled((0, 0), moves)
    for station in (0, 1):
        number = mean_of(present, lambda state: state[station])  # noqa: B023
        close(network.stations[station].means.number_in_system, number)
        busy = mean_of(present, lambda state: min(state[station], servers[station]))  # noqa: B023
        close(network.throughputs[station], busy / means[station])
    total = mean_of(present, sum)
    close([network.number_in_system, network.sojourn_mean], [total, total / 0.4])
    close(network.sojourn_mean_from @ np.array(rates) / 0.4, total / 0.4)


@given(st.lists(st.lists(st.floats(0, 0.3), min_size=3, max_size=3), min_size=3, max_size=3))
@EXAMPLES
def test_visits_are_the_series_of_steps(shares):
    step = total = np.eye(3)
    for _ in range(400):
        step = step @ np.array(shares)
        total = total + step
    close(expected_visits(shares), total, 1e-12)


EXITS = ((0.2, 0.1), (0.0, 0.7))
COURSE = {"shares": BACK_AND_FORTH, "exits": EXITS, "means": (2.0, 0.7)}


def test_exponential_stays_against_the_generator():
    chain = AbsorbingChain(**COURSE, variances=(4.0, 0.49))
    rates = (np.array(BACK_AND_FORTH) - np.eye(2)) / np.array([[2.0], [0.7]])
    ending = np.array(EXITS) / np.array([[2.0], [0.7]])
    inverse = np.linalg.inv(-rates)
    close(chain.outcome_shares, inverse @ ending)
    close(chain.time_mean, inverse.sum(axis=1))
    close(chain.time_variance, 2 * (inverse @ inverse).sum(axis=1) - inverse.sum(axis=1) ** 2)
    close(chain.time_mean_by_outcome, inverse @ inverse @ ending / (inverse @ ending))


def test_fixed_and_gamma_stays_against_their_transform():
    chain = AbsorbingChain(**COURSE, variances=(0.0, 0.1))

    def ends(s):
        stays = np.diag([np.exp(-2.0 * s), (1 + s * 0.1 / 0.7) ** -(0.49 / 0.1)])
        return np.linalg.solve(np.eye(2) - stays @ np.array(BACK_AND_FORTH), stays @ np.array(EXITS))

    first, second = (by_contour(lambda s: ends(s).sum(axis=1), order, 0.05) for order in (1, 2))
    close(chain.time_mean, -first)
    close(chain.time_variance, second - first**2)
    close(chain.time_mean_by_outcome, -by_contour(ends, 1, 0.05) / chain.outcome_shares)


def test_an_outcome_that_nobody_reaches_has_no_time():
    chain = AbsorbingChain(shares=((0.0,),), exits=((1.0, 0.0),), means=(3.0,))
    np.testing.assert_array_equal(chain.time_mean_by_outcome, [[3.0, np.nan]])


def test_shares_that_rounding_lifts_above_one_count_as_one():
    above = 1.0 + 2**-52  # what three thirds may add up to on one processor and not on the next
    chain = AbsorbingChain(shares=((0.0,),), exits=((above,),), means=(3.0,))
    close(chain.outcome_shares, [[1.0]])
    onward = AbsorbingChain(shares=((0.0, above), (0.0, 0.0)), exits=((0.0,), (1.0,)), means=(3.0, 4.0))
    close(onward.time_mean, [7.0, 4.0])
    with pytest.raises(InputError, match=r"exits: .* each from 0 to 1"):
        AbsorbingChain(shares=((0.0,),), exits=((1.000001,),), means=(3.0,))
