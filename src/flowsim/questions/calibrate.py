"""A question: what values of a model's parameters fit the documented figures."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path

from pydantic import model_validator

from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Calibration, Effort, Stage, calibrate, check_place
from flowsim.core.extras import require_extra
from flowsim.questions.asking import Inquiry, command

__all__ = ["Calibrate"]


class Calibrate(Inquiry):
    """A base to be fitted to its targets.

    Attributes:
        study: a calibration file, or the name of a built-in base.
        draws: from the prior; fewer are quicker and vaguer.
        sets: parameter sets of the ensemble.
        pairs: that are weighed for histories, where a target tells a state.
        seed: of all draws.
        out: the folder for what is found, and for the work so far; nothing is kept where left out.
    """

    study: str = "copenhagen"
    draws: int = 30_000
    sets: int = 500
    pairs: int = 8_000
    seed: int = 1
    out: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Calibrate:
        require_extra("calibrate", "a calibration")
        self.effort, self.subject  # noqa: B018 (each reads and checks a part)
        return self

    @cached_property
    def effort(self) -> Effort:
        """How much work it may be."""
        return Effort(draws=self.draws, truths=min(1_000, self.draws // 10), sets=self.sets, pairs=self.pairs)

    @cached_property
    def subject(self) -> Study:
        """The base, its factors and targets, as read."""
        return Study.read(self.study)

    def check_folder(self) -> None:
        """Make the folder, and refuse one that holds another study's work.

        Raises:
            InputError: where it does, or it can't be made.
        """
        if self.out is not None:
            check_place(self.subject, Path(self.out), self.seed)

    def answer(self, executor: Executor | None = None, progress: Stage | None = None) -> Calibration:
        """Fit the model; `progress` is called with (stage, done, all)."""
        folder = None if self.out is None else Path(self.out)
        return calibrate(
            self.subject, effort=self.effort, seed=self.seed, folder=folder, executor=executor, progress=progress
        )

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        options = {"out": self.out, "draws": self.draws, "sets": self.sets, "pairs": self.pairs}
        options |= {"seed": self.seed, "workers": workers}
        return command("calibrate", [self.study], options)
