"""What is wrong in a list is said in Danish: each sentence that is raised while one is read has its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowsim.core.errors import unknown_name
from flowsim.reporting.language import Language
from helpers.paths import ROOT

SOURCE = ROOT / "src" / "flowsim"
FILES = [
    SOURCE / "evidence" / "cases.py",
    SOURCE / "model" / "today" / "listing.py",
    SOURCE / "web" / "screens" / "lists.py",
    SOURCE / "evidence" / "tables.py",
]
# In tables.py: figures of series, which a list has none of, and what another library says.
ELSEWHERE = {"reader", "figure"}


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each text that a function raises as an InputError, with something filled in for what is in braces."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "InputError":
                text = "".join(filled(call.args[0]))
                if text:  # a message in a variable is none of these
                    yield function.name, text


def filled(text: ast.expr) -> Iterator[str]:
    if isinstance(text, ast.Constant):
        yield str(text.value)
    elif isinstance(text, ast.JoinedStr):
        for part in text.values:
            yield from filled(part)
    elif isinstance(text, ast.FormattedValue):
        value = text.value
        called = isinstance(value, ast.Call) and getattr(value.func, "id", "")
        if called == "unknown_name":
            yield unknown_name(value.args[0].value, "wating", ["waiting", "under way"])
        elif called == "_too_many":
            yield "more than 9 cells are not read: keep the table that you mean, by itself"
        else:
            yield "C3"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_sentence_that_is_raised_has_danish_words(path):
    danish, known = Language.of("da"), [text for function, text in sentences(path) if function not in ELSEWHERE]
    assert known
    # What comes first is where it is: the file, the cell.
    assert [text for text in known if danish.translated(re.sub("^(C3: )+", "", text)) in text] == []


CALIBRATIONS = [
    SOURCE / "calibration" / f"{name}.py"
    for name in (
        *("workflow", "checkpoints", "ensemble", "histories/drawn", "histories/weighing", "rehearsal", "retrospect"),
        "verdict",
    )
]
ENGLISH = re.compile(r"\b(the|of|is|and|are|that|another|again|by|none|such|which|it|with|name|be)\b")


@pytest.mark.parametrize("path", CALIBRATIONS, ids=lambda path: path.stem)
def test_what_is_wrong_with_a_calibration_is_said_in_danish_as_a_whole(path):
    danish, known = Language.of("da"), [text for _, text in sentences(path)]
    assert known
    for text in known:
        said = danish.message(text)
        assert said != text
        assert ENGLISH.findall(re.sub("'[^']*'|`[^`]*`", "", said)) == [], said


def test_what_is_filled_in_is_kept_and_english_stays_as_it_is():
    text = "liste.csv: C2: '1-13-2021' is no day: write it as 2026-03-09 or 9-3-2026"
    assert Language.of("da").message(text) == (
        "liste.csv: C2: '1-13-2021' er ikke en dato. Skriv den som 9-3-2026 eller 2026-03-09"
    )
    assert Language.of("en").message(text) == text
    assert Language.of("da").message("something else") == "something else"
    near = "l.csv: B4: there is no situation 'wating'; did you mean 'waiting'? (allowed: i gang, under way)"
    assert Language.of("da").message(near).startswith("l.csv: B4: 'wating' er ingen situation. Mente du 'waiting'?")


def test_what_stands_in_quotes_is_the_readers_own_and_stays():
    danish = Language.of("da")
    text = (
        "l.csv: D1: the column 'rows' is not read, and holds 'a PDF': leave it out, or give it one of the titles, once"
    )
    assert "Kolonnen 'rows' læses ikke, men indeholder 'a PDF'." in danish.message(f"{text} (allowed: sted)")
    assert danish.message("l.pdf: this is a PDF, which is not read: open it and save it as .xlsx or .csv") == (
        "l.pdf: Det er en PDF, som ikke læses. Åbn filen, og gem den som .xlsx eller .csv"
    )
    assert danish.message(
        "l.csv: 2,000,000 rows of 9 cells: more than 1,000,000 cells are not read: keep the table that "
        "you mean, by itself"
    ).startswith("l.csv: 2.000.000 rækker med 9 felter: Mere end 1.000.000 felter ")


@pytest.mark.parametrize(
    "text",
    [
        "--out: 'o1' holds a run already: name another folder, or add --force",
        "--out: 'ff' is a file: name a folder that does not exist yet",
        "--out: '.' holds 'o1', no part of a run: name another folder",
        "--out: this is the folder you are in: name another",
        "--replications: 0 is not allowed: from 1 to 10,000,000 can be run",
        "--seed: -1 is not allowed: a seed is a whole number from 0 to 2**64 - 1",
        "--cluster: no scheduler answers at 'tcp://x:1' (such as tcp://host:8786): refused",
        "population: about 9,000 citizens are expected, and at most 5 fit one replication: lower the arrivals or "
        "counts of the entries, or shorten the horizon",
        "memory: about 9.0 GiB are needed (5,000 citizens a replication, 2 at a time) and 1.0 GiB are free: lower the "
        "arrivals, shorten the horizon, or run fewer replications",
        "x.toml: today_is: 2014-01-01 is not allowed: after the base's start (2015-01-01) and before the end of the "
        "run (2025-01-01)",
        "p.toml: staff.team: name the party too, such as staff.team.PARTY",
        "p.toml: staff.x: '5 kr' is no price: write '5 DKK per hour'",
        "p.toml: staff.x: '-5 DKK' is negative: a price is 0 or more",
        "p.toml: sums.a: 'x' stands in both `only` and `except`",
        "p.toml: staff.x: it is in DKK, and staff.y in EUR: use one currency",
        "own.csv: a: 3 quarters are too few: at least 8 are needed, two years",
        "own.csv: a: all 12 quarters are 5: such a series does not tell how sure it is",
        "own.csv: a: all of the last 144 months are 5: such a series does not tell how sure it is",
        "own.csv: B7: '13' is no month of 2019",
        "own.csv: A3: '2O19' is no year",
        "own.csv: A3: each row needs its year",
        "own.csv: it is in percent, and shares of months have no sum: take their mean",
        "--shock: 'foo' is not understood: write 2020Q2=as-observed, or 2020Q2=recovers:4 where the series is back on "
        "its course four quarters later (1: the quarter alone)",
        "wait.team: it is 0 in every run, so nothing drives it",
        'base.toml: parameters.a: it is never used: write "$a" where it belongs, or drop it',
        "base.toml: the state 'x' stands twice",
    ],
)
def test_what_planners_are_refused_is_said_in_danish_as_a_whole(text):
    said = Language.of("da").message(text)
    bare = re.sub("'[^']*'|`[^`]*`|\"[^\"]*\"|--[a-z]+", "", said)
    assert ENGLISH.findall(bare) == re.findall(r"\b(has|no|or|needs|not|allowed|write)\b", bare) == [], said
