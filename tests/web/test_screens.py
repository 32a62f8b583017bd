"""The page's other screens over HTTP: they show what the same question answers, keep files apart, and read lists."""

from __future__ import annotations

import base64
import io
import json
from zipfile import ZipFile

import pytest

from flowsim.questions.staff import Staff
from flowsim.web.screens.shelf import FORMATS, Paper, Shelf
from flowsim.web.serving import desk_of

MORE = {"name": "My plan", "changes": [{"control": "team", "value": "6"}]}
FORM = {"goals": ["wait for team <= 4 weeks"], "vary": ["team.places"], "between": ["1 12"], "during": "2022"}


def answer(tab, path, **body):
    return tab.news(path, **body)[-1]


def texts(news, kind="paragraphs"):
    return [line for block in news["blocks"] if block["kind"] == kind for line in block["lines"]]


# --- Staffing ---


def test_a_staffing_is_that_of_the_same_question_on_the_command_line(tab, desk):
    news = answer(tab, "/api/staffing", form=FORM | {"chance": "80%"})
    asked = {"goal": FORM["goals"], "vary": FORM["vary"], "between": FORM["between"], "during": "2022", "chance": "80%"}
    found = Staff.from_dict({"scenario": desk.layout.reference, **asked}).answer()
    assert news["levels"] == [[found.least]]
    assert texts(news)[0].startswith(f"With {found.least} places a meeting of the team")
    (chart,) = [block for block in news["blocks"] if block["kind"] == "chart"]
    assert base64.b64decode(chart["picture"].partition(",")[2]).lstrip().startswith(b"<")
    assert chart["alternative"]


def test_a_staffing_of_a_state_is_sought_from_what_it_changes(tab):
    lines = texts(answer(tab, "/api/staffing", state=MORE, form=FORM))
    assert "has 6" in lines[0]
    command = answer(tab, "/api/staffing", state=MORE, form=FORM)["again"]["command"]
    assert command.startswith("flowsim staff my-plan.toml --goal ")


def test_of_two_levers_each_pair_that_was_tried_stands_on_the_map(pair_of_stations):
    from starlette.testclient import TestClient

    from flowsim.web.server import page

    form = {"goals": ["wait for team <= 4 weeks"], "vary": ["plan.capacity", "team.places"], "between": ["4 6", "1 9"]}
    with TestClient(page(desk_of(str(pair_of_stations)), hosts=None)) as client:
        answer = client.post("/api/staffing", json={"state": {}, "form": form | {"during": "2022"}})
        news = json.loads(answer.text.splitlines()[-1])
    verdicts = {tuple(one["levels"]): one["verdict"] for one in news["map"]}
    assert news["levels"]
    assert all(verdicts[tuple(pair)] == "meets" for pair in news["levels"])
    assert "misses" in verdicts.values()
    assert news["today"]["levels"] == [5, 4]  # what the file has
    assert news["today"]["verdict"] != "meets"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "The goal"),
        (FORM | {"goals": ["wait for tema <= 4 weeks"]}, "team"),
        (FORM | {"between": ["9 2"]}, "9"),
        (FORM | {"during": "2031Q9"}, "2031Q9"),
        (FORM | {"vary": ["team.places"] * 3, "between": ["1 2"] * 3}, "What is to be found"),
        ([], "should be a valid dictionary"),
    ],
)
def test_what_is_no_question_is_refused_in_words(tab, form, words):
    refused = tab.post("/api/staffing", {"state": {}, "form": form})
    assert refused.status_code == 422
    assert words in refused.text


# --- Report ---


def test_a_report_has_a_preview_and_its_files(tab):
    news = answer(tab, "/api/report", state=MORE, lang="da", form={"replications": 20, "question": "Hjælper det?"})
    assert texts(news)[0] == "Hjælper det?"
    assert any(block["kind"] == "chart" for block in news["blocks"])
    assert any("startværdi (seed) 1" in line for line in texts(news, "points"))
    assert any(line.startswith("Ventetid") for line in texts(news))
    assert not any("denne kommando" in line for line in texts(news))  # which stands below
    assert [file["name"] for file in news["files"]] == [f"rapport.{kind}" for kind in FORMATS]
    begins = {"pdf": b"%PDF", "xlsx": b"PK", "html": b"<!", "pptx": b"PK"}
    for file in news["files"]:
        got = tab.client.get(f"/api/file/{file['token']}")
        assert got.content.startswith(begins[file["format"]])
        assert got.headers["content-type"].startswith(FORMATS[file["format"]])
        assert got.headers["content-disposition"].startswith("attachment")
    page = tab.client.get(f"/api/file/{news['files'][2]['token']}").text
    assert "flowsim report" in page
    assert "my-plan.toml" in page
    assert "flowsim-page-" not in page  # the folder that the question read it from


def test_a_report_has_its_letterhead_and_its_command_names_the_logo(tab):
    picture = io.BytesIO()
    pytest.importorskip("PIL.Image").new("RGB", (30, 8)).save(picture, "PNG")
    form = {"replications": 20, "formats": ["html"], "recipient": "Udvalget", "date": "2027-01-15"}
    form["logo"] = base64.b64encode(picture.getvalue()).decode()
    news = answer(tab, "/api/report", lang="da", form=form)
    assert news["letter"] == ["Til: Udvalget", "15.\xa0januar\xa02027"]
    assert "--recipient Udvalget --date 2027-01-15 --logo logo.png" in news["again"]["command"]
    assert "'logo': 'logo.png'" in news["again"]["python"]
    assert "data:image/png" in tab.client.get(f"/api/file/{news['files'][0]['token']}").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"logo": base64.b64encode(b"<svg/>").decode()}, "logoet er ikke et billede, der kan bruges"),
        ({"logo": "%"}, "nåede ikke hel frem"),
        ({"date": "15/1"}, "Dato"),
        ({"formats": ["exe"]}, "formats"),
    ],
)
def test_what_can_not_stand_above_a_report_is_refused_in_danish(tab, change, words):
    refused = tab.post("/api/report", {"state": {}, "form": {"replications": 20} | change, "lang": "da"})
    assert refused.status_code == 422
    assert words in refused.json()["error"]["message"]
    assert "flowsim-page-" not in refused.text


def test_files_are_found_by_nobody_who_guesses_and_the_oldest_go(tab):
    assert tab.client.get("/api/file/1").status_code == 404
    shelf = Shelf()
    tokens = [shelf.put(Paper("a", "b", bytes([n]))) for n in range(40)]
    assert shelf.get(tokens[0]) is None
    assert shelf.get(tokens[-1]).content == bytes([39])
    assert len(set(tokens)) == 40


def test_the_history_of_runs_as_a_workbook_holds_texts_alone(tab):
    rows = [["Plan", "=1+1"], ["<b>", "+2"]]
    out = tab.post("/api/history", {"history": {"columns": ["Name", "Wait"], "rows": rows}}).json()
    with ZipFile(io.BytesIO(tab.client.get(f"/api/file/{out['token']}").content)) as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}
    assert any("=1+1" in text for text in parts.values())
    assert not any("<f>" in text for text in parts.values())  # no formula
    assert tab.post("/api/history", {"history": {"columns": ["a"] * 50, "rows": []}}).status_code == 422


# --- An own list ---


def upload(tab, text, name="cases.csv", day="2021-06-01", **more):
    content = base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()
    return tab.post("/api/list", {"name": name, "content": content, "day": day} | more)


def test_a_list_is_read_and_a_run_begins_with_it(tab):
    text = "sted;situation;antal;siden\nteam;venter;;1-3-2021\nteam;venter;;1-3-2021\nteam;venter;40;\n"
    out = upload(tab, text, lang="da").json()
    assert out["read"] == 3
    assert out["rows"] == [["team", "venter", "42", "2", "13"]]
    state = {"cases": out["list"], "cases_day": out["day"]}
    (view,) = tab.views("/api/run", state=state)
    assert view["way"]["first"] == "2021-06"
    assert view["way"]["reference"]["team"]["queue"][0] > 20  # 42 wait, and 4 or 5 meetings take 4 each
    (more,) = tab.views("/api/run", state=state | {"changes": [{"control": "team", "value": "8"}]})
    assert more["way"]["reference"] == view["way"]["reference"]  # it is compared with the same list
    assert more["way"]["scenario"]["team"]["queue"][2] < view["way"]["reference"]["team"]["queue"][2]


def test_rows_that_say_the_same_are_named(tab):
    """Two rows of one place and day are two citizens, or one who was written twice: only the planner knows."""
    rows = ["team;venter;1;1-3-2021"] * 2 + ["team;venter;1;2-3-2021", "team;venter;1;1-3-2021", "plan;i gang;40;"]
    text = "\n".join(["sted;situation;antal;siden", *rows, "plan;i gang;2;", "team;venter;;5-4-2021"])
    told = {code: upload(tab, text, lang=code).json()["alike"] for code in ("da", "en")}
    day = "1.\xa0marts\xa02021"
    assert told["da"] == [
        f"Række 2–3 og 5: team, venter, siden {day}, borgere i alt: 3",
        "Række 6–7: plan, i gang, borgere i alt: 42",
    ]
    assert told["en"][1] == "Rows 6–7: plan, under way, citizens in all: 42"
    assert upload(tab, "where;situation;number\nteam;waiting;3\n").json()["alike"] == []


def test_a_place_where_nobody_waits_stays_one(tab):
    """A row of 0 is no row without a number, for which the model's own queue would come in."""
    out = upload(tab, "where;situation;number\nteam;waiting;0\nplan;under way;80 %\n").json()
    assert out["rows"][0] == ["team", "waiting", "0", "0", "–"]
    assert out["list"].splitlines()[1:] == ["team;waiting;0;", "plan;under way;80 %;"]


def test_the_template_comes_up_again_once_it_is_filled_in(tab):
    openpyxl = pytest.importorskip("openpyxl")
    blank = tab.client.get("/api/list/template?lang=da")
    assert "dagens-liste.xlsx" in blank.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(blank.content))
    sheet = book["Liste"]
    place = next(row for row in sheet.iter_rows() if row[0].value == "team" and row[2].value == "venter")
    place[3].value = "12"
    filled = io.BytesIO()
    book.save(filled)
    out = upload(tab, filled.getvalue(), name="min.xlsx", lang="da").json()
    assert out["rows"] == [["team", "venter", "12", "0", "–"]]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("where;situation;number\nteam;waiting;many\n", "cases.csv", "cases.csv: C2: 'many'"),
        ("where;situation;since\nteam;waiting;1-13-2021\n", "cases.csv", "cases.csv: C2: '1-13-2021' is no day"),
        ("where;situation;number\ntema;waiting;2\n", "cases.csv", "cases.csv: A2"),
        (
            "where;situation;since\nteam;waiting;2021-12-01\n",
            "cases.csv",
            "C2: 2021-12-01 is after the day",
        ),
        ("", "cases.csv", "cases.csv"),
        ("x", "cases.exe", ".xlsx or a .csv"),
        (b"PK\x03\x04nonsense", "cases.xlsx", "cases.xlsx"),
    ],
)
def test_what_is_wrong_in_a_list_is_said_by_its_cell(tab, text, name, words):
    refused = upload(tab, text, name)
    assert refused.status_code == 422
    assert words in refused.json()["error"]["message"]
    assert "flowsim-page-" not in refused.text


def test_each_row_that_is_wrong_is_named_in_a_line(tab):
    rows = ["team;waiting;many;", "team;waiting;;2021-03-01", "team;wating;1;", "team;waiting;;31-2-2021"]
    lines = upload(tab, "\n".join(["where;situation;number;since", *rows])).json()["error"]["lines"]
    assert [line.partition(": ")[2].partition(":")[0] for line in lines] == ["C2", "B4", "D5"]


def test_a_list_of_another_day_or_too_large_is_refused(tab):
    assert "2019-01-01" in upload(tab, "", day="2019-01-01").text
    assert "2,097,152 bytes" in upload(tab, b"x" * 2_000_000).text


# --- Trust ---


def test_what_is_assumed_can_be_changed_and_becomes_a_line_of_the_scenario(copenhagen):
    from starlette.testclient import TestClient

    from flowsim.web.server import page

    with TestClient(page(copenhagen, hosts=None)) as client:
        grounds = client.get("/api/grounds?lang=da").json()
        assumed = {each["name"]: each for each in grounds["assumed"]}
        assert len(assumed) > 10
        assert all(each["why"] for each in assumed.values())
        titles = [block["title"] for block in grounds["blocks"]]
        assert len(titles) == 2  # factors and sources
        assert {"staff.plan_kontanthjaelp.bif", "places.rehabilitation_team"} <= {
            each["name"] for each in grounds["prices"]
        }
        name = "stock_afklaring"
        assert assumed[name]["title"] == "Borgere i afklaring ved start"
        assert (assumed["plan_hours"]["value"], assumed["plan_hours"]["unit"]) == ("25", "hours")
        assert assumed["plan_hours"]["unitWords"] == "timer"
        state = {"name": "x", "parameters": [[name, "120"]]}
        written = client.post("/api/scenario", json={"state": state}).json()
        assert f"{name} = 120" in written["toml"]
        refused = client.post("/api/scenario", json={"state": {"parameters": [["no_such", "1"]]}})
        assert refused.status_code == 422
        assert "no_such" in refused.text


def test_a_base_without_documents_says_so(tab):
    for path in ("/api/evidence", "/api/outlook"):
        refused = tab.post(path, {"state": {}})
        assert refused.status_code == 422
        assert "no calibration" in refused.text


def test_what_makes_a_report_again_names_no_folder_even_where_paths_have_backslashes(tab, tmp_path, monkeypatch):
    folder = tmp_path / "back\\slash"  # as all of Windows' have
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    picture = io.BytesIO()
    pytest.importorskip("PIL.Image").new("RGB", (30, 8)).save(picture, "PNG")
    form = {"replications": 20, "formats": ["html"], "logo": base64.b64encode(picture.getvalue()).decode()}
    again = answer(tab, "/api/report", state=MORE, form=form)["again"]
    assert "flowsim-page-" not in again["command"] + again["python"]
    assert "'my-plan.toml'" in again["python"]
    assert "'logo': 'logo.png'" in again["python"]
