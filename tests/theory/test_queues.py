"""Exponential queues against a second computation that shares nothing with them: balance equations, integrals."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, linalg, special, stats

from flowsim.theory.queues import ErlangA, Means, MMc, MMcK, erlang_b
from helpers.models.chains import close, line, mean_of
from helpers.models.queues import DESKS, IMPATIENT, exact_erlang_b


@pytest.mark.parametrize(("offered", "servers"), [(5, 0), (5, 1), (5, 10), (Fraction(1, 10), 7), (80, 60), (40, 60)])
def test_erlang_b_in_exact_arithmetic(offered, servers):
    close(erlang_b(float(offered), servers), float(exact_erlang_b(offered, servers)), 1e-13)


def test_erlang_b_as_printed_in_tables():
    assert round(erlang_b(5.0, 10), 4) == 0.0184
    assert round(erlang_b(10.0, 10), 4) == 0.2146


@pytest.mark.parametrize(("offered", "servers"), [(10_000.0, 10_000), (10_500.0, 10_000), (99_000.0, 100_000)])
def test_erlang_b_with_very_many_servers_is_a_ratio_of_poisson_probabilities(offered, servers):
    close(erlang_b(offered, servers), stats.poisson.pmf(servers, offered) / stats.poisson.cdf(servers, offered), 1e-8)


@pytest.mark.parametrize(("offered", "servers"), [(0.3, 0.5), (2.0, 1.25), (7.0, 12.9), (300.0, 260.4)])
def test_erlang_b_between_whole_servers_is_the_integral(offered, servers):
    def weight(u):
        return math.exp(-u + servers * math.log1p(u / offered))

    inverse, _ = integrate.quad(weight, 0, max(60, servers * 3), epsabs=0, epsrel=1e-12, limit=300)
    close(erlang_b(offered, servers), 1 / inverse, 1e-10)


def test_nobody_is_lost_without_calls():
    assert (erlang_b(0.0, 3), erlang_b(0.0, 0)) == (0.0, 1.0)


# Here the wait's tail falls as fast as the service's, which a formula with a difference below a line cannot do.
DESKS += [MMc(rate=1.0, mean_service=2.0, servers=3), MMc(rate=11.0, mean_service=0.5, servers=8)]


@pytest.mark.parametrize("desk", DESKS)
def test_exponential_desk_against_balance_equations(desk):
    present = line(desk.rate, desk.mean_service, desk.servers, 250)
    close(desk.wait_probability, mean_of(present, lambda n: n >= desk.servers))
    close(desk.means.number_in_queue, mean_of(present, lambda n: max(0, n - desk.servers)))
    close(desk.means.number_in_service, mean_of(present, lambda n: min(n, desk.servers)))
    close(desk.means.number_in_system, mean_of(present, lambda n: n))
    close(desk.load, mean_of(present, lambda n: min(n, desk.servers)) / desk.servers)


@pytest.mark.parametrize("desk", DESKS)
def test_exponential_desk_waits_for_departures(desk):
    present = line(desk.rate, desk.mean_service, desk.servers, 250)

    def tail(t):
        ahead = {n - desk.servers + 1: p for n, p in present.items() if n >= desk.servers}
        return mean_of(ahead, lambda k: special.gammaincc(k, t * desk.servers / desk.mean_service))

    for t in (0.0, 0.3, 2.0, 9.0):
        close(desk.wait_tail(t), tail(t))
    # The service follows the wait: those who wait not at all, and the density of all others, meet its own tail.
    decay = -math.log(tail(1.0) / tail(0.0))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for t in (0.0, 0.4, 3.0, 8.0):
        waits = t * (nodes + 1) / 2
        density = tail(0.0) * decay * np.exp(-decay * waits - (t - waits) / desk.mean_service)
        waited = t / 2 * weights @ density
        close(desk.sojourn_tail(t), tail(t) + (1 - tail(0.0)) * math.exp(-t / desk.mean_service) + waited)


@pytest.mark.parametrize("desk", DESKS)
def test_tails_carry_the_moments(desk):
    close(integrate.quad(desk.wait_tail, 0, np.inf, epsabs=1e-13)[0], desk.means.wait)
    close(integrate.quad(desk.sojourn_tail, 0, np.inf, epsabs=1e-13)[0], desk.means.sojourn)
    second, _ = integrate.quad(lambda t: 2 * t * desk.wait_tail(t), 0, np.inf, epsabs=1e-13)
    close(desk.wait_variance, second - desk.means.wait**2)


def test_long_times_are_no_overflow():
    desk = MMc(rate=0.01, mean_service=1.0, servers=5)
    assert (desk.wait_tail(1e6), desk.sojourn_tail(1e6)) == (0.0, 0.0)


def test_means_worked_by_hand():
    means = Means(rate=2.0, wait=3.0, service=0.5)
    told = (means.sojourn, means.number_in_queue, means.number_in_service, means.number_in_system)
    assert told == (3.5, 6.0, 1.0, 7.0)


@pytest.mark.parametrize("room", [0, 1, 7])
@pytest.mark.parametrize(("rate", "servers"), [(0.5, 1), (2.0, 3), (5.0, 4)])
def test_limited_room_against_balance_equations(rate, servers, room):
    desk = MMcK(rate=rate, mean_service=1.3, servers=servers, room=room)
    present = line(rate, 1.3, servers, servers + room)
    close(desk.distribution, [present[n] for n in range(servers + room + 1)])
    close(desk.loss_probability, present[servers + room])
    close(desk.means.rate, mean_of(present, lambda n: rate if n < servers + room else 0))
    close(desk.means.number_in_queue, mean_of(present, lambda n: max(0, n - servers)))
    close(desk.means.number_in_system, mean_of(present, lambda n: n))
    found = {n: p / (1 - present[servers + room]) for n, p in present.items() if n < servers + room}
    close(desk.wait_probability, math.fsum(p for n, p in found.items() if n >= servers))
    for t in (0.0, 0.7, 4.0):
        waiting = {n - servers + 1: p for n, p in found.items() if n >= servers}
        close(desk.wait_tail(t), mean_of(waiting, lambda k: special.gammaincc(k, t * servers / 1.3)))  # noqa: B023
    close(integrate.quad(desk.wait_tail, 0, 60, epsabs=1e-13)[0], desk.means.wait)


def test_no_room_is_a_loss_system():
    close(MMcK(rate=7.0, mean_service=0.9, servers=5, room=0).loss_probability, erlang_b(6.3, 5), 1e-13)


def test_much_room_is_as_good_as_no_limit():
    limited, desk = MMcK(rate=2.0, mean_service=1.2, servers=3, room=5_000), DESKS[1]
    close([limited.means.wait, limited.wait_tail(2.0)], [desk.means.wait, desk.wait_tail(2.0)], 1e-12)
    assert limited.loss_probability == 0.0


def fate(desk, ahead):
    """Follow one who finds so many waiting ahead of her: rates among positions, and out to the service."""
    one = 1 / desk.mean_patience
    rates = np.zeros((ahead + 1, ahead + 1))
    for position in range(ahead + 1):
        forward = desk.servers / desk.mean_service + position * one
        rates[position, position] = -forward - one
        if position:
            rates[position, position - 1] = forward
    served = np.zeros(ahead + 1)
    served[0] = desk.servers / desk.mean_service
    return rates, served


@pytest.mark.parametrize("desk", IMPATIENT)
def test_patience_against_balance_equations_and_one_followed_through_the_queue(desk):
    present = line(desk.rate, desk.mean_service, desk.servers, 150, desk.mean_patience)
    close(desk.distribution[:10], [present[n] for n in range(10)])
    served = mean_of(present, lambda n: min(n, desk.servers)) / desk.mean_service
    close(desk.wait_probability, mean_of(present, lambda n: n >= desk.servers))
    close(desk.abandonment_probability, 1 - served / desk.rate)
    close(desk.means.number_in_queue, mean_of(present, lambda n: max(0, n - desk.servers)))
    close(desk.means.number_in_system, mean_of(present, lambda n: n))

    rates, out = fate(desk, 60)
    found = np.array([present[n] for n in range(desk.servers, desk.servers + 61)])
    close(desk.wait_mean_served, found @ linalg.solve(rates, linalg.solve(rates, out)) / (served / desk.rate))
    for t in (0.0, 0.1, 1.0, 3.0):
        close(desk.wait_tail(t), found @ linalg.expm(rates * t).sum(axis=1))


def test_endless_patience_is_erlang_c():
    patient, desk = ErlangA(rate=2.0, mean_service=1.2, servers=3, mean_patience=1e11), DESKS[1]
    close([patient.wait_probability, patient.means.wait], [desk.wait_probability, desk.means.wait], 1e-9)
    close([patient.wait_mean_served, patient.wait_tail(3.0)], [desk.means.wait, desk.wait_tail(3.0)], 1e-8)


def test_no_patience_is_erlang_b():
    hasty = ErlangA(rate=2.0, mean_service=1.2, servers=3, mean_patience=1e-12)
    close([hasty.wait_probability, hasty.abandonment_probability], [erlang_b(2.4, 3)] * 2, 1e-9)


def test_a_large_queue_of_impatient_ones_is_full():
    # Twice as many come as can be served, and they wait long: all servers are busy, and half of all leave unserved.
    crowd = ErlangA(rate=200.0, mean_service=1.0, servers=100, mean_patience=500.0)
    close([crowd.wait_probability, crowd.abandonment_probability], [1.0, 0.5], 1e-12)
    close(crowd.means.number_in_queue, 50_000, 1e-12)
