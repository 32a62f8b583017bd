"""Cells of Excel files are read as they are shown; what has no result yet, or two meanings, is refused by its cell."""

import re
import zipfile
from datetime import datetime

import openpyxl
import pytest
import xlsxwriter

from flowsim import InputError
from flowsim.evidence.cases import read_cases, wrong_cells
from flowsim.evidence.series import HIDDEN, Mark, read
from flowsim.evidence.tables import read_sheet
from flowsim.model.today.known import read_known

LIST = ["where", "situation", "number", "since"]


def workbook(path, *rows, formats=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, shown in dict(formats).items():
        book.active[cell].number_format = shown
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("0%", 55.0),
        ("0.0 %", 55.0),
        ('0.0" "%;-0.0%', 55.0),
        ("0_%", 0.55),  # as wide as a per cent sign, which is not written
        ("0.00", 0.55),
        ('0"%"', 0.55),  # the sign is written after the number as it is
        ("0\\%", 0.55),
    ],
)
def test_a_cell_in_a_per_cent_format_is_the_number_before_the_sign(tmp_path, shown, number):
    path = workbook(tmp_path / "x.xlsx", [0.55], formats={"A1": shown})
    ((cell,),) = read_sheet(path).rows
    assert cell == number
    assert str(cell).endswith(" %") == ("%" in shown.replace("_%", ""))


def test_a_series_in_a_per_cent_format_is_in_per_cent(tmp_path):
    rows = (["periode", "rettidighed"], ["2020K1", 0.8], ["2020K2", 0.555])
    (series,) = read(workbook(tmp_path / "x.xlsx", *rows, formats={"B2": "0%", "B3": "0.0%"})).series
    assert (series.unit, series.values) == ("percent", (80.0, 55.5))
    with pytest.raises(InputError, match=r"x.xlsx: B2 of rettidighed has a per cent sign and B3 has none"):
        read(workbook(tmp_path / "x.xlsx", *rows, formats={"B2": "0%"}))


@pytest.mark.parametrize(("share", "read"), [(1, 1.0), (0, 0.0), (1.01, None), (80, None), (-0.1, None)])
def test_a_share_is_at_most_the_whole_wherever_it_is_read(tmp_path, share, read):
    """Of 80 % that is typed as 8000 %, in a format or as a text, in a list and in a planner's newer figures."""
    shown = f"{100 * share:g} %"
    for cell, formats in ((share, {"C2": "0%"}), (shown, {})):
        ones = workbook(tmp_path / "x.xlsx", LIST, ["team", "waiting", cell, None], formats=formats)
        head = ["measure", "month", "figure", "±"]
        known = workbook(tmp_path / "y.xlsx", head, ["clock.x.within", "2020-05", cell, "5 %"], formats=formats)
        if read is not None:
            assert read_cases(ones).rows[0].share == read
            assert read_known(known).figures[0].value == read
            continue
        with pytest.raises(InputError, match=re.escape(f"x.xlsx: C2: '{shown}' is not allowed: a whole number of")):
            read_cases(ones)
        refused = f"y.xlsx: C2: '{shown}' is not allowed: a share between 0 % and 100 %"
        with pytest.raises(InputError, match=re.escape(refused)):
            read_known(known)


def test_a_share_in_a_list_and_a_known_figure_are_what_is_shown(tmp_path):
    (row,) = read_cases(workbook(tmp_path / "x.xlsx", LIST, ["team", "waiting", 0.8, None], formats={"C2": "0%"})).rows
    assert (row.count, row.share) == (None, 0.8)
    path = workbook(tmp_path / "y.xlsx", LIST, ["team", "waiting", 0.8, None])
    with pytest.raises(InputError, match=re.escape("y.xlsx: C2: '0.8' is not allowed: a whole number of citizens")):
        read_cases(path)
    known = workbook(
        tmp_path / "z.xlsx",
        ["measure", "month", "figure", "±"],
        ["clock.x.within", "2020-05", 0.62, 0.05],
        formats={"C2": "0%", "D2": "0%"},
    )
    (figure,) = read_known(known).figures
    assert (figure.value, figure.sd) == (0.62, 0.05)
    changed(known, lambda sheet: setattr(sheet["D2"], "number_format", "0.00"))
    with pytest.raises(InputError, match=r"z.xlsx: D2: of '62 %' and '0.05' one is in per cent and the other is not"):
        read_known(known)


@pytest.mark.parametrize(
    ("shown", "number", "scaled"),
    [
        ("#,##0,", 12345, True),
        ("0.0,,", 12345, True),
        ('#,##0.0,"k"', 12345, True),
        ("0,.0", 12345, True),
        ("#,##0,_ ;-#,##0_ ", 12345, True),
        ("#,##0,_ ;-#,##0_ ", -12345, False),  # of a negative number the second part
        ("0;-0,", -12345, True),
        ('[>=1000000]0.0,,"M";[>=1000]0,"K";0', 12345, True),
        ('[>=1000000]0.0,,"M";[>=1000]0,"K";0', 345, False),
        ("[>=1000]0,;0", 345, False),
        ("#,##0", 12345, False),
        ("#,##0.00", 12345, False),
        ('0",,"', 12345, False),  # written after the number as it is
        ("0\\,", 12345, False),
        ("#,##0,", 0, False),  # nothing is nothing in thousands too
    ],
)
def test_a_cell_that_excel_shows_in_thousands_is_refused_wherever_it_would_be_read(tmp_path, shown, number, scaled):
    formats = {"B2": shown, "B3": "0"}
    series = workbook(tmp_path / "x.xlsx", ["periode", "antal"], ["2020K1", number], ["2020K2", 7], formats=formats)
    ones = workbook(tmp_path / "y.xlsx", LIST, ["team", "waiting", abs(number), None], formats={"C2": shown})
    known = workbook(
        tmp_path / "z.xlsx",
        ["measure", "month", "figure", "±"],
        ["stock.x", "2020-05", number, 5],
        formats={"C2": shown},
    )
    if not scaled:
        assert read(series).series[0].values == (number, 7)
        assert read_known(known).figures[0].value == number
        return
    for path, cell, reading in ((series, "B2", read), (ones, "C2", read_cases), (known, "C2", read_known)):
        if number > 0 or reading is not read_cases:
            what = f"{path.name}: {cell}: Excel shows {number} in thousands or millions, by the format '{shown}'"
            with pytest.raises(InputError, match=re.escape(what)):
                reading(path)


def test_a_formula_without_a_result_is_refused_by_its_cell(tmp_path):
    rows = (["periode", "antal"], ["2020K1", 5], ["2020K2", "=B2+1"])
    with pytest.raises(InputError, match=r"x.xlsx: B3: the formula there has no result yet: open the file in Excel"):
        read(workbook(tmp_path / "x.xlsx", *rows))
    with pytest.raises(InputError, match=r"y.xlsx: C2: the formula there has no result yet"):
        read_cases(workbook(tmp_path / "y.xlsx", LIST, ["team", "waiting", "=SUM(1,2)", None]))


def test_a_result_of_0_that_a_program_put_there_is_none(tmp_path):
    """XlsxWriter calculates nothing, writes 0, and says that the file is to be calculated when it is opened."""
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((["periode", "antal"], ["2020K1", 5], ["2020K2"])):
            sheet.write_row(number, 0, row)
        sheet.write_formula("B3", "=B2+1")
    with pytest.raises(InputError, match=r"x.xlsx: B3: the formula there has no result yet"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        ('<c r="B3"><f>B2+1</f><v>6</v></c>', 6.0),
        ('<c r="B3"><f>B2+1</f><v></v></c>', "B3: the formula there has no result yet"),
        ('<c r="B3"><f>B2+1</f></c>', "B3: the formula there has no result yet"),
        ('<c r="B3" t="str"><f>IF(B2&gt;9,B2,"")</f><v></v></c>', None),  # an empty text is a result
    ],
)
def test_of_a_file_that_a_spreadsheet_calculated_each_formula_has_its_result(tmp_path, cell, held):
    written = workbook(tmp_path / "written.xlsx", ["periode", "antal"], ["2020K1", 5], ["2020K2", "=B2+1"])
    changes = {
        "xl/workbook.xml": (' fullCalcOnLoad="1"', ""),
        "xl/worksheets/sheet1.xml": ('<c r="B3"><f>B2+1</f><v></v></c>', cell),
    }
    with zipfile.ZipFile(written) as package, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as calculated:
        for name in package.namelist():
            old, new = changes.get(name, ("", ""))
            text = package.read(name).decode()
            assert old in text
            calculated.writestr(name, text.replace(old, new) if old else text)
    if isinstance(held, str):
        with pytest.raises(InputError, match=held):
            read(tmp_path / "x.xlsx")
    else:
        assert read(tmp_path / "x.xlsx").series[0].values == (5.0, held)


def test_strict_open_xml_is_named(tmp_path):
    """Excel offers to save so; openpyxl finds nothing in it."""
    written = workbook(tmp_path / "written.xlsx", ["periode", "antal"], ["2020K1", 5], ["2020K2", 6])
    usual, strict = b"schemas.openxmlformats.org/spreadsheetml/2006", b"purl.oclc.org/ooxml/spreadsheetml"
    with zipfile.ZipFile(written) as package, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as changed_package:
        for name in package.namelist():
            changed_package.writestr(name, package.read(name).replace(usual, strict))
    with pytest.raises(InputError, match=r"x.xlsx: it is saved as 'Strict Open XML', which is not read: save it as"):
        read(tmp_path / "x.xlsx")


def test_formulas_on_a_sheet_that_is_not_read_do_not_matter(tmp_path):
    path = workbook(tmp_path / "x.xlsx", ["help", "=1+1"])
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("List")
    for row in (LIST, ["team", "waiting", 5, None]):
        sheet.append(row)
    book.save(path)
    assert [row.count for row in read_cases(path).rows] == [5]


@pytest.mark.parametrize(
    ("titles", "row", "columns"),
    [
        ("where;situation;number;since", "team;waiting;1;2024-08-01", (0, 1, 2, 3)),
        ("where;situation;number", "team;waiting;1", (0, 1, 2, -1)),
        ("Siden;Bemærkning;Situation;Sted", "2024-08-01;ny;venter;team", (3, 2, -1, 0)),
    ],
)
def test_a_row_tells_where_in_the_file_its_columns_stand(tmp_path, titles, row, columns):
    (tmp_path / "list.csv").write_text(f"{titles}\n{row}\n", encoding="utf-8")
    cases = read_cases(tmp_path / "list.csv")
    (found,) = cases.rows
    assert (found.where, found.waiting, found.count, found.columns) == ("team", True, 1, columns)
    names = [f"list.csv: {'ABCD'[column]}2" for column in columns if column >= 0]
    assert [cases.at(found, key) for key in range(4) if columns[key] >= 0] == names


def days(folder, *texts):
    path = folder / "list.csv"
    path.write_text("\n".join([";".join(LIST), *(f"team;waiting;1;{text}" for text in texts)]), encoding="utf-8")
    return [f"{row.since}" for row in read_cases(path).rows]


def test_what_a_date_with_slashes_begins_with_is_proved_by_its_column(tmp_path):
    assert days(tmp_path, "3/4/2022", "13/4/2022") == ["2022-04-03", "2022-04-13"]
    assert days(tmp_path, "3/4/2022", "4/25/2022") == ["2022-03-04", "2022-04-25"]
    assert days(tmp_path, "3/3/2022", "4-5-2022", "4.5.2022") == ["2022-03-03", "2022-05-04", "2022-05-04"]
    message = "list.csv: D2: '3/4/2022' can be 2022-04-03 or 2022-03-04, and no other cell tells which"
    with pytest.raises(InputError, match=message):
        days(tmp_path, "3/4/2022", "5/5/2022", "2022-04-25")
    with pytest.raises(InputError, match="D2 '13/4/2022' begins with the day and D4 '4/25/2022' with the month"):
        days(tmp_path, "13/4/2022", "3/4/2022", "4/25/2022")


def test_figures_that_excel_does_not_show_are_marked(tmp_path):
    path = workbook(tmp_path / "x.xlsx", ["q", "a", "b"], ["2020K1", 1, 4], ["2020K2", 2, 5], ["2020K3", 3, 6])
    book = openpyxl.load_workbook(path)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.save(path)
    first, second = read(path).series
    assert first.notes == (Mark(period="2020Q2", text="", place="B3", meaning=HIDDEN),)
    assert [mark.place for mark in second.notes] == ["C2", "C3", "C4"]
    assert (first.values, second.values) == ((1, 2, 3), (4, 5, 6))


def test_a_row_of_a_list_that_is_filtered_out_is_refused(tmp_path):
    path = workbook(tmp_path / "x.xlsx", LIST, ["team", "waiting", 8, None], ["plan", "waiting", None, None])
    for row, refused in ((3, False), (2, True)):  # an empty row tells nothing
        book = openpyxl.load_workbook(path)
        book.active.row_dimensions[row].hidden = True
        book.save(path)
        if refused:
            with pytest.raises(InputError, match=r"x.xlsx: row 2 is hidden or filtered out, and tells of somebody"):
                read_cases(path)
        else:
            assert len(read_cases(path).rows) == 1


def changed(path, change):
    """Save a workbook after a change to its sheet."""
    book = openpyxl.load_workbook(path)
    change(book.active)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("merged", "refused"),
    [("C2:C3", True), ("D2:D3", True), ("E2:E3", False), ("C1:C2", False), ("C2:D2", False), ("A5:D6", False)],
)
def test_a_number_or_a_day_of_a_list_that_is_merged_over_rows_is_refused(tmp_path, merged, refused):
    """Excel shows it beside each of the rows, and the file has it in the first one."""
    rows = ["team", "waiting", 8, "2026-03-02", "asked"], ["plan", "waiting", 4, None, None], [], ["a note"]
    path = workbook(tmp_path / "x.xlsx", [*LIST, "remark"], *rows)
    if merged == "C1:C2":  # the title alone stands in two rows
        path = workbook(path, [*LIST[:2], "number", "since"], ["team", "waiting", None, "2026-03-02"])
    changed(path, lambda sheet: sheet.merge_cells(merged))
    if refused:
        message = f"x.xlsx: {merged.replace(':', ' to ')} are merged into one cell, and stand for several rows"
        for reads in (read_cases, wrong_cells):
            with pytest.raises(InputError, match=message):
                reads(path)
    else:
        assert read_cases(path).rows


def test_a_hidden_column_of_numbers_or_days_is_refused_and_one_of_names_is_not(tmp_path):
    def hide(letter):
        return lambda sheet: setattr(sheet.column_dimensions[letter], "hidden", True)

    for letter, title in (("C", "number"), ("D", "since")):
        path = workbook(tmp_path / "x.xlsx", LIST, ["team", "waiting", 8, "2026-03-02"])
        with pytest.raises(InputError, match=f"x.xlsx: {letter}1: the column '{title}' is hidden, and would be read"):
            read_cases(changed(path, hide(letter)))
    path = workbook(tmp_path / "x.xlsx", LIST, ["team", "waiting", 8, None])
    assert len(read_cases(changed(changed(path, hide("A")), hide("D"))).rows) == 1  # since holds nothing
    known = workbook(tmp_path / "y.xlsx", ["measure", "month", "figure", "±"], ["queue.team", "2025-03", 40, 5])
    with pytest.raises(InputError, match=r"y.xlsx: D1: the column '±' is hidden, and would be read"):
        read_known(changed(known, hide("D")))


def test_a_known_figure_that_is_filtered_out_is_refused(tmp_path):
    rows = ["measure", "month", "figure", "±"], ["queue.team", "2025-03", 40, 5], [], ["queue.team", "2025-04", 40, 5]
    for row, refused in ((3, False), (4, True)):
        path = workbook(tmp_path / "x.xlsx", *rows)
        changed(path, lambda sheet, row=row: setattr(sheet.row_dimensions[row], "hidden", True))
        if refused:
            with pytest.raises(InputError, match=r"x.xlsx: row 4 is hidden or filtered out, and holds a figure"):
                read_known(path)
        else:
            assert len(read_known(path).figures) == 2


def test_a_day_of_excel_in_a_column_that_is_not_read_is_refused(tmp_path):
    titles, since = ["where", "situation", "number", "from"], datetime(2026, 3, 2)
    with pytest.raises(InputError, match=r"x.xlsx: D1: the column 'from' is not read, and holds '2026-03-02'"):
        read_cases(workbook(tmp_path / "x.xlsx", titles, ["team", "waiting", 3, since]))


def test_a_merged_cell_over_several_periods_is_refused_and_one_over_headings_is_not(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx", ["", "a", "", "b"], ["", "2020K1", "2020K2", "2020K1", "2020K2"], ["x", 1, 2, 3, 4]
    )
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("B1:C1")
    book.save(path)
    assert [series.values for series in read(path).series] == [(1, 2), (3, 4)]
    book.active.merge_cells("B3:C3")
    book.save(path)
    with pytest.raises(InputError, match=r"x.xlsx: B3 to C3 are merged into one cell, and stand for several periods"):
        read(path)


def test_a_name_that_is_merged_over_the_rows_of_a_long_table_is_that_of_each(tmp_path):
    names = (("x", 1), ("", 2), ("", 3), ("y", 4), ("", 5), ("", 6))
    rows = [[name or None, f"2020K{1 + at % 3}", number] for at, (name, number) in enumerate(names)]
    path = workbook(tmp_path / "x.xlsx", ["place", "q", "a"], *rows)
    with pytest.raises(InputError, match=r"x.xlsx: A3: the name is missing, where A2 has 'x': write it on each row"):
        read(path)
    changed(path, lambda sheet: [sheet.merge_cells(span) for span in ("A2:A4", "A5:A7")])
    assert {series.name: series.values for series in read(path).series} == {"x": (1, 2, 3), "y": (4, 5, 6)}


def test_a_year_that_is_merged_over_its_quarters_is_that_of_each(tmp_path):
    rows = [[2019 + at // 4 if at % 4 == 0 else None, 1 + at % 4, at] for at in range(8)]
    path = workbook(tmp_path / "x.xlsx", ["År", "Kvartal", "a"], *rows)
    with pytest.raises(InputError, match=r"x.xlsx: A3: each row needs its year"):
        read(path)
    changed(path, lambda sheet: [sheet.merge_cells(span) for span in ("A2:A5", "A6:A9")])
    (one,) = read(path).series
    assert (one.first, one.values) == ("2019Q1", tuple(range(8)))


def test_a_hidden_sheet_is_named_and_never_read_unseen(tmp_path):
    path = workbook(tmp_path / "x.xlsx", ["q", "a"], ["2020K1", 1], ["2020K2", 2])
    book = openpyxl.load_workbook(path)
    book.create_sheet("old").append(["q", 5])
    book["old"].sheet_state = "hidden"
    book.save(path)
    with pytest.raises(InputError, match=re.escape("x.xlsx: it has 2 sheets (Sheet, old (hidden)): save the one")):
        read(path)
    book.active.delete_rows(1, 9)
    book.save(path)
    with pytest.raises(InputError, match=r"x.xlsx: the only sheet with anything in it, 'old', is hidden"):
        read(path)
    book.create_sheet("List").append(LIST)
    book["List"].sheet_state = "hidden"
    book.active.append(["q", 5])
    book.save(path)
    with pytest.raises(InputError, match=r"x.xlsx: the sheet 'List' is hidden: show it in Excel and save"):
        read_cases(path)
