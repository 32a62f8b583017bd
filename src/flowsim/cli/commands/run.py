"""`flowsim run`: simulate, and tell a planner what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import (
    CALIBRATED,
    CLUSTER,
    CODES,
    ENGINE,
    EVERY,
    FILE,
    FIRST,
    HOLD,
    JSON,
    LANGUAGE,
    LAST,
    PARQUET,
    POINT,
    SEED,
    SETS,
    VERBOSE,
    WORKERS,
    asked,
    every_of,
    integer_option,
    spoken,
)
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.cli.words.run import Columns
    from flowsim.core.periods import Every
    from flowsim.model.scenario import Scenario
    from flowsim.questions.asking import Chosen
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.results import Results

__all__ = ["run"]


def run(
    file: Annotated[str, FILE] = "copenhagen",
    replications: Annotated[
        int | None,
        integer_option(
            "--replications",
            "-n",
            help="How many replications (20, a first look; 100 for a report); with --precision, at most (10000).",
        ),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Run until figures are this sure at 95 %, such as 5% of each.", metavar="PERCENT")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="What --precision is asked of, such as awards or wait.team.served.")
    ] = None,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    sets: Annotated[bool, SETS] = False,
    hold: Annotated[bool, HOLD] = False,
    engine: Annotated[str, ENGINE] = "kernel",
    workers: Annotated[int | None, WORKERS] = None,
    cluster: Annotated[str | None, CLUSTER] = None,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    every: Annotated[str | None, EVERY] = None,
    out: Annotated[Path | None, typer.Option(help="Write tables and a manifest to this folder.")] = None,
    parquet: Annotated[bool, PARQUET] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier run in that folder.")] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no tables.")] = False,
    language: Annotated[str | None, LANGUAGE] = None,
    codes: Annotated[bool, CODES] = False,
    verbose: Annotated[bool, VERBOSE] = False,
) -> None:
    """Simulate a scenario, print who waits where and whether that is getting better, and write tidy tables.

    A calibrated base draws its parameters anew for every replication, from sets that fit the documents alike, so that
    the intervals hold what is not known of them too.

    Example: [bold]flowsim run more-places.toml --replications 50 --from 2019 --out runs/more-places[/bold]
    """
    from flowsim.calibration.targets import documented
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.run import precision_lines, printed_measures, with_documented
    from flowsim.cli.words.today import opening_lines
    from flowsim.questions.run import Run
    from flowsim.reporting.pictures.marks import marked
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.store import check_folder, check_parquet, manifest, save

    words = spoken(language)
    values: dict[str, Any] = {
        "scenario": file,
        "replications": replications,
        "precision": precision,
        "measure": measure,
    }
    values |= {
        "seed": seed,
        "point": point,
        "calibrated": calibrated and str(calibrated),
        "sets": sets,
        "hold": hold,
        "engine": engine,
    }
    question = asked(Run, values | {"first": first, "last": last})
    periods = every_of(every, question.subject.pathway())
    if parquet:
        check_parquet(out)
    if out is not None:
        check_folder(out, force)
    with (
        progress_bar(words.say("progress.replications"), show=not (quiet or as_json)) as progress,
        executor_of(1 if engine == "simpy" else workers, cluster) as executor,
    ):
        # Tables and JSON tell all measures, and the hash of the visits comes with them.
        short = None if out is not None or as_json or verbose else printed_measures(question.subject)
        results = question.answer(executor, progress, measures=short)
    scenario, chosen = question.subject, question.drawn()
    parameters = chosen.words
    wording = Wording.of(scenario, results.pathway, words, codes)
    columns = with_documented(results.table_columns(), documented(scenario.base))
    if out is not None:
        repeat = question.command_line(results, workers=workers, cluster=cluster)
        record = manifest(scenario, results, repeat, parameters)
        import pandas as pd  # takes longer to load than a short run

        table = marked(pd.DataFrame(columns), wording.standards, results.measures)
        save(results, table, record, out, overwrite=force, parquet=parquet)
    if as_json:
        _print_json(scenario, results, columns, parameters)
    elif not quiet:
        opening = opening_lines(scenario, chosen.parameters, results.seed, len(results.replications), wording)
        print("\n".join(_head(wording, scenario, results, chosen, verbose)))
        if opening:
            print("\n" + "\n".join(opening))
        _print_summary(scenario, results, columns, wording, periods)
        if verbose:
            print(f"\nvisits_sha256 {results.visits_sha256}")
        if out is not None:
            kinds = ".csv, .parquet" if parquet else ".csv"
            print(wrapped(words.say("run.written", out=str(out), kinds=kinds)))
    if question.wanted is not None and not quiet:
        print("\n".join(precision_lines(question.wanted, [results], results.reached, wording)), file=sys.stderr)


def _print_json(scenario: Scenario, results: Results, columns: Columns, parameters: str) -> None:
    import json

    from flowsim.core.arrays import plain

    measures = [plain(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]
    for row in measures:
        if row["documented"] is None:
            del row["documented"]
    record = {
        "scenario": scenario.name,
        "engine": results.engine,
        "replications": len(results.replications),
        "seed": results.seed,
        "parameters": parameters,
        "versions": dict(results.versions),
        "visits_sha256": results.visits_sha256,
        "measures": measures,
    }
    print(json.dumps(record, allow_nan=False))


def _head(wording: Wording, scenario: Scenario, results: Results, chosen: Chosen, verbose: bool) -> list[str]:
    """Say what was run, and how many times."""
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.run import cut_lines
    from flowsim.simulation.estimates import FEWEST_FOR_RANGE

    language, say, count = wording.language, wording.language.say, len(results.replications)
    pathway = results.pathway
    words = {"name": wording.scenario(scenario.name), "replications": language.counted(count, "replications")}
    words |= {"seed": str(results.seed), "start": language.plain_day(pathway.start)}
    head = say("run.head", end=language.plain_day(pathway.end), **words)
    if chosen.histories is not None:
        numbers = {"histories": language.counted(len(chosen.histories), "histories")}
        head += say("run.histories", futures=language.counted(count, "futures"), **numbers)
        if scenario.known is not None:
            numbers = {"effective": language.number(chosen.histories.effective, 0), "file": scenario.known.file}
            head += say("run.known", pairs=language.number(chosen.histories.pairs, 0), **numbers)
    elif parameters := chosen.spoken(language):
        head += say("run.parameters", parameters=parameters)
    if verbose:
        head += f", {say('run.engine', engine=results.engine)}"
    few = ""
    if count < FEWEST_FOR_RANGE:
        numbers = {"count": str(count), "least": str(FEWEST_FOR_RANGE)}
        few = say("run.few", replications=language.counted(count, "replications"), **numbers)
    description = language.translated(scenario.file.description or "")
    borrowed = wording.borrowed(scenario.base, language)
    return [*(wrapped(text) for text in (head, borrowed, few, description) if text), *cut_lines(pathway, language)]


def _print_summary(
    scenario: Scenario, results: Results, columns: Columns, wording: Wording, every: Every | None
) -> None:
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.run import beside_documents, by_period
    from flowsim.cli.words.situation import situation_lines

    if not results.index:
        print("\n" + wrapped(wording.language.say("run.nothing")))
        return
    blocks = (
        situation_lines(results, wording),
        beside_documents(columns, len(results.replications), wording, scenario.changes_base),
        by_period(columns, wording, scenario.base.documented_until, every),
    )
    for lines in blocks:
        if lines:
            print("\n" + "\n".join(lines))
