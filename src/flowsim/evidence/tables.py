"""Numbers as files write them, with a decimal comma or point, and the marks that stand where there is none."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flowsim.core.errors import InputError

__all__ = ["MARKS", "Cell", "Sheet", "is_figure", "place", "read_sheet", "reader"]

MARKS = {"": "empty", ".": "no figure", "..": "suppressed or not available", "...": "not available yet"}
MARKS |= {"-": "none, or too few to show", "–": "none, or too few to show", "x": "suppressed", "*": "suppressed"}
MARKS |= {"n/a": "not available", "na": "not available", "nan": "not available"}
_PLAIN = re.compile(r"[-+]?\d+")
_DANISH = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+|[-+]?\d{1,3}(?:\.\d{3}){2,}")
_ENGLISH = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+|[-+]?\d{1,3}(?:,\d{3}){2,}")
_EITHER = re.compile(r"[-+]?\d{1,3}([.,])\d{3}")


def is_figure(cell: Cell) -> bool:
    """Say whether a cell looks like a number; a mark does not."""
    return isinstance(cell, float) or bool(re.fullmatch(r"[-+]?\d[\d., ']*", cell))


def reader(sheet: Sheet, cells: Iterable[tuple[int, int]]) -> Callable[[int, int], float | str]:
    """Return what reads a cell by row and column: its number, or the mark that stands there.

    All cells together tell whether points or commas are the decimals.

    Raises:
        InputError: where cells disagree on that; the reader, where none tells it, and where a cell is neither a number
            nor a mark.
    """
    texts = {(row, column): sheet.rows[row][column] for row, column in cells}
    tokens = {at: cell.replace(" ", "").replace("'", "") for at, cell in texts.items() if isinstance(cell, str)}
    danish = next((at for at, text in tokens.items() if _DANISH.fullmatch(text) and not _EITHER.fullmatch(text)), None)
    english = next(
        (at for at, text in tokens.items() if _ENGLISH.fullmatch(text) and not _EITHER.fullmatch(text)), None
    )
    if danish and english:
        raise InputError(
            f"{sheet.file}: {place(*danish)} '{tokens[danish]}' has a decimal comma and {place(*english)} "
            f"'{tokens[english]}' a decimal point: one file should have one of them"
        )

    def figure(row: int, column: int) -> float | str:
        at = (row, column)
        cell = texts[at]
        if isinstance(cell, float):
            return cell
        if cell.lower() in MARKS:
            return cell
        text = tokens[at]
        if _PLAIN.fullmatch(text):
            return float(text)
        if either := _EITHER.fullmatch(text):
            # Danish exports are delimited by semicolons, for the comma is taken; there 1.234 is over a thousand.
            is_danish = danish is not None or (english is None and sheet.delimiter == ";" and either[1] == ".")
            if not is_danish and english is None:
                raise InputError(
                    f"{sheet.file}: {place(*at)}: '{cell}' can be over a thousand or a decimal, and no other cell "
                    "tells which: write it without a separator"
                )
            return float(text.replace(".", "").replace(",", ".") if is_danish else text.replace(",", ""))
        if _DANISH.fullmatch(text):
            return float(text.replace(".", "").replace(",", "."))
        if _ENGLISH.fullmatch(text):
            return float(text.replace(",", ""))
        raise InputError(
            f"{sheet.file}: {place(*at)}: '{cell}' is no number (allowed: digits, a decimal comma or point, and "
            "'..', '-' or an empty cell where there is none)"
        )

    return figure


Cell = str | float
"""A number where the file itself holds one (Excel), otherwise text, empty where there is nothing."""
_MOST_BYTES = 50_000_000
_EXCEL = (".xlsx", ".xlsm")
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The cells of a file.

    Attributes:
        file: its name, without folders.
        sha256: of its bytes.
        name: of the Excel sheet; empty for a text file.
        delimiter: between the cells of a text file; empty for Excel.
        rows: the cells, all rows padded to one length. Row 1 of the file is `rows[0]`.
    """

    file: str
    sha256: str
    name: str
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]


def place(row: int, column: int) -> str:
    """Name a cell as a spreadsheet does: `rows[6][4]` is "E7"."""
    letters, rest = "", column
    while rest >= 0:
        letters, rest = chr(ord("A") + rest % 26) + letters, rest // 26 - 1
    return f"{letters}{row + 1}"


def read_sheet(path: str | Path) -> Sheet:
    """Read a CSV file (UTF-8 with or without a mark, UTF-16 with one, Windows-1252) or the sheet of an Excel file.

    Raises:
        InputError: where there is no such file, it is empty, too large, of an unknown kind, or has several sheets.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no file '{path}'")
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path.name}: {path.stat().st_size:,} bytes are more than the {_MOST_BYTES:,} that are read")
    content = path.read_bytes()
    if not content.strip():
        raise InputError(f"{path.name}: the file is empty")
    suffix = path.suffix.lower()
    if suffix in _EXCEL:
        name, rows = _excel(path.name, content)
        delimiter = ""
    elif suffix == ".xls" or content.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        raise InputError(f"{path.name}: this kind of file can't be read: save it as .xlsx or .csv")
    else:
        name = ""
        delimiter, rows = _text(path.name, content)
    width = max(map(len, rows), default=0)
    padded = tuple((*row, *[""] * (width - len(row))) for row in rows)
    return Sheet(
        file=path.name, sha256=hashlib.sha256(content).hexdigest(), name=name, delimiter=delimiter, rows=padded
    )


def _decoded(name: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        raise InputError(f"{name}: this is no text file: save it as .xlsx or .csv")
    else:
        # Windows-1252 reads nearly anything, so it comes last; UTF-8 reads little that is not UTF-8.
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{name}: its letters are neither UTF-8 nor Windows-1252: save it as 'CSV UTF-8'")


def _text(name: str, content: bytes) -> tuple[str, list[list[Cell]]]:
    text = _decoded(name, content)
    lines = [_QUOTED.sub("", line) for line in text.splitlines()]

    def shared(mark: str) -> int:
        """Count the lines that agree on how often the mark stands in them: titles and decimals don't."""
        times = Counter(line.count(mark) for line in lines if mark in line)
        return max(times.values(), default=0)

    delimiter = max((";", "\t", ","), key=shared)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{name}: this is no table of cells: {error}") from None
    return delimiter, [[cell.replace("\xa0", " ").strip() for cell in row] for row in rows]


def _excel(name: str, content: bytes) -> tuple[str, list[list[Cell]]]:
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{name}: Excel files need openpyxl: pip install 'flowsim[excel]', or save the sheet as CSV"
        ) from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception:  # it raises whatever its zip and XML readers do
        raise InputError(f"{name}: this is no Excel file that can be read: save it as .xlsx or .csv again") from None
    try:
        sheets = {
            sheet.title: [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
            for sheet in book.worksheets
        }
    finally:
        book.close()
    filled = {title: rows for title, rows in sheets.items() if any(cell != "" for row in rows for cell in row)}
    if not filled:
        raise InputError(f"{name}: the file is empty")
    if len(filled) > 1:
        raise InputError(f"{name}: it has {len(filled)} sheets ({', '.join(filled)}): save the one you mean by itself")
    return next(iter(filled.items()))


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date):  # a moment is one too
        return value.isoformat()[:10]
    return str(value).replace("\xa0", " ").strip()
