"""As many replications as a wanted precision takes, and no more.

The half-width of Student's confidence interval for the mean, over the mean, as in Law, Simulation Modeling and
Analysis (2015), section 9.4.1, and Hoad, Robinson and Davies (2010), Automating warm-up length estimation. Their
kept implementation, sim-tools, takes one replication at a time and needs matplotlib, plotly and scikit-learn.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, unknown_name
from flowsim.core.progress import Progress, shifted, shows_progress
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Varying
from flowsim.simulation.measures.catalogue import Frame
from flowsim.simulation.results import Results
from flowsim.simulation.runner import Engine, run

__all__ = ["FEWEST", "Precision", "chosen_columns", "half_widths", "joined", "next_number", "run_to_precision"]

FEWEST = 10
"""Replications to begin with: fewer say nothing of precision."""
_LARGEST_STEP = 5.0


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How sure the means of some measures shall be.

    Attributes:
        relative: the half-width of the confidence interval over the mean, such as 0.05.
        measures: names of measures, or beginnings of names up to a dot ("awards").
        first: the first period that counts; with `last`, all of the horizon where left out.
        last: the last period that counts.
        confidence: of the interval.
        most: replications after which to stop in any case.
    """

    relative: float
    measures: tuple[str, ...] = ("awards",)
    first: str | None = None
    last: str | None = None
    confidence: float = 0.95
    most: int = 10_000

    def __post_init__(self) -> None:
        if not 0.0001 <= self.relative < 1:
            raise InputError(f"precision: {self.relative:.4%} is not allowed: from 0.01 % to below 100 %")
        if not 0.5 <= self.confidence < 1:
            raise InputError(f"confidence: {self.confidence} is not allowed: from 0.5 to below 1")
        if self.most < FEWEST:
            raise InputError(f"replications: at most {self.most} are too few to tell a precision: at least {FEWEST}")


def half_widths(values: Floats, confidence: float = 0.95) -> Floats:
    """Return the half-width of the confidence interval of each column's mean, over the mean, shape (measures,).

    NaN where a column is undefined in a replication, or its mean is 0.
    """
    n = len(values)
    mean = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = stdtrit(n - 1, 0.5 + confidence / 2) * error / np.abs(mean)
    return np.where(mean == 0, np.nan, relative)


@shows_progress("run")
def run_to_precision(
    subject: Pathway | Scenario | Varying,
    precision: Precision,
    *,
    engine: Engine = "kernel",
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Results, bool]:
    """Simulate until the chosen measures are as precise as asked, in every period that counts.

    Returns the results, and whether the precision was reached within the most replications. How many are run
    depends on the draws alone, never on the workers.

    Raises:
        InputError: before anything runs, where no measure is chosen; and as `runner.run`.
    """
    if isinstance(subject, Scenario):
        subject = subject.pathway()
    columns = chosen_columns(run(subject, engine=engine, seed=seed, replications=1), precision)
    done: Results | None = None
    wanted = FEWEST
    while True:
        first = len(done.replications) if done else 0
        batch = run(
            subject,
            engine=engine,
            seed=seed,
            executor=executor,
            replications=range(first, wanted),
            progress=shifted(progress, first, wanted),
        )
        done = joined(done, batch) if done else batch
        n = len(done.replications)
        relative = half_widths(done.values[:, columns], precision.confidence)
        # What is undefined or never happens in some replication has no relative precision.
        widest = float(np.nanmax(relative, initial=0.0))
        if widest <= precision.relative or n >= precision.most:
            return done, widest <= precision.relative
        wanted = next_number(n, widest, precision)


def next_number(n: int, widest: float, precision: Precision) -> int:
    """Return how many replications to try next, where the widest interval after n is that wide."""
    # The half-width shrinks as one over the root of n; a tenth more saves a round.
    needed = 1.1 * n * (widest / precision.relative) ** 2
    return min(int(min(max(needed, 1.1 * n), _LARGEST_STEP * n)) + 1, precision.most)


def chosen_columns(results: Results, precision: Precision) -> list[int]:
    """Return the columns of the results that a precision is asked of.

    Raises:
        InputError: for an unknown measure, with the nearest one, and where no period of it counts.
    """
    known = results.measures
    for name in precision.measures:
        if not any(measure == name or measure.startswith(name + ".") for measure in known):
            raise InputError(f"precision: {unknown_name('measure', name, known)}")
    first, last = precision.first, precision.last
    kept = results.between(first or f"{results.pathway.start:%Y-%m}", last or f"{results.pathway.end:%Y-%m}").index
    wanted = {
        row for row in kept if any(row.measure == n or row.measure.startswith(n + ".") for n in precision.measures)
    }
    # Of a measure that is reported by year too, the years count: a quarter of a rare award is never precise.
    yearly = {row.measure for row in wanted if row.period.every == "year"}
    columns = [
        number
        for number, row in enumerate(results.index)
        if row in wanted and (row.period.every == "year" or row.measure not in yearly)
    ]
    if not columns:
        raise InputError(f"precision: no period of {', '.join(precision.measures)} lies between {first} and {last}")
    return columns


def joined(first: Results, further: Results) -> Results:
    """Put further replications of a model behind the first ones.

    Raises:
        InputError: where they are not of the same model.
    """
    Frame.of(first.pathway).check(further.pathway, f"replication {further.replications[0]}")
    return replace(
        first,
        replications=first.replications + further.replications,
        values=np.concatenate([first.values, further.values]),
        digests=first.digests + further.digests,
    )
