"""How far a piece of work has come, and the same for a part of it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "shifted"]

Progress = Callable[[int, int], object]
"""What is called as work goes on, with how much is done and how much there is in all."""


def shifted(progress: Progress, first: int, wanted: int) -> Progress:
    """Return a progress that counts on from what was done before."""
    return lambda done, _: progress(first + done, wanted)
