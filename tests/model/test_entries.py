"""How many come together at each arrival: as it is written, expected, changed, and refused."""

from datetime import datetime

import jsonschema
import pytest

from flowsim import Batch, Entry, InputError, Pathway, Scenario
from flowsim.model.differences import list_differences, takes_effect

START, END = datetime(2020, 1, 1), datetime(2020, 3, 1)  # 60 days
WRITTEN = [3, {"1": 0.6, "2": 0.3, "4": 0.1}, {"law": "geometric", "mean": 2.5}]


@pytest.mark.parametrize("written", WRITTEN)
def test_it_is_written_as_it_was(written):
    batch = Batch.model_validate(written)
    assert batch.model_dump(mode="json") == written
    assert Batch.model_validate(batch) == batch
    assert eval(repr(batch)) == batch
    entry = Entry(name="door", to="talk", rate="3 per day", batch=written)
    assert eval(repr(entry)) == entry


def test_sizes_stand_in_their_order_and_a_rest_is_filled_in():
    batch = Batch.model_validate({4: "rest", "2": 0.25})
    assert batch.sizes == ((2, 0.25), (4, 0.75))
    assert batch.mean_size == 3.5


def test_no_size_stands_twice():
    with pytest.raises(InputError, match="the size '3' is declared twice"):
        Batch(sizes=[(3, 0.5), (3, 0.5)])


def test_the_shares_of_a_geometric_law():
    """After each of them one more comes with a probability of three fifths: (2/5) (3/5)^(n - 1) for n."""
    shares = Batch(law="geometric", mean=2.5).shares()
    assert [size for size, _ in shares] == list(range(1, len(shares) + 1))
    assert [share for _, share in shares[:3]] == pytest.approx([0.4, 0.24, 0.144])
    assert sum(share for _, share in shares) == pytest.approx(1.0, abs=1e-15)
    assert Batch(law="geometric", mean=1).shares() == [(1, 1.0)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"rate": "3 per day", "batch": 4}, 60 * 3 * 4),
        ({"rate": "3 per day", "batch": {"2020-01-01": 4, "2020-02-01": 1, "2025-01-01": 9}}, 31 * 3 * 4 + 29 * 3),
        (
            {
                "rate": {"2019-01-01": "3 per day", "2020-01-11": "1 per day"},
                "batch": {"2019-01-01": 4, "2020-02-01": 2},
            },
            10 * 3 * 4 + 21 * 4 + 29 * 2,
        ),
        ({"every": "12 hours", "batch": {"2020-01-01": 4, "2020-02-01": 2}}, 31 * 2 * 4 + 29 * 2 * 2),
        ({"at": ["2020-01-05", "2020-02-01"], "batch": {"2020-01-01": 4, "2020-02-01": 2}}, 6),
        ({"at": ["2020-01-05", "2020-02-01"], "batch": {"1": 0.5, "2": 0.5}}, 3),
        (
            {"rate": "3 per day", "batch": WRITTEN[2], "open": "daily 00:00-12:00"},
            60 * 1.5 * 2.5,
        ),
    ],
)
def test_how_many_are_expected(told, expected):
    assert Entry(name="door", to="talk", **told).expected(START, END) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (0, "batch: 0 is no size of a batch: a whole number from 1 to 1,000,000 is"),
        (2.5, "batch: 2.5 is no size"),
        (2_000_000, "batch: 2000000 is no size"),
        (True, "batch: True is no size"),
        ("3", "batch: '3' is none: a batch is a number \\(3\\), sizes"),
        ([3], "\\[3\\] is none: a batch is a number"),
        ({"1": 0.5, "2": 0.4}, "the shares add to 0.9: they must add to 1"),
        ({"1": 0.5, "two": 0.5}, "'two' is no size"),
        ({"1.5": 1.0}, "'1.5' is no size"),
        ({"0": 0.5, "2": 0.5}, "'0' is no size"),
        ({"1": "much"}, "'much' is not allowed"),
        ({"1": 0.5, "01": 0.5}, "the size '1' is declared twice"),
        ({}, "\\{\\} is none: a batch is a number"),
        ({"law": "geometric"}, "a batch is a number"),
        ({"mean": 2.0}, "a batch is a number"),
        ({"law": "poisson", "mean": 2.0}, "'poisson' is not allowed: it should be 'geometric'"),
        ({"law": "geometric", "mean": 0.5}, "0.5 is not allowed"),
        ({"law": "geometric", "men": 2.0}, "there is no key 'men'; did you mean 'mean'"),
    ],
)
def test_what_is_no_batch_is_refused(batch, message):
    with pytest.raises(InputError, match=message):
        Entry(name="door", to="talk", rate="3 per day", batch=batch)


def test_who_is_there_at_the_start_comes_in_no_batch():
    with pytest.raises(InputError, match="`batch` tells how many come at an arrival; those of a `count` are there"):
        Entry(name="there", to="talk", count=3, batch=2)


def town(batch, rate="3 per day"):
    return Pathway.from_dict(
        {
            "name": "town",
            "start": "2020-01-01",
            "end": "2020-03-01",
            "states": {"talk": {"stay": "1 day", "to": "home"}, "home": {"final": True}},
            "entries": {"door": {"to": "talk", "rate": rate} | ({"batch": batch} if batch else {})},
        }
    )


def test_a_batch_that_is_given_too_late_is_refused():
    with pytest.raises(InputError, match=r"entries\.door\.batch: the first date is 2020-02-01"):
        town({"2020-02-01": 3})


@pytest.mark.parametrize(
    ("after", "value"), [(4, 4), ({"2": 0.5, "4": 0.5}, "2: 50 %, 4: 50 %"), (WRITTEN[2], "geometric 2.5")]
)
def test_another_batch_is_a_difference_that_comes_to_bear(after, value):
    before, other = town(3), town({"2020-01-01": 3, "2020-02-01": after})
    (difference,) = list_differences(before, other)
    assert (difference.of, difference.before, difference.after) == ("door, batch", 3, value)
    assert difference.since == datetime(2020, 2, 1)
    assert takes_effect(before, other)
    assert not takes_effect(before, before)


def test_a_rate_is_one_of_arrivals_where_several_come_at_each():
    (difference,) = list_differences(town(3), town(3, "6 per day"))
    assert (difference.of, difference.unit) == ("door", "arrivals per year")
    rate, batch = list_differences(town(None, "6 per day"), town(3))
    assert (rate.unit, batch.of) == ("arrivals per year", "door, batch")
    assert (rate.before, rate.after) == (pytest.approx(6 * 365.25), pytest.approx(3 * 365.25))
    assert [each.unit for each in list_differences(town(3), town(None, "6 per day"))] == ["arrivals per year", ""]
    (alone,) = list_differences(town(None), town(None, "6 per day"))
    assert alone.unit == "per year"


BASE = """
name = "town"
start = 2020-01-01
end = 2020-03-01
[states.talk]
stay = "1 day"
to = "home"
[states.home]
final = true
[entries.door]
to = "talk"
rate = "3 per day"
[entries.bus]
to = "talk"
at = [2020-01-05, 2020-02-05]
batch = 40
[entries.there]
to = "talk"
count = 2
"""


def scenario(folder, *changes):
    (folder / "town.toml").write_text(BASE)
    return Scenario.from_dict({"name": "more", "base": "town.toml", "arrivals": list(changes)}, "mine.toml", folder)


def test_a_scenario_has_others_come_together(tmp_path):
    made = scenario(
        tmp_path,
        {"entry": "door", "batch": {"1": 0.5, "3": 0.5}, "from": "2020-02-01", "rate": "+100 %"},
        {"entry": "bus", "batch": {"law": "geometric", "mean": 30.0}},
    )
    door, bus, _ = made.pathway().entries
    assert door.batch.at(datetime(2020, 1, 31)).sizes == ((1, 1.0),)
    assert door.batch.at(datetime(2020, 2, 1)).sizes == ((1, 0.5), (3, 0.5))
    assert door.expected(START, END) == pytest.approx(31 * 3 + 29 * 6 * 2)
    assert bus.expected(START, END) == 60.0
    written = made.file.model_dump(mode="json", by_alias=True, exclude_unset=True)
    jsonschema.validate(written, Scenario.schema())
    assert made.without_effect == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entry": "door"}, "nothing is changed: give another `rate`, or another `batch`"),
        ({"entry": "bus", "rate": "+10 %"}, "'bus' has no rate"),
        ({"entry": "there", "batch": 2}, r"arrivals\[no. 1: there\].batch: 'there' has a `count` at the start"),
        ({"entry": "door", "batch": 0}, "batch: 0 is no size"),
        ({"entry": "door", "batch": "+1"}, r"batch: '\+1' is none"),
    ],
)
def test_what_a_scenario_can_not_change(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        scenario(tmp_path, change).pathway()
