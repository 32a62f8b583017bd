"""Numbers with their units, changes to them ("+2", "-10 %"), and shares as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator

from flowsim.core.civil_time import parse_rate, parse_span
from flowsim.core.errors import InputError, KeyedError
from flowsim.core.numbers import (
    PER_CENT,
    TOKEN,
    AmbiguousNumber,
    bare_percentage,
    plain_number,
    read_number,
    with_plain_spaces,
)

__all__ = [
    "TypedNumber",
    "changed",
    "check_typed",
    "is_number",
    "is_relative",
    "parse_precision",
    "parse_share",
    "quantity",
    "read_percentage",
    "times",
]

_QUANTITY = re.compile(rf"\s*({TOKEN})(\s*(?:per|/)?\s*[\d.]*\s*[A-Za-z]+)\s*")
_TYPED = re.compile(rf"\s*({TOKEN})\s*(?:{PER_CENT}|(?:(?:per|/)\s*({TOKEN})?\s*)?[A-Za-zæøåÆØÅ]+(?:\s+per\s+.*)?)?\s*")
_SIGNED = re.compile(r"^(\s*[+\-−])\s+")
_WORDS = {"name", "title", "description", "why", "base", "fact", "key", "station", "state", "party", "entry", "exit"}
_RELATIVE = re.compile(rf"\s*([+-])\s*({TOKEN})\s*(%|.*[A-Za-z]\.?)?\s*")


def _figure(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"{value} is not allowed: it should be a number")
    return read_number(value) if isinstance(value, str) else plain_number(value)


TypedNumber = Annotated[float, BeforeValidator(_figure)]
"""A number in a file; one in quotes is read as all are that people type."""


def is_relative(change: Any) -> bool:
    """Return whether a change starts from the value that it changes: "+2", "-20 %", "+100 per year"."""
    return isinstance(change, str) and change.lstrip().startswith(("+", "-", "−"))


def changed(value: Any, change: Any) -> Any:
    """Return a value after a change: another one in its place, or, relatively, "+2", "-1 weeks" or "+10 %".

    A text with a unit keeps its unit under a relative change, and its kind (span, rate) under any.

    Raises:
        ValueError: for a change that does not fit the value, or that takes it below 0.
    """
    number, unit, parse = _parts(value)
    if not is_relative(change):
        if is_number(value) and isinstance(change, str) and re.fullmatch(rf"\s*{TOKEN}\s*", change):
            number = read_number(change)
            change = int(number) if number.is_integer() else number
        if is_number(value) and not is_number(change):
            message = f"{change!r} is not allowed: it should be a number, or a change such as '+2' or '+10 %'"
            raise ValueError(bare_percentage(change) or message)
        if parse:
            parse(change)
        return change
    match = _RELATIVE.fullmatch(with_plain_spaces(change).replace("−", "-"))
    if not match:
        raise ValueError(f"'{change}' is no change: write '+2' or '+10 %', with the unit where the value has one")
    if number is None:
        raise ValueError(f"'{change}' changes a number, and {value!r} is none: write the new value in full")
    by = read_number(match[2], typed=False) * (1 if match[1] == "+" else -1)
    if match[3] and re.fullmatch(PER_CENT, match[3]):
        new = number * (1 + by / 100)
    elif parse is None:
        if match[3]:
            raise ValueError(f"'{change}' has a unit, and {value!r} has none: write '{match[1]}{match[2]}'")
        new = number + by
    else:
        if not match[3]:
            raise ValueError(f"'{change}' has no unit, and '{value}' has one: write '{match[1]}{match[2]}{unit}'")
        new = number + by * parse(f"1 {match[3]}") / parse(f"1{unit}")
    if new < 0:
        raise ValueError(f"'{change}' takes {value!r} below 0")
    if not math.isfinite(new):
        raise ValueError(f"'{change}' takes {value!r} beyond any number")
    new = float(f"{new:.12g}")  # 12 weeks +10 % are 13.2, not 13.200000000000001
    if parse is None:
        return int(new) if isinstance(value, int) and new == int(new) else new
    return f"{int(new) if new == int(new) else new}{unit}"


def times(value: Any, factor: float, *, whole: bool = False) -> Any:
    """Return a number, or a number with its unit, multiplied by a factor; to the nearest whole one where asked.

    Raises:
        ValueError: for a value that is no number.
    """
    number, unit, _ = _parts(value)
    if number is None:
        raise ValueError(f"{value!r} is no number")
    new = float(f"{number * factor:.12g}")
    if not math.isfinite(new):
        raise ValueError(f"{factor:g} times {value!r} is beyond any number")
    if whole:
        return f"{round(new)}{unit}" if unit else round(new)
    return f"{new:.12g}{unit}" if unit else new


def _parts(value: Any) -> tuple[float | None, str, Callable[[Any], float] | None]:
    """Split a value into its number, its unit, and what reads texts of its kind."""
    if is_number(value):
        return float(value), "", None
    return quantity(value) or (None, "", None)


def quantity(value: Any) -> tuple[float, str, Callable[[Any], float]] | None:
    """Split a span or a rate into its number, its unit, and what reads texts of its kind; None for anything else."""
    return _quantity_of(value) if isinstance(value, str) else None


_LAST_ZERO = re.compile(r"0(?![\d.])")


# The same texts are multiplied at every draw of parameters.
@lru_cache(maxsize=4096)
def _quantity_of(value: str) -> tuple[float, str, Callable[[Any], float]] | None:
    match = _QUANTITY.fullmatch(with_plain_spaces(value))
    for parse in (parse_span, parse_rate) if match else ():
        try:
            parse(value)
        except ValueError:
            continue
        return read_number(match[1], typed=False), match[2], parse  # type: ignore[index]
    return None


def is_number(value: Any) -> bool:
    """Return whether a value is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_typed(content: Any, source: str, path: str = "", *, program: bool = False) -> None:
    """Refuse plain data of a file in which a text can be read as two numbers: "1.200 per year", "+1,200".

    Where a program may have written it ("2.949 weeks"), only what none writes: a comma, or a zero at the end.

    Raises:
        InputError: with the key path, and the two ways to write it.
    """
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key not in _WORDS:
                place = f"{path}.{key}".removeprefix(".").replace(".[", "[")
                check_typed(value, source, place, program=program)
    elif isinstance(content, list | tuple):
        for index, value in enumerate(content):
            check_typed(value, source, f"{path}[{index}]", program=program)
    elif isinstance(content, str) and program and "," not in content and not _LAST_ZERO.search(content):
        return  # most of what programs write
    elif isinstance(content, str) and (match := _TYPED.fullmatch(_SIGNED.sub(r"\1", with_plain_spaces(content)))):
        for token in match.groups():
            try:
                read_number(token or "0", typed=not program or (token or "").endswith("0"))
            except AmbiguousNumber as doubt:
                raise InputError(f"{source}: {path}: {doubt}") from None
            except ValueError:
                continue  # what reads the value says what is wrong with it


def read_percentage(text: str) -> float | None:
    """Return the fraction that a text such as "7,5 %" says; None where it is no percentage.

    Raises:
        AmbiguousNumber: for "1.200 %".
    """
    match = re.fullmatch(rf"\s*({TOKEN})\s*{PER_CENT}\s*", with_plain_spaces(text))
    return read_number(match[1]) / 100 if match else None


def parse_precision(text: str) -> float:
    """Return the fraction that "5%", "7,5 %" or "0.05" says.

    Raises:
        InputError: for anything else.
    """
    return parse_share(text, "precision", such_as="5%")


def parse_share(text: str, where: str, such_as: str = "90%") -> float:
    """Return the fraction that "90%", "97,5 %" or "0.9" says.

    Raises:
        InputError: for anything else, with `where` it stands.
    """
    number, per_cent = re.fullmatch(rf"(?s)\s*(.*?)\s*({PER_CENT}?)\s*", with_plain_spaces(text)).groups()  # type: ignore[union-attr]
    try:
        share = read_number(number)
    except AmbiguousNumber as doubt:
        raise KeyedError(where, str(doubt)) from None
    except ValueError:
        fraction = f"{float(such_as[:-1]) / 100:g}"
        raise KeyedError(where, f"'{text}' is not allowed: write '{such_as}' or '{fraction}'") from None
    if share > 1 and not per_cent:
        raise KeyedError(where, f"'{text}' is not allowed: write '{text.strip()}%', or a share from 0 to 1")
    return share / (100 if per_cent else 1)
