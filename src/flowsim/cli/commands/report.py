"""`flowsim report`: scenarios, and what staffing meets a goal, as a report for a committee."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import CALIBRATED, FILES, FIRST, LAST, POINT, SEED, WORKERS, asked
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.reporting.document import Document

__all__ = ["report"]


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO",
            help="One to four scenario files or names of flowsim scenarios; the first is the one to compare with.",
            show_default=False,
        ),
    ],
    out: Annotated[
        list[Path],
        typer.Option(help="Write to this .html, .xlsx or .pdf file; several of one run.", metavar="FILE"),
    ],
    question: Annotated[
        str, typer.Option(help="The question, in your words.", metavar="TEXT", show_default=False)
    ] = "",
    language: Annotated[str, typer.Option(help="en (English) or da (Danish).")] = "en",
    goal: Annotated[
        list[str] | None,
        typer.Option(help="Find the staffing that meets it in the last scenario, as flowsim staff.", metavar="GOAL"),
    ] = None,
    vary: Annotated[
        list[str] | None, typer.Option("--vary", help="For --goal: what may be changed.", metavar="LEVER")
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option("--between", help="For --goal: the least and the most of it.", metavar="LEAST MOST"),
    ] = None,
    during: Annotated[str | None, typer.Option(help="For --goal: when it holds.", metavar="PERIOD")] = None,
    chance: Annotated[
        str | None, typer.Option(help="For --goal: meet it in this share of the years.", metavar="PERCENT")
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", help="Of each scenario.")] = 100,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Your own prices, instead of those of copenhagen.", metavar="FILE")
    ] = None,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    workers: Annotated[int | None, WORKERS] = None,
    force: Annotated[bool, FILES] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no answer printed.")] = False,
) -> None:
    """Write a report for a committee: question, answer, charts, assumptions, how sure it is, how to repeat it.

    Example: [bold]flowsim report today flere-skal-med-2-ends --out report.pdf --language da[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_files
    from flowsim.questions.report import Report
    from flowsim.reporting.answer import Conclusions
    from flowsim.reporting.assembly import report as written
    from flowsim.reporting.language import Language
    from flowsim.reporting.wording import Wording

    spoken = Language.of(language)
    writers = [_writer(path) for path in out]
    for number, path in enumerate(out):
        check_file(path, force)
        if path.resolve() in [other.resolve() for other in out[:number]]:
            raise InputError(f"--out: '{path}' is named twice")
    values: dict[str, Any] = {"scenarios": files, "question": question, "language": language, "goal": goal}
    values |= {"vary": vary, "between": between, "during": during, "chance": chance, "replications": replications}
    values |= {"seed": seed, "point": point, "calibrated": calibrated and str(calibrated)}
    values |= {"prices": prices and str(prices), "first": first, "last": last}
    asking = asked(Report, values)
    with (
        progress_bar("replications", show=not quiet) as progress,
        executor_of(workers, processes=asking.in_processes) as executor,
    ):
        findings = asking.answer(executor, progress)
    repeat = asking.command_line(tuple(str(path) for path in out))
    document = written(findings, spoken, question=question, repeat=repeat)
    write_files({path: writer(document) for path, writer in zip(out, writers, strict=True)}, overwrite=force)
    if not quiet:
        conclusions = Conclusions(
            findings=findings, wording=Wording.of(findings.scenarios[0], findings.pathway, spoken)
        )
        print("\n".join(wrapped(line) for line in (*conclusions.answer(), *conclusions.remarks())))
        print("\n".join(f"Written to {path}" for path in out))


def _writer(path: Path) -> Callable[[Document], bytes]:
    """Return what writes a document to a file of a name, by how the name ends.

    Raises:
        InputError: where it ends otherwise, or what writes it is not installed.
    """
    from importlib.util import find_spec

    from flowsim.core.errors import InputError
    from flowsim.reporting.writers.html import webpage
    from flowsim.reporting.writers.pdf import printout
    from flowsim.reporting.writers.xlsx import workbook

    kinds: dict[str, tuple[Callable[[Document], bytes], tuple[str, ...]]] = {
        ".html": (webpage, ("jinja2",)),
        ".pdf": (printout, ("typst",)),
        ".xlsx": (workbook, ("xlsxwriter",)),
    }
    if path.suffix.lower() not in kinds:
        raise InputError(f"--out: '{path}' is not allowed: the name ends with {', '.join(kinds)}")
    writer, needed = kinds[path.suffix.lower()]
    for name in ("matplotlib", *needed):
        if find_spec(name) is None:
            raise InputError(f"--out: '{path}' needs {name}: pip install 'flowsim[report]'")
    return writer
