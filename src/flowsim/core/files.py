"""Files: TOML read with the line of a mistake, files written whole or not at all, and the one door to `data/`."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from flowsim.core.errors import InputError

__all__ = ["check_file", "data_folder", "read_toml", "write_bytes", "write_files", "write_text"]


def data_folder(name: str = "") -> Traversable:
    """Return the folder of what ships with flowsim, or one in it: a city's by its name, "scenarios", "report"."""
    root = resources.files("flowsim") / "data"
    return root / name if name else root


def read_toml(content: bytes, source: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        InputError: for what is no UTF-8 text or no TOML, with the line.
    """
    try:
        text = content.decode("utf-8-sig")  # Windows' editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{source}, line {line}: this is no UTF-8 text: save the file as UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r" \(at line (\d+), column \d+\)", message)
        if not match:
            raise InputError(f"{source}: {message}") from None
        line = int(match[1])
        shown = text.splitlines()[line - 1].strip()
        raise InputError(f"{source}, line {line}: {message.replace(match[0], '')}: {shown}") from None
    except ValueError:
        raise InputError(f"{source}: a number has too many digits") from None
    except RecursionError:
        raise InputError(f"{source}: brackets stand in brackets too deep to be read") from None


def check_file(path: Path, overwrite: bool = False) -> None:
    """Refuse a file that may not, or cannot, be written: before the work, not after it.

    Raises:
        InputError: where it exists and may not be overwritten, its folder does not exist, or nothing can be written
            there.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"'{path}' is no file: name one")
    if os.path.lexists(path) and not overwrite:
        raise InputError(f"'{path}' exists already: name a file that does not exist yet")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder '{path.parent}'")
    try:
        handle, name = tempfile.mkstemp(prefix=".flowsim-", dir=path.parent)
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        raise InputError(f"nothing can be written to '{path.parent}': {error.strerror}") from None


def write_text(path: Path, text: str, overwrite: bool = False) -> None:
    """Write a text file whole or not at all, as `write_bytes`."""
    write_bytes(path, text.replace("\n", os.linesep).encode("utf-8"), overwrite)


def write_bytes(path: Path, content: bytes, overwrite: bool = False) -> None:
    """Write a file whole or not at all, over an earlier one only where that is allowed.

    Raises:
        InputError: as `check_file`.
    """
    write_files({path: content}, overwrite)


def write_files(contents: Mapping[Path, bytes], overwrite: bool = False) -> None:
    """Write several files, all of them or none; as `write_bytes`."""
    for path in contents:
        check_file(path, overwrite)
    temporary: dict[Path, str] = {}
    try:
        for path, content in contents.items():
            handle, temporary[path] = tempfile.mkstemp(prefix=".flowsim-", dir=path.parent)
            with open(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary[path], 0o644)
        for path in contents:
            os.replace(temporary[path], path)
            del temporary[path]
    except BaseException:
        for name in temporary.values():
            os.unlink(name)
        raise
