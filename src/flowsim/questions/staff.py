"""A question: what the least staffing is that meets a goal."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from functools import cached_property

from pydantic import model_validator

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.core.errors import KeyedError
from flowsim.core.periods import Period
from flowsim.core.progress import Progress
from flowsim.core.quantities import parse_share
from flowsim.model.scenario import Scenario
from flowsim.planning.levers import Levels, varied
from flowsim.planning.prices import prices_of
from flowsim.planning.staffing.cost import StaffingCost, unpriced
from flowsim.planning.staffing.search import Answer, Frontier, staff
from flowsim.planning.staffing.trials import Question as Goals
from flowsim.planning.staffing.trials import StoppingRule
from flowsim.questions.asking import Chosen, Inquiry, chosen_parameters, command, informed, keyed

__all__ = ["Staff"]


class Staff(Inquiry):
    """Goals that a staffing shall meet, and what may be varied for them.

    Attributes:
        goal: all to be met, such as "decided within 23 weeks >= 90%".
        vary: one lever or two, such as "rehabilitation_team.places".
        between: of each the least and the most, such as "10 60".
        during: the period in which the goals hold, and from which on staffing is varied.
        scenario: a file, the name of a shipped scenario, or a base.
        chance: meet the goals in at least this share of the years that might come; "90%" or 0.9.
        every: of the first of two levers, every n-th level; about 9 levels where left out.
        confidence: with which all intervals of the answer hold at once.
        replications: of each staffing, at most.
        seed: of all draws.
        point: take the fitted parameters in every replication.
        calibrated: the folder of a calibration, instead of the one that ships.
        sets: draw parameter sets alone, each with a luck of its own from the start on, where the base has histories
            that hold the documented waits.
        hold: let factors keep their last values after the last document, where they would walk on.
        prices: a file of prices; those that ship with the base where left out.
    """

    goal: tuple[str, ...]
    vary: tuple[str, ...]
    between: tuple[str, ...]
    during: str
    scenario: str = "copenhagen"
    chance: float | str | None = None
    every: int | None = None
    confidence: float | str = 0.96
    replications: int = 200
    seed: int = 1
    point: bool = False
    calibrated: str | None = None
    sets: bool = False
    hold: bool = False
    prices: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Staff:
        self.levels, self.stopping, self.goals, self.cost  # noqa: B018 (each reads and checks a part)
        return self

    @cached_property
    def subject(self) -> Scenario:
        """The scenario; where its horizon ends before the goals hold, it is run to the end of that period."""
        scenario = Scenario.of(self.scenario)
        with keyed("during"):
            return scenario.reaching(Period(self.during).end)

    @cached_property
    def levels(self) -> tuple[Levels, ...]:
        """What is varied, and the levels allowed."""
        levels = varied(self.vary, self.between, self.subject.pathway())
        if not 1 <= len(levels) <= 2:
            raise KeyedError("vary", "two levers at most" if levels else "name one lever, or two")
        if len(levels) == 1:
            if self.every is not None:
                raise KeyedError("every", "it goes with two levers")
            return tuple(levels)
        return levels[0].thinned(self.every), levels[1]

    @cached_property
    def stopping(self) -> StoppingRule:
        """How sure the answer shall be."""
        return StoppingRule(confidence=share(self.confidence, "confidence"), most=self.replications)

    @cached_property
    def chosen(self) -> Chosen:
        """What parameters are drawn from."""
        return chosen_parameters(self.subject, self.calibrated, self.point, sets=self.sets, hold=self.hold)

    @cached_property
    def goals(self) -> Goals:
        """The goals, read against the scenario."""
        return goals_of(self.subject, self.goal, self.during, self.chance, self.chosen.parameters)

    @cached_property
    def cost(self) -> StaffingCost | str:
        """What the levers cost; or, where that can't be said, why."""
        prices = prices_of(self.subject, self.prices)
        if prices is None:
            return "What this costs is given with a file of prices: --prices FILE."
        levers = [levels.lever for levels in self.levels]
        lacking = unpriced(levers, prices)
        if lacking:
            return f"What this costs is not told: {prices.source} has no price of {', '.join(lacking)}."
        return StaffingCost.of(self.goals, levers, prices)

    @property
    def varies(self) -> bool:
        """Whether every replication has a model of its own."""
        return isinstance(self.chosen.parameters, Ensemble)

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Answer | Frontier:
        """Search; with two levers the answer is a frontier."""
        goals = replace(self.goals, parameters=informed(self, self.chosen, self.subject, executor).parameters)
        return staff(goals, self.levels, stopping=self.stopping, seed=self.seed, executor=executor, progress=progress)

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        return command(
            "staff",
            [self.scenario],
            {"goal": self.goal, "vary": self.vary, "between": self.between, "during": self.during}
            | {"chance": self.chance, "every": self.every, "confidence": self.confidence}
            | {"replications": self.replications, "seed": self.seed, "point": self.point}
            | {
                "calibrated": self.calibrated,
                "sets": self.sets,
                "hold": self.hold,
                "prices": self.prices,
                "workers": workers,
            },
        )


def share(value: float | str, key: str) -> float:
    """Return the fraction that a share says, as a number or as people write it."""
    return parse_share(value, key) if isinstance(value, str) else value


def goals_of(
    scenario: Scenario, goal: tuple[str, ...], during: str, chance: float | str | None, parameters: Parameters
) -> Goals:
    """Read goals against a scenario.

    Raises:
        InputError: as `trials.Question.of`.
    """
    least = None if chance is None else share(chance, "chance")
    return Goals.of(scenario, goal, during, parameters=parameters, chance=least)
