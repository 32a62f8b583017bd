"""What staffings cost a year that differ in a few levers: the price of a unit of each, and lines of the same cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from flowsim.core.civil_time import ByDate
from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.model.pathway import Pathway
from flowsim.planning.levers import Lever
from flowsim.planning.prices import Prices
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.planning.staffing.trials import Question, Trial

__all__ = ["StaffingCost", "amounts_told", "cheapest", "named_trial", "rivals", "unit_cost", "unpriced"]

_MANY = 1_000_000  # units, so that it does not show that a closure keeps whole servers


@dataclass(frozen=True, kw_only=True)
class StaffingCost:
    """What staffings cost a year, as far as the levers change it.

    Attributes:
        currency: such as "DKK".
        source: the file of prices.
        units: what one unit of each lever costs a year, see `unit_cost`; in the order of the levers.
    """

    currency: str
    source: str
    units: tuple[float, ...]

    @classmethod
    def of(cls, question: Question, levers: Sequence[Lever], prices: Prices) -> StaffingCost:
        """Price the levers of a question.

        Raises:
            InputError: where a lever is `unpriced`.
        """
        units = tuple(unit_cost(question, lever, prices) for lever in levers)
        return cls(currency=prices.currency, source=prices.source, units=units)

    def at(self, levels: Sequence[float]) -> float:
        """Return what the levels of all levers cost a year together."""
        return math.fsum(unit * level for unit, level in zip(self.units, levels, strict=True))


def unit_cost(question: Question, lever: Lever, prices: Prices) -> float:
    """Return what one unit of a lever costs a year, in the currency, at the rate of the question's period.

    A caseworker or a server costs what one does in the year of the period, and where a lever changes several parties to
    a meeting, one caseworker of each. A place a meeting costs the price of a place times the meetings of the period,
    scaled to a year; of several parties it is one place all the same. As in `cost.costed`, a price is paid for what is
    offered, taken or not, and not for what a closure of the scenario takes away.

    It is the lever's own price alone. A place for one of several parties is taken to be offered, as if the others had
    room for it; the places that more caseworkers offer, the meetings themselves and benefits are left out.

    Raises:
        InputError: where the lever is `unpriced`.
    """
    lacking = unpriced([lever], prices)
    if lacking:
        raise InputError(f"{prices.source}: it holds no price of {lacking[0]}, which {lever.name} needs")
    since, until = Period(question.during).start, Period(question.during).end
    by_name = {price.where: price for price in prices.prices}
    price = math.fsum(by_name[name].in_year(since.year) for name in _priced_as(lever))
    pathway = lever.set(question.scenario, _MANY, since).pathway()
    held = _values(lever, pathway)
    if lever.key == "places":
        year = datetime(since.year + 1, 1, 1) - datetime(since.year, 1, 1)
        meetings = pathway.station(lever.station).meetings(since, until)
        return price * math.fsum(held.at(when) for when in meetings) / _MANY * (year / (until - since))
    return price * _mean(held, since, until) / _MANY


def cheapest(found: Frontier, cost: StaffingCost) -> tuple[int, int] | None:
    """Return both levels of the point that costs least, the first of several; None where no row has a point."""
    met = [(point.level, point.least) for point in found.points if point.least is not None]
    return min(met, key=cost.at, default=None)


def named_trial(search: Answer | Frontier, cost: StaffingCost | None = None) -> Trial:
    """Return the trial of the staffing that an answer names: of a frontier the cheapest point, or the first one.

    Where no staffing meets the goals it is the one that comes next to it, or that of a place for everybody.
    """
    if isinstance(search, Answer):
        least = [trial for trial in search.trials if trial.levels[0] == search.least]
        return next(iter([*least, *([search.conflict] if search.conflict else []), *search.close]), search.ceiling)
    met = [(point.level, point.least) for point in search.points if point.least is not None]
    chosen = cheapest(search, cost) if cost else next(iter(met), None)
    return search.trial(*chosen) if chosen else search.ceiling


def rivals(frontier: Frontier, cost: StaffingCost) -> tuple[tuple[int, int], ...]:
    """Return the staffings that may meet the goals and cost less than the cheapest known to meet them, one a row.

    They are what is not told apart from it: the lowest level of each row that is left open, see `Frontier.may_do`.
    """
    known = cheapest(frontier, cost)
    if known is None:
        return ()
    open_ = [(point.level, frontier.may_do(point)) for point in frontier.points]
    return tuple((row, level) for row, level in open_ if level is not None and cost.at((row, level)) < cost.at(known))


def amounts_told(amounts: Sequence[float]) -> tuple[list[float], int, bool]:
    """Return amounts as they stand beside each other, the decimals that tell them apart, and whether in millions."""
    millions = any(amount >= 1e6 for amount in amounts)
    scaled = [amount / 1e6 for amount in amounts] if millions else list(amounts)
    fewest = 1 if millions and len(scaled) == 1 else 0
    # Halves of a million would differ as 0, 1 and 2 too, so each has to be near to what is written.
    near = min((b - a for a, b in pairwise(sorted(set(scaled)))), default=math.inf) / 10
    decimals = next((n for n in range(fewest, 6) if all(abs(round(one, n) - one) <= near for one in scaled)), 6)
    return scaled, decimals, millions


def unpriced(levers: Sequence[Lever], prices: Prices) -> tuple[str, ...]:
    """Name the prices that levers need and a file does not tell: "places.team", "staff.board.town"."""
    told = {price.where for price in prices.prices}
    return tuple(name for lever in levers for name in _priced_as(lever) if name not in told)


def _priced_as(lever: Lever) -> tuple[str, ...]:
    if lever.key == "staff":
        return tuple(f"staff.{lever.station}.{party}" for party in lever.parties)
    return (f"{'places' if lever.key == 'places' else 'servers'}.{lever.station}",)


def _values(lever: Lever, pathway: Pathway) -> ByDate[Any]:
    """Return what a pathway has of a lever by date; a closure takes the same share from all parties."""
    station = pathway.station(lever.station)
    parties = [party for party in station.parties if party.name in lever.parties]
    held: ByDate[Any] = getattr(parties[0] if parties else station, lever.key)
    return held


def _mean(values: ByDate[Any], since: datetime, until: datetime) -> float:
    edges = sorted({since, until, *(when for when, _ in values.root if since < when < until)})
    return math.fsum(values.at(one) * ((other - one) / (until - since)) for one, other in pairwise(edges))
