"""The least staffing that meets a goal: found where it is known, and never claimed where it is not."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flowsim import InputError, Scenario, run
from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Study
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.response import Response
from flowsim.planning.staffing.search import frontier, seek
from flowsim.planning.staffing.trials import Question, StoppingRule
from flowsim.simulation.intervals import bounded_interval, cautious_interval
from flowsim.simulation.precision import looks
from flowsim.theory.queues import MMc
from helpers.paths import SMALL_TOWN
from helpers.scenarios import clearing, scenario_of

TOWN = SMALL_TOWN
WEDNESDAYS = 52  # of 2019


def levels(scenario, name, least, most, every=1):
    return Levels(lever=Lever.parse(name, scenario.pathway()), least=least, most=most, every=every)


def sought(raw, goals, name, least, most, during="2019", chance=None, **how):
    scenario = scenario_of(raw)
    goals = [goals] if isinstance(goals, str) else goals
    question = Question.of(scenario, goals, during, chance=chance)
    return seek(question, levels(scenario, name, least, most), **how)


def verdicts(trials):
    return {trial.levels[0]: trial.verdict for trial in trials}


# --- Where nothing is left to chance ---


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 2000), st.integers(0, 300), st.integers(0, 20), st.integers(1, 60))
def test_the_least_is_found(stock, left, least, span):
    most = least + span
    answer = sought(clearing(stock, team={"places": 1.0}), f"queue of team <= {left}", "team.places", least, most)
    needed = max(math.ceil((stock - left) / WEDNESDAYS), 0)
    if needed <= least:
        assert (answer.outcome, answer.least, answer.below) == ("lowest", least, None)
    elif needed <= most:
        assert (answer.outcome, answer.least) == ("found", needed)
        assert answer.below.levels == (needed - 1,)
        assert verdicts(answer.trials)[needed - 1] == "misses"
    else:
        assert (answer.outcome, answer.least) == ("beyond", None)
    assert answer.ceiling.meets
    assert answer.contrary == answer.relief == ()
    assert len(answer.trials) + 1 <= answer.tests
    for trial in answer.trials:
        assert (trial.verdict == "meets") == (trial.levels[0] >= needed)
        assert trial.findings[0].mean.estimate == max(stock - WEDNESDAYS * trial.levels[0], 0)


def test_beside_the_level_found_its_neighbours_are_tried():
    answer = sought(clearing(1000, team={"places": 1.0}), "queue of team <= 0", "team.places", 0, 64)
    assert answer.least == 20
    assert {18, 19, 20, 21} <= verdicts(answer.trials).keys()


def test_what_else_must_give_is_told():
    raw = clearing(1000, first={"places": 5.0}, second={"places": 3.0}, third={"places": 9.0})
    answer = sought(raw, "queue of first <= 100", "second.places", 0, 9)
    assert (answer.outcome, answer.least) == ("unreachable", None)
    assert {r.stations: r.trial.verdict for r in answer.relief} == {
        ("first",): "meets",
        ("third",): "misses",
        ("first", "third"): "meets",
    }
    assert answer.relief[0].stations == ("first",)  # what helps most comes first
    assert answer.relief[0].trial.findings[0].mean.estimate == 0
    more = sought(raw, "awards.out >= 450", "second.places", 0, 9)
    assert [(r.stations, r.trial.verdict) for r in more.relief[:2]] == [(("first",), "meets"), (("third",), "misses")]


def test_one_party_may_be_what_stands_in_the_way():
    raw = clearing(1000, team={"parties": {"town": {"places": 5.0}, "region": {"places": 6.0}}})
    alone = sought(raw, "queue of team <= 0", "team.town.places", 1, 60)
    assert alone.outcome == "unreachable"
    assert [one.stations for one in alone.relief] == [("team",)]
    assert alone.relief[0].trial.meets
    both = sought(raw, "queue of team <= 0", "team.places", 1, 60)
    assert (both.outcome, both.least) == ("found", 20)


def test_where_more_makes_it_worse_that_is_told():
    raw = clearing(1000, first={"places": 5.0}, second={"places": 5.0})
    answer = sought(raw, "queue of second <= 10", "first.places", 5, 40)
    assert (answer.outcome, answer.least) == ("lowest", 5)
    assert [(low.levels, high.levels) for low, high in answer.contrary] == [((5,), (math.inf,))]


@pytest.mark.parametrize(("places", "answers"), [(11, {16}), (12, {16, 17}), (30, set(range(16, 65))), (9, set())])
def test_goals_of_which_one_needs_more_and_one_less(places, answers):
    # Nearly all have to leave the first station within the year, at a pace that the second can keep up with.
    raw = clearing(1000, first={"places": 5.0}, second={"places": float(places)})
    goals = ["queue of first <= 200", "queue of second <= 300"]
    met = {n for n in range(1, 65) if 1000 - 52 * n <= 200 and min(1000, 52 * n) - 52 * places <= 300}
    assert met == answers
    answer = sought(raw, goals, "first.places", 1, 64)
    if met:
        assert (answer.outcome, answer.least, answer.conflict) == ("found", 16, None)
    else:
        assert (answer.outcome, answer.least, answer.conflict.levels) == ("conflict", None, (16,))
        assert [finding.verdict for finding in answer.conflict.findings] == ["meets", "misses"]
        assert answer.relief == ()


def test_a_goal_that_levels_between_meet_alone_is_found_where_it_is_tried():
    # Nine leave a week; where more come, all but forty of them turn away, and none is left when the year ends.
    raw = clearing(1000, first={"places": 5.0}, second={"places": 9.0})
    raw["stations"]["second"]["room"] = 40
    raw["states"]["second"]["refused_to"] = "lost"
    raw["states"]["lost"] = {"final": True}
    answer = sought(raw, "awards.out >= 450", "first.places", 1, 64)
    assert (answer.outcome, answer.least) == ("found", 9)  # 52 weeks of 9
    assert verdicts(answer.trials)[64] == "misses"
    assert answer.contrary


def test_several_goals_have_to_be_met_together():
    raw = clearing(1000, first={"places": 5.0}, second={"places": 30.0})
    answer = sought(raw, ["queue of first <= 600", "queue of first <= 300"], "first.places", 1, 64)
    assert answer.least == math.ceil(700 / 52)
    assert len(answer.trials[0].findings) == 2


def test_a_level_at_which_the_queue_stands_still_misses():
    answer = sought(clearing(1000, team={"places": 1.0}), "wait for team <= 52 weeks", "team.places", 0, 5)
    nobody = next(trial for trial in answer.trials if trial.levels == (0,))
    (finding,) = nobody.findings
    assert (nobody.verdict, finding.undefined, finding.standstills, nobody.kept.estimate) == ("misses", 0, 2, 0)
    assert finding.mean.estimate == math.inf
    assert answer.least == 1


def test_the_lever_holds_from_the_period_on():
    answer = sought(clearing(1000, team={"places": 10.0}), "queue of team <= 0", "team.places", 0, 99, during="2019Q3")
    before = 26  # Wednesdays until the end of June
    assert answer.least == math.ceil((1000 - 10 * before) / 13)


def test_a_goal_that_looks_ahead_sees_what_comes_after_the_period():
    answer = sought(
        clearing(1000, team={"places": 20.0}), "wait.team.first_free <= 6 weeks", "team.places", 0, 90, during="2019Q2"
    )
    served = 20 * 13  # until the end of March
    # Of those who wait at the end of June, n a week from the Wednesday three days later on; the sixth meets no more.
    waiting = {n: max(1000 - served - 13 * n, 0) for n in range(91)}
    expected = next(n for n in range(1, 91) if 3 / 7 + waiting[n] // n <= 6)
    assert (answer.outcome, answer.least) == ("found", expected)
    assert answer.ceiling.findings[0].undefined == 0


def queue_of_second(first, second, stock=600, weeks=13):
    waiting = there = 0
    for _ in range(weeks):
        going = min(first, stock - there)
        there += going
        waiting = max(waiting + going - second, 0)
    return waiting


@pytest.mark.parametrize(("every", "rows"), [(6, (1, 7, 13, 19, 25, 31, 37, 40)), (13, (1, 14, 27, 40))])
def test_the_frontier_is_that_of_all_pairs(every, rows):
    raw = clearing(600, first={"places": 5.0}, second={"places": 5.0})
    scenario = scenario_of(raw)
    question = Question.of(scenario, ["queue of second <= 40"], "2019Q1")
    one, other = levels(scenario, "first.places", 1, 40, every), levels(scenario, "second.places", 2, 30)
    found = frontier(question, one, other)
    expected = {a: next((b for b in range(2, 31) if queue_of_second(a, b) <= 40), None) for a in rows}
    assert {point.level: point.least for point in found.points} == expected
    assert None in expected.values()  # and none is found where there is none
    assert len(set(expected.values())) > 3
    assert len(found.trials) + 1 <= found.tests
    assert found.trial(1, 2).meets
    with pytest.raises(InputError, match=r"first\.places = 1 with second\.places = 17 was not tried"):
        found.trial(1, 17)


def test_a_frontier_without_a_point_tells_what_else_must_give():
    raw = clearing(600, first={"places": 5.0}, second={"places": 5.0}, third={"places": 9.0})
    scenario = scenario_of(raw)
    question = Question.of(scenario, ["queue of first <= 9"], "2019Q1")
    found = frontier(question, levels(scenario, "second.places", 1, 4), levels(scenario, "third.places", 1, 4))
    assert [point.least for point in found.points] == [None] * 4
    assert [(one.stations, one.trial.meets) for one in found.relief] == [(("first",), True)]


def test_two_levers_of_the_same_thing_are_refused():
    raw = clearing(600, team={"parties": {"town": {"places": 5.0}, "region": {"places": 6.0}}})
    scenario = scenario_of(raw)
    question = Question.of(scenario, ["queue of team <= 9"], "2019Q1")
    one, other = levels(scenario, "team.places", 1, 4), levels(scenario, "team.town.places", 1, 4)
    with pytest.raises(InputError, match=r"team\.town\.places: it changes the same as team\.places"):
        frontier(question, one, other)


# --- Where there is chance ---


@pytest.mark.parametrize("goal", ["queue of desk <= 0.05", "people on cash <= 50"])
def test_numbers_that_are_all_alike_decide_nothing(goal):
    """A desk that hardly ever has a queue: its end of the year is empty in every replication, and yet not always."""
    raw = OFFICE | {"states": {**OFFICE["states"], "service": {**OFFICE["states"]["service"], "benefit": "cash"}}}
    answer = sought(raw, goal, "desk.capacity", 26, 29, "2002", stopping=StoppingRule(most=40))
    for trial in answer.trials:
        (finding,) = trial.findings
        assert finding.alike == (finding.mean.high == math.inf)
        assert finding.verdict == "close" or not finding.alike
    if goal.startswith("queue"):
        assert all(trial.findings[0].alike and trial.hopeful for trial in answer.trials)
        assert (answer.outcome, answer.least) == ("close", None)


def test_a_level_that_may_meet_all_goals_is_named_before_a_conflict_is():
    """One goal wants ten desks or more and the other ten or fewer; forty replications can't tell whether ten do."""
    bounds = wait_of(10) * 1.02, 0.8 * 0.99
    goals = [f"wait for desk <= {bounds[0]!r} hours", f"utilisation.desk >= {bounds[1]!r}"]
    answer = sought(OFFICE, goals, "desk.capacity", 8, 14, "2002", stopping=StoppingRule(most=40))
    assert (answer.outcome, answer.least, answer.conflict) == ("close", None, None)
    assert 10 in {trial.levels[0] for trial in answer.close}


def town_answer(parameters=None, goals=("wait for team <= 4 weeks",), chance=None, **how):
    scenario = Scenario.of(TOWN / "town.toml")
    question = Question.of(scenario, list(goals), "2024", parameters=parameters, chance=chance)
    return seek(question, levels(scenario, "team.places", 1, 9), **how)


def figures(subject, measure, replications):
    ran = run(subject, replications=replications)
    return Response.of(measure, "2024", ran.index).read(ran)


def test_a_trial_is_the_run_of_that_scenario():
    answer = town_answer(goals=["wait for team <= 4 weeks", "decided within 23 weeks >= 80%"])
    edit = {"station": "team", "from": "2024-01-01", "places": answer.least}
    scenario = Scenario.from_dict({"name": "more", "base": "town.toml", "stations": [edit]}, "more.toml", TOWN)
    trial = next(trial for trial in answer.trials if trial.levels == (answer.least,))
    waits = figures(scenario, "wait.team.served", trial.replications)
    shares = figures(scenario, "clock.decision.within", trial.replications)
    assert [finding.mean.estimate for finding in trial.findings] == pytest.approx([waits.mean(), shares.mean()])
    assert trial.kept.estimate == ((waits <= 4) & (shares >= 0.8)).mean()
    assert trial.findings[0].mean.high <= 4 < answer.below.findings[0].mean.high
    # Each look at each goal of each staffing has an equal part of the four per cent.
    error = 0.04 / (answer.tests * len(looks(200)) * 2)
    assert trial.findings[0].mean.high == pytest.approx(cautious_interval(waits, error).high)
    assert trial.findings[1].mean.low == pytest.approx(bounded_interval(shares, error).low)


def drawn_ensemble(spread=0.5):
    study = Study.read(TOWN / "calibration.toml")
    z = np.array([spread * study.prior.draw(1, number) for number in range(60)])
    return Ensemble(
        prior=study.prior, z=z, mode=study.prior.parameters(np.zeros(len(study.prior.names))), provenance={}
    )


def test_each_replication_draws_its_parameters_of_an_ensemble():
    ensemble = drawn_ensemble()
    answer = town_answer(parameters=ensemble, goals=["queue of team <= 30"])
    trial = answer.trials[0]
    scenario = Lever.parse("team.places", answer.question.scenario.pathway()).set(
        answer.question.scenario, trial.levels[0], answer.question.since
    )
    queues = figures(ensemble.over(scenario), "queue.team", trial.replications)
    assert trial.findings[0].mean.estimate == pytest.approx(queues.mean())
    assert trial.findings[0].mean.estimate != figures(scenario, "queue.team", trial.replications).mean()


def test_the_fitted_values_hold_in_every_replication():
    mode = drawn_ensemble().mode | {"opened": "180 per year"}
    few, many = town_answer(), town_answer(parameters=mode)
    assert many.least > few.least


def test_workers_change_nothing():
    with ThreadPoolExecutor(2) as threads:
        shared = town_answer(executor=threads)
    alone = town_answer()
    assert (shared.least, shared.trials, shared.ceiling) == (alone.least, alone.trials, alone.ceiling)


def test_progress_counts_on_over_the_trials():
    told = []
    answer = town_answer(progress=lambda *seen: told.append(seen))
    total = sum(trial.replications for trial in (*answer.trials, answer.ceiling, answer.today))
    assert [done for done, _ in told] == list(range(1, total + 1))
    assert all(done <= planned for done, planned in told)
    assert told[-1] == (total, total)


@pytest.mark.slow
def test_a_chance_asks_of_the_years_and_not_of_their_mean():
    many = StoppingRule(most=600)
    goals = ["wait for team <= 5 weeks"]
    on_average = town_answer(goals=goals, stopping=many)
    often = town_answer(goals=goals, chance=0.9, stopping=many)
    assert often.least > on_average.least
    met = next(trial for trial in often.trials if trial.levels == (often.least,))
    assert met.kept.low >= 0.9
    middle = next(trial for trial in often.trials if trial.levels == (on_average.least,))
    assert not middle.meets


def test_what_is_too_close_is_never_claimed():
    closest = town_answer(stopping=StoppingRule(most=40))
    for trial in closest.trials:
        mean = trial.findings[0].mean
        assert trial.verdict == ("meets" if mean.high <= 4 else "misses" if mean.low > 4 else "close")
        assert trial.replications == 40


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"goals": ["wait for team <= 4"]}, "'4' is no span of time"),
        ({"during": "2029"}, "during 2029: the horizon does not hold all of it"),
        ({"during": "soon"}, "'soon' is no period"),
        ({"chance": 1.0}, "chance: 1.0 is not allowed"),
    ],
)
def test_questions_that_make_no_sense_are_refused(wrong, message):
    told = {"goals": ["wait for team <= 4 weeks"], "during": "2024"} | wrong
    with pytest.raises(InputError) as error:
        Question.of(Scenario.of(TOWN / "town.toml"), told["goals"], told["during"], chance=told.get("chance"))
    assert message in str(error.value)


def test_an_ensemble_of_another_base_is_refused():
    with pytest.raises(InputError, match="its base is not the 'town' that the parameter sets belong to"):
        Question.of(
            scenario_of(clearing(9, team={"places": 1.0})),
            ["queue of team <= 4"],
            "2019",
            parameters=drawn_ensemble(),
        )


@pytest.mark.parametrize("wrong", [{"confidence": 1.0}, {"confidence": 0.2}, {"most": 39}])
def test_efforts_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InputError, match="is not allowed"):
        StoppingRule(**wrong)


# --- Against theory ---

LOAD = 8.0  # servers' worth of work: 0.8 an hour, ten hours each
OFFICE = {
    "name": "office",
    "start": "2001-01-01",
    "end": "2003-01-01",
    "stations": {"desk": {"capacity": 12}},
    "states": {
        "service": {"station": "desk", "stay": {"law": "exponential", "mean": "10 hours"}, "to": "out"},
        "out": {"final": True},
    },
    "entries": {"door": {"to": "service", "rate": "0.8 per hour"}},
}


def wait_of(servers):
    """The mean wait of M/M/c in hours; infinite where it does not settle."""
    return MMc(rate=0.8, mean_service=10, servers=servers).means.wait if servers > LOAD else math.inf


@pytest.mark.slow
def test_of_many_seeds_as_many_are_right_as_stated():
    """M/M/c: the least c whose mean wait is below a bound, once hardly and once hardly not."""
    runs = wrong = other = 0
    for bound in (1.1 * wait_of(10), 0.8 * wait_of(9)):
        for seed in range(30):
            goal = f"wait for desk <= {bound!r} hours"
            answer = sought(OFFICE, goal, "desk.capacity", 1, 50, "2002", stopping=StoppingRule(most=1000), seed=seed)
            told = verdicts(answer.trials)
            false = {level for level, v in told.items() if v != ("meets" if wait_of(level) <= bound else "misses")}
            runs += 1
            wrong += any(told[level] != "close" for level in false)
            other += answer.least != 10
            assert answer.outcome == "found"
    assert wrong <= stats.binom.isf(1e-4, runs, 0.05)
    # With a thousand replications hardly any level is left open, so the answer is as often right as its intervals.
    assert other <= stats.binom.isf(1e-4, runs, 0.05)
