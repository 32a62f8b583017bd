"""`flowsim explain`: what drives a measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import CALIBRATED, FILE, FILES, JSON, SEED, WORKERS, asked, whole
from flowsim.cli.outputs import Outputs
from flowsim.cli.terminal import progress_bar
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.model.scenario import Scenario
    from flowsim.planning.influence import Estimate, Influence, Sensitivity

__all__ = ["explain"]

_SHOWN = 12
_MUCH = 0.1


def explain(
    measure: Annotated[str, typer.Option(help="Such as wait.rehabilitation_team.served.")],
    period: Annotated[str, typer.Option(help="Over which it is taken, such as 2022 or 2022Q3.")],
    file: Annotated[str, FILE] = "copenhagen",
    vary: Annotated[
        list[str] | None, typer.Option("--vary", help="A lever, as of flowsim staff; can be repeated.", metavar="LEVER")
    ] = None,
    between: Annotated[
        list[str] | None,
        typer.Option("--between", help="The least and the most of it, after each --vary.", metavar="LEAST MOST"),
    ] = None,
    sets: Annotated[
        int | None, whole("--sets", "-n", help="Sets of factors, run twice each; 200, or 5 a factor.")
    ] = None,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    seed: Annotated[int, SEED] = 1,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw a tornado to this .png, .svg or .pdf file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table to this CSV file.")] = None,
    force: Annotated[bool, FILES] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Tell what drives a measure: uncertain parameters, staffing, or the luck of one history.

    Example: [bold]flowsim explain --measure wait.rehabilitation_team.served --period 2022
    --vary rehabilitation_team.places --between 24 36[/bold]
    """
    from flowsim.questions.explain import Explain

    values: dict[str, Any] = {"measure": measure, "period": period, "scenario": file, "vary": vary}
    values |= {"between": between, "sets": sets, "calibrated": calibrated and str(calibrated), "seed": seed}
    question = asked(Explain, values)
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check()
    with (
        progress_bar("replications", show=not as_json) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        explained = question.answer(executor, progress)
    scenario, parameters = question.subject, question.chosen.words
    outputs.write(lambda kind: _picture(scenario, explained, kind), explained.frame)
    if as_json:
        print(json.dumps(_json(scenario, explained, parameters), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(_lines(scenario, explained, parameters)))


def _lines(scenario: Scenario, explained: Sensitivity, parameters: str) -> list[str]:
    from flowsim.cli.terminal import counted, table, wrapped
    from flowsim.cli.words.staff import figure

    response = explained.response
    of, unit = f"{response.measure}, {response.words}", response.unit
    lines = [
        wrapped(f"{scenario.name}: what drives {of} ({unit})"),
        wrapped(f"parameters: {parameters}; {counted(explained.sets, 'set')}, two runs each, seed {explained.seed}"),
        f"mean {figure(explained.mean, unit)}; one run deviates from it by {figure(explained.deviation, unit)}",
        "",
    ]
    rows = []
    for influence in explained.influences[:_SHOWN]:
        values = f"{_value(influence, influence.low)} to {_value(influence, influence.high)}"
        moves = f"{_signed(influence.effect_low.value, unit)} to {_signed(influence.effect_high.value, unit)}"
        rows.append((influence.name, values, moves, _share(influence.share)))
    left = explained.influences[_SHOWN:]
    if left:
        together = sum(max(influence.share.value, 0.0) for influence in left)
        rows.append((f"{len(left)} more together", "", "", f"{100 * together:.0f} %" + " " * 11))
    rows.append(("luck of one history", "", "", _share(explained.luck)))
    rows.append(("joint effects, other curves", "", "", _share(explained.rest)))
    lines += table({"factor": 28, "10 to 90 %": 14, "moves the mean by": 19, "share of variance": 19}, rows)
    lines.append(
        wrapped(
            "(a parameter: times its first value; moves the mean by: what the figure is more (+) or less (-) than the "
            "mean above at the low and at the high end, by regression, all else as it is on average; share: with its "
            "95 % interval by the bootstrap)"
        )
    )
    if explained.undefined:
        lines.append(
            wrapped(f"note: {explained.undefined} of {explained.sets} sets are left out: nobody comes in them")
        )
    if explained.standstills:
        still = f"note: in {explained.standstills} of {explained.sets} sets the queue stands still, which no mean can "
        lines.append(wrapped(still + "hold: they are left out, so this tells of the others; ask for the queue instead"))
    if explained.rest.value > _MUCH:
        note = f"note: {explained.rest.value:.0%} belongs to no factor alone: what one does depends on the others"
        lines.append(wrapped(note))
    return lines


def _signed(value: float, unit: str) -> str:
    """Write a difference with its sign; of shares in percentage points."""
    from flowsim.cli.words.staff import figure

    words = figure(abs(value), unit).removesuffix(" %")
    return words if not any(digit in words for digit in "123456789") else f"{'+' if value > 0 else '-'}{words}"


def _value(one: Influence, value: float) -> str:
    return f"{value:.0f}" if one.kind == "lever" else f"{value:.2f}"


def _share(share: Estimate) -> str:
    low, high = (f"{100 * max(bound, 0.0):.0f}" for bound in (share.low, share.high))
    return f"{100 * max(share.value, 0.0):.0f} % ({low} to {high})"


def _picture(scenario: Scenario, explained: Sensitivity, kind: str) -> bytes:
    from flowsim.reporting.pictures.planning import Bar, tornado

    scale = 100 if explained.response.unit == "share" else 1
    bars = [
        Bar(
            label=influence.name,
            low=scale * influence.effect_low.value,
            high=scale * influence.effect_high.value,
            low_interval=(scale * influence.effect_low.low, scale * influence.effect_low.high),
            high_interval=(scale * influence.effect_high.low, scale * influence.effect_high.high),
            share=f"{max(influence.share.value, 0.0):.0%}",
        )
        for influence in explained.influences[:_SHOWN]
    ]
    title = f"{scenario.name}: {explained.response.measure}, {explained.response.words}"
    unit = "percentage points" if scale == 100 else explained.response.unit
    return tornado(bars, 0.0, title, f"{unit} more or less than the mean", kind)


def _json(scenario: Scenario, explained: Sensitivity, parameters: str) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "scenario": scenario.name,
        "measure": explained.response.measure,
        "period": explained.response.period,
        "unit": explained.response.unit,
        "parameters": parameters,
        "sets": explained.sets,
        "undefined": explained.undefined,
        "standstills": explained.standstills,
        "seed": explained.seed,
        "mean": explained.mean,
        "deviation": explained.deviation,
        "influences": [asdict(influence) for influence in explained.influences],
        "luck": asdict(explained.luck),
        "rest": asdict(explained.rest),
    }
