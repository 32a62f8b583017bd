"""What a report rests on: scenarios run side by side, and what staffing meets a goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require_type, whole_number
from flowsim.core.periods import FINER, MONTHS, Every, Period
from flowsim.core.progress import Progress, shows_progress
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.planning.comparison import Comparison, Paired, check_comparable, compare, paired, to_one_end
from flowsim.planning.cost import with_costs
from flowsim.planning.prices import Prices
from flowsim.planning.response import series
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.simulation.estimates import SingleEstimate, sure_rows
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.measure import Measure, known_measure
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED
from flowsim.simulation.measures.timeline import Calendar
from flowsim.simulation.opening import model_of
from flowsim.simulation.results import Results
from flowsim.simulation.runner import checked_seed, run

if TYPE_CHECKING:
    from flowsim.core.written import Seed

__all__ = ["STATIONS", "Findings", "YearlyDifference", "check_reportable", "explore"]

STATIONS = 3
"""Stations whose waits and queues a report draws."""
_MOST_SCENARIOS = 4
_EVERY: tuple[Every, ...] = ("year", "quarter", "month")
_COSTS = ("cost.effort", "cost.total")


@dataclass(frozen=True, kw_only=True)
class YearlyDifference:
    """How much a scenario differs from the first one in a measure and a year.

    Attributes:
        measure: the measure.
        scenario: the scenario's name.
        year: the year.
        estimate: the difference with its interval, for itself.
        differing: the pairs that differ at all.
        surely: whether it is sure, as one of all in the table.
    """

    measure: Measure
    scenario: str
    year: Period
    estimate: SingleEstimate
    differing: int
    surely: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    """What a report rests on.

    Attributes:
        scenarios: the first is what the others are compared with.
        comparison: their runs; of one alone too.
        parameters: what its replications drew their parameters from.
        staffing: what staffing meets a goal; None where that was not asked.
        prices: what costs are computed by; None where there are none.
        own_ends: by name, the own ends of scenarios that were run longer, to the latest end among all.
    """

    scenarios: tuple[Scenario, ...]
    comparison: Comparison = field(repr=False)
    parameters: Parameters = field(repr=False)
    staffing: Answer | Frontier | None = None
    prices: Prices | None = None
    own_ends: Mapping[str, date] = field(default_factory=dict)

    @property
    def pathway(self) -> Pathway:
        """The first scenario's model, whose names are those of all."""
        return self.comparison.reference.pathway

    @property
    def years(self) -> tuple[Period, ...]:
        """The whole years reported, in order."""
        return tuple(sorted({row.period for row in self.comparison.index if row.period.every == "year"}))

    @property
    def span(self) -> tuple[Period, Period]:
        """The first and the last period reported: years where it is whole ones, otherwise quarters or months."""
        periods = {row.period for row in self.comparison.index if row.period.every not in FINER}
        first, after = (
            min(period.month for period in periods),
            max(period.last("month").number for period in periods) + 1,
        )
        every = next(one for one in _EVERY if first % MONTHS[one] == after % MONTHS[one] == 0)
        return Period.at(first, every), Period.at(after - 1, every)

    @property
    def changed(self) -> tuple[str, ...]:
        """The stations that a scenario changes or closes."""
        files = [file for one in self.scenarios for file, _ in one.layers]
        edits = [edit.station for file in files for edit in file.stations]
        closures = [closure.station for file in files for closure in file.closures]
        return tuple(dict.fromkeys([*edits, *closures]))

    @cached_property
    def stations(self) -> tuple[str, ...]:
        """At most `STATIONS`: those of goals and levers, those that scenarios change, then those with long queues."""
        names = [station.name for station in self.pathway.stations]
        asked: list[str] = []
        if self.staffing is not None:
            levels = [self.staffing.levels] + ([self.staffing.rows] if isinstance(self.staffing, Frontier) else [])
            asked = [varied.lever.station for varied in levels]
            asked += [goal.response.measure.of("station") or "" for goal in self.staffing.question.goals]
        ordered = [name for name in dict.fromkeys([*asked, *self.changed]) if name in names]
        longest = {name: max(_queue(result, name) for result in self.comparison.results) for name in names}
        ordered += [name for name in sorted(names, key=lambda name: -longest[name]) if name not in ordered]
        return tuple(ordered[:STATIONS])

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The key measures: of goals, waits and queues, timeliness, awards, and costs."""
        wanted: list[str] = [goal.response.measure for goal in self.staffing.question.goals] if self.staffing else []
        wanted += [SERVED(name) for name in self.stations]
        wanted += [CLOCK_WITHIN(clock.name) for clock in self.pathway.clocks if not clock.abandons][:1]
        wanted += [QUEUE(name) for name in self.stations[:1]]
        wanted += [AWARDS(state.name) for state in self.pathway.states if state.outcome]
        wanted += _COSTS if self.prices is not None else ()
        reported = {measure: measure for measure in self.comparison.reference.measures}
        return tuple(reported[name] for name in dict.fromkeys(wanted) if name in reported)  # type: ignore[index]

    def unit(self, measure: str) -> str:
        """Return the unit of a measure."""
        return self._units[measure]

    @cached_property
    def _units(self) -> dict[str, str]:
        return {row.measure: row.unit for row in self.comparison.index}

    def yearly(self, measure: str) -> dict[str, tuple[tuple[Period, ...], Floats]]:
        """Return the years and the numbers, shape (replications, years), of a measure in each scenario."""
        runs = zip(self.comparison.names, self.comparison.results, strict=True)
        return {name: series(results, measure, "year") for name, results in runs}

    def difference(self, measure: str, name: str, confidence: float | None = None) -> tuple[tuple[Period, ...], Paired]:
        """Return the years, and how much a scenario differs from the first one in a measure.

        With the confidence of the comparison where none is given.
        """
        runs = self.yearly(measure)
        (years, before), (_, after) = runs[self.comparison.names[0]], runs[name]
        measures = [known_measure(measure, self.comparison.reference.measures)] * len(years)
        return years, paired(measures, before, after, confidence or self.comparison.confidence)

    def differences(self) -> tuple[YearlyDifference, ...]:
        """Return the differences of all further scenarios in the key measures, each year, as one table.

        Which of them are sure is so of all at once: see `estimates.sure_rows`.
        """
        cells = [
            (measure, name, year, table, n)
            for measure in self.measures
            for name in self.comparison.names[1:]
            for years, table in [self.difference(measure, name)]
            for n, year in enumerate(years)
        ]
        p_values = np.array([table.p_value[n] for *_, table, n in cells])
        differing = np.array([table.differing[n] for *_, table, n in cells], np.int64)
        surely = sure_rows(p_values, differing, 1 - self.comparison.confidence).tolist()
        return tuple(
            YearlyDifference(
                measure=measure,
                scenario=name,
                year=year,
                estimate=table.at(n),
                differing=int(table.differing[n]),
                surely=sure,
            )
            for (measure, name, year, table, n), sure in zip(cells, surely, strict=True)
        )


@shows_progress("report")
def explore(
    scenarios: Sequence[Scenario],
    *,
    parameters: Parameters,
    prices: Prices | None = None,
    between: tuple[str, str] = ("0001", "9999"),
    replications: int = 100,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Run what a report rests on.

    Args:
        scenarios: one to four; more than one as `compare` takes them.
        parameters: see `ensemble.Parameters`.
        prices: what costs are computed by, in whole years.
        between: the first and the last period to report.
        replications: of each scenario.
        seed: of all draws.
        executor: where replications run.
        progress: called with (done, all).

    Raises:
        InputError: before anything runs, for more scenarios than a chart holds, a time without a whole year, less than
            two replications, and as `compare`.
    """
    seed, replications = checked_seed(seed), whole_number("replications", replications)
    if not isinstance(scenarios, Sequence) or isinstance(scenarios, str):
        raise InputError(f"scenarios: {scenarios!r} is not allowed: it should be a list of scenarios")
    for scenario in scenarios:
        require_type("scenarios", scenario, Scenario, "scenarios: Scenario.of('today') reads one")
    if not isinstance(between, Sequence) or len(between) != 2:
        raise InputError(f"between: {between!r} is not allowed: it should be two periods, such as ('2019', '2022')")
    own_ends = {scenario.name: scenario.pathway().end.date() for scenario in scenarios}
    scenarios = to_one_end(tuple(scenarios))
    check_reportable(scenarios, between, replications)
    if len(scenarios) == 1:
        (scenario,) = scenarios
        subject = parameters.over(scenario) if isinstance(parameters, Ensemble) else model_of(scenario, parameters)
        results = run(subject, replications=replications, seed=seed, executor=executor, progress=progress)
        comparison = Comparison(names=(scenario.name,), results=(results,))
    else:
        comparison = compare(
            scenarios,
            parameters=parameters,
            replications=replications,
            seed=seed,
            executor=executor,
            progress=progress,
        )
    priced = with_costs(comparison, prices) if prices is not None else comparison
    return Findings(
        scenarios=tuple(scenarios),
        comparison=priced.between(*between),
        parameters=parameters,
        prices=prices,
        own_ends={name: end for name, end in own_ends.items() if end != max(own_ends.values())},
    )


def check_reportable(scenarios: Sequence[Scenario], between: tuple[str, str], replications: int) -> None:
    """Check that scenarios can be reported on over a time, with so many replications of each.

    Raises:
        InputError: for more scenarios than a chart holds, a time without a whole year, less than two replications, and
            as `check_comparable`.
    """
    if not 1 <= len(scenarios) <= _MOST_SCENARIOS:
        raise InputError(f"{len(scenarios)} scenarios: a report shows one to {_MOST_SCENARIOS}, the first as reference")
    since, until = Period(between[0]).first, Period(between[1]).after
    years = Calendar.of(scenarios[0].pathway()).periods("year")
    if not any(since <= year.first and year.after <= until for year in years):
        raise InputError("the time to report holds no whole year: report a longer time, or let the horizon end later")
    if replications < 2:
        raise InputError(f"replications: {replications} is not allowed: a range takes at least 2")
    if len(scenarios) > 1:
        check_comparable(scenarios)


def _queue(results: Results, station: str) -> float:
    """Return the mean queue of a station over what is reported, in the median replication."""
    measure = QUEUE(station)
    if measure not in results.measures:
        return 0.0
    return float(np.median(results.select(measure).values.mean(axis=1)))
