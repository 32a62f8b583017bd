"""What both engines share, against SciPy, NumPy and numeric integration: laws, races, shares and arrivals.

Twins cannot see an error here. Thresholds come from theory: one z-value stays within 4.5, and a p-value above the
probability of that.
"""

import math
from datetime import datetime
from itertools import product

import numpy as np
import pytest
from scipy import integrate, special, stats

from flowsim import Duration, Pathway
from flowsim.simulation.engine import fast, kernel
from flowsim.simulation.engine.compiler import compile_pathway, name_key
from flowsim.simulation.engine.luck import luck_of
from flowsim.simulation.engine.trace import NEVER

UNLIKELY = 1e-5
DAY = 1440
KEY = np.uint64(3), np.uint64(0)


def pathway(states, entries, start="2020-01-01", end="2120-01-01", **more):
    states = states | {"out": {"final": True}}
    return Pathway.from_dict({"name": "p", "start": start, "end": end, "states": states, "entries": entries} | more)


def one_stay(law, entries, **more):
    return pathway({"talk": {"stay": law, "to": "out"}}, entries, **more)


def compiled(law):
    """A model of which law 0 is this one."""
    return compile_pathway(one_stay(law, {"door": {"to": "talk", "count": 0}}))


def simulated(pathway, replications=1, engine=fast):
    model = compile_pathway(pathway)
    return [engine.simulate(model, int(KEY[0]), number) for number in range(replications)]


def lengths(visits):
    return visits["ended"] - visits["started"]


def drawn(entry, index, state="", nth=0, purpose=0, key=KEY):
    """The three uniforms at an address, drawn by NumPy."""
    address = [name_key(entry), index, name_key(state) if state else 0, nth << 32 | purpose]
    before = sum(word << 64 * n for n, word in enumerate(address)) - 1
    parts = np.array([before >> 64 * n & 2**64 - 1 for n in range(4)], np.uint64)
    words = np.random.Philox(key=np.array(key, np.uint64), counter=parts).random_raw(3)
    return ((words >> np.uint64(12)) + 0.5) * 2.0**-52


# --- Laws of durations, against SciPy's


def scipy_law(law, mean, cv=1.0):
    if law == "exponential":
        return stats.expon(scale=mean)
    if law == "gamma":
        return stats.gamma(cv**-2, scale=mean * cv**2)
    if law == "lognormal":
        sigma = math.sqrt(math.log(1 + cv**2))
        return stats.lognorm(sigma, scale=mean / math.exp(sigma**2 / 2))
    # Weibull's shape k is known where the cv is: of 1 / k = 2 and of 1 / k = 1 / 2.
    shape = {math.sqrt(5): 0.5, 1.0: 1.0, math.sqrt(4 / math.pi - 1): 2.0}[cv]
    return stats.weibull_min(shape, scale=mean / special.gamma(1 + 1 / shape))


WEIBULLS = [math.sqrt(5), 1.0, math.sqrt(4 / math.pi - 1)]
LAWS = [
    ("exponential", None),
    *(("gamma", cv) for cv in (0.05, 0.5, 1.0, 2.0, 6.0)),
    *(("lognormal", cv) for cv in (0.05, 0.5, 1.0, 2.0, 20.0)),
    *(("weibull", cv) for cv in WEIBULLS),
]
MEAN = 40.0 * DAY
PROBABILITIES = np.concatenate(
    [10.0 ** np.arange(-15, -1), np.linspace(0.013, 0.987, 60), 1 - 10.0 ** np.arange(-14, -1)]
)


def both(law, cv):
    """Our law in a model, and SciPy's, in ticks of a minute."""
    raw = {"law": law, "mean": "40 days"} | ({"cv": cv} if cv is not None else {})
    return compiled(raw), scipy_law(law, MEAN, cv if cv is not None else 1.0)


@pytest.mark.parametrize(("law", "cv"), LAWS)
def test_quantiles_are_scipys(law, cv):
    model, theirs = both(law, cv)
    ours = np.array([kernel.law_quantile(model, 0, u) for u in PROBABILITIES])
    exact = theirs.isf(PROBABILITIES)
    # Less than e^-60 of the mean counts as no time at all.
    seen = exact > MEAN * math.exp(-58)
    np.testing.assert_allclose(ours[seen], exact[seen], rtol=2e-7)
    assert (ours[~seen] < MEAN * math.exp(-57)).all()
    assert seen.sum() > 60


@pytest.mark.parametrize(("law", "cv"), LAWS)
def test_survival_is_scipys(law, cv):
    model, theirs = both(law, cv)
    times = theirs.isf(PROBABILITIES)
    times = times[times > MEAN * math.exp(-58)]
    ours = np.array([kernel.survival(model, 0, x) for x in times])
    np.testing.assert_allclose(ours, theirs.sf(times), rtol=2e-6)
    assert kernel.survival(model, 0, -1.0) == 1.0
    assert kernel.survival(model, 0, 0.0) == 1.0


@pytest.mark.parametrize(("law", "cv"), LAWS)
@pytest.mark.parametrize("elapsed", [0.0, 0.1, 1.0, 3.0])
def test_what_is_left_is_scipys_conditional_law(law, cv, elapsed):
    model, theirs = both(law, cv)
    # Almost nobody lasts three times the mean where the law is narrow.
    e = min(elapsed * MEAN, theirs.isf(1e-9))
    probabilities = np.linspace(0.01, 0.99, 25)
    ours = np.array([kernel.residual(model, 0, u, e) for u in probabilities])
    exact = theirs.isf(probabilities * theirs.sf(e)) - e
    # The difference of two near numbers: as precise as the quantile itself.
    np.testing.assert_allclose(ours, exact, rtol=2e-7, atol=1e-6 * (e + MEAN * 1e-3))


def test_nothing_is_left_where_nobody_lasts_so_long():
    model, _ = both("gamma", 0.05)
    assert kernel.residual(model, 0, 0.5, 4 * MEAN) == 0.0


def test_an_exponential_stay_forgets_what_has_passed():
    model = compiled({"law": "exponential", "mean": "40 days"})
    assert kernel.residual(model, 0, 0.3, 1e9) == kernel.law_quantile(model, 0, 0.3)


def test_what_is_left_of_a_fixed_stay():
    model = compiled("10 minutes")
    assert [kernel.residual(model, 0, 0.5, e) for e in (0.0, 4.0, 10.0, 11.0)] == [10.0, 6.0, 0.0, 0.0]
    assert [kernel.survival(model, 0, x) for x in (-1.0, 9.9, 10.0)] == [1.0, 1.0, 0.0]
    assert kernel.law_quantile(compiled("0 minutes"), 0, 0.5) == 0.0


EMPIRICAL = {"law": "empirical", "values": ["30 hours", "10 hours", "20 hours"], "weights": [2.0, 5.0, 3.0]}


def test_an_empirical_law_by_hand():
    """10 hours in half of the cases, 20 in three tenths, 30 in two: a long one is improbable."""
    model = compiled(EMPIRICAL)
    hours = [kernel.law_quantile(model, 0, u) / 60 for u in (0.01, 0.19, 0.21, 0.49, 0.51, 0.99)]
    assert hours == [30, 30, 20, 20, 10, 10]
    at = [kernel.survival(model, 0, 60.0 * hours) for hours in (0, 9, 10, 19, 20, 29, 30, 31)]
    assert at == pytest.approx([1, 1, 0.5, 0.5, 0.2, 0.2, 0, 0], abs=1e-15)
    # After 12 hours, 20 is three fifths and 30 is two.
    left = [kernel.residual(model, 0, u, 60.0 * 12) / 60 for u in (0.01, 0.39, 0.41, 0.99)]
    assert left == [18, 18, 8, 8]
    assert kernel.residual(model, 0, 0.5, 60.0 * 30) == 0.0


def test_an_empirical_law_without_weights_takes_each_equally_often():
    model = compiled({"law": "empirical", "values": ["3 days", "1 day", "2 days", "1 day"]})
    days = [kernel.law_quantile(model, 0, u) / DAY for u in (0.24, 0.26, 0.49, 0.51, 0.99)]
    assert days == [3, 2, 2, 1, 1]
    assert Duration.empirical(["1 day", "4 days"], [3.0, 1.0]).mean_minutes == 1.75 * DAY


def test_a_weight_of_nothing_is_never_drawn():
    raw = {"law": "empirical", "values": ["1 day", "2 days", "3 days"], "weights": [1.0, 0.0, 0.0]}
    assert {kernel.law_quantile(compiled(raw), 0, u) for u in (2.0**-53, 0.5, 1 - 2.0**-53)} == {DAY}


def test_an_erlang_law_is_a_gamma_law():
    assert Duration.erlang("12 days", 4) == Duration.gamma("12 days", 0.5)


ARRIVE = {"door": {"to": "talk", "rate": {"2020-01-01": "20000 per year", "2021-01-01": "0 per year"}}}


@pytest.mark.parametrize(
    ("law", "cv"), [("exponential", None), ("gamma", 0.5), ("gamma", 1.5), ("lognormal", 0.5), ("weibull", WEIBULLS[2])]
)
def test_stays_through_a_pathway_have_mean_variance_and_law(law, cv):
    raw = {"law": law, "mean": "40 days"} | ({"cv": cv} if cv is not None else {})
    (trace,) = simulated(one_stay(raw, ARRIVE))
    stays = lengths(trace.visits[trace.visits["state"] == 0])
    theirs = scipy_law(law, MEAN, cv if cv is not None else 1.0)
    n, sd = len(stays), (cv if cv is not None else 1.0) * MEAN
    assert n > 19_000
    assert abs(stays.mean() - MEAN) / (sd / math.sqrt(n)) < 4.5
    assert theirs.std() == pytest.approx(sd)
    excess = float(theirs.stats("k"))
    assert abs(stays.var() / sd**2 - 1) / math.sqrt((excess + 2) / n) < 4.5
    assert stats.kstest(stays, theirs.cdf).pvalue > UNLIKELY


@pytest.mark.parametrize(
    "law",
    [{"law": "gamma", "mean": "150 minutes", "cv": 0.8}, EMPIRICAL, "30 seconds", "0 minutes", "12 weeks"],
    ids=str,
)
def test_a_stay_is_its_quantile_rounded_half_up(law, engine):
    one = one_stay(law, {"door": {"to": "talk", "count": 200}}, end="2021-01-01")
    (trace,) = simulated(one, engine=engine)
    model = compiled(law)
    exact = [kernel.law_quantile(model, 0, drawn("door", index, "talk")[0]) for index in range(200)]
    stays = lengths(trace.visits[trace.visits["state"] == 0])
    assert stays.tolist() == [math.floor(x + 0.5) for x in exact]


# --- Races, against numeric integration of the survival function

RACE = {
    "job": {
        "to": "out",
        "rate": {"2020-01-01": "2 per year", "2020-03-01": "9 per year", "2020-07-01": "0 per year"},
        "by_time_spent": {"0 days": 1.0, "50 days": 0.25, "140 days": 2.0},
    },
    "plan": {"to": "gone", "rate": {"2020-01-01": "0 per year", "2020-02-10": "3 per year"}},
    "move": {"to": "moved", "after": {"law": "weibull", "mean": "200 days", "cv": WEIBULLS[2]}},
}
ENDS = {"gone": {"final": True}, "moved": {"final": True}}


def day_of(text):
    return (datetime.fromisoformat(text) - datetime(2020, 1, 1)).days


def hazards(t, spent):
    """The hazards a day of the three exits at day `t` of a stay that began on day 0, `spent` days before on benefit."""
    by_date = np.select([t < day_of("2020-03-01"), t < day_of("2020-07-01")], [2.0, 9.0], 0.0)
    by_spent = np.select([t + spent < 50, t + spent < 140], [1.0, 0.25], 2.0)
    plan = np.where(t < day_of("2020-02-10"), 0.0, 3.0)
    law = scipy_law("weibull", 200.0, WEIBULLS[2])
    return np.array([by_date * by_spent / 365.25, plan / 365.25, law.pdf(t) / law.sf(t)])


def race_cells(hazards_at, edges, step=0.005):
    """The probability of each exit in each interval of days: the integral of its hazard times survival of all."""
    middle = np.arange(edges[0] + step / 2, edges[-1], step)
    each = hazards_at(middle)
    total = integrate.cumulative_trapezoid(each.sum(0), middle, initial=0.0) + each[:, 0].sum() * step / 2
    density = each * np.exp(-total) * step
    bins = np.digitize(middle, edges) - 1
    return np.array([np.bincount(bins, row, len(edges) - 1) for row in density])


def counted(visits, pathway, names, edges, began):
    """How many left by each exit in each interval of days since `began`."""
    left = visits[visits["ended"] != NEVER]
    numbers = [[state.name for state in pathway.states].index(name) for name in names]
    days = (left["ended"] - began) / DAY
    return np.array([np.histogram(days[left["next"] == number], edges)[0] for number in numbers])


def assert_cells(observed, probabilities, n):
    """Chi-square over all cells that expect 5 or more, the rest together as one."""
    expected = probabilities.ravel() * n
    big = expected >= 5
    observed, cells = observed.ravel()[big], expected[big]
    rest = n - cells.sum()
    assert rest > -1e-3 * n
    if rest >= 5:
        observed, cells = np.append(observed, n - observed.sum()), np.append(cells, rest)
    statistic = ((observed - cells) ** 2 / cells).sum()
    assert len(cells) > 10
    assert stats.chi2.sf(statistic, len(cells) - 1) > UNLIKELY


COUNT = 20_000
EDGES = np.array([0, 10, 25, 40, 50, 60, 75, 95, 120, 140, 160, 182, 200, 240, 300, 360])


def test_competing_exits_by_date_and_by_time_spent():
    one = pathway({"kh": {"race": RACE}} | ENDS, {"there": {"to": "kh", "count": COUNT}}, end="2021-01-01")
    (trace,) = simulated(one)
    observed = counted(trace.visits[trace.visits["state"] == 0], one, ["out", "gone", "moved"], EDGES, 0)
    assert_cells(observed, race_cells(lambda t: hazards(t, 0), EDGES), COUNT)


def test_time_spent_counts_from_the_start_of_the_benefit_spell():
    """Thirty days in a state of the same benefit, then the race: the factors change thirty days earlier in it."""
    states = {
        "wait": {"benefit": "kh", "stay": "30 days", "to": "talk"},
        "talk": {"benefit": "other", "stay": "0 minutes", "to": "kh"},
        "kh": {"race": {name: RACE[name] for name in ("job", "plan")}},
    }
    direct = states | {"wait": states["wait"] | {"to": "kh"}}
    for told, spent in ((direct, 30), (states, 0)):
        one = pathway({k: v for k, v in told.items() if spent == 0 or k != "talk"} | {"gone": {"final": True}},
                      {"there": {"to": "wait", "count": COUNT}}, end="2021-01-01")  # fmt: skip
        (trace,) = simulated(one)
        kh = trace.visits[trace.visits["state"] == [s.name for s in one.states].index("kh")]
        assert (kh["since"] == (0 if spent else 30 * DAY)).all()
        observed = counted(kh, one, ["out", "gone"], EDGES, 30 * DAY)
        cells = race_cells(lambda t, spent=spent: hazards(t + 30, spent - 30)[:2], EDGES[:-3])
        assert_cells(observed[:, :-3], cells, COUNT)


def test_a_stock_races_on_with_the_time_that_has_elapsed():
    elapsed = 70
    one = pathway(
        {"kh": {"race": RACE}} | ENDS,
        {"there": {"to": "kh", "count": COUNT, "elapsed": f"{elapsed} days"}},
        end="2021-01-01",
    )
    (trace,) = simulated(one)
    kh = trace.visits[trace.visits["state"] == 0]
    assert (kh["started"] == -elapsed * DAY).all()
    law = scipy_law("weibull", 200.0, WEIBULLS[2])

    def at(t):
        by_hazard = hazards(t, elapsed)
        by_hazard[2] = law.pdf(t + elapsed) / law.sf(t + elapsed)
        return by_hazard

    assert_cells(counted(kh, one, ["out", "gone", "moved"], EDGES, 0), race_cells(at, EDGES), COUNT)


def test_what_is_left_at_the_start_has_the_conditional_law():
    one = pathway(
        {"talk": {"stay": {"law": "gamma", "mean": "40 days", "cv": 0.5}, "to": "out"}},
        {"there": {"to": "talk", "count": COUNT, "elapsed": {"law": "exponential", "mean": "20 days"}}},
    )
    (trace,) = simulated(one)
    visits = trace.visits[trace.visits["state"] == 0]
    assert stats.kstest(-visits["joined"], stats.expon(scale=20.0 * DAY).cdf).pvalue > UNLIKELY
    law = scipy_law("gamma", MEAN, 0.5)
    # Given that it lasts longer than e, S(total) / S(e) is uniform.
    left = law.sf(lengths(visits)) / law.sf(-visits["started"])
    assert stats.kstest(left, "uniform").pvalue > UNLIKELY


@pytest.mark.filterwarnings("ignore::flowsim.model.ticks.CoarseTickWarning")
def test_exits_are_compared_before_rounding():
    """Two exits within one minute: the sooner one wins, not the one first named."""
    race = {"late": {"to": "gone", "after": "100.4 minutes"}, "soon": {"to": "out", "after": "100.1 minutes"}}
    there = {"there": {"to": "kh", "count": 1}}
    one = pathway({"kh": {"race": race}, "gone": {"final": True}}, there, tick="1 minute")
    (trace,) = simulated(one)
    assert trace.visits["ended"][0] == 100
    assert trace.visits["next"][0] == 2


# --- Shares and arrivals


def test_shares_are_those_of_the_period_in_which_they_leave():
    shares = [{"a": 0.7, "b": 0.2, "out": 0.1}, {"a": 0.05, "b": 0.0, "out": 0.95}, {"a": 0.3, "b": 0.3, "out": 0.4}]
    dates = ["2020-01-01", "2020-05-01", "2020-09-01"]
    states = {"talk": {"stay": {"law": "exponential", "mean": "40 days"}, "to": dict(zip(dates, shares, strict=True))}}
    ends = {"a": {"final": True}, "b": {"final": True}}
    one = pathway(states | ends, {"door": {"to": "talk", "rate": "20000 per year"}}, end="2021-01-01")
    (trace,) = simulated(one)
    left = trace.visits[(trace.visits["state"] == 0) & (trace.visits["next"] >= 0)]
    period = np.digitize(left["ended"], [day_of(date) * DAY for date in dates]) - 1
    statistic, free = 0.0, 0
    for number, share in enumerate(shares):
        taken = np.bincount(left["next"][period == number], minlength=4)[1:]
        for (name, p), seen in zip(share.items(), taken, strict=True):
            expected = p * taken.sum()
            assert p > 0 or seen == 0, name
            statistic += (seen - expected) ** 2 / expected if p else 0.0
        free += sum(p > 0 for p in share.values()) - 1
        assert taken.sum() > 3000
    assert stats.chi2.sf(statistic, free) > UNLIKELY


def test_the_route_is_drawn_apart_from_the_stay():
    states = {"talk": {"stay": {"law": "exponential", "mean": "10 days"}, "to": {"a": 0.5, "out": 0.5}}}
    one = pathway(states | {"a": {"final": True}}, ARRIVE)
    (trace,) = simulated(one)
    visits = trace.visits[trace.visits["state"] == 0]
    stays = [lengths(visits)[visits["next"] == to] for to in (1, 2)]
    assert stats.ks_2samp(*stays).pvalue > UNLIKELY


DATES = ["2020-01-01", "2020-02-01", "2020-02-02", "2020-05-01", "2020-07-01"]
RATES = [1.0, 30.0, 0.0, 0.25, 4.0]  # a day


def test_poisson_arrivals_by_period():
    rate = {date: f"{rate} per day" for date, rate in zip(DATES, RATES, strict=True)}
    one = pathway({}, {"door": {"to": "out", "rate": rate}}, end="2020-08-01")
    edges = np.array([day_of(date) for date in [*DATES, "2020-08-01"]])
    traces = simulated(one, replications=300)
    # An arrival of the last half minute of a period is rounded to the first minute of the next.
    days = [(trace.visits["joined"] - 0.5) / DAY for trace in traces]
    counts = np.array([np.histogram(d, edges)[0] for d in days])
    expected = np.array(RATES) * np.diff(edges)
    assert (counts[:, expected == 0] == 0).all()
    counts, expected = counts[:, expected > 0], expected[expected > 0]
    # Mean and dispersion of each period: (n - m)^2 / m has mean 1 and variance 2 + 1 / m.
    z = (counts.sum(0) - 300 * expected) / np.sqrt(300 * expected)
    assert abs(z).max() < 4.5
    dispersion = ((counts - expected) ** 2 / expected).sum(0)
    assert (abs(dispersion - 300) / np.sqrt(300 * (2 + 1 / expected)) < 4.5).all()
    assert abs(np.corrcoef(counts.T) - np.eye(4)).max() * np.sqrt(300) < 4.5
    together = np.concatenate(days)
    for since, until, rate in zip(edges, edges[1:], RATES, strict=False):
        within = together[(together >= since) & (together < until)]
        assert rate == 0 or stats.kstest(within, stats.uniform(since, until - since).cdf).pvalue > UNLIKELY


def test_a_rate_from_before_the_start_holds_from_the_start():
    rate = {"2019-01-01": "1000 per day", "2019-06-01": "0.5 per day"}
    one = pathway({}, {"door": {"to": "out", "rate": rate}}, end="2020-12-01")
    counts = [trace.first[-1] for trace in simulated(one, replications=50)]
    expected = 50 * 0.5 * day_of("2020-12-01")
    assert abs(sum(counts) - expected) / math.sqrt(expected) < 4.5


def test_arrivals_are_summed_as_floats_and_rounded_once():
    every = {"law": "gamma", "mean": "150 minutes", "cv": 0.4}
    entries = {"every": {"to": "out", "every": every}, "rate": {"to": "out", "rate": "6 per day"}}
    one = pathway({}, entries, end="2020-12-01")
    (trace,) = simulated(one)
    model = compiled(every)
    laws = {"every": lambda u: kernel.law_quantile(model, 0, u), "rate": lambda u: -math.log(u) * DAY / 6}
    for number, (door, gap) in enumerate(laws.items()):
        came = trace.visits["joined"][trace.first[number] : trace.first[number + 1]]
        exact = np.cumsum([gap(drawn(door, index)[0]) for index in range(len(came) + 1)])
        assert exact[-1] + 0.5 >= compile_pathway(one).horizon
        assert abs(came - np.floor(exact[:-1] + 0.5)).max() == 0
        assert len(came) > 1000


@pytest.mark.parametrize(("law", "cv"), [("exponential", None), ("lognormal", 0.5), ("weibull", WEIBULLS[2])])
def test_gaps_of_a_renewal_stream_have_their_law(law, cv):
    every = {"law": law, "mean": "2 days"} | ({"cv": cv} if cv is not None else {})
    one = pathway({}, {"door": {"to": "out", "every": every}})
    (trace,) = simulated(one)
    gaps = np.diff(trace.visits["joined"], prepend=0)
    assert len(gaps) > 15_000
    assert stats.kstest(gaps, scipy_law(law, 2.0 * DAY, cv if cv is not None else 1.0).cdf).pvalue > UNLIKELY
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) * math.sqrt(len(gaps)) < 4.5


def test_the_tick_changes_the_rounding_and_nothing_else():
    states = {"talk": {"stay": {"law": "lognormal", "mean": "40 days", "cv": 1.0}, "to": "kh"}, "kh": {"race": RACE}}
    entries = {"door": {"to": "talk", "rate": "300 per year"}, "there": {"to": "kh", "count": 9, "elapsed": "99 days"}}
    paths = (pathway(states | ENDS, entries, end="2021-01-01", tick=tick) for tick in ("1 minute", "6 hours"))
    fine, coarse = (simulated(one)[0].visits for one in paths)
    assert fine[["citizen", "state", "next"]].tolist()[:20] == coarse[["citizen", "state", "next"]].tolist()[:20]
    for time in ("joined", "started", "ended"):
        known = (fine[time] != NEVER) & (coarse[time] != NEVER)
        assert abs(fine[time][known] / 360 - coarse[time][known]).max() < 2.1


def test_every_combination_of_steps_is_found():
    """The step in force is the last that is not after the moment: at the date itself the new one."""
    model = compile_pathway(
        one_stay({"2019-12-31": "1 minute", "2020-01-01T00:10": "2 minutes", "2020-01-01T00:20": "3 minutes"},
                 {"door": {"to": "talk", "count": 0}})
    )  # fmt: skip
    for start, (since, length) in product(range(30), [((0, 10), 1.0), ((10, 20), 2.0), ((20, 30), 3.0)]):
        if since[0] <= start < since[1]:
            assert kernel.stay(model, luck_of(*map(int, KEY)), 0, 0, 0, 0, 0.5, start, 0, 0.0) == (length, -1)
