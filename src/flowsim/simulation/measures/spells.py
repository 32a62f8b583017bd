"""What became of citizens: clocks that are watched, the time to an outcome, the status after a benefit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from flowsim.core.arrays import Bools, Floats, Ints, ratio
from flowsim.core.civil_time import MINUTES
from flowsim.core.periods import BY_QUARTER_AND_YEAR, Every
from flowsim.model.parts import Clock, Followup
from flowsim.simulation.measures.measure import Kind
from flowsim.simulation.measures.timeline import DatedTrace, MeasureSeries

__all__ = [
    "CLOCK_ENDED",
    "CLOCK_MEAN",
    "CLOCK_MEDIAN",
    "CLOCK_OPEN",
    "CLOCK_OVERDUE",
    "CLOCK_WITHIN",
    "ENDED",
    "SENIORITY",
    "STATUS",
    "TIME_TO",
    "TIME_TO_MEDIAN",
    "Runs",
    "Spells",
    "clock_runs",
    "clocks",
    "counted_span",
    "followups",
    "seniorities",
    "span_name",
    "spells_of",
    "times_to_outcome",
]

CLOCK_ENDED = Kind(name="clock", of=("clock",), reading="ended", unit="cases", every=BY_QUARTER_AND_YEAR, adds="sum")
CLOCK_WITHIN = Kind(
    name="clock",
    of=("clock",),
    reading="within",
    unit="share",
    every=BY_QUARTER_AND_YEAR,
    adds="weighted",
    weight=CLOCK_ENDED,
)
CLOCK_MEAN = Kind(
    name="clock",
    of=("clock",),
    reading="mean",
    unit="weeks",
    every=BY_QUARTER_AND_YEAR,
    adds="weighted",
    weight=CLOCK_ENDED,
)
CLOCK_MEDIAN = Kind(name="clock", of=("clock",), reading="median", unit="weeks", every=("quarter",))
CLOCK_OPEN = Kind(name="clock", of=("clock",), reading="open", unit="cases", every=BY_QUARTER_AND_YEAR, adds="last")
CLOCK_OVERDUE = Kind(
    name="clock", of=("clock",), reading="open_overdue", unit="cases", every=BY_QUARTER_AND_YEAR, adds="last"
)
TIME_TO = Kind(name="time_to", of=("state",), unit="years", every=("year",), finer=False)
TIME_TO_MEDIAN = Kind(name="time_to", of=("state",), reading="median", unit="years", every=("year",), finer=False)
ENDED = Kind(
    name="ended", of=("followup",), unit="spells", every=BY_QUARTER_AND_YEAR, finer=False, adds="sum", ahead=True
)
STATUS = Kind(
    name="status",
    of=("followup", "span", "status"),
    unit="per cent",
    every=BY_QUARTER_AND_YEAR,
    finer=False,
    ahead=True,
)
SENIORITY = Kind(
    name="seniority", of=("seniority", "span"), unit="citizens", every=BY_QUARTER_AND_YEAR, finer=False, adds="last"
)


class Runs(NamedTuple):
    """Runs of a clock, one row a run, ordered by citizen and time.

    `begun` may be negative; `stopped` is LATER while it runs; `ended` is False for an abandoned run.
    """

    begun: Ints
    stopped: Ints
    ended: Bools


def clock_runs(dated: DatedTrace) -> list[Runs]:
    """Follow the clocks of the pathway through every citizen's visits.

    One begins when a stay in a state of `begins` starts (or is joined, as `begins_at` says), and ends at her
    next entering of a state of `ends` (or when a stay there starts, as `ends_at` says); beginning again before that
    changes nothing. It can run several times.
    Entering a state of `abandons`, or a final one that is not among `ends`, abandons the run: it stops, and counts
    as open until then only. Who was already beyond `begins` when the horizon started never has the clock begun, for its
    beginning is not known.
    """
    watched, names = dated.pathway.clocks, [state.name for state in dated.pathway.states]
    final = np.array([state.final for state in dated.pathway.states])
    begins, ends, abandons = (
        np.array([np.isin(names, getattr(clock, key)) for clock in watched]) for key in ("begins", "ends", "abandons")
    )
    begins_at, ends_at = (
        np.array([getattr(clock, key) == "started" for clock in watched]) for key in ("begins_at", "ends_at")
    )
    stops = abandons | (final & ~ends)
    count, *columns = dated.passes.clock_runs(dated.trace.visits, begins_at, ends_at, begins, ends, stops)
    own = [Runs(*(column[number, :many] for column in columns)) for number, many in enumerate(count)]
    if dated.gone is None:
        return own
    gone = dict(zip(dated.gone.pathway.clocks, dated.gone.remembered(clock_runs), strict=True))
    both = ((gone[clock], runs) for clock, runs in zip(watched, own, strict=True))
    return [Runs(*(np.concatenate(columns) for columns in zip(*pair, strict=True))) for pair in both]


def clocks(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return, by quarter and year, how long each clock had run when it ended, and which still run.

    "De 23 uger starter, når borgerens sagsbehandler starter med at udarbejde den forberedende plan og
    slutter, når der er truffet en afgørelse" (svar-2018-10). Whether the share is of those decided or of
    those begun is not stated: here it is of those ended in the period, and as that flatters a growing queue,
    the open ones stand beside it. `clock.<name>.ended`: runs that ended, cases. `.within`: the share of them
    that took at most the limit. `.mean` and `.median`: how long they took, weeks or the pathway's `time_unit`.
    `.open`: begun and not stopped at the period's end, cases; `.open_overdue`: those of them that have run for
    longer than the limit. NaN where a share or a mean is of nobody.
    """
    if dated.pathway.clocks:
        for clock, runs in zip(dated.pathway.clocks, clock_runs(dated), strict=True):
            yield from _clock(dated, clock, runs)


def _clock(dated: DatedTrace, clock: Clock, runs: Runs) -> Iterator[MeasureSeries]:
    calendar, limit = dated.calendar, dated.calendar.ticks(clock.limit)
    (month, took), counts, total = dated.passes.clock_counts(*runs, limit, calendar.cells, len(calendar.edges) + 1)
    # A cell holds what happened between two edges, the last one what comes after the horizon: summed up along the edges
    # they are what had happened by each.
    ended, within, begun, stopped, late, stopped_late = np.cumsum(counts[:, :-1], axis=1)
    total = np.cumsum(total[:-1])
    mean_measure, unit = dated.spans(CLOCK_MEAN, clock.name)
    for every in calendar.lengths(CLOCK_ENDED):
        cases = calendar.during(ended, every)
        for measure, values in (
            (CLOCK_ENDED(clock.name), cases),
            (CLOCK_WITHIN(clock.name), ratio(calendar.during(within, every), cases)),
            (mean_measure, ratio(calendar.during(total, every), cases) / unit),
        ):
            yield MeasureSeries(measure=measure, every=every, values=values)
    median_measure, unit = dated.spans(CLOCK_MEDIAN, clock.name)
    for every in calendar.lengths(CLOCK_MEDIAN) if dated.asks(median_measure) else ():
        number = calendar.number(month, every)
        median = _medians(dated, number[number >= 0], took[number >= 0], len(calendar.periods(every)))
        yield MeasureSeries(measure=median_measure, every=every, values=median / unit)
    yield from dated.at_ends(CLOCK_OPEN(clock.name), begun - stopped)
    yield from dated.at_ends(CLOCK_OVERDUE(clock.name), late - stopped_late)


def _before(dated: DatedTrace, month: Ints) -> Ints:
    out: Ints = dated.before(month, np.zeros(len(month), np.int64), 1)[0]
    return out


def _medians(dated: DatedTrace, group: Ints, values: Ints, groups: int) -> Floats:
    """Return the median of each group's values (halfway between the middle two), NaN where it has none."""
    inside, counts, offsets = dated.passes.sorted_within(group, values, groups)
    median = np.full(groups, np.nan)
    some = counts > 0
    low, high = offsets[some] + (counts[some] - 1) // 2, offsets[some] + counts[some] // 2
    # Halved before they are added: two ticks near the largest integer would overflow.
    median[some] = inside[low] / 2 + inside[high] / 2
    return median


def times_to_outcome(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return how long citizens had lived on the benefit that they came from when an outcome was awarded.

    `time_to.<state>`: the mean, and `time_to.<state>.median`, years (of 365.25 days) or the pathway's `time_unit`,
    yearly, among those who entered the state in the year, from the start of the benefit spell that they left; NaN
    where nobody did.
    Who enters the pathway in the outcome itself has no such time.
    """
    calendar, states = dated.calendar, dated.pathway.states
    state, month, took = dated.outcomes()
    for every in calendar.lengths(TIME_TO):
        period, periods = calendar.number(month, every), len(calendar.periods(every))
        some = period >= 0
        group, groups = state[some] * periods + period[some], len(states) * periods
        mean = ratio(np.bincount(group, took[some], groups), np.bincount(group, minlength=groups))
        median = _medians(dated, group, took[some], groups)
        for number, place in enumerate(states):
            if place.outcome:
                for kind, ticks in ((TIME_TO, mean), (TIME_TO_MEDIAN, median)):
                    measure, unit = dated.spans(kind, place.name)
                    values = ticks[number * periods : (number + 1) * periods] / unit
                    yield MeasureSeries(measure=measure, every=every, values=values)


class Spells(NamedTuple):
    """Benefit spells, one row a spell, ordered by citizen and time; `ended` is LATER while it lasts."""

    citizen: Ints
    benefit: Ints
    joined: Ints
    ended: Ints


def spells_of(dated: DatedTrace) -> Spells:
    """Join each citizen's consecutive visits with one benefit label to spells."""
    return Spells(*dated.benefit_spells)


def followups(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Return what citizens lived on some time after they left a benefit, by quarter and year in which it ended.

    "Ved afsluttet forløb forstås en periode på fire uger uden ressourceforløbsydelse" (svar-2017-05): spells
    with no more than the gap between them count as one, which ends when the benefit is last left. The status
    is the benefit of the visit under way at that end + span (svar-2017-06, Tabel 1: one month;
    status-2021-01, Tabel 5: three months). `ended.<name>`: such ends, spells. `status.<name>.<span>.<benefit
    or group>`: the share of them, per cent; NaN where there is none. A period is NaN as a whole while one of
    the status after one of its spells is not known: to count only those that can would leave out the latest.
    """
    if dated.pathway.followups:
        among = spells_of(dated)
        for followup in dated.pathway.followups:
            yield from _followup(dated, followup, among)


def _followup(dated: DatedTrace, followup: Followup, among: Spells) -> Iterator[MeasureSeries]:
    calendar, labels = dated.calendar, dated.benefits
    gap = calendar.ticks(followup.gap)
    rows: Ints = dated.passes.last_spells(*among, labels.index(followup.benefit), gap)
    month = calendar.month(among.ended[rows])
    ended = _before(dated, month)
    for every in calendar.lengths(ENDED):
        values = _followed(dated, calendar.during(ended, every), every, gap)
        yield MeasureSeries(measure=ENDED(followup.name), every=every, values=values)
    shares = [(label, [number]) for number, label in enumerate(labels)]
    shares += [(group, [labels.index(label) for label in sorted(set(members))]) for group, members in followup.groups]
    for span in followup.after:
        if not dated.asks(*(STATUS(followup.name, span_name(span), label) for label, _ in shares)):
            continue
        after = calendar.ticks(span)
        status = among.benefit[dated.passes.later_spells(among.citizen, among.joined, among.ended, rows, after)]
        counts = dated.before(month, status, len(labels))
        parts = np.array([counts[members].sum(axis=0) for _, members in shares])
        statuses: dict[Every, Floats] = {}
        for every in calendar.lengths(STATUS):
            part, whole = calendar.during(parts, every), calendar.during(ended, every)
            share = 100 * ratio(part, np.broadcast_to(whole, part.shape))
            statuses[every] = _followed(dated, share, every, max(gap, after))
        for number, (label, _) in enumerate(shares):
            measure = STATUS(followup.name, span_name(span), label)
            for every, of_all in statuses.items():
                yield MeasureSeries(measure=measure, every=every, values=of_all[number])


def seniorities(dated: DatedTrace) -> Iterator[MeasureSeries]:
    """Count the citizens who live on a benefit and have done so for long, at a period's end.

    "Aktivitetsparate kontanthjælpsmodtagere, der har været på ydelsen i mere end 3 år" (status-2021-01, Tabel 1).
    `seniority.<name>.over_<span>`, citizens, quarterly and yearly: those in a benefit spell that is older than the
    span, the time before the start included. A break of any length begins a new spell.
    """
    if dated.pathway.seniorities:
        among = spells_of(dated)
        for seniority in dated.pathway.seniorities:
            which, calendar = dated.benefits.index(seniority.benefit), dated.calendar
            for span in seniority.over:
                spells = among.benefit, among.joined, among.ended, which, calendar.ticks(span)
                there = dated.passes.older_than(*spells, calendar.cells, len(calendar.edges) + 1)
                measure = SENIORITY(seniority.name, f"over_{span_name(span)}")
                yield from dated.at_ends(measure, np.cumsum(there[:-1]))


def _followed(dated: DatedTrace, values: Floats, every: Every, needed: int) -> Floats:
    """Blank the periods whose last spells need to be followed beyond the horizon."""
    ends = dated.calendar.edges[dated.calendar.ends(every)]
    return np.where(ends + needed > dated.calendar.horizon, np.nan, values)


def counted_span(span: float) -> tuple[float, str]:
    """Return how many of which unit a span is: a whole number of the longest one, so 3 and "month"."""
    for unit in ("year", "month", "week", "day", "hour"):
        count = span / MINUTES[unit]
        if count >= 1 and count == int(count):
            return count, unit
    seconds = round(span / MINUTES["second"])
    # A dot parts the names of a measure.
    if "." in f"{span:g}" and math.isclose(seconds * MINUTES["second"], span, rel_tol=1e-12):
        return seconds, "second"
    return span, "minute"


def span_name(span: float) -> str:
    """Return a span as it stands in the name of a measure: "3_months", "20_seconds"."""
    count, unit = counted_span(span)
    if unit == "minute":
        return f"{span:g}_minutes"
    return f"{int(count)}_{unit}{'s' if count > 1 else ''}"
