"""`flowsim calibrate` and `flowsim verdict`: what documents tell of a model, and how well it then says them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.options import JSON, SEED, WORKERS
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["calibrate", "verdict"]


def calibrate(
    file: Annotated[
        str, typer.Argument(help="A calibration file, or the built-in base 'copenhagen'.", show_default=False)
    ] = "copenhagen",
    out: Annotated[Path, typer.Option(help="The folder for what is found, and for the work so far.")] = Path(
        "calibrated"
    ),
    draws: Annotated[int, typer.Option(help="Draws from the prior; fewer are quicker and vaguer.")] = 30_000,
    sets: Annotated[int, typer.Option(help="Parameter sets of the ensemble.")] = 500,
    seed: Annotated[int, SEED] = 1,
    workers: Annotated[int | None, WORKERS] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no summary.")] = False,
) -> None:
    """Fit a model to documented figures, with the uncertainty that they leave.

    Stopped work goes on where it was when the same command is given again.

    Example: [bold]flowsim calibrate town-calibration.toml --out town-calibrated[/bold]
    """
    from flowsim.calibration.study import Study
    from flowsim.calibration.workflow import Effort, check_place
    from flowsim.calibration.workflow import calibrate as calibrated
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.verdict import calibration_lines
    from flowsim.core.errors import InputError

    study = Study.read(file)
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    effort = Effort(draws=draws, truths=min(1_000, draws // 10), sets=sets)
    check_place(study, out, seed)
    with stages(show=not quiet) as progress, executor_of(workers, processes=True) as executor:
        found = calibrated(study, effort=effort, seed=seed, folder=out, executor=executor, progress=progress)
    files = found.write(out, overwrite=True)
    if not quiet:
        print("\n".join(calibration_lines(found.record)))
        print("\n" + wrapped(f"Written to {out}: {', '.join(path.name for path in files)}"))
        print(f"Next: flowsim verdict {out}")


def verdict(
    calibrated: Annotated[
        str, typer.Argument(help="A folder of `flowsim calibrate`, or 'copenhagen'.", show_default=False)
    ] = "copenhagen",
    replications: Annotated[int, typer.Option("--replications", "-n", help="At the mode.")] = 200,
    seed: Annotated[int | None, typer.Option(help="Of fresh draws: another than the calibration's.")] = None,
    workers: Annotated[int | None, WORKERS] = None,
    out: Annotated[Path | None, typer.Option(help="Write a page of Markdown to this file too.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite that file.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Hold a calibrated model beside each documented figure: exit code 1 where less than 95 % are plausible.

    Example: [bold]flowsim verdict copenhagen --out verdict.md[/bold]
    """
    from flowsim.calibration.verdict import judge
    from flowsim.calibration.workflow import Calibration
    from flowsim.cli.words.verdict import verdict_json, verdict_lines, verdict_page
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_text

    if replications < 2:
        raise InputError(f"--replications: {replications} is not allowed: at least 2 are needed")
    if out is not None:
        check_file(out, force)
    found = Calibration.read(calibrated)
    with progress_bar("replications", show=not as_json) as progress, executor_of(workers, processes=True) as executor:
        judged = judge(found, replications=replications, seed=seed, executor=executor, progress=progress)
    if out is not None:
        write_text(out, verdict_page(judged), overwrite=force)
    if as_json:
        print(json.dumps(verdict_json(judged), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(verdict_lines(judged)))
    if judged.plausible < 0.95:
        sys.stdout.flush()
        raise typer.Exit(1)


@contextmanager
def stages(*, show: bool) -> Iterator[Callable[[str, int, int], object] | None]:
    """Show one bar after the other, each named by its stage."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {}

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield told
