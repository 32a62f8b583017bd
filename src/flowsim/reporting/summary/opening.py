"""What is said of a list that a run begins with: the model's numbers beside its own, and what the model fills in."""

from __future__ import annotations

import numpy as np

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.core.numbers import with_plain_spaces
from flowsim.model.scenario import Scenario
from flowsim.model.today.opening import listed_number
from flowsim.reporting.wording import Wording, opened
from flowsim.simulation.opening import FromToday, model_of

__all__ = ["list_sentences", "opening_of", "opening_sentences"]

_MOST = 100  # replications: enough for a mean and a range
_SHOWN = 8


def opening_of(scenario: Scenario, parameters: Parameters = None) -> FromToday:
    """Return the model of a scenario that begins with a list."""
    if isinstance(parameters, Ensemble):
        return parameters.over(scenario).opening
    model = model_of(scenario, parameters)
    assert isinstance(model, FromToday)
    return model


def opening_sentences(scenario: Scenario, parameters: Parameters, seed: int, count: int, wording: Wording) -> list[str]:
    """Say how a scenario begins; nothing of one that begins with its base."""
    if not scenario.begins_today:
        return []
    return list_sentences(opening_of(scenario, parameters), seed, count, wording)


def list_sentences(opening: FromToday, seed: int, count: int, wording: Wording) -> list[str]:
    """Say what the list tells, what the model has at the same places, and what it fills in.

    The model's numbers are the mean, and the least and the most, of the first replications.
    """
    listing, language = opening.scenario.listing, wording.language
    say = language.say
    if listing is None:
        return []
    stocks = [opening.stock(seed, replication) for replication in range(min(count, _MOST))]
    words = {"day": with_plain_spaces(language.day(listing.day.date())), "file": listing.file}
    listed = float(np.mean([sum(listed_number(place, stock) for place in listing.places) for stock in stocks]))
    own = {key for stock in stocks for key in stock.cases if key not in listing.listed}
    numbers = {key: float(np.mean([len(stock.of(*key)) for stock in stocks])) for key in own}
    words |= {"listed": language.number(listed, 0), "own": language.number(sum(numbers.values()), 0)}
    lines = [say("today.head", **words)]
    for place in listing.places:
        there = [stock.number(place) for stock in stocks]
        row = {
            "name": opened(_called(place.name, wording), place.name),
            "situation": say("today.waiting" if place.waiting else "today.under_way"),
            "listed": language.number(float(np.mean([listed_number(place, stock) for stock in stocks])), 0),
            "model": language.number(float(np.mean(there)), 0),
            "low": language.number(min(there), 0),
            "high": language.number(max(there), 0),
        }
        lines.append(say("today.row", **row))
    if any(minutes is None for place in listing.places for minutes in place.elapsed):
        lines.append(say("today.times"))
    largest = sorted(own, key=lambda key: (-numbers[key], key))
    parts = []
    for state, waits in largest[:_SHOWN]:
        situation = f" {say('today.waiting')}" if waits else ""
        parts.append(f"{_called(state, wording)}{situation} {language.number(numbers[state, waits], 0)}")
    if len(largest) > _SHOWN:
        rest = sum(numbers[key] for key in largest[_SHOWN:])
        parts.append(say("today.rest", places=str(len(largest) - _SHOWN), number=language.number(rest, 0)))
    return [*lines, *([say("today.own", places="; ".join(parts))] if parts else [])]


def _called(name: str, wording: Wording) -> str:
    """Return what a state or a station is called."""
    stations = {station.name for station in wording.pathway.stations}
    return wording.station(name) if name in stations else wording.state(name)
