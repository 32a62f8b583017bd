"""What needs no simulation: files to start from, what ships, a check, names, the schema, a diagram, the evidence."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import CODES, FILE, LANGUAGE, OVERWRITE_FILE, spoken

if TYPE_CHECKING:
    from flowsim.reporting.language import Language


def new(
    file: Annotated[Path, typer.Argument(help="The scenario file to write.", show_default=False)],
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Write a commented example of a scenario, to start from.

    Example: [bold]flowsim new more-places.toml[/bold]
    """
    from flowsim.core.files import write_text
    from flowsim.model.scenario import example

    words = spoken(language)
    write_text(file, example(words.code))
    print(words.say("new.wrote", file=str(file)))


def scenarios(
    name: Annotated[str | None, typer.Argument(help="Print the file of this one.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """List the scenarios that ship with flowsim; each name can stand wherever a scenario file can.

    Example: [bold]flowsim scenarios more-places > mine.toml[/bold]
    """
    import json

    from flowsim.cli.terminal import wrapped
    from flowsim.model.library import scenario_names, scenario_text
    from flowsim.model.scenario import Scenario

    words = spoken(language)
    if name is not None:
        print(words.file(scenario_text(name)), end="")
        return
    known = [Scenario.of(shipped) for shipped in scenario_names()]
    if as_json:
        print(json.dumps([one.to_dict() for one in known], ensure_ascii=False))
        return
    print("\n".join(wrapped(f"{one.name}: {words.translated(one.file.description)}") for one in known))


def prices(language: Annotated[str | None, LANGUAGE] = None) -> None:
    """Print the prices that flowsim compare --cost computes with, each with its source or reason, to start from.

    Example: [bold]flowsim prices > mine.toml[/bold]
    """
    from flowsim.planning.prices import shipped_prices

    print(spoken(language).file(shipped_prices()), end="")


def check(
    file: Annotated[str, FILE] = "copenhagen",
    codes: Annotated[bool, CODES] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Check a scenario or pathway without running it: how loaded its stations are, and whether they will settle.

    Example: [bold]flowsim check more-places.toml[/bold]
    """
    from flowsim.cli.words.check import change_lines, load_lines, right_line, rule_lines
    from flowsim.cli.words.run import cut_lines
    from flowsim.cli.words.today import list_lines, opening_of
    from flowsim.model.scenario import Scenario
    from flowsim.reporting.wording import Wording
    from flowsim.theory.fluid_load import workload

    words = spoken(language)
    scenario = Scenario.of(file)
    pathway = scenario.pathway()
    wording = Wording.of(scenario, pathway, words, codes, scenario.steps)
    if scenario.changes_base:
        print("\n".join(change_lines(scenario, wording)))
    print(right_line(scenario, wording))
    print("".join(f"{line}\n" for line in cut_lines(pathway, words)), end="")
    if scenario.begins_today:
        opening = opening_of(scenario)
        print("\n".join(list_lines(opening, 1, 20, wording)))
        pathway = opening.pathway(1, 0)
    print("\n".join([*rule_lines(pathway, wording), *load_lines(workload(pathway), wording)]))


def names(
    file: Annotated[str, FILE] = "copenhagen",
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """List what a scenario can change: entries, states and their ways out, stations, parameters.

    Example: [bold]flowsim names copenhagen[/bold]
    """
    from flowsim.cli.words.run import name_lines
    from flowsim.model.scenario import Scenario

    print("\n".join(name_lines(Scenario.of(file), spoken(language))))


def schema(language: Annotated[str | None, LANGUAGE] = None) -> None:
    """Print the JSON Schema of a scenario file, for editors that know TOML.

    Example: [bold]flowsim schema > scenario.schema.json[/bold]
    """
    import json

    from flowsim.model.scenario import Scenario

    print(json.dumps(_described(Scenario.schema(), spoken(language)), indent=2, ensure_ascii=False))


def _described(schema: Any, language: Language) -> Any:
    """Return a schema with its descriptions in a language; keys and values as they are."""
    if isinstance(schema, list):
        return [_described(part, language) for part in schema]
    if not isinstance(schema, dict):
        return schema
    described = {key: _described(part, language) for key, part in schema.items()}
    if isinstance(schema.get("description"), str):
        described["description"] = language.translated(schema["description"])
    return described


def diagram(
    file: Annotated[str, FILE] = "copenhagen",
    out: Annotated[Path, typer.Option(help="The .svg file to write, or .mmd for Mermaid.")] = Path("pathway.svg"),
    force: Annotated[bool, OVERWRITE_FILE] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Draw the pathway of a scenario as an SVG picture, or write it as a Mermaid flowchart.

    Example: [bold]flowsim diagram copenhagen --out copenhagen.svg[/bold]
    """
    from flowsim.model.scenario import Scenario
    from flowsim.reporting.pictures.diagram import draw

    words = spoken(language)
    draw(Scenario.of(file).pathway()).save(out, overwrite=force)
    print(words.say("wrote", out=str(out)))


def evidence(
    source: Annotated[str | None, typer.Option(help="Only the facts of this source, such as svar-2018-10.")] = None,
    role: Annotated[str | None, typer.Option(help="Only target, input or context.")] = None,
    text: Annotated[str | None, typer.Option(help="Only facts in which this text stands.")] = None,
    of: Annotated[str, typer.Option(help="Whose: copenhagen, or a base of your own.")] = "copenhagen",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """List the documented figures, each with its source, precision and words.

    Example: [bold]flowsim evidence --role target --text ventetid[/bold]
    """
    import json

    from flowsim.cli.words.run import fact_lines
    from flowsim.core.errors import InputError
    from flowsim.model.base import read_base

    words, own = spoken(language), read_base(of)
    known = own.evidence
    if known is None:
        raise InputError(f"{own.source}: [files] names no `facts`: it has no documented figures")
    named = {fact.id for fact in known.select(text=text)}
    facts = [
        fact
        for fact in known.select(source=source, role=role)
        if fact.id in named or _stands_in(text or "", fact_lines(fact, known, words))
    ]
    if as_json:
        print(json.dumps([fact.as_json() for fact in facts]))
        return
    from rich.console import Console
    from rich.markup import escape

    console, say = Console(highlight=False), words.say
    for fact in facts:
        mark = say("evidence.supplementary") if fact.supplementary else ""
        console.print(f"[bold]{escape(fact.id)}[/bold]  {say(f'evidence.role.{fact.role}')}{mark}")
        for text_of, quoted in fact_lines(fact, known, words):
            for line in textwrap.wrap(text_of, max(console.width - 2, 20), break_on_hyphens=False):
                console.print(f"  {line}", style="italic" if quoted else "", markup=False)
    console.print(words.counted(len(facts), "facts"))


def _stands_in(text: str, lines: list[tuple[str, bool]]) -> bool:
    return any(text.casefold() in line.casefold() for line, _ in lines)
