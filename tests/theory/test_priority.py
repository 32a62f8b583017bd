"""Priority classes against balance equations, and what priority can't change."""

from hypothesis import given
from hypothesis import strategies as st

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
