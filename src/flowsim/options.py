"""What several commands take, each told once."""

from __future__ import annotations

import typer

__all__ = ["CALIBRATED", "CLUSTER", "ENGINE", "FILE", "FILES", "FIRST", "JSON", "LAST", "POINT", "SEED", "WORKERS"]

FILE = typer.Argument(
    help="A scenario or pathway file, the base 'copenhagen', or a name of flowsim scenarios.", show_default=False
)
SEED = typer.Option(help="Another seed, other luck; the same seed, the same results.")
POINT = typer.Option("--point", help="The fitted parameters in every replication.")
CALIBRATED = typer.Option(help="Draw parameters from this folder of flowsim calibrate.", metavar="FOLDER")
ENGINE = typer.Option(help="kernel (compiled) or simpy (the readable reference).")
WORKERS = typer.Option(help="Threads, or processes; all cores if left out.")
CLUSTER = typer.Option(help="Run on the Dask scheduler at this address.", metavar="tcp://HOST:PORT")
FIRST = typer.Option("--from", help="First period to report, such as 2018 or 2018Q3.")
LAST = typer.Option("--to", help="Last period to report.")
FILES = typer.Option("--force", help="Overwrite these files.")
JSON = typer.Option("--json", help="Print one JSON object instead of tables.")
