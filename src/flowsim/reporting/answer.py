"""The answer of a report in three sentences, what has to be said beside it, and how sure it is in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.targets import documented
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.planning.comparison import Paired
from flowsim.planning.response import Response
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.reporting.findings import Findings
from flowsim.reporting.staffing import StaffingConclusions
from flowsim.reporting.wording import Wording, cut_words
from flowsim.simulation.estimates import FEWEST_DEFINED, FEWEST_FOR_RANGE, level, paired_differences
from flowsim.simulation.intervals import at_most_one_in
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.measure import Measure
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED

__all__ = ["Conclusions", "Foremost"]

_LONG = 1.0  # of the unit in which waits are told: a shorter wait elsewhere is not worth a sentence
_ROUGH = 20  # runs below which the ends of a range are guesses


@dataclass(frozen=True, kw_only=True)
class Foremost:
    """The difference that a comparison is answered with.

    Attributes:
        measure: of which measure it is.
        place: of which of the years reported, counted from 0.
        year: that year.
        tables: by scenario, its differences in the measure, year by year.
        surely: whether it is sure, for all that it was chosen among at once.
        differs: whether there is any difference.
        many: how many differences it was chosen among.
        error: what each of them may err by.
    """

    measure: Measure
    place: int
    year: Period
    tables: Mapping[str, Paired]
    surely: bool
    differs: bool
    many: int
    error: float

    def sure(self, name: str) -> bool:
        """Return whether the difference of a scenario is sure."""
        return bool(self.tables[name].p_value[self.place] <= self.error)


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
            return self.general()
        beside = self._beside(staffing.search)
        return (*self.general(), *staffing.remarks(), *([beside] if beside else []))

    def general(self) -> tuple[str, ...]:
        """Return what a reader of any answer has to know: what was run longer, and what no document tells."""
        return (*self._lengthened(), *self._run_on(), *self._cut(), *self._carried_on())

    def _carried_on(self) -> tuple[str, ...]:
        """Say from when on no document tells what happened."""
        until, language = self.findings.scenarios[0].base.documented_until, self.wording.language
        if until is None or self.findings.span[1].end <= until:
            return ()
        return (language.say("remark.carried_on", since=language.day(until.date())),)

    def _cut(self) -> tuple[str, ...]:
        """Say which periods are left out of the figures, for the run does not hold the whole of them."""
        words = cut_words(self.findings.pathway, self.wording.language)
        return (words,) if words else ()

    def _lengthened(self) -> tuple[str, ...]:
        """Say that scenarios were run longer than their files say, so that all end alike."""
        language, own_ends = self.wording.language, self.findings.own_ends
        if not own_ends:
            return ()
        own = [
            language.say("remark.lengthened.own", scenario=self.scenario(name), end=language.day(end))
            for name, end in own_ends.items()
        ]
        end = language.day(self.findings.pathway.end.date())
        return (language.say("remark.lengthened", end=end, own=language.listed(own)),)

    def _run_on(self) -> tuple[str, ...]:
        """Say that the staffing is sought in a run that goes on beyond the scenario's end."""
        search, language = self.findings.staffing, self.wording.language
        own = None if search is None else search.question.scenario.own_end
        if search is None or own is None:
            return ()
        period = Period(search.question.during)
        words = {"scenario": self.scenario(search.question.scenario.name), "period": language.period(period)}
        words |= {"own": language.day(own.date()), "end": language.day(period.end.date())}
        return (language.say("remark.run_on", **words),)

    def question(self) -> str:
        """Return the question that the findings answer, where nobody has put it in her own words."""
        say, language, staffing = self.wording.language.say, self.wording.language, self._staffing
        names = [self.scenario(one) for one in self.findings.comparison.names]
        if staffing is not None:
            question = staffing.search.question
            words = {"lever": language.listed(staffing.levers()), "goals": staffing.goals()}
            words |= {
                "period": language.period(question.during),
                "scenario": self.scenario(question.scenario.name),
            }
            return say("question.staff", **words)
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
        lived = drawn.histories if isinstance(drawn, Ensemble) else None
        if lived is not None:
            until = language.day(lived.at.date())
            out = [say("sure.histories", runs=runs, histories=language.number(len(lived), 0), until=until)]
        else:
            out = [say("sure.sets" if sets else "sure.point", runs=runs, sets=sets)]
        bands = "sure.bands" if len(findings.scenarios) == 1 else "sure.bands.several"
        out.append(say(self._by_futures(bands), count=runs, least=language.number(FEWEST_FOR_RANGE, 0)))
        out += self.rough()
        if len(findings.scenarios) > 1:
            confidence = findings.comparison.confidence
            one_in = language.number(round(1 / (1 - confidence)), 0)
            out.append(say("sure.paired", confidence=language.percent(confidence, 0), one_in=one_in))
        if findings.staffing is not None:
            stopping, tests = findings.staffing.stopping, language.number(findings.staffing.tests, 0)
            ends = {"confidence": language.percent(stopping.confidence, 0), "many": language.number(stopping.one_in, 0)}
            out.append(say("sure.staff", tests=tests, **ends))
        fit = self._fit()
        return tuple([*out, fit, say("sure.model")] if fit else [*out, say("sure.model")])

    def rough(self) -> list[str]:
        """Say that a report is of too few runs; nothing where it is of enough."""
        count, language = len(self.findings.comparison.reference.replications), self.wording.language
        return [language.say("sure.rough", runs=language.number(count, 0))] if count < _ROUGH else []

    def growing(self) -> str:
        """Say which queues surely grow while a staffing meets the goals; nothing where none does or none was asked."""
        return "" if self._staffing is None else self._staffing.growing()

    def beside(self) -> str:
        """Say how long citizens wait elsewhere, which no goal counts; nothing where none is asked or reported."""
        return "" if self._staffing is None else self._beside(self._staffing.search)

    @property
    def _staffing(self) -> StaffingConclusions | None:
        search = self.findings.staffing
        if search is None:
            return None
        return StaffingConclusions(search=search, wording=self.wording, prices=self.findings.prices)

    def _others(self, search: Answer | Frontier) -> list[str]:
        """Return the stations that no goal and no lever is of."""
        question = search.question
        names = {search.levels.lever.station} | ({search.rows.lever.station} if isinstance(search, Frontier) else set())
        names |= {station for goal in question.goals if (station := goal.response.measure.of("station"))}
        return [station.name for station in self.findings.pathway.stations if station.name not in names]

    def _beside(self, search: Answer | Frontier) -> str:
        """Say how long citizens wait elsewhere meanwhile, which no goal counts; nothing where none is reported."""
        language, question = self.wording.language, search.question
        results = self.findings.comparison.of(question.scenario.name)
        waits = []
        for name in self._others(search):
            try:
                response = Response.of(SERVED(name), question.during, results.index)
            except InputError:  # what is reported ends before, or begins after
                return ""
            value = level(response.measure, response.read(results)).estimate
            if value >= _LONG:
                wait = self.wording.value(value, response.unit)
                waits.append(language.say("answer.wait", value=wait, awaited=self.wording.awaited(name)))
        period = language.period(question.during)
        return language.say("answer.beside", period=period, waits=language.listed(waits)) if waits else ""

    @cached_property
    def foremost(self) -> Foremost:
        """The largest sure difference of a wait, first among stations that the scenarios change."""
        findings = self.findings
        reference, *others = findings.comparison.names
        measures = [measure for measure in findings.measures if measure.kind.name == SERVED.name] or list(
            findings.measures[:1]
        )
        runs = {measure: findings.yearly(measure) for measure in measures}
        many = sum(len(of[reference][0]) for of in runs.values()) * len(others)
        # Chosen among many, a difference is sure only where the intervals of all hold at once.
        error = (1 - findings.comparison.confidence) / many
        tables = {
            measure: {name: findings.difference(measure, name, 1 - error)[1] for name in others} for measure in runs
        }
        changed = findings.changed
        ranked = []
        for measure, of in tables.items():
            for table in of.values():
                for place, away in enumerate(table.estimate.tolist()):
                    size = abs(away) if table.differing[place] and not math.isnan(away) else 0.0
                    sure = size > 0 and bool(table.p_value[place] <= error)
                    ranked.append((sure, size > 0 and measure.of("station") in changed, size, measure, place))
        start = (False, False, 0.0, measures[0], len(runs[measures[0]][reference][0]) - 1)
        surely, _, best, measure, place = max([start, *ranked], key=lambda entry: entry[:3])
        return Foremost(
            measure=measure,
            place=place,
            year=runs[measure][reference][0][place],
            tables=tables[measure],
            surely=surely,
            differs=best > 0,
            many=many,
            error=error,
        )

    def _compared(self) -> tuple[str, ...]:
        """Tell the foremost difference."""
        findings, say, language = self.findings, self.wording.language.say, self.wording.language
        reference, *others = findings.comparison.names
        chosen = self.foremost
        measure, place = chosen.measure, chosen.place
        before = findings.yearly(measure)[reference][1][:, place]
        value = self._level(measure, before)
        what = {"measure": self.wording.measure(measure), "year": chosen.year, "scenario": self.scenario(reference)}
        first = say("answer.reference" if chosen.surely else "answer.alike", **what, value=value)
        parts = [self.difference(name) for name in others]
        sure_of = [self.scenario(name) for name in others if chosen.sure(name)]
        second = say("answer.differences", differences=language.listed(parts))
        percent = {"confidence": language.percent(findings.comparison.confidence, 0)}
        percent["many"] = language.number(chosen.many, 0)
        if not chosen.differs:
            return first, second, say("answer.none", many=percent["many"])
        key = "answer.sure" if chosen.surely else "answer.unsure"
        return first, second, say(key, scenarios=language.listed(sure_of), **percent)

    def _level(self, measure: Measure, values: Floats) -> str:
        """Say what stands for the futures, and in how many of them the queue stands still."""
        language, stalled = self.wording.language, int(np.isinf(values).sum())
        value, counts = level(measure, values).estimate, self._counts(stalled, len(values))
        if math.isinf(value):
            return language.say("answer.stalled", **counts)
        written = self.wording.value(value, self.findings.unit(measure))
        return language.say("answer.stalled.also", value=written, **counts) if stalled else written

    def _stalled(self, name: str, difference: str, before: Floats, after: Floats) -> str:
        """Say of a difference in how many futures the queue stands still, where that differs, and no infinity."""
        were, are = (int(np.isinf(values).sum()) for values in (before, after))
        if were == are:
            return difference
        counts = {**self._counts(are, len(after)), "before": self.wording.language.number(were, 0)}
        if math.isinf(level(SERVED("any"), paired_differences(before, after)).estimate):
            return self.wording.language.say("answer.stalled.difference", scenario=self.scenario(name), **counts)
        return self.wording.language.say("answer.stalled.beside", difference=difference, **counts)

    def _counts(self, stalled: int, many: int) -> dict[str, str]:
        return {"stalled": self.wording.language.number(stalled, 0), "many": self.wording.language.number(many, 0)}

    def difference(self, name: str) -> str:
        """Say how much a scenario differs in the foremost difference, and where a queue stands still, in how many."""
        chosen, findings = self.foremost, self.findings
        runs = findings.yearly(chosen.measure)
        before, after = (runs[one][1][:, chosen.place] for one in (findings.comparison.names[0], name))
        return self._stalled(name, self._difference(name, findings.unit(chosen.measure)), before, after)

    def _difference(self, name: str, unit: str) -> str:
        """Say how much a scenario differs: with the interval of the difference where that is known."""
        language, scenario = self.wording.language, self.scenario(name)
        table, place = self.foremost.tables[name], self.foremost.place
        single, differing = table.at(place), int(table.differing[place])
        if single.defined and not differing:
            pairs = language.number(single.defined, 0)
            if single.defined < FEWEST_DEFINED:
                return language.say("answer.difference.none", scenario=scenario, pairs=pairs)
            one_in = language.number(at_most_one_in(single.defined), 0)
            return language.say("answer.difference.rare", scenario=scenario, pairs=pairs, one_in=one_in)
        figures = [single.estimate, single.low, single.high] if single.known else [single.estimate]
        difference, *ends = self.wording.values(figures, unit, signed=True)
        if not ends:
            return language.say("answer.difference.alone", scenario=scenario, difference=difference)
        interval = language.interval(*ends)
        return language.say("answer.difference", scenario=scenario, difference=difference, interval=interval)

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
            figures = defined_quantiles(column, (0.5, 0.05, 0.95)).tolist()
            if math.isnan(figures[0]):
                continue
            if math.isinf(figures[0]):
                counts = self._counts(int(np.isinf(column).sum()), len(column))
                of_measure = {"measure": self.wording.measure(measure), "year": years[-1]}
                out.append(say("answer.alone.stalled", **of_measure, **counts))
                continue
            median, low, high = self.wording.values(figures, findings.unit(measure))
            ends = {"median": median, "low": low, "high": high}
            ends["interval"] = self.wording.language.interval(low, high)
            ends["count"] = self.wording.language.number(len(values), 0)
            words = self._by_futures("answer.alone")
            out.append(say(words, measure=self.wording.measure(measure), year=years[-1], **ends))
        borrowed = self.wording.borrowed(self.findings.scenarios[0].base, self.wording.language)
        return *out, *([borrowed] if borrowed else []), self._fit() or say("sure.model")

    def _fit(self) -> str:
        """Say how many documented figures lie within the first scenario's middle 90 %; nothing where there are none."""
        results, language = self.findings.comparison.reference, self.wording.language
        columns = results.columns
        figures = {key: value for key, value in documented(self.findings.scenarios[0].base).items() if key in columns}
        if not figures:
            return ""
        inside = 0
        for key, value in figures.items():
            column = results.values[:, columns[key]]
            low, high = defined_quantiles(column, (0.05, 0.95))
            inside += bool(low <= value <= high)
        counts = {"told": language.number(len(figures), 0), "inside": language.number(inside, 0)}
        counts["count"] = language.number(len(results.replications), 0)
        return language.say(self._by_futures("sure.documents"), **counts)

    def _by_futures(self, words: str) -> str:
        """Return the words for a range that nine in ten futures lie in, or for one of the lowest and highest of few."""
        count = len(self.findings.comparison.reference.replications)
        return words if count >= FEWEST_FOR_RANGE else f"{words}.few"

    def scenario(self, name: str) -> str:
        """Return what a scenario is called, in quotation marks."""
        return self.wording.language.say("scenario", name=self.wording.scenario(name))
