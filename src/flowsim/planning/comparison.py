"""Scenarios side by side on the same citizens, with the same luck and the same parameters: what differs is theirs.

Replications of two scenarios with one number are a pair. A difference is that of the pairs, whose interval common
random numbers make narrow, as in Law, Simulation Modeling and Analysis (2015), sections 10.2.1 and 11.2; which
statistic of them, and which interval, is that of each measure: see `simulation.estimates`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.arrays import Bools, Floats, Ints, defined_mean, ratio
from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require_type, unknown_name, whole_number
from flowsim.core.periods import FINER, LENGTHS, Every, Period, shortest
from flowsim.core.progress import Progress, shifted, shows_progress
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Varying
from flowsim.simulation.estimates import (
    FEWEST_DEFINED,
    Differences,
    Estimates,
    differences,
    levels,
    paired_differences,
    sure_rows,
)
from flowsim.simulation.fork import Fork, own_fork
from flowsim.simulation.kept import KeptHistories
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.measure import Measure, Row
from flowsim.simulation.opening import model_of
from flowsim.simulation.precision import Precision, chosen_columns, difference_widths, joined, settle
from flowsim.simulation.results import Results
from flowsim.simulation.runner import Engine, checked_seed, run

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed, WholeLike

__all__ = [
    "Comparison",
    "Paired",
    "averaged",
    "check_comparable",
    "compare",
    "headlines",
    "paired",
    "roughly",
    "to_one_end",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Paired(Differences):
    """Differences of pairs, an entry a column, with what common luck saves.

    Attributes:
        variance: the variance of a difference, of the pairs in which both are finite; NaN for fewer than two.
        independent: the variance that a difference of independent draws has: the sum of the two variances.
    """

    variance: Floats
    independent: Floats

    @property
    def saved(self) -> Floats:
        """How many times as large the independent variance is; infinite where all differences are equal.

        NaN where fewer than ten pairs differ, since a few rare ones then make the variance. Of fifty pairs, one of 35
        comes out at anything from 20 to 65: `roughly` says of it what is known.
        """
        rare = (self.differing < FEWEST_DEFINED) & (self.variance > 0)
        return np.where(rare, np.nan, _times(self.independent, self.variance))


def paired(measures: Sequence[Measure], reference: Floats, other: Floats, confidence: float = 0.95) -> Paired:
    """Compare the columns of two tables, one a measure, whose rows are pairs: shape (pairs, columns) each."""
    table = differences(measures, reference, other, 1 - confidence)
    away, finite = paired_differences(reference, other), np.isfinite(reference) & np.isfinite(other)
    before, after, between = (_variance(values, finite) for values in (reference, other, away))
    return Paired(**vars(table), variance=between, independent=before + after)


def roughly(times: float) -> float:
    """Round a ratio of variances to the nearest of 1, 2, 5, 10, 20, 50 and so on.

    Of fifty pairs the true one lies within a factor of three of that in nine cases of ten.
    """
    if not math.isfinite(times) or times <= 0:
        return times
    magnitude = 10.0 ** math.floor(math.log10(times))
    return min((step * magnitude for step in (1, 2, 5, 10)), key=lambda rounded: abs(math.log(rounded / times)))


def _variance(values: Floats, finite: Bools) -> Floats:
    """Return the variance of each column, over the rows where it is finite; NaN for fewer than two."""
    count = finite.sum(axis=0)
    inside = np.where(finite, values, 0.0)
    mean = ratio(inside.sum(axis=0), np.where(count > 1, count, 0))
    spread = np.where(finite, inside - mean, 0.0)
    # Equal values are as far from their mean as it is rounded.
    spread[np.abs(spread) <= 1e-12 * np.abs(inside).max(axis=0, initial=0.0)] = 0.0
    return ratio((spread**2).sum(axis=0), np.maximum(count - 1, 0))


def _times(whole: Floats, part: Floats) -> Floats:
    return np.where((part == 0) & (whole > 0), np.inf, ratio(whole, part))


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison(Tabled):
    """Runs of several scenarios whose replications are pairs; the first one is the reference.

    Attributes:
        names: the names of the scenarios.
        results: the run of each, all with one index, seed and replications.
        confidence: of the intervals, each taken for itself.
        reached: whether the precision asked for was reached; None where none was.
    """

    names: tuple[str, ...]
    results: tuple[Results, ...]
    confidence: float = 0.95
    reached: bool | None = None

    def __repr__(self) -> str:
        first, *others = self.names
        return (
            f"<Comparison of {', '.join(others)} with {first}: {len(self.reference.replications):,} pairs, "
            f"seed {self.reference.seed}, {len(self.reference.measures):,} measures>"
        )

    def __post_init__(self) -> None:
        first = self.results[0]
        alike = all(
            (r.index, r.seed, r.replications) == (first.index, first.seed, first.replications) for r in self.results
        )
        if len(self.names) != len(self.results) or not alike:
            raise ValueError("the results of a comparison have one index, one seed and the same replications")

    @property
    def index(self) -> tuple[Row, ...]:
        """Which measure and period each column is."""
        return self.results[0].index

    @property
    def reference(self) -> Results:
        """The run that the others are compared with."""
        return self.results[0]

    def of(self, name: str) -> Results:
        """Return the run of a scenario.

        Raises:
            InputError: for an unknown name, with the nearest one.
        """
        if name not in self.names:
            raise InputError(unknown_name("scenario", name, self.names))
        return self.results[self.names.index(name)]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measure of each column."""
        return tuple(row.measure for row in self.index)

    @cached_property
    def standstills(self) -> Ints:
        """By column, in how many replications nobody is served in some scenario though some wait.

        That is an infinite wait. It counts as the longest there is, and so does the difference to one that is finite.
        """
        out: Ints = np.any([np.isinf(result.values) for result in self.results], axis=0).sum(axis=0)
        return out

    def level(self, name: str) -> Estimates:
        """Return what stands for the replications of a scenario, an entry a column of `index`.

        Raises:
            InputError: for an unknown name, with the nearest one.
        """
        return levels(self.measures, self.of(name).values, 1 - self.confidence)

    def difference(self, name: str) -> Paired:
        """Compare a scenario with the reference: a scenario less the reference, an entry a column of `index`.

        Raises:
            InputError: for an unknown name, with the nearest one.
        """
        self.of(name)
        return self._differences[name]

    @cached_property
    def _differences(self) -> Mapping[str, Paired]:
        before = self.reference.values
        return {
            name: paired(self.measures, before, result.values, self.confidence)
            for name, result in zip(self.names, self.results, strict=True)
        }

    @cached_property
    def sure(self) -> Mapping[str, Bools]:
        """Which differences of each further scenario are sure, those of all of them at once: see `sure_rows`."""
        tables = [table for _, table in self.differences()]
        if not tables:
            return {}
        p_values = np.concatenate([table.p_value for table in tables])
        sure = sure_rows(p_values, np.concatenate([table.differing for table in tables]), 1 - self.confidence)
        return dict(zip(self.names[1:], np.split(sure, len(tables)), strict=True))

    def differences(self) -> Iterator[tuple[str, Paired]]:
        """Yield every scenario but the reference with its differences."""
        return ((name, self.difference(name)) for name in self.names[1:])

    def each(self, change: Callable[[Results], Results]) -> Comparison:
        """Return the same comparison of changed results, such as `lambda r: r.between("2021", "2022")`."""
        return replace(self, results=tuple(change(one) for one in self.results))

    def select(self, measure: str, period: str | None = None) -> Comparison:
        """Return the comparison of one measure alone; as `Results.select`."""
        return self.each(lambda one: one.select(measure, period))

    def between(self, first: str, last: str) -> Comparison:
        """Return the comparison of the periods within two alone; as `Results.between`."""
        return self.each(lambda one: one.between(first, last))

    def frame(self) -> pd.DataFrame:
        """Return a row a scenario, measure and period.

        scenario, measure, period, unit; statistic ("median" or "mean") and level, with level_low and level_high; p05
        and p95 over the replications in which it is defined, how many these are, those left out, and those of the
        former in which the queue stands still. For all but the reference difference, low and high, each for itself and
        empty where not known; the pairs in which both are defined, how many of them differ at all; p_value, the error
        with which the interval leaves 0 out; and variance_ratio, rounded by `roughly`.
        """
        import pandas as pd

        frames = []
        for number, name in enumerate(self.names):
            frame, level, table = self.results[number].quantiles((0.05, 0.95)), self.level(name), self.difference(name)
            frame.insert(0, "scenario", name)
            frame.insert(4, "statistic", [measure.kind.statistic for measure in self.measures])
            own = {"level": level.estimate, "level_low": level.low, "level_high": level.high}
            for place, (column, cells) in enumerate(own.items()):
                frame.insert(5 + place, column, cells)
            frame["defined"], frame["left_out"], frame["stalled"] = level.defined, level.left_out, level.stalled
            saved = np.array([roughly(times) for times in table.saved.tolist()])
            of_pairs: dict[str, Floats | Ints] = {"difference": table.estimate, "low": table.low, "high": table.high}
            of_pairs |= {"pairs": table.defined, "differing": table.differing, "p_value": table.p_value}
            for column, counts in (of_pairs | {"variance_ratio": saved}).items():
                frame[column] = counts if number else np.nan
            frames.append(frame)
        return pd.concat(frames, ignore_index=True).astype({"pairs": "Int64", "differing": "Int64"})


@shows_progress("compare")
def compare(
    scenarios: Sequence[Scenario | Pathway],
    *,
    parameters: Ensemble | Mapping[str, Any] | None = None,
    replications: WholeLike | Iterable[WholeLike] = 50,
    precision: Precision | None = None,
    confidence: float = 0.95,
    engine: Engine = "kernel",
    fork: Fork | None = None,
    measures: Iterable[str] | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run scenarios on the same citizens, luck and parameters, and compare each with the first one.

    Args:
        scenarios: two or more over one base (or pathways with the same measures), with one horizon and names of
            their own.
        parameters: the sets of which each replication draws one, the same in all scenarios; or values of the base's
            parameters for all replications. The base's own where left out.
        replications: of each scenario: how many, or their numbers. Without meaning where a precision is asked for.
        precision: run until the intervals of the differences are this narrow beside the reference's levels.
        confidence: of the intervals.
        engine: as of `runner.run`.
        fork: a date until before which replications share histories. Scenarios share histories and futures, and one
            that differs from the first not before that date goes on from the histories that this one had.
        measures: the names of those to compute, as of `runner.run`; a precision is asked of these alone.
        seed: one seed for all.
        executor: where the replications run.
        progress: called with (done, all), replications of all scenarios together.

    Raises:
        InputError: before anything runs, for scenarios that can't be compared and arguments that are not allowed.
    """
    seed = checked_seed(seed)
    names, subjects = check_comparable(scenarios, parameters)
    if not isinstance(confidence, Real) or not 0.5 <= confidence < 1:
        raise InputError(f"confidence: {confidence} is not allowed: from 0.5 to below 1")
    if measures is not None:
        require_type("measures", measures, Iterable, "the names of measures, such as ['queue.desk']")
    if precision is not None:
        require_type("precision", precision, Precision, "a Precision(relative=..., measures=...)")
    only = None if measures is None else (measures,) if isinstance(measures, str) else tuple(measures)
    how: dict[str, Any] = {"engine": engine, "seed": seed, "executor": executor, "measures": only}
    if fork is not None or own_fork(subjects[0], seed) is not None:
        how |= {"fork": fork, "kept": KeptHistories()}

    def all_of(numbers: int | list[int], done: int) -> list[Results]:
        many = numbers if isinstance(numbers, int) else len(numbers)
        out = []
        for place, subject in enumerate(subjects):
            told = shifted(progress, done + place * many, done + many * len(subjects))
            out.append(run(subject, replications=numbers, progress=told, **how))
        return out

    if precision is None:
        numbers = (
            [whole_number("replications", number) for number in replications]
            if isinstance(replications, Iterable) and not isinstance(replications, str)
            else whole_number("replications", replications)
        )
        many = numbers if isinstance(numbers, int) else len(numbers)
        if many < 2:
            raise InputError(f"replications: {many} is not allowed: a difference takes at least 2 to be sure of")
        return Comparison(names=names, results=tuple(all_of(numbers, 0)), confidence=confidence)
    trial = run(subjects[0], engine=engine, seed=seed, replications=1, fork=fork, measures=only)
    columns = chosen_columns(trial, precision)
    chosen = [trial.index[column].measure for column in columns]
    runs: list[Results] = []

    def extend(first: int, last: int) -> None:
        batch = all_of(list(range(first, last)), first * len(subjects))
        runs[:] = [joined(*pair) for pair in zip(runs, batch, strict=True)] if runs else batch

    def widths(count: int) -> Floats:
        return difference_widths(chosen, [results.values[:count, columns] for results in runs], precision.confidence)

    reached = settle(precision, extend, widths)
    return Comparison(names=names, results=tuple(runs), confidence=precision.confidence, reached=reached)


def check_comparable(
    scenarios: Sequence[Scenario | Pathway], parameters: Ensemble | Mapping[str, Any] | None = None
) -> tuple[tuple[str, ...], list[Pathway | Varying]]:
    """Return the names, and what to run.

    Raises:
        InputError: for fewer than two, two of one name, and where bases, horizons or measures differ.
    """
    if not isinstance(scenarios, Sequence) or isinstance(scenarios, str):
        raise InputError(f"scenarios: {scenarios!r} is not allowed: it should be a list of scenarios or pathways")
    for scenario in scenarios:
        require_type(
            "scenarios", scenario, (Scenario, Pathway), "scenarios or pathways: Scenario.of('today') reads one"
        )
    if parameters is not None:
        require_type("parameters", parameters, (Ensemble, Mapping), "an ensemble, or values by the parameters' names")
    names = tuple(scenario.name for scenario in scenarios)
    if len(names) < 2:
        raise InputError("a comparison takes two scenarios or more: the first is the one that others are compared with")
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InputError(f"two scenarios are called '{name}': give each a name of its own")
    for scenario in scenarios[1:]:
        _check_bases(scenarios[0], scenario)
    scenarios = to_one_end(scenarios)
    subjects: list[Pathway | Varying] = []
    pathways: list[Pathway] = []
    for scenario in scenarios:
        if isinstance(scenario, Pathway):
            if parameters is not None:
                raise InputError(f"{scenario.name}: a pathway has no parameters: compare scenarios over a base instead")
            pathways.append(scenario)
            subjects.append(scenario)
        elif isinstance(parameters, Ensemble):
            varying = parameters.over(scenario)
            pathways.append(scenario.pathway())
            subjects.append(varying)
        else:
            pathways.append(scenario.pathway(parameters))
            subjects.append(model_of(scenario, parameters) if scenario.begins_today else pathways[-1])
    index = Catalogue.of(pathways[0]).index
    for scenario, pathway in zip(scenarios[1:], pathways[1:], strict=True):
        _check_horizons(scenarios[0], pathways[0], scenario, pathway)
        if pathway.time_unit != pathways[0].time_unit:
            units = [f"{each.time_unit or 'week'}s" for each in (pathway, pathways[0])]
            raise InputError(f"{scenario.name}: it tells waits in {units[0]}, {names[0]} in {units[1]}")
        if Catalogue.of(pathway).index != index:
            raise InputError(
                f"{scenario.name}: it has other measures than {names[0]}: only scenarios over one base compare"
            )
    return names, subjects


_Model = TypeVar("_Model", Scenario, Scenario | Pathway)


def to_one_end(scenarios: Sequence[_Model]) -> tuple[_Model, ...]:
    """Return scenarios that all run to the latest end among them; a pathway keeps its own."""
    pathways = [subject.pathway() if isinstance(subject, Scenario) else subject for subject in scenarios]
    latest = max((pathway.end for pathway in pathways), default=None)
    if latest is None:
        return ()
    return tuple(subject.reaching(latest) if isinstance(subject, Scenario) else subject for subject in scenarios)


def _check_bases(first: Scenario | Pathway, other: Scenario | Pathway) -> None:
    if isinstance(first, Scenario) and isinstance(other, Scenario) and first.base.sha256 != other.base.sha256:
        raise InputError(
            f"{other.name}: its base is '{other.base.name}', and that of {first.name} is '{first.base.name}': only "
            "scenarios over one base compare"
        )


def _check_horizons(first: Scenario | Pathway, own: Pathway, other: Scenario | Pathway, its: Pathway) -> None:
    if (own.start, own.end) != (its.start, its.end):
        raise InputError(
            f"{other.name}: its horizon is {its.start:%Y-%m-%d} to {its.end:%Y-%m-%d}, and that of {first.name} is "
            f"{own.start:%Y-%m-%d} to {own.end:%Y-%m-%d}: only scenarios with one horizon compare"
        )


def headlines(measures: Sequence[Measure]) -> tuple[Measure, ...]:
    """Return those of some measures that sum a comparison up: waits and queues of stations, awards, utilisation."""
    chosen = [measure for measure in measures if measure.kind.headline]
    return tuple(sorted(chosen, key=lambda measure: measure.kind.headline))


def averaged(results: Results, every: Every, measures: Sequence[str]) -> Results:
    """Return some measures by one kind of period alone, in the order named.

    What is given by shorter periods only is averaged over those within, the undefined left out.

    Raises:
        InputError: for an unknown measure, with the nearest one.
    """
    index: list[Row] = []
    columns: list[Floats] = []
    for measure in measures:
        of = results.select(measure)
        reported = [row.period for row in of.index]
        groups = {period: [place] for place, period in enumerate(reported) if period.every == every}
        for period, places in (groups or _within(reported, every)).items():
            index.append(Row(of.index[0].measure, period))
            columns.append(defined_mean(of.values[:, places], axis=1))
    values = np.array(columns).T if columns else np.zeros((len(results.replications), 0))
    return replace(results, index=tuple(index), values=values)


def _within(reported: Sequence[Period], every: Every) -> dict[Period, list[int]]:
    """Group the shortest periods, or the months where there are days too, by the whole longer ones that they fill."""
    groups: dict[Period, list[int]] = {}
    kinds = {period.every for period in reported}
    least = shortest((kinds - set(FINER)) or kinds or {every})
    if LENGTHS.index(least) < LENGTHS.index(every):
        for place, period in enumerate(reported):
            if period.every == least:
                groups.setdefault(Period.around(period.start, every), []).append(place)
    return {
        whole: places
        for whole, places in groups.items()
        if math.isclose(sum(reported[place].months for place in places), whole.months)
    }
