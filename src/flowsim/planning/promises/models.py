"""Small models with known answers, and the searches that promises are put to the test on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowsim.model.base import Base
from flowsim.model.edits import ScenarioFile
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.staffing.trials import Question

__all__ = ["FrontierCase", "StaffingCase", "frontier_case", "scenario_of", "staffing_cases"]


def scenario_of(raw: dict[str, Any]) -> Scenario:
    """Return a pathway, given as plain data, as a scenario that changes nothing."""
    pathway = Pathway.from_dict(raw)
    base = Base(name=pathway.name, raw=pathway.to_dict(), parameters={}, source="made", sha256=pathway.digest)
    return Scenario(file=ScenarioFile.model_validate({"name": pathway.name, "base": "made"}), base=base, source="made")


def _desk(rate: str, mean: str) -> dict[str, Any]:
    return {
        "name": "desk",
        "start": "2001-01-01",
        "end": "2003-01-01",
        "stations": {"desk": {"capacity": 5}},
        "states": {
            "service": {"station": "desk", "stay": {"law": "exponential", "mean": mean}, "to": "out"},
            "out": {"final": True, "outcome": True},
        },
        "entries": {"door": {"to": "service", "rate": rate}},
        "clocks": {
            "served": {"begins": ["service"], "begins_at": "joined", "ends": ["out"], "limit": "4 weeks"},
        },
    }


def _chain() -> dict[str, Any]:
    """Return a plan by caseworkers, a meeting twice a week, and a course, as Copenhagen has them, much smaller."""
    return {
        "name": "chain",
        "start": "2023-01-01",
        "end": "2025-01-01",
        "stations": {
            "caseworkers": {"capacity": 30},
            "team": {"weekdays": ["tue", "thu"], "places": 2},
        },
        "states": {
            "plan": {
                "benefit": "cash",
                "station": "caseworkers",
                "stay": {"law": "gamma", "mean": "8 weeks", "cv": 0.5},
                "to": "team",
            },
            "team": {"benefit": "cash", "station": "team", "to": {"course": 0.6, "pension": 0.4}},
            "course": {"final": True, "outcome": True},
            "pension": {"final": True, "outcome": True},
        },
        "entries": {"opened": {"to": "plan", "rate": "150 per year"}},
        "clocks": {"decision": {"begins": ["plan"], "ends": ["course", "pension"], "limit": "13 weeks"}},
    }


@dataclass(frozen=True, kw_only=True)
class StaffingCase:
    """A search on a small model.

    Attributes:
        name: of the model and its goals, in words.
        raw: the pathway as plain data.
        goals: as planners write them.
        lever: what is varied.
        least, most: the levels allowed.
        during: the period.
        chance: as in `Question`.
    """

    name: str
    raw: dict[str, Any]
    goals: tuple[str, ...]
    lever: str
    least: int
    most: int
    during: str
    chance: float | None = None

    @property
    def question(self) -> Question:
        """What is asked."""
        return Question.of(scenario_of(self.raw), self.goals, self.during, chance=self.chance)

    @property
    def levels(self) -> Levels:
        """What is allowed."""
        return Levels(lever=Lever.parse(self.lever, scenario_of(self.raw).pathway()), least=self.least, most=self.most)


def staffing_cases() -> tuple[StaffingCase, ...]:
    """Return the searches that promises are put to the test on."""
    desk = _desk("2 per week", "2 weeks")
    light = _desk("8 per year", "3 weeks") | {"name": "light"}
    varied: dict[str, Any] = {"lever": "desk.capacity", "during": "2002"}
    chain: dict[str, Any] = {"raw": _chain(), "lever": "team.places", "least": 1, "most": 6, "during": "2024"}
    return (
        StaffingCase(name="desk, mean wait", raw=desk, goals=("wait for desk <= 1 week",), least=4, most=9, **varied),
        StaffingCase(
            name="desk, queue at the end", raw=desk, goals=("queue of desk <= 2.2",), least=4, most=9, **varied
        ),
        StaffingCase(
            name="desk, share in time", raw=desk, goals=("served within 4 weeks >= 73%",), least=4, most=9, **varied
        ),
        StaffingCase(
            name="desk, two goals that pull apart",
            raw=desk,
            goals=("wait for desk <= 1 week", "utilisation.desk >= 0.6"),
            least=4,
            most=9,
            **varied,
        ),
        StaffingCase(
            name="light load, queue at the end",
            raw=light,
            goals=("queue of desk <= 0.03",),
            least=1,
            most=6,
            **varied,
        ),
        StaffingCase(
            name="light load, wait of a month",
            raw=light,
            goals=("wait for desk <= 6 hours",),
            lever="desk.capacity",
            least=1,
            most=6,
            during="2002-06",
        ),
        StaffingCase(name="chain, mean wait", goals=("wait for team <= 0.5 weeks",), **chain),
        StaffingCase(
            name="chain, eight years in ten",
            goals=("wait for team <= 4 days",),
            chance=0.8,
            **chain,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class FrontierCase(StaffingCase):
    """A search by two levers, and what they cost.

    Attributes:
        row: the lever whose levels are the rows.
        rows: the least and the most of them.
        units: what one unit of each lever costs, the rows' first.
    """

    row: str
    rows: tuple[int, int]
    units: tuple[float, float]

    @property
    def row_lever(self) -> Lever:
        """The lever whose levels are the rows."""
        return Lever.parse(self.row, scenario_of(self.raw).pathway())


def frontier_case() -> FrontierCase:
    """Return two desks one after the other, of which either may make up for the other."""
    stay = {"law": "exponential", "mean": "2 weeks"}
    raw: dict[str, Any] = {
        "name": "desks",
        "start": "2001-01-01",
        "end": "2003-01-01",
        "stations": {"first": {"capacity": 5}, "second": {"capacity": 5}},
        "states": {
            "entrance": {"station": "first", "stay": stay, "to": "counter"},
            "counter": {"station": "second", "stay": stay, "to": "out"},
            "out": {"final": True, "outcome": True},
        },
        "entries": {"door": {"to": "entrance", "rate": "2 per week"}},
        "clocks": {"served": {"begins": ["entrance"], "begins_at": "joined", "ends": ["out"], "limit": "8 weeks"}},
    }
    return FrontierCase(
        name="two desks",
        raw=raw,
        goals=("served within 8 weeks >= 80%",),
        lever="second.capacity",
        least=4,
        most=9,
        during="2002",
        row="first.capacity",
        rows=(5, 8),
        units=(1.0, 1.2),
    )
