"""The mode: the position of the factors at which the model is nearest to its targets, by least squares.

Every evaluation is the mean of the same replications, on common random numbers, so that a difference between two
positions is one of the positions and not of luck. Fewer than forty replications fit the luck of their seeds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from flowsim.calibration.checkpoints import keep_arrays, kept_arrays, parts_folder
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, defined_deviation, defined_mean
from flowsim.core.errors import InputError, whole_number
from flowsim.core.progress import Progress
from flowsim.simulation.runner import run

__all__ = ["Fit", "Mode", "fit", "misfit", "observed_at"]

_FEWEST = 40
_KEPT = ("slope", "cost", "evaluations", "replications", "converged", "seconds")
_STEP = 0.25  # of a difference, in prior standard deviations: over the grain of counts, within what is nearly straight


@dataclass(frozen=True, kw_only=True, eq=False)
class Mode:
    """What the model says at one position of the factors.

    Attributes:
        z: the position, shape (factors,).
        mean: each fitted target's mean over the replications, shape (targets,).
        process: the standard deviation of one replication, shape (targets,).
    """

    z: Floats
    mean: Floats
    process: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """The mode, and how the targets hold it there.

    Attributes:
        mode: the position found, with what the model says there on the seeds of the fit.
        slope: how far each target moves, in its own standard deviations, a prior standard deviation of each
            independent part of the prior; shape (targets, factors).
        cost: half the sum of squares at the start and after each step, the prior's share included.
        evaluations: how many positions were simulated, with `replications` each.
        replications: of each evaluation.
        converged: whether no step brought more; otherwise the steps were used up.
        seconds: how long it took to find.
    """

    mode: Mode
    slope: Floats
    cost: Sequence[float] = field(default_factory=tuple)
    evaluations: int
    replications: int
    converged: bool
    seconds: float = 0.0

    def write(self, path: Path, owner: str) -> None:
        """Keep a fit in a file, as `checkpoints.keep`."""
        values = {name: getattr(self, name) for name in _KEPT}
        keep_arrays(path, owner, z=self.mode.z, mean=self.mode.mean, process=self.mode.process, **values)

    @classmethod
    def read(cls, path: Path | None, owner: str) -> Fit | None:
        """Read a fit that was kept; None where none was, or none that is whole."""
        arrays = kept_arrays(path, owner)
        if arrays is None:
            return None
        return cls(
            mode=Mode(z=arrays["z"], mean=arrays["mean"], process=arrays["process"]),
            slope=arrays["slope"],
            cost=tuple(arrays["cost"].tolist()),
            evaluations=int(arrays["evaluations"]),
            replications=int(arrays["replications"]),
            converged=bool(arrays["converged"]),
            seconds=float(arrays["seconds"]),
        )


def observed_at(study: Study, z: Floats, *, replications: int, seed: int, executor: Executor | None = None) -> Mode:
    """Simulate a position of the factors, and return what it says of the fitted targets."""
    model, measures = study.model(z), study.read_measures(study.fitted)
    results = run(model, replications=replications, seed=seed, executor=executor, measures=measures)
    observed = study.observe(results, study.fitted)
    return Mode(z=z, mean=defined_mean(observed), process=defined_deviation(observed))


def misfit(targets: Sequence[Target], mean: Floats, scale: Floats) -> Floats:
    """Return how far each simulated figure is from the documented one, over `scale`; 0 where an inequality holds.

    Signed: above 0 where the simulation is above the document.
    """
    value = np.array([target.value for target in targets])
    off = (mean - value) / scale
    sense = np.array([{"=": 0, ">": 1, "<": -1}[target.sense] for target in targets])
    off = np.where((sense > 0) & (off > 0) | (sense < 0) & (off < 0), 0.0, off)
    # What is undefined in the simulation can't be nearer or farther.
    return np.where(np.isnan(off), 0.0, off)


def fit(
    study: Study,
    *,
    start: Floats | None = None,
    replications: int = _FEWEST,
    seed: int = 1,
    steps: int = 8,
    folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Find the mode: least squares over the fitted targets and the prior together.

    A target counts by its tolerance and by the luck of one history: the city was one replication.

    Args:
        study: what is fitted.
        start: the position to begin at; the first values (0) where left out.
        replications: of every evaluation, on the same seeds.
        seed: of the replications.
        steps: Gauss-Newton steps at the most.
        folder: where evaluations are kept, and found again; of one study alone.
        executor: where the replications run.
        progress: called with (done, all) after each evaluation; all is what the steps need at the most.

    Raises:
        InputError: for too few replications, and less than one step.
    """
    replications, steps = whole_number("replications", replications), whole_number("steps", steps, 1)
    if replications < _FEWEST:
        raise InputError(f"replications: {replications} is not allowed: a fit on fewer than {_FEWEST} fits their luck")
    return _Search(study, replications, seed, executor, progress, steps, parts_folder(folder)).run(
        np.zeros(len(study.prior.factors)) if start is None else start
    )


class _Search:
    """One search, in the independent coordinates of the prior: each is standard normal."""

    def __init__(
        self,
        study: Study,
        replications: int,
        seed: int,
        executor: Executor | None,
        progress: Progress | None,
        steps: int,
        folder: Path | None,
    ) -> None:
        self.study, self.replications, self.seed, self.steps = study, replications, seed, steps
        self.executor, self.progress, self.folder = executor, progress, folder
        self.tolerance = np.array([target.tolerance for target in study.fitted])
        self.scale = self.tolerance
        self.done = 0
        self.seen: dict[bytes, Mode] = {}
        self.cost: list[float] = []

    def run(self, start: Floats) -> Fit:
        root = self.study.prior.root
        begun = time.perf_counter()
        first = self._at(solve_triangular(root, start, lower=True))
        self.scale = np.hypot(self.tolerance, first.process)
        solution = least_squares(
            self._residuals,
            solve_triangular(root, start, lower=True),
            jac=self._slopes,
            method="trf",
            x_scale=1.0,
            ftol=2e-3,
            xtol=1e-3,
            gtol=1e-3,
            max_nfev=self.steps,
        )
        return Fit(
            mode=self._at(solution.x),
            slope=np.asarray(solution.jac)[: len(self.tolerance)],
            cost=tuple(self.cost),
            evaluations=self.done,
            replications=self.replications,
            converged=solution.status > 0,
            seconds=time.perf_counter() - begun,
        )

    def _at(self, x: Floats) -> Mode:
        key = x.tobytes()
        if key not in self.seen:
            z = self.study.prior.root @ x
            self.seen[key] = self._evaluated(z)
            self.done += 1
            if self.progress is not None:
                most = self.steps * (len(x) + 1)
                self.progress(min(self.done, most), most)
        return self.seen[key]

    def _evaluated(self, z: Floats) -> Mode:
        if self.folder is None:
            return self._simulated(z)
        name = hashlib.sha256(z.tobytes() + f"{self.replications} {self.seed}".encode()).hexdigest()
        path = self.folder / f"{name[:24]}.npz"
        owner = f"{self.study.digest} {self.seed}"
        if arrays := kept_arrays(path, owner):
            return Mode(z=z, mean=arrays["mean"], process=arrays["process"])
        simulated = self._simulated(z)
        keep_arrays(path, owner, mean=simulated.mean, process=simulated.process)
        return simulated

    def _simulated(self, z: Floats) -> Mode:
        return observed_at(self.study, z, replications=self.replications, seed=self.seed, executor=self.executor)

    def _residuals(self, x: Floats) -> Floats:
        out = np.concatenate([misfit(self.study.fitted, self._at(x).mean, self.scale), x])
        self.cost.append(float(out @ out) / 2)
        return out

    def _slopes(self, x: Floats) -> Floats:
        here = misfit(self.study.fitted, self._at(x).mean, self.scale)
        columns = []
        for number in range(len(x)):
            ahead = x.copy()
            ahead[number] += _STEP
            columns.append((misfit(self.study.fitted, self._at(ahead).mean, self.scale) - here) / _STEP)
        return np.vstack([np.array(columns).T, np.eye(len(x))])
