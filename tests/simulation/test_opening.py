"""Runs that begin with a list of today's cases: who is there, since when, and what the model fills in."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from flowsim.cli.words.today import list_lines, opening_of
from flowsim.core.errors import InputError
from flowsim.evidence.cases import read_cases
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.model.today.listing import Place, TodaysList, place_cases
from flowsim.model.today.opening import Stock, begin_on
from flowsim.planning.comparison import compare
from flowsim.questions.staff import Staff
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.reporting.writers.listing import list_csv, list_workbook
from flowsim.simulation.runner import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "small_town" / "town.toml"
DAY = datetime(2024, 9, 2)  # a Monday
WEEK = 7 * 1440.0
CLOCKWORK = {
    "name": "clockwork",
    "start": "2024-01-01",
    "end": "2025-01-01",
    "stations": {"team": {"weekdays": ["tue"], "places": 1}},
    "states": {
        "plan": {"stay": "10 weeks", "to": "team", "benefit": "cash"},
        "team": {"station": "team", "to": "done", "benefit": "cash"},
        "urgent": {"station": "team", "to": "done", "benefit": "cash"},
        "done": {"final": True},
    },
    "entries": {
        "door": {"to": "plan", "at": ["2024-03-01", "2024-12-01"]},
        "fast": {"to": "urgent", "at": ["2024-02-01"]},
    },
}


@pytest.fixture
def town(tmp_path: Path):
    """Write a list and a scenario over the made small town; return the scenario's path."""

    def written(rows: str, more: str = "", base: str | None = None) -> Path:
        (tmp_path / "list.csv").write_text("where;situation;number;since\n" + rows)
        path = tmp_path / "september.toml"
        head = f'name = "september"\nbase = "{base or EXAMPLE.as_posix()}"\ntoday = "list.csv"\ntoday_is = 2024-09-01\n'
        path.write_text(head + more)
        return path

    return written


def listing(*places: Place) -> TodaysList:
    return TodaysList(day=DAY, file="list", sha256="", places=places)


def visits(pathway: Pathway, engine: str = "kernel"):
    return run(pathway, replications=1, engine=engine, keep_traces=True).visits(0)


def test_a_state_that_takes_no_time_may_hold_nobody_or_who_finds_no_room(town, tmp_path):
    """The 3 would leave it at once, and wait for no meeting."""
    assert Scenario.of(town("team;under way;0;\nplan;under way;4;\n")).listing is not None
    states = CLOCKWORK["states"]
    rooms = CLOCKWORK["stations"] | {"bed": {"capacity": 1, "room": 2}}
    bed = {"station": "bed", "stay": "1 weeks", "to": "done", "benefit": "cash"}
    blocked = {"team": states["team"] | {"to": "bed"}, "bed": bed | {"blocks": True}}
    racing = {"team": {"station": "team", "benefit": "cash", "race": {"done": {"rate": "1 per year", "to": "done"}}}}
    (tmp_path / "list.csv").write_text("where;situation;number\nteam;under way;3\n")
    for otherwise in (blocked, racing):
        pathway = Pathway.from_dict(
            CLOCKWORK
            | {"stations": rooms if "bed" in otherwise else CLOCKWORK["stations"], "states": states | otherwise}
        )
        (place,) = place_cases(read_cases(tmp_path / "list.csv"), pathway, DAY).places
        assert len(place.elapsed) == 3


def test_listed_cases_are_served_in_the_order_of_their_days_and_keep_what_has_passed():
    told = listing(
        Place(name="team", states=("team",), waiting=True, elapsed=(3 * WEEK, 2 * WEEK, 1 * WEEK)),
        Place(name="plan", states=("plan",), waiting=False, elapsed=(9 * WEEK,)),
    )
    pathway = begin_on(Pathway.from_dict(CLOCKWORK), told)
    table = visits(pathway)
    served = table[table["state"] == "team"].sort_values("joined")
    tuesdays = [DAY + timedelta(days=1, hours=9) + timedelta(weeks=n) for n in range(4)]
    assert list(served["started"])[:4] == tuesdays
    assert list(served["joined"])[:3] == [DAY - timedelta(weeks=n) for n in (3, 2, 1)]
    plan = table[table["state"] == "plan"].sort_values("joined").iloc[0]
    assert plan["ended"] == DAY + timedelta(weeks=1)  # ten weeks, nine of which had passed
    # The door's first citizen came before the day, the other one comes after it.
    assert table.loc[table["state"] == "plan", "joined"].max() == datetime(2024, 12, 1)
    assert (table["state"] == "plan").sum() == 2


def test_the_time_on_the_benefit_is_that_of_each_case_in_both_engines():
    raw = CLOCKWORK | {
        "entries": CLOCKWORK["entries"]
        | {
            "there": {
                "to": "plan",
                "count": 2,
                "elapsed_each": ["4 weeks", "1 weeks"],
                "spent_each": ["20 weeks", "1 weeks"],
            }
        }
    }
    pathway = Pathway.from_dict(raw)
    assert Pathway.from_dict(pathway.to_dict()) == pathway
    table = visits(pathway)
    assert table.equals(visits(pathway, "simpy"))
    start = pathway.start
    table = table[table["joined"] <= start]
    assert list(table.loc[table["state"] == "plan", "ended"]) == [start + timedelta(weeks=n) for n in (6, 9)]
    assert list(table.loc[table["state"] == "plan", "since"]) == [start - timedelta(weeks=n) for n in (20, 1)]


def test_cases_of_a_station_are_spread_over_its_states_as_the_model_s_are():
    own = {("team", True): np.full((3, 2), WEEK), ("urgent", True): np.full((1, 2), 5 * WEEK)}
    place = Place(name="team", states=("team", "urgent"), waiting=True, elapsed=(None,) * 8)
    pathway = begin_on(Pathway.from_dict(CLOCKWORK), listing(place), Stock(cases=own))
    listed = {entry.to: entry for entry in pathway.entries if entry.name.startswith("listed_")}
    assert {state: entry.count for state, entry in listed.items()} == {"team": 6, "urgent": 2}
    assert listed["urgent"].elapsed_each == (5 * WEEK, 5 * WEEK)
    share = Place(name="team", states=("team", "urgent"), waiting=True, share=0.5)
    scaled = begin_on(Pathway.from_dict(CLOCKWORK), listing(share), Stock(cases=own))
    assert sum(entry.count or 0 for entry in scaled.entries) == 2


def test_all_who_are_there_come_from_the_list_or_from_the_model(town):
    scenario = Scenario.of(town("team;waiting;4;2024-08-01\nteam;waiting;2;\nplan;under way;50 %;\n"))
    opening = opening_of(scenario)
    stock, pathway = opening.stock(1, 3), opening.pathway(1, 3)
    numbers = {entry.name: entry.count for entry in pathway.entries if entry.count is not None}
    plan, course = (len(stock.of(state, False)) for state in ("plan", "course"))
    assert numbers["listed_team_waiting"] == 6
    assert numbers["listed_plan_under_way"] == int(np.floor(plan / 2 + 0.5))
    assert numbers["model_course_under_way"] == course > 0
    assert pathway.start == datetime(2024, 9, 1)
    table = run(scenario, replications=[3], keep_traces=True).visits(3)
    assert ((table["step"] == 0) & (table["joined"] <= pathway.start)).sum() == sum(numbers.values())
    english, danish = (Wording.of(scenario, pathway, Language.of(code)) for code in ("en", "da"))
    text = "\n".join(list_lines(opening, 1, 20, english))
    assert "team, waiting: 6 in the list, 4 in the model (" in text
    assert "Not in the list, and so as the model has them on that day: course " in text
    assert "på listen" in "\n".join(list_lines(opening, 1, 2, danish))


def test_a_list_that_says_what_the_model_says_goes_on_as_the_model_does(town):
    count = 300
    scenario = Scenario.of(town("plan;under way;100 %;\n"))
    means, errors = [], []
    for subject in (scenario, Scenario.of(str(EXAMPLE))):
        results = run(subject, replications=count, seed=5, workers=1)
        columns = [results.columns[name, "2025"] for name in ("awards.pension", "awards.course", "awards.job")]
        means.append(results.values[:, columns].mean(axis=0))
        errors.append(results.values[:, columns].std(axis=0) / np.sqrt(count))
    assert np.all(np.abs(means[0] - means[1]) < 4 * np.hypot(*errors))


def test_the_engines_agree_to_the_byte(town):
    scenario = Scenario.of(town("team;waiting;9;2024-08-01\n"))
    kernel, simpy = (run(scenario, replications=3, engine=engine) for engine in ("kernel", "simpy"))
    assert kernel.digests == simpy.digests
    assert len(set(kernel.digests)) == 3


def test_plans_that_build_on_a_list_are_compared_and_staffed(town, tmp_path):
    before = tmp_path / "before.toml"
    before.write_text(
        f'name = "before"\nbase = "{EXAMPLE.as_posix()}"\n'
        '[[stations]]\nstation = "team"\nfrom = 2023-01-01\nplaces = "+9"\n'
    )
    path = town("team;waiting;60;2024-08-01\n", base="before.toml")
    plan = tmp_path / "plan.toml"
    plan.write_text('name = "plan"\nbase = "september.toml"\n[[stations]]\nstation = "team"\nplaces = "+3"\n')
    september, plan = Scenario.of(path), Scenario.of(plan)
    assert plan.listing == september.listing
    # What was before the day is as the list's scenario builds on it, without the plan's own change.
    assert plan.history.pathway().station("team").parties == Scenario.of(before).pathway().station("team").parties
    comparison = compare([september, plan], replications=4)
    first = opening_of(plan).pathway(1, 0)
    assert [e for e in first.entries if e.count] == [e for e in opening_of(september).pathway(1, 0).entries if e.count]
    assert len({result.visits_sha256 for result in comparison.results}) == 2
    asked = {"goal": ["wait for team <= 6 weeks"], "vary": ["team.places"], "between": ["2 8"], "during": "2025Q1"}
    answer = Staff.from_dict(asked | {"scenario": str(path), "replications": 40}).answer()
    assert answer.least is not None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("tam;waiting;3;\n", r"list\.csv: A2: there is no state or station 'tam'; did you mean 'team'\?"),
        ("team;waits;3;\n", r"list\.csv: B2: there is no situation 'waits'"),
        ("team;waiting;-3;\n", r"list\.csv: C2: '-3' is not allowed: a whole number of citizens"),
        ("team;waiting;2.5;\n", r"list\.csv: C2: '2\.5' is not allowed"),
        ("\nteam;waiting;3;31-2-2024\n", r"list\.csv: D3: '31-2-2024' is no day"),
        ("team;waiting;3;2024-10-01\n", r"list\.csv: D2: 2024-10-01 is after the day of the list \(2024-09-01\)"),
        ("plan;waiting;3;\n", r"list\.csv: B2: nobody waits in 'plan'"),
        ("team;under way;3;\n", r"list\.csv: B2: nobody is under way in 'team', which takes no time: 'waiting'"),
        ("job;under way;3;\n", r"list\.csv: A2: 'job' is final"),
        ("team;waiting;3;\nteam;waiting;50 %;\n", r"list\.csv: C3: a share of the model's number"),
        ("team;waiting;50 %;2024-08-01\n", r"list\.csv: D2: a share of the model's number takes the model's times"),
        (";waiting;3;\n", r"list\.csv: A2: it is empty"),
        ("team;waiting;;\n", "the list tells of nobody"),
    ],
)
def test_a_mistake_is_said_with_its_cell(town, rows, message):
    with pytest.raises(InputError, match=message) as refused:
        Scenario.of(town(rows))
    assert str(refused.value).count("\n") == 0


@pytest.mark.parametrize(
    ("heading", "row", "cell"),
    [
        ("where;situation;citizens;since", "team;waiting;14;2024-08-01", "C1: the column 'citizens'"),
        ("where;situation;number;since when", "team;waiting;3;01-08-2024", "D1: the column 'since when'"),
        ("where;situation;number;number", "team;waiting;3;4", "D1: the column 'number'"),
        ("where;situation;number;date", "team;waiting;3;2024-08-01", "D1: the column 'date'"),
        ("where;situation;number;of these", "team;waiting;3;?\nteam;waiting;3;4", "D1: the column 'of these'"),
    ],
)
def test_a_column_of_numbers_or_days_that_is_not_read_is_refused(tmp_path, heading, row, cell):
    (tmp_path / "list.csv").write_text(f"{heading}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"list.csv: {cell} is not read"):
        read_cases(tmp_path / "list.csv")


def test_a_column_of_words_is_a_remark(tmp_path):
    (tmp_path / "list.csv").write_text("where;situation;number;who told\nteam;waiting;3;the team\n", encoding="utf-8")
    assert [row.count for row in read_cases(tmp_path / "list.csv").rows] == [3]


@pytest.mark.parametrize("title", ["remark", "bemærkning", "called", "navn"])
@pytest.mark.parametrize("content", ["2", "2024-08-01", "1-8-2024"])
def test_what_is_for_people_alone_may_be_a_number_or_a_day(tmp_path, title, content):
    path = tmp_path / "list.csv"
    path.write_text(f"where;situation;number;{title}\nteam;waiting;3;{content}\n", encoding="utf-8")
    assert [(row.count, row.since) for row in read_cases(path).rows] == [(3, None)]


def test_a_list_and_its_day_go_together(town, tmp_path):
    path = town("team;waiting;3;\n")
    path.write_text(path.read_text().replace("today_is = 2024-09-01\n", ""))
    with pytest.raises(InputError, match="`today` \\(a list\\) and `today_is` \\(its day\\) go together"):
        Scenario.of(path)
    path = town("team;waiting;3;\n")
    path.write_text(path.read_text().replace("2024-09-01", "2021-09-01"))
    with pytest.raises(InputError, match="today_is: 2021-09-01 is not allowed: after the base's start"):
        Scenario.of(path)
    path = town("team;waiting;3;\n")
    (tmp_path / "more.toml").write_text(
        f'name = "more"\nbase = "{EXAMPLE.as_posix()}"\n[[include]]\nscenario = "september.toml"\n'
    )
    with pytest.raises(InputError, match="begins with a list of today's cases: build on it"):
        Scenario.of(tmp_path / "more.toml")


@pytest.mark.parametrize("code", ["en", "da"])
def test_the_list_to_fill_in_is_read_back(code, tmp_path):
    base, language = Scenario.of(str(EXAMPLE)), Language.of(code)
    (tmp_path / "list.xlsx").write_bytes(list_workbook(base, language, "list.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    assert len(book.sheetnames) == 2
    sheet = book[book.sheetnames[0]]
    row = next(number for number, cells in enumerate(sheet.values, start=1) if cells[0] == "team")
    sheet.cell(row, 4).value, sheet.cell(row, 5).value = 7, datetime(2024, 8, 5)
    book.save(tmp_path / "list.xlsx")
    raw = {"name": "x", "base": str(EXAMPLE), "today": "list.xlsx", "today_is": "2024-09-01"}
    (place,) = Scenario.from_dict(raw, folder=tmp_path).listing.places
    assert (place.name, place.waiting, len(place.elapsed)) == ("team", True, 7)
    assert set(place.elapsed) == {27 * 1440.0}
    (tmp_path / "list.csv").write_bytes(list_csv(base, language, "list.csv").replace(b"team;team;", b"team;;", 1))
    with pytest.raises(InputError, match="the list tells of nobody"):
        Scenario.from_dict(raw | {"today": "list.csv"}, folder=tmp_path)
