"""What `flowsim base check` says: whose numbers stand in a base, and what is missing, with what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowsim.cli.terminal import wrapped
from flowsim.model.base import BASE_FILES
from flowsim.model.scenario import Scenario
from flowsim.planning.readiness import Readiness
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.measure import Measure

__all__ = ["readiness_lines"]

_MOST = 6


def readiness_lines(
    found: Readiness, doors: Sequence[str], measures: Sequence[Measure], language: Language
) -> list[str]:
    """Write what stands in a base and what is missing.

    Args:
        found: what was read.
        doors: by which cases are opened.
        measures: of the base, to be called by their titles.
        language: the language.
    """
    say, base = language.say, found.base
    counts = {kind: str(found.count(kind)) for kind in ("fact", "assumed", "calibrate")}
    lines = [
        say("base.right", name=base.name),
        say("base.numbers", all=str(len(found.parameters)), borrowed=str(len(found.borrowed)), **counts),
    ]
    if found.borrowed:
        lines += ["", say("base.borrowed")]
        lines += [
            f"  {each.name} = {language.quantity(each.value)}: {each.why or each.fact} [{language.name(each.lender)}]"
            for each in found.borrowed
        ]
    missing = list(_missing(found, doors, measures, language))
    lines += ["", say("base.missing" if missing else "base.complete"), *(f"  - {line}" for line in missing)]
    return [wrapped(line) if line else "" for line in (*lines, "", f"{say('base.next')} {_next(found, language)}")]


def _missing(found: Readiness, doors: Sequence[str], measures: Sequence[Measure], language: Language) -> Iterator[str]:
    say, base = language.say, found.base
    if found.absent:
        yield say("base.absent", files=", ".join(each for each in BASE_FILES if each in found.absent))
    if found.bare:
        yield say("base.bare", count=str(len(found.bare)), names=_few(found.bare, language))
    if found.facts == 0:
        yield say("base.no_facts")
    if found.unused:
        yield say("base.unused", names=_few(found.unused, language))
    if found.untargeted:
        wording = Wording.of(Scenario.of(base.source), base.pathway(), language)
        titles = {str(measure): wording.measure(measure) for measure in measures}
        yield say("base.untargeted", names=_few([titles.get(name, name) for name in found.untargeted], language))
    if found.unmoved:
        yield say("base.unmoved", names=_few(found.unmoved, language))
    if found.unpriced:
        yield say("base.unpriced", names=_few(found.unpriced, language))
    if found.prices:
        yield say("base.prices", count=str(len(found.prices)))
    if not doors:
        yield say("base.no_doors")
    if found.calibration != "there":
        yield say(f"base.calibration.{found.calibration}", count=str(len(found.targets)))
    if found.growing:
        yield say(
            "base.growing", stations=language.listed([base.pathway().station(n).title or n for n in found.growing])
        )


def _few(names: Sequence[str], language: Language) -> str:
    shown = ", ".join(names[:_MOST])
    return shown if len(names) <= _MOST else language.say("base.more", names=shown, count=str(len(names) - _MOST))


def _next(found: Readiness, language: Language) -> str:
    """Say the one step that helps most."""
    say, source = language.say, found.base.source
    if found.growing:
        return say("base.next.growing")
    if found.facts == 0:
        return say("base.next.facts")
    if found.borrowed and not found.targets:
        return say("base.next.targets")
    if found.calibration != "there" and found.targets:
        factors = str(found.base.files.get("factors", "factors.toml"))
        return say("base.next.calibrate", factors=factors, out=str(found.base.files.get("calibrated", "calibrated")))
    return say("base.next.run", file=source)
