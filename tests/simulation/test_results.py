"""What a run of several replications leaves behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from flowsim.core.errors import InputError
from helpers.measures import row
from helpers.results import INDEX, NAN, results
from helpers.traces import CATALOGUE, measured, trace


def test_quantiles_leave_out_the_undefined():
    table = results().quantiles((0, 0.25, 0.5, 0.975))
    assert list(table.columns) == ["measure", "period", "unit", "p00", "p25", "p50", "p97.5"]
    assert [tuple(row) for row in table[["measure", "period", "unit"]].to_numpy()] == [
        (*row, row.unit) for row in INDEX
    ]
    # Of 1, 2, 4 the lower quarter is the first of (3 + 1) / 4 and 97.5 % the last. Of 8, 9 it is the first too.
    assert table.loc[0, ["p00", "p25", "p50", "p97.5"]].tolist() == pytest.approx([1, 1, 2, 4])
    assert table.loc[3, ["p00", "p25", "p50", "p97.5"]].tolist() == pytest.approx([8, 8, 8.5, 9])
    assert table.loc[2, ["p00", "p25", "p50", "p97.5"]].isna().all()
    assert list(results().quantiles().columns[3:]) == ["p05", "p50", "p95"]
    assert results().quantiles((1,))["p100"].tolist()[:2] == [4, 7]


def test_quantiles_as_numpy_has_them():
    values = np.random.default_rng(5).normal(size=(40, 4))
    values[np.random.default_rng(6).random((40, 4)) < 0.3] = NAN
    many = results(values, replications=tuple(range(40)), digests=("x",) * 40)
    ours = many.quantiles((0.05, 0.5, 0.95))[["p05", "p50", "p95"]].to_numpy().T
    assert ours == pytest.approx(np.nanquantile(values, (0.05, 0.5, 0.95), axis=0, method="weibull"))


def test_the_table_has_a_level_with_its_interval_and_what_it_is_of():
    index = (row("wait.desk.served", "2019", "weeks"), row("awards.course", "2019", "awards"))
    waits, awards = [*range(1, 19), np.inf, NAN], [*range(20)]
    values = np.array([waits, awards], float).T
    table = results(values, index=index, replications=tuple(range(20)), digests=("x",) * 20).table()
    wait, award = table.to_dict("records")
    # Of 19 the 95 % interval of the median goes from the 5th to the 15th.
    assert [wait[key] for key in ("statistic", "level", "low", "high")] == ["median", 10, 5, 15]
    assert [wait[key] for key in ("p05", "p50", "p95")] == [1, 10, np.inf]
    assert [wait[key] for key in ("defined", "left_out", "stalled")] == [19, 1, 1]
    half = 2.093024 * np.std(range(20), ddof=1) / 20**0.5  # nothing leans: Student's interval
    assert award["statistic"] == "mean"
    assert [award[key] for key in ("level", "low", "high")] == pytest.approx([9.5, 9.5 - half, 9.5 + half])
    assert [award[key] for key in ("defined", "left_out", "stalled")] == [20, 0, 0]


def test_no_replication_has_no_quantiles():
    none = results(np.zeros((0, 4)), replications=(), digests=())
    assert none.quantiles()["p50"].isna().all()
    assert len(none.frame()) == 0


def test_a_quantile_outside_0_to_1_is_refused():
    with pytest.raises(InputError, match="no quantile 95: it lies between 0 and 1"):
        results().quantiles((0.5, 95))


def test_frame_has_every_value_in_a_row_of_its_own():
    frame = results().frame()
    assert list(frame.columns) == ["measure", "period", "unit", "replication", "value"]
    assert len(frame) == 12
    chosen = frame[(frame.measure == "stock.cash") & (frame.period == "2019")]
    assert chosen.replication.tolist() == [0, 3, 4]
    assert chosen.value.tolist() == [5, 7, 6]


def test_select():
    stock = results().select("stock.cash")
    assert stock.index == INDEX[:2]
    assert stock.values.tolist() == [[1, 5], [2, 7], [4, 6]]
    assert results().select("stock.cash", "2019").values.tolist() == [[5], [7], [6]]
    assert stock.visits_sha256 == results().visits_sha256
    with pytest.raises(InputError, match=r"there is no measure 'stock.cahs'; did you mean 'stock.cash'\?"):
        results().select("stock.cahs")
    with pytest.raises(InputError, match=r"stock.cash: there is no period '2019Q2'; did you mean '2019Q1'\?"):
        results().select("stock.cash", "2019Q2")


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [
        ("2019", "2019", [0, 1, 2]),
        ("2019-01", "2019-03", [0, 2]),
        ("2019Q1", "2020Q1", [0, 1, 2, 3]),
        ("2019-02", "2020-01", [2, 3]),
        ("2019", "2019-11", [0, 2]),
        ("2021", "2022", []),
    ],
)
def test_between_keeps_periods_that_lie_within(first, last, kept):
    limited = results().between(first, last)
    assert limited.index == tuple(INDEX[number] for number in kept)
    assert limited.values == pytest.approx(results().values[:, kept], nan_ok=True)


def test_between_the_wrong_way_round():
    with pytest.raises(InputError, match="no time between '2020' and '2019'"):
        results().between("2020", "2019")
    with pytest.raises(InputError, match="'2019-1' is no period"):
        results().between("2019-1", "2019")


def test_hash_tells_the_visits_and_their_order():
    one = results().visits_sha256
    assert one == results().visits_sha256
    assert len(one) == 64
    assert one != results(digests=("b", "a", "c")).visits_sha256
    assert results(digests=("ab", "c", "d")).visits_sha256 != results(digests=("a", "bc", "d")).visits_sha256


@pytest.mark.parametrize("change", [{"values": np.zeros((3, 3))}, {"digests": ("a",)}, {"replications": (1,)}])
def test_what_does_not_fit_is_refused(change):
    with pytest.raises(ValueError, match="digests: not"):
        replace(results(), **change)


KEPT = trace(
    [("2019-01-07T09:00", 1, 4, 1, 2)],
    new=[[("cash", "2019-01-02T12:30", "2019-01-02T12:30", None)]],
    there=[[("plan", -1, None, 5), ("cash", 5, 5, 9), ("work", 9)]],
)


def test_visits_have_names_and_civil_times():
    visits = results(traces={3: KEPT}).visits(3)
    assert visits["citizen"].tolist() == [0, 1, 1, 1]
    assert visits["entry"].tolist() == ["new", "there", "there", "there"]
    assert visits["state"].tolist() == ["cash", "plan", "cash", "work"]
    assert visits["benefit"].tolist() == ["cash", "cash", "cash", "work"]
    assert visits["station"].tolist() == ["", "desk", "", ""]
    assert visits["next"].tolist() == ["", "cash", "work", ""]
    assert visits["joined"].tolist() == [
        datetime(2019, 1, 2, 12, 30),
        *(datetime(2018, 12, 31), datetime(2019, 1, 6), datetime(2019, 1, 10)),
    ]
    assert visits["started"].isna().tolist() == [False, True, False, False]
    assert visits["ended"].isna().tolist() == [True, False, False, True]
    assert visits["since"].tolist()[1:3] == [datetime(2018, 12, 31)] * 2


def test_sessions_have_names_and_civil_times():
    sessions = results(traces={3: KEPT}).sessions(3)
    assert list(sessions.columns) == ["time", "station", "places", "taken", "waiting"]
    assert sessions.iloc[0].tolist() == [datetime(2019, 1, 7, 9), "board", 4, 1, 2]


@pytest.mark.parametrize("table", ["visits", "sessions"])
def test_traces_that_were_not_kept(table):
    with pytest.raises(InputError, match="the visits of replication 3 were not kept"):
        getattr(results(), table)(3)
    with pytest.raises(InputError, match="there is no replication '2'"):
        getattr(results(traces={3: KEPT}), table)(2)


def test_a_catalogue_and_its_values_fit():
    values = CATALOGUE.compute(KEPT)
    ours = results(values[None], index=CATALOGUE.index, replications=(0,), digests=(KEPT.digest,))
    assert ours.select("stock.work", "2019").values.item() == measured(KEPT)["stock.work", "2019"] == 1
    assert isinstance(ours.quantiles(), pd.DataFrame)


def test_importing_results_loads_no_pandas():
    code = "import sys, flowsim.simulation.results; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
