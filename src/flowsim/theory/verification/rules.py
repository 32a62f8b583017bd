"""Queues with rules of their own: who baulks, comes or begins in groups, is next, is blocked or interrupts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from flowsim.simulation.engine.trace import NEVER
from flowsim.theory.priority import MG1Priority
from flowsim.theory.rules.arrivals import FiniteSource, MMcBatch, MMcBaulking
from flowsim.theory.rules.blocking import BlockingTandem
from flowsim.theory.rules.bulk import BulkServer
from flowsim.theory.rules.orders import MMcOrdered
from flowsim.theory.verification.cases import (
    CITIZENS,
    SERVICE,
    Case,
    Family,
    door,
    exponential,
    law_of,
    service_moments,
    step,
    textbook_pathway,
)
from flowsim.theory.verification.statistics import (
    CheckedStatistic,
    Sample,
    mean_wait,
    served,
    unserved,
    wait_over,
)

__all__ = ["RULES"]


def _blocking() -> Iterator[Case]:
    for room, replications in ((0, 120), (2, 80)):
        model = BlockingTandem(rate=0.05, mean_service=(8.0, SERVICE), room=room)
        first, second = model.means

        def held(sample: Sample) -> tuple[float, float]:
            visits = sample.settled("first")
            visits = visits[visits["ended"] != NEVER]
            return float((visits["ended"] - visits["started"]).sum()) / sample.ticks, len(visits)

        yield Case(
            name=f"M/M/1 to M/M/1/{room + 1} at {model.rate / model.capacity:.2f}",
            pathway=textbook_pathway(
                CITIZENS / model.rate,
                stations={"first": {"capacity": 1}, "second": {"capacity": 1, "room": room}},
                states={
                    "first": step(exponential(8.0), "first", "second"),
                    "second": step(exponential(), "second", blocks=True),
                },
                entries={"door": door(model.rate, "first")},
            ),
            statistics=(
                mean_wait(first.wait, "first", "mean wait for the first, hours"),
                CheckedStatistic(name="mean stay at the first, hours", theory=first.service, observe=held),
                *([mean_wait(second.wait, "second", "mean wait for the second, hours")] if room else []),
            ),
            replications=replications,
        )


def _preemption() -> Iterator[Case]:
    cases = (
        ("M/G/1 at 0.6, lognormal, the urgent interrupt", "resume", "lognormal", 0.8),
        # What is left of an exponential stay has the law of a new one.
        ("M/M/1 at 0.6, the urgent interrupt, drawn anew", "resample", "gamma", 1.0),
    )

    def to_start(sample: Sample) -> tuple[float, float]:
        # Of a stay with interruptions the first part has the step of the citizen's coming.
        visits = sample.settled("desk")
        visits = visits[(visits["step"] == 0) & (visits["started"] != NEVER)]
        return float((visits["started"] - visits["joined"]).sum()) / sample.ticks, len(visits)

    def in_all(sample: Sample) -> tuple[float, float]:
        visits = sample.settled("desk")
        ended = np.where(visits["ended"] != NEVER, visits["ended"], sample.hours * sample.ticks)
        return float((ended - visits["joined"]).sum()) / sample.ticks, float((visits["step"] == 0).sum())

    for name, preempts, law, cv in cases:
        moments, stay = service_moments(law, cv)[:2], law_of(law, cv)
        model = MG1Priority(rates=(0.03, 0.03), moments=(moments, moments), preempts="resume")
        sojourn = model.means[1].sojourn
        yield Case(
            name=name,
            pathway=textbook_pathway(
                CITIZENS / sum(model.rates),
                stations={"desk": {"capacity": 1, "preempts": preempts}},
                states={"urgent": step(stay), "desk": step(stay, priority=1)},
                entries={"siren": door(model.rates[0], "urgent"), "door": door(model.rates[1])},
            ),
            statistics=(
                CheckedStatistic(
                    name="others' mean wait to start, hours", theory=model.wait_means_to_start[1], observe=to_start
                ),
                CheckedStatistic(name="others' mean wait and stay, hours", theory=sojourn, observe=in_all),
                mean_wait(model.means[0].wait, "urgent", "mean wait of the urgent, hours"),
            ),
            replications=160,
        )


def _baulking() -> Iterator[Case]:
    model = MMcBaulking(rate=0.24, mean_service=SERVICE, servers=2, baulks={0: 0.1, 3: 0.5, 6: 1.0})
    shares = {str(number): share for number, share in model.baulks.items()}
    yield Case(
        name="M/M/2 at 1.2, from none, three and six who wait on",
        pathway=textbook_pathway(
            CITIZENS / model.rate,
            stations={"desk": {"capacity": 2}},
            states={"desk": step(exponential(), baulks=shares, baulks_to="lost")},
            entries={"door": door(model.rate)},
        ),
        statistics=(
            unserved(model.baulking_probability, "baulked, share"),
            served(mean_wait(model.means.wait)),
            served(wait_over(0.0, model.wait_probability)),
            served(wait_over(20.0, model.wait_tail(20.0))),
        ),
        replications=60,
    )


def _batches() -> Iterator[Case]:
    sizes = {1: 0.5, 2: 0.2, 4: 0.3}
    for servers, load, replications in ((1, 0.5, 250), (3, 0.7, 400)):
        rate = load * servers / (SERVICE * 2.1)
        model = MMcBatch(rate=rate, sizes=sizes, mean_service=SERVICE, servers=servers)
        yield Case(
            name=f"M^[X]/M/{servers} at {load}",
            pathway=textbook_pathway(
                CITIZENS / model.means.rate,
                stations={"desk": {"capacity": servers}},
                states={"desk": step(exponential())},
                entries={"door": door(rate) | {"batch": {str(size): share for size, share in sizes.items()}}},
            ),
            statistics=(
                mean_wait(model.means.wait),
                wait_over(0.0, model.wait_probability),
                wait_over(30.0, model.wait_tail(30.0)),
            ),
            replications=replications,
        )


def _groups() -> Iterator[Case]:
    for size, load, replications in ((3, 0.5, 100), (8, 0.7, 200)):
        model = BulkServer(rate=load * size / SERVICE, mean_service=SERVICE, least=size, most=size)
        yield Case(
            name=f"M/M^[{size},{size}]/1 at {load}",
            pathway=textbook_pathway(
                CITIZENS / model.rate,
                stations={"desk": {"capacity": size, "together": size}},
                states={"desk": step(exponential())},
                entries={"door": door(model.rate)},
            ),
            statistics=(
                mean_wait(model.means.wait),
                wait_over(0.0, model.wait_probability),
                wait_over(15.0, model.wait_tail(15.0)),
            ),
            replications=replications,
        )


def _orders() -> Iterator[Case]:
    last = MMcOrdered(rate=0.12, mean_service=SERVICE, servers=2, order="last")
    for model, what, replications in ((last, "the last first", 250), (replace(last, order="random"), "any one", 200)):
        yield Case(
            name=f"M/M/2 at 0.6, {what}",
            pathway=textbook_pathway(
                CITIZENS / model.rate,
                stations={"desk": {"capacity": 2, "order": model.order}},
                states={"desk": step(exponential())},
                entries={"door": door(model.rate)},
            ),
            statistics=(
                mean_wait(model.means.wait),
                # Where orders differ most: in short waits and in long ones.
                wait_over(8.0, model.wait_tail(8.0)),
                wait_over(45.0, model.wait_tail(45.0)),
            ),
            replications=replications,
        )


def _finite_source() -> Iterator[Case]:
    machines = FiniteSource(population=8, mean_away=40.0, mean_service=SERVICE, servers=2)
    yield Case(
        name="8 machines that run for a gamma time, 2 who repair them",
        pathway=textbook_pathway(
            CITIZENS / machines.request_rate,
            stations={"desk": {"capacity": 2}},
            states={"away": {"stay": law_of("gamma", 0.5, 40.0), "to": "desk"}, "desk": step(exponential(), to="away")},
            entries={"there": {"to": "away", "count": 8}},
            closed_population=True,
        ),
        statistics=(
            mean_wait(machines.means.wait),
            wait_over(0.0, machines.wait_probability),
            wait_over(20.0, machines.wait_tail(20.0)),
        ),
        replications=60,
    )
    lines = FiniteSource(population=6, mean_away=12.0, mean_service=SERVICE, servers=3, room=0)
    yield Case(
        name="6 callers, away for a lognormal time, and 3 lines",
        pathway=textbook_pathway(
            CITIZENS / lines.request_rate,
            stations={"desk": {"capacity": 3, "room": 0}},
            states={
                "away": {"stay": law_of("lognormal", 1.5, 12.0), "to": "desk"},
                "desk": step(exponential(), to="away", refused_to="away"),
            },
            entries={"there": {"to": "away", "count": 6}},
            closed_population=True,
        ),
        statistics=(unserved(lines.loss_probability, "refused, share"),),
        replications=40,
    )


RULES: Mapping[str, Family] = {
    "blocking": Family(
        title="Two stations, of which one blocks", formula="Avi-Itzhak and Yadin (1965), Neuts (1981)", cases=_blocking
    ),
    "preemption": Family(
        title="Classes that interrupt",
        formula="White and Christie (1958), Conway, Maxwell and Miller",
        cases=_preemption,
    ),
    "baulking": Family(title="M/M/c where some baulk", formula="Haight (1957)", cases=_baulking),
    "batches": Family(title="Batches", formula="Chaudhry and Templeton (1983)", cases=_batches),
    "groups": Family(title="Stays that begin together", formula="Neuts (1967), Medhi (1975)", cases=_groups),
    "orders": Family(title="Orders of service", formula="Vaulot (1954), Flatto (1997)", cases=_orders),
    "finite-source": Family(
        title="A population that comes again", formula="Engset (1918), Palm (1947)", cases=_finite_source
    ),
}
