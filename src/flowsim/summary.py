"""What a planner reads first of a run: the documents beside the simulation, and what comes, year by year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.evidence import Fact
    from flowsim.pathway import Pathway

__all__ = ["beside_documents", "fact_words", "number", "with_documented", "year_by_year"]


_YEARS = 6  # what fits eighty columns


class _Row(NamedTuple):
    measure: str
    period: str
    unit: str
    p05: float
    p50: float
    p95: float
    documented: float


def number(value: float) -> str:
    """Write a figure as a planner reads it: whole above a hundred, one decimal above one."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 or value == 0 else f"{value:.2f}"


def with_documented(quantiles: pd.DataFrame, documented: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """Return the quantiles with a column of documented figures, empty where there is none."""
    keys = zip(quantiles["measure"], quantiles["period"], strict=True)
    return quantiles.assign(documented=[documented.get(key, math.nan) for key in keys])


def beside_documents(quantiles: pd.DataFrame) -> list[str]:
    """Write each documented figure beside the simulated one, in lines of at most eighty columns.

    Where a measure is documented by year, its shorter periods are left to the files.
    """
    told = quantiles[quantiles["documented"].notna()]
    rows = [_Row(*row) for row in told[list(_Row._fields)].to_numpy().tolist()]
    yearly = {row.measure for row in rows if len(row.period) == 4}
    shown = [row for row in rows if len(row.period) == 4 or row.measure not in yearly]
    if not shown:
        return []
    lines = ["Documented beside simulated", f"{'':16}{'documented':>12}{'median':>10}{'5 to 95 %':>20}{'off by':>10}"]
    last = ""
    for row in shown:
        if row.measure != last:
            lines.append(f"{row.measure} ({row.unit})")
        inside = row.p05 <= row.documented <= row.p95
        off = f"{100 * (row.p50 / row.documented - 1):+.0f} %" if row.documented else number(row.p50)
        interval = f"{number(row.p05)} to {number(row.p95)}"
        figures = f"{number(row.documented):>12}{number(row.p50):>10}{interval:>20}{'' if inside else off:>10}"
        lines.append(f"  {row.period:<14}{figures}".rstrip())
        last = row.measure
    if len(shown) < len(rows):
        lines.append(f"{len(rows) - len(shown)} more documented figures, by quarter, stand in --out and --json")
    return lines


def year_by_year(quantiles: pd.DataFrame, pathway: Pathway) -> list[str]:
    """Write the headline measures by year: awards, stocks and, at the year's end, queues and waits."""
    keys = zip(quantiles["measure"], quantiles["period"], strict=True)
    cells = dict(zip(keys, quantiles["p50"].tolist(), strict=True))
    years = sorted({period for period in quantiles["period"] if len(period) == 4})
    lines = []
    for first in range(0, len(years), _YEARS):
        block = years[first : first + _YEARS]
        lines += ["", f"{'Year by year, medians':<38}" + "".join(f"{year:>7}" for year in block)]
        for name, suffix in _headlines(pathway):
            row = [cells.get((name, year + suffix), math.nan) for year in block]
            if any(not math.isnan(value) and value != 0 for value in row):
                label = name.removesuffix(".served")
                label = label if len(label) <= 38 else label[:37] + "…"
                lines.append(f"{label:<38}" + "".join(f"{number(value):>7}" for value in row))
    if lines:
        lines.append("(stocks and queues at the year's end; waits in weeks, mean of those who started")
        lines.append("in December; clocks in the last quarter)")
    return lines


def _headlines(pathway: Pathway) -> Iterable[tuple[str, str]]:
    """Name the measures that sum a pathway up, with what follows the year in their period."""
    ends = {state.benefit for state in pathway.states if state.final}
    yield from ((f"stock.{benefit}", "") for benefit in pathway.benefits if benefit not in ends)
    yield from ((f"awards.{state.name}", "") for state in pathway.states if state.outcome)
    for station in pathway.stations:
        yield f"queue.{station.name}", "-12"
        yield f"wait.{station.name}.served", "-12"
    for clock in pathway.clocks:
        yield f"clock.{clock.name}.within", "Q4"
        yield f"clock.{clock.name}.open_overdue", "Q4"


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
