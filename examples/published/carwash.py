"""The first 20 minutes of a carwash, against all ways in which they can go; run from the folder of the examples."""

from itertools import product
from pathlib import Path

import numpy as np

from flowsim import Scenario, run

ONE_RUN = {
    "cars that came": 7,
    "cars that are clean": 6,
    "waited, minutes a car": 15 / 7,
}  # as the documentation shows it


def told(gaps: tuple[int, ...]) -> tuple[float, ...]:
    """Wash the cars that come so many minutes after one another: all that chance decides."""
    came = [0, 0, 0, 0, *(int(minute) for minute in np.cumsum(gaps) if minute < 20)]
    free, starts = [0, 0], []
    for minute in came:
        starts.append(max(minute, min(free)))
        free[free.index(min(free))] = starts[-1] + 5
    waited = sum(start - minute for start, minute in zip(starts, came, strict=True) if start < 20)
    return len(came), sum(start + 5 < 20 for start in starts), waited / sum(start < 20 for start in starts)


exact = np.mean([told(gaps) for gaps in product(range(5, 10), repeat=4)], axis=0)
results = run(Scenario.of(Path(__file__).with_name("carwash.toml")), replications=2_000, seed=1, keep_traces=True)
runs = []
for number in results.replications:
    wash = results.visits(number).query("state == 'wash'")
    waits = (wash["started"] - wash["joined"]).dropna()
    runs.append((len(wash), wash["ended"].notna().sum(), waits.dt.total_seconds().mean() / 60))
print(f"{'':24}one run of SimPy   exact   here (s.e.)     apart")
for (name, one), mean, values in zip(ONE_RUN.items(), exact, np.array(runs, float).T, strict=True):
    error = values.std(ddof=1) / np.sqrt(len(values))
    ours = f"{values.mean():.3f} ({error:.3f})"
    print(f"{name:24}{one:16.3g}{mean:8.3f}   {ours:16}{(values.mean() - mean) / error:5.1f}")
