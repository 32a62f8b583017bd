"""The page over HTTP: it shows what the questions answer, refuses in words, and tells nobody else anything."""

from __future__ import annotations

import json
import logging

import pytest

from flowsim.questions.compare import Compare
from flowsim.web.answers import MOST_BYTES, PAGE_FILES
from flowsim.web.workbench import FIRST_LOOK, LOOK, RUN, Workbench

MORE = {"changes": [{"control": "team", "value": "5"}]}


def test_the_page_and_each_file_that_it_names(tab):
    text = tab.client.get("/").text
    for name in ("page.css", "page.js", "chart.umd.min.js", "icon.svg"):
        assert f'"/static/{name}"' in text
        assert tab.client.get(f"/static/{name}").status_code == 200
    assert "MIT License" in tab.client.get("/static/chart.LICENSE.md").text


def test_nothing_of_the_page_names_another_host(tab):
    own = [name for name in PAGE_FILES if name.endswith((".css", ".js")) and not name.startswith("chart")]
    assert len(own) == 11
    for name in own:
        text = tab.client.get(f"/static/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, name
        assert "https://" not in text, name
        assert "innerHTML" not in text, name  # a user's text is never markup


@pytest.mark.parametrize(
    "path", ["/static/../asked.py", "/static/%2e%2e%2fasked.py", "/static/page.html", "/etc/passwd"]
)
def test_no_other_file_is_given(tab, path):
    assert tab.client.get(path).status_code == 404


def test_every_answer_has_the_rules(tab):
    for answer in (tab.client.get("/"), tab.client.get("/nothing"), tab.post("/api/look", {})):
        rules = answer.headers["content-security-policy"]
        assert "default-src 'none'" in rules
        assert "script-src 'self';" in rules
        assert "unsafe" not in rules
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_look_is_a_few_futures_and_then_more(tab):
    assert [view["replications"] for view in tab.views("/api/look", state=MORE)] == [FIRST_LOOK, LOOK]
    assert [view["replications"] for view in tab.views("/api/look", state=MORE)] == [LOOK]  # which is kept


def test_a_run_says_how_far_it_is_with_one_total(tab):
    news = tab.news("/api/run", state=MORE)
    steps = [(item["done"], item["total"]) for item in news if "total" in item]
    assert steps == [(done, 2 * RUN) for done in range(1, 2 * RUN + 1)]
    present = news[-1]["present"]
    assert list(present) == ["reference", "scenario"]
    shares = present["reference"]["by"]
    for stop in ("plan", "team"):  # each citizen is on one benefit
        total = [sum(rows) for rows in zip(*(by[stop] for by in shares.values() if stop in by), strict=True)]
        assert total == pytest.approx(present["reference"][stop], abs=0.2)


def test_a_run_has_its_tiles_in_each_language(tab):
    (view,) = tab.views("/api/run", state=MORE, lang="da")
    assert view["tilesIn"]["da"] == view["tiles"]
    (english,) = tab.views("/api/run", state=MORE, lang="en")
    assert view["tilesIn"]["en"] == english["tiles"] != view["tiles"]


def test_where_controls_stand_is_told_of_the_beginning_alone(tab):
    own = tab.post("/api/scenario", {"state": MORE}).json()["toml"]
    changed = {"own": own, "changes": [{"control": "team", "value": "9"}]}
    assert tab.post("/api/controls", {"state": changed}).json()["team"]["today"] == 5
    refused = tab.post("/api/controls", {"state": {"preset": "no-such"}, "lang": "da"})
    assert (refused.status_code, "no-such" in refused.text) == (422, True)


def test_tiles_are_the_figures_of_the_same_question_on_the_command_line(tab, desk, tmp_path):
    (view,) = tab.views("/api/run", state=MORE)
    written = tab.post("/api/scenario", {"state": MORE}).json()
    file = tmp_path / written["file"]
    file.write_text(written["toml"], encoding="utf-8")
    comparison = Compare(scenarios=(desk.layout.reference, str(file)), replications=RUN).answer()
    wait = comparison.select("wait.team.served", "2022")
    difference = wait.difference("my scenario")
    (tile,) = [one for one in view["tiles"] if one["measure"] == "wait.team.served"]
    median = wait.of("my scenario").quantiles((0.5,))["p50"][0]
    assert tile["value"] == f"{median:.2f}\u00a0weeks"
    assert tile["change"].startswith(f"{difference.estimate[0]:.1f}".replace("-", "−"))
    assert tile["verdict"] == "sure"
    assert tile["better"]
    assert written["command"].startswith("flowsim compare ")
    assert written["command"].endswith("my-scenario.toml --replications 100 --seed 1 --engine kernel")


def test_nothing_changed_is_the_reference_alone(tab):
    (view,) = tab.views("/api/run")
    assert all("verdict" not in tile for tile in view["tiles"])
    assert view["charts"][0]["fans"].keys() == {"reference"}


def test_the_way_has_queues_by_month(tab):
    *_, view = tab.views("/api/look")
    assert len(view["way"]["months"]) == 24
    queue = view["way"]["reference"]["team"]["queue"]
    assert len(queue) == 24
    assert queue[-1] > queue[5] > 0  # 220 a year come, and 52 times 4 are taken
    assert view["way"]["reference"]["plan"] == {}


def test_danish_and_english_words_and_numbers(tab):
    english, danish = (tab.views("/api/look", lang=code)[-1]["tiles"][0] for code in ("en", "da"))
    assert english["title"] == "Wait for the team"
    assert danish["title"] == "Ventetid på team"
    assert english["value"].replace(".", ",").replace("weeks", "uger") == danish["value"]
    contents = tab.client.get("/api/page?lang=da").json()
    assert contents["words"]["title"] == "Hvor venter borgerne?"


# --- What is refused ---


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"changes": [{"control": "tema", "value": "5"}]}, "no control 'tema'"),
        ({"changes": [{"control": "team", "value": "1.200"}]}, "1.200"),
        ({"changes": [{"control": "team", "value": "-3"}]}, "from 0 to 1,000,000"),
        ({"changes": [{"control": "new.arrivals", "value": "400"}]}, "from -50 to 50"),
        ({"changes": [{"control": "team", "value": "5", "since": "2021-13-01"}]}, "2021-13-01"),
        ({"changes": [{"control": "team", "value": "5"}] * 61}, "60"),
        ({"own": "name = ["}, "Your file"),
        ({"own": 'name = "x"\nbase = "/etc/passwd"'}, "/etc/passwd"),
        ({"preset": "../../today"}, "no scenario"),
        ({"colour": "red"}, "colour"),
        ([], "should be a valid dictionary"),
    ],
)
def test_a_state_that_is_no_scenario_is_refused_in_words(tab, state, words):
    answer = tab.post("/api/look", {"state": state, "year": 2022})
    assert answer.status_code == 422
    assert words in json.dumps(answer.json(), ensure_ascii=False)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:8600"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_other_pages_are_refused_in_both_languages(tab, headers, status):
    answer = tab.post("/api/scenario", {"state": {}}, **headers)
    assert answer.status_code == status
    english, danish = answer.json()["error"]["message"].split(" / ")
    assert english.startswith(("This page", "The request", "JSON is"))
    assert danish.startswith(("Denne side", "Forespørgslen", "Der skal"))


def test_its_own_requests_are_answered(tab):
    own = {"origin": "http://127.0.0.1:8600", "sec-fetch-site": "same-origin"}
    assert tab.post("/api/scenario", {"state": {}}, **own).status_code == 200


def test_a_body_is_read_up_to_a_bound(tab):
    answer = tab.post("/api/scenario", {"state": {"name": "x" * MOST_BYTES}})
    assert answer.status_code == 422
    assert "131,072 bytes" in answer.text


@pytest.mark.parametrize("body", [b"", b"[1", b"[]", b"[" * 50_000, b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(tab, body):
    answer = tab.client.post("/api/look", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/api/look", "/api/scenario"])
def test_a_fault_of_our_own_is_logged_and_not_shown(tab, path, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(Workbench, "_begun", broken)
    monkeypatch.setattr(Workbench, "written", broken)
    tab.client._transport.raise_server_exceptions = False
    logging.getLogger("flowsim.web").propagate = True
    with caplog.at_level(logging.ERROR, "flowsim.web"):
        answer = tab.post(path, {"state": {}, "year": 2022})
    assert "secret" not in answer.text
    assert '"fault"' in answer.text
    assert "the secret of the house" in caplog.text


def test_a_name_is_text_in_whatever_is_written(tab):
    name = '<script>"\\\n</script>'
    written = tab.post("/api/scenario", {"state": {"name": name} | MORE}).json()
    assert written["file"] == "script-script.toml"
    assert "\n</script>" not in written["toml"].splitlines()[0]
