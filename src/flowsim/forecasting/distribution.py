"""What is expected of the periods to come: points, intervals at any level, sample paths; by part and in total."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from flowsim.core.arrays import Floats
from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require, require_type, whole_number
from flowsim.core.numbers import number, significant
from flowsim.core.periods import Every, Period, read_period
from flowsim.evidence.series import Series
from flowsim.forecasting.members.counts import Counts
from flowsim.forecasting.members.pool import logs
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.widening import Widening

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELS", "Effect", "Joint", "SeriesForecast", "figure_in", "forecast_frame"]


LEVELS = (0.80, 0.95)
"""The levels of the intervals in tables and pictures."""

_LARGEST_BREAK = 20  # on the log scale: a factor of nearly half a billion
_MOST_PATHS = 10_000_000
_PATHS = 20_000  # of which the total's quantiles are taken


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an intervention was estimated to be, on the log scale.

    Attributes:
        size: in the quarter of the shock; -0.5 is a factor of 0.61.
        error: its standard error, from how sure the quarters before it were of their course.
    """

    size: float
    error: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesForecast(Tabled):
    """The forecast of one series. Arrays hold one number a period ahead.

    Attributes:
        series: what it was made from: it ends at the origin.
        point: the middle of what is expected; never negative, and of a share never more than the whole.
        members: the same by member of the pool, of those that could be used.
        weights: of these members, summing to one.
        sd: on the log scale, before the quantiles are widened.
        correlation: between the periods ahead, on the log scale.
        errors: one period ahead within the series, on the log scale; the last belongs to the origin.
        least: half the smallest positive value of the series.
        offset: added before logs are taken: `least` where the series has zeros, otherwise nothing.
        widening: what makes quantiles of `sd`.
        counts: the distributions where the series is one of few counts a period: they then take the place of `sd`.
        shock: how a period unlike the others is taken, if the series has one.
        effect: of the shock where it is an intervention.
        notes: what a reader has to know: choices made for her, models left out.
        uncut: the points of a share before they were cut at the whole, about which its quantiles lie; the points
            themselves where left out.
        seed: of sample paths, where they are not given another.
    """

    series: Series
    point: Floats
    members: Mapping[str, Floats]
    weights: Mapping[str, float]
    sd: Floats
    correlation: Floats
    errors: Floats
    least: float
    offset: float
    widening: Widening
    counts: Counts | None = None
    shock: Shock | None = None
    effect: Effect | None = None
    notes: tuple[str, ...] = ()
    uncut: Floats | None = None
    seed: int = 1

    def __repr__(self) -> str:
        low, high = self.interval(LEVELS[-1])
        point, least, most = (figure_in(values[-1], self.unit) for values in (self.point, low, high))
        last = f"{point} ({least} to {most}) in {self.periods[-1]}"
        return f"<Forecast of '{self.name}' from {self.origin}, {len(self.point)} ahead: {last}>"

    @property
    def name(self) -> str:
        """The name of the series."""
        return self.series.name

    @property
    def unit(self) -> str:
        """The unit of the series."""
        return self.series.unit

    @property
    def origin(self) -> str:
        """The last period that was used."""
        return self.series.periods[-1]

    @property
    def every(self) -> Every:
        """What the periods are: "quarter" or "month"."""
        return self.series.every

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods ahead."""
        return _after(self.origin, len(self.point))

    def frame(self) -> pd.DataFrame:
        """Return a row a period ahead; the columns are those of `forecast_frame`."""
        return forecast_frame([self])

    def quantile(self, probability: float) -> Floats:
        """Return the value that the series stays below with this probability, for each period ahead.

        Above and below the middle it is never on the wrong side of the point.
        """
        score = float(ndtri(_open(probability)))
        values = self._at(np.full(len(self.point), score))
        out: Floats = (np.maximum if score > 0 else np.minimum)(values, self.point) if score else self.point
        return out

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the central interval that holds this share, such as 0.8."""
        return self.quantile((1 - _open(level)) / 2), self.quantile((1 + level) / 2)

    def with_break(self, size: float | None = None, level: float = LEVELS[-1]) -> tuple[Floats, Floats]:
        """Return the ends of the central interval of futures in which the level breaks once: a stated what-if.

        The break comes in a period ahead, each as likely as another, up as often as down, and stays.

        Args:
            size: of the break, on the log scale; `surprise` if left out.
            level: the share of these futures that lies in the interval.
        """
        if size is not None:
            require_type("size", size, Real, "a number, on the log scale")
            require(abs(size) <= _LARGEST_BREAK, "size", size, f"from -{_LARGEST_BREAK} to {_LARGEST_BREAK}")
        steps = len(self.point)
        paths = self.paths(_PATHS)
        row = np.arange(_PATHS)
        sign = np.where(row % 2 == 0, 1.0, -1.0) * (self.surprise if size is None else size)
        begun = np.arange(steps) >= (row // 2 % steps)[:, None]
        broken = np.minimum(paths * np.exp(np.where(begun, sign[:, None], 0.0)), self.series.greatest)
        low, high = np.quantile(broken, ((1 - _open(level)) / 2, (1 + level) / 2), axis=0)
        return np.minimum(low, self.point), np.maximum(high, self.point)

    @property
    def surprise(self) -> float:
        """The largest error one period ahead within the series, on the log scale."""
        return float(np.abs(self.errors).max())

    def why(self) -> pd.DataFrame:
        """Return each member's weight and points: one row a member, the heaviest first."""
        import pandas as pd

        names = sorted(self.members, key=lambda name: -self.weights[name])
        rows = [{"member": name, "weight": self.weights[name], **self._by_period(name)} for name in names]
        return pd.DataFrame(rows)

    def _by_period(self, member: str) -> dict[str, float]:
        return dict(zip(self.periods, self.members[member].tolist(), strict=True))

    def paths(self, count: int, seed: int | None = None) -> Floats:
        """Draw possible futures, one a row; the same seed gives the same ones, the forecast's own where left out.

        A period's quantiles over many paths are those of `quantile`; along a path an error lives on as in the models.
        """
        return self._along(_normal(self.seed if seed is None else seed, self.name, count, len(self.point)))

    def _along(self, normal: Floats) -> Floats:
        return self._at(normal @ _root(self.correlation).T)

    def _at(self, score: Floats) -> Floats:
        if self.counts is not None:
            return np.minimum(self.counts.quantile(ndtr(score)), self.series.greatest)
        middle = self.point if self.uncut is None else self.uncut
        wide = self.widening.spread(score, len(self.series.values), len(middle)) * self.sd
        values = np.exp(logs(middle, self.least, self.offset) + wide) - self.offset
        # A point near zero stands in the interval though its log can't be taken.
        beyond = np.where(score > 0, np.maximum(values, middle), np.minimum(values, middle))
        return np.clip(beyond, 0.0, self.series.greatest)


@dataclass(frozen=True, kw_only=True, eq=False)
class Joint(Tabled):
    """Forecasts of the parts of a whole, and of the whole: on each sample path the parts add up to it.

    Attributes:
        parts: the forecasts, of one origin, horizon and unit.
        name: of the whole.
        dependence: correlation of the parts' errors, from their common quarters; never below zero, so that the whole
            is not called surer than its parts because they happened to move against each other.
        seed: of sample paths, where they are not given another; the quantiles of the whole are taken of its own.
    """

    parts: tuple[SeriesForecast, ...]
    name: str = "total"
    dependence: float = 0.0
    seed: int = 1

    def __repr__(self) -> str:
        low, high = self.interval(LEVELS[-1])
        point, least, most = (figure_in(values[-1], self.unit) for values in (self.point, low, high))
        last = f"{point} ({least} to {most}) in {self.periods[-1]}"
        return f"<Joint forecast of '{self.name}' of {len(self.parts)} parts from {self.origin}: {last}>"

    @classmethod
    def of(cls, parts: Sequence[SeriesForecast], whole: SeriesForecast | None = None) -> Joint:
        """Join forecasts; raises InputError where they are shares, differ in unit, origin or horizon, or share a name.

        Args:
            parts: of a whole.
            whole: a forecast of the whole on its own, of the same horizon. Parts and whole are then reconciled: what
                the parts fall short of it is shared among all of them, the more to each the less sure it is.

        Source: minimum trace reconciliation with a diagonal covariance, Wickramasuriya, Athanasopoulos and Hyndman,
        JASA 114 (2019).
        """
        for what, of in (("unit", "unit"), ("origin", "origin"), ("horizon", "periods")):
            for one, other in pairwise(parts):
                if getattr(one, of) != getattr(other, of):
                    raise InputError(f"{one.name} and {other.name} differ in {what}: they have no total")
        if parts and parts[0].unit in ("percent", "share"):
            raise InputError(f"{parts[0].name} is in {parts[0].unit}: shares have no total")
        names = [part.name for part in parts]
        if not parts or len({*names, cls.name}) <= len(names):
            raise InputError(f"parts of a {cls.name} need names of their own: {', '.join(names) or 'there are none'}")
        dependence = _dependence([part.errors for part in parts])
        return cls(parts=tuple(parts if whole is None else _reconciled(parts, whole)), dependence=dependence)

    @property
    def unit(self) -> str:
        """The unit of the parts."""
        return self.parts[0].unit

    @property
    def origin(self) -> str:
        """The last period that was used."""
        return self.parts[0].origin

    @property
    def every(self) -> Every:
        """What the periods are: "quarter" or "month"."""
        return self.parts[0].every

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods ahead."""
        return self.parts[0].periods

    @property
    def series(self) -> Series:
        """The whole up to the origin, over the periods that all parts have."""
        first = max(_number(part.series.first) for part in self.parts)
        own = [part.series.values[first - _number(part.series.first) :] for part in self.parts]
        sums = tuple(float(sum(value or 0.0 for value in values)) for values in zip(*own, strict=True))
        return Series(name=self.name, unit=self.unit, every=self.every, first=Period.of(first, self.every), values=sums)

    @property
    def point(self) -> Floats:
        """The sum of the parts' points."""
        out: Floats = np.sum([part.point for part in self.parts], axis=0)
        return out

    def paths(self, count: int, seed: int | None = None) -> Floats:
        """Draw possible futures: (path, part, period ahead). The whole is their sum over the parts."""
        steps, seed = len(self.periods), self.seed if seed is None else seed
        common = _normal(seed, self.name, count, steps)
        share = self.dependence
        return np.stack(
            [
                part._along(np.sqrt(share) * common + np.sqrt(1 - share) * _normal(seed, part.name, count, steps))
                for part in self.parts
            ],
            axis=1,
        )

    @cached_property
    def _whole(self) -> Floats:
        out: Floats = self.paths(_PATHS).sum(axis=1)
        return out

    def frame(self) -> pd.DataFrame:
        """Return a row a period ahead; the columns are those of `forecast_frame`."""
        return forecast_frame([self])

    def quantile(self, probability: float) -> Floats:
        """Return the quantile of the whole over twenty thousand paths; never on the wrong side of the point."""
        found = np.quantile(self._whole, _open(probability), axis=0)
        out: Floats = (np.maximum if probability > 0.5 else np.minimum)(found, self.point)
        return out

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the central interval of the whole that holds this share."""
        return self.quantile((1 - _open(level)) / 2), self.quantile((1 + level) / 2)


def _reconciled(parts: Sequence[SeriesForecast], whole: SeriesForecast) -> list[SeriesForecast]:
    variances = [_variance(part) for part in parts]
    gap = (whole.point - np.sum([part.point for part in parts], axis=0)) / (sum(variances) + _variance(whole))
    out = []
    for part, variance in zip(parts, variances, strict=True):
        point = np.maximum(part.point + gap * variance, 0.0)
        counts = None if part.counts is None else replace(part.counts, mean=point)
        out.append(replace(part, point=point, counts=counts))
    return out


def _variance(one: SeriesForecast) -> Floats:
    low, high = one.interval(LEVELS[0])
    out: Floats = np.maximum((high - low) ** 2, np.finfo(np.float64).tiny)
    return out


def forecast_frame(forecasts: Sequence[SeriesForecast | Joint]) -> pd.DataFrame:
    """Write forecasts as one tidy table: a row for each series and period ahead.

    Columns: series, unit, origin, period, point, lower_80, upper_80, lower_95, upper_95.
    """
    import pandas as pd

    tables = []
    for forecast in forecasts:
        columns = {
            "series": forecast.name,
            "unit": forecast.unit,
            "origin": forecast.origin,
            "period": forecast.periods,
            "point": forecast.point,
        }
        for level in LEVELS:
            columns[f"lower_{level:.0%}".rstrip("%")], columns[f"upper_{level:.0%}".rstrip("%")] = forecast.interval(
                level
            )
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def figure_in(value: float, unit: str) -> str:
    """Write a figure of a series as a planner reads it: of a share of one to a tenth of a per cent.

    Of a small one two digits are shown that are not 0.
    """
    if unit == "share":
        return significant(value, 3)
    return significant(value, 2) if abs(value) < 1 and value else number(value)


def _after(origin: str, steps: int) -> tuple[str, ...]:
    moment = read_period(origin)
    if moment is None:
        raise InputError(f"'{origin}' is no period")
    return tuple(Period.of(moment.number + step, moment.every) for step in range(1, steps + 1))


def _number(period: str) -> int:
    moment = read_period(period)
    if moment is None:
        raise InputError(f"'{period}' is no period")
    return moment.number


def _open(share: float) -> float:
    if not isinstance(share, Real) or not 0 < share < 1:
        raise InputError(f"{share} is no level or probability: it lies between 0 and 1")
    return share


def _normal(seed: int, name: str, count: int, steps: int) -> Floats:
    count, seed = whole_number("count", count, 1, _MOST_PATHS), whole_number("seed", seed, 0, 2**64 - 1)
    key = np.array([seed, zlib.crc32(name.encode())], np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((count, steps))


def _root(correlation: Floats) -> Floats:
    """Return a square root of a correlation matrix, singular ones included."""
    values, vectors = np.linalg.eigh(correlation)
    out: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return out


def _dependence(errors: Sequence[Floats]) -> float:
    """Average the correlation over all pairs, each over the quarters that both have."""
    correlations = []
    for at, errors_ in enumerate(errors):
        for other in errors[at + 1 :]:
            common = min(len(errors_), len(other))
            first, second = errors_[-common:] - errors_[-common:].mean(), other[-common:] - other[-common:].mean()
            size = float(np.sqrt((first @ first) * (second @ second)))
            correlations.append(float(first @ second) / size if size > 0 else 1.0)
    return float(np.clip(np.mean(correlations), 0.0, 1.0)) if correlations else 0.0
