"""What a planner changes: staffing and policy by date on top of a base, in a TOML file of her own.

Every edit names what it changes and holds from a date until another (the whole horizon where none is given);
from `until` on, the base's values hold again. A value is absolute, or starts from the base's: "+2", "-20 %",
"+2 hours". A scenario may build on another, and include more. Edits apply in this order: parameters, stations, shares,
exits, stays, arrivals, waiting, closures; of each kind those of the scenario that is built on first, then of the
included ones in their order, then the file's own, each in its file's order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import InputError, located, nearest, require_type, unknown_name
from flowsim.core.files import check_bare_numbers, content_of, data_folder, file_named, is_file, read_data, read_toml
from flowsim.core.numbers import composed
from flowsim.core.quantities import changed, check_typed
from flowsim.evidence.cases import read_cases
from flowsim.model.base import Base, read_base
from flowsim.model.changes import MOST_YEARS, Draft, edit_steps, end_of, located_at
from flowsim.model.differences import takes_effect
from flowsim.model.edits import (
    ScenarioFile,
    change_place,
    makes_changes,
    numbered,
)
from flowsim.model.library import check_scenario, cities, model_file, scenario_names, scenario_text
from flowsim.model.pathway import Pathway
from flowsim.model.today.known import KnownFigures, read_known
from flowsim.model.today.listing import TodaysList, place_cases
from flowsim.model.today.opening import begin_on

__all__ = ["CarriedOn", "Scenario", "example"]

CarriedOn = Callable[[dict[str, Any], datetime], object]
"""Lets the values by date of a filled base go on after its last document, in its plain data, until a horizon's end."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A checked scenario: the changes that a file tells, and the base that they are made to.

    Attributes:
        file: the content of its own file.
        base: the base file at the bottom.
        source: how the file is named.
        beneath: the scenarios that it builds on and includes, with their sources, in the order of their changes.
        listing: who is where on the day on which the run begins, of its own file or of one that it builds on; None
            where the run begins with the base.
        past: those of `beneath` whose changes were made before that day.
        known: figures newer than the documents, of its own file or of one that it builds on; None where there are none.
        own_end: when it ends by its files, where it was made to reach further; None where it ends so.
    """

    file: ScenarioFile
    base: Base
    source: str
    beneath: tuple[tuple[ScenarioFile, str], ...] = ()
    listing: TodaysList | None = None
    past: tuple[tuple[ScenarioFile, str], ...] = ()
    known: KnownFigures | None = None
    own_end: datetime | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """Return one line; its changes stand in `file`."""
        beneath = "".join(f" on {file.name!r}" for file, _ in self.beneath)
        return f"<Scenario {self.file.name!r}{beneath} of the base {self.base.name!r}>"

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario file and check it in full, its base included.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        path = file_named(path)
        if not is_file(path):
            raise InputError(f"there is no file '{path}'")
        content = content_of(path)
        return cls._of_file(read_data(content, str(path)), content, path)

    @classmethod
    def _of_file(
        cls, raw: Mapping[str, Any], content: bytes, path: Path, trail: tuple[tuple[str, str], ...] = ()
    ) -> Scenario:
        check_bare_numbers(content, str(path), changes=True)
        return cls._of_raw(raw, str(path), path.parent, (*trail, (str(path.resolve()), str(path))))

    @classmethod
    def _built_on(cls, name: str, folder: Path | None, trail: tuple[tuple[str, str], ...]) -> Scenario | None:
        """Read what a scenario builds on or includes; None for a base, and for what is not there.

        `trail` holds those that led here, by what tells two apart and how they are named, so that none leads to itself.
        """
        path = model_file((folder or Path()) / name)
        shipped = name in scenario_names() and name not in cities()
        key = name if shipped else str(path.resolve())
        if key in [each for each, _ in trail]:
            way = " → ".join([*(shown for _, shown in trail), trail[[each for each, _ in trail].index(key)][1]])
            raise InputError(f"this goes in a circle: {way}")
        if shipped:
            return cls._of_raw(read_toml(scenario_text(name).encode(), name), name, None, (*trail, (name, name)))
        if name in cities() or not is_file(path):
            return None
        content = content_of(path)
        raw = read_data(content, str(path))
        return None if "states" in raw else cls._of_file(raw, content, path, trail)

    @classmethod
    def of(cls, name_or_path: str | Path) -> Scenario:
        """Read a scenario file, or a shipped one by its name; or take a base as it is: by its name, or a pathway file.

        Raises:
            InputError: one line with the file, the key path, the value and what is allowed.
        """
        if isinstance(name_or_path, Pathway):
            raise InputError(
                f"scenario: {name_or_path!r} is a model: give it to `run` or `compare` as it is; for scenarios that "
                "change it, write its `to_dict()` to a .json file and name that"
            )
        check_scenario(name_or_path)
        path, name = model_file(name_or_path), str(name_or_path)
        if name in scenario_names():
            return cls.from_dict(read_toml(scenario_text(name).encode(), name), name)
        if is_file(path) and name not in cities():
            content = content_of(path)
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
        return cls._of_raw(raw, source, folder, ())

    @classmethod
    def _of_raw(
        cls, raw: Mapping[str, Any], source: str, folder: Path | None, trail: tuple[tuple[str, str], ...]
    ) -> Scenario:
        require_type(source, raw, Mapping, "a table of plain data, as TOML gives it")
        check_typed(numbered(raw), source)
        try:
            file = ScenarioFile.model_validate(composed(raw))
        except ValidationError as error:
            raise located(error, numbered(raw), source) from None
        with located_at(f"{source}: base"):
            under = cls._built_on(file.base, folder, trail)
            base = under.base if under else _base(file.base, folder)
        beneath = under.layers if under else ()
        for index, include in enumerate(file.include):
            with located_at(f"{source}: include{change_place(index, include.scenario)}.scenario"):
                beneath = _joined(beneath, cls._built_on(include.scenario, folder, trail), include.scenario, base)
        scenario = cls(file=file, base=base, source=source, beneath=beneath)
        if under is not None and under.listing is not None:
            if file.today is not None:
                raise InputError(f"{source}: today: what it builds on begins with a list of its own: leave it out")
            if file.waiting:
                raise InputError(f"{source}: waiting: the list of {under.name} tells who waits")
            scenario = replace(scenario, listing=under.listing, past=under.past)
        elif file.today is not None:
            scenario = scenario._with_list(folder)
        if under is not None and under.known is not None:
            if file.known is not None:
                raise InputError(f"{source}: known: what it builds on has figures of its own: leave it out")
            scenario = replace(scenario, known=under.known)
        elif file.known is not None:
            with located_at(f"{source}: known"):
                scenario = replace(scenario, known=read_known(file_named((folder or Path()) / file.known)))
        scenario.pathway()
        return scenario

    def _with_list(self, folder: Path | None) -> Scenario:
        """Return the scenario with the list that its file names."""
        day, whole = self.file.today_is, self.pathway_before_opening()
        assert day is not None
        if not whole.start < day < whole.end:
            raise InputError(
                f"{self.source}: today_is: {day:%Y-%m-%d} is not allowed: after the base's start "
                f"({whole.start:%Y-%m-%d}) and before the end of the run ({whole.end:%Y-%m-%d})"
            )
        with located_at(f"{self.source}: today"):
            cases = read_cases(file_named((folder or Path()) / str(self.file.today)))
            return replace(self, listing=place_cases(cases, whole, day), past=self.beneath)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back to an equal scenario."""
        return _plain(self.file)

    @property
    def name(self) -> str:
        """What the file calls the scenario."""
        return self.file.name

    @property
    def layers(self) -> tuple[tuple[ScenarioFile, str], ...]:
        """The files whose changes are made, each with its source, in that order; the scenario's own is the last."""
        return (*self.beneath, (self.file, self.source))

    @property
    def steps(self) -> tuple[Scenario, ...]:
        """The scenarios that come about layer by layer, each beneath the next one; the whole scenario is the last."""
        beneath = [
            replace(
                self,
                file=ScenarioFile(name=file.name, description=file.description, base=file.base),
                source=source,
                beneath=self.beneath[: number + 1],
            )
            for number, (file, source) in enumerate(self.beneath)
        ]
        return (*beneath, self)

    @property
    def changes_base(self) -> bool:
        """Whether anything differs from the base."""
        return self.begins_today or any(makes_changes(file) for file, _ in self.layers)

    @property
    def begins_today(self) -> bool:
        """Whether the run begins with a list, and with the model's stock of that day: see `simulation.opening`."""
        return self.listing is not None

    @property
    def history(self) -> Scenario:
        """What the model was until the list's day: the changes that the list's scenario builds on, and not its own."""
        file = ScenarioFile(name=self.file.name, base=self.file.base)
        return replace(self, file=file, beneath=self.past, listing=None, past=(), known=None)

    @property
    def digest(self) -> str:
        """The SHA-256 over the base's file, its parameters' values, and the scenario's content."""
        values = {name: parameter.value for name, parameter in self.base.parameters.items()}
        content: dict[str, Any] = {"base": self.base.sha256, "parameters": values, "scenario": self.to_dict()}
        if self.beneath:
            content["beneath"] = [_plain(file) for file, _ in self.beneath]
        if self.listing:
            content["list"] = self.listing.sha256
        if self.known:
            content["known"] = self.known.sha256
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def pathway(self, parameters: Mapping[str, Any] | None = None, carried_on: CarriedOn | None = None) -> Pathway:
        """Return the pathway with all changes made, over other values of the base's parameters where given.

        Of a scenario that begins with a list, it has the listed cases alone: what is run is `simulation.model_of`.

        Args:
            parameters: the base's own where left out.
            carried_on: how the base goes on after its last document; its last values hold where left out.

        Raises:
            InputError: as `pathway_before_opening`.
        """
        pathway = self.pathway_before_opening(parameters, carried_on)
        return pathway if self.listing is None else begin_on(pathway, self.listing)

    def pathway_before_opening(
        self, parameters: Mapping[str, Any] | None = None, carried_on: CarriedOn | None = None
    ) -> Pathway:
        """Return the pathway from the base's start on, also where the run begins with a list later on; as `pathway`.

        Raises:
            InputError: for an unknown parameter, or where a change can't be made to these values.
        """
        return self.changed(self.draft(parameters, carried_on))

    def draft(self, parameters: Mapping[str, Any] | None = None, carried_on: CarriedOn | None = None) -> Draft:
        """Return the base to which the changes are made, over other values of its parameters; as `pathway`.

        Scenarios with the same `frame` have the same drafts.

        Raises:
            InputError: as `pathway_before_opening`.
        """
        if parameters is not None:
            require_type("parameters", parameters, Mapping, "values by the parameters' names")
        values = dict(parameters or {})
        check_typed(values, self.source, "parameters", program=True)
        for name, change, source in self._parameter_changes:
            where = f"{source}: parameters.{name}"
            if name not in self.base.parameters:
                raise InputError(f"{where}: {unknown_name('parameter', name, self.base.parameters)}")
            with located_at(where):
                values[name] = changed(values.get(name, self.base.parameters[name].value), change)
        with self._blaming(values):
            raw = self.base.filled(values)
            if carried_on is not None:
                carried_on(raw, end_of(raw, self.layers))
            return Draft(raw, values)

    def changed(self, draft: Draft) -> Pathway:
        """Return the pathway with all changes but those of parameters made to a draft; as `pathway_before_opening`.

        Raises:
            InputError: where a change can't be made to it.
        """
        with self._blaming(draft.values):
            return draft.changed(self.layers, f"{self.source} over {self.base.source}")

    @property
    def frame(self) -> str:
        """What drafts of the scenario depend on, but for what is drawn: its base, changes of parameters and end."""
        end = end_of(self.base.raw, self.layers)
        return repr((self.base.sha256, end, [(name, change) for name, change, _ in self._parameter_changes]))

    @property
    def _parameter_changes(self) -> list[tuple[str, Any, str]]:
        return [(name, change, source) for file, source in self.layers for name, change in file.parameters.items()]

    @contextmanager
    def _blaming(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Where values alone make no sound pathway, say that the fault is theirs and not the changes'."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError):
            with located_at(f"{self.source}: parameters" if self._parameter_changes else ""):
                self.base.pathway(values)
            raise

    def reaching(self, end: datetime) -> Scenario:
        """Return a scenario that runs at least to a moment: values by date keep their last one.

        Raises:
            InputError: for what is no moment, or one so late that it is a slip of the pen.
        """
        try:
            end = parse_moment(end)
        except ValueError as mistake:
            raise InputError(f"end: {mistake}") from None
        own = self.pathway_before_opening().end
        if own >= end:
            return self
        if end.year - own.year > MOST_YEARS:
            raise InputError(
                f"{end:%Y-%m-%d} lies more than {MOST_YEARS} years after the end of {self.name} ({own:%Y-%m-%d})"
            )
        content = _plain(self.file) | {"until": end}
        return replace(self, file=ScenarioFile.model_validate(content), own_end=self.own_end or own)

    @property
    def ships(self) -> bool:
        """Whether it comes with flowsim: one of its scenarios, or one of its cities as it is."""
        return self.source in scenario_names() or (not self.changes_base and self.base.name in cities())

    @property
    def without_effect(self) -> tuple[str, ...]:
        """The changes of the file that change nothing, by where they stand in it."""
        raw = Draft(self.base.filled()).copy()
        steps = edit_steps(raw, self.layers)
        next(steps)
        before, out = Pathway.of_plain(raw), []
        for where in steps:
            after = Pathway.of_plain(raw)
            if where.startswith(f"{self.source}: ") and not takes_effect(before, after):
                out.append(where.removeprefix(f"{self.source}: "))
            before = after
        return tuple(out)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema of a scenario file, for editors that know TOML."""
        told = ScenarioFile.model_json_schema(by_alias=True)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | told | {"title": "flowsim scenario"}


def _plain(file: ScenarioFile) -> dict[str, Any]:
    return file.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _base(name: str, folder: Path | None) -> Base:
    if name not in cities() and not is_file(model_file((folder or Path()) / name)):
        known = ", ".join(f"'{city}'" for city in cities())
        raise InputError(
            f"there is no base '{name}'{nearest(name, (*cities(), *scenario_names()))} (allowed: {known}, the path of "
            "a pathway or scenario file, or a name that `flowsim scenarios` lists)"
        )
    return read_base(name, folder)


def _joined(
    beneath: tuple[tuple[ScenarioFile, str], ...], more: Scenario | None, name: str, base: Base
) -> tuple[tuple[ScenarioFile, str], ...]:
    """Return layers with those of an included scenario; what both build on is there once.

    Raises:
        InputError: where there is no such scenario, it is of another base, or its changes are made already.
    """
    if more is None:
        known = scenario_names()
        raise InputError(
            f"there is no scenario '{name}'{nearest(name, known)} (allowed: a scenario file, or a name that `flowsim "
            "scenarios` lists)"
        )
    if more.listing is not None:
        raise InputError(f"'{name}' begins with a list of today's cases: build on it (`base`) instead of including it")
    if more.base.sha256 != base.sha256:
        raise InputError(f"'{name}' changes the base '{more.base.name}', and this scenario the base '{base.name}'")
    if (more.file, more.source) in beneath:
        raise InputError(f"the changes of '{name}' are made already: include it once, and not what you build on")
    return (*beneath, *(layer for layer in more.layers if layer not in beneath))


def example(language: str = "en") -> str:
    """Return a scenario file to start from, with comments in a language, "en" or "da"."""
    name = "scenario.toml" if language == "en" else f"scenario.{language}.toml"
    return (data_folder("templates") / name).read_text(encoding="utf-8")
