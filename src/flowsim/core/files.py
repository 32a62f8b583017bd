"""Files: TOML and JSON read with the line of a mistake, files written whole or not at all, the one door to `data/`."""

from __future__ import annotations

import json
import math
import os
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from flowsim.core.errors import FileTaken, InputError, require_type
from flowsim.core.writing.atomic import place_files, remove_strays, reserved

__all__ = [
    "check_bare_numbers",
    "check_file",
    "content_of",
    "data_folder",
    "file_named",
    "is_file",
    "is_json",
    "read_data",
    "read_json",
    "read_toml",
    "text_of",
    "write_bytes",
    "write_files",
    "write_text",
]


_LONGEST_NAME = 255  # bytes: the limit of nearly all file systems
_MOST_BYTES = 5_000_000  # of a file of plain data: a hundred times the largest that a person writes
_MOST_PARTS = 50  # of a dotted key
_DEEP_KEY = re.compile(rf"(?:\.[\w-]*){{{_MOST_PARTS}}}")


def data_folder(name: str = "") -> Traversable:
    """Return the folder of what ships with flowsim, or one in it: a city's by its name, "scenarios", "report"."""
    root = resources.files("flowsim") / "data"
    return root / name if name else root


def content_of(file: Path | Traversable, source: str = "", most: int = _MOST_BYTES) -> bytes:
    """Return the content of a file, of which no more than may be long is loaded.

    Raises:
        InputError: where it is longer.
        OSError: where it can't be read.
    """
    with file.open("rb") as stream:
        content: bytes = stream.read(most + 1)
    if len(content) > most:
        size = file.stat().st_size if isinstance(file, Path) else len(content)
        raise InputError(f"{source or file}: {size:,} bytes are more than the {most:,} that are read")
    return content


def read_data(content: bytes, source: str) -> dict[str, Any]:
    """Read plain data from TOML, or from JSON where the name of the source ends so; names are composed as in NFC.

    Raises:
        InputError: as `read_toml` and `read_json`.
    """
    return read_json(content, source) if is_json(source) else read_toml(content, source)


def is_file(path: str | Path) -> bool:
    """Return whether there is a file of this name; a name that can't be one, such as a very long one, has none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_json(source: str) -> bool:
    """Return whether a file's name says that it holds JSON."""
    return source.lower().endswith(".json")


def file_named(path: str | Path) -> Path:
    """Return the path of a file that exists under this name, however its letters are composed ("Å" as one or two).

    The path itself where there is none.

    Raises:
        InputError: for what is no path.
    """
    require_type("path", path, (str, Path), "the path of a file")
    path = Path(path)
    if not is_file(path) and not path.name.isascii() and _is_folder(path.parent):
        wanted = unicodedata.normalize("NFC", path.name)
        alike = (other for other in path.parent.iterdir() if unicodedata.normalize("NFC", other.name) == wanted)
        return next(alike, path)
    return path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def text_of(content: bytes, source: str) -> str:
    """Return the text of a file, its letters composed (NFC), so that one name is one text.

    Raises:
        InputError: for what is no UTF-8 text, with the line, and for more than is read.
    """
    if len(content) > _MOST_BYTES:
        raise InputError(f"{source}: {len(content):,} bytes are more than the {_MOST_BYTES:,} that are read")
    try:
        text = content.decode("utf-8-sig")  # Windows' editors begin a file with a mark
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{source}, line {line}: this is no UTF-8 text: save the file as UTF-8") from None
    return unicodedata.normalize("NFC", text)


def read_json(content: bytes, source: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InputError: for what is no UTF-8 text or no JSON object, with the line; and for a key that stands twice.
    """
    text = text_of(content, source)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            key = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
            raise InputError(f"{source}: the key '{key}' stands twice")
        return values

    def constant(name: str) -> Any:
        raise InputError(f"{source}: {name} is no number")

    try:
        raw = json.loads(text, object_pairs_hook=once, parse_constant=constant)
    except json.JSONDecodeError as error:
        shown = text.splitlines()[error.lineno - 1].strip() if text.strip() else ""
        hint = _hint(shown) if shown else "the file is empty"
        raise InputError(f"{source}, line {error.lineno}: {error.msg}: {shown}{hint}") from None
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{source}: a number has too many digits") from None
    except RecursionError:
        raise InputError(f"{source}: brackets stand in brackets too deep to be read") from None
    if not isinstance(raw, dict):
        raise InputError(f"{source}: the file should hold one object of keys, in curly brackets")
    _check_values(raw, source)
    return raw


def read_toml(content: bytes, source: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        InputError: for what is no UTF-8 text or no TOML, with the line, and how to write what stands there.
    """
    text = text_of(content, source)
    # A dotted key makes a table of each part, and its reader's work grows with their square.
    plain = _without_texts(text).translate({ord(" "): None, ord("\t"): None})
    if match := _DEEP_KEY.search(plain):
        line = plain.count("\n", 0, match.start()) + 1
        raise InputError(f"{source}, line {line}: a key of more than {_MOST_PARTS} parts is not read")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = re.search(r" \(at line (\d+), column \d+\)", message)
        if not match:
            raise InputError(f"{source}: {message}") from None
        line = int(match[1])
        shown = text.splitlines()[line - 1].strip()
        raise InputError(f"{source}, line {line}: {message.replace(match[0], '')}: {shown}{_hint(shown)}") from None
    except ValueError:
        raise InputError(f"{source}: a number has too many digits") from None
    except RecursionError:
        raise InputError(f"{source}: brackets stand in brackets too deep to be read") from None
    _check_values(raw, source)
    return raw


def _check_values(raw: Mapping[str, Any], source: str) -> None:
    """Refuse numbers that no computation holds, and times of a zone, wherever they stand in plain data."""
    rest: list[tuple[str, Any]] = [("", raw)]
    while rest:
        path, value = rest.pop()
        if isinstance(value, dict):
            rest += [(f"{path}.{key}" if path else key, inner) for key, inner in value.items()]
        elif isinstance(value, list):
            rest += [(_item(path, inner), inner) for inner in value]
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InputError(f"{source}: {path}: a whole number has at most 63 bits, so from -2^63 to 2^63 - 1")
        elif isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{source}: {path}: {value} is no number that can be used, or one too large")
        elif isinstance(value, datetime | time) and value.tzinfo is not None:
            raise InputError(f"{source}: {path}: {value} has a time zone: write it without one")


def _item(path: str, value: Any) -> str:
    name = value.get("name", value.get("id")) if isinstance(value, dict) else None
    return f"{path}.{name}" if isinstance(name, str) else path


_DAY_FIRST = re.compile(r"[=:,\[{]\s*(\d{1,2})[-./](\d{1,2})[-./](\d{4})\b")
_YEAR_FIRST = re.compile(r"[=:,\[{]\s*(\d{4})[-./](\d{1,2})[-./](\d{1,2})\b")
_PER_CENT = re.compile(r"[=:,\[{]\s*([+-]?\d[\d.,]*)\s*%")
_COMMA = re.compile(r"[=:]\s*([+-]?\d+),(\d+)(?![\d,])")
_PLUS = re.compile(r"[:,\[]\s*(\+\d[\d.]*)\s*[,}\]]")
_WITH_UNIT = re.compile(r"[=:,\[{]\s*([+-]?\d(?:[\d.,]*\d)?\s*(?:per\s|/)?\s*[A-Za-zæøåÆØÅ][\w ]*)")
_BARE = re.compile(r"[=:]\s*([A-Za-zæøåÆØÅ][\w-]*)\s*(?:#.*)?$")


def _date_hint(year: int, month: int, day: int) -> str:
    """Return how to write a day, or that there is none."""
    try:
        return f": write a date as {date(year, month, day):%Y-%m-%d}"
    except ValueError:
        return f": there is no day {day} of month {month} in {year}: write a date such as 2025-12-31"


def _hint(line: str) -> str:
    """Return how to write what stands in a line that is no TOML or JSON; nothing where that can't be told."""
    if match := _DAY_FIRST.search(line):
        day, month, year = match.groups()
        return _date_hint(int(year), int(month), int(day))
    for match in _YEAR_FIRST.finditer(line):
        year, month, day = match.groups()
        hint = _date_hint(int(year), int(month), int(day))
        if f"{year}-{int(month):02}-{int(day):02}" not in line or hint.startswith(": there is no"):
            return hint
    if match := _PLUS.search(line):
        return f': write it in quotes: "{match[1]}"'
    if match := _PER_CENT.search(line):
        return f': write it in quotes: "{match[1]} %"'
    if match := _COMMA.search(line):
        return f": write a decimal point: {match[1]}.{match[2]}"
    if any(mark in line for mark in "“”„‘’"):
        return ': write straight quotes (")'
    match = _WITH_UNIT.search(line) or _BARE.search(line)
    return f': write a text in quotes: "{match[1].strip()}"' if match else ""


_NOT_NUMBERS = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*", re.DOTALL)
_SIGNED = re.compile(r"[=,\[]\s*\+(\d[\d_.eE]*)")
_THREE_DECIMALS = re.compile(r"[=,\[]\s*[+-]?([1-9]\d{0,2})\.(\d{3})(?![\d_.eE])")


def _without_texts(text: str) -> str:
    """Return TOML or JSON with spaces for what stands in quotes or is a remark."""
    return _NOT_NUMBERS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def check_bare_numbers(content: bytes, source: str, *, changes: bool) -> None:
    """Refuse bare numbers of a file that read as something else: +2, which TOML takes for 2, and 1.200 for 1.2.

    Args:
        content: of the TOML or JSON file; its plain data no longer tells how a number was written.
        source: the file's name.
        changes: whether it tells changes to a base, where a sign has a meaning. In a base's own file, decimals are
            refused only where the last of three is a 0.

    Raises:
        InputError: with the line, and the two ways to write it.
    """
    text = _without_texts(text_of(content, source))
    for match in _SIGNED.finditer(text) if changes else ():
        number = match[1]
        raise InputError(
            f"{source}, line {text.count(chr(10), 0, match.end()) + 1}: +{number} is not allowed without quotes: write "
            f'"+{number}" for {number} more, or {number} for {number} in all'
        )
    if is_json(source):
        text = re.sub(r":\s*(?=[-\d])", lambda match: "=" + match[0][1:], text)
    for match in _THREE_DECIMALS.finditer(text):
        whole, decimals = match.groups()
        if changes or decimals.endswith("0"):
            small = f"{whole}.{decimals}0" if decimals[-1] != "0" else f"{float(f'{whole}.{decimals}'):g}"
            raise InputError(
                f"{source}, line {text.count(chr(10), 0, match.end()) + 1}: {whole}.{decimals}: {whole}{decimals} or "
                f"{small}? write {whole}{decimals} or {small}"
            )


def check_file(path: Path, overwrite: bool = False) -> None:
    """Refuse a file that may not, or cannot, be written: before the work, not after it.

    Raises:
        InputError: where it exists and may not be overwritten, its folder does not exist, nothing can be written
            there, or another process is writing it.
    """
    _check_content(path, overwrite)
    target = Path(os.path.realpath(path))
    remove_strays(target.parent)
    try:
        with reserved(target):
            pass
    except OSError as error:
        raise InputError(f"nothing can be written to '{path.parent}': {error.strerror}") from None


def _check_content(path: Path, overwrite: bool) -> None:
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise InputError(f"'{path.name[:40]}…': the name is longer than {_LONGEST_NAME} bytes")
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"'{path}' is no file: name one")
        if os.path.lexists(path) and not overwrite:
            raise FileTaken(f"'{path}' exists already: name a file that does not exist yet")
        if not path.parent.is_dir():
            raise InputError(f"there is no folder '{path.parent}'")
        if path.is_file() and not os.access(path, os.W_OK):
            raise InputError(f"'{path}' is protected against writing")
    except OSError as error:
        raise InputError(f"nothing can be written to '{path}': {error.strerror}") from None


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
        _check_content(path, overwrite)
    if contents:
        place_files(contents, lambda path: _check_content(path, overwrite))
