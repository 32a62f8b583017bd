"""What the page has besides figures: its words, controls with today's values, scenarios and stops; plain data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flowsim import __version__
from flowsim.model.parts import Station
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.reporting.sources import price_titles
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.measure import known_measure
from flowsim.web.asked import Desk
from flowsim.web.layout import Control, GoalText, moment

__all__ = ["page_contents", "where_controls_stand"]

_PREFIX, _SHARED = "web.", ".shared"


def page_contents(desk: Desk, language: Language, *, shared: bool = False) -> dict[str, Any]:
    """Return the contents of the page in a language.

    Args:
        desk: what the page is of.
        language: of the words.
        shared: whether other machines can open the page, so that what is entered leaves the one of who enters it.
    """
    reference = desk.reference_scenario
    pathway = reference.pathway()
    wording = Wording.of(reference, pathway, language)
    layout = desk.layout
    return {
        "language": language.code,
        "languages": list(LANGUAGES),
        "version": __version__,
        "words": _words(wording, shared),
        "base": language.name(reference.base.name, pathway.title or reference.base.name),
        "reference": _capital(wording.scenario(reference.name)),
        "today": layout.today.isoformat(),
        "todayWords": language.day(layout.today),
        "observed": (reference.base.documented_until or moment(layout.today)).date().isoformat(),
        "year": layout.year,
        "years": [year for year in range(layout.today.year, pathway.end.year) if year >= pathway.start.year]
        or [layout.year],
        "start": pathway.start.date().isoformat(),
        "end": pathway.end.date().isoformat(),
        "controls": [_control(control, desk, pathway, wording) for control in layout.controls],
        "levers": _levers(layout.controls, wording),
        "goals": [_goal(target, pathway, wording) for target in layout.goals],
        "quantities": {
            key.removeprefix("quantity."): text for key, text in language.words.items() if key.startswith("quantity.")
        },
        "prices": price_titles(reference, wording),
        "parameters": {name: wording.parameter(name) for name in reference.base.parameters},
        "presets": [_preset(name, wording) for name in layout.presets],
        "stops": list(_stops(desk, pathway, wording)),
        "arrows": _arrows(desk, pathway),
        "benefits": [{"name": name, "title": wording.benefit(name)} for name in pathway.benefits if name],
        "days": {day: language.say(f"web.day.{day}") for day in ("mon", "tue", "wed", "thu", "fri")},
    }


def _words(wording: Wording, shared: bool) -> dict[str, str]:
    """Return the words of the page, with the unit in which the pathway tells waits."""
    words = {key[len(_PREFIX) :]: text for key, text in wording.language.words.items() if key.startswith(_PREFIX)}
    if shared:
        words |= {key.removesuffix(_SHARED): text for key, text in words.items() if key.endswith(_SHARED)}
    unit = wording.unit(wording.time_unit)
    longest, wait = words["list.longest"].format(unit=unit), words["start.wait"].replace("{unit}", _capital(unit))
    return words | {"way.wait": unit, "start.wait": wait, "list.longest": longest}


def _levers(controls: tuple[Control, ...], wording: Wording) -> list[dict[str, Any]]:
    """Return what a staffing may be sought of: places of all parties of a meeting together, others by party."""
    levers: dict[str, dict[str, Any]] = {}
    for control in controls:
        if control.kind != "lever":
            continue
        together = control.key == "places" or not control.party
        parts = [control.station] + ([] if together else [str(control.party)]) + [control.key]
        name = ".".join(parts)
        key = f"web.control.{control.name}"
        words = wording.language.words
        title = words[key] if wording.shipped and key in words else _title(control, wording)
        if together and control.party:
            title = wording.language.say(f"web.control.{control.key}", station=wording.station(control.station))
        lever = levers.setdefault(name, {"name": name, "title": title, "controls": []})
        lever |= {"least": control.least, "most": control.most}
        lever["controls"].append(control.name)
    return list(levers.values())


def _goal(target: GoalText, pathway: Pathway, wording: Wording) -> dict[str, Any]:
    measure = known_measure(target.measure, [row.measure for row in Catalogue.of(pathway).index])
    key = "web.goal.most" if "<=" in target.text else "web.goal.least"
    out = {
        "name": target.measure,
        "title": wording.measure(measure),
        "sense": wording.language.say(key),
        "text": target.text,
        "value": target.value,
    }
    return out | {"unit": wording.unit(measure.unit)}


def _preset(name: str, wording: Wording) -> dict[str, str]:
    description = Scenario.of(name).file.description
    title = _capital(wording.scenario(name))
    return {"name": name, "title": title, "about": wording.language.translated(description)}


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def where_controls_stand(desk: Desk, scenario: Scenario, language: Language) -> dict[str, dict[str, Any]]:
    """Return what a scenario has at each control on the day from which changes hold, before one is moved.

    A change in per cent comes on top of what the scenario has, so its control stands at 0; `own` is what the scenario
    itself changes there, in words: nothing where that is nothing, or differs from state to state.
    """
    reference, pathway = desk.reference_scenario.pathway(), scenario.pathway()
    out = {}
    for control in desk.layout.controls:
        stands = _standing(control, desk, pathway, language)
        if control.relative:
            when = moment(desk.layout.today)
            pairs = zip(_levels(pathway, control, when), _levels(reference, control, when), strict=True)
            shares = {round(after / before - 1, 4) for after, before in pairs if before}
            share = shares.pop() if len(shares) == 1 else 0
            stands["own"] = language.percent(share, signed=True) if share else ""
        out[control.name] = stands
    return out


def _standing(control: Control, desk: Desk, pathway: Pathway, language: Language) -> dict[str, Any]:
    """Return the value of a control today, and of a lever those that follow by themselves."""
    when = moment(desk.layout.today)
    if control.kind == "lever":
        values = _values(pathway.station(control.station), control)
        before, later = values.at(when), []
        for since, value in values.root:
            if since > when and value != before:
                later.append({"since": language.day(since.date()), "value": value})
                before = value
        return {"today": values.at(when), "later": later}
    if control.kind == "weekdays":
        days = pathway.station(control.station).weekdays
        return {"today": ",".join(days.at(when)) if days else ""}
    return {"today": 0}


def _levels(pathway: Pathway, control: Control, when: datetime) -> list[float]:
    """Return the rates or mean stays of which a control changes all by one share."""
    if control.kind == "arrivals":
        entries = [pathway.entry(name) for name in control.entries]
        return [float(entry.rate.at(when)) if entry.rate is not None else 0.0 for entry in entries]
    stays = [pathway.state(name).stay for name in control.states]
    return [stay.at(when).mean_minutes if stay is not None else 0.0 for stay in stays]


def _control(control: Control, desk: Desk, pathway: Pathway, wording: Wording) -> dict[str, Any]:
    out: dict[str, Any] = {"name": control.name, "kind": control.kind, "relative": control.relative}
    out |= {"least": control.least, "most": control.most, "step": control.step, "with": control.follows}
    key = f"web.control.{control.name}"
    words = wording.language.words
    out["title"] = words[key] if wording.shipped and key in words else _title(control, wording)
    return out | _standing(control, desk, pathway, wording.language)


def _values(station: Station, control: Control) -> Any:
    holder: Any = station
    if control.party:
        holder = next(party for party in station.parties if party.name == control.party)
    return getattr(holder, control.key)


def _title(control: Control, wording: Wording) -> str:
    say = wording.language.say
    if control.kind == "arrivals":
        return say("web.control.arrivals", entry=", ".join(control.entries))
    if control.kind == "stays":
        return say("web.control.stays", state=", ".join(wording.state(name) for name in control.states))
    station = wording.station(control.station)
    if control.kind in ("weekdays", "closures"):
        return say(f"web.control.{control.kind}", station=station)
    party = f" ({wording.name(control.party)})" if control.party else ""
    return f"{say(f'web.control.{control.key}', station=station)}{party}"


def _stops(desk: Desk, pathway: Pathway, wording: Wording) -> Iterator[dict[str, Any]]:
    when = moment(desk.layout.today)
    for stop in desk.layout.stops:
        key = f"web.stop.{stop.name}"
        words, states = wording.language.words, [pathway.state(name) for name in stop.states]
        stations = dict.fromkeys(state.station for state in states if state.station)
        title = words[key] if wording.shipped and key in words else ""
        if not title:
            title = wording.station(stop.name) if stop.name in stations else (states[0].title or stop.name)
        rows = []
        for state in states:
            stay = wording.in_time_unit(state.stay.at(when).mean_minutes, "minute") if state.stay else None
            rows.append(
                {
                    "title": state.title or state.name,
                    "stay": wording.value(stay, wording.time_unit) if stay else "",
                    "station": wording.station(state.station) if state.station else "",
                }
            )
        yield {"name": stop.name, "title": title, "place": stop.place, "queues": bool(stations), "states": rows}


def _arrows(desk: Desk, pathway: Pathway) -> list[tuple[str, str]]:
    """Return between which stops citizens move, in the order of the stops."""
    stop_of = {state: stop.name for stop in desk.layout.stops for state in stop.states}
    pairs = (
        (stop_of[state.name], stop_of[target])
        for state in pathway.states
        for target in sorted(state.targets)
        if state.name in stop_of and target in stop_of
    )
    return list(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))
