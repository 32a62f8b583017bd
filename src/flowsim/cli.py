"""The command line. It reads, calls the library, and prints; it decides nothing itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim import __version__

if TYPE_CHECKING:
    import pandas as pd

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
    """Run the command line: mistakes in the input are told in one line, with exit code 2."""
    try:
        app(standalone_mode=True)
    except ValueError as mistake:
        from flowsim.errors import InputError

        if not isinstance(mistake, InputError):
            raise
        print(f"flowsim: {mistake}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


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
    replications: Annotated[int, typer.Option("--replications", "-n", help="How many replications.")] = 20,
    seed: Annotated[int, typer.Option(help="Another seed, other luck; the same seed, the same results.")] = 1,
    engine: Annotated[str, typer.Option(help="kernel (compiled) or simpy (the readable reference).")] = "kernel",
    workers: Annotated[int | None, typer.Option(help="Threads on the kernel; all cores if left out.")] = None,
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
    from flowsim.store import check_folder, save
    from flowsim.summary import with_documented
    from flowsim.targets import documented

    scenario = Scenario.of(file)
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    if out is not None:
        check_folder(out, force)
    _check_periods(scenario, first, last)
    with _progress(show=not (quiet or as_json)) as progress, _stopped():
        results = simulate(
            scenario,
            engine=engine,  # type: ignore[arg-type]
            replications=replications,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    reported = results.between(first or _first(results), last or _last(results))
    quantiles = with_documented(reported.quantiles(), documented(scenario.base.name))
    if out is not None:
        save(reported, quantiles, _manifest(scenario, reported, file), out, overwrite=force)
    if as_json:
        _print_json(scenario, reported, quantiles)
    elif not quiet:
        _print_summary(scenario, reported, quantiles, out)


def _check_periods(scenario: Scenario, first: str | None, last: str | None) -> None:
    from flowsim.errors import InputError
    from flowsim.periods import months_of

    pathway = scenario.pathway()
    for option, period in (("--from", first), ("--to", last)):
        if period is not None:
            try:
                months_of(period)
            except ValueError as mistake:
                raise InputError(f"{option}: {mistake}") from None
    start, end = f"{pathway.start:%Y-%m}", f"{pathway.end:%Y-%m}"
    since, until = months_of(first or start)[0], months_of(last or end)[1]
    if until <= since or since >= months_of(end)[1] or until <= months_of(start)[0]:
        raise InputError(
            f"--from {first or start} --to {last or end}: nothing lies between (the run has {start} to {end})"
        )


def _first(results: Results) -> str:
    return f"{results.pathway.start:%Y-%m}"


def _last(results: Results) -> str:
    return f"{results.pathway.end:%Y-%m}"


@contextmanager
def _progress(show: bool) -> Iterator[Callable[[int, int], object] | None]:
    """Show a bar on a terminal's error stream, where it is no part of the output."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replications", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _stopped() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print("flowsim: stopped; nothing was written", file=sys.stderr)
        raise typer.Exit(130) from None


def _manifest(scenario: Scenario, results: Results, file: str) -> dict[str, Any]:
    numbers = results.replications
    return {
        "scenario": scenario.to_dict(),
        "scenario_sha256": scenario.digest,
        "base_sha256": scenario.base.sha256,
        "pathway_sha256": results.pathway.digest,
        "engine": results.engine,
        "seed": results.seed,
        "replications": len(numbers),
        "visits_sha256": results.visits_sha256,
        "versions": dict(results.versions),
        "repeat": f"flowsim run {file} --replications {len(numbers)} --seed {results.seed} --engine {results.engine}",
    }


def _print_json(scenario: Scenario, results: Results, quantiles: pd.DataFrame) -> None:
    import json

    kept = quantiles.astype(object).where(quantiles.notna(), None)
    measures = kept.to_dict("records")
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
    print(json.dumps(told, ensure_ascii=False))


def _print_summary(scenario: Scenario, results: Results, quantiles: pd.DataFrame, out: Path | None) -> None:
    from flowsim.summary import beside_documents, year_by_year

    print(
        f"{scenario.name}: {len(results.replications)} replications, seed {results.seed}, {results.engine} engine, "
        f"{results.pathway.start:%Y-%m-%d} to {results.pathway.end:%Y-%m-%d}"
    )
    if scenario.file.description:
        print(scenario.file.description)
    for lines in (beside_documents(quantiles), year_by_year(quantiles, results.pathway)):
        if lines:
            print("\n" + "\n".join(lines))
    print(f"\nvisits_sha256 {results.visits_sha256}")
    if out is not None:
        print(f"Written to {out}: measures and replications (.csv, .parquet), manifest.json")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The scenario file to write.", show_default=False)],
) -> None:
    """Write a commented example of a scenario, to start from.

    Example: [bold]flowsim new more-places.toml[/bold]
    """
    from flowsim.errors import InputError
    from flowsim.scenario import example

    if file.exists():
        raise InputError(f"'{file}' exists already: name a file that does not")
    if not file.parent.is_dir():
        raise InputError(f"there is no folder '{file.parent}'")
    file.write_text(example(), encoding="utf-8")
    print(f"Wrote {file}. Edit it, then: flowsim check {file} && flowsim run {file}")


@app.command()
def check(file: Annotated[str, _FILE] = "copenhagen") -> None:
    """Check a scenario or pathway without running it, and warn of stations that are offered more than they can take.

    Example: [bold]flowsim check more-places.toml[/bold]
    """
    from flowsim.load import overloaded
    from flowsim.scenario import Scenario

    scenario = Scenario.of(file)
    pathway = scenario.pathway()
    print(
        f"{scenario.name} is right: {len(pathway.states)} states, {len(pathway.stations)} stations, "
        f"{len(pathway.entries)} entries, {pathway.start:%Y-%m-%d} to {pathway.end:%Y-%m-%d}"
    )
    for load in overloaded(pathway):
        print(
            f"warning: in {load.year} {load.station} is offered {load.cases_a_week:.1f} cases a week and can take "
            f"{load.places_a_week:.1f} ({load.utilisation:.2f} times its places): its queue grows"
        )


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scenario file, for editors that know TOML.

    Example: [bold]flowsim schema > scenario.schema.json[/bold]
    """
    import json

    from flowsim.scenario import Scenario

    print(json.dumps(Scenario.schema(), indent=2, ensure_ascii=False))


@app.command()
def diagram(
    file: Annotated[str, _FILE] = "copenhagen",
    out: Annotated[Path, typer.Option(help="The SVG file to write.")] = Path("pathway.svg"),
) -> None:
    """Draw the pathway of a scenario as an SVG picture.

    Example: [bold]flowsim diagram copenhagen --out copenhagen.svg[/bold]
    """
    from flowsim.errors import InputError
    from flowsim.scenario import Scenario

    picture = Scenario.of(file).pathway().diagram()
    if not out.parent.is_dir():
        raise InputError(f"--out: there is no folder '{out.parent}'")
    out.write_text(picture, encoding="utf-8")
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
    from flowsim.summary import fact_words

    known = load()
    facts = known.select(source=source, role=role, text=text)
    if as_json:
        print(json.dumps([fact.as_json() for fact in facts], ensure_ascii=False))
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for fact in facts:
        mark = " (supplementary)" if fact.supplementary else ""
        console.print(f"[bold]{escape(fact.id)}[/bold]  {fact.role}{mark}")
        console.print(f"  {escape(fact.label)}: {escape(fact_words(fact))}")
        console.print(f"  [italic]“{escape(fact.quote)}”[/italic] ({escape(fact.place)})")
        if fact.resolution:
            console.print(f"  contradicted by {', '.join(fact.conflicts_with)}: {escape(fact.resolution)}")
    console.print(f"{len(facts)} facts")
