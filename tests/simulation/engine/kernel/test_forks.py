"""From a fork on the luck is that of a future: equal bytes on both engines, the same law, and one history before it.

Mutations that were tried, one at a time, and what turned red: see `docs/decisions/mutations.md`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from flowsim import Pathway, read_base
from flowsim.simulation.engine import fast, kernel, reference
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.luck import luck_of
from flowsim.simulation.engine.trace import NEVER
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.timeline import DatedTrace
from flowsim.testing import pathways
from helpers.models.generated import RELAXED

DAY = 1440
WEEK = 6 * DAY  # the horizon of generated pathways
ROUND = st.integers(1, 6 * 4 - 1).map(lambda n: n * DAY // 4)
FORKS = st.lists(
    st.tuples(ROUND | st.integers(1, WEEK - 1), st.integers(0, 3)), min_size=1, max_size=3, unique_by=lambda f: f[0]
).map(sorted)


def assert_twins(pathway, seed, history, forks):
    model = compile_pathway(pathway)
    slow, quick = (engine.simulate(model, seed, history, forks) for engine in (reference, fast))
    for name in ("visits", "sessions", "first", "presence", "queued"):
        assert getattr(slow, name).tobytes() == getattr(quick, name).tobytes(), name


@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 3), FORKS)
def test_twins_with_forks(pathway, seed, history, forks):
    assert_twins(pathway, seed, history, forks)


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 2**40), FORKS)
def test_twins_with_forks_on_many_generated_pathways(pathway, seed, history, forks):
    assert_twins(pathway, seed, history, forks)


@pytest.mark.parametrize("engine", [fast, reference])
@pytest.mark.parametrize("batch", [1, {"1": 0.5, "3": 0.5}])
def test_who_comes_at_a_given_time_has_the_luck_of_that_time(batch, engine):
    """Categories, stays and sizes are the future's from the fork on, in whichever history, and the history's before."""
    at = [f"2020-01-{day:02}T{hour:02}:00" for day in (1, 2, 3) for hour in range(0, 24, 2)]
    pathway = Pathway.from_dict(
        {
            "name": "given",
            "start": "2020-01-01",
            "end": "2020-04-01",
            "attributes": {"age": {"shares": {"young": 0.5, "old": 0.5}}},
            "states": {
                "there": {"stay": {"law": "exponential", "mean": "2 hours"}, "to": "gone"},
                "gone": {"final": True},
            },
            "entries": {"door": {"to": "there", "at": at, "batch": batch}},
        }
    )
    fork = 2 * DAY

    def lives(history, future, after):
        trace = engine.simulate(compile_pathway(pathway), 1, history, [(fork, future)])
        visits = trace.visits[trace.visits["state"] == 0]
        visits = visits[(visits["joined"] >= fork) == after]
        return [(int(v["joined"]), int(v["ended"]), int(trace.groups[v["citizen"]])) for v in visits]

    assert lives(0, 1, True) == lives(5, 1, True) != lives(0, 2, True)
    assert [group for *_, group in lives(0, 1, True)] != [group for *_, group in lives(0, 2, True)]
    assert lives(0, 1, False) == lives(0, 2, False) != lives(5, 1, False)


def past(trace, pathway, tick):
    """What had happened before a tick: visits by door and order of arrival, and the sessions."""
    door = np.searchsorted(trace.first, trace.visits["citizen"], side="right") - 1
    rows = []
    for entry, visit in zip(door, trace.visits.tolist(), strict=True):
        citizen, step, state, to, nth, joined, started, ended, since = visit
        if joined < tick:
            to = to if NEVER < ended < tick else None
            started, ended = (x if NEVER < x < tick else None for x in (started, ended))
            rows.append((entry, citizen - trace.first[entry], step, state, to, nth, joined, started, ended, since))
    # How many a period of servers took is known at its end.
    sessions = [row[:3] + row[4:] for row in trace.sessions.tolist() if row[0] < tick]
    return rows, sessions


@settings(max_examples=60, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1), ROUND | st.integers(1, WEEK - 1))
def test_the_past_is_that_of_the_history_whatever_the_future(pathway, seed, tick):
    model = compile_pathway(pathway)
    plain = fast.simulate(model, seed, 0)
    futures = [fast.simulate(model, seed, 0, [(tick, future)]) for future in (0, 1)]
    for trace in futures:
        assert past(trace, pathway, tick) == past(plain, pathway, tick)
    again = fast.simulate(model, seed, 0, [(tick, 1)])
    assert again.digest == futures[1].digest


STATES = {
    "cash": {
        "race": {
            "plan": {"to": "plan", "rate": {"2020-01-01": "1 per year", "2021-01-01": "2 per year"}},
            "job": {"to": "out", "rate": "1 per year", "by_time_spent": {"0 days": 2.0, "180 days": 0.5}},
            "term": {"to": "out", "after": {"law": "gamma", "mean": "2 years", "cv": 0.5}},
        }
    },
    "plan": {
        "station": "team",
        "stay": {"law": "lognormal", "mean": "40 days", "cv": 0.8},
        "to": {"course": 0.5, "cash": "rest"},
        "patience": {"law": "exponential", "mean": "1 year"},
        "reneges_to": "out",
    },
    "course": {"stay": {"law": "weibull", "mean": "1 year", "cv": 0.6}, "to": "out", "outcome": True},
    "out": {"final": True, "outcome": True},
}
ENTRIES = {
    "new": {"to": "cash", "rate": {"2020-01-01": "150 per year", "2021-06-01": "250 per year"}},
    "regular": {"to": "plan", "every": {"law": "weibull", "mean": "9 days", "cv": 1.3}},
    "there": {"to": "cash", "count": 60, "elapsed": {"law": "exponential", "mean": "1 year"}},
}


def town(entries=ENTRIES, states=STATES, places=4.0):
    team = {"weekdays": ["wed"], "places": places}
    horizon = {"start": "2020-01-01", "end": "2023-01-01"}
    return Pathway.from_dict(
        {"name": "town", "stations": {"team": team}, "states": states, "entries": entries} | horizon
    )


FORK = 366 * DAY  # 1 January 2021


def lives(trace, pathway):
    """What each citizen lived through by door, index and step."""
    door = np.searchsorted(trace.first, trace.visits["citizen"], side="right") - 1
    return {
        (pathway.entries[entry].name, int(visit[0] - trace.first[entry]), int(visit[1])): visit[2:]
        for entry, visit in zip(door, trace.visits.tolist(), strict=True)
    }


def test_futures_of_one_history_are_independent_and_one_future_of_two_histories_is_shared():
    pathway = town()
    model = compile_pathway(pathway)
    first, second = (fast.simulate(model, 1, 0, [(FORK, future)]) for future in (1, 2))
    other = fast.simulate(model, 1, 5, [(FORK, 1)])

    def arrivals(trace, number):
        rows = trace.visits[(trace.visits["step"] == 0)]
        own = (rows["citizen"] >= trace.first[number]) & (rows["citizen"] < trace.first[number + 1])
        return rows["joined"][own]

    def gaps(ticks):
        return np.diff(ticks[ticks >= FORK][:200])

    assert (
        arrivals(first, 0)[arrivals(first, 0) < FORK].tolist() != arrivals(other, 0)[arrivals(other, 0) < FORK].tolist()
    )
    assert gaps(arrivals(first, 0)).tolist() == gaps(arrivals(other, 0)).tolist()
    assert abs(np.corrcoef(gaps(arrivals(first, 0)), gaps(arrivals(second, 0)))[0, 1]) < 4.5 / np.sqrt(199)
    # The gap under way at the fork is the history's own, those after it are the future's, but for the rounding of sums.
    common = [gaps(arrivals(trace, 1))[:40] for trace in (first, other, second)]
    assert abs(common[0] - common[1]).max() <= 1
    assert abs(common[0] - common[2]).max() > DAY


def test_a_change_before_the_fork_gives_the_counterfactual_of_the_same_history_and_future():
    pathway = town()
    edited = town(places={"2020-01-01": 4.0, "2020-06-01": 9.0})
    base, more = (fast.simulate(compile_pathway(one), 1, 3, [(FORK, 7)]) for one in (pathway, edited))
    assert past(more, edited, FORK) == past(fast.simulate(compile_pathway(edited), 1, 3), edited, FORK)
    old, new = lives(base, pathway), lives(more, edited)
    # Nobody's luck moves: who never passed the team by another date lives the same life, before and after the fork.
    arrivals = [(key, life[3]) for key, life in old.items() if key[2] == 0]
    assert arrivals == [(key, life[3]) for key, life in new.items() if key[2] == 0]
    moved = {key[:2] for key, life in old.items() if new.get(key) != life}
    assert all(any(life[0] == 1 for key, life in old.items() if key[:2] == citizen) for citizen in moved)
    assert 0 < len(moved) < 0.9 * len({key[:2] for key in old})


def test_who_comes_after_the_fork_keeps_her_luck_though_fewer_came_before_it():
    fewer = ENTRIES | {"new": {"to": "cash", "rate": {"2020-01-01": "50 per year", "2021-06-01": "250 per year"}}}
    fewer["new"]["rate"] = {"2020-01-01": "50 per year", "2021-01-01": "150 per year", "2021-06-01": "250 per year"}
    traces = [
        (town(entries), fast.simulate(compile_pathway(town(entries)), 1, 0, [(FORK, 2)]))
        for entries in (ENTRIES, fewer)
    ]
    after = []
    for pathway, trace in traces:
        whole = lives(trace, pathway)
        new = [key[1] for key, life in whole.items() if key[0] == "new" and key[2] == 0 and life[3] >= FORK]
        after.append([whole["new", index, 0][:6] for index in sorted(new)])
    assert len(after[0]) > 300
    assert after[0] == after[1]


# --- In law nothing changes


def race(rates, forks, count=4000):
    """Lengths of races, and where they go, of citizens who start at 0, in days, with forks on the way."""
    states = {"a": {"race": rates}, "b": {"final": True}, "c": {"final": True}, "d": {"final": True}}
    horizon = {"start": "2020-01-01", "end": "2060-01-01"}
    door = {"door": {"to": "a", "count": count}}
    pathway = Pathway.from_dict({"name": "p", "states": states, "entries": door} | horizon)
    visits = fast.simulate(compile_pathway(pathway), 3, 0, [(day * DAY, day) for day in forks]).visits
    own = visits[visits["state"] == 0]
    return own["ended"] / DAY, own["next"]


def test_a_race_with_forks_has_the_law_of_one_without():
    """Two hazards that add to 0.01 a day, then to 0.03 from day 60 on, against the closed form; and a fixed end."""
    change = "2020-03-01"
    rates = {
        "b": {"to": "b", "rate": {"2020-01-01": "0.006 per day", change: "0.009 per day"}},
        "c": {"to": "c", "rate": {"2020-01-01": "0.004 per day", change: "0.021 per day"}},
        "d": {"to": "d", "after": "150 days"},
    }
    lengths, to = race(rates, forks=[7, 30, 31, 60, 77, 140])

    def cdf(x):
        return 1 - np.exp(-0.01 * np.minimum(x, 60) - 0.03 * np.maximum(x - 60, 0))

    within = lengths < 150
    share = cdf(150)
    assert abs(within.sum() - 4000 * share) < 3.5 * np.sqrt(4000 * share * (1 - share))
    assert (to[~within] == 3).all()
    assert (lengths[~within] == 150).all()
    assert stats.kstest(lengths[within], lambda x: cdf(x) / share).pvalue > 0.001
    for early, chance in ((lengths < 60, 0.6), ((lengths >= 60) & within, 0.3)):
        n = early.sum()
        assert abs((to[early] == 1).sum() - n * chance) < 3.5 * np.sqrt(n * chance * (1 - chance))


def test_arrivals_with_forks_are_poisson():
    rate = {"2020-01-01": "2 per day", "2020-04-10": "0 per day", "2020-05-20": "5 per day"}
    states, horizon = {"out": {"final": True}}, {"start": "2020-01-01", "end": "2020-08-28"}
    entries = {"door": {"to": "out", "rate": rate}}
    model = compile_pathway(Pathway.from_dict({"name": "p", "states": states, "entries": entries} | horizon))
    forks = np.array([3, 50, 110, 120, 141, 200]) * DAY
    counts = []
    for number in range(200):
        ticks, begins = kernel.arrival_ticks(model, luck_of(8, number, [(tick, number) for tick in forks]), 0)
        # Who comes half a minute before a fork is rounded to its tick.
        assert (np.searchsorted(ticks, forks) <= begins[1:]).all()
        assert (begins[1:] <= np.searchsorted(ticks, forks, side="right")).all()
        counts.append(np.histogram(ticks / DAY, bins=[0, 50, 100, 140, 190, 240])[0])
    totals = np.array(counts).sum(axis=0)
    assert totals[2] == 0
    for total, mean in zip(totals[[0, 1, 3, 4]], [100, 100, 250, 250], strict=True):
        assert abs(total - 200 * mean) < 3.5 * np.sqrt(200 * mean)
    # The parts on both sides of a fork are independent: their sum has the variance of a Poisson count.
    spread = np.array(counts)[:, [0, 1, 3, 4]].sum(axis=1).var(ddof=1) / 700
    assert stats.chi2.cdf(199 * spread, 199) == pytest.approx(0.5, abs=0.4999)


def test_gaps_between_regular_arrivals_go_on_over_a_fork():
    """A fixed gap has nothing to draw: a fork moves nobody."""
    states, horizon = {"out": {"final": True}}, {"start": "2020-01-01", "end": "2020-04-01"}
    entries = {"door": {"to": "out", "every": "5 days"}}
    model = compile_pathway(Pathway.from_dict({"name": "p", "states": states, "entries": entries} | horizon))
    ticks, begins = kernel.arrival_ticks(model, luck_of(8, 0, [(12 * DAY, 1), (13 * DAY, 2), (40 * DAY, 1)]), 0)
    assert ticks.tolist() == [5 * DAY * n for n in range(1, 19)]
    # The gap that begins on day 10 lies over two forks; the one that begins on day 40 is the third future's.
    assert begins.tolist() == [0, 3, 3, 8]


def test_who_is_under_way_in_a_race_ends_otherwise_in_each_future_but_a_stay_keeps_its_draw():
    states = {
        "race": {"race": {"out": {"to": "out", "rate": "2 per year"}, "end": {"to": "out", "after": "2 years"}}},
        "stay": {"stay": {"law": "exponential", "mean": "6 months"}, "to": "out"},
        "term": {"race": {"out": {"to": "out", "after": {"law": "gamma", "mean": "1 year", "cv": 0.5}}}},
        "out": {"final": True},
    }
    entries = {name: {"to": name, "count": 500} for name in ("race", "stay", "term")}
    horizon = {"start": "2020-01-01", "end": "2023-01-01"}
    model = compile_pathway(Pathway.from_dict({"name": "p", "states": states, "entries": entries} | horizon))
    visits = [fast.simulate(model, 1, 0, [(FORK, future)]).visits for future in (0, 1)]
    races, stays, terms = ([rows["ended"][rows["state"] == state] for rows in visits] for state in range(3))
    assert (races[0][races[0] < FORK] == races[1][races[0] < FORK]).all()
    late = (races[0] >= FORK) & (races[0] < 2 * FORK - 2 * DAY)
    assert late.sum() > 50
    assert (races[0][late] != races[1][late]).all()
    assert (stays[0] == stays[1]).all()
    assert (terms[0] == terms[1]).all()


def test_no_two_periods_share_a_word():
    luck = luck_of(1, 5, [(10, 5), (20, 5), (30, 0)])
    assert len(set(luck.words.tolist())) == 4
    assert [int(kernel.period_of(luck, tick)) for tick in (0, 9, 10, 29, 30, 99)] == [0, 0, 1, 2, 3, 3]
    begins = np.array([[0, 2, 2, 5]])
    addresses = [int(kernel.index_of(begins, 0, n)) for n in range(7)]
    assert addresses == [0, 1, 2 << 32, (2 << 32) + 1, (2 << 32) + 2, 3 << 32, (3 << 32) + 1]


@pytest.mark.slow
def test_copenhagen_with_fourteen_forks_is_equal_in_law():
    """The yearly figures of 400 replications with a fork at each half-year against 400 without."""
    pathway = read_base("copenhagen").pathway()
    model, catalogue = compile_pathway(pathway), Catalogue.of(pathway)
    ticks = [int(tick) for tick in np.linspace(0, model.horizon, 16)[1:-1]]
    assert len(ticks) == 14
    columns = [
        number
        for number, row in enumerate(catalogue.index)
        if row.period.every == "year" and row.measure.startswith(("awards", "stock", "entries", "queue", "exits"))
    ]
    plain, forked = (
        np.array(
            [
                catalogue.compute(fast.simulate(model, 2, first + n, [(tick, n) for tick in used]))[columns]
                for n in range(400)
            ]
        )
        for first, used in ((0, []), (1000, ticks))
    )
    error = np.sqrt((plain.var(axis=0, ddof=1) + forked.var(axis=0, ddof=1)) / 400)
    moving = error > 0
    z = (plain.mean(axis=0) - forked.mean(axis=0))[moving] / error[moving]
    assert moving.sum() > 50
    assert abs(z).max() < 3.5
    assert 0.5 < np.sqrt((z**2).mean()) < 1.5


# --- A history that is kept at the fork goes on as if it had been run from the start


def assert_goes_on(model, seed, history, tick, future, edited=None, earlier=()):
    kept = fast.run_until(model, seed, history, tick, earlier)
    whole = fast.simulate(edited or model, seed, history, [*earlier, (tick, future)])
    for _ in range(2):  # what is kept is not used up
        onward = fast.go_on(kept, edited or model, future)
        for name in ("visits", "sessions", "first", "presence", "queued"):
            assert getattr(whole, name).tobytes() == getattr(onward, name).tobytes(), name


@settings(max_examples=100, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 3), ROUND | st.integers(1, WEEK - 1), st.integers(0, 3))
def test_a_kept_history_goes_on_to_the_same_bytes(pathway, seed, history, tick, future):
    assert_goes_on(compile_pathway(pathway), seed, history, tick, future)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 3), ROUND | st.integers(1, WEEK - 1), st.integers(0, 3))
def test_many_kept_histories_go_on_to_the_same_bytes(pathway, seed, history, tick, future):
    assert_goes_on(compile_pathway(pathway), seed, history, tick, future)


# --- Measures alone are of those who had gone before the fork and of the others, each read by themselves


def watched(pathway):
    """The pathway with all that can be watched of it, by hour."""
    first, *others = [state.name for state in pathway.states]
    waiting = [state.name for state in pathway.states if state.station]
    clocks = {"all": {"begins": first, "ends": others, "limit": "1 day"}}
    clocks["starts"] = {"begins": others[0], "begins_at": "started", "ends": others[1:] or first, "limit": "6 hours"}
    watches = {name: {"states": name, "within": "3 hours", "percentiles": 50, "among": "all"} for name in waiting}
    benefits = dict.fromkeys(pathway.benefits)
    return Pathway.from_dict(
        pathway.to_dict()
        | {"clocks": clocks, "watches": watches, "periods": "hour"}
        | {"followups": {name: {"benefit": name, "after": "5 hours", "gap": "1 hour"} for name in benefits}}
        | {"seniorities": {name: {"benefit": name, "over": "1 day"} for name in benefits}}
    )


def assert_measured_alike(pathway, seed, history, tick, future):
    model, catalogue = compile_pathway(pathway), Catalogue.of(pathway)
    kept = fast.run_until(model, seed, history, tick)
    whole, others = (fast.go_on(kept, model, future, whole=each) for each in (True, False))
    gone = DatedTrace(kept.trace_of_gone(model), pathway, catalogue.calendar)
    both = np.concatenate([gone.trace.visits, others.visits])
    assert sorted(both["since"].tolist()) == sorted(whole.visits["since"].tolist())
    clocks = {row.measure for row in catalogue.index if row.measure.of("clock") == "starts"}
    for only in (None, clocks, None):  # what is remembered of those who had gone is not used up
        assert catalogue.compute(others, only, gone).tobytes() == catalogue.compute(whole, only).tobytes()


@settings(max_examples=30, deadline=None, suppress_health_check=RELAXED, derandomize=True)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 3), ROUND | st.integers(1, WEEK - 1), st.integers(0, 3))
def test_measures_are_the_same_where_those_who_had_gone_are_kept_apart(pathway, seed, history, tick, future):
    assert_measured_alike(watched(pathway), seed, history, tick, future)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=RELAXED)
@given(pathways(), st.integers(0, 2**64 - 1), st.integers(0, 3), ROUND | st.integers(1, WEEK - 1), st.integers(0, 3))
def test_many_measures_are_the_same_where_those_who_had_gone_are_kept_apart(pathway, seed, history, tick, future):
    assert_measured_alike(watched(pathway), seed, history, tick, future)


def test_measures_of_copenhagen_are_the_same_where_those_who_had_gone_are_kept_apart():
    assert_measured_alike(read_base("copenhagen").pathway(), 1, 2, 6 * 365 * DAY, 4)


def test_a_kept_history_goes_on_with_changes_dated_from_the_fork_on():
    later = {"2020-01-01": 4.0, "2021-01-01": 7.0, "2022-01-01": 2.0}
    entries = {name: dict(entry) for name, entry in ENTRIES.items()}
    entries["new"]["rate"] = {"2020-01-01": "150 per year", "2021-01-01": "20 per year", "2022-05-01": "900 per year"}
    models = [compile_pathway(one) for one in (town(), town(entries, places=later))]
    for history, future in ((0, 0), (0, 3), (5, 1)):
        assert_goes_on(models[0], 2, history, FORK, future, models[1])


@pytest.mark.parametrize("earlier", [(), ((13, 2), (39, 1))])
def test_who_moves_at_the_fork_itself_may_have_won_her_race_before_it(earlier):
    """Of 40,000 some 18 move at tick 40, half of them by a race that was won in the half tick before it."""
    states = {"a": {"race": {"b": {"to": "b", "rate": "1 per 3 days"}, "c": {"to": "c", "rate": "1 per 3 days"}}}}
    states |= {name: {"final": True} for name in "bc"}
    horizon = {"start": "2020-01-01", "end": "2020-01-02"}
    entries = {"there": {"to": "a", "count": 40000}}
    model = compile_pathway(Pathway.from_dict({"name": "p", "states": states, "entries": entries} | horizon))
    visits = fast.simulate(model, 1, 0, [*earlier, (40, 3)]).visits
    assert (visits["ended"] == 40).sum() > 10
    assert_goes_on(model, 1, 0, 40, 3, earlier=earlier)


def test_a_history_of_copenhagen_goes_on_to_the_same_bytes():
    pathway = read_base("copenhagen").pathway()
    assert_goes_on(compile_pathway(pathway), 1, 2, 6 * 365 * DAY, 4)
