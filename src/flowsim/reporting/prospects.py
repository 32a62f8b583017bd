"""A forecast as its reader meets it: a value with a table, a picture and a summary in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from math import exp, expm1
from typing import TYPE_CHECKING, Any

from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require_type
from flowsim.core.numbers import significant
from flowsim.core.progress import Progress, shows_progress
from flowsim.evidence.series import Series, from_pandas
from flowsim.forecasting.backtest import OURS, Backtest
from flowsim.forecasting.distribution import LEVELS, SeriesForecast, figure_in
from flowsim.forecasting.pairing import Pairing
from flowsim.forecasting.reference import ReferenceClass, learn_from
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import forecast_series, period_number, upto
from flowsim.reporting.language import Language
from flowsim.simulation.runner import checked_seed

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.arrays import Floats
    from flowsim.core.written import Seed

__all__ = ["ForecastResult", "finding_of_backtest", "finding_of_pair", "forecast", "reasons", "what_if"]

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
            InputError: where the series is no monthly one, or is one of shares, and where no whole quarter lies ahead.
        """
        import numpy as np
        import pandas as pd

        if self.forecast.every != "month":
            raise InputError(f"{self.forecast.name}: it is by {self.forecast.every} already")
        if self.forecast.unit in ("percent", "share"):
            raise InputError(f"{self.forecast.name}: it is in {self.forecast.unit}, and shares of months have no sum")
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

    def summary(self, language: Language | str = "en") -> str:
        """Say in words what is expected, how sure that is, and why."""
        own, spoken = self.forecast, language if isinstance(language, Language) else Language.of(language)
        unit = f" {spoken.unit_of_series(own.unit)}" if own.unit else ""
        last, every = own.series.values[-1] or 0.0, spoken.say(f"every.{own.every}")
        (low80, high80), (low95, high95) = (own.interval(level) for level in LEVELS)
        known = {"name": own.name, "value": _written(last, own, spoken), "unit": unit, "every": every}
        lines = [spoken.say("forecast.last", origin=spoken.short_period(own.origin), **known)]
        for at in dict.fromkeys((0, len(own.point) - 1)):
            ends = {"point": own.point, "low80": low80, "high80": high80, "low95": low95, "high95": high95}
            figures = {key: _written(values[at], own, spoken) for key, values in ends.items()}
            lines.append(spoken.say("forecast.ahead", period=spoken.short_period(own.periods[at]), **figures))
        lines.append(reasons(own, spoken))
        if self.reference is not None:
            of = {"series": str(len(self.reference.series)), "factor": spoken.local(f"{self.reference.factor:.2f}")}
            lines.append(spoken.say("forecast.class", **of))
        surprise = spoken.say("forecast.surprise", every=every, factor=spoken.local(f"{exp(own.surprise):.2f}"))
        lines.append(f"{spoken.say('forecast.meaning')} {surprise}")
        lines += [spoken.translated(note) for note in own.notes]
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
        series: a pandas Series with a PeriodIndex of quarters or months, or a series of `flowsim.evidence.series`;
            what lies before its first figure is left out.
        horizon: periods ahead, 1 to 12 quarters or 1 to 24 months.
        origin: the last period to use; the last one of the series if left out.
        shock: how a period unlike the others is taken, such as "2020Q2=recovers:4".
        reference: series of the same kind, such as other municipalities': the widths of the intervals are then
            learned from them, with an origin from what was known of them then.
        seed: of the sample paths; points and intervals have no draws.
        executor: where the series of the reference are forecast.
        progress: called with (done, all), of these.

    Raises:
        InputError: where something does not fit, as `flowsim.forecasting.trend.forecast_series`.
    """
    seed = checked_seed(seed)
    if origin is not None:
        require_type("origin", origin, str, "a period such as '2019Q4'")
    if shock is not None:
        require_type("shock", shock, (Shock, str), "a Shock, or a text such as '2020Q2=recovers:4'")
    require_type("reference", reference, Iterable, "a list of series")
    given = (one if isinstance(one, Series) else from_pandas(one) for one in (series, *reference))
    own, *others = (observed.from_first_figure() for observed in given)
    if origin is not None:
        upto(own, origin)
        others = [_known(other, origin) if other.every == own.every else other for other in others]
    choice = Shock.parse(shock) if isinstance(shock, str) else shock
    learned = learn_from(others, executor=executor, progress=progress) if others else None
    if learned is not None and learned.every != own.every:
        raise InputError(f"{own.name}: it is by {own.every}, and its reference class by {learned.every}")
    expected = forecast_series(own, horizon, origin, choice, None if learned is None else learned.taught())
    if learned is not None:  # its widths are those of the log scale, of which the distributions of counts know nothing
        expected = replace(expected, counts=None)
    return ForecastResult(forecast=replace(expected, seed=seed), reference=learned)


def _known(one: Series, origin: str) -> Series:
    """Return what was known of a series at an origin."""
    return upto(one, origin) if period_number(one.periods[-1]) > period_number(origin) else one


def reasons(own: SeriesForecast, language: Language) -> str:
    """Say why a forecast is what it is: the members by weight, and where each of them ends."""
    heaviest = sorted(own.weights.items(), key=lambda pair: -pair[1])
    named = [
        f"{language.translated(name)} {language.rounded(weight)} ({_written(own.members[name][-1], own, language)})"
        for name, weight in heaviest
        if weight >= _SHOWN
    ]
    return language.say("forecast.why", members=", ".join(named), last=language.short_period(own.periods[-1]))


def what_if(own: SeriesForecast, language: Language, size: float | None = None) -> str:
    """State beside the ordinary 95 % what they would be if the level broke once, by as much as the largest surprise."""
    chosen = own.surprise if size is None else size
    low, high = own.with_break(chosen)
    ends = [
        language.say(
            "forecast.break.end",
            period=language.short_period(period),
            low=_written(a, own, language),
            high=_written(b, own, language),
        )
        for period, a, b in zip(own.periods, low, high, strict=True)
    ]
    words = {"name": own.name, "periods": language.counted(len(own.periods), f"{own.every}s"), "ends": "; ".join(ends)}
    words |= {"up": language.rounded(expm1(chosen), signed=True)}
    return language.say("forecast.break", down=language.rounded(expm1(-chosen), signed=True), **words)


def _written(value: float, own: SeriesForecast, language: Language) -> str:
    return language.local(figure_in(float(value), own.unit))


def finding_of_pair(pairing: Pairing, language: Language) -> str:
    """Write what the past shows of forecast and simulation, whoever wins."""
    best, *others = pairing.scores
    methods = {score.method: language.say(f"outlook.{score.method}") for score in pairing.scores}
    behind = ", ".join(f"{methods[one.method]} {language.local(significant(one.crps, 2))}" for one in others)
    words = {"best": methods[best.method], "score": language.local(significant(best.crps, 2)), "others": behind}
    words |= {"quarters": str(pairing.quarters), "origins": str(len(pairing.origins))}
    if len(pairing.origins) == 1:
        return language.say(
            "outlook.finding.one", **words | {"quarters": language.counted(pairing.quarters, "quarters")}
        )
    return language.say("outlook.finding", distinct=str(pairing.distinct), **words)


def finding_of_backtest(result: Backtest, language: Language) -> str:
    """Say what the comparison shows, whoever wins."""
    best, rank = result.scores[0], [score.method for score in result.scores].index(OURS)
    words = {"ours": OURS, "score": language.local(significant(result.scores[rank].mase, 2))}
    words["few"] = language.say("forecast.finding.few", origins=str(len(result.origins)))
    if rank == 0:
        return language.say("forecast.finding.first", next=language.translated(result.scores[1].method), **words)
    best_score = language.local(significant(best.mase, 2))
    return language.say(
        "forecast.finding", best=language.translated(best.method), best_score=best_score, rank=str(rank + 1), **words
    )
