"""A textbook queue in ten lines, beside its formula.

Citizens come to three desks at random, 2.4 a day on average; each takes a desk for a day on average. What
Erlang found in 1917 for this queue (M/M/3) is what a simulation of it has to find too.
"""

import math
import statistics

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
results = run(queue, replications=20, seed=1, keep_traces=True)

# The first year is left out: the queue was empty at the start.
waits = []
for replication in results.replications:
    visits = results.visits(replication)
    met = visits[(visits["station"] == "desk") & (visits["joined"] >= "2021") & visits["started"].notna()]
    waits.append((met["started"] - met["joined"]).dt.total_seconds().mean() / 86400)
mean, error = statistics.mean(waits), statistics.stdev(waits) / len(waits) ** 0.5


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that a citizen has to wait (Erlang 1917)."""
    full = load**servers / math.factorial(servers) * servers / (servers - load)
    return full / (sum(load**n / math.factorial(n) for n in range(servers)) + full)


print(f"mean wait, simulated: {mean:.3f} days, 95 % interval {mean - 2.09 * error:.3f} to {mean + 2.09 * error:.3f}")
print(f"mean wait, formula:   {erlang_c(3, 2.4) / (3 - 2.4):.3f} days")
