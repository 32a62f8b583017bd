"""Other people's libraries: the extras, how a missing one is told, and locks for what of theirs the process shares."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from flowsim.core.errors import InputError

__all__ = ["EXTRAS", "WARNING_FILTERS", "one_thread_of_algebra", "recorded_warnings", "require_extra"]

WARNING_FILTERS = threading.RLock()
"""Held by whoever changes the filters of warnings for a while: they are the process's, so two threads that each put
theirs and then those of before back leave one without its own (Python's `warnings.catch_warnings` says so)."""

_ALGEBRA = threading.RLock()

EXTRAS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "testing": {"hypothesis": "hypothesis"},
        "dask": {"distributed": "Dask"},
        "excel": {"openpyxl": "openpyxl"},
        "parquet": {"pyarrow": "pyarrow"},
        "plot": {"matplotlib": "matplotlib"},
        "report": {
            "jinja2": "jinja2",
            "matplotlib": "matplotlib",
            "typst": "typst",
            "xlsxwriter": "xlsxwriter",
        },
        "powerpoint": {"pptx": "python-pptx", "matplotlib": "matplotlib"},
        "calibrate": {"sklearn": "scikit-learn", "threadpoolctl": "threadpoolctl"},
        "xarray": {"xarray": "xarray"},
        "web": {"starlette": "starlette", "uvicorn": "uvicorn"},
    }
)
"""What each extra of the package brings: the name of each library by that of its module."""


def require_extra(extra: str, what: str, *modules: str) -> None:
    """Refuse what needs an extra that is not installed, before anything is computed; nothing is imported.

    Args:
        extra: the name of the extra, one of `EXTRAS`.
        what: what needs it, as the beginning of a sentence in the singular: "a calibration".
        modules: which of its modules; all of them where none is named.

    Raises:
        InputError: with the first library that is missing, and the line that installs it.
    """
    for module in modules or EXTRAS[extra]:
        if find_spec(module) is None:
            raise InputError(f"{what} needs {EXTRAS[extra][module]}: pip install 'flowsim[{extra}]'")


@contextmanager
def recorded_warnings() -> Iterator[list[str]]:
    """Record within what this thread is warned of; what other threads are warned of meanwhile is shown as ever."""
    messages: list[str] = []
    thread = threading.get_ident()
    with WARNING_FILTERS, warnings.catch_warnings():
        shown = warnings.showwarning

        def record(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if threading.get_ident() == thread:
                messages.append(str(message))
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = record
        warnings.simplefilter("always")
        yield messages


@contextmanager
def one_thread_of_algebra() -> Iterator[None]:
    """Let linear algebra use one thread within: for small matrices, more would spend their time waiting for each other.

    How many it uses is the process's, and so are the last bits of what it returns: who comes from another thread waits.
    """
    from threadpoolctl import threadpool_limits

    with _ALGEBRA, threadpool_limits(1):
        yield
