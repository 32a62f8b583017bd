"""A question: which histories, of given parameter sets, hold what documents tell of a date."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path

from pydantic import model_validator

from flowsim.calibration.histories.drawn import PairCounts, dated, weigh
from flowsim.calibration.histories.kept import Histories
from flowsim.calibration.workflow import Calibration
from flowsim.core.errors import KeyedError
from flowsim.core.progress import Progress
from flowsim.questions.asking import Inquiry, command

__all__ = ["Weigh"]


class Weigh(Inquiry):
    """Pairs of a calibrated set and a replication to be weighed by the documented figures that tell a state.

    Attributes:
        calibrated: a folder of `flowsim calibrate`, or the name of a built-in base.
        pairs: how many are run until the last document.
        histories: how many are kept.
        out: the folder for `histories.csv`, and for the work so far; nothing is kept where left out.
    """

    calibrated: str = "copenhagen"
    pairs: int = 8_000
    histories: int = 500
    out: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Weigh:
        self.counts, self.calibration  # noqa: B018 (each reads and checks a part)
        if not dated(self.calibration.study):
            source = self.calibration.study.source
            raise KeyedError("calibrated", f"{source}: no target has `history = true`, by which histories are weighed")
        return self

    @cached_property
    def counts(self) -> PairCounts:
        """How many pairs are run, and how many histories kept."""
        return PairCounts(pairs=self.pairs, histories=self.histories)

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration as read."""
        return Calibration.read(self.calibrated)

    def check_folder(self) -> None:
        """Make the folder.

        Raises:
            InputError: where it can't be made.
        """
        if self.out is not None:
            try:
                Path(self.out).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise KeyedError("out", f"nothing can be written to '{self.out}': {error.strerror}") from None

    def answer(self, executor: Executor | None = None, progress: Progress | None = None) -> Histories:
        """Run the pairs and weigh them."""
        calibration, folder = self.calibration, None
        if self.out is not None:
            self.check_folder()
            folder = Path(self.out) / "pairs"
        return weigh(
            calibration.study,
            calibration.sets,
            counts=self.counts,
            seed=int(calibration.record["provenance"]["seed"]),
            folder=folder,
            executor=executor,
            progress=progress,
        )

    def command_line(self, *, workers: int | None = None) -> str:
        """Write the command that asks again."""
        options = {"pairs": self.pairs, "histories": self.histories, "out": self.out, "workers": workers}
        return command("weigh", [self.calibrated], options)
