"""What is public: the names of `flowsim` and of its rooms, which users may rely on, each with one meaning."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib

import pytest

import flowsim
from helpers.paths import ROOT

ROOMS = tomllib.loads((ROOT / "tests" / "house" / "public_names.toml").read_text(encoding="utf-8"))
VERBS = ("run", "compare", "staff", "explain", "calibrate", "judge", "forecast", "outlook", "report", "verify")


def test_public_names():
    assert dir(flowsim) == [
        "Attribute",
        "Base",
        "Batch",
        "Clock",
        "Duration",
        "Ensemble",
        "Entry",
        "Exit",
        "Feedback",
        "Followup",
        "InputError",
        "Party",
        "Pathway",
        "Results",
        "Scenario",
        "Seniority",
        "Shift",
        "State",
        "Station",
        "Variant",
        "Watch",
        "calibrate",
        "calibration",
        "compare",
        "core",
        "draw",
        "evidence",
        "explain",
        "forecast",
        "forecasting",
        "judge",
        "model",
        "outlook",
        "planning",
        "questions",
        "read_base",
        "report",
        "reporting",
        "run",
        "simulation",
        "staff",
        "testing",
        "theory",
        "verify",
        "workload",
    ]


def test_each_public_name_can_be_loaded():
    for name in dir(flowsim):
        assert getattr(flowsim, name) is not None
    assert importlib.import_module("flowsim").run is flowsim.run


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_lists_its_public_names_and_has_them(room):
    module = importlib.import_module(f"flowsim.{room}")
    assert dir(module) == ROOMS[room]
    for name in ROOMS[room]:
        assert getattr(module, name) is not None


def test_verbs_take_no_loose_keywords_and_the_same_last_ones():
    for verb in VERBS:
        parameters = inspect.signature(getattr(flowsim, verb)).parameters
        assert all(one.kind is not one.VAR_KEYWORD for one in parameters.values()), verb
        assert list(parameters)[-3:] == ["seed", "executor", "progress"], verb


def test_python_m_flowsim_is_the_command_line():
    done = subprocess.run([sys.executable, "-m", "flowsim", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"flowsim {flowsim.__version__}\n"


def public():
    """Yield each module's own public names with what they are."""
    for info in pkgutil.walk_packages(flowsim.__path__, "flowsim."):
        if not info.ispkg and not info.name.startswith(("flowsim.cli.commands", "flowsim.__main__")):
            module = importlib.import_module(info.name)
            for name in getattr(module, "__all__", ()):
                yield info.name, name, getattr(module, name)


# Names that stand in two modules because both mean the same.
ARGUED = {
    "simulate": "each engine has it, with one signature: a model, a seed and a replication to a trace",
    "clock_runs": "the jitted pass, and what calls it with a pathway's clocks",
}


def written():
    """Yield the names that each module defines, but for the commands, which bear the verbs' names."""
    for path in sorted((ROOT / "src" / "flowsim").rglob("*.py")):
        place = path.relative_to(ROOT / "src" / "flowsim")
        if not place.is_relative_to("cli/commands") and place.name != "__init__.py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    names = [node.name]
                yield from ((str(place), name) for name in names if not name.startswith("_"))


def test_a_public_name_means_one_thing():
    """Constants and the types of fields too."""
    homes = {}
    for place, name in written():
        homes.setdefault(name, set()).add(place)
    twice = {name: sorted(places) for name, places in homes.items() if len(places) > 1 and name not in ARGUED}
    assert twice == {}


def test_no_module_bears_the_name_of_a_function_in_it():
    same = {module for module, name, value in public() if module.endswith(f".{name}") and inspect.isroutine(value)}
    assert same == set()


SAYING = {"told", "said", "seen", "found", "made", "one", "both"}


def test_no_name_of_more_than_three_lines_is_one_of_saying():
    """A variable is named by what it holds. Within three lines its meaning is seen."""
    wide = []
    for path in sorted((ROOT / "src" / "flowsim").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = {}
                for node in ast.walk(function):
                    name = getattr(node, "id", None) or getattr(node, "arg", None)
                    if isinstance(node, ast.Name | ast.arg) and name in SAYING:
                        lines.setdefault(name, []).append(node.lineno)
                wide += [(path.name, function.name, name) for name, at in lines.items() if max(at) - min(at) > 2]
    assert wide == []
