"""The language of a report: its words from one table of terms, and how numbers, periods and days are written."""

from __future__ import annotations

import math
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any

from flowsim.core.errors import InputError, unknown_name
from flowsim.core.files import data_folder
from flowsim.core.numbers import fixed
from flowsim.core.periods import Period

__all__ = ["LANGUAGES", "Language"]

LANGUAGES = ("en", "da")
_TABLES = (
    "terms.toml",
    "terminal.toml",
    "commands.toml",
    "help.toml",
    "errors.toml",
    "titles.toml",
    "files.toml",
    "evidence.toml",
)
_HARD = "\u00a0"
"""A space at which no line is broken."""
_BRACES = re.compile(r"\{(\w+)\}")
_QUOTED = re.compile(r"'\{(\w+)\}'")
_ALLOWED = re.compile(r"allowed: \{(\w+)\}")
_QUARTER = re.compile(r"\d{4}Q[1-4]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_MONTH = re.compile(r"\d{4}-\d{2}")
_MOMENT = re.compile(r"\d{4}(?:Q[1-4]|-\d{2}(?:-\d{2})?)?")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00:00)?")
_FILE = 120
"""The width of a file with comments."""
_COMMENT = re.compile(r"(#\s*)(.*?)(\s*)")
_SAID = re.compile(r'(\b(?:why|description) = ")([^"\\]*)(")')
"""What is said in words in a TOML file."""
_QUANTITY = re.compile(r"([+-])? ?(\d+(?:\.\d+)?)((?: (?:%|per|a|\d+|[a-z]+))*)")


@dataclass(frozen=True, kw_only=True)
class Language:
    """One of `LANGUAGES`.

    Attributes:
        code: its name.
        words: what reports say, by a key; with names in braces for what is filled in.
        sentences: what the texts of the shipped data, which are English, are called.
        messages: what is said in English elsewhere (help, mistakes, notes of forecasts), with names in braces.
    """

    code: str
    words: Mapping[str, str] = field(repr=False)
    sentences: Mapping[str, str] = field(repr=False)
    messages: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, code: str) -> Language:
        """Return the language of a code.

        Raises:
            InputError: where it is none of `LANGUAGES`.
        """
        if code not in LANGUAGES:
            raise InputError(unknown_name("language", code, LANGUAGES))
        table = _terms()
        words = {key: entry[code] for key, entry in table["words"].items()}
        of_data, messages = (table[key] if code == "da" else {} for key in ("sentences", "messages"))
        return cls(code=code, words=words, sentences=of_data, messages=messages)

    def say(self, key: str, **values: str) -> str:
        """Return the words of a key, filled in."""
        return self.words[key].format(**values)

    def name(self, name: str, otherwise: str | None = None) -> str:
        """Return what a name of the model is called; another text, or the name itself, where the table lacks it."""
        return self.words.get(f"name.{name}", otherwise or name)

    def translated(self, text: str) -> str:
        """Return a text of the shipped data, or a message, in this language; any other text as it is.

        A sentence of the table may have names in braces: what stands in their place is carried over, itself translated
        where the table has it and it is not in quotes. Of what is allowed a single word is a name, and stays as it is.
        """
        if self.code == "en":
            return text
        if text in self.sentences or text in self.messages:
            return self.sentences.get(text) or self.messages[text]
        for pattern, quoted, allowed, danish in _patterns():
            if match := pattern.fullmatch(text):
                kept = quoted | {name for name in allowed if " " not in match[name]}
                parts = match.groupdict().items()
                return danish.format(**{name: part if name in kept else self.message(part) for name, part in parts})
        if _THOUSANDS.fullmatch(text):
            return self.local(text)
        return self.short_period(text) if _QUARTER.fullmatch(text) else text

    def file(self, text: str) -> str:
        """Return a TOML file that ships with its comments, reasons and descriptions in this language.

        Comments on lines one after the other are one text where the table has it so, else each is one.
        """
        lines = []
        for commented, group in groupby(text.splitlines(keepends=True), lambda line: bool(_COMMENT.fullmatch(line))):
            block = list(group)
            if not commented:
                lines += [_SAID.sub(lambda part: f"{part[1]}{self.translated(part[2])}{part[3]}", row) for row in block]
                continue
            whole = " ".join(line.lstrip("# ").strip() for line in block)
            translation = self.translated(whole)
            if translation != whole:
                lines += [f"{line}\n" for line in textwrap.wrap(f"# {translation}", _FILE, subsequent_indent="# ")]
                continue
            for row in block:
                if comment := _COMMENT.fullmatch(row):
                    lines.append(f"{comment[1]}{self.translated(comment[2])}{comment[3]}")
        return "".join(lines)

    def message(self, text: str) -> str:
        """Return what is said of a mistake in this language: as a whole where the table has it, else part by part.

        Parts are what stands between colons, but for those within quotes or brackets.
        """
        whole = self.translated(text)
        if whole != text or self.code == "en":
            return whole
        depth, quoted = 0, False
        for place, letter in enumerate(text):
            depth += (letter in "([{") - (letter in ")]}")
            quoted ^= letter == "'" and not (quoted is False and place and text[place - 1].isalpha())
            if text.startswith(": ", place) and depth == 0 and not quoted:
                head = text[:place]  # a single word is a key or the name of a file, which stays as it is
                head = self.translated(head) if " " in head or head == "note" else head
                return f"{head}: {self.message(text[place + 2 :])}"
        return text

    def number(self, value: float, decimals: int | None = None, *, signed: bool = False) -> str:
        """Write a number; with no decimals above a hundred, one above one, otherwise two, unless told how many."""
        if decimals is None:
            decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 0.995 or value == 0 else 2
        return self._written(value, decimals, signed=signed)

    def _written(self, value: float, decimals: int, *, shift: int = 0, signed: bool = False) -> str:
        if math.isnan(value):
            return "–"
        text = "∞" if math.isinf(value) else fixed(abs(value), decimals, shift=shift)
        if self.code == "da":
            text = text.translate(str.maketrans(",.", ".,"))
        nothing = not any(digit in text for digit in "123456789∞")
        return text if nothing else f"{'−' if value < 0 else '+' if signed else ''}{text}"

    def percent(self, share: float, decimals: int | None = None, *, signed: bool = False) -> str:
        """Write a share in per cent; with one decimal below ten per cent and above ninety, unless told how many."""
        if math.isnan(share):
            return "–"
        if decimals is None:
            decimals = 1 if 0 < abs(share) < 0.0995 or 0.9 < abs(share) < 1 else 0
        return f"{self._written(share, decimals, shift=2, signed=signed)}{_HARD}%"

    def day(self, day: date) -> str:
        """Write a day: "1 January 2023", "1. januar 2023"."""
        month = self.words[f"month.{day.month}"]
        return f"{day.day}{'.' if self.code == 'da' else ''}{_HARD}{month}{_HARD}{day.year}"

    def quantity(self, value: object) -> str:
        """Write a value of a file: "12 weeks", "12 uger"; "-25 %", "−25 %"; a day as a day; another text as it is."""
        if isinstance(value, Mapping):
            return ", ".join(f"{key}: {self.quantity(part)}" for key, part in value.items())
        if isinstance(value, list | tuple):
            return ", ".join(self._short_day(str(part)) or self.quantity(part) for part in value)
        text = value.isoformat() if isinstance(value, date) else str(value)
        if day := _DAY.fullmatch(text):
            return self.day(date.fromisoformat(day[1]))
        quantity = _QUANTITY.fullmatch(text)
        if self.code != "da" or not quantity:
            return text
        sign, number, rest = quantity.groups()
        counted = {word: word.removesuffix("s") if number == "1" else word for word in rest.split()}
        words = [self.words.get(f"quantity.{key}", word) for word, key in counted.items()]
        written = number.replace(".", ",")
        return " ".join([f"{'−' if sign == '-' else sign or ''}{written}", *words])

    def measured(self, value: object) -> tuple[float, int, bool, str] | None:
        """Read a value of a file as a number, its decimals, whether it has a sign, and its unit in words; or as none.

        A per cent is a share.
        """
        quantity = _QUANTITY.fullmatch(str(value))
        if isinstance(value, bool) or not quantity:
            return None
        sign, number, rest = quantity.groups()
        decimals, unit = len(number.partition(".")[2]), rest.strip()
        amount = float(f"{sign or ''}{number}")
        if unit == "%":
            return amount / 100, decimals, sign is not None, "%"
        words = [self.words.get(f"quantity.{word}", word) if self.code == "da" else word for word in unit.split()]
        return amount, decimals, sign is not None, " ".join(words)

    def _short_day(self, text: str) -> str:
        """Write a day among many in figures: "2015-12-25", "25.12.2015"; nothing of what is no day."""
        if not (day := _DAY.fullmatch(text)):
            return ""
        return f"{date.fromisoformat(day[1]):%d.%m.%Y}" if self.code == "da" else day[1]

    def period(self, text: str) -> str:
        """Write a period: "May 2022", "Q2 2022", "2022"; "maj 2022", "2. kvartal 2022", "2022".

        A day is "4 May 2022" or "4. maj 2022", and an hour "4 May 2022 14:00-15:00" or "4. maj 2022 kl. 14:00-15:00".
        """
        period = Period(text)
        if period.every == "day":
            return self.day(period.start)
        if period.every == "hour":
            hour, day = period.start.hour, self.day(period.start)
            return self.say("hour", day=day, begin=f"{hour:02}:00", end=f"{hour + 1:02}:00").replace(" ", _HARD)
        if period.every == "quarter":
            return self.say("quarter", number=str(period.place), year=str(period.year)).replace(" ", _HARD)
        return f"{self.words[f'month.{period.place}']}{_HARD}{period.year}" if period.every == "month" else str(period)

    def interval(self, low: str, high: str) -> str:
        """Write an interval from its ends as they are written: "71 to 90 %", "71-90 %"; signs keep their word."""
        unit = f"{_HARD}%"
        if low.endswith(unit) and high.endswith(unit):
            low = low.removesuffix(unit)
        signed = any(end.startswith(("−", "+")) for end in (low, high))
        return self.say("range" if signed else "interval", low=low, high=high)

    def short_period(self, text: str) -> str:
        """Write a period in a column's width: "2019Q1", "2019K1"; each is read as it is written."""
        return text.replace("Q", "K") if self.code == "da" else text

    def when(self, text: str) -> str:
        """Write the date of a source, or the period of a documented figure: "2017-04", "april 2017"; "2015-2020".

        An end that is left open, and words in place of a date, have theirs.
        """
        first, until, last = text.partition("/")
        if not _MOMENT.fullmatch(first):
            return self.translated(text)
        if not until:
            return self._moment(first)
        if first.isdigit() and last.isdigit():
            return f"{first}-{last}"
        return self.say("when.on" if last == ".." else "when.span", first=self._moment(first), last=self._moment(last))

    def _moment(self, text: str) -> str:
        if _DAY.fullmatch(text):
            return self.plain_day(date.fromisoformat(text))
        if self.code == "en" or not _MONTH.fullmatch(text):
            return self.short_period(text)
        return self.period(text).replace(_HARD, " ")

    def local(self, text: str) -> str:
        """Write a figure, written the English way, as this language does: "1,234.5", "1.234,5"."""
        return text.translate(str.maketrans(",.", ".,")) if self.code == "da" else text

    def unit_of_series(self, unit: str) -> str:
        """Return what a series of a file counts: "thousand persons"; of a share that its figures are no per cent."""
        if unit == "share":
            return self.say("forecast.unit.share")
        scale, _, counted = unit.partition(" ")
        if f"scale.{scale}" not in self.words:
            return self.words.get(f"unit.{unit}", unit)
        words = [self.words[f"scale.{scale}"], self.words.get(f"unit.{counted}", counted)]
        return " ".join(filter(None, words))

    def counted(self, number: int, noun: str) -> str:
        """Write a number with its noun, a key of the table: "1 replication", "20 replications"."""
        if number == 1:
            return self.words[f"count.{noun}.one"]
        return self.say(f"count.{noun}.many", number=self.local(f"{number:,}"))

    def plain_day(self, day: date) -> str:
        """Write a day without spaces that hold: "2026-09-01", "1. september 2026"."""
        return f"{day:%Y-%m-%d}" if self.code == "en" else self.day(day).replace(_HARD, " ")

    def rounded(self, share: float, *, signed: bool = False) -> str:
        """Write a share on a terminal: "12%", "12 %"."""
        if self.code == "en":
            if not math.isfinite(share):
                return f"{share:.0%}"
            written = f"{fixed(abs(share), 0, shift=2)}%"
            return f"{'-' if share < 0 else '+' if signed else ''}{written}"
        return self.percent(share, 0, signed=signed).replace(_HARD, " ")

    def listed(self, items: list[str]) -> str:
        """Write a list: "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.words['and']} {items[-1]}"


@cache
def _terms() -> Mapping[str, Any]:
    tables = [tomllib.loads((data_folder("report") / name).read_text(encoding="utf-8")) for name in _TABLES]
    keys = ("words", "sentences", "messages")
    return {key: {name: entry for table in tables for name, entry in table.get(key, {}).items()} for key in keys}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], frozenset[str], frozenset[str], str], ...]:
    """Return what the sentences with names in braces match, those with most words of their own first.

    Each with the names that stand in quotes, for what is written there is a file's or the reader's own, and with those
    of what is allowed.
    """
    sentences = {text: danish for text, danish in _terms()["messages"].items() if _BRACES.search(text)}
    ordered = sorted(sentences.items(), key=lambda pair: -len(_BRACES.sub("", pair[0])))
    return tuple(
        (_pattern(text), frozenset(_QUOTED.findall(text)), frozenset(_ALLOWED.findall(text)), danish)
        for text, danish in ordered
    )


def _pattern(text: str) -> re.Pattern[str]:
    names, parts = set[str](), []
    pieces = _BRACES.split(text)
    for place, part in enumerate(pieces):
        if place % 2 == 0:
            parts.append(re.escape(part))
            continue
        # What stands first is one part of a message: "x.toml: a: 5 or more" is no number, or more.
        first = place == 1 and not pieces[0] and not pieces[2].startswith(":")
        letter = "(?:'[^']*'|(?!: ).)" if first else "."
        parts.append(f"(?P={part})" if part in names else f"(?P<{part}>{letter}+?)")
        names.add(part)
    return re.compile("".join(parts), re.DOTALL)
