"""Files that the page has made, to be taken along: in memory alone, and found by nobody who guesses."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["FORMATS", "Paper", "Shelf"]

FORMATS: Mapping[str, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MOST_PAPERS = 8


class Paper(NamedTuple):
    """A file to take along: its name, its media type and its bytes."""

    name: str
    media: str
    content: bytes


class Shelf:
    """The last few files, in memory alone, each under a name that nobody guesses."""

    def __init__(self) -> None:
        self._papers: OrderedDict[str, Paper] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, paper: Paper) -> str:
        """Keep a file, and return what it is asked for by."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._papers[token] = paper
            while len(self._papers) > _MOST_PAPERS * len(FORMATS):
                self._papers.popitem(last=False)
        return token

    def get(self, token: str) -> Paper | None:
        """Return a file; None where there is none any more."""
        return self._papers.get(token)
