"""Models of pathways that differ in numbers alone: the cells that tell them are written anew in a copy of the tables.

Draws of uncertain parameters, steps of a walk and many edits change rates, shares, means and staff, and nothing that
lays out the tables of a model. A model that was compiled before has a slot for each such number: the cell, or the
rows, that the compiler fills from it by the same formula. Whatever else differs is compiled in full, and so is a
pathway whose laws are equal to one another in other places than before, for equal laws share their rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from flowsim.core.civil_time import ByDate
from flowsim.core.errors import Record
from flowsim.model.duration import Duration
from flowsim.model.parts import Entry, Party, State, Station
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine import compiler
from flowsim.simulation.engine.compiler import Model

__all__ = ["Compiled", "compile_or_patch", "compiled_like"]

_MOST = 4  # models that are kept to be patched
_kept: tuple[Compiled, ...] = ()

# What may differ in a part; where it does, the rows of its tables are as many, at the same dates, as before.
_NUMBERS: Mapping[type[Record], frozenset[str]] = {
    State: frozenset({"stay", "to", "race", "patience"}),
    Entry: frozenset({"rate", "every", "count", "elapsed"}),
    Station: frozenset({"places", "parties", "answers"}),
}


class _UnlikeError(Exception):
    """More differs than numbers."""


def compile_or_patch(pathway: Pathway) -> Model:
    """Return the arrays of a pathway, byte for byte those of `compile_pathway`.

    They may share tables with those of other pathways, so they are only to be read.

    Raises:
        InputError: as `compile_pathway`.
    """
    return compiled_like(pathway).model


def compiled_like(pathway: Pathway, *near: Compiled) -> Compiled:
    """Return the compiled model of a pathway, patched from one that is near or from one of the last.

    Raises:
        InputError: as `compile_pathway`.
    """
    global _kept
    for compiled in (*near, *_kept):
        try:
            patched = compiled.with_numbers_of(pathway)
        except _UnlikeError:
            continue
        if compiled not in near and compiled is not _kept[0]:
            _kept = (compiled, *(other for other in _kept if other is not compiled))[:_MOST]
        return patched
    compiled = Compiled.of(pathway)
    _kept = (compiled, *_kept)[:_MOST]
    return compiled


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A model, and what its tables do not tell of how they were filled.

    Attributes:
        pathway: whose model it is.
        model: its tables.
        laws: the law of each row of `laws` that a stay, a patience, an exit or an entry is drawn from.
        uses: how many of these name each row.
        moments: the moment for which each row of `bounds` was filled.
    """

    pathway: Pathway
    model: Model
    laws: Mapping[int, Duration]
    uses: Mapping[int, int]
    moments: Sequence[datetime]

    @classmethod
    def of(cls, pathway: Pathway) -> Compiled:
        """Compile a pathway."""
        filled = compiler.Compiler(pathway)
        model = filled.model()
        rows = [model.stays["law"], model.states["patience"], model.exits["law"], model.entries["law"]]
        uses = Counter(np.concatenate(rows).tolist())
        laws = {number: law for law, number in filled.law_number.items()}
        return cls(pathway=pathway, model=model, laws=laws, uses=uses, moments=filled.bound_moments)

    def with_numbers_of(self, pathway: Pathway) -> Compiled:
        """Return what comes of a pathway that differs from this one's in numbers.

        Raises:
            _UnlikeError: where more differs.
        """
        own = self.pathway
        whole = ((p.start, p.end, p.tick, len(p.states), len(p.stations), len(p.entries)) for p in (own, pathway))
        _require(len(set(whole)) == 1 and not own.attributes and not pathway.attributes)
        patch = _Patch(self, pathway)
        for number, (old, new) in enumerate(zip(own.states, pathway.states, strict=True)):
            if old is not new:
                patch.state(number, old, new)
        for number, (old_entry, new_entry) in enumerate(zip(own.entries, pathway.entries, strict=True)):
            if old_entry is not new_entry:
                patch.entry(number, old_entry, new_entry)
        patch.bounds(own.stations, pathway.stations)
        laws = patch.laws()
        return replace(self, pathway=pathway, model=self.model._replace(**patch.tables), laws=laws)


class _Patch:
    """Copies of the tables in which numbers differ, slot by slot."""

    def __init__(self, compiled: Compiled, pathway: Pathway) -> None:
        self.compiled, self.pathway = compiled, pathway
        self.model = compiled.model
        self.tables: dict[str, Any] = {}
        self.new_laws: dict[int, Duration] = {}
        self.renewed: Counter[int] = Counter()

    def table(self, name: str) -> Any:
        """Return the copy of a table."""
        if name not in self.tables:
            self.tables[name] = getattr(self.model, name).copy()
        return self.tables[name]

    def law(self, number: int, old: Duration | None, new: Duration | None) -> None:
        """Take down that a use of a law is of another one now."""
        _require((old is None) == (new is None))
        if new is not None:
            known = self.new_laws.setdefault(number, new)
            _require(known is new or known == new)
            self.renewed[number] += 1

    def laws(self) -> Mapping[int, Duration]:
        """Write the rows of laws, and return whose they are; each is of one law still, and no two are of the same."""
        if not self.new_laws:
            return self.compiled.laws
        laws = dict(self.compiled.laws)
        for number, law in self.new_laws.items():
            if law is laws[number] or law == laws[number]:
                continue
            _require(self.renewed[number] == self.compiled.uses[number])
            self._law(number, law)
            laws[number] = law
        _require(len(set(laws.values())) == len(laws))
        return laws

    def _law(self, number: int, law: Duration) -> None:
        _require(law.law != "mixture")
        rows = compiler.law_rows(law, self.pathway.tick)
        _require(len(rows) == 1)
        kind, a, b, points = rows[0][1]
        row = self.model.laws[number]
        first, end = int(row["point"]), int(row["point_end"])
        _require(kind == row["kind"] and len(points) == end - first)
        self.table("laws")["a"][number], self.table("laws")["b"][number] = a, b
        if len(points):
            table = self.table("points")
            table["x"][first:end], table["y"][first:end] = points.T

    def state(self, number: int, old: State, new: State) -> None:
        """Write what stays, shares, races and patience tell."""
        changed = _changed(old, new)
        row = self.model.states[number]
        if "stay" in changed:
            steps = range(row["stay"], row["stay_end"])
            for step, before, law in zip(steps, *_same_dates(old.stay, new.stay), strict=True):
                self.law(int(self.model.stays["law"][step]), before, law)
        if "patience" in changed:
            self.law(int(row["patience"]), old.patience, new.patience)
        if "to" in changed:
            routes = range(row["route"], row["route_end"])
            for route, before, shares in zip(routes, *_same_dates(old.to, new.to), strict=True):
                taken = [share for _, share in shares if share > 0]
                names = ([name for name, share in each if share > 0] for each in (before, shares))
                _require(next(names) == next(names))
                first = int(self.model.routes["share"][route])
                self.table("shares")["upto"][first : first + len(taken)] = compiler.summed_up(taken)
        if "race" in changed:
            _require(len(old.race) == len(new.race))
            for place, (one, other) in enumerate(zip(old.race, new.race, strict=True), start=int(row["exit"])):
                self._exit(place, one, other)

    def _exit(self, place: int, old: Any, new: Any) -> None:
        _require((old.name, old.to, old.rate is None) == (new.name, new.to, new.rate is None))
        row = self.model.exits[place]
        self.law(int(row["law"]), old.after, new.after)
        if new.rate is None:
            return
        _, rates = _same_dates(old.rate, new.rate)
        hazards, spents = compiler.hazards_of(rates, self.pathway.tick), compiler.spents_of(new, self.pathway.tick)
        _require(len(spents) == row["spent_end"] - row["spent"])
        self.table("hazards")["rate"][row["hazard"] : row["hazard_end"]] = hazards
        self.table("spents")[row["spent"] : row["spent_end"]] = spents
        self.table("exits")["greatest"][place] = compiler.greatest_of(hazards, spents)

    def entry(self, number: int, old: Entry, new: Entry) -> None:
        """Write what rates, times between arrivals and stocks tell."""
        changed = _changed(old, new)
        row = self.model.entries[number]
        if "rate" in changed:
            start, end = self.pathway.start, self.pathway.end
            before, planned = old.planned(start, end), new.planned(start, end)
            rates = compiler.hazards_of(_same_dates(before, planned)[1], self.pathway.tick)
            self.table("steps")["rate"][row["step"] : row["step_end"]] = rates
        if "count" in changed:
            _require(old.count is not None and new.count is not None)
            self.table("entries")["count"][number] = new.count
        if "every" in changed or "elapsed" in changed:
            _require((old.every is None) == (new.every is None))
            self.law(int(row["law"]), old.every or old.elapsed, new.every or new.elapsed)

    def bounds(self, old: Sequence[Station], new: Sequence[Station]) -> None:
        """Write what places, staff, their hours and answers to a wait tell of each meeting."""
        differing = dict[int, Party]()  # by their number among all parties to meetings
        party = rule = 0
        for earlier, station in zip(old, new, strict=True):
            changed = _changed(earlier, station) if earlier is not station else set()
            _require(earlier.is_meeting == station.is_meeting)
            if not earlier.is_meeting:
                _require(not changed)
                rule += len(compiler.rules_of(earlier))
                continue
            if "answers" in changed:
                self._feedbacks(rule, earlier, station)
            rule += len(compiler.rules_of(earlier))
            _require(len(earlier.parties) == len(station.parties))
            if changed - {"answers"}:
                differing |= dict(enumerate(station.bounds, start=party))
                for before, bound in zip(earlier.bounds, station.bounds, strict=True):
                    _same_layout(before, bound)
            party += len(earlier.parties) or 1
        if not differing:
            return
        places = np.flatnonzero(np.isin(self.model.bounds["party"], list(differing)))
        bounds, follows = self.table("bounds"), self.table("follows")
        for place in places.tolist():
            row, at = self.model.bounds[place], self.compiled.moments[place]
            bound = differing[int(row["party"])]
            bounds["amount"][place], bounds["case"][place] = compiler.amounts_of(bound, at, self.pathway.tick)
            spans = [span.at(at) / self.pathway.tick for _, span in bound.follow_up]
            follows["ticks"][row["follow"] : row["follow_end"]] = spans

    def _feedbacks(self, first: int, old: Station, new: Station) -> None:
        earlier, rules = compiler.rules_of(old), compiler.rules_of(new)
        _require(len(earlier) == len(rules))
        for row, (before, (since, until, rule)) in enumerate(zip(earlier, rules, strict=True), start=first):
            _require(before == (since, until, before[2]) and (before[2].lag, before[2].every) == (rule.lag, rule.every))
            self.table("feedbacks")[row] = compiler.feedback_of(rule, self.pathway.tick)


def _require(alike: bool) -> None:
    if not alike:
        raise _UnlikeError


def _changed(old: Record, new: Record) -> set[str]:
    """Return the fields in which two parts differ: numbers, and titles, which no table tells."""
    changed = {
        name
        for name in type(old).model_fields
        if (value := old.__dict__[name]) is not (other := new.__dict__[name]) and value != other and name != "title"
    }
    _require(changed <= _NUMBERS[type(old)])
    return changed


def _same_dates(old: ByDate[Any] | None, new: ByDate[Any] | None) -> tuple[list[Any], list[Any]]:
    """Return the values of both, which are given for the same dates."""
    if old is None or new is None:
        raise _UnlikeError
    _require([when for when, _ in old.root] == [when for when, _ in new.root])
    return [value for _, value in old.root], [value for _, value in new.root]


def _same_layout(old: Party, new: Party) -> None:
    """Require that a party is bounded by the same things, which change at the same dates."""
    _require(old.name == new.name and [name for name, _ in old.follow_up] == [name for name, _ in new.follow_up])
    for earlier, value in zip(_dated(old), _dated(new), strict=True):
        _require((earlier is None) == (value is None))
        if earlier is not None and value is not None:
            _same_dates(earlier, value)


def _dated(party: Party) -> Iterator[ByDate[Any] | None]:
    yield from (party.places, party.staff, party.hours, party.hours_a_case, *(span for _, span in party.follow_up))
