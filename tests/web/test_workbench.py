"""What is shown of Copenhagen: all of its tiles, costs among them, its fans with documented points, and its stops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from flowsim.calibration.ensemble import Ensemble
from flowsim.reporting.language import Language
from flowsim.simulation.runner import run
from flowsim.web import workbench
from flowsim.web.asked import Choice
from flowsim.web.serving import desk_of
from flowsim.web.workbench import View, Workbench


@pytest.fixture(scope="module")
def view(copenhagen):
    choice = Choice(changes=[{"control": "team_closed", "since": "2022-07-01", "through": "2022-07-31"}])
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as executor:
        patch.setattr(workbench, "FIRST_LOOK", 2)
        patch.setattr(workbench, "LOOK", 2)
        (news,) = Workbench.of(copenhagen).look(choice, 2022, Language.of("da"))(executor, lambda done, total: None)
    return news["view"]


def test_every_tile_has_its_figures_and_a_closed_month_saves_its_meetings(copenhagen, view):
    assert [tile["measure"] for tile in view["tiles"]] == [tile.measure for tile in copenhagen.layout.tiles]
    cost = view["tiles"][-1]
    # Nine meetings at 3,000 kr., with some 30 places at 5,000 kr. each, less what the team gives more in the months
    # after it, for it answers the longer wait.
    assert cost["change"].startswith("−0,")
    assert (cost["verdict"], cost["interval"], cost["better"]) == (
        "unsure",
        "",
        True,
    )  # two futures are too few to know


def test_goals_stand_beside_the_measures_that_they_are_of(view):
    charts = {chart["measure"]: chart["marks"] for chart in view["charts"]}
    goals = [(mark["since"], mark["until"], mark["value"]) for mark in charts["awards.fleksjob_tilkendt"]]
    assert goals == [(2017.0, 2018.0, 290 / 4), (2018.0, 2019.0, 490 / 4)]  # a quarter of a year's goal, a quarter
    assert charts["wait.rehabilitation_team.served"] == []


def test_documented_points_have_their_sources(view):
    wait = view["charts"][0]
    assert [(point["period"], point["value"]) for point in wait["points"]] == [
        ("februar\xa02020", 9.0), ("juni\xa02020", 14.5), ("januar\xa02021", 7.0),
    ]  # fmt: skip
    assert all(point["source"] and point["fact"] for point in wait["points"])


def test_only_what_comes_after_the_change_differs(view):
    fans = view["charts"][0]["fans"]
    before = view["charts"][0]["periods"].index("3.\xa0kvartal\xa02022")
    assert fans["scenario"][2][:before] == fans["reference"][2][:before]
    assert fans["scenario"][2][before:] != fans["reference"][2][before:]
    team = view["way"]["scenario"]["rehabilitation_team"]["queue"]
    july = view["way"]["months"].index("juli\xa02022")
    assert team[july] > view["way"]["reference"]["rehabilitation_team"]["queue"][july]


def test_a_look_goes_on_from_kept_histories_to_the_figures_of_their_fork(copenhagen, monkeypatch):
    monkeypatch.setattr(workbench, "FIRST_LOOK", 2)
    monkeypatch.setattr(workbench, "LOOK", 3)
    bench, later, earlier = (
        Workbench.of(copenhagen),
        *(Choice(changes=[{"control": "team_municipal", "value": "28", "since": day}]) for day in ("", "2020-06-01")),
    )
    with ThreadPoolExecutor(2) as executor:
        # The city's histories are kept until they end, which is today; of a change dated earlier they are lived again.
        for choice, resumed in ((later, 3), (earlier, 0)):
            *_, news = bench.look(choice, 2022, Language.of("en"))(executor, lambda done, total: None)
            assert news["view"]["replications"] == 3
            scenario = bench.scenario(choice)
            model = Ensemble.of(scenario.base).drawing().over(scenario)
            names = ["queue.rehabilitation_team", "clock.plan_til_afgoerelse.within"]
            plain = run(model, replications=3, seed=1, measures=names, executor=executor)
            looked = bench._runs.get(bench._key(choice, 3, bench._fork(choice)))
            for name in names:
                assert (looked.select(name, "2022").values == plain.select(name, "2022").values).all()
            assert bench._kept_histories(bench._fork(choice)).resumed == resumed  # from the reference's histories
        assert bench._kept_histories(bench._fork(later)).resumed == 3  # those of today are kept beside them
    bench.rest()
    assert len(bench._kept_histories(bench._fork(later))) == 0


def test_a_look_that_nobody_waits_for_begins_no_further_replication(copenhagen, monkeypatch):
    monkeypatch.setattr(workbench, "FIRST_LOOK", 1)
    monkeypatch.setattr(workbench, "LOOK", 40)
    bench, choice = Workbench.of(copenhagen), Choice(changes=[{"control": "team_municipal", "value": "28"}])
    begun = []

    def progress(done: int, total: int) -> None:
        begun.append(done)
        if total > 2:  # of the second look: the tab is gone
            raise InterruptedError

    with ThreadPoolExecutor(1) as executor, pytest.raises(InterruptedError):
        list(bench.look(choice, 2022, Language.of("en"))(executor, progress))
    assert len(begun) == 3


def test_all_of_a_look_is_handed_out_before_its_first_figures_are_written(copenhagen, monkeypatch):
    monkeypatch.setattr(workbench, "FIRST_LOOK", 1)
    monkeypatch.setattr(workbench, "LOOK", 3)
    handed: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            handed.append(len(handed))
            return super().submit(fn, *args, **kwargs)

    choice = Choice(changes=[{"control": "team_municipal", "value": "28"}])
    with Counting(1) as executor:
        look = Workbench.of(copenhagen).look(choice, 2022, Language.of("en"))(executor, lambda done, total: None)
        first = next(look)["view"]
        assert (first["replications"], len(handed)) == (1, 6)  # of both runs, those of the first figures first
        assert [news["view"]["replications"] for news in look] == [3]


def test_a_fluid_is_worked_out_in_slices_between_which_others_have_their_turn(desk, monkeypatch):
    monkeypatch.setattr(workbench, "_SLICE", 0.0)
    slices: list[object] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):
            slices.append(fn)
            return super().submit(fn, *args, **kwargs)

    bench = Workbench.of(desk)
    with Counting(1) as executor:
        present = bench._present(Choice(), executor)
        assert len(slices) > 500
        assert bench._present(Choice(), executor) == present
    assert len(present["reference"]["plan"]) == 24


@pytest.mark.parametrize(("end", "months"), [("2025-01-01", 12), ("2024-03-01", 2)], ids=["quarters", "months"])
def test_a_stop_is_full_where_no_other_group_can_begin(tmp_path, end, months):
    """Of ten servers groups of four use eight; from July on all find one."""
    file = tmp_path / "course.toml"
    file.write_text(
        f"""
name = "course"
start = 2024-01-01
end = {end}

[stations.course]
capacity = {{ 2024-01-01 = 10, 2024-07-01 = 6000 }}
together = 4

[states.course]
station = "course"
stay = "2 days"
to = "out"

[states.out]
final = true

[entries.door]
to = "course"
rate = "40 per day"
""",
        encoding="utf-8",
    )
    desk = desk_of(str(file))
    results = run(desk.reference_scenario.pathway(), replications=2)
    view = View(desk=desk, reference=results, scenario=None, language=Language.of("en")).shown(2024)
    full = view["way"]["reference"]["course"]["full"]
    assert full == [number < 6 for number in range(months)]
