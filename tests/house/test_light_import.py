"""`import flowsim` loads nothing heavy, so that a refusal or a page of help is there at once."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["flowsim", "flowsim.model.pathway", "flowsim.reporting.pictures.diagram"])
def test_nothing_heavy_is_loaded(module):
    heavy = [
        "numba",
        "pandas",
        "scipy",
        "simpy",
        "statsmodels",
        "pyarrow",
        "matplotlib",
        "openpyxl",
        "sklearn",
        "typst",
        "xlsxwriter",
    ]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
