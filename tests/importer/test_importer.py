"""What an importer writes: the constructors take what their types say, in every form, and say what they refuse."""

import ast
import inspect
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim import Clock, Duration, Entry, InputError, Pathway, Scenario, State, Station, compare, run
from flowsim.core.errors import Record
from flowsim.model import duration, parts, pathway

SERVICE = Path(__file__).with_name("service.py")
WRITTEN = {
    name: kind
    for module in (duration, parts, pathway)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Record) and kind.__module__ == module.__name__
}


@pytest.fixture(scope="module")
def service():
    space = {"__name__": "service"}
    exec(compile(SERVICE.read_text(encoding="utf-8"), SERVICE.name, "exec"), space)
    return space


def initialiser(kind):
    """Return the constructor that type checkers read: its arguments, and those without a default."""
    tree = ast.parse(inspect.getsource(kind).strip())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    (function,) = found
    names = [argument.arg for argument in function.args.kwonlyargs]
    defaults = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return names, {argument.arg for argument, default in defaults if default is None}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_the_typed_constructor_has_the_keys_of_the_value(name):
    names, required = initialiser(WRITTEN[name])
    fields = WRITTEN[name].model_fields
    assert set(names) == set(fields)
    needed = {key for key, field in fields.items() if field.is_required()}
    # An exit is named by its target, or the other way round.
    assert required == (needed - {"name", "to"} if name == "Exit" else needed)


def test_the_service_is_the_same_in_plain_words(service):
    plain = service["service"]().to_dict()
    states = {state["name"]: state for state in plain["states"]}
    desk, team = plain["stations"]
    assert desk["capacity"] == {"2024-01-01": 3, "2024-07-01": 4}
    assert (desk["room"], team["weekdays"], team["at"]) == (500, ["tue"], ["09:00:00", "13:00:00"])
    assert sorted(team["holidays"]) == ["2024-05-09", "2024-12-24"]
    assert team["parties"][1]["hours_a_case"] == "2 hours"
    assert states["advice"]["stay"] == "2 days"
    assert states["advice"]["to"] == {"plan": 0.75, "job": 0.25}
    assert states["plan"]["stay"] == {"law": "gamma", "mean": "8 weeks", "cv": 0.5}
    assert states["team"]["to"]["2024-07-01"] == {"course": 0.5, "pension": 0.5}
    assert [exit_["name"] for exit_ in states["course"]["race"]] == ["job", "end"]
    assert plain["entries"][2]["at"] == ["2024-02-01", "2024-02-02", "2024-02-03"]
    assert plain["clocks"][0]["limit"] == "23 weeks"
    assert plain["seniorities"][0]["over"] == ["26 weeks", "365 days"]
    assert Pathway.from_dict(plain) == service["service"]()


def test_each_mistake_is_one_line_that_says_where(service):
    answers = service["mistakes"]()
    assert len(answers) == 8
    assert answers[1] == "State 'plan': stay: 8 is no duration: write a number with its unit, such as '12 weeks'"
    assert all("\n" not in answer for answer in answers)
    assert answers[3].startswith("Station 'desk': capacity: 'three' is not allowed")


def test_numbers_of_numpy_are_numbers():
    own = Station.servers("desk", 3)
    assert Station.servers("desk", np.int64(3)) == own
    assert State(name="a", priority=np.int8(2), station="desk", to="b").priority == 2
    assert Duration.gamma(timedelta(weeks=1), cv=np.float32(0.5)) == Duration.gamma("1 week", cv=0.5)
    assert Duration.empirical(["1 day", pd.Timedelta(days=2)], np.array([1, 3])).weights == (1.0, 3.0)
    for wrong in (np.bool_(True), True, np.float64(2.0), "3"):
        with pytest.raises(InputError, match=r"^Station 'desk': capacity: .* is not allowed"):
            Station.servers("desk", wrong)


def test_spans_and_moments_of_numpy_are_those_of_python():
    weeks, days, moment = np.timedelta64(8, "W"), np.timedelta64(3 * 86_400, "s"), np.datetime64("2024-03-01T12:00")
    months = np.array(["2024-02-01", "2024-03-01"], dtype="datetime64[ns]")
    assert State(name="a", stay=weeks, to="b") == State(name="a", stay="8 weeks", to="b")
    assert Duration.gamma(weeks, cv=0.5) == Duration.gamma("8 weeks", cv=0.5)
    assert Entry(name="a", every=days, to="b") == Entry(name="a", every="3 days", to="b")
    assert Entry(name="a", at=months, to="b") == Entry(name="a", at=["2024-02-01", "2024-03-01"], to="b")
    assert Entry(name="a", at=moment, to="b") == Entry(name="a", at="2024-03-01T12:00", to="b")
    assert Clock(name="a", begins="b", ends="c", limit=days) == Clock(name="a", begins="b", ends="c", limit="3 days")
    by_date = Station.servers("a", {months[0]: 2, months[1]: 3})
    assert by_date == Station.servers("a", {"2024-02-01": 2, "2024-03-01": 3})
    team = {"name": "a", "weekdays": "tue", "places": 3}
    for day in (months, months[:1].astype("datetime64[D]")[0], [np.datetime64("2024-02-01T00:00")]):
        texts = [str(each)[:10] for each in np.atleast_1d(day)]
        assert Station(**team, holidays=day) == Station(**team, holidays=texts)
        assert Station(**team, closed=day) == Station(**team, closed=texts)
    longer, texts = (
        flowsim.model.StayEdit.model_validate({"state": "a", "stay": mean, "from": when})
        for mean, when in ((weeks, months[0]), ("8 weeks", "2024-02-01"))
    )
    assert longer == texts


@pytest.mark.parametrize(
    "day", [np.datetime64("NaT", "D"), np.datetime64("2024"), np.datetime64("2024-03"), np.timedelta64(1, "D")]
)
def test_what_is_no_day_of_numpy_is_refused_by_its_name(day):
    with pytest.raises(InputError, match=r"^Entry 'a': at.* is no date: write 2019-04-01"):
        Entry(name="a", at=[day], to="b")


@pytest.mark.parametrize(
    "span",
    [
        np.timedelta64(2, "M"),
        np.ones(1, int).view("timedelta64[3M]")[0],
        np.ones(1, int).view("timedelta64")[0],
        np.timedelta64("NaT", "D"),
        timedelta(days=-1),
        pd.Timedelta(days=-1),
        pd.NaT,
        np.nan,
        timedelta.max,
    ],
)
def test_a_timedelta_that_is_no_duration_is_refused(span):
    with pytest.raises(InputError, match=r"^State 'a': stay"):
        State(name="a", stay=span, to="b")


def test_a_seed_sequence_is_a_seed_that_the_results_say():
    queue = Pathway(
        name="desk",
        start="2024-01-01",
        end="2024-03-01",
        stations=[Station.servers("desk", 1)],
        states=[State(name="advice", station="desk", stay="1 day", to="gone"), State(name="gone", final=True)],
        entries=[Entry(name="door", rate="0.5 per day", to="advice")],
    )
    sequence = np.random.SeedSequence(7)
    results = run(queue, replications=np.int64(2), seed=sequence)
    assert results.visits_sha256 == run(queue, replications=2, seed=results.seed).visits_sha256
    assert results.seed == run(queue, replications=2, seed=np.random.SeedSequence(7)).seed
    assert results.seed != run(queue, replications=2, seed=sequence.spawn(1)[0]).seed
    other = Pathway.from_dict(queue.to_dict() | {"name": "other"})
    pairs = compare([queue, other], replications=np.array([0, 1]), seed=sequence)
    assert pairs.reference.visits_sha256 == results.visits_sha256


def test_what_a_user_gives_wrong_is_one_kind_of_error():
    wrong = [
        lambda: Pathway(name="a b", start="2024", end="2025", states=(), entries=()),
        lambda: Duration.fixed("8 weeks").scaled(-1),
        lambda: Scenario.of("no-such-scenario"),
        lambda: flowsim.read_base("no-such-base"),
        lambda: run("copenhagen"),
    ]
    for make in wrong:
        with pytest.raises(InputError):
            make()
