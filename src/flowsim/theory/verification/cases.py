"""How the queues of the textbook are written in flowsim's language: stations, doors and laws, in hours.

A mean service is ten hours, unless a case says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scipy import optimize, special, stats

from flowsim.model.pathway import Pathway
from flowsim.theory.verification.statistics import CheckedStatistic

__all__ = [
    "CITIZENS",
    "COPIES",
    "SERVICE",
    "START",
    "Case",
    "Family",
    "date_of",
    "door",
    "exponential",
    "law_of",
    "one_station",
    "service_moments",
    "service_survival",
    "side_by_side",
    "step",
    "textbook_pathway",
]

START = datetime(2001, 1, 1)
SERVICE = 10.0
"""The mean service, in hours."""
CITIZENS = 20_000
"""Who come in one replication, on average."""
COPIES = 20
"""Of a small station side by side, where one moment is looked at and not a long time."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A pathway and what is known of it; the first statistic stands for the case in the chi-square over all."""

    name: str
    pathway: Pathway
    statistics: tuple[CheckedStatistic, ...]
    replications: int


@dataclass(frozen=True, kw_only=True)
class Family:
    """Cases of one kind, and the formula that they are held against."""

    title: str
    formula: str
    cases: Callable[[], Iterator[Case]]


def law_of(law: str, cv: float, mean: float = SERVICE) -> dict[str, Any]:
    """Write a duration by its law, coefficient of variation and mean in hours."""
    return {"law": law, "mean": f"{mean!r} hours", "cv": cv}


def exponential(mean: float = SERVICE) -> dict[str, Any]:
    """Write an exponential duration by its mean in hours."""
    return {"law": "exponential", "mean": f"{mean!r} hours"}


def door(rate: float, to: str = "desk") -> dict[str, Any]:
    """Write a Poisson door by its rate per hour."""
    return {"to": to, "rate": f"{rate!r} per hour"}


def step(stay: Any, station: str = "desk", to: Any = "out", **more: Any) -> dict[str, Any]:
    """Write a state at a station."""
    return {"station": station, "stay": stay, "to": to} | more


def textbook_pathway(
    hours: float,
    *,
    stations: Mapping[str, Any],
    states: Mapping[str, Any],
    entries: Mapping[str, Any],
    tick: str = "1 second",
    **more: Any,
) -> Pathway:
    """Return a pathway of so many hours; its last states "out" and "lost" are declared where a state leads there."""
    ends = {name: {"final": True} for name in ("out", "lost") if f"'{name}'" in str(states)}
    raw = {"name": "textbook", "start": START.isoformat(), "end": (START + timedelta(hours=hours)).isoformat()}
    return Pathway.of_plain(
        raw | {"tick": tick, "stations": stations, "states": dict(states) | ends, "entries": entries} | more
    )


def one_station(rate: float, stay: Any, servers: int, *, tick: str = "1 second", **more: Any) -> Pathway:
    """Return one station with servers and a Poisson door."""
    return textbook_pathway(
        CITIZENS / rate,
        stations={"desk": {"capacity": servers}},
        states={"desk": step(stay, **more)},
        entries={"door": door(rate)},
        tick=tick,
    )


def service_moments(law: str, cv: float) -> tuple[float, float, float]:
    """Return the first three moments of a service law of ten hours on average."""
    if law == "gamma":
        shape = 1 / cv**2
        moments = [SERVICE**n * math.prod(1 + k / shape for k in range(n)) for n in (1, 2, 3)]
    elif law == "lognormal":
        moments = [SERVICE**n * (1 + cv**2) ** (n * (n - 1) / 2) for n in (1, 2, 3)]
    else:
        raw = stats.weibull_min.moment
        shape = _weibull_shape(cv)
        moments = [(SERVICE / raw(1, shape)) ** n * raw(n, shape) for n in (1, 2, 3)]
    first, second, third = map(float, moments)
    return first, second, third


def service_survival(law: str, cv: float) -> Callable[[float], float]:
    """Return the probability that such a service lasts longer than so many hours, above 0."""
    if law == "gamma":
        shape = 1 / cv**2
        return lambda hours: float(special.gammaincc(shape, shape * hours / SERVICE))
    if law == "lognormal":
        spread = math.sqrt(math.log1p(cv**2))
        return lambda hours: float(special.ndtr(-math.log(hours / SERVICE) / spread - spread / 2))
    shape = _weibull_shape(cv)
    scale = SERVICE / math.gamma(1 + 1 / shape)
    return lambda hours: math.exp(-((hours / scale) ** shape))


def _weibull_shape(cv: float) -> float:
    """Return the shape of Weibull's law: the variation falls as it rises, from 15.8 at 0.2 to 0.06 at 20."""
    raw = stats.weibull_min.moment
    return float(optimize.brentq(lambda k: raw(2, k) / raw(1, k) ** 2 - 1 - cv**2, 0.2, 20))


def side_by_side(state: Mapping[str, Any], entry: Mapping[str, Any], stock: int = 0, **station: Any) -> dict[str, Any]:
    """Return a station, or a state without one, many times side by side, each with a door of its own."""
    names = [f"desk{number}" for number in range(COPIES)]
    on = dict(state)
    entries = {f"door{name}": dict(entry) | {"to": name} for name in names}
    if stock:
        entries |= {f"stock{name}": {"to": name, "count": stock, "waiting": True} for name in names}
    return {
        "stations": dict.fromkeys(names, station) if station else {},
        "states": {name: on | ({"station": name} if station else {}) for name in names},
        "entries": entries,
    }


def date_of(day: int) -> str:
    """Write the date so many days after the start."""
    return (START + timedelta(days=day)).date().isoformat()
