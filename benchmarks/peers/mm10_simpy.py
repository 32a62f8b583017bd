"""M/M/10 in SimPy: a generator a customer and a shared resource, as in SimPy's bank example."""

import random

import simpy

from benchmarks.cases import ARRIVALS, DESKS, SERVICE, horizon


def customer(env, desks, draw, waited):
    arrived = env.now
    with desks.request() as request:
        yield request
        waited.append(env.now - arrived)
        yield env.timeout(draw.expovariate(1 / SERVICE))


def arrivals(env, desks, draw, waited):
    while True:
        yield env.timeout(draw.expovariate(ARRIVALS))
        env.process(customer(env, desks, draw, waited))


def simulate(citizens, seed):
    env = simpy.Environment()
    desks = simpy.Resource(env, capacity=DESKS)
    waited = []
    env.process(arrivals(env, desks, random.Random(seed), waited))
    env.run(until=horizon(citizens))
    return {"desk": waited}


def waits(result):
    return result
