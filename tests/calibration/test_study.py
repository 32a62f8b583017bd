"""The prior: what a factor moves and how, how factors follow each other, and what is refused."""

import numpy as np
import pytest

from flowsim import InputError, read_base
from flowsim.calibration.study import Prior, Study

BASE = """
name = "town"
start = 2024-01-01
end = 2025-01-01

[parameters]
opened = { calibrate = "110 per year", why = "a" }
early = { calibrate = "80 per year", why = "a" }
staff = { calibrate = 10, why = "a" }
course = { calibrate = 0.6, why = "a" }
job = { calibrate = 0.1, why = "a" }
refused = { assumed = 0.1, why = "a" }
weeks = { fact = "svar-2018-10.service-goal", as = "{} weeks" }
days = { assumed = ["mon", "tue"], why = "a" }

[stations.desk]
capacity = "$staff"

[stations.team]
weekdays = "$days"
places = 3

[states.plan]
station = "desk"
stay = "$weeks"
to = { course = "$course", job = "$job", refused = "$refused", team = "rest" }

[states.team]
station = "team"
to = "job"

[states.course]
final = true

[states.job]
final = true

[states.refused]
final = true

[entries.door]
to = "plan"

[entries.door.rate]
2024-01-01 = "$early"
2024-07-01 = "$opened"
"""
FACTOR = {"title": "t", "sets": ["opened"], "scale": "log", "sd": 0.2, "why": "a"}


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "town.toml"
    path.write_text(BASE, encoding="utf-8")
    return read_base(path)


def prior(base, **factors):
    return Prior.of(base, {name: FACTOR | told for name, told in factors.items()}, "own.toml")


def test_at_zero_nothing_has_moved(base):
    found = prior(base, a={"sets": ["opened", "early"]}, b={"sets": ["course"], "scale": "odds"})
    moved = found.parameters(np.zeros(2))
    assert moved == {"opened": "110 per year", "early": "80 per year", "course": pytest.approx(0.6)}
    assert base.pathway(moved) == base.pathway()


def test_a_logarithmic_factor_multiplies_all_that_it_sets(base):
    found = prior(base, a={"sets": ["opened", "early", "staff"]})
    moved = found.parameters(np.array([np.log(1.1)]))
    assert moved == {"opened": "121 per year", "early": "88 per year", "staff": pytest.approx(11)}


def test_whole_values_stay_whole(base):
    found = prior(base, a={"sets": ["staff"], "whole": True})
    assert found.parameters(np.array([np.log(1.26)])) == {"staff": 13}


def test_odds_are_against_the_rest_of_the_decision(base):
    alone = prior(base, a={"sets": ["course"], "scale": "odds"})
    # The shares that no factor moves, 0.1 and 0.1, stay; the other 0.8 are divided 1.2 : 0.2 between course and rest.
    assert alone.parameters(np.array([np.log(2)])) == {"course": pytest.approx(0.8 * 1.2 / 1.4)}


def test_two_odds_of_one_decision_share_what_the_others_leave(base):
    both = prior(base, a={"sets": ["course"], "scale": "odds"}, b={"sets": ["job"], "scale": "odds"})
    moved = both.parameters(np.log([2.0, 4.0]))
    # Weights 1.2, 0.4 and, for the rest, 0.2; the refused keep their 0.1.
    assert moved == {"course": pytest.approx(0.9 * 1.2 / 1.8), "job": pytest.approx(0.9 * 0.4 / 1.8)}


def test_a_chain_is_a_random_walk(base):
    walk = prior(base, a={"sets": ["early"], "sd": 0.3}, b={"sets": ["opened"], "sd": 0.4, "follows": {"a": 1.0}})
    np.testing.assert_allclose(walk.covariance, [[0.09, 0.09], [0.09, 0.25]])


def test_draws_have_the_covariance_of_the_prior(base):
    walk = prior(base, a={"sets": ["early"], "sd": 0.3}, b={"sets": ["opened"], "sd": 0.4, "follows": {"a": 0.5}})
    draws = np.array([walk.draw(3, number) for number in range(4000)])
    white = np.linalg.solve(walk.root, draws.T)
    # 4,000 independent standard normal pairs: the sum of their squares is chi-square with 8,000 degrees of freedom.
    assert abs((white**2).sum() - 8000) / np.sqrt(16000) < 4.5
    assert abs((white[0] * white[1]).sum()) / np.sqrt(4000) < 4.5
    assert np.abs(white.sum(axis=1)).max() / np.sqrt(4000) < 4.5


def test_a_draw_depends_on_seed_and_number_alone(base):
    one = prior(base, a={})
    assert one.draw(1, 7) == one.draw(1, 7)
    assert len({float(one.draw(seed, number)[0]) for seed in (1, 2) for number in (0, 1, 7)}) == 6


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({}, "own.toml: factors: there are none: tell at least one"),
        ({"a": {"sets": ["opend"]}}, "there is no parameter 'opend'; did you mean 'opened'?"),
        ({"a": {}, "b": {}}, "own.toml: factors.b.sets: 'opened' is set by 'a' already: name it once"),
        ({"a": {"sets": ["weeks"]}}, "'weeks' is documented (svar-2018-10.service-goal): it does not move"),
        ({"a": {"sets": ["days"]}}, "own.toml: factors.a.sets: 'days': "),
        ({"a": {"scale": "odds"}}, "'opened' is no share of a decision that has a \"rest\": use scale \"log\""),
        ({"a": {"follows": {"b": 1.0}}, "b": {"sets": ["early"]}}, "a.follows: there is no factor before it 'b'"),
        ({"a": {"sd": 0}}, "own.toml: factors.a.sd"),
        ({"a": {"sd": -0.1}}, "own.toml: factors.a.sd"),
        ({"a": {"scale": "lin"}}, "own.toml: factors.a.scale"),
        ({"a": {"sets": []}}, "own.toml: factors.a.sets"),
        ({"a": {"why": ""}}, "own.toml: factors.a.why"),
        ({"a": {"spread": 1}}, "own.toml: factors.a: there is no key 'spread'"),
    ],
)  # fmt: skip
def test_bad_factors_are_refused(base, factors, message):
    with pytest.raises(InputError) as refused:
        prior(base, **factors)
    assert message in str(refused.value)


def test_copenhagens_factors_move_what_is_to_be_calibrated_and_nothing_else():
    study = Study.read("copenhagen")
    moved = [name for factor in study.prior.factors for name in factor.sets]
    to_calibrate = [name for name, parameter in study.base.parameters.items() if parameter.kind == "calibrate"]
    assert sorted(moved) == sorted(to_calibrate)


def test_draws_from_copenhagens_prior_are_sound_models():
    study = Study.read("copenhagen")
    for number in range(30):
        study.model(study.prior.draw(8, number))
