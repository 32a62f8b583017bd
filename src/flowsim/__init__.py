"""Simulate how citizens flow through a municipal employment service, and forecast what comes.

The names below are loaded when they are first used, so that `import flowsim` stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Clock": "pathway",
    "Duration": "duration",
    "Ensemble": "ensemble",
    "Entry": "pathway",
    "Exit": "pathway",
    "Followup": "pathway",
    "InputError": "errors",
    "Party": "pathway",
    "Pathway": "pathway",
    "Results": "results",
    "Scenario": "scenario",
    "Seniority": "pathway",
    "State": "pathway",
    "Station": "pathway",
    "read_base": "parameters",
    "run": "runner",
}

__all__ = [
    "Clock",
    "Duration",
    "Ensemble",
    "Entry",
    "Exit",
    "Followup",
    "InputError",
    "Party",
    "Pathway",
    "Results",
    "Scenario",
    "Seniority",
    "State",
    "Station",
    "read_base",
    "run",
]

if TYPE_CHECKING:
    from flowsim.duration import Duration
    from flowsim.ensemble import Ensemble
    from flowsim.errors import InputError
    from flowsim.parameters import read_base
    from flowsim.pathway import Clock, Entry, Exit, Followup, Party, Pathway, Seniority, State, Station
    from flowsim.results import Results
    from flowsim.runner import run
    from flowsim.scenario import Scenario


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'flowsim' has no attribute '{name}'")
    return getattr(import_module(f"flowsim.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
