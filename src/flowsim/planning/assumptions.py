"""Which assumptions matter most: each moved by a tenth, all else and the luck of every citizen the same."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.progress import Progress, shifted
from flowsim.model.base import Parameter
from flowsim.model.scenario import Scenario
from flowsim.simulation.intervals import cautious_interval
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run

__all__ = ["Assumption", "largest_assumptions"]

STEP = 0.1
"""By how much an assumption is raised: a tenth."""
_ERROR = 0.05


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

    A count that can't be raised by a tenth is raised by one. Lists and dates are left out, what may not be raised (such
    as a share beside others that leave it no room), and what moves nothing.

    Args:
        scenario: what they are of.
        measure: what is looked at.
        period: when.
        parameters: the ensemble that replications draw from, where the base has one.
        replications: pairs of futures for each.
        seed: of all draws.
        executor: where replications run.
        progress: called with (done, all).

    Raises:
        InputError: for a measure or period that is not reported.
    """
    moved = dict[str, str]()
    for parameter in scenario.base.parameters.values():
        if parameter.kind in ("assumed", "borrowed"):
            change = _raised(scenario, parameter)
            if change is not None:
                moved[parameter.name] = change
    total = (len(moved) + 1) * replications

    def figures(changed: Mapping[str, str], place: int) -> Floats:
        over = _with(scenario, changed)
        model = over.pathway() if parameters is None else parameters.over(over)
        told = shifted(progress, place * replications, total)
        results: Results = run(
            model, replications=replications, seed=seed, measures=[measure], executor=executor, progress=told
        )
        values: Floats = results.select(measure, period).values[:, 0]
        return values

    before, out = figures({}, 0), []
    for place, (name, change) in enumerate(moved.items(), start=1):
        apart = figures({name: change}, place) - before
        apart = apart[np.isfinite(apart)]
        if len(apart) < 2 or np.ptp(apart) == 0:
            continue  # it moves nothing, or nobody is told of
        found = cautious_interval(apart, _ERROR)
        out.append(
            Assumption(
                parameter=scenario.base.parameters[name],
                change=change,
                effect=found.estimate,
                low=found.low,
                high=found.high,
            )
        )
    return tuple(sorted(out, key=lambda one: -abs(one.effect)))


def _raised(scenario: Scenario, parameter: Parameter) -> str | None:
    """Return the change that raises a number by a tenth, or a count by one; None where neither can be made."""
    if isinstance(parameter.value, bool) or not isinstance(parameter.value, int | float | str):
        return None
    for change in (f"+{STEP:.0%}", "+1") if isinstance(parameter.value, int) else (f"+{STEP:.0%}",):
        try:
            _with(scenario, {parameter.name: change}).pathway()
        except (InputError, ValueError):
            continue
        return change
    return None


def _with(scenario: Scenario, changed: Mapping[str, str]) -> Scenario:
    if not changed:
        return scenario
    parameters = {name: change for name, change in scenario.file.parameters.items() if name not in changed}
    return replace(scenario, file=scenario.file.model_copy(update={"parameters": {**parameters, **changed}}))
