"""The command line as a planner meets it: what it prints and writes, and one line for every mistake."""

import itertools
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
import tomllib

import pandas as pd
import pytest

from flowsim import Scenario, __version__
from flowsim.calibration.targets import documented
from flowsim.cli.main import start
from flowsim.cli.signals import STOPPED
from flowsim.evidence import facts
from flowsim.simulation import store
from flowsim.simulation.engine.trace import Trace
from flowsim.simulation.measures.timeline import Calendar
from flowsim.simulation.runner import run
from helpers.command_line import fine, flowsim

PATHWAY = """\
name = "desk"
start = 2019-01-01
end = 2020-07-01

[stations.desk]
capacity = 1

[states.plan]
station = "desk"
stay = { law = "exponential", mean = "2 days" }
to = "out"

[states.out]
final = true
outcome = true

[entries.door]
to = "plan"
rate = "3 per week"
"""
COMMAND = [sys.executable, "-c", "from flowsim.cli.main import start; start()"]


@pytest.fixture(autouse=True)
def folder(folder, monkeypatch):
    """Stand in a folder with a small pathway, before an English terminal."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (folder / "desk.toml").write_text(PATHWAY)
    return folder


def outside(*words, **options):
    """Run the command line in a process of its own, as a terminal does."""
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, timeout=120, check=False, **options)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def other(old, new):
    assert old in PATHWAY
    return PATHWAY.replace(old, new).encode()


def test_what_is_printed_is_the_same_whether_all_is_computed_or_that_alone(monkeypatch):
    whole = fine("run", "desk.toml", "--replications", 3, "--verbose")
    head, body = whole.removesuffix(f"\nvisits_sha256 {whole.split()[-1]}\n").split("\n\n", 1)
    monkeypatch.setattr(Trace, "digest", property(lambda trace: pytest.fail("the visits are hashed")))
    monkeypatch.setattr(Calendar, "number", lambda *of: pytest.fail("what is not printed is computed"))
    short = fine("run", "desk.toml", "--replications", 3)
    assert short.split("\n\n", 1)[1] == body
    assert "kernel engine" in head
    assert "wait" in body


def test_json_is_one_object_with_the_librarys_own_results():
    out = fine("run", "desk.toml", "--replications", 3, "--seed", 7, "--json")
    told = json.loads(out)
    own = run(Scenario.of("desk.toml"), replications=3, seed=7)
    assert list(told) == [
        *("scenario", "engine", "replications", "seed", "parameters", "versions", "visits_sha256", "measures")
    ]
    assert (told["scenario"], told["engine"], told["replications"], told["seed"]) == ("desk", "kernel", 3, 7)
    assert told["visits_sha256"] == own.visits_sha256
    assert told["versions"]["flowsim"] == __version__
    expected = own.table().to_dict("records")
    assert len(told["measures"]) == len(expected) > 50
    for row, mine in zip(told["measures"], expected, strict=True):
        assert list(row) == [
            *("measure", "period", "unit", "statistic", "level", "low", "high"),
            *("p05", "p50", "p95", "defined", "left_out", "stalled"),
        ]
        finite = {
            key: None if isinstance(cell, float) and not math.isfinite(cell) else cell for key, cell in mine.items()
        }
        assert row == finite
    assert {"2019-03", "2019Q1", "2019"} <= {row["period"] for row in told["measures"]}
    assert out.count("\n") == 1


def test_the_engines_agree_by_the_command_line_too():
    both = [json.loads(fine("run", "desk.toml", "-n", 2, "--engine", e, "--json")) for e in ("kernel", "simpy")]
    assert [one.pop("engine") for one in both] == ["kernel", "simpy"]
    assert both[0] == both[1]


def test_documented_figures_stand_in_json_and_summary_where_there_are_any():
    told = json.loads(fine("run", "copenhagen", "-n", 1, "--from", "2018", "--to", "2019", "--json"))
    shown = {(r["measure"], r["period"]): r["documented"] for r in told["measures"] if "documented" in r}
    known = documented("copenhagen")
    within = {key for key in known if key[1][:4] in ("2018", "2019")}
    assert shown == {key: known[key] for key in within}
    assert len(shown) > 10
    assert all(r["period"][:4] in ("2018", "2019") for r in told["measures"])
    out = fine("run", "copenhagen", "-n", 1, "--from", "2018", "--to", "2019")
    assert "Documented beside simulated" in out
    assert max(map(len, out.splitlines())) <= 80


def test_from_and_to_limit_what_is_reported_not_what_is_run():
    whole, part = (
        json.loads(fine("run", "desk.toml", "-n", 2, "--json", *more)) for more in ([], ["--from", "2020Q1"])
    )
    assert whole["visits_sha256"] == part["visits_sha256"]
    assert part["measures"] == [row for row in whole["measures"] if row["period"].startswith("2020")]


def test_a_period_too_short_for_any_measure_is_said_to_be_so(folder):
    """Nobody waits here, and who is there is counted by quarter."""
    text = PATHWAY.replace('station = "desk"\n', "").replace("[stations.desk]\ncapacity = 1\n", "")
    (folder / "free.toml").write_text(text)
    asked = ("run", "free.toml", "-n", 20, "--from", "2019-05", "--to", "2019-05")
    for language, said in (
        ("en", "No measure is reported for a period as short as this: ask for a quarter or a\n  year."),
        ("da", "Intet nøgletal opgøres for så kort en periode: bed om et kvartal eller et år."),
    ):
        head, told = fine(*asked, "--language", language).strip().split("\n\n")
        assert head.startswith("desk: 20")
        assert told == said
    assert "No measure" not in fine("run", "free.toml", "-n", 20, "--from", "2019Q2", "--to", "2019Q2")


@pytest.mark.parametrize(
    "more", [[], ["--from", "2019Q2"], ["--from", "2020-05", "--to", "2020-05"], ["--out", "r" * 90]]
)
def test_every_line_of_a_summary_fits_eighty_columns(more, folder):
    name, text = "[bold]=cmd\\u001b[31m " + "long name " * 20, "word " * 60
    (folder / "mine.toml").write_text(f'name = "{name}"\ndescription = "{text}"\nbase = "desk.toml"\n')
    for command in (["run", "mine.toml", "-n", 2, *more], ["check", "mine.toml"]):
        lines = fine(*command).splitlines()
        assert lines[0].startswith("[bold]=cmd [31m long name")
        # A path can't be broken, or nobody could copy it.
        assert [line for line in lines if len(line) > 80 and "r" * 90 not in line] == []
        assert all(line.isprintable() for line in lines)


def test_quiet_prints_nothing_and_writes_all_the_same(folder):
    assert fine("run", "desk.toml", "-n", 2, "--quiet", "--out", "runs/a") == ""
    assert sorted(os.listdir(folder / "runs" / "a")) == sorted(store.FILES)
    assert fine("run", "desk.toml", "-n", 2, "--quiet", "--out", "runs/a", "--force", "--parquet") == ""
    assert len(os.listdir(folder / "runs" / "a")) == len(store.FILES) + 2


def test_the_folder_holds_the_tables_and_how_to_repeat_them(folder):
    (folder / "my plan.toml").write_text(
        'name = "mine"\nbase = "desk.toml"\n[[stations]]\nstation = "desk"\ncapacity = 2'
    )
    words = ["run", "my plan.toml", "-n", 3, "--seed", 5, "--engine", "simpy", "--from", "2019Q3", "--to", "2019"]
    told = json.loads(fine(*words, "--json", "--out", "a", "--parquet"))
    manifest = json.loads((folder / "a" / "manifest.json").read_text("utf-8"))
    scenario = Scenario.of("my plan.toml")
    assert manifest["scenario"] == scenario.to_dict()
    assert manifest["scenario_sha256"] == scenario.digest
    assert (manifest["seed"], manifest["replications"], manifest["engine"]) == (5, 3, "simpy")
    assert manifest["visits_sha256"] == told["visits_sha256"]
    assert manifest["versions"] == told["versions"]
    program, *repeat = shlex.split(manifest["repeat"])
    assert program == "flowsim"
    assert json.loads(fine(*repeat, "--json")) == told
    csv = pd.read_csv(folder / "a" / "measures.csv", dtype={"period": str})
    parquet = pd.read_parquet(folder / "a" / "measures.parquet")
    pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)
    assert (folder / "a" / "measures.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert parquet[["measure", "period"]].to_numpy().tolist() == [[r["measure"], r["period"]] for r in told["measures"]]
    own = run(scenario, replications=3, seed=5).between("2019Q3", "2019").frame()
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "a" / "replications.parquet"), own)


MISTAKES = [
    ("--replicatons 3", "No such option: --replicatons", "--replications"),
    ("--during 2019Q3", "No such option: --during; did you mean '--from 2019Q3 --to 2019Q3'?"),
    ("--during=2019Q3", "No such option: --during; did you mean '--from 2019Q3 --to 2019Q3'?"),
    ("--fra 2019", "No such option: --fra; did you mean '--from'?"),
    ("--xyz", "No such option: --xyz (allowed: ", "--verbose"),
    ("--replications x", "'--replications'", "'x' is not allowed: it should be a whole number"),
    ("--replications 1.000", "'--replications'", "'1.000': 1000 or 1? write 1000 or 1"),
    ("--replications 0", "replications: 0 is not allowed: from 1 to 10,000,000"),
    ("--replications -1", "replications: -1 is not allowed"),
    ("--replications 1000000000000", "replications: 1000000000000 is not allowed"),
    ("--seed -1", "seed: -1 is not allowed: a seed is a whole number from 0 to 2**64 - 1"),
    ("--seed 18446744073709551616", "seed: 18446744073709551616 is not allowed"),
    ("--seed 1.5", "'--seed'"),
    ("--engine foo", "engine: there is no engine 'foo' (allowed: kernel, simpy)"),
    ("--engine simpi", "there is no engine 'simpi'; did you mean 'simpy'?"),
    ("--engine", "'--engine' requires an argument"),
    ("--workers 0", "--workers: 0 is not allowed: at least 1 is needed"),
    ("--from foo", "--from: 'foo' is no period: write '2019', '2019Q1' or '2019-03'"),
    ("--to 2019-13", "--to: '2019-13' is no month: they go from 1 to 12"),
    ("--from 2019Q5", "--from: '2019Q5' is no quarter: they go from 1 to 4"),
    ("--from=", "--from: '' is no period"),
    ("--from 2030", "--from 2030: nothing lies between (months of the run: 2019-01 to 2020-06)"),
    ("--from 2020-07", "--from 2020-07: nothing lies between"),
    ("--to 2018", "--to 2018: nothing lies between"),
    ("--from 2017 --to 2018", "--from 2017 --to 2018: nothing lies between"),
    ("--from 2020 --to 2019", "--from 2020 --to 2019: nothing lies between"),
    ("--out desk.toml", "--out: 'desk.toml' is a file"),
    ("--out desk.toml/below", "--out: nothing can be written to 'desk.toml/below'"),
    ("--out .", "--out: '.' holds"),
    ("--out=", "--out: '.' holds"),
    ("extra", "unexpected extra argument"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m[0])
def test_a_mistake_in_the_options_is_one_line_and_writes_nothing(mistake, folder):
    before, (words, *messages) = files(folder), mistake
    more = [] if "--out" in words else ["--out", "runs/a"]
    code, out, err = (
        flowsim("run", "desk.toml", *words.split(), *more) if words != "--engine" else flowsim("run", words)
    )
    assert (code, out) == (2, "")
    assert err.startswith("flowsim: ")
    assert err.count("\n") == 1
    assert [message for message in messages if message not in err] == []
    assert files(folder) == before


FAULTY = {
    "empty": (b"", "name: this key is missing"),
    "no TOML": (b"hello world\n", "line 1: Expected '='"),
    "latin-1": (b'# a\nname = "\xe6"\n', "line 2: this is no UTF-8 text: save the file as UTF-8"),
    "utf-16": ('name = "x"'.encode("utf-16"), "line 1: this is no UTF-8 text"),
    "binary": (bytes(range(256)) * 20, "line"),
    "nul": (b"a = 1\0", "line 1:"),
    "many digits": (other("capacity = 1", "capacity = " + "9" * 5000), "a number has too many digits"),
    "many brackets": (b"a = " + b"[" * 100_000, "too deep"),
    "nan": (other("capacity = 1", "capacity = nan"), "stations.desk.capacity: nan is no number that can be used"),
    "negative": (other("capacity = 1", "capacity = -1"), "stations.desk.capacity: -1 is not allowed"),
    "typo": (other("capacity", "capacty"), "did you mean 'capacity'?"),
    "long horizon": (other("2020-07-01", "9998-12-31"), "a horizon of 7980 years"),
    "tick": (other("start", 'tick = "0 minutes"\nstart'), "tick: "),
    "no base": (b'name = "x"\nbase = "nowhere.toml"\n', "there is no base 'nowhere.toml'"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_mistake_in_a_file_is_one_line_and_writes_nothing(fault, folder):
    content, message = FAULTY[fault]
    (folder / "mine.toml").write_bytes(content)
    before = files(folder)
    for command in (["check"], ["run", "--out", "runs/a"], ["diagram", "--out", "a.svg"]):
        if fault == "no time" and command[0] != "run":
            continue
        code, out, err = flowsim(command[0], "mine.toml", *command[1:])
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("flowsim: ")
        assert message in err
        assert err.strip().isprintable()
    assert files(folder) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("copenhagn", "did you mean 'copenhagen'?"),
        ("none.toml", "there is no file 'none.toml'"),
        (".", "there is no file '.'"),
        ("", "there is no file"),
        ("a\nb\x1b[31m", "there is no file 'a b?[31m'"),
        ("x" * 300, "x"),
    ],
)
def test_a_file_that_is_none_is_one_line(name, message):
    code, out, err = flowsim("check", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("old", "new", "options", "message"),
    [
        ("3 per week", "1e12 per year", [], "population: about 1.5e+12 citizens"),
        ('rate = "3 per week"', "count = 1000000000000", [], "entries.door.count: 1000000000000 is not allowed"),
        ('rate = "3 per week"', 'every = "0.0000001 seconds"', [], "population: about"),
        ("start =", 'tick = "1 second"\nstart =', ["--replications", 10**7], "memory: about"),
        ('rate = "3 per week"', "count = 1000000000", ["--engine", "simpy"], "memory: about"),
    ],
)
def test_what_no_memory_holds_is_refused_at_once(old, new, options, message, folder, monkeypatch):
    (folder / "mine.toml").write_bytes(other(old, new))
    from flowsim.simulation import runner

    monkeypatch.setattr(runner, "_available_memory", lambda: 16 * 2.0**30)
    monkeypatch.setattr(runner, "_replicate", lambda *job: pytest.fail("something ran"))
    code, out, err = flowsim("run", "mine.toml", *options, "--out", "runs/a")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (folder / "runs").exists()


def test_a_refusal_loads_nothing_heavy(folder):
    (folder / "mine.toml").write_bytes(other("3 per week", "1e12 per year"))
    code = (
        "import sys\nfrom flowsim.cli.main import start\nsys.argv = ['flowsim', 'run', 'mine.toml']\n"
        "try:\n    start()\nexcept SystemExit as end:\n    "
        "heavy = {'numba', 'scipy', 'pandas', 'simpy'} & set(sys.modules)\n"
        "    print(end.code, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 set()"


def test_an_earlier_run_is_kept_unless_it_is_to_be_overwritten(folder):
    fine("run", "desk.toml", "-n", 1, "--out", "a", "-q")
    before = files(folder)
    assert "add --force" in flowsim("run", "desk.toml", "-n", 2, "--out", "a")[2]
    assert files(folder) == before
    fine("run", "desk.toml", "-n", 2, "--out", "a", "-q", "--force")
    assert json.loads((folder / "a" / "manifest.json").read_text())["replications"] == 2


def test_a_full_disk_is_one_line_and_the_earlier_run_is_kept(folder, monkeypatch):
    fine("run", "desk.toml", "-n", 1, "--out", "a", "-q")
    before = files(folder)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device", "a/measures.csv")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    code, out, err = flowsim("run", "desk.toml", "-n", 2, "--out", "a", "--force")
    assert (code, out, err) == (2, "", "flowsim: No space left on device: 'a/measures.csv'\n")
    assert files(folder) == before


def test_memory_that_runs_out_after_all_is_one_line(monkeypatch):
    def out_of_memory(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr("flowsim.questions.run.run", out_of_memory)
    code, _, err = flowsim("run", "desk.toml")
    assert (code, err.count("\n")) == (2, 1)
    assert "not enough memory" in err


def test_a_fault_of_flowsims_own_is_not_hidden(monkeypatch):
    def fault(*arguments, **options):
        raise ValueError("a fault")

    monkeypatch.setattr("flowsim.questions.run.run", fault)
    monkeypatch.setattr(sys, "argv", ["flowsim", "run", "desk.toml"])
    with pytest.raises(ValueError, match="a fault"):
        start()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["staff", "desk.toml", "--from", "2019K3"], "Valgmuligheden --from findes ikke; mente du '--during 2019K3'?"),
        (
            ["explain", "desk.toml", "--during", "2019"],
            "Valgmuligheden --during findes ikke; mente du '--period 2019'?",
        ),
        (["run", "desk.toml", "--til", "2019"], "Valgmuligheden --til findes ikke; mente du '--to'?"),
    ],
)
def test_the_option_of_another_command_is_answered_with_that_of_this_one(folder, words, message):
    code, out, err = flowsim(*words, "--language", "da")
    assert (code, out, err) == (2, "", f"flowsim: {message}\n")


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "by year: of waits, queues, awards, utilisation, and of costs if asked for."),
        ("da", "pr. år: i ventetider, køer, tilkendelser, udnyttelse og, hvis det ønskes, udgifter."),
    ],
)
def test_help_ends_its_lines_where_the_terminal_does(language, sentence):
    lines = [line.strip() for line in fine("compare", "--help", "--language", language).splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith(("Shown are", "Vist er")))
    end = lines.index("", start)
    assert " ".join(lines[start:end]).endswith(sentence)
    assert all(len(f"{line} {following.split()[0]}") > 76 for line, following in itertools.pairwise(lines[start:end]))


def test_new_writes_a_commented_example_that_is_right_and_over_nothing(folder):
    out = fine("new", "mine.toml")
    text = (folder / "mine.toml").read_text("utf-8")
    assert "mine.toml" in out
    assert text.count("\n#") > 10
    assert tomllib.loads(text)["base"] == "copenhagen"
    assert "\nmore-places is right:" in fine("check", "mine.toml", "--codes")
    for name, message in (
        ("mine.toml", "exists already"),
        ("none/a.toml", "there is no folder 'none'"),
        (".", "no file"),
    ):
        code, _, err = flowsim("new", name)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err
    assert (folder / "mine.toml").read_text("utf-8") == text


@pytest.mark.parametrize(
    ("words", "forced"),
    [
        (("new", "a.toml"), False),
        (("diagram", "desk.toml", "--out", "a.svg"), True),
        (("today", "new", "a.csv", "--of", "desk.toml"), True),
        (("forecast", "awards", "--out", "a.csv"), True),
    ],
)
def test_a_file_that_exists_is_told_with_force_where_the_command_has_it(folder, words, forced):
    (folder / next(word for word in words if word.startswith("a."))).write_text("mine")
    code, _, err = flowsim(*words)
    assert code == 2
    assert err.endswith(f"exists already: name a file that does not exist yet{', or add --force' * forced}\n")
    danish = flowsim(*words, "--language", "da")[2]
    assert danish.endswith(f"findes allerede: vælg en fil, der ikke findes endnu{', eller tilføj --force' * forced}\n")


def test_check_warns_of_stations_that_are_offered_too_much_and_runs_nothing(folder, monkeypatch):
    monkeypatch.setattr("flowsim.simulation.runner._replicate", None)
    assert "warning" not in fine("check", "desk.toml")
    (folder / "much.toml").write_bytes(other("3 per week", "7 per week"))
    out = fine("check", "much.toml")
    told = " ".join(out.split())
    assert (
        "desk, throughout: 2.00 times as many cases come as there are places, and the queue grows by 3.5 a week" in told
    )
    assert "a simulation will not settle" in told
    assert max(map(len, out.splitlines())) <= 80


def test_a_diagram_is_written_over_nothing_that_is_not_to_be_overwritten(folder):
    fine("diagram", "desk.toml", "--out", "a.svg")
    assert "<svg" in (folder / "a.svg").read_text("utf-8")
    (folder / "a.svg").write_text("mine")
    assert "exists already" in flowsim("diagram", "desk.toml", "--out", "a.svg")[2]
    assert (folder / "a.svg").read_text() == "mine"
    fine("diagram", "desk.toml", "--out", "a.svg", "--force")
    assert "<svg" in (folder / "a.svg").read_text("utf-8")


def test_the_schema_is_json():
    assert json.loads(fine("schema"))["title"] == "flowsim scenario"


@pytest.mark.parametrize("chosen", [{}, {"source": "svar-2018-10"}, {"role": "target"}, {"text": "VENTETID"}], ids=str)
def test_evidence_is_listed_and_filtered(chosen):
    options = [word for key, value in chosen.items() for word in (f"--{key}", value)]
    known = facts.load()
    expected = [fact.id for fact in known.select(**chosen)]
    assert 0 < len(expected) <= len(list(known))
    assert not chosen or len(expected) < len(list(known))
    told = json.loads(fine("evidence", *options, "--json"))
    assert [fact["id"] for fact in told] == expected
    for fact in told:
        assert {"id", "source", "unit", "period", "precision", "role", "quote"} <= set(fact)
        assert ("value" in fact) != ("values" in fact)
        assert chosen.get("source") in (None, fact["source"])
        assert chosen.get("role") in (None, fact["role"])
    lines = fine("evidence", *options).splitlines()
    assert lines[-1] == f"{len(expected)} facts"
    assert [line.split()[0] for line in lines if line.split()[0] in expected and not line.startswith(" ")] == expected
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source", "svar-2018"], "there is no source 'svar-2018'; did you mean 'svar-2018-10'?"),
        (["--role", "targt"], "there is no role 'targt'; did you mean 'target'?"),
        (["--rolle", "target"], "No such option: --rolle; did you mean '--role'?"),
        (["--from", "2019"], "No such option: --from (allowed: --help, --json, --language, --of, "),
    ],
)
def test_a_mistake_in_a_filter_is_one_line(words, message):
    code, out, err = flowsim("evidence", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize("command", ["run", "new", "check", "schema", "diagram", "evidence"])
def test_help_shows_an_example_in_eighty_columns(command):
    out = fine(command, "--help")
    assert f"Example: flowsim {command}" in out
    assert max(map(len, out.splitlines())) <= 80
    assert command in fine("--help")


def test_version_and_no_command():
    assert fine("--version") == f"flowsim {__version__}\n"
    code, _, err = flowsim("bogus")
    assert code == 2
    assert err.startswith("flowsim: there is no command 'bogus' (allowed: base, calibrate, check, ")


@pytest.mark.parametrize("coding", ["ascii", "cp1252"])
@pytest.mark.parametrize(
    "words", [["--help"], ["evidence", "--source", "svar-2017-05"], ["evidence", "--json"], ["check", "æ"]]
)
def test_a_terminal_without_danish_letters_is_no_reason_to_fail(words, coding):
    done = outside(*words, env=os.environ | {"PYTHONIOENCODING": coding})
    assert done.returncode == (2 if "æ" in words else 0)
    assert b"Traceback" not in done.stderr
    if "--json" in words:
        shown = {fact["id"]: fact for fact in json.loads(done.stdout.decode("ascii"))}
        assert all(shown[fact.id]["quote"] == fact.quote for fact in facts.load())


def test_colour_is_for_terminals_alone():
    for more in ({}, {"NO_COLOR": "1"}):
        assert b"\x1b" not in outside("evidence", "--role", "target", env=os.environ | more).stdout


@pytest.mark.skipif(os.name == "nt", reason="pipes are POSIX's")
@pytest.mark.parametrize("words", [["evidence"], ["schema"], ["evidence", "--json"], ["--help"]])
def test_a_reader_who_goes_away_hears_no_complaint(words):
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.slow
@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("wait", [1.0, 4.0])
@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_ctrl_c_stops_cleanly_and_soon(engine, wait, earlier, folder):
    if earlier:
        fine("run", "desk.toml", "-n", 1, "--out", "a", "-q")
    (folder / "long.toml").write_bytes(other("3 per week", f"{20_000 if engine == 'kernel' else 2_000} per week"))
    before = files(folder)
    words = ["run", "long.toml", "-n", "2000", "--engine", engine, "--out", "a", *["--force"] * earlier]
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert (process.returncode, out, err) == (130, b"", STOPPED["en"].encode())
    assert files(folder) == before


def test_ctrl_c_while_a_compiled_module_loads_is_no_error():
    # Such a module turns KeyboardInterrupt into an ImportError of its own.
    program = """
import flowsim.cli.main as main
def app(**_):
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt as interrupt:
        raise ImportError("initialization failed") from interrupt
main.app = app
main.start()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", STOPPED["en"].encode())


def test_precision_runs_as_many_as_it_takes_and_says_so():
    code, out, err = flowsim("run", "desk.toml", "--precision", "5%", "--to", "2019", "--json")
    told = json.loads(out)
    assert code == 0
    assert 10 < told["replications"] < 200
    assert f"A half-width of 0.05 of the level of awards took {told['replications']} replications" in err
    plain = json.loads(flowsim("run", "desk.toml", "-n", told["replications"], "--json")[1])
    assert plain["visits_sha256"] == told["visits_sha256"]


def test_a_precision_that_is_not_reached_is_said():
    code, _, err = flowsim("run", "desk.toml", "--precision", "0.1%", "-n", "46", "--json")
    assert code == 0
    assert "was not reached with 46 replications" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--precision", "half"], "write '5%' or '0.05'"),
        (["--precision", "5"], "--precision: '5' is not allowed: write '5%'"),
        (["--precision", "5%", "--measure", "awards.oud"], "did you mean 'awards.out'"),
        (["--measure", "awards"], "--measure: it goes with --precision"),
    ],
)
def test_a_precision_that_makes_no_sense_is_refused(words, said):
    code, out, err = flowsim("run", "desk.toml", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_names_lists_what_a_scenario_can_change():
    code, out, _ = flowsim("names", "desk.toml")
    assert code == 0
    assert out.splitlines() == [
        "Entries",
        "  door -> plan",
        "States and their ways out",
        "  plan at desk -> out",
        "  out -> nowhere: final",
        "Stations",
        "  desk: servers",
    ]
    out = flowsim("names")[1]
    assert "  rehabilitation_team (" in out
    assert "  new_spells = 12000 per 5 years [fact]" in out
    assert max(map(len, out.splitlines())) <= 80


def test_what_a_scenario_changes_is_not_called_off():
    (plain, edited) = ("", '[parameters]\nrate_job = "+10 %"\n')
    for edit, title, column in (
        (plain, "Documented beside simulated", "off by"),
        (edited, "Documented history beside this scenario", "differs"),
    ):
        with open("s.toml", "w") as file:
            file.write(f'name = "s"\nbase = "copenhagen"\n{edit}')
        out = flowsim("run", "s.toml", "-n", "1", "--from", "2018", "--to", "2018")[1]
        assert title in out
        assert column in out


ENTRY = [sys.executable, "-m", "flowsim"]


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["flowsim.cli.main", "flowsim.simulation.runner"])
def test_a_signal_while_a_module_loads_ends_with_one_line(module, number, folder):
    """Whichever is being loaded: the command line itself, or what a command needs."""
    program = f"""
import importlib.abc, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Finder())
sys.argv = ["flowsim", "run", "desk.toml", "-n", "1"]
from flowsim.cli.entry import begin
begin()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert (done.returncode, done.stderr) == (128 + number, STOPPED["en"].encode())


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_sigterm_is_as_ctrl_c_with_its_own_code():
    program = """
import flowsim.cli.main as main, os, signal
main.app = lambda **_: os.kill(os.getpid(), signal.SIGTERM)
main.start()
"""
    for language, line in STOPPED.items():
        environment = os.environ | {"LC_ALL": f"{language}_DK.UTF-8"}
        done = subprocess.run([sys.executable, "-c", program, "run"], capture_output=True, env=environment)
        assert (done.returncode, done.stdout, done.stderr) == (143, b"", line.encode())


def test_signals_are_as_they_were_after_a_command():
    earlier = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    fine("--version")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == earlier


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="algebra has one thread here anyway")
@pytest.mark.parametrize(("given", "threads"), [({}, "{1}"), ({"OPENBLAS_NUM_THREADS": "2"}, "{2}")])
def test_algebra_has_one_thread_unless_told_otherwise(given, threads):
    program = """
import sys
sys.argv = ["flowsim", "--version"]
from flowsim.cli.entry import begin
try:
    begin()
except SystemExit:
    import scipy.linalg
    from threadpoolctl import threadpool_info
    print({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
"""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | given
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, threads)


@pytest.mark.skipif(os.name == "nt", reason="descriptors are POSIX's")
@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "target", "code", "said"),
    [
        ("names", ">&-", 1, b"flowsim: nothing can be written to standard output: Bad file descriptor\n"),
        ("names", ">/dev/full", 1, b"flowsim: nothing can be written to standard output: No space left on device\n"),
        ("names nowhere", ">&-", 2, b"there is no file 'nowhere'"),
    ],
)
def test_what_nobody_takes_is_not_written(words, target, code, said, buffered):
    command = f"'{sys.executable}' -m flowsim {words} {target}"
    environment = os.environ | {"PYTHONUNBUFFERED": buffered}
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, env=environment)
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1)
    assert said in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="descriptors are POSIX's")
def test_who_prints_nothing_needs_no_output(tmp_path):
    """And a file is not opened where the output was, lest what is printed stand in it."""
    program = f"""
import flowsim.cli.main as main
def app(**_):
    with open({str(tmp_path / "file")!r}, "w") as file:
        assert file.fileno() > 2
main.app = app
main.start()
"""
    done = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, program], stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_worker_process_that_the_system_ends_is_one_line():
    program = """
import flowsim.cli.main as main, os, signal
from flowsim.simulation.workers import executor_of
def app(**_):
    with executor_of(1, processes=True) as executor:
        executor.submit(os.kill, executor.submit(os.getpid).result(), 9).result()
main.app = app
main.start()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("flowsim: a worker process was ended from outside")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("kør", "desk.toml"), "there is no command 'kør'; did you mean 'flowsim run desk.toml'?"),
        (("Sammenlign", "a", "b c"), "did you mean 'flowsim compare a 'b c''?"),
        (("tjek",), "did you mean 'flowsim check'?"),
        (("rnu",), "did you mean 'run'?"),
        (("sammelign",), "did you mean 'compare'?"),
        (("desk.toml", "-n", "3"), "did you mean 'flowsim run desk.toml -n 3'?"),
        (("more-places",), "did you mean 'flowsim run more-places'?"),
        (("hjælp",), "flowsim --help lists them"),
        (("xyzzy",), "there is no command 'xyzzy' (allowed: base, calibrate, check,"),
        (("verdict",), "'verdict' is called 'judge' now"),
    ],
)
def test_a_near_miss_is_answered_with_what_is_meant(words, answer):
    code, out, error = flowsim(*words)
    assert (code, out) == (2, "")
    assert answer in error
    assert error.count("\n") == 1
