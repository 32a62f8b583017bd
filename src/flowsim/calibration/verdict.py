"""The verdict on a calibrated model: each documented figure beside the simulation, and how far they are apart.

On seeds that the fit has not seen. Implausibility is that of history matching (Craig, Goldstein, Seheult and Smith
1997): the distance over the root of the tolerance's and one history's variance; 3 and more speaks against the model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from flowsim.calibration.draws import AtPositions
from flowsim.calibration.mode import misfit
from flowsim.calibration.retrospect import Retrospect
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.calibration.workflow import Calibration
from flowsim.core.arrays import Floats, defined_deviation, defined_mean, defined_quantiles
from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, require_type, whole_number
from flowsim.core.progress import Progress, shifted, shows_progress
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.stations import BACKLOG, FIRST_FREE, SERVED
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WAITS", "Judged", "Pull", "Verdict", "collinear", "fresh_seed", "judge", "pulls"]

_WAITS = (SERVED, FIRST_FREE, BACKLOG)
WAITS = tuple(kind.reading for kind in _WAITS)
"""The three readings of a station's wait."""
_WORDS = ((1.0, "fits"), (2.0, "near"), (3.0, "strained"), (float("inf"), "contradicts"))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One documented figure beside the simulation.

    Attributes:
        target: the documented figure.
        mean: of the mode's replications.
        process: the standard deviation of one history at the mode.
        median: over the posterior ensemble, one history a set.
        lower: the ensemble's 5 % quantile.
        upper: the ensemble's 95 % quantile.
        implausibility: the distance of the mode's mean over the root of tolerance² + process²; 0 where an inequality
            holds; NaN where fewer than two of the mode's replications have such a figure.
        word: "fits" below 1, "near" below 2, "strained" below 3, else "contradicts"; "undefined" where it is NaN.
    """

    target: Target
    mean: float
    process: float
    median: float
    lower: float
    upper: float
    implausibility: float
    word: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict(Tabled):
    """How well a calibrated model says what is documented.

    Attributes:
        judged: every target, the fitted ones first.
        chi_square: over the fitted figures that are defined, with the covariance that histories at the mode have.
        freedom: how many figures these are, less the parameters that they effectively determine.
        waits: monthly waits over the ensemble, in weeks or the unit of time that the base names, by station and
            reading: (month, 5 %, median, 95 %); for the meetings whose wait is documented, or for all where none is.
        sets: how many sets the ensemble has.
        replications: at the mode.
        seed: of the fresh draws.
        together: the groups of factors that the documents do not tell apart.
        study: what was calibrated.
        record: what the calibration found, as it ships.
        retrospects: what the simulation would have said from quarters of the past.
    """

    judged: tuple[Judged, ...]
    chi_square: float
    freedom: float
    waits: Mapping[tuple[str, str], Sequence[tuple[str, float, float, float]]]
    sets: int
    replications: int
    seed: int
    together: tuple[tuple[str, ...], ...]
    study: Study
    record: Mapping[str, Any]
    retrospects: Sequence[Retrospect] = ()

    def __repr__(self) -> str:
        return (
            f"<Verdict on {self.study.source}: {self.plausible:.0%} of {len(self.fitted):,} fitted figures plausible, "
            f"chi-square {self.chi_square:,.1f} on {self.freedom:,.1f}, seed {self.seed}>"
        )

    @property
    def p(self) -> float:
        """The probability of a chi-square as large, were the model right."""
        return float(stats.chi2.sf(self.chi_square, self.freedom))

    @property
    def fitted(self) -> tuple[Judged, ...]:
        """The figures that were fitted."""
        return tuple(one for one in self.judged if one.target.fitted)

    @property
    def undefined(self) -> tuple[Judged, ...]:
        """The fitted figures that the simulation does not have, of which nothing speaks for the model."""
        return tuple(one for one in self.fitted if np.isnan(one.implausibility))

    @property
    def plausible(self) -> float:
        """The share of the fitted figures with an implausibility below 3; one that is undefined has none."""
        return sum(one.implausibility < 3 for one in self.fitted) / len(self.fitted)

    def frame(self) -> pd.DataFrame:
        """Return a row a documented figure: its name, whether it is fitted, and the fields of `Judged`."""
        import pandas as pd

        columns = ("mean", "process", "median", "lower", "upper", "implausibility", "word")
        rows = [
            {"target": each.target.name, "fitted": each.target.fitted} | {key: getattr(each, key) for key in columns}
            for each in self.judged
        ]
        return pd.DataFrame(rows)

    def worst(self, count: int = 3) -> tuple[Judged, ...]:
        """Return the fitted figures that are farthest off, the farthest first; none that is undefined."""
        known = (one for one in self.fitted if not np.isnan(one.implausibility))
        return tuple(sorted(known, key=lambda one: -one.implausibility)[:count])


def fresh_seed(calibration: Calibration, seed: int | None = None) -> int:
    """Return the seed of a verdict's draws: 1,000 more than the calibration's own where none is given.

    Raises:
        InputError: for the seed of the calibration.
    """
    own = int(calibration.record["provenance"]["seed"])
    if seed == own:
        raise InputError(f"--seed: {seed} is the calibration's own: a verdict needs fresh draws, so take another")
    return own + 1000 if seed is None else seed


@shows_progress("judge")
def judge(
    calibration: Calibration,
    *,
    replications: int = 200,
    seed: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Simulate the mode and the ensemble on fresh seeds, and hold them beside the documents.

    Args:
        calibration: what was found.
        replications: at the mode; 2 or more, for the spread of one history.
        seed: of fresh draws, other than the calibration's own; 1,000 more than that where left out.
        executor: where the replications run.
        progress: called with (done, all).

    Raises:
        InputError: for the seed of the calibration, and fewer than two replications.
    """
    require_type("calibration", calibration, Calibration, "a calibration, as `calibrate` returns it")
    study, sets, record = calibration.study, calibration.sets, calibration.record
    replications, seed = whole_number("replications", replications, 2), fresh_seed(calibration, seed)
    total = replications + len(sets)
    mode = np.array(record["fit"]["mode"])
    results = run(
        study.model(mode),
        replications=replications,
        seed=seed,
        executor=executor,
        progress=shifted(progress, 0, total),
        measures=study.read_measures(),
    )
    at_mode = study.observe(results)
    waits = {kind(station.name) for station in results.pathway.stations if station.is_meeting for kind in _WAITS}
    waits &= {row.measure for row in Catalogue.of(results.pathway).index}
    spread = run(
        AtPositions(study=study, z=sets),
        replications=len(sets),
        seed=seed,
        executor=executor,
        progress=shifted(progress, replications, total),
        measures=(*study.read_measures(), *waits),
    )
    observed = study.observe(spread)
    tolerance = np.array([target.tolerance for target in study.targets])
    mean, process = defined_mean(at_mode), defined_deviation(at_mode)
    off = misfit(study.targets, mean, np.hypot(tolerance, process))
    # `misfit` takes what is undefined as no distance, for it can't be made less; here it is no evidence of a fit.
    off = np.where(np.isnan(process), np.nan, off)
    low, middle, high = defined_quantiles(observed, (0.05, 0.5, 0.95))
    judged = [
        Judged(
            target=target,
            mean=float(mean[n]),
            process=float(process[n]),
            median=float(middle[n]),
            lower=float(low[n]),
            upper=float(high[n]),
            implausibility=float(abs(off[n])),
            word=next((word for limit, word in _WORDS if abs(off[n]) < limit), "undefined"),
        )
        for n, target in enumerate(study.targets)
    ]
    fitted = [n for n, target in enumerate(study.targets) if target.fitted]
    known = [n for n in fitted if not np.isnan(off[n])]
    slope = np.array(record["fit"]["slope"])[[fitted.index(n) for n in known]]
    return Verdict(
        judged=tuple(sorted(judged, key=lambda one: not one.target.fitted)),
        chi_square=_chi_square(at_mode[:, known], (off * np.hypot(tolerance, process))[known], tolerance[known]),
        freedom=len(known) - _determined(slope),
        waits=_waits(spread, {name for target in study.targets for name in target.observation.measures}),
        sets=len(sets),
        replications=replications,
        seed=seed,
        together=collinear(study.prior.names, sets),
        study=study,
        record=record,
        retrospects=calibration.retrospects,
    )


def _chi_square(at_mode: Floats, off: Floats, tolerance: Floats) -> float:
    """Return the squared distance of the mean from the documents, by the covariance of one history and the tolerances.

    An inequality that holds counts as no distance.
    """
    middle = defined_mean(at_mode)
    deviation = np.where(np.isnan(at_mode), 0.0, at_mode - middle)
    covariance = deviation.T @ deviation / (len(at_mode) - 1) + np.diag(tolerance**2)
    return float(off @ np.linalg.solve(covariance, off))


def _determined(slope: Floats) -> float:
    """Return how many parameters the targets effectively determine: the trace of the hat matrix beside the prior."""
    # The prior is standard normal in these positions, so each direction keeps s^2 of 1 + s^2.
    values = np.linalg.svd(slope, compute_uv=False)
    return float(np.sum(values**2 / (1 + values**2)))


def _waits(
    results: Results, documented: Collection[str]
) -> dict[tuple[str, str], list[tuple[str, float, float, float]]]:
    """Return the months' waits with p05 and p95, by station and reading: of documented stations, else of all."""
    meetings = [station.name for station in results.pathway.stations if station.is_meeting]
    waits = [measure for measure in results.measures if measure.kind.name == SERVED.name]
    there = {measure.of("station") for measure in waits if measure in documented}
    out: dict[tuple[str, str], list[tuple[str, float, float, float]]] = {}
    for station in [name for name in meetings if name in there] or meetings:
        for kind in _WAITS:
            rows = {row for row in results.index if row.measure == kind(station) and row.period.every == "month"}
            if rows:
                frame = results.only(rows.__contains__).quantiles((0.05, 0.5, 0.95))
                columns = (frame[name].tolist() for name in ("period", "p05", "p50", "p95"))
                out[station, kind.reading] = list(zip(*columns, strict=True))
    return out


@dataclass(frozen=True, kw_only=True)
class Pull:
    """Two groups of targets that pull one factor in opposite directions.

    Attributes:
        factor: the factor's name.
        up: the targets that would have it higher, with the force of each, the strongest first.
        down: those that would have it lower.
    """

    factor: str
    up: tuple[tuple[str, float], ...]
    down: tuple[tuple[str, float], ...]


def pulls(verdict: Verdict, least: float = 0.5) -> tuple[Pull, ...]:
    """Return which targets pull against which at the mode, factor by factor, the strongest first.

    The force of a target is how fast half its squared distance falls a prior standard deviation of the factor's own
    step; the forces and the prior's own are in balance at the mode. Forces below `least` are left out.
    """
    fit = verdict.record["fit"]
    slope = np.array(fit["slope"])
    by_name = {one.target.name: one for one in verdict.fitted}
    off = np.array([_signed(by_name[name]) for name in fit["targets"]])
    forces = -slope * off[:, None]
    out = []
    for number, factor in enumerate(verdict.record["factors"]):
        column = forces[:, number]
        sides = [
            tuple(
                (fit["targets"][n], float(column[n])) for n in np.argsort(-sign * column) if sign * column[n] >= least
            )
            for sign in (1, -1)
        ]
        if all(sides):
            out.append(Pull(factor=factor["name"], up=sides[0], down=sides[1]))
    return tuple(sorted(out, key=lambda pull: pull.down[0][1] - pull.up[0][1]))


def _signed(one: Judged) -> float:
    return float(np.copysign(one.implausibility, one.mean - one.target.value))


def collinear(names: Sequence[str], sets: Floats, least: float = 0.7) -> tuple[tuple[str, ...], ...]:
    """Return the groups of factors that the documents do not tell apart: joined by correlations of at least `least`."""
    joined = np.abs(np.corrcoef(sets.T)) >= least
    group = list(range(len(names)))
    for first in range(len(names)):
        for second in range(first):
            if joined[first, second]:
                old, new = group[first], group[second]
                group = [new if member == old else member for member in group]
    found = [tuple(names[n] for n, member in enumerate(group) if member == g) for g in sorted(set(group))]
    return tuple(members for members in found if len(members) > 1)
