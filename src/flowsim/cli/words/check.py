"""What `flowsim check` says before anything runs: what a scenario changes, and how loaded its stations are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flowsim.cli.terminal import cut, distinct_labels, number, table, wrapped
from flowsim.core.civil_time import MINUTES
from flowsim.model.differences import Difference, list_differences
from flowsim.model.edits import makes_changes
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language

if TYPE_CHECKING:
    from flowsim.theory.fluid_load import Load

__all__ = ["change_lines", "load_lines", "right_line", "rule_lines"]

_LARGE = 0.5
_MOST = 40


def right_line(scenario: Scenario, language: Language) -> str:
    """Say that a scenario is right, and how large its model is."""
    pathway = scenario.pathway()
    parts = {"state": pathway.states, "station": pathway.stations, "entry": pathway.entries}
    words = {
        f"{noun}_count": language.say(
            f"check.{noun}.{'one' if len(each) == 1 else 'many'}", number=language.local(f"{len(each):,}")
        )
        for noun, each in parts.items()
    }
    dates = {"start": language.plain_day(pathway.start), "end": language.plain_day(pathway.end)}
    return wrapped(language.say("check.right", name=scenario.name, **words, **dates))


def change_lines(scenario: Scenario, language: Language) -> list[str]:
    """Write what a scenario, and each that it builds on, changes in what is beneath it, and what changes nothing."""
    if not scenario.changes_base:
        return []
    out: list[str] = []
    before, beneath = scenario.base.pathway(), list[str]()
    for step, (file, _) in zip(scenario.steps, scenario.layers, strict=True):
        after = step.pathway_before_opening()
        if makes_changes(file):
            under = scenario.base.name
            if beneath:
                under = language.say("check.with", base=under, names=language.listed(beneath))
            out.append(wrapped(language.say("check.against", name=file.name, base=under)))
            out += _step_lines(step, before, after, language)
            beneath.append(file.name)
        before = after
    return out


def _step_lines(scenario: Scenario, before: Pathway, after: Pathway, language: Language) -> list[str]:
    say = language.say
    differences = list_differences(before, after)
    lines = [wrapped(_line(difference, language)) for difference in differences[:_MOST]]
    lines += [say("check.more", count=str(len(differences) - _MOST))] if len(differences) > _MOST else []
    lines += [wrapped(line) for line in dict.fromkeys(_bound(differences, after, language))]
    lines += [wrapped(say("check.no_effect", where=where)) for where in scenario.without_effect]
    return lines or [say("check.no_difference")]


def _line(difference: Difference, language: Language) -> str:
    say, relative = language.say, difference.relative
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
    return f"{_of(difference.of, language)}: {values}{shown_unit} {_when(difference, language)}{share}"


def _of(of: str, language: Language) -> str:
    """Write whose value it is: names as they are typed, and what is of them in words."""
    name, _, part = of.rpartition(", ")
    of = f"{name}, {language.words[f'check.part.{part}']}" if f"check.part.{part}" in language.words else of
    source, to, target = of.partition(" to ")
    return f"{source} {language.say('check.to')} {target}" if to else of


def _bound(differences: Sequence[Difference], pathway: Pathway, language: Language) -> Iterator[str]:
    """Say which party binds where another alone was raised past it, for the least counts at a meeting."""
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
                station=name,
                since=language.plain_day(difference.since),
                least=least,
                held=_value(others[least], language),
                party=party,
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


def rule_lines(pathway: Pathway, language: Language) -> list[str]:
    """Write which stations answer their wait, when and how; what is said of loads is without it."""
    say, out = language.say, list[str]()
    for station in pathway.stations:
        steps = station.answers.root if station.answers else ()
        ends = (*(when for when, _ in steps[1:]), None)
        for (since, rule), until in zip(steps, ends, strict=False):
            if rule is None or rule.gain == 0 or since >= pathway.end:
                continue
            first = max(since, pathway.start)
            period = Difference(of="", unit="", before=None, after=None, since=first, until=until)
            limit = "" if rule.limit is None else say("check.answers.limit", limit=_value(rule.limit, language))
            numbers = {"wait": rule.wait / MINUTES["week"], "lag": rule.lag / MINUTES["week"]}
            numbers |= {"gain": rule.gain, "least": rule.least, "most": rule.most}
            words = {name: language.local(f"{value:.3g}") for name, value in numbers.items()}
            out.append(
                wrapped(
                    say(
                        "check.answers",
                        station=station.title or station.name,
                        period=_when(period, language),
                        limit=limit,
                        **words,
                    )
                )
            )
    return out


def load_lines(load: Load, language: Language) -> list[str]:
    """Write what stations are offered by period, what is scarcest, what will not settle, and where citizens end."""
    say, out = language.say, list[str]()
    if load.stations:
        width = min(max([7, *(len(row.station) for row in load.stations)]), 24)
        labels = distinct_labels((row.station for row in load.stations), width)
        widths = {"period": 13, "cases": 7, "places": 8, "load": 6, "queue": 7, "growth": 8, "weeks": 6}
        columns = {say("check.column.station"): width + 1}
        columns |= {say(f"check.column.{key}"): each for key, each in widths.items()}
        cells = (
            (
                *(labels.get(row.station, cut(row.station, width)), _between(load, row.since, row.until, language)),
                *(_figure(row.cases_a_week, language), _figure(row.places_a_week, language)),
                *(language.local(f"{row.utilisation:.2f}"), _figure(row.queue, language)),
                *(language.local(f"{row.growth_a_week:+.1f}"), _figure(row.wait_weeks, language)),
            )
            for row in load.stations
        )
        out = ["", say("check.flows"), *table(columns, cells, left=(say("check.column.period"),))]
    parts = [f"{row.station} {_between(load, row.since, row.until, language)}" for row in load.bottlenecks]
    out += [wrapped(say("check.scarcest", stations=", ".join(parts)))] if len(parts) else []
    for row in load.unsettled:
        offered = (
            say("check.no_places")
            if math.isinf(row.utilisation)
            else say("check.offered", times=language.local(f"{row.utilisation:.2f}"))
        )
        period = _between(load, row.since, row.until, language)
        words = {"period": period, "station": row.station, "growth": _figure(row.growth_a_week, language)}
        out.append(wrapped(say("check.unsettled", offered=offered, **words)))
    for prospect in load.prospects:
        ends = _shares(prospect.outcomes.items(), 3, language)
        visits = _shares(prospect.visits.items(), 2, language)
        words = {"entry": prospect.entry, "ends": ends, "visits": visits}
        out.append(wrapped(say("check.prospect", weeks=_figure(prospect.weeks, language), **words)))
    why = load.why_no_prospects
    out += [wrapped(say("check.no_prospects", why=_why(why, language)))] if why else []
    return out


def _figure(value: float, language: Language) -> str:
    return language.local(number(value))


def _shares(shares: Iterable[tuple[str, float]], decimals: int, language: Language) -> str:
    return ", ".join(f"{name} {language.local(f'{share:.{decimals}f}')}" for name, share in shares if share > 0)


# Why outcomes are not the same for all who come, as `theory.fluid_load` says it; the name in it stays.
_WHY = {
    "check.why.date": re.compile(r"the (?P<what>stay|shares|rates) of (?P<name>\S+) change by date"),
    "check.why.time_spent": re.compile(r"the rates of (?P<name>\S+) depend on the time spent on a benefit"),
    "check.why.give_up": re.compile(r"how many give up in (?P<name>\S+) depends on the wait"),
    "check.why.refused": re.compile(r"how many are refused in (?P<name>\S+) depends on the queue"),
    "check.why.never": re.compile(r"some who come to (?P<name>\S+) never leave"),
    "check.why.endless": re.compile(r"those who come to (?P<name>\S+) go round without end"),
}


def _why(why: str, language: Language) -> str:
    for key, form in _WHY.items():
        if match := form.fullmatch(why):
            parts = match.groupdict()
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
    first, to = (f"{w.year}" if years else f"{w.year}Q{(w.month + 2) // 3}" for w in (since, last))
    if until == load.end:
        return language.say("check.from", since=first)
    return first if first == to else f"{first}-{to}"
