"""Searches for the least staffing, made again and again: how often too few are named, and intervals miss.

A population of replications is made once for each staffing of a small model. A repetition draws its replications from
it with replacement, so that the population's own mean is the truth to the last digit, and thousands of searches take
as long as one. A few are made of real replications with seeds of their own besides, for what such a drawing may hide.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from flowsim.core.arrays import Bools, Floats, Ints, defined_mean
from flowsim.model.pathway import Pathway
from flowsim.model.varying import Cut
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.promises.models import StaffingCase, frontier_case, staffing_cases
from flowsim.planning.staffing.cost import StaffingCost, cheapest, rivals
from flowsim.planning.staffing.search import Answer, frontier, seek
from flowsim.planning.staffing.trials import Question, Setting, StoppingRule, numbers_of
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run
from flowsim.theory.verification.promises import Promise, PutToTheTest

__all__ = ["TOO_FEW", "StaffingRuns", "frontier_promises", "search_tests", "staffing_promises"]

TOO_FEW = 1 / StoppingRule().one_in
"""The share of searches that may name too few, which is what `flowsim staff` says of its answer."""
_REAL = ("desk, queue at the end", "desk, share in time", "chain, eight years in ten")
"""The searches that are made with real seeds too."""

StaffingRuns = dict[Setting, Results]
"""Replications of one pathway's staffings, for all the searches on it."""


class _Remembered(Question):
    """A question that makes the model of each staffing once, however often it is asked."""

    def model(self, settings: Mapping[Lever, float], unqueued: Sequence[str] = ()) -> Pathway | Cut:
        """Return what to run at some settings."""
        kept = self.__dict__.setdefault("_models", {})
        key = (*settings.items(), *unqueued)
        if key not in kept:
            kept[key] = super().model(settings, unqueued)
        model: Pathway | Cut = kept[key]
        return model


@dataclass
class _Population:
    """Replications of each staffing, made once, of which a repetition draws its own."""

    question: Question
    count: int
    seed: int
    executor: Executor | None
    runs: StaffingRuns
    tables: dict[Setting, tuple[Floats, Bools]] = field(default_factory=dict)

    def drawn(self, rows: Ints) -> Callable[[Setting, Pathway | Cut, range], tuple[Floats, Bools]]:
        """Return a source of numbers whose n-th replication is that of the n-th row."""

        def numbers(setting: Setting, model: Pathway | Cut, wanted: range) -> tuple[Floats, Bools]:
            values, still = self.table(setting, model)
            chosen = rows[wanted.start : wanted.stop]
            return values[chosen], still[chosen]

        return numbers

    def table(self, setting: Setting, model: Pathway | Cut) -> tuple[Floats, Bools]:
        """Return the numbers of all replications of a staffing."""
        if setting not in self.tables:
            if setting not in self.runs:
                self.runs[setting] = run(model, replications=self.count, seed=self.seed, executor=self.executor)
            self.tables[setting] = numbers_of(self.question.goals, self.runs[setting])
        return self.tables[setting]

    def truths(self, setting: Setting) -> Floats:
        """Return the mean of each goal's number; infinite where the queue ever stands still."""
        out: Floats = defined_mean(self.tables[setting][0])
        return out

    def moving(self, setting: Setting) -> Floats:
        """Return the mean of each goal's number over the replications in which the queue does not stand still.

        A mean of all has no end where one in a thousand does, and of forty replications hardly any tells: what an
        interval of those that move promises is this.
        """
        values = self.tables[setting][0]
        out: Floats = defined_mean(np.where(np.isinf(values), np.nan, values))
        return out

    def meets(self, setting: Setting) -> bool:
        """Return whether a staffing meets the goals in truth."""
        values, goals = self.tables[setting][0], self.question.goals
        kept = np.all([goal.met(column) for goal, column in zip(goals, values.T, strict=True)], axis=0)
        if self.question.chance is not None:
            return bool(kept.mean() >= self.question.chance)
        return all(bool(goal.met(mean)) for goal, mean in zip(goals, self.truths(setting), strict=True))


def staffing_promises(
    case: StaffingCase,
    repetitions: int,
    *,
    population: int = 1000,
    runs: StaffingRuns | None = None,
    real: int = 0,
    seed: int = 1,
    executor: Executor | None = None,
) -> tuple[Promise, ...]:
    """Put a search to the test: how often it names too few, and how often an interval misses.

    Args:
        case: the search.
        repetitions: how many searches, of at most 200 replications of a staffing each.
        population: replications of each staffing to draw from.
        runs: those that there are already of the same pathway, lever and period; what is missing is added.
        real: how many searches besides, with seeds of their own and nothing drawn.
        seed: of all draws.
        executor: where replications run.
    """
    question, allowed = _Remembered(**vars(case.question)), case.levels
    runs = {} if runs is None else runs
    kept = _Population(question=question, count=population, seed=seed, executor=executor, runs=runs)
    for level in allowed.all:
        kept.table(((level,), ()), question.model({allowed.lever: level}))
    least = next((level for level in allowed.all if kept.meets(((level,), ()))), None)
    stopping = StoppingRule()
    # Each search has draws of its own, so that their counts may be added.
    generator = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(case.name.encode())]))
    too_few = right = too_many = denied = outside = spent = 0
    for _ in range(repetitions):
        rows = generator.integers(0, population, stopping.most)
        answer = seek(question, allowed, stopping=stopping, seed=seed, draws=kept.drawn(rows))
        too_few += answer.least is not None and (least is None or answer.least < least)
        right += answer.least is not None and answer.least == least
        too_many += answer.least is not None and least is not None and answer.least > least
        denied += least is not None and answer.outcome in ("conflict", "beyond", "unreachable")
        outside += not _all_inside(answer, kept)
        spent += sum(trial.replications for trial in (*answer.trials, answer.ceiling, answer.today))
    left_open = repetitions - too_few - right - too_many - denied
    price = f"{spent / repetitions:,.0f} replications a search"
    promise = f"staff: the least is {'none' if least is None else least}"
    named: dict[str, Any] = {"model": case.name, "repetitions": repetitions}
    out = [
        Promise(promise=f"{promise}, too few named", count=too_few, most=TOO_FEW, price=price, **named),
        Promise(promise="staff: all intervals hold (queue moves)", count=repetitions - outside, least=0.94, **named),
    ]
    if least is not None:
        named_rates = f"right {right / repetitions:.0%}, too many {too_many / repetitions:.0%}"
        out.append(
            Promise(
                promise="staff: 'none meets it' is wrong",
                count=denied,
                most=TOO_FEW,
                price=f"{named_rates}, left open {left_open / repetitions:.0%}",
                **named,
            )
        )
    if real and least is not None:
        out.append(_real_seeds(case, least, real, executor))
    return tuple(out)


def _all_inside(answer: Answer, kept: _Population) -> bool:
    for trial in (*answer.trials, answer.ceiling):
        truths = kept.moving((trial.levels, ()))
        for finding, truth in zip(trial.findings, truths.tolist(), strict=True):
            if (
                math.isfinite(finding.mean.estimate)
                and not finding.mean.low - 1e-9 <= truth <= finding.mean.high + 1e-9
            ):
                return False
    return True


def _real_seeds(case: StaffingCase, least: int, repetitions: int, executor: Executor | None) -> Promise:
    """Search with seeds of their own, in replications that nothing has been drawn from."""
    answers = (seek(case.question, case.levels, seed=1000 + seed, executor=executor) for seed in range(repetitions))
    few = sum(answer.least is not None and answer.least < least for answer in answers)
    return Promise(
        promise=f"staff, real seeds: too few (least {least})",
        model=case.name,
        repetitions=repetitions,
        count=few,
        most=TOO_FEW,
    )


def frontier_promises(
    repetitions: int, *, population: int = 1000, seed: int = 1, executor: Executor | None = None
) -> tuple[Promise, ...]:
    """Put the cheapest point of a frontier to the test, with those that are not told apart from it.

    Args:
        repetitions: how many frontiers are drawn.
        population: replications of each staffing to draw from.
        seed: of all draws.
        executor: where replications run.
    """
    case = frontier_case()
    question = _Remembered(**vars(case.question))
    rows, levels = Levels(lever=case.row_lever, least=case.rows[0], most=case.rows[-1]), case.levels
    cost = StaffingCost(currency="DKK", source="made", units=case.units)
    kept = _Population(question=question, count=population, seed=seed, executor=executor, runs={})
    for row in rows.all:
        for level in levels.all:
            kept.table(((row, level), ()), question.model({rows.lever: row, levels.lever: level}))
    meeting = [(row, level) for row in rows.all for level in levels.all if kept.meets(((row, level), ()))]
    true = min(meeting, key=cost.at)
    least = {row: min((level for other, level in meeting if other == row), default=math.inf) for row in rows.all}
    stopping, generator = StoppingRule(), np.random.Generator(np.random.Philox(key=[seed, 47]))
    covered = right = few = apart = 0
    for _ in range(repetitions):
        draws = kept.drawn(generator.integers(0, kept.count, stopping.most))
        answer = frontier(question, rows, levels, stopping=stopping, seed=seed, draws=draws)
        named, others = cheapest(answer, cost), dict(rivals(answer, cost))
        right += named == true
        # Of a row that is left open the lowest level that may do is told, which stands for all above it.
        covered += named is None or named == true or others.get(true[0], math.inf) <= true[1]
        apart += len(others)
        few += any(point.least is not None and point.least < least[point.level] for point in answer.points)
    shared: dict[str, Any] = {"model": case.name, "repetitions": repetitions}
    price = f"the true one named {right / repetitions:.0%}, {apart / repetitions:.1f} others not told apart"
    return (
        Promise(promise="staff, two levers: a row names too few", count=few, most=TOO_FEW, **shared),
        Promise(promise="the true cheapest is among those told", count=covered, least=0.95, price=price, **shared),
    )


def search_tests(repetitions: int, seed: int = 1, executor: Executor | None = None) -> list[PutToTheTest]:
    """Return the tests of searches, and what all of them say together.

    Args:
        repetitions: of each search; a fifth as many with real seeds, and by two levers.
        seed: of all draws.
        executor: where replications run.
    """
    kept: dict[tuple[str, str], StaffingRuns] = {}
    searched: list[Promise] = []

    def search(case: StaffingCase) -> Sequence[Promise]:
        runs = kept.setdefault((case.raw["name"], case.during), {})
        real = repetitions // 5 if case.name in _REAL else 0
        promises = staffing_promises(case, repetitions, runs=runs, real=real, seed=seed, executor=executor)
        searched.append(promises[0])
        return promises

    def together() -> Sequence[Promise]:
        return [
            Promise(
                promise="staff: too few named",
                model="all searches together",
                repetitions=sum(promise.repetitions for promise in searched),
                count=sum(promise.count for promise in searched),
                most=TOO_FEW,
            )
        ]

    searches = [partial(search, case) for case in staffing_cases()]
    return [*searches, together, partial(frontier_promises, max(repetitions // 5, 10), seed=seed, executor=executor)]
