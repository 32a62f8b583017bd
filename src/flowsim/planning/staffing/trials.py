"""A planner's question of a scenario, asked of one staffing after the other on common random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from numbers import Real
from typing import Literal

import numpy as np

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.core.arrays import Bools, Floats
from flowsim.core.errors import is_real, require, require_type, whole_number
from flowsim.core.periods import Period
from flowsim.core.progress import Progress, shifted
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Cut, cut_after
from flowsim.planning.levers import Lever, without_queues
from flowsim.planning.staffing.goals import Goal, parse_goals
from flowsim.planning.staffing.queues import StationQueue, queue_ends, queues_of
from flowsim.simulation.intervals import Interval, betting_interval, bounded_interval, cautious_interval, share_interval
from flowsim.simulation.measures.stations import QUEUE
from flowsim.simulation.opening import model_of
from flowsim.simulation.precision import FEWEST_REPLICATIONS, in_batches, looks
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run

__all__ = [
    "FROM_THE_START",
    "Bench",
    "Decision",
    "Finding",
    "NumbersSource",
    "Question",
    "StoppingRule",
    "Trial",
    "numbers_of",
]

Decision = Literal["meets", "misses", "close"]
Setting = tuple[tuple[float, ...], tuple[str, ...]]
"""The levels of all levers, and the stations with a place for everybody."""
FROM_THE_START = "*"
"""In place of stations: there is a place for everybody at all of them, and not from the period's beginning alone."""

_CERTAIN = 2  # replications where all of them are the same


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
        if self.chance is not None:
            require_type("chance", self.chance, Real, "a share between 0 and 1, such as 0.9")
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
        require_type("scenario", scenario, Scenario, "a Scenario: Scenario.of('today') reads one")
        during = Period(during)
        told = parse_goals(goals, scenario.pathway(), during)
        return cls(scenario=scenario, goals=told, during=during, parameters=parameters, chance=chance)

    @property
    def since(self) -> datetime:
        """When the period begins, from which on things are varied."""
        return Period(self.during).start

    @property
    def begins_with_a_queue(self) -> bool:
        """Whether some wait already when the run itself begins, whom no places keep from having waited."""
        entries = self.scenario.pathway().entries
        return self.scenario.begins_today or any(entry.waiting and entry.count for entry in entries)

    def model(self, settings: Mapping[Lever, float], unqueued: Sequence[str] = ()) -> Pathway | Cut:
        """Return what to run at some settings, with places for everybody at the stations `unqueued`."""
        pathway, since = self.scenario.pathway(), self.since
        if FROM_THE_START in unqueued:
            unqueued, since = [station.name for station in pathway.stations], min(pathway.start, since)
        scenario = without_queues(self.scenario, unqueued, since)
        for lever, level in settings.items():
            scenario = lever.set(scenario, level, since)
        ahead = any(goal.response.looks_ahead for goal in self.goals)
        end = datetime.max if ahead else Period(self.during).end
        if isinstance(self.parameters, Ensemble):
            return Cut(model=self.parameters.over(scenario), end=end)
        model = model_of(scenario, self.parameters)
        return cut_after(model, end) if isinstance(model, Pathway) else Cut(model=model, end=end)


@dataclass(frozen=True, kw_only=True)
class StoppingRule:
    """How sure an answer shall be, and what it may cost.

    Attributes:
        confidence: with which all intervals of the answer hold at once.
        most: replications of one staffing at most, after which it is too close to call.
    """

    confidence: float = 0.96
    most: int = 200

    def __post_init__(self) -> None:
        sure = is_real(self.confidence) and 0.5 <= self.confidence < 1
        require(sure, "confidence", self.confidence, "from 0.5 to below 1")
        looks(whole_number("most", self.most))

    @property
    def one_in(self) -> int:
        """In one of how many repetitions, at most, too few are named: half of the error allowed lies on that side."""
        return round(2 / (1 - self.confidence))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of one goal: its number's mean over the replications, and the interval that the mean lies in.

    Attributes:
        goal: the goal.
        mean: over the replications that have a number.
        undefined: how many replications have none, since nobody came: they are left out.
        standstills: in how many nobody got through though some waited, which is the worst that may come: a wait without
            end, or a share of 0. They count in the mean.
        alike: whether fewer than ten replications have another number than the commonest one. Of an unbounded one that
            rules nothing large out that is rare; its interval is open above.
        quantile: the number that as many replications keep to as were asked for; None where the mean decides.
        few: whether less than `FEWEST_REPLICATIONS` have a number, too few for a verdict.
    """

    goal: Goal
    mean: Interval
    undefined: int = 0
    standstills: int = 0
    alike: bool = False
    quantile: float | None = None
    few: bool = False

    @property
    def verdict(self) -> Decision:
        """Whether the mean meets the goal, for all that the interval leaves open."""
        return "close" if self.few else _verdict(self.mean, self.goal.bound, self.goal.sense)

    @property
    def hopeful(self) -> bool:
        """Whether the goal is met, or was in every replication by the very same number."""
        estimate = self.mean.estimate
        inside = estimate >= self.goal.bound if self.goal.sense == ">=" else estimate <= self.goal.bound
        return self.verdict == "meets" or (self.verdict == "close" and self.alike and inside)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One staffing that was tried.

    Attributes:
        levels: of what is varied; infinity where there is a place for everybody, none for the scenario as it is.
        replications: how many were run.
        findings: one for each goal.
        kept: the share of the replications that meet all goals at once.
        chance: the share that was asked for, by which alone the verdict is given; None where the means decide.
        verdict: whether the goals are met; "close" where the replications allowed do not tell.
        queues: how each station's queue goes over the period; none where its numbers come from elsewhere than runs.
    """

    levels: tuple[float, ...]
    replications: int
    findings: tuple[Finding, ...]
    kept: Interval
    chance: float | None = None
    verdict: Decision
    queues: tuple[StationQueue, ...] = ()

    @property
    def growing(self) -> tuple[StationQueue, ...]:
        """The queues that surely grow over the period."""
        return tuple(queue for queue in self.queues if queue.grows)

    @property
    def meets(self) -> bool:
        """Whether the goals are met beyond doubt."""
        return self.verdict == "meets"

    @property
    def hopeful(self) -> bool:
        """Whether the goals are met, or doubtful only since a number was the same in every replication.

        Good enough to search on below, where numbers differ, but not for an answer.
        """
        return self.meets or (self.chance is None and all(finding.hopeful for finding in self.findings))


NumbersSource = Callable[[Setting, Pathway | Cut, range], tuple[Floats, Bools]]
"""Returns of a setting and its model the goals' numbers in some replications, and which of these stand still."""


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
        standing: in which of them everything stands still, of the same shape.
        queues: each station's queue before and after the period, as `queue_ends` gives them; where runs were made.
        done: all replications so far.
        draws: where the goals' numbers come from; replications are run where left out.
    """

    question: Question
    tests: int
    stopping: StoppingRule
    seed: int = 1
    executor: Executor | None = None
    progress: Progress | None = None
    trials: dict[Setting, Trial] = field(default_factory=dict)
    values: dict[Setting, Floats] = field(default_factory=dict)
    standing: dict[Setting, Bools] = field(default_factory=dict)
    queues: dict[Setting, Floats] = field(default_factory=dict)
    done: int = 0
    draws: NumbersSource | None = None

    def trial(
        self,
        settings: Mapping[Lever, float],
        unqueued: Sequence[str] = (),
        among: Sequence[int] | None = None,
        to_the_end: bool = False,
    ) -> Trial:
        """Try a staffing until it is decided, or the replications are used up.

        Args:
            settings: the levels.
            unqueued: stations with a place for everybody.
            among: the numbers of the goals that shall be decided one by one, where not whether all of them are met;
                nothing is to be decided where there are none.
            to_the_end: do not stop for a verdict being unlikely.
        """
        key: Setting = tuple(settings.values()), tuple(unqueued)
        if key not in self.trials or not self._settled(self.trials[key], among, to_the_end):
            self._try(key, settings, among, to_the_end)
        return self.trials[key]

    def _try(
        self, key: Setting, settings: Mapping[Lever, float], among: Sequence[int] | None, to_the_end: bool
    ) -> None:
        model, goals = self.question.model(settings, key[1]), self.question.goals
        certain = isinstance(model, Pathway) and _leaves_nothing_to_chance(model)
        schedule = (_CERTAIN,) if certain else looks(self.stopping.most)
        error = (1 - self.stopping.confidence) / (self.tests * len(schedule))
        values = self.values.get(key, np.zeros((0, len(goals))))
        standing = self.standing.get(key, np.zeros((0, len(goals)), np.bool_))
        begun = len(values)

        def extend(first: int, last: int) -> None:
            nonlocal values, standing
            numbers = range(first, last)
            read, still = self.draws(key, model, numbers) if self.draws else self._run(key, model, numbers)
            self.done += len(numbers)
            self.values[key] = values = np.concatenate([values, read])
            self.standing[key] = standing = np.concatenate([standing, still])
            trial = self._judged(key[0], values, standing, None if certain else error)
            queues = queues_of(self._groups, self.queues[key]) if key in self.queues else ()
            self.trials[key] = replace(trial, queues=queues)

        def further(count: int) -> int | None:
            if count > begun and self._settled(self.trials[key], among, to_the_end):
                return None
            return next((look for look in schedule if look > count), None)

        in_batches(extend, further, begun)

    @property
    def _groups(self) -> dict[str, int]:
        return {station.name: station.together for station in self.question.scenario.pathway().stations}

    def _run(self, key: Setting, model: Pathway | Cut, numbers: range) -> tuple[Floats, Bools]:
        progress = shifted(self.progress, self.done, self.done + len(numbers))
        goals, stations = self.question.goals, list(self._groups)
        batch = run(
            model,
            replications=numbers,
            seed=self.seed,
            executor=self.executor,
            progress=progress,
            measures=frozenset(map(QUEUE, stations)).union(*(goal.response.needs for goal in goals)),
        )
        ends = queue_ends(batch, stations, self.question.during)
        self.queues[key] = np.concatenate([self.queues[key], ends]) if key in self.queues else ends
        return numbers_of(goals, batch)

    def _settled(self, trial: Trial, among: Sequence[int] | None, to_the_end: bool) -> bool:
        n, most = trial.replications, self.stopping.most
        if n >= most or n == _CERTAIN or among == ():
            return True
        if self.question.chance is not None:
            hopeless = not to_the_end and trial.kept.in_vain(self.question.chance, n, most)
            return trial.verdict != "close" or hopeless
        findings = trial.findings if among is None else [trial.findings[number] for number in among]
        if not to_the_end and any(finding.mean.in_vain(finding.goal.bound, n, most) for finding in findings):
            return True
        if among is None:
            return trial.verdict != "close"
        return all(finding.verdict != "close" for finding in findings)

    def _judged(self, levels: tuple[float, ...], values: Floats, standing: Bools, error: float | None) -> Trial:
        goals, chance = self.question.goals, self.question.chance
        part = None if error is None else error / len(goals)
        columns = zip(goals, values.T, standing.sum(axis=0).tolist(), strict=True)
        findings = tuple(_finding(goal, column, still, part) for goal, column, still in columns)
        if chance is not None:
            findings = tuple(
                replace(finding, quantile=_kept_by(column, chance, finding.goal.sense))
                for finding, column in zip(findings, values.T, strict=True)
            )
        kept = np.all([goal.met(column) for goal, column in zip(goals, values.T, strict=True)], axis=0)
        share = _exactly(float(kept.mean())) if error is None else share_interval(int(kept.sum()), len(kept), error)
        if chance is not None:
            verdict = _verdict(share, chance, ">=")
        else:
            verdicts = {finding.verdict for finding in findings}
            verdict = next(v for v in ("misses", "close", "meets") if v in verdicts)
        return Trial(
            levels=levels, replications=len(values), findings=findings, kept=share, chance=chance, verdict=verdict
        )


def numbers_of(goals: Sequence[Goal], results: Results) -> tuple[Floats, Bools]:
    """Return the goals' numbers in each replication, shape (replications, goals), and where everything stands still."""
    still = np.column_stack([goal.response.stands_still(results) for goal in goals])
    worst = np.array([goal.response.worst for goal in goals])
    return np.where(still, worst, np.column_stack([goal.response.read(results) for goal in goals])), still


def _finding(goal: Goal, column: Floats, standstills: int, error: float | None) -> Finding:
    """Judge a goal by its numbers; without an error nothing is left to chance."""
    defined = column[~np.isnan(column)]
    undefined = len(column) - len(defined)
    alike = len(defined) > 1 and bool(np.isfinite(defined).all()) and _hardly_differ(defined)
    if len(defined) < 2:
        mean = Interval(estimate=math.nan, error=math.nan, low=math.nan, high=math.nan)
    elif np.isinf(defined).any():
        mean = _exactly(math.inf)
    elif error is None:
        mean, alike = _exactly(float(defined.mean())), False
    else:
        mean = _mean(defined, error, {"share": 1.0, "per cent": 100.0}.get(goal.response.unit), alike)
    few = len(defined) < (2 if error is None else FEWEST_REPLICATIONS)
    return Finding(goal=goal, mean=mean, undefined=undefined, standstills=standstills, alike=alike, few=few)


def _mean(values: Floats, error: float, most: float | None, alike: bool) -> Interval:
    """Return the mean of numbers of which none is below 0 and, where it is given, none above `most`."""
    if most is not None:
        return bounded_interval(values, error, most)
    if alike:  # what hardly came may be rare and large; but it can't take away more than all
        commonest = _commonest(values)[0]
        below = np.minimum(values, commonest)
        least = betting_interval(below, error, commonest).low if commonest > 0 else 0.0
        return Interval(estimate=float(values.mean()), error=0.0, low=least, high=math.inf)
    told = cautious_interval(values, error)
    return replace(told, low=max(told.low, 0.0))


def _kept_by(column: Floats, chance: float, sense: Literal[">=", "<="]) -> float:
    """Return the number on whose good side a share of all replications lies; those without one lie on the other."""
    towards = 1.0 if sense == "<=" else -1.0
    values = np.where(np.isnan(column), np.inf, towards * column)
    return towards * float(np.quantile(values, chance, method="inverted_cdf"))


_TELLING = 10  # numbers that differ from the commonest one, below which their spread tells too little


def _commonest(values: Floats) -> tuple[float, int]:
    """Return the commonest number, and how many others there are."""
    numbers, counts = np.unique(values, return_counts=True)
    return float(numbers[counts.argmax()]), int(len(values) - counts.max())


def _hardly_differ(values: Floats) -> bool:
    return _commonest(values)[1] < _TELLING


def _exactly(value: float) -> Interval:
    return Interval(estimate=value, error=0.0, low=value, high=value)


def _leaves_nothing_to_chance(pathway: Pathway) -> bool:
    """Return whether every replication of a pathway is the same."""
    durations = [state.patience for state in pathway.states]
    durations += [stay for state in pathway.states if state.stay is not None for _, stay in state.stay.root]
    durations += [duration for entry in pathway.entries for duration in (entry.every, entry.elapsed)]
    shares = [to for state in pathway.states if state.to is not None for _, to in state.to.root]
    return (
        all(duration is None or duration.law == "fixed" for duration in durations)
        and all(len(to) == 1 for to in shares)
        and not any(state.race for state in pathway.states)
        and all(entry.rate is None for entry in pathway.entries)
        and all(len(batch.shares()) == 1 for entry in pathway.entries if entry.batch for batch in entry.batch.values)
        and all(entry.count is None or entry.waiting or entry.passed is not None for entry in pathway.entries)
    )


def _verdict(interval: Interval, bound: float, sense: Literal[">=", "<="]) -> Decision:
    if sense == ">=":
        return "meets" if interval.low >= bound else "misses" if interval.high < bound else "close"
    return "meets" if interval.high <= bound else "misses" if interval.low > bound else "close"
