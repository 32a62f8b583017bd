"""The four stations as a plain loop over a heap of events."""

import heapq
import random
from collections import deque
from itertools import count

from benchmarks.cases import (
    ARRIVALS,
    DECIDERS,
    DECISION,
    DESKS,
    DOCTOR_SHARE,
    DOCTORS,
    EXAMINATION,
    MEETING,
    MEETINGS,
    NETWORK,
    PLACES,
    SERVICE,
    WEEK,
    horizon,
)

INTAKE, DOCTOR, TEAM, DECIDE = range(4)
MEANS = (SERVICE, EXAMINATION, MEETING, DECISION)


def simulate(citizens, seed):
    draw, end, number = random.Random(seed), horizon(citizens), count()
    free = [DESKS, DOCTORS, 0, DECIDERS]
    queues, waited = [deque() for _ in NETWORK], [[] for _ in NETWORK]
    events = [(draw.expovariate(ARRIVALS), next(number), None), (MEETINGS[0], next(number), TEAM, 0)]

    def start(now, station):
        free[station] -= 1
        waited[station].append(now - queues[station].popleft())
        length = MEETING if station == TEAM else draw.expovariate(1 / MEANS[station])
        heapq.heappush(events, (now + length, next(number), station))

    def join(now, station):
        queues[station].append(now)
        if free[station]:
            start(now, station)

    while True:
        now, _, station, *meeting = heapq.heappop(events)
        if now >= end:
            return dict(zip(NETWORK, waited, strict=True))
        if station is None:
            join(now, INTAKE)
            heapq.heappush(events, (now + draw.expovariate(ARRIVALS), next(number), None))
        elif meeting:
            free[TEAM] = PLACES
            while free[TEAM] and queues[TEAM]:
                start(now, TEAM)
            free[TEAM] = 0
            week, day = divmod(meeting[0] + 1, len(MEETINGS))
            heapq.heappush(events, (week * WEEK + MEETINGS[day], next(number), TEAM, meeting[0] + 1))
        else:
            if station != TEAM:
                free[station] += 1
                if queues[station]:
                    start(now, station)
            if station == INTAKE:
                join(now, DOCTOR if draw.random() < DOCTOR_SHARE else TEAM)
            elif station != DECIDE:
                join(now, station + 1)


def waits(result):
    return result
