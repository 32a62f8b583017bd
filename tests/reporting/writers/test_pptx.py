import sys
from dataclasses import replace
from io import BytesIO

import pytest

from flowsim.core.errors import InputError
from flowsim.reporting.document import Headline, Section, Text
from flowsim.reporting.language import LANGUAGES
from flowsim.reporting.writers.pptx import slides
from helpers.documents import LEGIBLE, drawn, empty, sample

pptx = pytest.importorskip("pptx")


def read(document):
    return pptx.Presentation(BytesIO(slides(document)))


def texts(slide):
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_answer_the_chart_and_the_table_have_a_slide_each(code):
    document = sample(code)
    answer, chart, table, basis = read(document).slides
    said = "\n".join(texts(answer))
    for text in ("Second", "weeks", "=1+1", "today", "It is so: ", "Beware."):
        assert text in said
    assert next(iter(texts(chart))) == "A <chart>"
    (picture,) = [shape for shape in chart.shapes if shape.shape_type == 13]
    assert picture._element.nvPicPr.cNvPr.get("descr") == f"It falls: {LEGIBLE}"
    assert picture.image.blob == drawn(".png")
    assert chart.notes_slide.notes_text_frame.text == f"It falls: {LEGIBLE}"
    assert next(iter(texts(table))) == "Formulas"  # the first table of the document
    assert {"number", "∞", "=1+1"} <= set(texts(table))
    assert "point" in "\n".join(texts(basis))


def test_all_lies_on_the_slide():
    show = read(sample())
    for slide in show.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= show.slide_width
            assert shape.top + shape.height <= show.slide_height


def test_equal_documents_give_equal_bytes():
    assert slides(sample()) == slides(sample())


def test_the_appendix_is_for_other_kinds():
    document = sample()
    behind = tuple(replace(section, appendix=True) for section in document.sections)
    assert len(read(replace(document, sections=behind)).slides) == 0


def test_python_pptx_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(InputError, match=r"PowerPoint needs python-pptx: pip install 'flowsim\[powerpoint\]'"):
        slides(sample())


def test_empty_parts_are_allowed():
    assert len(read(empty()).slides) >= 1
    assert len(read(replace(empty(), sections=(Section(title="", blocks=()),))).slides) == 0


def test_what_a_slide_has_no_room_for_is_cut_between_words_and_whole_in_the_notes():
    sentence = f"{'so ' * 104}it takes 1\u00a0234.5 weeks of work, and then some more."
    point = f"It rests on {'much ' * 70}"
    box = Headline(number="5", label="weeks", sentence=sentence)
    first = Section(title="Question", blocks=(box, Text(lines=(point,), kind="points")))
    answer, basis = read(replace(sample(), sections=(first,))).slides
    (cut,) = [text for shape in texts(answer) for text in shape.split("\n") if text.endswith("…")]
    assert sentence.startswith(cut.removesuffix("…"))
    assert cut.endswith("it takes…")
    assert sentence in answer.notes_slide.notes_text_frame.text
    assert point in basis.notes_slide.notes_text_frame.text
    assert any(text.endswith("much…") for text in texts(basis))
