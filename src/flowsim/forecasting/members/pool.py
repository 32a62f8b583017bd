"""The members side by side: where each says that a series is heading, and what the weights and intervals need of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Floats
from flowsim.forecasting.members.features import describe
from flowsim.forecasting.members.smoothing import complex_smoothing, damped_smoothing, drifting

__all__ = ["GRIDS", "YEARS", "Pool", "logs", "run_grids"]


GRIDS = ("smoothing of logs", "smoothing", "complex smoothing", "steady drift")
"""The members that are averages over grids."""


YEARS = 12
"""Years that are looked back on: what lies before them tells less than it misleads."""

_FAR = 4.0  # robust standard deviations: an error beyond them counts as large as this
_TINY = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """What the grids say of a series.

    Attributes:
        points: by member, one a period ahead, never negative.
        features: as `flowsim.forecasting.members.features.describe`.
        covariance: (ahead, ahead) of the coming values, on the log scale, as the first member expects it.
        errors: of the first member one period ahead within the series, on the log scale.
        calmed: the series that the members go by: its last years, single values that lie far off brought nearer.
        least: half the smallest positive value.
        offset: added before logs are taken: `least` where there are zeros, otherwise nothing.
    """

    points: dict[str, Floats]
    features: Floats
    covariance: Floats
    errors: Floats
    calmed: Floats
    least: float
    offset: float


def logs(values: npt.ArrayLike, least: float, offset: float) -> Floats:
    """Take logs of values plus an offset; without one, of nothing below the least that can be told from zero."""
    return np.asarray(np.log(np.maximum(values, 0.0 if offset else least) + offset), np.float64)


def run_grids(values: Floats, steps: int, season: int) -> Pool:
    """Let the grids forecast a series.

    Args:
        values: the series, none negative, two years or more, not all alike in the years that are looked back on.
        steps: periods ahead.
        season: periods in a year.
    """
    values = values[-YEARS * season :]
    positive = values[values > 0]
    least = float(positive.min()) / 2
    offset = least if len(positive) < len(values) else 0.0
    own = logs(values, least, offset)
    middle = float(own.mean())
    plain = damped_smoothing(season).expect(own - middle, steps)
    far = _FAR * (1.4826 * float(np.median(np.abs(plain.errors))) + _TINY)
    own = own - plain.errors + np.clip(plain.errors, -far, far)
    calmed = np.maximum(np.exp(own) - offset, 0.0)

    middle, size = float(own.mean()), float(calmed.mean())
    log, drift = (grid(season).expect(own - middle, steps) for grid in (damped_smoothing, drifting))
    raw = damped_smoothing(season).expect(calmed / size - 1, steps)
    imaginary = complex_smoothing(season).expect(calmed / size, steps)
    points = (
        np.exp(log.point + middle) - offset,
        (raw.point + 1) * size,
        imaginary.point * size,
        np.exp(drift.point + middle) - offset,
    )
    return Pool(
        points={name: np.maximum(point, 0.0) for name, point in zip(GRIDS, points, strict=True)},
        features=describe(calmed, season, plain.errors, raw.errors),
        covariance=plain.covariance,
        errors=plain.errors,
        calmed=calmed,
        least=least,
        offset=offset,
    )
