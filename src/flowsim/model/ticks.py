"""The tick of a pathway: a minute, or a finer one where its fixed times need it, and what is still too coarse."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, time, timedelta
from typing import Any

from flowsim.core.civil_time import MINUTES, span_text
from flowsim.model.duration import Duration
from flowsim.model.parts import State, Variant
from flowsim.model.soundness import Whole

__all__ = ["MINUTE", "CoarseTickWarning", "fitting_tick", "warn_of_coarse_tick", "whole_ticks", "without_tick_warnings"]

MINUTE = 1.0
_FINER = (MINUTES["second"], MINUTES["second"] / 1000)
_LARGEST_ERROR = 1 / 2000  # of a fixed stay, by rounding to whole ticks
_DAYS = 2  # on which a meeting's hours are tried
_LONGER = 2**60  # ticks: longer than any run
_SHORT = 100  # ticks: a shorter mean is visibly distorted by rounding

_silent: ContextVar[bool] = ContextVar("_silent", default=False)
_shown: dict[Any, Any] = {}  # which warnings were given: each comes once in a process, wherever a pathway is made


class CoarseTickWarning(UserWarning):
    """A time is so short against the tick that rounding distorts it, or a moment lies between two ticks."""


def whole_ticks(span: float, tick: float) -> int:
    """Turn a span in minutes into whole ticks, rounded half up as an engine rounds stays.

    One longer than any run is as long as any other: it can be added to a tick.
    """
    return min(math.floor(span / tick + 0.5), _LONGER)


def fitting_tick(pathway: Whole) -> float:
    """Return the longest tick of a minute, a second and a millisecond that no fixed time is rounded by too much at.

    Fixed stays, limits of clocks and the like by at most 1 part in 2,000; moments, such as the hours of meetings, not
    at all. A tick at which an event's key has no room for the horizon and the citizens is not taken.
    """
    lengths = [length for _, length in _lengths(pathway)]
    chosen = MINUTE
    for tick in (MINUTE, *_FINER):
        if tick != MINUTE and not _fits_a_key(pathway, tick):
            break
        chosen = tick
        if all(_error(length, tick) <= _LARGEST_ERROR for length in lengths) and not _off(pathway, tick):
            break
    return chosen


def warn_of_coarse_tick(pathway: Whole) -> None:
    """Warn of the fixed time that is rounded by too much, of a moment between two ticks, and of means of few ticks."""
    if _silent.get():
        return
    fixed = [(_error(length, pathway.tick), path, length) for path, length in _lengths(pathway)]
    error, path, length = max(fixed, default=(0.0, "", 0.0))
    if error > _LARGEST_ERROR:
        rounded = math.floor(length / pathway.tick + 0.5) * pathway.tick
        _warn(
            f"{path}: {_text(length)} become {_text(rounded)} at a tick of {_text(pathway.tick)}, {error:.2%} off: "
            "set a shorter `tick`"
        )
    between = _off(pathway, pathway.tick)
    if between:
        path, moment = between
        tick = timedelta(minutes=pathway.tick)
        nearest = pathway.start + math.floor((moment - pathway.start) / tick + 0.5) * tick
        _warn(
            f"{path}: {moment.isoformat(' ')} becomes {nearest.isoformat(' ')} at a tick of {_text(pathway.tick)}: "
            "set a shorter `tick`"
        )
    gaps = [(f"entries.{entry.name}.every", entry.every) for entry in pathway.entries if entry.every]
    for path, law in [*_laws(pathway), *gaps]:
        if law.law != "fixed" and 0 < law.mean_minutes < _SHORT * pathway.tick:
            _warn(
                f"{path}: a mean of {law.mean_minutes / pathway.tick:.3g} ticks is distorted by rounding to whole "
                f"ticks: set a shorter `tick`, at most {law.mean_minutes / _SHORT * 60:.3g} seconds"
            )


@contextmanager
def without_tick_warnings() -> Iterator[None]:
    """Make pathways that were warned of before, or are variants of one that was."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def _warn(message: str) -> None:
    warnings.warn_explicit(message, CoarseTickWarning, "flowsim", 1, registry=_shown)


def _laws(pathway: Whole) -> Iterator[tuple[str, Duration]]:
    for state in pathway.states:
        parts: tuple[State | Variant, ...] = (state, *state.variants)
        for part in parts:
            for stay in part.stay.values if part.stay else ():
                yield f"states.{state.name}.stay", stay
            if part.patience:
                yield f"states.{state.name}.patience", part.patience
            for exit_ in part.race:
                if exit_.after:
                    yield f"states.{state.name}.race.{exit_.name}", exit_.after
                # Slower exits have ticks enough.
                for rate in exit_.rate.values if exit_.rate else ():
                    if rate > 1 / MINUTES["week"]:
                        mean = timedelta(minutes=1 / rate)
                        yield f"states.{state.name}.race.{exit_.name}", Duration.exponential(mean)


def _lengths(pathway: Whole) -> Iterator[tuple[str, float]]:
    """Yield the lengths of time, in minutes, that are given and drawn from no law, or are points of one."""
    for path, law in _laws(pathway):
        yield from ((path, length) for length in law.atoms())
    for clock in pathway.clocks:
        yield f"clocks.{clock.name}.limit", clock.limit
    for watch in pathway.watches:
        yield from ((f"watches.{watch.name}.within", length) for length in watch.within)


def _off(pathway: Whole, tick: float) -> tuple[str, datetime] | None:
    """Return the first of the given moments that lies between two ticks: when somebody enters, or a meeting is held."""
    step = timedelta(minutes=tick)
    for entry in pathway.entries:
        for moment in entry.at:
            if _between(moment - pathway.start, step):
                return f"entries.{entry.name}.at", moment
    day = datetime.combine(pathway.start, time())
    for station in pathway.stations:
        given = station.is_meeting and station.weekdays and "at" in station.model_fields_set
        for hour in station.at if given else ():
            # Where a day is no whole number of ticks, the first day that is not tells.
            for later in range(_DAYS):
                moment = datetime.combine(day, hour) + timedelta(days=later)
                if _between(moment - pathway.start, step):
                    return f"stations.{station.name}.at", moment
    return None


def _between(since: timedelta, step: timedelta) -> bool:
    """Return whether a time since the start is no whole number of ticks; rounding of the tick itself does not count."""
    off = since / step
    return abs(off - round(off)) > 1e-6


def _error(length: float, tick: float) -> float:
    """Return by which part a length changes when it is rounded to whole ticks."""
    return abs(math.floor(length / tick + 0.5) * tick / length - 1) if length > 0 else 0.0


def _fits_a_key(pathway: Whole, tick: float) -> bool:
    ticks = math.ceil((pathway.end - pathway.start).total_seconds() / 60 / tick) + 2
    citizens = sum(entry.expected(pathway.start, pathway.end) for entry in pathway.entries)
    # More may come than are expected.
    return ticks.bit_length() + math.ceil(2 * citizens + 1000).bit_length() <= 63


def _text(minutes: float) -> str:
    if minutes < 1:
        seconds = minutes * 60
        return f"{seconds:g} seconds" if seconds != 1 else "1 second"
    if minutes < 60 and minutes != int(minutes):
        return f"{minutes * 60:g} seconds"
    return span_text(minutes) if minutes != 1 else "1 minute"
