"""What a scenario costs in each year, and what a week of waiting that it saves comes to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, nearest
from flowsim.core.periods import Period
from flowsim.model.library import scenario_names
from flowsim.model.pathway import Pathway
from flowsim.planning.comparison import Comparison
from flowsim.planning.prices import Prices
from flowsim.simulation.estimates import FEWEST_DEFINED, differences, paired_differences
from flowsim.simulation.intervals import ratio_interval
from flowsim.simulation.measures.measure import Kind, Measure, Part, Row
from flowsim.simulation.measures.stations import WAITED
from flowsim.simulation.measures.timeline import Calendar
from flowsim.simulation.results import Results

__all__ = ["NO_PRICE", "TOTALS", "WaitingPrice", "costed", "waiting_price", "with_costs"]

_TOTALS = ("effort", "benefits", "total")
TOTALS = tuple(f"cost.{reading}" for reading in _TOTALS)
"""The measures of what the costs of single things come to."""
NO_PRICE = ("citizens wait longer", "it does not surely change how long citizens wait", "it costs less as well")
"""Why a week of waiting saved has no price."""


def costed(results: Results, prices: Prices, scenario: str) -> Results:
    """Return the results of a scenario with its costs as further measures, yearly, in millions of the currency.

    `cost.<section>.<name>` for every price, and `cost.sums`; together `cost.effort` (staff, servers, meetings, places,
    sums), `cost.benefits` and `cost.total`; without the latter two where no benefit has a price. Staff costs what the
    mean staff in force does, and a benefit as many weeks as citizens lived on it. Whoever is in a final state stays on
    its benefit. A run that holds no whole month has the costs of the part of the year that it holds.

    Raises:
        InputError: for a price of what the pathway does not have, with the nearest name; and where the results lack a
            measure that a price is of.
    """
    prices.check(results.pathway)
    unit = f"{prices.currency} million"
    years = list(dict.fromkeys(row.period for row in results.index if row.period.every == "year"))
    parts = _parts(results.pathway, years)
    columns = results.columns
    nothing = np.zeros((len(results.replications), len(years)))
    costs: dict[Measure, Floats] = {}
    totals = dict.fromkeys(_TOTALS, nothing)
    for price in prices.prices:
        missing = [year for year in years if (price.measure, year) not in columns]
        if missing:
            raise InputError(f"{prices.source}: {price.where}: the results lack {price.measure} of {missing[0]}")
        amounts = results.values[:, [columns[price.measure, year] for year in years]]
        cost = amounts * [price.in_year(year.year, part) / 1e6 for year, part in zip(years, parts, strict=True)]
        costs[_cost(unit, price.where)] = cost
        total = "benefits" if price.group == "benefits" else "effort"
        totals[total] = totals[total] + cost
    if prices.sums:
        costs[_cost(unit, reading="sums")] = sums = nothing + [
            math.fsum(one.in_year(year.year, scenario, part) for one in prices.sums) / 1e6
            for year, part in zip(years, parts, strict=True)
        ]
        totals["effort"] = totals["effort"] + sums
    totals["total"] = totals["effort"] + totals["benefits"]
    counted = _TOTALS if any(price.group == "benefits" for price in prices.prices) else _TOTALS[:1]
    costs |= {_cost(unit, reading=reading): totals[reading] for reading in counted}
    index = tuple(Row(measure, year) for measure in costs for year in years)
    return replace(results, index=results.index + index, values=np.hstack([results.values, *costs.values()]))


def _parts(pathway: Pathway, years: Sequence[Period]) -> list[float]:
    """Return the part of each year that is measured: all of it, but in a run without a whole month."""
    if Calendar.of(pathway).whole:
        return [1.0] * len(years)
    begin = pathway.measured_from
    return [
        (min(year.end, pathway.end) - max(year.start, begin)) / (year.end - year.start)  # each lies in the run in part
        for year in years
    ]


def _cost(unit: str, *prices: str, reading: str = "") -> Measure:
    of: tuple[Part, ...] = ("price",) if prices else ()
    return Kind(name="cost", of=of, reading=reading, unit=unit, every=("year",), adds="sum")(*prices)


def with_costs(comparison: Comparison, prices: Prices) -> Comparison:
    """Return a comparison with the costs of every scenario as further measures.

    Raises:
        InputError: as `costed`; and where a sum names a scenario that is neither compared nor shipped, but close to one
            that is compared.
    """
    for entry in prices.sums:
        for name in {*entry.only, *entry.without} - {*comparison.names, *scenario_names()}:
            if meant := nearest(name, comparison.names):
                raise InputError(f"{prices.source}: {entry.price.where}: no scenario is called '{name}'{meant}")
    both = zip(comparison.names, comparison.results, strict=True)
    return replace(comparison, results=tuple(costed(one, prices, name) for name, one in both))


@dataclass(frozen=True, kw_only=True)
class WaitingPrice:
    """What a week of waiting costs that a scenario saves against the reference.

    The difference in cost over the time that citizens wait less in all queues, both over all whole years reported and
    as means over the replications. It is undefined, with the reason in `why`, of fewer than ten replications, where the
    waiting is not surely shorter, and where the scenario surely costs less besides: then there is nothing to weigh.

    Attributes:
        saved: weeks that citizens wait less, with its confidence interval; the ends are NaN where they are not known.
        cost: what the scenario costs more, in the currency, with its interval; ends are itself where nothing varies.
        price: the currency a week, with the interval of a ratio of means; NaN where it is undefined.
        why: why it is undefined; empty where it is not.
    """

    saved: tuple[float, float, float]
    cost: tuple[float, float, float]
    price: tuple[float, float, float]
    why: str = ""


def waiting_price(comparison: Comparison, name: str, cost: str = "cost.effort") -> WaitingPrice:
    """Return what a week of waiting costs that a scenario saves, by one of the measures of cost.

    Raises:
        InputError: for an unknown scenario or measure, with the nearest one; costs are given for whole years alone.
    """
    reference, other = comparison.reference, comparison.of(name)
    years = {row.period for row in reference.select(cost).index}
    queues = [n for n, row in enumerate(reference.index) if row.measure.kind == WAITED and row.period in years]
    money = [n for n, row in enumerate(reference.index) if row.measure == cost]
    before, after = (results.values[:, queues].sum(axis=1) for results in (reference, other))
    old, new = (1e6 * results.values[:, money].sum(axis=1) for results in (reference, other))
    saved, weeks, weeks_surely = _mean_difference(after, before, comparison.confidence)
    spent, more, more_surely = _mean_difference(old, new, comparison.confidence)
    undefined = (math.nan, math.nan, math.nan)

    def none(why: str) -> WaitingPrice:
        return WaitingPrice(saved=weeks, cost=more, price=undefined, why=why)

    if len(saved) < FEWEST_DEFINED:
        return none(f"{len(saved)} replications are too few to know")
    if not weeks_surely or weeks[0] < 0:
        return none(NO_PRICE[0] if weeks_surely else NO_PRICE[1])
    if more_surely and more[0] < 0:
        return none(NO_PRICE[2])
    price = ratio_interval(spent, saved, 1 - comparison.confidence)
    return WaitingPrice(saved=weeks, cost=more, price=(price.estimate, price.low, price.high))


def _mean_difference(
    before: Floats, after: Floats, confidence: float
) -> tuple[Floats, tuple[float, float, float], bool]:
    """Return the differences of pairs, their mean with its interval, and whether it is surely not 0."""
    away, error = paired_differences(before, after), 1 - confidence
    table = differences([WAITED("all")], before[:, None], after[:, None], error)
    single = table.at(0)
    # What is priced without luck, as a place a meeting, is the same in every pair: there is nothing to estimate.
    alike = len(away) >= FEWEST_DEFINED and not np.ptp(away) > 1e-12 * np.abs(away).max()
    low, high = (single.estimate, single.estimate) if alike else (single.low, single.high)
    return away, (single.estimate, low, high), bool(table.p_value[0] <= error)
