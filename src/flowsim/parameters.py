"""Where every number of a base pathway comes from: a documented fact, an assumption, or a calibration.

A base file is a pathway in TOML whose body may say "$name" instead of a value, also as a key; its
`[parameters]` table tells each name's value and its reason. Here too is how a value is changed.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from flowsim.civiltime import is_dated, parse_rate, parse_span
from flowsim.errors import InputError, nearest, unknown_name
from flowsim.pathway import Pathway

if TYPE_CHECKING:
    from flowsim.evidence import Evidence

__all__ = [
    "BUILT_IN",
    "Base",
    "Parameter",
    "bare_numbers",
    "changed",
    "is_relative",
    "read_base",
    "read_toml",
    "times",
]

BUILT_IN = ("copenhagen",)
Kind = Literal["fact", "assumed", "calibrate"]
_KEYS: Mapping[str, tuple[set[str], set[str]]] = {
    "fact": ({"fact"}, {"key", "as"}),
    "assumed": ({"assumed", "why"}, set()),
    "calibrate": ({"calibrate", "why"}, set()),
}
_REFERENCE = re.compile(r"\$([\w\-]+)")
_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})(\s*(?:per|/)?\s*[\d.]*\s*[A-Za-z]+)\s*")
_RELATIVE = re.compile(rf"\s*([+-])\s*({_NUMBER})\s*(%|.*[A-Za-z])?\s*")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One named value of a base file and where it comes from.

    Attributes:
        name: what the body calls it, without the "$".
        value: a number, or a text with its unit, as it stands in the pathway; the fitted one where there is one.
        kind: `fact` (documented), `assumed`, or `calibrate`.
        first: the value that the file tells, where calibration starts from.
        fact: the id of the documented fact, with the `key` of the table's cell where it is a table.
        why: the reason of an assumption, or what a calibrated value is tied to.
    """

    name: str
    value: Any
    kind: Kind
    first: Any
    fact: str = ""
    key: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base file as read: its body with the references still in place, and its parameters by name."""

    name: str
    raw: Mapping[str, Any]
    parameters: Mapping[str, Parameter]
    source: str
    sha256: str

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name, or raise InputError with the nearest one."""
        if name not in self.parameters:
            raise InputError(f"{self.source}: {unknown_name('parameter', name, self.parameters)}")
        return self.parameters[name]

    def pathway(self, overrides: Mapping[str, Any] = _NOTHING) -> Pathway:
        """Return the checked pathway, with other values for some parameters.

        Raises:
            InputError: for an unknown parameter, or where the values make no sound pathway.
        """
        values = {name: parameter.value for name, parameter in self.parameters.items()}
        values |= {self.parameter(name).name: value for name, value in overrides.items()}
        return Pathway.from_dict(_filled(self.raw, values, self.source, ""), self.source)


def read_base(name_or_path: str | Path, folder: Path | None = None) -> Base:
    """Read a base file: a built-in one by its name, or a user's own by its path (relative to `folder`).

    A built-in base has its fitted values where it was calibrated: those of the mode (`flowsim calibrate`).

    Raises:
        InputError: one line with the file and the key path.
    """
    if str(name_or_path) in BUILT_IN:
        source = f"{name_or_path}.toml"
        content = (resources.files("flowsim") / "data" / source).read_bytes()
    else:
        path = (folder or Path()) / name_or_path
        if not path.is_file():
            shown = ", ".join(f"'{name}'" for name in BUILT_IN)
            hint = nearest(str(name_or_path), BUILT_IN)
            raise InputError(
                f"there is no base '{name_or_path}'{hint} (allowed: {shown}, or the path of a pathway file)"
            )
        source, content = str(path), path.read_bytes()
    raw = read_toml(content, source)
    told = raw.pop("parameters", {})
    if not isinstance(told, dict):
        raise InputError(f"{source}: parameters: {told!r} is not allowed: it should be a table")
    parameters = {name: _parameter(name, entry, source) for name, entry in told.items()}
    if str(name_or_path) in BUILT_IN:
        fitted = _fitted(str(name_or_path))
        parameters |= {name: replace(parameters[name], value=value) for name, value in fitted.items()}
    used = {name for _, name in _references(raw)}
    for name in parameters:
        if name not in used:
            raise InputError(
                f'{source}: parameters.{name}: it is never used: write "${name}" where it belongs, or drop it'
            )
    base = Base(
        name=str(raw.get("name", source)),
        raw=raw,
        parameters=parameters,
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    base.pathway()
    return base


def _fitted(name: str) -> dict[str, Any]:
    """Return the values that a built-in base was calibrated to, by parameter."""
    file = resources.files("flowsim") / "data" / f"{name}-mode.toml"
    if not file.is_file():
        return {}
    values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["values"]
    return values


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
        found = re.search(r" \(at line (\d+), column \d+\)", message)
        if not found:
            raise InputError(f"{source}: {message}") from None
        line = int(found[1])
        shown = text.splitlines()[line - 1].strip()
        raise InputError(f"{source}, line {line}: {message.replace(found[0], '')}: {shown}") from None
    except ValueError:
        raise InputError(f"{source}: a number has too many digits") from None
    except RecursionError:
        raise InputError(f"{source}: brackets stand in brackets too deep to be read") from None


def _parameter(name: str, entry: Any, source: str) -> Parameter:
    where = f"{source}: parameters.{name}"
    if not _REFERENCE.fullmatch(f"${name}"):
        raise InputError(f"{where}: '{name}' is no name: letters, digits, '_' and '-' are allowed")
    kinds = [kind for kind in _KEYS if isinstance(entry, dict) and kind in entry]
    if len(kinds) != 1:
        known = {key for needed, more in _KEYS.values() for key in needed | more}
        typo = next((key for key in entry if key not in known), None) if isinstance(entry, dict) else None
        hint = f": {unknown_name('key', typo, known)}" if typo else ""
        raise InputError(f"{where}: a parameter has exactly one of `fact`, `assumed` and `calibrate`{hint}")
    kind = kinds[0]
    needed, more = _KEYS[kind]
    for key in entry:
        if key not in needed | more:
            raise InputError(f"{where}: {unknown_name('key', key, needed | more)}")
    for key in sorted(needed):
        if key not in entry:
            raise InputError(f"{where}.{key}: this key is missing")
    for key in ("fact", "key", "as", "why"):
        if key in entry and not (isinstance(entry[key], str) and entry[key].strip()):
            raise InputError(f"{where}.{key}: {entry[key]!r} is not allowed: it should be a text")
    if kind == "fact":
        value = _documented(entry, where)
        return Parameter(name=name, value=value, kind="fact", first=value, fact=entry["fact"], key=entry.get("key", ""))
    value = entry[kind]
    if kind == "calibrate" and not (_is_number(value) or _quantity(value)):
        raise InputError(
            f"{where}.calibrate: {value!r} is not allowed: it should be a number, or a number with its unit"
        )
    return Parameter(
        name=name, value=value, kind="assumed" if kind == "assumed" else "calibrate", first=value, why=entry["why"]
    )


@cache
def _evidence() -> Evidence:
    from flowsim.evidence import load

    return load()


def _documented(entry: Mapping[str, str], where: str) -> Any:
    template = entry.get("as", "{}")
    if template.count("{}") != 1:
        raise InputError(
            f"{where}.as: '{template}' is not allowed: it should hold '{{}}' once, such as '{{}} per year'"
        )
    evidence = _evidence()
    try:
        number = evidence[entry["fact"]].number(entry.get("key"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    whole = int(number) if number == int(number) else number
    if template in ("{} %", "{}%"):
        return number / 100  # in a pathway a percentage stands as the share of 1 that it is
    return whole if template == "{}" else template.replace("{}", str(whole))


def _references(body: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key path and the name of every "$name" in a body."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            yield from _references(str(key), f"{path}.{key}".removeprefix("."))
            yield from _references(value, f"{path}.{key}".removeprefix("."))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from _references(value, f"{path}[{index}]")
    elif isinstance(body, str) and body.startswith("$"):
        yield path, body[1:]


def _filled(body: Any, values: Mapping[str, Any], source: str, path: str) -> Any:
    """Return a body with every "$name" replaced by its value."""
    if isinstance(body, Mapping):
        out: dict[str, Any] = {}
        for key, value in body.items():
            here = f"{path}.{key}".removeprefix(".")
            name = _filled(key, values, source, here)
            told = str(name) if str(key).startswith("$") else name
            if told in out:
                raise InputError(f"{source}: {here}: the key '{told}' stands twice")
            out[told] = _filled(value, values, source, here)
        return out
    if isinstance(body, list):
        return [_filled(value, values, source, f"{path}[{index}]") for index, value in enumerate(body)]
    if isinstance(body, str) and body.startswith("$"):
        if body[1:] not in values:
            raise InputError(f"{source}: {path}: {unknown_name('parameter', body[1:], values)}")
        return values[body[1:]]
    return body


_TOLD = {"name", "title", "description", "priority", "start", "end", "tick"}


def bare_numbers(raw: Mapping[str, Any]) -> list[str]:
    """List the key paths in a body whose numbers are no parameters: nothing tells where they come from.

    Numbers, and texts with digits; names, titles, date keys, the horizon, the tick and priorities aside.
    """
    return list(_bare(raw, "", set(_names(raw))))


def _names(body: Any) -> Iterator[str]:
    """Yield what a body declares as names: the keys of its tables, and each `name` and `benefit`."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            if re.fullmatch(r"[\w\-]+", str(key)):
                yield str(key)
            if key in ("name", "benefit") and isinstance(value, str):
                yield value
            yield from _names(value)
    elif isinstance(body, list):
        for value in body:
            yield from _names(value)


def _bare(body: Any, path: str, names: set[str]) -> Iterator[str]:
    if isinstance(body, Mapping):
        for key, value in body.items():
            here = f"{path}.{key}".removeprefix(".")
            if key in _TOLD and not isinstance(value, Mapping | list):
                continue
            if not is_dated({key: 0}):
                yield from _bare(str(key), here, names)
            yield from _bare(value, here, names)
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from _bare(value, f"{path}[{index}]", names)
    elif not str(body).startswith("$") and body not in names and _has_digits(body):
        yield path


def _has_digits(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and re.search(r"\d", value) is not None)


def is_relative(change: Any) -> bool:
    """Tell whether a change starts from the value that it changes: "+2", "-20 %", "+100 per year"."""
    return isinstance(change, str) and change.lstrip().startswith(("+", "-"))


def changed(value: Any, change: Any) -> Any:
    """Return a value after a change: another one in its place, or, relatively, "+2", "-1 weeks" or "+10 %".

    A text with a unit keeps its unit under a relative change, and its kind (span, rate) under any.

    Raises:
        ValueError: for a change that does not fit the value, or that takes it below 0.
    """
    number, unit, parse = _parts(value)
    if not is_relative(change):
        if _is_number(value) and not _is_number(change):
            raise ValueError(f"{change!r} is not allowed: it should be a number, or a change such as '+2' or '+10 %'")
        if parse:
            parse(change)
        return change
    found = _RELATIVE.fullmatch(change)
    if not found:
        raise ValueError(f"'{change}' is no change: write '+2' or '+10 %', with the unit where the value has one")
    if number is None:
        raise ValueError(f"'{change}' changes a number, and {value!r} is none: write the new value in full")
    by = float(found[2]) * (1 if found[1] == "+" else -1)
    if found[3] == "%":
        new = number * (1 + by / 100)
    elif parse is None:
        if found[3]:
            raise ValueError(f"'{change}' has a unit, and {value!r} has none: write '{found[1]}{found[2]}'")
        new = number + by
    else:
        if not found[3]:
            raise ValueError(f"'{change}' has no unit, and '{value}' has one: write '{found[1]}{found[2]}{unit}'")
        new = number + by * parse(f"1 {found[3]}") / parse(f"1{unit}")
    if new < 0:
        raise ValueError(f"'{change}' takes {value!r} below 0")
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
    if whole:
        return f"{round(new)}{unit}" if unit else round(new)
    return f"{new:.12g}{unit}" if unit else new


def _parts(value: Any) -> tuple[float | None, str, Callable[[Any], float] | None]:
    """Split a value into its number, its unit, and what reads texts of its kind."""
    if _is_number(value):
        return float(value), "", None
    found = _quantity(value)
    return found or (None, "", None)


def _quantity(value: Any) -> tuple[float, str, Callable[[Any], float]] | None:
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    for parse in (parse_span, parse_rate) if found else ():
        try:
            parse(value)
        except ValueError:
            continue
        return float(found[1]), found[2], parse  # type: ignore[index]
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
