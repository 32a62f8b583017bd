"""A report before it is a web page, a workbook, a print or slides: sections of text, tables and charts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Literal, NamedTuple

from flowsim.core.errors import InputError
from flowsim.core.extras import WARNING_FILTERS, require_extra
from flowsim.core.periods import Period
from flowsim.reporting.language import Language

__all__ = [
    "MOST_LOGO",
    "Block",
    "Chart",
    "Document",
    "Figure",
    "Headline",
    "Letterhead",
    "Line",
    "Plot",
    "Section",
    "Table",
    "TableCell",
    "Text",
    "legible",
    "marked_year",
    "picture_kind",
    "picture_size",
    "shown",
]

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
        unit: what it is shown with; empty where the title of its column says it.
    """

    value: float
    decimals: int = 0
    share: bool = False
    signed: bool = False
    unit: str = ""


TableCell = str | Figure
"""A text, a number, or a `Period`, which is a text that the writers know to be a time."""
_HARD = "\u00a0"
MOST_LOGO = 500_000
"""The most bytes of a logo."""
_PNG, _MOST_PIXELS = b"\x89PNG", 4_000
_MARKED = re.compile(r"(\d{4})\*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """Paragraphs, the points of a list, or lines that are to be typed as they stand; plain text, no markup."""

    lines: tuple[str, ...]
    kind: Literal["paragraphs", "points", "command"] = "paragraphs"


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The answer in a box: one number, what there is today beside it, a sentence, and a warning.

    Attributes:
        number: the one number; a text where the answer is none.
        label: what it is of.
        beside: the number to compare it with; empty where there is none.
        beside_label: what that is of.
        sentence: the answer in one sentence.
        warning: what a reader must not overlook; empty where there is nothing.
    """

    number: TableCell
    label: str
    beside: TableCell = ""
    beside_label: str = ""
    sentence: str = ""
    warning: str = ""


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


class Line(NamedTuple):
    """A line of a plot, or its points.

    Attributes:
        label: what it is of.
        rows: the rows of the chart's table that it is drawn from.
        column: of its values.
        kind: the middle, an edge of a range around it, or points without a line.
    """

    label: str
    rows: range
    column: int
    kind: Literal["middle", "edge", "points"]


class Plot(NamedTuple):
    """How a part of a chart is drawn from the chart's own table, for programs that draw by themselves.

    Attributes:
        title: of the vertical axis.
        across: the column along the horizontal axis.
        lines: what is drawn.
    """

    title: str
    across: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture with what it says in words, and the figures that it is drawn from.

    Attributes:
        title: what is drawn.
        alternative: what a reader who does not see the picture has to know.
        draw: returns the picture's bytes in one of `picture.KINDS`; within `canvas.narrow_canvas` for a telephone.
        table: its figures.
        plots: how it is drawn from them as lines; none where lines do not tell it.
        narrow: whether it is legible where there is little room; otherwise a reader moves it to and fro.
    """

    title: str
    alternative: str
    draw: Callable[[str], bytes] = field(repr=False)
    table: Table
    plots: tuple[Plot, ...] = ()
    narrow: bool = True


Block = Text | Table | Chart | Headline


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a document under a heading.

    Attributes:
        title: the heading.
        blocks: in their order.
        appendix: whether it is of the appendix.
        new_page: whether it begins a page in print.
    """

    title: str
    blocks: tuple[Block, ...]
    appendix: bool = False
    new_page: bool = False


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """Whom a report is for and from, and of which day it is, above its title.

    Attributes:
        recipient: whom it is for; empty where nobody is named, as the others.
        author: whom it is from.
        day: of which it is; None where it has none.
        logo: a picture as PNG or JPEG.
    """

    recipient: str = ""
    author: str = ""
    day: date | None = None
    logo: bytes = b""

    def __post_init__(self) -> None:
        if self.logo:
            picture_size(self.logo)

    def lines(self, language: Language) -> tuple[str, ...]:
        """Return what stands there in words: "To: the council", "From: the centre", "1 January 2027"."""
        named = {"to": self.recipient, "from": self.author}
        lines = [language.say(f"letterhead.{key}", name=name) for key, name in named.items() if name]
        return (*lines, *([language.day(self.day)] if self.day else []))


def picture_kind(content: bytes) -> str:
    """Return whether a picture that may be a logo is a "png" or a "jpeg"."""
    return "png" if content.startswith(_PNG) else "jpeg"


def picture_size(content: bytes) -> tuple[int, int]:
    """Return how wide and how high a picture that may be a logo is, in pixels.

    Raises:
        InputError: for what is neither PNG nor JPEG (other kinds may hold more than a picture), for half a picture, and
            for one that is too large.
    """
    if len(content) > MOST_LOGO:
        raise InputError(f"the logo has {len(content):,} bytes: at most {MOST_LOGO:,} are taken")
    require_extra("report", "a logo", "PIL")
    from PIL import Image

    try:
        with WARNING_FILTERS, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # as an error beyond twice the number
            with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as picture:
                wide, high = picture.size
                if max(wide, high) <= _MOST_PIXELS:  # else it is not unpacked at all
                    picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError(
            f"the logo has millions of pixels: at most {_MOST_PIXELS} x {_MOST_PIXELS} are taken"
        ) from None
    except (OSError, SyntaxError, ValueError):
        raise InputError("the logo is no picture that can be taken: give a .png or a .jpg file") from None
    if max(wide, high) > _MOST_PIXELS:
        raise InputError(f"the logo is {wide} x {high} pixels: at most {_MOST_PIXELS} are taken")
    return wide, high


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report.

    Attributes:
        title: of the document.
        subject: one line on what it is about.
        sections: in their order.
        language: in which it is written, and its numbers are.
        letterhead: what stands above the title.
    """

    title: str
    subject: str
    sections: tuple[Section, ...]
    language: Language
    letterhead: Letterhead = field(default_factory=Letterhead)


def legible(text: str) -> str:
    """Return a text as every kind of file can hold it: what is no character, or can't be seen, becomes "�"."""
    return _ILLEGIBLE.sub("�", text.replace("\r\n", "\n"))


def shown(cell: TableCell, language: Language) -> str:
    """Write a cell as it is read: a text legible, a number or a time in the language, "–" where it is undefined."""
    if isinstance(cell, Period):
        return language.period(cell)
    if isinstance(cell, str):
        return legible(cell)
    write = language.percent if cell.share else language.number
    text = write(cell.value, cell.decimals, signed=cell.signed)
    return f"{text}{_HARD}{cell.unit}" if cell.unit else text


def marked_year(title: str) -> int | None:
    """Return the year that a column's title is, with a mark ("2024*") or without; None where it is none."""
    if isinstance(title, Period):
        return title.year if title.every == "year" else None
    marked = _MARKED.fullmatch(title)
    return int(marked[1]) if marked else None
