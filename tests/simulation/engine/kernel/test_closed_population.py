"""Who is there at the start goes round for ever: machines that break and are repaired, against birth and death."""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.theory.fluid_load import workload

MACHINES, REPAIRERS, WORKS, REPAIR = 10, 2, 8.0, 2.0  # days


def shop(**more):
    raw = {
        "name": "shop",
        "start": "2000-01-01",
        "end": "2020-01-01",
        "closed_population": True,
        "stations": {"crew": {"capacity": REPAIRERS}},
        "states": {
            "works": {"stay": {"law": "gamma", "mean": f"{WORKS} days", "cv": 0.6}, "to": "broken"},
            "broken": {"station": "crew", "stay": {"law": "exponential", "mean": f"{REPAIR} days"}, "to": "works"},
        },
        "entries": {"machines": {"count": MACHINES, "to": "works"}},
    }
    return Pathway.from_dict(raw | more)


def shares():
    """The share of the time with n broken, of any law of the time until one breaks (Engset's insensitivity)."""
    weights = [1.0]
    for n in range(MACHINES):
        weights.append(weights[-1] * (MACHINES - n) / WORKS / (min(n + 1, REPAIRERS) / REPAIR))
    return np.array(weights) / sum(weights)


def test_as_many_are_broken_as_birth_and_death_say():
    results = run(shop(), replications=30, seed=9, keep_traces=True)
    table, theory = results.occupancy("crew", since="2001-01-01"), shares()
    assert table["share"].sum() == pytest.approx(1)
    for number in range(1, 9):
        row = table[table["number"] == number].iloc[0]
        assert abs(row["or_more"] - theory[number:].sum()) < 4.5 * row["or_more_error"] < 0.03
    assert {len(set(results.visits(r)["citizen"])) for r in range(30)} == {MACHINES}


def test_both_engines_go_round_alike():
    small = shop(end="2001-01-01")
    kernel, simpy = (run(small, replications=2, seed=1, engine=engine).visits_sha256 for engine in ("kernel", "simpy"))
    assert kernel == simpy


def test_before_a_run_there_is_a_load_and_no_prospect():
    load = workload(shop())
    assert load.prospects == ()
    assert 0.5 < load.stations[0].utilisation <= 1.01


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"closed_population": False}, "there is no way out from here"),
        ({"entries": {"door": {"rate": "1 per day", "to": "works"}}}, r"entries\.door: nobody comes to a `closed_pop"),
        (
            {"states": {"works": {"stay": "1 day", "to": "gone"}, "gone": {"final": True}}, "stations": {}},
            r"states\.gone\.final: nobody leaves a `closed_population`",
        ),
    ],
)
def test_who_comes_or_goes_is_refused(more, message):
    with pytest.raises(InputError, match=message):
        shop(**more)
