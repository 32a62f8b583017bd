"""Who baulks where many wait: by hand, and by birth and death.

Both engines agree on generated pathways (`test_twins.py`), and who stays there drew no less than the share.
"""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run

BAULKS = {"0": 0.1, "2": 0.5, "5": 1.0}


def town(baulks=BAULKS, capacity=2, days=3650, **state):
    stay = {"station": "desk", "stay": {"law": "exponential", "mean": "1 day"}, "to": "home"}
    return Pathway.from_dict(
        {
            "name": "baulking",
            "start": "2000-01-01",
            "end": str(np.datetime64("2000-01-01") + np.timedelta64(days, "D")),
            "stations": {"desk": {"capacity": capacity}},
            "states": {
                "talk": stay | {"baulks": baulks, "baulks_to": "away"} | state,
                "home": {"final": True},
                "away": {"final": True},
            },
            "entries": {"door": {"rate": "3 per day", "to": "talk"}},
        }
    )


def test_a_queue_that_is_baulked_is_a_birth_and_death_chain():
    """M/M/2 with n present: 3 a day come in while a server is free, less the share that baulks beyond."""
    weights = [1.0]
    for n in range(7):
        waiting = n - 2
        comes = 3.0 * (1 - (0.0 if waiting < 0 else 0.1 if waiting < 2 else 0.5))
        weights.append(weights[-1] * comes / min(n + 1, 2))
    shares = np.array(weights) / sum(weights)
    lost = 0.1 * shares[2:4].sum() + 0.5 * shares[4:7].sum() + shares[7]
    waiting = float(shares[3:] @ np.arange(1, 6))
    results = run(town(BAULKS), replications=20, seed=3, keep_traces=True)
    visits = [results.traces[number].visits for number in results.replications]
    horizon = 3650 * 1440
    simulated = {
        lost: [(rows["next"][rows["state"] == 0] == 2).mean() for rows in visits],
        waiting: [results.traces[number].queued[0] / horizon for number in results.replications],
    }
    for theory, values in simulated.items():
        error = np.std(values, ddof=1) / len(values) ** 0.5
        assert error < 0.01 * theory
        assert abs(np.mean(values) - theory) < 4.5 * error


@pytest.mark.parametrize("engine", ["kernel", "simpy"])
def test_who_can_be_served_never_baulks_and_who_comes_later_counts_who_stays(engine):
    """At one instant one is served, one waits, and all behind her find one who waits."""
    raw = town({"1": 1.0}, capacity=1, days=9).to_dict()
    raw["states"][0]["stay"] = "10 hours"
    raw["entries"] = {"door": {"at": ["2000-01-02T00:00"] * 4 + ["2000-01-02T10:00"] * 2, "to": "talk"}}
    results = run(Pathway.from_dict(raw), replications=1, seed=1, engine=engine, keep_traces=True)
    visits = results.visits(0)
    assert list(visits[visits["state"] == "talk"]["next"]) == ["home", "home", "away", "away", "home", "away"]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"baulks_to": None}, r"states\.talk: `baulks` and `baulks_to` go together"),
        ({"baulks": {"3": 0.5, "1": 0.2}}, r"states\.talk\.baulks: the numbers of those who wait rise"),
        ({"baulks": {"3": 1.5}}, r"states\.talk\.baulks.*1\.5"),
        ({"baulks_to": "nowhere"}, r"states\.talk: there is no state 'nowhere'"),
        (
            {"baulks_to": "talk", "to": {"home": 0.5, "away": 0.5}},
            r"states\.talk: citizens can go round from here to here in no time",
        ),
        ({"station": None}, r"states\.talk: `baulks` needs a `station` to wait at"),
    ],
)
def test_what_cannot_be_meant_is_refused(state, message):
    with pytest.raises(InputError, match=message):
        town(**state)
    assert Pathway.from_dict(town(BAULKS).to_dict()) == town(BAULKS)
