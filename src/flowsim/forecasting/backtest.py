"""How the forecasts would have done: from each period of the past, beside what is simplest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.periods import Every
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import LEVELS, Joint, SeriesForecast
from flowsim.forecasting.members.fitted import FITTED
from flowsim.forecasting.members.pool import logs
from flowsim.forecasting.scores import coverage, crps, interval_score, mase, scale, smape
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import (
    FEWEST,
    SEASON,
    alike,
    check_horizon,
    chosen,
    course,
    forecast_parts,
    forecast_series,
    period_number,
    several_series,
    upto,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OURS", "Backtest", "Score", "backtest_parts", "frame", "run_backtest"]

Quantile = Callable[[float], Floats]
OURS = "flowsim"
_GRID = (np.arange(200) + 0.5) / 200  # the probabilities whose quantiles stand for the distribution in the CRPS


@dataclass(frozen=True, kw_only=True)
class Score:
    """Averages of one method over all origins and periods ahead.

    Attributes:
        method: "flowsim", "naive", "seasonal naive", "drift", or a single model with its own intervals.
        mase: mean absolute error, in mean absolute changes from year to year before the origin.
        smape: in percent, 0 to 200.
        coverage_80, coverage_95: shares of what came that lay in the intervals.
        interval_score_95: of the 95 % interval, in the unit of `mase`.
        crps: of the whole distribution, in the unit of `mase`.
    """

    method: str
    mase: float
    smape: float
    coverage_80: float
    coverage_95: float
    interval_score_95: float
    crps: float


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The scores of all methods on one series.

    Attributes:
        name: of the series.
        horizon: periods ahead, at most: near the end of the series there are fewer to compare with.
        origins: the periods that were forecast from.
        scores: one a method, the lowest MASE first.
        every: what the periods are: "quarter" or "month".
    """

    name: str
    horizon: int
    origins: tuple[str, ...]
    scores: tuple[Score, ...]
    every: Every = "quarter"


def run_backtest(series: Series, horizon: int = 4, shock: Shock | None = None) -> Backtest:
    """Forecast a series from each period of its past, beginning after two years, and score the forecasts.

    Args:
        series: as for `flowsim.forecasting.trend.forecast_series`, with at least one period after its first two years.
        horizon: periods ahead, 1 to 12 quarters or 1 to 24 months.
        shock: applied from the origins on that know of it.

    Raises:
        InputError: as `flowsim.forecasting.trend.forecast_series`, and where there is no origin to score.
    """
    chosen(upto(series), shock)

    def forecast_from(origin: str, steps: int) -> SeriesForecast:
        return forecast_series(series, steps, origin, _known(shock, series, origin))

    return _backtest(series, forecast_from, horizon)


def backtest_parts(parts: Sequence[Series], horizon: int = 4, shock: Shock | None = None) -> tuple[Backtest, ...]:
    """Score the parts of a whole and the whole, which is forecast as their sum; arguments and errors as `backtest`."""
    parts = several_series("parts", parts)
    whole = forecast_parts(parts, 1).series

    def forecast_from(origin: str, steps: int) -> Joint:
        return forecast_parts(parts, steps, origin, _known(shock, whole, origin))

    return (*(run_backtest(part, horizon, shock) for part in parts), _backtest(whole, forecast_from, horizon))


def frame(results: Iterable[Backtest]) -> pd.DataFrame:
    """Write scores as one tidy table: series, horizon, origins, and the columns of `Score`."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"series": result.name, "horizon": result.horizon, "origins": len(result.origins), **vars(score)}
            for result in results
            for score in result.scores
        ]
    )


def _known(shock: Shock | None, series: Series, origin: str) -> Shock | None:
    """Return a shock as it can be told at an origin: before its quarter nobody knew of it."""
    if shock is None or period_number(shock.quarter) > period_number(origin):
        return None
    enough = period_number(shock.quarter) - period_number(series.first) >= FEWEST[series.every]
    return shock if enough else Shock(quarter=shock.quarter)


def _backtest(series: Series, forecast_from: Callable[[str, int], SeriesForecast | Joint], horizon: int) -> Backtest:
    check_horizon(horizon, series.every)
    values = np.array(upto(series).values, np.float64)
    season, fewest = SEASON[series.every], FEWEST[series.every]
    rows: dict[str, list[dict[str, float]]] = {}
    origins, weights = [], []
    for count in range(fewest, len(values)):
        history, actual = values[:count], values[count : count + horizon]
        if alike(history, series.every) or (history[season:] == history[:-season]).all():
            continue
        origin = series.periods[count - 1]
        ours = forecast_from(origin, len(actual))
        unit = scale(history, season)
        methods = {OURS: (ours.point, ours.quantile), **dict(_others(history, len(actual), series.every))}
        for method, (point, quantile) in methods.items():
            rows.setdefault(method, []).append(_scores(point, quantile, actual, unit))
        origins.append(origin)
        weights.append(len(actual))
    if not origins:
        raise InputError(
            f"{series.name}: no {series.every} can be forecast from: it needs {fewest} that change before it and one "
            "after"
        )
    scores = [
        Score(
            method=method, **{name: float(np.average([one[name] for one in told], weights=weights)) for name in told[0]}
        )
        for method, told in rows.items()
    ]
    return Backtest(
        name=series.name,
        horizon=horizon,
        origins=tuple(origins),
        scores=tuple(sorted(scores, key=lambda score: score.mase)),
        every=series.every,
    )


def _scores(point: Floats, quantile: Quantile, actual: Floats, unit: float) -> dict[str, float]:
    low, wide = ((quantile((1 - level) / 2), quantile((1 + level) / 2)) for level in LEVELS)
    return {
        "mase": float(mase(point, actual, unit)),
        "smape": float(smape(point, actual)),
        "coverage_80": float(coverage(*low, actual)),
        "coverage_95": float(coverage(*wide, actual)),
        "interval_score_95": float(interval_score(*wide, actual, LEVELS[1])) / unit,
        "crps": float(crps(np.array([quantile(share) for share in _GRID]), actual)) / unit,
    }


def _others(values: Floats, steps: int, every: str) -> Iterator[tuple[str, tuple[Floats, Quantile]]]:
    """Yield what is simplest with its textbook intervals, and each model alone with its own, not widened.

    From an origin where a model can't be used, the last value stands for it.
    """
    ahead, last, season = np.arange(1, steps + 1), values[-1], SEASON[every]
    slope = (last - values[0]) / (len(values) - 1)
    year = np.array([values[len(values) - season + (step - 1) % season] for step in ahead])
    simple = {
        "naive": (np.full(steps, last), np.diff(values), ahead),
        "seasonal naive": (year, values[season:] - values[:-season], (ahead - 1) // season + 1),
        "drift": (
            np.maximum(last + slope * ahead, 0),
            np.diff(values) - slope,
            ahead * (1 + ahead / (len(values) - 1)),
        ),
    }
    for name, (point, errors, growth) in simple.items():
        yield name, (point, _normal(point, np.sqrt((errors**2).mean() * growth)))
    expected = course(values, steps, every)
    for name in FITTED:
        own = expected.own.get(name)
        point = np.full(steps, last) if own is None else own.point
        sd = np.std(expected.errors) * np.sqrt(ahead) if own is None else own.sd
        yield name, (point, _lognormal(point, sd, expected.least, expected.offset))


def _normal(point: Floats, sd: Floats) -> Quantile:
    return lambda share: np.maximum(point + ndtri(share) * sd, 0.0)


def _lognormal(point: Floats, sd: Floats, least: float, offset: float) -> Quantile:
    centre = logs(point, least, offset)
    return lambda share: np.maximum(np.exp(centre + ndtri(share) * sd) - offset, 0.0)
