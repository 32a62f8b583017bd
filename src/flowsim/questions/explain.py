"""Two questions: what drives a measure, and which assumptions move it most."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import cached_property

from pydantic import model_validator

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.errors import InputError, KeyedError
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.model.scenario import Scenario
from flowsim.planning.assumptions import Assumption, largest_assumptions
from flowsim.planning.influence import Sensitivity, checked_response, explain
from flowsim.planning.levers import Levels, varied
from flowsim.planning.response import Response
from flowsim.questions.asking import Chosen, Inquiry, chosen_parameters, command, keyed, refuse_known
from flowsim.simulation.measures.catalogue import Catalogue

__all__ = ["Explain", "ExplainAssumptions"]


class Explain(Inquiry):
    """A measure whose variation is to be divided among parameters, staffing and luck.

    Attributes:
        measure: its name, such as "wait.rehabilitation_team.served".
        period: over which it is taken.
        scenario: a file, the name of a shipped scenario, or a base.
        vary: levers that vary besides the parameters.
        between: of each the least and the most, such as "10 60".
        sets: sets of factors, run twice each; 200, or 5 a factor, where left out.
        calibrated: the folder of a calibration, instead of the one that ships.
        seed: of all draws.
    """

    measure: str
    period: str
    scenario: str = "copenhagen"
    vary: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    sets: int | None = None
    calibrated: str | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _checked(self) -> Explain:
        refuse_known(self.subject, "what drives a measure")
        if self.ensemble is None and not self.levels:
            raise InputError(
                "nothing varies: there is no calibrated ensemble, so name a lever with --vary and --between"
            )
        checked_response(self.subject, self.measure, self.period, self.ensemble, self.levels, self.sets)
        return self

    @cached_property
    def subject(self) -> Scenario:
        """The scenario; where its horizon ends before the period, it is run to the end of that."""
        return _reaching(self.scenario, self.period)

    @cached_property
    def levels(self) -> tuple[Levels, ...]:
        """What is varied besides the parameters."""
        return tuple(varied(self.vary, self.between, self.subject.pathway()))

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subject, self.calibrated)

    @property
    def ensemble(self) -> Ensemble | None:
        """The ensemble whose factors vary; None where there is none."""
        parameters = self.chosen.parameters
        return parameters if isinstance(parameters, Ensemble) else None

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Sensitivity:
        """Run the sets and divide the variance."""
        return explain(
            self.subject,
            self.measure,
            self.period,
            ensemble=self.ensemble,
            levers=self.levels,
            sets=self.sets,
            seed=self.seed,
            executor=executor,
            progress=progress,
        )

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        return command(
            "explain",
            [self.scenario],
            {"measure": self.measure, "period": self.period, "vary": self.vary, "between": self.between}
            | {"sets": self.sets, "calibrated": self.calibrated, "seed": self.seed, "workers": workers},
        )


class ExplainAssumptions(Inquiry):
    """A measure, and which assumptions of the base move it most when each is raised by a tenth.

    Attributes:
        measure: its name, such as "wait.rehabilitation_team.served".
        period: over which it is taken.
        scenario: a file, the name of a shipped scenario, or a base.
        sets: pairs of histories for each of the assumptions that move it most.
        calibrated: the folder of a calibration, instead of the one that ships.
        seed: of all draws.
    """

    measure: str
    period: str
    scenario: str = "copenhagen"
    sets: int = 12
    calibrated: str | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _checked(self) -> ExplainAssumptions:
        refuse_known(self.subject, "which assumptions move a measure")
        if self.sets < 2:
            raise KeyedError("sets", f"{self.sets} is not allowed: at least 2 are needed")
        self.chosen, self.response  # noqa: B018 (each reads and checks a part)
        return self

    @cached_property
    def subject(self) -> Scenario:
        """The scenario; where its horizon ends before the period, it is run to the end of that."""
        return _reaching(self.scenario, self.period)

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subject, self.calibrated)

    @cached_property
    def response(self) -> Response:
        """The measure over the period, with its unit."""
        response = Response.of(self.measure, self.period, Catalogue.of(self.subject.pathway()).index)
        if response.parts != (response.period,):
            raise KeyedError("period", f"{self.measure} is not reported for {self.period}: ask for {response.parts[0]}")
        return response

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> tuple[Assumption, ...]:
        """Raise each assumption, and order them by what the measure does, the largest first."""
        parameters = self.chosen.parameters
        return largest_assumptions(
            self.subject,
            self.measure,
            self.period,
            parameters=parameters if isinstance(parameters, Ensemble) else None,
            replications=self.sets,
            seed=self.seed,
            executor=executor,
            progress=progress,
        )

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        return command(
            "explain",
            [self.scenario],
            {"measure": self.measure, "period": self.period, "assumptions": True, "sets": self.sets}
            | {"calibrated": self.calibrated, "seed": self.seed, "workers": workers},
        )


def _reaching(scenario: str, period: str) -> Scenario:
    read = Scenario.of(scenario)
    with keyed("period"):
        return read.reaching(Period(period).end)
