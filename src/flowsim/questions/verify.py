"""A question: whether an engine agrees with queueing theory."""

from __future__ import annotations

from concurrent.futures import Executor

from pydantic import model_validator

from flowsim.core.progress import Progress
from flowsim.questions.asking import Inquiry, command
from flowsim.simulation.runner import known_engine
from flowsim.theory.verification.checks import Verification, known_families, verify

__all__ = ["Verify"]


class Verify(Inquiry):
    """An engine to be held against theory.

    Attributes:
        family: names of families of cases, and "exact"; all where left out.
        engine: "kernel" or "simpy".
        seed: of all draws.
    """

    family: tuple[str, ...] = ()
    engine: str = "kernel"
    seed: int = 1

    @model_validator(mode="after")
    def _checked(self) -> Verify:
        known_engine(self.engine)
        known_families(self.family or None)
        return self

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Verification:
        """Run every case and compare."""
        return verify(
            self.family or None,
            engine=known_engine(self.engine),
            seed=self.seed,
            executor=executor,
            progress=progress,
        )

    def command_line(self) -> str:
        """Write the command that asks again."""
        return command("verify", [], {"family": self.family, "engine": self.engine, "seed": self.seed})
