"""A report before it is a web page, a workbook or a print: sections of text, tables and charts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from flowsim.reporting.language import Language

__all__ = ["Block", "Chart", "Document", "Figure", "Section", "Table", "TableCell", "Text", "legible", "shown"]

# What XML, and so a page, a picture or a workbook, can't hold or shows as nothing: control characters (but tabs and
# line feeds), halves of a character, and the two that are none.
_ILLEGIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Figure(NamedTuple):
    """A number of a table.

    Attributes:
        value: of a share between 0 and 1; NaN where it is undefined.
        decimals: how many are shown; of a share those of its per cent.
        share: whether it is one.
        signed: whether a plus is shown too.
    """

    value: float
    decimals: int = 0
    share: bool = False
    signed: bool = False


TableCell = str | Figure


@dataclass(frozen=True, kw_only=True)
class Text:
    """Paragraphs, the points of a list, or lines that are to be typed as they stand; plain text, no markup."""

    lines: tuple[str, ...]
    kind: Literal["paragraphs", "points", "command"] = "paragraphs"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, all rows as long as `columns`; whatever is a `Figure` stands to the right.

    Attributes:
        title: what it tells.
        columns: the titles of the columns.
        rows: the cells.
        note: how to read it; empty where that is plain.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: a row of {len(row)} cells in a table of {len(self.columns)} columns")

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column whether it holds numbers, so that its title stands to the right like them."""
        return tuple(any(isinstance(row[n], Figure) for row in self.rows) for n in range(len(self.columns)))


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture with what it says in words, and the figures that it is drawn from.

    Attributes:
        title: what is drawn.
        alternative: what a reader who does not see the picture has to know.
        draw: returns the picture's bytes in one of `picture.KINDS`.
        table: its figures.
    """

    title: str
    alternative: str
    draw: Callable[[str], bytes] = field(repr=False)
    table: Table


Block = Text | Table | Chart


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a document under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report.

    Attributes:
        title: of the document.
        subject: one line on what it is about.
        sections: in their order.
        language: in which it is written, and its numbers are.
    """

    title: str
    subject: str
    sections: tuple[Section, ...]
    language: Language


def legible(text: str) -> str:
    """Return a text as every kind of file can hold it: what is no character, or can't be seen, becomes "�"."""
    return _ILLEGIBLE.sub("�", text.replace("\r\n", "\n"))


def shown(cell: TableCell, language: Language) -> str:
    """Write a cell as it is read: a text legible, a number in the language, "–" where it is undefined."""
    if isinstance(cell, str):
        return legible(cell)
    write = language.percent if cell.share else language.number
    return write(cell.value, cell.decimals, signed=cell.signed)
