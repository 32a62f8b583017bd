"""Stays that begin together: draw by draw, from one fork to the next, and what does not go with them.

Both engines agree on generated pathways (`test_twins.py`), whose groups are an identity (`test_identities.py`);
what falls on one instant is traced by hand in `test_ties.py`, and `flowsim verify` has the bulk server.
"""

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.model.differences import list_differences
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import compile_pathway, name_key
from flowsim.simulation.engine.trace import NEVER

DAY = 24 * 60  # ticks
MEAN = 3 * DAY
STAY = {"law": "exponential", "mean": "3 days"}
LEARN = {"station": "course", "stay": STAY, "to": {"job": 0.5, "home": 0.5}}


def town(learn=(), entries=(), states=(), **course):
    return Pathway.from_dict(
        {
            "name": "town",
            "start": "2020-01-01",
            "end": "2020-12-31",
            "stations": {"course": {"capacity": 9, "together": 4} | course},
            "states": {"learn": LEARN | dict(learn)} | {"job": {"final": True}, "home": {"final": True}} | dict(states),
            "entries": {"door": {"to": "learn", "rate": "2 per day"}} | dict(entries),
        }
    )


def visits_of(pathway, engine=fast, luck=(1, 0), forks=()):
    visits = engine.simulate(compile_pathway(pathway), *luck, forks).visits
    return visits[visits["state"] == 0]


def uniforms(citizen, luck=(1, 0), visit=0):
    """Stay, patience and route of the n-th to come by the door, drawn by NumPy."""
    counter = [visit << 32, name_key("learn"), citizen, name_key("door")]
    before = sum(word << 64 * (3 - n) for n, word in enumerate(counter)) - 1
    parts = np.array([before >> 64 * n & 2**64 - 1 for n in range(4)], np.uint64)
    words = np.random.Philox(key=np.array(luck, np.uint64), counter=parts).random_raw(3)
    return ((words >> np.uint64(12)) + 0.5) * 2.0**-52


@pytest.mark.parametrize("engine", [fast, reference])
def test_the_first_of_a_group_draws_its_stay_and_each_her_own_way(engine):
    visits = visits_of(town(), engine)
    begun = visits[visits["started"] != NEVER]
    assert len(begun) > 600
    for group in begun.reshape(-1, 4):
        assert len(set(group["started"])) == len(set(group["ended"])) == 1
        draws = [uniforms(int(citizen)) for citizen in group["citizen"]]
        if group["ended"][0] != NEVER:
            assert group["ended"][0] - group["started"][0] == np.floor(-MEAN * np.log(draws[0][0]) + 0.5)
            assert group["next"].tolist() == [1 if route <= 0.5 else 2 for _, _, route in draws]


def test_a_group_of_one_is_a_citizen():
    alone = town(together=1).to_dict()
    assert "together" not in alone["stations"][0]
    assert town(together=1).digest == Pathway.from_dict(alone).digest != town(together=2).digest


def test_groups_of_another_size_move_no_arrival_and_nobodys_way():
    fours, threes = visits_of(town()), visits_of(town(together=3))
    assert (fours["joined"] == threes["joined"]).all()
    ended = (fours["ended"] != NEVER) & (threes["ended"] != NEVER)
    assert (fours["next"] == threes["next"])[ended].all()
    assert (fours["started"] != threes["started"])[ended].mean() > 0.5


def test_a_group_that_begins_after_a_fork_has_the_luck_of_the_future():
    pathway, fork = town(), 100 * DAY
    alone, one, other = (visits_of(pathway, forks=forks) for forks in ((), [(fork, 1)], [(fork, 2)]))
    same = [visits["started"][visits["joined"] < fork] for visits in (alone, one, other)]
    lasted = [visits["ended"] - visits["started"] for visits in (alone, one, other)]
    before = (same[0] < fork) & (same[0] != NEVER)
    for started, length in ((same[1], lasted[1]), (same[2], lasted[2])):
        assert started[before].tolist() == same[0][before].tolist()
        assert length[: len(before)][before].tolist() == lasted[0][: len(before)][before].tolist()
    # Those who wait at the fork came with the luck of the history; their stay is of the future in which it begins.
    waiting = np.flatnonzero(~before)
    assert len(waiting) > 0
    first = int(waiting[0])
    assert len({int(length[first]) for length in lasted}) == 3


def test_kept_histories_go_on_with_those_who_wait_and_those_who_are_under_way():
    model = compile_pathway(town())
    waiting = set()
    for tick in range(100 * DAY, 103 * DAY, 5 * 60):
        kept = fast.run_until(model, 1, 0, tick)
        waiting.add(int(kept.run.desks["waiting"][0]))
        whole, onward = fast.simulate(model, 1, 0, [(tick, 2)]), fast.go_on(kept, model, 2)
        assert whole.visits.tobytes() == onward.visits.tobytes()
    assert len(waiting) > 2


def test_servers_are_counted_by_citizen():
    """Of thirteen at once eight begin for 30 days of 366, then four, and one waits for ever."""
    entries = {"door": {"to": "learn", "at": ["2020-01-01"] * 13}}
    raw = town(entries=entries, learn={"stay": "30 days"}, capacity=8).to_dict() | {"end": "2021-01-01"}
    results = run(Pathway.from_dict(raw), replications=1, seed=1, keep_traces=True)
    served, waiting = (results.occupancy("course", counted)["share"] * 366 for counted in ("served", "waiting"))
    assert served.tolist() == pytest.approx([306, 0, 0, 0, 30, 0, 0, 0, 30])
    assert waiting.tolist() == pytest.approx([0, 336, 0, 0, 0, 30])
    assert results.traces[0].sessions[["places", "taken"]].tolist() == [(8, 12)]


HALVES = {
    "early": {"servers": 2, "open": "mon-fri 08:00-12:00"},
    "late": {"servers": 2, "open": "mon-fri 13:00-16:00"},
}
REFUSED = [
    ({"reserved": {"0": 1}}, {}, r"`together` and `reserved` do not go with each other"),
    ({"preempts": "resume"}, {}, r"`together` and `preempts` do not go with each other"),
    ({"on_cut": "resume"}, {}, r"`together` and `on_cut` do not go with each other"),
    ({"order": "shortest"}, {}, r"`together` and `order` \(shortest\) do not go with each other"),
    ({"capacity": 3}, {}, r"stations\.course: `capacity` is 3, and no stay begins before 4 servers are free"),
    ({"capacity": {"2020-01-01": 8, "2020-03-01": 2}}, {}, r"`capacity` is 2 from 2020-03-01 on, and no stay begins"),
    (
        {"capacity": 1, "shifts": {"late": {"servers": 2, "open": "mon-fri 12:00-18:00"}}},
        {},
        r"`capacity` is 3 with all `shifts`, and no stay begins before 4 servers",
    ),
    (
        {"capacity": 0, "shifts": HALVES},
        {},
        r"stations\.course\.shifts: never more than 2 servers are there at once, and no stay begins before 4 are free",
    ),
    ({"room": 2}, {"refused_to": "home"}, r"`room` is 2, so that 4 never come `together`: 3 or more wait until"),
    ({"together": 0}, {}, r"stations\.course\.together: 0 is not allowed"),
    ({}, {"stay": None, "to": None, "race": {"job": {"rate": "1 per day"}}}, r"states\.learn\.race: stays at 'course'"),
]


@pytest.mark.parametrize(("course", "learn", "message"), REFUSED, ids=[message[:30] for *_, message in REFUSED])
def test_what_does_not_go_with_it_is_refused(course, learn, message):
    with pytest.raises(InputError, match=message):
        town(learn=learn, **course)


def test_shifts_that_overlap_for_an_hour_have_enough_servers():
    late = HALVES["late"] | {"open": "mon-fri 11:00-16:00"}
    visits = visits_of(town(capacity=0, shifts=HALVES | {"late": late}))
    started = visits["started"][visits["started"] != NEVER]
    assert len(started)
    assert {int(tick) // 60 % 24 for tick in started} == {11}


def test_a_meeting_takes_whoever_waits():
    with pytest.raises(InputError, match=r"`together` is of servers \(`capacity`\); a meeting takes whoever waits"):
        Pathway.from_dict(
            {
                "name": "meeting",
                "start": "2020-01-01",
                "end": "2020-12-31",
                "stations": {"team": {"weekdays": "tue", "places": 6, "together": 2}},
                "states": {"case": {"station": "team", "to": "out"}, "out": {"final": True}},
                "entries": {"door": {"to": "case", "rate": "1 per day"}},
            }
        )


def test_states_at_a_course_have_one_stay():
    door = {"other": {"to": "again", "rate": "1 per day"}}
    again = LEARN | {"priority": 1, "to": "home"}
    assert town(states={"again": again}, entries=door).state("again").priority == 1
    with pytest.raises(InputError, match=r"states\.again\.stay: stays at 'course' begin `together` .* that of 'learn'"):
        town(states={"again": again | {"stay": "2 days"}}, entries=door)
    with pytest.raises(InputError, match=r"states\.after\.keeps: stays at 'course' begin `together`, so none keeps"):
        town(states={"after": {"keeps": "course", "stay": "1 day", "to": "home"}}, learn={"to": "after"})
    with pytest.raises(InputError, match=r"states\.again\.blocks: stays at 'course' begin `together` and last alike"):
        town(states={"again": again | {"blocks": True}}, learn={"to": "again", "refused_to": "home"}, room=9)
    raw = town().to_dict() | {"attributes": {"age": {"shares": {"young": 0.5, "old": 0.5}}}}
    raw["states"][0]["variants"] = [{"of": {"age": "old"}, "priority": 1}]
    assert Pathway.from_dict(raw).attributes
    raw["states"][0]["variants"] = [{"of": {"age": "old"}, "stay": "2 days"}]
    with pytest.raises(InputError, match=r"states\.learn\.variants: stays at 'course' begin `together` and last alike"):
        Pathway.from_dict(raw)


def test_more_places_at_times_may_be_what_an_answer_gives():
    rule = {"wait": "2 days", "gain": 1.0, "lag": "0 days", "least": 1.0, "most": 2.0, "every": "1 day"}
    visits = visits_of(town(capacity=2, answers=rule))
    assert (visits["started"] != NEVER).any()
    with pytest.raises(InputError, match="`capacity` is 2, and no stay begins"):
        town(capacity=2, answers=rule | {"most": 1.9})


def test_another_size_is_a_difference():
    told = [(one.of, one.before, one.after) for one in list_differences(town(), town(together=3))]
    assert told == [("course, together", 4, 3)]
