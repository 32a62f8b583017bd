"""Doors to other libraries: labelled arrays, Arrow streams, and the columns of XES as process mining reads them."""

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flowsim import Ensemble, InputError, read_base, run
from flowsim.core.display import Tabled
from helpers.models.desk import SMALL

RESULTS = run(SMALL, replications=[0, 3, 7], keep_traces=True)


def test_the_tree_holds_every_value_where_its_labels_say():
    tree = RESULTS.to_xarray()
    assert set(tree.children) == {"month", "quarter"}
    count = 0
    for every, group in tree.children.items():
        assert group.replication.values.tolist() == [0, 3, 7]
        for name, array in group.data_vars.items():
            assert array.dims == ("replication", "period")
            count += int(array.notnull().sum())
            for period in group.period.values:
                label = str(group.label.sel(period=period).values)
                own = [n for n, row in enumerate(RESULTS.index) if row == (name, label)]
                expected = RESULTS.values[:, own[0]] if own else np.full(3, np.nan)
                np.testing.assert_array_equal(array.sel(period=period).values, expected)
                assert pd.Timestamp(period) == pd.Period(label, freq=every[0].upper()).start_time
    assert count == np.isfinite(RESULTS.values).sum()
    assert tree["quarter/queue.desk"].attrs == {"units": "citizens"}
    assert tree.attrs["visits_sha256"] == RESULTS.visits_sha256


def test_a_selection_is_a_smaller_tree():
    tree = RESULTS.select("queue.desk", "2020Q1").to_xarray()
    assert list(tree.children) == ["quarter"]
    assert list(tree["quarter"].data_vars) == ["queue.desk"]


def test_an_ensemble_is_a_posterior_beside_its_prior():
    ensemble = Ensemble.of(read_base("copenhagen"))
    tree = ensemble.to_xarray()
    assert set(tree.children) == {"posterior", "prior"}
    for group in tree.children.values():
        assert dict(group.sizes) == {"chain": 1, "draw": len(ensemble)}
        assert tuple(group.data_vars) == ensemble.names
    for number, name in enumerate(ensemble.names):
        np.testing.assert_array_equal(tree["posterior"][name].values[0], ensemble.z[:, number])
        # Five standard errors of 500 draws.
        deviation = float(np.sqrt(ensemble.prior.covariance[number, number]))
        assert abs(float(tree["prior"][name].mean())) < 5 * deviation / np.sqrt(500)
        assert float(tree["prior"][name].std()) == pytest.approx(deviation, rel=5 / np.sqrt(1000))
    again = ensemble.to_xarray(seed=2)
    assert again["posterior"].equals(tree["posterior"])
    assert not again["prior"].equals(tree["prior"])


def test_arrow_reads_results_as_the_table_that_they_are():
    table = pa.table(RESULTS)
    assert table.column_names == list(RESULTS.frame().columns)
    assert table["value"].to_pylist()[:3] == RESULTS.values[:, 0].tolist()
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(RESULTS)
    assert frame.shape == RESULTS.frame().shape
    assert frame["measure"].to_list() == RESULTS.frame()["measure"].to_list()


def test_all_that_has_a_table_has_a_stream():
    import flowsim.reporting.displays  # noqa: F401  # loads every kind

    kinds = {kind.__name__ for kind in Tabled.__subclasses__()}
    assert kinds == {
        "Answer",
        "Comparison",
        "ForecastResult",
        "Frontier",
        "Joint",
        "OutlookResult",
        "Results",
        "SeriesForecast",
        "Verdict",
    }


@pytest.mark.parametrize(
    ("module", "extra", "open_door"),
    [("xarray", "xarray", lambda: RESULTS.to_xarray()), ("pyarrow", "parquet", lambda: RESULTS.__arrow_c_stream__())],
)
def test_a_closed_door_says_how_to_open_it(module, extra, open_door, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"pip install 'flowsim\[{extra}\]'"):
        open_door()


def test_a_log_keeps_the_rules_of_xes():
    """What readers of IEEE 1849 rely on: the standard extensions' keys, their types, transitions in their order."""
    log = RESULTS.event_log(3)
    assert log.columns[:5].tolist() == [
        "case:concept:name",
        "concept:name",
        "time:timestamp",
        "lifecycle:transition",
        "org:resource",
    ]
    assert log["time:timestamp"].dtype.kind == "M"
    assert not log.isna().any().any()
    order = {"schedule": 0, "start": 1, "complete": 2}
    assert set(log["lifecycle:transition"]) <= set(order)
    for _, trace in log.groupby("case:concept:name", sort=False):
        assert trace["time:timestamp"].is_monotonic_increasing
        assert trace.index.tolist() == list(
            range(trace.index[0], trace.index[0] + len(trace))
        )  # one trace at a stretch
        steps = trace["lifecycle:transition"].map(order).tolist()
        names = trace["concept:name"].tolist()
        for before, after, name, nextname in zip(steps, steps[1:], names, names[1:], strict=False):
            # A transition follows a lower one of the same stay, or begins another stay.
            assert (before < after and name == nextname) or after <= 1
