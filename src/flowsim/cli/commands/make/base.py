"""`flowsim base`: a base of one's own, written from a catalogue of parts, and what it still lacks."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import LANGUAGE, OVERWRITE, spoken

if TYPE_CHECKING:
    from flowsim.reporting.language import Language

__all__ = ["base"]

base = typer.Typer(help="Bases of one's own: write one from parts, check what is missing.", no_args_is_help=True)

_ASKED = ("citizens", "cases", "caseworkers", "places")


@base.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to write, named as the base will be.", show_default=False)],
    title: Annotated[str | None, typer.Option(help="What the municipality is called.")] = None,
    benefits: Annotated[
        str, typer.Option(help="Benefits that cases come from; flowsim base parts lists them.")
    ] = "kontanthjaelp,sygedagpenge,jobafklaring,ressourceforloeb",
    steps: Annotated[
        str, typer.Option(help="Steps of a case; flowsim base parts lists them.")
    ] = "plan,erklaering,team,partshoering,afgoerelse",
    weekdays: Annotated[str, typer.Option(help="Days on which the team meets, such as tue or tue,thu.")] = "tue",
    citizens: Annotated[str | None, typer.Option(help="Citizens on kontanthjælp, ready for activity.")] = None,
    cases: Annotated[str | None, typer.Option(help="Cases opened a year by those on kontanthjælp.")] = None,
    caseworkers: Annotated[str | None, typer.Option(help="Caseworkers of kontanthjælp, full-time.")] = None,
    places: Annotated[str | None, typer.Option(help="Places of the team at a meeting.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day simulated; last year's January.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Day after the last; three years later.")] = None,
    language: Annotated[str | None, LANGUAGE] = None,
    force: Annotated[bool, OVERWRITE] = False,
) -> None:
    """Write a base of one's own: pathway, facts, targets, factors, prices, doors, yardsticks, each with comments.

    What is not given is asked for on a terminal, and borrowed from Copenhagen where it is not known.

    Example: [bold]flowsim base new lilleby --citizens 430 --places 4 --language da[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_files
    from flowsim.core.writing.shells import quoted
    from flowsim.model.own.founding import NewBase, base_files
    from flowsim.planning.readiness import settled

    words = spoken(language)
    name = _name(folder.resolve().name)
    given: dict[str, Any] = {"citizens": citizens, "cases": cases, "caseworkers": caseworkers, "places": places}
    given = {key: _number(key, value) for key, value in given.items()}
    if sys.stdin.isatty():
        title = title or typer.prompt(words.say("base.ask.title"), default=folder.name.capitalize())
        given = {key: _asked(key, words) if value is None else value for key, value in given.items()}
    first = _day("--from", since) if since else date(date.today().year - 1, 1, 1)
    last = _day("--until", until) if until else date(first.year + 3, 1, 1)
    what = NewBase(
        name=name,
        title=title or folder.resolve().name.capitalize(),
        benefits=_listed(benefits),
        steps=_listed(steps),
        weekdays=_listed(weekdays),
        start=first,
        end=last,
        language=words.code,
        **given,
    )
    files = {folder / file: text for file, text in base_files(settled(what)).items()}
    if folder.exists() and not folder.is_dir():
        raise InputError(f"'{folder}' is a file: name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        check_file(file, overwrite=force)
    write_files({file: text.encode() for file, text in files.items()}, overwrite=force)
    print(wrapped(words.say("base.wrote", folder=str(folder), files=", ".join(file.name for file in files))))
    print(wrapped(words.say("base.wrote.next", folder=quoted(str(folder)))))


@base.command()
def check(
    folder: Annotated[str, typer.Argument(help="A folder of flowsim base new, or a pathway file.", show_default=False)],
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Say what a base still lacks: borrowed numbers, documents, targets, prices, a calibration; and what to do next.

    Example: [bold]flowsim base check lilleby[/bold]
    """
    from flowsim.cli.words.base import readiness_lines
    from flowsim.forecasting.demand import following
    from flowsim.model.base import read_base
    from flowsim.planning.readiness import readiness_of
    from flowsim.simulation.measures.catalogue import Catalogue

    words, own = spoken(language), read_base(folder)
    ready = readiness_of(own)
    doors = following(own, "awards") if "doors" in own.files else ()
    measures = list(dict.fromkeys(row.measure for row in Catalogue.of(own.pathway()).index))
    print("\n".join(readiness_lines(ready, doors, measures, words)))


@base.command()
def parts(language: Annotated[str | None, LANGUAGE] = None) -> None:
    """List the parts of the catalogue: benefits that cases come from, and the steps of a case.

    Example: [bold]flowsim base parts[/bold]
    """
    from flowsim.model.own.catalogue import benefits, steps

    words = spoken(language)
    for heading, listed in (("base.parts.benefits", benefits()), ("base.parts.steps", steps())):
        print(words.say(heading))
        print("\n".join(f"  {part.name:<18}{part.title[words.code]}" for part in listed))


def _name(folder: str) -> str:
    """Return the name of a base from its folder's: without capitals, spaces and letters of its own."""
    letters = folder.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    plain = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _number(key: str, text: str | None) -> float | None:
    from flowsim.core.errors import InputError
    from flowsim.core.numbers import read_number

    if text is None:
        return None
    try:
        return read_number(text)
    except ValueError as error:
        raise InputError(f"--{key}: {error}") from None


def _asked(key: str, words: Language) -> float | None:
    """Ask for a number until it is one; nothing is not known."""
    from flowsim.core.errors import InputError

    ask: Callable[[], str] = lambda: typer.prompt(words.say(f"base.ask.{key}"), default="", show_default=False)  # noqa: E731
    while text := ask().strip():
        try:
            return _number(key, text)
        except InputError as error:
            typer.echo(str(error), err=True)
    return None


def _day(option: str, text: str) -> date:
    from flowsim.core.civil_time import parse_moment
    from flowsim.core.errors import InputError

    try:
        return parse_moment(text).date()
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None
