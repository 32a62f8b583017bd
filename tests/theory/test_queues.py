"""Each closed form against a second computation that shares nothing with it: balance equations, integrals, expansions.

Chains are written here as moves from state to state, explored from a start and solved by linear algebra, so that they
read like the words that define the model. They are cut where less than 1e-10 is left.
"""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, linalg, sparse, special, stats

from flowsim.core.errors import InputError
from flowsim.theory.fixed_times import MDc, Meeting
from flowsim.theory.general_laws import MG1, GIMc, MPHc
from flowsim.theory.networks import AbsorbingChain, Jackson, expected_visits
from flowsim.theory.priority import MG1Priority, MMcPriority
from flowsim.theory.queues import ErlangA, Means, MMc, MMcK, erlang_b, poisson, quantile
from flowsim.theory.transient import MtGInf, MtMc

EXAMPLES = settings(deadline=None, max_examples=20)


def close(found, expected, within=1e-8):
    np.testing.assert_allclose(found, expected, rtol=within, atol=1e-15)


def explored(start, moves):
    """Number all states that can be reached, and list the moves as (origin, target, rate)."""
    numbers, todo, listed = {start: 0}, [start], []
    while todo:
        state = todo.pop()
        for rate, target in moves(state):
            if rate > 0:
                if target not in numbers:
                    numbers[target] = len(numbers)
                    todo.append(target)
                listed.append((numbers[state], numbers[target], rate))
    return numbers, np.array(listed).T


def generator(start, moves):
    numbers, (origin, target, rate) = explored(start, moves)
    origin, target = origin.astype(int), target.astype(int)
    ends = np.concatenate([origin, origin]), np.concatenate([target, origin])
    matrix = sparse.coo_array((np.concatenate([rate, -rate]), ends), shape=(len(numbers),) * 2)
    return numbers, matrix.tocsc()


def settled(start, moves):
    """Solve the balance equations: the long-run probability of each state."""
    numbers, matrix = generator(start, moves)
    # One balance equation follows from the others; the start's weight is set to 1 in its place, and then scaled.
    balance = matrix.T.tocsc()
    weights = np.ones(len(numbers))
    weights[1:] = sparse.linalg.spsolve(balance[1:, 1:], -balance[1:, [0]].toarray()[:, 0])
    return dict(zip(numbers, weights / weights.sum(), strict=True))


def mean_of(probabilities, value):
    return math.fsum(p * value(state) for state, p in probabilities.items())


def line(rate, mean_service, servers, most, mean_patience=math.inf):
    """Follow the number in one queue, up to the most."""

    def moves(n):
        yield (rate if n < most else 0, n + 1)
        yield (min(n, servers) / mean_service + max(0, n - servers) / mean_patience, n - 1)

    return settled(0, moves)


def by_contour(transform, order, radius):
    """Take a derivative of an analytic function at 0 by Cauchy's integral."""
    turns = np.exp(2j * np.pi * np.arange(64) / 64)
    values = np.array([transform(radius * turn) for turn in turns])
    return (
        math.factorial(order)
        * np.mean(values * turns.reshape(-1, *[1] * (values.ndim - 1)) ** -order, axis=0).real
        / radius**order
    )


# Erlang's loss formula


def exact_erlang_b(offered, servers):
    terms = [Fraction(offered) ** k / math.factorial(k) for k in range(servers + 1)]
    return terms[-1] / sum(terms)


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


# M/M/c

DESKS = [MMc(rate=0.5, mean_service=1.5, servers=1), MMc(rate=2.0, mean_service=1.2, servers=3)]
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


# M/M/c/K


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


# Erlang A

IMPATIENT = [
    ErlangA(rate=0.5, mean_service=1.5, servers=1, mean_patience=2.0),
    ErlangA(rate=2.0, mean_service=1.2, servers=3, mean_patience=0.2),
    ErlangA(rate=6.0, mean_service=1.0, servers=3, mean_patience=5.0),
]


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


# M/G/1


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


# GI/M/c


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


# Priority


def test_classes_at_exponential_servers_against_balance_equations():
    rates, mean, servers, most = (0.5, 0.7), 0.9, 2, 38
    desk = MMcPriority(rates=rates, mean_service=mean, servers=servers)

    def moves(state):
        busy, urgent, others = state
        free = busy < servers
        yield (rates[0] if urgent < most else 0, (busy + 1, 0, 0) if free else (busy, urgent + 1, others))
        yield (rates[1] if others < most else 0, (busy + 1, 0, 0) if free else (busy, urgent, others + 1))
        after = (busy, urgent - 1, others) if urgent else (busy, 0, others - 1) if others else (busy - 1, 0, 0)
        yield (busy / mean, after)

    present = settled((0, 0, 0), moves)
    close(desk.means[0].number_in_queue, mean_of(present, lambda state: state[1]))
    close(desk.means[1].number_in_queue, mean_of(present, lambda state: state[2]))
    close(sum(m.number_in_service for m in desk.means), mean_of(present, lambda state: state[0]))
    close(desk.wait_probability, mean_of(present, lambda state: state[0] == servers))


def test_classes_with_services_of_their_own_against_balance_equations():
    rates, means, most = (0.3, 0.25), (0.6, 1.4), 42
    desk = MG1Priority(rates=rates, moments=tuple((mean, 2 * mean**2) for mean in means))

    def moves(state):
        served, urgent, others = state
        if served is None:
            yield from ((rate, (number, 0, 0)) for number, rate in enumerate(rates))
            return
        yield (rates[0] if urgent < most else 0, (served, urgent + 1, others))
        yield (rates[1] if others < most else 0, (served, urgent, others + 1))
        after = (0, urgent - 1, others) if urgent else (1, 0, others - 1) if others else (None, 0, 0)
        yield (1 / means[served], after)

    present = settled((None, 0, 0), moves)
    close(desk.means[0].number_in_queue, mean_of(present, lambda state: state[1]))
    close(desk.means[1].number_in_queue, mean_of(present, lambda state: state[2]))
    close(desk.means[1].number_in_service, mean_of(present, lambda state: state[0] == 1))


loads = st.lists(st.floats(0.01, 0.3), min_size=1, max_size=3)


@given(loads, st.integers(1, 6))
@EXAMPLES
def test_priority_moves_waits_about_and_makes_none(rates, servers):
    classes = MMcPriority(rates=tuple(rates), mean_service=float(servers), servers=servers).means
    together = MMc(rate=sum(rates), mean_service=float(servers), servers=servers).means
    close(sum(m.number_in_queue for m in classes), together.number_in_queue, 1e-12)
    waits = [m.wait for m in classes]
    assert waits == sorted(waits)


@given(loads)
@EXAMPLES
def test_priority_conserves_the_work_that_waits(rates):
    # Kleinrock's conservation law: the waits, weighted by load, add up to that of one class with the mixed service.
    moments = [(0.5 + number, (0.5 + number) ** 2 * 1.6) for number in range(len(rates))]
    rates = [rate / mean for rate, (mean, _) in zip(rates, moments, strict=True)]
    classes = MG1Priority(rates=tuple(rates), moments=tuple(moments)).means
    work = sum(m.number_in_service * m.wait for m in classes)
    load = sum(m.number_in_service for m in classes)
    residual = sum(rate * second / 2 for rate, (_, second) in zip(rates, moments, strict=True))
    close(work, load * residual / (1 - load), 1e-12)


# The meeting, and fixed services

MEETINGS = [
    Meeting(rate=0.6, interval=1.0, places=1),
    Meeting(rate=4.0, interval=0.5, places=3),
    Meeting(rate=1.35, interval=7.0, places=10),
    Meeting(rate=0.4, interval=7.0, places=12),
]


def embedded(meeting, most):
    """Solve the chain of the queue just before a meeting: up to n are taken, and a Poisson number come."""
    came = stats.poisson.pmf(np.arange(most), meeting.rate * meeting.interval)
    left = np.maximum(np.arange(most) - meeting.places, 0)
    moves = np.array([np.concatenate([np.zeros(k), came[: most - k]]) for k in left])
    # Grassmann, Taksar and Heyman's elimination subtracts nothing, so the rarest state keeps its digits.
    for last in range(most - 1, 0, -1):
        moves[:last, last] /= moves[last, :last].sum()
        moves[:last, :last] += np.outer(moves[:last, last], moves[last, :last])
    weights = np.ones(most)
    for state in range(1, most):
        weights[state] = weights[:state] @ moves[:state, state]
    return weights / weights.sum()


@pytest.mark.parametrize("meeting", MEETINGS)
def test_meeting_against_the_chain_of_its_queue(meeting):
    before = embedded(meeting, 400)
    shown = min(400, len(meeting.queue_before))
    np.testing.assert_allclose(meeting.queue_before[:shown], before[:shown], rtol=1e-8, atol=1e-14)
    left = np.maximum(np.arange(400) - meeting.places, 0) @ before
    close(meeting.left_mean, left)
    # Averaged over an interval: those left, and half of those who come in it.
    close(meeting.means.number_in_queue, left + meeting.rate * meeting.interval / 2)
    close([meeting.means.service, meeting.load], [0, meeting.rate * meeting.interval / meeting.places])


@pytest.mark.parametrize("meeting", MEETINGS)
def test_mean_queue_as_bailey_writes_it(meeting):
    # The derivative of his generating function at 1, from the roots found by Newton's method from the unit circle.
    arrivals, n = meeting.rate * meeting.interval, meeting.places
    roots = []
    for k in range(1, n):
        z = 0.5 * np.exp(2j * np.pi * k / n)
        for _ in range(200):
            z = np.exp(2j * np.pi * k / n + arrivals * (z - 1) / n)
        roots.append(z)
    mean = arrivals + sum(1 / (1 - z) for z in roots).real - (n * (n - 1) - arrivals**2) / (2 * (n - arrivals))
    close(meeting.queue_before @ np.arange(len(meeting.queue_before)), mean)


@pytest.mark.parametrize("meeting", MEETINGS)
def test_wait_for_a_meeting_case_by_case(meeting):
    before = embedded(meeting, 400)
    after = np.concatenate([[before[: meeting.places + 1].sum()], before[meeting.places + 1 :]])

    ahead = np.arange(300)
    nodes, weights = np.polynomial.legendre.leggauss(24)

    def late(u, t):
        """The probability that who comes u after a meeting is not taken within t, by the number ahead of her."""
        chance = np.convolve(after, stats.poisson.pmf(ahead, meeting.rate * u))[:300]
        return chance @ (meeting.interval - u + ahead // meeting.places * meeting.interval > t)

    for t in np.array([0.0, 0.3, 1.0, 1.2, 3.7]) * meeting.interval:
        corner = meeting.interval - t % meeting.interval
        expected = 0.0
        for start, end in ((0, corner), (corner, meeting.interval)):
            moments = start + (end - start) * (nodes + 1) / 2
            expected += sum(w * late(u, t) for u, w in zip(moments, weights, strict=True)) * (end - start) / 2
        close(meeting.wait_tail(t), expected / meeting.interval)

    tails = [meeting.wait_tail((k + (node + 1) / 2) * meeting.interval) for k in range(80) for node in nodes]
    close(np.tile(weights, 80) @ tails * meeting.interval / 2, meeting.means.wait)


def test_a_meeting_with_room_for_all_makes_wait_half_an_interval():
    close(Meeting(rate=0.5, interval=2.0, places=100).means.wait, 1.0, 1e-12)


def test_a_meeting_hardly_below_its_limit():
    # One case at a time: those who are left wait as at one server with fixed services, told by Pollaczek and Khinchine.
    load = 0.999
    close(Meeting(rate=load, interval=1.0, places=1).left_mean, load**2 / (2 * (1 - load)), 1e-11)


def test_a_large_meeting():
    # Roots by the hundreds: the mean left over is the sum of Spitzer's series.
    meeting = Meeting(rate=360.0, interval=1.0, places=400)
    close(meeting.left_mean, spitzer(meeting))


def spitzer(meeting):
    """Return the mean of the maximum of the walk of arrivals less places, which is what a meeting leaves."""
    total = 0.0
    for k in range(1, 300):
        over = np.arange(1, 4 * meeting.places)
        total += stats.poisson.pmf(over + k * meeting.places, k * meeting.rate * meeting.interval) @ over / k
    return total


FIXED = [
    MDc(rate=0.7, service=1.0, servers=1),
    MDc(rate=1.1, service=1.5, servers=2),
    MDc(rate=4.25, service=2.0, servers=10),
]


def fixed_walk(desk, order):
    """Return a cumulant of the wait by Spitzer's series: every c-th arrival meets the same server in its turn."""
    k = np.arange(1, 800)
    shape, end, total = k * desk.servers, k * desk.service, 0.0
    # E[((end - gap)^+)^order] for gaps of an Erlang law, by the law's moments below the end.
    for j in range(order + 1):
        below = special.poch(shape, j) / desk.rate**j * special.gammainc(shape + j, desk.rate * end)
        total += (special.binom(order, j) * end ** (order - j) * (-1) ** j * below / k).sum()
    return total


@pytest.mark.parametrize("desk", FIXED)
def test_fixed_services_against_the_series_of_their_wait(desk):
    close(1 - desk.wait_probability, math.exp(-fixed_walk(desk, 0)))
    close(desk.means.wait, fixed_walk(desk, 1))
    # Between whole services the tail is smooth: Gauss and Legendre's rule is exact there to a float's digits.
    nodes, weights = (part / 2 for part in np.polynomial.legendre.leggauss(24))
    times = (np.arange(80)[:, None] + 0.5 + nodes) * desk.service
    tails = np.array([[desk.wait_tail(t) for t in row] for row in times]) * weights * desk.service
    close(tails.sum(), desk.means.wait)
    close((2 * times * tails).sum() - desk.means.wait**2, fixed_walk(desk, 2))


@pytest.mark.parametrize("desk", FIXED)
def test_fixed_services_solve_lindley(desk):
    # One wait leads to the next at the same server: W' = max(0, W + service - Erlang(c)).
    gap = stats.gamma(desk.servers, scale=1 / desk.rate)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    for time in (0.0, 0.4 * desk.service, desk.service, 2.3 * desk.service):
        first = max(0.0, time - desk.service)
        corners = np.array([first, *(desk.service * np.arange(math.floor(first / desk.service) + 1, 40))])
        half = np.diff(corners)[:, None] / 2
        waits = (corners[:-1, None] + half + half * nodes).ravel()
        tails = np.array([desk.wait_tail(w) for w in waits])
        later = (half * weights).ravel() * gap.pdf(waits + desk.service - time) @ tails
        close(desk.wait_tail(time), later + gap.cdf(desk.service - time))


@pytest.mark.parametrize("desk", FIXED)
def test_fixed_services_against_the_chain_of_their_number(desk):
    chain = embedded(Meeting(rate=desk.rate, interval=desk.service, places=desk.servers), 400)
    shown = min(400, len(desk.distribution))
    np.testing.assert_allclose(desk.distribution[:shown], chain[:shown], rtol=1e-8, atol=1e-14)
    close(desk.means.number_in_system, chain @ np.arange(400))
    close(desk.load, desk.rate * desk.service / desk.servers)


def test_one_fixed_service_is_one_of_any():
    close(FIXED[0].means.wait, MG1(rate=0.7, moments=(1.0, 1.0, 1.0)).means.wait, 1e-12)


# Services by phases

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


# Networks and chains

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


# What changes with time

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


# Of all models

WAITS = [
    *DESKS,
    MMcK(rate=5.0, mean_service=1.3, servers=4, room=6),
    *IMPATIENT,
    GIMc(interarrival=lambda s: math.exp(-s), mean_interarrival=1.0, mean_service=1.5, servers=2),
    *MEETINGS,
    *FIXED,
]


@pytest.mark.parametrize("model", WAITS)
@given(st.floats(0, 0.999))
@EXAMPLES
def test_quantile_inverts_the_tail(model, share):
    pairs = [(model.wait_quantile, model.wait_tail)]
    pairs += [(model.sojourn_quantile, model.sojourn_tail)] if hasattr(model, "sojourn_tail") else []
    for inverse, tail in pairs:
        time = inverse(share)
        if tail(0.0) <= 1 - share:
            assert time == 0.0
        else:
            close(tail(time), 1 - share, 1e-10)


@pytest.mark.parametrize("model", [*DESKS, *MEETINGS, *FIXED, *IMPATIENT])
def test_tails_fall(model):
    tails = [model.wait_tail(t) for t in np.linspace(0, 20, 30)]
    assert all(a >= b - 1e-15 for a, b in pairwise(tails))
    assert 0 <= tails[-1] <= tails[0] <= 1 + 1e-12


def test_quantile_at_any_scale():
    close(quantile(lambda t: math.exp(-t * 1e9), 0.9, 1.0), math.log(10) / 1e9, 1e-5)
    close(quantile(lambda t: math.exp(-t * 1e-9), 0.9, 1.0), math.log(10) * 1e9, 1e-12)


@given(st.integers(1, 40), st.floats(0.05, 0.99))
@EXAMPLES
def test_waiting_follows_from_losing(servers, load):
    offered = load * servers
    lost = exact_erlang_b(offered, servers)
    waiting = servers * lost / (servers - Fraction(offered) * (1 - lost))
    desk = MMc(rate=offered, mean_service=1.0, servers=servers)
    close(desk.wait_probability, float(waiting), 1e-11)


@given(st.integers(1, 30), st.floats(0.05, 0.99), st.floats(0.1, 50.0))
@EXAMPLES
def test_one_server_more_makes_wait_less(servers, load, patience):
    rate = load * servers
    for fewer, more in (
        [MMc(rate=rate, mean_service=1.0, servers=servers + k).means.wait for k in (0, 1)],
        [MDc(rate=rate, service=1.0, servers=servers + k).wait_probability for k in (0, 1)],
        [Meeting(rate=rate, interval=1.0, places=servers + k).wait_tail(1.0) for k in (0, 1)],
        [
            ErlangA(rate=rate, mean_service=1.0, servers=servers + k, mean_patience=patience).abandonment_probability
            for k in (0, 1)
        ],
    ):
        # Below a float's rounding nothing can be told apart.
        assert more < fewer + 1e-14
    assert erlang_b(rate, servers + 1) < erlang_b(rate, servers)


@given(st.floats(0, 500))
@EXAMPLES
def test_poisson_adds_to_one(mean):
    probabilities = poisson(mean)
    close([probabilities.sum(), probabilities @ np.arange(len(probabilities))], [1.0, mean], 1e-11)


MMC = {"rate": 2.0, "mean_service": 1.2, "servers": 3}
CHAIN = {"shares": ((0.5,),), "exits": ((0.5,),), "means": (1.0,)}
PHASES = {"rate": 1.0, "initial": (1.0, 0.0), "generator": ((-2.0, 2.0), (0.0, -4.0)), "servers": 1}
NETWORK = {"rates": (1.0, 0.0), "shares": ((0.0, 0.5), (0.0, 0.0)), "mean_service": (0.5, 0.5), "servers": (1, 1)}
STATION = {"starts": (0.0, 1.0), "rates": (1.0, 2.0), "servers": (1, 0), "mean_service": 1.0}
RENEWAL = {"interarrival": lambda s: math.exp(-s), "mean_interarrival": 1.0, "mean_service": 0.5, "servers": 1}


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("model", "right", "name"),
    [
        *((MMc, MMC, name) for name in ("rate", "mean_service")),
        *((MMcK, MMC | {"room": 1}, name) for name in ("rate", "mean_service")),
        *((ErlangA, MMC | {"mean_patience": 1.0}, name) for name in ("rate", "mean_service", "mean_patience")),
        (MG1, {"rate": 0.5, "moments": (1.0, 1.0, 1.0)}, "rate"),
        *((GIMc, RENEWAL, name) for name in ("mean_interarrival", "mean_service")),
        *((Meeting, {"rate": 0.5, "interval": 1.0, "places": 1}, name) for name in ("rate", "interval")),
        *((MDc, {"rate": 0.5, "service": 1.0, "servers": 1}, name) for name in ("rate", "service")),
        (MPHc, PHASES, "rate"),
        (MtMc, STATION, "mean_service"),
    ],
)
def test_refuses_what_is_not_positive(model, right, name, wrong):
    model(**right)
    with pytest.raises(InputError, match=rf"^{name}: {wrong} is not allowed: above 0 and finite$"):
        model(**right | {name: wrong})


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 2.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("model", "right", "name"),
    [
        (MMc, MMC, "servers"),
        (MMcK, MMC | {"room": 1}, "servers"),
        (ErlangA, MMC | {"mean_patience": 1.0}, "servers"),
        (MMcPriority, {"rates": (0.5,), "mean_service": 1.0, "servers": 1}, "servers"),
        (GIMc, RENEWAL, "servers"),
        (Meeting, {"rate": 0.5, "interval": 1.0, "places": 1}, "places"),
        (MDc, {"rate": 0.5, "service": 1.0, "servers": 1}, "servers"),
        (MPHc, PHASES, "servers"),
    ],
)
def test_refuses_what_is_no_count(model, right, name, wrong):
    with pytest.raises(InputError, match=rf"^{name}: {wrong} is not allowed: a whole number, 1 or more$"):
        model(**right | {name: wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda: MMc(rate=2.5, mean_service=1.2, servers=3),
        lambda: MG1(rate=1.0, moments=(1.0, 1.0, 1.0)),
        lambda: GIMc(**RENEWAL | {"mean_service": 1.0}),
        lambda: MMcPriority(rates=(1.0, 1.5), mean_service=1.2, servers=3),
        lambda: MG1Priority(rates=(0.5, 0.5), moments=((1.0, 1.0), (1.0, 2.0))),
        lambda: Meeting(rate=5.0, interval=2.0, places=10),
        lambda: MDc(rate=5.0, service=2.0, servers=10),
        lambda: MPHc(**PHASES | {"rate": 4 / 3}),
        lambda: Jackson(**NETWORK | {"rates": (2.0, 0.0)}),
    ],
)
def test_refuses_a_queue_that_grows_without_bound(make):
    with pytest.raises(InputError, match="a load of 1 is not allowed: below 1, or the queue grows without bound"):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: erlang_b(-1.0, 3), "offered: -1.0"),
        (lambda: erlang_b(1.0, math.nan), "servers: nan"),
        (lambda: MMcK(**MMC, room=-1), "room: -1 is not allowed: a whole number, 0 or more"),
        (lambda: DESKS[0].wait_tail(-1.0), "time: -1.0 is not allowed: 0 or more, and finite"),
        (lambda: MEETINGS[0].wait_tail(math.inf), "time: inf"),
        (lambda: DESKS[0].wait_quantile(1.0), "share: 1.0 is not allowed: from 0 to below 1"),
        (lambda: DESKS[0].sojourn_quantile(-0.1), "share: -0.1"),
        (lambda: ErlangA(**MMC | {"rate": 9.0}, mean_patience=1e9).means, "mean_patience: 1000000000.0"),
        (lambda: MG1(rate=0.5, moments=(1.0, 0.9, 1.0)), "a second moment of 1 or more"),
        (lambda: MG1(rate=0.5, moments=(1.0, 2.0, 3.9)), "a third moment of 4 or more"),
        (lambda: MG1(rate=0.5, moments=(-1.0, 2.0, 3.9)), "a first moment above 0"),
        (lambda: GIMc(**RENEWAL | {"interarrival": lambda s: 2 / (1 + s)}), "a transform that is 1 at 0"),
        (lambda: MMcPriority(rates=(), mean_service=1.0, servers=1), "rates: .* one or more"),
        (lambda: MG1Priority(rates=(0.1, -0.1), moments=((1.0, 1.0),) * 2), r"rates\[1\]: -0.1"),
        (lambda: MG1Priority(rates=(0.1, 0.1), moments=((1.0, 1.0),)), "as many pairs as `rates`"),
        (lambda: MG1Priority(rates=(0.1,), moments=((1.0, 0.5),)), "a second moment of 1 or more"),
        (lambda: MPHc(**PHASES | {"initial": (0.5, 0.4)}), "probabilities that add to 1"),
        (lambda: MPHc(**PHASES | {"initial": (1.5, -0.5)}), "probabilities that add to 1"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 2.0),)}), "2 rows of 2"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, -1.0), (0.0, -4.0))}), "negative on the diagonal"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 3.0), (0.0, -4.0))}), "rows that add to 0 or less"),
        (lambda: MPHc(**PHASES | {"generator": ((-2.0, 2.0), (4.0, -4.0))}), r"a way to the end.* from \[0, 1\]"),
        (lambda: MPHc(**PHASES | {"servers": 2_001}), "2,000 counts at most, not 2002"),
        (lambda: expected_visits(()), "shares: .* 0 rows"),
        (lambda: expected_visits(((0.5, 0.5), (0.5, 0.5))), r"a way out from each place, also from \[0, 1\]"),
        (lambda: expected_visits(((0.5, 0.5), (0.0, 1.0))), r"also from \[0, 1\]"),
        (lambda: expected_visits(((0.0, 0.5), (0.0, 1.0))), r"also from \[1\]"),
        (lambda: expected_visits(((0.9, 0.2), (0.0, 0.0))), "rows that add to 1 or less"),
        (lambda: expected_visits(((-0.1, 0.2), (0.0, 0.0))), "each from 0 to 1"),
        (lambda: expected_visits(((0.1, 0.2),)), "1 rows of 1"),
        (lambda: AbsorbingChain(**CHAIN | {"exits": ((0.4,),)}), "rows that add to 1 together"),
        (lambda: AbsorbingChain(**CHAIN | {"exits": ()}), "exits: .* 1 rows of equal length"),
        (lambda: AbsorbingChain(**CHAIN | {"means": (-1.0,)}), "means: .* 1 values, each 0 or more"),
        (lambda: AbsorbingChain(**CHAIN, variances=(1.0, 2.0)), "variances: .* 1 values"),
        (lambda: AbsorbingChain(**CHAIN).time_variance, "variances: None"),
        (lambda: AbsorbingChain(shares=((1.0,),), exits=((0.0,),), means=(1.0,)), "a way out"),
        (lambda: Jackson(**NETWORK | {"servers": (1,)}), "servers: .* as many as `rates`, 2"),
        (lambda: Jackson(**NETWORK | {"rates": (0.0, 1.0)}), "some that lead to station 0"),
        (lambda: Jackson(**NETWORK | {"rates": (1.0, -1.0)}), "each 0 or more"),
        (lambda: MtMc(**STATION | {"starts": (1.0, 1.0)}), "starts: .* moments that rise"),
        (lambda: MtMc(**STATION | {"rates": (1.0,)}), "rates: .* as many as `starts`"),
        (lambda: MtMc(**STATION | {"rates": (1.0, -1.0)}), "each 0 or more"),
        (lambda: MtMc(**STATION | {"servers": (1,)}), "servers: .* as many as `starts`"),
        (lambda: MtMc(**STATION | {"servers": (1, -1)}), r"servers\[1\]: -1"),
        (lambda: MtMc(**STATION, busy=-1), "busy: -1"),
        (lambda: MtMc(**STATION, waiting=0.5), "waiting: 0.5"),
        (lambda: MtMc(**STATION).at(-0.1), "time: -0.1 is not allowed: 0.0 or later"),
        (lambda: MtGInf(starts=(), rates=(), survival=math.exp), "starts: .* one or more"),
    ],
)
def test_refuses(make, said):
    with pytest.raises(InputError, match=said):
        make()
