"""What ships with flowsim: cities, a folder each in `data/`, and scenarios, named wherever a file is."""

from __future__ import annotations

from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path

from flowsim.core.errors import InputError, nearest, require_type, unknown_name
from flowsim.core.files import data_folder, file_named, is_file

__all__ = ["check_scenario", "cities", "city_file", "model_file", "scenario_names", "scenario_text"]


@cache
def cities() -> tuple[str, ...]:
    """Name the cities that ship: the folders of `data/` that hold a pathway."""
    return tuple(sorted(place.name for place in data_folder().iterdir() if (place / "pathway.toml").is_file()))


def city_file(city: str, name: str) -> Traversable:
    """Return a file of a city that ships; it need not exist, for not every city has been calibrated.

    Raises:
        InputError: for an unknown city, with the nearest one.
    """
    if city not in cities():
        raise InputError(unknown_name("city", city, cities()))
    return data_folder(city) / name


def model_file(path: str | Path) -> Path:
    """Return the file of a model by its name: of a folder that `flowsim base new` wrote, the pathway in it."""
    file = file_named(path)
    inner = file / "pathway.toml"
    return inner if not is_file(file) and is_file(inner) else file


@cache
def scenario_names() -> tuple[str, ...]:
    """Name the scenarios that ship, in alphabetical order."""
    files = (file.name for file in data_folder("scenarios").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def check_scenario(name_or_path: str | Path) -> None:
    """Refuse what names neither a file nor what ships.

    Raises:
        InputError: with the nearest name.
    """
    require_type("scenario", name_or_path, (str, Path), "the name of one, or the path of a file")
    path, name = model_file(name_or_path), str(name_or_path)
    if name not in (*scenario_names(), *cities()) and not is_file(path):
        known = ", ".join(f"'{city}'" for city in cities())
        hint = nearest(name, (*cities(), *scenario_names()))
        raise InputError(
            f"there is no file '{path}'{hint} (allowed: {known}, a scenario file, a pathway file, or a name that "
            "`flowsim scenarios` lists)"
        )


def scenario_text(name: str) -> str:
    """Return the file of a shipped scenario, to be read or started from.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    if name not in scenario_names():
        raise InputError(unknown_name("shipped scenario", name, scenario_names()))
    return (data_folder("scenarios") / f"{name}.toml").read_text(encoding="utf-8")
