"""Intervals of figures, of differences and of prices, and ranges, in many repetitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from flowsim.core.arrays import Bools, Floats, defined_quantiles
from flowsim.planning.comparison import paired, roughly
from flowsim.planning.promises.models import StaffingCase, scenario_of, staffing_cases
from flowsim.simulation.estimates import differences, levels, paired_differences, sure_rows
from flowsim.simulation.intervals import ratio_interval
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.measure import Kind, Measure
from flowsim.simulation.measures.stations import WAITED
from flowsim.simulation.precision import Precision, difference_widths, half_widths, settle
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run
from flowsim.theory.verification.promises import Promise, PutToTheTest, counted_together

__all__ = ["estimate_promises", "figure_tests", "precision_promises", "price_promises"]


_BAND = (0.93, 0.98)
"""What a 95 % interval shall hold where nothing keeps it from being exact: one that is too wide is wrong too."""
_RANGE = (0.88, 0.93)
"""The share of futures between p05 and p95 likewise."""
_TIED = 0.03  # the share of the commonest value from which on a statistic of order can't be exact


def estimate_promises(
    case: StaffingCase,
    n: int,
    repetitions: int,
    *,
    population: int = 1000,
    seed: int = 1,
    executor: Executor | None = None,
) -> tuple[Promise, ...]:
    """Put levels, differences, ranges and what common luck saves to the test, of a year's figures.

    Args:
        case: whose model is run, with two and with one more than the least.
        n: replications of a repetition.
        repetitions: how many.
        population: pairs of replications to draw from.
        seed: of all draws.
        executor: where replications run.
    """
    whole, other, columns = _pair(case, population, seed, executor)
    measures = [whole.index[column].measure for column in columns]
    values, others = whole.values[:, columns], other.values[:, columns]
    generator = np.random.Generator(np.random.Philox(key=[seed, 31]))
    level, apart = levels(measures, values).estimate, differences(measures, values, others).estimate
    saved = paired(measures, values, others).saved
    figures, distances, futures, quotients = (_Tally() for _ in range(4))
    false_rows = 0
    for _ in range(repetitions):
        rows = generator.integers(0, len(values), n)
        estimates, table = levels(measures, values[rows]), paired(measures, values[rows], others[rows])
        for tally, known, true in ((figures, estimates, level), (distances, table, apart)):
            tally.add(known.low - 1e-9 <= true, true <= known.high + 1e-9, ~np.isnan(known.low))
        shown = np.array([roughly(times) for times in table.saved.tolist()])
        quotients.add(shown >= saved / 3, shown <= saved * 3, np.isfinite(shown) & np.isfinite(saved) & (shown > 0))
        # Two towns that are equal: other futures of the same model, so no row differs in truth.
        alike = differences(measures, values[rows], values[generator.integers(0, len(values), n)])
        false_rows += bool(sure_rows(alike.p_value, alike.differing).any())
        low, high = defined_quantiles(values[rows], (0.05, 0.95))
        further = values[generator.integers(0, len(values))]
        futures.add(low <= further, further <= high, ~np.isnan(further))
    named: dict[str, Any] = {"model": f"{case.name.partition(',')[0]}, n = {n}"}
    tied, tied_pairs = _tied(values), _tied(paired_differences(values, others))
    return (
        *figures.promises("figures: the interval holds", tied, _BAND, named),
        *distances.promises("compare: a difference's interval holds", tied_pairs, _BAND, named),
        Promise(
            promise="compare: a row of equal towns is sure",
            repetitions=repetitions,
            count=false_rows,
            most=0.05,
            price=f"{len(columns)} rows at once",
            **named,
        ),
        *futures.promises("nine in ten between p05 and p95", tied, _RANGE, named),
        *quotients.promises("compare: ÷ within a factor of 3", np.zeros(len(saved), np.bool_), (0.9, None), named),
    )


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """A row a repetition: in which columns something was known, and whether it held."""

    held: list[Bools] = field(default_factory=list)
    known: list[Bools] = field(default_factory=list)

    def add(self, above: Bools, below: Bools, known: Bools) -> None:
        self.known.append(known)
        self.held.append(known & above & below)

    def promises(
        self, promise: str, tied: Bools, band: tuple[float, float | None], named: dict[str, Any]
    ) -> Iterator[Promise]:
        """Yield the promise for columns without ties, which shall be exact, and for those with, which may be wide.

        Among equal values no interval between two of them leaves any out: it holds more than it says.
        """
        for which, columns, most in (("", ~tied, band[1]), (", ties", tied, None)):
            held, known = np.array(self.held)[:, columns], np.array(self.known)[:, columns]
            if known.any():
                often = known.mean(axis=0) >= 0.25
                rates = held.sum(axis=0)[often] / known.sum(axis=0)[often]
                yield Promise(
                    promise=f"{promise}{which}",
                    least=band[0],
                    most=most,
                    price=f"worst of {len(rates)} figures {rates.min():.0%}" if len(rates) else "",
                    **(counted_together(held, known) | named),
                )


def _tied(values: Floats) -> Bools:
    """Return in which columns the commonest value is more than three in a hundred."""
    return np.array([np.unique(column, return_counts=True)[1].max() > _TIED * len(column) for column in values.T])


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
                    least=0.92,
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
            Promise(promise=promise, model=model, repetitions=repetitions, count=held, least=_BAND[0], most=_BAND[1])
        )
    return tuple(out)


def _summed(results: Results, kind: Kind, during: str) -> Floats:
    chosen = results.only(lambda row: row.measure.kind == kind and row.period == during)
    out: Floats = chosen.values.sum(axis=1)
    return out


def _pair(case: StaffingCase, count: int, seed: int, executor: Executor | None) -> tuple[Results, Results, list[int]]:
    """Return pairs of replications with two and with one more than the least, and the columns of the case's year."""
    scenario, lever = scenario_of(case.raw), case.levels.lever
    more, fewer = (lever.set(scenario, case.least + extra, case.question.since) for extra in (2, 1))
    whole, other = (run(model.pathway(), replications=count, seed=seed, executor=executor) for model in (more, fewer))
    return whole, other, _columns(whole, case.during)


def _columns(results: Results, during: str) -> list[int]:
    """Return the columns of a year that are a figure of chance in nearly all replications."""
    return [
        column
        for column, row in enumerate(results.index)
        if row.period == during
        and np.isnan(results.values[:, column]).mean() < 0.5
        and np.ptp(results.values[np.isfinite(results.values[:, column]), column]) > 0
    ]


def figure_tests(repetitions: int, seed: int = 1, executor: Executor | None = None) -> list[PutToTheTest]:
    """Return the tests of figures, differences, precisions and prices.

    Args:
        repetitions: of precisions; twice as many of the rest, which is quick.
        seed: of all draws.
        executor: where replications run.
    """
    how: dict[str, Any] = {"seed": seed, "executor": executor}
    desk, light, chain = (staffing_cases()[place] for place in (0, 4, 6))
    return [
        *(
            partial(estimate_promises, case, n, 2 * repetitions, **how)
            for case in (desk, light, chain)
            for n in (20, 50)
        ),
        *(
            partial(precision_promises, case, relative, repetitions, **how)
            for case, relative in ((desk, 0.1), (desk, 0.05), (chain, 0.05))
        ),
        *(partial(price_promises, chain, n, 2 * repetitions, **how) for n in (20, 50)),
    ]
