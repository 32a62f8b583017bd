"""Faults at each step that a writer asks of the system: the process killed there, Ctrl-C, a full disk."""

import errno
import os
from contextlib import contextmanager, suppress

import pytest

from flowsim.core.writing import atomic

STEPS = ("open", "write", "fsync", "replace", "rename", "unlink", "rmdir", "mkdir", "ftruncate", "chmod")


class Killed(BaseException):
    """Stands for the end of a process: from there on no step of it reaches the system, its clearing up neither."""


@contextmanager
def fault(at, kind):
    """Let a step fail, counted from 0 in the whole block; yields the list of the steps asked for until then.

    Args:
        at: which step; past the last one, nothing happens.
        kind: "kill" (this step and all later ones are not done), "interrupt" (KeyboardInterrupt instead of it),
            "full" (OSError, once).
    """
    steps, opened = [], set()

    def wrapped(name, real):
        def step(*arguments, **options):
            steps.append(name)
            if len(steps) - 1 == at or (kind == "kill" and len(steps) > at):
                if kind == "full":
                    raise OSError(errno.ENOSPC, "No space left on device")
                raise Killed if kind == "kill" else KeyboardInterrupt
            result = real(*arguments, **options)
            if name == "open":
                opened.add(result)
            return result

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        patch.setattr(atomic, "_exchanged", wrapped("exchange", atomic._exchanged))
        try:
            yield steps
        finally:
            patch.undo()
            if kind == "kill":
                for descriptor in opened:  # the system closes what an ended process had open, and so releases its locks
                    with suppress(OSError):
                        os.close(descriptor)
