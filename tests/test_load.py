"""The load that each station is offered, against cases worked by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from flowsim.errors import InputError
from flowsim.load import Load, offered_load, overloaded
from flowsim.pathway import Pathway


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


def only(path: Pathway) -> Load:
    (load,) = offered_load(path)
    return load


def test_servers_in_an_mmc_queue_are_used_by_arrivals_times_stay_over_servers() -> None:
    load = only(pathway())
    assert (load.station, load.year) == ("desk", 2019)
    assert load.cases_a_week == pytest.approx(9, rel=1e-12)
    assert load.places_a_week == pytest.approx(10, rel=1e-12)
    assert load.utilisation == pytest.approx(0.9, rel=1e-12)


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
    one, two = offered_load(path)
    assert (one.cases_a_week, two.cases_a_week) == (pytest.approx(10), pytest.approx(5))
    assert (one.utilisation, two.utilisation) == (pytest.approx(0.5), pytest.approx(2.5))
    assert overloaded(path) == [two]


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


def test_each_calendar_year_has_its_mean_rate_and_its_mean_capacity() -> None:
    path = pathway(
        start="2018-07-01",
        end="2020-01-01",
        entries={"door": {"to": "served", "rate": {"2018-07-01": "3 per week", "2018-10-01": "6 per week"}}},
        stations={"desk": {"capacity": {"2018-01-01": 10, "2019-07-02": 20}}},
    )
    first, second = offered_load(path)
    # 92 days until October, 92 days after.
    assert (first.year, first.cases_a_week, first.places_a_week) == (
        2018,
        pytest.approx(4.5),
        pytest.approx(10),
    )
    # 182 days at 10 and 183 at 20.
    assert (second.year, second.cases_a_week) == (2019, pytest.approx(6))
    assert second.places_a_week == pytest.approx((182 * 10 + 183 * 20) / 365)


def test_the_shares_are_those_of_the_middle_of_the_year() -> None:
    path = pathway(
        states={
            "served": {"to": {"2018-01-01": {"again": 1.0}, "2019-07-15": {"again": 0.5, "gone": 0.5}}},
            "again": {"station": "desk", "stay": "1 week", "to": "gone"},
            "gone": {"final": True},
        },
        end="2021-01-01",
    )
    assert [load.cases_a_week for load in offered_load(path)] == [pytest.approx(9), pytest.approx(4.5)]


def test_a_meeting_takes_its_places_on_each_day_that_it_is_held() -> None:
    # 2019 has 52 Mondays, one of them a holiday.
    load = only(pathway(stations=meeting(places=8, holidays=["2019-04-22"])))
    assert load.places_a_week == pytest.approx(51 * 8 / (365 / 7))
    assert load.utilisation == pytest.approx(9 * 365 / 7 / (51 * 8))


def test_the_party_with_the_fewest_places_counts() -> None:
    parties = {"a": {"places": {"2019-01-01": 3, "2019-07-01": 9}}, "b": {"places": 5}}
    # 25 Mondays until July, 27 after.
    load = only(pathway(stations=meeting(parties=parties)))
    assert load.places_a_week == pytest.approx((25 * 3 + 27 * 5) / (365 / 7))


def test_hours_go_first_to_the_follow_up_of_citizens_in_process() -> None:
    party = {"staff": 10, "hours": "30 hours", "hours_a_case": "15 hours"}
    states = {
        "served": {"station": "desk", "stay": "4 weeks", "to": "gone"},
        "gone": {"final": True},
    }
    free = only(pathway(states=states, stations=meeting(parties={"a": party})))
    assert free.places_a_week == pytest.approx(52 * 20 / (365 / 7))
    # 9 a week for 4 weeks are 36 citizens of 5 hours: 180 of the 300 hours.
    busy = only(pathway(states=states, stations=meeting(parties={"a": party | {"follow_up": {"served": "5 hours"}}})))
    assert busy.places_a_week == pytest.approx(52 * 8 / (365 / 7))
    none = only(pathway(states=states, stations=meeting(parties={"a": party | {"follow_up": {"served": "9 hours"}}})))
    assert none.places_a_week == 0
    assert none.utilisation == math.inf


def race(*exits: dict[str, Any]) -> Pathway:
    """A race decides who goes on to the desk."""
    return pathway(
        states={
            "served": {"race": list(exits)},
            "desk": {"station": "desk", "stay": "1 week", "to": "gone"},
            "gone": {"final": True},
        }
    )


def test_a_race_is_won_in_proportion_to_the_rates() -> None:
    path = race({"to": "desk", "rate": "1 per year"}, {"to": "gone", "rate": "2 per year"})
    assert only(path).cases_a_week == pytest.approx(3)


def test_an_exit_after_a_fixed_time_is_for_those_whom_no_rate_took() -> None:
    path = race({"to": "desk", "after": "1 years"}, {"to": "gone", "rate": "2 per year"})
    assert only(path).cases_a_week == pytest.approx(9 * math.exp(-2))


def test_an_exit_after_an_exponential_time_is_a_rate() -> None:
    after = {"law": "exponential", "mean": "1 years"}
    path = race({"to": "desk", "after": after}, {"to": "gone", "rate": "2 per year"})
    assert only(path).cases_a_week == pytest.approx(3)


def test_rates_by_time_spent_are_worked_piece_by_piece() -> None:
    # Nobody leaves to the desk in the first year; by then e^-1 are left, of whom half win at equal rates.
    path = race(
        {"to": "desk", "rate": "1 per year", "by_time_spent": {"0 days": 0, "1 years": 1}},
        {"to": "gone", "rate": "1 per year"},
    )
    assert only(path).cases_a_week == pytest.approx(9 * math.exp(-1) / 2)


def test_a_race_keeps_a_server_until_the_first_exit() -> None:
    # The mean of the least of 1 week and an exponential of mean 1 week is 1 - 1/e weeks.
    path = pathway(
        states={
            "served": {
                "station": "desk",
                "race": [
                    {"name": "late", "to": "gone", "after": "1 week"},
                    {"to": "gone", "rate": "1 per week"},
                ],
            },
            "gone": {"final": True},
        },
    )
    assert only(path).utilisation == pytest.approx(0.9 * (1 - math.exp(-1)))


def test_the_other_doors_count_and_a_stock_at_the_start_does_not() -> None:
    path = pathway(
        entries={
            "every": {"to": "served", "every": "2 days"},
            "given": {"to": "served", "at": ["2019-02-01", "2019-03-01"]},
            "stock": {"to": "served", "count": 500, "elapsed": "1 week", "waiting": True},
        }
    )
    assert only(path).cases_a_week == pytest.approx(3.5 + 2 / (365 / 7))


def test_a_station_that_nobody_comes_to_is_idle() -> None:
    path = pathway(stations={"desk": {"capacity": 0}}, entries={"door": {"to": "served", "rate": "0 per week"}})
    assert only(path).utilisation == 0
    assert overloaded(path) == []


@pytest.mark.parametrize("shares", [{"served": 1.0}, {"served": 0.7, "back": 0.2, "round": 0.1}])
def test_a_round_that_nobody_leaves_is_refused(shares: dict[str, float]) -> None:
    # The second set adds to 1 but for rounding, so the equations have a solution: an absurd one.
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
    with pytest.raises(InputError, match="clinic: by the shares of 2019 citizens go round without end"):
        offered_load(path)
