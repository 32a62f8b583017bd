"""A queue for five nurses, against theory and what was published; run from the folder of the examples."""

from pathlib import Path

import numpy as np

from flowsim import Scenario, run
from flowsim.theory.queues import MMc

PUBLISHED = {
    "arrivals": (10755.2, 10721.1, 10789.2),
    "mean wait, minutes": (0.488, 0.465, 0.512),
    "nurses busy": (0.4968, 0.4941, 0.4995),
    "present, on average": (2.606, 2.589, 2.623),
}  # the mean of 31 runs of 30 days after a warm-up, and its 95 % interval

queue = MMc(rate=1 / 4, mean_service=10, servers=5)  # a minute, minutes
theory = (15 * 24 * 30, queue.means.wait, queue.load, queue.means.number_in_system)
results = run(Scenario.of(Path(__file__).with_name("nurse_visits.toml")), replications=200, seed=1)
measures = ("entries.door", "wait.nurses.served", "utilisation.nurses", "mean_stock.visit")
here = [results.select(measure, "2000").values[:, 0] for measure in measures]
print(f"{'':20}{'theory':>9}{'here':>10} (s.e.){'published':>14} (95 % interval)")
for (name, (mean, lower, upper)), exact, values in zip(PUBLISHED.items(), theory, here, strict=True):
    error = values.std(ddof=1) / np.sqrt(len(values))
    interval = f"({lower:.6g} to {upper:.6g})"
    print(f"{name:20}{exact:>9.6g}{values.mean():>10.6g} ({error:.2g}){mean:>14.6g} {interval}")
