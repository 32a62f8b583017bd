"""The groups of citizens that attributes make, who of each comes by which door, and states resolved for a group."""

from __future__ import annotations

import math
from itertools import product

from flowsim.model.parts import Entry, State
from flowsim.model.soundness import Whole

__all__ = ["group_count", "groups_of", "resolved", "share_of_group", "shares_at"]


def groups_of(pathway: Whole) -> list[dict[str, str]]:
    """Return the category of each attribute, group by group; the first attribute changes slowest. One without any."""
    # The compiled tables number groups in this very order, and `shares_at` has the same.
    names = [attribute.name for attribute in pathway.attributes]
    return [
        dict(zip(names, each, strict=True))
        for each in product(*(attribute.categories for attribute in pathway.attributes))
    ]


def group_count(pathway: Whole) -> int:
    """Return how many groups there are."""
    return math.prod(len(attribute.categories) for attribute in pathway.attributes)


def shares_at(pathway: Whole, entry: Entry) -> list[tuple[float, ...]]:
    """Return of each attribute the shares of its categories among those who come by a door."""
    own = dict(entry.attributes)
    rows = []
    for attribute in pathway.attributes:
        shares = dict(own.get(attribute.name, attribute.shares))
        rows.append(tuple(float(shares.get(category, 0.0)) for category in attribute.categories))
    return rows


def share_of_group(pathway: Whole, entry: Entry) -> list[float]:
    """Return which share of those who come by a door is of each group: attributes are drawn independently."""
    return [math.prod(shares) for shares in product(*shares_at(pathway, entry))]


def resolved(pathway: Whole, group: dict[str, str]) -> tuple[State, ...]:
    """Return the states as they are for the citizens of a group."""
    return tuple(state.for_group(group) for state in pathway.states)
