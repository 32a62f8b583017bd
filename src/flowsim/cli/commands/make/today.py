"""`flowsim today`: a list of who waits or is under way today, to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowsim.cli.options import LANGUAGE, OVERWRITE_FILE, spoken

__all__ = ["today"]

today = typer.Typer(help="Lists of today's cases, from which a scenario can begin.", no_args_is_help=True)


@today.callback()
def _today() -> None:
    pass


@today.command()
def new(
    file: Annotated[Path, typer.Argument(help="The .xlsx or .csv file to write.", show_default=False)],
    of: Annotated[str, typer.Option(help="The base or scenario whose places are listed.")] = "copenhagen",
    language: Annotated[str | None, LANGUAGE] = None,
    force: Annotated[bool, OVERWRITE_FILE] = False,
) -> None:
    """Write a list to fill in: a row for each place where citizens wait or are under way, and instructions.

    Example: [bold]flowsim today new list.xlsx --language da[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_bytes
    from flowsim.model.scenario import Scenario
    from flowsim.reporting.writers.listing import list_csv, list_workbook

    words = spoken(language)
    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise InputError(f"'{file}': a list is an .xlsx or a .csv file")
    check_file(file, overwrite=force)
    scenario = Scenario.of(of)
    write = list_csv if file.suffix.lower() == ".csv" else list_workbook
    write_bytes(file, write(scenario, words, file.name), overwrite=force)
    print(wrapped(words.say("today.wrote", file=str(file), name=file.name)))
