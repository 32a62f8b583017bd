"""Meetings and fixed services against the chains of their queues, and Spitzer's and Lindley's formulas."""

import math

import numpy as np
import pytest
from scipy import special, stats

from flowsim.theory.fixed_times import Meeting
from flowsim.theory.general_laws import MG1
from helpers.models.chains import close
from helpers.models.queues import FIXED, MEETINGS


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
