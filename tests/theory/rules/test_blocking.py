"""Two stations of which one blocks the other, against balance equations and the chain that never runs empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.theory.networks import Jackson
from flowsim.theory.rules.blocking import BlockingTandem
from helpers.models.chains import EXAMPLES, close, mean_of, settled


@pytest.mark.parametrize("room", [0, 1, 4])
def test_blocking_against_balance_equations(room):
    rate, (first, second), places, most = 0.5, (0.7, 1.0), room + 1, 150
    tandem = BlockingTandem(rate=rate, mean_service=(first, second), room=room)

    def moves(state):
        here, behind, blocked = state
        yield (rate if here < most else 0, (here + 1, behind, blocked))
        if here and not blocked:
            yield (1 / first, (here - 1, behind + 1, False) if behind < places else (here, behind, True))
        if behind:
            yield (1 / second, (here - 1, behind, False) if blocked else (here, behind - 1, False))

    present = settled((0, 0, False), moves)
    one, two = tandem.means
    close(tandem.blocked_probability, mean_of(present, lambda state: state[2]))
    close(one.number_in_queue, mean_of(present, lambda state: max(0, state[0] - 1)))
    close(one.number_in_service, mean_of(present, lambda state: state[0] > 0))
    close(two.number_in_queue, mean_of(present, lambda state: max(0, state[1] - 1)))
    close(two.number_in_service, mean_of(present, lambda state: state[1] > 0))
    full = mean_of(present, lambda state: state[1] == places and state[0] > 0 and not state[2])
    close(tandem.blocking_probability, full / first / rate)


# Of means further apart a chance is below what the second computation can tell from none.
@given(st.floats(0.4, 2.5), st.floats(0.4, 2.5), st.integers(0, 12))
@EXAMPLES
def test_the_capacity_is_that_of_a_first_station_that_never_runs_empty(first, second, room):
    tandem = BlockingTandem(rate=1e-9, mean_service=(first, second), room=room)

    def moves(behind):  # those at the second, and one more while the first is blocked
        yield (1 / first if behind < room + 2 else 0, behind + 1)
        yield (1 / second if behind else 0, behind - 1)

    close(tandem.capacity, (1 - settled(0, moves)[0]) / second)
    # Each service at the first takes its time and that of being held: none is faster than both.
    assert tandem.capacity <= min(1 / first, 1 / second) * (1 + 1e-12)


def test_without_room_it_is_the_sum_of_a_longest_and_a_shortest_service():
    """With nobody who waits between, one goes through each time that the longer of both services is over."""
    first, second = 0.7, 1.0
    longer = first + second - 1 / (1 / first + 1 / second)
    close(BlockingTandem(rate=0.1, mean_service=(first, second), room=0).capacity, 1 / longer, 1e-12)


def test_with_much_room_it_is_an_open_network():
    tandem = BlockingTandem(rate=0.5, mean_service=(0.7, 1.0), room=60)
    network = Jackson(rates=(0.5, 0.0), shares=((0.0, 1.0), (0.0, 0.0)), mean_service=(0.7, 1.0), servers=(1, 1))
    for ours, theirs in zip(tandem.means, network.stations, strict=True):
        close(ours.wait, theirs.means.wait, 1e-12)
    assert tandem.blocked_probability < 1e-15


@given(st.integers(0, 6))
@EXAMPLES
def test_all_who_come_go_through_the_second(room):
    _, two = BlockingTandem(rate=0.5, mean_service=(0.7, 1.0), room=room).means
    tandem = BlockingTandem(rate=0.5, mean_service=(0.7, 1.0), room=room)
    busy = 1 - float(tandem._levels[0][0] + tandem._levels[1][0])
    close(busy, two.number_in_service, 1e-12)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"rate": 0.0}, "rate: 0.0"),
        ({"mean_service": (1.0, -1.0)}, r"mean_service\[1\]: -1.0"),
        ({"mean_service": (1.0, 1.0, 1.0)}, "one of each of two stations"),
        ({"room": -1}, "room: -1"),
        ({"rate": 0.6666666666666667, "room": 0}, "a load of 1 is not allowed"),
    ],
)
def test_refuses(parts, said):
    with pytest.raises(InputError, match=said):
        BlockingTandem(**{"rate": 0.3, "mean_service": (1.0, 1.0), "room": 1} | parts)
