"""Where the command line begins: signals first, so that Ctrl-C is heard while all else is still being loaded."""

from __future__ import annotations

from flowsim.cli.signals import end, listen, stop_signal

__all__ = ["begin"]


def begin() -> None:
    """Run the command line."""
    try:
        listen()
        from flowsim.cli.main import start

        start()
    except KeyboardInterrupt:
        end(stop_signal())
