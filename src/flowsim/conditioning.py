"""A reference table that learned what targets tell: posteriors, known truths, and targets held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from flowsim.coverage import Coverage
from flowsim.errors import InputError
from flowsim.pathway import Pathway
from flowsim.posterior import Posterior, Summaries, blurred, condition, documented_figures, learn
from flowsim.reference import ReferenceTable
from flowsim.runner import Progress, run
from flowsim.study import Study
from flowsim.targets import Target
from flowsim.trace import Floats

__all__ = ["AtPositions", "Conditioned", "HoldOut", "conditioned", "coverage_of", "hold_out", "hold_outs", "predicted"]

_LEARNING = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditioned:
    """A reference table that learned what its targets tell.

    Attributes:
        names: the factors.
        targets: those that it learned from.
        z: positions of the draws that are conditioned, shape (draws, factors): those that were not learned from.
        summaries: of each of them, shape (draws, factors).
        learned: what makes summaries of observed figures.
    """

    names: tuple[str, ...]
    targets: tuple[Target, ...]
    z: Floats = field(repr=False)
    summaries: Floats = field(repr=False)
    learned: Summaries = field(repr=False)

    def posterior(self) -> Posterior:
        """Return what the documents tell of the factors."""
        seen = self.learned.of(documented_figures(self.targets)[None])
        return condition(self.z, self.summaries, seen[0])


def conditioned(
    study: Study, table: ReferenceTable, *, targets: Sequence[Target] | None = None, seed: int = 1
) -> Conditioned:
    """Learn from the first part of a table what targets tell, and prepare the rest to be conditioned.

    Args:
        study: what is calibrated.
        table: of all targets of the study.
        targets: those to learn from; all fitted ones where left out.
        seed: of the tolerance that blurs what is simulated, and of the learning.

    Raises:
        InputError: where there are no targets, or too few draws.
    """
    chosen = study.fitted if targets is None else tuple(targets)
    if not chosen:
        raise InputError("targets: none is left to learn from")
    columns = [study.targets.index(target) for target in chosen]
    seen = blurred(chosen, table.simulated[:, columns], seed)
    split = int(_LEARNING * len(table))
    learned = learn(table.z[:split], seen[:split], seed)
    return Conditioned(
        names=study.prior.names,
        targets=chosen,
        z=table.z[split:],
        summaries=learned.of(seen[split:]),
        learned=learned,
    )


def coverage_of(among: Conditioned, truths: int, progress: Progress | None = None) -> Coverage:
    """Hide known truths behind what they would have shown, and find where they lie in their posteriors.

    The truths are the last draws of the table, of which none was learned from; each is left out of its own posterior.

    Raises:
        InputError: for more truths than there are draws beside those learned from.
    """
    from threadpoolctl import threadpool_limits

    if not 20 <= truths < len(among.z):
        raise InputError(f"truths: {truths} is not allowed: from 20 to {len(among.z) - 1:,}")
    below = []
    # As in learning, for the matrices are small.
    with threadpool_limits(1):
        for done, row in enumerate(range(len(among.z) - truths, len(among.z)), start=1):
            others = np.arange(len(among.z)) != row
            found = condition(among.z[others], among.summaries[others], among.summaries[row])
            below.append(found.below(among.z[row]))
            if progress is not None:
                progress(done, truths)
    return Coverage(names=among.names, below=np.array(below))


@dataclass(frozen=True, kw_only=True, eq=False)
class AtPositions:
    """A model whose replications take one position of the factors after the other."""

    study: Study
    z: Floats = field(repr=False)

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return self.study.model(self.z[replication % len(self.z)])


def predicted(
    study: Study,
    z: Floats,
    *,
    seed: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Floats:
    """Simulate each position once and return what it says of all targets, shape (positions, targets)."""
    results = run(AtPositions(study=study, z=z), replications=len(z), seed=seed, executor=executor, progress=progress)
    return study.observe(results)


@dataclass(frozen=True, kw_only=True)
class HoldOut:
    """What the other targets say of some that were held out.

    Attributes:
        name: what was held out, in words.
        held: the names of the targets held out.
        inside: those of them whose documented figure lies in the 90 % interval.
        kept: how many targets were fitted.
    """

    name: str
    held: tuple[str, ...]
    inside: tuple[str, ...]
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
    inside = []
    for target, values in zip(out, seen.T, strict=True):
        low, high = np.nanquantile(values, (0.05, 0.95)) if target.sense == "=" else (0.05, 1.0)
        told = target.value if target.sense == "=" else float(np.nanmean(values))
        if low <= told <= high:
            inside.append(target.name)
    return HoldOut(name=name, held=tuple(t.name for t in out), inside=tuple(inside), kept=len(rest))


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
    return max(int(period[:4]) for period in target.observation.periods)
