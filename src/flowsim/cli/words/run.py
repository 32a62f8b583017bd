"""What a planner reads first of a run: the documents beside the simulation, and what comes, year by year."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsim.cli.terminal import WIDTH, cut, number, table, wrapped
from flowsim.core.periods import Every, Period, longest
from flowsim.simulation.measures.flows import AWARDS, STOCK
from flowsim.simulation.measures.spells import CLOCK_OVERDUE, CLOCK_WITHIN, span_name
from flowsim.simulation.measures.stations import QUEUE, SERVED, UTILISATION
from flowsim.simulation.measures.watches import WATCH_PERCENTILE, WATCH_WAITED, WATCH_WITHIN

if TYPE_CHECKING:
    from datetime import datetime

    from flowsim.evidence.facts import Evidence, Fact, Real, Relation
    from flowsim.model.pathway import Pathway
    from flowsim.model.scenario import Scenario
    from flowsim.reporting.language import Language
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.measures.measure import Measure
    from flowsim.simulation.precision import Precision
    from flowsim.simulation.results import Results
    from flowsim.theory.verification.checks import Check, Verification

__all__ = [
    "beside_documents",
    "by_period",
    "carried_on",
    "cut_lines",
    "fact_lines",
    "lengthened",
    "measure_titles",
    "name_lines",
    "precision_lines",
    "printed_measures",
    "range_title",
    "standing_still",
    "starred",
    "verification_lines",
    "with_documented",
]

Columns = Mapping[str, Sequence[Any]]
"""The columns of a run's table by name, as `Results.table_columns` gives them."""
_COUNTS = ["measure", "period", "defined", "left_out", "stalled"]
_LABEL = 45  # leaves room for five years
_LABEL_LEAST = 24
_GROUPS = {
    STOCK: "stock",
    AWARDS: "awards",
    QUEUE: "queue",
    SERVED: "wait",
    CLOCK_WITHIN: "clock.within",
    CLOCK_OVERDUE: "clock.open_overdue",
    WATCH_WITHIN: "watch.within",
    WATCH_WAITED: "watch.waited",
    WATCH_PERCENTILE: "watch.wait",
}
_PLAIN = ("date", "count", "ratio", "rank")  # units that say nothing which the label does not
_SHOWN = 6  # figures that are named one by one


class _Row(NamedTuple):
    measure: str
    period: str
    unit: str
    level: float
    p05: float
    p95: float
    documented: float


def with_documented(levels: Columns, documented: Mapping[tuple[str, Period], float]) -> dict[str, Sequence[Any]]:
    """Return the columns of a run's table with one of documented figures, empty where there is none."""
    keys = zip(levels["measure"], levels["period"], strict=True)
    return {**levels, "documented": [documented.get(key, math.nan) for key in keys]}


def printed_measures(scenario: Scenario) -> Iterator[str]:
    """Yield the measures that are printed of a run: headlines, how full stations are, and what is documented.

    All measures where there are none of these. What they are is found out when the first is asked for: it loads numba,
    which a run that is refused does without.
    """
    from flowsim.calibration.targets import documented
    from flowsim.simulation.measures.catalogue import Catalogue

    pathway = scenario.pathway()
    printed = {str(measure) for measure in _headlines(pathway)}
    printed |= {str(UTILISATION(station.name)) for station in pathway.stations}
    printed |= {measure for measure, _ in documented(scenario.base)}
    reported = dict.fromkeys(str(row.measure) for row in Catalogue.of(pathway).index)
    yield from [measure for measure in reported if measure in printed] or reported


def range_title(count: int, language: Language) -> str:
    """Return what stands between p05 and p95 of so many replications."""
    from flowsim.simulation.estimates import FEWEST_FOR_RANGE  # loads scipy, which a refusal does without

    return language.say("run.range" if count >= FEWEST_FOR_RANGE else "run.range.few", count=str(count))


def precision_lines(
    precision: Precision, runs: Sequence[Results], reached: bool | None, wording: Wording, of: str = ""
) -> list[str]:
    """Say how many replications an asked precision took, and of what it is not known.

    Of one run or of several that are compared; `of` is said after the measures, such as " in town".
    """
    from flowsim.simulation.precision import without_precision

    say, count = wording.language.say, str(len(runs[0].replications))
    words = {"share": wording.language.local(f"{precision.relative:.3g}"), "measures": ", ".join(precision.measures)}
    lines = [say("run.precision.took" if reached else "run.precision.not", of=of, count=count, **words)]
    if unknown := without_precision(runs, precision):
        figures = [
            say("run.precision.figure", measure=wording.measure(row.measure), period=row.period) for row in unknown
        ]
        more = say("run.precision.more", count=str(len(figures) - _SHOWN)) if len(figures) > _SHOWN else ""
        lines.append(wrapped(say("run.precision.unknown", figures=", ".join(figures[:_SHOWN]) + more)))
    return lines


def beside_documents(levels: Columns, count: int, wording: Wording, changed: bool = False) -> list[str]:
    """Write each documented figure beside the simulated one, in lines of at most eighty columns.

    `count` is the number of replications; `changed` says that the simulation is of something else than what is
    documented, so the two may differ.

    Where a measure is documented by year, its shorter periods are left to the files.
    """
    language, say = wording.language, wording.language.say
    every = [_Row(*row) for row in zip(*(levels[name] for name in _Row._fields), strict=True)]
    rows = [row for row in every if not math.isnan(row.documented)]
    yearly = {row.measure for row in rows if Period(row.period).every == "year"}
    shown = [row for row in rows if Period(row.period).every == "year" or row.measure not in yearly]
    if not shown:
        return []
    differs = say("run.column.differs" if changed else "run.column.off")
    cells: list[str | tuple[str, ...]] = []
    titles = measure_titles(wording)
    for (measure, unit), group in groupby(shown, lambda row: (row.measure, row.unit)):
        title = titles.get(measure, measure)
        titled = f"{title} ({unit if wording.codes else wording.unit(unit)})"
        cells.append(titled if len(titled) <= WIDTH else title)
        against = wording.yardsticks(measure, unit)
        cells += [f"  {against}"] if against else []
        for row in group:
            comparable = math.isfinite(row.level) and row.documented and not row.p05 <= row.documented <= row.p95
            off = f"{100 * (row.level / row.documented - 1):+.0f} %" if comparable else ""
            documented, simulated, low, high = (
                _cell(value, unit, wording) for value in (row.documented, row.level, row.p05, row.p95)
            )
            interval = say("range", low=low.removesuffix(" %"), high=high)
            cells.append((f"  {language.short_period(row.period)}", documented, simulated, interval, off))
    columns = {"": 16, say("run.column.documented"): 12, say("run.column.simulated"): 10}
    columns |= {range_title(count, language): 28 if language.code == "da" else 24, differs: 12}
    if sum(columns.values()) > WIDTH:
        columns[""] -= sum(columns.values()) - WIDTH
    lines = [say("run.documented.changed" if changed else "run.documented"), *table(columns, cells)]
    if len(shown) < len(rows):
        lines.append(say("run.more", count=str(len(rows) - len(shown))))
    return lines


def measure_titles(wording: Wording) -> Mapping[str, str]:
    """Return what each measure of a pathway is called, by its name; nothing where names are wanted."""
    from flowsim.simulation.measures.catalogue import Catalogue

    if wording.codes:
        return {}
    measures = dict.fromkeys(row.measure for row in Catalogue.of(wording.pathway).index)
    return {str(measure): wording.measure(measure) for measure in measures}


def _cell(value: float, unit: str, wording: Wording) -> str:
    return number(value) if wording.codes else wording.cell(value, unit)


def carried_on(until: datetime | None, last: datetime, language: Language) -> list[str]:
    """Say from when on figures up to a moment are of no documented time; nothing where all are, or none is known."""
    if until is None or last <= until:
        return []
    return [wrapped(language.say("run.carried_on", since=language.plain_day(until)))]


def lengthened(scenario: Scenario, period: Period, language: Language, wording: Wording | None = None) -> list[str]:
    """Say that a scenario is run further than its files say, to the end of a period; nothing where they reach it."""
    if scenario.own_end is None:
        return []
    words = {"own": language.plain_day(scenario.own_end), "end": language.plain_day(period.end)}
    words |= {"scenario": scenario.name if wording is None else wording.scenario(scenario.name)}
    words |= {"period": str(period) if wording is None or wording.codes else language.period(period)}
    return [wrapped(language.say("run.lengthened", **words))]


def cut_lines(pathway: Pathway, language: Language) -> list[str]:
    """Say in lines which periods are not reported, or not whole, for the horizon does not hold all of them."""
    from flowsim.reporting.wording import cut_words

    words = cut_words(pathway, language)
    return [wrapped(words)] if words else []


_WIDE: dict[Every, int] = {"hour": 14, "day": 11, "month": 8, "quarter": 7, "year": 7}
"""Room for a period's name and a space before it: "2019-03" is longer than "2019Q1"."""


def by_period(
    levels: Columns, wording: Wording, documented_until: datetime | None = None, asked: Every | None = None
) -> list[str]:
    """Write the headline measures by year: awards and stocks, and queues and waits at the year's end.

    By the periods asked for, or by quarter or month where no whole year, or quarter, is reported. In lines of at most
    eighty columns. A period of which documents do not tell the whole is marked with a star.
    """
    language, say = wording.language, wording.language.say
    measures = list(_headlines(wording.pathway))
    keys = zip(levels["measure"], levels["period"], strict=True)
    cells = dict(zip(keys, levels["level"], strict=True))
    reported = {Period(text) for text in levels["period"]}
    every = asked or longest(period.every for period in reported)
    periods = sorted(period for period in reported if period.every == every)
    wide = _WIDE[every]
    labels = {measure: str(measure) if wording.codes else f"  {_label(measure, wording)}" for measure in measures}
    label = _LABEL if wording.codes else min(max([_LABEL_LEAST, *(len(text) + 1 for text in labels.values())]), _LABEL)
    columns, lines = (WIDTH - label) // wide, list[str]()
    for first in range(0, len(periods), columns):
        block = periods[first : first + columns]
        titles = {say(f"run.every.{every}"): label}
        titles |= dict.fromkeys((starred(period, documented_until, language) for period in block), wide)
        values = {measure: [cells.get((measure, period), math.nan) for period in block] for measure in measures}
        moving = {name: row for name, row in values.items() if any(_tells(value, name) for value in row)}
        rows = list[str | tuple[str, ...]]()
        # Grouped by what is measured; a sort keeps the order of stations within.
        kinds = list(dict.fromkeys(measure.kind.words for measure in measures))
        ordered = moving if wording.codes else sorted(moving, key=lambda measure: kinds.index(measure.kind.words))
        for kind, group in groupby(ordered, lambda measure: measure.kind):
            if not wording.codes:
                rows.append(say(f"run.group.{_GROUPS[kind]}", unit=wording.unit(wording.time_unit)))
            rows += [(labels[one], *(_cell(value, kind.unit, wording) for value in moving[one])) for one in group]
        lines += [""] * bool(lines) + table(titles, rows)
    if lines:
        ends = say(f"run.note.ends.{every}", unit=wording.unit(wording.time_unit))
        notes = [say("run.note", ends=ends)]
        notes += [say("run.note.watched")] if wording.pathway.watches else []
        notes += carried_on(documented_until, periods[-1].end, language)
        shown = {label for row in lines for label in row.split()}
        notes += [say("run.no_figure")] if "-" in shown else []
        notes += standing_still(levels, measures, periods, wording)
        lines += [line for note in notes for line in wrapped(note).splitlines()]
    return lines


def _tells(value: float, measure: Measure) -> bool:
    """Return whether a figure says anything: of what is counted none does not, but a share of none does."""
    return not math.isnan(value) and (value != 0 or measure.unit == "share")


def _label(measure: Measure, wording: Wording) -> str:
    """Return what a row is called under the heading of its kind."""
    if watch := measure.of("watch"):
        span, percentile = measure.of("span"), measure.of("percentile")
        part = wording.span(span) if span else f"{percentile.removeprefix('p')} %" if percentile else ""
        return ": ".join(filter(None, (wording.name(watch), part)))
    if station := measure.of("station"):
        return wording.station(station)
    if clock := measure.of("clock"):
        return wording.clock(clock)
    return wording.state(measure.names[0]) if measure.of("state") else wording.name(measure.names[0])


def starred(period: Period, documented_until: datetime | None, language: Language) -> str:
    """Return the name of a period, with a star where documents do not tell all of it."""
    text = language.short_period(period)
    return f"{text}*" if documented_until is not None and period.end > documented_until else text


def standing_still(
    levels: Columns, measures: Collection[Measure], periods: Collection[str], wording: Wording
) -> list[str]:
    """Say in how many futures queues stand still, and which figures are of fewer futures than the others."""
    say, names = wording.language.say, {str(measure): wording.measure(measure) for measure in measures}
    cases: dict[str, dict[str, list[str]]] = {"run.still": {}, "run.fewer": {}}
    for measure, text, defined, left_out, stalled in zip(*(levels[name] for name in _COUNTS), strict=True):
        if measure in names and text in periods and defined:
            period, many = wording.language.short_period(text), str(defined + left_out)
            if stalled:
                case = say("run.case", count=str(stalled), many=many, period=period)
                cases["run.still"].setdefault(names[measure], []).append(case)
            if left_out:
                case = say("run.case", count=str(defined), many=many, period=period)
                cases["run.fewer"].setdefault(names[measure], []).append(case)
    return [
        say(key, measure=measure, cases=", ".join(parts)) for key, of in cases.items() for measure, parts in of.items()
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
    for watch in pathway.watches:
        yield from (WATCH_WITHIN(watch.name, span_name(span)) for span in watch.within)
        yield WATCH_WAITED(watch.name)
        yield from (WATCH_PERCENTILE(watch.name, f"p{percentile}") for percentile in watch.percentiles)


def fact_lines(fact: Fact, known: Evidence, language: Language) -> list[tuple[str, bool]]:
    """Say what a fact is, in the words of its source, and how what contradicts it is resolved.

    Each line has beside it whether it is the source's own words; these come first where they are in the reader's
    language.
    """
    translated = language.translated
    lines = [(f"{translated(fact.label)}: {_fact_words(fact, language)}", False)]
    lines.insert(0 if language.code == "da" else 1, (f"“{fact.quote}” ({translated(fact.place)})", True))
    if fact.conflicts_with:
        mine = [conflict for conflict in known.contradictions if fact.id in conflict.between]
        words = {"resolution": " ".join(f"{translated(one.about)}. {translated(one.resolution)}" for one in mine)}
        lines.append((language.say("evidence.contradicted", names=", ".join(fact.conflicts_with), **words), False))
    return lines


def _fact_words(fact: Fact, language: Language) -> str:
    """Write the figures of a fact with their unit, period, precision and population in one line."""
    say = language.say
    if fact.relation is not None:
        figures = _relation_words(fact.relation, language)
    elif fact.values is not None:
        figures = "; ".join(f"{language.when(key)}: {_figure(cell, language)}" for key, cell in fact.values.items())
    else:
        figures = "" if fact.value is None else _figure(fact.value, language)
    given = fact.precision
    precision = [say(f"evidence.precision.{given.kind}")]
    if given.half_width is not None:
        precision[0] += f" ± {_figure(given.half_width, language)}"
    ends = {"lower": given.lower, "upper": given.upper}
    precision += [
        say(f"evidence.precision.{side}", end=_figure(end, language)) for side, end in ends.items() if end is not None
    ]
    unit = "" if fact.unit in _PLAIN else f" {language.words.get(f'evidence.unit.{fact.unit}', fact.unit)}"
    told = "; ".join((language.when(fact.period), ", ".join(precision), language.translated(fact.population)))
    return f"{figures}{unit} [{told}]"


def _relation_words(relation: Relation, language: Language) -> str:
    ends = {"above": relation.above, "below": relation.below}
    words = [
        language.say(f"evidence.{side}", end=end if isinstance(end, str) else _figure(end, language))
        for side, end in ends.items()
        if end is not None
    ]
    return language.listed(words) + (f" ({language.when(relation.key)})" if relation.key else "")


def _figure(value: Real | str, language: Language) -> str:
    """Write a documented figure in full, no more of it than six digits behind the point; a date as a date."""
    if isinstance(value, str):
        return language.when(value)
    whole, point, decimals = f"{value:,.6f}".partition(".")
    decimals = decimals.rstrip("0")
    return language.local(f"{whole}{point}{decimals}" if decimals else whole)


def verification_lines(result: Verification, language: Language) -> list[str]:
    """Write theory beside simulation, family by family, and what it comes to; in lines of at most eighty columns."""
    from flowsim.theory.verification.textbook import FAMILIES

    say, translated = language.say, language.translated
    lines: list[str] = []
    columns = {"": 40, say("verify.theory"): 10, say("verify.simulated"): 11, say("verify.error"): 8, "z": 8, " ": 3}
    for family, checks in groupby(result.checks, lambda check: check.family):
        rows: list[str | tuple[str, ...]] = []
        for (case, replications), group in groupby(checks, lambda check: (check.case, check.replications)):
            count = language.counted(replications, "replications")
            rows.append(f"  {say('verify.case', case=translated(case), replications=count)}")
            rows += [
                (f"    {cut(translated(check.statistic), 35)}", *map(language.local, _check_cells(check)))
                for check in group
            ]
        title = f"{translated(FAMILIES[family].title)} ({FAMILIES[family].formula})"
        lines += [""] * bool(lines) + [title, *table(columns, rows)]
    if result.exact:
        exact = (
            (
                f"  {cut(translated(x.name), 53)}",
                *(language.local(f"{number:,}") for number in (x.compared, x.wrong)),
                _mark(x.passed),
            )
            for x in result.exact
        )
        heads = {say("verify.exact"): 56, say("verify.compared"): 10, say("verify.wrong"): 8, " ": 3}
        lines += [""] * bool(lines) + table(heads, exact)
    lines.append("")
    if result.checks:
        figures = {"chi": language.local(f"{result.chi_square:.1f}"), "p": language.local(f"{result.p_value:.2g}")}
        lines.append(say("verify.all", degrees=language.counted(len(result.first_checks), "degrees"), **figures))
    failed = sum(not check.passed for check in result.checks) + sum(not case.passed for case in result.exact)
    outcome = "verify.passed" if result.passed else "verify.failed"
    words = {"engine": result.engine, "seed": str(result.seed)}
    words["outcome"] = say(outcome, checks=language.counted(failed, "checks"))
    checks_made = language.counted(len(result.checks) + len(result.exact), "checks")
    lines.append(say("verify.outcome", checks=checks_made, **words))
    return lines


def _check_cells(check: Check) -> tuple[str, ...]:
    error = f"{100 * check.error / abs(check.theory):.2f} %"
    return f"{check.theory:.4g}", f"{check.simulated:.4g}", error, f"{check.z:.2f}", _mark(check.passed)


def _mark(passed: bool) -> str:
    return "" if passed else "!"


def name_lines(scenario: Scenario, language: Language) -> list[str]:
    """List what a scenario can change: entries, states and their ways out, stations, parameters with their values."""
    pathway, say = scenario.pathway(), language.say
    headings = {
        "entries": [f"{entry.name} -> {entry.to}" for entry in pathway.entries],
        "states": [
            f"{state.name}{_title(state.title)}{say('names.at', station=state.station) if state.station else ''}"
            f" -> {', '.join(sorted(state.targets)) or say('names.final')}"
            for state in pathway.states
        ],
        "stations": [
            f"{station.name}{_title(station.title)}: {say('names.meeting' if station.is_meeting else 'names.servers')}"
            + "".join(say("names.party", party=party.name) for party in station.parties)
            for station in pathway.stations
        ],
        "parameters": [
            f"{parameter.name} = {_shown(parameter.value, language)} [{say(f'names.kind.{parameter.kind}')}]"
            for parameter in scenario.base.parameters.values()
        ],
    }
    lines = []
    for heading, items in headings.items():
        lines += [say(f"names.{heading}")] * bool(items)
        for item in items:
            lines += textwrap.wrap(item, WIDTH, initial_indent="  ", subsequent_indent="      ")
    return lines


def _title(title: str) -> str:
    return f" ({title})" if title else ""


def _shown(value: object, language: Language) -> str:
    if isinstance(value, list) and len(value) > 5:
        return language.say("names.values", count=str(len(value)))
    return str(value)
