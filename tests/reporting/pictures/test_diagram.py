import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from flowsim.core.errors import InputError
from flowsim.model.pathway import Pathway
from flowsim.reporting.pictures.diagram import _looks, _wrap
from flowsim.reporting.pictures.diagram import draw as drawn_diagram
from flowsim.reporting.pictures.layout import layers_of

SVG = "{http://www.w3.org/2000/svg}"


def draw(pathway):
    return drawn_diagram(pathway).svg


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


def heads(svg, dashed):
    paths = [path.attrib for path in ElementTree.fromstring(svg).iter(SVG + "path")]
    return sum("marker-end" in path and ("stroke-dasharray" in path) == dashed for path in paths)


def test_unserved_ways_out_are_dashed_also_to_a_state_that_a_share_leads_to():
    svg = draw(pathway())
    assert heads(svg, dashed=True) == 2  # advice and hearing, to lost
    assert heads(svg, dashed=False) == 2 + 3 + 2
    assert "dashed: leaves unserved" in texts(svg)


@pytest.mark.parametrize("way", ["refused_to", "reneges_to"])
def test_a_share_and_an_unserved_way_to_the_next_state_are_two_arrows(way):
    more = {"patience": "1 week"} if way == "reneges_to" else {}
    a = {"station": "desk", "stay": "1 day", "to": {"b": 0.3, "a": 0.7}, way: "b"} | more
    stations = {"desk": {"capacity": 1} | ({"room": 5} if way == "refused_to" else {})}
    states = {"a": a, "b": {"final": True}}
    svg = draw(pathway(states=states, stations=stations, entries={"door": {"rate": "1 per day", "to": "a"}}))
    assert (heads(svg, dashed=True), heads(svg, dashed=False)) == (1, 3)
    paths = [path.get("d") for path in ElementTree.fromstring(svg).iter(SVG + "path")]
    ways = [path for path in paths if "C" in path]
    assert len(ways) == len(set(ways)) == 4
    assert {"30%", "70%"} <= set(texts(svg))


def test_benefits_have_looks_of_their_own():
    names = [f"s{i}" for i in range(16)]
    states = {a: {"stay": "1 day", "to": b} for a, b in pairwise([*names, "end"])} | {"end": {"final": True}}
    states |= {"over": {"final": True}, "s15": {"stay": "1 day", "to": {"end": 0.5, "over": 0.5}}}
    looks = _looks(pathway(states=states, entries={"door": {"rate": "1 per day", "to": "s0"}}, stations={}))
    assert [look.number for look in looks.values()] == list(range(1, 19))
    assert len({(look.colour, look.hatched) for look in looks.values()}) == 18
    grey = [name for name, look in looks.items() if len({look.colour[i : i + 2] for i in (1, 3, 5)}) == 1]
    assert sorted(grey) == ["end", "over"]


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


def chain(count, entry="door"):
    names = [f"s{i}" for i in range(count)]
    states = {
        a: {"stay": "1 day", "to": {b: 0.9, names[max(i - 5, 0)]: 0.1}} for i, (a, b) in enumerate(pairwise(names))
    }
    states[names[-1]] = {"final": True}
    return pathway(states=states, entries={entry: {"rate": "1 per day", "to": "s0"}}, stations={})


def boxes_of(root):
    """Return x, y, width and height of each state's box."""
    return [
        [float(group[1].get(k)) for k in ("x", "y", "width", "height")]
        for group in root.iter(SVG + "g")
        if group[1].tag == SVG + "rect"
    ]


@pytest.mark.parametrize(("drawn", "boxes"), [(pathway(), 4), (chain(20), 20)])
def test_boxes_neither_overlap_nor_leave_the_picture(drawn, boxes):
    root = ElementTree.fromstring(draw(drawn))
    wide, high = float(root.get("width")), float(root.get("height"))
    frames = boxes_of(root)
    assert len(frames) == boxes
    for x, y, w, h in frames:
        assert x >= 0
        assert y >= 0
        assert x + w <= wide
        assert y + h <= high
    for (x, y, w, h), (x2, y2, w2, h2) in [(a, b) for a in frames for b in frames if a is not b]:
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_what_is_wider_than_a_page_leads_down():
    sizes = []
    for count in (5, 20):
        root = ElementTree.fromstring(draw(chain(count)))
        sizes.append((float(root.get("width")), float(root.get("height"))))
    assert sizes[0][0] > sizes[0][1]
    assert sizes[1][0] < sizes[1][1]
    assert all(wide <= 1800 for wide, _ in sizes)


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
    layer, back = layers_of(links)
    assert layer == {"entry door": 0, "a": 1, "b": 2, "c": 3, "entry late": 2}
    assert back == [("c", "a"), ("c", "c")]


@pytest.mark.parametrize(
    "text", ["W" * 100, "i" * 100, "arbejdsmarkedsforvaltningsdirektør", "one two", "a_b_" * 30, "失業" * 20]
)
def test_lines_fit_and_lose_nothing(text):
    lines, _ = _wrap(text, 12.0)
    assert all(len(line) <= (11 if "W" in text or "失" in text else 36) for line in lines)
    assert "".join(lines).replace("-", "") == text


def test_blank_text_still_has_a_line():
    assert _wrap("  ", 12.0)[0] == ["?"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("uddannelseshjaelp_new", ["uddannelseshjaelp_", "new"]),
        ("Rehabiliteringsteam og indstilling", ["Rehabiliteringsteam", "og indstilling"]),
        ("Forberedende plan (jobafklaringsforløb)", ["Forberedende plan", "(jobafklaringsforløb)"]),
        ("Rehabiliteringsteamleder", ["Rehabiliteringsteamleder"]),
    ],
)
def test_words_stay_whole_where_smaller_letters_do(text, lines):
    told, size = _wrap(text, 12.0)
    assert told == lines
    assert 9.0 <= size <= 12.0


def fan():
    ends = [f"end{i}" for i in range(8)]
    states = {"a": {"stay": "1 day", "to": dict.fromkeys(ends, 0.125)}} | {end: {"final": True} for end in ends}
    return pathway(states=states, entries={"door": {"rate": "1 per day", "to": "a"}}, stations={})


def test_the_same_text_in_any_process():
    code = "from test_diagram import draw, fan; print(ascii(draw(fan())))"
    told = []
    for seed in ("1", "2"):
        env = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
        }
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
        told.append(done.stdout)
    assert told[0] == told[1]


def test_many_states_are_drawn_in_good_time():
    assert len(titles(draw(chain(60)))) == 62


def test_the_arrows_are_a_table_and_the_picture_is_saved(tmp_path):
    picture = drawn_diagram(pathway())
    table = picture.frame()
    assert list(table.columns) == ["from", "to", "share", "unserved"]
    assert len(table) == len(picture.arrows)
    assert set(table["from"]) >= {f"entry {entry.name}" for entry in pathway().entries}
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == picture.svg == picture._repr_svg_()
    with pytest.raises(InputError, match="exists already"):
        picture.save(tmp_path / "a.svg")
    with pytest.raises(InputError, match=r"ends with \.svg"):
        picture.save(tmp_path / "a.png")


def test_the_number_of_a_benefit_stands_within_its_stripe():
    stripe = r'<path d="M([\d.]+) ([\d.]+)h14v([\d.]+)h-14[^>]*>\s*(?:<path[^>]*hatch[^>]*>\s*)?'
    stripe += r'<text x="([\d.]+)" y="([\d.]+)"'
    found = [tuple(map(float, numbers)) for numbers in re.findall(stripe, draw(pathway()))]
    assert len(found) > 2
    for left, top, tall, x, y in found:
        assert left - 6 < x < left + 14
        assert top < y < top + tall


@pytest.mark.parametrize(("drawn", "down"), [(pathway(), False), (chain(20), True)])
def test_a_share_stands_where_its_arrow_leaves_clear_of_its_box_and_its_line(drawn, down):
    picture = drawn_diagram(drawn)
    root = ElementTree.fromstring(picture.svg)
    starts = [re.match(r"M(\S+) (\S+)L", path.get("d")) for path in root.iter(SVG + "path")]
    starts = [tuple(map(float, start.groups())) for start in starts if start]
    frames = boxes_of(root)
    if down:
        at_box = [(x, y) for x, y in starts if any(left <= x <= left + w and y == t + h for left, t, w, h in frames)]
    else:
        at_box = [(x, y) for x, y in starts if any(t <= y <= t + h and x == left + w for left, t, w, h in frames)]
    shares = [share for source, _, share, _ in picture.arrows if not source.startswith("entry ")]
    labels = [text for text in root.iter(SVG + "text") if text.text.endswith("%")]
    told = [(share, *start) for share, start in zip(shares, at_box, strict=True) if share]
    assert len(told) > 2
    for label, (share, x, y) in zip(labels, told, strict=True):
        assert label.text == share
        assert x < float(label.get("x")) <= x + 6  # behind the box, or to the right of the line
        height = 0.75 * float(label.get("font-size"))
        if down:  # below the box
            assert y + height < float(label.get("y")) < y + 15
        else:  # upon its own line, and below the next, which is 15 above it
            assert y - 15 + height < float(label.get("y")) < y


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize(("name", "lines"), [("door", 1), ("those_who_come_from_elsewhere_in_the_country", 3)])
def test_the_name_of_an_entry_stands_before_or_above_the_dot_where_its_arrow_starts(name, lines, down):
    root = ElementTree.fromstring(draw(chain(20 if down else 5, entry=name)))
    (group,) = (one for one in root.iter(SVG + "g") if one[0].text.startswith("entry "))
    dot, rows = group.find(SVG + "circle"), list(group.iter(SVG + "text"))
    x, y, r = (float(dot.get(key)) for key in ("cx", "cy", "r"))
    assert any(path.get("d").startswith(f"M{x:.1f} {y:.1f}L") for path in root.iter(SVG + "path"))
    assert "".join(row.text for row in rows) == name
    assert len(rows) == lines
    feet, size = [float(row.get("y")) for row in rows], float(rows[0].get("font-size"))
    assert all(below - above >= size for above, below in pairwise(feet))
    if down:
        assert {(row.get("text-anchor"), float(row.get("x"))) for row in rows} == {("middle", x)}
        assert feet[-1] < y - r
        assert feet[0] > size
    else:
        assert {row.get("text-anchor") for row in rows} == {"end"}
        assert all(float(row.get("x")) < x - r for row in rows)
        # Letters reach from a quarter of their size below their foot to three quarters above it.
        assert feet[0] - size < y - (feet[-1] - feet[0]) / 2 < feet[0]
