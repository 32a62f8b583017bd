"""Watched waits and the distribution of the number present: by hand, against the visits, and against closed forms."""

from datetime import datetime

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation import Fork, KeptHistories
from flowsim.theory.queues import MMc

HAND = {
    "name": "hand",
    "start": "2024-01-01",
    "end": "2024-03-01",
    "stations": {"desk": {"capacity": 1, "room": 2}},
    "states": {
        "advice": {
            "station": "desk",
            "stay": "10 hours",
            "to": "gone",
            "patience": "15 hours",
            "reneges_to": "gone",
            "refused_to": "gone",
        },
        "gone": {"final": True},
    },
    # Served at 0, 10 (after 9) and 40 (after none); the third gives up after 15 hours, the fourth is refused.
    "entries": {
        "door": {
            "at": ["2024-01-05T00:00", "2024-01-05T01:00", "2024-01-05T02:00", "2024-01-05T03:00", "2024-01-06T16:00"],
            "to": "advice",
        }
    },
}


def watched(watch, raw=HAND, engine="kernel"):
    pathway = Pathway.from_dict(raw | {"watches": {"w": watch}})
    results = run(pathway, replications=1, seed=1, engine=engine)
    return lambda reading, period="2024-01": float(results.select(f"watch.w.{reading}", period).values[0, 0])


@pytest.mark.parametrize(
    ("span", "name", "english", "danish"),
    [
        ("1 second", "1_second", "1 second", "1 sekund"),
        ("20 seconds", "20_seconds", "20 seconds", "20 sekunder"),
        ("90 seconds", "90_seconds", "90 seconds", "90 sekunder"),
        ("1 minute", "1_minutes", "1 minute", "1 minut"),
        ("2 minutes", "2_minutes", "2 minutes", "2 minutter"),
        ("90 minutes", "90_minutes", "90 minutes", "90 minutter"),
        ("1 hour", "1_hour", "1 hour", "1 time"),
        ("3 days", "3_days", "3 days", "3 dage"),
        ("1 week", "1_week", "1 week", "1 uge"),
        ("1 month", "1_month", "1 month", "1 måned"),
        ("3 months", "3_months", "3 months", "3 måneder"),
        ("1 year", "1_year", "1 year", "1 år"),
    ],
)
def test_a_span_has_its_name_and_its_words(span, name, english, danish):
    pathway = Pathway.from_dict(HAND | {"watches": {"w": {"station": "desk", "within": span}}})
    names = {row.measure: row.measure for row in run(pathway, replications=1, seed=1).index}
    measure = names[f"watch.w.{name}.within"]
    for code, words in (("en", f"Share served within {english}: w"), ("da", f"kom til inden for {danish}: w")):
        wording = Wording(language=Language.of(code), pathway=pathway, shipped=False, codes=False)
        assert wording.measure(measure).endswith(words)


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_a_day_by_hand(engine):
    value = watched(
        {"station": "desk", "within": ["8 hours", "9 hours"], "percentiles": [33, 50, 67, 100]}, engine=engine
    )
    assert value("cases") == 3
    assert value("waited") == pytest.approx(1 / 3)
    assert [value("8_hours.within"), value("9_hours.within")] == pytest.approx([2 / 3, 1])
    hours = [value(f"p{p}.wait") * 168 for p in (33, 50, 67, 100)]
    assert hours == pytest.approx([0, 0, 9, 9])
    assert value("cases", "2024-02") == 0
    assert np.isnan(value("waited", "2024-02"))


def test_among_all_who_give_up_or_are_refused_count_too():
    value = watched({"states": "advice", "within": ["9 hours", "20 hours"], "percentiles": 100, "among": "all"})
    assert value("cases") == 5
    assert value("waited") == pytest.approx(2 / 5)  # the one after 9 hours, and the one who gave up
    assert [value("9_hours.within"), value("20_hours.within")] == pytest.approx([3 / 5, 3 / 5])
    assert value("p100.wait") * 168 == pytest.approx(15)


def test_waits_of_those_who_had_gone_before_a_fork_count_too():
    watch = {"states": "advice", "within": ["9 hours"], "percentiles": 100, "among": "all"}
    pathway, fork = Pathway.from_dict(HAND | {"watches": {"w": watch}}), Fork(at="2024-01-06T12:00")
    results = run(pathway, replications=1, fork=fork, kept=KeptHistories(), measures=["watch.*"])
    readings = ("cases", "waited", "9_hours.within", "p100.wait")
    values = [float(results.select(f"watch.w.{reading}", "2024-01").values[0, 0]) for reading in readings]
    assert values == pytest.approx([5, 2 / 5, 3 / 5, 15 / 168])


def queue(**more):
    return {
        "name": "mmc",
        "start": "2000-01-01",
        "end": "2020-01-01",
        "stations": {"desk": {"capacity": 3}},
        "states": {
            "stay": {"station": "desk", "stay": {"law": "exponential", "mean": "1 day"}, "to": "gone"},
            "gone": {"final": True},
        },
        "entries": {"door": {"rate": "2.1 per day", "to": "stay"}},
    } | more


@pytest.fixture(scope="module")
def mmc():
    watch = {"station": "desk", "within": ["12 hours", "2 days"], "percentiles": [90]}
    return run(Pathway.from_dict(queue(watches={"w": watch})), replications=20, seed=11, keep_traces=True)


def close(values, theory, within=0.05):
    error = values.std(ddof=1) / len(values) ** 0.5
    assert error < within * theory
    assert abs(values.mean() - theory) < 4.5 * error


def yearly(results, reading):
    """The mean over the years but the first, by replication."""
    return np.mean([results.select(f"watch.w.{reading}", str(year)).values[:, 0] for year in range(2001, 2020)], axis=0)


def test_shares_and_percentiles_of_waits_are_erlangs(mmc):
    theory = MMc(rate=2.1, mean_service=1.0, servers=3)
    close(yearly(mmc, "waited"), theory.wait_probability)
    close(yearly(mmc, "12_hours.within"), 1 - theory.wait_tail(0.5))
    close(yearly(mmc, "2_days.within"), 1 - theory.wait_tail(2.0))
    close(yearly(mmc, "p90.wait") * 7, theory.wait_quantile(0.9))


def test_the_number_present_is_as_erlang_says(mmc):
    """Birth and death: 2.1 come a day, n are served at min(n, 3)."""
    weights = np.cumprod([1.0, *(2.1 / min(n, 3) for n in range(1, 200))])
    probabilities = weights / weights.sum()
    table = mmc.occupancy("desk", since="2001-01-01")
    assert table["share"].sum() == pytest.approx(1)
    for number in (1, 2, 3, 4, 8):
        row = table[table["number"] == number].iloc[0]
        assert abs(row["or_more"] - probabilities[number:].sum()) < 4.5 * row["or_more_error"] < 0.05
    busy = mmc.occupancy("stay", "served", since="2001-01-01")
    assert list(busy["number"]) == [0, 1, 2, 3]
    assert busy["share"].iloc[3] == pytest.approx(table["or_more"].iloc[3])
    waiting = mmc.occupancy("desk", "waiting", since="2001-01-01")
    assert waiting["or_more"].iloc[1] == pytest.approx(table["or_more"].iloc[4])


def test_occupancy_by_hand():
    """Of the week from 1 January: one server busy from the 5th at 0 to 20 and the 6th at 16 to the 7th at 2."""
    raw = HAND | {"end": "2024-01-08"}
    results = run(Pathway.from_dict(raw), replications=1, seed=1, keep_traces=True)
    assert list(results.occupancy("desk", "served")["share"] * 168) == pytest.approx([138, 30])
    # In the queue from 1 to 2 one, then two until 10, then one until 17.
    assert list(results.occupancy("desk", "waiting")["share"] * 168) == pytest.approx([152, 8, 8])
    half = results.occupancy("desk", "served", since=datetime(2024, 1, 5, 10))
    assert list(half["share"] * 62) == pytest.approx([42, 20])


def test_classes_and_categories_are_watched_by_themselves():
    raw = queue(
        end="2004-01-01",
        attributes={"kind": {"shares": {"a": 0.5, "b": 0.5}}},
        watches={
            "first": {"station": "desk", "priority": 0},
            "second": {"station": "desk", "priority": 1},
            "b": {"states": ["stay"], "of": {"kind": "b"}},
        },
    )
    raw["states"]["stay"]["variants"] = [{"of": {"kind": "b"}, "priority": 1}]
    results = run(Pathway.from_dict(raw), replications=1, seed=1, keep_traces=True)
    visits = results.visits(0)
    started = visits[(visits["state"] == "stay") & (visits["started"].dt.year == 2002)]
    for name, kind in (("first", "a"), ("second", "b"), ("b", "b")):
        own = started[started["kind"] == kind]
        assert results.select(f"watch.{name}.cases", "2002").values[0, 0] == len(own) > 0
        waited = (own["started"] > own["joined"]).mean()
        assert results.select(f"watch.{name}.waited", "2002").values[0, 0] == pytest.approx(waited)


@pytest.mark.parametrize(
    ("watch", "message"),
    [
        ({"within": "1 day"}, "a watch is of a `station` or of `states`"),
        ({"station": "desk", "states": "advice"}, "a watch is of a `station` or of `states`"),
        ({"station": "dsk"}, "watches.w.station: there is no station 'dsk'"),
        ({"states": "gone"}, "the state 'gone' has no station to wait at"),
        ({"station": "desk", "of": {"age": "old"}}, "watches.w.of: there is no attribute 'age'"),
        ({"station": "desk", "percentiles": [101]}, "watches.w.percentiles"),
        ({"station": "desk", "within": ["4"]}, "is no span of time"),
    ],
)
def test_watches_that_mean_nothing_are_refused(watch, message):
    with pytest.raises(InputError, match=message):
        Pathway.from_dict(HAND | {"watches": {"w": watch}})


def test_occupancy_of_what_is_not_there_is_refused(mmc):
    with pytest.raises(InputError, match="there is no station or state 'dsk'; did you mean 'desk'"):
        mmc.occupancy("dsk")
    with pytest.raises(InputError, match="since: 2030-01-01 lies outside the horizon"):
        mmc.occupancy("desk", since="2030-01-01")
