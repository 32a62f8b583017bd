"""A question: what comes of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import model_validator

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.progress import Progress
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.varying import Varying
from flowsim.questions.asking import (
    Chosen,
    Inquiry,
    check_measured,
    check_periods,
    chosen_parameters,
    command,
    informed,
    precision_of,
)
from flowsim.simulation.fork import Fork, own_fork
from flowsim.simulation.kept import KeptHistories
from flowsim.simulation.opening import model_of
from flowsim.simulation.results import Results
from flowsim.simulation.runner import Running, begin_run, known_engine, run

if TYPE_CHECKING:
    from flowsim.simulation.precision import Precision

__all__ = ["Run"]


class Run(Inquiry):
    """A scenario to be simulated.

    Attributes:
        scenario: a file, the name of a shipped scenario, or a base.
        replications: how many, 20 where left out; with a precision, at most (10,000).
        precision: the half-width of the intervals at 95 %, over the levels; "5%" or 0.05.
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
    """

    scenario: str = "copenhagen"
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

    @model_validator(mode="after")
    def _checked(self) -> Run:
        known_engine(self.engine)
        check_periods(self.subject, self.first, self.last)
        self.chosen  # noqa: B018 (reads the calibration)
        if self.wanted is not None:
            check_measured(self.wanted, self.subject)
        return self

    @classmethod
    def about(cls, scenario: Scenario, *, replications: int, seed: int = 1) -> Run:
        """Ask about a scenario that is read and checked already: to read it again takes as long as two replications."""
        question = cls.model_construct(scenario=scenario.source, replications=replications, seed=seed)
        question.__dict__["subject"] = scenario
        return question

    @cached_property
    def subject(self) -> Scenario:
        """The scenario as read."""
        return Scenario.of(self.scenario)

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subject, self.calibrated, self.point, sets=self.sets, hold=self.hold)

    @cached_property
    def wanted(self) -> Precision | None:
        """The precision asked for."""
        return precision_of(self.precision, self.measure, self.replications, (self.first, self.last))

    def drawn(self, executor: Executor | None = None) -> Chosen:
        """Return what replications draw, once the known figures of the scenario are weighed in."""
        return informed(self, self.chosen, self.subject, executor)

    def answer(
        self,
        executor: Executor | None = None,
        progress: Progress | None = None,
        *,
        measures: Iterable[str] | None = None,
    ) -> Results:
        """Simulate; `Results.reached` says whether a precision that was asked for was reached.

        Args:
            executor: where the replications run.
            progress: called with (done, all).
            measures: those to compute, in less time than all and with no digest of the visits; not where a precision is
                asked for, which takes others.
        """
        model, engine = self._model(self.drawn(executor)), known_engine(self.engine)
        if self.wanted is not None:
            from flowsim.simulation.precision import run_to_precision

            results, reached = run_to_precision(
                model, self.wanted, engine=engine, seed=self.seed, executor=executor, progress=progress
            )
            results = replace(results, reached=reached)
        else:
            count = 20 if self.replications is None else self.replications
            results = run(
                model,
                engine=engine,
                replications=count,
                seed=self.seed,
                measures=measures,
                executor=executor,
                progress=progress,
            )
        return results.between(self.first or "0001", self.last or "9999")

    def glimpse(
        self,
        measures: Iterable[str],
        *,
        at: Fork | None,
        kept: KeptHistories | None,
        executor: Executor,
    ) -> Running:
        """Begin to simulate for some measures alone, on from the histories that were kept at a fork.

        From the fork on each replication has another future than in `answer`; without one, the figures are those of
        `answer`. Where the model draws histories that reach as far as the fork or farther, they are the model's own, as
        in `answer`: kept where they end at that day, simulated from the start where they reach farther.
        """
        model = self.model
        lived = None if at is None else own_fork(model, self.seed)
        if at is not None and lived is not None:
            kept = kept if lived.at <= at.at else None
            at = replace(at, before=lived) if lived.at < at.at else None
        return begin_run(
            model,
            replications=range(20 if self.replications is None else self.replications),
            seed=self.seed,
            fork=at,
            kept=kept if at or lived else None,
            measures=measures,
            executor=executor,
        )

    @property
    def model(self) -> Pathway | Varying:
        """What is simulated: the scenario with the parameters of each replication."""
        return self._model(self.drawn())

    def _model(self, chosen: Chosen) -> Pathway | Varying:
        parameters = chosen.parameters
        return parameters.over(self.subject) if isinstance(parameters, Ensemble) else model_of(self.subject, parameters)

    def command_line(
        self, answer: Results | None = None, *, workers: int | None = None, cluster: str | None = None
    ) -> str:
        """Write the command that asks again; of an answer, with as many replications as that took."""
        many = self.replications if answer is None else len(answer.replications)
        sure = {"precision": self.precision, "measure": self.measure} if answer is None else {}
        return command(
            "run",
            [self.scenario],
            {"replications": many, **sure, "seed": self.seed, "engine": self.engine}
            | {
                "from": self.first,
                "to": self.last,
                "point": self.point,
                "calibrated": self.calibrated,
                "sets": self.sets,
                "hold": self.hold,
            }
            | {"workers": workers, "cluster": cluster},
        )
