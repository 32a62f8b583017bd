"""Logarithm, exponential and power are the kernel's own: exact to a unit in the last place, and equal everywhere."""

import math
import os
import subprocess
import sys
from decimal import Decimal, localcontext

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flowsim.simulation.engine import kernel
from helpers.paths import ROOT

POSITIVE = st.floats(min_value=2.0**-1022, allow_infinity=False) | st.floats(0.5, 2.0) | st.floats(1e-16, 1.0)


def units_off(value, exact):
    """How far a float is from a decimal, in units of its last place."""
    return abs(Decimal(float(value)) - exact) / Decimal(math.ulp(float(exact)))


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(POSITIVE)
@example(1.0)
@example(1.0 - 2.0**-53)
@example(1.0 + 2.0**-52)
@example(1.0076938514033595)
@example(2.0**-53)
def test_log(x):
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(x).ln()
    assert kernel.log(x) == 0.0 if x == 1.0 else units_off(kernel.log(x), exact) < 0.52


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.floats(-708.0, 709.78) | st.floats(-1.0, 1.0) | st.floats(-40.0, 0.0))
@example(0.0)
@example(709.782712893384)
def test_exp(x):
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(x).exp()
    assert units_off(kernel.exp(x), exact) < 0.52


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.floats(1e-16, 745.0) | st.floats(0.9, 1.1), st.floats(0.02, 40.0))
def test_power(x, y):
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(x).ln() * Decimal(y)
        if abs(exact) < 700:
            assert units_off(kernel.power(x, y), exact.exp()) < 0.6


def test_at_the_edges():
    assert [kernel.log(x) for x in (0.0, math.inf)] == [-math.inf, math.inf]
    assert kernel.log(5e-324) == pytest.approx(math.log(5e-324), rel=1e-14)
    assert [kernel.exp(x) for x in (-math.inf, -1e300, 1e300, math.inf)] == [0.0, 0.0, math.inf, math.inf]
    assert kernel.exp(-740.3) == pytest.approx(math.exp(-740.3), rel=0.02)  # of few bits
    assert [kernel.power(x, 0.5) for x in (0.0, math.inf)] == [0.0, math.inf]
    assert kernel.power(1e300, 2.0) == math.inf


@pytest.mark.slow
def test_bytes_are_equal_on_other_processors_and_c_libraries(tmp_path):
    """Without them equal, one seed would be two histories: the C library's own logarithms differ between these."""
    script = [sys.executable, str(ROOT / "tests" / "helpers" / "interpreted.py"), "100"]
    kinds = [
        {},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)},
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"},
    ]
    digests = [
        subprocess.run(script, env=os.environ | kind, capture_output=True, text=True, check=True).stdout
        for kind in kinds
    ]
    assert len(digests[0].splitlines()) == 100
    assert digests[0] == digests[1] == digests[2]
