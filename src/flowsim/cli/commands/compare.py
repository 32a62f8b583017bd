"""`flowsim compare`: scenarios side by side on the same citizens."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import (
    CALIBRATED,
    CLUSTER,
    CODES,
    ENGINE,
    EVERY,
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
    exists,
    integer_option,
    named_options,
    picture_option,
    spoken,
)
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.model.scenario import Scenario
    from flowsim.planning.comparison import Comparison
    from flowsim.planning.prices import Prices
    from flowsim.reporting.wording import Wording

__all__ = ["compare"]


def compare(
    files: Annotated[
        list[str],
        typer.Argument(
            callback=exists,
            metavar="SCENARIO",
            help="Two or more scenario files or names of flowsim scenarios; the first is the one to compare with.",
            show_default=False,
        ),
    ],
    replications: Annotated[
        int | None,
        integer_option(
            "--replications",
            "-n",
            help="How many of each (50; 20 for a first look, 200 for small differences); with --precision, at most "
            "(10000).",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Run until differences are this sure at 95 %, such as 1% of the first scenario's figure.",
            metavar="PERCENT",
        ),
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
    cost: Annotated[bool, typer.Option("--cost", help="Costs too, and what a week of waiting saved costs.")] = False,
    prices: Annotated[
        Path | None, typer.Option(help="Your own prices, for --cost, instead of the base's.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table and a manifest to this folder.")] = None,
    parquet: Annotated[bool, PARQUET] = False,
    plot: Annotated[Path | None, picture_option("the differences")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier comparison or picture.")] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no tables.")] = False,
    least: Annotated[
        str, typer.Option(help="The least sure difference shown, of the first scenario's figure.", metavar="PERCENT")
    ] = "1%",
    everything: Annotated[
        bool, typer.Option("--all", help="Show what differs by an interval of its own too, however little.")
    ] = False,
    language: Annotated[str | None, LANGUAGE] = None,
    codes: Annotated[bool, CODES] = False,
    verbose: Annotated[bool, VERBOSE] = False,
) -> None:
    """Compare scenarios with the first one, on the same citizens with the same luck.

    Shown are the differences that are sure and large enough, by year: of waits, queues, awards, utilisation, and of
    costs if asked for.

    Example: [bold]flowsim compare today more-places more-sessions --from 2021 --cost[/bold]
    """
    from flowsim.cli.words.compare import by_headline, comparison_lines, stalled_lines, waiting_lines
    from flowsim.cli.words.run import carried_on, precision_lines
    from flowsim.core.files import check_file
    from flowsim.core.quantities import parse_share
    from flowsim.questions.compare import Compare
    from flowsim.reporting.pictures.canvas import check_picture
    from flowsim.reporting.pictures.marks import marked
    from flowsim.reporting.wording import Wording
    from flowsim.simulation.store import COMPARED, check_folder, check_parquet, save_comparison

    words = spoken(language)
    with named_options(("least",)):
        smallest = parse_share(least, "least", "1%")
    own = {"calibrated": calibrated and str(calibrated), "prices": prices and str(prices)}
    values: dict[str, Any] = {"scenarios": files, "replications": replications, "precision": precision}
    values |= {"measure": measure, "seed": seed, "point": point, "sets": sets, "hold": hold, "engine": engine}
    question = asked(Compare, values | {"first": first, "last": last, "cost": cost} | own)
    periods = every_of(every, question.subjects[0].pathway())
    if parquet:
        check_parquet(out)
    if out is not None:
        check_folder(out, force, COMPARED)
    if plot is not None:
        check_picture(plot, 1)
        check_file(plot, force)
    with (
        progress_bar(words.say("progress.replications"), show=not (quiet or as_json)) as progress,
        executor_of(1 if engine == "simpy" else workers, cluster, varies=question.varies) as executor,
    ):
        in_short = out is None and not (as_json or verbose)
        comparison = question.answer(executor, progress, in_short=in_short)
    scenarios, priced = question.subjects, question.priced
    wording = Wording.of(scenarios[0], comparison.reference.pathway, words, codes, scenarios)
    record = _record(comparison, scenarios, question.chosen.words, priced)
    if question.lengthened:
        record["lengthened"] = {name: f"{end:%Y-%m-%d}" for name, end in question.lengthened.items()}
    if out is not None:
        save_comparison(
            marked(comparison.frame(), wording.standards, comparison.measures),
            record | {"repeat": question.command_line(comparison, workers=workers, cluster=cluster)},
            out,
            overwrite=force,
            parquet=parquet,
        )
    if plot is not None:
        _draw(comparison, plot, wording, force)
    if as_json:
        _print_json(comparison, record)
    elif not quiet:
        if question.lengthened:
            print(_lengthened(question.lengthened, scenarios[0], wording))
        print("\n".join(_head(comparison, scenarios, wording, question.chosen.spoken(words), verbose)))
        shown = by_headline(comparison, periods, costs=priced is not None)
        lines = comparison_lines(shown, wording, least=smallest, everything=everything, verbose=verbose)
        lines += stalled_lines(comparison, periods, wording)
        if shown.index:
            lines += carried_on(scenarios[0].base.documented_until, max(row.period.end for row in shown.index), words)
        print("\n".join(lines))
        if priced is not None:
            print("\n" + "\n".join(waiting_lines(comparison, priced.currency, wording)))
        for written in (out, plot):
            if written is not None:
                print(words.say("written", out=str(written)))
    wanted = question.wanted
    if wanted is not None and not quiet:
        of = words.say("of.scenario", scenario=wording.scenario(scenarios[0].name))
        lines = precision_lines(wanted, comparison.results, comparison.reached, wording, of)
        print("\n".join(lines), file=sys.stderr)


def _draw(comparison: Comparison, file: Path, wording: Wording, overwrite: bool) -> None:
    """Draw the differences by quarter where any are shown by quarter, and name what does not differ."""
    from flowsim.cli.words.compare import by_headline, differing
    from flowsim.core.files import write_bytes
    from flowsim.reporting.pictures.planning import differences_picture

    quarterly = by_headline(comparison, "quarter")
    headline = quarterly if quarterly.index else by_headline(comparison)
    shown = differing(headline)
    names = [dict.fromkeys(row.measure for row in each.index) for each in (headline, shown)]
    alike = [measure for measure in names[0] if measure not in names[1]]
    write_bytes(file, differences_picture(shown, file.suffix.lower(), alike, wording), overwrite=overwrite)


def _lengthened(ends: Mapping[str, date], reference: Scenario, wording: Wording) -> str:
    """Say which scenarios end on a day of their own, and were run on to the reference's."""
    from flowsim.cli.terminal import wrapped

    words = wording.language
    own = ", ".join(
        words.say("compare.lengthened.own", name=wording.scenario(name), end=words.plain_day(end))
        for name, end in ends.items()
    )
    return wrapped(words.say("compare.lengthened", end=words.plain_day(reference.pathway().end), own=own))


def _record(
    comparison: Comparison, scenarios: Sequence[Scenario], parameters: str, prices: Prices | None
) -> dict[str, Any]:
    """Tell how a comparison was made, and what it says of the cost of waiting."""
    from flowsim.cli.words.compare import waiting_json

    reference = comparison.reference
    record: dict[str, Any] = {
        "reference": comparison.names[0],
        "scenarios": [scenario.to_dict() for scenario in scenarios],
        "scenarios_sha256": {scenario.name: scenario.digest for scenario in scenarios},
        "base_sha256": scenarios[0].base.sha256,
        "engine": reference.engine,
        "seed": reference.seed,
        "replications": len(reference.replications),
        "parameters": parameters,
        "confidence": comparison.confidence,
        "precision_reached": comparison.reached,
        "visits_sha256": {
            name: scenario.visits_sha256 for name, scenario in zip(comparison.names, comparison.results, strict=True)
        },
        "versions": dict(reference.versions),
    }
    if prices is not None:
        record |= {
            "prices": prices.source,
            "currency": prices.currency,
            "week_of_waiting_saved": waiting_json(comparison),
        }
    return record


def _print_json(comparison: Comparison, record: dict[str, Any]) -> None:
    from flowsim.cli.words.compare import comparison_json

    print(json.dumps(record | {"measures": comparison_json(comparison)}, ensure_ascii=False, allow_nan=False))


def _head(
    comparison: Comparison, scenarios: Sequence[Scenario], wording: Wording, parameters: str, verbose: bool
) -> list[str]:
    """Say what was compared with what, and how many times it was run."""
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.run import cut_lines

    language, say, reference = wording.language, wording.language.say, comparison.reference
    words = {"name": wording.scenario(comparison.names[0]), "seed": str(reference.seed)}
    words |= {"replications": language.counted(len(reference.replications), "replications")}
    words |= {"start": language.plain_day(reference.pathway.start), "end": language.plain_day(reference.pathway.end)}
    head = say("compare.head", **words) + (say("run.parameters", parameters=parameters) if parameters else "")
    head += f", {say('run.engine', engine=reference.engine)}" if verbose else ""
    lines = [head]
    for scenario, result in zip(scenarios, comparison.results, strict=True):
        if scenario.file.description:
            lines.append(f"{wording.scenario(scenario.name)}: {language.translated(scenario.file.description)}")
        if verbose:
            lines.append(f"{scenario.name}: visits_sha256 {result.visits_sha256}")
    return [*(wrapped(line) for line in lines), *cut_lines(reference.pathway, language)]
