import numpy as np
import pytest

from flowsim import Duration, Entry, InputError, Pathway, State, Station, run
from flowsim.simulation.workers import connected

QUEUE = Pathway(
    name="queue",
    start="2020-01-01",
    end="2020-03-01",
    stations=[Station.servers("desk", capacity=2)],
    states=[
        State(name="served", station="desk", stay=Duration.exponential("3 hours"), to="done"),
        State(name="done", final=True),
    ],
    entries=[Entry(name="door", to="served", rate="14 per day")],
)


@pytest.mark.slow
# Dask's own threads and sockets, on their way out.
@pytest.mark.filterwarnings("default")
def test_two_worker_processes_give_the_same_bytes():
    distributed = pytest.importorskip("distributed")
    here = run(QUEUE, replications=12, seed=3)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        connected(cluster.scheduler_address) as executor,
    ):
        there = run(QUEUE, replications=12, seed=3, executor=executor)
    assert there.visits_sha256 == here.visits_sha256
    np.testing.assert_array_equal(there.values, here.values)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://host"])
def test_a_cluster_that_does_not_answer_is_said(address):
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="no scheduler answers at"), connected(address, timeout="1 second"):
        pass
