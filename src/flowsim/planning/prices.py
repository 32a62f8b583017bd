"""What things cost: a price of a caseworker's year, a meeting, a place, a week on a benefit, and sums, in TOML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from flowsim.core.errors import InputError, require_type, unknown_name
from flowsim.core.files import content_of, file_named, is_file, read_data
from flowsim.core.numbers import TOKEN, read_number, with_plain_spaces
from flowsim.evidence.facts import Evidence
from flowsim.model.base import known_fact
from flowsim.model.library import cities, city_file
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario

__all__ = ["Price", "Prices", "Sum", "prices_of", "shipped_prices"]

_PRICE = re.compile(rf"\s*({TOKEN})\s*(million\s+)?([A-Z]{{3}})(?:\s*(?:per|/)\s*([a-z]+))?\s*")
_TIMES = ("year", "quarter", "month", "week", "day")
_SECTIONS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "staff": ("staff", _TIMES, "600000 DKK per year"),
    "servers": ("servers", _TIMES, "400000 DKK per year"),
    "meetings": ("meetings", ("meeting",), "3000 DKK per meeting"),
    "places": ("places", ("place",), "5000 DKK per place"),
    "benefits": ("mean_stock", _TIMES, "2800 DKK per week"),
}
_SUM = {"name", "amount", "years", "only", "except"}
_ORIGINS: Mapping[str, set[str]] = {
    "fact": {"fact", "key", "as"},
    "assumed": {"assumed", "why"},
    "borrowed": {"borrowed", "from", "why"},
}


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one thing costs.

    Attributes:
        where: the key path in the file: "staff.plan.bif", "benefits.kontanthjaelp", "sums.task force".
        amount: in the currency.
        per: year, quarter, month, week or day; meeting; place; empty for a sum.
        kind: `fact` (documented), `assumed`, `borrowed` from another municipality, or `own`, where the file gives no
            reason.
        fact: the id of the documented fact, with the `key` of the table's cell where it is a table.
        why: the reason of an assumption, or what is borrowed.
        lender: the municipality whose figure it is, where it is another one's.
    """

    where: str
    amount: float
    per: str
    kind: Literal["fact", "assumed", "borrowed", "own"] = "own"
    fact: str = ""
    key: str = ""
    why: str = ""
    lender: str = ""

    @property
    def group(self) -> str:
        """What kind of thing it is of: staff, servers, meetings, places, benefits or sums."""
        return self.where.partition(".")[0]

    @property
    def measure(self) -> str:
        """The measure that it is the price of."""
        group, _, name = self.where.partition(".")
        return f"{_SECTIONS[group][0]}.{name}"

    def in_year(self, year: int, part: float = 1.0) -> float:
        """Return what one of the measure costs in a calendar year, or in a part of it."""
        days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        spans = {"year": 1.0, "quarter": 4.0, "month": 12.0, "week": days / 7, "day": float(days)}
        return self.amount * (spans[self.per] * part if self.per in spans else 1.0)


@dataclass(frozen=True, kw_only=True)
class Sum:
    """A sum that is spent over some years, evenly.

    Attributes:
        price: its amount.
        years: the years.
        only: the scenarios that it is spent in; all where empty.
        without: the scenarios that it is not spent in.
    """

    price: Price
    years: tuple[int, ...]
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def in_year(self, year: int, scenario: str, part: float = 1.0) -> float:
        """Return what is spent in a year of a scenario, or in a part of the year."""
        spent = (not self.only or scenario in self.only) and scenario not in self.without
        return part * self.price.amount / len(self.years) if spent and year in self.years else 0.0


@dataclass(frozen=True, kw_only=True)
class Prices:
    """A checked file of prices.

    Attributes:
        currency: of all of them, such as "DKK".
        prices: what is priced by the unit.
        sums: what is spent as a sum.
        source: the file, or "prices.toml" for the one that ships.
        sha256: of its content; of prices from plain data empty.
    """

    currency: str
    prices: tuple[Price, ...]
    sums: tuple[Sum, ...]
    source: str
    sha256: str = ""

    @classmethod
    def read(cls, path: str | Path | None = None, own: Evidence | None = None) -> Prices:
        """Read a file of prices; the one of the base "copenhagen" where none is named.

        Documented prices are looked up among the figures of its own (`own`) first, then among those that ship.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        if path is None:
            source, content = "prices.toml", shipped_prices().encode()
        else:
            path = file_named(path)
            if not is_file(path):
                raise InputError(f"there is no file '{path}'")
            source, content = str(path), content_of(path)
        prices = cls.from_dict(read_data(content, source), source, own)
        return replace(prices, sha256=hashlib.sha256(content).hexdigest())

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], source: str = "prices", own: Evidence | None = None) -> Prices:
        """Read prices from plain data, as TOML gives it.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed.
        """
        require_type(source, raw, Mapping, "a table of plain data, as TOML gives it")
        for key in raw:
            if key not in (*_SECTIONS, "sums"):
                raise InputError(f"{source}: {unknown_name('key', key, (*_SECTIONS, 'sums'))}")
        reading = _Reading(source=source, own=own)
        prices = tuple(_prices(raw, reading))
        sums = tuple(_sums(raw.get("sums", []), reading))
        currencies = reading.currencies
        if not prices and not sums:
            raise InputError(f"{source}: it holds no price (allowed: {', '.join(_SECTIONS)}, sums)")
        if len(currencies) > 1:
            (one, first), (other, second) = list(currencies.items())[:2]
            raise InputError(f"{source}: {second}: it is in {other}, and {first} in {one}: use one currency")
        return cls(currency=next(iter(currencies)), prices=prices, sums=sums, source=source)

    def check(self, pathway: Pathway) -> None:
        """Refuse prices of what a pathway does not have.

        Raises:
            InputError: for an unknown station, party or benefit, with the nearest one.
        """
        stations = pathway.stations
        known = {
            "staff": [f"{s.name}.{p.name}" for s in stations for p in s.parties if p.staff is not None],
            "servers": [s.name for s in stations if s.capacity is not None],
            "meetings": [s.name for s in stations if s.is_meeting],
            "places": [s.name for s in stations if s.is_meeting],
            "benefits": pathway.benefits,
        }
        what = {"staff": "party with staff", "servers": "station with servers", "benefits": "benefit"}
        for price in self.prices:
            group, _, name = price.where.partition(".")
            if name not in known[group]:
                told = unknown_name(what.get(group, "station with meetings"), name, known[group])
                raise InputError(f"{self.source}: {group}: {told}")


def prices_of(scenario: Scenario, path: str | Path | None = None) -> Prices | None:
    """Return the prices of a file, or those of its base, checked against a scenario; None where its base has none.

    Raises:
        InputError: as `Prices.read` and `Prices.check`.
    """
    require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of reads one")
    if path is not None:
        require_type("path", path, (str, Path), "the path of a file with prices")
    base = scenario.base
    if path is None and "prices" not in base.files:
        return None
    if path is None and base.name not in cities():
        path = str(base.files["prices"])
    prices = Prices.read(path, base.evidence)
    prices.check(scenario.pathway())
    return prices


def shipped_prices(city: str = "copenhagen") -> str:
    """Return the file of prices of a city that ships, to be read or started from."""
    return city_file(city, "prices.toml").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A file while it is read: how it is named, whose figures it may refer to, and where each currency stands first."""

    source: str
    own: Evidence | None
    currencies: dict[str, str] = field(default_factory=dict)


def _prices(raw: Mapping[str, Any], reading: _Reading) -> Iterator[Price]:
    source = reading.source
    for section, (_, units, example) in _SECTIONS.items():
        entries = raw.get(section, {})
        if not isinstance(entries, Mapping):
            raise InputError(
                f"{source}: {section}: {entries!r} is not allowed: it should be a table of names and prices"
            )
        for name, entry in entries.items():
            if section == "staff":
                if not isinstance(entry, Mapping) or set(entry) & set(_ORIGINS):
                    raise InputError(f"{source}: staff.{name}: name the party too, such as staff.{name}.PARTY")
                parties = {f"{name}.{party}": price for party, price in entry.items()}
            else:
                parties = {name: entry}
            for item, price in parties.items():
                yield _price(price, f"{section}.{item}", units, example, reading)


def _price(entry: Any, where: str, units: tuple[str, ...], example: str, reading: _Reading) -> Price:
    source = reading.source
    text, origin = _with_origin(entry, f"{source}: {where}", reading.own)
    if not isinstance(text, str):
        raise InputError(
            f"{source}: {where}: {text!r} is not allowed: it should be a text with its unit, such as '{example}'"
        )
    match = _PRICE.fullmatch(with_plain_spaces(text))
    if not match:
        raise InputError(f"{source}: {where}: '{text}' is no price: write '{example}'")
    unit = (match[4] or "").removesuffix("s")
    if units and unit not in units:
        why = f"is per {unit}" if unit else "has no unit"
        raise InputError(f"{source}: {where}: '{text}' {why} (allowed: per {', '.join(units)}), such as '{example}'")
    if not units and unit:
        raise InputError(f"{source}: {where}: '{text}' is per {unit}: a sum is a whole, such as '{example}'")
    try:
        amount = read_number(match[1], typed=origin.get("kind") != "fact") * (1e6 if match[2] else 1)
    except ValueError as mistake:
        raise InputError(f"{source}: {where}: {mistake}") from None
    if amount < 0:
        raise InputError(f"{source}: {where}: '{text}' is negative: a price is 0 or more")
    reading.currencies.setdefault(match[3], where)
    return Price(where=where, amount=amount, per=unit, **origin)


def _with_origin(entry: Any, where: str, own: Evidence | None) -> tuple[Any, dict[str, Any]]:
    """Return what a price is, as text, and where it comes from."""
    if not isinstance(entry, Mapping):
        return entry, {}
    kinds = [kind for kind in _ORIGINS if kind in entry]
    if len(kinds) != 1:
        raise InputError(
            f"{where}: a price is a text with its unit, or has exactly one of `fact`, `assumed` and `borrowed`"
        )
    kind = kinds[0]
    for key, value in entry.items():
        if key not in _ORIGINS[kind]:
            raise InputError(f"{where}: {unknown_name('key', str(key), _ORIGINS[kind])}")
        if key not in ("assumed", "borrowed") and not (isinstance(value, str) and value.strip()):
            raise InputError(f"{where}.{key}: {value!r} is not allowed: it should be a text")
    for key in {"fact": ("as",), "assumed": ("why",), "borrowed": ("from", "why")}[kind]:
        if key not in entry:
            raise InputError(f"{where}.{key}: this key is missing")
    if kind != "fact":
        return entry[kind], {"kind": kind, "why": entry["why"], "lender": entry.get("from", "")}
    try:
        fact, lender = known_fact(entry["fact"], own)
        number = fact.number(entry.get("key"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    if entry["as"].count("{}") != 1:
        raise InputError(f"{where}.as: '{entry['as']}' is not allowed: it should hold '{{}}' once")
    return entry["as"].replace("{}", f"{number:.12g}"), {
        "kind": "fact",
        "fact": entry["fact"],
        "key": entry.get("key", ""),
        "lender": lender,
    }


def _sums(entries: Any, reading: _Reading) -> Iterator[Sum]:
    source = reading.source
    if not isinstance(entries, list):
        raise InputError(f"{source}: sums: write [[sums]] in double brackets, one for each sum")
    for number, entry in enumerate(entries):
        where = f"sums[no. {number + 1}]"
        if not isinstance(entry, Mapping):
            raise InputError(f"{source}: {where}: {entry!r} is not allowed: it should be a table")
        for key in entry:
            if key not in _SUM:
                raise InputError(f"{source}: {where}: {unknown_name('key', str(key), _SUM)}")
        for key in ("name", "amount", "years"):
            if key not in entry:
                raise InputError(f"{source}: {where}.{key}: this key is missing")
        years = entry["years"]
        whole = isinstance(years, list) and all(type(year) is int and 1900 <= year <= 9999 for year in years)
        if not whole or not years or len(set(years)) != len(years):
            raise InputError(
                f"{source}: {where}.years: {years!r} is not allowed: it should be years, such as [2021, 2022]"
            )
        scenarios: dict[str, tuple[str, ...]] = {}
        for key in ("only", "except"):
            names = entry.get(key, [])
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise InputError(f"{source}: {where}.{key}: {names!r} is not allowed: it should be names of scenarios")
            scenarios[key] = tuple(names)
        if twice := sorted(set(scenarios["only"]) & set(scenarios["except"])):
            raise InputError(f"{source}: {where}: '{twice[0]}' stands in both `only` and `except`")
        price = _price(entry["amount"], f"sums.{entry['name']}", (), "2 million DKK", reading)
        yield Sum(price=price, years=tuple(years), only=scenarios["only"], without=scenarios["except"])
