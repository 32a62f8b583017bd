"""The answer of a report in three sentences, and what is uncertain about it in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flowsim.ensemble import Ensemble
from flowsim.errors import InputError
from flowsim.findings import Findings
from flowsim.pathway import Pathway
from flowsim.question import Trial
from flowsim.response import Response
from flowsim.seek import Answer, Frontier
from flowsim.targets import documented
from flowsim.wording import Wording

__all__ = ["LIKELY", "Conclusions", "likely"]

_LONG = 1.0  # weeks: a shorter wait elsewhere is not worth a sentence

LIKELY = (
    (0.99, "likely.certain"),
    (0.9, "likely.very"),
    (0.66, "likely.likely"),
    (0.33, "likely.even"),
    (0.1, "likely.unlikely"),
    (0.01, "likely.very-unlikely"),
    (0.0, "likely.hardly"),
)
"""The least probability of each word, as in Mastrandrea et al., Guidance Note for Lead Authors of the IPCC Fifth
Assessment Report on Consistent Treatment of Uncertainties (2010), table 1."""


def likely(share: float) -> str:
    """Return the key of the word for a probability."""
    return next(key for least, key in LIKELY if share >= least)


@dataclass(frozen=True, kw_only=True)
class Conclusions:
    """What some findings say, in one language."""

    findings: Findings
    wording: Wording

    def answer(self) -> tuple[str, ...]:
        """Return the answer in three sentences: of the staffing where that was asked, else of the comparison."""
        staffing = self.findings.staffing
        if isinstance(staffing, Answer):
            return self._level(staffing)
        if isinstance(staffing, Frontier):
            return self._frontier(staffing)
        return self._alone() if len(self.findings.scenarios) == 1 else self._compared()

    def beside(self) -> str:
        """Say how long citizens wait elsewhere meanwhile, which no goal counts; nothing where none is reported."""
        found, language = self.findings.staffing, self.wording.language
        if found is None:
            return ""
        results = self.findings.comparison.of(found.question.scenario.name)
        varied = {found.levels.lever.station} | ({found.rows.lever.station} if isinstance(found, Frontier) else set())
        waits = []
        for name in [station.name for station in self.findings.pathway.stations if station.name not in varied]:
            try:
                response = Response.of(f"wait.{name}.served", found.question.during, results.index)
            except InputError:  # what is reported ends before, or begins after
                return ""
            value = float(np.nanmean(response.read(results)))
            if value >= _LONG:
                told = self.wording.value(value, response.unit)
                waits.append(language.say("answer.wait", value=told, station=self.wording.station(name)))
        period = language.period(found.question.during)
        return language.say("answer.beside", period=period, waits=language.listed(waits)) if waits else ""

    def question(self) -> str:
        """Return the question that the findings answer, where nobody has put it in her own words."""
        say, staffing, name = self.wording.language.say, self.findings.staffing, self._scenario
        names = [name(one) for one in self.findings.comparison.names]
        if staffing is not None:
            levers = [self.wording.lever(staffing.levels.lever)]
            levers = [self.wording.lever(staffing.rows.lever), *levers] if isinstance(staffing, Frontier) else levers
            told = {"lever": self.wording.language.listed(levers), "goals": self._goals(staffing)}
            period = self.wording.language.period(staffing.question.during)
            return say("question.staff", scenario=name(staffing.question.scenario.name), period=period, **told)
        if len(names) == 1:
            return say("question.one", scenario=names[0], first=self.findings.years[0], last=self.findings.years[-1])
        return say("question.compare", reference=names[0], others=self.wording.language.listed(names[1:]))

    def uncertainty(self) -> tuple[str, ...]:
        """Say in words how sure the report is, and of what."""
        findings, say, language = self.findings, self.wording.language.say, self.wording.language
        runs = language.number(len(findings.comparison.reference.replications), 0)
        drawn = findings.parameters
        sets = language.number(len(drawn), 0) if isinstance(drawn, Ensemble) else ""
        out = [say("sure.sets" if sets else "sure.point", runs=runs, sets=sets)]
        out.append(say("sure.bands"))
        if len(findings.scenarios) > 1:
            percent = language.percent(findings.comparison.confidence, 0)
            out.append(say("sure.paired", confidence=percent))
        if findings.staffing is not None:
            confidence = language.percent(findings.staffing.effort.confidence, 0)
            out.append(say("sure.staff", confidence=confidence, tests=str(findings.staffing.tests)))
        fit = self._fit()
        return tuple([*out, fit, say("sure.model")] if fit else [*out, say("sure.model")])

    def words(self) -> tuple[tuple[str, str], ...]:
        """Return the words for probabilities, and what each stands for."""
        language, edges = self.wording.language, [1.0, *(least for least, _ in LIKELY)]
        return tuple(
            (
                language.words[key],
                language.say("range", low=language.percent(least, 0), high=language.percent(edges[n], 0)),
            )
            for n, (least, key) in enumerate(LIKELY)
        )

    def _level(self, found: Answer) -> tuple[str, ...]:
        say, language = self.wording.language.say, self.wording.language
        lever, goal = self.wording.lever(found.levels.lever), self._goals(found)
        if found.least is None:
            allowed = say("range", low=str(found.levels.least), high=str(found.levels.most))
            first = say(f"answer.{found.outcome}", allowed=allowed, lever=lever, goal=goal)
            second = say("answer.ceiling", reached=self._reached(found.ceiling))
            if found.conflict is not None:
                level = language.number(found.conflict.levels[0], 0)
                second = say("answer.conflict.level", level=level, reached=self._reached(found.conflict))
            elif found.relief:
                best = found.relief[0]
                names = language.listed([self.wording.station(name) for name in best.stations])
                second = f"{second[:-1]}; {say('answer.relief', stations=names, reached=self._reached(best.trial))}"
            return first, second, self._kept(found.ceiling, "answer.kept.plenty")
        trial = next(one for one in found.trials if one.levels[0] == found.least)
        since = language.day(found.question.since.date())
        first = say(
            "answer.found",
            least=f"{language.number(found.least, 0)} {lever}{self._weekly(found)}",
            since=since,
            goal=goal,
            reached=self._reached(trial),
        )
        told = {"own": self._own(found)}
        if found.below is None:
            return first, say("answer.lowest", **told), self._kept(trial, "answer.kept")
        told |= {"level": language.number(found.below.levels[0], 0), "reached": self._reached(found.below)}
        second = say(f"answer.below.{found.below.verdict}", **told)
        return first, second, self._kept(trial, "answer.kept")

    def _frontier(self, found: Frontier) -> tuple[str, ...]:
        say, language = self.wording.language.say, self.wording.language
        one, other = self.wording.lever(found.rows.lever), self.wording.lever(found.levels.lever)
        met = [point for point in found.points if point.least is not None]
        third = self._kept(found.ceiling, "answer.kept.plenty")
        if not met:
            first = say("answer.frontier.none", one=one, other=other, goal=self._goals(found))
            return first, say("answer.ceiling", reached=self._reached(found.ceiling)), third
        parts = [
            say("staff.point", level=language.number(point.level, 0), least=language.number(point.least or 0, 0))
            for point in (met[0], met[-1])
        ]
        points = language.listed(list(dict.fromkeys(parts)))
        first = say("answer.frontier", one=one, other=other, points=points, goal=self._goals(found))
        return first, say("answer.ceiling", reached=self._reached(found.ceiling)), third

    def _compared(self) -> tuple[str, ...]:
        findings, say, language = self.findings, self.wording.language.say, self.wording.language
        measure, year = self._telling()
        unit = self.findings.unit(measure)
        reference = findings.comparison.names[0]
        years, values = findings.yearly(measure)[reference]
        before = float(np.nanmean(values[:, years.index(year)]))
        first = say(
            "answer.reference",
            scenario=self._scenario(reference),
            measure=self.wording.measure(measure),
            year=year,
            value=self.wording.value(before, unit),
        )
        parts, sure = [], []
        for name in findings.comparison.names[1:]:
            told_years, told = findings.difference(measure, name)
            n = told_years.index(year)
            low, high = float(told.low[n]), float(told.high[n])
            parts.append(
                say(
                    "answer.difference",
                    scenario=self._scenario(name),
                    difference=self.wording.value(float(told.mean[n]), unit, signed=True),
                    low=self.wording.figure(low, unit, signed=True),
                    high=self.wording.figure(high, unit, signed=True),
                )
            )
            sure += [self._scenario(name)] if low > 0 or high < 0 else []
        second = say("answer.differences", differences=language.listed(parts))
        key = "answer.sure" if sure else "answer.unsure"
        percent = language.percent(findings.comparison.confidence, 0)
        return first, second, say(key, scenarios=language.listed(sure), confidence=percent)

    def _alone(self) -> tuple[str, ...]:
        findings, say = self.findings, self.wording.language.say
        year, (name,) = findings.years[-1], findings.comparison.names
        out = []
        for measure in self._waits()[:1] + [one for one in findings.measures if one.startswith("clock.")][:1]:
            years, values = findings.yearly(measure)[name]
            column = values[:, years.index(year)] if year in years else np.array([math.nan])
            if np.isnan(column).all():
                continue
            low, middle, high = (float(q) for q in np.nanquantile(column, (0.05, 0.5, 0.95)))
            unit = self.findings.unit(measure)
            told = {"low": self.wording.figure(low, unit), "high": self.wording.figure(high, unit)}
            told["median"] = self.wording.value(middle, unit)
            out.append(say("answer.alone", measure=self.wording.measure(measure), year=year, **told))
        return *out, self._fit() or say("sure.model")

    def _telling(self) -> tuple[str, str]:
        """Return the wait and the year in which a scenario differs most surely from the first one."""
        best, found = -1.0, (self.findings.measures[0], self.findings.years[-1])
        for measure in self._waits() or list(self.findings.measures):
            for name in self.findings.comparison.names[1:]:
                years, told = self.findings.difference(measure, name)
                sizes = np.nan_to_num(np.abs(told.mean) / np.maximum((told.high - told.low) / 2, 1e-9))
                sizes = np.where(sizes > 1, np.abs(np.nan_to_num(told.mean)), 0.0)
                if len(sizes) and sizes.max() > best:
                    best, found = float(sizes.max()), (measure, years[int(sizes.argmax())])
        return found

    def _waits(self) -> list[str]:
        return [measure for measure in self.findings.measures if measure.startswith("wait.")]

    def _fit(self) -> str:
        """Say how many documented figures lie within the first scenario's middle 90 %; nothing where there are none."""
        results, language = self.findings.comparison.reference, self.wording.language
        columns = {(row.measure, row.period): number for number, row in enumerate(results.index)}
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

    def _goals(self, found: Answer | Frontier) -> str:
        language, chance = self.wording.language, found.question.chance
        goals = language.listed([self.wording.goal(goal) for goal in found.question.goals])
        return goals if chance is None else language.say("goal.chance", goals=goals, share=language.percent(chance, 0))

    def _reached(self, trial: Trial) -> str:
        say = self.wording.language.say
        parts = []
        for finding in trial.findings:
            unit, mean = finding.goal.response.unit, finding.mean
            low, high = self.wording.figure(mean.low, unit), self.wording.figure(mean.high, unit)
            parts.append(say("answer.reached", value=self.wording.value(mean.estimate, unit), low=low, high=high))
        return self.wording.language.listed(parts)

    def _kept(self, trial: Trial, key: str) -> str:
        language = self.wording.language
        share = trial.kept.estimate
        told = {"likely": language.words[likely(share)], "share": language.percent(share, 0)}
        return language.say(key, **told, runs=language.number(trial.replications, 0))

    def _own(self, found: Answer) -> str:
        """Return what the scenario itself has of the lever, by party."""
        language = self.wording.language
        told = found.levels.lever.told(self._model(found), found.question.since)
        values = {name: language.number(value) for name, value in told.items()}
        if len(set(values.values())) == 1:
            return next(iter(values.values()))
        return language.listed(
            [language.say("staff.own", value=value, party=language.name(name)) for name, value in values.items()]
        )

    def _weekly(self, found: Answer) -> str:
        """Return how many places a week a number of places a meeting is, in brackets; nothing for other levers."""
        lever = found.levels.lever
        station = self._model(found).station(lever.station)
        if lever.key != "places" or station.weekdays is None or found.least is None:
            return ""
        meetings = len(station.weekdays.at(found.question.since)) * len(station.at)
        return self.wording.language.say(
            "answer.weekly", places=self.wording.language.number(found.least * meetings, 0)
        )

    def _model(self, found: Answer) -> Pathway:
        return found.question.scenario.pathway()

    def _scenario(self, name: str) -> str:
        return self.wording.language.say("scenario", name=self.wording.language.name(name))
