"""Numbers as files write them, with a decimal comma or point, and the marks that stand where there is none."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import time
import unicodedata
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from xml.parsers import expat

from flowsim.core.errors import InputError, require_type
from flowsim.core.extras import require_extra
from flowsim.core.files import is_file
from flowsim.core.numbers import with_plain_spaces
from flowsim.core.writing.spreadsheets import original_text

__all__ = [
    "MARKS",
    "Cell",
    "Decimal",
    "Percentage",
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
_PLAIN = re.compile(r"[-+]?\d+")
_EXPONENT = r"(?:[eE][-+]?\d+)?"
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
    text = without_note(cell)[0].replace("−", "-").removesuffix("%").strip()
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


Cell = str | float
"""A number where the file itself holds one (Excel), otherwise text, empty where there is nothing."""
_MOST_BYTES = 50_000_000
_MOST_ROWS, _MOST_COLUMNS, _MOST_CELLS = 200_000, 16_384, 1_000_000
_MOST_PARTS, _MOST_UNPACKED, _MOST_RATIO, _DEEPEST = 1_000, 40_000_000, 200, 64
_MOST_SECONDS = 20.0
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
    if not content.strip():
        raise InputError(f"{path.name}: the file is empty")
    suffix = path.suffix.lower()
    if suffix in _EXCEL:
        name, rows = _excel(path.name, content, prefer)
        delimiter = ""
    elif suffix == ".xls" or content.startswith((b"\xd0\xcf\x11\xe0", b"PK\x03\x04")):
        raise InputError(f"{path.name}: this kind of file can't be read: save it as .xlsx or .csv")
    else:
        name = ""
        delimiter, rows = _text(path.name, content)
    width = max(map(len, rows), default=0)
    if len(rows) * width > _MOST_CELLS:
        raise InputError(f"{path.name}: {len(rows):,} rows of {width:,} cells: {_too_many('cells', _MOST_CELLS)}")
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
    lines = [_QUOTED.sub("", line) for line in islice(io.StringIO(text), 5_000)]

    def shared(mark: str) -> int:
        """Count the lines that agree on how often the mark stands in them: titles and decimals don't."""
        times = Counter(line.count(mark) for line in lines if mark in line)
        return max(times.values(), default=0)

    delimiter = max((";", "\t", ","), key=shared)
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = _bounded(name, ([_plain_text(original_text(cell)) for cell in row] for row in cells))
    except csv.Error as error:
        raise InputError(f"{name}: this is no table of cells: {error}") from None
    return delimiter, rows


def _excel(name: str, content: bytes, prefer: Collection[str]) -> tuple[str, list[list[Cell]]]:
    require_extra("excel", f"{name}: save the sheet as CSV, or install what is missing: an Excel file")
    import openpyxl

    unreadable = f"{name}: this is no Excel file that can be read: save it as .xlsx or .csv again"
    try:
        formulas = _check_package(name, content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which no cell depends on
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                sheets = _sheets(name, book.worksheets)
                without = {sheet.title: formulas.get(_part(sheet), "") for sheet in book.worksheets}
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
        raise InputError(f"{name}: it has {len(filled)} sheets ({', '.join(filled)}): save the one you mean by itself")
    title = preferred[0] if len(preferred) == 1 else next(iter(filled))
    if without[title]:
        raise InputError(
            f"{name}: {without[title]}: the formula there has no result yet: open the file in Excel and save it, or "
            "paste the cell as a value"
        )
    return title, filled[title]


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


def _check_package(name: str, content: bytes) -> dict[str, str]:
    """Refuse an Excel file that unpacks to more than is read, or whose XML has entities or is nested without end.

    Returns:
        of each part with a formula that has no result, or one that the file says is still to be calculated, the first
        such cell.

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
        stale = b'fullCalcOnLoad="1"' in _member(package, "xl/workbook.xml")
        out: dict[str, str] = {}
        for part in parts:
            if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"{name}: it is packed in a way that Excel does not use")
            if part.filename.lower().endswith((".xml", ".rels")):
                cell = _check_xml(name, package.read(part), stale)
                if cell:
                    out[part.filename] = cell
    return out


def _member(package: zipfile.ZipFile, name: str) -> bytes:
    return package.read(name) if name in package.namelist() else b""


def _check_xml(name: str, content: bytes, stale: bool) -> str:
    """Refuse XML as `_check_package` says; return the first cell of a sheet whose formula has no result, or "".

    Where the file is `stale`, no formula has one: a program wrote it that calculates nothing, and put 0 there.
    """
    depth, cell, inside = 0, {"r": "", "t": ""}, ""
    formula, result, without = False, "", ""

    def refuse(*_: Any) -> None:
        raise InputError(f"{name}: its XML has definitions of its own, which no Excel file needs")

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, cell, inside, formula, result
        depth += 1
        if depth > _DEEPEST:
            raise InputError(f"{name}: its XML is nested more than {_DEEPEST} deep")
        inside = tag.rpartition(":")[2]
        if inside == "c":
            cell, formula, result = {"r": "", "t": ""} | attributes, False, ""
        formula = formula or inside == "f"

    def read(text: str) -> None:
        nonlocal result
        if inside == "v":
            result = result or text.strip()

    def close(tag: str) -> None:
        nonlocal depth, inside, formula, without
        depth -= 1
        inside = ""
        if tag.rpartition(":")[2] == "c" and formula:
            # A formula may come to an empty text, which is a result.
            if stale or (not result and cell["t"] != "str"):
                without = without or cell["r"]
            formula = False

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = refuse, begin, close
    parser.CharacterDataHandler = read
    parser.Parse(content, True)
    return without


_SPACING = re.compile(r"[_*].")  # of a number format: the width of a letter, or one that fills the cell
_WRITTEN_OUT = re.compile(r'"[^"]*"|\\.')


def _cell(value: object, number_format: object = None) -> Cell:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < 1e300:
            return str(value)
        shown = _SPACING.sub("", str(number_format))
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
