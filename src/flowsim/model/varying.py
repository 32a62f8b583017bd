"""Models whose numbers vary from replication to replication, and how one is made from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flowsim.core.civil_time import is_dated, parse_moment
from flowsim.model.pathway import Pathway

__all__ = ["Cut", "Unlimited", "Varying", "cut_after", "unlimited", "without_later"]

_ENOUGH = 1_000_000  # servers, or places at a meeting


class Varying(Protocol):
    """A model whose numbers differ from replication to replication, such as draws of uncertain parameters.

    Names, kinds, arrows and the horizon do not differ. Processes and clusters get it pickled.
    """

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication: equal ones for equal arguments, whatever was asked before."""
        ...


def cut_after(pathway: Pathway, end: datetime) -> Pathway:
    """Return a pathway whose horizon ends earlier, so that it runs faster; what comes before is not changed by it.

    The whole one where citizens come at given times after that end, for then they would have no time to come at.
    """
    if end >= pathway.end or any(when >= end for entry in pathway.entries for when in entry.at):
        return pathway
    return pathway.model_copy(update={"end": end})


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A varying model whose horizon ends earlier."""

    model: Varying
    end: datetime

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return cut_after(self.model.pathway(seed, replication), self.end)


def without_later(content: Any, moment: datetime) -> Any:
    """Return plain data in which values by date keep the last one before a moment, or their first where none is."""
    if is_dated(content):
        since = {parse_moment(key): key for key in content}
        kept = [when for when in since if when < moment] or [min(since)]
        return {since[when]: without_later(content[since[when]], moment) for when in kept}
    if isinstance(content, Mapping):
        return {key: without_later(value, moment) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_later(value, moment) for value in content]
    return content


def unlimited(pathway: Pathway) -> Pathway:
    """Return a pathway whose stations take all who come: a server for each, and places for all at every meeting."""
    raw = pathway.to_dict()
    for station in raw.get("stations", ()):
        station.pop("parties", None)
        station["capacity" if "capacity" in station else "places"] = _ENOUGH
        if "room" in station:
            station["room"] = _ENOUGH
    return Pathway.of_plain(raw, pathway.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Unlimited:
    """A varying model whose stations take all who come."""

    model: Varying

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        return unlimited(self.model.pathway(seed, replication))
