"""A base of one's own as files: a pathway put together from parts, with borrowed numbers until there are own ones."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flowsim.core.errors import InputError, unknown_name
from flowsim.core.files import data_folder
from flowsim.core.quantities import quantity, times
from flowsim.evidence.facts import load
from flowsim.model.base import Base, read_base
from flowsim.model.library import cities, city_file
from flowsim.model.own.catalogue import (
    LENDER,
    Number,
    benefits,
    doors_of,
    filled_in,
    names_in,
    numbers,
    pathway_text,
    steps,
)

__all__ = ["MEETING_DAYS", "STAFFING", "NewBase", "base_files"]

MEETING_DAYS = ("mon", "tue", "wed", "thu", "fri")
STAFFING: Mapping[str, tuple[str, ...]] = {
    "plan_kontanthjaelp": ("staff_kontanthjaelp",),
    "plan_i_ressourceforloeb": ("staff_ressourceforloeb",),
    "plan_oevrige": ("places_oevrige",),
    "rehabilitation_team": ("places_kommune", "places_region"),
}
"""The numbers of each station that say how many cases it can take."""
_NAME = re.compile(r"[a-z][a-z0-9_\-]*")
_MEETINGS = 2  # a week, of the lender's team
_WEEKS = 365.25 / 7
_LENGTHS = {
    "plan": "plan_mean",
    "erklaering": "erklaering_mean",
    "team": "indstilling",
    "partshoering": "partshoering",
    "afgoerelse": "afgoerelse_mean",
}
_TEXTS = ("facts", "targets", "factors", "prices", "doors", "yardsticks")


@dataclass(frozen=True, kw_only=True)
class NewBase:
    """What is known of a municipality before its base is written; None is not known, and borrowed.

    Attributes:
        name: of the base, in small letters.
        title: what the municipality is called.
        benefits: those that cases come from.
        steps: of a case, in the order of the catalogue.
        weekdays: on which the team meets.
        citizens: on kontanthjælp at the start, those who are ready for activity.
        cases: opened a year by those on kontanthjælp.
        caseworkers: of kontanthjælp, full-time.
        places: a meeting of the team.
        start: of what is simulated.
        end: of what is simulated.
        language: of titles and comments, "en" or "da".
        raised: how many times the lender's number each of some numbers is, for that one would not do.
    """

    name: str
    title: str
    benefits: tuple[str, ...] = ("kontanthjaelp", "sygedagpenge", "jobafklaring", "ressourceforloeb")
    steps: tuple[str, ...] = ("plan", "erklaering", "team", "partshoering", "afgoerelse")
    weekdays: tuple[str, ...] = ("tue",)
    citizens: float | None = None
    cases: float | None = None
    caseworkers: float | None = None
    places: float | None = None
    start: date
    end: date
    language: str = "en"
    raised: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InputError(f"'{self.name}' is no name of a base: small letters a to z, digits, '_' and '-'")
        if self.name in cities():  # which commands read by the name
            raise InputError(f"'{self.name}' is a base that ships: give the folder another name")
        if not self.title.strip() or not self.title.isprintable() or '"' in self.title or "\\" in self.title:
            raise InputError(f"--title: {self.title!r} is not allowed: it should be a text of one line without quotes")
        listed = {"benefits": [part.name for part in benefits()], "steps": [part.name for part in steps()]}
        for key, known in (listed | {"weekdays": list(MEETING_DAYS)}).items():
            given = getattr(self, key)
            if not given:
                raise InputError(f"--{key}: name at least one (allowed: {', '.join(known)})")
            for name in given:
                if name not in known:
                    raise InputError(f"--{key}: {unknown_name(key.removesuffix('s'), name, known)}")
                if given.count(name) > 1:
                    raise InputError(f"--{key}: '{name}' stands twice")
        for key in ("citizens", "cases", "caseworkers", "places"):
            value = getattr(self, key)
            if value is not None and not 0 < value < 1e7:
                raise InputError(f"--{key}: {value:g} is not allowed: more than 0, and less than ten million")
        if not self.start < self.end:
            raise InputError(f"--until: {self.end} is not allowed: it should be after {self.start}")

    def answered(self, number: str) -> bool:
        """Return whether a number of the catalogue was answered, and is not borrowed."""
        answer = next(each.answer for each in numbers() if each.name == number)
        return bool(answer) and getattr(self, answer) is not None

    @property
    def way(self) -> tuple[str, ...]:
        """The steps in the order of the catalogue."""
        return tuple(part.name for part in steps() if part.name in self.steps)


def base_files(new: NewBase) -> dict[str, str]:
    """Return the files of a base by their names: `pathway.toml`, and those that belong to it.

    Raises:
        InputError: where what was answered makes no sound pathway.
    """
    body = pathway_text(new.benefits, new.way, sorted(new.weekdays, key=MEETING_DAYS.index), new.language)
    values = _Values(new, read_base(LENDER))
    named = names_in(body)
    lines = [values.line(number) for number in numbers() if number.name in named]
    words = {
        "title": new.title,
        "name": new.name,
        "folder": new.name,
        "start": f"{new.start}",
        "end": f"{new.end}",
        "documented": f"{new.start}",
        "doors": ", ".join(f'"{door}"' for door in doors_of(new.benefits)),
        "factors": "\n".join(_factors(named, new.language)),
        "prices": "\n".join(_prices(body, new)),
    }
    head = _text("head", words, new.language)
    out = {"pathway.toml": f"{head}\n[parameters]\n" + "\n".join(lines) + "\n\n" + body}
    out |= {f"{name}.toml": _text(name, words, new.language) for name in _TEXTS}
    return out


def _text(name: str, words: Mapping[str, str], code: str) -> str:
    text = filled_in((data_folder("own") / f"{name}.toml").read_text(encoding="utf-8"), code)
    return re.sub(r"%(\w+)%", lambda match: words.get(match[1], match[0]), text)


class _Values:
    """The first value of each number: as it was answered, or the lender's, for the size of the municipality."""

    def __init__(self, new: NewBase, lender: Base) -> None:
        self.new, self.lender, self.evidence = new, lender, load(LENDER)
        self.documented = next(number for number in numbers() if number.answer == "citizens")
        whole = self.evidence[self.documented.fact].number(self.documented.key)
        self.share = new.citizens / whole if new.citizens is not None else 1 / 20
        self.citizens = new.citizens if new.citizens is not None else round(whole * self.share)
        self.whole = whole
        each = self._rate("rate_sag_kontanthjaelp") if new.cases is None else 0.0
        years = sum(self._rate(_LENGTHS[step]) for step in new.way) / _WEEKS
        under_way = new.cases * years if new.cases is not None else self.citizens * each * years / (1 + each * years)
        self.under_way = round(under_way)
        self.idle = round(self.citizens) - self.under_way
        if self.idle <= 0:
            raise InputError(
                f"--cases: {new.cases:g} a year are more than {self.citizens:g} citizens on kontanthjælp can have"
            )
        self.cases = new.cases if new.cases is not None else each * self.idle

    def line(self, number: Number) -> str:
        """Return the line of a parameter."""
        say, what = self._say, number.what[self.new.language]
        answer = self._answered(number)
        if number.answer == "citizens":
            english = f": {self.citizens:g}, less {self.under_way} whose cases are under way"
            what += say(f"<<{english}|: {self.citizens:g}, fraregnet {self.under_way} med en sag i gang>>")
        if answer is not None:
            given = say("<<answered to `flowsim base new`: give its source|svar til `flowsim base new`: angiv kilden>>")
            return _line(number.name, "assumed", answer, f"{what} ({given})")
        if number.assumed is not None:
            return _line(number.name, "assumed", number.assumed, what)
        if number.reckoned:
            return _line(number.name, "assumed", self._reckoned(number), what)
        value, origin = self._lent(number)
        if number.answer == "citizens":
            return _line(number.name, "borrowed", self.idle, f"{what} ({origin} × {self.share:.3g})")
        if number.per:
            more = self.new.raised.get(number.name, 1.0)
            value = _rounded(times(value, self._scale(number) * more, whole=number.whole))
            size = f"{self._scale(number):.3g}"
            origin += say("<<, times|, gange>> ") + (size.replace(".", ",") if self.new.language == "da" else size)
            origin += say("<<: citizens|: borgere>> ") + f"{self.citizens:g} / {self.whole:g}"
            if number.per == "meeting":
                origin += say(f"<<, meetings a week|, møder pr. uge>> {_MEETINGS} / {len(self.new.weekdays)}")
            if more > 1:
                size = f"{more:.2f}".replace(".", ",") if self.new.language == "da" else f"{more:.2f}"
                origin += say(f"<<; times|; gange>> {size}")
                origin += say(
                    "<<, since with fewer the queue would grow without end|, da køen ellers vokser uden ende>>"
                )
        return _line(number.name, "borrowed", value, f"{what} ({origin})")

    def _say(self, text: str) -> str:
        return filled_in(text, self.new.language)

    def _scale(self, number: Number) -> float:
        return self.share * (_MEETINGS / len(self.new.weekdays) if number.per == "meeting" else 1.0)

    def _lent(self, number: Number) -> tuple[Any, str]:
        if number.of:
            return _rounded(self.lender.parameter(number.of).value), number.of
        value = self.evidence[number.fact].number(number.key or None)
        value = int(value) if value == int(value) else value
        text = number.unit.replace("{}", str(value)) if number.unit != "{}" else value
        return text, f"{number.fact} {number.key}".strip()

    def _answered(self, number: Number) -> Any:
        value = getattr(self.new, number.answer) if number.answer else None
        if value is None:
            return None
        if number.answer == "citizens":
            return self.idle
        if number.answer == "cases":
            return f"{value / self.idle:.3g} per year"
        return int(value) if value == int(value) else value

    def _rate(self, name: str) -> float:
        """Return the lender's number of another line, without its unit."""
        number = next(each for each in numbers() if each.name == name)
        return float(str(self._lent(number)[0]).partition(" ")[0])

    def _reckoned(self, number: Number) -> Any:
        leave = ("rate_job", "rate_uddannelse", "rate_selvforsoergelse", "rate_jobparat")
        if number.reckoned == "new":
            gone = self.idle * sum(map(self._rate, leave)) + self.cases * (1 - self._rate("kh_afslag"))
            return f"{float(f'{gone:.3g}'):g} per year"
        weeks = self._rate("plan_mean" if number.reckoned == "stock_plan" else "erklaering_mean")
        return round(self.cases * weeks / _WEEKS)


def _line(name: str, kind: str, value: Any, why: str) -> str:
    lender = f', from = "{LENDER}"' if kind == "borrowed" else ""
    shown = json.dumps(value, ensure_ascii=False)
    return f"{name} = {{ {kind} = {shown}{lender}, why = {json.dumps(why, ensure_ascii=False)} }}"


def _rounded(value: Any) -> Any:
    """Return a number or a quantity to three digits."""
    if isinstance(value, int):
        return value
    if quantity(value):
        amount, _, unit = str(value).partition(" ")
        return f"{float(f'{float(amount):.3g}'):g} {unit}"
    return float(f"{value:.3g}")


_FACTORS: Mapping[str, tuple[str, tuple[str, ...], str, float, str]] = {
    "sager": (
        "<<cases that are opened|sager, der åbnes>>",
        (
            "rate_sag_kontanthjaelp",
            "rate_sag_ressourceforloeb",
            "cases_sygedagpenge",
            "cases_jobafklaring",
            "cases_uddannelseshjaelp",
        ),
        "log",
        0.3,
        "<<opened cases are seldom counted|åbnede sager tælles sjældent>>",
    ),
    "plan": ("<<length of the plan|planens længde>>", ("plan_mean",), "log", 0.3, "<<borrowed|lånt>>"),
    "erklaering": (
        "<<wait for a statement|ventetid på erklæring>>",
        ("erklaering_mean",),
        "log",
        0.3,
        "<<borrowed|lånt>>",
    ),
    "pladser": (
        "<<places of the team|teamets pladser>>",
        ("places_kommune", "places_region"),
        "log",
        0.1,
        "<<not every place is used|ikke alle pladser bruges>>",
    ),
    "fleksjob": ("<<odds of a fleksjob|odds for fleksjob>>", ("kh_fleksjob",), "odds", 0.5, "<<borrowed|lånt>>"),
    "foertidspension": (
        "<<odds of a pension|odds for førtidspension>>",
        ("kh_pension",),
        "odds",
        0.5,
        "<<borrowed|lånt>>",
    ),
}


def _factors(named: tuple[str, ...], code: str) -> Iterator[str]:
    for name, (title, sets, scale, sd, why) in _FACTORS.items():
        chosen = [parameter for parameter in sets if parameter in named]
        if chosen:
            yield f"[factors.{name}]\ntitle = {json.dumps(filled_in(title, code), ensure_ascii=False)}"
            yield f'sets = {json.dumps(chosen)}\nscale = "{scale}"\nsd = {sd}'
            text = filled_in(why.replace("<<borrowed|lånt>>", "<<borrowed from Copenhagen|lånt fra København>>"), code)
            yield f"why = {json.dumps(text, ensure_ascii=False)}\n"


_PRICED = {
    "staff": {
        "plan_kontanthjaelp.municipal": "plan_kontanthjaelp.bif",
        "plan_i_ressourceforloeb.municipal": "plan_ressourceforloeb.bif",
    },
    "meetings": {"rehabilitation_team": "rehabilitation_team"},
    "places": {"rehabilitation_team": "rehabilitation_team", "plan_oevrige": "plan_oevrige"},
}


def _prices(body: str, new: NewBase) -> Iterator[str]:
    lent = tomllib.loads(city_file(LENDER, "prices.toml").read_text(encoding="utf-8"))
    for section, pairs in _PRICED.items():
        lines = []
        for name, of in pairs.items():
            if f"[stations.{name.partition('.')[0]}]" in body:
                entry: Any = lent[section]
                for part in of.split("."):
                    entry = entry[part]
                lines.append(_line(name, "borrowed", entry["assumed"], f"{section}.{of}"))
        if lines:
            yield "\n".join([f"\n[{section}]", *lines])
    yield "\n[benefits]"
    for name in new.benefits:
        yield _line(name, "borrowed", lent["benefits"][name]["assumed"], f"benefits.{name}")
