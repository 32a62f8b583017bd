"""What a planner reads first of a run: the documents beside the simulation, and what comes, year by year."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.evidence import Fact
    from flowsim.pathway import Pathway

__all__ = ["beside_documents", "fact_words", "number", "with_documented", "year_by_year"]


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


def beside_documents(quantiles: pd.DataFrame) -> Table | None:
    """Show each documented figure beside the simulated one; None where nothing is documented."""
    told = quantiles[quantiles["documented"].notna()]
    if told.empty:
        return None
    table = Table(title="Documented beside simulated", box=box.SIMPLE, title_justify="left")
    for column in ("measure", "period", "unit"):
        table.add_column(column, no_wrap=True)
    for column in ("documented", "median", "5-95 %", ""):
        table.add_column(column, justify="right", no_wrap=True)
    last = ""
    for row in map(_Row._make, told[list(_Row._fields)].to_numpy().tolist()):
        inside = row.p05 <= row.documented <= row.p95
        table.add_row(
            row.measure if row.measure != last else "",
            row.period,
            row.unit,
            number(row.documented),
            number(row.p50),
            f"{number(row.p05)} - {number(row.p95)}",
            "" if inside else f"{100 * (row.p50 / row.documented - 1):+.0f} %" if row.documented else "",
        )
        last = row.measure
    return table


def year_by_year(quantiles: pd.DataFrame, pathway: Pathway) -> Table:
    """Show the headline measures by year: awards, stocks and, at the year's end, the queues and waits."""
    names = [*_headlines(pathway)]
    told = quantiles[quantiles["measure"].isin([name for name, _ in names])]
    years = sorted({period[:4] for period in told["period"]})
    cells = dict(zip(zip(told["measure"], told["period"], strict=True), told["p50"].tolist(), strict=True))
    table = Table(title="Year by year (median)", box=box.SIMPLE, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("measure", overflow="fold")
    for year in years:
        table.add_column(year, justify="right", no_wrap=True)
    for name, suffix in names:
        row = [cells.get((name, year + suffix), math.nan) for year in years]
        if any(not math.isnan(value) and value != 0 for value in row):
            table.add_row(name + {"": "", "-12": " (Dec)", "Q4": " (Q4)"}[suffix], *map(number, row))
    return table


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
