"""The command line. It reads, calls the library, and prints; it decides nothing itself."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flowsim import __version__
from flowsim.cli.commands.calibrate import calibrate
from flowsim.cli.commands.compare import compare
from flowsim.cli.commands.explain import explain
from flowsim.cli.commands.forecast import forecast
from flowsim.cli.commands.judge import judge
from flowsim.cli.commands.make.base import base
from flowsim.cli.commands.make.today import today
from flowsim.cli.commands.make.weigh import weigh
from flowsim.cli.commands.outlook import outlook
from flowsim.cli.commands.report import report
from flowsim.cli.commands.run import run
from flowsim.cli.commands.show import check, diagram, evidence, names, new, prices, scenarios, schema
from flowsim.cli.commands.staff import staff
from flowsim.cli.commands.verify import verify
from flowsim.cli.commands.web import web
from flowsim.cli.options import WithPairs
from flowsim.cli.signals import end, listen, stop_signal
from flowsim.cli.speech import asked_language

__all__ = ["app", "start"]

_RENAMED: Mapping[str, str] = {"sensitivity": "explain", "verdict": "judge"}


_MEANT: Mapping[str, str] = {
    "kør": "run", "koer": "run", "simuler": "run", "simulate": "run", "start": "run",
    "sammenlign": "compare", "sammenligne": "compare", "diff": "compare",
    "bemand": "staff", "bemanding": "staff", "staffing": "staff",
    "forklar": "explain", "følsomhed": "explain",
    "rapport": "report", "skriv": "report",
    "tjek": "check", "kontroller": "check", "kontrollér": "check", "validate": "check",
    "prognose": "forecast", "fremskriv": "forecast", "predict": "forecast",
    "udsigt": "outlook", "udsigter": "outlook",
    "ny": "new", "nyt": "new", "opret": "new", "init": "new",
    "scenarier": "scenarios", "list": "scenarios", "ls": "scenarios",
    "priser": "prices", "navne": "names", "skema": "schema", "tegn": "diagram", "draw": "diagram",
    "kilder": "evidence", "dokumentation": "evidence", "facts": "evidence",
    "vægt": "weigh", "histories": "weigh", "kalibrer": "calibrate", "kalibrér": "calibrate", "fit": "calibrate",
    "vurder": "judge", "vurdér": "judge", "efterprøv": "verify", "test": "verify",
    "side": "web", "page": "web", "serve": "web",
}  # fmt: skip
"""What a person may write for a command, in Danish or in other words."""


_PERIODS = ("--from", "--to", "--during", "--period")
"""Options that choose periods: some commands take the first and the last, others one."""

_MEANT_OPTIONS: Mapping[str, str] = {
    "--fra": "--from", "--til": "--to", "--under": "--during", "--i": "--during", "--periode": "--during",
    "--sprog": "--language", "--koder": "--codes", "--hjælp": "--help", "--ud": "--out", "--alle": "--all",
    "--kørsler": "--replications", "--antal": "--replications", "--frø": "--seed", "--bilag": "--appendix",
    "--mål": "--goal", "--ændr": "--vary", "--varier": "--vary", "--mellem": "--between", "--nøgletal": "--measure",
    "--spørgsmål": "--question", "--udgifter": "--cost", "--omkostninger": "--cost", "--priser": "--prices",
    "--modtager": "--recipient", "--afsender": "--author", "--dato": "--date", "--for": "--of",
    "--borgere": "--citizens", "--sager": "--cases", "--sagsbehandlere": "--caseworkers", "--pladser": "--places",
}  # fmt: skip
"""What a person may write for an option in Danish."""


class Commands(TyperGroup):
    """The commands; a word that is none is refused with the command that is likely meant."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the words begin with."""
        word = args[0] if args else ""
        if word in _RENAMED:
            ctx.fail(f"'{word}' is called '{_RENAMED[word]}' now: flowsim {_RENAMED[word]} --help")
        if word and word not in self.commands and not word.startswith("-"):
            ctx.fail(f"there is no command '{word}'{_meant(word, args[1:], self.commands)}")
        return super().resolve_command(ctx, args)


def _meant(word: str, rest: Sequence[str], commands: Mapping[str, Any]) -> str:
    """Return what to write in place of a word that is no command."""
    import unicodedata

    from flowsim.core.errors import nearest
    from flowsim.core.files import is_file
    from flowsim.core.writing.shells import command_line
    from flowsim.model.library import cities, model_file, scenario_names

    plain = unicodedata.normalize("NFC", word).casefold()
    if plain in ("help", "hjælp"):
        return ": flowsim --help lists them"
    if plain in commands or plain in _MEANT:
        return f"; did you mean '{command_line(['flowsim', _MEANT.get(plain, plain), *rest])}'?"
    if is_file(model_file(word)) or word in (*cities(), *scenario_names()):
        return f"; did you mean '{command_line(['flowsim', 'run', word, *rest])}'?"
    hint = nearest(plain, [*commands, *_MEANT])
    for alias, command in _MEANT.items():
        hint = hint.replace(f"'{alias}'", f"'{command}'")
    return f"{hint} (allowed: {', '.join(sorted(commands))})"


def _option_meant(mistake: Any, words: Sequence[str]) -> str:
    """Say that a command has no such option, and which of its options is likely meant."""
    from flowsim.core.errors import nearest

    option = mistake.option_name
    refused = f"No such option: {option}"
    known = [name for parameter in mistake.ctx.command.params for name in parameter.opts if name.startswith("--")]
    known.append("--help")
    plain = option.casefold()
    meant = _MEANT_OPTIONS.get(plain, plain)
    value = ""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, given = word.partition("=")
        if name == option:
            value = given if equals else following if not following.startswith("-") else ""
    if meant not in known and meant in _PERIODS:
        chosen = [each for each in (("--from", "--to"), ("--during",), ("--period",)) if {*each} <= {*known}]
        if chosen:
            return f"{refused}; did you mean '{' '.join(f'{each} {value or 2027}' for each in chosen[0])}'?"
    if meant in known:
        return f"{refused}; did you mean '{meant}'?"
    near = "" if meant in _PERIODS else nearest(meant, known)
    return refused + (near or f" (allowed: {', '.join(sorted(known))})")


def _takes(option: str, words: Sequence[str]) -> bool:
    """Return whether the command that some words begin with has an option."""
    command: Any = typer.main.get_command(app)
    for word in words:
        if not hasattr(command, "commands") or word not in command.commands:
            break
        command = command.commands[word]
    return any(option in parameter.opts for parameter in command.params)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Simulate how citizens flow through a municipal employment service.\n\n"
    "Start with [bold]flowsim run[/bold], which simulates Copenhagen.",
)


def start() -> None:
    """Run the command line: whatever goes wrong is reported in one line; exit code 2.

    After a signal the exit code is 128 and its number: 130 after Ctrl-C, 143 after SIGTERM.
    """
    usual = listen()
    try:
        code = _run()
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    sys.exit(code)


def _run() -> int:
    """Run the command of the words that were given, and return the exit code; where it was stopped, end."""
    if (
        sys.stdout is None
    ):  # it was closed: its place is taken, lest a file be opened there, and writing to it is refused
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal can't show is no reason to fail
    code: int = 0
    try:
        _refuse_settings_of_compilers()
        with _own_warnings():
            code = _commands(sys.argv[1:])
    except BrokenPipeError:
        code = 1
    except OSError as error:
        if error.filename:
            code = _refused(f"{error.strerror}: '{error.filename}'")
        else:
            code = _handed_over() or _not_taken(error)
    except MemoryError:
        code = _refused("there is not enough memory: run fewer replications or workers, or a smaller population")
    except KeyboardInterrupt:
        code = 130
    except Exception as mistake:
        from flowsim.core.errors import FileTaken, InputError

        if isinstance(mistake, FileTaken) and _takes("--force", sys.argv[1:]):
            code = _refused(f"{mistake}, or add --force")
        elif isinstance(mistake, InputError):
            code = _refused(str(mistake))
        elif hasattr(mistake, "option_name") and hasattr(mistake, "possibilities"):  # typer's, as the ones below
            code = _refused(_option_meant(mistake, sys.argv[1:]))
        elif hasattr(mistake, "format_message"):  # typer's own errors; their class has moved between its versions
            code = _refused(mistake.format_message().replace(": Value error, ", ": "))  # pydantic's words
        elif _interrupted(mistake):
            code = 130
        elif isinstance(mistake, UnicodeEncodeError):  # of letters that stand for bytes of a name
            code = _refused(f"'{_legible(mistake.object)}' is no name in UTF-8: give the file another one")
        elif {kind.__name__ for kind in type(mistake).__mro__} & {"BrokenExecutor", "KilledWorker"}:
            _refused(
                "a worker process was ended from outside, perhaps because memory was short: give fewer --workers; "
                "what was finished and kept is found again"
            )
            code = 1
        else:
            raise
    if code == 130:
        end(stop_signal())
    handed_over = _handed_over()
    return code or handed_over


def _handed_over() -> int:
    """Hand over what was printed, and return 0; where nobody takes it, leave nothing that Python would try again: 1."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1 if isinstance(error, BrokenPipeError) else _not_taken(error)  # nobody reads on, as with `| head`
    return 0


def _not_taken(error: OSError) -> int:
    """Tell an error that names no file, and return its exit code: it comes of no mistake in the input."""
    unwritten = error.errno in (errno.EBADF, errno.ENOSPC, errno.EIO)  # files that can't be written are told before
    _refused(f"nothing can be written to standard output: {error.strerror}" if unwritten else str(error.strerror))
    return 1


def _commands(words: Sequence[str]) -> int:
    """Run the command of some words, and return its exit code; help is said in the language that they ask for."""
    code = asked_language(words) if "--help" in words or not words else "en"
    if code == "en" and "--help" not in words:
        return app(prog_name="flowsim", standalone_mode=False) or 0
    from flowsim.cli.helping import in_language, reflow

    command = typer.main.get_command(app)
    if code == "en":  # what is said in English is there already, and nothing has to be loaded for it
        reflow(command)
        return command(prog_name="flowsim", standalone_mode=False) or 0
    from flowsim.reporting.language import Language

    with in_language(command, Language.of(code)):
        return command(prog_name="flowsim", standalone_mode=False) or 0


def _refuse_settings_of_compilers() -> None:
    """Refuse a folder in which numba would find settings of its own: it would run machine code from where they say."""
    if os.path.lexists(".numba_config.yaml"):
        from flowsim.core.errors import InputError

        raise InputError(
            "'.numba_config.yaml' in this folder would set from where machine code is run: remove it, or work in "
            "another folder"
        )


def _interrupted(error: BaseException | None) -> bool:
    """Return whether Ctrl-C lies behind an error: a compiled module stopped while it loads raises ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


@contextlib.contextmanager
def _own_warnings() -> Iterator[None]:
    """Print our own warnings as notes of one line, and none of them with --quiet."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            # By its name, for its module takes longer to import than a refusal may take.
            if category.__name__ not in ("CoarseTickWarning", "DamagedPartWarning", "TrustedSchedulerWarning"):
                usual(message, category, *where, **more)
            elif not {"--quiet", "-q"} & set(sys.argv):
                print(f"flowsim: {_spoken(f'note: {message}')}", file=sys.stderr)

        warnings.showwarning = show
        yield


def _refused(message: str) -> int:
    """Tell a mistake in one line, without what would move a terminal's cursor."""
    from flowsim.core.errors import one_line

    if line := one_line(message):
        print(f"flowsim: {_legible(_spoken(line))}", file=sys.stderr)
    return 2


def _spoken(line: str) -> str:
    """Return a message in the language that the command line asks for, or that of the terminal."""
    code = asked_language(sys.argv[1:])
    if code == "en":
        return line
    from flowsim.reporting.language import Language

    return Language.of(code).message(line)


def _legible(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _version(asked: bool) -> None:
    if asked:
        print(f"flowsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    pass


app.command()(run)
app.command()(compare)
app.command(cls=WithPairs)(report)
app.command()(new)
app.command()(scenarios)
app.command()(prices)
app.command()(check)
app.command()(names)
app.command()(schema)
app.command()(diagram)
app.command()(evidence)
app.command(cls=WithPairs)(staff)
app.command(cls=WithPairs)(explain)
app.command()(calibrate)
app.command()(weigh)
app.command()(judge)
app.command()(forecast)
app.command()(outlook)
app.command()(verify)
app.command()(web)
app.add_typer(base, name="base")
app.add_typer(today, name="today")
