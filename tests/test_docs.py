import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FLOWSIM = [str(Path(sys.executable).with_name("flowsim"))]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command as a reader would in a plain terminal; return its exit code and all that it shows."""
    env = os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "PYTHONUTF8": "1"}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout.decode()


def commands(text: str) -> Iterator[tuple[list[str], int, str]]:
    """Read a console block: (arguments after `flowsim`, exit code, output shown).

    The exit code is 0 unless the line ends with `# exit code 2`. Lines of other programs are not run.
    """
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        code = re.search(r"# exit code (\d+)$", line)
        program, *arguments = shlex.split(line, comments=True)
        if program == "flowsim":
            yield arguments, int(code[1]) if code else 0, shown.strip("\n")


def check(text: str, program: Sequence[str] = FLOWSIM) -> str | None:
    """Run a console block; say what differs from what it shows, where it shows anything."""
    for arguments, code, shown in commands(text):
        got_code, got = run([*program, *arguments])
        got = "\n".join(line.rstrip() for line in got.strip("\n").splitlines()) + "\n"
        same = not shown or doctest.OutputChecker().check_output(shown + "\n", got, doctest.ELLIPSIS)
        if got_code != code or not same:
            return f"flowsim {shlex.join(arguments)}\nexit code {got_code}, expected {code}\n{got}"
    return None


def evaluate(example: Example) -> str | None:
    return check(str(example.parsed))


READER = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        CodeBlockParser(language="console", evaluator=evaluate),
    ]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_does_what_it_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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


ECHO = [sys.executable, "-c", "import sys; print(' '.join(sys.argv[1:])); sys.exit(len(sys.argv) > 3)"]


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
    assert (check(text, ECHO) is None) == holds


def test_there_are_examples():
    assert EXAMPLES
    assert [path.stem for path in EXAMPLES if not re.fullmatch(r"\d\d_\w+", path.stem)] == []
    assert {path.stem for path in (ROOT / "examples").glob("*.txt")} == {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_shows_its_stored_output(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, shown = run([sys.executable, str(path)])
    assert shown == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert code == 0
