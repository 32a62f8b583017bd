"""What the page refuses is said in its own words: fields and changes by their names, not by keys, forms and folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from flowsim.web.server import page

TEAM: dict[str, Any] = {"control": "team_municipal", "value": "33"}
FIND: dict[str, Any] = {
    "goals": ["clock.plan_til_afgoerelse.within >= 90%"], "vary": ["rehabilitation_team.places"],
    "between": ["10 60"], "during": "2022",
}  # fmt: skip
OWN = "name = 'x'\nbase = 'copenhagen'\n[[stations]]\nstation = 'rehabilitation_team'\nparty = 'region'\n"
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("look", {"state": {"changes": [TEAM | {"since": "2022-05-01", "through": "2022-01-01"}]}},
     "rehabilitation team: the last day (2022-01-01) lies before the first (2022-05-01)",
     "rehabiliteringsteamet: den sidste dag (1. januar 2022) ligger før den første (1. maj 2022)"),
    ("look", {"state": {"changes": [TEAM | {"since": "2090-01-01"}]}},
     "rehabilitation team, From: 2090-01-01 lies too long after the end of the model (2025-01-01)",
     "rehabiliteringsteamet, Fra: 1. januar 2090 ligger for længe efter modellens slutning (1. januar 2025)"),
    ("look", {"state": {"changes": [TEAM | {"since": "1980-01-01", "through": "1980-02-01"}]}},
     "rehabilitation team, From: 1980-01-01 lies too long before the start of the model (2015-01-01)",
     "rehabiliteringsteamet, Fra: 1. januar 1980 ligger for længe før modellens begyndelse (1. januar 2015)"),
    ("look", {"state": {"changes": [TEAM | {"value": "-1"}]}},
     "Places a meeting, municipality: -1 is not allowed: from 0 to 1,000,000",
     "Pladser pr. møde, kommunen: -1 er ikke tilladt: fra 0 til 1.000.000"),
    ("look", {"state": {"parameters": [["stock_plan_waiting", "-5"]]}},
     "Citizens waiting for a caseworker at the start: -5 is not allowed: it should be greater than or equal to 0",
     "Borgere, der venter på en sagsbehandler ved start: -5 er ikke tilladt: det skal være mindst 0"),
    ("scenario", {"state": {"parameters": [["stock_plan_waiting", "1.200"]]}},
     "Citizens waiting for a caseworker at the start: '1.200': 1200 or 1.2? write 1200 or 1.2",
     "Borgere, der venter på en sagsbehandler ved start: '1.200': 1200 eller 1.2? skriv 1200 eller 1.2"),
    ("look", {"state": {"cases": "sted;situation;antal;siden\nteam;venter;1;1-13-2021\n"}},
     "list.csv: D2: '1-13-2021' is no day: write it as 2026-03-09 or 9-3-2026",
     "list.csv: D2: '1-13-2021' er ikke en dato. Skriv den som 9-3-2026 eller 2026-03-09"),
    ("look", {"state": {"cases": "sted;situation;antal;siden\nteam;venter;1;2/3/2021\n"}},
     "list.csv: D2: '2/3/2021' can be 2021-03-02 or 2021-02-03, and no other cell tells which: write 2021-03-02 or ",
     "list.csv: D2: '2/3/2021' kan være 2021-03-02 eller 2021-02-03, og intet andet felt afgør det. "
     "Skriv 2021-03-02 eller 2021-02-03"),
    ("look", {"state": {"own": f"{OWN}places = '-99'"}},
     "Your file: stations[no. 1: rehabilitation_team].places: '-99' takes ",
     "Din fil: stations[no. 1: rehabilitation_team].places: '-99' bringer "),
    ("look", {"state": {"own": "x =="}}, "Your file, line 1: Invalid value", "Din fil, linje 1: Ugyldig værdi"),
    ("staffing", {"form": FIND | {"between": ["60 10"]}},
     "Tried from and to: rehabilitation team: 60 is not allowed: 0 or more, and below the most",
     "Afprøvet fra og til: rehabiliteringsteamet: 60 er ikke tilladt: 0 eller mere og under det højeste"),
    ("staffing", {"form": FIND | {"between": ["10 10.5"]}},
     "Tried from and to: '10 10.5' is not allowed: two whole numbers, the least and the most",
     "Afprøvet fra og til: '10 10.5' er ikke tilladt: to hele tal, det mindste og det største"),
    ("staffing", {"form": FIND | {"goals": ["clock.plan_til_afgoerelse.within >= 190%"]}},
     "The goal: '190%' is no share: it lies between 0% and 100%",
     "Målet: '190%' er ingen andel: den ligger mellem 0% og 100%"),
    ("report", {"form": {"first": "2023", "last": "2021"}},
     "From 2023 to 2021 there is no year: choose a later last year",
     "Fra 2023 til 2021 er der intet år: Vælg et senere slutår"),
    ("report", {"form": {"logo": "aGVq"}},
     "Logo: the logo is no picture that can be taken: give a .png or a .jpg file",
     "Logo: logoet er ikke et billede, der kan bruges: angiv en .png- eller .jpg-fil"),
    ("look", {"year": 10000}, "Year: 10000 is not allowed: it should be a whole number from 1 to 9,999",
     "År: 10000 er ikke tilladt: det skal være et helt tal fra 1 til 9.999"),
    ("run", {"year": 0}, "Year: 0 is not allowed: it should be a whole number from 1 to 9,999",
     "År: 0 er ikke tilladt: det skal være et helt tal fra 1 til 9.999"),
    ("look", {"year": "2022"}, "Year: '2022' is not allowed", "År: '2022' er ikke tilladt"),
    ("assumptions", {"form": {"year": 1990}}, "Year: nothing is measured in 1990", "År: der måles intet i 1990"),
]  # fmt: skip


@pytest.fixture(scope="module")
def client(copenhagen: Any) -> Iterator[TestClient]:
    with TestClient(page(copenhagen, hosts=frozenset({"127.0.0.1"})), base_url="http://127.0.0.1:8600") as client:
        yield client


@pytest.mark.parametrize(("path", "asked", "english", "danish"), REFUSED)
def test_a_refusal_names_what_the_planner_sees(
    client: TestClient, path: str, asked: dict[str, Any], english: str, danish: str
) -> None:
    for language, said in (("en", english), ("da", danish)):
        body = json.dumps({"state": {}, "year": 2022, "lang": language} | asked)
        answer = client.post(f"/api/{path}", content=body, headers={"content-type": "application/json"})
        last = json.loads(next(line for line in reversed(answer.text.splitlines()) if line.strip()))
        assert last["error"]["message"].startswith(said)
