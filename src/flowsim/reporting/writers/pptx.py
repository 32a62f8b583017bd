"""A document as slides: the answer, the chart and the table, each on a slide of its own."""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from typing import Any

from flowsim.core.extras import require_extra
from flowsim.reporting.document import Block, Chart, Document, Headline, Section, Table, Text, legible, shown
from flowsim.reporting.language import Language

__all__ = ["slides"]

_CREATED = datetime(2000, 1, 1)
"""The day in every file of slides, so that equal documents give equal bytes."""
_WIDE, _HIGH, _EDGE = 13.333, 7.5, 0.6
"""Inches of a slide and of its margin."""
_TOP = 1.35
"""Inches to where a slide's content begins, below its title."""
_ACCENT, _QUIET, _INK, _WARNING = "1F5FA8", "4D4D4D", "1A1A1A", "A8481F"
_MOST_ROWS = 12
"""Of a table on a slide."""
_SHORT = 80
"""Letters of a title in large letters."""
_LONGEST = 320
"""Letters of a paragraph on a slide."""


def slides(document: Document) -> bytes:
    """Write the beginning of a document as slides of PowerPoint, 16:9; equal documents give equal bytes.

    One each of the answer, the first chart, the first table, and what it all rests on; the appendix is for the other
    kinds. Texts and tables are the program's own, and the picture of the chart says in words what it shows. Of a
    paragraph that a slide has no room for, the whole stands in the slide's notes.

    Raises:
        InputError: where python-pptx is not installed.
    """
    require_extra("powerpoint", "PowerPoint", "pptx")
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    show.slide_width, show.slide_height = Inches(_WIDE), Inches(_HIGH)
    properties = show.core_properties
    properties.title, properties.subject = legible(document.title)[:255], legible(document.subject)[:255]
    properties.author = properties.last_modified_by = "flowsim"
    properties.created = properties.modified = _CREATED
    properties.language = document.language.code
    first = [section for section in document.sections if not section.appendix]
    placed = [(section, block) for section in first for block in section.blocks]
    for kind in (Headline, Chart, Table):
        for section, block in [pair for pair in placed if isinstance(pair[1], kind)][:1]:
            _slide(show, document, section, block)
    for section, block in placed:
        if isinstance(block, Text) and block.kind == "points":
            _slide(show, document, section, block)
    written = BytesIO()
    show.save(written)
    return _dated(written.getvalue())


def _slide(show: Any, document: Document, section: Section, block: Block) -> None:
    from pptx.util import Inches, Pt

    slide = show.slides.add_slide(show.slide_layouts[5])  # a title alone
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = (Inches(n) for n in (_EDGE, 0.35, _WIDE - 2 * _EDGE, 0.9))
    title.text_frame.word_wrap = True
    heading = block.title if isinstance(block, Chart | Table) else section.title
    _paragraph(title.text_frame, heading, Pt(26 if len(heading) <= _SHORT else 20), _INK, bold=True, first=True)
    if isinstance(block, Headline):
        _box(slide, document, section, block)
    elif isinstance(block, Chart):
        _chart(slide, block)
    elif isinstance(block, Table):
        _table(slide, block, document.language)
    else:
        frame = _frame(slide, _TOP, _HIGH - _TOP - _EDGE)
        for number, line in enumerate(block.lines):
            _paragraph(frame, f"• {line}", Pt(16), _INK, first=number == 0)
        _note(slide, [line for line in block.lines if _shortened(f"• {line}") != f"• {line}"])


def _box(slide: Any, document: Document, section: Section, box: Headline) -> None:
    from pptx.util import Pt

    language, half = document.language, (_WIDE - 2 * _EDGE) / 2
    for place, (number, label, size, colour) in enumerate(
        (
            (shown(box.number, language), box.label, 54, _ACCENT),
            (shown(box.beside, language), box.beside_label, 32, _QUIET),
        )
    ):
        if number:
            frame = _frame(slide, _TOP, 1.9, left=_EDGE + place * half, wide=half - 0.2)
            _paragraph(frame, number, Pt(size), colour, bold=True, first=True)
            _paragraph(frame, label, Pt(16), _QUIET)
    frame = _frame(slide, _TOP + 2.1, _HIGH - _TOP - 2.1 - _EDGE)
    _paragraph(frame, box.sentence, Pt(20), _INK, first=True)
    if box.warning:
        _paragraph(frame, box.warning, Pt(16), _WARNING)
    _paragraph(frame, " · ".join((document.title, *document.letterhead.lines(language))), Pt(12), _QUIET)
    if document.letterhead.logo:
        _logo(slide, document)
    cut = [text for text in (box.label, box.beside_label, box.sentence, box.warning) if _shortened(text) != text]
    _note(slide, [*cut, *(line for block in section.blocks if isinstance(block, Text) for line in block.lines)])


def _logo(slide: Any, document: Document) -> None:
    from pptx.util import Inches

    picture = slide.shapes.add_picture(BytesIO(document.letterhead.logo), 0, 0)
    scale = min(Inches(2.5) / picture.width, Inches(0.6) / picture.height)
    picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
    picture.left, picture.top = int(Inches(_WIDE - _EDGE) - picture.width), int(Inches(_HIGH - 0.2) - picture.height)
    picture._element.nvPicPr.cNvPr.set("descr", legible(document.language.say("letterhead.logo")))


def _chart(slide: Any, chart: Chart) -> None:
    from pptx.util import Inches

    picture = slide.shapes.add_picture(BytesIO(chart.draw(".png")), Inches(_EDGE), Inches(_TOP))
    room = Inches(_WIDE - 2 * _EDGE), Inches(_HIGH - _TOP - _EDGE)
    scale = min(room[0] / picture.width, room[1] / picture.height)
    picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
    picture.left = int((Inches(_WIDE) - picture.width) / 2)
    named = picture._element.nvPicPr.cNvPr
    named.set("name", legible(chart.title)[:255])
    named.set("descr", legible(chart.alternative))
    slide.notes_slide.notes_text_frame.text = legible(chart.alternative)


def _table(slide: Any, table: Table, language: Language) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Inches, Pt

    rows = [tuple(shown(cell, language) for cell in row) for row in table.rows[:_MOST_ROWS]]
    texts = [tuple(map(legible, table.columns)), *rows]
    size = Pt(12 if len(table.columns) <= 7 else 10)
    wide = _WIDE - 2 * _EDGE
    shape = slide.shapes.add_table(
        len(texts), len(table.columns), Inches(_EDGE), Inches(_TOP), Inches(wide), Inches(0.35 * len(texts))
    )
    shape._element.nvGraphicFramePr.cNvPr.set("descr", legible(f"{table.title}. {table.note}"))
    shares = [max(min(max(map(len, column)), 44), 9) for column in zip(*texts, strict=True)]
    for column, share in enumerate(shares):
        shape.table.columns[column].width = Inches(wide * share / sum(shares))
    for row, cells in enumerate(texts):
        for column, text in enumerate(cells):
            cell = shape.table.cell(row, column)
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            _paragraph(cell.text_frame, text, size, "FFFFFF" if row == 0 else _INK, bold=row == 0, first=True)
            if table.numeric[column]:
                cell.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT
    if table.note:
        frame = _frame(slide, _HIGH - _EDGE - 0.55, 0.55)
        _paragraph(frame, table.note, Pt(10), _QUIET, first=True)
        _note(slide, [table.note] * (_shortened(table.note) != table.note))


def _frame(slide: Any, top: float, high: float, *, left: float = _EDGE, wide: float = _WIDE - 2 * _EDGE) -> Any:
    from pptx.enum.text import MSO_AUTO_SIZE
    from pptx.util import Inches

    frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(wide), Inches(high)).text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.TEXT_TO_FIT_SHAPE
    return frame


def _paragraph(frame: Any, text: str, size: Any, colour: str, *, bold: bool = False, first: bool = False) -> None:
    """Write a paragraph; whatever stands in it is a text."""
    from pptx.dml import color
    from pptx.enum.text import PP_ALIGN

    paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
    paragraph.alignment = PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = _shortened(legible(text))
    run.font.size, run.font.bold, run.font.color.rgb = size, bold, color.RGBColor(*bytes.fromhex(colour))  # type: ignore[no-untyped-call]
    paragraph.space_after = size // 2


def _shortened(text: str) -> str:
    """Cut a text that is too long for a slide between two words, so that no number in it becomes another."""
    if len(text) <= _LONGEST:
        return text
    head = text[: _LONGEST + 1].rpartition(" ")[0] or text[:_LONGEST]
    return f"{head}…"


def _note(slide: Any, lines: list[str]) -> None:
    """Write lines into the notes of a slide."""
    if lines:
        slide.notes_slide.notes_text_frame.text = legible("\n".join(lines))


def _dated(packed: bytes) -> bytes:
    """Pack the parts of a file again, each of the same day."""
    written = BytesIO()
    with zipfile.ZipFile(BytesIO(packed)) as parts, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as out:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name, _CREATED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, parts.read(name))
    return written.getvalue()
