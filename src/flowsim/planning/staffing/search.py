"""The least staffing that meets a goal, with confidence: for one lever, or of one lever for each level of another.

First the ceiling: what is reached with a place for everybody. Then an integer search on common random numbers, in which
each staffing is tried until its intervals tell whether it meets the goals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, KeyedError, require_type
from flowsim.core.progress import Progress, shows_progress
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.staffing.trials import FROM_THE_START, Bench, NumbersSource, Question, StoppingRule, Trial
from flowsim.simulation.runner import checked_seed

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.core.written import Seed

__all__ = ["Answer", "Ending", "Frontier", "Point", "Relief", "frontier", "seek", "staff"]

Ending = Literal["found", "lowest", "close", "conflict", "beyond", "unreachable", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Relief:
    """What is reached when nobody waits at some other stations either.

    Attributes:
        stations: where nobody waits from the period's beginning on.
        trial: what comes of it.
        from_the_start: whether nobody has waited anywhere since the run began, so that no queue is left from before.
    """

    stations: tuple[str, ...]
    trial: Trial
    from_the_start: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer(Tabled):
    """The least level of a lever that meets the goals.

    Attributes:
        question: what was asked.
        levels: what was allowed.
        outcome: "found"; "lowest", where the least level allowed meets them already; "close", where none of those tried
            is known to meet them and of some that is too close to call; "conflict", where the least level that meets
            those goals that need more of it misses another one; or, where all of those tried miss them, what plenty of
            it would do: "beyond" (it meets them), "unreachable", "undecided".
        least: that level, or None.
        conflict: the trial of the level at which goals conflict.
        ceiling: the trial with a place for everybody.
        today: the trial of the scenario as it is.
        trials: of levels allowed, in rising order.
        relief: where no level meets the goals, what other stations have to do with it; those first that help most.
        tests: how many trials there were at most; each had an equal part of the error.
        stopping: the confidence with which all intervals of all trials hold at once.
        seed: of all draws.
    """

    question: Question
    levels: Levels
    outcome: Ending
    least: int | None
    conflict: Trial | None
    ceiling: Trial
    today: Trial
    trials: tuple[Trial, ...]
    relief: tuple[Relief, ...]
    tests: int
    stopping: StoppingRule
    seed: int

    def __repr__(self) -> str:
        goals = ", ".join(goal.text for goal in self.question.goals)
        points = self.outcome if self.least is None else f"{self.least:,} ({self.outcome})"
        return f"<Answer: {self.levels.lever.name} for {goals}: {points}, {len(self.trials)} trials, seed {self.seed}>"

    @property
    def close(self) -> tuple[Trial, ...]:
        """The trials that are too close to call, of levels below the one found where there is one."""
        most = math.inf if self.least is None else self.least
        return tuple(trial for trial in self.trials if trial.verdict == "close" and trial.levels[0] < most)

    @property
    def below(self) -> Trial | None:
        """The trial of the next lower level than the one found."""
        lower = [trial for trial in self.trials if self.least is not None and trial.levels[0] < self.least]
        return lower[-1] if lower else None

    @property
    def contrary(self) -> tuple[tuple[Trial, Trial], ...]:
        """Pairs of neighbours among the trials of which the lower level meets the goals, and the higher misses them."""
        ordered = (*self.trials, self.ceiling)
        told = [trial for trial in ordered if trial.verdict != "close"]
        return tuple((low, high) for low, high in pairwise(told) if low.meets and not high.meets)

    def frame(self) -> pd.DataFrame:
        """Return every trial in a row for each goal: levels, goal, its mean and interval, share kept, verdict."""
        return _frame([self.levels.lever], (*self.trials, self.ceiling))


@dataclass(frozen=True, kw_only=True)
class Point:
    """For one level of a lever, the least level of another that meets the goals; None where none allowed does."""

    level: int
    least: int | None


@dataclass(frozen=True, kw_only=True)
class Frontier(Tabled):
    """For each level of one lever the least of another that meets the goals together with it.

    Attributes:
        question: what was asked.
        rows: the levels of the one.
        levels: what was allowed of the other.
        points: one for each row.
        ceiling: the trial with a place for everybody at both.
        today: the trial of the scenario as it is.
        trials: of levels allowed; the row's level comes first in `Trial.levels`.
        relief: as in `Answer`, where no row has a point.
        tests: how many trials there were at most.
        stopping: the confidence with which all intervals of all trials hold at once.
        seed: of all draws.
    """

    question: Question
    rows: Levels
    levels: Levels
    points: tuple[Point, ...]
    ceiling: Trial
    today: Trial
    trials: tuple[Trial, ...]
    relief: tuple[Relief, ...]
    tests: int
    stopping: StoppingRule
    seed: int

    def __repr__(self) -> str:
        goals = ", ".join(goal.text for goal in self.question.goals)
        points = ", ".join(
            f"{point.level:,}: {point.least if point.least is not None else '-'}" for point in self.points
        )
        levers = f"{self.levels.lever.name} by {self.rows.lever.name}"
        return f"<Frontier: {levers} for {goals}: {points}; {len(self.trials)} trials, seed {self.seed}>"

    def close(self, point: Point) -> tuple[int, ...]:
        """Return the levels of the other lever that are too close to call in a row, below its least one."""
        most = math.inf if point.least is None else point.least
        tried = [trial for trial in self.trials if trial.levels[0] == point.level and trial.verdict == "close"]
        return tuple(int(trial.levels[1]) for trial in tried if trial.levels[1] < most)

    def may_do(self, point: Point) -> int | None:
        """Return the lowest level of the other lever that may meet the goals in a row, for all that is known.

        Where some are too close to call, it is the one above the highest that misses them; else the least that meets
        them, or None.
        """
        if not self.close(point):
            return point.least
        most = math.inf if point.least is None else point.least
        tried = [trial for trial in self.trials if trial.levels[0] == point.level and trial.levels[1] < most]
        missing = max((trial.levels[1] for trial in tried if trial.verdict == "misses"), default=-math.inf)
        left = [level for level in self.levels.all if missing < level <= most]
        return left[0] if left else point.least

    def trial(self, level: int, other: int) -> Trial:
        """Return the trial of a row's level and one of the other lever, or raise InputError where there was none."""
        for trial in self.trials:
            if trial.levels == (level, other):
                return trial
        raise InputError(f"{self.rows.lever.name} = {level} with {self.levels.lever.name} = {other} was not tried")

    def frame(self) -> pd.DataFrame:
        """Return every trial in a row for each goal: levels, goal, its mean and interval, share kept, verdict."""
        return _frame([self.rows.lever, self.levels.lever], (*self.trials, self.ceiling))


def _frame(levers: Sequence[Lever], trials: Sequence[Trial]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {lever.name: level for lever, level in zip(levers, trial.levels, strict=True)}
            | {"goal": each.goal.text, "measure": each.goal.response.measure, "unit": each.goal.response.unit}
            | {"mean": each.mean.estimate, "low": each.mean.low, "high": each.mean.high, "undefined": each.undefined}
            | {"standstills": each.standstills, "kept": trial.kept.estimate}
            | {"kept_low": trial.kept.low, "kept_high": trial.kept.high}
            | {"replications": trial.replications, "verdict": trial.verdict}
            for trial in trials
            for each in trial.findings
        ]
    )


@shows_progress("staff")
def staff(
    question: Question,
    levels: Sequence[Levels],
    *,
    stopping: StoppingRule | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Answer | Frontier:
    """Find the least staffing that meets the goals of a question: by one lever, or by two together.

    Of two levers, for each level of the first the least of the second. The other arguments are those of `seek`.

    Raises:
        InputError: for no lever or more than two, and as `seek` and `frontier`.
    """
    seed = checked_seed(seed)
    require_type("question", question, Question, "a Question: Question.of asks one")
    require_type("levels", levels, Sequence, "the levels of one lever or two")
    for each in levels:
        require_type("levels", each, Levels, "the levels of one lever or two")
    if stopping is not None:
        require_type("stopping", stopping, StoppingRule, "a StoppingRule(confidence=..., most=...)")
    if len(levels) == 1:
        return seek(question, levels[0], stopping=stopping, seed=seed, executor=executor, progress=progress)
    if len(levels) != 2:
        raise KeyedError("vary", "two levers at most" if levels else "one lever or two")
    return frontier(question, *levels, stopping=stopping, seed=seed, executor=executor, progress=progress)


@shows_progress("staff")
def seek(
    question: Question,
    levels: Levels,
    *,
    stopping: StoppingRule | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    draws: NumbersSource | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Find the least level of a lever that meets the goals of a question.

    The search halves what is left, so it takes for granted that more is never worse for a goal that the least level
    misses. That is tried at the highest level, beside the level found, and where neither end meets the goals at three
    levels between; `Answer.contrary` tells what speaks against it. Of several goals, some may need more and others
    less: then the least level that meets the former is the one to try. Which replications are run depends on the draws
    alone, never on the workers.

    Args:
        question: the goals, and the scenario.
        levels: the lever, and what is allowed.
        stopping: how sure, and how many replications of one staffing at most.
        seed: of all draws.
        executor: where replications run, as in `runner.run`.
        draws: where the goals' numbers come from instead of runs, such as those kept of earlier ones.
        progress: told (replications done, replications planned so far).

    Raises:
        InputError: as `runner.run`, and where the settings make no sound model.
    """
    seed = checked_seed(seed)
    stopping, lever, allowed = stopping or StoppingRule(), levels.lever, levels.all
    stations = _others(question, [lever])
    tests = 9 + max(2 * _halvings(len(allowed)), len(stations) + 2)
    bench = Bench(question=question, tests=tests, stopping=stopping, seed=seed, executor=executor, progress=progress)
    bench.draws = draws
    today, ceiling = bench.trial({}, among=()), bench.trial({lever: math.inf})

    def meets(number: int) -> bool:
        return bench.trial({lever: allowed[number]}).meets

    def hopeful(number: int) -> bool:
        return bench.trial({lever: allowed[number]}).hopeful

    least, meeting = _least(hopeful, len(allowed)), None
    if least is None and len(question.goals) > 1 and question.chance is None:
        least = meeting = _least_for_the_rest(bench, lever, allowed)
    if least is None or not meets(least):
        # What was left as too close to call is run to the end before it is said that nothing meets the goals.
        close = [int(trial.levels[0]) for trial in _within(bench) if trial.verdict == "close"]
        for level in close:
            bench.trial({lever: level}, to_the_end=True)
        known = [int(trial.levels[0]) for trial in _within(bench) if trial.meets]
        least = allowed.index(known[0]) if known else None
    left = any(trial.verdict == "close" for trial in _within(bench))
    conflict = bench.trial({lever: allowed[meeting]}) if least is None and not left and meeting is not None else None
    nothing = least is None and not left and conflict is None and not ceiling.hopeful
    return Answer(
        question=question,
        levels=levels,
        outcome=_outcome(least, left, conflict, ceiling),
        least=None if least is None else allowed[least],
        conflict=conflict,
        ceiling=ceiling,
        today=today,
        trials=_within(bench),
        relief=_relief(bench, {lever: math.inf}, stations) if nothing else (),
        tests=tests,
        stopping=stopping,
        seed=seed,
    )


@shows_progress("staff")
def frontier(
    question: Question,
    rows: Levels,
    levels: Levels,
    *,
    stopping: StoppingRule | None = None,
    seed: Seed = 1,
    executor: Executor | None = None,
    draws: NumbersSource | None = None,
    progress: Progress | None = None,
) -> Frontier:
    """Find for each level of one lever the least of another that meets the goals together with it.

    Each row starts where the one before it ended and goes on in growing steps, so that it takes few trials wherever the
    levels of two rows lie near each other. Within a row more is taken to be never worse; from row to row nothing is.
    The arguments are those of `seek`.

    Raises:
        InputError: where both levers change the same, and as `seek`.
    """
    seed = checked_seed(seed)
    stopping, row_lever, lever, allowed = stopping or StoppingRule(), rows.lever, levels.lever, levels.all
    if row_lever.station == lever.station and set(row_lever.parties) & set(lever.parties):
        raise InputError(f"{lever.name}: it changes the same as {row_lever.name}: vary two different things")
    stations = _others(question, [row_lever, lever])
    tests = 3 + len(rows.all) * (2 * _halvings(len(allowed)) + 3) + len(stations)
    bench = Bench(question=question, tests=tests, stopping=stopping, seed=seed, executor=executor, progress=progress)
    bench.draws = draws
    plenty = {row_lever: math.inf, lever: math.inf}
    today, ceiling = bench.trial({}, among=()), bench.trial(plenty)

    def row_of(level: int) -> Callable[[int], bool]:
        return lambda number: bench.trial({row_lever: level, lever: allowed[number]}).hopeful

    def tried_in(level: int) -> list[Trial]:
        return [trial for trial in _within(bench) if trial.levels[0] == level]

    points: list[Point] = []
    guess = len(allowed) - 1
    for level in rows.all:
        nearest = _least_near(row_of(level), len(allowed), guess)
        if nearest is None:
            for trial in [trial for trial in tried_in(level) if trial.verdict == "close"]:
                bench.trial({row_lever: level, lever: trial.levels[1]}, to_the_end=True)
        guess = len(allowed) - 1 if nearest is None else nearest
        least = min((int(trial.levels[1]) for trial in tried_in(level) if trial.meets), default=None)
        points.append(Point(level=level, least=least))
    nowhere = not any(trial.verdict != "misses" for trial in _within(bench))
    return Frontier(
        question=question,
        rows=rows,
        levels=levels,
        points=tuple(points),
        ceiling=ceiling,
        today=today,
        trials=_within(bench),
        relief=_relief(bench, plenty, stations) if nowhere and not ceiling.hopeful else (),
        tests=tests,
        stopping=stopping,
        seed=seed,
    )


def _halvings(count: int) -> int:
    return math.ceil(math.log2(count))


def _least(meets: Callable[[int], bool], count: int) -> int | None:
    """Return the least of the numbers below `count` that meets, where more is never worse; None where none does."""
    if meets(0):
        return 0
    high = count - 1
    if not meets(high):
        between = sorted({count // 4, count // 2, 3 * count // 4} - {0, high})
        meeting = next((number for number in between if meets(number)), None)
        if meeting is None:
            return None
        high = meeting
    high = _halved(meets, 0, high)
    if high + 1 < count:
        meets(high + 1)
    return _halved(meets, 0, high - 2) if high > 2 and meets(high - 2) else high


def _halved(meets: Callable[[int], bool], low: int, high: int) -> int:
    """Return the least that meets, between one that does not and one that does."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def _least_near(meets: Callable[[int], bool], count: int, guess: int) -> int | None:
    """Return the least that meets as `_least` does, in few steps where it lies near a guess."""
    step = 1
    if meets(guess):
        low, high = guess - 1, guess
        while low > 0 and meets(low):
            step *= 2
            low, high = max(low - step, 0), low
        if low <= 0 and meets(0):
            return 0
        return _halved(meets, low, high)
    low, high = guess, guess + 1
    while high < count - 1 and not meets(high):
        step *= 2
        low, high = high, min(high + step, count - 1)
    if high >= count or not meets(high):
        return None
    return _halved(meets, low, high)


def _least_for_the_rest(bench: Bench, lever: Lever, allowed: Sequence[int]) -> int | None:
    """Return the least level that meets those goals that the lowest one misses; None where the highest does not."""
    lowest = bench.trial({lever: allowed[0]}, among=range(len(bench.question.goals)))
    missed = [number for number, finding in enumerate(lowest.findings) if not finding.hopeful]

    def meets(number: int) -> bool:
        findings = bench.trial({lever: allowed[number]}, among=missed).findings
        return all(findings[goal].hopeful for goal in missed)

    return _halved(meets, 0, len(allowed) - 1) if meets(len(allowed) - 1) else None


def _others(question: Question, levers: Sequence[Lever]) -> list[str]:
    """Name the stations at which somebody can wait although there is plenty of what is varied."""
    pathway = question.scenario.pathway()
    out = []
    for station in pathway.stations:
        parties: set[str | None] = {party.name for party in station.parties} or {None}
        varied = {party for lever in levers if lever.station == station.name for party in lever.parties}
        if parties - varied:
            out.append(station.name)
    return out


def _relief(bench: Bench, plenty: Mapping[Lever, float], stations: Sequence[str]) -> tuple[Relief, ...]:
    """Try what is reached without queues at each other station, without any queue, and if there had never been one."""
    groups = [(name,) for name in stations] + ([tuple(stations)] if len(stations) > 1 else [])
    tried = [Relief(stations=group, trial=bench.trial(plenty, group)) for group in groups]
    goal = bench.question.goals[0]
    sign = -1 if goal.sense == ">=" else 1
    tried.sort(key=lambda one: (len(one.stations), sign * one.trial.findings[0].mean.estimate))
    left_over = any(queue.backlog for queue in bench.trial({}, among=()).queues)
    if left_over and not any(relief.trial.meets for relief in tried):
        every = tuple(station.name for station in bench.question.scenario.pathway().stations)
        trial = bench.trial(plenty, (FROM_THE_START,))
        tried.append(Relief(stations=every, trial=trial, from_the_start=True))
    return tuple(tried)


def _within(bench: Bench) -> tuple[Trial, ...]:
    tried = [trial for trial in bench.trials.values() if trial.levels and not any(map(math.isinf, trial.levels))]
    return tuple(sorted(tried, key=lambda trial: trial.levels))


def _outcome(least: int | None, left: bool, conflict: Trial | None, ceiling: Trial) -> Ending:
    """Name the ending, where `left` tells whether a level is left that is too close to call."""
    if least is not None:
        return "found" if least else "lowest"
    if left:
        return "close"
    if conflict is not None:
        return "conflict"
    if ceiling.hopeful:
        return "beyond"
    return "unreachable" if ceiling.verdict == "misses" else "undecided"
