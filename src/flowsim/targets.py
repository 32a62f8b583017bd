"""Which measure, of which period, a documented figure speaks of: the documents beside the simulation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from flowsim import evidence
from flowsim.errors import InputError

__all__ = ["Target", "documented", "targets"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One documented figure and the measure that observes the same in the simulation.

    Attributes:
        measure: the name of the measure.
        period: the period as the measure writes it.
        value: the documented figure, in the measure's unit.
        fact: the id of the fact, with `key` for a cell of its table.
        why: where the two do not count quite the same, in words.
    """

    measure: str
    period: str
    value: float
    fact: str
    key: str = ""
    why: str = ""


@cache
def targets(base: str) -> tuple[Target, ...]:
    """Return the targets of a built-in base; none for any other base.

    Raises:
        InputError: where the shipped list names an unknown fact or key.
    """
    if base != "copenhagen":
        return ()
    told = tomllib.loads((resources.files("flowsim") / "data" / "targets.toml").read_text(encoding="utf-8"))
    facts = evidence.load()
    return tuple(target for entry in told["targets"] for target in _read(entry, facts))


def _read(entry: Mapping[str, Any], facts: evidence.Evidence) -> list[Target]:
    fact = facts[entry["fact"]]
    if "period" in entry:
        cells = {entry.get("key"): entry["period"]}
    elif "periods" in entry:
        cells = dict(entry["periods"])
    else:
        cells = {key: key for key in fact.cells()}
    unknown = set(entry) - {"fact", "key", "measure", "period", "periods", "times", "why"}
    if unknown:
        raise InputError(f"targets.toml: {fact.id}: unknown keys {sorted(unknown)}")
    return [
        Target(
            measure=entry["measure"],
            period=period,
            value=fact.number(key) * entry.get("times", 1.0),
            fact=fact.id,
            key=key or "",
            why=entry.get("why", ""),
        )
        for key, period in cells.items()
    ]


def documented(base: str) -> dict[tuple[str, str], float]:
    """Return the documented figures of a base by measure and period; the first one named counts."""
    out: dict[tuple[str, str], float] = {}
    for target in targets(base):
        out.setdefault((target.measure, target.period), target.value)
    return out
