"""Where the command line begins: signals first, so that Ctrl-C is heard while all else is still being loaded."""

from __future__ import annotations

import os

from flowsim.cli.signals import end, listen, stop_signal

__all__ = ["begin"]


def begin() -> None:
    """Run the command line."""
    try:
        listen()
        # Matrices are small here, and threads that share one wait for each other: on a busy machine most of the time.
        # It is read when the library is loaded; whoever has set it has their way.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from flowsim.cli.main import start

        start()
    except KeyboardInterrupt:
        end(stop_signal())
