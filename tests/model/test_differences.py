"""What a scenario changes, as `flowsim check` begins."""

import re
import tomllib
from dataclasses import replace
from datetime import datetime

import pytest

from flowsim.cli.words.check import change_lines, load_lines, right_line
from flowsim.core.errors import InputError
from flowsim.model.differences import list_differences, same_until, takes_effect
from flowsim.model.pathway import Pathway
from flowsim.theory.fluid_load import workload
from helpers.scenarios import scenario_of, wording_of

RAW = tomllib.loads("""
name = "small"
start = 2020-01-01
end = 2023-01-01
[stations.team]
weekdays = ["mon"]
[stations.team.parties.municipal]
places = { 2020-01-01 = 30, 2021-07-01 = 40 }
[stations.team.parties.region]
places = 50
[stations.desk]
capacity = 4
[states.wait]
station = "team"
to = "stay"
[states.stay]
station = "desk"
stay = "10 weeks"
to = { work = 0.4, out = 0.6 }
[states.work]
final = true
[states.out]
final = true
[entries.door]
to = "wait"
rate = "100 per year"
""")


def lines(**changes):
    scenario = scenario_of(RAW, **changes)
    heading, *rest = change_lines(scenario, wording_of(scenario, codes=True)) or ["small changes small:"]
    assert heading == "small changes small:"
    return rest


def test_a_change_is_said_with_what_it_starts_from():
    edit = {"station": "team", "party": "municipal", "places": "+2", "from": "2021-01-01"}
    assert lines(stations=[edit]) == [
        "team, municipal: 30 → 32 places from Friday 1 January through Wednesday 30 June\n  2021 (+7 %)",
        "team, municipal: 40 → 42 places from 2021-07-01 (+5 %)",
    ]
    assert lines(stations=[edit | {"from": "2021-07-01", "through": "2021-07-31"}]) == [
        "team, municipal: 40 → 42 places from Thursday 1 July through Saturday 31 July\n  2021 (+5 %)"
    ]


def test_large_changes_are_marked():
    edit = {"station": "team", "party": "municipal", "from": "2021-07-01"}
    assert "+50 %)" in lines(stations=[edit | {"places": "+50 %"}])[0]
    assert "+55 %: more than half" in " ".join(lines(stations=[edit | {"places": "+55 %"}]))
    assert "-95 %: more than half" in " ".join(lines(stations=[edit | {"places": 2}]))


def test_every_kind_of_change_is_said():
    told = lines(
        until="2022-01-01",
        stations=[{"station": "desk", "capacity": 6}],
        shares=[{"state": "stay", "to": {"work": 0.5}}],
        stays=[{"state": "stay", "stay": "+1 weeks"}],
        arrivals=[{"entry": "door", "rate": "+10 per year"}],
        closures=[{"station": "team", "from": "2020-06-01", "through": "2020-06-30"}],
    )
    text = "\n".join(told)
    for part in (
        "desk: 4 → 6 servers from 2020-01-01 (+50 %)",
        "stay to work: 40 → 50 % from 2020-01-01 (+25 %)",
        "stay to out: 60 → 50 %",
        "stay: 10 → 11 weeks on average",
        "door: 100 → 110 per year",
        "team, municipal: 30 → 0 places",
        "the horizon's end: 2023-01-01 → 2022-01-01",
    ):
        assert part in text


def test_a_change_that_changes_nothing_is_said():
    assert lines(stations=[{"station": "desk", "capacity": "+0"}]) == [
        "warning: stations[no. 1: desk] changes nothing",
    ]
    assert lines(arrivals=[{"entry": "door", "rate": "100 per year"}])[-1].endswith("changes nothing")
    assert lines() == []


@pytest.mark.parametrize(
    ("closure", "effect"),
    [
        ({"from": "2022-01-04", "until": "2022-01-10"}, False),  # from Tuesday to Sunday: the team meets on Mondays
        ({"from": "2022-01-04", "until": "2022-01-11"}, True),
    ],
)
def test_a_closure_on_days_without_a_meeting_changes_nothing(closure, effect):
    told = lines(closures=[{"station": "team", **closure}])
    assert ("warning: closures[no. 1: team] changes nothing" in told) is not effect


def test_servers_on_days_on_which_a_station_is_shut_change_nothing():
    raw = RAW | {"stations": dict(RAW["stations"])}
    raw["stations"]["desk"] = {"capacity": 4, "open": "mon-fri 08:00-16:00"}
    before = Pathway.from_dict(raw)
    for steps, effect in (
        ({"2020-01-01": 4, "2022-01-01": 9, "2022-01-03": 4}, False),  # Saturday and Sunday
        ({"2020-01-01": 4, "2022-01-01": 9, "2022-01-04": 4}, True),
    ):
        desk = {"capacity": steps, "open": "mon-fri 08:00-16:00"}
        after = Pathway.from_dict(raw | {"stations": raw["stations"] | {"desk": desk}})
        assert list_differences(before, after)
        assert takes_effect(before, after) is effect


def test_differences_are_numbers():
    scenario = scenario_of(RAW, stations=[{"station": "desk", "capacity": 6, "from": "2021-01-01"}])
    (difference,) = list_differences(scenario.base.pathway(), scenario.pathway())
    assert (difference.of, difference.unit, difference.before, difference.after) == ("desk", "servers", 4, 6)
    assert (difference.since, difference.until, difference.relative) == (datetime(2021, 1, 1), None, 0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"stations": [{"station": "desk", "capacity": "+10 %"}]},
            "'+10 %' of 4 is 4.4, and only whole ones can be: write 4 or 5",
        ),
        (
            {"closures": [{"station": "desk", "keep": "40 %", "from": "2021-01-01"}]},
            "40 % of 4 servers is 1.6, and only whole ones can be: write 1 or 2",
        ),
    ],
)
def test_fractions_of_servers_are_refused(changes, message):
    with pytest.raises(InputError) as error:
        scenario_of(RAW, **changes).pathway()
    assert message in str(error.value)
    scenario_of(RAW, closures=[{"station": "desk", "keep": "50 %", "from": "2021-01-01"}]).pathway()


def test_the_party_that_binds_is_named_where_another_is_raised_past_it():
    edit = {"station": "team", "party": "municipal", "places": 60, "from": "2021-07-01"}
    assert "that is region with 50 places, not municipal with 60: raise region too" in " ".join(
        " ".join(lines(stations=[edit])).split()
    )
    assert not any(line.startswith("note") for line in lines(stations=[edit | {"places": 50}]))
    # Who raised the other one too, though not as far, knows that it counts.
    both = [edit, {"station": "team", "party": "region", "places": "+2", "from": "2021-07-01"}]
    assert not any(line.startswith("note") for line in lines(stations=both))
    before = [edit, {"station": "team", "party": "region", "places": "+2", "until": "2021-07-01"}]
    assert any(line.startswith("note") for line in lines(stations=before))


def test_a_share_of_a_rate_needs_a_sign():
    with pytest.raises(
        ValueError, match=r"'50 %' has no sign: write '-50 %' for so much less, or '.50 %' for so much more"
    ):
        scenario_of(RAW, arrivals=[{"entry": "door", "rate": "50 %"}])


def test_a_check_in_danish_says_the_same():
    edit = {"station": "team", "party": "municipal", "places": 60, "from": "2021-07-01", "through": "2021-07-31"}
    scenario = scenario_of(RAW, stations=[edit])
    danish = wording_of(scenario, "da")
    told = " ".join(" ".join(change_lines(scenario, danish)).split())
    assert "fra torsdag den 1. juli til og med lørdag den 31. juli 2021" in told
    assert "gælder det laveste antal, og fra 1. juli 2021 er det region" in told
    assert " er i orden: " in right_line(scenario, danish)
    english, other = (load_lines(workload(scenario.pathway()), wording_of(scenario, code)) for code in ("en", "da"))
    assert len(english) == len(other)
    figures = [[re.sub(r"[^0-9]", "", line) for line in lines] for lines in (english, other)]
    assert figures[0] == figures[1]


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("the stay of plan change by date", "varigheden i plan ændrer sig med datoen"),
        ("those who come to a go round without end", "de, der kommer til a, går i ring uden ende"),
        ("something else", "something else"),
    ],
)
def test_why_there_are_no_shares_is_told_in_danish(why, words):
    scenario = scenario_of(RAW)
    load = replace(workload(scenario.pathway()), why_no_prospects=why, prospects=())
    assert f"ingen andele af udfald: {words}" in " ".join(load_lines(load, wording_of(scenario, "da")))


TITLED = RAW | {
    "stations": {
        "team": RAW["stations"]["team"] | {"title": "The team"},
        "desk": RAW["stations"]["desk"] | {"title": "The desk"},
    },
    "states": RAW["states"]
    | {"work": {"title": "In work", "final": True}, "stay": {"title": "A stay"} | RAW["states"]["stay"]},
}


def test_a_check_speaks_in_titles_or_in_codes():
    edit = {"station": "team", "party": "municipal", "places": "+2", "from": "2021-01-01", "through": "2021-06-30"}
    changes = {"stations": [edit], "shares": [{"state": "stay", "to": {"work": "+10 %"}, "from": "2021-01-01"}]}
    scenario = scenario_of(TITLED, **changes)
    titles, codes = wording_of(scenario), wording_of(scenario, codes=True)
    said = " ".join(" ".join(change_lines(scenario, titles)).split())
    assert "The team, municipal: 30 → 32 places" in said
    assert "“A stay” to “In work”: 40 → 44 %" in said
    assert "team, municipal: 30 → 32 places" in "\n".join(change_lines(scenario, codes))
    assert "stay to work: 40 → 44 %" in "\n".join(change_lines(scenario, codes))
    load = workload(scenario.pathway())
    by_title, by_name = load_lines(load, titles), load_lines(load, codes)
    table = by_title[by_title.index("The team") :]
    assert table[1].startswith("  ")
    assert "The desk" in table
    assert not any(line.startswith(("team ", "desk ")) for line in by_title)
    assert any(line.startswith("team ") for line in by_name)
    assert by_title[-1] == "no outcome shares: the shares of A stay change by date"
    assert by_name[-1] == "no outcome shares: the shares of stay change by date"
    assert max(len(line) for text in (*by_title, *by_name) for line in text.splitlines()) <= 80


def capacity(value, **more):
    raw = {
        "name": "p",
        "start": "2020-01-01",
        "end": "2021-01-01",
        "stations": {"desk": {"capacity": value}},
        "states": {"a": {"station": "desk", "stay": "1 day", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "a", "rate": "1 per day"}},
    }
    return Pathway.from_dict(raw | more)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        (2, True),
        ({"2020-01-01": 2}, True),
        ({"2019-06-01": 5, "2019-12-01": 2, "2020-02-01": 2}, True),
        ({"2020-01-01": 2, "2020-06-01": 7, "2020-08-01": 1}, True),
        ({"2020-01-01": 2, "2020-05-31": 7}, False),
        ({"2019-06-01": 2, "2019-12-01": 5}, False),
        (3, False),
    ],
    ids=str,
)
def test_two_pathways_are_the_same_until_their_first_difference(value, same):
    assert same_until(capacity(2), capacity(value), datetime(2020, 6, 1)) == same
    assert same_until(capacity(value), capacity(2), datetime(2020, 6, 1)) == same


def test_what_is_remembered_of_a_part_is_no_difference():
    one, other = capacity(2), capacity(2)
    assert one.states[0].targets
    states = tuple(state.model_copy() for state in one.states)
    for copied in (other, one.model_copy(update={"states": states})):
        assert same_until(one, copied, datetime(2020, 6, 1))
        assert same_until(copied, one, datetime(2020, 6, 1))


def test_another_end_or_another_door_differs_from_the_start():
    moment = datetime(2020, 1, 2)
    assert same_until(capacity(2), capacity(2, title="other", name="q"), moment)
    assert not same_until(capacity(2), capacity(2, end="2020-12-31"), moment)
    assert not same_until(capacity(2), capacity(2, entries={"other": {"to": "a", "rate": "1 per day"}}), moment)
    assert not same_until(
        capacity(2),
        capacity(
            2,
            stations={"desk": {"capacity": 2, "room": 4}},
            states={
                "a": {"station": "desk", "stay": "1 day", "to": "out", "refused_to": "out"},
                "out": {"final": True},
            },
        ),
        moment,
    )


def test_where_those_who_come_end_is_said_in_per_cent_or_in_full():
    scenario = scenario_of(TITLED)
    load = workload(scenario.pathway())
    by_title, by_name = ("\n".join(load_lines(load, wording_of(scenario, codes=codes))) for codes in (False, True))
    assert "a citizen who comes by door ends in In work 40%, out 60% after" in by_title
    assert "visits" not in by_title
    assert "a citizen who comes by door ends in work 0.400, out 0.600 after" in by_name
    assert "visits: wait 1.00, stay 1.00" in " ".join(by_name.split())
