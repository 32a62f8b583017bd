"""Periods as planners type them, horizons that reach as far as is asked, and near misses at the command line."""

from __future__ import annotations

import pytest

from flowsim.core.errors import InputError
from flowsim.model.scenario import Scenario
from flowsim.questions.compare import Compare
from flowsim.questions.explain import Explain
from flowsim.questions.report import Report
from flowsim.questions.run import Run
from flowsim.questions.staff import Staff

GOAL = {
    "goal": ["wait for rehabilitation_team <= 9 weeks"],
    "vary": ["rehabilitation_team.places"],
    "between": ["10 60"],
}


@pytest.mark.parametrize("typed", ["2023K2", "2023Q2", "2. kvt. 2023", "2023 2. kvartal", "K2 2023"])
def test_a_quarter_is_read_as_people_type_it(typed):
    question = Staff.from_dict(GOAL | {"during": typed})
    assert question.during == "2023Q2"
    assert question.goals.during == "2023Q2"
    assert "--during 2023Q2" in question.command_line()
    assert Run.from_dict({"first": typed}).first == "2023Q2"


def test_what_is_no_period_is_said_at_its_option():
    with pytest.raises(InputError, match="during: '2023K5' is no quarter"):
        Staff.from_dict(GOAL | {"during": "2023K5"})
    with pytest.raises(InputError, match="first: 'spring' is no period"):
        Run.from_dict({"first": "spring"})


def test_the_last_period_lies_within_the_run():
    for question in (Run, Compare, Report):
        names = {"scenario": "copenhagen"} if question is Run else {"scenarios": ["today", "more-places"]}
        with pytest.raises(InputError, match=r"last: 2031 lies beyond the run, whose last month is 2024-12"):
            question.from_dict({**names, "last": "2031"})
    assert Run.from_dict({"last": "2024"}).last == "2024"


def test_a_question_of_a_later_period_is_run_to_its_end():
    staff = Staff.from_dict(GOAL | {"during": "2027"})
    assert staff.subject.pathway().end.year == 2028
    measure = {"measure": "wait.rehabilitation_team.served", "period": "2027Q1"}
    assert str(Explain.from_dict(measure).subject.pathway().end.date()) == "2027-04-01"
    with pytest.raises(InputError, match="during: 2228-01-01 lies more than 20 years after the end of copenhagen"):
        Staff.from_dict(GOAL | {"during": "2227"})


def change(day: str, **more: str) -> dict[str, object]:
    edit = {"station": "rehabilitation_team", "party": "municipal", "from": day, "places": "+1"}
    return {"name": "later", "base": "copenhagen", "stations": [edit], **more}


def test_a_change_after_the_base_s_end_lengthens_the_run():
    assert Scenario.from_dict(change("2026-01-01")).pathway().end.year == 2028
    assert Scenario.from_dict(change("2024-12-31")).pathway().end.year == 2025
    assert str(Scenario.from_dict(change("2026-01-01", until="2027-04-01")).pathway().end.date()) == "2027-04-01"
    with pytest.raises(InputError, match="2026-01-01 changes nothing: it lies outside the horizon"):
        Scenario.from_dict(change("2026-01-01", until="2025-06-01"))
    with pytest.raises(InputError, match="2206-01-01 lies more than 20 years after the base's end"):
        Scenario.from_dict(change("2206-01-01"))


def test_meetings_keep_public_holidays_in_the_years_beyond():
    team = Scenario.from_dict(change("2026-01-01")).pathway().station("rehabilitation_team")
    days = {str(day) for day in team.holidays}
    assert {"2026-04-02", "2027-05-06"} <= days  # Maundy Thursday, Ascension Day
    assert not days & {"2024-04-26", "2026-05-01"}  # store bededag, as it would be
