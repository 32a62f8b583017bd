"""Write the Python of the README and of each page of the docs as one module a page, for type checkers to read.

    python tests/importer/blocks.py FOLDER

Blocks of a page go on from each other, as a reader runs them; of a doctest what is typed is kept, and nothing of what
it shows.
"""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```python\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Return the README and the pages of the docs."""
    return [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts)]


def code_of(page: str) -> str:
    """Return the Python of a page."""
    blocks = []
    for block in _BLOCK.findall(page):
        typed = [example.source for example in doctest.DocTestParser().get_examples(block)]
        blocks.append("".join(typed) if ">>>" in block else block)
    return "\n".join(blocks)


def main(folder: Path) -> None:
    """Write the modules, and remove those of pages that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    for page in pages():
        code = code_of(page.read_text(encoding="utf-8"))
        if code:
            name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_")
            (folder / f"{name}.py").write_text(code, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
