"""What drives a measure: the factors of a posterior ensemble, staffing, and the luck of a single history.

Sets of parameters are drawn from the ensemble, and staffing evenly from the ranges asked for. Each set is run twice
with other luck: what two runs of one set differ by is luck, and the rest is what the set did. That is regressed on the
factors, parameters by straight lines and levers, whose ranges are wide, by cubic curves; what these explain is divided
among the factors by Shapley's value: see `shapley`.

Why not Sobol's indices, as SciPy and SALib compute them: those are for independent factors that can be set at will. The
factors of a posterior are correlated, and there is a sample of them and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.polynomial.legendre import legvander

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.arrays import Floats, Ints
from flowsim.core.errors import InputError, require, require_type
from flowsim.core.periods import Period
from flowsim.core.progress import Progress, shows_progress
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import cut_after
from flowsim.planning.levers import Levels
from flowsim.planning.response import Response
from flowsim.planning.shapley import ALL_SUBSETS, Orders, orders_of, shapley_shares
from flowsim.simulation.engine.luck import side_stream
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.opening import model_of
from flowsim.simulation.runner import checked_seed, run

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = [
    "Decomposition",
    "Estimate",
    "Influence",
    "Sensitivity",
    "checked_response",
    "decompose",
    "explain",
    "least_sets",
]

_TAILS = (0.1, 0.9)
_DEGREE = 3
_RESAMPLES = 400
_ORDERS = 200
_CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, and its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Influence:
    """What one factor does to a measure.

    Attributes:
        name: of a factor of the ensemble, or of a lever.
        title: what it is, in words.
        kind: "parameter" or "lever".
        low: its 10 % quantile over the sets; of a parameter, what the base's first values are multiplied by.
        high: its 90 % quantile.
        effect_low: what the measure is there more (above 0) or less than its mean over all runs, by regression, with
            all other factors as they are on average. A straight line may move further than the measure itself can.
        effect_high: the same at `high`.
        share: of the variance of one history's figure.
    """

    name: str
    title: str
    kind: Literal["parameter", "lever"]
    low: float
    high: float
    effect_low: Estimate
    effect_high: Estimate
    share: Estimate


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What drives a measure.

    The shares of the influences, of luck, and of the rest add up to one.

    Attributes:
        response: the measure and its period.
        mean: over all runs.
        deviation: the standard deviation of one history's figure.
        influences: of each factor, the largest share first.
        luck: the share of chance, with the factors known.
        rest: the share of joint effects, and of curves that lines do not tell.
        sets: how many sets were run, twice each.
        undefined: how many of them had nobody to tell of, and are left out.
        standstills: in how many the queue stood still: a wait without end has no variance, so they are left out.
        seed: of all draws.
    """

    response: Response
    mean: float
    deviation: float
    influences: tuple[Influence, ...]
    luck: Estimate
    rest: Estimate
    sets: int
    undefined: int
    standstills: int
    seed: int

    def frame(self) -> pd.DataFrame:
        """Return a row for each factor, and one each for luck and the rest: values, figures there, shares."""
        import pandas as pd

        rows: list[dict[str, Any]] = [
            {
                "factor": influence.name,
                "title": influence.title,
                "kind": influence.kind,
                "low": influence.low,
                "high": influence.high,
            }
            | _columns("effect_low", influence.effect_low)
            | _columns("effect_high", influence.effect_high)
            | _columns("share", influence.share)
            for influence in self.influences
        ]
        rows += [
            {"factor": name, "title": title, "kind": "none"} | _columns("share", share)
            for name, title, share in (
                ("luck", "the luck of one history", self.luck),
                ("rest", "joint effects, other curves", self.rest),
            )
        ]
        return pd.DataFrame(rows)


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_from": estimate.low, f"{name}_to": estimate.high}


def least_sets(factors: int) -> int:
    """Return with how many sets intervals begin to be worth something."""
    return 2 * factors + 10


@shows_progress("explain")
def explain(
    scenario: Scenario,
    measure: str,
    period: str,
    *,
    ensemble: Ensemble | None = None,
    levers: Sequence[Levels] = (),
    sets: int | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """Tell what drives a measure.

    Args:
        scenario: what is run; a lever holds from the period's first day on.
        measure: the measure's name.
        period: the period: see `Response`.
        ensemble: whose factors vary, as their posterior does; its histories have no part in it.
        levers: what varies besides, evenly over its levels and independently of all else.
        sets: how many sets of factors are run, twice each; five for each factor and at least 200 if left out.
        seed: of all draws.
        executor: where replications run, as in `runner.run`.
        progress: as in `runner.run`.

    Raises:
        InputError: before anything runs, where nothing varies, for an unknown measure or period, and for too few sets;
            after it, where the measure is undefined in nearly all runs.
    """
    require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of('today') reads one")
    seed = checked_seed(seed)
    ensemble = ensemble.drawing(sets=True) if ensemble else None
    response, sets = checked_response(scenario, measure, period, ensemble, levers, sets)
    factors = (len(ensemble.names) if ensemble else 0) + len(levers)
    since, until = Period(period).start, Period(period).end
    design = _Design(
        scenario=scenario,
        ensemble=ensemble,
        levers=tuple(levers),
        levels=_evenly(levers, sets, seed),
        since=since,
        end=datetime.max if response.looks_ahead else until,
    )
    results = run(
        design,
        replications=2 * sets,
        seed=seed,
        executor=executor,
        progress=progress,
        measures=response.needs,
    )
    figures = response.read(results).reshape(sets, 2)
    drawn = np.array([ensemble.z[ensemble.number(seed, number)] for number in range(sets)]) if ensemble else None
    x = design.levels if drawn is None else np.column_stack([drawn, design.levels])
    still = np.isinf(figures).any(axis=1)
    undefined = np.isnan(figures).any(axis=1) & ~still
    defined = ~(still | undefined)
    if defined.sum() < least_sets(factors):
        raise InputError(
            f"{measure}: in {undefined.sum()} of {sets} sets nobody comes, and in {still.sum()} the queue stalls: "
            "run more of them, or ask for another measure, such as the queue"
        )
    if figures[defined].min() == figures[defined].max():
        raise InputError(f"{measure}: it is {figures[defined].min():g} in every run, so nothing drives it")
    x, y = x[defined], figures[defined]
    degrees = [1] * (factors - len(levers)) + [min(_DEGREE, len(levels.all) - 1) for levels in levers]
    parts = decompose(x, y, degrees, seed)
    influences = [
        Influence(
            name=name,
            title=title,
            kind=kind,
            low=scale(parts.low[number]),
            high=scale(parts.high[number]),
            effect_low=parts.effect_low[number],
            effect_high=parts.effect_high[number],
            share=parts.shares[number],
        )
        for number, (name, title, kind, scale) in enumerate(_columns_of(ensemble, levers))
    ]
    return Sensitivity(
        response=response,
        mean=float(y.mean()),
        deviation=math.sqrt(_variances(y)[0]),
        influences=tuple(sorted(influences, key=lambda influence: -influence.share.value)),
        luck=parts.luck,
        rest=parts.rest,
        sets=sets,
        undefined=int(undefined.sum()),
        standstills=int(still.sum()),
        seed=seed,
    )


def checked_response(
    scenario: Scenario,
    measure: str,
    period: str,
    ensemble: Ensemble | None,
    levers: Sequence[Levels],
    sets: int | None,
) -> tuple[Response, int]:
    """Return the measure that is explained, and how many sets of factors to run; the arguments are those of `explain`.

    Raises:
        InputError: where nothing varies, for an unknown measure or period, and for too few sets.
    """
    factors = (len(ensemble.names) if ensemble else 0) + len(levers)
    if not factors:
        raise InputError(
            f"{scenario.source}: nothing varies: it has no calibrated ensemble, so name one (`calibrated`), or levers"
        )
    sets = max(200, 5 * factors) if sets is None else sets
    require(sets >= least_sets(factors), "sets", sets, f"at least {least_sets(factors)} for {factors} factors")
    if ensemble is not None:
        ensemble.over(scenario)
    Period(period)
    return Response.of(measure, period, Catalogue.of(scenario.pathway()).index), sets


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Shares of the variance of one run's figure, and what a regression tells of each factor.

    Attributes:
        shares: of each factor.
        luck: of what two runs of one set differ by.
        rest: of what is neither: joint effects, and curves where lines are given.
        low: the 10 % quantile of each factor, shape (factors,).
        high: the 90 % quantile.
        effect_low: what the figure is more than its mean where a factor is at `low`, all others as on average.
        effect_high: where it is at `high`.
    """

    shares: tuple[Estimate, ...]
    luck: Estimate
    rest: Estimate
    low: Floats
    high: Floats
    effect_low: tuple[Estimate, ...]
    effect_high: tuple[Estimate, ...]


def decompose(x: Floats, figures: Floats, degrees: Sequence[int] | None = None, seed: int = 1) -> Decomposition:
    """Decompose the variance of figures.

    Args:
        x: the factors of each set, shape (sets, factors).
        figures: of two runs of each set, shape (sets, 2).
        degrees: of the polynomial by which each factor enters; straight lines where left out.
        seed: of the resampling of sets, of which the intervals are made: those of the bootstrap at 95 %, moved to the
            estimate, for a resample repeats rows and so explains too much, and widened as the residuals of a regression
            are too small: by the root of n over its degrees of freedom.
    """
    factors = x.shape[1]
    value, resampled, low, high = _raw(x, figures, degrees or (1,) * factors, seed, _RESAMPLES)
    off = np.quantile(resampled, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2], axis=0) - np.mean(resampled, axis=0)
    off *= math.sqrt(len(x) / (len(x) - sum(degrees or (1,) * factors) - 1))
    estimates = [
        Estimate(value=v, low=v + a, high=v + b) for v, a, b in zip(value.tolist(), *off.tolist(), strict=True)
    ]
    return Decomposition(
        shares=tuple(estimates[:factors]),
        luck=estimates[factors],
        rest=estimates[factors + 1],
        low=low,
        high=high,
        effect_low=tuple(estimates[factors + 2 : 2 * factors + 2]),
        effect_high=tuple(estimates[2 * factors + 2 :]),
    )


def _raw(
    x: Floats, figures: Floats, degrees: Sequence[int], seed: int, resamples: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return estimates, the same of each resample of the sets, and the tails of each factor."""
    sets, factors = x.shape
    owners: Ints = np.repeat(np.arange(factors), degrees)
    terms = _terms(x, x, degrees)
    low, high = np.quantile(x, _TAILS, axis=0)
    ends = np.concatenate([_terms(low[None], x, degrees), _terms(high[None], x, degrees)])

    def orders(count: int, number: int) -> Orders | None:
        return None if factors <= ALL_SUBSETS else orders_of(factors, count, seed=number)

    value = _estimates(terms, figures, ends, orders(_ORDERS, seed), owners)
    generator = side_stream(seed, "resamples")
    resampled = []
    for number in range(resamples):
        rows = generator.integers(0, sets, sets)
        # Orders are drawn anew, for which of them are drawn is a part of what the estimate is unsure of.
        drawn = orders(_ORDERS, (seed + 1) * resamples + number)
        resampled.append(_estimates(terms[rows], figures[rows], ends, drawn, owners))
    return value, np.array(resampled), low, high


def _terms(at: Floats, x: Floats, degrees: Sequence[int]) -> Floats:
    """Return Legendre's polynomials of each factor, over its range in `x`, at some points; shape (points, terms)."""
    low, high = x.min(axis=0), x.max(axis=0)
    scaled = 2 * (at - low) / np.where(high > low, high - low, 1.0) - 1
    return np.column_stack([legvander(scaled[:, n], degree)[:, 1:] for n, degree in enumerate(degrees)])


def _estimates(terms: Floats, figures: Floats, ends: Floats, orders: Orders | None, owners: Ints) -> Floats:
    """Return the shares of factors, luck and the rest, and what each factor does at its low and at its high end."""
    middle = figures.mean(axis=1)
    total, luck = _variances(figures)
    shares = shapley_shares(terms, middle, orders, owners) * middle.var(ddof=1) / total
    centre = terms.mean(axis=0)
    slopes, *_ = np.linalg.lstsq(terms - centre, middle - middle.mean(), rcond=None)
    effects = [np.bincount(owners, weights=(end - centre) * slopes, minlength=owners[-1] + 1) for end in ends]
    return np.concatenate([shares, [luck / total, 1 - luck / total - shares.sum()], *effects])


def _variances(figures: Floats) -> tuple[float, float]:
    """Return the variance of one run's figure, and that of it which is luck; figures of shape (sets, 2)."""
    luck = float((np.diff(figures, axis=1) ** 2).mean() / 2)
    return float(figures.mean(axis=1).var(ddof=1) + luck / 2), luck


def _columns_of(ensemble: Ensemble | None, levers: Sequence[Levels]) -> Iterator[_Column]:
    for factor in ensemble.prior.factors if ensemble else ():
        yield _Column(factor.name, factor.title, "parameter", math.exp)
    for levels in levers:
        yield _Column(levels.lever.name, levels.lever.unit, "lever", float)


class _Column(NamedTuple):
    name: str
    title: str
    kind: Literal["parameter", "lever"]
    scale: Callable[[float], float]


def _evenly(levers: Sequence[Levels], sets: int, seed: int) -> Floats:
    """Draw levels, shape (sets, levers), by a Latin hypercube: as many of each part of a lever's range."""
    from scipy.stats import qmc

    if not levers:
        return np.zeros((sets, 0))
    parts = qmc.LatinHypercube(len(levers), seed=side_stream(seed, "levels", sets)).random(sets)
    columns = [
        np.array(levels.all)[(part * len(levels.all)).astype(np.int64)]
        for levels, part in zip(levers, parts.T, strict=True)
    ]
    return np.column_stack(columns)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Design:
    """A scenario that runs each set of factors twice in turn."""

    scenario: Scenario
    ensemble: Ensemble | None
    levers: tuple[Levels, ...]
    levels: Floats
    since: datetime
    end: datetime

    def pathway(self, seed: int, replication: int) -> Pathway:
        """Return the pathway of a replication."""
        scenario, number = self.scenario, replication // 2
        for one, level in zip(self.levers, self.levels[number].tolist(), strict=True):
            scenario = one.lever.set(scenario, level, self.since)
        parameters = self.ensemble.parameters(seed, number) if self.ensemble else None
        model = model_of(scenario, parameters)
        pathway = model if isinstance(model, Pathway) else model.pathway(seed, number)
        return cut_after(pathway, self.end)
