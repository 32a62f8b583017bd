import math

import pytest

from flowsim.core.periods import Period
from flowsim.reporting.document import Figure, Table, legible, shown
from flowsim.reporting.language import Language


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Sagsbehandler på Østerbro\t≥ 2 → “x” 😀\nnext", "Sagsbehandler på Østerbro\t≥ 2 → “x” 😀\nnext"),
        ("a\r\nb", "a\nb"),
        ("\x00\x0b\r\x1b\x7f\x85\ud800\udfff\ufffe\uffff", "\ufffd" * 10),
    ],
)
def test_legible(text, told):
    assert legible(text) == told


@pytest.mark.parametrize(
    ("cell", "english", "danish"),
    [
        ("a\x00", "a\ufffd", "a\ufffd"),
        (Figure(12345.6), "12,346", "12.346"),
        (Figure(2.25, 2, signed=True), "+2.25", "+2,25"),
        (Figure(0.1234, 1, share=True), "12.3\u00a0%", "12,3\u00a0%"),
        (Figure(-0.05, 0, share=True, signed=True), "−5\u00a0%", "−5\u00a0%"),
        (Figure(math.nan, 1, share=True), "–", "–"),
        (Figure(math.nan), "–", "–"),
    ],
)
def test_shown(cell, english, danish):
    assert [shown(cell, Language.of(code)) for code in ("en", "da")] == [english, danish]


@pytest.mark.parametrize(
    ("period", "english", "danish"),
    [("2024", "2024", "2024"), ("2024Q3", "Q3 2024", "3. kvartal 2024"), ("2024-03", "March 2024", "marts 2024")],
)
def test_a_period_in_a_cell_is_written_in_words(period, english, danish):
    told = [shown(Period(period), Language.of(code)).replace("\N{NO-BREAK SPACE}", " ") for code in ("en", "da")]
    assert told == [english, danish]


def test_columns_are_numeric_where_any_cell_is():
    rows = (("a", "b", Figure(1)), ("c", Figure(math.nan), Figure(2)))
    assert Table(title="T", columns=("x", "y", "z"), rows=rows).numeric == (False, True, True)


def test_rows_are_as_long_as_the_columns():
    with pytest.raises(ValueError, match="T: a row of 1 cells in a table of 2 columns"):
        Table(title="T", columns=("x", "y"), rows=(("a",),))
