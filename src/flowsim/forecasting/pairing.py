"""Forecast and simulation side by side: scored on the past, and combined with the weight that those scores give.

From every quarter of the past that a calibration looked back from, the statistical forecast of the same origin stands
beside the simulation that was fitted to what was known then. Their combination is a linear opinion pool: futures of
one and of the other, half of each. No score chooses the proportion, so that it gains nothing from what it is judged by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from flowsim.calibration.retrospect import Retrospect
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require, require_type
from flowsim.core.periods import Period, quarter
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import LEVELS
from flowsim.forecasting.scores import coverage, crps, interval_score, mase, scale
from flowsim.forecasting.trend import forecast_series

__all__ = ["METHODS", "SHARE", "Pairing", "Scored", "has_past", "pair", "pooled", "series_of"]

METHODS = ("forecast", "simulation", "combination")
SHARE = 0.5
"""The simulation's share in the combination: fixed, the few origins share their quarters and can't tell a better."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Averages of one method over all origins and quarters ahead, in mean absolute changes from year to year.

    Attributes:
        method: "forecast", "simulation" or "combination".
        mase: mean absolute error of the median.
        crps: of the whole distribution.
        interval_score_95: of the 95 % interval.
        coverage_80, coverage_95: shares of what came that lay in the intervals.
    """

    method: str
    mase: float
    crps: float
    interval_score_95: float
    coverage_80: float
    coverage_95: float


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """How forecast and simulation did in the past on one measure.

    Attributes:
        measure: of the simulation.
        origins: the quarters that were looked back from.
        quarters: how many quarters ahead were scored in all.
        distinct: how many quarters of the calendar these are: origins near each other have most of theirs in common.
        scores: one a method, the lowest CRPS first.
    """

    measure: str
    origins: tuple[str, ...]
    quarters: int
    distinct: int
    scores: tuple[Scored, ...]

    @property
    def share(self) -> float:
        """The simulation's share in the combination, which no score has chosen."""
        return SHARE


@dataclass(frozen=True, kw_only=True, eq=False)
class _Case:
    trend: Floats
    simulated: Floats
    actual: Floats
    unit: float


def pair(series: Series, retrospects: Sequence[Retrospect]) -> Pairing:
    """Score forecast, simulation and their combination on a measure that is documented quarter by quarter.

    Args:
        series: the documented quarters, named by the measure.
        retrospects: what the simulation would have said from quarters of the past.

    Raises:
        InputError: where there is no past of the measure to look back from, for a series with a gap, and for one that
            does not have the quarters of the past.
    """
    require_type("series", series, Series, "a series of quarters, as `series_of` makes")
    require_type("retrospects", retrospects, Sequence, "retrospects, as `Calibration.retrospects` holds")
    for past in retrospects:
        require_type("retrospects", past, Retrospect, "retrospects, as `Calibration.retrospects` holds")
    if series.every != "quarter" or None in series.values:
        raise InputError(f"{series.name}: what is paired is known quarter by quarter, without a gap")
    cases = {past.origin: _case(series, past) for past in retrospects if series.name in past.paths}
    if not cases:
        raise InputError(f"{series.name}: there is no past to look back from: at least 1 is needed")
    rows: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
    for case in cases.values():
        together = pooled(case.trend, case.simulated, SHARE)
        for method, paths in zip(METHODS, (case.trend, case.simulated, together), strict=True):
            rows[method].append(_scores(paths, case))
    # The last origins have fewer quarters after them, and each quarter counts alike.
    weights = [len(case.actual) for case in cases.values()]
    scored = [
        Scored(
            method=method,
            **{name: float(np.average([row[name] for row in scores], weights=weights)) for name in scores[0]},
        )
        for method, scores in rows.items()
    ]
    return Pairing(
        measure=series.name,
        origins=tuple(cases),
        quarters=sum(weights),
        distinct=len({period for past in retrospects if past.origin in cases for period in past.periods}),
        scores=tuple(sorted(scored, key=lambda score: score.crps)),
    )


def has_past(measure: str, retrospects: Sequence[Retrospect]) -> bool:
    """Return whether a measure was looked back on."""
    return any(measure in past.paths for past in retrospects)


def pooled(trend: Floats, simulated: Floats, share: float) -> Floats:
    """Return futures of which a share is the simulation's, each kind spread evenly over its distribution.

    Args:
        trend: futures of the forecast, shape (paths, quarters).
        simulated: futures of the simulation, shape (paths, quarters).
        share: of the simulation, 0 to 1.

    Returns:
        Shape (paths of the longer one, quarters), sorted quarter by quarter: they are no paths in time any more.
    """
    require_type("share", share, Real, "a share from 0 to 1")
    require(0 <= share <= 1, "share", share, "a share from 0 to 1")
    count = max(len(trend), len(simulated))
    from_simulation = round(share * count)
    parts = [_thinned(trend, count - from_simulation), _thinned(simulated, from_simulation)]
    return np.sort(np.concatenate(parts), axis=0)


def _thinned(paths: Floats, count: int) -> Floats:
    # The middles of equal shares of the ranks: any number of rows then has the quantiles of all, where the first ones
    # would have their luck.
    rows = ((np.arange(count) + 0.5) / max(count, 1) * len(paths)).astype(int)
    out: Floats = np.sort(paths, axis=0)[rows]
    return out


def series_of(documented: Mapping[str, Mapping[Period, float]]) -> dict[str, Series]:
    """Return documented quarters as series, by measure; those with a gap are left out."""
    out = {}
    for measure, quarters in documented.items():
        periods = sorted(map(Period, quarters))
        if periods[-1].number - periods[0].number == len(periods) - 1:
            values = tuple(quarters[period] for period in periods)
            out[measure] = Series(name=measure, unit="awards", every="quarter", first=periods[0], values=values)
    return out


def _case(series: Series, past: Retrospect) -> _Case:
    known = quarter(past.origin) - quarter(series.first) + 1
    values = [float(value) for value in series.values if value is not None]
    steps = len(past.periods)
    if not 0 < known <= len(values) - steps:
        raise InputError(
            f"{series.name}: the look back from {past.origin} takes the quarters from before it to {past.periods[-1]}, "
            f"and the series goes from {series.first} to {series.periods[-1]}"
        )
    simulated = past.paths[series.name]
    trend = forecast_series(series, steps, past.origin).paths(len(simulated))
    actual = np.array(values[known : known + steps])
    return _Case(trend=trend, simulated=simulated, actual=actual, unit=scale(np.array(values[:known])))


def _scores(paths: Floats, case: _Case) -> dict[str, float]:
    low, wide = (np.quantile(paths, ((1 - level) / 2, (1 + level) / 2), axis=0) for level in LEVELS)
    return {
        "mase": float(mase(np.median(paths, axis=0), case.actual, case.unit).mean()),
        "crps": float(crps(paths, case.actual)) / case.unit,
        "interval_score_95": float(interval_score(wide[0], wide[1], case.actual, LEVELS[1])) / case.unit,
        "coverage_80": float(coverage(low[0], low[1], case.actual)),
        "coverage_95": float(coverage(wide[0], wide[1], case.actual)),
    }
