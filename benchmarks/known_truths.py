"""Is what the histories say right? Copenhagen's known truths: among the pairs, and along the whole chain.

`python -m benchmarks.known_truths FOLDER [--truths 60] [--pairs 8000] [--only pairs|chain]`: finished parts are kept in
FOLDER, that of `flowsim calibrate`, whose tables are shared, and found again. Writes the tables of
`docs/background/known-truths.md`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from scipy import stats

from flowsim import Scenario
from flowsim.calibration.checkpoints import keep_arrays, kept_arrays
from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.histories.drawn import dated
from flowsim.calibration.histories.kept import sets_digest
from flowsim.calibration.histories.pairs import luck_seed
from flowsim.calibration.histories.weighing import ranks_of_pairs
from flowsim.calibration.rehearsal import Rehearsal, rehearse
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Effort
from flowsim.core.arrays import Bools, Floats, Ints
from flowsim.core.periods import Period
from flowsim.model.varying import Cut
from flowsim.simulation.runner import run

PAGE = Path(__file__).parent.parent / "docs" / "background" / "known-truths.md"
WAIT = "wait.rehabilitation_team.served"
DATES = {
    "2020-02": "documented",
    "2020-06": "documented",
    "2021-01": "documented",
    "2020-09": "between",
    "2021-07": "6 months on",
    "2022-01": "12 months on",
}
HALVES = ("2017-06", "2017-12", "2018-06", "2018-12", "2019-06", "2019-12")
UNTIL = datetime(2022, 2, 1)
SEED = 1
TRUTHS = 500
PART = 250
CALIBRATED = Effort(draws=24_000, pairs=800)


def simulated_pairs(study: Study, folder: Path, count: int) -> tuple[Ints, Floats, Floats]:
    """Run pairs a year beyond the documents, each with a future of its own.

    Returns:
        The set of each pair; what it says of the dated targets; its wait in each month of DATES and HALVES.
    """
    scenario = Scenario.of(study.base.name)
    ensemble = Ensemble.of(scenario.base)
    assert ensemble is not None
    ensemble = ensemble.drawing(sets=True)
    model = Cut(model=ensemble.over(scenario), end=UNTIL)
    targets, months = dated(study), (*DATES, *HALVES)
    seed = luck_seed(SEED)
    owner = f"{study.digest} {SEED} {sets_digest(ensemble.z)} {[one.name for one in targets]} {months} {UNTIL}"
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for first in range(0, count, PART):
        path = folder / f"pairs-{first:06d}-{PART}.npz"
        arrays = kept_arrays(path, owner)
        if arrays is None:
            measures = sorted({*study.read_measures(targets), WAIT})
            results = run(model, replications=range(first, first + PART), seed=seed, measures=measures)
            columns = {str(row.period): n for n, row in enumerate(results.index) if str(row.measure) == WAIT}
            waits = results.values[:, [columns[str(Period(month))] for month in months]]
            arrays = {"simulated": study.observe(results, targets), "waits": waits}
            keep_arrays(path, owner, **arrays)
        parts.append(arrays)
        print(f"pairs: {first + PART:,} of {count:,}", flush=True)
    sets = np.array([ensemble.number(seed, number) for number in range(len(parts) * PART)])
    simulated, waits = (np.concatenate([part[name] for part in parts]) for name in ("simulated", "waits"))
    return sets, simulated, waits


def inside(below: Floats, level: float = 0.9) -> Bools:
    """Return which truths lie in the central interval; undefined ones are outside."""
    edge = (1 - level) / 2
    return (below >= edge) & (below <= 1 - edge)


def share(held: Bools) -> str:
    """Write a share with its 95 % interval (Clopper and Pearson)."""
    low, high = stats.binomtest(int(held.sum()), len(held)).proportion_ci(0.95)
    return f"{held.mean():.1%} ({low:.1%} to {high:.1%})"


def pairs_table(below: Floats, effective: Floats, count: int) -> list[str]:
    """Write how many of the truths among the pairs lie in their intervals."""
    lines = [
        f"{len(below):,} truths among {count:,} pairs; the effective sample of a truth's histories is "
        f"{np.quantile(effective, 0.05):,.0f} to {np.quantile(effective, 0.95):,.0f} (5 to 95 %).",
        "",
        "| wait of | | in the 90 % interval (95 % interval of the share) | in the 50 % |",
        "|---|---|--:|--:|",
    ]
    for number, month in enumerate((*DATES, *HALVES)):
        held = inside(below[:, number])
        half = inside(below[:, number], 0.5).mean()
        lines.append(f"| {month} | {DATES.get(month, 'half-year')} | {share(held)} | {half:.1%} |")
    return lines


def chain_table(found: Rehearsal, truths: int, minutes: float) -> list[str]:
    """Write how many of the truths along the whole chain lie in their intervals."""
    held, of_sets = inside(found.histories), inside(found.sets)
    lines = [
        f"{len(found)} of {truths} truths, {found.pairs:,} pairs each; the effective sample is "
        f"{np.quantile(found.effective, 0.05):,.0f} to {np.quantile(found.effective, 0.95):,.0f} (5 to 95 %). "
        f"{minutes:.0f} CPU minutes, without what an earlier run had left.",
        "",
        "| figure | in the histories' 90 % interval | in the sets' | median width of the histories' |",
        "|---|--:|--:|--:|",
    ]
    for number, name in enumerate(found.names):
        width = f"{np.median(found.widths[:, number]):,.1f}"
        lines.append(
            f"| {name} | {held[:, number].sum()} of {len(held)} | {of_sets[:, number].sum()} of {len(held)} | {width} |"
        )
    return lines


def write(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put a table in its place on a page."""
    begin, end = f"<!-- {name}, written by make calibrate-check -->", f"<!-- end of {name} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    page.write_text(before + "\n".join([begin, "", *lines, "", end]) + after, encoding="utf-8")


def main() -> int:
    """Make what is asked for, as far as it is not there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=8_000)
    parser.add_argument("--truths", type=int, default=60)
    parser.add_argument("--first", type=int, help="of the truths along the whole chain; all where left out")
    parser.add_argument("--only", choices=("pairs", "chain"))
    asked = parser.parse_args()
    study = Study.read("copenhagen")
    if asked.only != "chain":
        sets, simulated, waits = simulated_pairs(study, asked.folder / "ahead", asked.pairs)
        below, effective = ranks_of_pairs(dated(study), simulated, waits, sets, truths=TRUTHS, seed=SEED)
        write("pairs", pairs_table(below, effective, len(sets)))
    if asked.only != "pairs":
        begun = time.process_time()
        found = rehearse(
            study,
            effort=CALIBRATED,
            truths=asked.truths,
            first=asked.first,
            folder=asked.folder,
            seed=SEED,
            progress=lambda stage, done, total: print(f"{stage}: {done:,} of {total:,}", flush=True),
        )
        minutes = (time.process_time() - begun) / 60
        write("chain", chain_table(found, asked.truths, minutes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
