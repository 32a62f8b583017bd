"""Pictures of scenarios side by side show the differences that are told, in the units that they name."""

import numpy as np
import pytest

from flowsim import compare
from flowsim.reporting.pictures import planning
from flowsim.reporting.pictures.planning import Bar, differences_figure, differences_picture, tornado
from helpers.scenarios import scenario_of, wording_of

RAW = {
    "name": "two",
    "start": "2024-01-01",
    "end": "2025-01-01",
    "stations": {"desk": {"capacity": 2}},
    "states": {
        "plan": {"station": "desk", "stay": {"law": "exponential", "mean": "2 days"}, "to": "done"},
        "done": {"final": True, "outcome": True},
    },
    "entries": {"door": {"to": "plan", "rate": "300 per year"}},
    "clocks": {"decided": {"begins": ["plan"], "begins_at": "joined", "ends": ["done"], "limit": "1 week"}},
}


@pytest.fixture(scope="module")
def scenarios():
    return [scenario_of(RAW), scenario_of(RAW, name="three", stations=[{"station": "desk", "capacity": 3}])]


@pytest.fixture(scope="module")
def comparison(scenarios):
    return compare(scenarios, replications=12, measures=["wait.desk.served", "clock.decided.within"])


@pytest.mark.parametrize(("code", "points"), [("en", 100), ("da", 100), (None, 1)])
def test_a_difference_is_drawn_in_the_unit_that_its_panel_names(scenarios, comparison, code, points):
    """Shares in percentage points where words are used, and as they are beside the names of measures."""
    wording = None if code is None else wording_of(scenarios[0], code)
    (paired,) = (paired for _, paired in comparison.differences())
    places = {}
    for number, row in enumerate(comparison.index):
        places.setdefault(row.measure, []).append(number)
    units = [comparison.index[at[0]].unit for at in places.values()]
    assert set(units) == {"share", "weeks"}
    panels = differences_figure(comparison, wording=wording).axes
    assert len(panels) == len(places)
    for axes, at, unit in zip(panels, places.values(), units, strict=True):
        drawn = axes.lines[-1].get_ydata()
        np.testing.assert_allclose(drawn, (points if unit == "share" else 1) * paired.estimate[at])
        assert np.abs(drawn).max() > 0


@pytest.mark.parametrize(("kind", "begins"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF-")])
def test_a_picture_of_differences_is_a_file_of_the_kind_asked_for(comparison, kind, begins):
    assert differences_picture(comparison, kind).startswith(begins)


def test_a_tornado_has_a_bar_to_each_end_of_a_factor_its_intervals_and_its_share_the_first_on_top(monkeypatch):
    monkeypatch.setattr(planning, "drawn", lambda figure, kind: figure)
    factors = [
        Bar("staff", 2.0, 9.0, (1.5, 2.5), (8.0, 10.0), "70 %"),
        Bar("arrivals", 6.0, 4.0, (5.8, 6.2), (3.7, 4.3), "30 %"),
    ]
    (axes,) = tornado(factors, 5.0, "What drives the wait", "weeks", ".svg", ("low", "high", "share")).axes
    heights = {name.get_text(): at for at, name in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)}
    assert heights["staff"] > heights["arrivals"]
    ends = {(bar.get_y() + bar.get_height() / 2, bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches}
    assert ends == {(heights[bar.label], 5.0, value) for bar in factors for value in (bar.low, bar.high)}
    spans = {(line.get_ydata()[0], *line.get_xdata()) for line in axes.lines if len(set(line.get_xdata())) == 2}
    assert spans == {(heights[bar.label], *span) for bar in factors for span in (bar.low_interval, bar.high_interval)}
    shares = {text.get_text(): text.xy[1] for text in axes.texts}
    assert shares == {"70 %": heights["staff"], "30 %": heights["arrivals"], "share": 1}
    colours = {bar.get_facecolor() for bar in axes.patches if bar.get_x() + bar.get_width() in (2.0, 6.0)}
    (low,) = colours
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["low", "high"]
    assert legend.get_patches()[0].get_facecolor() == low != legend.get_patches()[1].get_facecolor()
    assert axes.get_xlabel() == "weeks"
