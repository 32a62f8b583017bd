"""A textbook queue in ten lines, beside its formula.

Citizens come to three desks at random, 2.4 a day on average; each takes a desk for a day on average. What
Erlang found in 1917 for this queue (M/M/3) is what a simulation of it has to find too.
"""

from math import factorial

from flowsim import Duration, Entry, Pathway, State, Station, run

queue = Pathway(
    name="mm3",
    start="2020-01-01",
    end="2040-01-01",
    stations=[Station.servers("desk", 3)],
    states=[
        State(name="advice", station="desk", stay=Duration.exponential("1 day"), to="gone"),
        State(name="gone", final=True),
    ],
    entries=[Entry(name="door", rate="2.4 per day", to="advice")],
)
results = run(queue, replications=20, seed=1)

# The mean of each month's mean wait, from 2021 on: in January 2020 the queue was still empty.
waits = results.between("2021", "2039").select("wait.desk.served").values.mean(axis=1)
busy = results.between("2021", "2039").select("utilisation.desk").values.mean()


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that a citizen has to wait (Erlang 1917)."""
    full = load**servers / factorial(servers) * servers / (servers - load)
    return full / (sum(load**n / factorial(n) for n in range(servers)) + full)


expected = erlang_c(3, 2.4) / (3 - 2.4) / 7

print(f"utilisation  simulated {busy:.3f}  formula {2.4 / 3:.3f}")
print(f"mean wait    simulated {waits.mean():.3f} ± {1.96 * waits.std(ddof=1) / 20**0.5:.3f} weeks  formula {expected:.3f}")
