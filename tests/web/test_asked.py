"""A state of the controls is a scenario, and its file is the same scenario again."""

from __future__ import annotations

import re

import pytest

from flowsim import InputError
from flowsim.model.library import scenario_names, scenario_text
from flowsim.model.scenario import Scenario
from flowsim.reporting.language import Language
from flowsim.web.asked import Choice, as_toml


def test_each_control_of_copenhagen_makes_its_edit(copenhagen):
    values = {"lever": "31,5", "weekdays": "mon,wed", "arrivals": "-10", "stays": "+25 %", "closures": ""}
    for control in copenhagen.layout.controls:
        change = {
            "control": control.name,
            "value": values[control.kind],
            "since": "2022-07-01",
            "through": "2022-07-31",
        }
        scenario = copenhagen.scenario(Choice(changes=[change]))
        assert not scenario.without_effect, control.name
        (kind,) = scenario.to_dict().keys() - {"name", "base"}
        for edit in scenario.to_dict()[kind]:
            assert (edit["from"][:10], edit["through"][:10]) == ("2022-07-01", "2022-07-31")


def test_a_lever_holds_from_the_page_s_day_on(copenhagen):
    scenario = copenhagen.scenario(Choice(changes=[{"control": "team_municipal", "value": "40"}]))
    (edit,) = scenario.to_dict()["stations"]
    assert edit.pop("from").startswith("2021-02-01")
    assert edit == {"station": "rehabilitation_team", "party": "municipal", "places": 40}


def test_changes_come_on_top_of_a_preset(copenhagen):
    state = Choice(preset="lockdown-closed", changes=[{"control": "inflow", "value": "10"}])
    content = copenhagen.scenario(state).to_dict()
    assert len(content["exits"]) == 2
    assert content["arrivals"][0]["rate"] == "+10 %"


@pytest.mark.parametrize("name", scenario_names())
def test_a_scenario_file_reads_back_to_the_same(name, tmp_path):
    scenario = Scenario.of(name)
    path = tmp_path / "again.toml"
    path.write_text(as_toml(scenario.to_dict()), encoding="utf-8")
    assert Scenario.read(path).to_dict() == scenario.to_dict()


def test_days_are_written_as_in_the_shipped_files():
    assert "from = 2021-02-01\n" in as_toml(Scenario.of("more-places").to_dict())


@pytest.mark.parametrize("text", ['"quoted" \\ back', "line\nbreak", "tab\t, bell\a, del\x7f", "æøå – “”"])
def test_any_text_reads_back(text, tmp_path):
    path = tmp_path / "again.toml"
    path.write_text(as_toml({"name": text, "base": "copenhagen"}), encoding="utf-8")
    assert Scenario.read(path).name == text


def test_an_opened_file_is_the_start(copenhagen):
    scenario = copenhagen.scenario(Choice(own=scenario_text("more-places")))
    assert scenario.to_dict()["stations"] == Scenario.of("more-places").to_dict()["stations"]


def test_an_opened_file_never_names_what_is_read(copenhagen, town):
    with pytest.raises(InputError, match="is not allowed: this page is of 'copenhagen'"):
        copenhagen.scenario(Choice(own=f'name = "x"\nbase = "{town}"'))
    with pytest.raises(InputError, match="include: this page takes one file"):
        copenhagen.scenario(Choice(own='name = "x"\nbase = "copenhagen"\n[[include]]\nscenario = "more-places"'))


def test_the_folder_of_a_question_is_gone_afterwards(copenhagen):
    from pathlib import Path

    with copenhagen.file(Choice(changes=[{"control": "inflow", "value": "5"}])) as name:
        folder = Path(name).parent
        assert Path(name).is_file()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_the_mistake_in_a_row_names_the_row(copenhagen):
    rows = [{"control": "inflow", "value": "5"}, {"control": "inflow", "value": "many"}]
    with pytest.raises(InputError) as refused:
        copenhagen.scenario(Choice(changes=rows))
    assert refused.value.key == "1"


# --- What is wrong, in Danish ---

HEAD = 'name = "x"\nbase = "copenhagen"\n'
TEAM = HEAD + '[[stations]]\nstation = "rehabilitation_team"\nparty = "region"\nfrom = 2021-02-01\n'
ENGLISH = re.compile(r"\b(is|are|the|an?|of|or|and|write|allowed|should|must|there|expected|value)\b", re.IGNORECASE)


@pytest.mark.parametrize(
    "own",
    [
        "name = \n",
        "hello",
        'name = "x"\n',
        HEAD + 'name = "y"\n',
        HEAD + "stationer = 1\n",
        HEAD + "stations = 4\n",
        HEAD + 'include = "a.toml"\n',
        HEAD + '[[stations]]\nstation = "tema"\nplaces = 4\n',
        HEAD + '[[stations]]\nstation = "rehabilitation_team"\nfrom = 2021-02-01\nplaces = 4\n',
        HEAD + '[[stays]]\nstate = "laegeerklaering"\nfrom = 2021-02-01\nstay = "4 uger"\n',
        HEAD + '[[closures]]\nstation = "rehabilitation_team"\nfrom = 2022-08-01\nuntil = 2022-07-01\n',
        HEAD + "[parameters]\nerklaering_cv = -1\n",
        TEAM + "place = 4\n",
        TEAM + 'places = "1.200"\n',
        TEAM + "places = -4\n",
        TEAM + 'weekdays = ["xx"]\n',
        TEAM.replace("2021-02-01", '"1-13-2021"'),
    ],
)
def test_what_is_wrong_in_an_opened_file_is_said_in_danish(copenhagen, own):
    with pytest.raises(InputError) as caught:
        copenhagen.scenario(Choice(own=own))
    told = Language.of("da").message(str(caught.value))
    assert told != str(caught.value)
    plain = re.sub(r"'[^']*'|`[^`]*`|\([^)]*\)", "", told)  # what is carried over
    assert not ENGLISH.findall(plain), told
