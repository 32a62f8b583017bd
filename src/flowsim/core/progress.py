"""How far a piece of work has come, the same for a part of it, and a bar by itself where somebody looks on."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["Announce", "Progress", "part_of", "shifted", "shows_progress", "silent", "tells", "waiting"]

Progress = Callable[[int, int], object]
"""What is called as work goes on, with how much is done and how much there is in all."""

Announce = Callable[[str], AbstractContextManager[object]]
"""What shows, as long as its context lasts, what there is to wait for before any of the work is done."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_SOON = 1.0  # seconds of work before a bar appears
_OFTEN = 0.1  # seconds between two pictures of it
_TURN = 0.1  # seconds between two turns of a sign that shows that something moves
_watched: ContextVar[bool] = ContextVar("_watched", default=False)
_waiting: ContextVar[Announce | None] = ContextVar("_waiting", default=None)


def shifted(progress: Progress | None, first: int, total: int) -> Progress | None:
    """Return the progress of a part of the work, counting on from what was done before it; None where there is none."""
    return None if progress is None else lambda done, _: progress(first + done, total)


def part_of(progress: Progress | None, *, before: int = 0, after: int = 0) -> Progress | None:
    """Return the progress of a part of the work whose own total may still grow, with what was done and what follows."""
    return None if progress is None else lambda done, total: progress(before + done, before + total + after)


@contextmanager
def silent() -> Iterator[None]:
    """Show no bars by themselves within: what calls has its own, or wants none."""
    token = _watched.set(True)
    try:
        yield
    finally:
        _watched.reset(token)


@contextmanager
def tells(how: Announce) -> Iterator[None]:
    """Within, show in some way what there is to wait for."""
    token = _waiting.set(how)
    try:
        yield
    finally:
        _waiting.reset(token)


def waiting(what: str) -> AbstractContextManager[object]:
    """Show what there is to wait for, where somebody looks on."""
    how = _waiting.get()
    return nullcontext() if how is None else how(what)


def shows_progress(what: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Give a verb a bar by itself in a terminal or a notebook where its `progress` is left out.

    The bar comes after a second of work and goes when that is done. What the verb calls shows none of its own. Progress
    that can't be called is refused before any of it.
    """

    def decorate(verb: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(verb)
        def watched(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            bar, given = None, kwargs.get("progress")
            if given is not None and not callable(given):
                from flowsim.core.errors import InputError

                raise InputError(f"progress: {given!r} is not allowed: it should be a function of (done, all)")
            if given is None and not _watched.get():
                bar = _bar(what)
                if bar is not None:
                    kwargs["progress"] = bar.update
            try:
                with ExitStack() as shown:
                    shown.enter_context(silent())
                    if bar is not None:
                        shown.enter_context(tells(bar.wait))
                    return verb(*args, **kwargs)
            finally:
                if bar is not None:
                    bar.close()

        return watched

    return decorate


class _Bar:
    """A line that is written over again and again; in a notebook, a display that is."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.begun = time.monotonic()
        self.drawn_at = self.begun + _SOON - _OFTEN
        self.shown = False

    def update(self, *stage_done_total: Any) -> None:
        """Take (done, all), or (stage, done, all)."""
        *stage, done, total = stage_done_total
        now = time.monotonic()
        if now - self.drawn_at >= _OFTEN:
            self.drawn_at, self.shown = now, True
            self.draw(f"{self.what}{': ' if stage else ''}{''.join(map(str, stage))}", done, total)

    @contextmanager
    def wait(self, what: str) -> Iterator[None]:
        """Show what there is to wait for, and that something moves."""
        over = threading.Event()

        def turn() -> None:
            for sign in itertools.cycle("|/-\\"):
                self.turn(what, sign)
                if over.wait(_TURN):
                    return

        turning = threading.Thread(target=turn, daemon=True)
        turning.start()
        try:
            yield
        finally:
            over.set()
            turning.join()
            self.clear()

    def turn(self, what: str, sign: str) -> None:
        sys.stderr.write(f"\r\033[K{self.what}: {what} {sign}")
        sys.stderr.flush()

    def draw(self, what: str, done: int, total: int) -> None:
        wide = 30 * done // total if total else 0
        left = self.left(done, total)
        sys.stderr.write(f"\r\033[K{what[:40]} {'━' * wide}{'·' * (30 - wide)} {done:,}/{total:,}{left}")
        sys.stderr.flush()

    def left(self, done: int, total: int) -> str:
        """Write about how many seconds are left, at the pace so far: ", 12 s"; nothing before any of it is done."""
        if not 0 < done <= total:
            return ""
        return f", {(time.monotonic() - self.begun) * (total - done) / done:.0f} s"

    def close(self) -> None:
        if self.shown:
            self.clear()

    def clear(self) -> None:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


class _NotebookBar(_Bar):
    handle: Any = None

    def draw(self, what: str, done: int, total: int) -> None:
        from html import escape

        left = self.left(done, total)
        self._show(f'{escape(what)} <progress value="{done}" max="{total}"></progress> {done:,}/{total:,}{left}')

    @contextmanager
    def wait(self, what: str) -> Iterator[None]:
        self._show(what)
        try:
            yield
        finally:
            self.clear()

    def clear(self) -> None:
        self._show("")

    def _show(self, text: str) -> None:
        import IPython.display

        shown = IPython.display.HTML(text)
        if self.handle is None:
            self.handle = IPython.display.display(shown, display_id=True)
        else:
            self.handle.update(shown)


def _bar(what: str) -> _Bar | None:
    """Return a bar where somebody looks on: a notebook, or a terminal at the error stream; None elsewhere."""
    shell = sys.modules.get("IPython")
    if shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None:
        return _NotebookBar(what)
    return _Bar(what) if sys.stderr is not None and sys.stderr.isatty() else None
