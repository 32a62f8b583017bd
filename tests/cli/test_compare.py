"""`flowsim compare` as a planner meets it: tables, JSON, files and pictures, and one line for every mistake."""

import json
import os
import re
import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from flowsim import Scenario
from flowsim.cli.words.compare import by_headline, comparison_lines, differing, savings, waiting_json
from flowsim.planning.comparison import compare, roughly
from flowsim.planning.cost import with_costs
from flowsim.planning.prices import Prices
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation import store
from helpers import command_line
from helpers.measures import row

BASE = """\
name = "town"
start = 2019-01-01
end = 2021-07-01

[stations.team]
weekdays = ["tue"]
places = 2

[stations.desk]
capacity = 3

[states.plan]
benefit = "cash"
station = "desk"
stay = { law = "exponential", mean = "6 days" }
to = "team"

[states.team]
benefit = "cash"
station = "team"
to = { course = 0.6, pension = "rest" }

[states.course]
stay = "1 year"
to = "job"
outcome = true

[states.pension]
final = true
outcome = true

[states.job]
final = true

[entries.door]
to = "plan"
rate = "130 per year"
"""
MORE = """\
name = "more"
description = "One more case at each meeting, from 2020 on."
base = "town.toml"

[[stations]]
station = "team"
from = 2020-01-01
places = "+1"
"""
PRICES = """\
[servers]
desk = "500000 EUR per year"

[places]
team = "300 EUR per place"

[benefits]
cash = "300 EUR per week"
"""


@pytest.fixture(autouse=True)
def folder(folder):
    (folder / "town.toml").write_text(BASE)
    (folder / "more.toml").write_text(MORE)
    (folder / "most.toml").write_text(MORE.replace('"more"', '"most"').replace('"+1"', '"+3"'))
    (folder / "prices.toml").write_text(PRICES)
    return folder


def flowsim(*words):
    return command_line.flowsim("compare", *words)


def fine(*words):
    return command_line.fine("compare", *words)


def found(*names, n=20):
    return compare([Scenario.of(f"{name}.toml") for name in names], replications=n)


def wording(code="en", codes=True):
    town = Scenario.of("town.toml")
    return Wording.of(town, town.pathway(), Language.of(code), codes)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_the_table_tells_the_reference_and_the_differences_to_it():
    out = fine("town.toml", "more.toml", "most.toml", "-n", 20, "--from", 2020, "--all", "--codes", "--verbose")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert out.startswith("Compared with town: 20 replications of each, seed 1, 2019-01-01 to 2021")
    assert "more: One more case at each meeting" in out
    told = by_headline(found("town", "more", "most").between("2020", "9999"))
    at = next(n for n, line in enumerate(lines) if line.startswith("queue.team"))
    column = next(n for n, row in enumerate(told.index) if row[:2] == ("queue.team", "2020"))
    assert lines[at + 1].split() == ["town", f"{np.median(told.reference.values[:, column]):.1f}"]
    away = np.sort((told.of("more").values - told.reference.values)[:, column])
    assert lines[at + 2].split() == ["more", f"{np.median(away):+.1f}*"]
    # Of twenty pairs the sixth and the fifteenth: at most five of twenty coins are heads in 2.1 % of all cases.
    assert lines[at + 3].split() == [f"{away[5]:+.1f}", "to", f"{away[14]:+.1f}"]
    ratios = [float(text.strip(",")) for text in lines[at].split("÷")[1].split()]
    assert ratios == [roughly(times) for times in savings(told)["queue.team"].values()]
    assert "for all" in out
    assert re.search(r"No sure difference in \d+ measures: .*wait\.desk\.served", " ".join(out.split()))


def test_a_table_worked_by_hand():
    # Of twelve pairs the queue differs in none in 2019, by -12, -13 and -14 in 2020, and in 2021 by -5 once and by 1
    # else; the third and the tenth are the ends. The awards differ by -1, 0 and 1, mean 0, with Student's 2.201 times
    # the deviation .853 over the root of 12 to either side; then by 5 in all. The desk differs by little.
    index = tuple(row("queue.team", year, "citizens") for year in ("2019", "2020", "2021"))
    index += tuple(row("awards.course", year, "awards") for year in ("2020", "2021"))
    index += (row("utilisation.desk", "2020", "share"),)
    before = np.array([[1.0, 30, 8, 99, 60, 0.5], [2, 34, 9, 101, 60, 0.7], [3, 38, 7, 103, 60, 0.9]] * 4)
    away = np.array([[0, -12, 1, 1, 5, 0.001], [0, -13, 1, -1, 5, 0.001], [0, -14, 1, 0, 5, 0.001]] * 4)
    away[0, 2] = -5
    first = found("town", "more", n=12)
    pair = (before, before + away)
    runs = [replace(one, index=index, values=v) for one, v in zip(first.results, pair, strict=True)]
    told = replace(first, results=tuple(runs))
    variances = [np.var(table, axis=0, ddof=1) for table in (*pair, away)]
    saved = [(variances[0] + variances[1])[n].sum() / variances[2][n].sum() for n in ([1, 2], [3, 4])]
    assert savings(told)["queue.team"]["more"] == pytest.approx(saved[0])
    assert savings(told)["awards.course"]["more"] == pytest.approx(saved[1])
    shown = comparison_lines(told, wording(), everything=True, verbose=True)
    assert shown[:10] == [
        "",
        f"{'2020':>23}{'2021':>16}",
        f"queue.team (citizens)  ÷ {roughly(saved[0]):g}",
        f"  town {'34.0':>16}{'8.0':>16}",
        f"  more {'-13.0*':>16}{'+1.0*':>16}",
        f"       {'-14.0 to -12.0':>16}{'+1.0 to +1.0':>16}",
        f"awards.course (awards)  ÷ {roughly(saved[1]):g}",
        f"  town {'101':>16}{'60.0':>16}",
        f"  more {'0':>16}{'+5.0*':>16}",
        f"       {'-0.54 to +0.54':>16}",
    ]
    text = " ".join(" ".join(shown).split())
    # What differs in no pair, as in 2019, is no test: five are left.
    assert "*: surely a difference, for all 5 of this table at once: in 1 of 20 repetitions" in text
    assert "Without an interval: the same in every pair, or of fewer than ten pairs." in text
    assert shown[-1] == "No sure difference in 1 measure: utilisation.desk"
    assert {row.measure for row in differing(told).index} == {"queue.team", "awards.course"}


def test_what_differs_in_no_pair_is_said_with_what_that_leaves_possible():
    index = tuple(row(name, year, "citizens") for name in ("queue.team", "queue.desk") for year in ("2020", "2021"))
    before, first = np.tile(np.arange(30.0)[:, None], 4), found("town", "more", n=30)
    after = before + np.array([2.0, 0.0, 3.0, 4.0])
    runs = [replace(one, index=index, values=v) for one, v in zip(first.results, (before, after), strict=True)]
    shown = comparison_lines(replace(first, results=tuple(runs)), wording())
    assert "none of 30" in next(line for line in shown if line.startswith("  more"))
    # .05 to the power of a thirtieth is .905: at most 9.5 %, which is less than 1 in 10.
    assert "none of 30: no pair differs, so with 95 % at most 1 future in 10 does." in " ".join(shown)


def test_of_few_pairs_nothing_is_sure_and_that_is_said():
    out = " ".join(fine("town.toml", "more.toml", "-n", 5, "--from", 2020).split())
    assert "5 pairs say nothing of how sure a difference is: run 10, or better 50." in out
    assert "Queue for the team" in out
    assert "*" not in out
    assert " to +" not in out


@pytest.mark.parametrize(("every", "shown"), [("year", "2020"), ("quarter", "2020Q3"), (None, "2020")])
def test_years_or_quarters(every, shown):
    out = fine("town.toml", "more.toml", "-n", 10, *(["--every", every] if every else []))
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(rf"^ +.*\b{shown}\b", out, flags=re.MULTILINE)
    only = fine("town.toml", "more.toml", "-n", 10, "--from", "2020Q2", "--to", "2020Q3")
    assert "2020Q3" in only  # no whole year is reported
    none = fine("town.toml", "more.toml", "-n", 10, "--from", "2020Q2", "--to", "2020Q3", "--every", "year")
    assert "No headline measure is reported for such periods" in none
    month = fine("town.toml", "more.toml", "-n", 10, "--from", "2020-12", "--to", "2020-12")
    assert re.search(r"^ +2020-12$", month, flags=re.MULTILINE)


def test_json_is_one_object_with_the_librarys_own_comparison():
    told = json.loads(fine("town.toml", "more.toml", "-n", 6, "--seed", 3, "--json", "--to", "2020"))
    own = compare([Scenario.of("town.toml"), Scenario.of("more.toml")], replications=6, seed=3).between("0001", "2020")
    assert (told["reference"], told["seed"], told["replications"], told["confidence"]) == ("town", 3, 6, 0.95)
    assert told["visits_sha256"] == {"town": own.reference.visits_sha256, "more": own.of("more").visits_sha256}
    table = own.frame()
    assert len(told["measures"]) == len(table)
    for plain, mine in zip(told["measures"], table.to_dict("records"), strict=True):
        assert list(plain) == list(mine)
        for key, cell in mine.items():
            undefined = pd.isna(cell) or cell == np.inf
            assert plain[key] is None if undefined else plain[key] == cell
    assert told["scenarios"][1] == Scenario.of("more.toml").to_dict()
    assert told["precision_reached"] is None


def test_costs_by_the_planners_own_prices():
    words = ("town.toml", "more.toml", "-n", 20, "--prices", "prices.toml", "--codes")
    out = fine(*words)
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(r"^cost\.effort \(EUR million\)", out, flags=re.MULTILINE)
    assert re.search(
        r"costs, EUR\nmore: [\d.]+ \([\d.]+ to [\d.]+\) of effort; undefined, it costs less as well with\n  benefits$",
        out,
    )
    told = json.loads(fine(*words, "--json"))
    own = with_costs(found("town", "more"), Prices.read("prices.toml"))
    assert told["week_of_waiting_saved"] == waiting_json(own)
    assert (told["prices"], told["currency"]) == ("prices.toml", "EUR")
    price = told["week_of_waiting_saved"]["more"]["cost.effort"]
    assert price["price"][0] == pytest.approx(price["cost"][0] / price["weeks_saved"][0])
    assert "given for whole years, and none is reported" in fine(*words, "--from", "2020Q1", "--to", "2020Q2")


def test_costs_of_copenhagen_by_the_prices_that_ship():
    out = fine("today", "more-places", "-n", 6, "--from", 2021, "--to", 2022, "--cost", "--codes")
    assert max(map(len, out.splitlines())) <= 80
    assert "cost.effort (DKK million)" in out
    assert "A week of waiting saved costs, DKK" in out
    assert "wait.rehabilitation_team.served (weeks)" in out


def test_the_prices_that_ship_are_a_file_to_start_from(folder):
    (folder / "mine.toml").write_text(command_line.fine("prices"))
    mine, shipped = Prices.read("mine.toml"), Prices.read()
    assert (mine.prices, mine.sums) == (shipped.prices, shipped.sums)


def test_the_folder_holds_the_table_and_how_to_repeat_it(folder):
    words = [
        "town.toml",
        "more.toml",
        "-n",
        5,
        "--prices",
        "prices.toml",
        "--from",
        "2020",
        "--out",
        "a/b",
        "--parquet",
    ]
    assert "Written to a/b" in fine(*words)
    assert sorted(os.listdir(folder / "a" / "b")) == sorted([*store.COMPARED, "comparison.parquet"])
    manifest = json.loads((folder / "a" / "b" / "manifest.json").read_text("utf-8"))
    table = pd.read_parquet(folder / "a" / "b" / "comparison.parquet")
    csv = pd.read_csv(folder / "a" / "b" / "comparison.csv", dtype={"period": str})
    pd.testing.assert_frame_equal(csv, table, check_dtype=False)
    pd.testing.assert_frame_equal(
        table, with_costs(found("town", "more", n=5), Prices.read("prices.toml")).between("2020", "9999").frame()
    )
    program, *repeat = shlex.split(manifest["repeat"])
    assert program == "flowsim"
    told = json.loads(command_line.fine(*repeat, "--json"))
    assert {key: told[key] for key in ("visits_sha256", "scenarios_sha256", "week_of_waiting_saved")} == {
        key: manifest[key] for key in ("visits_sha256", "scenarios_sha256", "week_of_waiting_saved")
    }
    assert "add --force" in flowsim(*words)[2]
    fine(*words, "--force")


def test_no_folder_of_a_run_is_overwritten_by_a_comparison(folder):
    command_line.fine("run", "town.toml", "-n", 1, "--out", "a", "-q")
    before = files(folder)
    code, _, err = flowsim("town.toml", "more.toml", "-n", 2, "--out", "a", "--force")
    assert (code, err.count("\n")) == (2, 1)
    assert "no part of a run" in err
    assert files(folder) == before


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_picture_of_the_differences(kind, begins, folder):
    pytest.importorskip("matplotlib")
    words = ["town.toml", "more.toml", "most.toml", "-n", 10, "-q", "--plot", f"a.{kind}"]
    assert fine(*words) == ""
    drawn = (folder / f"a.{kind}").read_bytes()
    assert drawn.startswith(begins)
    if kind == "svg":
        assert b"#0072b2" in drawn  # the first two colours that the colour-blind tell apart
        assert b"#d55e00" in drawn
        assert b"queue.team" in drawn or drawn.count(b'<g id="axes_') >= 2
    assert "exists already" in flowsim(*words)[2]
    fine(*words, "--force")
    fine("town.toml", "more.toml", "-n", 2, "-q", "--to", "2019", "--plot", f"none.{kind}")  # nothing differs


def test_a_name_is_shown_as_it_is_and_fits(folder):
    pytest.importorskip("matplotlib")
    name = "[bold]=cmd\\u001b[31m $x^{ " + "long name " * 20
    for number in (1, 2):
        text = MORE.replace('"more"', f'"{number} {name} $"').replace('"+1"', f'"+{number}"')
        (folder / f"odd{number}.toml").write_text(text)
    lines = fine(
        "odd1.toml", "odd2.toml", "town.toml", "-n", 4, "--plot", "odd.png", "--prices", "prices.toml"
    ).splitlines()
    assert [line for line in lines if len(line) > 80 or not line.isprintable()] == []
    assert any(line.startswith("  2 [bold]=cmd [31m $x") for line in lines)


def test_runs_until_it_is_sure(folder):
    words = ["town.toml", "more.toml", "--precision", "2%", "--measure", "awards.pension", "--from", "2020", "--json"]
    code, out, err = flowsim(*words)
    told = json.loads(out)
    assert code == 0
    assert told["precision_reached"] is True
    assert f"in town took {told['replications']} replications" in err
    row = next(
        r for r in told["measures"] if (r["scenario"], r["measure"], r["period"]) == ("more", "awards.pension", "2020")
    )
    reference = next(r for r in told["measures"] if (r["measure"], r["period"]) == ("awards.pension", "2020"))
    assert (row["high"] - row["low"]) / 2 <= 0.02 * reference["level"]
    assert "was not reached with 45 replications" in flowsim(*words[:2], "--precision", "0.1%", "-n", 45)[2]


MISTAKES = [
    ("town.toml", "a comparison takes two scenarios or more"),
    ("town.toml town.toml", "two scenarios are called 'town'"),
    ("town.toml today", "today: its base is 'copenhagen', and that of town is 'town'"),
    ("town.toml mor.toml", "there is no file 'mor.toml'"),
    ("town.toml more.toml --every week", "--every: there is no period 'week'"),
    ("town.toml more.toml --every day", '--every day: the pathway has no days: say `periods = "day"` in it'),
    ("town.toml more.toml --measure awards", "--measure: it goes with --precision"),
    ("town.toml more.toml --precision 5", "--precision: '5' is not allowed: write '5%'"),
    (
        "town.toml more.toml --precision 5% --measure award",
        "precision: there is no measure 'award' (allowed: awards.course",
    ),
    ("town.toml more.toml --cost", "--cost: the prices that ship are of 'copenhagen', not of 'town'"),
    ("town.toml more.toml --prices none.toml", "there is no file 'none.toml'"),
    (
        "town.toml more.toml --prices wrong.toml",
        "wrong.toml: places: there is no station with meetings 'tem'; did you mean",
    ),
    ("town.toml more.toml --plot a.gif", "--plot: 'a.gif' is not allowed: the name ends with .png, .svg, .pdf"),
    ("town.toml more.toml --plot none/a.png", "there is no folder 'none'"),
    ("town.toml more.toml --out town.toml", "--out: 'town.toml' is a file"),
    ("town.toml more.toml --from 2030", "--from 2030: nothing lies between"),
    ("town.toml more.toml --engine simpi", "did you mean 'simpy'?"),
    ("town.toml more.toml --workers 0", "--workers: 0 is not allowed"),
    ("town.toml more.toml -n 1", "replications: 1 is not allowed: a difference takes at least 2"),
    ("town.toml more.toml --calibrated .", "'.' holds no calibration"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m[0])
def test_a_mistake_is_one_line_and_nothing_is_written(mistake, folder):
    (folder / "short.toml").write_text('name = "short"\nbase = "town.toml"\nuntil = 2020-01-01\n')
    (folder / "wrong.toml").write_text(PRICES.replace("team =", "tem ="))
    before, (words, message) = files(folder), mistake
    more = [] if "--out" in words else ["--out", "runs/a"]
    code, out, err = flowsim(*words.split(), *more)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert files(folder) == before


def test_both_engines_say_the_same():
    words = ("town.toml", "more.toml", "-n", 2, "--json")
    kernel, simpy = (json.loads(fine(*words, "--engine", engine)) for engine in ("kernel", "simpy"))
    assert (kernel.pop("engine"), simpy.pop("engine")) == ("kernel", "simpy")
    assert kernel == simpy


def test_the_point_of_a_base_that_is_not_calibrated_is_its_own():
    words = ("town.toml", "more.toml", "-n", 2, "--json")
    assert fine(*words) == fine(*words, "--point")


def test_scenarios_run_to_the_latest_end_and_the_first_line_says_so(folder):
    (folder / "short.toml").write_text('name = "short"\nbase = "town.toml"\nuntil = 2020-01-01\n')
    code, out, err = flowsim("short.toml", "town.toml", "-n", "2", "--point")
    assert (code, err) == (0, "")
    first = out.splitlines()[0]
    assert first.startswith("All run to 2")
    assert "short by itself to 2020-01-01" in " ".join(out.split())


def test_differences_that_are_sure_and_large_are_shown_in_words_and_the_rest_is_folded():
    # Sure in both years: by 0.5 % of the queue in 2020, by 5 % in 2021; the desk by less than the least in both.
    index = tuple(row(name, year, "citizens") for name in ("queue.team", "queue.desk") for year in ("2020", "2021"))
    before, first = np.tile(np.linspace(990.0, 1010, 30)[:, None], 4), found("town", "more", n=30)
    after = before + np.array([5.0, 50.0, 5.0, 5.0])
    runs = [replace(one, index=index, values=v) for one, v in zip(first.results, (before, after), strict=True)]
    told = replace(first, results=tuple(runs))
    shown = comparison_lines(told, wording("da", codes=False))
    assert shown[1].split() == ["2021"]
    assert shown[2] == "Borgere, der venter på team (borgere)"
    assert shown[3].split() == ["town", "1.000"]
    assert shown[4].split() == ["more", "+50,0*"]
    text = " ".join(" ".join(shown).split())
    assert "Ikke vist: 1 nøgletal, hvor ingen forskel er statistisk sikker og mindst 1 % af det førstes tal" in text
    assert "÷" not in text
    every = comparison_lines(told, wording("en", codes=False), least=0.0)
    assert any(line.startswith("Queue for the desk") for line in every)
    nothing = comparison_lines(told, wording("en", codes=False), least=0.5)
    assert nothing[1].startswith("No difference is sure and 50 % or more")


def test_a_least_difference_that_is_none_is_one_line():
    code, _, err = flowsim("town.toml", "more.toml", "--least", "much")
    assert code == 2
    assert err.startswith("flowsim: --least: 'much' is not allowed")
    assert err.count("\n") == 1


def test_what_has_no_figure_is_not_called_without_a_sure_difference(tmp_path):
    (tmp_path / "town.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "closed.toml").write_text(
        'name = "closed"\nbase = "town.toml"\n[[closures]]\nstation = "team"\nfrom = 2020-01-01\nuntil = 2021-01-01\n',
        encoding="utf-8",
    )
    words = ("compare", tmp_path / "town.toml", tmp_path / "closed.toml", "-n", 20, "--every", "year")
    for more in ((), ("--all",)):
        text = " ".join(command_line.fine(*words, *more).split())
        assert "No figure: Use of the places of the team in closed (2020). So no difference can be told there." in text
        assert "No sure difference in 1 measure: Use of the places of the team" not in text
    danish = " ".join(command_line.fine(*words, "--language", "da").split())
    assert "Intet tal: Udnyttelse af pladserne hos team i closed (2020). Dér kan ingen forskel opgøres." in danish
