"""A question: what scenarios differ by."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import date
from functools import cached_property
from typing import Any

from pydantic import model_validator

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.errors import KeyedError, require
from flowsim.core.progress import Progress
from flowsim.model.library import cities
from flowsim.model.scenario import Scenario
from flowsim.planning.comparison import Comparison, check_comparable, compare, headlines, to_one_end
from flowsim.planning.cost import with_costs
from flowsim.planning.prices import Prices, prices_of
from flowsim.questions.asking import (
    Chosen,
    Inquiry,
    check_known_alike,
    check_measured,
    check_periods,
    chosen_parameters,
    command,
    informed,
    precision_of,
)
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.precision import Precision
from flowsim.simulation.runner import known_engine

__all__ = ["Compare"]


class Compare(Inquiry):
    """Scenarios to be compared with the first one, on the same citizens with the same luck.

    Attributes:
        scenarios: two or more files, or names of shipped scenarios, over one base.
        replications: of each, 50 where left out; with a precision, at most (10,000).
        precision: the half-width of the intervals of differences at 95 %, over the first scenario's levels.
        measure: names of measures of which the precision is asked; awards where left out.
        seed: of all draws.
        point: take the fitted parameters in every replication.
        calibrated: the folder of a calibration, instead of the one that ships.
        sets: draw parameter sets alone, each with a luck of its own from the start on, where the base has histories
            that hold the documented waits.
        hold: let factors keep their last values after the last document, where they would walk on.
        engine: "kernel" or "simpy".
        first: the first period to report; the whole run where left out.
        last: the last one.
        cost: compute costs too.
        prices: a file of prices, for costs; those that ship with the base where left out.
    """

    scenarios: tuple[str, ...]
    replications: int | None = None
    precision: float | str | None = None
    measure: tuple[str, ...] = ()
    seed: int = 1
    point: bool = False
    calibrated: str | None = None
    sets: bool = False
    hold: bool = False
    engine: str = "kernel"
    first: str | None = None
    last: str | None = None
    cost: bool = False
    prices: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Compare:
        known_engine(self.engine)
        check_comparable(self.as_read)
        check_known_alike(self.as_read)
        check_periods(self.subjects[0], self.first, self.last)
        if self.wanted is not None:
            check_measured(self.wanted, self.subjects[0])
        elif self.replications is not None:
            least = "a difference takes at least 2 to be sure of"
            require(self.replications >= 2, "replications", self.replications, least)
        self.priced, self.chosen  # noqa: B018 (each reads and checks a part)
        return self

    @cached_property
    def as_read(self) -> tuple[Scenario, ...]:
        """The scenarios as read, each with its own end."""
        return tuple(Scenario.of(name) for name in self.scenarios)

    @cached_property
    def subjects(self) -> tuple[Scenario, ...]:
        """The scenarios as they are run: to the latest end among them."""
        return to_one_end(self.as_read)

    @property
    def lengthened(self) -> dict[str, date]:
        """The own ends of the scenarios that are run longer, by name."""
        ends = {one.name: one.pathway().end.date() for one in self.as_read}
        latest = max(ends.values(), default=None)
        return {name: end for name, end in ends.items() if end != latest}

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subjects[0], self.calibrated, self.point, sets=self.sets, hold=self.hold)

    @cached_property
    def wanted(self) -> Precision | None:
        """The precision asked for."""
        return precision_of(self.precision, self.measure, self.replications, (self.first, self.last))

    @cached_property
    def priced(self) -> Prices | None:
        """The prices that costs are computed by; None where costs are not asked for."""
        if not (self.cost or self.prices):
            return None
        prices = prices_of(self.subjects[0], self.prices)
        if prices is None:
            known = ", ".join(f"'{city}'" for city in cities())
            raise KeyedError(
                "cost",
                f"the prices that ship are of {known}, not of '{self.subjects[0].base.name}': name a file of your own "
                "with --prices",
            )
        return prices

    @property
    def varies(self) -> bool:
        """Whether every replication has a model of its own."""
        return isinstance(self.chosen.parameters, Ensemble) and self.engine == "kernel"

    def drawn(self, executor: Executor | None = None) -> Chosen:
        """Return what replications draw, once the known figures of the first scenario are weighed in."""
        return informed(self, self.chosen, self.subjects[0], executor)

    def answer(
        self, executor: Executor | None = None, progress: Progress | None = None, *, in_short: bool = False
    ) -> Comparison:
        """Run the scenarios side by side, with costs where they are asked for.

        Args:
            executor: where the replications run.
            progress: called with (done, all).
            in_short: compute the headline measures alone, in less time, and no digest of the visits; not where costs or
                a precision are asked for, which take others.
        """
        short = None
        if in_short and self.priced is None and self.wanted is None:
            index = Catalogue.of(self.subjects[0].pathway()).index
            short = headlines(list(dict.fromkeys(row.measure for row in index)))
        comparison = compare(
            self.subjects,
            parameters=self.drawn(executor).parameters,
            replications=50 if self.replications is None else self.replications,
            precision=self.wanted,
            engine=known_engine(self.engine),
            seed=self.seed,
            executor=executor,
            progress=progress,
            measures=short or None,
        )
        if self.priced is not None:
            comparison = with_costs(comparison, self.priced)
        return comparison.between(self.first or "0001", self.last or "9999")

    def command_line(
        self, answer: Comparison | None = None, *, workers: int | None = None, cluster: str | None = None
    ) -> str:
        """Write the command that asks again; of an answer, with as many replications as that took."""
        options: dict[str, Any] = {"replications": self.replications}
        options |= {"precision": self.precision, "measure": self.measure}
        if answer is not None:
            options = {"replications": len(answer.reference.replications)}
        options |= {"seed": self.seed, "engine": self.engine, "from": self.first, "to": self.last}
        options |= {"point": self.point, "calibrated": self.calibrated, "sets": self.sets, "hold": self.hold}
        options |= {"cost": self.cost and not self.prices, "prices": self.prices}
        options |= {"workers": workers, "cluster": cluster}
        return command("compare", self.scenarios, options)
