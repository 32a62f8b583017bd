"""What is common to all that is shown on a terminal: a progress bar, figures, lines of eighty columns."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from flowsim.core.numbers import number
from flowsim.core.progress import silent, tells

__all__ = ["WIDTH", "cut", "distinct_labels", "number", "progress_bar", "table", "wrapped"]


@contextmanager
def progress_bar(what: str, *, show: bool = True) -> Iterator[Callable[[int, int], object] | None]:
    """Show a bar on a terminal's error stream, where it is no part of the output; it is given (done, all)."""
    if not (show and sys.stderr.isatty()):
        with silent():
            yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        @contextmanager
        def wait(for_what: str) -> Iterator[None]:
            bar.update(task, description=for_what, refresh=True)
            try:
                yield
            finally:
                bar.update(task, description=what)

        with tells(wait):
            yield lambda done, total: bar.update(task, completed=done, total=total)


WIDTH = 80


def wrapped(text: str) -> str:
    """Break a text of the user's into lines of at most eighty columns; no control characters.

    Further lines are indented by two more than the first one is.
    """
    lines = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text).splitlines()
    return "\n".join(
        line
        for told in lines
        for line in textwrap.wrap(told, WIDTH, subsequent_indent=f"{_indent(told)}  ", break_on_hyphens=False)
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def table(columns: Mapping[str, int], rows: Iterable[Sequence[str] | str], left: Container[str] = ()) -> list[str]:
    """Write a table without frames or colours, so that it can be searched: figures stand to the right.

    Args:
        columns: titles and widths, at most eighty columns of text together; what is longer is cut, with a mark, and in
            the first column such that what differs still does.
        rows: their cells, as many as there are columns; or one text, a heading that stands across all of them.
        left: titles of the columns of words beside the first one, which stand to the left.
    """
    rows = list(rows)
    cells = [row for row in rows if not isinstance(row, str)]
    labels = distinct_labels([row[0] for row in cells if row], next(iter(columns.values()), WIDTH))
    cells = [(labels.get(row[0], row[0]), *row[1:]) if row else row for row in cells]
    head, *lines = _rendered(columns, [tuple(columns), *cells], left)
    told = iter(lines)
    return [head, *(cut(row, WIDTH) if isinstance(row, str) else next(told) for row in rows)]


def _rendered(columns: Mapping[str, int], rows: Iterable[Sequence[str]], left: Container[str]) -> list[str]:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=0, pad_edge=False)
    for place, (title, width) in enumerate(columns.items()):
        justify: Literal["left", "right"] = "left" if place == 0 or title in left else "right"
        grid.add_column(width=width, justify=justify, no_wrap=True, overflow="ellipsis")
    for row in rows:
        grid.add_row(*map(Text, row))
    plain = StringIO()
    Console(file=plain, width=sum(columns.values()), color_system=None, force_terminal=False).print(grid)
    return [line.rstrip() for line in plain.getvalue().splitlines()]


def distinct_labels(labels: Iterable[str], width: int) -> dict[str, str]:
    """Return how labels that would be cut to the same text are written: without their middle, or else numbered."""
    different = dict.fromkeys(labels)
    shown = Counter(cut(label, width) for label in different)
    alike = [label for label in different if shown[cut(label, width)] > 1]
    end = (width - 1) // 2
    middle = {label: f"{label[: width - 1 - end]}…{label[-end:]}" for label in alike}
    times = Counter(middle.values())
    for place, label in enumerate(alike, 1):
        if times[middle[label]] > 1:
            ending = f"… ({place})"
            middle[label] = label[: width - len(ending)] + ending
    return middle


def cut(text: str, width: int) -> str:
    """Cut a text to a width, with a mark where something is left out."""
    return text if len(text) <= width else text[: width - 1] + "…"
