"""The engine is compiled by a process of its own, once, so that a page that stays open holds no compiler."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from flowsim.simulation.engine import machine_code
from flowsim.web import compiling
from flowsim.web.compiling import Compilation

LOOK = """
from concurrent.futures import ThreadPoolExecutor
from flowsim.reporting.language import Language
from flowsim.simulation.engine import kernel
from flowsim.simulation.measures import passes
from flowsim.web import workbench
from flowsim.web.asked import Choice
from flowsim.web.compiling import Compilation
from flowsim.web.serving import desk_of

Compilation().wait()
workbench.FIRST_LOOK, workbench.LOOK, workbench.RUN = 1, 2, 2
bench = workbench.Workbench.of(desk_of("copenhagen"))
state = Choice(changes=[{"control": "team_closed", "since": "2022-07-01", "through": "2022-07-31"}])
with ThreadPoolExecutor(2) as executor:
    for ask in (bench.look, bench.run):
        assert list(ask(state, 2022, Language.of("en"))(executor, lambda done, total: None))
stats = {name: part.stats for room in (kernel, passes) for name, part in vars(room).items() if hasattr(part, "stats")}
print([name for name, one in stats.items() if one.cache_misses], stats["take_up"].cache_hits != {})
"""


@pytest.fixture
def asked(monkeypatch):
    """Let nothing be compiled, and list what other processes are asked for."""
    calls = []
    monkeypatch.setattr(machine_code, "is_cached", lambda _: False)
    monkeypatch.setattr(compiling.subprocess, "run", lambda words, **_: calls.append(words))
    return calls


def test_it_is_compiled_once(asked):
    compilation = Compilation()
    compilation.wait()
    compilation.wait()
    assert asked == [[sys.executable, "-P", "-m", "flowsim.web.compiling"]]


def test_nothing_is_compiled_apart_that_is_there_or_that_has_no_place(asked, monkeypatch):
    monkeypatch.setattr(machine_code, "is_kept", lambda _: False)
    Compilation().wait()
    monkeypatch.undo()
    monkeypatch.setattr(compiling.subprocess, "run", lambda words, **_: asked.append(words))
    monkeypatch.setattr(machine_code, "is_cached", lambda _: True)
    Compilation().wait()
    assert asked == []


@pytest.mark.parametrize("error", [OSError("no process"), subprocess.CalledProcessError(1, "it", stderr=b"a fault")])
def test_where_no_other_process_can_it_is_left_to_this_one(asked, monkeypatch, caplog, error):
    def fail(*words, **settings):
        raise error

    monkeypatch.setattr(compiling.subprocess, "run", fail)
    compilation = Compilation()
    with caplog.at_level("WARNING", logger="flowsim.web"):
        compilation.wait()
    assert compilation.seconds == 0
    assert ("a fault" if isinstance(error, subprocess.CalledProcessError) else "no process") in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="the other process is a shell script")
def test_one_that_hangs_is_given_up_ended_and_told_of(monkeypatch, caplog, tmp_path):
    child = tmp_path / "python"
    child.write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\nexec sleep 60\n')
    child.chmod(0o755)
    monkeypatch.setattr(machine_code, "is_cached", lambda _: False)
    monkeypatch.setattr(compiling.sys, "executable", str(child))
    monkeypatch.setattr(compiling, "_PATIENCE", 0.5)
    compilation = Compilation()
    with caplog.at_level("WARNING", logger="flowsim.web"):
        compilation.wait()
    assert compilation.seconds == 0
    assert "timed out after 0.5 seconds" in caplog.text
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.slow
def test_all_that_looks_and_runs_need_is_compiled_by_the_other_process(tmp_path):
    settings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LOOK], env=settings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "[] True\n")
