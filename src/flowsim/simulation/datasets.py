"""The values of a run as labelled arrays of xarray (extra `xarray`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from flowsim.core.extras import require_extra
from flowsim.core.periods import LENGTHS

if TYPE_CHECKING:
    import xarray as xr

    from flowsim.simulation.results import Results

__all__ = ["as_tree"]


def as_tree(results: Results) -> xr.DataTree:
    """Return the values of a run as a tree: see `Results.to_xarray`."""
    require_extra("xarray", "a labelled array")
    import xarray as xr

    columns_of: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(results.index):
        columns_of.setdefault((row.measure, row.period.every), []).append(number)
    groups: dict[str, xr.Dataset] = {}
    for every in LENGTHS:
        periods = sorted({row.period for row in results.index if row.period.every == every})
        if not periods:
            continue
        places = {period: place for place, period in enumerate(periods)}
        shape = (len(results.replications), len(periods))
        variables = {}
        for measure in results.measures:
            columns = columns_of.get((measure, every), [])
            if not columns:
                continue
            values = np.full(shape, np.nan)
            values[:, [places[results.index[number].period] for number in columns]] = results.values[:, columns]
            variables[str(measure)] = (("replication", "period"), values, {"units": measure.unit})
        coordinates = {
            "replication": np.array(results.replications, np.int64),
            "period": np.array([period.start for period in periods], "datetime64[us]"),
            "label": ("period", np.array([str(period) for period in periods])),
        }
        groups[every] = xr.Dataset(variables, coords=coordinates)
    attributes = {
        "pathway": results.pathway.name,
        "pathway_sha256": results.pathway.digest,
        "engine": results.engine,
        # A whole number of 64 bits fits no attribute of a file.
        "seed": str(results.seed),
        "visits_sha256": results.visits_sha256,
        "versions": json.dumps(dict(results.versions)),
    }
    return xr.DataTree.from_dict(groups | {"/": xr.Dataset(attrs=attributes)})
