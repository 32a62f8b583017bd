"""Which document tells a watched figure: of a model so plain that the answer is a formula."""

import numpy as np
import pytest

from flowsim import InputError
from flowsim.calibration.draws import Around
from flowsim.calibration.inference.narrowing import Watching
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.study import Study
from helpers.paths import SMALL_TOWN

pytestmark = pytest.mark.slow

NINETY = 2 * 1.6449  # standard deviations from the 5 to the 95 % quantile of a normal law
NOISE = 0.5


@pytest.fixture(scope="module")
def watching():
    """Each figure is documented at its factor's 0 and moves by three tolerances a prior standard deviation of it.

    The first watched figure is the first factor itself; one history strays by half a tolerance.
    """
    study = Study.read(SMALL_TOWN / "calibration.toml")
    generator = np.random.default_rng(2)
    x = generator.standard_normal((1_500, len(study.prior.factors)))
    z = x @ study.prior.root.T
    simulated = np.array([[target.value for target in study.targets]] * len(x))
    for number, target in enumerate(study.fitted):
        column = study.targets.index(target)
        moved = 3 * x[:, number] if number < x.shape[1] else 0.0
        simulated[:, column] += target.tolerance * (moved + NOISE * generator.standard_normal(len(x)))
    watched = np.repeat(x[:, :1], max(len(study.watched), 1), axis=1)
    table = ReferenceTable(z=z, simulated=simulated, watched=watched)
    precision = np.linalg.inv(study.prior.covariance)
    return Watching.of(study, [table], Around(study=study, mean=np.zeros(len(precision)), precision=precision))


def test_a_figure_is_as_wide_as_the_documents_that_are_left_let_it(watching):
    first, second = (target.name for target in watching.study.fitted[:2])
    with_all, without_own, without_other = (watching.without(names) for names in ((), (first,), (second,)))
    held = NINETY / np.sqrt(1 + 9 / (1 + NOISE**2))
    assert with_all.widths[0] == pytest.approx(held, rel=0.15)
    assert without_other.widths[0] == pytest.approx(held, rel=0.15)
    assert without_own.widths[0] == pytest.approx(NINETY, rel=0.15)


def test_another_prior_moves_what_no_document_holds(watching):
    first = watching.study.fitted[0].name

    def at_two(x):
        return -0.5 * np.sum(x**2, axis=1) - 0.5 * (x[:, 0] - 2) ** 2 / 0.1**2 + 0.5 * x[:, 0] ** 2

    moved = watching.without((first,), log_prior=at_two)
    assert moved.intervals[1, 0] == pytest.approx(2, abs=0.1)
    assert moved.widths[0] == pytest.approx(NINETY * 0.1, rel=0.25)


def test_a_document_that_is_none_is_refused(watching):
    with pytest.raises(InputError, match="no fitted one is called 'wait of nowhere'"):
        watching.without(("wait of nowhere",))
