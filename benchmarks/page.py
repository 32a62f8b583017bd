"""How long the page lets a planner wait: a real browser, a clock, and the same replications beside it.

`python -m benchmarks.page [FILE]` opens Copenhagen's workbench in chromium, moves its sliders and writes, a line of
JSON a case, the seconds from the event to the first figures (4 futures), to all of the look (20) and to
the run (100). Beside it stand, measured in between on the same machine, 20 replications of one scenario from the start:
the ratio to these says what the page adds or saves, whatever else the machine does. Nothing is asserted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowsim import Scenario, run
from flowsim.calibration.ensemble import Ensemble

LONG = 600_000
# A case: which sliders move by how many steps, or from which day a row of its own holds.
CASES: dict[str, dict[str, Any]] = {
    "one lever": {"sliders": [2]},
    "two levers": {"sliders": [2, 4]},
    "dated earlier": {"since": "2019-01-01"},
}
# The clock stops within the page: to ask it again and again from here has it draw a frame each time.
WATCH = """() => {
  window.marks = {};
  const tiles = document.querySelector(".tiles");
  window.watcher?.disconnect();
  window.whole = new Promise((resolve) => {
    window.watcher = new MutationObserver(() => {
      const tile = tiles.querySelector(".tile");
      if (!tile || tile.classList.contains("stale")) return;
      const mark = tile.dataset.replications;
      if (!(mark in window.marks)) window.marks[mark] = performance.now();
      if (mark === "100") resolve();
    });
  });
  window.watcher.observe(tiles, { childList: true, subtree: true, attributes: true });
  window.begun = performance.now();
}"""


@contextmanager
def workbench() -> Iterator[Any]:
    """Yield a tab of Copenhagen's workbench that has had its first run."""
    from playwright.sync_api import sync_playwright

    words = [sys.executable, "-m", "flowsim", "web", "--port", "0", "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[4]
        place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=place, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
            page.goto(f"{address}/#/workbench?lang=en")
            page.locator(".tile[data-replications='100']").first.wait_for(timeout=LONG)
            yield page
            browser.close()
    finally:
        process.kill()
        process.communicate()


def replications() -> float:
    """Return the seconds that 20 replications of Copenhagen take from the start, on all cores."""
    scenario = Scenario.of("today")
    ensemble = Ensemble.of(scenario.base)
    assert ensemble is not None
    begun = time.perf_counter()
    run(ensemble.over(scenario), replications=20, seed=1, workers=os.cpu_count())
    return time.perf_counter() - begun


def measured(page: Any, case: dict[str, Any], step: int) -> dict[str, float]:
    """Return the seconds from an event to each stage of the answer."""
    if "since" in case:
        if page.locator(".dated-row").count() == 0:
            page.get_by_role("button", name="Add a row").click()
            page.locator(".tile[data-replications='100']").first.wait_for(timeout=LONG)
            page.locator(".dated-row input[type=date]").first.fill(case["since"])
            page.locator(".dated-row input[type=date]").first.blur()
            page.locator(".tile[data-replications='100']:not(.stale)").first.wait_for(timeout=LONG)
        field = page.locator(".dated-row input[type=text]").first
        field.fill(str(30 + step))
        page.evaluate(WATCH)
        field.blur()
    else:
        for place in case["sliders"][:-1]:
            page.get_by_role("slider").nth(place).press("ArrowRight")
        page.evaluate(WATCH)
        page.get_by_role("slider").nth(case["sliders"][-1]).press("ArrowRight")
    marks, begun = page.evaluate("async () => { await window.whole; return [window.marks, window.begun]; }")
    return {stage: (when - begun) / 1000 for stage, when in marks.items()}


def main(file: Path | None) -> None:
    """Measure each case three times, each with another value, for what was run before is kept."""
    from flowsim import __version__

    with workbench() as page:
        for name, case in CASES.items():
            times = [measured(page, case, step) for step in (1, 2, 3)]
            stages = sorted({stage for one in times for stage in one}, key=int)
            seconds = {stage: [round(one[stage], 2) for one in times if stage in one] for stage in stages}
            beside = round(replications(), 2)
            ratio = round(sorted(seconds["20"])[len(seconds["20"]) // 2] / beside, 2) if "20" in seconds else None
            record = {"version": __version__, "case": name, "load": round(os.getloadavg()[0], 1), "seconds": seconds}
            line = json.dumps(record | {"of 20 from the start": beside, "look / these": ratio})
            print(line, flush=True)
            if file is not None:
                with file.open("a", encoding="utf-8") as out:
                    out.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
