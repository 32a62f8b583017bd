"""Histories: pairs of a parameter set and a replication, weighed by the documented figures, and drawn by runs."""

import dataclasses
import json
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from flowsim import InputError, Scenario, compare, run
from flowsim.calibration.ensemble import CHECKSUMS, Ensemble, write_histories
from flowsim.calibration.histories.drawn import PairCounts, dated, weigh
from flowsim.calibration.histories.kept import Histories, histories_csv, histories_of
from flowsim.calibration.histories.pairs import luck_seed, simulate_pairs
from flowsim.calibration.histories.weighing import ranks_of_pairs, resampled, weighed
from flowsim.calibration.inference.posterior import blurred
from flowsim.calibration.informed import check_known, inform
from flowsim.calibration.study import Study
from flowsim.forecasting.demand import Demand
from flowsim.model.varying import Cut
from flowsim.simulation import KeptHistories
from helpers.paths import SMALL_TOWN

AT = datetime(2025, 1, 1)
COUNTS = PairCounts(pairs=40, histories=12)


@pytest.fixture(scope="module")
def sets(study):
    z = 0.2 * np.array([study.prior.draw(7, number) for number in range(15)])
    z[:, study.prior.names.index("opened")] += 0.2  # so that some come near to the wait
    return np.round(z, 4)


@pytest.fixture(scope="module")
def histories(study, sets):
    return weigh(study, sets, counts=COUNTS, seed=1)


@pytest.fixture(scope="module")
def ensemble(study, sets, histories):
    return Ensemble(prior=study.prior, z=sets, mode={}, provenance={}, histories=histories)


@pytest.fixture(scope="module")
def town():
    return Scenario.of(SMALL_TOWN / "town.toml")


# --- Weights ---


def test_weights_are_the_normal_likelihood_of_the_figures(study):
    """Away by none, one and two standard deviations: 1, exp(-1/2) and exp(-2) over their sum; undefined is nothing."""
    (target,) = dated(study)
    simulated = target.value + target.tolerance * np.array([[0.0], [1.0], [-2.0], [np.nan]])
    found = weighed([target], simulated)
    parts = np.array([1, np.exp(-0.5), np.exp(-2), 0])
    assert found.weights == pytest.approx(parts / parts.sum(), rel=1e-12)
    assert found.effective == pytest.approx(parts.sum() ** 2 / (parts**2).sum(), rel=1e-12)
    assert found.largest == found.weights[0]


def test_an_inequality_weighs_by_the_chance_that_it_holds(study):
    (target,) = dated(study)
    above = dataclasses.replace(target, sense=">")
    simulated = np.full((3, 1), target.value) + target.tolerance * np.array([[0.0], [40.0], [-1.0]])
    assert weighed([above], simulated).weights == pytest.approx(np.array([0.5, 1, 0.158655]) / 1.658655, rel=1e-5)


def test_figures_that_no_history_comes_near_are_refused(study):
    with pytest.raises(InputError, match="none of 2 histories comes near"):
        weighed(dated(study), np.full((2, 1), np.nan))


def test_what_is_documented_may_be_another_figure_than_the_targets(study):
    (target,) = dated(study)
    simulated = target.value + target.tolerance * np.array([[0.0], [1.0], [3.0]])
    moved = weighed([target], simulated, np.array([target.value + target.tolerance])).weights
    assert moved == pytest.approx(weighed([target], simulated - target.tolerance).weights, rel=1e-9)
    above = dataclasses.replace(target, sense=">")
    holds, fails = (weighed([above], simulated, np.array([told])).weights for told in (1.0, 0.0))
    assert np.array_equal(holds, weighed([above], simulated).weights)
    assert (np.diff(holds) > 0).all()
    assert (np.diff(fails) < 0).all()


def test_known_truths_among_pairs_have_the_ranks_of_a_normal_posterior(study):
    """A wait with standard deviation 2 around 0, documented with tolerance t: normal, with the precisions added."""
    target = dataclasses.replace(dated(study)[0], value=6.0, rounding=1.0, conflict=0.0, discrepancy=0.0)
    waits = 2 * np.random.default_rng(5).standard_normal((4_000, 1))
    figures = np.column_stack([waits, np.full(len(waits), np.nan)])
    below, effective = ranks_of_pairs([target], waits, figures, np.arange(len(waits)), truths=400, seed=3)
    documented = blurred([target], waits[:400], 3)[:, 0]
    mean, sd = documented * 4 / 5, np.sqrt(4 / 5)
    assert below[:, 0] == pytest.approx(ndtr((waits[:400, 0] - mean) / sd), abs=0.15)
    assert np.abs(below[:, 0] - ndtr((waits[:400, 0] - mean) / sd)).mean() < 0.015
    assert np.isnan(below[:, 1]).all()
    assert (effective < 4_000).all()


def test_pairs_of_a_truths_own_set_say_nothing_of_it(study):
    """Two sets: in the first all waits are 6, in the second 7; a truth of the first has nothing below, all above."""
    (target,) = dated(study)
    sets = np.array([0, 0, 0, 1, 1])
    waits = np.where(sets == 0, 6.0, 7.0)[:, None]
    below, effective = ranks_of_pairs([target], waits, waits, sets, truths=4, seed=1)
    assert below[:, 0].tolist() == [0, 0, 0, 1]
    assert effective == pytest.approx([2, 2, 2, 3])
    with pytest.raises(InputError, match="truths: 5 is not allowed: from 1 to 4"):
        ranks_of_pairs([target], waits, waits, sets, truths=5)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.integers(1, 60), st.integers(0, 9))
def test_a_weight_is_taken_as_often_as_it_says_rounded_down_or_up(parts, count, seed):
    weights = np.array(parts) / sum(parts)
    rows = resampled(weights, count, seed)
    taken = np.bincount(rows, minlength=len(weights))
    assert len(rows) == count
    assert (np.abs(taken - count * weights) < 1 + 1e-6).all()


# --- Pairs ---


def test_pairs_go_on_where_they_were_and_fewer_are_the_first_of_more(study, sets, tmp_path, monkeypatch):
    few = simulate_pairs(study, sets, dated(study), 20, folder=tmp_path)
    monkeypatch.setattr("flowsim.calibration.histories.pairs.run", None)
    again = simulate_pairs(study, sets, dated(study), 20, folder=tmp_path)
    assert np.array_equal(few.simulated, again.simulated)
    monkeypatch.undo()
    more = simulate_pairs(study, sets, dated(study), 40)
    assert np.array_equal(more.simulated[:20], few.simulated)
    assert more.sets.tolist() == [number % 15 for number in range(40)]


def test_histories_are_nearer_to_the_figure_than_the_pairs(study, sets, histories):
    (target,) = dated(study)
    pairs = simulate_pairs(study, sets, [target], COUNTS.pairs)
    away = np.abs(pairs.simulated[:, 0] - target.value)
    assert away[histories.replications].mean() < 0.6 * away.mean()
    assert np.array_equal(histories.sets, pairs.sets[histories.replications])
    assert 1 < histories.effective < COUNTS.pairs
    assert histories.at == AT


def test_a_study_without_a_dated_figure_has_no_histories(sets):
    with pytest.raises(InputError, match="none has `history = true`"):
        weigh(Study.read(SMALL_TOWN / "calibration.toml"), sets, counts=COUNTS)


@pytest.mark.parametrize("counts", [(5, 6), (0, 0)])
def test_too_few_pairs_are_refused(counts):
    with pytest.raises(InputError, match="is not allowed: at least"):
        PairCounts(pairs=counts[0], histories=counts[1])


# --- The file ---


def test_the_file_reads_back_and_is_written_alike(histories):
    text = histories_csv(histories)
    again = histories_of(text, "histories.csv")
    assert histories_csv(again) == text
    assert (again.at, again.seed, again.pairs) == (histories.at, histories.seed, 40)
    assert again.provenance["figures"] == {"wait December 2024": [6.0, 1.0408]}
    assert np.array_equal(again.sets, histories.sets)


@pytest.mark.parametrize(
    "edit", [lambda t: t.replace("pairs = 40", "pairs = 80"), lambda t: t[:-1], lambda t: t + "1,2,3\n", lambda t: ""]
)
def test_a_file_that_was_edited_or_cut_is_refused(histories, edit):
    with pytest.raises(InputError, match=r"'histories\.csv' is damaged"):
        histories_of(edit(histories_csv(histories)), "histories.csv")


def test_writing_to_a_calibration_renews_its_checksum(histories, tmp_path):
    (tmp_path / CHECKSUMS).write_text(json.dumps({"mode.toml": "0"}), encoding="utf-8")
    write_histories(tmp_path, histories)
    assert json.loads((tmp_path / CHECKSUMS).read_text(encoding="utf-8")).keys() == {"mode.toml", "histories.csv"}
    with pytest.raises(InputError, match="exists already"):
        write_histories(tmp_path, histories)


# --- Runs that draw them ---


def until(results, replication):
    """What happened in a replication before the fork."""
    visits = results.visits(replication)
    rows = visits[visits["joined"] < "2025-01-01"]
    return sorted(rows[["entry", "state", "joined"]].itertuples(index=False, name=None), key=str)


def test_each_history_is_drawn_once_before_one_comes_again(histories):
    numbers = [histories.number(3, replication) for replication in range(24)]
    assert sorted(numbers[:12]) == list(range(12))
    assert numbers[12:] == numbers[:12]
    assert numbers != [histories.number(4, replication) for replication in range(24)]


def test_a_replication_lives_its_pair_until_the_fork_and_a_future_of_its_own_after_it(study, sets, ensemble, town):
    """The same pair under another seed, and again beyond the number of histories, parts only after the last figure."""
    histories = ensemble.histories
    drawn = run(ensemble.over(town), replications=[0, 12], seed=5, keep_traces=True)
    number = histories.number(5, 0)
    pair = run(
        study.model(sets[histories.sets[number]]),
        replications=[int(histories.replications[number])],
        seed=luck_seed(1),
        keep_traces=True,
    )
    assert until(drawn, 0) == until(drawn, 12) == until(pair, pair.replications[0])
    assert drawn.digests[0] != drawn.digests[1]
    assert drawn.fork == histories.fork(5)
    seed = next(seed for seed in range(6, 1000) if histories.number(seed, 0) == number)
    other = run(ensemble.over(town), replications=[0], seed=seed, keep_traces=True)
    assert until(other, 0) == until(drawn, 0)
    assert other.digests[0] not in drawn.digests


def test_either_engine_any_workers_and_kept_histories_give_the_same_bytes(ensemble, town):
    model = ensemble.over(town)
    whole = run(model, replications=14, seed=2, workers=2)
    assert run(model, replications=[13, 3], seed=2, engine="simpy").digests == (whole.digests[13], whole.digests[3])
    kept = KeptHistories()
    assert run(model, replications=14, seed=2, kept=kept, workers=1).digests == whole.digests
    distinct = len(set(ensemble.histories.replications.tolist()))
    assert distinct >= 2
    assert (len(kept), kept.resumed) == (distinct, 14 - distinct)


def test_the_wait_of_a_run_is_that_of_its_histories(study, sets, ensemble, town):
    (target,) = dated(study)
    results = run(ensemble.over(town), replications=12, seed=9)
    pairs = simulate_pairs(study, sets, [target], COUNTS.pairs)
    expected = [
        pairs.simulated[ensemble.histories.replications[ensemble.histories.number(9, number)], 0]
        for number in range(12)
    ]
    assert study.observe(results, (target,))[:, 0].tolist() == expected


def test_a_model_that_ends_before_the_fork_runs_the_histories_alone(ensemble, town):
    cut = run(Cut(model=ensemble.over(town), end=datetime(2024, 7, 1)), replications=[0, 12], seed=5)
    assert cut.digests[0] == cut.digests[1]


def test_demand_belongs_to_the_future_and_parameters_to_the_history(ensemble, town):
    """Two paths in turn, over twelve histories: replication 13 has the history of 1, and the second path too."""
    paths = np.array([[1.0, 1.0], [3.0, 3.0]])
    driven = Demand(name="made", first="2025Q1", paths=paths, doors=("opened",), relative=True).over(
        ensemble.over(town)
    )
    rates = {number: driven.pathway(5, number).entries[0].rate for number in (0, 1, 12, 13)}
    assert rates[0] == rates[12]
    assert rates[1] == rates[13]
    results = run(driven, replications=[0, 12], seed=5, keep_traces=True)
    assert until(results, 0) == until(results, 12)
    assert results.digests[0] != results.digests[1]


def test_scenarios_share_history_and_future(ensemble, town):
    more = Scenario.from_dict(
        {
            "name": "more",
            "base": str(SMALL_TOWN / "town.toml"),
            "stations": [{"station": "team", "from": "2025-07-01", "places": "+2"}],
        },
        "more",
    )
    pairs = compare([town, more], parameters=ensemble, replications=6, seed=1).select("queue.team")
    before, after = (result.values for result in pairs.results)
    months = [str(row.period) for row in pairs.index]
    assert np.array_equal(before[:, : months.index("2025-07")], after[:, : months.index("2025-07")])
    assert (before != after).any()


def test_without_histories_the_sets_are_drawn_as_ever(ensemble, town):
    alone = ensemble.drawing(sets=True)
    assert alone.fork(1) is None
    digests = run(alone.over(town), replications=2, seed=4).digests
    plain = [run(town.pathway(alone.parameters(4, number)), replications=[number], seed=4) for number in range(2)]
    assert digests == tuple(results.digests[0] for results in plain)


def test_histories_show_what_they_are(histories):
    assert repr(histories).startswith("<Histories until 2025-01-01: 12 of 40 pairs, effective sample ")
    assert isinstance(histories, Histories)


# --- Figures that a planner knows ---

KNOWN = "measure;month;figure;±\nwait.team.served;2025-06;{};{}\n"


@pytest.fixture(scope="module")
def many(study, sets):
    """An ensemble with more histories: as many as an effective sample of fifty takes."""
    lived = weigh(study, sets, counts=PairCounts(pairs=200, histories=100), seed=1)
    return Ensemble(prior=study.prior, z=sets, mode={}, provenance={}, histories=lived)


@pytest.fixture
def knowing(tmp_path):
    """Return the town with known figures."""

    def scenario(figure, sd=2.0):
        (tmp_path / "figures.csv").write_text(KNOWN.format(figure, sd), encoding="utf-8")
        path = tmp_path / "now.toml"
        path.write_text(f'name = "now"\nbase = "{(SMALL_TOWN / "town.toml").as_posix()}"\nknown = "figures.csv"\n')
        return Scenario.of(path)

    return scenario


def wait_of(results, month="2025-06"):
    return results.select("wait.team.served", month).values[:, 0]


def test_known_figures_weigh_the_histories_again(many, town, knowing):
    before = wait_of(run(many.over(town), replications=100, seed=3))
    figure = float(np.round(np.quantile(before, 0.75), 1))
    scenario = knowing(figure)
    informed = inform(many, scenario)
    after = wait_of(run(informed.over(scenario), replications=100, seed=3))
    assert np.abs(after - figure).mean() < 0.75 * np.abs(before - figure).mean()
    lived = informed.histories
    assert (lived.at, lived.pairs, len(lived)) == (datetime(2025, 7, 1), 200, 100)
    assert 50 <= lived.effective < 200
    # What was documented before still holds: each is one of the histories, with its own set.
    first = lived.before.luck(town.pathway(), lived.seed, int(lived.replications[7]))
    row = many.histories.replications.tolist().index(first.history)
    assert lived.sets[7] == many.histories.sets[row]


def test_informed_histories_are_shared_until_the_last_figure(many, knowing):
    scenario = knowing(9, 6)
    informed = inform(many, scenario)
    model = informed.over(scenario)
    one = run(model, replications=[0, 100], seed=5, keep_traces=True)
    visits = [one.visits(number).query("joined < '2025-07-01'") for number in (0, 100)]
    alike = [sorted(v[["entry", "state", "joined"]].itertuples(index=False, name=None), key=str) for v in visits]
    assert alike[0] == alike[1]
    assert one.digests[0] != one.digests[1]
    assert run(model, replications=[100], seed=5, engine="simpy").digests == one.digests[1:]
    assert run(model, replications=[0, 100], seed=5, kept=KeptHistories()).digests == one.digests
    assert inform(many, scenario).histories.replications.tolist() == informed.histories.replications.tolist()


def test_a_figure_within_the_documents_weighs_without_another_fork(many, study, tmp_path, knowing):
    scenario = knowing(9, 6)
    figures = tmp_path / "figures.csv"
    figures.write_text(KNOWN.format(8, 6).replace("2025-06", "2024-06"), encoding="utf-8")
    scenario = Scenario.of(scenario.source)
    lived = inform(many, scenario).histories
    assert (lived.at, lived.before, lived.seed, lived.pairs) == (AT, None, many.histories.seed, 100)
    assert set(lived.replications.tolist()) <= set(many.histories.replications.tolist())


def test_figures_that_hardly_any_history_comes_near_are_refused(many, knowing):
    with pytest.raises(
        InputError, match=r"known: .* at least 50 are needed: 'wait\.team\.served 2025-06' is 900, and the"
    ):
        inform(many, knowing(900, 20))


def test_an_effective_sample_of_just_what_is_needed_is_enough(many, knowing, monkeypatch):
    scenario = knowing(9, 6)
    enough = inform(many, scenario).histories.effective
    monkeypatch.setattr("flowsim.calibration.informed.LEAST_EFFECTIVE", enough)
    assert inform(many, scenario).histories.effective == enough
    monkeypatch.setattr("flowsim.calibration.informed.LEAST_EFFECTIVE", np.nextafter(enough, np.inf))
    with pytest.raises(InputError, match="known: the figures leave an effective sample of"):
        inform(many, scenario)


def test_unknown_measures_and_months_are_refused_by_their_cell(many, knowing, tmp_path):
    scenario = knowing(9)
    for old, new, message in (
        ("wait.team.served", "wait.taem.served", r"known: figures\.csv: A2: .*did you mean 'wait\.team\.served'"),
        ("2025-06", "2019-06", r"known: figures\.csv: A2: the run has no 'wait\.team\.served' of 2019-06"),
    ):
        (tmp_path / "figures.csv").write_text(KNOWN.format(9, 2).replace(old, new), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            check_known(Scenario.of(scenario.source))


def test_a_list_of_today_goes_on_from_the_histories(many, tmp_path):
    """Stocks of no list are those of each history on that day; services are the history's; luck is the run's."""
    (tmp_path / "list.csv").write_text("where;situation;number;since\nteam;waiting;3;2025-03-01\n")
    base = f'base = "{(SMALL_TOWN / "town.toml").as_posix()}"\n'
    path = tmp_path / "april.toml"
    path.write_text(f'name = "april"\n{base}today = "list.csv"\ntoday_is = 2025-04-01\n')
    scenario = Scenario.of(path)
    model = many.over(scenario)
    assert model.fork(1) is None
    town = Scenario.of(SMALL_TOWN / "town.toml")
    stock = model.opening.stock(4, 2)
    lived = run(Cut(model=many.over(town), end=datetime(2025, 1, 1)), replications=[2], seed=4, keep_traces=True)
    there = lived.visits(2).query("state == 'course' and (ended.isna() or ended >= '2025-01-01')")
    early = [minutes for minutes, _ in stock.of("course", False).tolist() if minutes >= 90 * 1440]
    assert 0 < len(early) <= len(there)
    begun = {str(when)[:16] for when in there["started"]}
    assert {str(datetime(2025, 4, 1) - timedelta(minutes=m))[:16] for m in early} <= begun
    assert run(model, replications=2, seed=4).digests == run(model, replications=2, seed=4, engine="simpy").digests
