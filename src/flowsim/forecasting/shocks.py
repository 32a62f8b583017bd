"""What a planner says about a period that was unlike the others: a choice to be seen, never a silent correction."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require_type, whole_number
from flowsim.core.periods import Every, Period, read_period

__all__ = ["LOCKDOWN", "Shock"]


LOCKDOWN = "2020Q2"
"""The quarter in which meetings were held virtually; the sources give its end, 15 June 2020, and no start date."""

_SAID = re.compile(r"([^=]+)=(?:(as-observed)|recovers:(\d+))")
_LONGEST = 40


@dataclass(frozen=True, kw_only=True)
class Shock:
    """A quarter or month, and how it is taken.

    Attributes:
        quarter: such as "2020Q2", or "2020-04" for a series by month.
        recovers: None takes it as observed. Otherwise it is an intervention: in that period the series lies off its
            course by an amount that is estimated, and comes back to it in equal steps, to be there so many periods
            later.
    """

    quarter: str
    recovers: int | None = None

    def __post_init__(self) -> None:
        every = _moment(self.quarter).every
        if self.recovers is None:
            return
        recovers = whole_number(f"shock {self.quarter}: recovers", self.recovers, -(2**63))
        if not 1 <= recovers <= _LONGEST:
            raise InputError(f"shock {self.quarter}: recovers:{recovers} is not allowed: 1 to {_LONGEST} {every}s")
        object.__setattr__(self, "recovers", recovers)

    @property
    def every(self) -> Every:
        """Whether it is a quarter or a month."""
        return _moment(self.quarter).every

    @classmethod
    def parse(cls, text: str) -> Shock:
        """Read "2020Q2=as-observed" or "2020Q2=recovers:4"; raises InputError for anything else."""
        require_type("shock", text, str, "a text such as '2020Q2=recovers:4'")
        parts = _SAID.fullmatch(text.strip())
        if not parts:
            raise InputError(
                f"--shock: '{text}' is not understood: write 2020Q2=as-observed, or 2020Q2=recovers:4 where the series "
                "is back on its course four quarters later (1: the quarter alone)"
            )
        try:
            moment = _moment(parts[1])
            return cls(quarter=Period.of(moment.number, moment.every), recovers=int(parts[3]) if parts[3] else None)
        except InputError as mistake:
            raise InputError(f"--shock: {mistake}") from None

    def shape(self, first: int, steps: int) -> Floats:
        """Return the share of the shock that is there in the periods from number `first` on."""
        if self.recovers is None:
            return np.zeros(steps)
        since = np.arange(first, first + steps) - _moment(self.quarter).number
        return np.where(since < 0, 0.0, np.clip(1 - since / self.recovers, 0, 1))

    def __str__(self) -> str:
        if self.recovers is None:
            return f"{self.quarter} is taken as observed"
        moment = _moment(self.quarter)
        back = Period.of(moment.number + self.recovers, moment.every)
        return f"{self.quarter} is an intervention that is over by {back}"


def _moment(period: str) -> Period:
    require_type("quarter", period, str, "a period such as '2020Q2'")
    moment = read_period(period)
    if moment is None or moment.every == "year":
        raise InputError(f"'{period}' is no quarter and no month: write it as 2019Q1 or 2019-01")
    return moment
