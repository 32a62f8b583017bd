import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from flowsim.diagram import _layers, _wrap, draw
from flowsim.pathway import Pathway

SVG = "{http://www.w3.org/2000/svg}"


def pathway(**changes):
    raw = {
        "name": "sample",
        "start": "2020-01-01",
        "end": "2021-01-01",
        "stations": {
            "desk": {"capacity": 3, "room": 5},
            "team": {"title": "Rehabiliteringsteam", "weekdays": ["mon"], "places": 8},
        },
        "states": {
            "advice": {
                "title": "Råd & vejledning",
                "station": "desk",
                "stay": "2 hours",
                "to": {"hearing": 0.4, "job": 0.35, "lost": 0.25},
                "refused_to": "lost",
                "benefit": "kontanthjælp",
            },
            "hearing": {
                "station": "team",
                "to": {"2020-01-01": {"job": 1.0}, "2020-06-01": {"job": 0.5, "advice": 0.5}},
                "benefit": "kontanthjælp",
                "patience": "20 weeks",
                "reneges_to": "lost",
            },
            "job": {"final": True},
            "lost": {"final": True},
        },
        "entries": {
            "door": {"rate": "500 per year", "to": "advice"},
            "backlog": {"count": 40, "to": "hearing"},
        },
    }
    return Pathway.from_dict(raw | changes)


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(SVG + "text")]


def titles(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(SVG + "title")]


def test_every_part_is_named():
    svg = draw(pathway())
    told = titles(svg)
    assert told[0] == "sample"
    for state in ("advice: Råd & vejledning", "hearing: hearing", "job: job", "lost: lost"):
        assert sum(title.startswith(state + ";") for title in told) == 1
    assert {"entry door, to advice", "entry backlog, to hearing"} <= set(told)
    shown = texts(svg)
    assert {"Råd & vejledning", "hearing", "job", "lost", "door", "backlog"} <= set(shown)
    assert {"servers: desk", "meeting:", "Rehabiliteringsteam", "kontanthjælp"} <= set(shown)


def test_only_constant_shares_are_labelled():
    labels = [text for text in texts(draw(pathway())) if text.endswith("%")]
    assert sorted(labels) == ["25%", "35%", "40%"]


def test_unserved_ways_out_are_dashed():
    root = ElementTree.fromstring(draw(pathway()))
    assert sum("stroke-dasharray" in path.attrib for path in root.iter(SVG + "path")) == 1
    assert "dashed: leaves unserved" in texts(draw(pathway()))


def test_final_states_have_a_double_frame():
    root = ElementTree.fromstring(draw(pathway()))
    widths = {}
    for group in root.iter(SVG + "g"):
        widths[group[0].text.partition(":")[0]] = [float(r.get("width")) for r in group.iter(SVG + "rect")]
    assert len(set(widths["job"])) == 2
    assert len(set(widths["advice"])) == 1


@pytest.mark.parametrize("name", ['<script>alert("x")</script>', "a & b", "]]>", "nul\x00 bell\x07 \ud800", "æøå ÆØÅ"])
def test_hostile_names_are_escaped(name):
    states = {"a": {"title": name, "benefit": name, "to": "b", "stay": "1 day"}, "b": {"final": True}}
    entries = {"æble": {"rate": "500 per year", "to": "a"}}
    svg = draw(pathway(title=name, states=states, entries=entries, stations={}))
    root = ElementTree.fromstring(svg.encode())
    assert not list(root.iter(SVG + "script"))
    plain = "".join(letter if letter >= " " and letter != "\ud800" else "\ufffd" for letter in name)
    assert root.find(SVG + "title").text == plain
    assert plain in texts(svg)  # the legend
    assert "æble" in texts(svg)


def test_boxes_neither_overlap_nor_leave_the_picture():
    root = ElementTree.fromstring(draw(pathway()))
    wide, high = float(root.get("width")), float(root.get("height"))
    frames = [
        [float(group[1].get(k)) for k in ("x", "y", "width", "height")]
        for group in root.iter(SVG + "g")
        if group[1].tag == SVG + "rect"
    ]
    assert len(frames) == 4
    for x, y, w, h in frames:
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high
    for (x, y, w, h), (x2, y2, w2, h2) in [(a, b) for a in frames for b in frames if a is not b]:
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_layers_are_the_longest_way_and_a_cycle_leads_back():
    links = [
        ("entry door", "a"),
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
        ("c", "a"),
        ("c", "c"),
        ("entry late", "c"),
    ]
    layer, back = _layers(links)
    assert layer == {"entry door": 0, "a": 1, "b": 2, "c": 3, "entry late": 2}
    assert back == [("c", "a"), ("c", "c")]


@pytest.mark.parametrize(
    "text", ["W" * 100, "i" * 100, "arbejdsmarkedsforvaltningsdirektør", "one two", "a_b_" * 30, "失業" * 20]
)
def test_lines_fit_and_lose_nothing(text):
    lines = _wrap(text, 12.0)
    assert all(len(line) <= (9 if "W" in text or "失" in text else 36) for line in lines)
    assert "".join(lines).replace("-", "") == text


def test_blank_text_still_has_a_line():
    assert _wrap("  ", 12.0) == ["?"]


def fan():
    ends = [f"end{i}" for i in range(8)]
    states = {"a": {"stay": "1 day", "to": dict.fromkeys(ends, 0.125)}} | {end: {"final": True} for end in ends}
    return pathway(states=states, entries={"door": {"rate": "1 per day", "to": "a"}}, stations={})


def test_the_same_text_in_any_process():
    code = "from test_diagram import draw, fan; print(ascii(draw(fan())))"
    told = []
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
        told.append(done.stdout)
    assert told[0] == told[1]


def test_many_states_are_drawn_in_good_time():
    names = [f"s{i}" for i in range(60)]
    states = {
        a: {"stay": "1 day", "to": {b: 0.9, names[max(i - 5, 0)]: 0.1}} for i, (a, b) in enumerate(pairwise(names))
    }
    states["s59"] = {"final": True}
    svg = draw(pathway(states=states, entries={"door": {"rate": "1 per day", "to": "s0"}}, stations={}))
    assert len(titles(svg)) == 62
