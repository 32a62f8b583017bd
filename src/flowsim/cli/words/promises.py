"""How often the promises of chance were kept in repetitions, in words and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flowsim.cli.terminal import counted, table, wrapped
from flowsim.planning.promises import Promise

__all__ = ["promise_lines", "promises_json"]


def promise_lines(promises: Sequence[Promise], seed: int) -> list[str]:
    """Write the rate of each promise with its binomial interval, model by model, in lines of at most eighty columns."""
    columns = {"": 42, "of": 8, "rate": 7, "interval": 13, "goal": 8, " ": 2}
    rows: list[str | tuple[str, ...]] = []
    for model, group in groupby(promises, lambda promise: promise.model):
        rows.append(model)
        for promise in group:
            rate, sign = promise.rate, {"at most": "<=", "at least": ">="}[promise.side]
            cells = (f"{promise.repetitions:,}", _share(rate.estimate), f"{_share(rate.low)}-{_share(rate.high)}")
            rows.append(
                (f"  {promise.promise}", *cells, f"{sign} {_share(promise.goal)}", "" if promise.holds else "!")
            )
            if promise.price:
                rows.append(f"    {promise.price}")
    broken = sum(not promise.holds for promise in promises)
    outcome = "kept" if not broken else f"BROKEN ({counted(broken, 'promise')}, marked with !)"
    last = f"{counted(len(promises), 'promise')}, seed {seed}: {outcome}; the intervals are binomial, at 95 %"
    return [*table(columns, rows), "", wrapped(last)]


def promises_json(promises: Sequence[Promise], seed: int) -> dict[str, Any]:
    """Return the promises as plain data."""
    return {
        "seed": seed,
        "promises": [
            {"promise": promise.promise, "model": promise.model, "repetitions": promise.repetitions}
            | {
                "count": promise.count,
                "rate": promise.rate.estimate,
                "low": promise.rate.low,
                "high": promise.rate.high,
            }
            | {"goal": promise.goal, "side": promise.side, "holds": promise.holds, "price": promise.price}
            for promise in promises
        ],
    }


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1"
