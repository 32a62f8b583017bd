"""What the figures rest on: documented beside simulated, what is assumed, prices, and forecast beside simulation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Executor
from textwrap import shorten
from typing import Any

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.core.errors import InputError
from flowsim.core.progress import Progress
from flowsim.forecasting.outlooks import OutlookResult
from flowsim.model.base import Base, Parameter
from flowsim.model.scenario import Scenario
from flowsim.planning.prices import prices_of
from flowsim.questions.explain import ExplainAssumptions
from flowsim.questions.judge import Judge
from flowsim.questions.outlook import Outlook
from flowsim.reporting.document import Block, Figure, Table, TableCell, Text
from flowsim.reporting.language import Language
from flowsim.reporting.sources import factor_titles, price_titles
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.catalogue import Catalogue
from flowsim.simulation.measures.measure import known_measure
from flowsim.web.asked import Choice, Desk
from flowsim.web.jobs import News, Work
from flowsim.web.screens.blocks import plain_blocks

__all__ = ["assumptions_work", "evidence_work", "grounds", "outlook_work"]

_JUDGED, _FUTURES, _HORIZON = 40, 100, 8
_LARGEST, _PAIRS = 5, 12
_LONGEST = 100
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)((?: [a-z%]+)*)")
_AS_FOR = re.compile(r"as for (\w+)")


def grounds(desk: Desk, language: Language) -> dict[str, Any]:
    """Return what is assumed, which a planner may change; the factors and what the documents left open; and prices."""
    reference, say = desk.reference_scenario, language.say
    wording = Wording.of(reference, reference.pathway(), language)
    assumed = [
        {
            "name": parameter.name,
            "title": wording.parameter(parameter.name),
            **_split(parameter.value, language),
            "words": shorten(language.quantity(parameter.value), _LONGEST, placeholder=" …"),
            "why": _reason(parameter, reference.base, language),
        }
        for parameter in reference.base.parameters.values()
        if parameter.kind in ("assumed", "borrowed")
    ]
    blocks: list[Block] = []
    ensemble = Ensemble.of(reference.base)
    if ensemble is not None:
        low, middle, high = np.exp(np.quantile(ensemble.z, (0.05, 0.5, 0.95), axis=0)).tolist()
        spread = np.log(np.array(high) / np.array(low))
        order = np.argsort(-spread).tolist()
        titles = factor_titles(ensemble.prior.factors, language)
        rows = tuple(
            (
                titles[ensemble.prior.factors[n].name],
                Figure(middle[n], 2),
                Figure(low[n], 2),
                Figure(high[n], 2),
            )
            for n in order
        )
        columns = tuple(say(f"column.{key}") for key in ("factor", "median", "p05", "p95"))
        blocks.append(Table(title=say("table.factors"), columns=columns, rows=rows, note=say("web.trust.factors")))
    if reference.base.evidence is not None:
        sources = tuple(
            (one.id, language.translated(one.title), language.when(one.date))
            for one in reference.base.evidence.sources.values()
        )
        columns = tuple(say(f"column.{key}") for key in ("id", "title", "date"))
        blocks.append(Table(title=say("table.sources"), columns=columns, rows=sources))
    return {
        "assumed": assumed,
        "prices": _prices(reference, language),
        "blocks": plain_blocks(blocks, language),
        "calibrated": ensemble is not None,
    }


def _split(value: Any, language: Language) -> dict[str, Any]:
    """Return the number of a value, its unit as files write it and in words; `plain` where it is one number."""
    parts = _NUMBER.fullmatch(str(value))
    if isinstance(value, bool) or not parts:
        return {"value": str(value), "unit": "", "unitWords": "", "plain": False}
    words = language.quantity(value).partition(" ")[2]
    return {"value": parts[1], "unit": parts[2].strip(), "unitWords": words, "plain": True}


def _reason(parameter: Parameter, base: Base, language: Language) -> str:
    """Return why a parameter has its value; of one that is as another, the other's reason."""
    other = _AS_FOR.fullmatch(parameter.why)
    if other and other[1] in base.parameters and base.parameters[other[1]].why != parameter.why:
        return _reason(base.parameters[other[1]], base, language)
    return language.translated(parameter.why)


def _prices(reference: Scenario, language: Language) -> list[dict[str, str]]:
    """Return the prices of a base: what each is of, its amount, its unit as files write it and in words, its origin."""
    prices = prices_of(reference, None)
    if prices is None:
        return []
    pathway = reference.pathway()
    wording = Wording.of(reference, pathway, language)
    titles = price_titles(reference, wording)
    return [
        {
            "name": price.where,
            "title": titles[price.where]["title"],
            "value": f"{price.amount:.12g}",
            "unit": prices.currency + (f" per {price.per}" if price.per else ""),
            "unitWords": titles[price.where]["unit"],
            "kind": language.say(f"kind.{price.kind}"),
            "why": f"{price.fact} {price.key}".strip() if price.fact else language.translated(price.why),
        }
        for price in prices.prices
    ]


def assumptions_work(desk: Desk, raw: Any, language: Language) -> Work:
    """Return the work of finding the assumptions that the page's first figure hangs on most, in the year of a form.

    Raises:
        InputError: for a year in which it is not measured.
    """
    year = str(raw.get("year", desk.layout.year))
    index = {(str(row.measure), str(row.period)) for row in Catalogue.of(desk.reference_scenario.pathway()).index}
    name = next((tile.measure for tile in desk.layout.tiles if (tile.measure, year) in index), None)
    if name is None:
        raise InputError(f"year: nothing is measured in {year}")
    asked = {"scenario": desk.layout.reference, "measure": name, "period": year, "sets": _PAIRS}
    question = ExplainAssumptions.from_dict(asked, "form")
    response, scenario, say = question.response, question.subject, language.say
    wording = Wording.of(scenario, scenario.pathway(), language)

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        largest = question.answer(executor, progress)[:_LARGEST]
        rows = []
        for each in largest:
            effect, *ends = wording.values([each.effect, each.low, each.high], response.unit, signed=True)
            moved = f"{effect} ({language.interval(*ends)})"
            value = f"{language.quantity(each.parameter.value)} ({language.quantity(each.change.replace('%', ' %'))})"
            title = wording.parameter(each.parameter.name)
            rows.append((title, value, moved, _reason(each.parameter, scenario.base, language)))
        title = say("web.trust.largest.table", measure=wording.measure(response.measure), year=year)
        columns = tuple(say(f"web.trust.{key}") for key in ("what", "raised", "effect", "why"))
        note = say("web.trust.largest.note", pairs=str(_PAIRS))
        blocks = plain_blocks([Table(title=title, columns=columns, rows=tuple(rows), note=note)], language)
        names = [{"name": e.parameter.name, "title": wording.parameter(e.parameter.name)} for e in largest]
        yield {
            "blocks": blocks,
            "names": names,
            "again": desk.again(question, question.command_line(), Choice(), desk.layout.reference),
        }

    return work


def evidence_work(desk: Desk, language: Language) -> Work:
    """Return the work of holding the calibrated model beside the documents, on draws of its own.

    Raises:
        InputError: where the base has no calibration.
    """
    question = Judge.from_dict({"calibrated": _calibrated(desk), "replications": _JUDGED}, "form")
    wording = Wording.of(desk.reference_scenario, desk.reference_scenario.pathway(), language)

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        verdict, say = question.answer(executor, progress), language.say
        rows: tuple[tuple[TableCell, ...], ...] = tuple(
            (
                wording.target(each.target.name),
                *(Figure(value, _decimals(each.target.value)) for value in (each.target.value, each.median)),
                *(Figure(value, _decimals(each.target.value)) for value in (each.lower, each.upper)),
                say(f"web.trust.{each.word}"),
            )
            for each in verdict.judged
        )
        columns = [say("column.parameter"), say("web.time.documented")]
        columns += [say(f"column.{key}") for key in ("median", "p05", "p95")] + [say("web.trust.verdict")]
        inside = sum(each.word in ("fits", "near") for each in verdict.judged)
        text = say("web.trust.found", inside=str(inside), of=str(len(verdict.judged)))
        blocks: list[Block] = [
            Text(lines=(text,)),
            Table(title=say("web.trust.evidence"), columns=tuple(columns), rows=rows),
        ]
        points = [
            {
                "name": wording.target(each.target.name),
                "value": each.target.value,
                "band": [each.lower, each.median, each.upper],
            }
            for each in verdict.judged
        ]
        again = desk.again(question, question.command_line(), Choice(), desk.layout.reference)
        yield {"blocks": plain_blocks(blocks, language), "points": points, "again": again}

    return work


def _decimals(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def outlook_work(desk: Desk, state: Choice, language: Language) -> Work:
    """Return the work of setting the documents' own trend beside the simulation of a state.

    Raises:
        InputError: as `Outlook`, and where the base has no calibration.
    """
    _calibrated(desk)
    with desk.file(state) as name:
        asked = {"scenario": name, "horizon": _HORIZON, "replications": _FUTURES}
        question = Outlook.from_dict(asked, "form")
        again = desk.again(question, question.command_line(), state, name)
        question.calibration  # noqa: B018 (read while the file is there)

    def work(executor: Executor, progress: Progress) -> Iterator[News]:
        result, say = question.answer(executor, progress), language.say
        wording = Wording.of(desk.reference_scenario, result.results.pathway, language)
        frame = result.frame()
        blocks: list[Block] = [Text(lines=(say("web.trust.outlook.about"),))]
        columns = [say(f"web.trust.{key}") for key in ("quarter", "forecast", "simulation", "differs")]
        for outcome in result.outcomes:
            own = frame[frame["measure"] == outcome.measure]
            rows = []
            for period, group in own.groupby("period", sort=False):
                by = {row.method: row for row in group.itertuples()}
                cells = [_band(by[method], language) for method in ("forecast", "simulation")]
                differs = say("web.trust.yes") if bool(group["differs"].any()) else ""
                rows.append((language.period(str(period)), *cells, differs))
            title = _outcome(outcome.measure, result, wording)
            blocks.append(Table(title=title, columns=tuple(columns), rows=tuple(rows)))
        yield {"blocks": plain_blocks(blocks, language), "again": again}

    return work


def _band(row: Any, language: Language) -> str:
    low, middle, high = (language.number(value, 0) for value in (row.p05, row.p50, row.p95))
    return f"{middle} ({language.interval(low, high)})"


def _outcome(name: str, result: OutlookResult, wording: Wording) -> str:
    if name not in result.results.measures:
        return wording.language.say("web.trust.total")
    return wording.measure(known_measure(name, result.results.measures))


def _calibrated(desk: Desk) -> str:
    base = desk.reference_scenario.base
    if Ensemble.of(base) is None:
        raise InputError("this base has no calibration to be held beside documents")
    return str(base.files.get("calibrated", base.name))
