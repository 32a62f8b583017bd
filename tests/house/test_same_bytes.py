"""Every output file is the same twice: in another process, second, time zone, language, folder and hash seed."""

import os
import subprocess
import sys

import pytest

from flowsim.reporting.pictures.canvas import blank_canvas, drawn
from helpers.paths import TOWN

MORE = """\
name = "more"
base = "{base}"

[[stations]]
station = "team"
party = "town"
from = 2024-01-01
places = "+2"
"""
SERIES = "Ydelse;" + ";".join(f"{2015 + n // 4}K{n % 4 + 1}" for n in range(24))
SERIES += "\nkonto;" + ";".join(str(100 + 7 * n % 23) for n in range(24)) + "\n"
DANISH = ("--language", "da")  # where none is named, a picture speaks as the terminal does
QUICK = {
    "diagram": ("diagram", "town.toml", "--out", "diagram.svg"),
    "diagram mermaid": ("diagram", "town.toml", "--out", "diagram.mmd"),
    "new": ("new", "new.toml", *DANISH),
    "today xlsx": ("today", "new", "list.xlsx", "--of", "town.toml", *DANISH),
    "today csv": ("today", "new", "list.csv", "--of", "town.toml", *DANISH),
}
SLOW = {
    "base": ("base", "new", "lilleby", "--citizens", "430", "--from", "2025-01-01", "--until", "2026-01-01", *DANISH),
    "run": ("run", "town.toml", "-n", "3", "--out", "run", "--parquet", "-q"),
    "compare": (
        "compare",
        "town.toml",
        "more.toml",
        "-n",
        "3",
        "--out",
        "compared",
        "--plot",
        "compared.pdf",
        "-q",
        *DANISH,
    ),
    "forecast svg": ("forecast", "series.csv", "--plot", "forecast.svg", *DANISH),
    "forecast png": ("forecast", "series.csv", "--plot", "forecast.png", *DANISH),
    "forecast pdf": ("forecast", "series.csv", "--plot", "forecast.pdf", "--out", "forecast.csv", *DANISH),
    "explain": (
        *("explain", "town.toml", "--measure", "awards.course", "--period", "2024", "--vary", "team.places"),
        *("--between", "2", "4", "-n", "40", "--plot", "explained.pdf", "--out", "explained.csv", *DANISH),
    ),
    "staff": (
        *("staff", "town.toml", "--goal", "wait for team <= 4 weeks", "--during", "2024", "--vary", "team.places"),
        *("--between", "1", "9", "--plot", "staffed.pdf", "--out", "staffed.csv", *DANISH),
    ),
    "report html": ("report", "town.toml", "more.toml", "-n", "3", "--out", "report.html", "-q", *DANISH),
    "report xlsx": ("report", "town.toml", "more.toml", "-n", "3", "--out", "report.xlsx", "-q", *DANISH),
    "report pdf": ("report", "town.toml", "more.toml", "-n", "3", "--out", "report.pdf", "-q", *DANISH),
    "report pptx": ("report", "town.toml", "more.toml", "-n", "3", "--out", "report.pptx", "-q", *DANISH),
}
WAYS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "LC_ALL": "da_DK.UTF-8", "LANG": "da_DK.UTF-8"},
)


def files_of(words, folder, way):
    """Return what a command writes in a folder of its own, by name."""
    folder.mkdir(parents=True)
    (folder / "town.toml").write_bytes(TOWN.read_bytes())
    (folder / "more.toml").write_text(MORE.format(base="town.toml"))
    (folder / "series.csv").write_text(SERIES)
    before = set(folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "flowsim", *words], cwd=folder, env=os.environ | way, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    new = sorted(set(folder.iterdir()) - before)
    paths = [path for entry in new for path in (entry, *entry.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize("kind", [".pdf", ".svg", ".png"])
def test_a_picture_tells_no_time(kind, monkeypatch):
    pictures = set()
    for moment in ("0", "1000000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)
        figure = blank_canvas(2.0)
        figure.add_subplot().plot([1, 2], [3, 4])
        pictures.add(drawn(figure, kind))
    assert len(pictures) == 1


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_every_output_file_is_the_same_twice(name, tmp_path):
    words = (QUICK | SLOW)[name]
    first = files_of(words, tmp_path / "a", WAYS[0])
    second = files_of(words, tmp_path / "another folder" / "of a longer name", WAYS[1])
    assert sorted(first) == sorted(second)
    assert len(first) >= 1
    assert [file for file in first if first[file] != second[file]] == []
