"""Numbers as files write them, with a decimal comma or point, and the marks that stand where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from flowsim.errors import InputError
from flowsim.sheets import Cell, Sheet, place

__all__ = ["MARKS", "is_figure", "reader"]

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
