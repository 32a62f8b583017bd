"""What a report rests on, in a few lines: which base and list, which version, which seed, how many futures."""

from __future__ import annotations

from dataclasses import dataclass

from flowsim.calibration.ensemble import Ensemble
from flowsim.reporting.findings import Findings
from flowsim.reporting.summary.opening import opening_sentences
from flowsim.reporting.wording import Wording

__all__ = ["Basis"]

_DIGITS = 12
"""Of a hash that a reader compares by eye."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What some findings rest on, in one language."""

    findings: Findings
    wording: Wording

    def lines(self) -> tuple[str, ...]:
        """Return the base with its version, the scenarios, what was run, and where the list and the model part."""
        findings, language = self.findings, self.wording.language
        base, first = findings.scenarios[0].base, findings.comparison.reference
        words = {
            "base": self.wording.name(base.name, findings.pathway.title),
            "digest": base.sha256[:_DIGITS],
            "version": first.versions.get("flowsim", "?"),
        }
        until = base.documented_until
        lines = [language.say("basis.base", **words)]
        lines += [] if until is None else [language.say("basis.documented", until=language.day(until.date()))]
        digests = [
            language.say("basis.scenario", name=self.wording.scenario(one.name), digest=one.digest[:_DIGITS])
            for one in findings.scenarios
        ]
        lines.append(language.say("basis.scenarios", scenarios=language.listed(digests)))
        runs = {"futures": language.number(len(first.replications), 0), "seed": str(first.seed)}
        lines.append(language.say("basis.runs", **runs, parameters=self._parameters()))
        for scenario in findings.scenarios:
            lines += opening_sentences(scenario, findings.parameters, first.seed, len(first.replications), self.wording)
        return tuple(dict.fromkeys(lines))  # scenarios that begin with the same list say the same of it

    def _parameters(self) -> str:
        language, drawn = self.wording.language, self.findings.parameters
        if not isinstance(drawn, Ensemble):
            return language.say("parameters.own" if drawn is None else "parameters.fitted")
        if drawn.histories is not None:
            return language.counted(len(drawn.histories), "histories")
        return language.say("parameters.sets", sets=language.number(len(drawn), 0))
