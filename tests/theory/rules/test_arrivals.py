"""Who baulks, who comes back and who come together, against balance equations and a population of one less."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from flowsim.core.errors import InputError
from flowsim.theory.queues import MMc, MMcK, erlang_b
from flowsim.theory.rules.arrivals import FiniteSource, MMcBatch, MMcBaulking
from helpers.models.chains import EXAMPLES, close, mean_of, settled

RATE, SERVICE, SERVERS = 2.6, 0.9, 2
BAULKS = {0: 0.1, 2: 0.5, 5: 0.7}


def share_that_baulks(waiting, baulks):
    return max(((number, share) for number, share in baulks.items() if number <= waiting), default=(0, 0.0))[1]


def baulking_chain(most=140):
    def moves(n):
        waiting = n - SERVERS
        come = RATE * (1 - share_that_baulks(waiting, BAULKS)) if waiting >= 0 else RATE
        yield (come if n < most else 0, n + 1)
        yield (min(n, SERVERS) / SERVICE, n - 1)

    return settled(0, moves)


def test_who_baulks_against_balance_equations():
    desk = MMcBaulking(rate=RATE, mean_service=SERVICE, servers=SERVERS, baulks=BAULKS)
    present = baulking_chain()
    baulk = mean_of(present, lambda n: share_that_baulks(n - SERVERS, BAULKS) if n >= SERVERS else 0.0)
    close(desk.baulking_probability, baulk)
    close(desk.means.number_in_queue, mean_of(present, lambda n: max(0, n - SERVERS)))
    close(desk.means.number_in_service, mean_of(present, lambda n: min(n, SERVERS)))
    close(desk.means.rate, RATE * (1 - baulk))
    free = mean_of(present, lambda n: n < SERVERS)
    close(desk.wait_probability, 1 - free / (1 - baulk))
    close(desk.distribution[:60], [present[n] for n in range(60)])


def test_who_never_baulks_waits_as_at_any_station():
    for baulks in ({}, {3: 0.0}):
        desk = MMcBaulking(rate=2.0, mean_service=SERVICE, servers=SERVERS, baulks=baulks)
        plain = MMc(rate=2.0, mean_service=SERVICE, servers=SERVERS)
        close(desk.means.wait, plain.means.wait, 1e-11)
        close([desk.wait_tail(t) for t in (0.0, 1.0, 9.0)], [plain.wait_tail(t) for t in (0.0, 1.0, 9.0)], 1e-11)
        assert abs(desk.baulking_probability) < 1e-20


def test_where_all_baulk_from_a_number_on_it_is_a_limited_room():
    desk = MMcBaulking(rate=3.1, mean_service=SERVICE, servers=SERVERS, baulks={4: 1.0})
    room = MMcK(rate=3.1, mean_service=SERVICE, servers=SERVERS, room=4)
    close(desk.baulking_probability, room.loss_probability, 1e-12)
    close(desk.means.wait, room.means.wait, 1e-12)
    close([desk.wait_tail(t) for t in (0.0, 1.0, 9.0)], [room.wait_tail(t) for t in (0.0, 1.0, 9.0)], 1e-12)


@pytest.mark.parametrize(
    "desk",
    [
        MMcBaulking(rate=RATE, mean_service=SERVICE, servers=SERVERS, baulks=BAULKS),
        FiniteSource(population=9, mean_away=4.0, mean_service=1.1, servers=2),
        FiniteSource(population=9, mean_away=4.0, mean_service=1.1, servers=2, room=3),
        MMcBatch(rate=0.6, sizes={1: 0.5, 2: 0.2, 5: 0.3}, mean_service=0.9, servers=2),
    ],
    ids=["baulking", "all wait", "a room", "batches"],
)
def test_the_mean_wait_is_what_the_tail_adds_up_to(desk):
    total = sum(integrate.quad(desk.wait_tail, k, k + 1, epsrel=1e-12)[0] for k in range(150))
    close(total, desk.means.wait)
    close(desk.wait_tail(0.0), desk.wait_probability, 1e-12)
    close(desk.wait_tail(desk.wait_quantile(0.9)), 0.1, 1e-10)


def source_chain(population, away, service, servers, room):
    most = population if room is None else min(population, servers + room)

    def moves(n):
        yield ((population - n) / away if n < most else 0, n + 1)
        yield (min(n, servers) / service, n - 1)

    return settled(0, moves)


@pytest.mark.parametrize(("population", "servers", "room"), [(7, 2, None), (7, 3, 0), (7, 2, 2), (3, 5, None)])
def test_a_population_against_balance_equations(population, servers, room):
    away, service = 3.0, 1.4
    source = FiniteSource(population=population, mean_away=away, mean_service=service, servers=servers, room=room)
    present = source_chain(population, away, service, servers, room)
    close(source.means.number_in_queue, mean_of(present, lambda n: max(0, n - servers)))
    close(source.means.number_in_service, mean_of(present, lambda n: min(n, servers)))
    close(source.request_rate, mean_of(present, lambda n: population - n) / away)


@given(st.integers(2, 12), st.integers(1, 6), st.sampled_from([None, 0, 1, 3]), st.floats(0.5, 20.0))
@EXAMPLES
def test_who_comes_sees_the_queue_as_if_she_were_not_of_the_population(population, servers, room, away):
    source = FiniteSource(population=population, mean_away=away, mean_service=1.0, servers=servers, room=room)
    # Over what those who come find, and not over time: the arrival theorem (Lavenberg and Reiser 1980).
    others = source_chain(population - 1, away, 1.0, servers, room)
    most = math.inf if room is None else servers + room
    lost = sum(p for n, p in others.items() if n >= most)
    close(source.loss_probability, lost)
    waiting = sum(p for n, p in others.items() if servers <= n < most)
    close(source.wait_probability, waiting / (1 - lost))
    # And her mean wait is one departure for each who waits, and one more.
    close(
        source.means.wait,
        sum(p * (n - servers + 1) for n, p in others.items() if servers <= n < most) / servers / (1 - lost),
    )


def test_a_large_population_is_a_poisson_stream():
    source = FiniteSource(population=10**6, mean_away=10.0**6 / 2.0, mean_service=1.0, servers=3, room=0)
    close(source.loss_probability, erlang_b(2.0, 3), 1e-5)


def test_far_more_than_a_float_holds_does_no_harm():
    source = FiniteSource(population=3000, mean_away=1e-6, mean_service=1e3, servers=1)
    close(source.means.number_in_system, 3000, 1e-6)
    assert np.isfinite(source.distribution).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MMcBaulking(rate=2.0, mean_service=1.0, servers=1, baulks={3: 0.5}), "a load of 1 is not allowed"),
        (lambda: MMcBaulking(rate=2.0, mean_service=1.0, servers=1, baulks={3: 1.5}), r"baulks\[3\]: 1.5 .* 0 to 1"),
        (lambda: MMcBaulking(rate=2.0, mean_service=1.0, servers=1, baulks={-1: 0.5}), "baulks: -1"),
        (lambda: MMcBaulking(rate=1 - 1e-9, mean_service=1.0, servers=1, baulks={}), "so near 1 that a million wait"),
        (lambda: FiniteSource(population=0, mean_away=1.0, mean_service=1.0, servers=1), "population: 0"),
        (lambda: FiniteSource(population=1, mean_away=0.0, mean_service=1.0, servers=1), "mean_away: 0.0"),
        (lambda: FiniteSource(population=1, mean_away=1.0, mean_service=1.0, servers=1, room=-1), "room: -1"),
    ],
)
def test_refuses(make, said):
    with pytest.raises(InputError, match=said):
        make()


SIZES = {1: 0.5, 2: 0.2, 5: 0.3}


def batch_chain(rate, sizes, service, servers, most=300):
    def moves(n):
        for size, share in sizes.items():
            yield (rate * share, min(n + size, most))
        yield (min(n, servers) / service, n - 1)

    return settled(0, moves)


@pytest.mark.parametrize("servers", [1, 3])
def test_batches_against_balance_equations(servers):
    rate = 0.25 * servers
    desk = MMcBatch(rate=rate, sizes=SIZES, mean_service=0.9, servers=servers)
    present = batch_chain(rate, SIZES, 0.9, servers)
    close(desk.load, rate * 2.4 * 0.9 / servers)
    close(desk.means.number_in_queue, mean_of(present, lambda n: max(0, n - servers)))
    close(desk.means.number_in_service, mean_of(present, lambda n: min(n, servers)))
    close(desk.distribution[:60], [present[n] for n in range(60)])
    # One after the other of each batch finds who was there and those before her.
    waits = sum(
        share * sum(mean_of(present, lambda n, ahead=ahead: n + ahead >= servers) for ahead in range(size))
        for size, share in SIZES.items()
    )
    close(desk.wait_probability, waits / 2.4)


def test_the_mean_wait_at_one_server_is_that_of_a_batch_and_of_those_before_her():
    """A batch waits as one citizen of M/G/1 whose service is that of all (Pollaczek and Khinchine)."""
    desk = MMcBatch(rate=0.3, sizes=SIZES, mean_service=0.8, servers=1)
    mean, second = 2.4, 0.5 + 0.2 * 4 + 0.3 * 25
    of_a_batch = 0.3 * (mean * 0.8**2 + second * 0.8**2) / (2 * (1 - 0.3 * mean * 0.8))
    close(desk.means.wait, of_a_batch + (second - mean) / (2 * mean) * 0.8)


def test_batches_of_one_are_citizens():
    for sizes in ({1: 1.0}, {1: 1.0, 4: 0.0}):
        desk = MMcBatch(rate=2.0, sizes=sizes, mean_service=0.9, servers=2)
        plain = MMc(rate=2.0, mean_service=0.9, servers=2)
        close(desk.means.wait, plain.means.wait, 1e-11)
        close([desk.wait_tail(t) for t in (0.0, 1.0, 9.0)], [plain.wait_tail(t) for t in (0.0, 1.0, 9.0)], 1e-11)


def test_many_servers_overflow_nothing():
    desk = MMcBatch(rate=900.0, sizes={1: 0.5, 3: 0.5}, mean_service=1.0, servers=2000)
    close(desk.means.number_in_service, 1800.0)
    assert 0 < desk.wait_probability < 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0.0}, "rate: 0.0 is not allowed"),
        ({"servers": 0}, "servers: 0 is not allowed"),
        ({"sizes": {}}, "sizes: .* is not allowed: at least one size with its probability"),
        ({"sizes": {0: 1.0}}, "sizes: 0 is not allowed"),
        ({"sizes": {1: 1.5, 2: -0.5}}, r"sizes\[1\]: 1.5 is not allowed"),
        ({"sizes": {1: 0.5}}, "sizes: 0.5 is not allowed: probabilities that add to 1"),
        ({"rate": 1.0}, "load"),
        ({"rate": (1 - 1e-7) / 2.4}, "so near 1 that a million are there"),
    ],
)
def test_batches_that_can_not_be_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        MMcBatch(**({"rate": 0.3, "sizes": SIZES, "mean_service": 1.0, "servers": 1} | changes))
