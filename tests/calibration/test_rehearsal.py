"""The whole chain on known truths, on the made small town."""

import numpy as np
import pytest

from flowsim import InputError
from flowsim.calibration.rehearsal import rehearse
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Effort
from helpers.paths import SMALL_TOWN

EFFORT = Effort(draws=600, truths=40, sets=40, steps=2, rounds=1, pairs=120)
TRUTHS = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "found"


@pytest.fixture(scope="module")
def rehearsal(study, folder):
    return rehearse(study, effort=EFFORT, truths=TRUTHS, folder=folder)


@pytest.mark.slow
def test_truths_lie_in_their_histories_as_often_as_the_intervals_say(study, rehearsal):
    """Of 24 in a 90 % interval 17 or fewer would come once in a hundred times."""
    assert len(rehearsal) == TRUTHS
    assert len(rehearsal.names) == 1 + len(study.watched)
    assert (rehearsal.coverage.inside(0.9) * TRUTHS >= 17.5).all()
    assert (rehearsal.effective > 5).all()


@pytest.mark.slow
def test_histories_are_narrower_than_the_sets_at_the_figure_that_weighs_them(rehearsal):
    """A truth lies farther out among histories, which its own figure has drawn near, than by luck alone in the sets."""
    assert np.median(rehearsal.widths[:, 0]) > 0
    away = np.abs(rehearsal.histories[:, 0] - 0.5).mean(), np.abs(rehearsal.sets[:, 0] - 0.5).mean()
    assert max(away) < 0.35


@pytest.mark.slow
def test_finished_truths_are_found_again_and_are_the_first_of_more(study, folder, rehearsal, monkeypatch):
    monkeypatch.setattr("flowsim.calibration.rehearsal.simulate_draws", None)
    fewer = rehearse(study, effort=EFFORT, truths=TRUTHS, first=20, folder=folder)
    assert np.array_equal(fewer.histories, rehearsal.histories[:20])
    assert np.array_equal(fewer.widths, rehearsal.widths[:20])


def test_what_can_not_be_rehearsed_is_refused(study, folder, tmp_path):
    for first in (0, 25):
        with pytest.raises(InputError, match=f"first: {first} is not allowed: from 1 to 24"):
            rehearse(study, effort=EFFORT, truths=TRUTHS, first=first, folder=folder)
    (tmp_path / "notes.txt").touch()
    for first in (1, 24):  # are allowed: what is wrong is the folder
        with pytest.raises(InputError, match="holds something else"):
            rehearse(study, effort=EFFORT, truths=TRUTHS, first=first, folder=tmp_path)
    plain = Study.read(SMALL_TOWN / "calibration.toml")
    with pytest.raises(InputError, match="no fitted one has `history = true`"):
        rehearse(plain, effort=EFFORT, truths=TRUTHS, folder=folder)
