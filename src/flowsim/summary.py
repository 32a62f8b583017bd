"""What a planner reads first of a run: the documents beside the simulation, and what comes, year by year."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from flowsim.periods import months_of

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.evidence import Fact
    from flowsim.pathway import Pathway
    from flowsim.scenario import Scenario

__all__ = [
    "beside_documents",
    "by_period",
    "counted",
    "fact_words",
    "name_lines",
    "number",
    "with_documented",
    "wrapped",
]

_WIDTH = 80
_LABEL = 38  # leaves room for six years


class _Row(NamedTuple):
    measure: str
    period: str
    unit: str
    p05: float
    p50: float
    p95: float
    documented: float


def number(value: float) -> str:
    """Write a figure as a planner reads it: whole above a hundred, one decimal above one; six places at the most."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 1e9:
        return f"{value:.0e}"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M" if abs(value) < 999.5e6 else f"{value:.0e}"
    if abs(value) >= 99_999.5:
        return f"{value / 1e3:.0f}k" if abs(value) < 999_500 else "1M"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 or value == 0 else f"{value:.2f}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: "1 state", "54 states", "2 entries"."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number:,} {noun}s"


def wrapped(text: str) -> str:
    """Break a text of the user's into lines of at most eighty columns, further ones indented; no control characters."""
    lines = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text).splitlines()
    return "\n".join(
        line for told in lines for line in textwrap.wrap(told, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def with_documented(quantiles: pd.DataFrame, documented: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """Return the quantiles with a column of documented figures, empty where there is none."""
    keys = zip(quantiles["measure"], quantiles["period"], strict=True)
    return quantiles.assign(documented=[documented.get(key, math.nan) for key in keys])


def beside_documents(quantiles: pd.DataFrame, changed: bool = False) -> list[str]:
    """Write each documented figure beside the simulated one, in lines of at most eighty columns.

    `changed` says that the simulation is of something else than what is documented, so the two may differ.

    Where a measure is documented by year, its shorter periods are left to the files.
    """
    told = quantiles[quantiles["documented"].notna()]
    rows = [_Row(*row) for row in told[list(_Row._fields)].to_numpy().tolist()]
    yearly = {row.measure for row in rows if len(row.period) == 4}
    shown = [row for row in rows if len(row.period) == 4 or row.measure not in yearly]
    if not shown:
        return []
    title = "Documented history beside this scenario" if changed else "Documented beside simulated"
    differs = "differs" if changed else "off by"
    lines = [title, f"{'':16}{'documented':>12}{'median':>10}{'5 to 95 %':>20}{differs:>10}"]
    last = ""
    for row in shown:
        if row.measure != last:
            lines.append(_cut(f"{row.measure} ({row.unit})", _WIDTH))
        inside = row.p05 <= row.documented <= row.p95
        off = "" if math.isnan(row.p50) or not row.documented else f"{100 * (row.p50 / row.documented - 1):+.0f} %"
        interval = f"{number(row.p05)} to {number(row.p95)}"
        figures = f"{number(row.documented):>12}{number(row.p50):>10}{interval:>20}{'' if inside else off:>10}"
        lines.append(f"  {row.period:<14}{figures}".rstrip())
        last = row.measure
    if len(shown) < len(rows):
        lines.append(f"{len(rows) - len(shown)} more documented figures, by quarter, stand in --out and --json")
    return lines


def by_period(quantiles: pd.DataFrame, pathway: Pathway) -> list[str]:
    """Write the headline measures by year: awards and stocks, and queues and waits at the year's end.

    By quarter or month where no whole year, or quarter, is reported. In lines of at most eighty columns.
    """
    keys = zip(quantiles["measure"], quantiles["period"], strict=True)
    cells = dict(zip(keys, quantiles["p50"].tolist(), strict=True))
    months = max((_months(period) for period in quantiles["period"]), default=0)
    periods = sorted({period for period in quantiles["period"] if _months(period) == months})
    every = {12: "year", 3: "quarter", 1: "month"}.get(months, "")
    wide = 8 if months == 1 else 7  # "2019-03" is longer than "2019Q1"
    columns, lines = (_WIDTH - _LABEL) // wide, list[str]()
    for first in range(0, len(periods), columns):
        block = periods[first : first + columns]
        title = f"{every.capitalize()} by {every}, medians"
        lines += [""] * bool(lines) + [f"{title:<{_LABEL}}" + "".join(f"{period:>{wide}}" for period in block)]
        for name, at in _headlines(pathway):
            row = [cells.get((name, at(period)), math.nan) for period in block]
            if any(not math.isnan(value) and value != 0 for value in row):
                label = _cut(name, _LABEL)
                lines.append(f"{label:<{_LABEL}}" + "".join(f"{number(value):>{wide}}" for value in row))
    if lines and months > 1:
        lines.append(f"(stocks and queues at the {every}'s end; waits in weeks, mean of those who")
        lines.append("started in its last month; clocks in its last quarter)")
    return lines


def _headlines(pathway: Pathway) -> Iterable[tuple[str, Callable[[str], str]]]:
    """Name the measures that sum a pathway up, each with which of its periods tells of a given one."""
    ends = {state.benefit for state in pathway.states if state.final}
    yield from ((f"stock.{benefit}", str) for benefit in pathway.benefits if benefit not in ends)
    yield from ((f"awards.{state.name}", str) for state in pathway.states if state.outcome)
    for station in pathway.stations:
        yield f"queue.{station.name}", _last_month
        yield f"wait.{station.name}.served", _last_month
    for clock in pathway.clocks:
        yield f"clock.{clock.name}.within", _last_quarter
        yield f"clock.{clock.name}.open_overdue", _last_quarter


def _months(period: str) -> int:
    since, until = months_of(period)
    return until - since


def _last_month(period: str) -> str:
    year, month = divmod(months_of(period)[1] - 1, 12)
    return f"{year:04}-{month + 1:02}"


def _last_quarter(period: str) -> str:
    year, month = divmod(months_of(period)[1] - 1, 12)
    return f"{year:04}Q{month // 3 + 1}" if (month + 1) % 3 == 0 else ""


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


def name_lines(scenario: Scenario) -> list[str]:
    """List what a scenario can change: entries, states and their ways out, stations, parameters with their values."""
    pathway = scenario.pathway()
    told = {
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
    for heading, items in told.items():
        lines += [heading] * bool(items)
        for item in items:
            lines += textwrap.wrap(item, _WIDTH, initial_indent="  ", subsequent_indent="      ")
    return lines


def _title(title: str) -> str:
    return f" ({title})" if title else ""


def _shown(value: object) -> str:
    return f"{len(value)} values" if isinstance(value, list) and len(value) > 5 else str(value)
