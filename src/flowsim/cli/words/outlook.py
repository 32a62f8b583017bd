"""The outlook in words: for a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from flowsim.cli.terminal import number, table, wrapped
from flowsim.core.numbers import significant
from flowsim.forecasting.outlooks import LIKELY_SHARE, SHORT, Flag, OutlookResult
from flowsim.forecasting.pairing import Pairing
from flowsim.reporting.language import Language
from flowsim.reporting.prospects import finding_of_pair
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.measure import Measure, known_measure
from flowsim.simulation.results import Results

__all__ = ["backtest_lines", "called", "outlook_json", "outlook_lines"]


def called(name: str, measures: Iterable[Measure], wording: Wording) -> str:
    """Return what an outcome is called: one of the simulation's measures, or the total of all of them."""
    if name == "total":
        return name if wording.codes else wording.language.say("outlook.total")
    return wording.measure(known_measure(name, measures))


def outlook_lines(outlook: OutlookResult, wording: Wording) -> list[str]:
    """Write an outlook in lines of at most eighty columns."""
    language, say = wording.language, wording.language.say
    driven = say("outlook.driven", demand=outlook.demand) if outlook.demand else say("outlook.driven.own")
    words = {"scenario": wording.scenario(outlook.scenario), "seed": str(outlook.results.seed), "driven": driven}
    words["replications"] = language.counted(len(outlook.results.replications), "replications")
    lines = [wrapped(say("outlook.head", **words))]
    frame = outlook.frame()
    for outcome in outlook.outcomes:
        rows = frame[frame["measure"] == outcome.measure]
        methods = [say(f"outlook.{method}") for method in rows["method"].unique().tolist()]
        lines += ["", wrapped(say("outlook.title", measure=called(outcome.measure, outlook.results.measures, wording)))]
        against = wording.yardsticks(outcome.measure, "awards")
        lines += [wrapped(say("outlook.against", yardsticks=against))] if against else []
        columns = {"": 9} | dict.fromkeys(methods, 22) | {" ": 2}
        by_period = rows.groupby("period", sort=False)
        lines += table(
            columns, (_quarter(language.short_period(str(period)), group, language) for period, group in by_period)
        )
        if outcome.pairing is not None:
            share = language.rounded(outcome.pairing.share)
            combined = say("outlook.combined", share=share, finding=finding_of_pair(outcome.pairing, language))
            lines += wrapped(combined).splitlines()
    lines += ["", *wrapped(say("outlook.flags")).splitlines()]
    flags = [_flag(flag, outlook.results, wording) for flag in outlook.flags]
    lines += [line for words in flags for line in wrapped(f"  {words}").splitlines()] or [
        f"  {say('outlook.flags.none')}"
    ]
    lines += ["", say("outlook.sources")]
    columns = {"": 30, say("outlook.source.sd"): 8, say("outlook.source.luck"): 9}
    columns |= {
        say("outlook.source.parameters"): 12,
        say("outlook.source.demand"): 9,
        say("outlook.source.together"): 10,
    }
    return lines + table(
        columns,
        (
            (
                called(source.measure, outlook.results.measures, wording),
                language.local(number(source.sd)),
                *(
                    language.rounded(part)
                    for part in (source.process, source.parameters, source.demand, source.together)
                ),
            )
            for source in outlook.sources
        ),
    )


def backtest_lines(pairings: Sequence[Pairing], measures: Collection[Measure], wording: Wording) -> list[str]:
    """Write how forecast, simulation and combination did in the past, in lines of at most eighty columns."""
    lines, language, say = list[str](), wording.language, wording.language.say
    for pairing in pairings:
        first, last = (language.short_period(pairing.origins[end]) for end in (0, -1))
        ends = {
            "measure": called(pairing.measure, measures, wording),
            "first": first,
            "last": last,
            "quarters": str(pairing.quarters),
        }
        key = "outlook.backtest"
        if len(pairing.origins) == 1:
            key, ends["quarters"] = "outlook.backtest.one", language.counted(pairing.quarters, "quarters")
        lines += wrapped(say(key, **ends)).splitlines()
        columns = {"": 14, "MASE": 8, "CRPS": 8, say("outlook.score"): 12}
        columns |= {say("outlook.in", level=level): 9 for level in ("80 %", "95 %")}
        lines += table(
            columns,
            (
                (
                    say(f"outlook.{score.method}"),
                    *(
                        language.local(significant(value, 2))
                        for value in (score.mase, score.crps, score.interval_score_95)
                    ),
                    language.rounded(score.coverage_80),
                    language.rounded(score.coverage_95),
                )
                for score in pairing.scores
            ),
        )
        share = {"finding": finding_of_pair(pairing, language), "share": language.rounded(pairing.share)}
        lines += [*wrapped(say("outlook.backtest.share", **share)).splitlines(), ""]
    return lines[:-1]


def outlook_json(outlook: OutlookResult, wording: Wording) -> dict[str, Any]:
    """Return an outlook as plain data; its flags in words too."""
    return {
        "scenario": outlook.scenario,
        "demand": outlook.demand,
        "replications": len(outlook.results.replications),
        "seed": outlook.results.seed,
        "outcomes": outlook.frame().to_dict("records"),
        "flags": [asdict(flag) | {"words": _flag(flag, outlook.results, wording)} for flag in outlook.flags],
        "sources": [asdict(source) for source in outlook.sources],
        "pairings": [asdict(outcome.pairing) for outcome in outlook.outcomes if outcome.pairing is not None],
    }


def _flag(flag: Flag, results: Results, wording: Wording) -> str:
    """Write a flag as a sentence: when, what both say, and why."""
    language, say = wording.language, wording.language.say
    first, last = (language.short_period(period) for period in (flag.first, flag.last))
    whole = {key: language.number(getattr(flag, key), 0) for key in ("trend", "simulated", "wanted", "more")}
    likely = flag.shortfall >= LIKELY_SHARE
    shares = {"short": language.rounded(SHORT), "share": language.rounded(flag.shortfall)}
    if not likely and flag.trend < flag.simulated:
        why = say("outlook.flag.more")
    elif flag.station is None:
        why = say("outlook.flag.free")
    else:
        since = language.short_period(flag.full_since or flag.first)
        why = say("outlook.flag.full", station=wording.station(flag.station), since=since, **whole)
    return say(
        "outlook.flag",
        measure=called(flag.measure, results.measures, wording),
        when=first if first == last else say("range", low=first, high=last),
        last=last,
        likely=say("outlook.flag.likely", **shares) if likely else "",
        why=why,
        **whole,
    )


def _quarter(period: str, group: Any, language: Language) -> tuple[str, ...]:
    cells = [language.local(f"{number(p50)} ({number(p05)}-{number(p95)})") for p05, p50, p95 in _triples(group)]
    return (period, *cells, " *" if group["differs"].any() else "")


def _triples(group: Any) -> list[tuple[float, float, float]]:
    return [tuple(row) for row in group[["p05", "p50", "p95"]].to_numpy(np.float64).tolist()]
