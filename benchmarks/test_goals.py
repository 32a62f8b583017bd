"""What is no ratio to a peer: memory, the first call, two workers, and a replication with all its measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import flowsim
from benchmarks import cases

ROOT = Path(__file__).parents[1]

MEMORY = """
import json, sys
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from benchmarks import cases
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.compiler import compile_pathway

def peak():
    # Linux hands the peak of the parent down in getrusage; what the kernel keeps of this process alone is VmHWM.
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

simulate(compile_pathway(cases.mm10(1000)), 1, 0)
model = compile_pathway(cases.{case}({size}))
before = peak()
trace = simulate(model, 1, 0)
print(json.dumps((peak() - before) / len(trace.visits)))
"""

FIRST = """
import json, time
from benchmarks import cases
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.compiler import compile_pathway
model = compile_pathway(cases.copenhagen())
before = time.process_time()
simulate(model, 1, 0)
print(json.dumps(time.process_time() - before))
"""


def told(code, **env):
    """Run Python code in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def keep(benchmark, name, value):
    """Put a figure that is measured elsewhere where the report finds it."""
    benchmark.extra_info |= {"figure": name, "value": value}
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.parametrize(("case", "size"), [("mm10", 10**5), ("mm10", 10**7), ("network", 10**6), ("copenhagen", 10)])
def test_memory(benchmark, case, size):
    keep(benchmark, f"memory/{case}/{size}", told(MEMORY.format(case=case, size=size)))


def test_first_call(benchmark, tmp_path):
    benchmark.extra_info |= {"figure": "first/cold", "value": told(FIRST, NUMBA_CACHE_DIR=str(tmp_path))}
    warm = benchmark.pedantic(told, (FIRST,), {"NUMBA_CACHE_DIR": str(tmp_path)}, rounds=1)
    benchmark.extra_info |= {"warm": warm}


def test_two_workers(benchmark):
    """One worker and two take turns, so that a busy moment meets both; the best of each counts."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("there is one core")
    pathway = cases.copenhagen()
    flowsim.run(pathway, replications=2, workers=1)
    walls = {1: [], 2: []}
    for _ in range(3):
        for workers, each in walls.items():
            before = time.perf_counter()
            flowsim.run(pathway, replications=100, workers=workers)
            each.append(time.perf_counter() - before)
    keep(benchmark, "workers", min(walls[1]) / min(walls[2]))


def test_replication_with_measures(benchmark):
    pathway = cases.copenhagen()
    flowsim.run(pathway, replications=2, workers=1)
    benchmark.extra_info |= {"figure": "measures"}
    benchmark.pedantic(flowsim.run, (pathway,), {"replications": 10, "workers": 1}, rounds=5)
