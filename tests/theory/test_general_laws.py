"""Queues with other laws against transforms of their wait, and balance equations over phases."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, linalg, sparse, special, stats

from flowsim.core.errors import InputError
from flowsim.theory.fixed_times import MDc
from flowsim.theory.general_laws import MG1, GIMc, MPHc
from flowsim.theory.queues import MMc
from helpers.models.chains import EXAMPLES, by_contour, close, generator, mean_of, settled
from helpers.models.queues import DESKS

HYPEREXPONENTIAL = ((0.3, 0.7), ((-0.4, 0.0), (0.0, -2.5)))
ERLANG = ((1.0, 0.0, 0.0), ((-3.0, 3.0, 0.0), (0.0, -3.0, 3.0), (0.0, 0.0, -3.0)))
COXIAN = ((0.9, 0.1), ((-2.0, 0.5), (0.25, -0.75)))


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


def gamma_service(shape, load, mean=1.0):
    moments = tuple(stats.gamma.moment(k, shape, scale=mean / shape) for k in (1, 2, 3))
    return MG1(rate=load / mean, moments=moments, survival=lambda x: special.gammaincc(shape, x * shape / mean))


def by_talbot(transform, time, points=24):
    """Invert a transform along a contour that bends around the negative numbers, as Abate and Whitt (2006) place it."""
    turns = np.arange(1, points) * np.pi / points
    cotangent = 1 / np.tan(turns)
    nodes = np.concatenate([[0.4 * points], 0.4 * points * turns * (cotangent + 1j)])
    bent = np.concatenate([[0.5], 1 + 1j * turns * (1 + cotangent**2) - 1j * cotangent])
    return 0.4 / time * float((bent * np.exp(nodes) * transform(nodes / time)).real.sum())


@pytest.mark.parametrize(("shape", "load"), [(0.44, 0.6), (1.0, 0.95), (3.0, 0.8)])
def test_tails_of_any_service_by_another_contour(shape, load):
    desk = gamma_service(shape, load, 1.7)

    def service(s):
        return (1 + s * 1.7 / shape) ** -shape

    def wait(s):
        return (1 - load) * s / (s - desk.rate * (1 - service(s)))

    for t in (0.001, 0.3, 2.0, 9.0, 40.0):
        close(desk.wait_tail(t), by_talbot(lambda s: (1 - wait(s)) / s, t), 0, 1e-9)
        close(desk.sojourn_tail(t), by_talbot(lambda s: (1 - wait(s) * service(s)) / s, t), 0, 1e-9)


LAWS = {
    "lognormal": (lambda x: special.ndtr(-math.log(x) / 1.2), lambda k: math.exp(k * k * 0.72)),
    "Weibull": (lambda x: math.exp(-(x**0.7)), lambda k: math.gamma(1 + k / 0.7)),
}


@pytest.mark.parametrize(("survival", "moment"), LAWS.values(), ids=LAWS)
def test_tails_of_any_service_add_up_to_its_means(survival, moment):
    desk = MG1(rate=0.6 / moment(1), moments=tuple(map(moment, (1, 2, 3))), survival=survival)
    # On a grid that is even in log t the trapezoidal rule is exact to all digits.
    step = 0.25
    times = moment(1) * np.exp(np.arange(-20, 11, step))
    tails = np.array([[desk.wait_tail(t), desk.sojourn_tail(t)] for t in times.tolist()])
    # An error of 1e-10 in the tail counts by the time at which it is, some ten thousand.
    close(step * times @ tails, [desk.means.wait, desk.means.sojourn], 1e-7)


NEARLY_FIXED = ((1.0, *[0.0] * 29), (30 * (np.eye(30, k=1) - np.eye(30))).tolist())


@pytest.mark.parametrize("law", [HYPEREXPONENTIAL, ERLANG, COXIAN, pytest.param(NEARLY_FIXED, marks=pytest.mark.slow)])
@pytest.mark.parametrize("load", [0.3, 0.9])
def test_tails_of_any_service_are_those_of_phases(law, load):
    initial, rates = map(np.array, law)
    moments = tuple(
        math.factorial(k) * (initial @ np.linalg.matrix_power(linalg.inv(-rates), k)).sum() for k in (1, 2, 3)
    )
    desk = MG1(
        rate=load / moments[0],
        moments=moments,
        survival=lambda x: (initial @ linalg.expm(rates * x)).sum() if x < 60 else 0.0,
    )
    same = MPHc(rate=desk.rate, initial=initial.tolist(), generator=rates.tolist(), servers=1)
    for t in (0.01, 1.0, 4.0, 30.0):
        close([desk.wait_tail(t), desk.sojourn_tail(t)], [same.wait_tail(t), same.sojourn_tail(t)], 0, 1e-9)


def test_tails_of_fixed_services_hold_but_where_they_bend():
    desk = MG1(rate=0.8, moments=(1.0, 1.0, 1.0), survival=lambda x: float(x < 1))
    same = MDc(rate=0.8, service=1.0, servers=1)
    for t, within in ((0.1, 1e-9), (0.6, 1e-9), (1.0, 1e-4), (2.5, 1e-6), (5.25, 1e-8), (10.5, 1e-9)):
        close(desk.wait_tail(t), same.wait_tail(t), 0, within)


def test_refuses_tails_without_a_law_and_a_law_of_another_mean():
    moments = (1.0, 2.0, 6.0)
    for ask in (MG1.wait_tail, MG1.sojourn_tail):
        with pytest.raises(InputError, match="survival: None is not allowed"):
            ask(MG1(rate=0.5, moments=moments), 1.0)
    for mean in (0.999, 1.001, math.nan):
        with pytest.raises(InputError, match="survival: 'this law' is not allowed: one whose mean is 1"):
            MG1(rate=0.5, moments=moments, survival=lambda x, mean=mean: math.exp(-x / mean))
    desk = MG1(rate=0.5, moments=moments, survival=lambda x: math.exp(-x))
    with pytest.raises(InputError, match=r"share: 0\.99999999 is not allowed: at most 1 - 1e-7"):
        desk.wait_quantile(1 - 1e-8)


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


def late(present, initial, rates, servers, time):
    """Follow (ahead of her, phases of those in service) with nobody behind her: the chance that she still waits."""

    found = {state: p for state, p in present.items() if len(state[1]) == servers}
    most = max(waiting for waiting, _ in found)

    def moves(state):
        ahead, phases = state
        if ahead == most + 1:
            yield from ((1.0, one) for one in found)
        if ahead < 0 or ahead > most:
            return
        for phase, many in Counter(phases).items():
            others = list(phases)
            others.remove(phase)
            for to, speed in enumerate(rates[phase]):
                yield (many * speed if to != phase else 0, (ahead, tuple(sorted((*others, to)))))
            ending = -many * sum(rates[phase])
            for next_phase, share in enumerate(initial):
                after = (ahead - 1, tuple(sorted((*others, next_phase)))) if ahead else (-1, ())
                yield (ending * share, after)

    # From one state more all others are found; she is never in it.
    numbers, matrix = generator((most + 1, ()), moves)
    start = np.zeros(len(numbers))
    for state, p in found.items():
        start[numbers[state]] += p
    left = sparse.linalg.expm_multiply(matrix.T * time, start)
    return left.sum() - left[numbers[-1, ()]]


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
    numbers = np.zeros(most // 2)
    for (waiting, phases), p in present.items():
        if waiting + len(phases) < len(numbers):
            numbers[waiting + len(phases)] += p
    shown = min(len(numbers), len(desk.distribution))
    close(desk.distribution[:shown], numbers[:shown], 1e-8, 1e-12)
    close(desk.distribution.sum(), 1.0, 1e-12)
    for t in (0.2 * mean, mean, 3 * mean):
        close(desk.wait_tail(t), late(present, initial, rates, servers, t), 1e-8)
    # The integral of the tail of the sojourn is its mean, and she is served after her wait whatever it was.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    pieces = mean * np.concatenate([[0.0], 2.0 ** np.arange(-3, 9)])
    times = ((pieces[1:] + pieces[:-1]) / 2)[:, None] + np.outer(np.diff(pieces) / 2, nodes)
    tails = [desk.sojourn_tail(t) for t in times.ravel()]
    close(np.outer(np.diff(pieces) / 2, weights).ravel() @ tails, desk.means.sojourn)


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
