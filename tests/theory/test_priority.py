"""Priority classes against balance equations, and what priority can't change."""

from hypothesis import given
from hypothesis import strategies as st

from flowsim.theory.general_laws import MG1
from flowsim.theory.priority import MG1Priority, MMcPriority
from flowsim.theory.queues import MMc
from helpers.models.chains import EXAMPLES, close, mean_of, settled


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
    close(desk.wait_means_to_start, [one.wait for one in desk.means], 1e-14)


def test_who_takes_the_server_from_others_against_balance_equations():
    """Services of two phases in both classes; phase 0 is a service that has not begun."""
    rates, means, most = (0.3, 0.25), (0.6, 1.4), 34
    desk = MG1Priority(rates=rates, moments=tuple((mean, 1.5 * mean**2) for mean in means), preempts="resume")

    def moves(state):
        numbers, phases = state[:2], state[2:]
        for one in range(2):
            if numbers[one] < most:
                begun = phases[one]
                if not numbers[one] and (one == 0 or not numbers[0]):
                    begun = 1
                yield (rates[one], (*(n + (k == one) for k, n in enumerate(numbers)), *_with(phases, one, begun)))
        if not any(numbers):
            return
        served = 0 if numbers[0] else 1
        speed = 2 / means[served]
        if phases[served] == 1:
            yield (speed, (*numbers, *_with(phases, served, 2)))
            return
        left = tuple(n - (k == served) for k, n in enumerate(numbers))
        after = _with(phases, served, 0)
        following = 0 if left[0] else 1
        if left[following] and after[following] == 0:
            after = _with(after, following, 1)
        yield (speed, (*left, *after))

    present = settled((0, 0, 0, 0), moves)
    for one in range(2):
        close(desk.means[one].number_in_system, mean_of(present, lambda state, one=one: state[one]))
        waiting = mean_of(present, lambda state, one=one: state[one] - (state[2 + one] > 0))
        close(rates[one] * desk.wait_means_to_start[one], waiting)


def _with(phases, one, phase):
    return tuple(phase if number == one else other for number, other in enumerate(phases))


def test_the_most_urgent_wait_as_if_they_were_alone():
    moments = ((1.0, 2.2), (2.0, 5.0))
    both = MG1Priority(rates=(0.3, 0.2), moments=moments, preempts="resume")
    alone = MG1(rate=0.3, moments=(*moments[0], 20.0))
    close(both.means[0].wait, alone.means.wait, 1e-12)
    # And all together, of one exponential law, as without classes.
    alike = MG1Priority(rates=(0.3, 0.2), moments=((1.5, 4.5), (1.5, 4.5)), preempts="resume")
    together = MMc(rate=0.5, mean_service=1.5, servers=1)
    close(sum(m.number_in_system for m in alike.means), together.means.number_in_system, 1e-12)


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
