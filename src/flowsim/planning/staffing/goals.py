"""What a planner wants to reach, as she writes it: "decided within 23 weeks >= 90%", "wait for the team <= 9 weeks"."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Floats
from flowsim.core.civil_time import MINUTES, parse_span, span_text
from flowsim.core.errors import InputError, nearest, require_type, unknown_name
from flowsim.core.numbers import PER_CENT, TOKEN, read_number, with_plain_spaces
from flowsim.model.parts import Clock
from flowsim.model.pathway import Pathway
from flowsim.planning.response import Response
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.flows import STOCK
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import CASELOAD, QUEUE, SERVED, SERVED_P90

__all__ = ["Goal", "parse_goals"]

_COMPARISON = re.compile(r"(.+?)\s*(>=|<=|≥|≤|=>|=<|\bat least\b|\bat most\b)\s*(.+)")
_STRICT = re.compile(r"(.+?)\s*(<|>|=|\bunder\b|\bbelow\b|\bover\b|\babove\b)\s*(.+)")
_SENSES: dict[str, Literal[">=", "<="]] = {
    ">=": ">=",
    "≥": ">=",
    "=>": ">=",
    "at least": ">=",
    "<=": "<=",
    "≤": "<=",
    "=<": "<=",
    "at most": "<=",
}
_OF = r"(?:(?:for|of|at|on|in) )?(?:the )?(\S+)"
_WITHIN = re.compile(r"(\S+) within (.+)")
_WAIT = re.compile(rf"(mean |p90 |90 ?% |90th percentile (?:of )?(?:the )?)?wait {_OF}")
_STOCK = re.compile(rf"(mean )?(queue|caseload|people|persons|citizens) {_OF}")
_IN_PROGRESS = re.compile(r"(mean )?(\S+) in progress")
_MEASURE = re.compile(r"(mean )?(\S+\.\S+)")
_WORDS = ("decided within", "wait for", "p90 wait for", "queue of", "caseload of", "people on")
_NUMBER = re.compile(rf"({TOKEN})\s*({PER_CENT}|[A-Za-z][A-Za-z ]*)?")
_PERSONS = ("citizens", "citizen", "people", "persons", "cases", "awards", "spells", "citizens per caseworker")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A bound on one number of a period.

    Attributes:
        text: how it was written.
        response: the number.
        sense: which side of the bound is good.
        bound: in the response's unit; 0.9 for 90 % of a share.
    """

    text: str
    response: Response
    sense: Literal[">=", "<="]
    bound: float

    @classmethod
    def parse(cls, text: str, pathway: Pathway, during: str) -> Goal:
        """Read a goal that is to hold over a period.

        What happens is taken over all of the period, who is there (queue, caseload, people) at its end, or, with
        "mean" before it, on average over the ends of its months or quarters: see `Response`.

        Raises:
            InputError: one line with the goal, what is wrong, and what is allowed.
        """
        try:
            return _parsed(" ".join(unicodedata.normalize("NFC", text).split()), pathway, during)
        except ValueError as error:
            raise InputError(f"goal '{text}': {error}") from None

    def met(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Tell where a value keeps the goal; an undefined one does not."""
        return values >= self.bound if self.sense == ">=" else values <= self.bound


def parse_goals(texts: Sequence[str], pathway: Pathway, during: str) -> tuple[Goal, ...]:
    """Read goals that are to hold together.

    Raises:
        InputError: where there is none, as `Goal.parse`, and where two of them contradict each other.
    """
    texts = (texts,) if isinstance(texts, str) else texts
    require_type("goals", texts, Sequence, "texts such as 'decided within 23 weeks >= 90%'")
    if not texts:
        raise InputError("goal: there is none: write one such as 'decided within 23 weeks >= 90%'")
    for text in texts:
        require_type("goal", text, str, "a text such as 'decided within 23 weeks >= 90%'")
    goals = tuple(Goal.parse(text, pathway, during) for text in texts)
    for one, other in permutations(goals, 2):
        if one.response == other.response and one.sense == ">=" and other.sense == "<=" and one.bound > other.bound:
            raise InputError(f"goal '{one.text}' contradicts '{other.text}': no staffing can meet both")
    return goals


def _parsed(text: str, pathway: Pathway, during: str) -> Goal:
    match = _COMPARISON.fullmatch(text)
    if not match and (strict := _STRICT.fullmatch(text)):
        instead = {"<": "'<='", "under": "'<='", "below": "'<='", "=": "'<=' or '>='"}.get(strict[2], "'>='")
        raise ValueError(f"it compares nothing: write a number after >= or <=, so {instead} instead of '{strict[2]}'")
    if not match:
        raise ValueError("it compares nothing: write a number after >= or <=, such as 'wait for team <= 9 weeks'")
    measure, averaged = _subject(match[1], pathway)
    index = Catalogue.of(pathway).index
    try:
        response = Response.of(measure, during, index, averaged=averaged)
    except InputError as error:
        if not str(error).startswith(f"{during}: "):
            raise
        raise ValueError(f"during {error}") from None
    return Goal(text=text, response=response, sense=_SENSES[match[2]], bound=_bound(match[3], response.unit))


def _subject(text: str, pathway: Pathway) -> tuple[str, bool]:
    """Return the measure that words name, and whether its average is meant."""
    stations = [station.name for station in pathway.stations]
    if match := _WITHIN.fullmatch(text):
        return CLOCK_WITHIN(_clock(match[1], match[2], pathway).name), False
    if match := _WAIT.fullmatch(text):
        high = match[1] and not match[1].startswith("mean")
        return (SERVED_P90 if high else SERVED)(_known("station", match[2], stations)), False
    if match := _STOCK.fullmatch(text):
        if match[2] == "queue":
            return QUEUE(_known("station", match[3], stations)), bool(match[1])
        if match[2] == "caseload":
            return _caseload(match[3], pathway), bool(match[1])
        return STOCK(_benefit(match[3], pathway)), bool(match[1])
    if match := _IN_PROGRESS.fullmatch(text):
        return STOCK(_benefit(match[2], pathway)), bool(match[1])
    if match := _MEASURE.fullmatch(text):
        return match[2], bool(match[1])
    allowed = "'decided within 23 weeks', 'wait for STATION', 'p90 wait for STATION', 'queue of STATION', "
    allowed += "'caseload of STATION', 'people on BENEFIT', or a measure such as awards.STATE"
    raise ValueError(f"'{text}' names nothing that is measured{nearest(text, _WORDS)} (allowed: {allowed})")


def _known(what: str, name: str, among: Sequence[str]) -> str:
    if name not in among:
        raise ValueError(unknown_name(what, name, among))
    return name


def _clock(name: str, limit: str, pathway: Pathway) -> Clock:
    """Return the clock of a name; "decided" is the one with that limit that no other decision abandons."""
    measured = ", ".join(f"'{clock.name} within {span_text(clock.limit)}'" for clock in pathway.clocks)
    if not measured:
        raise ValueError("the pathway has no clock that tells how much is decided within a time: declare one")
    span = parse_span(limit, typed=True)
    with_limit = [clock for clock in pathway.clocks if math.isclose(clock.limit, span, rel_tol=1e-9)]
    if name == "decided":
        chosen = with_limit if len(with_limit) == 1 else [clock for clock in with_limit if not clock.abandons]
        if len(chosen) > 1:
            raise ValueError(f"several clocks measure {limit}: name one (allowed: {measured})")
    else:
        _known("clock", name, ["decided", *(clock.name for clock in pathway.clocks)])
        chosen = [clock for clock in with_limit if clock.name == name]
    if not chosen:
        raise ValueError(f"no clock{'' if name == 'decided' else f' {name}'} measures {limit} (allowed: {measured})")
    return chosen[0]


def _caseload(name: str, pathway: Pathway) -> Measure:
    followed = {
        f"{station.name}.{party.name}": (station.name, party.name)
        for station in pathway.stations
        for party in station.parties
        if party.staff is not None and party.follow_up
    }
    parties = [of for full, of in followed.items() if name in (full, of[0])]
    if len(parties) == 1:
        return CASELOAD(*parties[0])
    raise ValueError(unknown_name("caseload", name, followed))


def _benefit(name: str, pathway: Pathway) -> str:
    state = next((state for state in pathway.states if state.name == name), None)
    if name not in pathway.benefits and state is not None:
        raise ValueError(
            f"'{name}' is a state, and people are counted by benefit: those in it are on '{state.benefit}'"
        )
    return _known("benefit", name, pathway.benefits)


def _bound(text: str, unit: str) -> float:
    """Read a bound in a unit."""
    if (of_time := unit.removesuffix("s")) in MINUTES:
        return parse_span(text, typed=True) / MINUTES[of_time]
    match = _NUMBER.fullmatch(with_plain_spaces(text))
    if not match:
        raise ValueError(f"'{text}' is not allowed: it should be a number{', such as 90%' if unit == 'share' else ''}")
    number, unit_word = read_number(match[1]), match[2] or ""
    in_per_cent = bool(re.fullmatch(PER_CENT, unit_word))
    if number < 0:
        raise ValueError(f"'{text}' is not allowed: nothing that is measured is below 0")
    if unit == "share":
        share = number / 100 if in_per_cent else number
        if not (in_per_cent or not unit_word) or (not unit_word and 1 < number <= 100):
            raise ValueError(f"'{text}' is no share: write {match[1]} %")
        if not 0 <= share <= 1:
            raise ValueError(f"'{text}' is no share: it lies between 0% and 100%")
        return share
    if unit == "per cent":
        if not (in_per_cent or not unit_word) or number > 100:
            raise ValueError(f"'{text}' is not allowed: it lies between 0% and 100%")
        if not unit_word and 0 < number <= 1:  # a share of 0.9, or 0.9 % of the time
            raise ValueError(
                f"'{text}': {100 * number:.12g} % or {match[1]} %? write {100 * number:.12g} % or {match[1]} %"
            )
    elif unit_word and unit_word not in _PERSONS:
        raise ValueError(f"'{text}' is not allowed: it counts {unit}")
    return number
