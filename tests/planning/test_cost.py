"""Prices and costs: years worked by hand, what a week of waiting costs, and one line for every mistake in a file."""

import math

import numpy as np
import pytest

from flowsim import InputError, Pathway, Results, Scenario, run
from flowsim.evidence import facts
from flowsim.model.library import scenario_names
from flowsim.planning.comparison import Comparison, compare
from flowsim.planning.cost import TOTALS, costed, waiting_price, with_costs
from flowsim.planning.prices import Prices
from flowsim.simulation.intervals import ratio_interval
from helpers.measures import row
from helpers.scenarios import PRICES
from helpers.traces import SMALL

RESULTS = run(SMALL, replications=4)


def cells(results, measure, period="2019"):
    return results.select(measure, period).values[:, 0]


def test_a_year_worked_by_hand():
    told = costed(RESULTS, Prices.from_dict(PRICES), "base")
    assert {row.unit for row in told.index if row.measure.startswith("cost.")} == {"DKK million"}
    # Staff 2, 4 and 0 from January, April and July; servers 2 and, from 15 February, 4; 2019 has 365 days.
    staff, servers = (90 * 2 + 91 * 4) / 365 * 0.6, (45 * 2 + 320 * 4) / 365 * 0.36
    np.testing.assert_allclose(cells(told, "cost.staff.board.town"), staff)
    np.testing.assert_allclose(cells(told, "cost.servers.desk"), servers)
    np.testing.assert_allclose(cells(told, "cost.meetings.board"), cells(RESULTS, "meetings.board") * 0.003)
    np.testing.assert_allclose(cells(told, "cost.places.board"), cells(RESULTS, "places.board") * 0.0005)
    benefits = cells(RESULTS, "mean_stock.cash") * 0.0028 * 365 / 7 + cells(RESULTS, "mean_stock.course") * 0.0004 * 365
    np.testing.assert_allclose(cells(told, "cost.benefits"), benefits)
    np.testing.assert_allclose(cells(told, "cost.sums"), 1.25)
    effort = staff + servers + 1.25 + cells(told, "cost.meetings.board") + cells(told, "cost.places.board")
    np.testing.assert_allclose(cells(told, "cost.effort"), effort)
    np.testing.assert_allclose(cells(told, "cost.total"), effort + benefits)
    np.testing.assert_array_equal(told.values[:, : len(RESULTS.index)], RESULTS.values)
    assert not [row for row in told.index if row.measure in TOTALS and row.period != "2019"]  # 2020 is not whole


def test_a_run_of_a_few_days_costs_what_these_days_cost():
    raw = SMALL.to_dict() | {"start": "2019-01-01", "end": "2019-01-11"}
    told = costed(run(Pathway.from_dict(raw), replications=2), Prices.from_dict(PRICES), "base")
    np.testing.assert_allclose(cells(told, "cost.staff.board.town"), 2 * 0.6 * 10 / 365)
    np.testing.assert_allclose(cells(told, "cost.servers.desk"), 2 * 0.36 * 10 / 365)
    np.testing.assert_allclose(cells(told, "cost.sums"), 1.25 * 10 / 365)
    np.testing.assert_allclose(cells(told, "cost.meetings.board"), cells(told, "meetings.board") * 0.003)
    benefits = cells(told, "mean_stock.cash") * 0.0028 * 10 / 7 + cells(told, "mean_stock.course") * 0.0004 * 10
    np.testing.assert_allclose(cells(told, "cost.benefits"), benefits)
    warm = run(Pathway.from_dict(raw | {"warm_up": "5 days"}), replications=2)
    np.testing.assert_allclose(
        cells(costed(warm, Prices.from_dict(PRICES), "base"), "cost.servers.desk"), 0.72 * 5 / 365
    )


def test_a_sum_is_spent_in_its_scenarios_and_years():
    prices = Prices.from_dict({"sums": PRICES["sums"]})
    assert cells(costed(RESULTS, prices, "base"), "cost.effort").tolist() == [1.25] * 4
    assert cells(costed(RESULTS, prices, "more"), "cost.effort").tolist() == [0.7] * 4
    # Nothing is said to be with benefits where none has a price.
    assert not {"cost.total", "cost.benefits"} & {*costed(RESULTS, prices, "base").measures}
    later = Prices.from_dict({"sums": [{"name": "later", "amount": "1 million DKK", "years": [2020]}]})
    assert cells(costed(RESULTS, later, "base"), "cost.effort").tolist() == [0] * 4


@pytest.mark.parametrize(
    ("per", "year", "expected"),
    [("year", 2020, 1), ("quarter", 2020, 4), ("month", 2019, 12), ("week", 2019, 365 / 7), ("day", 2020, 366)],
)
def test_a_price_over_a_calendar_year(per, year, expected):
    (price,) = Prices.from_dict({"benefits": {"cash": f"1 EUR per {per}"}}).prices
    assert price.in_year(year) == pytest.approx(expected)


def other(section, *keys):
    *path, (key, value) = keys
    raw = {section: PRICES[section]}
    inner = raw[section] = dict(raw[section])
    for step in path:
        inner[step] = dict(inner[step])
        inner = inner[step]
    inner[key] = value
    return raw


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"benefit": {}}, "prices: there is no key 'benefit'; did you mean 'benefits'?"),
        ({}, "prices: it holds no price"),
        ({"places": 5}, "prices: places: 5 is not allowed: it should be a table"),
        (
            other("places", ("board", 500)),
            "prices: places.board: 500 is not allowed: it should be a text with its unit",
        ),
        (other("places", ("board", "500")), "prices: places.board: '500' is no price: write '5000 DKK per place'"),
        (
            other("places", ("board", "5.000 DKK per place")),
            "prices: places.board: '5.000': 5000 or 5? write 5000 or 5",
        ),
        (other("places", ("board", "1,200 DKK per place")), "write 1200 or 1.2"),
        (other("places", ("board", "500 DKK")), "'500 DKK' has no unit (allowed: per place), such as"),
        (other("places", ("board", "500 DKK per week")), "'500 DKK per week' is per week (allowed: per place)"),
        (other("places", ("board", "-500 DKK per place")), "'-500 DKK per place' is negative: a price is 0 or more"),
        (other("benefits", ("cash", "2800 DKK per wek")), "is per wek (allowed: per year, quarter, month, week, day)"),
        (other("benefits", ("cash", "2800 EUR per week")), "benefits.course: it is in DKK, and benefits.cash in EUR"),
        (other("benefits", ("cash", {"assumed": "1 DKK per week"})), "benefits.cash.why: this key is missing"),
        (other("benefits", ("cash", {"assumd": "1 DKK per week"})), "exactly one of `fact`, `assumed` and `borrowed`"),
        (
            other("benefits", ("cash", {"fact": "aftale-2017.budgt", "as": "{} DKK per week"})),
            "did you mean 'aftale-2017.budget'?",
        ),
        (other("benefits", ("cash", {"fact": "aftale-2017.review-money", "as": "9"})), "it should hold '{}' once"),
        (
            other("benefits", ("cash", {"fact": "aftale-2017.review-money", "has": "9"})),
            "there is no key 'has'; did you mean 'as'?",
        ),
        ({"staff": {"board": "600000 DKK per year"}}, "staff.board: name the party too, such as staff.board.PARTY"),
        ({"sums": {}}, "sums: write [[sums]] in double brackets"),
        ({"sums": [{"name": "a", "amount": "1 DKK"}]}, "sums[no. 1].years: this key is missing"),
        ({"sums": [{"name": "a", "amount": "1 DKK", "years": 2019}]}, "sums[no. 1].years: 2019 is not allowed"),
        ({"sums": [{"name": "a", "amount": "1 DKK", "years": [2019], "onli": []}]}, "did you mean 'only'?"),
        ({"sums": [{"name": "a", "amount": "1 DKK", "years": [2019], "only": "x"}]}, "it should be names of scenarios"),
        (
            {"sums": [{"name": "a", "amount": "1 DKK", "years": [2019], "only": ["x"], "except": ["x"]}]},
            "'x' stands in both `only` and `except`",
        ),
        ({"sums": [{"name": "a", "amount": "1 DKK per year", "years": [2019]}]}, "is per year: a sum is a whole"),
    ],
)
def test_a_mistake_in_prices_is_one_line(raw, message):
    with pytest.raises(InputError) as told:
        Prices.from_dict(raw)
    assert message in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (
            {"staff": {"board": {"toun": "1 DKK per year"}}},
            "there is no party with staff 'board.toun'; did you mean 'board.town'?",
        ),
        ({"staff": {"board": {"region": "1 DKK per year"}}}, "there is no party with staff 'board.region'"),
        ({"servers": {"board": "1 DKK per year"}}, "there is no station with servers 'board' (allowed: desk)"),
        ({"meetings": {"desk": "1 DKK per meeting"}}, "there is no station with meetings 'desk' (allowed: board)"),
        ({"benefits": {"cas": "1 DKK per week"}}, "there is no benefit 'cas'; did you mean 'cash'?"),
    ],
)
def test_a_price_of_what_the_pathway_does_not_have_is_refused(raw, message):
    with pytest.raises(InputError) as told:
        costed(RESULTS, Prices.from_dict(raw), "base")
    assert message in str(told.value)


def test_costs_need_the_measures_that_they_are_of():
    with pytest.raises(InputError, match=r"places\.board: the results lack places\.board of 2019"):
        costed(RESULTS.select("meetings.board"), Prices.from_dict({"places": PRICES["places"]}), "base")


def test_the_shipped_prices_fit_copenhagen_and_say_where_they_come_from():
    prices = Prices.read()
    prices.check(Scenario.of("copenhagen").pathway())
    every = [*prices.prices, *(one.price for one in prices.sums)]
    assert {price.kind for price in every} == {"fact", "assumed"}
    assert all(price.why for price in every if price.kind == "assumed")
    known = facts.load()
    for price in every:
        if price.kind == "fact":
            assert known[price.fact].unit == "DKK million"
            assert price.amount == pytest.approx(1e6 * known[price.fact].number(price.key or None))
    named = {name for one in prices.sums for name in (*one.only, *one.without)}
    assert named <= set(scenario_names())
    # Training (0.6), communication, the task force (0.3 each) and statements (5.0) of the agreement's 16.7 million: the
    # rest is caseworkers and meetings, which the model has itself. Then the review, and half of Flere i Fleksjob.
    spent = {name: sum(one.in_year(2017, name) for one in prices.sums) for name in ("today", "without-2017-money")}
    assert spent["today"] - spent["without-2017-money"] == pytest.approx(6.2e6)
    assert spent["without-2017-money"] == pytest.approx(4.5e6 + 3.7e6 / 2)


def made_up(waited, cost):
    """A comparison of two scenarios with these weeks of waiting and these millions, in each replication."""
    index = (row("waited.a", "2019", "citizen-weeks"), row("waited.b", "2019", "citizen-weeks"))
    index += (row("cost.effort", "2019", "DKK million"),)
    runs = []
    for weeks, millions in zip(waited, cost, strict=True):
        values = np.array([np.array(weeks) - 5.0, np.full(len(weeks), 5.0), millions]).T
        runs.append(
            Results(
                pathway=SMALL,
                seed=1,
                replications=tuple(range(len(weeks))),
                engine="kernel",
                index=index,
                values=values,
                digests=("",) * len(weeks),
            )
        )
    return Comparison(names=("base", "more"), results=tuple(runs))


def test_the_price_of_a_week_worked_by_hand():
    # Eleven replications, each ten weeks less and 1, 2, ... 11 thousand more: 600 a week. The cost, 6,000, has
    # Student's interval, for it is not skewed: 2.228 times the root of 11 over itself. The weeks do not vary, so the
    # price has a tenth of that.
    weeks = [100.0] * 11
    price = waiting_price(made_up([weeks, [90.0] * 11], [[0.0] * 11, [n / 1000 for n in range(1, 12)]]), "more")
    half = 2.228139 * 1000
    assert (price.saved, price.why) == ((10, 10, 10), "")
    assert price.cost == pytest.approx((6000, 6000 - half, 6000 + half), rel=1e-6)
    assert price.price[0] == pytest.approx(600)
    assert price.price == pytest.approx((600, 600 - half / 10, 600 + half / 10), rel=1e-6)


@pytest.mark.parametrize(("n", "least"), [(10, 0.93), (20, 0.93)])
def test_the_interval_of_a_price_holds_the_true_one_as_often_as_it_says(n, least):
    # The weeks saved are skewed, and what they cost has a part that goes with them: 300 series of n pairs, and as many
    # as `least` hold the ratio with chance, but for three binomial errors.
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        saved = rng.gamma(1.5, 50 / 1.5, n)
        cost = 200 * saved + rng.normal(0, 4000, n)
        interval = ratio_interval(cost, saved, 0.05)
        held += interval.low <= 200 <= interval.high
    assert held / 300 >= least - 3 * math.sqrt(least * (1 - least) / 300)


def test_a_ratio_without_spread_is_itself():
    interval = ratio_interval(np.full(12, 600.0), np.full(12, 3.0), 0.05)
    assert (interval.estimate, interval.low, interval.high) == (200, 200, 200)


@pytest.mark.parametrize(
    ("less", "more", "why"),
    [
        ([1, -1, 1, -1, 2, -2], [5] * 6, "it does not surely change how long citizens wait"),
        ([0] * 6, [5] * 6, "it does not surely change how long citizens wait"),
        ([-9, -8, -9, -8, -9, -8], [5] * 6, "citizens wait longer"),
        ([9, 8, 9, 8, 9, 8], [-5, -4, -5, -4, -5, -4], "it costs less as well"),
    ],
)
def test_where_there_is_no_price_of_a_week_it_says_why(less, more, why):
    weeks = np.full(12, 100.0)
    price = waiting_price(made_up([weeks, weeks - less * 2], [np.zeros(12), more * 2]), "more")
    assert price.why == why
    assert all(math.isnan(value) for value in price.price)
    few = waiting_price(made_up([weeks[:6], weeks[:6] - less], [np.zeros(6), more]), "more")
    assert few.why == "6 replications are too few to know"


def test_saving_time_at_no_cost_costs_nothing_a_week():
    weeks = np.full(12, 100.0)
    price = waiting_price(made_up([weeks, weeks - [9, 8, 9, 8] * 3], [np.ones(12), np.ones(12)]), "more")
    assert (price.price, price.why) == ((0, 0, 0), "")


def test_two_desks_cost_what_they_cost_and_weeks_are_counted_over_all_years():
    def desks(number, name):
        return Pathway.from_dict(
            {
                "name": name,
                "start": "2020-01-01",
                "end": "2022-01-01",
                "stations": {"desk": {"capacity": number}},
                "states": {"plan": {"station": "desk", "stay": "9 days", "to": "out"}, "out": {"final": True}},
                "entries": {"door": {"to": "plan", "rate": "39 per year"}},
            }
        )

    found = compare([desks(1, "one"), desks(2, "two")], replications=20)
    found = with_costs(found, Prices.from_dict({"servers": {"desk": "400000 DKK per year"}}))
    told = waiting_price(found, "two")
    assert told.cost[0] == pytest.approx(800_000)
    misspelt = {"name": "a", "amount": "1 DKK", "years": [2020], "only": ["ones"]}
    with pytest.raises(InputError, match=r"sums\.a: no scenario is called 'ones'; did you mean 'one'\?"):
        with_costs(found, Prices.from_dict({"sums": [misspelt]}))
    with_costs(found, Prices.from_dict({"sums": [misspelt | {"only": ["elsewhere"]}]}))
    waited = [one.select("waited.desk") for one in found.results]
    years = [[n for n, row in enumerate(one.index) if len(row.period) == 4] for one in waited]
    weeks = [one.values[:, columns].sum(axis=1).mean() for one, columns in zip(waited, years, strict=True)]
    assert told.saved[0] == pytest.approx(weeks[0] - weeks[1])
    assert told.price[0] == pytest.approx(800_000 / told.saved[0])
    with pytest.raises(InputError, match=r"there is no measure 'cost\.effort'"):
        waiting_price(found.between("2020Q1", "2020Q3"), "two")


def test_prices_have_a_decimal_comma_or_point():
    texts = {"a": "12,5 DKK per place", "b": "12.5 DKK per place", "c": "1.014,8 DKK per place"}
    prices = Prices.from_dict({"places": texts}).prices
    assert [price.amount for price in prices] == [12.5, 12.5, 1014.8]
