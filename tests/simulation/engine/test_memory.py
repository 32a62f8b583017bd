"""What a replication takes is bounded before it runs, and watched while it runs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flowsim import InputError, Pathway, read_base, run
from flowsim.simulation.engine import fast, memory
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.memory import most_visits, size_of
from flowsim.simulation.engine.trace import VISIT

HORIZON = {"name": "round", "start": "2020-01-01", "end": "2022-01-01"}
OUT = {"out": {"final": True}}


def there(count=200, **states):
    doors = {"there": {"to": next(iter(states)), "count": count}}
    return HORIZON | {"states": states | OUT, "entries": doors}


FIXED = there(a={"stay": "1 day", "to": {"a": 0.999, "out": 0.001}})
FOR_EVER = there(a={"stay": {"law": "gamma", "mean": "1 day", "cv": 2.0}, "to": {"a": 1.0, "out": 0.0}})
RACE = there(
    a={
        "race": {"b": {"rate": {"2020-01-01": "1 per week", "2021-01-01": "3 per week"}}, "out": {"rate": "1 per year"}}
    },
    b={"stay": {"law": "empirical", "values": ["1 day", "9 days"]}, "to": "a"},
)
GIVE_UP = there(
    a={"station": "desk", "stay": "9 weeks", "to": "out", "patience": "2 days", "reneges_to": "b"},
    b={"stay": {"law": "lognormal", "mean": "1 day", "cv": 1.0}, "to": "a"},
) | {"stations": {"desk": {"capacity": 3}}, "entries": {"there": {"to": "a", "count": 200, "waiting": True}}}
MEETING = there(a={"station": "team", "to": {"a": 0.9, "out": 0.1}}) | {
    "stations": {"team": {"weekdays": ["mon", "thu"], "places": 500.0}}
}


@pytest.mark.parametrize("raw", [FIXED, FOR_EVER, RACE, GIVE_UP, MEETING])
def test_visits_are_bounded_and_not_by_far_too_many(raw):
    pathway = Pathway.from_dict(raw)
    visits = len(fast.simulate(compile_pathway(pathway), 1, 0).visits)
    assert 0.98 * visits <= 200 * most_visits(pathway) <= 3.5 * visits
    assert size_of(pathway)[1] >= 3 * 0.98 * visits * VISIT.itemsize


def test_a_way_without_a_round_is_counted_as_it_is():
    chain = {f"s{n}": {"stay": "1 day", "to": f"s{n + 1}"} for n in range(9)} | {"s9": {"stay": "1 day", "to": "out"}}
    assert most_visits(Pathway.from_dict(there(**chain))) == pytest.approx(11, rel=0.02)
    copenhagen = read_base("copenhagen").pathway()
    trace = fast.simulate(compile_pathway(copenhagen), 1, 0)
    a_citizen = len(trace.visits) / trace.first[-1]
    assert a_citizen < most_visits(copenhagen) < 2 * a_citizen


def test_what_is_remembered_of_one_pathway_is_not_said_of_another():
    """Two that differ in their places alone have one bound; in meetings a week, stays, groups or the end, their own."""
    shares = {"young": 0.5, "old": 0.5}
    variants = [{"of": {"age": ["young", "old"]}, "to": {"a": 0.5, "out": 0.5}}]
    round_ = {"station": "team", "to": {"a": 0.9, "out": 0.1}, "variants": variants}
    team = MEETING | there(a=round_) | {"attributes": {"age": {"shares": shares}}}
    others = [
        team | {"stations": {"team": {"weekdays": ["mon"], "places": 500.0}}},
        team | {"end": "2021-01-01"},
        team | {"attributes": {"age": {"shares": {"young": 0.5, "old": 0.3, "oldest": 0.2}}}},
        team | there(a=round_ | {"variants": [variants[0] | {"to": "out"}]}),
    ]
    bounds = []
    for other in others:
        memory._most_visits.cache_clear()
        bounds.append(most_visits(Pathway.from_dict(other)))
        memory._most_visits.cache_clear()
        first = most_visits(Pathway.from_dict(team))
        assert most_visits(Pathway.from_dict(other)) == bounds[-1]
    assert len({first, *bounds}) == 5
    more_places = team | {"stations": {"team": {"weekdays": ["mon", "thu"], "places": 9.0}}}
    assert most_visits(Pathway.from_dict(more_places)) == first


def test_a_run_that_grows_beyond_what_is_free_is_refused_on_the_way(monkeypatch):
    pathway = Pathway.from_dict(there(count=3000, **{k: v for k, v in FOR_EVER["states"].items() if k == "a"}))
    monkeypatch.setattr(fast, "available_memory", lambda: 6e7)
    with pytest.raises(InputError, match=r"memory: replication 3 has [\d,]+ visits so far, which take 0\.0"):
        run(pathway, replications=[3], workers=1)


PEAK = """
from pathlib import Path
from flowsim import Pathway
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate

def model(end):
    stay = {"law": "exponential", "mean": "1 hour"}
    states = {"desk": {"station": "desk", "stay": stay, "to": "out"}, "out": {"final": True}}
    door = {"to": "desk", "rate": "900 per hour"}
    raw = {"name": "q", "start": "2001-01-01", "end": end, "stations": {"desk": {"capacity": 1000}}}
    return compile_pathway(Pathway.from_dict(raw | {"states": states, "entries": {"door": door}}))

def peak():
    return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

simulate(model("2001-01-02"), 1, 0)
large, before = model("2001-06-01"), peak()
visits = simulate(large, 1, 0).visits
print(len(visits), (peak() - before) / len(visits))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process alone is told by Linux")
def test_visits_are_not_held_twice_once_they_are_in_order():
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    visits, bytes_a_visit = map(float, done.stdout.split())
    assert visits > 6e6
    assert bytes_a_visit < 80


def test_compiled_tables_are_let_go_of_once_a_replication_ends():
    """Each call counts its tables up and down again; else every set of parameters ever run stays in memory."""
    model = compile_pathway(Pathway.from_dict(MEETING))
    tables = [value for value in model if isinstance(value, np.ndarray)]
    before = [sys.getrefcount(table) for table in tables]
    for replication in range(3):
        fast.simulate(model, 1, replication)
    assert [sys.getrefcount(table) for table in tables] == before
