"""Numbers as files write them, with a decimal comma or point, and the marks that stand where there is none."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import operator
import re
import time
import unicodedata
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Self
from xml.parsers import expat

from flowsim.core.errors import InputError, require_type
from flowsim.core.extras import WARNING_FILTERS, require_extra
from flowsim.core.files import is_file
from flowsim.core.numbers import with_plain_spaces
from flowsim.core.writing.spreadsheets import original_text

__all__ = [
    "MARKS",
    "Cell",
    "Decimal",
    "Percentage",
    "Scaled",
    "Sheet",
    "cell_name",
    "is_figure",
    "read_sheet",
    "reader",
    "without_note",
]

MARKS = {"": "empty", ".": "no figure", "..": "suppressed or not available", "...": "not available yet"}
MARKS |= {"-": "none, or too few to show", "–": "none, or too few to show", "x": "suppressed", "*": "suppressed"}
MARKS |= {"n/a": "not available", "na": "not available", "nan": "not available"}
Decimal = Literal["comma", "point"]
_EXPONENT = r"(?:[eE][-+]?\d+)?"
_PLAIN = re.compile(rf"[-+]?\d+{_EXPONENT}")
_DANISH = re.compile(
    rf"[-+]?(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+|\d*),\d+{_EXPONENT}|[-+]?[1-9]\d{{0,2}}(?:\.\d{{3}}){{2,}}"
)
_ENGLISH = re.compile(
    rf"[-+]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+|\d*)\.\d+{_EXPONENT}|[-+]?[1-9]\d{{0,2}}(?:,\d{{3}}){{2,}}"
)
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}")
_PARTED = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))|(?<=^[-+])\s+")  # between thousands, and after a sign
_LONGEST_FIGURE = 500  # letters of a cell that may be a figure or a period, with its note
_NOTE = re.compile(r"(?P<text>.*?\S)(?P<note>\s*\*+|\s*\([^()]*\)|\s+\w{1,2}\)|[¹²³⁴⁵⁶⁷⁸⁹⁰]+)")


def without_note(cell: str) -> tuple[str, str]:
    """Return a cell's text and the note that stands after it: "2019K3*", "118 1)", "2015K1 (databrud)"."""
    text, notes = cell, ""
    if len(cell) > _LONGEST_FIGURE:  # prose, and work that grows with its square
        return text, notes
    while text.lower() not in MARKS and (match := _NOTE.fullmatch(text)):
        text, notes = match["text"].rstrip(), match["note"].strip() + notes
    return text, notes


def _token(cell: str) -> str:
    """Return a number's digits and separators, without the marks around them."""
    text = re.sub(r"^[−–](?=\s*\d)", "-", without_note(cell)[0]).removesuffix("%").strip()
    return _PARTED.sub("", text)


def is_figure(cell: Cell) -> bool:
    """Return whether a cell looks like a number, with a note or without; a mark does not."""
    if isinstance(cell, str) and len(cell) > _LONGEST_FIGURE and not cell.isdecimal():
        return False
    return isinstance(cell, float) or bool(re.fullmatch(r"[-+]?[.,]?\d[\d.,]*(?:[eE][-+]?\d+)?", _token(cell)))


def reader(
    sheet: Sheet, cells: Iterable[tuple[int, int]], decimal: Decimal | None = None
) -> Callable[[int, int], float | str]:
    """Return what reads a cell by row and column: its number, or the mark that stands there.

    Whether points or commas are the decimals is proved by a cell whose own form decides ("1.014,8", "0.512", "12,5"),
    or given; it is never guessed.

    Raises:
        InputError: where cells disagree on that, or with what is given; the reader, where nothing proves it, and where
            a cell is neither a number nor a mark.
    """
    texts = {(row, column): sheet.rows[row][column] for row, column in cells}
    tokens = {at: _token(cell) for at, cell in texts.items() if isinstance(cell, str)}
    proofs: dict[Decimal, tuple[int, int]] = {}
    for at, text in tokens.items():
        if not _EITHER.fullmatch(text):
            for form, pattern in (("comma", _DANISH), ("point", _ENGLISH)):
                if pattern.fullmatch(text):
                    proofs.setdefault(form, at)  # type: ignore[arg-type]
    if len(proofs) == 2:
        comma, point = proofs["comma"], proofs["point"]
        raise InputError(
            f"{sheet.file}: {cell_name(*comma)} '{texts[comma]}' has a decimal comma and {cell_name(*point)} "
            f"'{texts[point]}' a decimal point: one file should have one of them"
        )
    for form, at in proofs.items():
        if decimal is not None and form != decimal:
            raise InputError(
                f"{sheet.file}: {cell_name(*at)}: '{texts[at]}' has a decimal {form}, not a decimal {decimal}"
            )
    settled = decimal or next(iter(proofs), None)

    def figure(row: int, column: int) -> float | str:
        at = (row, column)
        cell = texts[at]
        if isinstance(cell, float):
            sheet.refuse_scaled(row, column)
            return cell
        text = without_note(cell)[0]
        if text.lower() in MARKS:
            return text
        text = tokens[at]
        if settled is None and (either := _EITHER.fullmatch(text)):
            whole, small = re.sub("[.,]", "", text), text.replace(",", ".")
            ways = {"comma": whole, "point": small} if either[1] == "." else {"comma": small, "point": whole}
            raise InputError(
                f"{sheet.file}: {cell_name(*at)}: '{cell}' can be {whole} or {small}, and no other cell tells which: "
                f"give --decimal comma for {ways['comma']}, or --decimal point for {ways['point']}"
            )
        known = _PLAIN.fullmatch(text) or _DANISH.fullmatch(text) or _ENGLISH.fullmatch(text) or _EITHER.fullmatch(text)
        if not known:
            raise InputError(
                f"{sheet.file}: {cell_name(*at)}: '{cell}' is no number (allowed: digits, a decimal comma or point, "
                "and '..', '-' or an empty cell where there is none)"
            )
        plain = text.replace(".", "").replace(",", ".") if settled == "comma" else text.replace(",", "")
        number = float(plain)
        if not math.isfinite(number):
            raise InputError(f"{sheet.file}: {cell_name(*at)}: a number of {len(text)} digits is too large")
        return number

    return figure


class Percentage(float):
    """A cell in a per cent format, as it is shown: 80.0 where Excel shows 80 % and stores 0.8."""

    def __str__(self) -> str:
        return f"{float(self):.12g} %"


class Scaled(float):
    """A cell that Excel shows in thousands or millions: 12345.0 where it shows 12.

    Attributes:
        number_format: why it does, such as "#,##0,".
    """

    number_format: str

    def __new__(cls, value: float, number_format: str) -> Self:
        """Return a stored number with the format that it is shown in."""
        scaled = super().__new__(cls, value)
        scaled.number_format = number_format
        return scaled


Cell = str | float
"""A number where the file itself holds one (Excel), otherwise text, empty where there is nothing."""
_MOST_BYTES = 50_000_000
_MOST_ROWS, _MOST_COLUMNS, _MOST_CELLS = 200_000, 16_384, 1_000_000
_MOST_PARTS, _MOST_UNPACKED, _MOST_RATIO, _DEEPEST = 1_000, 40_000_000, 200, 64
_MOST_SECONDS = 20.0
_EXCEL = (".xlsx", ".xlsm")
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # what Excel packs a file with a password into
_TRUE = ("1", "true")
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_MOST_MERGED = 2_000
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
        hidden: the rows and columns that Excel does not show.
        merged: ranges of cells that Excel shows as one: first and last row, first and last column.
    """

    file: str
    sha256: str
    name: str
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]
    hidden: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
    merged: tuple[tuple[int, int, int, int], ...] = ()

    def is_hidden(self, row: int, column: int) -> bool:
        """Return whether Excel does not show a cell, for its row or column is hidden or filtered out."""
        return row in self.hidden[0] or column in self.hidden[1]

    def refuse_hidden_columns(self, head: int, columns: Iterable[int]) -> None:
        """Refuse columns that Excel does not show and that hold something below their titles in row `head`.

        Raises:
            InputError: for the first of them.
        """
        for column in columns:
            if column in self.hidden[1] and any(row[column] != "" for row in self.rows[head + 1 :]):
                raise InputError(
                    f"{self.file}: {cell_name(head, column)}: the column '{self.rows[head][column]}' is hidden, and "
                    "would be read: show it, or delete it"
                )

    def refuse_scaled(self, row: int, column: int) -> None:
        """Refuse a number that Excel shows in thousands or millions: who looks at it sees another one.

        Raises:
            InputError: with what is shown in full there.
        """
        cell = self.rows[row][column]
        if isinstance(cell, Scaled):
            raise InputError(
                f"{self.file}: {cell_name(row, column)}: Excel shows {float(cell):.15g} in thousands or millions, by "
                f"the format '{cell.number_format}', so that another number is seen than would be read: give the "
                "cells a format that shows them in full, such as 0"
            )

    def span_of(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Return the first and last row, and the first and last column, of what Excel shows as one cell."""
        spans = (span for span in self.merged if span[0] <= row <= span[1] and span[2] <= column <= span[3])
        return next(spans, (row, row, column, column))


def cell_name(row: int, column: int) -> str:
    """Name a cell as a spreadsheet does: `rows[6][4]` is "E7"."""
    letters, rest = "", column
    while rest >= 0:
        letters, rest = chr(ord("A") + rest % 26) + letters, rest // 26 - 1
    return f"{letters}{row + 1}"


def read_sheet(path: str | Path, prefer: Collection[str] = ()) -> Sheet:
    """Read a CSV file (UTF-8 with or without a mark, UTF-16 with one, Windows-1252) or the sheet of an Excel file.

    Of several sheets the one is read that has one of the names that are preferred.

    Raises:
        InputError: where there is no such file, it is empty, too large, of an unknown kind, or has several sheets.
    """
    require_type("path", path, (str, Path), "the path of a file")
    path = Path(path)
    if not is_file(path):
        raise InputError(f"there is no file '{path}'")
    if path.stat().st_size > _MOST_BYTES:
        raise InputError(f"{path.name}: {path.stat().st_size:,} bytes are more than the {_MOST_BYTES:,} that are read")
    content = path.read_bytes()
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise InputError(f"{path.name}: the file is empty")
    suffix, part = path.suffix.lower(), _Part()
    _refuse_other_kinds(path.name, suffix, content)
    if suffix in _EXCEL:
        name, rows, part = _excel(path.name, content, prefer)
        delimiter = ""
    else:
        name = ""
        delimiter, rows = _text(path.name, content)
    width = max(map(len, rows), default=0)
    if len(rows) * width > _MOST_CELLS:
        raise InputError(f"{path.name}: {len(rows):,} rows of {width:,} cells: {_too_many('cells', _MOST_CELLS)}")
    padded = tuple((*row, *[""] * (width - len(row))) for row in rows)
    return Sheet(
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        name=name,
        delimiter=delimiter,
        rows=padded,
        hidden=(frozenset(part.hidden_rows), frozenset(part.hidden_columns)),
        merged=tuple(part.merged),
    )


_OTHER_SUFFIXES = {
    ".xls": "an old Excel file",
    ".xlsb": "a binary Excel file",
    ".ods": "an OpenDocument sheet",
    ".numbers": "a sheet of Numbers",
    ".docx": "a Word file",
    ".pdf": "a PDF",
    ".parquet": "a Parquet file",
    ".feather": "an Arrow file",
    ".arrow": "an Arrow file",
    ".json": "a JSON file",
    ".html": "a web page",
    ".htm": "a web page",
    ".zip": "a packed file",
    ".gz": "a packed file",
}
_OLD = b"\xd0\xcf\x11\xe0"
_OTHER_BEGINNINGS = {
    _OLD: "an old Excel file",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x1f\x8b": "a packed file",
}
_OF_PYTHON = ("a Parquet file", "an Arrow file", "a JSON file")


def _refuse_other_kinds(name: str, suffix: str, content: bytes) -> None:
    """Refuse what is neither CSV nor Excel, by what it is and what to do about it.

    Raises:
        InputError: by the suffix, or where what the file begins with tells another kind than its suffix does.
    """
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    packed = content.startswith(b"PK\x03\x04")
    kind = next((kind for mark, kind in _OTHER_BEGINNINGS.items() if content.startswith(mark)), "")
    if start.startswith((b"<!doctype html", b"<html", b"<table")):
        kind = "a web page"
    elif start.startswith(b"<?xml") or start.startswith(b"<"):
        kind = "an XML file"
    kind = kind or _OTHER_SUFFIXES.get(suffix, "")
    if content.startswith(_OLD) and _ENCRYPTED in content:
        raise InputError(f"{name}: it is protected by a password: open it in Excel and save it without one")
    if kind in _OF_PYTHON:
        raise InputError(
            f"{name}: this is {kind}, which is not read: save it as .xlsx or .csv (in Python: pandas reads it, and "
            "`to_csv` writes it)"
        )
    if kind:
        raise InputError(f"{name}: this is {kind}, which is not read: open it and save it as .xlsx or .csv")
    if packed and suffix not in _EXCEL:
        raise InputError(
            f"{name}: this is no CSV file: if it is an Excel file, name it .xlsx, else save it as .xlsx or .csv"
        )
    if suffix in _EXCEL and not packed and b"\x00" not in content:
        raise InputError(f"{name}: this is a text file and no Excel file: name it .csv")


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
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        lost = _TWICE.search(text) or (_OF_ANOTHER.search(text) if encoding == "cp1252" else None)
        if lost is None:
            return text
        line = len(re.findall(r"\r\n?|\n", text[: lost.start()])) + 1
        raise InputError(
            f"{name}: row {line}: '{_word_around(text, lost)}' has lost its letters, for the file was once read in "
            "another encoding than it was written in: save it as 'CSV UTF-8' where it comes from"
        )
    raise InputError(f"{name}: its letters are neither UTF-8 nor Windows-1252: save it as 'CSV UTF-8'")


# The letters æ, ø, å of UTF-8 read as Windows-1252; and of Mac OS Roman and DOS, read as that.
_TWICE = re.compile(r"Ã[¦¸¥†˜…\x98\x86\x85]")
_OF_ANOTHER = re.compile(r"(?<=[A-Za-zæøåÆØÅ])[¾¿Œ®¯›†‘](?=[a-zæøå])")
_LONGEST_SHOWN = 40


def _word_around(text: str, lost: re.Match[str]) -> str:
    before = text[max(lost.start() - _LONGEST_SHOWN, 0) : lost.start()]
    after = text[lost.end() : lost.end() + _LONGEST_SHOWN]
    return re.split(r"\W", before)[-1] + lost[0] + re.split(r"\W", after)[0]


def _too_many(what: str, most: int) -> str:
    return f"more than {most:,} {what} are not read: keep the table that you mean, by itself"


def _bounded(name: str, rows: Iterable[Sequence[Cell]]) -> list[list[Cell]]:
    """Take rows in as long as they are few, short and quick enough.

    Raises:
        InputError: where they aren't.
    """
    begun, cells, kept = time.thread_time(), 0, []
    for row in rows:
        cells += len(row)
        kept.append(list(row))
        for what, count, most in (
            ("rows", len(kept), _MOST_ROWS),
            ("columns", len(row), _MOST_COLUMNS),
            ("cells", cells, _MOST_CELLS),
        ):
            if count > most:
                raise InputError(f"{name}: {_too_many(what, most)}")
        if time.thread_time() - begun > _MOST_SECONDS:
            raise InputError(f"{name}: reading it takes longer than {_MOST_SECONDS:.0f} seconds: save it as CSV")
    return kept


def _text(name: str, content: bytes) -> tuple[str, list[list[Cell]]]:
    text = _decoded(name, content)
    lines = [_QUOTED.sub("", line) for line in islice(io.StringIO(text, newline=None), 5_000)]

    def shared(mark: str) -> int:
        """Count the lines that agree on how often the mark stands in them: titles and decimals don't."""
        times = Counter(line.count(mark) for line in lines if mark in line)
        return max(times.values(), default=0)

    delimiter = max((";", "\t", ",", "|"), key=shared)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1

    def rows() -> Iterator[list[str]]:
        nonlocal number
        for row in cells:
            yield [_plain_text(original_text(cell)) for cell in row]
            number += 1

    try:
        return delimiter, _bounded(name, rows())
    except csv.Error as error:
        raise InputError(f"{name}: row {number}: this is no table of cells: {error}") from None


@dataclass(kw_only=True)
class _Part:
    """What the XML of a worksheet says besides its cells.

    Attributes:
        without: the first cell with a formula that has no result, or one that is still to be calculated.
        hidden_rows: and hidden columns, counted from 0.
        merged: as in `Sheet`.
    """

    without: str = ""
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def _excel(name: str, content: bytes, prefer: Collection[str]) -> tuple[str, list[list[Cell]], _Part]:
    require_extra("excel", f"{name}: save the sheet as CSV, or install what is missing: an Excel file")
    import openpyxl

    unreadable = f"{name}: this is no Excel file that can be read: save it as .xlsx or .csv again"
    try:
        parts = _check_package(name, content)
        with WARNING_FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which no cell depends on
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                sheets = _sheets(name, book.worksheets)
                besides = {sheet.title: parts.get(_part(sheet), _Part()) for sheet in book.worksheets}
                unseen = {sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"}
            finally:
                book.close()
    except (InputError, MemoryError):
        raise
    except Exception:  # it raises whatever its zip and XML readers do
        raise InputError(unreadable) from None
    filled = {title: rows for title, rows in sheets.items() if any(cell != "" for row in rows for cell in row)}
    if not filled:
        raise InputError(f"{name}: the file is empty")
    preferred = [title for title in filled if title in prefer]
    if len(preferred) != 1 and len(filled) > 1:
        titles = ", ".join(f"{title} (hidden)" if title in unseen else title for title in filled)
        raise InputError(f"{name}: it has {len(filled)} sheets ({titles}): save the one you mean by itself")
    title = preferred[0] if len(preferred) == 1 else next(iter(filled))
    if title in unseen:
        if len(filled) > 1:
            raise InputError(f"{name}: the sheet '{title}' is hidden: show it in Excel and save")
        raise InputError(f"{name}: the only sheet with anything in it, '{title}', is hidden: show it in Excel and save")
    if besides[title].without:
        raise InputError(
            f"{name}: {besides[title].without}: the formula there has no result yet: open the file in Excel and save "
            "it, or paste the cell as a value"
        )
    return title, filled[title], besides[title]


def _part(sheet: Any) -> str:
    """Return the part of the package that a worksheet stands in."""
    return str(getattr(sheet, "_worksheet_path", "")).lstrip("/")


def _sheets(name: str, worksheets: Iterable[Any]) -> dict[str, list[list[Cell]]]:
    sheets: dict[str, list[list[Cell]]] = {}
    cells = 0
    for sheet in worksheets:
        sheet.reset_dimensions()  # a file may claim a million empty rows: what stands in it counts
        rows = ([_cell(each.value, each.number_format) for each in row] for row in sheet.iter_rows())
        sheets[sheet.title] = _bounded(name, rows)
        cells += sum(map(len, sheets[sheet.title]))
        if cells > _MOST_CELLS:
            raise InputError(f"{name}: {_too_many('cells', _MOST_CELLS)}")
    return sheets


def _check_package(name: str, content: bytes) -> dict[str, _Part]:
    """Refuse an Excel file that unpacks to more than is read, or whose XML has entities or is nested without end.

    Returns:
        what each part of XML says besides its cells.

    Raises:
        InputError: with the limit.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = package.infolist()
        unpacked = sum(part.file_size for part in parts)
        if len(parts) > _MOST_PARTS:
            raise InputError(f"{name}: it packs {len(parts):,} files: at most {_MOST_PARTS:,} are read")
        if unpacked > _MOST_UNPACKED:
            raise InputError(f"{name}: unpacked it has {unpacked:,} bytes: at most {_MOST_UNPACKED:,} are read")
        if unpacked > 1_000_000 and unpacked > _MOST_RATIO * len(content):
            raise InputError(f"{name}: it is packed more than {_MOST_RATIO}-fold, as no sheet of figures is")
        workbook = _member(package, "xl/workbook.xml")
        if _STRICT in workbook:
            raise InputError(
                f"{name}: it is saved as 'Strict Open XML', which is not read: save it as 'Excel Workbook'"
            )
        stale = b'fullCalcOnLoad="1"' in workbook
        out: dict[str, _Part] = {}
        for part in parts:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"{name}: it is packed in a way that Excel does not use")
            if part.filename.lower().endswith((".xml", ".rels")):
                out[part.filename] = _check_xml(name, package.read(part), stale)
    return out


def _member(package: zipfile.ZipFile, name: str) -> bytes:
    return package.read(name) if name in package.namelist() else b""


def _check_xml(name: str, content: bytes, stale: bool) -> _Part:
    """Refuse XML as `_check_package` says; return what a worksheet's says besides its cells.

    Where the file is `stale`, no formula has one: a program wrote it that calculates nothing, and put 0 there.
    """
    depth, cell, inside, row = 0, {"r": "", "t": ""}, "", -1
    formula, result, part = False, "", _Part()

    def refuse(*_: Any) -> None:
        raise InputError(f"{name}: its XML has definitions of its own, which no Excel file needs")

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, cell, inside, formula, result, row
        depth += 1
        if depth > _DEEPEST:
            raise InputError(f"{name}: its XML is nested more than {_DEEPEST} deep")
        inside = tag.rpartition(":")[2]
        if inside == "c":
            cell, formula, result = {"r": "", "t": ""} | attributes, False, ""
        elif inside == "row":
            row = int(attributes["r"]) - 1 if attributes.get("r", "").isdecimal() else row + 1
            if attributes.get("hidden") in _TRUE:
                part.hidden_rows.add(row)
        elif inside == "col" and attributes.get("hidden") in _TRUE:
            ends = (attributes.get(end, "") for end in ("min", "max"))
            first_hidden, last_hidden = (int(end) if end.isdecimal() else 0 for end in ends)
            part.hidden_columns.update(range(max(first_hidden - 1, 0), min(last_hidden, _MOST_COLUMNS)))
        elif inside == "mergeCell" and (match := _RANGE.fullmatch(attributes.get("ref", ""))):
            if len(part.merged) == _MOST_MERGED:
                raise InputError(f"{name}: {_too_many('merged cells', _MOST_MERGED)}")
            first, top, last_column, bottom = match.groups()
            part.merged.append((int(top) - 1, int(bottom) - 1, _column(first), _column(last_column)))
        formula = formula or inside == "f"

    def read(text: str) -> None:
        nonlocal result
        if inside == "v":
            result = result or text.strip()

    def close(tag: str) -> None:
        nonlocal depth, inside, formula
        depth -= 1
        inside = ""
        if tag.rpartition(":")[2] == "c" and formula:
            # A formula may come to an empty text, which is a result.
            if stale or (not result and cell["t"] != "str"):
                part.without = part.without or cell["r"]
            formula = False

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = refuse, begin, close
    parser.CharacterDataHandler = read
    parser.Parse(content, True)
    return part


def _column(letters: str) -> int:
    """Return the number of a column, from 0: of "A" 0, of "AA" 26."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


_SPACING = re.compile(r"[_*].")  # of a number format: the width of a letter, or one that fills the cell
_WRITTEN_OUT = re.compile(r'"[^"]*"|\\.')

_CONDITION = re.compile(r"\[([<>]=?|<>|=)(-?\d{1,15}(?:\.\d{1,15})?)\]")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "<>": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_IN_THOUSANDS = re.compile(r"[0#?],+(?=\.|[^0#?.,]*$)")  # commas that part no digits each take a thousand away


def _section(number_format: str, value: float) -> str:
    """Return the part of a number format, between semicolons, that a number is shown in."""
    sections = number_format.split(";")
    conditions = [_CONDITION.search(section) for section in sections[:2]]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=False):
            if condition and _HOLDS[condition[1]](value, float(condition[2])):
                return section
        return next((section for section in sections if not _CONDITION.search(section)), "")
    return sections[1] if value < 0 and len(sections) > 1 else sections[0]


def _cell(value: object, number_format: object = None) -> Cell:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < 1e300:
            return str(value)
        shown = _SPACING.sub("", str(number_format))
        if value and _IN_THOUSANDS.search(_section(_WRITTEN_OUT.sub("", shown), value)):
            return Scaled(value, str(number_format))
        if "%" in _WRITTEN_OUT.sub("", shown):
            return Percentage(f"{100 * value:.12g}")  # 100 * 0.55 is 55.000000000000014
        if "%" in shown:  # the sign is written after a number that stays as it is
            return Percentage(value)
        return float(value)
    if isinstance(value, date):  # a moment is one too
        return value.isoformat()[:10]
    return _plain_text(str(value))


def _plain_text(text: str) -> str:
    """Return a cell's text with plain spaces, its letters composed (NFC)."""
    return with_plain_spaces(unicodedata.normalize("NFC", text)).strip()
