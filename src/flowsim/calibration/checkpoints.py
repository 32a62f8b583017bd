"""Finished parts of a calibration on disk: each carries a checksum, so that a damaged or foreign one is made again."""

from __future__ import annotations

import csv
import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require_type
from flowsim.core.files import content_of, write_bytes

__all__ = [
    "DamagedPartWarning",
    "keep",
    "keep_arrays",
    "kept",
    "kept_arrays",
    "parts_folder",
    "table_text",
    "tell_damaged",
    "whole",
]

_MARK = b"\nsha256 "
_LENGTH = len(_MARK) + 64
_MOST_BYTES = 100_000_000


class DamagedPartWarning(UserWarning):
    """A kept part is empty, cut, changed or of another calibration, and is made again."""


def parts_folder(folder: str | Path | None) -> Path | None:
    """Make the folder in which finished parts are kept, and those above it; None where none are kept.

    Raises:
        InputError: where it can't be made.
    """
    if folder is None:
        return None
    require_type("folder", folder, (str, Path), "the path of a folder")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"folder: nothing can be written to '{folder}': {error.strerror}") from None
    return Path(folder)


def _checksum(content: bytes, name: str, owner: str) -> bytes:
    return _MARK + hashlib.sha256(f"{owner}\0{name}\0".encode() + content).hexdigest().encode()


def keep(path: Path, content: bytes, owner: str) -> None:
    """Keep a finished part, in place of a damaged one where there is one.

    Args:
        path: its file.
        content: what is kept.
        owner: the calibration that it belongs to, such as its study's digest and seed.
    """
    write_bytes(path, content + _checksum(content, path.name, owner), overwrite=True)


def kept(path: Path | None, owner: str) -> bytes | None:
    """Return what a part's file keeps; None where there is none, and where it is damaged or foreign, with a warning."""
    if path is None or not path.exists():
        return None
    if not path.is_file():  # to read a pipe would never end
        raise InputError(f"'{path}' is no file: remove it, and it is made again")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' can't be read: {error.strerror}") from None
    content, checksum = content[:-_LENGTH], content[-_LENGTH:]
    if checksum == _checksum(content, path.name, owner):
        return content
    tell_damaged(path)
    return None


def tell_damaged(path: Path) -> None:
    """Warn of a part that is damaged or foreign."""
    warnings.warn(f"'{path}' is damaged, or of another calibration: it is made again", DamagedPartWarning, stacklevel=3)


def keep_arrays(path: Path, owner: str, **arrays: object) -> None:
    """Keep arrays by their names, as `keep`."""
    held = io.BytesIO()
    np.savez(held, **arrays)  # type: ignore[arg-type]
    keep(path, held.getvalue(), owner)


def kept_arrays(path: Path | None, owner: str) -> dict[str, Floats] | None:
    """Return the arrays that a part keeps, as `kept`."""
    content = kept(path, owner)
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def table_text(file: Path | Traversable) -> str:
    """Return the text of a table or record of a calibration; raises InputError for one of more than 100 MB."""
    return content_of(file, most=_MOST_BYTES).decode("utf-8")


@contextmanager
def whole(place: object) -> Iterator[None]:
    """Read a file that a calibration wrote: what is no such file is refused in one line.

    Raises:
        InputError: with its name.
    """
    try:
        yield
    except InputError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OSError, csv.Error, BadZipFile, RecursionError):
        raise InputError(
            f"'{place}' is damaged, or of another version: give the same `flowsim calibrate` again, which goes on from "
            "its finished parts"
        ) from None
