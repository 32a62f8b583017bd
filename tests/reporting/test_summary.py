"""The two pages that a report begins with: one number and today's, a chart, key figures, and what it rests on."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from flowsim import Scenario
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.response import series
from flowsim.planning.staffing.search import seek
from flowsim.planning.staffing.trials import Question
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.assembly import assemble
from flowsim.reporting.document import Chart, Figure, Headline, Table, Text, shown
from flowsim.reporting.findings import explore
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.reporting.pictures.canvas import narrow_canvas
from flowsim.reporting.pictures.planning import Panel, zoomed
from flowsim.reporting.summary.overview import key_figures_beside_today
from flowsim.reporting.wording import Wording
from helpers.documents import page_count
from helpers.paths import TOWN

MORE = {
    "name": "more",
    "base": str(TOWN),
    "stations": [{"station": "team", "party": "town", "from": "2024-01-01", "places": "+3"}],
}


@pytest.fixture(scope="module")
def compared():
    scenarios = [Scenario.of(TOWN), Scenario.from_dict(MORE)]
    return explore(scenarios, parameters=None, replications=20, between=("2023", "9999"))


@pytest.fixture(scope="module")
def staffed(compared):
    scenario = compared.scenarios[-1]
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=9)
    search = seek(Question.of(scenario, ["wait for team <= 4 weeks"], "2024"), levels)
    return replace(compared, staffing=search)


def front(findings, code="en", **more):
    document = assemble(findings, Language.of(code), appendix=False, repeat="flowsim report x", **more)
    return document, [block for section in document.sections for block in section.blocks]


def test_the_box_of_a_comparison_has_both_figures_and_their_difference(compared):
    _, (box, chart, *_) = front(compared)
    year = re.search(r"in (\d{4}) is", box.sentence)[1]
    for cell, results in zip((box.beside, box.number), compared.comparison.results, strict=True):
        years, values = series(results, "wait.team.served", "year")
        assert cell.value == pytest.approx(np.median(values[:, years.index(year)]), abs=1e-9)
        assert cell.unit == "weeks"
    assert box.number.value < box.beside.value
    assert box.sentence.startswith(f"The difference in {year} is −")
    assert isinstance(chart, Chart)
    assert chart.title == "Wait for the Rehabilitation team"


def test_the_box_of_a_staffing_has_the_least_number_beside_that_of_the_scenario(staffed):
    _, (box, chart, *_) = front(staffed, "da")
    assert box.number == Figure(staffed.staffing.least)
    held = staffed.staffing.levels.lever.held(staffed.scenarios[-1].pathway(), staffed.staffing.question.since)
    assert isinstance(box.beside, Figure)
    assert box.beside.value == min(held.values())
    assert box.sentence.startswith(f"Med {staffed.staffing.least} pladser pr. møde")
    # What the chart shows is told to who does not see it, its conclusion first.
    assert chart.alternative.startswith(box.sentence)


def test_a_scenario_alone_is_told_beside_the_last_documented_year():
    findings = explore([Scenario.of("today")], parameters=None, replications=3, between=("2019", "2022"))
    document, (box, *_) = front(findings, "da")
    assert box.beside_label == "i 2020"
    assert box.label.startswith("Ventetid på rehabiliteringsteamet, 2022, »Videreført fra januar 2021«")
    years, values = series(findings.comparison.reference, "wait.rehabilitation_team.served", "year")
    assert box.beside.value == pytest.approx(np.median(values[:, years.index("2020")]))
    assert "grove" in box.warning  # of three runs
    (basis,) = [
        block for section in document.sections for block in section.blocks if getattr(block, "kind", "") == "points"
    ]
    said = " ".join(basis.lines)
    for part in (
        "København",
        findings.scenarios[0].base.sha256[:12],
        "flowsim ",
        "seed) 1",
        "3 fremtider",
        "1.\u00a0februar\u00a02021",
    ):
        assert part in said


def test_key_figures_stand_today_in_each_scenario_and_as_a_difference(compared):
    wording = Wording.of(compared.scenarios[0], compared.pathway, Language.of("en"))
    conclusions = Conclusions(findings=compared, wording=wording)
    year = conclusions.foremost.year
    table = key_figures_beside_today(compared, wording, conclusions)
    assert table.columns == ("measure", f"town, {year}", f"more, {year}", "difference", "sure")
    known = {(row.measure, row.year): row for row in compared.differences()}
    for row, measure in zip(table.rows, compared.measures, strict=False):
        for cell, results in zip(row[1:3], compared.comparison.results, strict=True):
            years, values = series(results, measure, "year")
            middle = np.mean if measure.kind.adds == "sum" else np.median
            assert cell.value == pytest.approx(middle(values[:, years.index(year)]))
        differs = known[measure, year]
        scale = 100 if compared.unit(measure) == "share" else 1
        np.testing.assert_allclose(row[3].value, scale * differs.estimate.estimate)
        assert row[4] == ("yes" if differs.surely else "no")
    assert "yes" in {row[4] for row in table.rows}


def test_today_is_the_last_documented_year_of_the_reference():
    scenarios = [Scenario.of("today"), Scenario.of("more-places")]
    findings = explore(scenarios, parameters=None, replications=3, between=("2019", "2022"))
    wording = Wording.of(findings.scenarios[0], findings.pathway, Language.of("da"))
    table = key_figures_beside_today(findings, wording, Conclusions(findings=findings, wording=wording))
    assert table.columns[1] == "i dag (2020)"
    years, values = series(findings.comparison.reference, findings.measures[0], "year")
    assert table.rows[0][1].value == pytest.approx(np.median(values[:, years.index("2020")]))
    assert table.columns[-1] == "holdt op mod"
    assert any("mål: 90" in str(row[-1]) for row in table.rows)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("which", ["compared", "staffed"])
def test_a_report_is_two_pages_in_print(request, which, code):
    pytest.importorskip("typst")
    from flowsim.reporting.writers.pdf import printout

    document, _ = front(request.getfixturevalue(which), code, question="How many " * 20 + "?")
    assert page_count(printout(document)) == 2


def test_a_report_without_an_appendix_holds_one_chart_and_one_table(staffed):
    _, blocks = front(staffed)
    kinds = [type(block) for block in blocks]
    assert (kinds.count(Headline), kinds.count(Chart), kinds.count(Table)) == (1, 1, 1)
    assert kinds.count(Text) >= 2


def test_charts_have_letters_as_large_on_a_telephone(compared):
    _, (_, chart, *_) = front(compared)
    wide = chart.draw(".svg").decode()
    with narrow_canvas():
        narrow = chart.draw(".svg").decode()
    widths = [float(re.search(r'<svg [^>]*?width="([\d.]+)pt"', picture)[1]) for picture in (wide, narrow)]
    assert widths == [pytest.approx(540), pytest.approx(266.4)]  # 266 points are 355 pixels, of 390
    assert chart.draw(".svg").decode() == wide
    scales = [set(re.findall(r"scale\((0\.\d+) -0\.\d+\)", picture)) for picture in (wide, narrow)]
    assert scales[0] == scales[1]


def test_a_staffing_is_zoomed_to_its_answer_and_todays_level():
    levels = [10, 18, 19, 20, 21, 31, 60]
    figures = [float(n) for n in range(7)]
    panel = Panel("t", levels, figures, figures, figures, ["misses"] * 4 + ["meets"] * 3, 3, 6, 31)
    near = zoomed(panel, 20)
    assert near.levels == [18, 19, 20, 21, 31]
    assert near.figures == [1, 2, 3, 4, 5]
    assert near.verdicts == ["misses", "misses", "misses", "meets", "meets"]
    assert zoomed(panel, None) == panel


def test_a_quarter_of_the_way_between_answer_and_today_is_shown_beyond_both():
    levels = [10, 15, 16, 19, 20, 21, 35, 36, 60]
    figures = [float(n) for n in levels]
    panel = Panel("t", levels, figures, figures, figures, ["misses"] * len(levels), 3, 6, 32)
    assert zoomed(panel, 20).levels == [16, 19, 20, 21, 35]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_report_of_a_list_tells_its_numbers_beside_the_models(tmp_path, code):
    (tmp_path / "list.csv").write_text(
        "where;situation;number;since;remark\nteam;waiting;9;2023-06-24;\n", encoding="utf-8"
    )
    scenario = Scenario.from_dict(
        {"name": "september", "base": str(TOWN), "today": str(tmp_path / "list.csv"), "today_is": "2023-09-01"}
    )
    findings = explore([scenario], parameters=None, replications=4)
    _, blocks = front(findings, code)
    said = "\n".join(line for block in blocks if isinstance(block, Text) for line in block.lines)
    assert re.search({"en": r"9 in the list, \d+ in the model", "da": r"9 på listen, \d+ i modellen"}[code], said)


def test_a_number_is_shown_with_its_unit():
    assert shown(Figure(5.25, 1, unit="uger"), Language.of("da")) == "5,3\u00a0uger"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_web_page_has_no_fault_that_axe_finds(staffed, tmp_path, width):
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    from flowsim.reporting.writers.html import webpage

    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if place is None:
        pytest.skip("chromium is not installed")
    command = "flowsim report --out report.pdf --goal 'wait for team <= 4 weeks' --vary team.places town.toml " * 2
    document = assemble(staffed, Language.of("da"), repeat=command)
    (tmp_path / "r.html").write_bytes(webpage(document))
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=place, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
        page = context.new_page()
        page.goto((tmp_path / "r.html").as_uri())
        for summary in page.locator("summary").all():
            summary.click()
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width  # nothing sticks out
        browser.close()
