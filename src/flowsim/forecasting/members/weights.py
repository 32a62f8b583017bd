"""How much each member counts, by what a series is like: learned from public series, shipped as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.files import data_folder

__all__ = ["BOUND", "Weights", "between", "load_weights", "standardised"]


BOUND = 2.0
"""A feature counts as at most so many of its standard deviations from its mean."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """A multinomial logit of the features, one for each of some lengths.

    Attributes:
        members: their names.
        lengths: of series, ascending; between them weights are interpolated in the logarithm of the length.
        centre: the features' means in the public series.
        spread: their standard deviations.
        coefficients: (length, constant and features, member); minus infinity as the constant of a member that has no
            weight at a length.
        provenance: which series, which code, how, in words and figures.
    """

    members: tuple[str, ...]
    lengths: tuple[int, ...]
    centre: Floats
    spread: Floats
    coefficients: Floats
    provenance: Mapping[str, Any]

    def of(self, features: Floats, length: int) -> dict[str, float]:
        """Return the weight of each member, summing to one.

        Args:
            features: of a series.
            length: its periods.
        """
        given = standardised(features, self.centre, self.spread)
        scores = given @ self.coefficients
        # Less the largest score, which changes no share and keeps the exponentials from overflowing.
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        below, above, share = between(length, self.lengths)
        weights = (1 - share) * shares[below] + share * shares[above]
        return dict(zip(self.members, weights.tolist(), strict=True))


def standardised(features: Floats, centre: Floats, spread: Floats) -> Floats:
    """Return features (last axis) in units of their standard deviations, within `BOUND`, after a constant one."""
    units = np.clip((features - centre) / spread, -BOUND, BOUND)
    return np.concatenate([np.ones((*units.shape[:-1], 1)), units], axis=-1)


def between(length: int, lengths: tuple[int, ...]) -> tuple[int, int, float]:
    """Return the places of the lengths below and above one, and how far it is on the way, by logarithms."""
    marks = np.log(lengths)
    at = float(np.clip(np.log(length), marks[0], marks[-1]))
    above = int(np.clip(np.searchsorted(marks, at), 1, len(marks) - 1))
    return above - 1, above, float((at - marks[above - 1]) / (marks[above] - marks[above - 1]))


@cache
def load_weights(every: str) -> Weights:
    """Return the shipped weights for series by "quarter" or "month"."""
    text = (data_folder("forecast") / "weights.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    own = tables[every]
    return Weights(
        members=tuple(own["members"]),
        lengths=tuple(own["lengths"]),
        centre=np.array(own["centre"], np.float64),
        spread=np.array(own["spread"], np.float64),
        coefficients=np.array(own["coefficients"], np.float64),
        provenance=tables["provenance"],
    )
