"""`flowsim outlook`: what the trend says against what the staff can deliver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from flowsim.cli.options import (
    CODES,
    FILE,
    HOLD,
    JSON,
    LANGUAGE,
    OVERWRITE,
    SEED,
    SETS,
    TABLE_FILE,
    WORKERS,
    asked,
    integer_option,
    picture_option,
    refuse_given,
    spoken,
)
from flowsim.cli.outputs import Outputs
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

__all__ = ["outlook"]


_OF_BACKTEST = ("file", "calibrated", "backtest", "workers", "as_json", "language", "codes")


def outlook(
    context: typer.Context,
    file: Annotated[str, FILE] = "copenhagen",
    demand: Annotated[
        str,
        typer.Option(
            help="What drives the cases: none (the scenario's own rates), awards (their trend), or a CSV or Excel file "
            "of those who come.",
            metavar="none|awards|FILE",
        ),
    ] = "none",
    series: Annotated[str | None, typer.Option(help="The series of that file.")] = None,
    door: Annotated[str | None, typer.Option(help="The entry by which they come, such as sygedagpenge_new.")] = None,
    months: Annotated[str | None, typer.Option(help="Make quarters of a file's months: sum or mean.")] = None,
    decimal: Annotated[str | None, typer.Option(help="What the file's decimals stand after: comma or point.")] = None,
    horizon: Annotated[int, integer_option(help="Quarters ahead, 1 to 12.")] = 12,
    replications: Annotated[int, integer_option("--replications", "-n", help="Futures of the simulation.")] = 200,
    seed: Annotated[int, SEED] = 1,
    calibrated: Annotated[
        Path | None, typer.Option(help="Of a base of your own: the folder of flowsim calibrate.", metavar="FOLDER")
    ] = None,
    sets: Annotated[bool, SETS] = False,
    hold: Annotated[bool, HOLD] = False,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Score forecast, simulation and both together on the past, instead.")
    ] = False,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, picture_option("it")] = None,
    out: Annotated[Path | None, TABLE_FILE] = None,
    force: Annotated[bool, OVERWRITE] = False,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
    codes: Annotated[bool, CODES] = False,
) -> None:
    """Hold the forecasts of documented outcomes beside a simulation, and tell where and why they part.

    Example: [bold]flowsim outlook copenhagen --demand awards --plot outlook.png[/bold]
    """
    from dataclasses import asdict

    from flowsim.cli.words.outlook import backtest_lines, called, outlook_json, outlook_lines
    from flowsim.questions.outlook import Outlook
    from flowsim.reporting.pictures.forecasts import outlook_picture
    from flowsim.reporting.pictures.marks import marked
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.measures.catalogue import Catalogue

    words = spoken(language)
    if backtest:
        refuse_given(context, _OF_BACKTEST, "it goes with an outlook, not with --backtest")
    values: dict[str, Any] = {"scenario": file, "demand": demand, "series": series, "door": door, "months": months}
    values["decimal"] = decimal
    values |= {"horizon": horizon, "replications": replications, "seed": seed}
    values |= {"sets": sets, "hold": hold}
    question = asked(Outlook, values | {"calibrated": calibrated and str(calibrated)})
    if backtest:
        pairings = question.backtest()
        base = question.subject.base.pathway()
        measures = [row.measure for row in Catalogue.of(base).index]
        lines = backtest_lines(pairings, measures, Wording.of(question.subject, base, words, codes))
        print(json.dumps([asdict(pairing) for pairing in pairings]) if as_json else "\n".join(lines))
        return
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check()
    with (
        progress_bar(words.say("progress.replications"), show=not as_json) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        result = question.answer(executor, progress)
    wording = Wording.of(question.subject, question.subject.pathway(), words, codes)
    outputs.write(
        lambda kind: outlook_picture(
            result,
            kind,
            words,
            {one.measure: called(one.measure, result.results.measures, wording) for one in result.outcomes},
            wording.standards,
        ),
        lambda: marked(result.frame(), wording.standards, result.results.measures),
        words,
    )
    said = outlook_json(result, wording)
    print(json.dumps(said, allow_nan=False) if as_json else "\n".join(outlook_lines(result, wording)))
