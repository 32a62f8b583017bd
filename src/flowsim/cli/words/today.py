"""What a planner reads of her list on a terminal, in lines of at most eighty columns."""

from __future__ import annotations

from flowsim.calibration.ensemble import Parameters
from flowsim.cli.terminal import wrapped
from flowsim.model.scenario import Scenario
from flowsim.reporting.summary.opening import list_sentences, opening_of, opening_sentences
from flowsim.reporting.wording import Wording
from flowsim.simulation.opening import FromToday

__all__ = ["list_lines", "opening_lines", "opening_of"]


def opening_lines(scenario: Scenario, parameters: Parameters, seed: int, count: int, wording: Wording) -> list[str]:
    """Say how a scenario begins; nothing of one that begins with its base."""
    return [wrapped(line) for line in opening_sentences(scenario, parameters, seed, count, wording)]


def list_lines(opening: FromToday, seed: int, count: int, wording: Wording) -> list[str]:
    """Say what the list tells, what the model has at the same places, and what it fills in."""
    return [wrapped(line) for line in list_sentences(opening, seed, count, wording)]
