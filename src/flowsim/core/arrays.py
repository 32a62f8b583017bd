"""The types of arrays, and what is done with them in several rooms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bools",
    "Floats",
    "Ints",
    "defined_deviation",
    "defined_mean",
    "defined_quantiles",
    "plain",
    "ratio",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def ratio(part: Ints | Floats, whole: Ints | Floats) -> Floats:
    """Divide, with NaN where the whole is 0."""
    out: Floats = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=out, where=whole != 0)
    return out


def defined_mean(values: Floats, axis: int = 0) -> Floats:
    """Return the mean along an axis over what is defined; NaN where nothing is."""
    return ratio(np.nansum(values, axis=axis), (~np.isnan(values)).sum(axis=axis))


def defined_deviation(values: Floats) -> Floats:
    """Return the standard deviation along the first axis over what is defined; NaN where fewer than two are."""
    count = (~np.isnan(values)).sum(axis=0)
    out: Floats = np.sqrt(ratio(np.nansum((values - defined_mean(values)) ** 2, axis=0), np.maximum(count - 1, 0)))
    return out


def defined_quantiles(values: Floats, levels: Sequence[float]) -> Floats:
    """Return quantiles along the first axis over what is defined, one row a level; NaN where nothing is.

    At the place (n + 1) p among n ordered values, and within them, so that a further value lies below as often as it
    says: number 6 of Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50.
    Infinite values have their place; between a finite one and an infinite one lies the infinite one.
    """
    if not len(values):
        return np.full((len(levels), *values.shape[1:]), np.nan)
    inside = np.sort(values.reshape(len(values), -1), axis=0)  # NaN comes last
    last = np.maximum(np.sum(~np.isnan(inside), axis=0) - 1, 0)
    at = np.clip(np.array(levels)[:, None] * (last + 2) - 1, 0, last)
    low = np.floor(at).astype(np.int64)
    columns = np.arange(inside.shape[1])
    left, right = inside[low, columns], inside[np.minimum(low + 1, last), columns]
    share = at - low
    with np.errstate(invalid="ignore"):  # of two that are infinite, no difference is taken
        between = left + share * (right - left)
    out: Floats = np.where((share == 0) | (left == right), left, between)
    return out.reshape(len(levels), *values.shape[1:])


def plain(value: Any) -> Any:
    """Return plain data as JSON holds it: None for a number that is undefined or infinite, at any depth."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
