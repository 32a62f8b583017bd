"""A forecast as its reader meets it: a value with a table, a picture and a summary in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from math import exp, expm1
from typing import TYPE_CHECKING, Any

from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require_type
from flowsim.core.numbers import number
from flowsim.core.progress import Progress, shows_progress
from flowsim.evidence.series import Series, from_pandas
from flowsim.forecasting.distribution import LEVELS, SeriesForecast
from flowsim.forecasting.reference import ReferenceClass, learn_from
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import forecast_series
from flowsim.simulation.runner import checked_seed

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.arrays import Floats
    from flowsim.core.written import Seed

__all__ = ["ForecastResult", "forecast", "meaning", "reasons", "what_if"]

_SHOWN = 0.01  # the least weight of a member that is named


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastResult(Tabled):
    """Where a series is heading if nothing changes, and how sure that is.

    Attributes:
        forecast: points, intervals and sample paths.
        reference: what series of the same kind have shown, where they were given.
    """

    forecast: SeriesForecast
    reference: ReferenceClass | None = None

    def __repr__(self) -> str:
        return repr(self.forecast)

    @property
    def members(self) -> Mapping[str, Floats]:
        """The points of each member of the pool."""
        return self.forecast.members

    @property
    def weights(self) -> Mapping[str, float]:
        """The weights of the members, summing to one."""
        return self.forecast.weights

    def paths(self, count: int = 1000, seed: int | None = None) -> Floats:
        """Draw possible futures, one a row; the same seed gives the same ones, the forecast's own where left out."""
        return self.forecast.paths(count, seed)

    def frame(self) -> pd.DataFrame:
        """Return points and intervals as a table: one row a period ahead, with a PeriodIndex."""
        import pandas as pd

        table = self.forecast.frame().drop(columns=["series", "unit", "origin"])
        every = "Q" if self.forecast.every == "quarter" else "M"
        return table.set_index(pd.PeriodIndex(table.pop("period"), freq=every))

    def quarters(self, count: int = 20_000) -> pd.DataFrame:
        """Return a monthly forecast summed by quarters: points and intervals of the quarters that lie ahead in full.

        The points are sums of the months' points, the intervals those of sums along sample paths.

        Raises:
            InputError: where the series is no monthly one, or no whole quarter lies ahead.
        """
        import numpy as np
        import pandas as pd

        if self.forecast.every != "month":
            raise InputError(f"{self.forecast.name}: it is by {self.forecast.every} already")
        months = pd.PeriodIndex(self.forecast.periods, freq="M").asfreq("Q")
        whole = [quarter for quarter, number in months.value_counts(sort=False).items() if number == 3]
        if not whole:
            raise InputError(f"{self.forecast.name}: {len(months)} months ahead hold no whole quarter")
        paths = self.paths(count)
        columns: dict[str, list[float]] = {"point": []}
        for quarter in whole:
            inside = np.asarray(months == quarter)
            columns["point"].append(float(self.forecast.point[inside].sum()))
            sums = paths[:, inside].sum(axis=1)
            for level in LEVELS:
                for side, share in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
                    columns.setdefault(f"{side}_{100 * level:.0f}", []).append(float(np.quantile(sums, share)))
        return pd.DataFrame(columns, index=pd.PeriodIndex(whole, freq="Q", name="period"))

    def summary(self) -> str:
        """Say in words what is expected, how sure that is, and why."""
        own = self.forecast
        unit = f" {own.unit}" if own.unit else ""
        last = own.series.values[-1] or 0.0
        (low80, high80), (low95, high95) = (own.interval(level) for level in LEVELS)
        lines = [f"{own.name}: {number(last)}{unit} in {own.origin}, the last {own.every} that is known."]
        lines += [
            f"Expected in {own.periods[at]}: {number(own.point[at])}; {number(low80[at])} to {number(high80[at])} with "
            f"80 %, {number(low95[at])} to {number(high95[at])} with 95 %."
            for at in dict.fromkeys((0, len(own.point) - 1))
        ]
        lines.append(reasons(own))
        if self.reference is not None:
            lines.append(
                f"The widths are those of a class of {len(self.reference.series)} series: {self.reference.factor:.2f} "
                "times the usual ones."
            )
        lines.append(
            f"{meaning()} The largest surprise of this series from one {own.every} to the next was a factor of "
            f"{exp(own.surprise):.2f}."
        )
        lines += own.notes
        return "\n".join(lines)


@shows_progress("forecast")
def forecast(
    series: Series | pd.Series[Any],
    horizon: int = 8,
    *,
    origin: str | None = None,
    shock: Shock | str | None = None,
    reference: Sequence[Series | pd.Series[Any]] = (),
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> ForecastResult:
    """Forecast a quarterly or monthly series.

    Args:
        series: a pandas Series with a PeriodIndex of quarters or months, or a series of `flowsim.evidence.series`.
        horizon: periods ahead, 1 to 12 quarters or 1 to 24 months.
        origin: the last period to use; the last one of the series if left out.
        shock: how a period unlike the others is taken, such as "2020Q2=recovers:4".
        reference: series of the same kind, such as other municipalities': the widths of the intervals are then
            learned from them.
        seed: of the sample paths; points and intervals have no draws.
        executor: where the series of the reference are forecast.
        progress: called with (done, all), of these.

    Raises:
        InputError: where something does not fit, as `flowsim.forecasting.trend.forecast_series`.
    """
    seed = checked_seed(seed)
    if origin is not None:
        require_type("origin", origin, str, "a period such as '2019Q4'")
    own, *others = (one if isinstance(one, Series) else from_pandas(one) for one in (series, *reference))
    choice = Shock.parse(shock) if isinstance(shock, str) else shock
    learned = learn_from(others, executor=executor, progress=progress) if others else None
    if learned is not None and learned.every != own.every:
        raise InputError(f"{own.name}: it is by {own.every}, and its reference class by {learned.every}")
    expected = forecast_series(own, horizon, origin, choice, None if learned is None else learned.taught())
    return ForecastResult(forecast=replace(expected, seed=seed), reference=learned)


def reasons(own: SeriesForecast) -> str:
    """Say why a forecast is what it is: the members by weight, and where each of them ends."""
    heaviest = sorted(own.weights.items(), key=lambda pair: -pair[1])
    named = [f"{name} {weight:.0%} ({number(own.members[name][-1])})" for name, weight in heaviest if weight >= _SHOWN]
    return f"Why: a weighted mean of {', '.join(named)}, in brackets what each expects in {own.periods[-1]}."


def meaning() -> str:
    """Say what the 95 % are 95 % of."""
    return (
        "80 % and 95 % are what came true of such intervals on thousands of public series, most of which went on as "
        "before. They hold if nothing changes: of a reform, a new practice or a lock-down they know nothing."
    )


def what_if(own: SeriesForecast, size: float | None = None) -> str:
    """State beside the ordinary 95 % what they would be if the level broke once, by as much as the largest surprise."""
    chosen = own.surprise if size is None else size
    low, high = own.with_break(chosen)
    ends = [f"{period} {number(a)} to {number(b)}" for period, a, b in zip(own.periods, low, high, strict=True)]
    return (
        f"What if the level of {own.name} broke once in these {len(own.periods)} {own.every}s, by "
        f"{expm1(chosen):+.0%} or {expm1(-chosen):+.0%}: 95 % would be {'; '.join(ends)}. That a break comes is "
        "assumed here, not forecast."
    )
