"""How much wider than a model's own an interval has to be, as thousands of public forecasts have shown.

A model fitted to fifteen points does not know how wrong it can be: its parameters are fitted to the errors that it is
then judged by, and it takes its own form for granted. What the errors of many such forecasts really were, in units of
what the models expected, is learned offline and shipped as data.
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

from flowsim.core.files import data_folder

__all__ = ["LONGEST", "Widening", "load", "logs"]

Floats = npt.NDArray[np.float64]
LONGEST = 12
"""Quarters ahead for which factors are learned."""
_PRIOR = 8.0


def logs(values: npt.ArrayLike, least: float, offset: float) -> Floats:
    """Take logs of values plus an offset; without one, of nothing below the least that can be told from zero."""
    return np.asarray(np.log(np.maximum(values, 0.0 if offset else least) + offset), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Widening:
    """Factors on the half-widths of central intervals, on the log scale.

    Attributes:
        typical: the middle one of the public series' own residual standard deviations, on the log scale.
        lengths: of training series, ascending; between them factors are interpolated in 1/length.
        levels: of intervals, ascending; between them half-widths are interpolated by the normal score.
        factors: (length, level, quarters ahead).
        provenance: which series, which code, how and when, in words and figures.
    """

    typical: float
    lengths: tuple[int, ...]
    levels: tuple[float, ...]
    factors: Floats
    provenance: Mapping[str, Any]

    def shrunk(self, residual: float, count: int) -> float:
        """Draw a residual standard deviation from so many quarters towards the typical one, as if by eight more.

        A short series whose few changes happened to be small is not a certain one.
        """
        tiny = 1e-12
        return float(np.exp((count * np.log(residual + tiny) + _PRIOR * np.log(self.typical)) / (count + _PRIOR)))

    def spread(self, score: npt.ArrayLike, length: int, steps: int) -> Floats:
        """Turn normal scores into widened ones for a training series of this length.

        Args:
            score: normal scores whose last axis is the quarters ahead, or broadcasts to it.
            length: quarters that were fitted.
            steps: quarters ahead, at most `LONGEST`.
        """
        own = self._of_length(length)[:, :steps]
        size = ndtri((1 + np.asarray(self.levels)) / 2)
        scores = np.broadcast_to(np.asarray(score, np.float64), np.broadcast_shapes(np.shape(score), (steps,)))
        out = np.empty(scores.shape)
        for step in range(steps):
            far = np.abs(scores[..., step])
            wide = np.interp(far, [0.0, *size], [0.0, *(size * own[:, step])])
            out[..., step] = np.copysign(np.maximum(wide, far * own[-1, step] * (far > size[-1])), scores[..., step])
        return out

    def _of_length(self, length: int) -> Floats:
        inverse = -1 / np.asarray(self.lengths, np.float64)
        at = float(np.clip(-1 / length, inverse[0], inverse[-1]))
        above = int(np.clip(np.searchsorted(inverse, at), 1, len(inverse) - 1))
        share = (at - inverse[above - 1]) / (inverse[above] - inverse[above - 1])
        out: Floats = (1 - share) * self.factors[above - 1] + share * self.factors[above]
        return out


@cache
def load() -> Widening:
    """Return the shipped factors."""
    told = tomllib.loads((data_folder("forecast") / "widening.toml").read_text(encoding="utf-8"))
    return Widening(
        typical=told["typical"],
        lengths=tuple(told["lengths"]),
        levels=tuple(told["levels"]),
        factors=np.array(told["factors"], np.float64),
        provenance=told["provenance"],
    )
