"""Words for probabilities, each with the range that it stands for.

Those of Mastrandrea et al., Guidance Note for Lead Authors of the IPCC Fifth Assessment Report on Consistent Treatment
of Uncertainties (2010), table 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flowsim.core.civil_time import MINUTES, TimeUnit
from flowsim.core.numbers import fixed, number
from flowsim.core.periods import cut_periods
from flowsim.evidence.yardsticks import Yardstick, read_yardsticks, yardsticks_of
from flowsim.model.base import Base
from flowsim.model.library import cities, scenario_names
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.planning.levers import Lever
from flowsim.planning.staffing.goals import Goal
from flowsim.reporting.language import Language
from flowsim.simulation.measures.measure import Measure, Part
from flowsim.simulation.measures.spells import counted_span, span_name

__all__ = ["COUNTED", "LIKELY", "Wording", "cut_words", "likely", "opened", "told_likely", "words_and_ranges"]

LIKELY = (
    (0.99, "likely.certain"),
    (0.9, "likely.very"),
    (0.66, "likely.likely"),
    (0.33, "likely.even"),
    (0.1, "likely.unlikely"),
    (0.01, "likely.very-unlikely"),
    (0.0, "likely.hardly"),
)
"""The least probability of each word, by its key in the table of terms."""


def likely(share: float) -> str:
    """Return the key of the word for a probability."""
    return next(key for least, key in LIKELY if share >= least)


def cut_words(pathway: Pathway, language: Language) -> str:
    """Say which months, quarters and years are not reported, for the horizon does not hold the whole of them.

    Of a horizon that holds no whole month, say that what is reported is of its days alone; nothing where all are whole.
    """
    begin, end, say = pathway.measured_from, pathway.end, language.say
    first, last = cut_periods(begin, end)
    if begin == datetime(begin.year, begin.month, 1):  # that a year has begun before is plain
        first = ()
    if not first and not last:
        return ""
    if begin.year * 12 + begin.month + (begin != datetime(begin.year, begin.month, 1)) >= end.year * 12 + end.month:
        days = {"first": language.plain_day(begin), "last": language.plain_day(end - datetime.resolution)}
        return say("run.cut.parts" if pathway.periods == "month" else "run.cut.parts.finer", **days)
    parts = []
    for key, periods, day in (("run.cut.begin", first, begin), ("run.cut.end", last, end - datetime.resolution)):
        if periods:
            named = language.listed([language.short_period(period) for period in sorted(periods)])
            parts.append(say(key, periods=named, day=language.plain_day(day)))
    words, following = say("run.cut", parts="; ".join(parts)), end + timedelta(days=1)
    if following == datetime(following.year, following.month, 1):  # a month's last day is meant to be in it
        words += say("run.cut.through", day=language.plain_day(end), next=f"{following:%Y-%m-%d}")
    return words


def opened(title: str, name: str) -> str:
    """Begin a sentence with a title; what begins with a name that files take stays as it is."""
    return title if title.startswith(name.partition(",")[0]) else f"{title[:1].upper()}{title[1:]}"


def told_likely(low: float, high: float, language: Language) -> str:
    """Say how likely something is whose probability lies between two ends: one word, or the words of both ends."""
    least, most = (language.words[likely(share)] for share in (low, high))
    return least if least == most else language.say("likely.between", low=least, high=most)


def words_and_ranges(language: Language) -> tuple[str, ...]:
    """Return each word with the range that it stands for, the most likely first."""
    edges = [1.0, *(least for least, _ in LIKELY)]
    out = []
    for above, (least, key) in zip(edges, LIKELY, strict=False):
        low, high = language.percent(least, 0), language.percent(above, 0)
        out.append(f"{language.words[key]}: {language.interval(low, high)}")
    return tuple(out)


COUNTED = ("citizens", "awards", "spells", "cases", "meetings", "places")
"""Units of which a report tells whole numbers."""
_MANY = 99_999.5
_HARD = "\u00a0"
_YEAR = re.compile(r"\d{4}")
_PERIOD = re.compile(r"\d{4}(Q[1-4]|-\d{2})?")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The words for one pathway in one language.

    Attributes:
        language: the language.
        pathway: whose names are to be called something.
        shipped: whether the table of terms knows its names; a pathway of one's own goes by its own titles.
        codes: call measures and names of the model by the names that files and options take.
        standards: the yardsticks of the base.
        own: the names of scenarios that do not ship, though one that ships may be called the same.
    """

    language: Language
    pathway: Pathway
    shipped: bool
    codes: bool = False
    standards: tuple[Yardstick, ...] = ()
    own: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        pathway: Pathway,
        language: Language,
        codes: bool = False,
        beside: Sequence[Scenario] = (),
    ) -> Wording:
        """Return the words for a scenario's model, and for those that are told of beside it."""
        base, own = scenario.base, frozenset(each.name for each in (scenario, *beside) if not each.ships)
        standards = tuple[Yardstick, ...]()
        if base.name in cities():
            standards = yardsticks_of(base.name)
        elif "yardsticks" in base.files and base.evidence is not None:
            file = base.files["yardsticks"]
            standards = read_yardsticks(file, str(file), base.evidence, pathway.time_unit)
        return cls(
            language=language,
            pathway=pathway,
            shipped=base.standard_terms,
            codes=codes,
            standards=standards,
            own=own,
        )

    @staticmethod
    def borrowed(base: Base, language: Language) -> str:
        """Say how many of a base's numbers are another municipality's; nothing where none are."""
        lent = [parameter for parameter in base.parameters.values() if parameter.lender]
        if not lent or base.name in cities():
            return ""
        lenders = language.listed([language.name(name) for name in dict.fromkeys(each.lender for each in lent)])
        counts = {"borrowed": str(len(lent)), "all": str(len(base.parameters))}
        return language.say("base.borrowed_line", lenders=lenders, **counts)

    def station(self, name: str) -> str:
        """Return what a station is called."""
        return self.name(name, self.pathway.station(name).title)

    def awaited(self, name: str) -> str:
        """Return what citizens at a station wait for, as a part of a sentence."""
        if self.codes:
            return name
        words = self.language.words
        own = words.get(f"awaited.{name}") if self.shipped else None
        return own or self.language.say("awaited", station=self.station(name))

    def currency(self, code: str) -> str:
        """Return what a currency is called: "DKK", "kr."."""
        return self.language.words.get(f"currency.{code}", code)

    def benefit(self, name: str) -> str:
        """Return what a benefit is called."""
        return self.name(name)

    def state(self, name: str) -> str:
        """Return what a state is called."""
        return self.name(name, self.pathway.state(name).title)

    def name(self, name: str, title: str = "") -> str:
        """Return what a name of the model is called."""
        if self.codes:
            return name
        return self.language.name(name, title) if self.shipped else title or name

    def parameter(self, name: str) -> str:
        """Return what a parameter of the base is called; of one that holds from an event on, with that event."""
        words, (stem, _, since) = self.language.words, name.rpartition("_")
        if self.codes or not self.shipped:
            return name
        if f"parameter.{name}" in words:
            return words[f"parameter.{name}"]
        if f"parameter.{stem}" not in words:
            return name
        dated = _YEAR.fullmatch(since) is not None
        key = f"since.{'year' if dated else since}"
        return f"{words[f'parameter.{stem}']}, {self.language.say(key, year=since)}" if key in words else name

    def target(self, name: str) -> str:
        """Return what a documented figure is called, by the name that a file of targets gives it."""
        words, (stem, _, last) = self.language.words, name.rpartition(" ")
        if self.codes or not self.shipped:
            return name
        if f"target.{name}" in words:
            return words[f"target.{name}"]
        if f"target.{stem}" not in words or not _PERIOD.fullmatch(last):
            return name
        return self.language.say(f"target.{stem}", period=self.language.period(last).replace(_HARD, " "))

    def scenario(self, name: str) -> str:
        """Return what a scenario is called."""
        known = name in scenario_names() or (self.shipped and name in cities())
        return self.language.name(name) if known and name not in self.own and not self.codes else name

    def measure(self, measure: Measure) -> str:
        """Return what a measure is called: "Wait for the rehabilitation team"; its own name where no words fit."""
        if self.codes:
            return str(measure)
        key, words = measure.kind.words, self.language.words
        if key not in words:
            return str(measure)
        of: dict[str, str] = {
            part: self._part(part, name) for part, name in zip(measure.kind.of, measure.names, strict=True)
        }
        if station := measure.of("station"):
            of["awaited"] = self.awaited(station)
        own = ".".join((key, *measure.names))  # a refusal is counted among the awards, and is called a decision
        key = own if self.shipped and own in words else key
        if clock := measure.of("clock"):
            of["limit"] = self._limit(clock)
            key += "" if self.shipped and f"name.{clock}" in words else ".own"
        return self.language.say(key, **of)

    def _part(self, part: Part, name: str) -> str:
        if part == "station":
            return self.station(name)
        if part == "span":
            return self.span(name)
        return self.state(name) if part == "state" else self.name(name)

    def span(self, name: str) -> str:
        """Write a span of time that stands in the name of a measure: "2 minutes", "over 3 years"."""
        spans = [span for watch in self.pathway.watches for span in watch.within]
        spans += [span for followup in self.pathway.followups for span in followup.after]
        spans += [span for seniority in self.pathway.seniorities for span in seniority.over]
        bare = name.removeprefix("over_")
        for count, unit in (counted_span(span) for span in spans if span_name(span) == bare):
            counted = self._counted(count, f"{unit}s")
            return self.language.say("span.over", span=counted) if name != bare else counted
        return self.name(name)

    def unit(self, unit: str, number: float | None = None) -> str:
        """Return what a unit is called: "weeks", "uger"; a currency in millions is "DKK million", "mio. DKK".

        Of a number of 1 as it is written, what is counted stands in the singular.
        """
        currency, _, million = unit.partition(" million")
        if unit.endswith(" million") and not million:
            return self.language.say("unit.million", currency=self.currency(currency))
        words = self.language.words
        single = words.get(f"unit.{unit}.one") if number == 1 else None
        return single or words.get(f"unit.{unit}", unit)

    def yardsticks(self, measure: Measure | str, unit: str, period: str | None = None) -> str:
        """Return what a measure is held against: "goal: 90 %", "whole country: 7.1 (2018Q1)"; nothing of most.

        Of one period where that is given, else of all that a document tells.
        """
        known: dict[str, list[str]] = {}
        for standard in self.standards:
            if standard.measure == measure and (period is None or standard.period in (None, period)):
                value = self.cell(standard.value, unit)
                dated = standard.period is not None and period is None
                when = f" ({self.language.short_period(standard.period)})" if dated and standard.period else ""
                known.setdefault(self.language.words[f"yardstick.{standard.kind}"], []).append(f"{value}{when}")
        return "; ".join(f"{kind}: {', '.join(values)}" for kind, values in known.items())

    def clock(self, name: str) -> str:
        """Return a clock and its limit: "decided within 23 weeks"."""
        if self.codes:
            return name
        known = self.shipped and f"name.{name}" in self.language.words
        key = "run.clock" if known else "run.clock.own"
        return self.language.say(key, clock=self.name(name), limit=self._limit(name))

    def _limit(self, clock: str) -> str:
        """Write the limit of a clock: "23 weeks", "10 minutes"; "3 days" where no unit is named and it is no weeks."""
        span = next(one.limit for one in self.pathway.clocks if one.name == clock)
        limit = self.in_time_unit(span, "minute")
        if math.isclose(limit, round(limit), rel_tol=1e-9):
            return self._counted(round(limit), self.time_unit)
        if self.pathway.time_unit is None:
            count, unit = counted_span(span)
            return self._counted(count, f"{unit}s")
        return self._counted(limit, self.time_unit)

    def _counted(self, count: float, unit: str) -> str:
        written = self.language.number(count, 0 if count == int(count) else None)
        return f"{written} {self.unit(unit, 1 if written == '1' else None)}"

    @property
    def time_unit(self) -> str:
        """The unit in which spans of time are told: "minutes"; "weeks" where the pathway names none."""
        return f"{self.pathway.time_unit or 'week'}s"

    def in_time_unit(self, span: float, unit: TimeUnit = "week") -> float:
        """Turn a span of time, given in a unit, into the one in which the pathway tells them."""
        own = self.pathway.time_unit or "week"
        return span if unit == own else span * MINUTES[unit] / MINUTES[own]

    def cell(self, value: float, unit: str) -> str:
        """Write a figure in a cell of a table: a share in per cent, what is counted without decimals."""
        if unit == "share" and math.isfinite(value):
            return self.language.percent(value, 0).replace(_HARD, " ")
        whole = unit in COUNTED and math.isfinite(value) and abs(value) < _MANY
        return self.language.local(fixed(value, 0) if whole else number(value))

    def figures(self, values: Sequence[float], unit: str, *, signed: bool = False) -> list[str]:
        """Write figures that belong together with as many decimals each, without their unit but for the per cent."""
        if unit in ("share", "per cent"):
            shares = [value / (1 if unit == "share" else 100) for value in values]
            fine = any(0 < abs(share) < 0.0995 or 0.9 < abs(share) < 1 for share in shares)
            return [self.language.percent(share, int(fine), signed=signed) for share in shares]
        largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
        decimals = 0 if unit in COUNTED or largest >= 99.95 else 1 if largest >= 0.995 or largest == 0 else 2
        if signed and any(0 < abs(value) < 0.5 * 10**-decimals for value in values):
            decimals += 1  # the end of a sure difference never reads as 0
        return [self.language.number(value, decimals, signed=signed) for value in values]

    def values(self, values: Sequence[float], unit: str, *, signed: bool = False) -> list[str]:
        """Write such figures, the first one with its unit: "6.4 weeks", "5.9", "6.8"."""
        first, *rest = self.figures(values, unit, signed=signed)
        if signed and unit in ("share", "per cent"):  # a difference of shares is no share
            first, *rest = (figure.removesuffix(f"{_HARD}%") for figure in (first, *rest))
            unit = "points"
        single = 1 if first.lstrip("+−-") == "1" else None
        return [first if unit in ("share", "per cent") else f"{first}{_HARD}{self.unit(unit, single)}", *rest]

    def value(self, value: float, unit: str) -> str:
        """Write a figure with its unit: "6.4 weeks", "90 %"."""
        return self.values([value], unit)[0]

    def decimals(self, value: float, unit: str) -> int:
        """Return how many decimals a figure has that stands alone."""
        if unit in ("share", "per cent"):
            share = abs(value) / (1 if unit == "share" else 100)
            return int(0 < share < 0.0995 or 0.9 < share < 1)
        if unit in COUNTED or not abs(value) < 99.95:
            return 0
        return 1 if abs(value) >= 0.995 or value == 0 else 2

    def goal(self, goal: Goal) -> str:
        """Return a goal in words: "share decided within 23 weeks: at least 90 %"."""
        title, bound = self.measure(goal.response.measure), self.value(goal.bound, goal.response.unit)
        key = "goal.least" if goal.sense == ">=" else "goal.most"
        return self.language.say(key, measure=title[:1].lower() + title[1:], bound=bound)

    def lever(self, lever: Lever, number: float | None = None) -> str:
        """Return what a lever is: "places a meeting of the rehabilitation team"; of one of it in the singular."""
        one = ".one" if number == 1 else ""
        return self.language.say(f"lever.{lever.key}{one}", station=self.station(lever.station))
