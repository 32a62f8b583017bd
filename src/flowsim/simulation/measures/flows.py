"""Who enters, who is present, who is awarded what, and who leaves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flowsim.core.periods import BY_QUARTER_AND_YEAR
from flowsim.simulation.measures.measure import Kind
from flowsim.simulation.measures.timeline import DatedTrace, MeasureSeries

__all__ = [
    "AWARDS",
    "ENTRIES",
    "EXITS",
    "MEAN_STOCK",
    "STOCK",
    "awards",
    "entries",
    "exits",
    "mean_stocks",
    "stocks",
]

ENTRIES = Kind(name="entries", of=("entry",), unit="citizens", every=BY_QUARTER_AND_YEAR, adds="sum")
STOCK = Kind(name="stock", of=("benefit",), unit="citizens", every=BY_QUARTER_AND_YEAR, adds="last")
MEAN_STOCK = Kind(name="mean_stock", of=("benefit",), unit="citizens", every=("year",))
AWARDS = Kind(name="awards", of=("state",), unit="awards", every=BY_QUARTER_AND_YEAR, adds="sum", headline=3)
EXITS = Kind(name="exits", of=("benefit", "following"), unit="spells", every=("year",), adds="sum")


def entries(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the citizens who entered by each door.

    `entries.<entry>`, citizens, quarterly and yearly. Those who are there at the start enter in no period, so
    a door with a `count` has none.
    """
    before = dated.entered.sum(axis=1)
    for number, door in enumerate(dated.pathway.entries):
        if door.count is None:
            yield from dated.counted(ENTRIES(door.name), before[number])


def stocks(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the citizens who live on each benefit at a period's end.

    `stock.<benefit>`, citizens, quarterly and yearly. Whoever waits lives on the benefit of the state she
    waits for; final states accumulate.
    """
    there = dated.by_benefit(dated.joins - dated.ends)
    for number, label in enumerate(dated.benefits):
        yield from dated.at_ends(STOCK(label), there[number])


def mean_stocks(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Average over a year the citizens who live on each benefit.

    `mean_stock.<benefit>`, citizens, yearly: the time that citizens spent on the benefit within the year over the
    length of the year. Not the sources' "helårspersoner", of whom 5,000 are 6,000 persons (status-2021-01).
    """
    calendar = dated.calendar
    spent = dated.by_benefit(dated.time_present)
    for every in calendar.lengths(MEAN_STOCK):
        mean = calendar.during(spent, every) / calendar.during(calendar.edges, every)
        for number, label in enumerate(dated.benefits):
            yield MeasureSeries(measure=MEAN_STOCK(label), every=every, values=mean[number])


def awards(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the citizens who entered each outcome.

    `awards.<state>`, awards, quarterly and yearly, by the date of entering the state ("Afgang til fleksjob og
    førtidspension", status-2021-01, Tabel 2). Who is in the outcome at the start was awarded it before.
    """
    standing = np.array([entry.count is not None for entry in dated.pathway.entries])
    # A stock's visits join at the start like any other; awarded they were before it.
    before = dated.joins - dated.entered[standing].sum(axis=0)
    for number, state in enumerate(dated.pathway.states):
        if state.outcome:
            yield from dated.counted(AWARDS(state.name), before[number])


def exits(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the spells of each benefit that ended, by the benefit that followed.

    `exits.<benefit>.<next benefit>`, spells, yearly, for every pair that the pathway makes possible. A return
    after a short while ends the spell here all the same; `spells.followups` is where gaps are bridged.
    """
    states, labels, benefit_of = dated.pathway.states, dated.benefits, dated.benefit_of.tolist()
    number = {state.name: benefit for state, benefit in zip(states, benefit_of, strict=True)}
    pairs = sorted({(number[state.name], number[target]) for state in states for target in state.targets})
    for left, to in pairs:
        if left != to:
            yield from dated.counted(EXITS(labels[left], labels[to]), dated.moved[left, to])
