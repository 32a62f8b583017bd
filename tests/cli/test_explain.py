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


def test_what_does_not_go_with_it_is_refused_at_its_option():
    code, _, told = flowsim(*ASKED, "--vary", "team.places")
    assert code == 2
    assert "--vary: it does not go with --assumptions" in told
