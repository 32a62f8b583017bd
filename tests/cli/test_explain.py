"""`flowsim explain --assumptions` as a planner types it."""

import json

from helpers.command_line import fine, flowsim
from helpers.paths import TOWN

ASKED = ("explain", TOWN, "--measure", "wait.team.served", "--period", 2022, "--assumptions", "--sets", 20)


def test_assumptions_are_told_by_what_they_move():
    told = fine(*ASKED, "--language", "da")
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "\n 1. waiting\n    værdi 10, sat op med +1: flytter det med −0,01 uger (" in told
    assert "gennemsnit af 20 par af forløb, startværdi 1" in told
    answer = json.loads(fine(*ASKED, "--json"))
    (first, *_) = answer["assumptions"]
    assert (first["parameter"], first["change"], answer["pairs"]) == ("waiting", "+1", 20)
    assert first["low"] <= first["effect"] <= first["high"]


def test_a_period_beyond_the_run_is_said_to_be_run_on_to(tmp_path):
    file = tmp_path / "short.toml"
    file.write_text(f'name = "short"\nbase = "{TOWN}"\nuntil = 2024-07-01\n', encoding="utf-8")
    asked = ("explain", file, "--measure", "wait.team.served", "--sets", 20, "--vary", "team.places", "--between", 2, 9)
    said = "short by itself ends on 2024-07-01; for 2024 it is run to 2025-01-01"
    assert said in " ".join(fine(*asked, "--period", 2024).split())
    assert said in " ".join(fine(*asked[:6], "--period", 2024, "--assumptions").split())
    assert "by itself" not in fine(*asked, "--period", "2024Q1")


def test_what_does_not_go_with_it_is_refused_at_its_option():
    code, _, told = flowsim(*ASKED, "--vary", "team.places")
    assert code == 2
    assert "--vary: it does not go with --assumptions" in told
