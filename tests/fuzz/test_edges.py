"""Numbers at the edges of what machines count with: refused in one line, or the same in both engines."""

import copy

import pytest

from flowsim import InputError, Pathway, run

RAW = {
    "name": "edges",
    "start": "2019-01-01",
    "end": "2019-04-01",
    "stations": {
        "desk": {"capacity": 2, "room": 3},
        "board": {
            "weekdays": ["mon"],
            "parties": {
                "town": {
                    "staff": 1,
                    "hours": "6 hours",
                    "hours_a_case": "2 hours",
                    "follow_up": {"rest": "1 minute"},
                },
                "region": {"places": 4},
            },
        },
    },
    "states": {
        "plan": {
            "station": "desk",
            "stay": {"law": "exponential", "mean": "2 days"},
            "to": "wait",
            "refused_to": "out",
            "patience": {"law": "fixed", "mean": "90 days"},
            "reneges_to": "out",
        },
        "wait": {"station": "board", "to": "rest"},
        "rest": {
            "race": {"o": {"to": "out", "rate": "3 per month", "by_time_spent": {"0 weeks": 1.0, "4 weeks": 2.0}}}
        },
        "out": {"final": True},
    },
    "entries": {"door": {"to": "plan", "rate": "3 per week"}, "stock": {"to": "wait", "count": 3, "waiting": True}},
}
pytestmark = pytest.mark.filterwarnings("ignore::flowsim.model.CoarseTickWarning")
TOWN = "stations/board/parties/town"
COUNTS = ("stations/desk/room", "entries/stock/count", "stations/board/parties/region/places", f"{TOWN}/staff")
SPANS = (f"{TOWN}/hours", f"{TOWN}/hours_a_case", "states/plan/stay", "states/plan/patience/mean")
POWERS = [2**power + step for power in (31, 32, 53, 63, 64) for step in (-1, 0, 1)]


def outcomes(path, value):
    """Return what either engine says to a pathway with one other value: the hash of its visits, or "refused"."""
    raw = here = copy.deepcopy(RAW)
    *way, last = path.split("/")
    for key in way:
        here = here[key]
    here[last] = value
    try:
        pathway = Pathway.from_dict(raw)
    except InputError:
        return ["refused"] * 2
    hashes = []
    for engine in ("kernel", "simpy"):
        try:
            hashes.append(run(pathway, replications=1, engine=engine).visits_sha256)
        except InputError:
            hashes.append("refused")
    return hashes


def test_the_usual_numbers_run():
    assert outcomes("name", "edges") != ["refused"] * 2


@pytest.mark.parametrize("number", POWERS)
def test_whole_numbers_at_the_edges_of_words(number):
    for path in (*COUNTS, "stations/desk/capacity"):
        assert len(set(outcomes(path, number))) == 1
    for path in SPANS:
        assert len(set(outcomes(path, f"{number} minutes"))) == 1
    for path in ("entries/door/rate", "states/rest/race/o/rate"):
        assert len(set(outcomes(path, f"{number} per week"))) == 1
    assert outcomes("stations/desk/capacity", number) == ["refused"] * 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{TOWN}/hours_a_case", "1e-9 seconds"),
        (f"{TOWN}/hours_a_case", "1e-300 seconds"),
        (f"{TOWN}/hours", "1e12 hours"),
        ("states/plan/stay", {"law": "empirical", "values": ["1 day", "2 days"], "weights": [1e308, 1e308]}),
        ("states/plan/stay", {"law": "lognormal", "mean": "1 day", "cv": 1e6}),
        ("entries/door", {"to": "plan", "at": ["2019-02-01T09:00+02:00"]}),
        ("end", "2019-07-01T00:00+01:00"),
        ("tick", "1e-9 seconds"),
        ("states/rest/race/o/rate", "1e400 per week"),
    ],
)
def test_what_no_engine_can_hold_is_refused(path, value):
    assert outcomes(path, value) == ["refused"] * 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("end", "9999-12-31"),
        ("start", "0001-01-01"),
        ("entries/door", {"to": "plan", "at": ["9999-12-31"]}),
        ("states/rest/race/o/rate", "1e300 per second"),
        ("states/rest/race/o/rate", "1e-300 per year"),
        ("states/rest/race/o/by_time_spent", {"0 weeks": 1e308}),
        (f"{TOWN}/hours", "1e-300 seconds"),
    ],
)
def test_what_is_far_out_is_the_same_in_both_engines(path, value):
    assert len(set(outcomes(path, value))) == 1
