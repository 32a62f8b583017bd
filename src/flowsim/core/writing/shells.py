"""Command lines to copy, quoted for the shell of the platform: of Windows for both of its shells."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable

__all__ = ["command_line", "quoted"]

_ON_WINDOWS = os.name == "nt"
# What neither cmd.exe nor PowerShell takes for anything else: a comma parts words there, "@" and "~" stand for others.
_PLAIN = re.compile(r"[\w.:/\\+=-]+")


def quoted(word: str) -> str:
    """Return a word as it is typed in a command line.

    On Windows in double quotes, which cmd.exe and PowerShell both take; in them the one still fills in %NAME%, and the
    other $NAME.
    """
    if not _ON_WINDOWS:
        return shlex.quote(word)
    if _PLAIN.fullmatch(word):
        return word
    # Backslashes before a quote are halved by the program that is called, and one before it makes it a letter.
    return '"' + re.sub(r'(\\*)("|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), word) + '"'


def command_line(words: Iterable[str]) -> str:
    """Return words as one command line."""
    return " ".join(map(quoted, words))
