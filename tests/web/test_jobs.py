"""Tabs take turns, first looks go first, and a job ends when nobody listens."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
import time

import pytest

from flowsim import run
from flowsim.web.jobs import Busy, Turns
from helpers.traces import SMALL


def order_of(submissions):
    """Hand calls in while the only thread is busy, and return the order in which they ran."""
    turns, gate, ran = Turns(1), threading.Event(), []
    first = turns.executor("z", urgent=True).submit(gate.wait)
    time.sleep(0.05)
    futures = [turns.executor(tab, urgent=urgent).submit(ran.append, name) for name, tab, urgent in submissions]
    gate.set()
    for future in [first, *futures]:
        future.result(5)
    turns.close()
    return ran


def test_tabs_take_turns():
    asked = [("a1", "a", False), ("a2", "a", False), ("a3", "a", False), ("b1", "b", False), ("b2", "b", False)]
    assert order_of(asked) == ["a1", "b1", "a2", "b2", "a3"]


def test_a_first_look_goes_before_runs():
    assert order_of([("a1", "a", False), ("a2", "a", False), ("b1", "b", True)]) == ["b1", "a1", "a2"]


def test_a_job_that_nobody_listens_to_begins_no_further_replication():
    turns, begun = Turns(1), []

    def work(executor, progress):
        for number in range(100):
            begun.append(number)
            executor.submit(time.sleep, 0.02).result()
            progress(number + 1, 100)
        yield {"done": True}

    async def listen():
        news = turns.news(work, "a")
        async for item in news:
            if item.get("done", 0) >= 3:
                break
        await news.aclose()

    asyncio.run(listen())
    time.sleep(0.3)
    assert 3 <= len(begun) < 10
    assert turns.jobs == 0
    turns.close()


def test_what_a_job_has_handed_out_is_not_begun_when_nobody_listens():
    turns, begun, ended = Turns(1), [], threading.Event()

    def work(executor, progress):
        futures = [
            executor.submit(lambda number=number: (begun.append(number), time.sleep(0.02))) for number in range(40)
        ]
        try:
            for future in futures:
                future.result()
                yield {"done": True}
        finally:
            ended.set()

    async def listen():
        news = turns.news(work, "a")
        async for _ in news:
            break
        await news.aclose()

    asyncio.run(listen())
    assert ended.wait(5)
    turns.executor("a", urgent=False).submit(print).result(5)  # behind all the others, if they are begun
    assert len(begun) < 10
    turns.close()


def test_what_goes_wrong_in_a_job_is_raised_where_it_is_listened_to():
    turns = Turns(1)

    def work(executor, progress):
        yield {"first": 1}
        raise ZeroDivisionError

    async def listen():
        return [item async for item in turns.news(work, "a")]

    with pytest.raises(ZeroDivisionError):
        asyncio.run(listen())
    turns.close()


def test_a_job_draws_no_bar_at_the_terminal_that_the_page_was_started_from(monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("flowsim.core.progress._SOON", 0.0)
    monkeypatch.setattr("flowsim.core.progress.sys.stderr", terminal)
    turns = Turns(1)

    def work(executor, progress):
        run(SMALL, replications=2, executor=executor)
        yield {"done": True}

    async def listen():
        return [item async for item in turns.news(work, "a") if item]

    assert asyncio.run(listen()) == [{"done": True}]
    assert terminal.getvalue() == ""
    turns.close()


def test_the_first_replication_waits_until_the_engine_is_compiled_and_is_told_so():
    class Slowly:
        seconds = 0

        def wait(self):
            self.seconds = 25
            assert ready.wait(10)
            self.seconds = 0

    ready = threading.Event()
    turns = Turns(1, Slowly())

    def work(executor, progress):
        yield {"ready": executor.submit(ready.is_set).result()}

    async def listen():
        heard = []
        async for item in turns.news(work, "a"):
            heard.append(item)
            if item.get("compiling"):
                ready.set()
        return heard

    heard = [item for item in asyncio.run(listen()) if item]
    assert heard[0] == {"compiling": 25}
    assert heard[-1] == {"ready": True}
    turns.close()


def test_more_jobs_than_a_machine_takes_are_refused(monkeypatch):
    monkeypatch.setattr("flowsim.web.jobs._MOST_JOBS", 0)
    turns = Turns(1)

    async def listen():
        return [item async for item in turns.news(lambda executor, progress: iter(()), "a")]

    with pytest.raises(Busy):
        asyncio.run(listen())
    turns.close()


def test_a_closed_page_takes_nothing_more():
    turns = Turns(1)
    turns.close()
    with pytest.raises(RuntimeError):
        turns.executor("a", urgent=False).submit(print)


LET_GO = """
import threading
import numpy as np
from flowsim.web.jobs import give_back_memory, share_one_heap

def held():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

def replicate():
    arrays = [np.ones(2_500_000) for _ in range(2)]  # once it has given these back, glibc keeps what is smaller
    del arrays
    arrays = [np.ones(100_000) for _ in range(20)]
    together.wait()
    del arrays
    together.wait()
    over.wait()

share_one_heap()
together, over = threading.Barrier(9), threading.Event()
before = held()
for _ in range(8):
    threading.Thread(target=replicate, daemon=True).start()
together.wait()
together.wait()
give_back_memory()
print(held() - before)
over.set()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of glibc")
def test_threads_that_wait_hold_nothing_of_what_they_let_go_of():
    """Eight cores' replications of 16 MB each: with a heap for each thread, their ends stay, here 130 MB."""
    done = subprocess.run([sys.executable, "-c", LET_GO], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 40
