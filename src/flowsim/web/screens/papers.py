"""The report: what a committee needs to know of a state, as a preview and as files to take along."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import InputError, Record, located
from flowsim.core.progress import Progress
from flowsim.questions.report import Report
from flowsim.reporting.document import MOST_LOGO, Block, Chart, Section, Table, Text, picture_kind
from flowsim.reporting.language import Language
from flowsim.web.asked import Choice, Desk
from flowsim.web.jobs import News, Work
from flowsim.web.screens.blocks import plain_blocks
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf

__all__ = ["PaperForm", "report_work"]


class PaperForm(Record):
    """What the form of a report holds: the question in one's own words, the years, and what stands above it.

    The logo comes as base64.
    """

    question: Annotated[str, StringConstraints(max_length=300)] = ""
    first: Annotated[str, StringConstraints(max_length=20)] = ""
    last: Annotated[str, StringConstraints(max_length=20)] = ""
    replications: Annotated[int, Field(ge=10, le=1000)] = 100
    appendix: bool = False
    recipient: Annotated[str, StringConstraints(max_length=120)] = ""
    author: Annotated[str, StringConstraints(max_length=120)] = ""
    date: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    logo: Annotated[str, StringConstraints(max_length=4 * MOST_LOGO // 3 + 4)] = ""
    formats: tuple[Literal["pdf", "xlsx", "html", "pptx"], ...] = ("pdf", "xlsx", "html", "pptx")

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
    formats = [ending for ending in FORMATS if ending in form.formats and (ending != "pptx" or find_spec("pptx"))]
    with desk.file(state) as name, desk.priced(state) as path, _logo(form) as logo:
        # A run that begins with a list has another beginning than the reference: it is reported on alone.
        alone = state.unchanged or state.cases
        scenarios = (name,) if alone else (desk.layout.reference, name)
        question = Report.from_dict(
            {"scenarios": scenarios, "question": form.question, "language": language.code}
            | {"first": form.first or None, "last": form.last or None, "replications": form.replications}
            | {"prices": path, "appendix": form.appendix, "recipient": form.recipient.strip()}
            | {"author": form.author.strip(), "date": form.date or None, "logo": logo},
            "form",
        )
        again = desk.again(question, question.command_line(("report.pdf",)), state, name, path, logo)
        repeat = again["command"]

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        result = question.answer(executor, progress)
        document = result.document(repeat)
        files = []
        with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
            stem = language.say("web.report.file")
            paths = [Path(folder) / f"{stem}.{ending}" for ending in formats]
            result.write(*paths, repeat=repeat, appendix=form.appendix)
            for path in paths:
                ending = path.suffix[1:]
                token = shelf.put(Paper(path.name, FORMATS[ending], path.read_bytes()))
                files.append({"name": path.name, "format": ending, "token": token})
        preview = plain_blocks(_preview(document.sections), language)
        head = {"title": document.title, "subject": document.subject, "letter": document.letterhead.lines(language)}
        yield head | {"blocks": preview, "files": files, "again": again}

    return work


@contextmanager
def _logo(form: PaperForm) -> Iterator[str | None]:
    """Yield the file of a form's logo, in a folder of its own; None where it has none.

    Raises:
        InputError: for what did not arrive whole.
    """
    if not form.logo:
        yield None
        return
    try:
        content = base64.b64decode(form.logo, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("the file did not arrive whole") from None
    with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
        path = Path(folder) / f"logo.{picture_kind(content)}"
        path.write_bytes(content)
        yield str(path)


def _preview(sections: Sequence[Section]) -> list[Block]:
    """Return the answer, the first chart, and what it all rests on, as they stand in the report.

    The command that makes the same figures again stands below the preview, in each form that the page gives it.
    """
    blocks = [block for section in sections if not _commands(section) for block in section.blocks]
    first = sections[0]
    texts: list[Block] = [Text(lines=(first.title,)), *first.blocks]
    besides = [block for block in blocks if isinstance(block, Text) and block.kind == "paragraphs"]
    charts = [block for block in blocks if isinstance(block, Chart)]
    tables = [block for block in blocks if isinstance(block, Table)]
    basis = [block for block in blocks if isinstance(block, Text) and block.kind == "points"]
    return [*texts, *(charts[:1] or tables[:1]), *besides[:1], *basis[:1]]


def _commands(section: Section) -> bool:
    return any(isinstance(block, Text) and block.kind == "command" for block in section.blocks)
