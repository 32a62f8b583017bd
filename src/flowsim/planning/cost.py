"""What a scenario costs in each year, and what a week of waiting that it saves comes to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.planning.comparison import Comparison, paired
from flowsim.planning.prices import Prices
from flowsim.simulation.measures.measure import Kind, Measure, Part, Row
from flowsim.simulation.measures.stations import WAITED
from flowsim.simulation.results import Results

__all__ = ["TOTALS", "WaitingPrice", "costed", "waiting_price", "with_costs"]

_TOTALS = ("effort", "benefits", "total")
TOTALS = tuple(f"cost.{reading}" for reading in _TOTALS)
"""The measures of what the costs of single things come to."""


def costed(results: Results, prices: Prices, scenario: str) -> Results:
    """Return the results of a scenario with its costs as further measures, yearly, in millions of the currency.

    `cost.<section>.<name>` for every price, and `cost.sums`; together `cost.effort` (staff, servers, meetings, places,
    sums), `cost.benefits` and `cost.total`. Staff costs what the mean staff in force does, and a benefit as many weeks
    as citizens lived on it. Whoever is in a final state stays on its benefit.

    Raises:
        InputError: for a price of what the pathway does not have, with the nearest name; and where the results lack a
            measure that a price is of.
    """
    prices.check(results.pathway)
    unit = f"{prices.currency} million"
    years = list(dict.fromkeys(row.period for row in results.index if row.period.every == "year"))
    columns = results.columns
    nothing = np.zeros((len(results.replications), len(years)))
    costs: dict[Measure, Floats] = {}
    totals = dict.fromkeys(_TOTALS, nothing)
    for price in prices.prices:
        missing = [year for year in years if (price.measure, year) not in columns]
        if missing:
            raise InputError(f"{prices.source}: {price.where}: the results lack {price.measure} of {missing[0]}")
        amounts = results.values[:, [columns[price.measure, year] for year in years]]
        cost = amounts * [price.in_year(year.year) / 1e6 for year in years]
        costs[_cost(unit, price.where)] = cost
        total = "benefits" if price.group == "benefits" else "effort"
        totals[total] = totals[total] + cost
    if prices.sums:
        costs[_cost(unit, reading="sums")] = sums = nothing + [
            math.fsum(one.in_year(year.year, scenario) for one in prices.sums) / 1e6 for year in years
        ]
        totals["effort"] = totals["effort"] + sums
    totals["total"] = totals["effort"] + totals["benefits"]
    costs |= {_cost(unit, reading=reading): values for reading, values in totals.items()}
    index = tuple(Row(measure, year) for measure in costs for year in years)
    return replace(results, index=results.index + index, values=np.hstack([results.values, *costs.values()]))


def _cost(unit: str, *prices: str, reading: str = "") -> Measure:
    of: tuple[Part, ...] = ("price",) if prices else ()
    return Kind(name="cost", of=of, reading=reading, unit=unit, every=("year",), adds="sum")(*prices)


def with_costs(comparison: Comparison, prices: Prices) -> Comparison:
    """Return a comparison with the costs of every scenario as further measures.

    Raises:
        InputError: as `costed`.
    """
    both = zip(comparison.names, comparison.results, strict=True)
    return replace(comparison, results=tuple(costed(one, prices, name) for name, one in both))


@dataclass(frozen=True, kw_only=True)
class WaitingPrice:
    """What a week of waiting costs that a scenario saves against the reference.

    The difference in cost over the time that citizens wait less in all queues, both over all whole years reported and
    as means over the replications. It is undefined, with the reason in `why`, where the waiting is not surely shorter
    (its interval reaches 0), and where the scenario surely costs less besides: then there is nothing to weigh.

    Attributes:
        saved: weeks that citizens wait less, with its confidence interval.
        cost: what the scenario costs more, in the currency, with its interval.
        price: the currency a week, with Fieller's interval for a ratio of means; NaN where it is undefined.
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
    saved = -(other.values[:, queues] - reference.values[:, queues]).sum(axis=1)
    spent = 1e6 * (other.values[:, money] - reference.values[:, money]).sum(axis=1)
    saved_told, spent_told = _interval(saved, comparison.confidence), _interval(spent, comparison.confidence)
    undefined = (math.nan, math.nan, math.nan)
    if not saved_told[1] > 0:
        why = "citizens wait longer" if saved_told[2] < 0 else "it does not surely change how long citizens wait"
        return WaitingPrice(saved=saved_told, cost=spent_told, price=undefined, why=why)
    if spent_told[2] < 0:
        return WaitingPrice(saved=saved_told, cost=spent_told, price=undefined, why="it costs less as well")
    price = _fieller(spent, saved, comparison.confidence)
    return WaitingPrice(saved=saved_told, cost=spent_told, price=price)


def _interval(values: Floats, confidence: float) -> tuple[float, float, float]:
    told = paired(np.zeros((len(values), 1)), values[:, None], confidence)
    return float(told.mean[0]), float(told.low[0]), float(told.high[0])


def _fieller(above: Floats, below: Floats, confidence: float) -> tuple[float, float, float]:
    """Return the ratio of two means of pairs and its interval (Fieller, 1954), where the lower one is surely not 0."""
    n = len(above)
    (above_variance, covariance), (_, below_variance) = (np.cov(above, below, ddof=1) / n).tolist()
    t2 = float(stdtrit(n - 1, 0.5 + confidence / 2)) ** 2
    top, bottom = float(above.mean()), float(below.mean())
    a, b, c = bottom**2 - t2 * below_variance, top * bottom - t2 * covariance, top**2 - t2 * above_variance
    half = math.sqrt(max(b**2 - a * c, 0.0))
    return top / bottom, (b - half) / a, (b + half) / a
