"""Replications on many machines: the executor of a Dask cluster. Needs the extra `dask`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from flowsim.errors import InputError

__all__ = ["connected"]


@contextmanager
def connected(address: str, timeout: str = "10 seconds") -> Iterator[Executor]:
    """Yield an executor for `runner.run` that has its work done by the workers of a Dask scheduler.

    Raises:
        InputError: where the extra is not installed, or no scheduler answers at the address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--cluster needs Dask: install it with pip install 'flowsim[dask]'") from None
    try:
        client: Any = Client(address, timeout=timeout)
    except (OSError, ValueError) as refused:
        reason = str(refused).splitlines()[0]
        raise InputError(
            f"--cluster: no scheduler answers at '{address}' (such as tcp://host:8786): {reason}"
        ) from None
    with client:
        yield client.get_executor()
