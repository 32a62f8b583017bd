"""A small pathway with one desk."""

from flowsim import Pathway

RAW = {
    "name": "small",
    "start": "2020-01-01",
    "end": "2020-07-01",
    "stations": {"desk": {"capacity": 2}},
    "states": {
        "plan": {
            "station": "desk",
            "stay": {"law": "gamma", "mean": "3 days", "cv": 0.6},
            "to": {"out": 0.8, "back": 0.2},
        },
        "back": {"race": {"plan": {"to": "plan", "rate": "3 per month"}, "out": {"to": "out", "rate": "1 per month"}}},
        "out": {"final": True},
    },
    "entries": {"door": {"to": "plan", "rate": "4 per week"}, "there": {"to": "back", "count": 3}},
}  # fmt: skip
SMALL = Pathway.from_dict(RAW)
