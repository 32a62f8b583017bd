"""What a report says of where its figures come from."""

from dataclasses import replace

import numpy as np
import pytest

from flowsim import Scenario
from flowsim.calibration.ensemble import Ensemble
from flowsim.planning.prices import Prices
from flowsim.reporting.document import Figure, shown
from flowsim.reporting.findings import explore
from flowsim.reporting.language import Language
from flowsim.reporting.sources import SourceTables
from flowsim.reporting.wording import Wording
from helpers.paths import TOWN

HARD = "\u00a0"
CHANGED = {
    "name": "changed",
    "description": "a town that changes",
    "base": str(TOWN),
    "until": "2024-06-01",
    "parameters": {"opened": "100 per year"},
    "stations": [{"station": "team", "party": "town", "from": "2024-01-01", "places": "+1"}],
    "shares": [{"state": "team", "until": "2023-01-01", "to": {"pension": 0.5}}],
}


@pytest.fixture(scope="module")
def town():
    others = [Scenario.from_dict({"name": "same", "base": str(TOWN)})]
    return explore([Scenario.of(TOWN), *others], parameters=None, replications=3, seed=7)


def told(findings, code="en"):
    wording = Wording.of(findings.scenarios[0], findings.pathway, Language.of(code))
    return SourceTables(findings=findings, wording=wording)


def test_every_change_of_every_scenario_stands_in_a_line(town):
    changed = replace(town, scenarios=(town.scenarios[0], Scenario.from_dict(CHANGED)))
    first, second = told(changed).scenarios().rows
    assert first == ("town", "", "nothing")
    assert second[:2] == ("changed", "a town that changes")
    assert second[2].split("\n") == [
        f"until 1{HARD}June{HARD}2024",
        "opened = 100 per year",
        f"Rehabilitation team, party town: places a meeting +1, from 1{HARD}January{HARD}2024",
        f"team: shares to pension 0.5, until 1{HARD}January{HARD}2023",
    ]


def test_what_made_the_figures_is_told_of_each_scenario(town):
    first, second = town.comparison.results
    digests = tuple(chr(n) for n in range(3))
    comparison = replace(town.comparison, results=(first, replace(second, digests=digests)))
    rows = dict(told(replace(town, comparison=comparison)).run().rows)
    assert (rows["seed"], rows["replications of each scenario"], rows["engine"]) == ("7", Figure(3), "kernel")
    assert rows["SHA-256 of the scenario same"] == town.scenarios[1].digest
    assert rows["SHA-256 of the visits of same"] == comparison.results[1].visits_sha256
    assert rows["SHA-256 of the visits of town"] == first.visits_sha256
    assert town.scenarios[0].digest != town.scenarios[1].digest
    assert rows["numpy"] == np.__version__


def test_what_stands_below_is_said_to_be_all_of_a_shipped_base_and_what_has_a_name_of_another(town):
    assert told(town).lead() == (
        "Numbers of the model that have a name stand below, with where they come from; all others stand in its file, "
        f"{TOWN}."
    )
    city = explore([Scenario.of("today")], parameters=None, replications=2, between=("2016", "2016"))
    assert told(city).lead().endswith("or assumed with a reason. All of them stand below.")


def test_prices_are_told_with_what_they_are_of_and_why(town):
    prices = Prices.from_dict(
        {
            "places": {"team": "4000 DKK per place"},
            "benefits": {"cash": {"assumed": "2800 DKK per week", "why": "a guess"}},
            "sums": [{"name": "task force", "amount": "1.5 million DKK", "years": [2022, 2023]}],
        },
        "mine",
    )
    priced = told(replace(town, prices=prices))
    rows = priced.prices().rows
    assert ("SHA-256 of the prices, mine", prices.sha256) in priced.run().rows
    assert not any("prices" in row[0] for row in told(town).run().rows)
    assert rows == (
        ("places.team", Figure(4000), "DKK a place", "own", ""),
        ("benefits.cash", Figure(2800), "DKK a week", "assumed", "a guess"),
        ("task force, 2022–2023", Figure(1_500_000), "DKK", "own", ""),
    )
    shipped = {row[0]: row for row in told(replace(town, prices=Prices.read())).prices().rows}
    documented = [row for row in shipped.values() if row[3] == "documented"]
    assert documented
    assert all("." in row[4].split()[0] for row in documented)
    assert any(" " in row[4] for row in documented)  # the key of a table's cell


def test_parameters_are_told_by_kind_with_the_cell_of_a_table():
    findings = explore([Scenario.of("today")], parameters=None, replications=2, between=("2016", "2016"))
    base = findings.scenarios[0].base.parameters
    for kind in ("fact", "assumed", "calibrate"):
        rows = {row[0]: row for row in told(findings).parameters(kind).rows}
        assert set(rows) == {name for name, one in base.items() if one.kind == kind}
        for name, row in rows.items():
            value = base[name].value
            if isinstance(value, list):
                assert row[1:3] == (", ".join(map(str, value)), "")
            else:
                written = f"{shown(row[1], Language.of('en'))} {row[2]}".strip()
                assert written.replace(",", "").replace("\u00a0", " ") == str(value)
            keyed = base[name].fact and base[name].key
            assert row[3] == (f"{base[name].fact} {base[name].key}" if keyed else base[name].fact or base[name].why)
    (source, *_) = told(findings).sources().rows
    assert "-" in source[0]
    assert any(char.isdigit() for char in source[2])


def test_factors_are_told_by_the_quantiles_of_what_they_multiply():
    scenario = Scenario.of("today")
    ensemble = Ensemble.of(scenario.base)
    z = np.zeros((21, len(ensemble.prior.factors)))
    z[:, 0] = np.log(np.arange(1.0, 22.0))
    findings = explore([scenario], parameters=None, replications=2, between=("2016", "2016"))
    rows = told(replace(findings, parameters=replace(ensemble, z=z))).factors().rows
    # Of 1 to 21: half is 11, 5 % is 2, 95 % is 20.
    assert rows[0][0] == ensemble.prior.factors[0].title
    assert [one.value for one in rows[0][1:]] == pytest.approx([11, 2, 20])
    assert rows[1][1:] == (Figure(1, 2),) * 3
