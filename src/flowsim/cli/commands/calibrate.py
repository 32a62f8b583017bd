"""`flowsim calibrate`: a model fitted to documented figures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowsim.cli.options import LANGUAGE, SEED, WORKERS, asked, integer_option, spoken
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.reporting.language import Language

__all__ = ["calibrate"]


def calibrate(
    file: Annotated[
        str, typer.Argument(help="A calibration file, or the built-in base 'copenhagen'.", show_default=False)
    ] = "copenhagen",
    out: Annotated[Path, typer.Option(help="The folder for what is found, and for the work so far.")] = Path(
        "calibrated"
    ),
    draws: Annotated[int, integer_option(help="Draws from the prior; fewer are quicker and vaguer.")] = 30_000,
    sets: Annotated[int, integer_option(help="Parameter sets of the ensemble.")] = 500,
    pairs: Annotated[
        int, integer_option(help="Pairs that are weighed for histories, where a target tells a state.")
    ] = 8_000,
    seed: Annotated[int, SEED] = 1,
    workers: Annotated[int | None, WORKERS] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no summary.")] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Fit a model to documented figures, with the uncertainty that they leave.

    Stopped work goes on where it was when the same command is given again.

    Example: [bold]flowsim calibrate town-calibration.toml --out town-calibrated[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.verdict import calibration_lines, histories_lines
    from flowsim.core.writing.shells import quoted
    from flowsim.questions.calibrate import Calibrate

    words = spoken(language)
    values = {"study": file, "draws": draws, "sets": sets, "pairs": pairs, "seed": seed, "out": str(out)}
    question = asked(Calibrate, values)
    question.check_folder()
    with stages(words, show=not quiet) as progress, executor_of(workers, processes=True) as executor:
        calibration = question.answer(executor, progress)
    files = calibration.write(out, overwrite=True)
    if not quiet:
        print("\n".join(calibration_lines(calibration.record, words)))
        if calibration.histories is not None:
            print("\n" + "\n".join(histories_lines(calibration.histories, words)))
        names = ", ".join(path.name for path in files)
        print("\n" + wrapped(words.say("calibrate.written", out=str(out), names=names)))
        print(words.say("calibrate.next", out=quoted(str(out))))


@contextmanager
def stages(language: Language, *, show: bool) -> Iterator[Callable[[str, int, int], object] | None]:
    """Show one bar after the other, each named by its stage."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {}

        def advance(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(language.translated(stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield advance
