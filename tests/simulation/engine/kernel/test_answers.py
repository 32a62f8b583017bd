"""Stations that answer their wait: switched off they leave the bytes alone; on, they hold a queue near its goal.

What one meeting or review gives is worked by hand in `test_ties.py`; that servers follow the rule on any pathway is an
identity in `test_identities.py`.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import InputError, Pathway, Station, run
from flowsim.model.parts import Feedback
from flowsim.simulation.engine import fast
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.testing import pathways
from helpers.models.generated import RELAXED

RULE = {"wait": "7 weeks", "gain": 0.5, "lag": "4 weeks", "least": 0.5, "most": 1.5}


def with_rules(raw, rule):
    """Give every station this rule for two days, and none before and after it."""
    stations = []
    for station in raw.get("stations", []):
        reviewed = {"every": "1 day"} if "capacity" in station else {}
        stations.append(station | {"answers": {"2020-01-02": rule | reviewed, "2020-01-04": "off"}})
    return Pathway.from_dict(raw | {"stations": stations})


@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1))
def test_an_answer_of_no_gain_is_none(pathway, seed):
    raw = pathway.to_dict()
    for station in raw.get("stations", []):
        station.pop("answers", None)
    models = [compile_pathway(one) for one in (Pathway.from_dict(raw), with_rules(raw, RULE | {"gain": 0}))]
    without, idle = (fast.simulate(model, seed, 0) for model in models)
    for name in ("visits", "sessions", "presence", "queued"):
        assert getattr(without, name).tobytes() == getattr(idle, name).tobytes(), name


def town(answers, places=100, capacity=None):
    station = {"weekdays": ["mon"], "places": places} if capacity is None else {"capacity": capacity}
    raw = {
        "name": "town",
        "start": "2010-01-01",
        "end": "2030-01-01",
        "stations": {"team": station | {"answers": answers}},
        "states": {"case": {"station": "team", "stay": "2 weeks", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "case", "rate": "80 per week"}},
    }
    return Pathway.from_dict(raw)


@pytest.mark.parametrize(("goal", "gain"), [(7, 0.5), (7, 1.0), (5, 0.5), (12, 2.0)])
def test_the_wait_settles_where_the_answer_gives_as_many_places_as_come(goal, gain):
    """80 come a week to 100 places: 1 + gain (wait / goal - 1) = 0.8, so the wait is goal (1 - 0.2 / gain)."""
    rule = RULE | {"wait": f"{goal} weeks", "gain": gain, "lag": "0 days"}
    results = run(town(rule), replications=4).select("wait.team.served").between("2015", "2029")
    yearly = [number for number, row in enumerate(results.index) if row.period.every == "year"]
    # The first in the queue has waited for half a week more, on average, than those who are taken with her.
    assert results.values[:, yearly].mean() == pytest.approx(goal * (1 - 0.2 / gain) - 0.5, abs=0.25)


def test_bounds_limit_what_an_answer_gives():
    """Of 60 places 1.2 times as many are 72: too few for 80 a week, so the queue grows all the same."""
    for rule, places in ({}, 72), ({"limit": 66}, 66), ({"limit": 50}, 60):
        results = run(town(RULE | {"most": 1.2} | rule, places=60), replications=1).between("2029", "2029")
        offered, held = (results.select(f"{name}.team", "2029").values[0, 0] for name in ("places", "meetings"))
        assert offered == pytest.approx(places * held, abs=1)


def test_servers_that_answer_are_measured_as_they_were():
    rule = RULE | {"wait": "3 weeks", "lag": "0 days", "every": "1 week"}
    results = run(town(rule, capacity=200), replications=1, keep_traces=True)
    log = results.sessions(0)
    year = pd.date_range("2020-01-01", "2020-12-31 23:00", freq="h")
    hourly = log["places"].to_numpy()[np.searchsorted(log["time"], year, side="right") - 1]
    assert len(set(hourly)) > 5
    assert results.select("servers.team", "2020").values[0, 0] == pytest.approx(hourly.mean())
    stays = results.visits(0).query("state == 'case'")
    until = year[-1] + pd.Timedelta("1h")
    began, ended = (stays[name].fillna(until).clip(year[0], until) for name in ("started", "ended"))
    busy = (ended - began).sum() / pd.Timedelta("1h")
    assert results.select("utilisation.team", "2020").values[0, 0] == pytest.approx(busy / hourly.sum())
    plain = run(town("off", capacity=200), replications=1).select("servers.team", "2020")
    assert plain.values[0, 0] == 200


def test_a_rule_is_read_and_written_back():
    texts = [RULE, "off", {"2012-01-01": RULE, "2014-01-01": "off"}]
    for answers in texts:
        pathway = town(answers)
        assert Pathway.from_dict(pathway.to_dict()) == pathway
    made = Feedback(wait="7 weeks", gain=0.5, lag="4 weeks", least=0.5, most=1.5)
    assert Station(name="team", weekdays="mon", places=100, answers=made) == town(RULE).station("team")
    assert town({"2012-01-01": RULE}).digest != town(RULE).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wait": "0 weeks"}, "stations.team.answers"),
        ({"gain": -1}, "stations.team.answers"),
        ({"least": 1.5}, "stations.team.answers"),
        ({"most": 0.5}, "stations.team.answers"),
        ({"wait": 7}, "write a number with its unit"),
        ({"goal": "7 weeks"}, "goal"),
        ({"every": "1 week"}, "leave `every` out"),
    ],
    ids=str,
)
def test_a_rule_that_can_not_be_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        town(RULE | change)
    with pytest.raises(InputError, match="reviewed `every` so often"):
        town(RULE, capacity=3)


def test_places_are_counted_as_they_were_given():
    results = run(town(RULE), replications=1, keep_traces=True)
    log = results.sessions(0)
    given = log["places"].groupby(log["time"].dt.year).sum()
    assert [results.select("places.team", str(year)).values[0, 0] for year in given.index] == given.to_list()
    assert log["places"].nunique() > 5
