"""Pairs of a parameter set and a replication, run until the last document, with what they say of some targets."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from flowsim.calibration.checkpoints import keep_arrays, kept_arrays, parts_folder
from flowsim.calibration.draws import AtPositions
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, Ints
from flowsim.core.errors import InputError, whole_number
from flowsim.core.progress import Progress, shifted
from flowsim.simulation.runner import run

__all__ = ["Pairs", "luck_seed", "simulate_pairs"]

_PART = 250


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """What pairs say of targets; pair n is replication n, of the n-th set, from the first again after the last.

    Attributes:
        sets: the number of each pair's parameter set, shape (pairs,).
        simulated: each target as a pair observes it, shape (pairs, targets); NaN where undefined.
    """

    sets: Ints = field(repr=False)
    simulated: Floats = field(repr=False)

    def __len__(self) -> int:
        return len(self.sets)


def luck_seed(seed: int) -> int:
    """Return the seed of the luck of histories: another than that of the draws that the sets were learned from."""
    return int.from_bytes(hashlib.blake2b(f"histories {seed}".encode(), digest_size=7).digest(), "little")


def simulate_pairs(
    study: Study,
    z: Floats,
    targets: Sequence[Target],
    count: int,
    *,
    seed: int = 1,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Pairs:
    """Run pairs, each once, with the measures alone that some targets read.

    Pair n depends on the sets, the seed and n alone: more pairs begin with the fewer.

    Args:
        study: whose factors the sets are positions of.
        z: the sets, shape (sets, factors).
        targets: what is observed.
        count: how many pairs.
        seed: of the calibration.
        folder: where finished parts are kept, and found again.
        executor: where the replications run.
        progress: called with (done, all); what it raises stops the work, and finished parts stay.

    Raises:
        InputError: for less than one pair, or no target.
    """
    count = whole_number("pairs", count, 1)
    if not targets:
        raise InputError("pairs: no target is to be observed")
    observed = tuple(targets)
    measures = study.read_measures(observed)
    owner = f"{study.digest} {seed} {hashlib.sha256(z.tobytes()).hexdigest()} {[one.name for one in observed]}"
    model = AtPositions(study=study, z=z)
    place, parts = parts_folder(folder), []
    for first in range(0, count, _PART):
        numbers = range(first, min(first + _PART, count))
        path = place / f"pairs-{first:06d}-{len(numbers)}.npz" if place else None
        arrays = kept_arrays(path, owner)
        if arrays is None:
            results = run(
                model,
                replications=numbers,
                seed=luck_seed(seed),
                executor=executor,
                progress=shifted(progress, first, count),
                measures=measures,
            )
            arrays = {"simulated": study.observe(results, observed)}
            if path is not None:
                keep_arrays(path, owner, **arrays)
        parts.append(arrays["simulated"])
        if progress is not None:
            progress(numbers.stop, count)
    return Pairs(sets=np.arange(count) % len(z), simulated=np.concatenate(parts))
