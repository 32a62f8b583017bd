"""Exponential smoothing with a damped trend and seasons, and complex exponential smoothing, on grids of parameters.

The grids are round numbers: coarse, since what is between them is averaged over, and the same for every series.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from flowsim.forecasting.members.innovations import Grid

__all__ = ["complex_smoothing", "damped_smoothing", "drifting"]

_LEVEL = (0.1, 0.3, 0.5, 0.75, 1.0)  # alpha
_SEASON = (0.0, 0.1, 0.3, 0.6)  # gamma
_TREND = (0.0, 0.05, 0.2)  # beta over alpha
_DAMPING = (0.8, 0.9, 0.97)  # phi
_SLOPES = (0.02, 0.15, 0.6)  # standard deviation of the first slope, in units of the error's
_SEASONS = (0.02, 0.7, 2.5, 10.0)  # of the first seasons
_FLOOR = 1e-3


@cache
def damped_smoothing(season: int) -> Grid:
    """Return the grid of exponential smoothing with an additive damped trend and additive seasons.

    State: level, slope, the last `season` seasons, the one that comes next first.

    Source: ETS(A,Ad,A) of Hyndman et al. (2008), table 2.2.
    """
    return _trending(season, [(a, a * b, phi, g) for a, b, phi, g in product(_LEVEL, _TREND, _DAMPING, _SEASON)])


@cache
def drifting(season: int) -> Grid:
    """Return the grid of exponential smoothing with seasons and a slope that is neither damped nor moved."""
    return _trending(season, [(a, 0.0, 1.0, g) for a, g in product(_LEVEL, _SEASON)])


def _trending(season: int, parameters: list[tuple[float, float, float, float]]) -> Grid:
    size = 2 + season
    transition = np.zeros((len(parameters), size, size))
    observation = np.zeros((len(parameters), size))
    gain = np.zeros((len(parameters), size))
    turn = np.roll(np.eye(season), -1, axis=0)  # the season that has come becomes the last of the next round
    for at, (alpha, beta, phi, gamma) in enumerate(parameters):
        transition[at, :2, :2] = [[1.0, phi], [0.0, phi]]
        transition[at, 2:, 2:] = turn
        observation[at, :3] = 1.0, phi, 1.0
        gain[at, :2], gain[at, -1] = (alpha, beta), gamma
    prior = np.array([[np.inf, slope, *[width] * season] for slope, width in product(_SLOPES, _SEASONS)])
    return Grid(
        transition=transition, observation=observation, gain=gain, prior=prior, floor=_FLOOR, believed=2 * season
    )


_FIRST = (1.1, 1.3, 1.5, 1.7, 1.9)  # alpha_0; below alpha_1 errors would grow
_SECOND = (0.97, 0.99, 1.0, 1.01, 1.03)  # alpha_1

_IMAGINARY = 20.0  # standard deviation of the first imaginary part about its place, in units of the error's


@cache
def complex_smoothing(season: int) -> Grid:
    """Return the grid of complex exponential smoothing with additive seasons.

    State: level, information that is not in the level (the imaginary part), the last `season` seasons.

    Source: Svetunkov, Kourentzes and Ord, Naval Research Logistics 69 (2022), equations 10 and 17 (partial seasons).
    """
    size = 2 + season
    parameters = list(product(_FIRST, _SECOND, _SEASON))
    transition = np.zeros((len(parameters), size, size))
    observation = np.zeros((len(parameters), size))
    gain = np.zeros((len(parameters), size))
    for at, (first, second, gamma) in enumerate(parameters):
        # The imaginary part is kept as its distance from level/alpha_0, where it stands while a series stays level.
        basis = np.array([[1.0, 0.0], [1 / first, 1.0]])
        back = np.array([[1.0, 0.0], [-1 / first, 1.0]])
        transition[at, :2, :2] = back @ [[1.0, second - 1.0], [1.0, 1.0 - first]] @ basis
        transition[at, 2:, 2:] = np.roll(np.eye(season), -1, axis=0)
        observation[at, [0, 2]] = 1.0
        gain[at, :2], gain[at, -1] = back @ [first - second, first + second], gamma
    prior = np.array([[np.inf, _IMAGINARY, *[width] * season] for width in _SEASONS])
    return Grid(
        transition=transition, observation=observation, gain=gain, prior=prior, floor=_FLOOR, believed=2 * season
    )
