"""What a planner says about a quarter that was unlike the others: a choice to be seen, never a silent correction."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from flowsim.core.errors import InputError
from flowsim.core.periods import Period, quarter

__all__ = ["LOCKDOWN", "Shock"]

Floats = npt.NDArray[np.float64]
LOCKDOWN = "2020Q2"
"""The quarter in which meetings were held virtually; the sources give its end, 15 June 2020, and no start date."""
_SAID = re.compile(r"([^=]+)=(?:(as-observed)|recovers:(\d+))")
_LONGEST = 40


@dataclass(frozen=True, kw_only=True)
class Shock:
    """A quarter, and how it is taken.

    Attributes:
        quarter: such as "2020Q2".
        recovers: None takes it as observed. Otherwise it is an intervention: in that quarter the series lies off its
            course by an amount that is estimated, and comes back to it in equal steps, to be there so many quarters
            later.
    """

    quarter: str
    recovers: int | None = None

    def __post_init__(self) -> None:
        quarter(self.quarter)
        if self.recovers is not None and not 1 <= self.recovers <= _LONGEST:
            raise InputError(f"shock {self.quarter}: recovers:{self.recovers} is not allowed: 1 to {_LONGEST} quarters")

    @classmethod
    def parse(cls, text: str) -> Shock:
        """Read "2020Q2=as-observed" or "2020Q2=recovers:4"; raises InputError for anything else."""
        found = _SAID.fullmatch(text.strip())
        if not found:
            raise InputError(
                f"--shock: '{text}' is not understood: write 2020Q2=as-observed, or 2020Q2=recovers:4 where the series "
                "is back on its course four quarters later (1: the quarter alone)"
            )
        try:
            return cls(quarter=Period.of(quarter(found[1]), "quarter"), recovers=int(found[3]) if found[3] else None)
        except InputError as mistake:
            raise InputError(f"--shock: {mistake}") from None

    def shape(self, first: int, steps: int) -> Floats:
        """Return the share of the shock that is there in the quarters from number `first` on."""
        if self.recovers is None:
            return np.zeros(steps)
        since = np.arange(first, first + steps) - quarter(self.quarter)
        return np.where(since < 0, 0.0, np.clip(1 - since / self.recovers, 0, 1))

    def __str__(self) -> str:
        if self.recovers is None:
            return f"{self.quarter} is taken as observed"
        back = Period.of(quarter(self.quarter) + self.recovers, "quarter")
        return f"{self.quarter} is an intervention that is over by {back}"
