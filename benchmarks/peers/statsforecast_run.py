"""Forecast series with statsforecast's automatic models, in an environment of its own (it needs an older pandas).

`python statsforecast_run.py SERIES.json FORECASTS.json`: a list of histories in (with the steps ahead and the
periods in a year), for each model the points, the ends of the 80 and 95 % intervals and the CPU seconds out. No flowsim
here.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, AutoTheta

MODELS = {"AutoETS": AutoETS, "AutoARIMA": AutoARIMA, "AutoTheta": AutoTheta, "AutoCES": AutoCES}
KEYS = ("mean", "lo-80", "hi-80", "lo-95", "hi-95")


def main(source: str, target: str) -> None:
    asked = json.loads(Path(source).read_text(encoding="utf-8"))
    histories = [np.array(values) for values in asked["histories"]]
    steps, season, told = asked["ahead"], asked.get("season", 4), {}
    for name, model in MODELS.items():
        model(season_length=season).forecast(histories[0], steps, level=[80, 95])  # compiles
        rows, seconds, failed = [], 0.0, 0
        for values in histories:
            start = time.process_time()
            try:
                found = model(season_length=season).forecast(values, steps, level=[80, 95])
                rows.append([[float(number) for number in found[key]] for key in KEYS])
            except Exception:
                failed += 1
                rows.append(None)
            seconds += time.process_time() - start
        told[name] = {"forecasts": rows, "cpu": seconds, "failed": failed}
    versions = {name: metadata.version(name) for name in ("statsforecast", "numpy", "pandas")}
    Path(target).write_text(json.dumps({"models": told, "versions": versions}), encoding="utf-8")


if __name__ == "__main__":
    # A peer's warnings about single series are its own; what counts are its forecasts.
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2])
