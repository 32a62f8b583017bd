"""What a planner changes: staffing and policy by date on top of a base, in a TOML file of her own.

Every edit names what it changes and holds from a date until another (the whole horizon where none is given);
from `until` on, the base's values hold again. A value is absolute, or starts from the base's: "+2", "-20 %",
"+2 hours". Edits apply in this order, and in the file's order among each kind: parameters, stations, shares,
exits, stays, arrivals, waiting, closures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flowsim.core.errors import InputError, located, nearest, unknown_name
from flowsim.core.files import check_bare_numbers, data_folder, file_named, is_file, read_data, read_toml
from flowsim.core.numbers import composed
from flowsim.core.quantities import changed, check_typed
from flowsim.model.base import Base, read_base
from flowsim.model.changes import apply_edits, edit_steps, located_at
from flowsim.model.differences import list_differences
from flowsim.model.edits import (
    TARGETS,
    ScenarioFile,
    numbered,
)
from flowsim.model.library import cities, scenario_names, scenario_text
from flowsim.model.pathway import Pathway

__all__ = ["Scenario", "example"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A checked scenario: the changes that a file tells, and the base that they are made to."""

    file: ScenarioFile
    base: Base
    source: str

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario file and check it in full, its base included.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        path = file_named(path)
        if not is_file(path):
            raise InputError(f"there is no file '{path}'")
        content = path.read_bytes()
        return cls._of_file(read_data(content, str(path)), content, path)

    @classmethod
    def _of_file(cls, raw: Mapping[str, Any], content: bytes, path: Path) -> Scenario:
        check_bare_numbers(content, str(path), changes=True)
        return cls.from_dict(raw, str(path), path.parent)

    @classmethod
    def of(cls, name_or_path: str | Path) -> Scenario:
        """Read a scenario file, or a shipped one by its name; or take a base as it is: by its name, or a pathway file.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        path, name = file_named(name_or_path), str(name_or_path)
        if name in scenario_names():
            return cls.from_dict(read_toml(scenario_text(name).encode(), name), name)
        if name not in cities() and not is_file(path):
            known = ", ".join(f"'{city}'" for city in cities())
            hint = nearest(name, (*cities(), *scenario_names()))
            raise InputError(
                f"there is no file '{path}'{hint} (allowed: {known}, a scenario file, a pathway file, or a name that "
                "`flowsim scenarios` lists)"
            )
        if is_file(path) and name not in cities():
            content = path.read_bytes()
            raw = read_data(content, str(path))
            if "states" not in raw:
                return cls._of_file(raw, content, path)
        base = read_base(name_or_path)
        file = ScenarioFile(name=base.name, base=str(name_or_path))
        return cls(file=file, base=base, source=base.source)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], source: str = "scenario", folder: Path | None = None) -> Scenario:
        """Read a scenario from plain data, as TOML gives it; a base's path is seen from `folder`.

        Raises:
            InputError: one line with `source`, the key path, the value and what is allowed.
        """
        check_typed(numbered(raw), source)
        try:
            file = ScenarioFile.model_validate(composed(raw))
        except ValidationError as error:
            raise located(error, numbered(raw), source) from None
        with located_at(f"{source}: base"):
            base = read_base(file.base, folder)
        scenario = cls(file=file, base=base, source=source)
        scenario.pathway()
        return scenario

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back to an equal scenario."""
        return self.file.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @property
    def name(self) -> str:
        """What the file calls the scenario."""
        return self.file.name

    @property
    def changes_base(self) -> bool:
        """Whether anything differs from the base."""
        return any(getattr(self.file, kind) for kind in (*TARGETS, "parameters", "until"))

    @property
    def digest(self) -> str:
        """The SHA-256 over the base's file, its parameters' values, and the scenario's content."""
        values = {name: parameter.value for name, parameter in self.base.parameters.items()}
        told = {"base": self.base.sha256, "parameters": values, "scenario": self.to_dict()}
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def pathway(self, parameters: Mapping[str, Any] | None = None) -> Pathway:
        """Return the pathway with all changes made, over other values of the base's parameters where given.

        Raises:
            InputError: for an unknown parameter, or where a change can't be made to these values.
        """
        values = dict(parameters or {})
        for name, change in self.file.parameters.items():
            where = f"{self.source}: parameters.{name}"
            if name not in self.base.parameters:
                raise InputError(f"{where}: {unknown_name('parameter', name, self.base.parameters)}")
            with located_at(where):
                values[name] = changed(values.get(name, self.base.parameters[name].value), change)
        try:
            raw = self.base.filled(values)
            apply_edits(raw, self.file, self.source)
            return Pathway.of_plain(raw, f"{self.source} over {self.base.source}")
        except (ValueError, TypeError, KeyError, AttributeError):
            # Where the values alone make no sound pathway, the fault is theirs and not the changes'.
            with located_at(f"{self.source}: parameters" if self.file.parameters else ""):
                self.base.pathway(values)
            raise

    @property
    def without_effect(self) -> tuple[str, ...]:
        """The changes of the file that change nothing, by where they stand in it."""
        raw = self.base.filled()
        steps = edit_steps(raw, self.file, self.source)
        next(steps)
        before, out = Pathway.of_plain(raw), []
        for where in steps:
            after = Pathway.of_plain(raw)
            if not list_differences(before, after):
                out.append(where.removeprefix(f"{self.source}: "))
            before = after
        return tuple(out)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema of a scenario file, for editors that know TOML."""
        told = ScenarioFile.model_json_schema(by_alias=True)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | told | {"title": "flowsim scenario"}


def example() -> str:
    """Return a commented scenario file to start from."""
    return (data_folder("templates") / "scenario.toml").read_text(encoding="utf-8")
