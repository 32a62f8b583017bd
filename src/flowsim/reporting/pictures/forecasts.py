"""Pictures of forecasts, and of an outlook: the trend beside the simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowsim.core.periods import Every, Period, quarter
from flowsim.forecasting.backtest import OURS, Backtest
from flowsim.forecasting.distribution import LEVELS, Joint, SeriesForecast
from flowsim.forecasting.trend import period_number
from flowsim.reporting.language import Language
from flowsim.reporting.pictures.canvas import (
    FAINT,
    FORECAST,
    INK,
    SHADE,
    SHOCK,
    blank_canvas,
    drawn,
    left_title,
    legend_columns,
    quiet,
    standard_settings,
    ticks_at_most,
    wrapped_title,
    yardstick_look,
)
from flowsim.reporting.pictures.marks import marks_within

if TYPE_CHECKING:
    from flowsim.evidence.yardsticks import Yardstick
    from flowsim.forecasting.outlooks import OutlookResult

__all__ = ["backtest_picture", "forecast_figure", "outlook_figure", "outlook_picture", "picture"]

# Blue and orange differ for every kind of colour vision, and by their lines in print.
_METHODS = {"forecast": ("#1f5fa8", "#9dbfe3", "-o"), "simulation": ("#b35900", "#f2c18d", "--s")}
# Told apart by their lines too; the heaviest member comes first.
_STYLES = (("#d55e00", "--"), ("#009e73", "-."), ("#cc79a7", ":"), ("#e69f00", (0, (5, 1))), (FAINT, "--"))
_BANDS = {LEVELS[0]: "#9dbfe3", LEVELS[1]: SHADE}


def picture(forecasts: Sequence[SeriesForecast | Joint], kind: str, language: Language | None = None) -> bytes:
    """Draw one panel a series: history, point forecasts, 80 and 95 % intervals; an intervention is marked.

    Where there is one series alone, its members are drawn too, with their weights.

    Args:
        forecasts: at most `MOST`.
        kind: one of `KINDS`.
        language: of the legend; English where left out.
    """
    return drawn(forecast_figure(forecasts, language), kind)


@standard_settings()
def forecast_figure(forecasts: Sequence[SeriesForecast | Joint], language: Language | None = None) -> Any:
    """Return the figure that `picture` draws."""
    spoken = language or Language.of("en")
    figure = blank_canvas((2.6 if len(forecasts) > 1 else 3.6) * len(forecasts) + 0.5)
    for row, series_forecast in enumerate(forecasts):
        axes = figure.add_subplot(len(forecasts), 1, row + 1)
        first, values = period_number(series_forecast.series.first), series_forecast.series.values
        past = range(first, first + len(values))
        ahead = range(first + len(values), first + len(values) + len(series_forecast.periods))
        for level in reversed(LEVELS):
            # Half a period to both sides, so that one period alone has an interval that can be seen.
            edges = [ahead[0] - 0.5, *ahead, ahead[-1] + 0.5]
            low, high = ([end[0], *end, end[-1]] for end in series_forecast.interval(level))
            axes.fill_between(edges, low, high, color=_BANDS[level], linewidth=0, label=spoken.rounded(level))
        axes.plot(
            past,
            [float(value or 0) for value in values],
            color=INK,
            marker="o",
            markersize=3,
            label=spoken.say("forecast.picture.observed"),
        )
        if len(forecasts) == 1 and isinstance(series_forecast, SeriesForecast):
            _draw_members(axes, series_forecast, ahead, spoken)
        axes.plot(
            ahead,
            series_forecast.point,
            color=FORECAST,
            marker="o",
            markersize=3,
            label=spoken.say("forecast.picture.forecast"),
        )
        _mark(axes, series_forecast, spoken)
        unit = spoken.unit_of_series(series_forecast.unit)
        left_title(axes, f"{series_forecast.name} ({unit})" if unit else series_forecast.name, 11)
        _dress(axes, first, ahead[-1], series_forecast.every, spoken)
        if row == 0:
            _legend(axes)
    return figure


def _draw_members(axes: Any, series_forecast: SeriesForecast, ahead: range, language: Language) -> None:
    heaviest = sorted(series_forecast.weights.items(), key=lambda pair: -pair[1])
    for (name, weight), (colour, style) in zip(heaviest, _STYLES, strict=False):
        if round(weight, 2) > 0:
            label = f"{language.translated(name)}, {language.rounded(weight)}"
            axes.plot(ahead, series_forecast.members[name], color=colour, linestyle=style, linewidth=1, label=label)


@standard_settings()
def backtest_picture(results: Sequence[Backtest], kind: str, language: Language | None = None) -> bytes:
    """Draw for each series how far off each method was, its CRPS, and how often its intervals held.

    Args:
        results: at most `MOST`.
        kind: one of `KINDS`.
        language: of its words; English where left out.
    """
    spoken = language or Language.of("en")
    say = spoken.say
    figure = blank_canvas(2.6 * len(results) + 0.5)
    for row, result in enumerate(results):
        scores = result.scores[::-1]
        places = range(len(scores))
        names = [spoken.translated(score.method) for score in scores]
        colours = [FORECAST if score.method == OURS else FAINT for score in scores]
        for column, (title, key) in enumerate((("MASE", "mase"), ("CRPS", "crps"))):
            axes = figure.add_subplot(len(results), 3, 3 * row + column + 1)
            axes.barh(places, [getattr(score, key) for score in scores], color=colours, height=0.65)
            axes.set_yticks(places, names if column == 0 else [""] * len(names), fontsize=8)
            heading = wrapped_title(f"{result.name}: {title}", 9, 0.3) if column == 0 else title
            axes.set_title(heading, loc="left", fontsize=9)
            axes.tick_params(axis="x", labelsize=8)
            quiet(axes, "x")
        axes = figure.add_subplot(len(results), 3, 3 * row + 3)
        for level, marker, key in ((LEVELS[0], "o", "coverage_80"), (LEVELS[1], "s", "coverage_95")):
            axes.axvline(100 * level, color=INK, linewidth=0.6, linestyle=":")
            shares = [100 * getattr(score, key) for score in scores]
            axes.scatter(shares, places, marker=marker, s=22, color=colours, label=f"{level:.0%}")
        axes.set_yticks(places, [""] * len(names))
        axes.set_xlim(-3, 103)
        axes.set_title(say("forecast.picture.held"), loc="left", fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
        quiet(axes, "both")
    return drawn(figure, kind)


def outlook_picture(
    outlook: OutlookResult,
    kind: str,
    language: Language | None = None,
    titles: Mapping[str, str] | None = None,
    standards: Sequence[Yardstick] = (),
) -> bytes:
    """Draw one panel an outcome: history, forecast and simulation with their 90 % intervals; where they differ, marked.

    Args:
        outlook: of at most `MOST` outcomes.
        kind: one of `KINDS`.
        language: of the legend; English where left out.
        titles: what the outcomes are called; their own names where left out.
        standards: the yardsticks that are drawn; none where left out.
    """
    return drawn(outlook_figure(outlook, language, titles, standards), kind)


@standard_settings()
def outlook_figure(
    outlook: OutlookResult,
    language: Language | None = None,
    titles: Mapping[str, str] | None = None,
    standards: Sequence[Yardstick] = (),
) -> Any:
    """Return the figure that `outlook_picture` draws."""
    count, say = len(outlook.outcomes), (language or Language.of("en")).say
    figure = blank_canvas(2.6 * count + 0.5)
    frame, measures = outlook.frame(), {str(one): one for one in outlook.results.measures}
    kinds = list(dict.fromkeys(str(standard.kind) for standard in standards))
    for row, outcome in enumerate(outlook.outcomes):
        axes = figure.add_subplot(count, 1, row + 1)
        first, values = quarter(outcome.trend.series.first), outcome.trend.series.values
        past = range(first, first + len(values))
        ahead = range(past[-1] + 1, past[-1] + 1 + len(outcome.periods))
        known = [float(value or 0) for value in values]
        axes.plot(past, known, color=INK, marker="o", markersize=3, label=say("legend.documented"))
        for method, (line, band, style) in _METHODS.items():
            rows = frame[(frame["measure"] == outcome.measure) & (frame["method"] == method)]
            axes.fill_between(ahead, rows["p05"], rows["p95"], color=band, alpha=0.45, linewidth=0)
            label = say("outlook.picture", method=say(f"outlook.{method}"))
            axes.plot(ahead, rows["p50"], style, color=line, markersize=4, label=label)
        off = [number for number, differs in zip(ahead, rows["differs"], strict=True) if differs]
        if off:
            label = say("outlook.picture.differ")
            axes.plot(off, [0] * len(off), "^", color=SHOCK, markersize=6, clip_on=False, label=label)
        axes.axvline(
            past[-1] + 0.5, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), label=say("outlook.picture.today")
        )
        quarters = [Period.of(number, "quarter") for number in (*past, *ahead)]
        marks = marks_within(standards, measures[outcome.measure], quarters) if outcome.measure in measures else []
        for mark in marks:
            ends = (mark.since / 3 - 0.5, mark.until / 3 - 0.5)
            look = yardstick_look(kinds.index(mark.kind))
            axes.plot(ends, (mark.value, mark.value), **look, label=say(f"yardstick.{mark.kind}"))
        title = (titles or {}).get(outcome.measure, outcome.measure)
        left_title(axes, title, 11)
        _dress(axes, first, ahead[-1], "quarter", language)
        if row == 0:
            _legend(axes)
    return figure


def _legend(axes: Any) -> None:
    """Tell what signs mean, each once."""
    signs = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(signs.values(), signs.keys(), fontsize=8, frameon=False, ncols=legend_columns(4), loc="upper left")


def _dress(axes: Any, first: int, last: int, every: Every, language: Language | None) -> None:
    spoken = language or Language.of("en")
    shown = [*range(first, last + 1, max(1, -(-(last + 1 - first) // ticks_at_most(14))))]
    axes.set_xticks(shown, [spoken.short_period(Period.of(number, every)) for number in shown], fontsize=8)
    axes.set_ylim(bottom=0)
    quiet(axes, "y")


def _mark(axes: Any, one: SeriesForecast | Joint, language: Language) -> None:
    shock = one.shock if isinstance(one, SeriesForecast) else one.parts[0].shock
    if shock is None:
        return
    key, ends = "forecast.shock.observed", {"period": language.short_period(shock.quarter)}
    if shock.recovers is not None:
        key = "forecast.shock.recovers"
        end = Period.of(period_number(shock.quarter) + shock.recovers, shock.every)
        ends["end"] = language.short_period(end)
    axes.axvline(period_number(shock.quarter), color=SHOCK, linewidth=0.9, linestyle=":")
    axes.set_title(language.say(key, **ends), loc="right", fontsize=8, color=SHOCK)
