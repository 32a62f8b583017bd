"""The charts and tables of a report: each with its figures and what it says in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flowsim.calibration.targets import documented
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.periods import Every, Period
from flowsim.planning.response import drawn_by, series
from flowsim.reporting.document import Chart, Figure, Line, Plot, Table, TableCell
from flowsim.reporting.findings import Findings
from flowsim.reporting.pictures.charts import QUANTILES, Band, Fan, FanWords, Flow, axis_marks, fans, flows, forward
from flowsim.reporting.pictures.marks import marks_within
from flowsim.reporting.staffing import staffing_chart
from flowsim.reporting.wording import COUNTED, Wording
from flowsim.simulation.estimates import FEWEST_FOR_RANGE, levels
from flowsim.simulation.measures.flows import AWARDS, ENTRIES, EXITS
from flowsim.simulation.measures.measure import Measure, Row
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED
from flowsim.simulation.results import Results

__all__ = ["Exhibits"]

_FEWEST = 0.003  # of all flows of a year: what is less is left out of the picture
_FEW = 4  # documented figures that are given one by one
_ALIKE = 0.05  # of a figure: what changes by less is said to hardly change
_BACK = "back:"
_FAN = ("measure", "scenario", "period", "p05", "median", "p95", "documented")


@dataclass(frozen=True, kw_only=True)
class Exhibits:
    """The charts and tables of some findings in one language."""

    findings: Findings
    wording: Wording

    def waits(self) -> Chart | None:
        """Draw the waits at the stations, with what is documented of them; None where there is no station."""
        return self._fan("chart.waits", [SERVED(name) for name in self.findings.stations], "quarter")

    def over_time(self, measure: Measure) -> Chart | None:
        """Draw one measure by quarter, or by year where it has no quarters."""
        quarterly = any(row.measure == measure and row.period.every == "quarter" for row in self._index)
        return self._fan("chart.one", [measure], "quarter" if quarterly else "year")

    def timeliness(self) -> Chart | None:
        """Draw the shares decided in time; None where no clock measures any."""
        measures = [CLOCK_WITHIN(clock.name) for clock in self.findings.pathway.clocks if not clock.abandons]
        return self._fan("chart.timeliness", measures[:2], "quarter")

    def awards(self) -> Chart | None:
        """Draw the awards of each outcome, with what is documented of them; None where there is no outcome."""
        measures = [AWARDS(state.name) for state in self.findings.pathway.states if state.outcome]
        told = {measure for measure, period in self._documented if period.every == "quarter"}
        ordered = sorted(measures, key=lambda measure: measure not in told)
        return self._fan("chart.awards", ordered[:4], "quarter")

    def queues(self) -> Chart | None:
        """Draw the queues at the stations, month by month; None where there is no station."""
        return self._fan("chart.queues", [QUEUE(name) for name in self.findings.stations], "month")

    def flow(self) -> Chart | None:
        """Draw the citizens who went from benefit to benefit in the last whole year, in the last scenario.

        None where nobody did.
        """
        findings, say = self.findings, self.wording.language.say
        name, year = findings.comparison.names[-1], findings.years[-1]
        flows_of_year = _flows(findings, name, year)
        if not flows_of_year:
            return None
        shown = [
            flow for flow in flows_of_year if flow.citizens >= _FEWEST * sum(one.citizens for one in flows_of_year)
        ]
        onward, behind = forward(shown, _BACK)
        # In an order of their own: that of a set differs from process to process, and so would the picture.
        keys = dict.fromkeys(key for flow in onward for key in flow[:2])
        labels = {key: self._label(key, behind) for key in keys if not key.startswith("entry ")}
        labels |= {key: say("flow.new") for key in keys if key.startswith("entry ")}
        scenario = self.wording.scenario(name)
        return Chart(
            title=say("chart.flow", scenario=scenario, year=year),
            alternative=self._flow_words(flows_of_year, year, scenario),
            draw=lambda kind: flows(onward, labels, self.wording.language.number, kind),
            narrow=False,
            table=Table(
                title=say("table.flow", scenario=scenario, year=year),
                columns=(say("column.from"), say("column.to"), say("column.citizens")),
                rows=tuple(
                    (self._end(flow.source), self._end(flow.target), Figure(flow.citizens))
                    for flow in sorted(flows_of_year, key=lambda flow: -flow.citizens)
                ),
            ),
        )

    def staffing(self) -> Chart | None:
        """Draw what staffing meets the goals; None where that was not asked."""
        found = self.findings.staffing
        return None if found is None else staffing_chart(found, self.wording, self.findings.prices)

    def key_figures(self) -> Table:
        """Tell the key measures by year: what stands for the replications, as `estimates` says of each measure."""
        say, findings = self.wording.language.say, self.findings
        years = findings.years[-6:]
        rows: list[tuple[TableCell, ...]] = []
        for measure in findings.measures:
            for name, (told, values) in findings.yearly(measure).items():
                figures = dict(zip(told, levels([measure] * len(told), values).estimate.tolist(), strict=True))
                cells = [self.figure(figures.get(year, np.nan), self.findings.unit(measure)) for year in years]
                rows.append((self.titled(measure), self.wording.scenario(name), *cells))
        against = {
            measure: self.wording.yardsticks(measure, self.findings.unit(measure)) for measure in findings.measures
        }
        held = any(against.values())
        if held:
            # A measure's rows stand together, one a scenario.
            texts = [against[measure] for measure in findings.measures for _ in findings.yearly(measure)]
            rows = [(*row, text) for row, text in zip(rows, texts, strict=True)]
        until = findings.scenarios[0].base.documented_until
        beyond = [year for year in years if until is not None and Period(year).end > until]
        notes = [say("table.key.note"), *([say("table.carried_on")] if beyond else []), *self._standstills()]
        return Table(
            title=say("table.key"),
            columns=(
                *(say("column.measure"), say("column.scenario")),
                *(f"{year}*" if year in beyond else year for year in years),
                *([say("column.yardstick")] if held else []),
            ),
            rows=tuple(rows),
            note=" ".join(notes),
        )

    def _standstills(self) -> Iterator[str]:
        """Say of which key measures a queue stands still in how many futures, and that these count as the worst."""
        comparison, language = self.findings.comparison, self.wording.language
        many = language.number(len(comparison.reference.replications), 0)
        for measure in self.findings.measures:
            places = [
                n for n, row in enumerate(comparison.index) if row.measure == measure and row.period.every == "year"
            ]
            count = int(comparison.standstills[places].max(initial=0))
            if count:
                title = self.titled(measure)
                yield language.say("table.key.standstills", measure=title, count=language.number(count, 0), many=many)

    def differences(self) -> Table | None:
        """Tell by how much the scenarios differ from the first one; None where one stands alone."""
        say, findings = self.wording.language.say, self.findings
        if len(findings.scenarios) == 1:
            return None
        rows: list[tuple[TableCell, ...]] = []
        for row in findings.differences():
            unit, single = findings.unit(row.measure), row.estimate
            figures = [single.estimate, single.low, single.high]
            shown = row.year in findings.years[-2:] and not np.isnan(single.estimate) and row.differing
            if not row.surely and not shown:
                continue
            largest = max((abs(value) for value in figures if np.isfinite(value)), default=0.0)
            cells = (self.difference_figure(value, largest, unit) for value in figures)
            rows.append(
                (
                    self.titled(row.measure, "points" if unit == "share" else unit),
                    self.wording.scenario(row.scenario),
                    row.year,
                    *cells,
                    say("sure.yes" if row.surely else "sure.no"),
                )
            )
        return Table(
            title=say("table.differences", reference=self.wording.scenario(findings.comparison.names[0])),
            columns=tuple(
                say(f"column.{key}") for key in ("measure", "scenario", "year", "difference", "low", "high", "sure")
            ),
            rows=tuple(rows),
            note=say("table.differences.note"),
        )

    @property
    def _index(self) -> Sequence[Row]:
        return self.findings.comparison.index

    @property
    def _documented(self) -> dict[tuple[str, Period], float]:
        return documented(self.findings.scenarios[0].base)

    @property
    def _carried_on(self) -> float:
        """From when on no document tells what happened, in years such as 2021.25; never where that is not known."""
        until = self.findings.scenarios[0].base.documented_until
        return np.inf if until is None else until.year + (until.timetuple().tm_yday - 1) / 365.25

    def _fan(self, key: str, measures: Sequence[Measure], every: Every) -> Chart | None:
        if not measures:
            return None
        say, language = self.wording.language.say, self.wording.language
        every = drawn_by(self.findings.comparison.reference, measures[0], every)
        panels, rows, words, plots = [], list[tuple[TableCell, ...]](), list[str](), list[Plot]()
        for measure in measures:
            unit, title = self.findings.unit(measure), self.titled(measure)
            runs = {name: series(results, measure, every) for name, results in self._runs()}
            periods = runs[self.findings.comparison.names[0]][0]
            points_of = self._points(measure, periods)
            scale = 100.0 if unit == "share" else 1.0
            bands, lines_drawn = [], list[Line]()
            for name, (_, values) in runs.items():
                quantiles, scenario = defined_quantiles(values, QUANTILES), self.wording.scenario(name)
                lines_drawn += self._lines(scenario, range(len(rows), len(rows) + len(periods)))
                bands.append(Band(scenario, scale * quantiles))
                for period, figures in zip(periods, quantiles[[0, 2, 4]].T.tolist(), strict=True):
                    cells = (self.figure(value, unit) for value in (*figures, points_of.get(period, np.nan)))
                    rows.append((title, scenario, period, *cells))
                words.append(self._fan_words(measure, name, periods, quantiles))
            points = [(_middle(period), scale * value) for period, value in points_of.items()]
            times = [_middle(period) for period in periods]
            held = self._yardsticks(measure, periods)
            lines = [(label, since, until, scale * value) for label, since, until, value in held]
            panels.append(Fan(title, times, bands, points, self._carried_on, lines, axis_marks(periods)))
            told = [line for line in lines_drawn if line.kind != "points"]
            told += lines_drawn[3:4] if points_of else []
            plots.append(Plot(title, _FAN.index("period"), tuple(told)))
            against = self.wording.yardsticks(measure, unit)
            words += [f"{against[:1].upper()}{against[1:]}."] if against else []
            if points_of:
                words.append(self._documented_words(points_of, unit))
        count = len(self.findings.comparison.reference.replications)
        most = "most" if count >= FEWEST_FOR_RANGE else "most.few"
        marks = ("median", "half", most, "documented", "carried_on")
        legend = FanWords(*(say(f"legend.{mark}", count=language.number(count, 0)) for mark in marks))
        title = say(key, measure=self.wording.measure(measures[0]))
        return Chart(
            title=title,
            alternative=" ".join(words),
            draw=lambda kind: fans(panels, legend, language.number, kind),
            plots=tuple(plots),
            table=Table(
                title=title,
                columns=tuple(say(f"column.{c}") for c in _FAN),
                rows=tuple(rows),
            ),
        )

    def _lines(self, scenario: str, rows: range) -> list[Line]:
        """Return how a scenario's rows of a fan are drawn as lines."""
        say = self.wording.language.say
        kinds = {"median": "middle", "p05": "edge", "p95": "edge", "documented": "points"}
        return [
            Line(
                scenario if key == "median" else say("line.of", scenario=scenario, what=say(f"column.{key}")),
                rows,
                _FAN.index(key),
                kind,  # type: ignore[arg-type]
            )
            for key, kind in kinds.items()
        ]

    def _fan_words(self, measure: Measure, name: str, periods: Sequence[Period], quantiles: Floats) -> str:
        unit, language = self.findings.unit(measure), self.wording.language
        there = [n for n in range(len(periods)) if not np.isnan(quantiles[2, n])]
        if not there:
            return language.say(
                "fan.nobody", measure=self.wording.measure(measure), scenario=self.wording.scenario(name)
            )
        top, last = max(there, key=lambda n: quantiles[2, n]), there[-1]
        # What changes is told from the last time that documents tell, else from the first.
        begin = max((n for n in there[:-1] if _middle(periods[n]) < self._carried_on), default=there[0])
        begin = there[0] if np.isinf(self._carried_on) else begin
        before, after = quantiles[2, begin], quantiles[2, last]
        change = "fan.rises" if after > before else "fan.falls"
        # A queue that stands still waits for ever: that is no twentieth more or less than what has an end.
        finite = np.isfinite(before) and np.isfinite(after)
        alike = abs(after - before) <= _ALIKE * abs(before) if finite else before == after
        change = "fan.stays" if alike else change
        median, low, high = self.wording.values(quantiles[[2, 0, 4], last].tolist(), unit)
        count = len(self.findings.comparison.reference.replications)
        return language.say(
            "fan.words" if count >= FEWEST_FOR_RANGE else "fan.words.few",
            measure=self.wording.measure(measure),
            scenario=self.wording.scenario(name),
            change=language.say(change),
            first=self.wording.value(before, unit),
            begin=language.period(periods[begin]),
            most=self.wording.value(quantiles[2, top], unit),
            when=language.period(periods[top]),
            last=language.period(periods[last]),
            count=language.number(count, 0),
            **{"median": median, "low": low, "high": high, "interval": language.interval(low, high)},
        )

    def _documented_words(self, figures: dict[Period, float], unit: str) -> str:
        """Tell documented figures one by one, or of many the first, the last and the highest."""
        language = self.wording.language
        words = {
            period: f"{language.period(period)} {self.wording.value(value, unit)}" for period, value in figures.items()
        }
        if len(figures) <= _FEW:
            return language.say("fan.documented", points=language.listed(list(words.values())))
        ordered = sorted(figures)
        first, last, most = ordered[0], ordered[-1], max(ordered, key=figures.__getitem__)
        count = language.number(len(figures), 0)
        return language.say("fan.documented.many", count=count, first=words[first], last=words[last], most=words[most])

    def _yardsticks(self, measure: Measure, periods: Sequence[Period]) -> list[tuple[str, float, float, float]]:
        """Return what a measure is held against within the periods drawn; of a year's sum the part of each period."""
        words = self.wording.language.words
        return [
            (words[f"yardstick.{mark.kind}"], mark.since / 12, mark.until / 12, mark.value)
            for mark in marks_within(self.wording.standards, measure, periods)
        ]

    def _points(self, measure: Measure, periods: Sequence[Period]) -> dict[Period, float]:
        """Return the documented figures of a measure by month or quarter, within the periods drawn."""
        since, until = periods[0].first, periods[-1].after
        return {
            period: value
            for (of, period), value in self._documented.items()
            if of == measure and period.every != "year" and since <= period.first < until
        }

    def _runs(self) -> list[tuple[str, Results]]:
        return list(zip(self.findings.comparison.names, self.findings.comparison.results, strict=True))

    def titled(self, measure: Measure, unit: str = "") -> str:
        """Return what a measure is called, with its unit."""
        unit, title = unit or self.findings.unit(measure), self.wording.measure(measure)
        return title if unit == "awards" else f"{title} ({self.wording.unit(unit)})"

    def figure(self, value: float, unit: str) -> Figure:
        """Write a figure of a unit."""
        if unit == "share":
            return Figure(value, 1, share=True)
        return Figure(value, 0 if unit in COUNTED else 2 if unit.endswith(" million") and abs(value) < 10 else 1)

    def difference_figure(self, value: float, largest: float, unit: str) -> Figure:
        """Write a difference or an end of its interval, with more decimals where all of them are small."""
        if unit == "share":
            return Figure(100 * value, 1, signed=True)  # percentage points
        return Figure(value, 2 if largest < 1 else 0 if unit in COUNTED else 1, signed=True)

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


def _flows(findings: Findings, name: str, year: str) -> list[Flow]:
    """Return the citizens who went from benefit to benefit in a year, and those who came new: means of a scenario."""
    results, pathway = findings.comparison.of(name), findings.pathway
    benefits = {entry.name: pathway.state(entry.to).benefit for entry in pathway.entries}
    doors = {name: f"entry {benefit}" for name, benefit in benefits.items()}
    means = results.values.mean(axis=0).tolist()
    came: dict[tuple[str, str], float] = {}
    for row, mean in zip(results.index, means, strict=True):
        measure = row.measure
        if row.period == year and measure.kind in (EXITS, ENTRIES):
            door = measure.of("entry")
            key = (doors[door], benefits[door]) if door else (measure.names[0], measure.names[1])
            came[key] = came.get(key, 0.0) + mean
    return [Flow(*key, citizens) for key, citizens in came.items() if citizens > 0]


def _middle(period: Period) -> float:
    return (period.first + period.after) / 24
