"""`flowsim forecast` as a planner meets it."""

import json
import re

import pandas as pd
import pytest

from flowsim.evidence.series import documented_awards, read
from flowsim.forecasting.distribution import forecast_frame
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import forecast_parts, forecast_series
from helpers import command_line
from helpers.paths import EXPORTS

JOBINDSATS, STATBANK = EXPORTS / "jobindsats_made_up.csv", EXPORTS / "statbank_made_up.csv"


pytestmark = pytest.mark.usefixtures("folder")


def flowsim(*words):
    return command_line.flowsim("forecast", *words)


def fine(*words):
    return command_line.fine("forecast", *words)


def test_the_table_fits_a_terminal_and_says_what_was_chosen():
    out = fine("--horizon", 4)
    assert max(map(len, out.splitlines())) <= 80
    assert "2020Q2, the lock-down, is taken as observed since nothing else was said" in " ".join(out.split())
    assert [line.split(":")[0] for line in out.splitlines() if "15 quarters" in line] == [
        *("fleksjob (awards)", "førtidspension (awards)", "total (awards)"),
    ]
    assert len(re.findall(r"^  2020Q4 +\d", out, flags=re.MULTILINE)) == 3


def test_a_choice_is_shown_with_its_effect():
    out = " ".join(fine("fleksjob", "--horizon", 2, "--shock", "2020Q2=recovers:4").split())
    assert re.search(r"fleksjob: 2020Q2 is an intervention that is over by 2021Q2: -\d\d% in that quarter \(95 %", out)
    assert "as observed" not in out
    told = " ".join(fine("fleksjob", "--horizon", 2, "--shock", "2020Q2=as-observed").split())
    assert "note: 2020Q2 is taken as observed fleksjob" in told


def test_a_choice_is_shown_beside_other_notes(folder, monkeypatch):
    from flowsim.forecasting.members import fitted

    def broken(values, steps):
        raise ValueError("broke")

    rows = "".join(f"{2014 + at // 4}K{at % 4 + 1};{100 + at % 7}\n" for at in range(28))
    (folder / "own.csv").write_text("TID;Awards\n" + rows)
    monkeypatch.setitem(fitted.FITTED, "damped", broken)
    told = fine("own.csv", "--horizon", 2, "--shock", "2020Q2=as-observed")
    assert "note: 2020Q2 is taken as observed\nnote: Awards: damped is left out: it broke" in told


def test_a_forecast_says_why_and_what_it_means():
    told = " ".join(fine("fleksjob", "--horizon", 2).split())
    assert "Why: a weighted mean of complex smoothing" in told
    assert "They hold if nothing changes" in told
    assert "What if" not in told


def test_a_break_is_stated_beside_the_ordinary_interval():
    told = fine("fleksjob", "--horizon", 2, "--break")
    assert "What if the level of fleksjob broke once in these 2 quarters, by +97% or -49%" in " ".join(told.split())
    assert "  2020Q4         191            132 to 275" in told
    assert max(map(len, told.splitlines())) <= 80
    own = json.loads(fine("fleksjob", "--horizon", 2, "--break", "--json"))["series"][0]
    for low, high, row in zip(own["break"]["lower_95"], own["break"]["upper_95"], own["forecasts"], strict=True):
        assert low < row["lower_95"] < row["upper_95"] < high
    assert sum(member["weight"] for member in own["members"].values()) == pytest.approx(1)


def test_months_are_forecast_as_they_are(folder):
    (folder / "own.csv").write_text(months())
    told = fine("own.csv", "--months", "keep", "--horizon", 3)
    assert "36 months to 2019-12" in told
    assert "  2020-01 " in told


@pytest.mark.slow
def test_a_picture_of_the_backtest(folder):
    code, _, err = flowsim("fleksjob", "--backtest", "--horizon", 1, "--plot", "a.svg")
    assert (code, err) == (0, "Wrote a.svg\n")
    drawn = (folder / "a.svg").read_text()
    assert drawn.count("<svg") == 1


@pytest.mark.parametrize("horizon", [1, 2])
def test_one_period_alone_has_an_interval_in_the_picture(horizon):
    from flowsim.reporting.pictures.forecasts import forecast_figure

    figure = forecast_figure([forecast_series(documented_awards().series[0], horizon)])
    bands = figure.axes[0].collections
    for band in bands[:2]:
        corners = band.get_paths()[0].vertices
        assert corners[:, 0].max() - corners[:, 0].min() == horizon
        assert corners[:, 1].max() - corners[:, 1].min() > 50
    assert sum("%" in line.get_label() for line in figure.axes[0].get_lines()) == 4


def test_json_is_one_object_with_the_librarys_own_forecasts():
    told = json.loads(fine("--horizon", 3, "--shock", "2020Q2=recovers:4", "--json"))
    assert list(told) == ["provenance", "left_out", "unused", "cut_off", "marks", "versions", "widening", "series"]
    joint = forecast_parts(documented_awards().series, 3, shock=Shock.parse("2020Q2=recovers:4"))
    for shown, own in zip(told["series"], [*joint.parts, joint], strict=True):
        table = forecast_frame([own]).drop(columns=["series", "unit", "origin"])
        assert shown["series"] == own.name
        pd.testing.assert_frame_equal(pd.DataFrame(shown["forecasts"]), table)
    first = told["series"][0]
    assert first["shock"] == "2020Q2 is an intervention that is over by 2021Q2"
    assert first["effect"]["size"] == pytest.approx(joint.parts[0].effect.size)
    assert {shown["shock"] for shown in told["series"]} == {first["shock"]}
    assert first["history"]["2020Q2"] == 109
    assert told["widening"]["code"]


def test_a_file_of_several_series():
    out = fine(JOBINDSATS, "--horizon", 2)
    assert "From jobindsats_made_up.csv, table y99a01, of 2021-03-12" in out
    told = "left out: Førtidspension / Antal personer: 1 of 16 quarters have no number: 2018Q2 I6 '-'"
    assert told in " ".join(out.split())
    assert "total" not in out
    one = fine(STATBANK, "--series", "København / Fleksjob", "--origin", "2020Q1", "--horizon", 1, "--json")
    assert json.loads(one)["marks"] == {}
    marks = json.loads(fine(STATBANK, "--horizon", 1, "--json"))["marks"]
    assert [(mark["period"], mark["place"], mark["text"]) for mark in marks["Århus / Fleksjob"]] == [
        ("2017Q3", "D33", "..")
    ]
    (shown,) = json.loads(one)["series"]
    own = forecast_series(read(STATBANK)["København / Fleksjob"], 1, "2020Q1")
    assert shown["forecasts"][0]["point"] == own.point[0]
    assert (shown["unit"], shown["origin"]) == ("full-time persons", "2020Q1")


def test_a_series_that_was_asked_for_is_not_left_out():
    names = ["--series", "Århus / Fleksjob", "--series", "København / Fleksjob"]
    code, out, err = flowsim(STATBANK, *names)
    assert (code, out) == (2, "")
    assert "Århus / Fleksjob: 1 of 14 quarters have no number: 2017Q3 D33 '..'" in err


def test_a_csv_that_excel_opens(folder):
    code, _, err = flowsim("fleksjob", "--horizon", 2, "--out", "own.csv")
    assert (code, err) == (0, "Wrote own.csv\n")
    content = (folder / "own.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    own = forecast_frame([forecast_series(documented_awards()["fleksjob"], 2)])
    pd.testing.assert_frame_equal(pd.read_csv(folder / "own.csv"), own, check_dtype=False)
    assert flowsim("fleksjob", "--out", "own.csv")[::2] == (
        2,
        "flowsim: 'own.csv' exists already: name a file that does not exist yet, or add --force\n",
    )
    assert flowsim("fleksjob", "--horizon", 1, "--out", "own.csv", "--force")[0] == 0


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_a_picture(folder, name, begins):
    assert flowsim("fleksjob", "--horizon", 2, "--plot", name)[0] == 0
    assert (folder / name).read_bytes().startswith(begins)


def test_a_pictures_words(folder):
    flowsim("--horizon", 2, "--shock", "2020Q2=recovers:4", "--plot", "a.svg")
    from matplotlib import rcParams

    assert rcParams["svg.fonttype"] == "path"
    text = (folder / "a.svg").read_text()
    for said in ("fleksjob (awards)", "total (awards)", "2020Q2 intervention, over by 2021Q2", "observed", "95%"):
        assert f"<!-- {said} -->" in text


def test_how_many_more_notes_there_are_is_said(folder):
    """Three of a kind are told, a fourth takes the room of saying that there is one, and all are in --json."""
    for count in (4, 5):
        rows = [f"{2017 + at // 4}K{at % 4 + 1};{50 + 3 * at}{' *' if at < count else ''}" for at in range(9)]
        (folder / "own.csv").write_text("Tid;Antal\n" + "\n".join(rows), encoding="utf-8")
        told = [line for line in fine("own.csv", "--horizon", 1).splitlines() if line.startswith("note:")]
        assert told[2] == "note: B4 of Antal has '*' beside 2017Q3"
        last = "2 more cells of Antal are like these, B5 to B6: --json tells each" if count == 5 else "B5 of Antal has"
        assert (len(told), told[3].startswith(f"note: {last}")) == (4, True)
        assert len(json.loads(fine("own.csv", "--horizon", 1, "--json"))["marks"]["Antal"]) == count


def test_small_figures_keep_two_digits(folder):
    rows = [f"{2017 + at // 4}K{at % 4 + 1};0,0{11 + at * at % 7 * 3}" for at in range(12)]
    (folder / "own.csv").write_text("Tid;Antal\n" + "\n".join(rows), encoding="utf-8")
    told = fine("own.csv", "--horizon", 1)
    line = next(line for line in told.splitlines() if line.startswith("  2020Q1")).replace("to", "")
    (row,) = json.loads(fine("own.csv", "--horizon", 1, "--json"))["series"][0]["forecasts"]
    exact = [row[key] for key in ("point", "lower_80", "upper_80", "lower_95", "upper_95")]
    assert min(exact) < 0.01 < max(exact) < 0.1
    figures = line.split()[1:]
    assert [float(figure) for figure in figures] == [float(f"{value:.2g}") for value in exact]
    said = repr(forecast_series(read("own.csv").series[0], 1))
    assert said.endswith(f": {figures[0]} ({figures[3]} to {figures[4]}) in 2020Q1>")


def test_a_backtest():
    out = fine("fleksjob", "--backtest", "--horizon", 2)
    assert "fleksjob: 7 origins, 2018Q4 to 2020Q2, up to 2 quarters ahead" in out
    assert {"flowsim", "naive", "seasonal naive", "drift"} <= {line[2:18].strip() for line in out.splitlines()}
    assert re.search(r"(has the lowest MASE)", out)
    assert "2020Q2, the lock-down, is taken as observed" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    told = json.loads(fine("fleksjob", "--backtest", "--horizon", 2, "--json"))
    assert told["backtest"][0]["scores"][0]["mase"] <= told["backtest"][0]["scores"][1]["mase"]


def months(text="2019M{:02};{}\n"):
    return "TID;Awards\n" + "".join(f"20{17 + at // 12}M{at % 12 + 1:02};{20 + at % 5}\n" for at in range(36))


def test_months_need_to_be_told_what_they_are(folder):
    (folder / "own.csv").write_text(months())
    code, _, err = flowsim("own.csv")
    assert code == 2
    assert "the periods are months: add --months sum where things that happen" in err
    told = json.loads(fine("own.csv", "--months", "sum", "--horizon", 1, "--json"))
    assert list(told["series"][0]["history"].values())[:2] == [63, 67]
    mean = json.loads(fine("own.csv", "--months", "mean", "--horizon", 1, "--json"))
    assert next(iter(mean["series"][0]["history"].values())) == 21


def test_months_of_no_whole_quarter_are_named(folder):
    heading, *rows = months().splitlines()
    (folder / "own.csv").write_text("\n".join((heading, "2016M12;9", *rows[:35])))
    told = fine("own.csv", "--months", "sum", "--horizon", 1)
    assert "left out: 2016-12, 2019-10, 2019-11: part of a quarter that is not there in full" in told
    assert "udeladt: 2016-12, 2019-10, 2019-11: del af et kvartal" in fine(
        "own.csv", "--months", "sum", "--horizon", 1, "--language", "da"
    )
    told = json.loads(fine("own.csv", "--months", "sum", "--horizon", 1, "--json"))
    assert told["cut_off"] == ["2016-12", "2019-10", "2019-11"]
    assert "part of a quarter" not in fine("own.csv", "--months", "keep", "--horizon", 1)


def test_a_share_of_one_is_not_called_per_cent_and_is_told_to_its_thousandths(folder):
    rows = [f"{2015 + at // 4}K{at % 4 + 1};0,0{52 + at * 7 % 9}" for at in range(16)]
    (folder / "own.csv").write_text("TID;Andel\n" + "\n".join(rows))
    told = fine("own.csv", "--horizon", 1)
    assert "Andel (as a share of 1): 16 quarters to 2018Q4" in told
    assert re.search(r"2019Q1 +0\.05\d +0\.05\d to 0\.0[56]\d ", told)
    assert "Andel (som andel af 1)" in fine("own.csv", "--horizon", 1, "--language", "da")


TABLE = "OMRÅDE;" + ";".join(f"2019K{n}" if n < 5 else f"2020K{n - 4}" for n in range(1, 9)) + "\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fleksjobs"], "there is no series and no file 'fleksjobs'; did you mean 'fleksjob'?"),
        (["none.csv"], "there is no file 'none.csv'"),
        (["awards", "--series", "fleksjob"], "--series: it goes with a file"),
        (["awards", "--months", "sum"], "--months: it goes with a file"),
        (["--horizon", "13"], "a horizon of 13 quarters is not allowed: 1 to 12"),
        (["--horizon", "many"], "Invalid value for '--horizon'"),
        (["--origin", "2021Q4"], "the origin 2021Q4 lies outside the series, 2017Q1 to 2020Q3"),
        (["--origin", "2018"], "'2018' is no quarter: write it as 2017Q1"),
        (["--origin", "2018Q3"], "fleksjob: 7 quarters are too few"),
        (["--shock", "2020Q2=dummy"], "--shock: '2020Q2=dummy' is not understood: write 2020Q2=as-observed"),
        (["--shock", "2021Q2=as-observed"], "a shock in 2021Q2 lies outside the series, 2017Q1 to 2020Q3"),
        (["--shock", "2018Q2=recovers:4"], "a shock in 2018Q2 can't be estimated"),
        (["--plot", "a.gif"], "--plot: 'a.gif' is not allowed: the name ends with .png, .svg, .pdf"),
        (["--plot", "no/a.png"], "there is no folder 'no'"),
        (["--break", "--backtest"], "--break: it goes with forecasts"),
        (["--backtest", "--seed", 1], "--seed: it goes with forecasts, not with --backtest"),
        (["--out", "no/a.csv"], "there is no folder 'no'"),
        (["own.csv"], "own.csv: short: 1 of 8 quarters have no number: 2019Q2 C2 '..'"),
        (["own.csv", "--series", "long"], "there is no series 'long' (allowed: short)"),
        (
            ["own.csv", "--months", "median"],
            "--months: there is no way 'median'; did you mean 'mean'? (allowed: keep, mean, sum)",
        ),
        (["own.csv", "--months", "sum"], "--months: the periods of own.csv are quarters already"),
    ],
)
def test_a_mistake_is_told_in_one_line_before_anything_runs(folder, monkeypatch, words, message):
    monkeypatch.setattr("flowsim.forecasting.trend.course", lambda *given: pytest.fail("models were fitted"))
    (folder / "own.csv").write_text(TABLE + "short;1;..;3;4;5;6;7;8\n")
    before = sorted(folder.iterdir())
    code, out, err = flowsim(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert sorted(folder.iterdir()) == before


def test_a_picture_and_a_table_never_share_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = flowsim("fleksjob", "--plot", "a.png", "--out", "./a.png")
    assert (code, out) == (2, "")
    assert "--plot and --out: both are 'a.png': a picture and a table need a file each" in err
    assert list(tmp_path.iterdir()) == []


def test_a_picture_and_a_table_are_written_both_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def taken_meanwhile(*_):
        (tmp_path / "a.csv").write_text("mine", encoding="utf-8")
        return b"picture"

    monkeypatch.setattr("flowsim.reporting.pictures.forecasts.picture", taken_meanwhile)
    code, _, err = flowsim("fleksjob", "--plot", "a.png", "--out", "a.csv")
    assert code == 2
    assert "'a.csv' exists already" in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"mine"}
