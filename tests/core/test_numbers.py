import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.civil_time import MINUTES, parse_rate, parse_span
from flowsim.core.errors import InputError
from flowsim.core.numbers import (
    AmbiguousNumber,
    composed,
    fixed,
    number,
    read_number,
    read_whole,
    significant,
    unambiguous,
)
from flowsim.core.quantities import changed, check_typed, parse_share, times


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("12", 12), ("12,5", 12.5), ("12.5", 12.5), ("0.512", 0.512), ("0,512", 0.512), (",5", 0.5), ("1.2000", 1.2)],
        *[("1.014,8", 1014.8), ("1,014.8", 1014.8), ("1.200.000", 1.2e6), ("1,200,000", 1.2e6), ("1234.500", 1234.5)],
        *[
            ("12 000", 12000),
            ("12\u00a0000", 12000),
            ("12\u202f000,5", 12000.5),
            ("1'200", 1200),
            ("1 200.125", 1200.125),
        ],
        *[("+2", 2), ("-2,5", -2.5), ("−2", -2), ("1e3", 1000), ("1.5e-3", 0.0015), ("5.", 5)],
    ],
)
def test_numbers_with_a_comma_or_a_point(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("1.200", "write 1200 or 1.2"),
        ("1,200", "write 1200 or 1.2"),
        ("-5.000", "write 5000 or 5"),
        ("12,345", "write 12345 or 12.3450"),
    ],
)
def test_what_can_be_two_numbers_is_refused_with_both(text, ways):
    with pytest.raises(AmbiguousNumber, match=ways):
        read_number(text)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1,2,3", "1..2", "1.20.000", "1,20,000.5", "nan", "inf", "1_000", "1e400"]
)
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match=r"is no number|too large"):
        read_number(text)


@pytest.mark.parametrize(
    ("text", "number"), [("200", 200), (" 5 ", 5), ("12 000", 12000), ("1e4", 10000), ("-1", -1), (str(2**64), 2**64)]
)
def test_whole_numbers(text, number):
    assert read_whole(text) == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.000", "1000 or 1"),
        ("1,000", "1000 or 1"),
        *[(text, "should be a whole number") for text in ("2,5", "1_000", "many", "")],
    ],
)
def test_what_is_no_whole_number_or_two_of_them(text, why):
    with pytest.raises(ValueError, match=why):
        read_whole(text)


@given(st.floats(0, 1e12))
def test_what_a_program_writes_is_read_back(number):
    assert read_number(repr(number), typed=False) == number


@given(st.integers(0, 10**9), st.integers(0, 9), st.sampled_from(["{:,.1f}", "{:.1f}", "{:,.4f}"]), st.booleans())
def test_either_convention_gives_the_same_number(whole, tenth, form, danish):
    text = form.format(whole + tenth / 10)
    if danish:
        text = text.translate(str.maketrans(".,", ",."))
    assert read_number(text) == pytest.approx(whole + tenth / 10, rel=1e-15)


def test_spans_rates_changes_and_shares_have_the_same_numbers():
    assert parse_span("12,5\u00a0weeks") == 12.5 * MINUTES["week"]
    assert parse_rate("12 000 per 5 years") == parse_rate("2400 per year")
    assert changed("12 weeks", "+2,5 weeks") == "14.5 weeks"
    assert changed(8, "+12,5 %") == 9
    assert changed(8, "−2") == 6
    assert changed(8, "+50 pct.") == changed(8, "+50 procent") == changed(8, "+50%") == 12
    assert parse_share("7,5 pct", "x") == 0.075
    assert parse_share("97,5 %", "x") == 0.975
    with pytest.raises(InputError, match=r"x: '1\.200': 1200 or 1\.2\? write 1200 or 1\.2"):
        parse_share("1.200%", "x")
    with pytest.raises(InputError, match=r"x: '95' is not allowed: write '95%', or a share from 0 to 1"):
        parse_share("95", "x")


@pytest.mark.parametrize(
    "text",
    ["1.200 per year", "+1,200", "+ 1.200", "- 1.200 hours", "1.200 %", "12 per 1.200 years", "1.200 hours", "1.200"],
)
def test_a_file_with_a_text_that_can_be_two_numbers_is_refused_by_key(text):
    with pytest.raises(InputError, match=r"f: a\[1\]\.b: '.*': 1200 or 1\.2\?"):
        check_typed({"a": [1, {"b": text}], "name": "1.200", "why": "1.200 per year"}, "f")


@pytest.mark.parametrize("text", ["12,5 weeks", "2019-01-01", "1.200 and more, as told", "K1.200x"])
def test_other_texts_of_a_file_are_left_alone(text):
    check_typed({"a": text}, "f")


@pytest.mark.parametrize(
    ("text", "written"), [("1.234", "1.2340"), ("-12.345", "-12.3450"), ("0.512", "0.512"), ("1.2", "1.2"), ("7", "7")]
)
def test_what_could_be_two_numbers_is_written_so_that_it_is_one(text, written):
    assert unambiguous(text) == written
    assert read_number(unambiguous(text)) == float(text)


def test_letters_are_composed_at_any_depth():
    name = unicodedata.normalize("NFD", "Århus")
    data = {name: [name, {"to": (name, 1.0)}], "plain": 2}
    assert composed(data) == {"Århus": ["Århus", {"to": ("Århus", 1.0)}], "plain": 2}


def test_what_a_program_wrote_is_multiplied_as_a_decimal_number():
    assert times("2.949 weeks", 2.0) == "5.898 weeks"


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        *((0.034, 2, "0.034"), (-0.0012, 2, "-0.0012"), (0.1, 2, "0.10"), (1.239, 2, "1.24"), (0, 2, "0.00")),
        *((0.012, 3, "0.012"), (0.0012, 3, "0.0012"), (0.24, 1, "0.24"), (1.24, 1, "1.2"), (3.6e-7, 2, "3.6e-07")),
    ],
)
def test_a_small_figure_keeps_two_of_its_digits(value, decimals, written):
    assert significant(value, decimals) == written


@pytest.mark.parametrize(
    ("value", "decimals", "shift", "text"),
    [
        (76.5, 0, 0, "77"), (-76.5, 0, 0, "-77"), (2.5, 0, 0, "3"), (0.5, 0, 0, "1"), (0.49999, 0, 0, "0"),
        (2.25, 1, 0, "2.3"), (0.15, 1, 0, "0.2"), (1234.565, 2, 0, "1,234.57"), (0.145, 0, 2, "15"),
        (0.0625, 1, 2, "6.3"), (12500.0, 0, -3, "13"), (0.0, 1, 0, "0.0"), (5e-324, 2, 0, "0.00"), (9.5e9, 0, -9, "10"),
    ],
)  # fmt: skip
def test_a_half_is_written_away_from_zero_as_spreadsheets_write_it(value, decimals, shift, text):
    assert fixed(value, decimals, shift=shift) == text


def test_the_largest_numbers_are_written_in_full():
    assert fixed(1e300, 2).replace(",", "") == f"1{'0' * 300}.00"


@pytest.mark.parametrize(("value", "text"), [(100.5, "101"), (-100.5, "-101"), (2.25, "2.3"), (0.125, "0.13")])
def test_a_figure_of_a_terminal_is_rounded_so_too(value, text):
    assert number(value) == text
