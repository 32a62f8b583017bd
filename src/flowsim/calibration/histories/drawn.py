"""Histories made from parameter sets: pairs run to the last document, weighed by its dated waits, and drawn from."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from flowsim.calibration.histories.kept import Histories, sets_digest
from flowsim.calibration.histories.pairs import luck_seed, simulate_pairs
from flowsim.calibration.histories.weighing import resampled, weighed
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, whole_number
from flowsim.core.progress import Progress

__all__ = ["PairCounts", "dated", "weigh"]


@dataclass(frozen=True, kw_only=True)
class PairCounts:
    """How many pairs are run, and how many histories are kept of them.

    Attributes:
        pairs: of a parameter set and a replication.
        histories: drawn from the pairs by their weights.
    """

    pairs: int = 8_000
    histories: int = 500

    def __post_init__(self) -> None:
        for name in ("pairs", "histories"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name)))
        if self.histories < 1:
            raise InputError(f"histories: {self.histories} is not allowed: at least 1 is needed")
        if self.pairs < self.histories:
            raise InputError(
                f"pairs: {self.pairs:,} is not allowed: at least one a history, of which there are {self.histories:,}"
            )


def dated(study: Study) -> tuple[Target, ...]:
    """Return the targets that tell the state from which a planner starts: those with `history = true`."""
    return tuple(target for target in study.targets if target.history)


def weigh(
    study: Study,
    z: Floats,
    *,
    counts: PairCounts | None = None,
    seed: int = 1,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Histories:
    """Run pairs until the study ends, weigh them by its dated figures, and keep equally likely ones.

    Args:
        study: the base, its factors and targets.
        z: the parameter sets, shape (sets, factors).
        counts: how many pairs and histories.
        seed: of the calibration.
        folder: where finished parts are kept, and found again.
        executor: where the pairs run.
        progress: called with (done, all).

    Raises:
        InputError: where no target tells the state at a date, or no pair comes near those that do.
    """
    counts, z = counts or PairCounts(), np.round(z, 4)
    targets = dated(study)
    if not targets:
        raise InputError(f"{study.source}: targets: none has `history = true`: histories are weighed by such figures")
    pairs = simulate_pairs(
        study, z, targets, counts.pairs, seed=seed, folder=folder, executor=executor, progress=progress
    )
    weighing = weighed(targets, pairs.simulated)
    rows = resampled(weighing.weights, counts.histories, luck_seed(seed))
    return Histories(
        sets=pairs.sets[rows],
        replications=rows,
        weights=weighing.weights[rows],
        at=study.base.pathway().end,
        seed=luck_seed(seed),
        pairs=len(pairs),
        effective=weighing.effective,
        largest=weighing.largest,
        provenance={
            "figures": {one.name: [one.value, round(one.tolerance, 4)] for one in targets},
            "study": study.digest,
            "sets": sets_digest(z),
            "distinct_sets": len(np.unique(pairs.sets[rows])),
            "flowsim": metadata.version("flowsim"),
            "numpy": metadata.version("numpy"),
        },
    )
