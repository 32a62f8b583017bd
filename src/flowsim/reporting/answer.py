"""The answer of a report in three sentences, what has to be said beside it, and how sure it is in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.targets import documented
from flowsim.core.errors import InputError
from flowsim.planning.comparison import paired
from flowsim.planning.response import Response
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.reporting.findings import Findings
from flowsim.reporting.staffing import StaffingConclusions
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED

__all__ = ["Conclusions"]

_LONG = 1.0  # weeks: a shorter wait elsewhere is not worth a sentence
_ROUGH = 20  # runs below which the ends of a range are guesses


@dataclass(frozen=True, kw_only=True)
class Conclusions:
    """What some findings say, in one language."""

    findings: Findings
    wording: Wording

    def answer(self) -> tuple[str, ...]:
        """Return the answer in three sentences: of the staffing where that was asked, else of the comparison."""
        staffing = self._staffing
        if staffing is not None:
            return staffing.answer()
        return self._alone() if len(self.findings.scenarios) == 1 else self._compared()

    def remarks(self) -> tuple[str, ...]:
        """Return what a reader of the answer has to know besides."""
        staffing = self._staffing
        if staffing is None:
            return ()
        beside = self._beside(staffing.found)
        return tuple([*staffing.remarks(), beside] if beside else staffing.remarks())

    def question(self) -> str:
        """Return the question that the findings answer, where nobody has put it in her own words."""
        say, language, staffing = self.wording.language.say, self.wording.language, self._staffing
        names = [self._scenario(one) for one in self.findings.comparison.names]
        if staffing is not None:
            question = staffing.found.question
            told = {"lever": language.listed(staffing.levers()), "goals": staffing.goals()}
            told |= {
                "period": language.period(question.during),
                "scenario": self._scenario(question.scenario.name),
            }
            return say("question.staff", **told)
        if len(names) == 1:
            first, last = (language.period(period) for period in self.findings.span)
            return say("question.one", scenario=names[0], first=first, last=last)
        return say("question.compare", reference=names[0], others=language.listed(names[1:]))

    def uncertainty(self) -> tuple[str, ...]:
        """Say in words how sure the report is, and of what."""
        findings, say, language = self.findings, self.wording.language.say, self.wording.language
        count, drawn = len(findings.comparison.reference.replications), findings.parameters
        runs = language.number(count, 0)
        sets = language.number(len(drawn), 0) if isinstance(drawn, Ensemble) else ""
        out = [say("sure.sets" if sets else "sure.point", runs=runs, sets=sets)]
        out.append(say("sure.bands" if len(findings.scenarios) == 1 else "sure.bands.several"))
        out += [say("sure.rough", runs=runs)] if count < _ROUGH else []
        if len(findings.scenarios) > 1:
            out.append(say("sure.paired", confidence=language.percent(findings.comparison.confidence, 0)))
        if findings.staffing is not None:
            confidence = language.percent(findings.staffing.stopping.confidence, 0)
            out.append(say("sure.staff", confidence=confidence, tests=language.number(findings.staffing.tests, 0)))
        fit = self._fit()
        return tuple([*out, fit, say("sure.model")] if fit else [*out, say("sure.model")])

    @property
    def _staffing(self) -> StaffingConclusions | None:
        found = self.findings.staffing
        if found is None:
            return None
        return StaffingConclusions(found=found, wording=self.wording, prices=self.findings.prices)

    def _beside(self, found: Answer | Frontier) -> str:
        """Say how long citizens wait elsewhere meanwhile, which no goal counts; nothing where none is reported."""
        language, question = self.wording.language, found.question
        results = self.findings.comparison.of(question.scenario.name)
        told = {found.levels.lever.station} | ({found.rows.lever.station} if isinstance(found, Frontier) else set())
        told |= {station for goal in question.goals if (station := goal.response.measure.of("station"))}
        waits = []
        for name in [station.name for station in self.findings.pathway.stations if station.name not in told]:
            try:
                response = Response.of(SERVED(name), question.during, results.index)
            except InputError:  # what is reported ends before, or begins after
                return ""
            values = response.read(results)
            value = math.nan if np.isnan(values).all() else float(np.nanmean(values))
            if value >= _LONG:
                wait = self.wording.value(value, response.unit)
                waits.append(language.say("answer.wait", value=wait, station=self.wording.station(name)))
        period = language.period(question.during)
        return language.say("answer.beside", period=period, waits=language.listed(waits)) if waits else ""

    def _compared(self) -> tuple[str, ...]:
        findings, say, language = self.findings, self.wording.language.say, self.wording.language
        reference, *others = findings.comparison.names
        measures = [one for one in findings.measures if one.kind.name == SERVED.name] or list(findings.measures[:1])
        told = {measure: findings.yearly(measure) for measure in measures}
        many = sum(len(runs[reference][0]) for runs in told.values()) * len(others)
        # Chosen among many, a difference is sure only where the intervals of all hold at once.
        confidence = 1 - (1 - findings.comparison.confidence) / many
        best, (measure, place) = 0.0, (measures[0], len(told[measures[0]][reference][0]) - 1)
        for one, runs in told.items():
            for name in others:
                means = np.nan_to_num(np.abs(paired(runs[reference][1], runs[name][1]).mean))
                if means.max(initial=0.0) > best:
                    best, (measure, place) = float(means.max()), (one, int(means.argmax()))
        unit, runs = findings.unit(measure), told[measure]
        year, before = runs[reference][0][place], runs[reference][1][:, place]
        mean = math.nan if np.isnan(before).all() else float(np.nanmean(before))
        said = {"measure": self.wording.measure(measure), "year": year, "scenario": self._scenario(reference)}
        first = say("answer.reference" if best else "answer.alike", **said, value=self.wording.value(mean, unit))
        parts, sure = [], []
        for name in others:
            pair = paired(before[:, None], runs[name][1][:, [place]], confidence)
            figures = [float(values[0]) for values in (pair.mean, pair.low, pair.high)]
            difference, low, high = self.wording.values(figures, unit, signed=True)
            ends = {"difference": difference, "low": low, "high": high}
            parts.append(say("answer.difference", scenario=self._scenario(name), **ends))
            sure += [self._scenario(name)] if figures[1] > 0 or figures[2] < 0 else []
        second = say("answer.differences", differences=language.listed(parts))
        percent = {"confidence": language.percent(findings.comparison.confidence, 0), "many": language.number(many, 0)}
        if not best:
            return first, second, say("answer.none", many=percent["many"])
        key = "answer.sure" if sure else "answer.unsure"
        return first, second, say(key, scenarios=language.listed(sure), **percent)

    def _alone(self) -> tuple[str, ...]:
        findings, say = self.findings, self.wording.language.say
        (name,) = findings.comparison.names
        out: list[str] = []
        for kind in (SERVED, CLOCK_WITHIN, AWARDS, QUEUE):
            measure = next((one for one in findings.measures if one.kind.name == kind.name), None)
            if measure is None or len(out) == 2:
                continue
            years, values = findings.yearly(measure)[name]
            column = values[:, -1]
            if np.isnan(column).all():
                continue
            figures = [float(q) for q in np.nanquantile(column, (0.5, 0.05, 0.95))]
            median, low, high = self.wording.values(figures, findings.unit(measure))
            ends = {"median": median, "low": low, "high": high}
            out.append(say("answer.alone", measure=self.wording.measure(measure), year=years[-1], **ends))
        return *out, self._fit() or say("sure.model")

    def _fit(self) -> str:
        """Say how many documented figures lie within the first scenario's middle 90 %; nothing where there are none."""
        results, language = self.findings.comparison.reference, self.wording.language
        columns = results.columns
        told = {key: value for key, value in documented(self.findings.scenarios[0].base.name).items() if key in columns}
        if not told:
            return ""
        inside = 0
        for key, value in told.items():
            column = results.values[:, columns[key]]
            low, high = np.nanquantile(column, (0.05, 0.95)) if not np.isnan(column).all() else (math.nan, math.nan)
            inside += bool(low <= value <= high)
        counts = {"told": language.number(len(told), 0), "inside": language.number(inside, 0)}
        return language.say("sure.documents", **counts)

    def _scenario(self, name: str) -> str:
        return self.wording.language.say("scenario", name=self.wording.scenario(name))
