"""Series of one kind, such as those of other municipalities, as a class to learn the widths of intervals from."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy.special import ndtri

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.progress import Progress
from flowsim.evidence.series import Series
from flowsim.forecasting.members.pool import logs
from flowsim.forecasting.trend import (
    FEWEST,
    Learned,
    alike,
    check_horizon,
    forecast_series,
    learned,
    several_series,
    upto,
)

__all__ = ["ReferenceClass", "learn_from"]

_LEVEL = 0.8
_SCORE = float(ndtri((1 + _LEVEL) / 2))
_ORIGINS = 12  # the last ones of each series
_PRIOR = 5.0  # series that the shipped widths are worth
_LARGE = 0.9  # of the series have had no larger surprise


@dataclass(frozen=True, kw_only=True)
class ReferenceClass:
    """What series of one kind have shown about their forecasts.

    Attributes:
        every: "quarter" or "month".
        factor: by which half-widths of intervals are multiplied, on the log scale.
        surprise: a large error one period ahead, on the log scale: nine in ten series had none larger.
        series: their names.
        forecasts: how many periods ahead were compared with what came.
        members: the series themselves.
    """

    every: str
    factor: float
    surprise: float
    series: tuple[str, ...]
    forecasts: int
    members: tuple[Series, ...] = field(default=(), repr=False)

    def taught(self) -> Learned:
        """Return the shipped weights, and intervals as wide as this class needs them."""
        shipped = learned(self.every)
        widening = replace(shipped.widening, factors=shipped.widening.factors * self.factor)
        return Learned(shipped.weights, widening, self.members)


def learn_from(
    series: Sequence[Series], horizon: int = 4, *, executor: Executor | None = None, progress: Progress | None = None
) -> ReferenceClass:
    """Forecast series of one kind from their past, and learn how wide their intervals have to be.

    The factor is the 80 % quantile of the errors in units of the half-width of the 80 % interval, on the log scale,
    drawn towards one as if five more series had needed no change.

    Args:
        series: at least two, of the same kind of period, each with at least one period after its first two years.
        horizon: periods ahead.
        executor: where the series are forecast, each by itself.
        progress: called with (series done, series in all).

    Raises:
        InputError: as `flowsim.forecasting.trend.forecast_series`, and where there are fewer than two, or of two kinds.
    """
    series = several_series("series", series)
    if len(series) < 2 or len({own.every for own in series}) > 1:
        raise InputError(f"{len(series)} series are no reference class: at least two by quarter, or two by month")
    check_horizon(horizon, series[0].every)
    errors, surprises = [], []
    look_back = partial(_from_its_past, horizon=horizon)
    for done, (own_errors, surprise) in enumerate((executor.map if executor else map)(look_back, series)):
        errors += own_errors
        surprises.append(surprise)
        if progress is not None:
            progress(done + 1, len(series))
    if not errors:
        raise InputError("no series of the reference class is longer than two years: there is nothing to learn from")
    together = np.concatenate(errors)
    raw = float(np.log(np.quantile(together, _LEVEL)))
    return ReferenceClass(
        every=series[0].every,
        factor=float(np.exp(raw * len(series) / (len(series) + _PRIOR))),
        surprise=float(np.quantile(surprises, _LARGE)),
        series=tuple(own.name for own in series),
        forecasts=len(together),
        members=tuple(series),
    )


def _from_its_past(own: Series, horizon: int) -> tuple[list[Floats], float]:
    """Return the errors of forecasts from a series' last origins in half-widths, and its largest surprise."""
    used = upto(own)
    values = np.array(used.values, np.float64)
    errors = []
    for count in range(max(FEWEST[own.every], len(values) - _ORIGINS), len(values)):
        actual = values[count : count + horizon]
        if alike(values[:count], own.every):
            continue
        expected = forecast_series(used, len(actual), used.periods[count - 1])
        half = expected.widening.spread(_SCORE, count, len(actual)) * expected.sd
        point = logs(expected.point, expected.least, expected.offset)
        errors.append(np.abs(logs(actual, expected.least, expected.offset) - point) / half)
    return errors, forecast_series(used, 1).surprise
