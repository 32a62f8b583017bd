"""The chart of a sought staffing, with its figures and what it says in words."""

from __future__ import annotations

from collections.abc import Sequence

from flowsim.document import Cell, Chart, Figure, Table
from flowsim.prices import Prices
from flowsim.question import Finding, Trial
from flowsim.seek import Answer, Frontier
from flowsim.staffing_conclusions import StaffingConclusions, cost_of
from flowsim.staffing_cost import StaffingCost, amounts_told, cheapest, map_costs, unpriced
from flowsim.staffing_picture import Words, frontier_map, panels, staffings
from flowsim.wording import COUNTED, Wording

__all__ = ["staffing_chart"]

_SURE = {"meets": "staff.meets", "close": "staff.close", "misses": "staff.misses"}


def staffing_chart(found: Answer | Frontier, wording: Wording, prices: Prices | None) -> Chart:
    """Draw what each number gives beside the goals, or which pairs of numbers meet them and what they cost."""
    if isinstance(found, Frontier):
        return _frontier(found, wording, prices)
    return _levels(found, wording, prices)


def _levels(found: Answer, wording: Wording, prices: Prices | None) -> Chart:
    say, told = wording.language.say, StaffingConclusions(found=found, wording=wording, prices=prices)
    (lever,), cost = told.levers(), cost_of(found, prices)
    columns = ["goal", "level", "mean", "low", "high", "kept", "low", "high", "verdict"]
    rows: list[tuple[Cell, ...]] = []
    for place, goal in enumerate(found.question.goals):
        for trial in (*found.trials, found.ceiling):
            enough = trial is found.ceiling
            finding, kept = trial.findings[place], trial.kept
            mean = (finding.mean.estimate, finding.mean.low, finding.mean.high)
            shares = (Figure(value, 0, share=True) for value in (kept.estimate, kept.low, kept.high))
            rows.append(
                (
                    wording.goal(goal),
                    say("staff.enough") if enough else Figure(trial.levels[0]),
                    *(_figure(value, goal.response.unit) for value in mean),
                    *shares,
                    say(_SURE[_verdict(found, trial, finding)]),
                    *(() if cost is None else ("" if enough else Figure(cost.at(trial.levels)),)),
                )
            )
    titles = [say(f"column.{key}") for key in columns]
    titles += [] if cost is None else [say("column.cost", currency=cost.currency)]
    kept_title = say("staff.kept", goals=told.goals())
    least = None if found.least is None else float(found.least)
    title = say("chart.levels", lever=lever)
    return Chart(
        title=title,
        alternative=_trial_words(found, wording, told.goals()),
        draw=lambda kind: staffings(panels(found, wording.goal, kept_title), lever, least, kind, _words(wording)),
        table=Table(title=title, columns=tuple(titles), rows=tuple(rows), note=say("table.levels.note")),
    )


def _verdict(found: Answer, trial: Trial, finding: Finding) -> str:
    """Return the verdict on one goal; where a chance was asked for there is one on all of them only."""
    return finding.verdict if found.question.chance is None else trial.verdict


def _trial_words(found: Answer, wording: Wording, goals: str) -> str:
    say, language, parts = wording.language.say, wording.language, []
    for trial in found.trials:
        values = [wording.value(one.mean.estimate, one.goal.response.unit) for one in trial.findings]
        if found.question.chance is not None:
            values.append(say("staff.kept.share", share=language.percent(trial.kept.estimate, 0)))
        told = {"level": language.number(trial.levels[0], 0), "verdict": say(_SURE[trial.verdict])}
        parts.append(say("staff.trial", **told, value=language.listed(values)))
    return f"{goals}. {'; '.join(parts)}."


def _frontier(found: Frontier, wording: Wording, prices: Prices | None) -> Chart:
    say, language = wording.language.say, wording.language
    told, cost = StaffingConclusions(found=found, wording=wording, prices=prices), cost_of(found, prices)
    one, other = told.levers()
    points = [(float(point.level), None if point.least is None else float(point.least)) for point in found.points]
    trials = [(trial.levels[0], trial.levels[1], trial.verdict) for trial in found.trials]
    goals = "\n".join(wording.goal(goal) for goal in found.question.goals)
    met = [(level, least) for level, least in points if least is not None]
    nowhere = [language.number(level, 0) for level, least in points if least is None]
    words, note = [f"{told.goals()}."], ""
    if met:
        parts = [say("staff.point", level=_whole(a, wording), least=_whole(b, wording)) for a, b in met]
        words.append(say("staff.points", one=one, other=other, points=language.listed(parts)))
    if nowhere:
        words.append(say("staff.nowhere", one=one, levels=language.listed(nowhere)))
    cheap = None if cost is None else cheapest(found, cost)
    if cost is not None and cheap is not None:
        level, least = (_whole(number, wording) for number in cheap)
        (amount,) = _amounts([cost.at(cheap)], cost, wording)
        words.append(say("staff.cheapest", one=one, level=level, other=other, least=least, amount=amount))
    elif prices is not None and cost is None:
        lacking = unpriced([found.rows.lever, found.levels.lever], prices)
        note = say("staff.unpriced", source=prices.source, names=language.listed(list(lacking)))
    costs = None if cost is None else map_costs(found, cost, lambda amounts: _yearly(amounts, cost, wording))
    rows: list[tuple[Cell, ...]] = []
    for level_, least_ in points:
        cells: tuple[Cell, ...] = (say("staff.none") if least_ is None else Figure(least_),)
        if cost is not None:
            cells += ("",) if least_ is None else (Figure(cost.at([level_, least_])),)
        rows.append((Figure(level_), *cells))
    titles = (one, other, *(() if cost is None else (say("column.cost", currency=cost.currency),)))
    title = say("chart.frontier", one=one, other=other)
    return Chart(
        title=title,
        alternative=" ".join(words),
        draw=lambda kind: frontier_map(points, trials, (one, other), goals, kind, costs, _words(wording)),
        table=Table(title=title, columns=titles, rows=tuple(rows), note=note),
    )


def _amounts(amounts: Sequence[float], cost: StaffingCost, wording: Wording) -> list[str]:
    scaled, decimals, millions = amounts_told(amounts)
    key = "staff.millions" if millions else "staff.amount"
    numbers = [wording.language.number(amount, decimals) for amount in scaled]
    return [wording.language.say(key, amount=number, currency=cost.currency) for number in numbers]


def _yearly(amounts: Sequence[float], cost: StaffingCost, wording: Wording) -> list[str]:
    return [wording.language.say("staff.yearly", amount=amount) for amount in _amounts(amounts, cost, wording)]


def _figure(value: float, unit: str) -> Figure:
    if unit == "share":
        return Figure(value, 1, share=True)
    return Figure(value, 0 if unit in COUNTED else 1)


def _whole(value: float, wording: Wording) -> str:
    return wording.language.number(value, 0)


def _words(wording: Wording) -> Words:
    return Words(**{name: wording.language.say(f"staff.word.{name}") for name in Words._fields})
