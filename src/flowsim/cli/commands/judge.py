"""`flowsim judge`: a calibrated model beside the documented figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.options import JSON, LANGUAGE, OVERWRITE_FILE, WORKERS, asked, integer_option, spoken
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["judge"]


def judge(
    calibrated: Annotated[
        str, typer.Argument(help="A folder of `flowsim calibrate`, or 'copenhagen'.", show_default=False)
    ] = "copenhagen",
    replications: Annotated[int, integer_option("--replications", "-n", help="At the mode.")] = 200,
    seed: Annotated[int | None, integer_option(help="Of fresh draws: another than the calibration's.")] = None,
    workers: Annotated[int | None, WORKERS] = None,
    out: Annotated[Path | None, typer.Option(help="Write a page of Markdown to this file too.")] = None,
    force: Annotated[bool, OVERWRITE_FILE] = False,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Hold a calibrated model beside each documented figure: exit code 1 where less than 95 % are plausible.

    Example: [bold]flowsim judge copenhagen --out verdict.md[/bold]
    """
    from flowsim.cli.words.verdict import verdict_json, verdict_lines, verdict_page
    from flowsim.core.files import check_file, write_text
    from flowsim.questions.judge import Judge

    words = spoken(language)
    if out is not None:
        check_file(out, force)
    question = asked(Judge, {"calibrated": calibrated, "replications": replications, "seed": seed})
    with (
        progress_bar(words.say("progress.replications"), show=not as_json) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        judged = question.answer(executor, progress)
    if out is not None:
        write_text(out, verdict_page(judged, words), overwrite=force)
    if as_json:
        print(json.dumps(verdict_json(judged), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(verdict_lines(judged, words)))
    if judged.plausible < 0.95:
        sys.stdout.flush()
        raise typer.Exit(1)
