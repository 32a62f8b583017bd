import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.version import Version
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

from flowsim.cli.main import start
from helpers.paths import ROOT, SMALL_TOWN

PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]
SLOW = {
    "calibration.md", "compare.md", "forecast.md", "outlook.md", "own-municipality.md", "report.md",
    "sensitivity.md", "september-2026.md", "staffing.md",
}  # fmt: skip
# Typer lays out help; the page of commands shows it as it is from this version on.
NEWEST_HELP = Version(version("typer")) >= Version("0.29")
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LONG = {"06_property_test", "09_animation"}
PUBLISHED = sorted((ROOT / "examples" / "published").glob("*.py"))
FLOWSIM = str(Path(sys.executable).with_name("flowsim"))
PLAIN = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command as a reader would in a plain terminal; return its exit code and all that it shows."""
    done = subprocess.run(
        command,
        env=os.environ | PLAIN,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8-sig")  # a terminal does not show the mark of Excel's CSV


def flowsim(command: Sequence[str]) -> tuple[int, str]:
    """Run flowsim in this process, where numba's code is loaded once and not again for every line of every page."""
    shown = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(shown), redirect_stderr(shown):
        for name, value in PLAIN.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", [*command])
        try:
            start()
        except SystemExit as stop:
            return int(stop.code or 0), shown.getvalue()
    return 0, shown.getvalue()


# Programs of which a console block is run and compared; lines of others, such as `make`, are for the reader alone.
PROGRAMS = {"flowsim": flowsim, "head": run, "ls": run}


def commands(text: str) -> Iterator[tuple[list[str], int, str]]:
    """Read a console block: (program and arguments, exit code, output shown).

    The exit code is 0 unless the line ends with `# exit code 2`.
    """
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        code = re.search(r"# exit code (\d+)$", line)
        yield shlex.split(line, comments=True), int(code[1]) if code else 0, shown.strip("\n")


def check(text: str, programs: Mapping[str, Callable[[Sequence[str]], tuple[int, str]]] = PROGRAMS) -> str | None:
    """Run a console block; say what differs from what it shows, where it shows anything."""
    for command, code, shown in commands(text):
        if command[0] not in programs:
            continue
        got_code, got = programs[command[0]](command)
        got = "\n".join(line.rstrip() for line in got.splitlines()).strip("\n") + "\n"
        same = not shown or doctest.OutputChecker().check_output(shown + "\n", got, doctest.ELLIPSIS)
        if got_code != code or not same:
            return f"{shlex.join(command)}\nexit code {got_code}, expected {code}\n{got}"
    return None


def evaluate(example: Example) -> str | None:
    return check(str(example.parsed))


def write(example: Example) -> None:
    """Write a block of TOML to the file that its first line names; `# more of x.toml` adds to one written before."""
    text = str(example.parsed)
    more, name = re.match(r"# (more of )?(\S+\.toml)$", text, flags=re.MULTILINE).groups()
    before = Path(name).read_text(encoding="utf-8") + "\n" if more else ""
    tomllib.loads(before + text)
    Path(name).write_text(before + text, encoding="utf-8")


READER = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        CodeBlockParser(language="console", evaluator=evaluate),
        CodeBlockParser(language="toml", evaluator=write),
    ]
)


@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=[pytest.mark.slow] * (p.name in SLOW), id=str(p.relative_to(ROOT))) for p in PAGES],
)
def test_page_does_what_it_shows(page, tmp_path, monkeypatch):
    if page.name == "commands.md" and not NEWEST_HELP:
        pytest.skip("an older Typer lays out help otherwise")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SMALL_TOWN, "small_town")
    for example in READER.parse(page).examples():
        example.evaluate()


def test_pages_are_read(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 1\n```\n\n```python\n>>> x + 1\n3\n```\n\n```console\n$ flowsim --no-such\n```\n",
        encoding="utf-8",
    )
    first, second, third = READER.parse(page).examples()
    first.evaluate()
    with pytest.raises(Exception, match=r"Expected:\s+3\s+Got:\s+2"):
        second.evaluate()
    with pytest.raises(Exception, match=r"no-such|exit code"):
        third.evaluate()


def test_toml_blocks_become_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "```toml\n# a.toml\nx = 1\n```\n\n```toml\n# more of a.toml\ny = 2\n```\n\n```toml\n# b.toml\nx =\n```\n",
        encoding="utf-8",
    )
    first, second, third = READER.parse(page).examples()
    first.evaluate()
    second.evaluate()
    assert tomllib.loads(Path("a.toml").read_text(encoding="utf-8")) == {"x": 1, "y": 2}
    with pytest.raises(tomllib.TOMLDecodeError):
        third.evaluate()


def echo(command):
    return int(len(command) > 3), " ".join(command[1:])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("$ flowsim a b\na b\n", True),
        ("$ flowsim a b\n", True),
        ("$ flowsim a 'b  c'\na ...c\n", True),
        ("$ flowsim a b\na c\n", False),
        ("$ flowsim a b c\n", False),
        ("$ flowsim a b c  # exit code 1\na b c\n", True),
        ("$ flowsim a b  # exit code 1\n", False),
        ("$ flowsim a\na\n$ flowsim b\nc\n", False),
        ("$ make nothing\n", True),
    ],
)
def test_console_blocks_are_compared(text, holds):
    assert (check(text, {"flowsim": echo}) is None) == holds


def test_the_program_is_installed():
    assert run([FLOWSIM, "--version"]) == flowsim(["flowsim", "--version"])


def test_there_are_examples():
    assert EXAMPLES
    assert {path.stem for path in (ROOT / "examples" / "published").glob("*.txt")} == {path.stem for path in PUBLISHED}
    assert [path.stem for path in EXAMPLES if not re.fullmatch(r"\d\d_\w+", path.stem)] == []
    assert {path.stem for path in (ROOT / "examples").glob("*.txt")} == {path.stem for path in EXAMPLES}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.slow] * (path.stem in LONG or path in PUBLISHED), id=path.stem)
        for path in (*EXAMPLES, *PUBLISHED)
    ],
)
def test_example_shows_its_stored_output(path, tmp_path, monkeypatch):
    for line in re.findall(r"^(?:import|from) (\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        if find_spec(line) is None:  # ArviZ 1 needs a newer Python
            pytest.skip(f"{line} is not installed")
    monkeypatch.chdir(tmp_path)
    code, shown = run([sys.executable, str(path)])
    assert shown == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert code == 0


def test_each_module_stands_once_in_the_reference():
    package = ROOT / "src" / "flowsim"
    rooms = {path.parent for path in package.glob("*/__init__.py")}
    modules = {path.relative_to(package).with_suffix("") for room in rooms for path in room.rglob("*.py")}
    expected = sorted(".".join(("flowsim", *module.parts)) for module in modules if module.name != "__init__")
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md"))
    assert sorted(re.findall(r"^## (flowsim\.\S+)$", pages, flags=re.MULTILINE)) == expected
    listed = re.findall(r"automodule:: (flowsim\.\w+\.\S+)$", pages, flags=re.MULTILINE)
    assert sorted(listed) == expected
