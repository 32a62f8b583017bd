"""Queues with other laws against transforms of their wait, and balance equations over phases."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, linalg, special, stats

from flowsim.theory.fixed_times import MDc
from flowsim.theory.general_laws import MG1, GIMc, MPHc
from flowsim.theory.queues import MMc
from helpers.models.chains import EXAMPLES, by_contour, close, mean_of, settled
from helpers.models.queues import DESKS


@pytest.mark.parametrize(("shape", "load"), [(0.4, 0.7), (1.0, 0.5), (3.0, 0.9)])
def test_any_service_against_the_transform_of_its_wait(shape, load):
    mean = 1.7
    desk = MG1(rate=load / mean, moments=tuple(stats.gamma.moment(k, shape, scale=mean / shape) for k in (1, 2, 3)))

    def wait(s):
        service = (1 + s * mean / shape) ** -shape
        return (1 - load) * s / (s - desk.rate * (1 - service))

    radius = 0.1 * (1 - load)
    close(desk.means.wait, -by_contour(wait, 1, radius))
    close(desk.wait_variance, by_contour(wait, 2, radius) - by_contour(wait, 1, radius) ** 2)
    close([desk.load, desk.means.number_in_service], load)


def test_exponential_service_is_one_of_any():
    desk, same = MG1(rate=0.5, moments=(1.5, 2 * 1.5**2, 6 * 1.5**3)), DESKS[0]
    close([desk.means.wait, desk.wait_variance], [same.means.wait, same.wait_variance], 1e-13)


def erlang_arrivals(rate, phases, mean_service, servers, most):
    """Follow (number, phases of the next arrival that have passed); what arrivals find is seen from the last phase."""

    def moves(state):
        n, phase = state
        last = phase == phases - 1
        yield (rate * phases if n < most or not last else 0, (n + 1, 0) if last else (n, phase + 1))
        yield (min(n, servers) / mean_service, (n - 1, phase))

    return settled((0, 0), moves)


@pytest.mark.parametrize("phases", [1, 2, 5])
@pytest.mark.parametrize(("rate", "servers"), [(0.6, 1), (2.0, 2), (2.6, 4), (6.0, 7)])
def test_any_arrivals_against_balance_equations(rate, servers, phases):
    desk = GIMc(
        interarrival=lambda s: (1 + s / (phases * rate)) ** -phases,
        mean_interarrival=1 / rate,
        mean_service=0.8,
        servers=servers,
    )
    present = erlang_arrivals(rate, phases, 0.8, servers, 150)
    found = {n: p * phases for (n, phase), p in present.items() if phase == phases - 1}
    close(desk.wait_probability, math.fsum(p for n, p in found.items() if n >= servers))
    close(desk.means.number_in_queue, mean_of(present, lambda state: max(0, state[0] - servers)))
    close(desk.means.number_in_system, mean_of(present, lambda state: state[0]))
    for t in (0.5, 2.0):
        waiting = {n - servers + 1: p for n, p in found.items() if n >= servers}
        close(desk.wait_tail(t), mean_of(waiting, lambda k: special.gammaincc(k, t * servers / 0.8)))  # noqa: B023
    close(integrate.quad(desk.sojourn_tail, 0, np.inf, epsabs=1e-13)[0], desk.means.sojourn)


@pytest.mark.parametrize("servers", [1, 2, 4, 8, 30])
@pytest.mark.parametrize("load", [0.25, 0.5, 0.500000005, 0.75, 0.97])
def test_poisson_arrivals_are_some_of_any(servers, load):
    # At a load of 1/2 and 1/4 a term of Takács's sum is 0 / 0, just beside it nearly so.
    desk = MMc(rate=load * servers, mean_service=1.0, servers=servers)
    rate = desk.rate
    same = GIMc(interarrival=lambda s: rate / (rate + s), mean_interarrival=1 / rate, mean_service=1.0, servers=servers)
    close([same.wait_probability, same.means.wait], [desk.wait_probability, desk.means.wait], 1e-11)
    close(
        [same.wait_quantile(0.99), same.sojourn_quantile(0.9)], [desk.wait_quantile(0.99), desk.sojourn_quantile(0.9)]
    )
    assert same.load == pytest.approx(load)


@pytest.mark.parametrize("load", [0.001, 0.05, 0.14, 0.3, 0.9, 0.999])
def test_regular_arrivals_at_one_server(load):
    desk = GIMc(interarrival=lambda s: math.exp(-s / load), mean_interarrival=1 / load, mean_service=1.0, servers=1)
    # The root of w = exp(-(1 - w) / load) by Lambert's function.
    ratio = -load * special.lambertw(-math.exp(-1 / load) / load).real
    np.testing.assert_allclose([desk.wait_probability, desk.means.wait], [ratio, ratio / (1 - ratio)], rtol=1e-10)


HYPEREXPONENTIAL = ((0.3, 0.7), ((-0.4, 0.0), (0.0, -2.5)))
ERLANG = ((1.0, 0.0, 0.0), ((-3.0, 3.0, 0.0), (0.0, -3.0, 3.0), (0.0, 0.0, -3.0)))
COXIAN = ((0.9, 0.1), ((-2.0, 0.5), (0.25, -0.75)))


def by_phases(rate, initial, rates, servers, most):
    """Follow (number waiting, phases of those in service)."""

    def begun(waiting, phases):
        for phase, probability in enumerate(initial):
            yield probability, (waiting, tuple(sorted((*phases, phase))))

    def moves(state):
        waiting, phases = state
        if len(phases) < servers:
            yield from ((rate * share, target) for share, target in begun(0, phases))
        else:
            yield (rate if waiting < most else 0, (waiting + 1, phases))
        for phase, many in Counter(phases).items():
            others = list(phases)
            others.remove(phase)
            for to, speed in enumerate(rates[phase]):
                yield (many * speed if to != phase else 0, (waiting, tuple(sorted((*others, to)))))
            ending = -many * sum(rates[phase])
            if waiting:
                yield from ((ending * share, target) for share, target in begun(waiting - 1, others))
            else:
                yield (ending, (0, tuple(others)))

    return settled((0, ()), moves)


@pytest.mark.parametrize("law", [HYPEREXPONENTIAL, ERLANG, COXIAN])
@pytest.mark.parametrize(("servers", "load", "most"), [(1, 0.6, 160), (3, 0.75, 240), (5, 0.5, 60)])
def test_phases_against_balance_equations(law, servers, load, most):
    initial, rates = law
    mean = np.array(initial) @ linalg.solve(-np.array(rates), np.ones(len(initial)))
    desk = MPHc(rate=load * servers / mean, initial=initial, generator=rates, servers=servers)
    present = by_phases(desk.rate, initial, rates, servers, most)
    close(desk.wait_probability, mean_of(present, lambda state: len(state[1]) == servers))
    close(desk.means.number_in_queue, mean_of(present, lambda state: state[0]))
    close(desk.means.number_in_service, mean_of(present, lambda state: len(state[1])))
    close([desk.mean_service, desk.load], [mean, load], 1e-12)


@pytest.mark.parametrize("law", [HYPEREXPONENTIAL, ERLANG, COXIAN])
def test_phases_at_one_server_are_one_service_of_any(law):
    initial, rates = np.array(law[0]), np.linalg.inv(-np.array(law[1]))
    moments = tuple(math.factorial(k) * (initial @ np.linalg.matrix_power(rates, k)).sum() for k in (1, 2, 3))
    desk = MPHc(rate=0.99 / moments[0], initial=law[0], generator=law[1], servers=1)
    close(desk.means.wait, MG1(rate=desk.rate, moments=moments).means.wait, 1e-11)


def test_one_phase_at_many_servers_is_exponential():
    desk = MPHc(rate=59.0, initial=[1.0], generator=[[-1.0]], servers=60)
    same = MMc(rate=59.0, mean_service=1.0, servers=60)
    close([desk.wait_probability, desk.means.wait], [same.wait_probability, same.means.wait], 1e-10)


@given(st.floats(0.05, 0.95), st.integers(1, 4))
@EXAMPLES
def test_less_variable_services_make_wait_less(load, servers):
    fixed = MDc(rate=load * servers, service=1.0, servers=servers).means.wait
    erlang = MPHc(rate=load * servers, initial=ERLANG[0], generator=ERLANG[1], servers=servers).means.wait
    exponential = MMc(rate=load * servers, mean_service=1.0, servers=servers).means.wait
    assert fixed < erlang < exponential
