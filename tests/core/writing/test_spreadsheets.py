import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.writing.spreadsheets import as_text, csv_text, original_text


@pytest.mark.parametrize("text", ["=1+1", "+45 12 34", "-cmd", "@SUM(A1)", "\t=1", "'=1", "''-x", "=\n"])
def test_a_text_like_a_formula_begins_with_an_apostrophe(text):
    assert as_text(text) == f"'{text}"


@pytest.mark.parametrize(
    "cell", ["", "-", "team", "a=b", "'quoted'", "-5", "+2.5", "-1e-3", "-1,5", "-12,5 %", "-1.234,5", -5.0, 3, None]
)
def test_other_cells_and_negative_numbers_stay(cell):
    assert as_text(cell) is cell


@given(st.text(alphabet="'=+-@\t5.a", max_size=6))
def test_every_text_comes_back(text):
    assert original_text(as_text(text)) == text


def test_a_table_is_written_with_its_titles():
    frame = pd.DataFrame({"=name": ["@a", "b", None], "value": [-1.5, 2.0, 3.0]})
    rows = list(csv.reader(io.StringIO(csv_text(frame))))
    assert rows == [["'=name", "value"], ["'@a", "-1.5"], ["b", "2.0"], ["", "3.0"]]
    assert csv_text(frame, header=False).startswith("'@a,")
