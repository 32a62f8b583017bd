"""An own list of who waits today, from Excel or CSV: read with bounds, shown as it is understood; one to fill in."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from flowsim.core.errors import InputError
from flowsim.core.writing.spreadsheets import as_text
from flowsim.evidence.cases import COLUMNS, SITUATIONS, CaseList, CaseRow, read_cases, wrong_cells
from flowsim.model.today.listing import place_cases
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.reporting.writers.listing import list_workbook
from flowsim.web.asked import MOST_LIST, Desk
from flowsim.web.refusals import WrongCells

__all__ = ["read_list", "template"]

_MOST_ROWS = 2_000
_Told = tuple[str, bool, float | None, date | None]
"""What a row tells but for how many: where, whether they wait, the share of the model's number, and since when."""


def template(desk: Desk, language: Language) -> tuple[str, bytes]:
    """Return a workbook to fill in, and what it is called."""
    name = f"{language.say('web.list.named')}.xlsx"
    return name, list_workbook(desk.reference_scenario, language, name)


def read_list(desk: Desk, raw: Any, language: Language) -> dict[str, Any]:
    """Read a list that came as base64, and return its rows in words and as the text that a state holds.

    Raises:
        WrongCells: with a line for each row in which a cell is wrong, by the cell's name, with what is allowed.
        InputError: for the first cell that does not fit the model, and for a file that is too large.
    """
    name, day = str(raw.get("name", ""))[:200], _day(raw.get("day"), desk)
    ending = Path(name).suffix.lower()
    if ending not in (".xlsx", ".csv"):
        raise InputError(f"'{name}': an .xlsx or a .csv file is expected")
    try:
        content = base64.b64decode(str(raw.get("content", "")), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the file did not arrive whole") from None
    with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
        path = Path(folder) / f"list{ending}"
        path.write_bytes(content)
        try:
            wrong = wrong_cells(path)
            if wrong:
                raise WrongCells([line.replace(path.name, name) for line in wrong])
            cases = read_cases(path)
        except WrongCells:
            raise
        except InputError as error:
            raise InputError(str(error).replace(str(path), name).replace(path.name, name)) from None
    if len(cases.rows) > _MOST_ROWS:
        raise InputError(f"{name}: {len(cases.rows):,} rows: at most {_MOST_ROWS:,} are read")
    pathway = desk.reference_scenario.pathway()
    try:
        listing = place_cases(cases, pathway, day)
    except InputError as error:
        raise InputError(str(error).replace(cases.file, name)) from None
    text = _as_csv(cases)
    if len(text) > MOST_LIST:
        raise InputError(f"{name}: at most {MOST_LIST:,} characters are read")
    wording, column = Wording.of(desk.reference_scenario, pathway, language), int(language.code == "da")
    rows = []
    for place in listing.places:
        title = wording.station(place.name) if len(place.states) > 1 else _title(place.states[0], wording, desk)
        number = f"{100 * place.share:.0f} %" if place.share is not None else language.number(len(place.elapsed), 0)
        dated = [minutes for minutes in place.elapsed if minutes is not None]
        longest = language.number(wording.in_time_unit(max(dated), "minute"), 0) if dated else "–"
        situation = SITUATIONS["waiting" if place.waiting else "under way"][column]
        rows.append([title, situation, number, str(len(dated)), longest])
    alike = list(_alike(cases, desk, wording))
    return {"list": text, "rows": rows, "read": len(cases.rows), "alike": alike, "day": day.date().isoformat()}


def _title(state: str, wording: Wording, desk: Desk) -> str:
    return wording.name(state, desk.reference_scenario.pathway().state(state).title)


def _day(text: Any, desk: Desk) -> datetime:
    pathway = desk.reference_scenario.pathway()
    first, last = pathway.start.date(), pathway.end.date()
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        raise InputError(f"day: {text!r} is no day: write it as 2021-02-01") from None
    if not first < day < last:
        raise InputError(f"day: {day} is not allowed: after {first} and before {last}")
    return datetime.combine(day, time())


def _alike(cases: CaseList, desk: Desk, wording: Wording) -> Iterator[str]:
    """Say which rows tell the same, by their numbers: two may be one case that was written twice."""
    language, column = wording.language, int(wording.language.code == "da")
    groups: dict[_Told, list[CaseRow]] = {}
    for row in cases.rows:
        groups.setdefault(_told(row), []).append(row)
    stations = {station.name for station in desk.reference_scenario.pathway().stations}
    for (where, waiting, _, _), rows in groups.items():
        if len(rows) == 1:
            continue
        title = wording.station(where) if where in stations else _title(where, wording, desk)
        situation = SITUATIONS["waiting" if waiting else "under way"][column]
        numbers = language.listed(_spans([row.row + 1 for row in rows]))
        parts = [language.say("web.list.alike.rows", rows=numbers, place=title, situation=situation)]
        if rows[0].since is not None:
            parts.append(language.say("web.list.alike.since", day=language.day(rows[0].since)))
        count = language.number(sum(row.count or 0 for row in rows), 0)
        yield ", ".join([*parts, language.say("web.list.alike.citizens", number=count)])


def _spans(numbers: list[int]) -> list[str]:
    """Write ascending numbers, those that follow each other as a span: "3", "7–9"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    return ["–".join(map(str, span)) for span in spans]


def _told(row: CaseRow) -> _Told:
    return row.where, row.waiting, row.share, row.since


def _as_csv(cases: CaseList) -> str:
    """Write the rows that tell anything, equal ones as one row with their number."""
    rows = Counter[_Told]()
    for row in cases.rows:
        # A row of 0 says that nobody is there, and is kept.
        rows[_told(row)] += 0 if row.count is None else row.count
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow([COLUMNS[key][0] for key in ("where", "situation", "number", "since")])
    for (where, waiting, share, since), count in rows.items():
        number = f"{100 * share:.12g} %" if share is not None else count
        writer.writerow(
            [as_text(where), SITUATIONS["waiting" if waiting else "under way"][0], number, f"{since or ''}"]
        )
    return out.getvalue()
