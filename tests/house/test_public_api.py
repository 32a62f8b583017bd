"""What is public: the names of `flowsim` and of its rooms, which users may rely on, each with one meaning."""

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
        last = [name for name in parameters if name in ("seed", "executor", "progress")]
        assert last in ([], ["seed", "executor", "progress"]), verb


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


def test_a_public_name_means_one_thing():
    homes = {}
    for module, name, value in public():
        if not name.isupper():
            homes.setdefault(name, {})[getattr(value, "__module__", module) or module] = module
    twice = {name: sorted(places.values()) for name, places in homes.items() if len(places) > 1 and name not in ARGUED}
    assert twice == {}


def test_no_module_bears_the_name_of_a_function_in_it():
    same = {module for module, name, value in public() if module.endswith(f".{name}") and inspect.isroutine(value)}
    assert same == set()
