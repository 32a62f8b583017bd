"""A picture of a pathway: self-contained SVG that needs no script, no font file and no network.

States stand in layers from left to right; where that is wider than a page, from top to bottom. A place is given
as along, the way the arrows lead, and across. `flowsim.reporting.pictures.layout` orders the layers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from flowsim.core.errors import InputError, require_type
from flowsim.core.files import write_text
from flowsim.model.pathway import Pathway
from flowsim.reporting.pictures.layout import Link, Plan, columns_of, layers_of, middles_of
from flowsim.reporting.pictures.mermaid import Arrow, mermaid_text

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.model.parts import State

__all__ = ["Diagram", "draw"]

# Okabe and Ito's colours and a wine red, dark ones last; after them hatched. The stripe's number is for grey paper.
_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#882255")
_DARK = _COLOURS[-2:]  # white letters on these
_WIDE, _STRIPE, _MARGIN, _LANE, _PAGE = 168.0, 20.0, 12.0, 10.0, 1800.0
_TEXT, _SMALL, _ROOM = 12.0, 10.0, _WIDE - _STRIPE - 14  # sizes of letters; room for a line of them
_HEAD = """<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="9" markerHeight="9"
markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="#444444"/></marker>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="2.5" height="6" fill="#ffffff"/></pattern></defs>"""


@dataclass(frozen=True)
class _Look:
    number: int
    colour: str
    hatched: bool


@dataclass(frozen=True, kw_only=True)
class Diagram:
    """A picture of a pathway.

    Attributes:
        svg: the picture, self-contained; the same pathway gives the same text.
        mermaid: the same as the text of a Mermaid flowchart.
        arrows: from where, to where, the constant share that goes that way (empty where there is none), and whether
            citizens leave a queue unserved there; of an entry the first is "entry" and its name.
    """

    svg: str = field(repr=False)
    mermaid: str = field(repr=False)
    arrows: tuple[Arrow, ...]

    def frame(self) -> pd.DataFrame:
        """Return the arrows as a table: from, to, share, unserved."""
        import pandas as pd

        return pd.DataFrame(self.arrows, columns=["from", "to", "share", "unserved"])

    def save(self, path: str | Path, overwrite: bool = False) -> None:
        """Write the picture to a .svg file, or its Mermaid text to a .mmd file.

        Raises:
            InputError: where its name ends otherwise, and as `files.check_file`.
        """
        kind = Path(path).suffix.lower()
        if kind not in (".svg", ".mmd"):
            raise InputError(f"'{path}' is not allowed: the name ends with .svg, or with .mmd for Mermaid")
        write_text(Path(path), self.svg if kind == ".svg" else self.mermaid, overwrite)

    def _repr_svg_(self) -> str:
        return self.svg


def draw(pathway: Pathway) -> Diagram:
    """Draw a pathway.

    Boxes are states, coloured by benefit (grey if it is only where the pathway ends), with a double frame where
    the pathway ends. Arrows carry a share where it is constant; dashed ones leave a queue unserved; what leads
    back runs below, or to the right of a picture from top to bottom.
    """
    require_type("pathway", pathway, Pathway, "a Pathway; that of a scenario is scenario.pathway()")
    arrows = _arrows(pathway)
    plan = _plan(pathway, arrows, down=False)
    if plan.long > _PAGE:
        plan = _plan(pathway, arrows, down=True)
    looks = _looks(pathway)
    body, far = _paths(plan)
    halo = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"'
    for link in plan.links:
        a, c = plan.end(link[0]), plan.port(0, link)
        # The label of an arrow stands where it leaves its state.
        label = arrows[link[0], link[1].split()[0], link[2]] if link[0] in plan.size else ""
        x, y = (c + 3, a + 11) if plan.down else (a + 4, c - 3)
        body += _text(x, [(y, label, _SMALL)], halo)
    for entry in pathway.entries:
        body += _door(plan, entry.name, entry.to)
    for state in pathway.states:
        body += _box(pathway, state, looks[state.benefit], plan.corner(state.name), plan.size[state.name])
    right, bottom = (far, plan.long) if plan.down else (plan.long, far)
    right = max(right, *(_width(benefit, _TEXT) + 50 for benefit in pathway.benefits))
    legend, bottom = _legend(looks, bottom, right, any(dashed for *_, dashed in arrows))
    ways = "; ".join(f"{a} to {b} {label}".strip() for (a, b, _), label in arrows.items())
    size = f'width="{right:.0f}" height="{bottom:.0f}" viewBox="0 0 {right:.0f} {bottom:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family="Arial, sans-serif">',
        f"<title>{_safe(pathway.title or pathway.name)}</title>",
        f"<desc>{_safe(f'The pathway {pathway.name}: {ways}.')}</desc>{_HEAD}",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    table = tuple((source, target, label, dashed) for (source, target, dashed), label in arrows.items())
    return Diagram(
        svg="\n".join([*head, *body, *legend, "</svg>", ""]), mermaid=mermaid_text(pathway, table), arrows=table
    )


def _arrows(pathway: Pathway) -> dict[Link, str]:
    """Gather each arrow's label; a state that is both a share's target and where she leaves unserved has two."""
    out: dict[Link, str] = {(f"entry {entry.name}", entry.to, False): "" for entry in pathway.entries}
    order = [state.name for state in pathway.states]
    for state in pathway.states:
        by_date = [dict(shares) for shares in state.to.values] if state.to else []
        for target in sorted(state.targets, key=order.index):
            values = {shares.get(target, 0.0) for shares in by_date}
            if any(target in shares for shares in by_date) or target in [e.to for e in state.race]:
                constant = len(values) == 1 and values != {1.0}
                out[state.name, target, False] = f"{100 * min(values):.3g}%" if constant else ""
            if target in (state.reneges_to, state.refused_to, state.baulks_to):
                out[state.name, target, True] = ""
    return out


def _plan(pathway: Pathway, arrows: Iterable[Link], down: bool) -> Plan:
    pairs = list(dict.fromkeys((source, target) for source, target, _ in arrows))
    layer, back = layers_of(pairs)
    links: dict[Link, None] = {}
    for source, target, dashed in arrows:
        bends = [f"{target} {i} {dashed}" for i in range(layer[source] + 1, layer[target])]
        links |= {(a, b, dashed): None for a, b in pairwise([source, *bends, target])}
    ahead = [link for link in links if link[:2] not in back]
    columns = columns_of(ahead, layer)
    size = {}
    for entry in pathway.entries:
        names, letters = _wrap(entry.name, _TEXT)
        wide = max(_width(name, letters) for name in names)
        size[f"entry {entry.name}"] = (wide, 15.0 * len(names) + 8) if down else (_WIDE, 15.0 * len(names))
    for state in pathway.states:
        ports = 0 if down else sum(source == state.name for source, *_ in links)
        size[state.name] = (_WIDE, max(_lines(pathway, state)[-1][0] + 10, 8 + 15.0 * ports))
    span = {key: sides[not down] for key, sides in size.items()}
    middle = middles_of(columns, ahead, span, _MARGIN)
    floors = [max(middle[key] + span.get(key, 0.0) / 2 for key in column) + 16 for column in columns]
    front: dict[str, float] = {}
    behind: dict[str, float] = {}
    end = at = _MARGIN
    for column in columns:
        end = at + max(size[key][down] if key in size else 0.0 for key in column)
        # An entry stands close to what follows.
        front |= {key: end - size[key][down] if key.startswith("entry ") else at for key in column}
        behind |= dict.fromkeys(column, end)
        ways = sum(source in column for source, *_ in links)
        at = end + (min(40.0 + 3 * ways, 80.0) if down else min(56.0 + 5 * ways, 140.0))
    long = at if back else end + _MARGIN
    return Plan(down, links, set(back), layer, size, middle, front, behind, floors, long)


def _paths(plan: Plan) -> tuple[list[str], float]:
    """Draw the arrows; return how far across they and the boxes reach, too."""
    out, far = [], max(plan.floors)
    lanes = list(dict.fromkeys(link[1:] for link in plan.links if link[:2] in plan.back))
    for link in plan.links:
        source, target, dashed = link
        a1, c1, a2, c2 = plan.behind[source], plan.port(0, link), plan.front[target], plan.port(1, link)
        half = (a1 + a2) / 2
        start = plan.end(source) if source in plan.size else plan.front[source]
        path = f"M{plan.path((start, c1))}L{plan.path((a1, c1))}"
        if link[:2] in plan.back:
            lane = lanes.index(link[1:])
            # Three quarters of the bulge stay clear of the boxes beside the gap.
            bulge = (36 if plan.down else 60) + 16 * lane / len(lanes)
            low = max(plan.floors[plan.layer[target] : plan.layer[source] + 1]) + _LANE * lane
            far = max(far, low + 8)
            path += f"C{plan.path((a1 + bulge, c1), (a1 + bulge, low), (a1, low))}L{plan.path((a2, low))}"
            path += f"C{plan.path((a2 - bulge, low), (a2 - bulge, c2), (a2, c2))}"
        else:
            path += f"C{plan.path((half, c1), (half, c2), (a2, c2))}"
        more = ' marker-end="url(#head)"' * (target in plan.size) + ' stroke-dasharray="5 3"' * dashed
        out.append(f'<path d="{path}" fill="none" stroke="#444444"{more}/>')
    return out, far


def _looks(pathway: Pathway) -> dict[str, _Look]:
    """Give colours to benefits on which citizens wait or stay, and greys to those that only end a pathway."""
    lived = {state.benefit for state in pathway.states if not state.final}
    ends = [benefit for benefit in pathway.benefits if benefit not in lived]
    out, used = {}, 0
    for number, benefit in enumerate(pathway.benefits, 1):
        if benefit in lived:
            out[benefit] = _Look(number, _COLOURS[used % len(_COLOURS)], used // len(_COLOURS) % 2 == 1)
            used += 1
        else:
            shade = 232 - 84 * ends.index(benefit) // max(len(ends) - 1, 1)
            out[benefit] = _Look(number, f"#{shade:02x}{shade:02x}{shade:02x}", False)
    return out


def _lines(pathway: Pathway, state: State) -> list[tuple[float, str, float]]:
    """Return the lines of a box: distance from the top, text, size."""
    lines, size = _wrap(state.title or state.name, _TEXT)
    out = [(20.0 + 15 * i, line, size) for i, line in enumerate(lines)]
    if state.station:
        station = pathway.station(state.station)
        kind = "meeting" if station.is_meeting else "servers"
        lines, size = _wrap(f"{kind}: {station.title or station.name}", _SMALL)
        below = out[-1][0] + 16
        out += [(below + 13 * i, line, size) for i, line in enumerate(lines)]
    return out


def _wrap(text: str, size: float) -> tuple[list[str], float]:
    """Break a text at spaces and after '_', '-' and '/'; return the lines and the size of their letters.

    A word wider than a box makes the letters smaller, by a quarter at most; if that is not enough it is hyphenated.
    """
    words = re.findall(r"[^\s_/-]*[\s_/-]?", " ".join(text.split()))
    fits = int(10 * _ROOM / max(_width(word.rstrip(), 1.0) or 1.0 for word in words)) / 10
    size = min(size, fits) if fits >= 0.75 * size else size
    lines = [""]
    for word in words:
        pieces, step = [word], len(word)
        while step > 1 and max(_width(piece.rstrip(), size) for piece in pieces) > _ROOM:
            step = min(step - 1, -(-len(word) // (len(pieces) + 1)))
            pieces = [word[i : i + step] + "-" * (i + step < len(word)) for i in range(0, len(word), step)]
        for piece in pieces:
            lines += [""] if _width(lines[-1] + piece.rstrip(), size) > _ROOM else []
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or ["?"], size


def _width(text: str, size: float) -> float:
    """Estimate a text's width on the wide side, for the reader's font is unknown."""
    wide = sum(letter in "mwMW@%" or unicodedata.east_asian_width(letter) in "WF" for letter in text)
    narrow = sum(letter in "ijlIrtf.,:;'|!()[] -" for letter in text)
    return size * (0.64 * len(text) + 0.4 * wide - 0.28 * narrow + 0.14 * sum(map(str.isupper, text)))


def _safe(text: str) -> str:
    return escape(re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))


def _text(x: float, rows: Iterable[tuple[float, str, float]], more: str = "") -> list[str]:
    row = '<text x="{:.1f}" y="{:.1f}" font-size="{:g}"{}>{}</text>'
    return [row.format(x, y, size, more, _safe(line)) for y, line, size in rows if line]


def _stripe(x: float, y: float, tall: float, look: _Look) -> list[str]:
    path = f"M{x + 6:.1f} {y:.1f}h14v{tall:.1f}h-14q-6 0 -6 -6v{12 - tall:.1f}q0 -6 6 -6z"
    ink, halo = ("#ffffff", look.colour) if look.colour in _DARK else ("#000000", look.colour)
    more = f' text-anchor="middle" font-weight="bold" fill="{ink}"'
    more += f' stroke="{halo}" stroke-width="4" paint-order="stroke"' * look.hatched
    out = [f'<path d="{path}" fill="{look.colour}"/>']
    out += [f'<path d="{path}" fill="url(#hatch)"/>'] * look.hatched
    return [*out, *_text(x + _STRIPE / 2, [(y + tall / 2 + 4, str(look.number), 11.0)], more)]


def _door(plan: Plan, name: str, to: str) -> list[str]:
    """Draw an entry: a dot where its arrow starts, and its name before or above it."""
    key = f"entry {name}"
    names, size = _wrap(name, _TEXT)
    a, c = plan.end(key), plan.middle[key]
    x, y = (c, a) if plan.down else (a, c)
    x2, top, anchor = (x, y - 9 - 15 * (len(names) - 1), "middle") if plan.down else (x - 10, y + 4, "end")
    top -= 0 if plan.down else 7.5 * (len(names) - 1)
    rows = [(top + 15 * i, line, size) for i, line in enumerate(names)]
    return [
        f"<g><title>{_safe(f'{key}, to {to}')}</title>",
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#444444"/>',
        *_text(x2, rows, f' text-anchor="{anchor}"'),
        "</g>",
    ]


def _box(
    pathway: Pathway, state: State, look: _Look, corner: tuple[float, float], size: tuple[float, float]
) -> list[str]:
    (x, y), (wide, tall), lines = corner, size, _lines(pathway, state)
    inset = 3 if state.final else 0
    title = f"{state.name}: {state.title or state.name}; benefit {state.benefit}"
    title += f"; station {state.station}" * bool(state.station) + "; the pathway ends here" * state.final
    rect = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="6" stroke="#333333" fill="{}"/>'
    top = y + (tall - lines[-1][0] - 10) / 2
    return [
        f"<g><title>{_safe(title)}</title>",
        rect.format(x, y, wide, tall, "#ffffff"),
        rect.format(x + inset, y + inset, wide - 2 * inset, tall - 2 * inset, look.colour + '" fill-opacity="0.22'),
        *_stripe(x + inset, y + inset, tall - 2 * inset, look),
        *_text(x + _STRIPE + 8, [(top + down, line, size) for down, line, size in lines]),
        "</g>",
    ]


def _legend(looks: dict[str, _Look], y: float, right: float, dashed: bool) -> tuple[list[str], float]:
    """Draw what the colours and lines mean, in rows as wide as the picture; return the bottom too."""
    out, x = [], _MARGIN
    meanings: dict[str, _Look | None] = {"double frame: the pathway ends": None}
    meanings |= {"dashed: leaves unserved": None} if dashed else {}
    for words, look in [*looks.items(), *meanings.items()]:
        indent = 26 if look else 0
        if x > _MARGIN and x + indent + _width(words, _TEXT) > right:
            x, y = _MARGIN, y + 26
        out += _stripe(x, y, 18.0, look) if look else []
        out += _text(x + indent, [(y + 13, words, _TEXT)])
        x += indent + _width(words, _TEXT) + 16
    return out, y + 30
