"""What the measures, goals and levers of a pathway are called in a language, and how their figures are written."""

from __future__ import annotations

from dataclasses import dataclass

from flowsim.civiltime import MINUTES
from flowsim.goals import Goal
from flowsim.language import Language
from flowsim.lever import Lever
from flowsim.pathway import Pathway

__all__ = ["COUNTED", "Wording"]

COUNTED = ("citizens", "awards", "spells", "cases", "meetings", "places")
"""Units of which a report tells whole numbers."""

_OF_STATIONS = ("wait", "queue", "utilisation", "meetings", "places", "waited")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words for one pathway in one language; what the table of terms lacks goes by the pathway's own titles."""

    language: Language
    pathway: Pathway

    def station(self, name: str) -> str:
        """Return what a station is called."""
        return self.language.name(name, self.pathway.station(name).title)

    def benefit(self, name: str) -> str:
        """Return what a benefit is called."""
        return self.language.name(name)

    def state(self, name: str) -> str:
        """Return what a state is called."""
        return self.language.name(name, self.pathway.state(name).title)

    def measure(self, measure: str) -> str:
        """Return what a measure is called: "Wait for the rehabilitation team"; its own name where no words fit."""
        kind, _, rest = measure.partition(".")
        name, _, reading = rest.rpartition(".")
        say = self.language.say
        if kind == "clock" and f"measure.clock.{reading}" in self.language.words:
            limit = next(clock.limit for clock in self.pathway.clocks if clock.name == name)
            weeks = self.language.number(limit / MINUTES["week"], 0)
            return say(f"measure.clock.{reading}", clock=self.language.name(name), weeks=weeks)
        if kind == "wait" and f"measure.wait.{reading}" in self.language.words:
            return say(f"measure.wait.{reading}", station=self.station(name))
        if kind in _OF_STATIONS and f"measure.{kind}" in self.language.words:
            return say(f"measure.{kind}", station=self.station(rest))
        if kind in ("stock", "mean_stock"):
            return say(f"measure.{kind}", benefit=self.benefit(rest))
        if kind == "awards":
            return say("measure.awards", state=self.state(rest))
        return self.language.words.get(f"measure.{measure}", measure)

    def unit(self, unit: str) -> str:
        """Return what a unit is called: "weeks", "uger"; a currency in millions is "DKK million", "mio. DKK"."""
        currency, _, million = unit.partition(" million")
        if unit.endswith(" million") and not million:
            return self.language.say("unit.million", currency=currency)
        return self.language.words.get(f"unit.{unit}", unit)

    def figure(self, value: float, unit: str, *, signed: bool = False) -> str:
        """Write a figure without its unit, but for the per cent of a share: "6.4", "90 %"."""
        if unit in ("share", "per cent"):
            return self.language.percent(value / (1 if unit == "share" else 100), signed=signed)
        return self.language.number(value, 0 if unit in COUNTED else None, signed=signed)

    def value(self, value: float, unit: str, *, signed: bool = False) -> str:
        """Write a figure with its unit: "6.4 weeks", "90 %"."""
        figure = self.figure(value, unit, signed=signed)
        return figure if unit in ("share", "per cent") else f"{figure}\u00a0{self.unit(unit)}"

    def goal(self, goal: Goal) -> str:
        """Return a goal in words: "at least 90 % decided within 23 weeks"."""
        least = "least" if goal.sense == ">=" else "most"
        bound = self.value(goal.bound, goal.response.unit)
        title = self.measure(goal.response.measure)
        return self.language.say(f"goal.{least}", measure=title[:1].lower() + title[1:], bound=bound)

    def lever(self, lever: Lever) -> str:
        """Return what a lever is: "places a meeting of the rehabilitation team"."""
        return self.language.say(f"lever.{lever.key}", station=self.station(lever.station))
