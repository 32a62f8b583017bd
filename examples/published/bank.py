"""How many of five customers give up, against SimPy's own model; run from the folder of the examples."""

from pathlib import Path

import numpy as np

from flowsim import Scenario, run

SIMPY = {
    "gave up": (1.9847, 0.0033),
    "served after a wait": (0.3323, 0.0017),
}  # means of 100,000 runs, and their errors
ONE_RUN = {"gave up": 1, "served after a wait": 0}  # as the documentation shows it

results = run(Scenario.of(Path(__file__).with_name("bank.toml")), replications=5_000, seed=1, keep_traces=True)
runs = []
for number in results.replications:
    counter = results.visits(number).query("state == 'counter'")
    waited = counter["started"] > counter["joined"]
    runs.append(((counter["next"] == "gave_up").sum(), waited.sum()))
print(f"{'':22}one run of SimPy  SimPy (s.e.)      here (s.e.)       apart")
for (name, (mean, error)), values in zip(SIMPY.items(), np.array(runs, float).T, strict=True):
    own = values.std(ddof=1) / np.sqrt(len(values))
    apart = (values.mean() - mean) / np.hypot(own, error)
    told = f"{mean:.3f} ({error:.3f})"
    print(f"{name:22}{ONE_RUN[name]:16}  {told:18}{values.mean():.3f} ({own:.3f}){apart:10.1f}")
