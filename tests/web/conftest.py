"""A page of a small town, so that a run takes a moment; and a page of Copenhagen, whose layout is data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

starlette = pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient  # noqa: E402

from flowsim.web.asked import Desk  # noqa: E402
from flowsim.web.server import page  # noqa: E402
from flowsim.web.serving import desk_of  # noqa: E402

TOWN = """
name = "town"
title = "A small town"
start = 2021-01-01
end = 2023-01-01

[stations.team]
weekdays = ["tue"]
places = 4

[states.plan]
stay = "4 weeks"
to = "team"

[states.team]
station = "team"
stay = "1 week"
to = { job = 0.5, pension = 0.5 }

[states.job]
final = true
outcome = true

[states.pension]
final = true
outcome = true

[entries.new]
to = "plan"
rate = "220 per year"

[clocks.decided]
begins = ["plan"]
ends = ["job", "pension"]
limit = "10 weeks"
"""
HOST = "127.0.0.1:8600"


class Tab:
    """A tab of a browser, as the page's script asks."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(path, content=json.dumps(body), headers={"content-type": "application/json"} | headers)

    def news(self, path: str, **body: Any) -> list[dict[str, Any]]:
        answer = self.post(path, {"state": {}, "year": 2022, "lang": "en"} | body)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]

    def views(self, path: str, **body: Any) -> list[dict[str, Any]]:
        return [news["view"] for news in self.news(path, **body) if "view" in news]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("town") / "town.toml"
    path.write_text(TOWN, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def pair_of_stations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town in which citizens wait for a caseworker too, so that a staffing has two levers."""
    path = tmp_path_factory.mktemp("pair") / "pair.toml"
    plan = '[states.plan]\nstation = "plan"\nstay = "1 week"\nto = "team"\n\n[stations.plan]\ncapacity = 5\n'
    path.write_text(TOWN.replace('[states.plan]\nstay = "4 weeks"\nto = "team"\n', plan), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def desk(town: Path) -> Desk:
    return desk_of(str(town))


@pytest.fixture
def tab(desk: Desk) -> Iterator[Tab]:
    with TestClient(page(desk, hosts=frozenset({"127.0.0.1"})), base_url=f"http://{HOST}") as client:
        yield Tab(client)


@pytest.fixture(scope="session")
def copenhagen() -> Desk:
    return desk_of("copenhagen")
