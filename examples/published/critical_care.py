"""Cancelled operations, waits and beds in use by the number of beds, against what was published."""

from pathlib import Path

import numpy as np
import pandas as pd

from flowsim import Scenario, run

PUBLISHED = {
    "cancelled operations": (
        (347.53, 71.56),
        (294.91, 73.63),
        (242.11, 69.43),
        (194.27, 63.36),
        (152.48, 56.73),
        (117.92, 49.52),
    ),
    "mean wait of the unplanned, hours": (
        (83.37, 84.37),
        (46.93, 51.13),
        (27.01, 31.8),
        (16.69, 21.16),
        (10.38, 13.2),
        (6.45, 7.9),
    ),
    "beds in use": ((20.93, 0.71), (21.42, 0.77), (21.83, 0.84), (22.19, 0.88), (22.48, 0.94), (22.72, 0.99)),
    "patients": ((1627.12, 35.16),) * 6,
}  # of 23 to 28 beds: the mean of 100 runs, and their standard deviation


def hours(spans: "pd.Series[pd.Timedelta]") -> "pd.Series[float]":
    return spans.dt.total_seconds() / 3600


base = Path(__file__).with_name("critical_care.toml")
apart = []
for column, beds in enumerate(range(23, 29)):
    more = {"name": "beds", "base": str(base), "stations": [{"station": "beds", "capacity": beds}]}
    results = run(Scenario.from_dict(more, "beds"), replications=400, seed=1, keep_traces=True)
    since = np.datetime64(results.pathway.start) + np.timedelta64(30, "D")
    runs = []
    for number in results.replications:
        visits = results.visits(number)
        came, left = visits[visits["joined"] >= since], visits[visits["ended"] >= since]
        care = left[left["state"].isin(["unplanned", "planned"]) & left["started"].notna()]
        waits = hours(care["started"] - care["joined"])[care["state"] == "unplanned"]
        runs.append(
            (
                (came["state"] == "cancelled").sum(),
                waits.mean(),
                # As the published model counts: all of a stay that ends in the year, cleaning left out.
                hours(care["ended"] - care["started"]).sum() / (360 * 24),
                came["state"].isin(["unplanned", "planned"]).sum(),
            )
        )
    print(f"{beds} beds{'':29}here: mean  deviation  published: mean  deviation  apart")
    for (name, told), values in zip(PUBLISHED.items(), np.array(runs, float).T, strict=True):
        mean, deviation = told[column]
        error = np.sqrt(deviation**2 / 100 + values.var(ddof=1) / len(values))
        apart.append((mean - values.mean()) / error)
        ours = f"{values.mean():10.2f}{values.std(ddof=1):11.2f}"
        print(f"{name:36}{ours}{mean:17.2f}{deviation:11.2f}{apart[-1]:7.1f}")
print(f"farthest apart: {max(np.abs(apart)):.1f} standard errors, of {len(apart)} means")
