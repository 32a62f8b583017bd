"""What the page shows of a base: controls, tiles, charts, and the stops of the way; data, or drawn from the model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from flowsim.core.civil_time import span_text
from flowsim.core.errors import InputError, Record, located, require
from flowsim.core.files import read_toml
from flowsim.core.periods import Period
from flowsim.model.library import cities, city_file
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED, UTILISATION

__all__ = ["Control", "GoalText", "Layout", "Stop", "Tile", "layout_of", "moment"]

_MOST_STOPS = 12
_MOST_CONTROLS = 12


class Control(Record):
    """What a planner may change on the page; `data/copenhagen/page.toml` explains its keys."""

    name: str
    kind: Literal["lever", "weekdays", "arrivals", "stays", "closures"]
    station: str = ""
    party: str | None = None
    key: Literal["places", "capacity", "staff"] = "places"
    entries: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    least: int = 0
    most: int = 100
    step: int = 1
    follows: str | None = Field(None, alias="with")

    @property
    def relative(self) -> bool:
        """Whether its value is a change in per cent."""
        return self.kind in ("arrivals", "stays")


class Tile(Record):
    """A measure that is shown large, and which way is better."""

    measure: str
    better: Literal["lower", "higher"]


class GoalText(Record):
    """What the staffing finder offers as a goal: its text as `flowsim staff` reads it, with "{value}" in it."""

    measure: str
    text: str
    value: float


class Stop(Record):
    """States that stand as one on the picture of the way, and where: column and row."""

    name: str
    place: tuple[int, int]
    states: tuple[str, ...]


class Layout(Record):
    """What the page shows of a base; `data/copenhagen/page.toml` explains its keys."""

    today: date
    year: int
    reference: str
    presets: tuple[str, ...] = ()
    tiles: tuple[Tile, ...]
    charts: tuple[str, ...]
    controls: tuple[Control, ...]
    goals: tuple[GoalText, ...] = ()
    stops: tuple[Stop, ...]

    @property
    def measures(self) -> frozenset[str]:
        """The measures that tiles and charts are of."""
        return frozenset({tile.measure for tile in self.tiles} | set(self.charts))

    def control(self, name: str) -> Control:
        """Return the control of a name.

        Raises:
            InputError: where there is none.
        """
        for control in self.controls:
            if control.name == name:
                return control
        raise InputError(f"there is no control '{name}'")


def layout_of(name: str, today: date | None = None) -> tuple[Layout, Scenario]:
    """Return what the page shows of a city, a pathway file or a scenario file, and the scenario to compare with.

    Raises:
        InputError: as `Scenario.of`, and for a day outside the horizon.
    """
    if name in cities() and city_file(name, "page.toml").is_file():
        raw = read_toml(city_file(name, "page.toml").read_bytes(), "page.toml")
        try:
            layout = Layout.model_validate(raw)
        except ValidationError as error:
            raise located(error, raw, "page.toml") from None
        reference = Scenario.of(layout.reference)
    else:
        reference = Scenario.of(name)
        layout = _drawn_from(reference, name)
    pathway = reference.pathway()
    if today is not None:
        months = [Period.at(today.year * 12 + today.month - 1, "year")]
        layout = layout.model_copy(update={"today": today, "year": months[0].year})
    first, last = pathway.start.date(), (pathway.end - datetime.resolution).date() + timedelta(days=1)
    require(first <= layout.today < last, "today", str(layout.today), f"from {first} to before {last}")
    return layout, reference


def _drawn_from(reference: Scenario, name: str) -> Layout:
    """Lay out a base without a file for the page: a control a lever and door, a stop a state, queues and waits."""
    pathway = reference.pathway()
    measures = {row.measure for row in Catalogue.of(pathway).index if row.period.every == "year"}
    stations = [station.name for station in pathway.stations]
    tiles = [Tile(measure=kind(name), better="lower") for name in stations[:1] for kind in (SERVED, QUEUE)]
    tiles += [Tile(measure=CLOCK_WITHIN(clock.name), better="higher") for clock in pathway.clocks[:1]]
    tiles += [Tile(measure=UTILISATION(name), better="lower") for name in stations[:1]]
    charts = [kind(name) for name in stations for kind in (SERVED, QUEUE)]
    charts += sorted(measure for measure in measures if measure.kind == AWARDS)
    return Layout(
        today=pathway.start.date(),
        year=max(pathway.start.year, pathway.end.year if pathway.end.month > 1 else pathway.end.year - 1),
        reference=name,
        tiles=tuple(tile for tile in tiles if tile.measure in measures),
        charts=tuple(chart for chart in charts if chart in measures)[:_MOST_CONTROLS],
        controls=tuple(_controls(pathway))[:_MOST_CONTROLS],
        goals=tuple(_goals(pathway)),
        stops=tuple(_stops(pathway)),
    )


def _goals(pathway: Pathway) -> Iterator[GoalText]:
    for clock in pathway.clocks[:1]:
        text = f"{clock.name} within {span_text(clock.limit)} >= {{value}}%"
        yield GoalText(measure=CLOCK_WITHIN(clock.name), text=text, value=90)
    for station in pathway.stations:
        name = station.name
        unit = SERVED.unit_in(pathway.time_unit)
        yield GoalText(measure=SERVED(name), text=f"wait for {name} <= {{value}} {unit}", value=4)
        yield GoalText(measure=QUEUE(name), text=f"queue of {name} <= {{value}}", value=20)


def _controls(pathway: Pathway) -> Iterator[Control]:
    for station in pathway.stations:
        for party in station.parties or (None,):
            holder: Any = party or station
            key = next(key for key in ("places", "capacity", "staff") if getattr(holder, key, None) is not None)
            largest = max(getattr(holder, key).values)
            name = f"{station.name}.{party.name}" if party else station.name
            yield Control.model_validate(
                {"name": name, "kind": "lever", "station": station.name, "party": party and party.name}
                | {"key": key, "most": max(10, int(2 * largest))}
            )
        if station.is_meeting:
            yield Control.model_validate(
                {"name": f"{station.name}.weekdays", "kind": "weekdays", "station": station.name}
            )
    for entry in pathway.entries:
        if entry.rate is not None:
            name = f"{entry.name}.arrivals"
            bounds = {"least": -50, "most": 50, "step": 5}
            yield Control.model_validate({"name": name, "kind": "arrivals", "entries": (entry.name,)} | bounds)


def _stops(pathway: Pathway) -> Iterator[Stop]:
    """Stand each state for itself; with many, those of one station or of none go together, final ones too."""
    groups: dict[str, list[str]] = {}
    for state in pathway.states:
        many = len(pathway.states) > _MOST_STOPS
        key = (state.station or ("final" if state.final else state.benefit)) if many else state.name
        groups.setdefault(key, []).append(state.name)
    depth: dict[str, int] = {entry.to: 0 for entry in pathway.entries}
    reached = list(depth)
    for name in reached:
        for target in sorted(pathway.state(name).targets):
            if target not in depth:
                depth[target] = depth[name] + 1
                reached.append(target)
    rows: dict[int, int] = {}
    for name, states in groups.items():
        column = min(depth.get(state, 0) for state in states)
        yield Stop(name=name, place=(column, rows.get(column, 0)), states=tuple(states))
        rows[column] = rows.get(column, 0) + 1


def moment(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime(day.year, day.month, day.day)
