"""What is said of the quarters to come: points, intervals at any level, sample paths; by part and in total."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from flowsim.core.errors import InputError
from flowsim.core.periods import Period, quarter
from flowsim.evidence.series import Series
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.widening import Widening, logs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELS", "Effect", "Forecast", "Joint", "forecast_frame"]

Floats = npt.NDArray[np.float64]
LEVELS = (0.80, 0.95)
"""The levels of the intervals in tables and pictures."""
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
class Forecast:
    """The forecast of one series. Arrays hold one number a quarter ahead.

    Attributes:
        series: what it was made from: it ends at the origin.
        point: the middle of what is expected; never negative.
        members: the same by model, of those that could be used.
        sd: on the log scale, as the models have it: before widening.
        correlation: between the quarters ahead, on the log scale.
        errors: one quarter ahead within the series, on the log scale; the last belongs to the origin.
        least: half the smallest positive value of the series.
        offset: added before logs are taken: `least` where the series has zeros, otherwise nothing.
        widening: the factors.
        shock: how a quarter unlike the others is taken, if the series has one.
        effect: of the shock where it is an intervention.
        notes: what a reader has to know: choices made for her, models left out.
    """

    series: Series
    point: Floats
    members: Mapping[str, Floats]
    sd: Floats
    correlation: Floats
    errors: Floats
    least: float
    offset: float
    widening: Widening
    shock: Shock | None = None
    effect: Effect | None = None
    notes: tuple[str, ...] = ()

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
        """The last quarter that was used."""
        return self.series.periods[-1]

    @property
    def periods(self) -> tuple[str, ...]:
        """The quarters ahead."""
        return _after(self.origin, len(self.point))

    def frame(self) -> pd.DataFrame:
        """Return a row a quarter ahead; the columns are those of `forecast_frame`."""
        return forecast_frame([self])

    def quantile(self, probability: float) -> Floats:
        """Return the value that the series stays below with this probability, for each quarter ahead."""
        return self._at(np.full(len(self.point), ndtri(_open(probability))))

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the central interval that holds this share, such as 0.8."""
        return self.quantile((1 - _open(level)) / 2), self.quantile((1 + level) / 2)

    def paths(self, count: int, seed: int = 1) -> Floats:
        """Draw possible futures, one a row; the same seed gives the same ones.

        A quarter's quantiles over many paths are those of `quantile`; along a path an error lives on as in the models.
        """
        return self._along(_normal(seed, self.name, count, len(self.point)))

    def _along(self, normal: Floats) -> Floats:
        return self._at(normal @ _root(self.correlation).T)

    def _at(self, score: Floats) -> Floats:
        steps = len(self.point)
        wide = self.widening.spread(score, len(self.series.values), steps) * self.sd
        values = np.exp(logs(self.point, self.least, self.offset) + wide) - self.offset
        # A point near zero stands in the interval though its log can't be taken.
        beyond = np.where(score > 0, np.maximum(values, self.point), np.minimum(values, self.point))
        return np.maximum(beyond, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Joint:
    """Forecasts of the parts of a whole, and of the whole: on each sample path the parts add up to it.

    Attributes:
        parts: the forecasts, of one origin, horizon and unit.
        name: of the whole.
        dependence: correlation of the parts' errors, from their common quarters; never below zero, so that the whole
            is not called surer than its parts because they happened to move against each other.
    """

    parts: tuple[Forecast, ...]
    name: str = "total"
    dependence: float = 0.0

    @classmethod
    def of(cls, parts: Sequence[Forecast]) -> Joint:
        """Join forecasts; raises InputError where they differ in unit, origin or horizon, or share a name."""
        for what, of in (("unit", "unit"), ("origin", "origin"), ("horizon", "periods")):
            for one, other in pairwise(parts):
                if getattr(one, of) != getattr(other, of):
                    raise InputError(f"{one.name} and {other.name} differ in {what}: they have no total")
        names = [part.name for part in parts]
        if not parts or len({*names, cls.name}) <= len(names):
            raise InputError(f"parts of a {cls.name} need names of their own: {', '.join(names) or 'there are none'}")
        return cls(parts=tuple(parts), dependence=_dependence([part.errors for part in parts]))

    @property
    def unit(self) -> str:
        """The unit of the parts."""
        return self.parts[0].unit

    @property
    def origin(self) -> str:
        """The last quarter that was used."""
        return self.parts[0].origin

    @property
    def periods(self) -> tuple[str, ...]:
        """The quarters ahead."""
        return self.parts[0].periods

    @property
    def series(self) -> Series:
        """The whole up to the origin, over the quarters that all parts have."""
        first = max(quarter(part.series.first) for part in self.parts)
        own = [part.series.values[first - quarter(part.series.first) :] for part in self.parts]
        sums = tuple(float(sum(value or 0.0 for value in values)) for values in zip(*own, strict=True))
        return Series(name=self.name, unit=self.unit, every="quarter", first=Period.of(first, "quarter"), values=sums)

    @property
    def point(self) -> Floats:
        """The sum of the parts' points."""
        out: Floats = np.sum([part.point for part in self.parts], axis=0)
        return out

    def paths(self, count: int, seed: int = 1) -> Floats:
        """Draw possible futures: (path, part, quarter ahead). The whole is their sum over the parts."""
        steps = len(self.periods)
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
        """Return a row a quarter ahead; the columns are those of `forecast_frame`."""
        return forecast_frame([self])

    def quantile(self, probability: float) -> Floats:
        """Return the quantile of the whole over twenty thousand paths; never on the wrong side of the point."""
        found = np.quantile(self._whole, _open(probability), axis=0)
        out: Floats = (np.maximum if probability > 0.5 else np.minimum)(found, self.point)
        return out

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """Return the lower and upper ends of the central interval of the whole that holds this share."""
        return self.quantile((1 - _open(level)) / 2), self.quantile((1 + level) / 2)


def forecast_frame(forecasts: Sequence[Forecast | Joint]) -> pd.DataFrame:
    """Write forecasts as one tidy table: a row for each series and quarter ahead.

    Columns: series, unit, origin, period, point, lower_80, upper_80, lower_95, upper_95.
    """
    import pandas as pd

    tables = []
    for one in forecasts:
        columns = {
            "series": one.name,
            "unit": one.unit,
            "origin": one.origin,
            "period": one.periods,
            "point": one.point,
        }
        for level in LEVELS:
            columns[f"lower_{level:.0%}".rstrip("%")], columns[f"upper_{level:.0%}".rstrip("%")] = one.interval(level)
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def _after(origin: str, steps: int) -> tuple[str, ...]:
    return tuple(Period.of(quarter(origin) + step, "quarter") for step in range(1, steps + 1))


def _open(share: float) -> float:
    if not 0 < share < 1:
        raise InputError(f"{share} is no level or probability: it lies between 0 and 1")
    return share


def _normal(seed: int, name: str, count: int, steps: int) -> Floats:
    if count < 1 or seed < 0:
        raise InputError(f"{count} paths of seed {seed} can't be drawn: at least 1 path, and a seed of 0 or more")
    key = np.array([seed, zlib.crc32(name.encode())], np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal((count, steps))


def _root(correlation: Floats) -> Floats:
    """Return a square root of a correlation matrix, singular ones included."""
    values, vectors = np.linalg.eigh(correlation)
    out: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return out


def _dependence(errors: Sequence[Floats]) -> float:
    """Average the correlation over all pairs, each over the quarters that both have."""
    found = []
    for at, one in enumerate(errors):
        for other in errors[at + 1 :]:
            common = min(len(one), len(other))
            first, second = one[-common:] - one[-common:].mean(), other[-common:] - other[-common:].mean()
            size = float(np.sqrt((first @ first) * (second @ second)))
            found.append(float(first @ second) / size if size > 0 else 1.0)
    return float(np.clip(np.mean(found), 0.0, 1.0)) if found else 0.0
