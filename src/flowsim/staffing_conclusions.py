"""What an answer or a frontier says, in three sentences, and what has to be said beside them."""

from __future__ import annotations

from dataclasses import dataclass

from flowsim.likelihood import told_likely
from flowsim.pathway import Pathway
from flowsim.prices import Prices
from flowsim.question import Trial
from flowsim.seek import Answer, Frontier
from flowsim.staffing_cost import StaffingCost, cheapest, unpriced
from flowsim.wording import Wording

__all__ = ["StaffingConclusions", "cost_of"]

_FEW = 5  # points of a frontier that are told one by one


def cost_of(found: Answer | Frontier, prices: Prices | None) -> StaffingCost | None:
    """Return what the levers cost; None where that can't be told."""
    levers = [found.levels.lever] if isinstance(found, Answer) else [found.rows.lever, found.levels.lever]
    if prices is None or unpriced(levers, prices):
        return None
    return StaffingCost.of(found.question, levers, prices)


@dataclass(frozen=True, kw_only=True)
class StaffingConclusions:
    """What a sought staffing says, in one language.

    Attributes:
        found: the answer, or the frontier.
        wording: the words for its model.
        prices: what costs are told by; None where there are none.
    """

    found: Answer | Frontier
    wording: Wording
    prices: Prices | None

    def answer(self) -> tuple[str, ...]:
        """Return the answer in three sentences."""
        return self._level(self.found) if isinstance(self.found, Answer) else self._frontier(self.found)

    def goals(self) -> str:
        """Return the goals in words, with the chance that was asked for."""
        language, question = self.wording.language, self.found.question
        goals = language.listed([self.wording.goal(goal) for goal in question.goals])
        if question.chance is None:
            return goals
        return language.say("goal.chance", goals=goals, share=language.percent(question.chance, 0))

    def levers(self) -> list[str]:
        """Return the levers in words."""
        found = self.found
        both = [found.levels.lever] if isinstance(found, Answer) else [found.rows.lever, found.levels.lever]
        return [self.wording.lever(lever) for lever in both]

    def remarks(self) -> list[str]:
        """Return what a reader of the answer has to know besides: where the search may be wrong, and costs."""
        found, say, language = self.found, self.wording.language.say, self.wording.language
        out = []
        if isinstance(found, Answer):
            for low, high in found.contrary:
                levels = {"low": self._number(low.levels[0]), "high": self._plenty(high.levels[0])}
                out.append(say("remark.contrary", **levels))
            close = [t.levels[0] for t in found.trials if t.verdict == "close" and t.levels[0] < (found.least or 0)]
            if len(close) > 1:
                out.append(say("remark.close", levels=language.listed([self._number(level) for level in close])))
        undefined = max(one.undefined for trial in (*found.trials, found.ceiling) for one in trial.findings)
        if undefined:
            out.append(say("remark.undefined", most=self._number(undefined)))
        cost = cost_of(found, self.prices)
        if isinstance(found, Answer) and found.least is not None and cost is not None:
            (each,) = cost.units
            told = {"each": self._money(each, cost), "least": self._number(found.least)}
            out.append(say("remark.cost", **told, cost=self._money(cost.at([found.least]), cost)))
        return out

    def _level(self, found: Answer) -> tuple[str, ...]:
        say, goals = self.wording.language.say, self.goals()
        (lever,) = self.levers()
        if found.least is None:
            allowed = say("range", low=self._number(found.levels.least), high=self._number(found.levels.most))
            first = say(f"answer.{found.outcome}", allowed=allowed, lever=lever, goal=goals)
            return first, self._instead(found), self._kept(found.ceiling, "answer.kept.plenty")
        trial = next(one for one in found.trials if one.levels[0] == found.least)
        told = {"least": f"{self._number(found.least)} {lever}{self._weekly(found)}", "goal": goals}
        told |= {"since": self.wording.language.day(found.question.since.date()), "reached": self._reached(trial)}
        first = say(f"answer.{found.outcome}", **told)
        own = self._own(found)
        if found.below is None:
            return first, say("answer.own", own=own), self._kept(trial, "answer.kept")
        level, reached = self._number(found.below.levels[0]), self._reached(found.below)
        second = say(f"answer.below.{found.below.verdict}", level=level, reached=reached, own=own)
        return first, second, self._kept(trial, "answer.kept")

    def _instead(self, found: Answer) -> str:
        """Say what is reached where no level will do."""
        say, language = self.wording.language.say, self.wording.language
        if found.conflict is not None:
            level, reached = self._number(found.conflict.levels[0]), self._reached(found.conflict)
            return say("answer.conflict.level", level=level, reached=reached)
        ceiling = say("answer.ceiling", reached=self._reached(found.ceiling))
        if not found.relief:
            return ceiling
        best = found.relief[0]
        stations = language.listed([self.wording.station(name) for name in best.stations])
        return f"{ceiling[:-1]}; {say('answer.relief', stations=stations, reached=self._reached(best.trial))}"

    def _frontier(self, found: Frontier) -> tuple[str, ...]:
        say, language = self.wording.language.say, self.wording.language
        one, other = self.levers()
        met = [point for point in found.points if point.least is not None]
        ceiling = say("answer.ceiling", reached=self._reached(found.ceiling))
        if not met:
            first = say("answer.frontier.none", one=one, other=other, goal=self.goals())
            return first, ceiling, self._kept(found.ceiling, "answer.kept.plenty")
        shown = met if len(met) <= _FEW else [met[0], met[-1]]
        points = language.listed([self._point(point.level, point.least or 0) for point in shown])
        first = say("answer.frontier", one=one, other=other, points=points, goal=self.goals())
        nowhere = [self._number(point.level) for point in found.points if point.least is None]
        if nowhere:
            first = f"{first[:-1]}; {say('answer.frontier.nowhere', one=one, levels=language.listed(nowhere))}"
        cost = cost_of(found, self.prices)
        cheap = None if cost is None else cheapest(found, cost)
        if cost is None or cheap is None:
            chosen, second = (met[0].level, met[0].least or 0), ceiling
        else:
            chosen = cheap
            second = say("answer.cheapest", point=self._point(*cheap), amount=self._money(cost.at(cheap), cost))
        level, least = (self._number(number) for number in chosen)
        return first, second, self._kept(found.trial(*chosen), "answer.kept.point", level=level, least=least)

    def _reached(self, trial: Trial) -> str:
        """Say what a staffing gives; where a chance was asked for, the share of the futures that keep the goals too."""
        say, parts = self.wording.language.say, []
        for finding in trial.findings:
            mean = finding.mean
            value, low, high = self.wording.values([mean.estimate, mean.low, mean.high], finding.goal.response.unit)
            parts.append(say("answer.reached", value=value, low=low, high=high))
        if self.found.question.chance is not None:
            share, low, high = self.wording.figures([trial.kept.estimate, trial.kept.low, trial.kept.high], "share")
            parts.append(say("answer.reached.kept", share=share, low=low, high=high))
        return self.wording.language.listed(parts)

    def _kept(self, trial: Trial, key: str, **more: str) -> str:
        language, kept = self.wording.language, trial.kept
        share, low, high = (language.percent(value, 0) for value in (kept.estimate, kept.low, kept.high))
        told = {"share": share, "low": low, "high": high, "runs": self._number(trial.replications)}
        return language.say(key, **told, **more, likely=told_likely(kept.low, kept.high, language))

    def _own(self, found: Answer) -> str:
        """Return what the scenario itself has of the lever, by party."""
        language = self.wording.language
        told = found.levels.lever.told(self._model(), found.question.since)
        values = {name: language.number(value, 0 if value == round(value) else 1) for name, value in told.items()}
        if len(set(values.values())) == 1:
            return next(iter(values.values()))
        names = [
            language.say("staff.own", value=value, party=self.wording.name(name)) for name, value in values.items()
        ]
        return language.listed(names)

    def _weekly(self, found: Answer) -> str:
        """Return how many places a week a number of places a meeting is, in brackets; nothing for other levers."""
        lever = found.levels.lever
        station = self._model().station(lever.station)
        if lever.key != "places" or station.weekdays is None or found.least is None:
            return ""
        meetings = len(station.weekdays.at(found.question.since)) * len(station.at)
        return self.wording.language.say("answer.weekly", places=self._number(found.least * meetings))

    def _model(self) -> Pathway:
        return self.found.question.scenario.pathway()

    def _point(self, level: float, least: float) -> str:
        return self.wording.language.say("staff.point", level=self._number(level), least=self._number(least))

    def _number(self, value: float) -> str:
        return self.wording.language.number(value, 0)

    def _plenty(self, level: float) -> str:
        return self._number(level) if level < float("inf") else self.wording.language.words["staff.word.plenty"]

    def _money(self, amount: float, cost: StaffingCost) -> str:
        return self.wording.language.say("staff.amount", amount=self._number(amount), currency=cost.currency)
