"""The histories that a base ships: equally likely pairs, and how a run draws them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from flowsim.core.arrays import Floats, Ints
from flowsim.core.display import Displayed
from flowsim.core.errors import InputError
from flowsim.simulation.fork import Fork

__all__ = ["Histories", "histories_csv", "histories_of", "sets_digest"]

_HEAD = ("set", "replication", "weight")
_FIRST_LINE = "# Made by `flowsim weigh`: equally likely pairs of a parameter set and a replication. Not to be edited."


@dataclass(frozen=True, kw_only=True, eq=False)
class Histories(Displayed):
    """Equally likely histories, each a pair of a parameter set and the luck of one replication until a date.

    Attributes:
        sets: the number of each history's parameter set, shape (histories,).
        replications: whose luck it has, under `seed`.
        weights: of its pair among all that were run; a pair with much of it is there more than once.
        at: the date from which on a run has a future of its own.
        seed: of the luck until then.
        before: the fork that the histories had themselves, where they went on to figures newer than the documents.
        pairs: how many were run and weighed.
        effective: their effective sample.
        largest: the largest of their weights.
        provenance: what made them: the study's and the sets' digests, the figures that they were weighed by, versions.
    """

    sets: Ints
    replications: Ints
    weights: Floats
    at: datetime
    seed: int
    pairs: int
    effective: float
    largest: float
    provenance: Mapping[str, Any]
    before: Fork | None = None

    def __repr__(self) -> str:
        return (
            f"<Histories until {self.at:%Y-%m-%d}: {len(self):,} of {self.pairs:,} pairs, "
            f"effective sample {self.effective:,.0f}>"
        )

    def __len__(self) -> int:
        return len(self.sets)

    def number(self, seed: int, replication: int) -> int:
        """Return which history a replication draws: a permutation by seed, from the first again after the last."""
        return _permutation(seed, len(self))[replication % len(self)]

    def set_of(self, seed: int, replication: int) -> int:
        """Return the parameter set of a replication's history."""
        return int(self.sets[self.number(seed, replication)])

    def fork(self, seed: int) -> Fork:
        """Return the fork of a run: histories until the date, and a future a replication from it on."""
        order = list(_permutation(seed, len(self)))
        return Fork(at=self.at, histories=self.replications[order].tolist(), seed=self.seed, before=self.before)


@lru_cache(maxsize=64)
def _permutation(seed: int, count: int) -> tuple[int, ...]:
    """Return the numbers from 0 in an order by hash, which no release of a library changes."""
    return tuple(
        sorted(range(count), key=lambda n: hashlib.blake2b(f"history {seed} {n}".encode(), digest_size=8).digest())
    )


def histories_csv(histories: Histories) -> str:
    """Write histories as CSV: lines of a key and its value behind "#", then a line a history."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEAD)
    rows = zip(histories.sets.tolist(), histories.replications.tolist(), histories.weights.tolist(), strict=True)
    writer.writerows((number, replication, f"{weight:.4e}") for number, replication, weight in rows)
    head = {
        "at": f"{histories.at:%Y-%m-%d}",
        "seed": histories.seed,
        "pairs": histories.pairs,
        "effective": float(f"{histories.effective:.1f}"),
        "largest": float(f"{histories.largest:.4e}"),
        **histories.provenance,
    }
    lines = [f"# {key} = {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    text = "\n".join(lines) + "\n" + out.getvalue()
    return f"{_FIRST_LINE}\n# digest = {json.dumps(_digest(text))}\n{text}"


def histories_of(text: str, source: str) -> Histories:
    """Read what `histories_csv` wrote.

    Raises:
        InputError: where it is damaged, or was edited.
    """
    damaged = InputError(
        f"'{source}' is damaged, or of another version: give the same `flowsim weigh` again, which goes on from "
        "its finished parts"
    )
    first, _, rest = text.partition("\n")
    second, _, body = rest.partition("\n")
    if first != _FIRST_LINE or second != f"# digest = {json.dumps(_digest(body))}":
        raise damaged
    try:
        lines = body.splitlines()
        told = [line[2:].split(" = ", 1) for line in lines if line.startswith("# ")]
        head = {key: json.loads(value) for key, value in told}
        rows = list(csv.reader(lines[len(told) :]))
        if tuple(rows[0]) != _HEAD:
            raise damaged
        sets, replications, weights = zip(*rows[1:], strict=True)
        return Histories(
            sets=np.array(sets, np.int64),
            replications=np.array(replications, np.int64),
            weights=np.array(weights, np.float64),
            at=datetime.fromisoformat(head.pop("at")),
            seed=int(head.pop("seed")),
            pairs=int(head.pop("pairs")),
            effective=float(head.pop("effective")),
            largest=float(head.pop("largest")),
            provenance=head,
        )
    except (ValueError, KeyError, TypeError):
        raise damaged from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sets_digest(z: Floats) -> str:
    """Return the hash of parameter sets, as they are written: to the fourth decimal."""
    return hashlib.sha256(np.round(z, 4).astype("<f8").tobytes()).hexdigest()
