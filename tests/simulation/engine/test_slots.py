"""Other numbers in a model that is there already: byte for byte what compiling in full gives."""

import copy
import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.errors import InputError
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.ticks import without_tick_warnings
from flowsim.simulation.engine import slots
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.slots import Compiled, compile_or_patch, compiled_like
from flowsim.testing import pathways

_NUMBER = re.compile(r"\d+(\.\d+)?(?= \w)")
TOWN = {
    "name": "town",
    "start": "2019-01-01",
    "end": "2020-07-01",
    "stations": {
        "desk": {"capacity": 3},
        "small": {"weekdays": ["tue"], "places": {"2019-01-01": 3, "2019-06-01": 4}},
        "board": {
            "weekdays": ["mon"],
            "parties": {
                "town": {
                    "staff": {"2019-01-01": 2.0, "2019-04-01": 4.0},
                    "hours": "10 hours",
                    "hours_a_case": "2 hours",
                    "follow_up": {"plan": {"2019-01-01": "1 hour", "2020-01-01": "2 hours"}},
                },
                "region": {"places": 9.0},
            },
            "answers": {
                "2019-01-01": "off",
                "2019-03-01": {"wait": "3 weeks", "gain": 0.5, "lag": "2 weeks", "least": 0.6, "most": 1.5},
            },
        },
    },
    "states": {
        "cash": {
            "race": {
                "job": {"rate": {"2019-01-01": "0.1 per year", "2020-01-01": "0.2 per year"}, "to": "work"},
                "plan": {"rate": "0.5 per year", "by_time_spent": {"0 days": 0.3, "1 year": 1.2}},
                "rest": {"to": "work", "after": {"law": "gamma", "mean": "90 weeks", "cv": 0.5}},
            }
        },
        "plan": {
            "benefit": "cash",
            "station": "desk",
            "stay": {
                "2019-01-01": {"law": "lognormal", "mean": "9 weeks", "cv": 0.4},
                "2019-07-01": {"law": "exponential", "mean": "7 weeks"},
            },
            "to": {"2019-01-01": {"team": 0.7, "help": 0.3}, "2020-01-01": {"team": 0.6, "help": 0.4}},
        },
        "help": {
            "benefit": "cash",
            "station": "small",
            "stay": {"law": "exponential", "mean": "7 weeks"},
            "to": "work",
        },
        "team": {
            "benefit": "cash",
            "station": "board",
            "to": {"work": 0.5, "cash": 0.5, "help": 0.0},
            "patience": {"law": "weibull", "mean": "60 weeks", "cv": 0.8},
            "reneges_to": "work",
        },
        "work": {"final": True, "outcome": True},
    },
    "entries": {
        "new": {"to": "cash", "rate": {"2018-01-01": "90 per year", "2019-06-01": "100 per year"}},
        "night": {"to": "cash", "rate": "10 per year", "open": "mon-fri 08:00-16:00"},
        "other": {"to": "plan", "every": {"law": "gamma", "mean": "3 weeks", "cv": 0.7}},
        "there": {"to": "plan", "count": 3, "waiting": True, "elapsed": {"law": "exponential", "mean": "4 weeks"}},
    },
}
NUMBERS = [
    ("states.cash.race.job.rate.2020-01-01", "0.3 per year"),
    ("states.cash.race.plan.by_time_spent", {"0 days": 2.3, "2 years": 0.1}),
    ("states.cash.race.rest.after.mean", "80 weeks"),
    ("states.plan.stay.2019-01-01", {"law": "lognormal", "mean": "8 weeks", "cv": 0.6}),
    ("states.plan.to", {"2019-01-01": {"team": 0.1, "help": 0.9}, "2020-01-01": {"team": 0.33, "help": 0.67}}),
    ("states.team.patience", {"law": "weibull", "mean": "50 weeks", "cv": 0.7}),
    ("stations.small.places.2019-06-01", 7),
    ("stations.board.parties.town.staff.2019-04-01", 5.5),
    ("stations.board.parties.town.hours", "9 hours"),
    ("stations.board.parties.town.hours_a_case", "3 hours"),
    ("stations.board.parties.town.follow_up.plan.2019-01-01", "30 minutes"),
    ("stations.board.parties.region.places", 8.5),
    ("stations.board.answers.2019-03-01.wait", "4 weeks"),
    ("stations.board.answers.2019-03-01.gain", 0.8),
    ("stations.board.answers.2019-03-01.most", 1.2),
    ("entries.new.rate.2019-06-01", "120 per year"),
    ("entries.night.rate", "12 per year"),
    ("entries.other.every.mean", "4 weeks"),
    ("entries.there.count", 5),
    ("entries.there.elapsed.mean", "5 weeks"),
]
MORE_THAN_NUMBERS = [
    ("states.cash.race.job.rate.2019-08-01", "0.3 per year"),  # a step more
    ("states.cash.race.plan.by_time_spent", {"0 days": 2.3}),  # a row less
    ("states.plan.stay.2019-01-01", {"law": "gamma", "mean": "9 weeks", "cv": 0.4, "shift": "1 week"}),
    ("states.plan.stay.2019-01-01", "9 weeks"),
    ("states.help.stay.mean", "8 weeks"),  # no longer the law of a plan
    ("entries.there.elapsed.mean", "7 weeks"),  # the law of others now
    ("states.plan.to.2020-01-01", {"team": 1.0, "help": 0.0}),  # one way out less
    ("states.team.to", {"work": 0.5, "cash": 0.4, "help": 0.1}),
    ("states.team.title", "The team"),
    ("stations.small.places.2019-07-01", 7),
    ("stations.desk.capacity", 4),
    ("stations.desk.together", 2),
    ("stations.board.answers.2019-03-01.lag", "5 weeks"),
    ("stations.board.answers.2019-03-01.gain", 0.0),  # no rule any more
    ("stations.board.answers.2020-01-01", "off"),
    ("entries.new.rate", "100 per year"),
    ("entries.new.batch", 3),
    ("entries.other.batch", {"2019-01-01": {"1": 0.5, "2": 0.5}, "2020-01-01": {"law": "geometric", "mean": 1.5}}),
    ("entries.there.elapsed", "4 weeks"),
    ("end", "2020-08-01"),
    ("tick", "5 minutes"),
    ("states.help.priority", 1),
]


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch):
    monkeypatch.setattr(slots, "_kept", ())


def changed(place, value):
    """The town with another value at a key path."""
    raw = copy.deepcopy(TOWN)
    *path, key = place.split(".")
    table = raw
    for step in path:
        table = table[step]
    table[key] = value
    return Pathway.from_dict(raw)


def bytes_of(model):
    return [(part.dtype, part.tobytes()) if hasattr(part, "dtype") else part for part in model]


@pytest.mark.parametrize(("place", "value"), NUMBERS, ids=[place for place, _ in NUMBERS])
def test_another_number_is_written_in_its_slot(place, value, monkeypatch):
    town = Pathway.from_dict(TOWN)
    before = bytes_of(compile_or_patch(town))
    monkeypatch.setattr(Compiled, "of", lambda pathway: pytest.fail("it is compiled in full"))
    other = changed(place, value)
    patched = bytes_of(compile_or_patch(other))
    assert patched == bytes_of(compile_pathway(other))
    assert patched != before
    assert bytes_of(compile_or_patch(town)) == before


@pytest.mark.parametrize(("place", "value"), NUMBERS, ids=[place for place, _ in NUMBERS])
def test_what_was_patched_is_patched_again_to_either_side(place, value, monkeypatch):
    town, other = Pathway.from_dict(TOWN), changed(place, value)
    patched = Compiled.of(town).with_numbers_of(other)
    monkeypatch.setattr(slots, "_kept", ())  # the one that is near is all there is
    monkeypatch.setattr(Compiled, "of", lambda pathway: pytest.fail("it is compiled in full"))
    assert bytes_of(compiled_like(other, patched).model) == bytes_of(compile_pathway(other))
    assert bytes_of(compiled_like(town, patched).model) == bytes_of(compile_pathway(town))


def test_what_is_remembered_of_a_part_is_no_other_number(monkeypatch):
    town, other = (
        Pathway.from_dict(TOWN),
        changed("states.team.patience", {"law": "weibull", "mean": "50 weeks", "cv": 0.7}),
    )
    states = tuple(state.model_copy() for state in other.states)
    assert town.states[0].targets
    patched = Compiled.of(town).with_numbers_of(other.model_copy(update={"states": states}))
    assert bytes_of(patched.model) == bytes_of(compile_pathway(other))


@pytest.mark.parametrize(("place", "value"), MORE_THAN_NUMBERS)
def test_what_is_more_than_numbers_is_compiled_in_full(place, value):
    compile_or_patch(Pathway.from_dict(TOWN))
    other = changed(place, value)
    assert bytes_of(compile_or_patch(other)) == bytes_of(compile_pathway(other))


def with_other_numbers(content, draw):
    """Plain data in which some numbers are others, whether or not a pathway can have them; shares change places."""
    if isinstance(content, dict):
        shares = list(content.values())
        if len(shares) > 1 and all(share == "rest" or type(share) is float for share in shares):
            turn = draw(st.integers(0, len(shares) - 1))
            return dict(zip(content, shares[turn:] + shares[:turn], strict=True))
        return {key: with_other_numbers(value, draw) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [with_other_numbers(value, draw) for value in content]
    if isinstance(content, bool) or not draw(st.sampled_from((False, False, True))):
        return content
    if isinstance(content, int | float):
        return (
            content * draw(st.sampled_from((1, 2))) if isinstance(content, int) else content * draw(st.floats(0.5, 2))
        )
    if isinstance(content, str) and _NUMBER.match(content):
        return _NUMBER.sub(lambda number: f"{float(number[0]) * draw(st.floats(0.5, 2)):.6g}", content, count=1)
    return content


_RELAXED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def patched_like_compiled(pathway, draw):
    raw = pathway.to_dict()
    slots._kept = ()
    compile_or_patch(pathway)
    with without_tick_warnings():
        parts = {kind: with_other_numbers(raw.get(kind, []), draw) for kind in ("stations", "states", "entries")}
        try:
            varied = Pathway.from_dict(raw | parts | {"tick": raw.get("tick", "1 minute")})
        except InputError:
            assume(False)
        assert bytes_of(compile_or_patch(varied)) == bytes_of(compile_pathway(varied))


@settings(max_examples=30, suppress_health_check=_RELAXED, derandomize=True)
@given(pathway=pathways(), data=st.data())
def test_generated_pathways_with_other_numbers_are_those_that_compiling_gives(pathway, data):
    patched_like_compiled(pathway, data.draw)


@pytest.mark.slow
@settings(max_examples=1000, suppress_health_check=_RELAXED)
@given(pathway=pathways(), data=st.data())
def test_a_thousand_generated_pathways_with_other_numbers_are_those_that_compiling_gives(pathway, data):
    patched_like_compiled(pathway, data.draw)


@pytest.mark.parametrize("name", ["copenhagen", "more-places"])
def test_draws_of_parameters_are_patched_once_a_scenario_was_compiled(name, monkeypatch):
    scenario = Scenario.of(name)
    ensemble = Ensemble.of(scenario.base)
    assert ensemble is not None
    model = ensemble.over(scenario)
    with without_tick_warnings():
        compile_or_patch(model.pathway(1, 0))
        monkeypatch.setattr(Compiled, "of", lambda pathway: pytest.fail("it is compiled in full"))
        for number in (1, 2, 3):
            pathway = model.pathway(1, number)
            assert bytes_of(compile_or_patch(pathway)) == bytes_of(compile_pathway(pathway))
