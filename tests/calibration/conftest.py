"""What tests of several steps of a calibration begin from."""

import shutil

import pytest

from flowsim.calibration.study import Study
from helpers.paths import SMALL_TOWN


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The made town, whose last figure, the wait of December 2024, tells from which state a planner starts."""
    place = tmp_path_factory.mktemp("study") / "town"
    shutil.copytree(SMALL_TOWN, place)
    for file, old, new in (
        ("targets.toml", 'periods = "2024-12"\n', 'periods = "2024-12"\nhistory = true\n'),
        ("calibration.toml", 'base = "town.toml"\n', 'base = "town.toml"\nend = 2025-01-01\n'),
    ):
        text = (place / file).read_text(encoding="utf-8")
        assert old in text
        (place / file).write_text(text.replace(old, new), encoding="utf-8")
    return Study.read(place / "calibration.toml")
