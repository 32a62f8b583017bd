"""Batches that come together: by hand, draw by draw, and from one fork to the next.

Both engines agree on generated pathways (`test_twins.py`), and Ciw on networks (`test_against_ciw.py`).
"""

import math

import numpy as np
import pytest
from scipy import stats

from flowsim import Pathway, run
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import compile_pathway, name_key

DAY = 86_400
HOUR = 3600
SIZES = {"1": 0.5, "2": 0.2, "5": 0.3}
AT = ["2020-01-02T08:00", "2020-01-02T09:00", "2020-01-05"]


def town(batch, days=366, **entry):
    return Pathway.from_dict(
        {
            "name": "batches",
            "start": "2020-01-01",
            "end": str(np.datetime64("2020-01-01") + np.timedelta64(days, "D")),
            "tick": "1 second",
            "stations": {"desk": {"capacity": 2}},
            "states": {
                "talk": {"station": "desk", "stay": {"law": "exponential", "mean": "2 hours"}, "to": "home"},
                "home": {"final": True},
            },
            "entries": {"door": {"to": "talk", "batch": batch} | (entry or {"rate": "3 per day"})},
        }
    )


def came(pathway, seed=1, replication=0, forks=()):
    """When each citizen came, in seconds."""
    visits = fast.simulate(compile_pathway(pathway), seed, replication, forks).visits
    return visits["joined"][visits["step"] == 0]


def batches(pathway, *luck):
    """When each batch came, and its size; two at one tick are one here."""
    return np.unique(came(pathway, *luck), return_counts=True)


@pytest.mark.parametrize("engine", [fast, reference])
def test_a_batch_is_served_one_after_the_other(engine):
    """Three come at eight to two servers for an hour each, and two more at nine, who find one of them free."""
    raw = town({"2020-01-01": 3, "2020-01-02T09:00": 2}, at=AT).to_dict()
    raw["states"][0]["stay"] = "1 hour"
    visits = engine.simulate(compile_pathway(Pathway.from_dict(raw)), 1, 0).visits
    talks = visits[visits["step"] == 0]
    eight, night = DAY + 8 * HOUR, 4 * DAY
    assert talks["joined"].tolist() == [eight] * 3 + [eight + HOUR] * 2 + [night] * 2
    assert (talks["started"] - talks["joined"]).tolist() == [0, 0, HOUR, 0, HOUR, 0, 0]


def test_a_batch_of_one_is_a_citizen():
    alone = town(1)
    raw = alone.to_dict()
    del raw["entries"][0]["batch"]
    traces = [fast.simulate(compile_pathway(pathway), 5, 2) for pathway in (alone, Pathway.from_dict(raw))]
    assert traces[0].visits.tobytes() == traces[1].visits.tobytes()


@pytest.mark.parametrize("entry", [{"rate": "3 per day"}, {"every": "7 hours"}, {"at": AT}])
def test_other_sizes_move_no_arrival(entry):
    one, other = batches(town(2, **entry)), batches(town(SIZES, **entry))
    assert one[0].tolist() == other[0].tolist()
    assert set(one[1]) == {2}
    assert entry == {"at": AT} or set(other[1]) == {1, 2, 5}


def test_a_size_is_drawn_at_the_address_of_its_arrival():
    """NumPy's Philox has the gap before the n-th arrival in the first word of its block, and the size in the second."""
    moments, sizes = batches(town(SIZES), 12, 3)
    blocks = [
        np.random.Philox(key=np.array([12, 3], np.uint64), counter=_before(name_key("door"), n)).random_raw(2)
        for n in range(len(sizes))
    ]
    gap, size = ((np.array(blocks, np.uint64) >> np.uint64(12)) + 0.5).T * 2.0**-52
    np.testing.assert_allclose(moments, np.cumsum(-np.log(gap)) * DAY / 3, atol=0.5 + 1e-6)
    assert sizes.tolist() == np.array([1, 2, 5])[np.searchsorted([0.5, 0.7], size)].tolist()


def _before(key, n):
    """NumPy adds one to its counter before it draws."""
    whole = (key + (n << 64) - 1) % 2**256
    return np.array([whole >> 64 * word & 2**64 - 1 for word in range(4)], np.uint64)


@pytest.mark.parametrize(
    ("batch", "law"),
    [
        (SIZES, stats.rv_discrete(values=([1, 2, 5], [0.5, 0.2, 0.3]))),
        ({"law": "geometric", "mean": 2.5}, stats.geom(0.4)),
    ],
    ids=["a table", "geometric"],
)
def test_sizes_follow_their_law(batch, law):
    _, sizes = batches(town(batch, every="5 hours", days=3660))
    most = max(sizes)
    expected = len(sizes) * np.append(law.pmf(np.arange(1, most)), law.sf(most - 1))
    few = expected < 5
    counts = np.bincount(sizes, minlength=most + 1)[1:]
    gathered = [np.append(each[~few], each[few].sum()) for each in (counts, expected)]
    both = [each[gathered[1] > 0] for each in gathered]
    assert stats.chisquare(*both).pvalue > 1e-5


def test_a_size_is_of_the_law_in_force():
    moments, sizes = batches(town({"2020-01-01": 2, "2020-06-01": SIZES, "2020-09-01": 4}))
    month = (np.datetime64("2020-01-01") + moments.astype("m8[s]")).astype("M8[M]")
    assert set(sizes[month < np.datetime64("2020-06")]) == {2}
    assert set(sizes[(np.datetime64("2020-06") <= month) & (month < np.datetime64("2020-09"))]) == {1, 2, 5}
    assert set(sizes[np.datetime64("2020-09") <= month]) == {4}


@pytest.mark.parametrize("entry", [{"rate": "3 per day"}, {"every": "7 hours"}, {"at": "daily"}])
def test_as_many_come_as_are_expected(entry):
    if entry == {"at": "daily"}:
        entry = {"at": [str(np.datetime64("2020-01-01") + np.timedelta64(n, "D")) for n in range(366)]}
    pathway = town({"2020-01-01": SIZES, "2020-10-01": {"law": "geometric", "mean": 4.0}}, **entry)
    numbers = [len(came(pathway, 1, replication)) for replication in range(60)]
    expected = pathway.entries[0].expected(pathway.start, pathway.end)
    # The last gap of a renewal reaches beyond the end.
    slack = 4.0 if "every" in entry else 0.0
    assert abs(np.mean(numbers) - expected) < 4.5 * np.std(numbers, ddof=1) / math.sqrt(len(numbers)) + slack


@pytest.mark.parametrize("entry", [{"rate": "3 per day"}, {"every": "7 hours"}, {"at": AT}])
def test_sizes_are_of_the_future_from_a_fork_on(entry):
    pathway = town({"law": "geometric", "mean": 30.0}, days=20, **entry)
    fork = 4 * DAY
    alone, one, other = (batches(pathway, 1, 0, forks) for forks in ((), [(fork, 1)], [(fork, 2)]))
    for future in (one, other):
        earlier = future[0] < fork
        assert future[1][earlier].tolist() == alone[1][alone[0] < fork].tolist()
    assert one[1][one[0] >= fork].tolist() != other[1][other[0] >= fork].tolist()
    assert one[1][one[0] >= fork].tolist() != alone[1][alone[0] >= fork].tolist()


def test_who_came_before_a_fork_has_the_luck_of_the_history():
    """Citizens before the fork are counted by those of a batch, or some of them would have addresses beyond it."""
    fork = 10 * DAY
    model = compile_pathway(town(SIZES, days=20))
    alone, forked = (fast.simulate(model, 1, 0, forks).visits for forks in ((), [(fork, 1)]))
    ended = [visits[(visits["joined"] < fork) & (visits["ended"] < fork)] for visits in (alone, forked)]
    assert len(ended[0]) > 30
    assert ended[0].tobytes() == ended[1].tobytes()


def test_citizens_are_counted_not_batches():
    frame = run(town(3, at=AT), replications=1).frame().reset_index()
    assert frame.loc[(frame["measure"] == "entries.door") & (frame["period"] == "2020"), "value"].tolist() == [9.0]
