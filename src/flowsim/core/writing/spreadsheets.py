"""Text cells of CSV files, which a spreadsheet must not take for formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_text", "csv_text", "original_text"]

_FORMULA = re.compile(r"'*[=+\-@\t\r].", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(,\d{3})+\.\d+)([eE][+-]?\d+)?( ?%)?")


def as_text(cell: object) -> object:
    """Return a cell as CSV holds it: a text that a spreadsheet would take for a formula begins with an apostrophe.

    Numbers, and texts that are numbers, stay as they are; "'" before such a text is doubled, so that
    `original_text` gives every text back.
    """
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def original_text(cell: str) -> str:
    """Return the text that `as_text` wrote as a cell."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_text(frame: pd.DataFrame, *, header: bool = True) -> str:
    """Write a table as CSV, its texts and titles by `as_text`."""
    texts = {}
    for name in frame.select_dtypes(exclude="number").columns:
        column = frame[name]
        # Few of them differ in a long table.
        changed = {cell: as_text(cell) for cell in column.dropna().unique()}
        if any(cell is not text for cell, text in changed.items()):
            texts[name] = column.map(changed).astype(object)
    written = frame.assign(**texts).rename(columns=as_text)
    return str(written.to_csv(index=False, header=header, lineterminator="\n"))
