"""A service of an importer's own, written in every form that the constructors take, and asked what it says.

Checked by mypy --strict and by pyright as her own project would be, without a plug-in, and run by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from flowsim import (
    Clock,
    Duration,
    Entry,
    Exit,
    Followup,
    InputError,
    Party,
    Pathway,
    Results,
    Seniority,
    State,
    Station,
    compare,
    run,
)

HOLIDAYS = {date(2024, 5, 9), date(2024, 12, 24)}
SHARES: dict[str, float] = {"course": 0.6, "pension": 0.4}


def stations() -> Iterator[Station]:
    """Yield a desk whose staff rises, and a meeting of two parties."""
    yield Station.servers("desk", {"2024-01-01": 3, "2024-07-01": 4}, room=np.int64(500))
    yield Station(
        name="team",
        weekdays="tue",
        at=[time(9), "13:00"],
        holidays=HOLIDAYS,
        parties=[
            Party(name="city", places=np.float64(4)),
            Party(
                name="region",
                staff={date(2024, 1, 1): 2, date(2024, 7, 1): 3},
                hours="6 hours",
                hours_a_case=timedelta(hours=2),
                follow_up={"course": timedelta(minutes=5)},
            ),
        ],
    )


def states(shares: Mapping[str, float] = SHARES) -> list[State]:
    """Return the steps: a desk, a plan, the team, and what comes of it."""
    return [
        State(
            name="advice",
            benefit="cash",
            station="desk",
            priority=np.int64(1),
            stay=timedelta(days=2),
            to={"plan": 0.75, "job": "rest"},
            refused_to="job",
        ),
        State(name="plan", benefit="cash", stay=Duration.erlang(pd.Timedelta(weeks=8), phases=np.int64(4)), to="team"),
        State(
            name="team",
            benefit="cash",
            station="team",
            to={datetime(2024, 1, 1): shares, datetime(2024, 7, 1): {"course": np.float64(0.5), "pension": "rest"}},
            patience={"law": "weibull", "mean": "1 year", "cv": 1.2},
            reneges_to="job",
        ),
        State(
            name="course",
            race=(
                Exit(to="job", rate="0.5 per year", by_time_spent={"0 days": 1, "26 weeks": 0.5}),
                Exit(name="end", to="pension", after=Duration.fixed("1 year")),
            ),
            outcome=True,
        ),
        State(name="job", final=True),
        State(name="pension", final=True, outcome=True),
    ]


def service(**extra: Any) -> Pathway:
    """Return the whole of it over one year."""
    return Pathway(
        name="service",
        start=date(2024, 1, 1),
        end=pd.Timestamp("2025-01-01"),
        stations=stations(),
        states=states(),
        entries=[
            Entry(name="new", rate={"2024-01-01": "300 per year", "2024-07-01": "360 per year"}, to="advice"),
            Entry(name="weekly", every=timedelta(weeks=1), to="advice"),
            Entry(name="moved", at=pd.date_range("2024-02-01", periods=3), to="plan"),
            Entry(name="there", count=np.int64(40), elapsed="10 weeks", to="course"),
        ],
        clocks=[Clock(name="decision", begins="plan", ends=("course", "pension"), limit=timedelta(weeks=23))],
        followups=[Followup(name="course", benefit="course", after="3 months", groups={"at_work": ["job"]})],
        seniorities=[Seniority(name="long", benefit="cash", over=["26 weeks", timedelta(days=365)])],
        **extra,
    )


def waits(results: Results) -> float:
    """Return the mean wait for the team in December, in weeks."""
    return float(results.select("wait.team.served", "2024-12").values.mean())


def more_places() -> pd.DataFrame:
    """Compare the service with one in which the city has twice the places."""
    raw = service().to_dict()
    raw["stations"][1]["parties"][0]["places"] = 8
    both = compare([service(), Pathway.from_dict(raw | {"name": "more"})], replications=np.int64(4), seed=1)
    return both.select("wait.team.served", "2024-12").frame()


def mistakes() -> list[str]:
    """Return what typos are answered with; those that a type checker sees too are marked for it."""
    wrong: list[Callable[[], object]] = [
        lambda: State(name="plan", stay="8 weks", to="team"),
        lambda: State(name="plan", stay=8, to="team"),  # type: ignore[arg-type]
        lambda: State(name="plan", stay="8 weeks", too="team"),  # type: ignore[call-arg]
        lambda: Station.servers("desk", "three"),  # type: ignore[arg-type]
        lambda: Entry(name="door", to="plan", count=2.5),  # type: ignore[arg-type]
        lambda: Clock(name="decision", begins="plan", ends="course", limit=23),  # type: ignore[arg-type]
        lambda: Duration.erlang("8 weeks", phases=0),
        lambda: service(horizon="1 year"),
    ]
    answers = []
    for make in wrong:
        try:
            make()
        except InputError as error:
            answers.append(str(error))
    return answers


def main() -> None:
    """Show the service."""
    results = run(service(), replications=np.int64(5), seed=np.random.SeedSequence(7))
    print(f"{waits(results):.2f} weeks", results.seed)
    print(more_places())
    print("\n".join(mistakes()))


if __name__ == "__main__":
    main()
