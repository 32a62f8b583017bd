from hypothesis import given
from hypothesis import strategies as st

from flowsim.cli.terminal import WIDTH, table

COLUMNS = {"station": 12, "period": 8, "load": 6, "weeks": 7}
WORDS = st.text(st.characters(whitelist_categories=("L", "Nd"), max_codepoint=0x17F), max_size=30)


def test_figures_stand_to_the_right_and_headings_across():
    rows = [
        ("desk", "2019", "0.83", "1,234"),
        "One heading that is longer than the first column",
        ("team", "2020", "-", "4"),
    ]
    assert table(COLUMNS, rows, left=("period",)) == [
        "station     period    load  weeks",
        "desk        2019      0.83  1,234",
        "One heading that is longer than the first column",
        "team        2020         -      4",
    ]


def test_what_is_too_long_is_cut_with_a_mark():
    assert table({"a": 6, "b": 4}, [("abcdefgh", "12345")])[1] == "abcde…123…"
    assert table({"a": 6}, ["x" * 100])[1] == "x" * (WIDTH - 1) + "…"


def test_brackets_are_no_markup():
    assert table({"a": 12, "b": 4}, [("[bold]x", "[/]")])[1] == "[bold]x      [/]"


@given(st.lists(st.tuples(*[WORDS] * 4) | WORDS, max_size=6))
def test_every_line_fits_and_every_row_has_one(rows):
    lines = table(COLUMNS, rows)
    assert len(lines) == 1 + len(rows)
    assert all(len(line) <= WIDTH for line in lines)


def test_labels_that_would_be_cut_alike_still_differ():
    rows = [(f"The desk of the {part}", "1") for part in ("north", "south", "north by day", "hall")]
    first = [line[:14].rstrip() for line in table({"": 14, "n": 4}, rows)[1:]]
    assert len(set(first)) == 4
    assert all("…" in label for label in first)
    assert [line[:14] for line in table({"": 14, "n": 4}, [rows[0], ("Team", "2")])[1:]] == [
        "The desk of t…",
        "Team          ",
    ]
    same_ends = [("A" * 13 + part + "Z" * 13, "1") for part in ("b", "c")]
    assert [line[:12] for line in table({"": 12, "n": 4}, same_ends)[1:]] == ["AAAAAAA… (1)", "AAAAAAA… (2)"]
