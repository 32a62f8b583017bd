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
from flowsim.core.files import check_bare_numbers, content_of, is_file, read_data
from flowsim.core.numbers import read_number
from flowsim.core.quantities import check_typed
from flowsim.model.library import cities, model_file, scenario_names
from flowsim.model.scenario import Scenario
from flowsim.planning.prices import Prices, prices_of
from flowsim.questions.asking import Inquiry
from flowsim.web.layout import Control, Layout

__all__ = ["LIST", "MOST_LIST", "PRICES", "Change", "Choice", "Desk", "as_toml", "file_name"]

_Text = Annotated[str, StringConstraints(max_length=60)]
_Name = Annotated[str, StringConstraints(max_length=120)]
_Day = Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_MOST_CHANGES = 60
_MOST_TEXT = 65_536
MOST_LIST = 32_768
"""The most characters of a list of today's cases that a state holds."""
LIST = "list.csv"
"""What that list is called, beside the scenario that begins with it."""
PRICES = "prices.toml"
"""What a file of other prices is called, beside the scenario."""


class Change(Record):
    """Another value of a control, from a day on and through another; of a time without an end where that is empty."""

    control: _Text
    value: _Text = ""
    since: _Day = ""
    through: _Day = ""


class Choice(Record):
    """All that a tab has set: a scenario to start from, or the text of an own one, and what is changed beside it.

    Attributes:
        name: of the scenario.
        preset: the shipped scenario that it starts from.
        own: the text of an opened scenario file.
        changes: of controls.
        parameters: other values of the base's parameters, by name.
        cases: a list of today's cases as CSV, with which the run begins.
        cases_day: the day of that list.
        prices: other prices than the base's, by what they are of ("staff.plan_kontanthjaelp.bif").
    """

    name: _Text = "my scenario"
    preset: _Text = ""
    own: Annotated[str, StringConstraints(max_length=_MOST_TEXT)] = ""
    changes: Annotated[tuple[Change, ...], Field(max_length=_MOST_CHANGES)] = ()
    parameters: Annotated[tuple[tuple[_Text, _Text], ...], Field(max_length=_MOST_CHANGES)] = ()
    cases: Annotated[str, StringConstraints(max_length=MOST_LIST)] = ""
    cases_day: _Day = ""
    prices: Annotated[tuple[tuple[_Name, _Text], ...], Field(max_length=_MOST_CHANGES)] = ()

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
        return not (self.preset or self.own or self.changes or self.parameters)

    @property
    def beginning(self) -> Choice:
        """What this is compared with: nothing changed, from the same list of today's cases where there is one."""
        return Choice(cases=self.cases, cases_day=self.cases_day, prices=self.prices)


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
        if state.parameters:
            changed = {name: _parameter(name, text) for name, text in state.parameters}
            content["parameters"] = {**content.get("parameters", {}), **changed}
        if state.cases:
            content |= {"today": LIST, "today_is": state.cases_day or self.layout.today.isoformat()}
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
        if state.cases:
            with self.file(state) as path:
                return Scenario.read(path)
        if state.unchanged:
            return self.reference_scenario
        if state.preset and not state.changes and not state.parameters:
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
        own = (model_file(file) for file in (place / base, base))
        return next((str(file.resolve()) for file in own if base not in cities() and is_file(file)), base)

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
        if state.unchanged and not state.cases:
            yield self.layout.reference
        elif state.preset and not (state.changes or state.parameters or state.cases):
            yield self._known(state.preset)
        else:
            with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
                path = Path(folder) / file_name(state.name)
                path.write_text(as_toml(self.content(state)), encoding="utf-8")
                if state.cases:
                    (path.parent / LIST).write_text(state.cases, encoding="utf-8")
                yield str(path)

    @contextmanager
    def priced(self, state: Choice) -> Iterator[str | None]:
        """Yield what a question names the prices of a state by: a file in a folder of its own; None for the base's.

        Raises:
            InputError: as `price_file`.
        """
        if not state.prices:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="flowsim-page-") as folder:
            path = Path(folder) / PRICES
            path.write_text(self.price_file(state), encoding="utf-8")
            yield str(path)

    def price_file(self, state: Choice) -> str:
        """Return the base's prices with those of a state in their places, as a file.

        Raises:
            InputError: where the base has no prices, or none of that name, at the name.
        """
        file = self.reference_scenario.base.files.get("prices")
        raw: dict[str, Any] = read_data(content_of(file), str(file)) if file is not None else {}
        for where, text in state.prices:
            *parts, last = where.split(".")
            at: Any = raw
            for part in parts:
                at = at.get(part) if isinstance(at, dict) else None
            if not (isinstance(at, dict) and last in at):
                raise KeyedError(where, "this base has no such price")
            at[last] = text.strip()
        return as_toml(raw)

    def prices(self, state: Choice) -> Prices | None:
        """Return the prices of a state; None where its base has none.

        Raises:
            InputError: as `price_file`, and for what is no price.
        """
        with self.priced(state) as path:
            try:
                return prices_of(self.reference_scenario, path)
            except InputError as error:
                raise InputError(str(error).replace(str(path), PRICES)) from None

    def again(
        self,
        question: Inquiry,
        command: str,
        state: Choice,
        name: str,
        prices: str | None = None,
        logo: str | None = None,
    ) -> dict[str, str]:
        """Return a question as its command and as the lines of Python that ask it again.

        Files of `file` and `priced`, and a logo, stand as a planner keeps them: by their names alone.
        """
        kept = {name: file_name(state.name)} if name.endswith(".toml") and name != self.layout.reference else {}
        kept |= {prices: PRICES} if prices else {}
        kept |= {logo: Path(logo).name} if logo else {}
        kind = type(question).__name__
        # In the values themselves, for Python writes each backslash of a path as two.
        asked = _with_names(question.to_dict(), kept)
        python = f"from flowsim.questions import {kind}\n\nanswer = {kind}.from_dict({asked!r}).answer()"
        return {"command": _named(command, kept), "python": python}


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    """Return plain data in which each path stands by its name."""
    if isinstance(value, str):
        return _named(value, names)
    if isinstance(value, Mapping):
        return {key: _with_names(part, names) for key, part in value.items()}
    return [_with_names(part, names) for part in value] if isinstance(value, list) else value


def _named(text: str, names: Mapping[str, str]) -> str:
    for path, name in names.items():
        text = text.replace(path, name)
    return text


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


def _parameter(name: str, text: str) -> float | int | str:
    """Read another value of a parameter: a number, or an amount as the base writes it ("4 weeks", "+10 %")."""
    plain = text.strip()
    if not plain:
        raise InputError(f"parameters.{name}: it is empty")
    if re.fullmatch(r"[-−+]?[\d.,]+", plain):
        try:
            number = read_number(plain)
        except ValueError as error:
            raise InputError(f"parameters.{name}: {error}") from None
        return int(number) if number.is_integer() else number
    return plain


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
