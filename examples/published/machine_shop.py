"""A machine shop whose repairman is called away from other jobs, against theory and what was published."""

import math
from pathlib import Path

import numpy as np

from flowsim import Scenario, run

PUBLISHED = (
    3251,
    3273,
    3242,
    3343,
    3387,
    3244,
    3269,
    3185,
    3302,
    3279,
)  # parts of each machine, in one run of four weeks
MACHINES, MINUTES, PART = 10, 4 * 7 * 24 * 60, 10
BREAKS, REPAIR = 1 / 300, 30  # a minute of work, minutes

# M/D/1 with a finite source (Takacs 1962): how much of the time nobody is broken, and so how many work on average.
terms, factor = 0.0, 1.0
for k in range(MACHINES):
    terms += math.comb(MACHINES - 1, k) * factor
    factor *= math.exp((k + 1) * BREAKS * REPAIR) - 1
busy = 1 - 1 / (1 + MACHINES * BREAKS * REPAIR * terms)
theory = (busy / REPAIR / BREAKS / MACHINES * MINUTES / PART, (1 - busy) * MINUTES / REPAIR)

results = run(Scenario.of(Path(__file__).with_name("machine_shop.toml")), replications=200, seed=1, keep_traces=True)
states = [state.name for state in results.pathway.states]
parts, jobs = [], []
for trace in results.traces.values():
    parts.append(trace.presence[states.index("working")] / 60 / PART / MACHINES)
    visits = trace.visits[trace.visits["state"] == states.index("other_job")]
    jobs.append(int(visits["visit"].max()))  # the first one has the number 0, and the last one is not done
published = f"{np.mean(PUBLISHED):.1f}"
print(f"{'':20}{'theory':>9}{'here':>9} (s.e.; s.d. of a run){'published':>12}")
for name, exact, values, told in (
    ("parts of a machine", theory[0], parts, published),
    ("other jobs done", theory[1], jobs, "-"),
):
    deviation = np.std(values, ddof=1)
    errors = f"({deviation / np.sqrt(len(values)):.1f}; {deviation:.0f})"
    print(f"{name:20}{exact:>9.1f}{np.mean(values):>9.1f} {errors:22}{told:>12}")
