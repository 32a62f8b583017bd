"""Waits and loads of a call centre, against what was published; run from the folder of the examples."""

from pathlib import Path

import numpy as np

from flowsim import Scenario, run

STATIONS = {"operators": ("call", 13), "nurses": ("callback", 9)}
PUBLISHED = {
    "mean wait for an operator, minutes": (3.5, 1.9),
    "operators busy, per cent": (92.9, 2.3),
    "mean wait for a nurse, minutes": (48.5, 19.4),
    "nurses busy, per cent": (97.1, 1.0),
}  # the mean of 50 runs, and their standard deviation

results = run(Scenario.of(Path(__file__).with_name("call_centre.toml")), replications=200, seed=1, keep_traces=True)
length = (results.pathway.end - results.pathway.start).total_seconds()
runs = []
for number in results.replications:
    figures = []
    for state, servers in STATIONS.values():
        # As the published model counts: calls that ended within the run.
        visits = results.visits(number)
        served = visits[(visits["state"] == state) & visits["ended"].notna()]
        figures.append((served["started"] - served["joined"]).dt.total_seconds().mean() / 60)
        figures.append(100 * (served["ended"] - served["started"]).dt.total_seconds().sum() / length / servers)
    runs.append(figures)
print(f"{'':36}here: mean  deviation  published: mean  deviation  apart")
for (name, (mean, deviation)), values in zip(PUBLISHED.items(), np.array(runs).T, strict=True):
    apart = (mean - values.mean()) / np.sqrt(deviation**2 / 50 + values.var(ddof=1) / len(values))
    print(f"{name:36}{values.mean():10.1f}{values.std(ddof=1):11.1f}{mean:17.1f}{deviation:11.1f}{apart:7.1f}")

print("\nWait for a nurse by the hour in which she calls, minutes, in the median run:")
for hour in range(1, 16, 2):
    wait = results.select("wait.nurses.served", f"2000-01-03T{hour:02}").levels().estimate[0]
    print(f"{hour:02}:00-{hour + 1:02}:00{wait:8.1f}")
