"""Generate pathways for property tests, over the whole model language: for importers who test their own code.

Needs the extra `testing` (hypothesis). The pathways are small and full of ties: citizens, meetings and changes of
capacity meet at the same ticks far more often than in life.
"""

from __future__ import annotations

from typing import Any

from flowsim.core.extras import require_extra
from flowsim.model.pathway import Pathway
from flowsim.model.soundness import reached

require_extra("testing", "flowsim.testing")
from hypothesis import assume  # noqa: E402
from hypothesis import strategies as st  # noqa: E402  # a missing one is told first

__all__ = ["durations", "pathways"]

_DATES = ("2020-01-01", "2020-01-03", "2020-01-04")
_KINDS = (
    *("fixed", "fixed", "exponential", "gamma", "weibull", "lognormal", "loglogistic", "normal"),
    *("uniform", "triangular", "pert", "phase_type", "mixture", "empirical"),
)
_OPEN = ("wed-fri 06:00-18:00", "daily 00:00-12:00", "thu, sat 12:00-06:00; fri 00:00-24:00", "always", "closed")
_MEETS = (
    "wed-fri 06:00, 12:00",
    "every second thu 06:00 from 2020-01-02",
    "first fri of the month 00:00",
    "daily 12:00",
)
_ROUND = ("6 hours", "12 hours", "1 day", "36 hours")


@st.composite
def durations(draw: st.DrawFn, zero: bool = False) -> Any:
    """Draw a duration as a pathway file writes it; with `zero` it may also be no time at all."""
    kind = draw(st.sampled_from([*_KINDS, "zero"] if zero else _KINDS))
    if kind == "zero":
        return "0 minutes"
    if kind == "fixed":
        return draw(st.sampled_from(_ROUND))
    if kind == "empirical":
        values = draw(st.lists(st.sampled_from(_ROUND), min_size=1, max_size=3, unique=True))
        return {"law": kind, "values": values, "weights": [float(n + 1) for n in range(len(values))]}
    if kind == "mixture":
        return {"law": kind, "of": [draw(durations()), draw(st.sampled_from(_ROUND))], "weights": [3.0, 1.0]}
    if kind in ("uniform", "triangular", "pert"):
        bounds = {"law": kind, "least": "6 hours", "most": "36 hours"}
        return bounds if kind == "uniform" else bounds | {"mode": draw(st.sampled_from(_ROUND))}
    if kind == "phase_type":
        return {"law": kind, "phases": ["6 hours", "1 day"], "next": [[0.0, 0.5], [0.25, 0.0]]}
    law: dict[str, Any] = {"law": kind, "mean": draw(st.sampled_from(_ROUND))}
    if kind == "normal":
        law["cv"] = draw(st.sampled_from([0.3, 0.8]))
    elif kind != "exponential":
        law["cv"] = draw(st.sampled_from([0.3, 1.0, 2.5]))
    if draw(st.integers(0, 4)) == 0:
        law["shift"] = "6 hours"
    return law


def _by_date(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    dated: st.SearchStrategy[Any] = st.lists(values, min_size=2, max_size=3).map(
        lambda told: dict(zip(_DATES, told, strict=False))
    )
    return values | dated


@st.composite
def _parties(draw: st.DrawFn, states: list[str]) -> dict[str, Any]:
    parties: dict[str, Any] = {}
    for name in ("own", "other")[: draw(st.integers(1, 2))]:
        if draw(st.booleans()):
            parties[name] = {"places": draw(_by_date(st.sampled_from([0.0, 0.4, 1.5, 3.0])))}
        else:
            followed = draw(st.lists(st.sampled_from(states), max_size=2, unique=True))
            parties[name] = {
                "staff": draw(_by_date(st.sampled_from([1.0, 2.0]))),
                "hours": "8 hours",
                "hours_a_case": draw(st.sampled_from(["3 hours", "5 hours"])),
                "follow_up": dict.fromkeys(followed, "30 minutes"),
            }
    return parties


@st.composite
def _feedbacks(draw: st.DrawFn, of_servers: bool) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "wait": draw(st.sampled_from(["6 hours", "1 day"])),
        "gain": draw(st.sampled_from([0.0, 0.5, 2.0])),
        "lag": draw(st.sampled_from(["0 days", "10 hours", "1 day"])),
        "least": draw(st.sampled_from([0.0, 0.5])),
        "most": draw(st.sampled_from([1.5, 4.0])),
    }
    if draw(st.booleans()):
        rule["limit"] = 3
    return rule | ({"every": draw(st.sampled_from(["5 hours", "1 day"]))} if of_servers else {})


@st.composite
def _recurring(draw: st.DrawFn) -> dict[str, Any]:
    """Draw servers who come and go by opening hours and shifts."""
    opening = _by_date(st.sampled_from(_OPEN))
    out: dict[str, Any] = {"open": draw(opening)} if draw(st.booleans()) else {}
    names = ("early", "late")[: draw(st.integers(0, 2))]
    if names:
        out["shifts"] = {name: {"servers": draw(_by_date(st.integers(0, 2))), "open": draw(opening)} for name in names}
    return out | ({"closed": "3 jan, each year"} if draw(st.integers(0, 3)) == 0 else {})


@st.composite
def _interruptions(draw: st.DrawFn, preempts: bool) -> dict[str, Any]:
    """Draw what interrupts a stay."""
    kind = draw(st.sampled_from(["resume", "restart", "resample"]))
    causes = st.sampled_from([("preempts",), ("on_cut",), ("preempts", "on_cut")] if preempts else [("on_cut",)])
    return dict.fromkeys(draw(causes), kind)


def _interrupts(station: dict[str, Any]) -> bool:
    return "preempts" in station or "on_cut" in station


def _no_race(station: dict[str, Any]) -> bool:
    """Return whether how long a stay lasts is to be known before."""
    return station.get("order") == "shortest" or _interrupts(station)


@st.composite
def _stations(draw: st.DrawFn, states: list[str]) -> dict[str, Any]:
    stations: dict[str, Any] = {}
    for name in ("desk", "team", "board")[: draw(st.sampled_from([0, 1, 1, 2, 3]))]:
        if draw(st.booleans()):
            stations[name] = {"capacity": draw(_by_date(st.integers(0, 2)))}
            if draw(st.integers(0, 2)) == 0:
                stations[name] |= draw(_recurring())
        else:
            days = st.lists(st.sampled_from(["wed", "thu", "fri", "sat"]), min_size=1, max_size=4, unique=True)
            stations[name] = {
                "weekdays": draw(_by_date(days)),
                "at": draw(st.sampled_from([["00:00"], ["06:00", "12:00"]])),
                "parties": draw(_parties(states)),
            }
            if draw(st.integers(0, 3)) == 0:
                meets = {"meets": draw(_by_date(st.sampled_from(_MEETS))), "closed": "2020-01-04"}
                stations[name] = {"parties": stations[name]["parties"]} | meets
        if draw(st.booleans()):
            stations[name]["room"] = draw(st.integers(0, 3))
        if draw(st.integers(0, 2)) == 0:
            stations[name]["order"] = draw(st.sampled_from(["last", "shortest", "random"]))
        if draw(st.integers(0, 2)) == 0:
            stations[name]["reserved"] = {"0": draw(st.integers(0, 1)), "1": draw(st.integers(0, 2))}
        if "capacity" in stations[name] and draw(st.integers(0, 2)) == 0:
            stations[name] |= draw(_interruptions("reserved" not in stations[name]))
        if draw(st.integers(0, 2)) == 0:
            stations[name]["answers"] = draw(_by_date(st.just("off") | _feedbacks("capacity" in stations[name])))
    return stations


@st.composite
def _state(draw: st.DrawFn, states: list[str], ahead: list[str], stations: dict[str, Any]) -> Any:
    forward = st.sampled_from(ahead)
    state: dict[str, Any] = {"benefit": draw(st.sampled_from(["a", "b"]))}
    queues: bool = draw(st.sampled_from([True, True, False]))
    if stations and queues:
        state["station"] = draw(st.sampled_from(sorted(stations)))
        state["priority"] = draw(st.integers(0, 1))
        if draw(st.booleans()):
            patience = draw(st.just("0 minutes") | durations())
            state |= {"patience": patience, "reneges_to": draw(forward)}
        if "room" in stations[state["station"]]:
            state |= {"admitted": True} if draw(st.integers(0, 3)) == 0 else {"refused_to": draw(forward)}
    if "station" in state and draw(st.integers(0, 3)) == 0:
        shares = draw(st.sampled_from([{"0": 0.5}, {"1": 0.3, "2": 1.0}, {"0": 1.0, "1": 0.0}]))
        state |= {"baulks": shares, "baulks_to": draw(forward)}
    is_known = "station" in state and _no_race(stations[state["station"]])
    if not draw(st.integers(0, 3)) and not is_known:
        # Going back takes a race some time, so no circle can be run in no time.
        rates = _by_date(st.sampled_from(["0 per day", "0.4 per day", "3 per day"]))
        race = {"on": {"to": draw(forward), "rate": "1 per day", "by_time_spent": {"0 days": 1.0, "1 day": 0.2}}}
        race["back"] = {"to": draw(st.sampled_from(states)), "rate": draw(rates)}
        if draw(st.booleans()):
            race["end"] = {"to": draw(forward), "after": draw(durations())}
        return state | {"race": race}
    instant = draw(st.booleans())
    state["stay"] = "0 minutes" if instant else draw(_by_date(durations()))
    first, second = draw(forward), draw(forward if instant else st.sampled_from(states))
    one = {first: 1.0} if first == second else {first: 0.7, second: 0.3}
    other = {first: 1.0} if first == second else {first: 0.25, second: "rest"}
    state["to"] = draw(st.sampled_from([one, {_DATES[0]: one, _DATES[1]: other}]))
    return state


@st.composite
def _variants(draw: st.DrawFn, states: list[str], ahead: list[str], state: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw what a state is for citizens of some categories."""
    forward = st.sampled_from(ahead)
    out = []
    for_whom: list[list[dict[str, Any]]] = [[{"age": "old"}], [{"age": ["old", "older"]}, {"age": "old", "sex": "f"}]]
    for of in draw(st.sampled_from(for_whom)):
        variant: dict[str, Any] = {"of": of}
        if "station" in state:
            variant["priority"] = draw(st.integers(0, 2))
        if draw(st.booleans()) or "station" not in state:
            if "race" in state or draw(st.integers(0, 4)) == 0:
                back = {"to": draw(st.sampled_from(states)), "rate": "0.3 per day"}
                variant["race"] = {"on": {"to": draw(forward), "rate": "2 per day"}, "back": back}
            else:
                variant |= {"stay": draw(_by_date(durations())), "to": draw(forward)}
        if "patience" in state and draw(st.booleans()):
            variant |= {"patience": draw(durations()), "reneges_to": draw(forward)}
        out.append(variant)
    return out


@st.composite
def _held(draw: st.DrawFn, states: list[str], body: dict[str, Any], stations: dict[str, Any]) -> set[str]:
    """Have states block, and keep servers, where that can be meant; return those that nobody comes to by a door."""
    out: set[str] = set()
    for name in states[1:]:
        state, station = body[name], stations.get(body[name].get("station"), {})
        sent = any(
            name in _sent_away(other)
            or (name in _targets(other) and _interrupts(stations.get(other.get("station"), {})))
            for other in body.values()
        )
        is_free = "room" in station and "reserved" not in station and not _interrupts(station)
        if is_free and not sent and draw(st.booleans()):
            state.pop("refused_to", None)
            state.pop("admitted", None)
            state["blocks"] = True
            out.add(name)
        kept_ones = [
            other
            for other in stations
            if "capacity" in stations[other] and other != state.get("station") and not _interrupts(stations[other])
        ]
        for kept in kept_ones if not _interrupts(station) else ():
            before = [other for other in states if name in _targets(body[other])]
            holds = all(
                kept in body[other].get("keeps", [])
                or (body[other].get("station") == kept and name not in _sent_away(body[other]))
                for other in before
            )
            if before and holds and draw(st.integers(0, 3)):
                state["keeps"] = [*state.get("keeps", []), kept]
                out.add(name)
    return out


@st.composite
def _held_visit(draw: st.DrawFn, server: str, stations: dict[str, Any]) -> dict[str, Any]:
    """Draw a visit whose server is kept while another station is waited for, or whose end waits for room there."""

    def at(name: str) -> dict[str, Any]:
        refused = {"refused_to": "out"} if "room" in stations[name] else {}
        return {"benefit": "a", "station": name, "priority": 0, "stay": draw(durations()), **refused}

    visit, within = at(server) | {"to": "within"}, at(draw(st.sampled_from(sorted(stations))))
    within |= {"to": {"out": 0.6, "visit": 0.4}}
    elsewhere = stations[within["station"]]
    if "room" in elsewhere and "reserved" not in elsewhere and not _interrupts(elsewhere):
        del within["refused_to"]
        within["blocks"] = True
    if within["station"] != server and not _interrupts(elsewhere) and draw(st.integers(0, 2)):
        within["keeps"] = server
    elif "keeps" not in within and "blocks" not in within:
        within = {"benefit": "b", "keeps": server, "stay": within["stay"], "to": within["to"]}
    return {"visit": visit, "within": within}


@st.composite
def _ward(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Draw a crowded station that interrupts stays, the states of two classes at it, and their doors."""
    station = {"capacity": draw(_by_date(st.integers(0, 2)))} | draw(_interruptions(True))
    if draw(st.integers(0, 2)) == 0:
        station |= draw(_recurring())
    refused: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        station["room"] = draw(st.integers(0, 3))
        refused = {"refused_to": "out"}
    station["order"] = draw(st.sampled_from(["first", "first", "last", "shortest", "random"]))
    if draw(st.integers(0, 3)) == 0:
        station["answers"] = draw(_feedbacks(True))
    at: dict[str, Any] = {"station": "ward"} | refused
    urgent = at | {"benefit": "a", "priority": 0, "stay": draw(durations()), "to": {"out": 0.8, "planned": 0.2}}
    planned = at | {"benefit": "b", "priority": 1, "stay": draw(durations()), "to": {"out": 0.6, "urgent": 0.4}}
    if draw(st.booleans()):
        planned |= {"patience": draw(durations()), "reneges_to": "out"}
    if draw(st.integers(0, 2)) == 0:
        planned |= {"baulks": {"1": 0.3, "2": 1.0}, "baulks_to": "out"}
    doors = {
        "to_urgent": {"to": "urgent", "rate": draw(st.sampled_from(["1 per day", "4 per day"]))},
        "to_planned": draw(_entry("planned", True, False)),
    }
    return {"ward": station}, {"urgent": urgent, "planned": planned}, doors


@st.composite
def _course(
    draw: st.DrawFn, onward: list[str], with_attributes: bool
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Draw a station where stays begin together, the states of two classes at it, and their doors."""
    size = draw(st.integers(2, 4))
    station: dict[str, Any] = {"capacity": draw(_by_date(st.sampled_from([0, size, size + 1, 2 * size])))}
    station |= {"together": size, "order": draw(st.sampled_from(["first", "first", "last", "random"]))}
    if draw(st.integers(0, 2)) == 0:
        station |= draw(_recurring())
        if "shifts" in station:  # which may never be there at once, nor while the others are
            station["capacity"] = size
            station.pop("open", None)
    refused: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        station["room"] = draw(st.integers(size - 1, size + 2))
        refused = {"refused_to": "out"}
    if draw(st.integers(0, 3)) == 0:
        station["answers"] = draw(_feedbacks(True))
    stay = draw(st.just("0 minutes") | _by_date(durations()))
    at: dict[str, Any] = {"station": "course", "stay": stay} | refused
    onward = onward if stay == "0 minutes" else [*onward, "second"]
    first = at | {"benefit": "a", "priority": 0, "to": draw(_divided(["out", draw(st.sampled_from(onward))]))}
    second = at | {"benefit": "b", "priority": draw(st.integers(0, 1)), "to": "out"}
    if draw(st.booleans()):
        second |= {"patience": draw(st.just("0 minutes") | durations()), "reneges_to": "out"}
    if draw(st.integers(0, 2)) == 0:
        first |= {"baulks": {"1": 0.3, "2": 1.0}, "baulks_to": "out"}
    if with_attributes:
        first["variants"] = [{"of": {"age": "old"}, "priority": 2, "to": "out"}]
    return {"course": station}, {"first": first, "second": second}, {
        "to_first": draw(_entry("first", True, False)),
        "to_second": draw(_entry("second", True, False)),
    }  # fmt: skip


@st.composite
def _fork(draw: st.DrawFn, stations: dict[str, Any], of_course: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a state from which the shortest of two or three queues is joined, and its doors."""
    names = [f"way_{n}" for n in range(draw(st.integers(2, 3)))]
    stay = draw(st.just("0 minutes") | durations())
    body: dict[str, Any] = {"fork": {"benefit": "a", "stay": stay, "to": draw(_by_date(_divided(names)))}}
    body["fork"]["joins"] = "shortest"
    for name in names:
        at = draw(st.sampled_from(sorted(stations)))
        refused = {"refused_to": "out"} if "room" in stations[at] else {}
        back = {"out": 0.7, "fork": 0.3} if stay != "0 minutes" else "out"
        body[name] = {"benefit": "b", "station": at, "priority": 0, "stay": draw(durations()), "to": back} | refused
        if "together" in stations[at]:
            body[name]["stay"] = of_course
    return body, {"to_fork": draw(_entry("fork", False, False))}


def _divided(names: list[str]) -> st.SearchStrategy[dict[str, float]]:
    """Draw shares of some names, of which one may be 0."""
    rest = dict.fromkeys(names[2:], 0.0)
    return st.sampled_from([{names[0]: 0.5, names[1]: 0.5} | rest, {names[0]: 1.0, names[1]: 0.0} | rest])


def _may_deadlock(pathway: Pathway) -> bool:
    """Return whether servers may be held by citizens who wait, in a circle, for one another."""
    servers = {station.name for station in pathway.stations if not station.is_meeting}
    waited_for: dict[str, set[str]] = {name: set() for name in servers}
    for state in pathway.states:
        held = {*state.keeps} | ({state.station} & servers if state.station else set())
        doors = {pathway.state(name).station for name in state.targets if pathway.state(name).blocks}
        for name in held:
            waited_for[name] |= {station for station in doors if station in servers}
        for name in state.keeps:
            waited_for[name] |= {state.station} & servers if state.station else set()
    return any(name in reached(waited_for[name], waited_for) for name in servers)


_BATCHES: tuple[Any, ...] = (1, 3, {"1": 0.5, "2": 0.2, "4": "rest"}, {"law": "geometric", "mean": 1.8})


@st.composite
def _entry(draw: st.DrawFn, to: str, queues: bool, settled: bool) -> dict[str, Any]:
    kind = "count" if settled else draw(st.sampled_from(["rate", "every", "at", "count"]))
    body = draw(_of_kind(kind, to, queues))
    if kind != "count" and draw(st.integers(0, 3)) == 0:
        body["batch"] = draw(_by_date(st.sampled_from(_BATCHES)))
    return body


@st.composite
def _of_kind(draw: st.DrawFn, kind: str, to: str, queues: bool) -> dict[str, Any]:
    if kind == "rate":
        body: dict[str, Any] = {
            "to": to,
            "rate": draw(_by_date(st.sampled_from(["0 per day", "4 per day", "20 per day"]))),
        }
        kinds: list[dict[str, Any]] = [{}, {}, {"open": _OPEN[0]}, {"profile": {_OPEN[0]: 0.5, _OPEN[1]: 1.7}}]
        body |= draw(st.sampled_from(kinds))
        return body
    if kind == "every":
        return {"to": to, "every": draw(durations())}
    if kind == "at":
        hours = draw(st.lists(st.sampled_from(["00:00", "06:00", "12:00"]), min_size=1, max_size=4))
        return {"to": to, "at": [f"2020-01-0{n + 1}T{hour}" for n, hour in enumerate(hours)]}
    waiting = queues and draw(st.booleans())
    return {"to": to, "count": draw(st.integers(0, 5)), "elapsed": draw(durations(zero=True)), "waiting": waiting}


@st.composite
def pathways(draw: st.DrawFn, deadlocks: bool = False) -> Pathway:
    """Draw a pathway of two to fifteen states and five stations over six days, with every feature of the language.

    With `deadlocks`, also one in which citizens may wait for one another for ever, so that its run is refused.
    """
    states = [f"s{n}" for n in range(draw(st.integers(2, 5)))]
    stations = draw(_stations(states))
    attributes: dict[str, Any] = {}
    if draw(st.integers(0, 2)) == 0:
        sexes = draw(st.sampled_from([{"f": 0.5, "m": "rest"}, {"f": 1.0, "m": 0.0}]))
        attributes = {"age": {"shares": {"young": 0.3, "old": 0.5, "older": "rest"}}, "sex": {"shares": sexes}}
    body: dict[str, Any] = {}
    for number, name in enumerate(states):
        ahead = [*states[number + 1 :], "out"]
        body[name] = draw(_state(states, ahead, stations))
        if draw(st.booleans()) and attributes:
            body[name]["variants"] = draw(_variants(states, ahead, body[name]))
            station = stations.get(body[name].get("station"), {})
            for variant in body[name]["variants"] if _no_race(station) else ():
                variant |= {"stay": "1 day", "to": "out"} if variant.pop("race", None) else {}
    for state in body.values():
        station = stations.get(state.get("station"), {})
        ways = [body.get(name, {}) for name in _named(state.get("to", {}))]
        ways += [body.get(name, {}) for part in state.get("variants", []) for name in _named(part.get("to", {}))]
        if ways and all("station" in way for way in ways) and "race" not in state and not _interrupts(station):
            state |= draw(st.sampled_from([{}, {"joins": "shortest"}]))
    settled = draw(_held(states, body, stations))
    entries: dict[str, Any] = {}
    led_to: set[str] = set()
    for name in states:
        if name not in led_to or draw(st.booleans()):
            entries[f"to_{name}"] = draw(_entry(name, "station" in body[name], name in settled))
            if draw(st.booleans()) and attributes:
                entries[f"to_{name}"]["attributes"] = {"age": {"young": 0.1, "old": 0.9}}
        led_to |= _reached(name, body)
    servers = [name for name, station in stations.items() if "capacity" in station and not _interrupts(station)]
    holds: bool = draw(st.booleans())
    if servers and holds:
        body |= draw(_held_visit(draw(st.sampled_from(servers)), stations))
        entries["to_visit"] = draw(_entry("visit", True, False))
        led_to.add("out")
    if draw(st.booleans()):
        ward, of_ward, doors = draw(_ward())
        stations |= ward
        body |= of_ward
        entries |= doors
        led_to.add("out")
    of_course: Any = None
    if draw(st.integers(0, 2)) == 0:
        onward = [name for name in states if "keeps" not in body[name]]
        course, of_it, doors = draw(_course(onward, bool(attributes)))
        of_course = of_it["first"]["stay"]
        stations |= course
        body |= of_it
        entries |= doors
        led_to.add("out")
    if stations and draw(st.integers(0, 2)) == 0:
        fork, doors = draw(_fork(stations, of_course))
        body |= fork
        entries |= doors
        led_to.add("out")
    if "out" not in led_to:
        entries["to_out"] = {"to": "out", "count": 1}
    body["out"] = {"final": True, "benefit": draw(st.sampled_from(["a", "c"])), "outcome": True}
    for name, station in stations.items():
        own = [state for state in body.values() if state.get("station") == name]
        classes = {part["priority"] for state in own for part in (state, *state.get("variants", []))}
        reserved = {key: number for key, number in station.get("reserved", {}).items() if int(key) in classes}
        station |= {"reserved": reserved}
    raw = {
        "name": "generated",
        "start": "2020-01-01",
        "end": "2020-01-07",
        "attributes": attributes,
        "stations": stations,
        "states": body,
        "entries": entries,
    }
    pathway = Pathway.from_dict(raw, "generated")
    assume(deadlocks or not _may_deadlock(pathway))
    return pathway


def _sent_away(state: dict[str, Any]) -> set[str]:
    parts = (state, *state.get("variants", []))
    return {part[key] for part in parts for key in ("reneges_to", "refused_to", "baulks_to") if key in part}


def _reached(start: str, body: dict[str, Any]) -> set[str]:
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in reached or name not in body:
            reached.add(name)
            continue
        reached.add(name)
        todo += _targets(body[name])
    return reached


def _targets(state: dict[str, Any]) -> set[str]:
    out = _sent_away(state)
    for part in (state, *state.get("variants", [])):
        out |= {exit_["to"] for exit_ in part.get("race", {}).values()}
        out |= _named(part.get("to", {}))
    return out


def _named(shares: Any) -> set[str]:
    """Return the names of shares, by date or not."""
    tables = [shares] if isinstance(shares, str) else [t for t in shares.values() if isinstance(t, dict)] or [shares]
    return {target for table in tables for target in ([table] if isinstance(table, str) else table)}
