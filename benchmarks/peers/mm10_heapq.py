"""M/M/10 as a plain loop over a heap of events: the least that Python can do."""

import heapq
import random
from collections import deque

from benchmarks.cases import ARRIVALS, DESKS, SERVICE, horizon


def simulate(citizens, seed):
    expovariate = random.Random(seed).expovariate
    end, free = horizon(citizens), DESKS
    finishes, queue, waited = [], deque(), []
    arrival = expovariate(ARRIVALS)
    while True:
        if finishes and finishes[0] <= arrival:
            now = heapq.heappop(finishes)
            free += 1
        else:
            now = arrival
            queue.append(now)
            arrival = now + expovariate(ARRIVALS)
        if now >= end:
            return {"desk": waited}
        if free and queue:
            free -= 1
            waited.append(now - queue.popleft())
            heapq.heappush(finishes, now + expovariate(1 / SERVICE))


def waits(result):
    return result
