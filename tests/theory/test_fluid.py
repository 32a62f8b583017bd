"""The pathway as a fluid, against closed forms, queues worked by hand, and the simulation."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from flowsim import Duration, Pathway, Scenario, run
from flowsim.core.civil_time import MINUTES
from flowsim.theory.fluid import Fluid, flow, flow_in_steps
from flowsim.theory.networks import Jackson
from flowsim.theory.survival import cohort_of_race, mean_within, survival_at
from flowsim.theory.transient import MtGInf

WEEK, DAY = MINUTES["week"], MINUTES["day"]
GONE = {"gone": {"final": True}}


class Mixed:
    """Three in four stays of ten weeks on average, exponential, and one of thirty weeks."""

    @staticmethod
    def sf(age: Any) -> Any:
        return 0.75 * stats.expon(scale=10).sf(age) + 0.25 * (np.asarray(age) < 30)


LAWS: list[tuple[Duration, Any]] = [
    (Duration.exponential("10 weeks"), stats.expon(scale=10)),
    (Duration.gamma("10 weeks", 0.5), stats.gamma(4, scale=2.5)),
    (Duration.weibull("10 weeks", 1.0), stats.expon(scale=10)),
    (Duration.weibull("10 weeks", 0.5227232008770633), stats.weibull_min(2, scale=10 / math.gamma(1.5))),
    (Duration.lognormal("10 weeks", 1.0), stats.lognorm(math.log(2) ** 0.5, scale=10 / 2**0.5)),
    (Duration.fixed("10 weeks"), stats.uniform(10, 1e-9)),
    (Duration.empirical(["5 weeks", "30 weeks"], [4, 1]), stats.rv_discrete(values=([5, 30], [0.8, 0.2]))),
    (Duration.mixture([Duration.exponential("10 weeks"), "30 weeks"], [3, 1]), Mixed),
]
IDS = ["exponential", "gamma", "weibull-1", "weibull-2", "lognormal", "fixed", "empirical", "mixture"]


def pathway(states: dict[str, Any], entries: dict[str, Any], **rest: Any) -> Pathway:
    """520 steps of a week, on from Monday 1 January 2018."""
    body = {"name": "town", "start": "2018-01-01", "end": "2027-12-20", "states": states, "entries": entries}
    return Pathway.from_dict(body | rest)


def at(fluid: Fluid, week: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who wait and who are present, in each state, at the end of a week."""
    assert fluid.step == WEEK
    return fluid.waiting[week - 1], fluid.present[week - 1]


def desk(rate: Any, stay: Any, **station: Any) -> Pathway:
    states = {"served": {"station": "desk", "stay": stay, "to": "gone"}, **GONE}
    return pathway(states, {"door": {"to": "served", "rate": rate}}, stations={"desk": station})


def tangle() -> Pathway:
    """All kinds of doors, stays, ways out and stations; minutes and years beside each other."""
    return pathway(
        {
            "talk": {"stay": "30 minutes", "to": {"2018-01-01": "sent", "2021-05-05": {"sent": 0.5, "plan": 0.5}}},
            "sent": {"to": {"plan": 0.7, "talk": 0.3}},
            "plan": {"station": "desk", "stay": {"law": "gamma", "mean": "7 weeks", "cv": 0.5}, "to": "team"},
            "urgent": {"station": "desk", "priority": 1, "stay": "3 days", "to": "team"},
            "team": {
                "station": "board",
                "priority": 2,
                "refused_to": "talk",
                "patience": {"law": "exponential", "mean": "3 weeks"},
                "reneges_to": "gone",
                "to": {"course": 0.6, "gone": 0.4},
            },
            "course": {
                "race": [
                    {"name": "end", "to": "gone", "after": {"law": "empirical", "values": ["1 years", "2 years"]}},
                    {"to": "urgent", "rate": {"2018-01-01": "1 per year", "2020-02-02": "0.2 per year"}},
                    {"to": "plan", "rate": "1 per 5 years", "by_time_spent": {"0 days": 0, "30 weeks": 2}},
                ]
            },
            **GONE,
        },
        {
            "door": {"to": "talk", "rate": {"2018-01-01": "9 per week", "2019-03-03": "19 per week"}},
            "other": {"to": "urgent", "every": "9 days"},
            "dates": {"to": "course", "at": ["2018-06-06", "2022-02-02"]},
            "stock": {"to": "course", "count": 70, "elapsed": {"law": "exponential", "mean": "40 weeks"}},
            "queue": {"to": "team", "count": 25, "waiting": True},
        },
        stations={
            "desk": {"capacity": {"2018-01-01": 90, "2021-01-01": 60}},
            "board": {
                "weekdays": ["tue", "thu"],
                "room": 6,
                "parties": {
                    "a": {"places": {"2018-01-01": 7, "2019-03-03": 3.5}},
                    "b": {
                        "staff": 20,
                        "hours": "5 hours",
                        "hours_a_case": "7 hours",
                        "follow_up": {"course": "6 minutes"},
                    },
                },
            },
        },
    )


def test_others_have_their_turn_after_each_state_and_each_step() -> None:
    path = tangle()
    steps, turns = flow_in_steps(path), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            fluid = end.value
            break
        turns += 1
    assert turns == len(path.states) + len(fluid.present)
    np.testing.assert_array_equal(fluid.present, flow(path).present)


def test_attributes_that_nothing_depends_on_change_no_flow() -> None:
    """Each group has states of its own, and ways out of their queues; together they are the pathway without groups."""
    plain = tangle()
    shares = {"age": {"shares": {"young": 0.3, "old": "rest"}}}
    grouped, alone = flow(Pathway.from_dict(plain.to_dict() | {"attributes": shares})), flow(plain)
    for name in ("entered", "joined", "started", "gave_up", "refused", "waiting", "present", "places"):
        np.testing.assert_allclose(getattr(grouped, name), getattr(alone, name), rtol=1e-9, atol=1e-9)


def test_all_who_enter_are_present_somewhere_at_every_step() -> None:
    fluid = flow(tangle())
    entered = fluid.entered.sum(axis=1).cumsum()
    np.testing.assert_allclose(fluid.present.sum(axis=1), entered, rtol=1e-10)
    for flows in (fluid.joined, fluid.started, fluid.gave_up, fluid.refused, fluid.waiting, fluid.present):
        assert flows.min() > -1e-9
        assert flows.max() > 1  # the pathway exercises all of them
    rate = (
        9 * (datetime(2019, 3, 3) - datetime(2018, 1, 1)).days
        + 19 * (datetime(2027, 12, 20) - datetime(2019, 3, 3)).days
    )
    assert entered[-1] == pytest.approx(rate / 7 + 3640 / 9 + 2 + 70 + 25)


def test_a_flow_into_a_state_is_all_that_leaves_elsewhere_for_it() -> None:
    # In the queue of the board: who joined less who began, gave up and were refused.
    fluid = flow(tangle())
    queue = fluid.joined - fluid.started - fluid.gave_up - fluid.refused
    stations = [i for i, state in enumerate(fluid.pathway.states) if state.station]
    stock = np.array([25.0 if state.name == "team" else 0.0 for state in fluid.pathway.states])
    np.testing.assert_allclose((stock + queue.cumsum(axis=0))[:, stations], fluid.waiting[:, stations], atol=1e-6)
    assert fluid.waiting[:, 4].max() == pytest.approx(6)


def test_servers_never_have_more_than_their_number_but_for_those_whom_a_cut_found() -> None:
    fluid = flow(tangle())
    busy = (fluid.present - fluid.waiting)[:, [2, 3]].sum(axis=1)
    cut = fluid.steps_of(datetime(2018, 1, 1), datetime(2021, 1, 1)).stop
    assert busy[:cut].max() <= 90 + 1e-9
    assert busy[cut + 40 :].max() == pytest.approx(60)


@pytest.mark.parametrize(("law", "frozen"), LAWS, ids=IDS)
def test_laws_are_those_of_scipy(law: Duration, frozen: Any) -> None:
    ages = np.array([0.0, 0.01, 1.0, 4.0, 9.0, 12.0, 29.0, 31.0, 200.0])
    np.testing.assert_allclose(survival_at(law, ages * WEEK), frozen.sf(ages), rtol=1e-9, atol=1e-14)
    for age, found in zip(ages, mean_within(law, ages * WEEK) / WEEK, strict=True):
        cuts = [point for point in (0.0, 5.0, 10.0, 30.0) if point < age] + [float(age)]
        parts = [integrate.quad(frozen.sf, a, b, epsabs=1e-12)[0] for a, b in pairwise(cuts)]
        assert found == pytest.approx(sum(parts), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(("law", "frozen"), LAWS, ids=IDS)
def test_the_number_present_is_that_of_the_infinite_server_queue(law: Duration, frozen: Any) -> None:
    path = pathway(
        {"in": {"stay": law.model_dump(), "to": "gone"}, **GONE},
        {"door": {"to": "in", "rate": {"2018-01-01": "9 per week", "2018-02-26": "2 per week"}}},
    )
    fluid, theory = flow(path), MtGInf(starts=(0.0, 8.0), rates=(9.0, 2.0), survival=lambda age: float(frozen.sf(age)))
    for week in (4, 8, 12, 20, 60):
        assert at(fluid, week)[1][0] == pytest.approx(theory.number_mean(week), rel=1e-6)


def test_stays_of_minutes_are_passed_within_a_step() -> None:
    path = pathway(
        {
            "a": {"stay": "20 minutes", "to": "b"},
            "b": {"stay": {"law": "exponential", "mean": "2 hours"}, "to": "c"},
            "c": {"stay": "10 weeks", "to": "gone"},
            **GONE,
        },
        {"door": {"to": "a", "rate": "9 per week"}},
    )
    fluid = flow(path)
    np.testing.assert_allclose(at(fluid, 30)[1][:3], [9 * 20 / (7 * 1440), 9 / 84, 90], rtol=1e-6)
    assert fluid.joined[0, 2] == pytest.approx(9 - 9 * 20 / (7 * 1440) - 9 / 84, rel=1e-3)


def test_a_stay_keeps_the_law_of_its_start() -> None:
    path = pathway(
        {"in": {"stay": {"2018-01-01": "20 weeks", "2018-04-09": "5 weeks"}, "to": "gone"}, **GONE},
        {"door": {"to": "in", "rate": "10 per week"}},
    )
    # From week 14 on stays are short. In week 19 the last 6 of the long ones... all 14 are there, and 5 short ones.
    fluid = flow(path)
    assert [at(fluid, week)[1][0] for week in (14, 19, 25, 34)] == pytest.approx([140, 190, 140, 50])


def test_a_longer_law_holds_for_those_alone_who_start_under_it() -> None:
    path = pathway(
        {"in": {"stay": {"2018-01-01": "5 weeks", "2018-04-09": "20 weeks"}, "to": "gone"}, **GONE},
        {"door": {"to": "in", "rate": "10 per week"}},
    )
    fluid = flow(path)
    assert [at(fluid, week)[1][0] for week in (14, 19, 25, 34)] == pytest.approx([50, 50, 110, 200])


def test_a_stock_goes_on_from_the_time_that_has_elapsed() -> None:
    law = {"law": "gamma", "mean": "30 weeks", "cv": 0.5}
    elapsed = {"law": "exponential", "mean": "20 weeks"}
    path = pathway({"in": {"stay": law, "to": "gone"}, **GONE}, {"s": {"to": "in", "count": 1000, "elapsed": elapsed}})
    frozen, fluid = stats.gamma(4, scale=7.5), flow(path)
    for week in (5, 20, 50):
        left = integrate.quad(lambda e: frozen.sf(e + week) / frozen.sf(e) * math.exp(-e / 20) / 20, 0, 200)[0]  # noqa: B023
        assert at(fluid, week)[1][0] == pytest.approx(1000 * left, rel=0.01)


def test_a_memoryless_stock_falls_by_the_law() -> None:
    law = {"law": "exponential", "mean": "30 weeks"}
    path = pathway(
        {"in": {"stay": law, "to": "gone"}, **GONE}, {"s": {"to": "in", "count": 1000, "elapsed": "80 years"}}
    )
    assert at(flow(path), 30)[1][0] == pytest.approx(1000 / math.e, rel=1e-3)


def race(*exits: dict[str, Any], **count: Any) -> Fluid:
    ends = {exit_["to"]: {"final": True} for exit_ in exits}
    return flow(pathway({"in": {"race": list(exits)}, **ends}, {"s": {"to": "in", **count}}))


def test_a_race_is_lost_by_calendar_and_by_age() -> None:
    early = {"2018-01-01": "1 per 20 weeks", "2018-12-31": "1 per 10 weeks"}
    late = {"0 days": 0, "12 weeks": 1}
    exits = ({"to": "job", "rate": early}, {"to": "plan", "rate": "1 per 5 weeks", "by_time_spent": late})
    fluid = race(*exits, at=["2018-01-01"])
    # She comes evenly in week 0, so at the end of week 10 she has spent 9.5 weeks on average.
    stay = at(fluid, 10)[1]
    mean = np.exp(-np.linspace(9, 10, 100_001) / 20).mean()
    assert stay == pytest.approx([mean, 1 - mean, 0], abs=1e-6)
    steady = race(*exits, rate="9 per week")
    short = integrate.quad(lambda a: math.exp(-a / 10), 0, 12)[0] + math.exp(-1.2) / (1 / 10 + 1 / 5)
    assert at(steady, 500)[1][0] == pytest.approx(9 * short, rel=1e-6)
    to_job, to_plan = steady.joined[500, 1:]
    assert to_plan == pytest.approx(9 * math.exp(-1.2) * 2 / 3, rel=1e-6)
    assert to_job + to_plan == pytest.approx(9, rel=1e-6)


@pytest.mark.parametrize("after", ["26 weeks", "26.4 weeks", "1 days", "0 minutes"])
def test_a_fixed_end_takes_all_who_are_left_in_a_race(after: str) -> None:
    exits = ({"to": "end", "after": after}, {"to": "job", "rate": "1 per 20 weeks"})
    fluid = race(*exits, rate="9 per week")
    left = math.exp(-Duration.fixed(after).mean_minutes / WEEK / 20)
    assert fluid.joined[400, 1] == pytest.approx(9 * left, rel=1e-6)
    assert fluid.present[400, 0] == pytest.approx(9 * 20 * (1 - left), rel=1e-6, abs=1e-4)


def test_a_race_against_a_law_is_won_as_in_the_integral() -> None:
    path = pathway(
        {
            "in": {
                "race": [
                    {"to": "a", "after": {"law": "gamma", "mean": "9 weeks", "cv": 0.5}},
                    {"to": "b", "rate": "1 per 20 weeks"},
                ]
            },
            "a": {"final": True},
            "b": {"final": True},
        },
        {"s": {"to": "in", "rate": "9 per week"}},
    )
    cohort = cohort_of_race(path.states[0].race, [0.0, 1 / (20 * WEEK)], WEEK, 520)
    wins = integrate.quad(lambda t: stats.gamma(4, scale=2.25).pdf(t) * math.exp(-t / 20), 0, np.inf)[0]
    assert cohort.shares == pytest.approx([wins, 1 - wins], rel=1e-4)
    assert flow(path).joined[400, 1:] == pytest.approx([9 * wins, 9 * (1 - wins)], rel=1e-4)


def test_an_overloaded_meeting_grows_by_cases_less_places() -> None:
    fluid = flow(desk("9 per week", "1 days", weekdays=["tue"], places=7.5))
    np.testing.assert_allclose(np.diff(fluid.waiting[10:, 0]), 1.5, atol=1e-9)
    np.testing.assert_allclose(fluid.started[10:, 0], 7.5)
    np.testing.assert_allclose(fluid.places[:, 0], 7.5)


def test_of_several_parties_the_least_of_the_whole_places_counts_as_in_the_engines() -> None:
    """By tens of meetings 0.5 and 0.3 places are whole at the second, fourth, ... and at the fourth, seventh, tenth."""
    by_party = {"one": {"places": 0.5}, "other": {"places": 0.3}}
    team = {"weekdays": ["tue"], "parties": by_party}
    path = pathway(
        {"in": {"station": "team", "to": "gone"}, **GONE},
        {"come": {"to": "in", "rate": "9 per week"}},
        stations={"team": team},
    )
    fluid = flow(path)
    places = fluid.places[:10, 0]
    np.testing.assert_allclose(places, [0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    sessions = run(path, replications=1, keep_traces=True).sessions(0)
    assert sessions["places"][:10].tolist() == places.tolist()


def test_before_a_meeting_those_wait_who_came_since_the_last() -> None:
    # Tuesday 9:00 is 33 hours into the week: 135 of its 168 hours' cases wait at its end.
    fluid = flow(desk("9 per week", "1 days", weekdays=["tue"], places=20))
    np.testing.assert_allclose(fluid.waiting[5:, 0], 9 * 135 / 168)


def test_a_queue_falls_and_grows_with_a_step_in_capacity() -> None:
    # 12 a week for stays of a week: of 10 servers 2 a week stay behind; 15 take 3 off the queue again.
    capacity = {"2018-01-01": 10, "2019-01-07": 15}
    law = {"law": "exponential", "mean": "1 weeks"}
    fluid = flow(desk("12 per week", law, capacity=capacity))
    queue = fluid.waiting[:, 0]
    np.testing.assert_allclose(np.diff(queue[10:53]), 2, atol=1e-9)
    np.testing.assert_allclose(np.diff(queue[56:80]), -3, atol=1e-9)
    np.testing.assert_allclose(queue[110:], 0, atol=1e-9)


@pytest.mark.parametrize("stay", ["3 minutes", "3 days", "2.5 weeks", {"law": "gamma", "mean": "9 weeks", "cv": 0.7}])
def test_full_servers_take_their_number_over_the_mean_stay_whatever_the_law(stay: Any) -> None:
    mean = Duration.model_validate(stay).mean_minutes / WEEK
    fluid = flow(desk(f"{12 / mean} per week", stay, capacity=10))
    assert fluid.started[400:, 0].mean() == pytest.approx(10 / mean, rel=1e-6)
    assert fluid.places[400, 0] == pytest.approx(10 / mean)
    assert fluid.waiting[-1, 0] - fluid.waiting[-101, 0] == pytest.approx(200 / mean, rel=1e-6)


def test_groups_leave_the_servers_idle_that_make_no_whole_group() -> None:
    """Of 11 servers two groups of four hold eight, and of 7 one group holds four, over a mean stay of half a week."""
    capacity = {"2018-01-01": 11, "2023-01-02": 7}
    fluid = flow(desk("30 per week", "3.5 days", capacity=capacity, together=4))
    growth = np.diff(fluid.waiting[:, 0])
    for weeks, servers in ((slice(10, 259), 8), (slice(270, 519), 4)):
        np.testing.assert_allclose(fluid.places[weeks, 0], servers / 0.5)
        np.testing.assert_allclose(growth[weeks], 30 - servers / 0.5, rtol=1e-6)


def test_the_better_class_is_served_first_and_a_class_shares_alike() -> None:
    own = {"station": "desk", "to": "gone"}
    path = pathway(
        {"first": own | {"priority": 1}, "b": own | {"priority": 2}, "c": own | {"priority": 2}, **GONE},
        {n: {"to": n, "rate": f"{r} per week"} for n, r in (("first", 4), ("b", 6), ("c", 3))},
        stations={"desk": {"weekdays": ["mon"], "at": "00:00", "places": 10}},
    )
    # A meeting at the very beginning of a week finds those who came in the week before.
    fluid = flow(path)
    np.testing.assert_allclose(fluid.started[5:, 0], 4)
    np.testing.assert_allclose(fluid.started[5:, 1] / fluid.started[5:, 2], 2)
    np.testing.assert_allclose(fluid.started[5:].sum(axis=1)[:, None], 10 + fluid.joined[5:, 3:])


@pytest.mark.parametrize("patience", ["2 days", "30 weeks"])
def test_impatience_holds_a_queue_at_its_excess_times_the_patience(patience: str) -> None:
    states = {
        "served": {
            "station": "desk",
            "to": "gone",
            "patience": {"law": "exponential", "mean": patience},
            "reneges_to": "home",
        },
        "home": {"final": True},
        **GONE,
    }
    fluid = flow(
        pathway(
            states,
            {"d": {"to": "served", "rate": "12 per week"}},
            stations={"desk": {"weekdays": ["sun"], "at": "23:59", "places": 10}},
        )
    )
    mean = Duration.exponential(patience).mean_minutes / WEEK
    assert fluid.waiting[-1, 0] == pytest.approx(2 * mean, rel=1e-3)
    assert fluid.joined[-1, 1] == pytest.approx(2, rel=1e-3)


def test_a_full_room_refuses_what_is_too_much() -> None:
    states = {"served": {"station": "desk", "to": "gone", "refused_to": "home"}, "home": {"final": True}, **GONE}
    stations = {"desk": {"weekdays": ["mon"], "places": 10, "room": 40}}
    fluid = flow(pathway(states, {"d": {"to": "served", "rate": "12 per week"}}, stations=stations))
    assert fluid.waiting[-1, 0] == pytest.approx(40)
    np.testing.assert_allclose(fluid.joined[100:, 1], 2)


def test_hours_go_first_to_those_who_are_present() -> None:
    # 100 hours a meeting, 10 a case; each of the present takes 1 hour, so x = (100 - 4 x) / 10 are taken.
    party = {"staff": 10, "hours": "10 hours", "hours_a_case": "10 hours", "follow_up": {"after": "1 hours"}}
    path = pathway(
        {
            "served": {"station": "desk", "to": "after"},
            "after": {"stay": {"law": "exponential", "mean": "4 weeks"}, "to": "gone"},
            **GONE,
        },
        {"door": {"to": "served", "rate": "50 per week"}},
        stations={"desk": {"weekdays": ["mon"], "parties": {"a": party}}},
    )
    assert flow(path).started[-1, 0] == pytest.approx(100 / 14, rel=0.01)


def test_in_the_long_run_flows_are_those_of_a_jackson_network() -> None:
    law = {"law": "exponential", "mean": "1 weeks"}
    states = {
        "a": {"station": "one", "stay": law, "to": {"b": 0.5, "gone": 0.5}},
        "b": {"station": "two", "stay": law, "to": {"a": 0.4, "gone": 0.6}},
        **GONE,
    }
    stations = {"one": {"capacity": 14}, "two": {"capacity": 8}}
    fluid = flow(pathway(states, {"door": {"to": "a", "rate": "8 per week"}}, stations=stations))
    theory = Jackson(rates=(8.0, 0.0), shares=[[0, 0.5], [0.4, 0]], mean_service=(1.0, 1.0), servers=(14, 8))
    np.testing.assert_allclose(fluid.joined[-1, :2], theory.throughputs, rtol=1e-9)
    np.testing.assert_allclose(fluid.present[-1, :2], theory.throughputs, rtol=1e-9)


def test_steps_are_a_week_or_a_520th_of_the_horizon_and_not_too_many() -> None:
    states, door = {"in": {"to": "gone"}, **GONE}, {"d": {"to": "in", "at": ["2018-01-01"]}}
    ends = {
        "2018-01-02": (520, DAY / 520),
        "2038-01-01": (1044, 7305 * DAY / 1044),
        "2098-01-01": (2080, 29220 * DAY / 2080),
    }
    for end, (steps, length) in ends.items():
        fluid = flow(pathway(states, door, end=end))
        assert (len(fluid.joined), fluid.step) == (steps, pytest.approx(length))


@pytest.mark.slow
def test_copenhagen_is_as_close_to_the_simulation_as_the_guide_says() -> None:
    # As in the guide: at the mode, without the team's answer to its wait, which a fluid does not follow.
    unanswered = {"station": "rehabilitation_team", "answers": "off"}
    path = Scenario.from_dict({"base": "copenhagen", "name": "unanswered", "stations": [unanswered]}).pathway()
    fluid, results = flow(path), run(path, replications=100, seed=1)
    team = fluid.states_of(path.station("rehabilitation_team"))
    for year in range(2016, 2021):
        last = fluid.steps_of(datetime(year, 1, 1), datetime(year + 1, 1, 1)).stop - 1
        queue = np.mean(results.select("queue.rehabilitation_team", f"{year}-12").values)
        assert fluid.waiting[last, team].sum() == pytest.approx(queue, rel=1 / 8), year
        for benefit, most in (("kontanthjaelp", 0.03), ("ressourceforloeb", 0.04), ("fleksjob", 0.01)):
            states = [i for i, state in enumerate(path.states) if state.benefit == benefit]
            stock = np.mean(results.select(f"stock.{benefit}", f"{year}Q4").values)
            assert fluid.present[last, states].sum() == pytest.approx(stock, rel=most), (benefit, year)


def test_a_batch_counts_as_many_as_come_together() -> None:
    """Batches of three and then of one or five come as three times as many citizens do."""
    sizes = {"2018-01-01": 3, "2021-05-05": {"1": 0.5, "5": 0.5}}
    states = {"served": {"stay": "4 weeks", "to": "gone"}, **GONE}
    moments = ["2019-03-05", "2022-03-05", "2022-03-05"]
    single = {
        "door": {"to": "served", "rate": "30 per week"},
        "renewal": {"to": "served", "every": "56 hours"},
        "given": {"to": "served", "at": moments * 3},
    }
    together = {
        "door": {"to": "served", "rate": "10 per week", "batch": sizes},
        "renewal": {"to": "served", "every": "1 week", "batch": sizes},
        "given": {"to": "served", "at": moments, "batch": sizes},
    }
    np.testing.assert_allclose(*(flow(pathway(states, doors)).present for doors in (single, together)), rtol=1e-12)
