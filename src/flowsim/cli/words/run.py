"""What a planner reads first of a run: the documents beside the simulation, and what comes, year by year."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from flowsim.cli.terminal import WIDTH, counted, cut, number, table, wrapped
from flowsim.core.periods import Period
from flowsim.simulation.measures.flows import AWARDS, STOCK
from flowsim.simulation.measures.spells import CLOCK_OVERDUE, CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from flowsim.evidence.facts import Fact
    from flowsim.model.pathway import Pathway
    from flowsim.model.scenario import Scenario
    from flowsim.simulation.measures.measure import Measure
    from flowsim.simulation.precision import Precision
    from flowsim.simulation.results import Results
    from flowsim.theory.verification.checks import Check, Verification

__all__ = [
    "beside_documents",
    "by_period",
    "carried_on",
    "fact_words",
    "name_lines",
    "precision_lines",
    "range_title",
    "standing_still",
    "starred",
    "verification_lines",
    "with_documented",
]

_COUNTS = ["measure", "period", "defined", "left_out", "stalled"]
_LABEL = 38  # leaves room for six years
_SHOWN = 6  # figures that are named one by one


class _Row(NamedTuple):
    measure: str
    period: str
    unit: str
    level: float
    p05: float
    p95: float
    documented: float


def with_documented(levels: pd.DataFrame, documented: Mapping[tuple[str, Period], float]) -> pd.DataFrame:
    """Return the table of a run with a column of documented figures, empty where there is none."""
    keys = zip(levels["measure"], levels["period"], strict=True)
    return levels.assign(documented=[documented.get(key, math.nan) for key in keys])


def range_title(count: int) -> str:
    """Return what stands between p05 and p95 of so many replications."""
    from flowsim.simulation.estimates import FEWEST_FOR_RANGE  # loads scipy, which a refusal does without

    return "5 to 95 %" if count >= FEWEST_FOR_RANGE else f"lowest to highest of {count}"


def precision_lines(precision: Precision, runs: Sequence[Results], reached: bool | None, of: str = "") -> list[str]:
    """Say how many replications an asked precision took, and of what it is not known.

    Of one run or of several that are compared; `of` is said after the measures, such as " in town".
    """
    from flowsim.simulation.precision import without_precision

    verb = "took" if reached else "was not reached with"
    measures = ", ".join(precision.measures)
    count = len(runs[0].replications)
    lines = [f"A half-width of {precision.relative:.3g} of the level of {measures}{of} {verb} {count} replications"]
    if unknown := without_precision(runs, precision):
        figures = [f"{row.measure} in {row.period}" for row in unknown]
        shown = ", ".join(figures[:_SHOWN]) + (f" and {len(figures) - _SHOWN} more" if len(figures) > _SHOWN else "")
        lines.append(
            wrapped(f"Not told of {shown}: less than ten replications define it, or all are alike, or it is 0")
        )
    return lines


def beside_documents(levels: pd.DataFrame, count: int, changed: bool = False) -> list[str]:
    """Write each documented figure beside the simulated one, in lines of at most eighty columns.

    `count` is the number of replications; `changed` says that the simulation is of something else than what is
    documented, so the two may differ.

    Where a measure is documented by year, its shorter periods are left to the files.
    """
    known = levels[levels["documented"].notna()]
    rows = [_Row(*row) for row in known[list(_Row._fields)].to_numpy().tolist()]
    yearly = {row.measure for row in rows if Period(row.period).every == "year"}
    shown = [row for row in rows if Period(row.period).every == "year" or row.measure not in yearly]
    if not shown:
        return []
    title = "Documented history beside this scenario" if changed else "Documented beside simulated"
    differs = "differs" if changed else "off by"
    cells: list[str | tuple[str, ...]] = []
    for (measure, unit), group in groupby(shown, lambda row: (row.measure, row.unit)):
        cells.append(f"{measure} ({unit})")
        for row in group:
            comparable = math.isfinite(row.level) and row.documented and not row.p05 <= row.documented <= row.p95
            off = f"{100 * (row.level / row.documented - 1):+.0f} %" if comparable else ""
            interval = f"{number(row.p05)} to {number(row.p95)}"
            cells.append((f"  {row.period}", number(row.documented), number(row.level), interval, off))
    columns = {"": 16, "documented": 12, "simulated": 10, range_title(count): 24, differs: 10}
    lines = [title, *table(columns, cells)]
    if len(shown) < len(rows):
        lines.append(f"{len(rows) - len(shown)} more documented figures, by quarter, stand in --out and --json")
    return lines


def carried_on(until: datetime | None, last: datetime) -> list[str]:
    """Say from when on figures up to a moment are of no documented time; nothing where all are, or none is known."""
    if until is None or last <= until:
        return []
    return [wrapped(f"From {until:%Y-%m-%d} on all is carried on, not observed: no document reaches further.")]


def by_period(levels: pd.DataFrame, pathway: Pathway, documented_until: datetime | None = None) -> list[str]:
    """Write the headline measures by year: awards and stocks, and queues and waits at the year's end.

    By quarter or month where no whole year, or quarter, is reported. In lines of at most eighty columns. A period of
    which documents do not tell the whole is marked with a star.
    """
    keys = zip(levels["measure"], levels["period"], strict=True)
    cells = dict(zip(keys, levels["level"].tolist(), strict=True))
    reported = {Period(text) for text in levels["period"]}
    longest = max(reported, key=lambda period: period.months, default=None)
    every = longest.every if longest else ""
    periods = sorted(period for period in reported if period.every == every)
    wide = 8 if every == "month" else 7  # "2019-03" is longer than "2019Q1"
    columns, lines = (WIDTH - _LABEL) // wide, list[str]()
    for first in range(0, len(periods), columns):
        block = periods[first : first + columns]
        titles = {f"{every.capitalize()} by {every}": _LABEL}
        titles |= dict.fromkeys((starred(period, documented_until) for period in block), wide)
        rows = {name: [cells.get((name, period), math.nan) for period in block] for name in _headlines(pathway)}
        moving = {name: row for name, row in rows.items() if any(not math.isnan(value) and value for value in row)}
        lines += [""] * bool(lines) + table(titles, ((name, *map(number, row)) for name, row in moving.items()))
    if lines:
        ends = (
            f"Stocks, queues and overdue cases are those at the {every}'s end; waits are in weeks, the mean of those "
            f"who started in the {every}; shares are of those decided in it. "
        )
        notes = [f"({ends if every != 'month' else ''}Over the futures awards are means, all else medians.)"]
        notes += carried_on(documented_until, periods[-1].end)
        notes += standing_still(levels, set(_headlines(pathway)), periods)
        lines += [line for note in notes for line in wrapped(note).splitlines()]
    return lines


def starred(period: Period, documented_until: datetime | None) -> str:
    """Return the name of a period, with a star where documents do not tell all of it."""
    return f"{period}*" if documented_until is not None and period.end > documented_until else str(period)


def standing_still(levels: pd.DataFrame, measures: Collection[str], periods: Collection[str]) -> list[str]:
    """Say in how many futures queues stand still, and which figures are of fewer futures than the others."""
    still: dict[str, list[str]] = {}
    fewer: dict[str, list[str]] = {}
    for measure, period, defined, left_out, stalled in levels[_COUNTS].itertuples(index=False):
        if measure in measures and period in periods and defined:
            if stalled:
                still.setdefault(measure, []).append(f"{stalled} of {defined + left_out} in {period}")
            if left_out:
                fewer.setdefault(measure, []).append(f"{defined} of {defined + left_out} in {period}")
    lines = [
        f"{measure}: the queue stands still (nobody is served while somebody waits, shown as ∞) in futures: "
        + ", ".join(cases)
        for measure, cases in still.items()
    ]
    return lines + [
        f"{measure}: of the futures in which it is defined: {', '.join(cases)}" for measure, cases in fewer.items()
    ]


def _headlines(pathway: Pathway) -> Iterable[Measure]:
    """Yield the measures that sum a pathway up."""
    ends = {state.benefit for state in pathway.states if state.final}
    yield from (STOCK(benefit) for benefit in pathway.benefits if benefit not in ends)
    yield from (AWARDS(state.name) for state in pathway.states if state.outcome)
    for station in pathway.stations:
        yield QUEUE(station.name)
        yield SERVED(station.name)
    for clock in pathway.clocks:
        yield CLOCK_WITHIN(clock.name)
        yield CLOCK_OVERDUE(clock.name)


def fact_words(fact: Fact) -> str:
    """Write the figures of a fact with their unit, period, precision and population in one line."""
    if fact.relation is not None:
        figures = str(fact.relation)
    elif fact.values is not None:
        figures = ", ".join(f"{key} {cell:g}" for key, cell in fact.values.items())
    else:
        figures = fact.value if isinstance(fact.value, str) else f"{fact.value:,g}"
    given = fact.precision
    precision = given.kind if given.kind != "ca" else "ca."
    if given.half_width is not None:
        precision += f" ± {given.half_width:g}"
    unit = "" if fact.unit == "date" else f" {fact.unit}"
    return f"{figures}{unit} [{fact.period}; {precision}; {fact.population}]"


def verification_lines(result: Verification) -> list[str]:
    """Write theory beside simulation, family by family, and what it comes to; in lines of at most eighty columns."""
    from flowsim.theory.verification.textbook import FAMILIES

    lines: list[str] = []
    columns = {"": 40, "theory": 10, "simulated": 11, "error": 8, "z": 8, " ": 3}
    for family, checks in groupby(result.checks, lambda check: check.family):
        rows: list[str | tuple[str, ...]] = []
        for (case, replications), group in groupby(checks, lambda check: (check.case, check.replications)):
            rows.append(f"  {case}, {counted(replications, 'replication')}")
            rows += [(f"    {cut(check.statistic, 35)}", *_check_cells(check)) for check in group]
        title = f"{FAMILIES[family].title} ({FAMILIES[family].formula})"
        lines += [""] * bool(lines) + [title, *table(columns, rows)]
    if result.exact:
        exact = ((f"  {cut(x.name, 53)}", f"{x.compared:,}", f"{x.wrong:,}", _mark(x.passed)) for x in result.exact)
        lines += [""] * bool(lines) + table({"To the tick": 56, "compared": 10, "wrong": 8, " ": 3}, exact)
    lines.append("")
    if result.checks:
        lines.append(
            f"Over all: chi-square {result.chi_square:.1f} with {counted(len(result.first_checks), 'degree')} of "
            f"freedom, p = {result.p_value:.2g}"
        )
    failed = sum(not check.passed for check in result.checks) + sum(not case.passed for case in result.exact)
    outcome = "passed" if result.passed else f"FAILED ({counted(failed, 'check')}, marked with !)"
    all_checks = counted(len(result.checks) + len(result.exact), "check")
    lines.append(f"{all_checks} on the {result.engine} engine, seed {result.seed}: {outcome}")
    return lines


def _check_cells(check: Check) -> tuple[str, ...]:
    error = f"{100 * check.error / abs(check.theory):.2f} %"
    return f"{check.theory:.4g}", f"{check.simulated:.4g}", error, f"{check.z:.2f}", _mark(check.passed)


def _mark(passed: bool) -> str:
    return "" if passed else "!"


def name_lines(scenario: Scenario) -> list[str]:
    """List what a scenario can change: entries, states and their ways out, stations, parameters with their values."""
    pathway = scenario.pathway()
    headings = {
        "Entries": [f"{entry.name} -> {entry.to}" for entry in pathway.entries],
        "States and their ways out": [
            f"{state.name}{_title(state.title)}{f' at {state.station}' if state.station else ''}"
            f" -> {', '.join(sorted(state.targets)) or 'nowhere: final'}"
            for state in pathway.states
        ],
        "Stations": [
            f"{station.name}{_title(station.title)}: {'meeting' if station.is_meeting else 'servers'}"
            + "".join(f", party {party.name}" for party in station.parties)
            for station in pathway.stations
        ],
        "Parameters": [
            f"{parameter.name} = {_shown(parameter.value)} [{parameter.kind}]"
            for parameter in scenario.base.parameters.values()
        ],
    }
    lines = []
    for heading, items in headings.items():
        lines += [heading] * bool(items)
        for item in items:
            lines += textwrap.wrap(item, WIDTH, initial_indent="  ", subsequent_indent="      ")
    return lines


def _title(title: str) -> str:
    return f" ({title})" if title else ""


def _shown(value: object) -> str:
    return f"{len(value)} values" if isinstance(value, list) and len(value) > 5 else str(value)
