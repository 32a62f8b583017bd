"""The outlook in words: for a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from flowsim.cli.terminal import counted, number, table, wrapped
from flowsim.forecasting.outlooks import OutlookResult
from flowsim.forecasting.pairing import Pairing

__all__ = ["backtest_lines", "outlook_json", "outlook_lines"]


def outlook_lines(outlook: OutlookResult) -> list[str]:
    """Write an outlook in lines of at most eighty columns."""
    driven = (
        f"cases follow the forecast of {outlook.demand}" if outlook.demand else "cases come at the scenario's own rates"
    )
    count = counted(len(outlook.results.replications), "replication")
    lines = [wrapped(f"{outlook.scenario}: {count}, seed {outlook.results.seed}; {driven}")]
    frame = outlook.frame()
    for outcome in outlook.outcomes:
        rows = frame[frame["measure"] == outcome.measure]
        methods = rows["method"].unique().tolist()
        lines += ["", f"{outcome.measure}: median and 5 to 95 %"]
        columns = {"": 9} | dict.fromkeys(methods, 22) | {" ": 2}
        lines += table(columns, (_quarter(str(period), group) for period, group in rows.groupby("period", sort=False)))
        if outcome.pairing is not None:
            share = f"{outcome.pairing.share:.0%} simulation"
            lines += wrapped(
                f"The combination is {share}, unproven; on the past {outcome.pairing.finding}"
            ).splitlines()
    flags = [flag.words for flag in outlook.flags]
    lines += ["", "* Forecast and simulation differ beyond their joint uncertainty (90 %), or the"]
    lines += ["  demand asks for 5 % more than is delivered in at least 2 of 3 paths"]
    lines += [line for words in flags for line in wrapped(f"  {words}").splitlines()] or ["  nowhere"]
    lines += ["", "Where the uncertainty of a quarter comes from, in the last year ahead"]
    columns = {"": 30, "sd": 7, "luck": 9, "parameters": 12, "demand": 9, "together": 10}
    return lines + table(
        columns,
        (
            (
                source.measure,
                number(source.sd),
                *tuple(f"{part:.0%}" for part in (source.process, source.parameters, source.demand, source.together)),
            )
            for source in outlook.sources
        ),
    )


def backtest_lines(pairings: Sequence[Pairing]) -> list[str]:
    """Write how forecast, simulation and combination did in the past, in lines of at most eighty columns."""
    lines = []
    for pairing in pairings:
        first, *_, last = pairing.origins
        lines += [f"{pairing.measure}: from {first} to {last}, {pairing.quarters} quarters ahead in all"]
        columns = {"": 14, "MASE": 8, "CRPS": 8, "score 95 %": 12, "in 80 %": 9, "in 95 %": 9}
        lines += table(
            columns,
            (
                (
                    score.method,
                    *(f"{value:.2f}" for value in (score.mase, score.crps, score.interval_score_95)),
                    f"{score.coverage_80:.0%}",
                    f"{score.coverage_95:.0%}",
                )
                for score in pairing.scores
            ),
        )
        lines += [
            *wrapped(
                f"{pairing.finding}; in the outlook the combination is {pairing.share:.0%} simulation"
            ).splitlines(),
            "",
        ]
    return lines[:-1]


def outlook_json(outlook: OutlookResult) -> dict[str, Any]:
    """Return an outlook as plain data."""
    return {
        "scenario": outlook.scenario,
        "demand": outlook.demand,
        "replications": len(outlook.results.replications),
        "seed": outlook.results.seed,
        "outcomes": outlook.frame().to_dict("records"),
        "flags": [asdict(flag) | {"words": flag.words} for flag in outlook.flags],
        "sources": [asdict(source) for source in outlook.sources],
        "pairings": [asdict(outcome.pairing) for outcome in outlook.outcomes if outcome.pairing is not None],
    }


def _quarter(period: str, group: Any) -> tuple[str, ...]:
    cells = [f"{number(p50)} ({number(p05)}-{number(p95)})" for p05, p50, p95 in _triples(group)]
    return (period, *cells, " *" if group["differs"].any() else "")


def _triples(group: Any) -> list[tuple[float, float, float]]:
    return [tuple(row) for row in group[["p05", "p50", "p95"]].to_numpy(np.float64).tolist()]
