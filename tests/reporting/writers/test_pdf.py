import re
import sys
import tempfile
from dataclasses import replace

import pytest

from flowsim.core.errors import InputError
from flowsim.reporting.document import Section, Text
from flowsim.reporting.language import LANGUAGES
from flowsim.reporting.writers.pdf import printout
from helpers.documents import LEGIBLE, empty, page_count, sample, unpacked

pytest.importorskip("typst")
A4 = (595.3, 841.9)


def strings(pdf, key):
    """Return the texts of a key of a PDF, that are written as Latin letters or in hexadecimal UTF-16."""
    found = set()
    for plain, packed in re.findall(rb"/" + key + rb"\s*(?:\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f]+)>)", pdf):
        found.add(bytes.fromhex(packed.decode()).decode("utf-16") if packed else plain.decode("latin-1"))
    return found


def with_text(*lines, kind="paragraphs"):
    section = Section(title="One", blocks=(Text(lines=lines, kind=kind),))
    return replace(sample(title="T"), sections=(section,))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_print_is_accessible(code):
    pdf = printout(sample(code))
    assert pdf.startswith(b"%PDF-")
    told = unpacked(pdf)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in told
    assert b"/StructTreeRoot" in told
    assert code in strings(told, b"Lang")
    assert LEGIBLE in strings(told, b"Title")
    assert f"It falls: {LEGIBLE}" in strings(told, b"Alt")


def test_equal_documents_give_equal_bytes():
    pdf = printout(sample())
    assert pdf == printout(sample())
    # Two that are made within a second are equal also where they tell the time.
    assert not re.search(rb"CreationDate|CreateDate|ModDate", unpacked(pdf))


@pytest.mark.parametrize("kind", ["paragraphs", "points", "command"])
def test_text_is_never_code(kind):
    # Were any of these code, it would not compile, or the pages would be more.
    rogue = ("#pagebreak()", "#panic()", '#import "x"', "$", "*", "]", '#read("/etc/passwd")', "```", "= A heading")
    pdf = printout(with_text(*rogue, kind=kind))
    assert page_count(pdf) == 1
    assert strings(unpacked(pdf), b"Title") == {"T", "One"}


def test_letters_beyond_the_fonts_give_pages_that_claim_nothing():
    told = unpacked(printout(with_text("日本 😀")))
    assert b"pdfuaid" not in told
    assert b"/StructTreeRoot" in told


def test_the_figures_of_charts_are_at_the_end():
    document = sample("da", title="T")
    assert "Tallene bag figurerne" in strings(unpacked(printout(document)), b"Title")
    alone = replace(document, sections=document.sections[:2])
    assert "Tallene bag figurerne" not in strings(unpacked(printout(alone)), b"Title")
    assert "Tallene bag figurerne" not in strings(unpacked(printout(with_text("x"))), b"Title")


def test_what_stands_before_the_appendix_has_no_contents_and_begins_pages_where_it_says_so():
    first, second = (Section(title=name, blocks=(Text(lines=("x",)),)) for name in ("One", "Two"))
    document = replace(sample(title="T"), sections=(first, second))
    assert page_count(printout(document)) == 1
    assert page_count(printout(replace(document, sections=(first, replace(second, new_page=True))))) == 2
    behind = printout(replace(document, sections=(first, replace(second, appendix=True))))
    assert page_count(behind) == 2
    assert "Appendix" in strings(unpacked(behind), b"Title") | strings(unpacked(behind), b"T")


def test_a_tall_chart_stays_on_one_page():
    chart = sample().sections[1].blocks[1]
    tall = b'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="900"><rect width="9" height="890"/></svg>'
    section = Section(title="One", blocks=(replace(chart, draw=lambda kind: tall),))
    told = unpacked(printout(replace(sample(title="T"), sections=(section,))))
    (box,) = re.findall(rb"/S\s*/Figure\b.{1,4000}?/BBox\s*\[([^]]+)\]", told, re.DOTALL)
    left, bottom, right, top = map(float, box.split())
    assert 0 < left < right < A4[0]
    assert 0 < bottom < top < A4[1]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    printout(sample())
    assert list(tmp_path.iterdir()) == []


def test_typst_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(InputError, match=r"PDF needs typst: pip install 'flowsim\[report\]'"):
        printout(sample())


def test_empty_parts_are_allowed():
    assert printout(empty()).startswith(b"%PDF-")


def test_an_option_is_never_broken_behind_its_hyphens():
    """A command is as wide, word by word, as one without hyphens: broken lines are copied as two words."""
    line = "flowsim report --out a.html --out b.xlsx --out c.pdf --out d.pptx --language da --appendix --seed 1"

    def places(text):
        return re.findall(rb"1 0 0 -1 ([\d.]+ [\d.]+) Tm", unpacked(printout(with_text(text, kind="command"))))

    assert len(places(line)) > 10
    assert places(line) == places(line.replace("-", "x"))
