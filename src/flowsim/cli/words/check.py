"""What `flowsim check` says before anything runs: what a scenario changes, and how loaded its stations are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flowsim.cli.terminal import cut, distinct_labels, number, table, wrapped
from flowsim.model.differences import Difference, list_differences
from flowsim.model.edits import makes_changes
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording, opened

if TYPE_CHECKING:
    from flowsim.theory.fluid_load import Load, Prospect

__all__ = ["change_lines", "load_lines", "right_line", "rule_lines"]

_LARGE = 0.5
_MOST = 40


def right_line(scenario: Scenario, wording: Wording) -> str:
    """Say that a scenario is right, and how large its model is."""
    pathway, language = scenario.pathway(), wording.language
    parts = {"state": pathway.states, "station": pathway.stations, "entry": pathway.entries}
    words = {
        f"{noun}_count": language.say(
            f"check.{noun}.{'one' if len(each) == 1 else 'many'}", number=language.local(f"{len(each):,}")
        )
        for noun, each in parts.items()
    }
    dates = {"start": language.plain_day(pathway.start), "end": language.plain_day(pathway.end)}
    return wrapped(language.say("check.right", name=_named(scenario.name, wording), **words, **dates))


def change_lines(scenario: Scenario, wording: Wording) -> list[str]:
    """Write what a scenario, and each that it builds on, changes in what is beneath it, and what changes nothing."""
    if not scenario.changes_base:
        return []
    language, out = wording.language, list[str]()
    before, beneath = scenario.base.pathway(), list[str]()
    for step, (file, _) in zip(scenario.steps, scenario.layers, strict=True):
        after = step.pathway_before_opening()
        if makes_changes(file):
            under = wording.scenario(scenario.base.name)
            if beneath:
                under = language.say("check.with", base=under, names=language.listed(beneath))
            out.append(wrapped(language.say("check.against", name=_named(file.name, wording), base=under)))
            out += _step_lines(step, before, after, wording)
            beneath.append(wording.scenario(file.name))
        before = after
    return out


def _step_lines(scenario: Scenario, before: Pathway, after: Pathway, wording: Wording) -> list[str]:
    say = wording.language.say
    differences = list_differences(before, after)
    lines = [wrapped(_line(difference, wording)) for difference in differences[:_MOST]]
    lines += [say("check.more", count=str(len(differences) - _MOST))] if len(differences) > _MOST else []
    lines += [wrapped(line) for line in dict.fromkeys(_bound(differences, after, wording))]
    lines += [wrapped(say("check.no_effect", where=where)) for where in scenario.without_effect]
    return lines or [say("check.no_difference")]


def _line(difference: Difference, wording: Wording) -> str:
    language, relative = wording.language, difference.relative
    say = language.say
    if difference.of == "the horizon's end":
        return f"{say('check.horizon')}: {_value(difference.before, language)} → {_value(difference.after, language)}"
    values = f"{_value(difference.before, language)} → {_value(difference.after, language)}"
    unit = difference.unit
    shown_unit = f" {unit}" if unit == "%" else f" {say(f'check.unit.{unit}')}" if unit else ""
    if relative is None:
        share = ""
    elif abs(relative) > _LARGE:
        share = f" ({language.local(f'{relative:+.0%}')}: {say('check.large')})".replace("%", " %")
    else:
        share = f" ({language.local(f'{relative:+.{0 if abs(relative) >= 0.005 else 1}%}')})".replace("%", " %")
    whose = opened(_of(difference, wording), difference.of)
    return f"{whose}: {values}{shown_unit} {_when(difference, language)}{share}"


def _of(difference: Difference, wording: Wording) -> str:
    """Write whose value it is, and what is of it in words."""
    language, (source, to, target) = wording.language, difference.of.partition(" to ")
    if to:
        ends = (_state(name, wording) for name in (source, target))
        return f" {language.say('check.to')} ".join(end if wording.codes else f"“{end}”" for end in ends)
    name, *parts = difference.of.split(", ")
    if difference.unit.endswith(" on average") or parts[-1:] == ["law"]:
        name = _state(name, wording)
    elif any(station.name == name for station in wording.pathway.stations):
        name = wording.station(name)
    words = [language.words.get(f"check.part.{part}") or _state(part, wording) for part in parts]
    return ", ".join((name, *words))


def _state(name: str, wording: Wording) -> str:
    """Write what a state is called, and of which citizens; what is no state's name is looked up as it is."""
    state, bracket, group = name.partition(" (")
    known = any(each.name == state for each in wording.pathway.states)
    return f"{wording.state(state) if known else wording.name(state)}{bracket}{group}"


def _named(scenario: str, wording: Wording) -> str:
    """Begin a sentence with a scenario."""
    return opened(wording.scenario(scenario), scenario)


def _bound(differences: Sequence[Difference], pathway: Pathway, wording: Wording) -> Iterator[str]:
    """Say which party binds where another alone was raised past it, for the least counts at a meeting."""
    language = wording.language
    raised = [each for each in differences if each.unit == "places" and each.after > (each.before or 0)]
    for difference in raised:
        name, _, party = difference.of.partition(", ")
        if not party:
            continue
        others = {
            other.name: other.places.at(difference.since)
            for other in pathway.station(name).parties
            if other.places is not None and other.name != party
        }
        least = min(others, key=lambda other: others[other], default=None)
        if any(other.of == f"{name}, {least}" and _overlap(other, difference) for other in raised):
            continue  # who raised it too knows that it counts
        if least is not None and others[least] < difference.after:
            yield language.say(
                "check.bound",
                station=wording.station(name),
                since=language.plain_day(difference.since),
                least=wording.name(least),
                held=_value(others[least], language),
                party=wording.name(party),
                raised=_value(difference.after, language),
            )


def _overlap(first: Difference, second: Difference) -> bool:
    ends = [each.until or datetime.max for each in (first, second)]
    return max(first.since, second.since) < min(ends)


def _when(difference: Difference, language: Language) -> str:
    say, since, until = language.say, difference.since, difference.until
    if until is None:
        return say("check.from", since=language.plain_day(since))
    if since.time() != time() or until.time() != time():
        ends = [f"{language.plain_day(when)} {when:%H:%M}" for when in (since, until)]
        return say("check.from.until", since=ends[0], until=ends[1])
    last = until - timedelta(days=1)
    return say("check.through", since=_weekday(since, language, since.year != last.year), last=_weekday(last, language))


def _weekday(day: date, language: Language, with_year: bool = True) -> str:
    words = {"weekday": language.words[f"weekday.{day.weekday()}"], "month": language.words[f"month.{day.month}"]}
    year = f" {day.year}" if with_year else ""
    return language.say("check.weekday", day=str(day.day), **words) + year


def _value(value: Any, language: Language) -> str:
    if value is None:
        return language.say("check.none")
    if isinstance(value, datetime):
        return language.plain_day(value)
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value if part is not None)
    if isinstance(value, int | float):
        whole = not isinstance(value, float) or value == int(value)
        return language.local(f"{value:,.0f}" if whole else number(value))
    return str(value)


def rule_lines(pathway: Pathway, wording: Wording) -> list[str]:
    """Write which stations answer their wait, when and how; what is said of loads is without it."""
    language, out = wording.language, list[str]()
    say = language.say
    for station in pathway.stations:
        steps = station.answers.root if station.answers else ()
        ends = (*(when for when, _ in steps[1:]), None)
        for (since, rule), until in zip(steps, ends, strict=False):
            if rule is None or rule.gain == 0 or since >= pathway.end:
                continue
            first = max(since, pathway.start)
            period = Difference(of="", unit="", before=None, after=None, since=first, until=until)
            limit = "" if rule.limit is None else say("check.answers.limit", limit=_value(rule.limit, language))
            spans = {"wait": rule.wait, "lag": rule.lag}
            numbers = {name: wording.in_time_unit(span, "minute") for name, span in spans.items()}
            numbers |= {"gain": rule.gain, "least": rule.least, "most": rule.most}
            words = {
                name: language.local(f"{value:,.0f}" if value >= 1000 else f"{value:.3g}")
                for name, value in numbers.items()
            }
            out.append(
                wrapped(
                    say(
                        "check.answers",
                        station=opened(wording.station(station.name), station.name),
                        period=_when(period, language),
                        limit=limit,
                        unit=wording.unit(wording.time_unit),
                        **words,
                    )
                )
            )
    return out


def load_lines(load: Load, wording: Wording) -> list[str]:
    """Write what stations are offered by period, what is scarcest, what will not settle, and where citizens end."""
    language, out = wording.language, list[str]()
    say = language.say
    if load.stations:
        out = ["", say("check.flows"), *_load_table(load, wording)]
    parts = [
        f"{wording.station(row.station)} {_between(load, row.since, row.until, language)}" for row in load.bottlenecks
    ]
    out += [wrapped(say("check.scarcest", stations=", ".join(parts)))] if len(parts) else []
    for row in load.unsettled:
        offered = (
            say("check.no_places")
            if math.isinf(row.utilisation)
            else say("check.offered", times=language.local(f"{row.utilisation:.2f}"))
        )
        period, station = _between(load, row.since, row.until, language), wording.station(row.station)
        words = {"period": period, "station": station, "growth": _figure(row.growth_a_week, language)}
        out.append(wrapped(say("check.unsettled", offered=offered, **words)))
    out += [wrapped(_prospect(prospect, wording)) for prospect in load.prospects]
    why = load.why_no_prospects
    out += [wrapped(say("check.no_prospects", why=_why(why, wording)))] if why else []
    return out


def _prospect(prospect: Prospect, wording: Wording) -> str:
    """Say where those who come by a door end; with the names of files also the states on the way."""
    language, ends = wording.language, prospect.outcomes.items()
    words = {"entry": prospect.entry, "time": _figure(wording.in_time_unit(prospect.weeks), language)}
    words["unit"] = wording.unit(wording.time_unit)
    if wording.codes:
        visits = _shares(prospect.visits.items(), 2, wording)
        return language.say("check.prospect.codes", ends=_shares(ends, 3, wording), visits=visits, **words)
    first = next(entry.to for entry in wording.pathway.entries if entry.name == prospect.entry)
    title = wording.state(first)
    words["entry"] += f" ({title})" if title != first else ""
    shares = [f"{_state(name, wording)} {language.rounded(share)}" for name, share in ends if share >= 0.005]
    return language.say("check.prospect", ends=", ".join(shares), **words)


def _load_table(load: Load, wording: Wording) -> list[str]:
    """Write what stations are offered: each title above its periods, or each name beside them."""
    language, say = wording.language, wording.language.say
    unit = wording.unit(wording.time_unit)
    narrow = max(6, len(unit) + 1)
    width = min(max([7, *(len(row.station) for row in load.stations)]), 30 - narrow)
    labels = distinct_labels((row.station for row in load.stations), width)
    widths = {"period": 13, "cases": 7, "places": 8, "load": 6, "queue": 7, "growth": 8}
    columns = {say("check.column.station"): width + 1} if wording.codes else {}
    columns |= {say(f"check.column.{key}"): each for key, each in widths.items()} | {unit: narrow}
    rows = list[str | tuple[str, ...]]()
    for station, group in groupby(load.stations, lambda row: row.station):
        rows += [] if wording.codes else [opened(wording.station(station), station)]
        for row in group:
            period, wait = _between(load, row.since, row.until, language), wording.in_time_unit(row.wait_weeks)
            rows.append(
                (
                    *((labels.get(station, cut(station, width)), period) if wording.codes else (f"  {period}",)),
                    *(_figure(row.cases_a_week, language), _figure(row.places_a_week, language)),
                    *(language.local(f"{row.utilisation:.2f}"), _figure(row.queue, language)),
                    *(language.local(f"{row.growth_a_week:+.1f}"), _figure(wait, language)),
                )
            )
    return table(columns, rows, left=(say("check.column.period"),))


def _figure(value: float, language: Language) -> str:
    return language.local(number(value))


def _shares(shares: Iterable[tuple[str, float]], decimals: int, wording: Wording) -> str:
    local = wording.language.local
    return ", ".join(f"{_state(name, wording)} {local(f'{share:.{decimals}f}')}" for name, share in shares if share > 0)


# Why outcomes are not the same for all who come, as `theory.fluid_load` says it, with the name of a state in it.
_WHY = {
    "check.why.date": re.compile(r"the (?P<what>stay|shares|rates) of (?P<name>\S+) change by date"),
    "check.why.time_spent": re.compile(r"the rates of (?P<name>\S+) depend on the time spent on a benefit"),
    "check.why.give_up": re.compile(r"how many give up in (?P<name>\S+) depends on the wait"),
    "check.why.refused": re.compile(r"how many are refused in (?P<name>\S+) depends on the queue"),
    "check.why.never": re.compile(r"some who come to (?P<name>\S+) never leave"),
    "check.why.endless": re.compile(r"those who come to (?P<name>\S+) go round without end"),
}


def _why(why: str, wording: Wording) -> str:
    language = wording.language
    for key, form in _WHY.items():
        if match := form.fullmatch(why):
            parts = match.groupdict()
            parts["name"] = _state(parts["name"], wording)
            if "what" in parts:
                parts["what"] = language.say(f"check.why.{parts['what']}")
            return language.say(key, **parts)
    return why


def _between(load: Load, since: datetime, until: datetime, language: Language) -> str:
    """Write a period of the horizon: "2019", "2016-2018", "from 2019"; by quarters where it is cut within a year."""
    if (since, until) == (load.start, load.end):
        return language.say("check.throughout")
    last = until - timedelta(microseconds=1)
    years = all(row.since in (load.start, datetime(row.since.year, 1, 1)) for row in load.bottlenecks or load.stations)
    first, to = (
        f"{w.year}" if years else language.short_period(f"{w.year}Q{(w.month + 2) // 3}") for w in (since, last)
    )
    if until == load.end:
        return language.say("check.from", since=first)
    return first if first == to else f"{first}-{to}"
