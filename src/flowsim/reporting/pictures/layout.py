"""Where a drawing of a pathway puts its keys: layers, the order within each, and the place across.

Sugiyama, Tagawa and Toda (1981): a layer is the longest way from an entry, an arrow over several layers passes
a bend in each, and the order within a layer lessens crossings. No name holds a space, so the keys of entries
("entry door") and of bends ("job 3 False") do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import fmean

__all__ = ["Link", "Plan", "columns_of", "layers_of", "middles_of"]

_SWEEPS = 24
Link = tuple[str, str, bool]  # from, to, and whether it is dashed


@dataclass(frozen=True)
class Plan:
    """Where everything stands when the arrows lead down, or to the right."""

    down: bool
    links: dict[Link, None]
    back: set[tuple[str, str]]
    layer: dict[str, int]
    size: dict[str, tuple[float, float]]
    middle: dict[str, float]
    front: dict[str, float]
    behind: dict[str, float]
    floors: list[float]
    long: float

    def along(self, key: str) -> float:
        """Tell how far a key reaches the way the arrows lead; a bend has no size."""
        return self.size.get(key, (0.0, 0.0))[self.down]

    def across(self, key: str) -> float:
        """Tell how far a key reaches across the arrows."""
        return self.size.get(key, (0.0, 0.0))[not self.down]

    def corner(self, key: str) -> tuple[float, float]:
        """Return x and y of a box's upper left corner."""
        a, c = self.front[key], self.middle[key] - self.across(key) / 2
        return (c, a) if self.down else (a, c)

    def end(self, key: str) -> float:
        """Where arrows leave: behind a box, or the layer for a bend."""
        return self.front[key] + self.along(key) if key in self.size else self.behind[key]

    def port(self, here: int, link: Link) -> float:
        """Tell where across an arrow meets a side of a box (0 behind, 1 in front): in the order of other ends."""
        key = link[:2][here]
        fan = sorted((x[:2] in self.back, self.middle[x[:2][1 - here]], x) for x in self.links if x[:2][here] == key)
        step = min(40.0 if self.down else 15.0, max(self.across(key) - 8, 0.0) / len(fan))
        return self.middle[key] + step * ([x for *_, x in fan].index(link) - (len(fan) - 1) / 2)

    def path(self, *points: tuple[float, float]) -> str:
        """Write places along and across as x and y."""
        return " ".join(f"{c:.1f} {a:.1f}" if self.down else f"{a:.1f} {c:.1f}" for a, c in points)


def layers_of(links: Iterable[tuple[str, str]]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return each key's layer, and the links that lead back: those that close a cycle of earlier ones."""
    out: dict[str, list[str]] = {}
    back: list[tuple[str, str]] = []
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


def columns_of(links: Sequence[Link], layer: dict[str, int]) -> list[list[str]]:
    """Order each layer by the mean place of the neighbours; keep the order that crosses least."""
    keys = dict.fromkeys(key for link in links for key in link[:2])
    depth = {key: layer[key] if key in layer else int(key.split()[1]) for key in keys}
    columns = [[key for key in keys if depth[key] == i] for i in range(max(depth.values()) + 1)]
    tried = [list(columns)]
    for sweep in range(_SWEEPS):
        there, here = (0, 1) if sweep % 2 == 0 else (1, 0)
        for i in range(1, len(columns)) if here else reversed(range(len(columns) - 1)):
            place = {key: n for n, key in enumerate(columns[i + there - here])}
            beside = {key: [place[x[:2][there]] for x in links if x[:2][here] == key] for key in columns[i]}
            mean = {key: fmean(beside[key] or [n]) for n, key in enumerate(columns[i])}
            columns[i] = sorted(columns[i], key=mean.__getitem__)
        tried.append(list(columns))
    return min(tried, key=lambda columns: _crossings(columns, links))


def _crossings(columns: list[list[str]], links: Sequence[Link]) -> int:
    place = {key: n for column in columns for n, key in enumerate(column)}
    gaps = [[(place[a], place[b]) for a, b, _ in links if a in column] for column in columns]
    return sum((a - c) * (b - d) < 0 for gap in gaps for (a, b), (c, d) in combinations(gap, 2))


def middles_of(
    columns: Sequence[Sequence[str]], links: Sequence[Link], span: dict[str, float], margin: float
) -> dict[str, float]:
    """Set each key as near to the mean of its neighbours as the order and the spans in its column allow."""
    middle = {key: 0.0 for column in columns for key in column}
    for column in [*columns] * _SWEEPS:
        wish = {key: fmean(middle[b if a == key else a] for a, b, _ in links if key in (a, b)) for key in column}
        pools: list[tuple[float, int]] = []  # of keys that touch: least squares by pooling adjacent violators
        offset = [0.0]
        for a, b in pairwise(column):
            space = 26 if a in span and b in span else 16
            offset.append(offset[-1] + (span.get(a, 0.0) + span.get(b, 0.0)) / 2 + space)
        for key, least in zip(column, offset, strict=True):
            mean, size = wish[key] - least, 1
            while pools and pools[-1][0] > mean:
                other, count = pools.pop()
                mean, size = (mean * size + other * count) / (size + count), size + count
            pools.append((mean, size))
        flat = [mean for mean, size in pools for _ in range(size)]
        middle |= {key: y + least for key, y, least in zip(column, flat, offset, strict=True)}
    top = min(middle[key] - span.get(key, 0.0) / 2 for key in middle)
    return {key: y - top + margin for key, y in middle.items()}
