"""The report: what a committee needs to know of a state, as a preview and as files to take along."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import Record, located
from flowsim.core.progress import Progress
from flowsim.questions.report import Report
from flowsim.reporting.document import Block, Chart, Section, Table, Text
from flowsim.reporting.language import Language
from flowsim.web.asked import Choice, Desk
from flowsim.web.jobs import News, Work
from flowsim.web.screens.blocks import plain_blocks
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf

__all__ = ["PaperForm", "report_work"]


class PaperForm(Record):
    """What the form of a report holds: the question in one's own words, the years, and how many futures."""

    question: Annotated[str, StringConstraints(max_length=300)] = ""
    first: Annotated[str, StringConstraints(max_length=20)] = ""
    last: Annotated[str, StringConstraints(max_length=20)] = ""
    replications: Annotated[int, Field(ge=10, le=1000)] = 100
    appendix: bool = False
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
    with desk.file(state) as name, desk.priced(state) as path:
        # A run that begins with a list has another beginning than the reference: it is reported on alone.
        alone = state.unchanged or state.cases
        scenarios = (name,) if alone else (desk.layout.reference, name)
        question = Report.from_dict(
            {"scenarios": scenarios, "question": form.question, "language": language.code}
            | {"first": form.first or None, "last": form.last or None, "replications": form.replications}
            | {"prices": path, "appendix": form.appendix},
            "form",
        )
        repeat = desk.without_folder(state, name, question.command_line(("report.pdf",)), path)

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        result = question.answer(executor, progress)
        document = result.document(repeat)
        files = []
        with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
            stem = language.say("web.report.file")
            paths = [Path(folder) / f"{stem}.{ending}" for ending in FORMATS if ending in form.formats]
            result.write(*paths, repeat=repeat, appendix=form.appendix)
            for path in paths:
                ending = path.suffix[1:]
                token = shelf.put(Paper(path.name, FORMATS[ending], path.read_bytes()))
                files.append({"name": path.name, "format": ending, "token": token})
        preview = plain_blocks(_preview(document.sections), language)
        yield {"title": document.title, "subject": document.subject, "blocks": preview, "files": files}

    return work


def _preview(sections: Sequence[Section]) -> list[Block]:
    """Return the answer, the first chart, and what it all rests on, as they stand in the report."""
    blocks = [block for section in sections for block in section.blocks]
    first = sections[0]
    texts: list[Block] = [Text(lines=(first.title,)), *first.blocks]
    besides = [block for block in blocks if isinstance(block, Text) and block.kind == "paragraphs"]
    charts = [block for block in blocks if isinstance(block, Chart)]
    tables = [block for block in blocks if isinstance(block, Table)]
    basis = [block for block in blocks if isinstance(block, Text) and block.kind == "points"]
    return [*texts, *(charts[:1] or tables[:1]), *besides[:1], *basis[:1]]
