"""What people may write where a model holds minutes, dates and tables: the types of what constructors accept.

A value keeps what it was made of in one form (a span is a float number of minutes, a date a datetime); these names
are for the annotations of those who make one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, SupportsIndex, TypeAlias, TypeVar

import numpy as np

from flowsim.core.civil_time import ByDate

__all__ = ["ByDateLike", "MomentLike", "RealLike", "Seed", "SpanLike", "WholeLike"]

_T = TypeVar("_T")

SpanLike: TypeAlias = str | timedelta | np.timedelta64
"""A span of time: a text with its unit, such as "12 weeks", or a `timedelta` (pandas' own is one) or NumPy's."""

MomentLike: TypeAlias = str | date | np.datetime64
"""A moment: an ISO text, a `date` (at midnight) or a `datetime` (pandas' `Timestamp` is one) or
NumPy's."""

WholeLike: TypeAlias = int | SupportsIndex
"""A whole number, of Python or NumPy."""

RealLike: TypeAlias = float | SupportsIndex | np.floating[Any]
"""A number, of Python or NumPy."""

Seed: TypeAlias = WholeLike | np.random.SeedSequence
"""A seed: a whole number from 0 to 2**64 - 1, or NumPy's `SeedSequence`, of which the first 64 bits are taken."""

# The keys are ISO texts, dates or datetimes: a mapping's keys are invariant, and of three mappings mypy infers none.
ByDateLike: TypeAlias = _T | Mapping[Any, _T] | ByDate[Any]
"""A value that always holds, or a table of the dates (see `MomentLike`) from which each holds."""
