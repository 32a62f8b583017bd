"""The command line in Danish: no English is left in what it prints, in its help, or in what it says of mistakes."""

import json
import re
import tomllib
from collections import Counter

import pytest
import typer

from flowsim import InputError
from flowsim.cli.helping import help_texts
from flowsim.cli.main import app
from flowsim.cli.speech import asked_language
from flowsim.core.files import data_folder
from flowsim.evidence.series import read as read_series
from flowsim.model.scenario import example
from flowsim.model.today.known import read_known
from flowsim.planning.prices import shipped_prices
from flowsim.reporting.language import Language
from helpers.command_line import fine, flowsim
from helpers.paths import TOWN

ENGLISH, DANISH = Language.of("en"), Language.of("da")
TABLES = ("terms", "terminal", "commands", "help", "errors", "files")
MORE = f"""
name = "more"
base = "{TOWN}"

[[stations]]
station = "team"
party = "town"
from = 2024-01-01
places = "+1"
"""
GOAL = ("--goal", "wait for team <= 4 weeks", "--vary", "team.places", "--between", 1, 9, "--during", "2024")


def fragments():
    """Yield what of the table's English can only be English: parts of three words or more, without names in braces."""
    for key, text in ENGLISH.words.items():
        own = DANISH.words[key]
        for part in re.split(r"\{\w*\}", text):
            if len(re.findall(r"[A-Za-z]{2,}", part)) >= 3 and part.strip() not in own:
                yield " ".join(part.split())


LEFT = sorted(set(fragments()))


def english_in(text):
    plain = " ".join(text.replace("\u00a0", " ").split())
    return [part for part in LEFT if part in plain]


@pytest.fixture(autouse=True)
def in_danish(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "da_DK.UTF-8")
    (tmp_path / "more.toml").write_text(MORE, encoding="utf-8")


COMMANDS = {
    "run": ("run", TOWN, "-n", 4, "--seed", 1),
    "compare": ("compare", TOWN, "more.toml", "-n", 12, "--cost", "--prices", "prices.toml"),
    "staff": ("staff", TOWN, *GOAL[:5], 3, 5, *GOAL[7:], "-n", 40),
    "report": ("report", TOWN, "more.toml", "-n", 4, "--out", "r.html"),
    "check": ("check", "more.toml"),
    "forecast": ("forecast", "awards", "--horizon", 2, "--break"),
    "backtest": ("forecast", "fleksjob", "--horizon", 2, "--backtest"),
    "shock": ("forecast", "fleksjob", "--horizon", 2, "--shock", "2020Q2=recovers:4"),
    "verify": ("verify", "--family", "mmck"),
    "exact": ("verify", "--family", "exact"),
    "today": ("today", "new", "liste.xlsx", "--of", TOWN),
    "new": ("new", "ny.toml"),
    "names": ("names",),
    "scenarios": ("scenarios",),
    "prices": ("prices",),
    "schema": ("schema",),
    "diagram": ("diagram", TOWN),
    "evidence of minutes": ("evidence", "--source", "status-2021-01"),
    "evidence of a reply": ("evidence", "--source", "svar-2017-06"),
    "evidence named in Danish": ("evidence", "--text", "ventetid på rehabiliteringsteamet"),
}


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=[pytest.mark.slow] * (name == "backtest")) for name in COMMANDS]
)
def test_no_english_is_left_in_what_a_command_prints(tmp_path, command):
    (tmp_path / "prices.toml").write_text('[places]\nteam = "4000 DKK per place"\n', encoding="utf-8")
    code, out, err = flowsim(*COMMANDS[command])
    assert (code, english_in(out), english_in(err)) == (0, [], []), out
    assert re.search(r"[æøåÆØÅ]|\b(og|uger|til|er|det|i|Skrev)\b", out + err)
    assert max(map(len, out.splitlines()), default=0) <= 80 or command in ("report", "prices", "schema")


def test_files_to_start_from_are_the_same_but_for_their_words(tmp_path):
    flowsim("new", "ny.toml")
    danish = (tmp_path / "ny.toml").read_text(encoding="utf-8")
    named = danish.replace('"liste.xlsx"', '"list.xlsx"').replace('"tal.xlsx"', '"figures.xlsx"')
    for uncomment in (str, lambda text: re.sub(r"^# ?(?=\[|\w+ = )", "", text, flags=re.MULTILINE)):
        own, other = (tomllib.loads(uncomment(text)) | {"description": ""} for text in (named, example()))
        assert own == other
    assert not re.search(r"\b(the|of|is)\b", danish.replace("of =", ""))
    prices, schema = fine("prices"), json.loads(fine("schema"))
    comments = [line for line in prices.splitlines() if line.startswith("#")]
    assert len(comments) == shipped_prices().count("\n#") + 1
    assert not re.search(r"\b(the|of|is)\b", " ".join(comments))
    assert not re.search(r"why = \"[^\"]*\\b(the|of|is)\\b", prices)
    told = [entry["description"] for entry in tables_of(schema) if isinstance(entry.get("description"), str)]
    untold = [text for text in told if re.search(r"\b(the|of|is|a)\b", text) and "Duration" not in text]
    assert [text for text in untold if "law of durations" not in text] == []
    assert len(told) > 60


def tables_of(tree):
    """Yield each table of plain data."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from tables_of(part)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("outlook", "copenhagen", "--horizon", 4, "-n", 20),
        ("outlook", "copenhagen", "--backtest"),
        ("judge", "copenhagen", "-n", 10),
        ("explain", "--measure", "wait.rehabilitation_team.served", "--period", "2017", "-n", 200),
    ],
)
def test_no_english_is_left_where_a_calibration_is_drawn_from(words):
    code, out, err = flowsim(*words)
    assert code in (0, 1)
    assert (english_in(out), english_in(err)) == ([], [])


def test_an_english_command_says_the_english_words():
    # Else the tests above would hold whatever is printed.
    assert len(LEFT) > 250
    out = fine("forecast", "fleksjob", "--horizon", 2, "--language", "en")
    assert {"a weighted mean of", "in brackets what each expects in"} & set(english_in(out)) or english_in(out)


# --- Help ---


def command():
    return typer.main.get_command(app)


def test_every_paragraph_of_help_has_its_danish_and_none_is_left_over():
    texts = set(help_texts(command()))
    table = tomllib.loads((data_folder("report") / "help.toml").read_text(encoding="utf-8"))["messages"]
    assert texts - set(table) == set()
    assert set(table) - texts == set()
    options = re.compile(r"--[a-z]+|\b[A-Z]{4,}\b|`[^`]*`")
    for english, danish in table.items():
        assert Counter(options.findall(english)) == Counter(options.findall(danish)), english


@pytest.mark.parametrize("words", [(), ("report",), ("staff",), ("today", "new"), ("base", "check")])
def test_help_is_danish_where_the_terminal_is(words):
    code, out, err = flowsim(*words, "--help")
    assert (code, err) == (0, "")
    plain = " ".join(out.replace("│", " ").split())
    assert "Brug: flowsim" in plain
    assert "Vis denne hjælp." in plain
    for text in help_texts(command()):
        if len(text.split()) > 4 and "[bold]" not in text:
            assert text not in plain
    if words:
        assert "Usage: flowsim" in flowsim(*words, "--help", "--language", "en")[1]


def test_the_language_is_read_from_the_words_before_they_are_parsed(monkeypatch):
    assert asked_language(["run", "--language", "en"]) == "en"
    assert asked_language(["run", "--language=en"]) == "en"
    assert asked_language(["run", "--language"]) == "da"
    assert asked_language(["run", "--language", "dk"]) == "da"
    monkeypatch.setenv("LC_ALL", "C")
    assert asked_language(["run", "--language", "da"]) == "da"
    assert asked_language(["run"]) == "en"


# --- Mistakes ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "intet.toml"), "filen 'intet.toml' findes ikke (tilladt: 'copenhagen', en scenariefil"),
        (("run", TOWN, "--to", "forår"), "--to: 'forår' er ingen periode: skriv '2019', '2019K1' eller '2019-03'"),
        (("run", TOWN, "--workers", 0), "--workers: 0 er ikke tilladt: mindst 1 kræves"),
        (("run", TOWN, "--nope"), "Valgmuligheden --nope findes ikke"),
        (("run", TOWN, "--engine", "foo"), "engine: beregningsmotoren 'foo' findes ikke (tilladt: kernel, simpy)"),
        (("report", TOWN, "--out", "r.docx"), "--out: 'r.docx' er ikke tilladt: navnet skal ende på .html"),
        (("report", TOWN, "--out", "more.toml.html", *GOAL[:2]), "--vary: det mangler: en bemanding kræver --goal"),
        (("kør", TOWN), "kommandoen 'kør' findes ikke; mente du 'flowsim run"),
        (("staff", TOWN, *GOAL[:2], *GOAL[4:]), "Valgmuligheden '--vary' mangler."),
        (("compare", TOWN), "en sammenligning kræver to scenarier eller flere"),
        (("forecast", "--horizon", 99), "99 kvartaler frem er ikke tilladt: 1 til 12"),
        (("forecast", "--origin", "2018Q3"), "fleksjob: 7 kvartaler er for få: mindst 8 kræves, to år"),
        (("forecast", "--origin", "2021Q4"), "udgangspunktet 2021K4 ligger uden for tidsserien, 2017K1 til 2020K3"),
        (("forecast", "--origin", "2018"), "'2018' er intet kvartal: skriv det som 2017K1"),
        (
            ("forecast", "--shock", "2018Q1=recovers:4"),
            "et chok i 2018K1 kan ikke anslås ud fra 2017K1 til 2020K3: det kræver 8 kvartaler før det og",
        ),
        (("forecast", "--shock", "2030Q1=as-observed"), "et chok i 2030K1 ligger uden for tidsserien"),
    ],
)
def test_mistakes_are_told_in_danish(words, said):
    code, out, err = flowsim(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


COARSE = """
name = "grov"
start = 2024-01-01
end = 2025-01-01
tick = "1 hour"
stations.desk = { capacity = 2 }
states.talk = { station = "desk", stay = "90 minutes", to = "home" }
states.home = { final = true }
entries.door = { to = "talk", at = ["2024-01-02T08:20"] }
entries.other = { to = "talk", every = { law = "gamma", mean = "2 hours", cv = 0.5 } }
"""


@pytest.mark.filterwarnings("default::flowsim.model.ticks.CoarseTickWarning")
def test_a_tick_that_is_too_coarse_is_told_in_danish(tmp_path):
    (tmp_path / "grov.toml").write_text(COARSE, encoding="utf-8")
    code, _, err = flowsim("check", "grov.toml")
    assert code == 0
    assert err.splitlines() == [
        "flowsim: bemærk: states.talk.stay: 90 minutes bliver til 2 hours med et tidsskridt på 1 hour, 33.33% forkert: "
        "vælg et kortere `tick`",
        "flowsim: bemærk: entries.door.at: 2024-01-02 08:20:00 bliver til 2024-01-02 08:00:00 med et tidsskridt på "
        "1 hour: vælg et kortere `tick`",
        "flowsim: bemærk: entries.other.every: et gennemsnit på 2 tidsskridt bliver skævt, når der rundes til hele "
        "tidsskridt: vælg et kortere `tick`, højst 72 sekunder",
    ]


@pytest.mark.parametrize(
    ("said", "danish"),
    [
        (
            "--door: 'door' is closed all 2020Q3, in which some are to come",
            "'door' er lukket hele 2020K3, hvor der skal",
        ),
        ("--door: there is no door 'dor' (allowed: door)", "--door: døren 'dor' findes ikke (tilladt: door)"),
        (
            "demand: its first quarter ahead, 2030Q1, lies outside the horizon, 2015-01-01 to 2025-01-01",
            "det første kvartal frem, 2030K1, ligger uden for perioden, 2015-01-01 til 2025-01-01",
        ),
    ],
)
def test_what_is_said_of_doors_is_danish(said, danish):
    assert danish in DANISH.message(said)


@pytest.mark.parametrize(
    ("said", "danish"),
    [
        ("there is no file 'no.toml' (allowed: 'copenhagen', or a calibration file)", "filen 'no.toml' findes ikke"),
        ("c.toml: factors.a.sets: 'b' is a share of several decisions: use scale \"log\"", "er en andel i flere valg"),
        (
            "c.toml: factors.a.sets: 'b' is documented (f.x): it does not move",
            "'b' er dokumenteret (f.x): den flyttes ikke",
        ),
        ("c.toml: base: name the pathway file, or a built-in base (copenhagen)", "base: angiv modellens fil eller en"),
        ("t.toml: targets.a: name: another target is called 'a: b'", "name: et andet mål hedder 'a: b'"),
        (
            "t.toml: targets.a: 'f' is a table: name a `key`, or write {} in the `name` for a target of each cell",
            "skriv {} i",
        ),
        (
            "x.toml: no target has `history = true`, by which histories are weighed",
            "intet mål har `history = true`, som",
        ),
    ],
)
def test_what_is_wrong_with_a_file_of_a_calibration_is_said_in_danish(said, danish):
    assert danish in DANISH.message(said)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_series, "q;n\n2019K1;1,5\n2019K2;1.5\n"),
        (read_series, "q;n\n2019K1;1.200\n2019K2;950\n"),
        (read_series, "q;n\n2019K1;5\n2019M02;6\n"),
        (read_series, "q;n\n2019K1;5\n2019K1;6\n"),
        (read_series, "q;n\n2019K1;5 %\n2019K2;6\n"),
        (read_series, "q;n\n2019K1;5 kr\n2019K2;6 kr\n"),
        (read_series, "q;n;\n2019K1;5;1\n2019K2;6;1\n"),
        (read_series, "q;n\n2019K1;\n2019K2;\n"),
        (read_series, "q;n\n2019K1;few\n2019K2;many\n"),
        (read_series, "q;n\n2019QMAT1;5\n2019QMAT2;6\n"),
        (read_known, "measure;month;figure\n"),
        (read_known, "a;b\n"),
        (read_known, "measure;month;figure;±\n"),
        (read_known, "measure;month;figure;±\n;2025-06;7;1\n"),
        (read_known, "measure;month;figure;±\nx;2025-06;many;1\n"),
        (read_known, "measure;month;figure;±\nx;2025-06;7;0\n"),
        (read_known, "measure;month;figure;±\nx;2025-06;7;5 %\n"),
        (read_known, "measure;month;figure;±\nx;2025-06;7;1\nx;2025-06;7;1\n"),
        (read_known, "measure;month;figure;±;tal\nx;2025-06;7;1;5\n"),
    ],
)
def test_what_is_said_of_a_file_of_figures_is_danish(tmp_path, read, text):
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read(tmp_path / "own.csv")
    words = re.sub(r"'[^']*'", "", DANISH.message(str(refused.value)))
    assert not re.search(r"\b(the|of|is|a|no|and|has|stands|it)\b", words), words


def test_what_is_said_of_a_mistake_is_carried_over_as_it_is():
    table = tomllib.loads((data_folder("report") / "errors.toml").read_text(encoding="utf-8"))["messages"]
    for english, danish in table.items():
        assert set(re.findall(r"\{(\w+)\}", danish)) == set(re.findall(r"\{(\w+)\}", english)), english
    message = "town.toml: states.plan.stay: 'x: y' is not allowed: at least 1 is needed"
    assert DANISH.message(message) == "town.toml: states.plan.stay: 'x: y' er ikke tilladt: mindst 1 kræves"
    assert DANISH.message("this is nowhere: nor this") == "this is nowhere: nor this"
    assert ENGLISH.message(message) == message


# --- The table ---


def test_every_word_is_there_in_both_languages_with_the_same_names():
    keys = []
    for name in TABLES:
        table = tomllib.loads((data_folder("report") / f"{name}.toml").read_text(encoding="utf-8"))
        keys += table["words"]
        for key, entry in table["words"].items():
            assert set(entry) == {"en", "da"}, key
            names = [set(re.findall(r"\{(\w+)\}", entry[code])) for code in ("en", "da")]
            # Some name an interval by its ends in English and as a whole in Danish.
            assert names[0] == names[1] or "interval" in names[1] | names[0], key
    assert max(Counter(keys).values()) == 1
