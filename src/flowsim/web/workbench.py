"""The workbench: a first look while a control is moved, the run behind it, and what is shown of both."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from flowsim.calibration.targets import targets_of
from flowsim.core.arrays import Floats, defined_quantiles
from flowsim.core.civil_time import parse_moment
from flowsim.core.errors import InputError
from flowsim.core.periods import FINER, Every, Period
from flowsim.core.progress import Progress, shifted
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.planning.cost import costed
from flowsim.planning.prices import Prices
from flowsim.planning.response import drawn_by
from flowsim.questions.asking import chosen_parameters
from flowsim.questions.compare import Compare
from flowsim.questions.run import Run
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.reporting.pictures.charts import axis_marks
from flowsim.reporting.pictures.marks import marks_within
from flowsim.reporting.wording import Wording
from flowsim.simulation.estimates import differences, level, sure_rows
from flowsim.simulation.fork import Fork
from flowsim.simulation.kept import KeptHistories
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.measure import Measure, known_measure
from flowsim.simulation.measures.stations import QUEUE, SERVED, UTILISATION, usable_share
from flowsim.simulation.measures.timeline import Calendar
from flowsim.simulation.results import Results
from flowsim.simulation.runner import Running
from flowsim.theory.fluid import Fluid, flow_in_steps
from flowsim.web.asked import LIST, PRICES, Choice, Desk, as_toml, file_name
from flowsim.web.jobs import News
from flowsim.web.layout import Layout, Stop, Tile, moment

__all__ = ["FIRST_LOOK", "LOOK", "RUN", "Workbench"]

FIRST_LOOK, LOOK, RUN = 4, 20, 100
"""Replications of the first figures while a control is moved, of the ones that follow, and after it is let go."""
_FULL = 0.99
"""The share of its places from which on a stop is shown as full."""
_KEPT = 12
_MOST_KEPT = 220.0
"""Megabytes of histories that stand at the day from which changes hold; those of Copenhagen's first look take 205."""
_SLICE = 0.02
"""Seconds of a fluid that are worked out at a time, which hold Python's lock."""
_ENDS = (0.05, 0.95)
_FAN = (0.05, 0.25, 0.5, 0.75, 0.95)
_T = TypeVar("_T")


class _Kept:
    """The last few values by key."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any) -> Any:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Any, value: _T) -> _T:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """What is asked and shown of one base.

    Attributes:
        desk: the layout, and the scenario to compare with.
        seed: of all draws.
    """

    desk: Desk
    seed: int = 1
    _runs: _Kept = field(default_factory=lambda: _Kept(_KEPT), repr=False)
    _scenarios: _Kept = field(default_factory=lambda: _Kept(_KEPT), repr=False)
    _fluids: _Kept = field(default_factory=lambda: _Kept(_KEPT), repr=False)
    _histories: _Kept = field(default_factory=lambda: _Kept(2), repr=False)

    @classmethod
    def of(cls, desk: Desk) -> Workbench:
        """Set up the workbench of a base."""
        return cls(desk=desk)

    def prices(self, state: Choice) -> Prices | None:
        """Return the prices of a choice, which are read once; None where its base has none.

        Raises:
            InputError: as `Desk.prices`.
        """
        key = ("prices", state.prices)
        kept: tuple[Prices | None] | None = self._scenarios.get(key)
        return (kept if kept is not None else self._scenarios.put(key, (self.desk.prices(state),)))[0]

    def scenario(self, state: Choice) -> Scenario:
        """Return the checked scenario of a choice, which is read once: that takes as long as a replication.

        Raises:
            InputError: as `Desk.scenario`.
        """
        kept: Scenario | None = self._scenarios.get(state)
        return kept if kept is not None else self._scenarios.put(state, self.desk.scenario(state))

    def look(self, state: Choice, year: int, language: Language) -> Callable[[Executor, Progress], Iterator[News]]:
        """Return the work of a first look: a few replications, then more; all go on from kept histories."""

        def work(executor: Executor, progress: Progress) -> Iterator[News]:
            at, base = self._fork(state), state.beginning
            asked = [base] if state.unchanged else [state, base]
            looked = {choice: self._runs.get(self._key(choice, LOOK, at)) for choice in asked}
            with ExitStack() as under_way:
                running = {
                    choice: under_way.enter_context(self._begun(choice, at, executor))
                    for choice, results in looked.items()
                    if results is None
                }
                # All are handed out before any is waited for, so that none waits until the first figures are written.
                for numbers in (range(FIRST_LOOK), range(FIRST_LOOK, LOOK)):
                    for begun in running.values():
                        begun.hand_out(numbers)
                for many in sorted({FIRST_LOOK, LOOK}) if running else [LOOK]:
                    for done, (choice, begun) in enumerate(running.items()):
                        told = shifted(progress, done * many, len(running) * many)
                        looked[choice] = self._shown(begun.results(range(many), told), choice)
                        if many == LOOK:
                            self._runs.put(self._key(choice, LOOK, at), looked[choice])
                    reference, *changed = (_first(looked[choice], many) for choice in reversed(asked))
                    yield {"view": self._view(reference, changed, year, language).shown(year), "look": True}

        return work

    def run(self, state: Choice, year: int, language: Language) -> Callable[[Executor, Progress], Iterator[News]]:
        """Return the work of a run: all replications of both scenarios, and then the stops of the way."""

        def work(executor: Executor, progress: Progress) -> Iterator[News]:
            asked = [state.beginning] if state.unchanged else [state, state.beginning]
            missing = [choice for choice in asked if self._runs.get(self._key(choice, RUN)) is None]
            told = {choice: shifted(progress, place * RUN, len(missing) * RUN) for place, choice in enumerate(missing)}
            *changed, reference = [self._results(choice, executor, told.get(choice)) for choice in asked]
            view = self._view(reference, changed, year, language)
            yield {"view": view.shown(year) | {"tilesIn": self._tiles(view, year)}, "look": False}
            if not state.cases:  # a fluid does not know the cases of a list
                yield {"present": self._present(state, executor)}

        return work

    def written(self, state: Choice) -> dict[str, str]:
        """Return a state as a scenario file, and the commands that repeat its run.

        Raises:
            InputError: as `Desk.scenario`.
        """
        layout, scenario = self.desk.layout, self.scenario(state)
        with self.desk.file(state) as name, self.desk.priced(state) as path:
            own = name.endswith(".toml")
            question: Compare | Run
            if state.unchanged or state.cases:
                question = Run(scenario=name, replications=RUN, seed=self.seed)
            else:
                priced = self.prices(state) is not None
                pair = (layout.reference, name)
                question = Compare(scenarios=pair, replications=RUN, seed=self.seed, cost=priced, prices=path)
            again = self.desk.again(question, question.command_line(), state, name, path)
        text = as_toml(scenario.to_dict() if not own else self.desk.content(state))
        out = {"toml": text, "file": file_name(scenario.name), **again}
        out |= {"prices": self.desk.price_file(state), "pricesFile": PRICES} if state.prices else {}
        return out | ({"list": state.cases, "listFile": LIST} if state.cases else {})

    def _key(self, state: Choice, many: int, at: Fork | None = None) -> tuple[Any, ...]:
        return self.scenario(state).digest, state.prices, many, at and at.at

    def _results(self, state: Choice, executor: Executor, progress: Progress | None) -> Results:
        """Answer the question what comes of a state; kept, for its replications are the same whenever they run."""
        key = self._key(state, RUN)
        kept: Results | None = self._runs.get(key)
        if kept is not None:
            return kept
        with self.desk.file(state) as name:
            question = Run(scenario=name, replications=RUN, seed=self.seed)
        return self._runs.put(key, self._shown(question.answer(executor, progress), state))

    def _begun(self, state: Choice, at: Fork | None, executor: Executor) -> Running:
        """Begin a look at a state, on from the histories of a fork."""
        question = Run.about(self.scenario(state), replications=LOOK, seed=self.seed)
        return question.glimpse(self._computed, at=at, kept=self._kept_histories(at), executor=executor)

    def _shown(self, results: Results, state: Choice) -> Results:
        """Return the figures that the page shows, with costs: a page that is left open holds no others."""
        prices = self.prices(state)
        if prices is not None:
            results = costed(results, prices, self.scenario(state).name)
        shown = {measure for measure in results.measures if _is_shown(measure, self.desk.layout)}
        return results.only(lambda row: row.measure in shown)

    @cached_property
    def _computed(self) -> tuple[str, ...]:
        """The measures that a look computes: those that are shown, and what costs are of."""
        prices = self.prices(Choice())
        priced = {price.measure for price in prices.prices} if prices else set()
        index = Catalogue.of(self.desk.reference_scenario.pathway()).index
        measures = dict.fromkeys(row.measure for row in index)
        return tuple(m for m in measures if _is_shown(m, self.desk.layout) or m in priced)

    def _kept_histories(self, at: Fork | None) -> KeptHistories:
        """Return the histories that are kept at a fork: those of today, and of one earlier day."""
        key = at and at.at
        kept: KeptHistories | None = self._histories.get(key)
        return kept if kept is not None else self._histories.put(key, KeptHistories(megabytes=_MOST_KEPT))

    def rest(self) -> None:
        """Let go of the histories, which are half of what the page holds; the next look runs them again."""
        self._histories.clear()

    def _fork(self, state: Choice) -> Fork | None:
        """Return where looks at a state go on from: the day from which its first change holds, today at the latest.

        None where the run begins no earlier. What no day tells of, such as another value of a parameter, has changed
        the histories too: looks at it run from the start, with the futures of those from today on.
        """
        scenario, (start, end) = self.scenario(state), self._span
        if scenario.begins_today:
            return None
        day = min([moment(self.desk.layout.today), *_begins(scenario)])
        if not day > start:
            day = moment(self.desk.layout.today)
        return Fork(at=day) if start < day < end else None

    @cached_property
    def _span(self) -> tuple[datetime, datetime]:
        """When runs of the reference begin and end: read once, for each look asks several times."""
        pathway = self.desk.reference_scenario.pathway()
        return pathway.start, pathway.end

    def _view(self, reference: Results, changed: Sequence[Results], year: int, language: Language) -> View:
        """Return what is shown of a run, and of the one of a changed scenario where there is one."""
        scenario = changed[0] if changed else None
        if scenario is not None and scenario.index != reference.index:
            raise InputError("the scenario ends on another day than the one it is compared with: leave out `until`")
        return View(desk=self.desk, reference=reference, scenario=scenario, language=language)

    @staticmethod
    def _tiles(view: View, year: int) -> dict[str, list[dict[str, Any]]]:
        """Return the tiles in each language: the page lists its runs in the one that it is in by then."""
        return {code: replace(view, language=Language.of(code)).tiles(year) for code in LANGUAGES}

    def _present(self, state: Choice, executor: Executor) -> dict[str, Any]:
        """Return how many are at each stop at the end of each month, as a fluid."""
        out = {}
        for key, choice in (("reference", Choice()), ("scenario", state)):
            if key == "scenario" and state.unchanged:
                continue
            scenario = self.scenario(choice)
            fluid: Fluid | None = self._fluids.get(scenario.digest)
            steps = _fluid(scenario)
            # Slice by slice, each in its turn: looks go before the next one, and none follows where nobody listens.
            while fluid is None:
                fluid = executor.submit(_slice_of, steps).result()
            self._fluids.put(scenario.digest, fluid)
            out[key] = _present(fluid, self.desk.layout.stops)
        return out


def _begins(scenario: Scenario) -> Iterator[datetime]:
    """Yield the days from which the changes of a scenario hold."""
    for file, _ in scenario.layers:
        for edits in file.model_dump(by_alias=True, exclude_unset=True).values():
            for edit in edits if isinstance(edits, list | tuple) else ():
                if isinstance(edit, Mapping) and edit.get("from"):
                    yield parse_moment(edit["from"])


def _first(results: Results, many: int) -> Results:
    """Return the same results of the first replications alone."""
    if len(results.replications) == many:
        return results
    return replace(results, replications=results.replications[:many], values=results.values[:many])


def _is_shown(measure: Measure, layout: Layout) -> bool:
    return measure in layout.measures or measure.kind in (QUEUE, SERVED, UTILISATION)


def _fluid(scenario: Scenario) -> Generator[None, None, Fluid]:
    parameters: Any = chosen_parameters(scenario, None, point=True).parameters
    return (yield from flow_in_steps(scenario.pathway(parameters)))


def _slice_of(steps: Generator[None, None, _T]) -> _T | None:
    """Take steps for a moment; return what they lead to, None where more follow."""
    until = time.perf_counter() + _SLICE
    try:
        next(steps)
        while time.perf_counter() < until:
            next(steps)
    except StopIteration as end:
        result: _T = end.value
        return result
    return None


def _present(fluid: Fluid, stops: tuple[Stop, ...]) -> dict[str, Any]:
    pathway = fluid.pathway
    ends = [Period.at(month, "month").end for month in _months(pathway)]
    steps = [max(fluid.steps_of(pathway.start, end).stop - 1, 0) for end in ends]
    names, at_ends = [state.name for state in pathway.states], fluid.present[steps]

    def of(states: Iterable[str]) -> list[float]:
        counts: list[float] = at_ends[:, [names.index(state) for state in states]].sum(axis=1).round(1).tolist()
        return counts

    def living_on(benefit: str, stop: Stop) -> list[str]:
        return [name for name in stop.states if pathway.state(name).benefit == benefit]

    out: dict[str, Any] = {stop.name: of(stop.states) for stop in stops}
    by_benefit = {
        benefit: {stop.name: of(living_on(benefit, stop)) for stop in stops if living_on(benefit, stop)}
        for benefit in pathway.benefits
    }
    return out | {"by": by_benefit}


@dataclass(frozen=True, kw_only=True)
class View:
    """Two runs in figures and words, as the page shows them: plain data.

    Attributes:
        desk: what is shown.
        reference: the run of the scenario that is compared with.
        scenario: that of the state, with as many replications; None where nothing is changed.
        language: of the words.
    """

    desk: Desk
    reference: Results
    scenario: Results | None
    language: Language

    def shown(self, year: int) -> dict[str, Any]:
        """Return tiles of a year, fans of all quarters, and queues and waits of all months."""
        return {
            "replications": len(self.reference.replications),
            "year": year,
            "tiles": self.tiles(year),
            "charts": [self._chart(name) for name in self.desk.layout.charts],
            "way": self._way(),
        }

    def tiles(self, year: int) -> list[dict[str, Any]]:
        """Return the tiles of a year: those that are measured in it."""
        tiles = [tile for tile in self.desk.layout.tiles if self._has(tile, year)]
        figures = [self._tile(tile, year) for tile in tiles]
        if self.scenario is not None and tiles:
            changes = self._changes(tiles, year)
            figures = [figure | change for figure, change in zip(figures, changes, strict=True)]
        return figures

    @property
    def _runs(self) -> dict[str, Results]:
        return {"reference": self.reference} | ({"scenario": self.scenario} if self.scenario else {})

    @cached_property
    def _quantiles(self) -> dict[str, Floats]:
        """The fans of all columns of each run: sorted once, whatever is drawn of them."""
        return {key: defined_quantiles(results.values, _FAN) for key, results in self._runs.items()}

    @cached_property
    def _words(self) -> dict[Period, str]:
        return {}

    def _words_of(self, periods: Sequence[Period]) -> list[str]:
        """Write periods, those of all charts once."""
        words = self._words
        for period in periods:
            if period not in words:
                words[period] = self.language.period(period)
        return [words[period] for period in periods]

    @cached_property
    def _wording(self) -> Wording:
        return Wording.of(self.desk.reference_scenario, self.reference.pathway, self.language)

    def _has(self, tile: Tile, year: int) -> bool:
        return (tile.measure, str(year)) in self.reference.columns

    def _tile(self, tile: Tile, year: int) -> dict[str, Any]:
        wording, say = self._wording, self.language.say
        column = self.reference.columns[tile.measure, str(year)]
        measure = self.reference.index[column].measure
        out: dict[str, Any] = {"measure": str(measure), "title": wording.measure(measure)}
        values = self.reference.values[:, column]
        out["reference"] = wording.value(level(measure, values).estimate, measure.unit)
        if self.scenario is not None:
            values = self.scenario.values[:, column]
        low, high = defined_quantiles(values, _ENDS).tolist()
        estimate = float(level(measure, values).estimate)
        out["estimate"] = estimate * (100 if measure.unit == "share" else 1) if np.isfinite(estimate) else None
        out["value"] = wording.value(level(measure, values).estimate, measure.unit)
        edge = high if tile.better == "lower" else low
        out["tail"] = say(f"web.tail.{tile.better}", value=wording.value(edge, measure.unit))
        return out

    def _changes(self, tiles: Sequence[Tile], year: int) -> list[dict[str, Any]]:
        """Say of each tile how much the scenario differs, and whether that is sure, of all tiles at once."""
        assert self.scenario is not None
        columns = [self.reference.columns[tile.measure, str(year)] for tile in tiles]
        measures = [self.reference.index[column].measure for column in columns]
        table = differences(measures, self.reference.values[:, columns], self.scenario.values[:, columns])
        surely, out = sure_rows(table.p_value, table.differing).tolist(), []
        for place, (tile, measure) in enumerate(zip(tiles, measures, strict=True)):
            single = table.at(place)
            figures = [single.estimate, single.low, single.high] if single.known else [single.estimate]
            verdict = "sure" if surely[place] else "unsure" if table.differing[place] else "none"
            change, *ends = self._wording.values(figures, measure.unit, signed=True)
            words = {"verdict": verdict, "words": self.language.say(f"web.verdict.{verdict}"), "change": change}
            interval = self.language.interval(*ends) if ends else ""
            out.append(words | {"interval": interval, "better": (single.estimate < 0) == (tile.better == "lower")})
        return out

    def _chart(self, name: str) -> dict[str, Any]:
        measure = known_measure(name, {measure for measure, _ in self._places})
        wording = self._wording
        factor = 100.0 if measure.unit == "share" else 1.0
        places, periods = self._of(measure, drawn_by(self.reference, measure, "quarter"))
        fans = {key: [_plain(row) for row in rows[:, places] * factor] for key, rows in self._quantiles.items()}
        unit = wording.unit(measure.unit)
        return {
            "measure": name,
            "title": wording.measure(measure),
            "unit": unit,
            "at": [_middle(period) for period in periods],
            "periods": self._words_of(periods),
            "ticks": [{"at": at, "text": text} for at, text in axis_marks(periods)],
            "fans": fans,
            "points": self._points(name, factor),
            "marks": self._marks(measure, periods, factor),
        }

    def _marks(self, measure: Measure, periods: Sequence[Period], factor: float) -> list[dict[str, Any]]:
        """Return what a measure is held against, from when to when in years."""
        return [
            {"label": self.language.say(f"yardstick.{span.kind}"), "value": factor * span.value}
            | {"since": span.since / 12, "until": span.until / 12}
            for span in marks_within(self._wording.standards, measure, periods)
        ]

    def _points(self, name: str, factor: float) -> list[dict[str, Any]]:
        """Return what documents say of a measure, each with its source."""
        base = self.desk.reference_scenario.base
        evidence, out = base.evidence, list[dict[str, Any]]()
        for target in targets_of(base) if evidence else ():
            observation = target.observation
            if (
                observation.measures != (name,)
                or len(observation.periods) != 1
                or observation.of
                or observation.since
                or target.sense != "="
            ):
                continue
            assert evidence is not None
            source = evidence.sources[evidence[target.fact].source]
            period = Period(observation.periods[0])
            if period.every == "year":
                continue  # a year's sum is no point among quarters
            out.append(
                {"at": _middle(period), "value": target.value / observation.factor * factor, "fact": target.fact}
                | {"source": self.language.translated(source.title), "date": self.language.when(source.date)}
                | {"period": self.language.period(period)}
            )
        return out

    def _way(self) -> dict[str, Any]:
        pathway = self.reference.pathway
        months = [Period.at(month, "month") for month in _months(pathway)]
        out: dict[str, Any] = {
            "months": self._words_of(months),
            "first": str(months[0]) if months else "",
        }
        for key, rows in self._quantiles.items():
            medians = rows[_FAN.index(0.5)]
            pathway = self._runs[key].pathway
            out[key] = {stop.name: self._stop(pathway, medians, stop, months) for stop in self.desk.layout.stops}
        return out

    def _stop(self, pathway: Pathway, medians: Floats, stop: Stop, months: list[Period]) -> Mapping[str, Any]:
        """Return the medians of a stop's stations by month, and whether one was full in the month's quarter.

        In the month itself where a run is too short for quarters. A station whose stays begin in groups is full where
        no other group can begin.
        """
        stations = dict.fromkeys(pathway.state(name).station for name in stop.states)
        queues, waits, full = [], [], np.zeros(len(months), bool)
        for station in filter(None, stations):
            queues.append(medians[self._of(QUEUE(station), "month")[0]])
            waits.append(medians[self._of(SERVED(station), "month")[0]])
            every: Every = "quarter" if self._of(UTILISATION(station), "quarter")[1] else "month"
            places, used = self._of(UTILISATION(station), every)
            most = [usable_share(pathway.station(station), pathway, period) for period in used]
            crowded = {
                period
                for period, share, usable in zip(used, medians[places], most, strict=True)
                if share >= _FULL * (usable or 1.0)
            }
            full |= [Period.at(month.number, every) in crowded for month in months]
        if not queues:
            return {}
        longest = np.fmax.reduce(waits)
        return {"queue": _plain(np.sum(queues, axis=0)), "wait": _plain(longest), "full": full.tolist()}

    @cached_property
    def _places(self) -> dict[tuple[Measure, Every], tuple[list[int], list[Period]]]:
        """Where the periods of each measure stand, in both runs, and which they are."""
        places: dict[tuple[Measure, Every], tuple[list[int], list[Period]]] = {}
        for place, row in enumerate(self.reference.index):
            columns, periods = places.setdefault((row.measure, row.period.every), ([], []))
            columns.append(place)
            periods.append(row.period)
        return places

    def _of(self, measure: Measure, every: Every) -> tuple[list[int], list[Period]]:
        return self._places.get((measure, every), ([], []))


def _months(pathway: Pathway) -> range:
    """Return the whole months of a horizon, in months since the year 0."""
    months = Calendar.of(pathway).periods("month")
    return range(months[0].number, months[-1].number + 1)


def _plain(values: Floats) -> list[float | None]:
    """Return numbers as JSON can have them, with four digits of which the page shows three."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values.tolist()]


def _middle(period: Period) -> float:
    return round((period.first + period.months / 2) / 12, 7 if period.every in FINER else 4)
