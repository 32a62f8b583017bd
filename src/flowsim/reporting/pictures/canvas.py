"""Pictures: of forecasts, outlooks, differences, and of what drives a measure; and what all pictures are drawn with."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flowsim.core.errors import InputError
from flowsim.core.extras import WARNING_FILTERS, require_extra

__all__ = [
    "COLOURS",
    "FAINT",
    "FORECAST",
    "INK",
    "KINDS",
    "MOST",
    "SHADE",
    "SHOCK",
    "blank_canvas",
    "check_picture",
    "drawn",
    "drawn_name",
    "drawn_names",
    "halo",
    "left_title",
    "legend_columns",
    "narrow_canvas",
    "quiet",
    "standard_settings",
    "ticks_at_most",
    "wrapped_title",
    "yardstick_look",
]

_WIDE = 7.5  # inches, of all pictures
_NARROW = 3.7  # inches, where a telephone shows them as large as they are
_width: ContextVar[float] = ContextVar("_width", default=_WIDE)
KINDS = (".png", ".svg", ".pdf")
MOST = 12
"""Series in one picture."""
INK, FORECAST, SHOCK, FAINT = "#1a1a1a", "#1f5fa8", "#a8481f", "#767676"
# Okabe and Ito's colours, which the colour-blind tell apart too; scenarios beyond seven begin again, dashed.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a")
SHADE = "#d8e6f4"
_YARDSTICKS = ((0, (9, 2)), (0, (9, 2, 1.5, 2)), (0, (9, 2, 1.5, 2, 1.5, 2)))


def yardstick_look(place: int) -> dict[str, Any]:
    """Return how the line of a picture's n-th yardstick is drawn.

    In ink, which no scenario of a report has, and in long dashes: beside a scenario's own dashed line, and beside each
    other, goals and other yardsticks are told apart without colours too.
    """
    return {"color": INK, "linewidth": 1.1, "linestyle": _YARDSTICKS[place % len(_YARDSTICKS)]}


def check_picture(path: Path, series: int = 1) -> None:
    """Refuse what can't be drawn, before anything is computed; raises InputError."""
    if path.suffix.lower() not in KINDS:
        raise InputError(f"--plot: '{path}' is not allowed: the name ends with {', '.join(KINDS)}")
    if series > MOST:
        raise InputError(f"--plot: {series} series are too many for a picture: choose at most {MOST} with --series")
    require_extra("plot", "--plot: a picture")
    _loaded()


@contextmanager
def standard_settings() -> Iterator[None]:
    """Within, draw with matplotlib's own settings.

    Neither a file `matplotlibrc`, which may lie among a planner's files, nor what an importer has set reaches a
    picture: it is the same everywhere, and letters are as large as the room that is left for them. Settings are the
    process's, so threads draw in turn.
    """
    matplotlib = _loaded()
    with WARNING_FILTERS, matplotlib.rc_context({"timezone": "UTC"}):
        matplotlib.rcdefaults()
        yield


def _loaded() -> Any:
    try:
        import matplotlib
    except ValueError as error:  # of a settings file that can't be read
        raise InputError(f"a picture: matplotlib can't be loaded: {error}") from None
    return matplotlib


@contextmanager
def narrow_canvas() -> Iterator[None]:
    """Within, draw for a telephone: half as wide, with letters of the same size."""
    token = _width.set(_NARROW)
    try:
        yield
    finally:
        _width.reset(token)


def legend_columns(most: int) -> int:
    """Return how many columns a legend has: two thirds fewer, at least one, on a telephone."""
    return most if _width.get() == _WIDE else max(most // 3, 1)


def ticks_at_most(most: int) -> int:
    """Return how many ticks an axis has across a picture: half as many on a telephone."""
    return most if _width.get() == _WIDE else max(most // 2, 2)


def blank_canvas(height: float) -> Any:
    """Return an empty figure as wide as all pictures, and so many inches high; see `standard_settings`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A notebook shows figures of pyplot by itself, and others where they say how.
    shown = type("Figure", (Figure,), {"_repr_png_": lambda self: drawn(self, ".png")})
    figure = shown(figsize=(_width.get(), height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def quiet(axes: Any, grid: str) -> None:
    """Take away what is no data: the upper and the right frame; faint grid lines of "x", "y" or "both" stay."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def drawn(figure: Any, kind: str) -> bytes:
    """Return a figure as the content of a file of one of `KINDS`; equal figures give equal bytes.

    No text is read as a formula, and letters that the font lacks are boxes.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
    buffer, metadata = io.BytesIO(), {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
    with standard_settings(), warnings.catch_warnings():
        _loaded().rcParams["svg.hashsalt"] = "flowsim"
        warnings.filterwarnings("ignore", "Glyph|Font", UserWarning)
        figure.savefig(buffer, format=kind.removeprefix("."), dpi=150, metadata=metadata)
    return buffer.getvalue()


def halo(text: Any) -> None:
    """Set a text off from what is drawn behind it."""
    from matplotlib.patheffects import withStroke

    text.set_path_effects([withStroke(linewidth=2, foreground="white")])


def drawn_name(name: str, most: int = 40) -> str:
    """Return a name as a picture can show it: printable, not too long, and such that a legend does not leave it out.

    What is too long loses its middle, for names of one kind begin alike.
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in name)
    if len(shown) > most:
        end = most // 2
        shown = f"{shown[: most - end - 1]}…{shown[-end:]}"
    return f" {shown}" if shown.startswith("_") else shown


def drawn_names(names: Sequence[str], most: int = 40) -> list[str]:
    """Return names as a picture can show them, all different: numbered where what is shown of two is alike."""
    shown = [drawn_name(name, most) for name in names]
    return [
        f"{name} ({shown[: place + 1].count(name)})" if shown.count(name) > 1 else name
        for place, name in enumerate(shown)
    ]


def wrapped_title(text: str, size: float, share: float = 1.0) -> str:
    """Return a title in lines no longer than a share of a picture's width, in letters of a size; its own lines stay."""
    columns = int(share * _width.get() * 72 / (0.52 * size))
    return "\n".join(line for own in text.splitlines() for line in textwrap.wrap(own, columns))


def left_title(axes: Any, text: str, size: float) -> None:
    """Write a title above the left end of axes, which begin within three quarters of an inch of the picture's edge."""
    axes.set_title(wrapped_title(text, size, 1 - 0.75 / _width.get()), loc="left", fontsize=size)
