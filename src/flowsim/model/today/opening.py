"""A pathway that begins on the day of a list: the listed cases and, where it tells of none, the model's own stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.model.parts import Entry
from flowsim.model.pathway import Pathway
from flowsim.model.today.listing import Place, TodaysList

__all__ = ["Stock", "begin_on", "listed_number", "stock_entry"]

_NOBODY = np.zeros((0, 2))
LISTED, OWN = "listed", "model"


@dataclass(frozen=True, kw_only=True, eq=False)
class Stock:
    """Who is where in the model at a moment.

    Attributes:
        cases: by state and whether they wait: of each citizen the minutes since she joined or began, and since her
            spell on the benefit began; shape (citizens, 2), longest first.
    """

    cases: Mapping[tuple[str, bool], Floats]

    def of(self, state: str, waiting: bool) -> Floats:
        """Return the citizens of a state, shape (citizens, 2)."""
        return self.cases.get((state, waiting), _NOBODY)

    def number(self, place: Place) -> int:
        """Return how many the model has at a place."""
        return sum(len(self.of(state, place.waiting)) for state in place.states)


NOBODY = Stock(cases={})
"""A stock of nobody: for what only asks for names."""


def stock_entry(kind: str, state: str, waiting: bool) -> str:
    """Return the name of the entry by which a stock comes in: listed cases, or the model's own."""
    return f"{kind}_{state}_{'waiting' if waiting else 'under_way'}"


def begin_on(pathway: Pathway, listing: TodaysList, stock: Stock = NOBODY) -> Pathway:
    """Return the pathway from the day of a list on.

    Doors go on as they were. Instead of those who were there at the start come the listed cases, by entries of their
    own, and the stock of all states that the list does not tell of. Of a station with several states, cases are spread
    over them as the model's are. Where the list does not tell since when, times are evenly spaced over those of the
    model's own cases there, and so is the time on the benefit before.

    Args:
        pathway: that reaches beyond the day.
        listing: the list.
        stock: of the model on that day.
    """
    entries = [_from(entry, listing.day) for entry in pathway.entries if entry.count is None]
    taken = {entry.name for entry in pathway.entries}
    entries = [entry for entry in entries if entry is not None]
    for state in pathway.states:
        for waiting in (True, False) if state.station and not state.final else () if state.final else (False,):
            if (state.name, waiting) not in listing.listed:
                entries.append(_entry(OWN, state.name, waiting, stock.of(state.name, waiting), taken))
    for place in listing.places:
        for state_name, cases in _spread(place, stock):
            entries.append(_entry(LISTED, state_name, place.waiting, cases, taken))
    # All parts were checked; only the doors and the start are others.
    return pathway.model_copy(update={"start": listing.day, "entries": tuple(entries)})


def _from(entry: Entry, day: datetime) -> Entry | None:
    if not entry.at:
        return entry
    later = tuple(when for when in entry.at if when >= day)
    return entry.model_copy(update={"at": later}) if later else None


def _entry(kind: str, state: str, waiting: bool, cases: Floats, taken: set[str]) -> Entry:
    name = stock_entry(kind, state, waiting)
    while name in taken:
        name += "_"
    taken.add(name)
    elapsed, spent = (tuple(column.tolist()) for column in cases.T)
    return Entry.model_construct(
        {"name", "to", "count", "elapsed_each", "spent_each", "waiting"},
        name=name,
        to=state,
        count=len(cases),
        elapsed_each=elapsed,
        spent_each=spent,
        waiting=waiting,
    )


def listed_number(place: Place, stock: Stock) -> int:
    """Return how many come in at a place of the list."""
    return len(place.elapsed) if place.share is None else int(np.floor(place.share * stock.number(place) + 0.5))


def _spread(place: Place, stock: Stock) -> Iterator[tuple[str, Floats]]:
    """Yield the states of a place with the cases that are in each."""
    own = {state: stock.of(state, place.waiting) for state in place.states}
    number = listed_number(place, stock)
    elapsed: Sequence[float | None] = place.elapsed if place.share is None else [None] * number
    numbers = np.array([len(cases) for cases in own.values()], float)
    weights = numbers / max(numbers.sum(), 1)  # all 0 where the model has nobody: then the states take turns
    states, chosen = list(own), list[int]()
    given = np.zeros(len(states))
    for case in range(1, number + 1):
        # Each next case goes where most are lacking, so that all states get short and long waits alike.
        chosen.append(int(np.argmax(weights * case - given)))
        given[chosen[-1]] += 1
    for place_number, state in enumerate(states):
        mine = [minutes for minutes, to in zip(elapsed, chosen, strict=True) if to == place_number]
        yield state, _with_times(mine, own[state])


def _with_times(elapsed: Sequence[float | None], own: Floats) -> Floats:
    """Return cases with the times that are missing, and with the time on the benefit, as the model's own have them."""
    like = _evenly(own, len(elapsed))
    out = np.zeros((len(elapsed), 2))
    unknown = [number for number, minutes in enumerate(elapsed) if minutes is None]
    out[unknown, 0] = _evenly(own, len(unknown))[:, 0]
    for number, minutes in enumerate(elapsed):
        if minutes is not None:
            out[number, 0] = minutes
    out[:, 1] = out[:, 0] + like[:, 1] - like[:, 0]
    order = np.argsort(-out[:, 0], kind="stable")
    return out[order]


def _evenly(own: Floats, number: int) -> Floats:
    """Return that many citizens, evenly spaced over those of the model."""
    if not len(own):
        return np.zeros((number, 2))
    even: Floats = own[((np.arange(number) + 0.5) / max(number, 1) * len(own)).astype(int)]
    return even
