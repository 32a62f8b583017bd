"""Which language the command line speaks: that of its words, or that of the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["asked_language", "language_of_terminal"]


def language_of_terminal() -> str:
    """Return the language that the terminal is set to, by LC_ALL, LC_MESSAGES or LANG: "da", or "en" for any other."""
    setting = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "da" if setting.lower().startswith("da") else "en"


def asked_language(words: Sequence[str]) -> str:
    """Return the language that the words of a command line ask for, before they are read: else the terminal's."""
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--language":
            value = value or next(iter(words[place + 1 :]), "")
            if value in ("en", "da"):  # any other is refused where it is read
                return value
    return language_of_terminal()
