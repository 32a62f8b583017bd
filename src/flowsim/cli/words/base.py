"""What `flowsim base check` says: whose numbers stand in a base, and what is missing, with what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowsim.cli.terminal import wrapped
from flowsim.core.writing.shells import quoted
from flowsim.model.base import BASE_FILES
from flowsim.model.scenario import Scenario
from flowsim.planning.readiness import Readiness
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.measure import Measure

__all__ = ["readiness_lines"]

_MOST = 6
_NAMED = {"factors": "factors.toml", "calibrated": "calibrated"}  # where a base names none


def readiness_lines(
    ready: Readiness, doors: Sequence[str], measures: Sequence[Measure], language: Language
) -> list[str]:
    """Write what stands in a base and what is missing.

    Args:
        ready: what was read.
        doors: by which cases are opened.
        measures: of the base, to be called by their titles.
        language: the language.
    """
    say, base = language.say, ready.base
    counts = {kind: str(ready.count(kind)) for kind in ("fact", "assumed", "calibrate")}
    lines = [
        say("base.right", name=base.name),
        say("base.numbers", all=str(len(ready.parameters)), borrowed=str(len(ready.borrowed)), **counts),
    ]
    if ready.borrowed:
        lines += ["", say("base.borrowed")]
        lines += [
            f"  {each.name} = {language.quantity(each.value)}: {each.why or each.fact} [{language.name(each.lender)}]"
            for each in ready.borrowed
        ]
    missing = list(_missing(ready, doors, measures, language))
    lines += ["", say("base.missing" if missing else "base.complete"), *(f"  - {line}" for line in missing)]
    return [wrapped(line) if line else "" for line in (*lines, "", f"{say('base.next')} {_next(ready, language)}")]


def _missing(ready: Readiness, doors: Sequence[str], measures: Sequence[Measure], language: Language) -> Iterator[str]:
    say, base = language.say, ready.base
    if ready.absent:
        yield say("base.absent", files=", ".join(each for each in BASE_FILES if each in ready.absent))
    if ready.bare:
        yield say("base.bare", count=str(len(ready.bare)), names=_few(ready.bare, language))
    if ready.facts == 0:
        yield say("base.no_facts")
    if ready.unused:
        yield say("base.unused", names=_few(ready.unused, language))
    if ready.untargeted:
        wording = Wording.of(Scenario.of(base.source), base.pathway(), language)
        titles = {str(measure): wording.measure(measure) for measure in measures}
        yield say("base.untargeted", names=_few([titles.get(name, name) for name in ready.untargeted], language))
    if ready.unmoved:
        yield say("base.unmoved", names=_few(ready.unmoved, language))
    if ready.unpriced:
        yield say("base.unpriced", names=_few(ready.unpriced, language))
    if ready.prices:
        yield say("base.prices", count=str(len(ready.prices)))
    if not doors:
        yield say("base.no_doors")
    if ready.calibration != "there":
        yield say(f"base.calibration.{ready.calibration}", count=str(len(ready.targets)))
    if ready.growing:
        yield say(
            "base.growing", stations=language.listed([base.pathway().station(n).title or n for n in ready.growing])
        )


def _few(names: Sequence[str], language: Language) -> str:
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else language.say("base.more", names=shown, count=str(len(names) - _MOST))


def _next(ready: Readiness, language: Language) -> str:
    """Say the one step that helps most."""
    say, source = language.say, ready.base.source
    if ready.growing:
        return say("base.next.growing")
    if ready.facts == 0:
        return say("base.next.facts")
    if ready.borrowed and not ready.targets:
        return say("base.next.targets")
    if ready.calibration != "there" and ready.targets:
        files = {kind: str(ready.base.files.get(kind, other)) for kind, other in _NAMED.items()}
        return say("base.next.calibrate", factors=quoted(files["factors"]), out=quoted(files["calibrated"]))
    return say("base.next.run", file=quoted(source))
