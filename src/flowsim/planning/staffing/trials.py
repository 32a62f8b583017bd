"""A planner's question of a scenario, asked of one staffing after the other on common random numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import numpy as np

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.core.arrays import Floats
from flowsim.core.errors import require
from flowsim.core.periods import Period
from flowsim.core.progress import Progress, shifted
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Cut, cut_after
from flowsim.planning.levers import Lever, without_queues
from flowsim.planning.staffing.goals import Goal, parse_goals
from flowsim.simulation.intervals import Interval, share_interval, student_interval
from flowsim.simulation.runner import run

__all__ = [
    "FEWEST",
    "Bench",
    "Decision",
    "Finding",
    "Question",
    "StoppingRule",
    "Trial",
    "looks",
]

Decision = Literal["meets", "misses", "close"]
Setting = tuple[tuple[float, ...], tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Goals that shall hold over a period, in a scenario of which something is varied from the period's start on.

    Attributes:
        scenario: what is run; its own changes stay, but for what is varied.
        goals: they shall all be met.
        during: the period, such as "2022" or "2022Q3".
        parameters: see `ensemble.Parameters`.
        chance: with it, all goals shall be met at once in at least this share of the replications, which are the
            years that might come; without it each shall be met by the mean over the replications.
    """

    scenario: Scenario
    goals: tuple[Goal, ...]
    during: str
    parameters: Parameters = None
    chance: float | None = None

    def __post_init__(self) -> None:
        require(self.chance is None or 0 < self.chance < 1, "chance", self.chance, "a share between 0 % and 100 %")
        if isinstance(self.parameters, Ensemble):
            self.parameters.over(self.scenario)

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        goals: Sequence[str],
        during: str,
        *,
        parameters: Parameters = None,
        chance: float | None = None,
    ) -> Question:
        """Ask for goals as they are written: see `Goal.parse`.

        Raises:
            InputError: for what is no goal of this scenario, no period of its horizon, or no chance.
        """
        Period(during)
        told = parse_goals(goals, scenario.pathway(), during)
        return cls(scenario=scenario, goals=told, during=during, parameters=parameters, chance=chance)

    @property
    def since(self) -> datetime:
        """When the period begins, from which on things are varied."""
        return Period(self.during).start

    def model(self, settings: Mapping[Lever, float], unqueued: Sequence[str] = ()) -> Pathway | Cut:
        """Return what to run at some settings, with places for everybody at the stations `unqueued`."""
        scenario = without_queues(self.scenario, unqueued, self.since)
        for lever, level in settings.items():
            scenario = lever.set(scenario, level, self.since)
        ahead = any(goal.response.looks_ahead for goal in self.goals)
        end = datetime.max if ahead else Period(self.during).end
        if isinstance(self.parameters, Ensemble):
            return Cut(model=self.parameters.over(scenario), end=end)
        return cut_after(scenario.pathway(self.parameters), end)


@dataclass(frozen=True, kw_only=True)
class StoppingRule:
    """How sure an answer shall be, and what it may cost.

    Attributes:
        confidence: with which all intervals of the answer hold at once.
        most: replications of one staffing at most, after which it is too close to call.
    """

    confidence: float = 0.95
    most: int = 200

    def __post_init__(self) -> None:
        require(0.5 <= self.confidence < 1, "confidence", self.confidence, "from 0.5 to below 1")
        looks(self.most)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one goal: its number's mean over the replications, which surely lies within the interval.

    `undefined` counts the replications with nobody to tell of, which are left out of the mean and miss the goal.
    """

    goal: Goal
    mean: Interval
    undefined: int = 0

    @property
    def verdict(self) -> Decision:
        """Whether the mean meets the goal, for all that the interval leaves open."""
        return "misses" if self.undefined else _verdict(self.mean, self.goal.bound, self.goal.sense)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One staffing that was tried.

    Attributes:
        levels: of what is varied; infinity where there is a place for everybody.
        replications: how many were run.
        findings: one for each goal.
        kept: the share of the replications that meet all goals at once.
        verdict: whether the goals are met; "close" where the replications allowed do not tell.
    """

    levels: tuple[float, ...]
    replications: int
    findings: tuple[Finding, ...]
    kept: Interval
    verdict: Decision

    @property
    def meets(self) -> bool:
        """Whether the goals are met for sure."""
        return self.verdict == "meets"


@dataclass(kw_only=True)
class Bench:
    """Tries staffings, each once, on the same replications: the same citizens with the same luck.

    Attributes:
        question: what is asked.
        tests: how many staffings will be tried at most; each has an equal part of the error allowed.
        stopping: how sure, and how many replications.
        seed: of all draws.
        executor: where replications run.
        progress: told (replications done, replications planned so far).
        trials: those made, by levels and stations without queues.
        values: the goals' numbers in each, shape (replications, goals).
        done: all replications so far.
    """

    question: Question
    tests: int
    stopping: StoppingRule
    seed: int = 1
    executor: Executor | None = None
    progress: Progress | None = None
    trials: dict[Setting, Trial] = field(default_factory=dict)
    values: dict[Setting, Floats] = field(default_factory=dict)
    done: int = 0

    def trial(
        self, settings: Mapping[Lever, float], unqueued: Sequence[str] = (), among: Sequence[int] | None = None
    ) -> Trial:
        """Try a staffing until it is decided, or the replications are used up.

        Args:
            settings: the levels.
            unqueued: stations with a place for everybody.
            among: the numbers of the goals that shall be decided one by one, where not whether all of them are met.
        """
        key: Setting = tuple(settings.values()), tuple(unqueued)
        if key not in self.trials or not self._settled(self.trials[key], among):
            self._try(key, settings, among)
        return self.trials[key]

    def _try(self, key: Setting, settings: Mapping[Lever, float], among: Sequence[int] | None) -> None:
        model, goals = self.question.model(settings, key[1]), self.question.goals
        schedule = looks(self.stopping.most)
        error = (1 - self.stopping.confidence) / (self.tests * len(schedule))
        values = self.values.get(key, np.zeros((0, len(goals))))
        for look in schedule:
            if look <= len(values):
                continue
            numbers = range(len(values), look)
            progress = shifted(self.progress, self.done, self.done + len(numbers))
            batch = run(model, replications=numbers, seed=self.seed, executor=self.executor, progress=progress)
            self.done += len(numbers)
            read = np.column_stack([goal.response.read(batch) for goal in goals])
            self.values[key] = values = np.concatenate([values, read])
            self.trials[key] = self._judged(key[0], values, error)
            if self._settled(self.trials[key], among):
                break

    def _settled(self, trial: Trial, among: Sequence[int] | None) -> bool:
        n, most = trial.replications, self.stopping.most
        if n >= most:
            return True
        if self.question.chance is not None:
            return trial.verdict != "close" or trial.kept.in_vain(self.question.chance, n, most)
        findings = trial.findings if among is None else [trial.findings[number] for number in among]
        if any(finding.mean.in_vain(finding.goal.bound, n, most) for finding in findings):
            return True
        if among is None:
            return trial.verdict != "close"
        return all(finding.verdict != "close" for finding in findings)

    def _judged(self, levels: tuple[float, ...], values: Floats, error: float) -> Trial:
        goals, chance = self.question.goals, self.question.chance
        findings = tuple(
            _finding(goal, column, error / len(goals)) for goal, column in zip(goals, values.T, strict=True)
        )
        kept = np.all([goal.met(column) for goal, column in zip(goals, values.T, strict=True)], axis=0)
        share = share_interval(int(kept.sum()), len(kept), error)
        if chance is not None:
            verdict = _verdict(share, chance, ">=")
        else:
            verdicts = {finding.verdict for finding in findings}
            verdict = next(v for v in ("misses", "close", "meets") if v in verdicts)
        return Trial(levels=levels, replications=len(values), findings=findings, kept=share, verdict=verdict)


def _finding(goal: Goal, column: Floats, error: float) -> Finding:
    defined = column[~np.isnan(column)]
    if len(defined) < 2:
        nothing = Interval(estimate=math.nan, error=math.nan, low=math.nan, high=math.nan)
        return Finding(goal=goal, mean=nothing, undefined=len(column) - len(defined))
    told = student_interval(defined, error)
    most = {"share": 1.0, "per cent": 100.0}.get(goal.response.unit, math.inf)  # no figure is below 0
    inside = replace(told, low=max(told.low, 0.0), high=min(told.high, most))
    return Finding(goal=goal, mean=inside, undefined=len(column) - len(defined))


def _verdict(interval: Interval, bound: float, sense: Literal[">=", "<="]) -> Decision:
    if sense == ">=":
        return "meets" if interval.low >= bound else "misses" if interval.high < bound else "close"
    return "meets" if interval.high <= bound else "misses" if interval.low > bound else "close"


FEWEST = 10
"""Replications before the first look."""
_GROWTH = 1.5
_SHORT = 1.2  # nothing is won by a last look that has hardly more than the one before


def looks(most: int) -> tuple[int, ...]:
    """Return after how many replications to look, the last time after `most`.

    Raises:
        InputError: for less than `FEWEST`.
    """
    require(most >= FEWEST, "replications", most, f"at least {FEWEST} are needed")
    out = [FEWEST]
    while out[-1] < most:
        further = math.ceil(out[-1] * _GROWTH)
        out.append(further if further * _SHORT < most else most)
    return tuple(out)
