"""How often the promises of chance were kept in repetitions, in words."""

from __future__ import annotations

from itertools import groupby

from flowsim.cli.terminal import table, wrapped
from flowsim.reporting.language import Language
from flowsim.theory.verification.promises import Promise, Promises

__all__ = ["bounds", "promise_lines"]


def promise_lines(result: Promises, language: Language) -> list[str]:
    """Write the rate of each promise with its binomial interval, model by model, in lines of at most eighty columns."""
    say, widths = language.say, {"of": 7, "rate": 6, "interval": 13, "goal": 10}
    columns = {"": 42} | {say(f"promises.{key}"): width for key, width in widths.items()} | {" ": 2}
    rows: list[str | tuple[str, ...]] = []
    for model, group in groupby(result.promises, lambda promise: promise.model):
        rows.append(language.translated(model))
        for promise in group:
            rate = promise.rate
            ends = f"{_share(rate.low, language)}-{_share(rate.high, language)}"
            cells = (language.local(f"{promise.repetitions:,}"), _share(rate.estimate, language), ends)
            mark = "" if promise.holds else "!"
            rows.append((f"  {language.translated(promise.promise)}", *cells, bounds(promise, language), mark))
            if promise.price:
                rows.append(f"    {language.translated(promise.price)}")
    broken = sum(not promise.holds for promise in result.promises)
    many = language.counted(broken, "promises")
    outcome = say("promises.broken", promises=many) if broken else say("promises.kept")
    words = {"promises": language.counted(len(result.promises), "promises"), "seed": str(result.seed)}
    return [*table(columns, rows), "", wrapped(say("promises.outcome", outcome=outcome, **words))]


def bounds(promise: Promise, language: Language) -> str:
    """Write the share that a promise shall have: "<= .020", ">= .930", ".930-.980"."""
    least, most = (None if bound is None else _share(bound, language) for bound in (promise.least, promise.most))
    if least is not None and most is not None:
        return f"{least}-{most}"
    return f">= {least}" if most is None else f"<= {most}"


def _share(value: float, language: Language) -> str:
    if language.code == "da":
        return language.local(f"{value:.3f}")
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1"
