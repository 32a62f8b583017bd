"""What the simulation would have said in the past: fitted to what was known then, with no later change in it.

The reference table is conditioned on the figures whose periods had ended by the origin. What a base file tells of later
dates (more places, a lock-down, other hazards) is dropped: the last value before the origin goes on. The base file
itself was written with all years known, so its first values, and that there is a change at all, are hindsight still.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import numpy as np

from flowsim.calibration.draws import AtPositions
from flowsim.calibration.posterior import conditioned
from flowsim.calibration.study import Study
from flowsim.calibration.table import ReferenceTable
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.periods import label_of, months_of, quarter
from flowsim.model.varying import Frozen
from flowsim.simulation.runner import run

__all__ = ["Retrospect", "origins", "quarterly", "retrospect", "retrospects_csv", "retrospects_of"]

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


def retrospect(
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
    known = [target for target in study.fitted if _last_month(target) <= months_of(origin)[1]]
    series = quarterly(study)
    periods = sorted({period for told in series.values() for period in told if quarter(period) > quarter(origin)})
    if not known or not periods:
        raise InputError(f"{origin}: a figure before it and a quarter after it are needed")
    periods = periods[:_MOST_AHEAD]
    z = conditioned(study, table, targets=known, seed=seed).posterior().draw(sets, seed)
    model = Frozen(model=AtPositions(study=study, z=z), moment=_day_after(origin))
    results = run(model, replications=sets, seed=seed + 1, executor=executor)
    columns = {(row.measure, row.period): number for number, row in enumerate(results.index)}
    paths = {measure: results.values[:, [columns[measure, period] for period in periods]] for measure in series}
    return Retrospect(origin=origin, fitted=len(known), periods=tuple(periods), paths=paths)


def quarterly(study: Study) -> dict[str, dict[str, float]]:
    """Return the measures that are documented quarter by quarter, two years or longer, with their figures."""
    found: dict[str, dict[str, float]] = {}
    for target in study.fitted:
        seen = target.observation
        single = len(seen.measures) == len(seen.periods) == 1 and not (seen.of or seen.since)
        if single and target.sense == "=" and "Q" in seen.periods[0]:
            found.setdefault(seen.measures[0], {})[seen.periods[0]] = target.value / seen.factor
    return {measure: told for measure, told in found.items() if len(told) > _LEAST}


def _day_after(period: str) -> datetime:
    year, month = divmod(months_of(period)[1], 12)
    return datetime(year, month + 1, 1)


def _last_month(target: Target) -> int:
    seen = target.observation
    return max(months_of(period)[1] for period in (*seen.periods, *seen.since))


def origins(study: Study) -> Sequence[str]:
    """Return the quarters from which a past can be told: two years are documented before each, and a quarter after."""
    told = [quarter(period) for figures in quarterly(study).values() for period in figures]
    return [label_of(number) for number in range(min(told) + _LEAST - 1, max(told))] if told else []


def retrospects_csv(found: Sequence[Retrospect]) -> str:
    """Write retrospects as CSV, a line for each origin, measure and quarter ahead, with its futures in columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    count = max((len(paths) for one in found for paths in one.paths.values()), default=0)
    writer.writerow(["origin", "fitted", "measure", "period", *range(1, count + 1)])
    for one in found:
        for measure, paths in one.paths.items():
            for period, values in zip(one.periods, paths.T.tolist(), strict=True):
                writer.writerow([one.origin, one.fitted, measure, period, *(f"{value:.4g}" for value in values)])
    return out.getvalue()


def retrospects_of(text: str) -> tuple[Retrospect, ...]:
    """Read what `retrospects_csv` wrote."""
    _, *rows = csv.reader(io.StringIO(text))
    found = []
    for (origin, fitted), lines in groupby(rows, key=lambda row: (row[0], int(row[1]))):
        paths: dict[str, dict[str, list[str]]] = {}
        for _, _, measure, period, *values in lines:
            paths.setdefault(measure, {})[period] = values
        periods = tuple(next(iter(paths.values())))
        arrays = {measure: np.array([*told.values()], np.float64).T for measure, told in paths.items()}
        found.append(Retrospect(origin=origin, fitted=fitted, periods=periods, paths=arrays))
    return tuple(found)
