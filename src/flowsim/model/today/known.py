"""A planner's own newer figures: rows of a spreadsheet, each a measure, a month, a figure and how sure it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flowsim.core.errors import InputError
from flowsim.core.numbers import AmbiguousNumber, read_number
from flowsim.core.periods import Period, typed_period
from flowsim.core.quantities import read_percentage
from flowsim.evidence.tables import Cell, Percentage, Sheet, cell_name, read_sheet

__all__ = ["FIGURE_COLUMNS", "KnownFigure", "KnownFigures", "read_known"]

FIGURE_COLUMNS = {
    "measure": ("measure", "nøgletal"),
    "month": ("month", "måned"),
    "figure": ("figure", "tal"),
    "sd": ("±", "+/-", "give or take", "usikkerhed"),
}
"""The titles of the columns, in English and in Danish."""
_SHEETS = ("Figures", "Tal")
_DAY = re.compile(r"(\d{4})-(\d{2})-\d{2}(?:[T ].*)?")


@dataclass(frozen=True, kw_only=True)
class KnownFigure:
    """One figure.

    Attributes:
        measure: its name, as `flowsim names` lists them.
        period: the month.
        value: in the measure's unit, a share as a share of 1.
        sd: how far the model may be from it, as a standard deviation.
        cell: where the measure's name stands in the file.
    """

    measure: str
    period: Period
    value: float
    sd: float
    cell: str


@dataclass(frozen=True, kw_only=True)
class KnownFigures:
    """The figures of a file.

    Attributes:
        file: its name, without folders.
        sha256: of its bytes.
        figures: in the file's order, of each measure and month at most one.
    """

    file: str
    sha256: str
    figures: tuple[KnownFigure, ...]


def read_known(path: str | Path) -> KnownFigures:
    """Read figures from a CSV or Excel file.

    Raises:
        InputError: for the first cell that is wrong, by its name, with what is allowed; and as `read_sheet`.
    """
    sheet = read_sheet(path, prefer=_SHEETS)
    head, places = _header(sheet)
    figures: dict[tuple[str, Period], KnownFigure] = {}
    for number in range(head + 1, len(sheet.rows)):
        figure = _figure(sheet, number, places)
        if figure is None:
            continue
        if (figure.measure, figure.period) in figures:
            earlier = figures[figure.measure, figure.period].cell
            raise InputError(
                f"{figure.cell}: '{figure.measure}' of {figure.period} stands in {earlier.split(': ')[-1]} already"
            )
        figures[figure.measure, figure.period] = figure
    if not figures:
        raise InputError(f"{sheet.file}: it tells no figure: fill in the rows below the titles")
    return KnownFigures(file=sheet.file, sha256=sheet.sha256, figures=tuple(figures.values()))


def _header(sheet: Sheet) -> tuple[int, tuple[int, ...]]:
    for number, row in enumerate(sheet.rows[:50]):
        titles = [str(cell).strip().casefold() for cell in row]
        places = [
            next((titles.index(word) for word in words if word in titles), -1) for words in FIGURE_COLUMNS.values()
        ]
        if places[0] >= 0:
            for place, words in zip(places, FIGURE_COLUMNS.values(), strict=True):
                if place < 0:
                    raise InputError(
                        f"{sheet.file}: row {number + 1}: there is no column with one of the titles "
                        f"{', '.join(map(repr, words))}"
                    )
                again = next((column for column, title in enumerate(titles) if title in words and column != place), -1)
                if again >= 0:
                    raise InputError(
                        f"{sheet.file}: {cell_name(number, again)}: '{row[again]}' and '{row[place]}' "
                        f"({cell_name(number, place)}) are titles of the same: leave one of the columns out"
                    )
            sheet.refuse_hidden_columns(number, places)
            return number, tuple(places)
    raise InputError(
        f"{sheet.file}: no row has the titles 'measure', 'month', 'figure' and '±' (Danish: 'nøgletal', 'måned', "
        "'tal' and '±')"
    )


def _figure(sheet: Sheet, number: int, places: tuple[int, ...]) -> KnownFigure | None:
    cells = [sheet.rows[number][place] for place in places]
    if all(cell == "" for cell in cells):
        return None
    at = [f"{sheet.file}: {cell_name(number, place)}" for place in places]
    if cells[0] == "":
        raise InputError(f"{at[0]}: it is empty: name a measure, as `flowsim names` lists them")
    if number in sheet.hidden[0]:
        raise InputError(
            f"{sheet.file}: row {number + 1} is hidden or filtered out, and holds a figure: show all rows, or delete it"
        )
    for place in places[2:]:
        sheet.refuse_scaled(number, place)
    value, sd = (_number(cell, where) for cell, where in zip(cells[2:], at[2:], strict=True))
    if sd <= 0:
        raise InputError(f"{at[3]}: {sd:g} is not allowed: how sure the figure is, as a standard deviation above 0")
    if _in_per_cent(cells[2]) != _in_per_cent(cells[3]):
        raise InputError(
            f"{at[3]}: of '{cells[2]}' and '{cells[3]}' one is in per cent and the other is not: write both in per "
            "cent, or neither"
        )
    return KnownFigure(measure=str(cells[0]).strip(), period=_month(cells[1], at[1]), value=value, sd=sd, cell=at[0])


def _month(cell: Cell, at: str) -> Period:
    text = str(cell).strip()
    day = _DAY.fullmatch(text)
    try:
        period = typed_period(f"{day[1]}-{day[2]}" if day else text)
    except InputError as error:
        raise InputError(f"{at}: {error}") from None
    if period.every != "month":
        raise InputError(f"{at}: {period} is no month: write it as 2026-03")
    return period


def _in_per_cent(cell: Cell) -> bool:
    return isinstance(cell, Percentage) or (isinstance(cell, str) and read_percentage(cell) is not None)


def _number(cell: Cell, at: str) -> float:
    if isinstance(cell, float) and not isinstance(cell, Percentage):
        return cell
    try:
        share = read_percentage(str(cell))
        if share is not None and not 0 <= share <= 1:
            raise InputError(f"{at}: '{cell}' is not allowed: a share between 0 % and 100 %")
        return share if share is not None else read_number(str(cell))
    except InputError:
        raise
    except AmbiguousNumber as error:
        raise InputError(f"{at}: {error}") from None
    except ValueError:
        raise InputError(f"{at}: '{cell}' is not allowed: it should be a number, such as 7,5 or 62 %") from None
