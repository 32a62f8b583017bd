"""What became of citizens: cases worked by hand for clocks, times to outcomes and follow-ups."""

from __future__ import annotations

import pytest

from flowsim.model.pathway import Pathway
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.timeline import DatedTrace
from helpers.traces import CATALOGUE, DAY, RAW, day, measured, of, trace, undefined


def test_clock_from_first_start_to_decision():
    limit = 161
    one = trace(
        there=[
            # 161 days are within 23 weeks; the clock counts from the start, not from joining the queue.
            [("plan", -50, -41, 10), ("team", 10, 120, 120), ("course", 120, 120, None)],
            # A tick more is not.
            [("plan", -41 - 1 / DAY, -41 - 1 / DAY, 10), ("team", 10, 120, 120), ("pension", 120)],
        ],
        new=[
            # Begun again before an end: the first beginning counts, 10 days. Then a second run, open.
            [
                ("cash", 80, 80, 90),
                ("plan", 90, 90, 93),
                ("cash", 93, 93, 95),
                ("plan", 95, 95, 98),
                ("team", 98, 98, 100),
                ("course", 100, 100, 110),
                ("cash", 110, 110, 120),
                ("plan", 120, 130, 140),
                ("team", 140, None, None),
            ],
            # Refused: never begun. Waiting: not yet.
            [("cash", 0, 0, 1), ("plan", 1, None, 1), ("cash", 1, 1, 9), ("plan", 9, None, None)],
            # Abandoned on 20 July: open at the end of June, not of September; never ended.
            [("cash", 0, 0, 9), ("plan", 9, 9, 50), ("team", 50, None, 200), ("work", 200)],
        ],
    )
    values = measured(one)
    assert of(values, "clock.decision.ended") == {"2019Q2": 3, "2019": 3}
    assert of(values, "clock.decision.within") == dict.fromkeys(("2019Q2", "2019"), pytest.approx(2 / 3))
    tick = 1 / (7 * DAY)
    mean = pytest.approx((limit / 7 * 2 + tick + 10 / 7) / 3)
    assert of(values, "clock.decision.mean") == {"2019Q2": mean, "2019": mean}
    assert of(values, "clock.decision.median") == {"2019Q2": pytest.approx(limit / 7)}
    # End of March: the first two, the 10 days begun at the edge not, the abandoned. June: abandoned, second run.
    quarters = {"2019Q1": 3, "2019Q2": 2, "2019Q3": 1, "2019Q4": 1, "2020Q1": 1, "2020Q2": 1}
    assert of(values, "clock.decision.open") == quarters | {"2019": 1}
    # The abandoned is 172 days old at the end of June, the second run 143 at the end of September.
    overdue = dict.fromkeys(("2019Q2", "2019Q4", "2020Q1", "2020Q2", "2019"), 1)
    assert of(values, "clock.decision.open_overdue") == overdue
    assert undefined(values, "clock.decision.within") == ["2019Q1", "2019Q3", "2019Q4", "2020Q1", "2020Q2"]


def test_a_run_exactly_as_old_as_the_limit_is_not_overdue():
    # Begun 161 days, and 161 days and a tick, before the end of September.
    edge = day("2019-10-01")
    one = trace(there=[[("plan", 0, edge - 161, None)], [("plan", 0, edge - 161 - 1 / DAY, None)]])
    assert of(measured(one), "clock.decision.open_overdue")["2019Q3"] == 1


def test_clock_from_joining():
    raw = RAW | {"clocks": {"decision": RAW["clocks"]["decision"] | {"begins_at": "joined"}}}
    one = trace(there=[[("plan", -50, -41, 10), ("team", 10, 20, 20), ("pension", 20)], [("plan", 5, None, None)]])
    values = measured(one, Catalogue.of(Pathway.from_dict(raw)))
    assert of(values, "clock.decision.mean") == {"2019Q1": 10, "2019": 10}
    assert of(values, "clock.decision.open")["2019Q1"] == 1


def test_clock_until_a_stay_starts():
    raw = RAW | {"clocks": {"decision": {"begins": "plan", "ends": "team", "ends_at": "started", "limit": "15 days"}}}
    one = trace(
        there=[
            # The team's stay starts on day 17, a fortnight and a half after the plan's.
            [("plan", -9, 3, 10), ("team", 10, 17, 30), ("pension", 30)],
            # She never reaches the team's stay: open, and abandoned by a final state.
            [("plan", 0, 0, 10), ("team", 10, None, 20), ("course", 20, 20, None)],
            [("plan", 0, 0, 10), ("team", 10, None, 20), ("work", 20)],
        ]
    )
    values = measured(one, Catalogue.of(Pathway.from_dict(raw)))
    assert of(values, "clock.decision.mean") == {"2019Q1": 2, "2019": 2}
    assert of(values, "clock.decision.within") == {"2019Q1": 1, "2019": 1}
    assert of(values, "clock.decision.open")["2019Q1"] == 1


def test_a_clock_may_be_the_wait_for_one_state():
    clock = {"begins": "team", "begins_at": "joined", "ends": "team", "ends_at": "started", "limit": "1 week"}
    one = trace(there=[[("team", 0, 14, 20), ("plan", 20, 20, 30), ("team", 30, 44, 50), ("pension", 50)]])
    values = measured(one, Catalogue.of(Pathway.from_dict(RAW | {"clocks": {"decision": clock}})))
    assert of(values, "clock.decision.mean") == {"2019Q1": 2, "2019": 2}
    assert of(values, "clock.decision.ended") == {"2019Q1": 2, "2019": 2}


def test_a_stay_that_goes_on_after_an_interruption_starts_no_clock_again():
    clock = {"begins": "team", "begins_at": "joined", "ends": "team", "ends_at": "started", "limit": "1 week"}
    one = trace(there=[[("team", 0, 7, 10), ("team", 10, 24, 30), ("pension", 30)]])
    one.visits["visit"][:2] = 0  # one visit: from day 10 to 24 it is interrupted
    values = measured(one, Catalogue.of(Pathway.from_dict(RAW | {"clocks": {"decision": clock}})))
    assert of(values, "clock.decision.mean") == {"2019Q1": 1, "2019": 1}
    assert of(values, "clock.decision.ended") == {"2019Q1": 1, "2019": 1}


def test_a_state_may_abandon_a_run():
    limit = 161
    one = trace(
        there=[
            # To the pension in 30 days.
            [("plan", 0, 0, 9), ("team", 9, 9, 30), ("pension", 30)],
            # To the course on 20 July: not ended, and open at the end of June only.
            [("plan", -9, 9, 50), ("team", 50, None, 200), ("course", 200, 200, 210), ("pension", 210)],
            # From the course to a plan anew: a run of its own, of 10 days.
            [("plan", 0, 0, 5), ("course", 5, 5, 40), ("plan", 40, 40, 50), ("pension", 50)],
        ]
    )
    values = measured(one)
    assert of(values, "clock.pension.ended") == {"2019Q1": 2, "2019": 2}
    assert of(values, "clock.pension.mean") == {"2019Q1": pytest.approx(20 / 7), "2019": pytest.approx(20 / 7)}
    assert of(values, "clock.pension.open") == {"2019Q1": 1, "2019Q2": 1}
    assert of(values, "clock.pension.open_overdue") == {"2019Q2": 1}
    assert day("2019-07-01") - 9 > limit


def test_who_has_long_lived_on_a_benefit():
    edge, year = day("2019-04-01"), 365.25
    one = trace(
        there=[
            # 90 days and a tick old at the end of March: two visits, one spell. Left on the edge of June, so not there.
            [("plan", edge - 90 - 1 / DAY, 9, 20), ("team", 20, 20, day("2019-07-01")), ("work", day("2019-07-01"))],
            # Exactly 90 days: not more.
            [("plan", edge - 90, None, None)],
            # Since before the start: over a year at the end of March already.
            [("plan", edge - year - 1, None, None)],
        ],
        new=[
            # A day off it, on the course, begins a new spell: 90 days again on 10 July.
            [("cash", 0, 0, 99), ("course", 99, 99, 100), ("cash", 100, 100, None)],
            # Left when 90 days old, to the tick.
            [("cash", 10, 10, 100), ("work", 100)],
        ],
    )
    values = measured(one)
    quarters = of(values, "seniority.long.over_90_days")
    # June: the one who leaves at its edge is still there; the exact one too; not the one with the new spell.
    assert quarters["2019Q1"] == 2
    assert quarters["2019Q2"] == 3
    assert quarters["2019Q3"] == 3
    assert quarters["2019"] == 3
    # The exact one is over a year at the end of March 2020, the new spell in June.
    assert of(values, "seniority.long.over_1_year") == {
        **dict.fromkeys(("2019Q1", "2019Q2", "2019Q3", "2019Q4", "2019"), 1),
        **{"2020Q1": 2, "2020Q2": 3},
    }


def test_time_to_outcome_from_the_start_of_the_benefit_spell():
    year = 365.25
    one = trace(
        there=[
            [("plan", -year, -year, 0), ("team", 0, 0, year), ("pension", year)],  # in 2020: not reported
            [("plan", 300 - year, 0, 9), ("team", 9, 9, 300), ("pension", 300)],  # 1 year since joining
        ],
        other=[
            # From the second spell of course alone: half a year. The first award comes with no time before it.
            [
                *[("course", 0, 0, 10), ("cash", 10, 10, 20), ("plan", 20, 20, 30), ("team", 30, 30, 40)],
                *[("course", 40, 40, 50), ("course", 50, 50, 40 + year / 2), ("pension", 40 + year / 2)],
            ],
            [("course", 360 - year / 4, 300, 360), ("pension", 360)],
        ],
    )
    values = measured(one)
    assert of(values, "time_to.pension") == {"2019": pytest.approx((1 + 0.5 + 0.25) / 3)}
    assert of(values, "time_to.pension.median") == {"2019": pytest.approx(0.5)}
    # Into course: 30 days on cash, and 10 on course itself. Two have their median halfway.
    assert of(values, "time_to.course") == {"2019": pytest.approx(20 / year)}
    assert of(values, "time_to.course.median") == {"2019": pytest.approx(20 / year)}


def test_status_after_a_benefit():
    one = trace(
        other=[
            # Exactly four weeks between: one spell, which ends on day 60; cash after 1 month, work after 3.
            [("course", 0, 0, 10), ("cash", 10, 10, 38), ("course", 38, 38, 60), ("cash", 60, 60, 100), ("work", 100)],
            # A tick more: two ends. The first, on day 10, finds her on course 1 month later.
            [("course", 0, 0, 10), ("cash", 10, 10, 38 + 1 / DAY), ("course", 38 + 1 / DAY, 40, 80), ("pension", 80)],
            # Two visits with one label are one spell; it ends with the quarter's edge, so in the second.
            [("course", 0, 0, 10), ("course", 10, 10, 90), ("work", 90)],
            [("course", 0, 0, None)],
        ]
    )
    values = measured(one)
    assert of(values, "ended.after") == {"2019Q1": 3, "2019Q2": 1, "2019": 4}
    third = pytest.approx(100 / 3)
    assert of(values, "status.after.1_month.cash") == {"2019Q1": third, "2019": 25}
    assert of(values, "status.after.1_month.course") == {"2019Q1": third, "2019": 25}
    assert of(values, "status.after.1_month.pension") == {"2019Q1": third, "2019": 25}
    assert of(values, "status.after.1_month.work") == {"2019Q2": 100, "2019": 25}
    assert of(values, "status.after.1_month.unclear") == {"2019Q1": pytest.approx(200 / 3), "2019": 50}
    # After 3 months the first is at work since day 100, and both ends of the second lead to the pension.
    assert of(values, "status.after.3_months.pension") == {"2019Q1": pytest.approx(200 / 3), "2019": 50}
    assert of(values, "status.after.3_months.work") == {"2019Q1": third, "2019Q2": 100, "2019": 50}
    assert of(values, "status.after.3_months.unclear") == {}


def test_status_at_the_very_instant_of_a_move_is_the_new_one():
    month = 365.25 / 12
    one = trace(other=[[("course", 0, 0, 9), ("cash", 9, 9, 9 + month), ("plan", 9 + month, None, 50), ("work", 50)]])
    assert of(measured(one), "status.after.1_month.cash") == {"2019Q1": 100, "2019": 100}
    one = trace(other=[[("course", 0, 0, 9), ("cash", 9, 9, 9 + month), ("work", 9 + month)]])
    assert of(measured(one), "status.after.1_month.work") == {"2019Q1": 100, "2019": 100}


def test_a_period_is_told_only_when_all_its_spells_are():
    stories = [[("course", d, d, d + 1), ("work", d + 1)] for d in (334, 425, 486)]
    values = measured(trace(other=stories))
    # The horizon ends with June 2020: May's exits would need July, and three months after March are over in July.
    assert of(values, "ended.after") == {"2019Q4": 1, "2019": 1, "2020Q1": 1}
    assert undefined(values, "ended.after") == ["2020Q2"]
    assert of(values, "status.after.1_month.work") == {"2019Q4": 100, "2019": 100, "2020Q1": 100}
    assert of(values, "status.after.3_months.work") == {"2019Q4": 100, "2019": 100}
    assert undefined(values, "status.after.3_months.work") == ["2019Q1", "2019Q2", "2019Q3", "2020Q1", "2020Q2"]
    # Had the horizon ended a tick before or after the last of March + 3 months (1 July, 07:30), that would decide.
    for end, told in (("2020-07-01T07:29", False), ("2020-07-01T07:30", True)):
        catalogue = Catalogue.of(Pathway.from_dict(RAW | {"end": end}))
        assert ("2020Q1" in of(measured(trace(other=stories), catalogue), "status.after.3_months.work")) is told


def test_a_state_may_end_a_run_and_begin_the_next():
    raw = RAW | {"clocks": {"round": {"begins": ["course"], "ends": ["course"], "limit": "5 days"}}}
    one = trace(other=[[("course", 0, 0, 7), ("course", 7, 14, 28), ("course", 28, 28, None)]])
    values = measured(one, Catalogue.of(Pathway.from_dict(raw)))
    # From start to the next entering: 0 to 7 and 14 to 28; the third still runs.
    assert of(values, "clock.round.ended") == {"2019Q1": 2, "2019": 2}
    assert of(values, "clock.round.mean") == {"2019Q1": 1.5, "2019": 1.5}
    assert of(values, "clock.round.open")["2019Q1"] == 1


def test_a_status_sooner_than_the_gap_waits_for_the_gap():
    raw = RAW | {"followups": {"after": {"benefit": "course", "after": ["1 week"]}}, "end": "2020-04-20"}
    one = trace(other=[[("course", 0, 0, 7), ("work", 7)], [("course", 440, 440, 450), ("work", 450)]])
    values = measured(one, Catalogue.of(Pathway.from_dict(raw)))
    # A week after March is before 20 April, four weeks are not: she could be on course again.
    assert of(values, "status.after.1_week.work") == {"2019Q1": 100, "2019": 100}
    assert "2020Q1" in undefined(values, "status.after.1_week.work")


def test_a_group_counts_a_benefit_once():
    after = {"benefit": "course", "after": ["6 hours", "90 minutes"], "groups": {"twice": ["work", "work"]}}
    one = trace(other=[[("course", 0, 0, 7), ("work", 7)]])
    values = measured(one, Catalogue.of(Pathway.from_dict(RAW | {"followups": {"after": after}})))
    assert of(values, "status.after.6_hours.twice") == {"2019Q1": 100, "2019": 100}
    assert of(values, "status.after.90_minutes.twice") == {"2019Q1": 100, "2019": 100}


def test_who_had_gone_before_a_fork_is_nobody_of_the_same_number_after_it():
    gone, others = (
        trace(there=[[("course", since, since, since + 10), ("work", since + 10)]]) for since in (0, 12)
    )  # both have the number 0
    apart = DatedTrace(gone, CATALOGUE.pathway, CATALOGUE.calendar)
    values = dict(zip(CATALOGUE.index, CATALOGUE.compute(others, gone=apart), strict=True))
    assert [values[row] for row in values if row[:2] == ("ended.after", "2019Q1")] == [2]
