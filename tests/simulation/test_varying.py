"""A model whose numbers differ from replication to replication, and what it shares with a fixed one."""

import copy
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.simulation.precision import Precision, run_to_precision
from helpers.models.desk import RAW, SMALL


def with_rate(per_week: int) -> Pathway:
    raw = copy.deepcopy(RAW)
    raw["entries"]["door"]["rate"] = f"{per_week} per week"
    return Pathway.from_dict(raw)


@dataclass(frozen=True)
class Rates:
    """More come to each replication than to the one before it."""

    seeds: bool = False

    def pathway(self, seed: int, replication: int) -> Pathway:
        return with_rate(2 + replication + (seed if self.seeds else 0))


@dataclass(frozen=True)
class Same:
    def pathway(self, seed: int, replication: int) -> Pathway:
        return SMALL


@dataclass(frozen=True)
class AnotherState:
    """A model that has a state more from the third replication on."""

    def pathway(self, seed: int, replication: int) -> Pathway:
        raw = copy.deepcopy(RAW)
        if replication == 2:
            raw["states"]["gone"] = {"final": True}
            raw["states"]["plan"]["to"] = {"gone": 0.8, "back": 0.2}
        return Pathway.from_dict(raw)


def test_a_model_that_does_not_vary_runs_as_its_pathway():
    fixed, varying = run(SMALL, replications=3, seed=5), run(Same(), replications=3, seed=5)
    assert varying.digests == fixed.digests
    np.testing.assert_array_equal(varying.values, fixed.values)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_each_replication_runs_the_pathway_of_its_own(engine):
    varying = run(Rates(), replications=3, seed=5, engine=engine)
    alone = [run(with_rate(2 + n), replications=[n], seed=5, engine=engine) for n in range(3)]
    assert varying.digests == tuple(one.digests[0] for one in alone)
    np.testing.assert_array_equal(varying.values, np.concatenate([one.values for one in alone]))


def test_the_seed_reaches_the_model():
    assert run(Rates(seeds=True), replications=1, seed=5).digests == run(with_rate(7), replications=1, seed=5).digests


def test_processes_give_the_same_bytes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        shared = run(Rates(), replications=4, seed=1, executor=processes)
    assert shared.digests == run(Rates(), replications=4, seed=1, workers=1).digests


def test_the_results_hold_the_pathway_of_the_first():
    assert run(Rates(), replications=[3, 4], seed=1).pathway.entry("door") == with_rate(5).entry("door")


def test_names_may_not_differ():
    with pytest.raises(InputError, match=r"replication 2: the states of its pathway are not those of the first one"):
        run(AnotherState(), replications=4)


def test_batches_of_a_precision_may_not_differ_either():
    asked = Precision(relative=0.01, measures=("stock.plan",), most=45)
    with pytest.raises(InputError, match="only numbers may differ"):
        run_to_precision(AnotherState(), asked)
