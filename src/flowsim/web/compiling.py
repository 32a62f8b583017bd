"""Compiling in a process of its own: what a compiler takes, some 200 MB, it never gives back, and a page stays open."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Compilation"]

_LOG = logging.getLogger("flowsim.web")
_PATIENCE = 300.0
"""Seconds after which the other process is given up: a slow machine that does much else compiles in fewer."""


class Compilation:
    """Has another process compile the engine and the measures before the first replication, where nothing is yet.

    Attributes:
        seconds: about how many it takes while it is under way; 0 before and after.
    """

    def __init__(self) -> None:
        self.seconds = 0
        self._turn, self._asked = threading.Lock(), False

    def wait(self) -> None:
        """Return as soon as there is machine code.

        Where the other process fails, or does not end within `_PATIENCE`, the caller compiles for itself.
        """
        with self._turn:
            if not self._asked:
                self._asked = True
                self._compile()

    def _compile(self) -> None:
        from flowsim.simulation.engine.kernel import run_loop, take_up
        from flowsim.simulation.engine.machine_code import SECONDS, is_cached, is_kept

        if is_kept(run_loop) and not (is_cached(run_loop) and is_cached(take_up)):
            self.seconds = SECONDS
            words = [sys.executable, "-P", "-m", __name__]
            try:
                subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=_PATIENCE)
            except (OSError, subprocess.SubprocessError) as error:
                _LOG.warning("the engine is not compiled apart: %s", getattr(error, "stderr", None) or error)
            finally:
                self.seconds = 0


def _look_once(city: str = "copenhagen") -> None:
    """Do once what runs and looks do, for all measures."""
    from flowsim.questions.run import Run
    from flowsim.simulation.fork import Fork
    from flowsim.simulation.kept import KeptHistories
    from flowsim.web.layout import layout_of, moment

    layout, reference = layout_of(city)
    question = Run.about(reference, replications=1)
    measures = [str(measure) for measure in question.answer().measures]
    today = Fork(at=moment(layout.today))
    with (
        ThreadPoolExecutor(1) as executor,
        question.glimpse(measures, at=today, kept=KeptHistories(), executor=executor) as begun,
    ):
        begun.hand_out(range(1))
        begun.results(range(1))


if __name__ == "__main__":
    _look_once()
