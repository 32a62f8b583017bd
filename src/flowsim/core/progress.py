"""How far a piece of work has come, and the same for a part of it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "shifted"]

Progress = Callable[[int, int], object]
"""What is called as work goes on, with how much is done and how much there is in all."""


def shifted(progress: Progress | None, first: int, total: int) -> Progress | None:
    """Return the progress of a part of the work, counting on from what was done before it; None where there is none."""
    return None if progress is None else lambda done, _: progress(first + done, total)
