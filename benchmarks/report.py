"""Turn one run of the benchmarks into the tables of `docs/background/benchmarks.md`, and compare it with the last one.

`python -m benchmarks.report RUN.json BESIDE.json [--accept]`: exits with 1 where flowsim has become more than 20 %
slower against a peer than in the last run on a like machine; such a run is not remembered unless it is accepted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import beside

HERE = Path(__file__).parent
HISTORY = HERE / "history.jsonl"
PAGE = HERE.parent / "docs" / "background" / "benchmarks.md"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"
BESIDE = "<!-- written by make bench, beside the commit before -->"

ENGINES = {"cpp": "C++", "heapq": "heapq", "simpy": "SimPy", "ciw": "Ciw", "salabim": "salabim"}
PACKAGES = ("flowsim", "numba", "numpy", "simpy", "ciw", "salabim", "greenlet")
TITLES = {"mm10": "M/M/10 at 0.9", "network": "four stations and a meeting", "copenhagen": "Copenhagen"}
SLOWER = 0.20

# name, what it is, unit, goal, whether more is better
GOALS = (
    ("visit/1", "Copenhagen, 12,500 in stock: CPU a visit", "ns", 200, False),
    ("visit/10", "Copenhagen, 125,000 in stock: CPU a visit", "ns", 350, False),
    ("measures", "Copenhagen: CPU of a replication with all measures", "ms", 20, False),
    ("copenhagen/1/simpy", "Copenhagen against SimPy", "×", 100, True),
    ("mm10/100000/simpy", "M/M/10 against SimPy", "×", 130, True),
    ("mm10/100000/ciw", "M/M/10 against Ciw", "×", 280, True),
    ("mm10/100000/salabim", "M/M/10 against salabim", "×", 3500, True),
    ("mm10/100000/cpp", "M/M/10 against C++ on the same draws", "×", 1, True),
    ("growth", "CPU a citizen of M/M/10, 10⁷ citizens against 10⁴", "×", 1.2, False),
    ("memory/mm10/10000000", "peak memory a visit, M/M/10, 10⁷ citizens", "bytes", 80, False),
    ("memory/copenhagen/10", "peak memory a visit, Copenhagen, 125,000 in stock", "bytes", 80, False),
    ("first/cold", "first replication, nothing compiled yet: CPU", "s", 8, False),
    ("first/warm", "first replication, compiled before: CPU", "s", 1, False),
    ("workers", "two workers against one, 100 replications: wall time", "×", 1.8, True),
)


def read(run: dict[str, Any]) -> tuple[dict[tuple[str, str, int], float], dict[str, float], dict[str, float]]:
    """Return seconds by (case, engine, size), ratios of peers to flowsim, and the figures that have goals."""
    seconds: dict[tuple[str, str, int], float] = {}
    figures: dict[str, float] = {}
    for one in run["benchmarks"]:
        info, best = one["extra_info"], one["stats"]["min"]
        if "engine" in info:
            seconds[info["case"], info["engine"], info["size"]] = best
            if info["case"] == "copenhagen" and info["engine"] == "flowsim":
                figures[f"visit/{info['size']}"] = best / info["visits"] * 1e9
        elif info["figure"] == "measures":
            figures["measures"] = best / 10 * 1e3
        else:
            figures[info["figure"]] = info["value"]
            if "warm" in info:
                figures["first/warm"] = info["warm"]
    ratios = {
        f"{case}/{size}/{engine}": peer / seconds[case, "flowsim", size]
        for (case, engine, size), peer in seconds.items()
        if engine != "flowsim" and (case, "flowsim", size) in seconds
    }
    ends = [seconds.get(("mm10", "flowsim", size)) for size in (10**4, 10**7)]
    if ends[0] and ends[1]:
        figures["growth"] = ends[1] / 10**7 / (ends[0] / 10**4)
    return seconds, ratios, figures


def table(run: dict[str, Any], entry: dict[str, Any]) -> str:
    """Write the marked region: the machine, the goals, and engine by case by size."""
    seconds, ratios, figures = read(run)
    machine, versions = entry["machine"], entry["versions"]
    lines = [
        f"{entry['date']}, {machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python "
        f"{machine['python']}; load when it ended {entry['load']:.1f}. "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        "",
        "| | goal | measured | |",
        "|---|--:|--:|---|",
    ]
    for name, what, unit, goal, more in GOALS:
        value = (ratios | figures).get(name)
        if value is not None:
            met = value >= goal if more else value <= goal
            sign = "≥" if more else "≤"
            lines.append(
                f"| {what} | {sign} {goal:,} {unit} | {number(value)} {unit} | {'' if met else 'falls short'} |"
            )
    lines += ["", f"| case | citizens | flowsim, ns a citizen | {' | '.join(ENGINES.values())} |"]
    lines.append("|---|--:|--:|" + "--:|" * len(ENGINES))
    citizens = {
        (info["case"], info["size"]): info["citizens"]
        for info in (one["extra_info"] for one in run["benchmarks"])
        if "citizens" in info
    }
    for (case, size), count in citizens.items():
        cells = [ratios.get(f"{case}/{size}/{engine}") for engine in ENGINES]
        shown = " | ".join("" if cell is None else f"{number(cell)}×" for cell in cells)
        own = seconds[case, "flowsim", size] / count * 1e9
        lines.append(f"| {TITLES[case]} | {count:,} | {number(own)} | {shown} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Write three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def filled(page: str, region: str, begin: str = BEGIN) -> str:
    """Return the page with its marked region written anew."""
    before, rest = page.split(begin)
    return f"{before}{begin}\n\n{region}\n\n{END}{rest.split(END, 1)[1]}"


def slowdowns(entry: dict[str, Any], history: list[dict[str, Any]]) -> list[str]:
    """Say where flowsim has become slower against a peer since the last run on a like machine.

    A ratio is compared only where the peer's version is the same: otherwise its change may be the peer's.
    """
    like = [old for old in history if old["machine"] == entry["machine"]]
    if not like:
        return []
    last, out = like[-1], []
    for name, ratio in entry["ratios"].items():
        # A plain loop has Python's version, which a like machine shares; the compiler stands among the versions.
        peer = name.rsplit("/", 1)[1]
        package = {"cpp": "g++"}.get(peer, peer)
        if name in last["ratios"] and entry["versions"].get(package) == last["versions"].get(package):
            slower = last["ratios"][name] / ratio - 1
            if slower > SLOWER:
                out.append(
                    f"{name}: flowsim is {slower:.0%} slower against this peer than on {last['date']} "
                    f"({number(last['ratios'][name])}× then, {number(ratio)}× now)"
                )
    return out


def entry_of(run: dict[str, Any]) -> dict[str, Any]:
    """Return the line of the history."""
    _, ratios, figures = read(run)
    info = run["machine_info"]
    machine = {
        "cpu": info["cpu"].get("brand_raw", info["processor"]),
        "cores": info["cpu"].get("count", os.cpu_count()),
        "system": info["system"],
        "python": info["python_version"],
    }
    return {
        "date": run["datetime"][:10],
        "machine": machine,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        "versions": versions(),
        "ratios": {name: round(value, 4) for name, value in ratios.items()},
        "figures": {name: round(value, 4) for name, value in figures.items()},
    }


def versions() -> dict[str, str]:
    """Return the versions of flowsim and its peers that are installed here."""
    out = {}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if shutil.which("g++"):
        told = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True)
        out["g++"] = told.stdout.strip()
    return out


def main(arguments: list[str]) -> int:
    """Write the table, compare, remember; return the exit code."""
    run = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    entry = entry_of(run)
    history = [json.loads(line) for line in HISTORY.read_text().splitlines()] if HISTORY.exists() else []
    region = table(run, entry)
    print(region)
    page = filled(PAGE.read_text(encoding="utf-8"), region)
    earlier = beside.table(json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    print(earlier)
    PAGE.write_text(filled(page, earlier, BESIDE), encoding="utf-8")
    slower = slowdowns(entry, history)
    for line in slower:
        print(f"SLOWER: {line}")
    if slower and "--accept" not in arguments:
        return 1
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
