"""Histories run on to figures newer than the documents, and weighed by them, without a new calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.histories.weighing import LEAST_EFFECTIVE, resampled, weighed
from flowsim.calibration.targets import Target, observer
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.errors import InputError, unknown_name
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.model.changes import located_at
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Cut
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.observation import Observation
from flowsim.simulation.runner import run

__all__ = ["check_known", "inform"]

_FUTURES = 2  # of each history: what comes after the documents is luck too


def check_known(scenario: Scenario) -> tuple[Target, ...]:
    """Return the known figures of a scenario as they are held against a run; none where it has none.

    Raises:
        InputError: for an unknown measure, and a month that the run does not report.
    """
    if scenario.known is None:
        return ()
    last = max(figure.period.end for figure in scenario.known.figures)
    with located_at(f"{scenario.source}: known"):
        index = Catalogue.of(_past(scenario).reaching(last).pathway()).index
    by_name = {str(row.measure): row.measure for row in index}
    reported = {(row.measure, row.period) for row in index}
    targets = []
    for figure in scenario.known.figures:
        if figure.measure not in by_name:
            raise InputError(
                f"{scenario.source}: known: {figure.cell}: {unknown_name('measure', figure.measure, by_name)}"
            )
        if (by_name[figure.measure], figure.period) not in reported:
            raise InputError(
                f"{scenario.source}: known: {figure.cell}: the run has no '{figure.measure}' of {figure.period}"
            )
        targets.append(
            Target(
                name=f"{figure.measure} {figure.period}",
                family="known",
                observation=Observation(measures=(figure.measure,), periods=(figure.period,)),
                value=figure.value,
                unit=by_name[figure.measure].unit or "number",
                fact=scenario.known.file,
                rounding=figure.sd,
                conflict=0.0,
                discrepancy=0.0,
                why="known to the planner",
            )
        )
    return tuple(targets)


def inform(
    ensemble: Ensemble,
    scenario: Scenario,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Return an ensemble whose histories reach to the known figures of a scenario, and hold them.

    Each history is run on with two futures until after the last figure, as the scenario has it; these weigh by how
    likely the figures are in them, and as many as there were are drawn by weight. It does not depend on the seed of a
    run.

    Args:
        ensemble: with histories.
        scenario: with known figures; one that begins with a list counts as the model was until then.
        executor: where they run.
        progress: called with (done, all).

    Raises:
        InputError: as `check_known`, where there are no histories, and where hardly any comes near the figures.
    """
    targets, histories = check_known(scenario), ensemble.histories
    if not targets or histories is None:
        return ensemble
    last = max(Period(target.observation.periods[0]).end for target in targets)
    at, beyond = max(last, histories.at), last > histories.at
    past = _past(scenario).reaching(at)
    seed = int.from_bytes(hashlib.blake2b(f"known {histories.seed}".encode(), digest_size=7).digest(), "little")
    count = len(histories) * (_FUTURES if beyond else 1)
    measures = {name for target in targets for name in target.observation.measures}
    ahead = any(row.measure.kind.ahead for row in Catalogue.of(past.pathway()).index if row.measure in measures)
    model = ensemble.over(past)
    results = run(
        model if ahead else Cut(model=model, end=at),
        replications=count,
        seed=seed,
        executor=executor,
        progress=progress,
        measures=sorted(measures),
    )
    simulated = observer(targets, results.index).observe(results.values)
    weighing = weighed(targets, simulated)
    if weighing.effective < LEAST_EFFECTIVE:
        raise InputError(
            f"{scenario.source}: known: the figures leave an effective sample of {weighing.effective:,.0f} of "
            f"{count:,} histories, and at least {LEAST_EFFECTIVE} are needed: {_strangest(targets, simulated)}; "
            "give it a wider ±, tell in the scenario what changed since the documents, or calibrate with it as a target"
        )
    rows = resampled(weighing.weights, len(histories), seed)
    numbers = np.array([histories.number(seed, row) for row in rows.tolist()])
    lived = replace(
        histories,
        sets=histories.sets[numbers],
        replications=rows if beyond else histories.replications[numbers],
        weights=weighing.weights[rows],
        at=at,
        seed=seed if beyond else histories.seed,
        before=histories.fork(seed) if beyond else histories.before,
        pairs=count,
        effective=weighing.effective,
        largest=weighing.largest,
        provenance={**histories.provenance, "known": scenario.known.sha256 if scenario.known else ""},
    )
    return replace(ensemble, histories=lived)


def _past(scenario: Scenario) -> Scenario:
    return scenario.history if scenario.begins_today else scenario


def _strangest(targets: Sequence[Target], simulated: Floats) -> str:
    """Name the figure that fewest histories come near."""
    value, tolerance = (np.array([getattr(one, key) for one in targets]) for key in ("value", "tolerance"))
    near = (np.abs(simulated - value) <= 2 * tolerance).mean(axis=0)
    worst = int(np.argmin(near))
    low, high = defined_quantiles(simulated[:, [worst]], (0.05, 0.95))[:, 0]
    return f"'{targets[worst].name}' is {targets[worst].value:g}, and the histories have {low:.3g} to {high:.3g}"
