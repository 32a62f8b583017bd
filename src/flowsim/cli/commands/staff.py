"""`flowsim staff`: the least staffing that meets a goal, and how sure that is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import (
    BETWEEN,
    CALIBRATED,
    CODES,
    FILE,
    HOLD,
    JSON,
    LANGUAGE,
    OVERWRITE,
    POINT,
    SEED,
    SETS,
    VARY,
    WORKERS,
    asked,
    integer_option,
    picture_option,
    spoken,
)
from flowsim.cli.outputs import Outputs
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.planning.staffing.search import Answer, Frontier
    from flowsim.reporting.wording import Wording

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
        int | None, integer_option(help="Of the first of two levers, every n-th level; 9 levels if left out.")
    ] = None,
    confidence: Annotated[str, typer.Option(help="How sure all of the answer shall be.", metavar="PERCENT")] = "96%",
    most: Annotated[int, integer_option("--replications", "-n", help="Of each staffing, at most.")] = 200,
    seed: Annotated[int, SEED] = 1,
    point: Annotated[bool, POINT] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    sets: Annotated[bool, SETS] = False,
    hold: Annotated[bool, HOLD] = False,
    prices: Annotated[
        Path | None, typer.Option(help="Tell costs by these prices, instead of the base's.", metavar="FILE")
    ] = None,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, picture_option("the answer")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the trials to this CSV file.")] = None,
    force: Annotated[bool, OVERWRITE] = False,
    codes: Annotated[bool, CODES] = False,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Find the least staffing that meets a goal, and say how sure that is.

    With --vary twice: for each level of the first the least of the second, and which of these staffings is cheapest.

    Example: [bold]flowsim staff --goal "decided within 23 weeks >= 90%" --vary rehabilitation_team.places
    --between 10 60 --during 2022[/bold]
    """
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.staff import (
        against_lines,
        answer_lines,
        frontier_lines,
        spoken_lines,
        staff_json,
        staff_picture,
    )
    from flowsim.planning.prices import prices_of
    from flowsim.planning.staffing.cost import StaffingCost
    from flowsim.planning.staffing.search import Answer
    from flowsim.questions.staff import Staff
    from flowsim.reporting.staffing import staffing_chart
    from flowsim.reporting.wording import Wording

    words = spoken(language)
    values: dict[str, Any] = {"goal": goal, "vary": vary, "between": between, "during": during, "scenario": file}
    values |= {"chance": chance, "every": every, "confidence": confidence, "replications": most, "seed": seed}
    values |= {
        "point": point,
        "calibrated": calibrated and str(calibrated),
        "sets": sets,
        "hold": hold,
        "prices": prices and str(prices),
    }
    question = asked(Staff, values)
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check()
    with (
        progress_bar(words.say("progress.replications"), show=not as_json) as progress,
        executor_of(workers, varies=question.varies) as executor,
    ):
        answer = question.answer(executor, progress)
    parameters = question.chosen.words
    cost = question.cost if isinstance(question.cost, StaffingCost) else None
    wording = Wording.of(question.subject, question.subject.pathway(), words, codes)
    priced = None if cost is None else prices_of(question.subject, question.prices)
    by_codes = codes and words.code == "en"
    outputs.write(
        lambda kind: (
            staff_picture(answer, kind, cost, wording)
            if by_codes
            else staffing_chart(answer, wording, priced).draw(kind)
        ),
        lambda: _frame(answer, wording),
        words,
    )
    if as_json:
        print(json.dumps(staff_json(answer, parameters, cost), ensure_ascii=False, allow_nan=False))
        return
    if by_codes:
        lines = (
            answer_lines(answer, parameters, cost)
            if isinstance(answer, Answer)
            else frontier_lines(answer, parameters, cost)
        )
        lines += [wrapped(line) for line in against_lines(answer.question, wording)]
    else:
        lines = spoken_lines(answer, wording, question.chosen.spoken(words), priced)
    print(
        "\n".join(
            [*lines, *([] if isinstance(question.cost, StaffingCost) else [wrapped(words.message(question.cost))])]
        )
    )


def _frame(search: Answer | Frontier, wording: Wording) -> pd.DataFrame:
    """Return the trials with what the scenario itself has, the goals, and what these are held against."""
    from flowsim.planning.staffing.search import Answer
    from flowsim.reporting.pictures.marks import marks_of

    frame, question = search.frame(), search.question
    levers = [search.levels.lever] if isinstance(search, Answer) else [search.rows.lever, search.levels.lever]
    for lever in levers:
        held = set(lever.held(question.scenario.pathway(), question.since).values())
        if len(held) == 1:
            frame = frame.assign(**{f"today_{lever.name}": held.pop()})
    frame = frame.assign(bound=frame["goal"].map({goal.text: goal.bound for goal in question.goals}))
    for goal in question.goals:
        for kind, value in marks_of(wording.standards, goal.response.measure, goal.response.period).items():
            frame.loc[frame["goal"] == goal.text, f"yardstick_{kind}"] = value
    return frame
