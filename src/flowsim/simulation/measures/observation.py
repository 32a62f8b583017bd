"""What a document would have said of a simulation: sums, means, shares and changes of its measures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from flowsim.core.arrays import Floats, Ints, ratio
from flowsim.core.errors import InputError, unknown_name
from flowsim.simulation.measures.measure import Measure, Row, measures_named

__all__ = ["Observation", "Observer", "observe"]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """How one figure is read off the measures of a replication.

    Attributes:
        measures: their names, added up; one that ends in ".*" stands for all that begin so.
        periods: the periods, as the measures write them.
        how: the sum over the periods, or their mean.
        of: given for a share: the same of these measures, of which the first are given in per cent.
        since: given for a change: what is observed less the same in these periods; the change in per cent where `of`
            is given, which is then taken in these periods too.
        factor: from the measures' unit to the figure's.
    """

    measures: tuple[str, ...]
    periods: tuple[str, ...]
    how: Literal["sum", "mean"] = "sum"
    of: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    factor: float = 1.0

    def __post_init__(self) -> None:
        for name in ("measures", "periods"):
            if not getattr(self, name):
                raise InputError(f"{name}: at least one is needed")
        for name in ("measures", "periods", "of", "since"):
            items = getattr(self, name)
            for item in items:
                if items.count(item) > 1:
                    raise InputError(f"{name}: '{item}' is named twice")
        if self.how not in ("sum", "mean"):
            raise InputError(f"how: {unknown_name('way', self.how, ('sum', 'mean'))}")
        if self.factor == 0 or not math.isfinite(self.factor):
            raise InputError(f"factor: {self.factor} is not allowed: finite, and not 0")


class _Sums(NamedTuple):
    """Sums over columns: those of the n-th begin at `starts[n]`, belong to `which[n]`, are divided by `over[n]`."""

    columns: Ints
    starts: Ints
    which: Ints
    over: Floats

    def take(self, values: Floats) -> Floats:
        if not len(self.starts):
            return np.zeros((len(values), 0))
        # Adds the columns from each start until the next one: all observations in one pass over the replications.
        out: Floats = np.add.reduceat(values[:, self.columns], self.starts, axis=1) / self.over
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Observer:
    """Observations whose measures and periods have been looked up, to be read from many replications."""

    factors: Floats
    whole: _Sums
    before: _Sums
    base: _Sums

    @classmethod
    def of(cls, observations: Sequence[Observation], index: Sequence[Row]) -> Observer:
        """Look up what observations read from measures.

        Raises:
            InputError: for an unknown measure, or a period that it is not reported for, with the nearest one.
        """
        columns: dict[Measure, dict[str, int]] = {}
        for number, row in enumerate(index):
            columns.setdefault(row.measure, {})[row.period] = number

        def sums(reads: Iterator[tuple[int, Observation, tuple[str, ...], tuple[str, ...]]]) -> _Sums:
            positions: list[int] = []
            starts, over, which = [], [], []
            for number, observation, measures, periods in reads:
                starts.append(len(positions))
                over.append(len(periods) if observation.how == "mean" else 1)
                which.append(number)
                positions += _columns(columns, measures, periods)
            return _Sums(
                columns=np.array(positions, np.int64),
                starts=np.array(starts, np.int64),
                which=np.array(which, np.int64),
                over=np.array(over, np.float64),
            )

        numbered = list(enumerate(observations))
        return cls(
            factors=np.array([observation.factor for observation in observations]),
            whole=sums((n, o, o.measures, o.periods) for n, o in numbered),
            before=sums((n, o, o.measures, o.since) for n, o in numbered if o.since),
            base=sums((n, o, o.of, o.since or o.periods) for n, o in numbered if o.of),
        )

    def observe(self, values: Floats) -> Floats:
        """Read the observations, shape (replications, measures) to (replications, observations).

        NaN where one of its measures is, and where it is a share of nothing. A document has no figure of a queue that
        stands still, so what is infinite is undefined here.
        """
        values = np.where(np.isinf(values), np.nan, values)
        out = self.whole.take(values)
        if len(self.before.which):
            out[:, self.before.which] -= self.before.take(values)
        if len(self.base.which):
            out[:, self.base.which] = 100 * ratio(out[:, self.base.which], self.base.take(values))
        return out * self.factors


def observe(observations: Sequence[Observation], index: Sequence[Row], values: Floats) -> Floats:
    """Read observations from measures, shape (replications, measures) to (replications, observations).

    To read the same ones from many runs, look them up once: `Observer.of`.

    Raises:
        InputError: as `Observer.of`.
    """
    return Observer.of(observations, index).observe(values)


def _columns(known: Mapping[Measure, Mapping[str, int]], measures: Sequence[str], periods: Sequence[str]) -> list[int]:
    names: dict[Measure, None] = {}
    for name in measures:
        names |= dict.fromkeys(measures_named(name, known))
    positions = []
    for name in names:
        for period in periods:
            if period not in known[name]:
                raise InputError(f"{name}: {unknown_name('period', period, known[name])}")
            positions.append(known[name][period])
    return positions
