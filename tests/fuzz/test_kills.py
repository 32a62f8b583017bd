"""Processes that write are killed at random moments: nothing is torn or lost, and nothing left after the next start."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from flowsim.core.writing.atomic import remove_strays
from helpers.paths import TOWN

WRITER = """
import itertools, sys
from pathlib import Path
from flowsim.cli.signals import end, listen, stop_signal
from flowsim.core.writing.atomic import placed_folder
from flowsim.core.files import write_files
listen()
folder = Path(sys.argv[1])
try:
    for n in itertools.count():
        with placed_folder(folder / "run", lambda: None) as building:
            for name in ("measures.csv", "replications.csv", "manifest.json"):
                (building / name).write_bytes(b"%d\\n" % n * 20_000)
        names = ("a.html", "b.pdf", "c.xlsx")
        write_files({folder / name: b"%d\\n" % n * 20_000 for name in names}, overwrite=True)
except KeyboardInterrupt:
    end(stop_signal())
"""
SETS = (("run/measures.csv", "run/replications.csv", "run/manifest.json"), ("a.html", "b.pdf", "c.xlsx"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_at_a_random_moment_tears_and_loses_nothing(number, tmp_path):
    chance = random.Random(int(number))
    for kill in range(8):
        folder = tmp_path / str(kill)
        folder.mkdir()
        with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stderr=subprocess.PIPE) as writer:
            while not (folder / "a.html").exists():
                time.sleep(0.002)
            time.sleep(0.2 * chance.random())
            writer.send_signal(number)
            complaint = writer.stderr.read()
        if number == signal.SIGTERM:
            assert (writer.returncode, complaint) == (143, b"flowsim: stopped; nothing is half written\n")
        remove_strays(folder)  # as the next command does that writes there
        assert sorted(os.listdir(folder)) == ["a.html", "b.pdf", "c.xlsx", "run"]
        for names in SETS:
            contents = {(folder / name).read_bytes() for name in names}
            assert len(contents) == 1
            assert len(set(contents.pop().splitlines())) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_the_earlier_one(number, tmp_path):
    command = [sys.executable, "-m", "flowsim", "run", str(TOWN), "-q", "--out", "run"]
    subprocess.run([*command, "-n", "2"], cwd=tmp_path, check=True)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with subprocess.Popen([*command, "-n", "100000", "--force"], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        time.sleep(4.0)
        process.send_signal(number)
    assert process.returncode == (-9 if number == signal.SIGKILL else 143)
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    subprocess.run([*command, "-n", "2", "--force"], cwd=tmp_path, check=True)
    assert os.listdir(tmp_path) == ["run"]
