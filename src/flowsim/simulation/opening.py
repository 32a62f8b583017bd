"""A scenario that begins today: each replication first runs the model until then, for the stock that no list tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import CarriedOn, Scenario
from flowsim.model.ticks import without_tick_warnings
from flowsim.model.today.listing import TodaysList
from flowsim.model.today.opening import Stock, begin_on
from flowsim.model.varying import Varying
from flowsim.simulation.engine.trace import NEVER
from flowsim.simulation.fork import Fork, Forked

__all__ = ["FromToday", "model_of", "stock_on"]

Draw = Callable[[int, int], Mapping[str, Any] | None]
"""Gives the parameters of a replication: a function of the seed and its number."""
Past = Callable[[int], Fork | None]
"""Gives the fork of the histories that replications of a seed draw; None where they draw none."""
Future = Callable[[int, int], CarriedOn | None]
"""Gives how the base goes on in a replication after its last document; None where its last values hold."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FromToday:
    """A scenario from the day of its list on, in which every replication has parameters and a stock of its own.

    Attributes:
        scenario: one with a list.
        draw: gives a replication's parameters; the base's own where left out.
        past: gives the histories that the stocks are of, each with a future of its own until the list's day.
        future: gives how the base goes on in a replication after its last document.
    """

    scenario: Scenario
    draw: Draw | None = None
    past: Past | None = None
    future: Future | None = None

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        parameters = self.draw(seed, replication) if self.draw else None
        carried_on = self.future(seed, replication) if self.future else None
        whole = self.scenario.pathway_before_opening(parameters, carried_on)
        return begin_on(whole, self._list, self.stock(seed, replication))

    @property
    def _list(self) -> TodaysList:
        assert self.scenario.listing is not None
        return self.scenario.listing

    def stock(self, seed: int, replication: int) -> Stock:
        """Return who is where in the model on that day: all of it, whatever the list tells."""
        parameters = self.draw(seed, replication) if self.draw else None
        carried_on = self.future(seed, replication) if self.future else None
        return stock_on(
            self.scenario.history, parameters, self._list.day, seed, replication, self.past, carried_on=carried_on
        )


@dataclass(frozen=True, kw_only=True)
class _Always:
    values: Mapping[str, Any] | None

    def __call__(self, seed: int, replication: int) -> Mapping[str, Any] | None:
        return self.values


def model_of(scenario: Scenario, parameters: Mapping[str, Any] | None = None) -> Pathway | Varying:
    """Return what is run of a scenario with fixed parameters: its pathway, or a varying model where it begins today."""
    if scenario.begins_today:
        return FromToday(scenario=scenario, draw=_Always(values=parameters))
    return scenario.pathway(parameters)


def stock_on(
    history: Scenario,
    parameters: Mapping[str, Any] | None,
    day: datetime,
    seed: int,
    replication: int,
    past: Past | None = None,
    *,
    carried_on: CarriedOn | None = None,
) -> Stock:
    """Return who is where in a replication of a scenario on a day.

    Its luck until then is not that of what comes after: nobody's arrival depends on what came before. With a `past` it
    is that of the replication's history, and from the fork until the day of a future that no other run has.
    """
    fork = past(seed) if past else None
    values = json.dumps(parameters, sort_keys=True, default=str)
    return _stock(
        _Key(history.digest, values, day, seed, replication, fork, carried_on is None, history, parameters, carried_on)
    )


class _Key:
    """What a stock depends on; equal where its first seven are: a base has one way of going on with a seed."""

    def __init__(self, *parts: Any) -> None:
        self.identity, (self.history, self.parameters, self.carried_on) = parts[:7], parts[7:]

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.identity == other.identity


# Scenarios that are compared, and the levels of a staffing, share their stocks.
@lru_cache(maxsize=512)
def _stock(key: _Key) -> Stock:
    from flowsim.simulation.engine import fast
    from flowsim.simulation.engine.deadlock import deadlocks_told
    from flowsim.simulation.engine.slots import compile_or_patch

    _, _, day, seed, replication, fork, _ = key.identity
    with without_tick_warnings():
        pathway = key.history.reaching(day).pathway(key.parameters, key.carried_on)
    pathway = pathway.model_copy(update={"end": day})
    before = int.from_bytes(hashlib.blake2b(f"before today {seed}".encode(), digest_size=8).digest(), "little")
    model = compile_or_patch(pathway)
    luck = Forked(before, replication, ()) if fork is None else fork.luck(pathway, before, replication)
    with deadlocks_told(pathway, replication):
        visits = fast.simulate(model, *luck).visits
    final = np.array([state.final for state in pathway.states])
    open_ = visits[(visits["ended"] == NEVER) & ~final[visits["state"]]]
    waits = open_["started"] == NEVER
    begun = np.where(waits, open_["joined"], open_["started"])
    times: Floats = (model.horizon - np.column_stack([begun, open_["since"]])) * pathway.tick
    cases = {}
    for number, state in enumerate(pathway.states):
        for waiting in (True, False):
            own = times[(open_["state"] == number) & (waits == waiting)]
            if len(own):
                cases[state.name, waiting] = own[np.lexsort((own[:, 1], own[:, 0]))[::-1]]
    return Stock(cases=cases)
