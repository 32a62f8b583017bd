"""The types of arrays, and what is done with them in several rooms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Ints", "defined_mean", "ratio", "sorted_within"]

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


def sorted_within(group: Ints, values: Ints, groups: int) -> tuple[Ints, Ints, Ints]:
    """Return the values sorted group by group, each group's count, and where each group begins."""
    counts = np.bincount(group, minlength=groups)
    least = int(values.min()) if len(values) else 0
    width = int(values.max()) - least + 1 if len(values) else 1
    if groups * width < 2**62:  # one sort of integers is ten times as fast as a lexsort
        inside = np.sort(group * width + (values - least)) % width + least
    else:
        inside = values[np.lexsort((values, group))]
    return inside, counts, np.concatenate([[0], np.cumsum(counts)[:-1]])
