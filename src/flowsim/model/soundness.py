"""Whether a pathway as a whole makes sense: names that exist, a way in and a way out, dates and sizes that can be.

The parts check themselves; this is what only the whole can tell. Called by `Pathway` when it is made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import product
from typing import Protocol

from flowsim.core.civil_time import MINUTES, ByDate
from flowsim.core.errors import unknown_name
from flowsim.core.periods import FINER, Every
from flowsim.model.duration import Duration
from flowsim.model.parts import Attribute, Clock, Entry, Followup, Seniority, State, Station, Variant, Watch

__all__ = ["Whole", "check", "dated_values", "reached"]

_MOST_YEARS = 200
_MOST_PERIODS = 20_000  # of the shortest kind: each has some tens of figures, in each replication


class Whole(Protocol):
    """The parts of a pathway together, as `Pathway` holds them."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def tick(self) -> float: ...
    @property
    def closed_population(self) -> bool: ...
    @property
    def warm_up(self) -> float: ...
    @property
    def measured_from(self) -> datetime: ...
    @property
    def periods(self) -> Every: ...
    @property
    def attributes(self) -> tuple[Attribute, ...]: ...
    @property
    def stations(self) -> tuple[Station, ...]: ...
    @property
    def states(self) -> tuple[State, ...]: ...
    @property
    def entries(self) -> tuple[Entry, ...]: ...
    @property
    def watches(self) -> tuple[Watch, ...]: ...
    @property
    def clocks(self) -> tuple[Clock, ...]: ...
    @property
    def followups(self) -> tuple[Followup, ...]: ...
    @property
    def seniorities(self) -> tuple[Seniority, ...]: ...
    @property
    def benefits(self) -> tuple[str, ...]: ...
    def state(self, name: str) -> State: ...
    def station(self, name: str) -> Station: ...


def check(pathway: Whole) -> None:
    """Refuse a pathway that cannot run or cannot mean anything.

    Raises:
        ValueError: with the key path of the first fault.
    """
    _horizon(pathway)
    _names(pathway)
    _dates(pathway)
    _enough_at_once(pathway)
    _reachable(pathway)
    if pathway.closed_population:
        _nobody_comes_or_goes(pathway)
    for states in _of_groups(pathway):
        if not pathway.closed_population:
            _way_out(states)
        _no_zero_cycle(pathway, states)


def _horizon(pathway: Whole) -> None:
    if pathway.end <= pathway.start:
        raise ValueError(f"end: {pathway.end:%Y-%m-%d} is not after start ({pathway.start:%Y-%m-%d})")
    years = (pathway.end - pathway.start).total_seconds() / 60 / MINUTES["year"]
    if years > _MOST_YEARS:
        raise ValueError(f"end: a horizon of {years:.0f} years is absurd: at most {_MOST_YEARS} are allowed")
    # A warm-up of thousands of years ends on no day.
    if pathway.warm_up / MINUTES["year"] > years + 1 or pathway.measured_from >= pathway.end:
        raise ValueError("warm_up: it is as long as the horizon, so nothing is measured")
    if not 1e-6 / 60 <= pathway.tick <= MINUTES["week"]:
        raise ValueError("tick: a tick lies between a microsecond and a week")
    if pathway.periods in FINER:
        length = FINER[pathway.periods]
        if pathway.tick > length / timedelta(minutes=1):
            what = "an hour" if pathway.periods == "hour" else "a day"
            raise ValueError(f"periods: a tick is longer than {what}: leave out `tick` or `periods`")
        measured = pathway.end - pathway.measured_from
        if measured > _MOST_PERIODS * length:
            least = "two years by hour" if pathway.periods == "hour" else "fifty years by day"
            raise ValueError(
                f"periods: the horizon has {measured / length:,.0f} {pathway.periods}s, and {_MOST_PERIODS:,} is the "
                f"most ({least}): let it end earlier, or leave out `periods`"
            )
    for entry in pathway.entries:
        outside = [when for when in entry.at if not pathway.start <= when < pathway.end]
        if outside:
            raise ValueError(f"entries.{entry.name}.at: {outside[0]} lies outside the horizon")


def _names(pathway: Whole) -> None:
    for check in (
        _declared,
        _rooms,
        _doors_that_block,
        _kept,
        _interruptions,
        _stays_together,
        _choices,
        _reservations,
        _races,
        _categories,
        _waiting_places,
        _abandoned,
    ):
        check(pathway)


def _declared(pathway: Whole) -> None:
    """Refuse names that stand twice, and what is named and not there."""
    for what, items in (
        ("attribute", pathway.attributes),
        ("state", pathway.states),
        ("station", pathway.stations),
        ("entry", pathway.entries),
        ("watch", pathway.watches),
        ("clock", pathway.clocks),
        ("followup", pathway.followups),
        ("seniority", pathway.seniorities),
    ):
        _once(what, [item.name for item in items])
    if not pathway.states:
        raise ValueError("states: at least one is needed")
    if not pathway.entries:
        raise ValueError("entries: at least one is needed, or nobody ever comes")
    declared = {
        "state": {state.name for state in pathway.states},
        "station": {station.name for station in pathway.stations},
        "benefit": set(pathway.benefits),
    }
    for where, kind, name in _references(pathway):
        if name not in declared[kind]:
            raise ValueError(f"{where}: {unknown_name(kind, name, declared[kind])}")


def _rooms(pathway: Whole) -> None:
    for state in pathway.states:
        room = pathway.station(state.station).room if state.station else None
        refused_to = [state.refused_to, *(v.refused_to for v in state.variants if v.refused_to)]
        if state.blocks and (room is None or any(refused_to) or state.admitted):
            raise ValueError(
                f"states.{state.name}.blocks: who waits outside is neither refused nor let in: give it where the "
                "station has a `room`, and without `refused_to` and `admitted`"
            )
        if state.admitted and (room is None or any(refused_to)):
            raise ValueError(
                f"states.{state.name}.admitted: who is always admitted is never refused: give it where the station has "
                "a `room`, and without `refused_to`"
            )
        if (room is None and any(refused_to)) or (
            room is not None and state.refused_to is None and not (state.admitted or state.blocks)
        ):
            raise ValueError(
                f"states.{state.name}.refused_to: a station with a `room` needs to know where the refused go, "
                "and one without a `room` refuses nobody"
            )


def _doors_that_block(pathway: Whole) -> None:
    """Refuse ways into a state that blocks from where nobody can stay on."""
    blocking = {state.name for state in pathway.states if state.blocks}
    for entry in pathway.entries:
        if entry.to in blocking and entry.count is None:
            raise ValueError(
                f"entries.{entry.name}.to: '{entry.to}' `blocks`, and who comes by a door has nowhere to stay "
                "until there is room: have her come to a state before"
            )
    for state in pathway.states:
        for target in sorted(_sent_away(state) & blocking):
            raise ValueError(
                f"states.{state.name}: who gives up, is refused or baulks here can't stay until there is room in "
                f"'{target}', which `blocks`"
            )
        if state.blocks and pathway.station(str(state.station)).reserved:
            raise ValueError(
                f"states.{state.name}.blocks: the station '{state.station}' has servers `reserved`, and one does not "
                "go with the other"
            )


def _kept(pathway: Whole) -> None:
    """Refuse states that keep a server of a station of which somebody comes without one."""
    for state in pathway.states:
        for name in state.keeps:
            if pathway.station(name).is_meeting:
                raise ValueError(f"states.{state.name}.keeps: '{name}' is a meeting, and has no servers to keep")
    keeps = {state.name: set(state.keeps) for state in pathway.states}
    for entry in pathway.entries:
        for name in sorted(keeps[entry.to]) if entry.count is None else ():
            raise ValueError(f"states.{entry.to}.keeps: who comes by '{entry.name}' holds no server of '{name}'")
    for state in pathway.states:
        served = keeps[state.name] | ({state.station} if state.station else set())
        sent_away = _sent_away(state)
        for target in sorted(state.targets):
            held = keeps[state.name] if target in sent_away else served
            for name in sorted(keeps[target] - held):
                raise ValueError(f"states.{target}.keeps: who comes from '{state.name}' holds no server of '{name}'")


def _interruptions(pathway: Whole) -> None:
    """Refuse what goes on in a stay that can't be broken off, where a station interrupts stays."""
    blocking = {state.name for state in pathway.states if state.blocks}
    for state in pathway.states:
        for name in (name for name in state.keeps if pathway.station(name).interrupts):
            raise ValueError(
                f"states.{state.name}.keeps: the station '{name}' interrupts stays, so none keeps a server"
            )
        if state.station is None or not pathway.station(state.station).interrupts:
            continue
        reasons = {
            "race": bool(state.race) or any(variant.race for variant in state.variants),
            "keeps": bool(state.keeps),
            "blocks": state.blocks,
            "outcome": state.outcome,
            "joins": state.joins is not None,
        }
        for key in (key for key, holds in reasons.items() if holds):
            raise ValueError(
                f"states.{state.name}.{key}: the station '{state.station}' interrupts stays (`preempts`, `on_cut`), "
                "and what a stay is there are `stay` and `to` alone: no `race`, `keeps`, `joins`, `blocks` or `outcome`"
            )
        for target in sorted(state.targets & blocking):
            raise ValueError(
                f"states.{state.name}: the station '{state.station}' interrupts stays (`preempts`, `on_cut`), so "
                f"nobody can stay on in its servers until there is room in '{target}', which `blocks`"
            )


def _stays_together(pathway: Whole) -> None:
    """Refuse what gives a citizen a stay of her own, or a place that others hold, where stays begin together."""
    for station in (station for station in pathway.stations if station.together > 1):
        first: State | None = None
        for state in pathway.states:
            if station.name in state.keeps:
                raise ValueError(
                    f"states.{state.name}.keeps: stays at '{station.name}' begin `together`, so none keeps a server"
                )
            if state.station != station.name:
                continue
            reasons = {
                "race": bool(state.race) or any(variant.race for variant in state.variants),
                "keeps": bool(state.keeps),
                "blocks": state.blocks,
                "variants": any(variant.stay for variant in state.variants),
            }
            for key in (key for key, holds in reasons.items() if holds):
                raise ValueError(
                    f"states.{state.name}.{key}: stays at '{station.name}' begin `together` and last alike, so a state "
                    "there has one `stay` for all, and no `race`, `keeps` or `blocks`"
                )
            if first is not None and state.stay != first.stay:
                raise ValueError(
                    f"states.{state.name}.stay: stays at '{station.name}' begin `together` and last alike, so it is "
                    f"that of '{first.name}'"
                )
            first = first or state


def _enough_at_once(pathway: Whole) -> None:
    """Refuse shifts that never have so many servers there at once as begin together."""
    for station in (station for station in pathway.stations if station.together > 1 and station.shifts):
        planned = station.planned(pathway.start, pathway.end)
        most = max(planned.values) if planned else 0
        if 0 < most < station.least_together:
            raise ValueError(
                f"stations.{station.name}.shifts: never more than {most} servers are there at once, and no stay begins "
                f"before {station.together} are free, as `together` says: have {station.together} or more there at the "
                "same hours"
            )


def _choices(pathway: Whole) -> None:
    for state in (state for state in pathway.states if state.joins):
        parts: tuple[State | Variant, ...] = (state, *state.variants)
        for name in sorted({name for part in parts if part.to for shares in part.to.values for name, _ in shares}):
            if pathway.state(name).station is None:
                raise ValueError(
                    f"states.{state.name}.joins: nobody queues in '{name}', which has no `station`: name states that do"
                )


def _sent_away(state: State) -> set[str]:
    """Return where those go whose stay does not begin."""
    parts: tuple[State | Variant, ...] = (state, *state.variants)
    return {name for part in parts for name in (part.reneges_to, part.refused_to, part.baulks_to) if name}


def _reservations(pathway: Whole) -> None:
    for station in pathway.stations:
        classes = {
            part.priority
            for state in pathway.states
            if state.station == station.name
            for part in (state, *(state.with_variants((variant,)) for variant in state.variants))
        }
        for priority, _ in station.reserved:
            if priority not in classes:
                listed = ", ".join(map(str, sorted(classes)))
                raise ValueError(
                    f"stations.{station.name}.reserved: no state there has the priority {priority} (allowed: {listed})"
                )


def _races(pathway: Whole) -> None:
    for state in pathway.states:
        races = bool(state.race) or any(variant.race for variant in state.variants)
        if races and state.station and pathway.station(state.station).order == "shortest":
            raise ValueError(
                f"states.{state.name}.race: the station '{state.station}' takes the shortest stay first, and how "
                "long a race lasts is not known before"
            )


def _waiting_places(pathway: Whole) -> None:
    for watch in pathway.watches:
        for name in watch.states:
            if pathway.state(name).station is None:
                raise ValueError(f"watches.{watch.name}.states: the state '{name}' has no station to wait at")
    for entry in pathway.entries:
        if entry.waiting and pathway.state(entry.to).station is None:
            raise ValueError(f"entries.{entry.name}.waiting: the state '{entry.to}' has no station to wait at")


def _abandoned(pathway: Whole) -> None:
    for clock in pathway.clocks:
        for name in clock.abandons:
            if name in clock.ends:
                raise ValueError(f"clocks.{clock.name}.abandons: '{name}' ends the clock, so it can't abandon it")


_MOST_ROWS = 30_000


def _categories(pathway: Whole) -> None:
    """Refuse variants and doors that name what no attribute has, and more groups than there is room for."""
    categories = {attribute.name: attribute.categories for attribute in pathway.attributes}
    for attribute in pathway.attributes:
        _once(f"category of {attribute.name}", list(attribute.categories))
        for category in attribute.categories:
            if not re.fullmatch(r"[\w\-]+", category):
                raise ValueError(f"attributes.{attribute.name}.shares: '{category}' is no name")
    named = [
        (f"states.{state.name}.variants", name, of)
        for state in pathway.states
        for variant in state.variants
        for name, of in variant.of
    ]
    named += [(f"watches.{watch.name}.of", name, of) for watch in pathway.watches for name, of in watch.of]
    named += [
        (f"entries.{entry.name}.attributes", name, tuple(category for category, _ in shares))
        for entry in pathway.entries
        for name, shares in entry.attributes
    ]
    for where, name, of in named:
        if name not in categories:
            raise ValueError(f"{where}: {unknown_name('attribute', name, categories)}")
        for category in of:
            if category not in categories[name]:
                raise ValueError(f"{where}: {unknown_name(f'category of {name}', category, categories[name])}")
    rows = len(pathway.states) * math.prod(map(len, categories.values()))
    if rows > _MOST_ROWS:
        raise ValueError(
            f"attributes: {rows:,} pairs of a state and a group of citizens are too many: at most {_MOST_ROWS:,}"
        )


def _references(pathway: Whole) -> Iterator[tuple[str, str, str]]:
    """Yield the key path, the kind and the name of all that one part of a pathway says of another."""
    for state in pathway.states:
        yield from ((f"states.{state.name}", "state", target) for target in sorted(state.targets))
        if state.station is not None:
            yield f"states.{state.name}.station", "station", state.station
        yield from ((f"states.{state.name}.keeps", "station", name) for name in state.keeps)
    for entry in pathway.entries:
        yield f"entries.{entry.name}.to", "state", entry.to
    for station in pathway.stations:
        for party in station.parties:
            path = f"stations.{station.name}.parties.{party.name}.follow_up"
            yield from ((path, "state", name) for name, _ in party.follow_up)
    for watch in pathway.watches:
        if watch.station is not None:
            yield f"watches.{watch.name}.station", "station", watch.station
        yield from ((f"watches.{watch.name}.states", "state", name) for name in watch.states)
    for clock in pathway.clocks:
        names = (*clock.begins, *clock.ends, *clock.abandons)
        yield from ((f"clocks.{clock.name}", "state", name) for name in names)
    for follow in pathway.followups:
        labels = (follow.benefit, *(label for _, members in follow.groups for label in members))
        yield from ((f"followups.{follow.name}", "benefit", label) for label in labels)
    for seniority in pathway.seniorities:
        yield f"seniorities.{seniority.name}.benefit", "benefit", seniority.benefit


def _once(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the {what} '{name}' is declared twice")


def dated_values(pathway: Whole) -> Iterator[tuple[str, ByDate[object]]]:
    """Yield every value by date in the pathway with its key path."""
    for station in pathway.stations:
        for key in ("capacity", "weekdays", "meets", "open", "places"):
            yield f"stations.{station.name}.{key}", getattr(station, key)
        for shift in station.shifts:
            yield f"stations.{station.name}.shifts.{shift.name}.servers", shift.servers  # type: ignore[misc]
            yield f"stations.{station.name}.shifts.{shift.name}.open", shift.open  # type: ignore[misc]
        for party in station.parties:
            path = f"stations.{station.name}.parties.{party.name}"
            for key in ("places", "staff", "hours", "hours_a_case"):
                yield f"{path}.{key}", getattr(party, key)
            for name, span in party.follow_up:
                yield f"{path}.follow_up.{name}", span  # type: ignore[misc]
    for state in pathway.states:
        yield f"states.{state.name}.stay", state.stay  # type: ignore[misc]
        yield f"states.{state.name}.to", state.to  # type: ignore[misc]
        for number, variant in enumerate(state.variants, start=1):
            yield f"states.{state.name}.variants[{number}].stay", variant.stay  # type: ignore[misc]
            yield f"states.{state.name}.variants[{number}].to", variant.to  # type: ignore[misc]
        for exit_ in (*state.race, *(way for variant in state.variants for way in variant.race)):
            yield f"states.{state.name}.race.{exit_.name}.rate", exit_.rate  # type: ignore[misc]
    for entry in pathway.entries:
        yield f"entries.{entry.name}.rate", entry.rate  # type: ignore[misc]
        yield f"entries.{entry.name}.open", entry.open  # type: ignore[misc]
        yield f"entries.{entry.name}.batch", entry.batch  # type: ignore[misc]


def _dates(pathway: Whole) -> None:
    for path, value in dated_values(pathway):
        if value is not None and value.first > pathway.start:
            raise ValueError(
                f"{path}: the first date is {value.first:%Y-%m-%d}, so nothing is given from the start "
                f"({pathway.start:%Y-%m-%d}) until then"
            )


def _reachable(pathway: Whole) -> None:
    seen = reached({entry.to for entry in pathway.entries}, {s.name: s.targets for s in pathway.states})
    for state in pathway.states:
        if state.name not in seen:
            raise ValueError(f"states.{state.name}: no entry and no state leads here, so nobody can reach it")


def _nobody_comes_or_goes(pathway: Whole) -> None:
    for entry in pathway.entries:
        if entry.count is None:
            raise ValueError(
                f"entries.{entry.name}: nobody comes to a `closed_population`: give a `count` at the start"
            )
    for state in pathway.states:
        if state.final:
            raise ValueError(f"states.{state.name}.final: nobody leaves a `closed_population`: it has no final states")


def _of_groups(pathway: Whole) -> list[tuple[State, ...]]:
    """Return the states as they are for each group of citizens that differs from the others in any of them."""
    names = [attribute.name for attribute in pathway.attributes]
    groups = [
        dict(zip(names, each, strict=True)) for each in product(*(part.categories for part in pathway.attributes))
    ]
    kinds: dict[tuple[bool, ...], tuple[State, ...]] = {}
    for group in groups:
        holding = tuple(variant.holds(group) for state in pathway.states for variant in state.variants)
        if holding not in kinds:
            kinds[holding] = tuple(state.for_group(group) for state in pathway.states)
    return list(kinds.values())


def _way_out(states: tuple[State, ...]) -> None:
    into: dict[str, set[str]] = {state.name: set() for state in states}
    for state in states:
        for target in state.targets:
            into[target].add(state.name)
    leaving = reached({state.name for state in states if state.final}, into)
    for state in states:
        if state.name not in leaving:
            raise ValueError(
                f"states.{state.name}: there is no way out from here: no final state can be reached "
                "(mark the state where the pathway ends with `final = true`)"
            )


def reached(start: Iterable[str], arrows: Mapping[str, Collection[str]]) -> set[str]:
    """Return every name that the arrows lead to, the start included."""
    known: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in known:
            known.add(name)
            todo += arrows[name]
    return known


def _no_zero_cycle(pathway: Whole, states: tuple[State, ...]) -> None:
    arrows = {state.name: _at_once(pathway, state) for state in states}
    for state in states:
        if state.name in reached(arrows[state.name], arrows):
            raise ValueError(
                f"states.{state.name}: citizens can go round from here to here in no time, without end: "
                "give a stay on the way some time"
            )


def _at_once(pathway: Whole, state: State) -> set[str]:
    """Name the states that can be entered at the very instant at which this one is joined."""
    out = {name for name in (state.refused_to, state.baulks_to) if name}
    if state.patience and _zero(state.patience, pathway) and state.reneges_to:
        out.add(state.reneges_to)
    # A meeting convenes once an instant, so it can't be passed twice in no time.
    if state.station and pathway.station(state.station).is_meeting:
        return out
    if state.to and (state.stay is None or any(_zero(stay, pathway) for stay in state.stay.values)):
        out |= {name for shares in state.to.values for name, share in shares if share > 0}
    return out | {e.to for e in state.race if e.after and _zero(e.after, pathway)}


def _zero(duration: Duration, pathway: Whole) -> bool:
    return min(duration.atoms(), default=math.inf) < pathway.tick / 2
