"""What became of the time: this version beside an earlier commit, the same work in turns on the same machine.

`python -m benchmarks.beside FILE [--rounds N] [--only TEXT]` takes the earlier commit's source from git, puts its
Copenhagen and its scenarios into a copy of today's source, so that both simulate the same, and lets the two take turns,
each time in a process of its own with everything compiled before. It writes all seconds to FILE (JSON), and
`benchmarks.report` the table. Nothing is asserted but that both make the same visits.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
BEFORE = "ac696cf"
"""The commit before flowsim's own logarithms and the list of events by date: where the work on speed began."""
DATA = ("src/flowsim/data/copenhagen", "src/flowsim/data/scenarios")

HEAD = """
import json
from time import process_time
import flowsim
from benchmarks import cases
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.compiler import compile_pathway

def least(times, work, *arguments):
    out = []
    for _ in range(times):
        before = process_time()
        done = work(*arguments)
        out.append(process_time() - before)
    return min(out), done

def a_visit(pathway, times):
    model = compile_pathway(pathway)
    seconds, trace = least(times, simulate, model, 1, 0)
    return 1e9 * seconds / len(trace.visits)

def varying():
    from flowsim.calibration.ensemble import Ensemble
    return Ensemble.of(flowsim.read_base("copenhagen")).over(flowsim.Scenario.of("copenhagen"))

def a_replication(subject, count):
    flowsim.run(subject, replications=2, workers=1)
    return 1e3 * least(2, lambda: flowsim.run(subject, replications=count, workers=1))[0] / count

def preparing(count):
    try:
        from flowsim.simulation.engine.slots import compile_or_patch as prepared
    except ImportError:
        prepared = compile_pathway
    subject = varying()
    for number in range(5):
        prepared(subject.pathway(1, number))
    return 1e3 * least(1, lambda: [prepared(subject.pathway(1, number)) for number in range(5, 5 + count)])[0] / count

def first_call():
    model = compile_pathway(cases.copenhagen())
    return least(1, simulate, model, 1, 0)[0]
"""


class Case(NamedTuple):
    """A piece of work: what it is, its unit, a Python expression or a command, the goal of the ratio, and most rounds.

    A command counts the seconds of CPU of its process and of all that it begins, or those of the clock.
    """

    title: str
    unit: str
    work: str
    goal: float
    most: int = 9
    clock: bool = False

    @property
    def command(self) -> list[str]:
        """The words of a command; none of an expression."""
        words = shlex.split(self.work)
        return words if words[0] == "flowsim" else []


def _command(work: str, goal: float, most: int = 3, *, clock: bool = False) -> Case:
    return Case(f"`{work}`", "s", work, goal, most, clock)


STAFF = (
    "flowsim staff --goal 'decided within 23 weeks >= 90%' --vary rehabilitation_team.places "
    "--between 10 60 --during 2022"
)
CASES = {
    "engine": Case("Copenhagen, 12,500 in stock, a visit", "ns", "a_visit(cases.copenhagen(), 7)", 0.62),
    "engine, 10": Case("the same, 125,000 in stock", "ns", "a_visit(cases.copenhagen(10), 2)", 0.5, 5),
    "engine, 100": Case("the same, 1.25 million in stock", "ns", "a_visit(cases.copenhagen(100), 1)", 0.5, 3),
    "mm10": Case("M/M/10, a visit", "ns", "a_visit(cases.mm10(10**6), 5)", 0.7),
    "network": Case("four stations and a meeting, a visit", "ns", "a_visit(cases.network(10**6), 3)", 0.8),
    "measures": Case("a replication with all measures", "ms", "a_replication(cases.copenhagen(), 10)", 0.5),
    "own": Case("a replication with parameters of its own", "ms", "a_replication(varying(), 10)", 0.4),
    "preparing": Case("preparing other numbers", "ms", "preparing(20)", 0.06),
    "first": Case("the first call, nothing compiled yet", "s", "first_call()", 0.6, 3),
    "run 1": _command("flowsim run copenhagen -n 1", 0.6, 9),
    "run 200": _command("flowsim run copenhagen -n 200", 0.4),
    "compare": _command("flowsim compare today more-places -n 200", 0.35, clock=True),
    "staff": _command(STAFF, 0.4),
    "outlook": _command("flowsim outlook copenhagen -n 50", 0.4),
    "judge": _command("flowsim judge copenhagen", 0.4),
    "report": _command("flowsim report today more-places -n 100 --out report.html --force", 0.4),
}


def trees(folder: Path) -> dict[str, Path]:
    """Put both sources into a folder, the earlier data in both; return where they stand, the earlier one first."""
    out = {}
    for name, commit in (("before", BEFORE), ("now", "HEAD")):
        packed = subprocess.run(
            ["git", "archive", commit, "src", "benchmarks"], cwd=ROOT, capture_output=True, check=True
        )
        out[name] = folder / name
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            archive.extractall(out[name], filter="data")
    for part in DATA:
        # What the earlier base does not have, such as titles, stays today's; histories belong to today's sets.
        shutil.copytree(out["before"] / part, out["now"] / part, dirs_exist_ok=True)
    (out["now"] / DATA[0] / "histories.csv").unlink()
    # The cases are today's for both, so that they are the same.
    shutil.rmtree(out["before"] / "benchmarks")
    shutil.copytree(out["now"] / "benchmarks", out["before"] / "benchmarks")
    return out


def measured(case: Case, tree: Path, folder: Path, **env: str) -> float:
    """Do a case's work once in a process of its own, and return what it took, in the case's unit."""
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}"} | env
    words = ["-m", *case.command] if case.command else ["-c", f"{HEAD}\nprint(json.dumps({case.work}))"]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen([sys.executable, *words], cwd=folder, env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        # `flowsim judge` says by 1 that figures are implausible.
        if process.returncode not in ((0, 1) if "judge" in words else (0,)):
            raise RuntimeError(f"{case.title}: {errors.read().decode()}")
        if not case.command:
            return float(json.loads(output.read()))
    return seconds if case.clock else usage.ru_utime + usage.ru_stime


def same_citizens(both: dict[str, Path], folder: Path) -> None:
    """Hold the two against each other: they make as many visits, but for single ones that a rounding moves."""
    for pathway in ("cases.mm10(10**5)", "cases.copenhagen()"):
        case = Case("visits", "", f"len(simulate(compile_pathway({pathway}), 1, 0).visits)", 0.0)
        before, now = (measured(case, tree, folder) for tree in both.values())
        if abs(now - before) > 1e-3 * before:
            raise RuntimeError(f"{pathway}: {BEFORE} makes {before:.0f} visits where this version makes {now:.0f}")


def rounds_of(name: str, case: Case, both: dict[str, Path], folder: Path, most: int) -> Iterator[dict[str, float]]:
    """Let the two take turns, each beginning every other round; yield what each took."""
    if name != "first":
        for tree in both.values():
            measured(case, tree, folder)
    for number in range(min(case.most, most)):
        each = {}
        for which in sorted(both, reverse=bool(number % 2)):
            with tempfile.TemporaryDirectory() as empty:
                env = {"NUMBA_CACHE_DIR": empty} if name == "first" else {}
                each[which] = measured(case, both[which], folder, **env)
        yield each


def row(case: Case, rounds: list[dict[str, float]]) -> str:
    """Write a line of the table: both, the median of the rounds' ratios, their least and greatest, and the goal."""
    ratios = [each["now"] / each["before"] for each in rounds]
    middle = statistics.median(ratios)
    before, now = (statistics.median(each[which] for each in rounds) for which in ("before", "now"))
    short = "falls short" if middle > case.goal else ""
    what = "clock" if case.clock else "CPU"
    return (
        f"| {case.title}: {what} | {before:.3g} {case.unit} | {now:.3g} {case.unit} | {middle:.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)}) | ≤ {case.goal:g} | {short} |"
    )


def table(run: dict[str, Any]) -> str:
    """Write the marked region of the page."""
    first, last = run["load"]
    lines = [
        f"{run['date']}, {run['cores']} cores, load {first:.1f} when it began, {last:.1f} when it ended; before is "
        f"`{run['before']}`.",
        "",
        "| | before | now | ratio (least to greatest, rounds) | goal | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    return "\n".join(lines + [row(CASES[name], rounds) for name, rounds in run["rounds"].items()])


def main() -> None:
    """Measure, and write after each case what there is."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=9, help="at most so many of each case")
    parser.add_argument("--only", default="", help="the cases whose names hold this")
    arguments = parser.parse_args()
    run: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "load": [os.getloadavg()[0]] * 2,
        "before": BEFORE,
        "rounds": {},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        both = trees(folder)
        same_citizens(both, folder)
        for name, case in CASES.items():
            if arguments.only in name:
                run["rounds"][name] = list(rounds_of(name, case, both, folder, arguments.rounds))
                run["load"][1] = os.getloadavg()[0]
                print(row(case, run["rounds"][name]), flush=True)
                arguments.file.write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
