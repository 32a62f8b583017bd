"""Numbers as people type them, with a decimal comma or point, and as NumPy holds them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Integral, Real
from typing import Any

__all__ = [
    "PER_CENT",
    "TOKEN",
    "AmbiguousNumber",
    "bare_percentage",
    "composed",
    "fixed",
    "number",
    "plain_number",
    "read_number",
    "read_whole",
    "significant",
    "unambiguous",
    "with_plain_spaces",
]

TOKEN = r"[+\-−]?(?:\d(?:[\d.,]|[ ' ’](?=\d{3}(?!\d)))*|[.,]\d+)(?:[eE][+-]?\d+)?"
"""What may be a number in a longer text; `read_number` tells whether it is one."""
_GROUPED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?")
_WHOLE_IN_GROUPS = re.compile(r"\d{1,3}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,})")
_MOST_PLACES = 5  # after the point
_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+")
_POINT = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+")
_DECIMAL = re.compile(r"(?:\d+(?:[.,]\d+|\.)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_EITHER = re.compile(r"([1-9]\d{0,2})[.,](\d{3})")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " "))
_INVISIBLE = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\ufeff"))
PER_CENT = r"(?:%|pct\b\.?|procent\b|per ?cent\b)"
"""A per cent sign, or the word for it."""


_HALF_UP = Context(prec=400, rounding=ROUND_HALF_UP)
"""Wide enough for every float, whole and in full."""


class AmbiguousNumber(ValueError):
    """A text that is a number over a thousand to some readers, and a small one with decimals to others."""


def with_plain_spaces(text: str) -> str:
    """Return a text with plain spaces for those that spreadsheets and typesetters put between digits and units.

    What takes no room at all (a byte order mark within, a soft hyphen, a mark of direction) is left out.
    """
    return text if text.isascii() else text.translate(_SPACES).translate(_INVISIBLE)


def read_number(text: str, *, typed: bool = True) -> float:
    """Return the number that a text says, with a decimal comma or point: "12,5", "0.512", "1.014,8", "12 000".

    Three digits after the only separator are decimals to one reader and thousands to another, unless a 0 or more than
    three digits stand before it; no file is there to ask, so such a text is refused.

    Args:
        text: what stands there.
        typed: whether a person typed it. In what a program wrote ("1.125 minutes") a single point is a decimal one.

    Raises:
        AmbiguousNumber: for "1.200" and "1,200", with the two ways to write it.
        ValueError: for anything that is no number, and for one too large.
    """
    plain = with_plain_spaces(text).strip().replace("−", "-")
    if plain.startswith("–"):  # as word processors write a minus
        plain = f"-{plain[1:]}"
    sign, digits = (plain[0], plain[1:].lstrip()) if plain[:1] in ("+", "-") else ("", plain)
    if (either := _EITHER.fullmatch(digits)) and (typed or "," in digits):
        whole, decimals = either.groups()
        small = f"{whole}.{decimals}0" if decimals[-1] != "0" else f"{float(f'{whole}.{decimals}'):g}"
        raise AmbiguousNumber(f"'{text.strip()}': {whole}{decimals} or {small}? write {whole}{decimals} or {small}")
    if _GROUPED.fullmatch(digits):
        digits = re.sub(r"[ '’]", "", digits).replace(",", ".")
    elif _WHOLE_IN_GROUPS.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", "")
    elif _COMMA.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    elif _POINT.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _DECIMAL.fullmatch(digits):
        digits = digits.replace(",", ".")
    else:
        raise ValueError(f"'{text}' is no number")
    number = float(sign + digits)
    if typed and not math.isfinite(number):
        raise ValueError(f"'{text}' is too large for a number")
    return number


def read_whole(text: str) -> int:
    """Return the whole number that a typed text says: "200", "12 000", "1e4"; "1.000" is refused as `read_number` does.

    Raises:
        AmbiguousNumber: as `read_number`.
        ValueError: for anything that is no whole number.
    """
    plain = with_plain_spaces(text).strip()
    if re.fullmatch(r"[+-]?[0-9]+", plain):
        return int(plain)
    refused = ValueError(f"'{text}' is not allowed: it should be a whole number")
    try:
        number = read_number(plain)
    except AmbiguousNumber:
        raise
    except ValueError:
        raise refused from None
    if not number.is_integer():
        raise refused
    return int(number)


def bare_percentage(value: Any) -> str:
    """Say what to write instead of a percentage where a value is asked for; nothing for what is none."""
    if not (isinstance(value, str) and re.fullmatch(rf"\s*[+-]?\s*{TOKEN}\s*{PER_CENT}\s*", with_plain_spaces(value))):
        return ""
    bare = value.strip().lstrip("+-").strip()
    return (
        f"'{value.strip()}' is a share of something, and a value is asked for: write the value itself (a share: 0.5); "
        f"in a scenario '-{bare}' is so much less than in its base, and '+{bare}' so much more"
    )


def unambiguous(text: str) -> str:
    """Return a written number as none can misread it: "1.234" as "1.2340"."""
    return f"{text}0" if _EITHER.fullmatch(text.removeprefix("-")) else text


def composed(value: Any) -> Any:
    """Return plain data with the letters of its texts composed (NFC), so that one name is one text however typed."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {composed(key): composed(each) for key, each in value.items()}
    return type(value)(map(composed, value)) if type(value) in (list, tuple) else value


def plain_number(value: Any) -> Any:
    """Return a number of NumPy as Python's own; anything else as it is, for others to judge."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def fixed(value: float, decimals: int, *, shift: int = 0) -> str:
    """Write a finite number with so many decimals: halves away from zero, as spreadsheets, browsers and readers do.

    What Python itself writes differs from one file to the other: "76" of 76.5 beside 77 in a workbook.

    Args:
        value: the number; a half is one by its shortest decimal form, as in a spreadsheet.
        decimals: how many are written.
        shift: by how many digits the point is moved first; 2 for a share in per cent.
    """
    moved = Decimal(repr(float(value))).scaleb(shift, _HALF_UP)
    return f"{moved.quantize(Decimal(1).scaleb(-decimals), context=_HALF_UP):,f}"


def number(value: float) -> str:
    """Write a figure as a planner reads it: whole above a hundred, one decimal above one; six places at the most."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1e9:
        return f"{value:.0e}"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M" if abs(value) < 999.5e6 else f"{value:.0e}"
    if abs(value) >= 99_999.5:
        return f"{fixed(value, 0, shift=-3)}k" if abs(value) < 999_500 else "1M"
    if abs(value) >= 100:
        return fixed(value, 0)
    return fixed(value, 1 if abs(value) >= 1 or value == 0 else 2)


def significant(value: float, decimals: int) -> str:
    """Write a figure with so many decimals, or more where these would show less than two of its digits: 0.034."""
    if not 0 < abs(value) < 10 ** (1 - decimals):
        return f"{value:.{decimals}f}"
    places = 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{places}f}" if places <= _MOST_PLACES else f"{value:.1e}"
