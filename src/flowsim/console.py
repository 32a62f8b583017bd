"""What commands share: a bar on the terminal, and where replications run while this thread hears Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

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
def executor_of(workers: int | None = None, cluster: str | None = None) -> Iterator[Executor]:
    """Run replications beside this thread, which so hears Ctrl-C at once; or on a cluster."""
    from concurrent.futures import ThreadPoolExecutor

    if cluster is not None:
        from flowsim.cluster import connected

        with connected(cluster) as machines:
            yield machines
        return
    threads = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
