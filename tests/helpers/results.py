"""Results of three replications, made by hand."""

import numpy as np

from flowsim.simulation.results import Results
from helpers.measures import row
from helpers.traces import SMALL

NAN = float("nan")
INDEX = (
    row("stock.cash", "2019Q1", "citizens"),
    row("stock.cash", "2019", "citizens"),
    row("queue.desk", "2019-03", "citizens"),
    row("queue.desk", "2020-01", "citizens"),
)
NAN = float("nan")


def results(values=((1, 5, NAN, 9), (2, 7, NAN, NAN), (4, 6, NAN, 8)), **changes):
    told = {
        "pathway": SMALL,
        "seed": 1,
        "replications": (0, 3, 4),
        "engine": "kernel",
        "index": INDEX,
        "values": np.array(values, float),
        "digests": ("a", "b", "c"),
    }
    return Results(**(told | changes))
