"""A file of a planner's as rows of cells, whatever its encoding, delimiter or program; nothing is interpreted yet."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flowsim.errors import InputError

__all__ = ["Cell", "Sheet", "place", "read_sheet"]

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
