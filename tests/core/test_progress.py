"""A bar comes by itself where somebody looks on, once, and leaves nothing behind."""

import io
import sys
import types

import pytest

from flowsim import compare, run
from flowsim.cli.terminal import progress_bar
from flowsim.core import progress
from flowsim.core.progress import part_of, shows_progress, silent
from flowsim.simulation.engine import machine_code
from helpers.models.desk import SMALL


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Return the error stream of a terminal, at which every step is drawn at once."""
    monkeypatch.setattr(progress, "_SOON", 0.0)
    monkeypatch.setattr(progress, "_OFTEN", 0.0)
    stream = Terminal()
    monkeypatch.setattr(progress, "sys", types.SimpleNamespace(stderr=stream, modules=sys.modules))
    return stream


@shows_progress("inner")
def inner(*, progress=None):
    if progress is not None:
        progress(1, 1)
    return progress


@shows_progress("outer")
def outer(*, progress=None):
    assert inner() is None
    if progress is not None:
        progress(1, 2)
        progress("looking back", 2, 2)
    return progress


def test_a_terminal_has_a_bar_that_is_gone_at_the_end(terminal):
    results = run(SMALL, replications=3, seed=1, workers=1)
    assert len(results.replications) == 3
    text = terminal.getvalue()
    assert [f"{done}/3" in text for done in (1, 2, 3)] == [True] * 3
    assert text.endswith("\r\033[K")


def test_a_bar_says_how_many_seconds_are_left(terminal, monkeypatch):
    clock = iter([0.0, 6.0, 6.0, 12.0, 12.0])
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    bar = progress._Bar("runs")
    bar.update(1, 4)
    assert "1/4, 18 s" in terminal.getvalue()  # six seconds for the first of four
    bar.update(3, 4)
    assert "3/4, 4 s" in terminal.getvalue()
    assert bar.left(0, 4) == ""


def test_only_the_outermost_verb_has_one(terminal):
    assert outer() is not None
    assert "outer" in terminal.getvalue()
    assert "outer: looking back" in terminal.getvalue()
    assert "inner" not in terminal.getvalue()
    compare([SMALL, SMALL.model_copy(update={"name": "other"})], replications=2, seed=1)
    assert "compare" in terminal.getvalue()
    assert "run " not in terminal.getvalue()


def test_ones_own_progress_or_none_at_all_is_left_alone(terminal):
    calls = []
    run(SMALL, replications=2, seed=1, workers=1, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    with silent():
        assert outer() is None
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks_on(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_SOON", 0.0)
    assert outer() is None
    assert capsys.readouterr() == ("", "")


def test_short_work_shows_nothing(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    run(SMALL, replications=1, seed=1, workers=1)
    assert stream.getvalue() == ""


def test_the_bar_goes_when_the_work_fails(terminal):
    @shows_progress("work")
    def work(*, progress=None):
        progress(1, 2)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        work()
    assert terminal.getvalue().endswith("\r\033[K")
    with pytest.raises(RuntimeError):
        work()
    assert terminal.getvalue().count("work") == 2


def test_a_notebook_has_one_display_that_is_renewed(terminal, monkeypatch):
    shown = []

    class Handle:
        def update(self, html):
            shown.append(html)

    def display(html, display_id):
        shown.append(html)
        return Handle()

    module = types.SimpleNamespace(HTML=str, display=display)
    ipython = types.SimpleNamespace(get_ipython=lambda: types.SimpleNamespace(kernel=object()), display=module)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    outer()
    assert 'value="1" max="2"' in shown[0]
    assert 'value="2" max="2"' in shown[1]
    assert shown[2:] == [""]
    assert terminal.getvalue() == ""


def test_a_terminal_tells_what_the_first_replication_waits_for(terminal, monkeypatch):
    run(SMALL, replications=3, seed=1, workers=1)
    assert "compiling" not in terminal.getvalue()
    monkeypatch.setattr(machine_code, "is_cached", lambda _: False)
    compare([SMALL, SMALL.model_copy(update={"name": "other"})], replications=2, seed=1)
    text = terminal.getvalue()
    assert f"compare: compiling the engine, once after installing: about {machine_code.SECONDS} seconds" in text
    assert text.endswith("\r\033[K")


def test_who_shows_progress_herself_is_told_nothing_on_the_way(terminal, monkeypatch):
    monkeypatch.setattr(machine_code, "is_cached", lambda _: False)
    run(SMALL, replications=3, seed=1, workers=1, progress=lambda done, total: None)
    with silent():
        run(SMALL, replications=3, seed=1, workers=1)
    assert terminal.getvalue() == ""


def test_the_bar_of_a_command_tells_it_too(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(machine_code, "is_cached", lambda _: False)
    with progress_bar("replications") as bar:
        run(SMALL, replications=2, seed=1, workers=1, progress=bar)
    assert "compiling the engine, once after installing" in stream.getvalue()
    with progress_bar("replications", show=False) as bar:
        before = stream.getvalue()
        run(SMALL, replications=2, seed=1, workers=1, progress=bar)
    assert stream.getvalue() == before


def test_a_part_counts_on_and_its_total_may_grow():
    told = []
    part = part_of(lambda *seen: told.append(seen), before=200, after=20)
    part(1, 40)
    part(41, 80)
    assert told == [(201, 260), (241, 300)]
    assert part_of(None, before=1) is None
