"""What a run of several replications leaves behind: the measures of each, and how they were made."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from flowsim.core.arrays import Floats, Ints, defined_quantiles
from flowsim.core.civil_time import parse_moment
from flowsim.core.display import Tabled
from flowsim.core.errors import InputError, is_real, require, require_type, unknown_name, whole_number
from flowsim.core.periods import Period
from flowsim.model.attributes.groups import groups_of
from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.trace import NEVER, Trace
from flowsim.simulation.fork import Fork
from flowsim.simulation.measures.measure import Measure, Row, known_measure

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from flowsim.core.written import MomentLike
    from flowsim.simulation.estimates import Estimates
    from flowsim.simulation.measures.occupancy import Counted

__all__ = ["Results"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Results(Tabled):
    """The measures of every replication of a pathway.

    Attributes:
        pathway: the model that was run, with every edit of its scenario applied; of a varying model that of the first
            replication, whose names are those of all.
        seed: with the replication's number, all that its draws depend on.
        replications: the numbers of the replications, in the order of `values`.
        engine: the name of the engine that ran them.
        fork: the date until before which they share histories; None where there was none.
        index: which measure and period each column of `values` is.
        values: the measures, shape (replications, measures); NaN where one is undefined.
        digests: the SHA-256 of each replication's visits; none where only some measures were computed.
        versions: what made them: flowsim, Python, numpy and so on.
        traces: the whole traces by replication, where they were kept.
        ticks: minutes a tick of each trace, where that is not the pathway's own.
        reached: whether the precision asked for was reached; None where none was.
    """

    pathway: Pathway
    seed: int
    replications: tuple[int, ...]
    engine: str
    fork: Fork | None = None
    index: tuple[Row, ...]
    values: Floats
    digests: tuple[str, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[int, Trace] = field(default_factory=dict)
    ticks: Mapping[int, float] = field(default_factory=dict)
    reached: bool | None = None

    def __repr__(self) -> str:
        many, periods = len(self.replications), [row.period for row in self.index]
        when = ""
        if periods:
            first, after = min(period.first for period in periods), max(period.after for period in periods)
            when = f", {Period.at(int(first), 'month')} to {Period.at(math.ceil(after) - 1, 'month')}"
        return (
            f"<Results of '{self.pathway.name}': {many:,} replication{'s' * (many != 1)}, seed {self.seed}, "
            f"{len(self.measures):,} measure{'s' * (len(self.measures) != 1)}{when}>"
        )

    def __post_init__(self) -> None:
        shape = (len(self.replications), len(self.index))
        if self.values.shape != shape or len(self.digests) not in (0, shape[0]):
            raise ValueError(f"values of shape {self.values.shape} and {len(self.digests)} digests: not {shape}")

    @property
    def visits_sha256(self) -> str:
        """The SHA-256 over the digests of all replications in their order: equal runs have the same.

        Empty where only some measures were computed.
        """
        return "" if not self.digests else hashlib.sha256("\n".join(self.digests).encode()).hexdigest()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures, each once."""
        return tuple(dict.fromkeys(row.measure for row in self.index))

    @cached_property
    def columns(self) -> Mapping[tuple[str, str], int]:
        """The column of `values` of each measure and period."""
        return {row: number for number, row in enumerate(self.index)}

    def select(self, measure: str, period: str | None = None) -> Results:
        """Return the same results with one measure alone, of one period where that is given.

        Raises:
            InputError: for an unknown measure, or a period that it is not reported for, with the nearest one.
        """
        wanted = known_measure(measure, self.measures)
        chosen = self.only(lambda row: row.measure == wanted)
        if period is None:
            return chosen
        periods = [row.period for row in chosen.index]
        period = Period(period) if isinstance(period, int) else period
        if not isinstance(period, str) or period not in periods:
            raise InputError(f"{measure}: {unknown_name('period', period, periods)}")
        return chosen.only(lambda row: row.period == period)

    def between(self, first: str, last: str) -> Results:
        """Return the same results with the periods alone that lie within these two, both included.

        Raises:
            InputError: for what is no period, and where the last one ends before the first begins.
        """
        since, until = Period(first).first, Period(last).after
        if until <= since:
            raise InputError(f"there is no time between '{first}' and '{last}': the first comes after the last")
        return self.only(lambda row: row.period.first >= since and row.period.after <= until)

    def only(self, keep: Callable[[Row], bool]) -> Results:
        """Return the same results with the measures and periods alone for which a condition holds."""
        require(callable(keep), "keep", keep, "a condition, as a function of a row")
        kept = [number for number, row in enumerate(self.index) if keep(row)]
        return replace(self, index=tuple(self.index[n] for n in kept), values=self.values[:, kept])

    def frame(self) -> pd.DataFrame:
        """Return every value in a row of its own: measure, period, unit, replication, value."""
        index = self._index_frame()
        frame = index.loc[np.repeat(np.arange(len(index)), len(self.replications))].reset_index(drop=True)
        frame["replication"] = np.tile(np.array(self.replications, np.int64), len(index))
        frame["value"] = self.values.T.ravel()
        return frame

    def quantiles(self, q: Sequence[float] = (0.05, 0.5, 0.95)) -> pd.DataFrame:
        """Return quantiles over the replications: measure, period, unit, and p05, p50, p95 or as `q` says.

        As `arrays.defined_quantiles` does, over the replications in which the measure is defined: nine in ten lie
        between p05 and p95 from 19 on, and of fewer these are the lowest and the highest; NaN if there are none.

        Raises:
            InputError: for a quantile outside 0 to 1.
        """
        if isinstance(q, str) or not isinstance(q, Iterable):
            raise InputError(f"q: {q!r} is not allowed: it should be quantiles from 0 to 1, such as (0.05, 0.95)")
        q = tuple(q)
        for share in q:
            require_type("q", share, Real, "quantiles from 0 to 1, such as (0.05, 0.95)")
        wrong = [share for share in q if not 0 <= share <= 1]
        if wrong:
            raise InputError(f"there is no quantile {wrong[0]}: it lies between 0 and 1")
        frame = self._index_frame()
        for share, values in zip(q, defined_quantiles(self.values, q), strict=True):
            frame[f"p{'0' if share < 0.1 else ''}{100 * share:.10g}"] = values
        return frame

    def levels(self, error: float = 0.05) -> Estimates:
        """Return what stands for the replications in each column: see `estimates.levels`.

        Raises:
            InputError: for an error that is no probability between 0 and 1.
        """
        require(is_real(error) and 0 < error < 1, "error", error, "a probability between 0 and 1, such as 0.05")
        from flowsim.simulation.estimates import levels

        return levels([row.measure for row in self.index], self.values, error)

    def table(self) -> pd.DataFrame:
        """Return a row a measure and period: its level with a 95 % interval, and quantiles over the replications.

        Columns: measure, period, unit; statistic ("median" or "mean") and level, with low and high (empty where not
        known); p05, p50, p95; the replications in which it is defined, those left out, and of the former those in which
        the queue stands still.
        """
        import pandas as pd

        return pd.DataFrame(self._columns())

    def table_columns(self) -> dict[str, list[Any]]:
        """Return the columns of `table`, for who does without pandas, which takes longer to load than a short run."""
        return {name: np.asarray(values).tolist() for name, values in self._columns().items()}

    def _columns(self) -> dict[str, list[str] | Floats | Ints]:
        levels, quantiles = self.levels(), defined_quantiles(self.values, (0.05, 0.5, 0.95))
        return {
            **self._index_columns(),
            "statistic": [row.measure.kind.statistic for row in self.index],
            **{"level": levels.estimate, "low": levels.low, "high": levels.high},
            **dict(zip(("p05", "p50", "p95"), quantiles, strict=True)),
            **{"defined": levels.defined, "left_out": levels.left_out, "stalled": levels.stalled},
        }

    def to_xarray(self) -> xr.DataTree:
        """Return the values as a tree of labelled arrays, with a group for each kind of period.

        In each a variable is a measure, of dimensions replication and period; a period is its first moment, with its
        text as `label`; NaN where the measure is undefined or not reported. Attributes say how they were made.

        Raises:
            InputError: where xarray is not installed.
        """
        from flowsim.simulation.datasets import as_tree

        return as_tree(self)

    def _index_frame(self) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(self._index_columns())

    def _index_columns(self) -> dict[str, list[str]]:
        # A table holds plain text, whoever writes it to a file.
        return {
            "measure": [str(row.measure) for row in self.index],
            "period": [str(row.period) for row in self.index],
            "unit": [row.unit for row in self.index],
        }

    def visits(self, replication: int) -> pd.DataFrame:
        """Return the visit table of a replication, with names and civil times.

        Where the pathway has attributes, each has a column of its categories. What has not happened is NaT;
        who went nowhere, or waits for nothing, has an empty text.

        Raises:
            InputError: if the traces were not kept.
        """
        import pandas as pd

        trace, pathway = self._trace(replication), self.pathway
        raw = trace.visits
        doors = np.searchsorted(trace.first, raw["citizen"], side="right") - 1
        states = [state.name for state in pathway.states]
        return pd.DataFrame(
            {
                "citizen": raw["citizen"],
                "entry": _named([entry.name for entry in pathway.entries], doors),
                **self._categories(trace),
                "step": raw["step"],
                "state": _named(states, raw["state"]),
                "benefit": _named([state.benefit for state in pathway.states], raw["state"]),
                "station": _named([state.station or "" for state in pathway.states], raw["state"]),
                "visit": raw["visit"],
                **{name: self._civil(raw[name], replication) for name in ("joined", "started", "ended", "since")},
                "next": _named([*states, ""], raw["next"]),
            }
        )

    def _categories(self, trace: Trace) -> dict[str, npt.NDArray[np.object_]]:
        """Return the category of each attribute, row by row of the visits."""
        groups = groups_of(self.pathway) if self.pathway.attributes else []
        of_rows = trace.groups[trace.visits["citizen"]] if groups else trace.groups
        return {
            attribute.name: _named([group[attribute.name] for group in groups], of_rows)
            for attribute in self.pathway.attributes
        }

    def sessions(self, replication: int) -> pd.DataFrame:
        """Return the session log of a replication: time, station, places, taken, waiting.

        Raises:
            InputError: if the traces were not kept.
        """
        import pandas as pd

        raw = self._trace(replication).sessions
        stations = _named([station.name for station in self.pathway.stations], raw["station"])
        counts = {name: raw[name] for name in ("places", "taken", "waiting")}
        return pd.DataFrame({"time": self._civil(raw["time"], replication), "station": stations, **counts})

    def occupancy(self, of: str, counted: Counted = "present", since: MomentLike | None = None) -> pd.DataFrame:
        """Return for how much of the time how many were at a station or in a state.

        Args:
            of: its name.
            counted: who counts: those "waiting", those "served", whose stay is under way, or all "present".
            since: from when on time counts; from the end of the pathway's warm-up where none is given.

        Returns:
            A row for each number from 0 to the most of any replication: number, share of the time (mean over the
            replications), share of the time with that number or more (or_more), and its standard error over them.

        Raises:
            InputError: if the traces were not kept, for an unknown name, and for a `since` outside the horizon.
        """
        import pandas as pd

        from flowsim.simulation.measures.occupancy import time_shares

        try:
            when = None if since is None else parse_moment(since)
        except ValueError as mistake:
            raise InputError(f"since: {mistake}") from None
        own = [
            time_shares(self._trace(r), self.pathway, of, counted, when, self.ticks.get(r)) for r in self.replications
        ]
        table = np.zeros((len(own), max(map(len, own))))
        for row, shares in zip(table, own, strict=True):
            row[: len(shares)] = shares
        or_more = np.cumsum(table[:, ::-1], axis=1)[:, ::-1]
        error = or_more.std(axis=0, ddof=1) / len(own) ** 0.5 if len(own) > 1 else np.full(table.shape[1], np.nan)
        columns = {"number": np.arange(table.shape[1]), "share": table.mean(axis=0), "or_more": or_more.mean(axis=0)}
        return pd.DataFrame(columns | {"or_more_error": error})

    def event_log(self, replication: int) -> pd.DataFrame:
        """Return the visits of a replication as an event log with the columns of XES, citizen by citizen.

        case:concept:name (the citizen), concept:name (the state), time:timestamp, lifecycle:transition ("schedule" on
        joining a queue, "start", "complete"; "suspend" and "resume" where a stay is interrupted), org:resource (a
        server with its number, such as "desk 2", the lowest that is free, held through the states that keep it; of a
        meeting its station), station, benefit.
        Who leaves a queue unserved only joins it.

        Raises:
            InputError: if the traces were not kept.
        """
        from flowsim.simulation.eventlog import as_event_log

        return as_event_log(self.visits(replication), self.pathway)

    def _trace(self, replication: int) -> Trace:
        replication = whole_number("replication", replication)
        if replication not in self.replications:
            raise InputError(unknown_name("replication", str(replication), map(str, self.replications)))
        if replication not in self.traces:
            raise InputError(f"the visits of replication {replication} were not kept: run with keep_traces=True")
        return self.traces[replication]

    def _civil(self, ticks: npt.NDArray[np.int64], replication: int) -> npt.NDArray[np.datetime64]:
        there = ticks != NEVER
        tick = self.ticks.get(replication, self.pathway.tick)
        since = np.rint(np.where(there, ticks, 0) * (tick * 60e6)).astype("timedelta64[us]")
        out: npt.NDArray[np.datetime64] = np.datetime64(self.pathway.start, "us") + since
        out[~there] = np.datetime64("NaT", "us")
        return out


def _named(names: Sequence[str], numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.object_]:
    """Write numbers as names; -1 is the last of the names."""
    return np.array(names, object)[numbers.astype(np.int64)]
