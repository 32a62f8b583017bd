"""The tail of a law from its Laplace transform: Euler's summation of the inversion integral.

Units and words are those of `flowsim.theory.queues`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import special

from flowsim.core.arrays import Floats

__all__ = ["Complexes", "Survival", "inverted_tail", "transform_of_survival"]

Complexes = npt.NDArray[np.complex128]
Survival = Callable[[float], float]

_DAMPING = 23.0  # what is taken at three times the time adds its own tail x exp(-23) = 1e-10
_TERMS = (60, 240)
_AVERAGED = 14
_AGREES = 2e-10


@cache
def _summation(terms: int) -> tuple[Complexes, Floats]:
    """Return where a transform is taken, times the time, and the weights of its values there; shape (2, points).

    The series alternates; the last partial sums are averaged by binomial weights. The second row ends earlier.
    """
    steps = np.arange(terms + _AVERAGED + 1)
    binomial = special.binom(_AVERAGED, np.arange(_AVERAGED + 1)) / 2.0**_AVERAGED
    weights = np.zeros((2, len(steps)))
    for row, whole in zip(weights, (terms, terms * 3 // 4), strict=True):
        row[:whole] = 1
        # A term of the last ones is in the partial sums that end with it or later.
        row[whole : whole + _AVERAGED + 1] = np.cumsum(binomial[::-1])[::-1]
    weights *= np.exp(_DAMPING / 2) * (-1.0) ** steps
    weights[:, 0] /= 2
    return np.asarray(_DAMPING / 2 + 1j * np.pi * steps, np.complex128), weights


def inverted_tail(transform: Callable[[Complexes], Complexes], time: float) -> float:
    """Return P(X > t) at a time above 0, from s -> the integral of exp(-s x) P(X > x) over x.

    What is left out adds at most 1e-10 and rounding 1e-11. Terms are added until two averages agree within 2e-10, or
    there are 240: where the tail jumps or bends at t they do not agree by then, and the error is about one over the
    number of terms.

    Source: Abate and Whitt (1992), The Fourier-series method for inverting transforms of probability distributions.
    """
    tail = 0.0
    for terms in _TERMS:
        nodes, weights = _summation(terms)
        sums = weights @ transform(nodes / time).real / time
        tail = float(sums[0])
        if abs(tail - sums[1]) < _AGREES:
            break
    return min(1.0, max(0.0, tail))


_FADED = 40.0  # exp(-40) is nothing that a float shows
_NARROW = 1e-13
_HALVES = 30
_UNRESOLVED = 2e-12
_ORDER = 24
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(_ORDER)
# What a function on a piece has of the three highest polynomials that these points tell apart.
_HIGHEST = np.polynomial.legendre.legvander(_POINTS, _ORDER - 1)[:, -3:].T * _WEIGHTS
_HIGHEST *= np.arange(_ORDER - 3, _ORDER)[:, None] + 0.5


def transform_of_survival(survival: Survival, s: Complexes) -> Complexes:
    """Return the integral of exp(-s x) P(S > x) over x, at each s with a real part above 0.

    No transform of the law is asked for, so one that has none in closed form, such as the lognormal, is as any other;
    pieces of the integral are halved where the law is steep, bends or jumps.
    """
    reach = _FADED / float(s.real.min())
    # The pieces to begin with have no more than three of the fastest turns of exp(-s x). Towards 0 each is a half of
    # the next, to find a law that has ended there.
    pieces = math.ceil(float(np.abs(s.imag).max()) * reach / (2 * np.pi) / 3) + 1
    even = reach / pieces
    todo = [(n * even, even) for n in range(1, pieces)]
    todo += [(even * 2.0**-n, even * 2.0**-n) for n in range(1, _HALVES + 1)] + [(0.0, even * 2.0**-_HALVES)]
    turned: dict[float, Complexes] = {}  # exp(-s x) over a piece from 0 on, by its width
    out = np.zeros(len(s), np.complex128)
    while todo:
        start, width = todo.pop()
        points = width / 2 * (1 + _POINTS)
        values = np.array([survival(start + point) for point in points.tolist()])
        if width > _NARROW * reach and np.abs(_HIGHEST @ values).max() * width > _UNRESOLVED * reach:
            todo += [(start, width / 2), (start + width / 2, width / 2)]
        else:
            if width not in turned:
                turned[width] = np.exp(-np.outer(s, points))
            out += np.exp(-s * start) * (turned[width] @ (values * _WEIGHTS)) * (width / 2)
    return out
