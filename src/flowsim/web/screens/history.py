"""The history of runs as a workbook."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import Record, located
from flowsim.reporting.language import Language
from flowsim.reporting.writers.xlsx import plain_workbook
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf

__all__ = ["HistoryForm", "history_workbook"]


class HistoryForm(Record):
    """The history of runs as the page shows it: titles, and rows of texts."""

    columns: Annotated[tuple[Annotated[str, StringConstraints(max_length=200)], ...], Field(max_length=40)]
    rows: Annotated[tuple[tuple[Annotated[str, StringConstraints(max_length=400)], ...], ...], Field(max_length=500)]


def history_workbook(raw: Any, language: Language, shelf: Shelf) -> dict[str, str]:
    """Write the history of runs as a workbook, and return what it is asked for by.

    Raises:
        InputError: for what is no history, with the key.
    """
    try:
        form = HistoryForm.model_validate(raw)
    except ValidationError as error:
        raise located(error, raw if isinstance(raw, dict) else {}, "history") from None
    title = language.say("web.runs.sheet")
    sheet = plain_workbook({title: [form.columns, *form.rows]}, widths={title: [24] * len(form.columns)})
    name = f"{language.say('web.runs.file')}.xlsx"
    return {"name": name, "token": shelf.put(Paper(name, FORMATS["xlsx"], sheet))}
