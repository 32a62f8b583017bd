"""`flowsim forecast`: where series are heading if nothing changes, and how such forecasts would have done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowsim.cli.options import JSON, OVERWRITE, TABLE_FILE, asked, integer_option, picture_option
from flowsim.cli.outputs import Outputs

if TYPE_CHECKING:
    from flowsim.core.arrays import Floats
    from flowsim.forecasting.backtest import Backtest
    from flowsim.forecasting.distribution import Joint, SeriesForecast
    from flowsim.questions.forecast import ChosenSeries, Forecast

__all__ = ["forecast"]


def forecast(
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
) -> None:
    """Forecast quarterly or monthly series, and say how sure the forecasts are.

    Example: [bold]flowsim forecast awards --horizon 4 --shock 2020Q2=recovers:4 --plot awards.png[/bold]
    """
    from flowsim.questions.forecast import Forecast

    values = {"source": source, "series": names, "horizon": horizon, "origin": origin, "shock": shock}
    question = asked(Forecast, values | {"months": months, "decimal": decimal, "seed": seed})
    if broken:
        _alone("--break", backtest)
    outputs = Outputs(plot=plot, out=out, force=force)
    outputs.check(len(question.chosen.series) + question.chosen.together)
    if backtest:
        _show_scores(question, outputs, as_json)
    else:
        _show_forecasts(question, broken, outputs, as_json)


def _alone(option: str, backtest: bool) -> None:
    from flowsim.core.errors import InputError

    if backtest:
        raise InputError(f"{option}: it goes with forecasts, not with --backtest")


def _show_forecasts(question: Forecast, broken: bool, outputs: Outputs, as_json: bool) -> None:
    from flowsim.cli.terminal import progress_bar
    from flowsim.reporting.pictures.forecasts import picture

    with progress_bar("series", show=not as_json) as progress:
        answer = question.answer(progress=progress)
    outputs.write(lambda kind: picture(answer.forecasts, kind), answer.frame)
    if as_json:
        print(json.dumps(_json(question.chosen, answer.forecasts, broken), allow_nan=False))
    else:
        print("\n".join(_lines(question.chosen, answer.forecasts, broken)))


def _show_scores(question: Forecast, outputs: Outputs, as_json: bool) -> None:
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
    with progress_bar("series", show=not as_json) as progress:
        results = question.backtest(progress=progress)
    outputs.write(lambda kind: backtest_picture(results, kind), lambda: frame(results))
    if as_json:
        scored = [{**vars(result), "scores": [vars(score) for score in result.scores]} for result in results]
        print(json.dumps({**_from(question.chosen), "notes": list(remarks), "backtest": scored}, allow_nan=False))
        return
    lines = [*_head(question.chosen), *(wrapped(f"note: {note}") for note in remarks)]
    for result in results:
        lines += _scored(result)
    print("\n".join(lines))


def _head(chosen: ChosenSeries) -> list[str]:
    from flowsim.cli.terminal import wrapped
    from flowsim.evidence.series import NOTED

    from_ = chosen.provenance
    origin = [from_.file, *(f"{word} {value}" for word, value in (("table", from_.table), ("of", from_.date)) if value)]
    lines = [f"From {', '.join(origin)}"] + [f"left out: {reason}" for reason in chosen.left_out.values()]
    if chosen.unused:
        lines.append(f"left out: {', '.join(chosen.unused)}: figures with no period")
    for name, marks in chosen.marks.items():
        noted = [mark for mark in marks if mark.meaning == NOTED]
        lines += [f"note: {mark.place} of {name} has '{mark.text}' beside {mark.period}" for mark in noted[:3]]
    return [wrapped(line) for line in lines]


def _lines(chosen: ChosenSeries, forecasts: Sequence[SeriesForecast | Joint], broken: bool) -> list[str]:
    from flowsim.cli.terminal import number, table, wrapped
    from flowsim.forecasting.distribution import LEVELS, Joint, SeriesForecast
    from flowsim.reporting.prospects import meaning, reasons, what_if

    lines = _head(chosen)
    notes = dict.fromkeys(note for ahead in forecasts for note in _notes(ahead))
    lines += [wrapped(f"note: {note}") for note in notes]
    for ahead in forecasts:
        unit = f" ({ahead.unit})" if ahead.unit else ""
        lines += ["", wrapped(f"{ahead.name}{unit}: {len(ahead.series.values)} {ahead.every}s to {ahead.origin}")]
        if isinstance(ahead, Joint):
            lines[-1] += f", the sum of {len(ahead.parts)} parts"
        columns = {"": 10, "expected": 10} | {f"{level:.0%} interval": 22 for level in LEVELS}
        ends = [_intervals(*ahead.interval(level)) for level in LEVELS]
        points = [number(point) for point in ahead.point.tolist()]
        lines += table(columns, zip((f"  {period}" for period in ahead.periods), points, *ends, strict=True))
        if isinstance(ahead, SeriesForecast):
            lines.append(wrapped(f"  {reasons(ahead)}"))
            lines += [wrapped(f"  {what_if(ahead)}")] if broken else []
    return [*lines, "", wrapped(meaning())]


def _intervals(low: Floats, high: Floats) -> list[str]:
    from flowsim.cli.terminal import number

    return [f"{number(a)} to {number(b)}" for a, b in zip(low.tolist(), high.tolist(), strict=True)]


def _notes(ahead: SeriesForecast | Joint) -> list[str]:
    from math import exp, expm1

    from flowsim.forecasting.distribution import SeriesForecast

    if not isinstance(ahead, SeriesForecast):
        return []
    notes = list(ahead.notes)
    if ahead.shock is not None and ahead.effect is not None:
        low, high = (ahead.effect.size + side * 1.96 * ahead.effect.error for side in (-1, 1))
        notes.append(
            f"{ahead.name}: {ahead.shock}: {expm1(ahead.effect.size):+.0%} in that {ahead.every} "
            f"(95 %: a factor of {exp(low):.2f} to {exp(high):.2f})"
        )
    return notes


def _from(chosen: ChosenSeries) -> dict[str, Any]:
    """Tell where series come from, which could not be used, and each cell without a number."""
    return {
        "provenance": vars(chosen.provenance),
        "left_out": chosen.left_out,
        "unused": chosen.unused,
        "marks": {name: [vars(mark) for mark in marks] for name, marks in chosen.marks.items()},
    }


def _json(chosen: ChosenSeries, forecasts: Sequence[SeriesForecast | Joint], broken: bool) -> dict[str, Any]:
    from importlib.metadata import version

    from flowsim import __version__
    from flowsim.forecasting.distribution import Joint, SeriesForecast, forecast_frame
    from flowsim.forecasting.widening import read_widening

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
                "notes": _notes(ahead),
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


def _scored(result: Backtest) -> list[str]:
    from flowsim.cli.terminal import table, wrapped

    lines = [
        "",
        wrapped(
            f"{result.name}: {len(result.origins)} origins, {result.origins[0]} to {result.origins[-1]}, "
            f"up to {result.horizon} {result.every}s ahead"
        ),
        *table(
            {"": 18, "MASE": 8, "sMAPE": 8, "80 %": 8, "95 %": 8, "interval": 10, "CRPS": 8},
            (
                (
                    *(f"  {score.method}", f"{score.mase:.2f}", f"{score.smape:.1f}"),
                    *(f"{score.coverage_80:.0%}", f"{score.coverage_95:.0%}"),
                    *(f"{score.interval_score_95:.1f}", f"{score.crps:.2f}"),
                )
                for score in result.scores
            ),
        ),
    ]
    return [*lines, wrapped(f"  {result.finding}")]
