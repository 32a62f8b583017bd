"""The charts and tables of a report: each with its figures and what it says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowsim.charts import LEVELS, Band, Fan, FanWords, Flow, fans, flows, forward
from flowsim.document import Cell, Chart, Figure, Table
from flowsim.findings import Findings
from flowsim.periods import Every, months_of
from flowsim.picture import Panel, Words, frontier_map, staffings
from flowsim.response import series
from flowsim.results import Results
from flowsim.seek import Answer, Frontier
from flowsim.staffing_cost import StaffingCost, cheapest, map_costs, unpriced
from flowsim.targets import documented
from flowsim.trace import Floats
from flowsim.wording import COUNTED, Wording

__all__ = ["Exhibits"]

_FEWEST = 0.003  # of all flows of a year: what is less is left out of the picture
_FEW = 4  # documented figures that are told one by one
_BACK = "back:"
_FAN = ("measure", "scenario", "period", "p05", "median", "p95", "documented")
_SURE = {"meets": "staff.meets", "close": "staff.close", "misses": "staff.misses"}


@dataclass(frozen=True, kw_only=True)
class Exhibits:
    """The charts and tables of some findings in one language."""

    findings: Findings
    wording: Wording

    def waits(self) -> Chart:
        """Draw the waits at the stations, with what is documented of them."""
        return self._fan("chart.waits", [f"wait.{name}.served" for name in self.findings.stations], "quarter")

    def timeliness(self) -> Chart | None:
        """Draw the shares decided in time; None where no clock measures any."""
        measures = [f"clock.{clock.name}.within" for clock in self.findings.pathway.clocks if not clock.abandons]
        return self._fan("chart.timeliness", measures[:2], "quarter") if measures else None

    def awards(self) -> Chart | None:
        """Draw the awards of each outcome, with what is documented of them; None where there is no outcome."""
        measures = [f"awards.{state.name}" for state in self.findings.pathway.states if state.outcome]
        told = {measure for measure, period in self._documented if "Q" in period}
        ordered = sorted(measures, key=lambda measure: measure not in told)
        return self._fan("chart.awards", ordered[:4], "quarter") if measures else None

    def queues(self) -> Chart:
        """Draw the queues at the stations, month by month."""
        return self._fan("chart.queues", [f"queue.{name}" for name in self.findings.stations], "month")

    def flow(self) -> Chart:
        """Draw the citizens who went from benefit to benefit in the last whole year, in the last scenario."""
        findings, say = self.findings, self.wording.language.say
        name, year = findings.comparison.names[-1], findings.years[-1]
        told = _flows(findings, name, year)
        shown = [flow for flow in told if flow.citizens >= _FEWEST * sum(one.citizens for one in told)]
        onward, behind = forward(shown, _BACK)
        keys = {key for flow in onward for key in flow[:2]}
        labels = {key: self._label(key, behind) for key in keys if not key.startswith("entry ")}
        labels |= {key: say("flow.new") for key in keys if key.startswith("entry ")}
        scenario = self.scenario(name)
        return Chart(
            title=say("chart.flow", scenario=scenario, year=year),
            alternative=self._flow_words(told, year, scenario),
            draw=lambda kind: flows(onward, labels, self._whole, kind),
            table=Table(
                title=say("table.flow", scenario=scenario, year=year),
                columns=(say("column.from"), say("column.to"), say("column.citizens")),
                rows=tuple(
                    (self._end(flow.source), self._end(flow.target), Figure(flow.citizens))
                    for flow in sorted(told, key=lambda flow: -flow.citizens)
                ),
            ),
        )

    def staffing(self) -> Chart | None:
        """Draw what staffing meets the goals; None where that was not asked."""
        found = self.findings.staffing
        if found is None:
            return None
        return self._frontier(found) if isinstance(found, Frontier) else self._levels(found)

    def key_figures(self) -> Table:
        """Tell the key measures by year: means over the replications."""
        say, findings = self.wording.language.say, self.findings
        years = findings.years[-6:]
        rows: list[tuple[Cell, ...]] = []
        for measure in findings.measures:
            for name, (told, values) in findings.yearly(measure).items():
                means = dict(zip(told, _means(values), strict=True))
                cells = [self._figure(means.get(year, np.nan), self.findings.unit(measure)) for year in years]
                rows.append((self._titled(measure), self.scenario(name), *cells))
        return Table(
            title=say("table.key"),
            columns=(say("column.measure"), say("column.scenario"), *years),
            rows=tuple(rows),
            note=say("table.key.note"),
        )

    def differences(self) -> Table | None:
        """Tell by how much the scenarios differ from the first one; None where one stands alone."""
        say, findings = self.wording.language.say, self.findings
        if len(findings.scenarios) == 1:
            return None
        rows: list[tuple[Cell, ...]] = []
        for measure in findings.measures:
            unit = self.findings.unit(measure)
            for name in findings.comparison.names[1:]:
                years, told = findings.difference(measure, name)
                for n, year in enumerate(years):
                    figures = [float(values[n]) for values in (told.mean, told.low, told.high)]
                    surely = figures[1] > 0 or figures[2] < 0
                    if not surely and (year not in years[-2:] or np.isnan(figures[0]) or not any(figures)):
                        continue
                    cells = (self._difference(value, max(map(abs, figures)), unit) for value in figures)
                    rows.append(
                        (
                            self._titled(measure),
                            self.scenario(name),
                            year,
                            *cells,
                            say("sure.yes" if surely else "sure.no"),
                        )
                    )
        return Table(
            title=say("table.differences", reference=self.scenario(findings.comparison.names[0])),
            columns=tuple(
                say(f"column.{key}") for key in ("measure", "scenario", "year", "difference", "low", "high", "sure")
            ),
            rows=tuple(rows),
            note=say("table.differences.note"),
        )

    def scenario(self, name: str) -> str:
        """Return what a scenario is called."""
        return self.wording.language.name(name)

    @property
    def _documented(self) -> dict[tuple[str, str], float]:
        return documented(self.findings.scenarios[0].base.name)

    def _fan(self, key: str, measures: Sequence[str], every: Every) -> Chart:
        say, language = self.wording.language.say, self.wording.language
        panels, rows, words = [], list[tuple[Cell, ...]](), []
        for measure in measures:
            unit = self.findings.unit(measure)
            scale = 100.0 if unit == "share" else 1.0
            told = self._points(measure)
            bands = []
            for name, results in self._runs():
                periods, values = series(results, measure, every)
                quantiles = _quantiles(values)
                bands.append(Band(self.scenario(name), scale * quantiles))
                for period, figures in zip(periods, quantiles[[0, 2, 4]].T.tolist(), strict=True):
                    cells = (
                        self._figure(value, self.findings.unit(measure))
                        for value in (*figures, told.get(period, np.nan))
                    )
                    rows.append((self._titled(measure), self.scenario(name), language.period(period), *cells))
                words.append(self._fan_words(measure, name, periods, quantiles))
            points = [(_middle(period), scale * value) for period, value in told.items()]
            panels.append(Fan(self._titled(measure), [_middle(period) for period in periods], bands, points))
            if told:
                words.append(self._documented_words(told, unit))
        legend = FanWords(*(say(f"legend.{word}") for word in ("median", "half", "most", "documented")))
        return Chart(
            title=say(key),
            alternative=" ".join(words),
            draw=lambda kind: fans(panels, legend, self._tick, kind),
            table=Table(
                title=say(key),
                columns=tuple(say(f"column.{c}") for c in _FAN),
                rows=tuple(rows),
            ),
        )

    def _fan_words(self, measure: str, name: str, periods: Sequence[str], quantiles: Floats) -> str:
        unit, language = self.findings.unit(measure), self.wording.language
        there = [n for n in range(len(periods)) if not np.isnan(quantiles[2, n])]
        if not there:
            return language.say("fan.nobody", measure=self.wording.measure(measure), scenario=self.scenario(name))
        top, last = max(there, key=lambda n: quantiles[2, n]), there[-1]
        return language.say(
            "fan.words",
            measure=self.wording.measure(measure),
            scenario=self.scenario(name),
            most=self.wording.value(quantiles[2, top], unit),
            when=language.period(periods[top]),
            last=language.period(periods[last]),
            median=self.wording.value(quantiles[2, last], unit),
            low=self.wording.figure(quantiles[0, last], unit),
            high=self.wording.figure(quantiles[4, last], unit),
        )

    def _documented_words(self, told: dict[str, float], unit: str) -> str:
        """Tell documented figures one by one, or of many the first, the last and the highest."""
        language = self.wording.language
        said = {
            period: f"{language.period(period)} {self.wording.value(value, unit)}" for period, value in told.items()
        }
        if len(told) <= _FEW:
            return language.say("fan.documented", points=language.listed(list(said.values())))
        ordered = sorted(told, key=months_of)
        first, last, most = ordered[0], ordered[-1], max(ordered, key=told.__getitem__)
        count = language.number(len(told), 0)
        return language.say("fan.documented.many", count=count, first=said[first], last=said[last], most=said[most])

    def _points(self, measure: str) -> dict[str, float]:
        """Return the documented figures of a measure that lie within what is reported, by month or quarter."""
        since, until = months_of(self.findings.years[0])[0], months_of(self.findings.years[-1])[1]
        return {
            period: value
            for (of, period), value in self._documented.items()
            if of == measure and len(period) > 4 and since <= months_of(period)[0] < until
        }

    def _runs(self) -> list[tuple[str, Results]]:
        return list(zip(self.findings.comparison.names, self.findings.comparison.results, strict=True))

    def _titled(self, measure: str) -> str:
        unit, title = self.findings.unit(measure), self.wording.measure(measure)
        return title if unit == "awards" else f"{title} ({self.wording.unit(unit)})"

    def _figure(self, value: float, unit: str) -> Figure:
        if unit == "share":
            return Figure(value, 1, share=True)
        return Figure(value, 0 if unit in COUNTED else 1)

    def _difference(self, value: float, largest: float, unit: str) -> Figure:
        """Write a difference or an end of its interval, with more decimals where all of them are small."""
        if unit == "share":
            return Figure(value, 1, share=True, signed=True)
        return Figure(value, 2 if largest < 1 else 0 if unit in COUNTED else 1, signed=True)

    def _tick(self, value: float) -> str:
        return self.wording.language.number(value, 0 if value == round(value) else 1)

    def _whole(self, value: float) -> str:
        return self.wording.language.number(value, 0)

    def _label(self, key: str, behind: dict[str, str]) -> str:
        if key in behind:
            return self.wording.language.say("flow.back", benefit=self.wording.benefit(behind[key]))
        return self.wording.benefit(key)

    def _end(self, key: str) -> str:
        return self.wording.language.say("flow.new") if key.startswith("entry ") else self.wording.benefit(key)

    def _flow_words(self, told: Sequence[Flow], year: str, scenario: str) -> str:
        say, left = self.wording.language.say, dict[str, list[Flow]]()
        for flow in sorted(told, key=lambda flow: -flow.citizens):
            if not flow.source.startswith("entry "):
                left.setdefault(flow.source, []).append(flow)
        words = [say("flow.words", year=year, scenario=scenario)]
        for source, ways in sorted(left.items(), key=lambda item: -sum(flow.citizens for flow in item[1]))[:3]:
            parts = [
                say("flow.part", citizens=self._whole(flow.citizens), target=self.wording.benefit(flow.target))
                for flow in ways[:4]
            ]
            total = self._whole(sum(flow.citizens for flow in ways))
            told_parts = self.wording.language.listed(parts)
            words.append(say("flow.source", total=total, source=self.wording.benefit(source), parts=told_parts))
        return " ".join(words)

    def _levels(self, found: Answer) -> Chart:
        say, wording = self.wording.language.say, self.wording
        panels, rows = [], list[tuple[Cell, ...]]()
        for place, goal in enumerate(found.question.goals):
            unit = goal.response.unit
            scale = 100.0 if unit == "share" else 1.0
            means = [trial.findings[place].mean for trial in found.trials]
            panels.append(
                Panel(
                    title=wording.goal(goal),
                    levels=[trial.levels[0] for trial in found.trials],
                    figures=[scale * mean.estimate for mean in means],
                    low=[scale * mean.low for mean in means],
                    high=[scale * mean.high for mean in means],
                    verdicts=[trial.verdict for trial in found.trials],
                    bound=scale * goal.bound,
                    ceiling=scale * found.ceiling.findings[place].mean.estimate,
                )
            )
            for trial in (*found.trials, found.ceiling):
                mean = trial.findings[place].mean
                level = say("staff.enough") if np.isinf(trial.levels[0]) else Figure(trial.levels[0])
                cells = (self._figure(value, unit) for value in (mean.estimate, mean.low, mean.high))
                kept = Figure(trial.kept.estimate, 0, share=True)
                rows.append((wording.goal(goal), level, *cells, kept, say(_SURE[trial.verdict])))
        lever = wording.lever(found.levels.lever)
        least = None if found.least is None else float(found.least)
        columns = ("goal", "level", "mean", "low", "high", "kept", "verdict")
        return Chart(
            title=say("chart.levels", lever=lever),
            alternative=self._trial_words(found),
            draw=lambda kind: staffings(panels, lever, least, kind, self._words),
            table=Table(
                title=say("chart.levels", lever=lever),
                columns=tuple(say(f"column.{key}") for key in columns),
                rows=tuple(rows),
                note=say("table.levels.note"),
            ),
        )

    def _frontier(self, found: Frontier) -> Chart:
        say, language = self.wording.language.say, self.wording.language
        points = [(float(one.level), None if one.least is None else float(one.least)) for one in found.points]
        trials = [(trial.levels[0], trial.levels[1], trial.verdict) for trial in found.trials]
        labels = self.wording.lever(found.rows.lever), self.wording.lever(found.levels.lever)
        goals = "; ".join(self.wording.goal(goal) for goal in found.question.goals)
        cost = self._cost(found)
        costs = None if cost is None else map_costs(found, cost, lambda amounts: self._yearly(amounts, cost.currency))
        told = [
            say("staff.point", level=language.number(level, 0), least=language.number(least, 0))
            for level, least in points
            if least is not None
        ]
        nowhere = [language.number(level, 0) for level, least in points if least is None]
        words = [goals + ".", say("staff.points", one=labels[0], other=labels[1], points=language.listed(told))]
        words = words if told else words[:1]
        words += [say("staff.nowhere", one=labels[0], levels=language.listed(nowhere))] if nowhere else []
        cheap = None if cost is None else cheapest(found, cost)
        if cost is not None and cheap is not None:
            level, least = (language.number(number, 0) for number in cheap)
            (amount,) = self._yearly([cost.at(cheap)], cost.currency)
            words.append(say("staff.cheapest", one=labels[0], level=level, other=labels[1], least=least, amount=amount))
        return Chart(
            title=say("chart.frontier", one=labels[0], other=labels[1]),
            alternative=" ".join(words),
            draw=lambda kind: frontier_map(points, trials, labels, goals, kind, costs, self._words),
            table=Table(
                title=say("chart.frontier", one=labels[0], other=labels[1]),
                columns=(labels[0], labels[1]),
                rows=tuple(
                    (Figure(level), say("staff.none") if least is None else Figure(least)) for level, least in points
                ),
            ),
        )

    def _cost(self, found: Frontier) -> StaffingCost | None:
        prices, levers = self.findings.prices, [found.rows.lever, found.levels.lever]
        if prices is None or unpriced(levers, prices):
            return None
        return StaffingCost.of(found.question, levers, prices)

    def _yearly(self, amounts: Sequence[float], currency: str) -> list[str]:
        millions = any(amount >= 1e6 for amount in amounts)
        key, scale = ("staff.millions", 1e6) if millions else ("staff.amount", 1.0)
        return [
            self.wording.language.say(key, amount=self._tick(amount / scale), currency=currency) for amount in amounts
        ]

    def _trial_words(self, found: Answer) -> str:
        say, language = self.wording.language.say, self.wording.language
        goal = found.question.goals[0]
        parts = [
            say(
                "staff.trial",
                level=language.number(trial.levels[0], 0),
                value=self.wording.value(trial.findings[0].mean.estimate, goal.response.unit),
                verdict=say(_SURE[trial.verdict]),
            )
            for trial in found.trials
        ]
        return f"{self.wording.goal(goal)}. {language.listed(parts)}."

    @property
    def _words(self) -> Words:
        say = self.wording.language.say
        return Words(**{name: say(f"staff.word.{name}") for name in Words._fields})


def _flows(findings: Findings, name: str, year: str) -> list[Flow]:
    """Return the citizens who went from benefit to benefit in a year, and those who came new: means of a scenario."""
    results, pathway = findings.comparison.of(name), findings.pathway
    doors = {entry.name: f"entry {pathway.state(entry.to).benefit}" for entry in pathway.entries}
    means = results.values.mean(axis=0).tolist()
    came: dict[tuple[str, str], float] = {}
    for row, mean in zip(results.index, means, strict=True):
        kind, *words = row.measure.split(".")
        if row.period == year and kind in ("exits", "entries"):
            source = words[0] if kind == "exits" else doors[words[0]]
            key = (source, words[1] if kind == "exits" else source.removeprefix("entry "))
            came[key] = came.get(key, 0.0) + mean
    return [Flow(*key, citizens) for key, citizens in came.items() if citizens > 0]


def _means(values: Floats) -> list[float]:
    there = ~np.isnan(values)
    sums = np.where(there, values, 0.0).sum(axis=0)
    return [float(s / n) if n else np.nan for s, n in zip(sums, there.sum(axis=0), strict=True)]


def _quantiles(values: Floats) -> Floats:
    """Return the quantiles over the replications in which each period is defined; NaN where it is in none."""
    columns = [column[~np.isnan(column)] for column in values.T]
    return np.array([np.quantile(c, LEVELS) if len(c) else np.full(len(LEVELS), np.nan) for c in columns]).T


def _middle(period: str) -> float:
    since, until = months_of(period)
    return (since + until) / 24
