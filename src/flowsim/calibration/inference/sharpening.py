"""The posterior from tables of draws ever nearer to it, by an emulated likelihood and two independent samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import solve_triangular

from flowsim.calibration.draws import Around
from flowsim.calibration.inference.emulator import Emulator, Likelihood, emulated
from flowsim.calibration.inference.posterior import Posterior, documented_figures
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.inference.tempering import Particles, sampled
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats
from flowsim.simulation.engine.luck import side_stream

__all__ = ["Sharpened", "learned_from", "log_normal", "positions", "sharpened", "stiffest"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sharpened:
    """A posterior that was sampled twice over one emulated likelihood.

    Attributes:
        sample: positions of the prior's independent parts.
        again: the same with other luck of the sampler.
        emulator: of the fitted targets, in their order.
    """

    sample: Particles
    again: Particles
    emulator: Emulator = field(repr=False)

    @property
    def apart(self) -> float:
        """How far the two samples' means lie apart at the most, in standard deviations of a factor's position."""
        once, again = self.sample.x, self.again.x
        return float(np.max(np.abs(once.mean(axis=0) - again.mean(axis=0)) / once.std(axis=0)))

    @property
    def spreads(self) -> tuple[float, float]:
        """The least and the greatest ratio of the two samples' standard deviations of a factor's position."""
        ratios = self.sample.x.std(axis=0) / self.again.x.std(axis=0)
        return float(ratios.min()), float(ratios.max())

    def posterior(self, study: Study) -> Posterior:
        """Return the first sample as positions of the factors."""
        z = self.sample.x @ study.prior.root.T
        return Posterior(z=z, weights=np.full(len(z), 1 / len(z)))


def positions(study: Study, z: Floats) -> Floats:
    """Return positions of the factors in the prior's independent parts: each is standard normal there."""
    return np.asarray(solve_triangular(study.prior.root, z.T, lower=True).T, np.float64)


def log_normal(x: Floats) -> Floats:
    """Return the logarithm of the prior at positions of its independent parts, up to a constant."""
    return np.asarray(-0.5 * np.sum(x**2, axis=1), np.float64)


def learned_from(study: Study, tables: Sequence[ReferenceTable], figures: Sequence[Floats], seed: int) -> Emulator:
    """Learn figures from all tables; how far a history strays from them is taken from the last, the nearest.

    Args:
        study: whose factors the tables drew.
        tables: in the order in which they came nearer.
        figures: of each table, shape (draws, figures).
        seed: of the networks.
    """
    x = positions(study, np.concatenate([table.z for table in tables]))
    # Farther from the posterior histories stray more (longer queues, longer waits): nothing is learned there of luck.
    near = np.concatenate([np.full(len(table), float(table is tables[-1])) for table in tables])
    return emulated(x, np.concatenate(figures), near, seed)


def sharpened(
    study: Study, tables: Sequence[ReferenceTable], around: Around, *, particles: int = 4_000, seed: int = 1
) -> Sharpened:
    """Sample the posterior over the likelihood that tables of draws have taught.

    Args:
        study: what is calibrated.
        tables: in the order in which they came nearer to the posterior.
        around: what drew the last of them; the sampler begins there.
        particles: of each of the two samples.
        seed: of networks and samples.
    """
    columns = [study.targets.index(target) for target in study.fitted]
    emulator = learned_from(study, tables, [table.simulated[:, columns] for table in tables], seed)
    likelihood = Likelihood(
        emulator=emulator,
        targets=study.fitted,
        observed=np.array([target.value for target in study.fitted]),
        holds=documented_figures(study.fitted) == 1.0,
    )

    def log_posterior(x: Floats) -> Floats:
        return log_normal(x) + likelihood.log(x)

    mean, root = positions(study, around.mean[None])[0], positions(study, around.root.T).T
    once, again = (
        sampled(
            log_posterior,
            mean=mean,
            root=root,
            particles=particles,
            generator=side_stream(seed, "particles", number, len(tables)),
        )
        for number in range(2)
    )
    return Sharpened(sample=once, again=again, emulator=emulator)


def stiffest(study: Study, slope: Floats, x: Floats, count: int = 5) -> Floats:
    """Return how wide a sample is in the directions that documents hold hardest, over Laplace's approximation.

    Laplace's has the slopes of the fit for the whole of the model; what luck the figures share is no part of it.

    Args:
        study: what is calibrated.
        slope: of the fit, shape (targets, factors): `Fit.slope`.
        x: positions of the prior's independent parts, shape (positions, factors).
        count: of directions, the stiffest first.
    """
    held, directions = np.linalg.eigh(slope.T @ slope)
    order = np.argsort(held)[::-1][:count]
    wide = np.sqrt(np.einsum("fd,fg,gd->d", directions[:, order], np.cov(x.T), directions[:, order]))
    return np.asarray(wide * np.sqrt(1 + held[order]), np.float64)
