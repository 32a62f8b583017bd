"""Hostile input ends in an answer or in one line; what once ended otherwise stays in the corpus."""

import os
import shutil
from pathlib import Path

import pytest

from fuzz import inputs, judge

pytestmark = pytest.mark.skipif(os.name == "nt", reason="time is bounded by POSIX's alarm")
CASES = {"toml": 150, "csv": 100, "xlsx": 100, "words": 8}
"""Some of each kind at every run; `make fuzz` tries them by the hundred thousand."""
LINES = (
    ["run", "desk.toml", "--workers", "-1"],
    ["run", "x" * 5000],
    ["run", "\udcff\udcfe.toml"],
    ["run", "desk.toml", "-n", "9" * 400],
    ["run", "desk.toml", "--precision", "1e400"],
    ["run", "desk.toml", "--precision", "nan"],
    ["check", "a\nb"],
    ["forecast", "bad.csv"],
    ["names", "bad.toml"],
)
"""Command lines that once ended otherwise, or that nearly did."""


@pytest.mark.parametrize("kind", CASES)
def test_hostile_input_is_answered_in_one_line(kind, tmp_path):
    for seed in range(CASES[kind]):
        assert judge.KINDS[kind](seed, tmp_path) == "", f"{kind} {seed}"


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cases"), [("toml", 2_000), ("csv", 1_500), ("xlsx", 1_500), ("words", 100)])
def test_more_hostile_input_is_answered_in_one_line(kind, cases, tmp_path):
    faults = [fault for seed in range(10_000, 10_000 + cases) if (fault := judge.KINDS[kind](seed, tmp_path))]
    assert faults == []


@pytest.mark.parametrize("path", judge.corpus(), ids=lambda path: path.name)
def test_what_once_ended_otherwise_is_answered_in_one_line(path, tmp_path):
    shutil.copy(path, tmp_path)
    (tmp_path / "desk.toml").write_text(inputs.PATHWAY)
    read = judge.read if path.suffix != ".toml" else judge.compiled
    assert judge.fault_of(lambda: read(tmp_path / path.name)) == ""


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line)[:30].encode("ascii", "replace").decode())
def test_command_lines_that_once_ended_otherwise(line, tmp_path):
    judge.prepare(tmp_path)
    assert judge.line_fault(line, tmp_path) == ""


def test_the_judge_sees_what_is_wrong():
    def fails():
        raise ZeroDivisionError

    assert "ZeroDivisionError" in judge.fault_of(fails)
    assert judge.fault_of(lambda: None) == ""


def test_what_is_not_damaged_is_read(tmp_path):
    judge.prepare(tmp_path)
    for name in ("desk.toml", "mine.toml"):
        judge.compiled(tmp_path / name)
    judge.read(tmp_path / "series.csv")
    assert Path(tmp_path / "bad.toml").is_file()


def test_a_good_part_of_what_is_made_is_read_and_a_good_part_refused(tmp_path):
    # Where all is refused at the door, nothing behind it is tried.
    for make, name, read in (
        (inputs.csv, "a.csv", judge.read),
        (inputs.xlsx, "a.xlsx", judge.read),
        (lambda seed: inputs.toml(seed).get("mine.toml"), "mine.toml", judge.compiled),
    ):
        (tmp_path / "desk.toml").write_text(inputs.PATHWAY)
        good = 0
        for seed in range(60):
            (tmp_path / name).write_bytes(make(seed))
            try:
                read(tmp_path / name)
                good += 1
            except judge.InputError:
                pass
        assert 4 <= good <= 40, name
