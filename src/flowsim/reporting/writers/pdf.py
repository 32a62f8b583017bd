"""A document as a print: pages of PDF that carry their structure, for readers who see and readers who listen."""

from __future__ import annotations

import json
from typing import Any

from flowsim.core.extras import require_extra
from flowsim.core.files import data_folder
from flowsim.reporting.document import Block, Chart, Document, Headline, Section, Table, Text, legible, shown
from flowsim.reporting.language import Language

__all__ = ["printout"]

_MOST_ROWS = 60  # of a chart's figures that are printed


def printout(document: Document) -> bytes:
    """Write a document as PDF, A4; equal documents give equal bytes.

    What comes before the appendix has no list of contents; with it the figures of charts stand at the end, where they
    are few: more are for a screen.
    The pages are PDF/UA-1, which asks for a glyph for every letter. A text with letters beyond the fonts that typst
    brings (other alphabets, emoji) gives pages that are tagged just so but don't claim it, and those letters are boxes.

    Raises:
        InputError: where typst is not installed.
    """
    require_extra("report", "PDF", "typst")
    import typst

    template = (data_folder("report") / "report.typ").read_bytes()
    inputs = {"document": json.dumps(_plain_document(document))}
    try:
        return typst.compile(template, sys_inputs=inputs, ignore_system_fonts=True, pdf_standards=["ua-1"])
    except typst.TypstError:
        return typst.compile(template, sys_inputs=inputs, ignore_system_fonts=True)


def _plain_document(document: Document) -> dict[str, Any]:
    """Return what the template lays out: texts, and for each block its `kind` and what it holds."""
    language = document.language
    first = [_section(section, language) for section in document.sections if not section.appendix]
    appendix = [_section(section, language) for section in document.sections if section.appendix]
    tables = [block.table for section in document.sections for block in section.blocks if isinstance(block, Chart)]
    printed: list[Block] = [table for table in tables if len(table.rows) <= _MOST_ROWS]
    if len(printed) < len(tables):
        printed.append(Text(lines=(language.say("document.more"),)))
    if tables and appendix:
        appendix.append(_section(Section(title=language.say("document.appendix"), blocks=tuple(printed)), language))
    return {
        "title": legible(document.title),
        "subject": legible(document.subject),
        "language": language.code,
        "letter": [legible(line) for line in document.letterhead.lines(language)],
        "logo": [*document.letterhead.logo],
        "logo_words": language.say("letterhead.logo"),
        "contents": language.say("document.annex"),
        "sections": first,
        "appendix": appendix,
    }


def _section(section: Section, language: Language) -> dict[str, Any]:
    blocks = [_block(block, language) for block in section.blocks]
    return {"title": legible(section.title), "new_page": section.new_page, "blocks": blocks}


def _block(block: Block, language: Language) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"kind": block.kind, "lines": [legible(line) for line in block.lines]}
    if isinstance(block, Table):
        return {
            "kind": "table",
            "title": legible(block.title),
            "columns": [legible(title) for title in block.columns],
            "rows": [[shown(cell, language) for cell in row] for row in block.rows],
            "numeric": block.numeric,
            "note": legible(block.note),
        }
    if isinstance(block, Headline):
        return {"kind": "box"} | {name: shown(cell, language) for name, cell in vars(block).items()}
    return {
        "kind": "chart",
        "title": legible(block.title),
        "alternative": legible(block.alternative),
        "svg": block.draw(".svg").decode(),
    }
