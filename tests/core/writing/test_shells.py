"""Command lines to copy: words come back as they were by the rules of each platform's shells."""

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowsim.core.writing import shells
from flowsim.core.writing.shells import command_line
from helpers.paths import ROOT

WORDS = st.lists(st.text(st.sampled_from("aå .:/\\\"',;&|<>()^@~-=+[]"), max_size=12), max_size=4)


def parted(line):
    """Part a command line as programs on Windows do: of backslashes before a quote half stay, an odd one frees it."""
    words, word, inside, at = [], None, False, 0
    while at < len(line):
        count = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += count
        letter = line[at : at + 1]
        if count:
            word = (word or "") + "\\" * (count // 2 if letter == '"' else count)
            if letter == '"' and count % 2:
                word += '"'
                at += 1
            continue
        if letter == '"':
            inside, word = not inside, word or ""
        elif letter == " " and not inside:
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + letter
        at += 1
    return words if word is None else [*words, word]


@given(WORDS)
@example(["flowsim", "run", "C:\\Mine sager\\", "a,b", 'den "anden"', ""])
def test_words_come_back_as_they_were(words):
    assert shlex.split(command_line(words)) == words
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shells, "_ON_WINDOWS", True)
        assert parted(command_line(words)) == words


def test_on_windows_what_a_shell_reads_as_its_own_stands_in_double_quotes(monkeypatch):
    monkeypatch.setattr(shells, "_ON_WINDOWS", True)
    said = command_line(["flowsim", "run", r"C:\Mine sager\a.toml", "--goal", "wait < 4 weeks", "x,y", "@a", r"C:\a\b"])
    assert said == r'flowsim run "C:\Mine sager\a.toml" --goal "wait < 4 weeks" "x,y" "@a" C:\a\b'


def test_no_other_module_quotes_words_of_a_shell():
    source = ROOT / "src"
    assert [str(path.relative_to(source)) for path in source.rglob("*.py") if "shlex" in path.read_text("utf-8")] == [
        str(path) for path in [(source / "flowsim/core/writing/shells.py").relative_to(source)]
    ]
