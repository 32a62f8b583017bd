"""Which documents tell a watched figure: the posterior with some left out, and how much wider the figure is then.

Over the emulated likelihood of the calibration: a document that is left out has a tolerance beyond all measure. What is
watched is the history's own figure, drawn with the documents that are left. The emulator knows the neighbourhood of the
documents, so this is for leaving out a few of them, not for leaving out most.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from flowsim.calibration.draws import Around
from flowsim.calibration.inference.emulator import Emulator, Likelihood
from flowsim.calibration.inference.posterior import documented_figures
from flowsim.calibration.inference.sharpening import learned_from, log_normal, positions
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.inference.tempering import sampled
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.simulation.engine.luck import side_stream

__all__ = ["Narrowing", "Watching"]

_BEYOND = 1e6  # of a target's tolerance: as good as no figure


@dataclass(frozen=True, kw_only=True, eq=False)
class Watching:
    """The posterior of a study, to be sampled with some of the documents and another prior.

    Attributes:
        study: what is calibrated.
        emulator: of the fitted targets and, after them, the watched figures.
        mean: of the normal law that the sampler begins with, in the prior's independent parts, shape (factors,).
        root: a lower triangular root of its covariance.
        seed: of the samples.
    """

    study: Study
    emulator: Emulator = field(repr=False)
    mean: Floats = field(repr=False)
    root: Floats = field(repr=False)
    seed: int

    @classmethod
    def of(cls, study: Study, tables: Sequence[ReferenceTable], around: Around, seed: int = 1) -> Watching:
        """Learn the targets and what is watched from the tables of a calibration.

        Args:
            study: what is calibrated.
            tables: in the order in which they came nearer.
            around: what drew the last of them.
            seed: of networks and samples.
        """
        columns = [study.targets.index(target) for target in study.fitted]
        figures = [np.column_stack([table.simulated[:, columns], table.watched]) for table in tables]
        return cls(
            study=study,
            emulator=learned_from(study, tables, figures, seed),
            mean=positions(study, around.mean[None])[0],
            root=positions(study, around.root.T).T,
            seed=seed,
        )

    def without(
        self,
        names: Collection[str] = (),
        *,
        log_prior: Callable[[Floats], Floats] = log_normal,
        particles: int = 1_000,
    ) -> Narrowing:
        """Sample the posterior without some of the fitted targets.

        Args:
            names: of the targets that are left out.
            log_prior: the logarithm of the prior at positions of its independent parts; their own where left out.
            particles: how many histories.

        Raises:
            InputError: for a name that no fitted target has.
        """
        unknown = set(names) - {target.name for target in self.study.fitted}
        if unknown:
            raise InputError(f"targets: no fitted one is called '{min(unknown)}'")
        targets = tuple(
            replace(target, discrepancy=_BEYOND * target.tolerance) if target.name in names else target
            for target in self.study.fitted
        )
        likelihood = Likelihood(
            emulator=self.emulator,
            targets=targets,
            observed=np.array([target.value for target in targets]),
            holds=documented_figures(targets) == 1.0,
        )
        generator = side_stream(self.seed, "watching", *sorted(map(self._number, names)))
        sample = sampled(
            lambda x: log_prior(x) + likelihood.log(x),
            mean=self.mean,
            root=self.root,
            particles=particles,
            generator=generator,
        )
        means = self.emulator.mean(sample.x)
        watched = np.arange(len(targets), self.emulator.covariance.shape[0])
        return Narrowing(
            names=tuple(self.study.watched),
            x=sample.x,
            fitted=means[:, : len(targets)],
            watched=likelihood.histories(means, watched, generator),
            evidence=sample.evidence,
        )

    def _number(self, name: str) -> int:
        return [target.name for target in self.study.fitted].index(name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Narrowing:
    """Histories of a posterior.

    Attributes:
        names: what is watched.
        x: positions of the prior's independent parts, shape (histories, factors).
        fitted: the emulated mean of each fitted target there, shape (histories, targets).
        watched: the figures of each history, shape (histories, watched).
        evidence: the estimated logarithm of the posterior's constant.
    """

    names: tuple[str, ...]
    x: Floats = field(repr=False)
    fitted: Floats = field(repr=False)
    watched: Floats = field(repr=False)
    evidence: float

    @property
    def intervals(self) -> Floats:
        """The 5 %, 50 % and 95 % quantile of each watched figure, shape (3, watched)."""
        return np.asarray(np.quantile(self.watched, (0.05, 0.5, 0.95), axis=0), np.float64)

    @property
    def widths(self) -> Floats:
        """How far apart the 5 % and the 95 % quantile are, shape (watched,)."""
        low, _, high = self.intervals
        return np.asarray(high - low, np.float64)
