"""A document as an Excel workbook: what it says and shows on the first sheet, longer tables on sheets of their own."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any

from flowsim.core.extras import require_extra
from flowsim.core.periods import Period
from flowsim.reporting.document import (
    Block,
    Chart,
    Document,
    Figure,
    Headline,
    Letterhead,
    Plot,
    Table,
    TableCell,
    Text,
    legible,
    marked_year,
    picture_size,
    shown,
)
from flowsim.reporting.language import Language

__all__ = ["plain_workbook", "workbook"]

_CREATED = datetime(2000, 1, 1)
"""The day in every workbook, so that equal documents give equal bytes."""
_MOST_ROWS, _MOST_COLUMNS = 12, 7
"""Of a table on the first sheet."""
_LONGEST_TEXT, _LONGEST_NAME, _LONGEST_PROPERTY = 32_766, 31, 255
_TEXT_WIDTH, _NARROWEST, _WIDEST = 64, 9, 40
_UPRIGHT = 100
"""Letters that fit beside each other on an upright page."""
_A4 = 9
_DOTS, _ROW = 96, 20
_LOGO_WIDE, _LOGO_HIGH = 300, 60
"""Pixels of an inch, and of a row; of a logo at most."""
_POINTS, _LEADING, _TALLEST = 11, 1.36, 409
"""Size of common letters, height of a line over it, and what Excel allows a row."""
_ACCENT, _QUIET, _RULE = "#1f5fa8", "#4d4d4d", "#c8ccd1"
_TOP = {"valign": "top", "text_wrap": True}
_STYLES: dict[str, dict[str, Any]] = {
    "title": {**_TOP, "bold": True, "font_size": 18},
    "subject": {**_TOP, "font_size": 12, "font_color": _QUIET},
    "heading": {**_TOP, "bold": True, "font_size": 14, "font_color": _ACCENT},
    "caption": {**_TOP, "bold": True},
    "paragraphs": _TOP,
    "points": {**_TOP, "indent": 1},
    "command": {**_TOP, "font_name": "Consolas", "font_size": 10},
    "note": {**_TOP, "font_color": _QUIET},
    "header": {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2},
    "number header": {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2, "align": "right"},
    "cell": {**_TOP, "bottom": 1, "bottom_color": _RULE},
    "number": {"valign": "top", "align": "right", "bottom": 1, "bottom_color": _RULE},
    "large": {**_TOP, "align": "left", "bold": True, "font_size": 22, "font_color": _ACCENT},
    "beside": {**_TOP, "align": "left", "bold": True, "font_size": 14, "font_color": _QUIET},
    "warning": {**_TOP, "font_color": "#a8481f"},
}
_Style = Callable[[str, str], Any]
"""The format of one of `_STYLES` with a number format, empty for none."""


def workbook(document: Document) -> bytes:
    """Write a document as an Excel workbook; equal documents give equal bytes.

    Whatever is a text in the document is a text in its cell, never a formula, a link or a number; whatever is a
    `Figure` is a number, and an empty cell where it is undefined; a year is a number, and a month or a quarter the day
    on which it begins. Larger tables, and the figures of charts, have sheets of their own: the titles of their columns
    in the first row, and nothing but the table. Charts that lines can tell are the program's own, from those sheets.

    Raises:
        InputError: where xlsxwriter is not installed.
    """
    require_extra("report", "Excel", "xlsxwriter")
    import xlsxwriter

    written = BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    title, subject = (_cut(legible(text), _LONGEST_PROPERTY) for text in (document.title, document.subject))
    book.set_properties({"title": title, "subject": subject, "created": _CREATED})

    @cache
    def style(kind: str, number: str = "") -> Any:
        return book.add_format(_STYLES[kind] | ({"num_format": number} if number else {}))

    language = document.language
    front = _Front(book, book.add_worksheet(language.say("document.report")), style, language)
    front.write(document)
    for name, table in front.elsewhere.items():
        _data_sheet(book.add_worksheet(name), table, style, language)
    book.close()
    return written.getvalue()


class _Front:
    """The first sheet, written from its top down.

    Attributes:
        elsewhere: the tables that it names a sheet for, by the names of the sheets.
    """

    def __init__(self, book: Any, sheet: Any, style: _Style, language: Language) -> None:
        self.elsewhere: dict[str, Table] = {}
        self._book = book
        self._sheet, self._style, self._language = sheet, style, language
        self._row, self._widths = 0, [_TEXT_WIDTH]

    def write(self, document: Document) -> None:
        blocks = [block for section in document.sections for block in section.blocks]
        tables = [block for block in blocks if isinstance(block, Table) and _is_small(block)]
        self._widths += _widths(tables, self._language)[1:]
        self._letterhead(document.letterhead)
        self._line(document.title, "title")
        self._line(document.subject, "subject")
        for section in document.sections:
            self._row += 1
            self._line(section.title, "heading")
            for block in section.blocks:
                self._block(block)
                self._row += 1
        _dress(self._sheet, self._widths)
        self._sheet.hide_gridlines(2)

    def _letterhead(self, letterhead: Letterhead) -> None:
        if letterhead.logo:
            wide, high = picture_size(letterhead.logo)
            scale = min(_LOGO_HIGH / high, _LOGO_WIDE / wide)
            options = {"image_data": BytesIO(letterhead.logo), "x_scale": scale, "y_scale": scale}
            self._sheet.set_row_pixels(self._row, _LOGO_HIGH + 8)
            named = {"description": self._language.say("letterhead.logo"), "y_offset": 4}
            self._sheet.insert_image(self._row, 0, "logo", options | named)
            self._row += 1
        for line in letterhead.lines(self._language):
            self._line(line, "note")

    def _block(self, block: Block) -> None:
        if isinstance(block, Text):
            for line in block.lines:
                self._line(f"• {line}" if block.kind == "points" else line, block.kind)
            return
        if isinstance(block, Headline):
            self._box(block)
            return
        self._line(block.title, "caption")
        if isinstance(block, Chart):
            self._line(block.alternative, "note")
            self._drawn(block)
        elif _is_small(block):
            _grid(self._sheet, self._row, block, self._widths, self._style, self._language)
            self._row += 1 + len(block.rows)
        else:
            self._name_sheet(block)
        note = block.table.note if isinstance(block, Chart) else block.note
        if note:
            self._line(note, "note")

    def _line(self, text: str, kind: str) -> None:
        _write_text(self._sheet, (self._row, 0), text, self._style(kind, ""))
        _fit(self._sheet, self._row, [(text, _TEXT_WIDTH)], _STYLES[kind].get("font_size", _POINTS))
        self._row += 1

    def _box(self, box: Headline) -> None:
        for number, kind, label, beside in (
            (box.number, "large", box.label, "caption"),
            (box.beside, "beside", box.beside_label, "note"),
        ):
            if isinstance(number, Figure) and math.isfinite(number.value):
                style = self._style(kind, _number_format(number))
                self._sheet.write_number(self._row, 0, number.value, style)
                self._sheet.set_row(self._row, _STYLES[kind]["font_size"] * _LEADING)
                self._row += 1
            elif text := shown(number, self._language):
                self._line(text, kind)
            if label:
                self._line(label, beside)
        for kind, text in (("paragraphs", box.sentence), ("warning", box.warning)):
            if text:
                self._line(text, kind)

    def _drawn(self, chart: Chart) -> None:
        """Draw a chart from its figures, or show its picture where they are no lines, or hold what has no height."""
        cells = [chart.table.rows[n][line.column] for plot in chart.plots for line in plot.lines for n in line.rows]
        if not chart.plots or any(isinstance(cell, Figure) and math.isinf(cell.value) for cell in cells):
            self._picture(chart)
            return
        place = self._row
        rows = math.ceil(_PLOT_HIGH / _ROW) + 1
        self._row += rows * len(chart.plots)
        name = self._name_sheet(chart.table)
        for number, plot in enumerate(chart.plots):
            own = _plotted(self._book, plot, chart.table, name)
            said = {"description": legible(chart.alternative), "object_position": 2}
            self._sheet.insert_chart(place + number * rows, 0, own, said)

    def _picture(self, chart: Chart) -> None:
        drawn = chart.draw(".png")
        said = {"image_data": BytesIO(drawn), "description": legible(chart.alternative)}
        self._sheet.insert_image(self._row, 0, "chart.png", said)
        self._row += math.ceil(_height(drawn) / _ROW) + 1
        self._name_sheet(chart.table)

    def _name_sheet(self, table: Table) -> str:
        name = _sheet_name(table.title, [self._sheet.get_name(), *self.elsewhere], self._language)
        self.elsewhere[name] = table
        self._line(self._language.say("document.sheet", name=name), "note")
        return name


_PLOT_WIDE, _PLOT_HIGH = 720, 300
_LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


def _plotted(book: Any, plot: Plot, table: Table, sheet: str) -> Any:
    """Return a chart of the program's own: middles as lines, edges as thin dashed ones, points without a line."""
    chart, colours = book.add_chart({"type": "line"}), dict[range, str]()
    for line in plot.lines:
        colour = colours.setdefault(line.rows, _LINES[len(colours) % len(_LINES)])
        first, last = line.rows[0] + 1, line.rows[-1] + 1
        series: dict[str, Any] = {
            "name": legible(line.label),
            "categories": [sheet, first, plot.across, last, plot.across],
            "values": [sheet, first, line.column, last, line.column],
            "line": {"color": colour, "width": 2.25},
        }
        if line.kind == "edge":
            series["line"] = {"color": colour, "width": 0.75, "dash_type": "dash"}
        if line.kind == "points":
            series["line"] = {"none": True}
            series["marker"] = {"type": "diamond", "size": 6, "fill": {"color": "#1A1A1A"}, "border": {"none": True}}
        chart.add_series(series)
    chart.set_x_axis(_axis(table.rows[plot.lines[0].rows[0]][plot.across]))
    chart.set_y_axis({"min": 0, "major_gridlines": {"visible": True, "line": {"color": "#E5E5E5"}}})
    chart.set_title({"name": legible(plot.title), "name_font": {"size": 11, "bold": True}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": _PLOT_WIDE, "height": _PLOT_HIGH})
    chart.show_blanks_as("gap")
    return chart


def _axis(first: TableCell) -> dict[str, Any]:
    """Return how an axis is written that begins with a cell; Excel's axis of dates knows no hours."""
    if not isinstance(first, Period):
        return {}
    if first.every == "hour":
        return {"text_axis": True, "num_format": "hh:mm"}
    return {"date_axis": True, "num_format": "dd-mm" if first.every == "day" else "yyyy"}


def plain_workbook(sheets: Mapping[str, Sequence[Sequence[str]]], widths: Mapping[str, Sequence[int]]) -> bytes:
    """Write sheets of texts to be filled in, the first row of each as titles; equal texts give equal bytes.

    Raises:
        InputError: where xlsxwriter is not installed.
    """
    require_extra("report", "Excel", "xlsxwriter")
    import xlsxwriter

    written = BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    form = {"text_wrap": True, "valign": "top", "num_format": "@"}
    titles, texts = book.add_format(form | {"bold": True}), book.add_format(form)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for column, width in enumerate(widths[name]):
            sheet.set_column(column, column, width, texts)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell:
                    _write_text(sheet, (number, column), cell, texts if number else titles)
        sheet.freeze_panes(1, 0)
    book.close()
    return written.getvalue()


def _is_small(table: Table) -> bool:
    return len(table.rows) <= _MOST_ROWS and len(table.columns) <= _MOST_COLUMNS


def _data_sheet(sheet: Any, table: Table, style: _Style, language: Language) -> None:
    widths = _widths([table], language)
    _grid(sheet, 0, table, widths, style, language)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    sheet.repeat_rows(0)
    # The name of the sheet, which is made from the table's title, and the page.
    sheet.set_header("&L&A&R&P / &N")
    _dress(sheet, widths)


def _dress(sheet: Any, widths: list[int]) -> None:
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    if sum(widths) > _UPRIGHT:
        sheet.set_landscape()


def _grid(sheet: Any, top: int, table: Table, widths: Sequence[int], style: _Style, language: Language) -> None:
    _fit(sheet, top, list(zip(table.columns, widths, strict=False)))
    for column, (title, numeric) in enumerate(zip(table.columns, table.numeric, strict=True)):
        year, kind = marked_year(title), "number header" if numeric else "header"
        if year is None:
            _write_text(sheet, (top, column), title, style(kind, ""))
        else:
            sheet.write_number(top, column, year, style(kind, '0"*"' if title.endswith("*") else "0"))
    for row, cells in enumerate(table.rows, top + 1):
        for column, cell in enumerate(cells):
            _write_cell(sheet, (row, column), cell, style, language)
        _fit(sheet, row, [(shown(cell, language), width) for cell, width in zip(cells, widths, strict=False)])


def _fit(sheet: Any, row: int, cells: Sequence[tuple[str, int]], points: float = _POINTS) -> None:
    """Make a row high enough for texts broken to the widths of their columns; not every program does so by itself."""
    lines = max(
        sum(max(math.ceil(len(line) * points / (_POINTS * width)), 1) for line in text.split("\n"))
        for text, width in cells
    )
    if lines > 1 or points != _POINTS:
        sheet.set_row(row, min(lines * points * _LEADING, _TALLEST))


def _write_cell(sheet: Any, place: tuple[int, int], cell: TableCell, style: _Style, language: Language) -> None:
    if isinstance(cell, Period):
        _write_period(sheet, place, cell, style, language)
    elif isinstance(cell, str):
        _write_text(sheet, place, cell, style("cell", ""))
    elif math.isnan(cell.value):
        sheet.write_blank(*place, None, style("number", ""))
    elif math.isinf(cell.value):
        _write_text(sheet, place, shown(cell, language), style("number", ""))
    else:
        sheet.write_number(*place, cell.value, style("number", _number_format(cell)))


def _write_period(sheet: Any, place: tuple[int, int], period: Period, style: _Style, language: Language) -> None:
    """Write a year as a number, a month or a quarter as the day on which it begins, and a day or an hour as such."""
    if period.every == "year":
        sheet.write_number(*place, period.year, style("cell", "0"))
        return
    form = "dd.mm.yyyy" if language.code == "da" else "yyyy-mm-dd"
    form += " hh:mm" if period.every == "hour" else ""
    sheet.write_datetime(*place, period.start, style("cell", form))


def _write_text(sheet: Any, place: tuple[int, int], text: str, form: Any) -> None:
    text = _cut(legible(text), _LONGEST_TEXT)
    # xlsxwriter takes what looks like this for its own marked up text, and writes it into the file as it is.
    sheet.write_string(*place, f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text, form)


def _number_format(figure: Figure) -> str:
    digits = "0" if figure.share else "#,##0"
    if figure.decimals:
        digits += f".{'0' * figure.decimals}"
    if figure.share:
        digits += " %"
    if figure.unit:
        digits += f' "{figure.unit.replace(chr(34), "")}"'
    return f"+{digits};-{digits};{digits}" if figure.signed else digits


def _widths(tables: Sequence[Table], language: Language) -> list[int]:
    """Return for how many letters the columns of tables above each other are wide, with room for a filter's arrow."""
    longest: dict[int, int] = {}
    for table in tables:
        for row in (table.columns, *table.rows):
            for column, cell in enumerate(row):
                letters = max(len(line) for line in shown(cell, language).split("\n"))
                longest[column] = max(letters, longest.get(column, 0))
    return [min(max(letters + 3, _NARROWEST), _WIDEST) for _, letters in sorted(longest.items())]


def _sheet_name(title: str, taken: Iterable[str], language: Language) -> str:
    """Make a name that Excel accepts from a title: short, of allowed letters, and not yet taken in either case."""
    title = " ".join(re.sub(r"[\[\]:*?/\\]", " ", legible(title)).split()).strip("' ")
    title = title or language.say("document.table")
    # Excel keeps this one for itself.
    used = {"history", *(name.lower() for name in taken)}
    name, number = _cut(title, _LONGEST_NAME), 1
    while name.lower() in used:
        number += 1
        ending = f" ({number})"
        name = _cut(title, _LONGEST_NAME - len(ending)) + ending
    return name


def _cut(text: str, most: int) -> str:
    """Cut a text to so many letters as Excel counts them, which is in halves of those beyond the common alphabets."""
    halves = text.encode("utf-16-le")
    if len(halves) <= 2 * most:
        return text
    return halves[: 2 * most - 2].decode("utf-16-le", errors="ignore") + "…"


def _height(png: bytes) -> float:
    """Return how many pixels of a screen a picture is high, by the dots of a metre that it says it has."""
    pixels = struct.unpack(">I", png[20:24])[0]
    at = png.find(b"pHYs", 0, png.find(b"IDAT"))
    return float(pixels if at < 0 else pixels * _DOTS / (0.0254 * struct.unpack(">I", png[at + 8 : at + 12])[0]))
