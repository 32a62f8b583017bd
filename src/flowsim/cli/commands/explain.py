"""`flowsim explain`: what drives a measure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import (
    CALIBRATED,
    CODES,
    FILE,
    JSON,
    LANGUAGE,
    OVERWRITE,
    SEED,
    TABLE_FILE,
    WORKERS,
    asked,
    integer_option,
    picture_option,
    spoken,
)
from flowsim.cli.outputs import Outputs
from flowsim.cli.terminal import progress_bar
from flowsim.core.numbers import with_plain_spaces
from flowsim.simulation.workers import executor_of

if TYPE_CHECKING:
    from flowsim.model.scenario import Scenario
    from flowsim.planning.influence import Estimate, Influence, Sensitivity
    from flowsim.questions.explain import Explain, ExplainAssumptions
    from flowsim.reporting.language import Language
    from flowsim.reporting.wording import Wording

__all__ = ["explain"]

_SHOWN = 12
_SETS = "Sets of factors, run twice each; 200, or 5 a factor. With --assumptions pairs of histories; 12."
_ASSUMPTIONS = "Instead: which assumptions move it most when each is raised by a tenth."
_MUCH = 0.1
_NAME = 28  # letters of a name that has a line with its figures


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
    sets: Annotated[int | None, integer_option("--sets", "-n", help=_SETS)] = None,
    assumptions: Annotated[bool, typer.Option("--assumptions", help=_ASSUMPTIONS)] = False,
    calibrated: Annotated[Path | None, CALIBRATED] = None,
    seed: Annotated[int, SEED] = 1,
    workers: Annotated[int | None, WORKERS] = None,
    plot: Annotated[Path | None, picture_option("a tornado")] = None,
    out: Annotated[Path | None, TABLE_FILE] = None,
    force: Annotated[bool, OVERWRITE] = False,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
    codes: Annotated[bool, CODES] = False,
) -> None:
    """Tell what drives a measure: uncertain parameters, staffing, or the luck of one history.

    Example: [bold]flowsim explain --measure wait.rehabilitation_team.served --period 2022
    --vary rehabilitation_team.places --between 24 36[/bold]
    """
    from flowsim.questions.explain import Explain, ExplainAssumptions
    from flowsim.reporting.pictures.marks import marks_of
    from flowsim.reporting.wording import Wording

    words = spoken(language)
    if assumptions:
        for option, value in {"--vary": vary, "--between": between, "--plot": plot}.items():
            if value:
                from flowsim.core.errors import InputError

                raise InputError(f"{option}: it does not go with --assumptions")
        own: dict[str, Any] = {"measure": measure, "period": period, "scenario": file, "sets": sets, "seed": seed}
        question = asked(ExplainAssumptions, own | {"calibrated": calibrated and str(calibrated)})
        _tell_assumptions(question, workers, Outputs(plot=None, out=out, force=force), words, (as_json, codes))
        return
    values: dict[str, Any] = {"measure": measure, "period": period, "scenario": file, "vary": vary}
    values |= {"between": between, "sets": sets, "calibrated": calibrated and str(calibrated), "seed": seed}
    explaining = asked(Explain, values)
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check()
    with (
        progress_bar(words.say("progress.replications"), show=not as_json) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        explained = explaining.answer(executor, progress)
    scenario, parameters = explaining.subject, explaining.chosen.words
    wording = Wording.of(scenario, scenario.pathway(), words, codes)
    titles, response = _titles(explaining, wording), explained.response
    outputs.write(
        lambda kind: _picture(scenario, explained, wording, titles, kind),
        lambda: explained.frame().assign(**marks_of(wording.standards, response.measure, response.period)),
        words,
    )
    if as_json:
        print(json.dumps(_json(scenario, explained, parameters), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(_lines(scenario, explained, explaining.chosen.spoken(words), wording, titles)))


def _tell_assumptions(
    question: ExplainAssumptions, workers: int | None, outputs: Outputs, words: Language, shown: tuple[bool, bool]
) -> None:
    """Find the assumptions that move a measure most, and print them: as JSON, or by their codes."""
    import pandas as pd

    from flowsim.cli.words.assumptions import assumption_lines, assumption_records
    from flowsim.reporting.wording import Wording

    as_json, codes = shown
    outputs.check()
    with (
        progress_bar(words.say("progress.replications"), show=not as_json) as progress,
        executor_of(workers, varies=True) as executor,
    ):
        largest = question.answer(executor, progress)
    records = assumption_records(largest)
    outputs.write(lambda kind: b"", lambda: pd.DataFrame(records), words)
    if as_json:
        asked_for = {key: question.to_dict()[key] for key in ("measure", "period")}
        head = {"scenario": question.subject.name, **asked_for, "unit": question.response.unit}
        head |= {"pairs": question.sets, "seed": question.seed}
        print(json.dumps(head | {"assumptions": records}, ensure_ascii=False, allow_nan=False))
    else:
        wording = Wording.of(question.subject, question.subject.pathway(), words, codes)
        print("\n".join(assumption_lines(question, largest, wording)))


def _titles(question: Explain, wording: Wording) -> dict[str, str]:
    """Return what factors and levers are called; nothing where they go by their names."""
    from flowsim.calibration.ensemble import Ensemble
    from flowsim.reporting.sources import factor_titles

    if wording.codes:
        return {}
    drawn = question.chosen.parameters
    titles = factor_titles(drawn.prior.factors, wording.language) if isinstance(drawn, Ensemble) else {}
    return titles | {levels.lever.name: wording.lever(levels.lever) for levels in question.levels}


def _lines(
    scenario: Scenario, explained: Sensitivity, parameters: str, wording: Wording, titles: Mapping[str, str]
) -> list[str]:
    from flowsim.cli.terminal import table, wrapped
    from flowsim.cli.words.run import carried_on, lengthened
    from flowsim.core.periods import Period

    language, say, unit = wording.language, wording.language.say, explained.response.unit
    named = unit if wording.codes else wording.unit(unit)
    head = say("explain.head", scenario=wording.scenario(scenario.name), of=_of(explained, wording), unit=named)
    runs = say("explain.runs", sets=language.counted(explained.sets, "sets"), seed=str(explained.seed))
    against = wording.yardsticks(explained.response.measure, unit, explained.response.period)
    words = {"mean": _figure(explained.mean, unit, wording), "deviation": _figure(explained.deviation, unit, wording)}
    lines = [
        wrapped(head),
        wrapped(f"{say('staff.parameters', parameters=parameters)}; {runs}" if parameters else runs),
        *lengthened(scenario, Period(explained.response.period), language, wording),
        *carried_on(scenario.base.documented_until, Period(explained.response.period).end, language),
        say("explain.mean", **words),
        *([wrapped(say("explain.against", yardsticks=against))] if against else []),
        "",
    ]
    rows: list[str | tuple[str, ...]] = []
    for influence in explained.influences[:_SHOWN]:
        low, high = (_value(influence, value, wording) for value in (influence.low, influence.high))
        ends = [_signed(effect.value, unit, wording) for effect in (influence.effect_low, influence.effect_high)]
        moves = say("range", low=ends[0], high=ends[1])
        title = titles.get(influence.name, influence.name)
        figures = (say("range", low=low, high=high), moves, _share(influence.share, wording))
        rows += [(title, *figures)] if len(title) < _NAME else [title, ("", *figures)]
    left = explained.influences[_SHOWN:]
    if left:
        together = sum(max(influence.share.value, 0.0) for influence in left)
        rows.append((say("explain.more", count=str(len(left))), "", "", f"{100 * together:.0f} %" + " " * 11))
    rows.append((say("explain.luck"), "", "", _share(explained.luck, wording)))
    rows.append((say("explain.rest"), "", "", _share(explained.rest, wording)))
    columns = {"explain.factor": 28, "explain.range": 14, "explain.moves": 19, "explain.share": 19}
    lines += table({say(key): width for key, width in columns.items()}, rows)
    lines.append(wrapped(say("explain.note")))
    numbers = {"sets": str(explained.sets)}
    if explained.undefined:
        lines.append(wrapped(say("explain.undefined", count=str(explained.undefined), **numbers)))
    if explained.standstills:
        lines.append(wrapped(say("explain.still", count=str(explained.standstills), **numbers)))
    if explained.rest.value > _MUCH:
        share = with_plain_spaces(language.percent(explained.rest.value, 0))
        lines.append(wrapped(say("explain.joint", share=share)))
    return lines


def _of(explained: Sensitivity, wording: Wording) -> str:
    response = explained.response
    words = response.period if wording.codes else with_plain_spaces(wording.language.period(response.period))
    return f"{wording.measure(response.measure)}, {words}"


def _figure(value: float, unit: str, wording: Wording) -> str:
    from flowsim.cli.words.staff import figure

    return wording.language.local(figure(value, unit))


def _signed(value: float, unit: str, wording: Wording) -> str:
    """Write a difference with its sign; of shares in percentage points."""
    words = _figure(abs(value), unit, wording).removesuffix(" %")
    return words if not any(digit in words for digit in "123456789") else f"{'+' if value > 0 else '-'}{words}"


def _value(one: Influence, value: float, wording: Wording) -> str:
    return wording.language.local(f"{value:.0f}" if one.kind == "lever" else f"{value:.2f}")


def _share(share: Estimate, wording: Wording) -> str:
    low, high = (f"{100 * max(bound, 0.0):.0f}" for bound in (share.low, share.high))
    interval = wording.language.say("range", low=low, high=high)
    return f"{100 * max(share.value, 0.0):.0f} % ({interval})"


def _picture(
    scenario: Scenario, explained: Sensitivity, wording: Wording, titles: Mapping[str, str], kind: str
) -> bytes:
    from flowsim.reporting.pictures.canvas import wrapped_title
    from flowsim.reporting.pictures.planning import Bar, tornado

    scale = 100 if explained.response.unit == "share" else 1
    bars = [
        Bar(
            label=wrapped_title(titles.get(influence.name, influence.name), 8, 0.4),
            low=scale * influence.effect_low.value,
            high=scale * influence.effect_high.value,
            low_interval=(scale * influence.effect_low.low, scale * influence.effect_low.high),
            high_interval=(scale * influence.effect_high.low, scale * influence.effect_high.high),
            share=f"{max(influence.share.value, 0.0):.0%}",
        )
        for influence in explained.influences[:_SHOWN]
    ]
    title = f"{wording.scenario(scenario.name)}: {_of(explained, wording)}"
    unit = wording.unit("points" if scale == 100 else explained.response.unit)
    say = wording.language.say
    ends = say("explain.low"), say("explain.high"), say("explain.share.short")
    return tornado(bars, 0.0, title, say("explain.axis", unit=unit), kind, ends)


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
