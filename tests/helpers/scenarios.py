"""Scenarios of pathways that are made in a test, not read from a file."""

from flowsim import Pathway, Scenario
from flowsim.model.base import Base
from flowsim.model.edits import ScenarioFile
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording

PRICES = {
    "staff": {"board": {"town": "600000 DKK per year"}},
    "servers": {"desk": "30000 DKK per month"},
    "meetings": {"board": "3000 DKK per meeting"},
    "places": {"board": "500 DKK/place"},
    "benefits": {"cash": "2800 DKK per week", "course": "400 DKK per day"},
    "sums": [
        {"name": "project", "amount": "2.5 million DKK", "years": [2019, 2020], "only": ["base"]},
        {"name": "other", "amount": "700000 DKK", "years": [2019], "except": ["base"]},
    ],
}
"""Prices of the small pathway of `traces`."""


def scenario_of(raw, **changes):
    """A scenario over a pathway's plain data, with changes as a scenario file tells them."""
    pathway = Pathway.from_dict(raw)
    base = Base(name=pathway.name, raw=pathway.to_dict(), parameters={}, source="made", sha256=pathway.digest)
    file = ScenarioFile.model_validate({"name": pathway.name, "base": "made"} | changes)
    return Scenario(file=file, base=base, source="made")


def wording_of(scenario, code="en", *, codes=False):
    """The words for a scenario's model in a language."""
    return Wording.of(scenario, scenario.pathway(), Language.of(code), codes, scenario.steps)


def clearing(stock, **stations):
    """Plain data of a year in which a stock passes one station after the other, and nothing is left to chance.

    The first weekly meeting is on Wednesday 2 January 2019; each later station meets an hour after the one before it.
    """
    names = list(stations)
    return {
        "name": "clearing",
        "start": "2019-01-01",
        "end": "2020-01-01",
        "stations": {
            name: {"weekdays": ["wed"], "at": [f"{9 + number:02}:00"]} | told
            for number, (name, told) in enumerate(stations.items())
        },
        "states": {
            name: {"station": name, "benefit": "cash", "to": to}
            for name, to in zip(names, [*names[1:], "out"], strict=True)
        }
        | {"out": {"final": True, "outcome": True}},
        "entries": {"there": {"to": names[0], "count": stock, "waiting": True}},
    }
