"""The command line. It reads, calls the library, and prints; it decides nothing itself."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim import __version__
from flowsim.console import executor_of, progress_bar
from flowsim.forecast_command import forecast
from flowsim.verify_command import verify

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.precision import Precision
    from flowsim.results import Results
    from flowsim.scenario import Scenario

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Simulate how citizens flow through a municipal employment service.\n\n"
    "Start with [bold]flowsim run[/bold], which simulates Copenhagen.",
)

_FILE = typer.Argument(help="A scenario file, a pathway file, or the built-in base 'copenhagen'.", show_default=False)


def main() -> None:
    """Run the command line: whatever goes wrong is told in one line; exit code 2, or 130 after Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal can't show is no reason to fail
    try:
        code = app(prog_name="flowsim", standalone_mode=False) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on, as with `| head`; what is left must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        code = _refused(f"{error.strerror}: '{error.filename}'" if error.filename else str(error.strerror))
    except MemoryError:
        code = _refused("there is not enough memory: run fewer replications or workers, or a smaller population")
    except Exception as mistake:
        from flowsim.errors import InputError

        if isinstance(mistake, InputError):
            code = _refused(str(mistake))
        elif hasattr(mistake, "format_message"):  # typer's own errors; their class has moved between its versions
            code = _refused(mistake.format_message())
        else:
            raise
    if code == 130:
        print("flowsim: stopped; nothing is half written", file=sys.stderr, flush=True)
        os._exit(code)  # a replication under way can't be told to stop, and Python would wait for its thread
    sys.exit(code)


def _refused(message: str) -> int:
    """Tell a mistake in one line, without what would move a terminal's cursor."""
    line = " ".join(message.split())
    if line:
        shown = "".join(letter if letter.isprintable() else "?" for letter in line)
        print(f"flowsim: {shown}", file=sys.stderr)
    return 2


def _version(asked: bool) -> None:
    if asked:
        print(f"flowsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    file: Annotated[str, _FILE] = "copenhagen",
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", help="How many replications (20); with --precision, at most (10000)."),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Run until means are this sure at 95 %, such as 5%.", metavar="PERCENT")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="What --precision is asked of, such as awards or wait.team.served.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other luck; the same seed, the same results.")] = 1,
    engine: Annotated[str, typer.Option(help="kernel (compiled) or simpy (the readable reference).")] = "kernel",
    workers: Annotated[int | None, typer.Option(help="Threads on the kernel; all cores if left out.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Run on the Dask scheduler at this address.", metavar="tcp://HOST:PORT")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First period to report, such as 2018 or 2018Q3.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last period to report.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write tables and a manifest to this folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an earlier run in that folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no tables.")] = False,
) -> None:
    """Simulate a scenario, print a summary, and write tidy tables.

    Example: [bold]flowsim run more-places.toml --replications 50 --from 2019 --out runs/more-places[/bold]
    """
    from flowsim.errors import InputError
    from flowsim.runner import run as simulate
    from flowsim.scenario import Scenario
    from flowsim.store import check_folder, manifest, repeat_command, save
    from flowsim.summary import with_documented
    from flowsim.targets import documented

    scenario = Scenario.of(file)
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    if out is not None:
        check_folder(out, force)
    _check_periods(scenario, first, last)
    if measure and not precision:
        raise InputError("--measure: it goes with --precision")
    wanted = _precision(precision, measure, first, last, replications) if precision else None
    reached = True
    with (
        progress_bar("replications", show=not (quiet or as_json)) as progress,
        executor_of(1 if engine == "simpy" else workers, cluster) as executor,
    ):
        how: dict[str, Any] = {"engine": engine, "seed": seed, "executor": executor, "progress": progress}
        if wanted is None:
            results = simulate(
                scenario, replications=20 if replications is None else replications, workers=workers, **how
            )
        else:
            from flowsim.precision import run_to_precision

            results, reached = run_to_precision(scenario, wanted, **how)
    reported = results.between(first or "0001", last or "9999")
    quantiles = with_documented(reported.quantiles(), documented(scenario.base.name))
    if out is not None:
        save(
            reported,
            quantiles,
            manifest(scenario, reported, repeat_command(file, results, first, last)),
            out,
            overwrite=force,
        )
    if as_json:
        _print_json(scenario, reported, quantiles)
    elif not quiet:
        _print_summary(scenario, reported, quantiles, out)
    if wanted is not None and not quiet:
        told = f"{wanted.relative:.3g} of the mean of {', '.join(wanted.measures)}"
        verb = "took" if reached else "was not reached with"
        print(f"A half-width of {told} {verb} {len(results.replications)} replications", file=sys.stderr)


def _precision(
    text: str, measures: list[str] | None, first: str | None, last: str | None, most: int | None
) -> Precision:
    from flowsim.precision import Precision, parse_precision

    return Precision(
        relative=parse_precision(text),
        measures=tuple(measures or ["awards"]),
        first=first,
        last=last,
        most=10_000 if most is None else most,
    )


def _check_periods(scenario: Scenario, first: str | None, last: str | None) -> None:
    from flowsim.errors import InputError
    from flowsim.periods import Calendar, months_of

    for option, period in (("--from", first), ("--to", last)):
        if period is not None:
            try:
                months_of(period)
            except ValueError as mistake:
                raise InputError(f"{option}: {mistake}") from None
    months = Calendar.of(scenario.pathway()).labels("month")
    if not months:
        raise InputError("the horizon holds no whole month, so there is nothing to report: let it end later")
    since, until = months_of(first or months[0])[0], months_of(last or months[-1])[1]
    if until <= since or since >= months_of(months[-1])[1] or until <= months_of(months[0])[0]:
        asked = " ".join(f"{option} {told}" for option, told in (("--from", first), ("--to", last)) if told)
        raise InputError(f"{asked}: nothing lies between (whole months of the run: {months[0]} to {months[-1]})")


def _print_json(scenario: Scenario, results: Results, quantiles: pd.DataFrame) -> None:
    import json

    measures = quantiles.astype(object).where(quantiles.notna(), None).to_dict("records")
    for row in measures:
        if row["documented"] is None:
            del row["documented"]
    told = {
        "scenario": scenario.name,
        "engine": results.engine,
        "replications": len(results.replications),
        "seed": results.seed,
        "versions": dict(results.versions),
        "visits_sha256": results.visits_sha256,
        "measures": measures,
    }
    print(json.dumps(told, allow_nan=False))


def _print_summary(scenario: Scenario, results: Results, quantiles: pd.DataFrame, out: Path | None) -> None:
    from flowsim.summary import beside_documents, by_period, counted, wrapped

    told = (
        f"{scenario.name}: {counted(len(results.replications), 'replication')}, seed {results.seed}, "
        f"{results.engine} engine, {results.pathway.start:%Y-%m-%d} to {results.pathway.end:%Y-%m-%d}"
    )
    print("\n".join(wrapped(text) for text in (told, scenario.file.description) if text))
    for lines in (beside_documents(quantiles, scenario.changes_base), by_period(quantiles, results.pathway)):
        if lines:
            print("\n" + "\n".join(lines))
    if not results.index:
        print("\nNo measure is reported for a period as short as this: ask for a quarter or a year.")
    print(f"\nvisits_sha256 {results.visits_sha256}")
    if out is not None:
        print(wrapped(f"Written to {out}: measures and replications (.csv, .parquet), manifest.json"))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The scenario file to write.", show_default=False)],
) -> None:
    """Write a commented example of a scenario, to start from.

    Example: [bold]flowsim new more-places.toml[/bold]
    """
    from flowsim.scenario import example
    from flowsim.store import write_text

    write_text(file, example())
    print(f"Wrote {file}. Edit it, then: flowsim check {file} && flowsim run {file}")


@app.command()
def check(file: Annotated[str, _FILE] = "copenhagen") -> None:
    """Check a scenario or pathway without running it: how loaded its stations are, and whether they will settle.

    Example: [bold]flowsim check more-places.toml[/bold]
    """
    from flowsim.scenario import Scenario
    from flowsim.summary import counted, load_lines, wrapped

    scenario = Scenario.of(file)
    pathway = scenario.pathway()
    told = (
        f"{scenario.name} is right: {counted(len(pathway.states), 'state')}, "
        f"{counted(len(pathway.stations), 'station')}, {counted(len(pathway.entries), 'entry')}, "
        f"{pathway.start:%Y-%m-%d} to {pathway.end:%Y-%m-%d}"
    )
    print(wrapped(told))
    print("\n".join(load_lines(pathway.load())))


@app.command()
def names(file: Annotated[str, _FILE] = "copenhagen") -> None:
    """List what a scenario can change: entries, states and their ways out, stations, parameters.

    Example: [bold]flowsim names copenhagen[/bold]
    """
    from flowsim.scenario import Scenario
    from flowsim.summary import name_lines

    print("\n".join(name_lines(Scenario.of(file))))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors that know TOML.

    Example: [bold]flowsim schema > scenario.schema.json[/bold]
    """
    import json

    from flowsim.scenario import Scenario

    print(json.dumps(Scenario.schema(), indent=2))


@app.command()
def diagram(
    file: Annotated[str, _FILE] = "copenhagen",
    out: Annotated[Path, typer.Option(help="The SVG file to write.")] = Path("pathway.svg"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite that file.")] = False,
) -> None:
    """Draw the pathway of a scenario as an SVG picture.

    Example: [bold]flowsim diagram copenhagen --out copenhagen.svg[/bold]
    """
    from flowsim.scenario import Scenario
    from flowsim.store import write_text

    write_text(out, Scenario.of(file).pathway().diagram(), overwrite=force)
    print(f"Wrote {out}")


@app.command()
def evidence(
    source: Annotated[str | None, typer.Option(help="Only the facts of this source, such as svar-2018-10.")] = None,
    role: Annotated[str | None, typer.Option(help="Only target, input or context.")] = None,
    text: Annotated[str | None, typer.Option(help="Only facts in which this text stands.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the documented figures, each with its source, precision and words.

    Example: [bold]flowsim evidence --role target --text ventetid[/bold]
    """
    import json

    from flowsim.evidence import load
    from flowsim.summary import counted, fact_words

    known = load()
    facts = known.select(source=source, role=role, text=text)
    if as_json:
        print(json.dumps([fact.as_json() for fact in facts]))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for fact in facts:
        mark = " (supplementary)" if fact.supplementary else ""
        console.print(f"[bold]{escape(fact.id)}[/bold]  {fact.role}{mark}")
        words = {f"{fact.label}: {fact_words(fact)}": "", f"“{fact.quote}” ({fact.place})": "italic"}
        if fact.resolution:
            words[f"contradicted by {', '.join(fact.conflicts_with)}: {fact.resolution}"] = ""
        for text, style in words.items():
            for line in textwrap.wrap(text, max(console.width - 2, 20), break_on_hyphens=False):
                console.print(f"  {line}", style=style, markup=False)
    console.print(counted(len(facts), "fact"))


app.command()(forecast)
app.command()(verify)
