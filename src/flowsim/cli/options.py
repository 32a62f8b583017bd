"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperCommand

from flowsim.cli.speech import language_of_terminal
from flowsim.core.numbers import read_whole

if TYPE_CHECKING:
    from flowsim.core.periods import Every
    from flowsim.model.pathway import Pathway
    from flowsim.questions.asking import Inquiry
    from flowsim.reporting.language import Language

__all__ = [
    "BETWEEN",
    "CALIBRATED",
    "CLUSTER",
    "CODES",
    "ENGINE",
    "EVERY",
    "FILE",
    "FIRST",
    "HOLD",
    "JSON",
    "LANGUAGE",
    "LAST",
    "OVERWRITE",
    "OVERWRITE_FILE",
    "PARQUET",
    "POINT",
    "SEED",
    "SETS",
    "TABLE_FILE",
    "VARY",
    "VERBOSE",
    "WORKERS",
    "WithPairs",
    "asked",
    "every_of",
    "exists",
    "integer_option",
    "named_options",
    "picture_option",
    "refuse_given",
    "spoken",
]

_Question = TypeVar("_Question", bound="Inquiry")
_OPTIONS: Mapping[str, str] = {"first": "from", "last": "to"}


def integer_option(*names: str, help: str, callback: Callable[[int | None], int | None] | None = None) -> Any:
    """Return an option that is a whole number, read as all numbers are that people type."""
    return typer.Option(*names, parser=_whole, callback=callback, metavar="<int>", help=help)


def _whole(value: Any) -> int:
    try:
        return read_whole(str(value))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None  # of a ValueError Typer before 0.29 tells the value alone


def picture_option(what: str) -> Any:
    """Return an option for a file that something is drawn to, such as "the differences"."""
    return typer.Option(help=f"Draw {what} to this .png, .svg or .pdf file.")


FILE = typer.Argument(
    callback=lambda value: exists(value),
    help="A scenario or pathway file, the base 'copenhagen', or a name of flowsim scenarios.",
    show_default=False,
)
SEED = integer_option(help="Another seed, other luck; the same seed, the same results.")
POINT = typer.Option("--point", help="The fitted parameters in every replication.")
CALIBRATED = typer.Option(help="Draw parameters from this folder of flowsim calibrate.", metavar="FOLDER")
SETS = typer.Option("--sets", help="Calibrated sets alone, not histories with the documented waits.")
HOLD = typer.Option("--hold", help="Factors keep their last values after the last document.")
ENGINE = typer.Option(help="kernel (compiled) or simpy (the readable reference).")
WORKERS = integer_option(
    callback=lambda value: _at_least_one(value), help="Threads, or processes; all cores if left out."
)
CLUSTER = typer.Option(help="Run on the Dask scheduler at this address.", metavar="tcp://HOST:PORT")
FIRST = typer.Option("--from", help="First period to report, such as 2018 or 2018Q3.")
LAST = typer.Option("--to", help="Last period to report.")
LANGUAGE = typer.Option(help="en (English) or da (Danish); that of the terminal (LANG) if left out.", metavar="en|da")
CODES = typer.Option("--codes", help="Names as files and options take them, instead of titles.")
EVERY = typer.Option(help="By which periods to show: hour, day, month, quarter or year.")
PARQUET = typer.Option("--parquet", help="Write the tables as Parquet too.")
OVERWRITE = typer.Option("--force", help="Overwrite these files.")
OVERWRITE_FILE = typer.Option("--force", help="Overwrite that file.")
TABLE_FILE = typer.Option(help="Write the table to this CSV file.")
JSON = typer.Option("--json", help="Print one JSON object instead of tables.")
VERBOSE = typer.Option("--verbose", help="How it was made too: engine, hashes, what common luck saves.")
VARY = typer.Option(
    "--vary", help="What may be changed: STATION.places, .capacity or .staff, or of one PARTY.", metavar="LEVER"
)
BETWEEN = typer.Option("--between", help="The least and the most of it, after each --vary.", metavar="LEAST MOST")


def spoken(language: str | None) -> Language:
    """Return the language that was asked for, or that of the terminal.

    Raises:
        InputError: as `Language.of`, at the option.
    """
    from flowsim.core.errors import InputError
    from flowsim.reporting.language import Language

    try:
        return Language.of(language_of_terminal() if language is None else language)
    except InputError as mistake:
        raise InputError(f"--language: {mistake}") from None


def refuse_given(context: typer.Context, kept: Collection[str], reason: str) -> None:
    """Refuse options that were given and would do nothing.

    Args:
        context: of the command.
        kept: parameters that do something, by name.
        reason: where the others belong.

    Raises:
        InputError: for the first of them.
    """
    from flowsim.core.errors import InputError

    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name not in kept and source is not None and source.name == "COMMANDLINE":
            option = next(each for each in parameter.opts if each.startswith("--"))
            raise InputError(f"{option}: {reason}")


def every_of(text: str | None, pathway: Pathway) -> Every | None:
    """Read by which periods to show figures of a pathway; None where that is not said.

    Raises:
        InputError: for what is no kind of period, and for days or hours of a pathway that has none.
    """
    from flowsim.core.errors import InputError, unknown_name
    from flowsim.core.periods import LENGTHS
    from flowsim.simulation.measures.timeline import Calendar

    if text is None:
        return None
    every = next((known for known in LENGTHS if known == text), None)
    if every is None:
        raise InputError(f"--every: {unknown_name('period', text, LENGTHS)}")
    if every not in Calendar.of(pathway).kinds:
        raise InputError(f'--every {every}: the pathway has no {every}s: say `periods = "{every}"` in it')
    return every


def exists(value: str | list[str]) -> str | list[str]:
    """Refuse a scenario that is not there, before anything is loaded that would read it."""
    from flowsim.model.library import check_scenario

    for name in [value] if isinstance(value, str) else value:
        check_scenario(name)
    return value


def _at_least_one(workers: int | None) -> int | None:
    from flowsim.core.errors import InputError

    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    return workers


@contextmanager
def named_options(keys: Container[str] = ("out",)) -> Iterator[None]:
    """Say of a mistake at one of some keys at which option it is."""
    from flowsim.core.errors import InputError, KeyedError

    try:
        yield
    except KeyedError as mistake:
        if mistake.key not in keys:
            raise
        raise InputError(f"--{_OPTIONS.get(mistake.key, mistake.key)}: {mistake.reason}") from None


def asked(kind: type[_Question], values: Mapping[str, Any]) -> _Question:
    """Fill a question from options.

    Raises:
        InputError: as `Inquiry.from_dict`, with the option where the question says the key.
    """
    with named_options(kind.model_fields):
        return kind.from_dict(values)


class WithPairs(TyperCommand):
    """A command whose option --between takes two words, as often as it is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the two words to the one that a repeated option can have."""
        joined: list[str] = []
        for place, word in enumerate(args):
            if args[max(place - 2, 0) : place - 1] == ["--between"] and not word.startswith("-"):
                joined[-1] += f" {word}"
            else:
                joined.append(word)
        return list(super().parse_args(ctx, joined))
