import csv
import datetime
import hashlib
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.evidence.series import BEYOND, Mark, Series, documented_awards, from_pandas, read
from flowsim.evidence.tables import cell_name
from helpers.paths import EXPORTS

JOBINDSATS, STATBANK = EXPORTS / "jobindsats_made_up.csv", EXPORTS / "statbank_made_up.csv"

WIDE = """\
Antal personer;;;
Område;1. kvt. 2019;2. kvt. 2019;3. kvt. 2019
København;1.234,0;1.240;1.251
Århus;310;..;-
Note: made up
"""
LONG = """\
TID;OMRÅDE;Fuldtidspersoner;Antal personer
2019K1;København;1.100,5;1234
2019K2;København;1.101,0;1240
2019K2;Århus;290,5;311
2019K1;Århus;..;310
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="own.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


PART = "save each table by itself, or make one of them, with a column that names what each row counts"
BEYOND_ONE = "leave one of them out, or, where each has figures of its own, "


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("By;2019K1;2019K2\nA;1;2\n;;\nFuldtid;;\nBy;2019K1;2019K2\nA;3;4", "B5: a second row of periods begins here, below that in B1: "),  # noqa: E501
        ("By;2019K1;2019K2\nA;1;2\nBy;2020K1;2020K2\nB;3;4", "B3: a second row of periods begins here, below that in B1: "),  # noqa: E501
        ("By;2019K1;2019K2;By;2019K1;2019K2\nA;1;2;A;3;4", "D1: a second table begins here, beside that in B1: "),
        ("Tid;Antal\n2019K1;5\n2019K2;6\n;\nTid;Andet\n2019K1;7\n2019K2;8", "A5: 'Tid' begins a second table, below that in A2: "),  # noqa: E501
        ("Tid;Antal\n2019K1;5\n2019K2;6\nÅrhus;\n2020K1;7\n2020K2;8", "A4: 'Århus' begins a second table, below that in A2: "),  # noqa: E501
        ("Tid;Antal;;Tid;Andet\n2019K1;5;;2020K1;7\n2019K2;6;;2020K2;8", f"D2: a second column of periods begins here, beside that in A2: {BEYOND_ONE}"),  # noqa: E501
        ("Måned;Kvartal;Antal\n2019M01;2019K1;5\n2019M04;2019K2;6", f"B2: a second column of periods begins here, beside that in A2: {BEYOND_ONE}"),  # noqa: E501
    ],
)  # fmt: skip
def test_two_tables_on_one_sheet_are_refused_by_where_the_second_begins(file, text, where):
    with pytest.raises(InputError, match=f"^own.csv: {re.escape(where + PART)}$"):
        read(file(text))


def test_what_is_one_table_is_read_though_periods_come_more_than_once(file):
    """Measures side by side under headings, cohorts by quarter, years beside quarters, and a mistyped period."""
    beside = file(";Antal;;Fuldtid;\nBy;2019K1;2019K2;2019K1;2019K2\nA;1;2;3;4\nB;5;6;7;8", "a.csv")
    assert values(beside)["A / Fuldtid"] == (3, 4)
    cohorts = file("Kohorte;2019K1;2019K2\n2018K1;5;6\n2018K2;7;8", "b.csv")
    assert values(cohorts) == {"2018K1": (5, 6), "2018K2": (7, 8)}
    with pytest.raises(InputError, match="A3: '2O19K2' is no period, as others there are"):
        read(file("Tid;Antal\n2019K1;5\n2O19K2;6\n2019K3;7"))


def values(path):
    return {one.name: one.values for one in read(path).series}


def test_a_wide_export_of_jobindsats():
    found = read(JOBINDSATS)
    names = [f"{benefit} / Antal {kind}" for benefit in ("Fleksjob", "Førtidspension") for kind in PERSONS]
    assert [one.name for one in found.series] == names
    assert [one.unit for one in found.series] == ["persons", "full-time persons"] * 2
    assert {one.periods[0] for one in found.series} == {"2017Q1"}
    assert {one.periods[-1] for one in found.series} == {"2020Q4"}
    assert found.series[0].values[:5] == (912, 943, 974, 1045, 1036)
    assert found.series[1].values[0] == 757.5
    (mark,) = found.series[2].marks
    assert (mark.period, mark.text, mark.place) == ("2018Q2", "-", "I6")
    assert found.series[2].values[5] is None
    told = found.provenance
    assert (told.file, told.table, told.date) == ("jobindsats_made_up.csv", "y99a01", "2021-03-12")
    assert told.sha256 == hashlib.sha256(JOBINDSATS.read_bytes()).hexdigest()


PERSONS = ("personer", "fuldtidspersoner")


def test_a_long_export_of_statbank():
    found = read(STATBANK)
    assert [one.name for one in found.series] == [
        *("København / Fleksjob", "København / Førtidspension"),
        *("Århus / Fleksjob", "Århus / Førtidspension"),
    ]
    assert {one.unit for one in found.series} == {"full-time persons"}
    assert found["København / Fleksjob"].values[:2] == (1225, 1224)
    assert found["Århus / Fleksjob"].marks == (
        Mark(period="2017Q3", text="..", place="D33", meaning="suppressed or not available"),
    )
    assert found.provenance.table == "AUK99"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_encoding(file, encoding):
    assert values(file(WIDE, encoding=encoding)) == {"København": (1234, 1240, 1251), "Århus": (310, None, None)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(tmp_path, end):
    path = tmp_path / "own.csv"
    text = "Made; for this test|period,a,b|2019Q1,1,2|2019Q2,3,4|"
    path.write_bytes(text.replace("|", end).encode())
    assert values(path) == {"a": (1, 3), "b": (2, 4)}
    path.write_bytes(text.replace("a,b", "førtid,b").replace("|", end).encode("mac_roman"))
    with pytest.raises(InputError, match="row 2: 'f¿rtid' has lost its letters"):
        read(path)


def test_long_tables_in_any_order(file):
    assert values(file(LONG)) == {
        "København / Fuldtidspersoner": (1100.5, 1101),
        "København / Antal personer": (1234, 1240),
        "Århus / Fuldtidspersoner": (None, 290.5),
        "Århus / Antal personer": (310, 311),
    }
    units = {one.name: one.unit for one in read(file(LONG)).series}
    assert units["Århus / Fuldtidspersoner"] == "full-time persons"
    assert units["Århus / Antal personer"] == "persons"


def test_a_comma_between_cells_and_a_decimal_point(file):
    text = 'period,"awards, all"\n2019Q1,"1,234.5"\n2019Q02,12.25\n2019Q3,7\n'
    assert values(file(text)) == {"awards, all": (1234.5, 12.25, 7)}


def test_a_column_of_marks_names_no_series(file):
    assert values(file("q;a;b\n2019K1;5;..\n2019K2;6;\n2019K3;7;-\n")) == {"a": (5, 6, 7)}


def test_whole_numbers_with_an_exponent(file):
    """R writes 100000 as 1e+05, and pandas the smallest as 1e-05."""
    assert values(file("period,a\n2019Q1,1e+05\n2019Q2,2E-05\n2019Q3,12\n")) == {"a": (100_000, 2e-05, 12)}


OLD = b"\xd0\xcf\x11\xe0 old"
PERIODS = ("{0}K{1}", "{0}Q{1}", "{0}Q0{1}", "{1}. kvt. {0}")


@given(
    tenths=st.lists(st.integers(0, 10**8), min_size=2, max_size=12),
    period=st.sampled_from(PERIODS),
    danish=st.booleans(),
    wide=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)
@settings(deadline=None)
def test_what_is_written_is_read(tmp_path_factory, tenths, period, danish, wide, encoding):
    given_ = [number / 10 for number in tenths]
    cells = [f"{number:,.1f}" for number in given_]
    if danish:
        cells = [cell.translate(str.maketrans(".,", ",.")) for cell in cells]
    labels = [period.format(2017 + at // 4, at % 4 + 1) for at in range(len(cells))]
    rows = (
        [["Område", *labels], ["København", *cells]]
        if wide
        else [["TID", "København"], *zip(labels, cells, strict=True)]
    )
    path = tmp_path_factory.mktemp("own") / "own.csv"
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=";" if danish else ",").writerows(rows)
    (one,) = read(path).series
    assert (one.name, one.first, one.values) == ("København", "2017Q1", tuple(given_))


@pytest.mark.parametrize("form", ["{}", "0{}", "{}.", "K{}", "Q{}", "{}. kvartal", "{}. kvt."])
@pytest.mark.parametrize("titles", ["År;Kvartal;{}", "Kvartal;År;{}", "{};Year;Quarter", "Område;aar;kvt.;{}"])
def test_a_year_beside_its_quarter(file, titles, form):
    quarters = [(2019, 4), (2020, 1), (2020, 2)]
    cells = {"År": "{0}", "aar": "{0}", "Year": "{0}", "Kvartal": "{1}", "kvt.": "{1}", "Quarter": "{1}", "{}": "{2}"}
    row = ";".join(cells.get(title, "Ribe") for title in titles.split(";"))
    text = [row.format(year, form.format(quarter), at) for at, (year, quarter) in enumerate(quarters, 5)]
    found = read(file("Made up\n" + "\n".join([titles.format("Antal"), *text, "Kilde: nobody"]) + "\n"))
    (one,) = found.series
    assert (one.first, one.values, one.every, found.left_out) == ("2019Q4", (5, 6, 7), "quarter", ())


def test_a_year_beside_its_month(file):
    for months in (
        ("11", "12", "1"),
        ("november", "december", "januar"),
        ("nov.", "dec.", "jan."),
        ("Nov", "Dec", "Jan"),
    ):
        rows = zip((2019, 2019, 2020), months, (5, 6, 7), strict=True)
        (one,) = read(file("Year;Month;n\n" + "".join(f"{y};{m};{n}\n" for y, m, n in rows))).series
        assert (one.first, one.values, one.every) == ("2019-11", (5, 6, 7), "month")


def test_two_places_with_a_year_beside_each_quarter(file):
    text = "Sted;År;Kvartal;Antal\nØst;2019;3;5\nØst;2019;4;6\nVest;2019;3;7\nVest;2019;4;8\n"
    assert values(file(text)) == {"Øst": (5, 6), "Vest": (7, 8)}


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ("2019;1;5\n2019;5;6", "B3: '2019K5' is no quarter: they go from 1 to 4"),
        ("2019;1;5\n2019;I alt;6\n2020;1;7", "B3: 'I alt' is no quarter of 2019"),
        ("2019;1;5\n2019;;6\n2020;1;7", "B3: each row needs its quarter"),
        ("2019;1;5\n;2;6\n2020;1;7", "A3: each row needs its year"),
        ("2019;1;5\n2O19;2;6\n2020;1;7", "A3: '2O19' is no year"),
        ("2019;1;5\n2019;1;6", "C3: Antal has 2019Q1 twice, first in C2"),
        ("2019;1;5\n2019;2;6\nnote: x;;\n2019;3;7\n2019;4;8", "B4: the period is missing: write it on each row"),
    ],
)
def test_a_year_or_a_quarter_alone_is_refused(file, rows, where):
    with pytest.raises(InputError, match=re.escape(f"own.csv: {where}")):
        read(file(f"År;Kvartal;Antal\n{rows}\n"))


def test_a_year_beside_a_quarter_that_tells_it_too_is_no_figure(file):
    assert values(file("År;Kvartal;a\n2019;2019K4;5\n2020;2020K1;6\n")) == {"a": (5, 6)}
    with pytest.raises(InputError, match=r"own.csv: B3: '2020K1' is no quarter of 2019"):
        read(file("År;Kvartal;a\n2019;2019K4;5\n2019;2020K1;6\n"))
    assert values(file("År;Kvartal;a\nx;2019K4;5\nx;2020K1;6\n")) == {"a": (5, 6)}


def test_titles_do_not_hide_the_delimiter(file):
    danish = "Made up, all of it\nTable 1, for tests, only\nOmråde;2019K1;2019K2\nÅrhus;1,5;2,5\nRibe;3,5;4,5\n"
    assert values(file(danish)) == {"Århus": (1.5, 2.5), "Ribe": (3.5, 4.5)}
    english = "Made up; all of it\nTable 1; for tests\nArea,2019Q1,2019Q2\nÅrhus,1.5,2.5\nRibe,3.5,4.5\n"
    assert values(file(english)) == {"Århus": (1.5, 2.5), "Ribe": (3.5, 4.5)}
    assert values(file(danish.replace(";", "\t"))) == {"Århus": (1.5, 2.5), "Ribe": (3.5, 4.5)}


@pytest.mark.parametrize("mark", [";", "\t", ",", "|"])
def test_rows_of_unlike_length_are_parted_where_their_mark_stands(file, mark):
    """A program leaves off the empty cells at a row's end, so that no two lines have as many marks."""
    rows = (["Area", "2019Q1", "2019Q2", "2019Q3"], ["Ribe", "5", "6"])
    assert values(file("".join(mark.join(row) + "\n" for row in rows))) == {"Ribe": (5, 6, None)}


def test_headings_over_periods_that_come_again(file):
    text = ";Antal personer;;Helårspersoner;\nOmråde;2019K1;2019K2;2019K1;2019K2\nKøbenhavn;5;6;3,5;4,5\n"
    found = read(file(text))
    assert {one.name: (one.unit, one.values) for one in found.series} == {
        "Antal personer": ("persons", (5, 6)),
        "Helårspersoner": ("full-year persons", (3.5, 4.5)),
    }


def test_excel(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Made-up: Helårspersoner, opdateret 2021-03-12"])
    sheet.append(["Område", "2019K1", "2019K2", "2019K3"])
    sheet.append(["København", 1234.5, "..", None])
    sheet.append(["Århus", 310, "1.234,5", 7])
    book.create_sheet("empty")
    book.save(tmp_path / "own.xlsx")
    found = read(tmp_path / "own.xlsx")
    assert {one.name: one.values for one in found.series} == {
        "København": (1234.5, None, None),
        "Århus": (310, 1234.5, 7),
    }
    assert [(mark.text, mark.place) for mark in found.series[0].marks] == [("..", "C3"), ("", "D3")]
    assert found.series[0].unit == "full-year persons"
    assert found.provenance.date == "2021-03-12"
    book["empty"]["A1"] = datetime.date(2021, 1, 1)
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(InputError, match=r"two.xlsx: it has 2 sheets \(Sheet, empty\): save the one you mean"):
        read(tmp_path / "two.xlsx")


def test_a_quarter_that_the_file_leaves_out_is_a_gap(file):
    (one,) = read(file("2019K1;5\n2019K2;6\n2019K4;8\n")).series
    assert one.values == (5, 6, None, 8)
    assert one.marks == (Mark(period="2019Q3", text="", place="", meaning="not in the file"),)


def test_a_title_that_names_two_units_names_none(file):
    text = "Antal personer og fuldtidspersoner\nOmråde;2019K1;2019K2\nKøbenhavn;5;6\n"
    assert read(file(text)).series[0].unit == ""


@pytest.mark.parametrize(
    ("name", "figures", "unit"),
    [
        ("Andel", ("0,41", "0,62"), "share"),
        ("share of cases", ("0,41", "1"), "share"),
        ("Andel", ("0,41", "1,6"), "percent"),
        ("Andel", ("41", "62"), "percent"),
        ("Andel i procent", ("0,41", "0,62"), "percent"),
        ("Andel", ("0,41 %", "0,62 %"), "percent"),
        ("Andel", ("41", "162"), ""),
        ("shareholders", ("0,41", "0,62"), ""),
    ],
)
def test_a_share_is_one_of_one_or_of_a_hundred(file, name, figures, unit):
    (series,) = read(file(f"Kvartal;{name}\n2019K1;{figures[0]}\n2019K2;{figures[1]}\n")).series
    assert series.unit == unit


@pytest.mark.parametrize("unit", ["share", "percent"])
def test_shares_of_months_have_no_sum(unit):
    months = Series(name="x", unit=unit, every="month", first="2019-01", values=(0.1, 0.2, 0.3))
    with pytest.raises(InputError, match=f"x: it is in {unit}, and shares of months have no sum: take their mean"):
        months.quarterly("sum")
    assert months.quarterly("mean").values == pytest.approx((0.2,))


def test_months_become_quarters(file):
    text = "".join(f"2019M{month:02};{month}\n" for month in range(2, 13)).replace("2019M08;8", "2019M08;..")
    (one,) = read(file(text)).series
    assert (one.every, one.first, one.periods[-1]) == ("month", "2019-02", "2019-12")
    told = one.quarterly("sum")
    assert (told.first, told.values) == ("2019Q2", (15, None, 33))
    assert told.marks == (Mark(period="2019Q3", text="", place="", meaning="1 of 3 months missing"),)
    assert one.quarterly("mean").values == (5, None, 11)
    assert told.quarterly("mean") == told


def test_a_column_of_notes_is_kept_beside_the_figures(file):
    (one,) = read(file("periode;antal;bemærkning\n2019K1;5;\n2019K2;6;lockdown 2020\n2019K3;7;\n")).series
    assert one.values == (5, 6, 7)
    assert [(mark.period, mark.text, mark.place) for mark in one.notes] == [("2019Q2", "lockdown 2020", "C3")]


def test_words_with_numbers_that_tell_series_apart_are_names(file):
    text = "alder;kvartal;antal\n25 år;2019K1;5\n25 år;2019K2;6\n30 år;2019K1;7\n30 år;2019K2;8\n"
    assert {one.name: one.values for one in read(file(text)).series} == {"25 år": (5, 6), "30 år": (7, 8)}


def test_words_with_numbers_that_are_the_same_in_every_row_are_a_name(file):
    """A column of an export that was narrowed down to one age, beside the figures."""
    (one,) = read(file("alder;kvartal;antal\n18-29 år;2019K1;5\n18-29 år;2019K2;6\n")).series
    assert one.values == (5, 6)
    (one,) = read(file("kvartal;alder;antal\n2019K1;25 år;5\n2019K2;25 år;6\n")).series
    assert one.values == (5, 6)


def test_too_few_months_for_a_quarter():
    with pytest.raises(InputError, match="make no whole quarter"):
        Series(name="x", unit="", every="month", first="2019-02", values=(1.0, 2.0, 3.0)).quarterly("sum")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "own.csv: the file is empty"),
        ("a;b\n1;2\n", "no row and no column of periods is found"),
        ("q;a\n2019K1;1180\n2019K2;118 2\n", "B3: '118 2' is no number"),
        ("q,a\n2019K1,12,5\n2019K2,13,5\n", "C2: '5' stands under no heading: with decimal commas, part the cells by"),
        ("q;a\n2015-01-01;1180\n2016-01-01;1190\n", "B2: the periods are years: export quarters or months"),
        ("q;a\n2019K1;100 kr.\n2019K2;90 kr.\n", "B2: '100 kr.' is no number: write figures without units"),
        ("q;a;b\n2019K1;5;100 kr.\n2019K2;6;90 kr.\n", "C2: '100 kr.' is no number: write figures without units"),
        ("q;a\n2019K1;many\n2019K2;few\n", "B2: 'many' is no number, and beside none of the periods one is"),
        ("q\n2019K1\n2019K2\n", "A2: '2019K1' has nothing beside it"),
        (WIDE.replace("3. kvt. 2019", "1. kvt. 2019"), "D3: København has 2019Q1 twice, first in B3"),
        (WIDE.replace("3. kvt. 2019", "2019M07"), "D3: 2019-07 is a month and 2019Q1 a quarter: export one length"),
        (WIDE.replace("3. kvt. 2019", "2019"), "D3: 2019 is a year and 2019Q1 a quarter"),
        (WIDE.replace("3. kvt. 2019", "2019QMAT3"), "D2: '2019QMAT3' is a rolling year"),
        (WIDE.replace("3. kvt. 2019", "5. kvt. 2019"), "D2: '5. kvt. 2019' is no quarter"),
        (WIDE.replace("310", "many"), r"B4: 'many' is no number \(allowed: digits"),
        (WIDE.replace("310", "31.0,5,5"), "B4: '31.0,5,5' is no number"),
        (
            WIDE.replace("1.240", "3.25"),
            "B3 '1.234,0' has a decimal comma and C3 '3.25' a decimal po",
        ),
        ('a,2019K1,2019K2\nx,"1,234",5\n', "B2: '1,234' can be 1234 or 1.234, and no other cell"),
        (LONG.replace("2019K2;Århus", "later;Århus"), "A4: 'later' is no period, as others there are"),
        (LONG.replace("2019K2;Århus", "2019K1;Århus"), "Århus / Fuldtidspersoner has 2019Q1 twice, first in C4"),
        (LONG.replace("2019K", "201"), "the periods are years: export quarters or months"),
        (
            "2015K1;4.512\n2015K2;5\n",
            "B1: '4.512' can be 4512 or 4.512, .*--decimal comma for 4512, or --decimal point for",
        ),
        ("2O15K1;4\n2015K2;5\n2015K3;6\n", "A1: '2O15K1' is no period, as others there are"),
        ("TID;x\n2O15K1;4\n2015K2;5\n2015K3;6\n", "A2: '2O15K1' is no period, as others there are"),
        ("2015K1;4\n2015K2;5\n20I5K3;6\n", "A3: '20I5K3' is no period, as others there are"),
        (WIDE.replace("3. kvt. 2019", "3. kvt. 2O19"), "D2: '3. kvt. 2O19' is no period, as others there are"),
        (WIDE.replace("1. kvt. 2019", "1. kvt. 2O19"), "B2: '1. kvt. 2O19' is no period, as others there are"),
        ("2015K1;5 %\n2015K2;6\n", "B1 of series has a per cent sign and B2 has none"),
        ("2015K1;" + "9" * 400 + "\n2015K2;6\n", "B1: a number of 400 digits is too large"),
        ("q;a\n2019H1;5\n2019H2;6\n", "A2: '2019H1' is no quarter or month that is read: write quarters as 2019Q1"),
        ("Data 2024\nq;jan-19;feb-19\na;5;6\n", "B2: 'jan-19' is no quarter or month that is read"),
        ("q;a\n2019-01-07;5\n2019-01-14;6\n", "A2: '2019-01-07' is no quarter .* all first, or all last, days of"),
        ("q;a\nmarsvin 2019;5\napril 2019;6\nmaj 2019;7\n", "A2: 'marsvin 2019' is no period, as others there are"),
        ("q;g;a\n2019K1;x;5\n;y;6\n2019K2;x;7\n", "A3: the period is missing: write it on each row"),
        (
            "q;g;a\n2019K1;;5\n2019K2;u;6\n",
            "B2: the name is missing, where B3 has 'u': write it on each row, or call a",
        ),
        ('"a;2019K1\n', "row 1: this is no table of cells"),
        ('q;a\n"2019\nK1";5\n2019K2;"6\n2019K3;7\n', "row 3: this is no table of cells"),
        ('q;a\n\n"2019" K1;5\n2019K2;6\n', "row 3: this is no table of cells"),
        ("\x00\x01;2", "this is no text file"),
    ],
)
def test_a_file_that_cannot_be_read_as_it_stands(file, text, message):
    with pytest.raises(InputError, match=message):
        read(file(text))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("own.xls", OLD, "this is an old Excel file, which is not read: open it and save it"),
        ("own.xlsx", OLD + "EncryptedPackage".encode("utf-16-le"), "it is protected by a password: open it in Excel"),
        ("own.csv", b"PK\x03\x04 zip", "this is no CSV file: if it is an Excel file, name it .xlsx"),
        ("own.xlsx", b"q;a\n2019K1;5\n", "this is a text file and no Excel file: name it .csv"),
        ("own.xlsx", b"PK\x03\x04 torn", "this is no Excel file that can be read"),
        ("own.ods", b"PK\x03\x04mimetype", "this is an OpenDocument sheet, which is not read: open it and save it as"),
        ("own.parquet", b"PAR1\x15", r"a Parquet file, which is not read: .* \(in Python: pandas reads it"),
        ("own.json", b'{"2019K1": 5}', "this is a JSON file, which is not read"),
        ("own.xls", b"<html><table><tr><td>2019K1</td></tr></table></html>", "this is a web page, which is not read"),
        ("own.csv", b"%PDF-1.4", "this is a PDF, which is not read"),
        ("own.csv", b"\xef\xbb\xbf", "the file is empty"),
        ("own.csv", "q;førtid\n".encode("mac_roman"), "row 1: 'f¿rtid' has lost its letters"),
        ("own.csv", "q;a\nf\u00f8r;2\n".encode("cp850"), "row 2: 'f›r' has lost its letters"),
        ("own.csv", "q;førtid\n".encode().decode("cp1252").encode(), "row 1: 'fÃ¸rtid' has lost its letters"),
        ("own.csv", b"\xff\xfe2", "neither UTF-8 nor Windows-1252"),
    ],
)
def test_a_file_of_another_kind(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "q;a\n2019K1;–12\n2019K2;5\n",  # as a word processor writes a minus
        "q;a\n\u200b2019K1;\u200e−12\n2019K2;\ufeff5\n",
        "q|a\n2019K1|-12\n2019K2|5\n",
        "q;a\n2019-01-01T00:00:00;-12\n2019-04-01 00:00;5\n",
    ],
)
def test_signs_and_letters_that_cannot_be_told_by_eye(file, text):
    (series,) = read(file(text)).series
    assert (series.name, series.first, series.values) == ("a", "2019Q1", (-12, 5))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("q;Fuldtidspersoner i 1.000\n2019K1;1,5\n2019K2;2,5\n", "thousand full-time persons"),
        ("1.000 kr.\nq;udgift\n2019K1;1,5\n2019K2;2,5\n", "thousand"),
        ("q;udgift (mio. kr.)\n2019K1;1,5\n2019K2;2,5\n", "million"),
        ("q;personer i 2019\n2019K1;1,5\n2019K2;2,5\n", "persons"),
    ],
)
def test_a_scale_that_the_words_name_is_in_the_unit(file, text, unit):
    (series,) = read(file(text)).series
    assert (series.unit, series.values) == (unit, (1.5, 2.5))


def test_more_than_a_hundred_per_cent_is_marked(file):
    (series,) = read(file("q;rettidighed pct\n2019K1;95\n2019K2;130,5\n")).series
    assert series.notes == (Mark(period="2019Q2", text="130.5", place="B3", meaning=BEYOND),)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(InputError, match="there is no file"):
        read(tmp_path)


def test_an_unknown_series_is_answered_with_the_nearest(file):
    with pytest.raises(InputError, match=r"own.csv: there is no series 'Kobenhavn'; did you mean 'København'\?"):
        read(file(WIDE))["Kobenhavn"]


def test_cells_are_named_as_in_a_spreadsheet():
    assert [cell_name(0, column) for column in (0, 25, 26, 27, 701, 702)] == ["A1", "Z1", "AA1", "AB1", "ZZ1", "AAA1"]


def test_the_documented_awards_are_the_facts():
    found = documented_awards()
    assert [one.name for one in found.series] == ["fleksjob", "førtidspension"]
    assert all(one.unit == "awards" and one.first == "2017Q1" and len(one.values) == 15 for one in found.series)
    assert sum(found["fleksjob"].values[8:12]) == 630
    assert found["førtidspension"].values[11] == 638
    assert "status-2021-01.awards-fleksjob" in found.provenance.file


# --- what is proved, noted and left out ---


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *[
            ("0.512", 0.512),
            ("0,512", 0.512),
            ("1.014,8", 1014.8),
            ("12,5", 12.5),
            ("12,5 %", 12.5),
            ("1.234.567", 1234567),
        ],
        *[
            ("1\u202f234", 1234),
            ("1\u00a0234,5", 1234.5),
            ("118*", 118),
            ("118 1)", 118),
            ("118 (rev.)", 118),
            ("118¹", 118),
        ],
        *[("−3", -3), ("1'234", 1234), ("1,5E+03", 1500)],
    ],
)
def test_a_cell_whose_own_form_decides(file, cell, number):
    assert values(file(f"2015K1;{cell}\n2015K2;{'5 %' if '%' in cell else 5}\n")) == {"series": (number, 5)}


def test_a_given_convention_settles_what_no_cell_proves(file):
    path = file("2015K1;4.512\n2015K2;5\n")
    assert [read(path, decimal).series[0].values for decimal in ("comma", "point")] == [(4512, 5), (4.512, 5)]
    with pytest.raises(InputError, match="B1: '1,5' has a decimal comma, not a decimal point"):
        read(file("2015K1;1,5\n2015K2;5\n"), "point")


@pytest.mark.parametrize("note", ["*", "**", " (databrud)", " 1)", "¹", "\u00a0*"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_period_with_a_note_is_used(file, note, at):
    labels = [f"2015K{number}{note if number == at else ''}" for number in (1, 2, 3)]
    for text in (
        "".join(f"{label};{number}\n" for number, label in enumerate(labels)),
        f"x;{';'.join(labels)}\ny;0;1;2\n",
    ):
        (one,) = read(file(text)).series
        assert one.values == (0, 1, 2)
        (mark,) = one.notes
        assert (mark.period, mark.text) == (f"2015Q{at}", note.strip())


def test_periods_of_sdmx_and_dates(file):
    assert read(file("2019-Q1;5\n2019-Q2;6\n")).series[0].periods == ("2019Q1", "2019Q2")
    assert read(file("2019-01-01;5\n2019-04-01;6\n")).series[0].periods == ("2019Q1", "2019Q2")
    assert read(file("31-03-2019;5\n30-06-2019;6\n")).series[0].periods == ("2019Q1", "2019Q2")
    assert read(file("x;2019-01-01;2019-02-01\ny;5;6\n")).series[0].periods == ("2019-01", "2019-02")
    with pytest.raises(InputError, match="A1: '2019-01-02' is no quarter or month that is read"):
        read(file("2019-01-02;5\n2019-04-01;6\n"))


def test_dates_of_excel_are_periods(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    for month in (1, 4, 7):
        book.active.append([datetime.datetime(2019, month, 1), month])
    book.save(tmp_path / "own.xlsx")
    (one,) = read(tmp_path / "own.xlsx").series
    assert (one.first, one.values) == ("2019Q1", (1, 4, 7))


def test_a_series_begins_with_its_first_figure_where_one_is_wanted(file):
    (one,) = read(file("2019K1;..\n2019K2;..\n2019K3;5\n2019K4;..\n")).series
    assert [mark.period for mark in one.marks] == ["2019Q1", "2019Q2", "2019Q4"]
    later = one.from_first_figure()
    assert (later.first, later.values, [mark.period for mark in later.marks]) == ("2019Q3", (5, None), ["2019Q4"])
    (one,) = read(file("2019K1;..\n2019K2;5\n2019K3;6\n")).series
    later = one.from_first_figure()
    assert (later.first, later.values, later.marks) == ("2019Q2", (5, 6), ())
    (begun,) = read(file("2019K1;5\n2019K2;..\n")).series
    none = replace(begun, values=(None,), marks=(Mark(period="2019Q1", text="..", place="B1", meaning="suppressed"),))
    assert [one.from_first_figure() for one in (begun, none)] == [begun, none]


def test_figures_in_no_series_are_named(file):
    text = WIDE.replace("1.251", "1.251;3725").replace("310;..;-", "310;..;-;310") + "Kilde;;;;2021\n"
    assert read(file(text)).left_out == ("E3", "E4", "E6")
    assert read(file("2019K1;5\n2019K2;6\nI alt;11\n")).left_out == ("B3",)


def test_names_are_one_name_however_their_letters_are_composed(file):
    import unicodedata

    path = file(unicodedata.normalize("NFD", WIDE))
    assert read(path)["Århus"].values == read(path)[unicodedata.normalize("NFD", "Århus")].values == (310, None, None)


_TYPOS = st.sampled_from(["2O17K1", "2017", "I alt", "", "2017K1*", "K", "2017K1 (brud)", "x1y2"])


@given(
    figures=st.lists(st.integers(1000, 10**6), min_size=3, max_size=6, unique=True),
    at=st.integers(0, 5),
    label=_TYPOS,
    wide=st.booleans(),
    header=st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_every_figure_is_in_a_series_or_named(tmp_path_factory, figures, at, label, wide, header):
    labels = [f"2018K{number + 1}" if number < 4 else f"2019K{number - 3}" for number in range(len(figures))]
    labels[at % len(labels)] = label
    rows = [["TID", "x"]] if header else []
    rows += [[text, str(figure)] for text, figure in zip(labels, figures, strict=True)]
    if wide:
        rows = [["", *labels], ["x", *map(str, figures)]]
    path = tmp_path_factory.mktemp("own") / "own.csv"
    path.write_text("".join(";".join(row) + "\n" for row in rows))
    try:
        observed = read(path)
    except InputError as refused:
        message = str(refused)
    else:
        message = ""
    if message:
        assert re.search(r"\b[A-Z]+\d+\b|no row and no column", message)
        return
    kept = [value for one in observed.series for value in one.values if value is not None]
    places = {cell_name(row, column): rows[row][column] for row in range(len(rows)) for column in range(len(rows[row]))}
    left = [float(places[cell]) for cell in observed.left_out]
    assert sorted(kept + left) == sorted(map(float, figures))


@pytest.mark.parametrize("heading", ["note", "Bemærkning", "Anm.", "Fodnoter"])
def test_a_column_of_numbers_of_notes_is_no_series(file, heading):
    long = read(file(f"periode;antal;{heading}\n2020K1;5;1\n2020K2;6;\n"))
    assert [(one.name, one.values) for one in long.series] == [("antal", (5, 6))]
    assert [(note.period, note.text) for note in long.series[0].notes] == [("2020Q1", "1")]
    wide = read(file(f"område;{heading};2020K1;2020K2\nKøbenhavn;1;5;6\nÅrhus;;7;8\n"))
    assert [(one.name, one.values) for one in wide.series] == [("København", (5, 6)), ("Århus", (7, 8))]
    assert wide.left_out == ()
    counted = read(file("periode;antal;Anmeldte\n2020K1;5;1\n2020K2;6;2\n"))
    assert [one.name for one in counted.series] == ["antal", "Anmeldte"]


QUARTERS = pd.period_range("2020Q1", periods=3, freq="Q")


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        (["1.200", 3, 4], "", "2020Q1: '1.200': 1200 or 1.2? write 1200 or 1.2"),
        (["few", 3, 4], "", "2020Q1: 'few' is no number"),
        ([1, np.inf, 4], "", "2020Q2: inf is not allowed"),
        ([1, 2, pd.NaT], "", "2020Q3: NaT is not allowed"),
        (pd.to_datetime(["2020", None, None]), "", "2020Q1: Timestamp.* is not allowed"),
        ([True, 2, 3], "", "2020Q1: True is not allowed"),
        ([0.4, 45, 46], "share", "2020Q2: 45 is not allowed: the unit is share, which goes to 1"),
        ([40, 145, 46], "procent", "2020Q2: 145 is not allowed: the unit is percent, which goes to 100"),
        ([1, 2, 3], 5, "name and unit are texts"),
    ],
)
def test_what_pandas_holds_that_is_no_number_is_refused_by_its_period(values, unit, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        from_pandas(pd.Series(values, index=QUARTERS), unit=unit)


def test_what_pandas_holds_is_read():
    series = from_pandas(pd.Series(["12,5", None, np.int64(4)], index=QUARTERS, name="x"), unit="%")
    assert (series.values, series.unit, [mark.period for mark in series.marks]) == (
        (12.5, None, 4.0),
        "percent",
        ["2020Q2"],
    )
    with pytest.raises(InputError, match="the index holds no period"):
        from_pandas(pd.Series([1, 2], index=pd.PeriodIndex(["2020Q1", "NaT"], freq="Q")))
