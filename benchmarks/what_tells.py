"""What narrows the wait of each half year, under two structures, and what makes the sets wider than Laplace's.

`python -m benchmarks.what_tells FOLDER [--particles 1000]`: of the tables of a calibration in FOLDER, that of
`flowsim calibrate`. Writes tables of `docs/background/copenhagen.md` and `docs/decisions/one-fit.md`. All is read off
the emulated likelihood; the second structure is run as well, since the emulator was learned under the first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.known_truths import CALIBRATED, HALVES, SEED, WAIT, write
from flowsim.calibration.draws import AtPositions
from flowsim.calibration.inference.narrowing import Narrowing, Watching
from flowsim.calibration.inference.sharpening import log_normal, positions
from flowsim.calibration.mode import Fit
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Calibration, Stopwatch, prepared
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.periods import Period
from flowsim.simulation.runner import run

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "background" / "copenhagen.md"
FIT_PAGE = DOCS / "decisions" / "one-fit.md"
DIRECT = {
    "2017-06": "the length of fleksjob cases in early 2017",
    "2017-12": "none",
    "2018-06": "the share decided within 23 weeks, first quarter of 2018",
    "2018-12": "none",
    "2019-06": "23 weeks in March; more than in February 2020, in spring",
    "2019-12": "none",
}
# Places as they followed the cases of their period before they walked by themselves, by their shares in the first
# values, give or take a tenth: `places` is what the cases ask for.
TIED = {
    "places_2015": {"openings_2015": 0.68, "rf_openings_2015": 0.09, "others_2015": 0.23},
    "places_2016": {"openings_2016": 0.68, "rf_openings_2015": 0.09, "others_2015": 0.23},
    "places_money": {"openings_money": 0.65, "rf_openings_2017": 0.12, "others_2015": 0.23},
    "places_2018": {"openings_2018": 0.65, "rf_openings_2017": 0.12, "others_2015": 0.23},
    "places_action": {"openings_action": 0.56, "rf_openings_action": 0.19, "others_2015": 0.25},
    "places_2019": {"openings_2019": 0.56, "rf_openings_action": 0.19, "others_2015": 0.25},
    "places_effective": {"openings_effective": 0.51, "rf_openings_action": 0.22, "others_2019": 0.27},
    "places_2020": {"openings_2020": 0.51, "rf_openings_action": 0.22, "others_2019": 0.27},
    "places_after": {"openings_after": 0.48, "rf_openings_2020": 0.24, "others_2019": 0.28},
}
TENTH = 0.1
RUNS = 200


class TiedPlaces:
    """The logarithm of a prior in which places follow the cases that come, at positions of the independent parts."""

    def __init__(self, study: Study) -> None:
        names, root = list(study.prior.names), study.prior.root
        self.own = [names.index(place) for place in TIED]
        off = np.zeros((len(TIED), len(names)))
        for row, (place, cases) in enumerate(TIED.items()):
            off[row, names.index(place)] = 1.0
            for name, share in cases.items():
                off[row, names.index(name)] = -share
        self.off = off @ root / TENTH
        self.constant = float(np.log(np.diag(root)[self.own] / TENTH).sum())

    def __call__(self, x: Floats) -> Floats:
        """Return it for each row, up to the constant that `log_normal` leaves out too."""
        free = x.copy()
        free[:, self.own] = 0.0
        return np.asarray(log_normal(free) - 0.5 * np.sum((x @ self.off.T) ** 2, axis=1) + self.constant, np.float64)


def document_of(study: Study, number: int) -> str:
    """Name the document of a fitted target: its fact, and of awards the year."""
    target = study.fitted[number]
    fact = target.fact.partition(".")[2]
    return f"awards of {max(Period(p).year for p in target.observation.periods)}" if "awards-f" in fact else fact


def span(interval: Floats) -> str:
    """Write a median with its 5 to 95 % interval."""
    low, middle, high = interval
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


def halves_table(watching: Watching, prior: Floats, particles: int) -> list[str]:
    """Write for each half year what its wait is, and without which document it would be wider."""
    study = watching.study
    columns = [list(study.watched).index(f"{WAIT} {month}") for month in HALVES]
    whole, again = watching.without(particles=particles), Watching(**vars(watching) | {"seed": watching.seed + 1})
    noise = np.abs(again.without(particles=particles).widths / whole.widths - 1)[columns].max()
    documents = dict.fromkeys(document_of(study, number) for number in range(len(study.fitted)))
    wider: dict[str, Floats] = {}
    for document in documents:
        names = [target.name for n, target in enumerate(study.fitted) if document_of(study, n) == document]
        wider[document] = watching.without(names, particles=particles).widths / whole.widths
        print(document, np.round(wider[document][columns], 2), flush=True)
    lines = [
        "| wait of | documents of the wait itself | prior | all documents | wider without (times) |",
        "|---|---|--:|--:|---|",
    ]
    for month, column in zip(HALVES, columns, strict=True):
        ranked = sorted(wider, key=lambda name: -wider[name][column])[:3]
        least = max(1.1, 1 + 2 * noise)
        told = ", ".join(f"{name} ({wider[name][column]:.2f})" for name in ranked if wider[name][column] >= least)
        lines.append(
            f"| {month} | {DIRECT[month]} | {span(prior[:, column])} | {span(whole.intervals[:, column])} "
            f"| {told or 'none by itself'} |"
        )
    return [*lines, "", f"Two samples of {particles:,} differ in a width by {noise:.0%} at the most."]


def structures_table(watching: Watching, particles: int) -> list[str]:
    """Write the wait of each half year under two structures, emulated and run."""
    study = watching.study
    columns = [list(study.watched).index(f"{WAIT} {month}") for month in HALVES]
    structures: dict[str, Callable[[Floats], Floats]] = {
        "places walk by themselves": log_normal,
        "places follow the cases": TiedPlaces(study),
    }
    found: dict[str, Narrowing] = {}
    lived: dict[str, Floats] = {}
    strain = {}
    for name, prior in structures.items():
        found[name] = watching.without(log_prior=prior, particles=particles)
        z = found[name].x[:: max(particles // RUNS, 1)][:RUNS] @ study.prior.root.T
        results = run(
            AtPositions(study=study, z=z), replications=len(z), seed=SEED + 90, measures=study.read_measures()
        )
        lived[name] = defined_quantiles(study.watch(results), (0.05, 0.5, 0.95))
        simulated = study.observe(results, study.fitted)
        equal = [n for n, target in enumerate(study.fitted) if target.sense == "="]
        tolerance = np.array([study.fitted[n].tolerance for n in equal])
        spread = np.hypot(tolerance, np.sqrt(np.diag(watching.emulator.covariance))[equal])
        off = (np.nanmean(simulated[:, equal], axis=0) - [study.fitted[n].value for n in equal]) / spread
        worst = int(np.argmax(np.abs(off)))
        strain[name] = f"{np.sum(off**2):.0f}; the farthest is {study.fitted[equal[worst]].name} ({off[worst]:+.1f})"
        print(name, found[name].evidence, strain[name], flush=True)
    lines = ["| | " + " | ".join(structures) + " |", "|---|" + "--:|" * len(structures)]
    for month, column in zip(HALVES, columns, strict=True):
        emulated = " | ".join(span(found[name].intervals[:, column]) for name in structures)
        lines.append(f"| {month}, emulated | {emulated} |")
        lines.append(f"| {month}, run | {' | '.join(span(lived[name][:, column]) for name in structures)} |")
    first, second = (found[name].evidence for name in structures)
    return [
        *lines,
        f"| logarithm of the evidence | 0 | {second - first:+.1f} |",
        f"| squared distances of {len(equal)} figures, of the mean run | {' | '.join(strain.values())} |",
    ]


def stiff_table(watching: Watching, mode: Fit, sets: Floats) -> list[str]:
    """Write how wide Laplace's approximation is in the fit's five stiffest directions as its parts are put right."""
    study, emulator = watching.study, watching.emulator
    equal = np.array([target.sense == "=" for target in study.fitted])
    tolerance = np.array([target.tolerance for target in study.fitted])
    own = np.hypot(tolerance, mode.mode.process)
    luck = emulator.covariance[: len(equal), : len(equal)]
    shared = luck / np.sqrt(np.outer(np.diag(luck), np.diag(luck))) * np.outer(mode.mode.process, mode.mode.process)
    held, vectors = np.linalg.eigh(mode.slope.T @ mode.slope)
    fitted = np.asarray(vectors[:, np.argsort(held)[::-1][:5]], np.float64)
    x = positions(study, sets)
    spread = np.asarray(np.cov(x.T), np.float64)

    def slopes(at: Floats) -> Floats:
        step = 0.25 * np.eye(len(at))
        return np.asarray((emulator.mean(at + step) - emulator.mean(at - step))[:, : len(equal)].T / 0.5, np.float64)

    def precision(slope: Floats, covariance: Floats) -> Floats:
        told = slope[equal].T @ np.linalg.solve(covariance[np.ix_(equal, equal)], slope[equal])
        return np.asarray(np.eye(slope.shape[1]) + told, np.float64)

    def wide(covariance: Floats, directions: Floats) -> Floats:
        return np.asarray(np.sqrt(np.einsum("fd,fg,gd->d", directions, covariance, directions)), np.float64)

    def laplace(known: Floats, directions: Floats) -> Floats:
        return wide(np.asarray(np.linalg.inv(known), np.float64), directions)

    plain = laplace(np.eye(len(held)) + mode.slope.T @ mode.slope, fitted)
    measured, blur = mode.slope * own[:, None], np.diag(tolerance**2)
    at_mode, at_sets = positions(study, mode.mode.z[None])[0], x.mean(axis=0)
    steps = {
        "Laplace's, of the fit": plain,
        "with luck shared by the figures": laplace(precision(measured, shared + blur), fitted),
        "with the luck of the neighbourhood, and what the emulator does not know": laplace(
            precision(measured, luck + blur), fitted
        ),
        "with the emulator's slopes at the mode": laplace(precision(slopes(at_mode), luck + blur), fitted),
        "with its slopes at the middle of the sets": laplace(precision(slopes(at_sets), luck + blur), fitted),
        "the sets": wide(spread, fitted),
    }
    lines = ["| times as wide as Laplace's | 1 | 2 | 3 | 4 | 5 |", "|---|" + "--:|" * 5]
    lines += [f"| {name} | {' | '.join(f'{ratio:.1f}' for ratio in width / plain)} |" for name, width in steps.items()]
    there = precision(slopes(at_sets), luck + blur)
    values, vectors = np.linalg.eigh(there)
    stiff = np.asarray(vectors[:, np.argsort(values)[::-1][:5]], np.float64)
    ratios = wide(spread, stiff) / laplace(there, stiff)
    lines.append(
        "| the sets, in the stiffest directions at their own middle, over Laplace's there | "
        + " | ".join(f"{ratio:.1f}" for ratio in ratios)
        + " |"
    )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--particles", type=int, default=1_000)
    asked = parser.parse_args(arguments)
    study = Study.read("copenhagen")
    ready = prepared(study, CALIBRATED, SEED, asked.folder, None, Stopwatch(None))
    watching = Watching.of(study, ready.tables, ready.around, SEED)
    prior = defined_quantiles(ready.table.watched, (0.05, 0.5, 0.95))
    write("stiff directions", stiff_table(watching, ready.mode, Calibration.read("copenhagen").sets), FIT_PAGE)
    write("structures", structures_table(watching, asked.particles), PAGE)
    write("half years", halves_table(watching, prior, asked.particles), PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
