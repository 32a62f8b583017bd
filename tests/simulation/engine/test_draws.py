"""A draw is a function of its address: equal to NumPy's Philox there, and independent from one address to the next."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flowsim import Pathway, run
from flowsim.simulation.engine import fast, kernel
from flowsim.simulation.engine.compiler import compile_pathway, name_key
from flowsim.simulation.engine.trace import NEVER

WORD = st.integers(0, 2**64 - 1)
SMALL_OR_ANY = st.sampled_from([0, 1, 2**63, 2**64 - 1]) | WORD
UNLIKELY = 1e-5  # below the probability of |z| > 4.5


def numpy_block(key, counter):
    """Four words of NumPy's Philox, which adds one to its counter before it draws."""
    before = (sum(word << 64 * n for n, word in enumerate(counter)) - 1) % 2**256
    parts = np.array([before >> 64 * n & 2**64 - 1 for n in range(4)], np.uint64)
    return np.random.Philox(key=np.array(key, np.uint64), counter=parts).random_raw(4).tolist()


@settings(deadline=None, derandomize=True)
@given(st.tuples(SMALL_OR_ANY, SMALL_OR_ANY), st.tuples(*[SMALL_OR_ANY] * 4))
def test_philox_is_numpys(key, counter):
    words = kernel.philox(*(np.uint64(word) for word in (*key, *counter)))
    assert [int(word) for word in words] == numpy_block(key, counter)


def test_uniforms_are_never_0_or_1():
    words = (0, 2**12 - 1, 2**63, 2**64 - 1)
    drawn = [kernel.uniform(np.uint64(word)) for word in words]
    assert drawn == [2.0**-53, 2.0**-53, 0.5 + 2.0**-53, 1 - 2.0**-53]


MANY = 1000
WIDE = Pathway.from_dict(
    {
        "name": "wide",
        "start": "2020-01-01",
        "end": "2021-01-01",
        "states": {
            **{f"s{n}": {"stay": "1 day", "to": "out"} for n in range(MANY)},
            "race": {"race": {f"e{n}": {"to": "out", "rate": "1 per day"} for n in range(MANY)}},
            "out": {"final": True},
        },
        "entries": {f"d{n}": {"to": f"s{n}", "count": 0} for n in range(MANY)} | {"r": {"to": "race", "count": 0}},
    }
)


@pytest.fixture(scope="module")
def wide():
    return compile_pathway(WIDE)


ADDRESS = {"seed": 12, "replication": 3, "entry": 5, "index": 7, "state": 9, "visit": 2}


def visit_uniforms(model, **differs):
    at = ADDRESS | differs
    at["seed"], at["replication"] = np.uint64(at["seed"]), np.uint64(at["replication"])
    return kernel.visit_block(model, *at.values())


def sequence(model, coordinate):
    """Uniforms at addresses that differ in one coordinate alone; the purposes of a visit are three and its exits."""
    if coordinate == "exit":
        key = np.uint64(12), np.uint64(3)
        return [kernel.exit_block(model, *key, 5, 7, MANY, 2, x) for x in range(MANY)]
    if coordinate == "arrival":
        return [kernel.citizen_block(model, np.uint64(12), np.uint64(3), 5, index) for index in range(MANY)]
    return [u for n in range(MANY) for u in visit_uniforms(model, **{coordinate: n})]


def assert_independent_uniforms(u, v=None):
    """KS for uniformity, chi-square and correlation of the pairs, of neighbours where no second list is told."""
    u, v = (np.array(u), np.array(v)) if v is not None else (np.array(u)[:-1], np.array(u)[1:])
    for x in (u, v):
        assert stats.kstest(x, "uniform").pvalue > UNLIKELY
    pairs = np.histogram2d(u, v, bins=5, range=[[0, 1], [0, 1]])[0].ravel()
    assert stats.chisquare(pairs).pvalue > UNLIKELY
    assert abs(np.corrcoef(u, v)[0, 1]) * np.sqrt(len(u)) < 4.5
    assert len(set(u)) == len(u)


@pytest.mark.parametrize("coordinate", [*ADDRESS, "exit", "arrival"])
def test_draws_at_neighbouring_addresses_are_independent(wide, coordinate):
    assert_independent_uniforms(sequence(wide, coordinate))


def test_stay_patience_and_route_are_independent(wide):
    stay, patience, route = np.array([visit_uniforms(wide, index=n) for n in range(MANY)]).T
    for one, other in ((stay, patience), (stay, route), (patience, route)):
        assert_independent_uniforms(one, other)


@pytest.mark.parametrize("coordinate", ["seed", "replication", "entry", "state", "visit"])
def test_two_series_that_differ_in_one_coordinate_are_independent(wide, coordinate):
    one = [visit_uniforms(wide, index=n)[0] for n in range(MANY)]
    other = [visit_uniforms(wide, index=n, **{coordinate: ADDRESS[coordinate] + 1})[0] for n in range(MANY)]
    assert_independent_uniforms(one, other)


def test_exits_and_arrivals_do_not_share_the_words_of_a_visit(wide):
    key = np.uint64(12), np.uint64(3)
    arrival = kernel.citizen_block(wide, *key, 5, 7)
    first = kernel.visit_block(wide, *key, 5, 7, 9, 0)
    exits = [kernel.exit_block(wide, *key, 5, 7, MANY, visit, x) for visit in range(3) for x in range(20)]
    assert len({arrival, *first, *exits, *visit_uniforms(wide)}) == 1 + 3 + 60 + 3


def test_addresses_are_written_as_documented(wide):
    """The address is a contract: to change it changes every published result."""
    names = [name_key("d5"), 7, name_key("s9")]
    block = [(word >> 12) * 2.0**-52 + 2.0**-53 for word in numpy_block((12, 3), (*names, 2 << 32))]
    assert list(visit_uniforms(wide)) == block[:3]
    assert name_key("s9") == int.from_bytes(hashlib.blake2b(b"s9", digest_size=8).digest(), "little")


# --- What a change of the model moves, and what it does not

STATES = {
    "plan": {"stay": {"law": "gamma", "mean": "20 days", "cv": 0.7}, "to": {"course": 0.6, "out": "rest"}},
    "course": {
        "race": {
            "job": {"to": "out", "rate": "3 per year"},
            "again": {"to": "plan", "rate": "6 per year"},
        }
    },
    "out": {"final": True},
}
ENTRIES = {
    "new": {"to": "plan", "rate": "200 per year"},
    "there": {"to": "course", "count": 40, "elapsed": {"law": "exponential", "mean": "30 days"}},
    "regular": {"to": "plan", "every": {"law": "weibull", "mean": "4 days", "cv": 1.2}},
}


def pathway(states=STATES, entries=ENTRIES, **more):
    return Pathway.from_dict(
        {"name": "p", "start": "2020-01-01", "end": "2021-01-01", "states": states, "entries": entries} | more
    )


def lives(pathway, seed=4, replication=0, engine=fast):
    """Return what each citizen lived through, by door and index, in names and ticks."""
    trace = engine.simulate(compile_pathway(pathway), seed, replication)
    names = [state.name for state in pathway.states]
    out = {}
    for number, entry in enumerate(pathway.entries):
        out |= {(entry.name, index): [] for index in range(trace.first[number + 1] - trace.first[number])}
    doors = list(out)
    for visit in trace.visits:
        citizen, _, state, to, *times = visit.item()
        out[doors[citizen]].append((names[state], names[to] if to >= 0 else None, *times))
    return out


def before_or_after(new, old, new_first):
    return new | old if new_first else old | new


@pytest.mark.parametrize("new_first", [True, False])
def test_a_new_door_moves_nobody(new_first):
    door = {"other": {"to": "plan", "rate": "500 per year"}}
    more = lives(pathway(entries=before_or_after(door, ENTRIES, new_first)))
    assert {who: life for who, life in more.items() if who[0] != "other"} == lives(pathway())


@pytest.mark.parametrize("new_first", [True, False])
def test_a_new_state_and_station_move_nobody(new_first):
    state = {"appeal": {"station": "desk", "stay": "3 days", "to": "plan"}}
    more = pathway(
        states=before_or_after(state, STATES, new_first),
        entries=before_or_after({"appeals": {"to": "appeal", "count": 5}}, ENTRIES, new_first),
        stations={"desk": {"capacity": 1}},
    )
    assert {who: life for who, life in lives(more).items() if who[0] != "appeals"} == lives(pathway())


def test_the_order_of_exits_moves_nobody():
    turned = STATES | {"course": {"race": dict(reversed(STATES["course"]["race"].items()))}}
    assert lives(pathway(states=turned)) == lives(pathway())


def test_a_new_exit_moves_only_whom_it_takes():
    race = STATES["course"]["race"] | {"move": {"to": "gone", "rate": "1 per year"}}
    states = STATES | {"course": {"race": race}, "gone": {"final": True}}
    old, new = lives(pathway()), lives(pathway(states=states))
    spared = {who for who, life in new.items() if all(visit[0] != "gone" for visit in life)}
    assert 0 < len(spared) < len(new)
    assert {who: new[who] for who in spared} == {who: old[who] for who in spared}


def test_a_higher_rate_brings_the_same_citizens_earlier():
    twice = lives(pathway(entries={"new": {"to": "plan", "rate": "400 per year"}}))
    once = lives(pathway(entries={"new": {"to": "plan", "rate": "200 per year"}}))
    assert len(twice) > 1.5 * len(once)
    for who in once:
        assert abs(2 * twice[who][0][3] - once[who][0][3]) <= 2


def test_a_shorter_stay_leaves_every_other_draw():
    """Common random numbers citizen by citizen: in the shorter scenario everybody's stay is half as long."""
    half = STATES | {"plan": STATES["plan"] | {"stay": {"law": "gamma", "mean": "10 days", "cv": 0.7}}}
    old, new = lives(pathway()), lives(pathway(states=half))
    assert list(old) == list(new)
    for who, life in old.items():
        _, to, nth, joined, started, ended, _ = life[0]
        if who[0] != "there" and ended != NEVER:
            changed = new[who][0]
            assert changed[:5] == ("plan", to, nth, joined, started)
            assert abs(2 * (changed[5] - started) - (ended - started)) <= 2


def test_more_capacity_keeps_everybodys_luck_through_a_congested_station():
    queued = STATES | {"plan": STATES["plan"] | {"station": "desk"}}
    few, many = (lives(pathway(states=queued, stations={"desk": {"capacity": n}})) for n in (8, 30))
    assert list(few) == list(many)
    waited = 0
    for who, life in few.items():
        joined, started, ended = life[0][3:6]
        others = many[who][0][3:6]
        assert joined == others[0]
        if who[0] != "there" and NEVER not in (started, ended, others[1], others[2]):
            assert ended - started == others[2] - others[1]
            assert life[0][1] == many[who][0][1]
            waited += started - joined > others[1] - others[0]
    assert waited > 50


def test_replications_and_seeds_differ_and_repeat(engine):
    one = pathway()
    keys = [(4, 0), (4, 1), (5, 0), (0, 4), (1, 4), (2**64 - 1, 0), (4, 2**40)]
    told = [lives(one, seed, number, engine) for seed, number in keys]
    assert all(a != b for n, a in enumerate(told) for b in told[:n])
    assert lives(one, 4, 1, engine) == told[1]


def digest():
    """Of a run through a station, a race, all doors and a tabulated law."""
    queued = STATES | {"plan": STATES["plan"] | {"station": "desk"}}
    return run(pathway(states=queued, stations={"desk": {"capacity": 8}}), replications=3, seed=9).visits_sha256


@pytest.mark.slow
def test_a_new_process_gives_the_same_bytes():
    digests = set()
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    for hash_seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", "import test_draws; print(test_draws.digest())"],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert digests == {digest()}
