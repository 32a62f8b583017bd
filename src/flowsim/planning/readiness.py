"""What a base of one's own still lacks: own numbers, documents, targets, prices, a calibration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target, targets_of
from flowsim.core.errors import InputError
from flowsim.evidence.yardsticks import read_yardsticks
from flowsim.model.base import BASE_FILES, Base, Parameter, bare_numbers, read_base
from flowsim.model.own.founding import STAFFING, NewBase, base_files
from flowsim.model.parts import State
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.planning.prices import Price, Prices, prices_of
from flowsim.simulation.measures.flows import AWARDS, MEAN_STOCK, STOCK
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import SERVED
from flowsim.theory.fluid_load import workload

__all__ = ["Readiness", "readiness_of", "settled"]

_STEP = 1.05
"""How many times what a station had it has next, while its queue grows."""
_FULL = 0.95
"""Of its places, at which a station's queue is long by chance alone."""
_MOST = 10.0


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What stands in a base, and what is missing.

    Attributes:
        base: the base.
        parameters: all of them, in the order of its file.
        bare: key paths of numbers that are no parameters: nothing tells where they come from.
        absent: kinds of files that it does not name.
        facts: how many figures its documents have.
        unused: facts that nothing refers to.
        targets: those that a calibration fits.
        untargeted: measures that a planner reads and no documented figure is held against.
        unmoved: parameters of the kind `calibrate` that no factor moves.
        prices: the borrowed ones.
        unpriced: what has no price, as `prices.toml` names it.
        calibration: "none", "stale" where figures have changed since, or "there".
        growing: stations whose queue grows without end.
    """

    base: Base
    parameters: tuple[Parameter, ...]
    bare: tuple[str, ...]
    absent: tuple[str, ...]
    facts: int
    unused: tuple[str, ...]
    targets: tuple[Target, ...]
    untargeted: tuple[str, ...]
    unmoved: tuple[str, ...]
    prices: tuple[Price, ...]
    unpriced: tuple[str, ...]
    calibration: Literal["none", "stale", "there"]
    growing: tuple[str, ...]

    @property
    def borrowed(self) -> tuple[Parameter, ...]:
        """The numbers of another municipality."""
        return tuple(parameter for parameter in self.parameters if parameter.lender)

    def count(self, kind: str) -> int:
        """Return how many numbers of its own are of a kind."""
        return sum(parameter.kind == kind and not parameter.lender for parameter in self.parameters)


def readiness_of(base: Base) -> Readiness:
    """Read a base with all that belongs to it, and say what it still lacks.

    Raises:
        InputError: where one of its files is wrong, with the file and the place.
    """
    scenario = Scenario.of(base.source)
    pathway, prices, targets = scenario.pathway(), prices_of(scenario), targets_of(base)
    study = _study(base)
    moved = {name for factor in study.prior.factors for name in factor.sets} if study else set()
    evidence = base.evidence
    known = [fact.id for fact in evidence] if evidence is not None else []
    used = {parameter.fact for parameter in base.parameters.values()} | {target.fact for target in targets}
    used |= {price.fact for price in _every(prices)}
    used |= _held_against(base)
    return Readiness(
        base=base,
        parameters=tuple(base.parameters.values()),
        bare=tuple(bare_numbers(base.raw)),
        absent=tuple(kind for kind in BASE_FILES if kind not in base.files),
        facts=len(known),
        unused=tuple(id for id in known if id not in used),
        targets=tuple(target for target in targets if target.fitted),
        untargeted=tuple(_untargeted(pathway, targets)),
        unmoved=tuple(name for name, each in base.parameters.items() if each.kind == "calibrate" and name not in moved),
        prices=tuple(price for price in _every(prices) if price.lender),
        unpriced=tuple(_unpriced(pathway, prices)),
        calibration=_calibration(base),
        growing=tuple(dict.fromkeys(load.station for load in workload(pathway).unsettled)),
    )


def settled(new: NewBase) -> NewBase:
    """Return what is known of a municipality, borrowed staffing raised until no queue grows without end.

    The lender's staffing answers the wait, and its cases come and go; what is borrowed of both need not fit together.
    Staffing that was answered stays as it is, whatever grows then.
    """
    while True:
        with TemporaryDirectory() as folder:
            for name, text in base_files(new).items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            load = workload(read_base(folder).pathway())
        last = [station for station in load.stations if station.until == load.end and station.utilisation > _FULL]
        short = {number for station in (*load.unsettled, *last) for number in STAFFING[station.station]}
        more = {number: _STEP * new.raised.get(number, 1.0) for number in short if not new.answered(number)}
        if not more or max(more.values()) > _MOST:
            return new
        new = replace(new, raised={**new.raised, **more})


def _study(base: Base) -> Study | None:
    return Study.read(str(base.files["factors"])) if "factors" in base.files else None


def _every(prices: Prices | None) -> tuple[Price, ...]:
    return (*prices.prices, *(each.price for each in prices.sums)) if prices else ()


def _held_against(base: Base) -> set[str]:
    """Return the facts that yardsticks are."""
    file = base.files.get("yardsticks")
    if file is None or base.evidence is None:
        return set()
    return {yardstick.fact for yardstick in read_yardsticks(file, str(file), base.evidence, base.raw.get("time_unit"))}


def _untargeted(pathway: Pathway, targets: tuple[Target, ...]) -> Iterator[str]:
    """Name what a planner reads first and no document tells: waits, outcomes, stocks, shares in time."""
    there = {measure for target in targets for measure in target.observation.measures}
    wanted: list[tuple[Measure, ...]] = [(SERVED(station.name),) for station in pathway.stations]
    wanted += [(AWARDS(state.name),) for state in pathway.states if state.outcome]
    benefits = dict.fromkeys(state.benefit for state in _begun(pathway))
    wanted += [(STOCK(benefit), MEAN_STOCK(benefit)) for benefit in benefits]
    wanted += [(CLOCK_WITHIN(clock.name),) for clock in pathway.clocks]
    for measures in wanted:
        if not there.intersection(measures):
            yield measures[0]


def _begun(pathway: Pathway) -> list[State]:
    there = {entry.to for entry in pathway.entries if entry.count is not None and not entry.waiting}
    return [state for state in pathway.states if state.name in there]


def _unpriced(pathway: Pathway, prices: Prices | None) -> Iterator[str]:
    there = {price.where for price in prices.prices} if prices else set()
    for station in pathway.stations:
        wanted = [f"staff.{station.name}.{party.name}" for party in station.parties if party.staff is not None]
        if station.capacity is not None:
            wanted.append(f"servers.{station.name}")
        if station.is_meeting and not wanted:
            wanted.append(f"places.{station.name}")
        yield from (name for name in wanted if name not in there)
    final = {state.benefit for state in pathway.states if state.final}
    yield from (
        f"benefits.{name}" for name in pathway.benefits if name not in final and f"benefits.{name}" not in there
    )


def _calibration(base: Base) -> Literal["none", "stale", "there"]:
    try:
        return "none" if Ensemble.of(base) is None else "there"
    except InputError:
        return "stale" if Path(str(base.files["calibrated"])).is_dir() else "none"
