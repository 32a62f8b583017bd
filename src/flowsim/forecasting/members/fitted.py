"""Three models of statsmodels on a series without its seasons: Theta, a damped trend, and a local level that drifts.

statsmodels is imported here alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.statespace.structural import UnobservedComponents

from flowsim.core.arrays import Floats
from flowsim.core.extras import WARNING_FILTERS, recorded_warnings
from flowsim.forecasting.members.pool import logs
from flowsim.forecasting.seasons import Seasonal, seasonal

__all__ = ["FITTED", "MemberFit", "Own", "fit_members"]


_AGAIN, _NOTHING = 3, 1e-6  # further searches of a maximum, and a gain in log-likelihood that is none


_BURNED = 2  # first periods whose errors say nothing yet


class Own(NamedTuple):
    """What one model says on its own: points, never negative, and standard deviations on the log scale."""

    point: Floats
    sd: Floats


class MemberFit(NamedTuple):
    """One model on a series without seasons.

    Fields: its points; what it would have said of each period from those before; by how much its points 1, 2, ...
    periods on move with an error made now (one fewer than the points).
    """

    point: Floats
    fitted: Floats
    response: Floats


class _Unusable(Exception):
    """A fit that is not to be used, and why."""


def _theta(values: Floats, steps: int) -> MemberFit:
    # ThetaModel.prediction_intervals is not used: it multiplies 1 + (alpha - 1)^2 where ARIMA(0,1,1) has alpha^2, and
    # by a variance from the series before its seasons were removed. The response and the errors here are our own.
    result = ThetaModel(values, period=4, deseasonalize=False).fit()
    slope, smoothing = (float(value) for value in result.params)
    level = np.empty(len(values))
    level[0] = values[0]
    for at in range(1, len(values)):
        level[at] = smoothing * values[at] + (1 - smoothing) * level[at - 1]
    past = np.arange(1.0, len(values))
    drift = slope / 2 * ((1 - (1 - smoothing) ** past) / smoothing if smoothing > 0 else past)
    return MemberFit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.concatenate([values[:1], level[:-1] + drift]),
        response=np.full(steps - 1, smoothing),
    )


def _damped(values: Floats, steps: int) -> MemberFit:
    # ETSModel on an array gives no prediction intervals, only an AttributeError; the response stands in for them.
    result = _maximum(ETSModel(values, trend="add", damped_trend=True))
    alpha, beta, phi = (float(value) for value in result.params[:3])
    return MemberFit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.asarray(result.fittedvalues, np.float64),
        response=alpha + beta * np.cumsum(phi ** np.arange(1.0, steps)),
    )


def _drifting(values: Floats, steps: int) -> MemberFit:
    result = _maximum(UnobservedComponents(values, "lldtrend"), maxiter=200)
    noise, step = (float(value) for value in result.params)
    gain = 2 / (1 + np.sqrt(1 + 4 * noise / step)) if step > 0 else 0.0  # of the filter once it is steady
    return MemberFit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.asarray(result.fittedvalues, np.float64),
        response=np.full(steps - 1, gain),
    )


def _maximum(model: Any, **options: Any) -> Any:
    """Fit a model until its likelihood can't be raised.

    A search that breaks off at the maximum, where rounding hides the slope, says that it did not converge: on one
    processor and not on the next. So it goes on from there, and where that finds nothing better it was the maximum.
    """
    with WARNING_FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = model.fit(disp=False, **options)
        for _ in range(_AGAIN):
            if result.mle_retvals["converged"]:
                return result
            before, result = result, model.fit(start_params=result.params, disp=False, **options)
            if abs(result.llf - before.llf) <= _NOTHING:
                return result
    raise _Unusable("did not converge")


FITTED: dict[str, Callable[[Floats, int], MemberFit]] = {"theta": _theta, "damped": _damped, "drifting": _drifting}
"""The models: each gets a series without seasons, of mean size 1, of mean size 1."""


def fit_members(
    values: Floats, steps: int, season: int, names: Iterable[str] = tuple(FITTED)
) -> tuple[dict[str, Own], dict[str, str]]:
    """Fit the models to a series.

    Args:
        values: the series, none negative, not all alike.
        steps: periods ahead.
        season: periods in a year.
        names: of the models, all if left out.

    Returns:
        By model what it says, and why a model is left out: where it fails, does not converge, warns, or gives anything
        but finite numbers.
    """
    seasons = seasonal(values, season)
    adjusted = seasons.removed(values)
    size = float(np.abs(adjusted).mean())
    usable, skipped = {}, {}
    for name in names:
        with recorded_warnings() as caught:
            try:
                fit = FITTED[name](adjusted / size, steps)
            except (_Unusable, ValueError, ArithmeticError, np.linalg.LinAlgError) as mistake:
                skipped[name] = str(mistake)
                continue
        if not all(np.isfinite(part).all() for part in fit):
            skipped[name] = "gave numbers that are not finite"
        elif caught:
            skipped[name] = f"warned: {caught[0]}"
        else:
            usable[name] = _own(fit, values, seasons, size)
    return usable, skipped


def _own(fit: MemberFit, values: Floats, seasons: Seasonal, size: float) -> Own:
    """Put the seasons back, and compute what the model's errors within the series mean for those ahead."""
    positive = values[values > 0]
    least = float(positive.min()) / 2
    offset = least if len(positive) < len(values) else 0.0
    past = logs(values, least, offset) - logs(seasons.restored(fit.fitted * size, 0), least, offset)
    growth = np.cumsum(np.concatenate([[1.0], fit.response]) ** 2)
    return Own(
        point=np.maximum(seasons.restored(fit.point * size, len(values)), 0.0),
        sd=np.sqrt((past[_BURNED:] ** 2).mean() * growth),
    )
