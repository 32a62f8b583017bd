"""`flowsim report`: scenarios, and what staffing meets a goal, as a report for a committee."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flowsim.cli.options import (
    CALIBRATED,
    FIRST,
    HOLD,
    LANGUAGE,
    LAST,
    OVERWRITE,
    POINT,
    SEED,
    SETS,
    WORKERS,
    asked,
    exists,
    integer_option,
    named_options,
    spoken,
)
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["report"]


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            callback=exists,
            metavar="SCENARIO",
            help="One to four scenario files or names of flowsim scenarios; the first is the one to compare with.",
            show_default=False,
        ),
    ],
    out: Annotated[
        list[Path],
        typer.Option(help="Write to this .html, .pdf, .xlsx or .pptx file; several of one run.", metavar="FILE"),
    ],
    question: Annotated[
        str, typer.Option(help="The question, in your words.", metavar="TEXT", show_default=False)
    ] = "",
    language: Annotated[str | None, LANGUAGE] = None,
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
    appendix: Annotated[
        bool,
        typer.Option("--appendix", help="All that the two pages rest on behind them: charts, sources, parameters."),
    ] = False,
    recipient: Annotated[str, typer.Option(help="Whom it is for.", metavar="TEXT", show_default=False)] = "",
    author: Annotated[str, typer.Option(help="Whom it is from.", metavar="TEXT", show_default=False)] = "",
    date: Annotated[str | None, typer.Option(help="Its day, such as 2027-01-15.", metavar="DATE")] = None,
    logo: Annotated[Path | None, typer.Option(help="A .png or .jpg file to stand above it.", metavar="FILE")] = None,
    replications: Annotated[int, integer_option("--replications", "-n", help="Of each scenario.")] = 100,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    sets: Annotated[bool, SETS] = False,
    hold: Annotated[bool, HOLD] = False,
    prices: Annotated[Path | None, typer.Option(help="Your own prices, instead of the base's.", metavar="FILE")] = None,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    workers: Annotated[int | None, WORKERS] = None,
    force: Annotated[bool, OVERWRITE] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no answer printed.")] = False,
) -> None:
    """Write a report for a committee: question, answer, charts, assumptions, how sure it is, how to repeat it.

    Example: [bold]flowsim report today flere-skal-med-2-ends --out report.pdf --language da[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.core.progress import waiting
    from flowsim.questions.report import Report
    from flowsim.reporting.reports import check_report_files

    words = spoken(language)
    with named_options():
        check_report_files(out, force)
    values: dict[str, Any] = {"scenarios": files, "question": question, "language": words.code, "goal": goal}
    values |= {"vary": vary, "between": between, "during": during, "chance": chance, "replications": replications}
    values |= {"seed": seed, "point": point, "calibrated": calibrated and str(calibrated), "sets": sets, "hold": hold}
    values |= {"prices": prices and str(prices), "first": first, "last": last, "appendix": appendix}
    values |= {"recipient": recipient, "author": author, "date": date, "logo": logo and str(logo)}
    asking = asked(Report, values)
    with (
        progress_bar(words.say("progress.replications"), show=not quiet) as progress,
        executor_of(workers, varies=asking.varies) as executor,
    ):
        result = asking.answer(executor, progress)
        repeat = asking.command_line(tuple(str(path) for path in out), workers=workers)
        with waiting(words.say("progress.writing", out=", ".join(map(str, out)))):
            result.write(*out, overwrite=force, repeat=repeat, appendix=asking.appendix)
    if not quiet:
        print("\n".join(wrapped(line) for line in result.lines()))
        print("\n".join(words.say("written", out=str(path)) for path in out))
