"""The outlook: what the trend of documented outcomes says against what a staffing can deliver.

A statistical forecast knows the trend and no staff; a simulation knows the staff and no trend. Where the two differ by
more than both are unsure, or where most paths of demand ask for more than the staff delivers on that very path, that is
the news, and the station that binds is named with it. What a path asks for is what the same replication delivers where
no station limits it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from flowsim.calibration.retrospect import quarterly
from flowsim.calibration.workflow import Calibration
from flowsim.core.arrays import Floats
from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require_type
from flowsim.core.periods import Period
from flowsim.core.progress import Progress, shows_progress
from flowsim.evidence.series import Series
from flowsim.forecasting.demand import Demand
from flowsim.forecasting.distribution import Joint, SeriesForecast
from flowsim.forecasting.pairing import Pairing, has_past, pair, pooled, series_of
from flowsim.forecasting.trend import check_horizon, forecast_parts, forecast_series
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.soundness import reached
from flowsim.model.varying import Unlimited, Varying
from flowsim.simulation.measures.measure import known_measure
from flowsim.simulation.measures.stations import UTILISATION, usable_share
from flowsim.simulation.results import Results
from flowsim.simulation.runner import checked_count, checked_seed, run
from flowsim.theory.fluid_load import StationLoad, workload

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = ["FULL", "LEVEL", "LIKELY_SHARE", "SHORT", "Flag", "Outcome", "OutlookResult", "Sources", "outlook"]

LEVEL = 0.9
"""Of the interval of the difference beyond which forecast and simulation are said to differ."""
SHORT = 0.05
"""By how much more than is delivered a path has to ask for, to count as a shortfall."""
LIKELY_SHARE = 2 / 3
"""The share of the paths with a shortfall from which on a quarter is flagged: what the IPCC's reports call likely."""
FULL = 0.98
"""The utilisation from which on a station is called full, as a share of what can be used of it."""


@dataclass(frozen=True, kw_only=True)
class Flag:
    """Quarters in a row in which forecast and simulation differ beyond what is uncertain, or a shortfall is likely.

    Attributes:
        measure: of the simulation.
        first: the first of the quarters.
        last: the last one.
        trend: the forecast's median in the last one.
        simulated: the simulation's median in the last one.
        wanted: the median of what is asked for in the last one.
        shortfall: the share of the paths that ask for 5 % more than is delivered, or more than that, in the last one.
        station: the fullest of the stations on a way to the outcome that are full then; none where no station is.
        full_since: the quarter since when it has been full without a break.
        more: places a week that what is asked for would need there beyond those that there are; 0 without a station.
    """

    measure: str
    first: str
    last: str
    trend: float
    simulated: float
    wanted: float
    shortfall: float
    station: str | None
    full_since: str | None
    more: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """One outcome, from both sides.

    Attributes:
        measure: of the simulation; "total" of all of them.
        trend: the statistical forecast, with its history.
        simulated: futures of the simulation in the same quarters, shape (replications, quarters).
        wanted: what is asked for, of the same shape: where demand drives the replications, what the same ones deliver
            with stations that take all who come; else what the trend says, on a path of its own.
        pairing: how the two did in the past, where a calibration looked back.
        flags: where they differ.
    """

    measure: str
    trend: SeriesForecast | Joint = field(repr=False)
    simulated: Floats = field(repr=False)
    wanted: Floats = field(repr=False)
    pairing: Pairing | None
    flags: tuple[Flag, ...]

    @property
    def periods(self) -> tuple[str, ...]:
        """The quarters ahead."""
        return self.trend.periods

    @property
    def trend_paths(self) -> Floats:
        """As many futures of the forecast as of the simulation, shape (replications, quarters)."""
        return _paths(self.trend, len(self.simulated))

    @property
    def shortfall(self) -> Floats:
        """In what share of the paths 5 % more is asked for than is delivered, or more than that, by quarter."""
        out: Floats = (self.wanted >= (1 + SHORT) * self.simulated).mean(axis=0)
        return out

    @property
    def differs(self) -> npt.NDArray[np.bool_]:
        """In which quarters the two differ beyond their joint uncertainty, or a shortfall is likely."""
        return _differing(self.trend_paths, self.simulated) | (self.shortfall >= LIKELY_SHARE)

    @property
    def combined(self) -> Floats | None:
        """Futures of both in the proportion that the past gives, shape (futures, quarters); None without a past."""
        if self.pairing is None:
            return None
        return pooled(self.trend_paths, self.simulated, self.pairing.share)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the variance of an outcome comes from, in the mean over the last year ahead; the shares add to one.

    Attributes:
        measure: of the simulation.
        sd: the standard deviation of the outcome in a quarter.
        process: the share of one history's luck.
        parameters: the share of what is not known of the parameters.
        demand: the share of the paths of demand; 0 without any.
        together: what only comes of several at once; where it is below zero they dampen each other.
    """

    measure: str
    sd: float
    process: float
    parameters: float
    demand: float
    together: float


@dataclass(frozen=True, kw_only=True, eq=False)
class OutlookResult(Tabled):
    """What comes, from both sides.

    Attributes:
        scenario: its name.
        demand: the name of the series that drives it; none where the scenario's own rates do.
        outcomes: one a measure that is documented quarter by quarter, and their total.
        sources: of the uncertainty, one a measure.
        results: of the simulation, with all other measures.
    """

    scenario: str
    demand: str | None
    outcomes: tuple[Outcome, ...]
    sources: tuple[Sources, ...]
    results: Results

    def __repr__(self) -> str:
        ahead = self.outcomes[0].periods if self.outcomes else ()
        when = f", {ahead[0]} to {ahead[-1]}" if ahead else ""
        driven = f", driven by {self.demand}" if self.demand else ""
        return (
            f"<Outlook for '{self.scenario}': {len(self.outcomes)} outcomes{when}{driven}, "
            f"{len(self.results.replications):,} futures, {len(self.flags)} flags>"
        )

    @property
    def flags(self) -> tuple[Flag, ...]:
        """All flags, outcome by outcome."""
        return tuple(flag for outcome in self.outcomes for flag in outcome.flags)

    def frame(self) -> pd.DataFrame:
        """Return a tidy table: measure, period, method, p05, p50, p95, differs."""
        import pandas as pd

        rows = []
        for outcome in self.outcomes:
            differs = outcome.differs
            combined = outcome.combined
            methods = {"forecast": outcome.trend_paths, "simulation": outcome.simulated}
            methods |= {} if combined is None else {"combination": combined}
            for method, paths in methods.items():
                low, middle, high = np.quantile(paths, (0.05, 0.5, 0.95), axis=0).tolist()
                for period, *figures, flagged in zip(outcome.periods, low, middle, high, differs, strict=True):
                    rows.append((outcome.measure, period, method, *figures, bool(flagged)))
        return pd.DataFrame(rows, columns=["measure", "period", "method", "p05", "p50", "p95", "differs"])


@shows_progress("outlook")
def outlook(
    scenario: Scenario,
    calibration: Calibration,
    *,
    demand: Demand | None = None,
    horizon: int = 12,
    replications: int = 200,
    sets: bool = False,
    hold: bool = False,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> OutlookResult:
    """Hold the forecasts of documented outcomes beside a scenario's simulation.

    Args:
        scenario: what is simulated: today's staffing, or another.
        calibration: of its base, with the documented quarters and what was said of them in the past.
        demand: paths that drive it, while the factors keep their last values; its own rates do where left out.
        horizon: quarters ahead, 1 to 12.
        replications: futures of the simulation, each with a parameter set and a path of demand of its own.
        sets: draw the calibration's sets alone, not its histories.
        hold: let factors keep their last values after the last document, where they would walk on.
        seed: of all draws.
        executor: where replications run.
        progress: called with (done, all).

    Raises:
        InputError: for a scenario over another base, and where nothing is documented quarter by quarter, or the horizon
            of the scenario ends before the forecast's.
    """
    require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of('today') reads one")
    require_type("calibration", calibration, Calibration, "a calibration, as `calibrate` returns it")
    if demand is not None:
        require_type("demand", demand, Demand, "a Demand, as `Demand.of` returns it")
    check_horizon(horizon)
    seed, replications = checked_seed(seed), checked_count(replications)
    # What drives it takes the place of the factors' walk: both would count the same uncertainty twice.
    ensemble = calibration.ensemble.drawing(sets=sets, hold=hold or demand is not None)
    if scenario.begins_today:
        raise InputError(
            f"{scenario.source}: an outlook begins where the documents end, not with a list of today's cases"
        )
    varying = ensemble.over(scenario)
    series = series_of(quarterly(calibration.study))
    if not series:
        raise InputError(f"{scenario.name}: nothing is documented quarter by quarter, two years or longer")
    trends = _trends(series, horizon)
    periods = next(iter(trends.values())).periods
    point = scenario.pathway(ensemble.mode)
    if Period(periods[-1]).after > point.end.year * 12 + point.end.month - 1:
        raise InputError(
            f"{scenario.name}: its horizon ends {point.end:%Y-%m-%d}, before {periods[-1]}, the last quarter ahead: "
            "forecast fewer quarters, or let it end later"
        )
    runs = _Runs(point, varying, demand, tuple(series), replications, seed, executor, progress)
    results = runs.all()
    asked_for = runs.without_limits() if demand is not None else None
    loads = workload(point).stations
    outcomes = []
    for name, trend in trends.items():
        simulated = _values(results, name, series, periods)
        past = pair(series[name], calibration.retrospects) if has_past(name, calibration.retrospects) else None
        wanted = _values(asked_for, name, series, periods) if asked_for is not None else _paths(trend, replications)
        outcome = Outcome(measure=name, trend=trend, simulated=simulated, wanted=wanted, pairing=past, flags=())
        on_the_way = _stations_towards(point, results, [name] if name in series else [*series])
        outcomes.append(replace(outcome, flags=tuple(_flags(outcome, results, loads, on_the_way))))
    return OutlookResult(
        scenario=scenario.name,
        demand=demand.name if demand else None,
        outcomes=tuple(outcomes),
        sources=tuple(_sources(name, runs, series, periods[-4:]) for name in trends),
        results=results,
    )


def _trends(series: Mapping[str, Series], horizon: int) -> dict[str, SeriesForecast | Joint]:
    """Return the forecast of each measure, and of their total where there are several: reconciled, as demand is."""
    if len(series) == 1:
        return {name: forecast_series(one, horizon) for name, one in series.items()}
    joint = forecast_parts(list(series.values()), horizon)
    return {part.name: part for part in joint.parts} | {"total": joint}


class _Runs:
    """The same replications with each source of uncertainty let loose alone, and with all of them."""

    def __init__(
        self,
        point: Pathway,
        varying: Varying,
        demand: Demand | None,
        measures: tuple[str, ...],
        replications: int,
        seed: int,
        executor: Executor | None,
        progress: Progress | None,
    ) -> None:
        self.point, self.varying, self.demand = point, varying, demand
        self.measures = measures  # of the runs beside the one with all sources
        self.replications, self.seed, self.executor, self.progress = replications, seed, executor, progress
        self.done = 0
        self.kept: dict[tuple[bool, bool], Results] = {}

    def all(self) -> Results:
        return self.of(parameters=True, demand=True)

    def of(self, *, parameters: bool, demand: bool) -> Results:
        """Run with parameters, demand, both or neither let loose; histories are always free."""
        key = (parameters, demand or self.demand is None)
        if key not in self.kept:
            whole = parameters and key[1]
            model: Pathway | Varying = self.varying if parameters else self.point
            if self.demand is not None:
                model = (self.demand if demand else self.demand.middle).over(model)
            self.kept[key] = self._run(model, None if whole else self.measures)
        return self.kept[key]

    def _run(self, model: Pathway | Varying, measures: tuple[str, ...] | None) -> Results:
        results = run(
            model,
            replications=self.replications,
            seed=self.seed,
            executor=self.executor,
            progress=self._advance if self.progress else None,
            measures=measures,
        )
        self.done += self.replications
        return results

    def without_limits(self) -> Results:
        """Run the same replications through stations that take all who come."""
        model = Unlimited(model=self.varying)
        return self._run(model if self.demand is None else self.demand.over(model), self.measures)

    def _advance(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(self.done + done, self.replications * (2 if self.demand is None else 5))


def _sources(name: str, runs: _Runs, series: Mapping[str, object], periods: Sequence[str]) -> Sources:
    def variance(parameters: bool, demand: bool) -> float:
        values = _values(runs.of(parameters=parameters, demand=demand), name, series, periods)
        return float(values.var(axis=0, ddof=1).mean())

    whole, process = variance(True, True), variance(False, False)
    if whole == 0:
        return Sources(measure=name, sd=0.0, process=1.0, parameters=0.0, demand=0.0, together=0.0)
    parameters = (variance(True, False) - process) / whole
    demand = (variance(False, True) - process) / whole if runs.demand is not None else 0.0
    process /= whole
    # Variances of sources that act alone do not add up to that of all: what is left may be below zero.
    together = 1 - process - parameters - demand
    return Sources(
        measure=name,
        sd=float(np.sqrt(whole)),
        process=process,
        parameters=parameters,
        demand=demand,
        together=together,
    )


def _paths(trend: SeriesForecast | Joint, count: int) -> Floats:
    """Return futures of a forecast that have nothing to do with the replications of the same numbers.

    Paths of demand may come of the same draws, path for replication, so these begin half-way.
    """
    # Rolled and not drawn anew: each path stays whole, and is that of another replication.
    paths = np.roll(trend.paths(count), count // 2, axis=0)
    return paths.sum(axis=1) if isinstance(trend, Joint) else paths


def _stations_towards(pathway: Pathway, results: Results, names: Sequence[str]) -> set[str]:
    """Name the stations from which one may come to what one of the measures of these names counts."""
    states = {known_measure(name, results.measures).of("state") for name in names}
    arrows = {state.name: set() if state.final else state.targets for state in pathway.states}
    return {
        state.station
        for state in pathway.states
        if state.station is not None and states & reached([state.name], arrows)
    }


def _values(results: Results, name: str, series: Mapping[str, object], periods: Sequence[str]) -> Floats:
    columns = results.columns
    measures = [name] if name in series else list(series)
    out: Floats = np.sum([results.values[:, [columns[one, p] for p in periods]] for one in measures], axis=0)
    return out


def _differing(trend: Floats, simulated: Floats) -> npt.NDArray[np.bool_]:
    """Tell in which quarters zero lies outside the interval of the difference between independent futures."""
    low, high = np.quantile(trend - simulated, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return np.asarray((low > 0) | (high < 0), np.bool_)


def _flags(outcome: Outcome, results: Results, loads: Sequence[StationLoad], on_the_way: Collection[str]) -> list[Flag]:
    periods, trend, simulated = outcome.periods, outcome.trend_paths, outcome.simulated
    differs, shortfall = outcome.differs, outcome.shortfall
    above = (np.median(trend, axis=0) > np.median(simulated, axis=0)) | (shortfall >= LIKELY_SHARE)
    flags, at = [], 0
    while at < len(periods):
        last = at
        if differs[at]:
            while last + 1 < len(periods) and differs[last + 1] and above[last + 1] == above[at]:
                last += 1
            paths = (trend, simulated, outcome.wanted)
            middle, delivered, wanted = (float(np.median(each[:, last])) for each in paths)
            station, since = _full(results, periods[last], on_the_way)
            # Where hardly anything is delivered the ratio has no bound: it is then one of what is wanted over one.
            more = _places(loads, station, periods[last]) * (wanted / max(delivered, 1.0) - 1) if station else 0.0
            flags.append(
                Flag(
                    measure=outcome.measure,
                    first=periods[at],
                    last=periods[last],
                    trend=middle,
                    simulated=delivered,
                    wanted=wanted,
                    shortfall=float(shortfall[last]),
                    station=station,
                    full_since=since,
                    more=max(more, 0.0),
                )
            )
        at = last + 1
    return flags


def _full(results: Results, period: str, among: Collection[str]) -> tuple[str | None, str | None]:
    """Return the fullest of some stations that is full in the median of a quarter, and since when it has been."""
    middle: dict[str, dict[Period, float]] = {}
    quarter = Period(period)
    for column, row in enumerate(results.index):
        # Years stand among the quarters, and would break a row of them.
        if row.measure.kind == UTILISATION and row.measure.names[0] in among and row.period.every == quarter.every:
            station = results.pathway.station(row.measure.names[0])
            most = usable_share(station, results.pathway, row.period)
            used = float(np.nanmedian(results.values[:, column]))
            middle.setdefault(station.name, {})[row.period] = used / most if most else used
    full = {name: shares[quarter] for name, shares in middle.items() if shares.get(quarter, 0.0) >= FULL}
    if not full:
        return None, None
    fullest = max(full, key=lambda name: full[name])
    periods = sorted(middle[fullest])
    at = periods.index(quarter)
    while at > 0 and middle[fullest][periods[at - 1]] >= FULL:
        at -= 1
    return fullest, periods[at]


def _places(loads: Sequence[StationLoad], station: str, period: str) -> float:
    month = Period(period).first
    return next(
        row.places_a_week
        for row in reversed(loads)
        if row.station == station and row.since.year * 12 + row.since.month - 1 <= month
    )
