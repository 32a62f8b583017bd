"""Prices on the page: other ones are a file beside the scenario, costs follow them, and what is no price is said."""

from __future__ import annotations

import json
import tomllib

import pytest
from starlette.testclient import TestClient

from flowsim.core.errors import InputError
from flowsim.planning.prices import Prices
from flowsim.web.asked import Choice
from flowsim.web.server import page
from flowsim.web.serving import desk_of
from helpers.command_line import fine
from web.conftest import TOWN, Tab

TWICE = {"prices": [["places.team", "2000 DKK per place"]]}


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("priced")
    (folder / "town.toml").write_text(TOWN + '\n[files]\nprices = "prices.toml"\n', encoding="utf-8")
    text = '[places]\nteam = { assumed = "1000 DKK per place", why = "made" }\n'
    (folder / "prices.toml").write_text(text, encoding="utf-8")
    return desk_of(str(folder / "town.toml"))


@pytest.fixture
def own(priced):
    with TestClient(page(priced, hosts=None)) as client:
        yield Tab(client)


def test_prices_are_shown_with_their_origin_and_can_be_changed(own):
    grounds = own.client.get("/api/grounds?lang=da").json()
    assert grounds["prices"] == [
        {
            "name": "places.team",
            "title": "Pladser: team",
            "value": "1000",
            "unit": "DKK per place",
            "unitWords": "kr. pr. plads",
            "kind": "antaget",
            "why": "made",
        }
    ]


def test_other_prices_are_a_file_beside_the_scenario_that_reads_back(priced, own):
    state = {"changes": [{"control": "team", "value": "5"}]} | TWICE
    written = own.post("/api/scenario", {"state": state}).json()
    assert "--prices prices.toml" in written["command"]
    assert "'prices': 'prices.toml'" in written["python"]
    prices = Prices.from_dict(tomllib.loads(written["prices"]))
    assert [(price.where, price.amount) for price in prices.prices] == [("places.team", 2000)]
    assert priced.prices(Choice.read({})).prices[0].amount == 1000


def test_costs_follow_the_prices_of_a_state(own):
    form = {"goals": ["wait for team <= 4 weeks"], "vary": ["team.places"], "between": ["4 9"], "during": "2022"}
    shown = [json.dumps(own.news("/api/staffing", state=state, form=form)[-1]) for state in ({}, TWICE)]
    assert shown[0] != shown[1]
    assert "--prices prices.toml" in shown[1]
    assert "flowsim-page-" not in shown[1]


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([["places.teem", "1 DKK per place"]], "no such price"),
        ([["places.team", "1.200 DKK per place"]], "1200 or 1.2?"),
        ([["places.team", "cheap"]], "'cheap' is no price"),
        ([["places.team.x", "1 DKK per place"]], "no such price"),
    ],
)
def test_what_is_no_price_is_refused_in_one_line_without_a_folder(priced, prices, expected):
    with pytest.raises(InputError) as caught:
        priced.prices(Choice.read({"prices": prices}))
    assert expected in str(caught.value)
    assert "/" not in str(caught.value)


def test_the_largest_assumptions_are_named_with_their_fields(tmp_path):
    text = TOWN.replace("places = 4", 'places = "$places"').replace('"220 per year"', '"$opened"')
    parameters = (
        '[parameters]\nplaces = { assumed = 4, why = "made" }\nopened = { assumed = "220 per year", why = "x" }\n'
    )
    start = text.index("\n[stations.team]")
    (tmp_path / "town.toml").write_text(f"{text[:start]}\n{parameters}{text[start:]}", encoding="utf-8")
    with TestClient(page(desk_of(str(tmp_path / "town.toml")), hosts=None)) as client:
        news = Tab(client).news("/api/assumptions", form={"year": 2022})[-1]
    assert sorted(each["name"] for each in news["names"]) == ["opened", "places"]
    assert " --assumptions " in news["again"]["command"]
    assert news["again"]["python"].startswith("from flowsim.questions import ExplainAssumptions\n")
    (table,) = news["blocks"]
    assert table["title"].startswith("Wait for the team")
    assert len(table["rows"]) == 2


def test_a_base_that_was_written_as_a_folder_opens_with_its_prices(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fine("base", "new", "lilleby", "--citizens", "430", "--from", "2021-01-01", "--until", "2023-01-01")
    with TestClient(page(desk_of("lilleby"), hosts=None)) as client:
        own = Tab(client)
        control = next(
            one["name"] for one in client.get("/api/page?lang=da").json()["controls"] if one["kind"] == "lever"
        )
        state = {"changes": [{"control": control, "value": "6"}]}
        written = own.post("/api/scenario", {"state": state}).json()
        assert "--cost" in written["command"]
        assert own.views("/api/look", state=state)[-1]["tiles"]
        assert len(client.get("/api/grounds?lang=da").json()["prices"]) == 9
