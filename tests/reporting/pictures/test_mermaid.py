"""Mermaid: the same arrows as the picture, and no letter of a name that is read as the language."""

import re

import pytest

from flowsim import InputError, Pathway, draw, read_base

RAW = {
    "name": "sample",
    "start": "2020-01-01",
    "end": "2021-01-01",
    "stations": {"desk": {"capacity": 3, "room": 5}, "team": {"weekdays": ["mon"], "places": 8}},
    "states": {
        "advice": {"station": "desk", "stay": "2 hours", "to": {"end": 0.4, "team": 0.6}, "refused_to": "end"},
        "team": {"station": "team", "title": 'The "team"; 50 % <b>&', "to": "end"},
        "end": {"final": True},
    },
    "entries": {"subgraph": {"rate": "500 per year", "to": "advice"}},
}


def test_a_pathway_as_a_flowchart():
    assert draw(Pathway.from_dict(RAW)).mermaid.splitlines() == [
        "flowchart LR",
        "  accTitle: sample",
        '  e0(("subgraph"))',
        '  s0["advice<br>servers: desk"]',
        '  s1["The #34;team#34;#59; 50 #37; #60;b#62;#38;<br>meeting: team"]',
        '  s2(["end"])',
        "  e0 --> s0",
        '  s0 -->|"60#37;"| s1',
        '  s0 -->|"40#37;"| s2',
        "  s0 -.-> s2",
        "  s1 --> s2",
    ]


def test_copenhagen_has_the_arrows_of_its_picture(tmp_path):
    diagram = draw(read_base("copenhagen").pathway())
    arrows = re.findall(r"^  [es]\d+ (?:-->|-\.->)(?:\|\".*\"\|)? s\d+$", diagram.mermaid, re.MULTILINE)
    assert len(arrows) == len(diagram.arrows)
    diagram.save(tmp_path / "a.mmd")
    assert (tmp_path / "a.mmd").read_text(encoding="utf-8") == diagram.mermaid
    with pytest.raises(InputError, match=r"ends with \.svg, or with \.mmd for Mermaid"):
        diagram.save(tmp_path / "a.png")
