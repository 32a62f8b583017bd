"""The list of today's cases that is still to be filled in: a row for each place where somebody may be."""

import csv
from datetime import datetime
from io import BytesIO, StringIO

import openpyxl
import pytest

from flowsim import Scenario
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.reporting.writers.listing import list_csv, list_workbook
from helpers.scenarios import scenario_of

pytest.importorskip("xlsxwriter")
RAW = {
    "name": "town",
    "start": "2024-01-01",
    "end": "2025-01-01",
    "stations": {"desk": {"capacity": 2}, "team": {"weekdays": ["tue"], "places": 5}},
    "states": {
        "home": {"title": "=At home", "race": {"job": {"to": "job", "rate": "1 per year"}}},
        "plan": {"station": "desk", "stay": "2 days", "to": "board"},
        "board": {"title": "Rehabilitation team", "station": "team", "to": "home"},
        "job": {"final": True},
    },
    "entries": {"door": {"to": "plan", "rate": "300 per year"}},
}
PLACES = {
    "en": [
        ["where", "called", "situation", "number", "since", "remark"],
        ["home", "=At home", "under way", "", "", ""],
        ["plan", "plan", "waiting", "", "", ""],
        ["plan", "plan", "under way", "", "", ""],
        ["board", "Rehabilitation team", "waiting", "", "", ""],
    ],
    "da": [
        ["sted", "navn", "situation", "antal", "siden", "bemærkning"],
        ["home", "=At home", "i gang", "", "", ""],
        ["plan", "plan", "venter", "", "", ""],
        ["plan", "plan", "i gang", "", "", ""],
        ["board", "Rehabilitation team", "venter", "", "", ""],
    ],
}


def book(scenario, code):
    return openpyxl.load_workbook(BytesIO(list_workbook(scenario, Language.of(code), "today.xlsx")))


@pytest.mark.parametrize("code", LANGUAGES)
def test_there_is_a_row_for_each_queue_and_each_stay_in_both_kinds_of_file(code):
    """A meeting is held and over: nobody is under way there. Where the pathway ends nobody is."""
    sheet = book(scenario_of(RAW), code).worksheets[0]
    told = [[cell.value or "" for cell in row][:6] for row in sheet]
    assert told == PLACES[code]
    assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}
    text = list_csv(scenario_of(RAW), Language.of(code), "today.csv").decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text), delimiter=";"))
    # What a spreadsheet would reckon is marked as a text.
    assert rows == [[cell.replace("=At home", "'=At home") for cell in row] for row in PLACES[code]]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_instructions_name_every_column_the_model_and_the_file(code):
    sheet = book(scenario_of(RAW | {"title": "A small town"}), code).worksheets[1]
    lines = [row[0].value for row in sheet]
    assert "A small town" in lines[0]
    for column in PLACES[code][0]:
        if column not in ("called", "navn", "remark", "bemærkning"):  # for people alone
            assert any(line.startswith(f"{column}:") for line in lines)
    assert '"today.xlsx"' in lines[-1]


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_word_of_the_city_is_wider_than_its_column(code):
    for sheet in book(Scenario.of("today"), code):
        for column in sheet.columns:
            words = [word for cell in column for word in str(cell.value or "").split()]
            width = sheet.column_dimensions[column[0].column_letter].width
            assert max(map(len, words)) + 1 < width  # bold letters are wide


def test_equal_lists_are_equal_bytes():
    first, second = (list_workbook(scenario_of(RAW), Language.of("da"), "today.xlsx") for _ in range(2))
    assert first == second
    # Two that are made within a second are equal also where they tell the time.
    told = book(scenario_of(RAW), "da").properties
    assert told.created == told.modified == datetime(2000, 1, 1)
