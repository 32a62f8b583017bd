"""`flowsim report`: scenarios, and what staffing meets a goal, as a report for a committee."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.commands.run import check_periods, chosen_parameters
from flowsim.cli.options import CALIBRATED, FILES, FIRST, LAST, POINT, SEED, WORKERS
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.calibration.ensemble import Parameters
    from flowsim.core.progress import Progress
    from flowsim.model.scenario import Scenario
    from flowsim.planning.levers import Levels
    from flowsim.planning.staffing.search import Answer, Frontier
    from flowsim.planning.staffing.trials import Question
    from flowsim.reporting.document import Document

__all__ = ["report"]


def report(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO",
            help="One to four scenario files or names of flowsim scenarios; the first is the one to compare with.",
            show_default=False,
        ),
    ],
    out: Annotated[
        list[Path],
        typer.Option(help="Write to this .html, .xlsx or .pdf file; several of one run.", metavar="FILE"),
    ],
    question: Annotated[
        str, typer.Option(help="The question, in your words.", metavar="TEXT", show_default=False)
    ] = "",
    language: Annotated[str, typer.Option(help="en (English) or da (Danish).")] = "en",
    goal: Annotated[
        list[str] | None,
        typer.Option(help="Find the staffing that meets it in the last scenario, as flowsim staff.", metavar="GOAL"),
    ] = None,
    vary: Annotated[
        list[str] | None, typer.Option("--vary", help="For --goal: what may be changed.", metavar="LEVER")
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option("--between", help="For --goal: the least and the most of it.", metavar="LEAST MOST"),
    ] = None,
    during: Annotated[str | None, typer.Option(help="For --goal: when it holds.", metavar="PERIOD")] = None,
    chance: Annotated[
        str | None, typer.Option(help="For --goal: meet it in this share of the years.", metavar="PERCENT")
    ] = None,
    replications: Annotated[int, typer.Option("--replications", "-n", help="Of each scenario.")] = 100,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Your own prices, instead of those of copenhagen.", metavar="FILE")
    ] = None,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    workers: Annotated[int | None, WORKERS] = None,
    force: Annotated[bool, FILES] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and no answer printed.")] = False,
) -> None:
    """Write a report for a committee: question, answer, charts, assumptions, how sure it is, how to repeat it.

    Example: [bold]flowsim report today flere-skal-med-2-ends --out report.pdf --language da[/bold]
    """
    from flowsim.calibration.ensemble import Ensemble
    from flowsim.cli.terminal import wrapped
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_files
    from flowsim.model.scenario import Scenario
    from flowsim.planning.prices import prices_of
    from flowsim.reporting.answer import Conclusions
    from flowsim.reporting.assembly import report as written
    from flowsim.reporting.findings import explore
    from flowsim.reporting.language import Language
    from flowsim.reporting.wording import Wording

    spoken = Language.of(language)
    writers = [_writer(path) for path in out]
    for number, path in enumerate(out):
        check_file(path, force)
        if path.resolve() in [other.resolve() for other in out[:number]]:
            raise InputError(f"--out: '{path}' is named twice")
    scenarios = [Scenario.of(file) for file in files]
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    check_periods(scenarios[0], first, last)
    parameters, _ = chosen_parameters(scenarios[0], calibrated, point)
    priced = prices_of(scenarios[0], prices)
    if during is not None:
        _check_within(during, first, last)
    asked = {"--goal": goal, "--vary": vary, "--between": between, "--during": during, "--chance": chance}
    staffed = _asked(scenarios[-1], asked, parameters)
    with executor_of(workers, processes=isinstance(parameters, Ensemble)) as executor:
        with progress_bar("replications", show=not quiet) as progress:
            findings = explore(
                scenarios,
                parameters=parameters,
                prices=priced,
                between=(first or "0001", last or "9999"),
                replications=replications,
                seed=seed,
                executor=executor,
                progress=progress,
            )
        if staffed is not None:
            with progress_bar("staffings", show=not quiet) as progress:
                findings = replace(findings, staffing=_found(*staffed, seed, executor, progress))
    told: dict[str, Any] = asked | {"--from": first, "--to": last, "--question": question or None}
    told |= {"--language": language, "--replications": replications, "--seed": seed}
    told |= {"--point": point, "--calibrated": calibrated, "--prices": prices}
    document = written(findings, spoken, question=question, repeat=_repeat(files, out, told))
    write_files({path: writer(document) for path, writer in zip(out, writers, strict=True)}, overwrite=force)
    if not quiet:
        said = Conclusions(findings=findings, wording=Wording.of(scenarios[0], findings.pathway, spoken))
        print("\n".join(wrapped(line) for line in (*said.answer(), *said.remarks())))
        print("\n".join(f"Written to {path}" for path in out))


def _asked(scenario: Scenario, told: Mapping[str, Any], parameters: Parameters) -> tuple[Question, list[Levels]] | None:
    """Return the goals of a scenario and what is varied for them, as options tell; None where none is given.

    Raises:
        InputError: where one is missing, and for what makes no sense.
    """
    from flowsim.core.errors import InputError
    from flowsim.core.quantities import parse_share
    from flowsim.planning.levers import varied
    from flowsim.planning.staffing.trials import Question

    if not any(told.values()):
        return None
    for option, given in told.items():
        if not given and option != "--chance":
            raise InputError(f"{option}: it is missing: a staffing takes --goal, --vary, --between and --during")
    levels = varied(told["--vary"], told["--between"], scenario.pathway())
    if len(levels) > 2:
        raise InputError("--vary: two levers at most")
    chance = parse_share(told["--chance"], "--chance") if told["--chance"] else None
    return Question.of(scenario, told["--goal"], told["--during"], parameters=parameters, chance=chance), levels


def _check_within(during: str, first: str | None, last: str | None) -> None:
    """Refuse a period of a goal that the report does not reach."""
    from flowsim.core.errors import InputError
    from flowsim.core.periods import Period

    goal = Period(during)
    if (first and goal.first < Period(first).first) or (last and goal.after > Period(last).after):
        raise InputError(f"--during: {during} is not within what is reported: widen --from and --to")


def _found(
    question: Question, levels: list[Levels], seed: int, executor: Executor, progress: Progress | None
) -> Answer | Frontier:
    from flowsim.cli.words.staff import thinned
    from flowsim.planning.staffing.search import frontier, seek

    if len(levels) == 1:
        return seek(question, levels[0], seed=seed, executor=executor, progress=progress)
    return frontier(question, thinned(levels[0], None), levels[1], seed=seed, executor=executor, progress=progress)


def _writer(path: Path) -> Callable[[Document], bytes]:
    """Return what writes a document to a file of a name, by how the name ends.

    Raises:
        InputError: where it ends otherwise, or what writes it is not installed.
    """
    from importlib.util import find_spec

    from flowsim.core.errors import InputError
    from flowsim.reporting.writers.html import webpage
    from flowsim.reporting.writers.pdf import printout
    from flowsim.reporting.writers.xlsx import workbook

    kinds: dict[str, tuple[Callable[[Document], bytes], tuple[str, ...]]] = {
        ".html": (webpage, ("jinja2",)),
        ".pdf": (printout, ("typst",)),
        ".xlsx": (workbook, ("xlsxwriter",)),
    }
    if path.suffix.lower() not in kinds:
        raise InputError(f"--out: '{path}' is not allowed: the name ends with {', '.join(kinds)}")
    writer, needed = kinds[path.suffix.lower()]
    for name in ("matplotlib", *needed):
        if find_spec(name) is None:
            raise InputError(f"--out: '{path}' needs {name}: pip install 'flowsim[report]'")
    return writer


def _repeat(files: list[str], out: list[Path], told: dict[str, Any]) -> str:
    """Write the command line that makes the same report again."""
    words = ["flowsim", "report"]
    for option, value in {"--out": out, **told}.items():
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            for one in value if isinstance(value, list) else [value]:
                words += [option, *(str(one).split() if option == "--between" else [str(one)])]
    return shlex.join([*words, *(["--"] if any(name.startswith("-") for name in files) else []), *files])
