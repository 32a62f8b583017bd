"""A pathway with attributes as one without: a copy of its states for each group, for what is computed in means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsim.model.attributes.groups import groups_of, resolved, share_of_group

if TYPE_CHECKING:
    from flowsim.model.parts import Entry, Party, State, Station
    from flowsim.model.pathway import Pathway

__all__ = ["Spread", "plain_name", "spread"]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A pathway whose states are copied for each group, and each door with them.

    Attributes:
        pathway: with states group by group, and doors one for each group that comes by them.
        weights: which share of a door's citizens comes by each of its copies.
    """

    pathway: Pathway
    weights: dict[str, float]


def plain_name(name: str) -> str:
    """Return the name of a state or a door as the pathway has it, of that of a copy."""
    return name.partition("__of_group_")[0]


def spread(pathway: Pathway) -> Spread:
    """Return a pathway without attributes whose means are the same; one that has none is its own."""
    if not pathway.attributes:
        return Spread(pathway=pathway, weights={entry.name: 1.0 for entry in pathway.entries})
    states: list[State] = []
    entries: list[Entry] = []
    weights: dict[str, float] = {}
    groups = groups_of(pathway)
    for number, group in enumerate(groups):
        states += [_renamed(state, number) for state in resolved(pathway, group)]
    for entry in pathway.entries:
        for number, share in enumerate(share_of_group(pathway, entry)):
            if share > 0:
                name = _copy(entry.name, number)
                entries.append(entry.model_copy(update={"name": name, "to": _copy(entry.to, number), "attributes": ()}))
                weights[name] = share
    stations = tuple(_following(station, len(groups)) for station in pathway.stations)
    parts = {"states": tuple(states), "entries": tuple(entries), "stations": stations, "attributes": ()}
    return Spread(pathway=pathway.model_copy(update=parts), weights=weights)


def _copy(name: str, group: int) -> str:
    return f"{name}__of_group_{group}"


def _renamed(state: State, group: int) -> State:
    changes: dict[str, Any] = {"name": _copy(state.name, group)}
    if state.to is not None:
        steps = [(when, tuple((_copy(name, group), share) for name, share in shares)) for when, shares in state.to.root]
        changes["to"] = state.to.model_copy(update={"root": tuple(steps)})
    changes["race"] = tuple(way.model_copy(update={"to": _copy(way.to, group)}) for way in state.race)
    for key in ("reneges_to", "refused_to", "baulks_to"):
        target = getattr(state, key)
        changes[key] = None if target is None else _copy(target, group)
    return state.model_copy(update=changes)


def _following(station: Station, groups: int) -> Station:
    """Return a station whose parties follow up the citizens of all groups."""
    parties = tuple(_party(party, groups) for party in station.parties)
    return station.model_copy(update={"parties": parties})


def _party(party: Party, groups: int) -> Party:
    followed = tuple((_copy(name, group), span) for name, span in party.follow_up for group in range(groups))
    return party.model_copy(update={"follow_up": followed})
