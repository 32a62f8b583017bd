"""How far from the point the truth lies, as thousands of public forecasts have shown.

A model fitted to fifteen points does not know how wrong it can be: its parameters are fitted to the errors that it is
then judged by, and it takes its own form for granted. So what a grid of models expects is corrected twice: its standard
deviations by a regression on what the series is like, and the normal quantiles by those of the errors that really came
(conformal prediction). Both are learned offline and shipped as data. A series that is quieter than usual is called less
sure than it looks; one that is louder is never called surer than it looks, but for noise about firm seasons.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from flowsim.core.arrays import Floats
from flowsim.core.files import data_folder
from flowsim.forecasting.members.features import FEATURES
from flowsim.forecasting.members.weights import between

__all__ = ["LONGEST", "TERMS", "Widening", "read_widening", "terms"]


LONGEST = {"quarter": 12, "month": 24}
"""Periods ahead for which intervals are learned."""

TERMS = ("constant", "step", "step squared", "quiet", "recent", "persistence", "loud and seasonal")
"""What the correction of the standard deviations depends on, in the order of `terms`."""

_TYPICAL = 0.1
_WIDEST = 2.0  # a standard deviation on the log scale is a factor of seven; beyond it nothing can be told


def terms(sd: Floats, features: Floats) -> Floats:
    """Return what the correction depends on.

    Args:
        sd: what the grid expects, on the log scale, (..., ahead).
        features: of the series, (..., feature).

    Returns:
        Shape (..., ahead, term).
    """
    step = np.log(np.arange(1.0, sd.shape[-1] + 1))
    size = np.log(np.minimum(sd, _WIDEST) / _TYPICAL)
    seasonality, recent, persistence = (
        features[..., FEATURES.index(name), None] for name in ("seasonality", "recent", "persistence")
    )
    out = (
        np.ones_like(size),
        step,
        step**2,
        np.minimum(size, 0.0),
        np.clip(recent, -1.0, 1.0),
        persistence,
        np.maximum(size, 0.0) * seasonality,
    )
    return np.stack(np.broadcast_arrays(*out), axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Widening:
    """What makes intervals of a grid's standard deviations, on the log scale.

    Attributes:
        lengths: of training series, ascending; between them all is interpolated in the logarithm of the length.
        coefficients: (length, term) of the logarithm by which standard deviations are corrected.
        levels: of central intervals, ascending; between them half-widths are interpolated by the normal score.
        factors: (length, level, ahead) on the half-widths of normal intervals.
        provenance: which series, which code, how, in words and figures.
    """

    lengths: tuple[int, ...]
    coefficients: Floats
    levels: tuple[float, ...]
    factors: Floats
    provenance: Mapping[str, Any]

    def corrected(self, sd: Floats, features: Floats, length: int) -> Floats:
        """Return standard deviations as errors like these have really had.

        Args:
            sd: what the grid expects, one a period ahead.
            features: of the series.
            length: its periods.
        """
        below, above, share = between(length, self.lengths)
        own = (1 - share) * self.coefficients[below] + share * self.coefficients[above]
        out: Floats = np.minimum(np.minimum(sd, _WIDEST) * np.exp(terms(sd, features) @ own), _WIDEST)
        return out

    def spread(self, score: npt.ArrayLike, length: int, steps: int) -> Floats:
        """Turn normal scores into widened ones for a training series of this length.

        Args:
            score: normal scores whose last axis is the periods ahead, or broadcasts to it.
            length: periods that were fitted.
            steps: periods ahead.
        """
        below, above, share = between(length, self.lengths)
        own = ((1 - share) * self.factors[below] + share * self.factors[above])[:, :steps]
        size = ndtri((1 + np.asarray(self.levels)) / 2)
        scores = np.broadcast_to(np.asarray(score, np.float64), np.broadcast_shapes(np.shape(score), (steps,)))
        out = np.empty(scores.shape)
        for step in range(steps):
            far = np.abs(scores[..., step])
            wide = np.interp(far, [0.0, *size], [0.0, *(size * own[:, step])])
            out[..., step] = np.copysign(np.maximum(wide, far * own[-1, step] * (far > size[-1])), scores[..., step])
        return out


@cache
def read_widening(every: str = "quarter") -> Widening:
    """Return what is shipped for series by "quarter" or "month"."""
    text = (data_folder("forecast") / "widening.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    own = tables[every]
    return Widening(
        lengths=tuple(own["lengths"]),
        coefficients=np.array(own["coefficients"], np.float64),
        levels=tuple(own["levels"]),
        factors=np.array(own["factors"], np.float64),
        provenance=tables["provenance"],
    )
