"""The summary: figures as a planner reads them, documents beside the simulation, and never a line too long."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from flowsim import Pathway, Scenario
from flowsim.cli.options import spoken
from flowsim.cli.terminal import number, wrapped
from flowsim.cli.words.run import beside_documents, by_period, cut_lines, fact_lines, with_documented
from flowsim.cli.words.situation import situation_lines
from flowsim.core.errors import InputError
from flowsim.core.periods import Period
from flowsim.evidence import facts
from flowsim.evidence.facts import Relation
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.measure import Row
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED, UTILISATION
from flowsim.simulation.runner import run
from helpers.traces import RAW, SMALL

RESULTS = run(SMALL, replications=3)


def wording(code="en", codes=True, pathway=SMALL):
    return Wording(language=Language.of(code), pathway=pathway, shipped=False, codes=codes)


def table(*rows):
    return pd.DataFrame(rows, columns=["measure", "period", "unit", "p05", "level", "p95", "documented"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "-"),
        (0.0, "0.0"),
        (0.456, "0.46"),
        (1.25, "1.3"),
        (99.96, "100.0"),
        (100.4, "100"),
        (12_345.6, "12,346"),
        (99_999.4, "99,999"),
        (99_999.6, "100k"),
        (999_400, "999k"),
        (999_600, "1M"),
        (1_234_567, "1.23M"),
        (999.4e6, "999M"),
        (999.9e6, "1e+09"),
        (2e12, "2e+12"),
        (-1_234.0, "-1,234"),
    ],
)
def test_figures_are_short(value, text):
    assert number(value) == text
    assert len(text) <= 6


def test_a_documented_figure_stands_beside_the_simulated_one():
    rows = table(
        ("awards.x", "2019", "awards", 90.0, 110.0, 120.0, 100.0),
        ("awards.x", "2020", "awards", 101.0, 110.0, 120.0, 100.0),
        ("awards.x", "2019Q1", "awards", 1.0, 2.0, 3.0, 2.0),
        ("wait.y", "2020-02", "weeks", 1.0, 2.0, 3.0, 9.0),
        ("wait.y", "2020-03", "weeks", math.nan, math.nan, math.nan, 9.0),
        ("stock.z", "2020", "citizens", 1.0, 2.0, 3.0, math.nan),
    )
    assert beside_documents(rows, 20, wording()) == [
        "Documented beside simulated",
        "                  documented simulated               5 to 95 %      off by",
        "awards.x (awards)",
        "  2019                   100       110             90.0 to 120",
        "  2020                   100       110              101 to 120       +10 %",
        "wait.y (weeks)",
        "  2020-02                9.0       2.0              1.0 to 3.0       -78 %",
        "  2020-03                9.0         -                  - to -",
        "1 more documented figures, by quarter, stand in --out and --json",
    ]
    assert beside_documents(rows.iloc[5:], 20, wording()) == []
    assert " lowest to highest of 18      off by" in beside_documents(rows, 18, wording())[1]


def test_a_queue_that_stands_still_and_figures_of_fewer_futures_are_named():
    columns = ["measure", "period", "unit", "level", "defined", "left_out", "stalled"]
    rows = [
        ("wait.desk.served", "2019", "weeks", math.inf, 100, 0, 60),
        ("wait.desk.served", "2020", "weeks", 8.0, 98, 2, 7),
        ("wait.board.served", "2019", "weeks", 3.0, 100, 0, 0),
        ("wait.board.served", "2019Q1", "weeks", 3.0, 90, 10, 5),
        ("queue.desk", "2019", "citizens", 3.0, 100, 0, 0),
    ]
    lines = by_period(pd.DataFrame(rows, columns=columns), wording())
    text = " ".join(" ".join(lines).split())
    assert "wait.desk.served ∞ 8.0" in text
    assert "as ∞) in futures: 60 of 100 in 2019, 7 of 100 in 2020" in text
    assert "wait.desk.served: of the futures in which it is defined: 98 of 100 in 2020" in text
    assert "2019Q1" not in text
    assert "wait.board.served: " not in text


def test_documents_are_joined_by_measure_and_period():
    columns = RESULTS.table_columns()
    pd.testing.assert_frame_equal(pd.DataFrame(columns), RESULTS.table())
    joined = pd.DataFrame(with_documented(columns, {("stock.cash", "2019"): 7.0, ("stock.cash", "1999"): 8.0}))
    told = joined[joined["documented"].notna()]
    assert told[["measure", "period", "documented"]].to_numpy().tolist() == [["stock.cash", "2019", 7.0]]


@pytest.mark.parametrize(
    ("first", "last", "title", "periods", "queue", "clock"),
    [
        ("2019", "2020", "Year by year", ["2019"], ["2019-12"], ["2019Q4"]),
        ("2019Q2", "2019Q3", "Quarter by quarter", ["2019Q2", "2019Q3"], ["2019-06", "2019-09"],
         ["2019Q2", "2019Q3"]),
        ("2019-05", "2019-06", "Month by month", ["2019-05", "2019-06"], ["2019-05", "2019-06"], None),
    ],
)  # fmt: skip
def test_the_longest_whole_periods_are_told_with_the_values_at_their_ends(first, last, title, periods, queue, clock):
    some = RESULTS.between(first, last)
    quantiles = some.table()
    cells = {(m, p): v for m, p, v in quantiles[["measure", "period", "level"]].to_numpy().tolist()}
    lines = by_period(quantiles, wording())
    assert lines[0].removeprefix(title).split() == periods
    told = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert told["queue.desk"] == [number(cells["queue.desk", period]) for period in queue]
    if clock:
        assert told["stock.cash"] == [number(cells["stock.cash", period]) for period in periods]
        names = "clock.decision.within", "clock.decision.open_overdue"
        shown = [n for n in names if any(cells[n, p] > 0 for p in clock)]
        assert shown
        for name in shown:
            assert told[name] == [number(cells[name, period]) for period in clock]


def test_no_line_is_longer_than_eighty_columns():
    name = "a_very_long_name_of_a_station_that_goes_on_and_on_and_never_seems_to_find_its_end"
    raw = {**RAW, "start": "2010-01-01", "end": "2025-01-01"}
    raw["stations"] = {**RAW["stations"], name: RAW["stations"]["desk"]}
    raw["stations"]["desk"] = {"capacity": 2, "room": 9}
    raw["states"] = RAW["states"] | {"plan": RAW["states"]["plan"] | {"station": name}}
    raw["states"]["cash"] = RAW["states"]["cash"] | {"station": "desk"}
    raw["stations"]["board"] = {"weekdays": ["mon"], "places": 9.0}
    raw["stations"][name] = {"capacity": 4, "room": 9}
    raw["states"]["cash"] = RAW["states"]["cash"] | {"station": "desk", "refused_to": "work"}
    pathway = Pathway.from_dict(raw)
    quantiles = run(pathway, replications=2).table()
    huge = quantiles.assign(p05=1e12, level=1e12, p95=9e12, documented=3e12)
    months = huge[huge["period"].str.contains("-")]
    blocks = [
        by_period(quantiles, wording(pathway=pathway)),
        by_period(huge, wording(pathway=pathway)),
        by_period(months, wording(pathway=pathway)),
        beside_documents(huge, 20, wording(pathway=pathway)),
    ]
    for lines in blocks:
        assert len(lines) > 10
        assert max(map(len, lines)) <= 80
    columns = {len(line.split()) for line in blocks[1][:-2] if line.startswith(("stock", "queue"))}
    assert columns == {6}  # figures never run into each other: 5 + 5 + 5 years, and a name


@pytest.mark.parametrize("text", ["word " * 60, "\x1b[31mred\x07", "a\nb", "hyphen-" * 5 + " x" * 60, "x" * 200])
def test_texts_of_the_user_are_wrapped_and_move_no_cursor(text):
    lines = wrapped(text).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


KNOWN = facts.load()


def told(fact, language="en"):
    return " ".join(line for line, _ in fact_lines(fact, KNOWN, Language.of(language)))


def test_every_fact_is_told_with_its_unit_period_precision_and_population():
    for fact in KNOWN:
        words = told(fact)
        assert all(year in words for year in re.findall(r"\d{4}", fact.period))
        assert fact.population in words
        assert fact.unit in words or fact.unit in ("date", "count", "ratio", "rank")
        assert fact.quote in words
        for key, cell in (fact.values or {}).items():
            assert f"{key}: {cell:,}".removesuffix(".0") in words


@pytest.mark.parametrize(
    ("fact", "english", "danish"),
    [
        (
            "svar-2017-05.national-workforce-implied",
            "at 1.4 percent: 4,562,643; at 2.1 percent: 3,041,762 persons [2016; ca.; national workforce]",
            "ved 1,4 procent: 4.562.643; ved 2,1 procent: 3.041.762 personer [2016; ca.; arbejdsstyrken i hele landet]",
        ),
        (
            "status-2021-01.foertidspension-expected-2020",
            "above status-2021-01.awards-foertidspension-totals (2019) awards [2020; bound; ",
            "over status-2021-01.awards-foertidspension-totals (2019) tilkendelser [2020; grænse; ",
        ),
        ("svar-2018-10.returns-fell", "(2017Q4) percent", "(2017K4) procent"),
        ("status-2021-01.stock-fall", "[2015-2020; bound, at least 5,000; ", "[2015-2020; grænse, mindst 5.000; "),
        ("status-2021-01.meetings-in-person", ": 2020-06-15 [2020-06-15; exact", ": 15. juni 2020 [15. juni 2020; nøj"),
    ],
)
def test_figures_of_a_fact_are_written_in_full_and_in_the_language(fact, english, danish):
    assert english in told(KNOWN[fact])
    assert danish in told(KNOWN[fact], "da")


def test_a_contradiction_is_told_of_each_side_in_the_language():
    resolved = "Tallet står to gange, begge gange som det registrerede antal"
    for side in ("svar-2017-06.fleksjob-refused", "svar-2017-06.fleksjob-refused-2016-again"):
        assert "modsiges af svar-2017-06.fleksjob-refused" in told(KNOWN[side], "da")
        assert resolved in told(KNOWN[side], "da")
    assert "modsiges" not in told(KNOWN["svar-2017-06.fleksjob-goal"].model_copy(update={"conflicts_with": ()}), "da")


def test_an_inequality_with_two_ends_says_both():
    both = KNOWN["svar-2017-06.time-to-clarification"].model_copy(update={"relation": Relation(above=1, below=2.5)})
    assert ": above 1 and below 2.5 [" in told(both)
    assert ": over 1 og under 2,5 [" in told(both, "da")


def a_run(years, **of):
    """Return results of a desk and a board in some years, with values by measure and year given by hand."""
    rows, columns = [], []
    for measure, by_year in of.values():
        rows += [Row(measure, Period(year)) for year in years]
        columns += by_year
    values = np.array([np.broadcast_to(column, 12) for column in columns], float).T
    return replace(RESULTS, index=tuple(rows), values=values, replications=tuple(range(12)), digests=())


def test_who_waits_where_how_long_whether_it_gets_better_and_what_binds():
    some = np.arange(12)
    results = a_run(
        ("2019", "2020"),
        desk=(QUEUE("desk"), [40 + some, 30 + some]),
        desk_wait=(SERVED("desk"), [4.0, 3.0]),
        board=(QUEUE("board"), [5, np.where(some % 2, 4, 6)]),
        board_wait=(SERVED("board"), [1.0, np.inf]),
        used=(UTILISATION("desk"), [0.5, 0.97]),
        free=(UTILISATION("board"), [0.99, 0.5]),
        within=(CLOCK_WITHIN("decision"), [0.5, 0.59]),
    )
    lines = situation_lines(results, wording(codes=False))
    assert "(2020)" in lines[0]
    rows = {line.split()[0]: line.split()[1:] for line in lines[2:4]}
    assert rows == {"desk": ["36", "3.0", "better:", "10", "fewer"], "board": ["5", "∞", "not", "sure"]}
    assert lines[4] == "Decision: 23 weeks: 59 % (50 % in 2019)"
    assert "What binds: desk (97 % of the places used)." in lines
    danish = situation_lines(results, wording("da", codes=False))
    assert [line.split()[-3:] for line in danish[2:3]] == [["bedre:", "10", "færre"]]
    assert "Det, der begrænser: desk (97 % af pladserne bruges)." in danish
    short = situation_lines(replace(results, values=results.values[:9], replications=tuple(range(9))), wording())
    assert short[2].split() == ["desk", "34", "3.0", "-"]  # of nine futures nothing is known of a change


def test_a_table_in_danish_has_headings_titles_and_danish_figures():
    quantiles = RESULTS.between("2019", "2020").table()
    lines = by_period(quantiles, wording("da", codes=False))
    assert lines[0].split() == ["År", "for", "år", "2019"]
    level = dict(zip(quantiles["measure"] + quantiles["period"], quantiles["level"], strict=True))
    at = lines.index("Andel til tiden")
    assert lines[at + 1].split() == ["decision:", "23", "uger", f"{level['clock.decision.within2019']:.0%}"[:-1], "%"]
    assert lines[lines.index("Venter") + 1].split()[0] == "desk"
    assert not any("." in name for name in (line.split()[0] for line in lines[:-3]))
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"LANG": "da_DK.UTF-8"}, "da"),
        ({"LANG": "da_DK.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "da_DK"}, "da"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminal_tells_the_language_and_the_option_comes_before_it(setting, code, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert spoken(None).code == code
    assert spoken("da").code == "da"
    with pytest.raises(InputError, match="--language: there is no language 'dansk'"):
        spoken("dansk")


def test_every_word_is_filled_in_with_the_same_in_both_languages():
    for key, english in Language.of("en").words.items():
        danish = Language.of("da").words[key]
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", danish)), key


def test_periods_that_are_not_reported_whole_are_named_in_lines_of_eighty():
    whole = {"start": "2019-01-01", "end": "2021-01-01"}
    assert cut_lines(Pathway.from_dict(RAW | whole), Language.of("da")) == []
    for end in ("2020-12-31", "2019-01-31"):
        pathway = Pathway.from_dict(RAW | whole | {"end": end})
        (lines,) = cut_lines(pathway, Language.of("da"))
        assert len(lines) > 80
        assert all(len(line) <= 80 for line in lines.splitlines())


def test_a_station_without_places_binds():
    raw = {
        "name": "none",
        "start": "2024-01-01",
        "end": "2025-01-01",
        "stations": {"team": {"weekdays": ["tue"], "places": 0}},
        "states": {"in": {"station": "team", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "in", "rate": "50 per year"}},
    }
    pathway = Pathway.from_dict(raw)
    results = run(pathway, replications=20)
    text = " ".join(" ".join(situation_lines(results, wording(codes=False, pathway=pathway))).split())
    assert "What binds: team (without any places)." in text
    danish = " ".join(" ".join(situation_lines(results, wording("da", codes=False, pathway=pathway))).split())
    assert "Det, der begrænser: team (uden pladser)." in danish


def test_why_more_than_all_places_are_used_is_said():
    raw = {
        "name": "cut",
        "start": "2024-01-01",
        "end": "2026-01-01",
        "stations": {"desk": {"capacity": {"2024-01-01": 10, "2025-01-01": 2}}},
        "states": {"in": {"station": "desk", "stay": "2 years", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "in", "rate": "50 per year"}},
    }
    pathway = Pathway.from_dict(raw)
    text = " ".join(" ".join(situation_lines(run(pathway), wording(codes=False, pathway=pathway))).split())
    assert "What binds: desk (500 % of the places used). (more than 100 %: stays that began before" in text
    raw["stations"]["desk"]["capacity"] = 10
    steady = Pathway.from_dict(raw)
    assert "more than 100" not in " ".join(situation_lines(run(steady), wording(codes=False, pathway=steady)))


@pytest.mark.parametrize(
    ("rate", "english", "danish"),
    [
        (
            "40 per day",
            "What binds: desk (88 % of the places used, and groups of 3 can use 88 %).",
            "Det, der begrænser: desk (88 % af pladserne bruges, og grupper på 3 kan bruge 88 %).",
        ),
        (
            "5 per day",
            "the fullest is desk, with 43 % of the places used, and groups of 3 can use 88 %.",
            "mest belagt er desk, hvor 43 % af pladserne bruges, og grupper på 3 kan bruge 88 %.",
        ),
    ],
    ids=["full", "not full"],
)
def test_a_station_is_full_where_no_other_group_can_begin(rate, english, danish):
    """Of nine servers for 31 days groups of three use all, of four for 60 days three: 459 of 519."""
    raw = {
        "name": "groups",
        "start": "2024-01-01",
        "end": "2024-04-01",
        "stations": {"desk": {"capacity": {"2024-01-01": 9, "2024-02-01": 4}, "together": 3}},
        "states": {"in": {"station": "desk", "stay": "12 hours", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "in", "rate": rate}},
    }
    pathway = Pathway.from_dict(raw)
    results = run(pathway)
    for code, words in (("en", english), ("da", danish)):
        text = " ".join(situation_lines(results, wording(code, codes=False, pathway=pathway)))
        assert words in " ".join(text.split())


def test_a_scenario_of_ones_own_is_called_what_its_file_calls_it():
    shipped = Scenario.of("today")
    own = Scenario.from_dict({"name": "today", "base": "copenhagen", "parameters": {"klage_share": "+1 %"}}, "own.toml")
    for scenario, name in ((shipped, "Videreført fra januar 2021"), (own, "today")):
        for given, beside in ((scenario, ()), (Scenario.of("copenhagen"), (scenario,))):
            words = Wording.of(given, given.pathway(), Language.of("da"), beside=beside)
            assert words.scenario("today") == name
