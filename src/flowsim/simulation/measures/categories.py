"""Who came, waited and was awarded what, among the citizens of each category of an attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from flowsim.core.periods import BY_MONTH_QUARTER_AND_YEAR, BY_QUARTER_AND_YEAR
from flowsim.model.attributes.groups import groups_of
from flowsim.simulation.measures.flows import awards, entries, stocks
from flowsim.simulation.measures.measure import Kind
from flowsim.simulation.measures.stations import SERVED, served_waits
from flowsim.simulation.measures.timeline import DatedTrace, MeasureSeries

__all__ = ["AWARDS_OF", "ENTRIES_OF", "STOCK_OF", "WAIT_OF", "by_category"]

ENTRIES_OF = Kind(
    name="entries_of", of=("entry", "attribute", "category"), unit="citizens", every=BY_QUARTER_AND_YEAR, adds="sum"
)
STOCK_OF = Kind(
    name="stock_of", of=("benefit", "attribute", "category"), unit="citizens", every=BY_QUARTER_AND_YEAR, adds="last"
)
AWARDS_OF = Kind(
    name="awards_of", of=("state", "attribute", "category"), unit="awards", every=BY_QUARTER_AND_YEAR, adds="sum"
)
WAIT_OF = Kind(name="wait_of", of=("station", "attribute", "category"), unit="weeks", every=BY_MONTH_QUARTER_AND_YEAR)
_KINDS: tuple[tuple[Callable[[DatedTrace], Iterator[MeasureSeries]], Kind], ...] = (
    (entries, ENTRIES_OF),
    (stocks, STOCK_OF),
    (awards, AWARDS_OF),
    (served_waits, WAIT_OF),
)


def by_category(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return entries, stocks, awards and waits of the citizens of each category alone.

    `entries_of.<entry>.<attribute>.<category>`, `stock_of.<benefit>...` and `awards_of.<state>...`, quarterly and
    yearly, and `wait_of.<station>...`, weeks or the pathway's `time_unit`, monthly, quarterly and yearly: as `entries`,
    `stock`, `awards` and `wait.<station>.served` are of all. Of a pathway without attributes there are none.
    """
    groups = groups_of(dated.pathway) if dated.pathway.attributes else []
    for attribute in dated.pathway.attributes:
        for category in attribute.categories:
            own = np.array([group[attribute.name] == category for group in groups])
            of_category = dated.of_groups(own)
            for function, kind in _KINDS:
                for series in function(of_category):
                    if kind is WAIT_OF and series.measure.kind is not SERVED:
                        continue
                    measure = kind(*series.measure.names, attribute.name, category, unit=series.measure.unit)
                    yield MeasureSeries(measure=measure, every=series.every, values=series.values)
