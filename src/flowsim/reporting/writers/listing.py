"""A list of today's cases that is still to be filled in, as a workbook with instructions or as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flowsim.core.writing.spreadsheets import as_text
from flowsim.evidence.cases import COLUMNS, SHEETS, SITUATIONS
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.reporting.writers.xlsx import plain_workbook

__all__ = ["list_csv", "list_workbook"]

_LINES = 8


def list_workbook(scenario: Scenario, language: Language, file: str) -> bytes:
    """Write the list as a workbook: the sheet to fill in, and one of instructions."""
    name, instructions = SHEETS[language.code == "da"], language.say("today.sheet.help")
    title = Wording.of(scenario, scenario.pathway(), language).name(scenario.base.name, scenario.pathway().title)
    lines = [[language.say(f"today.help.{line}", title=title, file=file)] for line in range(1, _LINES + 1)]
    return plain_workbook(
        {name: _rows(scenario, language), instructions: lines},
        widths={name: [34, 44, 12, 10, 12, 30], instructions: [110]},
    )


def list_csv(scenario: Scenario, language: Language, file: str) -> bytes:
    """Write the list as CSV that Danish and English spreadsheets open in columns."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows(
        [as_text(cell) for cell in row] for row in _rows(scenario, language)
    )
    return out.getvalue().encode("utf-8-sig")


def _rows(scenario: Scenario, language: Language) -> list[list[str]]:
    """Return the titles and a row for each place."""
    column = int(language.code == "da")
    titles = [words[column] for words in COLUMNS.values()]
    return [titles, *([*row, "", "", ""] for row in _places(scenario, language, column))]


def _places(scenario: Scenario, language: Language, column: int) -> Iterator[list[str]]:
    pathway = scenario.pathway()
    wording = Wording.of(scenario, pathway, language)
    waiting, under_way = SITUATIONS["waiting"][column], SITUATIONS["under way"][column]
    for state in pathway.states:
        called = wording.name(state.name, state.title)
        if state.station is not None:
            yield [state.name, called, waiting]
        if state.race or state.stay is not None:
            yield [state.name, called, under_way]
