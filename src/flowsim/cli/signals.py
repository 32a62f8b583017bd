"""Ctrl-C and what else asks a process to end: one line, and the exit code of the signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from flowsim.cli.speech import asked_language

__all__ = ["STOPPED", "end", "listen", "stop_signal"]

STOPPED = {
    "en": "flowsim: stopped; nothing is half written\n",
    "da": "flowsim: afbrudt; intet er halvt skrevet\n",
}
"""What is said of it, by language: it stands here, for a signal may come before any table of words can be read."""
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_received: list[int] = []


def listen() -> dict[int, Any]:
    """Take Ctrl-C, and what asks a process to end, as one: a KeyboardInterrupt, or the end where one can't be raised.

    What is ignored by whoever started the process stays so (`nohup`). Outside the main thread nothing changes. Returns
    what was done at these signals before.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        return {}
    usual = {int(number): signal.getsignal(number) for number in _SIGNALS}
    taken = {number: handler for number, handler in usual.items() if handler not in (signal.SIG_IGN, None)}
    for number in taken:
        signal.signal(number, _stop)
    return taken


def stop_signal() -> int:
    """Return the number of the signal that came; SIGINT's where none did."""
    return _received[0] if _received else int(signal.SIGINT)


def _stop(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    # A module stopped while it loads raises whatever it likes, or nothing. Who asks twice does not want to wait.
    if len(_received) > 1 or _importing(frame):
        end(number)
    raise KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def end(number: int) -> None:
    """End at once with one line, and the exit code of a signal; Python would wait for replications under way."""
    try:
        if sys.stderr is not None:
            os.write(sys.stderr.fileno(), STOPPED[asked_language(sys.argv[1:])].encode())
    except (OSError, ValueError):  # nobody listens
        pass
    os._exit(128 + number)
