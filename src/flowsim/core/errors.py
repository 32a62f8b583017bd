"""What a user hears of a mistake in her input: where it is, what it is, and what is allowed there."""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence, Set, Sized
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeGuard

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from flowsim.core.numbers import bare_percentage, composed

__all__ = [
    "FileTaken",
    "InputError",
    "KeyedError",
    "Record",
    "is_real",
    "is_row",
    "located",
    "nearest",
    "one_line",
    "require",
    "require_positive",
    "require_type",
    "unknown_name",
    "whole_number",
]


_LONGEST_WORD = 300  # letters without a space: longer than any path that a person types
_LONGEST = 2_000
_LONG_WORD = re.compile(rf"\S{{{_LONGEST_WORD},}}")


def one_line(text: str) -> str:
    """Return a message as one line in which nothing, such as a name from a file, is longer than can be read."""
    line = " ".join(_LONG_WORD.sub(lambda word: f"{word[0][:80]}…{word[0][-20:]}", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 500]} … {line[-480:]}"


class InputError(ValueError):
    """One mistake in what the user gave; the message, one line, says where, what, and what is allowed."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class FileTaken(InputError):
    """A file stands where one is to be written, and may not be overwritten."""


class KeyedError(InputError):
    """A mistake in the value of one key, so that whoever filled that key can name it as it was asked for.

    Attributes:
        key: the name of the key, such as "between"; the command line has an option of that name.
        reason: what the value is, and what is allowed.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return one_line(f"{self.key}: {self.reason}")


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the closest allowed name, or an empty string."""
    close = difflib.get_close_matches(str(name)[:_LONGEST_WORD], list(allowed), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def unknown_name(what: str, name: str, allowed: Iterable[str]) -> str:
    """Say that a name is unknown, with the nearest allowed one and the list of all."""
    names = sorted(allowed)
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"there is no {what} '{name}'{nearest(name, names)} (allowed: {shown or 'none is declared'})"


class Record(BaseModel):
    """A frozen value whose keys are all known: a typo is answered with the nearest key.

    Raises:
        InputError: from the constructor, in one line with the key path.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Of keys that people write though there is none, where what they mean belongs."""
    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True
    )

    if not TYPE_CHECKING:  # a type checker reads the fields instead

        def __init__(self, /, **data: Any) -> None:
            try:
                super().__init__(**composed(data))
            except ValidationError as error:
                name = data.get("name")
                source = type(self).__name__ + (f" '{name}'" if isinstance(name, str) else "")
                raise located(error, data, source) from None

        # Without this mark pydantic calls it for values inside others too, and their key paths would be lost.
        __init__.__pydantic_base_init__ = True

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping):
            allowed = [field.alias or name for name, field in cls.model_fields.items()]
            for key in raw:
                if key in cls.elsewhere and key not in allowed:
                    raise ValueError(f"there is no key '{key}' here: {cls.elsewhere[key]}")
                if key not in allowed:
                    raise ValueError(unknown_name("key", str(key), allowed))
        return raw

    def __copy__(self) -> Self:
        """Return a copy, which `model_copy` gives other fields: without what is remembered of these."""
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def __repr__(self) -> str:
        """Return the call that makes it, with what is not left out, as a file writes it."""
        written = self.model_dump(exclude_defaults=True)
        if not isinstance(written, Mapping):
            return f"{type(self).__name__}({written!r})"
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in written.items())})"

    def __str__(self) -> str:
        return repr(self)


def located(error: ValidationError, raw: Any, source: str) -> InputError:
    """Turn the first fault that pydantic finds into one line.

    The key path is given in the names of the input itself: `states.plan.stay`, never `states.3`.
    """
    fault = error.errors()[0]
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if fault["type"] == "missing":
        text = "this key is missing"
    elif fault["type"] == "value_error":
        text = message
    elif percentage := bare_percentage(fault.get("input")):
        text = percentage
    else:
        text = f"{_short(fault.get('input'))} is not allowed: it should be {message[0].lower()}{message[1:]}"
    path = _path(raw, fault["loc"])
    return InputError(f"{source}: {path}: {text}" if path else f"{source}: {text}")


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of too many digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _path(raw: Any, loc: Sequence[int | str]) -> str:
    parts: list[str] = []
    here = raw
    for step in loc:
        if isinstance(step, int):
            if isinstance(here, Mapping):
                # A table of tables was read as a list; any other table is one value, which always holds.
                if here and step < len(here) and all(isinstance(v, Mapping) for v in here.values()):
                    key = list(here)[step]
                    parts.append(str(key))
                    here = here[key]
            elif isinstance(here, Sequence) and not isinstance(here, str) and step < len(here):
                here = here[step]
                name = here.get("name") if isinstance(here, Mapping) else getattr(here, "name", None)
                parts.append(str(name) if name is not None else f"[{step}]")
        elif step != "steps" and "[" not in step:
            parts.append(step)
            here = here.get(step) if isinstance(here, Mapping) else getattr(here, step, None)
    return ".".join(parts).replace(".[", "[")


def require(holds: bool, where: str, value: object, allowed: str) -> None:
    """Refuse a value unless a condition holds.

    Raises:
        InputError: where it is, what it is, and what is allowed there.
    """
    if not holds:
        raise KeyedError(where, f"{_short(value)} is not allowed: {allowed}")


def require_type(where: str, value: object, kinds: type | tuple[type, ...], allowed: str) -> None:
    """Refuse what is of another type, such as a path where a model is asked for.

    Raises:
        InputError: where it is, what it is, and what is allowed there.
    """
    if not isinstance(value, kinds):
        raise InputError(f"{where}: {_short(value)} is not allowed: it should be {allowed}")


def is_real(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number, Python's or NumPy's, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_row(values: object) -> TypeGuard[Sequence[float]]:
    """Return whether values are real numbers in a row: a list, a tuple or an array of one axis."""
    if not isinstance(values, Sized) or isinstance(values, str | bytes | Mapping | Set):
        return False
    try:
        return all(map(is_real, values))  # type: ignore[call-overload]
    except TypeError:  # an array without an axis
        return False


def require_positive(**values: object) -> None:
    """Refuse what is not above 0 and finite, by its name."""
    for where, value in values.items():
        require(is_real(value) and 0 < value < math.inf, where, value, "above 0 and finite")


def whole_number(where: str, value: object, least: int = 0, most: int = 2**63 - 1) -> int:
    """Return a whole number of any kind (Python's, NumPy's) as Python's own.

    Raises:
        InputError: where it is, what it is, and what is allowed there; a truth value and 1.0 are no whole numbers.
    """
    limits = f"from {least:,} to {most:,}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number <= most:
        raise InputError(f"{where}: {_short(value)} is not allowed: it should be a whole number {limits}")
    return number
