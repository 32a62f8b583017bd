"""The tick is as fine as fixed stays need it, and what is rounded all the same is said once."""

import pickle
import re
import warnings

import numpy as np
import pytest

from flowsim import Pathway, run
from flowsim.model import ticks
from flowsim.model.ticks import CoarseTickWarning
from flowsim.simulation.engine.trace import NEVER
from helpers.command_line import flowsim


def desk(stay, rate="35 per hour", **more):
    raw = {"name": "desk", "start": "2020-01-01", "end": "2020-05-01", "stations": {"desk": {"capacity": 1}}}
    states = {"talk": {"station": "desk", "stay": stay, "to": "out"}, "out": {"final": True}}
    return raw | {"states": states, "entries": {"door": {"to": "talk", "rate": rate}}} | more


SECOND = 1 / 60


@pytest.mark.parametrize(
    ("stay", "tick"),
    [
        ("3 minutes", 1.0),
        ("90 seconds", SECOND),
        ("1.4 minutes", SECOND),
        ("1000.5 minutes", 1.0),  # off by 1 part in 2,001
        ("999.5 minutes", SECOND),
        ("0.0015 seconds", SECOND / 1000),  # still off, but nothing finer is taken
        ("1.25 seconds", SECOND / 1000),
        ("0 minutes", 1.0),
        ({"2019-01-01": "1 day", "2020-02-01": "90 seconds"}, SECOND),
        ({"law": "empirical", "values": ["1 day", "20 seconds"]}, SECOND),
        ({"law": "exponential", "mean": "100.5 minutes"}, 1.0),
    ],
)
@pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")
def test_the_tick_is_the_longest_that_fixed_stays_fit(stay, tick):
    pathway = Pathway.from_dict(desk(stay, rate="1 per day"))
    assert pathway.tick == tick
    assert Pathway.from_dict(pathway.to_dict()) == pathway


@pytest.mark.parametrize("where", ["patience", "after"])
def test_patience_and_exits_after_a_time_count_too(where):
    raw = desk("3 minutes")
    if where == "patience":
        raw["states"]["talk"] |= {"patience": "90 seconds", "reneges_to": "out"}
    else:
        raw["states"]["talk"] = {"race": {"out": {"after": "90 seconds"}}}
    assert Pathway.from_dict(raw).tick == SECOND


def test_an_exit_that_comes_within_few_ticks_is_warned_of():
    raw = desk("3 minutes")
    raw["states"]["talk"] = {"race": {"out": {"rate": "6 per minute"}}}
    with pytest.warns(CoarseTickWarning, match=r"states\.talk\.race\.out: a mean of 0\.167 ticks"):
        Pathway.from_dict(raw)


def test_a_fixed_stay_of_90_seconds_is_kept():
    """M/D/1 at 0.875: 5.25 minutes of waiting; rounded to two minutes, the queue would grow without end."""
    results = run(Pathway.from_dict(desk("90 seconds")), replications=4, seed=2, keep_traces=True)
    assert results.select("utilisation.desk", "2020Q1").values.mean() == pytest.approx(0.875, abs=0.01)
    waits = []
    for trace in results.traces.values():
        here = trace.visits[(trace.visits["state"] == 0) & (trace.visits["started"] != NEVER)]
        waits.append((here["started"] - here["joined"]).mean() / 60)
    assert abs(np.mean(waits) - 5.25) < 4 * np.std(waits, ddof=1) / 2 < 0.8
    visits = results.visits(0)
    ended = visits["ended"].notna() & (visits["state"] == "talk")
    assert set((visits["ended"] - visits["started"])[ended].dt.total_seconds()) == {90.0}


def test_a_tick_that_is_set_is_kept_and_warned_of_once():
    coarse = desk("90 seconds", tick="1 minute")
    with pytest.warns(CoarseTickWarning) as caught:
        pathway = Pathway.from_dict(coarse)
    (warning,) = caught
    assert str(warning.message) == (
        "states.talk.stay: 90 seconds become 2 minutes at a tick of 1 minute, 33.33% off: set a shorter `tick`"
    )
    assert pathway.tick == 1.0
    # Neither a copy by pickle, as worker processes get it, nor a run warns again; and the tick is still the one set.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy = pickle.loads(pickle.dumps(pathway))
        run(pathway, replications=1)
    assert (copy, copy.tick, copy.digest) == (pathway, 1.0, pathway.digest)
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("default")
        for _ in range(3):
            Pathway.from_dict(coarse)
    assert len(again) == 1


def test_a_finer_tick_is_not_taken_where_a_key_has_no_room_for_it():
    crowd = desk("1.25 seconds", rate="1e4 per minute", end="2021-01-01")
    with pytest.warns(CoarseTickWarning, match=r"1\.25 seconds become 1 second at a tick of 1 second, 20\.00% off"):
        assert Pathway.from_dict(crowd).tick == SECOND


@pytest.mark.filterwarnings("default::flowsim.model.ticks.CoarseTickWarning")
def test_the_command_line_says_it_in_one_line_of_its_own(tmp_path):
    (tmp_path / "desk.toml").write_text(
        'name = "desk"\nstart = 2020-01-01\nend = 2020-03-01\ntick = "1 minute"\n'
        '[stations.desk]\ncapacity = 9\n[states.talk]\nstation = "desk"\nstay = "90 seconds"\nto = "out"\n'
        '[states.out]\nfinal = true\n[entries.door]\nto = "talk"\nrate = "9 per day"\n'
    )
    words = ("run", tmp_path / "desk.toml", "--replications", 2)
    code, _, err = flowsim(*words)
    assert (code, err.count("flowsim: note: states.talk.stay: 90 seconds become 2 minutes")) == (0, 1)
    assert err.count("\n") == 1
    code, _, err = flowsim("compare", tmp_path / "desk.toml", tmp_path / "desk.toml", "--quiet")
    assert "note" not in err


def clocked(**more):
    return desk({"law": "exponential", "mean": "1 day"}, rate="1 per day", **more)


@pytest.mark.parametrize(
    ("more", "tick"),
    [
        ({"clocks": {"c": {"begins": "talk", "ends": "out", "limit": "90 seconds"}}}, SECOND),
        ({"clocks": {"c": {"begins": "talk", "ends": "out", "limit": "90 minutes"}}}, 1.0),
        ({"watches": {"w": {"station": "desk", "within": ["0 minutes", "1.5 seconds"]}}}, SECOND / 1000),
        ({"entries": {"door": {"to": "talk", "at": ["2020-01-02T09:00:30"]}}}, SECOND),
        ({"entries": {"door": {"to": "talk", "at": ["2020-01-02T09:00:00.25"]}}}, SECOND / 1000),
        ({"stations": {"desk": {"weekdays": ["tue"], "at": "09:00:30", "places": 1}}}, SECOND),
        ({"stations": {"desk": {"weekdays": ["tue"], "at": "09:30", "places": 1}}}, 1.0),
    ],
)
def test_limits_entry_times_and_hours_of_meetings_choose_the_tick_too(more, tick):
    raw = clocked(**more)
    if "weekdays" in raw["stations"]["desk"]:
        del raw["states"]["talk"]["stay"]
    pathway = Pathway.from_dict(raw)
    assert pathway.tick == tick
    assert Pathway.from_dict(pathway.to_dict()) == pathway


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"clocks": {"c": {"begins": "talk", "ends": "out", "limit": "90 minutes"}}},
            r"clocks.c.limit: 90 minutes become 2 hours at a tick of 1 hour, 33.33% off: set a shorter `tick`",
        ),
        (
            {"entries": {"door": {"to": "talk", "at": ["2020-01-02", "2020-01-02T09:15"]}}},
            r"entries.door.at: 2020-01-02 09:15:00 becomes 2020-01-02 09:00:00 at a tick of 1 hour",
        ),
        (
            {"stations": {"desk": {"weekdays": ["tue"], "at": ["08:00", "09:30"], "places": 1}}},
            r"stations.desk.at: 2020-01-01 09:30:00 becomes 2020-01-01 10:00:00 at a tick of 1 hour",
        ),
    ],
)
def test_what_a_tick_that_is_set_rounds_is_said(more, message):
    raw = clocked(tick="1 hour", **more)
    if "weekdays" in raw["stations"]["desk"]:
        del raw["states"]["talk"]["stay"]
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        ticks._shown.clear()
        Pathway.from_dict(raw)
    assert any(re.search(message, str(one.message)) for one in given), [str(one.message) for one in given]
