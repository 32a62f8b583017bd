"""What a scenario changes, line by line, before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from flowsim.cli.terminal import number, wrapped
from flowsim.model.differences import Difference, list_differences
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario

__all__ = ["change_lines"]

_LARGE = 0.5
_MOST = 40


def change_lines(scenario: Scenario) -> list[str]:
    """Write what a scenario changes in its base, and which of its changes change nothing."""
    if not scenario.changes_base:
        return []
    differences = list_differences(scenario.base.pathway(), scenario.pathway())
    lines = [wrapped(_line(difference)) for difference in differences[:_MOST]]
    lines += [f"and {len(differences) - _MOST} more changes"] if len(differences) > _MOST else []
    lines += [wrapped(line) for line in dict.fromkeys(_bound(differences, scenario.pathway()))]
    lines += [wrapped(f"warning: {where} changes nothing") for where in scenario.without_effect]
    return lines or ["nothing differs from the base"]


def _line(difference: Difference) -> str:
    values = f"{_value(difference.before)} → {_value(difference.after)}"
    unit = difference.unit if difference.unit in ("", "%") else f" {difference.unit}"
    relative = difference.relative
    if relative is None:
        share = ""
    elif abs(relative) > _LARGE:
        share = f" ({relative:+.0%}: more than half: is it meant?)".replace("%", " %")
    else:
        share = f" ({relative:+.{0 if abs(relative) >= 0.005 else 1}%})".replace("%", " %")
    return f"{difference.of}: {values}{' %' if unit == '%' else unit} {_when(difference)}{share}"


def _bound(differences: Sequence[Difference], pathway: Pathway) -> Iterator[str]:
    """Say which party binds where another alone was raised past it, for the least counts at a meeting."""
    raised = [each for each in differences if each.unit == "places" and each.after > (each.before or 0)]
    for difference in raised:
        name, _, party = difference.of.partition(", ")
        if not party:
            continue
        others = {
            other.name: other.places.at(difference.since)
            for other in pathway.station(name).parties
            if other.places is not None and other.name != party
        }
        least = min(others, key=lambda other: others[other], default=None)
        if any(other.of == f"{name}, {least}" and _overlap(other, difference) for other in raised):
            continue  # who raised it too knows that it counts
        if least is not None and others[least] < difference.after:
            yield (
                f"note: at {name} the least counts, and from {difference.since:%Y-%m-%d} that is {least} with "
                f"{_value(others[least])} places, not {party} with {_value(difference.after)}: raise {least} too"
            )


def _overlap(first: Difference, second: Difference) -> bool:
    ends = [each.until or datetime.max for each in (first, second)]
    return max(first.since, second.since) < min(ends)


def _when(difference: Difference) -> str:
    since, until = difference.since, difference.until
    if until is None:
        return f"from {since:%Y-%m-%d}"
    if since.time() != time() or until.time() != time():
        return f"from {since:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M}"
    last = until - timedelta(days=1)
    year = "" if since.year == last.year else f" {since.year}"
    return f"from {since:%A} {since.day} {since:%B}{year} through {last:%A} {last.day} {last:%B %Y}"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value if part is not None)
    return number(value) if isinstance(value, float) and value != int(value) else _whole(value)


def _whole(value: Any) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)
