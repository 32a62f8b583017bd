"""Random meetings and bulk services against balance equations, and against one who is followed through the queue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, special

from flowsim.core.errors import InputError
from flowsim.theory.fixed_times import Meeting
from flowsim.theory.queues import MMc
from flowsim.theory.rules.bulk import BulkServer, RandomMeeting
from helpers.models.chains import EXAMPLES, close, generator, mean_of, settled

MEETINGS = [
    RandomMeeting(rate=0.6, mean_interval=1.0, places=1),
    RandomMeeting(rate=1.3, mean_interval=2.0, places=4),
    RandomMeeting(rate=0.3, mean_interval=7.0, places=12),
]
BULK = [
    BulkServer(rate=0.6, mean_service=1.0, least=1, most=1),
    BulkServer(rate=1.3, mean_service=2.0, least=1, most=4),
    BulkServer(rate=1.3, mean_service=2.0, least=3, most=4),
    BulkServer(rate=0.9, mean_service=0.7, least=5, most=5),
    BulkServer(rate=0.4, mean_service=3.0, least=2, most=7),
]


@pytest.mark.parametrize("meeting", MEETINGS)
def test_a_meeting_at_random_against_balance_equations(meeting):
    def moves(waiting):
        yield (meeting.rate if waiting < 200 else 0, waiting + 1)
        yield (1 / meeting.mean_interval, max(0, waiting - meeting.places))

    present = settled(0, moves)
    close(meeting.means.number_in_queue, mean_of(present, float))
    shown = np.arange(20)
    close((1 - meeting.queue_decay) * meeting.queue_decay**shown, [present[k] for k in shown])
    for t in (0.0, 0.5, 4.0, 20.0):
        # Who finds k waiting is taken by meeting k // places + 1.
        late = mean_of(present, lambda k, t=t: special.gammaincc(k // meeting.places + 1, t / meeting.mean_interval))
        close(meeting.wait_tail(t), late)


def test_a_meeting_of_one_place_is_a_server_that_nobody_sees():
    meeting, desk = MEETINGS[0], MMc(rate=0.6, mean_service=1.0, servers=1)
    close(meeting.means.wait, desk.means.sojourn, 1e-13)
    close([meeting.wait_tail(3.0), meeting.wait_quantile(0.9)], [desk.sojourn_tail(3.0), desk.sojourn_quantile(0.9)])


@given(st.floats(0.01, 0.98), st.integers(1, 30))
@EXAMPLES
def test_meetings_at_random_make_wait_longer_than_regular_ones(load, places):
    random = RandomMeeting(rate=load * places, mean_interval=1.0, places=places)
    assert random.load == pytest.approx(load)
    assert random.means.wait > Meeting(rate=load * places, interval=1.0, places=places).means.wait
    assert random.means.wait >= 1.0 - 1e-12


def test_a_meeting_that_is_hardly_full_enough():
    load = 1 - 1e-9
    near = RandomMeeting(rate=load * 3, mean_interval=1.0, places=3)
    # r + r^2 + r^3 = 3 (1 - 1e-9): to the first order 1 - r is the half of it.
    close(1 - near.queue_decay, 3e-9 / 6, 1e-6)


def bulk_chain(server, most=150):
    """Follow (whether a service is under way, who wait)."""

    def moves(state):
        busy, waiting = state
        if not busy:
            yield (server.rate, (1, 0) if waiting + 1 == server.least else (0, waiting + 1))
            return
        yield (server.rate if waiting < most else 0, (1, waiting + 1))
        yield (1 / server.mean_service, next_group(server, waiting))

    return settled((0, 0), moves)


def next_group(server, waiting):
    return (1, max(0, waiting - server.most)) if waiting >= server.least else (0, waiting)


def still_waiting(server, present, time):
    """Follow (whether a service is under way, ahead of her, behind her): the probability that she still waits."""

    def moves(state):
        if state == "taken":
            return
        busy, ahead, behind = state
        there = ahead + 1 + behind
        if not busy:
            yield (server.rate, "taken" if there + 1 == server.least else (0, ahead, behind + 1))
            return
        # More than a behind her change nothing.
        yield (server.rate if behind < server.least else 0, (1, ahead, behind + 1))
        if there < server.least:
            yield (1 / server.mean_service, (0, ahead, behind))
        else:
            left = ahead - server.most
            yield (1 / server.mean_service, "taken" if left < 0 else (1, left, behind))

    start = dict.fromkeys(["taken"], 0.0)
    for (busy, waiting), p in present.items():
        key = "taken" if not busy and waiting + 1 == server.least else (busy, waiting, 0)
        start[key] = start.get(key, 0.0) + p
    left = 0.0
    for state, p in start.items():
        if state != "taken" and p > 1e-14:
            numbers, matrix = generator(state, moves)
            law = np.eye(len(numbers))[0]
            law = sparse.linalg.expm_multiply(matrix.T * time, law)
            left += p * (1 - law[numbers["taken"]])
    return left


@pytest.mark.parametrize("server", BULK)
def test_a_bulk_server_against_balance_equations(server):
    present = bulk_chain(server)
    close(server.idle_probabilities, [present[0, k] for k in range(server.least)])
    close(server.busy_probability, mean_of(present, lambda state: state[0]))
    close(server.means.number_in_queue, mean_of(present, lambda state: state[1]))
    close(server.means.number_in_service, server.rate * server.mean_service)
    busy = server.busy_probability * (1 - server.queue_decay) * server.queue_decay ** np.arange(20)
    close(busy, [present[1, k] for k in range(20)])
    close(server.wait_probability, 1 - present[0, server.least - 1])
    close(server.wait_tail(0.0), server.wait_probability)


@pytest.mark.parametrize("server", BULK)
@pytest.mark.parametrize("time", [0.3, 2.0, 9.0])
def test_the_wait_for_a_bulk_server_of_one_who_is_followed(server, time):
    close(server.wait_tail(time), still_waiting(server, bulk_chain(server), time))


@pytest.mark.parametrize("server", BULK)
def test_the_tails_of_a_bulk_server_add_up_to_its_mean(server):
    nodes, weights = np.polynomial.legendre.leggauss(40)
    ends = np.concatenate([[0.0], 2.0 ** np.arange(-3, 9)])
    half = np.diff(ends) / 2
    times = ((ends[1:] + ends[:-1]) / 2)[:, None] + np.outer(half, nodes)
    tails = [server.wait_tail(t) for t in times.ravel()]
    close(np.outer(half, weights).ravel() @ tails, server.means.wait)


def test_a_group_of_one_is_one_server():
    server, desk = BULK[0], MMc(rate=0.6, mean_service=1.0, servers=1)
    close([server.wait_probability, server.means.wait, server.load], [0.6, desk.means.wait, 0.6], 1e-13)
    close([server.wait_tail(3.0), server.wait_quantile(0.9)], [desk.wait_tail(3.0), desk.wait_quantile(0.9)])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RandomMeeting(rate=2.0, mean_interval=1.0, places=2), "rate: a load of 1 is not allowed"),
        (lambda: RandomMeeting(rate=1.0, mean_interval=0.0, places=2), "mean_interval: 0.0"),
        (lambda: RandomMeeting(rate=1.0, mean_interval=1.0, places=0), "places: 0"),
        (lambda: BulkServer(rate=4.0, mean_service=1.0, least=1, most=4), "rate: a load of 1 is not allowed"),
        (lambda: BulkServer(rate=0.0, mean_service=1.0, least=1, most=4), "rate: 0.0"),
        (lambda: BulkServer(rate=1.0, mean_service=1.0, least=0, most=4), "least: 0"),
        (lambda: BulkServer(rate=1.0, mean_service=1.0, least=5, most=4), "most: 4 is not allowed: 5 or more"),
    ],
)
def test_refuses(make, said):
    with pytest.raises(InputError, match=said):
        make()
