"""Demand: sample paths of a forecast that drive a simulation through its doors, one path a replication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.civil_time import ByDate
from flowsim.core.errors import InputError, require_type, unknown_name
from flowsim.core.files import content_of, read_toml
from flowsim.core.periods import Period, quarter
from flowsim.forecasting.distribution import Joint, SeriesForecast
from flowsim.model.base import Base
from flowsim.model.parts import Entry
from flowsim.model.pathway import Pathway
from flowsim.model.varying import Varying

__all__ = ["Demand", "Driven", "doors", "following"]

_YEAR = 4
_ALONE = ByDate[float].model_validate(1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Demand:
    """What comes quarter by quarter, and by which doors.

    A door is an entry with a rate, by its name, or an exit of a race with a rate, as `state.exit`: a case is opened.

    Attributes:
        name: of the series that was forecast.
        first: the first quarter that is driven.
        paths: possible futures, shape (paths, quarters): the number who come, or where `relative`, what the doors'
            rates are multiplied by.
        doors: their names.
        relative: whether the paths multiply.
    """

    name: str
    first: str
    paths: Floats = field(repr=False)
    doors: tuple[str, ...]
    relative: bool

    @classmethod
    def of(
        cls, forecast: SeriesForecast | Joint, doors: Sequence[str], *, relative: bool, count: int = 200, seed: int = 1
    ) -> Demand:
        """Draw paths of a forecast.

        Args:
            forecast: of the number who come in a quarter; or where `relative`, of something that they keep step with.
            doors: by which they come; where they are counted, one entry.
            relative: multiply the doors' rates by each path over the series' mean of its last year.
            count: how many paths.
            seed: of the paths.

        Raises:
            InputError: for counts that are to come by several doors, and for doors that are to keep step with nothing.
        """
        require_type("forecast", forecast, (SeriesForecast, Joint), "a forecast, as `forecast_series` returns it")
        require_type("doors", doors, (list, tuple), "a list of doors")
        if not relative and len(doors) != 1:
            raise InputError(f"doors: {', '.join(doors) or 'none'}: those who are counted come by one entry")
        name, paths = forecast.series.name, forecast.paths(count, seed)
        if isinstance(forecast, Joint):
            paths = paths.sum(axis=1)
        if relative:
            last = [value for value in forecast.series.values[-_YEAR:] if value is not None]
            if not any(last):
                raise InputError(f"{name}: it was 0 in all of its last year, so nothing can keep step with it")
            paths = paths / np.mean(last)
        return cls(name=name, first=forecast.periods[0], paths=paths, doors=tuple(doors), relative=relative)

    @property
    def middle(self) -> Demand:
        """The same with one path: the median of each quarter."""
        return Demand(
            name=self.name,
            first=self.first,
            paths=np.median(self.paths, axis=0, keepdims=True),
            doors=self.doors,
            relative=self.relative,
        )

    def over(self, model: Pathway | Varying) -> Driven:
        """Return a model for `run` whose replications each take a path, over its own pathway.

        Raises:
            InputError: for an unknown door with the nearest names, and where no quarter lies in the horizon.
        """
        pathway = model if isinstance(model, Pathway) else model.pathway(0, 0)
        self.applied(pathway, 0)
        if not pathway.start <= _begin(quarter(self.first)) < pathway.end:
            raise InputError(
                f"{self.name}: its first quarter ahead, {self.first}, lies outside the horizon, "
                f"{pathway.start:%Y-%m-%d} to {pathway.end:%Y-%m-%d}"
            )
        return Driven(model=model, demand=self)

    def applied(self, pathway: Pathway, number: int) -> Pathway:
        """Return a pathway driven by one of the paths; after its last quarter the last one's level goes on.

        Raises:
            InputError: for an unknown door, with the nearest names, and for one that is closed throughout a quarter in
                which some are to come.
        """
        known = doors(pathway)
        raw = pathway.to_dict()
        for door in self.doors:
            if door not in known or not (self.relative or door in _entries(pathway)):
                raise InputError(f"--door: {unknown_name('door', door, known if self.relative else _entries(pathway))}")
            table = _table(raw, door)
            entry = next((entry for entry in pathway.entries if entry.name == door), None)
            table["rate"] = self._rates(known[door], entry, self.paths[number % len(self.paths)])
        return Pathway.of_plain(raw, pathway.name)

    def _rates(self, before: ByDate[float], entry: Entry | None, path: Floats) -> dict[datetime, str]:
        """Return the rates by date: as before until the first quarter, and driven from then on.

        Those who are counted come by an entry, while it is open, in batches of so many on average.
        """
        sizes = _ALONE if entry is None else entry.mean_batch
        first = quarter(self.first)
        begins = [_begin(first + step) for step in range(len(path) + 1)]
        out = {since: rate for since, rate in before.root if since < begins[0]}
        for step, (since, until, value) in enumerate(zip(begins, begins[1:], path.tolist(), strict=False)):
            if entry is not None and not self.relative:
                minutes = entry.model_copy(update={"rate": _ALONE, "batch": None}).expected(since, until)
                if not minutes and self.paths[:, step].any():
                    period = Period.of(first + step, "quarter")
                    raise InputError(f"--door: '{entry.name}' is closed all {period}, in which some are to come")
                citizens = value / minutes if minutes else 0.0
                more = [when for when, _ in sizes.root if since < when and (when < until or until == begins[-1])]
                out |= {when: citizens / sizes.at(when) for when in (since, *more)}
                continue
            out[since] = before.at(max(since, before.first)) * value
            out |= {when: rate * value for when, rate in before.root if since < when < until}
        if self.relative:
            out |= {when: rate * float(path[-1]) for when, rate in before.root if when >= begins[-1]}
        # By `repr` a rate is read again to its last bit, on which every draw of an arrival rests.
        return {when: f"{rate!r} per minute" for when, rate in sorted(out.items())}


@dataclass(frozen=True, kw_only=True, eq=False)
class Driven:
    """A model in which every replication takes a path of demand of its own."""

    model: Pathway | Varying
    demand: Demand

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        own = self.model if isinstance(self.model, Pathway) else self.model.pathway(seed, replication)
        return self.demand.applied(own, replication)


def doors(pathway: Pathway) -> dict[str, ByDate[float]]:
    """Return the rates of all doors, by name: entries with a rate, and exits of a race with one."""
    exits = {
        f"{state.name}.{exit_.name}": exit_.rate
        for state in pathway.states
        for exit_ in state.race
        if exit_.rate is not None
    }
    return _entries(pathway) | exits


def following(base: Base, series: str) -> tuple[str, ...]:
    """Return the doors of a base that keep step with a series, such as "awards".

    Raises:
        InputError: for a base without such doors, and a door that is none, with the nearest one.
    """
    file = base.files.get("doors")
    known = read_toml(content_of(file), str(file)) if file is not None else {}
    if series not in known:
        raise InputError(
            f"--demand: no door of '{base.name}' is known to keep step with {series}: use a file and --door"
        )
    names, there = known[series], doors(base.pathway())
    if not (isinstance(names, list) and names):
        raise InputError(f"{file}: {series}: {names!r} is not allowed: it should be a list of doors")
    for name in names:
        if name not in there:
            raise InputError(f"{file}: {series}: {unknown_name('door', str(name), there)}")
    return tuple(names)


def _entries(pathway: Pathway) -> dict[str, ByDate[float]]:
    return {entry.name: entry.rate for entry in pathway.entries if entry.rate is not None}


def _table(raw: dict[str, Any], door: str) -> dict[str, Any]:
    state, _, exit_ = door.partition(".")
    return _named(_named(raw["states"], state)["race"], exit_) if exit_ else _named(raw["entries"], door)


def _named(tables: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(table for table in tables if table["name"] == name)


def _begin(number: int) -> datetime:
    year, rest = divmod(number, 4)
    return datetime(year, 3 * rest + 1, 1)
