import importlib
import json
import shutil

import numpy as np
import pytest
from benchmarks import beside, cases, report

from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.simulation.engine.fast import simulate

SIZE = 3000


def ours(case, replications):
    pathway = getattr(cases, case)(SIZE)
    model = compile_pathway(pathway)
    each = [cases.waits(simulate(model, 1, number), pathway) for number in range(replications)]
    return {name: np.array([one[name] for one in each]) for name in each[0]}


@pytest.mark.parametrize(
    ("case", "peer"), [("mm10", "simpy"), ("mm10", "heapq"), ("network", "simpy"), ("network", "heapq")]
)
def test_peer_does_the_same_work(case, peer):
    module = importlib.import_module(f"benchmarks.peers.{case}_{peer}")
    theirs = [cases.summary(module.waits(module.simulate(SIZE, seed))) for seed in range(8)]
    for name, values in ours(case, 20).items():
        measured = np.array([one[name] for one in theirs])
        error = values.std(axis=0, ddof=1) * np.sqrt(1 / 20 + 1 / 8)
        assert (abs(measured.mean(axis=0) - values.mean(axis=0)) < 4.5 * error).all(), name


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
def test_cpp_gives_the_very_same_waits():
    from benchmarks.peers import mm10_cpp

    pathway = cases.mm10(SIZE)
    served, wait = cases.waits(simulate(compile_pathway(pathway), 7, 0), pathway)["desk"]
    assert mm10_cpp.simulate(SIZE, 7) == (served, pytest.approx(wait, rel=1e-9))


def test_theory():
    # M/M/1 at 0.9 waits 9 services; M/M/2 at 0.5 waits a third of one.
    assert cases.mean_wait(1, 0.9, 1.0) == pytest.approx(9.0)
    assert cases.mean_wait(2, 1.0, 1.0) == pytest.approx(1 / 3)


def test_copenhagen_is_scaled_as_a_whole():
    one, ten = cases.copenhagen(), cases.copenhagen(10)
    assert [e.count for e in ten.entries] == [e.count and 10 * e.count for e in one.entries]
    for small, large in zip(one.entries, ten.entries, strict=True):
        if small.rate:
            assert large.rate.values == pytest.approx([10 * rate for rate in small.rate.values])
    for small, large in zip(one.stations, ten.stations, strict=True):
        for own, other in zip(small.bounds, large.bounds, strict=True):
            told = own.places or own.staff
            assert (other.places or other.staff).values == pytest.approx([10 * value for value in told.values])
            assert other.follow_up == own.follow_up


def run(**seconds):
    """A run of pytest-benchmark in which the engines take these seconds for M/M/10."""
    engines = [
        {"extra_info": {"case": "mm10", "engine": engine, "size": 10**5}, "stats": {"min": told}}
        for engine, told in seconds.items()
    ]
    engines[0]["extra_info"] |= {"visits": 200_000, "citizens": 100_000}
    figures = [{"extra_info": {"figure": "memory/mm10/10000000", "value": 96.0}, "stats": {"min": 0.0}}]
    info = {"cpu": {"brand_raw": "Chip", "count": 2}, "system": "Linux", "processor": "", "python_version": "3.11"}
    return {"benchmarks": engines + figures, "machine_info": info, "datetime": "2026-11-22T00:00:00"}


# Seconds of the version before and of this one, in three rounds: ratios .5, .6 and .25.
EARLIER = {
    "date": "2026-11-29",
    "cores": 2,
    "load": [0.1, 0.5],
    "before": beside.BEFORE,
    "rounds": {
        "engine": [{"before": 100.0, "now": 50.0}, {"before": 200.0, "now": 120.0}, {"before": 120.0, "now": 30.0}],
        "compare": [{"before": 50.0, "now": 25.0}],
    },
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    page, history = tmp_path / "page.md", tmp_path / "history.jsonl"
    regions = [f"{begin}\nold\n{report.END}" for begin in (report.BEGIN, report.BESIDE)]
    page.write_text("\n".join(["before", *regions, "after", ""]))
    earlier = tmp_path / "beside.json"
    earlier.write_text(json.dumps(EARLIER))
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "HISTORY", history)

    def write(*arguments, **seconds):
        told = tmp_path / "run.json"
        told.write_text(json.dumps(run(**seconds)))
        return report.main([str(told), str(earlier), *arguments])

    return write, page, history


def test_table_fills_the_marked_region(files):
    write, page, history = files
    assert write(flowsim=0.02, simpy=2.0, cpp=0.01) == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "2026-11-29, 2 cores, load 0.1 when it began, 0.5 when it ended; before is" in text
    assert "a visit: CPU | 120 ns | 50 ns | 0.50 (0.25 to 0.60, 3) | ≤ 0.62 |  |" in text
    assert "more-places -n 200`: clock | 50 s | 25 s | 0.50 (0.50 to 0.50, 1) | ≤ 0.35 | falls short |" in text
    assert "| M/M/10 at 0.9 | 100,000 | 200 | 0.5× |  | 100× |  |  |" in text
    assert "| M/M/10 against SimPy | ≥ 130 × | 100 × | falls short |" in text
    assert "| peak memory a visit, M/M/10, 10⁷ citizens | ≤ 80 bytes | 96 bytes | falls short |" in text
    (entry,) = [json.loads(line) for line in history.read_text().splitlines()]
    assert entry["ratios"] == {"mm10/100000/simpy": 100.0, "mm10/100000/cpp": 0.5}


def test_a_slowdown_is_reported_and_not_remembered(files, capsys):
    write, _, history = files
    assert write(flowsim=0.020, simpy=2.0) == 0
    # The whole machine is twice as slow, and flowsim 15 % slower besides.
    assert write(flowsim=0.046, simpy=4.0) == 0
    assert "SLOWER" not in capsys.readouterr().out
    assert write(flowsim=0.030, simpy=2.0) == 1
    assert "SLOWER: mm10/100000/simpy: flowsim is 30% slower" in capsys.readouterr().out
    assert len(history.read_text().splitlines()) == 2
    assert write("--accept", flowsim=0.030, simpy=2.0) == 0
    assert len(history.read_text().splitlines()) == 3


@pytest.mark.parametrize("other", [{"machine": "other"}, {"versions": {"simpy": "0"}}])
def test_only_the_like_is_compared(other):
    entry = {"date": "2026-11-22", "machine": "one", "versions": {"simpy": "4"}, "ratios": {"mm10/1/simpy": 100.0}}
    assert report.slowdowns(entry | {"ratios": {"mm10/1/simpy": 50.0}}, [entry])
    assert report.slowdowns(entry | {"ratios": {"mm10/1/simpy": 50.0}}, [entry | other]) == []
