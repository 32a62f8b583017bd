"""Queues that stand still, cases that nobody decides, names that begin alike: each is said in both languages."""

import re

import pytest

from flowsim import Scenario
from flowsim.cli.words.run import by_period
from flowsim.cli.words.situation import situation_lines
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.runner import run
from helpers import command_line

DESK = """\
name = "desk"
start = 2024-01-01
end = 2027-01-01
stations.desk.capacity = { 2024-01-01 = 2, 2025-03-01 = 0 }
entries.door = { to = "plan", rate = "300 per year" }
states.plan = { station = "desk", stay = "2 days", to = "done" }
states.done = { final = true, outcome = true }
clocks.decided = { begins = ["plan"], begins_at = "joined", ends = ["done"], limit = "3 weeks" }
"""
LONG = "Two more at the desk from March on, as was asked in the committee of {month}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("still")
    (folder / "desk.toml").write_text(DESK, encoding="utf-8")
    for month, number in (("May", 1), ("June", 2)):
        (folder / f"{month}.toml").write_text(
            f'name = "{LONG.format(month=month)}"\nbase = "desk.toml"\n'
            f'[[stations]]\nstation = "desk"\ncapacity = {number}\nfrom = 2025-07-01\n',
            encoding="utf-8",
        )
    return folder


@pytest.mark.parametrize(
    ("code", "none", "why"),
    [
        (
            "en",
            "Decided: 3 weeks: none decided in 2026, so no share; open cases beyond the time: ",
            "-: no figure, for",
        ),
        (
            "da",
            "Decided: 3 uger: ingen afgjort i 2026, så der er ingen andel; åbne sager over tiden: ",
            "-: intet tal,",
        ),
    ],
)
def test_a_share_of_nobody_is_said_to_be_none(folder, code, none, why):
    scenario = Scenario.of(folder / "desk.toml")
    words = Wording.of(scenario, scenario.pathway(), Language.of(code))
    results = run(scenario, replications=12)
    assert none in " ".join(" ".join(situation_lines(results, words)).split())
    assert why in "\n".join(by_period(results.table(), words))


def test_a_year_in_whose_last_quarter_nobody_is_served_is_called_so(folder):
    (folder / "early.toml").write_text('name = "early"\nbase = "desk.toml"\nuntil = 2026-01-01\n', encoding="utf-8")
    text = " ".join(command_line.fine("run", folder / "early.toml", "-n", 12).split())
    assert "What binds: desk (nobody is served in 2025Q4, though somebody waits)." in text
    assert "No station is full" not in text
    danish = " ".join(command_line.fine("run", folder / "early.toml", "-n", 12, "--language", "da").split())
    assert "begrænser: desk (ingen kommer til i 2025K4, selv om nogen venter)." in danish
    more = folder / "more.toml"
    more.write_text('name = "more"\nbase = "early.toml"\n[[stations]]\nstation = "desk"\ncapacity = "+1"\n', "utf-8")
    text = " ".join(command_line.fine("compare", more, folder / "early.toml", "-n", 12).split())
    assert (
        "Wait for the desk: in early nobody is served in 2025Q4, though somebody waits; the figure of 2025 is" in text
    )


def test_names_that_begin_alike_are_written_in_full_and_infinite_differences_are_explained(folder):
    files = [folder / f"{name}.toml" for name in ("desk", "May", "June")]
    text = command_line.fine("compare", *files, "-n", 12, "--plot", folder / "still.svg")
    assert "…" not in text
    flat = " ".join(text.split())
    assert LONG.format(month="May") in flat
    assert LONG.format(month="June") in flat
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"-∞\*", text)
    assert "∞; +∞ is where it stands still and not in desk, −∞ the reverse) in up to 12 of 12 futures, in 2026." in flat
    picture = (folder / "still.svg").read_text(encoding="utf-8")
    assert "Not drawn: where a queue stands still" in picture
