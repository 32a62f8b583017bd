"""Common random numbers: why two scenarios are compared replication by replication.

A draw has an address: the seed, the replication, the citizen, the state. So the same citizen has the same luck
with two advisers more, and the difference between the scenarios is blurred by much less than chance.
"""

import numpy as np

from flowsim import Duration, Entry, Pathway, State, Station, run


def office(advisers: int) -> Pathway:
    return Pathway(
        name="office",
        start="2020-01-01",
        end="2023-01-01",
        stations=[Station.servers("adviser", advisers)],
        states=[
            State(name="advice", station="adviser", stay=Duration.gamma("4 weeks", cv=0.8), to="gone"),
            State(name="gone", final=True),
        ],
        entries=[Entry(name="door", rate="480 per year", to="advice")],
    )


def mean_waits(advisers: int, seed: int) -> np.ndarray:
    results = run(office(advisers), replications=200, seed=seed)
    return results.between("2021", "2022").select("wait.adviser.served").values.mean(axis=1)


few, more = mean_waits(40, seed=1), mean_waits(42, seed=1)
others = mean_waits(42, seed=2)

print(f"mean wait with 40 advisers {few.mean():.2f} weeks, with 42 {more.mean():.2f}")
for name, difference in [("the same citizens", few - more), ("others", few - others)]:
    error = difference.std(ddof=1) / len(difference) ** 0.5
    print(f"difference, {name:<18}{difference.mean():.3f} ± {1.96 * error:.3f} weeks, variance {difference.var(ddof=1):.4f}")
print(f"the variance is {(few - others).var(ddof=1) / (few - more).var(ddof=1):.0f} times as small on the same citizens")
