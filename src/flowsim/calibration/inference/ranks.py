"""Is the sharpened uncertainty right? Rank tests over known truths, of the factors and of what follows from them.

As `checks`, near the documents: truths are draws of the last table, whose normal law stands in the prior's place. Ranks
of single factors are blind to a posterior that is wrong in what several of them do together, and to one that has
learned nothing; ranks of what follows from the factors, and of the likelihood itself, are not (Modrák, Moon, Kim,
Bürkner, Huurre, Faltejsková, Gelman and Vehtari 2023, Simulation-based calibration checking for Bayesian computation:
The choice of test quantities shapes sensitivity, Bayesian Analysis).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import solve_triangular

from flowsim.calibration.draws import Around
from flowsim.calibration.inference.checks import Coverage
from flowsim.calibration.inference.emulator import Emulator, Likelihood
from flowsim.calibration.inference.posterior import blurred
from flowsim.calibration.inference.sharpening import learned_from, positions
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.inference.tempering import Particles, sampled
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats, Ints
from flowsim.core.errors import InputError
from flowsim.core.progress import Progress
from flowsim.simulation.engine.luck import side_stream

__all__ = ["LIKELIHOOD", "HiddenTruths", "ranks_among", "ranks_of"]

LIKELIHOOD = "log-likelihood"
_PARTICLES = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenTruths:
    """Draws of the last table, each hidden behind what documents would have told of it.

    Attributes:
        study: what is calibrated.
        hidden: the draws, of which nothing was learned.
        observed: what is documented of each, as `blurred` returns it, shape (truths, fitted targets).
        emulator: of the fitted targets and, after them, the watched figures; of all other draws.
        mean: of the normal law of the last table's draws, in the prior's independent parts, shape (factors,).
        root: a lower triangular root of its covariance.
    """

    study: Study
    hidden: ReferenceTable
    observed: Floats = field(repr=False)
    emulator: Emulator = field(repr=False)
    mean: Floats = field(repr=False)
    root: Floats = field(repr=False)

    @classmethod
    def of(
        cls, study: Study, tables: Sequence[ReferenceTable], around: Around, truths: int, seed: int = 1
    ) -> HiddenTruths:
        """Hide the last `truths` draws of the last table, and learn from all others.

        Raises:
            InputError: where the last table has fewer than twice as many draws.
        """
        last = tables[-1]
        if not 20 <= truths <= len(last) // 2:
            raise InputError(f"truths: {truths} is not allowed: from 20 to {len(last) // 2:,}")
        rest = [*tables[:-1], last.part(0, len(last) - truths)]
        columns = [study.targets.index(target) for target in study.fitted]
        figures = [np.column_stack([table.simulated[:, columns], table.watched]) for table in rest]
        # What is undefined in a truth is documented as what stands for it in the emulator.
        middle = np.nan_to_num(np.nanmedian(np.concatenate(figures), axis=0))[: len(columns)]
        hidden = last.part(len(last) - truths, len(last))
        simulated = hidden.simulated[:, columns]
        return cls(
            study=study,
            hidden=hidden,
            observed=blurred(study.fitted, np.where(np.isnan(simulated), middle, simulated), seed),
            emulator=learned_from(study, rest, figures, seed),
            mean=positions(study, around.mean[None])[0],
            root=positions(study, around.root.T).T,
        )

    def __len__(self) -> int:
        return len(self.hidden)

    @property
    def watched(self) -> Ints:
        """The emulator's figures that are watched, by their number."""
        return np.arange(len(self.study.fitted), self.emulator.covariance.shape[0])

    def likelihood(self, number: int) -> Likelihood:
        """Return what is documented of a truth as a likelihood."""
        equal = np.array([target.sense == "=" for target in self.study.fitted])
        observed = np.where(equal, self.observed[number], [target.value for target in self.study.fitted])
        return Likelihood(
            emulator=self.emulator,
            targets=self.study.fitted,
            observed=observed,
            holds=equal | (self.observed[number] == 1.0),
        )

    def sample(self, likelihood: Likelihood, particles: int, generator: np.random.Generator) -> Particles:
        """Draw positions from a truth's posterior, in which the normal law of the draws is the prior."""

        def log_posterior(x: Floats) -> Floats:
            white = solve_triangular(self.root, (x - self.mean).T, lower=True)
            return np.asarray(-0.5 * np.sum(white**2, axis=0) + likelihood.log(x), np.float64)

        return sampled(log_posterior, mean=self.mean, root=self.root, particles=particles, generator=generator)


def ranks_of(
    study: Study,
    tables: Sequence[ReferenceTable],
    around: Around,
    truths: int,
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> Coverage:
    """Hide draws of the last table behind what documents would have told of them, and find their ranks.

    A watched figure's rank is that of the truth's own history among histories of the posterior that also show what is
    documented.

    Args:
        study: what is calibrated; its watched figures are ranked beside factors and likelihood.
        tables: in the order in which they came nearer; the last `truths` draws of the last are not learned from.
        around: what drew the last of them.
        truths: how many.
        seed: of tolerances, networks and samples.
        progress: called with (done, all) after each truth.

    Raises:
        InputError: where the last table has fewer than twice as many draws.
    """
    among = HiddenTruths.of(study, tables, around, truths, seed)
    truth = positions(study, among.hidden.z)
    below = []
    for number in range(truths):
        generator = side_stream(seed, "ranks", number)
        likelihood = among.likelihood(number)
        sample = among.sample(likelihood, _PARTICLES, generator)
        means = among.emulator.mean(sample.x)
        shown = likelihood.histories(means, among.watched, generator)
        ranks = [
            (sample.x @ study.prior.root.T < among.hidden.z[number]).mean(axis=0),
            ranks_among(shown, among.hidden.watched[number], generator),
            [float((likelihood.of_means(means) < likelihood.log(truth[number][None])).mean())],
        ]
        below.append(np.concatenate(ranks))
        if progress is not None:
            progress(number + 1, truths)
    return Coverage(names=(*study.prior.names, *study.watched, LIKELIHOOD), below=np.array(below))


def ranks_among(shown: Floats, truth: Floats, generator: np.random.Generator) -> Floats:
    """Return the share of equally likely histories below the truth's; what is undefined in it may lie anywhere.

    Args:
        shown: figures of the histories, shape (histories, figures).
        truth: of the truth's own, shape (figures,).
        generator: of the places of undefined ones.
    """
    below = (shown < truth).mean(axis=0)
    return np.where(np.isnan(truth), generator.random(len(truth)), below)
