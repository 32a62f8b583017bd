"""A document as one web page: its pictures within it, no script, and nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from itertools import count

from flowsim.core.extras import require_extra
from flowsim.core.files import data_folder
from flowsim.reporting.document import Chart, Document, Figure, Headline, Table, Text, legible, picture_kind, shown
from flowsim.reporting.pictures.canvas import narrow_canvas

__all__ = ["webpage"]


def webpage(document: Document) -> bytes:
    """Write a document as a web page, HTML 5 in UTF-8, for screens, telephones and print.

    Every text of the document is text on the page, whatever it holds. What a chart says in words and figures is
    below it, folded away. A chart is there twice, for wide and for narrow screens, with letters as large on both. Equal
    documents give equal bytes.

    Raises:
        InputError: where jinja2 is not installed.
    """
    require_extra("report", "a web page", "jinja2")
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, finalize=_legible, keep_trailing_newline=True, undefined=StrictUndefined)
    environment.filters |= {
        "base64": lambda data: b64encode(data).decode(),
        "narrowed": _narrowed,
        "picture_kind": picture_kind,
        "shown": partial(shown, language=document.language),
    }
    environment.tests |= {
        "figure": lambda cell: isinstance(cell, Figure),
        "box": lambda block: isinstance(block, Headline),
        "table": lambda block: isinstance(block, Table),
        "words": lambda block: isinstance(block, Text),
    }
    template, style = (
        (data_folder("report") / name).read_text(encoding="utf-8") for name in ("report.html.jinja", "report.css")
    )
    page = environment.from_string(template).render(
        document=document,
        letter=document.letterhead.lines(document.language),
        say=document.language.say,
        style=style,
        next_number=partial(next, count(1)),
    )
    return page.encode()


def _narrowed(chart: Chart) -> bytes:
    """Return a chart as a telephone shows it."""
    with narrow_canvas():
        return chart.draw(".svg")


def _legible(value: object) -> object:
    """Return what stands on the page for a value: a text legible; one that is marked as safe is the page's own."""
    return legible(value) if type(value) is str else value
