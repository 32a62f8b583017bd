"""As many replications as a decision or a wanted precision takes, and no more.

A precision is the half-width of a figure's interval over its level, as in Law, Simulation Modeling and Analysis (2015),
section 9.4.1. It is not believed at once: as in Hoad, Robinson and Davies (2010), Automated selection of the number of
replications for a discrete-event simulation, Journal of the Operational Research Society 61, it has to hold over
further replications too. Their kept implementation, sim-tools, takes one replication at a time and needs matplotlib,
plotly and scikit-learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, is_real, require, require_type, unknown_name, whole_number
from flowsim.core.periods import FINER, Every, longest
from flowsim.core.progress import Progress, shifted, shows_progress
from flowsim.model.base import Base
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Varying
from flowsim.simulation.estimates import Estimates, differences, levels, paired_differences
from flowsim.simulation.measures.catalogue import Frame
from flowsim.simulation.measures.measure import Measure, Row
from flowsim.simulation.opening import model_of
from flowsim.simulation.results import Results
from flowsim.simulation.runner import Engine, run

__all__ = [
    "FEWEST_REPLICATIONS",
    "Precision",
    "check_measures",
    "chosen_columns",
    "difference_widths",
    "half_widths",
    "in_batches",
    "joined",
    "looks",
    "run_to_precision",
    "settle",
    "without_precision",
]

FEWEST_REPLICATIONS = 40
"""Replications before the first look: of fewer, skewed or rare figures look surer than they are."""
_GROWTH = 1.5  # of the replications from one look of a decision to the next
_SHORT = 1.2  # nothing is won by a last look that has hardly more than the one before
_LARGEST_STEP = 5.0
_UNKNOWN = 16 * FEWEST_REPLICATIONS  # replications after which figures of which no precision is known are given up
_AHEAD = 5  # replications over which a precision has to hold; beyond a hundred, so many in a hundred


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How sure the levels of some measures shall be, or differences beside the levels of what they differ from.

    Attributes:
        relative: the half-width of the confidence interval over the level, such as 0.05.
        measures: names of measures, one or more, or beginnings of names up to a dot ("awards").
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
        for name in ("relative", "confidence"):
            require(is_real(getattr(self, name)), name, getattr(self, name), "a share, such as 0.05")
        if isinstance(self.measures, str):
            object.__setattr__(self, "measures", (self.measures,))
        require_type("measures", self.measures, Iterable, "the names of measures")
        object.__setattr__(self, "measures", tuple(self.measures))
        named = len(self.measures) > 0 and all(isinstance(name, str) for name in self.measures)
        require(named, "measures", self.measures, "the names of measures, at least one")
        whole_number("most", self.most)
        if not 0.0001 <= self.relative < 1:
            raise InputError(f"precision: {self.relative:.4%} is not allowed: from 0.01 % to below 100 %")
        if not 0.5 <= self.confidence < 1:
            raise InputError(f"confidence: {self.confidence} is not allowed: from 0.5 to below 1")
        if self.most < FEWEST_REPLICATIONS + _AHEAD:
            least = f"at least {FEWEST_REPLICATIONS + _AHEAD}"
            raise InputError(f"replications: at most {self.most} are too few to tell a precision: {least}")


def in_batches(extend: Callable[[int, int], object], further: Callable[[int], int | None], first: int = 0) -> None:
    """Run replications batch after batch, until so many are enough.

    Args:
        extend: runs the replications from one number on up to another, without it.
        further: returns of so many replications how many there shall be; None where they are enough.
        first: how many there are already.
    """
    count = first
    while (wanted := further(count)) is not None:
        extend(count, wanted)
        count = wanted


def looks(most: int) -> tuple[int, ...]:
    """Return after how many replications a decision is looked for, the last time after `most`.

    They stand before anything is run, so that each look can have its part of the error allowed.

    Raises:
        InputError: for less than `FEWEST_REPLICATIONS`.
    """
    require(most >= FEWEST_REPLICATIONS, "replications", most, f"at least {FEWEST_REPLICATIONS} are needed")
    out = [FEWEST_REPLICATIONS]
    while out[-1] < most:
        further = math.ceil(out[-1] * _GROWTH)
        out.append(further if further * _SHORT < most else most)
    return tuple(out)


def half_widths(measures: Sequence[Measure], values: Floats, confidence: float = 0.95) -> Floats:
    """Return the half-width of each measure's interval over its level, of values of shape (replications, measures).

    NaN where it is not known: fewer than ten replications define it, all that do are alike, or the level is 0.
    """
    table = levels(measures, values, 1 - confidence)
    return _relative(table, values, table.estimate)


def difference_widths(measures: Sequence[Measure], runs: Sequence[Floats], confidence: float = 0.95) -> Floats:
    """Return the half-width of each measure's difference to the first run over the first's level, the widest of all.

    Each run has values of shape (replications, measures), and the replications of all are pairs. NaN where it is known
    of no run; see `half_widths`.
    """
    first, *others = runs
    level = levels(measures, first, 1 - confidence).estimate
    widest = np.full(len(measures), np.nan)
    for other in others:
        table = differences(measures, first, other, 1 - confidence)
        widest = np.fmax(widest, _relative(table, paired_differences(first, other), level))
    return widest


def _relative(table: Estimates, values: Floats, level: Floats) -> Floats:
    varies = np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0)
    known = ~np.isnan(table.low) & varies & (level != 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = (table.high - table.low) / 2 / np.abs(level)
    # Between a finite and an infinite end there is no precision, and none where a queue stands still in most futures.
    return np.where(known, np.nan_to_num(relative, nan=np.inf, posinf=np.inf), np.nan)


@shows_progress("run")
def run_to_precision(
    subject: Pathway | Base | Scenario | Varying,
    precision: Precision,
    *,
    engine: Engine = "kernel",
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Results, bool]:
    """Simulate until the chosen measures are as precise as asked, in every period that counts.

    Returns the results, and whether the precision was reached within the most replications: see `settle`. How many are
    run depends on the draws alone, never on the workers.

    Raises:
        InputError: before anything runs, where no measure is chosen; and as `runner.run`.
    """
    require_type("precision", precision, Precision, "a Precision(relative=..., measures=...)")
    if isinstance(subject, Scenario):
        subject = model_of(subject)
    trial = run(subject, engine=engine, seed=seed, replications=1)
    columns = chosen_columns(trial, precision)
    measures = [trial.index[column].measure for column in columns]
    batches: list[Results] = []

    def extend(first: int, last: int) -> None:
        batch = run(
            subject,
            engine=engine,
            seed=seed,
            executor=executor,
            replications=range(first, last),
            progress=shifted(progress, first, last),
        )
        batches[:] = [joined(batches[0], batch) if batches else batch]

    def widths(count: int) -> Floats:
        return half_widths(measures, batches[0].values[:count, columns], precision.confidence)

    reached = settle(precision, extend, widths)
    return batches[0], reached


def settle(precision: Precision, extend: Callable[[int, int], object], widths: Callable[[int], Floats]) -> bool:
    """Run replications until a precision is reached and holds; return whether it was, within the most allowed.

    A figure of which it is not known (NaN) has no say. Where it is known of none, perhaps because too few replications
    define any, twice as many are run, up to 640.

    Args:
        precision: what is asked.
        extend: runs the replications from one number on up to another, without it.
        widths: returns the half-widths, over the levels, of the first so many replications.
    """
    last = precision.most - _ahead(precision.most)  # the last number after which enough others can follow
    reached_at: int | None = None
    holds = False

    def further(count: int) -> int | None:
        nonlocal reached_at, holds
        if count == 0:
            return FEWEST_REPLICATIONS
        if reached_at is not None:
            holds = all(_widest(widths(n)) <= precision.relative for n in range(reached_at + 1, count + 1))
            reached_at = None
            if holds:
                return None
            widest = _widest(widths(count))
        else:
            widest = _widest(widths(count))
            if widest <= precision.relative and count <= last:
                reached_at = count
                return count + _ahead(count)
        if count >= precision.most or (math.isnan(widest) and count >= _UNKNOWN):
            return None
        return min(_next_number(count, widest, precision), last if count < last else precision.most)

    in_batches(extend, further)
    return holds


def _ahead(count: int) -> int:
    return max(_AHEAD, count * _AHEAD // 100)


def _widest(widths: Floats) -> float:
    return math.nan if np.isnan(widths).all() else float(np.nanmax(widths))


def _next_number(count: int, widest: float, precision: Precision) -> int:
    """Return how many replications to try next, where the widest interval after some is that wide."""
    if math.isnan(widest):
        return min(2 * count, precision.most)
    # The half-width shrinks as one over the root of the number; a tenth more saves a round.
    needed = 1.1 * count * (widest / precision.relative) ** 2
    return min(int(min(max(needed, 1.1 * count), _LARGEST_STEP * count)) + 1, precision.most)


def without_precision(runs: Sequence[Results], precision: Precision) -> list[Row]:
    """Return the figures of which a precision was asked and is not known, of one run or of several that are compared.

    See `half_widths`.
    """
    columns = chosen_columns(runs[0], precision)
    measures = [runs[0].index[column].measure for column in columns]
    values = [results.values[:, columns] for results in runs]
    if len(values) == 1:
        widths = half_widths(measures, values[0], precision.confidence)
    else:
        widths = difference_widths(measures, values, precision.confidence)
    return [runs[0].index[columns[place]] for place in np.flatnonzero(np.isnan(widths))]


def chosen_columns(results: Results, precision: Precision) -> list[int]:
    """Return the columns of the results that a precision is asked of.

    Raises:
        InputError: for an unknown measure, with the nearest one, and where no period of it counts.
    """
    check_measures(precision, results.measures)
    first, last = precision.first, precision.last
    kept = results.between(first or f"{results.pathway.start:%Y-%m}", last or f"{results.pathway.end:%Y-%m}").index
    wanted = {row for row in kept if any(row.measure.chosen_by(name) for name in precision.measures)}
    # Of a measure that is reported by year too, the years count: a quarter of a rare award is never precise, and still
    # less a day or an hour.
    given: dict[str, set[Every]] = {}
    for row in wanted:
        given.setdefault(row.measure, set()).add(row.period.every)
    counting = {measure: _counting(kinds) for measure, kinds in given.items()}
    columns = [
        number
        for number, row in enumerate(results.index)
        if row in wanted and row.period.every in counting[row.measure]
    ]
    if not columns:
        raise InputError(f"precision: no period of {', '.join(precision.measures)} lies between {first} and {last}")
    return columns


def _counting(kinds: Collection[Every]) -> Collection[Every]:
    longer = [every for every in kinds if every not in FINER]
    return {"year"} if "year" in kinds else longer or {longest(kinds)}


def check_measures(precision: Precision, known: Collection[Measure]) -> None:
    """Refuse a precision of what is not measured.

    Raises:
        InputError: for an unknown measure, with the nearest one.
    """
    for name in precision.measures:
        if not any(measure.chosen_by(name) for measure in known):
            raise InputError(f"precision: {unknown_name('measure', name, known)}")


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
