"""How long stays last, as curves over their age: laws of durations, and races of competing exits.

Times are in minutes. Cohorts are of citizens who enter evenly over one step of time, so that their curves are
means over the moments of entry.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flowsim.theory.queues import Floats

if TYPE_CHECKING:
    from flowsim.model.duration import Duration
    from flowsim.model.parts import Exit

__all__ = ["Cohort", "cohort_of_law", "cohort_of_race", "mean_within", "survival_at"]

_FEW = 1e-9  # of a cohort: fewer are told from none by rounding alone
_FINE = 8  # points of a race in a step, a power of two so that steps are points
_FINER = 1.05  # of one point of a race to the next, within the first step and beyond the last
_LEAST = 1e-300  # a survival whose logarithm is still finite


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Who leaves a cohort, and where to, by the steps that have passed since the step in which it entered.

    Attributes:
        leaving: the probability to leave within a step, of those there at its beginning (for step 0: of all who
            enter in it); shape (steps,).
        exits: of those who leave then, by which exit of a race; shape (steps, exits), no column for a law.
        mean: the mean stay in minutes; infinite where some never leave.
        shares: of all, by which exit in the end; shape (exits,).
    """

    leaving: Floats
    exits: Floats
    mean: float
    shares: Floats

    @property
    def left_over(self) -> float:
        """The share of those who enter in a step that is still there at its end."""
        return 1.0 - float(self.leaving[0])


def survival_at(law: Duration, ages: Floats) -> Floats:
    """Return the probability of a duration longer than each age; same shape."""
    return _curves(law, np.asarray(ages, np.float64))[0]


def mean_within(law: Duration, ages: Floats) -> Floats:
    """Return the mean of the lesser of a duration and each age, the integral of the survival; same shape."""
    return _curves(law, np.asarray(ages, np.float64))[1]


def _curves(law: Duration, ages: Floats) -> tuple[Floats, Floats]:
    """Return the survival at each age, and its integral up to there, from partial means of each law."""
    if law.law == "mixture":
        parts = [_curves(part, ages) for part in law.of]
        return tuple(sum(w * p[i] for w, p in zip(law.shares(), parts, strict=True)) for i in (0, 1))  # type: ignore[return-value]
    if law.law in ("fixed", "empirical"):
        values = np.array(list(law.atoms()))
        weights = np.array(law.shares() or (1.0,))
        longer = (values[:, None] > ages.ravel()).astype(np.float64)
        least = np.minimum(values[:, None], ages.ravel())
        return (weights @ longer).reshape(ages.shape), (weights @ least).reshape(ages.shape)
    shift = law.shift or 0.0
    after = np.maximum(ages - shift, 0.0)
    more, inside = np.zeros_like(ages), np.minimum(ages, shift)
    for share, piece in law.pieces():
        longer = piece.frozen.sf(after)
        more = more + share * longer
        inside = inside + share * (piece.partial_mean(after) + after * longer)
    return np.where(ages < shift, 1.0, more), inside


def cohort_of_law(law: Duration | None, step: float, steps: int) -> Cohort:
    """Return how a cohort leaves whose stays have a law; None is no time at all.

    Args:
        law: of the stay.
        step: its length in minutes.
        steps: for how many steps.
    """
    mean = law.mean_minutes if law else 0.0
    inside = mean_within(law, step * np.arange(steps + 1.0)) if law else np.zeros(steps + 1)
    remaining = np.diff(inside) / step
    return Cohort(leaving=_leaving(remaining)[0], exits=np.empty((steps, 0)), mean=mean, shares=np.empty(0))


def _leaving(remaining: Floats) -> tuple[Floats, int]:
    """Return the conditional probabilities to leave, and up to which step they are told apart from rounding."""
    before = np.concatenate([[1.0], remaining[:-1]])
    known = int((before > _FEW).sum())
    out = np.ones(len(remaining))
    out[:known] = np.clip(1 - remaining[:known] / before[:known], 0.0, 1.0)
    out[known:] = out[known - 1]
    return out, known


def cohort_of_race(race: Sequence[Exit], rates: Sequence[float], step: float, steps: int) -> Cohort:
    """Return how a cohort leaves by the exit that comes first, as if the rates in force held for ever.

    A hazard is a rate times the factor of the age, which stands for the time spent on the benefit. Between the
    points of a fine grid hazards are taken as constant, which is exact for rates; an exit at a fixed time takes
    all who are left.

    Args:
        race: the exits.
        rates: of each exit, in force now; not used for one that comes `after` a duration.
        step: its length in minutes.
        steps: for how many steps.
    """
    points = _points(race, step, steps)
    spans = np.diff(points)
    hazards = np.zeros((len(race), len(spans)))
    for hazard, exit_, rate in zip(hazards, race, rates, strict=True):
        if exit_.after is not None:
            longer = np.log(np.maximum(survival_at(exit_.after, points), _LEAST))
            longer[0] = 0.0  # what takes no time leaves after the beginning, too
            hazard[:] = -np.diff(longer)
        else:
            since, factors = np.array(exit_.by_time_spent or ((0.0, 1.0),)).T
            hazard[:] = rate * factors[np.searchsorted(since, points[:-1], side="right") - 1] * spans
    total = hazards.sum(axis=0)
    staying = np.exp(-np.concatenate([[0.0], np.cumsum(total)]))
    part = np.divide(hazards, total, out=np.zeros_like(hazards), where=total > 0)
    there = staying[:-1] * spans * np.divide(-np.expm1(-total), total, out=np.ones_like(total), where=total > 0)
    gone = np.cumsum(part * -np.diff(staying), axis=1)
    before = np.column_stack([np.zeros(len(race)), gone[:, :-1]])
    gone_time = before * spans + part * (staying[:-1] * spans - there)
    at = np.searchsorted(points, step * np.arange(steps + 1))
    inside = np.concatenate([[0.0], np.cumsum(there)])[at]
    leaving, known = _leaving(np.diff(inside) / step)
    so_far = np.diff(np.column_stack([np.zeros(len(race)), np.cumsum(gone_time, axis=1)])[:, at]) / step
    left = np.maximum(np.diff(so_far, prepend=0.0), 0.0).T
    sums = left.sum(axis=1, keepdims=True)
    exits = np.divide(left, sums, out=np.zeros_like(left), where=sums > 0)
    exits[known:] = exits[known - 1]
    mean = float(there.sum()) if staying[-1] < _FEW else math.inf
    return Cohort(leaving=leaving, exits=exits, mean=mean, shares=gone[:, -1])


def _points(race: Sequence[Exit], step: float, steps: int) -> Floats:
    """Return the ages between which hazards are taken as constant; twice, as close as can be, around a jump."""
    jumps = [atom for exit_ in race if exit_.after for atom in exit_.after.atoms()]
    cuts = [span for exit_ in race for span, _ in exit_.by_time_spent]
    first = step * _FINER ** -np.arange(300.0)
    beyond = step * steps * _FINER ** np.arange(400.0)
    even = step / _FINE * np.arange(_FINE * steps + 1)
    parts = (even, first, beyond, np.array(cuts), np.array(jumps), np.nextafter(jumps, 0.0))
    return np.unique(np.concatenate(parts))
