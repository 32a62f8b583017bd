"""Compiled once and kept: where the machine code of the engine and the measures lies between runs.

numba keeps it beside the source file or in the user's cache folder. Where neither can be written to (an installation
that only its owner may change, a user without a home), it lies in a folder of the user's own among the temporary
files, or nowhere. Machine code that can't be read, as an older flowsim's whose types had other names, is made again.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config, njit

__all__ = ["SECONDS", "cached", "is_cached", "is_kept"]

SECONDS = 25
"""About what the engine and the measures take to compile, on a processor of 2020 that does nothing else."""
_settings: Any = config


def cached(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles a function, as `numba.njit` does, and keeps its machine code."""

    def decorate(function: Any) -> Any:
        compiled = njit(**options)(function)
        if hasattr(compiled, "enable_caching"):  # without compiling, it is the function itself
            _keep(compiled)
        return compiled

    return decorate


def is_cached(compiled: Any) -> bool:
    """Return whether a function needs no compiling, by this process or for what earlier ones left."""
    code_file = _file_of(compiled)
    return bool(getattr(compiled, "signatures", True)) or (code_file is not None and bool(code_file._load_index()))


def is_kept(compiled: Any) -> bool:
    """Return whether there is a place for the machine code of a function, where another process finds it."""
    return _file_of(compiled) is not None


def _keep(compiled: Any) -> None:
    try:
        compiled.enable_caching()
    except RuntimeError:  # no folder can be written to
        folder = _own_temporary_folder()
        if folder is None:
            return
        usual = _settings.CACHE_DIR
        _settings.CACHE_DIR = str(folder)
        try:
            compiled.enable_caching()
        except RuntimeError:
            return
        finally:
            _settings.CACHE_DIR = usual
    code_file = _file_of(compiled)
    if code_file is not None:
        code_file._load_index = _or_else(code_file._load_index, dict)
        code_file.load = _or_else(code_file.load, lambda: None)


def _file_of(compiled: Any) -> Any:
    """Return what reads and writes the machine code of a function, if numba has it where it had it up to now."""
    return getattr(getattr(compiled, "_cache", None), "_cache_file", None)


def _or_else(read: Callable[..., Any], nothing: Callable[[], Any]) -> Callable[..., Any]:
    """Read what is pickled, or return nothing: it fails in as many ways as a class can be renamed and a file be cut."""

    def reading(*of: Any) -> Any:
        try:
            return read(*of)
        except Exception:
            return nothing()

    return reading


def _own_temporary_folder() -> Path | None:
    """Return a folder that nobody else can write to, for machine code is run as it lies there; None where it is not."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        folder = Path(tempfile.gettempdir()) / f"flowsim-machine-code-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (not stat.S_ISDIR(about.st_mode) or about.st_uid != user or about.st_mode & 0o077):
        return None
    return folder
