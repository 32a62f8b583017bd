"""The command line. It reads, calls the library, and prints; it decides nothing itself."""

from __future__ import annotations

import io
import os
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from flowsim import __version__
from flowsim.calibrate_command import calibrate, verdict
from flowsim.compare_command import compare
from flowsim.forecast_command import forecast
from flowsim.options import FILE
from flowsim.outlook_command import outlook
from flowsim.report_command import report
from flowsim.run_command import run
from flowsim.sensitivity_command import sensitivity
from flowsim.staff_command import WithPairs, staff
from flowsim.verify_command import verify

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Simulate how citizens flow through a municipal employment service.\n\n"
    "Start with [bold]flowsim run[/bold], which simulates Copenhagen.",
)


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


app.command()(run)
app.command()(compare)
app.command(cls=WithPairs)(report)


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
def scenarios(
    name: Annotated[str | None, typer.Argument(help="Print the file of this one.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """List the scenarios that ship with flowsim; each name can stand wherever a scenario file can.

    Example: [bold]flowsim scenarios more-places > mine.toml[/bold]
    """
    import json

    from flowsim.library import SHIPPED, shipped_text
    from flowsim.scenario import Scenario
    from flowsim.summary import wrapped

    if name is not None:
        print(shipped_text(name), end="")
        return
    known = [Scenario.of(shipped) for shipped in SHIPPED]
    if as_json:
        print(json.dumps([one.to_dict() for one in known], ensure_ascii=False))
        return
    print("\n".join(wrapped(f"{one.name}: {one.file.description}") for one in known))


@app.command()
def prices() -> None:
    """Print the prices that flowsim compare --cost reckons with, each with its source or reason, to start from.

    Example: [bold]flowsim prices > mine.toml[/bold]
    """
    from flowsim.prices import shipped_prices

    print(shipped_prices(), end="")


@app.command()
def check(file: Annotated[str, FILE] = "copenhagen") -> None:
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
def names(file: Annotated[str, FILE] = "copenhagen") -> None:
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
    file: Annotated[str, FILE] = "copenhagen",
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


app.command(cls=WithPairs)(staff)
app.command(cls=WithPairs)(sensitivity)
app.command()(calibrate)
app.command()(verdict)
app.command()(forecast)
app.command()(outlook)
app.command()(verify)
