"""How far a model is from its documents, all figures together."""

import itertools
import json
import re
import shutil

import numpy as np
import pytest
from scipy import stats

from flowsim import InputError, run
from flowsim.calibration.draws import AtPositions
from flowsim.calibration.study import Study
from flowsim.calibration.verdict import Judged, Verdict, _chi_square, judge
from flowsim.calibration.workflow import Calibration
from flowsim.cli.words.verdict import verdict_json, verdict_lines, verdict_page
from flowsim.reporting.language import Language
from helpers.paths import SMALL_TOWN


def test_the_distance_from_the_documents_is_that_of_mahalanobis():
    """By the covariance of one history's luck, which levels of the figures don't change, and the tolerances."""
    rng = np.random.default_rng(3)
    luck = rng.multivariate_normal([0.0, 0.0], [[4.0, 1.5], [1.5, 1.0]], size=50)
    off, tolerance = np.array([3.0, -1.0]), np.array([0.5, 2.0])
    expected = off @ np.linalg.inv(np.cov(luck.T) + np.diag([0.25, 4.0])) @ off
    for level in (np.zeros(2), np.array([800.0, 0.4])):
        assert _chi_square(luck + level, off, tolerance) == pytest.approx(expected)


def test_figures_that_miss_by_luck_alone_have_the_chi_square_of_as_many():
    rng = np.random.default_rng(5)
    luck, tolerance = rng.normal(50, 2, (4000, 3)), np.array([1.0, 2.0, 3.0])
    scale = np.sqrt(4 + tolerance**2)
    found = [_chi_square(luck, scale * rng.standard_normal(3), tolerance) for _ in range(500)]
    assert stats.kstest(found, stats.chi2(3).cdf).pvalue > 0.001


def test_a_history_without_a_figure_counts_as_no_deviation_of_it():
    at_mode = np.array([[9.0, 2.0], [11.0, np.nan], [10.0, 4.0]])
    deviation = np.array([[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
    covariance = deviation.T @ deviation / 2 + np.eye(2)
    assert _chi_square(at_mode, np.ones(2), np.ones(2)) == pytest.approx(np.linalg.inv(covariance).sum())


@pytest.fixture(scope="module")
def found(study):
    """A calibration of the town as if its first values were the mode, with twelve sets."""
    z = np.array([study.prior.draw(1, number) for number in range(12)])
    fit = {"mode": [0.0] * z.shape[1], "slope": np.zeros((len(study.targets), z.shape[1])).tolist()}
    return Calibration(study=study, sets=z, retrospects=(), record={"provenance": {"seed": 1}, "fit": fit})


def nine_in_ten(values):
    """Return the lowest, the middle and the highest that is defined: of fewer than nineteen, these are nine in ten."""
    defined = [column[~np.isnan(column)] for column in values.T]
    return [(min(each), np.median(each), max(each)) if len(each) else (np.nan,) * 3 for each in defined]


def test_waits_and_figures_are_told_with_nine_in_ten_of_the_ensemble(found):
    verdict = judge(found, replications=20)
    results = run(AtPositions(study=found.study, z=found.sets), replications=12, seed=verdict.seed)
    assert list(verdict.waits) == [("team", reading) for reading in ("served", "first_free", "backlog")]
    for (station, reading), rows in verdict.waits.items():
        waits = results.select(f"wait.{station}.{reading}").only(lambda row: row.period.every == "month")
        assert [month for month, *_ in rows] == [row.period for row in waits.index]
        np.testing.assert_allclose([row[1:] for row in rows], nine_in_ten(waits.values))
    figures = [
        (one.lower, one.median, one.upper)
        for target in found.study.targets
        for one in verdict.judged
        if one.target == target
    ]
    np.testing.assert_allclose(figures, nine_in_ten(found.study.observe(results)))


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """The town whose team meets nobody in the month of which a wait is documented, with all that a verdict tells."""
    place = tmp_path_factory.mktemp("closed") / "town"
    shutil.copytree(SMALL_TOWN, place)
    town, places = place / "town.toml", '2024-01-01 = "$places_2024"\n'
    text = town.read_text(encoding="utf-8")
    assert places in text
    town.write_text(text.replace(places, f"{places}2024-11-01 = 0\n"), encoding="utf-8")
    study = Study.read(place / "calibration.toml")
    z = np.array([study.prior.draw(1, number) for number in range(20)])
    names = [target.name for target in study.fitted]
    slope = np.full((len(names), z.shape[1]), 0.5)
    factors = [
        {"name": factor.name, "title": factor.title, "prior_sd": 1.0, "posterior_mean": 0.0, "posterior_sd": 0.5}
        for factor in study.prior.factors
    ]
    ranks = {"truths": 20, "uniform": [1.0], "inside": {}, "right": {}}
    record = {
        "provenance": {"seed": 1, "study": "0" * 64, "flowsim": "0.1", "draws": 500},
        "fit": {"mode": [0.0] * z.shape[1], "slope": slope.tolist(), "targets": names},
        **{"factors": factors, "coverage": ranks, "coverage_near": ranks, "out_of_reach": [], "watched": {}},
        "hold_outs": [{"name": "family times", "held": ["a"], "inside": ["a"], "width": np.nan, "kept": 3}],
        "seconds": {"fit": 1.0},
    }
    return Calibration(study=study, sets=z, retrospects=(), record=record)


def test_a_figure_that_the_simulation_does_not_have_fits_nothing(closed):
    verdict = judge(closed, replications=8)
    missing = next(one for one in verdict.judged if one.target.name == "wait December 2024")
    assert (missing.word, np.isnan(missing.mean), np.isnan(missing.implausibility)) == ("undefined", True, True)
    assert verdict.undefined == (missing,)
    assert missing not in verdict.worst(10)
    near = sum(one.implausibility < 3 for one in verdict.judged)
    assert verdict.plausible == near / 5 <= 0.8
    # Of the other four figures alone: their slopes are alike, so they determine one direction, of s² = 4 · 7 · 0.5².
    assert np.isfinite(verdict.chi_square)
    assert verdict.freedom == pytest.approx(4 - 7 / 8)


def test_what_is_undefined_is_said_and_is_null_in_json(closed):
    verdict = judge(closed, replications=8)
    lines = verdict_lines(verdict, Language.of("en"))
    (row,) = [line.split() for line in lines if line.startswith("  wait December 2024 ")]
    assert row == ["wait", "December", "2024", "6.0", "-", "-", "-"]
    assert "counts as not plausible: wait December 2024." in " ".join(" ".join(lines).split())
    assert "| wait December 2024 | 6.0 ± 1.0 weeks | - (-) | - | none in the simulation |" in verdict_page(
        verdict, Language.of("en")
    )
    data = json.loads(json.dumps(verdict_json(verdict), allow_nan=False))
    (figure,) = [each for each in data["targets"] if each["name"] == "wait December 2024"]
    assert [figure[key] for key in ("verdict", "implausibility", "mean", "p50")] == ["undefined", None, None, None]
    assert data["calibration"]["hold_outs"][0]["width"] is None


def test_a_calibration_with_what_is_undefined_is_written_as_json_and_read_again(closed, tmp_path):
    record = dict(closed.record) | {"provenance": {"study": closed.study.digest}}
    Calibration(study=closed.study, sets=closed.sets, retrospects=(), record=record).write(tmp_path)
    stamp = {"source": closed.study.source, "study": closed.study.digest, "seed": 1}
    (tmp_path / "study.json").write_text(json.dumps(stamp), encoding="utf-8")

    def refused(constant):
        raise AssertionError(constant)

    text = (tmp_path / "record.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=refused)["hold_outs"][0]["width"] is None
    assert np.isnan(Calibration.read(tmp_path).record["hold_outs"][0]["width"])


@pytest.mark.parametrize("replications", [1, 0, 2.0])
def test_a_verdict_takes_two_replications_for_a_spread(found, replications):
    with pytest.raises(InputError, match=f"replications: {replications} is not allowed: it should be a whole number"):
        judge(found, replications=replications)


def verdict_of(calibration, words):
    """Return a verdict on the figures of a calibration that finds one word of each, in turn."""
    values = {"mean": 1.0, "process": 1.0, "median": 1.0, "lower": 0.5, "upper": 2.0, "implausibility": 0.5}
    return Verdict(
        judged=tuple(
            Judged(target=target, word=word, **values)
            for target, word in zip(calibration.study.targets, itertools.cycle(words))
        ),
        **{"chi_square": 12.0, "freedom": 10.0, "waits": {}, "sets": 3, "replications": 2, "seed": 1, "together": ()},
        study=calibration.study,
        record=calibration.record,
    )


def test_a_figure_that_the_model_strains_or_contradicts_is_marked_and_so_is_one_that_was_not_fitted():
    calibration = Calibration.read("copenhagen")
    marks = {"fits": "", "near": "", "strained": "*", "contradicts": "**"}
    verdict = verdict_of(calibration, tuple(marks))
    lines = verdict_lines(verdict, Language.of("en"))
    told = [mark.strip() for line in lines for mark in re.findall(r" 0\.50 to 2\.0  0\.5(.*)$", line)]
    families = dict.fromkeys(judged.target.family for judged in verdict.judged)
    expected = [
        marks[judged.word] + ("" if judged.target.fitted else "(n)")
        for family in families
        for judged in verdict.judged
        if judged.target.family == family
    ]
    assert told == expected
    assert set(expected) >= {"", "*", "**", "(n)"}


@pytest.mark.parametrize("code", ["en", "da"])
def test_the_page_says_how_much_of_each_factor_is_left_open(code):
    """The spread that is left over that of the prior, as what stands below the table says."""
    calibration, language = Calibration.read("copenhagen"), Language.of(code)
    verdict = verdict_of(calibration, ["fits"])
    rows = [line.split(" | ") for line in verdict_page(verdict, language).splitlines() if line.startswith("| `")]
    left = {row[0]: row[-1].removesuffix(" |") for row in rows if len(row) == 6}
    factors = calibration.record["factors"]
    assert left == {
        f"| `{factor['name']}`": language.rounded(factor["posterior_sd"] / factor["prior_sd"]) for factor in factors
    }
    assert len(set(left.values())) > 10
    assert all(0 < float(share.rstrip("% ")) < 150 for share in left.values())
