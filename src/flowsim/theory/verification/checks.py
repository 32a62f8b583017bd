"""Theory beside simulation: every queue whose answer is known, run as any user's pathway is run.

Each statistic is a ratio of sums over independent replications, and its standard error that of the ratio. It passes
with fewer than 4.5 standard errors between it and theory, and a standard error of at most one per cent of theory: a
check that is not sharp shows nothing. One statistic of each case, from draws of its own, goes into a chi-square over
all, which notices a bias too small for any single check, and errors that are stated too large.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from flowsim.core.arrays import Floats, plain
from flowsim.core.errors import KeyedError, require_type, unknown_name
from flowsim.core.progress import shows_progress
from flowsim.simulation.runner import Engine, checked_seed, known_engine, run
from flowsim.theory.verification.cases import Case
from flowsim.theory.verification.exact import ORACLES, STORIES, rows
from flowsim.theory.verification.statistics import Sample
from flowsim.theory.verification.textbook import FAMILIES

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = ["MOST_DEVIATION", "MOST_ERROR", "Check", "Exact", "Verification", "known_families", "verify"]

MOST_DEVIATION = 4.5
"""Standard errors: by chance one check in 150,000 lies farther from theory."""
MOST_ERROR = 0.01
"""The standard error of a check on the compiled kernel, over theory."""
FEWER = 20
"""SimPy is so much slower that it runs one replication of so many; each is held against the kernel's besides."""
_LEAST_P = 1e-5  # of the chi-square, on either side
_FARTHEST = float(stats.norm.isf(sys.float_info.min))  # 37.5: a normal deviate that a float's probability can tell
_EXACT = "exact"
_AT_ONCE = 16  # replications whose visits are held at a time
_SEEDS = 20  # replications of each oracle


@dataclass(frozen=True, kw_only=True)
class Check:
    """A statistic of a case: what theory says of it, and what replications came to.

    Attributes:
        family, case, statistic: what was compared.
        theory, simulated: the two values.
        error: the standard error of `simulated`.
        most_error: what it may be.
        z: the standard normal deviate that is as improbable as the difference over its error is by Student's law.
        replications: how many it was seen in.
    """

    family: str
    case: str
    statistic: str
    theory: float
    simulated: float
    error: float
    most_error: float
    z: float
    replications: int

    @property
    def passed(self) -> bool:
        """Return whether the check is sharp enough, and theory within reach."""
        return abs(self.z) < MOST_DEVIATION and self.error <= self.most_error


@dataclass(frozen=True, kw_only=True)
class Exact:
    """What has to agree to the tick: how much was compared, and how much of it was wrong."""

    name: str
    compared: int
    wrong: int

    @property
    def passed(self) -> bool:
        """Return whether all agrees."""
        return self.compared > 0 and self.wrong == 0


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What theory and simulation came to.

    Attributes:
        engine, seed: what was run.
        checks: every statistic, case by case; the first of each case is in the chi-square.
        exact: what was compared to the tick.
    """

    engine: Engine
    seed: int
    checks: tuple[Check, ...]
    exact: tuple[Exact, ...]

    @property
    def first_checks(self) -> tuple[Check, ...]:
        """One check of each case: these are independent."""
        return tuple({(check.family, check.case): check for check in reversed(self.checks)}.values())[::-1]

    @property
    def chi_square(self) -> float:
        """The sum of the squared z of one check a case."""
        return math.fsum(check.z**2 for check in self.first_checks)

    @property
    def p_value(self) -> float:
        """The probability of a chi-square as extreme as this, on either side; 1 without any check."""
        degrees = len(self.first_checks)
        if not degrees:
            return 1.0
        return float(2 * min(stats.chi2.sf(self.chi_square, degrees), stats.chi2.cdf(self.chi_square, degrees)))

    @property
    def passed(self) -> bool:
        """Return whether everything agrees."""
        checked = all(check.passed for check in self.checks) and all(one.passed for one in self.exact)
        return checked and self.p_value >= _LEAST_P

    def frame(self) -> pd.DataFrame:
        """Return a row a statistic of a case, with the fields of `Check`."""
        import pandas as pd

        return pd.DataFrame([plain(vars(check)) | {"passed": check.passed} for check in self.checks])

    def as_json(self) -> dict[str, Any]:
        """Return all figures as plain values, None where one is undefined."""
        return {
            "engine": self.engine,
            "seed": self.seed,
            "passed": self.passed,
            "chi_square": self.chi_square,
            "degrees": len(self.first_checks),
            "p_value": self.p_value,
            "checks": [plain(vars(check)) | {"passed": check.passed} for check in self.checks],
            "exact": [plain(vars(one)) | {"passed": one.passed} for one in self.exact],
        }


@shows_progress("verify")
def verify(
    families: Iterable[str] | None = None,
    *,
    engine: Engine = "kernel",
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Verification:
    """Hold an engine against theory.

    Args:
        families: the names of `FAMILIES` to run, and "exact" for the recursions and stories; all of them if left out.
        engine: "kernel" or "simpy".
        seed: a whole number; each case draws from a seed of its own, made of this and its name.
        executor: where replications run, as in `flowsim.run`.
        progress: called with (done, all) after each case.

    Raises:
        InputError: for an unknown family or engine, with the nearest one.
    """
    seed = checked_seed(seed)
    known_engine(engine)
    if families is not None:
        require_type("families", families, Iterable, "the names of families, such as ['mmc']")
        families = (families,) if isinstance(families, str) else families
    names = known_families(families)
    cases = [(name, case) for name in names if name != _EXACT for case in FAMILIES[name].cases()]
    steps = len(cases) + (len(ORACLES) + len(STORIES) if _EXACT in names else 0)
    checks: list[Check] = []
    exact: list[Exact] = []
    equal: list[bool] = []
    for number, (name, case) in enumerate(cases, 1):
        found, like_kernel = _compared(name, case, engine, seed, executor)
        checks += found
        equal += like_kernel
        if progress is not None:
            progress(number, steps)
    if equal:
        exact.append(Exact(name="replications with the kernel's visits", compared=len(equal), wrong=equal.count(False)))
    if _EXACT in names:
        for number, one in enumerate(_exact(engine, seed), len(cases) + 1):
            exact.append(one)
            if progress is not None:
                progress(number, steps)
    return Verification(engine=engine, seed=seed, checks=tuple(checks), exact=tuple(exact))


def known_families(names: Iterable[str] | None) -> list[str]:
    """Return the families of some names, each once, or all of them.

    Raises:
        InputError: for an unknown one, with the nearest.
    """
    if names is None:
        return [*FAMILIES, _EXACT]
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name != _EXACT and name not in FAMILIES:
            raise KeyedError("family", unknown_name("family", name, [*FAMILIES, _EXACT]))
    return chosen


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


def _compared(
    family: str, case: Case, engine: Engine, seed: int, executor: Executor | None
) -> tuple[list[Check], list[bool]]:
    """Return the checks of a case, and on SimPy whether the visits of each replication are those of the kernel."""
    own = _seed(seed, family, case.name)
    replications = case.replications if engine == "kernel" else -(-case.replications // FEWER)
    sums: list[list[tuple[float, float]]] = []
    equal: list[bool] = []
    for first in range(0, replications, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, replications))
        results = run(case.pathway, engine=engine, replications=numbers, seed=own, executor=executor, keep_traces=True)
        for number in numbers:
            sample = Sample(results.traces[number], case.pathway)
            sums.append([statistic.observe(sample) for statistic in case.statistics])
        if engine != "kernel":
            twin = run(case.pathway, replications=numbers, seed=own, executor=executor)
            equal += [one == other for one, other in zip(results.digests, twin.digests, strict=True)]
    checks = []
    for statistic, pairs in zip(case.statistics, np.swapaxes(np.array(sums, np.float64), 0, 1), strict=True):
        ratio, error, z = against(pairs, statistic.theory)
        checks.append(
            Check(
                family=family,
                case=case.name,
                statistic=statistic.name,
                theory=statistic.theory,
                simulated=ratio,
                error=error,
                most_error=MOST_ERROR * math.sqrt(case.replications / replications) * abs(statistic.theory),
                z=z,
                replications=replications,
            )
        )
    return checks, equal


def against(pairs: Floats, theory: float) -> tuple[float, float, float]:
    """Return a ratio of sums, its standard error, and its deviate from theory: NaN and the farthest without any data.

    Args:
        pairs: the numerator and the denominator of each replication, shape (replications, 2).
        theory: the ratio of their expectations.

    Source: the ratio estimator of Cochran (1977), Sampling Techniques, chapter 6.
    """
    above, below = pairs.T
    ratio = float(above.sum() / below.sum()) if below.any() else math.nan
    residuals = (above - ratio * below) / below.mean() if below.any() else np.full(len(pairs), math.nan)
    error = float(residuals.std(ddof=1)) / math.sqrt(len(pairs))
    if not error > 0:
        return ratio, error, 0.0 if ratio == theory else _FARTHEST
    t = (ratio - theory) / error
    beyond = max(float(stats.t.sf(abs(t), len(pairs) - 1)), sys.float_info.min)
    return ratio, error, math.copysign(float(stats.norm.isf(beyond)), t)


def _exact(engine: Engine, seed: int) -> Iterator[Exact]:
    for oracle in ORACLES:
        own = _seed(seed, oracle.name)
        traces = run(oracle.pathway, engine=engine, replications=_SEEDS, seed=own, keep_traces=True).traces
        pairs = [oracle.starts(trace) for trace in traces.values()]
        wrong = sum(int(np.count_nonzero(told != expected)) for told, expected in pairs)
        yield Exact(name=oracle.name, compared=sum(len(told) for told, _ in pairs), wrong=wrong)
    for story in STORIES:
        trace = run(story.pathway, engine=engine, replications=1, keep_traces=True).traces[0]
        wrong = len(set(rows(trace, story.pathway)) ^ set(story.rows))
        yield Exact(name=story.name, compared=len(story.rows), wrong=wrong)
