"""Scenarios compared: pairs by hand and by theory, one luck and one set of parameters for all, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import Duration, Entry, InputError, Pathway, Scenario, State, Station, run
from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Prior
from flowsim.cli.words.compare import by_headline, comparison_lines
from flowsim.model.base import read_base
from flowsim.planning.comparison import Comparison, averaged, compare, headlines, paired, roughly, to_one_end
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation import Fork
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.measure import Row
from flowsim.simulation.measures.stations import QUEUE
from flowsim.simulation.precision import Precision
from helpers.measures import row
from helpers.results import results as made

TOWN = """\
name = "town"
start = 2020-01-01
end = 2022-01-01

[parameters]
cases = { calibrate = "100 per year", why = "unknown" }
desks = { assumed = 2, why = "told" }

[stations.desk]
capacity = "$desks"

[states.plan]
station = "desk"
stay = { law = "exponential", mean = "6 days" }
to = { job = 0.5, pension = "rest" }

[states.job]
final = true
outcome = true

[states.pension]
final = true
outcome = true

[entries.door]
to = "plan"
rate = "$cases"
"""


@pytest.fixture
def town(tmp_path):
    """A base in a file, and a maker of scenarios over it."""
    file = tmp_path / "town.toml"
    file.write_text(TOWN)

    def scenario(name, **changes):
        return Scenario.from_dict({"name": name, "base": str(file), **changes})

    return scenario


def office(advisers, name="office", rate="480 per year"):
    return Pathway(
        name=name,
        start="2020-01-01",
        end="2021-01-01",
        stations=[Station.servers("adviser", advisers)],
        states=[
            State(name="advice", station="adviser", stay=Duration.gamma("4 weeks", cv=0.8), to={"job": 0.3, "no": 0.7}),
            State(name="job", final=True, outcome=True),
            State(name="no", final=True),
        ],
        entries=[Entry(name="door", rate=rate, to="advice")],
    )


def test_pairs_worked_by_hand():
    nan, inf = math.nan, math.inf
    # A queue is a median. Of the differences 1 to 11 it is 6, between the second and the tenth: of eleven coins at most
    # one shows heads in 0.6 % of all cases, at most two in 3.3 %. Their variance is 11, that of 0 and 1 in turns 3/11.
    before = np.array([0.0, 1.0] * 5 + [0.0])
    away = np.arange(1.0, 12.0)
    table = paired([QUEUE("desk")] * 4, *columns([before, before + away], [before, before], *HOLES))
    np.testing.assert_allclose(table.estimate, [6, 0, 2, inf])
    np.testing.assert_allclose(table.low, [2, 0, nan, 1])
    np.testing.assert_allclose(table.high, [10, 0, nan, inf])
    assert table.defined.tolist() == [11, 11, 9, 11]
    assert table.differing.tolist() == [11, 0, 9, 11]
    assert table.stalled.tolist() == [0, 0, 0, 6]
    np.testing.assert_allclose(table.p_value, [2 / 2**11, 1, 1, 2 / 2**11])
    np.testing.assert_allclose(table.variance, [11, 0, 0, 0])
    after = float(np.var(before + away, ddof=1))
    np.testing.assert_allclose(table.independent[:2], [3 / 11 + after, 6 / 11])
    np.testing.assert_allclose(table.saved[:2], [(3 / 11 + after) / 11, inf])
    # Awards add up, so their difference is a mean: 6, and skewness 0 leaves Student's 2.228 over the root of 11.
    mean = paired([AWARDS("job")], *columns([before, before + away]))
    half = 2.228139 * math.sqrt(11) / math.sqrt(11)
    np.testing.assert_allclose([mean.estimate[0], mean.low[0], mean.high[0]], [6, 6 - half, 6 + half], rtol=1e-6)


# Two more in nine pairs, and one side undefined in each of two; then one more in five, and a standstill in six.
HOLES = (
    [[1.0] * 9 + [math.nan, 1.0], [3.0] * 10 + [math.nan]],
    [[1.0] * 11, [2.0] * 5 + [math.inf] * 6],
)


def columns(*pairs):
    """Two tables of values, of columns that are pairs each."""
    return tuple(np.array([pair[side] for pair in pairs]).T for side in (0, 1))


def test_what_is_sure_is_sure_for_all_differences_at_once():
    few = compare([office(40), office(42, "more"), office(42, "same")], replications=12).between("2020", "2020")
    index = few.index[:2]
    zeros = np.zeros((12, 2))
    # Of twelve pairs all, all but one, and all but two are longer: sign tests of 2, 26 and 158 in 4096. Of three tests
    # (what differs in no pair is none) the largest has all of the error to itself: 3.9 % is sure at 95 %, not at 97.
    signs = {"office": zeros, "more": zeros + 1.0, "same": zeros + 1.0}
    signs["more"][:1, 1], signs["same"][:2, 0], signs["same"][:, 1] = -1.0, -1.0, 0.0
    runs = [replace(run_, index=index, values=signs[name]) for name, run_ in zip(few.names, few.results, strict=True)]
    rows = tuple(Row(QUEUE("adviser"), row.period) for row in index)
    found = Comparison(names=few.names, results=tuple(replace(results, index=rows) for results in runs))
    assert {name: sure.tolist() for name, sure in found.sure.items()} == {"more": [True, True], "same": [True, False]}
    assert replace(found, confidence=0.97).sure["same"].tolist() == [False, False]
    # At 99 % the second of three has half of the error, 0.5 %, and 26 in 4096 are 0.6: alone it would be sure.
    assert replace(found, confidence=0.99).sure["more"].tolist() == [True, False]


def test_a_queue_that_stands_still_is_the_longest_wait_in_levels_and_in_differences():
    """In one replication of four nobody is served at all, and in another not with more desks: both count."""
    few = compare([office(40), office(42, "more")], replications=12)
    (column,) = [n for n, row in enumerate(few.index) if (row.measure, row.period) == ("wait.adviser.served", "2020")]
    waits = ([1.0, 2.0, 3.0, math.inf] * 3, [0.5, math.inf, 2.0, math.inf] * 3)

    def with_waits(results, numbers):
        values = results.values.copy()
        values[:, column] = numbers
        return replace(results, values=values)

    found = Comparison(names=few.names, results=tuple(map(with_waits, few.results, waits)))
    assert found.standstills[column] == 6
    assert [found.level(name).estimate[column] for name in found.names] == [2.5, math.inf]
    # Of the differences -1, -0.5, 0 (still in both) and infinity, three of each: between the third and the tenth.
    single = found.difference("more").at(column)
    assert (single.estimate, single.low, single.high) == (-0.25, -1.0, math.inf)
    assert (single.defined, single.stalled) == (12, 3)
    rows = found.frame().query("measure == 'wait.adviser.served' and period == '2020'")
    assert rows["level"].tolist() == [2.5, math.inf]
    assert rows["stalled"].tolist() == [3, 6]
    wording = Wording(language=Language.of("en"), pathway=few.reference.pathway, shipped=False, codes=True)
    text = " ".join(" ".join(comparison_lines(by_headline(found), wording)).split())
    assert "counts as the longest wait, ∞; +∞ is where it stands still and not in office" in text
    assert "in up to 6 of 12 futures, in 2020." in text


def test_equal_values_have_no_variance_however_they_are_rounded():
    values = np.full((12, 1), 0.1) * 3
    table = paired([QUEUE("desk")], values, values + 0.7)
    assert table.variance[0] == table.independent[0] == 0
    assert table.low[0] == table.high[0] == pytest.approx(0.7)
    assert math.isnan(paired([AWARDS("job")], values, values + 0.7).low[0])  # nothing is known of a mean without spread


def test_what_common_luck_saves_is_told_from_ten_pairs_on_that_differ():
    before = np.arange(20.0)
    pairs = [(before, before + np.where(before < differing, 1 + before % 3, 0)) for differing in (9, 10)]
    table = paired([QUEUE("desk")] * 2, *columns(*pairs))
    assert table.differing.tolist() == [9, 10]
    assert np.isnan(table.saved[0])
    assert table.saved[1] == pytest.approx(table.independent[1] / table.variance[1])


@pytest.mark.parametrize(
    ("times", "rounded"), [(34.6, 50), (29.6, 20), (1.3, 1), (1.5, 2), (0.16, 0.2), (8, 10), (math.inf, math.inf)]
)
def test_a_ratio_of_variances_is_told_as_roughly_as_it_is_known(times, rounded):
    assert roughly(times) == pytest.approx(rounded)


def test_the_variance_of_independent_draws_is_the_one_that_they_have():
    few, more = office(40), office(42, "more")
    found = compare([few, more], replications=200, seed=1).select("awards.job", "2020")
    others = run(more, replications=200, seed=2).select("awards.job", "2020")
    told = found.difference("more")
    independent = (others.values - found.reference.values)[:, 0].var(ddof=1)
    # Both estimate one variance: their ratio is within 0.7 and 1.4 with more than 99 % (F with 199 degrees of freedom).
    assert 0.7 < told.independent[0] / independent < 1.4
    assert told.saved[0] > 10
    assert told.low[0] < told.estimate[0] < told.high[0]


@pytest.mark.slow
def test_the_interval_holds_the_true_difference_as_often_as_it_says():
    # 24 a year more, by the rate alone. Of 300 intervals 285 should hold it; 272 to 295 do so in all but one of a
    # thousand series (binomial). Entries add up, so it is the mean.
    pair = [office(1, "few", "240 per year"), office(1, "more", "264 per year")]
    found = compare(pair, replications=6000).select("entries.door", "2020")
    before, after = (one.values.reshape(300, 20) for one in found.results)
    told = paired([found.index[0].measure] * 300, before.T, after.T)
    held = (told.low <= 24 * 366 / 365.25) & (told.high >= 24 * 366 / 365.25)
    assert 272 <= held.sum() <= 295


@st.composite
def queues(draw):
    """One station, given arrivals, one class, nobody gives up: with some places, and with more."""
    days = draw(st.lists(st.integers(0, 80), min_size=1, max_size=40))
    at = [f"2020-{1 + day // 28:02}-{1 + day % 28:02}" for day in days]
    stay = draw(
        st.sampled_from(
            ["3 days", {"law": "exponential", "mean": "9 days"}, {"law": "gamma", "mean": "5 days", "cv": 2}]
        )
    )
    places, more = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["servers", "meeting", "by date"]))
    waiting = draw(st.integers(0, 4))

    def with_places(number, name):
        station = {
            "servers": {"capacity": number},
            "meeting": {"weekdays": ["mon", "thu"], "places": number},
            "by date": {"capacity": {"2020-01-01": number + 1, "2020-02-10": number}},
        }[kind]
        return Pathway.from_dict(
            {
                "name": name,
                "start": "2020-01-01",
                "end": "2020-05-01",
                "stations": {"desk": station},
                "states": {"plan": {"station": "desk", "stay": stay, "to": "out"}, "out": {"final": True}},
                "entries": {
                    "given": {"to": "plan", "at": at},
                    "there": {"to": "plan", "count": waiting, "waiting": True, "elapsed": "2 weeks"},
                },
            }
        )

    return with_places(places, "few"), with_places(places + more, "more")


@settings(max_examples=40, deadline=None)
@given(queues(), st.integers(0, 2**32))
def test_more_places_at_one_station_never_lengthen_a_wait(pair, seed):
    few, more = (run(one, replications=1, seed=seed, keep_traces=True).visits(0) for one in pair)
    plans = [table[table["state"] == "plan"].set_index("citizen") for table in (few, more)]
    never = np.datetime64("2100-01-01")
    before, after = (table["started"].fillna(never) for table in plans)
    assert (after <= before).all()
    assert (plans[0]["joined"] == plans[1]["joined"]).all()
    found = compare(pair, replications=2, seed=seed)
    for measure in ("waited.desk", "queue.desk"):
        one = found.select(measure)
        assert (one.results[1].values <= one.reference.values + 1e-9).all()


def test_each_run_is_the_one_that_it_would_be_alone(town):
    pair = [town("few"), town("more", parameters={"desks": 3})]
    found = compare(pair, replications=4, seed=7)
    for scenario, results in zip(pair, found.results, strict=True):
        alone = run(scenario, replications=4, seed=7)
        assert results.digests == alone.digests
        np.testing.assert_array_equal(results.values, alone.values)
    assert compare(pair, replications=[2, 3], seed=7).of("more").digests == found.of("more").digests[2:]


def test_scenarios_share_histories_and_futures_beyond_a_fork(town):
    later = [{"station": "desk", "from": "2021-03-01", "capacity": "+2"}]
    earlier = [{"station": "desk", "from": "2020-03-01", "capacity": "+1"}]
    scenarios = [town("base"), town("later", stations=later), town("earlier", stations=earlier)]
    fork = Fork(at="2021-01-01", histories=[3, 8])
    comparison = compare(scenarios, replications=6, seed=2, fork=fork)
    for scenario, results in zip(scenarios, comparison.results, strict=True):
        assert results.digests == run(scenario, replications=6, seed=2, fork=fork).digests
    base, more, _ = (results.select("wait.desk.served", "2020Q4").values[:, 0] for results in comparison.results)
    assert base.tolist() == more.tolist()
    assert len(set(base)) == 2


def test_each_replication_has_one_parameter_set_in_all_scenarios(town, tmp_path):
    base = read_base(tmp_path / "town.toml")
    factor = {"title": "cases", "sets": ["cases"], "scale": "log", "sd": 1.0, "why": "unknown"}
    prior = Prior.of(base, {"cases": factor}, "test")
    sets = Ensemble(prior=prior, z=np.array([[-2.0], [0.0], [1.0]]), mode={"cases": "50 per year"}, provenance={})
    pair = [town("few"), town("more", parameters={"desks": 5})]
    found = compare(pair, parameters=sets, replications=6, seed=3)
    entered = [one.select("entries.door", "2021").values[:, 0] for one in found.results]
    np.testing.assert_array_equal(*entered)
    assert entered[0][:3].max() > 5 * entered[0][:3].min()  # the sets' rates are 14, 100 and 272 a year
    assert found.of("more").digests == run(sets.over(pair[1]), replications=6, seed=3).digests
    point = compare(pair, parameters=sets.mode, replications=6, seed=3)
    assert point.reference.digests == run(pair[0].pathway(sets.mode), replications=6, seed=3).digests


def test_runs_until_the_differences_are_as_sure_as_asked(town):
    pair = [town("few"), town("more", parameters={"desks": 3}), town("most", parameters={"desks": 4})]
    asked = Precision(relative=0.01, measures=("awards.job",), most=5000)
    seen = []
    found = compare(pair, precision=asked, progress=lambda *told: seen.append(told))
    yearly = found.each(lambda one: averaged(one, "year", ["awards.job"]))
    mean = yearly.reference.values.mean(axis=0)
    for _, one in yearly.differences():
        assert ((one.high - one.low) / 2 <= 0.01 * mean).all()
    n = len(found.reference.replications)
    assert found.reached
    assert 40 < n < 5000
    # The years' mean alone would take some (1.96 * sqrt(50) / 0.5) ** 2 replications: common luck saves most of them.
    assert n < 0.5 * (1.96 * 50**0.5 / 0.5) ** 2
    assert [done for done, _ in seen] == list(range(1, 3 * n + 1))
    assert seen[-1] == (3 * n, 3 * n)
    few = compare(pair, precision=Precision(relative=0.0001, measures=("awards",), most=45))
    assert (few.reached, len(few.reference.replications)) == (False, 45)
    assert compare(pair, replications=2).reached is None


def test_what_cannot_be_compared_is_refused_before_anything_runs(town, tmp_path, monkeypatch):
    monkeypatch.setattr("flowsim.planning.comparison.run", lambda *a, **k: pytest.fail("something ran"))
    other = tmp_path / "other.toml"
    other.write_text(TOWN.replace('"town"', '"village"'))
    village = Scenario.from_dict({"name": "there", "base": str(other)})
    few = town("few")
    told = office(1, "b").to_dict()
    told["stations"][0]["name"] = told["states"][0]["station"] = "clerk"
    renamed = Pathway.from_dict(told)
    for pair, message in (
        ([few], "two scenarios or more"),
        ([few, few], "two scenarios are called 'few'"),
        ([few, village], "there: its base is 'village', and that of few is 'town'"),
        ([office(1, "a"), renamed], "b: it has other measures than a"),
    ):
        with pytest.raises(InputError, match=message):
            compare(pair)
    with pytest.raises(InputError, match="a pathway has no parameters"):
        compare([office(1, "a"), office(2, "b")], parameters={})
    with pytest.raises(InputError, match="there is no parameter 'desk'; did you mean 'desks'"):
        compare([few, town("more")], parameters={"desk": 3})
    with pytest.raises(InputError, match=r"confidence: 1\.5 is not allowed"):
        compare([few, town("more")], confidence=1.5)


def test_names_are_asked_for_by_the_nearest(town):
    found = compare([town("few"), town("more")], replications=2)
    with pytest.raises(InputError, match="there is no scenario 'mor'; did you mean 'more'"):
        found.difference("mor")
    with pytest.raises(ValueError, match="one index, one seed"):
        Comparison(names=("a", "b"), results=(found.reference, found.reference.between("2020", "2020")))


def test_days_are_averaged_where_no_longer_periods_are():
    days = {f"2019-02-{n:02}": float(n) for n in range(1, 29)}
    index = [row("queue.team", period, "citizens") for period in (*days, "2019-02")]
    one = made(index=tuple(index), values=np.array([[*days.values(), 99.0]]), replications=(0,), digests=("x",))
    assert averaged(one, "day", ["queue.team"]).values.tolist() == [list(days.values())]
    assert averaged(one, "month", ["queue.team"]).values.tolist() == [[99]]
    without = one.only(lambda each: each.period != "2019-02")
    assert averaged(without, "month", ["queue.team"]).values.tolist() == [[14.5]]
    assert averaged(without.only(lambda each: each.period != "2019-02-09"), "month", ["queue.team"]).index == ()
    assert averaged(one, "hour", ["queue.team"]).index == ()
    months = {"2019-01": 1.0, "2019-02": 2.0, "2019-03": 6.0}
    index = [row("queue.team", period, "citizens") for period in (*days, *months)]
    values = np.array([[*days.values(), *months.values()]])
    both = made(index=tuple(index), values=values, replications=(0,), digests=("x",))
    assert averaged(both, "quarter", ["queue.team"]).values.tolist() == [[3]]


def test_what_is_told_by_shorter_periods_is_averaged_over_the_longer_ones(town):
    one = run(town("few", until="2021-03-01"), replications=3)
    measures = headlines(one.measures)
    year = averaged(one, "year", measures)
    assert [row.measure for row in year.index] == list(measures)
    assert {row.period for row in year.index} == {"2020"}
    whole = one.select("wait.desk.served", "2020").values  # over those served in it, and not the mean of its months
    np.testing.assert_array_equal(year.select("wait.desk.served").values, whole)
    values = one.select("wait.desk.backlog").values[:, :12]
    defined = [np.mean(row[~np.isnan(row)]) for row in values]
    months = averaged(one, "year", ["wait.desk.backlog"])
    np.testing.assert_allclose(months.values[:, 0], defined)
    np.testing.assert_array_equal(year.select("awards.job").values, one.select("awards.job", "2020").values)
    quarter = averaged(one, "quarter", ["queue.desk", "awards.job"])
    assert [row.period for row in quarter.index] == ["2020Q1", "2020Q2", "2020Q3", "2020Q4"] * 2
    np.testing.assert_array_equal(quarter.values[:, 1], one.select("queue.desk", "2020-06").values[:, 0])  # at its end
    with pytest.raises(InputError, match=r"did you mean 'queue\.desk'"):
        averaged(one, "year", ["queue.desks"])


def test_the_table_has_a_row_for_each_scenario_and_figure(town):
    found = compare([town("few"), town("more", parameters={"desks": 3})], replications=5).between("2020", "2020")
    table = found.frame()
    assert list(table.columns) == [
        *(
            "scenario",
            "measure",
            "period",
            "unit",
            "statistic",
            "level",
            "level_low",
            "level_high",
            "p05",
            "p95",
            "defined",
            "left_out",
            "stalled",
            "difference",
            "low",
            "high",
            "pairs",
            "differing",
            "p_value",
            "variance_ratio",
        )
    ]
    assert len(table) == 2 * len(found.index)
    few, more = (table[table["scenario"] == name].reset_index(drop=True) for name in ("few", "more"))
    assert few["difference"].isna().all()
    added = more["statistic"] == "mean"
    np.testing.assert_allclose((more["level"] - few["level"])[added], more["difference"][added], atol=1e-12)
    assert (more["p_value"] == 1).all()  # of five pairs nothing is known
    assert more.loc[more["measure"] == "servers.desk", "difference"].tolist() == [1.0] * 5


@pytest.mark.slow
def test_common_luck_saves_ten_times_the_replications_of_a_wait():
    found = compare([Scenario.of("today"), Scenario.of("more-places")], replications=30)
    year = found.each(lambda one: averaged(one, "year", ["wait.rehabilitation_team.served"]).between("2021", "2021"))
    assert year.difference("more-places").saved[0] > 10
    assert year.difference("more-places").high[0] < 0


def test_scenarios_run_to_the_latest_end_among_them(town):
    few, longer, shorter = town("few"), town("longer", until="2023-01-01"), town("shorter", until="2021-07-01")
    together = to_one_end([few, longer, shorter])
    assert {one.pathway().end for one in together} == {longer.pathway().end}
    assert together[1] is longer
    told = compare([few, longer], replications=2)
    assert {one.pathway.end for one in told.results} == {longer.pathway().end}
