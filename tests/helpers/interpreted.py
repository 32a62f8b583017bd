"""Print the digests of some small pathways on the kernel; run with and without NUMBA_DISABLE_JIT by test_twins.py."""

import sys

import numpy as np

from flowsim.model.pathway import Pathway
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate

FEATURES = {
    "name": "features",
    "start": "2020-01-01",
    "end": "2020-01-07",
    "stations": {
        "desk": {"capacity": {"2020-01-01": 2, "2020-01-03": 1}, "room": 2},
        "course": {"capacity": 5, "together": 2, "order": "random"},
        "team": {
            "weekdays": ["wed", "thu", "fri", "sat"],
            "parties": {
                "own": {"staff": 2.0, "hours": "8 hours", "hours_a_case": "3 hours", "follow_up": {"b": "30 minutes"}},
                "other": {"places": 3.5},
            },
        },
    },
    "states": {
        "a": {
            "station": "desk",
            "stay": {"law": "gamma", "mean": "6 hours", "cv": 0.5},
            "patience": {"law": "weibull", "mean": "1 day", "cv": 1.5},
            "reneges_to": "b",
            "refused_to": "c",
            "to": {"2020-01-01": {"b": 0.7, "c": "rest"}, "2020-01-04": {"b": 0.2, "c": "rest"}},
        },
        "b": {
            "station": "team",
            "stay": {"law": "lognormal", "mean": "8 hours", "cv": 1.0},
            "to": {"c": 0.6, "d": 0.4},
        },
        "c": {
            "race": {
                "a": {"rate": {"2020-01-01": "1 per day", "2020-01-03": "3 per day"}},
                "out": {"rate": "1 per day", "by_time_spent": {"0 days": 1.0, "12 hours": 3.0}},
                "late": {"to": "out", "after": {"law": "empirical", "values": ["1 day", "2 days"]}},
            }
        },
        "d": {"station": "course", "stay": {"law": "exponential", "mean": "9 hours"}, "to": {"d": 0.3, "out": 0.7}},
        "out": {"final": True},
    },
    "entries": {
        "door": {"to": "a", "rate": {"2020-01-01": "9 per day", "2020-01-04": "3 per day"}},
        "renewal": {
            "to": "b",
            "every": {"law": "exponential", "mean": "8 hours"},
            "batch": {"2020-01-01": {"1": 0.6, "2": 0.4}, "2020-01-04": {"law": "geometric", "mean": 1.5}},
        },
        "stock": {"to": "a", "count": 3, "waiting": True, "elapsed": "6 hours"},
        "inside": {"to": "c", "count": 5, "elapsed": {"law": "gamma", "mean": "1 day", "cv": 0.7}},
    },
}

if __name__ == "__main__":
    model = compile_pathway(Pathway.from_dict(FEATURES))
    # Interpreted, a product of two NumPy integers warns where compiled code wraps round, as Philox wants it.
    with np.errstate(over="ignore"):
        for replication in range(int(sys.argv[1])):
            trace = simulate(model, 2**64 - 1, replication)
            print(len(trace.visits), trace.digest, trace.presence.tolist(), trace.queued.tolist())
