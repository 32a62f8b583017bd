"""What stations are offered and where citizens end, against cases worked by hand and theory."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest

from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import NEVER
from flowsim.simulation.runner import run
from flowsim.theory.fluid_load import StationLoad, workload
from flowsim.theory.networks import AbsorbingChain


def pathway(**changes: Any) -> Pathway:
    """One door at 9 a week, one queue for 10 servers, each held for a week: 0.9 of them are busy."""
    raw: dict[str, Any] = {
        "name": "clinic",
        "start": "2019-01-01",
        "end": "2020-01-01",
        "stations": {"desk": {"capacity": 10}},
        "states": {
            "served": {
                "station": "desk",
                "stay": {"law": "exponential", "mean": "1 week"},
                "to": "gone",
            },
            "gone": {"final": True},
        },
        "entries": {"door": {"to": "served", "rate": "9 per week"}},
    }
    return Pathway.from_dict(raw | changes)


def meeting(**station: Any) -> dict[str, Any]:
    return {"desk": {"weekdays": ["mon"], **station}}


def only(path: Pathway) -> StationLoad:
    (load,) = workload(path).stations
    return load


def test_servers_in_an_mmc_queue_are_used_by_arrivals_times_stay_over_servers() -> None:
    load = only(pathway())
    assert (load.station, load.since, load.until) == ("desk", datetime(2019, 1, 1), datetime(2020, 1, 1))
    assert load.cases_a_week == pytest.approx(9, rel=1e-12)
    assert load.places_a_week == pytest.approx(10, rel=1e-12)
    assert load.utilisation == pytest.approx(0.9, rel=1e-12)


def test_a_station_takes_by_groups_what_a_simulation_serves() -> None:
    """One group of three at a time, of four servers, takes 36 an hour in stays of five minutes: 38 come."""
    states = {"served": {"station": "desk", "stay": "5 minutes", "to": "gone"}, "gone": {"final": True}}
    path = pathway(
        end="2019-02-01",
        stations={"desk": {"capacity": 4, "together": 3}},
        states=states,
        entries={"door": {"to": "served", "rate": "38 per hour"}},
    )
    load = only(path)
    assert load.utilisation == pytest.approx(38 / 36, rel=1e-12)
    assert load.grows
    visits = run(path, replications=1, seed=1, keep_traces=True).traces[0].visits
    served = (visits["state"] == 0) & (visits["started"] != NEVER)
    assert served.sum() * 7 / 31 == pytest.approx(load.places_a_week, rel=0.005)


def test_a_jackson_network_counts_those_who_come_back() -> None:
    # Half go on from `first` to `second`, whence 40 % come back: λ1 = 8 + 0.4 λ2, λ2 = λ1 / 2, so λ1 = 10.
    path = pathway(
        stations={"one": {"capacity": 20}, "two": {"capacity": 4}},
        states={
            "first": {
                "station": "one",
                "stay": {"law": "exponential", "mean": "1 week"},
                "to": {"second": 0.5, "gone": 0.5},
            },
            "second": {
                "station": "two",
                "stay": {"law": "exponential", "mean": "2 weeks"},
                "to": {"first": 0.4, "gone": 0.6},
            },
            "gone": {"final": True},
        },
        entries={"door": {"to": "first", "rate": "8 per week"}},
    )
    # The fluid takes no more than 2 a week at `two`, so 0.8 a week come back: λ1 = 8.8, λ2 = 4.4.
    load = workload(path)
    one, two = ([row for row in load.stations if row.station == name][-1] for name in ("one", "two"))
    assert (one.cases_a_week, two.cases_a_week) == (pytest.approx(8.8, rel=0.01), pytest.approx(4.4, rel=0.01))
    assert (two.places_a_week, two.utilisation) == (pytest.approx(2), pytest.approx(2.2, rel=0.01))
    assert (two.growth_a_week, two.grows) == (pytest.approx(2.4, rel=0.01), True)
    assert load.unsettled == (two,)
    assert [bottleneck.station for bottleneck in load.bottlenecks] == ["two"]
    (door,) = load.prospects
    assert door.visits == pytest.approx({"first": 10 / 8, "second": 5 / 8})
    assert door.outcomes == pytest.approx({"gone": 1})
    assert door.weeks == pytest.approx((10 + 2 * 5) / 8)


def test_two_states_share_a_station_each_with_its_own_stay() -> None:
    # 4 a week for 1 week and 1 a week for 3 weeks keep 7 of 10 busy.
    stay = {"station": "desk", "to": "gone"}
    path = pathway(
        states={
            "short": stay | {"stay": {"law": "exponential", "mean": "1 week"}},
            "long": stay | {"stay": "3 weeks"},
            "gone": {"final": True},
        },
        entries={"a": {"to": "short", "rate": "4 per week"}, "b": {"to": "long", "rate": "1 per week"}},
    )
    assert only(path).utilisation == pytest.approx(0.7)
    assert only(path).places_a_week == pytest.approx(10 / 1.4)


def test_unlike_quarters_or_years_are_periods_of_their_own() -> None:
    # Stays are of no time but 3 days, so that cases follow the door at once.
    states = {"served": {"station": "desk", "stay": "3 days", "to": "gone"}, "gone": {"final": True}}
    rate = {"2017-01-01": "9 per week", "2019-01-01": "18 per week", "2020-01-01": "3 per week"}
    entries = {"door": {"to": "served", "rate": rate}}
    stations = {"desk": {"weekdays": ["mon", "thu"], "places": {"2017-01-01": 5, "2020-01-01": 10}}}
    path = pathway(start="2017-01-01", end="2022-01-01", states=states, entries=entries, stations=stations)
    load = workload(path)
    told = [(row.since.year, row.until.year, row.grows) for row in load.stations]
    assert told == [(2017, 2019, False), (2019, 2020, True), (2020, 2022, False)]
    calm, busy, idle = load.stations
    assert (calm.cases_a_week, calm.utilisation) == (pytest.approx(9, rel=0.01), pytest.approx(0.9, rel=0.01))
    assert (busy.utilisation, busy.growth_a_week) == (pytest.approx(1.8, rel=0.01), pytest.approx(8, rel=0.02))
    assert busy.wait_weeks == pytest.approx(busy.queue / 10, rel=0.02)
    assert (idle.queue_before, idle.utilisation) == (busy.queue, pytest.approx(0.15, rel=0.01))
    assert idle.growth_a_week == pytest.approx(-busy.queue / (731 / 7), rel=0.02)
    assert load.unsettled == ()
    quarters = pathway(
        end="2019-12-31",
        states=states,
        entries={"door": {"to": "served", "rate": {"2019-01-01": "9 per week", "2019-07-01": "3 per week"}}},
        stations=stations,
    )
    assert [row.since.month for row in workload(quarters).stations] == [1, 7]


def test_a_year_in_which_the_queue_grows_is_told_apart_though_hardly_more_loaded() -> None:
    rate = {"2010-01-01": "9.85 per week", "2020-01-01": "10.3 per week"}
    rows = workload(
        pathway(end="2021-01-01", start="2018-01-01", entries={"door": {"to": "served", "rate": rate}})
    ).stations
    assert [(row.since.year, row.grows) for row in rows] == [(2018, False), (2020, True)]


def test_the_scarcest_station_is_the_most_utilised() -> None:
    path = pathway(
        stations={"a": {"capacity": 1}, "b": {"capacity": {"2010-01-01": 100, "2018-01-01": 2}}},
        states={
            "in": {"station": "a", "stay": "6 days", "to": "next"},
            "next": {"station": "b", "stay": "3 weeks", "to": "gone"},
            "gone": {"final": True},
        },
        entries={"door": {"to": "in", "rate": "1 per week"}},
        start="2016-01-01",
    )
    scarce = workload(path).bottlenecks
    assert [(row.station, row.since.year, row.until.year) for row in scarce] == [("a", 2016, 2018), ("b", 2018, 2020)]


def test_a_queue_that_patience_bounds_settles_though_too_many_come() -> None:
    served = {"station": "desk", "stay": "1 week", "to": "gone"}
    impatient = served | {"patience": {"law": "exponential", "mean": "2 weeks"}, "reneges_to": "gone"}
    rate = {"door": {"to": "served", "rate": "13 per week"}}
    calm = workload(pathway(states={"served": impatient, "gone": {"final": True}}, entries=rate))
    assert calm.stations[-1].utilisation == pytest.approx(1.3, rel=0.01)
    assert calm.unsettled == ()
    assert calm.prospects == ()
    assert calm.why_no_prospects == "how many give up in served depends on the wait"
    wild = workload(pathway(states={"served": served, "gone": {"final": True}}, entries=rate))
    assert wild.unsettled == wild.stations[-1:]


def test_a_meeting_takes_its_places_on_each_day_that_it_is_held() -> None:
    # 2019 has 52 Mondays, one of them a holiday.
    load = only(pathway(stations=meeting(places=20, holidays=["2019-04-22"])))
    assert load.places_a_week == pytest.approx(51 * 20 / (365 / 7))
    assert load.utilisation == pytest.approx(9 * 365 / 7 / (51 * 20))


def test_the_party_with_the_fewest_places_counts() -> None:
    parties = {"a": {"places": {"2019-01-01": 3, "2019-07-01": 9}}, "b": {"places": 5}}
    # 25 Mondays until July, 27 after.
    rows = workload(pathway(stations=meeting(parties=parties))).stations
    places = sum(row.places_a_week * (row.until - row.since).days / 7 for row in rows)
    assert places == pytest.approx(25 * 3 + 27 * 5, rel=0.005)
    assert rows[0].places_a_week == pytest.approx(3, rel=0.1)


def test_hours_go_first_to_the_follow_up_of_citizens_in_process() -> None:
    party = {"staff": 10, "hours": "30 hours", "hours_a_case": "15 hours"}
    states = {
        "served": {"station": "desk", "to": "after"},
        "after": {"stay": "4 weeks", "to": "gone"},
        "gone": {"final": True},
    }

    def places(hours: str) -> float:
        follow_up = {"a": party | {"follow_up": {"after": hours}}}
        return workload(pathway(states=states, stations=meeting(parties=follow_up))).stations[-1].places_a_week

    free = only(pathway(states=states, stations=meeting(parties={"a": party})))
    assert free.places_a_week == pytest.approx(52 * 20 / (365 / 7))
    # 9 a week for 4 weeks are 36 citizens of 2 hours: 72 of the 300 hours. At 9 hours x are taken: 15 x = 300 - 36 x.
    assert places("2 hours") == pytest.approx(228 / 15, rel=0.02)
    assert places("9 hours") == pytest.approx(300 / 51, rel=0.02)
    follow_up = meeting(parties={"a": party | {"follow_up": {"full": "5 hours"}}})
    full = {"full": {"stay": "9 years", "to": "gone"}} | states
    doors = {"door": {"to": "served", "rate": "9 per week"}, "stock": {"to": "full", "count": 61}}
    none = only(pathway(states=full, stations=follow_up, entries=doors))
    assert (none.places_a_week, none.utilisation, none.wait_weeks) == (0, math.inf, math.inf)


def race(*exits: dict[str, Any]) -> Pathway:
    """A race decides who goes on to the desk."""
    return pathway(
        states={
            "served": {"race": list(exits)},
            "desk": {"station": "desk", "stay": "1 week", "to": "gone"},
            "gone": {"final": True},
        }
    )


def to_desk(path: Pathway) -> float:
    (door,) = workload(path).prospects
    assert sum(door.outcomes.values()) == pytest.approx(1)
    return door.visits["desk"]


def test_a_race_is_won_in_proportion_to_the_rates() -> None:
    path = race({"to": "desk", "rate": "1 per year"}, {"to": "gone", "rate": "2 per year"})
    assert to_desk(path) == pytest.approx(1 / 3, rel=1e-12)
    assert workload(path).prospects[0].weeks == pytest.approx(365.25 / 7 / 3 + 1 / 3, rel=1e-9)


def test_an_exit_after_a_fixed_time_is_for_those_whom_no_rate_took() -> None:
    path = race({"to": "desk", "after": "1 years"}, {"to": "gone", "rate": "2 per year"})
    assert to_desk(path) == pytest.approx(math.exp(-2), rel=1e-9)


def test_an_exit_after_an_exponential_time_is_a_rate() -> None:
    after = {"law": "exponential", "mean": "1 years"}
    path = race({"to": "desk", "after": after}, {"to": "gone", "rate": "2 per year"})
    assert to_desk(path) == pytest.approx(1 / 3, rel=1e-9)


def test_a_race_keeps_a_server_until_the_first_exit() -> None:
    # The mean of the least of 1 week and an exponential of mean 1 week is 1 - 1/e weeks.
    exits = [{"name": "late", "to": "gone", "after": "1 week"}, {"to": "gone", "rate": "1 per week"}]
    path = pathway(states={"served": {"station": "desk", "race": exits}, "gone": {"final": True}})
    assert only(path).utilisation == pytest.approx(0.9 * (1 - math.exp(-1)))


def test_outcomes_and_times_are_those_of_an_absorbing_chain() -> None:
    path = pathway(
        states={
            "a": {"stay": "3 weeks", "to": {"b": 0.6, "job": 0.3, "pension": 0.1}},
            "b": {"stay": {"law": "gamma", "mean": "10 weeks", "cv": 0.5}, "to": {"a": 0.2, "pension": 0.8}},
            "job": {"final": True},
            "pension": {"final": True},
        },
        stations={},
        entries={
            "one": {"to": "a", "rate": {"2019-01-01": "1 per week", "2019-05-05": "0 per week"}},
            "two": {"to": "b", "every": "9 days"},
            "stock": {"to": "a", "count": 5},
        },
    )
    chain = AbsorbingChain(shares=[[0, 0.6], [0.2, 0]], exits=[[0.3, 0.1], [0, 0.8]], means=[3, 10])
    doors = workload(path).prospects
    assert [door.entry for door in doors] == ["one", "two"]
    for row, door in enumerate(doors):
        assert list(door.visits.values()) == pytest.approx(chain.visits[row].tolist())
        assert list(door.outcomes.values()) == pytest.approx(chain.outcome_shares[row].tolist())
        assert door.weeks == pytest.approx(chain.time_mean[row])


SERVED = {"station": "desk", "stay": "1 week", "to": "gone"}
FINAL = {"gone": {"final": True}, "off": {"final": True}}
SPENT = {"to": "gone", "rate": "1 per week", "by_time_spent": {"0 days": 0, "9 days": 1}}


@pytest.mark.parametrize(
    ("served", "room", "why"),
    [
        (SERVED | {"stay": {"2018-01-01": "1 week", "2019-09-01": "2 weeks"}}, None, "the stay of served change"),
        (SERVED | {"to": {"2018-01-01": "gone", "2019-09-01": "off"}}, None, "the shares of served change by date"),
        ({"race": [SPENT, {"to": "off", "rate": "1 per week"}]}, None, "the rates of served depend on the time spent"),
        ({"race": [{"to": "gone", "rate": "0 per week"}, {"to": "off", "rate": "0 per week"}]}, None, "never leave"),
        (SERVED | {"refused_to": "off"}, 3, "how many are refused in served depends on the queue"),
        (SERVED | {"to": {"2018-01-01": "off", "2018-05-01": "gone", "2020-01-01": "off"}}, None, ""),
    ],
)
def test_what_is_not_constant_has_no_prospects_and_says_why(served: Any, room: int | None, why: str) -> None:
    desk = {"capacity": 10} | ({"room": room} if room else {})
    states = {"served": served, **FINAL}
    extra = {"back": {"to": "off", "rate": "1 per week"}}
    path = pathway(
        states=states, stations={"desk": desk}, entries=extra | {"door": {"to": "served", "rate": "9 per week"}}
    )
    load = workload(path)
    assert why in load.why_no_prospects
    assert bool(load.why_no_prospects) == bool(why)
    assert bool(load.prospects) == (not why)


def test_the_other_doors_count_and_a_stock_at_the_start_does_not() -> None:
    path = pathway(
        entries={
            "every": {"to": "served", "every": "2 days"},
            "given": {"to": "served", "at": ["2019-02-01", "2019-03-01"]},
            "stock": {"to": "served", "count": 500, "elapsed": "1 week", "waiting": True},
        }
    )
    load = only(path)
    assert load.cases_a_week == pytest.approx(3.5 + 2 / (365 / 7))
    assert load.queue_before == 500


def test_a_station_that_nobody_comes_to_is_idle() -> None:
    path = pathway(stations={"desk": {"capacity": 0}}, entries={"door": {"to": "served", "rate": "0 per week"}})
    assert only(path).utilisation == 0
    assert workload(path).unsettled == ()


@pytest.mark.parametrize("shares", [{"served": 1.0}, {"served": 0.7, "back": 0.2, "round": 0.1}])
def test_a_year_in_which_nobody_leaves_a_round_has_loads(shares: dict[str, float]) -> None:
    path = pathway(
        states={
            "served": {
                "station": "desk",
                "stay": "1 week",
                "to": {"2018-01-01": shares, "2019-12-01": "gone"},
            },
            "back": {"to": {"served": 1.0}},
            "round": {"to": {"served": 1.0}},
            "gone": {"final": True},
        },
        entries={
            "door": {"to": "served", "rate": "9 per week"},
            "b": {"to": "back", "rate": "1 per week"},
            "r": {"to": "round", "rate": "1 per week"},
        },
    )
    load = workload(path)
    assert load.why_no_prospects == "the shares of served change by date"
    assert load.stations[0].cases_a_week > 11
    assert math.isfinite(load.stations[0].queue)


@pytest.mark.parametrize("out", [0.0, 1e-17])
def test_a_round_that_nobody_leaves_has_no_prospects(out: float) -> None:
    # The second adds to 1 but for rounding, so the equations have a solution: an absurd one.
    there = {"served": {"station": "desk", "stay": "1 week", "to": {"back": 1.0 - out, "gone": out}}}
    back = {"back": {"stay": "1 week", "to": "served"}, "gone": {"final": True}}
    door = {"door": {"to": "served", "rate": "1 per week"}}
    load = workload(pathway(states=there | back, entries=door))
    assert load.prospects == ()
    assert load.why_no_prospects == "those who come to served go round without end"
    # Where only some who are there at the start go round, those who come have prospects.
    aside = {"aside": {"stay": "1 week", "to": "gone"}}
    doors = {"door": {"to": "aside", "rate": "1 per week"}, "there": {"to": "served", "count": 3}}
    (prospect,) = workload(pathway(states=there | back | aside, entries=doors)).prospects
    assert (prospect.entry, prospect.weeks, prospect.outcomes) == ("door", 1.0, {"gone": 1.0})
