"""Is the uncertainty right? Simulation-based calibration: known truths, and where they lie in their posteriors.

Talts, Betancourt, Simpson, Vehtari and Gelman (2018): where truths are drawn from the prior and each is hidden behind
what it would have shown, its rank in its own posterior is uniform, for every factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from flowsim.calibration.draws import AtPositions
from flowsim.calibration.inference.posterior import (
    Conditioned,
    blurred,
    condition,
    conditioned,
)
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, defined_mean, defined_quantiles
from flowsim.core.errors import InputError
from flowsim.core.extras import one_thread_of_algebra
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.simulation.estimates import holm
from flowsim.simulation.runner import run

__all__ = ["INTERVALS", "Coverage", "HoldOut", "coverage_of", "hold_out", "hold_outs", "predicted"]


def coverage_of(among: Conditioned, truths: int, progress: Progress | None = None) -> Coverage:
    """Hide known truths behind what they would have shown, and find where they lie in their posteriors.

    The truths are the last draws of the table, of which none was learned from; each is left out of its own posterior.

    Raises:
        InputError: for more truths than there are draws beside those learned from.
    """
    if not 20 <= truths < len(among.z):
        raise InputError(f"truths: {truths} is not allowed: from 20 to {len(among.z) - 1:,}")
    below = []
    with one_thread_of_algebra():
        for done, row in enumerate(range(len(among.z) - truths, len(among.z)), start=1):
            others = np.arange(len(among.z)) != row
            found = condition(among.z[others], among.summaries[others], among.summaries[row])
            below.append(found.below(among.z[row]))
            if progress is not None:
                progress(done, truths)
    return Coverage(names=among.names, below=np.array(below))


def predicted(
    study: Study,
    z: Floats,
    *,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Floats:
    """Simulate each position once and return what it says of all targets, shape (positions, targets)."""
    results = run(
        AtPositions(study=study, z=z),
        replications=len(z),
        seed=seed,
        executor=executor,
        progress=progress,
        measures=study.read_measures(),
    )
    return study.observe(results)


_NORMAL_90 = float(stats.norm.ppf(0.95))


@dataclass(frozen=True, kw_only=True)
class HoldOut:
    """What the other targets say of some that were held out.

    Attributes:
        name: what was held out, in words.
        held: the names of the targets held out.
        inside: those of them whose documented figure lies in the 90 % interval.
        width: of their 90 % intervals over those of their tolerances alone, the median; NaN where all are bounds.
        kept: how many targets were fitted.
    """

    name: str
    held: tuple[str, ...]
    inside: tuple[str, ...]
    width: float
    kept: int


def hold_out(
    study: Study,
    table: ReferenceTable,
    name: str,
    held: Callable[[Target], bool],
    *,
    sets: int = 200,
    seed: int = 1,
    executor: Executor | None = None,
) -> HoldOut:
    """Condition on the targets that are not held out, and simulate what is to be expected of those that are.

    The interval holds the parameters, the luck of one history, and the target's tolerance.

    Raises:
        InputError: where nothing is held out, or nothing is left.
    """
    out = tuple(target for target in study.fitted if held(target))
    if not out:
        raise InputError(f"hold-out '{name}': no fitted target belongs to it")
    rest = [target for target in study.fitted if not held(target)]
    z = conditioned(study, table, targets=rest, seed=seed).posterior().draw(sets, seed)
    columns = [study.targets.index(target) for target in out]
    seen = blurred(out, predicted(study, z, seed=seed + 1, executor=executor)[:, columns], seed)
    inside, widths = [], []
    for target, values in zip(out, seen.T, strict=True):
        low, high = 0.05, 1.0
        if target.sense == "=":
            low, high = defined_quantiles(values, (0.05, 0.95))
            widths.append((high - low) / (2 * _NORMAL_90 * target.tolerance))
        figure = target.value if target.sense == "=" else float(defined_mean(values))
        if low <= figure <= high:
            inside.append(target.name)
    width = round(float(np.median(widths)), 3) if widths else math.nan
    return HoldOut(
        name=name, held=tuple(target.name for target in out), inside=tuple(inside), width=width, kept=len(rest)
    )


def hold_outs(study: Study) -> Iterable[tuple[str, Callable[[Target], bool]]]:
    """Yield what is held out in turn: each source, each family, and the figures of 2020 and later.

    A source or family that all targets belong to is not held out, for nothing would be left.
    """
    kinds: tuple[tuple[str, Callable[[Target], str]], ...] = (
        ("source", lambda target: target.fact.partition(".")[0]),
        ("family", lambda target: target.family),
    )
    for kind, of in kinds:
        groups = dict.fromkeys(of(target) for target in study.fitted)
        if len(groups) > 1:
            for group in groups:
                yield f"{kind} {group}", _of_group(of, group)
    if len({_last_year(target) >= 2020 for target in study.fitted}) == 2:
        yield "2020 and later", lambda target: _last_year(target) >= 2020


def _of_group(of: Callable[[Target], str], group: str) -> Callable[[Target], bool]:
    return lambda target: of(target) == group


def _last_year(target: Target) -> int:
    return max(Period(period).year for period in target.observation.periods)


INTERVALS = (0.5, 0.9)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """Where known truths lie in their posteriors.

    Attributes:
        names: the factors.
        below: the share of its posterior below each truth, shape (truths, factors).
    """

    names: tuple[str, ...]
    below: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if self.below.ndim != 2 or self.below.shape[1] != len(self.names) or len(self.below) < 20:
            raise InputError(f"coverage: {self.below.shape} is not allowed: 20 truths or more, of every factor")

    @property
    def uniform(self) -> Floats:
        """The p-value of each factor's ranks being uniform (Kolmogorov-Smirnov), after Holm, shape (factors,)."""
        return holm([float(stats.kstest(ranks, "uniform").pvalue) for ranks in self.below.T])

    def inside(self, interval: float) -> Floats:
        """Return the share of truths inside the central posterior interval, shape (factors,)."""
        edge = (1 - interval) / 2
        out: Floats = ((self.below >= edge) & (self.below <= 1 - edge)).mean(axis=0)
        return out

    def right(self, interval: float) -> Floats:
        """Return the p-value of each factor's share inside being the interval's own (binomial), after Holm."""
        truths = len(self.below)
        counts = np.rint(self.inside(interval) * truths).astype(int)
        return holm([stats.binomtest(int(count), truths, interval).pvalue for count in counts])
