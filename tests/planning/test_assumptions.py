"""Which assumptions matter most: those that the figure hangs on, in their order, and by how much."""

from __future__ import annotations

import pytest

from flowsim.core.errors import InputError
from flowsim.model.scenario import Scenario
from flowsim.planning.assumptions import largest_assumptions

TOWN = """
name = "town"
start = 2024-01-01
end = 2026-01-01
[parameters]
opened = { assumed = "300 per year", why = "made" }
share = { assumed = 0.5, why = "made" }
stay = { assumed = "4 weeks", why = "made" }
few = { assumed = 3, why = "made" }
full = { assumed = 0.95, why = "made" }
known = { calibrate = "2 weeks", why = "made" }
limits = { assumed = ["1 week", "2 weeks"], why = "made" }
[states.plan]
stay = "$stay"
to = { job = "$share", other = "rest" }
[states.other]
stay = "$known"
to = { gone = "$full", job = "rest" }
[states.later]
stay = { law = "empirical", values = "$limits" }
to = "job"
[states.job]
final = true
outcome = true
[states.gone]
final = true
outcome = true
[entries.new]
rate = "$opened"
to = "plan"
[entries.start]
count = "$few"
to = "later"
"""


def test_they_are_ordered_by_what_a_tenth_more_moves(tmp_path):
    (tmp_path / "town.toml").write_text(TOWN)
    town = Scenario.of(str(tmp_path / "town.toml"))
    found = largest_assumptions(town, "awards.job", "2025", replications=40, seed=1)
    by_name = {one.parameter.name: one for one in found}
    # Of 300 a year 150 go to a job at once, and 0.05 of the others: a tenth more of both cases and share is about 15.
    assert [one.parameter.name for one in found[:2]] in (["opened", "share"], ["share", "opened"])
    assert by_name["opened"].effect == pytest.approx(0.1 * 300 * (0.5 + 0.5 * 0.05), abs=4)
    assert by_name["share"].low < 0.05 * 300 * 0.95 < by_name["share"].high
    assert by_name["share"].change == "+10%"
    # A count of three becomes four, which is no matter in the second year; lists and calibrated numbers are none.
    assert not {"few", "limits", "known"} & set(by_name)
    # A tenth more of 0.95 is no share.
    assert "full" not in by_name


def test_what_is_not_measured_is_refused(tmp_path):
    (tmp_path / "town.toml").write_text(TOWN)
    with pytest.raises(InputError, match=r"awards\.jb"):
        largest_assumptions(Scenario.of(str(tmp_path / "town.toml")), "awards.jb", "2025", replications=2)
