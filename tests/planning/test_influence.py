"""What drives a measure, where the answer is known."""

import json
import math
import re

import numpy as np
import pytest
from scipy import stats

from flowsim import InputError, Scenario
from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Prior, Study
from flowsim.model.base import read_base
from flowsim.planning.influence import decompose, explain, least_sets
from flowsim.planning.levers import Levels, Lever
from helpers.command_line import fine, flowsim
from helpers.paths import SMALL_TOWN
from helpers.scenarios import clearing, scenario_of

TOWN = SMALL_TOWN

DOORS = """
name = "doors"
start = 2019-01-01
end = 2020-01-01
[parameters]
one = { assumed = "2000 per year", why = "made" }
two = { assumed = "1000 per year", why = "made" }
three = { assumed = "10 per year", why = "made" }
[states.out]
final = true
outcome = true
[entries.first]
to = "out"
rate = "$one"
[entries.second]
to = "out"
rate = "$two"
[entries.third]
to = "out"
rate = "$three"
"""
SPREADS = {"one": 0.06, "two": 0.08, "three": 0.1}
RATES = {"one": 2000, "two": 1000, "three": 10}


def doors(folder, follows=0.0, draws=2000):
    """A scenario of three doors, and an ensemble in which the second rate follows the first."""
    file = folder / "doors.toml"
    file.write_text(DOORS, encoding="utf-8")
    factors = {
        name: {"title": f"rate of {name}", "sets": [name], "scale": "log", "sd": sd, "why": "made"}
        for name, sd in SPREADS.items()
    }
    if follows:
        factors["two"]["follows"] = {"one": follows}
    prior = Prior.of(read_base(file), factors, "made")
    z = np.array([prior.draw(1, number) for number in range(draws)])
    return Scenario.of(file), Ensemble(prior=prior, z=z, mode={}, provenance={})


def shares_of(found):
    return {one.name: one.share for one in found.influences} | {"luck": found.luck, "rest": found.rest}


@pytest.mark.parametrize(
    ("follows", "sets"),
    [(1.0, 700), *(pytest.param(follows, 4000, marks=pytest.mark.slow) for follows in (0.0, 1.0))],
)
def test_a_linear_model_has_its_known_shares(tmp_path, follows, sets):
    """The year's awards are a Poisson number given the rates, so their variance is known: rates' and luck's."""
    scenario, ensemble = doors(tmp_path, follows, sets)
    found = explain(scenario, "awards.out", "2019", ensemble=ensemble, sets=sets, seed=1)
    effects = {name: RATES[name] * SPREADS[name] for name in RATES}  # what a standard deviation of its own does
    deviation_of_two = RATES["two"] * math.hypot(SPREADS["two"], follows * SPREADS["one"])
    correlation = follows * SPREADS["one"] / math.hypot(SPREADS["two"], follows * SPREADS["one"])
    joint = correlation * effects["one"] * deviation_of_two
    variance = effects["one"] ** 2 + deviation_of_two**2 + 2 * joint + effects["three"] ** 2
    luck = sum(RATES.values())
    half = correlation**2 / 2
    expected = {
        "one": effects["one"] ** 2 * (1 - half) + joint + deviation_of_two**2 * half,
        "two": deviation_of_two**2 * (1 - half) + joint + effects["one"] ** 2 * half,
        "three": effects["three"] ** 2,
        "luck": luck,
        "rest": 0.0,
    }
    # The standard deviation of a squared correlation of n pairs is at most 0.77 / sqrt(n).
    for name, share in shares_of(found).items():
        assert share.value == pytest.approx(expected[name] / (variance + luck), abs=4 * 0.77 / sets**0.5), name
        assert share.low <= share.value <= share.high
    assert sum(share.value for share in shares_of(found).values()) == pytest.approx(1)
    assert found.mean == pytest.approx(3010, rel=0.02)
    assert found.deviation == pytest.approx(math.sqrt(variance + luck), rel=0.1)
    assert [one.name for one in found.influences] == sorted(RATES, key=lambda name: -expected[name])
    first = next(one for one in found.influences if one.name == "one")
    assert (first.low, first.high) == pytest.approx(
        (math.exp(stats.norm.ppf(0.1) * 0.06), math.exp(stats.norm.ppf(0.9) * 0.06)), rel=0.01
    )
    moves = 2000 * 0.06 * (stats.norm.ppf(0.9) - stats.norm.ppf(0.1))
    assert first.effect_high.value - first.effect_low.value == pytest.approx(moves, rel=0.1)


def test_a_lever_alone_explains_all_where_nothing_is_left_to_chance():
    scenario = scenario_of(clearing(1000, team={"places": 1.0}))
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=10)
    found = explain(scenario, "queue.team", "2019", levers=[levels], sets=40)
    (one,) = found.influences
    assert (one.kind, one.name, one.title) == ("lever", "team.places", "places a meeting")
    assert one.share.value == pytest.approx(1, abs=1e-6)
    assert found.luck.value == 0
    assert found.mean + one.effect_low.value == pytest.approx(1000 - 52 * one.low)
    assert found.mean + one.effect_high.value == pytest.approx(1000 - 52 * one.high)


def test_a_curve_of_a_lever_is_its_own_and_not_the_rest():
    # Enough from 10 on: a bent line, which a straight one tells badly.
    scenario = scenario_of(clearing(500, team={"places": 1.0}))
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=28)
    found = explain(scenario, "queue.team", "2019", levers=[levels], sets=100)
    assert found.influences[0].share.value > 0.95
    straight = decompose(
        np.arange(1.0, 29)[:, None], np.maximum(500 - 52 * np.arange(1.0, 29), 0)[:, None].repeat(2, 1)
    )
    assert straight.shares[0].value < 0.7


def test_shares_are_of_the_variance_of_one_history():
    # A factor and luck of variance 1 each: half and half of one run, though luck is a third only of a pair's mean.
    generator = np.random.default_rng(3)
    x = generator.standard_normal((4000, 1))
    found = decompose(x, x + generator.standard_normal((4000, 2)))
    for share, expected in ((found.shares[0], 0.5), (found.luck, 0.5), (found.rest, 0.0)):
        assert share.value == pytest.approx(expected, abs=4 * 0.77 / 4000**0.5)
        assert share.low < share.value < share.high


def test_joint_effects_belong_to_the_rest():
    generator = np.random.default_rng(1)
    x = generator.standard_normal((4000, 2))
    figures = (x[:, 0] * x[:, 1])[:, None].repeat(2, 1)
    found = decompose(x, figures)
    assert found.rest.value == pytest.approx(1, abs=0.01)
    assert found.luck.value == 0


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of a linear model with six correlated factors; the truth is that of a very large sample."""
    generator = np.random.default_rng(2)
    root = np.linalg.cholesky(0.5 * np.eye(6) + 0.5)
    slopes, luck = np.array([2.0, 1.0, 0.5, 0.0, 0.0, -1.0]), 4.0

    def drawn(sets):
        x = generator.standard_normal((sets, 6)) @ root.T
        return x, (x @ slopes)[:, None] + luck**0.5 * generator.standard_normal((sets, 2))

    variance = slopes @ root @ root.T @ slopes
    held = np.zeros(2)
    runs = 60
    for number in range(runs):
        found = decompose(*drawn(120), seed=number)
        truth = luck / (variance + luck)
        held[0] += found.luck.low <= truth <= found.luck.high
        held[1] += found.rest.low <= 0 <= found.rest.high
    assert (held >= stats.binom.ppf(1e-4, runs, 0.9)).all()


@pytest.mark.slow
def test_what_a_factor_moves_and_its_share_lie_in_their_intervals_as_often_as_they_say():
    """Ten correlated factors of which half do something; the effect is the slope times the end of the sample."""
    generator = np.random.default_rng(11)
    slopes = np.array([1.0, -0.6, 0.36, -0.22, 0.13, 0, 0, 0, 0, 0])
    root = np.linalg.cholesky(0.7 * np.eye(10) + 0.3)
    held = np.zeros((40, 20))
    for number in range(len(held)):
        x = generator.standard_normal((200, 10)) @ root.T
        found = decompose(x, (x @ slopes)[:, None] + generator.standard_normal((200, 2)), seed=number)
        ends = zip(
            [*found.effect_low, *found.effect_high], [*(slopes * found.low), *(slopes * found.high)], strict=True
        )
        held[number] = [effect.low <= truth <= effect.high for effect, truth in ends]
    assert held.mean() >= 0.9  # the intervals of a run hang together; .28 to .53 where the means were not resampled


def test_the_same_seed_gives_the_same_and_workers_change_nothing(tmp_path):
    scenario, ensemble = doors(tmp_path, draws=50)
    once = explain(scenario, "awards.out", "2019", ensemble=ensemble, sets=30, seed=4)
    again = explain(scenario, "awards.out", "2019", ensemble=ensemble, sets=30, seed=4)
    assert once == again
    assert explain(scenario, "awards.out", "2019", ensemble=ensemble, sets=30, seed=5) != once


def test_levels_are_drawn_evenly():
    scenario = scenario_of(clearing(1000, team={"places": 1.0}))
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=1, most=4)
    found = explain(scenario, "queue.team", "2019", levers=[levels], sets=40)
    assert found.mean == pytest.approx(1000 - 52 * 2.5)  # ten sets of each of the four


@pytest.mark.parametrize(
    ("measure", "period", "told", "message"),
    [
        ("queue.taem", "2019", {}, "there is no measure 'queue.taem'; did you mean 'queue.team'?"),
        ("queue.team", "2029", {}, "2029: the horizon does not hold all of it"),
        ("queue.team", "2019", {"levers": ()}, "nothing varies: it has no calibrated ensemble"),
        ("queue.team", "2019", {"sets": 11}, "sets: 11 is not allowed: at least 12 for 1 factors"),
        ("awards.out", "2019", {"least": 30}, "awards.out: it is 1000 in every run, so nothing drives it"),
        (
            "wait.team.served",
            "2019",
            {"most": 1, "sets": 20},
            "in 0 of 20 sets nobody comes, and in 10 the queue stalls",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(measure, period, told, message):
    scenario = scenario_of(clearing(1000, team={"places": 1.0}))
    bounds = {"least": told.get("least", 0), "most": told.get("most", 40)}
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), **bounds)
    asked = {"levers": [levels], "sets": 30} | {key: told[key] for key in told if key in ("levers", "sets")}
    with pytest.raises(InputError) as error:
        explain(scenario, measure, period, **asked)
    assert message in str(error.value)


def test_sets_in_which_the_queue_stands_still_are_left_out_and_counted():
    scenario = scenario_of(clearing(100, team={"places": 1.0}))
    levels = Levels(lever=Lever.parse("team.places", scenario.pathway()), least=0, most=3)
    found = explain(scenario, "wait.team.served", "2019", levers=[levels], sets=40)
    assert (found.undefined, found.standstills) == (0, 10)
    assert least_sets(1) == 12


# --- The command ---

ASKED = ("explain", TOWN / "town.toml", "--measure", "wait.team.served", "--period", "2024")
VARIED = ("--vary", "team.places", "--between", 3, 6)


def test_the_command_tells_shares_in_a_table():
    told = fine(*ASKED, *VARIED, "-n", 40)
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "town: what drives Wait for the Rehabilitation team, 2024 (weeks)" in told
    assert "\n40 sets, two runs each, seed 1\n" in told
    danish = fine(*ASKED, *VARIED, "-n", 40, "--language", "da", "--codes")
    assert all(len(line) <= 80 for line in danish.splitlines())
    assert "town: hvad der driver wait.team.served, 2024 (weeks)" in danish
    assert re.search(r"^tilfældighed i ét forløb +\d+ % \(\d+ til \d+\)$", danish, re.MULTILINE)
    lines = told.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("factor "))
    assert lines[head + 1].startswith("places a meeting of the Rehabilitation team")
    assert lines[head + 3].startswith("luck of one history")
    assert lines[head + 4].startswith("joint effects, other curves")
    assert re.search(r"^ +3 to 6 +\+[\d.]+ to -[\d.]+ +\d+ % \(\d+ to \d+\)$", told, re.MULTILINE)


def test_the_command_writes_json_csv_and_a_picture(tmp_path):
    out, plot = tmp_path / "shares.csv", tmp_path / "tornado.png"
    told = json.loads(fine(*ASKED, *VARIED, "-n", 40, "--json", "--out", out, "--plot", plot))
    (one,) = told["influences"]
    assert told["luck"]["value"] + told["rest"]["value"] + one["share"]["value"] == pytest.approx(1)
    head, *rows = out.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("factor,title,kind,low,high,effect_low,effect_low_from,effect_low_to,effect_high,")
    assert [row.split(",")[0] for row in rows] == ["team.places", "luck", "rest"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert flowsim(*ASKED, *VARIED, "--out", out)[0] == 2


def test_the_command_draws_from_a_calibrated_ensemble(monkeypatch):
    study = Study.read(TOWN / "calibration.toml")
    z = np.array([study.prior.draw(1, number) for number in range(60)])
    made = Ensemble(prior=study.prior, z=z, mode={}, provenance={})
    monkeypatch.setattr(Ensemble, "read", classmethod(lambda cls, folder, **_: made))
    told = json.loads(fine(*ASKED, "--calibrated", "made", "-n", 40, "--json", "--workers", 1))
    assert {one["name"] for one in told["influences"]} == set(study.prior.names)
    assert told["parameters"] == "one of 60 calibrated sets a replication"
    strongest = told["influences"][0]
    assert strongest["name"] in ("opened", "places_2022", "places_2024")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (ASKED, "nothing varies: there is no calibrated ensemble, so name a lever with --vary and --between"),
        ((*ASKED, *VARIED, "--measure", "wait.team"), "there is no measure 'wait.team'"),
        ((*ASKED, *VARIED, "--period", "soon"), "'soon' is no period"),
        ((*ASKED, "--vary", "team.places"), "--between: 1 levers are varied and 0 times two bounds told"),
        ((*ASKED, *VARIED, "-n", 5), "sets: 5 is not allowed: at least 12 for 1 factors"),
        ((*ASKED, *VARIED, "--workers", 0), "--workers: 0 is not allowed"),
        ((*ASKED, *VARIED, "--plot", "a.gif"), "--plot: 'a.gif' is not allowed"),
        ((*ASKED, *VARIED, "--out", "nowhere/a.csv"), "there is no folder 'nowhere'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(monkeypatch, words, message):
    monkeypatch.setattr("flowsim.planning.influence.run", None)
    code, out, err = flowsim(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
