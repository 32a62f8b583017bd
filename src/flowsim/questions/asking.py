"""What all questions share: files, errors by key, the command line that asks again, periods, parameters, precision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import ValidationError, ValidationInfo, field_validator

from flowsim.calibration.ensemble import Ensemble, Parameters
from flowsim.calibration.histories.kept import Histories
from flowsim.core.errors import InputError, KeyedError, Record, located, require_type, unknown_name
from flowsim.core.files import content_of, file_named, is_file, is_json, read_data, write_text
from flowsim.core.numbers import composed, read_whole
from flowsim.core.periods import Period, typed_period
from flowsim.core.progress import waiting
from flowsim.core.quantities import parse_precision
from flowsim.core.writing.shells import command_line
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.timeline import Calendar
from flowsim.simulation.runner import checked_count, checked_seed

if TYPE_CHECKING:
    from flowsim.simulation.precision import Precision

__all__ = [
    "Chosen",
    "Inquiry",
    "check_known_alike",
    "check_measured",
    "check_periods",
    "chosen_parameters",
    "command",
    "informed",
    "keyed",
    "precision_of",
    "refuse_known",
]

OWN_PARAMETERS = "those of the file"
_PATHS = ("scenario", "scenarios", "prices", "calibrated", "study", "source", "logo")


class Inquiry(Record):
    """A question about scenarios: checked in full when it is made, so that its answer only takes time."""

    @field_validator("first", "last", "during", "period", mode="before", check_fields=False)
    @classmethod
    def _as_periods_are_named(cls, value: Any, info: ValidationInfo) -> Any:
        """Read a period as people type it ("2023K2"), so that tables and files find it by its name ("2023Q2")."""
        if not isinstance(value, str):
            return value
        with keyed(str(info.field_name)):
            return str(typed_period(value))

    @field_validator("*", mode="before")
    @classmethod
    def _whole_as_typed(cls, value: Any, info: ValidationInfo) -> Any:
        """Read a whole number as people type it, and refuse what is another one to other readers ("1.000")."""
        if cls.model_fields[str(info.field_name)].annotation not in (int, int | None):
            return value
        with keyed(str(info.field_name)):
            if isinstance(value, bool):
                raise InputError(f"{value} is not allowed: it should be a whole number")
            if not isinstance(value, str):
                return value
            try:
                return read_whole(value)
            except ValueError as error:
                raise InputError(str(error)) from None

    @field_validator("seed", "replications", mode="after", check_fields=False)
    @classmethod
    def _within_range(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None:
            return None
        key = str(info.field_name)
        try:
            return checked_seed(value) if key == "seed" else checked_count(value)
        except InputError as error:
            raise KeyedError(key, str(error).removeprefix(f"{key}: ")) from None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], source: str = "") -> Self:
        """Read a question from plain data, as TOML and JSON give it; keys that are None count as left out.

        Raises:
            InputError: one line with `source`, the key, the value and what is allowed.
        """
        require_type(source or cls.__name__.lower(), raw, Mapping, "a table of keys")
        given = {key: value for key, value in raw.items() if value is not None}
        for key in given:
            if key not in cls.model_fields:
                where = f"{source}: " if source else ""
                raise InputError(f"{where}{unknown_name('key', str(key), cls.model_fields)}")
        try:
            return cls.model_validate(composed(given))
        except ValidationError as error:
            cause = error.errors()[0].get("ctx", {}).get("error")
            if isinstance(cause, ValueError) and not isinstance(cause, InputError):
                raise cause from None  # a fault of flowsim's own is not the asker's
            if cause is None:
                raise located(error, given, source or cls.__name__.lower()) from None
            raise (InputError(f"{source}: {cause}") if source else cause) from None

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a question from a TOML or JSON file; the paths in it are seen from its folder.

        Raises:
            InputError: one line with the file, the key, the value and what is allowed.
        """
        place = file_named(path)
        if not is_file(place):
            raise InputError(f"there is no file '{path}'")
        raw = read_data(content_of(place), str(path))
        for key in _PATHS:
            if isinstance(raw.get(key), str):
                raw[key] = _seen_from(place.parent, raw[key])
            elif isinstance(raw.get(key), list):
                raw[key] = [_seen_from(place.parent, name) for name in raw[key]]
        return cls.from_dict(raw, str(path))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back to an equal question; without what is as by default."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def write(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the question to a file that `read` reads: JSON where its name ends so, TOML otherwise.

        Raises:
            InputError: as `files.check_file`.
        """
        data = self.to_dict()
        if is_json(str(path)):
            text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        else:
            # Texts, numbers, truth values and lists of them are written alike in both.
            text = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in data.items())
        write_text(Path(path), text, overwrite)


def _seen_from(folder: Path, name: Any) -> Any:
    return str(folder / name) if isinstance(name, str) and (folder / name).exists() else name


@contextmanager
def keyed(key: str) -> Iterator[None]:
    """Say of a mistake at which key of the question it is, where that is not known yet."""
    try:
        yield
    except KeyedError:
        raise
    except InputError as error:
        raise KeyedError(key, str(error)) from None


def command(name: str, files: Sequence[str], options: Mapping[str, Any], *, files_last: bool = False) -> str:
    """Write a command line; options that are None, False or empty are left out, lists are repeated."""
    words: list[str] = []
    for option, value in options.items():
        if value is True:
            words.append(f"--{option}")
        elif value is not None and value is not False:
            for item in value if isinstance(value, list | tuple) else [value]:
                words += [f"--{option}", *(str(item).split() if option == "between" else [str(item)])]
    if any(file.startswith("-") for file in files):
        return command_line(["flowsim", name, *words, "--", *files])
    if files_last:
        return command_line(["flowsim", name, *words, *files])
    return command_line(["flowsim", name, *files, *words])


class Chosen(NamedTuple):
    """What the parameters of replications are drawn from, and how to say it."""

    parameters: Parameters
    words: str

    @property
    def histories(self) -> Histories | None:
        """The histories that replications draw; None where they draw none."""
        return self.parameters.histories if isinstance(self.parameters, Ensemble) else None

    def spoken(self, language: Language) -> str:
        """Say what parameters are drawn from in a language; nothing where they are the base's own."""
        if self.parameters is None:
            return ""
        if self.histories is not None:
            return language.say("parameters.histories", histories=language.counted(len(self.histories), "histories"))
        if isinstance(self.parameters, Ensemble):
            return language.say("parameters.sets", sets=language.number(len(self.parameters), 0))
        return language.say("parameters.fitted")


def chosen_parameters(
    scenario: Scenario, calibrated: str | None, point: bool = False, *, sets: bool = False, hold: bool = False
) -> Chosen:
    """Choose an ensemble, its fitted values (`point`), or the values of the scenario's own base where it has none.

    Args:
        scenario: whose base it is.
        calibrated: the folder of a calibration, instead of the one that ships.
        point: take the fitted values.
        sets: draw its sets alone, not its histories.
        hold: let factors keep their last values after the last document, where they would walk on.

    Raises:
        InputError: where the folder holds no calibration, or one of another base; for `sets` and `hold` where nothing
            is drawn, and for known figures where there are no histories.
    """
    for key, given in (("sets", sets), ("hold", hold)):
        if given and point:
            raise KeyedError(key, "the fitted parameters (--point) are the same in every run: leave out one of the two")
    if scenario.known is not None:
        if point or sets:
            key = "point" if point else "sets"
            raise KeyedError(key, f"{scenario.source}: known: figures weigh histories, and these have none")
        from flowsim.calibration.informed import check_known  # loads scipy, which a refusal does without

        check_known(scenario)
    with keyed("calibrated"):
        ensemble = Ensemble.of(scenario.base) if calibrated is None else Ensemble.read(Path(calibrated))
    if ensemble is None:
        for key, given in (("sets", sets), ("hold", hold)):
            if given:
                raise KeyedError(key, f"the base '{scenario.base.name}' has no calibration: nothing is drawn")
        return Chosen(None, OWN_PARAMETERS)
    if scenario.known is not None and ensemble.histories is None:
        raise KeyedError(
            "calibrated" if calibrated else "scenario",
            f"{scenario.source}: known: the calibration of '{scenario.base.name}' has no histories: make them with "
            "`flowsim weigh`",
        )
    ensemble.over(scenario)
    if point:
        return Chosen(ensemble.mode, "the fitted ones")
    ensemble = ensemble.drawing(sets=sets, hold=hold)
    if ensemble.histories is not None:
        return Chosen(ensemble, f"one of {len(ensemble.histories)} histories, each a calibrated set and its luck")
    return Chosen(ensemble, f"one of {len(ensemble)} calibrated sets a replication")


def informed(question: Inquiry, chosen: Chosen, scenario: Scenario, executor: Executor | None = None) -> Chosen:
    """Return what replications draw once the known figures of a scenario have weighed the histories; found once.

    Raises:
        InputError: where hardly any history comes near them.
    """
    if scenario.known is None or not isinstance(chosen.parameters, Ensemble):
        return chosen
    kept = question.__dict__
    if "_informed" not in kept:
        from flowsim.calibration.informed import inform

        with waiting(f"weighing histories by {scenario.known.file}"):
            kept["_informed"] = chosen._replace(parameters=inform(chosen.parameters, scenario, executor=executor))
    found: Chosen = kept["_informed"]
    return found


def refuse_known(scenario: Scenario, question: str) -> None:
    """Refuse a scenario with known figures for a question that draws no histories.

    Raises:
        InputError: where it has any.
    """
    if scenario.known is not None:
        raise KeyedError(
            "scenario",
            f"{scenario.source}: known: {question} draws no histories that the figures could weigh: ask "
            "`flowsim run`, `compare`, `staff` or `report`, or take a scenario without them",
        )


def check_known_alike(scenarios: Sequence[Scenario]) -> None:
    """Refuse scenarios that are compared and whose known figures are not those of the first one.

    Raises:
        InputError: where they differ.
    """
    first = scenarios[0]
    for other in scenarios[1:]:
        if other.known is not None and other.known != first.known:
            raise InputError(
                f"{other.source}: known: scenarios that are compared share their histories: give {first.name} the same "
                "figures"
            )


def check_periods(scenario: Scenario, first: str | None, last: str | None) -> None:
    """Check that something is reported between two periods, both included.

    Raises:
        InputError: where the last one lies beyond the run, and where nothing lies between the two.
    """
    calendar = Calendar.of(scenario.pathway())
    months = calendar.periods("month")
    since, until = Period(first or months[0]).first, Period(last or months[-1]).after
    if last is not None and Period(last).first >= months[-1].after:
        raise KeyedError(
            "last",
            f"{last} lies beyond the run, whose last month is {months[-1]}: ask for an earlier period, or give the "
            "scenario a later `until`",
        )
    reported = (period for every in calendar.kinds for period in calendar.periods(every))
    if not any(since <= period.first and period.after <= until for period in reported):
        span = " ".join(f"{option} {text}" for option, text in (("--from", first), ("--to", last)) if text)
        raise InputError(f"{span}: nothing lies between (months of the run: {months[0]} to {months[-1]})")


def precision_of(
    precision: float | str | None, measures: Sequence[str], most: int | None, between: tuple[str | None, str | None]
) -> Precision | None:
    """Return the precision asked for; None where none is.

    Raises:
        InputError: for a precision out of range, and measures without one.
    """
    if precision is None:
        if measures:
            raise KeyedError("measure", "it goes with --precision")
        return None
    from flowsim.simulation.precision import Precision

    return Precision(
        relative=parse_precision(precision) if isinstance(precision, str) else precision,
        measures=tuple(measures or ["awards"]),
        first=between[0],
        last=between[1],
        most=10_000 if most is None else most,
    )


def check_measured(precision: Precision, scenario: Scenario) -> None:
    """Refuse a precision of what a scenario does not measure.

    Raises:
        KeyedError: at "measure", with the nearest one.
    """
    from flowsim.simulation.precision import check_measures

    try:
        check_measures(precision, dict.fromkeys(row.measure for row in Catalogue.of(scenario.pathway()).index))
    except InputError as error:
        raise KeyedError("measure", str(error)) from None
