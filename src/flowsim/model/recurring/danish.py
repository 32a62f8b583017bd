"""The Danish words for recurring time and closed days, for whoever writes them so: "hver anden tirsdag 09:00"."""

from __future__ import annotations

import re

__all__ = ["in_english"]

_PHRASES = {
    r"\bkl\b\.?": "",
    r"\btil og med\b": "through",
    r"\bhver dag\b|\balle dage\b|\bdagligt?\b": "daily",
    r"\bi måneden\b|\bi hver måned\b": "of the month",
}
_DAYS = {
    **dict.fromkeys(("man", "mandag", "mandage"), "mon"),
    **dict.fromkeys(("tir", "tirs", "tirsdag", "tirsdage"), "tue"),
    **dict.fromkeys(("ons", "onsdag", "onsdage"), "wed"),
    **dict.fromkeys(("tor", "tors", "torsdag", "torsdage"), "thu"),
    **dict.fromkeys(("fre", "fredag", "fredage"), "fri"),
    **dict.fromkeys(("lør", "lørdag", "lørdage"), "sat"),
    **dict.fromkeys(("søn", "søndag", "søndage"), "sun"),
}
_MONTHS = {
    **{"januar": "january", "februar": "february", "marts": "march", "maj": "may", "juni": "june", "juli": "july"},
    **{"oktober": "october", "okt": "oct"},
}
_OTHERS = {
    **{"hver": "every", "hvert": "every", "den": "the", "første": "first", "anden": "second", "andet": "second"},
    **{"tredje": "third", "fjerde": "fourth", "sidste": "last", "og": "and", "i": "in", "lige": "even"},
    **{"ulige": "odd", "uge": "week", "uger": "weeks", "år": "year", "fra": "from", "til": "to"},
    **{"altid": "always", "lukket": "closed"},
}
_WORDS = _DAYS | _MONTHS | _OTHERS


def in_english(words: str) -> str:
    """Return words in small letters with what is Danish of them in English; what is neither stays as it is."""
    for danish, english in _PHRASES.items():
        words = re.sub(danish, english, words)
    return " ".join(re.sub(r"[a-zæøå]+", lambda word: _WORDS.get(word[0], word[0]), words).split())
