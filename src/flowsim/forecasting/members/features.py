"""What a series is like, in seven numbers: the weights of the members depend on them."""

from __future__ import annotations

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.forecasting.seasons import seasonal

__all__ = ["FEATURES", "describe"]


FEATURES = ("length", "trend", "persistence", "seasonality", "residual", "recent", "raw")
"""Their names, in the order of `describe`."""

_TINY = 1e-3  # added to spreads, so that what a regular series leaves to rounding is no feature of it
_RECENT = 4


def describe(values: Floats, season: int, logs: Floats, raw: Floats) -> Floats:
    """Describe a series.

    Args:
        values: the series.
        season: periods in a year.
        logs: errors one period ahead of exponential smoothing on logs.
        raw: the same of exponential smoothing on the values, in units of their mean size.

    Returns:
        The logarithm of the length; the correlation with time, and that of neighbouring changes, both of the logs
        without their seasons; how much of the seasons is believed, 0 to 1; the logarithms of the errors' size, of that
        of the last four against all, and of that of the raw errors against these.
    """
    seasons = seasonal(values, season)
    adjusted = seasons.removed(values)
    size = float(np.abs(adjusted).mean())
    course = np.log(np.maximum(adjusted / size, _TINY))
    changes = np.diff(course)
    spread, recent = _rms(logs), _rms(logs[-_RECENT:])
    return np.array(
        [
            np.log(len(values)),
            _correlation(course, np.arange(len(values), dtype=np.float64) / len(values)),
            _correlation(changes[1:], changes[:-1]),
            seasons.strength,
            np.log(spread),
            np.log(recent / spread),
            np.log(_rms(raw) / spread),
        ]
    )


def _rms(errors: Floats) -> float:
    return float(np.sqrt((errors**2).mean())) + _TINY


def _correlation(first: Floats, second: Floats) -> float:
    x, y = first - first.mean(), second - second.mean()
    return float(x @ y / np.sqrt((x @ x + len(x) * _TINY**2) * (y @ y + len(y) * _TINY**2)))
