"""A planner's newer figures: how their file is read, and what is wrong in it."""

import openpyxl
import pytest

from flowsim import InputError, Scenario
from flowsim.model.today.known import KnownFigure, read_known
from helpers.paths import SMALL_TOWN

HEAD = "measure;month;figure;±\n"


@pytest.fixture
def written(tmp_path):
    """Write rows to a CSV file and return its path."""

    def write(rows: str, head: str = HEAD):
        path = tmp_path / "figures.csv"
        path.write_text(head + rows, encoding="utf-8")
        return path

    return write


def test_rows_are_read_as_people_write_them(written):
    read = read_known(written("wait.team.served;2025-06;7,5;1\n;;;\nclock.decision.within;juni 2025;62 %;3 %\n"))
    assert read.figures == (
        KnownFigure(measure="wait.team.served", period="2025-06", value=7.5, sd=1.0, cell="figures.csv: A2"),
        KnownFigure(measure="clock.decision.within", period="2025-06", value=0.62, sd=0.03, cell="figures.csv: A4"),
    )


def test_an_excel_file_in_danish_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Nøgletal", "Måned", "Tal", "±"])
    book.active.append(["queue.team", "2025-03-01", 40, 5])
    book.save(tmp_path / "tal.xlsx")
    (figure,) = read_known(tmp_path / "tal.xlsx").figures
    assert (figure.measure, str(figure.period), figure.value, figure.sd) == ("queue.team", "2025-03", 40, 5)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (";2025-06;7;1\n", "A2: it is empty: name a measure"),
        ("queue.team;2025Q2;7;1\n", "B2: 2025Q2 is no month: write it as 2026-03"),
        ("queue.team;soon;7;1\n", "B2: "),
        ("queue.team;2025-06;many;1\n", "C2: 'many' is not allowed: it should be a number"),
        ("queue.team;2025-06;1.200;1\n", "C2: '1.200': 1200 or 1.2? write"),
        ("queue.team;2025-06;7;0\n", "D2: 0 is not allowed: how sure the figure is, as a standard deviation above 0"),
        ("queue.team;2025-06;7;\n", "D2: '' is not allowed"),
        ("queue.team;2025-06;7;1\nqueue.team;juni 2025;8;1\n", "A3: 'queue.team' of 2025-06 stands in A2 already"),
        ("clock.x.within;2025-06;62 %;2\n", "D2: of '62 %' and '2' one is in per cent and the other is not"),
        ("queue.team;2025-06;40;10 %\n", "D2: of '40' and '10 %' one is in per cent and the other is not"),
        ("", "it tells no figure: fill in the rows below the titles"),
    ],
)
def test_the_first_wrong_cell_is_named(written, rows, message):
    with pytest.raises(InputError) as refused:
        read_known(written(rows))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("measure;month;figure\n", "row 1: there is no column with one of the titles '±', "),
        ("measure;month;figure;±;tal\n", "E1: 'tal' and 'figure' .C1. are titles of the same: leave one of the col"),
        ("month;figure;±;measure;month\n", "E1: 'month' and 'month' .A1. are titles of the same"),
        ("what;when;how much\n", "no row has the titles 'measure', 'month', 'figure' and '±'"),
    ],
)
def test_a_missing_column_is_named(written, head, message):
    with pytest.raises(InputError, match=message):
        read_known(written("queue.team;2025-06;7;1\n", head))


def test_a_scenario_has_its_figures_and_those_of_what_it_builds_on(written, tmp_path):
    written("queue.team;2025-06;7;1\n")
    base = f'base = "{(SMALL_TOWN / "town.toml").as_posix()}"\n'
    (tmp_path / "now.toml").write_text(f'name = "now"\n{base}known = "figures.csv"\n')
    (tmp_path / "more.toml").write_text('name = "more"\nbase = "now.toml"\n')
    now, more = Scenario.of(tmp_path / "now.toml"), Scenario.of(tmp_path / "more.toml")
    assert now.known == more.known == read_known(tmp_path / "figures.csv")
    plain = Scenario.from_dict({"name": "now", "base": str(SMALL_TOWN / "town.toml")})
    assert now.digest != plain.digest
    (tmp_path / "both.toml").write_text('name = "both"\nbase = "now.toml"\nknown = "figures.csv"\n')
    with pytest.raises(InputError, match="known: what it builds on has figures of its own"):
        Scenario.of(tmp_path / "both.toml")
    (tmp_path / "now.toml").write_text(f'name = "now"\n{base}known = "nowhere.csv"\n')
    with pytest.raises(InputError, match=r"now\.toml: known: .*nowhere\.csv"):
        Scenario.of(tmp_path / "now.toml")
