"""Which assumptions matter most: each moved by a tenth, all else and the luck of every citizen the same."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.core.progress import Progress, shifted
from flowsim.core.quantities import is_number, quantity
from flowsim.model.base import Parameter
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Cut, cut_after
from flowsim.simulation.intervals import cautious_interval
from flowsim.simulation.runner import run

__all__ = ["Assumption", "largest_assumptions"]

STEP = 0.1
"""By how much an assumption is raised: a tenth."""
_ERROR = 0.05
_SCREENED = 3
_REFINED = 10


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """What a measure does where one assumption is a tenth higher.

    Attributes:
        parameter: the assumption.
        change: by what it was raised: "+10%", or "+1" of a small count.
        effect: the mean of the differences between pairs of replications with the same luck, in the measure's unit.
        low: the lower end of its 95 % interval.
        high: the upper end.
    """

    parameter: Parameter
    change: str
    effect: float
    low: float
    high: float


def largest_assumptions(
    scenario: Scenario,
    measure: str,
    period: str,
    *,
    parameters: Ensemble | None = None,
    replications: int = 12,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Assumption, ...]:
    """Raise each assumed or borrowed number by a tenth, and order them by what the measure does, the largest first.

    All are looked at with a few pairs of futures, and those that move it most with as many as are asked for. A count is
    raised by a whole number. Lists and dates are left out, what may not be raised (such as a share beside others that
    leave it no room), and what moves nothing.

    Args:
        scenario: what they are of.
        measure: what is looked at.
        period: when.
        parameters: the ensemble that replications draw from, where the base has one.
        replications: pairs of futures for each of those that move it most.
        seed: of all draws.
        executor: where replications run.
        progress: called with (done, all).

    Raises:
        InputError: for a measure or period that is not reported.
    """
    moved = {
        parameter.name: change
        for parameter in scenario.base.parameters.values()
        if parameter.kind in ("assumed", "borrowed") and (change := _raised(parameter)) is not None
    }
    end = Period(period).end
    screened = min(_SCREENED, replications)
    steps = [screened] * (len(moved) + 1) + [replications] * (min(_REFINED, len(moved)) + 1)

    def figures(changed: Mapping[str, str], many: int, place: int) -> Floats:
        over = _with(scenario, changed)
        model = cut_after(over.pathway(), end) if parameters is None else Cut(model=parameters.over(over), end=end)
        told = shifted(progress, sum(steps[:place]), sum(steps))
        measures = [measure]
        results = run(model, replications=many, seed=seed, measures=measures, executor=executor, progress=told)
        values: Floats = results.select(measure, period).values[:, 0]
        return values

    def apart(name: str, before: Floats, place: int) -> Floats:
        """Return by how much pairs differ; nothing of what may not be raised."""
        try:
            differences: Floats = figures({name: moved[name]}, len(before), place) - before
        except InputError:
            return np.zeros(0)
        return differences[np.isfinite(differences)]

    before, effects = figures({}, screened, 0), dict[str, float]()
    for place, name in enumerate(moved, start=1):
        differences = apart(name, before, place)
        if len(differences) and np.any(differences != 0):
            effects[name] = abs(float(differences.mean()))
    likely = sorted(effects, key=effects.__getitem__, reverse=True)[:_REFINED]
    before, out = figures({}, replications, len(moved) + 1), []
    for place, name in enumerate(likely, start=len(moved) + 2):
        differences = apart(name, before, place)
        if len(differences) < 2 or np.ptp(differences) == 0:
            continue
        found = cautious_interval(differences, _ERROR)
        figures_of = {"effect": found.estimate, "low": found.low, "high": found.high}
        out.append(Assumption(parameter=scenario.base.parameters[name], change=moved[name], **figures_of))
    return tuple(sorted(out, key=lambda one: -abs(one.effect)))


def _raised(parameter: Parameter) -> str | None:
    """Return the change that raises a number by a tenth, a count by a whole number of about that; None of no number."""
    value = parameter.value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return f"+{max(round(STEP * value), 1)}"
    return f"+{STEP:.0%}" if is_number(value) or quantity(value) else None


def _with(scenario: Scenario, changed: Mapping[str, str]) -> Scenario:
    if not changed:
        return scenario
    parameters = {name: change for name, change in scenario.file.parameters.items() if name not in changed}
    return replace(scenario, file=scenario.file.model_copy(update={"parameters": {**parameters, **changed}}))
