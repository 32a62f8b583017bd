"""Where a short quarterly or monthly series is heading if nothing changes, and how sure one can be of that.

The point forecast is a weighted mean of seven members (`flowsim.forecasting.members`): exponential smoothing of the
logs, of the values, complex exponential smoothing and a steady drift, each averaged over a grid of parameters, and
three models of statsmodels. The weights depend on what the series is like. Intervals are computed on the log scale, so
that counts stay above zero, and are as wide as thousands of public forecasts have shown
(`flowsim.forecasting.widening`); of few counts a period they are those of a negative binomial. Of a share they are cut
at the whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError, require_type, unknown_name, whole_number
from flowsim.core.periods import Period, read_period
from flowsim.evidence.series import Series
from flowsim.forecasting.distribution import Effect, Joint, SeriesForecast
from flowsim.forecasting.members.counts import count_distributions
from flowsim.forecasting.members.fitted import FITTED, Own, fit_members
from flowsim.forecasting.members.pool import GRIDS, YEARS, logs, run_grids
from flowsim.forecasting.members.weights import Weights, load_weights
from flowsim.forecasting.shocks import LOCKDOWN, Shock
from flowsim.forecasting.widening import LONGEST, Widening, read_widening

__all__ = [
    "FEWEST",
    "MEMBERS",
    "SEASON",
    "Course",
    "Learned",
    "alike",
    "check_horizon",
    "chosen",
    "course",
    "forecast_parts",
    "forecast_series",
    "learned",
    "period_number",
    "several_series",
    "upto",
]


FEWEST = {"quarter": 8, "month": 24}
"""Periods that a series needs to be forecast: two years."""

SEASON = {"quarter": 4, "month": 12}
"""Periods in a year."""

MEMBERS = (*GRIDS, *FITTED)
"""The members of the pool."""

_LARGEST = 1e9


class Learned(NamedTuple):
    """What public series have taught about the members and their errors.

    Attributes:
        weights: of the members.
        widening: of the intervals.
        reference: the series of a class that has taught the widening too.
    """

    weights: Weights
    widening: Widening
    reference: tuple[Series, ...] = ()


@cache
def learned(every: str) -> Learned:
    """Return what is shipped for series by "quarter" or "month"."""
    return Learned(load_weights(every), read_widening(every))


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """What the members together expect of a series.

    Attributes:
        point: one a period ahead, never negative.
        members: the same by member, of those that could be used.
        weights: of these members, summing to one.
        covariance: (ahead, ahead) of the errors to come, on the log scale, before the quantiles are widened.
        errors: one period ahead within the series, on the log scale; the last belongs to the last period.
        own: what statsmodels' models say each on its own.
        offset: added before logs are taken: nothing, or half the smallest positive value where there are zeros.
        least: half the smallest positive value.
        skipped: models that could not be used, with the reason and the weight that they would have had.
    """

    point: Floats
    members: dict[str, Floats]
    weights: dict[str, float]
    covariance: Floats
    errors: Floats
    own: dict[str, Own]
    offset: float
    least: float
    skipped: dict[str, tuple[str, float]]


def course(values: Floats, steps: int, every: str, taught: Learned | None = None) -> Course:
    """Let the members forecast a series, and average them.

    Args:
        values: one a period, none negative, at least `FEWEST`, not `alike`.
        steps: periods ahead.
        every: "quarter" or "month".
        taught: other weights and widening than the shipped ones.

    A model of statsmodels that fails, did not converge, warns, or gives anything but finite numbers is left out and
    named in `skipped`; the others share its weight.
    """
    weights, widening, _ = taught or learned(every)
    count, season = len(values), SEASON[every]
    grids = run_grids(values, steps, season)
    own, skipped = fit_members(grids.calmed, steps, season)
    members = grids.points | {name: found.point for name, found in own.items()}
    shares = weights.of(grids.features, count)
    lost = {name: (reason, shares[name]) for name, reason in skipped.items()}
    total = sum(shares[name] for name in members)
    shares = {name: shares[name] / total for name in members}
    expected = np.sqrt(np.diag(grids.covariance))
    sd = widening.corrected(expected, grids.features, count)
    return Course(
        point=np.sum([shares[name] * point for name, point in members.items()], axis=0),
        members=members,
        weights=shares,
        covariance=grids.covariance * np.outer(sd / expected, sd / expected),
        errors=grids.errors,
        own=own,
        offset=grids.offset,
        least=grids.least,
        skipped=lost,
    )


def forecast_series(
    series: Series,
    horizon: int = 8,
    origin: str | None = None,
    shock: Shock | None = None,
    taught: Learned | None = None,
) -> SeriesForecast:
    """Forecast a quarterly or monthly series.

    Args:
        series: at least `FEWEST` periods, without gaps.
        horizon: periods ahead, 1 to 12 quarters or 1 to 24 months.
        origin: the last period to use; the last one of the series if left out.
        shock: how a period unlike the others is taken. Where the series holds the lock-down and nothing is said of it,
            it is taken as observed, and a note says so.
        taught: other weights and widening than the shipped ones.

    Raises:
        InputError: where the series is too short, has gaps or negative numbers, or never changes, and where the
            horizon, the origin or the shock does not fit it.
    """
    used = upto(series, origin)
    every = series.every
    check_horizon(horizon, every)
    if taught is not None:
        require_type("taught", taught, Learned, "what `ReferenceClass.taught` returns")
    values = np.array(used.values, np.float64)
    taught = taught or learned(every)
    shock, notes = chosen(used, shock)
    if any(_same(used, other) for other in taught.reference):
        notes += (
            f"{series.name}: the reference class holds this series too, which has taught its own interval: leave it "
            "out of the class",
        )
    effect = None
    remaining = np.zeros(horizon)
    if shock is not None and shock.recovers is not None:
        effect = _effect(used, shock, taught)
        shape = shock.shape(period_number(used.first), len(values) + horizon)
        remaining = shape[len(values) :]
        values = values * np.exp(-effect.size * shape[: len(values)])
    expected = course(values, horizon, every, taught)
    spread = expected.covariance
    left = np.ones(horizon)
    if effect is not None:
        left = np.exp(effect.size * remaining)
        spread = spread + effect.error**2 * np.outer(remaining, remaining)
    sd = np.sqrt(np.diag(spread))
    skipped = tuple(
        f"{series.name}: {name} is left out: it {reason}" for name, (reason, share) in expected.skipped.items() if share
    )
    most, uncut = used.greatest, expected.point * left
    point = np.minimum(uncut, most)
    return SeriesForecast(
        series=used,
        point=point,
        members={name: np.minimum(member * left, most) for name, member in expected.members.items()},
        weights=expected.weights,
        sd=sd,
        correlation=spread / np.outer(sd, sd),
        errors=expected.errors,
        least=expected.least,
        offset=expected.offset,
        widening=taught.widening,
        counts=count_distributions(values, point, SEASON[every]) if effect is None and used.counts_units else None,
        shock=shock,
        effect=effect,
        notes=notes + skipped,
        uncut=None if np.isinf(most) else uncut,
    )


def forecast_parts(
    parts: Sequence[Series], horizon: int = 8, origin: str | None = None, shock: Shock | None = None
) -> Joint:
    """Forecast series that are the parts of a whole, reconciled with a forecast of the whole; arguments as `forecast`.

    Raises:
        InputError: as `forecast`, and where the parts differ in unit or last period.
    """
    parts = several_series("parts", parts)
    joint = Joint.of([forecast_series(part, horizon, origin, shock) for part in parts])
    try:
        whole = forecast_series(joint.series, horizon, None, shock)
    except InputError:  # such as a sum that never changes: the parts stand alone
        return joint
    return Joint.of(joint.parts, whole)


def several_series(where: str, series: Iterable[Series]) -> list[Series]:
    """Return several series as a list.

    Raises:
        InputError: for anything else, such as one series.
    """
    require_type(where, series, Iterable, "a list of series")
    several = list(series)
    for one in several:
        require_type(where, one, Series, "series of `flowsim.evidence.series`")
    return several


def check_horizon(horizon: int, every: str = "quarter") -> None:
    """Refuse a horizon that no factors are learned for, and what is forecast neither by quarter nor by month.

    Raises:
        InputError: with what is allowed.
    """
    if every not in list(LONGEST):
        raise InputError(f"every: {unknown_name('kind of period', str(every), LONGEST)}")
    if isinstance(horizon, int) and not 1 <= horizon <= LONGEST[every]:
        raise InputError(f"a horizon of {horizon} {every}s is not allowed: 1 to {LONGEST[every]}")
    whole_number("horizon", horizon, 1, LONGEST[every])


def alike(values: Sequence[float] | Floats, every: str) -> bool:
    """Return whether a series never changes in the years that are looked back on: it does not tell how sure it is."""
    seen = values[-YEARS * SEASON[every] :]
    return bool(min(seen) == max(seen))


def _same(series: Series, other: Series) -> bool:
    """Return whether two series have the same figures over all that they have in common, two years or more."""
    if series.every != other.every:
        return False
    first = max(period_number(series.first), period_number(other.first))
    own, others = (each.values[first - period_number(each.first) :] for each in (series, other))
    common = min(len(own), len(others))
    return common >= FEWEST[series.every] and own[:common] == others[:common]


def period_number(period: str) -> int:
    """Return the number of a quarter or month, so that the next one's is one higher; raises InputError for others."""
    moment = read_period(period)
    if moment is None or moment.every == "year":
        raise InputError(f"'{period}' is no quarter and no month: write it as 2019Q1 or 2019-01")
    return moment.number


def chosen(series: Series, shock: Shock | None) -> tuple[Shock | None, tuple[str, ...]]:
    """Return how a shock is taken, with what a reader has to be told of it.

    Raises:
        InputError: where the shock lies outside the series, or is a quarter where they are months, and where it is an
            intervention with too little before it to be estimated.
    """
    first, last = series.periods[0], series.periods[-1]
    if shock is not None:
        require_type("shock", shock, Shock, "a Shock: Shock.parse('2020Q2=recovers:4') reads one")
    if shock is None:
        if series.every != "quarter" or not period_number(first) <= period_number(LOCKDOWN) <= period_number(last):
            return None, ()
        text = f"{LOCKDOWN}, the lock-down, is taken as observed since nothing else was said"
        return Shock(quarter=LOCKDOWN), (f"{text} (--shock {LOCKDOWN}=recovers:4 makes it an intervention)",)
    if shock.every != series.every:
        raise InputError(f"{series.name}: a shock in {shock.quarter} does not fit a series by {series.every}")
    if not period_number(first) <= period_number(shock.quarter) <= period_number(last):
        raise InputError(f"{series.name}: a shock in {shock.quarter} lies outside the series, {first} to {last}")
    if shock.recovers is not None and period_number(shock.quarter) - period_number(first) < FEWEST[series.every]:
        raise _not_estimable(series, shock)
    return shock, () if shock.recovers else (str(shock),)


def upto(series: Series, origin: str | None = None) -> Series:
    """Return a series up to a period, after checking that it can be forecast from there.

    Raises:
        InputError: as `forecast`.
    """
    require_type("series", series, Series, "a series of `flowsim.evidence.series`")
    if origin is not None:
        require_type("origin", origin, str, "a period such as '2019Q4'")
    name, every = series.name, series.every
    if every not in FEWEST:
        raise InputError(f"{name}: it is by {every}: quarters and months are forecast")
    if not series.values:
        raise InputError(f"{name}: the series is empty")
    first = period_number(series.first)
    count = len(series.values)
    if origin is not None:
        moment = read_period(origin)
        if moment is None or moment.every != every:
            raise InputError(f"'{origin}' is no {every}: write it as {Period.of(first, every)}")
        count = moment.number - first + 1
        if not 1 <= count <= len(series.values):
            raise InputError(
                f"{name}: the origin {origin} lies outside the series, {series.first} to {series.periods[-1]}"
            )
    values = series.values[:count]
    marks = tuple(mark for mark in series.marks if period_number(mark.period) < first + count)
    missing = [Period.of(first + at, every) for at, value in enumerate(values) if value is None]
    if missing:
        places = [f"{mark.period} {mark.place} '{mark.text}' ({mark.meaning})" for mark in marks] or missing
        raise InputError(
            f"{name}: {len(missing)} of {count} {every}s have no number: {'; '.join(places[:12])}"
            f"{'; ...' if len(places) > 12 else ''}: fill them in, or end the series before them with --origin"
        )
    known = [value for value in values if value is not None]
    for at, value in enumerate(known):
        if value != 0 and not 1 / _LARGEST <= value <= _LARGEST:
            raise InputError(
                f"{name}: {Period.of(first + at, every)} is {value:g}: counts from 0 to {_LARGEST:.0e} are forecast, "
                "none negative"
            )
    if count < FEWEST[every]:
        raise InputError(f"{name}: {count} {every}s are too few: at least {FEWEST[every]} are needed, two years")
    if alike(known, every):
        seen = min(count, YEARS * SEASON[every])
        which = f"all {count}" if seen == count else f"all of the last {seen}"
        raise InputError(f"{name}: {which} {every}s are {known[-1]:g}: such a series does not tell how sure it is")
    return dataclasses.replace(series, values=tuple(known), marks=marks)


def _effect(series: Series, shock: Shock, taught: Learned) -> Effect:
    """Estimate a shock: how far the periods since then lie off the course that those before it were on.

    Generalised least squares of these distances, on the log scale, on the shape of the recovery.
    """
    every = series.every
    at = period_number(shock.quarter) - period_number(series.first)
    values = np.array(series.values, np.float64)
    since = len(values) - at
    if since > LONGEST[every]:
        raise _not_estimable(series, shock)
    if alike(values[:at], every):
        raise InputError(f"{series.name}: it does not change before {shock.quarter}: a shock there can't be estimated")
    before = course(values[:at], since, every, taught)
    off = logs(values[at:], before.least, before.offset) - logs(before.point, before.least, before.offset)
    # At one standard error the factor is that of a two-thirds interval.
    wide = taught.widening.spread(np.ones(since), at, since)
    weights = np.linalg.pinv(before.covariance * np.outer(wide, wide)) @ shock.shape(
        period_number(shock.quarter), since
    )
    total = float(weights @ shock.shape(period_number(shock.quarter), since))
    return Effect(size=float(weights @ off) / total, error=1 / np.sqrt(total))


def _not_estimable(series: Series, shock: Shock) -> InputError:
    every = series.every
    return InputError(
        f"{series.name}: a shock in {shock.quarter} can't be estimated from {series.first} to "
        f"{series.periods[-1]}: it needs {FEWEST[every]} {every}s before it, "
        f"and the {every} itself with at most {LONGEST[every] - 1} after it"
    )
