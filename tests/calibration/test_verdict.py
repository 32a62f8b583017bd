"""How far a model is from its documents, all figures together."""

import itertools
import re

import numpy as np
import pytest
from scipy import stats

from flowsim import run
from flowsim.calibration.draws import AtPositions
from flowsim.calibration.verdict import Judged, Verdict, _chi_square, judge
from flowsim.calibration.workflow import Calibration
from flowsim.cli.words.verdict import verdict_lines, verdict_page
from flowsim.reporting.language import Language


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
