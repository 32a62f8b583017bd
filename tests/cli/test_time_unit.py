"""A pathway that names a unit of time: every command tells waits in it, in both languages, and in no other."""

import html
import json
import re

import pytest

from helpers.command_line import fine, flowsim

CLINIC = """\
name = "clinic"
start = 2024-01-01
end = 2026-01-01
tick = "10 seconds"
time_unit = "minute"

[stations.desk]
capacity = 1

[stations.doctors]
capacity = 1

[states.advice]
station = "desk"
stay = { law = "gamma", mean = "20 minutes", cv = 0.5 }
to = { doctor = 0.6, home = 0.4 }

[states.doctor]
station = "doctors"
stay = { law = "exponential", mean = "48 minutes" }
to = "home"

[states.home]
final = true
outcome = true

[entries.door]
rate = "1 per hour"
to = "advice"

[clocks.helped]
begins = ["advice"]
begins_at = "joined"
ends = ["home"]
limit = "90 minutes"
"""
SECOND = """\
name = "second"
base = "clinic.toml"

[[stations]]
station = "desk"
capacity = 2
from = 2025-01-01

[[stays]]
state = "doctor"
stay = { law = "exponential", mean = "40 minutes" }
from = 2025-01-01
"""
ANSWERING = CLINIC.replace(
    "[stations.doctors]\ncapacity = 1\n",
    """\
[stations.doctors]
capacity = 1
answers = { wait = "50 minutes", gain = 0.5, lag = "20 hours", every = "1 day", least = 1, most = 4 }
""",
)
COMMANDS = {
    "check": "check second.toml",
    "check, codes": "check second.toml --codes",
    "check, answers": "check answering.toml",
    "run": "run clinic.toml -n 2",
    "run, codes": "run clinic.toml -n 2 --codes --verbose",
    "compare": "compare clinic.toml second.toml -n 10 --all",
    "staff": "staff clinic.toml -n 40 --goal {goal} --vary desk.capacity --between 1 2 --during 2025",
    "staff, codes": "staff clinic.toml -n 40 --goal {never} --vary desk.capacity --between 1 2 --during 2025 --codes",
    "staff, steps": "staff clinic.toml -n 40 --goal {never} --vary desk.capacity --between 1 2 --during 2025",
    "explain": "explain clinic.toml --measure wait.desk.served --period 2025 --vary desk.capacity --between 1 2 -n 12",
}
GOALS = {"{goal}": "wait for desk <= 6 minutes", "{never}": "helped within 90 minutes >= 99.9%"}
OTHERS = {
    "en": re.compile(r"\b(weeks?|hours|days|uger)\b"),
    "da": re.compile(r"\b(uger?|timer|dage|weeks?|minutes?)\b"),
}
# A rate is no span: cases, places and the growth of a queue are a week, and what a step's stay is in its own words.
ALLOWED = re.compile(
    r"any run, a week|nogen kørsel, pr\. uge|a week:|om ugen|months, quarters and years|those of the file"
    r"|within the days|wait for desk <= 6 minutes|helped within 90 minutes >= 99.9%|of the years"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clinic")
    for name, text in (("clinic", CLINIC), ("second", SECOND), ("answering", ANSWERING)):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def words_of(command, folder):
    words = [GOALS.get(word, word) for word in COMMANDS[command].split()]
    return [str(folder / word) if word.endswith(".toml") else word for word in words]


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_tells_waits_in_it(folder, command, language):
    code, out, _ = flowsim(*words_of(command, folder), "--language", language)
    assert code in (0, 1), out  # of a goal that nothing meets
    assert re.search(r"\bminutes\b" if language == "en" else r"\bminutter\b", out), out
    told = ALLOWED.sub("", " ".join(out.split()))
    assert not OTHERS[language].search(told), out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_long_spans_have_no_powers_of_ten(folder):
    assert "the goal is 50 minutes, the gain 0.5, the lag 1,200 minutes" in " ".join(
        fine("check", folder / "answering.toml").split()
    )


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "da"])
def test_a_report_tells_waits_in_it(folder, tmp_path, language):
    page, goal = tmp_path / "page.html", ["--goal", GOALS["{goal}"], "--vary", "desk.capacity", "--between", 1, 2]
    pair = (folder / "clinic.toml", folder / "second.toml")
    fine(
        "report", *pair, "--out", page, *goal, "--during", "2025", "--appendix", "-n", 12, "--language", language, "-q"
    )
    without = re.sub(r"<(script|style)[^>]*>.*?</\1>|<[^>]+>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    told = ALLOWED.sub("", " ".join(html.unescape(without).replace("\u00a0", " ").split()))
    assert told.count("(minutes)" if language == "en" else "(minutter)") > 10
    assert not OTHERS[language].search(told), OTHERS[language].search(told)


def test_the_figures_are_those_of_weeks(folder):
    (folder / "weeks.toml").write_text(CLINIC.replace('time_unit = "minute"\n', ""), encoding="utf-8")
    rows = {}
    for name in ("clinic", "weeks"):
        answer = json.loads(fine("run", folder / f"{name}.toml", "-n", "20", "--json"))
        rows[name] = {(row["measure"], row["period"]): row for row in answer["measures"]}
    assert rows["clinic"].keys() == rows["weeks"].keys()
    told = {(row["unit"], rows["clinic"][key]["unit"]) for key, row in rows["weeks"].items()}
    assert {pair for pair in told if pair[0] != pair[1]} == {("weeks", "minutes"), ("years", "minutes")}
    key = ("wait.desk.served", "2025")
    assert rows["clinic"][key]["level"] == pytest.approx(7 * 24 * 60 * rows["weeks"][key]["level"], rel=1e-12)
    assert rows["clinic"]["waited.desk", "2025"] == rows["weeks"]["waited.desk", "2025"]


def test_a_file_of_figures_names_the_unit(folder, tmp_path):
    fine("run", folder / "clinic.toml", "-n", "2", "--out", tmp_path / "out")
    table = (tmp_path / "out" / "measures.csv").read_text(encoding="utf-8-sig").splitlines()
    (row,) = [line for line in table if line.startswith("wait.desk.served,2025,")]
    assert row.split(",")[2] == "minutes"


@pytest.mark.slow
def test_a_goal_in_another_unit_is_the_same_goal(folder):
    answers = []
    for bound in ("6 minutes", "360 seconds", "0.1 hours"):
        goal = ["--goal", f"wait for desk <= {bound}", "--vary", "desk.capacity", "--between", 1, 2]
        answers.append(
            json.loads(fine("staff", folder / "clinic.toml", *goal, "--during", "2025", "-n", "40", "--json"))
        )
        assert answers[-1]["least"] == answers[0]["least"]


def test_a_scenario_does_not_change_it(folder):
    (folder / "hours.toml").write_text(f'time_unit = "hour"\n{SECOND}', encoding="utf-8")
    code, _, err = flowsim("check", folder / "hours.toml")
    assert code == 2
    assert "there is no key 'time_unit'" in err


@pytest.mark.parametrize(("language", "said"), [("en", "is not allowed: it should be"), ("da", "er ikke tilladt")])
def test_another_word_is_refused(folder, language, said):
    (folder / "wrong.toml").write_text(CLINIC.replace('"minute"', '"minutes"'), encoding="utf-8")
    code, _, err = flowsim("check", folder / "wrong.toml", "--language", language)
    assert code == 2
    assert "time_unit: 'minutes'" in err
    assert said in err
    assert "'second', 'minute', 'hour', 'day'" in err
