import ast
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.reporting.pictures.canvas import (
    blank_canvas,
    drawn_name,
    drawn_names,
    left_title,
    narrow_canvas,
    standard_settings,
    wrapped_title,
)
from helpers.paths import ROOT

TEXTS = st.text(st.characters(whitelist_categories=("L", "Nd", "Zs", "Pc")), min_size=1, max_size=120)


def test_a_long_name_loses_its_middle():
    long = "Copenhagen with two more caseworkers and a team that meets twice a week, from 2021"
    assert drawn_name(long) == "Copenhagen with two…ce a week, from 2021"
    assert drawn_name("_short") == " _short"


def test_names_that_would_look_alike_are_numbered():
    long = "a" * 30 + "{}" + "b" * 30
    assert drawn_names([long.format(1), "town", long.format(2)]) == [
        f"{'a' * 19}…{'b' * 20} (1)",
        "town",
        f"{'a' * 19}…{'b' * 20} (2)",
    ]


@given(st.lists(TEXTS, unique=True, min_size=1, max_size=6))
def test_every_name_is_short(names):
    assert all(len(name) <= 45 for name in drawn_names(names))


def test_a_title_is_wrapped_and_keeps_its_own_lines():
    title = "wait.rehabilitation_team.served of those that came by the door of the benefit and waited (weeks)"
    lines = wrapped_title(f"{title} {title}\nfrom 2020", 11).splitlines()
    assert " ".join(lines[:-1]) == f"{title} {title}"
    assert lines[-1] == "from 2020"
    assert max(map(len, lines)) <= 94
    assert len(wrapped_title(title, 11, 0.3).splitlines()) > len(wrapped_title(title, 11).splitlines())


def test_every_picture_is_drawn_with_standard_settings():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "flowsim").rglob("*.py")]
    drawing = [
        (function.name, [ast.unparse(decorator) for decorator in function.decorator_list])
        for text in texts
        if "blank_canvas(" in text
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef) and "blank_canvas(" in ast.unparse(function.body)
    ]
    assert len(drawing) >= 12
    assert [name for name, decorators in drawing if "standard_settings()" not in decorators] == []


@pytest.mark.parametrize("canvas", [nullcontext, narrow_canvas])
@pytest.mark.parametrize("size", [9, 11])
def test_a_long_title_above_axes_ends_within_the_picture(canvas, size):
    with standard_settings(), canvas():
        figure = blank_canvas(3.0)
        axes = figure.add_subplot()
        axes.set_ylim(0, 100_000)
        left_title(
            axes, "andel af fremtider, hvor målet nås: mindst 90 % inden for 23 uger, og højst 4,0 uger " * 3, size
        )
        figure.canvas.draw()
        title = next(text for text in axes.get_children() if getattr(text, "get_text", str)().startswith("andel"))
        assert title.get_window_extent().x1 <= figure.bbox.x1
