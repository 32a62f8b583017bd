"""A small report in either language whose texts are such as a user might type, or a rogue."""

import math
import re
import struct
import zlib

from flowsim.reporting.document import Chart, Document, Figure, Headline, Section, Table, Text
from flowsim.reporting.language import Language

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="150"><rect width="90" height="40"/></svg>'
HOSTILE = "<script>alert(\"1\")</script> & '2' #strong[x] $x^2$ *b* `c` @d \\e \x00\x1b\ud800 http://example.org"
LEGIBLE = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")
FORMULAS = ("=1+1", "@x", "+1", "-1", "http://example.org", "{=1}", "12", "<r><t>x</t></r>", "_x0041_")


def png(width, height, dots=150, pixel=b"\x80"):
    """A grey picture that says how many dots an inch has, or does not; what its pixels hold stands in it as it is."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    per_metre = round((dots or 0) / 0.0254)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + (chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)) if dots else b"")
        + chunk(b"IDAT", zlib.compress((b"\x00" + (pixel * width)[:width]) * height, level=0))
        + chunk(b"IEND", b"")
    )


def drawn(kind):
    return {".svg": SVG, ".png": png(300, 150)}[kind]


def long_table(title="Weeks", rows=40):
    values = (Figure(1234.5, 1), Figure(0.125, 1, share=True), Figure(-2.25, 2, signed=True), Figure(math.nan, 1))
    return Table(
        title=title,
        columns=("period", "mean", "share", "difference", "none"),
        rows=tuple((f"2024-{n}", *values) for n in range(rows)),
        note="Read it so.",
    )


def sample(code="en", *, title=HOSTILE):
    small = Table(
        title="Formulas",
        columns=(HOSTILE, "number"),
        rows=tuple((text, Figure(math.inf)) for text in FORMULAS),
    )
    figures = Table(title="Drawn from", columns=("level", "wait"), rows=((Figure(2), Figure(3.5, 1)),))
    chart = Chart(title="A <chart>", alternative=f"It falls: {HOSTILE}", draw=drawn, table=figures)
    box = Headline(
        number=Figure(5.25, 1, unit='weeks "<b>"'),
        label=f"Wait {HOSTILE}",
        beside="=1+1",
        beside_label="today",
        sentence=f"It is so: {HOSTILE}",
        warning="Beware.",
    )
    return Document(
        title=title,
        subject="Sagsbehandlere på Østerbro",
        sections=(
            Section(
                title=f"First {HOSTILE}",
                blocks=(
                    Text(lines=(HOSTILE, "Another.")),
                    Text(lines=("point " + HOSTILE,), kind="points"),
                    Text(lines=("flowsim run \\", "  --seed 1 < " + HOSTILE), kind="command"),
                    small,
                ),
            ),
            Section(title="Second", blocks=(box, chart, long_table())),
            Section(title="Behind", blocks=(Text(lines=("More.",)),), appendix=True),
        ),
        language=Language.of(code),
    )


def empty():
    """Return a report of which every part is there, and holds nothing."""
    texts = tuple(Text(lines=(), kind=kind) for kind in ("paragraphs", "points", "command"))
    blocks = (*texts, Table(title="", columns=("",), rows=()))
    sections = (Section(title="", blocks=blocks), Section(title="", blocks=()))
    return Document(title="", subject="", sections=sections, language=Language.of("en"))


def unpacked(pdf):
    """Return the bytes of a PDF with those of its streams that are packed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"".join(parts)


def page_count(pdf):
    """Return how many pages a PDF has; older Typst writes the white space that PDF leaves free."""
    return len(re.findall(rb"/Type\s*/Page(?=[\s/>])", unpacked(pdf)))
