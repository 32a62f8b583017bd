"""Draws nearer to the documents than the prior's.

A table drawn from the prior is vague where the model bends sharply, as a wait does where cases outgrow places. A
second table is drawn around the mode, where the likelihood counts a quarter, with the slopes that the fit has measured;
further ones around the posterior that the tables before have taught. What is learned from all of them is the
likelihood, so where they were drawn has not to be taken out again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from flowsim.calibration.mode import Fit
from flowsim.calibration.study import Prior, Study
from flowsim.core.arrays import Floats
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.luck import side_stream

__all__ = ["Around", "AtPositions", "FromPrior"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AtPositions:
    """A model whose replications take one position of the factors after the other."""

    study: Study
    z: Floats = field(repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the positions and of their study."""
        return hashlib.sha256(self.study.digest.encode() + self.z.tobytes()).hexdigest()

    def draw(self, seed: int, number: int) -> Floats:
        """Return the position of one replication, whatever the seed."""
        out: Floats = self.z[number % len(self.z)]
        return out

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return self.study.model(self.draw(seed, replication))


@dataclass(frozen=True, kw_only=True)
class FromPrior:
    """A model whose parameters are drawn from the prior for every replication anew."""

    study: Study

    @property
    def digest(self) -> str:
        """Return a hash of what the draws depend on, but for the seed."""
        return self.study.digest

    def draw(self, seed: int, number: int) -> Floats:
        """Return the position of one draw."""
        return self.study.prior.draw(seed, number)

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return self.study.model(self.draw(seed, replication))


# Below one, so that draws are wider than the posterior: what is learned from them has to hold in its tails too.
_SHARE = 0.25
_WIDE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Around:
    """A model whose parameters are drawn around the mode for every replication anew.

    Attributes:
        study: whose factors are drawn.
        mean: of the positions, shape (factors,).
        precision: the inverse of their covariance, shape (factors, factors).
    """

    study: Study
    mean: Floats = field(repr=False)
    precision: Floats = field(repr=False)

    @classmethod
    def of(cls, study: Study, fit: Fit, share: float = _SHARE) -> Around:
        """Return the prior with a share of what the targets tell, around the mode of a fit."""
        back = np.linalg.inv(study.prior.root)
        told = back.T @ fit.slope.T @ fit.slope @ back
        return cls(study=study, mean=fit.mode.z, precision=share * told + _precision(study.prior))

    @classmethod
    def of_sample(cls, study: Study, x: Floats, share: float = _WIDE) -> Around:
        """Return the normal law of a posterior's sample, with a share of what it knows beyond the prior.

        Args:
            study: whose factors are drawn.
            x: equally likely positions of the prior's independent parts, shape (positions, factors).
            share: 1 for the sample's own law.
        """
        values, vectors = np.linalg.eigh(np.linalg.inv(np.atleast_2d(np.cov(x.T))))
        back = np.linalg.inv(study.prior.root)
        # In these positions the prior has precision one: less than that is the sample's luck, for no document makes
        # anything less sure.
        told = back.T @ (vectors * np.maximum(values - 1, 0.0)) @ vectors.T @ back
        return cls(
            study=study, mean=study.prior.root @ x.mean(axis=0), precision=share * told + _precision(study.prior)
        )

    @cached_property
    def root(self) -> Floats:
        """The matrix that makes positions of independent standard normal numbers, shape (factors, factors)."""
        return np.asarray(np.linalg.cholesky(np.linalg.inv(self.precision)), np.float64)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of where it draws."""
        return hashlib.sha256(self.mean.tobytes() + self.precision.tobytes()).hexdigest()

    def draw(self, seed: int, number: int) -> Floats:
        """Return the position of one draw, a function of the seed and the draw's number alone."""
        generator = side_stream(seed, f"around {self.digest}", number)
        out: Floats = self.mean + self.root @ generator.standard_normal(len(self.mean))
        return out

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return self.study.model(self.draw(seed, replication))


def _precision(prior: Prior) -> Floats:
    return np.asarray(np.linalg.inv(prior.covariance), np.float64)
