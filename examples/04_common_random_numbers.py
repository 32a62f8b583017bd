"""Common random numbers: why two scenarios are compared replication by replication.

A draw has an address: the seed, the replication, the citizen, the state. So the same citizen has the same luck
with two advisers more, and less chance blurs the difference between the scenarios. How much less depends on the
measure: what becomes of citizens is all but the same, while a queue near its limit soon tells another story.
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
            State(
                name="advice",
                station="adviser",
                stay=Duration.gamma("4 weeks", cv=0.8),
                to={"job": 0.3, "unknown": 0.7},
            ),
            State(name="job", final=True, outcome=True),
            State(name="unknown", final=True),
        ],
        entries=[Entry(name="door", rate="480 per year", to="advice")],
    )


def outcomes(advisers: int, seed: int) -> dict[str, np.ndarray]:
    """Return two figures of each of 200 replications: the mean wait, and the jobs in 2022."""
    results = run(office(advisers), replications=200, seed=seed).between("2021", "2022")
    return {
        "wait, weeks": results.select("wait.adviser.served").values.mean(axis=1),
        "jobs in 2022": results.select("awards.job", "2022").values[:, 0],
    }


few, more, others = outcomes(40, seed=1), outcomes(42, seed=1), outcomes(42, seed=2)

print(f"{'two advisers more':<20}{'same citizens':>20}{'other citizens':>20}{'variance':>20}")
for name in few:
    same, other = more[name] - few[name], others[name] - few[name]
    cells = [f"{d.mean():.2f} ± {1.97 * d.std(ddof=1) / len(d) ** 0.5:.2f}" for d in (same, other)]
    times = f"{other.var(ddof=1) / same.var(ddof=1):.0f} times as large"
    print(f"{name:<20}{cells[0]:>20}{cells[1]:>20}{times:>20}")
