"""The verification itself: its estimator by hand, what it must notice, and a small part of it on both engines."""

import contextlib
import io
import json
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from flowsim import InputError, Pathway
from flowsim.cli.main import start
from flowsim.cli.words.run import verification_lines
from flowsim.reporting.language import Language
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.trace import NEVER
from flowsim.theory.verification.cases import SERVICE, service_moments
from flowsim.theory.verification.checks import FEWER, Check, Exact, Verification, against, verify
from flowsim.theory.verification.exact import (
    ORACLES,
    STORIES,
    rows,
    starts_at_meetings,
    starts_at_servers,
    starts_together,
)
from flowsim.theory.verification.statistics import Sample
from flowsim.theory.verification.textbook import FAMILIES
from helpers.paths import ROOT


def check(z=0.0, *, case="one", theory=10.0, error=0.05, most_error=0.1):
    return Check(
        family="mmc",
        case=case,
        statistic="mean wait, hours",
        theory=theory,
        simulated=theory + z * error,
        error=error,
        most_error=most_error,
        z=z,
        replications=30,
    )


def verification(*checks, exact=()):
    return Verification(engine="kernel", seed=1, checks=checks, exact=exact)


# --- The cases


@pytest.mark.parametrize("cv", [0.3, 0.7, 2.0])
@pytest.mark.parametrize("law", ["gamma", "lognormal", "weibull"])
def test_moments_of_service_are_those_of_the_law_with_that_mean_and_variation(law, cv):
    if law == "gamma":
        frozen = stats.gamma(cv**-2, scale=SERVICE * cv**2)
    elif law == "lognormal":
        width = math.log1p(cv**2)
        frozen = stats.lognorm(math.sqrt(width), scale=SERVICE * math.exp(-width / 2))
    else:
        first, second, _ = service_moments(law, cv)
        assert (first, second / first**2 - 1) == (pytest.approx(SERVICE), pytest.approx(cv**2))
        # The third moment follows from the other two: of the law that has them.
        shape = optimize.brentq(lambda k: stats.weibull_min(k).std() / stats.weibull_min(k).mean() - cv, 0.3, 10)
        frozen = stats.weibull_min(shape, scale=SERVICE / stats.weibull_min(shape).mean())
    assert service_moments(law, cv) == pytest.approx([frozen.moment(n) for n in (1, 2, 3)], rel=1e-6)


# --- The estimator


def test_a_ratio_its_error_and_its_deviate_by_hand():
    """Sums 2 of 1, 4 of 2 and 9 of 3: 15 of 6, so 2.5; residuals -0.25, -0.5 and 0.75 of a mean denominator of 2."""
    ratio, error, z = against(np.array([[2.0, 1.0], [4.0, 2.0], [9.0, 3.0]]), theory=2.0)
    assert ratio == 2.5
    assert error == pytest.approx(math.sqrt((0.0625 + 0.25 + 0.5625) / 2 / 3), rel=1e-14)
    # With two degrees of freedom P(T > t) = (1 - t / sqrt(2 + t^2)) / 2.
    t = 0.5 / error
    assert stats.norm.sf(z) == pytest.approx((1 - t / math.sqrt(2 + t**2)) / 2, rel=1e-9)
    assert against(np.array([[2.0, 1.0], [4.0, 2.0], [9.0, 3.0]]), theory=3.0)[2] == pytest.approx(-z, rel=1e-12)


def test_replications_without_spread_or_without_data_pass_only_where_theory_is_met():
    assert against(np.array([[4.0, 2.0], [6.0, 3.0]]), theory=2.0) == (2.0, 0.0, 0.0)
    assert against(np.array([[4.0, 2.0], [6.0, 3.0]]), theory=2.1)[2] > 30
    ratio, error, z = against(np.zeros((3, 2)), theory=2.0)
    assert math.isnan(ratio)
    assert math.isnan(error)
    assert z > 30


def test_deviates_of_a_true_theory_are_standard_normal():
    rng = np.random.default_rng(5)
    z = []
    for _ in range(600):
        below = rng.poisson(50, 25)
        z.append(against(np.column_stack([rng.poisson(3.0 * below), below]).astype(float), theory=3.0)[2])
    assert stats.kstest(z, "norm").pvalue > 1e-4


# --- The verdict


@pytest.mark.parametrize(
    ("one", "passed"),
    [
        (check(4.49), True),
        (check(-4.49), True),
        (check(4.51), False),
        (check(-4.51), False),
        (check(error=0.1), True),
        (check(error=0.1001), False),
        (check(error=math.nan), False),
        (check(theory=-10.0), True),
    ],
)
def test_a_check_is_sharp_and_meets_theory(one, passed):
    assert one.passed is passed
    assert verification(one, check(0.9, case="two"), check(1.1, case="three")).passed is passed


@pytest.mark.parametrize(
    ("exact", "passed"),
    [
        (Exact(name="x", compared=9, wrong=0), True),
        (Exact(name="x", compared=9, wrong=1), False),
        (Exact(name="x", compared=0, wrong=0), False),
    ],
)
def test_what_is_exact_has_nothing_wrong_and_something_compared(exact, passed):
    assert exact.passed is passed
    assert verification(exact=(exact,)).passed is passed


def test_the_chi_square_takes_the_first_check_of_each_case():
    told = verification(check(1.0), check(3.0), check(2.0, case="two"), check(0.5, case="two"))
    assert told.chi_square == 1.0 + 4.0
    assert told.p_value == pytest.approx(2 * math.exp(-2.5))  # two degrees: the tail is exp(-x / 2)


def test_many_small_deviations_fail_together_and_so_do_too_few():
    def all_of(z):
        return verification(*(check(z * (-1) ** n, case=str(n)) for n in range(24)))

    assert all_of(1.0).passed
    assert not all_of(1.9).passed
    assert not all_of(0.2).passed  # errors are told too large


# --- What is exact


def test_kiefer_and_wolfowitz_by_hand():
    joined, stays = np.array([0, 0, 1, 2, 9]), np.array([5, 3, 4, 1, 2])
    assert starts_at_servers(joined, stays, 2).tolist() == [0, 0, 3, 5, 9]
    assert starts_at_servers(joined, stays, 1).tolist() == [0, 5, 8, 12, 13]
    assert starts_at_servers(joined[:2], np.array([NEVER, 3]), 1).tolist()[0] == 0


def test_meetings_by_hand():
    joined = np.array([0, 0, 3, 4, 9])
    assert starts_at_meetings(joined, [3, 6], 2).tolist() == [3, 3, 6, 6, NEVER]
    assert starts_at_meetings(joined, [2, 6], 3).tolist() == [2, 2, 6, 6, NEVER]


def test_groups_by_hand():
    joined, stays = np.array([0, 2, 3, 3, 4, 9, 9]), np.array([10, 10, 4, 4, 5, 5, NEVER])
    assert starts_together(joined, stays, 2, 1).tolist() == [2, 2, 12, 12, 16, 16, NEVER]
    assert starts_together(joined, stays, 2, 2).tolist() == [2, 2, 3, 3, 9, 9, NEVER]
    assert starts_together(joined[:1], stays[:1], 2, 1).tolist() == [NEVER]


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_an_oracle_hears_of_one_start_out_of_place(oracle):
    trace = simulate(compile_pathway(oracle.pathway), 3, 0)
    told, expected = oracle.starts(trace)
    assert (told == expected).all()
    visits = trace.visits.copy()
    row = np.flatnonzero((visits["state"] == 0) & (visits["started"] != NEVER))[100]
    visits["started"][row] += 1
    told, expected = oracle.starts(replace(trace, visits=visits))
    assert np.count_nonzero(told != expected) >= 1


def test_the_horizon_and_ties_are_among_what_the_oracles_compare():
    traces = [simulate(compile_pathway(one.pathway), 3, 0) for one in ORACLES]
    assert all(((trace.visits["state"] == 0) & (trace.visits["started"] == NEVER)).any() for trace in traces[3:])
    for trace in traces[1:]:
        joined = trace.visits["joined"][trace.visits["state"] == 0]
        assert len(np.unique(joined)) < len(joined)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_is_told_to_the_minute(story):
    trace = simulate(compile_pathway(story.pathway), 1, 0)
    assert rows(trace, story.pathway) == story.rows


# --- What is seen of a replication


SEEN = {
    "name": "seen",
    "start": "2001-01-01",
    "end": "2001-01-01T10:00",
    "tick": "1 second",
    "stations": {"desk": {"capacity": 1}},
    "states": {"talk": {"station": "desk", "stay": "1 hour", "to": "out"}, "out": {"final": True}},
    "entries": {
        "door": {"to": "talk", "at": [f"2001-01-01T{hour}" for hour in ("01:00", "02:00", "02:30", "09:00", "09:40")]}
    },
}


def test_the_settled_part_its_waits_and_who_is_there():
    """Starts at 1, 2, 3 and 9; who comes at 9:40 waits beyond the horizon. Settled is from 2 until 9:30."""
    pathway = Pathway.from_dict(SEEN)
    seen = Sample(simulate(compile_pathway(pathway), 1, 0), pathway)
    assert seen.hours == 10.0
    assert (seen.settled("talk")["joined"] / 3600).tolist() == [2.0, 2.5, 9.0]
    assert seen.waits("talk").tolist() == [0.0, 0.5, 0.0]
    assert [seen.waiting(hour, "talk") for hour in (2.4, 2.5, 2.9, 3.0, 9.9)] == [0, 1, 1, 0, 1]
    assert [seen.in_stay(hour, "talk") for hour in (0.9, 1.0, 1.9, 2.0, 4.0, 9.9)] == [0, 1, 1, 1, 0, 1]


def test_who_still_waits_at_the_horizon_has_waited_until_then():
    raw = SEEN | {"states": SEEN["states"] | {"talk": SEEN["states"]["talk"] | {"stay": "9 hours"}}}
    pathway = Pathway.from_dict(raw)
    seen = Sample(simulate(compile_pathway(pathway), 1, 0), pathway)
    assert seen.waits("talk").tolist() == [8.0, 7.5, 1.0]


# --- The engines


@pytest.mark.parametrize("name", ["mmck", "erlang-b", "erlang-a", "absorbing", "mtginf", "baulking", "finite-source"])
def test_families_on_the_kernel(name):
    told = verify([name], seed=2)
    assert told.passed, told.as_json()
    assert {one.family for one in told.checks} == {name}


@pytest.mark.slow
def test_all_families_on_the_kernel():
    told = verify()
    assert told.passed, told.as_json()
    assert {one.family for one in told.checks} == set(FAMILIES)
    assert all(one.error <= 0.01 * one.theory for one in told.checks)
    page = (ROOT / "docs" / "background" / "verification.md").read_text(encoding="utf-8")
    table = page.split("<!-- flowsim verify -->\n\n```text\n")[1].split("\n```")[0]
    assert table.splitlines() == verification_lines(told, Language.of("en"))


@pytest.mark.slow
def test_a_family_on_simpy_is_the_kernels_to_the_byte():
    told = verify(["mmck"], engine="simpy", seed=2)
    assert told.passed, told.as_json()
    assert told.checks[0].replications == -(-60 // FEWER)
    assert told.exact[0] == Exact(name="replications with the kernel's visits", compared=3, wrong=0)


@pytest.mark.parametrize("engine", ["kernel", pytest.param("simpy", marks=pytest.mark.slow)])
def test_what_is_exact(engine):
    told = verify(["exact"], engine=engine, seed=4)
    assert told.passed
    assert len(told.exact) == len(ORACLES) + len(STORIES)


def test_a_wrong_theory_is_noticed(monkeypatch):
    (case,) = FAMILIES["mmck"].cases()
    wrong = tuple(replace(one, theory=1.05 * one.theory) for one in case.statistics)
    family = replace(FAMILIES["mmck"], cases=lambda: iter([replace(case, statistics=wrong)]))
    monkeypatch.setitem(FAMILIES, "mmck", family)
    told = verify(["mmck"])
    assert all(one.z < -4.5 for one in told.checks)
    assert not told.passed
    code, out, _ = flowsim("verify", "--family", "mmck")
    assert code == 1
    assert "FAILED" in out
    assert out.count("  !\n") == len(wrong)


def test_progress_counts_every_case_and_every_exact_check():
    told = []
    verify(["mmck", "exact"], progress=lambda done, total: told.append((done, total)))
    steps = 1 + len(ORACLES) + len(STORIES)
    assert told == [(n + 1, steps) for n in range(steps)]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"families": ["mmk"]}, "family: there is no family 'mmk'; did you mean 'mmck'?"),
        ({"families": ["exact"], "engine": "kernels"}, "engine: there is no engine 'kernels'; did you mean 'kernel'?"),
    ],
)
def test_what_is_unknown_is_refused_with_the_nearest(how, said):
    with pytest.raises(InputError) as refused:
        verify(**how)
    assert str(refused.value).startswith(said)


# --- The command


def flowsim(*words):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["flowsim", *words])
        with pytest.raises(SystemExit) as ended:
            start()
    return ended.value.code, out.getvalue(), err.getvalue()


def test_the_command_prints_theory_beside_simulation_in_eighty_columns():
    code, out, err = flowsim("verify", "--family", "mmck", "--family", "exact")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    lines = out.splitlines()
    assert lines[0] == "M/M/c/K: a limited room (birth and death)"
    refused = next(line for line in lines if line.startswith("    refused, share")).split()
    assert float(refused[2]) == pytest.approx(0.1411, abs=1e-4)
    assert abs(float(refused[-1])) < 4.5
    assert lines[-1] == "13 checks on the kernel engine, seed 1: passed"


def test_the_command_prints_json():
    code, out, _ = flowsim("verify", "--family", "exact", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["passed"] is True
    assert [one["name"] for one in told["exact"]] == [one.name for one in (*ORACLES, *STORIES)]
    assert told["checks"] == []


def test_a_figure_without_data_is_null_in_json():
    told = json.loads(json.dumps(verification(check(error=math.nan)).as_json(), allow_nan=False))
    assert told["checks"][0]["error"] is None
    assert told["passed"] is False


@pytest.mark.parametrize("words", [("--family", "mmx"), ("--engine", "ciw")])
def test_the_command_refuses_what_is_unknown(words):
    code, out, err = flowsim("verify", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
