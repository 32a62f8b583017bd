"""Is the sharpened uncertainty right? Rank tests over known truths, of the factors and of what follows from them.

As `checks`, near the documents: truths are draws of the last table, whose normal law stands in the prior's place. Ranks
of single factors are blind to a posterior that is wrong in what several of them do together, and to one that has
learned nothing; ranks of what follows from the factors, and of the likelihood itself, are not (Modrák, Moon, Kim,
Bürkner, Huurre, Faltejsková, Gelman and Vehtari 2023, Simulation-based calibration checking for Bayesian computation:
The choice of test quantities shapes sensitivity, Bayesian Analysis).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular

from flowsim.calibration.draws import Around
from flowsim.calibration.inference.checks import Coverage
from flowsim.calibration.inference.emulator import Likelihood
from flowsim.calibration.inference.posterior import blurred
from flowsim.calibration.inference.sharpening import learned_from, positions
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.inference.tempering import sampled
from flowsim.calibration.study import Study
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.progress import Progress
from flowsim.simulation.engine.luck import side_stream

__all__ = ["LIKELIHOOD", "ranks_of"]

LIKELIHOOD = "log-likelihood"
_PARTICLES = 500


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
    last = tables[-1]
    if not 20 <= truths <= len(last) // 2:
        raise InputError(f"truths: {truths} is not allowed: from 20 to {len(last) // 2:,}")
    rest = [*tables[:-1], last.part(0, len(last) - truths)]
    columns = [study.targets.index(target) for target in study.fitted]
    figures = [np.column_stack([table.simulated[:, columns], table.watched]) for table in rest]
    whole = learned_from(study, rest, figures, seed)
    own = np.arange(len(columns))
    beside = np.arange(len(columns), whole.covariance.shape[0])
    # What is undefined in a truth is documented as what stands for it in the emulator.
    middle = np.nan_to_num(np.nanmedian(np.concatenate(figures), axis=0))
    hidden = last.part(len(last) - truths, len(last))
    simulated = np.where(np.isnan(hidden.simulated[:, columns]), middle[own], hidden.simulated[:, columns])
    figured = blurred(study.fitted, simulated, seed)
    mean, root = positions(study, around.mean[None])[0], positions(study, around.root.T).T
    truth = positions(study, hidden.z)
    below = []
    for number in range(truths):
        generator = side_stream(seed, "ranks", number)
        equal = np.array([target.sense == "=" for target in study.fitted])
        observed = np.where(equal, figured[number], [target.value for target in study.fitted])
        likelihood = Likelihood(
            emulator=whole, targets=study.fitted, observed=observed, holds=equal | (figured[number] == 1.0)
        )

        def log_posterior(x: Floats, likelihood: Likelihood = likelihood) -> Floats:
            white = solve_triangular(root, (x - mean).T, lower=True)
            return np.asarray(-0.5 * np.sum(white**2, axis=0) + likelihood.log(x), np.float64)

        sample = sampled(log_posterior, mean=mean, root=root, particles=_PARTICLES, generator=generator)
        means = whole.mean(sample.x)
        shown = likelihood.histories(means, beside, generator)
        ranks = [
            (sample.x @ study.prior.root.T < hidden.z[number]).mean(axis=0),
            _ranks(shown, hidden.watched[number], generator),
            [float((likelihood.of_means(means) < likelihood.log(truth[number][None])).mean())],
        ]
        below.append(np.concatenate(ranks))
        if progress is not None:
            progress(number + 1, truths)
    return Coverage(names=(*study.prior.names, *study.watched, LIKELIHOOD), below=np.array(below))


def _ranks(shown: Floats, truth: Floats, generator: np.random.Generator) -> Floats:
    """Return the share of histories below the truth's; what is undefined in it may lie anywhere."""
    below = (shown < truth).mean(axis=0)
    return np.where(np.isnan(truth), generator.random(len(truth)), below)
