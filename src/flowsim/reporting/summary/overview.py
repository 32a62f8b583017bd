"""Key figures beside today's: the last documented year, a later one in each scenario, and the differences."""

from __future__ import annotations

import numpy as np

from flowsim.core.periods import Period
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.document import Table, TableCell
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import Findings
from flowsim.reporting.wording import Wording
from flowsim.simulation.estimates import level
from flowsim.simulation.measures.measure import Measure

__all__ = ["documented_year", "key_figures_beside_today"]

_MOST = 9
"""Measures, so that the table and what is said below it have room on a page."""


def documented_year(findings: Findings) -> Period | None:
    """Return the last year reported that documents tell whole; None where no year reported is one."""
    until = findings.scenarios[0].base.documented_until
    whole = [year for year in findings.years if until is not None and Period(year).end <= until]
    return whole[-1] if whole else None


def year_shown(findings: Findings) -> Period:
    """Return the year that key figures are given for: that of the goals, or of the foremost difference, or the last."""
    if findings.staffing is not None:
        during = Period(findings.staffing.question.during)
        year = during.last("year")
        return year if year in findings.years else findings.years[-1]
    return findings.years[-1]


def key_figures_beside_today(findings: Findings, wording: Wording, conclusions: Conclusions) -> Table:
    """Tell the key measures: today, in each scenario, and by how much these differ, a `*` where that is sure."""
    say, exhibits = wording.language.say, Exhibits(findings=findings, wording=wording)
    several = len(findings.scenarios) > 1
    year = conclusions.foremost.year if several and findings.staffing is None else year_shown(findings)
    now = documented_year(findings)
    now = now if now is not None and now < year else None
    names, others = findings.comparison.names, findings.comparison.names[1:]
    sure = {(row.measure, row.scenario, row.year): row for row in findings.differences()} if several else {}
    rows: list[tuple[TableCell, ...]] = []
    held = {measure: wording.yardsticks(measure, findings.unit(measure)) for measure in _shown(findings)}
    for measure in held:
        unit = findings.unit(measure)
        values = {name: _of_year(findings, measure, name, year) for name in names}
        row: list[TableCell] = [exhibits.titled(measure)]
        row += [] if now is None else [exhibits.figure(_of_year(findings, measure, names[0], now), unit)]
        row += [exhibits.figure(value, unit) for value in values.values()]
        for name in others:
            known = sure.get((measure, name, year))
            estimate = np.nan if known is None else known.estimate.estimate
            row += [exhibits.difference_figure(estimate, abs(estimate), unit)]
            row += [say("sure.yes" if known is not None and known.surely else "sure.no")]
        rows.append((*row, *([held[measure]] if any(held.values()) else [])))
    titles = [say("column.measure")]
    titles += [] if now is None else [say("column.today", year=now)]
    titles += [say("column.of", scenario=wording.scenario(name), year=year) for name in names]
    for name in others:
        called = wording.scenario(name)
        titles += [say("column.difference.of", scenario=called) if others[1:] else say("column.difference")]
        titles += [say("column.sure.of", scenario=called) if others[1:] else say("column.sure")]
    titles += [say("column.yardstick")] if any(held.values()) else []
    until = findings.scenarios[0].base.documented_until
    beyond = until is not None and Period(year).end > until
    notes = [say("overview.note", year=year), *([say("overview.differences")] if several else [])]
    notes += [say("overview.carried_on", year=year)] if beyond else []
    return Table(title=say("table.overview", year=year), columns=tuple(titles), rows=tuple(rows), note=" ".join(notes))


def _shown(findings: Findings) -> tuple[Measure, ...]:
    return findings.measures[:_MOST]


def _of_year(findings: Findings, measure: Measure, name: str, year: Period) -> float:
    years, values = findings.yearly(measure)[name]
    return level(measure, values[:, years.index(year)]).estimate if year in years else float("nan")
