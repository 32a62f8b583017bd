"""Where every number of a base pathway comes from: a documented fact, an assumption, or a calibration.

A base file is a pathway in TOML whose body may say "$name" instead of a value, also as a key; its
`[parameters]` table tells each name's value and its reason. States that are alike are written once, in a table of
`[templates]`, and stamped where they stand. Its table `[files]` names what belongs to it: documents, targets, prices.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from flowsim.core.civil_time import is_dated, parse_moment
from flowsim.core.errors import InputError, nearest, require_type, unknown_name
from flowsim.core.files import check_bare_numbers, content_of, file_named, is_file, read_data
from flowsim.core.quantities import check_typed, is_number, quantity
from flowsim.model.library import cities, city_file, model_file
from flowsim.model.pathway import Pathway

if TYPE_CHECKING:
    from flowsim.evidence.facts import Evidence, Fact

__all__ = ["BASE_FILES", "Base", "Parameter", "bare_numbers", "known_fact", "read_base"]

BASE_FILES = ("facts", "targets", "factors", "prices", "doors", "yardsticks", "calibrated")
"""What `[files]` may name: files beside the base, and the folder that `flowsim calibrate` writes."""
_BY_NAME = ("facts", "targets", "prices", "yardsticks")  # of a city that ships these are read by the base's name
OriginKind = Literal["fact", "assumed", "borrowed", "calibrate"]
_KEYS: Mapping[str, tuple[set[str], set[str]]] = {
    "fact": ({"fact"}, {"key", "as"}),
    "assumed": ({"assumed", "why"}, {"carried_on"}),
    "borrowed": ({"borrowed", "from", "why"}, {"carried_on"}),
    "calibrate": ({"calibrate", "why"}, set()),
}
_REFERENCE = re.compile(r"\$([\w\-]+)")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One named value of a base file and where it comes from.

    Attributes:
        name: what the body calls it, without the "$".
        value: a number, or a text with its unit, as it stands in the pathway; the fitted one where there is one.
        kind: `fact` (documented), `assumed`, `borrowed` from another municipality, or `calibrate`.
        first: the value that the file tells, where calibration starts from; of a list without what is `carried_on`, the
            dates that only longer runs reach.
        fact: the id of the documented fact, with the `key` of the table's cell where it is a table.
        why: the reason of an assumption, what is borrowed, or what a calibrated value is tied to.
        lender: the municipality whose figure it is, where it is another one's; empty for its own.
    """

    name: str
    value: Any
    kind: OriginKind
    first: Any
    fact: str = ""
    key: str = ""
    why: str = ""
    lender: str = ""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base file as read: its body with the references still in place, and its parameters by name.

    Attributes:
        documented_until: the first moment after the last documented figure; None where the file does not tell it.
        standard_terms: whether its names are those of the catalogue, which reports have words for in each language.
        files: what belongs to it, by its kind in `BASE_FILES`: those of a city that ships, or of `[files]`.
    """

    name: str
    raw: Mapping[str, Any]
    parameters: Mapping[str, Parameter]
    source: str
    sha256: str
    documented_until: datetime | None = None
    standard_terms: bool = False
    files: Mapping[str, Traversable] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return one line, for the body and the reasons fill a book."""
        documented = f", documented until {self.documented_until:%Y-%m-%d}" if self.documented_until else ""
        return f"<Base {self.name!r}: {len(self.parameters)} parameters, {self.source}{documented}>"

    @cached_property
    def evidence(self) -> Evidence | None:
        """The documented figures of its own municipality; None where it has none."""
        from flowsim.evidence.facts import load

        if "facts" not in self.files:
            return None
        return load(self.name if self.name in cities() else str(self.files["facts"]))

    @classmethod
    def read(cls, name_or_path: str | Path, folder: Path | None = None) -> Base:
        """Read a base, as `read_base`."""
        return read_base(name_or_path, folder)

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name, or raise InputError with the nearest one."""
        if name not in self.parameters:
            raise InputError(f"{self.source}: {unknown_name('parameter', name, self.parameters)}")
        return self.parameters[name]

    def filled(self, overrides: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
        """Return the body as plain data of its own with a value in each reference's place, not checked any further.

        Raises:
            InputError: for an unknown parameter.
        """
        require_type("overrides", overrides, Mapping, "values by the parameters' names")
        values = {name: parameter.value for name, parameter in self.parameters.items()}
        values |= {self.parameter(name).name: value for name, value in overrides.items()}
        try:
            return dict(_filled_soundly(self.raw, values))
        except KeyError:
            body: dict[str, Any] = _filled(self.raw, values, (f"{self.source}: ",))
            return body

    def pathway(self, overrides: Mapping[str, Any] = _NOTHING) -> Pathway:
        """Return the checked pathway, with other values for some parameters.

        Raises:
            InputError: for an unknown parameter, a text that can be read as two numbers ("1.200 weeks"), or where the
                values make no sound pathway.
        """
        filled = self.filled(overrides)
        check_typed(overrides, self.source, "parameters", program=True)
        return Pathway.of_plain(filled, self.source)


def read_base(name_or_path: str | Path, folder: Path | None = None) -> Base:
    """Read a base file: a built-in one by its name, or a user's own by its path (relative to `folder`).

    A built-in base has its fitted values where it was calibrated: those of the mode (`flowsim calibrate`).

    Raises:
        InputError: one line with the file and the key path.
    """
    require_type("base", name_or_path, (str, Path), "the name of one that ships, or the path of a pathway file")
    return _shipped(str(name_or_path)) if str(name_or_path) in cities() else _read(name_or_path, folder)


@cache
def _shipped(name: str) -> Base:
    return _read(name, None)


def _read(name_or_path: str | Path, folder: Path | None) -> Base:
    if str(name_or_path) in cities():
        source = f"{name_or_path}.toml"
        content = city_file(str(name_or_path), "pathway.toml").read_bytes()
    else:
        path = model_file((folder or Path()) / name_or_path)
        if not is_file(path):
            shown = ", ".join(f"'{name}'" for name in cities())
            hint = nearest(str(name_or_path), cities())
            raise InputError(
                f"there is no base '{name_or_path}'{hint} (allowed: {shown}, or the path of a pathway file)"
            )
        source, content = str(path), content_of(path)
    raw = read_data(content, source)
    check_bare_numbers(content, source, changes=False)
    check_typed(raw, source)
    entries = raw.pop("parameters", {})
    if not isinstance(entries, dict):
        raise InputError(f"{source}: parameters: {entries!r} is not allowed: it should be a table")
    documented_until = _documented_until(raw, source)
    terms = raw.pop("terms", "own")
    if terms not in ("own", "standard"):
        raise InputError(f"{source}: terms: {terms!r} is not allowed (allowed: 'standard', 'own')")
    files = _files(raw, str(name_or_path), Path(source).parent, source)
    raw = _stamped(raw, source)
    base = Base(
        name=str(raw.get("name", source)),
        raw=raw,
        parameters={},
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        documented_until=documented_until,
        standard_terms=terms == "standard" or str(raw.get("name")) in cities(),
        files=files,
    )
    # A pathway without documented numbers does not read its documents.
    own = base.evidence if any(isinstance(entry, dict) and "fact" in entry for entry in entries.values()) else None
    parameters = {name: _parameter(name, entry, source, own) for name, entry in entries.items()}
    if str(name_or_path) in cities():
        fitted = _fitted(str(name_or_path))
        parameters |= {name: replace(parameters[name], value=value) for name, value in fitted.items()}
    used = {name for _, name in _references(raw)}
    for name in parameters:
        if name not in used:
            raise InputError(
                f'{source}: parameters.{name}: it is never used: write "${name}" where it belongs, or drop it'
            )
    base = replace(base, parameters=parameters)
    base.pathway()
    return base


def _files(raw: dict[str, Any], name: str, folder: Path, source: str) -> dict[str, Traversable]:
    """Take from a body which files belong to it; those of a city that ships lie in its folder.

    Raises:
        InputError: for an unknown kind, and a file that is not there; only a calibration may come later.
    """
    named, out = raw.pop("files", {}), dict[str, Traversable]()
    if not isinstance(named, dict):
        raise InputError(f"{source}: files: {named!r} is not allowed: it should be a table of files")
    city = name if name in cities() else str(raw.get("name"))
    if city in cities():
        shipped = {kind: city_file(city, f"{kind}.toml") for kind in BASE_FILES}
        out |= {kind: file for kind, file in shipped.items() if file.is_file()}
    for kind, file in named.items():
        where = f"{source}: files.{kind}"
        if kind not in BASE_FILES:
            raise InputError(f"{where}: {unknown_name('key', str(kind), BASE_FILES)}")
        if city in cities() and kind in _BY_NAME:
            raise InputError(f"{where}: a pathway with the name '{city}' has the file that ships: give it another name")
        if not (isinstance(file, str) and file.strip()):
            raise InputError(f"{where}: {file!r} is not allowed: it should be the name of a file")
        path = file_named(folder / file)
        if kind != "calibrated" and not is_file(path):
            raise InputError(f"{where}: there is no file '{path}'")
        out[kind] = path
    return out


def known_fact(id: str, own: Evidence | None) -> tuple[Fact, str]:
    """Return a documented figure and the municipality that it is borrowed from: empty where it is its own.

    Those of its own come first, then those of the cities that ship.

    Raises:
        InputError: where there is no such figure, with the nearest one.
    """
    from flowsim.evidence.facts import load

    if own is not None:
        for fact in own:
            if fact.id == id:
                return fact, ""
    for city in cities():
        for fact in load(city):
            if fact.id == id:
                return fact, city
    known = [fact.id for fact in own] if own is not None else [fact.id for city in cities() for fact in load(city)]
    raise InputError(unknown_name("fact", id, known))


_WORD = re.compile(r"\{(\w+)\}")


def _stamped(raw: dict[str, Any], source: str) -> dict[str, Any]:
    """Put the states of a template in the place of each entry of `[states]` that stamps one.

    Raises:
        InputError: for an unknown template or word, one that is never used, and a state that stands twice.
    """
    templates = raw.pop("templates", {})
    if not (isinstance(templates, dict) and all(isinstance(body, dict) for body in templates.values())):
        raise InputError(f"{source}: templates: each should be a table of states")
    states = raw.get("states")
    if not isinstance(states, dict):
        return raw
    out: dict[str, Any] = {}
    used = set()
    for name, entry in states.items():
        where = f"{source}: states.{name}"
        stamped = {name: entry}
        if isinstance(entry, dict) and "stamp" in entry:
            words = dict(entry)
            template = words.pop("stamp")
            if template not in templates:
                raise InputError(f"{where}.stamp: {unknown_name('template', str(template), templates)}")
            body = templates[template]
            used.add(template)
            asked = set(_words(body))
            for word in words:
                if word not in asked:
                    raise InputError(f"{where}: {unknown_name('word', word, asked)} in template '{template}'")
            for word in sorted(asked):
                if word not in words:
                    raise InputError(f"{where}.{word}: this key is missing: template '{template}' says {{{word}}}")
            stamped = _with_words(body, words, where)
        for state, content in stamped.items():
            if state in out:
                raise InputError(f"{where}: the state '{state}' stands twice")
            out[state] = content
    for template in templates:
        if template not in used:
            raise InputError(f"{source}: templates.{template}: it is never used: stamp it in [states], or drop it")
    return {key: out if key == "states" else value for key, value in raw.items()}


def _words(body: Any) -> Iterator[str]:
    """Yield the words in braces of a template."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            yield from _WORD.findall(str(key))
            yield from _words(value)
    elif isinstance(body, list):
        for value in body:
            yield from _words(value)
    elif isinstance(body, str):
        yield from _WORD.findall(body)


def _with_words(body: Any, words: Mapping[str, Any], where: str) -> Any:
    """Return a template with each word in braces replaced; one that is a whole value by any value, a table too."""
    if isinstance(body, Mapping):
        return {_in_text(str(key), words, where): _with_words(value, words, where) for key, value in body.items()}
    if isinstance(body, list):
        return [_with_words(value, words, where) for value in body]
    if not isinstance(body, str):
        return body
    whole = _WORD.fullmatch(body)
    return words[whole[1]] if whole else _in_text(body, words, where)


def _in_text(text: str, words: Mapping[str, Any], where: str) -> str:
    for word in _WORD.findall(text):
        if not isinstance(words[word], str):
            raise InputError(
                f"{where}.{word}: {words[word]!r} is not allowed: it should be a text, as it is part of one"
            )
    return _WORD.sub(lambda match: str(words[match[1]]), text)


def _documented_until(raw: dict[str, Any], source: str) -> datetime | None:
    """Take from a body the day up to which documents tell what happened."""
    if "documented_until" not in raw:
        return None
    try:
        return parse_moment(raw.pop("documented_until"))
    except ValueError as error:
        raise InputError(f"{source}: documented_until: {error}") from None


def _fitted(name: str) -> dict[str, Any]:
    """Return the values that a built-in base was calibrated to, by parameter."""
    file = city_file(name, "mode.toml")
    if not file.is_file():
        return {}
    values: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["values"]
    return values


def _parameter(name: str, entry: Any, source: str, own: Evidence | None) -> Parameter:
    where = f"{source}: parameters.{name}"
    if not _REFERENCE.fullmatch(f"${name}"):
        raise InputError(f"{where}: '{name}' is no name: letters, digits, '_' and '-' are allowed")
    kinds = [kind for kind in _KEYS if isinstance(entry, dict) and kind in entry]
    if len(kinds) != 1:
        known = {key for needed, more in _KEYS.values() for key in needed | more}
        typo = next((key for key in entry if key not in known), None) if isinstance(entry, dict) else None
        hint = f": {unknown_name('key', typo, known)}" if typo else ""
        raise InputError(f"{where}: a parameter has exactly one of `fact`, `assumed`, `borrowed` and `calibrate`{hint}")
    kind = kinds[0]
    needed, more = _KEYS[kind]
    for key in entry:
        if key not in needed | more:
            raise InputError(f"{where}: {unknown_name('key', key, needed | more)}")
    for key in sorted(needed):
        if key not in entry:
            raise InputError(f"{where}.{key}: this key is missing")
    for key in ("fact", "key", "as", "why", "from"):
        if key in entry and not (isinstance(entry[key], str) and entry[key].strip()):
            raise InputError(f"{where}.{key}: {entry[key]!r} is not allowed: it should be a text")
    if kind == "fact":
        value, lender = _documented(entry, where, own)
        fact, key = entry["fact"], entry.get("key", "")
        return Parameter(name=name, value=value, kind="fact", first=value, fact=fact, key=key, lender=lender)
    value, more_values = entry[kind], entry.get("carried_on", [])
    if "carried_on" in entry and not (isinstance(value, list) and isinstance(more_values, list)):
        raise InputError(f"{where}.carried_on: it goes with a list, and is one: what comes after it in longer runs")
    if kind == "calibrate" and not (is_number(value) or quantity(value)):
        raise InputError(
            f"{where}.calibrate: {value!r} is not allowed: it should be a number, or a number with its unit"
        )
    return Parameter(
        name=name,
        value=[*value, *more_values] if more_values else value,
        kind="assumed" if kind == "assumed" else "borrowed" if kind == "borrowed" else "calibrate",
        first=value,
        why=entry["why"],
        lender=entry.get("from", ""),
    )


def _documented(entry: Mapping[str, str], where: str, own: Evidence | None) -> tuple[Any, str]:
    template = entry.get("as", "{}")
    if template.count("{}") != 1:
        raise InputError(
            f"{where}.as: '{template}' is not allowed: it should hold '{{}}' once, such as '{{}} per year'"
        )
    try:
        fact, lender = known_fact(entry["fact"], own)
        number = fact.number(entry.get("key"))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    whole = int(number) if number == int(number) else number
    if template in ("{} %", "{}%"):
        return number / 100, lender  # in a pathway a percentage stands as the share of 1 that it is
    return whole if template == "{}" else template.replace("{}", str(whole)), lender


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


def _filled_soundly(body: Any, values: Mapping[str, Any]) -> Any:
    """Return what `_filled` does, in half the time, for it does not keep where it is; each draw fills a base.

    Raises:
        KeyError: where something is wrong, for `_filled` to say what.
    """
    if isinstance(body, str):
        return values[body[1:]] if body.startswith("$") else body
    if isinstance(body, dict):
        out = {
            str(values[key[1:]]) if key[:1] == "$" else key: _filled_soundly(value, values)
            for key, value in body.items()
        }
        if len(out) < len(body):
            raise KeyError
        return out
    return [_filled_soundly(value, values) for value in body] if isinstance(body, list) else body


def _filled(body: Any, values: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    """Return a body with every "$name" replaced by its value; `place` begins with the source."""
    if isinstance(body, str):
        if not body.startswith("$"):
            return body
        if body[1:] not in values:
            raise InputError(f"{_path_of(place)}: {unknown_name('parameter', body[1:], values)}")
        return values[body[1:]]
    if isinstance(body, dict):
        out: dict[str, Any] = {}
        for key, value in body.items():
            here = (*place, f".{key}")
            filled_key = str(_filled(key, values, here)) if str(key).startswith("$") else key
            if filled_key in out:
                raise InputError(f"{_path_of(here)}: the key '{filled_key}' stands twice")
            out[filled_key] = _filled(value, values, here)
        return out
    if isinstance(body, list):
        return [_filled(value, values, (*place, f"[{index}]")) for index, value in enumerate(body)]
    return body


def _path_of(place: tuple[str, ...]) -> str:
    source, *steps = place
    return source + "".join(steps).removeprefix(".")


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
    return is_number(value) or (isinstance(value, str) and re.search(r"\d", value) is not None)
