"""The four stations in SimPy: resources for the servers, and a process that takes waiting cases at each meeting."""

# ruff: noqa: D102 -- the methods are the model, and their names say what they do
import random
from collections import deque

import simpy

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


class Office:
    """The stations, and how long each citizen waited at them."""

    def __init__(self, env, draw):
        self.env, self.draw = env, draw
        self.intake = simpy.Resource(env, capacity=DESKS)
        self.doctor = simpy.Resource(env, capacity=DOCTORS)
        self.decision = simpy.Resource(env, capacity=DECIDERS)
        self.team = deque()
        self.waited = {name: [] for name in NETWORK}

    def meetings(self):
        week = 0.0
        while True:
            for hour in MEETINGS:
                yield self.env.timeout(week + hour - self.env.now)
                for _ in range(min(PLACES, len(self.team))):
                    self.team.popleft().succeed()
            week += WEEK

    def serve(self, name, station, mean):
        arrived = self.env.now
        with station.request() as request:
            yield request
            self.waited[name].append(self.env.now - arrived)
            yield self.env.timeout(self.draw.expovariate(1 / mean))

    def citizen(self):
        yield from self.serve("intake", self.intake, SERVICE)
        if self.draw.random() < DOCTOR_SHARE:
            yield from self.serve("doctor", self.doctor, EXAMINATION)
        arrived, turn = self.env.now, self.env.event()
        self.team.append(turn)
        yield turn
        self.waited["team"].append(self.env.now - arrived)
        yield self.env.timeout(MEETING)
        yield from self.serve("decision", self.decision, DECISION)

    def arrivals(self):
        while True:
            yield self.env.timeout(self.draw.expovariate(ARRIVALS))
            self.env.process(self.citizen())


def simulate(citizens, seed):
    env = simpy.Environment()
    office = Office(env, random.Random(seed))
    env.process(office.arrivals())
    env.process(office.meetings())
    env.run(until=horizon(citizens))
    return office.waited


def waits(result):
    return result
