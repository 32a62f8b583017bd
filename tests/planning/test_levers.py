"""What can be varied, and that nothing else is."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import InputError, Pathway
from flowsim.core.errors import KeyedError
from flowsim.model.varying import cut_after
from flowsim.planning.levers import Levels, Lever, varied, without_queues
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.trace import NEVER
from flowsim.simulation.measures.timeline import Calendar
from flowsim.testing import pathways
from helpers.models.generated import RELAXED
from helpers.scenarios import scenario_of
from helpers.traces import RAW, SMALL

MAY = datetime(2019, 5, 1)
JOINT = RAW | {
    "stations": RAW["stations"]
    | {"board": {"weekdays": ["mon"], "parties": {"town": {"places": 4.0}, "region": {"places": 9.0}}}}
}


def lever(name, pathway=SMALL):
    return Lever.parse(name, pathway)


GROUPS = {"capacity": 6, "together": 3}
LATE = {"servers": 1, "open": "mon-fri 12:00-18:00"}
ANSWER = {"wait": "2 days", "gain": 1, "lag": "0 days", "least": 1, "most": 1.5, "every": "1 day"}


def of_groups(desk):
    return {
        "name": "groups",
        "start": "2024-01-01",
        "end": "2025-01-01",
        "stations": {"desk": desk},
        "states": {"in": {"station": "desk", "stay": "1 day", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "in", "rate": "2 per day"}},
    }


@pytest.mark.parametrize(
    ("desk", "least"),
    [
        (GROUPS, 3),
        (GROUPS | {"open": "mon-fri 08:00-16:00"}, 3),
        (GROUPS | {"shifts": {"late": {"servers": 2, "open": "mon-fri 12:00-18:00"}}}, 1),
        (GROUPS | {"shifts": {"late": {"servers": 3, "open": "mon-fri 12:00-18:00"}}}, 0),
        # Never is more than one of the two shifts there.
        (GROUPS | {"shifts": {"late": LATE, "early": LATE | {"open": "mon-fri 06:00-12:00"}}}, 2),
        (GROUPS | {"shifts": {"late": LATE}, "open": "mon-fri 06:00-12:00"}, 3),
        # What answers the wait adds none where the number is set.
        (GROUPS | {"answers": ANSWER}, 3),
    ],
    ids=["servers", "hours", "shifts", "shifts alone", "shifts apart", "a shift at other hours", "an answer"],
)
def test_so_few_servers_that_no_group_begins_are_not_varied(desk, least):
    """What is allowed is what a pathway takes."""
    pathway = Pathway.from_dict(of_groups(desk))
    assert varied(["desk.capacity"], [f"{least} 20"], pathway)[0].least == least
    assert Pathway.from_dict(of_groups(desk | {"capacity": least}))
    if least > 0:
        allowed = f"{'' if 'shifts' in desk else '0, or '}{least} or more as the least"
        message = rf"desk\.capacity: {least - 1} is not allowed: {allowed}, .* begin 3 together"
        with pytest.raises(KeyedError, match=message) as refused:
            varied(["desk.capacity"], [f"{least - 1} 20"], pathway)
        assert refused.value.key == "between"


@pytest.mark.parametrize("every", [1, 2])
def test_from_no_servers_on_what_is_too_few_for_a_group_is_left_out(every):
    raw = of_groups(GROUPS)
    pathway = Pathway.from_dict(raw)
    (levels,) = varied(["desk.capacity"], ["0 6"], pathway)
    assert levels.thinned(every).all == ((0, 3, 4, 5, 6) if every == 1 else (0, 4, 6))
    for level in levels.all:
        assert levels.lever.set(scenario_of(raw), level, pathway.start).pathway()
    with pytest.raises(KeyedError, match=r"desk\.capacity: 2 is not allowed: 3 or more as the most"):
        varied(["desk.capacity"], ["0 2"], pathway)


def test_a_lever_is_counted_in_words():
    desk = lever("desk.capacity")
    assert [desk.counted(level) for level in (0, 1, 2)] == ["0 servers", "1 server", "2 servers"]
    danish = Wording(language=Language.of("da"), pathway=SMALL, shipped=False, codes=False)
    assert [danish.lever(desk, number) for number in (1, 2, None)] == [
        "betjeningssted: desk",
        "betjeningssteder: desk",
        "betjeningssteder: desk",
    ]
    assert [danish.value(number, "citizens") for number in (1, 2)] == ["1\u00a0borger", "2\u00a0borgere"]


def held(scenario, station, when):
    """What a station and its parties have at a moment."""
    told = scenario.pathway().station(station)
    out = {key: getattr(told, key).at(when) for key in ("places", "capacity") if getattr(told, key)}
    for party in told.parties:
        out |= {f"{party.name}.{k}": getattr(party, k).at(when) for k in ("places", "staff") if getattr(party, k)}
    return out


def test_a_lever_is_named_by_station_party_and_key():
    assert lever("desk.capacity").parties == (None,)
    assert lever("board.town.staff").parties == ("town",)
    assert lever("board.region.places").unit == "places a meeting"
    assert lever("board.places", Pathway.from_dict(JOINT)).parties == ("town", "region")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("desk.capasity", "there is no lever 'desk.capasity'; did you mean 'desk.capacity'?"),
        ("desk.places", "there is no lever 'desk.places'"),
        ("board.town.places", "did you mean 'board.region.places'? (allowed: board.region.places, board.town.staff, "),
        ("board.staff", "there is no lever 'board.staff'"),  # its parties are not of one kind
    ],
)
def test_an_unknown_lever_is_answered_with_the_nearest(name, message):
    with pytest.raises(InputError) as error:
        lever(name)
    assert message in str(error.value)


def test_it_holds_from_its_moment_on_and_all_other_changes_stay():
    before, after = datetime(2019, 4, 30), datetime(2019, 8, 1)
    scenario = scenario_of(
        RAW,
        stations=[{"station": "desk", "capacity": "+2"}],
        arrivals=[{"entry": "new", "rate": "+20 per year", "from": "2019-06-01"}],
        closures=[{"station": "desk", "from": "2019-07-15", "until": "2019-08-15", "keep": "50 %"}],
    )
    set_to = lever("desk.capacity").set(scenario, 30, MAY)
    assert held(set_to, "desk", before) == held(scenario, "desk", before) == {"capacity": 6}
    assert held(set_to, "desk", MAY) == {"capacity": 30}
    assert held(set_to, "desk", after) == {"capacity": 15}  # the closure keeps half of it
    theirs, ours = scenario.pathway().to_dict(), set_to.pathway().to_dict()
    assert theirs["entries"] == ours["entries"]
    del theirs["stations"][0]["capacity"], ours["stations"][0]["capacity"]
    assert theirs == ours
    assert scenario.file.stations == set_to.file.stations[:1]


def test_all_parties_get_the_same():
    scenario = scenario_of(JOINT)
    set_to = lever("board.places", scenario.pathway()).set(scenario, 6, MAY)
    assert held(set_to, "board", MAY) == {"town.places": 6, "region.places": 6}
    alone = lever("board.town.places", scenario.pathway()).set(scenario, 6, MAY)
    assert held(alone, "board", MAY) == {"town.places": 6, "region.places": 9}


def test_it_tells_what_there_is():
    pathway = Pathway.from_dict(JOINT)
    assert lever("board.places", pathway).held(pathway, MAY) == {"town": 4, "region": 9}
    assert lever("board.region.places", pathway).held(pathway, MAY) == {"region": 9}
    assert lever("desk.capacity").held(SMALL, MAY) == {"desk": 4}
    assert lever("board.town.staff").held(SMALL, MAY) == {"town": 4}


def test_nobody_waits_where_there_is_a_place_for_everybody():
    many = RAW["entries"] | {"new": {"to": "cash", "rate": "5000 per year"}}
    raw = RAW | {"entries": many, "stations": RAW["stations"] | {"desk": {"capacity": 2, "room": 9}}}
    scenario = without_queues(scenario_of(raw), ["desk", "board"], datetime(2019, 1, 1))
    trace = simulate(compile_pathway(scenario.pathway()), 1, 0)
    at_desk = trace.visits[trace.visits["state"] == 1]
    assert len(at_desk) > 1000
    assert (at_desk["started"] == at_desk["joined"]).all()
    assert trace.sessions["taken"].max() > 9
    assert (trace.sessions["taken"] == trace.sessions["waiting"])[trace.sessions["station"] == 1].all()


@pytest.mark.parametrize(("least", "most", "every"), [(5, 5, 1), (6, 5, 1), (-1, 5, 1), (0, 10**7, 1), (0, 5, 0)])
def test_levels_rise(least, most, every):
    with pytest.raises(InputError, match=r"desk\.capacity: between .* is not allowed"):
        Levels(lever=lever("desk.capacity"), least=least, most=most, every=every)


def test_levels_are_all_whole_numbers_or_every_nth_and_the_last():
    assert Levels(lever=lever("desk.capacity"), least=2, most=5).all == (2, 3, 4, 5)
    assert Levels(lever=lever("desk.capacity"), least=2, most=9, every=3).all == (2, 5, 8, 9)
    assert Levels(lever=lever("desk.capacity"), least=2, most=8, every=3).all == (2, 5, 8)


@pytest.mark.parametrize(
    ("least", "most", "rows"),
    [
        (0, 80, (0, 10, 20, 30, 40, 50, 60, 70, 80)),
        (4, 12, tuple(range(4, 13))),
        (4, 13, (4, 6, 8, 10, 12, 13)),
        (2, 5, (2, 3, 4, 5)),
    ],
)
def test_of_many_levels_nine_rows_at_the_most_are_tried_where_no_number_is_given(least, most, rows):
    allowed = Levels(lever=lever("desk.capacity"), least=least, most=most)
    assert allowed.thinned().all == rows
    assert allowed.thinned(1).all == tuple(range(least, most + 1))


@pytest.mark.parametrize(
    ("answers", "given"),
    [
        (None, False),
        (ANSWER, True),
        (ANSWER | {"gain": 0}, False),
        ({"2019-01-01": "off", "2019-09-01": ANSWER}, True),
        ({"2019-01-01": ANSWER | {"gain": 0}, "2019-09-01": "off"}, False),
    ],
    ids=["none", "an answer", "no gain", "later", "never"],
)
def test_an_answer_to_the_wait_is_off_where_a_lever_is_set_if_there_is_one(answers, given):
    own = RAW["stations"]["desk"] | ({"answers": answers} if answers else {})
    scenario = scenario_of(RAW | {"stations": RAW["stations"] | {"desk": own}})
    desk = lever("desk.capacity", scenario.pathway())
    assert desk.answers == given
    rules = desk.set(scenario, 5, MAY).pathway().station("desk").answers
    assert given == (rules is not None and rules != scenario.pathway().station("desk").answers)
    assert not given or rules.at(datetime(2019, 12, 1)) is None


@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.integers(0, 2**32), st.floats(0.05, 0.95))
def test_what_comes_before_is_not_changed_by_an_earlier_end(pathway, seed, part):
    hours = (pathway.end - pathway.start) // timedelta(hours=1)
    end = pathway.start + timedelta(hours=max(1, int(hours * part)))
    cut = cut_after(pathway, end)
    given_times = [when for entry in pathway.entries for when in entry.at]
    assert cut.end == (pathway.end if any(when >= end for when in given_times) else end)
    whole, early = (simulate(compile_pathway(one), seed, 3) for one in (pathway, cut))
    horizon = Calendar.of(cut).horizon
    seen = whole.visits[whole.visits["joined"] < horizon].copy()
    for name in ("started", "ended"):
        seen[name][seen[name] >= horizon] = NEVER
    seen["next"][seen["ended"] == NEVER] = -1
    # Those who come later have no number in the cut one.
    kept = [name for name in seen.dtype.names if name != "citizen"]
    np.testing.assert_array_equal(seen[kept], early.visits[kept])


def test_given_times_keep_their_horizon():
    entries = {"given": {"to": "cash", "at": ["2019-02-01", "2019-05-01"]}}
    pathway = Pathway.from_dict(RAW | {"entries": entries | {"other": RAW["entries"]["other"]}})
    assert cut_after(pathway, MAY).end == pathway.end  # who comes at its end would come at no time
    assert cut_after(pathway, MAY + timedelta(days=1)).end == MAY + timedelta(days=1)


def test_infinity_is_more_than_anybody_waits_for():
    scenario = scenario_of(RAW)
    assert held(lever("desk.capacity").set(scenario, math.inf, MAY), "desk", MAY)["capacity"] >= 1_000_000
