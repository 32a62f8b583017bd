"""Queues whose answer is known: each as a pathway in the public language, beside what theory says of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy import stats

from flowsim.simulation.engine.trace import NEVER
from flowsim.theory.fixed_times import MDc, Meeting
from flowsim.theory.general_laws import MG1, GIMc, MPHc
from flowsim.theory.networks import AbsorbingChain, Jackson
from flowsim.theory.priority import MG1Priority, MMcPriority
from flowsim.theory.queues import ErlangA, Means, MMc, MMcK, erlang_b
from flowsim.theory.transient import MtGInf, MtMc
from flowsim.theory.verification.cases import (
    CITIZENS,
    COPIES,
    SERVICE,
    Case,
    Family,
    date_of,
    door,
    exponential,
    law_of,
    one_station,
    service_moments,
    service_survival,
    side_by_side,
    step,
    textbook_pathway,
)
from flowsim.theory.verification.rules import RULES
from flowsim.theory.verification.statistics import (
    TICKS,
    CheckedStatistic,
    Sample,
    mean_square,
    mean_wait,
    served,
    sojourn_over,
    unserved,
    wait_over,
)

__all__ = ["FAMILIES"]


def _present_at(model_mean: float, hour: float) -> CheckedStatistic:
    names = [f"desk{number}" for number in range(COPIES)]
    return CheckedStatistic(
        name=f"present after {hour / 24:g} days, citizens",
        theory=model_mean,
        observe=lambda sample: (sample.in_stay(hour, *names), COPIES),
    )


def _mmc() -> Iterator[Case]:
    for servers, load, replications in ((1, 0.5, 60), (3, 0.7, 250), (10, 0.8, 700)):
        model = MMc(rate=load * servers / SERVICE, mean_service=SERVICE, servers=servers)
        long = model.wait_quantile(0.9)
        yield Case(
            name=f"M/M/{servers} at {load:g}",
            pathway=one_station(model.rate, exponential(), servers),
            statistics=(
                mean_wait(model.means.wait),
                wait_over(0.0, model.wait_probability),
                wait_over(long, model.wait_tail(long)),
                sojourn_over(25.0, model.sojourn_tail(25.0)),
            ),
            replications=replications,
        )


def _mg1() -> Iterator[Case]:
    for law, cv, replications in (
        ("gamma", 0.5, 150),
        ("gamma", 1.5, 160),
        ("lognormal", 1.2, 160),
        ("weibull", 0.7, 60),
    ):
        model = MG1(rate=0.6 / SERVICE, moments=service_moments(law, cv), survival=service_survival(law, cv))
        squared = mean_square(model.wait_variance + model.means.wait**2)
        long = model.wait_quantile(0.8)
        yield Case(
            name=f"M/G/1 at 0.6, {law}, cv {cv:g}",
            pathway=one_station(model.rate, law_of(law, cv), 1),
            statistics=(
                mean_wait(model.means.wait),
                wait_over(0.0, model.load),
                wait_over(long, model.wait_tail(long)),
                sojourn_over(25.0, model.sojourn_tail(25.0)),
                *([squared] if cv < 0.6 else []),
            ),
            replications=replications,
        )


def _mdc() -> Iterator[Case]:
    model = MDc(rate=0.7 * 3 / SERVICE, service=SERVICE, servers=3)
    yield Case(
        name="M/D/3 at 0.7",
        pathway=one_station(model.rate, f"{SERVICE} hours", 3),
        statistics=(
            mean_wait(model.means.wait),
            wait_over(0.0, model.wait_probability),
            wait_over(5.0, model.wait_tail(5.0)),
        ),
        replications=80,
    )


def _mmck() -> Iterator[Case]:
    model = MMcK(rate=0.9 * 2 / SERVICE, mean_service=SERVICE, servers=2, room=3)
    pathway = textbook_pathway(
        CITIZENS / model.rate,
        stations={"desk": {"capacity": 2, "room": 3}},
        states={"desk": step(exponential(), refused_to="lost")},
        entries={"door": door(model.rate)},
    )
    statistics = (
        unserved(model.loss_probability, "refused, share"),
        served(mean_wait(model.means.wait)),
        served(wait_over(0.0, model.wait_probability)),
    )
    yield Case(name="M/M/2/5 at 0.9", pathway=pathway, statistics=statistics, replications=60)


def _erlang_b() -> Iterator[Case]:
    for law, stay in (
        ("exponential", exponential()),
        ("fixed", f"{SERVICE} hours"),
        ("lognormal, cv 1.5", law_of("lognormal", 1.5)),
    ):
        pathway = textbook_pathway(
            CITIZENS / 0.3,
            stations={"desk": {"capacity": 4, "room": 0}},
            states={"desk": step(stay, refused_to="lost")},
            entries={"door": door(0.3)},
        )
        lost = unserved(erlang_b(3.0, 4), "refused, share")
        yield Case(name=f"M/G/4/4, 3 erlangs, {law}", pathway=pathway, statistics=(lost,), replications=40)


def _priority() -> Iterator[Case]:
    exponential_stay, general_stay = exponential(), law_of("lognormal", 0.8)
    moments = service_moments("lognormal", 0.8)[:2]
    markovian = MMcPriority(rates=(0.06, 0.08), mean_service=SERVICE, servers=2)
    general = MG1Priority(rates=(0.03, 0.03), moments=(moments, moments))
    yield _two_classes("M/M/2 at 0.7", 2, exponential_stay, markovian.rates, markovian.means)
    yield _two_classes("M/G/1 at 0.6, lognormal", 1, general_stay, general.rates, general.means)


def _two_classes(name: str, servers: int, stay: Any, rates: tuple[float, ...], means: tuple[Means, ...]) -> Case:
    return Case(
        name=f"{name}, two classes",
        pathway=textbook_pathway(
            CITIZENS / sum(rates),
            stations={"desk": {"capacity": servers}},
            states={"urgent": step(stay), "desk": step(stay, priority=1)},
            entries={"siren": door(rates[0], "urgent"), "door": door(rates[1])},
        ),
        statistics=(
            mean_wait(means[0].wait, "urgent", "mean wait of the urgent, hours"),
            mean_wait(means[1].wait, "desk", "mean wait of the others, hours"),
        ),
        replications=140,
    )


def _erlang_a() -> Iterator[Case]:
    model = ErlangA(rate=0.22, mean_service=SERVICE, servers=2, mean_patience=20.0)
    yield Case(
        name="M/M/2+M at 1.1, patience 20 hours",
        pathway=one_station(model.rate, exponential(), 2, patience=exponential(20.0), reneges_to="lost"),
        statistics=(
            unserved(model.abandonment_probability, "gave up, share"),
            mean_wait(model.means.wait, what="mean wait of all, hours"),
            served(mean_wait(model.wait_mean_served)),
        ),
        replications=40,
    )
    # At the tick of a minute that pathways have by default, much patience is of no time and many events come at once.
    brief = ErlangA(rate=2.4, mean_service=100 / 60, servers=5, mean_patience=100 / 60)
    yield Case(
        name="M/M/5+M at 0.8, patience 100 minutes, a tick of a minute",
        pathway=one_station(
            brief.rate,
            exponential(brief.mean_service),
            brief.servers,
            tick="1 minute",
            patience=exponential(brief.mean_patience),
            reneges_to="lost",
        ),
        statistics=(unserved(brief.abandonment_probability, "gave up, share"),),
        replications=40,
    )


def _gimc() -> Iterator[Case]:
    def erlang_gaps(mean: float) -> Callable[[float], float]:
        return lambda s: (1 + s * mean / 4) ** -4.0  # of four phases: a coefficient of variation of a half

    for servers in (1, 2):
        gap = SERVICE / (0.7 * servers)
        model = GIMc(
            interarrival=erlang_gaps(gap),
            mean_interarrival=gap,
            mean_service=SERVICE,
            servers=servers,
        )
        pathway = textbook_pathway(
            CITIZENS * gap,
            stations={"desk": {"capacity": servers}},
            states={"desk": step(exponential())},
            entries={"door": {"to": "desk", "every": law_of("gamma", 0.5, gap)}},
        )
        statistics = (mean_wait(model.means.wait), wait_over(0.0, model.wait_probability))
        yield Case(
            name=f"GI/M/{servers} at 0.7, gamma, cv 0.5", pathway=pathway, statistics=statistics, replications=100
        )


def _mphc() -> Iterator[Case]:
    phases = 4  # a gamma law with a coefficient of variation of a half
    rate = phases / SERVICE
    generator = rate * (np.eye(phases, k=1) - np.eye(phases))
    model = MPHc(rate=0.14, initial=(1.0, 0.0, 0.0, 0.0), generator=generator.tolist(), servers=2)
    yield Case(
        name="M/PH/2 at 0.7, Erlang's law of 4 phases",
        pathway=one_station(model.rate, law_of("gamma", 0.5), 2),
        statistics=(
            mean_wait(model.means.wait),
            wait_over(0.0, model.wait_probability),
            wait_over(8.0, model.wait_tail(8.0)),
            sojourn_over(25.0, model.sojourn_tail(25.0)),
        ),
        replications=80,
    )


def _meeting() -> Iterator[Case]:
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    for name, days, interval, places, load in (
        ("a weekly meeting of 5 places at 0.8", ["wed"], 168.0, 5, 0.8),
        ("a daily meeting of one place at 0.6", every_day, 24.0, 1, 0.6),
    ):
        model = Meeting(rate=load * places / interval, interval=interval, places=places)
        after = model.queue_before[places:]

        def left(sample: Sample) -> tuple[float, float]:
            log = sample.trace.sessions[len(sample.trace.sessions) // 5 :]
            return float((log["waiting"] - log["taken"]).sum()), len(log)

        yield Case(
            name=name,
            pathway=textbook_pathway(
                CITIZENS / model.rate,
                stations={"desk": {"weekdays": days, "at": "10:00", "places": float(places)}},
                states={"desk": step("1 hour")},
                entries={"door": door(model.rate)},
            ),
            statistics=(
                mean_wait(model.means.wait),
                wait_over(interval, model.wait_tail(interval)),
                CheckedStatistic(
                    name="left after a meeting, cases", theory=float(np.arange(len(after)) @ after), observe=left
                ),
            ),
            replications=150,
        )


def _jackson() -> Iterator[Case]:
    names = ("intake", "doctor", "decision")
    shares = [[0.0, 0.4, 0.5], [0.3, 0.0, 0.6], [0.2, 0.0, 0.0]]
    model = Jackson(rates=(0.08, 0.02, 0.0), shares=shares, mean_service=(10.0, 15.0, 5.0), servers=(2, 2, 1))
    onward = [dict(zip(names, row, strict=True)) | {"out": "rest"} for row in shares]

    def sojourn(sample: Sample) -> tuple[float, float]:
        visits = sample.settled(*names)
        long = np.where(visits["ended"] != NEVER, visits["ended"], sample.hours * TICKS) - visits["joined"]
        return float(long.sum()) / TICKS, float((visits["step"] == 0).sum())

    yield Case(
        name="three stations with feedback",
        pathway=textbook_pathway(
            CITIZENS / 0.1,
            stations={name: {"capacity": servers} for name, servers in zip(names, model.servers, strict=True)},
            states={
                name: step(exponential(mean), name, {to: share for to, share in way.items() if share})
                for name, mean, way in zip(names, model.mean_service, onward, strict=True)
            },
            entries={"front": door(0.08, "intake"), "side": door(0.02, "doctor")},
        ),
        statistics=(
            CheckedStatistic(name="mean time in the network, hours", theory=model.sojourn_mean, observe=sojourn),
            *(
                mean_wait(station.means.wait, name, f"mean wait for the {name}, hours")
                for name, station in zip(names, model.stations, strict=True)
            ),
        ),
        replications=160,
    )


def _mtginf() -> Iterator[Case]:
    days, rates = (0, 20, 30), (0.05, 0.15, 0.02)  # an hour
    spread = math.sqrt(math.log(1 + 0.8**2))
    stay = stats.lognorm(s=spread, scale=120.0 * math.exp(-(spread**2) / 2))
    model = MtGInf(starts=tuple(24.0 * day for day in days), rates=rates, survival=lambda t: float(stay.sf(t)))
    rate = {date_of(day): f"{rate!r} per hour" for day, rate in zip(days, rates, strict=True)}
    yield Case(
        name="M_t/G/∞, lognormal stays of 5 days",
        pathway=textbook_pathway(
            24 * 45, **side_by_side({"stay": law_of("lognormal", 0.8, 120.0), "to": "out"}, {"rate": rate})
        ),
        statistics=tuple(_present_at(model.number_mean(24.0 * day), 24.0 * day) for day in (30, 10, 40)),
        replications=240,
    )


def _mtmc() -> Iterator[Case]:
    names = [f"desk{number}" for number in range(COPIES)]
    days, rates, servers = (0, 10, 20), (0.3, 0.3, 0.35), (4, 1, 5)
    model = MtMc(
        starts=tuple(24.0 * day for day in days), rates=rates, servers=servers, mean_service=SERVICE, waiting=12
    )
    rate = {date_of(day): f"{rate!r} per hour" for day, rate in zip(days, rates, strict=True)}
    capacity = {date_of(day): number for day, number in zip(days, servers, strict=True)}

    def waiting(hour: float) -> CheckedStatistic:
        return CheckedStatistic(
            name=f"waiting after {hour / 24:.3g} days, citizens",
            theory=model.at(hour).number_in_queue,
            observe=lambda trace: (trace.waiting(hour, *names), COPIES),
        )

    # Two hours after the cut to one server, most of the services under way then still run.
    cut = 24.0 * 10 + 2.0
    yield Case(
        name="M_t/M/c, 4 then 1 then 5 servers, 12 waiting at the start",
        pathway=textbook_pathway(
            24 * 30, **side_by_side(step(exponential()), {"rate": rate}, stock=12, capacity=capacity)
        ),
        statistics=(
            waiting(24.0 * 20),
            waiting(12.0),
            CheckedStatistic(
                name="in service 2 hours after the cut, citizens",
                theory=model.at(cut).number_in_service,
                observe=lambda trace: (trace.in_stay(cut, *names), COPIES),
            ),
            waiting(24.0 * 25),
        ),
        replications=240,
    )


def _absorbing() -> Iterator[Case]:
    states, outcomes = ("plan", "course", "review"), ("job", "pension", "back")
    shares = [[0.0, 0.5, 0.2], [0.0, 0.0, 0.7], [0.3, 0.0, 0.0]]
    exits = [[0.2, 0.0, 0.1], [0.1, 0.2, 0.0], [0.1, 0.4, 0.2]]
    means = (300.0, 2000.0, 100.0)
    chain = AbsorbingChain(shares=shares, exits=exits, means=means)
    stays = (exponential(300.0), law_of("weibull", 0.6, 2000.0), "100.0 hours")
    ways = [
        {to: share for to, share in zip((*states, *outcomes), (*row, *ends), strict=True) if share}
        for row, ends in zip(shares, exits, strict=True)
    ]
    # The same shares and means, by hazards: an exit's is its share of the rate at which the state is left.
    races = [
        {"race": {to: {"to": to, "rate": f"{share / mean!r} per hour"} for to, share in way.items()}}
        for way, mean in zip(ways, means, strict=True)
    ]

    def ended(outcome: str) -> Callable[[Sample], tuple[float, float]]:
        # Of all who came: the horizon is long enough for everybody to end.
        return lambda sample: (float(sample.of_states(outcome).sum()), float(sample.trace.first[-1]))

    def spent(sample: Sample) -> tuple[float, float]:
        visits = sample.trace.visits[sample.of_states(*states)]
        return float((visits["ended"] - visits["joined"]).sum()) / TICKS, float(sample.trace.first[-1])

    by_shares = [{"stay": stay, "to": way} for stay, way in zip(stays, ways, strict=True)]
    for name, leaving in (("shares on leaving, stays of three laws", by_shares), ("races of exits", races)):
        yield Case(
            name=f"a plan, a course and a review, {name}",
            pathway=textbook_pathway(
                200_000,
                stations={},
                states=dict(zip(states, leaving, strict=True)) | {outcome: {"final": True} for outcome in outcomes},
                entries={"door": {"to": "plan", "rate": {date_of(0): "0.05 per hour", date_of(2000): "0 per hour"}}},
            ),
            statistics=(
                CheckedStatistic(
                    name="mean time to an outcome, hours", theory=float(chain.time_mean[0]), observe=spent
                ),
                *(
                    CheckedStatistic(name=f"ended in {outcome}, share", theory=float(share), observe=ended(outcome))
                    for outcome, share in zip(outcomes, chain.outcome_shares[0], strict=True)
                ),
            ),
            replications=40,
        )


FAMILIES: Mapping[str, Family] = {
    "mmc": Family(title="M/M/c", formula="Erlang (1917)", cases=_mmc),
    "mg1": Family(title="M/G/1", formula="Pollaczek (1930), Khinchine (1932)", cases=_mg1),
    "mdc": Family(title="M/D/c", formula="Crommelin (1932), Franx (2001)", cases=_mdc),
    "mmck": Family(title="M/M/c/K: a limited room", formula="birth and death", cases=_mmck),
    "erlang-b": Family(title="M/G/c/c: insensitive", formula="Erlang (1917), Sevastyanov (1957)", cases=_erlang_b),
    "priority": Family(title="Classes of priority", formula="Cobham (1954)", cases=_priority),
    "erlang-a": Family(title="M/M/c+M: reneging", formula="Palm (1957)", cases=_erlang_a),
    "gimc": Family(title="GI/M/c", formula="Kendall (1953), Takács (1962)", cases=_gimc),
    "mphc": Family(title="M/PH/c", formula="Neuts (1981)", cases=_mphc),
    "meeting": Family(title="Meetings with limited places", formula="Bailey (1954), Downton (1955)", cases=_meeting),
    "jackson": Family(title="Open networks with feedback", formula="Jackson (1957)", cases=_jackson),
    "mtginf": Family(title="M_t/G/∞", formula="Eick, Massey and Whitt (1993)", cases=_mtginf),
    "mtmc": Family(title="M_t/M/c: a step and a backlog", formula="Kolmogorov's equations", cases=_mtmc),
    "absorbing": Family(title="Outcome shares and times", formula="Kemeny and Snell (1960)", cases=_absorbing),
    **RULES,
}
