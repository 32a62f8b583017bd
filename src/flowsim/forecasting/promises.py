"""What is promised of an outlook, put to the test: flags of a shortfall, and what a combination gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from flowsim.calibration.retrospect import Retrospect
from flowsim.core.arrays import Floats
from flowsim.core.periods import Period
from flowsim.evidence.series import Series
from flowsim.forecasting.demand import Demand
from flowsim.forecasting.outlooks import Outcome
from flowsim.forecasting.pairing import Pairing, pair
from flowsim.forecasting.trend import forecast_series
from flowsim.model.pathway import Pathway
from flowsim.model.varying import unlimited
from flowsim.simulation.runner import run
from flowsim.theory.verification.promises import Promise, PutToTheTest

__all__ = ["combination_promises", "flag_promises", "outlook_tests"]

_FIRST = "2023Q1"  # of the quarters ahead
_AHEAD = 12
_KNOWN = 24  # quarters that are documented before
_POPULATION = 1000
_PATHS = 200  # futures of an outlook, as `flowsim outlook` takes
_SPREAD = 0.2  # of the logarithm of demand after twelve quarters, about that of forecasts of counts


def flag_promises(
    excess: float, repetitions: int, *, seed: int = 1, executor: Executor | None = None
) -> tuple[Promise, ...]:
    """Count how often a meeting is flagged whose demand comes to exceed its places, or that has places enough.

    A population of paths of demand is run once with the meeting's places and once without a limit, as an outlook does.
    A repetition draws two hundred pairs of them, and documents that are one history of the same office.

    Args:
        excess: by how much the median demand exceeds the places after twelve quarters, such as 0.25; 0 for a meeting
            that has places for thrice what comes.
        repetitions: how many outlooks.
        seed: of all draws.
        executor: where replications run.
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, 53]))
    steps = generator.normal(0, _SPREAD / _AHEAD**0.5, (_POPULATION, _AHEAD)).cumsum(axis=1)
    rise = np.log1p(excess) * np.arange(1, _AHEAD + 1) / _AHEAD
    demand = Demand(name="made", first=_FIRST, paths=np.exp(steps + rise), doors=("door",), relative=True)
    office = _office(places=7.7 if excess else 23)
    periods = [Period(_FIRST).later(step) for step in range(-_KNOWN, _AHEAD)]
    delivered, wanted = (
        _awards(demand.over(pathway), periods, seed, executor) for pathway in (office, unlimited(office))
    )
    flagged = 0
    for _ in range(repetitions):
        rows = generator.integers(0, _POPULATION, _PATHS)
        documents = delivered[generator.integers(0, _POPULATION), :_KNOWN]
        outcome = Outcome(
            measure="awards.grant",
            trend=forecast_series(_series(documents, periods[0]), _AHEAD),
            simulated=delivered[rows, _KNOWN:],
            wanted=wanted[rows, _KNOWN:],
            pairing=None,
            flags=(),
        )
        flagged += bool(outcome.differs[-1] if excess else outcome.differs.any())
    named: dict[str, Any] = {"model": "office, 12 quarters ahead", "repetitions": repetitions, "count": flagged}
    if excess:
        return (Promise(promise=f"outlook: {excess:.0%} beyond the places: flag", least=0.8, **named),)
    return (Promise(promise="outlook: nothing binds, yet a flag", most=0.05, **named),)


def combination_promises(repetitions: int, *, seed: int = 1) -> tuple[Promise, ...]:
    """Count how often a combination gains more on the quarters that it is judged by than on others of the same kind.

    Forecast and simulation are scored on origins of one history, which share their quarters, and then on those of
    another one that differs from it by luck alone. What gains nothing from being judged does better on either as often.

    Args:
        repetitions: how many pairs of histories.
        seed: of all draws.
    """
    generator = np.random.Generator(np.random.Philox(key=[seed, 59]))
    more = 0
    for _ in range(repetitions):
        bias = generator.normal(0, 0.1)  # of the simulation, which nobody knows: the same in both
        judged, others = (_gain(pair(*_past(generator, bias))) for _ in range(2))
        more += judged > others
    return (
        Promise(
            promise="combination: gains more where judged",
            model="office, four origins",
            repetitions=repetitions,
            count=more,
            most=0.5,
        ),
    )


def outlook_tests(repetitions: int, seed: int = 1, executor: Executor | None = None) -> list[PutToTheTest]:
    """Return the tests of outlooks and of combinations.

    Args:
        repetitions: of each, but half as many combinations, of which each takes eight forecasts.
        seed: of all draws.
        executor: where replications run.
    """
    return [
        *(partial(flag_promises, excess, repetitions, seed=seed, executor=executor) for excess in (0.25, 0.0)),
        partial(combination_promises, max(repetitions // 2, 10), seed=seed),
    ]


def _office(places: float) -> Pathway:
    """Return a meeting every week, to which a hundred cases come a quarter."""
    return Pathway.from_dict(
        {
            "name": "office",
            "start": "2017-01-01",
            "end": "2026-01-01",
            "stations": {"team": {"weekdays": ["tue"], "places": places}},
            "states": {"case": {"station": "team", "to": "grant"}, "grant": {"final": True, "outcome": True}},
            "entries": {"door": {"to": "case", "rate": "400 per year"}},
        }
    )


def _awards(model: Any, periods: Sequence[Period], seed: int, executor: Executor | None) -> Floats:
    results = run(model, replications=_POPULATION, seed=seed, executor=executor, measures=["awards.grant"])
    columns = results.columns
    out: Floats = results.values[:, [columns["awards.grant", period] for period in periods]]
    return out


def _series(values: Floats, first: Period) -> Series:
    counts = tuple(float(value) for value in values)
    return Series(name="awards.grant", unit="awards", every="quarter", first=first, values=counts)


def _past(generator: np.random.Generator, bias: float) -> tuple[Series, list[Retrospect]]:
    """Return a history of awards, and what a simulation with a bias would have said from four quarters in a row."""
    level = 100 * np.exp(generator.normal(0, 0.05, _KNOWN).cumsum())
    first = Period(_FIRST).later(-_KNOWN)
    series = _series(generator.poisson(level).astype(np.float64), first)
    pasts = []
    for known in range(_KNOWN - 8, _KNOWN - 4):
        ahead = [first.later(known + step) for step in range(min(8, _KNOWN - known))]
        paths = level[known - 1] * np.exp(generator.normal(0, 0.05, (_PATHS, len(ahead))).cumsum(axis=1) + bias)
        futures = {series.name: generator.poisson(paths).astype(np.float64)}
        pasts.append(Retrospect(origin=first.later(known - 1), fitted=1, periods=tuple(ahead), paths=futures))
    return series, pasts


def _gain(pairing: Pairing) -> float:
    scores: Mapping[str, float] = {score.method: score.crps for score in pairing.scores}
    return 1 - scores["combination"] / min(scores["forecast"], scores["simulation"])
