"""The languages of a report: numbers and dates written by hand, and a Danish sentence for every text that ships."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import date
from importlib import resources
from string import Formatter
from typing import Any

import pytest

from flowsim import InputError
from flowsim.calibration.ensemble import Ensemble
from flowsim.evidence import facts
from flowsim.model.base import read_base
from flowsim.model.library import scenario_names, scenario_text
from flowsim.model.scenario import Scenario
from flowsim.planning.cost import NO_PRICE
from flowsim.planning.prices import Prices
from flowsim.reporting.language import LANGUAGES, Language

ENGLISH, DANISH = Language.of("en"), Language.of("da")
TERMS: Mapping[str, Any] = tomllib.loads(
    (resources.files("flowsim") / "data" / "report" / "terms.toml").read_text(encoding="utf-8")
)
BASE, FACTS, PRICES = read_base("copenhagen"), facts.load(), Prices.read()
PRICED = (*PRICES.prices, *(entry.price for entry in PRICES.sums))
NAMES_ALONE = {"Brøndby, Albertslund, Høje-Taastrup, Ishøj, Vallensbæk, Lolland"}
ENGLISH_WORDS = re.compile(r"\b(and|at|by|first|from|in|notes|of|percent|quarters?|question|the|to|who)\b")


def danish_place(place: str) -> bool:
    """Return whether a place is named by the Danish headings of its document alone."""
    heading = r"(Spørgsmål|Tabel|Figur|Spor|Resumé|Problemstilling|Løsning|Økonomi)\b"
    return re.match(heading, place) is not None and not ENGLISH_WORDS.search(place)


def comments(text: str) -> list[str]:
    """Return the comments of a file, those on lines one after the other as one."""
    blocks = re.findall(r"(?:^#.*\n)+", text, flags=re.MULTILINE)
    return [" ".join(line.lstrip("# ") for line in block.splitlines()) for block in blocks]


SHOWN = {
    "why a parameter has its value": {parameter.why for parameter in BASE.parameters.values()},
    "what a scenario is": {Scenario.of(name).file.description for name in scenario_names()},
    "what a comment of a scenario says": {text for name in scenario_names() for text in comments(scenario_text(name))},
    "sources": {source.title for source in FACTS.sources.values()}
    | {source.date for source in FACTS.sources.values() if not source.date[0].isdigit()},
    "why a price is what it is": {price.why for price in PRICED},
    "why waiting saved has no price": set(NO_PRICE),
    "what a sum is for": {entry.price.where.removeprefix("sums.") for entry in PRICES.sums},
    "what the prior moves": {factor.title for factor in Ensemble.of(BASE).prior.factors},
    "what a documented figure is": {fact.label for fact in FACTS},
    "whom it counts": {fact.population for fact in FACTS} - NAMES_ALONE,
    "where it stands": {fact.place for fact in FACTS if not danish_place(fact.place)},
    "when it holds": {fact.period for fact in FACTS if fact.period.startswith("undated")},
    "what a cell is called": {key for fact in FACTS for key in fact.values or () if ENGLISH_WORDS.search(key)},
    "what contradicts": {conflict.about for conflict in FACTS.contradictions},
    "how it is resolved": {conflict.resolution for conflict in FACTS.contradictions},
}
SAME = {"Flere i Fleksjob", "mploy for STAR: Processen for sager, der skal behandles i et rehabiliteringsteam"}
"""What is called the same in Danish: a project, and a report by its own title."""


# --- The texts of the shipped data ---


@pytest.mark.parametrize("group", SHOWN)
def test_every_text_of_the_shipped_data_has_a_danish_sentence(group: str) -> None:
    texts = SHOWN[group] - {""}
    assert texts
    assert not texts - set(DANISH.sentences)
    assert {text for text in texts if DANISH.translated(text) == text} <= SAME


def test_no_sentence_is_stale() -> None:
    assert not set(DANISH.sentences) - set().union(*SHOWN.values())


@pytest.mark.parametrize("text", DANISH.sentences)
def test_a_sentence_keeps_the_figures_and_the_names_of_its_text(text: str) -> None:
    told = DANISH.translated(text)
    assert told == told.strip() != ""
    assert Counter(_figures(told)) == Counter(figure.translate(str.maketrans(",.", ".,")) for figure in _figures(text))
    assert Counter(_names(told)) == Counter(_names(text))


def _figures(text: str) -> list[str]:
    return re.findall(r"\d+(?:[.,]\d+)*", text)


def _names(text: str) -> list[str]:
    """Return the ids of sources and facts, and the names of parameters and prices, that a text refers to."""
    known = {*FACTS.sources, *(fact.id for fact in (*FACTS.facts, *FACTS.supplementary)), *BASE.parameters}
    known |= {price.where.partition(".")[2] for price in PRICES.prices}
    words = re.findall(r"[\w-]+(?:\.[\w-]+)*", text)
    also_words = {"holidays", "fleksjob", "sygedagpenge"}
    return [word for word in words if word in known - also_words]


def test_dates_and_periods_of_documents_are_written_in_the_language() -> None:
    written = {
        "2016": ("2016", "2016"),
        "2015/2019": ("2015-2019", "2015-2019"),
        "2018Q1": ("2018Q1", "2018K1"),
        "2017-04": ("2017-04", "april 2017"),
        "2020-06-15": ("2020-06-15", "15. juni 2020"),
        "2019-05/2019-10": ("2019-05 to 2019-10", "maj 2019 til oktober 2019"),
        "2015-11-11/2017": ("2015-11-11 to 2017", "11. november 2015 til 2017"),
        "2022-07/..": ("from 2022-07 on", "fra juli 2022"),
        "undated: two cases before May 2017": (
            "undated: two cases before May 2017",
            "udateret: to sager fra før maj 2017",
        ),
    }
    assert {text: (ENGLISH.when(text), DANISH.when(text)) for text in written} == written
    assert all(not re.search(r"\d-\d\d\b|/|Q", DANISH.when(fact.period)) for fact in FACTS)


@pytest.mark.parametrize("name", scenario_names())
def test_a_shipped_scenario_in_danish_changes_the_same(name: str) -> None:
    english, danish = scenario_text(name), DANISH.file(scenario_text(name))
    first, second = (tomllib.loads(text) for text in (english, danish))
    assert first | {"description": ""} == second | {"description": ""}
    assert not set(comments(english)) & set(comments(danish))
    assert max(len(line) for line in danish.splitlines() if line.startswith("#")) <= 120
    assert ENGLISH.file(english) == english


def test_only_danish_is_told_otherwise_than_it_stands() -> None:
    assert DANISH.translated("not documented") == "ikke dokumenteret"
    assert ENGLISH.translated("not documented") == "not documented"
    assert DANISH.translated("a reason of one's own") == "a reason of one's own"


# --- The words ---


@pytest.mark.parametrize("key", TERMS["words"])
def test_every_word_is_in_both_languages_with_the_same_names_to_fill_in(key: str) -> None:
    entry = TERMS["words"][key]
    assert set(entry) == set(LANGUAGES)
    assert all(text.strip() for text in entry.values())
    assert _filled_in(entry["en"]) == _filled_in(entry["da"])


def _filled_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_words_are_said_filled_in_and_names_told_where_the_table_has_them() -> None:
    language = Language(code="en", words={"many": "{count} of {all}", "name.fleksjob": "Fleksjob"}, sentences={})
    assert language.say("many", count="3", all="7") == "3 of 7"
    assert language.name("fleksjob", "In a job") == "Fleksjob"
    assert language.name("afslag", "Refused") == "Refused"
    assert language.name("afslag") == "afslag"


def test_an_unknown_language_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(InputError, match=r"^there is no language 'dk' \(allowed: da, en\)$"):
        Language.of("dk")


# --- Numbers ---


@pytest.mark.parametrize(
    ("value", "english", "danish"),
    [
        (0, "0.0", "0,0"),
        (0.004, "0.00", "0,00"),
        (0.25, "0.25", "0,25"),
        (0.994, "0.99", "0,99"),
        (0.995, "1.0", "1,0"),
        (9.87, "9.9", "9,9"),
        (99.94, "99.9", "99,9"),
        (99.95, "100", "100"),
        (1234.5678, "1,235", "1.235"),
        (1234567, "1,234,567", "1.234.567"),
        (-1234.5678, "−1,235", "−1.235"),
        (-0.995, "−1.0", "−1,0"),
        (-99.95, "−100", "−100"),
        (math.nan, "–", "–"),
        (math.inf, "∞", "∞"),
        (-math.inf, "−∞", "−∞"),
    ],
)
def test_a_number_has_as_many_decimals_as_its_size_asks_for(value: float, english: str, danish: str) -> None:
    assert ENGLISH.number(value) == english
    assert DANISH.number(value) == danish


@pytest.mark.parametrize(
    ("value", "decimals", "english", "danish"),
    [
        (1234.5678, 0, "1,235", "1.235"),
        (1234.5678, 3, "1,234.568", "1.234,568"),
        (-0.75, 1, "−0.8", "−0,8"),
        (99.95, 2, "99.95", "99,95"),
        (math.nan, 2, "–", "–"),
    ],
)
def test_a_number_with_told_decimals(value: float, decimals: int, english: str, danish: str) -> None:
    assert ENGLISH.number(value, decimals) == english
    assert DANISH.number(value, decimals) == danish


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (2.5, 1, "+2.5"),
        (-2.5, 1, "−2.5"),
        (math.inf, None, "+∞"),
        (math.nan, None, "–"),
        (0.0, 1, "0.0"),
        (-0.0, 1, "0.0"),
        (0.04, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (-0.4, 0, "0"),
        (-0.6, 0, "−1"),
    ],
)
def test_a_sign_is_written_unless_the_number_rounds_to_nothing(value: float, decimals: int, written: str) -> None:
    assert ENGLISH.number(value, decimals, signed=True) == written


@pytest.mark.parametrize("value", [-0.0, -0.004])
def test_what_rounds_to_nothing_has_no_minus(value: float) -> None:
    assert ENGLISH.number(value, 2) == "0.00"
    assert DANISH.percent(value, 0) == "0\u00a0%"


@pytest.mark.parametrize(
    ("share", "english", "danish"),
    [
        (0, "0", "0"),
        (0.0004, "0.0", "0,0"),
        (0.0123, "1.2", "1,2"),
        (0.0994, "9.9", "9,9"),
        (0.0995, "10", "10"),
        (0.764, "76", "76"),
        (0.9, "90", "90"),
        (0.904, "90.4", "90,4"),
        (0.999, "99.9", "99,9"),
        (1, "100", "100"),
        (12.5, "1,250", "1.250"),
        (-0.0123, "−1.2", "−1,2"),
        (-0.0995, "−10", "−10"),
        (-0.904, "−90.4", "−90,4"),
    ],
)
def test_a_share_is_written_in_per_cent(share: float, english: str, danish: str) -> None:
    assert ENGLISH.percent(share) == f"{english}\u00a0%"
    assert DANISH.percent(share) == f"{danish}\u00a0%"


def test_a_share_with_told_decimals_a_sign_or_no_value() -> None:
    assert DANISH.percent(0.76449, 2) == "76,45\u00a0%"
    assert ENGLISH.percent(0.25, signed=True) == "+25\u00a0%"
    assert ENGLISH.percent(math.nan) == "–"


# --- Dates and lists ---


@pytest.mark.parametrize(
    ("day", "english", "danish"),
    [
        (date(2023, 1, 1), "1\u00a0January\u00a02023", "1.\u00a0januar\u00a02023"),
        (date(2020, 12, 31), "31\u00a0December\u00a02020", "31.\u00a0december\u00a02020"),
    ],
)
def test_a_day(day: date, english: str, danish: str) -> None:
    assert ENGLISH.day(day) == english
    assert DANISH.day(day) == danish


@pytest.mark.parametrize(
    ("period", "english", "danish"),
    [
        ("2022", "2022", "2022"),
        ("2022Q3", "Q3\u00a02022", "3.\u00a0kvartal\u00a02022"),
        ("2022-05", "May\u00a02022", "maj\u00a02022"),
        ("2022-10", "October\u00a02022", "oktober\u00a02022"),
        ("2022-05-04", "4\u00a0May\u00a02022", "4.\u00a0maj\u00a02022"),
        ("2022-05-04T23", "4\u00a0May\u00a02022\u00a023:00-24:00", "4.\u00a0maj\u00a02022\u00a0kl.\u00a023:00-24:00"),
    ],
)
def test_a_period(period: str, english: str, danish: str) -> None:
    assert ENGLISH.period(period) == english
    assert DANISH.period(period) == danish


def test_a_number_has_its_noun_in_the_singular_where_it_is_one() -> None:
    told = {
        0: ("0 replications", "0 kørsler"),
        1: ("1 replication", "1 kørsel"),
        1500: ("1,500 replications", "1.500 kørsler"),
    }
    for number, words in told.items():
        assert (ENGLISH.counted(number, "replications"), DANISH.counted(number, "replications")) == words


@pytest.mark.parametrize("noun", sorted({key.split(".")[1] for key in ENGLISH.words if key.startswith("count.")}))
def test_every_noun_is_counted_in_both_languages(noun: str) -> None:
    for language in (ENGLISH, DANISH):
        for number in (1, 2):
            assert re.fullmatch(rf"{number} \w[\w ]*", language.counted(number, noun))


@pytest.mark.parametrize(
    ("items", "english", "danish"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a og b"),
        (["a", "b", "c"], "a, b and c", "a, b og c"),
    ],
)
def test_a_list(items: list[str], english: str, danish: str) -> None:
    assert ENGLISH.listed(items) == english
    assert DANISH.listed(items) == danish


@pytest.mark.parametrize("code", ["en", "da"])
def test_a_half_is_written_as_a_workbook_and_a_browser_write_it(code: str) -> None:
    """The same figure stands in a print, on the page and in a workbook, which rounds it by itself."""
    language = Language.of(code)
    assert language.number(-76.5, 0) == "−77"
    assert language.number(0.5, 0, signed=True) == "+1"
    assert language.percent(0.145, 0).rstrip("\u00a0%") == "15"
    assert language.percent(0.0625) == {"en": "6.3\u00a0%", "da": "6,3\u00a0%"}[code]
    assert language.rounded(-0.145, signed=True) == {"en": "-15%", "da": "−15 %"}[code]
    assert language.rounded(0.005) == {"en": "1%", "da": "1 %"}[code]
    assert language.rounded(0.0, signed=True) == {"en": "+0%", "da": "0 %"}[code]
