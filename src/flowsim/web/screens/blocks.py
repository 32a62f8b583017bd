"""Texts, tables and charts of a document as plain data, which the page's script shows as text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from flowsim.reporting.document import Block, Chart, Headline, Table, Text, legible, shown
from flowsim.reporting.language import Language

__all__ = ["plain_blocks"]


def plain_blocks(blocks: Iterable[Block], language: Language) -> list[dict[str, Any]]:
    """Return blocks as JSON has them: `kind` is "paragraphs", "points", "command", "table" or "chart"."""
    return [_plain(block, language) for block in blocks]


def _plain(block: Block, language: Language) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"kind": block.kind, "lines": [legible(line) for line in block.lines]}
    if isinstance(block, Table):
        return _table(block, language)
    if isinstance(block, Headline):
        numbers = [f"{block.label}: {shown(block.number, language)}"]
        numbers += [f"{block.beside_label}: {shown(block.beside, language)}"] * bool(block.beside)
        lines = [legible(line) for line in (*numbers, block.sentence, block.warning) if line]
        return {"kind": "paragraphs", "lines": lines}
    assert isinstance(block, Chart)
    picture = f"data:image/svg+xml;base64,{b64encode(block.draw('svg')).decode()}"
    table = _table(block.table, language)
    return {"kind": "chart", "title": block.title, "alternative": block.alternative, "picture": picture, "table": table}


def _table(table: Table, language: Language) -> dict[str, Any]:
    rows = [[shown(cell, language) for cell in row] for row in table.rows]
    out = {"kind": "table", "title": table.title, "columns": list(table.columns), "rows": rows, "note": table.note}
    return out | {"numeric": list(table.numeric)}
