"""How good a forecast was: pure functions of what was said and what came.

The last axis is the horizon. A score is averaged over it, so forecasts in rows give one score a row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError

__all__ = ["coverage", "crps", "interval_score", "mase", "scale", "smape"]


def scale(history: npt.ArrayLike, season: int = 4) -> float:
    """Return the mean absolute change from one year to the next, the unit of MASE and of scaled interval scores.

    Raises:
        InputError: where the history is no longer than a season, or repeats itself, so that there is no unit.
    """
    values = np.asarray(history, np.float64)
    if values.size <= season:
        raise InputError(f"a season of {season} needs more than {season} values, not {values.size}")
    unit = float(np.abs(values[season:] - values[:-season]).mean())
    if unit == 0:
        raise InputError("the history repeats itself every year: errors can't be told in units of its changes")
    return unit


def mase(point: npt.ArrayLike, actual: npt.ArrayLike, unit: float) -> Floats:
    """Return the mean absolute scaled error, the unit from `scale` (Hyndman and Koehler 2006)."""
    return np.asarray(np.abs(np.subtract(point, actual)).mean(axis=-1) / unit, np.float64)


def smape(point: npt.ArrayLike, actual: npt.ArrayLike) -> Floats:
    """Return the symmetric mean absolute percentage error, 0 to 200, as in M3 (Makridakis and Hibon 2000).

    Where both are zero the error is zero.
    """
    size = np.abs(point) + np.abs(actual)
    off = 200 * np.abs(np.subtract(point, actual)) / np.where(size > 0, size, 1)
    return np.asarray(off.mean(axis=-1), np.float64)


def coverage(lower: npt.ArrayLike, upper: npt.ArrayLike, actual: npt.ArrayLike) -> Floats:
    """Return the share of what came that lay in the interval, its ends included."""
    inside = (np.asarray(lower) <= actual) & (np.asarray(actual) <= upper)
    return np.asarray(inside.mean(axis=-1), np.float64)


def interval_score(lower: npt.ArrayLike, upper: npt.ArrayLike, actual: npt.ArrayLike, level: float) -> Floats:
    """Return the width of the interval, and 2/(1 - level) times what missed it (Gneiting and Raftery 2007, 5.9).

    In the unit of the series; divided by `scale` it is the scaled interval score.
    """
    low, high, came = np.asarray(lower), np.asarray(upper), np.asarray(actual)
    missed = np.maximum(low - came, 0) + np.maximum(came - high, 0)
    return np.asarray((high - low + 2 / (1 - level) * missed).mean(axis=-1), np.float64)


def crps(paths: npt.ArrayLike, actual: npt.ArrayLike) -> Floats:
    """Return the continuous ranked probability score of a sample, in the unit of the series.

    `E|X - y| - E|X - X'|/2` over the sample (Gneiting and Raftery 2007, 5.4), which is the estimator "qd" of
    scoringrules. That package takes seven seconds to import, so it is what the tests compare with.

    Args:
        paths: the sample, one row a path, one column a step.
        actual: what came, one number a step.
    """
    sample = np.sort(np.asarray(paths, np.float64), axis=0)
    size = len(sample)
    # E|X - X'| of all pairs from the ranks of the sorted sample: n log n in place of n squared.
    rank = 2.0 * np.arange(1, size + 1) - size - 1
    spread = (rank @ sample) / size**2
    return np.asarray((np.abs(sample - np.asarray(actual)).mean(axis=0) - spread).mean(axis=-1), np.float64)
