"""A year of a primary health centre, against what was published; run from the folder of the examples."""

from pathlib import Path

import numpy as np

from flowsim import Scenario, run
from flowsim.simulation.engine.trace import NEVER

PUBLISHED = {
    "doctors": (0.268, 0.003),
    "blood pressure nurse": (0.865, 0.011),
    "nurses": (0.323, 0.008),
    "pharmacist": (0.643, 0.004),
    "laboratory": (0.559, 0.008),
    "inpatient beds": (0.093, 0.004),
    "labour bed": (0.283, 0.010),
    "wait for a doctor, minutes": (0.009, 0.004),
    "wait for the pharmacist, minutes": (1.025, 0.021),
    "wait for the laboratory, minutes": (2.084, 0.054),
    "deliveries referred": (0.156, 0.019),
}  # the mean of ten years, and the deviation of one
DAYS, WARM_UP, SHIFT = 365, 180, 420  # days, days, and minutes of work in a shift
DESK_WORK = (
    99.5  # minutes a day of the doctors and of the blood pressure nurse each; whole ones, 100 ± 20 between 60 and 140
)

TESTS = ("test", "antenatal_test", "antenatal_test_again")


def year(visits: np.ndarray, names: list[str], tick: float) -> tuple[float, ...]:
    """Return the figures of the year that counts; a tick is so many minutes."""
    visits = visits[visits["joined"] * tick >= WARM_UP * 1440]
    served = visits[(visits["started"] != NEVER) & (visits["ended"] != NEVER)]

    def of(*states: str) -> np.ndarray:
        return np.isin(served["state"], [names.index(state) for state in states])

    def stays(*states: str) -> float:
        there = served[of(*states)]
        return float((there["ended"] - there["started"]).sum()) * tick

    def waits(*states: str) -> np.ndarray:
        there = served[of(*states)]
        out: np.ndarray = (there["started"] - there["joined"]) * tick
        return out

    nursing = stays("nursed_delivery", "delivery_at_night", "nursed_bed", "antenatal", "antenatal_again")
    referred = np.count_nonzero(visits["state"] == names.index("referred"))
    return (
        # As the published model counts: of seven hours for each in staff, though they are there day and night.
        (stays("consultation", "delivery", "inpatient") + DESK_WORK * DAYS) / (2 * SHIFT * DAYS),
        # With the wait for her.
        (stays("pressure") + waits("pressure").sum() + DESK_WORK * DAYS) / (SHIFT * DAYS),
        (nursing + 180 * DAYS) / (3 * SHIFT * DAYS),
        stays("medicine") / (SHIFT * DAYS),
        stays(*TESTS) / (SHIFT * DAYS),
        stays("inpatient_bed", "childbed") / (6 * 1440 * DAYS),
        stays("labour", "labour_at_night") / (1440 * DAYS),
        waits("consultation", "delivery", "inpatient").mean(),
        waits("medicine").mean(),
        waits(*TESTS).mean(),
        referred / np.count_nonzero(of("nursed_delivery", "delivery_at_night")),
    )


pathway = Scenario.of(Path(__file__).with_name("health_centre.toml")).pathway()
names = [state.name for state in pathway.states]
results = run(pathway, replications=30, seed=1, keep_traces=True)
years = [year(results.traces[number].visits, names, pathway.tick) for number in results.replications]
print(f"{'':34}here  deviation  published  deviation  apart")
for (name, (mean, deviation)), values in zip(PUBLISHED.items(), np.array(years).T, strict=True):
    apart = (values.mean() - mean) / np.sqrt(deviation**2 / 10 + values.var(ddof=1) / len(values))
    print(f"{name:32}{values.mean():6.3f}{values.std(ddof=1):11.3f}{mean:11.3f}{deviation:11.3f}{apart:7.1f}")
