"""How often the promises of chance were kept in repetitions, in words."""

from __future__ import annotations

from itertools import groupby

from flowsim.cli.terminal import counted, table, wrapped
from flowsim.theory.verification.promises import Promise, Promises

__all__ = ["bounds", "promise_lines"]


def promise_lines(result: Promises) -> list[str]:
    """Write the rate of each promise with its binomial interval, model by model, in lines of at most eighty columns."""
    columns = {"": 42, "of": 7, "rate": 6, "interval": 13, "goal": 10, " ": 2}
    rows: list[str | tuple[str, ...]] = []
    for model, group in groupby(result.promises, lambda promise: promise.model):
        rows.append(model)
        for promise in group:
            rate = promise.rate
            cells = (f"{promise.repetitions:,}", _share(rate.estimate), f"{_share(rate.low)}-{_share(rate.high)}")
            rows.append((f"  {promise.promise}", *cells, bounds(promise), "" if promise.holds else "!"))
            if promise.price:
                rows.append(f"    {promise.price}")
    broken = sum(not promise.holds for promise in result.promises)
    outcome = "kept" if not broken else f"BROKEN ({counted(broken, 'promise')}, marked with !)"
    of = f"{counted(len(result.promises), 'promise')}, seed {result.seed}"
    return [*table(columns, rows), "", wrapped(f"{of}: {outcome}; the intervals are binomial, at 95 %")]


def bounds(promise: Promise) -> str:
    """Write the share that a promise shall have: "<= .020", ">= .930", ".930-.980"."""
    least, most = (None if bound is None else _share(bound) for bound in (promise.least, promise.most))
    if least is not None and most is not None:
        return f"{least}-{most}"
    return f">= {least}" if most is None else f"<= {most}"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1"
