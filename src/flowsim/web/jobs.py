"""Whose turn it is: replications of all tabs share a few threads, first looks go first, and tabs take turns.

A job ends when nobody listens any more: what it has handed out is not begun, and it hands out nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import heapq
import itertools
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, Future
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flowsim.core.errors import InputError
from flowsim.core.progress import Progress, silent
from flowsim.web.compiling import Compilation

__all__ = ["Busy", "News", "Turns", "Work", "give_back_memory", "share_one_heap"]

News = Mapping[str, Any]
Work = Callable[[Executor, Progress], Iterator[News]]
"""Yields what is known so far; takes where replications run, and what is called as they are done."""
_P = ParamSpec("_P")
_T = TypeVar("_T")
_MOST_JOBS = 24
_PAUSE = 0.25


class Busy(InputError):
    """There are as many jobs as this machine takes at a time."""


class _Stopped(Exception):
    """Nobody listens any more."""


class _Task(NamedTuple):
    """A call that waits, in its order: no two have one number, so what comes after it is never compared."""

    later: bool
    round: int
    number: int
    future: Future[Any]
    call: Callable[[], Any]
    stopped: threading.Event


class Turns:
    """Threads for the replications of all tabs, in fair order: urgent work first, then each tab in turn.

    Args:
        workers: how many threads.
        compilation: what the first replication waits for.
    """

    def __init__(self, workers: int, compilation: Compilation | None = None) -> None:
        self._compilation = compilation
        self._waiting: list[_Task] = []
        self._numbers = itertools.count()
        self._round = 0
        self._last: dict[str, int] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._jobs = 0
        self._since = time.monotonic()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def executor(self, tab: str, *, urgent: bool, stopped: threading.Event | None = None) -> Executor:
        """Return where the replications of a tab run, until it is stopped."""
        return _Turn(self, tab, urgent, stopped or threading.Event())

    def close(self) -> None:
        """End the threads after what they are at; what waits is cancelled."""
        with self._changed:
            self._closed = True
            for task in self._waiting:
                task.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()

    @property
    def jobs(self) -> int:
        """How many jobs are under way."""
        return self._jobs

    @property
    def idle(self) -> float:
        """For how many seconds no job has been under way."""
        return time.monotonic() - self._since if self._jobs == 0 else 0.0

    def submit(self, tab: str, urgent: bool, call: Callable[[], Any], stopped: threading.Event) -> Future[Any]:
        """Let a call take its turn, if it comes before its job is stopped."""
        future: Future[Any] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("the page is closed")
            # A tab's n-th waiting call stands in the n-th round from now: who has asked for much waits for who has not.
            turn = max(self._last.get(tab, 0), self._round) + 1
            self._last[tab] = turn
            heapq.heappush(self._waiting, _Task(not urgent, turn, next(self._numbers), future, call, stopped))
            self._changed.notify()
        return future

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._last.clear()
                    self._changed.wait()
                if self._closed:
                    return
                task = heapq.heappop(self._waiting)
                self._round = max(self._round, task.round)
            if task.stopped.is_set():
                task.future.cancel()
            if task.future.set_running_or_notify_cancel():
                try:
                    if self._compilation is not None:
                        self._compilation.wait()
                    task.future.set_result(task.call())
                except BaseException as error:
                    task.future.set_exception(error)
            del task  # a thread that waits holds nothing of what it did

    async def news(self, work: Work, tab: str, *, urgent: bool = False) -> AsyncIterator[News]:
        """Do a job in a thread of its own and yield its news; the job is stopped when this is no longer read.

        Raises:
            Busy: where too many are under way; what the work raises is raised here.
        """
        if self._jobs >= _MOST_JOBS:
            raise Busy("busy")
        loop, news = asyncio.get_running_loop(), asyncio.Queue[News | BaseException | None]()
        stopped = threading.Event()

        def tell(item: News | BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(news.put_nowait, item)

        def progress(done: int, total: int) -> None:
            if stopped.is_set():
                raise _Stopped
            tell({"done": done, "total": total})

        def do() -> None:
            try:
                with silent():  # of the terminal: a thread knows nothing of what its caller said of bars
                    for item in work(self.executor(tab, urgent=urgent, stopped=stopped), progress):
                        if stopped.is_set():
                            break
                        tell(item)
                tell(None)
            except (_Stopped, CancelledError):
                tell(None)
            except BaseException as error:
                tell(error)
            finally:
                with self._changed:
                    self._jobs -= 1
                    self._since = time.monotonic()
                if self._jobs == 0:
                    give_back_memory()

        with self._changed:
            self._jobs += 1
        threading.Thread(target=do, daemon=True).start()
        try:
            while True:
                try:
                    item = await asyncio.wait_for(news.get(), _PAUSE)
                except TimeoutError:
                    # So that a tab that is gone is noticed between two replications.
                    seconds = 0 if self._compilation is None else self._compilation.seconds
                    yield {"compiling": seconds} if seconds else {}
                    continue
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stopped.set()


def give_back_memory() -> None:
    """Return to the system what replications have let go of, which glibc keeps: some 60 MB."""
    _ask_of_glibc("malloc_trim", 0)


def share_one_heap() -> None:
    """Let the threads that begin from now on take memory from one heap, the only one that is given back whole.

    glibc gives each thread a heap of its own and never returns the end of those: on 8 cores 150 MB.
    """
    most_heaps = -8  # M_ARENA_MAX in malloc.h
    _ask_of_glibc("mallopt", most_heaps, 1)


def _ask_of_glibc(name: str, *arguments: int) -> None:
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            getattr(ctypes.CDLL("libc.so.6"), name)(*arguments)


class _Turn(Executor):
    def __init__(self, turns: Turns, tab: str, urgent: bool, stopped: threading.Event) -> None:
        self.turns, self.tab, self.urgent, self.stopped = turns, tab, urgent, stopped

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        return self.turns.submit(self.tab, self.urgent, lambda: fn(*args, **kwargs), self.stopped)
