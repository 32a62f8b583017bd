"""Queues that change with time, against matrix exponentials and partial moments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, special, stats

from flowsim.theory.queues import MMc
from flowsim.theory.transient import MtGInf, MtMc
from helpers.models.chains import EXAMPLES, close, mean_of

CHANGES = {"starts": (0.0, 2.0, 3.0, 4.0), "rates": (1.5, 2.0, 1.0, 0.0), "servers": (3, 1, 0, 4)}


def followed(changes, mean_service, busy, waiting, time, most=42):
    """Follow one state through all changes by matrix exponentials; return {(busy, waiting): probability}."""

    def settle(state, servers):
        while state[0] < servers and state[1]:
            state = state[0] + 1, state[1] - 1
        return state

    numbers = {(b, w): b * most + w for b in range(5) for w in range(most)}
    present = np.zeros(len(numbers))
    present[numbers[busy, waiting]] = 1.0
    ends = [*changes["starts"][1:], math.inf]
    for start, end, rate, servers in zip(changes["starts"], ends, changes["rates"], changes["servers"], strict=True):
        if start > time:
            break
        change = np.zeros((len(numbers),) * 2)
        begun = np.zeros(len(numbers))
        for state, number in numbers.items():
            target = settle(state, servers)
            if target in numbers:
                begun[numbers[target]] += present[number]
            came = settle((state[0], state[1] + 1), servers)
            left = settle((state[0] - 1, state[1]), servers)
            for speed, after in ((rate, came), (state[0] / mean_service, left)):
                if speed and after in numbers:
                    change[number, numbers[after]] += speed
                    change[number, number] -= speed
        present = begun @ linalg.expm(change * (min(end, time) - start))
    return {state: present[number] for state, number in numbers.items()}


@pytest.mark.parametrize("time", [0.0, 1.0, 2.6, 4.0, 5.0])
def test_steps_of_capacity_against_matrix_exponentials(time):
    station = MtMc(**CHANGES, mean_service=0.9, busy=2, waiting=4)
    expected = followed(CHANGES, 0.9, 2, 4, time)
    found = station.at(time)
    for (busy, waiting), probability in expected.items():
        if probability > 1e-12:
            close(found.probabilities[busy, waiting], probability)
    close(found.number_in_queue, mean_of(expected, lambda state: state[1]))
    close(found.number_in_service, mean_of(expected, lambda state: state[0]))
    close(found.number_in_system, mean_of(expected, sum))
    close(found.queue.sum(), 1.0, 1e-12)


def test_after_a_cut_current_services_end_and_none_begins():
    # Six are served, none is allowed to begin, nobody comes: each is still there with probability exp(-t).
    station = MtMc(starts=(0.0,), rates=(0.0,), servers=(2,), mean_service=1.0, busy=6)
    present = station.at(0.7).probabilities[:, 0]
    close(present, stats.binom.pmf(np.arange(7), 6, math.exp(-0.7)), 1e-12)
    waiting = MtMc(starts=(0.0,), rates=(0.0,), servers=(2,), mean_service=1.0, busy=6, waiting=1).at(0.7)
    # The one who waits begins at the fifth of the six ends.
    close(waiting.number_in_queue, stats.binom.sf(1, 6, math.exp(-0.7)), 1e-12)


def test_in_the_long_run_it_settles():
    station = MtMc(starts=(0.0, 5.0), rates=(3.0, 1.8), servers=(1, 3), mean_service=1.0, waiting=9).at(150.0)
    desk = MMc(rate=1.8, mean_service=1.0, servers=3)
    close(station.number_in_queue, desk.means.number_in_queue)
    close(station.probabilities[3].sum(), desk.wait_probability)


def test_a_backlog_while_all_are_busy_falls_by_a_straight_line():
    station = MtMc(starts=(0.0,), rates=(4.0,), servers=(10,), mean_service=2.0, busy=10, waiting=430)
    close(station.at(26.0).number_in_queue, 430 + 26 * (4 - 10 / 2), 1e-12)


@given(st.floats(0.1, 3.0), st.integers(0, 3), st.integers(0, 4), st.floats(0.2, 6.0))
@EXAMPLES
def test_who_came_is_present_or_served(rate, servers, waiting, time):
    station = MtMc(starts=(0.0, 1.5), rates=(rate, 1.0), servers=(servers, 2), mean_service=1.0, waiting=waiting)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    served = 0.0
    for start, end in ((0.0, min(time, 1.5)), (1.5, max(time, 1.5))):
        for node, weight in zip(nodes, weights, strict=True):
            moment = start + (end - start) * (node + 1) / 2
            served += weight * (end - start) / 2 * station.at(moment).number_in_service if end > start else 0.0
    came = waiting + rate * min(time, 1.5) + max(0.0, time - 1.5)
    close(station.at(time).number_in_system, came - served)


STEPS = {"starts": (1.0, 4.0, 9.0), "rates": (3.0, 0.0, 5.0)}


def within(law, low, high):
    """Return E[min(S, high) - min(S, low)] of a lognormal stay, by its partial moments."""
    sigma, mu = law

    def limited(end):
        if end == 0:
            return 0.0
        z = (math.log(end) - mu) / sigma
        return math.exp(mu + sigma**2 / 2) * special.ndtr(z - sigma) + end * special.ndtr(-z)

    return limited(high) - limited(low)


@pytest.mark.parametrize("time", [1.0, 2.5, 4.0, 7.0, 30.0])
def test_number_present_against_partial_moments(time):
    law = (1.2, 0.4)
    crowd = MtGInf(**STEPS, survival=lambda age: float(special.ndtr((law[1] - np.log(age)) / law[0])))
    ends = [(start, min(end, time)) for start, end in ((1.0, 4.0), (4.0, 9.0), (9.0, math.inf))]
    parts = [
        rate * within(law, time - end, time - start)
        for rate, (start, end) in zip((3, 0, 5), ends, strict=True)
        if start < time
    ]
    close(crowd.number_mean(time), math.fsum(parts))
    shown = crowd.distribution(time)
    close(shown, stats.poisson.pmf(np.arange(len(shown)), crowd.number_mean(time)))
    close(shown.sum(), 1.0, 1e-13)


def test_number_present_with_fixed_stays_is_what_came_lately():
    crowd = MtGInf(**STEPS, survival=lambda age: float(age < 2.5))
    close([crowd.number_mean(t) for t in (2.0, 5.0, 6.5, 10.0, 20.0)], [3.0, 4.5, 0.0, 5.0, 12.5], 1e-10)


def test_a_short_stay_in_a_long_step_is_not_overlooked():
    crowd = MtGInf(starts=(0.0,), rates=(4.0,), survival=lambda age: math.exp(-age / 0.01))
    close(crowd.number_mean(1e6), 0.04)
