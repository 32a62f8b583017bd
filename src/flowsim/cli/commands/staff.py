"""`flowsim staff`: the least staffing that meets a goal, and how sure that is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.commands.run import chosen_parameters
from flowsim.cli.options import BETWEEN, CALIBRATED, FILE, FILES, JSON, POINT, SEED, VARY, WORKERS
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.planning.levers import Lever
    from flowsim.planning.staffing.cost import StaffingCost
    from flowsim.planning.staffing.trials import Question

__all__ = ["staff"]


def staff(
    goal: Annotated[
        list[str], typer.Option(help="Such as 'decided within 23 weeks >= 90%'; all of several.", metavar="GOAL")
    ],
    vary: Annotated[list[str], VARY],
    between: Annotated[list[str], BETWEEN],
    during: Annotated[str, typer.Option(help="When the goal holds, and from when it is varied.", metavar="PERIOD")],
    file: Annotated[str, FILE] = "copenhagen",
    chance: Annotated[
        str | None, typer.Option(help="Meet it in this share of the years that might come.", metavar="PERCENT")
    ] = None,
    every: Annotated[
        int | None, typer.Option(help="Of the first of two levers, every n-th level; 9 levels if left out.")
    ] = None,
    confidence: Annotated[str, typer.Option(help="How sure all of the answer shall be.", metavar="PERCENT")] = "95%",
    most: Annotated[int, typer.Option("--replications", "-n", help="Of each staffing, at most.")] = 200,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    prices: Annotated[
        Path | None, typer.Option(help="Tell costs by these prices, instead of those of copenhagen.", metavar="FILE")
    ] = None,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the answer to this .png, .svg or .pdf file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the trials to this CSV file.")] = None,
    force: Annotated[bool, FILES] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find the least staffing that meets a goal, and say how sure that is.

    With --vary twice: for each level of the first the least of the second, and which of these staffings is cheapest.

    Example: [bold]flowsim staff --goal "decided within 23 weeks >= 90%" --vary rehabilitation_team.places
    --between 10 60 --during 2022[/bold]
    """
    from flowsim.calibration.ensemble import Ensemble
    from flowsim.cli.words.staff import answer_lines, frontier_lines, staff_json, staff_picture, thinned, trial_frame
    from flowsim.core.errors import InputError
    from flowsim.core.files import check_file, write_bytes, write_text
    from flowsim.core.quantities import parse_share
    from flowsim.model.scenario import Scenario
    from flowsim.planning.levers import varied
    from flowsim.planning.staffing.search import Answer, Frontier, frontier, seek
    from flowsim.planning.staffing.trials import Question, StoppingRule
    from flowsim.reporting.pictures.canvas import check_picture

    scenario = Scenario.of(file)
    pathway = scenario.pathway()
    levels = varied(vary, between, pathway)
    if len(levels) > 2:
        raise InputError("--vary: two levers at most")
    if every is not None and len(levels) == 1:
        raise InputError("--every: it goes with two levers")
    if workers is not None and workers < 1:
        raise InputError(f"--workers: {workers} is not allowed: at least 1 is needed")
    stopping = StoppingRule(confidence=parse_share(confidence, "--confidence"), most=most)
    for path in (plot, out):
        if path is not None:
            check_file(path, force)
    if plot is not None:
        check_picture(plot)
    parameters, told = chosen_parameters(scenario, calibrated, point)
    share = None if chance is None else parse_share(chance, "--chance")
    question = Question.of(scenario, goal, during, parameters=parameters, chance=share)
    cost, why = _cost(question, [one.lever for one in levels], prices)
    drawn = isinstance(parameters, Ensemble)
    found: Answer | Frontier
    with (
        progress_bar("replications", show=not as_json) as progress,
        executor_of(workers, processes=drawn) as executor,
    ):
        how: dict[str, Any] = {"stopping": stopping, "seed": seed, "executor": executor, "progress": progress}
        if len(levels) == 1:
            found = seek(question, levels[0], **how)
        else:
            found = frontier(question, thinned(levels[0], every), levels[1], **how)
    if plot is not None:
        write_bytes(plot, staff_picture(found, plot.suffix.lower(), cost), force)
    if out is not None:
        write_text(out, trial_frame(found).to_csv(index=False), overwrite=force)
    if as_json:
        print(json.dumps(staff_json(found, told, cost), ensure_ascii=False, allow_nan=False))
    else:
        lines = answer_lines(found, told, cost) if isinstance(found, Answer) else frontier_lines(found, told, cost)
        print("\n".join([*lines, *([why] if why else [])]))


def _cost(question: Question, levers: Sequence[Lever], path: Path | None) -> tuple[StaffingCost | None, str]:
    """Return what the levers cost; or None, and in words why that can't be told.

    Raises:
        InputError: as `prices.prices_of`.
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.planning.prices import prices_of
    from flowsim.planning.staffing.cost import StaffingCost, unpriced

    prices = prices_of(question.scenario, path)
    if prices is None:
        return None, "What this costs is told with a file of prices: --prices FILE."
    lacking = unpriced(levers, prices)
    if lacking:
        return None, wrapped(f"What this costs is not told: {prices.source} has no price of {', '.join(lacking)}.")
    return StaffingCost.of(question, levers, prices), ""
