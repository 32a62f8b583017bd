"""Goals as planners write them."""

import numpy as np
import pytest

from flowsim import InputError, Pathway
from flowsim.planning.staffing.goals import Goal, parse_goals
from flowsim.reporting.language import Language
from helpers.traces import RAW, SMALL


def parsed(text, during="2019", pathway=SMALL):
    return Goal.parse(text, pathway, during)


@pytest.mark.parametrize(
    ("text", "measure", "sense", "bound"),
    [
        ("decided within 23 weeks >= 90%", "clock.decision.within", ">=", 0.9),
        ("decided within 161 days at least 0.9", "clock.decision.within", ">=", 0.9),
        ("pension  within 23 weeks >= 12.5 %", "clock.pension.within", ">=", 0.125),
        ("wait for desk <= 9 weeks", "wait.desk.served", "<=", 9),
        ("mean wait at the desk ≤ 63 days", "wait.desk.served", "<=", 9),
        ("p90 wait for board at most 2 weeks", "wait.board.served_p90", "<=", 2),
        ("90th percentile of the wait for board <= 2 weeks", "wait.board.served_p90", "<=", 2),
        ("queue of desk <= 1,200.0", "queue.desk", "<=", 1200),
        ("queue of desk <= 12,5", "queue.desk", "<=", 12.5),
        ("decided within 23 weeks >= 7,5 pct", "clock.decision.within", ">=", 0.075),
        ("decided within 23 weeks >= 7,5 %", "clock.decision.within", ">=", 0.075),
        ("queue desk <= 12 persons", "queue.desk", "<=", 12),
        ("caseload of board <= 60", "caseload.board.town", "<=", 60),
        ("caseload of board.town <= 60", "caseload.board.town", "<=", 60),
        ("people on cash <= 60", "stock.cash", "<=", 60),
        ("course in progress >= 60", "stock.course", ">=", 60),
        ("awards.pension >= 60 awards", "awards.pension", ">=", 60),
        ("clock.decision.mean <= 20 weeks", "clock.decision.mean", "<=", 20),
        ("status.after.1_month.cash <= 12 %", "status.after.1_month.cash", "<=", 12),
        ("utilisation.desk <= 85%", "utilisation.desk", "<=", 0.85),
        ("time_to.pension <= 6 months", "time_to.pension", "<=", 0.5),
    ],
)
def test_goals_are_read(text, measure, sense, bound):
    goal = parsed(text)
    assert (goal.response.measure, goal.sense) == (measure, sense)
    assert goal.bound == pytest.approx(bound)
    assert goal.response.period == "2019"


def test_who_is_there_counts_at_the_end_unless_the_mean_is_asked_for():
    assert parsed("queue of desk <= 5").response.how == "last"
    assert parsed("mean queue of desk <= 5").response.how == "mean"
    assert parsed("mean people on cash <= 5").response.parts == ("2019Q1", "2019Q2", "2019Q3", "2019Q4")


def test_decided_is_the_clock_that_no_other_decision_abandons():
    assert parsed("decided within 23 weeks >= 90%").response.measure == "clock.decision.within"
    raw = RAW | {"clocks": {"one": RAW["clocks"]["decision"], "two": RAW["clocks"]["decision"]}}
    with pytest.raises(InputError, match=r"several clocks measure 23 weeks: name one \(allowed: 'one within 23 weeks'"):
        parsed("decided within 23 weeks >= 90%", pathway=Pathway.from_dict(raw))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decided within 20 weeks >= 90%", "no clock measures 20 weeks (allowed: 'decision within 23 weeks', 'pension"),
        ("decison within 23 weeks >= 90%", "there is no clock 'decison'; did you mean 'decision'?"),
        ("decided within 23 >= 90%", "'23' is no span of time: write a number with its unit"),
        ("decided within 23 weeks >= 110%", "'110%' is no share: it lies between 0% and 100%"),
        ("decided within 23 weeks >= 90", "'90' is no share: write 90 %"),
        ("wait for desk <= 9 uger", "'9 uger' has the unknown unit 'uger': write weeks"),
        ("decided within 23 weeks >= 90 weeks", "'90 weeks' is no share: write 90 %"),
        ("decided within 23 weeks = 90%", "it compares nothing: write a number after >= or <="),
        ("decided within 23 weeks", "it compares nothing"),
        ("wait for desk <= 9", "'9' is no span of time: write a number with its unit"),
        ("wait for desk <= -9 weeks", "'-9 weeks' is negative"),
        ("wait for deks <= 9 weeks", "there is no station 'deks'; did you mean 'desk'?"),
        ("waits for desk <= 9 weeks", "did you mean 'wait for'?"),
        ("happiness <= 9", "'happiness' names nothing that is measured (allowed: 'decided within 23 weeks', "),
        ("queue of desk <= 1,200", "1200 or 1.2? write 1200 or 1.2"),
        ("queue of desk >= 1.200", "1200 or 1.2? write 1200 or 1.2"),
        ("wait for desk <= 4.500 weeks", "4500 or 4.5? write 4500 or 4.5"),
        ("decided within 1.000 weeks >= 90%", "1000 or 1? write 1000 or 1"),
        ("queue of desk <= -5", "'-5' is not allowed: nothing that is measured is below 0"),
        ("queue of desk < 6", "write a number after >= or <=, so '<=' instead of '<'"),
        ("queue of desk <= many", "'many' is not allowed: it should be a number"),
        ("queue of desk <= 9 weeks", "'9 weeks' is not allowed: it counts citizens"),
        ("status.after.1_month.cash <= 0.9", "'0.9': 90 % or 0.9 %? write 90 % or 0.9 %"),
        ("status.after.1_month.cash <= 120 %", "it lies between 0% and 100%"),
        ("people on team <= 9", "'team' is a state, and people are counted by benefit: those in it are on 'cash'"),
        ("people on pensoin <= 9", "there is no benefit 'pensoin'; did you mean 'pension'?"),
        ("caseload of desk <= 9", "there is no caseload 'desk' (allowed: board.town)"),
        ("award.pension <= 9", "there is no measure 'award.pension'; did you mean 'awards.pension'?"),
    ],
)
def test_what_is_no_goal_is_refused(text, message):
    with pytest.raises(InputError) as error:
        parsed(text)
    assert str(error.value).startswith(f"goal '{text}': ")
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["happiness <= 9", "waits for desk <= 9 weeks"])
def test_what_a_goal_may_be_is_told_in_danish_to_the_end(text):
    with pytest.raises(InputError) as error:
        parsed(text)
    assert Language.of("da").message(str(error.value)).endswith(" eller et nøgletal som awards.STATE)")


def test_a_period_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match=r"during 2019-05: clock\.decision\.within is reported by quarter"):
        parsed("decided within 23 weeks >= 90%", during="2019-05")
    with pytest.raises(InputError, match="during 2020: the horizon does not hold all of it"):
        parsed("queue of desk <= 5", during="2020")


def test_a_pathway_without_clocks_says_so():
    without = Pathway.from_dict({key: value for key, value in RAW.items() if key != "clocks"})
    with pytest.raises(InputError, match="the pathway has no clock"):
        parsed("decided within 23 weeks >= 90%", pathway=without)


def test_goals_that_contradict_each_other_are_refused():
    told = ["queue of desk <= 5", "queue of desk >= 9"]
    with pytest.raises(InputError, match="'queue of desk >= 9' contradicts 'queue of desk <= 5'"):
        parse_goals(told, SMALL, "2019")
    assert len(parse_goals(["queue of desk <= 9", "queue of desk >= 5"], SMALL, "2019")) == 2
    assert len(parse_goals(["mean queue of desk <= 5", "queue of desk >= 9"], SMALL, "2019")) == 2
    with pytest.raises(InputError, match="goal: there is none"):
        parse_goals([], SMALL, "2019")


def test_an_undefined_figure_meets_no_goal():
    values = np.array([4.0, 5.0, 6.0, np.nan])
    assert parsed("wait for desk <= 5 weeks").met(values).tolist() == [True, True, False, False]
    assert parsed("wait for desk >= 5 weeks").met(values).tolist() == [False, True, True, False]
