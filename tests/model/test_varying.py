"""Models made from another one."""

import pytest

from flowsim import Pathway, run
from flowsim.model.varying import unlimited

OFFICE = {
    "name": "office",
    "start": "2024-01-01",
    "end": "2024-04-01",
    "stations": {
        "desk": {"capacity": {"2024-01-01": 1, "2024-02-01": 0}},
        "board": {"weekdays": ["mon"], "parties": {"town": {"places": 1}, "region": {"places": 2}}},
        "lobby": {"capacity": 0, "room": 0},
    },
    "states": {
        "asking": {"station": "desk", "stay": "1 day", "to": "heard"},
        "heard": {"station": "board", "to": "waiting"},
        "waiting": {"station": "lobby", "stay": "1 hour", "to": "out", "refused_to": "lost"},
        "out": {"final": True, "outcome": True},
        "lost": {"final": True, "outcome": True},
    },
    "entries": {"door": {"to": "asking", "at": ["2024-01-03"] * 9 + ["2024-02-07"]}},
}


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_without_limits_nobody_waits_but_for_the_day_of_the_meeting(engine):
    office = Pathway.from_dict(OFFICE)
    limited, free = (run(model, replications=1, seed=1, engine=engine) for model in (office, unlimited(office)))
    assert limited.select("awards.out").values.sum() == 0
    assert free.select("awards.out").values.tolist() == [[10.0]]
    assert free.select("wait.desk.served").values[:, :2].tolist() == [[0.0, 0.0]]
    # From Thursday 4 January (and 8 February) to the meeting of Monday the 8th (and the 12th) at nine.
    assert (free.select("wait.board.served").values[:, :2] < 5 / 7).all()
