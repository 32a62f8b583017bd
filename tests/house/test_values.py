"""What holds of every value and function of the package.

Values are frozen and made by the names of their parts, and nothing is overwritten unasked.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import tomllib

import flowsim
from helpers.paths import ROOT

MODULES = [
    importlib.import_module(info.name)
    for info in pkgutil.walk_packages(flowsim.__path__, "flowsim.")
    if not info.name.endswith("__main__")
]
OWN = {
    member
    for module in MODULES
    for member in vars(module).values()
    if getattr(member, "__module__", "") == module.__name__
}
ROOMS = tomllib.loads((ROOT / "tests" / "house" / "public_names.toml").read_text(encoding="utf-8"))
WORKING = {
    "flowsim.evidence.tables._Part",
    "flowsim.planning.promises.searches._Population",
    "flowsim.planning.staffing.trials.Bench",
    "flowsim.simulation.engine.reference._Caller",
    "flowsim.simulation.engine.reference._Case",
}
"""What is filled while something is worked out, and handed to nobody."""


def named(member):
    return f"{member.__module__}.{member.__qualname__}"


def test_every_value_is_frozen():
    classes = [member for member in OWN if inspect.isclass(member) and dataclasses.is_dataclass(member)]
    assert len(classes) > 200
    assert {named(one) for one in classes if not one.__dataclass_params__.frozen} == WORKING


def test_every_public_value_is_made_by_the_names_of_its_parts():
    """So that a part more, or parts in another order, never change what code that makes the value says."""
    public = [
        getattr(importlib.import_module(f"flowsim.{room}"), name) for room, names in ROOMS.items() for name in names
    ]
    classes = [member for member in public if inspect.isclass(member) and dataclasses.is_dataclass(member)]
    assert len(classes) > 100
    by_position = {
        named(one) for one in classes if not all(part.kw_only for part in dataclasses.fields(one) if part.init)
    }
    assert by_position == set()


def test_nothing_is_overwritten_where_it_is_not_asked_for():
    methods = [inspect.unwrap(method) for one in OWN if inspect.isclass(one) for _, method in inspect.getmembers(one)]
    functions = {member for member in [*OWN, *methods] if inspect.isfunction(member)}
    given = {
        (named(function), name): parameter.default
        for function in functions
        for name, parameter in inspect.signature(function).parameters.items()
        if name in ("force", "overwrite") and parameter.default is not parameter.empty
    }
    assert len(given) > 5
    assert {key: default for key, default in given.items() if default is not False} == {}
