"""Orders of service against the chain of one who waits, and sharing against balance equations."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, sparse

from flowsim.core.errors import InputError
from flowsim.theory.queues import MMc
from flowsim.theory.rules.orders import MG1Shared, MMcOrdered
from helpers.models.chains import EXAMPLES, close, mean_of, settled

MOST = 260  # others who wait, at most


def generator_of_one_who_waits(order, rate, departures):
    """Where she is: with 0, 1, ... others who wait (for the last: who came after her), until she begins."""
    matrix = sparse.lil_array((MOST, MOST))
    for others in range(MOST):
        matrix[others, others] = -rate * (others < MOST - 1) - departures
        if others < MOST - 1:
            matrix[others, others + 1] = rate
        if others:
            matrix[others, others - 1] = departures * (others / (others + 1) if order == "random" else 1)
    return matrix.tocsc()


def start_of_one_who_waits(order, load):
    if order == "last":
        return np.eye(MOST)[0]
    found = load ** np.arange(MOST)
    return found / found.sum()


@pytest.mark.parametrize("order", ["first", "last", "random"])
@pytest.mark.parametrize(("rate", "servers"), [(0.6, 1), (2.1, 3), (0.05, 1)])
def test_waits_against_the_chain_of_one_who_waits(order, rate, servers):
    desk = MMcOrdered(rate=rate, mean_service=1.0, servers=servers, order=order)
    # In the chain of who came first nobody counts who comes after her.
    chain = generator_of_one_who_waits(order, 0.0 if order == "first" else rate, float(servers))
    start, waiting = start_of_one_who_waits(order, rate / servers), desk.wait_probability
    for time in (0.0, 0.3, 1.0, 4.0, 15.0):
        still = sparse.linalg.expm_multiply(chain.T * time, start)
        close(desk.wait_tail(time), waiting * still.sum(), 1e-8)
    first = sparse.linalg.spsolve(chain.T, -start)
    second = sparse.linalg.spsolve(chain.T, -first)
    close(desk.means.wait, waiting * first.sum())
    close(desk.wait_variance + desk.means.wait**2, 2 * waiting * second.sum())


@given(st.floats(0.02, 0.97), st.integers(1, 8), st.sampled_from(["last", "random"]))
@EXAMPLES
def test_the_tail_adds_up_to_the_mean_and_its_square(load, servers, order):
    desk = MMcOrdered(rate=load * servers, mean_service=1.0, servers=servers, order=order)
    scale = 1 / (servers * (1 - math.sqrt(load)) ** 2)
    cuts = [0.0, *(scale * 2.0**k for k in range(-12, 7))]
    pieces = list(pairwise(cuts))
    mean = sum(integrate.quad(desk.wait_tail, *piece, epsabs=1e-13, epsrel=1e-9)[0] for piece in pieces)
    close(mean, desk.means.wait, 1e-7)
    close(desk.wait_tail(0.0), desk.wait_probability, 1e-9)
    square = sum(integrate.quad(lambda t: 2 * t * desk.wait_tail(t), *piece, epsrel=1e-9)[0] for piece in pieces)
    close(square, desk.wait_variance + desk.means.wait**2, 1e-7)


def test_orders_spread_waits_and_change_no_mean():
    desks = [MMcOrdered(rate=2.4, mean_service=1.0, servers=3, order=order) for order in ("first", "random", "last")]
    plain = MMc(rate=2.4, mean_service=1.0, servers=3)
    assert all(desk.means == plain.means for desk in desks)
    assert desks[0].wait_variance == pytest.approx(plain.wait_variance)
    variances = [desk.wait_variance for desk in desks]
    assert variances == sorted(variances)
    for desk in desks:
        close(desk.wait_tail(desk.wait_quantile(0.95)), 0.05, 1e-10)
        assert desk.wait_quantile(0.1) == 0.0


def test_sharing_against_balance_equations_of_two_kinds_of_services():
    """Short and long services, so no exponential law: each kind stays in proportion to what it needs."""
    rate, means, shares, most = 0.5, (0.4, 2.4), (0.7, 0.3), 45
    desk = MG1Shared(rate=rate, mean_service=means[0] * shares[0] + means[1] * shares[1])

    def moves(state):
        there = sum(state)
        for kind in range(2):
            come = tuple(n + (k == kind) for k, n in enumerate(state))
            gone = tuple(n - (k == kind) for k, n in enumerate(state))
            yield (rate * shares[kind] if there < most else 0, come)
            yield (state[kind] / max(there, 1) / means[kind], gone)

    present = settled((0, 0), moves)
    close(desk.means.number_in_system, mean_of(present, sum))
    for kind in range(2):
        number = mean_of(present, lambda state, kind=kind: state[kind])
        close(desk.sojourn_of(means[kind]), number / (rate * shares[kind]))
    for number in range(12):
        close(desk.probability(number), mean_of(present, lambda state, number=number: sum(state) == number))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: MMcOrdered(rate=0.5, mean_service=1.0, servers=1, order="best"),
            "order: 'best' .* first, last, random",
        ),
        (lambda: MMcOrdered(rate=1.0, mean_service=1.0, servers=1, order="last"), "a load of 1 is not allowed"),
        (lambda: MMcOrdered(rate=0.5, mean_service=1.0, servers=1, order="last").wait_tail(-1.0), "time: -1.0"),
        (lambda: MG1Shared(rate=1.0, mean_service=1.0), "a load of 1 is not allowed"),
        (lambda: MG1Shared(rate=0.5, mean_service=0.0), "mean_service: 0.0"),
        (lambda: MG1Shared(rate=0.5, mean_service=1.0).sojourn_of(-1.0), "time: -1.0"),
    ],
)
def test_refuses(make, said):
    with pytest.raises(InputError, match=said):
        make()
