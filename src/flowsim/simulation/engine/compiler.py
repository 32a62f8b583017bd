"""A pathway as arrays: names become numbers, dates become ticks, laws become parameters or tables.

Made once per run in plain Python; the rules in `kernel.py` read nothing else. All times are in ticks.
"""

from __future__ import annotations

import hashlib
import math
from collections import namedtuple
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import numpy as np
from scipy import special

from flowsim.core.arrays import Floats, Ints
from flowsim.core.civil_time import ByDate
from flowsim.core.errors import InputError
from flowsim.core.laws import Distribution, of_moments, weibull_inverse_shape
from flowsim.model.attributes.groups import group_count, groups_of, resolved, shares_at
from flowsim.model.duration import Duration
from flowsim.model.parts import Entry, Exit, Feedback, Party, State, Station
from flowsim.model.pathway import Pathway
from flowsim.model.soundness import reached
from flowsim.model.ticks import whole_ticks

__all__ = [
    "EMPIRICAL",
    "EXPONENTIAL",
    "FIRST",
    "FIRST_BY_RANK",
    "FIXED",
    "GIVEN",
    "LAST",
    "MIXTURE",
    "POISSON",
    "RANDOM",
    "RENEWAL",
    "RESAMPLE",
    "RESUME",
    "SHORTEST",
    "STOCK",
    "TABLE",
    "WEIBULL",
    "Model",
    "compile_pathway",
    "moment_tick",
    "name_key",
    "readable",
    "records",
]

FIXED, EXPONENTIAL, WEIBULL, TABLE, EMPIRICAL, MIXTURE = range(6)
POISSON, RENEWAL, GIVEN, STOCK = range(4)
ORDERS = ("first", "last", "shortest", "random")
FIRST, LAST, SHORTEST, RANDOM, FIRST_BY_RANK = range(5)  # the last one as the first, where stays are interrupted
INTERRUPTIONS = ("finish", "resume", "restart", "resample")
RESUME, RESAMPLE = 1, 3
_MICROSECOND = timedelta(microseconds=1)
_NO_STAY = ByDate[Duration].model_validate("0 minutes")

GRID_EDGE = 40.0
"""The quantile tables run over the logit of the survival probability, from -40 to 40."""
_POINTS, _FINE = 16.0, 64.0
"""Points of a table in one unit of the logit, and of a phase-type law, whose phases may differ much."""


def _table(*fields: str) -> np.dtype[np.void]:
    """Describe a table by its fields: keys are uint64, those marked with a dot floats, all others int64."""
    kinds = {"key": "<u8"}
    return np.dtype([(f.rstrip("."), "<f8" if f.endswith(".") else kinds.get(f, "<i8")) for f in fields])


TABLES: dict[str, np.dtype[np.void]] = {
    # `line`: the queue (station and priority class) it waits in. `loop`: its column in the count of repeated visits.
    "states": _table(
        "key", "station", "benefit", "line", "is_final", "loop", "patience", "reneges_to", "refused_to",
        "is_certain", "stay", "stay_end", "route", "route_end", "exit", "exit_end",
    ),
    # A row a state: what is done before and after the wait. `baulks_to`: -1 where nobody baulks.
    # `joins`: whether she who leaves it goes to where the fewest are.
    "queuing": _table("baulk", "baulk_end", "baulks_to", "blocks", "keep", "keep_end", "joins"),
    # A server that is held in a state, besides that of its own station.
    "keeps": _table("station"),
    # From how many who wait on, how probable it is.
    "baulks": _table("waiting", "share."),
    "stays": _table("since", "law"),
    "routes": _table("since", "share"),
    "shares": _table("upto.", "to"),
    # `law`: of an exit that comes after a duration; -1 for a hazard, which is never greater than `greatest`.
    "exits": _table("key", "to", "law", "hazard", "hazard_end", "spent", "spent_end", "greatest."),
    "hazards": _table("since.", "rate."),
    "spents": _table("since.", "factor."),
    # `a`: length, mean or scale; `b`: 1 / shape of a Weibull law.
    "laws": _table("kind", "a.", "b.", "point", "point_end"),
    # Table: log of the quantile and its rise to the next point by the slope there; `b` of the law is the points in a
    # unit of the logit. Empirical: a value and the probability of more.
    # Mixture: shares summed up, and the number of the law of each.
    "points": _table("x.", "y."),
    # `law`: between the arrivals of a renewal stream, or elapsed in a stock.
    # `trait`: what she is drawn for each attribute, where the pathway has any.
    # `batch`: the laws of how many come at an arrival, by date; none where one does.
    "entries": _table(
        "key", "kind", "to", "law", "count", "waiting", "step", "step_end", "trait", "trait_end", "batch", "batch_end",
    ),
    # Since when which shares, each with the size of a batch.
    "batches": _table("since", "share"),
    # Shares of categories, each with how far its states lie from those of the first one.
    "traits": _table("key", "share"),
    # Poisson: since when which rate; given times: when; of each in a stock: what has elapsed, and on the benefit.
    "steps": _table("since.", "rate."),
    # A row a queue. `spare`: how many servers, or places, are kept free from it.
    "queues": _table("spare"),
    # `interrupts`: what becomes of a stay that is interrupted, one of INTERRUPTIONS, whichever of the two causes it.
    # `together`: how many stays begin at once, with one length for all.
    "stations": _table(
        "is_meeting", "room", "line", "line_end", "answers", "order", "preempts", "on_cut", "interrupts", "together",
    ),
    # Capacities of servers, and meetings (capacity -1), by time and station.
    # `feedback`: the rule by which the places follow the wait, -1: none. `observed`: the change of the same station at
    # which that wait was, a lag ago; -1: there was none yet.
    "changes": _table("time", "station", "capacity", "bound", "bound_end", "feedback", "observed"),
    "feedbacks": _table("goal.", "gain.", "least.", "most.", "limit."),
    # What a party allows at a meeting: `amount` places, or `amount` ticks of work at `case` ticks a case.
    "bounds": _table("party", "amount.", "case.", "follow", "follow_end"),
    "follows": _table("state", "ticks."),
}  # fmt: skip
"""The tables of a model. `x` and `x_end` bound the rows that belong to a row; -1 stands for none."""
StructuredTable = Any  # a structured array of one of the TABLES


class Model(NamedTuple):
    """A pathway as tables of records, described by `TABLES`; all times in ticks.

    `blocking`, `keeping` and `interrupting` tell whether any state blocks or joins the shortest queue, so that citizens
    stay on where their stay has ended; whether any keeps servers; and whether any station interrupts stays. With
    attributes the states stand there once for each group of citizens, group by group, `plain` of them a group.
    """

    plain: int
    horizon: int
    lines: int
    loops: int  # columns of the counts of visits
    parties: int
    blocking: int
    keeping: int
    interrupting: int
    states: StructuredTable
    queuing: StructuredTable
    keeps: StructuredTable
    baulks: StructuredTable
    stays: StructuredTable
    routes: StructuredTable
    shares: StructuredTable
    exits: StructuredTable
    hazards: StructuredTable
    spents: StructuredTable
    laws: StructuredTable
    points: StructuredTable
    entries: StructuredTable
    batches: StructuredTable
    traits: StructuredTable
    steps: StructuredTable
    queues: StructuredTable
    stations: StructuredTable
    changes: StructuredTable
    feedbacks: StructuredTable
    bounds: StructuredTable
    follows: StructuredTable


def _as_table(name: str, *columns: Any) -> StructuredTable:
    table = np.empty(len(columns[0]), TABLES[name])
    for field, column in zip(table.dtype.names, columns, strict=True):  # type: ignore[arg-type]
        table[field] = column
    return table


class _Meetings(NamedTuple):
    """When a station meets: civil times, microseconds since the start, and ticks."""

    moments: tuple[datetime, ...]
    since_start: Ints
    ticks: Ints


# Pathways that differ in numbers share their calendar.
@lru_cache(maxsize=32)
def _meeting_times(calendar: tuple[Any, ...], start: datetime, end: datetime, tick: float) -> _Meetings:
    weekdays, at, holidays, meets, closed = calendar
    station = Station(name="any", weekdays=weekdays, at=at, holidays=holidays, meets=meets, closed=closed, places=0.0)
    moments = tuple(station.meetings(start, end))
    length = timedelta(minutes=tick)
    return _Meetings(
        moments=moments,
        since_start=np.array([(moment - start) // _MICROSECOND for moment in moments], np.int64),
        ticks=np.array([math.floor((moment - start) / length + 0.5) for moment in moments], np.int64),
    )


@lru_cache(maxsize=1 << 14)
def name_key(name: str) -> int:
    """Return the 64-bit address of a name: it depends on the name alone, never on its position."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def moment_tick(pathway: Pathway, when: datetime) -> int:
    """Return the tick of a moment; moments long before the start are clipped to a tick far back."""
    if when == datetime.min:
        return -(2**53)
    return math.floor((when - pathway.start) / timedelta(minutes=pathway.tick) + 0.5)


def compile_pathway(pathway: Pathway) -> Model:
    """Return the arrays of a pathway.

    Raises:
        InputError: where the horizon has more ticks than a key can hold, or two names share an address.
    """
    return Compiler(pathway).model()


_LawRow = tuple[int, float, float, Floats]
"""The kind of a law, its two parameters, and its points, shape (points, 2)."""


def law_rows(law: Duration, tick: float) -> list[tuple[float, _LawRow]]:
    """Return the rows of the laws that a law, which is no mixture, is made of, and their shares."""
    none = np.empty((0, 2))
    mean = law.mean_minutes / tick
    if law.law == "fixed":
        return [(1.0, (FIXED, float(_on_ticks(mean)), 0.0, none))]
    if law.law == "empirical":
        values = _on_ticks(np.array(law.values) / tick)
        order = np.argsort(values, kind="stable")
        weights = np.array(law.weights or (1.0,) * len(values))[order]
        more = np.cumsum(weights[::-1])[::-1] - weights
        return [(1.0, (EMPIRICAL, mean, 0.0, np.column_stack([values[order], more / weights.sum()])))]
    if law.law == "exponential" and not law.shift:
        return [(1.0, (EXPONENTIAL, mean, 0.0, none))]
    if law.law == "weibull" and not law.shift:
        assert law.cv is not None
        inverse = _to_40_bits(weibull_inverse_shape(law.cv))
        return [(1.0, (WEIBULL, mean / _to_40_bits(math.gamma(1 + inverse)), inverse, none))]
    if law.law in ("gamma", "lognormal") and not law.shift:
        assert law.cv is not None
        shift = np.array([_to_40_bits(math.log(mean)), 0.0])
        return [(1.0, (TABLE, mean, _POINTS, _table_of_moments(law.law, law.cv) + shift))]
    in_ticks = np.array([-_to_40_bits(math.log(tick)), 0.0])
    fineness = _FINE if law.phases else _POINTS
    return [(share, (TABLE, mean, fineness, points + in_ticks)) for share, points in _tables_of(law, fineness)]


def _on_ticks(times: float | Floats) -> Floats:
    """Return times as whole ticks where they are but for rounding: 31,663 seconds, in minutes, are 31,663.000000000004.

    A patience that ends at a tick exactly, and one that is rounded down to it, are not the same.
    """
    whole = np.rint(times)
    return np.where(np.abs(times - whole) <= 1e-14 * np.abs(whole), whole, times)


# Pathways that differ in numbers, as draws of uncertain parameters, mostly keep their laws' shapes.
@lru_cache(maxsize=64)
def _table_of_moments(law: str, cv: float) -> Floats:
    """Tabulate a law of mean 1."""
    return _quantile_table(of_moments(law, 1.0, cv), 0.0, 1.0, _POINTS)


@lru_cache(maxsize=64)
def _tables_of(law: Duration, fineness: float) -> list[tuple[float, Floats]]:
    """Tabulate the pieces of a law, in minutes, and return them with their shares."""
    return [
        (share, _quantile_table(piece, law.shift or 0.0, law.mean_minutes, fineness)) for share, piece in law.pieces()
    ]


def _quantile_table(law: Distribution, shift: float, mean: float, fineness: float) -> Floats:
    """Tabulate a law over the logit of the survival: log quantile, and its rise to the next point by the slope here.

    On this scale both tails of the gamma and lognormal laws are nearly straight, so the relative error stays
    near 1e-8 throughout.
    """
    y = np.arange(-GRID_EDGE * fineness, GRID_EDGE * fineness + 1) / fineness
    below, above = special.expit(y), special.expit(-y)
    x = np.where(y < 0, law.frozen.ppf(below), law.frozen.isf(above))
    # Less than e^-60 of the mean is no time at all; there the table lies flat.
    floor = mean * math.exp(-60)
    flat = ~(x > floor)
    x = np.where(flat, floor, x)
    slope = np.exp(np.log(below) + np.log(above) - law.frozen.logpdf(x) - np.log(x))
    slope = np.where(flat, 0.0, slope) * x / (shift + x)
    return np.column_stack([_to_40_bits(np.log(shift + x)), _to_40_bits(slope / fineness)])


def _to_40_bits(x: Any) -> Any:
    """Round to 40 bits what comes from SciPy or the C library, whose last bits differ from one machine to the next.

    A difference of d units in the last place survives with a probability of d / 8192. A law's table has 2,562 such
    numbers; where one differs, it is by 1e-12, and moves one draw in a million or so by a tick.
    """
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.rint(mantissa * 2.0**40) / 2.0**40, exponent)


_Tables = TypeVar("_Tables", bound=tuple[Any, ...])


def records(tables: _Tables) -> _Tables:
    """Return the same tables for Python to read by attribute, `states[3].key`, as compiled code does.

    Compiled code takes them plain, for numba recognises a plain array much sooner than a subclass of it.
    """
    return type(tables)(
        *(t.view(np.recarray) if getattr(getattr(t, "dtype", None), "names", None) else t for t in tables)
    )


def readable(model: Model) -> Model:
    """Return a model whose tables are lists of named rows: the quickest to read from Python, row by row."""
    return Model(*map(_named_rows, model))


def _named_rows(table: Any) -> Any:
    names = getattr(getattr(table, "dtype", None), "names", None)
    if not names:
        return table
    named: Any = namedtuple("Row", names)  # type: ignore[misc]
    return [named(*row) for row in table.tolist()]


class Compiler:
    """Fills the tables, row by row."""

    def __init__(self, pathway: Pathway) -> None:
        self.pathway = pathway
        self.number = {state.name: i for i, state in enumerate(pathway.states)}
        self.benefit_number = {benefit: i for i, benefit in enumerate(pathway.benefits)}
        self.station_number = {station.name: i for i, station in enumerate(pathway.stations)}
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        self.arrays: dict[str, StructuredTable] = {}  # tables that are filled at once
        self.points: list[Floats] = []
        self.law_number: dict[Duration, int] = {}
        self.bound_moments: list[datetime] = []
        self.horizon = moment_tick(pathway, pathway.end)
        _distinct("state", [state.name for state in pathway.states])
        _distinct("entry", [entry.name for entry in pathway.entries])
        _distinct("attribute", [attribute.name for attribute in pathway.attributes])
        if self.horizon >= 2**52:
            raise InputError(f"pathway.tick: {self.horizon:.3g} ticks to the horizon are too many: set a longer tick")

    def model(self) -> Model:
        groups = [resolved(self.pathway, group) for group in groups_of(self.pathway)]
        lines = self._stations(groups)
        loops = self._loops()
        for number, states in enumerate(groups):
            # Its ways lead to the states of the same group; states keep the address of their luck.
            self.number = {state.name: number * len(states) + i for i, state in enumerate(states)}
            for state in states:
                self._state(state, lines, loops.get(state.name, -1))
        self.number = {state.name: i for i, state in enumerate(self.pathway.states)}
        for entry in self.pathway.entries:
            self._entry(entry)
        parties = self._changes()
        self.arrays["points"] = _as_table("points", *np.concatenate([np.empty((0, 2)), *self.points]).T)
        tables = {name: self.arrays.get(name, np.array(self.rows[name], dtype)) for name, dtype in TABLES.items()}
        states = self.pathway.states
        return Model(
            plain=len(states),
            horizon=self.horizon,
            lines=len(lines),
            loops=_columns(len(loops)),
            parties=parties,
            blocking=int(any(state.blocks or state.joins for state in states)),
            keeping=int(any(state.keeps for state in states)),
            interrupting=int(any(station.interrupts for station in self.pathway.stations)),
            **tables,
        )

    def _add(self, table: str, *row: Any) -> int:
        self.rows[table].append(row)
        return len(self.rows[table])

    def _end(self, table: str) -> int:
        return len(self.rows[table])

    def _steps(self, value: ByDate[Any]) -> list[tuple[int, Any]]:
        return [(moment_tick(self.pathway, when), told) for when, told in value.root]

    def _law(self, law: Duration | None) -> int:
        if law is None:
            return -1
        if law not in self.law_number:
            parts = self._law_parts(law)
            if len(parts) == 1:
                self.law_number[law] = parts[0][1]
            else:
                shares, numbers = zip(*parts, strict=True)
                upto = np.cumsum(shares)
                upto[-1] = 1.0  # the last one takes what rounding leaves over
                row = MIXTURE, law.mean_minutes / self.pathway.tick, 0.0, np.column_stack([upto, numbers])
                self.law_number[law] = self._law_row(row)
        return self.law_number[law]

    def _law_parts(self, law: Duration) -> list[tuple[float, int]]:
        """Return the numbers of the laws that a law is made of, and their shares."""
        if law.law != "mixture":
            return [(share, self._law_row(row)) for share, row in law_rows(law, self.pathway.tick)]
        shared = [(share, part) for share, part in zip(law.shares(), law.of, strict=True) if share > 0]
        return [(share * within, number) for share, part in shared for within, number in self._law_parts(part)]

    def _law_row(self, row: _LawRow) -> int:
        kind, a, b, points = row
        first = sum(map(len, self.points))
        self.points.append(points)
        return self._add("laws", kind, a, b, first, first + len(points)) - 1

    def _stations(self, groups: list[tuple[State, ...]]) -> dict[tuple[str, int], int]:
        """Return numbers of the queues: one for each priority that states have at a station, the best first."""
        lines: dict[tuple[str, int], int] = {}
        for station in self.pathway.stations:
            first = len(lines)
            of_station = {s.priority for states in groups for s in states if s.station == station.name}
            for priority in sorted(of_station):
                lines[station.name, priority] = len(lines)
                self._add("queues", dict(station.reserved).get(priority, 0))
            room = -1 if station.room is None else station.room
            order = ORDERS.index(station.order)
            if station.interrupts and order == FIRST:
                order = FIRST_BY_RANK
            causes = [INTERRUPTIONS.index(kind or "finish") for kind in (station.preempts, station.on_cut)]
            self._add(
                "stations",
                *(station.is_meeting, room, first, len(lines), bool(rules_of(station)), order, *causes, max(causes)),
                station.together,
            )
        return lines

    def _loops(self) -> dict[str, int]:
        """Return a column for each state that a citizen can visit twice."""
        return _looping(tuple((state.name, state.targets) for state in self.pathway.states))

    def _state(self, state: State, lines: dict[tuple[str, int], int], loop: int) -> None:
        stay, route, exit_ = self._end("stays"), self._end("routes"), self._end("exits")
        if state.to is not None:
            for tick, law in self._steps(state.stay or _NO_STAY):
                self._add("stays", tick, self._law(law))
            for tick, shares in self._steps(state.to):
                self._add("routes", tick, self._end("shares"))
                taken = [(name, share) for name, share in shares if share > 0]
                for (name, _), upto in zip(taken, summed_up([share for _, share in taken]), strict=True):
                    self._add("shares", upto, self.number[name])
        for competing, key in zip(state.race, _exit_keys(state), strict=True):
            self._exit(competing, key)
        self._add(
            "states",
            name_key(state.name),
            self.station_number[state.station] if state.station else -1,
            self.benefit_number[state.benefit],
            lines[state.station, state.priority] if state.station else -1,
            state.final,
            loop,
            self._law(state.patience),
            self.number[state.reneges_to] if state.reneges_to else -1,
            self.number[state.refused_to] if state.refused_to else -1,
            _is_certain(state),
            *(stay, self._end("stays"), route, self._end("routes"), exit_, self._end("exits")),
        )

        baulk = self._end("baulks")
        for waiting, share in state.baulks:
            self._add("baulks", waiting, share)
        baulks_to = self.number[state.baulks_to] if state.baulks_to else -1
        keep = self._end("keeps")
        for name in state.keeps:
            self._add("keeps", self.station_number[name])
        joins = state.joins is not None
        self._add("queuing", baulk, self._end("baulks"), baulks_to, state.blocks, keep, self._end("keeps"), joins)

    def _exit(self, exit_: Exit, key: int) -> None:
        hazard, spent = self._end("hazards"), self._end("spents")
        greatest = math.inf
        if exit_.rate:
            rates, factors = hazards_of(exit_.rate.values, self.pathway.tick), spents_of(exit_, self.pathway.tick)
            for (when, _), rate in zip(self._steps(exit_.rate), rates, strict=True):
                self._add("hazards", when, rate)
            for row in factors:
                self._add("spents", *row)
            greatest = greatest_of(rates, factors)
        bounds = (hazard, self._end("hazards"), spent, self._end("spents"))
        self._add("exits", key, self.number[exit_.to], self._law(exit_.after), *bounds, greatest)

    def _entry(self, entry: Entry) -> None:
        first, tick = self._end("steps"), self.pathway.tick
        if entry.rate is not None:
            kind = POISSON
            planned = entry.planned(self.pathway.start, self.pathway.end)
            assert planned is not None  # as there is a rate
            for (when, _), rate in zip(self._steps(planned), hazards_of(planned.values, tick), strict=True):
                self._add("steps", max(when, 0), rate)
        elif entry.every is not None:
            kind = RENEWAL
        elif entry.at:
            kind = GIVEN
            for moment in sorted(entry.at):
                self._add("steps", moment_tick(self.pathway, moment), 0.0)
        else:
            kind = STOCK
            for elapsed, spent in zip(entry.elapsed_each, entry.spent_each or entry.elapsed_each, strict=True):
                self._add("steps", elapsed / tick, spent / tick)
        law = self._law(entry.every or entry.elapsed)
        numbers = (kind, self.number[entry.to], law, entry.count or 0, entry.waiting)
        steps, trait, batch = (first, self._end("steps")), self._end("traits"), self._end("batches")
        self._traits(entry)
        for tick_of_step, law in self._steps(entry.batch) if entry.batch is not None else ():
            self._add("batches", tick_of_step, self._end("shares"))
            sizes, shares = zip(*law.shares(), strict=True)
            for size, upto in zip(sizes, summed_up(shares), strict=True):
                self._add("shares", upto, size)
        traits, batches = (trait, self._end("traits")), (batch, self._end("batches"))
        self._add("entries", name_key(entry.name), *numbers, *steps, *traits, *batches)

    def _traits(self, entry: Entry) -> None:
        groups = group_count(self.pathway)
        for attribute, shares in zip(self.pathway.attributes, shares_at(self.pathway, entry), strict=True):
            groups //= len(shares)  # of which each category of this attribute has so many
            self._add("traits", name_key(attribute.name), self._end("shares"))
            taken = [category for category, share in enumerate(shares) if share > 0]
            for category, upto in zip(taken, summed_up([shares[c] for c in taken]), strict=True):
                self._add("shares", upto, category * groups * len(self.pathway.states))

    def _changes(self) -> int:
        """List capacities and meetings in the order in which they come; return how many parties there are."""
        pathway = self.pathway
        of_meetings = [station.bounds if station.is_meeting else () for station in pathway.stations]
        first_party = np.cumsum([0, *map(len, of_meetings)])
        # Of each station an array, its rows: tick, station, capacity, and the step of what bounds its places.
        pieces: list[Ints] = []
        moments: list[tuple[datetime, ...]] = []
        for k, station in enumerate(pathway.stations):
            capacity = station.planned(pathway.start, pathway.end)
            if capacity is not None:
                # Of several steps that lie before the start, the last one holds.
                latest = {max(tick, 0): value for tick, value in self._steps(capacity)}
                for moment in _reviews(station, pathway.start, pathway.end):
                    latest[moment_tick(pathway, moment)] = capacity.at(moment)
                steps = [(tick, k, value, -1) for tick, value in sorted(latest.items()) if tick < self.horizon]
                pieces.append(np.array(steps, np.int64).reshape(-1, 4).T)
                moments.append((pathway.start,) * len(steps))
            else:
                calendar = (station.weekdays, station.at, station.holidays, station.meets, station.closed)
                times = _meeting_times(calendar, pathway.start, pathway.end, pathway.tick)
                since = [(when - pathway.start) // _MICROSECOND for when in _steps_of(of_meetings[k])]
                step = np.searchsorted(np.array(since, np.int64), times.since_start, side="right")
                same = np.full(len(step), k), np.full(len(step), -1)
                pieces.append(np.array([times.ticks, *same, step], np.int64))
                moments.append(times.moments)
        if not pieces:
            return 0
        ticks, stations, capacities, steps_in_force = np.concatenate(pieces, axis=1)
        in_order = np.lexsort((stations, ticks))
        # Meetings between two steps share the rows of their bounds, which come in the order of the first of them.
        key = (stations * (steps_in_force.max(initial=0) + 2) + steps_in_force + 1)[in_order]
        _, firsts, shared = np.unique(key, return_index=True, return_inverse=True)
        bounds = np.empty((len(firsts), 2), np.int64)
        all_moments = [moment for part in moments for moment in part]
        for group in np.argsort(firsts, kind="stable").tolist():
            change = int(in_order[firsts[group]])
            k, begin = int(stations[change]), self._end("bounds")
            for i, bound in enumerate(of_meetings[k]):
                self._bound(bound, int(first_party[k]) + i, all_moments[change])
            bounds[group] = begin, self._end("bounds")
        rules = self._feedbacks(ticks[in_order], stations[in_order])
        columns = (ticks[in_order], stations[in_order], capacities[in_order], *bounds[shared].T, *rules)
        self.arrays["changes"] = _as_table("changes", *columns)
        return int(first_party[-1])

    def _feedbacks(self, ticks: Ints, stations: Ints) -> tuple[Ints, Ints]:
        """Return of each change the rule of its station then, and the change at which the wait was that it answers."""
        feedback, observed = np.full((2, len(ticks)), -1)
        for k, station in enumerate(self.pathway.stations):
            own = np.flatnonzero(stations == k)
            for since, until, rule in rules_of(station):
                begin, end = moment_tick(self.pathway, since), moment_tick(self.pathway, until)
                row = self._add("feedbacks", *feedback_of(rule, self.pathway.tick))
                held = own[(ticks[own] >= begin) & (ticks[own] < end)]
                back = whole_ticks(rule.lag, self.pathway.tick)
                place = np.searchsorted(ticks[own], ticks[held] - back, side="right") - 1
                feedback[held] = row - 1
                observed[held] = np.where(place >= 0, own[place], -1)
        return feedback, observed

    def _bound(self, bound: Party, party: int, at: datetime) -> None:
        tick, follow = self.pathway.tick, self._end("follows")
        base, case = amounts_of(bound, at, tick)
        for name, span in bound.follow_up:
            for group in range(group_count(self.pathway)):
                state = group * len(self.pathway.states) + self.number[name]
                self._add("follows", state, span.at(at) / tick)
        self._add("bounds", party, base, case, follow, self._end("follows"))
        self.bound_moments.append(at)


@lru_cache(maxsize=32)
def _looping(ways: tuple[tuple[str, frozenset[str]], ...]) -> dict[str, int]:
    arrows: dict[str, set[str]] = {name: set(targets) for name, targets in ways}
    return {name: column for column, name in enumerate(n for n in arrows if n in reached(arrows[n], arrows))}


def _columns(loops: int) -> int:
    """Return how many columns of a byte keep those of a citizen in one cache line, or in as few as can be."""
    return 1 << (loops - 1).bit_length() if 1 <= loops <= 64 else -(-loops // 64) * 64


def rules_of(station: Station) -> list[tuple[datetime, datetime, Feedback]]:
    """Return the rules by which a station answers its wait, each from when until when; one of no gain is none."""
    steps = station.answers.root if station.answers else ()
    ends = (*(when for when, _ in steps[1:]), datetime.max)
    return [(since, until, rule) for (since, rule), until in zip(steps, ends, strict=False) if rule and rule.gain > 0]


def feedback_of(rule: Feedback, tick: float) -> tuple[float, ...]:
    """Return the row of a rule: the wait that it aims at, its gain, its bounds, and its limit."""
    return rule.wait / tick, rule.gain, rule.least, rule.most, math.inf if rule.limit is None else rule.limit


def _reviews(station: Station, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield when servers are reviewed, and when no rule holds any more."""
    for since, until, rule in rules_of(station):
        moment = max(since, start)
        while moment < min(until, end):
            yield moment
            assert rule.every is not None  # as a station of servers checks
            moment += timedelta(minutes=rule.every)
        if start <= until < end:
            yield until


def _steps_of(bounds: Iterable[Party]) -> list[datetime]:
    """Return the moments at which anything changes that bounds a meeting's places."""
    values: list[ByDate[Any] | None] = []
    for bound in bounds:
        values += [bound.places, bound.staff, bound.hours, bound.hours_a_case, *(span for _, span in bound.follow_up)]
    return sorted({when for by_date in values if by_date is not None for when, _ in by_date.root})


def _is_certain(state: State) -> bool:
    """Return whether nothing is drawn at a stay: its length and the way out are fixed."""
    if state.to is None:
        return False
    lengths = state.stay.values if state.stay else ()
    return all(law.law == "fixed" for law in lengths) and all(
        sum(share > 0 for _, share in shares) == 1 for shares in state.to.values
    )


def summed_up(shares: Sequence[float]) -> list[float]:
    """Return the running sums of shares; the last one takes what rounding leaves over."""
    return [*accumulate(shares[:-1]), 1.0]


def hazards_of(rates: Iterable[float], tick: float) -> list[float]:
    """Return rates a tick."""
    return [rate * tick for rate in rates]


def spents_of(exit_: Exit, tick: float) -> list[tuple[float, float]]:
    """Return the rows of the factors by time spent."""
    return [(span / tick, factor) for span, factor in exit_.by_time_spent or ((0.0, 1.0),)]


def greatest_of(hazards: Sequence[float], spents: Sequence[tuple[float, float]]) -> float:
    """Return what a hazard never exceeds."""
    return max(hazards) * max(factor for _, factor in spents)


def amounts_of(bound: Party, at: datetime, tick: float) -> tuple[float, float]:
    """Return what a party allows at a meeting: places and 0, or ticks of work and ticks a case."""
    if bound.staff is not None and bound.hours is not None and bound.hours_a_case is not None:
        return bound.staff.at(at) * bound.hours.at(at) / tick, bound.hours_a_case.at(at) / tick
    return (bound.places.at(at) if bound.places is not None else 0.0), 0.0


def _exit_keys(state: State) -> list[int]:
    # Purpose 0 is the block of stay, patience and route, so an exit's purpose is never 0.
    keys = [name_key(exit_.name) % (2**32 - 1) + 1 for exit_ in state.race]
    if len(set(keys)) != len(keys):
        raise InputError(f"states.{state.name}.race: two exits share a random address: rename one")
    return keys


def _distinct(what: str, names: Sequence[str]) -> None:
    keys = [name_key(name) for name in names]
    # Key 0 in a state's place is the address of an arrival.
    if len(set(keys)) != len(keys) or 0 in keys:
        raise InputError(f"pathway: two names of {what} share a random address: rename one")
