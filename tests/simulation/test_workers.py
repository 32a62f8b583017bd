import os
import shutil
import signal
import subprocess
import warnings
from collections import Counter

import numpy as np
import pytest

from flowsim import Duration, Entry, InputError, Pathway, State, Station, run
from flowsim.simulation.workers import TrustedSchedulerWarning, connected

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


def certified(folder, name):
    """Write a certificate that vouches for itself, and its key, and return their files."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(["openssl", *words, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return str(certificate), str(key)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make certificates with")
@pytest.mark.filterwarnings("default")
def test_a_cluster_that_asks_for_certificates(tmp_path):
    """They are those of Dask's own settings; another one, none and a file that is none are refused in one line."""
    distributed = pytest.importorskip("distributed")
    from dask import config

    (certificate, key), (other, other_key) = certified(tmp_path, "own"), certified(tmp_path, "other")
    (tmp_path / "empty").write_text("")
    ends = {
        f"tls_{end}_{part}": file
        for end in ("scheduler", "worker")
        for part, file in (("cert", certificate), ("key", key))
    }
    safe = distributed.Security(
        tls_ca_file=certificate, tls_client_cert=certificate, tls_client_key=key, require_encryption=True, **ends
    )

    def settings(authority, shown, with_key):
        values = {"ca-file": authority, "client.cert": shown, "client.key": with_key}
        return config.set({f"distributed.comm.tls.{name}": value for name, value in values.items()})

    here = run(QUEUE, replications=4, seed=3)
    options = {"n_workers": 1, "processes": False, "protocol": "tls", "dashboard_address": None}
    with distributed.LocalCluster(security=safe, **options) as cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        with settings(certificate, certificate, key), connected(address) as executor:
            assert run(QUEUE, replications=4, seed=3, executor=executor).visits_sha256 == here.visits_sha256
        for wrong in (
            (certificate, other, other_key),
            (other, certificate, key),
            (None, None, None),
            (str(tmp_path / "empty"), certificate, key),
            (str(tmp_path / "none"), certificate, key),
        ):
            with (
                settings(*wrong),
                pytest.raises(InputError, match=r"no scheduler answers at 'tls://.*: .") as error,
                connected(address, timeout="2 seconds"),
            ):
                pass
            assert "\n" not in str(error.value)


class Counted:
    """A model that notes in a file whenever it arrives somewhere."""

    def __init__(self, place):
        self.place = place

    def pathway(self, seed, replication):
        return QUEUE

    def __getstate__(self):
        return self.place

    def __setstate__(self, place):
        self.place = place
        with open(place, "a") as file:
            file.write(f"{os.getpid()}\n")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_each_worker_gets_the_model_once(tmp_path):
    distributed = pytest.importorskip("distributed")
    here = run(Counted(tmp_path / "here"), replications=40, seed=3)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        connected(cluster.scheduler_address) as executor,
    ):
        there = run(Counted(tmp_path / "there"), replications=40, seed=3, executor=executor)
    arrived = Counter((tmp_path / "there").read_text().split())
    arrived.pop(str(os.getpid()), None)
    assert there.visits_sha256 == here.visits_sha256
    assert set(arrived.values()) == {1}
    assert len(arrived) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_replications_of_a_lost_worker_are_run_again_with_the_same_bytes():
    distributed = pytest.importorskip("distributed")
    here = run(QUEUE, replications=60, seed=3)
    lost = []

    def kill_one(done, total):
        if done == 5 and not lost:
            lost.append(min(client.run(os.getpid).values()))
            os.kill(lost[0], signal.SIGKILL)

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = run(QUEUE, replications=60, seed=3, executor=client.get_executor(), progress=kill_one)
        assert lost[0] not in client.run(os.getpid).values()
    assert lost
    assert there.visits_sha256 == here.visits_sha256
    np.testing.assert_array_equal(there.values, here.values)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://host"])
def test_a_cluster_that_does_not_answer_is_said(address):
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="no scheduler answers at"), connected(address, timeout="1 second"):
        pass


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:1", ""),
        ("tcp://localhost:1", ""),
        ("127.8.0.1:1", ""),
        ("tls://[::1]:1", ""),
        ("tcp://192.0.2.1:1", "closed network alone, by tls://"),
        ("192.0.2.1:1", "closed network alone, by tls://"),
        ("tls://scheduler.example:1", "closed network alone"),
        ("tcp://127.0.0.1.example:1", "closed network alone, by tls://"),
    ],
)
def test_a_scheduler_elsewhere_has_to_be_trusted(address, said, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def refuses(*arguments, **options):
        raise OSError("refused")

    monkeypatch.setattr(distributed, "Client", refuses)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        with pytest.raises(InputError, match="no scheduler answers"), connected(address):
            raise AssertionError
    assert [str(note.message).endswith(said) for note in notes if note.category is TrustedSchedulerWarning] == [
        True
    ] * bool(said)
