"""The whole chain on known truths: each is hidden, documented, calibrated, and its histories are held beside it.

The tables of draws are those of the calibration, and all truths share them. What follows is made for each truth as for
the documents: a sample of the posterior, parameter sets, pairs of a set and a replication, their weights. Truths are
draws of the last table, whose normal law stands in the prior's place, as in the rank tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from flowsim.calibration.checkpoints import keep_arrays, kept_arrays
from flowsim.calibration.draws import AtPositions
from flowsim.calibration.histories.drawn import dated
from flowsim.calibration.histories.pairs import luck_seed
from flowsim.calibration.histories.weighing import resampled, weighed
from flowsim.calibration.inference.checks import Coverage
from flowsim.calibration.inference.posterior import Posterior
from flowsim.calibration.inference.ranks import HiddenTruths, ranks_among
from flowsim.calibration.inference.table import simulate_draws
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.calibration.workflow import Effort, Stage, Stopwatch, check_place, prepared
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.errors import InputError, whole_number
from flowsim.core.writing.atomic import reserved
from flowsim.simulation.engine.luck import side_stream
from flowsim.simulation.runner import checked_seed

__all__ = ["Rehearsal", "rehearse"]

_PARTICLES = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Rehearsal:
    """Where known truths lie among the histories that were made from what would have been documented of them.

    Attributes:
        names: the dated targets, by which histories are weighed, and after them what the study watches.
        sets: the share of the pairs below each truth's own figure, not weighed, shape (truths, figures).
        histories: the share of the histories below it, of the same shape.
        widths: of the histories' 5 to 95 % intervals, of the same shape.
        effective: the effective sample of each truth's pairs, shape (truths,).
        pairs: of each truth.
    """

    names: tuple[str, ...]
    sets: Floats = field(repr=False)
    histories: Floats = field(repr=False)
    widths: Floats = field(repr=False)
    effective: Floats = field(repr=False)
    pairs: int

    def __len__(self) -> int:
        return len(self.effective)

    @property
    def coverage(self) -> Coverage:
        """Where the truths lie in their histories, as the rank tests say it; of at least 20 truths."""
        return Coverage(names=self.names, below=self.histories)


def rehearse(
    study: Study,
    *,
    effort: Effort,
    truths: int = 60,
    first: int | None = None,
    folder: str | Path,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Stage | None = None,
) -> Rehearsal:
    """Calibrate known truths in place of the documents.

    Args:
        study: the base, its factors and targets.
        effort: of the calibration whose tables are shared; its pairs are those of each truth.
        truths: how many are hidden, and not learned from.
        first: how many of them are calibrated; all where left out.
        folder: of the calibration; finished truths are kept in it, and found again.
        seed: of the calibration.
        executor: where replications run.
        progress: called with (stage, done, all); what it raises stops the work.

    Raises:
        InputError: where no target tells the state at a date, or the folder holds another calibration.
    """
    seed, truths = checked_seed(seed), whole_number("truths", truths, 1)
    first = truths if first is None else whole_number("first", first)
    targets = [target for target in dated(study) if target.fitted]
    if not targets:
        raise InputError(
            f"{study.source}: targets: no fitted one has `history = true`: histories are weighed by such figures"
        )
    if not 1 <= first <= truths:
        raise InputError(f"first: {first} is not allowed: from 1 to {truths:,}")
    check_place(study, folder, seed)
    folder = Path(folder)
    with reserved(folder / "calibration", f"'{folder}' is in use by another process that calibrates: wait for it"):
        clock = Stopwatch(progress)
        ready = prepared(study, effort, seed, folder, executor, clock)

        @cache
        def among() -> HiddenTruths:
            return HiddenTruths.of(study, ready.tables, ready.around, truths, seed)

        kept_in = folder / "rehearsal"
        kept_in.mkdir(exist_ok=True)
        owner = f"{study.digest} {seed} {ready.around.digest} {truths} {effort.sets} {effort.pairs} {_PARTICLES}"
        advance, parts = clock.stage("known truths"), []
        for number in range(first):
            path = kept_in / f"truth-{number:04d}.npz"
            arrays = kept_arrays(path, owner)
            if arrays is None:
                arrays = _chain(among(), number, targets, effort, seed, executor)
                keep_arrays(path, owner, **arrays)
            parts.append(arrays)
            advance(number + 1, first)
        clock.stop()
    return Rehearsal(
        names=(*(target.name for target in targets), *study.watched),
        sets=np.array([arrays["sets"] for arrays in parts]),
        histories=np.array([arrays["histories"] for arrays in parts]),
        widths=np.array([arrays["widths"] for arrays in parts]),
        effective=np.array([float(arrays["effective"]) for arrays in parts]),
        pairs=effort.pairs,
    )


def _chain(
    among: HiddenTruths,
    number: int,
    targets: Sequence[Target],
    effort: Effort,
    seed: int,
    executor: Executor | None,
) -> dict[str, Floats]:
    """Make sets and histories of one truth, and return where its own figures lie in them."""
    study, generator = among.study, side_stream(seed, "rehearsal", number)
    sample = among.sample(among.likelihood(number), _PARTICLES, generator)
    posterior = Posterior(z=sample.x @ study.prior.root.T, weights=np.full(_PARTICLES, 1 / _PARTICLES))
    sets = np.round(posterior.draw(effort.sets, seed), 4)
    # Another luck than that of any draw of the tables, and than that of other truths.
    pairs = simulate_draws(
        AtPositions(study=study, z=sets),
        effort.pairs,
        seed=luck_seed(seed) + number,
        executor=executor,
    )
    columns = [study.targets.index(target) for target in targets]
    figures = np.column_stack([pairs.simulated[:, columns], pairs.watched])
    truth = np.concatenate([among.hidden.simulated[number, columns], among.hidden.watched[number]])
    documented = among.observed[number, [study.fitted.index(target) for target in targets]]
    weighing = weighed(targets, pairs.simulated[:, columns], documented)
    lived = figures[resampled(weighing.weights, effort.sets, luck_seed(seed) + number)]
    low, high = defined_quantiles(lived, (0.05, 0.95))
    return {
        "sets": ranks_among(figures, truth, generator),
        "histories": ranks_among(lived, truth, generator),
        "widths": high - low,
        "effective": np.array(weighing.effective),
    }
