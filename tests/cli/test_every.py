"""Figures by day and by hour on the command line, in both languages, and what is refused."""

import json
import re
from itertools import chain

import pytest

from helpers import command_line

LINE = """
name = "line"
start = 2024-01-05
end = 2024-01-08
tick = "1 second"
periods = "hour"
stations.operators.capacity = 2
states.call = { station = "operators", stay = "10 minutes", to = "done" }
states.done.final = true
entries.calls = { rate = "10 per hour", to = "call" }
watches.answered = { station = "operators", within = "2 minutes" }
"""


def refused(*words):
    code, out, err = command_line.flowsim(*words)
    assert (code, out) == (2, "")
    return " ".join(err.split())


@pytest.fixture
def line(tmp_path):
    path = tmp_path / "line.toml"
    path.write_text(LINE)
    return path


def test_what_a_pathway_watches_is_in_the_table_and_a_share_of_none_too(line):
    watched = 'within = ["2 minutes", "9 hours"], percentiles = [90] }\nstates.sent = { stay = "1 hour", to = "done" }'
    clocks = 'entries.letters = { rate = "1 per hour", to = "sent" }\n[clocks.late]\nbegins = "sent"\nends = "done"\n'
    text = LINE.replace('within = "2 minutes" }', watched) + f'{clocks}limit = "1 minute"\n'
    line.write_text(text)
    out = command_line.fine("run", line, "-n", 10, "--language", "en")
    assert re.search(r"Share in time\n  late: 1 minute +0 %\n", out)
    assert re.search(r"Share served in time\n  answered: 2 minutes +\d\d %\n  answered: 9 hours +100 %\n", out)
    assert re.search(
        r"Share who had to wait\n  answered +\d\d %\nWait that so many had at most, weeks\n  answered: 90 %", out
    )
    by_hour = command_line.fine("run", line, "-n", 10, "--every", "hour", "--to", "2024-01-05T03", "--language", "en")
    told = " ".join(by_hour.split())
    assert (
        "(Stocks, queues and overdue cases are those at the hour's end; waits are in weeks, the mean of those" in told
    )
    assert "(Waits that are watched: of those whose wait ended in the period.)" in told
    danish = " ".join(command_line.fine("run", line, "-n", 10, "--language", "da").split())
    assert "Andel, der kom til i tide answered: 2 minutter" in danish


def test_hours_in_a_table(line):
    out = command_line.fine(
        "run", line, "-n", 10, "--every", "hour", "--from", "2024-01-06T08", "--to", "2024-01-06T12"
    )
    assert max(map(len, out.splitlines())) <= 80
    heads = [row.split()[3:] for row in out.splitlines() if row.startswith("Hour by hour")]
    assert list(chain(*heads)) == [f"2024-01-06T{hour:02}" for hour in range(8, 13)]
    assert "each month, quarter and year is of the days from 2024-01-05 to 2024-01-07 alone" in " ".join(out.split())
    days = command_line.fine("run", line, "-n", 10, "--every", "day", "--language", "da")
    assert re.search(r"^Dag for dag +2024-01-05 2024-01-06 2024-01-07$", days, flags=re.MULTILINE)
    whole = command_line.fine("run", line, "-n", 10)
    assert re.search(r"^Year by year +2024$", whole, flags=re.MULTILINE)
    only = command_line.fine("run", line, "-n", 10, "--from", "2024-01-06", "--to", "2024-01-06")
    assert re.search(r"^Day by day +2024-01-06$", only, flags=re.MULTILINE)


def test_json_has_the_hours(line):
    told = json.loads(command_line.fine("run", line, "-n", 3, "--json", "--from", "2024-01-06", "--to", "2024-01-06"))
    shares = [row for row in told["measures"] if row["measure"] == "watch.answered.2_minutes.within"]
    assert [row["period"] for row in shares] == [f"2024-01-06T{hour:02}" for hour in range(24)] + ["2024-01-06"]


def test_compare_by_day(line, tmp_path):
    (tmp_path / "more.toml").write_text(
        'name = "more"\nbase = "line.toml"\n[[stations]]\nstation = "operators"\ncapacity = "+2"\n'
    )
    out = command_line.fine("compare", line, tmp_path / "more.toml", "-n", 20, "--every", "day", "--codes", "--all")
    assert "2024-01-06" in out
    assert "2024-01-06T" not in out


@pytest.mark.parametrize(
    ("words", "english", "danish"),
    [
        (("--every", "week"), "--every: there is no period 'week'", "'week'"),
        (
            ("--from", "2024-02-30"),
            "--from: '2024-02-30' is no period: there is no such day",
            "'2024-02-30' er ingen periode: dagen findes ikke",
        ),
        (("--from", "2024-01-09"), "nothing lies between", "der ligger intet imellem"),
    ],
)
def test_refused(line, words, english, danish):
    assert english in refused("run", line, *words)
    assert danish in refused("run", line, *words, "--language", "da")


def test_days_of_a_pathway_that_has_none(line):
    line.write_text(LINE.replace('periods = "hour"\n', ""))
    told = '--every hour: the pathway has no hours: say `periods = "hour"` in it'
    assert told in refused("run", line, "--every", "hour")
    danish = refused("run", line, "--every", "day", "--language", "da")
    assert 'modellen har ingen dage: skriv `periods = "day"` i den' in danish
