"""A question: how a calibrated model stands beside the documented figures."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import cached_property

from pydantic import model_validator

from flowsim.calibration.verdict import Verdict, fresh_seed, judge
from flowsim.calibration.workflow import Calibration
from flowsim.core.errors import KeyedError
from flowsim.core.progress import Progress
from flowsim.questions.asking import Inquiry, command

__all__ = ["Judge"]


class Judge(Inquiry):
    """A calibration to be held beside each documented figure.

    Attributes:
        calibrated: a folder of `flowsim calibrate`, or the name of a built-in base.
        replications: at the mode.
        seed: of fresh draws, other than the calibration's own; 1,000 more than that where left out.
    """

    calibrated: str = "copenhagen"
    replications: int = 200
    seed: int | None = None

    @model_validator(mode="after")
    def _checked(self) -> Judge:
        if self.replications < 2:
            raise KeyedError("replications", f"{self.replications} is not allowed: at least 2 are needed")
        fresh_seed(self.calibration, self.seed)
        return self

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration as read."""
        return Calibration.read(self.calibrated)

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Verdict:
        """Simulate the mode and the ensemble on fresh draws, and compare."""
        return judge(
            self.calibration, replications=self.replications, seed=self.seed, executor=executor, progress=progress
        )

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        options = {"replications": self.replications, "seed": self.seed, "workers": workers}
        return command("judge", [self.calibrated], options)
