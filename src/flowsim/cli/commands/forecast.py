"""`flowsim forecast`: where series are heading if nothing changes, and how such forecasts would have done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import (
    JSON,
    LANGUAGE,
    OVERWRITE,
    TABLE_FILE,
    asked,
    integer_option,
    picture_option,
    refuse_given,
    spoken,
)
from flowsim.cli.outputs import Outputs

if TYPE_CHECKING:
    from flowsim.core.arrays import Floats
    from flowsim.forecasting.backtest import Backtest
    from flowsim.forecasting.distribution import Joint, SeriesForecast
    from flowsim.questions.forecast import ChosenSeries, Forecast
    from flowsim.reporting.language import Language

__all__ = ["forecast"]


_OF_FORECASTS = ("seed", "broken")  # options that do nothing where forecasts are scored
_NOTED = 3  # cells of a series of which a kind of note is told


def forecast(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SERIES|FILE",
            help="awards (both outcomes and their total), fleksjob, førtidspension; or a CSV or Excel file.",
            show_default=False,
        ),
    ] = "awards",
    names: Annotated[
        list[str] | None, typer.Option("--series", help="Only this series of a file; may be repeated.")
    ] = None,
    horizon: Annotated[int, integer_option(help="Periods ahead: 1 to 12 quarters, or 1 to 24 months.")] = 8,
    origin: Annotated[
        str | None, typer.Option(help="The last period to use, such as 2019Q4.", metavar="PERIOD")
    ] = None,
    shock: Annotated[
        str | None,
        typer.Option(help="2020Q2=as-observed, or =recovers:4 (over 4 quarters later).", metavar="PERIOD=HOW"),
    ] = None,
    months: Annotated[
        str | None,
        typer.Option(
            help="A file's months: sum (of what happened) or mean (of what was there) by quarter, or keep them."
        ),
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="What a file's decimals stand after, where no cell proves it: comma or point.")
    ] = None,
    seed: Annotated[int, integer_option(help="Of the sample paths, of which a total's intervals are taken.")] = 1,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Score forecasts from each past period beside simpler ones, instead.")
    ] = False,
    broken: Annotated[
        bool, typer.Option("--break", help="State what the 95 % would be if the level broke once, beside the ordinary.")
    ] = False,
    plot: Annotated[Path | None, picture_option("the forecasts")] = None,
    out: Annotated[Path | None, TABLE_FILE] = None,
    force: Annotated[bool, OVERWRITE] = False,
    as_json: Annotated[bool, JSON] = False,
    language: Annotated[str | None, LANGUAGE] = None,
) -> None:
    """Forecast quarterly or monthly series, and say how sure the forecasts are.

    Example: [bold]flowsim forecast awards --horizon 4 --shock 2020Q2=recovers:4 --plot awards.png[/bold]
    """
    from flowsim.questions.forecast import Forecast

    words = spoken(language)
    if backtest:
        kept = {parameter.name or "" for parameter in context.command.params} - {*_OF_FORECASTS}
        refuse_given(context, kept, "it goes with forecasts, not with --backtest")
    values = {"source": source, "series": names, "horizon": horizon, "origin": origin, "shock": shock}
    question = asked(Forecast, values | {"months": months, "decimal": decimal, "seed": seed})
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check(len(question.chosen.series) + question.chosen.together)
    if backtest:
        _show_scores(question, outputs, as_json, words)
    else:
        _show_forecasts(question, broken, outputs, as_json, words)


def _show_forecasts(question: Forecast, broken: bool, outputs: Outputs, as_json: bool, language: Language) -> None:
    from flowsim.cli.terminal import progress_bar
    from flowsim.reporting.pictures.forecasts import picture

    with progress_bar(language.say("progress.series"), show=not as_json) as progress:
        answer = question.answer(progress=progress)
    outputs.write(lambda kind: picture(answer.forecasts, kind, language), answer.frame, language)
    if as_json:
        print(json.dumps(_json(question.chosen, answer.forecasts, broken), allow_nan=False))
    else:
        print("\n".join(_lines(question.chosen, answer.forecasts, broken, language)))


def _show_scores(question: Forecast, outputs: Outputs, as_json: bool, language: Language) -> None:
    from flowsim.cli.terminal import progress_bar, wrapped
    from flowsim.forecasting.backtest import frame
    from flowsim.forecasting.trend import chosen, upto
    from flowsim.reporting.pictures.forecasts import backtest_picture

    series = [upto(figures, question.origin) for figures in question.chosen.series]
    choices = [chosen(figures, question.taken) for figures in series]
    remarks = dict.fromkeys(
        notes[0] if notes else f"{taken}, from the origins on that know of it"
        for taken, notes in choices
        if taken is not None
    )
    with progress_bar(language.say("progress.series"), show=not as_json) as progress:
        results = question.backtest(progress=progress)
    outputs.write(lambda kind: backtest_picture(results, kind, language), lambda: frame(results), language)
    if as_json:
        scored = [{**vars(result), "scores": [vars(score) for score in result.scores]} for result in results]
        print(json.dumps({**_from(question.chosen), "notes": list(remarks), "backtest": scored}, allow_nan=False))
        return
    notes = [language.say("forecast.note", note=language.translated(note)) for note in remarks]
    lines = [*_head(question.chosen, language), *map(wrapped, notes)]
    for result in results:
        lines += _scored(result, language)
    print("\n".join(lines))


def _head(chosen: ChosenSeries, language: Language) -> list[str]:
    from flowsim.cli.terminal import wrapped
    from flowsim.core.numbers import with_plain_spaces
    from flowsim.evidence.series import BEYOND, HIDDEN, NOTED

    from_, say = chosen.provenance, language.say
    table = say("forecast.from.table", table=from_.table) if from_.table else ""
    day = from_.date if language.code == "en" else with_plain_spaces(language.quantity(from_.date))
    date = say("forecast.from.date", date=day) if from_.date else ""
    lines = [f"{say('forecast.from', file=from_.file)}{table}{date}"]
    lines += [say("forecast.left_out", reason=language.message(reason)) for reason in chosen.left_out.values()]
    if chosen.unused:
        lines.append(say("forecast.unused", cells=", ".join(chosen.unused)))
    if chosen.cut_off:
        lines.append(say("forecast.cut_off", months=", ".join(map(language.short_period, chosen.cut_off))))
    for name, marks in chosen.marks.items():
        for meaning, key in ((NOTED, "noted"), (HIDDEN, "hidden"), (BEYOND, "above")):
            meant = [mark for mark in marks if mark.meaning == meaning]
            shown = _NOTED if len(meant) > _NOTED + 1 else len(meant)  # one more takes no more room by itself
            lines += [
                say(
                    f"forecast.{key}",
                    place=mark.place,
                    name=name,
                    text=language.local(mark.text) if meaning == BEYOND else mark.text,
                    period=language.short_period(mark.period),
                )
                for mark in meant[:shown]
            ]
            if more := meant[shown:]:
                ends = {"first": more[0].place, "last": more[-1].place}
                lines.append(say("forecast.more", name=name, count=str(len(more)), **ends))
    return [wrapped(line) for line in lines]


def _lines(
    chosen: ChosenSeries, forecasts: Sequence[SeriesForecast | Joint], broken: bool, language: Language
) -> list[str]:
    from flowsim.cli.terminal import table, wrapped
    from flowsim.forecasting.distribution import LEVELS, Joint, SeriesForecast, figure_in
    from flowsim.reporting.prospects import reasons, what_if

    say, lines = language.say, _head(chosen, language)
    notes = dict.fromkeys(note for ahead in forecasts for note in _notes(ahead, language))
    lines += [wrapped(say("forecast.note", note=note)) for note in notes]
    for ahead in forecasts:
        unit = language.unit_of_series(ahead.unit)
        words = {"name": ahead.name, "unit": f" ({unit})" if unit else ""}
        words["periods"] = language.counted(len(ahead.series.values), f"{ahead.every}s")
        lines += ["", wrapped(say("forecast.head", origin=language.short_period(ahead.origin), **words))]
        if isinstance(ahead, Joint):
            lines[-1] += say("forecast.head.sum", parts=str(len(ahead.parts)))
        columns = {"": 10, say("forecast.expected"): 10}
        columns |= {say("forecast.interval", level=language.rounded(level)): 22 for level in LEVELS}
        ends = [_intervals(*ahead.interval(level), ahead.unit, language) for level in LEVELS]
        points = [language.local(figure_in(point, ahead.unit)) for point in ahead.point.tolist()]
        periods = (f"  {language.short_period(period)}" for period in ahead.periods)
        lines += table(columns, zip(periods, points, *ends, strict=True))
        if isinstance(ahead, SeriesForecast):
            lines.append(wrapped(f"  {reasons(ahead, language)}"))
            lines += [wrapped(f"  {what_if(ahead, language)}")] if broken else []
    return [*lines, "", wrapped(say("forecast.meaning"))]


def _intervals(low: Floats, high: Floats, unit: str, language: Language) -> list[str]:
    from flowsim.forecasting.distribution import figure_in

    ends = [[language.local(figure_in(end, unit)) for end in side.tolist()] for side in (low, high)]
    return [language.say("range", low=a, high=b) for a, b in zip(*ends, strict=True)]


def _notes(ahead: SeriesForecast | Joint, language: Language) -> list[str]:
    from math import exp, expm1

    from flowsim.core.numbers import significant
    from flowsim.forecasting.distribution import SeriesForecast

    if not isinstance(ahead, SeriesForecast):
        return []
    notes = [language.translated(note) for note in ahead.notes]
    if ahead.shock is not None and ahead.effect is not None:
        low, high = (ahead.effect.size + side * 1.96 * ahead.effect.error for side in (-1, 1))
        ends = {end: language.local(significant(exp(size), 2)) for end, size in (("low", low), ("high", high))}
        words = {
            "series": ahead.name,
            "shock": language.translated(str(ahead.shock)),
            "every": language.say(f"every.{ahead.every}"),
        }
        size = language.rounded(expm1(ahead.effect.size), signed=True)
        notes.append(language.say("forecast.note.shock", size=size, **words, **ends))
    return notes


def _from(chosen: ChosenSeries) -> dict[str, Any]:
    """Tell where series come from, which could not be used, and each cell without a number."""
    return {
        "provenance": vars(chosen.provenance),
        "left_out": chosen.left_out,
        "unused": chosen.unused,
        "cut_off": chosen.cut_off,
        "marks": {name: [vars(mark) for mark in marks] for name, marks in chosen.marks.items()},
    }


def _json(chosen: ChosenSeries, forecasts: Sequence[SeriesForecast | Joint], broken: bool) -> dict[str, Any]:
    from importlib.metadata import version

    from flowsim import __version__
    from flowsim.forecasting.distribution import Joint, SeriesForecast, forecast_frame
    from flowsim.forecasting.widening import read_widening
    from flowsim.reporting.language import Language

    series = []
    for ahead in forecasts:
        rows = forecast_frame([ahead]).drop(columns=["series", "unit", "origin"]).to_dict("records")
        shown = ahead.parts[0].shock if isinstance(ahead, Joint) else ahead.shock
        effect = getattr(ahead, "effect", None)
        series.append(
            {
                "series": ahead.name,
                "unit": ahead.unit,
                "origin": ahead.origin,
                "history": dict(zip(ahead.series.periods, ahead.series.values, strict=True)),
                "shock": str(shown) if shown else None,
                "effect": vars(effect) if effect else None,
                "notes": _notes(ahead, Language.of("en")),
                "forecasts": rows,
                **(_members(ahead, broken) if isinstance(ahead, SeriesForecast) else {}),
            }
        )
    return {
        **_from(chosen),
        "versions": {"flowsim": __version__, "statsmodels": version("statsmodels")},
        "widening": dict(read_widening().provenance),
        "series": series,
    }


def _members(ahead: SeriesForecast, broken: bool) -> dict[str, Any]:
    members = {name: {"weight": ahead.weights[name], "points": point.tolist()} for name, point in ahead.members.items()}
    if not broken:
        return {"members": members}
    low, high = ahead.with_break()
    return {"members": members, "break": {"size": ahead.surprise, "lower_95": low.tolist(), "upper_95": high.tolist()}}


def _scored(result: Backtest, language: Language) -> list[str]:
    from flowsim.cli.terminal import table, wrapped
    from flowsim.core.numbers import significant
    from flowsim.reporting.prospects import finding_of_backtest

    say, local = language.say, language.local
    first, last = (language.short_period(origin) for origin in (result.origins[0], result.origins[-1]))
    words = {"name": result.name, "origins": str(len(result.origins)), "first": first, "last": last}
    periods = language.counted(result.horizon, f"{result.every}s")
    columns = {"": 18, "MASE": 8, "sMAPE": 8, "80 %": 8, "95 %": 8, say("forecast.backtest.interval"): 10, "CRPS": 8}
    lines = [
        "",
        wrapped(say("forecast.backtest", periods=periods, **words)),
        *table(
            columns,
            (
                (
                    *(
                        f"  {language.translated(score.method)}",
                        local(significant(score.mase, 2)),
                        local(f"{score.smape:.1f}"),
                    ),
                    *(language.rounded(score.coverage_80), language.rounded(score.coverage_95)),
                    *(local(significant(score.interval_score_95, 1)), local(significant(score.crps, 2))),
                )
                for score in result.scores
            ),
        ),
    ]
    return [*lines, wrapped(f"  {finding_of_backtest(result, language)}")]
