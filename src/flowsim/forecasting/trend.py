"""Where a short quarterly series is heading if nothing changes, and how sure one can be of that.

The point forecast is the mean of three models of statsmodels on the series without its seasons: Theta, damped trend
exponential smoothing, and a local level with a steady drift (unobserved components). On fifteen points such a mean does
better than any choice among models. Intervals are reckoned on the log scale, so that counts stay above zero, and
widened by what thousands of public forecasts have shown (`flowsim.forecasting.widening`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.statespace.structural import UnobservedComponents

from flowsim.core.errors import InputError
from flowsim.core.periods import Period, quarter
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import Effect, Forecast, Joint
from flowsim.forecasting.seasons import seasonal
from flowsim.forecasting.shocks import LOCKDOWN, Shock
from flowsim.forecasting.widening import LONGEST, Widening, load, logs

__all__ = [
    "FEWEST",
    "MEMBERS",
    "Course",
    "Fit",
    "check_horizon",
    "chosen",
    "course",
    "covariance",
    "forecast",
    "forecast_parts",
    "upto",
]

Floats = npt.NDArray[np.float64]
FEWEST = 8
"""Quarters that a series needs to be forecast: two years."""
_WIDEST = 2.0  # a standard deviation on the log scale is a factor of seven; beyond it nothing can be told
_LARGEST = 1e9
_AGAIN, _NOTHING = 3, 1e-6  # further searches of a maximum, and a gain in log-likelihood that is none


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """One model on a series.

    Attributes:
        point: its forecasts, one a quarter ahead.
        fitted: what it would have said of each quarter from those before.
        response: by how much a forecast 1, 2, ... quarters on moves with an error made now (one fewer than `point`).
    """

    point: Floats
    fitted: Floats
    response: Floats


class _Unusable(Exception):
    """A fit that is not to be used, and why."""


def _theta(values: Floats, steps: int) -> Fit:
    # ThetaModel.prediction_intervals is not used: it multiplies 1 + (alpha - 1)^2 where ARIMA(0,1,1) has alpha^2, and
    # by a variance from the series before its seasons were removed. The response and the errors here are our own.
    result = ThetaModel(values, period=4, deseasonalize=False).fit()
    slope, smoothing = (float(value) for value in result.params)
    level = np.empty(len(values))
    level[0] = values[0]
    for at in range(1, len(values)):
        level[at] = smoothing * values[at] + (1 - smoothing) * level[at - 1]
    seen = np.arange(1.0, len(values))
    drift = slope / 2 * ((1 - (1 - smoothing) ** seen) / smoothing if smoothing > 0 else seen)
    return Fit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.concatenate([values[:1], level[:-1] + drift]),
        response=np.full(steps - 1, smoothing),
    )


def _damped(values: Floats, steps: int) -> Fit:
    # ETSModel on an array gives no prediction intervals, only an AttributeError; the response stands in for them.
    result = _maximum(ETSModel(values, trend="add", damped_trend=True))
    alpha, beta, phi = (float(value) for value in result.params[:3])
    return Fit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.asarray(result.fittedvalues, np.float64),
        response=alpha + beta * np.cumsum(phi ** np.arange(1.0, steps)),
    )


def _drifting(values: Floats, steps: int) -> Fit:
    result = _maximum(UnobservedComponents(values, "lldtrend"), maxiter=200)
    noise, step = (float(value) for value in result.params)
    gain = 2 / (1 + np.sqrt(1 + 4 * noise / step)) if step > 0 else 0.0  # of the filter once it is steady
    return Fit(
        point=np.asarray(result.forecast(steps), np.float64),
        fitted=np.asarray(result.fittedvalues, np.float64),
        response=np.full(steps - 1, gain),
    )


def _maximum(model: Any, **how: Any) -> Any:
    """Fit a model until its likelihood can't be raised.

    A search that breaks off at the maximum, where rounding hides the slope, says that it did not converge: on one
    processor and not on the next. So it goes on from there, and where that finds nothing better it was the maximum.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = model.fit(disp=False, **how)
        for _ in range(_AGAIN):
            if result.mle_retvals["converged"]:
                return result
            before, result = result, model.fit(start_params=result.params, disp=False, **how)
            if abs(result.llf - before.llf) <= _NOTHING:
                return result
    raise _Unusable("did not converge")


MEMBERS: dict[str, Callable[[Floats, int], Fit]] = {"theta": _theta, "damped": _damped, "drifting": _drifting}
"""The models whose mean is forecast: each gets a series without seasons, of mean size 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """What the models together say of a series, before any widening.

    Attributes:
        point: one a quarter ahead, never negative.
        members: the same by model, of those that could be used.
        residual: the standard deviation of the errors one quarter ahead within the series, on the log scale.
        errors: these errors, one a quarter from the third on.
        impulse: (ahead, error) how an error in a quarter ahead moves that and the later ones.
        apart: the standard deviation between the models, one a quarter ahead, on the log scale.
        offset: added before logs are taken: nothing, or half the smallest positive value where there are zeros.
        least: half the smallest positive value.
        skipped: models that could not be used, with the reason.
    """

    point: Floats
    members: dict[str, Floats]
    residual: float
    errors: Floats
    impulse: Floats
    apart: Floats
    offset: float
    least: float
    skipped: dict[str, str]


def course(values: Floats, steps: int, names: Iterable[str] = tuple(MEMBERS)) -> Course:
    """Fit models to a series and average them.

    Args:
        values: one a quarter, none negative, not all alike, at least `FEWEST`.
        steps: quarters ahead.
        names: of the models.

    A model that fails, did not converge, warns, or gives anything but finite numbers is left out and named in
    `skipped`. Where none is left the last value is carried forward.
    """
    count = len(values)
    seasons = seasonal(values)
    adjusted = seasons.removed(values)
    size = float(np.abs(adjusted).mean())
    fits, skipped = _fits(adjusted / size, steps, names)
    point = np.mean([fit.point for fit in fits.values()], axis=0) * size
    fitted = np.mean([fit.fitted for fit in fits.values()], axis=0) * size
    response = np.mean([fit.response for fit in fits.values()], axis=0)
    ahead = np.arange(steps)
    since = ahead[:, None] - ahead
    impulse = np.where(since < 0, 0.0, np.concatenate([[1.0], response])[np.abs(since)])
    positive = values[values > 0]
    least = float(positive.min()) / 2
    offset = least if len(positive) < count else 0.0

    members = {name: np.maximum(seasons.restored(fit.point * size, count), 0.0) for name, fit in fits.items()}
    errors = (logs(values, least, offset) - logs(seasons.restored(fitted, 0), least, offset))[2:]
    return Course(
        point=np.maximum(seasons.restored(point, count), 0.0),
        members=members,
        residual=float(np.sqrt((errors**2).mean())),
        errors=errors,
        impulse=impulse,
        apart=np.std([logs(one, least, offset) for one in members.values()], axis=0),
        offset=offset,
        least=least,
        skipped=skipped,
    )


def _fits(values: Floats, steps: int, names: Iterable[str]) -> tuple[dict[str, Fit], dict[str, str]]:
    fits, skipped = {}, {}
    for name in names:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fit = MEMBERS[name](values, steps)
            except (_Unusable, ValueError, ArithmeticError, np.linalg.LinAlgError) as mistake:
                skipped[name] = str(mistake)
                continue
        told = [np.isfinite(part).all() for part in (fit.point, fit.fitted, fit.response)]
        if not all(told):
            skipped[name] = "gave numbers that are not finite"
        elif caught:
            skipped[name] = f"warned: {caught[0].message}"
        else:
            fits[name] = fit
    if not fits:
        before = np.concatenate([values[:1], values[:-1]])
        fits["last value"] = Fit(point=np.full(steps, values[-1]), fitted=before, response=np.ones(steps - 1))
    return fits, skipped


def forecast(
    series: Series,
    horizon: int = 8,
    origin: str | None = None,
    shock: Shock | None = None,
    widening: Widening | None = None,
) -> Forecast:
    """Forecast a quarterly series.

    Args:
        series: at least `FEWEST` quarters, without gaps.
        horizon: quarters ahead, 1 to 12.
        origin: the last quarter to use; the last one of the series if left out.
        shock: how a quarter unlike the others is taken. Where the series holds the lock-down and nothing is said of it,
            it is taken as observed, and a note says so.
        widening: other factors than the shipped ones.

    Raises:
        InputError: where the series is too short, has months, gaps or negative numbers, or never changes, and where the
            horizon, the origin or the shock does not fit it.
    """
    check_horizon(horizon)
    used, factors = upto(series, origin), widening or load()
    values = np.array(used.values, np.float64)
    shock, notes = chosen(used, shock)
    effect = None
    remaining = np.zeros(horizon)
    if shock is not None and shock.recovers is not None:
        effect = _effect(used, shock, factors)
        shape = shock.shape(quarter(used.first), len(values) + horizon)
        remaining = shape[len(values) :]
        values = values * np.exp(-effect.size * shape[: len(values)])
    found = course(values, horizon)
    spread = covariance(found, factors)
    left = np.ones(horizon)
    if effect is not None:
        left = np.exp(effect.size * remaining)
        spread = spread + effect.error**2 * np.outer(remaining, remaining)
    sd = np.sqrt(np.diag(spread))
    skipped = tuple(f"{series.name}: {name} is left out: it {reason}" for name, reason in found.skipped.items())
    return Forecast(
        series=used,
        point=found.point * left,
        members={name: point * left for name, point in found.members.items()},
        sd=sd,
        correlation=spread / np.outer(sd, sd),
        errors=found.errors,
        least=found.least,
        offset=found.offset,
        widening=factors,
        shock=shock,
        effect=effect,
        notes=notes + skipped,
    )


def forecast_parts(
    parts: Sequence[Series], horizon: int = 8, origin: str | None = None, shock: Shock | None = None
) -> Joint:
    """Forecast series that are the parts of a whole; arguments and errors as for `forecast`.

    Raises:
        InputError: also where the parts differ in unit or last quarter.
    """
    return Joint.of([forecast(part, horizon, origin, shock) for part in parts])


def check_horizon(horizon: int) -> None:
    """Refuse a horizon that no factors are learned for; raises InputError."""
    if not 1 <= horizon <= LONGEST:
        raise InputError(f"a horizon of {horizon} quarters is not allowed: 1 to {LONGEST}")


def chosen(series: Series, shock: Shock | None) -> tuple[Shock | None, tuple[str, ...]]:
    """Return how a shock is taken, with what a reader has to be told of it.

    Raises:
        InputError: where the shock lies outside the series.
    """
    first, last = series.periods[0], series.periods[-1]
    if shock is None:
        if not quarter(first) <= quarter(LOCKDOWN) <= quarter(last):
            return None, ()
        told = f"{LOCKDOWN}, the lock-down, is taken as observed since nothing else was said"
        return Shock(quarter=LOCKDOWN), (f"{told} (--shock {LOCKDOWN}=recovers:4 makes it an intervention)",)
    if not quarter(first) <= quarter(shock.quarter) <= quarter(last):
        raise InputError(f"{series.name}: a shock in {shock.quarter} lies outside the series, {first} to {last}")
    return shock, () if shock.recovers else (str(shock),)


def upto(series: Series, origin: str | None = None) -> Series:
    """Return a series up to a quarter, after checking that it can be forecast from there.

    Raises:
        InputError: as `forecast`.
    """
    name = series.name
    if series.every != "quarter":
        raise InputError(f"{name}: it is by {series.every}: make quarters of it first, by sum or mean (--months)")
    if not series.values:
        raise InputError(f"{name}: the series is empty")
    first = quarter(series.first)
    count = len(series.values)
    if origin is not None:
        count = quarter(origin) - first + 1
        if not 1 <= count <= len(series.values):
            raise InputError(
                f"{name}: the origin {origin} lies outside the series, {series.first} to {series.periods[-1]}"
            )
    values = series.values[:count]
    marks = tuple(mark for mark in series.marks if quarter(mark.period) < first + count)
    missing = [Period.of(first + at, "quarter") for at, value in enumerate(values) if value is None]
    if missing:
        told = [f"{mark.period} {mark.place} '{mark.text}' ({mark.meaning})" for mark in marks] or missing
        raise InputError(
            f"{name}: {len(missing)} of {count} quarters have no number: {'; '.join(told[:12])}"
            f"{'; ...' if len(told) > 12 else ''}: fill them in, or end the series before them with --origin"
        )
    known = [value for value in values if value is not None]
    for at, value in enumerate(known):
        if value != 0 and not 1 / _LARGEST <= value <= _LARGEST:
            raise InputError(
                f"{name}: {Period.of(first + at, 'quarter')} is {value:g}: counts from 0 to {_LARGEST:.0e} are "
                "forecast, none negative"
            )
    if count < FEWEST:
        raise InputError(f"{name}: {count} quarters are too few: at least {FEWEST} are needed, two years")
    if min(known) == max(known):
        raise InputError(f"{name}: all {count} quarters are {known[0]:g}: such a series does not tell how sure it is")
    return Series(name=name, unit=series.unit, every="quarter", first=series.first, values=tuple(known), marks=marks)


def covariance(found: Course, factors: Widening) -> Floats:
    """Return the covariance of the errors ahead, on the log scale: what comes by chance, and where models disagree."""
    chance = factors.shrunk(found.residual, len(found.errors)) ** 2 * found.impulse @ found.impulse.T
    both = chance + np.outer(found.apart, found.apart)
    kept = np.minimum(1.0, _WIDEST / np.sqrt(np.diag(both)))
    out: Floats = both * np.outer(kept, kept)
    return out


def _effect(series: Series, shock: Shock, factors: Widening) -> Effect:
    """Estimate a shock: how far the quarters since then lie off the course that those before it were on.

    Generalised least squares of these distances, on the log scale, on the shape of the recovery.
    """
    at = quarter(shock.quarter) - quarter(series.first)
    values = np.array(series.values, np.float64)
    since = len(values) - at
    if not 0 < since <= LONGEST or at < FEWEST:
        raise InputError(
            f"{series.name}: a shock in {shock.quarter} can't be estimated from {series.first} to "
            f"{series.periods[-1]}: it needs {FEWEST} quarters before it, "
            f"and the quarter itself with at most {LONGEST - 1} after it"
        )
    if min(values[:at]) == max(values[:at]):
        raise InputError(f"{series.name}: it does not change before {shock.quarter}: a shock there can't be estimated")
    before = course(values[:at], since)
    off = logs(values[at:], before.least, before.offset) - logs(before.point, before.least, before.offset)
    # At one standard error the factor is that of a two-thirds interval.
    wide = factors.spread(np.ones(since), at, since)
    weights = np.linalg.pinv(covariance(before, factors) * np.outer(wide, wide)) @ shock.shape(
        quarter(shock.quarter), since
    )
    total = float(weights @ shock.shape(quarter(shock.quarter), since))
    return Effect(size=float(weights @ off) / total, error=1 / np.sqrt(total))
