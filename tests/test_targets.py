"""Documents beside the simulation: every target names a fact, and a measure and period of the built-in base."""

import re

import pytest

from flowsim import InputError, Scenario, evidence, targets
from flowsim.measures import Catalogue
from flowsim.targets import documented

COPENHAGEN = targets.targets("copenhagen")


def test_every_target_is_a_measure_of_copenhagen():
    known = {row[:2] for row in Catalogue.of(Scenario.of("copenhagen").pathway()).index}
    assert len(COPENHAGEN) > 40
    assert [(t.measure, t.period) for t in COPENHAGEN if (t.measure, t.period) not in known] == []


def test_every_value_is_that_of_its_fact_in_the_measures_unit():
    facts = evidence.load()
    for target in COPENHAGEN:
        told = facts[target.fact].number(target.key or None)
        assert target.value == told or target.why or "svar-2017-06.status-1-month" in target.fact
    by = {(t.measure, t.period): t.value for t in COPENHAGEN}
    assert by["wait.rehabilitation_team.served", "2020-06"] == 14.5
    assert by["clock.plan_til_afgoerelse.within", "2018Q1"] == pytest.approx(0.76)
    assert by["mean_stock.kontanthjaelp", "2015"] == 15_000


def test_the_first_fact_that_is_named_counts():
    first = {}
    for target in reversed(COPENHAGEN):
        first[target.measure, target.period] = target.value
    assert documented("copenhagen") == first


def test_no_other_base_has_targets():
    assert documented("small") == {}


def test_an_unknown_key_is_told():
    entry = {"fact": "status-2021-01.wait-2020-02", "measure": "x", "period": "2020", "factor": 2}
    with pytest.raises(InputError, match=re.escape("status-2021-01.wait-2020-02: unknown keys ['factor']")):
        targets._read(entry, evidence.load())
