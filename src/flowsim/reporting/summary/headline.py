"""The answer in a box: one number, what there is today beside it, a sentence and a warning."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowsim.planning.staffing.cost import cheapest
from flowsim.planning.staffing.search import Answer
from flowsim.reporting.answer import Conclusions
from flowsim.reporting.document import Chart, Figure, Headline, TableCell
from flowsim.reporting.exhibits import Exhibits
from flowsim.reporting.findings import Findings
from flowsim.reporting.staffing import StaffingConclusions, cost_of
from flowsim.reporting.summary.overview import documented_year
from flowsim.reporting.wording import Wording
from flowsim.simulation.estimates import level
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.stations import SERVED

__all__ = ["Opening"]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What the first page of a report says, in one language."""

    findings: Findings
    wording: Wording

    def headline(self) -> Headline:
        """Return the box: of the staffing where that was asked, else of the foremost difference, else of the wait."""
        if self.findings.staffing is not None:
            return self._staffing(
                StaffingConclusions(search=self.findings.staffing, wording=self.wording, prices=self.findings.prices)
            )
        return self._alone() if len(self.findings.scenarios) == 1 else self._compared()

    def further(self) -> tuple[str, ...]:
        """Return what the answer says besides, without what stands in the box."""
        answer, box = self._conclusions.answer(), self.headline()
        if self.findings.staffing is not None:
            answer = answer[1:]
        elif len(self.findings.scenarios) == 2:
            answer = ()  # the box tells both figures, their difference, and whether it is sure
        elif len(self.findings.scenarios) > 2:
            answer = answer[1:]
        sentences = (*answer, *self._conclusions.remarks())
        return tuple(line for line in sentences if line not in (box.sentence, box.warning))

    def chart(self) -> Chart | None:
        """Return the chart beside the box: of the staffing, or of the measure that the box is of."""
        exhibits = Exhibits(findings=self.findings, wording=self.wording)
        staffing, measure = exhibits.staffing(), self.measure
        return exhibits.over_time(measure) if staffing is None and measure is not None else staffing

    @property
    def measure(self) -> Measure | None:
        """The measure that the box is of, where it is not of a staffing; None where the model has no key measure."""
        if len(self.findings.scenarios) > 1:
            return self._conclusions.foremost.measure
        kinds = [measure for measure in self.findings.measures if measure.kind.name == SERVED.name]
        return next(iter(kinds or self.findings.measures), None)

    @property
    def _conclusions(self) -> Conclusions:
        return Conclusions(findings=self.findings, wording=self.wording)

    def _warning(self, *foremost: str) -> str:
        """Return the one thing that a reader must not overlook."""
        rough = self._conclusions.rough()
        return next(filter(None, (*foremost, *rough, *self._conclusions.general())), "")

    def _staffing(self, conclusions: StaffingConclusions) -> Headline:
        search, language = conclusions.search, self.wording.language
        levers = conclusions.levers()
        own: TableCell = conclusions.own()
        if isinstance(search, Answer):
            held = set(search.levels.lever.held(search.question.scenario.pathway(), search.question.since).values())
            if len(held) == 1:
                (level_held,) = held
                own = Figure(level_held, 0 if level_held == round(level_held) else 1)
            number: TableCell = language.say("box.none") if search.least is None else Figure(search.least)
        else:
            cost = cost_of(search, self.findings.prices)
            met = [(point.level, point.least) for point in search.points if point.least is not None]
            chosen = (cost and cheapest(search, cost)) or (met[0] if met else None)
            number = (
                language.say("box.none")
                if chosen is None
                else language.say("box.both", one=language.number(chosen[0], 0), other=language.number(chosen[1], 0))
            )
        first, *_ = conclusions.verdict()
        return Headline(
            number=number,
            label=language.say("box.both.label", one=levers[0], other=levers[-1]) if levers[1:] else levers[0],
            beside=own,
            beside_label=language.say("box.own"),
            sentence=first,
            warning=self._warning(self._conclusions.growing(), self._conclusions.beside(), *conclusions.cautions()),
        )

    def _compared(self) -> Headline:
        findings, language, conclusions = self.findings, self.wording.language, self._conclusions
        chosen = conclusions.foremost
        unit = findings.unit(chosen.measure)
        reference, *others = findings.comparison.names
        sizes = {name: abs(chosen.tables[name].at(chosen.place).estimate) for name in others}
        name = max(others, key=lambda each: (chosen.sure(each), -1.0 if math.isnan(sizes[each]) else sizes[each]))
        values = {
            one: level(chosen.measure, findings.yearly(chosen.measure)[one][1][:, chosen.place]).estimate
            for one in (name, reference)
        }
        difference = conclusions.difference(name)
        measure = self.wording.measure(chosen.measure)
        words = {"measure": measure, "year": chosen.year, "difference": difference}
        words["confidence"] = language.percent(findings.comparison.confidence, 0)
        sure = "sure" if chosen.sure(name) else "unsure"
        return Headline(
            number=self._figure(values[name], unit),
            label=language.say("box.of", measure=measure, year=chosen.year, scenario=conclusions.scenario(name)),
            beside=self._figure(values[reference], unit),
            beside_label=conclusions.scenario(reference),
            sentence=language.say(f"box.difference.{sure}", **words),
            warning=self._warning(),
        )

    def _alone(self) -> Headline:
        findings, language, conclusions = self.findings, self.wording.language, self._conclusions
        measure, (name,) = self.measure, findings.comparison.names
        first, *_ = conclusions.answer()
        if measure is None:
            return Headline(number="–", label=conclusions.scenario(name), sentence=first, warning=self._warning())
        unit, (years, values) = findings.unit(measure), findings.yearly(measure)[name]
        now = documented_year(findings)
        place = years.index(now) if now in years[:-1] else None
        beside = "" if place is None else self._figure(level(measure, values[:, place]).estimate, unit)
        words = {"measure": self.wording.measure(measure), "scenario": conclusions.scenario(name)}
        return Headline(
            number=self._figure(level(measure, values[:, -1]).estimate, unit),
            label=language.say("box.of", **words, year=years[-1]),
            beside=beside,
            beside_label="" if place is None else language.say("box.year", year=years[place]),
            sentence=first,
            warning=self._warning(),
        )

    def _figure(self, value: float, unit: str) -> TableCell:
        share = unit in ("share", "per cent")
        scaled = value / 100 if unit == "per cent" else value
        return Figure(
            scaled, self.wording.decimals(value, unit), share=share, unit="" if share else self.wording.unit(unit)
        )
