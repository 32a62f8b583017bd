"""What a measure is, beside its name."""

import copy
import pickle

import pytest

from flowsim.core.errors import InputError
from flowsim.simulation.measures.measure import Kind, Measure, known_measure
from flowsim.simulation.measures.spells import CLOCK_ENDED, CLOCK_WITHIN
from flowsim.simulation.measures.stations import CASELOAD, FIRST_FREE, QUEUE, SERVED
from helpers.measures import KINDS
from helpers.traces import CATALOGUE


def test_a_measure_is_its_name_with_what_it_means():
    measure = SERVED("team")
    assert measure == "wait.team.served"
    assert hash(measure) == hash("wait.team.served")
    assert type(str(measure)) is str
    assert (measure.kind, measure.names, measure.unit, measure.weight) == (SERVED, ("team",), "weeks", None)
    assert (measure.of("station"), measure.of("clock")) == ("team", None)
    assert CASELOAD("plan", "north") == "caseload.plan.north"
    assert CLOCK_WITHIN("decision").weight == CLOCK_ENDED("decision") == "clock.decision.ended"
    for again in (pickle.loads(pickle.dumps(measure)), copy.deepcopy(measure)):
        assert (again, again.kind, again.names) == (measure, SERVED, ("team",))


def test_a_measure_is_of_as_many_names_as_its_kind():
    with pytest.raises(ValueError, match=r"measure\.queue: 0 names where 1 are needed: station"):
        QUEUE()
    with pytest.raises(ValueError, match=r"a weight belongs to what is weighted"):
        Kind(name="x", unit="weeks", every=("month",), adds="weighted")


def test_a_name_is_read_with_the_nearest_one():
    measures = [row.measure for row in CATALOGUE.index]
    assert known_measure("queue.desk", measures).kind is QUEUE
    with pytest.raises(InputError, match=r"there is no measure 'queue.dask'; did you mean 'queue\.desk'"):
        known_measure("queue.dask", measures)


def test_every_value_of_a_catalogue_is_of_a_kind_and_in_the_periods_of_that():
    for measure, period in CATALOGUE.index:
        assert isinstance(measure, Measure)
        assert measure.kind in KINDS
        assert period.every in measure.kind.every
    assert {kind for kind in KINDS if kind.ahead} == {FIRST_FREE, *(k for k in KINDS if k.name in ("ended", "status"))}
    assert len({(kind.name, kind.reading) for kind in KINDS}) == len(KINDS)
