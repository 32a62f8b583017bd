"""What a tab asks: the state of its controls, read with bounds, and the scenario that it stands for."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from flowsim.core.errors import InputError, KeyedError, Record, located
from flowsim.core.files import check_bare_numbers, read_data
from flowsim.core.numbers import read_number
from flowsim.core.quantities import check_typed
from flowsim.model.library import scenario_names
from flowsim.model.scenario import Scenario
from flowsim.web.layout import Control, Layout

__all__ = ["Change", "Choice", "Desk", "as_toml", "file_name"]

_Text = Annotated[str, StringConstraints(max_length=60)]
_Day = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_MOST_CHANGES = 60
_MOST_TEXT = 65_536


class Change(Record):
    """Another value of a control, from a day on and through another; of a time without an end where that is empty."""

    control: _Text
    value: _Text = ""
    since: _Day = ""
    through: _Day = ""


class Choice(Record):
    """All that a tab has set: a scenario to start from, or the text of an own one, and what is changed beside it."""

    name: _Text = "my scenario"
    preset: _Text = ""
    own: Annotated[str, StringConstraints(max_length=_MOST_TEXT)] = ""
    changes: Annotated[tuple[Change, ...], Field(max_length=_MOST_CHANGES)] = ()

    @classmethod
    def read(cls, raw: Any) -> Choice:
        """Read a state from plain data.

        Raises:
            InputError: for what is no state, with the key.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise located(error, raw if isinstance(raw, Mapping) else {}, "state") from None

    @property
    def unchanged(self) -> bool:
        """Whether nothing is changed."""
        return not (self.preset or self.own or self.changes)


class Desk(Record):
    """A base's layout and reference, over which the states of tabs are scenarios."""

    layout: Layout
    reference: Any  # a Scenario, which is no pydantic model

    def content(self, state: Choice) -> dict[str, Any]:
        """Return the scenario of a state as plain data.

        Raises:
            InputError: for an unknown name, and what can't be read; a `KeyedError` has the number of the change.
        """
        start = self._start(state)
        content: dict[str, Any] = {"name": state.name.strip() or "my scenario", "base": self._base}
        content |= {key: value for key, value in start.items() if key not in ("name", "base")}
        for number, change in enumerate(state.changes):
            try:
                for kind, edit in _edits(self.layout, change):
                    content[kind] = [*content.get(kind, ()), edit]
            except InputError as error:
                raise KeyedError(str(number), str(error)) from None
        return content

    def scenario(self, state: Choice) -> Scenario:
        """Return the checked scenario of a state.

        Raises:
            InputError: as `content`, and as `Scenario.from_dict`.
        """
        if state.unchanged:
            return self.reference_scenario
        if state.preset and not state.changes:
            return Scenario.of(self._known(state.preset))
        return Scenario.from_dict(self.content(state), "scenario")

    @property
    def reference_scenario(self) -> Scenario:
        """The scenario that others are compared with."""
        reference: Scenario = self.reference
        return reference

    @property
    def _base(self) -> str:
        base, place = self.reference_scenario.file.base, Path(self.reference_scenario.source).parent
        return str((place / base).resolve()) if (place / base).is_file() else base

    def _known(self, preset: str) -> str:
        if preset not in self.layout.presets or preset not in scenario_names():
            raise InputError(f"there is no scenario '{preset}' on this page")
        return preset

    def _start(self, state: Choice) -> Mapping[str, Any]:
        if state.own:
            name = "scenario.json" if state.own.lstrip().startswith("{") else "scenario.toml"
            content = state.own.encode()
            raw = read_data(content, name)
            # The base is this page's own: a file that is opened never names one to be read.
            if raw.get("base") not in (self.reference_scenario.file.base, self._base):
                raise InputError(
                    f"{name}: base: {raw.get('base')!r} is not allowed: this page is of "
                    f"'{self.reference_scenario.file.base}'"
                )
            for key in ("include", "today"):
                if raw.get(key):
                    raise InputError(f"{name}: {key}: this page takes one file: write all changes in it")
            check_bare_numbers(content, name, changes=True)
            check_typed(raw, name)
            return raw
        if state.preset:
            return Scenario.of(self._known(state.preset)).to_dict()
        return {key: value for key, value in self.reference_scenario.to_dict().items() if key != "description"}

    @contextmanager
    def file(self, state: Choice) -> Iterator[str]:
        """Yield what a question names the scenario of a state by: a shipped one, or a file in a folder of its own.

        The folder is private, and removed afterwards.
        """
        if state.unchanged:
            yield self.layout.reference
        elif state.preset and not state.changes:
            yield self._known(state.preset)
        else:
            with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
                path = Path(folder) / file_name(state.name)
                path.write_text(as_toml(self.content(state)), encoding="utf-8")
                yield str(path)


def file_name(name: str) -> str:
    """Return what a scenario's file is called: small letters, digits and hyphens alone."""
    plain = name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    return (re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "scenario") + ".toml"


def _edits(layout: Layout, change: Change) -> Iterator[tuple[str, dict[str, Any]]]:
    control = layout.control(change.control)
    span: dict[str, Any] = {"from": change.since or layout.today.isoformat()}
    if change.through:
        span["through"] = change.through
    if control.kind == "lever":
        who = {"station": control.station} | ({"party": control.party} if control.party else {})
        yield "stations", who | span | {control.key: _amount(change.value)}
    elif control.kind == "weekdays":
        days = [day for day in change.value.split(",") if day]
        yield "stations", {"station": control.station} | span | {"weekdays": days}
    elif control.kind == "closures":
        yield "closures", {"station": control.station} | span
    elif control.kind == "arrivals":
        for entry in control.entries:
            yield "arrivals", {"entry": entry} | span | {"rate": _percentage(change.value, control)}
    else:
        for state in control.states:
            yield "stays", {"state": state} | span | {"stay": _percentage(change.value, control)}


def _amount(text: str) -> float | int:
    try:
        number = read_number(text.strip())
    except ValueError as error:
        raise InputError(str(error)) from None
    if not 0 <= number <= 1_000_000:
        raise InputError(f"{text} is not allowed: from 0 to 1,000,000")
    return int(number) if number.is_integer() else number


def _percentage(text: str, control: Control) -> str:
    plain = text.strip().removesuffix("%").strip().replace("−", "-")
    try:
        number = read_number(plain.removeprefix("+").removeprefix("-").strip())
    except ValueError as error:
        raise InputError(str(error)) from None
    number = -number if plain.startswith("-") else number
    if not control.least <= number <= control.most:
        raise InputError(f"{text} % is not allowed: from {control.least} to {control.most} %")
    return f"{number:+.12g} %"


def as_toml(content: Mapping[str, Any]) -> str:
    """Write a scenario's plain data as a file that `Scenario.read` reads back to the same."""
    head = [f"{_key(key)} = {_value(value)}" for key, value in content.items() if not _is_tables(value)]
    out = ["\n".join(head)]
    for key, value in content.items():
        if _is_tables(value):
            for table in value:
                lines = [f"{_key(name)} = {_cell(name, cell)}" for name, cell in table.items()]
                out.append("\n".join([f"[[{_key(key)}]]", *lines]))
    return "\n\n".join(out) + "\n"


def _cell(name: str, value: Any) -> str:
    day = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(T00:00:00)?", str(value)) if name in ("from", "until", "through") else None
    return day[1] if day else _value(value)


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _text(text: str) -> str:
    # TOML's basic strings escape as JSON's do, but for DEL.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(cell)}" for key, cell in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(str(value))
