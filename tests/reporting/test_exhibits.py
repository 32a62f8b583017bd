"""The charts of a report on days: by hour or by day where the pathway asks for these, and never of a single point."""

import zipfile

import pytest

from flowsim import Scenario
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import explore
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from helpers.command_line import fine

LINE = """\
name = "line"
start = "2024-03-04T06:00"
end = "{end}"
tick = "4 seconds"
time_unit = "minute"
{periods}

[stations.operators]
capacity = 3

[states.call]
station = "operators"
stay = {{ law = "gamma", mean = "8 minutes", cv = 0.5 }}
to = "done"

[states.done]
final = true

[entries.calls]
rate = "18 per hour"
to = "call"
"""


def charts(folder, periods, end):
    (folder / "line.toml").write_text(LINE.format(periods=periods, end=end), encoding="utf-8")
    scenario = Scenario.of(folder / "line.toml")
    findings = explore([scenario], parameters=None, replications=3)
    exhibits = Exhibits(
        findings=findings, wording=Wording.of(scenario, findings.comparison.reference.pathway, Language.of("en"))
    )
    return exhibits.waits(), exhibits.queues()


@pytest.mark.parametrize(
    ("periods", "end", "first", "many"),
    [
        ('periods = "hour"', "2024-03-04T18:00", "2024-03-04T06", 12),
        ('periods = "hour"', "2024-03-06T06:00", "2024-03-04T06", 48),  # of two whole days there is one point
        ('periods = "hour"', "2024-03-08", "2024-03-05", 3),
        ('periods = "day"', "2024-03-09", "2024-03-05", 4),
        ("", "2024-03-09", "2024Q1", 1),
    ],
)
def test_waits_are_drawn_by_the_longest_periods_of_which_there_are_three(tmp_path, periods, end, first, many):
    waits, queues = charts(tmp_path, periods, end)
    shown = [row[2] for row in waits.table.rows]
    assert (shown[0], len(shown)) == (first, many)
    if many > 1:
        assert [row[2] for row in queues.table.rows] == shown
        day = "4" if first.endswith("06") else "5"
        assert f"minutes in {day} March 2024" in waits.alternative.replace("\u00a0", " ")


def test_an_axis_of_one_day_has_its_hours(tmp_path):
    waits, _ = charts(tmp_path, 'periods = "hour"', "2024-03-04T18:00")
    drawn = waits.draw("svg").decode()
    for clock in ("06:00", "09:00", "12:00", "15:00"):
        assert f"<!-- {clock} -->" in drawn
    assert "<!-- 2024 -->" not in drawn
    waits, _ = charts(tmp_path, 'periods = "hour"', "2024-03-06T06:00")
    assert "<!-- 2024-03-04 19:00 -->" in waits.draw("svg").decode()


@pytest.mark.parametrize(
    ("end", "form", "dated"), [("2024-03-04T18:00", "hh:mm", False), ("2024-03-09", "dd-mm", True)]
)
def test_a_chart_of_a_workbook_has_its_hours_or_days(tmp_path, end, form, dated):
    (tmp_path / "line.toml").write_text(LINE.format(periods='periods = "hour"', end=end), encoding="utf-8")
    book = tmp_path / "line.xlsx"
    fine("report", tmp_path / "line.toml", "--out", book, "--appendix", "-n", 3, "-q")
    with zipfile.ZipFile(book) as parts:
        drawn = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert drawn
    assert all(f'formatCode="{form}"' in chart for chart in drawn)
    assert all(("<c:dateAx>" in chart) is dated for chart in drawn)


CLOSED = """\
name = "clinic"
start = 2024-01-01
end = 2025-01-01

[stations.doctors]
weekdays = ["tue"]

[stations.doctors.parties.doctors.places]
{places}

[states.case]
station = "doctors"
to = "done"

[states.done]
final = true

[entries.cases]
rate = "200 per year"
to = "case"
"""


@pytest.mark.parametrize(
    ("open_from", "open_until", "words"),
    [
        ("2024-10-01", None, "falls from ∞ weeks in Q1 2024"),
        ("2024-04-01", "2024-10-01", "hardly changes, from ∞ weeks in Q1 2024 to ∞ weeks in Q4 2024"),
        (None, "2024-10-01", "to ∞ weeks in Q4 2024"),
    ],
)
def test_a_wait_without_an_end_is_longer_than_any_other(tmp_path, open_from, open_until, words):
    """Who waits where nobody is served waits for ever: to be served again is no small change, and neither is a rise."""
    dated = {"2024-01-01": 0 if open_from else 30} | ({open_from: 30} if open_from else {})
    dated |= {open_until: 0} if open_until else {}
    places = "\n".join(f"{day} = {count}" for day, count in dated.items())
    (tmp_path / "clinic.toml").write_text(CLOSED.format(places=places), encoding="utf-8")
    scenario = Scenario.of(tmp_path / "clinic.toml")
    findings = explore([scenario], parameters=None, replications=3)
    wording = Wording.of(scenario, findings.comparison.reference.pathway, Language.of("en"))
    alternative = Exhibits(findings=findings, wording=wording).waits().alternative.replace("\u00a0", " ")
    assert words in alternative
    assert ("rises from" in alternative) == (open_from is None)
