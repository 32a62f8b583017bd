"""Mean waits of a clinic's day, five times staffed, against what was published; run from the folder of the examples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowsim import Scenario, run

BASE = Path(__file__).with_name("urgent_care.toml")
MORE = {
    "base": (),
    "triage+1": ("triage",),
    "exam+1": ("examination",),
    "treat+1": ("cubicle",),
    "triage+exam": ("triage", "examination"),
}
# With these two the cubicles' waits are those of the published table; see the page.
AS_RUN = [
    {"state": "treatment", "stay": {"law": "lognormal", "mean": "30 minutes", "cv": 0.0666667}},
    {"state": "trauma_treatment", "stay": {"law": "exponential", "mean": "90 minutes"}},
]
PUBLISHED = {
    "triage": (28.86, 1.09, 36.46, 39.36, 1.14),
    "registration": (113.56, 138.79, 106.27, 108.46, 140.14),
    "examination": (24.57, 24.15, 0.13, 23.03, 0.15),
    "trauma_room": (144.46, 154.00, 132.94, 146.09, 165.43),
    "treatment": (292.71, 295.57, 296.22, 162.00, 299.21),
    "trauma_treatment": (168.27, 209.12, 195.16, 150.37, 193.69),
}  # minutes, the means of five days


def mean_waits(stations: Sequence[str], stays: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Return the mean wait of each day, in minutes, by state: of those who were served by its end."""
    changes = [{"station": station, "capacity": "+1"} for station in stations]
    scenario = Scenario.from_dict({"name": "more", "base": str(BASE), "stations": changes, "stays": stays}, "more")
    results = run(scenario, replications=100, seed=1, keep_traces=True)
    days = []
    for number in results.replications:
        served = results.visits(number).query("started.notna()")
        minutes = (served["started"] - served["joined"]).dt.total_seconds() / 60
        days.append(minutes.groupby(served["state"]).mean())
    return {state: np.array([day.get(state, np.nan) for day in days]) for state in PUBLISHED}


apart = []
for title, stays in (("as written", []), ("as it seems to have been run", AS_RUN)):
    waits = {name: mean_waits(stations, stays) for name, stations in MORE.items()}
    print(f"mean wait in minutes, here and published; treatments {title}")
    print(f"{'':16}" + "".join(f"{name:>16}" for name in MORE))
    for state, published in PUBLISHED.items():
        means = [np.nanmean(waits[name][state]) for name in MORE]
        print(f"{state:16}" + "".join(f"{mean:8.1f}{told:8.1f}" for mean, told in zip(means, published, strict=True)))
        if stays:
            errors = [np.nanstd(waits[name][state], ddof=1) * np.sqrt(1 / 5 + 1 / 100) for name in MORE]
            apart += [(told - mean) / error for told, mean, error in zip(published, means, errors, strict=True)]
    print()
print(f"farthest apart: {max(np.abs(apart)):.1f} standard errors, of {len(apart)} means of five published days")
