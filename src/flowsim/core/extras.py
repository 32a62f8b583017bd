"""Other people's libraries: the extras, how a missing one is told, and a lock for what they warn of."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from flowsim.core.errors import InputError

__all__ = ["EXTRAS", "WARNING_FILTERS", "require_extra"]

WARNING_FILTERS = threading.RLock()
"""Held by whoever changes the filters of warnings for a while: they are the process's, so two threads that each put
theirs and then those of before back leave one without its own (Python's `warnings.catch_warnings` says so)."""

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
