"""What shows itself: in one line, as a table in a notebook, as a picture.

Results are made low in the house, and tables and pictures stand high in it. So a result knows only that it can be
shown, and the room of reporting, which is loaded at the first look, knows how.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsim.core.extras import require_extra

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Displayed", "Tabled", "html_of"]


class Displayed:
    """A value that shows itself in a notebook, and draws itself."""

    __slots__ = ()

    def plot(self, path: str | Path | None = None, force: bool = False) -> Figure:
        """Draw it.

        Args:
            path: a .png, .svg or .pdf file to write; a matplotlib figure is returned either way.
            force: overwrite the file.

        Raises:
            InputError: where matplotlib is missing, there is nothing to draw, or the file is there already or of
                another kind.
        """
        figure: Figure = _displays().plot(self, path, force)
        return figure

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a line, a table, and a picture where matplotlib is installed."""
        return html_of(self)


class Tabled(Displayed):
    """A value that is a table too: libraries that speak Arrow read it as it is, such as `polars.DataFrame(results)`."""

    __slots__ = ()

    def frame(self) -> pd.DataFrame:
        """Return it as a table."""
        raise NotImplementedError

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Return the table of `frame` as an Arrow stream.

        Raises:
            InputError: where pyarrow is not installed.
        """
        require_extra("parquet", "an Arrow stream")
        return self.frame().__arrow_c_stream__(requested_schema)


def html_of(value: object) -> str:
    """Return what a notebook shows of a value."""
    html: str = _displays().notebook_html(value)
    return html


def _displays() -> Any:
    return import_module("flowsim.reporting.displays")
