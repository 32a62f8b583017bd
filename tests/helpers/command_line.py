"""The command line run in this process, as a planner would type it."""

import contextlib
import io
import sys

import pytest

from flowsim.cli.main import start


def flowsim(*words):
    """Return the exit code, the output and the errors of a command."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["flowsim", *map(str, words)])
        patch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as ended:
            start()
    return ended.value.code, out.getvalue(), err.getvalue()


def fine(*words):
    """Return the output of a command that succeeds and has nothing to complain of."""
    code, out, err = flowsim(*words)
    complaints = [line for line in err.splitlines() if not line.startswith("Wrote ")]
    assert (code, complaints) == (0, [])
    return out
