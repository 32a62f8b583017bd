"""What shows itself: drawn, in a notebook, and as a table of Arrow."""

import pytest

from flowsim import run
from helpers.models.desk import SMALL


@pytest.fixture(scope="module")
def results():
    return run(SMALL, replications=2)


def test_what_is_drawn_is_given_back(results, tmp_path):
    figure = pytest.importorskip("matplotlib.figure")
    drawn = results.plot(tmp_path / "queue.png")
    assert isinstance(drawn, figure.Figure)
    assert (tmp_path / "queue.png").stat().st_size > 1000


def test_a_notebook_shows_it(results):
    assert results._repr_html_().startswith("<")


def test_it_is_the_same_table_for_libraries_that_speak_arrow(results):
    pyarrow = pytest.importorskip("pyarrow")
    assert pyarrow.table(results).to_pandas().equals(results.frame())
