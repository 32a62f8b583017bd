"""What commands share: a bar on the terminal, and where replications run while this thread hears Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from multiprocessing import parent_process

__all__ = ["executor_of", "progress_bar"]


@contextmanager
def progress_bar(what: str, *, show: bool = True) -> Iterator[Callable[[int, int], object] | None]:
    """Show a bar on a terminal's error stream, where it is no part of the output; it is told (done, all)."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def executor_of(
    workers: int | None = None, cluster: str | None = None, *, processes: bool = False
) -> Iterator[Executor]:
    """Run replications beside this thread, which so hears Ctrl-C at once; or on a cluster.

    Threads share a compiled model. Processes are quicker where every replication has a model of its own.
    """
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from multiprocessing import get_context

    if cluster is not None:
        from flowsim.cluster import connected

        with connected(cluster) as machines:
            yield machines
        return
    count = workers or os.cpu_count() or 1
    pool: Executor = (
        ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_in_a_worker)
        if processes
        else ThreadPoolExecutor(count)
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _in_a_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_main_process, daemon=True).start()


def _end_with_the_main_process() -> None:
    main = parent_process()
    if main is not None:
        main.join()
        os._exit(0)
