"""The files that a command writes beside what it prints: a picture and a table, both or neither."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from flowsim.reporting.language import Language

__all__ = ["Outputs"]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """A picture and a table that are to be written once the answer is there.

    Attributes:
        plot: the picture's file, as the option --plot names it.
        out: the table's file, as the option --out names it.
        force: whether earlier files may be overwritten.
    """

    plot: Path | None
    out: Path | None
    force: bool

    def check(self, series: int = 1) -> None:
        """Refuse files that may not, or cannot, be written, and more series than a picture takes; raises InputError."""
        from flowsim.core.errors import InputError
        from flowsim.core.files import check_file
        from flowsim.reporting.pictures.canvas import check_picture

        if self.plot is not None:
            check_picture(self.plot, series)
        if self.plot is not None and self.out is not None and self.plot.resolve() == self.out.resolve():
            raise InputError(f"--plot and --out: both are '{self.out}': a picture and a table need a file each")
        for path in (self.plot, self.out):
            if path is not None:
                check_file(path, self.force)

    def write(
        self, picture: Callable[[str], bytes], table: Callable[[], pd.DataFrame], language: Language | None = None
    ) -> None:
        """Write what was asked for, all of it or nothing.

        Args:
            picture: draws a kind of file, such as ".png".
            table: makes the table. It is written as Excel opens it: UTF-8 with a mark.
            language: in which it is said that they are written; English where left out.
        """
        from flowsim.core.files import write_files
        from flowsim.core.writing.spreadsheets import csv_text

        contents = {}
        if self.plot is not None:
            contents[self.plot] = picture(self.plot.suffix.lower())
        if self.out is not None:
            contents[self.out] = csv_text(table()).encode("utf-8-sig")
        write_files(contents, self.force)
        for path in contents:
            wrote = f"Wrote {path}" if language is None else language.say("wrote", out=str(path))
            print(wrote, file=sys.stderr)
