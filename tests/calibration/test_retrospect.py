"""What the simulation would have said in the past, without what came later."""

import copy
from datetime import datetime

import numpy as np
import pytest

from flowsim import InputError, Pathway, run
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.retrospect import Retrospect, look_back, origins, quarterly, retrospects_csv, retrospects_of
from flowsim.calibration.study import Study
from flowsim.model.varying import without_later
from helpers.paths import SMALL_TOWN

TOWN = SMALL_TOWN / "calibration.toml"
RAW = {
    "name": "dated",
    "start": "2020-01-01",
    "end": "2022-01-01",
    "stations": {"team": {"weekdays": ["tue"], "places": {"2020-01-01": 2, "2020-07-01": 3, "2021-01-01": 9}}},
    "states": {
        "team": {"station": "team", "to": {"2020-01-01": {"a": 0.5, "b": 0.5}, "2021-03-01": {"a": 1.0}}},
        "a": {"final": True, "outcome": True},
        "b": {"final": True, "outcome": True},
    },
    "entries": {"door": {"to": "team", "rate": {"2020-01-01": "3 per week", "2021-06-01": "1 per week"}}},
}  # fmt: skip
DATED = Pathway.from_dict(RAW)


def known_on(moment):
    return Pathway.from_dict(without_later(RAW, moment))


def test_the_last_value_before_the_moment_goes_on():
    left = copy.deepcopy(RAW)
    left["stations"]["team"]["places"] = {"2020-01-01": 2, "2020-07-01": 3}
    left["states"]["team"]["to"] = {"2020-01-01": {"a": 0.5, "b": 0.5}}
    left["entries"]["door"]["rate"] = {"2020-01-01": "3 per week"}
    assert known_on(datetime(2021, 1, 1)) == Pathway.from_dict(left)


def test_a_change_on_the_day_itself_is_later():
    assert known_on(datetime(2020, 7, 1)).station("team").bounds[0].places.values == (2,)
    assert known_on(datetime(2020, 7, 2)).station("team").bounds[0].places.values == (2, 3)


def test_a_value_that_only_begins_later_is_kept():
    assert known_on(datetime(2019, 1, 1)).station("team").bounds[0].places.values == (2,)


def test_until_the_moment_all_goes_as_it_did():
    whole, cut = run(DATED, replications=5), run(known_on(datetime(2021, 1, 1)), replications=5)
    # All but the reading of a wait that looks ahead.
    known = [n for n, row in enumerate(whole.index) if row.period < "2021" and "first_free" not in row.measure]
    assert len(known) > 80
    np.testing.assert_array_equal(whole.values[:, known], cut.values[:, known])
    later = ("wait.team.served", "2021-06")
    assert cut.select(*later).values.mean() > whole.select(*later).values.mean() + 1


def test_which_pasts_can_be_told():
    copenhagen = Study.read("copenhagen")
    assert list(quarterly(copenhagen)) == ["awards.fleksjob_tilkendt", "awards.foertidspension"]
    assert quarterly(copenhagen)["awards.fleksjob_tilkendt"]["2020Q1"] == 243
    # Two years from 2017Q1 on are known at the end of 2018; after 2020Q3 nothing is documented.
    assert origins(copenhagen) == ["2018Q4", "2019Q1", "2019Q2", "2019Q3", "2019Q4", "2020Q1", "2020Q2"]
    assert origins(Study.read(TOWN)) == []


@pytest.mark.parametrize(("origin", "ahead"), [("2019Q4", 3), ("2020Q2", 1)])
def test_futures_are_of_the_quarters_that_are_documented(origin, ahead):
    study = Study.read("copenhagen")
    z = np.array([study.prior.draw(1, number) for number in range(300)])
    noise = np.random.default_rng(1).normal(size=(300, len(study.targets)))
    table = ReferenceTable(z=z, simulated=noise, watched=np.zeros((len(z), 0)))
    told = look_back(study, table, origin, sets=2)
    assert told.periods == ("2020Q1", "2020Q2", "2020Q3")[-ahead:]
    assert {paths.shape for paths in told.paths.values()} == {(2, ahead)}
    # What ends later is not known: the awards of 2020 and the waits of 2020 and 2021 among others.
    assert told.fitted < len(study.fitted)
    late = {target.name for target in study.fitted if "2021-01" in target.observation.periods}
    assert late == {"wait.team 2021-01"}


def test_a_past_before_everything_is_refused():
    study = Study.read("copenhagen")
    nothing = np.zeros((2, len(study.targets)))
    table = ReferenceTable(z=np.zeros((2, 37)), simulated=nothing, watched=np.zeros((2, 0)))
    for origin in ("2014Q4", "2020Q3"):
        with pytest.raises(InputError, match=f"{origin}: a figure before it and a quarter after it are needed"):
            look_back(study, table, origin)


def test_what_is_written_is_read_again():
    first = Retrospect(
        origin="2019Q4",
        fitted=60,
        periods=("2020Q1", "2020Q2"),
        paths={"awards.a": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]]), "awards.b": np.ones((3, 2))},
    )
    last = Retrospect(origin="2020Q1", fitted=70, periods=("2020Q2",), paths={"awards.a": np.array([[7.0]])})
    again = retrospects_of(retrospects_csv([first, last]))
    assert [(one.origin, one.fitted, one.periods) for one in again] == [
        ("2019Q4", 60, ("2020Q1", "2020Q2")),
        ("2020Q1", 70, ("2020Q2",)),
    ]
    np.testing.assert_array_equal(again[0].paths["awards.a"], first.paths["awards.a"])
    np.testing.assert_array_equal(again[1].paths["awards.a"], [[7.0]])
    assert retrospects_csv([]) == "origin,fitted,measure,period\n"
    assert retrospects_of(retrospects_csv([])) == ()
