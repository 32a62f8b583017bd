"""The report: what a committee needs to know of a state, as a preview and as files to take along."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import Record, located
from flowsim.core.progress import Progress
from flowsim.questions.report import Report
from flowsim.reporting.document import Block, Chart, Section, Table, Text
from flowsim.reporting.language import Language
from flowsim.reporting.writers.xlsx import plain_workbook
from flowsim.web.asked import Choice, Desk
from flowsim.web.jobs import News, Work
from flowsim.web.screens.blocks import plain_blocks

__all__ = ["FORMATS", "Paper", "PaperForm", "Shelf", "history_workbook", "report_work"]

FORMATS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
}
_MOST_PAPERS = 8
_PREVIEWED = 3


class Paper(NamedTuple):
    """A file to take along: its name, its media type and its bytes."""

    name: str
    media: str
    content: bytes


class Shelf:
    """The last few files, in memory alone, each under a name that nobody guesses."""

    def __init__(self) -> None:
        self._papers: OrderedDict[str, Paper] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, paper: Paper) -> str:
        """Keep a file, and return what it is asked for by."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._papers[token] = paper
            while len(self._papers) > _MOST_PAPERS * len(FORMATS):
                self._papers.popitem(last=False)
        return token

    def get(self, token: str) -> Paper | None:
        """Return a file; None where there is none any more."""
        return self._papers.get(token)


class PaperForm(Record):
    """What the form of a report holds: the question in one's own words, the years, and how many futures."""

    question: Annotated[str, StringConstraints(max_length=300)] = ""
    first: Annotated[str, StringConstraints(max_length=20)] = ""
    last: Annotated[str, StringConstraints(max_length=20)] = ""
    replications: Annotated[int, Field(ge=10, le=1000)] = 100
    formats: tuple[str, ...] = ("pdf", "xlsx", "html")

    @classmethod
    def read(cls, raw: Any) -> PaperForm:
        """Read a form from plain data.

        Raises:
            InputError: for what is none, with the key.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise located(error, raw if isinstance(raw, dict) else {}, "form") from None


def report_work(desk: Desk, state: Choice, raw: Any, language: Language, shelf: Shelf) -> Work:
    """Return the work of reporting on a state beside the reference; the question is checked before it begins.

    Raises:
        InputError: as `Report`.
    """
    form = PaperForm.read(raw)
    with desk.file(state) as name:
        # A run that begins with a list has another beginning than the reference: it is reported on alone.
        alone = state.unchanged or state.cases
        scenarios = (name,) if alone else (desk.layout.reference, name)
        question = Report.from_dict(
            {"scenarios": scenarios, "question": form.question, "language": language.code}
            | {"first": form.first or None, "last": form.last or None, "replications": form.replications},
            "form",
        )
        repeat = desk.without_folder(state, name, question.command_line(("report.pdf",)))

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        result = question.answer(executor, progress)
        document = result.document(repeat)
        files = []
        with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
            stem = language.say("web.report.file")
            paths = [Path(folder) / f"{stem}.{ending}" for ending in FORMATS if ending in form.formats]
            result.write(*paths, repeat=repeat)
            for path in paths:
                ending = path.suffix[1:]
                token = shelf.put(Paper(path.name, FORMATS[ending], path.read_bytes()))
                files.append({"name": path.name, "format": ending, "token": token})
        preview = plain_blocks(_preview(document.sections), language)
        yield {"title": document.title, "subject": document.subject, "blocks": preview, "files": files}

    return work


def _preview(sections: Sequence[Section]) -> list[Block]:
    """Return the answer, the first chart, and what a reader has to mind, as they stand in the report."""
    blocks = [block for section in sections for block in section.blocks]
    texts = [block for section in sections[:2] for block in section.blocks if isinstance(block, Text)]
    charts = [block for block in blocks if isinstance(block, Chart)]
    tables = [block for block in blocks if isinstance(block, Table)]
    sure = next((s for s in sections[2:] if s.blocks and all(isinstance(b, Text) for b in s.blocks)), None)
    reservations: list[Block] = []
    if sure is not None:
        lines = [line for block in sure.blocks if isinstance(block, Text) for line in block.lines][:_PREVIEWED]
        reservations = [Text(lines=tuple(lines), kind="points")]
    return [*texts, *(charts[:1] or tables[:1]), *reservations]


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
