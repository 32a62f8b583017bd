"""Questions as values: checked when made, the same from Python, files and the command line, and asked again."""

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from flowsim import InputError
from flowsim.cli.words.compare import by_headline
from flowsim.core.errors import KeyedError
from flowsim.planning.comparison import headlines
from flowsim.questions.asking import command
from flowsim.questions.calibrate import Calibrate
from flowsim.questions.compare import Compare
from flowsim.questions.explain import Explain, ExplainAssumptions
from flowsim.questions.forecast import Forecast
from flowsim.questions.judge import Judge
from flowsim.questions.outlook import Outlook
from flowsim.questions.report import Report
from flowsim.questions.run import Run
from flowsim.questions.staff import Staff
from flowsim.questions.verify import Verify
from flowsim.reporting.document import MOST_LOGO
from flowsim.reporting.language import Language
from helpers.command_line import fine, flowsim
from helpers.paths import SMALL_TOWN

TOWN = str(SMALL_TOWN / "town.toml")
GOAL = {"goal": ["wait for team <= 4 weeks"], "vary": ["team.places"], "between": ["1 6"], "during": "2024"}


@pytest.fixture(scope="module")
def more(tmp_path_factory):
    file = tmp_path_factory.mktemp("scenarios") / "more.toml"
    file.write_text(
        f'name = "more"\nbase = "{TOWN}"\n[[stations]]\nstation = "team"\nplaces = "+1"\n', encoding="utf-8"
    )
    return str(file)


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_each_question_is_the_same_from_its_file(tmp_path, ending, more):
    questions = [
        Run.from_dict({"scenario": TOWN, "precision": "5%", "measure": ["awards"], "first": "2023", "point": False}),
        Compare.from_dict({"scenarios": [TOWN, more], "replications": 7, "seed": 3}),
        Staff.from_dict(GOAL | {"scenario": TOWN, "chance": 0.8}),
        Explain.from_dict(
            {"scenario": TOWN, "measure": "queue.team", "period": "2024", "vary": ["team.places"], "between": ["2 4"]}
        ),
        ExplainAssumptions.from_dict({"scenario": TOWN, "measure": "queue.team", "period": "2024", "sets": 3}),
        Forecast.from_dict({"horizon": 3, "shock": "2020Q2=recovers:4"}),
        Verify.from_dict({"family": ["mmc", "exact"], "seed": 4}),
        Verify.from_dict({"promises": True, "repetitions": 20}),
        Judge.from_dict({"replications": 3}),
        Calibrate.from_dict({"study": str(SMALL_TOWN / "calibration.toml"), "draws": 500, "sets": 20}),
        Report.from_dict(GOAL | {"scenarios": [TOWN], "question": 'Hvor længe "venter" man?', "language": "da"}),
        Report.from_dict({"scenarios": [TOWN], "recipient": "Udvalget", "author": "x", "date": "2027-01-15"}),
    ]
    for number, question in enumerate(questions):
        file = tmp_path / f"{number}.{ending}"
        question.write(file)
        assert type(question).read(file) == question
        with pytest.raises(InputError, match="exists already"):
            question.write(file)


def test_paths_in_a_file_are_seen_from_its_folder(tmp_path):
    (tmp_path / "town.toml").write_bytes((SMALL_TOWN / "town.toml").read_bytes())
    for name in ("facts.toml",):
        (tmp_path / name).write_bytes((SMALL_TOWN / name).read_bytes())
    (tmp_path / "ask.toml").write_text('scenario = "town.toml"\n', encoding="utf-8")
    assert Run.read(tmp_path / "ask.toml").scenario == str(tmp_path / "town.toml")


@pytest.mark.parametrize(
    ("kind", "values", "key", "reason"),
    [
        (Run, {"first": "2019Q5"}, "first", "is no quarter"),
        (Run, {"measure": ["awards"]}, "measure", "goes with"),
        (Run, {"precision": "much"}, "precision", "is not allowed"),
        (Run, {"precision": "5%", "measure": ["award"]}, "measure", "did you mean 'awards"),
        (Run, {"replications": 0}, "replications", "from 1 to 10,000,000"),
        *[(kind, {"seed": -1}, "seed", "a seed is a whole number from 0") for kind in (Run, Outlook)],
        (Staff, GOAL | {"seed": 2**64}, "seed", "a seed is a whole number from 0"),
        (Staff, GOAL | {"between": ["6 1"]}, "between", "is not allowed"),
        (Staff, GOAL | {"vary": ["team.place"]}, "vary", "did you mean 'team.places'"),
        (Staff, GOAL | {"chance": "often"}, "chance", "is not allowed"),
        (Staff, GOAL | {"every": 2}, "every", "two levers"),
        (Explain, {"measure": "queue.team", "period": "2024", "vary": ["team.places"]}, "between", "1 levers"),
        (ExplainAssumptions, {"measure": "queue.team", "period": "2024", "sets": 1}, "sets", "at least 2 are needed"),
        (Report, {"scenarios": [TOWN], "date": "15/1"}, "date", "write 2019-04-01"),
        (Report, {"scenarios": [TOWN], "logo": "no.png"}, "logo", "there is no file 'no.png'"),
        (Outlook, {"replications": 5}, "replications", "at least 20"),
    ],
)
def test_a_mistake_is_refused_at_its_key(kind, values, key, reason):
    with pytest.raises(KeyedError, match=reason) as refused:
        kind.from_dict(values if "scenarios" in values else values | {"scenario": TOWN})
    assert refused.value.key == key


def test_no_more_of_a_logo_is_loaded_than_is_taken(tmp_path):
    (tmp_path / "logo.png").write_bytes(bytes(MOST_LOGO + 1))
    with pytest.raises(KeyedError, match="500,001 bytes are more than the 500,000 that are read") as refused:
        Report.from_dict({"scenarios": [TOWN], "logo": str(tmp_path / "logo.png")})
    assert refused.value.key == "logo"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('scenari = "x"', "did you mean 'scenario'"),
        ("replications = 'many'", "replications: 'many' is not allowed"),
        ("replications = '1.000'", "replications: '1.000': 1000 or 1?"),
        ("seed = true", "seed: True is not allowed: it should be a whole number"),
        ("first = '2019Q9'", "first: '2019Q9' is no quarter"),
        ("seed = x1\nengine = 1", "line 1"),
    ],
)
def test_a_mistake_in_a_file_says_where(tmp_path, text, shown):
    file = tmp_path / "ask.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        Run.read(file)
    assert "ask.toml" in str(refused.value)
    assert shown in str(refused.value)


def test_questions_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Run.from_dict({"scenario": TOWN}).seed = 2


def test_the_command_line_asks_the_same_and_gets_the_same():
    question = Run.from_dict({"scenario": TOWN, "replications": 3, "seed": 5, "first": "2024"})
    answer = question.answer()
    printed = json.loads(fine(*shlex.split(question.command_line(answer))[1:], "--json"))
    assert printed["visits_sha256"] == answer.visits_sha256
    assert {row["period"][:4] for row in printed["measures"]} <= {"2024", "2025"}


def test_a_precision_is_asked_again_by_the_replications_that_it_took():
    question = Run.from_dict({"scenario": TOWN, "precision": "20%", "replications": 60})
    answer = question.answer()
    assert answer.reached is True
    again = shlex.split(question.command_line(answer))
    assert again[again.index("--replications") + 1] == str(len(answer.replications))
    assert "--precision" not in again
    assert "--precision" in shlex.split(question.command_line())


def test_a_command_line_quotes_and_leaves_out():
    options = {"goal": ["a <= 1", "b"], "between": ["1 2"], "point": True, "cost": False, "from": None, "vary": ()}
    written = command("staff", ["my town.toml"], options)
    assert written == "flowsim staff 'my town.toml' --goal 'a <= 1' --goal b --between 1 2 --point"
    assert command("run", ["-x.toml"], {"seed": 1}) == "flowsim run --seed 1 -- -x.toml"


@pytest.mark.parametrize(("earlier", "name"), [("sensitivity", "explain"), ("verdict", "judge")])
def test_an_earlier_word_is_refused_with_the_new_one(earlier, name):
    code, out, err = flowsim(earlier, "copenhagen")
    assert (code, out) == (2, "")
    assert f"'{earlier}' is called '{name}' now" in err


def test_the_command_holds_where_it_ran(more):
    for question in (Run(scenario=TOWN), Compare(scenarios=(TOWN, more))):
        assert "--workers" not in question.command_line()
        words = shlex.split(question.command_line(workers=3, cluster="tcp://host:8786"))
        assert words[-4:] == ["--workers", "3", "--cluster", "tcp://host:8786"]
    asked = Report(scenarios=(TOWN,)).command_line(workers=2)
    assert shlex.split(asked)[-3:] == ["--workers", "2", TOWN]


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Forecast, {"source": "award"}, "there is no series and no file 'award'; did you mean 'awards'?"),
        (Forecast, {"months": "sum"}, "months: it goes with a file, not with the built-in series 'awards'"),
        (Forecast, {"horizon": 13}, "13"),
        (Verify, {"family": ["mmcc"]}, "family: there is no family 'mmcc'; did you mean"),
        (Verify, {"engine": "kernle"}, "did you mean 'kernel'?"),
        (Verify, {"repetitions": 20}, "repetitions: it goes with --promises"),
        (Verify, {"promises": True, "engine": "simpy"}, "engine: it does not go with --promises"),
        (Verify, {"promises": True, "repetitions": 9}, "repetitions: 9 is not allowed: at least 10"),
        (Judge, {"replications": 1}, "replications: 1 is not allowed: at least 2 are needed"),
        (Judge, {"seed": 1}, "1 is the calibration's own"),
        (Calibrate, {"draws": 10}, "draws: 10 is not allowed"),
        (Calibrate, {"study": "nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_questions_of_forecasts_and_checks_are_checked_when_made(kind, values, message):
    with pytest.raises(InputError) as refused:
        kind.from_dict(values)
    assert message in str(refused.value)


def test_a_forecast_is_answered_as_the_command_does():
    question = Forecast(source="awards", horizon=2, shock="2020Q2=recovers:4")
    table = question.answer().frame()
    assert table["series"].unique().tolist() == ["fleksjob", "førtidspension", "total"]
    words = shlex.split(question.command_line())
    printed = json.loads(fine(*words[1:], "--json"))
    points = [row["point"] for series in printed["series"] for row in series["forecasts"]]
    assert points == table["point"].tolist()


def test_a_verification_is_answered_as_the_command_does():
    question = Verify(family=("exact",), seed=3)
    result = question.answer()
    assert result.passed
    printed = json.loads(fine(*shlex.split(question.command_line())[1:], "--json"))
    assert printed["exact"] == json.loads(json.dumps(result.as_json()["exact"]))


def test_promises_are_a_question_too(monkeypatch):
    asked = []

    def tests_of(name):
        return lambda count, seed, executor=None: [lambda: asked.append((name, count, seed)) or []]

    for place in (
        "planning.promises.searches.search",
        "planning.promises.figures.figure",
        "planning.promises.shares.share",
    ):
        monkeypatch.setattr(f"flowsim.{place}_tests", tests_of(place.rpartition(".")[2]))
    monkeypatch.setattr("flowsim.forecasting.promises.outlook_tests", tests_of("outlook"))
    question, steps = Verify(promises=True, repetitions=30, seed=2), []
    result = question.answer(progress=lambda done, total: steps.append((done, total)))
    assert (result.seed, result.promises, result.passed) == (2, (), True)
    assert asked == [("search", 30, 2), ("figure", 30, 2), ("share", 30, 2), ("outlook", 30, 2)]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert question.command_line() == "flowsim verify --promises --repetitions 30 --seed 2"


def test_a_seed_of_a_forecast_is_that_of_its_paths(tmp_path):
    file = tmp_path / "towns.csv"
    quarters = [f"{year}K{n}" for year in (2019, 2020, 2021) for n in (1, 2, 3, 4)]
    rows = ["quarter;a;b", *(f"{quarter};{40 + 3 * at % 7};{90 + 5 * at % 11}" for at, quarter in enumerate(quarters))]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    first, again, other = (Forecast(source=str(file), horizon=2, seed=seed) for seed in (1, 1, 5))
    steps = []
    with ThreadPoolExecutor(2) as executor:
        answers = first.answer(executor, lambda done, total: steps.append((done, total))).forecasts
    assert steps == [(1, 2), (2, 2)]
    same, others = again.answer().forecasts, other.answer().forecasts
    assert [ahead.name for ahead in answers] == ["a", "b"]
    for mine, twin, apart in zip(answers, same, others, strict=True):
        assert (mine.point == twin.point).all()
        assert (mine.point == apart.point).all()
        assert (mine.paths(50) == twin.paths(50)).all()
        assert (mine.paths(50) != apart.paths(50)).any()
        assert (apart.paths(50) == mine.paths(50, 5)).all()
    assert "--seed 5" in other.command_line()


def test_commands_of_calibrations_hold_their_options():
    calibrate = Calibrate(study=str(SMALL_TOWN / "calibration.toml"), draws=500, sets=20, out="fits")
    words = shlex.split(calibrate.command_line(workers=2))
    assert words[:3] == ["flowsim", "calibrate", str(SMALL_TOWN / "calibration.toml")]
    assert words[3:] == [
        "--out",
        "fits",
        "--draws",
        "500",
        "--sets",
        "20",
        "--pairs",
        "8000",
        "--seed",
        "1",
        "--workers",
        "2",
    ]
    assert shlex.split(Judge(seed=5).command_line()) == [
        "flowsim",
        "judge",
        "copenhagen",
        "--replications",
        "200",
        "--seed",
        "5",
    ]


def test_a_comparison_in_short_says_the_same_of_its_headlines(more):
    question = Compare(scenarios=(TOWN, more), replications=12)
    whole, short = question.answer(), question.answer(in_short=True)
    assert by_headline(short, "quarter").frame().equals(by_headline(whole, "quarter").frame())
    assert by_headline(short).frame().equals(by_headline(whole).frame())
    assert set(short.measures) == set(headlines(whole.measures))
    assert (short.reference.visits_sha256, len(whole.reference.visits_sha256)) == ("", 64)


def test_a_comparison_whose_precision_or_costs_are_asked_for_is_never_in_short(more):
    question = Compare(scenarios=(TOWN, more), replications=45, precision="90%", measure=("stock",))
    assert "stock.cash" in question.answer(in_short=True).measures


@pytest.mark.parametrize(
    ("scenario", "options", "reason"),
    [
        ("copenhagen", {"point": True, "sets": True}, "the fitted parameters .* are the same in every run"),
        ("copenhagen", {"point": True, "hold": True}, "the fitted parameters .* are the same in every run"),
        (TOWN, {"sets": True}, "the base 'town' has no calibration: nothing is drawn"),
        (TOWN, {"hold": True}, "the base 'town' has no calibration: nothing is drawn"),
    ],
)
def test_what_is_drawn_is_refused_where_nothing_is(scenario, options, reason):
    with pytest.raises(InputError, match=reason):
        Run(scenario=scenario, **options).chosen  # noqa: B018


def test_histories_are_drawn_unless_sets_are_asked_for():
    lived, alone = Run().chosen, Run(sets=True, hold=True).chosen
    assert lived.histories is not None
    assert lived.parameters.walk is not None
    assert alone.histories is None
    assert alone.parameters.walk is None


@pytest.mark.parametrize(
    ("question", "english", "danish"),
    [
        (
            {},
            "one of 500 histories with the documented waits",
            "et af 500 historiske forløb med de dokumenterede ventetider",
        ),
        ({"sets": True}, "one of 500 calibrated sets a replication", "et af 500 kalibrerede sæt pr. kørsel"),
        ({"point": True}, "the fitted ones", "de tilpassede"),
        ({"scenario": TOWN}, "", ""),
    ],
)
def test_what_parameters_are_drawn_from_is_said_in_both_languages(question, english, danish):
    chosen = Run(**question).chosen
    assert [chosen.spoken(Language.of(code)) for code in ("en", "da")] == [english, danish]


def test_thousands_of_sets_are_written_as_each_language_writes_them():
    chosen = Run(sets=True).chosen
    many = chosen._replace(parameters=replace(chosen.parameters, z=np.tile(chosen.parameters.z, (3, 1))))
    assert many.spoken(Language.of("en")) == "one of 1,500 calibrated sets a replication"
    assert many.spoken(Language.of("da")) == "et af 1.500 kalibrerede sæt pr. kørsel"
