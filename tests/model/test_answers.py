"""How a scenario changes a station's answer to its wait, what `check` says of it, and that `staff` asks without it."""

import re

import pytest

from flowsim import InputError, Scenario
from flowsim.cli.words.check import change_lines, rule_lines
from flowsim.cli.words.staff import answer_lines as staff_lines
from flowsim.model.parts import Feedback
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.staffing.search import seek
from flowsim.planning.staffing.trials import Question
from helpers.scenarios import wording_of

RULE = {"wait": "7 weeks", "gain": 0.5, "lag": "4 weeks", "least": 0.5, "most": 1.5}
TOWN = """
name = "town"
start = 2020-01-01
end = 2024-01-01
[stations.team]
weekdays = ["mon"]
places = 20
ANSWERS
[states.case]
station = "team"
to = "out"
[states.out]
final = true
[entries.door]
rate = "16 per week"
to = "case"
"""
WITH_RULE = 'answers = { wait = "7 weeks", gain = 0.5, lag = "4 weeks", least = 0.5, most = 1.5 }'


def scenario(folder, edits, answers=WITH_RULE):
    (folder / "town.toml").write_text(TOWN.replace("ANSWERS", answers), encoding="utf-8")
    changes = [{"station": "team"} | edit for edit in edits]
    return Scenario.from_dict({"name": "plan", "base": "town.toml", "stations": changes}, "plan.toml", folder)


def rules(scenario):
    answers = scenario.pathway().station("team").answers
    return {f"{when:%Y-%m-%d}": rule for when, rule in answers.root}


def test_a_scenario_sets_another_goal_and_switches_the_rule_off(folder):
    plan = scenario(
        folder, [{"answers": {"wait": "5 weeks"}, "from": "2021-01-01"}, {"answers": "off", "from": "2023-01-01"}]
    )
    assert rules(plan) == {
        "2020-01-01": Feedback(**RULE),
        "2021-01-01": Feedback(**RULE | {"wait": "5 weeks"}),
        "2023-01-01": None,
    }
    again = Scenario.from_dict(plan.to_dict(), "plan.toml", folder)
    assert again.pathway() == plan.pathway()


def test_changes_start_from_the_rule_in_force(folder):
    relative = {"wait": "-2 weeks", "gain": "+20 %", "most": "+0.5", "limit": 40}
    plan = scenario(folder, [{"answers": relative, "from": "2021-01-01", "through": "2021-12-31"}])
    changed = Feedback(**RULE | {"wait": "5 weeks", "gain": 0.6, "most": 2.0, "limit": 40})
    assert rules(plan) == {"2020-01-01": Feedback(**RULE), "2021-01-01": changed, "2022-01-01": Feedback(**RULE)}


def test_a_scenario_gives_a_rule_where_there_is_none(folder):
    plan = scenario(folder, [{"answers": RULE, "from": "2022-01-01"}], answers="")
    assert rules(plan) == {"2020-01-01": None, "2022-01-01": Feedback(**RULE)}
    late = scenario(folder, [{"answers": "off", "from": "2020-07-01"}], 'answers = { 2020-03-01 = "off" }')
    assert set(rules(late).values()) == {None}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            {"answers": {"wait": "5 weeks"}},
            "there is no rule to start from, so give gain, lag, least, most too",
        ),
        ({"answers": {"wait": "-2 weeks"}}, "answers: wait: '-2 weeks' starts from what the base has, and it has none"),
        ({"answers": {}}, "nothing is changed: write 'off', or name what is changed"),
        ({"answers": "of"}, "plan.toml: stations[no. 1: team].answers: "),
        ({"answers": {"goal": "5 weeks"}}, "goal"),
        ({"answers": {"wait": 5}}, "5 is not allowed: it should be a text with its unit"),
        ({"answers": "off", "party": "town"}, "`answers` are the station's, for all parties to it alike"),
    ],
    ids=str,
)
def test_a_change_that_can_not_be_is_refused(folder, edit, message):
    with pytest.raises(InputError, match=re.escape(message)):
        scenario(folder, [edit], answers="")


def test_check_says_which_station_answers_and_what_a_scenario_changes(folder):
    plan = scenario(folder, [{"answers": {"wait": "5 weeks", "limit": 25}, "from": "2021-01-01"}])
    english, danish = (wording_of(plan, name, codes=True) for name in ("en", "da"))
    text = " ".join(" ".join(rule_lines(plan.pathway(), english)).split())
    assert "team answers its wait from Wednesday 1 January through Thursday 31 December 2020: the goal is 7" in text
    assert "weeks, the gain 0.5, the lag 4 weeks, with 0.5 to 1.5 times its places by date. The flows below" in text
    assert "team answers its wait from 2021-01-01: the goal is 5 weeks" in text
    assert "with 0.5 to 1.5 times its places by date, and none is raised beyond 25." in text
    assert text.count("of the places by date, without the answer") == 2
    assert "målet er 5 uger, styrken 0,5" in " ".join(rule_lines(plan.pathway(), danish)).replace("\n", " ")
    changes = "\n".join(change_lines(plan, english))
    assert "team, goal of the answer to the wait: 7 → 5 weeks from 2021-01-01 (-29 %)" in changes
    assert "team, limit of the answer to the wait: none → 25 places from 2021-01-01" in changes
    assert rule_lines(scenario(folder, [{"answers": "off"}]).pathway(), english) == []


def test_a_lever_switches_the_rule_off_from_the_first_change_on(folder):
    plan = scenario(folder, [])
    lever = Lever.parse("team.places", plan.pathway())
    varied = lever.set(plan, 18, plan.pathway().start.replace(year=2022))
    assert rules(varied) == {"2020-01-01": Feedback(**RULE), "2022-01-01": None}
    without = scenario(folder, [], answers="")
    lever = Lever.parse("team.places", without.pathway())
    assert lever.set(without, 18, without.pathway().start).file.stations[-1].answers is None


def test_staff_asks_without_the_rule_and_says_so_first(folder):
    """The same question of a town that has no rule has the same answer, trial by trial."""
    answers = []
    for rule in (WITH_RULE.replace("answers = {", "answers = { 2023-01-01 = {") + " }", ""):
        town = scenario(folder, [], answers=rule)
        question = Question.of(town, ["wait for team <= 4 weeks"], "2023")
        levels = Levels(lever=Lever.parse("team.places", town.pathway()), least=12, most=24)
        answers.append(seek(question, levels))
    ruled, plain = answers
    assert ruled.least == plain.least
    assert [trial.findings for trial in ruled.trials] == [trial.findings for trial in plain.trials]
    first = " ".join(" ".join(staff_lines(ruled, "fixed")).split())
    assert "Without the answer of team to the wait, which is off from 2023-01-01 on: " in first
    assert "Without the answer" not in " ".join(staff_lines(plain, "fixed"))
