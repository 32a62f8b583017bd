"""`flowsim weigh`: histories that hold the documented waits, of given parameter sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.options import LANGUAGE, OVERWRITE, WORKERS, asked, integer_option, spoken
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["weigh"]


def weigh(
    calibrated: Annotated[
        str, typer.Argument(help="A folder of `flowsim calibrate`, or 'copenhagen'.", show_default=False)
    ] = "copenhagen",
    out: Annotated[Path | None, typer.Option(help="The folder for histories.csv, and for the work so far.")] = None,
    pairs: Annotated[int, integer_option(help="Pairs of a set and a replication that are run.")] = 8_000,
    histories: Annotated[int, integer_option(help="Histories kept of them.")] = 500,
    workers: Annotated[int | None, WORKERS] = None,
    force: Annotated[bool, OVERWRITE] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no summary.")] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Run calibrated sets to the last document, and keep histories by how near they come to the documented waits.

    `flowsim calibrate` makes them too. Stopped work goes on where it was when the same command is given again.

    Example: [bold]flowsim weigh copenhagen --out histories[/bold]
    """
    from flowsim.calibration.ensemble import write_histories
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.verdict import histories_lines
    from flowsim.core.files import check_file
    from flowsim.questions.weigh import Weigh

    words = spoken(language)
    values = {"calibrated": calibrated, "pairs": pairs, "histories": histories, "out": out and str(out)}
    question = asked(Weigh, values)
    question.check_folder()
    if out is not None:
        check_file(out / "histories.csv", force)
    with (
        progress_bar(words.say("progress.pairs"), show=not quiet) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        weighed = question.answer(executor, progress)
    file = write_histories(out, weighed, overwrite=force) if out is not None else None
    if not quiet:
        print("\n".join(histories_lines(weighed, words)))
        if file is not None:
            print("\n" + wrapped(words.say("written", out=str(file))))
