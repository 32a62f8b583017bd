import math
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from xml.etree import ElementTree

import openpyxl
import pytest

from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.reporting.document import Chart, Figure, Line, Plot, Section, Table, Text
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.reporting.writers.xlsx import workbook
from helpers.documents import FORMULAS, LEGIBLE, empty, long_table, png, sample

pytest.importorskip("xlsxwriter")
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"


def read(document):
    return openpyxl.load_workbook(BytesIO(workbook(document)))


def with_blocks(*blocks):
    return replace(sample(), sections=(Section(title="One", blocks=blocks),))


def texts(sheet):
    return [cell.value for row in sheet for cell in row if cell.value is not None]


@pytest.mark.parametrize("code", LANGUAGES)
def test_texts_are_texts(code):
    book = read(sample(code))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []
    front = book.worksheets[0]
    for text in (LEGIBLE, f"First {LEGIBLE}", f"• point {LEGIBLE}", f"It falls: {LEGIBLE}", "flowsim run \\"):
        assert text in texts(front)
    for text in FORMULAS:
        assert text in [str(told).strip() for told in texts(front)]
    assert book.properties.title == LEGIBLE


def test_numbers_are_numbers():
    sheet = read(sample())["Weeks"]
    assert [cell.value for cell in sheet[1]] == ["period", "mean", "share", "difference", "none"]
    row = sheet[2]
    assert [cell.value for cell in row] == ["2024-0", 1234.5, 0.125, -2.25, None]
    formats = ["General", "#,##0.0", "0.0 %", "+#,##0.00;-#,##0.00;#,##0.00", "General"]
    assert [cell.number_format for cell in row] == formats


def test_years_are_numbers_and_quarters_are_days():
    rows = tuple((Period(f"{year}Q2"), Period(str(year)), Figure(1)) for year in range(2001, 2020))
    book = read(with_blocks(Table(title="Times", columns=("quarter", "year", "2024*"), rows=rows)))
    sheet = book["Times"]
    assert (sheet["C1"].value, sheet["C1"].number_format) == (2024, '0"*"')
    assert (sheet["A2"].value, sheet["A2"].is_date) == (datetime(2001, 4, 1), True)
    assert (sheet["B2"].value, sheet["B2"].number_format) == (2001, "0")
    danish = read(
        replace(
            with_blocks(Table(title="T", columns=("a",), rows=((Period("2001-02"),),)), Text(lines=())),
            language=Language.of("da"),
        )
    )
    (cell,) = [cell for row in danish.worksheets[0] for cell in row if cell.is_date]
    assert cell.number_format == "dd.mm.yyyy"


def test_the_number_of_the_box_is_a_number_with_its_unit():
    front = read(sample()).worksheets[0]
    (cell,) = [cell for row in front for cell in row if cell.value == 5.25]
    assert cell.number_format == '#,##0.0 "weeks <b>"'  # a mark of quotation would end the unit
    assert {"=1+1", "today", f"It is so: {LEGIBLE}", "Beware."} <= set(texts(front))


def test_lines_are_drawn_by_excel_from_the_sheet_of_their_figures():
    rows = tuple((Period(f"{year}Q1"), Figure(year), Figure(math.nan)) for year in (2001, 2002, 2003))
    table = Table(title="Waits", columns=("quarter", "median", "low"), rows=rows)
    lines = (
        Line("median", range(3), 1, "middle"),
        Line("low", range(3), 2, "edge"),
        Line("told", range(1, 3), 1, "points"),
    )
    chart = Chart(title="Waits", alternative="It falls.", draw=never, table=table, plots=(Plot("Wait", 0, lines),))
    packed = workbook(with_blocks(chart))
    front = openpyxl.load_workbook(BytesIO(packed)).worksheets[0]
    ((drawn,), []) = (front._charts, front._images)
    assert [one.val.numRef.f for one in drawn.series] == ["Waits!$B$2:$B$4", "Waits!$C$2:$C$4", "Waits!$B$3:$B$4"]
    assert drawn.series[0].cat.numRef.f == "Waits!$A$2:$A$4"
    drawing = ElementTree.fromstring(zipfile.ZipFile(BytesIO(packed)).read("xl/drawings/drawing1.xml"))
    (described,) = drawing.iter(f"{DRAWING}cNvPr")
    assert described.get("descr") == "It falls."
    # A queue that stands still has no height, and a line through 0 would say that nobody waits.
    endless = replace(table, rows=(*rows[:2], (Period("2003Q1"), Figure(math.inf), Figure(1))))
    front = read(with_blocks(replace(chart, table=endless, draw=lambda kind: png(300, 150)))).worksheets[0]
    assert (len(front._charts), len(front._images)) == (0, 1)


def never(kind):
    raise AssertionError(kind)


def test_a_table_of_numbers_beyond_all_bounds():
    table = Table(title="T", columns=("a", "b"), rows=((Figure(math.inf), Figure(7)),))
    assert texts(read(with_blocks(table)).worksheets[0])[-2:] == ["∞", 7]


@pytest.mark.parametrize("code", LANGUAGES)
def test_larger_tables_and_figures_of_charts_have_sheets(code):
    book = read(sample(code))
    first = {"en": "Report", "da": "Rapport"}[code]
    assert book.sheetnames == [first, "Drawn from", "Weeks"]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.print_title_rows == "$1:$1"
        assert all(cell.font.bold for cell in sheet[1])
    said = {"en": "The figures are on the sheet “Weeks”.", "da": "Tallene står på arket »Weeks«."}[code]
    assert said in texts(book[first])


@pytest.mark.parametrize(("rows", "columns", "own"), [(12, 7, False), (13, 7, True), (12, 8, True)])
def test_small_tables_stay_on_the_first_sheet(rows, columns, own):
    cells = tuple(f"c{n}" for n in range(columns))
    book = read(with_blocks(Table(title="Table", columns=cells, rows=(cells,) * rows)))
    assert (len(book.worksheets) == 2) == own


def test_names_of_sheets():
    titles = ["", "a" * 40, "A" * 40, "[x]:*?/\\y", "'quoted'", "History", "report", "😀" * 20, "\x00\n"]
    names = read(with_blocks(*[long_table(title) for title in titles])).sheetnames
    assert names == [
        "Report",
        "Table",
        "a" * 30 + "…",
        "A" * 26 + "… (2)",
        "x y",
        "quoted",
        "History (2)",
        "report (2)",
        "😀" * 15 + "…",
        "\ufffd",
    ]


def test_pictures_say_what_they_show():
    packed = zipfile.ZipFile(BytesIO(workbook(sample())))
    drawing = ElementTree.fromstring(packed.read("xl/drawings/drawing1.xml"))
    (described,) = drawing.iter(f"{DRAWING}cNvPr")
    assert described.get("descr") == f"It falls: {LEGIBLE}"
    assert packed.read("xl/media/image1.png") == png(300, 150)


@pytest.mark.parametrize("dots", [96, 150, None])
@pytest.mark.parametrize("pixel", [b"\x80", b"pHYs"])  # what looks like a word of the head is none within the pixels
def test_a_picture_hides_no_cell(dots, pixel):
    chart = sample().sections[1].blocks[1]
    packed = workbook(with_blocks(replace(chart, draw=lambda kind: png(300, 1500, dots, pixel))))
    drawing = ElementTree.fromstring(zipfile.ZipFile(BytesIO(packed)).read("xl/drawings/drawing1.xml"))
    top, bottom = (int(drawing.find(f".//{DRAWING}{end}/{DRAWING}row").text) for end in ("from", "to"))
    front = openpyxl.load_workbook(BytesIO(packed)).worksheets[0]
    filled = [cell.row - 1 for cell in front["A"] if cell.value is not None]
    assert [row for row in filled if top <= row <= bottom] == []
    assert min(row for row in filled if row > bottom) <= bottom + 2


def test_long_texts_are_cut():
    front = read(with_blocks(Text(lines=("x" * 40_000, "<r>" + "y" * 40_000)))).worksheets[0]
    assert {len(text) for text in texts(front) if len(text) > 1000} == {32_766}
    assert sum(str(text).endswith("…") for text in texts(front)) == 2


def test_pages_in_print():
    book = read(sample())
    wide = Table(title="Wide", columns=tuple("abcdefgh"), rows=(("x" * 30,) * 8,))
    for sheet in (*book.worksheets, read(with_blocks(wide))["Wide"]):
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.orientation == "landscape") == (sheet.title == "Wide")


def test_a_sheet_lies_where_it_is_wider_than_an_upright_page():
    """A hundred letters fit beside each other, and each column has room for three more than its longest text."""
    for letters, lies in ((22, False), (23, True)):
        row = ("x" * 22, "x" * 22, "x" * 22, "x" * letters)
        sheet = read(with_blocks(Table(title="T", columns=tuple("abcd"), rows=(row,) * 20)))["T"]
        assert (sheet.page_setup.orientation == "landscape") == lies


def test_columns_are_as_wide_as_what_they_hold():
    title = "a title of thirty letters long"
    sheet = read(with_blocks(Table(title="T", columns=("a", title), rows=(("b", "c"),) * 20)))["T"]
    widths = [sheet.column_dimensions[column].width for column in "AB"]
    assert 9 <= widths[0] < 12
    assert len(title) < widths[1] < len(title) + 6


def test_equal_documents_give_equal_bytes():
    assert workbook(sample()) == workbook(sample())
    # Two that are made within a second are equal also where they tell the time.
    told = read(sample()).properties
    assert told.created == told.modified == datetime(2000, 1, 1)


def test_xlsxwriter_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(InputError, match=r"Excel needs xlsxwriter: pip install 'flowsim\[report\]'"):
        workbook(sample())


def test_empty_parts_are_allowed():
    assert read(empty()).sheetnames == ["Report"]


def test_rows_are_as_high_as_what_they_hold_is_broken_to():
    table = Table(title="T", columns=("what", "why"), rows=(("a", "b" * 81), ("a\nb", "c"), ("a", "b")))
    book = read(with_blocks(Text(lines=("x" * 65, "x" * 64)), table))
    front = book.worksheets[0]
    heights = {cell.value: front.row_dimensions[cell.row].height for cell in front["A"] if cell.value}
    assert heights["x" * 65] == pytest.approx(2 * 11 * 1.36, abs=0.3)
    assert heights["x" * 64] is None
    why = {cell.value: front.row_dimensions[cell.row].height for cell in front["B"] if cell.value}
    assert why["b" * 81] == pytest.approx(3 * 11 * 1.36, abs=0.3)
    assert why["c"] == pytest.approx(2 * 11 * 1.36, abs=0.3)
    assert why["b"] is None
    assert heights["One"] == pytest.approx(14 * 1.36, abs=0.3)
