"""A planner's list of who waits or is under way today: rows of a spreadsheet, each a number of citizens or one case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from flowsim.core.errors import InputError, unknown_name
from flowsim.core.quantities import read_percentage
from flowsim.evidence.tables import Cell, Percentage, Sheet, cell_name, is_figure, read_sheet

__all__ = ["COLUMNS", "SHEETS", "SITUATIONS", "CaseList", "CaseRow", "read_cases", "wrong_cells"]

COLUMNS = {
    "where": ("where", "sted"),
    "called": ("called", "navn"),
    "situation": ("situation", "situation"),
    "number": ("number", "antal"),
    "since": ("since", "siden"),
    "remark": ("remark", "bemærkning"),
}
"""The titles of the columns, in English and in Danish; the second and the last are for people alone."""
SITUATIONS = {"waiting": ("waiting", "venter"), "under way": ("under way", "i gang")}
"""What a row is about, in English and in Danish."""
SHEETS = ("List", "Liste")
"""The name of the sheet, in English and in Danish; the workbook may hold others."""
_DAY_FIRST = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})")
_YEAR_FIRST = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_Order = Literal["day", "month"]  # what a date with slashes begins with: in Denmark the day, in America the month
_MOST = 10_000_000


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """A row of the list.

    Attributes:
        where: the name of a state or a station, as it stands there.
        waiting: whether its citizens wait; they are under way otherwise.
        count: how many they are; None where `share` tells them.
        share: how many they are over the number that the model has.
        since: the day since when; None where it is not told.
        row: its place in the file, from 0.
        columns: the places of "where", "situation", "number" and "since" in the row, from 0; -1 where there is none.
    """

    where: str
    waiting: bool
    count: int | None
    share: float | None
    since: date | None
    row: int
    columns: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class CaseList:
    """A list as read: its rows that tell anything.

    Attributes:
        file: its name, without folders.
        sha256: of its bytes.
        rows: in the file's order.
    """

    file: str
    sha256: str
    rows: tuple[CaseRow, ...]

    def at(self, row: CaseRow, column: int) -> str:
        """Say where in the file a cell of a row is."""
        return f"{self.file}: {cell_name(row.row, max(row.columns[column], 0))}"


def read_cases(path: str | Path) -> CaseList:
    """Read a list from a CSV or Excel file.

    A row without a number is one case where it tells since when, and nothing where it does not.

    Raises:
        InputError: for the first cell that is wrong, by its name, with what is allowed; and as `read_sheet`.
    """
    sheet = read_sheet(path, prefer=SHEETS)
    head, places = _header(sheet)
    order = _order(sheet, head, places[3])
    rows = []
    for number in range(head + 1, len(sheet.rows)):
        row = _row(sheet, number, places, order)
        if row is not None:
            rows.append(row)
    if not rows:
        raise InputError(f"{sheet.file}: the list tells of nobody: fill in the column of numbers, or of days")
    return CaseList(file=sheet.file, sha256=sheet.sha256, rows=tuple(rows))


def wrong_cells(path: str | Path, most: int = 20) -> tuple[str, ...]:
    """Return what is wrong in a list, row by row: the first wrong cell of each, by its name; nothing where none is.

    Raises:
        InputError: as `read_cases`, where the titles are wrong or the file can't be read.
    """
    sheet = read_sheet(path, prefer=SHEETS)
    head, places = _header(sheet)
    order = _order(sheet, head, places[3])
    out: list[str] = []
    for number in range(head + 1, len(sheet.rows)):
        try:
            _row(sheet, number, places, order)
        except InputError as error:
            out.append(str(error))
        if len(out) == most:
            break
    return tuple(out)


def _header(sheet: Sheet) -> tuple[int, tuple[int, int, int, int]]:
    """Return the row of the titles, and the places of the columns."""
    needed = ("where", "situation", "number", "since")
    for number, row in enumerate(sheet.rows[:50]):
        titles = [str(cell).strip().casefold() for cell in row]
        places = [next((titles.index(word) for word in COLUMNS[key] if word in titles), -1) for key in needed]
        if places[0] >= 0 and places[1] >= 0:
            if places[2] < 0 and places[3] < 0:
                raise InputError(f"{sheet.file}: row {number + 1}: neither a column 'number' nor a column 'since'")
            _refuse_columns_not_read(sheet, number, places)
            _refuse_cells_not_shown(sheet, number, places[2:])
            return number, (places[0], places[1], places[2], places[3])
    raise InputError(
        f"{sheet.file}: no row has the titles 'where' and 'situation' (Danish: 'sted' and 'situation'): `flowsim today "
        "new LIST.xlsx` writes a list to fill in"
    )


def _refuse_columns_not_read(sheet: Sheet, head: int, places: Sequence[int]) -> None:
    """Refuse a further column with a number or a day in it, which would be lost; one of words is a remark."""
    for_people = {word for key in ("called", "remark") for word in COLUMNS[key]}
    for column, title in enumerate(sheet.rows[head]):
        if column in places or str(title).casefold() in for_people:
            continue
        content = next(
            (row[column] for row in sheet.rows[head + 1 :] if is_figure(row[column]) or _is_day(row[column])), ""
        )
        if content != "":
            known = ", ".join(f"'{word}'" for words in COLUMNS.values() for word in words)
            raise InputError(
                f"{sheet.file}: {cell_name(head, column)}: the column '{title}' is not read, and "
                f"holds '{content}': leave it out, or give it one of the titles, once (allowed: {known})"
            )


def _is_day(cell: Cell) -> bool:
    text = str(cell).strip()
    return bool(_DAY_FIRST.fullmatch(text) or _YEAR_FIRST.fullmatch(text))


def _refuse_cells_not_shown(sheet: Sheet, head: int, columns: Sequence[int]) -> None:
    """Refuse numbers and days in a hidden column, and one that is merged over rows and would be that of the first."""
    sheet.refuse_hidden_columns(head, columns)
    for top, bottom, left, right in sheet.merged:
        if head < top < bottom and left in columns and top < len(sheet.rows) and sheet.rows[top][left] != "":
            raise InputError(
                f"{sheet.file}: {cell_name(top, left)} to {cell_name(bottom, right)} are merged into one cell, and "
                "stand for several rows: part them, with what holds of each row in it"
            )


def _order(sheet: Sheet, head: int, column: int) -> _Order | None:
    """Return whether days or months come first in a column's dates such as 13/4/2026; None where none proves it.

    Raises:
        InputError: where two cells prove the contrary.
    """
    proofs: dict[_Order, tuple[int, str]] = {}
    for number in range(head + 1, len(sheet.rows)) if column >= 0 else ():
        text = str(sheet.rows[number][column]).strip()
        match = _SLASHED.fullmatch(text)
        if match and max(int(match[1]), int(match[2])) > 12:
            proofs.setdefault("day" if int(match[1]) > 12 else "month", (number, text))
    if len(proofs) == 2:
        (at, day), (other, month) = proofs["day"], proofs["month"]
        raise InputError(
            f"{sheet.file}: {cell_name(at, column)} '{day}' begins with the day and {cell_name(other, column)} "
            f"'{month}' with the month: write all days as 2026-03-09"
        )
    return next(iter(proofs), None)


def _row(sheet: Sheet, number: int, columns: tuple[int, int, int, int], order: _Order | None) -> CaseRow | None:
    cells = [sheet.rows[number][column] if column >= 0 else "" for column in columns]
    where, situation, amount, since = cells
    if amount == "" and since == "":
        return None
    if columns[2] >= 0:
        sheet.refuse_scaled(number, columns[2])
    at = [f"{sheet.file}: {cell_name(number, max(column, 0))}" for column in columns]
    if number in sheet.hidden[0]:
        raise InputError(
            f"{sheet.file}: row {number + 1} is hidden or filtered out, and tells of somebody: show all rows, or "
            "delete it"
        )
    if where == "":
        raise InputError(f"{at[0]}: it is empty: name a state or a station")
    day = None if since == "" else _day(since, at[3], order)
    count, share = _amount(amount, at[2])
    if share is not None and day is not None:
        raise InputError(f"{at[3]}: a share of the model's number takes the model's times: leave out the day")
    return CaseRow(
        where=str(where).strip(),
        waiting=_waiting(situation, at[1]),
        count=count,
        share=share,
        since=day,
        row=number,
        columns=columns,
    )


def _waiting(cell: Cell, at: str) -> bool:
    word = str(cell).strip().casefold()
    for meaning, words in SITUATIONS.items():
        if word in words:
            return meaning == "waiting"
    raise InputError(f"{at}: {unknown_name('situation', str(cell), [w for pair in SITUATIONS.values() for w in pair])}")


def _amount(cell: Cell, at: str) -> tuple[int | None, float | None]:
    """Return a number of citizens, or a share of the model's number; an empty cell is one case."""
    if cell == "":
        return 1, None
    whole = isinstance(cell, float) and not isinstance(cell, Percentage) and cell.is_integer() and abs(cell) < 1e15
    text = f"{cell:.0f}" if whole else str(cell)
    text = text.strip()
    if re.fullmatch(r"\d{1,9}", text) and int(text) <= _MOST:
        return int(text), None
    share = _share(cell)
    if share is not None:
        return None, share
    raise InputError(
        f"{at}: '{text}' is not allowed: a whole number of citizens from 0 to {_MOST:,}, or, as a text, a share of the "
        "model's number such as '80 %', up to '100 %'"
    )


def _share(cell: Cell) -> float | None:
    try:
        share = cell / 100 if isinstance(cell, Percentage) else read_percentage(str(cell))
    except ValueError:
        return None
    return share if share is not None and 0 <= share <= 1 else None


def _day(cell: Cell, at: str, order: _Order | None) -> date:
    text = str(cell).strip()
    match = _DAY_FIRST.fullmatch(text)
    try:
        if match is None:
            return date.fromisoformat(text)
        first, second, year = (int(part) for part in match.groups())
        if _SLASHED.fullmatch(text):
            if order is None and first != second:
                ways = [f"{date(year, month, day):%Y-%m-%d}" for day, month in ((first, second), (second, first))]
                raise InputError(
                    f"{at}: '{text}' can be {ways[0]} or {ways[1]}, and no other cell tells which: write "
                    f"{ways[0]} or {ways[1]}"
                )
            if order == "month":
                first, second = second, first
        return date(year, second, first)
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{at}: '{text}' is no day: write it as 2026-03-09 or 9-3-2026") from None
