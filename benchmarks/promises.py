"""Write what `flowsim verify --promises --json` printed into the table of `docs/background/promises.md`.

`python -m benchmarks.promises FILE.json`: exits with 1 where a promise is broken; the table is written all the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "background" / "promises.md"
BEGIN, END = "<!-- written by make promises -->", "<!-- end -->"


def share(value: float) -> str:
    """Write a share in three decimals without the leading zero."""
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1"


def bounds(promise: dict[str, Any]) -> str:
    """Write the share that a promise shall have."""
    least, most = (None if promise[key] is None else share(promise[key]) for key in ("least", "most"))
    if least is not None and most is not None:
        return f"{least}-{most}"
    return f"≥ {least}" if most is None else f"≤ {most}"


def row(promise: dict[str, Any]) -> str:
    """Write a row of the table."""
    mark = "" if promise["holds"] else " **broken**"
    cells = (
        promise["model"],
        promise["promise"] + mark,
        f"{promise['repetitions']:,}",
        share(promise["rate"]),
        f"{share(promise['low'])}-{share(promise['high'])}",
        bounds(promise),
        promise["price"],
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Write the table."""
    promises = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["promises"]
    head = ["| model | promise | repeated | rate | 95 % | goal | price |", "|---|---|--:|--:|--:|--:|---|"]
    table = "\n".join([*head, *map(row, promises)])
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    broken = [promise for promise in promises if not promise["holds"]]
    for promise in broken:
        print(f"broken: {promise['model']}: {promise['promise']}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
