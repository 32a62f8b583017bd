"""`flowsim staff` as a planner types it."""

import json
import re

import pytest

from flowsim.cli.words.staff import figure
from helpers.command_line import fine, flowsim
from helpers.paths import TOWN

ASKED = ("staff", TOWN, "--goal", "wait for team <= 4 weeks", "--during", "2024")
VARIED = ("--vary", "team.places", "--between", 1, 9)


def test_titles_are_said_where_codes_are_not_asked_for():
    told = fine(*ASKED, *VARIED)
    text = " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 80
    assert "wait for the Rehabilitation team: at most 4.0 weeks" in text
    least = json.loads(fine(*ASKED, *VARIED, "--json"))["least"]
    assert f" With {least} places a meeting of the Rehabilitation team " in text
    assert text.index("the goal is met with 96 % confidence") < text.index("number runs mean")
    assert "enough" in told.splitlines()[-7]
    assert text.endswith("What this costs is given with a file of prices: --prices FILE.")
    assert not {"team.places", "wait.team.served"} & set(re.findall(r"[\w.]+\w", text))


def test_with_codes_the_answer_comes_first_and_the_trials_after_it():
    told = fine(*ASKED, *VARIED, "--codes")
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "town: wait for team <= 4 weeks [wait.team.served, 2024]" in told
    assert "team.places, places a meeting, from 2024-01-01 on: 1 to 9 (the scenario has" in told
    assert "parameters: those of the file" in told
    least = json.loads(fine(*ASKED, *VARIED, "--json"))["least"]
    error = "Asked again with other luck, too few would be named in at most 1 of 50\n  repetitions."
    assert f"\n{least} places a meeting are the least that meet it.\n{error}\n{least - 1} " in told
    assert "\nAs the scenario is: " in told
    assert "surely" not in told
    assert told.index("are the least") < told.index("\nplaces        runs")
    assert "All intervals hold at once with at least 96%" in told


def test_json_holds_every_trial_and_the_answer():
    told = json.loads(fine(*ASKED, *VARIED, "--json", "--seed", 7))
    assert told["goals"] == ["wait for team <= 4 weeks"]
    assert (told["lever"], told["between"], told["outcome"], told["seed"]) == ("team.places", [1, 9], "found", 7)
    by_level = {row["team.places"]: row for row in told["trials"]}
    assert by_level[told["least"]]["verdict"] == "meets"
    assert by_level[told["least"]]["high"] <= 4
    assert by_level[None]["verdict"] == "meets"  # a place for everybody
    assert fine(*ASKED, *VARIED, "--json", "--seed", 7, "--workers", 1) == json.dumps(told) + "\n"


def test_trials_and_picture_are_written(tmp_path):
    out, plot = tmp_path / "trials.csv", tmp_path / "answer.svg"
    fine(*ASKED, *VARIED, "--out", out, "--plot", plot)
    head, *rows = out.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith(
        "team.places,goal,measure,unit,mean,low,high,undefined,standstills,kept,kept_low,kept_high,replications,verdict"
    )
    assert rows[-1].startswith("inf,wait for team <= 4 weeks,wait.team.served,weeks,")
    assert "<svg" in plot.read_text(encoding="utf-8")
    for path in (out, plot):
        code, _, err = flowsim(*ASKED, *VARIED, "--out" if path is out else "--plot", path)
        assert (code, "exists already" in err) == (2, True)
    fine(*ASKED, *VARIED, "--out", out, "--plot", plot, "--force")


@pytest.mark.slow
def test_two_levers_give_a_frontier(tmp_path):
    town = (
        TOWN.read_text(encoding="utf-8")
        .replace(
            'stay = { law = "gamma", mean = "$planning"', 'station = "desk"\nstay = { law = "gamma", mean = "$planning"'
        )
        .replace("[states.plan]", "[stations.desk]\ncapacity = 40\n\n[states.plan]")
    )
    file, plot = tmp_path / "desks.toml", tmp_path / "map.png"
    file.write_text(town, encoding="utf-8")
    words = ("staff", file, "--goal", "wait for team <= 4 weeks", "--goal", "wait for desk <= 8 weeks")
    words += ("--vary", "desk.capacity", "--between", 10, 40, "--every", 10, "--vary", "team.places")
    words += ("--between", 1, 9, "--during", 2024)
    told = fine(*words, "--codes", "--plot", plot)
    assert "desk.capacity  least team.places" in told
    assert all(len(line) <= 80 for line in told.splitlines())
    frontier = json.loads(fine(*words, "--json"))["frontier"]
    assert [point["level"] for point in frontier] == [10, 20, 30, 40]
    assert frontier[0]["least"] is None  # with so few desks the other goal can't be met
    for point in frontier:
        close = ", ".join(map(str, point["too_close"]))
        least = point["least"] or (f"too close to call: {close}" if close else "none up to 9")
        assert f"\n{point['level']:>13}  {least}" in told
    assert "With a place for everybody: " in told
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_what_else_must_give_is_told():
    told = fine("staff", TOWN, "--goal", "decided within 23 weeks >= 99.9%", *VARIED, "--during", "2024", "--codes")
    text = " ".join(told.split())
    assert "None tried from 1 to 9 meets it, and a place for everybody would not: 9" in text
    assert "It is not queues that stand in the way" in text
    assert "Who waits already" not in text
    assert "The longest steps, in weeks: plan 8.0." in text


def test_where_the_goal_is_met_nothing_else_must_give():
    told = fine("staff", TOWN, "--goal", "decided within 23 weeks >= 60%", *VARIED, "--during", "2024", "--codes")
    assert " are the least that meet it" in " ".join(told.split())
    assert "longest steps" not in told


TWO_DESKS = """
name = "two"
start = 2024-01-01
end = 2026-01-01
[stations.first]
capacity = 4
[stations.second]
capacity = SECOND
[states.first]
station = "first"
stay = { law = "exponential", mean = "1 week" }
to = "second"
[states.second]
station = "second"
stay = { law = "exponential", mean = "2 weeks" }
to = "out"
[states.out]
final = true
outcome = true
[entries.come]
rate = "120 per year"
to = "first"
[clocks.through]
begins = ["first"]
ends = ["out"]
limit = "4 weeks"
"""


def two_desks(folder, second):
    file = folder / "two.toml"
    file.write_text(TWO_DESKS.replace("SECOND", str(second)), encoding="utf-8")
    return file


def test_the_answer_says_first_which_queue_grows_with_it_the_varied_one_too(tmp_path):
    """2.3 a week come to each desk: two at the second serve one a week, so 1.3 more wait each week of the year."""
    asked = ("--goal", "wait for first <= 1 week", "--during", 2025, "-n", 40)
    cut = ("staff", two_desks(tmp_path, 9), *asked, "--vary", "second.capacity", "--between", 2, 9)
    answer = " ".join(fine(*cut, "--codes").split())
    first = re.search(
        r"2 servers, the least allowed, meet it already; but with 2 queues grow in 2025, (.*?\d)\. ", answer
    )
    station, before, after = re.fullmatch(r"in citizens: (\w+) from ([\d.]+) to ([\d.]+)", first[1]).groups()
    assert station == "second"
    assert float(before) < 2
    assert float(after) == pytest.approx(1.3 * 52, rel=0.25)
    danish = " ".join(fine(*cut, "--language", "da").split())
    assert "; men imens vokser køer i 2025: borgere, der venter på second: fra" in danish
    assert danish.index("vokser") < danish.index("Det er ikke undersøgt, om færre er nok")
    other = ("staff", two_desks(tmp_path, 2), *asked, "--vary", "first.capacity", "--between", 1, 9)
    assert "are the least that meet it; but with 3 queues grow in 2025, in citizens: second from" in " ".join(
        fine(*other, "--codes").split()
    )


def test_a_goal_that_is_met_alike_in_nearly_every_run_is_not_said_to_be_met(tmp_path):
    """Nine servers hardly ever leave a queue, but a rare long one would lift its mean: more of the same don't tell.

    Of the wait for five it is known how much it varies, so there more of them may.
    """
    file = two_desks(tmp_path, 20)
    asked = ("--during", 2025, "-n", 40, "--vary", "first.capacity", "--codes", "--between")
    told = " ".join(fine("staff", file, "--goal", "queue of first <= 0.05", *asked, 9, 12).split())
    rare, more = "What is the same in nearly every run rules nothing out that is rare and large.", "More may tell: "
    assert "9 is too close to call after 40 replications." in told
    assert f"9: 0.0 citizens in nearly every run. {rare} None from 9 to 12 is known to meet it." in told
    assert more not in told
    told = " ".join(fine("staff", file, "--goal", "wait for first <= 0.02 weeks", *asked, 4, 5).split())
    assert "5 is too close to call after 40 replications." in told
    assert f"{more}--replications 160. None from 4 to 5 is known to meet it." in told
    assert rare not in told


TWO_MEETINGS = """
name = "two"
start = 2019-01-01
end = 2020-01-01
[stations.first]
weekdays = ["wed"]
places = 5
[stations.second]
weekdays = ["wed"]
at = ["10:00"]
places = SECOND
[states.first]
station = "first"
to = "second"
[states.second]
station = "second"
to = "out"
[states.out]
final = true
outcome = true
[entries.there]
to = "first"
count = 1000
waiting = true
"""


@pytest.mark.parametrize(
    ("left", "second", "needed"),
    [(960, 0, "1 place a meeting is the least"), (200, 9, "16 places a meeting are the least")],
)
def test_goals_that_cannot_be_met_together_are_said_with_the_least_for_one_of_them(tmp_path, left, second, needed):
    """Of 1,000 as many pass the first on each of 52 Wednesdays as it has places, and wait for the second."""
    file = tmp_path / "two.toml"
    file.write_text(TWO_MEETINGS.replace("SECOND", str(second)), encoding="utf-8")
    goals = ("--goal", f"queue of first <= {left}", "--goal", f"queue of second <= {second * 30}")
    asked = ("--vary", "first.places", "--between", 0, 64, "--during", 2019)
    told = " ".join(fine("staff", file, *goals, *asked, "--codes").split())
    assert f"{needed} for the goals that need more, and there others do not hold: " in told
    assert "No level tried meets them all." in told


def test_it_is_not_queues_only_where_the_steps_alone_miss_the_goal(tmp_path):
    """Two exponential steps of one and two weeks take more than four for 25 % of those who never wait.

    Three servers at the second leave some forty waiting when the year begins.
    """
    asked = ("--goal", "decided within 4 weeks >= 90%", "--during", 2025, "-n", 40)
    varied = ("--vary", "first.capacity", "--between", 4, 9)
    for second in (30, 3):
        steps = " ".join(fine("staff", two_desks(tmp_path, second), *asked, *varied, "--codes").split())
        assert "It is not queues that stand in the way: the steps themselves" in steps
        assert "Who waits already" not in steps
    asked = ("--goal", "decided within 4 weeks >= 65%", "--during", 2025, "-n", 60)
    backlog = ("staff", two_desks(tmp_path, 3), *asked, *varied)
    text = " ".join(fine(*backlog, "--codes").split())
    assert "It is not queues" not in text
    assert re.search(r"Had nobody ever waited: 7\d\.\d % \(.*?\), meets\. Begin earlier, or ask about", text)
    assert re.search(r"Who waits already when 2025 begins counts too, .*: [34]\d\.\d at second, as the scenario", text)
    danish = " ".join(fine(*backlog, "--language", "da").split())
    assert "De, der allerede venter, når 2025 begynder, tæller med" in danish
    assert "De længste trin, i uger: second 2,0, first 1,0." in danish
    assert "Det er ikke køer, der står i vejen" not in danish


COURSE = """
name = "courses"
start = 2024-01-01
end = 2024-07-01
[stations.course]
capacity = 10
together = 6
[states.course]
station = "course"
stay = "2 days"
to = "out"
[states.out]
final = true
[entries.door]
to = "course"
rate = "6 per week"
[clocks.begun]
begins = ["course"]
begins_at = "joined"
ends = ["out"]
limit = "3 days"
"""


@pytest.mark.parametrize("goal", ["wait for course <= 0.1 weeks", "begun within 3 days >= 90%"])
def test_where_people_wait_for_their_group_no_shorter_step_and_no_place_is_asked_for(tmp_path, goal):
    """Six a week come, so that the first of six waits most of a week for the sixth, whatever the places."""
    file = tmp_path / "courses.toml"
    file.write_text(COURSE, encoding="utf-8")
    asked = ("staff", file, "--goal", goal, "--vary", "course.capacity", "--between", 0, 40, "--during", 2024)
    for more in ((), ("--codes",)):
        told = " ".join(fine(*asked, *more).split())
        assert "stays begin in groups at course (6 at a time), and who waits there waits for a group." in told
        assert "fewer or other citizens" not in told
        assert "nobody waiting" not in told
        assert "courses by itself ends on 2024-07-01; for 2024 it is run to 2025-01-01" in told
    within = (*asked[:-1], "2024Q2")
    assert "by itself" not in fine(*within)
    danish = " ".join(fine(*asked, "--language", "da").split())
    assert "Ophold begynder i grupper hos course (6 ad gangen)" in danish
    assert "courses slutter selv den 1. juli 2024; for 2024 køres det til 1. januar 2025" in danish


def test_a_period_to_which_nobody_comes_is_said_to_be_so(tmp_path):
    file = two_desks(tmp_path, 9)
    closed = 'rate = { 2024-01-01 = "120 per year", 2024-07-01 = "0 per year" }'
    file.write_text(file.read_text(encoding="utf-8").replace('rate = "120 per year"', closed), encoding="utf-8")
    asked = ("--goal", "wait for first <= 1 week", "--vary", "first.capacity", "--between", 2, 4, "-n", 40)
    told = fine("staff", file, *asked, "--during", 2025, "--codes")
    assert "\nAs the scenario is: nobody comes in any of 40 runs.\n" in told
    assert "\n2: nobody comes in any of 40 runs.\n" in told
    for language, words in (
        ("en", "nobody comes in any of 40 futures"),
        ("da", "der kommer ingen i nogen af 40 fremtider"),
    ):
        answer = fine("staff", file, *asked, "--during", 2025, "--language", language)
        assert words in " ".join(answer.split())
        assert not re.search(r"– (weeks is|uger) |: –|nan", answer)
    assert "nobody comes" not in fine("staff", file, *asked, "--during", "2024Q1", "--codes")


def test_two_words_follow_between_wherever_it_stands():
    here = ("staff", "--between", 1, 9, "--vary", "team.places", *ASKED[1:], "-n", 40, "--json")
    assert json.loads(fine(*here))["between"] == [1, 9]
    assert json.loads(fine(*ASKED, "--vary", "team.places", "--between", "1..9", "-n", 40, "--json"))["between"] == [
        1,
        9,
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--vary", "team.places", "--between", 9), "--between: '9' is not allowed: two whole numbers"),
        (("--vary", "team.places", "--between", 9, 1), "--between: team.places: between 9 and 1: 9 is not allowed"),
        (("--vary", "team.places", "--between", "few", "many"), "--between: 'few many' is not allowed"),
        (("--vary", "team.places"), "'--between'"),
        (("--vary", "team.place", "--between", 1, 9), "there is no lever 'team.place'; did you mean 'team.places'?"),
        ((*VARIED, *VARIED), "team.places: it changes the same as team.places"),
        ((*VARIED, *VARIED, *VARIED), "--vary: two levers at most"),
        ((*VARIED, "--vary", "team.places"), "--between: 2 levers are varied and 1 times two bounds told"),
        ((*VARIED, "--every", 2), "--every: it goes with two levers"),
        ((*VARIED, "--goal", "wait for tram <= 4 weeks"), "there is no station 'tram'; did you mean 'team'?"),
        ((*VARIED, "--goal", "wait for team >= 9 weeks"), "contradicts 'wait for team <= 4 weeks'"),
        ((*VARIED, "--during", "2010"), "during 2010: the horizon does not hold all of it"),
        ((*VARIED, "--chance", "most"), "--chance: 'most' is not allowed: write '90%' or '0.9'"),
        ((*VARIED, "--confidence", "100%"), "confidence: 1.0 is not allowed"),
        ((*VARIED, "-n", 5), "replications: 5 is not allowed: at least 40 are needed"),
        ((*VARIED, "--workers", 0), "--workers: 0 is not allowed"),
        ((*VARIED, "--plot", "answer.gif"), "--plot: 'answer.gif' is not allowed: the name ends with .png"),
        ((*VARIED, "--calibrated", "nowhere"), "'nowhere' holds no calibration"),
    ],
)
def test_mistakes_are_told_before_anything_runs(monkeypatch, words, message):
    monkeypatch.setattr("flowsim.planning.staffing.trials.run", None)
    code, out, err = flowsim(*ASKED, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_the_answer_is_in_danish_where_that_is_asked_for(tmp_path):
    plot = tmp_path / "answer.svg"
    code, told, err = flowsim(*ASKED, *VARIED, "--language", "da", "--plot", plot)
    assert (code, err) == (0, f"Skrev {plot}\n")
    assert max(map(len, told.splitlines())) <= 80
    english = json.loads(fine(*ASKED, *VARIED, "--json"))
    text = " ".join(told.split())
    assert f"Med {english['least']} pladser pr. møde i " in text
    assert "nås målet med 96 % statistisk sikkerhed" in text
    rows = [line.split() for line in told.splitlines()]
    trial = next(row for row in english["trials"] if row["team.places"] == english["least"])
    row = next(cells for cells in rows if cells[:1] == [str(english["least"])])
    assert row[1:3] == [str(trial["replications"]), f"{trial['mean']:.1f}".replace(".", ",")]
    assert row[-2:] == ["når", "målet"]
    for word in ("the", "least", "runs", "meets", "surely"):
        assert word not in text.split()
    assert "en plads til alle" in plot.read_text(encoding="utf-8")


@pytest.mark.parametrize(("value", "text"), [(0.0625, "6.3 %"), (0.9125, "91.3 %"), (0.0, "0.0 %")])
def test_a_share_is_rounded_as_in_a_workbook(value, text):
    assert figure(value, "share") == text
