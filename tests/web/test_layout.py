"""What the page shows of Copenhagen holds together with its model; of another base it is drawn from the model."""

from __future__ import annotations

from datetime import date

import pytest
from starlette.testclient import TestClient

from flowsim import InputError, run
from flowsim.model.library import scenario_names
from flowsim.reporting.language import LANGUAGES, Language
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.web.asked import Choice
from flowsim.web.contents import page_contents, where_controls_stand
from flowsim.web.server import page
from flowsim.web.serving import desk_of
from flowsim.web.workbench import View


def test_copenhagen_s_way_has_twelve_stops_and_each_state_once(copenhagen):
    layout, pathway = copenhagen.layout, copenhagen.reference_scenario.pathway()
    assert len(layout.stops) == 12
    states = [state for stop in layout.stops for state in stop.states]
    assert sorted(states) == sorted(state.name for state in pathway.states)
    assert len({stop.place for stop in layout.stops}) == 12


def test_copenhagen_s_measures_and_presets_exist(copenhagen):
    measures = {row.measure for row in Catalogue.of(copenhagen.reference_scenario.pathway()).index}
    assert copenhagen.layout.measures - measures == {"cost.effort"}  # which prices add
    assert set(copenhagen.layout.presets) <= set(scenario_names())


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_control_and_stop_of_copenhagen_has_words(copenhagen, code):
    shown = page_contents(copenhagen, Language.of(code))
    for kind, names in (("control", copenhagen.layout.controls), ("stop", copenhagen.layout.stops)):
        assert {f"{kind}.{one.name}" for one in names} <= set(shown["words"])
    assert shown["controls"][0]["with"] == "team_region"


@pytest.mark.parametrize(("hosts", "stays"), [(frozenset({"testserver"}), True), (None, False)])
@pytest.mark.parametrize(("code", "here"), [("en", "this machine"), ("da", "denne computer")])
def test_a_page_that_others_can_open_does_not_say_that_what_is_entered_stays_here(desk, hosts, stays, code, here):
    with TestClient(page(desk, hosts=hosts)) as client:
        words = client.get(f"/api/page?lang={code}").json()["words"]
    for key in ("local", "start.own.about", "list.about"):
        assert (here in words[key]) is stays
        assert ({"en": "unencrypted", "da": "ukrypteret"}[code] in words[key]) is not stays


def stands(desk, language="en", **state):
    scenario = desk.scenario(Choice(**state))
    return where_controls_stand(desk, scenario, Language.of(language))


def test_controls_stand_where_a_scenario_has_them(copenhagen):
    today, more = stands(copenhagen), stands(copenhagen, preset="more-places")
    for name in ("team_municipal", "team_region"):
        assert more[name]["today"] == pytest.approx(today[name]["today"] + 2)
    assert stands(copenhagen, preset="more-sessions")["team_weekdays"]["today"] == "tue,wed,thu"
    fewer = stands(copenhagen, preset="lockdown-closed")["team_region"]
    later = {"since": "10\xa0May\xa02021", "value": today["team_region"]["today"]}
    assert (fewer["today"], fewer["later"]) == (0, [later])
    own = f'name = "x"\nbase = "{copenhagen.reference_scenario.file.base}"\n[[arrivals]]\n'
    own += 'entry = "kontanthjaelp_new"\nfrom = 2021-01-01\nrate = "+10 %"\n'
    assert stands(copenhagen, "da", own=own)["inflow"] == {"today": 0, "own": "+10\xa0%"}


def test_a_change_in_per_cent_stands_beside_what_the_scenario_itself_changes(copenhagen):
    assert stands(copenhagen, "da", preset="faster-statements")["statements"] == {"today": 0, "own": "−25\xa0%"}
    assert stands(copenhagen)["statements"] == {"today": 0, "own": ""}


def test_a_step_that_changes_nothing_is_not_told(copenhagen):
    assert stands(copenhagen)["plan_bif"]["later"] == [{"since": "1\xa0July\xa02022", "value": 62.0}]
    assert stands(copenhagen, preset="flere-skal-med-2-stays")["plan_bif"]["later"] == []


def test_today_s_values_and_what_changes_later(copenhagen):
    shown = {one["name"]: one for one in page_contents(copenhagen, Language.of("da"))["controls"]}
    assert shown["plan_bif"]["today"] == 100
    assert shown["plan_bif"]["later"] == [{"since": "1.\u00a0juli\u00a02022", "value": 62.0}]
    assert shown["team_weekdays"]["today"] == "tue,thu"


def test_another_base_is_laid_out_from_its_model(desk):
    assert [control.name for control in desk.layout.controls] == ["team", "team.weekdays", "new.arrivals"]
    assert [(stop.name, stop.place) for stop in desk.layout.stops] == [
        ("plan", (0, 0)), ("team", (1, 0)), ("job", (2, 0)), ("pension", (2, 1)),
    ]  # fmt: skip
    assert [tile.measure for tile in desk.layout.tiles] == [
        "wait.team.served", "queue.team", "clock.decided.within", "utilisation.team",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "unit", "stay", "heading"),
    [
        ("en", "hours", "672 hours", "Hours of waiting, {month}"),
        ("da", "timer", "672 timer", "Timers ventetid, {month}"),
    ],
)
def test_waits_are_in_the_unit_of_time_that_a_base_names(town, tmp_path, code, unit, stay, heading):
    text = town.read_text(encoding="utf-8").replace("start =", 'time_unit = "hour"\nstart =')
    (tmp_path / "town.toml").write_text(text, encoding="utf-8")
    desk = desk_of(str(tmp_path / "town.toml"))
    shown = page_contents(desk, Language.of(code))
    (goal,) = [goal for goal in shown["goals"] if goal["name"] == "wait.team.served"]
    assert (goal["text"], goal["unit"]) == ("wait for team <= {value} hours", unit)
    assert shown["words"]["way.wait"] == unit
    assert shown["words"]["start.wait"] == heading
    assert shown["words"]["list.longest"].endswith(f", {unit}")
    assert shown["stops"][0]["states"][0]["stay"].replace("\u00a0", " ") == stay
    view = View(
        desk=desk, reference=run(desk.reference_scenario, replications=3), scenario=None, language=Language.of(code)
    )
    (tile,) = [tile for tile in view.shown(2022)["tiles"] if tile["measure"] == "wait.team.served"]
    assert tile["value"].endswith(f"\u00a0{unit}")
    assert tile["estimate"] > 24  # a meeting a week
    assert [chart["unit"] for chart in view.shown(2022)["charts"] if chart["measure"] == "wait.team.served"] == [unit]


def test_a_run_that_ends_on_its_first_day_is_laid_out(town, tmp_path):
    text = town.read_text(encoding="utf-8").replace("end = 2023-01-01", "end = 2021-01-01T16:00:00")
    (tmp_path / "hours.toml").write_text(text, encoding="utf-8")
    assert desk_of(str(tmp_path / "hours.toml")).layout.today == date(2021, 1, 1)
    with pytest.raises(InputError, match="from 2021-01-01 to before 2021-01-02"):
        desk_of(str(tmp_path / "hours.toml"), date(2021, 1, 2))


def test_a_chart_of_one_day_is_by_the_hour(town, tmp_path):
    text = town.read_text(encoding="utf-8").replace("2023-01-01", "2021-01-02").replace("220 per year", "60 per day")
    (tmp_path / "day.toml").write_text(text.replace("start =", 'periods = "hour"\nstart ='), encoding="utf-8")
    desk = desk_of(str(tmp_path / "day.toml"))
    assert (desk.layout.year, page_contents(desk, Language.of("en"))["years"]) == (2021, [2021])
    results = run(desk.reference_scenario, replications=3)
    (queue,) = [
        chart
        for chart in View(desk=desk, reference=results, scenario=None, language=Language.of("en")).shown(2021)["charts"]
        if chart["measure"] == "queue.team"
    ]
    assert len(queue["at"]) == len(queue["fans"]["reference"][2]) == len(set(queue["at"])) == 24
    assert queue["periods"][9].replace("\u00a0", " ") == "1 January 2021 09:00-10:00"
    assert [tick["text"] for tick in queue["ticks"]] == ["00:00", "05:00", "10:00", "15:00", "20:00"]
    assert queue["ticks"][1]["at"] == pytest.approx(2021 + 5 / 24 / 31 / 12)


@pytest.mark.parametrize(("code", "unit", "heading"), [("en", "weeks", "Weeks"), ("da", "uger", "Ugers")])
def test_waits_are_in_weeks_where_a_base_names_none(desk, code, unit, heading):
    words = page_contents(desk, Language.of(code))["words"]
    assert words["way.wait"] == unit
    assert words["start.wait"].split()[0] == heading


def test_a_day_outside_the_horizon_is_refused(town):
    with pytest.raises(InputError, match="from 2021-01-01 to before 2023-01-01"):
        desk_of(str(town), date(2024, 1, 1))
    assert desk_of(str(town), date(2022, 3, 1)).layout.year == 2022
