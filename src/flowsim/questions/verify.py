"""A question: whether an engine agrees with queueing theory, or whether what is promised of chance holds."""

from __future__ import annotations

from concurrent.futures import Executor

from pydantic import model_validator

from flowsim.core.errors import KeyedError, require
from flowsim.core.progress import Progress
from flowsim.questions.asking import Inquiry, command
from flowsim.simulation.runner import known_engine
from flowsim.theory.verification.checks import Verification, known_families, verify
from flowsim.theory.verification.promises import Promises, put_to_the_test

__all__ = ["Verify"]

_REPETITIONS = 200


class Verify(Inquiry):
    """An engine to be held against theory, or promises of chance to be repeated.

    Attributes:
        family: names of families of cases, and "exact"; all where left out.
        engine: "kernel" or "simpy".
        promises: put searches and intervals to the test on models whose answer is known, instead.
        repetitions: of each search, at least 10; 200 where left out. They go with `promises`.
        seed: of all draws.
    """

    family: tuple[str, ...] = ()
    engine: str = "kernel"
    promises: bool = False
    repetitions: int | None = None
    seed: int = 1

    @model_validator(mode="after")
    def _checked(self) -> Verify:
        known_engine(self.engine)
        known_families(self.family or None)
        if not self.promises and self.repetitions is not None:
            raise KeyedError("repetitions", "it goes with --promises")
        if self.promises:
            for key, given in (("family", bool(self.family)), ("engine", self.engine != "kernel")):
                if given:
                    raise KeyedError(key, "it does not go with --promises")
            require(self.repetitions is None or self.repetitions >= 10, "repetitions", self.repetitions, "at least 10")
        return self

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Verification | Promises:
        """Run every case and compare; or repeat what the promises are about, and count."""
        if self.promises:
            return self._promises(executor, progress)
        return verify(
            self.family or None,
            engine=known_engine(self.engine),
            seed=self.seed,
            executor=executor,
            progress=progress,
        )

    def _promises(self, executor: Executor | None, progress: Progress | None) -> Promises:
        # Each loads what an engine's verification does without.
        from flowsim.forecasting.promises import outlook_tests
        from flowsim.planning.promises.figures import figure_tests
        from flowsim.planning.promises.searches import search_tests
        from flowsim.planning.promises.shares import share_tests

        count = self.repetitions or _REPETITIONS
        tests = [
            *search_tests(count, self.seed, executor),
            *figure_tests(count, self.seed, executor),
            *share_tests(count, self.seed),
            *outlook_tests(count, self.seed, executor),
        ]
        return put_to_the_test(tests, self.seed, progress)

    def command_line(self) -> str:
        """Write the command that asks again."""
        return command(
            "verify",
            [],
            {"family": self.family, "engine": self.engine if not self.promises else None, "promises": self.promises}
            | {"repetitions": self.repetitions, "seed": self.seed},
        )
