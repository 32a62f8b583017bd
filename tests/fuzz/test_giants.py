"""Imports are bounded: whatever a file claims, it is read or refused in one line, in little time and memory."""

import os
import subprocess
import sys

import pytest

from flowsim import InputError, Scenario, read_base
from flowsim.calibration.study import Study
from flowsim.calibration.targets import read_targets
from flowsim.core.files import read_data
from flowsim.evidence.facts import load
from flowsim.evidence.series import read
from flowsim.evidence.tables import read_sheet
from flowsim.planning.prices import Prices
from flowsim.questions.run import Run
from fuzz.giants import GIANTS, rows, workbook

QUICK = ("extent.xlsx", "laughs.xlsx", "outside.xlsx", "deep.xlsx", "wide.csv", "dotted.toml", "dotted_header.toml")
QUICK += ("deep.toml", "hex.toml", "infinite.json", "zip.csv")
MESSAGES = {
    "extent.xlsx": "more than 200,000 rows",
    "laughs.xlsx": "its XML has definitions of its own",
    "outside.xlsx": "its XML has definitions of its own",
    "deep.xlsx": "nested more than 64 deep",
    "far.xlsx": "more than 1,000,000 cells",
    "bomb.xlsx": "at most 40,000,000 are read",
    "rows.xlsx": "",  # on a busy machine the seconds end before the rows do
    "cells.xlsx": "at most 40,000,000 are read",
    "wide.csv": "more than 16,384 columns",
    "blank.csv": "the file is empty",
    "commas.csv": "more than 1,000,000 cells",
    "dotted.toml": "line 1: a key of more than 50 parts is not read",
    "dotted_header.toml": "line 1: a key of more than 50 parts is not read",
    "big.toml": "are more than the 5,000,000 that are read",
    "hex.toml": "a: a whole number has at most 63 bits",
    "infinite.json": "a: inf is no number that can be used",
}


def answer(path):
    """Return what reading a file says, in one line; an empty text where it is read."""
    try:
        if path.suffix in (".toml", ".json"):
            read_data(path.read_bytes(), path.name)
        else:
            read(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", QUICK)
def test_small_files_that_claim_much_are_answered(name, tmp_path):
    (tmp_path / name).write_bytes(GIANTS[name]())
    line = answer(tmp_path / name)
    assert line.startswith(f"{name}")
    assert MESSAGES.get(name, "") in line
    assert "\n" not in line
    assert len(line) < 2_000


READERS = {
    "scenario": Scenario.of,
    "base": read_base,
    "prices": lambda path: Prices.read(path),
    "study": Study.read,
    "targets": lambda path: read_targets(path, read_base("copenhagen").evidence),
    "facts": load,
    "question": Run.read,
    "series": read,
}


@pytest.mark.parametrize("reader", READERS)
def test_no_more_of_a_file_is_loaded_than_is_read(reader, tmp_path):
    path = tmp_path / ("a.csv" if reader == "series" else "a.toml")
    path.touch()
    os.truncate(path, 2**40)  # takes no room on the disk, and would take a terabyte of memory
    with pytest.raises(InputError, match=r"1,099,511,627,776 bytes are more than the [05,]+ that are read"):
        READERS[reader](path)


@pytest.mark.parametrize("reader", ["targets", "facts", "study", "prices", "question"])
def test_no_reader_of_plain_data_follows_a_key_without_end(reader, tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\n# a comment\n" + GIANTS["dotted.toml"]())
    with pytest.raises(InputError, match="line 3: a key of more than 50 parts is not read"):
        READERS[reader](tmp_path / "a.toml")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory of a process itself is read as Linux tells it")
@pytest.mark.parametrize("name", GIANTS)
def test_any_import_takes_at_most_a_gigabyte_and_twenty_seconds(name, tmp_path):
    (tmp_path / name).write_bytes(GIANTS[name]())
    assert (tmp_path / name).stat().st_size < 50_000_000
    program = (
        "import re, sys, time\nfrom pathlib import Path\nfrom fuzz.test_giants import answer\n"
        f"begun = time.process_time()\nline = answer(Path({str(tmp_path / name)!r}))\n"
        "seconds = time.process_time() - begun\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1]\n"
        "print(1024 * int(peak), seconds, line)"
    )
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}
    )
    assert done.stderr == ""
    peak, seconds, line = done.stdout.split(" ", 2)
    print(f"{name}: {int(peak) / 1e6:.0f} MB, {float(seconds):.1f} s: {line.strip()[:110]}")
    assert int(peak) <= 1e9
    assert float(seconds) <= 20
    assert MESSAGES.get(name, "") in line


def test_a_sheet_that_claims_a_million_rows_has_those_that_stand_in_it(tmp_path):
    cells = '<row><c t="inlineStr"><is><t>Tid</t></is></c><c><v>5</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(workbook(f'<dimension ref="A1:XFD1048576"/><sheetData>{cells}</sheetData>'))
    assert read_sheet(tmp_path / "a.xlsx").rows == (("Tid", 5.0),)


def test_limits_are_in_the_message_and_just_below_them_a_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("flowsim.evidence.tables._MOST_ROWS", 5)
    monkeypatch.setattr("flowsim.evidence.tables._MOST_COLUMNS", 4)
    monkeypatch.setattr("flowsim.evidence.tables._MOST_CELLS", 16)
    for line_count, width, message in ((5, 3, ""), (6, 1, "5 rows"), (1, 5, "4 columns"), (5, 4, "16 cells")):
        (tmp_path / "a.xlsx").write_bytes(workbook(rows(line_count, width)))
        (tmp_path / "a.csv").write_text(f"{';'.join('1' * width)}\n" * line_count)
        for name in ("a.xlsx", "a.csv"):
            if message:
                with pytest.raises(InputError, match=f"{name}.*more than {message} are not read"):
                    read_sheet(tmp_path / name)
            else:
                assert len(read_sheet(tmp_path / name).rows) == line_count
    # Rows of unlike lengths are padded: that counts too.
    (tmp_path / "a.csv").write_text("1\n1\n1\n1\n1;2;3;4\n")
    with pytest.raises(InputError, match="5 rows of 4 cells: more than 16 cells are not read"):
        read_sheet(tmp_path / "a.csv")


def test_reading_that_takes_too_long_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("flowsim.evidence.tables._MOST_SECONDS", -1.0)
    (tmp_path / "a.csv").write_text("1;2\n")
    with pytest.raises(InputError, match="reading it takes longer than"):
        read_sheet(tmp_path / "a.csv")


def test_names_from_files_are_cut_and_messages_stay_on_one_line():
    with pytest.raises(InputError) as error:
        read_data(b'"' + b"x" * 100_000 + b'\\n" = +', "a.toml")
    assert len(str(error.value)) < 300
    assert "…" in str(error.value)
    assert str(InputError("a\nb\tc")) == "a b c"
    assert len(str(InputError("word " * 10_000))) < 2_100
    assert str(InputError("x" * 299)) == "x" * 299
