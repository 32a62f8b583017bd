"""What a unit of a lever costs a year, worked by hand, and lines of the same cost over a map."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from flowsim import InputError, Pathway, Scenario, run
from flowsim.planning.cost import costed
from flowsim.planning.levers import Lever
from flowsim.planning.prices import Prices, prices_of
from flowsim.planning.staffing.cost import StaffingCost, amounts_told, unit_cost, unpriced
from flowsim.planning.staffing.trials import Question
from flowsim.reporting.pictures.planning import (
    Box,
    CostLine,
    Costs,
    Panel,
    Words,
    equal_cost_lines,
    frontier_map,
    map_box,
    staffings,
)
from helpers.command_line import fine, flowsim
from helpers.scenarios import PRICES, scenario_of
from helpers.traces import RAW

HOURS = {"hours": "10 hours", "hours_a_case": "2 hours", "staff": 4.0}
TOWN = RAW | {
    "stations": RAW["stations"]
    | {
        "team": {"weekdays": ["mon"], "places": 3.0},
        "court": {"weekdays": ["tue"], "parties": {"town": {"places": 4.0}, "region": {"places": 9.0}}},
        "clinic": {"weekdays": ["wed"], "parties": {"town": HOURS, "region": HOURS}},
    }
}
TOLD = PRICES | {
    "staff": {"clinic": {"town": "600000 DKK per year", "region": "10000 DKK per week"}},
    "places": {"team": "500 DKK per place", "court": "700 DKK per place"},
}
CLOSED = [
    {"station": "desk", "from": "2019-07-01", "until": "2019-10-01", "keep": "25 %"},
    {"station": "team", "from": "2019-07-01", "until": "2019-08-01"},
    {"station": "clinic", "from": "2019-07-01", "until": "2019-08-01"},
    {"station": "court", "from": "2019-07-01", "until": "2019-08-01", "keep": "50 %"},
]


def cost_of(name, during="2019", prices=TOLD, closures=()):
    scenario = scenario_of(TOWN, closures=closures)
    question = Question.of(scenario, ["queue of desk <= 5"], during)
    return unit_cost(question, Lever.parse(name, scenario.pathway()), Prices.from_dict(prices))


@pytest.mark.parametrize(
    ("name", "during", "expected"),
    [
        ("desk.capacity", "2019", 12 * 30000),
        ("desk.capacity", "2019Q2", 12 * 30000),
        ("clinic.town.staff", "2019", 600000),
        ("clinic.staff", "2019", 600000 + 10000 * 365 / 7),  # one caseworker of each party
        ("clinic.region.staff", "2020Q1", 10000 * 366 / 7),
        ("team.places", "2019", 52 * 500),  # Mondays from 7 January to 30 December
        ("team.places", "2019Q2", 13 * 500 * 365 / 91),  # Mondays from 1 April to 24 June
        ("team.places", "2020-02", 4 * 500 * 366 / 29),
        ("court.town.places", "2019", 53 * 700),  # 2019 begins and ends on a Tuesday
        ("court.places", "2019", 53 * 700),  # one place, whoever allows it
    ],
)
def test_a_unit_worked_by_hand(name, during, expected):
    assert cost_of(name, during) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("desk.capacity", 360000 * (273 + 92 * 0.25) / 365),
        ("team.places", (52 - 5) * 500),
        ("court.places", (53 - 5 / 2) * 700),
        ("clinic.town.staff", 600000 * 334 / 365),
    ],
)
def test_what_a_closure_takes_away_is_not_paid_for(name, expected):
    assert cost_of(name, closures=CLOSED) == pytest.approx(expected, rel=1e-12)


def test_caseworkers_who_do_less_in_a_closure_are_paid_all_the_same():
    half = [{"station": "clinic", "from": "2019-07-01", "until": "2019-08-01", "keep": "50 %"}]
    assert cost_of("clinic.town.staff", closures=half) == pytest.approx(600000)


@pytest.mark.parametrize("name", ["desk.capacity", "team.places", "court.places", "clinic.staff"])
def test_it_is_what_the_cost_of_a_year_rises_by(name):
    scenario = scenario_of(TOWN, closures=CLOSED)
    question = Question.of(scenario, ["queue of desk <= 5"], "2019")
    prices, lever = Prices.from_dict(TOLD), Lever.parse(name, scenario.pathway())
    # Four units at once, for a closure keeps a quarter of the servers, rounded to whole ones.
    runs = [run(question.model({lever: level}), replications=2) for level in (4, 8)]
    few, many = (costed(results, prices, "base").select("cost.effort", "2019").values for results in runs)
    np.testing.assert_allclose(1e6 * (many - few), 4 * cost_of(name, closures=CLOSED), rtol=1e-9)


def test_a_lever_without_a_price_is_named():
    pathway = Pathway.from_dict(TOWN)
    levers = [Lever.parse(name, pathway) for name in ("desk.capacity", "clinic.staff", "team.places")]
    assert unpriced(levers, Prices.from_dict(TOLD)) == ()
    few = Prices.from_dict({"staff": {"clinic": {"town": "1 DKK per year"}}, "meetings": {"team": "1 DKK per meeting"}})
    assert unpriced(levers, few) == ("servers.desk", "staff.clinic.region", "places.team")
    with pytest.raises(
        InputError, match=r"prices: it holds no price of staff\.clinic\.town, which clinic\.staff needs"
    ):
        cost_of("clinic.staff", prices=PRICES)


def test_copenhagen_alone_has_prices_that_ship():
    assert prices_of(Scenario.of("more-places")).source == "prices.toml"
    assert prices_of(scenario_of(TOWN)) is None


def cost(*units):
    return StaffingCost(currency="DKK", source="prices", units=units)


def test_lines_worked_by_hand():
    # From 0 to 50 in six parts or fewer: tens. 10 = 2 x + 3 y enters at y = 10/3 and leaves at x = 5.
    lines = equal_cost_lines(cost(2.0, 3.0), Box(left=0, right=10, bottom=0, top=10))
    assert [line.cost for line in lines] == [10, 20, 30, 40]
    assert (lines[0].start, lines[0].end) == (pytest.approx((0, 10 / 3)), pytest.approx((5, 0)))
    assert (lines[3].start, lines[3].end) == (pytest.approx((5, 10)), pytest.approx((10, 20 / 3)))


@pytest.mark.parametrize("units", [(6e5, 2.65e5), (2e4, 5e5), (6e5, 1e3), (0.4, 0.1), (0.0, 5.0), (5.0, 0.0)])
def test_lines_have_the_slope_of_the_prices_and_cross_the_map(units):
    priced, box = cost(*units), Box(left=16.5, right=27.5, bottom=-0.2, top=9.4)
    lines = equal_cost_lines(priced, box)
    assert 2 <= len(lines) <= 6
    assert len({round(high.cost - low.cost, 9) for low, high in pairwise(lines)}) == 1
    for line in lines:
        (x, y), (right, bottom) = line.start, line.end
        assert priced.at(line.start) == pytest.approx(line.cost)
        assert priced.at(line.end) == pytest.approx(line.cost)
        assert math.isclose(x, box.left) or math.isclose(y, box.top)
        assert math.isclose(right, box.right) or math.isclose(bottom, box.bottom)
        assert box.left - 1e-9 <= x <= right <= box.right + 1e-9
        assert box.bottom - 1e-9 <= bottom <= y <= box.top + 1e-9


def test_a_line_across_a_mere_corner_is_left_out():
    lines = equal_cost_lines(cost(1.0, 1.0), Box(left=0, right=10, bottom=4.9, top=15.1))
    assert [line.cost for line in lines] == [10, 15, 20]  # neither 5 nor 25, for the corners cost 4.9 and 25.1


def test_no_line_costs_less_than_nothing():
    lines = equal_cost_lines(cost(1.0, 1.0), Box(left=-10, right=10, bottom=-10, top=10))
    assert [line.cost for line in lines] == [5, 10, 15]


def test_what_is_free_has_no_lines():
    assert equal_cost_lines(cost(0.0, 0.0), Box(left=0, right=10, bottom=0, top=10)) == ()


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([5e5, 1e6, 1.5e6], ([0.5, 1.0, 1.5], 1, True)),  # with no decimals they would be 0, 1 and 2 millions
        ([2e6, 4e6], ([2.0, 4.0], 0, True)),
        ([1.02e6, 1.04e6], ([1.02, 1.04], 2, True)),
        ([1_500_014.7], ([1.5000147], 1, True)),
        ([200.0, 400.0], ([200.0, 400.0], 0, False)),
        ([0.5, 1.0], ([0.5, 1.0], 1, False)),
        ([1014.7], ([1014.7], 0, False)),
    ],
)
def test_amounts_beside_each_other_have_the_decimals_that_tell_each_as_it_is(amounts, told):
    assert amounts_told(amounts) == told


def test_a_map_says_its_costs_in_words_of_ones_own():
    trials = [(1.0, 5.0, "meets"), (2.0, 3.0, "meets"), (2.0, 2.0, "misses"), (2.0, 1.0, "close")]
    box = map_box([trial[:2] for trial in trials])
    line = CostLine("7 mio. kr. om året", (box.left, 4.0), (2.0, box.bottom))
    words = Words(meets="opfylder", close="kan ikke afgøres", misses="opfylder ikke", cheapest="billigst")
    drawn = frontier_map(
        [(1.0, 5.0), (2.0, 3.0)], trials, ("borde", "pladser"), "mål", ".svg", Costs([line], (2.0, 3.0)), words
    ).decode()
    for said in ("7 mio. kr. om året", *words[2:5], words.cheapest):
        assert f"<!-- {said} -->" in drawn
    plain = frontier_map([(1.0, 5.0), (2.0, None)], trials, ("desks", "places"), "goal", ".svg").decode()
    assert "<!-- meets the goal -->" in plain
    assert "cheapest" not in plain


def test_a_picture_of_one_lever_has_words_of_its_own_too():
    panel = Panel("ventetid", [1, 2], [9, 3], [8, 2], [10, 4], ["misses", "meets"], 4, 1, 1.5)
    words = Words(
        today="i dag", goal="målet", plenty="plads til alle", least="mindst", meets="opfylder", misses="opfylder ikke"
    )
    drawn = staffings([panel], "pladser", 2, ".svg", words).decode()
    for said in ("målet", "plads til alle", "mindst: 2", "i dag", "opfylder", "opfylder ikke"):
        assert f"<!-- {said} -->" in drawn


DESKS = """
name = "desks"
start = 2023-01-01
end = 2025-01-01

[stations.desk]
capacity = 22

[stations.team]
weekdays = ["tue"]
places = 3

[states.plan]
benefit = "cash"
station = "desk"
stay = "8 weeks"
to = "team"

[states.team]
benefit = "cash"
station = "team"
to = "course"

[states.course]
final = true

[entries.opened]
rate = "130 per year"
to = "plan"
"""
ASKED = ("--goal", "wait for team <= 4 weeks", "--goal", "wait for desk <= 4 weeks", "--during", 2024, "-n", 60)
TWO = ("--vary", "desk.capacity", "--between", 14, 30, "--every", 8, "--vary", "team.places", "--between", 1, 6)


@pytest.fixture
def desks(tmp_path):
    file, prices = tmp_path / "desks.toml", tmp_path / "prices.toml"
    file.write_text(DESKS, encoding="utf-8")
    prices.write_text(
        '[servers]\ndesk = "600000 DKK per year"\n[places]\nteam = "5000 DKK per place"\n', encoding="utf-8"
    )
    return file, prices


def test_the_frontier_tells_what_its_points_cost(desks, tmp_path):
    file, prices = desks
    words, plot = ("staff", file, *ASKED, *TWO, "--prices", prices), tmp_path / "map.svg"
    told = json.loads(fine(*words, "--json"))
    place = 53 * 5000  # 2024 has 53 Tuesdays
    assert (told["currency"], told["prices"]) == ("DKK", str(prices))
    assert told["unit_costs"] == {"desk.capacity": 600000, "team.places": place}
    costs = {point["level"]: point["cost"] for point in told["frontier"]}
    assert costs[14] is None  # with so few desks nothing meets the other goal
    met = [point for point in told["frontier"] if point["least"] is not None]
    assert all(point["cost"] == 600000 * point["level"] + place * point["least"] for point in met)
    cheapest = min(met, key=lambda point: point["cost"])
    text = fine(*words, "--codes", "--plot", plot)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert f"\n{cheapest['level']:>13}    cheapest  {cheapest['least']}: " in text
    assert f"\n{30:>13}       +{(costs[30] - cheapest['cost']) / 1e6:.1f}M  " in text
    assert f"\n{14:>13}           -  none up to 6" in text
    both = f"Cheapest of these: desk.capacity = {cheapest['level']} with team.places = {cheapest['least']}, "
    assert both + f"{cheapest['cost'] / 1e6:.3g}M DKK a year; " in " ".join(text.split())
    drawn = plot.read_text(encoding="utf-8")
    assert "M DKK a year -->" in drawn
    assert "<!-- the cheapest -->" in drawn


def test_the_level_found_costs_so_much_and_the_scenarios_own_so_much(desks):
    file, prices = desks
    words = ("staff", file, "--goal", "wait for team <= 20 weeks", "--during", 2024, "--vary", "team.places")
    words += ("--between", 1, 6, "--prices", prices)
    told = json.loads(fine(*words, "--json"))
    assert told["cost"] == 265000 * told["least"]
    text = " ".join(fine(*words, "--codes").split())
    assert told["least"] == 1
    assert "At 265k DKK a year each, 1 place a meeting costs 265k, and the 3 " in text
    assert "that the scenario has on 2024-01-01 795k" in text
    stricter = ["wait for team <= 2 weeks" if word == "wait for team <= 20 weeks" else word for word in words]
    same = " ".join(fine(*stricter, "--codes").split())
    assert "3 places a meeting cost 795k (" in same  # there is nothing to compare with


def test_why_no_cost_is_told(desks):
    file, prices = desks
    prices.write_text('[places]\nteam = "5000 DKK per place"\n', encoding="utf-8")
    told = " ".join(fine("staff", file, *ASKED, *TWO, "--prices", prices).split())
    assert told.endswith(f"What this costs is not told: {prices} has no price of servers.desk.")
    bare = fine("staff", file, *ASKED, *TWO)
    assert bare.endswith("\nWhat this costs is given with a file of prices: --prices FILE.\n")
    assert not {"currency", "unit_costs"} & set(json.loads(fine("staff", file, *ASKED, *TWO, "--json")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        ('[servers]\ndesks = "1 DKK per year"', "there is no station with servers 'desks'; did you mean 'desk'?"),
    ],
)
def test_a_mistake_in_prices_is_told_before_anything_runs(monkeypatch, desks, content, message):
    file, prices = desks
    monkeypatch.setattr("flowsim.planning.staffing.trials.run", None)
    prices.unlink()
    if content:
        prices.write_text(content, encoding="utf-8")
    code, out, err = flowsim("staff", file, *ASKED, *TWO, "--prices", prices)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
