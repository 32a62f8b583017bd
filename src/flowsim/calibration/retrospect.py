"""What the simulation would have said in the past: fitted to what was known then, with no later change in it.

The reference table is conditioned on the figures whose periods had ended by the origin. What a base file tells of later
dates (more places, a lock-down, other hazards) is dropped: from the last value before the origin the factors walk on,
as they do after the last document. The base file itself was written with all years known, so its first values, and that
there is a change at all, are hindsight still.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from flowsim.calibration.histories.walking import Walk
from flowsim.calibration.inference.posterior import conditioned
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats
from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.model.pathway import Pathway
from flowsim.model.varying import without_later
from flowsim.simulation.runner import run

__all__ = [
    "Retrospect",
    "futures_from",
    "known_at",
    "look_back",
    "origins",
    "quarterly",
    "retrospects_csv",
    "retrospects_of",
]

_LEAST = 8  # quarters that are documented before an origin
_MOST_AHEAD = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Retrospect:
    """Simulated futures from an origin in the past.

    Attributes:
        origin: the last quarter that was known.
        fitted: how many targets were known then.
        periods: the quarters ahead, as far as they are documented.
        paths: for each measure one future a row, shape (sets, periods).
    """

    origin: str
    fitted: int
    periods: tuple[str, ...]
    paths: Mapping[str, Floats] = field(repr=False)


def look_back(
    study: Study,
    table: ReferenceTable,
    origin: str,
    *,
    sets: int = 200,
    seed: int = 1,
    executor: Executor | None = None,
) -> Retrospect:
    """Condition a table on what was known at the end of a quarter, and simulate on from there.

    Args:
        study: what is calibrated.
        table: of its prior, with all targets.
        origin: the last quarter that is known.
        sets: parameter sets, of one future each.
        seed: of the futures.
        executor: where they run.

    Raises:
        InputError: where no fitted target was known then, or no quarter after it is documented.
    """
    known = known_at(study, origin)
    z = conditioned(study, table, targets=known, seed=seed).posterior().draw(sets, seed)
    return futures_from(study, z, origin, seed=seed + 1, executor=executor)


def known_at(study: Study, origin: str) -> tuple[Target, ...]:
    """Return the fitted targets that were known at the end of a quarter.

    Raises:
        InputError: where there were none, or no quarter after it is documented.
    """
    known = tuple(target for target in study.fitted if _last_month(target) <= Period(origin).after)
    if not known or not _ahead(study, origin):
        raise InputError(f"{origin}: a figure before it and a quarter after it are needed")
    return known


def futures_from(
    study: Study,
    z: Floats,
    origin: str,
    *,
    seed: int,
    numbers: Sequence[int] | None = None,
    executor: Executor | None = None,
) -> Retrospect:
    """Simulate on from the end of a quarter, without what the base dates later, as factors walk on from there.

    Args:
        study: what is calibrated.
        z: positions of its factors, shape (sets, factors).
        origin: the last quarter that is known.
        seed: of the futures.
        numbers: the replications that are run, which take set `number % sets`; one a set where left out.
        executor: where they run.

    Raises:
        InputError: as `known_at`.
    """
    known, series = known_at(study, origin), quarterly(study)
    periods = _ahead(study, origin)[:_MOST_AHEAD]
    replications = range(len(z)) if numbers is None else numbers
    model = _FromOrigin(study=study, z=z, walk=Walk(prior=study.prior, since=Period(origin).end))
    results = run(model, replications=replications, seed=seed, executor=executor, measures=series)
    columns = results.columns
    paths = {measure: results.values[:, [columns[measure, period] for period in periods]] for measure in series}
    return Retrospect(origin=origin, fitted=len(known), periods=tuple(periods), paths=paths)


@dataclass(frozen=True, kw_only=True, eq=False)
class _FromOrigin:
    """A model in which nothing is known of later dates than where the factors begin to walk on."""

    study: Study
    z: Floats = field(repr=False)
    walk: Walk

    def pathway(self, seed: int, replication: int) -> Pathway:
        base = self.study.prior.base
        known = base.filled(self.study.prior.parameters(self.z[replication % len(self.z)]))
        raw = without_later(known, self.walk.since)
        self.walk.continue_in(raw, parse_moment(raw["end"]), seed, replication)
        return Pathway.of_plain(raw, base.source)


def _ahead(study: Study, origin: str) -> list[Period]:
    """Return the quarters after an origin that are documented, in order."""
    return sorted({period for told in quarterly(study).values() for period in told if period > Period(origin)})


def quarterly(study: Study) -> dict[str, dict[Period, float]]:
    """Return the measures that are documented quarter by quarter, two years or longer, with their figures."""
    figures: dict[str, dict[Period, float]] = {}
    for target in study.fitted:
        read = target.observation
        single = len(read.measures) == len(read.periods) == 1 and not (read.of or read.since)
        if single and target.sense == "=" and (period := Period(read.periods[0])).every == "quarter":
            figures.setdefault(read.measures[0], {})[period] = target.value / read.factor
    return {measure: by_period for measure, by_period in figures.items() if len(by_period) > _LEAST}


def _last_month(target: Target) -> float:
    read = target.observation
    return max(Period(period).after for period in (*read.periods, *read.since))


def origins(study: Study) -> Sequence[str]:
    """Return the quarters from which a past can be told: two years are documented before each, and a quarter after."""
    documented = [period.number for figures in quarterly(study).values() for period in figures]
    if not documented:
        return []
    return [Period.of(number, "quarter") for number in range(min(documented) + _LEAST - 1, max(documented))]


def retrospects_csv(retrospects: Sequence[Retrospect]) -> str:
    """Write retrospects as CSV, a line for each origin, measure and quarter ahead, with its futures in columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    count = max((len(paths) for retrospect in retrospects for paths in retrospect.paths.values()), default=0)
    writer.writerow(["origin", "fitted", "measure", "period", *range(1, count + 1)])
    for retrospect in retrospects:
        for measure, paths in retrospect.paths.items():
            for period, values in zip(retrospect.periods, paths.T.tolist(), strict=True):
                writer.writerow(
                    [retrospect.origin, retrospect.fitted, measure, period, *(f"{value:.4g}" for value in values)]
                )
    return out.getvalue()


def retrospects_of(text: str) -> tuple[Retrospect, ...]:
    """Read what `retrospects_csv` wrote."""
    _, *rows = csv.reader(io.StringIO(text))
    retrospects = []
    for (origin, fitted), lines in groupby(rows, key=lambda row: (row[0], int(row[1]))):
        paths: dict[str, dict[str, list[str]]] = {}
        for _, _, measure, period, *values in lines:
            paths.setdefault(measure, {})[period] = values
        periods = tuple(next(iter(paths.values())))
        arrays = {measure: np.array([*told.values()], np.float64).T for measure, told in paths.items()}
        retrospects.append(Retrospect(origin=origin, fitted=fitted, periods=periods, paths=arrays))
    return tuple(retrospects)
