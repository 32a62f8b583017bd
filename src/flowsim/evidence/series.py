"""A planner's own series, read from exports of jobindsats and StatBank: what stands in the file, and nothing guessed.

Wide tables (periods in a row) and long ones (periods in a column), with any titles above and notes below. A cell
that holds no number is reported with its place and never filled. Persons, full-year persons and full-time persons are
different units and stay apart.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from flowsim.core.errors import InputError, KeyedError, unknown_name
from flowsim.core.numbers import TOKEN, plain_number, read_number
from flowsim.core.periods import Every, Period, read_period, resembles_period
from flowsim.evidence.facts import load
from flowsim.evidence.tables import (
    MARKS,
    Cell,
    Decimal,
    Percentage,
    Sheet,
    cell_name,
    is_figure,
    read_sheet,
    reader,
    without_note,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BEYOND",
    "HIDDEN",
    "NOTED",
    "Mark",
    "Observed",
    "Provenance",
    "Series",
    "convention",
    "documented_awards",
    "from_pandas",
    "read",
]

NOTED = "a note in the file"
"""What a mark of a period means whose figure is used, with a note beside it."""
HIDDEN = "hidden in the sheet"
"""What a mark of a period means whose figure is used, though Excel does not show it."""
BEYOND = "above 100 %"
"""What a mark of a period means whose figure is used, though no share of a whole is as large."""
_SCALES = (
    (
        "thousand",
        re.compile(r"\b(?:i|in) 1[. ]?000\b|^1[. ]000 |\((?:1[. ]?)?000\b|\btusind|\bthousand|\bt\. ?kr\b", re.I),
    ),
    ("million", re.compile(r"\bmio\b|\bmill\.|\bmillion", re.I)),
)
_UNITS = (
    ("full-year persons", re.compile(r"helårs|full-year", re.IGNORECASE)),
    ("full-time persons", re.compile(r"fuldtids|full-time", re.IGNORECASE)),
    ("percent", re.compile(r"procent|pct\b|per ?cent|%", re.IGNORECASE)),
    ("share", re.compile(r"andel|\bshares?\b", re.IGNORECASE)),
    ("persons", re.compile(r"\bpersoner\b|\bborgere\b|\bmodtagere\b|\bpersons\b", re.IGNORECASE)),
)
_WHOLES = {"percent": 100.0, "share": 1.0}
_EVERY: Mapping[str, Every] = {"Q-DEC": "quarter", "M": "month"}  # as pandas names frequencies
_CODE = re.compile(r"\b(?:kode|code|nr|id)\b", re.IGNORECASE)
_REMARK = re.compile(r"note|bemærk|anm|kommentar|comment|remark|status|flag", re.IGNORECASE)
_NOTES = re.compile(
    r"(?:fod|foot)?note[rs]?|bemærkning(?:er)?|anm(?:ærkning(?:er)?)?\.?|kommentar(?:er)?|comments?|remarks?",
    re.IGNORECASE,
)  # the heading of a column whose numbers are those of notes
_WITH_UNIT = re.compile(rf"\W*{TOKEN}\s*\D*")
_TABLE = re.compile(r"\b([A-ZÆØÅ]{2,8}\d{1,4}[A-Z]?|y\d\d[a-z]\d\d\w?)\b")
_DATED = re.compile(
    r"(?:opdateret|udtrukket|dato|updated|d\.)\D{0,20}?(\d{1,2}[-./]\d{1,2}[-./]\d{4}|\d{4}-\d\d-\d\d)", re.I
)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A period for which a series has no number: what stands there instead, where, and what that means."""

    period: str
    text: str
    place: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where series come from.

    Attributes:
        file: the file's name, or the facts' ids.
        sha256: of the file's bytes; empty for facts.
        table: the table's id as the file tells it, such as AUK01 or y01a02; empty where it tells none.
        date: the date that the file tells, as YYYY-MM-DD; empty where it tells none.
    """

    file: str
    sha256: str = ""
    table: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Numbers by period, in order and without gaps between the first and the last; None where there is no number.

    Attributes:
        name: what is counted, in the words of the file.
        unit: "persons", "full-year persons", "full-time persons", "percent", "share" (of one), "awards"; empty where
            none is given.
        every: "quarter" or "month".
        first: the first period, such as "2017Q1" or "2017-01".
        values: one a period.
        marks: of each period without a number.
        notes: of each period whose number, or whose name, has a note beside it.
    """

    name: str
    unit: str
    every: Every
    first: str
    values: tuple[float | None, ...]
    marks: tuple[Mark, ...] = ()
    notes: tuple[Mark, ...] = ()

    @property
    def greatest(self) -> float:
        """What no figure of such a series can exceed: 100 per cent, a share of 1; infinite where nothing is known."""
        bound = _WHOLES.get(self.unit, math.inf)
        return bound if all(value is None or value <= bound for value in self.values) else math.inf

    @property
    def counts_units(self) -> bool:
        """Whether its numbers may count single persons or things: neither shares nor thousands or millions do."""
        return self.unit not in _WHOLES and self.unit.partition(" ")[0] not in {scale for scale, _ in _SCALES}

    def from_first_figure(self) -> Series:
        """Return the series without the periods before its first number; a series without any as it is."""
        at = next((at for at, value in enumerate(self.values) if value is not None), 0)
        if at == 0:
            return self
        first = self.periods[at]
        marks = tuple(mark for mark in self.marks if Period(mark.period) > first)
        return replace(self, first=first, values=self.values[at:], marks=marks)

    @property
    def periods(self) -> tuple[Period, ...]:
        """The periods."""
        first = read_period(self.first)
        if first is None:
            raise InputError(f"{self.name}: '{self.first}' is no period")
        return tuple(Period.of(first.number + step, self.every) for step in range(len(self.values)))

    def quarterly(self, months: Literal["sum", "mean"]) -> Series:
        """Turn months into quarters: the sum of what happened in them, or the mean of what was there.

        Of a quarter at either end that is not there in full nothing is made; a quarter with a missing month is missing.

        Raises:
            InputError: where there is no whole quarter, and where shares were to be summed.
        """
        if self.every == "quarter":
            return self
        if months == "sum" and self.unit in _WHOLES:
            raise InputError(f"{self.name}: it is in {self.unit}, and shares of months have no sum: take their mean")
        begin = read_period(self.first)
        start = begin.number if begin else 0
        skip = -start % 3
        groups = [self.values[at : at + 3] for at in range(skip, len(self.values) - 2, 3)]
        if not groups:
            raise InputError(f"{self.name}: {self.first} and the months after it make no whole quarter")
        first = Period.of((start + skip) // 3, "quarter")
        values: list[float | None] = []
        marks: list[Mark] = []
        for step, group in enumerate(groups):
            known = [value for value in group if value is not None]
            whole = sum(known) / (1 if months == "sum" else 3)
            values.append(whole if len(known) == 3 else None)
            if len(known) < 3:
                period = first.later(step)
                marks.append(Mark(period=period, text="", place="", meaning=f"{3 - len(known)} of 3 months missing"))
        return Series(
            name=self.name,
            unit=self.unit,
            every="quarter",
            first=first,
            values=tuple(values),
            marks=tuple(marks),
        )


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The series of one file or table.

    Attributes:
        series: in the order of the file.
        provenance: where they come from.
        left_out: the cells with a figure that is in no series, as a spreadsheet names them.
    """

    series: tuple[Series, ...]
    provenance: Provenance
    left_out: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Series:
        """Return the series of this name; raises InputError with the nearest one."""
        name = unicodedata.normalize("NFC", name)
        for series in self.series:
            if series.name == name:
                return series
        raise InputError(
            f"{self.provenance.file}: {unknown_name('series', name, (series.name for series in self.series))}"
        )


def from_pandas(values: pd.Series, name: str | None = None, unit: str = "") -> Series:
    """Return a pandas Series with a quarterly or monthly PeriodIndex as a series.

    Args:
        values: in any order; missing periods and values are marked as such.
        name: what is counted; the Series' own name if left out.
        unit: such as "persons" or "awards"; "percent" goes to 100 and "share" to 1.

    Raises:
        InputError: where the index is no PeriodIndex of quarters or months, holds a period twice or none, or is empty;
            for the first value that is no number, and one beyond what its unit allows.
    """
    import pandas as pd

    if not isinstance(values, pd.Series):
        raise InputError(f"a pandas Series is needed, not a {type(values).__name__}")
    index = values.index
    if not isinstance(index, pd.PeriodIndex):
        raise InputError(
            "the index is no PeriodIndex of quarters or months: series.index = series.index.to_period('Q'), or 'M'"
        )
    every = _EVERY.get(index.freqstr)
    if every is None:
        raise InputError(
            f"the periods of the index are '{index.freqstr}' (allowed: months 'M', and quarters of the calendar "
            "'Q-DEC')"
        )
    if not isinstance(unit, str) or not isinstance(name, str | None):
        raise InputError(f"name and unit are texts: {name!r} and {unit!r} are not allowed")
    if index.hasnans:
        raise InputError("the index holds no period (NaT) in a row: leave the row out")
    if index.has_duplicates or not len(index):
        repeated = ", ".join(str(period) for period in index[index.duplicated()][:3])
        raise InputError(f"the index holds a period twice: {repeated}" if repeated else "the series is empty")
    whole = values.reindex(pd.period_range(index.min(), index.max(), freq=index.freq))
    periods = [str(period) for period in whole.index]
    unit = _unit((), (unit,)) or unit  # "procent" and "%" are per cent too
    numbers = [_number(value, period, unit) for value, period in zip(whole, periods, strict=True)]
    given = set(index)
    marks = [
        Mark(period=Period(text), text="", place="", meaning="missing" if period in given else "not in the series")
        for text, period, value in zip(periods, whole.index, numbers, strict=True)
        if value is None
    ]
    return Series(
        name=name or (str(values.name) if values.name is not None else "series"),
        unit=unit,
        every=every,
        first=Period(periods[0]),
        values=tuple(numbers),
        marks=tuple(marks),
    )


def _number(value: object, period: str, unit: str) -> float | None:
    """Return the number of a period; None where pandas has none there.

    Raises:
        InputError: for anything else, and for what the unit does not allow.
    """
    import pandas as pd

    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        number = read_number(value) if isinstance(value, str) else plain_number(value)
    except ValueError as mistake:
        raise InputError(f"{period}: {mistake}") from None
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise InputError(f"{period}: {value!r} is not allowed: it should be a number")
    if number > _WHOLES.get(unit, math.inf):
        raise InputError(f"{period}: {number:g} is not allowed: the unit is {unit}, which goes to {_WHOLES[unit]:g}")
    return float(number)


def documented_awards() -> Observed:
    """Return the documented quarterly awards of Copenhagen, one series an outcome, with the facts that they are."""
    facts = load("copenhagen")
    fact_ids = {"fleksjob": "status-2021-01.awards-fleksjob", "førtidspension": "status-2021-01.awards-foertidspension"}
    series = []
    for name, id in fact_ids.items():
        cells = facts[id].cells()
        series.append(
            Series(name=name, unit=facts[id].unit, every="quarter", first=min(cells), values=_in_order(cells))
        )
    source = facts.sources["status-2021-01"]
    return Observed(series=tuple(series), provenance=Provenance(file=", ".join(fact_ids.values()), date=source.date))


def _in_order(cells: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(float(cells[period]) for period in sorted(cells))


def convention(text: str | None) -> Decimal | None:
    """Return which of comma and point a text names for decimals; None where none is given.

    Raises:
        InputError: for anything else.
    """
    for decimal in get_args(Decimal):
        if text == decimal:
            return cast(Decimal, decimal)
    if text is not None:
        raise KeyedError("decimal", unknown_name("convention", text, get_args(Decimal)))
    return None


def read(path: str | Path, decimal: Decimal | None = None) -> Observed:
    """Read all series of a CSV or Excel file.

    Every figure of the file is in a series, or named as left out. `decimal` settles whether points or commas are the
    decimals where no cell proves it.

    Raises:
        InputError: with the file and the cell, where no periods are found, where they are rolling years, come twice for
            one series or mix months, quarters and years, where a cell is neither a number nor a mark for none, where a
            row or column of figures has what looks like a mistyped period, and where nothing proves the decimals.
    """
    decimal = convention(decimal)
    sheet = _with_periods_for_parts(_with_periods_for_dates(read_sheet(path)))
    down = [_periods(sheet, column) for column in range(len(sheet.rows[0]) if sheet.rows else 0)]
    _refuse_second_column_of_periods(sheet, down)
    table = _wide(sheet, down) or _long(sheet, down)
    if table is None:
        raise _no_periods(sheet)
    _refuse_merged_figures(sheet, table)
    left_out = _left_out(sheet, table)
    above = [str(cell) for row in sheet.rows[: table.top] for cell in row if isinstance(cell, str) and cell]
    notes = [str(cell) for row in sheet.rows[table.bottom :] for cell in row if isinstance(cell, str) and cell]
    return Observed(
        series=tuple(_series(sheet, table, above, decimal)),
        provenance=_provenance(sheet, [*above, *notes]),
        left_out=left_out,
    )


_HOW = "write quarters as 2019Q1, 2019K1 or '1. kvt. 2019', months as 2019M01"


def _no_periods(sheet: Sheet) -> InputError:
    """Say that no periods are found, at the first cell of the row or column that looks most like one of them."""
    cells = [
        (at, column)
        for at, row in enumerate(sheet.rows)
        for column, cell in enumerate(row)
        if cell != "" and not isinstance(cell, Percentage) and resembles_period(_text_at(sheet, at, column))
    ]
    in_row, in_column = (Counter(cell[axis] for cell in cells) for axis in (0, 1))
    first = max(cells, key=lambda cell: max(in_row[cell[0]], in_column[cell[1]]), default=None)
    if first is None:
        return InputError(f"{sheet.file}: no row and no column of periods is found: {_HOW}")
    text = _text_at(sheet, *first)
    if read_period(text) is not None:
        return InputError(f"{sheet.file}: {cell_name(*first)}: '{text}' stands alone: two periods or more are needed")
    dated = ", or as days that are all first, or all last, days of months" if _date_at(text) else ""
    return InputError(f"{sheet.file}: {cell_name(*first)}: '{text}' is no quarter or month that is read: {_HOW}{dated}")


_PART_TABLES = "save each table by itself, or make one of them, with a column that names what each row counts"


_Periods = Mapping[int, Period]  # of a column, by row


def _refuse_second_column_of_periods(sheet: Sheet, down: Sequence[_Periods]) -> None:
    """Refuse two columns with quarters or months on the same rows: tables side by side, or the periods said twice."""
    earlier: dict[int, dict[int, Period]] = {}
    for column, all_periods in enumerate(down):
        periods = {at: period for at, period in all_periods.items() if period.every != "year"}
        if len(set(periods.values())) < 2:
            continue
        between = range(min(periods), max(periods))
        if any(at not in periods and is_figure(sheet.rows[at][column]) for at in between):
            continue  # rows of periods, one below the other
        for first, others in earlier.items():
            if len(rows := sorted(periods.keys() & others.keys())) > 1:
                raise InputError(
                    f"{sheet.file}: {cell_name(rows[0], column)}: a second column of periods begins here, beside that "
                    f"in {cell_name(rows[0], first)}: leave one of them out, or, where each has figures of its own, "
                    f"{_PART_TABLES}"
                )
        earlier[column] = periods


def _refuse_second_row_of_periods(
    sheet: Sheet, down: Sequence[_Periods], top: int, periods: Mapping[int, Period], rows: Collection[int]
) -> None:
    """Refuse a heading of periods below the first one, or beside it after words: it begins a table of its own."""
    for at in range(top + 1, max(rows) + 1):
        below = [column for column in periods if (period := down[column].get(at)) and period.every != "year"]
        if len(below) > 1:
            raise InputError(
                f"{sheet.file}: {cell_name(at, below[0])}: a second row of periods begins here, below that in "
                f"{cell_name(top, min(periods))}: {_PART_TABLES}"
            )
    for column in range(min(periods), max(periods)) if len(set(periods.values())) < len(periods) else ():
        beside = [sheet.rows[at][column] for at in rows]
        words = [cell for cell in beside if isinstance(cell, str) and cell.lower() not in MARKS and not is_figure(cell)]
        if column not in periods and words:
            raise InputError(
                f"{sheet.file}: {cell_name(top, column)}: a second table begins here, beside that in "
                f"{cell_name(top, min(periods))}: {_PART_TABLES}"
            )


def _refuse_merged_figures(sheet: Sheet, table: _Table) -> None:
    """Refuse a figure that stands over several periods or series, as one cell."""
    used = {(cell.row, cell.column) for cell in table.figures}
    for cell in table.figures if sheet.merged else ():  # each cell of a large table would be held against all
        top, bottom, left, right = sheet.span_of(cell.row, cell.column)
        if (top, left) == (cell.row, cell.column) and len(
            [at for at in used if top <= at[0] <= bottom and left <= at[1] <= right]
        ) > 1:
            raise InputError(
                f"{sheet.file}: {cell_name(top, left)} to {cell_name(bottom, right)} are merged into one cell, and "
                "stand for several periods or series: part them, with a figure in each"
            )


class _Figure(NamedTuple):
    keys: tuple[str, ...]
    period: Period
    row: int
    column: int


class _Table(NamedTuple):
    figures: list[_Figure]
    top: int  # the first row of the table, and the first row after it
    bottom: int
    period_cells: dict[tuple[int, int], Period]  # by row and column
    names: set[tuple[int, int]]  # cells that name series, numbers such as codes among them
    remarks: set[tuple[int, int]]  # cells with a note on their row


_TIME = re.compile(r"tid|time|period|kvartal|quarter|måned|month|dato|date|år|year", re.IGNORECASE)


def _like_a_period(text: str) -> bool:
    """Return whether a text looks like a mistyped period ("2O20K1"), and not like a heading or a note."""
    return len(text) <= 20 and len(re.findall(r"\d", text)) >= 2 and not _CODE.search(text)


def _left_out(sheet: Sheet, table: _Table) -> tuple[str, ...]:
    """Name the cells with figures that are in no series.

    Raises:
        InputError: where one of them stands beside what looks like a mistyped period.
    """
    used = {(cell.row, cell.column) for cell in table.figures} | set(table.period_cells) | table.names | table.remarks
    rows, columns = {cell.row for cell in table.figures}, {cell.column for cell in table.figures}
    wide = len({row for row, _ in table.period_cells}) == 1
    head = {at[0 if wide else 1] for at in table.period_cells}
    out = []
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if (row, column) in used or not is_figure(cell):
                continue
            out.append(cell_name(row, column))
            along = row in rows if wide else column in columns
            if along:
                at = (min(head), column) if wide else (row, min(head))
                text = _text_at(sheet, *at)
                named = not wide and row == table.top and table.top < min(rows)
                if at not in used and (_like_a_period(text) or named):
                    raise InputError(f"{sheet.file}: {cell_name(*at)}: '{text}' is no period, as others there are")
    return tuple(out)


_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")


def _date_at(cell: Cell) -> date | None:
    if isinstance(cell, float):
        return None
    if match := _ISO_DATE.fullmatch(cell):
        year, month, day = match.groups()
    elif match := _DAY_FIRST.fullmatch(cell):
        day, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _with_periods_for_dates(sheet: Sheet) -> Sheet:
    """Return a sheet with periods for the dates of a row or column that are all first, or all last, days of months."""
    rows = [list(row) for row in sheet.rows]
    lines = [[(at, column) for column in range(len(row))] for at, row in enumerate(rows)]
    lines += [[(at, column) for at in range(len(rows))] for column in range(len(rows[0]) if rows else 0)]
    for line in lines:
        dates = {at: day for at in line if (day := _date_at(sheet.rows[at[0]][at[1]]))}
        if len(set(dates.values())) < 2:
            continue
        first = all(day.day == 1 for day in dates.values())
        if not first and not all((day + timedelta(days=1)).day == 1 for day in dates.values()):
            continue
        places = {day.month % 3 for day in dates.values()}
        every: Every = "quarter" if places == ({1} if first else {0}) else "month"
        if len(dates) > 1 and {day.month for day in dates.values()} in ({1}, {12}) and len(set(dates.values())) > 1:
            every = "year"
        for (row, column), day in dates.items():
            rows[row][column] = str(Period.at(12 * day.year + day.month - 1, every))
    return replace(sheet, rows=tuple(map(tuple, rows)))


_YEAR_HEADING = re.compile(r"år|aar|year", re.IGNORECASE)
_PART_HEADINGS: Mapping[Every, re.Pattern[str]] = {
    "quarter": re.compile(r"kvartal|kvt\.?|quarter|qtr\.?", re.IGNORECASE),
    "month": re.compile(r"måned|maaned|mdr?\.?|month", re.IGNORECASE),
}
_PART_NUMBER = re.compile(r"0?(\d{1,2})\.?")


def _with_periods_for_parts(sheet: Sheet) -> Sheet:
    """Return a sheet with periods for the quarters or months that have their year in the column beside them.

    A period stands in the cell of the quarter or month, and the year's is empty.
    """
    rows = [list(row) for row in sheet.rows]
    for head, row in enumerate(sheet.rows[:-1]):
        titles = [cell.strip() if isinstance(cell, str) else "" for cell in row]
        for year, part in ((at, at + step) for at, title in enumerate(titles) for step in (-1, 1)):
            if not (0 <= part < len(titles) and _YEAR_HEADING.fullmatch(titles[year])):
                continue
            for every in (every for every, words in _PART_HEADINGS.items() if words.fullmatch(titles[part])):
                for at, period in _periods_of_parts(sheet, head, year, part, every).items():
                    rows[at][year], rows[at][part] = "", str(period)
    return replace(sheet, rows=tuple(map(tuple, rows)))


def _periods_of_parts(sheet: Sheet, head: int, year: int, part: int, every: Every) -> dict[int, Period]:
    """Return the periods that stand in two columns below their headings, by row.

    Raises:
        InputError: for a row with one of the two alone, or with what is none.
    """
    out: dict[int, Period] = {}
    for at in range(head + 1, len(sheet.rows)):
        of, within = _text_at(sheet, at, year).strip(), without_note(_text_at(sheet, at, part).strip())[0]
        if not of and sheet.merged:
            top, _, left, _ = sheet.span_of(at, year)
            of = _text_at(sheet, top, left).strip()
        if _YEAR_HEADING.fullmatch(of):
            break  # a table of its own
        if not (of or within):
            continue
        known = _read_at(sheet, at, year, of)
        if known is None or known.every != "year":
            if _read_at(sheet, at, part, within) is not None:
                return {}
            if not _is_part(within):
                continue  # a note
            wrong = f"'{of}' is no year" if of else "each row needs its year"
            raise InputError(f"{sheet.file}: {cell_name(at, year)}: {wrong}")
        number = _PART_NUMBER.fullmatch(within)
        letter = "K" if every == "quarter" else "M"
        texts = [f"{of}{letter}{number[1]}"] if number else [within, f"{of} {within}", f"{within} {of}"]
        periods = (_read_at(sheet, at, part, text) for text in texts)
        period = next((period for period in periods if period is not None), None)
        if period is None or (period.every, period.year) != (every, known.year):
            wrong = f"'{within}' is no {every} of {of}" if within else f"each row needs its {every}"
            raise InputError(f"{sheet.file}: {cell_name(at, part)}: {wrong}")
        out[at] = period
    return out


def _is_part(text: str) -> bool:
    """Return whether a text is a quarter or month without a year: "1", "K1", "1. kvartal" or "januar"."""
    try:
        return bool(text) and (_PART_NUMBER.fullmatch(text) is not None or read_period(f"2000 {text}") is not None)
    except InputError:  # a thirteenth month, say
        return True


def _period_at(sheet: Sheet, row: int, column: int) -> Period | None:
    cell = sheet.rows[row][column]
    if isinstance(cell, Percentage):
        return None
    text = f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else without_note(str(cell))[0]
    return _read_at(sheet, row, column, text)


def _read_at(sheet: Sheet, row: int, column: int, text: str) -> Period | None:
    try:
        return read_period(text)
    except InputError as mistake:
        raise InputError(f"{sheet.file}: {cell_name(row, column)}: {mistake}") from None


def _text_at(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.rows[row][column]
    if isinstance(cell, float) and not isinstance(cell, Percentage):
        return f"{cell:.0f}" if cell.is_integer() else f"{cell:g}"
    return str(cell)


def _wide(sheet: Sheet, down: Sequence[_Periods]) -> _Table | None:
    """Find a row with periods in two or more cells; what stands left of the figures names their series."""
    parted = any(sum(period.every != "year" for period in periods.values()) > 1 for periods in down)
    for top in range(len(sheet.rows)):
        periods = _periods_across(sheet, top, parted)
        if not periods:
            continue
        groups = _filled(sheet.rows[top - 1] if top else (), periods)
        keyed = [column for column in range(min(periods)) if column not in periods]
        noted = [column for column in keyed if _NOTES.fullmatch(_text_at(sheet, top, column).strip())]
        keyed = [column for column in keyed if column not in noted]
        figures = list(_figures_below(sheet, top, periods, keyed, groups))
        if figures:
            _refuse_second_row_of_periods(sheet, down, top, periods, {figure.row for figure in figures})
            bottom = figures[-1].row + 1
            cells = {(top, column): period for column, period in periods.items()}
            codes = [column for column in keyed if _CODE.search(_text_at(sheet, top, column))]
            names = {(at, column) for at in range(top, bottom) for column in codes}
            names |= {(top - 1, column) for column in groups} if groups else set()
            remarks = {(at, column) for at in range(top + 1, bottom) for column in noted}
            return _Table(figures, top - bool(groups), bottom, cells, names, remarks)
    return None


def _periods_across(sheet: Sheet, top: int, parted: bool) -> dict[int, Period]:
    """Return the periods of a row by their columns; none where it is no heading.

    Args:
        sheet: the sheet.
        top: the row.
        parted: whether a column of the sheet holds quarters or months.
    """
    row = sheet.rows[top]
    periods = {
        column: period for column in range(len(row)) if row[column] != "" and (period := _period_at(sheet, top, column))
    }
    # A year looks like a figure: it stands for a period only beside quarters, or where there are none.
    within = sum(period.every != "year" for period in periods.values())
    numbers = [cell for column, cell in enumerate(row) if column not in periods and is_figure(cell)]
    heading = len(periods) > 1 and within != 1 and (within or not (numbers or parted))
    return periods if heading else {}


def _figures_below(
    sheet: Sheet, top: int, periods: Mapping[int, Period], keyed: Sequence[int], groups: Mapping[int, str]
) -> Iterator[_Figure]:
    """Yield the figures below a row of periods; a key that is left out is that of the row above, up to the last one."""
    above = dict.fromkeys(keyed, "")
    for at in range(top + 1, len(sheet.rows)):
        if all(sheet.rows[at][column] == "" for column in periods):
            continue
        own = {column: _text_at(sheet, at, column) for column in keyed}
        last = max((column for column in keyed if own[column]), default=-1)
        above = {column: own[column] or (above[column] if column < last else "") for column in keyed}
        for column, period in periods.items():
            yield _Figure((*above.values(), groups.get(column, "")), period, at, column)


def _filled(row: Sequence[Cell], periods: Mapping[int, Period]) -> dict[int, str]:
    """Return the headings over a row of periods, where the periods come more than once."""
    if len(set(periods.values())) == len(periods):
        return {}
    out: dict[int, str] = {}
    last = ""
    for column in periods:
        last = str(row[column]) if column < len(row) and row[column] != "" else last
        out[column] = last
    return out


def _long(sheet: Sheet, down: Sequence[_Periods]) -> _Table | None:
    """Find a column with periods; the other columns hold figures, or words that name the series."""
    width = range(len(down))
    columns = [(column, periods) for column, periods in enumerate(down) if len(periods) > 1]
    if not columns:
        return None
    # Figures such as 2019 look like years, so a column of quarters comes first.
    column, periods = min(columns, key=lambda each: all(period.every == "year" for period in each[1].values()))
    top, bottom = min(periods), max(periods) + 1
    body = [at for at in range(top, bottom) if any(cell != "" for cell in sheet.rows[at])]
    for at in body:
        if at not in periods:
            text = f"'{sheet.rows[at][column]}' is no period, as others there are"
            if sheet.rows[at][column] == "":
                text = "the period is missing: write it on each row"
            elif not any(is_figure(sheet.rows[at][other]) for other in width if other != column):
                text = (
                    f"'{sheet.rows[at][column]}' begins a second table, below that in {cell_name(top, column)}: "
                    f"{_PART_TABLES}"
                )
            raise InputError(f"{sheet.file}: {cell_name(at, column)}: {text}")
    others = [other for other in width if other != column]
    head = max(top - 1, 0)
    heading = {other: _text_at(sheet, head, other) if top else "" for other in others}
    noted = [other for other in others if _NOTES.fullmatch(heading[other].strip())]
    counted = [other for other in others if other not in noted and any(is_figure(sheet.rows[at][other]) for at in body)]
    # A code such as 101 for a municipality is a number too, but not the last column.
    codes = [other for other in counted[:-1] if _CODE.search(heading[other])]
    counted = [other for other in counted if other not in codes]
    _refuse_figures_without_heading(sheet, body, {other: heading[other] for other in counted})
    worded = [
        other
        for other in others
        if other not in counted and any(_text_at(sheet, at, other).lower() not in MARKS for at in body)
    ]
    remarked = [other for other in worded if other in noted or _REMARK.search(heading[other])]
    named = [other for other in worded if other not in remarked]
    _refuse_figures_with_units(sheet, [[(at, other) for at in body] for other in named], periods.values())
    keys = {key: _names_down(sheet, body, key) for key in named}
    figures = [
        _Figure((*(texts[at] for texts in keys.values()), heading[other]), periods[at], at, other)
        for at in body
        for other in counted
    ]
    names = {(at, key) for at in body for key in (*named, *codes)}
    if top and _TIME.search(_text_at(sheet, head, column)):
        names |= {(head, other) for other in others}  # municipalities by number, say
    if not figures:
        raise _no_figures(sheet, body, others, column)
    cells = {(at, column): period for at, period in periods.items()}
    return _Table(figures, head, bottom, cells, names, {(at, other) for at in body for other in remarked})


def _names_down(sheet: Sheet, body: Sequence[int], column: int) -> dict[int, str]:
    """Return the names in a column by row, of one that is merged over several rows in each of them.

    Raises:
        InputError: where some rows have a name and others none.
    """
    texts = {at: _text_at(sheet, at, column) for at in body}
    for at in [at for at in body if not texts[at]] if sheet.merged else ():
        top, _, left, _ = sheet.span_of(at, column)
        texts[at] = _text_at(sheet, top, left)
    empty = next((at for at in body if not texts[at]), None)
    if empty is not None:
        at = next(at for at in body if texts[at])
        raise InputError(
            f"{sheet.file}: {cell_name(empty, column)}: the name is missing, where {cell_name(at, column)} has "
            f"'{texts[at]}': write it on each row, or call a column of notes 'note'"
        )
    return texts


def _refuse_figures_without_heading(sheet: Sheet, body: Sequence[int], heading: Mapping[int, str]) -> None:
    """Refuse a column of figures without a heading beside others that have one."""
    unnamed = [column for column, text in heading.items() if not text]
    if unnamed and any(heading.values()):
        at = next(at for at in body if is_figure(sheet.rows[at][unnamed[0]]))
        text = f"'{_text_at(sheet, at, unnamed[0])}' stands under no heading"
        parted = ": with decimal commas, part the cells by semicolons" if sheet.delimiter == "," else ""
        raise InputError(f"{sheet.file}: {cell_name(at, unnamed[0])}: {text}{parted}")


def _no_figures(sheet: Sheet, body: Sequence[int], others: Sequence[int], column: int) -> InputError:
    """Say of a column of periods that no figures stand beside it, at the first cell that might be meant as one."""
    filled = ((at, key) for key in others for at in body if sheet.rows[at][key] != "")
    at, key = next(filled, (body[0], column))
    what = f"'{sheet.rows[at][key]}' has nothing beside it"
    if key != column:
        what = f"'{sheet.rows[at][key]}' is no number, and beside none of the periods one is found"
    return InputError(
        f"{sheet.file}: {cell_name(at, key)}: {what}: write figures without units, and a unit into the heading"
    )


def _refuse_figures_with_units(
    sheet: Sheet, columns: Iterable[list[tuple[int, int]]], periods: Collection[Period]
) -> None:
    """Refuse a column of "100 kr.", which would name as many series; with one row a period no name is needed."""
    if len(set(periods)) < len(periods):
        return
    for column in columns:
        cells = [(at, text) for at in column if (text := str(sheet.rows[at[0]][at[1]]))]
        if len({text for _, text in cells}) > 1 and all(_WITH_UNIT.fullmatch(text) for _, text in cells):
            at, text = cells[0]
            what = f"'{text}' is no number: write figures without units, and a unit into the heading"
            raise InputError(f"{sheet.file}: {cell_name(*at)}: {what}")


def _periods(sheet: Sheet, column: int) -> dict[int, Period]:
    """Return the periods of a column by row."""
    filled = [at for at in range(len(sheet.rows)) if sheet.rows[at][column] != ""]
    return {at: period for at in filled if (period := _period_at(sheet, at, column))}


def _series(sheet: Sheet, table: _Table, texts: Iterable[str], decimal: Decimal | None) -> Iterator[Series]:
    figure = reader(sheet, [(cell.row, cell.column) for cell in table.figures], decimal)
    beside = _notes(sheet, table)
    groups: dict[tuple[str, ...], list[_Figure]] = {}
    for cell in table.figures:
        groups.setdefault(cell.keys, []).append(cell)
    vary = [at for at in range(len(table.figures[0].keys)) if len({keys[at] for keys in groups}) > 1]
    first = table.figures[0]
    for cell in table.figures:
        if cell.period.every != first.period.every:
            raise InputError(
                f"{sheet.file}: {cell_name(cell.row, cell.column)}: {cell.period} is a "
                f"{cell.period.every} and {first.period} a {first.period.every}: "
                "export one length of period, without totals"
            )
    if first.period.every == "year":
        raise InputError(
            f"{sheet.file}: {cell_name(first.row, first.column)}: the periods are years: export quarters or months, "
            "each in one cell (2019Q1)"
        )
    for keys, figures in groups.items():
        figures.sort(key=lambda cell: cell.period.number)
        name = " / ".join(keys[at] for at in vary if keys[at]) or next((key for key in keys if key), "series")
        for before, after in pairwise(figures):
            if before.period == after.period:
                raise InputError(
                    f"{sheet.file}: {cell_name(after.row, after.column)}: {name} has "
                    f"{after.period} twice, first in {cell_name(before.row, before.column)}"
                )
        notes = tuple(note for cell in figures for note in beside.get((cell.row, cell.column), ()))
        unit = "percent" if _in_per_cent(sheet, figures, name) else _unit(keys, texts)
        series = _one_series(name, unit, figures, figure)
        if unit == "share":
            series = replace(series, unit=_kind_of_share(series))
        elif unit not in _WHOLES:
            series = replace(series, unit=_scaled(unit, (*keys, *texts)))
        yield replace(series, notes=(*notes, *_hidden(sheet, figures), *_beyond(series, figures)))


def _in_per_cent(sheet: Sheet, figures: Iterable[_Figure], name: str) -> bool:
    """Return whether the figures of a series have a per cent sign; refuse where some have one and others none."""
    signs: dict[bool, _Figure] = {}
    for cell in figures:
        content = sheet.rows[cell.row][cell.column]
        if is_figure(content):
            signs.setdefault(isinstance(content, Percentage) or "%" in str(content), cell)
    if len(signs) == 2:
        having, lacking = (cell_name(cell.row, cell.column) for cell in (signs[True], signs[False]))
        raise InputError(f"{sheet.file}: {having} of {name} has a per cent sign and {lacking} has none")
    return True in signs


def _kind_of_share(series: Series) -> str:
    """Return the unit of what is called a share: "share" up to one, "percent" up to a hundred, else none."""
    most = max((value for value in series.values if value is not None), default=0.0)
    return "share" if most <= 1 else "percent" if most <= 100 else ""


def _scaled(unit: str, texts: Iterable[str]) -> str:
    """Return a unit with the scale that the words of a file name: "thousand full-time persons", "million"."""
    scale = next((scale for scale, words in _SCALES if any(words.search(text) for text in texts)), "")
    return f"{scale} {unit}".strip()


def _hidden(sheet: Sheet, figures: Iterable[_Figure]) -> list[Mark]:
    """Mark the figures that Excel does not show."""
    return [
        Mark(period=cell.period, text="", place=cell_name(cell.row, cell.column), meaning=HIDDEN)
        for cell in figures
        if sheet.is_hidden(cell.row, cell.column) and sheet.rows[cell.row][cell.column] != ""
    ]


def _beyond(series: Series, figures: Iterable[_Figure]) -> list[Mark]:
    """Mark the figures in per cent that no share of a whole can be."""
    values = dict(zip(series.periods, series.values, strict=True)) if series.unit == "percent" else {}
    return [
        Mark(period=cell.period, text=f"{value:g}", place=cell_name(cell.row, cell.column), meaning=BEYOND)
        for cell in figures
        if (value := values.get(cell.period)) is not None and value > _WHOLES["percent"]
    ]


def _notes(sheet: Sheet, table: _Table) -> dict[tuple[int, int], list[Mark]]:
    """Return the notes beside figures and their periods, by the figure's row and column."""
    wide = len({row for row, _ in table.period_cells}) == 1
    by_line = {at[1] if wide else at[0]: at for at in table.period_cells}
    out: dict[tuple[int, int], list[Mark]] = {}
    for cell in table.figures:
        for row, column in (by_line[cell.column if wide else cell.row], (cell.row, cell.column)):
            text = sheet.rows[row][column]
            note = without_note(text)[1] if isinstance(text, str) else ""
            if note:
                mark = Mark(period=cell.period, text=note, place=cell_name(row, column), meaning=NOTED)
                out.setdefault((cell.row, cell.column), []).append(mark)
        for row, column in sorted(at for at in table.remarks if at[0] == cell.row):
            if text := _text_at(sheet, row, column):
                mark = Mark(period=cell.period, text=text, place=cell_name(row, column), meaning=NOTED)
                out.setdefault((cell.row, cell.column), []).append(mark)
    return out


def _one_series(name: str, unit: str, figures: list[_Figure], read: Callable[[int, int], float | str]) -> Series:
    start, every = figures[0].period.number, figures[0].period.every
    by_number = {one.period.number: one for one in figures}
    values: list[float | None] = []
    marks: list[Mark] = []
    for number in range(start, figures[-1].period.number + 1):
        period, at = Period.of(number, every), by_number.get(number)
        content = "" if at is None else read(at.row, at.column)
        if isinstance(content, float):
            values.append(float(content))
            continue
        values.append(None)
        where = "" if at is None else cell_name(at.row, at.column)
        meaning = "not in the file" if at is None else MARKS[content.lower()]
        marks.append(Mark(period=period, text=content, place=where, meaning=meaning))
    return Series(name=name, unit=unit, every=every, first=figures[0].period, values=tuple(values), marks=tuple(marks))


def _unit(keys: Iterable[str], told: Iterable[str]) -> str:
    """Return the unit that the series' own words name, or else the title; none where they name several."""
    for texts in (list(keys), list(told)):
        units = {unit for text in texts for unit, words in _UNITS if words.search(text)}
        if "percent" in units:
            units.discard("share")
        if len(units) == 1:
            return units.pop()
        if units:
            return ""
    return ""


def _provenance(sheet: Sheet, told: Sequence[str]) -> Provenance:
    table = next((found[1] for text in [*told, sheet.file] if (found := _TABLE.search(text))), "")
    dated = next((found[1] for text in told if (found := _DATED.search(text))), "")
    if dated and not re.match(r"\d{4}-", dated):
        day, month, year = re.split(r"[-./]", dated)
        dated = f"{year}-{int(month):02}-{int(day):02}"
    return Provenance(file=sheet.file, sha256=sheet.sha256, table=table, date=dated)
