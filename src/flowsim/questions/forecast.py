"""A question: where series are heading if nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import model_validator

from flowsim.core.errors import InputError, KeyedError, nearest, unknown_name
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.evidence.series import Mark, Observed, Provenance, Series, convention, documented_awards, read
from flowsim.forecasting.backtest import Backtest, backtest_parts, run_backtest
from flowsim.forecasting.distribution import Joint, SeriesForecast, forecast_frame
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import check_horizon, forecast_parts, forecast_series, upto
from flowsim.questions.asking import Inquiry, command

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ChosenSeries", "Forecast", "Forecasts"]

_AWARDS = ("awards", "fleksjob", "førtidspension", "foertidspension")


@dataclass(frozen=True, kw_only=True)
class ChosenSeries:
    """The series that a question is about, and what was left out of their file.

    Attributes:
        series: as they are forecast.
        together: they are the parts of a whole.
        provenance: where they come from.
        left_out: by name, why a series of the file can't be forecast.
        marks: by name, cells without a number, and those with a note.
        unused: cells of the file with a figure that is in no series.
        cut_off: months before the first whole quarter, or after the last one, whose figures no quarter holds.
    """

    series: tuple[Series, ...]
    provenance: Provenance
    together: bool = False
    left_out: dict[str, str] = field(default_factory=dict)
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    cut_off: tuple[Period, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """The forecasts of several series, of parts before their whole."""

    forecasts: tuple[SeriesForecast | Joint, ...]

    def frame(self) -> pd.DataFrame:
        """Return one table: a row a series and period ahead, with the point and the intervals."""
        return forecast_frame(self.forecasts)


class Forecast(Inquiry):
    """Series to be forecast.

    Attributes:
        source: "awards" (both outcomes and their total), "fleksjob", "førtidspension", or a CSV or Excel file.
        series: names of series of the file; all that can be forecast where left out.
        horizon: periods ahead, 1 to 12 quarters or 1 to 24 months.
        origin: the last period to use, such as "2019Q4".
        shock: how a period unlike the others is taken, such as "2020Q2=recovers:4".
        months: how a file's months become quarters: "sum" or "mean"; "keep" forecasts the months themselves.
        decimal: what a file's decimals stand after, where no cell proves it: "comma" or "point".
        seed: of the sample paths, of which a total's intervals are taken.
    """

    source: str = "awards"
    series: tuple[str, ...] = ()
    horizon: int = 8
    origin: str | None = None
    shock: str | None = None
    months: str | None = None
    decimal: str | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _checked(self) -> Forecast:
        self.taken, self.chosen  # noqa: B018 (each reads and checks a part)
        for figures in self.chosen.series:
            check_horizon(self.horizon, figures.every)
        return self

    @cached_property
    def taken(self) -> Shock | None:
        """How the period unlike the others is taken."""
        return Shock.parse(self.shock) if self.shock else None

    @cached_property
    def chosen(self) -> ChosenSeries:
        """The series as read."""
        if self.source in _AWARDS:
            for key in ("series", "months", "decimal"):
                if getattr(self, key):
                    raise KeyedError(key, f"it goes with a file, not with the built-in series '{self.source}'")
            known = documented_awards()
            if self.source == "awards":
                return ChosenSeries(series=known.series, together=True, provenance=known.provenance)
            return ChosenSeries(series=(known[self.source.replace("foe", "fø")],), provenance=known.provenance)
        if not Path(self.source).exists() and not Path(self.source).suffix:
            raise InputError(
                f"there is no series and no file '{self.source}'{nearest(self.source, _AWARDS)} "
                f"(allowed: {', '.join(_AWARDS)}, or a CSV or Excel file)"
            )
        observed = read(self.source, convention(self.decimal))
        wanted = [observed[name] for name in dict.fromkeys(self.series)] if self.series else observed.series
        quarters = self._quarters(observed)
        usable, left_out, cut_off = [], {}, set()
        for figures in wanted:
            try:
                own = figures.from_first_figure()
                quarterly = quarters(own)
                upto(quarterly, self.origin)
                usable.append(quarterly)
                cut_off |= _outside(own, quarterly)
            except InputError as mistake:
                left_out[figures.name] = str(mistake)
        if not usable or (self.series and left_out):
            name, reason = next(iter(left_out.items()))
            others = [figures.name for figures in observed.series if figures.name != name]
            more = f"; the file has {len(others)} other series" if others else ""
            raise InputError(f"{observed.provenance.file}: {reason}{more}")
        return ChosenSeries(
            series=tuple(usable),
            provenance=observed.provenance,
            left_out=left_out,
            marks={each.name: (*each.marks, *each.notes) for each in wanted if each.marks or each.notes},
            unused=observed.left_out,
            cut_off=tuple(sorted(cut_off)),
        )

    def _quarters(self, observed: Observed) -> Callable[[Series], Series]:
        file, months = observed.provenance.file, self.months
        if months not in (None, "sum", "mean", "keep"):
            raise KeyedError("months", unknown_name("way", str(months), ("sum", "mean", "keep")))
        monthly = any(figures.every == "month" for figures in observed.series)
        if monthly and months is None:
            raise InputError(
                f"{file}: the periods are months: add --months sum where things that happen are counted (awards, "
                "courses), --months mean where people who are there are (full-time persons), or --months keep to "
                "forecast the months themselves"
            )
        if not monthly and months is not None:
            raise KeyedError("months", f"the periods of {file} are quarters already")
        if months == "keep":
            return lambda figures: figures
        how: Literal["sum", "mean"] = "sum" if months == "sum" else "mean"
        return lambda figures: figures.quarterly(how)

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Forecasts:
        """Forecast each series; `progress` is called with (series done, series in all)."""
        if self.chosen.together:
            joint = forecast_parts(self.chosen.series, self.horizon, self.origin, self.taken)
            parts = tuple(replace(part, seed=self.seed) for part in joint.parts)
            return Forecasts(forecasts=(*parts, replace(joint, parts=parts, seed=self.seed)))
        how = partial(forecast_series, horizon=self.horizon, origin=self.origin, shock=self.taken)
        forecasts = _each(how, self.chosen.series, executor, progress)
        return Forecasts(forecasts=tuple(replace(ahead, seed=self.seed) for ahead in forecasts))

    def backtest(self, executor: Executor | None = None, progress: Progress | None = None) -> list[Backtest]:
        """Score forecasts from each period of the past beside simpler ones; the arguments are those of `answer`."""
        known = [upto(figures, self.origin) for figures in self.chosen.series]
        if self.chosen.together:
            return list(backtest_parts(known, self.horizon, self.taken))
        return _each(partial(run_backtest, horizon=self.horizon, shock=self.taken), known, executor, progress)

    def command_line(self) -> str:
        """Write the command that asks again."""
        return command(
            "forecast",
            [self.source],
            {"series": self.series, "horizon": self.horizon, "origin": self.origin, "shock": self.shock}
            | {"months": self.months, "decimal": self.decimal, "seed": None if self.seed == 1 else self.seed},
        )


def _outside(months: Series, quarters: Series) -> set[Period]:
    """Return the periods with a figure that lie before the first, or after the last, of the quarters made of them."""
    first, last = quarters.periods[0], quarters.periods[-1]
    return {
        month
        for month, value in zip(months.periods, months.values, strict=True)
        if value is not None and (month.first < first.first or month.after > last.after)
    }


_Made = TypeVar("_Made")


def _each(
    how: Callable[[Series], _Made], series: Sequence[Series], executor: Executor | None, progress: Progress | None
) -> list[_Made]:
    results = []
    for result in (executor.map if executor else map)(how, series):
        results.append(result)
        if progress is not None:
            progress(len(results), len(series))
    return results
