"""Where the figures of a report come from: documents, assumptions, calibrated factors, and what scenarios change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowsim.calibration.ensemble import Ensemble
from flowsim.calibration.study import Factor
from flowsim.evidence import facts
from flowsim.model.edits import TARGETS
from flowsim.model.library import cities
from flowsim.model.scenario import Scenario
from flowsim.planning.prices import Price, prices_of
from flowsim.reporting.document import Figure, Table, TableCell
from flowsim.reporting.findings import Findings
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from flowsim.simulation.measures.catalogue import Catalogue

__all__ = ["SourceTables", "factor_titles", "price_titles"]

_ON = "..."


@dataclass(frozen=True, kw_only=True)
class SourceTables:
    """What some findings rest on, in one language."""

    findings: Findings
    wording: Wording

    @property
    def language(self) -> Language:
        """The language."""
        return self.wording.language

    def lead(self) -> str:
        """Return which of the model's numbers are given here: all of a shipped base, those with a name of one's own."""
        if self.findings.scenarios[0].base.name in cities():
            return self.language.say("assumptions.lead")
        return self.language.say("assumptions.own", file=self.findings.scenarios[0].base.source)

    def scenarios(self) -> Table:
        """Tell each scenario: its name, what it is, and every change that it makes."""
        say = self.language.say
        rows = []
        for one in self.findings.scenarios:
            changes = "\n".join(_changes(one, self.wording)) or say("none")
            rows.append((self.wording.scenario(one.name), self.language.translated(one.file.description), changes))
        columns = (say("column.scenario"), say("column.about"), say("column.changes"))
        return Table(title=say("table.scenarios"), columns=columns, rows=tuple(rows))

    def sources(self) -> Table | None:
        """List the documents that the base's documented figures are taken from; None where there are none."""
        base = self.findings.scenarios[0].base
        known = [base.evidence] if base.evidence is not None else []
        lenders = {parameter.lender for parameter in base.parameters.values() if parameter.fact and parameter.lender}
        known += [facts.load(city) for city in sorted(lenders)]
        if not any(parameter.fact for parameter in base.parameters.values()):
            return None
        say, translated = self.language.say, self.language.translated
        return Table(
            title=say("table.sources"),
            columns=(say("column.id"), say("column.title"), say("column.date")),
            rows=tuple(
                (source.id, translated(source.title), self.language.when(source.date))
                for evidence in known
                for source in evidence.sources.values()
            ),
        )

    def parameters(self, kind: str) -> Table | None:
        """List the base's parameters of a kind, such as "fact" or "borrowed"; None where there are none."""
        say = self.language.say
        chosen = [
            parameter for parameter in self.findings.scenarios[0].base.parameters.values() if parameter.kind == kind
        ]
        if not chosen:
            return None
        rows: list[tuple[TableCell, ...]] = []
        for parameter in chosen:
            origin = (
                f"{parameter.fact} {parameter.key}".strip()
                if parameter.fact
                else self.language.translated(parameter.why)
            )
            rows.append((parameter.name, *_measured(parameter.value, self.language), origin))
        columns = (
            say("column.parameter"),
            say("column.value"),
            say("column.unit"),
            say("column.source" if kind == "fact" else "column.why"),
        )
        return Table(title=say(f"table.{kind}"), columns=columns, rows=tuple(rows), note=say(f"table.{kind}.note"))

    def factors(self) -> Table | None:
        """Tell how sure the calibration is of each factor; None where nothing was drawn from an ensemble."""
        drawn, say = self.findings.parameters, self.language.say
        if not isinstance(drawn, Ensemble):
            return None
        low, middle, high = np.exp(np.quantile(drawn.z, (0.05, 0.5, 0.95), axis=0)).tolist()
        rows: list[tuple[TableCell, ...]] = []
        titles = factor_titles(drawn.prior.factors, self.language)
        for factor, *figures in zip(drawn.prior.factors, middle, low, high, strict=True):
            rows.append((titles[factor.name], *(Figure(value, 2) for value in figures)))
        columns = tuple(say(f"column.{key}") for key in ("factor", "median", "p05", "p95"))
        return Table(title=say("table.factors"), columns=columns, rows=tuple(rows), note=say("table.factors.note"))

    def prices(self) -> Table | None:
        """List the prices with their sources or reasons; None where costs are not computed."""
        prices, say = self.findings.prices, self.language.say
        if prices is None:
            return None
        rows = [self._price(price, price.where, prices.currency) for price in prices.prices]
        names = [item.name for item in self.findings.scenarios]
        for item in prices.sums:
            if any(item.in_year(year, name) for year in item.years for name in names):
                years = str(item.years[0]) if len(item.years) == 1 else f"{min(item.years)}–{max(item.years)}"
                name = self.language.translated(item.price.where.removeprefix("sums."))
                rows.append(self._price(item.price, f"{name}, {years}", prices.currency))
        columns = tuple(say(f"column.{key}") for key in ("parameter", "value", "unit", "kind", "why"))
        return Table(title=say("table.prices"), columns=columns, rows=tuple(rows))

    def _price(self, price: Price, title: str, currency: str) -> tuple[TableCell, ...]:
        say, amount = self.language.say, price.amount
        per = f" {say(f'per.{price.per}')}" if price.per else ""
        unit = f"{self.wording.currency(currency)}{per}"
        why = f"{price.fact} {price.key}".strip() if price.fact else self.language.translated(price.why)
        return title, Figure(amount, 0 if amount == round(amount) else 2), unit, say(f"kind.{price.kind}"), why

    def run(self) -> Table:
        """Tell what made the figures: seed, replications, digests and versions."""
        say, results = self.language.say, self.findings.comparison.results
        first = results[0]
        rows: list[tuple[TableCell, ...]] = [
            (say("made.seed"), str(first.seed)),
            (say("made.replications"), Figure(len(first.replications))),
            (say("made.engine"), first.engine),
        ]
        for one, run in zip(self.findings.scenarios, results, strict=True):
            rows.append((say("made.scenario", scenario=one.name), one.digest))
            rows.append((say("made.visits", scenario=one.name), run.visits_sha256))
        if self.findings.prices is not None:
            prices = self.findings.prices
            rows.append((say("made.prices", source=prices.source), prices.sha256))
        rows += [(name, version) for name, version in first.versions.items()]
        return Table(title=say("table.made"), columns=(say("column.what"), say("column.value")), rows=tuple(rows))


def price_titles(reference: Scenario, wording: Wording) -> dict[str, dict[str, str]]:
    """Return what each price of a base is of, and its unit in words; nothing where it has none."""
    prices = prices_of(reference, None)
    if prices is None:
        return {}
    measures = {str(row.measure): row.measure for row in Catalogue.of(wording.pathway).index}
    currency = wording.currency(prices.currency)
    return {
        price.where: {
            "title": wording.measure(measures[price.measure]) if price.measure in measures else price.where,
            "unit": currency + (f" {wording.language.say(f'per.{price.per}')}" if price.per else ""),
        }
        for price in prices.prices
    }


def factor_titles(factors: Sequence[Factor], language: Language) -> dict[str, str]:
    """Return what each factor is called; a title that goes on from the one before ("... from 2020 on") in full."""
    out, stem = dict[str, str](), ""
    for factor in factors:
        title = language.translated(factor.title)
        if title.startswith(_ON):
            title = f"{stem}, {title.removeprefix(_ON).strip()}"
        else:
            stem = title.rpartition(", ")[0] or title
        out[factor.name] = title
    return out


def _measured(value: object, language: Language) -> tuple[TableCell, str]:
    """Return a value as a number with its unit; a text where it is no single number."""
    known = language.measured(value)
    if known is None:
        return language.quantity(value), ""
    number, decimals, signed, unit = known
    share = unit == "%"
    return Figure(number, decimals, share=share, signed=signed), "" if share else unit


_WHERE = {"station": "station", "state": "state", "entry": "name"}
"""What an edit is of, and how the wording calls such a name."""


def _changes(scenario: Scenario, wording: Wording) -> Iterator[str]:
    """Write each change of a scenario in a line, those that it builds on first: what is changed, how, and when."""
    for content, _ in scenario.layers:
        yield from _changes_of(content.model_dump(mode="json", by_alias=True, exclude_unset=True), wording)


def _changes_of(file: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    say, quantity = wording.language.say, wording.language.quantity
    if "until" in file:
        yield say("change.until", until=quantity(file["until"]))
    for name, value in file.get("parameters", {}).items():
        yield f"{name} = {quantity(value)}"
    for kind, target in TARGETS.items():
        for edit in file.get(kind, ()):
            names = [getattr(wording, _WHERE[target])(edit[target])]
            names += [say("change.party", party=wording.name(edit["party"]))] if edit.get("party") else []
            parts = [
                say(f"change.{key}", value=_named(value, wording))
                for key, value in edit.items()
                if value is not None and key not in (target, "party", "from", "until", "through")
            ]
            parts += [say("change.closed")] if kind == "closures" and edit.get("keep") is None else []
            parts += [
                say(f"change.{key}.day", day=quantity(edit[key]))
                for key in ("from", "until", "through")
                if edit.get(key)
            ]
            yield f"{', '.join(names)}: {', '.join(parts)}"


def _named(value: object, wording: Wording) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{wording.name(name)} {_named(part, wording)}" for name, part in value.items())
    return wording.language.quantity(value)
