"""A document as one web page: its pictures within it, no script, and nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape
from itertools import count

from flowsim.core.files import data_folder
from flowsim.reporting.document import Block, Chart, Document, Figure, Section, Table, Text, legible, shown
from flowsim.reporting.language import Language

__all__ = ["webpage"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may load: pictures that are in the page itself, and its own style."""


def webpage(document: Document) -> bytes:
    """Write a document as a web page, HTML 5 in UTF-8, for screens, telephones and print.

    Every text of the document is text on the page, whatever it holds. What a chart says in words and figures is
    below it, folded away.
    """
    style = (data_folder("report") / "report.css").read_text(encoding="utf-8")
    title, language, numbers = _text(document.title), document.language, count(1)
    sections = [_section(at, section, language, numbers) for at, section in enumerate(document.sections, 1)]
    page = f"""<!doctype html>
<html lang="{language.code}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p class="subject">{_text(document.subject)}</p>
</header>
{_contents(document)}
{"".join(sections)}</main>
</body>
</html>
"""
    return page.encode()


def _contents(document: Document) -> str:
    links = "".join(
        f'<li><a href="#section-{at}">{_text(section.title)}</a></li>\n'
        for at, section in enumerate(document.sections, 1)
    )
    heading = _text(document.language.say("document.contents"))
    return f'<nav aria-labelledby="contents">\n<h2 id="contents">{heading}</h2>\n<ol>\n{links}</ol>\n</nav>'


def _section(at: int, section: Section, language: Language, numbers: Iterator[int]) -> str:
    blocks = "".join(_block(block, language, numbers) for block in section.blocks)
    heading = f'<h2 id="section-{at}">{_text(section.title)}</h2>'
    return f'<section aria-labelledby="section-{at}">\n{heading}\n{blocks}</section>\n'


def _block(block: Block, language: Language, numbers: Iterator[int]) -> str:
    if isinstance(block, Text):
        return _words(block)
    if isinstance(block, Table):
        return _table(block, language, next(numbers))
    return _chart(block, language, next(numbers))


def _words(block: Text) -> str:
    lines = [_text(line) for line in block.lines]
    if block.kind == "command":
        return "<pre><code>{}</code></pre>\n".format("\n".join(lines))
    if block.kind == "points":
        return "<ul>\n{}</ul>\n".format("".join(f"<li>{line}</li>\n" for line in lines))
    return "".join(f"<p>{line}</p>\n" for line in lines)


def _table(table: Table, language: Language, number: int) -> str:
    """Write a table in a box of its own, which scrolls where the screen is narrow, also by the keyboard."""
    titles = "".join(
        f'<th scope="col"{_aligned(numeric)}>{_text(title)}</th>'
        for title, numeric in zip(table.columns, table.numeric, strict=True)
    )
    rows = ""
    for row in table.rows:
        cells = [(_aligned(isinstance(cell, Figure)), escape(shown(cell, language))) for cell in row]
        first = "".join(f'<th scope="row"{kind}>{text}</th>' for kind, text in cells[:1])
        rows += f"<tr>{first}{''.join(f'<td{kind}>{text}</td>' for kind, text in cells[1:])}</tr>\n"
    note = f'<p class="note">{_text(table.note)}</p>\n' if table.note else ""
    return (
        f'<div class="table">\n<div class="scroll" role="region" aria-labelledby="table-{number}" tabindex="0">\n'
        f'<table>\n<caption id="table-{number}">{_text(table.title)}</caption>\n'
        f"<thead>\n<tr>{titles}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n{note}</div>\n"
    )


def _chart(chart: Chart, language: Language, number: int) -> str:
    """Write a picture, and folded below it what it says in words, which a screen reader reads as its description."""
    source = f"data:image/svg+xml;base64,{b64encode(chart.draw('.svg')).decode()}"
    summary = _text(language.say("document.figures"))
    return (
        f"<figure>\n<figcaption>{_text(chart.title)}</figcaption>\n"
        f'<img src="{source}" alt="{_text(chart.title)}" aria-describedby="words-{number}">\n'
        f'<details>\n<summary>{summary}</summary>\n<p id="words-{number}">{_text(chart.alternative)}</p>\n'
        f"{_table(chart.table, language, number)}</details>\n</figure>\n"
    )


def _aligned(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _text(text: str) -> str:
    return escape(legible(text))
