"""What an answer or a frontier says, in three sentences, and what has to be said beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flowsim.core.periods import Period
from flowsim.model.pathway import Pathway
from flowsim.planning.levers import Lever
from flowsim.planning.prices import Prices
from flowsim.planning.staffing.cost import StaffingCost, amounts_told, cheapest, named_trial, rivals, unpriced
from flowsim.planning.staffing.search import Answer, Frontier
from flowsim.planning.staffing.trials import Finding, Trial
from flowsim.reporting.document import Chart, Figure, Line, Plot, Table, TableCell
from flowsim.reporting.pictures.planning import Words, frontier_map, map_costs, panels, staffings
from flowsim.reporting.wording import COUNTED, Wording, told_likely
from flowsim.simulation.measures.stations import SERVED

__all__ = ["StaffingConclusions", "cost_of", "staffing_chart"]

_FEW = 5  # points of a frontier that are given one by one


def cost_of(search: Answer | Frontier, prices: Prices | None) -> StaffingCost | None:
    """Return what the levers cost; None where that can't be told."""
    levers = [search.levels.lever] if isinstance(search, Answer) else [search.rows.lever, search.levels.lever]
    if prices is None or unpriced(levers, prices):
        return None
    return StaffingCost.of(search.question, levers, prices)


@dataclass(frozen=True, kw_only=True)
class StaffingConclusions:
    """What a sought staffing says, in one language.

    Attributes:
        search: the answer, or the frontier.
        wording: the words for its model.
        prices: what costs are computed by; None where there are none.
    """

    search: Answer | Frontier
    wording: Wording
    prices: Prices | None

    def answer(self) -> tuple[str, ...]:
        """Return the answer in three sentences; the first says what the scenario has, and which queues grow."""
        first, *rest = self.verdict()
        own = self.wording.language.say("answer.today", own=self.own())
        return f"{first.removesuffix('.')}{own}{self._growing()}.", *rest

    def verdict(self) -> tuple[str, ...]:
        """Return the answer without what the scenario itself has."""
        search = self.search
        first, *rest = self._level(search) if isinstance(search, Answer) else self._frontier(search)
        return self._without_rule(first), *rest

    def own(self) -> str:
        """Return what the scenario itself has of the levers."""
        search, language = self.search, self.wording.language
        if isinstance(search, Answer):
            return self._own(search.levels.lever)
        parts = zip((search.rows.lever, search.levels.lever), self.levers(), strict=True)
        return language.listed(
            [language.say("answer.today.of", own=self._own(lever), lever=words) for lever, words in parts]
        )

    def growing(self) -> str:
        """Say in a sentence of its own which queues grow with the staffing that is named; nothing where none does."""
        words = self._growing().removeprefix("; ")
        return words and f"{words[:1].upper()}{words[1:]}."

    def _growing(self) -> str:
        """Say which queues surely grow over the time of the goals with the staffing that the answer names."""
        language, queues = self.wording.language, []
        for queue in self._named().growing:
            words = self.wording.measure(queue.measure)
            counts = {
                "before": self.wording.value(queue.before, "citizens"),
                "after": self.wording.value(queue.after, "citizens"),
            }
            queues.append(language.say("answer.grows.queue", measure=words[:1].lower() + words[1:], **counts))
        if not queues:
            return ""
        period = language.period(Period(self.search.question.during))
        return language.say("answer.grows", period=period, queues=language.listed(queues))

    def _backlog(self) -> list[str]:
        """Say who waits already when the period begins, where not even a place for everybody meets the goals."""
        language, queues = self.wording.language, []
        never = next((relief.trial for relief in self.search.relief if relief.from_the_start), None)
        if never is None or (never.verdict == "misses" and not self.search.question.begins_with_a_queue):
            return []
        for queue in self.search.today.queues:
            if queue.backlog:
                words, count = self.wording.measure(queue.measure), self.wording.value(queue.before, "citizens")
                queues.append(language.say("remark.backlog.queue", measure=words[:1].lower() + words[1:], count=count))
        if not queues:
            return []
        period = language.period(Period(self.search.question.during))
        return [language.say("remark.backlog", period=period, queues=language.listed(queues))]

    def _named(self) -> Trial:
        """Return the trial of the staffing that the first sentence names: that of a place for everybody if none."""
        cost = cost_of(self.search, self.prices) if isinstance(self.search, Frontier) else None
        return named_trial(self.search, cost)

    def _without_rule(self, sentence: str) -> str:
        """Say before a sentence at which stations the answer to the wait is off, for the staffing is as it is given."""
        search, language = self.search, self.wording.language
        levers = [search.levels.lever] if isinstance(search, Answer) else [search.rows.lever, search.levels.lever]
        stations = list(dict.fromkeys(self.wording.station(lever.station) for lever in levers if lever.answers))
        if not stations:
            return sentence
        since = language.day(search.question.since.date())
        first = sentence[0].lower() + sentence[1:]
        return language.say("answer.rule_off", stations=language.listed(stations), since=since, first=first)

    def goals(self) -> str:
        """Return the goals in words, with the chance that was asked for."""
        language, question = self.wording.language, self.search.question
        goals = language.listed([self.wording.goal(goal) for goal in question.goals])
        if question.chance is None:
            return goals
        return language.say("goal.chance", goals=goals, share=language.percent(question.chance, 0))

    def levers(self) -> list[str]:
        """Return the levers in words."""
        search = self.search
        levers = [search.levels.lever] if isinstance(search, Answer) else [search.rows.lever, search.levels.lever]
        return [self.wording.lever(lever) for lever in levers]

    def remarks(self) -> list[str]:
        """Return what a reader of the answer has to know besides: where the search may be wrong, and costs."""
        return [*self.cautions(), *self._costs()]

    def cautions(self) -> list[str]:
        """Return where the search may be wrong."""
        search, say, language = self.search, self.wording.language.say, self.wording.language
        out = []
        if isinstance(search, Answer):
            for low, high in search.contrary:
                levels = {"low": self._number(low.levels[0]), "high": self._plenty(high.levels[0])}
                out.append(say("remark.contrary", **levels))
            if search.least is not None and len(search.close) > 1:
                among = language.listed([self._number(trial.levels[0]) for trial in search.close])
                out.append(say("remark.close", levels=among, lever=self.levers()[0]))
        else:
            open_ = [(point.level, search.close(point)) for point in search.points if search.close(point)]
            for row, close in open_:
                among = language.listed([self._number(level) for level in close])
                out.append(say("remark.close.row", row=self._number(row), levels=among, one=self.levers()[0]))
        findings = [finding for trial in (*search.trials, search.ceiling) for finding in trial.findings]
        for key in ("undefined", "standstills"):
            most = max(getattr(finding, key) for finding in findings)
            if most:
                out.append(say(f"remark.{key}", most=self._number(most)))
        out += self._backlog()
        return out

    def _costs(self) -> list[str]:
        search, cost = self.search, cost_of(self.search, self.prices)
        if not isinstance(search, Answer) or search.least is None or cost is None:
            return []
        (each,) = cost.units
        about = {"each": each, "cost": cost.at([search.least])}  # what a price rests on is no finer than three digits
        words = {key: self.money(float(f"{amount:.3g}"), cost) for key, amount in about.items()}
        words |= {"least": self._number(search.least), "lever": self.levers()[0]}
        return [self.wording.language.say("remark.cost", **words)]

    def _level(self, answer: Answer) -> tuple[str, ...]:
        say, goals = self.wording.language.say, self.goals()
        (lever,) = self.levers()
        if answer.least is None:
            allowed = say("range", low=self._number(answer.levels.least), high=self._number(answer.levels.most))
            close = self.wording.language.listed([self._number(trial.levels[0]) for trial in answer.close])
            first = say(f"answer.{answer.outcome}", allowed=allowed, lever=lever, goal=goals, close=close)
            return first, self._instead(answer), self._kept(answer.ceiling, "answer.kept.plenty")
        trial = next(one for one in answer.trials if one.levels[0] == answer.least)
        one = self.wording.lever(answer.levels.lever, answer.least)
        words = {"least": f"{self._number(answer.least)} {one}{self._weekly(answer)}", "goal": goals}
        words |= {"since": self.wording.language.day(answer.question.since.date()), "reached": self.reached(trial)}
        words["confidence"] = self._confidence(answer)
        first = say(f"answer.{answer.outcome}", **words)
        if answer.below is None:
            return first, say("answer.own"), self._kept(trial, "answer.kept")
        level, reached = self._number(answer.below.levels[0]), self.reached(answer.below)
        second = say(f"answer.below.{answer.below.verdict}", level=level, reached=reached)
        return first, second, self._kept(trial, "answer.kept")

    def _instead(self, answer: Answer) -> str:
        """Say what is reached where no level will do."""
        say, language = self.wording.language.say, self.wording.language
        if answer.conflict is not None:
            level, reached = self._number(answer.conflict.levels[0]), self.reached(answer.conflict)
            return say("answer.conflict.level", level=level, reached=reached)
        if answer.outcome == "close":
            trial = answer.close[0]
            level, reached = self._number(trial.levels[0]), self.reached(trial)
            return say("answer.below.close", level=level, reached=reached)
        ceiling = say("answer.ceiling", reached=self.reached(answer.ceiling))
        if not answer.relief:
            return ceiling
        best = answer.relief[0]
        stations = language.listed([self.wording.station(name) for name in best.stations])
        key = "answer.relief.met" if best.trial.meets else "answer.relief"
        return f"{ceiling[:-1]}; {say(key, stations=stations, reached=self.reached(best.trial))}"

    def _frontier(self, frontier: Frontier) -> tuple[str, ...]:
        say, language = self.wording.language.say, self.wording.language
        lever, other = self.levers()
        met = [point for point in frontier.points if point.least is not None]
        ceiling = say("answer.ceiling", reached=self.reached(frontier.ceiling))
        if not met:
            first = say("answer.frontier.none", one=lever, other=other, goal=self.goals())
            return first, ceiling, self._kept(frontier.ceiling, "answer.kept.plenty")
        shown = met if len(met) <= _FEW else [met[0], met[-1]]
        points = language.listed([self._point(point.level, point.least or 0) for point in shown])
        ends = {"goal": self.goals(), "confidence": self._confidence(frontier)}
        first = say("answer.frontier", one=lever, other=other, points=points, **ends)
        nowhere = [
            self._number(point.level) for point in frontier.points if point.least is None and not frontier.close(point)
        ]
        if nowhere:
            first = f"{first[:-1]}; {say('answer.frontier.nowhere', one=lever, levels=language.listed(nowhere))}"
        cost = cost_of(frontier, self.prices)
        cheap = None if cost is None else cheapest(frontier, cost)
        if cost is None or cheap is None:
            chosen, second = (met[0].level, met[0].least or 0), ceiling
        else:
            chosen = cheap
            second = say("answer.cheapest", point=self._point(*cheap), amount=self.money(cost.at(cheap), cost))
            open_ = language.listed([self._point(*levels) for levels in rivals(frontier, cost)])
            if open_:
                second = f"{second.removesuffix('.')}; {say('answer.cheapest.rivals', points=open_)}"
        level, least = (self._number(number) for number in chosen)
        return first, second, self._kept(frontier.trial(*chosen), "answer.kept.point", level=level, least=least)

    def reached(self, trial: Trial) -> str:
        """Say what a staffing gives; where a chance was asked for, the share of the futures that keep the goals too."""
        say, parts = self.wording.language.say, []
        for finding in trial.findings:
            mean, measure, unit = finding.mean, finding.goal.response.measure, finding.goal.response.unit
            if finding.standstills and (finding.quantile is None or math.isinf(finding.quantile)):
                ends = {"many": self._number(finding.standstills), "runs": self._number(trial.replications)}
                parts.append(say("answer.reached.standstill", **ends))
                continue
            if finding.undefined == trial.replications:
                parts.append(say("answer.reached.nobody", runs=self._number(trial.replications)))
                continue
            if finding.quantile is not None:
                share = self.wording.language.percent(self.search.question.chance or 0.0, 0)
                key = "answer.reached.most" if finding.goal.sense == "<=" else "answer.reached.least"
                parts.append(say(key, value=self.wording.value(finding.quantile, unit), share=share))
                continue
            if math.isinf(mean.high):
                parts.append(say("answer.reached.alike", value=self.wording.value(mean.estimate, unit)))
                continue
            value, low, high = self.wording.values([mean.estimate, mean.low, mean.high], unit)
            key = "answer.reached.share" if unit == "share" else "answer.reached"
            key = "answer.reached.wait" if measure.kind.name == SERVED.name else key
            parts.append(say(key, value=value, low=low, high=high, interval=self.wording.language.interval(low, high)))
        if self.search.question.chance is not None:
            share, low, high = self.wording.figures([trial.kept.estimate, trial.kept.low, trial.kept.high], "share")
            ends = {"low": low, "high": high, "interval": self.wording.language.interval(low, high)}
            parts.append(say("answer.reached.kept", share=share, **ends))
        return self.wording.language.listed(parts)

    def _kept(self, trial: Trial, key: str, **more: str) -> str:
        language, kept = self.wording.language, trial.kept
        share, low, high = (language.percent(value, 0) for value in (kept.estimate, kept.low, kept.high))
        words = {"share": share, "low": low, "high": high, "runs": self._number(trial.replications)}
        words["interval"] = language.interval(low, high)
        words["period"] = language.say(f"answer.single.{Period(self.search.question.during).every}")
        return language.say(key, **words, **more, likely=told_likely(kept.low, kept.high, language))

    def _confidence(self, search: Answer | Frontier) -> str:
        return self.wording.language.percent(search.stopping.confidence, 0)

    def _own(self, lever: Lever) -> str:
        """Return what the scenario itself has of a lever, by party."""
        language = self.wording.language
        numbers = lever.held(self._model(), self.search.question.since)
        values = {name: language.number(value, 0 if value == round(value) else 1) for name, value in numbers.items()}
        if len(set(values.values())) == 1:
            return next(iter(values.values()))
        names = [
            language.say("staff.own", value=value, party=self.wording.name(name)) for name, value in values.items()
        ]
        return language.listed(names)

    def _weekly(self, answer: Answer) -> str:
        """Return how many places a week a number of places a meeting is, in brackets; nothing for other levers."""
        lever = answer.levels.lever
        station = self._model().station(lever.station)
        if lever.key != "places" or station.weekdays is None or answer.least is None:
            return ""
        meetings = len(station.weekdays.at(answer.question.since)) * len(station.at)
        return self.wording.language.say("answer.weekly", places=self._number(answer.least * meetings))

    def _model(self) -> Pathway:
        return self.search.question.scenario.pathway()

    def _point(self, level: float, least: float) -> str:
        return self.wording.language.say("staff.point", level=self._number(level), least=self._number(least))

    def _number(self, value: float) -> str:
        return self.wording.language.number(value, 0)

    def _plenty(self, level: float) -> str:
        return self._number(level) if level < float("inf") else self.wording.language.words["staff.word.plenty"]

    def money(self, amount: float, cost: StaffingCost) -> str:
        """Write an amount with its currency."""
        return self.wording.language.say(
            "staff.amount", amount=self._number(amount), currency=self.wording.currency(cost.currency)
        )


_SURE = {"meets": "staff.meets", "close": "staff.close", "misses": "staff.misses"}


def staffing_chart(search: Answer | Frontier, wording: Wording, prices: Prices | None) -> Chart:
    """Draw what each number gives beside the goals, or which pairs of numbers meet them and what they cost."""
    if isinstance(search, Frontier):
        return _frontier(search, wording, prices)
    return _levels(search, wording, prices)


def _levels(answer: Answer, wording: Wording, prices: Prices | None) -> Chart:
    say, conclusions = wording.language.say, StaffingConclusions(search=answer, wording=wording, prices=prices)
    (lever,), cost = conclusions.levers(), cost_of(answer, prices)
    columns = ["goal", "level", "mean", "mean.low", "mean.high", "kept", "kept.low", "kept.high", "verdict"]
    rows: list[tuple[TableCell, ...]] = []
    for place, goal in enumerate(answer.question.goals):
        for trial in (*answer.trials, answer.ceiling):
            enough = trial is answer.ceiling
            finding, kept = trial.findings[place], trial.kept
            mean = (finding.mean.estimate, finding.mean.low, finding.mean.high)
            shares = (Figure(value, 0, share=True) for value in (kept.estimate, kept.low, kept.high))
            rows.append(
                (
                    wording.goal(goal),
                    say("staff.enough") if enough else Figure(trial.levels[0]),
                    *(_figure(value, goal.response.unit) for value in mean),
                    *shares,
                    say(_SURE[_verdict(answer, trial, finding)]),
                    *(() if cost is None else ("" if enough else Figure(cost.at(trial.levels)),)),
                )
            )
    titles = [say(f"column.{key}") for key in columns]
    titles += [] if cost is None else [say("column.cost", currency=wording.currency(cost.currency))]
    kept_title = say("staff.kept", goals=conclusions.goals())
    least = None if answer.least is None else float(answer.least)
    title = say("chart.levels", lever=lever)
    return Chart(
        title=title,
        alternative=f"{conclusions.verdict()[0]} {_trial_words(answer, wording, conclusions.goals())}",
        draw=lambda kind: staffings(
            panels(answer, wording.goal, kept_title, wording), lever, least, kind, _words(wording)
        ),
        plots=_plots(answer, wording, titles),
        table=Table(title=title, columns=tuple(titles), rows=tuple(rows), note=say("table.levels.note")),
    )


def _plots(answer: Answer, wording: Wording, titles: Sequence[str]) -> tuple[Plot, ...]:
    """Return how the rows of each goal are drawn as lines: the mean by level, between the ends of its interval."""
    many, out = len(answer.trials), []
    if many < 2:
        return ()
    for place, goal in enumerate(answer.question.goals):
        rows = range(place * (many + 1), place * (many + 1) + many)  # without the place for everybody, which is last
        kinds = {2: "middle", 3: "edge", 4: "edge"}
        lines = [Line(titles[column], rows, column, kind) for column, kind in kinds.items()]  # type: ignore[arg-type]
        out.append(Plot(wording.goal(goal), 1, tuple(lines)))
    return tuple(out)


def _verdict(answer: Answer, trial: Trial, finding: Finding) -> str:
    """Return the verdict on one goal; where a chance was asked for there is one on all of them only."""
    return finding.verdict if answer.question.chance is None else trial.verdict


def _trial_words(answer: Answer, wording: Wording, goals: str) -> str:
    say, language, parts = wording.language.say, wording.language, []
    for trial in answer.trials:
        values = [wording.value(finding.mean.estimate, finding.goal.response.unit) for finding in trial.findings]
        if answer.question.chance is not None:
            values.append(say("staff.kept.share", share=language.percent(trial.kept.estimate, 0)))
        words = {"level": language.number(trial.levels[0], 0), "verdict": say(_SURE[trial.verdict])}
        parts.append(say("staff.trial", **words, value=language.listed(values)))
    return f"{goals}. {'; '.join(parts)}."


def _frontier(frontier: Frontier, wording: Wording, prices: Prices | None) -> Chart:
    say, language = wording.language.say, wording.language
    conclusions, cost = StaffingConclusions(search=frontier, wording=wording, prices=prices), cost_of(frontier, prices)
    lever, other = conclusions.levers()
    points = [(float(point.level), None if point.least is None else float(point.least)) for point in frontier.points]
    trials = [(trial.levels[0], trial.levels[1], trial.verdict) for trial in frontier.trials]
    goals = "\n".join(wording.goal(goal) for goal in frontier.question.goals)
    met = [(level, least) for level, least in points if least is not None]
    open_ = {float(point.level) for point in frontier.points if point.least is None and frontier.close(point)}
    nowhere = [language.number(level, 0) for level, least in points if least is None and level not in open_]
    words, note = [f"{conclusions.goals()}."], ""
    if met:
        parts = [say("staff.point", level=_whole(a, wording), least=_whole(b, wording)) for a, b in met]
        words.append(say("staff.points", one=lever, other=other, points=language.listed(parts)))
    if nowhere:
        words.append(say("staff.nowhere", one=lever, levels=language.listed(nowhere)))
    cheap = None if cost is None else cheapest(frontier, cost)
    if cost is not None and cheap is not None:
        level, least = (_whole(number, wording) for number in cheap)
        (amount,) = _amounts([cost.at(cheap)], cost, wording)
        words.append(say("staff.cheapest", one=lever, level=level, other=other, least=least, amount=amount))
    elif prices is not None and cost is None:
        lacking = unpriced([frontier.rows.lever, frontier.levels.lever], prices)
        note = say("staff.unpriced", source=prices.source, names=language.listed(list(lacking)))
    costs = None if cost is None else map_costs(frontier, cost, lambda amounts: _yearly(amounts, cost, wording))
    rows: list[tuple[TableCell, ...]] = []
    for level_, least_ in points:
        none = say("staff.close" if level_ in open_ else "staff.none")
        cells: tuple[TableCell, ...] = (none if least_ is None else Figure(least_),)
        if cost is not None:
            cells += ("",) if least_ is None else (Figure(cost.at([level_, least_])),)
        rows.append((Figure(level_), *cells))
    titles = (lever, other, *(() if cost is None else (say("column.cost", currency=wording.currency(cost.currency)),)))
    title = say("chart.frontier", one=lever, other=other)
    return Chart(
        title=title,
        alternative=" ".join(words),
        draw=lambda kind: frontier_map(points, trials, (lever, other), goals, kind, costs, _words(wording)),
        table=Table(title=title, columns=titles, rows=tuple(rows), note=note),
    )


def _amounts(amounts: Sequence[float], cost: StaffingCost, wording: Wording) -> list[str]:
    scaled, decimals, millions = amounts_told(amounts)
    key = "staff.millions" if millions else "staff.amount"
    numbers = [wording.language.number(amount, decimals) for amount in scaled]
    return [wording.language.say(key, amount=number, currency=wording.currency(cost.currency)) for number in numbers]


def _yearly(amounts: Sequence[float], cost: StaffingCost, wording: Wording) -> list[str]:
    return [wording.language.say("staff.yearly", amount=amount) for amount in _amounts(amounts, cost, wording)]


def _figure(value: float, unit: str) -> Figure:
    if unit == "share":
        return Figure(value, 1, share=True)
    return Figure(value if math.isfinite(value) else math.nan, 0 if unit in COUNTED else 1)


def _whole(value: float, wording: Wording) -> str:
    return wording.language.number(value, 0)


def _words(wording: Wording) -> Words:
    return Words(**{name: wording.language.say(f"staff.word.{name}") for name in Words._fields})
