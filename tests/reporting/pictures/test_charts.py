"""The charts of a report, read back from the picture: where its shapes stand, and what is written in it."""

import re
from itertools import pairwise

import numpy as np
import pytest

from flowsim.reporting.pictures.charts import Band, Fan, FanWords, Flow, fans, fans_figure, flows

WORDS = FanWords("median", "half", "most", "documented")
_POINT = re.compile(r"[ML] (-?[\d.]+) (-?[\d.]+)")


def number(value, decimals):
    return f"{value:.{decimals}f}!"


def written(drawn):
    return re.findall(r"<!-- (.*?) -->", drawn.decode())


def shapes(drawn):
    """The bars and the areas, in the order drawn: colour and corners, y downwards."""
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', drawn.decode())[1])
    bars = re.findall(r'<path d="(M [^"]*z\n)" clip-path[^>]*style="fill: (#\w+)"', drawn.decode())
    areas = re.findall(r'<path id="m\w+" d="(M [^"]*z\n)".*?<use [^>]*style="fill: (#\w+)', drawn.decode(), re.DOTALL)
    corners = [(colour, np.array(_POINT.findall(path), float)) for path, colour in bars]
    return corners, [(colour, np.array(_POINT.findall(path), float) + np.array([0, height])) for path, colour in areas]


def lines(drawn):
    """The points of the lines of the first scenario, in the order drawn."""
    found = re.findall(r'<path d="(M [^"]*)" clip-path[^>]*style="fill: none; stroke: #0072b2', drawn.decode())
    return [np.array(_POINT.findall(path), float) for path in found]


def edges(corners, side):
    """The upper and the lower end of a shape's left (min) or right (max) side."""
    x, y = corners.T
    there = y[np.isclose(x, side(x))]
    return there.min(), there.max()


FLOWS = [
    Flow("entry a", "a", 9.0),
    Flow("a", "b", 7.0),
    Flow("a", "c", 1.0),
    Flow("a", "d", 1.0),
    Flow("b", "c", 5.0),
    Flow("b", "back:a", 2.0),
]
SIZES = {"entry a": 9, "a": 9, "b": 7, "c": 6, "d": 1, "back:a": 2}


@pytest.fixture(scope="module")
def picture():
    return flows(FLOWS, {key: key.upper() for key in SIZES}, number, ".svg")


def test_bars_are_as_high_as_there_are_citizens_and_ends_stand_in_the_last_column(picture):
    bars = dict(zip(SIZES, (corners for _, corners in shapes(picture)[0]), strict=True))
    heights = {key: np.ptp(corners[:, 1]) for key, corners in bars.items()}
    assert heights == pytest.approx({key: size * heights["d"] for key, size in SIZES.items()}, rel=1e-4)
    left = {key: corners[:, 0].min() for key, corners in bars.items()}
    assert left["entry a"] < left["a"] < left["b"] < left["c"]
    assert left["c"] == left["d"] == left["back:a"]
    last = sorted((edges(bars[key], min) for key in ("c", "d", "back:a")), key=lambda edge: edge[0])
    gaps = [below[0] - above[1] for above, below in pairwise(last)]
    assert all(gap > 5 for gap in gaps)
    assert written(picture) == ["ENTRY A 9!", "A 9!", "B 7!", "C 6!", "D 1!", "BACK:A 2!"]


def test_ribbons_leave_and_arrive_side_by_side_in_the_order_of_their_other_ends(picture):
    told, ribbons = shapes(picture)
    bars = dict(zip(SIZES, (corners for _, corners in told), strict=True))
    colours = dict(zip(SIZES, (colour for colour, _ in told), strict=True))
    unit = np.ptp(bars["d"][:, 1])

    def meeting(key, side, other):
        """The ribbons that touch a side of a bar, from above, as (top, bottom, middle of the other end)."""
        x = bars[key][:, 0].max() if side is max else bars[key][:, 0].min()
        touching = [one for _, one in ribbons if abs(other(one[:, 0]) - x) < 0.01]
        ends = sorted((*edges(one, other), sum(edges(one, side)) / 2) for one in touching)
        return [
            one
            for one in ends
            if edges(bars[key], side)[0] - 0.01 <= one[0] and one[1] <= edges(bars[key], side)[1] + 0.01
        ]

    for key, side, other, widths in (
        ("entry a", max, min, [9]),
        ("a", min, max, [9]),
        ("a", max, min, [7, 1, 1]),
        ("b", max, min, [5, 2]),
        ("c", min, max, [5, 1]),
        ("d", min, max, [1]),
        ("back:a", min, max, [2]),
    ):
        ends = meeting(key, side, other)
        assert sorted(low - top for top, low, _ in ends) == pytest.approx(
            sorted(unit * one for one in widths), rel=1e-3
        )
        place = edges(bars[key], side)[0]
        for top, low, _ in ends:
            assert top == pytest.approx(place, abs=0.01)
            place = low
        others = [one for *_, one in ends]
        assert others == sorted(others)
    leaving = {colour for colour, one in ribbons if abs(one[:, 0].min() - bars["b"][:, 0].max()) < 0.01}
    assert colours["b"] in leaving
    assert colours["entry a"] == colours["a"] != colours["b"]
    assert colours["c"] == colours["d"] == colours["back:a"] not in {colour for colour, _ in ribbons}


def fan(*bands, times=(1, 2, 3), documented=()):
    return fans([Fan("wait", times, bands, documented)], WORDS, number, ".svg")


def test_a_fan_alone_has_the_median_the_half_and_nine_in_ten():
    drawn = fan(Band("a", np.tile([[1.0], [2.0], [4.0], [7.0], [9.0]], (1, 3))))
    _, (most, half) = shapes(drawn)
    top, low = edges(most[1], min)
    unit = (low - top) / 8
    assert edges(half[1], min) == pytest.approx((top + 2 * unit, low - unit), abs=0.01)
    (line,) = lines(drawn)
    assert line[:, 1].tolist() == pytest.approx([low - 3 * unit] * 3, abs=0.01)
    assert {"0!", "most", "half", "median"} <= set(written(drawn))


@pytest.mark.parametrize(
    ("top", "figures"),
    [(900, ["0!", "200!", "400!"]), (0.9, ["0.0!", "0.2!", "0.4!"]), (0.1, ["0.00!", "0.02!", "0.04!"])],
)
def test_the_figures_of_an_axis_have_the_decimals_of_its_steps(top, figures):
    said = written(fan(Band("a", np.full((5, 3), top))))
    assert [text for text in said if text.endswith("!")][:3] == figures


def test_no_settings_of_matplotlib_reach_a_picture():
    """As a file `matplotlibrc` would bring them that lies in the working folder."""
    from matplotlib import rc_context, rcParams

    band = Band("a", np.tile([[1.0], [2.0], [4.0], [7.0], [9.0]], (1, 3)))
    plain = fan(band)
    odd = {"font.size": 30, "axes.facecolor": "red", "text.usetex": True, "svg.fonttype": "path", "lines.linewidth": 9}
    with rc_context(odd):
        assert fan(band) == plain
        assert rcParams["font.size"] == 30


def test_one_time_stands_in_one_place_in_all_panels():
    long, short = (Fan("wait", times, [Band("a", np.ones((5, len(times))))], ()) for times in ((1, 2, 3), (2, 3)))
    first, second = lines(fans([long, short], WORDS, number, ".svg"))
    np.testing.assert_allclose(second[:, 0], first[1:, 0])


def test_fans_of_several_scenarios_name_them_and_leave_the_half_out():
    first = np.tile(np.arange(1.0, 6.0)[:, None], (1, 3))
    said = written(fan(Band("a", first), Band("b", first + 1)))
    assert {"median: a", "median: b", "most"} <= set(said)
    assert "half" not in said


def test_where_neither_is_defined_two_scenarios_do_not_part():
    first = np.tile(np.arange(1.0, 6.0)[:, None], (1, 4))
    first[:, 0] = np.nan
    second = first + np.array([0, 0, 0, 1])
    from_the_third = np.where([False, False, True, True], second, np.nan)
    drawn, same = (fan(Band("a", first), Band("b", one), times=(1, 2, 3, 4)) for one in (second, from_the_third))
    assert drawn == same


@pytest.mark.parametrize(
    ("times", "years"),
    [
        ((2021.25, 2021.75), [2021, 2022]),
        ((2021.0, 2023.0), [2021, 2022, 2023]),
        ((2010.1, 2021.9), list(range(2010, 2023, 2))),
        ((2010.1, 2020.9), list(range(2010, 2022))),
    ],
)
def test_whole_years_are_marked_a_dozen_at_most(times, years):
    drawn = fan(Band("a", np.ones((5, 2))), times=times)
    assert [int(text) for text in written(drawn) if re.fullmatch(r"20\d\d", text)] == years


def test_yardsticks_are_told_apart_from_scenarios_and_from_each_other_without_colours():
    q = np.tile(np.arange(1.0, 6.0)[:, None], (1, 3))
    held = [("goal", 1, 4, 3.0), ("country", 1, 2, 2.0), ("country", 2, 4, 2.5), ("cluster", 1, 4, 1.0)]
    panel = Fan("wait", (1, 2, 3), [Band(name, q) for name in "abcd"], (), yardsticks=held)
    figure = fans_figure([panel], WORDS, number)
    (legend,) = figure.legends
    looks = {
        text.get_text(): (line.get_color(), line._dash_pattern if line.is_dashed() else None)
        for text, line in zip(legend.get_texts(), legend.legend_handles, strict=True)
        if hasattr(line, "is_dashed")
    }
    scenarios = [look for name, look in looks.items() if name.startswith("median")]
    yardsticks = [looks[name] for name in ("goal", "country", "cluster")]
    assert len(scenarios) == 4
    assert len({str(dashes) for _, dashes in yardsticks}) == 3
    assert {str(dashes) for _, dashes in yardsticks}.isdisjoint(str(dashes) for _, dashes in scenarios)
    assert {colour for colour, _ in yardsticks}.isdisjoint(colour for colour, _ in scenarios)
    (axes,) = figure.axes
    drawn = [line for line in axes.lines if len(set(line.get_ydata())) == 1 and line.get_ydata()[0] in (2.0, 2.5)]
    assert len({str(line._dash_pattern) for line in drawn if line.get_color() == yardsticks[0][0]}) == 1
