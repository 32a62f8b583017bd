"""The engines against queueing theory: what is known in closed form, or as the solution of a small Markov chain.

Every check runs long replications from an empty start. What joins in the first fifth of the horizon is left out, many
times the time in which these queues forget their start, and so is what joins in the last twentieth, so that everybody's
wait is known. The means of replications are independent, so their average minus theory over its own standard error
stays within 4.5; and the standard error is small enough to see an error of a few percent.
"""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from flowsim import Pathway
from flowsim.simulation.engine import fast, reference
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate
from flowsim.simulation.engine.trace import NEVER
from flowsim.testing import durations

HOUR = 60
SERVICE = 10.0  # hours, the mean of every stay here
EXPONENTIAL = {"law": "exponential", "mean": "10 hours"}


def pathway(station, states, entries, years=12):
    raw = {"name": "queue", "start": "2001-01-01", "end": f"{2001 + years}-01-01", "stations": {"desk": station}}
    ends = {"out": {"final": True}, "lost": {"final": True}}
    used = {name: ends[name] for name in ends if any(name in str(state) for state in states.values())}
    return Pathway.from_dict(raw | {"states": states | used, "entries": entries})


def queue(stay=EXPONENTIAL, **more):
    return {"station": "desk", "stay": stay, "to": "out"} | more


def arrivals(load, servers=1, to="talk"):
    """Poisson arrivals that keep so many servers busy for so large a part of the time."""
    return {"to": to, "rate": f"{load * servers} per 10 hours"}


def simple(servers, load, stay=EXPONENTIAL, years=12):
    return pathway({"capacity": servers}, {"talk": queue(stay)}, {"door": arrivals(load, servers)}, years)


def replicate(pathway, measure, replications, engine=fast, state=0):
    """Return the measure of the settled visits to a state, one row a replication."""
    model = compile_pathway(pathway)
    out = []
    for number in range(replications):
        visits = engine.simulate(model, 11, number).visits
        settled = (visits["joined"] >= model.horizon / 5) & (visits["joined"] < model.horizon * 0.95)
        out.append(measure(visits[settled & (visits["state"] == state)]))
    return np.array(out)


def hours_waited(visits):
    assert (visits["started"] != NEVER).all()
    return (visits["started"] - visits["joined"]) / HOUR


def wait_and_share(visits):
    """The mean wait, and the share that had to wait at all; who waits no whole minute is rounded to no wait or one."""
    waits = hours_waited(visits)
    return waits.mean(), (waits > 0).mean()


def share_lost(visits):
    return (visits["started"] == NEVER).mean()


def assert_means(samples, theory, within):
    """Compare each column with theory; `within` is the relative standard error that the runs must reach."""
    mean, error = samples.mean(0), samples.std(0, ddof=1) / math.sqrt(len(samples))
    theory = np.asarray(theory)
    assert (error <= within * theory).all(), error / theory
    assert (abs(mean - theory) <= 4.5 * error).all(), (mean, theory, (mean - theory) / error)


def erlang_b(servers, offered):
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


def erlang_c(servers, load):
    """The probability of waiting, and the mean wait in hours."""
    blocked = erlang_b(servers, load * servers)
    waiting = blocked / (1 - load * (1 - blocked))
    return waiting * SERVICE / (servers * (1 - load)), waiting


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (1, 0.8), (3, 0.8), (5, 0.9)])
def test_exponential_stays_wait_as_erlang_says(servers, load):
    samples = replicate(simple(servers, load), wait_and_share, 40)
    assert_means(samples, erlang_c(servers, load), 0.03)


def test_exponential_stays_wait_as_erlang_says_on_simpy():
    samples = replicate(simple(2, 0.6, years=2), wait_and_share, 12, reference)
    assert_means(samples, erlang_c(2, 0.6), 0.08)


def wait_of_one_server(load, squared_cv):
    """Pollaczek and Khinchine's mean wait in hours."""
    return load * SERVICE * (1 + squared_cv) / (2 * (1 - load))


@pytest.mark.parametrize(("law", "cv"), [("gamma", 0.5), ("gamma", 2.0), ("lognormal", 1.5), ("weibull", 0.7)])
def test_one_server_waits_as_pollaczek_and_khinchine_say(law, cv):
    stay = {"law": law, "mean": "10 hours", "cv": cv}
    samples = replicate(simple(1, 0.7, stay), lambda visits: hours_waited(visits).mean(), 60)
    assert_means(samples, wait_of_one_server(0.7, cv**2), 0.03)


def test_fixed_stays_wait_half_as_long():
    samples = replicate(simple(1, 0.7, "10 hours"), lambda visits: hours_waited(visits).mean(), 40)
    assert_means(samples, wait_of_one_server(0.7, 0.0), 0.03)


@pytest.mark.parametrize(
    "stay", [EXPONENTIAL, {"law": "lognormal", "mean": "10 hours", "cv": 1.5}, "10 hours"], ids=str
)
def test_without_a_waiting_room_erlangs_share_is_refused_whatever_the_law(stay):
    states = {"talk": queue(stay, refused_to="lost")}
    one = pathway({"capacity": 4, "room": 0}, states, {"door": arrivals(0.75, 4)}, years=5)
    assert_means(replicate(one, share_lost, 40), erlang_b(4, 3.0), 0.02)


def birth_and_death(births, deaths):
    """The stationary distribution of a chain that goes up and down by one."""
    weights = np.cumprod(np.concatenate([[1.0], np.array(births) / np.array(deaths)]))
    return weights / weights.sum()


def test_a_limited_room_refuses_those_who_find_it_full():
    states = {"talk": queue(refused_to="lost")}
    one = pathway({"capacity": 2, "room": 3}, states, {"door": arrivals(0.9, 2)}, years=6)
    present = birth_and_death([1.8] * 5, [1.0, 2.0, 2.0, 2.0, 2.0])
    assert_means(replicate(one, share_lost, 40), present[-1], 0.03)


def test_impatient_citizens_give_up_as_the_birth_and_death_chain_says():
    """Patience is exponential with mean 20 hours, so each who waits leaves half as fast as one who is served."""
    patience = {"law": "exponential", "mean": "20 hours"}
    one = pathway(
        {"capacity": 2}, {"talk": queue(patience=patience, reneges_to="lost")}, {"door": arrivals(1.1, 2)}, years=6
    )
    present = birth_and_death([2.2] * 60, [min(n, 2) + 0.5 * max(n - 2, 0) for n in range(1, 61)])
    gave_up = 0.5 * (np.maximum(np.arange(61) - 2, 0) * present).sum() / 2.2
    assert_means(replicate(one, share_lost, 40), gave_up, 0.02)


def test_the_better_class_waits_as_cobham_says():
    """Two classes at one server, loads 0.3 and 0.5: R / (1 - a) and R / (1 - a)(1 - a - b), R the residual work."""
    states = {"urgent": queue(), "talk": queue(priority=1)}
    one = pathway({"capacity": 1}, states, {"siren": arrivals(0.3, to="urgent"), "door": arrivals(0.5)}, years=20)
    left = 0.8 * SERVICE
    for state, theory in enumerate([left / 0.7, left / (0.7 * 0.2)]):
        samples = replicate(one, lambda visits: hours_waited(visits).mean(), 40, state=state)
        assert_means(samples, theory, 0.03)


# --- A meeting with limited places (Bailey 1954)


def waiting_before_meetings(places, weekly, most=400):
    """The stationary law of X' = max(X - places, 0) + Poisson(weekly), in order of X, by powers of its matrix."""
    come = stats.poisson(weekly).pmf(np.arange(most))
    law = np.zeros(most)
    law[0] = 1.0
    for _ in range(4000):
        kept = np.concatenate([[law[: places + 1].sum()], law[places + 1 :], np.zeros(places)])
        new = np.convolve(kept, come)[:most]
        if abs(new - law).max() < 1e-14:
            break
        law = new
    assert law.sum() == pytest.approx(1.0, abs=1e-9)
    return law


def test_the_chain_of_meetings_by_hand():
    """One place, half a case a week: a discrete queue whose mean is known, m + m^2 / 2(1 - m)."""
    law = waiting_before_meetings(1, 0.5)
    assert (np.arange(len(law)) * law).sum() == pytest.approx(0.5 + 0.25 / (2 * 0.5), abs=1e-9)


def weekly_meeting(places, weekly, years):
    station = {"weekdays": ["wed"], "at": "10:00", "places": float(places)}
    return pathway(station, {"heard": queue("1 hour")}, {"door": {"to": "heard", "rate": f"{weekly} per week"}}, years)


def settled_meetings(model, replications, engine=fast):
    for number in range(replications):
        sessions = engine.simulate(model, 7, number).sessions
        yield sessions[len(sessions) // 5 :]


@pytest.mark.parametrize(("places", "weekly"), [(1, 0.7), (10, 9.0)])
def test_waiting_before_and_after_a_weekly_meeting(places, weekly):
    law = waiting_before_meetings(places, weekly)
    x = np.arange(len(law))
    model = compile_pathway(weekly_meeting(places, weekly, years=100))
    rows = []
    for log in settled_meetings(model, 40):
        after = log["waiting"] - log["taken"]
        rows.append([log["waiting"].mean(), after.mean(), (log["waiting"] >= places).mean(), (after > 0).mean()])
    left = np.maximum(x - places, 0)
    theory = [(x * law).sum(), (left * law).sum(), law[places:].sum(), law[places + 1 :].sum()]
    assert_means(np.array(rows), theory, 0.05)


def test_waiting_before_a_weekly_meeting_on_simpy():
    law = waiting_before_meetings(5, 4.0)
    model = compile_pathway(weekly_meeting(5, 4, years=10))
    means = np.array([log["waiting"].mean() for log in settled_meetings(model, 10, reference)])
    assert_means(means, (np.arange(len(law)) * law).sum(), 0.04)


def test_mean_wait_for_a_weekly_meeting_is_littles():
    """Waiting averaged over the week: those left after a meeting, and half of the week's newcomers."""
    law = waiting_before_meetings(10, 9.0)
    waiting = (np.maximum(np.arange(len(law)) - 10, 0) * law).sum() + 9.0 / 2
    samples = replicate(weekly_meeting(10, 9, years=100), lambda visits: hours_waited(visits).mean() / 168, 30)
    assert_means(samples, waiting / 9.0, 0.03)


# --- More places never lengthen a wait, at one station with given arrivals, one class and no reneging

DATES = ("2020-01-01", "2020-01-03", "2020-01-04")


@st.composite
def stations(draw):
    """The same station twice, the second time with as many places or more at every date."""
    few = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    more = [n + draw(st.integers(0, 2)) for n in few]
    if draw(st.booleans()):
        return [{"capacity": dict(zip(DATES, told, strict=False))} for told in (few, more)]
    when = {"weekdays": ["wed", "thu", "fri", "sat"], "at": ["06:00", "12:00"]}
    return [when | {"places": {d: float(n) for d, n in zip(DATES, told, strict=False)}} for told in (few, more)]


@st.composite
def doors(draw):
    entries = {"door": {"to": "talk", "rate": draw(st.sampled_from(["4 per day", "20 per day"]))}}
    if draw(st.booleans()):
        entries["every"] = {"to": "talk", "every": draw(durations())}
    if draw(st.booleans()):
        stock = {"to": "talk", "count": draw(st.integers(1, 6)), "elapsed": draw(durations(zero=True))}
        entries["there"] = stock | {"waiting": draw(st.booleans())}
    return entries


def left_the_queue(station, stay, entries, seed):
    raw = {"name": "p", "start": "2020-01-01", "end": "2020-01-07", "stations": {"desk": station}}
    states = {"talk": {"station": "desk", "stay": stay, "to": "out"}, "out": {"final": True}}
    one = Pathway.from_dict(raw | {"states": states, "entries": entries})
    visits = simulate(compile_pathway(one), seed, 0).visits
    started = visits["started"][visits["state"] == 0]
    return np.where(started == NEVER, np.iinfo(np.int64).max, started)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(stations(), durations(zero=True), doors(), st.integers(0, 2**64 - 1))
def test_more_places_never_lengthen_anybodys_wait(pair, stay, entries, seed):
    few, more = (left_the_queue(station, stay, entries, seed) for station in pair)
    assert (more <= few).all()
