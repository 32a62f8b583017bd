"""Does the outlook hold what comes? A hundred made pasts: what would have been said at an origin, and what then came.

`python -m benchmarks.known_pasts FOLDER [--truths 100] [--futures 50]`: finished truths are kept in FOLDER, that of
`flowsim calibrate`, whose table from the prior is used, and found again. Writes a table of
`docs/background/known-truths.md`.

Each truth is a draw of the prior; the origins of the retrospect take turns. Two things come after each origin: what the
base dates later as well (an action plan, a lock-down), and, of the same history, none of that, the factors walking on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.known_truths import CALIBRATED, SEED, write
from flowsim.calibration.checkpoints import keep_arrays, kept_arrays
from flowsim.calibration.draws import FromPrior
from flowsim.calibration.inference.posterior import Conditioned, blurred, condition, conditioned
from flowsim.calibration.inference.table import ReferenceTable, simulate_draws
from flowsim.calibration.retrospect import futures_from, known_at, origins, quarterly
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats
from flowsim.core.periods import Period
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import LEVELS
from flowsim.forecasting.pairing import METHODS, SHARE, pooled
from flowsim.forecasting.trend import forecast_series
from flowsim.simulation.engine.luck import side_stream

CLOSED = "2020Q1"
"""The origin at whose end no meetings are held: as the look back carries it on, none ever are."""
COMES = {"dated": "what the base dates later comes", "walked": "nothing dated comes, factors walk on"}


def documented(study: Study, figures: Floats) -> dict[str, Series]:
    """Return the series that a truth would have been documented with, by measure; figures are of the fitted targets."""
    out = {}
    for measure, quarters in quarterly(study).items():
        numbers = {_quarter(study, number): number for number, _ in enumerate(study.fitted)}
        periods = sorted(quarters)
        values = tuple(max(float(figures[numbers[measure, period]]), 0.0) for period in periods)
        out[measure] = Series(name=measure, unit="awards", every="quarter", first=periods[0], values=values)
    return out


def _quarter(study: Study, number: int) -> tuple[str, Period] | None:
    read = study.fitted[number].observation
    return (read.measures[0], Period(read.periods[0])) if len(read.measures) == len(read.periods) == 1 else None


def held(
    study: Study, table: ReferenceTable, among: Conditioned, row: int, origin: str, futures: int
) -> dict[str, Floats]:
    """Return which figures lie in the intervals, by what came: 1 or 0, shape (methods, LEVELS, figures).

    Methods are forecast, simulation and combination; figures are those of all measures and quarters ahead.
    """
    columns = [study.targets.index(target) for target in study.fitted]
    shown = blurred(study.fitted, table.simulated[[row]][:, columns], SEED + row)[0]
    known = [study.fitted.index(target) for target in known_at(study, origin)]
    others = np.arange(len(among.z)) != row - (len(table) - len(among.z))
    summary = among.learned.of(shown[known][None])[0]
    z = condition(among.z[others], among.summaries[others], summary).draw(futures, SEED + row)
    told = futures_from(study, z, origin, seed=SEED + 1 + row)
    walked = futures_from(study, table.z[[row]], origin, seed=SEED, numbers=[row])
    periods = [Period(period) for period in told.periods]
    tolerances = {_quarter(study, number): target.tolerance for number, target in enumerate(study.fitted)}
    noise = side_stream(SEED, "made pasts", row).standard_normal(len(periods))
    out: dict[str, list[Floats]] = {kind: [] for kind in COMES}
    for measure, series in documented(study, shown).items():
        trend = forecast_series(series, len(periods), origin).paths(futures)
        simulated = told.paths[measure]
        came = {
            "dated": np.array([series.values[period.number - Period(series.first).number] for period in periods]),
            "walked": walked.paths[measure][0] + noise * np.array([tolerances[measure, period] for period in periods]),
        }
        for kind, actual in came.items():
            out[kind].append(
                np.array(
                    [
                        [_inside(paths, np.asarray(actual, np.float64), level) for level in LEVELS]
                        for paths in (trend, simulated, pooled(trend, simulated, SHARE))
                    ]
                )
            )
    return {kind: np.concatenate(parts, axis=2) for kind, parts in out.items()}


def _inside(paths: Floats, actual: Floats, level: float) -> Floats:
    low, high = np.quantile(paths, ((1 - level) / 2, (1 + level) / 2), axis=0)
    return np.asarray((low <= actual) & (actual <= high), np.float64)


def made_pasts(study: Study, folder: Path, truths: int, futures: int) -> list[dict[str, Floats]]:
    """Look back from the origins in turn, each time to the end of what a truth of its own was documented with."""
    table = simulate_draws(FromPrior(study=study), CALIBRATED.draws, seed=SEED, folder=folder / "prior")
    kept_in = folder / "pasts"
    kept_in.mkdir(exist_ok=True)
    owner = f"{study.digest} {SEED} {CALIBRATED.draws} {futures}"
    learned = cache(lambda origin: conditioned(study, table, targets=known_at(study, origin), seed=SEED))
    found = []
    for number, origin in zip(range(truths), cycle(origins(study)), strict=False):
        path = kept_in / f"truth-{number:04d}.npz"
        arrays = kept_arrays(path, owner)
        if arrays is None:
            # The last draws: those that nothing was learned from.
            arrays = held(study, table, learned(origin), len(table) - 1 - number, origin, futures)
            keep_arrays(path, owner, **arrays)
            print(f"past {number + 1} of {truths}: {origin}", flush=True)
        found.append(arrays)
    return found


def shares(parts: Sequence[Floats], method: int) -> str:
    """Write which share of the figures lies in the 80 and the 95 % interval, with the standard error over truths."""
    counts = np.array([part.shape[2] for part in parts])
    cells = []
    for level in range(len(LEVELS)):
        inside = np.array([part[method, level].sum() for part in parts])
        mean = inside.sum() / counts.sum()
        error = np.sqrt(np.sum((inside - mean * counts) ** 2)) / counts.sum()
        cells.append(f"{mean:.1%} ± {error:.1%}")
    return " | ".join(cells)


def table_of(study: Study, found: Sequence[Mapping[str, Floats]], futures: int) -> list[str]:
    """Write how many of the figures lie in the intervals: all together, without the closed lock-down, by origin."""
    since = list(origins(study))
    turns = [since[number % len(since)] for number in range(len(found))]
    lines = [f"{len(found)} truths, {futures} futures each, from {len(since)} origins in turn."]
    for kind, words in COMES.items():
        parts = [one[kind] for one in found]
        kept = [part for part, origin in zip(parts, turns, strict=True) if origin != CLOSED]
        lines += [
            "",
            f"| {words} | figures | in the 80 % | in the 95 % | without {CLOSED}: in the 80 % | in the 95 % |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        count = sum(part.shape[2] for part in parts)
        for number, method in enumerate(METHODS):
            lines.append(f"| {method} | {count} | {shares(parts, number)} | {shares(kept, number)} |")
        for origin in since:
            own = [part for part, turn in zip(parts, turns, strict=True) if turn == origin]
            count = sum(part.shape[2] for part in own)
            lines.append(f"| combination, from {origin} | {count} | {shares(own, METHODS.index('combination'))} | | |")
    return lines


def main() -> int:
    """Make what is asked for, as far as it is not there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truths", type=int, default=100)
    parser.add_argument("--futures", type=int, default=50)
    asked = parser.parse_args()
    study = Study.read("copenhagen")
    found = made_pasts(study, asked.folder, asked.truths, asked.futures)
    write("pasts", table_of(study, found, asked.futures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
