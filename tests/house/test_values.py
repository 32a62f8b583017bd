"""What holds of every value and function of the package: values are frozen, and nothing is overwritten unasked."""

import dataclasses
import importlib
import inspect
import pkgutil

import flowsim

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
