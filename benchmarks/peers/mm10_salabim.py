"""M/M/10 in salabim, as in its manual's bank with three clerks (resources)."""

# ruff: noqa: D101, D102 -- the methods are the model, and their names say what they do
import salabim

from benchmarks.cases import ARRIVALS, DESKS, SERVICE, horizon


class Customer(salabim.Component):
    def process(self):
        self.request(self.env.desks)
        self.hold(salabim.Exponential(SERVICE).sample())
        self.release()


class CustomerGenerator(salabim.Component):
    def process(self):
        while True:
            Customer()
            self.hold(salabim.Exponential(1 / ARRIVALS).sample())


def simulate(citizens, seed):
    env = salabim.Environment(trace=False, random_seed=seed)
    env.desks = salabim.Resource("desks", capacity=DESKS)
    CustomerGenerator()
    env.run(till=horizon(citizens))
    return env


def waits(env):
    return {"desk": env.desks.requesters().length_of_stay.x()}
