"""The reference table of a calibration: what the model says at many draws of its factors, made once and shared.

The name is that of approximate Bayesian computation, where fit, posterior, hold-outs and the check of the
uncertainty are all conditionings of this one table. It is made in parts that are kept on disk, so that work that
was stopped goes on where it was.
"""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from flowsim.calibration.checkpoints import keep_arrays, kept_arrays, parts_folder
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats
from flowsim.core.errors import whole_number
from flowsim.core.progress import Progress, shifted
from flowsim.model.varying import Varying
from flowsim.simulation.runner import run

__all__ = ["Draws", "ReferenceTable", "simulate_draws"]

_PART = 250


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceTable:
    """Draws of the factors, and what one replication of the model says at each.

    Attributes:
        z: positions of the factors, shape (draws, factors).
        simulated: each target as the simulation observes it, shape (draws, targets); NaN where undefined.
        watched: each watched figure of the study, shape (draws, watched); NaN where undefined.
        seconds: how long it took to make, whenever that was.
    """

    z: Floats
    simulated: Floats
    watched: Floats
    seconds: float = 0.0

    def __len__(self) -> int:
        return len(self.z)

    def part(self, first: int, last: int) -> ReferenceTable:
        """Return the draws from `first` until before `last`."""
        chosen = slice(first, last)
        return ReferenceTable(z=self.z[chosen], simulated=self.simulated[chosen], watched=self.watched[chosen])


class Draws(Varying, Protocol):
    """A model whose replications draw positions of a study's factors."""

    @property
    def study(self) -> Study:
        """Whose factors are drawn."""
        ...

    @property
    def digest(self) -> str:
        """Return a hash of what the draws depend on, but for the seed."""
        ...

    def draw(self, seed: int, number: int) -> Floats:
        """Return the position of one draw, a function of the seed and the draw's number alone."""
        ...


def simulate_draws(
    drawn: Draws,
    draws: int,
    *,
    seed: int = 1,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ReferenceTable:
    """Draw positions of the factors and simulate one replication at each.

    Draw n depends on what draws, the seed and n alone: a longer table begins with the shorter one.

    Args:
        drawn: what draws, such as `FromPrior(study=study)`.
        draws: how many.
        seed: a whole number.
        folder: where finished parts are kept, and found again; of one table alone.
        executor: where the replications run.
        progress: called with (done, all); what it raises stops the work, and finished parts stay.

    Raises:
        InputError: for less than two draws.
    """
    draws = whole_number("draws", draws, 2)
    place, parts = parts_folder(folder), []
    owner = f"{drawn.study.digest} {drawn.digest} {seed} {' '.join(drawn.study.watched)}"
    for first in range(0, draws, _PART):
        count = min(_PART, draws - first)
        path = place / f"draws-{first:06d}-{count}.npz" if place else None
        if arrays := kept_arrays(path, owner):
            figures = {name: arrays[name] for name in ("z", "simulated", "watched")}
            parts.append(ReferenceTable(**figures, seconds=float(arrays["seconds"])))
        else:
            numbers = range(first, first + count)
            parts.append(_part(drawn, numbers, seed, executor, shifted(progress, first, draws)))
            if path is not None:
                keep_arrays(path, owner, **vars(parts[-1]))
        if progress is not None:
            progress(first + count, draws)
    return ReferenceTable(
        z=np.concatenate([part.z for part in parts]),
        simulated=np.concatenate([part.simulated for part in parts]),
        watched=np.concatenate([part.watched for part in parts]),
        seconds=sum(part.seconds for part in parts),
    )


def _part(
    drawn: Draws, numbers: range, seed: int, executor: Executor | None, progress: Progress | None
) -> ReferenceTable:
    begun = time.perf_counter()
    z = np.array([drawn.draw(seed, number) for number in numbers])
    study = drawn.study
    measures = study.read_measures()
    results = run(drawn, replications=numbers, seed=seed, executor=executor, progress=progress, measures=measures)
    return ReferenceTable(
        z=z,
        simulated=study.observe(results),
        watched=study.watch(results),
        seconds=time.perf_counter() - begun,
    )
