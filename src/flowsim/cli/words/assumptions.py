"""What `flowsim explain --assumptions` prints: the assumptions that move a measure most, the largest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flowsim.core.numbers import with_plain_spaces
from flowsim.core.periods import Period
from flowsim.planning.assumptions import Assumption
from flowsim.questions.explain import ExplainAssumptions
from flowsim.reporting.wording import Wording

__all__ = ["assumption_lines", "assumption_records"]


def assumption_lines(question: ExplainAssumptions, largest: Sequence[Assumption], wording: Wording) -> list[str]:
    """Return the assumptions as lines of text: what each is, its value, by what it was raised, what that does."""
    from flowsim.cli.terminal import wrapped
    from flowsim.cli.words.run import lengthened

    language, say, response = wording.language, wording.language.say, question.response
    period = str(response.period) if wording.codes else language.period(str(response.period))
    of = f"{wording.measure(response.measure)}, {period}"
    lines = [
        wrapped(say("assumptions.head", scenario=wording.scenario(question.subject.name), of=of)),
        *lengthened(question.subject, Period(response.period), language, wording),
        "",
    ]
    if not largest:
        return [*lines, say("assumptions.none", base=wording.scenario(question.subject.base.name))]
    for number, each in enumerate(largest, start=1):
        effect, *ends = wording.values([each.effect, each.low, each.high], response.unit, signed=True)
        figures = f"{say('assumptions.effect')} {effect} ({language.interval(*ends)})"
        value = f"{say('assumptions.value')} {_quantity(each.parameter.value, wording)}"
        raised = f"{say('assumptions.raised')} {_quantity(each.change, wording)}"
        lines += [
            wrapped(f"{number:>2}. {wording.parameter(each.parameter.name)}"),
            f"    {value}, {raised}: {figures}",
        ]
    pairs = language.counted(question.sets, "pairs")
    lines += ["", wrapped(say("assumptions.note", pairs=pairs, seed=str(question.seed)))]
    return [with_plain_spaces(line) for line in lines]


def _quantity(value: object, wording: Wording) -> str:
    """Write a value of a base, with a space before a per cent sign."""
    return re.sub(r"(?<=\d)%", " %", str(value) if wording.codes else wording.language.quantity(value))


def assumption_records(largest: Sequence[Assumption]) -> list[dict[str, Any]]:
    """Return the assumptions as plain data."""
    return [
        {
            "parameter": each.parameter.name,
            "value": each.parameter.value,
            "change": each.change,
            "effect": each.effect,
            "low": each.low,
            "high": each.high,
            "why": each.parameter.why,
        }
        for each in largest
    ]
