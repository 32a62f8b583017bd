"""Where replications run: threads, processes, or the workers of a Dask cluster (extra `dask`).

Every command knows this module before it reads its options, so it imports what refusals need when it needs it.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from ipaddress import ip_address
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

__all__ = ["TrustedSchedulerWarning", "connected", "executor_of"]

_MOST_VARYING_THREADS = 4


class TrustedSchedulerWarning(UserWarning):
    """Connecting to the scheduler of another machine means trusting it, and all that can reach it."""


def _is_here(address: str) -> bool:
    """Return whether an address such as tcp://127.0.0.1:8786 is of this machine itself."""
    scheme, _, rest = address.rpartition("://")
    host = rest.rsplit("@", 1)[-1]
    host = host[1 : host.find("]")] if host.startswith("[") else host.split(":")[0]
    if scheme == "inproc" or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def connected(address: str, timeout: str = "10 seconds") -> Iterator[Executor]:
    """Yield an executor for `runner.run` that has its work done by the workers of a Dask scheduler.

    An address on another machine gives a `TrustedSchedulerWarning`. For `tls://`, certificates are those of Dask's own
    settings (`distributed.comm.tls`).

    Raises:
        InputError: where the extra is not installed, or no scheduler answers at the address.
    """
    if not _is_here(address):
        safer = "" if address.startswith("tls://") else ", by tls://"
        warnings.warn(
            f"--cluster: connecting to '{address}' means trusting its scheduler, and all that can reach it, to run "
            f"what it likes here: connect within a closed network alone{safer}",
            TrustedSchedulerWarning,
            stacklevel=4,
        )
    from flowsim.core.errors import InputError
    from flowsim.core.extras import require_extra

    require_extra("dask", "--cluster")
    from distributed import Client

    try:
        client: Any = Client(address, timeout=timeout)
    except (OSError, ValueError, TypeError) as refused:
        reason = str(refused).splitlines()[0]
        if isinstance(refused, TypeError):  # as Dask has it where no certificate is set
            names = "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT and …__CLIENT__KEY"
            reason = f"tls:// takes certificates: set {names}"
        raise InputError(
            f"--cluster: no scheduler answers at '{address}' (such as tcp://host:8786): {reason}"
        ) from None
    with client:
        yield client.get_executor()


@contextmanager
def executor_of(
    workers: int | None = None, cluster: str | None = None, *, varies: bool = False, processes: bool = False
) -> Iterator[Executor]:
    """Run replications beside this thread, which so hears Ctrl-C at once; or on a cluster.

    Threads share what was read, compiled and loaded; a process starts with none of it, and gets its models pickled.

    Args:
        workers: how many; one for each core where left out.
        cluster: the address of a Dask scheduler, whose workers do the work instead.
        varies: every replication has a model of its own. Preparing it takes a seventh of the time and holds Python's
            lock, so beyond a few workers processes are taken.
        processes: take processes in any case.
    """
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    from flowsim.core.errors import whole_number

    if cluster is not None:
        with connected(cluster) as machines:
            yield machines
        return
    count = (os.cpu_count() or 1) if workers is None else whole_number("workers", workers, 1)
    pool: Executor
    if processes or (varies and count > _MOST_VARYING_THREADS):
        with _safe_path():
            pool = ProcessPoolExecutor(count, mp_context=_Quiet(), initializer=_in_a_worker)
    else:
        pool = ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Worker(SpawnProcess):
    """A process that never hears Ctrl-C, not even while it starts: the main process does, and ends it.

    Nor does it load modules from the working folder, as Python lets such a process do until it has its own path: among
    a planner's files may lie a `pickle.py`.
    """

    def start(self) -> None:
        """Start it."""
        with _safe_path():
            if not hasattr(signal, "pthread_sigmask"):
                super().start()
                return
            earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # a new process inherits it
            try:
                super().start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


_ENVIRONMENT = threading.RLock()  # which is the process's


@contextmanager
def _safe_path() -> Iterator[None]:
    """Have processes that start within, which a pool's own helper is too, load no module from the working folder."""
    with _ENVIRONMENT:
        earlier = os.environ.get("PYTHONSAFEPATH")
        os.environ["PYTHONSAFEPATH"] = "1"
        try:
            yield
        finally:
            if earlier is None:
                del os.environ["PYTHONSAFEPATH"]
            else:
                os.environ["PYTHONSAFEPATH"] = earlier


class _Quiet(SpawnContext):
    Process = _Worker


def _in_a_worker() -> None:
    """Leave Ctrl-C to the main process, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_main_process, daemon=True).start()


def _end_with_the_main_process() -> None:
    main = parent_process()
    if main is not None:
        main.join()
        os._exit(0)
