"""What a planner reads of a sought staffing: the answer first, then the trials that it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flowsim.cli.terminal import number, table, wrapped
from flowsim.cli.words.run import carried_on, lengthened
from flowsim.core.arrays import plain
from flowsim.core.civil_time import MINUTES, TimeUnit
from flowsim.core.numbers import fixed, with_plain_spaces
from flowsim.core.periods import Period
from flowsim.model.parts import State
from flowsim.model.soundness import reached
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.prices import Prices
from flowsim.planning.staffing.cost import StaffingCost, amounts_told, cheapest, named_trial, rivals
from flowsim.planning.staffing.goals import Goal
from flowsim.planning.staffing.search import Answer, Frontier, Point
from flowsim.planning.staffing.trials import Finding, Question, StoppingRule, Trial
from flowsim.reporting.language import Language
from flowsim.reporting.pictures.planning import frontier_map, map_costs, panels, staffings
from flowsim.reporting.staffing import StaffingConclusions, cost_of
from flowsim.reporting.wording import Wording
from flowsim.simulation.intervals import Interval

__all__ = ["answer_lines", "figure", "frontier_lines", "spoken_lines", "staff_json", "staff_picture"]

_VERDICTS = {"meets": "meets", "misses": "misses", "close": "too close to call"}
_STEPS = 5
_COST = 10


def figure(value: float, unit: str) -> str:
    """Write a number of a unit: a share in per cent."""
    if unit == "share" and not math.isnan(value):
        return f"{fixed(value, 1, shift=2)} %"
    return number(value) + (" %" if unit == "per cent" else "")


def answer_lines(answer: Answer, parameters: str, cost: StaffingCost | None = None) -> list[str]:
    """Write an answer in lines of at most eighty columns, with what it costs where that is given."""
    lines = [*_heading(answer.question, [answer.levels], parameters), "", *map(wrapped, _verdict(answer))]
    lines += [wrapped(_as_it_is(answer)), *_answer_cost(answer, cost), ""]
    lines += _table(answer.question, answer.levels.lever, (*answer.trials, answer.ceiling))
    lines += _relief_lines(answer)
    return [*lines, "", _sure(answer)]


def frontier_lines(frontier: Frontier, parameters: str, cost: StaffingCost | None = None) -> list[str]:
    """Write a frontier in lines of at most eighty columns, with what its points cost where that is given."""
    lever, other = frontier.rows.lever, frontier.levels.lever
    lines = [*_heading(frontier.question, [frontier.rows, frontier.levels], parameters), ""]
    width = len(lever.name)
    dearer = (
        [""] * len(frontier.points) if cost is None else [f"{excess:>{_COST}}  " for excess in _dearer(frontier, cost)]
    )
    money = "" if cost is None else f"{cost.currency + ' a year':>{_COST}}  "
    if lever.answers or other.answers:
        lines += [wrapped(_without_rule(frontier.question, [lever, other], "these meet the goals.")), ""]
    lines.append(f"{lever.name}  {money}least {other.name}")
    for point, more in zip(frontier.points, dearer, strict=True):
        close = "too close to call: " + ", ".join(map(str, frontier.close(point)))
        words = close if frontier.close(point) else f"none up to {frontier.levels.most}"
        if point.least is not None:
            reached = _reached(frontier.question, frontier.trial(point.level, point.least))
            words = f"{point.least}: {reached}" + (f"; {close}" if frontier.close(point) else "")
        lines.append(wrapped(f"{point.level:>{width}}  {more}{words}"))
    lines += _frontier_cost(frontier, cost)
    growing = _growing(frontier, cost)
    lines += ["", wrapped(f"But {growing}")] if growing else []
    if any(point.least is not None for point in frontier.points):
        lines += ["", wrapped(_chance_of_error(frontier.stopping, "a row"))]
    lines += ["", wrapped(_as_it_is(frontier))]
    lines.append(wrapped(f"With a place for everybody: {_reached(frontier.question, frontier.ceiling)}."))
    lines.append(wrapped(f"{len(frontier.trials)} staffings were tried: --out and --json have them all."))
    lines += _relief_lines(frontier)
    return [*lines, "", _sure(frontier)]


def _answer_cost(answer: Answer, cost: StaffingCost | None) -> list[str]:
    if cost is None or answer.least is None:
        return []
    lever, question = answer.levels.lever, answer.question
    sentence = (
        f"At {_money(cost.units[0], cost)} a year each, {lever.counted(answer.least)} cost{'s' * (answer.least == 1)} "
    )
    sentence += number(cost.at([answer.least]))
    now = set(lever.held(question.scenario.pathway(), question.since).values())
    if len(now) == 1 and now != {answer.least}:  # where parties have different numbers, none is that of the lever
        (level,) = now
        sentence += f", and the {level:g} that the scenario has on {question.since:%Y-%m-%d} {number(cost.at([level]))}"
    return [wrapped(f"{sentence} ({cost.source}).")]


def _cost(point: Point, cost: StaffingCost) -> float:
    return math.inf if point.least is None else cost.at([point.level, point.least])


def _dearer(frontier: Frontier, cost: StaffingCost) -> list[str]:
    """Say of each point of a frontier how much more than the cheapest one it costs a year."""
    costs = [_cost(point, cost) for point in frontier.points]
    more = [amount - min(costs) if math.isfinite(amount) else None for amount in costs]
    return ["-" if amount is None else f"+{number(amount)}" if round(amount) else "cheapest" for amount in more]


def _frontier_cost(frontier: Frontier, cost: StaffingCost | None) -> list[str]:
    levels = None if cost is None else cheapest(frontier, cost)
    if cost is None or levels is None:
        return []
    names = frontier.rows.lever.name, frontier.levels.lever.name
    staffing = " with ".join(f"{name} = {level}" for name, level in zip(names, levels, strict=True))
    each = " and ".join(
        f"{_money(unit, cost)} for each of {name}" for name, unit in zip(names, cost.units, strict=True)
    )
    lines = [
        "",
        wrapped(
            f"Cheapest of these: {staffing}, {_money(cost.at(levels), cost)} a year; that is {each} ({cost.source})."
        ),
    ]
    open_ = rivals(frontier, cost)
    if open_:
        pairs = ", ".join(f"{row} with {level} or more" for row, level in open_)
        lines.append(wrapped(f"Not told apart from it, for they may meet the goal too and cost less: {pairs}."))
    return lines


def _money(amount: float, cost: StaffingCost) -> str:
    return f"{number(amount)} {cost.currency}"


def _heading(question: Question, varied: Sequence[Levels], parameters: str) -> list[str]:
    since, pathway = question.since, question.scenario.pathway()
    goals = "; ".join(f"{goal.text} [{goal.response.measure}, {goal.response.words}]" for goal in question.goals)
    chance = "" if question.chance is None else f", in at least {question.chance:.0%} of the years that might come"
    lines = [wrapped(f"{question.scenario.name}: {goals}{chance}")]
    for levels in varied:
        values = levels.lever.held(pathway, since)
        now = ", ".join(f"{value:g}" if len(values) == 1 else f"{name} {value:g}" for name, value in values.items())
        lines.append(
            wrapped(
                f"{levels.lever.name}, {levels.lever.unit}, from {since:%Y-%m-%d} on: {levels.least} to {levels.most} "
                f"(the scenario has {now})"
            )
        )
    english, period = Language.of("en"), Period(question.during)
    beyond = lengthened(question.scenario, period, english)
    beyond += carried_on(question.scenario.base.documented_until, period.end, english)
    return [*lines, wrapped(f"parameters: {parameters}"), *beyond]


def _verdict(answer: Answer) -> list[str]:
    levels, lever, plenty = answer.levels, answer.levels.lever, _reached(answer.question, answer.ceiling)
    it = "it" if len(answer.question.goals) == 1 else "them all"
    allowed = f"from {levels.least} to {levels.most}"
    conflict = answer.conflict or answer.ceiling
    single = answer.least == 1
    least = "" if answer.least is None else lever.counted(answer.least)
    plain = math.isinf(conflict.levels[0])
    needed = f"enough {lever.unit}" if plain else lever.counted(conflict.levels[0])
    needed += " is the least" if conflict.levels[0] == 1 else " are the least"
    first = {
        "found": f"{least} {'is' if single else 'are'} the least that meet{'s' * single} {it}.",
        "lowest": f"{least}, the least allowed, meet{'s' * single} {it} already.",
        "close": f"None {allowed} is known to meet {it}.",
        "beyond": f"None {allowed} meets {it}; with a place for everybody it would be: {plenty}. Look higher.",
        "conflict": f"{needed} for the goals that need more, and there "
        f"others do not hold: {_reached(answer.question, conflict)}. No level tried meets them all.",
        "unreachable": f"None tried {allowed} meets {it}, and a place for everybody would not: {plenty}.",
        "undecided": f"None {allowed} meets {it}, and with a place for everybody it is too close to call: "
        f"{plenty}. More replications may tell.",
    }[answer.outcome]
    first = _without_rule(answer.question, [lever], first)
    if growing := _growing(answer):
        first = f"{first.removesuffix('.')}; but {growing}"
    if answer.least is not None:
        return [first, _chance_of_error(answer.stopping), *_lower(answer), *_contrary(answer, it)]
    return [*_too_close(answer), first, *_contrary(answer, it)]


def _growing(search: Answer | Frontier, cost: StaffingCost | None = None) -> str:
    """Say after a sentence which queues surely grow with the staffing that the answer names."""
    trial = named_trial(search, cost)
    if not trial.growing:
        return ""
    queues = "; ".join(
        f"{queue.station} from {number(queue.before)} to {number(queue.after)}" for queue in trial.growing
    )
    names = " and ".join(_level([level]) for level in trial.levels)
    return f"with {names} queues grow in {search.question.during}, in citizens: {queues}."


def _without_rule(question: Question, levers: Sequence[Lever], sentence: str) -> str:
    """Say before a sentence at which stations the answer to the wait is off, for the staffing is as it is given."""
    stations = list(dict.fromkeys(lever.station for lever in levers if lever.answers))
    if not stations:
        return sentence
    off = (
        f"Without the answer of {' and '.join(stations)} to the wait, which is off from {question.since:%Y-%m-%d} on: "
    )
    return off + sentence[0].lower() + sentence[1:]


def _lower(answer: Answer) -> list[str]:
    """Say why not one less."""
    if answer.below is None:
        return []
    verb = "misses" if answer.below.verdict == "misses" else f"is {_verdict_word(answer.below)}"
    lines = [f"{_level(answer.below.levels)} {verb}: {_reached(answer.question, answer.below)}."]
    if len(answer.close) > 1:
        lines.append(f"Too close to call: {', '.join(_level(trial.levels) for trial in answer.close)}.")
    return lines


def _too_close(answer: Answer) -> list[str]:
    """Name the levels that may meet the goals for all that is known, before it is said that none is known to."""
    if not answer.close:
        return []
    trials = answer.close
    verb = "is" if len(trials) == 1 else "are"
    most = answer.stopping.most
    lines = [
        f"{', '.join(_level(trial.levels) for trial in trials)} {verb} too close to call after {most} replications."
    ]
    lines += [f"{_level(trial.levels)}: {_reached(answer.question, trial)}." for trial in trials[:_STEPS]]
    if any(finding.alike and math.isinf(finding.mean.high) for trial in trials for finding in trial.findings):
        return [*lines, "What is the same in nearly every run rules nothing out that is rare and large."]
    return [*lines, f"More may tell: --replications {4 * most}."]


def _contrary(answer: Answer, it: str) -> list[str]:
    return [
        f"note: more is not always better here: {_level(low.levels)} meets {it} and {_level(high.levels)} "
        "does not, so the search may have passed by a lower level that meets it"
        for low, high in answer.contrary
    ]


def _chance_of_error(stopping: StoppingRule, where: str = "") -> str:
    named = f"too few would be named{f' in {where}' if where else ''}"
    return f"Asked again with other luck, {named} in at most 1 of {stopping.one_in} repetitions."


def _as_it_is(search: Answer | Frontier) -> str:
    return f"As the scenario is: {_reached(search.question, search.today)}."


def _verdict_word(trial: Trial) -> str:
    return "met so far" if trial.hopeful and not trial.meets else _VERDICTS[trial.verdict]


def _reached(question: Question, trial: Trial) -> str:
    parts = [_reached_goal(finding, trial, question.chance) for finding in trial.findings]
    if question.chance is not None:
        parts.append(f"kept in {figure(trial.kept.estimate, 'share')} ({_between(trial.kept, 'share')})")
    return "; ".join(parts)


def _reached_goal(finding: Finding, trial: Trial, chance: float | None) -> str:
    """Say what came of a goal, by what its verdict is given: the mean and its interval, or what enough futures have."""
    unit, runs = finding.goal.response.unit, trial.replications
    number_of = f"{figure(finding.mean.estimate, unit)}{_word(unit)}"
    if finding.standstills and (finding.quantile is None or math.isinf(finding.quantile)):
        return f"everything stands still in {finding.standstills} of {runs} runs"
    if finding.undefined == runs:
        return f"nobody comes in any of {runs} runs"
    if finding.quantile is not None:
        side = "at most" if finding.goal.sense == "<=" else "at least"
        words = f"{side} {figure(finding.quantile, unit)}{_word(unit)} in {chance:.0%} of the runs"
    elif finding.alike and math.isinf(finding.mean.high):
        words = f"{number_of} in nearly every run"
    else:
        words = f"{number_of} ({_between(finding.mean, unit)})"
    return words + (f", without {finding.undefined} of {runs} runs to which nobody came" if finding.undefined else "")


def _word(unit: str) -> str:
    return "" if unit in ("share", "per cent") else f" {unit}"


def _between(interval: Interval, unit: str) -> str:
    low, high = figure(interval.low, unit), figure(interval.high, unit)
    return f"{low.removesuffix(' %')} to {high}"


def _level(levels: Sequence[float]) -> str:
    return "enough" if math.isinf(levels[0]) else f"{levels[0]:g}"


def _table(question: Question, lever: Lever, trials: Iterable[Trial]) -> list[str]:
    """Write trials in a table: one line each, and one more for each further goal; the interval is of what is judged."""
    if question.chance is None:
        columns = {lever.key: 12, "runs": 6, "mean": 10, "interval": 19, "kept": 9, "": 19}
    else:
        columns = {lever.key: 12, "runs": 6, f"{question.chance:.0%} have": 12, "kept": 9, "interval": 17, "": 19}
    rows = []
    for trial in trials:
        first, kept = (_level(trial.levels), str(trial.replications)), figure(trial.kept.estimate, "share")
        word = f"  {_verdict_word(trial):<17}"
        for place, finding in enumerate(trial.findings):
            ends = (word,) if place == 0 else ("",)
            if finding.quantile is not None:
                middle = (
                    figure(finding.quantile, finding.goal.response.unit),
                    *((kept, _between(trial.kept, "share")) if place == 0 else ("", "")),
                )
            else:
                middle = (*_mean_cells(finding, trial.replications), kept if place == 0 else "")
            rows.append((*(first if place == 0 else ("", "")), *middle, *ends))
    lines = table(columns, rows)
    lines.append("(enough: a place for everybody; kept: share of the runs that meet every goal)")
    undefined = max(finding.undefined for trial in trials for finding in trial.findings)
    if undefined:
        lines.append(
            wrapped(f"(runs to which nobody came are left out of the means: at most {undefined} of a staffing)")
        )
    return lines


def _mean_cells(finding: Finding, runs: int) -> tuple[str, str]:
    unit = finding.goal.response.unit
    if math.isinf(finding.mean.estimate):
        return "stalled", f"in {finding.standstills} of {runs}"
    if finding.alike and math.isinf(finding.mean.high):
        return figure(finding.mean.estimate, unit), "in nearly all runs"
    return figure(finding.mean.estimate, unit), _between(finding.mean, unit)


def _relief_lines(search: Answer | Frontier) -> list[str]:
    """Say what else must give where not even a place for everybody meets the goals."""
    question, lines = search.question, [""]
    nowhere = search.outcome == "unreachable" if isinstance(search, Answer) else search.ceiling.verdict == "misses"
    if not (nowhere or search.relief):
        return []
    at_once = [relief for relief in search.relief if not relief.from_the_start]
    if at_once:
        lines.append("What else must give. With a place for everybody, and nobody waiting at")
    for relief in at_once:
        name = relief.stations[0] if len(relief.stations) == 1 else "any station"
        lines.append(wrapped(f"  {name}: {_reached(question, relief.trial)}, {_verdict_word(relief.trial)}"))
    if not any(relief.trial.meets for relief in at_once):
        steps = [
            f"{names[0]}{f' and {len(names) - 1} more' if names[1:] else ''} {number(time)}"
            for names, time in _steps(question)[:_STEPS]
        ]
        unit = f"{_time_unit(question)}s"
        longest = f" The longest steps, in {unit}: {', '.join(steps)}." if steps else ""
        lines.append(wrapped(_in_the_way(search) + longest))
    return lines


def _in_the_way(search: Answer | Frontier) -> str:
    """Say what keeps the goals from being met where nobody waits from the period's start on: steps, or who waited."""
    question = search.question
    less = "the steps themselves have to take less time, or fewer or other citizens to come"
    if _steps_alone(search) and (groups := _in_groups(question)):
        stations = ", ".join(f"{name} ({number} at a time)" for name, number in groups.items())
        return (
            f"It is not places that are short: stays begin in groups at {stations}, and who waits there waits for a "
            "group. Groups have to be smaller, more citizens to come, or the steps themselves to take less time."
        )
    if _steps_alone(search):
        return f"It is not queues that stand in the way: {less}."
    waiting = [f"{number(queue.before)} at {queue.station}" for queue in search.today.queues if queue.backlog]
    never = _never(search)
    had = "" if never is None else f" Had nobody ever waited: {_reached(question, never)}, {_verdict_word(never)}."
    return (
        f"Who waits already when {question.during} begins counts too, however many places there are from "
        f"{question.since:%Y-%m-%d} on: {', '.join(waiting)}, as the scenario is.{had} Begin earlier, or ask about a "
        "later period."
    )


def _never(search: Answer | Frontier) -> Trial | None:
    """Return the trial in which nobody ever waited, where there is one."""
    return next((relief.trial for relief in search.relief if relief.from_the_start), None)


def _steps_alone(search: Answer | Frontier) -> bool:
    """Return whether the steps miss the goals by themselves: nobody waits already, or it would change nothing."""
    waiting, never = any(queue.backlog for queue in search.today.queues), _never(search)
    misses = never is not None and never.verdict == "misses" and not search.question.begins_with_a_queue
    return not waiting or misses


def _steps(question: Question) -> list[tuple[list[str], float]]:
    """Return the steps between the beginning and the end of the goals' clocks with their mean times, longest first.

    Times are in the pathway's unit. Steps that take the same are given together.
    """
    minutes, names_by_time = MINUTES[_time_unit(question)], dict[float, list[str]]()
    for state in _on_the_way(question):
        if state.stay is not None:
            time = state.stay.at(question.since).mean_minutes / minutes
            names_by_time.setdefault(time, []).append(state.name)
    return [(names_by_time[time], time) for time in sorted(names_by_time, reverse=True)]


def _on_the_way(question: Question) -> Iterator[State]:
    """Yield the states between the beginning and the end of each clock of the goals."""
    pathway = question.scenario.pathway()
    names = {goal.response.measure.of("clock") for goal in question.goals}
    for clock in pathway.clocks:
        if clock.name in names:
            stops = {*clock.ends, *clock.abandons}
            arrows = {state.name: set() if state.name in stops else state.targets for state in pathway.states}
            on_the_way = reached(clock.begins, arrows) - stops
            yield from (state for state in pathway.states if state.name in on_the_way)


def _in_groups(question: Question) -> dict[str, int]:
    """Return the stations of the goals, or on the way of their clocks, at which stays begin together: so many."""
    names = {state.station for state in _on_the_way(question)}
    names |= {goal.response.measure.of("station") for goal in question.goals}
    stations = question.scenario.pathway().stations
    return {one.name: one.together for one in stations if one.name in names and one.together > 1}


def _time_unit(question: Question) -> TimeUnit:
    return question.scenario.pathway().time_unit or "week"


def _sure(search: Answer | Frontier) -> str:
    return wrapped(
        f"All intervals hold at once with at least {search.stopping.confidence:.0%}: each of at most {search.tests} "
        f"staffings has an equal part of the error. The same seed ({search.seed}) gives all of them the same citizens "
        "with the same luck."
    )


def spoken_lines(search: Answer | Frontier, wording: Wording, parameters: str, prices: Prices | None) -> list[str]:
    """Write an answer or a frontier in the words of a report, in lines of at most eighty columns."""
    language, say = wording.language, wording.language.say
    conclusions = StaffingConclusions(search=search, wording=wording, prices=prices)
    question, first = search.question, [f"{wording.scenario(search.question.scenario.name)}: {conclusions.goals()}"]
    first += [say("staff.parameters", parameters=parameters)] * bool(parameters)
    first += lengthened(question.scenario, Period(question.during), language, wording)
    first += carried_on(question.scenario.base.documented_until, Period(question.during).end, language)
    first += against_lines(question, wording)
    said = (*conclusions.answer(), *conclusions.remarks(), *_spoken_steps(search, wording))
    lines = [*map(wrapped, first), "", *map(wrapped, said), ""]
    lines += _spoken_trials(search, wording) if isinstance(search, Answer) else _spoken_points(search, conclusions)
    sure = {"confidence": language.percent(search.stopping.confidence, 0), "many": str(search.stopping.one_in)}
    return [*lines, "", wrapped(say("sure.staff", tests=str(search.tests), **sure))]


def _spoken_steps(search: Answer | Frontier, wording: Wording) -> list[str]:
    """Say that the steps stand in the way, and which are longest, where nothing that was tried meets the goals."""
    nowhere = search.outcome == "unreachable" if isinstance(search, Answer) else search.ceiling.verdict == "misses"
    met = any(relief.trial.meets for relief in search.relief if not relief.from_the_start)
    if met or not (nowhere or search.relief):
        return []
    say, steps = wording.language.say, []
    for names, time in _steps(search.question)[:_STEPS]:
        step = {"step": wording.state(names[0]), "time": wording.language.number(time, 1)}
        more = {"count": str(len(names) - 1)} if names[1:] else {}
        steps.append(say("staff.step.more" if more else "staff.step", **step, **more))
    lines, unit = [_steps_or_groups(search.question, wording)] * _steps_alone(search), wording.unit(wording.time_unit)
    return [*lines, say("staff.steps", unit=unit, steps=", ".join(steps))] if steps else lines


def _steps_or_groups(question: Question, wording: Wording) -> str:
    """Say what stands in the way where it is no queue for a place: the steps, or that people wait for their group."""
    say, groups = wording.language.say, _in_groups(question)
    if not groups:
        return say("staff.steps.alone")
    stations = [
        say("staff.steps.group", station=wording.station(name), number=str(number)) for name, number in groups.items()
    ]
    return say("staff.steps.groups", stations=wording.language.listed(stations))


def against_lines(question: Question, wording: Wording) -> list[str]:
    """Say what the measures of the goals are held against in their period; nothing of most."""
    lines = []
    for goal in question.goals:
        response = goal.response
        against = wording.yardsticks(response.measure, response.unit, response.period)
        words = {"measure": wording.measure(response.measure), "yardsticks": against}
        lines += [wording.language.say("staff.against", **words)] * bool(against)
    return lines


def _spoken_trials(answer: Answer, wording: Wording) -> list[str]:
    language, say = wording.language, wording.language.say
    keys = {"column.level": 13, "staff.runs": 8, "column.mean": 12, "staff.interval": 16, "staff.kept.short": 12}
    columns = {say(key): width for key, width in keys.items()}
    rows: list[str | tuple[str, ...]] = []
    for place, goal in enumerate(answer.question.goals):
        rows += [wording.goal(goal)] if len(answer.question.goals) > 1 else []
        for trial in (*answer.trials, answer.ceiling):
            finding = trial.findings[place]
            unit, mean = goal.response.unit, finding.mean
            value, low, high = wording.figures([mean.estimate, mean.low, mean.high], unit)
            enough = math.isinf(trial.levels[0])
            rows.append(
                (
                    say("staff.enough.short") if enough else language.number(trial.levels[0], 0),
                    language.number(trial.replications, 0),
                    say("staff.stalled") if math.isinf(mean.estimate) else value,
                    language.interval(low, high) if math.isfinite(mean.high) else "-",
                    language.percent(trial.kept.estimate, 0),
                    f"  {say(f'staff.{finding.verdict if answer.question.chance is None else trial.verdict}')}",
                )
            )
    return table(
        columns | {"": 19}, [row if isinstance(row, str) else tuple(map(with_plain_spaces, row)) for row in rows], ("",)
    )


def _spoken_points(frontier: Frontier, conclusions: StaffingConclusions) -> list[str]:
    wording = conclusions.wording
    language, say = wording.language, wording.language.say
    one, other = conclusions.levers()
    lines = [wrapped(say("staff.points.head", one=one, other=other))]
    cost = cost_of(frontier, conclusions.prices)
    for point in frontier.points:
        close = language.listed([language.number(level, 0) for level in frontier.close(point)])
        words = {"level": language.number(point.level, 0), "least": say("staff.none")}
        if point.least is not None:
            reached = conclusions.reached(frontier.trial(point.level, point.least))
            words["least"] = f"{language.number(point.least, 0)} ({reached})"
            if cost is not None:
                words["least"] += f", {say('staff.yearly', amount=conclusions.money(_cost(point, cost), cost))}"
        lines.append(wrapped(say("staff.points.close" if close else "staff.points.row", **words, **_there(close))))
    return lines


def _there(close: str) -> dict[str, str]:
    return {"close": close} if close else {}


def staff_picture(
    search: Answer | Frontier, kind: str, cost: StaffingCost | None = None, wording: Wording | None = None
) -> bytes:
    """Draw an answer, or a frontier with lines of the same cost where that is given."""
    goals = search.question.goals
    if isinstance(search, Frontier):
        points = [(float(point.level), None if point.least is None else float(point.least)) for point in search.points]
        trials = [(trial.levels[0], trial.levels[1], trial.verdict) for trial in search.trials]
        labels = search.rows.lever.name, search.levels.lever.name
        costs = None if cost is None else map_costs(search, cost, lambda amounts: _yearly(amounts, cost.currency))
        return frontier_map(points, trials, labels, "\n".join(goal.text for goal in goals), kind, costs)
    chance = search.question.chance
    kept = "" if chance is None else f"runs that keep {' and '.join(goal.text for goal in goals)} (per cent)"
    label = f"{search.levels.lever.name} ({search.levels.lever.unit})"
    return staffings(panels(search, _panel_title, kept, wording), label, search.least, kind)


def _panel_title(goal: Goal) -> str:
    unit = "per cent" if goal.response.unit == "share" else goal.response.unit
    return f"{goal.text}, {goal.response.words} ({unit})"


def _yearly(amounts: Sequence[float], currency: str) -> list[str]:
    scaled, decimals, millions = amounts_told(amounts)
    return [f"{amount:,.{decimals}f}{'M' if millions else ''} {currency} a year" for amount in scaled]


def staff_json(search: Answer | Frontier, parameters: str, cost: StaffingCost | None = None) -> dict[str, Any]:
    """Return all of an answer or a frontier as plain data; a place for everybody is the level None.

    `growing` are the queues that surely grow with what is named. Where costs are given: `currency`, `prices`,
    `unit_costs` a year by lever, and the `cost` of what was found.
    """
    question = search.question
    data: dict[str, Any] = {
        "scenario": question.scenario.name,
        "goals": [goal.text for goal in question.goals],
        "during": question.during,
        "from": f"{question.since:%Y-%m-%d}",
        "chance": question.chance,
        "parameters": parameters,
        "confidence": search.stopping.confidence,
        "staffings_at_most": search.tests,
        "seed": search.seed,
    }
    if isinstance(search, Answer):
        data |= {"lever": search.levels.lever.name, "between": [search.levels.least, search.levels.most]}
        data |= {"outcome": search.outcome, "least": search.least}
        data["too_close"] = [trial.levels[0] for trial in search.close]
    else:
        data["levers"] = [search.rows.lever.name, search.levels.lever.name]
        data["frontier"] = [
            {"level": point.level, "least": point.least, "too_close": list(search.close(point))}
            for point in search.points
        ]
    if cost is not None:
        data |= {"currency": cost.currency, "prices": cost.source}
        if isinstance(search, Answer):
            data["unit_costs"] = {search.levels.lever.name: cost.units[0]}
            data["cost"] = None if search.least is None else cost.at([search.least])
        else:
            data["unit_costs"] = dict(zip(data["levers"], cost.units, strict=True))
            for row, point in zip(data["frontier"], search.points, strict=True):
                row["cost"] = plain(_cost(point, cost))
            data["not_told_apart"] = [list(levels) for levels in rivals(search, cost)]
    data["relief"] = [
        {"stations": list(one.stations), "from_the_start": one.from_the_start, "verdict": one.trial.verdict}
        | {"means": [plain(finding.mean.estimate) for finding in one.trial.findings]}
        for one in search.relief
    ]
    data["growing"] = [
        {"station": queue.station, "before": queue.before, "after": queue.after}
        for queue in named_trial(search, cost).growing
    ]
    data["today"] = [
        {"mean": plain(finding.mean.estimate), "low": plain(finding.mean.low), "high": plain(finding.mean.high)}
        for finding in search.today.findings
    ]
    return data | {"trials": plain(search.frame().astype(object).to_dict("records"))}
