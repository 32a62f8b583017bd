"""A picture of a pathway: self-contained SVG that needs no script, no font file and no network.

States stand in layers from left to right, as Sugiyama, Tagawa and Toda (1981) draw them: a layer is the
longest way from an entry, an arrow over several layers passes a bend in each, and the order within a layer
lessens crossings. Arrows to one state join at its bends. No name holds a space, so the keys of entries
("entry door") and of bends ("job 3 False") do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from statistics import fmean
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from flowsim.pathway import Pathway, State

__all__ = ["draw"]

# Okabe and Ito's colours (the blue lighter, for black on it); the stripe's number is for grey paper.
_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#3d8fc4", "#d55e00", "#999999")
_WIDE, _STRIPE, _MARGIN, _LANE, _PORT = 160.0, 20.0, 12.0, 10.0, 15.0
_TEXT, _SMALL, _ROOM = 12.0, 10.0, _WIDE - _STRIPE - 14  # sizes of letters; room for a line of them
_SWEEPS = 24
_ARROWHEAD = """<defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="9" markerHeight="9"
markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="#444444"/></marker></defs>"""

Link = tuple[str, str]


def draw(pathway: Pathway) -> str:
    """Return a picture of the pathway as SVG text; the same pathway gives the same text.

    Boxes are states, coloured by benefit, with a double frame where the pathway ends. Arrows carry a share
    where it is constant; dashed ones leave a queue unserved; what leads back runs below.
    """
    arrows = _arrows(pathway)
    layer, back = _layers(arrows)
    links: dict[Link, bool] = {}
    labels: dict[Link, str] = {}
    for (source, target), (label, dashed) in arrows.items():
        bends = [f"{target} {i} {dashed}" for i in range(layer[source] + 1, layer[target])]
        links |= dict.fromkeys(pairwise([source, *bends, target]), dashed)
        labels[source, [*bends, target][0]] = label
    ahead = [link for link in links if link not in back]
    columns = _columns(ahead, layer)
    tall = {f"entry {entry.name}": 15.0 * len(_wrap(entry.name, _TEXT)) for entry in pathway.entries}
    for state in pathway.states:
        ports = sum(source == state.name for source, _ in links)
        tall[state.name] = max(_lines(pathway, state)[-1][0] + 10, 8 + _PORT * ports)
    middle = _middles(columns, ahead, tall)
    floors = [max(middle[key] + tall.get(key, 0.0) / 2 for key in column) + 16 for column in columns]
    lanes = list(dict.fromkeys(target for _, target in back))
    left: dict[str, float] = {}
    right = _MARGIN
    for column in columns:
        left |= dict.fromkeys(column, right)
        right += _WIDE + min(56.0 + 5 * sum(source in column for source, _ in links), 140.0)
    right = right if back else left[columns[-1][0]] + _WIDE + _MARGIN
    right = max(right, *(_width(benefit, _TEXT) + 50 for benefit in pathway.benefits))

    def port(here: int, link: Link) -> float:
        # Arrows meet a side of a box (0 right, 1 left) in the order of their other ends, those back last.
        fan = sorted((x in back, middle[x[1 - here]], x) for x in links if x[here] == link[here])
        step = min(_PORT, (tall.get(link[here], 8.0) - 8) / len(fan))
        return middle[link[here]] + step * ([x for *_, x in fan].index(link) - (len(fan) - 1) / 2)

    body, bottom = [], max(floors)
    for link, dashed in links.items():
        x1, y1, x2, y2 = left[link[0]] + _WIDE, port(0, link), left[link[1]], port(1, link)
        half = (x1 + x2) / 2
        path = f"M{x1:.1f} {y1:.1f}" if link[0] in tall else f"M{x1 - _WIDE:.1f} {y1:.1f}h{_WIDE:.1f}"
        path += f"C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        if link in back:
            lane = lanes.index(link[1])
            bulge = 60 + 16 * lane / len(lanes)  # three quarters of it stay clear of the boxes beside the gap
            low = max(floors[layer[link[1]] : layer[link[0]] + 1]) + _LANE * lane
            bottom = max(bottom, low + 8)
            path = f"M{x1:.1f} {y1:.1f}c{bulge:.1f} 0 {bulge:.1f} {low - y1:.1f} 0 {low - y1:.1f}"
            path += f"H{x2:.1f}c{-bulge:.1f} 0 {-bulge:.1f} {y2 - low:.1f} 0 {y2 - low:.1f}"
        more = ' marker-end="url(#head)"' * (link[1] in tall) + ' stroke-dasharray="5 3"' * dashed
        body.append(f'<path d="{path}" fill="none" stroke="#444444"{more}/>')
    halo = ' stroke="#ffffff" stroke-width="3" paint-order="stroke"'
    for link, label in labels.items():
        body += _text(left[link[0]] + _WIDE + 4, [(port(0, link) - 3, label, _SMALL)], halo)
    for entry in pathway.entries:
        x, y = left[f"entry {entry.name}"] + _WIDE, middle[f"entry {entry.name}"]
        names, top = _wrap(entry.name, _TEXT), y + 4 - (tall[f"entry {entry.name}"] - 15) / 2
        rows = [(top + 15 * i, name, _TEXT) for i, name in enumerate(names)]
        body.append(f"<g><title>{_safe(f'entry {entry.name}, to {entry.to}')}</title>")
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#444444"/>')
        body += [*_text(x - 10, rows, ' text-anchor="end"'), "</g>"]
    for state in pathway.states:
        body += _box(pathway, state, left[state.name], middle[state.name], tall[state.name])
    legend, bottom = _legend(pathway.benefits, bottom, right, any(links.values()))
    ways = "; ".join(f"{a} to {b} {label}".strip() for (a, b), (label, _) in arrows.items())
    size = f'width="{right:.0f}" height="{bottom:.0f}" viewBox="0 0 {right:.0f} {bottom:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} font-family="Arial, sans-serif">',
        f"<title>{_safe(pathway.title or pathway.name)}</title>",
        f"<desc>{_safe(f'The pathway {pathway.name}: {ways}.')}</desc>{_ARROWHEAD}",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    return "\n".join([*head, *body, *legend, "</svg>", ""])


def _arrows(pathway: Pathway) -> dict[Link, tuple[str, bool]]:
    """Gather each arrow's label, and whether it is dashed, by its ends."""
    out = {(f"entry {entry.name}", entry.to): ("", False) for entry in pathway.entries}
    order = [state.name for state in pathway.states]
    for state in pathway.states:
        by_date = [dict(shares) for shares in state.to.values] if state.to else []
        for target in sorted(state.targets, key=order.index):
            told = {shares.get(target, 0.0) for shares in by_date}
            served = any(target in shares for shares in by_date) or target in [e.to for e in state.race]
            constant = served and len(told) == 1 and told != {1.0}
            out[state.name, target] = (f"{100 * min(told):.3g}%" if constant else "", not served)
    return out


def _layers(links: Iterable[Link]) -> tuple[dict[str, int], list[Link]]:
    """Return each key's layer, and the links that lead back: those that close a cycle of earlier ones."""
    out: dict[str, list[str]] = {}
    back: list[Link] = []
    for source, target in links:
        reached = [target]
        for key in reached:
            reached += [after for after in out.get(key, []) if after not in reached]
        if source in reached:
            back.append((source, target))
        else:
            out.setdefault(source, []).append(target)
    kept = [(source, target) for source, targets in out.items() for target in targets]
    layer = dict.fromkeys((key for link in [*kept, *back] for key in link), 0)
    while late := [link for link in kept if layer[link[1]] <= layer[link[0]]]:
        layer |= {target: layer[source] + 1 for source, target in late}
    return layer | {key: layer[out[key][0]] - 1 for key in out if key.startswith("entry ")}, back


def _columns(links: Sequence[Link], layer: dict[str, int]) -> list[list[str]]:
    """Order each layer by the mean place of the neighbours; keep the order that crosses least."""
    keys = dict.fromkeys(key for link in links for key in link)
    depth = {key: layer[key] if key in layer else int(key.split()[1]) for key in keys}
    columns = [[key for key in keys if depth[key] == i] for i in range(max(depth.values()) + 1)]
    tried = [list(columns)]
    for sweep in range(_SWEEPS):
        there, here = (0, 1) if sweep % 2 == 0 else (1, 0)
        for i in range(1, len(columns)) if here else reversed(range(len(columns) - 1)):
            place = {key: n for n, key in enumerate(columns[i + there - here])}
            beside = {key: [place[x[there]] for x in links if x[here] == key] for key in columns[i]}
            mean = {key: fmean(beside[key] or [n]) for n, key in enumerate(columns[i])}
            columns[i] = sorted(columns[i], key=mean.__getitem__)
        tried.append(list(columns))
    return min(tried, key=lambda columns: _crossings(columns, links))


def _crossings(columns: list[list[str]], links: Sequence[Link]) -> int:
    place = {key: n for column in columns for n, key in enumerate(column)}
    gaps = [[(place[a], place[b]) for a, b in links if a in column] for column in columns]
    return sum((a - c) * (b - d) < 0 for gap in gaps for (a, b), (c, d) in combinations(gap, 2))


def _middles(columns: list[list[str]], links: Sequence[Link], tall: dict[str, float]) -> dict[str, float]:
    """Set each key as near to the mean of its neighbours as the order and the heights in its column allow."""
    middle = {key: 0.0 for column in columns for key in column}
    for column in columns * _SWEEPS:
        wish = {key: fmean(middle[b if a == key else a] for a, b in links if key in (a, b)) for key in column}
        pools: list[tuple[float, int]] = []  # of keys that touch: least squares by pooling adjacent violators
        offset = [0.0]
        for a, b in pairwise(column):
            space = 26 if a in tall and b in tall else 16
            offset.append(offset[-1] + (tall.get(a, 0.0) + tall.get(b, 0.0)) / 2 + space)
        for key, least in zip(column, offset, strict=True):
            mean, size = wish[key] - least, 1
            while pools and pools[-1][0] > mean:
                other, count = pools.pop()
                mean, size = (mean * size + other * count) / (size + count), size + count
            pools.append((mean, size))
        flat = [mean for mean, size in pools for _ in range(size)]
        middle |= {key: y + least for key, y, least in zip(column, flat, offset, strict=True)}
    top = min(middle[key] - tall.get(key, 0.0) / 2 for key in middle)
    return {key: y - top + _MARGIN for key, y in middle.items()}


def _lines(pathway: Pathway, state: State) -> list[tuple[float, str, float]]:
    """Return the lines of a box: distance from the top, text, size."""
    out = [(20.0 + 15 * i, line, _TEXT) for i, line in enumerate(_wrap(state.title or state.name, _TEXT))]
    if state.station:
        station = pathway.station(state.station)
        label = f"{'meeting' if station.is_meeting else 'servers'}: {station.title or station.name}"
        below = out[-1][0] + 16
        out += [(below + 13 * i, line, _SMALL) for i, line in enumerate(_wrap(label, _SMALL))]
    return out


def _wrap(text: str, size: float) -> list[str]:
    """Break a text at spaces, after '_', '-' and '/', and with hyphens where a word is wider than a box."""
    lines = [""]
    for word in re.findall(r"[^\s_/-]*[\s_/-]?", " ".join(text.split())):
        pieces, step = [word], len(word)
        while step > 1 and max(_width(piece.rstrip(), size) for piece in pieces) > _ROOM:
            step = min(step - 1, -(-len(word) // (len(pieces) + 1)))
            pieces = [word[i : i + step] + "-" * (i + step < len(word)) for i in range(0, len(word), step)]
        for piece in pieces:
            lines += [""] if _width(lines[-1] + piece.rstrip(), size) > _ROOM else []
            lines[-1] += piece
    return [line.strip() for line in lines if line.strip()] or ["?"]


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


def _stripe(x: float, y: float, tall: float, number: int) -> list[str]:
    path = f"M{x + 6:.1f} {y:.1f}h14v{tall:.1f}h-14q-6 0 -6 -6v{12 - tall:.1f}q0 -6 6 -6z"
    colour = _COLOURS[number % len(_COLOURS)]
    row, more = (y + tall / 2 + 4, str(number + 1), 11.0), ' text-anchor="middle" font-weight="bold"'
    return [f'<path d="{path}" fill="{colour}"/>', *_text(x + _STRIPE / 2, [row], more)]


def _box(pathway: Pathway, state: State, x: float, middle: float, tall: float) -> list[str]:
    number, y, lines = pathway.benefits.index(state.benefit), middle - tall / 2, _lines(pathway, state)
    inset = 3 if state.final else 0
    told = f"{state.name}: {state.title or state.name}; benefit {state.benefit}"
    told += f"; station {state.station}" * bool(state.station) + "; the pathway ends here" * state.final
    rect = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="6" stroke="#333333" fill="{}"/>'
    tint = _COLOURS[number % len(_COLOURS)] + '" fill-opacity="0.22'
    top = middle - (lines[-1][0] + 10) / 2
    return [
        f"<g><title>{_safe(told)}</title>",
        rect.format(x, y, _WIDE, tall, "#ffffff"),
        rect.format(x + inset, y + inset, _WIDE - 2 * inset, tall - 2 * inset, tint),
        *_stripe(x + inset, y + inset, tall - 2 * inset, number),
        *_text(x + _STRIPE + 8, [(top + down, line, size) for down, line, size in lines]),
        "</g>",
    ]


def _legend(benefits: tuple[str, ...], y: float, right: float, dashed: bool) -> tuple[list[str], float]:
    """Draw what the colours and lines mean, in rows as wide as the picture; return the bottom too."""
    out, x = [], _MARGIN
    told = [*benefits, "double frame: the pathway ends", *["dashed: leaves unserved"] * dashed]
    for number, words in enumerate(told):
        indent = 26 if number < len(benefits) else 0
        if x > _MARGIN and x + indent + _width(words, _TEXT) > right:
            x, y = _MARGIN, y + 26
        out += _stripe(x, y, 18.0, number) if indent else []
        out += _text(x + indent, [(y + 13, words, _TEXT)])
        x += indent + _width(words, _TEXT) + 16
    return out, y + 30
