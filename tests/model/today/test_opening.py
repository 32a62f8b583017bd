"""A pathway that begins on the day of a list: who comes in then, where, and since when."""

from datetime import datetime

import numpy as np
import pytest

from flowsim.model.pathway import Pathway
from flowsim.model.today.listing import Place, TodaysList
from flowsim.model.today.opening import Stock, begin_on

DAY = datetime(2024, 9, 2)
WEEK = 7 * 1440.0
TOWN = Pathway.from_dict(
    {
        "name": "town",
        "start": "2024-01-01",
        "end": "2025-01-01",
        "stations": {"team": {"weekdays": ["tue"], "places": 1}},
        "states": {
            "plan": {"stay": "10 weeks", "to": {"team": 0.5, "urgent": 0.2, "again": 0.3}, "benefit": "cash"},
            "team": {"station": "team", "to": "done", "benefit": "cash"},
            "urgent": {"station": "team", "to": "done", "benefit": "cash"},
            "again": {"station": "team", "to": "done", "benefit": "cash"},
            "done": {"final": True},
        },
        "entries": {
            "door": {"to": "plan", "rate": "20 per year"},
            "there": {"to": "plan", "count": 3, "elapsed": "1 week"},
            "given": {"to": "plan", "at": ["2024-09-01T23:59", "2024-09-02", "2024-09-02T00:01"]},
            "gone": {"to": "plan", "at": ["2024-02-01", "2024-09-01"]},
        },
    }
)
STATES = ("team", "urgent", "again")


def begun(*places, stock=None):
    """Return the entries of the town from the day of a list on, by name."""
    told = TodaysList(day=DAY, file="list", sha256="", places=places)
    pathway = begin_on(TOWN, told, Stock(cases=stock or {}))
    assert pathway.start == DAY
    return {entry.name: entry for entry in pathway.entries}


def listed(place, stock=None):
    """Return how many come in by a list, by state."""
    entries = begun(place, stock=stock)
    return {state: entries[f"listed_{state}_waiting"].count for state in place.states}


def test_doors_go_on_from_the_first_moment_of_the_day():
    entries = begun()
    assert entries["door"] == TOWN.entries[0]
    assert entries["given"].at == (DAY, datetime(2024, 9, 2, 0, 1))
    assert not {"gone", "there"} & entries.keys()  # nobody of theirs comes any more


@pytest.mark.parametrize(
    ("numbers", "count", "spread"),
    [
        ((30, 10, 0), 8, (6, 2, 0)),
        ((1, 1, 2), 100, (25, 25, 50)),
        ((0, 0, 7), 4, (0, 0, 4)),
        ((0, 0, 0), 9, (3, 3, 3)),  # of whom the model has none, all states get alike
        ((5, 5, 5), 1, (1, 0, 0)),
        ((5, 5, 5), 0, (0, 0, 0)),
    ],
)
def test_cases_of_a_station_are_spread_as_the_model_s_are(numbers, count, spread):
    stock = {(state, True): np.full((number, 2), WEEK) for state, number in zip(STATES, numbers, strict=True)}
    place = Place(name="team", states=STATES, waiting=True, elapsed=(WEEK,) * count)
    assert tuple(listed(place, stock).values()) == spread


@pytest.mark.parametrize(("share", "number"), [(0.0, 0), (0.12, 0), (0.125, 1), (0.5, 2), (1.5, 6), (0.88, 4)])
def test_a_share_is_one_of_the_model_s_number_and_halves_are_rounded_up(share, number):
    stock = {("team", True): np.full((3, 2), WEEK), ("urgent", True): np.full((1, 2), WEEK)}
    place = Place(name="team", states=STATES, waiting=True, share=share)
    assert sum(listed(place, stock).values()) == number


def test_states_get_long_and_short_waits_alike():
    stock = {("team", True): np.full((2, 2), WEEK), ("urgent", True): np.full((2, 2), WEEK)}
    place = Place(name="team", states=("team", "urgent"), waiting=True, elapsed=tuple(n * WEEK for n in (6, 5, 4, 3)))
    entries = begun(place, stock=stock)
    assert entries["listed_team_waiting"].elapsed_each == (6 * WEEK, 4 * WEEK)
    assert entries["listed_urgent_waiting"].elapsed_each == (5 * WEEK, 3 * WEEK)


def test_times_that_a_list_does_not_tell_are_those_of_the_model_evenly_spaced():
    own = np.array([[8, 20], [6, 16], [4, 12], [2, 3]]) * WEEK
    place = Place(name="team", states=("team",), waiting=True, elapsed=(7 * WEEK, None, None))
    found = begun(place, stock={("team", True): own})["listed_team_waiting"]
    # Of the model's four, the two are like the second and the last; and all three are like the first, the third and the
    # last in how long they had been on the benefit when they joined: 12, 8 and 1 weeks.
    assert found.elapsed_each == (7 * WEEK, 6 * WEEK, 2 * WEEK)
    assert found.spent_each == (19 * WEEK, 14 * WEEK, 3 * WEEK)


def test_where_the_model_has_nobody_times_that_a_list_does_not_tell_begin_on_the_day():
    place = Place(name="plan", states=("plan",), waiting=False, elapsed=(3 * WEEK, None))
    found = begun(place)["listed_plan_under_way"]
    assert (found.elapsed_each, found.spent_each) == ((3 * WEEK, 0.0), (3 * WEEK, 0.0))


def test_states_that_the_list_does_not_tell_of_have_the_model_s_own():
    own = np.array([[8, 20], [6, 16]]) * WEEK
    place = Place(name="team", states=("team",), waiting=True, elapsed=(WEEK,))
    entries = begun(place, stock={("urgent", True): own, ("plan", False): own[:1], ("team", True): own})
    assert (entries["model_urgent_waiting"].elapsed_each, entries["model_urgent_waiting"].spent_each) == (
        (8 * WEEK, 6 * WEEK),
        (20 * WEEK, 16 * WEEK),
    )
    assert entries["model_plan_under_way"].count == 1
    assert "model_team_waiting" not in entries
    assert "model_done_under_way" not in entries  # final: whoever is there has left
