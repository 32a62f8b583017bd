"""A year of a primary health centre in three configurations, against what was published."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from flowsim import Entry, Pathway, Scenario, run
from flowsim.simulation.engine.trace import NEVER

PUBLISHED = {
    "doctors": ((0.268, 0.003), (0.372, 0.004), (0.354, 0.002)),
    "blood pressure nurse": ((0.865, 0.011), (0.469, 0.005), (0.468, 0.005)),
    "nurses": ((0.323, 0.008), (0.243, 0.006), (0.160, 0.001)),
    "pharmacist": ((0.643, 0.004), (0.288, 0.003), (0.289, 0.003)),
    "laboratory": ((0.559, 0.008), (0.254, 0.004), (0.239, 0.004)),
    "inpatient beds": ((0.093, 0.004), (0.055, 0.003), (0.011, 0.001)),
    "labour bed": ((0.283, 0.010), (0.153, 0.009), None),
    "wait for a doctor, minutes": ((0.009, 0.004), (0.171, 0.032), (0.034, 0.001)),
    "wait for the pharmacist, minutes": ((1.025, 0.021), (0.244, 0.008), (0.232, 0.006)),
    "wait for the laboratory, minutes": ((2.084, 0.054), (0.606, 0.023), (0.571, 0.020)),
    "deliveries referred": ((0.156, 0.019), (0.088, 0.022), None),
}  # the mean of ten years, and the deviation of one
FILES = ("health_centre.toml", "health_centre_2.toml", "health_centre_3.toml")
GAPS, DOCTORS = (4, 9, 9), (2, 1, 1)  # minutes between patients in the consulting hours
DAYS, WARM_UP, SHIFT = 365, 180, 420  # days, days, and minutes of work in a shift
DESK_WORK = (
    99.5  # minutes a day of the doctors and of the blood pressure nurse each; whole ones, 100 ± 20 between 60 and 140
)

TESTS = ("test", "antenatal_test", "antenatal_test_again")


def with_hours(pathway: Pathway, gap: int) -> Pathway:
    """Return a centre whose consulting hours begin so many minutes later each day."""
    days: list[datetime] = [pathway.start]
    while days[-1] < pathway.end:
        days.append(days[-1] + timedelta(days=1, minutes=gap))
    hours = [
        moment for day in days for moment in ((day, f"{1440 / gap:g} per day"), (day + timedelta(hours=6), "0 per day"))
    ]
    dated = {
        "first_of_the_day": Entry(name="first_of_the_day", to="visit", at=days[:-1]),
        "consulting_hours": Entry(name="consulting_hours", to="visit", rate=dict(hours)),
    }
    return pathway.model_copy(update={"entries": tuple(dated.get(door.name, door) for door in pathway.entries)})


def year(visits: np.ndarray, pathway: Pathway, gap: int, doctors: int) -> tuple[float, ...]:
    """Return the figures of the year that counts."""
    names, tick = [state.name for state in pathway.states], pathway.tick
    desk_work = DESK_WORK * DAYS * 1440 / (1440 + gap)
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

    nursing = stays(
        "nursed_delivery", "delivery_alone", "delivery_at_night", "nursed_bed", "antenatal", "antenatal_again"
    )
    referred = np.count_nonzero(visits["state"] == names.index("referred"))
    deliveries = int(np.count_nonzero(of("nursed_delivery", "delivery_alone", "delivery_at_night")))
    return (
        # As the published model counts: of seven hours for each in staff, though they are there day and night.
        (stays("consultation", "delivery", "doctor_afterwards", "inpatient") + desk_work) / (doctors * SHIFT * DAYS),
        # With the wait for her.
        (stays("pressure") + waits("pressure").sum() + desk_work) / (SHIFT * DAYS),
        (nursing + 180 * DAYS) / (3 * SHIFT * DAYS),
        stays("medicine") / (SHIFT * DAYS),
        stays(*TESTS) / (SHIFT * DAYS),
        stays("inpatient_bed", "childbed") / (6 * 1440 * DAYS),
        stays("labour", "labour_at_night") / (1440 * DAYS),
        waits("consultation", "delivery", "inpatient").mean(),
        waits("medicine").mean(),
        waits(*TESTS).mean(),
        referred / max(deliveries, 1),
    )


for number, (file, gap, doctors) in enumerate(zip(FILES, GAPS, DOCTORS, strict=True)):
    pathway = with_hours(Scenario.of(Path(__file__).with_name(file)).pathway(), gap)
    results = run(pathway, replications=30, seed=1, keep_traces=True)
    years = [year(results.traces[n].visits, pathway, gap, doctors) for n in results.replications]
    print(f"Configuration {number + 1:<20}here  deviation  published  deviation  apart")
    for (name, configurations), values in zip(PUBLISHED.items(), np.array(years).T, strict=True):
        published = configurations[number]
        if published is None:
            continue
        mean, deviation = published
        apart = (values.mean() - mean) / np.sqrt(deviation**2 / 10 + values.var(ddof=1) / len(values))
        print(f"{name:32}{values.mean():6.3f}{values.std(ddof=1):11.3f}{mean:11.3f}{deviation:11.3f}{apart:7.1f}")
