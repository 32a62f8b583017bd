"""What may come of hostile input: an answer, or one line that says what is wrong; within bounds of time and memory."""

import contextlib
import io
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path

import pytest

from flowsim import InputError, Scenario
from flowsim.cli.main import start
from flowsim.evidence.series import read
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.measures.catalogue import Catalogue
from fuzz import inputs

SECONDS = 20
MEMORY = 6 * 2**30  # of address space, which compiled modules ask for and never touch


class TooLong(BaseException):
    pass


def limit_memory():
    """Let a case that takes more fail, not the machine."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@contextlib.contextmanager
def limited():
    def late(*_):
        raise TooLong(f"more than {SECONDS} seconds")

    earlier = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of the processor: a busy machine makes no case slower
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, earlier)


def fault_of(action):
    """Return what is wrong with how an action ends; an empty text where it succeeds or is refused in one line."""
    try:
        with limited(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            action()
    except InputError as error:
        line = str(error)
        return "" if line and "\n" not in line and len(line) < 2_500 else f"a message of other form: {line[:300]!r}"
    except BaseException:
        return traceback.format_exc()
    return ""


def compiled(path):
    pathway = Scenario.of(path).pathway()
    compile_pathway(pathway)
    Catalogue.of(pathway)


def toml(seed, folder):
    """Read a pathway or scenario, as every command does before anything runs."""
    for name, content in inputs.toml(seed).items():
        (folder / name).write_bytes(content)
    return fault_of(lambda: compiled(folder / "mine.toml"))


def csv(seed, folder):
    """Read series of a text file."""
    (folder / "series.csv").write_bytes(inputs.csv(seed))
    return fault_of(lambda: read(folder / "series.csv"))


def xlsx(seed, folder):
    """Read series of an Excel file."""
    (folder / "series.xlsx").write_bytes(inputs.xlsx(seed))
    return fault_of(lambda: read(folder / "series.xlsx"))


def prepare(folder):
    """Lay out the files that command lines name."""
    (folder / "desk.toml").write_text(inputs.PATHWAY)
    (folder / "mine.toml").write_text(inputs.SCENARIO)
    (folder / "bad.toml").write_bytes(b"\xff\x00[")
    (folder / "bad.csv").write_bytes(b'"\x00')
    quarters = ";".join(f"{2012 + n // 4}K{n % 4 + 1}" for n in range(24))
    (folder / "series.csv").write_text(f"Ydelse;{quarters}\nkonto;{';'.join(str(100 + n) for n in range(24))}\n")


def line_fault(line, folder):
    """Return what is wrong with how a command line ends, and what stands in the folder beside what it was asked for."""
    out, err = io.StringIO(), io.StringIO()
    code = None

    def action():
        nonlocal code
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            patch.setattr(sys, "argv", ["flowsim", *line])
            patch.chdir(folder)
            try:
                start()
            except SystemExit as ended:
                code = ended.code

    fault = fault_of(action)
    if fault:
        return fault
    if code not in (0, 1, 2) or "Traceback" in err.getvalue():
        return f"exit code {code}, {err.getvalue()[:500]!r}"
    if code == 2 and (out.getvalue() or err.getvalue().count("\n") != 1):
        return f"not one line: {out.getvalue()[:200]!r} {err.getvalue()[:500]!r}"
    strays = [name for name in os.listdir(folder) if name.startswith(".flowsim-")]
    return f"left behind: {strays}" if strays else ""


def words(seed, folder):
    """Run a command line of small files."""
    prepare(folder)
    line = inputs.words(seed)
    fault = line_fault(line, folder)
    return f"{line}\n{fault}" if fault else ""


KINDS = {"toml": toml, "csv": csv, "xlsx": xlsx, "words": words}


def corpus():
    """Return the files that once ended in something else, by kind."""
    place = Path(__file__).parent / "corpus"
    return sorted(path for path in place.iterdir() if path.suffix in (".toml", ".csv", ".xlsx"))
