"""What flowsim promises of chance, put to the test in many repetitions on models whose answers are known.

A population of replications is made once for each staffing of a small model. A repetition draws its replications from
it with replacement, so that the population's own mean is the truth to the last digit, and thousands of searches take
as long as one. A few are made of real replications with seeds of their own besides, for what such a drawing may hide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from flowsim.core.arrays import Bools, Floats, Ints, defined_mean, defined_quantiles
from flowsim.core.progress import Progress
from flowsim.model.base import Base
from flowsim.model.edits import ScenarioFile
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Cut
from flowsim.planning.influence import decompose
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.shapley import ALL_SUBSETS, orders_of, shapley_shares
from flowsim.planning.staffing.search import Answer, seek
from flowsim.planning.staffing.trials import Question, Setting, StoppingRule, numbers_of
from flowsim.simulation.estimates import differences, levels, sure_rows
from flowsim.simulation.intervals import Interval, ratio_interval, share_interval
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.measure import Kind, Measure
from flowsim.simulation.measures.stations import WAITED
from flowsim.simulation.precision import Precision, difference_widths, half_widths, settle
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run

__all__ = [
    "Promise",
    "StaffingCase",
    "precision_promises",
    "price_promises",
    "put_to_the_test",
    "staffing_cases",
    "staffing_promises",
]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One promise on one model, and how often it was kept or broken.

    Attributes:
        promise: in words.
        model: on which it was put to the test.
        repetitions: how many there were.
        count: in how many of them what is counted happened.
        goal: the share that it shall have.
        side: whether that is the most of what may go wrong, or the least of what shall hold.
        price: what it costs, in words; empty where nothing is to be said.
    """

    promise: str
    model: str
    repetitions: int
    count: int
    goal: float
    side: Literal["at most", "at least"]
    price: str = ""

    @property
    def rate(self) -> Interval:
        """The share of the repetitions, with its binomial interval at 95 %."""
        return share_interval(self.count, self.repetitions, 0.05)

    @property
    def holds(self) -> bool:
        """Return whether the repetitions leave it possible that the promise is kept as often as it shall be."""
        return self.rate.low <= self.goal if self.side == "at most" else self.rate.high >= self.goal


_REAL = ("desk, queue at the end", "desk, share in time", "chain, eight years in ten")
"""The searches that are made with real seeds too."""

# --- Models ---


def _scenario(raw: dict[str, Any]) -> Scenario:
    pathway = Pathway.from_dict(raw)
    base = Base(name=pathway.name, raw=pathway.to_dict(), parameters={}, source="made", sha256=pathway.digest)
    return Scenario(file=ScenarioFile.model_validate({"name": pathway.name, "base": "made"}), base=base, source="made")


def _desk(rate: str, mean: str) -> dict[str, Any]:
    return {
        "name": "desk",
        "start": "2001-01-01",
        "end": "2003-01-01",
        "stations": {"desk": {"capacity": 5}},
        "states": {
            "service": {"station": "desk", "stay": {"law": "exponential", "mean": mean}, "to": "out"},
            "out": {"final": True, "outcome": True},
        },
        "entries": {"door": {"to": "service", "rate": rate}},
        "clocks": {
            "served": {"begins": ["service"], "begins_at": "joined", "ends": ["out"], "limit": "4 weeks"},
        },
    }


def _chain() -> dict[str, Any]:
    """Return a plan by caseworkers, a meeting twice a week, and a course, as Copenhagen has them, much smaller."""
    return {
        "name": "chain",
        "start": "2023-01-01",
        "end": "2025-01-01",
        "stations": {
            "caseworkers": {"capacity": 30},
            "team": {"weekdays": ["tue", "thu"], "places": 2},
        },
        "states": {
            "plan": {
                "benefit": "cash",
                "station": "caseworkers",
                "stay": {"law": "gamma", "mean": "8 weeks", "cv": 0.5},
                "to": "team",
            },
            "team": {"benefit": "cash", "station": "team", "to": {"course": 0.6, "pension": 0.4}},
            "course": {"final": True, "outcome": True},
            "pension": {"final": True, "outcome": True},
        },
        "entries": {"opened": {"to": "plan", "rate": "150 per year"}},
        "clocks": {"decision": {"begins": ["plan"], "ends": ["course", "pension"], "limit": "13 weeks"}},
    }


@dataclass(frozen=True, kw_only=True)
class StaffingCase:
    """A search on a small model.

    Attributes:
        name: of the model and its goals, in words.
        raw: the pathway as plain data.
        goals: as planners write them.
        lever: what is varied.
        least, most: the levels allowed.
        during: the period.
        chance: as in `Question`.
    """

    name: str
    raw: dict[str, Any]
    goals: tuple[str, ...]
    lever: str
    least: int
    most: int
    during: str
    chance: float | None = None

    @property
    def question(self) -> Question:
        """What is asked."""
        return Question.of(_scenario(self.raw), self.goals, self.during, chance=self.chance)

    @property
    def levels(self) -> Levels:
        """What is allowed."""
        return Levels(lever=Lever.parse(self.lever, _scenario(self.raw).pathway()), least=self.least, most=self.most)


def staffing_cases() -> tuple[StaffingCase, ...]:
    """Return the searches that promises are put to the test on."""
    desk = _desk("2 per week", "2 weeks")
    light = _desk("8 per year", "3 weeks") | {"name": "light"}
    varied: dict[str, Any] = {"lever": "desk.capacity", "during": "2002"}
    chain: dict[str, Any] = {"raw": _chain(), "lever": "team.places", "least": 1, "most": 6, "during": "2024"}
    return (
        StaffingCase(name="desk, mean wait", raw=desk, goals=("wait for desk <= 1 week",), least=4, most=9, **varied),
        StaffingCase(
            name="desk, queue at the end", raw=desk, goals=("queue of desk <= 2.2",), least=4, most=9, **varied
        ),
        StaffingCase(
            name="desk, share in time", raw=desk, goals=("served within 4 weeks >= 73%",), least=4, most=9, **varied
        ),
        StaffingCase(
            name="desk, two goals that pull apart",
            raw=desk,
            goals=("wait for desk <= 1 week", "utilisation.desk >= 0.6"),
            least=4,
            most=9,
            **varied,
        ),
        StaffingCase(
            name="light load, queue at the end",
            raw=light,
            goals=("queue of desk <= 0.03",),
            least=1,
            most=6,
            **varied,
        ),
        StaffingCase(
            name="light load, wait of a month",
            raw=light,
            goals=("wait for desk <= 6 hours",),
            lever="desk.capacity",
            least=1,
            most=6,
            during="2002-06",
        ),
        StaffingCase(name="chain, mean wait", goals=("wait for team <= 0.5 weeks",), **chain),
        StaffingCase(
            name="chain, eight years in ten",
            goals=("wait for team <= 4 days",),
            chance=0.8,
            **chain,
        ),
    )


# --- Staffing ---


Runs = dict[Setting, Results]
"""Replications of one pathway's staffings, for all the searches on it."""


@dataclass
class _Population:
    """Replications of each staffing, made once, of which a repetition draws its own."""

    question: Question
    count: int
    seed: int
    executor: Executor | None
    runs: Runs
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
    runs: Runs | None = None,
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
    question, allowed = case.question, case.levels
    runs = {} if runs is None else runs
    kept = _Population(question=question, count=population, seed=seed, executor=executor, runs=runs)
    for level in allowed.all:
        kept.table(((level,), ()), question.model({allowed.lever: level}))
    least = next((level for level in allowed.all if kept.meets(((level,), ()))), None)
    stopping, generator = StoppingRule(), np.random.Generator(np.random.Philox(key=[seed, 29]))
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
        Promise(promise=f"{promise}, too few named", count=too_few, goal=0.02, side="at most", price=price, **named),
        Promise(
            promise="staff: all intervals hold (queue moves)",
            count=repetitions - outside,
            goal=0.94,
            side="at least",
            **named,
        ),
    ]
    if least is not None:
        named_rates = f"right {right / repetitions:.0%}, too many {too_many / repetitions:.0%}"
        out.append(
            Promise(
                promise="staff: 'none meets it' is wrong",
                count=denied,
                goal=0.02,
                side="at most",
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
    few = sum(
        (found := seek(case.question, case.levels, seed=1000 + seed, executor=executor).least) is not None
        and found < least
        for seed in range(repetitions)
    )
    return Promise(
        promise=f"staff, real seeds: too few (least {least})",
        model=case.name,
        repetitions=repetitions,
        count=few,
        goal=0.02,
        side="at most",
    )


# --- Estimates, differences, ranges ---


def _estimates(case: StaffingCase, n: int, repetitions: int, seed: int, executor: Executor | None) -> list[Promise]:
    """Put levels, differences and ranges of a year to the test, of `n` replications each."""
    whole, other, columns = _pair(case, 1000, seed, executor)
    measures = [whole.index[column].measure for column in columns]
    values, others = whole.values[:, columns], other.values[:, columns]
    generator = np.random.Generator(np.random.Philox(key=[seed, 31]))
    truth = levels(measures, values).estimate
    apart = differences(measures, values, others).estimate
    held = np.zeros((2, len(columns)), np.int64)
    known = np.zeros((2, len(columns)), np.int64)
    false_rows = inside = futures = 0
    for _ in range(repetitions):
        rows = generator.integers(0, len(values), n)
        for place, (estimates, true) in enumerate(
            ((levels(measures, values[rows]), truth), (differences(measures, values[rows], others[rows]), apart))
        ):
            defined = ~np.isnan(estimates.low)
            known[place] += defined
            held[place] += defined & (estimates.low - 1e-9 <= true) & (true <= estimates.high + 1e-9)
        # Two towns that are equal: other futures of the same model, so no row differs in truth.
        equal = generator.integers(0, len(values), n)
        alike = differences(measures, values[rows], values[equal])
        false_rows += bool(sure_rows(alike.p_value, alike.differing).any())
        low, high = defined_quantiles(values[rows], (0.05, 0.95))
        further = values[generator.integers(0, len(values))]
        counted = ~np.isnan(further)
        inside += int((counted & (low <= further) & (further <= high)).sum())
        futures += int(counted.sum())
    named: dict[str, Any] = {"model": f"{case.name.partition(',')[0]}, n = {n}"}
    return [
        Promise(
            promise="figures: the interval holds",
            repetitions=int(known[0].sum()),
            count=int(held[0].sum()),
            goal=0.93,
            side="at least",
            price=f"worst of {len(columns)}: {_worst(held[0], known[0]):.0%}",
            **named,
        ),
        Promise(
            promise="compare: a difference's interval holds",
            repetitions=int(known[1].sum()),
            count=int(held[1].sum()),
            goal=0.93,
            side="at least",
            price=f"worst of {len(columns)}: {_worst(held[1], known[1]):.0%}",
            **named,
        ),
        Promise(
            promise="compare: a row of equal towns is sure",
            repetitions=repetitions,
            count=false_rows,
            goal=0.05,
            side="at most",
            price=f"{len(columns)} rows at once",
            **named,
        ),
        Promise(
            promise="nine in ten between p05 and p95",
            repetitions=futures,
            count=inside,
            goal=0.88,
            side="at least",
            **named,
        ),
    ]


def precision_promises(
    case: StaffingCase, relative: float, repetitions: int, *, seed: int = 1, executor: Executor | None = None
) -> tuple[Promise, ...]:
    """Put the intervals after an asked precision to the test, of the figures of a run and of the differences of two.

    Args:
        case: whose model is run, with two and with one more than the least.
        relative: the precision.
        repetitions: how many of each.
        seed: of all draws.
        executor: where replications run.
    """
    asked = Precision(relative=relative, most=1000)
    whole, other, columns = _pair(case, 2000, seed, executor)
    measures = [whole.index[column].measure for column in columns]
    runs = (whole.values[:, columns], other.values[:, columns])
    generator = np.random.Generator(np.random.Philox(key=[seed, 41]))
    level, apart = levels(measures, runs[0]).estimate, differences(measures, *runs).estimate
    out = []
    for name, truth in (("run", level), ("compare", apart)):
        held = reached = taken = 0
        for _ in range(repetitions):
            rows = generator.integers(0, len(runs[0]), asked.most)
            # One figure is asked for at a time, as planners do: of the whole table the rarest would decide for all.
            column = int(generator.integers(len(columns)))
            some, drawn = [measures[column]], [values[rows][:, [column]] for values in runs]
            count = _settled(asked, some, drawn[:1] if name == "run" else drawn)
            if count is None:
                continue
            first, second = (values[:count] for values in drawn)
            estimates = levels(some, first) if name == "run" else differences(some, first, second)
            reached, taken = reached + 1, taken + count
            held += bool(estimates.low[0] - 1e-9 <= truth[column] <= estimates.high[0] + 1e-9)
        if reached:
            out.append(
                Promise(
                    promise=f"{name} --precision: the interval holds",
                    model=f"{case.name.partition(',')[0]}, {relative:.0%}",
                    repetitions=reached,
                    count=held,
                    goal=0.92,
                    side="at least",
                    price=f"reached in {reached / repetitions:.0%}, {taken / reached:,.0f} replications",
                )
            )
    return tuple(out)


def _settled(asked: Precision, measures: Sequence[Measure], drawn: Sequence[Floats]) -> int | None:
    """Return after how many of some replications a precision is reached, of a run or of two; None where it is not."""
    asked_for: list[int] = []

    def widths(count: int) -> Floats:
        some = [values[:count] for values in drawn]
        return half_widths(measures, some[0]) if len(some) == 1 else difference_widths(measures, some)

    reached = settle(asked, lambda _, last: asked_for.append(last), widths)
    return asked_for[-1] if reached else None


def price_promises(
    case: StaffingCase, n: int, repetitions: int, *, seed: int = 1, executor: Executor | None = None
) -> tuple[Promise, ...]:
    """Put the interval of what a week of waiting saved costs to the test.

    A place costs the same in every future, and each further award besides, so what is spent goes with what is saved.

    Args:
        case: whose model is run, with two and with one more than the least.
        n: pairs of futures.
        repetitions: how many.
        seed: of all draws.
        executor: where replications run.
    """
    more, fewer, _ = _pair(case, 2000, seed, executor)
    saved, awards = (_summed(fewer, kind, case.during) - _summed(more, kind, case.during) for kind in (WAITED, AWARDS))
    generator = np.random.Generator(np.random.Philox(key=[seed, 43]))
    out = []
    for name, spent in (("fixed cost", np.full(len(saved), 1e5)), ("varying cost", 1e5 - 2e3 * awards)):
        truth, held = float(spent.mean() / saved.mean()), 0
        for _ in range(repetitions):
            rows = generator.integers(0, len(saved), n)
            interval = ratio_interval(spent[rows], saved[rows], 0.05)
            held += interval.low <= truth <= interval.high
        model = f"{case.name.partition(',')[0]}, n = {n}"
        promise = f"compare --cost: interval, {name}"
        out.append(
            Promise(promise=promise, model=model, repetitions=repetitions, count=held, goal=0.93, side="at least")
        )
    return tuple(out)


def _summed(results: Results, kind: Kind, during: str) -> Floats:
    chosen = results.only(lambda row: row.measure.kind == kind and row.period == during)
    out: Floats = chosen.values.sum(axis=1)
    return out


def _pair(case: StaffingCase, count: int, seed: int, executor: Executor | None) -> tuple[Results, Results, list[int]]:
    """Return pairs of replications with two and with one more than the least, and the columns of the case's year."""
    scenario, lever = _scenario(case.raw), case.levels.lever
    more, fewer = (lever.set(scenario, case.least + extra, case.question.since) for extra in (2, 1))
    whole, other = (run(model.pathway(), replications=count, seed=seed, executor=executor) for model in (more, fewer))
    return whole, other, _columns(whole, case.during)


def _worst(held: Ints, known: Ints) -> float:
    return float(np.min(held[known > 0] / known[known > 0]))


def _columns(results: Results, during: str) -> list[int]:
    """Return the columns of a year that are a figure of chance in nearly all replications."""
    return [
        column
        for column, row in enumerate(results.index)
        if row.period == during
        and np.isnan(results.values[:, column]).mean() < 0.5
        and np.ptp(results.values[np.isfinite(results.values[:, column]), column]) > 0
    ]


def _shares_of_variance(factors: int, repetitions: int, seed: int) -> list[Promise]:
    """Put the intervals of `explain` to the test on straight lines of correlated factors, half of which do nothing."""
    root = np.linalg.cholesky(0.7 * np.eye(factors) + 0.3)
    slopes = 0.6 ** np.arange(factors) * (1 - 2 * (np.arange(factors) % 2)) * (np.arange(factors) < factors // 2)
    generator = np.random.Generator(np.random.Philox(key=[seed, 37]))
    many = generator.standard_normal((200_000, factors)) @ root.T
    noise, luck = 0.15 * float((many @ slopes).var()), 0.5 * float((many @ slopes).var())
    middle = many @ slopes + math.sqrt(noise) * generator.standard_normal(len(many))
    orders = orders_of(factors) if factors > ALL_SUBSETS else None
    truth = shapley_shares(many, middle, orders) * middle.var() / (middle.var() + luck)
    matters = slopes != 0
    held, moved = np.zeros(factors, np.int64), 0
    for number in range(repetitions):
        x = generator.standard_normal((200, factors)) @ root.T
        base = x @ slopes + math.sqrt(noise) * generator.standard_normal(200)
        parts = decompose(x, base[:, None] + math.sqrt(luck) * generator.standard_normal((200, 2)), seed=number)
        held += [share.low <= true <= share.high for share, true in zip(parts.shares, truth.tolist(), strict=True)]
        ends = zip(
            [*parts.effect_low, *parts.effect_high], [*(slopes * parts.low), *(slopes * parts.high)], strict=True
        )
        moved += sum(bool(effect.low <= true <= effect.high) for effect, true in ends)
    named: dict[str, Any] = {"model": f"straight lines, {factors} factors", "goal": 0.92, "side": "at least"}
    out = [
        Promise(promise=f"explain: a share's interval, {which}", repetitions=n, count=int(count), **named)
        for which, n, count in (
            ("some effect", int(matters.sum()) * repetitions, held[matters].sum()),
            ("no effect", int((~matters).sum()) * repetitions, held[~matters].sum()),
        )
    ]
    each = 2 * factors * repetitions
    return [*out, Promise(promise="explain: an effect's interval holds", repetitions=each, count=moved, **named)]


def put_to_the_test(
    repetitions: int = 200, *, seed: int = 1, executor: Executor | None = None, progress: Progress | None = None
) -> tuple[Promise, ...]:
    """Put all promises to the test.

    Args:
        repetitions: of each search; of what is quick twice as many, of what is slow a tenth.
        seed: of all draws.
        executor: where replications run.
        progress: called with (tests done, tests in all).
    """
    cases, kept = staffing_cases(), dict[tuple[str, str], Runs]()
    tests: list[Callable[[], Sequence[Promise]]] = [
        *(
            partial(
                staffing_promises,
                case,
                repetitions,
                runs=kept.setdefault((case.raw["name"], case.during), {}),
                real=repetitions // 5 if case.name in _REAL else 0,
                seed=seed,
                executor=executor,
            )
            for case in cases
        ),
        *(
            partial(_estimates, case, n, 2 * repetitions, seed, executor)
            for case in (cases[0], cases[4], cases[6])
            for n in (20, 50)
        ),
        *(
            partial(precision_promises, case, relative, 2 * repetitions, seed=seed, executor=executor)
            for case, relative in ((cases[0], 0.1), (cases[0], 0.05), (cases[6], 0.05))
        ),
        *(partial(price_promises, cases[6], n, 5 * repetitions, seed=seed, executor=executor) for n in (20, 50)),
        partial(_shares_of_variance, 5, max(repetitions // 4, 10), seed),
        partial(_shares_of_variance, 10, max(repetitions // 10, 10), seed),
        partial(_shares_of_variance, 33, max(repetitions // 20, 10), seed),
    ]
    out: list[Promise] = []
    for done, test in enumerate(tests):
        out += test()
        if progress is not None:
            progress(done + 1, len(tests))
    return (*out, _all_searches(out))


def _all_searches(promises: Sequence[Promise]) -> Promise:
    few = [promise for promise in promises if promise.promise.endswith("too few named")]
    return Promise(
        promise="staff: too few named",
        model="all searches together",
        repetitions=sum(promise.repetitions for promise in few),
        count=sum(promise.count for promise in few),
        goal=0.02,
        side="at most",
    )
