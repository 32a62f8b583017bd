"""A pathway as the text of a Mermaid flowchart, which wikis, repositories and notebooks draw by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsim.model.pathway import Pathway

__all__ = ["Arrow", "mermaid_text"]

Arrow = tuple[str, str, str, bool]
"""From where, to where, the constant share in words, whether citizens leave a queue unserved there."""


def mermaid_text(pathway: Pathway, arrows: Iterable[Arrow]) -> str:
    """Return a flowchart from left to right.

    Round nodes are entries, boxes are states with their station below, the ones with two round ends are where the
    pathway ends; arrows carry a share where it is constant, dotted ones leave a queue unserved.
    """
    # Numbers as names of nodes: a word of the language itself, such as "end", is no allowed name.
    numbers = {f"entry {entry.name}": f"e{number}" for number, entry in enumerate(pathway.entries)}
    numbers |= {state.name: f"s{number}" for number, state in enumerate(pathway.states)}
    lines = ["flowchart LR", f"  accTitle: {_line(pathway.title or pathway.name)}"]
    lines += [f'  {numbers[f"entry {entry.name}"]}(("{_quoted(entry.name)}"))' for entry in pathway.entries]
    for state in pathway.states:
        label = _quoted(state.title or state.name)
        if state.station:
            station = pathway.station(state.station)
            label += f"<br>{'meeting' if station.is_meeting else 'servers'}: {_quoted(station.title or station.name)}"
        before, after = ("([", "])") if state.final else ("[", "]")
        lines.append(f'  {numbers[state.name]}{before}"{label}"{after}')
    for source, target, share, unserved in arrows:
        line = "-.->" if unserved else "-->"
        label = f'|"{_quoted(share)}"|' if share else ""
        lines.append(f"  {numbers[source]} {line}{label} {numbers[target]}")
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    return " ".join(re.sub(r"[;#]", " ", text).split())


def _quoted(text: str) -> str:
    """Write a text so that none of its letters is read as the language or as HTML."""
    return "".join(f"#{ord(letter)};" if letter in '"#&<>`;\\%' else letter for letter in " ".join(text.split()))
